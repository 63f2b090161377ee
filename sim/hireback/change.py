"""G3: what would you change to be sure of the job? Every step that a unit can take, alone, paired, by effect per unit of cost.

A step is one of `sim.actions.candidates` at the unit or on a link by which it serves, with its cost from `sim.bills`. It is
made on the day on which a warmed-up model branches, and judged over the last quarter of the days after it by two figures:

- the share of demand that its clients would keep (`sim.hireback.choice`), the mean over markets;
- external satisfaction.

Whoever spends more costs more: with a step that costs c a year, the unit's price relative to now is p = 1 + c / C, with C
what it cost itself in the year before (`sim.hireback.takeover.place_of`), and its clients weigh that, too. Both figures are
told per `MONEY` of currency a year. The best of many flatter themselves (the winner's curse), so the best are run again on
fresh seeds, and those figures are the ones that are told.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from sim import actions, measures
from sim.actions import Candidate, Volumes
from sim.bills import Bill, bill, mean_volumes, volumes
from sim.chain import ServiceChain
from sim.errors import InputError
from sim.estimates import Estimate, estimate
from sim.hireback import asis, choice
from sim.hireback.market import MARKETS, Market, Offers, offers
from sim.hireback.takeover import place_of
from sim.hireback.vendor import check_unit, window
from sim.model import ServiceModel
from sim.threads import Counter, Tick, each
from sim.weakest_link import MONEY, future, label, linear, ranked

Levels = Sequence[tuple[Candidate, float]]
"""Levers and the values that they are given; of each lever once."""


@dataclass(frozen=True, slots=True)
class Ends:
    """How futures of the same runs end, by run (first axis) and by what was done (second).

    Attributes
    ----------
    shares : (runs, groups, markets), share of the unit's demand kept; nan where nobody was served
    satisfaction, profit : (runs, groups), external satisfaction over the last quarter, profit a year
    """

    shares: np.ndarray
    satisfaction: np.ndarray
    profit: np.ndarray


class Trials:
    """Warmed-up runs of one firm from which futures branch, to try what a unit could do.

    Attributes
    ----------
    cost : what the unit cost itself in the year before, the mean over runs
    volumes : how often what is paid by the piece happens in the firm as it is
    as_is : how the runs end when nothing is done (one group)
    """

    def __init__(
        self,
        chain: ServiceChain,
        unit: str,
        market: Market,
        *,
        runs: int,
        seed: int,
        warm_up: int,
        days: int,
        markets: int = MARKETS,
        markets_seed: int | None = None,
        workers: int | None = None,
        counter: Counter | None = None,
    ) -> None:
        row = check_unit(chain, unit)
        self.chain, self.unit, self.warm_up, self.days, self.workers = chain, unit, warm_up, days, workers
        self.rows = asis.outbound(chain, unit)
        self.counter = counter or Counter()
        self.offers: Offers = offers(market, seed=seed if markets_seed is None else markets_seed, markets=markets)

        def one_start(number: int) -> tuple[ServiceModel, float, tuple[np.ndarray, float, float], Volumes]:
            root = ServiceModel(chain, seed=seed + number).run(warm_up)
            with root.branch().run(days) as model:
                return root, place_of(root, row).cost, self._end(model, 1.0), volumes(model, warm_up)

        found = each(one_start, range(runs), workers, self.counter)
        self.roots = [root for root, *_ in found]
        self.cost = float(np.mean([cost for _, cost, _, _ in found]))
        self.volumes = mean_volumes([one for *_, one in found])
        self.as_is = _ends([[end] for _, _, end, _ in found])

    def price(self, bills: float) -> float:
        """Return the unit's price relative to now when it spends so much more a year; never below a hundredth of it."""
        return max(0.01, 1.0 + bills / self.cost) if self.cost > 0 else 1.0

    def run(self, groups: Sequence[Levels], bills: Sequence[float]) -> Ends:
        """Return how the runs end when each of these groups of levers is set, with what each costs a year."""
        items = [(number, place) for number in range(len(self.roots)) for place in range(len(groups))]

        def one(item: tuple[int, int]) -> tuple[np.ndarray, float, float]:
            number, place = item
            with future(self.roots[number], groups[place], self.days) as model:
                return self._end(model, self.price(bills[place]))

        found = each(one, items, self.workers, self.counter)
        wide = len(groups)
        return _ends([found[start : start + wide] for start in range(0, len(found), wide)])

    def _end(self, model: ServiceModel, price: float) -> tuple[np.ndarray, float, float]:
        self.counter.tick()
        arrays = measures.daily_arrays(model)
        shares = asis.kept(model, self.offers, warm_up=self.warm_up, rows=self.rows, price=price).of(self.rows)
        satisfaction = float(arrays["external_satisfaction"][-window(self.days) :].mean())
        return shares, satisfaction, float(arrays["profit"][self.warm_up :].mean())


