"""How effects are estimated from simulated customers: as those who published would have done it from records of real ones.

Customers of different segments differ in how often they come, what they meet with and how easily they leave. So groups are
compared within strata, and the strata put together.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd


def odds_ratio(outcome: np.ndarray, exposed: np.ndarray, strata: np.ndarray) -> float:
    """Return the common odds ratio of an outcome, exposed against not, over strata; nan where it cannot be had.

    Σ a d / n over Σ b c / n, with a, b the exposed with and without the outcome, c, d the others, n the size of the stratum
    (Mantel & Haenszel 1959, doi:10.1093/jnci/22.4.719).
    """
    above = below = 0.0
    for a, b, c, d in _tables(outcome, exposed, strata):
        total = a + b + c + d
        above += a * d / total
        below += b * c / total
    return above / below if below > 0 else float("nan")


def risk_difference(outcome: np.ndarray, exposed: np.ndarray, strata: np.ndarray) -> float:
    """Return the share with an outcome among the exposed less that among the others, over strata; nan where it cannot be had.

    Differences within strata, weighted by n₁ n₀ / n with n₁, n₀ the numbers exposed and not (Greenland & Robins 1985,
    doi:10.2307/2530643).
    """
    above = weight = 0.0
    for a, b, c, d in _tables(outcome, exposed, strata):
        total = a + b + c + d
        above += (a * (c + d) - c * (a + b)) / total
        weight += (a + b) * (c + d) / total
    return above / weight if weight > 0 else float("nan")


def _tables(outcome: np.ndarray, exposed: np.ndarray, strata: np.ndarray) -> list[tuple[float, float, float, float]]:
    """Return a, b, c, d of every stratum in which anybody is."""
    code, _ = pd.factorize(np.asarray(strata), sort=True)
    outcome, exposed = np.asarray(outcome, dtype=bool), np.asarray(exposed, dtype=bool)
    cell = np.bincount(4 * code + 2 * ~exposed + ~outcome, minlength=4 * (code.max(initial=-1) + 1))
    return [tuple(row) for row in cell.reshape(-1, 4).astype(float).tolist()]


def slopes(response: np.ndarray, predictors: Sequence[np.ndarray], strata: np.ndarray) -> np.ndarray:
    """Return least-squares slopes of a response on predictors within strata: each stratum has a level of its own.

    nan where the predictors do not tell themselves apart.
    """
    code, names = pd.factorize(np.asarray(strata), sort=True)
    count = np.maximum(np.bincount(code, minlength=len(names)), 1)

    def within(values: np.ndarray) -> np.ndarray:
        values = np.asarray(values, dtype=float)
        centred: np.ndarray = values - (np.bincount(code, values, minlength=len(names)) / count)[code]
        return centred

    x = np.column_stack([within(one) for one in predictors])
    found, _, rank, _ = np.linalg.lstsq(x, within(response), rcond=None)
    return np.asarray(found, dtype=float) if rank == x.shape[1] else np.full(x.shape[1], np.nan)


def bent(gap: np.ndarray, knot: float) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return quality less expectation in four parts: shortfall near and far, surplus near and far; all are 0 or more.

    What is within ``knot`` of the expectation is near; the part beyond is far. Near and far add up to the whole.
    """
    short, over = np.maximum(-gap, 0.0), np.maximum(gap, 0.0)
    return np.minimum(short, knot), np.maximum(short - knot, 0.0), np.minimum(over, knot), np.maximum(over - knot, 0.0)


def survey_answer(
    satisfaction: np.ndarray, noise: float | np.ndarray, rng: np.random.Generator, points: int = 5
) -> np.ndarray:
    """Return answers on a scale of 1 to ``points``: satisfaction from 0 to 1, answered with an error, rounded to the scale.

    As surveys work in the model (`sim.rules.surveys.answer`), on another scale: ``noise`` is the standard deviation of the
    error.
    """
    felt = np.clip(satisfaction + noise * rng.standard_normal(len(satisfaction)), 0.0, 1.0)
    answers: np.ndarray = np.floor(1.5 + (points - 1) * felt).astype(int)
    return answers


def standardised(difference: np.ndarray, level: np.ndarray) -> float:
    """Return a mean paired difference in standard deviations of the untreated level, as meta-analyses compare effects."""
    spread = float(np.std(level, ddof=1)) if len(level) > 1 else float("nan")
    return float(np.mean(difference)) / spread if spread > 0 else float("nan")
