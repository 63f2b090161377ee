"""What a published finding is here, and how a simulated figure is judged against it.

A `Finding` says what somebody found and which experiment on simulated firms corresponds to it. Its experiment gives one `Check`
for each published figure. The verdict is mechanical: nobody can talk a figure into agreement.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from sim.estimates import Estimate

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

Verdict = Literal["inside", "direction only", "outside"]
VERDICTS: tuple[Verdict, ...] = ("inside", "direction only", "outside")
Read = Literal["read", "second-hand", "computed", "given", "known"]


@dataclass(frozen=True, slots=True)
class Published:
    """A published figure, and the range in which a simulated one counts as the same.

    Attributes
    ----------
    text : the figure as published, "ρ = .34"
    low, high : the range, both ends included; infinite where only a sign was published
    basis : where the range comes from: the source's own interval, or a tolerance of ours, which is then said
    """

    text: str
    low: float
    high: float
    basis: str

    def __post_init__(self) -> None:
        if not self.low <= self.high:
            raise ValueError(f"{self.text}: the range ends ({self.high}) before it begins ({self.low})")


@dataclass(frozen=True, slots=True)
class Check:
    """One published figure beside its simulated one.

    Attributes
    ----------
    name : short, and unique among the checks of its finding
    published : what was published
    simulated : mean and 95 % interval over what is independent here (seeds, or simulated units)
    seeds : independent runs behind the figure
    units : simulated business units, customers or cases behind it, whatever ``of`` says
    of : what is counted in ``units``
    null : the value that means "no effect": 0, or 1 for a ratio; infinite for a level, which is high or low, never absent
    rises : the published effect lies above ``null``
    unit : of the figure: "ρ", "points", "%"
    digits : digits after the point that are worth showing
    sets : levers whose default comes from this figure, where there are any: agreement is then no evidence
    reason : why a figure misses, in plain words; an empty one beside a miss is a defect
    """

    name: str
    published: Published
    simulated: Estimate
    seeds: int
    units: int
    of: str = "units"
    null: float = 0.0
    rises: bool = True
    unit: str = ""
    digits: int = 2
    sets: str = ""
    reason: str = ""

    @property
    def shows_direction(self) -> bool:
        """Whether the whole interval lies on the published side of "no effect"."""
        edge = self.simulated.low if self.rises else self.simulated.high
        return edge > self.null if self.rises else edge < self.null  # nan, where there is no interval, shows nothing

    @property
    def verdict(self) -> Verdict:
        """*inside*: right side of "no effect" beyond doubt, and the mean within the published range; *direction only*:
        right side beyond doubt, another size; *outside*: the wrong side, or in doubt. A level has no side: it
        is inside or outside, and an interval wider than the published range is outside. A wide interval
        therefore never passes."""
        there = self.published.low <= self.simulated.mean <= self.published.high
        if math.isinf(self.null):
            return "inside" if there and self._is_narrow else "outside"
        if not self.shows_direction:
            return "outside"
        return "inside" if there else "direction only"

    @property
    def _is_narrow(self) -> bool:
        """Whether the interval is no wider than the range that it is held against."""
        return self.simulated.high - self.simulated.low <= self.published.high - self.published.low

    @property
    def role(self) -> Literal["checks", "sets"]:
        """Whether the figure checks the model, or a lever was set by it."""
        return "sets" if self.sets else "checks"


@dataclass(frozen=True, slots=True)
class Effort:
    """How much to compute.

    Attributes
    ----------
    share : 1 is the documented validation; experiments scale their numbers of seeds and units with it
    seed : all seeds derive from it
    threads : runs at the same time; the numbers do not depend on it
    """

    share: float = 1.0
    seed: int = 1
    threads: int = field(default_factory=lambda: os.cpu_count() or 1)

    def of(self, number: int, least: int = 3) -> int:
        """Return ``number`` scaled to the effort, never fewer than ``least``."""
        return max(least, math.ceil(number * self.share))

    def seeds(self, number: int, least: int = 3) -> range:
        """Return as many seeds as `of` says, other ones for each base seed."""
        first = self.seed * 10_000
        return range(first, first + self.of(number, least))


@dataclass(frozen=True, slots=True)
class Result:
    """What an experiment gave.

    Attributes
    ----------
    checks : one for each published figure
    tables : what lies behind them, by name; written beside the results
    draw : draws the finding's one picture, simulated beside published, on an empty figure
    note : what a reader should know beside the figures, one or two sentences
    """

    checks: Sequence[Check]
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    draw: Callable[[Figure], None] | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that was published, and the experiment that asks the model for the same.

    Attributes
    ----------
    id : stable, "V1"
    claim : one sentence
    source : full citation, with a DOI where there is one
    read : whether the figure was read in the source, is quoted by others, was computed from data, is given by the user, or is
        known because the data are simulated (a check of the tools, not of the model)
    experiment : what is simulated, so that a sceptic can follow
    run : the experiment
    """

    id: str
    claim: str
    source: str
    read: Read
    experiment: str
    run: Callable[[Effort], Result]
