"""What each figure would be at points that were not simulated: a regression on orthogonal polynomials, and the luck round it.

For figure k at point u of the unit cube (rescaled to the region at hand, -1 to 1),

    y_k(u) = sum_a c_ka L_a(u) + s_k(u) e_k,

with products L_a of Legendre polynomials up to a total degree (polynomial chaos; Xiu & Karniadakis 2002,
doi:10.1137/S1064827501387826), ridge regression for c, log s_k a parabola in u (luck is largest where a firm is just about
overloaded), and e with variance 1, a correlation between figures, and tails like those of Student's t. Degree and ridge are
those of least leave-one-out error, which linear regression gives in closed form. What the polynomials cannot follow stays in s,
so it counts as luck and widens the posterior.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace

import numpy as np

from experiments.analysis import frames

RIDGES = (1e-6, 0.1, 1.0, 10.0)
DEGREES = 4
MEAN_LOG_CHI = -1.2703628  # mean of the logarithm of a chi-square number with one degree of freedom
LEAST_FREEDOM, MOST_FREEDOM = 5.0, 1000.0
BENT = 2
LEVEL = 20.0
"""Ridge of that polynomial: log chi-square numbers have a variance of 4.9, its coefficients one of about a quarter."""
MOST_UNEVEN = 6.0
"""The luck of a figure is taken to differ between points by at most this factor from its middle: a modelling choice."""


def features(unit: np.ndarray, degree: int) -> tuple[np.ndarray, np.ndarray]:
    """Return products of Legendre polynomials (point, term) up to a total degree, and the degree of each, from -1 to 1."""
    points, factors = unit.shape
    single = np.ones((degree + 1, points, factors))
    if degree:
        single[1] = unit
    for order in range(1, degree):
        single[order + 1] = ((2 * order + 1) * unit * single[order] - order * single[order - 1]) / (order + 1)
    columns, degrees = [np.ones(points)], [0]
    for total in range(1, degree + 1):
        for chosen in itertools.combinations_with_replacement(range(factors), total):
            counts = np.bincount(chosen, minlength=factors)
            column = np.ones(points)
            for factor in np.flatnonzero(counts):
                column = column * single[counts[factor], :, factor] * np.sqrt(2 * counts[factor] + 1)
            columns.append(column)
            degrees.append(total)
    return np.column_stack(columns), np.array(degrees)


@dataclass(frozen=True)
class Emulator:
    """Figures as functions of the parameters, learnt from runs; `learn` makes one.

    Attributes
    ----------
    low, high : region of the unit cube (parameter) in which it was learnt
    degree, ridge : by figure
    coefficients : by figure, as many as the terms of its degree
    inverse : (degree, ridge) → inverse of the regression's normal matrix
    noise : (term, figure): logarithm of the variance of the luck, a polynomial of degree `BENT`
    middle : by figure: logarithm of that variance in the middle
    correlation : of the luck between figures
    freedom : degrees of freedom of its tails; many where it is normal
    explained : by figure: share of its variance over the region that the parameters explain, left one out
    runs : behind it
    """

    low: np.ndarray
    high: np.ndarray
    degree: np.ndarray
    ridge: np.ndarray
    coefficients: tuple[np.ndarray, ...]
    inverse: dict[tuple[int, float], np.ndarray]
    noise: np.ndarray
    middle: np.ndarray
    correlation: np.ndarray
    freedom: float
    explained: np.ndarray
    runs: int

    def unit(self, shares: np.ndarray) -> np.ndarray:
        """Return points of the region as -1 to 1."""
        return 2 * (shares - self.low) / (self.high - self.low) - 1

    def predict(self, shares: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return for points (point, parameter): mean, spread of luck, standard error of the mean (point, figure)."""
        unit = self.unit(np.atleast_2d(shares))
        table, degrees = features(unit, int(self.degree.max()))
        mean = np.empty((len(unit), len(self.coefficients)))
        leverage = {}
        for key, inverse in self.inverse.items():
            mine = table[:, : int((degrees <= key[0]).sum())]
            leverage[key] = ((mine @ inverse) * mine).sum(axis=1)
        spread = np.exp(0.5 * self._log_variance(unit))
        error = np.empty_like(mean)
        for place, coefficients in enumerate(self.coefficients):
            mean[:, place] = table[:, : len(coefficients)] @ coefficients
            error[:, place] = leverage[int(self.degree[place]), float(self.ridge[place])]
        return mean, spread, np.sqrt(error) * np.exp(0.5 * self.middle)

    def _log_variance(self, unit: np.ndarray) -> np.ndarray:
        line = features(unit, BENT)[0] @ self.noise
        wide = 2 * np.log(MOST_UNEVEN)
        return np.asarray(np.clip(line, self.middle - wide, self.middle + wide))


