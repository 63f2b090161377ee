"""Are there enough points? Indices with a growing share of the design, and a verdict on values, ranking and screening.

The criteria are those of Sarrazin, Pianosi and Wagener (2016), doi:10.1016/j.envsoft.2016.02.005, with their threshold 0.05:

*values* converged when the widest 95 % interval of an index is narrower than 0.05;
*screening* when that holds for all factors whose index is below 0.05;
*ranking* when, over pairs of bootstrap resamples j and k, the 95 % quantile of
ρ = Σ_i |R_ij − R_ik| max(S_ij, S_ik)² / Σ_i max(S_ij, S_ik)² is below 1, R the rank of factor i: factors that matter change
places by less than one rank.

Morris' mu_star has the output's unit; here it is divided by the largest mu_star (no source: a modelling choice). Where the
indices of a factor stay as uncertain as before in spite of ten times as many points, luck is the reason: add replicates.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from experiments.analysis import frames, given, morris, sobol
from experiments.analysis.indices import Indices
from sim.errors import InputError

if TYPE_CHECKING:
    from experiments.sweeps.design import Design
    from experiments.sweeps.space import Space

THRESHOLD = 0.05
RANKS = 1.0
GROWING = ("saltelli", "morris", "lhs", "sobol")
"""Designs whose leading parts are smaller samples of the same kind (of a Latin hypercube, a random sample)."""
FEWEST = {"saltelli": 16, "morris": 4}
"""Blocks in the smallest part looked at."""
PAIRS = 2000
"""Pairs of bootstrap resamples that ranks are compared over."""


@dataclass(frozen=True, slots=True)
class Convergence:
    """How indices of one output settle as the design grows.

    Parameters
    ----------
    steps : columns blocks, points, index, factor, estimate, low, high; of the leading index and, for Sobol, the first order
    criteria : columns blocks, points, width, width_of_small, ranks, and the verdicts values, screening, ranking at each size
    leading : the index that the verdict is about
    """

    output: str
    leading: str
    steps: pd.DataFrame
    criteria: pd.DataFrame

    def table(self) -> pd.DataFrame:
        """Return the criteria at each size, tidy."""
        table = self.criteria.copy()
        table.insert(0, "output", self.output)
        table.insert(1, "index", self.leading)
        return table

    @property
    def ranking_is_stable(self) -> bool:
        """Whether the ranking criterion holds with all points."""
        return bool(len(self.criteria)) and bool(self.criteria["ranking"].iloc[-1])

    def verdict(self) -> str:
        """Return what can be relied on, in plain words."""
        if not len(self.criteria):
            return f"{self.output} does not vary: there is nothing to converge."
        last = self.criteria.iloc[-1]
        said = [
            f"With {int(last['points']):,} points, of {self.output} ({self.leading.replace('_', ' ')} indices):",
            f"ranking of factors {'stable' if last['ranking'] else 'not yet stable'} (important factors change places by "
            f"{last['ranks']:.2f} ranks over resamples; stable below {RANKS:g});",
            f"screening {'stable' if last['screening'] else 'not yet stable'} "
            + (
                f"(widest interval among small indices {last['width_of_small']:.3f}; stable below {THRESHOLD:g});"
                if np.isfinite(last["width_of_small"])
                else "(no factor has an index below 0.05);"
            ),
            f"values {'stable' if last['values'] else 'not yet stable'} (widest interval {last['width']:.3f}; stable below "
            f"{THRESHOLD:g}).",
        ]
        if not last["values"]:
            factor = float(last["width"] / THRESHOLD) ** 2
            said.append(
                f"Values would need roughly {factor:.0f} times as many points." if factor >= 1.5 else "Nearly there."
            )
        return " ".join(said)


def analyse(
    runs: pd.DataFrame, space: Space, design: Design, output: str, *, resamples: int = 200, seed: int = 1
) -> Convergence:
    """Return how the indices of an output settle over leading parts of the design: 1/16, 1/8, … of its blocks, and all.

    Saltelli: leading blocks; Morris: whole trajectories; lhs and sobol designs: leading points. Grids and tables have no order
    of growth and are refused.
    """
    one = _method(design)
    length = frames.block_length(design, len(space.names))
    blocks = int(runs["point"].nunique() // length)
    parts = []
    criteria = []
    leading = {"saltelli": "total", "morris": "mu_star"}.get(design.method, "first")
    for count in _sizes(blocks, FEWEST.get(design.method, max(4 * given.IN_A_BIN, 3 * len(space.names)))):
        found = one(runs, space, design, output, resamples=resamples, seed=seed, blocks=count)
        if not found.defined:
            continue
        shown = [leading] + (["first"] if leading == "total" else [])
        part = found.estimates[found.estimates["index"].isin(shown)].copy()
        part.insert(0, "blocks", count)
        part.insert(1, "points", found.points)
        parts.append(part)
        criteria.append({"blocks": count, "points": found.points} | criteria_of(found))
    columns = ["blocks", "points", "factor", "index", "estimate", "low", "high"]
    steps = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)
    return Convergence(output, leading, steps, pd.DataFrame(criteria))


def criteria_of(found: Indices) -> dict[str, float | bool]:
    """Return Sarrazin et al.'s three criteria for the leading index: width, width_of_small, ranks, and what they decide."""
    table = found.of(found.leading).dropna()
    unit = float(table["estimate"].max()) if found.leading == "mu_star" else 1.0
    width = (table["high"] - table["low"]) / unit
    small = width[table["estimate"] / unit < THRESHOLD]
    columns = [list(found.factors).index(name) for name in table.index]
    ranks = rank_changes(found.resamples[found.leading][:, columns])
    of_small = float(small.max()) if len(small) else np.nan
    return {
        "width": float(width.max()),
        "width_of_small": of_small,
        "ranks": ranks,
        "values": bool(width.max() < THRESHOLD),
        "screening": not len(small) or of_small < THRESHOLD,
        "ranking": ranks < RANKS,
    }


def rank_changes(resamples: np.ndarray, seed: int = 1) -> float:
    """Return the 95 % quantile of weighted changes of rank between pairs of bootstrap resamples (resamples, factors)."""
    if resamples.shape[1] < 2:
        return 0.0
    values = np.maximum(resamples, 0)
    ranks = np.argsort(np.argsort(-values, axis=1, kind="stable"), axis=1, kind="stable")
    rng = np.random.default_rng(seed)
    one = rng.integers(len(values), size=PAIRS)
    other = (one + rng.integers(1, len(values), size=PAIRS)) % len(values)
    weight = np.maximum(values[one], values[other]) ** 2
    whole = weight.sum(axis=1)
    changes = (np.abs(ranks[one] - ranks[other]) * weight).sum(axis=1) / np.where(whole > 0, whole, 1)
    return float(np.quantile(changes, 0.95))


def _sizes(blocks: int, fewest: int) -> list[int]:
    sizes = [blocks // part for part in (16, 8, 4, 2) if blocks // part >= fewest]
    return [*sizes, blocks]


def _method(design: Design) -> Callable[..., Indices]:
    if design.method not in GROWING:
        raise InputError(
            f"a {design.method} design does not grow point by point, so convergence cannot be looked at",
            place="method",
            value=design.method,
            allowed=", ".join(GROWING),
        )
    if design.method == "saltelli":
        return partial(sobol.analyse, second_order=False)
    return morris.analyse if design.method == "morris" else given.analyse
