"""Pictures of sensitivity indices: shares of variance side by side, pairs of factors, and Morris' plane."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from experiments.analysis.indices import Indices
from experiments.analysis.plots.common import BARS, counted, entitle, measure, name, thousands, tidy, unit
from sim.plots.style import INK, INSIDE, MUTED, OUTSIDE, STYLE

UNSURE = "#EFEFEF"
SHOWN = 20
"""Factors in a picture, the most influential."""


def leading(found: Indices) -> Figure:
    """Draw the indices by the picture that suits their method."""
    return {"sobol": shares, "morris": elementary}.get(found.method, given_shares)(found)


def shares(found: Indices) -> Figure:
    """Draw first-order and total Sobol' indices side by side, the largest total on top."""
    return _bars(
        found,
        (("total", OUTSIDE, "o", "total: with all its interactions"), ("first", INSIDE, "s", "first order: alone")),
        f"Which factors make {measure(found.output)} differ",
        "share of variance",
    )


def given_shares(found: Indices) -> Figure:
    """Draw first-order shares from given data, and beside them in which direction each factor works."""
    return _bars(
        found,
        (("first", INSIDE, "s", "first order: alone"),),
        f"Which factors alone make {measure(found.output)} differ, and in which direction",
        "share of variance",
        beside=("slope", "standardised slope: − lowers, + raises"),
    )


def _bars(
    found: Indices, kinds: tuple[tuple[str, str, str, str], ...], title: str, axis: str,
    beside: tuple[str, str] | None = None,
) -> Figure:  # fmt: skip
    order = found.ranked()[:SHOWN]
    height = max(3.0, 1.7 + (0.30 + 0.17 * len(kinds)) * len(order))
    with plt.rc_context(STYLE):
        figure, grid = plt.subplots(
            1, 2 if beside else 1, figsize=(10 if beside else 8.5, height), layout="constrained", squeeze=False, sharey=True
        )  # fmt: skip
        axes = grid[0, 0]
        places = np.arange(len(order), dtype=float)
        for number, (kind, colour, mark, label) in enumerate(kinds):
            table = found.of(kind).reindex(order)
            shift = (number - (len(kinds) - 1) / 2) * 0.34
            axes.barh(
                places + shift, np.maximum(table["estimate"].fillna(0), 0), height=0.3, color=colour, alpha=0.35, lw=0
            )
            _whiskers(axes, table, places + shift, colour, mark, label)
        axes.axvline(0, color=MUTED, lw=0.8)
        axes.set_yticks(places, [name(factor) for factor in order])
        axes.set_ylim(len(order) - 0.4, -0.6)
        axes.set_xlabel(axis, fontsize=9)
        tidy(axes)
        if not found.defined:
            axes.text(
                0.5, 0.5, "does not vary: indices are undefined", transform=axes.transAxes, ha="center", color=MUTED
            )
        if len(kinds) > 1:
            axes.legend(frameon=False, fontsize=9, loc="lower right")
        if beside:
            table = found.of(beside[0]).reindex(order)
            grid[0, 1].axvline(0, color=MUTED, lw=0.8)
            _whiskers(grid[0, 1], table, places, OUTSIDE, "o", None)
            grid[0, 1].set_xlabel(beside[1], fontsize=9)
            tidy(grid[0, 1])
        more = f"; the {len(order)} largest of {len(found.factors)} factors" if len(found.factors) > len(order) else ""
        entitle(
            figure, title, f"{counted(found.points, found.runs)}; whiskers: {BARS}; hollow: interval holds 0{more}", 80
        )
    return figure


def _whiskers(axes: Any, table: Any, places: np.ndarray, colour: str, mark: str, label: str | None) -> None:
    for place, (_, row) in zip(places, table.iterrows(), strict=True):
        if not np.isfinite(row["estimate"]):
            axes.text(0, place, " cannot be said", va="center", fontsize=8, color=MUTED)
            continue
        clear = row["low"] > 0 or row["high"] < 0
        axes.errorbar(row["estimate"], place, xerr=[[row["estimate"] - row["low"]], [row["high"] - row["estimate"]]], fmt=mark,
                      color=colour, mfc=colour if clear else "white", ms=5.5, capsize=2.5, lw=1.4)  # fmt: skip
    if label:
        axes.errorbar([], [], xerr=[], fmt=mark, color=colour, ms=5.5, capsize=2.5, lw=1.4, label=label)


