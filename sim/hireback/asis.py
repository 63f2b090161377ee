"""G1, G7: the firm as it is. What every client perceives of every supplier, and whether it would stay.

A run tells, for each link, the five dimensions of the encounters over its last quarter, and for each person of the client
their satisfaction and trust. A person's perception is the link's mean, moved by how much more or less satisfied this person
is than the link's clients on average: q_k + (satisfaction − mean satisfaction), held between 0 and 1. (No source: a modelling
choice; the model keeps one satisfaction per person and supplier, not five.) A customer has one satisfaction and one trust,
with the firm; they stand for every unit that serves the customer. Where hardly anybody was served in the last quarter, the
figures are taken over half of the days or all of them.

A client's demand is what it asked of the supplier in the run, onboarding and cases handed on included.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from sim.chain import ServiceChain
from sim.errors import InputError
from sim.estimates import Estimate, estimate, mean_of_known
from sim.hireback import choice
from sim.hireback.choice import DIMENSIONS, FACTORS, Answer
from sim.hireback.market import MARKETS, Market, Offers, offers
from sim.hireback.mirror import Looks, look
from sim.model import ServiceModel
from sim.threads import Counter, Tick, each

LEAST_ENCOUNTERS = 10
"""Encounters that a link's figures rest on, where as many happened."""
MOST_PEOPLE = 100
"""People of a client who are asked; of more, as many at even ranks of satisfaction, so that they stand for all."""
MARKET_RANGE = (5.0, 95.0)
"""Percentiles between which the share kept lies in nine markets of ten."""


# --- one run -----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class View:
    """What the people of one client think of one supplier, in one run.

    Attributes
    ----------
    perceived : (people, 5), 0 to 1
    trust : (people,), 0 to 1
    weights : (5,), how much each dimension counts for this client, as shares
    encounters : encounters behind it
    """

    perceived: np.ndarray
    trust: np.ndarray
    weights: np.ndarray
    encounters: int


def demand(model: ServiceModel, warm_up: int) -> np.ndarray:
    """Return the requests a day that went over each link since day ``warm_up``."""
    opened = model.state.link_day["opened"][warm_up : model.day]
    per_day: np.ndarray = opened.sum(axis=0) / len(opened)
    return per_day


