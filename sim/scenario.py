"""A scenario: an organisation, what is different in it, what is changed on which day, and how long and how often it is run.

A scenario holds all that a result needs: with the same version of the program it gives the same numbers again. Days of
interventions count from the end of the warm-up, which is the day on which the story begins.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pydantic
from pydantic import BaseModel, ConfigDict, Field

from sim import levers, mechanisms, mistakes, organisation, structure
from sim.chain import ServiceChain
from sim.errors import InputError, did_you_mean
from sim.interventions import Intervention, rows_of

MOST_DAYS = 100_000
MOST_RUNS = 100_000


@dataclass(frozen=True, slots=True)
class Setting:
    """A lever that has another value from the first day on: part of how the firm is, not something that happens to it.

    Attributes
    ----------
    lever, to, where : as in `sim.interventions.Intervention`
    """

    lever: str
    to: float
    where: str | None = None

    def __post_init__(self) -> None:
        one = levers.lever(self.lever, place="setting.lever")
        object.__setattr__(self, "lever", one.name)
        object.__setattr__(self, "to", one.check(self.to, place=f"setting of {one.name}: to"))


@dataclass(frozen=True, slots=True, eq=False)
class Scenario:
    """One version of a firm and of what happens to it.

    Attributes
    ----------
    name : a few words, unlike those of the scenarios that it is compared with
    organisation : the firm as described; a chain, the path of a file, or the name of a bundled organisation
    question : what running it should answer, in a sentence
    story : more about it, for the report
    levers : levers that differ from the description from the first day on
    without : ids of mechanisms that are left out
    interventions : levers that are pulled; their days count from the end of the warm-up
    warm_up, days : working days before the story begins, and of the story
    runs, seed : how many runs, and the seed of the first; the others are ``seed`` + 1, ``seed`` + 2, …
    """

    name: str
    organisation: ServiceChain
    question: str = ""
    story: str = ""
    levers: tuple[Setting, ...] = ()
    without: tuple[str, ...] = ()
    interventions: tuple[Intervention, ...] = ()
    warm_up: int = 250
    days: int = 250
    runs: int = 20
    seed: int = 1
    _firm: ServiceChain = field(init=False, repr=False)

    def __post_init__(self) -> None:
        structure.check_name(self.name, "scenario: name")
        for name, least, most in (
            ("warm_up", 0, MOST_DAYS), ("days", 4, MOST_DAYS), ("runs", 1, MOST_RUNS), ("seed", 0, 2**63),
        ):  # fmt: skip
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
                raise InputError(
                    "this value cannot be used",
                    place=f"scenario {self.name!r}: {name}",
                    value=value,
                    allowed=f"a whole number from {least:,} to {most:,}",
                )
        object.__setattr__(self, "organisation", organisation.load(self.organisation).copy())
        object.__setattr__(self, "levers", tuple(self.levers))
        object.__setattr__(self, "interventions", tuple(self.interventions))
        object.__setattr__(self, "without", tuple(mechanisms.switchable(self.without, place="scenario: without")))
        pulled = [*(one.lever for one in self.levers), *(one.lever for one in self.interventions)]
        mechanisms.check_pulled(pulled, self.without, place=f"scenario {self.name!r}")
        object.__setattr__(self, "_firm", settled(mechanisms.without(self.organisation, self.without), self.levers))
        for one in self.interventions:
            rows_of(self._firm, one.lever, one.where)

    @property
    def firm(self) -> ServiceChain:
        """The organisation with this scenario's levers, and without the mechanisms that it leaves out."""
        return self._firm

    def scheduled(self) -> list[Intervention]:
        """Return the interventions with their days counted from the first day of the warm-up, as the model counts them."""
        return [
            replace(one, start=one.start + self.warm_up, end=None if one.end is None else one.end + self.warm_up)
            for one in self.interventions
        ]

    def what_if(
        self, name: str, *changes: Intervention | Setting, story: str = "", question: str | None = None
    ) -> Scenario:
        """Return a scenario like this one, with another name and further changes."""
        return replace(
            self,
            name=name,
            story=story,
            question=self.question if question is None else question,
            levers=(*self.levers, *(one for one in changes if isinstance(one, Setting))),
            interventions=(*self.interventions, *(one for one in changes if isinstance(one, Intervention))),
        )

    def lasting(self, **values: int | None) -> Scenario:
        """Return this scenario with another ``warm_up``, ``days``, ``runs`` or ``seed``; None leaves one as it is."""
        return replace(self, **{name: value for name, value in values.items() if value is not None})  # type: ignore[arg-type]

    # --- writing it down ---------------------------------------------------------------------------------------------

    def to_dict(self) -> dict[str, Any]:
        """Return the scenario whole, the organisation included, as JSON and manifests hold it."""
        return {
            "name": self.name,
            "question": self.question,
            "story": self.story,
            "organisation": self.organisation.to_node_link(),
            "without": list(self.without),
            "levers": [_given(one) for one in self.levers],
            "interventions": [_given(one) for one in self.interventions],
            "warm_up": self.warm_up,
            "days": self.days,
            "runs": self.runs,
            "seed": self.seed,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], *, source: str = "scenario") -> Scenario:
        """Return the scenario that `to_dict` wrote."""
        try:
            chain = ServiceChain.from_node_link(data["organisation"])
            entries = {name: value for name, value in data.items() if name != "organisation"}
            return _build(_File.model_validate(entries), chain)
        except InputError as error:
            raise error.located(source) from None
        except (KeyError, TypeError) as error:
            raise InputError("this is no scenario", source=source, value=str(error), allowed=_ALLOWED) from None
        except pydantic.ValidationError as error:
            raise _mistake(error, source) from None

    def to_toml(self) -> str:
        """Return the scenario file, the organisation included; `parse` gives the same scenario back."""
        import tomlkit

        content = self.to_dict()
        del content["organisation"]
        document = tomlkit.document()
        document["format"] = 1
        for name, value in content.items():
            if name not in ("levers", "interventions") and value not in ("", []):
                document[name] = value
        for name in ("levers", "interventions"):
            if content[name]:
                tables = tomlkit.aot()
                for entry in content[name]:
                    tables.append(tomlkit.item(entry))
                document[name] = tables
        document["organisation"] = tomlkit.parse(organisation.dump(self.organisation))
        return tomlkit.dumps(document)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Scenario) and self.to_dict() == other.to_dict()

    def __hash__(self) -> int:
        return hash(json.dumps(self.to_dict(), sort_keys=True))