def _ends(found: Sequence[Sequence[tuple[np.ndarray, float, float]]]) -> Ends:
    return Ends(
        np.array([[shares for shares, _, _ in row] for row in found]),
        np.array([[one for _, one, _ in row] for row in found]),
        np.array([[one for _, _, one in row] for row in found]),
    )


_LABELS = ("lever", "home", "place", "what", "unit", "before", "after", "cost_from")
_ESTIMATES = ("share", "satisfaction", "net_profit", "share_per_money", "points_per_money")
COLUMNS = (
    *_LABELS, "cost", "booked", "price", *(f"{name}{suffix}" for name in _ESTIMATES for suffix in ("", "_low", "_high")),
    "sureness", "runs", "screened_share", "screened_satisfaction", "confirmed",
)  # fmt: skip
"""Columns of the table.

cost : of the step, currency a year; booked : the part that the model's books hold; cost_from : books, a guess, or the user
price : the unit's price relative to now with it
share : change in the share of demand kept, 0 to 1; satisfaction : change in external satisfaction, points of 100
net_profit : change, currency a year, less all costs, priced ones too
share_per_money, points_per_money : the first two per `MONEY` units of currency a year; nan where the step costs nothing
Each with the ends of its 95 % interval over runs, `_low` and `_high`.
sureness : change in the part of (run, market) pairs in which at least 80 % are kept
screened_… : what the first seeds said, on which the best were chosen; confirmed : whether the figures are from fresh seeds
"""


@dataclass(frozen=True, slots=True)
class Change:
    """What a unit could change, the best first.

    Attributes
    ----------
    unit, cost : which unit, and what it costs itself a year
    share, satisfaction : share of demand kept and external satisfaction as it is, with their spread over runs
    sureness : part of (run, market) pairs in which at least 80 % are kept, as it is
    table : one row per step, see `COLUMNS`; ranked by the share kept per money
    by_satisfaction : the same, ranked by external satisfaction per money
    """

    unit: str
    cost: float
    share: Estimate
    satisfaction: Estimate
    sureness: float
    table: pd.DataFrame

    @property
    def by_satisfaction(self) -> pd.DataFrame:
        """The table with what moves external satisfaction most per unit of cost first."""
        return ranked(self.table, "points_per_money")


