"""G4 to G6: the mirror. Service given as clients see it and as the unit itself sees it, and service received, on one scale.

*Given, as clients see it* (G4) are the five dimensions of the encounters over a unit's outbound links, weighted by demand;
*received* the same over its inbound links. *Given, as it sees itself* is made of what a unit can know without asking anybody:

    reliability     (1 − share of answers that came back) min(1, w* / w)    came back: sent back or complained of
    responsiveness  1 / (1 + a w / w*)                       w its own clock: from arrival at the unit until it leaves it
    assurance       1 − k (1 − K)                            K its people's knowledge: what they know, not how it looks
    empathy         1 − m (1 − M)                            M their motivation: what they intend, not what strain, haste,
                                                             distrust and hand-overs leave of it
    tangibles       (1 − b (1 − tools)) (1 − c (1 − environment))    its own, not the state of what was handed over to it

w* is the mean promise; a, k, m, b, c are levers of the encounter. The unit does not see that waits are felt longer than they
are, that most who are dissatisfied never say so, or what its suppliers' faults make of its work. No source: a modelling choice;
the direction (providers misjudge the service they give) is gap 1 of Parasuraman, Zeithaml & Berry 1985
(doi:10.1177/002224298504900403).

*Processes* (G5): what is broken and what is missing, each beyond a limit that is named. *Leaders* (G6): their support, how safe
it is to speak, how much is said, and the service delivered beside the standard that the firm professes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from sim.chain import ServiceChain
from sim.estimates import Estimate, estimate
from sim.hireback.market import DIMENSIONS
from sim.levers import DAYS_PER_YEAR
from sim.model import ServiceModel
from sim.population import CONTRACTOR

SIDES = ("given", "own", "received")
"""Given as clients see it; given as the unit sees itself; received from its suppliers."""


@dataclass(frozen=True, slots=True)
class Looks:
    """What one run shows of units and links.

    Attributes
    ----------
    sides : (units, 3, 5), the five dimensions by `SIDES`, 0 to 1; nan where nobody was served
    unit : figures of units by name, (units,) each
    link : figures of links by name, (links,) each
    """

    sides: np.ndarray
    unit: dict[str, np.ndarray]
    link: dict[str, np.ndarray]


def look(model: ServiceModel, warm_up: int) -> Looks:
    """Return what a run shows of its units and links: rates over the days since ``warm_up``, levels over their last quarter."""
    state = model.state
    days = model.day - warm_up
    years = days / DAYS_PER_YEAR
    last = slice(model.day - max(1, days // 4), model.day)
    since = slice(warm_up, model.day)
    table, unit_days = state.link_day[since], state.unit_day[since]
    lately = state.unit_day[last]
    units = len(state.unit)
    total = {name: np.asarray(table[name].sum(axis=0), float) for name in table.dtype.names or ()}
    served = total["encounters"]
    link = {
        "demand": total["opened"] / days,
        "opened": total["opened"],
        "answered": _ratio(total["closed"], total["opened"]),
        "in_time": _ratio(total["in_time"], served),
        "wait": _ratio(_ratio(total["wait"], served), np.asarray(state.link["promise_days"], float)),
        "blamed": total["blamed"] / years,
        "quality": _ratio(total["quality"], served),
        "expectation": _ratio(total["expectation"], served),
        "came_back": _ratio(total["reopened"] + total["complaints"], served),
    }
    dimensions = np.stack([_ratio(total[name], served) for name in DIMENSIONS], axis=1)
    supplier = np.asarray(state.link["supplier"])
    client = np.asarray(state.link["client_unit"])
    promise = np.asarray(state.link["promise_days"], float)

    def over(values: np.ndarray, rows: np.ndarray) -> float:
        known = rows & (served > 0) & np.isfinite(values)
        return float(np.sum(values[known] * served[known]) / served[known].sum()) if known.any() else np.nan

    sides = np.full((units, len(SIDES), len(DIMENSIONS)), np.nan)
    quality, expected, came_back, promised, in_time, professed = (np.full(units, np.nan) for _ in range(6))
    for u in range(units):
        out, into = supplier == u, client == u
        for k in range(len(DIMENSIONS)):
            sides[u, 0, k], sides[u, 2, k] = over(dimensions[:, k], out), over(dimensions[:, k], into)
        quality[u], expected[u] = over(link["quality"], out), over(link["expectation"], out)
        came_back[u], in_time[u] = over(link["came_back"], out), over(link["in_time"], out)
        promised[u] = over(promise, out)
        professed[u] = over(_professed(model), out)
    levels = {
        name: np.asarray(lately[name].mean(axis=0), float)
        for name in (
            "knowledge", "motivation", "support", "voice_climate", "attention_left", "problems_open", "severity", "on_ladder",
            "present",
        )
    }  # fmt: skip
    sums = {
        name: np.asarray(unit_days[name].sum(axis=0), float)
        for name in ("problems_born", "problems_raised", "crises", "passed_blame", "served", "sojourn")
    }
    own_clock = _ratio(sums["sojourn"], sums["served"])
    sides[:, 1] = _own_view(model, came_back, own_clock, promised, levels)
    contractor = np.asarray(state.unit["kind"] == CONTRACTOR)
    first, end = state.unit_day[max(0, warm_up - 1)], state.unit_day[model.day - 1]
    unit = {
        "support": levels["support"],
        "voice_climate": levels["voice_climate"],
        "attention_left": levels["attention_left"],
        "problems_open": levels["problems_open"],
        "severity": levels["severity"],
        "on_ladder": levels["on_ladder"],
        "raised": _ratio(np.minimum(sums["problems_raised"], sums["problems_born"]), sums["problems_born"]),
        "born": sums["problems_born"],
        "crises": sums["crises"] / years,
        "blame": _ratio(sums["passed_blame"], sums["served"]),
        "backlog_growth": (np.asarray(end["present"], float) - np.asarray(first["present"], float)) / years,
        "served": sums["served"] / years,
        "clarity": np.where(contractor, np.asarray(unit_days["clarity"].mean(axis=0), float), np.nan),
        "quality": quality,
        "expected": expected,
        "professed": professed,
        "in_time": in_time,
    }
    return Looks(sides, unit, link)


def _professed(model: ServiceModel) -> np.ndarray:
    """Return, by link, the quality that the firm professes: promised to customers; inside, what people were led to expect."""
    state = model.state
    segment = np.asarray(state.link["client_segment"])
    standard = np.asarray(state.link["expectation"], float).copy()
    outside = segment >= 0
    standard[outside] = np.asarray(state.segment["promised_quality"], float)[segment[outside]]
    return standard


def _own_view(
    model: ServiceModel, came_back: np.ndarray, clock: np.ndarray, promise: np.ndarray, levels: dict[str, np.ndarray]
) -> np.ndarray:
    firm, unit = model.state.firm[0], model.state.unit
    x = clock / promise
    there = np.asarray(unit["tools_now"], float)
    place = np.asarray(unit["environment"], float)
    own = np.stack([
        np.clip(1.0 - came_back, 0.0, 1.0) / np.maximum(x, 1.0),
        1.0 / (1.0 + float(firm["waiting_aversion"]) * x),
        np.clip(1.0 - float(firm["knowledge_assurance"]) * (1.0 - levels["knowledge"]), 0.0, 1.0),
        np.clip(1.0 - float(firm["motivation_empathy"]) * (1.0 - levels["motivation"]), 0.0, 1.0),
        (1.0 - float(firm["tools_tangibles"]) * (1.0 - there)) * (1.0 - float(firm["environment_tangibles"]) * (1.0 - place)),
    ], axis=1)  # fmt: skip
    own[~np.isfinite(x)] = np.nan
    return own


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return np.divide(part, whole, out=np.full(np.shape(whole), np.nan), where=np.asarray(whole) > 0)


# --- G4 ----------------------------------------------------------------------------------------------------------------------


def sides(chain: ServiceChain, looks: Sequence[Looks]) -> pd.DataFrame:
    """Return a row for each unit, side and dimension, 0 to 100, with interval; ``overall``: the mean by default weights."""
    from sim.levers import BY_NAME

    weights = np.array([BY_NAME[f"weight_{name}"].default for name in DIMENSIONS], float)
    weights /= weights.sum()
    rows = []
    for u, unit in enumerate(chain.units):
        for side, name in enumerate(SIDES):
            found = np.array([one.sides[u, side] for one in looks])
            overall = (found * weights).sum(axis=1)
            for dimension, values in (*zip(DIMENSIONS, found.T, strict=True), ("overall", overall)):
                rows.append({"unit": unit, "side": name, "dimension": dimension} | _columns("level", _percent(values)))
    return pd.DataFrame(rows)


def gaps(chain: ServiceChain, looks: Sequence[Looks]) -> pd.DataFrame:
    """Return, by unit and dimension, its own view less its clients', and what it gives less what it receives, in points."""
    rows = []
    for u, unit in enumerate(chain.units):
        found = np.array([one.sides[u] for one in looks])
        for k, dimension in enumerate(DIMENSIONS):
            given, own, received = found[:, 0, k], found[:, 1, k], found[:, 2, k]
            rows.append(
                {"unit": unit, "dimension": dimension}
                | _columns("blind_spot", _percent(own - given))
                | _columns("balance", _percent(given - received))
            )
    return pd.DataFrame(rows)


