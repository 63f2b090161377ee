"""Where the next euro should go: the marginal effect of everything that a firm can do, per unit of cost.

Two stages. *Screening* moves all candidates at once, each a half step up or down by a two-level design (`sim.designs`), and
gives every one an estimate with an interval; each row of the design has a seed of its own, and its two runs are futures of
one warmed-up model with common random numbers. *Confirmation* takes those that look best and runs each alone, a whole step,
against the firm as described, on seeds that screening has not seen: picking the best of hundreds flatters them (the winner's
curse), and figures from fresh seeds do not. What is ranked and shown first is confirmed. Every place is moved on fresh seeds,
too, a step of everything that can be done there at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from sim import actions, designs, levers, measures
from sim.actions import Candidate, Volumes
from sim.bills import Bill, bill, mean_volumes, volumes
from sim.chain import ServiceChain
from sim.errors import InputError
from sim.estimates import Estimate, estimate
from sim.model import ServiceModel
from sim.threads import Counter, Tick, each

STOCK = 16
"""Seeds of screening that also run the firm as described: for volumes, and to see whether half steps bend the response."""
MARKS = {"guess": " *", "books and prices": " **"}
"""How costs are marked that do not come from the model's books, or not wholly, by ``cost_from``."""
MONEY = 100_000
"""Units of currency by which effects on satisfaction are told."""


@dataclass(frozen=True, slots=True)
class WeakestLink:
    """What came out: tables ready to write, the best first, and what they rest on.

    Attributes
    ----------
    chain, candidates : the organisation, and everything that can be done in it
    confirmed : one row per action that was run alone, see `COLUMNS`
    screening : the same columns for every candidate
    places : what a step of everything does, place by place, each alone on fresh seeds (from screening where ``confirm`` is 0)
    levers : what a step does when it is made everywhere, lever by lever, from screening
    design : rows and columns of the design, degrees of freedom
    bend : external satisfaction, mean of both signs less the firm as described: how far half steps are from straight lines
    seeds : the first seed, and how many were used for screening, for confirmation, and for places, one after the other
    """

    chain: ServiceChain
    candidates: tuple[Candidate, ...]
    confirmed: pd.DataFrame
    screening: pd.DataFrame
    places: pd.DataFrame
    levers: pd.DataFrame
    design: dict[str, int]
    bend: Estimate
    seeds: dict[str, int]
    warm_up: int
    days: int

    @property
    def window(self) -> int:
        """Days at the end over which satisfaction is taken."""
        return _window(self.days)

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """The tables by file name."""
        return {"actions": self.confirmed, "screening": self.screening, "places": self.places, "levers": self.levers}