def change(
    chain: ServiceChain,
    unit: str,
    *,
    market: Market | None = None,
    only: Sequence[str] = (),
    off: Iterable[str] = (),
    prices: Mapping[str, float] | None = None,
    step: float = 1.0,
    confirm: int = 5,
    runs: int = 20,
    seed: int = 1,
    warm_up: int = 250,
    days: int = 250,
    markets: int = MARKETS,
    workers: int | None = None,
    progress: Tick | None = None,
) -> Change:
    """Return what each step that a unit can take does, alone, to the share it keeps and to external satisfaction.

    Parameters
    ----------
    chain, unit : a checked chain, and one of its departments or contractors
    market, markets : what could be bought instead, and how many markets are drawn
    only, off, step : which steps, see `sim.actions.candidates`
    prices : the user's own prices by lever
    confirm : how many of the best by either figure are run again on fresh seeds; 0 for none
    runs, seed, warm_up, days, workers : as in `sim.vary.vary`; fresh seeds follow the first ones
    progress : called with the number of runs that have ended, out of `runs_needed` at most
    """
    check_unit(chain, unit)
    check_numbers(runs=(runs, 2), warm_up=(warm_up, 1), days=(days, 4), seed=(seed, 0), confirm=(confirm, 0))
    prices = actions.check_prices(prices or {})
    market = market or Market()
    found = actions.candidates(chain, only=only, where=unit, off=off, step=step)
    counter = Counter(progress)
    length: dict[str, Any] = {
        "warm_up": warm_up, "days": days, "markets": markets, "markets_seed": seed, "workers": workers, "counter": counter,
    }  # fmt: skip
    trials = Trials(chain, unit, market, runs=runs, seed=seed, **length)
    bills = [bill(chain, one, trials.volumes, prices) for one in found]

    def rows(on: Trials, chosen: Sequence[int]) -> list[dict[str, Any]]:
        ends = on.run([[(found[one], found[one].after)] for one in chosen], [bills[one].total for one in chosen])
        return [label(found[one], prices) | _figures(on, ends, column, bills[one]) for column, one in enumerate(chosen)]

    table = pd.DataFrame(rows(trials, range(len(found))))
    table = table.assign(screened_share=table["share"], screened_satisfaction=table["satisfaction"], confirmed=False)
    best = _best(table, confirm)
    if best:
        fresh = Trials(chain, unit, market, runs=runs, seed=seed + runs, **length)
        again = pd.DataFrame(rows(fresh, best), index=best)
        table.loc[best, again.columns] = again
        table.loc[best, "confirmed"] = True
    return Change(
        unit=unit,
        cost=trials.cost,
        share=estimate(trials.as_is.shares[:, 0].mean(axis=1)),
        satisfaction=estimate(trials.as_is.satisfaction[:, 0]),
        sureness=choice.sureness(trials.as_is.shares),
        table=ranked(table[list(COLUMNS)], "share_per_money"),
    )


def runs_needed(chain: ServiceChain, unit: str, *, runs: int, confirm: int, **which: Any) -> int:
    """Return how many runs `change` takes at most; ``which`` as for `sim.actions.candidates`."""
    steps = len(actions.candidates(chain, where=unit, **which))
    return runs * (steps + 1 + (min(2 * confirm, steps) + 1 if confirm else 0))


def check_numbers(**numbers: tuple[int, int]) -> None:
    """Raise `InputError` for the first of these numbers, each with the least that it may be, that is too small."""
    for name, (number, least) in numbers.items():
        if number < least:
            raise InputError(f"too few {name}", place=name, value=number, allowed=f"{least} or more")


def _figures(trials: Trials, ends: Ends, column: int, cost_of: Bill) -> dict[str, Any]:
    as_is, cost = trials.as_is, cost_of.total
    share = estimate((ends.shares[:, column] - as_is.shares[:, 0]).mean(axis=1))
    satisfaction = estimate(ends.satisfaction[:, column] - as_is.satisfaction[:, 0])
    profit = estimate(ends.profit[:, column] - as_is.profit[:, 0])
    per_money = MONEY / cost if cost > 0 else np.nan
    estimates = {
        "share": share,
        "satisfaction": satisfaction,
        "net_profit": linear(profit, 1.0, -cost_of.priced),
        "share_per_money": linear(share, per_money),
        "points_per_money": linear(satisfaction, per_money),
    }
    spread = {
        f"{name}{suffix}": value
        for name, one in estimates.items()
        for suffix, value in (("", one.mean), ("_low", one.low), ("_high", one.high))
    }
    sureness = choice.sureness(ends.shares[:, column]) - choice.sureness(as_is.shares)
    price = trials.price(cost)
    return {"cost": cost, "booked": cost_of.booked, "price": price, **spread, "sureness": sureness, "runs": share.runs}


def _best(table: pd.DataFrame, confirm: int) -> list[int]:
    """Return the rows to confirm: the highest lower ends per money by either figure, and those that cost nothing and help."""
    chosen: list[int] = []
    for figure in ("share", "satisfaction"):
        per = table["share_per_money_low" if figure == "share" else "points_per_money_low"]
        free = (table["cost"] <= 0) & (table[f"{figure}_low"] > 0)
        order = per.where(~free, np.inf).dropna().sort_values(ascending=False, kind="stable")
        chosen += order.index[:confirm].tolist()
    return sorted(set(chosen))


__all__ = ["COLUMNS", "MONEY", "Change", "Ends", "Levels", "Trials", "change", "check_numbers", "runs_needed"]
