"""The organisation file: TOML that describes a firm's service chain, its published schema, and errors that help."""

from __future__ import annotations

import functools
import json
import re
import tomllib
from importlib import resources
from pathlib import Path
from typing import Annotated, Any

import networkx as nx
import pydantic
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, create_model

from sim import given, levers, mistakes, sheets, structure
from sim.chain import ServiceChain
from sim.errors import InputError, did_you_mean

BUNDLED = "scenarios.organisations"
"""Package that holds the bundled organisation files."""

MOST_BYTES = 20_000_000
"""An organisation file larger than this is refused unread."""

MOST_DOTS = 200
"""A line with more dots than this is refused unread: the time of tomllib grows with the square of a dotted key."""


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


def _whole(value: object) -> object:
    """Take 3.0 for 3, as JSON schema does."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


_Whole = Annotated[int, BeforeValidator(_whole)]


def _no_default(entry: dict[str, Any]) -> None:
    """Leave the null out of the published schema: TOML has none, a lever is simply not mentioned."""
    del entry["default"]


def _lever_fields(*homes: levers.Home) -> dict[str, Any]:
    return {
        one.name: (
            float,  # None where the file says nothing
            Field(
                default=None,
                ge=one.low,
                le=one.high,
                allow_inf_nan=False,
                json_schema_extra=_no_default,
                description=f"{one.meaning} [{one.unit}; default {one.default:g}; {one.mechanism}]",
            ),
        )
        for one in levers.LEVERS
        if not homes or one.home in homes
    }


_NAME = Field(
    min_length=1,
    max_length=structure.LONGEST_NAME,
    pattern=structure.NAME,
    description="a name that nothing else in the file has",
)
_UNIT_FIELDS: dict[str, Any] = {
    "name": (str, _NAME),
    "staff": (_Whole, Field(ge=1, le=structure.MOST_STAFF, description="people who do the work")),
    "managers": (_Whole, Field(default=1, ge=0, le=structure.MOST_STAFF, description="people who lead them")),
    "working_time": (
        str,
        Field(
            default="lognormal",
            pattern="^(" + "|".join(structure.SHAPES) + ")$",
            description="shape of the working time",
        ),
    ),
}

Levers = create_model("Levers", __base__=_Table, __doc__="Levers for the whole firm.", **_lever_fields())
Department = create_model(
    "Department", __base__=_Table, __doc__="A department.", **_UNIT_FIELDS, **_lever_fields("unit")
)
Contractor = create_model(
    "Contractor", __base__=_Table, __doc__="A contractor or field partner.", **_UNIT_FIELDS, **_lever_fields("unit")
)
Segment = create_model(
    "Segment",
    __base__=_Table,
    __doc__="A customer segment.",
    name=(str, _NAME),
    customers=(_Whole, Field(ge=0, le=structure.MOST_CUSTOMERS, description="customers on the first day")),
    **_lever_fields("segment"),
)
Link = create_model(
    "Link",
    __base__=_Table,
    __doc__="A supplier serves a client.",
    supplier=(str, Field(description="name of a department or contractor")),
    client=(str, Field(description="name of a department, contractor or segment")),
    **_lever_fields("link"),
)


class OrganisationFile(_Table):
    """A firm as a service chain, format 1."""

    format: _Whole = Field(ge=1, le=1, description="version of this format: 1")
    name: str = Field(min_length=1, max_length=structure.LONGEST_NAME, pattern=structure.NAME)
    description: str = Field(default="", pattern=structure.TEXT)
    currency: str = Field(default="EUR", pattern=structure.TEXT)
    hours_per_day: float = Field(default=8.0, ge=0.01, le=24, description="working hours in a working day")
    slots_per_day: _Whole = Field(default=8, ge=1, le=100_000, description="how often a day work is handed over")
    sources: str = Field(
        default="", pattern=structure.TEXT, description="what was set from data, a line each: place: levers: source"
    )
    levers: Levers = Field(default_factory=Levers)  # type: ignore[valid-type]
    departments: list[Department] = Field(default_factory=list)  # type: ignore[valid-type]
    contractors: list[Contractor] = Field(default_factory=list)  # type: ignore[valid-type]
    segments: list[Segment] = Field(default_factory=list)  # type: ignore[valid-type]
    links: list[Link] = Field(default_factory=list)  # type: ignore[valid-type]


def schema() -> dict[str, Any]:
    """Return the JSON schema of the organisation file, as published in ``docs/organisation.schema.json``."""
    found = OrganisationFile.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **found}


# --- reading ---------------------------------------------------------------------------------------------------------


def bundled() -> list[str]:
    """Return the names of the bundled organisations."""
    return sorted(Path(entry.name).stem for entry in resources.files(BUNDLED).iterdir() if entry.name.endswith(".toml"))


def load(where: str | Path | ServiceChain) -> ServiceChain:
    """Return the chain of a bundled organisation, an organisation file, or a chain that is ready already."""
    if isinstance(where, ServiceChain):
        return where.check()
    name = str(where)
    path = Path(where)
    if path.suffix == "" and path.parent == Path(".") and not _exists(path):
        return parse(bundled_text(name), source=f"{name} (bundled)")
    if sheets.is_spreadsheet(path):
        return sheets.read(path)
    if path.suffix.casefold() in (".csv", ".tsv"):
        raise InputError(
            "one CSV is not an organisation", source=name,
            allowed="a folder with departments.csv, segments.csv and links.csv, or a workbook (.xlsx)",
            hint="`service-culture new my-firm/` writes such a folder; ticket exports: `service-culture from-tickets`",
        )  # fmt: skip
    if path.suffix == ".graphml":
        return ServiceChain.from_graphml(path)
    text = read_text(path)
    return _from_json(text, name) if path.suffix == ".json" else parse(text, source=name)


def beside(folder: Path, name: str) -> ServiceChain:
    """Load the organisation that a file in a folder names: a file beside it where there is one, else as `load` takes it."""
    return load(folder / name if _exists(folder / name) else name)


def _exists(path: Path) -> bool:
    """Tell whether there is such a file; a name that no system can have is that of none."""
    try:
        return path.exists()
    except (OSError, ValueError):  # too long, in a folder that may not be looked into, or with a null character
        return False


def bundled_text(name: str) -> str:
    """Return the text of a bundled organisation file."""
    if name.replace("-", "_") not in bundled():
        raise InputError(
            "there is no such organisation",
            place="organisation",
            value=name,
            allowed="the path of a .toml, .xlsx, .json or .graphml file, or one of: " + ", ".join(bundled()),
            hint=did_you_mean(name, bundled()),
        )
    return (resources.files(BUNDLED) / f"{name.replace('-', '_')}.toml").read_text(encoding="utf-8")


def _from_json(text: str, source: str) -> ServiceChain:
    try:
        return ServiceChain.from_node_link(json.loads(text))
    except InputError as error:
        raise error.located(source) from None
    except (ValueError, RecursionError) as error:
        raise InputError(
            "this is not JSON",
            source=source,
            value=str(error),
            allowed="what `service-culture convert FILE.json` writes",
        ) from None


def read_text(path: Path) -> str:
    """Read a text file that a person gave, or raise `InputError` when it is none."""
    try:
        if path.is_dir():
            raise InputError("this is a folder", source=str(path), allowed="a TOML file")
        with given.open_ordinary(path, allowed="a TOML file, or one of: " + ", ".join(bundled())) as file:
            content = file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:  # ValueError: a null character in the path
        raise InputError(
            "this file cannot be read",
            source=str(path),
            value=getattr(error, "strerror", None) or str(error),
            allowed="a TOML file, or one of: " + ", ".join(bundled()),
        ) from None
    return as_read(content, str(path))


def as_read(content: bytes, source: str) -> str:
    """Return the text that a file's bytes stand for, or raise `InputError` when they stand for none."""
    if len(content) > MOST_BYTES:
        raise InputError(
            "this file is too large for an organisation",
            source=source,
            value=f"more than {MOST_BYTES:,} bytes",
            allowed=f"up to {MOST_BYTES:,} bytes",
        )
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            "this is not a text file",
            source=source,
            place=f"byte {error.start}",
            allowed="TOML in UTF-8",
            hint="ticket exports are read by `service-culture from-tickets`",
        ) from None


