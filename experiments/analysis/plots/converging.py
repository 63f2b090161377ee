"""A picture of whether a sweep is large enough."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from experiments.analysis.convergence import RANKS, THRESHOLD, Convergence
from experiments.analysis.plots.common import BARS, entitle, measure, name, thousands, tidy
from sim.plots.comparison import COLOURS, DASHES, MARKS
from sim.plots.style import MUTED, STYLE

SHOWN = 7
"""Factors drawn, the most influential: more curves cannot be told apart."""


def convergence(found: Convergence) -> Figure:
    """Draw each factor's index as the design grows, with its interval as a band, and the criteria against their limits."""
    steps = found.steps[found.steps["index"] == found.leading]
    last = steps[steps["blocks"] == steps["blocks"].max()]
    order = list(last.sort_values("estimate", ascending=False, kind="stable")["factor"][:SHOWN])
    with plt.rc_context(STYLE):
        figure, (left, right) = plt.subplots(1, 2, figsize=(11.5, 4.9), layout="constrained", width_ratios=(1.5, 1))
        for number, factor in enumerate(order):
            rows = steps[steps["factor"] == factor]
            left.fill_between(rows["points"], rows["low"], rows["high"], color=COLOURS[number], alpha=0.13, lw=0)
            left.plot(rows["points"], rows["estimate"], color=COLOURS[number], ls=DASHES[number], marker=MARKS[number], ms=4.5,
                      lw=1.6, label=name(factor, 32))  # fmt: skip
        left.axhline(0, color=MUTED, lw=0.8)
        left.set_ylabel({"mu_star": "μ*", "first": "first-order index"}.get(found.leading, "total index"), fontsize=9)
        left.set_title(f"The {len(order)} largest indices", fontsize=10)
        left.legend(frameon=False, fontsize=8, loc="upper left", bbox_to_anchor=(1.0, 1.0))
        criteria = found.criteria
        for number, (column, limit, label) in enumerate((
            ("width", THRESHOLD, "values: widest interval"),
            ("width_of_small", THRESHOLD, "screening: widest of small indices"),
            ("ranks", RANKS, "ranking: ranks changed"),
        )):  # fmt: skip
            values = criteria[column].to_numpy(dtype=float) / limit if len(criteria) else np.array([])
            if np.isfinite(values).any():
                right.plot(criteria["points"], np.maximum(values, 0.01), color=COLOURS[number], ls=DASHES[number],
                           marker=MARKS[number], ms=4.5, lw=1.6, label=label)  # fmt: skip
        right.axhline(1, color=MUTED, lw=1)
        right.text(0.99, 1, "stable below", transform=right.get_yaxis_transform(), ha="right", va="bottom", fontsize=8,
                   color=MUTED)  # fmt: skip
        right.set_yscale("log")
        right.set_ylabel("criterion, as a multiple of its limit", fontsize=9)
        right.yaxis.set_major_formatter(thousands)
        right.yaxis.set_minor_formatter(plt.NullFormatter())
        right.set_title("Is it enough?", fontsize=10)
        if len(criteria):
            right.legend(frameon=False, fontsize=8, loc="upper center", bbox_to_anchor=(0.5, -0.16))
        for axes in (left, right):
            _sizes(axes, found)
        answer = "stable" if found.ranking_is_stable else "not yet stable"
        entitle(
            figure,
            f"How indices of {measure(found.output)} settle with more points: ranking of factors {answer}",
            f"leading parts of the same design; bands: {BARS}; criteria: Sarrazin, Pianosi & Wagener 2016; at 0.01: below", 100,
        )  # fmt: skip
    return figure


def _sizes(axes: Any, found: Convergence) -> None:
    points = list(found.criteria["points"]) if len(found.criteria) else []
    if points:
        axes.set_xscale("log")
        axes.set_xticks(points, [f"{point:,}" for point in points])
        axes.xaxis.set_minor_locator(plt.NullLocator())
    axes.set_xlabel("points", fontsize=9)
    tidy(axes, "both")