def settled(chain: ServiceChain, settings: Iterable[Setting]) -> ServiceChain:
    """Return a checked copy of a chain in which these levers have these values; the last one said holds."""
    settings = tuple(settings)
    if not settings:
        return chain
    chain = chain.copy()
    for one in settings:
        if one.where is None:
            chain = chain.everywhere({one.lever: one.to}, place="scenario: levers")
            continue
        home = levers.BY_NAME[one.lever].home
        for row in rows_of(chain, one.lever, one.where):
            if home == "link":
                chain.edges[chain.links[row]][one.lever] = one.to
            else:
                chain.nodes[(chain.units if home == "unit" else chain.segments)[row]][one.lever] = one.to
    return chain.check()


# --- reading ---------------------------------------------------------------------------------------------------------


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _Setting(_Table):
    lever: str
    to: float
    where: str | None = None


class _Intervention(_Setting):
    start: int = 0
    ramp: int = 0
    end: int | None = None


class _File(_Table):
    name: str
    question: str = ""
    story: str = ""
    without: list[str] = Field(default_factory=list)
    levers: list[_Setting] = Field(default_factory=list)
    interventions: list[_Intervention] = Field(default_factory=list)
    warm_up: int = 250
    days: int = 250
    runs: int = 20
    seed: int = 1


_TABLES: dict[str, type[_Table]] = {"levers": _Setting, "interventions": _Intervention}
_ALLOWED = "a scenario file, as docs/scenarios.md describes it"


def read(path: str | Path) -> Scenario:
    """Return the scenario of a file; an organisation that it names by a path is looked for beside the file."""
    path = Path(path)
    return parse(organisation.read_text(path), source=str(path), folder=path.parent)


def is_scenario(text: str) -> bool:
    """Tell whether the text of a TOML file describes a scenario and not an organisation; False when it is no TOML."""
    try:
        return "organisation" in tomllib.loads(text)
    except (ValueError, RecursionError):
        return False