def parse(text: str, *, source: str = "organisation") -> ServiceChain:
    """Turn the text of an organisation file into a checked chain, or raise `InputError` that says where it is wrong."""
    if not text.strip():
        raise InputError(
            "this file is empty", source=source, allowed="an organisation", hint="start from `service-culture new`"
        )
    for number, line in enumerate(text.split("\n"), start=1):
        if line.count(".") > MOST_DOTS:
            raise InputError(
                "this line has too many dots to be read",
                source=source,
                place=f"line {number}",
                value=line,
                allowed=f"at most {MOST_DOTS} dots in a line",
                hint="a long text goes over several lines between three quotes",
            )
    try:
        document = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # ValueError: also an integer of thousands of digits
        raise InputError(
            "this is not TOML",
            source=source,
            place=_toml_place(error),
            value=str(error),
            allowed="TOML (https://toml.io), nested no deeper than an organisation needs",
        ) from None
    try:
        file = OrganisationFile.model_validate(document)
    except pydantic.ValidationError as error:
        raise _first_mistake(error, document, source) from None
    try:
        return build(file)
    except InputError as error:
        raise error.located(source) from None


def build(file: OrganisationFile) -> ServiceChain:
    """Turn a read file into a checked chain."""
    chain = ServiceChain()
    for name in structure.STRUCTURE["graph"]:
        if name != "sources" or file.sources:
            chain.graph[name] = getattr(file, name)
    chain.graph.update(_given(file.levers))
    for table, kind in (("departments", "department"), ("contractors", "contractor"), ("segments", "segment")):
        for row, entry in enumerate(getattr(file, table)):
            attributes = _given(entry)
            with _placed(f"{table}[{row}]"):
                getattr(chain, f"add_{kind}")(attributes.pop("name"), **attributes)
    for row, entry in enumerate(file.links):
        attributes = _given(entry)
        with _placed(f"links[{row}]"):
            chain.add_link(attributes.pop("supplier"), attributes.pop("client"), **attributes)
    return chain.check()


