"""Pictures of the exercise, continued: should they, the way to a vendor, and what a unit could change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from sim.hireback.asis import AsIs
from sim.hireback.change import MONEY, Change
from sim.hireback.choice import HALF
from sim.hireback.vendor import LEAST_POINTS, Dip, Should
from sim.plots.hireback import GRID
from sim.plots.style import INK, INSIDE, MUTED, OUTSIDE, STYLE, short

ROWS = 14
"""Steps that are drawn; the files hold all."""

_LEADER = {"arrowstyle": "-", "lw": 0.5, "color": MUTED, "shrinkB": 3}
_CORNERS = (
    (0.98, 0.97, "They would, and they should"),
    (0.02, 0.97, "They would not, yet they should"),
    (0.98, 0.03, "They would, yet they should not"),
    (0.02, 0.03, "They would not, and they should not"),
)


def would_and_should(found: AsIs, units: Sequence[Should], named: str | None = None) -> Figure:
    """Draw units by what their clients would do (across) and what the firm gains by keeping them (up), with intervals."""
    with plt.rc_context(STYLE):
        figure, axes = plt.subplots(figsize=(9, 6.2), layout="constrained")
        points = []
        for one in units:
            share = found.of_unit(one.unit).share
            if np.isnan(share.mean):
                continue
            x = 100 * np.array([share.mean, share.low, share.high])
            y = -np.array([one.external.mean, one.external.high, one.external.low])
            points.append((one.unit, x, y))
        reach = max([1.25 * np.nanmax(np.abs(y)) for _, _, y in points], default=1.0)
        reach = max(float(reach), 5 * LEAST_POINTS)
        across = [float(value) for _, x, _ in points for value in x if np.isfinite(value)]
        left, right = min([15.0, *(value - 4 for value in across)]), max([85.0, *(value + 4 for value in across)])
        axes.axhspan(-LEAST_POINTS, LEAST_POINTS, color=MUTED, alpha=0.15, lw=0)
        axes.axvline(100 * HALF, color=MUTED, lw=1)
        axes.axhline(0, color=MUTED, lw=1)
        for across_at, up_at, text in _CORNERS:
            axes.text(across_at, up_at, text, transform=axes.transAxes, fontsize=10, color=MUTED, fontweight="bold",
                      ha="right" if across_at > 0.5 else "left", va="top" if up_at > 0.5 else "bottom")  # fmt: skip
        for unit, x, y in points:
            mine = named in (None, unit)
            colour = OUTSIDE if mine else MUTED
            axes.errorbar(x[0], y[0], xerr=[[_span(x[0] - x[1])], [_span(x[2] - x[0])]],
                          yerr=[[_span(y[0] - y[1])], [_span(y[2] - y[0])]], fmt="o" if mine else "s", ms=8 if mine else 5,
                          color=colour, mec="white", elinewidth=1.6 if mine else 1, zorder=4 if mine else 2)  # fmt: skip
        axes.set_xlim(max(0.0, left), min(100.0, right))
        axes.set_ylim(-reach, reach)
        _label(axes, [(unit, float(x[0]), float(y[0])) for unit, x, y in points], named)
        axes.set_xlabel("would they?  share of its clients' demand that would stay, %")
        axes.set_ylabel("should they?  external satisfaction, points more\nthan with a market vendor in its place")
        axes.grid(color=GRID, lw=0.6)
        axes.set_axisbelow(True)
        runs = units[0].runs if units else 0
        axes.set_title(f"95 % intervals, n = {len(found.seeds)} runs across, {runs} paired runs up; grey: no difference that "
                       "customers would notice", fontsize=8.5, color=MUTED, fontweight="normal")  # fmt: skip
        figure.suptitle(
            f"{found.chain.setting('name')}: would they, and should they?", fontweight="bold", x=0.004, ha="left"
        )
    return figure


def _label(axes: Axes, points: Sequence[tuple[str, float, float]], named: str | None) -> None:
    """Write names beside points: each in the nearest place that no name before it covers, with a thin line to its point."""
    (left, right), (low, high) = axes.get_xlim(), axes.get_ylim()
    wide, tall = 560 / (right - left), 370 / (high - low)  # points of type to a unit of the axes, about
    taken: list[tuple[float, float, float]] = []
    for unit, x, y in sorted(points, key=lambda one: (one[0] != named, one[1])):
        length = 5.4 * min(28, len(unit)) + 6
        for shift in (8, -18, 24, -34, 40, -50, 56, -66, 72, -82, 88, -98):
            at = (x * wide + 7, y * tall + shift)
            if all(at[0] + length < one or at[0] > one + long or abs(at[1] - up) > 13 for one, up, long in taken):
                break
        taken.append((*at, length))
        name = short(unit, 28)
        axes.annotate(name, (x, y), xytext=(7, shift), textcoords="offset points", fontsize=9 if unit == named else 8,
                      color=INK, fontweight="bold" if unit == named else "normal", zorder=5,
                      arrowprops=_LEADER if abs(shift) > 20 else None)  # fmt: skip


def _span(length: float) -> float:
    return max(0.0, float(length)) if np.isfinite(length) else 0.0


def takeover(one: Should) -> Figure:
    """Draw the way to a vendor: the paired difference by day, for customers of the firm and for the unit's own clients."""
    with plt.rc_context(STYLE):
        figure, axes = plt.subplots(figsize=(9, 4.4), layout="constrained")
        axes.axhline(0, color=MUTED, lw=1)
        lines: list[tuple[Dip, str, str, str]] = [
            (one.dip, "external satisfaction of the firm's customers", OUTSIDE, "-"),
            (one.clients_dip, f"how those whom {short(one.unit)} serves judge its service", INSIDE, "--"),
        ]
        for dip, label, colour, dash in lines:
            days = np.arange(1, len(dip.mean) + 1)
            axes.fill_between(days, dip.low, dip.high, color=colour, alpha=0.15, lw=0)
            axes.plot(days, dip.mean, color=colour, ls=dash, lw=2, label=label)
            if dip.told:
                axes.plot(dip.day, dip.mean[dip.day - 1], marker="v", color=colour, ms=8, mec="white", zorder=5)
        axes.set_xlabel("working days since the vendor took over")
        axes.set_ylabel("points, vendor less as is")
        axes.grid(axis="y", color=GRID, lw=0.8)
        axes.set_xlim(1, one.days)
        figure.legend(loc="outside lower center", ncols=2, frameon=False, fontsize=9, title_fontsize=8,
                      title=f"mean and 95 % interval, n = {one.runs} paired runs; triangle: a dip told from none")  # fmt: skip
        figure.suptitle(f"A market vendor in place of {short(one.unit, 60)}", fontweight="bold", x=0.004, ha="left")
    return figure


