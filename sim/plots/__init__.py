"""Pictures: the chain, the firm over time, dose and response. Each function returns a matplotlib Figure."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import networkx as nx
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from sim import measures
from sim.chain import ServiceChain
from sim.estimates import Estimate, estimate
from sim.model import ServiceModel
from sim.vary import Variation

# Okabe & Ito's colours, told apart by people who see colours differently; lines differ in dash as well.
OUTSIDE, INSIDE, MUTED, INK = "#0072B2", "#D55E00", "#8A8A8A", "#222222"
_STYLE: Any = {
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.titlelocation": "left",
    "axes.titleweight": "bold",
    "figure.dpi": 110,
    "savefig.dpi": 150,
    "svg.hashsalt": "service-culture",
}
_SHAPES = {"department": "o", "contractor": "D", "segment": "s"}


def _layers(chain: ServiceChain) -> dict[str, tuple[float, float]]:
    """Place customers at the right, and each unit as far to the left as its nearest customer is links away.

    Columns are ordered by where their clients stand, so that fewer links cross (barycentre heuristic), and bent, so that
    links between neighbours of one column can be seen.
    """
    distance = dict.fromkeys(chain.segments, 0)
    for segment in chain.segments:
        for unit, steps in nx.single_source_shortest_path_length(chain.reverse(copy=False), segment).items():
            if unit not in chain.segments:
                distance[unit] = min(distance.get(unit, steps), steps)
    columns: dict[int, list[str]] = {}
    for name, steps in sorted(distance.items()):
        columns.setdefault(steps, []).append(name)
    height: dict[str, float] = {}
    places = {}
    for steps in sorted(columns):
        names = sorted(
            columns[steps], key=lambda name: (_mean([height[c] for c in chain.successors(name) if c in height]), name)
        )
        for row, name in enumerate(names):
            height[name] = (row + 0.5) / len(names)
            bend = 0.24 * (1 - (2 * height[name] - 1) ** 2) if len(names) > 2 else 0.0
            places[name] = (-steps - bend, 1 - height[name])
    return places


def _mean(values: list[float]) -> float:
    return sum(values) / len(values) if values else 0.5


def _satisfaction_with(model: ServiceModel) -> dict[str, float]:
    """Return how satisfied internal clients are with each unit, and customers with the firm; nan where nobody is served."""
    chain, state = model.chain, model.state
    values = {}
    for row, name in enumerate(chain.units):
        values[name] = 100 * state.satisfaction_over(np.asarray(state.link["supplier"] == row))
    for row, name in enumerate(chain.segments):
        active = state.segment["active"][row]
        values[name] = 100 * state.segment["satisfaction_sum"][row] / active if active else np.nan
    return values


def chain_picture(model: ServiceModel) -> Figure:
    """Draw the chain, units coloured by how satisfied their internal clients are with them, segments by customers."""
    chain = model.chain
    values = _satisfaction_with(model)
    places = _layers(chain)
    flows = chain.link_rates()
    most = max(flows.values()) or 1.0
    known = [value for value in values.values() if np.isfinite(value)]
    low, high = (min(known), max(known)) if known else (0.0, 100.0)
    middle, half = (low + high) / 2, max(5.0, (high - low) / 2)
    columns = [round(-x - 0.12) for x, _ in places.values()]
    tallest = max(columns.count(column) for column in columns)
    with plt.rc_context(_STYLE):
        figure, axes = plt.subplots(
            figsize=(max(8.0, 3.4 * (max(columns) + 1)), max(4.8, 1.5 + 1.05 * tallest)), layout="constrained"
        )
        nx.draw_networkx_edges(
            chain, places, ax=axes, edge_color="#9AA5AE", arrowsize=10, node_size=1100,
            width=[0.6 + 4 * np.sqrt(flows[edge] / most) for edge in chain.edges],
            connectionstyle="arc3,rad=0.1", alpha=0.8,
        )  # fmt: skip
        picture = None
        for kind, shape in _SHAPES.items():
            for seen in (True, False):
                group = [
                    name
                    for name, data in chain.nodes(data=True)
                    if data["kind"] == kind and np.isfinite(values[name]) == seen
                ]
                if not group:
                    continue
                xs, ys = zip(*(places[name] for name in group), strict=True)
                look: dict[str, Any] = {"marker": shape, "s": 1100, "linewidths": 1.2, "edgecolors": INK, "zorder": 3}
                if seen:
                    picture = axes.scatter(xs, ys, c=[values[name] for name in group], cmap="cividis", vmin=middle - half,
                                           vmax=middle + half, **look)  # fmt: skip
                else:
                    axes.scatter(xs, ys, c="white", **look)
        for name, (x, y) in places.items():
            value = values[name]
            dark = np.isfinite(value) and value < middle
            axes.text(x, y, f"{value:.0f}" if np.isfinite(value) else "–", ha="center", va="center", fontweight="bold",
                      color="white" if dark else INK, zorder=4)  # fmt: skip
            axes.annotate(textwrap.fill(name, 20), (x, y), xytext=(0, -19), textcoords="offset points", ha="center",
                          va="top", fontsize=9, color=INK, zorder=4,
                          bbox={"boxstyle": "round,pad=0.1", "fc": "white", "ec": "none", "alpha": 0.75})  # fmt: skip
        if picture is not None:
            bar = figure.colorbar(picture, ax=axes, shrink=0.6, pad=0.01)
            bar.set_label("satisfaction of those served, 0–100")
        axes.legend(
            handles=[Line2D([], [], marker=shape, ls="", mfc="white", mec=INK, ms=9, label=kind)
                     for kind, shape in _SHAPES.items()],
            loc="upper center", bbox_to_anchor=(0.5, 0.02), ncols=3, frameon=False,
        )  # fmt: skip
        figure.suptitle(f"{chain.setting('name')}: how satisfied are those whom each unit serves?", fontsize=12,
                        fontweight="bold", x=0.01, ha="left")  # fmt: skip
        axes.set_title(
            f"Day {model.day} of one run (seed {model.seed}). Arrows run from supplier to client and widen with requests per "
            "day; –: serves customers only.",
            fontsize=9, color=MUTED, fontweight="normal",
        )  # fmt: skip
        axes.margins(0.1, 0.12)
        axes.axis("off")
    return figure


def over_time(model: ServiceModel) -> Figure:
    """Draw external and internal satisfaction over the days of one run, and what customers and staff experience."""
    frame = measures.daily(model)
    with plt.rc_context(_STYLE):
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
    with plt.rc_context(_STYLE):
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
    with plt.rc_context(_STYLE | {"font.size": 8}):
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
