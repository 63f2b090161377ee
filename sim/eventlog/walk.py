"""Cases walking through a derived chain without queues: a quick stand-in for the simulation, to adjust a fit against.

A case starts at a door, stays at a unit for work and perhaps a rest, and is handed on or leaves: an absorbing Markov
chain with lognormal stays. The walks and their normal scores are drawn once; only lengths change while the fit is
adjusted, so the adjustment is deterministic.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim.eventlog.calendar import WorkingCalendar
from sim.eventlog.estimate import Rest

CASES = 20_000


def shares_handed(first: np.ndarray, handed: np.ndarray, factor: float) -> float:
    """Return the share of cases handed on at least once: door shares times what their units hand on."""
    return float(first @ np.minimum(factor * handed.sum(axis=1), 0.99))


def scaled_to(first: np.ndarray, handed: np.ndarray, target: float) -> float:
    """Return the factor on all handing on at which the share of cases ever handed on is ``target`` (bisection)."""
    low, high = 0.0, 3.0
    if shares_handed(first, handed, high) < target:
        return high
    for _ in range(60):
        middle = (low + high) / 2
        if shares_handed(first, handed, middle) < target:
            low = middle
        else:
            high = middle
    return high


@dataclass(frozen=True, slots=True)
class Goals:
    """What an adjusted fit should meet: (median, 90th percentile) of the resolution time on both clocks.

    ``opened`` are times of opening on the log's clock, from which ``calendar`` leads to hours.
    """

    days: tuple[float, float]
    hours: tuple[float, float]
    opened: np.ndarray
    calendar: WorkingCalendar


class Walks:
    """Walks of many cases through units.

    Parameters
    ----------
    first : share of cases that start at each unit
    handed : row i, column j: share of unit i's visits handed to unit j
    seed : of the draws
    inputs : for each unit, working days that its cases were seen waiting for what they had asked other units for
    """

    def __init__(self, first: np.ndarray, handed: np.ndarray, seed: int = 20240229, cases: int = CASES,
                 inputs: list[np.ndarray] | None = None) -> None:  # fmt: skip
        random = np.random.default_rng(seed)
        units = len(first)
        ways = np.cumsum(np.column_stack([handed, np.maximum(0.0, 1 - handed.sum(axis=1))]), axis=1)
        ways /= ways[:, -1:]
        at = random.choice(units, cases, p=first / first.sum())
        who = np.arange(cases)
        visited, whose = [], []
        for _ in range(200):
            visited.append(at)
            whose.append(who)
            to = (random.random(len(at))[:, None] > ways[at]).sum(axis=1)
            on = to < units
            at, who = to[on], who[on]
            if len(at) == 0:
                break
        self.unit, self.case, self.cases = np.concatenate(visited), np.concatenate(whose), cases
        self.score = random.standard_normal(len(self.unit))
        self.chance = random.random(len(self.unit))
        self.work_score = random.standard_normal(len(self.unit))
        self.inputs = np.zeros(len(self.unit))
        for place, seen in enumerate(inputs or []):
            mine = self.unit == place
            if len(seen):
                self.inputs[mine] = random.choice(seen, int(mine.sum()))

    def lengths(
        self, rests: list[Rest], work_days: np.ndarray, spread: float, slot: float, shift: float, stretch: float
    ) -> np.ndarray:
        """Return the working days that each case takes with these rests, shifted and stretched."""
        changed = [rest.changed(shift, stretch) for rest in rests]
        mu, sigma, share = (np.array([getattr(rest, name) for rest in changed]) for name in ("mu", "sigma", "share"))
        variance = np.log1p(spread**2)
        stay = slot + work_days[self.unit] * np.exp(np.sqrt(variance) * self.work_score - variance / 2)
        rest = np.exp(mu[self.unit] + sigma[self.unit] * self.score)
        stay += self.inputs + np.where(self.chance < share[self.unit], rest, 0.0)
        return np.bincount(self.case, stay, minlength=self.cases)

    def adjust(
        self, rests: list[Rest], work_days: np.ndarray, spread: float, slot: float, goals: Goals
    ) -> tuple[float, float]:
        """Return the shift of mu and the stretch of sigma, the same for all units, that come nearest to the goals.

        Least squares of the log ratios of median and 90th percentile, on both clocks at once: on the wall clock alone
        the fit would hang on which side of a weekend the median falls.
        """
        from scipy.optimize import minimize

        opened = np.resize(goals.opened, self.cases)
        started = goals.calendar.to_working(opened)
        wanted = np.log(np.maximum([*goals.days, *goals.hours], [2 * slot, 2 * slot, 0.1, 0.1]))

        def miss(point: np.ndarray) -> float:
            days = self.lengths(rests, work_days, spread, slot, point[0], float(np.exp(point[1])))
            hours = (goals.calendar.to_clock(started + days) - opened) / 3600.0
            got = np.log([*np.quantile(days, [0.5, 0.9]), *np.quantile(hours, [0.5, 0.9])])
            outside = max(0.0, abs(point[0]) - 2.0) + max(0.0, abs(point[1]) - 0.7)
            return float(((got - wanted) ** 2).sum() + 10 * outside**2)

        start = np.array([[0.0, 0.0], [0.3, 0.0], [0.0, 0.15]])
        found = minimize(
            miss, start[0], method="Nelder-Mead",
            options={"initial_simplex": start, "xatol": 2e-3, "fatol": 1e-6, "maxfev": 120},
        )  # fmt: skip
        return float(found.x[0]), float(np.exp(found.x[1]))
