"""What ordinary people do to working times and errors on the first day of a run, so that a fit can take it out again.

A log's figures already contain the errors of newcomers and the slowness of those who know little. The organisation file
gives base values for ordinary people; the model adds the spread around them (`sim.rules.knowledge`,
`sim.rules.motivation`, `sim.rules.weak_links`). Here the base is solved for, given the defaults of those levers.
"""

from __future__ import annotations

import functools
import math

import numpy as np

from sim import levers
from sim.rules.knowledge import ORDINARY_KNOWLEDGE
from sim.rules.motivation import ORDINARY_MOTIVATION


def _default(name: str) -> float:
    return levers.BY_NAME[name].default


@functools.cache
def _knowledge() -> tuple[np.ndarray, np.ndarray]:
    """Return values of knowledge on the first day and their weights: experienced staff and newcomers, by quadrature."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(15)
    weights = weights / weights.sum()
    new = _default("newcomer_share")
    spread = _default("knowledge_spread")
    values = np.concatenate([_default("knowledge") + spread * nodes, _default("newcomer_knowledge") + spread * nodes])
    return np.clip(values, 0, 1), np.concatenate([(1 - new) * weights, new * weights])


def usual_time_factor() -> float:
    """Return mean working time of ordinary staff, training included, as a multiple of ``hours_per_request``."""
    values, weights = _knowledge()
    factor = float(weights @ np.exp(_default("knowledge_time") * (ORDINARY_KNOWLEDGE - values)))
    return factor / (1 - _default("training"))


def base_error(wrong: float) -> float:
    """Return the base error rate at which ordinary staff answer a share ``wrong`` of requests wrongly (bisection)."""
    if wrong <= 0:
        return 0.0
    values, weights = _knowledge()
    conditions = ("tools", "environment", "communication", "growth", "belonging", "pay", "recognition")
    motivation = sum(_default(name) for name in conditions) / len(conditions)
    log_odds = _default("knowledge_errors") * (ORDINARY_KNOWLEDGE - values)
    log_odds = log_odds + _default("motivation_errors") * (ORDINARY_MOTIVATION - motivation)
    low, high = -20.0, 20.0
    for _ in range(80):
        middle = (low + high) / 2
        share = float(weights @ (1 / (1 + np.exp(-(middle + log_odds)))))
        low, high = (middle, high) if share < wrong else (low, middle)
    return min(0.99, 1 / (1 + math.exp(-high)))