def steps(found: Change, currency: str) -> Figure:
    """Draw what a unit could change, the best first: effect on the share kept and on customers, per unit of cost."""
    table = found.table.head(ROWS)
    with plt.rc_context(STYLE):
        figure, (left, right) = plt.subplots(
            1, 2, figsize=(12, max(3.0, 1.9 + 0.36 * len(table))), sharey=True, layout="constrained"
        )
        heights = np.arange(len(table))[::-1]
        panels: tuple[tuple[Any, str, float, str, str], ...] = (
            (left, "share", 100.0, OUTSIDE, "points of the share of demand kept"),
            (right, "satisfaction", 1.0, INSIDE, "points of external satisfaction"),
        )
        for axes, figure_of, scale, colour, label in panels:
            for height, (_, row) in zip(heights, table.iterrows(), strict=True):
                low, mean, high = (scale * row[f"{figure_of}{end}"] for end in ("_low", "", "_high"))
                told = low > 0 or high < 0
                axes.plot(
                    [low, high], [height] * 2, lw=2, color=colour, alpha=1.0 if told else 0.45, solid_capstyle="butt"
                )
                axes.plot(mean, height, marker="s" if row["cost_from"] == "guess" else "o", ms=6.5, mec=colour,
                          mfc=colour if told else "white")  # fmt: skip
            axes.axvline(0, color=MUTED, lw=0.8)
            axes.set_xlabel(label)
            axes.grid(axis="x", color=GRID, lw=0.8)
            axes.xaxis.set_major_locator(MaxNLocator(5))
        left.set_yticks(heights, [_step_label(row, currency) for _, row in table.iterrows()], fontsize=8.5)
        left.set_title("Would they hire it back?")
        right.set_title("Do customers notice?")
        right.tick_params(axis="y", length=0)
        handles: list[Any] = [
            Line2D([], [], marker="o", ls="", color=MUTED, label="cost booked by the model, or your price"),
            Line2D([], [], marker="s", ls="", color=MUTED, label="price is a guess"),
            Line2D([], [], marker="o", ls="", mec=MUTED, mfc="white", label="interval holds 0"),
        ]
        runs = int(table["runs"].max()) if len(table) else 0
        figure.legend(handles=handles, loc="outside lower center", ncols=3, frameon=False, fontsize=9, title_fontsize=8,
                      title=f"n = {runs} paired runs each, alone; in order of share per {MONEY:,} {currency}")  # fmt: skip
        figure.suptitle(f"What could {short(found.unit, 60)} change?", fontweight="bold", x=0.004, ha="left")
    return figure


def _step_label(row: pd.Series, currency: str) -> str:
    at = short(str(row["place"]), 38)
    step = f"{str(row['lever']).replace('_', ' ')} {row['before']:.3g} → {row['after']:.3g}"
    return f"{at}: {step} ({row['cost']:,.0f} {currency})"