def _percent(values: np.ndarray) -> Estimate:
    return estimate(100 * values)


def _columns(name: str, one: Estimate) -> dict[str, Any]:
    return {name: one.mean, f"{name}_low": one.low, f"{name}_high": one.high, f"{name}_runs": one.runs}


# --- G5 ----------------------------------------------------------------------------------------------------------------------

LEAST_CASES = 10
"""Cases in all runs together from which a share of them is told: a single problem says nothing of a habit."""
MULTIPLE = 2.0
"""Waits beyond this multiple of the promise say that a request type is not served."""


@dataclass(frozen=True, slots=True)
class Sign:
    """A sign that a process is broken or missing.

    Attributes
    ----------
    process, state : what it is about; "broken" or "missing"
    limit, above : the sign shows above this limit, or below it where ``above`` is False
    unit : of the figure
    says : the sentence for a manager; {figure} is put in
    """

    process: str
    state: str
    limit: float
    above: bool
    unit: str
    says: str

    def shows(self, value: float) -> bool:
        """Tell whether the figure is beyond the limit; nan never is."""
        return bool(value > self.limit if self.above else value < self.limit)


_LIMITS = "no source: a modelling choice"
SIGNS: dict[str, Sign] = {
    "problems_open": Sign("problems", "broken", 1.0, True, "per 10 people",
                          "{figure} problems per ten people stand open and grow at any time"),
    "crises": Sign("problems", "broken", 0.5, True, "a year", "{figure} problems a year burst: they were held back too long"),
    "raised": Sign("voice", "broken", 0.5, False, "share", "only {figure} of its problems are ever raised"),
    "backlog_growth": Sign("requests", "broken", 0.02, True, "share of a year's work",
                           "the work that waits grew by {figure} of a year's work in a year"),
    "answered": Sign("request type", "missing", 0.5, False, "share", "only {figure} of what is asked is ever answered"),
    "wait": Sign("request type", "broken", MULTIPLE, True, "promises", "answers take {figure} times as long as promised"),
    "blame": Sign("ownership", "broken", 0.05, True, "share", "{figure} of its cases are passed on rather than owned"),
    "on_ladder": Sign("escalation", "broken", 1.0, True, "matters", "{figure} escalations wait for a manager at any time"),
    "no_agreement": Sign("agreement", "missing", 0.1, False, "share", "there is no service agreement with it worth the name"),
    "no_review": Sign("agreement", "missing", 0.5, True, "", "its agreement is never reviewed"),
    "clarity": Sign("agreement", "broken", 0.6, False, "share of the agreement",
                    "over the year {figure} of what was agreed is left in people's minds: a review is overdue"),
    "no_measurement": Sign("measurement", "missing", 0.05, False, "share", "nobody measures the service that it gives"),
}  # fmt: skip
"""What shows a broken or missing process. Limits: no source, modelling choices."""


