"""Holding a surveyed level: levers at which the firm as it is stays where the survey found it.

A first day fades: within months satisfaction is where the model's own encounters take it. So levers of the service itself
are moved until satisfaction over the second half of a year is near the surveyed level:

- the care of a rated link (``internal_service``),
- the share of requests that a supplier gets wrong (``error_rate``), where care alone does not reach, and for doors,
- what customers of a segment hold for an acceptable wait (``patience``).

Moves are penalised, care least and patience most, so that levels are met by the smallest changes, care first. Surveys do
not say why somebody is dissatisfied: which lever explains a level is a modelling choice. What a ticket
export measured is not moved.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from sim.chain import ServiceChain
from sim.client.groups import Figure
from sim.client.provenance import set_from_data
from sim.errors import InputError
from sim.estimates import Estimate, estimate
from sim.model import ServiceModel

DAYS = 250
WINDOW = slice(DAYS // 2, DAYS)
"""Days over which a level is held: the second half of a year."""

CARE = (0.05, 0.95)
ERRORS = (0.002, 0.25)
PATIENCE = (0.25, 4.0)
"""Bounds of what a level may be explained by; no source: a modelling choice. One answer in four wrong is a bad department."""

NEAR = 2.0
"""Points of 100: a level is held when the modelled mean is within this distance of the surveyed one."""

_ROUNDS, _STEPS = 2, 4  # slopes are measured afresh in each round
_SECONDS = 60.0  # of one core, for the slopes
CHECKS = 10
"""Fresh seeds on which it is measured how near the levels are."""


@dataclass(frozen=True, slots=True)
class Moved:
    """A lever that may be moved: where, between which bounds, on which scale, and how dear a move is."""

    lever: str
    place: tuple[str, ...]
    low: float
    high: float
    start: float
    unit: float  # a move of this size on the working scale costs `dear`
    dear: float

    def inside(self, value: float) -> float:
        """Return a value on the working scale: log odds, logarithm, or the value itself."""
        if self.lever == "error_rate":
            return math.log(value / (1 - value))
        return math.log(value) if self.lever == "patience" else value

    def outside(self, inner: float) -> float:
        """Return a value from the working scale."""
        if self.lever == "error_rate":
            return 1 / (1 + math.exp(-inner))
        return math.exp(inner) if self.lever == "patience" else inner

    @property
    def step(self) -> float:
        """How far it is moved to see what it does."""
        return {"internal_service": 0.2, "error_rate": 0.6, "patience": 0.5}[self.lever]


@dataclass(frozen=True, slots=True)
class Level:
    """How near one surveyed level is held, 0 to 100.

    Attributes
    ----------
    figure : the surveyed level
    modelled : satisfaction over the second half of the first year, on seeds that the fit did not use
    stuck : levers that stand at a bound, in words
    """

    figure: Figure
    modelled: Estimate
    stuck: tuple[str, ...]

    @property
    def held(self) -> bool:
        """Whether the modelled level is near the surveyed one."""
        return abs(self.modelled.mean - 100 * self.figure.share) <= NEAR


@dataclass(frozen=True, slots=True)
class Held:
    """The organisation with its levers moved, what was moved from where to where, and how near each level is."""

    chain: ServiceChain
    moves: list[tuple[Moved, float]]
    levels: list[Level]


def hold(
    chain: ServiceChain,
    figures: Sequence[Figure],
    *,
    seed: int = 1,
    workers: int | None = None,
    fit: bool = True,
    progress: Callable[[int, int], None] | None = None,
) -> Held:
    """Move levers until the firm stays at the surveyed levels, and measure how near it stays.

    Parameters
    ----------
    chain : whose first day is set already (`sim.client.setting.set_first_day`)
    figures : surveyed levels of links and segments
    seed : of the runs; those that measure the result come from other seeds than those that fit
    workers : threads; default one per core. They change nothing in the result
    fit : False moves nothing and only measures
    progress : called with the number of runs that have ended and how many there will be
    """
    if not figures:
        return Held(chain, [], [])
    levers = _levers(chain, figures) if fit else []
    with ThreadPoolExecutor(workers or os.cpu_count() or 1) as pool:
        runs = _Runs(chain, figures, levers, pool, progress)
        try:
            values = _fitted(runs, seed) if levers else np.zeros(0)
            final = runs.chain_at(values)
            checks = runs.levels([(values, seed + 1000 + number) for number in range(CHECKS)])
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    bound = {(one.lever, one.place): text for one, text in _at_bounds(levers, values)}
    found = []
    for number, figure in enumerate(figures):
        mine = {("internal_service", figure.place), ("patience", figure.place)}
        suppliers = [figure.place[0]] if len(figure.place) == 2 else list(chain.predecessors(figure.place[0]))
        mine |= {("error_rate", (supplier,)) for supplier in suppliers}
        stuck = tuple(text for key, text in bound.items() if key in mine)
        found.append(Level(figure, estimate(100 * checks[:, number]), stuck))
    moves = [(one, one.outside(value)) for one, value in zip(levers, values, strict=True) if _has_moved(one, value)]
    return Held(final, moves, found)


def _levers(chain: ServiceChain, figures: Sequence[Figure]) -> list[Moved]:
    """Return what may be moved for these levels: care of links, errors of whoever serves, patience of segments."""
    found: list[Moved] = []
    units: list[str] = []

    measured = {
        (row.place, row.lever)
        for row in set_from_data(chain).itertuples()
        if str(row.source).startswith("ticket export")
    }

    def add(lever: str, place: tuple[str, ...], low: float, high: float, unit: float, dear: float) -> None:
        if (" → ".join(place), lever) in measured:
            return
        value = chain.value(lever, *place)
        start = min(max(value, low), high) if lever == "error_rate" and value == 0 else value
        found.append(Moved(lever, place, min(low, start), max(high, start), start, unit, dear))

    for figure in figures:
        if len(figure.place) == 2:
            add("internal_service", figure.place, *CARE, unit=0.45, dear=0.4)
            units.append(figure.place[0])
        else:
            units += chain.predecessors(figure.place[0])
            add("patience", figure.place, *PATIENCE, unit=1.0, dear=1.5)
    for unit in sorted(set(units)):
        add("error_rate", (unit,), *ERRORS, unit=1.0, dear=0.8)
    return found


class _Runs:
    """Runs of the firm with its levers moved, many at a time."""

    def __init__(
        self, chain: ServiceChain, figures: Sequence[Figure], levers: Sequence[Moved], pool: ThreadPoolExecutor,
        progress: Callable[[int, int], None] | None,
    ) -> None:  # fmt: skip
        self.chain, self.figures, self.levers, self.pool, self.progress = chain, figures, levers, pool, progress
        self.done = 0
        cost = 0.06 + 1.2e-6 * DAYS * sum(chain.link_rates().values())  # seconds a run, to the order of magnitude
        self.slope_seeds = int(min(2, _SECONDS / (_ROUNDS * cost * max(1, len(levers)))))
        self.fit_seeds = int(min(4, max(1, _SECONDS / (2 * cost * _ROUNDS * _STEPS))))
        rounds = _ROUNDS * (self.slope_seeds * (len(levers) + 1) + _STEPS * self.fit_seeds) + self.fit_seeds
        self.total = rounds * bool(levers) + CHECKS

    def chain_at(self, values: np.ndarray) -> ServiceChain:
        """Return the chain with the levers at these values of the working scale; what has hardly moved is left alone."""
        out: ServiceChain = self.chain.copy()
        for one, value in zip(self.levers, values, strict=True):
            if _has_moved(one, value):
                bag = out.edges[one.place] if len(one.place) == 2 else out.nodes[one.place[0]]
                bag[one.lever] = round(one.outside(value), 4)
        return out.check()

    def levels(self, wanted: Sequence[tuple[np.ndarray, int]]) -> np.ndarray:
        """Return satisfaction (run, level), 0 to 1, over the window, for pairs of values and seed."""
        return np.array(list(self.pool.map(self._level, wanted)))

    def _level(self, wanted: tuple[np.ndarray, int]) -> np.ndarray:
        values, seed = wanted
        try:
            model = ServiceModel(self.chain_at(values), seed=seed).run(DAYS)
        except InputError:  # more requests than can be held: as bad as can be
            return np.zeros(len(self.figures))
        links = {edge: row for row, edge in enumerate(self.chain.links)}
        segments = {name: row for row, name in enumerate(self.chain.segments)}
        found = []
        with model:
            for figure in self.figures:
                if len(figure.place) == 2:
                    daily = model.state.link_day["satisfaction"][WINDOW, links[figure.place]]
                else:
                    daily = model.state.segment_day["satisfaction"][WINDOW, segments[figure.place[0]]]
                known = daily[np.isfinite(daily)]
                found.append(float(known.mean()) if len(known) else 0.0)
        self.done += 1
        if self.progress:
            self.progress(min(self.done, self.total), self.total)
        return np.array(found)


def _fitted(runs: _Runs, seed: int) -> np.ndarray:
    """Return the values, on the working scale, that meet the levels best: damped Gauss-Newton steps with Broyden's update.

    Every run of a seed shares its random numbers with every other, so that the fit is the same on every machine.
    """
    from scipy import optimize

    levers = runs.levers
    target = np.array([figure.share for figure in runs.figures])
    start = np.array([one.inside(one.start) for one in levers])
    low = np.array([one.inside(one.low) for one in levers])
    high = np.array([one.inside(one.high) for one in levers])
    price = np.array([one.dear / one.unit for one in levers])
    seeds = [seed + number for number in range(runs.fit_seeds)]

    def shortfall(values: np.ndarray) -> np.ndarray:
        return (runs.levels([(values, one) for one in seeds]).mean(axis=0) - target) * 100

    def badness(short: np.ndarray, values: np.ndarray) -> float:
        return float((short**2).sum() + ((price * (values - start)) ** 2).sum())

    values, short = start, shortfall(start)
    best = badness(short, values)
    widest = 1.5 * np.array([one.step for one in levers])
    for _ in range(_ROUNDS):
        slopes = _slopes(runs, values, high, seed)
        reach = 1.0
        for _ in range(_STEPS):
            room = (
                np.maximum(low - values, -reach * widest) - 1e-12,
                np.minimum(high - values, reach * widest) + 1e-12,
            )
            sides = -np.concatenate([short, price * (values - start)])
            found = optimize.lsq_linear(np.vstack([slopes, np.diag(price)]), sides, room)
            trial = np.clip(values + found.x, low, high)
            moved = trial - values
            if np.abs(moved).max() < 1e-4:
                break
            trial_short = shortfall(trial)
            slopes = slopes + np.outer(trial_short - short - slopes @ moved, moved) / (moved @ moved)
            if (now := badness(trial_short, trial)) < best:
                values, short, best, reach = trial, trial_short, now, min(2.0, 1.5 * reach)
            else:
                reach *= 0.4
    return values


def _slopes(runs: _Runs, start: np.ndarray, high: np.ndarray, seed: int) -> np.ndarray:
    """Return points of each level per unit of each lever: paired differences, noise set to 0; usual values for huge firms."""
    levers = runs.levers
    if runs.slope_seeds < 1:
        return _usual_slopes(runs)
    seeds = [seed + number for number in range(runs.slope_seeds)]
    steps = np.array(
        [one.step if at + one.step <= top else -one.step for one, at, top in zip(levers, start, high, strict=True)]
    )
    points = [start, *(start + step * row for step, row in zip(steps, np.eye(len(levers)), strict=True))]
    found = (
        runs.levels([(point, one) for point in points for one in seeds])
        .reshape(len(points), len(seeds), -1)
        .mean(axis=1)
    )
    change = 100 * (found[1:] - found[0]).T  # (level, lever)
    noise = np.median(np.abs(change), axis=1, keepdims=True) / 0.6745
    own = _usual_slopes(runs) != 0
    slopes: np.ndarray = np.where(own | (np.abs(change) > 4 * noise), change, 0.0) / steps
    return slopes


def _usual_slopes(runs: _Runs) -> np.ndarray:
    """Return slopes of about the usual size where a lever acts on a level directly, and 0 elsewhere."""
    usual = {"internal_service": 14.0, "error_rate": -4.0, "patience": 3.0}
    slopes = np.zeros((len(runs.figures), len(runs.levers)))
    for row, figure in enumerate(runs.figures):
        suppliers = [figure.place[0]] if len(figure.place) == 2 else list(runs.chain.predecessors(figure.place[0]))
        for column, one in enumerate(runs.levers):
            supplies = one.lever == "error_rate" and one.place[0] in suppliers
            if one.place == figure.place or supplies:
                slopes[row, column] = usual[one.lever]
    return slopes


def _has_moved(one: Moved, value: float) -> bool:
    return abs(value - one.inside(one.start)) > 0.02 * one.unit


def _at_bounds(levers: Sequence[Moved], values: np.ndarray) -> list[tuple[Moved, str]]:
    found = []
    for one, value in zip(levers, values, strict=True):
        for bound in (one.low, one.high):
            if abs(value - one.inside(bound)) < 1e-6:
                of = f" of {one.place[0]}" if one.lever == "error_rate" else ""
                found.append((one, f"{one.lever}{of} at {bound:g}"))
    return found
