"""G2: should they hire you back? The same firm with a market vendor in a unit's place, paired run by run.

Every run of a seed is warmed up once and branched on the same day into the firm as it is and one future per unit in which a
vendor takes over (`sim.hireback.takeover`). All futures of a seed share their random numbers, so that differences are due to
the vendor alone. Run i meets the first vendor of market i of `sim.hireback.market.offers`: whoever comes first, chosen
without effort, so that its quality and price are draws from the market's distribution. Shares of runs therefore say how sure
an answer is, given how little is known of the market.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from sim import measures
from sim.chain import ServiceChain
from sim.errors import InputError, did_you_mean
from sim.estimates import Estimate, estimate, intervals
from sim.hireback import takeover
from sim.hireback.choice import CLEAR, WORDS, Answer
from sim.hireback.market import DIMENSIONS, Market, Offers, offers
from sim.levers import DAYS_PER_YEAR
from sim.model import ServiceModel
from sim.threads import Counter, Stopped, each

LEAST_POINTS = 0.1
"""Points of external satisfaction below which a difference makes none. No source: a modelling choice."""
LEAST_MONEY = 0.01
"""The same for profit, as a share of what the unit costs a year. No source: a modelling choice."""
SMOOTHED = 20
"""Days over which encounters are put together in curves, so that single ones do not make a dip."""

Told = Literal["better", "worse", "same", "no worse", "no better", "unclear"]
"""How the firm does with the vendor, in at least 90 % of the runs."""


@dataclass(frozen=True, slots=True)
class Dip:
    """What the change costs on the way: the mean paired curve, vendor less as is, with its 95 % interval.

    Attributes
    ----------
    mean, low, high : by day since the takeover, in points
    depth : the difference on the day of the lowest point; below 0 is a loss
    day : days from the takeover to the lowest point
    recovered : days from the takeover until the mean is back at 0 after that; None where it never is within the days
    told : whether the loss at the lowest point can be told from none
    """

    mean: np.ndarray
    low: np.ndarray
    high: np.ndarray
    depth: Estimate
    day: int
    recovered: int | None
    told: bool

    def text(self) -> str:
        """Return the dip in words."""
        if not self.told:
            return "no dip on the way that could be told from none"
        back = (
            f"made up after {self.recovered} days" if self.recovered else f"never made up within {len(self.mean)} days"
        )
        return f"a dip of {self.depth.text()} points on day {self.day}, {back}"


@dataclass(frozen=True, slots=True)
class Should:
    """Whether a unit should be hired back: what a market vendor in its place would do.

    Differences are vendor less as is, paired by run, with 95 % intervals: satisfaction in points of 100 over the last quarter
    of the days, money in currency a year over all of them.

    Attributes
    ----------
    unit, kind, runs, days : which unit (department or contractor), how many runs, days after the takeover
    answer : "yes" keep it, "no" replace it, "close"; ``why`` says by which rule
    better, worse : share of runs in which external satisfaction was higher (lower) with the vendor, by `LEAST_POINTS` at least
    pays, costs_more : the same for profit, by `LEAST_MONEY` of what the unit costs
    external, internal, clients, cost, profit : differences; ``clients`` is how those whom the unit serves, colleagues or
        customers, judge its encounters; ``cost`` is the unit's in the books
    dimensions : the five dimensions as its clients perceive them, difference in points
    dip, clients_dip : the way there, for external satisfaction and for its own clients
    price : what the vendor costs relative to the unit, by the books, the contract looked after included
    figures : one row per run: every difference, the level as is, and the quality and price of the vendor that was met
    """

    unit: str
    kind: str
    runs: int
    days: int
    answer: Answer
    why: str
    better: float
    worse: float
    pays: float
    costs_more: float
    external: Estimate
    internal: Estimate
    clients: Estimate
    cost: Estimate
    profit: Estimate
    dimensions: dict[str, Estimate]
    dip: Dip
    clients_dip: Dip
    price: Estimate
    figures: pd.DataFrame

    @property
    def reasons(self) -> tuple[str, ...]:
        """The answer's reasons as sentences, the deciding one first."""
        return tuple(_reasons(self))

    def as_dict(self) -> dict[str, Any]:
        """Return what a page shows, ready for JSON."""
        return {
            "answer": self.answer,
            "external": _triple(self.external),
            "internal": _triple(self.internal),
            "clients": _triple(self.clients),
            "cost": _triple(self.cost),
            "profit": _triple(self.profit),
            "dip": _triple(self.dip.depth),
            "dip_days": self.dip.recovered if self.dip.told else 0,
            "better": self.better,
            "runs": self.runs,
            "reasons": list(self.reasons),
        }


