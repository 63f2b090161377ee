"""What is measured: tidy daily tables of the firm, its units, links and segments, and figures over a window of days.

Satisfaction and quality are on the scale 0-100, shares in per cent, the net promoter score from -100 to 100, times in
working days. *Satisfaction* is what people hold in mind, a stock; *experience* is how they judge the encounters of a day, a
flow that moves first. Weighted sums are written out and not left to matrix products, whose last bits differ between
processors.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sim.chain import ServiceChain
from sim.errors import InputError
from sim.levers import DAYS_PER_YEAR
from sim.model import ServiceModel
from sim.population import CONTRACTOR, FREE, RAISED
from sim.portable import whole_power

DIMENSIONS = ("reliability", "responsiveness", "assurance", "empathy", "tangibles")


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure of the firm: its name in tables, how people call it, its unit, and what it means."""

    name: str
    label: str
    unit: str
    meaning: str


MEASURES: tuple[Measure, ...] = (
    Measure("external_satisfaction", "external satisfaction", "0–100", "mean satisfaction of active customers"),
    Measure("external_experience", "customers' experience", "0–100", "mean judgement of the encounters with customers"),
    Measure("net_promoter_score", "net promoter score", "−100–100", "promoters less detractors among active customers"),
    Measure(
        "retention", "retention", "% a year", "share of customers who would stay for a year at this rate of leaving"
    ),
    Measure(
        "internal_service", "realised internal service", "0–100", "mean quality of encounters inside, as perceived"
    ),
    Measure(
        "internal_satisfaction", "internal satisfaction", "0–100", "mean satisfaction of staff with their suppliers"
    ),
    Measure("customers", "customers", "people", "active customers"),
    Measure("right_first_time", "answers that were right", "%", "share of answers to customers that were right"),
    Measure("in_time", "answers in time", "%", "share of answers to customers within the promised time"),
    Measure("wait", "customers' wait", "days", "mean time from a customer's request to the answer"),
    Measure("motivation", "motivation", "0–100", "mean motivation of staff"),
    Measure("strain", "strain", "0–100", "mean strain of staff"),
    Measure("turnover", "turnover", "% a year", "staff who would quit in a year at this rate, as a share of all posts"),
    Measure("backlog", "backlog", "requests", "requests that wait for somebody to take them"),
    Measure("failures", "failures", "%", "share of encounters with customers that fell short of what they let pass"),
    Measure(
        "complaints", "failures complained of", "%", "share of customers' failures that anybody in the firm was told of"
    ),
    Measure(
        "seen_external", "external satisfaction, as seen", "0–100", "what surveys last told management of customers"
    ),
    Measure("seen_internal", "internal satisfaction, as seen", "0–100", "what surveys last told management of staff"),
    Measure("profit", "profit", "currency a year", "revenue less all costs, at this rate"),
)
BY_NAME = {measure.name: measure for measure in MEASURES}


def daily(model: ServiceModel) -> pd.DataFrame:
    """Return one row a day with every measure of the firm; nan on days without an encounter of the kind."""
    return pd.DataFrame(daily_arrays(model)).assign(day=np.arange(1, model.day + 1)).set_index("day")


