"""What findings about simulated business units have in common: how they are described, and how a figure is judged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pandas as pd

from experiments.validation import population
from experiments.validation.finding import Check, Effort, Finding, Published, Read, Result
from sim.estimates import Estimate

TOLERANCE = "half to one and a half times the figure; no interval at hand: our tolerance"
SIGN = "sign only"
COMMON = (
    f"{population.NUMBER} copies of each bundled organisation, each a business unit, differ in {len(population.VARY)} levers "
    "drawn independently, in people and in luck; one year after one year of warm-up; correlations within organisations, pooled "
    "by Fisher's z."
)


def around(figure: float, text: str) -> Published:
    """Return a published figure with the range from half to one and a half times of it, which never passes 1."""
    low, high = sorted((0.5 * figure, min(1.0, max(-1.0, 1.5 * figure))))
    return Published(text, low, high, TOLERANCE)


def checked(
    name: str, published: Published, simulated: Estimate, frame: pd.DataFrame, reason: str, rises: bool = True,
    unit: str = "ρ", sets: str = "",
) -> Check:  # fmt: skip
    """Return a check; where its interval leaves the direction open, the reason says so first."""
    check = Check(name, published, simulated, seeds=len(frame), units=simulated.runs, rises=rises, unit=unit, sets=sets)
    if check.verdict == "inside":
        return check
    doubt = "" if check.shows_direction else f"With {simulated.runs} units the interval does not exclude no effect. "
    return replace(check, reason=doubt + reason)


def finding(id: str, claim: str, source: str, read: Read, experiment: str, run: Callable[[Effort], Result]) -> Finding:
    """Return a finding whose experiment is described by what all have in common, and what is its own."""
    return Finding(id, claim, source, read, f"{COMMON} {experiment}", run)