def parse(text: str, *, source: str = "scenario", folder: Path = Path(".")) -> Scenario:
    """Return the scenario that a TOML text describes, or raise `InputError` that says where it is wrong."""
    try:
        document = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError("this is not TOML", source=source, value=str(error), allowed=_ALLOWED) from None
    if document.pop("format", None) != 1:
        raise InputError("this file does not say its format", source=source, place="format", allowed="format = 1")
    if "organisation" not in document:
        for key in document.keys() - _File.model_fields.keys():
            if did_you_mean(key, ["organisation"]):
                raise mistakes.unknown_key(key, key, _keys(_File), source)
        raise InputError("something is missing here", source=source, place="organisation", allowed=_ORGANISATION)
    of = document.pop("organisation")
    try:
        file = _File.model_validate(document)
    except pydantic.ValidationError as error:
        raise _mistake(error, source) from None
    try:
        return _build(file, _organisation(of, source, folder))
    except InputError as error:
        raise error.located(source) from None


_ORGANISATION = "the name of a bundled organisation, the path of a file, or a table with a whole organisation file"


def _organisation(of: object, source: str, folder: Path) -> ServiceChain:
    """Return the organisation that a scenario file names or holds."""
    if isinstance(of, dict):
        import tomlkit

        return organisation.parse(tomlkit.dumps(of), source=f"{source}: organisation")
    if not isinstance(of, str) or not of:
        raise InputError("this is no organisation", place="organisation", value=of, allowed=_ORGANISATION)
    return organisation.beside(folder, of)


def _build(file: _File, chain: ServiceChain) -> Scenario:
    values: dict[str, Any] = {name: getattr(file, name) for name in _File.model_fields}
    values["organisation"] = chain
    for table, entries, kind in (
        ("levers", file.levers, Setting), ("interventions", file.interventions, Intervention),
    ):  # fmt: skip
        values[table] = []
        for row, entry in enumerate(entries):
            try:
                values[table].append(kind(**entry.model_dump()))
                rows_of(chain, entry.lever, entry.where)
            except InputError as error:
                raise InputError(
                    error.problem, place=f"{table}[{row}]: {error.place}", value=error.value, allowed=error.allowed,
                    hint=error.hint,
                ) from None  # fmt: skip
    return Scenario(**values)


def _mistake(error: pydantic.ValidationError, source: str) -> InputError:
    """Turn pydantic's first complaint into ours."""
    return mistakes.in_tables(
        error, source, lambda place: _keys(_File if len(place) == 1 else _TABLES[str(place[0])]), _TABLES
    )


def _keys(table: type[_Table]) -> list[str]:
    return [*table.model_fields, *(["format", "organisation"] if table is _File else [])]


def _given(one: Setting | Intervention) -> dict[str, Any]:
    """Return what a lever's change says, without what it leaves open."""
    entry: dict[str, Any] = {"lever": one.lever, "to": one.to}
    if one.where is not None:
        entry["where"] = one.where
    if isinstance(one, Intervention):
        entry |= {"start": one.start, "ramp": one.ramp} | ({} if one.end is None else {"end": one.end})
    return entry


def together(scenarios: Sequence[Scenario]) -> tuple[Scenario, ...]:
    """Return scenarios that can be compared, or raise `InputError`: other names, the same days and the same first seed."""
    if len(scenarios) < 2:
        raise InputError(
            "there is nothing to compare with",
            place="scenarios",
            value=[one.name for one in scenarios],
            allowed="two scenarios or more, the first being the one that the others are compared with",
        )
    names = [one.name for one in scenarios]
    for name in names:
        if names.count(name) > 1:
            raise InputError(
                "two scenarios have one name", place="scenarios", value=name, allowed="a name of its own for each",
                hint="the name stands in each scenario file, or is that of the organisation",
            )  # fmt: skip
    for what in ("warm_up", "days", "seed"):
        values = [getattr(one, what) for one in scenarios]
        if len(set(values)) > 1:
            raise InputError(
                f"these scenarios do not agree on {what}",
                place=f"scenarios: {what}",
                value=dict(zip(names, values, strict=True)),
                allowed="the same number in all of them: runs are compared seed by seed and day by day",
                hint=f"say it for all with --{what.replace('_', '-')}",
            )
    return tuple(scenarios)
