"""Pictures of runs: the firm over time, dose and response, bands over years."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from sim import measures
from sim.estimates import Estimate, estimate
from sim.model import ServiceModel
from sim.plots.style import INK, INSIDE, MUTED, OUTSIDE, STYLE
from sim.vary import Variation


def over_time(model: ServiceModel) -> Figure:
    """Draw external and internal satisfaction over the days of one run, and what customers and staff experience."""
    frame = measures.daily(model)
    with plt.rc_context(STYLE):
        figure, axes = plt.subplots(figsize=(9, 4.8), layout="constrained")
        lines = (
            ("external_satisfaction", OUTSIDE, "-", "satisfaction of customers"),
            ("external_experience", OUTSIDE, ":", "customers' experience (10-day mean)"),
            ("internal_satisfaction", INSIDE, "-", "satisfaction of staff with their suppliers"),
            ("internal_service", INSIDE, ":", "realised internal service (10-day mean)"),
        )
        for name, colour, dash, label in lines:
            values = frame[name]
            if dash == ":":
                values = values.rolling(10, center=True, min_periods=3).mean()
            axes.plot(frame.index, values, color=colour, ls=dash, lw=2 if dash == "-" else 1.3, label=label)
        axes.set(xlabel="working day", ylabel="0–100", xlim=(1, max(2, model.day)))
        axes.set_title(f"{model.chain.setting('name')}: inside and outside, day by day")
        axes.grid(axis="y", color="#E3E3E3", lw=0.8)
        axes.legend(frameon=False, ncols=2, loc="upper center", bbox_to_anchor=(0.5, -0.14), fontsize=9)
        axes.text(1, 1.01, f"one run, seed {model.seed}; for the spread between runs use `vary`", ha="right",
                  transform=axes.transAxes, fontsize=8, color=MUTED)  # fmt: skip
    return figure


def dose_response(variation: Variation) -> Figure:
    """Draw what varying a lever did: response against realised internal service, and how the effect unfolds over time."""
    table = variation.table().sort_values("value")
    with plt.rc_context(STYLE):
        figure, (left, right) = plt.subplots(1, 2, figsize=(11.5, 4.9), layout="constrained", width_ratios=(1, 1.15))
        x = "internal_service"
        for name, colour, marker, label in (
            ("external_satisfaction", OUTSIDE, "o", "external satisfaction, 0–100"),
            ("net_promoter_score", INSIDE, "s", "net promoter score, −100–100"),
        ):
            axes: Any = left if name == "external_satisfaction" else left.twinx()
            error = np.abs(table[[f"{name}_low", f"{name}_high"]].to_numpy().T - table[name].to_numpy())
            axes.errorbar(
                table[x], table[name], yerr=np.nan_to_num(error), color=colour, marker=marker, lw=1.5, capsize=3, ms=5,
                ls="-" if marker == "o" else "--", mfc=colour if marker == "o" else "white",
            )  # fmt: skip
            axes.set_ylabel(label, color=colour)
            axes.tick_params(axis="y", colors=colour)
            axes.spines["right"].set_visible(marker == "s")
            axes.margins(x=0.06, y=0.15)
        for position in (0, len(table) // 2, len(table) - 1) if len(table) > 2 else range(len(table)):
            row = table.iloc[position]
            left.annotate(f"{row['value']:g}", (row[x], row["external_satisfaction"]), xytext=(0, 9),
                          textcoords="offset points", ha="center", fontsize=8, color=MUTED)  # fmt: skip
        left.set_xlabel("realised internal service, 0–100, as internal clients perceive it")
        left.set_title("Dose and response")
        left.text(0.02, 0.97, f"small numbers: {variation.lever.replace('_', ' ')}", transform=left.transAxes, va="top",
                  fontsize=8, color=MUTED)  # fmt: skip
        _unfolding(right, variation)
        where = f" of {variation.where}" if variation.where else ""
        figure.suptitle(
            f"{variation.lever.replace('_', ' ').capitalize()}{where} from {min(variation.values):g} to "
            f"{max(variation.values):g}: what customers notice",
            fontweight="bold", x=0.01, ha="left",
        )  # fmt: skip
        figure.supxlabel(
            f"{len(variation.seeds)} paired runs per point; bars and bands: 95 % intervals over runs; points: last "
            f"{variation.window} of {variation.days} days after the change",
            fontsize=8, color=MUTED,
        )  # fmt: skip
    return figure


def _unfolding(axes: Any, variation: Variation) -> None:
    """Draw the paired difference between the highest and the lowest value, day by day after the change."""
    days = np.arange(1, variation.days + 1)
    for name, colour, dash, label in (
        ("external_experience", OUTSIDE, ":", "customers' experience"),
        ("external_satisfaction", OUTSIDE, "-", "external satisfaction"),
        ("internal_satisfaction", INSIDE, "--", "internal satisfaction"),
    ):
        curves = variation.effect_curve(name)
        if name == "external_experience":
            curves = pd.DataFrame(curves).T.rolling(5, center=True, min_periods=3).mean().T.to_numpy()
        points: list[Estimate] = [estimate(column) for column in curves.T]
        axes.plot(days, [point.mean for point in points], color=colour, ls=dash, lw=1.8, label=label)
        if name != "external_experience":
            axes.fill_between(days, [p.low for p in points], [p.high for p in points], color=colour, alpha=0.18, lw=0)
    lag = variation.lag()
    if np.isfinite(lag.mean):
        axes.axvline(lag.mean, color=MUTED, lw=1)
        axes.annotate(f"half of the effect\nafter {lag.text(0)} days", (lag.mean, 0), xycoords=("data", "axes fraction"),
                      xytext=(5, 8), textcoords="offset points", fontsize=8, color=INK)  # fmt: skip
    axes.axhline(0, color=MUTED, lw=0.8)
    axes.set(xlabel="working days since the change", ylabel="difference, points", xlim=(1, variation.days))
    axes.set_title(f"How the effect unfolds: {max(variation.values):g} against {min(variation.values):g}")
    axes.legend(frameon=False, fontsize=9, loc="best")


def bands_over_years(runs: dict[str, np.ndarray], figures: Sequence[str]) -> Figure:
    """Return small multiples of yearly figures: a row an organisation, a column a figure, median and two bands over seeds.

    Parameters
    ----------
    runs : by name of the organisation, an array (seeds, years, figures)
    figures : names of measures, in the order of the last axis
    """
    with plt.rc_context(STYLE | {"font.size": 8}):
        figure, axes = plt.subplots(
            len(runs), len(figures), figsize=(2.1 * len(figures), 1.9 * len(runs)), squeeze=False, sharex=True,
            layout="constrained",
        )  # fmt: skip
        for row, (name, values) in zip(axes, runs.items(), strict=True):
            years = np.arange(1, values.shape[1] + 1)
            for column, axis in enumerate(row):
                of_year = values[:, :, column]
                for low, high, strength in ((0.05, 0.95, 0.18), (0.25, 0.75, 0.35)):
                    axis.fill_between(
                        years, np.quantile(of_year, low, axis=0), np.quantile(of_year, high, axis=0), color=OUTSIDE,
                        alpha=strength, linewidth=0,
                    )  # fmt: skip
                axis.plot(years, np.median(of_year, axis=0), color=OUTSIDE, linewidth=1.6)
                axis.set_xticks(years)
                middle = np.median(of_year)
                room = 0.15 * abs(middle) + 0.5
                low, high = axis.get_ylim()
                axis.set_ylim(min(low, middle - room), max(high, middle + room))  # so that noise does not look large
            row[0].set_ylabel(textwrap.fill(name, 18), fontweight="bold")
        for axis, measure in zip(axes[0], figures, strict=True):
            one = measures.BY_NAME[measure]
            axis.set_title(textwrap.fill(f"{one.label}, {one.unit}", 22), fontweight="normal")
        for axis in axes[-1]:
            axis.set_xlabel("year")
        seeds = min(len(values) for values in runs.values())
        figure.suptitle(f"Left alone: median, middle half and 5–95 % of {seeds} seeds", x=0.01, ha="left")
    return figure
