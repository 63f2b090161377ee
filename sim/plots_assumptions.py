"""A picture of how far a comparison depends on assumptions: the constants that matter most, and all worlds."""

from __future__ import annotations

import textwrap
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from sim.assumptions import Dependence
from sim.plots import _STYLE, INSIDE, MUTED, OUTSIDE

SHOWN = 8
_PANELS = (
    ("external_satisfaction", "external satisfaction, points", 1.0),
    ("total_profit", "profit over the story, thousands", 1000.0),
)


def dependence(found: Dependence, currency: str) -> Figure:
    """Draw, for each outcome, the constants that move the difference most, and how it is spread over all worlds."""
    with plt.rc_context(_STYLE):
        figure, grid = plt.subplots(
            2, 2, figsize=(11, 7.2), layout="constrained", height_ratios=(2.4, 1), squeeze=False
        )  # fmt: skip
        for column, (outcome, label, scale) in enumerate(_PANELS):
            unit = f"{label} {currency}" if scale > 1 else label
            _strongest(grid[0, column], found, outcome, scale)
            grid[0, column].set_xlabel(f"change of the difference in {unit}", fontsize=9)
            _worlds(grid[1, column], found, outcome, scale)
            grid[1, column].set_xlabel(f"difference in {unit}", fontsize=9)
        figure.suptitle(
            "\n".join(textwrap.wrap(f"“{found.scenario}” against “{found.first}”: what its effect depends on", 90)),
            fontweight="bold", x=0.01, ha="left",
        )  # fmt: skip
        figure.supxlabel(
            f"{2 * found.rows} worlds; bars: 95 % intervals; hollow: cannot be told from no influence", fontsize=8, color=MUTED,
        )  # fmt: skip
    return figure


def _strongest(axes: Any, found: Dependence, outcome: str, scale: float) -> None:
    rows = found.table[found.table["outcome"] == outcome].head(SHOWN)
    axes.axvline(0, color=MUTED, lw=1)
    for place, (_, row) in enumerate(rows.iterrows()):
        middle, low, high = (row[name] / scale for name in ("effect", "effect_low", "effect_high"))
        clear = low > 0 or high < 0
        colour = OUTSIDE if middle > 0 else INSIDE
        axes.errorbar(middle, place, xerr=[[middle - low], [high - middle]], fmt="o" if middle > 0 else "s", color=colour,
                      mfc=colour if clear else "white", capsize=3, ms=6, lw=1.6)  # fmt: skip
    axes.set_yticks(range(len(rows)), [
        f"{row['lever'].replace('_', ' ')}\n{row['low_value']:.3g} → {row['high_value']:.3g}" for _, row in rows.iterrows()
    ])  # fmt: skip
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.tick_params(labelsize=8)
    axes.grid(axis="x", color="#E8E8E8", lw=0.8)
    axes.set_axisbelow(True)
    axes.xaxis.set_major_locator(plt.MaxNLocator(5))
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}" if abs(value) >= 1000 else f"{value:g}")
    axes.set_title("What it does when a constant goes up", fontsize=10)


def _worlds(axes: Any, found: Dependence, outcome: str, scale: float) -> None:
    values = found.worlds[outcome].to_numpy(dtype=float) / scale
    axes.hist(values, bins=min(40, max(8, int(np.sqrt(len(values)) * 1.5))), color="#B8C7D3", edgecolor="white")
    low, high = (bound / scale for bound in found.range(outcome))
    for bound in (low, high):
        axes.axvline(bound, color=OUTSIDE, lw=1.5, ls="--")
    axes.axvline(0, color=MUTED, lw=1)
    digits = 0 if max(abs(low), abs(high)) >= 20 else 1
    axes.set_title(f"All worlds: 90 % between {low:,.{digits}f} and {high:,.{digits}f}", fontsize=10)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.tick_params(labelsize=8)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}" if abs(value) >= 1000 else f"{value:g}")
