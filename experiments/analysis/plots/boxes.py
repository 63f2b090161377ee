"""Pictures of a box in which cases are dense: how it was peeled, its limits, and the runs in and around it."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from experiments.analysis import frames
from experiments.analysis.cases import Cases
from experiments.analysis.plots.common import PALE, entitle, name, tidy
from experiments.analysis.prim import QUASI_P, Box
from sim.plots.style import INK, INSIDE, MUTED, OUTSIDE, STYLE

if TYPE_CHECKING:
    from experiments.sweeps.space import Space

DRAWN = 1500
"""Runs drawn in a scatter; more hide each other."""
FACTORS = 4
"""Restricted factors in the pairs, the surest first."""


def peeling(found: Box) -> Figure:
    """Draw coverage against density along the peeling trajectory, the chosen box, and what is left of it on held-out runs."""
    table = found.trajectory
    with plt.rc_context(STYLE):
        figure, axes = plt.subplots(figsize=(8.6, 5.4), layout="constrained")
        axes.plot(
            table["coverage"], table["density"], color=PALE, lw=1, marker=".", ms=5, zorder=1, label="boxes as peeled"
        )
        pruned = table[table["pruned_restricted"] > 0]
        most = max(1, int(table["pruned_restricted"].max()))
        picture = axes.scatter(
            pruned["pruned_coverage"], pruned["pruned_density"], c=pruned["pruned_restricted"], s=42, cmap="cividis", vmin=0,
            vmax=most, zorder=2, label=f"pruned: only limits with a quasi-p-value below {QUASI_P:g}",
        )  # fmt: skip
        row = table.iloc[found.chosen]
        axes.plot(
            row["pruned_coverage"],
            row["pruned_density"],
            "o",
            ms=14,
            mfc="none",
            mec=INSIDE,
            mew=2,
            label="chosen box, as learnt",
        )
        tested = found.coverage.mean, found.density.mean
        if len(found.limits) and np.isfinite(tested).all():
            axes.errorbar(
                *tested,
                xerr=[[tested[0] - found.coverage.low], [found.coverage.high - tested[0]]],
                yerr=[[tested[1] - found.density.low], [found.density.high - tested[1]]],
                fmt="s", color=INSIDE, ms=7, capsize=3, lw=1.5, label="the same box, held-out runs, 95 % intervals", zorder=4,
            )  # fmt: skip
        axes.axhline(found.base_rate, color=MUTED, lw=1, ls="--")
        axes.text(0.01, found.base_rate, f"all runs: {100 * found.base_rate:.0f} % are cases", fontsize=8, color=MUTED,
                  va="bottom", transform=axes.get_yaxis_transform())  # fmt: skip
        axes.set(xlim=(0, 1.05), ylim=(0, 1.05))
        axes.set_xlabel("coverage: share of all cases that are in the box", fontsize=9)
        axes.set_ylabel("density: share of the box's runs that are cases", fontsize=9)
        bar = figure.colorbar(picture, ax=axes, shrink=0.7, pad=0.01, ticks=range(most + 1))
        bar.set_label("restricted factors", fontsize=9)
        axes.legend(frameon=False, fontsize=8.5, loc="upper center", bbox_to_anchor=(0.5, -0.12), ncols=2)
        tidy(axes, "both")
        entitle(
            figure,
            f"Peeling a box around “{found.condition}”",
            f"{found.runs:,} runs, half to learn from and half held out; rule: largest harmonic mean of coverage and density "
            "among pruned boxes", 80,
        )  # fmt: skip
    return figure


def box_limits(found: Box, space: Space) -> Figure:
    """Draw the limits of the box within each restricted factor's range, in the factor's own values."""
    with plt.rc_context(STYLE):
        count = max(1, len(found.limits))
        figure, axes = plt.subplots(figsize=(9.6, 1.9 + 0.62 * count), layout="constrained")
        for place, row in enumerate(frames.each(found.limits)):
            factor = space.factor(row.factor)
            axes.plot([0, 1], [place, place], color=PALE, lw=7, solid_capstyle="butt", zorder=1)
            axes.plot(
                [row.low_share, row.high_share], [place, place], color=INSIDE, lw=7, solid_capstyle="butt", zorder=2
            )
            for share, value, p, side in (
                (row.low_share, row.low, row.quasi_p_low, "low"),
                (row.high_share, row.high, row.quasi_p_high, "high"),
            ):
                if np.isfinite(p):
                    axes.plot([share, share], [place - 0.22, place + 0.22], color=INK, lw=1.6, zorder=3)
                    shown = f"{value:.3g} (p {'< 0.001' if p < 0.001 else f'= {p:.3f}'})"
                    align = (
                        "left"
                        if (side == "low") == (share < 0.7) and share < 0.7
                        else "right"
                        if share > 0.3
                        else "left"
                    )
                    axes.text(share, place - 0.27, shown, ha=align, va="bottom", fontsize=8.5, color=INK)
            axes.text(-0.012, place, f"{factor.low:.3g}", ha="right", va="center", fontsize=8, color=MUTED)
            axes.text(1.012, place, f"{factor.high:.3g}   found in {100 * row.reproducibility:.0f} % of repeats", ha="left",
                      va="center", fontsize=8, color=MUTED)  # fmt: skip
        axes.set_yticks(range(len(found.limits)), [name(row.factor, 30) for row in frames.each(found.limits)])
        axes.tick_params(axis="y", length=0, pad=30, labelsize=9)
        axes.set_xticks([])
        axes.set(xlim=(-0.01, 1.01), ylim=(count - 0.4, -0.75))
        for spine in axes.spines.values():
            spine.set_visible(False)
        if not len(found.limits):
            axes.text(0.5, 0, "no box in which cases are clearly denser", ha="center", color=MUTED)
        sure = (
            f"density {_percent(found.density)}, coverage {_percent(found.coverage)}, {found.lift.mean:.1f} times as dense "
            f"as all runs ({100 * found.base_rate:.0f} %)"
        )
        entitle(
            figure,
            f"Where “{found.condition}” happens: limits of the box",
            f"held out: {sure}; {found.runs:,} runs, half held out; p: quasi-p-value of a limit; coloured: inside", 100,
        )  # fmt: skip
    return figure


def _percent(one: Any) -> str:
    return f"{100 * one.mean:.0f} % [{100 * one.low:.0f}, {100 * one.high:.0f}]"


def box_pairs(found: Box, cases: Cases, space: Space, seed: int = 1) -> Figure:
    """Draw held-out runs over pairs of restricted factors, cases and others, with the box."""
    limits = found.limits.head(FACTORS)
    names = list(limits["factor"])
    pairs = list(itertools.combinations(names, 2)) or [(one, one) for one in names[:1]]
    columns = min(3, max(1, len(pairs)))
    rows = -(-max(1, len(pairs)) // columns)
    held = np.flatnonzero(~cases.learning)
    chosen = np.random.default_rng(seed).permutation(held)[:DRAWN]
    by_factor = limits.set_index("factor")
    with plt.rc_context(STYLE):
        figure, grid = plt.subplots(
            rows,
            columns,
            figsize=(max(7.0, 3.9 * columns + 1.6), 3.6 * rows + 1.0),
            squeeze=False,
            layout="constrained",
        )
        for axes, (one, other) in zip(grid.flat, pairs, strict=False):
            _pair(axes, cases, space, one, other, chosen, by_factor)
        for axes in list(grid.flat)[len(pairs) :]:
            axes.axis("off")
        if not pairs:
            grid[0, 0].text(0.5, 0.5, "no box in which cases are clearly denser", ha="center", color=MUTED)
        else:
            handles, labels = grid[0, 0].get_legend_handles_labels()
            figure.legend(handles, labels, loc="outside right upper", frameon=False, fontsize=9)
        entitle(
            figure,
            f"Runs with “{found.condition}” and others, over the factors of the box",
            f"{len(chosen):,} of {len(held):,} held-out runs; a case in the frame of one panel may lie outside in another",
            max(60, 40 * columns + 12),
        )  # fmt: skip
    return figure


def _pair(
    axes: Any, cases: Cases, space: Space, one: str, other: str, chosen: np.ndarray, limits: pd.DataFrame
) -> None:
    shares = cases.shares
    rng = np.random.default_rng(2)
    values = {}
    for factor in {one, other}:
        spread = 0.3 / len(space.factor(factor).values) if space.factor(factor).values else 0.0
        values[factor] = shares[factor].to_numpy()[chosen] + rng.uniform(-spread, spread, len(chosen))
    hit = cases.hit[chosen]
    x, y = values[one], values[other] if one != other else rng.random(len(chosen))
    axes.scatter(x[~hit], y[~hit], s=9, c=PALE, marker="o", lw=0, label="other runs", zorder=1)
    axes.scatter(x[hit], y[hit], s=13, c=OUTSIDE, marker="^", lw=0, alpha=0.85, label="cases", zorder=2)
    (low, high), (bottom, top) = _ends(limits, one), _ends(limits, other) if one != other else (0.0, 1.0)
    axes.add_patch(
        Rectangle((low, bottom), high - low, top - bottom, fill=False, ec=INSIDE, lw=2.2, zorder=3, label="box")
    )
    for axis, factor in (("x", one), ("y", other)):
        if axis == "y" and one == other:
            axes.set_yticks([])
            continue
        it = space.factor(factor)
        places = it.share(np.array(it.values)) if it.values else np.linspace(0, 1, 5)
        texts = [f"{value:.3g}" for value in (it.values or it.at(places))]
        getattr(axes, f"set_{axis}ticks")(places, texts)
        getattr(axes, f"set_{axis}label")(name(factor, 36), fontsize=9)
        getattr(axes, f"set_{axis}lim")(-0.03, 1.03)
    axes.tick_params(labelsize=8)


def _ends(limits: pd.DataFrame, factor: str) -> tuple[float, float]:
    low, high = limits.loc[[factor], ["low_share", "high_share"]].to_numpy(dtype=float)[0]
    return float(low), float(high)
