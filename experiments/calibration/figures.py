"""What can be compared with a client: figures of a run that a client's files or words can give, by name.

``external_satisfaction``, ``retention@Households``, ``internal_satisfaction@IT:Sales``, ``resolution_median@Service Desk``: a
name, then if need be the part of the firm. Figures are means over the days of a window; ticket figures are of customers'
requests that were opened in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from sim import measures
from sim.chain import ServiceChain
from sim.errors import InputError, did_you_mean
from sim.levers import DAYS_PER_YEAR
from sim.model import ServiceModel

Part = Literal["firm", "segment", "link", "door"]

TICKETS: dict[str, tuple[str, str]] = {
    "resolution_median": ("median resolution time", "days"),
    "resolution_mean": ("mean resolution time", "days"),
    "resolution_p90": ("90th percentile of the resolution time", "days"),
    "tickets_in_time": ("tickets in time", "%"),
    "reassigned": ("tickets reassigned", "%"),
    "reopened": ("tickets reopened", "%"),
}
"""Figures of customers' requests → label, unit; for the firm, or by the department that a request comes to first (door)."""

EXTRA: dict[str, tuple[str, str]] = {
    "cases_per_day": ("customers' requests", "a day"),
    "quits_per_year": ("staff who quit", "people a year"),
}
BY_SEGMENT = ("external_satisfaction", "net_promoter_score", "retention", "customers")
BY_LINK = ("internal_satisfaction",)
POSITIVE = frozenset({"resolution_median", "resolution_mean", "resolution_p90", "wait", "cases_per_day", "customers"})
"""Figures that are compared as ratios: on the logarithmic scale."""
COUNTS = frozenset({"turnover", "quits_per_year"})
"""Figures that are counts of rare events: compared as square roots, whose luck hardly depends on how many there are (Bartlett
1936, doi:10.2307/2983678)."""

NAMES = tuple(dict.fromkeys([*measures.BY_NAME, *EXTRA, *TICKETS]))
TOGETHER = "|"
"""Between links that are measured together, as ``internal_satisfaction@IT:Sales|IT:Finance``."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure by its name: what is measured, and in which part of the firm."""

    measure: str
    part: Part = "firm"
    where: str | None = None

    @property
    def name(self) -> str:
        """The name as people write it."""
        return f"{self.measure}@{self.where}" if self.where else self.measure

    @property
    def label(self) -> str:
        """The figure in words."""
        known = {**EXTRA, **TICKETS}
        words = known[self.measure][0] if self.measure in known else measures.BY_NAME[self.measure].label
        if self.where is None:
            return words
        parts = self.where.split(TOGETHER)
        if len(parts) > 1:
            return f"{words}, {parts[0].partition(':')[0]} → {len(parts)} others together"
        return f"{words}, {self.where.replace(':', ' → ') if self.part == 'link' else self.where}"

    @property
    def unit(self) -> str:
        """Unit of measurement."""
        known = {**EXTRA, **TICKETS}
        return known[self.measure][1] if self.measure in known else measures.BY_NAME[self.measure].unit

    @property
    def ratio(self) -> bool:
        """Whether it is compared on the logarithmic scale."""
        return self.measure in POSITIVE

    @property
    def count(self) -> bool:
        """Whether it is compared as a square root."""
        return self.measure in COUNTS

    @property
    def of_tickets(self) -> bool:
        """Whether it is taken from single requests."""
        return self.measure in TICKETS


def figure(chain: ServiceChain, name: str, *, place: str = "--target") -> Figure:
    """Return a figure by its name, or raise `InputError` where the firm has no such figure or part."""
    measure, at, where = name.partition("@")
    measure, where = measure.strip().replace("-", "_"), where.strip()
    if measure not in NAMES:
        raise InputError("there is no such figure", place=place, value=name, allowed=", ".join(NAMES),
                         hint=did_you_mean(measure, NAMES))  # fmt: skip
    if not at:
        return Figure(measure)
    if measure in BY_SEGMENT and where in chain.segments:
        return Figure(measure, "segment", where)
    doors = [unit for unit in chain.units if set(chain.successors(unit)) & set(chain.segments)]
    if measure in TICKETS and where in doors:
        return Figure(measure, "door", where)
    if measure in BY_LINK and len(_links(chain, where)):
        return Figure(measure, "link", where)
    parts: Sequence[str] = ()
    if measure in BY_SEGMENT:
        parts = chain.segments
    elif measure in TICKETS:
        parts = doors
    elif measure in BY_LINK:
        inside = [edge for edge in chain.links if edge[1] in set(chain.units)]
        parts = [*sorted({supplier for supplier, _ in inside}), *(":".join(edge) for edge in inside)]
    raise InputError(
        "this figure cannot be had there", place=place, value=name,
        allowed=", ".join(parts) if parts else f"{measure}, for the whole firm",
        hint=did_you_mean(where, parts),
    )  # fmt: skip


