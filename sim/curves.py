"""Paired differences over time: how long until half of an effect is there, when curves part, when money comes back.

A curve is an array (seed, day) of the difference between two runs of one seed; the random numbers of the pair are common, so
that everything in it is due to what differs between the two.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from sim.estimates import CONFIDENCE, Estimate, estimate, mean_of_known

RESAMPLES = 999
SMOOTH_DAYS = 5
"""Paired differences are noisy from day to day; they are read off their moving mean, or in blocks of as many days."""


def half_time(curve: np.ndarray, window: int) -> float:
    """Return the day on which a curve that starts at 0 first reaches half of its mean over the last ``window`` days."""
    final = np.nanmean(curve[-window:])
    known = np.isfinite(curve)
    days = np.ones(SMOOTH_DAYS)
    there = np.convolve(known, days, "same")
    total = np.convolve(np.where(known, curve, 0.0), days, "same")
    smooth = np.divide(total, there, out=np.full(len(curve), np.nan), where=there > 0)
    reached = np.isfinite(smooth) & (smooth / final >= 0.5) if final else np.zeros(len(curve), bool)
    return float(np.argmax(reached) + 1) if reached.any() else np.nan


def lag(curves: np.ndarray, window: int) -> Estimate:
    """Return the days until half of an effect is there, read off the mean curve; percentile bootstrap over seeds.

    Not measurable (nan) where the effect over the last ``window`` days cannot be told from none.
    """
    final = estimate(mean_of_known(curves[:, -window:], axis=-1))
    undecided = final.runs > 1 and final.low <= 0 <= final.high
    if final.runs == 0 or undecided or final.mean == 0:
        return Estimate(np.nan, np.nan, np.nan, len(curves))
    return over_seeds(curves, lambda some: half_time(some.mean(axis=0), window))


def over_seeds(curves: np.ndarray, figure: Callable[[np.ndarray], float]) -> Estimate:
    """Return a figure of all seeds together with its percentile bootstrap interval: seeds are drawn with replacement."""
    middle = figure(curves)
    if len(curves) == 1:
        return Estimate(middle, np.nan, np.nan, 1)
    from scipy import stats

    found = stats.bootstrap(
        (np.arange(len(curves)),),
        lambda rows: figure(curves[rows.astype(int)]),
        n_resamples=RESAMPLES,
        confidence_level=CONFIDENCE,
        method="percentile",
        vectorized=False,
        rng=np.random.default_rng(0),
    )
    low, high = found.confidence_interval
    return Estimate(middle, float(low), float(high), len(curves))


def parting(curves: np.ndarray) -> int | None:
    """Return the first day of the first block of days on which two sets of runs are clearly apart; None where they never are.

    The difference is averaged over blocks of `SMOOTH_DAYS` days; a block is clearly apart when Student's interval of its mean
    over seeds leaves out 0 at a confidence that is corrected for looking at all blocks (Bonferroni). Days count from 1.
    """
    seeds, days = curves.shape
    blocks = days // SMOOTH_DAYS
    if seeds < 2 or blocks == 0:
        return None
    from scipy import stats

    means = mean_of_known(curves[:, : blocks * SMOOTH_DAYS].reshape(seeds, blocks, SMOOTH_DAYS), axis=-1)
    known = np.isfinite(means).all(axis=0)
    error = means.std(axis=0, ddof=1) / np.sqrt(seeds)
    reach = stats.t.ppf(1 - (1 - CONFIDENCE) / (2 * blocks), seeds - 1) * error
    apart = known & (np.abs(means.mean(axis=0)) > reach)
    return int(np.argmax(apart)) * SMOOTH_DAYS + 1 if apart.any() else None


def paid_back(gain: np.ndarray) -> float:
    """Return the day from which money gained stays above what was laid out; nan where that is not so at the end.

    ``gain`` is the extra profit by day (day,). A change that never costs more than it brings is paid back on day 0.
    """
    total = np.cumsum(gain)
    if not len(total) or total[-1] <= 0:
        return np.nan
    below = np.flatnonzero(total < 0)
    return float(below[-1] + 2) if len(below) else 0.0


def variance_reduction(one: np.ndarray, other: np.ndarray) -> float:
    """Return how many times more runs an unpaired comparison needs for the same interval: (var a + var b) / var (a - b).

    The variance of a difference of independent runs against that of pairs with common random numbers (Law 2015, Simulation
    Modeling and Analysis, ch. 11.2). Infinite where the pairs all differ by the same amount; nan with fewer than two.
    """
    kept = np.isfinite(one) & np.isfinite(other)
    if kept.sum() < 2:
        return np.nan
    apart = float(np.var(one[kept] - other[kept], ddof=1))
    unpaired = float(np.var(one[kept], ddof=1) + np.var(other[kept], ddof=1))
    return unpaired / apart if apart > 0 else np.inf
