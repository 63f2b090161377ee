"""Figures with their spread."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its spread: mean, 95 % interval, and the number of runs behind it."""

    mean: float
    low: float
    high: float
    runs: int

    def text(self, digits: int = 1) -> str:
        """Return the figure as people read it."""
        if np.isnan(self.mean):
            return "not measurable"
        if np.isnan(self.low):
            return f"{self.mean:.{digits}f} (one run: no interval)"
        return f"{self.mean:.{digits}f} [{self.low:.{digits}f}, {self.high:.{digits}f}]"


def estimate(values: Sequence[float] | np.ndarray) -> Estimate:
    """Return mean and Student's t interval of independent runs; runs without a value are left out and not counted."""
    sample = np.asarray(values, dtype=float)
    sample = sample[~np.isnan(sample)]
    if len(sample) == 0:
        return Estimate(np.nan, np.nan, np.nan, 0)
    mean = float(sample.mean())
    if len(sample) == 1:
        return Estimate(mean, np.nan, np.nan, 1)
    error = float(sample.std(ddof=1)) / np.sqrt(len(sample))
    half = float(_student(len(sample) - 1) * error)
    return Estimate(mean, mean - half, mean + half, len(sample))


@functools.cache
def _student(freedom: int) -> float:
    """Return by how many standard errors the interval reaches to either side."""
    from scipy import stats  # takes most of a second to import, and single runs have no use for it

    return float(stats.t.ppf(0.5 + CONFIDENCE / 2, freedom))


def mean_of_known(values: np.ndarray, axis: int) -> np.ndarray:
    """Return means along an axis over the values that are finite; nan, without a warning, where there is none."""
    known = np.isfinite(values)
    count = known.sum(axis=axis)
    total = np.where(known, values, 0.0).sum(axis=axis)
    mean: np.ndarray = np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)
    return mean


def intervals(values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return mean, low and high of many figures at once, as `estimate` does for one; runs stand along the first axis."""
    known = np.isfinite(values)
    count = known.sum(axis=0)
    mean = mean_of_known(values, axis=0)
    squares = (np.where(known, values - mean, 0.0) ** 2).sum(axis=0)
    spread = np.divide(squares, count - 1, out=np.full(count.shape, np.nan), where=count > 1)
    from scipy import stats

    half = stats.t.ppf(0.5 + CONFIDENCE / 2, np.maximum(count - 1, 1)) * np.sqrt(spread / np.maximum(count, 1))
    return mean, mean - half, mean + half
