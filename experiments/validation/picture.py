"""All figures at a glance: each simulated effect as a multiple of the published one."""

from __future__ import annotations

import math
from typing import Any

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from sim.plots.style import INK, INSIDE, MUTED, OUTSIDE, STYLE, short

MARKS = {"inside": ("o", OUTSIDE), "direction only": ("D", "#E69F00"), "outside": ("X", INSIDE)}
LEFT, RIGHT = -0.5, 3.0


def overview(checks: pd.DataFrame) -> Figure:
    """Draw a line for each figure with a published size: 1 is as published, 0 no effect; bars are ranges and 95 % intervals."""
    rows = [row for _, row in checks[checks["read"] != "known"].iterrows() if _size(row) is not None]
    with plt.rc_context(STYLE):
        figure, axes = plt.subplots(figsize=(9.5, 1.4 + 0.24 * max(1, len(rows))), layout="constrained")
        axes.axvline(0, color=MUTED, lw=1, ls=":")
        axes.axvline(1, color=INK, lw=0.8)
        for place, row in enumerate(rows):
            size = _size(row)
            assert size is not None
            middle, low, high = (
                (row[name] - _none(row)) / size for name in ("simulated", "simulated_low", "simulated_high")
            )
            near, far = sorted(((row["low"] - _none(row)) / size, (row["high"] - _none(row)) / size))
            axes.barh(place, _cut(far) - _cut(near), left=_cut(near), height=0.72, color="#D9E4EC", zorder=1)
            mark, colour = MARKS[row["verdict"]]
            left, right = sorted((_cut(low), _cut(high)))
            axes.plot([left, right], [place, place], color=colour, lw=1.6, zorder=2)
            fill = "white" if row["role"] == "sets" else colour
            axes.plot(_cut(middle), place, mark, color=colour, mfc=fill, ms=6, zorder=3)
            if middle > RIGHT or middle < LEFT:
                axes.annotate(f"{middle:.1f}", (_cut(middle), place), xytext=(-7 if middle > RIGHT else 7, 0),
                              textcoords="offset points", fontsize=7, va="center",
                              ha="right" if middle > RIGHT else "left")  # fmt: skip
        axes.set_yticks(range(len(rows)), [short(f"{row['id']}  {row['figure']}", 66) for row in rows])
        axes.tick_params(axis="y", length=0, labelsize=8)
        axes.set_ylim(len(rows) - 0.4, -0.6)
        axes.set_xlim(LEFT - 0.05, RIGHT + 0.05)
        axes.set_xlabel("simulated effect as a multiple of the published one (0: none; 1: as published)")
        handles: list[Any] = [
            plt.Line2D([], [], marker=mark, color=colour, ls="", ms=6, label=verdict)
            for verdict, (mark, colour) in MARKS.items()
        ]
        handles.append(plt.Line2D([], [], marker="o", color=MUTED, mfc="white", ls="", ms=6, label="sets a parameter"))
        handles.append(plt.Rectangle((0, 0), 1, 1, color="#D9E4EC", label="counts as the same"))
        figure.legend(handles=handles, ncols=5, loc="outside upper left", frameon=False, fontsize=8)
    return figure


def _none(row: pd.Series) -> float:
    """Return the value that means no effect; that of a level is 0."""
    return 0.0 if math.isinf(row["null"]) else float(row["null"])


def _size(row: pd.Series) -> float | None:
    """Return the published effect: how far the middle of its range lies from "no effect".

    None where only a sign is known, or where the range begins at "no effect" and so says no size.
    """
    if math.isinf(row["low"]) or math.isinf(row["high"]) or math.isnan(row["simulated"]):
        return None
    near, far = row["low"] - _none(row), row["high"] - _none(row)
    size = float((near + far) / 2)
    return size if near * far > 0 and min(abs(near), abs(far)) > 1e-3 * abs(size) else None


def _cut(value: float) -> float:
    return min(RIGHT, max(LEFT, value))