def recent(encounters: np.ndarray) -> slice:
    """Return the days to look at: the last quarter, or more of them where a link had too few encounters in it."""
    days = len(encounters)
    for part in (4, 2):
        last = slice(days - max(1, days // part), days)
        if encounters[last].sum() >= LEAST_ENCOUNTERS:
            return last
    return slice(0, days)


def view(model: ServiceModel, row: int, warm_up: int) -> View | None:
    """Return what the client of link ``row`` thinks of its supplier, or None where nobody was served or nobody is left."""
    state = model.state
    table = state.link_day[warm_up : model.day]
    encounters = np.asarray(table["encounters"][:, row])
    days = recent(encounters)
    served = int(encounters[days].sum())
    satisfaction, trust = _people(model, row)
    if served == 0 or len(trust) == 0:
        return None
    dimensions = np.array([float(table[name][days, row].sum()) / served for name in DIMENSIONS])
    perceived = np.clip(dimensions + (satisfaction - satisfaction.mean())[:, None], 0.0, 1.0)
    link = state.link[row]
    weights = choice.as_shares(np.array([float(link[f"weight_{name}"]) for name in DIMENSIONS]))
    return View(perceived, trust, weights, served)


def _people(model: ServiceModel, row: int) -> tuple[np.ndarray, np.ndarray]:
    """Return satisfaction and trust of the people behind a link: those who have dealt with the supplier, where anybody has."""
    state = model.state
    segment = int(state.link["client_segment"][row])
    if segment < 0:
        people = state.relation[state.relation["link"] == row]
    else:
        people = state.customer[(state.customer["segment"] == segment) & (state.customer["active"] == 1)]
    met = people["encounters"] > 0
    if met.any():
        people = people[met]
    satisfaction, trust = np.asarray(people["satisfaction"], float), np.asarray(people["trust"], float)
    if len(trust) > MOST_PEOPLE:
        order = np.argsort(satisfaction, kind="stable")
        chosen = order[((np.arange(MOST_PEOPLE) + 0.5) * len(order) / MOST_PEOPLE).astype(int)]
        satisfaction, trust = satisfaction[chosen], trust[chosen]
    return satisfaction, trust


@dataclass(frozen=True, slots=True)
class Kept:
    """What would be kept over each link, in one run: (links, markets), nan where nobody can tell; and requests a day."""

    share: np.ndarray
    demand: np.ndarray

    def of(self, rows: Sequence[int] | np.ndarray) -> np.ndarray:
        """Return the share of demand kept over several links together, in each market; nan where nobody can tell."""
        return together(self.share[rows], self.demand[rows])


def together(share: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Return the mean of shares (links, markets), weighted by demand; links of which nothing is known are left out."""
    known = np.isfinite(share).all(axis=1) & (weight > 0)
    total = float(weight[known].sum())
    mean = np.zeros(share.shape[1])
    for row in np.flatnonzero(known):
        mean += weight[row] / total * share[row]
    return mean if known.any() else np.full(share.shape[1], np.nan)


def kept(
    model: ServiceModel, available: Offers, *, warm_up: int, rows: Sequence[int] | None = None, price: float = 1.0
) -> Kept:
    """Return what the suppliers of these links (default: all) would keep of each client's demand, in each market."""
    share = np.full((len(model.state.link), available.markets), np.nan)
    for row in range(len(share)) if rows is None else rows:
        seen = view(model, row, warm_up)
        if seen is not None:
            own = choice.worth(seen.perceived, seen.weights, seen.trust, available.market, price=price)
            share[row] = choice.mean_over_people(own, choice.best_elsewhere(seen.weights, available))
    return Kept(share, demand(model, warm_up))


def outbound(chain: ServiceChain, unit: str) -> list[int]:
    """Return the rows of the links by which a unit serves."""
    return [row for row, (supplier, _) in enumerate(chain.links) if supplier == unit]


# --- many runs ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Verdict:
    """Would they? For one client of a supplier, or for all of them together (``client`` None).

    Attributes
    ----------
    share : share of demand kept, 0 to 1: mean and 95 % interval over runs, of the mean over markets
    market_low, market_high : between these lies the share in nine markets of ten
    certainty : part of all (run, market) pairs in which more than half is kept
    answer : "yes", "no" or "close"; None where nobody was served
    sure : part of all pairs in which at least 80 % are kept
    swaps : by factor, the share kept less the share if this factor were as in an average vendor
    decides : the factor that decides, None where none does; ``dimension`` : the same among the five dimensions
    demand : requests a day
    """

    supplier: str
    client: str | None
    share: Estimate
    market_low: float
    market_high: float
    certainty: float
    answer: Answer | None
    sure: float
    swaps: dict[str, float]
    decides: str | None
    dimension: str | None
    demand: float


@dataclass(frozen=True, slots=True)
class AsIs:
    """The internal market as it is, from many runs; see `as_is`.

    Attributes
    ----------
    chain, market, seeds, warm_up, days : what was run
    share : (runs, links, markets), share of each link's demand kept; nan where nobody was served
    swaps : (runs, links, factors), in the order of `FACTORS`, means over markets
    dimensions : (runs, links, 5), as perceived; nan where nobody was served
    trust : (runs, links), of the link's clients
    demand : (runs, links), requests a day
    looks : one for each run: what units look like from inside (`sim.hireback.mirror`)
    """

    chain: ServiceChain
    market: Market
    seeds: tuple[int, ...]
    warm_up: int
    days: int
    share: np.ndarray
    swaps: np.ndarray
    dimensions: np.ndarray
    trust: np.ndarray
    demand: np.ndarray
    looks: tuple[Looks, ...] = field(repr=False)

    @property
    def markets(self) -> int:
        """Markets that could be out there."""
        return self.share.shape[2]

    def of_client(self, supplier: str, client: str) -> Verdict:
        """Return whether one client would stay."""
        return self._verdict(supplier, client, [self.chain.links.index((supplier, client))])

    def of_unit(self, unit: str) -> Verdict:
        """Return whether all clients of a unit together would stay, weighted by demand."""
        return self._verdict(unit, None, outbound(self.chain, unit))

    def unit_shares(self, unit: str) -> np.ndarray:
        """Return the share of a unit's demand kept, in every run and market: (runs, markets)."""
        return self._shares(outbound(self.chain, unit))

    def _shares(self, rows: Sequence[int]) -> np.ndarray:
        pairs = zip(self.share, self.demand, strict=True)
        return np.array([together(share[rows], demand[rows]) for share, demand in pairs])

    def _verdict(self, supplier: str, client: str | None, rows: Sequence[int]) -> Verdict:
        shares = self._shares(rows)
        sure = choice.certainty(shares)
        said = None if np.isnan(sure) else choice.answer(sure)
        pairs = zip(self.swaps, self.demand, strict=True)
        by_factor = mean_of_known(np.array([together(swap[rows], demand[rows]) for swap, demand in pairs]), axis=0)
        effects = {name: float(value) for name, value in zip(FACTORS, by_factor, strict=True)}
        by_market = mean_of_known(shares, axis=0)
        low, high = (np.nan, np.nan) if said is None else np.percentile(by_market, MARKET_RANGE)
        dimensions = {name: effects[name] for name in DIMENSIONS}
        return Verdict(
            supplier=supplier,
            client=client,
            share=estimate(mean_of_known(shares, axis=1)),
            market_low=float(low),
            market_high=float(high),
            certainty=sure,
            answer=said,
            sure=choice.sureness(shares),
            swaps=effects,
            decides=choice.decider(effects, said) if said else None,
            dimension=choice.decider(dimensions, said) if said else None,
            demand=float(self.demand[:, rows].sum(axis=1).mean()),
        )

    def clients(self) -> pd.DataFrame:
        """Return a row for each link: who would hire whom; see `COLUMNS`."""
        rows = [self.of_client(*edge) for edge in self.chain.links]
        table = pd.DataFrame([self._row(one) for one in rows])
        for number, name in enumerate(DIMENSIONS):
            table[f"seen_{name}"] = 100 * mean_of_known(self.dimensions[:, :, number], axis=0)
        table["seen_trust"] = 100 * mean_of_known(self.trust, axis=0)
        return table

    def units(self) -> pd.DataFrame:
        """Return a row for each unit: would its clients hire it back; see `COLUMNS`."""
        table = pd.DataFrame([self._row(self.of_unit(unit)) for unit in self.chain.units]).drop(columns="client")
        inside = [self._part(unit, outside=False) for unit in self.chain.units]
        outside = [self._part(unit, outside=True) for unit in self.chain.units]
        return table.assign(share_inside=inside, share_customers=outside)

    def _part(self, unit: str, outside: bool) -> float:
        links = self.chain.links
        rows = [row for row in outbound(self.chain, unit) if (links[row][1] in self.chain.segments) == outside]
        shares = self._shares(rows) if rows else np.full((1, 1), np.nan)
        return 100 * estimate(mean_of_known(shares, axis=1)).mean

    def _row(self, one: Verdict) -> dict[str, object]:
        swaps = {f"swap_{name.replace(' ', '_')}": 100 * value for name, value in one.swaps.items()}
        return {
            "supplier": one.supplier, "kind": self.chain.nodes[one.supplier]["kind"], "client": one.client,
            "demand": one.demand, "answer": one.answer, "share": 100 * one.share.mean, "share_low": 100 * one.share.low,
            "share_high": 100 * one.share.high, "market_low": 100 * one.market_low, "market_high": 100 * one.market_high,
            "certainty": one.certainty, "sure": one.sure, "decides": one.decides, "dimension": one.dimension, **swaps,
            "runs": one.share.runs, "markets": self.markets,
        }  # fmt: skip


COLUMNS = {
    "supplier": "department or contractor",
    "kind": "department or contractor",
    "client": "who is served",
    "demand": "requests a day",
    "answer": "yes, no or close (too close to call); empty where nobody was served",
    "share": "per cent of demand that would stay, mean over runs and markets; `_low`, `_high`: 95 % interval over runs",
    "market_low": "between this and `market_high` lies the share in nine markets of ten",
    "certainty": "part of all (run, market) pairs in which more than half would stay",
    "sure": "part of all pairs in which at least 80 % would stay",
    "decides": "the factor that decides: the largest swap in the direction of the answer",
    "dimension": "the same among the five dimensions of service",
    "swap_…": "points of the share that are due to this factor: share less the share if it were as in an average vendor",
    "seen_…": "the service as its clients see it, 0 to 100, and their trust",
    "share_inside": "per cent kept of the demand of other units",
    "share_customers": "per cent kept of the demand of customers",
    "runs": "runs behind the figures",
    "markets": "markets that each run was held against",
}
"""Columns of the tables of clients and units."""


@dataclass(frozen=True, slots=True)
class _OneRun:
    share: np.ndarray
    swaps: np.ndarray
    dimensions: np.ndarray
    trust: np.ndarray
    demand: np.ndarray
    looks: Looks


def as_is(
    chain: ServiceChain,
    *,
    market: Market | None = None,
    runs: int = 20,
    seed: int = 1,
    warm_up: int = 250,
    days: int = 250,
    markets: int = MARKETS,
    workers: int | None = None,
    progress: Tick | None = None,
) -> AsIs:
    """Run a firm as described, and ask every client of every unit whether it would stay.

    Parameters
    ----------
    chain : a checked chain
    market : what could be bought instead, and how people choose; default: the ordinary market
    runs, seed : the run seeds are ``seed``, ``seed`` + 1, …; ``seed`` also draws the markets, the same for every run
    warm_up, days : working days before, and those that are looked at
    markets : how many markets could be out there
    workers, progress : as in `sim.vary.vary`
    """
    for name, number, least in (("runs", runs, 1), ("warm_up", warm_up, 0), ("days", days, 4)):
        if number < least:
            raise InputError(f"too few {name}", place=name, value=number, allowed=f"{least} or more")
    market = market or Market()
    available = offers(market, seed=seed, markets=markets)
    counter = Counter(progress)

    def one_run(run_seed: int) -> _OneRun:
        with ServiceModel(chain, seed=run_seed).run(warm_up + days) as model:
            counter.tick()
            return _observe(model, available, warm_up)

    seeds = tuple(range(seed, seed + runs))
    found = each(one_run, seeds, workers, counter)
    return AsIs(
        chain=chain,
        market=market,
        seeds=seeds,
        warm_up=warm_up,
        days=days,
        share=np.array([one.share for one in found]),
        swaps=np.array([one.swaps for one in found]),
        dimensions=np.array([one.dimensions for one in found]),
        trust=np.array([one.trust for one in found]),
        demand=np.array([one.demand for one in found]),
        looks=tuple(one.looks for one in found),
    )


def _observe(model: ServiceModel, available: Offers, warm_up: int) -> _OneRun:
    links = len(model.state.link)
    share = np.full((links, available.markets), np.nan)
    swaps = np.full((links, len(FACTORS)), np.nan)
    dimensions = np.full((links, len(DIMENSIONS)), np.nan)
    trust = np.full(links, np.nan)
    for row in range(links):
        seen = view(model, row, warm_up)
        if seen is None:
            continue
        share[row] = choice.stay(seen.perceived, seen.weights, seen.trust, available).mean(axis=1)
        effects = choice.swaps(seen.perceived, seen.weights, seen.trust, available)
        swaps[row] = [effects[name].mean() for name in FACTORS]
        dimensions[row] = seen.perceived.mean(axis=0)
        trust[row] = seen.trust.mean()
    return _OneRun(share, swaps, dimensions, trust, demand(model, warm_up), look(model, warm_up))
