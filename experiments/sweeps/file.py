"""Sweep files: what is varied, by which design, in which firm, for how long; in TOML, as docs/sweep_file.md describes it."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Literal

import pandas as pd
import pydantic
from pydantic import BaseModel, ConfigDict, Field

from experiments.sweeps.design import Design, read_points
from experiments.sweeps.simulate import output
from experiments.sweeps.space import Factor, Space, lever_factor, luck
from sim import levers, mechanisms, mistakes, organisation
from sim.chain import ServiceChain
from sim.errors import InputError, did_you_mean
from sim.scenario import MOST_DAYS, MOST_RUNS, Setting, settled

Seeds = Literal["common", "independent"]

ALLOWED = "a sweep file, as docs/sweep_file.md describes it"
_ORGANISATION = "the name of a bundled organisation, the path of a file, or a table with a whole organisation file"


@dataclass(frozen=True, slots=True, eq=False)
class Sweep:
    """All that a sweep needs: with the same version of the program it gives the same numbers again.

    Attributes
    ----------
    chain : the firm as described
    space, design : what is varied, and which points of it are run
    warm_up, days : working days before the story begins, when levers are pulled, and after
    window : the last days over which figures are taken; a quarter of ``days`` where nothing is said
    seed : of the first replicate
    replicates : runs of every point
    seeds : ``common``: replicate r of every point has the same random numbers; ``independent``: every run its own
    without : ids of mechanisms that are left out
    outputs : measures that are kept; empty means all
    series_measures, series_every : measures that are kept over time, and every how many days; empty means none
    """

    chain: ServiceChain
    space: Space
    design: Design
    warm_up: int = 250
    days: int = 250
    window: int | None = None
    seed: int = 1
    replicates: int = 1
    seeds: Seeds = "common"
    without: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    series_measures: tuple[str, ...] = ()
    series_every: int = 1
    _firm: ServiceChain = field(init=False, repr=False)

    def __post_init__(self) -> None:
        set_ = lambda name, value: object.__setattr__(self, name, value)  # noqa: E731
        for name, least, most in (
            ("warm_up", 0, MOST_DAYS), ("days", 4, MOST_DAYS), ("seed", 0, 2**63 - 1), ("replicates", 1, MOST_RUNS),
        ):  # fmt: skip
            _whole(getattr(self, name), least, most, name)
        if self.window is None:
            set_("window", max(1, self.days // 4))
        _whole(self.window, 1, self.days, "window")
        _whole(self.series_every, 1, self.days, "series.every")
        if self.seeds not in ("common", "independent"):
            raise InputError("this value cannot be used", place="seeds", value=self.seeds, allowed="common, independent",
                             hint=did_you_mean(str(self.seeds), ("common", "independent")))  # fmt: skip
        for name, place in (("outputs", "outputs"), ("series_measures", "series.measures")):
            set_(name, _known_measures(getattr(self, name), place))
        if not self.series_measures:
            set_("series_every", 1)  # of nothing there is no "every how many days"
        set_("without", tuple(mechanisms.switchable(self.without, place="without")))
        # Written and read: a firm that leaves defaults unsaid is the one that says them, whose file this sweep's may hold.
        set_("chain", organisation.parse(organisation.dump(self.chain)))
        set_("_firm", mechanisms.without(self.chain, self.without))
        self.space.check_on(self._firm, self.without)
        _check_ends(self._firm, self.space)
        if self.design.points is not None:  # columns in order, so that a sweep written and read is the same
            set_("design", replace(self.design, points=self.space.check(self.design.points)))
        self.design.count(self.space)  # which refuses what no design can do

    @property
    def firm(self) -> ServiceChain:
        """The organisation without the mechanisms that are left out."""
        return self._firm

    # --- writing it down -------------------------------------------------------------------------------------------------

    def to_dict(self) -> dict[str, Any]:
        """Return the sweep whole, the organisation included, as JSON holds it."""
        return {
            "organisation": self.chain.to_node_link(),
            "space": self.space.to_dict(),
            "design": self.design.to_dict(),
            **{name: _plain(getattr(self, name)) for name in _PLAIN},
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Sweep:
        """Return the sweep that `to_dict` wrote."""
        lists = {name: tuple(data[name]) for name in _PLAIN if isinstance(data[name], list)}
        return cls(
            ServiceChain.from_node_link(data["organisation"]),
            Space.from_dict(data["space"]),
            Design.from_dict(data["design"]),
            **{name: data[name] for name in _PLAIN} | lists,
        )

    def to_toml(self) -> str:
        """Return the sweep file, the organisation and a table of points included; `parse` gives the same sweep back."""
        import tomlkit

        factors = self.space.factors
        order = [("lever", "uncertainty", "luck", "input").index(one.kind) for one in factors]
        if order != sorted(order) or "input" in [one.kind for one in factors]:
            raise InputError("these factors cannot stand in a sweep file", place="factors", value=self.space.names,
                             allowed="levers first, then uncertainties, then luck, and no other kind")  # fmt: skip
        document = tomlkit.document()
        document["format"] = 1
        for name in ("warm_up", "days", "window", "seed", "replicates", "seeds", "without", "outputs"):
            if (value := _plain(getattr(self, name))) != []:
                document[name] = value
        if self.space.constraints:
            document["constraints"] = list(self.space.constraints)
        if any(one.kind == "luck" for one in factors):
            document["luck"] = True
        if self.series_measures:
            document["series"] = {"measures": list(self.series_measures), "every": self.series_every}
        document["design"] = _design_entry(self.design)
        for table, kind in (("levers", "lever"), ("uncertainties", "uncertainty")):
            entries = [_factor_entry(one) for one in factors if one.kind == kind]
            if entries:
                tables = tomlkit.aot()
                for entry in entries:
                    tables.append(tomlkit.item(entry))
                document[table] = tables
        document["organisation"] = tomlkit.parse(organisation.dump(self.chain))
        return tomlkit.dumps(document)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sweep) and self.to_dict() == other.to_dict()

    def __hash__(self) -> int:
        return hash(json.dumps(self.to_dict(), sort_keys=True))


_PLAIN = (
    "warm_up", "days", "window", "seed", "replicates", "seeds", "without", "outputs", "series_measures", "series_every",
)  # fmt: skip


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _whole(value: object, least: int, most: int, place: str) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise InputError("this value cannot be used", place=place, value=value,
                         allowed=f"a whole number from {least:,} to {most:,}")  # fmt: skip


def _known_measures(names: tuple[str, ...], place: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(output(str(name), place=place) for name in names))


WHO_ASKS_WHOM = ("requests_per_case", "passed_on", "requests_per_hire", "needs_per_year")
"""Levers that decide whether a firm is possible; with all others, any allowed value will do."""


def _check_ends(firm: ServiceChain, space: Space) -> None:
    """Raise `InputError` where an end of an uncertainty alone makes the firm impossible, as requests without end do.

    Levers are pulled on a firm that is there, and need no such check. Combinations are not tried: there may be too many.
    """
    for one in (one for one in space.uncertainties if one.lever in WHO_ASKS_WHOM):
        for end in (one.low, one.high):
            try:
                settled(firm, [Setting(str(one.lever), end, one.where)])
            except InputError as error:
                raise InputError(f"with {one.name} at {end:g}, {error.problem}", place=f"factor {one.name!r}: {error.place}",
                                 value=error.value, allowed=error.allowed,
                                 hint="narrow the range of this uncertainty") from None  # fmt: skip


def _factor_entry(one: Factor) -> dict[str, Any]:
    entry: dict[str, Any] = {"lever": one.lever}
    if one.where is not None:
        entry["where"] = one.where
    if one.values:
        entry["values"] = list(one.values)
    else:
        entry |= {"from": one.low, "to": one.high} | ({"scale": one.scale} if one.scale != "linear" else {})
    own = levers.BY_NAME[str(one.lever)]
    return entry | {
        name: getattr(one, name) for name in ("unit", "meaning") if getattr(one, name) != getattr(own, name)
    }


def _design_entry(design: Design) -> dict[str, Any]:
    """Return what a design says, without what goes without saying."""
    said, usual = design.to_dict(), {field.name: field.default for field in fields(Design)}
    return {name: value for name, value in said.items() if name == "method" or value != usual[name]}


# --- reading ---------------------------------------------------------------------------------------------------------


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _Factor(_Table):
    lever: str
    where: str | None = None
    low: float | None = Field(None, alias="from")
    high: float | None = Field(None, alias="to")
    values: list[float] = Field(default_factory=list)
    scale: str = "linear"
    unit: str = ""
    meaning: str = ""


class _Design(_Table):
    method: str
    samples: int = 0
    seed: int = 1
    levels: Any = None
    second_order: bool = True
    optimal_trajectories: int | None = None
    points: Any = None


class _Series(_Table):
    measures: list[str]
    every: int = 1


class _File(_Table):
    design: _Design
    warm_up: int = 250
    days: int = 250
    window: int | None = None
    seed: int = 1
    replicates: int = 1
    seeds: str = "common"
    without: list[str] = Field(default_factory=list)
    outputs: list[str] = Field(default_factory=list)
    constraints: list[str] = Field(default_factory=list)
    luck: bool = False
    levers: list[_Factor] = Field(default_factory=list)
    uncertainties: list[_Factor] = Field(default_factory=list)
    series: _Series | None = None


_TABLES: dict[str, type[_Table]] = {"levers": _Factor, "uncertainties": _Factor, "design": _Design, "series": _Series}


def read(path: str | Path) -> Sweep:
    """Return the sweep of a file; files that it names by a path are looked for beside it."""
    path = Path(path)
    return parse(organisation.read_text(path), source=str(path), folder=path.parent)


def parse(text: str, source: str = "sweep", folder: Path = Path(".")) -> Sweep:
    """Return the sweep that a TOML text describes, or raise `InputError` that says where it is wrong."""
    try:
        document = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError("this is not TOML", source=source, value=str(error), allowed=ALLOWED) from None
    if document.pop("format", None) != 1:
        raise InputError("this file does not say its format", source=source, place="format", allowed="format = 1")
    if "organisation" not in document:
        for key in document.keys() - _keys(_File):
            if did_you_mean(key, ["organisation"]):
                raise mistakes.unknown_key(key, key, _keys(_File), source)
        raise InputError("something is missing here", source=source, place="organisation", allowed=_ORGANISATION)
    of = document.pop("organisation")
    try:
        file = _File.model_validate(document)
    except pydantic.ValidationError as error:
        raise _mistake(error, source) from None
    try:
        return _build(file, _organisation(of, source, folder), folder)
    except InputError as error:
        raise error.located(source) from None


def _organisation(of: object, source: str, folder: Path) -> ServiceChain:
    """Return the organisation that a sweep file names or holds."""
    if isinstance(of, dict):
        import tomlkit

        return organisation.parse(tomlkit.dumps(of), source=f"{source}: organisation")
    if not isinstance(of, str) or not of:
        raise InputError("this is no organisation", place="organisation", value=of, allowed=_ORGANISATION)
    return organisation.beside(folder, of)


def _build(file: _File, chain: ServiceChain, folder: Path) -> Sweep:
    off = mechanisms.switchable(file.without, place="without")
    factors = [
        _factor(entry, chain, off, kind, f"{table}[{row}]")
        for table, kind, entries in (
            ("levers", "lever", file.levers),
            ("uncertainties", "uncertainty", file.uncertainties),
        )
        for row, entry in enumerate(entries)
    ]
    if file.luck:
        factors.append(luck())
    if not factors:
        raise InputError("there is nothing to vary", place="levers, uncertainties, luck",
                         allowed="a table headed [[levers]] or [[uncertainties]], or luck = true")  # fmt: skip
    space = Space(tuple(factors), tuple(file.constraints))
    return Sweep(
        chain, space, _design(file.design, space, folder),
        **{name: getattr(file, name) for name in ("warm_up", "days", "window", "seed", "replicates")},
        seeds=file.seeds,  # type: ignore[arg-type]  # Sweep checks it
        without=tuple(off), outputs=tuple(file.outputs),
        series_measures=tuple(file.series.measures) if file.series else (),
        series_every=file.series.every if file.series else 1,
    )  # fmt: skip


def _factor(entry: _Factor, chain: ServiceChain, off: list[str], kind: Any, place: str) -> Factor:
    mechanisms.check_pulled([entry.lever.partition("@")[0].strip()], off, place=place)
    found = lever_factor(
        chain, entry.lever if entry.where is None else f"{entry.lever}@{entry.where}", entry.low, entry.high,
        kind=kind, scale=entry.scale, values=entry.values, place=place,  # type: ignore[arg-type]  # Factor checks it
    )  # fmt: skip
    return replace(found, unit=entry.unit or found.unit, meaning=entry.meaning or found.meaning)


def _design(entry: _Design, space: Space, folder: Path) -> Design:
    said = entry.model_dump(exclude={"points", "levels"}, exclude_unset=True)
    if entry.levels is not None:
        said["levels"] = entry.levels
    if entry.points is None:
        return Design(**said)
    if isinstance(entry.points, str) and entry.points:
        path = folder / entry.points
        return Design(**said, points=space.check(read_points(path), source=str(path)))
    columns = entry.points
    if not isinstance(columns, dict) or not all(isinstance(column, list) for column in columns.values()):
        raise InputError("this is no table of points", place="design.points", value=columns,
                         allowed="the path of a .csv or .parquet file, or a table with a list for each factor")  # fmt: skip
    lengths = {name: len(column) for name, column in columns.items()}
    if len(set(lengths.values())) > 1:
        raise InputError("these lists are not of one length", place="design.points", value=lengths,
                         allowed="as many values for each factor")  # fmt: skip
    return Design(**said, points=space.check(pd.DataFrame(columns), source="design.points"))


def _mistake(error: pydantic.ValidationError, source: str) -> InputError:
    """Turn pydantic's first complaint into ours."""

    def keys(place: mistakes.Location) -> list[str]:
        return _keys(_File if len(place) == 1 else _TABLES[str(place[0])])

    return mistakes.in_tables(error, source, keys, ("levers", "uncertainties"), ("design", "series"))


def _keys(table: type[_Table]) -> list[str]:
    names = [one.alias or name for name, one in table.model_fields.items()]
    return ["format", "organisation", *names] if table is _File else names
