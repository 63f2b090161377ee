"""The space of a sweep: what is varied, over which values, and which combinations make sense.

A *factor* is one thing that is varied. The field keeps apart what a firm can choose (**levers**), what nobody knows
(**uncertainties**), and chance itself (**luck**): Lempert, Popper & Bankes 2003, doi:10.7249/MR1626. Every sampler draws
*shares*, numbers from 0 to 1, and `Factor.at` turns them into values.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd

from experiments.sweeps.constraints import Constraint
from sim import levers, mechanisms
from sim.chain import ServiceChain
from sim.errors import InputError, did_you_mean
from sim.interventions import rows_of

Kind = Literal["lever", "uncertainty", "luck", "input"]
Scale = Literal["linear", "log"]

SEEDS = 2**31
"""Luck is one of this many seeds."""

DIGITS = 12
"""Digits to which values are rounded, so that 0.5 between 0.2 and 0.9 is the 0.5 of the organisation, to the bit."""

SAME = 1e-9
"""Two values of a list that differ by less than this share of the larger one are the same value."""

RESERVED = ("run", "point", "replicate", "seed", "key", "value", "error")
"""Columns of the table of runs that no factor may be named after."""


@dataclass(frozen=True, slots=True)
class Factor:
    """One thing that is varied.

    Attributes
    ----------
    name : column in tables: ``training``, ``training@IT``, ``rivalry@IT:Sales``, ``luck``, or any name for an ``input``
    kind : ``lever``: what the firm can choose, pulled on the day the story begins; ``uncertainty``: what nobody knows, and
        holds from the first day; ``luck``: the seed of the run, as one more thing that nobody knows; ``input``: an argument of
        a model that is not ours
    low, high : range, both ends included; where ``values`` are given, the smallest and the largest of them
    scale : whether equal shares of the range are equal differences (``linear``) or equal ratios (``log``)
    values : the only values that the factor can have, instead of all between ``low`` and ``high``; kept in rising order
    unit, meaning : in words; a lever's own where nothing is said
    """

    name: str
    kind: Kind
    low: float = math.nan
    high: float = math.nan
    scale: Scale = "linear"
    values: tuple[float, ...] = ()
    unit: str = ""
    meaning: str = ""

    def __post_init__(self) -> None:
        place = f"factor {self.name!r}"
        _choice(self.kind, get_args(Kind), f"{place}: kind")
        _choice(self.scale, get_args(Scale), f"{place}: scale")
        if not isinstance(self.name, str) or not self.name.strip() or "`" in self.name:
            raise InputError("this is no name of a factor", place=place, value=self.name,
                             allowed="a text without backticks")  # fmt: skip
        set_ = lambda field, value: object.__setattr__(self, field, value)  # noqa: E731
        set_("name", written(self.name, self.kind))
        if self.name in RESERVED:
            raise InputError("a column of the table of runs has this name already", place=place, value=self.name,
                             allowed=f"another name than {', '.join(RESERVED)}")  # fmt: skip
        if (self.name == "luck") != (self.kind == "luck"):
            raise InputError("only luck is called luck, and it is called nothing else", place=place, value=self.name,
                             allowed="luck(), the factor of that kind")  # fmt: skip
        if self.values:
            self._check_values(place, set_)
        else:
            self._check_range(place, set_)
        if self.lever is not None:
            one = levers.lever(self.lever, place=place)
            for end in self.values or (self.low, self.high):
                one.check(end, place=place)
            set_("unit", self.unit or one.unit)
            set_("meaning", self.meaning or one.meaning)

    def _check_values(self, place: str, set_: Any) -> None:
        values = sorted(_number(value, f"{place}: values") for value in self.values)
        if len(values) < 2:
            raise InputError("one value is nothing to vary", place=f"{place}: values", value=values,
                             allowed="two values or more")  # fmt: skip
        for one, other in itertools.pairwise(values):
            if other - one <= SAME * max(abs(one), abs(other)):
                raise InputError("this value stands twice", place=f"{place}: values", value=one,
                                 allowed="values that differ")  # fmt: skip
        if self.scale == "log":
            raise InputError("a list of values has no scale", place=f"{place}: scale", value=self.scale,
                             allowed="a range with a scale, or a list of values without")  # fmt: skip
        for field, value in (("values", tuple(values)), ("low", values[0]), ("high", values[-1])):
            set_(field, value)

    def _check_range(self, place: str, set_: Any) -> None:
        low, high = _number(self.low, f"{place}: from"), _number(self.high, f"{place}: to")
        if not low < high or not math.isfinite(high - low):
            raise InputError("this range is empty" if low >= high else "this range is too wide", place=place,
                             value=f"from {low:g} to {high:g}", allowed="a range whose start is below its end")  # fmt: skip
        if self.scale == "log" and low <= 0:
            raise InputError("a logarithmic scale has no place for 0 or less", place=f"{place}: from", value=low,
                             allowed="a range that starts above 0, or a linear scale")  # fmt: skip
        if self.kind == "luck" and (low, high, self.scale) != (0, SEEDS - 1, "linear"):
            raise InputError("luck has no range of its own", place=place, value=f"from {low:g} to {high:g}",
                             allowed="luck(), which covers every seed")  # fmt: skip
        set_("low", low)
        set_("high", high)

    @property
    def lever(self) -> str | None:
        """The lever that is varied, or None."""
        return self.name.partition("@")[0] if self.kind in ("lever", "uncertainty") else None

    @property
    def where(self) -> str | None:
        """The part of the firm in which it is varied, or None for the whole firm; see `sim.interventions.Intervention`."""
        return (self.name.partition("@")[2] or None) if self.kind in ("lever", "uncertainty") else None

    def at(self, share: np.ndarray) -> np.ndarray:
        """Return values for shares of the range from 0 to 1, rounded to twelve digits.

        linear: low + share (high - low); log: low (high / low)^share. A list of n values: each has an n-th of the shares.
        Luck: floor(share 2^31), whole numbers.
        """
        share = np.clip(np.asarray(share, dtype=float), 0, 1)
        if self.kind == "luck":
            return np.minimum(np.floor(share * SEEDS), SEEDS - 1).astype(np.int64)
        if self.values:
            count = len(self.values)
            # A hair is added: a third of three values must be the second one, whatever a third is in binary.
            return np.array(self.values)[np.minimum(np.floor(share * count + SAME), count - 1).astype(int)]
        if self.scale == "log":
            found = self.low * np.exp(share * (math.log(self.high) - math.log(self.low)))
            found = _significant(found) if self.high > 2 * self.low else _rounded(found, self.high - self.low)
        else:
            found = _rounded(self.low + share * (self.high - self.low), self.high - self.low)
        found = np.clip(found, self.low, self.high)
        return np.where(share == 0, self.low, np.where(share == 1, self.high, found))

    def share(self, value: np.ndarray) -> np.ndarray:
        """Return the shares at which these values lie: the way back from `at`; for a list of values, the middle of each part.

        A value that is not in the list gets the share of the nearest; one outside the range is less than 0 or more than 1.
        """
        value = np.asarray(value, dtype=float)
        if self.kind == "luck":
            return value / SEEDS
        if self.values:
            near = np.abs(value[..., None] - np.array(self.values)).argmin(axis=-1)
            return (near + 0.5) / len(self.values)
        if self.scale == "log":
            low = math.log(self.low)
            with np.errstate(divide="ignore", invalid="ignore"):
                return (np.log(value) - low) / (math.log(self.high) - low)
        return (value - self.low) / (self.high - self.low)

    def to_dict(self) -> dict[str, Any]:
        """Return the factor as JSON holds it."""
        return asdict(self) | {"values": list(self.values)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Factor:
        """Return the factor that `to_dict` wrote."""
        return cls(**{**data, "values": tuple(data.get("values", ()))})


def luck() -> Factor:
    """Return the seed of the run as a factor: what of an outcome is chance."""
    return Factor(
        "luck", "luck", 0, SEEDS - 1, unit="seed", meaning="the seed of the run: everything that is left to chance"
    )


@dataclass(frozen=True)
class Space:
    """Factors, and which combinations of their values make sense.

    Attributes
    ----------
    factors : in the order of the columns. Where two touch the same lever in the same part of the firm, as ``training`` and
        ``training@IT`` do, the later one holds there; an uncertainty gives way to a lever, which is pulled after it.
    constraints : what must hold, over names of factors: ``training + care_time <= 0.2``; see
        `experiments.sweeps.constraints.Constraint`
    """

    factors: tuple[Factor, ...]
    constraints: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "factors", tuple(self.factors))
        object.__setattr__(self, "constraints", tuple(self.constraints))
        if not self.factors:
            raise InputError("there is nothing to vary", place="factors", allowed="one factor or more")
        seen: dict[str, str] = {}
        for one in self.factors:
            spaceless = one.name.replace(" ", "") if one.where and ":" in one.where else one.name
            if spaceless in seen:
                raise InputError("this factor stands twice", place="factors", value=one.name,
                                 allowed="each lever once for each part of the firm")  # fmt: skip
            seen[spaceless] = one.name
        _ = self._rules  # read now, so that a mistake is told before anything is sampled

    @cached_property
    def _rules(self) -> tuple[Constraint, ...]:
        return tuple(
            Constraint(text, self.names, place=f"constraints[{row}]") for row, text in enumerate(self.constraints)
        )

    @property
    def names(self) -> list[str]:
        """Names of the factors, in order."""
        return [one.name for one in self.factors]

    @property
    def levers(self) -> tuple[Factor, ...]:
        """What the firm can choose."""
        return tuple(one for one in self.factors if one.kind == "lever")

    @property
    def uncertainties(self) -> tuple[Factor, ...]:
        """What nobody knows, luck left out."""
        return tuple(one for one in self.factors if one.kind == "uncertainty")

    def factor(self, name: str) -> Factor:
        """Return the factor of this name, or raise `InputError` with the nearest one."""
        for one in self.factors:
            if one.name in (name, written(name, one.kind)):
                return one
        raise InputError("there is no such factor", place="factor", value=name, allowed=", ".join(self.names),
                         hint=did_you_mean(name, self.names))  # fmt: skip

    def at(self, shares: np.ndarray) -> pd.DataFrame:
        """Return points for shares from 0 to 1; one row per point, one column per factor."""
        shares = np.asarray(shares, dtype=float)
        if shares.ndim != 2 or shares.shape[1] != len(self.factors):
            raise ValueError(f"shares of {len(self.factors)} factors are wanted, not an array of shape {shares.shape}")
        return pd.DataFrame({one.name: one.at(shares[:, column]) for column, one in enumerate(self.factors)})

    def shares(self, points: pd.DataFrame) -> np.ndarray:
        """Return the shares at which points lie: the way back from `at`."""
        return np.column_stack([one.share(points[one.name].to_numpy()) for one in self.factors])

    def allowed(self, points: pd.DataFrame) -> np.ndarray:
        """Return for each point whether every constraint holds."""
        holds = np.ones(len(points), dtype=bool)
        columns = {name: points[name].to_numpy(dtype=float) for name in self.names} if self._rules else {}
        for rule in self._rules:
            holds &= rule.holds(columns)
        return holds

    def check(self, points: pd.DataFrame, source: str = "points") -> pd.DataFrame:
        """Return a table that somebody brought, columns in order and rows counted from 0, or raise `InputError`.

        Every factor must have a column, every column must be a factor, and every value a number that the factor can have.
        Rows are counted from 1, without the header.
        """
        columns = [self._column(column, source) for column in points.columns]
        for name in self.names:
            if (times := columns.count(name)) != 1:
                raise InputError("this factor has no column" if times == 0 else "this factor has two columns", source=source,
                                 place="columns", value=name, allowed=", ".join(self.names))  # fmt: skip
        if not len(points):
            raise InputError("there is no point in this table", source=source, allowed="one row or more")
        points = points.set_axis(columns, axis="columns").reset_index(drop=True)
        return pd.DataFrame({one.name: self._checked(one, points[one.name], source) for one in self.factors})

    def _column(self, column: object, source: str) -> str:
        for one in self.factors:
            if isinstance(column, str) and one.name in (column, written(column, one.kind)):
                return one.name
        raise InputError("this column is no factor", source=source, place="columns", value=column,
                         allowed=", ".join(self.names), hint=did_you_mean(str(column), self.names))  # fmt: skip

    @staticmethod
    def _checked(one: Factor, given: pd.Series, source: str) -> np.ndarray:
        numbers = pd.to_numeric(given, errors="coerce").to_numpy(dtype=float)
        truths = given.map(lambda value: isinstance(value, (bool, np.bool_))).to_numpy(dtype=bool)
        wrong = ~np.isfinite(numbers) | truths | (numbers < one.low) | (numbers > one.high)
        allowed = f"a number from {one.low:g} to {one.high:g}"
        found = numbers
        if one.values:
            found = one.at(one.share(np.where(np.isfinite(numbers), numbers, 0)))
            wrong |= np.abs(found - numbers) > SAME * np.maximum(np.abs(found), np.abs(numbers))
            allowed = "one of " + ", ".join(f"{value:g}" for value in one.values)
        elif one.kind == "luck":
            wrong |= numbers != np.floor(numbers)
            allowed = f"a whole number from 0 to {SEEDS - 1}"
        if wrong.any():
            row = int(wrong.argmax())
            value = given.iloc[row]
            raise InputError("this factor cannot have this value", source=source, place=f"row {row + 1}, column {one.name}",
                             value=value.item() if isinstance(value, np.generic) else value, allowed=allowed)  # fmt: skip
        return found.astype(np.int64) if one.kind == "luck" else found

    def check_on(self, chain: ServiceChain, without: Iterable[str] = ()) -> Space:
        """Return this space if the chain has every part that it names, and no factor belongs to a mechanism that is off."""
        for one in self.factors:
            if one.lever is not None:
                rows_of(chain, one.lever, one.where)
                mechanisms.check_pulled([one.lever], without, place=f"factor {one.name!r}")
        return self

    def to_dict(self) -> dict[str, Any]:
        """Return the space as JSON holds it, exactly."""
        return {"factors": [one.to_dict() for one in self.factors], "constraints": list(self.constraints)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Space:
        """Return the space that `to_dict` wrote."""
        return cls(tuple(Factor.from_dict(one) for one in data["factors"]), tuple(data["constraints"]))


# --- from what people write ------------------------------------------------------------------------------------------


def written(name: str, kind: Kind) -> str:
    """Return a factor's name as columns have it: hyphens in a lever's name are underscores, spaces round ``@`` are gone."""
    name = name.strip()
    if kind not in ("lever", "uncertainty"):
        return name
    lever, at, where = name.partition("@")
    return lever.strip().replace("-", "_") + at + where.strip()


def lever_factor(
    chain: ServiceChain,
    name: str,
    low: float | None = None,
    high: float | None = None,
    *,
    kind: Literal["lever", "uncertainty"] = "lever",
    scale: Scale = "linear",
    values: Sequence[float] = (),
    place: str = "factor",
) -> Factor:
    """Return a lever of a firm as a factor, or raise `InputError`.

    Parameters
    ----------
    chain : the firm, which must have the part that the name speaks of
    name : ``training``, ``training@IT``, ``rivalry@IT:Sales``; hyphens are underscores
    low, high : range; where one is not given, that of `Lever.usual` for the mean of the lever over the parts concerned
    kind, scale, values : as in `Factor`
    place : where it was said, for errors
    """
    name = written(name, kind)
    lever, at, where = name.partition("@")
    try:
        one = levers.lever(lever, place="lever")
        if at and not where:
            raise InputError("the part of the firm is missing", place="where", value=name,
                             allowed="lever@part, or the lever alone for the whole firm")  # fmt: skip
        rows = rows_of(chain, one.name, where or None)
        if values and (low is not None or high is not None):
            raise InputError("a range and a list of values are too much", place=name, value=list(values),
                             allowed="one of the two")  # fmt: skip
        if not values and (low is None or high is None):
            usual = one.usual(mean_value(chain, one.name, rows))
            low, high = usual[0] if low is None else low, usual[1] if high is None else high
        nan = math.nan
        return Factor(name, kind, nan if low is None else low, nan if high is None else high, scale, tuple(values))
    except InputError as error:
        raise InputError(error.problem, place=f"{place}: {error.place}", value=error.value, allowed=error.allowed,
                         hint=error.hint) from None  # fmt: skip


def mean_value(chain: ServiceChain, lever: str, rows: np.ndarray) -> float:
    """Return the mean of a lever over rows of the population where it lives, as `sim.interventions.rows_of` gives them."""
    home = levers.BY_NAME[lever].home
    places: Sequence[tuple[str, ...]] = {
        "firm": [()], "unit": [(unit,) for unit in chain.units], "segment": [(name,) for name in chain.segments],
        "link": chain.links,
    }[home]  # type: ignore[assignment]  # fmt: skip
    return math.fsum(chain.value(lever, *places[row]) for row in rows) / len(rows)


_WRITTEN = "LEVER[@WHERE][=LOW..HIGH[,log]], or LEVER[@WHERE]=VALUE|VALUE|…"


def parse_factor(
    chain: ServiceChain, text: str, kind: Literal["lever", "uncertainty"] = "lever", place: str = "--lever"
) -> Factor:
    """Read a factor as command lines write it: ``NAME[@WHERE]``, then ``=LOW..HIGH`` or ``=V1|V2|V3``, then ``,log``.

    ``luck`` alone is luck.
    """
    if text.strip() == "luck":
        return luck()
    head, comma, last = text.rpartition(",")
    scale: Scale = "linear"
    if comma and last.strip() in get_args(Scale):
        text, scale = head, last.strip()  # type: ignore[assignment]
    name, equals, rest = text.rpartition("=") if "=" in text else (text, "", "")
    low = high = None
    values: list[float] = []
    try:
        if equals and ".." in rest:
            start, _, end = rest.partition("..")
            low, high = float(start), float(end)
        elif equals:
            values = [float(value) for value in rest.split("|")]
    except ValueError:
        example = "for example training@IT=0..0.1 or word-of-mouth=0.5..5,log or openness=0.2|0.8"
        raise InputError("this is no factor", place=place, value=text, allowed=_WRITTEN, hint=example) from None
    return lever_factor(chain, name, low, high, kind=kind, scale=scale, values=values, place=f"{place} {text}")


# --- numbers ---------------------------------------------------------------------------------------------------------


def _choice(value: object, known: Sequence[str], place: str) -> None:
    if value not in known:
        raise InputError("this value cannot be used", place=place, value=value, allowed=", ".join(known),
                         hint=did_you_mean(str(value), known))  # fmt: skip


def _number(value: object, place: str) -> float:
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) < 1e300:
        raise InputError("this is no number", place=place, value=value, allowed="a finite number")
    return float(value)


def _rounded(values: np.ndarray, width: float) -> np.ndarray:
    """Round to so many decimals that a range of this width has `DIGITS` of them; very wide and very narrow ones stay."""
    decimals = DIGITS - math.ceil(math.log10(width))
    return np.round(values, decimals) if -10 <= decimals <= 22 else values


def _significant(values: np.ndarray) -> np.ndarray:
    """Round positive numbers to `DIGITS` significant digits, which also hides in which bit two processors differ."""
    scale = 10.0 ** (DIGITS - 1 - np.floor(np.log10(values)))
    with np.errstate(over="ignore", invalid="ignore"):
        found = np.rint(values * scale) / scale
    return np.where(np.isfinite(found), found, values)
