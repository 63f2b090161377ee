"""A calibration in tables and sentences: what was learnt, what trades off, what fits, and what the data cannot tell."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import pandas as pd

from experiments.calibration.fit import NOTHING, Calibration, misfit
from experiments.calibration.parameters import Parameter, applied
from experiments.calibration.targets import Targets, compared, made, shown
from sim.chain import ServiceChain
from sim.client import provenance

WELL = 0.5
"""Posterior spread over prior spread up to which a parameter is said to be learnt well."""
TRADES = 0.5
"""Correlation of draws from which two parameters are said to trade off."""
AT_THE_EDGE = 0.25
"""Share of draws in the outermost twentieth of the prior from which the range is said to be too narrow."""
FAR = 3.0
"""Spreads of the fitted firm from which a figure beyond what the prior gives is called out of reach, and not bad luck."""
CONFLICT = 0.01
"""p-value of the best point below which the figures are said not to be met together."""


def verdict(found: Calibration) -> list[str]:
    """Return what the data say of each parameter, in words."""
    words = []
    for place, told in enumerate(found.told):
        shares = found.draws.shares[:, place]
        edge = "low" if (shares < 0.05).mean() > AT_THE_EDGE else "high" if (shares > 0.95).mean() > AT_THE_EDGE else ""
        said = "learnt" if told <= WELL else "learnt a little" if told <= NOTHING else "the data say nothing"
        words.append(f"{said}, at the {edge} end of its range" if edge else said)
    return words


def parameters_table(found: Calibration) -> pd.DataFrame:
    """Return one row a parameter: prior, value before, posterior mean, median, 50 and 95 % intervals, spread left, verdict."""
    rows = []
    words = verdict(found)
    for place, one in enumerate(found.parameters):
        draws = found.posterior[:, place]
        low, first, middle, third, high = np.quantile(draws, [0.025, 0.25, 0.5, 0.75, 0.975])
        rows.append({
            "parameter": one.name, "unit": one.lever.unit, "prior": one.prior, "prior_low": one.factor.low,
            "prior_high": one.factor.high, "before": one.before, "mean": draws.mean(), "median": middle, "low": low,
            "high": high, "quartile_1": first, "quartile_3": third, "spread_left": found.told[place],
            "best": found.best_values[place], "written": bool(written(found)[place]), "verdict": words[place],
            "meaning": one.lever.meaning,
        })  # fmt: skip
    return pd.DataFrame(rows)


def tradeoffs_table(found: Calibration) -> pd.DataFrame:
    """Return one row a pair of parameters: the correlation of their draws, the strongest first."""
    rows = []
    if len(found.parameters) > 1:
        together = np.corrcoef(found.draws.shares.T)
        for row, column in itertools.combinations(range(len(found.parameters)), 2):
            rows.append({
                "parameter": found.parameters[row].name, "other": found.parameters[column].name,
                "correlation": float(together[row, column]),
            })  # fmt: skip
    table = pd.DataFrame(rows, columns=["parameter", "other", "correlation"])
    return table.sort_values("correlation", key=lambda one: -one.abs(), ignore_index=True)


def fit_table(found: Calibration) -> pd.DataFrame:
    """Return one row a target: the client's figure and its error, what fresh runs of the fitted firm give, and whether it fits.

    ``low`` and ``high`` hold 95 % of what a client like this might have seen; ``apart`` is the distance in spreads;
    ``reach_low`` and ``reach_high`` hold 99 % of what firms all over the prior gave; ``explained`` is the share of a figure's
    variance over the fitted region that the parameters explain.
    """
    seen = found.replicated()
    figures = found.targets.figures
    low, mean, high = shown(
        np.vstack([np.quantile(seen, 0.025, 0), seen.mean(0), np.quantile(seen, 0.975, 0)]), figures
    )
    reach = shown(np.quantile(found.reach(), [0.005, 0.995], axis=0), figures)
    apart = (found.targets.values - seen.mean(axis=0)) / np.maximum(seen.std(axis=0, ddof=1), 1e-12)
    return pd.DataFrame([
        {
            "figure": one.figure.name, "label": one.figure.label, "unit": one.figure.unit, "client": one.value,
            "error": one.error, "source": one.source, "model": mean[row], "low": low[row], "high": high[row],
            "inside": bool(low[row] <= one.value <= high[row]), "apart": apart[row], "reach_low": reach[0, row],
            "reach_high": reach[1, row], "in_reach": bool(reach[0, row] <= one.value <= reach[1, row]),
            "explained": found.emulator.explained[row],
        }
        for row, one in enumerate(found.targets.items)
    ])  # fmt: skip


def held_out_table(found: Calibration, rest: Targets) -> pd.DataFrame:
    """Return one row a figure of tickets that the fit has not seen, beside what the fitted firm gives.

    It fits when it lies within 1.96 standard deviations: those of fresh runs, and of sampling the tickets held out.
    """
    rows = []
    names = [one.figure.name for one in found.targets.items]
    for one in rest.items:
        if one.figure.name not in names:
            continue
        place = names.index(one.figure.name)
        runs = found.checks[:, place]
        value = compared(np.array([[one.value]]), [one.figure])[0, 0]
        error = float(np.sqrt(made([one]).covariance[0, 0]))
        spread = float(np.hypot(runs.std(ddof=1), error))
        ends = shown(
            np.array([[runs.mean() - 1.96 * spread], [runs.mean()], [runs.mean() + 1.96 * spread]]), [one.figure]
        )
        rows.append({
            "figure": one.figure.name, "label": one.figure.label, "unit": one.figure.unit,
            "fitted": found.targets.items[place].value, "held_out": one.value, "error": one.error, "model": ends[1, 0],
            "low": ends[0, 0], "high": ends[2, 0], "inside": bool(abs(value - runs.mean()) <= 1.96 * spread),
        })  # fmt: skip
    return pd.DataFrame(rows)


def written(found: Calibration) -> np.ndarray:
    """Return which parameters the calibrated organisation takes from the fit: not those of which the data say nothing.

    One whose range excludes what the organisation has is taken all the same: the range was somebody's knowledge.
    """
    quiet = found.told > NOTHING
    outside = np.array([not one.factor.low <= one.before <= one.factor.high for one in found.parameters])
    return np.asarray(~quiet | outside)


def calibrated(found: Calibration) -> ServiceChain:
    """Return the organisation at the best point, with a line for each place that says where its values come from."""
    chosen = [
        (one, value)
        for one, value, take in zip(found.parameters, found.best_values, written(found), strict=True)
        if take
    ]
    chain = applied(found.chain, [one for one, _ in chosen], [_short(value) for _, value in chosen])
    by_place: dict[str, list[str]] = {}
    for one, _ in chosen:
        for place in one.places:
            by_place.setdefault(" → ".join(place) or "firm", []).append(one.lever.name)
    lines = [provenance.line(place, names, f"calibrated to {sources(found)}") for place, names in by_place.items()]
    return provenance.with_sources(chain, lines) if lines else chain


def sources(found: Calibration) -> str:
    """Return what kinds of data the fit used, in words."""
    words = [
        "tickets"
        if one.source.endswith("tickets")
        else "typed figures"
        if one.source == "typed"
        else one.source.split(",")[0]
        for one in found.targets.items
    ]
    return _list(list(dict.fromkeys(words)))


def notes(found: Calibration) -> list[str]:
    """Return what a user should know, in sentences: what is not known, what trades off, what does not fit."""
    lines = []
    table = parameters_table(found)
    nothing = [one for one, told in zip(found.parameters, found.told, strict=True) if told > NOTHING]
    for one in nothing:
        stays = "It was set to" if written_of(found, one) else "It stays at"
        now = _number(_now(found, one))
        lines.append(f"The data say nothing of {one.label}: its posterior is as wide as the prior. {stays} {now}.")
    for row in table.to_dict(orient="records"):
        if "end of its range" in str(row["verdict"]):
            lines.append(f"{row['parameter']} presses against the end of its prior ({row['prior']}): either the range is too "
                         f"narrow (--fit {row['parameter']}=LOW..HIGH), or something else in the firm is wrong.")  # fmt: skip
    for row in tradeoffs_table(found).to_dict(orient="records"):
        if abs(row["correlation"]) >= TRADES:
            way = "higher" if row["correlation"] > 0 else "lower"
            lines.append(f"{row['parameter']} and {row['other']} trade off (correlation of draws {row['correlation']:.2f}): "
                         f"a higher {row['parameter']} with a {way} {row['other']} explains the figures as well.")  # fmt: skip
    return lines + fit_notes(found)


def fit_notes(found: Calibration) -> list[str]:
    """Return what does not fit, in sentences."""
    table = fit_table(found)
    lines = []
    far = table[~table["in_reach"] & (table["apart"].abs() > FAR)]
    for row in far.to_dict(orient="records"):
        lines.append(f"Out of reach: {row['label']} is {_number(row['client'])}, but firms within the priors have "
                     f"{_number(row['reach_low'])} to {_number(row['reach_high'])}.")  # fmt: skip
    outside = table[~table["inside"]]
    least, p = misfit(found)
    expected = 0.05 * len(table)
    if p < CONFLICT:
        worst = table.reindex(table["apart"].abs().sort_values(ascending=False).index).head(3)
        named = _list([f"{row['label']} ({row['apart']:+.1f} spreads)" for row in worst.to_dict(orient="records")])
        lines.append(
            f"These figures cannot be met together within these priors (least distance {least:.0f}, p {_p(p)}). Farthest off: "
            f"{named}. Intervals of a model that does not fit are too narrow: fit other levers, or doubt a figure."
        )
    elif len(outside):
        named = _list(list(outside["label"]))
        lines.append(
            f"Outside the 95 % interval of the fitted firm: {named}; of {len(table)} figures about {expected:.1f} would be by "
            f"chance. Together the figures can be met (p {_p(p)})."
        )
    else:
        lines.append(
            f"All figures lie within the 95 % intervals of the fitted firm, and can be met together (p {_p(p)})."
        )
    if found.impossible:
        lines.append(
            f"{found.impossible:,} of {len(found.shares):,} runs were of firms that give no such figures, and were left out."
        )
    return lines


def written_of(found: Calibration, one: Parameter) -> bool:
    """Return whether the calibrated organisation takes this parameter from the fit."""
    return bool(written(found)[found.parameters.index(one)])


def _now(found: Calibration, one: Parameter) -> float:
    place = found.parameters.index(one)
    return float(found.best_values[place]) if written_of(found, one) else one.before


def runs_table(found: Calibration) -> pd.DataFrame:
    """Return every run: its parameters and figures, and the wave it belongs to."""
    from experiments.calibration.parameters import at

    table = pd.DataFrame(at(found.parameters, found.shares), columns=[one.name for one in found.parameters])
    table.insert(0, "wave", np.where(np.arange(len(table)) < found.first, 1, 2))
    figures = found.targets.figures
    return table.join(pd.DataFrame(shown(found.values, figures), columns=[one.name for one in figures]))


def draws_table(found: Calibration) -> pd.DataFrame:
    """Return the posterior: a row a draw, a column a parameter."""
    return pd.DataFrame(found.posterior, columns=[one.name for one in found.parameters])


def tables(found: Calibration) -> dict[str, pd.DataFrame]:
    """Return all tables by the names of their files."""
    return {
        "parameters": parameters_table(found), "tradeoffs": tradeoffs_table(found), "fit": fit_table(found),
        "posterior": draws_table(found), "runs": runs_table(found),
    }  # fmt: skip


def _short(number: float) -> float:
    return float(f"{number:.6g}")


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def _p(value: float) -> str:
    return "below 0.001" if value < 0.001 else f"{value:.2f}" if value >= 0.1 else f"{value:.3f}"


def _list(words: Sequence[str]) -> str:
    return ", ".join(words[:-1]) + (" and " if len(words) > 1 else "") + words[-1] if words else "nothing"
