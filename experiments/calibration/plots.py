"""Pictures of a calibration: what was learnt of each parameter, which trade off, and how the figures fit."""

from __future__ import annotations

from typing import Any

import matplotlib
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from experiments.calibration.answer import TRADES, fit_table, verdict
from experiments.calibration.fit import Calibration
from experiments.calibration.parameters import Parameter
from sim.plots.style import INK, INSIDE, MUTED, OUTSIDE, STYLE, short

MOST_PAIRS = 6
BINS = 30
SHOWN = 600


def _axis(parameter: Parameter) -> tuple[np.ndarray, bool]:
    factor, log = parameter.factor, parameter.factor.scale == "log"
    ends = np.geomspace if log else np.linspace
    return ends(factor.low, factor.high, BINS + 1), log


def marginals(found: Calibration) -> Figure:
    """Draw the posterior of each parameter over its prior, its 95 % interval, the value before and the one to go on with."""
    count = len(found.parameters)
    columns = min(3, count)
    rows = -(-count // columns)
    words = verdict(found)
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(3.5 * columns + 0.4, 2.5 * rows + 0.9), layout="constrained")
        axes = np.atleast_1d(figure.subplots(rows, columns, squeeze=False)).ravel()
        for place, (one, axis) in enumerate(zip(found.parameters, axes, strict=False)):
            edges, log = _axis(one)
            draws = found.posterior[:, place]
            heights, _ = np.histogram(draws, edges)
            axis.stairs(heights / len(draws) * BINS, edges, fill=True, color=OUTSIDE, alpha=0.45, label="posterior")
            axis.stairs(np.ones(BINS), edges, color=MUTED, linestyle="--", linewidth=1.2, label="prior")
            low, high = np.quantile(draws, [0.025, 0.975])
            base = -0.06 * max(1.0, float(heights.max()) / len(draws) * BINS)
            axis.plot(
                [low, high], [base, base], color=OUTSIDE, linewidth=4, solid_capstyle="butt", label="95 % interval"
            )
            if one.factor.low <= one.before <= one.factor.high:
                axis.axvline(one.before, color=INK, linestyle=":", linewidth=1.4, label="before")
            axis.axvline(found.best_values[place], color=INSIDE, linewidth=1.6, label="to go on with")
            if log:
                axis.set_xscale("log")
            else:
                axis.xaxis.set_major_locator(MaxNLocator(5))
            axis.set_yticks([])
            axis.spines["left"].set_visible(False)
            axis.set_title(short(one.label, 36), fontsize=10)
            said = words[place].replace(", at", ",\nat")
            axis.set_xlabel(f"{said}; [{low:.3g}, {high:.3g}]", fontsize=8.5)
        for axis in axes[count:]:
            axis.set_visible(False)
        handles: dict[str, Any] = {}
        for axis in axes[:count]:
            handles |= {name: handle for handle, name in zip(*axis.get_legend_handles_labels(), strict=True)}
        figure.legend(
            list(handles.values()), list(handles), loc="outside lower center", ncols=5, frameon=False, fontsize=8.5
        )
    return figure