def processes(chain: ServiceChain, looks: Sequence[Looks]) -> pd.DataFrame:
    """Return the processes that are broken or missing (G5), the farthest beyond its limit first.

    A row says where (``unit``, and ``client`` for request types), the sign, its mean over runs with interval, the limit, and in
    how many runs the figure was beyond it (``shown``, a share); it is listed when that is so in more than half of the runs, and
    shares of problems and requests only where there were `LEAST_CASES`.
    """
    rows: list[dict[str, Any]] = []
    staff = np.array([chain.nodes[name]["staff"] for name in chain.units], float)
    in_units: dict[str, Callable[[Looks], np.ndarray]] = {
        "problems_open": lambda one: one.unit["problems_open"] / staff * 10,
        "crises": lambda one: one.unit["crises"],
        "raised": lambda one: one.unit["raised"],
        "backlog_growth": lambda one: _ratio(one.unit["backlog_growth"], one.unit["served"]),
        "blame": lambda one: one.unit["blame"],
        "on_ladder": lambda one: one.unit["on_ladder"],
    }
    born = np.array([one.unit["born"] for one in looks]).sum(axis=0)
    for name, figures in in_units.items():
        found = np.array([figures(one) for one in looks])
        for u, unit in enumerate(chain.units):
            if name != "raised" or born[u] >= LEAST_CASES:
                _tell(rows, name, unit, None, found[:, u])
    for name in ("answered", "wait"):
        found = np.array([one.link[name] for one in looks])
        asked = np.array([one.link["opened"] for one in looks]).sum(axis=0)
        for row, (supplier, client) in enumerate(chain.links):
            if asked[row] >= LEAST_CASES:
                _tell(rows, name, supplier, client, found[:, row])
    for u, unit in enumerate(chain.units):
        if chain.nodes[unit]["kind"] == "contractor":
            agreed, review = chain.value("agreement", unit), chain.value("review_days", unit)
            runs = len(looks)
            _tell(rows, "no_agreement", unit, None, np.full(runs, agreed))
            _tell(rows, "no_review", unit, None, np.full(runs, 1.0 if review == 0 else 0.0))
            _tell(rows, "no_measurement", unit, None, np.full(runs, chain.value("measurement", unit)))
            if agreed > SIGNS["no_agreement"].limit and review > 0:
                _tell(rows, "clarity", unit, None, np.array([one.unit["clarity"][u] for one in looks]) / agreed)
    table = pd.DataFrame(rows, columns=PROCESS_COLUMNS)
    return table.sort_values("excess", ascending=False, kind="stable").reset_index(drop=True)


