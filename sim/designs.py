"""Two-level designs that move many things at once, and what each of them did.

Moving one thing at a time spends every run on one question. Where all are moved together, each up in half of the runs and
down in the other half, and every pair of them equally often in each of the four combinations, every run answers all
questions (Plackett & Burman 1946, doi:10.1093/biomet/33.4.305).

Each row of the design is run twice, once as it stands and once with every sign turned round (foldover; Box & Wilson 1951,
doi:10.1111/j.2517-6161.1951.tb00067.x), as two futures of one seed. Half of the difference between the two,

    d_i / 2 = (y(x_i) - y(-x_i)) / 2 = sum_j x_ij b_j + interactions of three, five, … + noise,

holds neither what the two futures share nor any interaction of two. With orthogonal columns the effect of j from its low to
its high value is 2 b_j = sum_i x_ij d_i / n, and the columns that nothing was assigned to show the noise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sim.estimates import CONFIDENCE, Estimate

SPARE = 24
"""Least number of columns that are left free, to show the noise: degrees of freedom of its estimate."""


def hadamard(order: int) -> np.ndarray:
    """Return a matrix of 1 and -1 with orthogonal columns, the first all 1, by Paley's construction.

    Parameters
    ----------
    order : q + 1 with a prime q that leaves 3 when divided by 4: 4, 8, 12, 20, 24, 32, 44, 48, …

    References
    ----------
    Paley 1933, doi:10.1002/sapm1933121311; the saturated designs of Plackett & Burman 1946 are mostly of this kind.
    """
    prime = order - 1
    if not is_paley(order):
        raise ValueError(f"there is no Paley matrix of order {order}")
    character = np.full(prime, -1)
    character[np.unique(np.arange(1, prime) ** 2 % prime)] = 1
    character[0] = 0
    steps = np.arange(prime)
    matrix = np.ones((order, order), dtype=int)
    matrix[1:, 1:] = character[(steps[:, None] - steps[None, :]) % prime] - np.eye(prime, dtype=int)
    return matrix


def is_paley(order: int) -> bool:
    """Tell whether `hadamard` can make a matrix of this order."""
    prime = order - 1
    return prime >= 3 and prime % 4 == 3 and all(prime % divisor for divisor in range(2, int(prime**0.5) + 1))


def order_for(things: int, least: int = 0) -> int:
    """Return the smallest order that holds so many things and leaves `SPARE` columns free, and is not below ``least``."""
    order = max(least, things + 1 + SPARE)
    while not is_paley(order):
        order += 1
    return order


def screening(things: int, seed: int, least: int = 0) -> np.ndarray:
    """Return a design: an array (rows, things) of 1 and -1 with orthogonal columns; each row is to be run with both signs.

    Which column a thing gets, which of its two values is called 1, and the order of rows are drawn at random from ``seed``.
    """
    order = order_for(things, least)
    chance = np.random.default_rng(seed)
    columns = chance.permutation(np.arange(1, order))[:things]
    signs = chance.choice([-1, 1], size=things)
    rows = chance.permutation(order)
    return np.asarray(hadamard(order)[rows][:, columns] * signs)


@dataclass(frozen=True, slots=True)
class Effects:
    """What moving each thing from its low to its high value did.

    Attributes
    ----------
    means : by thing
    error : standard error, the same for every thing
    spare : degrees of freedom behind the error
    rows : rows of the design, each with its two runs
    """

    means: np.ndarray
    error: float
    spare: int
    rows: int

    def estimate(self, things: Sequence[int] | int) -> Estimate:
        """Return the effect of one thing, or the sum of several, with Student's t interval.

        Estimates of different things are independent, since their columns are orthogonal: variances add up.
        """
        chosen = [things] if isinstance(things, (int, np.integer)) else list(things)
        mean = float(np.sum(self.means[chosen]))
        half = self._quantile() * self.error * float(np.sqrt(len(chosen)))
        return Estimate(mean, mean - half, mean + half, self.rows)

    def _quantile(self) -> float:
        from scipy import stats

        return float(stats.t.ppf(0.5 + CONFIDENCE / 2, self.spare))


def effects(design: np.ndarray, differences: np.ndarray) -> Effects:
    """Return the effects that a design shows.

    Parameters
    ----------
    design : an array (rows, things) as `screening` returns it
    differences : by row, the response with the signs as they stand less that with the signs turned round
    """
    rows, things = design.shape
    means = np.array([float(np.sum(design[:, thing] * differences)) for thing in range(things)]) / rows
    rest = differences - sum((design[:, thing] * means[thing] for thing in range(things)), np.zeros(rows))
    spare = rows - things
    return Effects(means, float(np.sqrt(np.sum(rest**2) / spare / rows)), spare, rows)