def weakest_link(
    chain: ServiceChain,
    *,
    only: Sequence[str] = (),
    where: str | None = None,
    off: Sequence[str] = (),
    prices: Mapping[str, float] | None = None,
    pairs: int = 200,
    confirm: int = 8,
    runs: int = 30,
    seed: int = 1,
    warm_up: int = 250,
    days: int = 250,
    step: float = 1.0,
    workers: int | None = None,
    progress: Tick | None = None,
) -> WeakestLink:
    """Return what the next unit of money does at every place where it can be spent.

    Parameters
    ----------
    chain : a checked chain
    only, where, off, step : which candidates; see `sim.actions.candidates`
    prices : the user's own prices, by lever, in place of the guesses of `sim.actions.ACTIONS`
    pairs : least number of pairs of runs for screening; a design that holds more candidates takes more
    confirm : how many of the best by satisfaction per cost, and how many of the best by profit, are run alone; 0 for none
    runs : fresh seeds for these
    seed, warm_up, days, workers : as in `sim.vary.vary`; satisfaction is taken over the last quarter of the days, profit
        over all of them
    progress : called with the number of runs that have ended, out of `most_runs`
    """
    for name, number, least in (
        ("pairs", pairs, 2), ("confirm", confirm, 0), ("runs", runs, 2), ("warm_up", warm_up, 0), ("days", days, 4),
        ("seed", seed, 0),
    ):  # fmt: skip
        if number < least:
            raise InputError(f"too few {name}", place=name, value=number, allowed=f"{least} or more")
    prices = actions.check_prices(prices or {})
    found = actions.candidates(chain, only=only, where=where, off=off, step=step)
    counter = Counter(progress)
    length: dict[str, Any] = {"warm_up": warm_up, "days": days, "workers": workers, "counter": counter}
    screened = screen(chain, found, pairs=pairs, seed=seed, **length)
    bills = [bill(chain, one, screened.volumes, prices) for one in found]
    labels = [label(one, prices) for one in found]

    def summed(chosen: Sequence[int]) -> dict[str, float]:
        total = sum((bills[one] for one in chosen), Bill())
        return _figures(screened.satisfaction.estimate(chosen), screened.profit.estimate(chosen), total)

    screening = pd.DataFrame([label | summed([row]) for row, label in enumerate(labels)])
    best = _best(screening, confirm)
    runs = runs if best else 0
    counter.done = most_runs(found, pairs, confirm, runs) - runs_alone(found, len(best), runs)
    rows = screened.satisfaction.rows
    paired = alone(chain, [[found[one]] for one in best], runs=runs, seed=seed + rows, **length)

    def checked(column: int, chosen: Sequence[int], paired: np.ndarray) -> dict[str, Any]:
        total = sum((bills[one] for one in chosen), Bill())
        figures = _figures(estimate(paired[:, column, 0]), estimate(paired[:, column, 1]), total)
        return figures | {f"screened_{name}": value for name, value in summed(chosen).items() if name in _BOTH}

    confirmed = pd.DataFrame(
        [labels[one] | checked(column, [one], paired) for column, one in enumerate(best)],
        columns=[*COLUMNS, *(f"screened_{name}" for name in _BOTH)],
    )
    places = _grouped(screening, "place", ["home", "place"], summed)
    if best:
        groups = [group.index.tolist() for _, group in screening.groupby("place", sort=False)]
        moved = alone(
            chain, [[found[one] for one in group] for group in groups], runs=place_runs(runs), seed=seed + rows + runs,
            **length,
        )  # fmt: skip
        places = places.assign(**pd.DataFrame([checked(column, group, moved) for column, group in enumerate(groups)]))
    return WeakestLink(
        chain=chain,
        candidates=tuple(found),
        confirmed=ranked(confirmed),
        screening=ranked(screening),
        places=ranked(places),
        levers=ranked(_grouped(screening, "lever", ["lever", "what"], summed)),
        design={"rows": rows, "candidates": len(found), "spare": screened.satisfaction.spare},
        bend=screened.bend,
        seeds={"first": seed, "screening": rows, "confirmation": runs, "places": place_runs(runs) if best else 0},
        warm_up=warm_up,
        days=days,
    )


@dataclass(frozen=True, slots=True)
class Screened:
    """What moving all candidates at once showed: effects of whole steps, by candidate, and volumes of the firm as described."""

    satisfaction: designs.Effects
    profit: designs.Effects
    volumes: Volumes
    bend: Estimate


def screen(
    chain: ServiceChain,
    found: Sequence[Candidate],
    *,
    pairs: int,
    seed: int,
    warm_up: int,
    days: int,
    workers: int | None = None,
    counter: Counter | None = None,
) -> Screened:
    """Move all candidates at once by a two-level design and return what each does; see `weakest_link`."""
    counter = counter or Counter()
    design = designs.screening(len(found), seed, pairs)
    stock = min(STOCK, len(design))

    def one_row(row: int) -> tuple[np.ndarray, np.ndarray, Volumes | None]:
        root = ServiceModel(chain, seed=seed + row).run(warm_up)
        both = []
        for sign in (1, -1):
            levels = [one.high if sign * x > 0 else one.low for one, x in zip(found, design[row], strict=True)]
            with future(root, list(zip(found, levels, strict=True)), days) as model:
                both.append(_outcome(model, warm_up, counter))
        with root:
            if row >= stock:
                return np.array(both), np.full(2, np.nan), None
            with root.branch().run(days) as as_is:
                return np.array(both), _outcome(as_is, warm_up, counter), volumes(as_is, warm_up)

    results = each(one_row, range(len(design)), workers, counter)
    both = np.array([one for one, _, _ in results])
    _check_finite(both)
    satisfaction, profit = (designs.effects(design, both[:, 0, figure] - both[:, 1, figure]) for figure in (0, 1))
    # Where all values of a lever lie to one side of the firm as described, the middle is not the firm as described.
    moved = float(np.sum(satisfaction.means * np.array([one.off_centre for one in found])))
    bends = [one[:, 0].mean() - as_is[0] - moved for one, as_is, _ in results[:stock]]
    stocked = mean_volumes([one for _, _, one in results if one is not None])
    return Screened(satisfaction, profit, stocked, estimate(bends))