def daily_arrays(model: ServiceModel, links: np.ndarray | None = None) -> dict[str, np.ndarray]:
    """Return every measure as an array over days; ``links`` limits realised internal service to those rows of links."""
    days, state = model.day, model.state
    segment, unit, link = state.segment_day[:days], state.unit_day[:days], state.link_day[:days]
    outside = np.asarray(state.link["client_segment"] >= 0)
    inside = ~outside
    realised = inside if links is None else inside & np.isin(np.arange(len(inside)), links)
    active = segment["active"].sum(axis=1)
    clients = np.asarray(state.link["clients"], dtype=float)
    staff = np.asarray(state.unit["staff"], dtype=float)
    leaving = _ratio(segment["left"].sum(axis=1), active)
    quits = unit["quits"].sum(axis=1).astype(float)
    told = link["complaints"][:, outside].sum(axis=1).astype(float)
    failed = link["failures"][:, outside].sum(axis=1).astype(float)
    return {
        "external_satisfaction": 100 * _ratio(np.nansum(segment["satisfaction"] * segment["active"], axis=1), active),
        "external_experience": 100 * _per_encounter(link, outside, "judgement"),
        "net_promoter_score": 100 * _ratio((segment["promoters"] - segment["detractors"]).sum(axis=1), active),
        "retention": 100 * whole_power(1 - np.minimum(leaving, 1), DAYS_PER_YEAR),
        "internal_service": 100 * _per_encounter(link, realised, "quality"),
        "internal_satisfaction": 100
        * _ratio((link["satisfaction"] * clients).sum(axis=1), np.full(days, clients.sum())),
        "customers": active.astype(float),
        "right_first_time": 100 * _per_encounter(link, outside, "right"),
        "in_time": 100 * _per_encounter(link, outside, "in_time"),
        "wait": _per_encounter(link, outside, "wait"),
        "motivation": 100 * (unit["motivation"] * staff).sum(axis=1) / staff.sum(),
        "strain": 100 * (unit["strain"] * staff).sum(axis=1) / staff.sum(),
        "turnover": 100 * DAYS_PER_YEAR * quits / staff.sum(),
        "backlog": unit["queued"].sum(axis=1).astype(float),
        "failures": 100 * _per_encounter(link, outside, "failures"),
        "complaints": 100 * _ratio(told, failed),
        "seen_external": 100 * _seen(link, outside),
        "seen_internal": 100 * _seen(link, inside),
        "profit": DAYS_PER_YEAR * np.asarray(state.firm_day["profit"][:days], dtype=float),
        # weights, so that figures over a window are means over encounters and not over days
        "_outside": link["encounters"][:, outside].sum(axis=1).astype(float),
        "_inside": link["encounters"][:, realised].sum(axis=1).astype(float),
        "_left": segment["left"].sum(axis=1).astype(float),
        "_failures": failed,
    }


_WEIGHTS = {
    "external_experience": "_outside",
    "right_first_time": "_outside",
    "in_time": "_outside",
    "wait": "_outside",
    "internal_service": "_inside",
    "failures": "_outside",
    "complaints": "_failures",
}

_ONCE_THERE = ("seen_external", "seen_internal")
"""Measures that begin some time after the first day."""


def over_window(arrays: dict[str, np.ndarray], start: int, end: int) -> dict[str, float]:
    """Return each measure over the days ``start`` up to but not including ``end``, counted from 0.

    Figures of encounters are means over encounters, retention is taken from all who left in the window, the others are
    means over days.
    """
    window = slice(start, end)
    figures = {}
    for measure in MEASURES:
        values = arrays[measure.name][window]
        if measure.name == "retention":
            people_days = arrays["customers"][window].sum()
            leaving = arrays["_left"][window].sum() / people_days if people_days else np.nan
            figures["retention"] = float(100 * whole_power(1 - min(leaving, 1.0), DAYS_PER_YEAR))
        elif measure.name in _WEIGHTS:
            weights = arrays[_WEIGHTS[measure.name]][window]
            total = weights.sum()
            figures[measure.name] = float(np.nansum(values * weights) / total) if total else float("nan")
        elif measure.name in _ONCE_THERE:
            there = values[np.isfinite(values)]
            figures[measure.name] = float(np.mean(there)) if len(there) else float("nan")
        else:
            figures[measure.name] = float(np.mean(values)) if len(values) else float("nan")
    return figures


def summary(model: ServiceModel, start: int = 0, end: int | None = None) -> dict[str, float]:
    """Return each measure of a model over a window of days; see `over_window`."""
    return over_window(daily_arrays(model), start, model.day if end is None else end)


