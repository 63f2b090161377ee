"""Which points explain the client's figures: a synthetic likelihood from the emulator, and draws from the posterior.

The likelihood of a point u is that of a multivariate t distribution, nearly normal where the luck is (Wood 2010,
doi:10.1038/nature09319; Price et al. 2018, doi:10.1080/10618600.2017.1302882):

    y ~ t( m(u),  D(u) C D(u) + E(u) C E(u) + S ),

with the emulator's mean m, luck D C D, its own errors E, which the luck of the runs that it learnt from makes and which go
together as luck does, and the client's sampling errors S. Particles go from
the prior to the posterior through powers of the likelihood (Del Moral, Doucet & Jasra 2006,
doi:10.1111/j.1467-9868.2006.00553.x), each power so chosen that half of them stay effective, and are moved by Metropolis steps.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from experiments.calibration.emulator import Emulator

PARTICLES = 2000
EFFECTIVE = 0.5
STEPS = 5
MOST_ROUNDS = 60
AT_ONCE = 20_000_000


@dataclass(frozen=True)
class Draws:
    """Draws from a posterior.

    Attributes
    ----------
    shares : (draw, parameter), 0 to 1
    likelihood : logarithm, by draw
    """

    shares: np.ndarray
    likelihood: np.ndarray


def log_likelihood(
    emulator: Emulator, values: np.ndarray, covariance: np.ndarray
) -> Callable[[np.ndarray], np.ndarray]:
    """Return the logarithm of the synthetic likelihood as a function of points (point, parameter)."""

    free = emulator.freedom

    def of(shares: np.ndarray) -> np.ndarray:
        whole = np.empty(len(shares))
        block = max(1, AT_ONCE // max(1, 8 * len(values) ** 2))
        for start in range(0, len(shares), block):
            part = slice(start, start + block)
            distance, volume = distances(emulator, shares[part], values, covariance)
            whole[part] = -0.5 * ((free + len(values)) * np.log1p(distance / (free - 2)) + volume)
        return whole

    return of


def distances(
    emulator: Emulator, shares: np.ndarray, values: np.ndarray, covariance: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return for each point the squared distance of the figures in units of their spread, and the log determinant of it."""
    mean, spread, error = emulator.predict(shares)
    whole = spread[:, :, None] * spread[:, None, :] + error[:, :, None] * error[:, None, :]
    whole *= emulator.correlation
    whole += covariance
    diagonal = np.arange(len(values))
    whole[:, diagonal, diagonal] += 1e-12
    root = np.linalg.cholesky(whole)
    scaled = np.empty_like(mean)
    for row in range(len(values)):  # forward substitution, for all points at once
        known = np.einsum("ij,ij->i", root[:, row, :row], scaled[:, :row])
        scaled[:, row] = (values[row] - mean[:, row] - known) / root[:, row, row]
    volume = 2 * np.log(root[:, diagonal, diagonal]).sum(axis=1)
    return (scaled**2).sum(axis=1), volume


def draw(
    likelihood: Callable[[np.ndarray], np.ndarray],
    low: np.ndarray,
    high: np.ndarray,
    *,
    seed: int = 1,
    particles: int = PARTICLES,
    power: float = 1.0,
) -> Draws:
    """Return draws from prior × likelihood^``power``; the prior is uniform between ``low`` and ``high``.

    A parameter whose ``low`` is its ``high`` stays there.
    """
    from experiments.calibration.runs import sobol

    chance = np.random.default_rng([seed, 7])
    free = high > low
    shares = low + (high - low) * sobol(particles, len(low), seed)
    if not free.any():
        return Draws(shares, likelihood(shares))
    value = likelihood(shares)
    done = 0.0
    for _ in range(MOST_ROUNDS):
        step = _next_power(value, power - done)
        weights = _weights(value, step)
        done += step
        chosen = _resampled(weights, chance)
        shares, value = shares[chosen], value[chosen]
        for scale in np.geomspace(1.5, 0.15, STEPS):
            shares, value = _moved(shares, value, likelihood, low, high, free, done, scale, chance)
        if done >= power - 1e-12:
            break
    for scale in np.tile(np.geomspace(1.5, 0.3, 4), 3):
        shares, value = _moved(shares, value, likelihood, low, high, free, done, scale, chance)
    return Draws(shares, value)


def _weights(value: np.ndarray, power: float) -> np.ndarray:
    raised = power * (value - value.max())
    weights = np.exp(raised)
    return np.asarray(weights / weights.sum())


def _next_power(value: np.ndarray, left: float) -> float:
    """Return the largest further power, up to what is left, at which half of the particles stay effective."""

    def effective(power: float) -> float:
        return float(1 / (_weights(value, power) ** 2).sum() / len(value))

    if effective(left) >= EFFECTIVE:
        return left
    low, high = 0.0, left
    for _ in range(50):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if effective(middle) >= EFFECTIVE else (low, middle)
    return max(low, 1e-9)


def _resampled(weights: np.ndarray, chance: np.random.Generator) -> np.ndarray:
    """Return rows drawn in proportion to their weights, systematically."""
    places = (np.arange(len(weights)) + chance.random()) / len(weights)
    return np.minimum(np.searchsorted(np.cumsum(weights), places), len(weights) - 1)


def _moved(
    shares: np.ndarray, value: np.ndarray, likelihood: Callable[[np.ndarray], np.ndarray], low: np.ndarray,
    high: np.ndarray, free: np.ndarray, power: float, scale: float, chance: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Return particles after one Metropolis step; steps have the shape of the cloud, and are reflected at the bounds."""
    count = int(free.sum())
    shape = np.atleast_2d(np.cov(shares[:, free].T)) + 1e-10 * np.eye(count)
    root = np.linalg.cholesky(shape) * scale * 2.38 / np.sqrt(count)
    trial = shares.copy()
    trial[:, free] += chance.standard_normal((len(shares), count)) @ root.T
    width = np.where(free, high - low, 1.0)
    folded = np.mod(trial - low, 2 * width)
    trial = np.where(free, low + np.where(folded > width, 2 * width - folded, folded), low)
    there = likelihood(trial)
    accepted = np.log(chance.random(len(shares))) < power * (there - value)
    return np.where(accepted[:, None], trial, shares), np.where(accepted, there, value)