def alone(
    chain: ServiceChain,
    groups: Sequence[Sequence[Candidate]],
    *,
    runs: int,
    seed: int,
    warm_up: int,
    days: int,
    workers: int | None = None,
    counter: Counter | None = None,
) -> np.ndarray:
    """Move each group of candidates alone, a whole step each, and return what that changes.

    An array (run, group, figure); figures are external satisfaction and profit a year. The first run has the seed ``seed``;
    all futures of a run share their random numbers with the firm as described.
    """
    counter = counter or Counter()

    def one_run(number: int) -> np.ndarray:
        with ServiceModel(chain, seed=seed + number).run(warm_up) as root:
            ends = []
            for group in ((), *groups):
                with future(root, [(one, one.after) for one in group], days) as model:
                    ends.append(_outcome(model, warm_up, counter))
        return np.array(ends[1:]) - ends[0]

    paired = np.array(each(one_run, range(runs), workers, counter)).reshape(runs, len(groups), 2)
    _check_finite(paired)
    return paired


def most_runs(found: Sequence[Candidate], pairs: int, confirm: int, runs: int) -> int:
    """Return how many runs so many candidates take at most: actions that are best in both respects are confirmed once."""
    rows = designs.order_for(len(found), pairs)
    return 2 * rows + min(STOCK, rows) + runs_alone(found, min(2 * confirm, len(found)), runs)


def runs_alone(found: Sequence[Candidate], best: int, runs: int) -> int:
    """Return how many runs it takes to confirm so many actions, and every place, beside the firm as described."""
    places = len({one.place for one in found})
    return (best + 1) * runs + (places + 1) * place_runs(runs) if best else 0


def place_runs(runs: int) -> int:
    """Return on how many seeds every place is moved: a third of those of an action, since effects are larger."""
    return max(2, round(runs / 3)) if runs else 0


# --- running ---------------------------------------------------------------------------------------------------------------


def future(root: ServiceModel, chosen: Sequence[tuple[Candidate, float]], days: int) -> ServiceModel:
    """Return a branch of a model in which these levers have these values from now on, ``days`` later."""
    model = root.branch()
    for one, value in chosen:
        lever = levers.BY_NAME[one.action.lever]
        getattr(model.state, lever.home)[lever.name][one.row] = value
        if lever.name == "agreement":
            # The model brings a new agreement in at the next review. Here it is made at once: what is left of the clarity
            # of the old one is taken to be left of the new.
            unit = model.state.unit
            kept = unit["clarity"][one.row] / one.before if one.before > 0 else 1.0
            unit["clarity"][one.row] = min(1.0, kept * value)
    return model.run(days)