def pairs(found: Calibration) -> Figure:
    """Draw posterior draws of each pair of parameters; pairs that trade off have their correlation in bold."""
    chosen = list(np.argsort(found.told)[:MOST_PAIRS])
    chosen.sort()
    count = len(chosen)
    together = np.corrcoef(found.draws.shares.T)
    step = max(1, len(found.posterior) // SHOWN)
    draws = found.posterior[::step]
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(2.3 * (count - 1) + 1.0, 2.2 * (count - 1) + 0.8), layout="constrained")
        axes = figure.subplots(count - 1, count - 1, squeeze=False)
        for row in range(1, count):
            for column in range(count - 1):
                axis = axes[row - 1, column]
                if column >= row:
                    axis.set_visible(False)
                    continue
                across, up = found.parameters[chosen[column]], found.parameters[chosen[row]]
                axis.scatter(
                    draws[:, chosen[column]], draws[:, chosen[row]], s=5, color=OUTSIDE, alpha=0.3, linewidths=0
                )
                axis.plot(found.best_values[chosen[column]], found.best_values[chosen[row]], "X", color=INSIDE, markersize=8,
                          markeredgecolor="white")  # fmt: skip
                for one, name in ((across, "x"), (up, "y")):
                    getattr(axis, f"set_{name}lim")(one.factor.low, one.factor.high)
                    if one.factor.scale == "log":
                        getattr(axis, f"set_{name}scale")("log")
                    else:
                        getattr(axis, f"{name}axis").set_major_locator(MaxNLocator(3))
                value = together[chosen[row], chosen[column]]
                axis.set_title(f"r = {value:.2f}", fontsize=9, weight="bold" if abs(value) >= TRADES else "normal")
                axis.tick_params(labelsize=8, labelbottom=row == count - 1, labelleft=column == 0)
                if row == count - 1:
                    axis.set_xlabel(short(across.label, 26), fontsize=9)
                if column == 0:
                    axis.set_ylabel(short(up.label, 26), fontsize=9)
        title = "Draws from the posterior over the whole prior; × is the point to go on with"
        figure.suptitle(title, fontsize=9.5, x=0.02, ha="left")
    return figure


def fit(found: Calibration) -> Figure:
    """Draw each figure of the client against what fresh runs of the fitted firm give, in units of their spread."""
    table = fit_table(found)
    seen = found.replicated()
    prior = found.reach()
    spread = np.maximum(seen.std(axis=0, ddof=1), 1e-12)
    scaled = lambda values: (values - found.targets.values) / spread  # noqa: E731
    most = 6.0
    places = np.arange(len(table))[::-1]
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(9.5, 0.36 * len(table) + 1.7), layout="constrained")
        axis = figure.subplots()
        low, high = scaled(np.quantile(prior, [0.005, 0.995], axis=0))
        axis.hlines(places, np.clip(low, -most, most), np.clip(high, -most, most), color=MUTED, alpha=0.35, linewidth=7,
                    label="firms all over the prior, 99 %")  # fmt: skip
        low, high = scaled(np.quantile(seen, [0.025, 0.975], axis=0))
        axis.hlines(places, np.clip(low, -most, most), np.clip(high, -most, most), color=OUTSIDE, linewidth=3,
                    label="the fitted firm, 95 %")  # fmt: skip
        inside = table["inside"].to_numpy()
        middle = np.clip(scaled(seen.mean(axis=0)), -most, most)
        axis.plot(middle[inside], places[inside], "o", color=OUTSIDE, markersize=5)
        if (~inside).any():
            axis.plot(
                middle[~inside],
                places[~inside],
                "D",
                color=INSIDE,
                markersize=7,
                label="does not hold the client's figure",
            )
        axis.axvline(0, color=INK, linewidth=1.2, label="the client's figure")
        axis.set_xlim(-most, most)
        axis.set_yticks(
            places, [short(one.replace("internal satisfaction, ", ""), 52) for one in table["label"]], fontsize=9
        )
        axis.set_ylim(-0.7, len(table) - 0.3)
        arrows = (
            "\nA → B: satisfaction of B's staff with A"
            if any(one.figure.part == "link" for one in found.targets.items)
            else ""
        )
        axis.set_xlabel(f"model less client, in standard deviations of what the fitted firm gives{arrows}")
        for place, row in zip(places, table.to_dict(orient="records"), strict=True):
            axis.annotate(f"client {row['client']:.3g}, model {row['model']:.3g} [{row['low']:.3g}, {row['high']:.3g}]",
                          (1.01, place), xycoords=("axes fraction", "data"), fontsize=8, va="center")  # fmt: skip
        figure.legend(loc="outside lower center", ncols=2, frameon=False, fontsize=8.5)
    return figure