def unit_columns(model: ServiceModel) -> dict[str, np.ndarray]:
    """Return what `by_unit` shows, each as one array: every unit on the first day, on the second, and so on."""
    days, state, chain = model.day, model.state, model.chain
    table = state.unit_day[:days]
    staff = np.asarray(state.unit["staff"])
    columns: dict[str, np.ndarray] = {}
    for name in (
        "arrived", "served", "present", "queued", "pressure", "standard", "filled", "quits", "hires", "covered",
        "passed_blame", "problems_born", "problems_raised", "problems_solved", "problems_open", "crises", "severity",
        "on_ladder", "lessons", "cost",
    ):  # fmt: skip
        columns[name] = table[name].ravel()
    columns["time_in_unit"] = _ratio(table["sojourn"], table["served"]).ravel()
    columns["utilisation"] = (100 * table["busy_days"] / staff).ravel()
    for name in ("knowledge", "motivation", "strain", "compassion", "support", "attention_left", "voice_climate"):
        columns[name] = 100 * table[name].ravel()
    contractor = np.asarray(state.unit["kind"] == CONTRACTOR)
    for name in ("clarity", "effort", "committed", "true_score", "seen_score", "partner_quality", "partner_number"):
        scale = 1 if name == "partner_number" else 100
        known = contractor & ((table[name] >= 0) | (name == "partner_quality"))
        columns[name] = np.where(known, scale * table[name], np.nan).ravel()
    received = table["service_received"].ravel()
    columns["service_received"] = np.where(received < 0, np.nan, 100 * received)
    given = np.full((days, len(chain.units)), np.nan)
    for row in range(len(chain.units)):
        mine = np.asarray((state.link["supplier"] == row) & (state.link["clients"] > 0))
        if mine.any():
            weights = np.asarray(state.link["clients"][mine], dtype=float)
            given[:, row] = 100 * (state.link_day["satisfaction"][:days][:, mine] * weights).sum(axis=1) / weights.sum()
    columns["service_given"] = given.ravel()
    return columns


def by_unit(model: ServiceModel) -> pd.DataFrame:
    """Return one row a day and unit: work, backlog, pressure, knowledge, motivation, service given and received."""
    return _long(model, "unit", unit_columns(model))


def link_columns(model: ServiceModel) -> dict[str, np.ndarray]:
    """Return what `by_link` shows, each as one array: every link on the first day, on the second, and so on."""
    table = model.state.link_day[: model.day]
    columns: dict[str, np.ndarray] = {}
    for name in (
        "opened", "closed", "encounters", "reopened", "passed_on", "rush", "rush_agreed", "rush_kept", "failures",
        "complaints", "escalations", "recoveries", "recovered", "deflected", "repeats", "surfaced", "accidents",
        "sent_away", "refused", "defended", "blamed", "answers",
    ):  # fmt: skip
        columns[name] = table[name].ravel()
    columns["recovery_time"] = _ratio(table["recovery_time"], table["recoveries"]).ravel()
    columns["seen"] = np.where(table["seen"] >= 0, 100 * table["seen"], np.nan).ravel()
    columns["wait"] = _ratio(table["wait"], table["encounters"]).ravel()
    for name in ("right", "in_time", "quality", "judgement", "expectation", *DIMENSIONS):
        columns[name] = 100 * _ratio(table[name], table["encounters"]).ravel()
    internal = np.asarray(model.state.link["clients"]) > 0
    for name in ("satisfaction", "trust", "regard", "hostility", "bridge"):
        columns[name] = np.where(internal, 100 * table[name], np.nan).ravel()
    return columns


def by_link(model: ServiceModel) -> pd.DataFrame:
    """Return one row a day and link: requests, and the means of that day's encounters on the five dimensions."""
    return _long(model, "link", link_columns(model))


def segment_columns(model: ServiceModel) -> dict[str, np.ndarray]:
    """Return what `by_segment` shows, each as one array: every segment on the first day, on the second, and so on."""
    table = model.state.segment_day[: model.day]
    columns: dict[str, np.ndarray] = {}
    for name in ("needs", "left", "joined", "active"):
        columns[name] = table[name].ravel()
    columns["satisfaction"] = 100 * table["satisfaction"].ravel()
    columns["net_promoter_score"] = 100 * _ratio(table["promoters"] - table["detractors"], table["active"]).ravel()
    columns["reputation"] = table["reputation"].ravel()
    columns["market"] = 100 * table["market"].ravel()
    for name in ("revenue", "redress"):
        columns[name] = table[name].ravel()
    return columns


def by_segment(model: ServiceModel) -> pd.DataFrame:
    """Return one row a day and segment: customers, their satisfaction, who came and who left."""
    return _long(model, "segment", segment_columns(model))


def books(model: ServiceModel) -> pd.DataFrame:
    """Return one row a day of the firm's books, in the organisation's currency."""
    table = model.state.firm_day[: model.day]
    money = [name for name in table.dtype.names or () if table.dtype[name].kind == "f" and name != "general_left"]
    return pd.DataFrame({"day": np.arange(1, model.day + 1)} | {name: np.asarray(table[name]) for name in money})