def second_order(found: Indices) -> Figure:
    """Draw second-order indices as a triangle of pairs; bold where the interval lies above 0, else grey."""
    table = found.of("second")
    order = found.ranked()[:12]
    count = len(order)
    values = np.full((count, count), np.nan)
    sure = np.zeros((count, count), dtype=bool)
    for pair, row in table.iterrows():
        one, other = str(pair).split(" × ")
        if one in order and other in order:
            low, high = sorted((order.index(one), order.index(other)))
            values[high, low], sure[high, low] = row["estimate"], row["low"] > 0
    size = 3.2 + 0.5 * count
    with plt.rc_context(STYLE):
        figure, axes = plt.subplots(figsize=(size + 1.2, size), layout="constrained")
        most = max(0.05, float(np.nanmax(values[1:, :-1]))) if found.defined else 0.05
        axes.imshow(np.where(np.isfinite(values), 1.0, np.nan)[1:, :-1], cmap=ListedColormap([UNSURE]), aspect="equal")
        known = np.where(sure, values, np.nan)[1:, :-1]
        picture = axes.imshow(known, cmap="cividis", vmin=0, vmax=most, aspect="equal")
        for down in range(1, count):
            for column in range(down):
                value = values[down, column]
                if not np.isfinite(value):
                    continue
                dark = sure[down, column] and value < most / 2
                shown = f"{value:.2f}".replace("-", "−")
                axes.text(column, down - 1, "0" if shown in ("0.00", "−0.00") else shown, ha="center", va="center",
                          fontsize=8.5, fontweight="bold" if sure[down, column] else "normal",
                          color="white" if dark else INK, alpha=1 if sure[down, column] else 0.6)  # fmt: skip
        axes.set_xticks(range(count - 1), [name(factor, 24) for factor in order[:-1]], rotation=40, ha="right",
                        rotation_mode="anchor")  # fmt: skip
        axes.set_yticks(range(count - 1), [name(factor, 24) for factor in order[1:]])
        axes.tick_params(labelsize=8.5, length=0)
        for side in axes.spines.values():
            side.set_visible(False)
        bar = figure.colorbar(picture, ax=axes, shrink=0.6, pad=0.02)
        bar.set_label("share of variance", fontsize=9)
        entitle(
            figure,
            f"Which pairs of factors work together on {measure(found.output)}: second-order indices",
            f"{counted(found.points, found.runs)}; coloured: 95 % interval above 0; grey: cannot be told from none; "
            "factors by their total index",
            int(9.5 * size),
        )  # fmt: skip
    return figure


