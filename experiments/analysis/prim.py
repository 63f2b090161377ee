"""Scenario discovery by boxes (PRIM): under which ranges of few factors do the cases happen?

PRIM (Friedman and Fisher 1999, doi:10.1023/A:1008894516817) peels thin slices off the space so that cases become denser;
Bryant and Lempert (2010, doi:10.1016/j.techfore.2009.08.002) use it for scenario discovery. *Density*: the share of runs in
the box that are cases. *Coverage*: the share of all cases that are in the box. *Lift*: density over the share of cases
among all runs. The quasi-p-value of a limit is the chance that a slice as clean as the one it takes away comes about by
luck; below 0.05 counts.

The peeling is `ema_workbench`'s, on one half of the runs. **The rule for the box**: every box on the peeling trajectory is
pruned, that is its limits with a quasi-p-value of 0.05 or more are dropped; of the pruned boxes the one with the largest
harmonic mean of coverage and density is taken (no source: a modelling choice; any other box of the trajectory can be asked
for). Coverage and density that count are those on the other half, which neither peeling nor choice has seen.
*Reproducibility* of a factor: in how many of ten further random halves (of 4,000 runs at most) the same procedure restricts
it as well.
"""

from __future__ import annotations

import contextlib
import inspect
import logging
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from experiments.analysis import contrasts, frames
from experiments.analysis.cases import Cases
from sim.errors import InputError
from sim.estimates import Estimate

if TYPE_CHECKING:
    from experiments.sweeps.space import Space

QUASI_P = 0.05
REPEATS = 10
REPEATED = 4_000
"""Runs in a repeat, at most: peeling takes a second or two for so many, and whether a factor is needed shows by then."""
PEEL = 0.05
SMALLEST = 0.05
"""Share of the runs that a box must keep, at least."""


@dataclass(frozen=True, slots=True)
class Box:
    """A box of the space in which cases are dense.

    Parameters
    ----------
    limits : columns factor, low, high (values of the factor), low_share, high_share (of its range), quasi_p_low,
        quasi_p_high (nan where that side is not restricted), reproducibility; restricted factors only, the surest first
    trajectory : columns box, coverage, density, mass, restricted (as peeled), pruned_restricted, pruned_coverage,
        pruned_density, score, chosen; on the half that was learnt from
    coverage, density, lift : on the half that was held out, with 95 % intervals; ``learnt`` is the same on the first half
    """

    condition: str
    runs: int
    base_rate: float
    limits: pd.DataFrame
    trajectory: pd.DataFrame
    chosen: int
    coverage: Estimate
    density: Estimate
    lift: Estimate
    learnt: dict[str, float]
    notes: tuple[str, ...]

    def table(self) -> pd.DataFrame:
        """Return the limits, tidy, one row a restricted factor."""
        table = self.limits.copy()
        table.insert(0, "condition", self.condition)
        return table

    def figures(self) -> pd.DataFrame:
        """Return coverage, density and lift: as learnt, and held out with intervals."""
        return pd.DataFrame([
            {"condition": self.condition, "figure": name, "learnt": self.learnt[name], "held_out": one.mean,
             "low": one.low, "high": one.high, "runs": one.runs}
            for name, one in (("coverage", self.coverage), ("density", self.density), ("lift", self.lift))
        ])  # fmt: skip

    def text(self) -> str:
        """Return the box as a sentence."""
        if not len(self.limits):
            return f"No box was found in which “{self.condition}” is clearly denser than elsewhere."
        limits = "; ".join(_said(row) for row in frames.each(self.limits))
        return (
            f"“{self.condition}” happens in {100 * self.density.mean:.0f} % [{100 * self.density.low:.0f}, "
            f"{100 * self.density.high:.0f}] of held-out runs with {limits} (all runs: {100 * self.base_rate:.0f} %), and "
            f"{100 * self.coverage.mean:.0f} % [{100 * self.coverage.low:.0f}, {100 * self.coverage.high:.0f}] of all cases "
            "are there."
        )


