"""One story of a firm as a function of numbers: what EMA Workbench, SALib, scipy and most other tools want to be given."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sim import levers, measures, organisation
from sim.chain import ServiceChain
from sim.errors import InputError
from sim.interventions import Intervention, rows_of
from sim.model import ServiceModel
from sim.scenario import Setting, settled

OVER_TIME = "_over_time"
"""What the name of a measure ends in where it is meant day by day."""


@dataclass(frozen=True, slots=True)
class Story:
    """A firm that warms up, then pulls levers; called with values and a seed, it returns every measure.

    It pickles, so that tools with several processes can use it. The same numbers come out as from `ServiceModel` itself.

    Attributes
    ----------
    chain : the organisation: a chain, the path of its file, or the name of a bundled one
    levers : what the firm chooses: pulled on the day after the warm-up; ``name`` or ``name@where``
    uncertainties : what nobody knows: holds from the first day
    warm_up, days : working days before the levers are pulled, and after; figures are taken over the last quarter of ``days``
    """

    chain: ServiceChain | str
    levers: tuple[str, ...] = ()
    uncertainties: tuple[str, ...] = ()
    warm_up: int = 250
    days: int = 250

    def __post_init__(self) -> None:
        chain = organisation.load(self.chain)
        object.__setattr__(self, "chain", chain)
        for name in (*self.levers, *self.uncertainties):
            lever, where = parts(name)
            rows_of(chain, lever, where)
        if twice := {*self.levers} & {*self.uncertainties}:
            raise InputError("this is both chosen and unknown", place="levers, uncertainties", value=sorted(twice))
        for field, least in (("warm_up", 0), ("days", 1)):
            if getattr(self, field) < least:
                raise InputError(
                    f"too few {field}", place=field, value=getattr(self, field), allowed=f"{least} or more"
                )

    def __call__(self, seed: int = 1, **values: float) -> dict[str, Any]:
        """Return every measure over the window, and day by day after the change under ``<measure>_over_time``.

        Values come under their names; where a name is no Python identifier (``training@IT``), also with ``_`` in place of
        what is not allowed there (`identifier`). A lever or uncertainty without a value, or with nan, stays as described.
        """
        settings, pulled = self.read(values)
        firm = settled(organisation.load(self.chain), settings)
        with ServiceModel(firm, seed=int(seed), interventions=pulled).run(self.warm_up + self.days) as model:
            arrays = measures.daily_arrays(model)
        end = self.warm_up + self.days
        over_time = {f"{one.name}{OVER_TIME}": arrays[one.name][self.warm_up :] for one in measures.MEASURES}
        return measures.over_window(arrays, end - max(1, self.days // 4), end) | over_time

    def read(self, values: Mapping[str, float]) -> tuple[list[Setting], list[Intervention]]:
        """Return what holds from the first day and what is pulled; `InputError` where a name or a value cannot be."""
        given = {identifier(name): float(value) for name, value in values.items()}
        unknown = given.keys() - {identifier(name) for name in (*self.levers, *self.uncertainties)}
        if unknown:
            raise InputError(
                "this story does not vary that", place="values", value=sorted(unknown),
                allowed=", ".join((*self.levers, *self.uncertainties)) or "nothing",
            )  # fmt: skip
        settings = [Setting(lever, value, where) for lever, where, value in chosen(self.uncertainties, given)]
        pulled = [
            Intervention(lever, value, where, start=self.warm_up) for lever, where, value in chosen(self.levers, given)
        ]
        return settings, pulled


def parts(name: str) -> tuple[str, str | None]:
    """Return the lever and the place of ``lever`` or ``lever@place``."""
    lever, _, where = name.partition("@")
    return levers.lever(lever).name, where or None


def chosen(names: Sequence[str], given: Mapping[str, float]) -> list[tuple[str, str | None, float]]:
    """Return lever, place and value of those names that were given a value; nan is none."""
    found = ((*parts(name), given.get(identifier(name), math.nan)) for name in names)
    return [one for one in found if not math.isnan(one[2])]


def identifier(name: str) -> str:
    """Return a name that tools accept which ask for Python identifiers: ``training@IT`` becomes ``training_IT``."""
    return "".join(letter if letter.isalnum() else "_" for letter in name)


def parse_range(text: str, *, place: str) -> tuple[str, float, float]:
    """Read ``NAME[@WHERE]=LOW..HIGH``; without a range, the lever's whole allowed range is meant."""
    name, equals, span = text.partition("=")
    lever, where = parts(name.strip())
    one = levers.lever(lever)
    low, high = one.low, one.high
    if equals:
        try:
            low, high = (float(number) for number in span.split(".."))
        except ValueError:
            raise InputError("this is no range", place=place, value=text, allowed="NAME[@WHERE]=LOW..HIGH") from None
    for number in (low, high):
        one.check(number, place=place)
    if low >= high:
        raise InputError("this range is empty", place=place, value=text, allowed="LOW below HIGH")
    return f"{lever}@{where}" if where else lever, low, high
