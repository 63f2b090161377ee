"""Pictures of dose and response, and of two factors together."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from experiments.analysis.plots.common import BARS, entitle, measure, name, thousands, tidy, unit
from experiments.analysis.response import Interaction, Response
from sim.plots.style import INK, INSIDE, MUTED, OUTSIDE, STYLE


def responses(found: Sequence[Response]) -> Figure:
    """Draw an output against each factor, averaged over all others: small multiples on one scale."""
    columns = min(3, len(found))
    rows = -(-len(found) // columns)
    with plt.rc_context(STYLE):
        figure, grid = plt.subplots(
            rows,
            columns,
            figsize=(3.3 * columns + 0.8, 2.35 * rows + 1.0),
            squeeze=False,
            sharey=True,
            layout="constrained",
        )
        for axes, one in zip(grid.flat, found, strict=False):
            table = one.means
            axes.fill_between(table["value"], table["mean_low"], table["mean_high"], color=OUTSIDE, alpha=0.18, lw=0)
            axes.plot(table["value"], table["mean"], color=OUTSIDE, marker="o", ms=4, lw=1.6)
            axes.set_title(name(one.factor, 32), fontsize=9)
            axes.xaxis.set_major_locator(plt.MaxNLocator(5))
            axes.xaxis.set_major_formatter(thousands)
            axes.yaxis.set_major_formatter(thousands)
            tidy(axes, "both")
        for axes in list(grid.flat)[len(found) :]:
            axes.axis("off")
        figure.supylabel(unit(found[0].output), fontsize=9)
        entitle(
            figure,
            f"Dose and response: mean {measure(found[0].output)} at values of each factor, over everything else",
            f"{found[0].runs:,} runs; bands: {BARS} of the mean in a bin of runs; one scale in all panels", 32 * columns + 4,
        )  # fmt: skip
    return figure


def interactions(found: Sequence[Interaction]) -> Figure:
    """Draw an output over two factors at a time, and how much more one does where the other is high."""
    with plt.rc_context(STYLE):
        figure, grid = plt.subplots(
            1, len(found), figsize=(4.1 * len(found) + 1.3, 4.9), squeeze=False, layout="constrained"
        )
        known = np.concatenate([one.means["mean"].to_numpy(dtype=float) for one in found])
        low, high = float(np.nanmin(known)), float(np.nanmax(known))
        picture = None
        for axes, one in zip(grid.flat, found, strict=True):
            table = one.means.pivot(index="second_bin", columns="first_bin", values="mean").to_numpy(dtype=float)
            half = one.means.assign(half=(one.means["high"] - one.means["low"]) / 2)
            spread = half.pivot(index="second_bin", columns="first_bin", values="half").to_numpy(dtype=float)
            picture = axes.imshow(table, origin="lower", cmap="cividis", vmin=low, vmax=high, aspect="auto")
            small = table.shape[0] * table.shape[1] > 25
            for row in range(table.shape[0]):
                for column in range(table.shape[1]):
                    value = table[row, column]
                    colour = "white" if value < (low + high) / 2 else INK
                    shown = "–" if not np.isfinite(value) else _figure(value)
                    if np.isfinite(spread[row, column]) and not small:
                        shown += f"\n±{_figure(spread[row, column])}"
                    axes.text(column, row, shown, ha="center", va="center", fontsize=6.5 if small else 8,
                              color=colour if np.isfinite(value) else INK, linespacing=0.95)  # fmt: skip
            first = one.means.groupby("first_bin")["first_value"].mean()
            second = one.means.groupby("second_bin")["second_value"].mean()
            axes.set_xticks(range(len(first)), [f"{value:.2g}" for value in first])
            axes.set_yticks(range(len(second)), [f"{value:.2g}" for value in second])
            axes.set_xlabel(name(one.first, 40), fontsize=9)
            axes.set_ylabel(name(one.second, 34), fontsize=9)
            axes.tick_params(labelsize=8, length=0)
            contrast = one.contrast
            sure = np.isfinite(contrast.low) and (contrast.low > 0 or contrast.high < 0)
            axes.set_title(
                textwrap.fill(f"interaction {contrast.text(2)}{'' if sure else ': not told from none'}".replace("-", "−"), 38),
                fontsize=9,
                fontweight="bold" if sure else "normal", color=(INSIDE if contrast.mean < 0 else OUTSIDE) if sure else MUTED,
            )  # fmt: skip
            for side in axes.spines.values():
                side.set_visible(False)
        if picture is not None:
            bar = figure.colorbar(picture, ax=list(grid.flat), shrink=0.7, pad=0.01)
            bar.set_label(unit(found[0].output), fontsize=9)
        entitle(
            figure,
            f"Two factors together: mean {measure(found[0].output)} by values of both",
            f"{found[0].runs:,} runs; ±: half of the 95 % interval; interaction: (both high) − (only one) − (only the other) + "
            "(both low), outer bins; 0 where they add up",
            40 * len(found) + 8,
        )
    return figure


def _figure(value: float) -> str:
    size = abs(value)
    return f"{value:,.0f}" if size >= 100 else f"{value:.1f}" if size >= 10 else f"{value:.2f}"