def discover(
    cases: Cases, space: Space, *, box: int | None = None, seed: int = 1, repeats: int = REPEATS, peel: float = PEEL
) -> Box:
    """Return the box chosen by the rule above, or number ``box`` of the trajectory, tested on the half that was held out."""
    learning = cases.learning
    found = _peel(cases.shares[learning], cases.hit[learning], peel)
    trajectory = _scored(found, cases.shares[learning], cases.hit[learning])
    if box is not None and not 0 <= box < len(trajectory):
        raise InputError("there is no such box", place="box", value=box, allowed=f"0 to {len(trajectory) - 1}")
    chosen = _choose(trajectory) if box is None else box
    trajectory["chosen"] = trajectory["box"] == chosen
    limits = _limits(found, chosen, space)
    if len(limits):
        again = _again(cases, seed, repeats, peel)
        limits["reproducibility"] = [again[name] for name in limits["factor"]]
    else:
        limits["reproducibility"] = pd.Series(dtype=float)
    inside = _inside(cases.shares, limits)
    held = ~learning
    density = contrasts.share(cases.hit[held & inside], cases.blocks[held & inside])
    coverage = contrasts.share(inside[held & cases.hit], cases.blocks[held & cases.hit])
    base = float(cases.hit[held].mean())
    mine = learning & inside
    learnt = {
        "coverage": float(inside[learning & cases.hit].mean()),
        "density": float(cases.hit[mine].mean()) if mine.any() else np.nan,
    }
    learnt["lift"] = learnt["density"] / float(cases.hit[learning].mean())
    lift = Estimate(density.mean / base, density.low / base, density.high / base, density.runs)
    notes = [
        f"Coverage and density are of {int(held.sum()):,} runs that the box was not made from; limits come from the other "
        f"{int(learning.sum()):,}. The interval of lift takes the base rate as known."
    ]
    if not len(limits):
        notes.append("No box passed: luck explains every limit of every box.")
    elif density.low <= base:
        notes.append("On held-out runs the box cannot be told from the base rate: do not use it.")
    unsure = list(limits.loc[limits["reproducibility"] < 0.5, "factor"])
    if unsure:
        notes.append(f"Restricted in less than half of {repeats} repeats, so rather drop: {', '.join(unsure)}.")
    return Box(
        cases.condition, len(cases.hit), cases.base_rate, limits, trajectory, chosen, coverage, density, lift, learnt,
        tuple(notes),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Peeled:
    """What ema_workbench peeled: the trajectory, and for each of its boxes limits and quasi-p-values by restricted factor."""

    trajectory: pd.DataFrame
    limits: list[dict[str, tuple[float, float]]]
    quasi_p: list[dict[str, tuple[float, float]]]


def _peel(shares: pd.DataFrame, hit: np.ndarray, peel: float) -> _Peeled:
    """Peel with ema_workbench, release 2.5 or 3; columns get plain names there, since it drops one called ``scenario``."""
    prim = frames.library("ema_workbench.analysis.prim")
    names = {f"factor_{number}": str(name) for number, name in enumerate(shares.columns)}
    plain = shares.reset_index(drop=True).set_axis(list(names), axis=1)
    # release 2.5 wants a density that the last box must have; any will do, since the rule chooses along the trajectory
    old = {"threshold": 1e-9} if "threshold" in inspect.signature(prim.Prim).parameters else {}
    logger = logging.getLogger("EMA")
    level = logger.level
    with warnings.catch_warnings(), contextlib.redirect_stdout(None):
        warnings.simplefilter("ignore")
        logger.setLevel(logging.ERROR)
        try:
            found = prim.Prim(plain, hit.astype(int), peel_alpha=peel, mass_min=SMALLEST, **old).find_box()
        finally:
            logger.setLevel(level)
    quasi_p = found.qp if hasattr(found, "qp") else found.p_values
    limits = []
    named = []
    for box, values in zip(found.box_lims, quasi_p, strict=True):
        limits.append({names[key]: (float(box[key].iloc[0]), float(box[key].iloc[1])) for key in values})
        named.append({names[key]: (float(low), float(high)) for key, (low, high) in values.items()})
    return _Peeled(found.peeling_trajectory, limits, named)


def _scored(found: _Peeled, shares: pd.DataFrame, hit: np.ndarray) -> pd.DataFrame:
    """Return the trajectory: each box as peeled, and pruned, with its score."""
    trajectory = found.trajectory[["coverage", "density", "mass", "res_dim"]].astype(float)
    trajectory = trajectory.rename(columns={"res_dim": "restricted"}).reset_index(drop=True)
    trajectory.insert(0, "box", range(len(trajectory)))
    trajectory["restricted"] = trajectory["restricted"].astype(int)
    rows = []
    for number in range(len(trajectory)):
        limits = _pruned(found, number)
        inside = _inside(shares, limits)
        coverage = float(hit[inside].sum() / hit.sum())
        density = float(hit[inside].mean()) if inside.any() else 0.0
        score = 2 * coverage * density / (coverage + density) if coverage + density > 0 else 0.0
        rows.append((len(limits), coverage, density, score))
    columns = ["pruned_restricted", "pruned_coverage", "pruned_density", "score"]
    return pd.concat([trajectory, pd.DataFrame(rows, columns=columns)], axis=1)


def _choose(trajectory: pd.DataFrame) -> int:
    """Return the number of the box by the rule; 0, the whole space, where every limit of every box was dropped."""
    score = np.where(trajectory["pruned_restricted"] > 0, trajectory["score"], 0.0)
    return int(score.argmax())


def _pruned(found: _Peeled, number: int) -> pd.DataFrame:
    """Return the limits of a box that luck does not explain: factor, low_share, high_share, quasi_p_low, quasi_p_high."""
    rows = []
    for name, values in found.quasi_p[number].items():
        low, high = found.limits[number][name]
        p_low, p_high = (value if 0 <= value < QUASI_P else np.nan for value in values)
        if np.isfinite(p_low) or np.isfinite(p_high):
            rows.append((name, low if np.isfinite(p_low) else 0.0, high if np.isfinite(p_high) else 1.0, p_low, p_high))
    return pd.DataFrame(rows, columns=["factor", "low_share", "high_share", "quasi_p_low", "quasi_p_high"])


def _limits(found: _Peeled, chosen: int, space: Space) -> pd.DataFrame:
    """Return the pruned limits of a box in values of the factors as well, the surest first."""
    table = _pruned(found, chosen)
    ends = []
    for row in frames.each(table):
        factor = space.factor(row.factor)
        nudge = 1e-7 if factor.values else 0.0  # a limit halfway between two values belongs to the one inside
        ends.append(factor.at(np.array([row.low_share + nudge, row.high_share - nudge])))
    table.insert(1, "low", [float(low) for low, _ in ends])
    table.insert(2, "high", [float(high) for _, high in ends])
    order = table[["quasi_p_low", "quasi_p_high"]].min(axis=1).sort_values(kind="stable").index
    return table.loc[order].reset_index(drop=True)


def _inside(shares: pd.DataFrame, limits: pd.DataFrame) -> np.ndarray:
    inside = np.ones(len(shares), dtype=bool)
    for row in frames.each(limits):
        values = shares[row.factor].to_numpy()
        inside &= (values >= row.low_share - 1e-12) & (values <= row.high_share + 1e-12)
    return inside


def _again(cases: Cases, seed: int, repeats: int, peel: float) -> dict[str, float]:
    """Return in what share of random halves (of whole blocks) the same procedure restricts each factor."""
    rng = np.random.default_rng(seed + 1000)
    names = np.unique(cases.blocks)
    times = dict.fromkeys(cases.shares.columns, 0)
    few = max(1, int(REPEATED * len(names) / len(cases.hit)))
    done = 0
    for _ in range(repeats):
        half = np.isin(cases.blocks, rng.permutation(names)[: min(len(names) // 2, few)])
        if cases.hit[half].all() or not cases.hit[half].any():
            continue
        found = _peel(cases.shares[half], cases.hit[half], peel)
        done += 1
        chosen = _choose(_scored(found, cases.shares[half], cases.hit[half]))
        for name in _pruned(found, chosen)["factor"]:
            times[name] += 1
    return {str(name): times[name] / done if done else np.nan for name in times}


def _said(row: Any) -> str:
    name = frames.label(row.factor)
    if np.isfinite(row.quasi_p_low) and np.isfinite(row.quasi_p_high):
        return f"{name} between {row.low:.3g} and {row.high:.3g}"
    return f"{name} at least {row.low:.3g}" if np.isfinite(row.quasi_p_low) else f"{name} at most {row.high:.3g}"
