"""G3: the cheapest bundle of steps that makes a unit sure of the job.

Sure means: it keeps at least 80 % of its clients' demand in at least 90 % of all (run, market) pairs (`choice.sure`). The
same goal read the other way round is a figure that every step moves a little, and that a search can follow: the share that is
kept in 90 % of all pairs, the 10th percentile of shares, has to reach 0.8.

The search is greedy: at every point the step with the largest gain of this figure per unit of cost, steps that cost nothing
and help first; a step may be taken again and again as long as its lever has room. Gains shrink as the bundle grows, so that a
step is tried again only when its last known gain is still the best (lazy evaluation: Minoux 1978, doi:10.1007/BFb0006528). In
the end every step that the bundle can do without is taken out again, the dearest first, and dear steps are exchanged for
cheaper ones where the bundle stays sure. All this need not find the cheapest bundle; `tests/hireback/test_bundle.py` states
how near it comes to it where all bundles can be tried.

What was found on some seeds flatters itself on them (the winner's curse), so that the bundle is run again on seeds that the
search has not seen, in fresh runs and fresh markets. Where it is not sure there, the aim is raised by what was missing, the
search goes on, and fresh seeds again have the last word. Where no step helps any more, the best that was reached is told, and
what holds it back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import pandas as pd

from sim import actions
from sim.actions import Candidate
from sim.bills import bill
from sim.chain import ServiceChain
from sim.estimates import Estimate, estimate, mean_of_known
from sim.hireback import asis, choice
from sim.hireback.change import Levels, Trials, check_numbers
from sim.hireback.market import MARKETS, Market
from sim.hireback.vendor import check_unit
from sim.model import ServiceModel
from sim.threads import Counter, Tick, each
from sim.weakest_link import future, label

State = Literal["needless", "sure", "nearly", "impossible"]

STEPS = ("lever", "home", "place", "what", "unit", "before", "after", "steps", "cost", "cost_from")
"""Columns of the table of steps."""

MOST_STEPS = 120
"""Steps after which the search gives up."""
ROUNDS = 3
"""How often the aim is raised where fresh seeds do not confirm."""
LEAST_GAIN = 1e-4
"""Gain of the share kept in 90 % of pairs below which a step does not help."""
EXCHANGED_FOR, MOST_EXCHANGES = 3, 40
"""How many cheaper steps are looked at for each one that could be taken out, and how many altogether."""
MARGIN = 0.02
"""By how much the aim is raised beyond what was missing."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """The cheapest bundle that was found, and what fresh seeds say of it.

    Attributes
    ----------
    unit : which unit
    state : "needless" (it is sure as it is), "sure" (with the bundle), "nearly" (on the seeds of the search it was, on fresh
        ones not quite), "impossible" (not with everything that helps)
    steps : one row per lever: lever, home, place, what, unit, before, after, steps, cost, cost_from
    cost : of all steps, currency a year; price : the unit's price relative to now with them
    sureness_before, sureness : part of (run, market) pairs with at least 80 % kept, as it is and with it, on fresh seeds
    found_sureness : what the seeds of the search said
    share_before, share : share of demand kept, spread over runs
    satisfaction, profit : change in external satisfaction (points) and in profit after all costs (currency a year), paired
    holds_back : factors that still drive clients away, with the share kept that each costs (below 0), the worst first
    conceivable : sureness of a perfect and fully trusted service at this price: what no step can exceed
    tried, runs, markets : groups of steps that were tried; runs and markets behind the fresh figures
    """

    unit: str
    state: State
    steps: pd.DataFrame
    cost: float
    price: float
    sureness_before: float
    sureness: float
    found_sureness: float
    share_before: Estimate
    share: Estimate
    satisfaction: Estimate
    profit: Estimate
    holds_back: dict[str, float]
    conceivable: float
    tried: int
    runs: int
    markets: int

    def text(self) -> str:
        """Return the answer in words."""
        now = f"{100 * self.sureness:.1f} % of {self.runs} runs × {self.markets} markets"
        if self.state == "needless":
            return f"{self.unit} needs no change to be sure of the job: it keeps at least 80 % of its demand in {now}."
        count = int(self.steps["steps"].sum())
        steps = f"{count} step{'s' if count != 1 else ''} for {self.cost:,.0f} a year"
        if self.state == "sure":
            return f"{steps} make{'s' if count == 1 else ''} {self.unit} sure of the job: at least 80 % kept in {now}."
        if self.state == "nearly":
            return (
                f"{steps} make {self.unit} nearly sure of the job: at least 80 % kept in {now}, where 90 % were wanted."
            )
        told = f"No bundle of its own steps was found that makes {self.unit} sure of the job. "
        told += (
            f"The best found, {steps}, keeps {100 * self.share.mean:.0f} % and at least 80 % in {now}."
            if count
            else f"No step helps; it keeps {100 * self.share.mean:.0f} %."
        )
        if self.conceivable < choice.CLEAR:
            told += (
                f" Not even a perfect service would be sure ({100 * self.conceivable:.0f} % of pairs): too little is known of "
                "the market."
            )
        if self.holds_back:
            worst = ", ".join(
                f"{name} ({100 * value:.0f} % of demand)" for name, value in list(self.holds_back.items())[:3]
            )
            told += f" What holds it back: {worst}."
        return told


def bundle(
    chain: ServiceChain,
    unit: str,
    *,
    market: Market | None = None,
    only: Sequence[str] = (),
    off: Iterable[str] = (),
    prices: Mapping[str, float] | None = None,
    step: float = 2.0,
    search_runs: int = 8,
    runs: int = 20,
    seed: int = 1,
    warm_up: int = 250,
    days: int = 250,
    markets: int = MARKETS,
    workers: int | None = None,
    progress: Tick | None = None,
) -> Bundle:
    """Return the cheapest bundle of steps found that makes a unit sure of the job.

    Parameters
    ----------
    chain, unit, market, markets, only, off, prices, step, seed, warm_up, days, workers : as in `sim.hireback.change.change`
        (here steps are twice the ordinary ones, so that the search takes minutes and not hours)
    search_runs : seeds on which the search looks
    runs : fresh seeds, after those, that have the last word
    progress : called with the number of runs that have ended; how many it will be is not known before
    """
    check_unit(chain, unit)
    check_numbers(
        runs=(runs, 2), search_runs=(search_runs, 2), warm_up=(warm_up, 1), days=(days, 4), seed=(seed, 0),
        markets=(markets, 10),
    )  # fmt: skip
    prices = actions.check_prices(prices or {})
    market = market or Market()
    found = actions.candidates(chain, only=only, where=unit, off=off, step=step)
    length: dict[str, Any] = {
        "warm_up": warm_up, "days": days, "markets": markets, "workers": workers, "counter": Counter(progress),
    }  # fmt: skip
    search = Search(Trials(chain, unit, market, runs=search_runs, seed=seed, **length), found, prices, step)
    first_fresh = seed + search_runs
    aim = choice.CLEAR
    while True:
        reached = search.grow(aim)
        search.prune(aim)
        search.exchange(aim)
        fresh = Trials(chain, unit, market, runs=runs, seed=first_fresh, **length)
        last = _confirmed(search, fresh, reached)
        if last.state != "nearly" or search.rounds >= ROUNDS:
            return last
        search.rounds += 1
        first_fresh += runs
        aim = min(1.0, aim + choice.CLEAR - last.sureness + MARGIN)


@dataclass(frozen=True, slots=True)
class _Rung:
    """A lever that has been moved by some steps: how far, what that costs altogether, and the last step."""

    moved: Candidate
    cost: float
    last: Candidate


class Search:
    """A bundle that grows and shrinks: how many steps of each candidate it holds, and what the runs of the search say of it.

    Attributes
    ----------
    counts : steps of each candidate
    shares : (runs, markets), share kept with the bundle
    tried : bundles that have been run
    """

    def __init__(
        self, trials: Trials, found: Sequence[Candidate], prices: Mapping[str, float], factor: float = 1.0
    ) -> None:
        self.trials, self.prices = trials, prices
        self.ladders = [_ladder(trials, one, prices, factor) for one in found]
        self.counts = [0] * len(found)
        self.shares: np.ndarray = trials.as_is.shares[:, 0]
        self.tried = self.rounds = 0
        self.last_tries: dict[int, tuple[float, int, np.ndarray]] = {}  # gain per cost, size of the bundle then, shares

    def chosen(self, counts: Sequence[int] | None = None) -> list[tuple[_Rung, int]]:
        """Return the levers that a bundle moves, each with its number of steps; by default this bundle."""
        pairs = zip(self.ladders, self.counts if counts is None else counts, strict=True)
        return [(ladder[count - 1], count) for ladder, count in pairs if count]

    def levels(self, counts: Sequence[int] | None = None) -> Levels:
        """Return the values that a bundle gives to levers."""
        return [(rung.moved, rung.moved.after) for rung, _ in self.chosen(counts)]

    def cost(self, counts: Sequence[int] | None = None) -> float:
        """Return what a bundle costs a year."""
        return float(sum(rung.cost for rung, _ in self.chosen(counts)))

    def with_step(self, place: int, by: int = 1) -> list[int]:
        """Return the counts of this bundle with so many more steps of one candidate."""
        return [count + by * (number == place) for number, count in enumerate(self.counts)]

    def has_room(self, place: int) -> bool:
        """Tell whether there is another step of a candidate."""
        return self.counts[place] < len(self.ladders[place])

    def try_out(self, bundles: Sequence[Sequence[int]]) -> list[np.ndarray]:
        """Return the shares kept with each of these bundles: (runs, markets)."""
        self.tried += len(bundles)
        if not bundles:
            return []
        ends = self.trials.run([self.levels(one) for one in bundles], [self.cost(one) for one in bundles])
        return [ends.shares[:, number] for number in range(len(bundles))]

    def grow(self, aim: float) -> bool:
        """Take the best step again and again until the bundle is sure to the degree ``aim``; tell whether it is.

        What was tried with a smaller bundle is taken for an upper bound of what it would bring now. Before the search gives
        up, everything is tried with the bundle as it is.
        """
        tried = self.last_tries
        tried.clear()
        while choice.sureness(self.shares) < aim:
            size = sum(self.counts)
            if size >= MOST_STEPS:
                return False
            places = [place for place in range(len(self.ladders)) if self.has_room(place)]
            self._try_steps([place for place in places if place not in tried], tried)
            while True:
                best = max(places, key=lambda place: tried[place][0], default=None)
                if best is None:
                    return False
                gain, when, shares = tried[best]
                if gain <= 0.0:
                    old = [place for place in places if tried[place][1] < size]
                    if not old:
                        return False
                    self._try_steps(old, tried)
                elif when < size:
                    self._try_steps([best], tried)
                else:
                    break
            self.counts[best] += 1
            self.shares = shares
        return True

    def prune(self, aim: float) -> None:
        """Take out, the dearest first, every step without which the bundle is sure to the degree ``aim`` all the same."""
        if choice.sureness(self.shares) < aim:
            return
        kept: set[int] = set()
        while True:
            places = [place for place, count in enumerate(self.counts) if count and place not in kept]
            if not places:
                return
            dearest = max(places, key=lambda place: self._cost_of_last(place))
            (shares,) = self.try_out([self.with_step(dearest, -1)])
            if choice.sureness(shares) >= aim:
                self.counts[dearest] -= 1
                self.shares = shares
            else:
                kept.add(dearest)

    def exchange(self, aim: float) -> None:
        """Put cheaper steps in the place of others, the dearest first, as long as the bundle stays sure to the degree ``aim``.

        For each step that is taken out, the few that promised most per unit of cost when they were last tried are looked at.
        """
        if choice.sureness(self.shares) < aim:
            return
        left = MOST_EXCHANGES
        better = True
        while better:
            better = False
            dear = sorted(
                (place for place, count in enumerate(self.counts) if count), key=self._cost_of_last, reverse=True
            )
            promising = sorted(self.last_tries, key=lambda place: self.last_tries[place][0], reverse=True)
            for out in dear:
                without = self.with_step(out, -1)
                cheaper = [
                    counts
                    for place in promising
                    if place != out and self.has_room(place)
                    for counts in [[count + (number == place) for number, count in enumerate(without)]]
                    if self.cost(counts) < self.cost()
                ][: min(EXCHANGED_FOR, left)]
                left -= len(cheaper)
                for counts, shares in zip(cheaper, self.try_out(cheaper), strict=True):
                    if choice.sureness(shares) >= aim and self.cost(counts) < self.cost():
                        self.counts, self.shares, better = counts, shares, True
                if better or left <= 0:
                    break
            better = better and left > 0

    def _try_steps(self, places: Sequence[int], tried: dict[int, tuple[float, int, np.ndarray]]) -> None:
        bundles = [self.with_step(place) for place in places]
        now, spent, size = kept_for_sure(self.shares), self.cost(), sum(self.counts)
        for place, counts, shares in zip(places, bundles, self.try_out(bundles), strict=True):
            gain = kept_for_sure(shares) - now
            cost = self.cost(counts) - spent
            per_cost = 0.0 if gain <= LEAST_GAIN else gain / cost if cost > 0.0 else np.inf
            tried[place] = (per_cost, size, shares)

    def _cost_of_last(self, place: int) -> float:
        count, ladder = self.counts[place], self.ladders[place]
        return ladder[count - 1].cost - (ladder[count - 2].cost if count > 1 else 0.0)


def _ladder(trials: Trials, first: Candidate, prices: Mapping[str, float], factor: float) -> list[_Rung]:
    """Return one rung for each step that a lever has room for."""
    rungs: list[_Rung] = []
    step: Candidate | None = first
    total = 0.0
    while step is not None and len(rungs) < MOST_STEPS:
        total += bill(trials.chain, step, trials.volumes, prices).total
        rungs.append(_Rung(replace(first, after=step.after), total, step))
        step = actions.candidate(step.action, step.place, step.row, step.after, factor)
    return rungs


def kept_for_sure(shares: np.ndarray) -> float:
    """Return the share that is kept in 90 % of all (run, market) pairs: the figure that has to reach 0.8."""
    known = shares[np.isfinite(shares)]
    return float(np.quantile(known, 1.0 - choice.CLEAR)) if known.size else float("nan")


def _confirmed(search: Search, fresh: Trials, reached: bool) -> Bundle:
    """Return what fresh seeds say of the bundle that the search holds."""
    cost = search.cost()
    levels = search.levels()
    ends = fresh.run([levels], [cost])
    shares = ends.shares[:, 0]
    sureness = choice.sureness(shares)
    chosen = search.chosen()
    state: State = "impossible"
    if sureness >= choice.CLEAR:
        state = "sure" if chosen else "needless"
    elif reached:
        state = "nearly"
    priced = sum(rung.cost for rung, _ in chosen if not rung.moved.action.booked)
    rows = [
        label(rung.moved, search.prices) | {"after": rung.moved.after, "steps": count, "cost": rung.cost}
        for rung, count in chosen
    ]
    price = fresh.price(cost)
    return Bundle(
        unit=fresh.unit,
        state=state,
        steps=pd.DataFrame(rows, columns=list(STEPS)).sort_values("cost", kind="stable").reset_index(drop=True),
        cost=cost,
        price=price,
        sureness_before=choice.sureness(fresh.as_is.shares),
        sureness=sureness,
        found_sureness=choice.sureness(search.shares),
        share_before=estimate(fresh.as_is.shares[:, 0].mean(axis=1)),
        share=estimate(shares.mean(axis=1)),
        satisfaction=estimate(ends.satisfaction[:, 0] - fresh.as_is.satisfaction[:, 0]),
        profit=estimate(ends.profit[:, 0] - fresh.as_is.profit[:, 0] - priced),
        holds_back=_holds_back(fresh, levels, price),
        conceivable=_conceivable(fresh, price),
        tried=search.tried,
        runs=len(fresh.roots),
        markets=fresh.offers.markets,
    )


def _holds_back(trials: Trials, levels: Levels, price: float) -> dict[str, float]:
    """Return the factors that drive clients away, each with the share of demand that it costs, the worst first."""

    def one_run(root: ServiceModel) -> np.ndarray:
        model = future(root, levels, trials.days)
        trials.counter.tick()
        found, weights = [], []
        with model:
            demand = asis.demand(model, trials.warm_up)
            for row in trials.rows:
                seen = asis.view(model, row, trials.warm_up)
                if seen is not None and demand[row] > 0:
                    swaps = choice.swaps(seen.perceived, seen.weights, seen.trust, trials.offers, price=price)
                    found.append([float(swaps[name].mean()) for name in choice.FACTORS])
                    weights.append(float(demand[row]))
        return np.average(found, axis=0, weights=weights) if found else np.full(len(choice.FACTORS), np.nan)

    effects = mean_of_known(np.array(each(one_run, trials.roots, trials.workers, trials.counter)), axis=0)
    named = {name: float(value) for name, value in zip(choice.FACTORS, effects, strict=True) if value < -LEAST_GAIN}
    return dict(sorted(named.items(), key=lambda item: item[1]))


def _conceivable(trials: Trials, price: float) -> float:
    """Return the sureness of a perfect and fully trusted service at this price."""
    rates = trials.chain.link_rates()
    total = sum(rates[trials.chain.links[row]] for row in trials.rows)
    share = np.zeros(trials.offers.markets)
    for row in trials.rows:
        edge = trials.chain.links[row]
        weights = np.array([trials.chain.value(f"weight_{name}", *edge) for name in choice.DIMENSIONS])
        kept = choice.stay(np.ones((1, len(weights))), weights, np.ones(1), trials.offers, price=price)[:, 0]
        share += kept * (rates[edge] / total if total > 0 else 1 / len(trials.rows))
    return choice.sureness(share)


__all__ = ["STEPS", "Bundle", "Search", "State", "bundle", "kept_for_sure"]
