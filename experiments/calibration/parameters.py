"""What is fitted: levers of a firm, or of a part of it, and what is thought of them before any data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from experiments.sweeps.space import Factor, mean_value, parse_factor
from sim import levers
from sim.chain import ServiceChain
from sim.errors import InputError
from sim.interventions import rows_of

SAME = 1e-9


@dataclass(frozen=True)
class Parameter:
    """A lever that is fitted, whole or in a part of the firm.

    Where parts of the firm have different values, they keep their proportions: the parameter is their mean, and each part moves
    by the same factor, as far as the lever's range lets it.

    Attributes
    ----------
    factor : its range and scale. The prior is uniform over the range on that scale; nothing outside is thought possible
    places : the units, links or segments concerned; one empty tuple for the firm
    own : the value of each place in the organisation as it is
    """

    factor: Factor
    places: tuple[tuple[str, ...], ...]
    own: tuple[float, ...]

    @property
    def name(self) -> str:
        """``error_rate``, ``patience@Trade``."""
        return self.factor.name

    @property
    def lever(self) -> levers.Lever:
        """The lever."""
        return levers.BY_NAME[str(self.factor.lever)]

    @property
    def label(self) -> str:
        """The parameter in words."""
        words = self.lever.name.replace("_", " ")
        return f"{words}, {self.factor.where.replace(':', ' → ')}" if self.factor.where else words

    @property
    def differs(self) -> bool:
        """Whether its places have different values."""
        return max(self.own) - min(self.own) > SAME * max(abs(max(self.own)), abs(min(self.own)))

    @property
    def before(self) -> float:
        """Mean value in the organisation as it is."""
        return float(np.mean(self.own))

    @property
    def prior(self) -> str:
        """The prior in words."""
        scale = "log-uniform" if self.factor.scale == "log" else "uniform"
        return f"{scale}, {self.factor.low:.3g} to {self.factor.high:.3g}"

    def values(self, value: float) -> list[float]:
        """Return the value of each place when the parameter has this one."""
        if not self.differs:
            return [float(value)] * len(self.own)
        stretch = value / self.before
        moved = (float(f"{one * stretch:.9g}") for one in self.own)
        return [min(max(one, self.lever.low), self.lever.high) for one in moved]


def parameter(chain: ServiceChain, text: str, *, place: str = "--fit") -> Parameter:
    """Read a parameter as command lines write it: ``LEVER[@WHERE][=LOW..HIGH][,log]``.

    Where no range is given, it is that of `sim.levers.Lever.usual`, from half to one and a half of what the organisation has.
    """
    factor = parse_factor(chain, text, "uncertainty", place=place)
    if factor.kind == "luck" or factor.values:
        raise InputError("this cannot be fitted", place=place, value=text, allowed="LEVER[@WHERE][=LOW..HIGH][,log]",
                         hint="a parameter that is fitted needs a range")  # fmt: skip
    home = levers.BY_NAME[str(factor.lever)].home
    every: Sequence[tuple[str, ...]] = {
        "firm": [()], "unit": [(name,) for name in chain.units], "link": list(chain.links),
        "segment": [(name,) for name in chain.segments],
    }[home]  # type: ignore[assignment]  # fmt: skip
    places = tuple(every[row] for row in rows_of(chain, str(factor.lever), factor.where))
    return Parameter(factor, places, tuple(chain.value(str(factor.lever), *one) for one in places))


def usual(chain: ServiceChain, lever: str) -> Parameter | None:
    """Return a lever of the whole firm over its usual range, or None where none suggests itself."""
    try:
        one = levers.BY_NAME[lever]
        low, high = one.usual(mean_value(chain, lever, rows_of(chain, lever, None)))
        return parameter(chain, f"{lever}={low!r}..{high!r}") if low < high else None
    except InputError:
        return None


def check_apart(parameters: Sequence[Parameter]) -> None:
    """Raise `InputError` where two parameters move the same lever in the same place."""
    seen: dict[tuple[str, tuple[str, ...]], str] = {}
    for one in parameters:
        for place in one.places:
            if (key := (one.lever.name, place)) in seen:
                raise InputError(
                    "two parameters move the same lever in the same place", place="--fit", value=one.name,
                    allowed=f"one of {seen[key]} and {one.name}",
                )  # fmt: skip
            seen[key] = one.name


def applied(chain: ServiceChain, parameters: Sequence[Parameter], values: Sequence[float] | np.ndarray) -> ServiceChain:
    """Return a checked copy of a firm in which the parameters have these values."""
    out: ServiceChain = chain.copy()
    for one, value in zip(parameters, values, strict=True):
        if one.factor.where is None and not one.differs:  # said once, for the whole firm
            for bag in (out.graph, *out.nodes.values(), *out.edges.values()):
                bag.pop(one.lever.name, None)
            out.graph[one.lever.name] = float(value)
            continue
        for place, number in zip(one.places, one.values(float(value)), strict=True):
            bag = out.edges[place] if len(place) == 2 else out.nodes[place[0]] if place else out.graph
            bag[one.lever.name] = number
    return out.check()


def at(parameters: Sequence[Parameter], shares: np.ndarray) -> np.ndarray:
    """Return values (point, parameter) for shares of the prior from 0 to 1; shares that are uniform give the prior."""
    return np.column_stack([one.factor.at(shares[:, column]) for column, one in enumerate(parameters)])


def shares_before(parameters: Sequence[Parameter]) -> np.ndarray:
    """Return where in the prior the organisation as it is stands, 0 to 1; clipped where it lies outside."""
    return np.array([float(np.clip(one.factor.share(np.array(one.before)), 0, 1)) for one in parameters])