def _given(table: BaseModel) -> dict[str, Any]:
    return {name: value for name in type(table).model_fields if (value := getattr(table, name)) is not None}


class _placed:
    """Put the place in the file before the place in the chain."""

    def __init__(self, place: str) -> None:
        self.place = place

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, InputError):
            error.place = f"{self.place}.{error.place}" if error.place else self.place
            raise InputError(
                error.problem, place=error.place, value=error.value, allowed=error.allowed, hint=error.hint
            ) from None


def _toml_place(error: Exception) -> str | None:
    found = re.search(r"line \d+, column \d+|end of document", str(error))
    return found.group() if found else None


def _first_mistake(error: pydantic.ValidationError, document: dict[str, Any], source: str) -> InputError:
    """Turn pydantic's first complaint into ours: place, value, what is allowed, likely fix."""
    mistake = mistakes.first(error)
    location = mistake["loc"]
    place = mistakes.place_of(location)
    entry = _entry_name(document, location)
    if entry and entry.isprintable():
        place += f" ({entry})"
    value, allowed, hint = mistake["input"], mistake["msg"], None
    problem = "this value cannot be used"
    key = str(location[-1])
    lever = levers.BY_NAME.get(key)
    match mistake["type"]:
        case "extra_forbidden":
            problem = "there is no such key here"
            value = location[-1]
            known = _known_keys(location)
            allowed = ", ".join(known) if len(known) < 15 else "a key of the schema (`service-culture schema`)"
            hint = did_you_mean(str(location[-1]), known)
        case "missing":
            problem, value, allowed = "something is missing here", None, f"a value for {location[-1]!r}"
        case "string_pattern_mismatch" | "string_too_short" | "string_too_long" if key == "working_time":
            allowed = ", ".join(structure.SHAPES)
            hint = did_you_mean(str(value), structure.SHAPES)
        case "string_pattern_mismatch" | "string_too_short" | "string_too_long":
            allowed = structure.NAME_ALLOWED if key == "name" else structure.TEXT_ALLOWED
        case _ if lever is not None:
            allowed = lever.allowed
        case "less_than_equal" | "greater_than_equal" if key == "format":
            allowed = "1, the only version there is"
        case "string_type":
            allowed = "a text in quotes"
        case "list_type":
            allowed = f"tables, each headed [[{key}]] in double brackets"
        case "model_type" | "dict_type":
            allowed = "a table, headed " + ("[levers]" if key == "levers" else f"[[{location[0]}]]")
        case _ if key in structure.STRUCTURE["graph"] or key in structure.STRUCTURE["unit"] or key == "customers":
            allowed = structure.allowed_number(key, whole=key != "hours_per_day")
        case "int_type" | "int_from_float":
            allowed = "a whole number, without quotes"
    return InputError(problem, source=source, place=place, value=value, allowed=allowed, hint=hint)


