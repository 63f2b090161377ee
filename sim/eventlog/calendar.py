"""Two clocks: the one on the wall, on which logs are written, and working time, in which the model runs.

Working time passes as work happens: W(t) is the share of a usual week's activity up to t, scaled so that a week has as
many model days as it has working days. A lunch break runs slowly, a night nearly stands still, and Monday morning
passes fast. This is the operational time of queueing theory with a weekly profile lambda(t): W(t) = ∫ lambda(s) ds /
mean, under which arrivals with that profile become a steady Poisson process (Çinlar 1975, Introduction to Stochastic
Processes, chapter 4). Every hour keeps a little weight, so W has an exact inverse.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

HOUR, DAY, WEEK = 3600.0, 86400.0, 604800.0
_MONDAY = 4 * DAY  # 1970-01-05, the first Monday, in seconds since 1970
LEAST_WEIGHT = 0.01
"""Weight of an hour in which nothing ever happens, relative to the mean hour."""
QUIET_DAY = 0.4
"""A weekday with less than this share of the busiest weekday's activity is no working day."""
FEWEST_EVENTS = 200
"""With fewer time stamps than this no weekly profile is inferred; Monday to Friday, 8 to 18 h, is assumed."""
NAMES = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@dataclass(frozen=True, slots=True)
class WorkingCalendar:
    """A weekly profile of activity, and the two clocks that it ties together.

    Attributes
    ----------
    weights : 168 hourly weights, Monday 0–1 h first; they sum to `days_per_week`
    days_per_week : working days in a week, 1 to 7
    source : where the profile comes from, for people
    """

    weights: tuple[float, ...]
    days_per_week: int
    source: str

    @classmethod
    def infer(cls, seconds: np.ndarray) -> WorkingCalendar:
        """Return the calendar that time stamps show (seconds since 1970 on the place's clock).

        Working days share one profile of hours and so do days off: an excerpt of a few days would otherwise show its
        own weekdays as the busy ones. Each day of the log counts at most twice the median day, so that a mass closing
        does not bend the profile.
        """
        seconds = seconds[np.isfinite(seconds)]
        if len(seconds) < FEWEST_EVENTS:
            return cls.office(f"assumed: {len(seconds)} time stamps are too few to infer working hours")
        whole_hours = np.floor(seconds / HOUR).astype(np.int64)
        hours, counts = np.unique(whole_hours, return_counts=True)
        cap = max(3.0, 3.0 * float(np.quantile(counts, 0.9)))
        counts = np.minimum(counts, cap)
        slot = (((hours * HOUR - _MONDAY) % WEEK) // HOUR).astype(int)
        profile = np.bincount(slot, weights=counts, minlength=168).reshape(7, 24)
        of_day = profile.sum(axis=1)
        working = of_day >= QUIET_DAY * of_day.max()
        date_only = (seconds % DAY == 0).mean() > 0.5
        by_hour = np.zeros((7, 24))
        for kind in (working, ~working):
            if kind.any():
                by_hour[kind] = np.ones(24) * of_day[kind].mean() / 24 if date_only else profile[kind].mean(axis=0)
        weights = np.maximum(by_hour, LEAST_WEIGHT * by_hour.mean()).ravel()
        weights *= working.sum() / weights.sum()
        what = "days only: the stamps carry no time of day" if date_only else "hours"
        return cls(tuple(weights), int(working.sum()), f"inferred from {len(seconds):,} time stamps ({what})")

    @classmethod
    def office(cls, source: str = "assumed") -> WorkingCalendar:
        """Return Monday to Friday, 8 to 18 h."""
        weights = np.full((7, 24), LEAST_WEIGHT * 50 / 168)
        weights[:5, 8:18] = 1.0
        return cls(tuple((weights * 5 / weights.sum()).ravel()), 5, source)

    @classmethod
    def around_the_clock(cls) -> WorkingCalendar:
        """Return the calendar in which a model day is 24 hours of any day."""
        return cls((1 / 24,) * 168, 7, "given: around the clock")

    def _knots(self) -> np.ndarray:
        return np.concatenate([[0.0], np.cumsum(self.weights)])

    def to_working(self, seconds: np.ndarray | float) -> np.ndarray:
        """Return working days since the first Monday of 1970."""
        weeks, rest = np.divmod(np.asarray(seconds, float) - _MONDAY, WEEK)
        knots = self._knots()
        return weeks * knots[-1] + np.interp(rest / HOUR, np.arange(169), knots)

    def to_clock(self, days: np.ndarray | float) -> np.ndarray:
        """Return seconds since 1970: the inverse of `to_working`."""
        knots = self._knots()
        weeks, rest = np.divmod(np.asarray(days, float), knots[-1])
        return weeks * WEEK + np.interp(rest, knots, np.arange(169)) * HOUR + _MONDAY

    def between(self, start: np.ndarray, end: np.ndarray) -> np.ndarray:
        """Return the working days from ``start`` to ``end`` (seconds since 1970)."""
        return self.to_working(end) - self.to_working(start)

    def describe(self) -> str:
        """Return one line for people: which days, and the hours in which most work happens."""
        grid = np.array(self.weights).reshape(7, 24)
        working = grid.sum(axis=1) >= QUIET_DAY * grid.sum(axis=1).max()
        hours = grid[working].mean(axis=0)
        busy = np.flatnonzero(hours > 0.4 * hours.max())
        days = ", ".join(name for name, on in zip(NAMES, working, strict=True) if on)
        inside = hours[busy[0] : busy[-1] + 1].sum() * working.sum() / self.days_per_week
        return f"{days}; {inside:.0%} of the work between {busy[0]} and {busy[-1] + 1} h ({self.source})"
