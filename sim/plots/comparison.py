"""Pictures of a comparison: how far each scenario is from the first, and how the differences unfold."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from sim import measures
from sim.compare import Comparison
from sim.estimates import intervals
from sim.plots.style import INK, MUTED, STYLE

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
"""Okabe & Ito's colours in an order that keeps neighbours apart; dashes and marks differ as well."""
DASHES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (1, 3)), (0, (8, 3)))
MARKS = ("o", "s", "D", "^", "v", "P", "X")

HEADLINE = (
    "external_satisfaction", "net_promoter_score", "retention", "internal_satisfaction", "motivation", "profit",
)  # fmt: skip
"""Measures that are shown first."""
UNFOLDING = ("external_satisfaction", "internal_satisfaction", "motivation")
"""Measures whose differences are drawn over time, beside money."""


def differences(comparison: Comparison, shown: Sequence[str] = HEADLINE) -> Figure:
    """Draw, for each measure, how far every scenario is from the first one: mean and 95 % interval of the paired difference."""
    others = comparison.names[1:]
    wide = textwrap.wrap
    columns = min(3, len(shown))
    rows = -(-len(shown) // columns)
    with plt.rc_context(STYLE):
        figure, grid = plt.subplots(
            rows, columns, figsize=(3.2 * columns + 1.6, rows * (1.0 + 0.42 * len(others)) + 0.9), squeeze=False,
            sharey=True, layout="constrained",
        )  # fmt: skip
        for axes, name in zip(grid.flat, shown, strict=False):
            one = measures.BY_NAME[name]
            axes.axvline(0, color=MUTED, lw=1)
            for row, scenario in enumerate(others):
                apart = comparison.difference(name, scenario)
                if not np.isfinite(apart.mean):
                    axes.text(0.5, row, "not measurable", transform=axes.get_yaxis_transform(), ha="center", va="center",
                              fontsize=8, color=MUTED)  # fmt: skip
                    continue
                clear = np.isnan(apart.low) or apart.low > 0 or apart.high < 0
                reach = np.nan_to_num([[apart.mean - apart.low], [apart.high - apart.mean]])
                axes.errorbar(apart.mean, row, xerr=reach, fmt=MARKS[row % 7], color=COLOURS[row % 7], capsize=3, ms=6,
                              mfc=COLOURS[row % 7] if clear else "white", lw=1.6)  # fmt: skip
            axes.set_title("\n".join(wide(f"{one.label}, {_unit(comparison, one.unit)}", 34)), fontsize=9)
            axes.set_yticks(range(len(others)), ["\n".join(wide(scenario, 24)) for scenario in others])
            axes.set_ylim(len(others) - 0.5, -0.5)
            axes.grid(axis="x", color="#E8E8E8", lw=0.8)
            axes.set_axisbelow(True)
            axes.xaxis.set_major_locator(plt.MaxNLocator(4, steps=[1, 2, 2.5, 5, 10]))
            axes.xaxis.set_major_formatter(_thousands)
            axes.tick_params(axis="both", labelsize=8)
        for axes in list(grid.flat)[len(shown) :]:
            axes.axis("off")
        firm = comparison.scenarios[0].organisation.setting("name")
        title = "\n".join(wide(f"{firm}: difference to “{comparison.names[0]}”", 90))
        figure.suptitle(title, fontweight="bold", fontsize=12, x=0.01, ha="left")
        figure.supxlabel(
            f"{len(comparison.seeds)} paired runs; bars: 95 % intervals; hollow: cannot be told from no difference; last "
            f"{comparison.window} of {comparison.days} days",
            fontsize=8, color=MUTED,
        )  # fmt: skip
    return figure


def unfolding(comparison: Comparison, shown: Sequence[str] = UNFOLDING) -> Figure:
    """Draw how the paired differences to the first scenario unfold day by day, and the extra profit so far."""
    days = np.arange(1, comparison.days + 1)
    panels = [(name, measures.BY_NAME[name].label, _unit(comparison, measures.BY_NAME[name].unit)) for name in shown]
    panels.append(("", "extra profit so far", _unit(comparison, "currency")))
    with plt.rc_context(STYLE):
        figure, grid = plt.subplots(2, 2, figsize=(10.5, 6.6), layout="constrained", sharex=True)
        for axes, (name, label, unit) in zip(grid.flat, panels, strict=True):
            axes.axhline(0, color=MUTED, lw=1)
            for row, scenario in enumerate(comparison.names[1:]):
                if name:
                    curve = comparison.difference_curve(name, scenario)
                else:
                    curve = np.cumsum(comparison.difference_curve("profit_of_day", scenario), axis=1)
                mean, low, high = intervals(curve)
                look: Any = {"color": COLOURS[row % 7]}
                axes.plot(days, mean, ls=DASHES[row % 7], lw=1.8, label="\n".join(textwrap.wrap(scenario, 30)), **look)
                axes.fill_between(days, low, high, alpha=0.15, lw=0, **look)
            axes.set_title(f"{label}, {unit}", fontsize=10)
            axes.set_xlim(1, max(2, comparison.days))
            axes.grid(axis="y", color="#E8E8E8", lw=0.8)
            axes.yaxis.set_major_formatter(_thousands)
            axes.tick_params(labelsize=8)
        for axes in grid[-1]:
            axes.set_xlabel("working day of the story", color=INK)
        handles, labels = grid[0, 0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=min(4, len(labels)), frameon=False, fontsize=9)
        figure.suptitle(f"How the differences to “{comparison.names[0]}” unfold", fontweight="bold", x=0.01, ha="left")
        figure.text(0.99, 0.985, f"{len(comparison.seeds)} paired runs; bands: 95 % intervals", ha="right", va="top",
                    fontsize=8, color=MUTED)  # fmt: skip
    return figure


def _unit(comparison: Comparison, unit: str) -> str:
    """Return the unit of a difference, with the firm's currency in place of the word."""
    if unit.endswith("100"):
        return f"points of {unit}"
    return unit.replace("currency", str(comparison.scenarios[0].organisation.setting("currency")))


def _thousands(value: float, _position: object = None) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:g}"