PROCESS_COLUMNS = (
    "unit", "client", "process", "state", "sign", "figure", "figure_low", "figure_high", "figure_runs", "limit", "of", "shown",
    "excess", "says",
)  # fmt: skip


def _tell(rows: list[dict[str, Any]], name: str, unit: str, client: str | None, values: np.ndarray) -> None:
    sign = SIGNS[name]
    known = values[np.isfinite(values)]
    shown = float(np.mean([sign.shows(value) for value in known])) if len(known) else 0.0
    if shown <= 0.5:
        return
    one = estimate(values)
    excess = one.mean / sign.limit if sign.above else sign.limit / max(one.mean, 1e-3)
    figure = f"{100 * one.mean:.0f} %" if sign.unit.startswith("share") else f"{one.mean:.1f}"
    rows.append(
        {"unit": unit, "client": client, "process": sign.process, "state": sign.state, "sign": name}
        | _columns("figure", one)
        | {"limit": sign.limit, "of": sign.unit, "shown": shown, "excess": excess, "says": sign.says.format(figure=figure)}
    )  # fmt: skip


# --- G6 ----------------------------------------------------------------------------------------------------------------------

LEADERS = {
    "support": "help that leaders give their people, 0 to 100",
    "voice_climate": "how safe it is to raise a problem, 0 to 100",
    "raised": "problems that are raised, per cent of those that begin",
    "attention_left": "of a leader's day, what escalations and problems leave for the people, per cent",
    "quality": "service delivered, as its clients see it, 0 to 100",
    "professed": "the standard that the firm professes: what customers are promised, and inside what clients are led to expect",
    "short_of_professed": "delivered less professed, in points",
    "expected": "what its clients have come to expect, 0 to 100",
    "short_of_expected": "delivered less expected, in points",
    "in_time": "answers within the promised time, per cent",
}
"""Figures of G6 by name, with their meaning."""


def leaders(chain: ServiceChain, looks: Sequence[Looks]) -> pd.DataFrame:
    """Return a row for each unit (G6): do leaders encourage service, and does the unit deliver what the firm professes?"""
    rows = []
    for u, unit in enumerate(chain.units):
        row: dict[str, Any] = {"unit": unit}
        for name in LEADERS:
            values = np.array([_leader_figure(one, name, u) for one in looks])
            one = _percent(values)
            if name in (
                "raised",
                "in_time",
            ):  # shares: few problems in a run make an interval that would leave the range
                one = Estimate(one.mean, max(0.0, one.low), min(100.0, one.high), one.runs)
            row |= _columns(name, one)
        rows.append(row)
    return pd.DataFrame(rows)


def _leader_figure(one: Looks, name: str, u: int) -> float:
    if name.startswith("short_of_"):
        return float(one.unit["quality"][u] - one.unit[name.removeprefix("short_of_")][u])
    return float(one.unit[name][u])