def learn(
    shares: np.ndarray, values: np.ndarray, low: np.ndarray | None = None, high: np.ndarray | None = None
) -> Emulator:
    """Return what runs say of each figure.

    Parameters
    ----------
    shares : (run, parameter), 0 to 1
    values : (run, figure), all finite
    low, high : region; default: the whole unit cube. Runs outside are left out
    """
    factors, figures = shares.shape[1], values.shape[1]
    low = np.zeros(factors) if low is None else low
    high = np.ones(factors) if high is None else high
    inside = ((shares >= low) & (shares <= high)).all(axis=1)
    shares, values = shares[inside], values[inside]
    unit = 2 * (shares - low) / (high - low) - 1
    most = 1
    while most < DEGREES and _terms(factors, most + 1) <= len(unit) / 4:
        most += 1
    table, degrees = features(unit, most)
    best = np.full(figures, np.inf)
    degree, ridge = np.zeros(figures, int), np.zeros(figures)
    left_out = np.empty_like(values)
    coefficients: list[np.ndarray] = [np.zeros(1)] * figures
    solved: dict[tuple[int, float], np.ndarray] = {}
    for order in range(0, most + 1):
        mine = table[:, degrees <= order]
        penalty = np.where(degrees[degrees <= order] == 0, 0.0, 1.0)
        for weight in RIDGES if order else RIDGES[:1]:
            inverse = np.linalg.inv(mine.T @ mine + np.diag(weight * penalty + 1e-9))
            own = ((mine @ inverse) * mine).sum(axis=1)
            fitted = inverse @ (mine.T @ values)
            residual = (values - mine @ fitted) / np.maximum(1 - own, 1e-3)[:, None]
            error = (residual**2).mean(axis=0)
            for place in np.flatnonzero(error < best * (1 - 1e-6)):
                best[place], degree[place], ridge[place] = error[place], order, weight
                left_out[:, place], coefficients[place] = residual[:, place], fitted[:, place]
                solved[order, weight] = inverse
    used = {(int(a), float(b)) for a, b in zip(degree, ridge, strict=True)}
    variance = np.maximum(left_out.var(axis=0), 1e-12)
    noise, middle = _noise(unit, left_out, variance)
    total = np.maximum(values.var(axis=0), 1e-300)
    made = Emulator(
        low, high, degree, ridge, tuple(coefficients), {key: solved[key] for key in used}, noise, middle,
        np.eye(figures), MOST_FREEDOM, 1 - best / total, len(unit),
    )  # fmt: skip
    scaled = left_out / np.exp(0.5 * made._log_variance(unit))
    correlation = _correlation(scaled)
    return replace(made, correlation=correlation, freedom=_freedom(scaled, correlation))


def _noise(unit: np.ndarray, residual: np.ndarray, variance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the polynomial of each figure's log variance, scaled so that standardised residuals have variance 1.

    Regression of log squared residuals (Harvey 1976, doi:10.2307/1913974), drawn towards a level one.
    """
    design, _ = features(unit, BENT)
    squares = np.log(np.maximum(residual**2, 1e-6 * variance)) - MEAN_LOG_CHI
    shrink = np.diag([0.0, *([LEVEL] * (design.shape[1] - 1))])
    line = np.linalg.solve(design.T @ design + shrink, design.T @ squares)
    wide = 2 * np.log(MOST_UNEVEN)
    clipped = np.clip(design @ line, line[0] - wide, line[0] + wide)
    line[0] += np.log(np.maximum((residual**2 / np.exp(clipped)).mean(axis=0), 1e-12))
    return line, line[0].copy()


def _correlation(scaled: np.ndarray) -> np.ndarray:
    """Return the correlation of the luck, drawn towards none as Ledoit & Wolf do (2004, doi:10.1016/S0047-259X(03)00096-4)."""
    if scaled.shape[1] == 1:
        return np.ones((1, 1))
    ledoit_wolf = frames.library("sklearn.covariance").ledoit_wolf

    covariance, _ = ledoit_wolf(scaled)
    spread = np.sqrt(np.diag(covariance))
    return np.asarray(covariance / np.outer(spread, spread))


def _freedom(scaled: np.ndarray, correlation: np.ndarray) -> float:
    """Return the degrees of freedom of a multivariate t distribution with the kurtosis of the luck (Mardia 1970).

    Of squared distances q of d figures, E q² / (E q)² = (d + 2) / d times (n - 2) / (n - 4) with n degrees of freedom
    (doi:10.1093/biomet/57.3.519).
    """
    figures = scaled.shape[1]
    distance = (scaled * np.linalg.solve(correlation, scaled.T).T).sum(axis=1)
    ratio = float((distance**2).mean() / distance.mean() ** 2) * figures / (figures + 2)
    if ratio <= 1:
        return MOST_FREEDOM
    return float(np.clip((4 * ratio - 2) / (ratio - 1), LEAST_FREEDOM, MOST_FREEDOM))


def _terms(factors: int, degree: int) -> int:
    from math import comb

    return comb(factors + degree, degree)
