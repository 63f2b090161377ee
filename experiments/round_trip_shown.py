"""The picture of a round trip: how the errors fall as logs become longer."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

PANELS = (
    ("asking_rates", "requests per case, mean error (%)"),
    ("hours", "working time of a request, mean error (%)"),
    ("asking_found", "links by which departments ask: found (%)"),
    ("p90_days", "90th percentile of resolution time,\nderived organisation less log (%)"),
)
MARKS = (("#0072B2", "o", "-"), ("#D55E00", "s", "--"), ("#009E73", "^", "-."), ("#CC79A7", "D", ":"))
"""Colours that the colour-blind tell apart (Okabe & Ito), with a mark and a line of their own."""


def errors_by_length(table: pd.DataFrame) -> Figure:
    """Return the picture: a panel a figure, a line an organisation, means with 95 % intervals over seeds.

    Parameters
    ----------
    table : rows of `experiments.round_trip.summary`
    """
    figure = Figure(figsize=(9, 6.4), layout="constrained")
    lengths = sorted(table["days"].unique())
    names = [name for name, group in table.groupby("organisation", sort=False) if group["days"].nunique() > 1]
    for axes, (name, label) in zip(figure.subplots(2, 2).flat, PANELS, strict=True):
        for place, firm in enumerate(names):
            rows = table[(table["figure"] == name) & (table["organisation"] == firm)].sort_values("days")
            colour, mark, line = MARKS[place % len(MARKS)]
            x = rows["days"] * 1.06 ** (place - (len(names) - 1) / 2)
            spread = [(rows["mean"] - rows["low"]).fillna(0), (rows["high"] - rows["mean"]).fillna(0)]
            axes.errorbar(x, rows["mean"], spread, color=colour, marker=mark, linestyle=line, capsize=3, label=firm)
        axes.set_xscale("log")
        axes.set_xticks(lengths, [f"{days:g}" for days in lengths])
        axes.minorticks_off()
        axes.set_title(label, fontsize=10, loc="left")
        axes.set_xlabel("working days of the log")
        axes.grid(alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
        if name == "asking_found":
            axes.set_ylim(top=101)
        elif name == "p90_days":
            axes.axhline(0, color="0.4", linewidth=0.8)
        else:
            axes.set_ylim(bottom=0)
    figure.axes[0].legend(frameon=False, fontsize=9)
    return figure