@functools.cache
def _tables() -> dict[str, type[BaseModel]]:
    return {
        "levers": Levers,
        "departments": Department,
        "contractors": Contractor,
        "segments": Segment,
        "links": Link,
    }


def _known_keys(location: tuple[int | str, ...]) -> list[str]:
    table = _tables().get(str(location[0])) if len(location) > 1 else OrganisationFile
    return list((table or OrganisationFile).model_fields)


def _entry_name(document: dict[str, Any], location: tuple[int | str, ...]) -> str | None:
    """Return the name of the entry that a mistake stands in, so that a person finds it without counting."""
    try:
        entry = document[str(location[0])][location[1]]
        if not isinstance(entry, dict):
            return None
        if "supplier" in entry or "client" in entry:
            return f"{entry.get('supplier', '?')} → {entry.get('client', '?')}"
        return str(entry["name"])
    except (KeyError, IndexError, TypeError):
        return None


# --- writing ---------------------------------------------------------------------------------------------------------


def dump(chain: ServiceChain) -> str:
    """Return the organisation file of a chain; `parse` gives the same chain back."""
    import tomlkit

    chain.check()
    document = tomlkit.document()
    document["format"] = 1
    for name in structure.STRUCTURE["graph"]:
        if name != "sources":
            document[name] = chain.setting(name)
        elif chain.setting(name):  # a line each
            document[name] = tomlkit.string(chain.setting(name), multiline=True)
    firm = {name: value for name, value in chain.graph.items() if name in levers.BY_NAME}
    if firm:
        document["levers"] = firm
    for kind, table in (("department", "departments"), ("contractor", "contractors"), ("segment", "segments")):
        entries = tomlkit.aot()
        for name, data in chain.nodes(data=True):
            if data["kind"] == kind:
                entries.append(tomlkit.item({"name": name} | {k: v for k, v in data.items() if k != "kind"}))
        if len(entries):
            document[table] = entries
    entries = tomlkit.aot()
    for supplier, client, data in chain.edges(data=True):
        entries.append(tomlkit.item({"supplier": supplier, "client": client, **data}))
    document["links"] = entries
    return tomlkit.dumps(document)


def as_text(chain: ServiceChain, path: str | Path) -> str:
    """Return a chain in the format that the ending of ``path`` names: .toml, .json (node-link) or .graphml.

    A workbook is no text; see `as_bytes`.
    """
    suffix = Path(path).suffix
    if suffix == ".toml":
        return dump(chain)
    if suffix == ".json":
        return json.dumps(chain.check().to_node_link(), indent=2) + "\n"
    if suffix == ".graphml":
        return "\n".join(nx.generate_graphml(nx.DiGraph(chain.check()))) + "\n"
    raise InputError(
        "there is no such format", source=str(path), value=suffix, allowed=".toml, .xlsx, .json, .graphml",
        hint="the ending of the file says the format",
    )  # fmt: skip


def as_bytes(chain: ServiceChain, path: str | Path) -> bytes:
    """Return the content of a file in the format that the ending of ``path`` names: .xlsx, or one of `as_text`."""
    if Path(path).suffix.casefold() == ".xlsx":
        return sheets.workbook(chain, file=Path(path).name)
    return as_text(chain, path).encode()