def _triple(one: Estimate) -> list[float | None]:
    return [None if np.isnan(value) else float(value) for value in (one.mean, one.low, one.high)]


def should(
    chain: ServiceChain,
    unit: str,
    *,
    market: Market | None = None,
    runs: int = 20,
    seed: int = 1,
    warm_up: int = 250,
    days: int = 250,
    carried: float = takeover.CARRIED,
    workers: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> Should:
    """Return what a market vendor in a unit's place would do; see `should_all`, which does it for several units."""
    (only,) = should_all(
        chain, [unit], market=market, runs=runs, seed=seed, warm_up=warm_up, days=days, carried=carried, workers=workers,
        progress=progress,
    )  # fmt: skip
    return only


def should_all(
    chain: ServiceChain,
    units: Sequence[str] | None = None,
    *,
    market: Market | None = None,
    runs: int = 20,
    seed: int = 1,
    warm_up: int = 250,
    days: int = 250,
    carried: float = takeover.CARRIED,
    workers: int | None = None,
    progress: Callable[[int], None] | None = None,
    on_result: Callable[[Should], None] | None = None,
    stop: Callable[[], bool] | None = None,
) -> list[Should]:
    """Return what a market vendor would do in the place of each unit, the others staying as they are.

    Parameters
    ----------
    chain : a checked chain
    units : departments and contractors; None for all of them
    market : what vendors there are; by default `Market()`
    runs : seeds; the run seeds are ``seed``, ``seed`` + 1, … and run i meets a vendor of market i
    warm_up, days : days before the takeover, and after it; satisfaction is taken over the last quarter of these
    carried : share of a vendor's knowledge that is of the trade; see `sim.hireback.takeover`
    workers : threads; by default one per core. Results are the same for any number
    progress : called with the number of runs that have ended, out of `runs_needed`
    on_result : called with each unit's result as soon as it is there, in the order of ``units``, from the calling thread
    stop : asked between runs; once it says True, the results that are there are returned
    """
    market = market or Market()
    units = list(dict.fromkeys(chain.units if units is None else units))
    for unit in units:
        check_unit(chain, unit)
    for name, number, least in (
        ("units", len(units), 1), ("runs", runs, 2), ("warm_up", warm_up, 1), ("days", days, 4), ("seed", seed, 0),
    ):  # fmt: skip
        if number < least:
            raise InputError(f"too few {name}", place=name, value=number, allowed=f"{least} or more")
    if not 0 <= carried <= 1:
        raise InputError("this is no share", place="carried", value=carried, allowed="a number from 0 to 1")
    met = offers(market, seed=seed, markets=runs)
    counter = Counter(progress)
    workers = workers or os.cpu_count() or 1

    def tick() -> None:
        if stop is not None and stop():
            counter.stop.set()
        counter.tick()

    def one_start(number: int) -> tuple[ServiceModel, _Run]:
        root = ServiceModel(chain, seed=seed + number).run(warm_up)
        with root.branch().run(days) as model:
            as_is = _measured(model, warm_up)
        tick()
        return root, as_is

    def one_vendor(unit: str, number: int) -> tuple[_Run, takeover.Place]:
        row = chain.units.index(unit)
        root = starts[number][0]
        place = takeover.place_of(root, row)
        quality, price = met.quality[number, 0], float(np.exp(met.log_price[number, 0]))
        model = root.branch()
        vendor = takeover.vendor_for(model, row, place, quality, price, market.price)
        takeover.take_over(model, row, vendor, market, carried=carried)
        with model.run(days):
            ended = _measured(model, warm_up)
        tick()
        return ended, place

    results: list[Should] = []
    starts: list[tuple[ServiceModel, _Run]] = []
    pool = ThreadPoolExecutor(workers)
    try:
        starts = each(one_start, range(runs), workers, counter)
        tasks: dict[str, list[Future[tuple[_Run, takeover.Place]]]] = {
            unit: [pool.submit(one_vendor, unit, number) for number in range(runs)] for unit in units
        }
        for unit in units:
            ended = [task.result() for task in tasks[unit]]
            del tasks[unit]
            results.append(_should(chain, unit, [as_is for _, as_is in starts], ended, met, days))
            if on_result:
                on_result(results[-1])
    except Stopped:
        if stop is None or not stop():
            raise
    except BaseException:
        counter.stop.set()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
        for root, _ in starts:
            root.close()
    return results


def runs_needed(units: int, runs: int) -> int:
    """Return how many runs `should_all` takes for so many units."""
    return (units + 1) * runs


def check_unit(chain: ServiceChain, unit: str) -> int:
    """Return the row of a department or contractor, or raise `InputError`."""
    if unit not in chain.units:
        raise InputError(
            "there is no such department or contractor",
            place="unit",
            value=unit,
            allowed=", ".join(chain.units),
            hint="customers cannot be replaced" if unit in chain.segments else did_you_mean(str(unit), chain.units),
        )
    return chain.units.index(unit)


# --- what is measured ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Run:
    """Figures of one run, by day since the takeover (first axis)."""

    external: np.ndarray
    internal: np.ndarray
    profit: np.ndarray
    cost: np.ndarray
    """(day, unit)"""
    judged: np.ndarray
    encounters: np.ndarray
    """(day, link)"""
    perceived: np.ndarray
    """(link, dimension), summed over the last quarter"""


def _measured(model: ServiceModel, warm_up: int) -> _Run:
    arrays = measures.daily_arrays(model)
    link = model.state.link_day[warm_up : model.day]
    late = link[-window(model.day - warm_up) :]
    return _Run(
        external=arrays["external_satisfaction"][warm_up:].copy(),
        internal=arrays["internal_satisfaction"][warm_up:].copy(),
        profit=arrays["profit"][warm_up:].copy(),
        cost=DAYS_PER_YEAR * np.asarray(model.state.unit_day["cost"][warm_up : model.day]),
        judged=np.asarray(link["judgement"]).copy(),
        encounters=np.asarray(link["encounters"]).astype(float),
        perceived=np.stack([np.asarray(late[name]).sum(axis=0) for name in DIMENSIONS], axis=1),
    )


def window(days: int) -> int:
    """Return the days at the end over which satisfaction is taken: a quarter."""
    return max(1, days // 4)


def _clients(run: _Run, edges: np.ndarray) -> tuple[float, np.ndarray]:
    """Return how the clients of these links judge their encounters, 0 to 100: over the last quarter, and by day, smoothed."""
    judged, number = run.judged[:, edges].sum(axis=1), run.encounters[:, edges].sum(axis=1)
    last = slice(-window(len(judged)), None)
    total = number[last].sum()
    level = float(100 * judged[last].sum() / total) if total else float("nan")
    sums = [np.concatenate([[0.0], np.cumsum(one)]) for one in (judged, number)]
    ends = np.arange(1, len(judged) + 1)
    begins = np.maximum(0, ends - SMOOTHED)
    top, bottom = (one[ends] - one[begins] for one in sums)
    return level, 100 * np.divide(top, bottom, out=np.full(len(top), np.nan), where=bottom > 0)


def _should(
    chain: ServiceChain,
    unit: str,
    as_is: Sequence[_Run],
    ended: Sequence[tuple[_Run, takeover.Place]],
    met: Offers,
    days: int,
) -> Should:
    row = chain.units.index(unit)
    edges = np.array([number for number, (supplier, _) in enumerate(chain.links) if supplier == unit])
    last = slice(-window(days), None)
    rows, clients_curves = [], []
    for number, (before, (after, place)) in enumerate(zip(as_is, ended, strict=True)):
        levels, curves = zip(*(_clients(run, edges) for run in (before, after)), strict=True)
        clients_curves.append(curves[1] - curves[0])
        figures = {"run": number, "price": float(np.exp(met.log_price[number, 0])), "own_cost": place.cost}
        figures |= {f"market_{name}": 100 * met.quality[number, 0, k] for k, name in enumerate(DIMENSIONS)}
        for name, one, other in (
            ("external", before.external[last].mean(), after.external[last].mean()),
            ("internal", before.internal[last].mean(), after.internal[last].mean()),
            ("clients", *levels),
            ("cost", before.cost[:, row].mean(), after.cost[:, row].mean()),
            ("profit", before.profit.mean(), after.profit.mean()),
            *zip(DIMENSIONS, _dimensions(before, edges), _dimensions(after, edges), strict=True),
        ):
            figures |= {f"{name}_before": float(one), name: float(other - one)}
        rows.append(figures)
    table = pd.DataFrame(rows)
    if not np.isfinite(table["external"]).all():
        raise InputError(
            "in some runs no customer is left, and satisfaction cannot be compared",
            place="organisation",
            allowed="an organisation that keeps customers over the days that are compared",
        )
    estimates: dict[str, Any] = {
        name: estimate(table[name].to_numpy()) for name in ("external", "internal", "clients", "cost", "profit")
    }
    points, money = table["external"].to_numpy(), table["profit"].to_numpy()
    least = LEAST_MONEY * table["cost_before"].to_numpy()
    told = _told(points, np.full(len(points), LEAST_POINTS)), _told(money, least)
    answer, why = verdict(*told)
    return Should(
        unit=unit,
        kind=str(chain.nodes[unit]["kind"]),
        runs=len(table),
        days=days,
        answer=answer,
        why=why,
        better=float(np.mean(points > LEAST_POINTS)),
        worse=float(np.mean(points < -LEAST_POINTS)),
        pays=float(np.mean(money > least)),
        costs_more=float(np.mean(money < -least)),
        **estimates,
        dimensions={name: estimate(table[name].to_numpy()) for name in DIMENSIONS},
        dip=dip_of(
            np.array([after.external - before.external for before, (after, _) in zip(as_is, ended, strict=True)])
        ),
        clients_dip=dip_of(np.array(clients_curves)),
        price=estimate(((table["cost_before"] + table["cost"]) / table["cost_before"]).to_numpy()),
        figures=table,
    )


def _dimensions(run: _Run, edges: np.ndarray) -> np.ndarray:
    total = run.encounters[-window(len(run.encounters)) :, edges].sum()
    summed = run.perceived[edges].sum(axis=0)
    levels: np.ndarray = 100 * summed / total if total else np.full(len(DIMENSIONS), np.nan)
    return levels


def dip_of(curves: np.ndarray) -> Dip:
    """Return the way there from paired differences (run, day)."""
    mean, low, high = intervals(curves)
    known = np.isfinite(mean)
    if not known.any():
        nothing = Estimate(np.nan, np.nan, np.nan, 0)
        return Dip(mean, low, high, nothing, 0, None, False)
    lowest = int(np.nanargmin(mean))
    depth = estimate(curves[:, lowest])
    back = np.flatnonzero(mean[lowest:] >= 0.0)
    return Dip(
        mean=mean,
        low=low,
        high=high,
        depth=depth,
        day=lowest + 1,
        recovered=lowest + int(back[0]) + 1 if len(back) else None,
        told=bool(depth.high < 0.0),
    )


# --- the answer ------------------------------------------------------------------------------------------------------------


def _told(differences: np.ndarray, least: np.ndarray) -> Told:
    """Return what 90 % of the runs tell, the strongest that holds; `Told` lists the words."""
    better, worse = differences > least, differences < -least
    for word, holds in (
        ("better", better), ("worse", worse), ("same", ~better & ~worse), ("no worse", ~worse), ("no better", ~better),
    ):  # fmt: skip
        if np.mean(holds) >= CLEAR:
            return word  # type: ignore[return-value]
    return "unclear"


def verdict(satisfaction: Told, money: Told) -> tuple[Answer, str]:
    """Return the answer and the rule behind it: external satisfaction first, then money, and who is there stays if in doubt.

    ``satisfaction`` and ``money`` (profit) say how the firm does with the vendor.
    """
    if satisfaction == "better":
        if money == "worse":
            return (
                "close",
                "customers would be better served, at a price that eats it up: a question of what it is worth",
            )
        return "no", "customers would be better served by a vendor"
    if satisfaction == "worse":
        if money == "better":
            return "close", "a vendor would be cheaper and serve customers worse: a question of what they are worth"
        return "yes", "customers would be worse served by a vendor"
    if satisfaction == "no better":
        if money == "better":
            return (
                "close",
                "a vendor would be cheaper and, at best, serve customers as well: a question of what they are worth",
            )
        return "yes", "a vendor would at best serve customers as well, and nothing is surely saved"
    if satisfaction == "no worse":
        if money in ("better", "no worse"):
            return "no", "customers would be at least as well served, and the firm would have no less money"
        return "close", "customers would be at least as well served, but whether that pays is not clear"
    if satisfaction == "same":
        if money in ("better", "no worse"):
            return "no", "customers would notice nothing, and the firm would have more money, or at least as much"
        if money in ("worse", "no better"):
            return "yes", "customers would notice nothing, and the firm would have less money, or at best as much"
        return "close", "customers would notice nothing, and the money is not clear"
    return "close", UNCLEAR


UNCLEAR = "whether customers would be better or worse served is not sure: it hangs on the vendor that one gets"
_MARKET = [f"market_{name}" for name in DIMENSIONS]


def break_even(figures: pd.DataFrame) -> float | None:
    """Return the quality, 0 to 100, from which on a vendor does as well for customers as the unit; None where that is not told.

    Where the least-squares line of the difference in external satisfaction over the vendor's quality, the mean of its five
    dimensions, is 0. Not told where quality explains less than a quarter of the differences, or that is beyond all vendors met.
    """
    quality, points = figures[_MARKET].to_numpy().mean(axis=1), figures["external"].to_numpy()
    apart, by = quality - quality.mean(), points - points.mean()
    squares, together = float((apart**2).sum()), float((apart * by).sum())
    if together <= 0.0 or together**2 < 0.25 * squares * float((by**2).sum()):
        return None
    needed = float(quality.mean() - points.mean() * squares / together)
    return needed if quality.min() <= needed <= quality.max() else None


def _reasons(one: Should) -> list[str]:
    def how_often(share: float) -> str:
        return f"in {round(share * one.runs)} of {one.runs} runs"

    more = one.external.mean >= 0
    often = one.better if more else one.worse
    told = [f"{one.why[0].upper()}{one.why[1:]}."]
    told.append(
        f"External satisfaction with a vendor in place of {one.unit}: {_signed(one.external)} points, "
        f"{'higher' if more else 'lower'} {how_often(often)}."
    )
    if one.why == UNCLEAR and (needed := break_even(one.figures)) is not None:
        told.append(
            f"A vendor does as well for customers from a quality of about {needed:.0f} of 100 on; those met had "
            f"{one.figures[_MARKET].to_numpy().mean():.0f} on average."
        )
    told.append(
        f"How its own clients judge the service: {_signed(one.clients)} points; internal satisfaction: {_signed(one.internal)}."
    )
    clear = {name: value for name, value in one.dimensions.items() if value.low > 0 or value.high < 0}
    for word, chosen in (
        ("stronger", {name: value for name, value in clear.items() if value.mean > 0}),
        ("weaker", {name: value for name, value in clear.items() if value.mean < 0}),
    ):
        if chosen:
            ordered = sorted(chosen, key=lambda name: -abs(chosen[name].mean))
            told.append(f"The vendor is {word} in " + ", ".join(f"{n} ({_signed(chosen[n])})" for n in ordered) + ".")
    told.append(
        f"By the books it costs {one.price.text(2)} times as much, looking after the contract included; the firm's profit: "
        f"{_signed(one.profit, 0)} a year, more {how_often(one.pays)}, less {how_often(one.costs_more)}."
    )
    told.append(f"On the way there: {one.dip.text()}; for its own clients, {one.clients_dip.text()}.")
    return told


def _signed(one: Estimate, digits: int = 1) -> str:
    if np.isnan(one.mean):
        return "not measurable"
    return f"{one.mean:+,.{digits}f} [{one.low:+,.{digits}f}, {one.high:+,.{digits}f}]"


FOUR: dict[tuple[str, str], str] = {
    ("yes", "yes"): "Its clients would hire it back, and the firm does well to let them: keep it, and learn from what it does "
                    "right.",
    ("yes", "no"): "Its clients would hire it back, yet the firm would gain with a vendor: show it what the market gives, "
                   "agree on a date to match it, and ask for offers.",
    ("no", "yes"): "Its clients would leave, yet the firm would lose by it: mend how it treats its clients before somebody "
                   "replaces it.",
    ("no", "no"): "Its clients would leave, and the firm would gain: rebuild it on a plan with a date, or buy the service.",
    ("yes", "close"): "Its clients would hire it back, and whether a vendor would do better is open: keep it, and compare it "
                      "with offers now and then.",
    ("no", "close"): "Its clients would leave, and whether a vendor would do better is open: mend the service first; another "
                     "supplier is no sure cure.",
    ("close", "yes"): "Its clients are undecided, and a vendor would do worse: keep it, and win its clients over before the "
                      "question comes up.",
    ("close", "no"): "Its clients are undecided, and a vendor would do better: set the market's level as its target, and ask "
                     "for offers.",
    ("close", "close"): "Neither its clients nor the figures decide: ask its clients what would settle it, and change that "
                        "first.",
}  # fmt: skip
"""What the two answers mean together, (would, should): a sentence that a manager can act on. Contractors likewise."""


def two_by_two(would: Answer | str, should: Should | Answer | str) -> str:
    """Return in words what "would they" and "should they" mean together.

    ``would`` is the answer of `sim.hireback.choice.answer`, ``should`` a `Should` or its answer.
    """
    first = would
    second = should.answer if isinstance(should, Should) else should
    for place, given in (("would", first), ("should", second)):
        if given not in WORDS:
            raise InputError("this is no answer", place=place, value=given, allowed=", ".join(WORDS))
    return FOUR[first, second]
