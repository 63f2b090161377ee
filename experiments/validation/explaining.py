"""Why a figure misses: where nothing but too few runs is the reason, that is said."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from experiments.validation.finding import Check

TOO_FEW = "The interval includes “no effect”: too few runs to tell."


def explained(checks: Iterable[Check]) -> tuple[Check, ...]:
    """Return checks, those without a reason whose interval is too wide with one.

    A figure that lies beyond doubt elsewhere, and has no reason, stays without one: that is a defect for whoever reads it.
    """
    return tuple(
        replace(check, reason=TOO_FEW)
        if not check.reason and check.simulated.low <= check.null <= check.simulated.high
        else check
        for check in checks
    )