def _links(chain: ServiceChain, where: str) -> np.ndarray:
    """Return rows of the links inside that ``IT``, ``IT:Sales`` or ``IT:Sales|IT:Finance`` name; none where one is unknown."""
    units = set(chain.units)
    found: list[int] = []
    for part in where.split(TOGETHER):
        rows = [
            row
            for row, edge in enumerate(chain.links)
            if edge[1] in units and (":".join(edge) == part or edge[0] == part)
        ]
        if not rows:
            return np.zeros(0, int)
        found += rows
    return np.array(sorted(set(found)))


class Reader:
    """Reads figures off a run.

    Parameters
    ----------
    chain : the firm
    figures : what is read, in this order
    """

    def __init__(self, chain: ServiceChain, figures: Sequence[Figure]) -> None:
        self.figures = tuple(figures)
        self.units, self.segments = list(chain.units), list(chain.segments)
        self.suppliers = np.array([self.units.index(supplier) for supplier, _ in chain.links])
        self.rows = {one.name: _links(chain, one.where) for one in figures if one.part == "link" and one.where}
        self.journal = any(one.of_tickets for one in figures)
        """Whether single requests have to be kept."""

    def read(self, model: ServiceModel, start: int, end: int) -> np.ndarray:
        """Return the figures over the days from ``start`` up to but not including ``end``; nan where there is none."""
        whole = measures.summary(model, start, end)
        requests = self._requests(model, start, end) if self.journal else None
        return np.array([self._one(one, model, whole, requests, start, end) for one in self.figures])

    def _requests(self, model: ServiceModel, start: int, end: int) -> pd.DataFrame:
        """Return customers' own requests that were opened in the window and answered, with the door of each."""
        found = model.journal
        outside = np.asarray(model.state.link["client_segment"]) >= 0
        mine = found[
            (found["parent"] == 0) & outside[found["link"]] & (found["opened"] >= start) & (found["opened"] < end)
        ]
        return pd.DataFrame({
            "door": self.suppliers[mine["link"]], "days": (mine["closed"] - mine["opened"]).to_numpy(),
            "in_time": mine["in_time"].to_numpy(), "handovers": mine["handovers"].to_numpy(),
            "reopened": mine["reopened"].to_numpy(),
        })  # fmt: skip

    def _one(
        self, one: Figure, model: ServiceModel, whole: dict[str, float], requests: pd.DataFrame | None, start: int,
        end: int,
    ) -> float:  # fmt: skip
        if requests is not None and one.of_tickets:
            mine = requests if one.where is None else requests[requests["door"] == self.units.index(one.where)]
            return of_requests(one.measure, mine)
        state = model.state
        if one.part == "link":
            rows = self.rows[one.name]
            weights = np.asarray(state.link["clients"][rows], dtype=float)
            daily = state.link_day["satisfaction"][start:end, rows]
            return float(100 * (daily * weights).sum() / (weights.sum() * len(daily))) if weights.sum() else np.nan
        if one.part == "segment":
            return _of_segment(one.measure, state.segment_day[start:end, self.segments.index(str(one.where))])
        if one.measure == "cases_per_day":
            outside = np.asarray(state.link["client_segment"]) >= 0
            return float(state.link_day["opened"][start:end, outside].sum() / (end - start))
        if one.measure == "quits_per_year":
            return whole["turnover"] / 100 * float(np.asarray(state.unit["staff"]).sum())
        return whole[one.measure]


def of_requests(measure: str, requests: pd.DataFrame) -> float:
    """Return a figure of answered requests: columns days, in_time, handovers, reopened; nan where there are none."""
    if not len(requests):
        return float("nan")
    if measure == "resolution_mean":
        return float(requests["days"].mean())
    if measure == "resolution_median":
        return float(requests["days"].median())
    if measure == "resolution_p90":
        return float(requests["days"].quantile(0.9))
    if measure == "tickets_in_time":
        return float(100 * requests["in_time"].mean())
    column = {"reassigned": "handovers", "reopened": "reopened"}[measure]
    return float(100 * (requests[column] > 0).mean())


def _of_segment(measure: str, day: np.ndarray) -> float:
    active = day["active"].astype(float)
    people = active.sum()
    if not people:
        return float("nan")
    if measure == "external_satisfaction":
        return float(100 * np.nansum(day["satisfaction"] * active) / people)
    if measure == "net_promoter_score":
        return float(100 * (day["promoters"] - day["detractors"]).sum() / people)
    if measure == "customers":
        return float(active.mean())
    return float(100 * (1 - min(1.0, day["left"].sum() / people)) ** DAYS_PER_YEAR)