def returns(as_is: ServiceModel, what_if: ServiceModel, start: int = 0) -> dict[str, float]:
    """Return what a change was worth since day ``start``, in the organisation's currency: two runs of the same seed and days.

    ``extra_cost`` and ``extra_revenue`` are what the second run spent and took more than the first; ``extra_profit`` is their
    difference, ``return_on_cost`` the profit per unit of extra cost (nan where nothing more was spent). One pair of runs is
    one sample: give the spread over seeds (`sim.estimates.estimate`).
    """
    if as_is.day != what_if.day or as_is.seed != what_if.seed:
        raise InputError(
            "these runs cannot be compared",
            place="returns",
            value=f"days {as_is.day} and {what_if.day}, seeds {as_is.seed} and {what_if.seed}",
            allowed="two runs of the same seed over the same days",
        )
    sums = [
        {name: float(np.sum(one.state.firm_day[name][start : one.day])) for name in ("revenue", "profit")}
        for one in (as_is, what_if)
    ]
    revenue = sums[1]["revenue"] - sums[0]["revenue"]
    profit = sums[1]["profit"] - sums[0]["profit"]
    cost = revenue - profit
    return {
        "extra_cost": cost,
        "extra_revenue": revenue,
        "extra_profit": profit,
        "return_on_cost": profit / cost if cost > 0 else float("nan"),
    }


def problems(model: ServiceModel) -> pd.DataFrame:
    """Return the problems that are open now, the gravest first: where, who knows, how old, how grave, raised or held back."""
    rows = np.asarray(model.state.problem)
    rows = rows[rows["status"] != FREE]
    rows = rows[np.argsort(-rows["severity"], kind="stable")]
    units = np.array(model.chain.units, dtype=object)
    return pd.DataFrame({
        "unit": units[rows["unit"]],
        "employee": rows["employee"],
        "age": model.day - rows["born"],
        "severity": 100 * rows["severity"],
        "raised": rows["status"] == RAISED,
    })  # fmt: skip


COLUMNS: dict[str, Callable[[ServiceModel], dict[str, np.ndarray]]] = {
    "unit": unit_columns,
    "link": link_columns,
    "segment": segment_columns,
}
"""What is known of each part of a firm on each day."""

NAMES: dict[str, Callable[[ServiceChain], list[str]]] = {
    "unit": lambda chain: chain.units,
    "link": lambda chain: [f"{supplier} → {client}" for supplier, client in chain.links],
    "segment": lambda chain: chain.segments,
}
"""What the parts are called, in the order of the columns."""

_HELPERS = ["_outside", "_inside", "_left", "_failures"]

TABLES: dict[str, Callable[[ServiceModel], pd.DataFrame]] = {
    "firm": lambda model: daily(model).drop(columns=_HELPERS).reset_index(),
    "units": by_unit,
    "links": by_link,
    "segments": by_segment,
    "books": books,
    "problems": problems,
}
"""The tidy tables of a run, by file name."""


def _seen(table: np.ndarray, links: np.ndarray) -> np.ndarray:
    """Return what management saw last, over links weighted by the answers so far; nan before the first survey."""
    seen = table["seen"][:, links]
    answers = np.where(seen >= 0, np.cumsum(table["answers"][:, links], axis=0), 0)
    return _ratio((np.where(seen >= 0, seen, 0) * answers).sum(axis=1), answers.sum(axis=1))


def _long(model: ServiceModel, kind: str, columns: dict[str, np.ndarray]) -> pd.DataFrame:
    names = NAMES[kind](model.chain)
    days = {"day": np.repeat(np.arange(1, model.day + 1), len(names)), kind: np.tile(names, model.day)}
    return pd.DataFrame(days | columns)


def _per_encounter(table: np.ndarray, links: np.ndarray, name: str) -> np.ndarray:
    return _ratio(table[name][:, links].sum(axis=1), table["encounters"][:, links].sum(axis=1))


def _ratio(top: np.ndarray, bottom: np.ndarray) -> np.ndarray:
    top = np.asarray(top, dtype=float)
    return np.divide(top, bottom, out=np.full(top.shape, np.nan), where=np.asarray(bottom) > 0)
