"""F2: levers that are pulled on given days, on the whole firm or a part of it.

An intervention moves a lever toward a value from day ``start``, over ``ramp`` days, until day ``end``. Outside those days
the lever has the value of the organisation, so that an intervention to the value that is there already changes no number.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from sim import levers
from sim.chain import ServiceChain
from sim.errors import InputError, did_you_mean
from sim.state import State


@dataclass(frozen=True, slots=True)
class Intervention:
    """Pull one lever.

    Attributes
    ----------
    lever : name of the lever
    to : the value it moves to
    where : None for the whole firm; the name of a department or contractor, of a segment, or ``supplier:client`` for a
        link. A lever of links, given a unit, is pulled on every link by which that unit serves; given a segment, on every
        link that serves it.
    start : first day on which it works, counted from 0
    ramp : days until it works in full; 0 at once
    end : day from which it no longer works; None for never
    """

    lever: str
    to: float
    where: str | None = None
    start: int = 0
    ramp: int = 0
    end: int | None = None

    def __post_init__(self) -> None:
        one = levers.lever(self.lever, place="intervention.lever")
        object.__setattr__(self, "lever", one.name)
        object.__setattr__(self, "to", one.check(self.to, place=f"intervention on {one.name}: to"))
        for name in ("start", "ramp"):
            if getattr(self, name) < 0:
                raise InputError(
                    "an intervention cannot work backward in time",
                    place=f"intervention on {one.name}: {name}",
                    value=getattr(self, name),
                    allowed="0 or more days",
                )
        if self.end is not None and self.end <= self.start:
            raise InputError(
                "this intervention ends before it starts",
                place=f"intervention on {one.name}: end",
                value=self.end,
                allowed=f"a day after {self.start}, or nothing",
            )

    def strength(self, day: int) -> float:
        """Return how far the intervention works on ``day``, from 0 to 1; the ramp is straight."""
        if day < self.start or (self.end is not None and day >= self.end):
            return 0.0
        return 1.0 if self.ramp == 0 else min(1.0, (day - self.start + 1) / self.ramp)

    def changes_after(self, day: int) -> int | None:
        """Return the first day after ``day`` on which the strength may be another; None when it stays."""
        days = {self.start, *([] if self.end is None else [self.end])}
        if self.ramp and self.start <= day < self.start + self.ramp:
            days.add(day + 1)
        return min((one for one in days if one > day), default=None)


def rows_of(chain: ServiceChain, lever_name: str, where: str | None) -> np.ndarray:
    """Return the rows, in the population where the lever lives, that a part of the firm selects."""
    one = levers.lever(lever_name)
    units, segments, edges = chain.units, chain.segments, chain.links
    count = {"firm": 1, "unit": len(units), "segment": len(segments), "link": len(edges)}[one.home]
    if where is None:
        return np.arange(count)
    found: list[int] = []
    if ":" in where and where not in chain:
        said = where.replace(" ", "")
        named = [edge for edge in edges if ":".join(edge).replace(" ", "") == said]  # names may hold colons, too
        if not named:
            known = [f"{supplier}:{client}" for supplier, client in edges]
            raise InputError(
                "there is no such link",
                place="where",
                value=where,
                allowed="supplier:client of a link in the chain",
                hint=did_you_mean(where, known),
            )
        exact = [edge for edge in named if ":".join(edge) == where]
        found = [edges.index((exact or named)[0])] if one.home == "link" else []
    elif where not in chain:
        raise InputError(
            "there is no such part of the firm",
            place="where",
            value=where,
            allowed="a department, contractor or segment, or supplier:client for a link",
            hint=did_you_mean(where, [*units, *segments]),
        )
    elif one.home == "link":
        found = [
            row
            for row, (supplier, client) in enumerate(edges)
            if where == supplier or (where == client and where in segments)
        ]
    elif one.home == "unit" and where in units:
        found = [units.index(where)]
    elif one.home == "segment" and where in segments:
        found = [segments.index(where)]
    if not found:
        raise InputError(
            f"{one.name} cannot be set there",
            place="where",
            value=where,
            allowed=_WHERE[one.home],
        )
    return np.array(found)


_WHERE = {
    "firm": "nothing: this lever belongs to the firm as a whole",
    "unit": "a department or contractor, or nothing for all",
    "segment": "a customer segment, or nothing for all",
    "link": "supplier:client, a unit that serves somebody, a segment, or nothing for all",
}


class Schedule:
    """The interventions of a run: what each touched lever is worth on each day."""

    def __init__(self, chain: ServiceChain, state: State, interventions: Iterable[Intervention] = ()) -> None:
        self.interventions: Sequence[Intervention] = tuple(interventions)
        self._rows = [rows_of(chain, one.lever, one.where) for one in self.interventions]
        self._base = {one.lever: _column(state, one.lever).copy() for one in self.interventions}
        self._strengths: tuple[float, ...] | None = None

    def apply(self, state: State, day: int) -> None:
        """Set the levers for ``day``; where several touch the same row, they work one after the other."""
        strengths = tuple(one.strength(day) for one in self.interventions)
        if strengths == self._strengths:
            return
        self._strengths = strengths
        values = {name: base.copy() for name, base in self._base.items()}
        for one, rows, strength in zip(self.interventions, self._rows, strengths, strict=True):
            value = values[one.lever]
            if strength == 1.0:
                value[rows] = one.to
            elif strength > 0.0:
                value[rows] += strength * (one.to - value[rows])
        for name, value in values.items():
            _column(state, name)[:] = value

    def changes_after(self, day: int) -> int | None:
        """Return the first day after ``day`` on which a lever may change; None when none will."""
        days = [one.changes_after(day) for one in self.interventions]
        return min((one for one in days if one is not None), default=None)

    def restore(self, state: State) -> None:
        """Put every touched lever back to the value of the organisation."""
        for name, base in self._base.items():
            _column(state, name)[:] = base
        self._strengths = None


def _column(state: State, lever_name: str) -> np.ndarray:
    column: np.ndarray = getattr(state, levers.BY_NAME[lever_name].home)[lever_name]
    return column


def parse(text: str, *, place: str = "--set") -> Intervention:
    """Read ``lever=value[@where][,start=…][,ramp=…][,end=…]`` as command lines write it."""
    head, *options = text.split(",")
    name, equals, rest = head.partition("=")
    value, _, where = rest.partition("@")
    days: dict[str, int] = {}
    try:
        if not equals:
            raise ValueError
        for option in options:
            key, _, number = option.partition("=")
            if key.strip() not in ("start", "ramp", "end"):
                raise ValueError
            days[key.strip()] = int(number)
        to = float(value)
        if not math.isfinite(to):
            raise ValueError
    except ValueError:
        raise InputError(
            "this is no intervention",
            place=place,
            value=text,
            allowed="lever=value, then if need be @where and ,start=DAY ,ramp=DAYS ,end=DAY",
            hint="for example: training=0.1@Sales,start=250,ramp=60",
        ) from None
    return Intervention(name.strip(), to, where.strip() or None, **days)
