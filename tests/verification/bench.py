"""Small organisations whose exact behaviour is known, and running them with many seeds."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sim import levers
from sim.chain import ServiceChain
from sim.model import ServiceModel

HOURS = 8.0


@dataclass(frozen=True, slots=True)
class Team:
    """A unit of a test organisation: staff, and the mean working time of one request in days."""

    servers: int
    mean: float
    shape: str = "exponential"
    spread: float = 0.0

    def attributes(self) -> dict[str, float | int | str]:
        return {
            "staff": self.servers,
            "hours_per_request": self.mean * HOURS,
            "working_time": self.shape,
            "work_spread": self.spread,
        }


def neutral_chain(
    teams: dict[str, Team],
    doors: dict[str, float],
    rate: float,
    slots_per_day: int,
    asks: dict[tuple[str, str], float] | None = None,
    passes: dict[tuple[str, str], float] | None = None,
    customers: int = 400,
    **segment: float,
) -> ServiceChain:
    """Return an organisation with every mechanism neutral and ``rate`` needs a day.

    ``doors`` shares the needs out over teams; ``asks`` and ``passes`` are keyed (from, to): ``asks`` gives requests per
    case of the one, ``passes`` the share of its cases handed on for good to the other.
    """
    chain = ServiceChain(hours_per_day=HOURS, slots_per_day=slots_per_day, **levers.neutral_values())
    for name, team in teams.items():
        chain.add_department(name, **team.attributes())
    chain.add_segment(
        "Customers", customers=customers, needs_per_year=rate * levers.DAYS_PER_YEAR / customers, **segment
    )
    for name, share in doors.items():
        chain.add_link(name, "Customers", requests_per_case=share)
    asks, passes = asks or {}, passes or {}
    for client, supplier in {**asks, **passes}:
        pair = client, supplier
        chain.add_link(supplier, client, requests_per_case=asks.get(pair, 0.0), passed_on=passes.get(pair, 0.0))
    return chain.check()


def one_team(rate: float, team: Team, slots_per_day: int, **segment: float) -> ServiceChain:
    """Return an organisation of one team that serves everybody."""
    return neutral_chain({"Team": team}, {"Team": 1.0}, rate, slots_per_day, **segment)


@dataclass(frozen=True, slots=True)
class Run:
    """What a run recorded after its warm-up."""

    model: ServiceModel
    warm_up: int

    def units(self, column: str) -> np.ndarray:
        """Return a daily figure of units: days by units, in alphabetical order."""
        return np.asarray(self.model.state.unit_day[column][self.warm_up : self.model.day])

    def links(self, column: str) -> np.ndarray:
        """Return a daily figure of links: days by links."""
        return np.asarray(self.model.state.link_day[column][self.warm_up : self.model.day])

    def mean_sojourn(self, link: int = 0) -> float:
        """Return the mean time from request to answer over a link."""
        return float(self.links("wait")[:, link].sum() / self.links("encounters")[:, link].sum())

    def answered(self, margin: float = 10.0) -> pd.DataFrame:
        """Return the journal of requests opened after the warm-up and ``margin`` days before the end."""
        journal = self.model.journal
        kept = journal[(journal["opened"] >= self.warm_up) & (journal["opened"] < self.model.day - margin)]
        return kept.assign(sojourn=kept["closed"] - kept["opened"])


def runs(chain: ServiceChain, seeds: Iterable[int], days: int, warm_up: int, journal: bool = False) -> Iterator[Run]:
    """Run the organisation once for each seed; ``days`` follow the warm-up."""
    for seed in seeds:
        yield Run(ServiceModel(chain, seed=seed, journal=journal).run(warm_up + days), warm_up)


@dataclass(frozen=True, slots=True)
class Comparison:
    """A simulated figure beside the exact one: mean over seeds, its standard error, and how many seeds."""

    topic: str
    case: str
    figure: str
    exact: float
    simulated: float
    error: float
    seeds: int

    @property
    def z(self) -> float:
        """The difference in standard errors."""
        return (self.simulated - self.exact) / self.error if self.error else 0.0 if self.agrees_exactly else np.inf

    @property
    def agrees_exactly(self) -> bool:
        return bool(np.isclose(self.simulated, self.exact, rtol=1e-12, atol=0.0))


def compare(
    topic: str,
    case: str,
    exact: dict[str, float],
    measured: Iterable[Run],
    figures: Callable[[Run], dict[str, float]],
) -> list[Comparison]:
    """Return one comparison for each exact figure; ``figures`` takes the same figures from a run."""
    table = pd.DataFrame([figures(run) for run in measured])
    assert set(table) == set(exact)
    n = len(table)
    return [
        Comparison(topic, case, name, value, float(table[name].mean()), float(table[name].sem()), n)
        for name, value in exact.items()
    ]


def seeds(case: str, count: int) -> range:
    """Return seeds of a case's own, the same every time."""
    first = zlib.crc32(case.encode()) * 1000
    return range(first, first + count)