def elementary(found: Indices) -> Figure:
    """Draw Morris' plane: mean size of effects across, their spread up, with intervals; named beside and numbered within."""
    order = found.ranked()[:SHOWN]
    star, sigma, mu = (found.of(kind).reindex(order) for kind in ("mu_star", "sigma", "mu"))
    directions = dict(zip(order, mu["estimate"].to_list(), strict=True))
    with plt.rc_context(STYLE):
        figure, (axes, key) = plt.subplots(
            1, 2, figsize=(11, max(4.8, 2.0 + 0.32 * len(order))), layout="constrained", width_ratios=(1.25, 1)
        )
        for factor in order:
            x, y = star.loc[factor], sigma.loc[factor]
            if not np.isfinite(x["estimate"]):
                continue
            up = directions[factor] >= 0
            colour = OUTSIDE if up else INSIDE
            for axis, row in (("x", x), ("y", y)):
                ends = [row["low"], row["high"]]
                other = [y["estimate"] if axis == "x" else x["estimate"]] * 2
                axes.plot(*((ends, other) if axis == "x" else (other, ends)), color=colour, lw=1.1, alpha=0.6)
            axes.plot(x["estimate"], y["estimate"], "o" if up else "s", color=colour, ms=6, clip_on=False)
        _numbers(axes, list(zip(star["estimate"].to_list(), sigma["estimate"].to_list(), strict=True)))
        top = float(np.nanmax([star["high"].max(), sigma["high"].max(), 1e-12]))
        axes.plot([0, top], [0, top], color=MUTED, lw=0.9, ls="--", zorder=0)
        axes.set_xlim(0, 1.06 * top if not found.defined else 1.08 * float(star["high"].max()))
        axes.set_ylim(0, 1.08 * float(np.nanmax([sigma["high"].max(), 1e-12])))
        axes.set_xlabel(f"μ*: mean size of effects, {unit(found.output)}", fontsize=9)
        axes.set_ylabel("σ: spread of effects (curvature, interactions)", fontsize=9)
        tidy(axes, "both")
        axes.xaxis.set_major_formatter(thousands)
        axes.yaxis.set_major_formatter(thousands)
        handles = [
            Line2D([], [], marker="o", ls="", color=OUTSIDE, label="raises it on average"),
            Line2D([], [], marker="s", ls="", color=INSIDE, label="lowers it on average"),
            Line2D([], [], color=MUTED, ls="--", lw=0.9, label="σ = μ*: above, the effect hangs on the rest"),
        ]
        axes.legend(
            handles=handles, frameon=False, fontsize=8.5, loc="upper center", bbox_to_anchor=(0.5, -0.1), ncols=3
        )
        _key(key, order, star)
        entitle(
            figure,
            f"Screening: what moves {measure(found.output)}, and whether it does so everywhere alike",
            f"{counted(found.points, found.runs)}; bars: {BARS}; effects per whole range of the factor", 95,
        )  # fmt: skip
    return figure


def _numbers(axes: Any, places: list[tuple[float, float]]) -> None:
    """Write each mark's number above right; those that would stand on each other are set in a row, joined by a comma."""
    known = [(x, y, str(number)) for number, (x, y) in enumerate(places, start=1) if np.isfinite(x) and np.isfinite(y)]
    if not known:
        return
    wide = max(x for x, _, _ in known) or 1.0
    tall = max(y for _, y, _ in known) or 1.0
    groups: list[list[tuple[float, float, str]]] = []
    for one in known:
        near = next((group for group in groups
                     if abs(group[0][0] - one[0]) < wide / 28 and abs(group[0][1] - one[1]) < tall / 20), None)  # fmt: skip
        if near is None:
            groups.append([one])
        else:
            near.append(one)
    for group in groups:
        x, y, _ = group[0]
        axes.annotate(", ".join(number for _, _, number in group), (x, y), xytext=(5, 5), textcoords="offset points",
                      fontsize=9, fontweight="bold", color=INK, zorder=5,
                      bbox={"boxstyle": "round,pad=0.1", "fc": "white", "ec": "none", "alpha": 0.75})  # fmt: skip


def _key(axes: Any, order: list[str], star: Any) -> None:
    axes.axis("off")
    axes.set_title("μ* [95 % interval]", fontsize=9)
    for place, factor in enumerate(order):
        row = star.loc[factor]
        height = 1 - (place + 0.5) / max(len(order), 8)
        axes.text(0, height, f"{place + 1}", transform=axes.transAxes, fontsize=9, fontweight="bold", va="center")
        axes.text(0.07, height, name(factor, 34), transform=axes.transAxes, fontsize=8.5, va="center", linespacing=0.95)
        digits = 0 if abs(row["estimate"]) >= 100 else 2
        shown = f"{row['estimate']:,.{digits}f} [{row['low']:,.{digits}f}, {row['high']:,.{digits}f}]"
        axes.text(1.0, height, shown if np.isfinite(row["estimate"]) else "undefined", transform=axes.transAxes, fontsize=8.5,
                  va="center", ha="right", color=INK)  # fmt: skip
