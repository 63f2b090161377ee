"""How much of the parameter space each conclusion covers, at a glance."""

from __future__ import annotations

import textwrap

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from sim.plots.style import INK, INSIDE, MUTED, OUTSIDE, STYLE

SHADES = {"holds": OUTSIDE, "leans": "#9CC4DE", "undecided": "#E8E8E8", "contradicted": INSIDE}
LABELS = {
    "holds": "holds", "leans": "points the same way, in doubt", "undecided": "points the other way, in doubt",
    "contradicted": "contradicted",
}  # fmt: skip


def shares(table: pd.DataFrame) -> Figure:
    """Draw a bar for each conclusion: the share of worlds in which it holds, leans, wavers, is contradicted.

    ``table`` is that of `worlds.table`; whiskers are Wilson's 95 % intervals of the share in which it holds.
    """
    with plt.rc_context(STYLE):
        figure, axes = plt.subplots(figsize=(12, 1.2 + 0.24 * len(table)), layout="constrained")
        for place, (_, row) in enumerate(table.iterrows()):
            pieces = {
                "holds": row["holds"], "leans": row["leans"] - row["holds"],
                "undecided": 1 - row["leans"] - row["contradicted"], "contradicted": row["contradicted"],
            }  # fmt: skip
            left = 0.0
            for name, width in pieces.items():
                axes.barh(place, width, left=left, height=0.72, color=SHADES[name],
                          hatch="////" if name == "contradicted" else "", edgecolor="white", lw=0.5)  # fmt: skip
                left += width
            axes.plot([row["holds_low"], row["holds_high"]], [place, place], color=INK, lw=1.1)
            axes.plot([row["holds"]], [place], "|", color=INK, ms=8)
        axes.set_yticks(range(len(table)), [_label(row) for _, row in table.iterrows()])
        axes.tick_params(axis="y", length=0, labelsize=8)
        axes.set_ylim(len(table) - 0.4, -0.6)
        axes.set_xlim(0, 1)
        axes.xaxis.set_major_formatter(lambda value, _: f"{100 * value:.0f} %")
        axes.set_xlabel("share of worlds; bar: 95 % interval of the share in which it holds")
        handles = [
            plt.Rectangle(
                (0, 0), 1, 1, fc=SHADES[name], hatch="////" if name == "contradicted" else "", ec=MUTED, label=label
            )
            for name, label in LABELS.items()
        ]
        axes.legend(handles=handles, ncols=4, loc="lower right", bbox_to_anchor=(1.0, 1.0), frameon=False, fontsize=8)
    return figure


def _label(row: pd.Series) -> str:
    text = row["text"].lstrip("… ")
    return textwrap.shorten(f"{row['story']}: {text}", 100, placeholder=" …")
