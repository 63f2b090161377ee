"""What can be worked out from figures: the algebra, and a client's survey to try it on.

Near what was answered, every figure is a linear function of the answers. The attacker knows everything but the answers:
who was asked, who rated whom, how large every group is, and how the program works. So they know how each figure moves
with each answer: the matrix J (figures × answers). Any combination w·J of its rows is a figure that they can work out,
too. If some combination depends on at least one, but on fewer people than the smallest group, that is a leak. It exists
for people S exactly if the columns of everybody else have a lower rank than all columns: rank J > rank J without S.

J is measured, not derived: every answer is moved in turn, the program is run again, and all figures it gives out are
compared. That is an attack on the program as it is, whatever its code says it does.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

SEEN = 0.003
"""Influence below which a figure does not show an answer: above what rounding to three decimals does, and below 1/50."""


@dataclass(frozen=True)
class Leak:
    """A few people whose answers can be worked out, together.

    Attributes
    ----------
    people : whose
    figures : how many figures the attacker had
    """

    people: tuple[str, ...]
    figures: int


def influence(figures: Callable[[np.ndarray], np.ndarray], answers: np.ndarray, step: float) -> np.ndarray:
    """Return how each figure moves with each answer: an array (figure, answer).

    Parameters
    ----------
    figures : from all answers to all figures given out, always as many; nan where none is shown
    answers : those in whose neighbourhood it is measured
    step : by how much an answer is moved
    """
    here = figures(answers)
    columns = []
    for one in range(len(answers)):
        moved = answers.copy()
        moved[one] += step
        columns.append((figures(moved) - here) / step)
    found = np.array(columns).reshape(len(answers), len(here)).T
    return found[~np.isnan(found).any(axis=1)]


def leaks(matrix: np.ndarray, person: Sequence[str], smallest: int, sets: Iterable[tuple[str, ...]] = ()) -> list[Leak]:
    """Return sets of fewer than ``smallest`` people that some combination of figures depends on, and on nobody else.

    Looked at are every person alone, every pair, and the sets that are given; sets of ``smallest`` or more people are left out.

    Parameters
    ----------
    matrix : (figure, answer); see `influence`
    person : whose answer each column is
    """
    everybody = sorted(set(person))
    whole = _rank(matrix)
    tried = {
        *itertools.combinations(everybody, 1),
        *itertools.combinations(everybody, 2),
        *map(tuple, map(sorted, sets)),
    }
    found = []
    for people in sorted(tried):
        if 0 < len(people) < smallest:
            others = matrix[:, [one not in people for one in person]]
            if _rank(others) < whole:
                found.append(Leak(people, len(matrix)))
    return found


def _rank(matrix: np.ndarray) -> int:
    return int(np.linalg.matrix_rank(matrix, tol=SEEN)) if matrix.size else 0