def _window(days: int) -> int:
    return max(1, days // 4)


def _outcome(model: ServiceModel, warm_up: int, counter: Counter) -> np.ndarray:
    """Return external satisfaction over the last quarter of the days since ``warm_up``, and profit a year over all of them."""
    arrays = measures.daily_arrays(model)
    counter.tick()
    window = _window(model.day - warm_up)
    return np.array([np.mean(arrays["external_satisfaction"][-window:]), np.mean(arrays["profit"][warm_up:])])


def _check_finite(figures: np.ndarray) -> None:
    if not np.isfinite(figures).all():
        raise InputError(
            "in some runs no customer is left, and satisfaction cannot be compared",
            place="organisation",
            allowed="an organisation that keeps customers over the days that are compared",
            hint="look at `service-culture run`: churn, new_customers and the load of the units decide how many stay",
        )


# --- figures ---------------------------------------------------------------------------------------------------------------

_LABELS = ("lever", "home", "place", "what", "unit", "before", "after", "cost_from")
_ESTIMATES = ("satisfaction", "net_profit", "points_per_money", "profit_per_cost", "worth")
_SPREAD = tuple(f"{name}{suffix}" for name in _ESTIMATES for suffix in ("", "_low", "_high"))
_BOTH = tuple(f"{name}{suffix}" for name in _ESTIMATES[:2] for suffix in ("", "_low", "_high"))
COLUMNS = (*_LABELS, "cost", "booked", *_SPREAD, "runs")
"""Columns of the tables.

cost : of the step, in currency a year; booked : the part of it that the model's books hold
cost_from : the model's books, a guess, or the user
satisfaction : points of external satisfaction
net_profit : currency a year, less all costs, priced ones too
points_per_money : points of external satisfaction per `MONEY` units of currency a year
profit_per_cost : net profit per unit of cost
worth : what the step brings in a year before its cost: the price at which it breaks even
Each with the ends of its 95 % interval, `_low` and `_high`; runs : pairs of runs behind them.
"""


def label(one: Candidate, prices: Mapping[str, float]) -> dict[str, Any]:
    """Return what a table says of a step: what is moved, where, from and to, and where its cost comes from."""
    lever = levers.BY_NAME[one.action.lever]
    source = "books" if one.action.booked else "user" if lever.name in prices else "guess"
    return {
        "lever": lever.name, "home": lever.home, "place": one.name, "what": one.action.what, "unit": lever.unit,
        "before": one.before, "after": one.after, "cost_from": source,
    }  # fmt: skip


def _figures(satisfaction: Estimate, profit: Estimate, bill: Bill) -> dict[str, float]:
    """Return every figure of one thing that was done; ``profit`` is what the model's books say, before priced costs.

    Costs are known, so that ratios are the estimates, scaled.
    """
    cost = bill.total
    per_cost = 1.0 / cost if cost > 0 else np.nan
    estimates = {
        "satisfaction": satisfaction,
        "net_profit": linear(profit, 1.0, -bill.priced),
        "points_per_money": linear(satisfaction, MONEY * per_cost),
        "profit_per_cost": linear(profit, per_cost, -bill.priced * per_cost),
        "worth": linear(profit, 1.0, bill.booked),
    }
    spread = {
        f"{name}{suffix}": value
        for name, one in estimates.items()
        for suffix, value in (("", one.mean), ("_low", one.low), ("_high", one.high))
    }
    return {"cost": cost, "booked": bill.booked, **spread, "runs": satisfaction.runs}


def linear(one: Estimate, factor: float, shift: float = 0.0) -> Estimate:
    """Return an estimate, scaled and shifted by figures that are known."""
    return Estimate(factor * one.mean + shift, factor * one.low + shift, factor * one.high + shift, one.runs)


def _best(screening: pd.DataFrame, confirm: int) -> list[int]:
    """Return the rows that go on to confirmation: those with the highest lower ends, so that mere noise does not win."""
    chosen: list[int] = []
    for figure in ("points_per_money_low", "net_profit_low"):
        chosen += screening[figure].dropna().sort_values(ascending=False, kind="stable").index[:confirm].tolist()
    return sorted(set(chosen))


def ranked(table: pd.DataFrame, figure: str = "points_per_money") -> pd.DataFrame:
    """Return a table with the highest figure first; those whose interval holds 0 or less come after all others."""
    told = table[f"{figure}_low"] > 0
    order = pd.DataFrame({"told": told, "figure": table[figure]}).sort_values(
        ["told", "figure"], ascending=False, kind="stable", na_position="last"
    )
    return table.loc[order.index].reset_index(drop=True)


def _grouped(
    screening: pd.DataFrame, by: str, kept: list[str], summed: Callable[[Sequence[int]], dict[str, float]]
) -> pd.DataFrame:
    """Return what a step of everything in a group does: effects and costs added up."""
    rows = []
    for _, group in screening.groupby(by, sort=False):
        origin = set(group["cost_from"])
        rows.append(
            {name: group[name].iloc[0] for name in kept}
            | {"actions": len(group), "cost_from": origin.pop() if len(origin) == 1 else "books and prices"}
            | summed(group.index.tolist())
        )
    return pd.DataFrame(rows)
