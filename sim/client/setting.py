"""What surveyed levels set in an organisation: how satisfied people are on the first day.

The level is met in the mean over clients, with the spread of expectations between them and the bounds at 0 and 1 taken into
account: S0 = clip(clip(E + sd z) + g), and the gap g solves mean(S0) = surveyed level.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from statistics import NormalDist

import numpy as np

from sim.chain import ServiceChain
from sim.client.groups import Figure
from sim.rules.loyalty import DETRACTOR, PROMOTER

_POINTS = 4001
_DIGITS = 4


@cache
def _quantiles() -> np.ndarray:
    normal = NormalDist()
    return np.array([normal.inv_cdf((point + 0.5) / _POINTS) for point in range(_POINTS)])


def first_levels(expected: float, spread: float, gap: float) -> np.ndarray:
    """Return satisfaction on the first day at evenly spaced quantiles of expectation."""
    expectation = np.clip(expected + spread * _quantiles(), 0, 1) if spread > 0 else np.full(_POINTS, expected)
    return np.clip(expectation + gap, 0, 1)


def gap_for(share: float, expected: float, spread: float) -> float:
    """Return the satisfaction gap at which clients are, in the mean, as satisfied as surveyed."""
    return _solve(lambda gap: float(first_levels(expected, spread, gap).mean()) - share)


def share_for_net_score(score: float, expected: float, spread: float) -> float:
    """Return the mean satisfaction at which the model's net promoter score is as surveyed (-100 to 100)."""

    def difference(gap: float) -> float:
        levels = first_levels(expected, spread, gap)
        return 100 * float((levels >= PROMOTER).mean() - (levels < DETRACTOR).mean()) - score

    return float(first_levels(expected, spread, _solve(difference)).mean())


def _solve(difference: Callable[[float], float]) -> float:
    """Return where a rising function of the gap crosses zero between -1 and 1, or the end that comes nearest."""
    low, high = -1.0, 1.0
    if difference(low) >= 0:
        return low
    if difference(high) <= 0:
        return high
    for _ in range(40):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if difference(middle) < 0 else (low, middle)
    return round(0.5 * (low + high), _DIGITS)


def expectation_of(chain: ServiceChain, place: tuple[str, ...]) -> float:
    """Return what clients expect on the first day: of a link, or of a segment over its doors."""
    if len(place) == 2:
        return chain.value("expectation", *place)
    doors = [(supplier, place[0]) for supplier in chain.predecessors(place[0])]
    weights = [chain.value("requests_per_case", *door) for door in doors]
    return sum(w * chain.value("expectation", *door) for w, door in zip(weights, doors, strict=True)) / sum(weights)


def set_first_day(chain: ServiceChain, figures: Sequence[Figure]) -> ServiceChain:
    """Return a checked copy whose clients begin as satisfied as surveyed; customers alike at all doors of their segment."""
    out: ServiceChain = chain.copy()
    spread = chain.value("expectation_spread")
    for figure in figures:
        gap = gap_for(figure.share, expectation_of(chain, figure.place), spread)
        if len(figure.place) == 2:
            links = [figure.place]
        else:
            links = [(supplier, figure.place[0]) for supplier in chain.predecessors(figure.place[0])]
        for link in links:
            out.edges[link]["satisfaction_gap"] = gap
    return out.check()
