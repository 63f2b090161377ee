"""What nodes, links and the graph of a chain may carry: structure, by type and range, and levers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from sim import levers
from sim.errors import InputError, did_you_mean

KINDS = ("department", "contractor", "segment")
SHAPES = ("fixed", "exponential", "lognormal")

MOST_NODES = (
    1000  # departments, contractors and segments: growth factors are found in time that grows with the third power
)
MOST_STAFF = 1_000_000
MOST_CUSTOMERS = 10_000_000  # about a gigabyte
MOST_RELATIONS = 10_000_000  # of each member of staff with each unit that serves theirs
MOST_REQUESTS_PER_DAY = 5_000_000

# What GraphML could not give back is refused at once: XML holds neither control characters nor U+FFFE and U+FFFF.
NAME = r"^[^\x00-\x1f\x7f\uFFFE\uFFFF]*[^\s\x00-\x1f\x7f\uFFFE\uFFFF][^\x00-\x1f\x7f\uFFFE\uFFFF]*$"
TEXT = r"^[^\x00-\x08\x0b-\x1f\x7f\uFFFE\uFFFF]*$"
LONGEST_NAME = 200
NAME_ALLOWED = f"a text of 1 to {LONGEST_NAME} characters, not blank, without control characters"
TEXT_ALLOWED = "a text without control characters other than line ends and tabs"

# Attributes that are no levers, with their types; everything else that a node or the graph carries is a lever.
STRUCTURE: dict[str, dict[str, type]] = {
    "unit": {"kind": str, "staff": int, "managers": int, "working_time": str},
    "segment": {"kind": str, "customers": int},
    "link": {},
    "graph": {
        "name": str,
        "description": str,
        "currency": str,
        "hours_per_day": float,
        "slots_per_day": int,
        "sources": str,
    },
}
RANGES: dict[str, tuple[float, float]] = {
    "staff": (1, MOST_STAFF),
    "managers": (0, MOST_STAFF),
    "customers": (0, MOST_CUSTOMERS),
    "hours_per_day": (0.01, 24),
    "slots_per_day": (1, 100_000),
}
REQUIRED = {"unit": "staff", "segment": "customers"}
GRAPH_DEFAULTS: dict[str, Any] = {
    "name": "organisation",
    "description": "",
    "currency": "EUR",
    "hours_per_day": 8.0,
    "slots_per_day": 8,
    "sources": "",
}


def plain(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Return a copy in which NumPy's numbers, as pandas hands them out, are Python's own."""
    return {name: value.item() if isinstance(value, np.generic) else value for name, value in attributes.items()}


def check_name(name: Any, place: str) -> None:
    """Raise `InputError` unless this can name a node."""
    if not isinstance(name, str) or len(name) > LONGEST_NAME or not re.fullmatch(NAME, name) or not is_unicode(name):
        raise InputError("this cannot be a name", place=place, value=name, allowed=NAME_ALLOWED)


def name_from(text: str) -> str:
    """Return a text as a name: without what no name may hold, such as the line ends and stray bytes of a file's name."""
    plain = "".join(letter if re.fullmatch(TEXT, letter) and is_unicode(letter) else " " for letter in text)
    return " ".join(plain.split())[:LONGEST_NAME] or GRAPH_DEFAULTS["name"]


def is_unicode(text: str) -> bool:
    """Tell whether a text can be written as UTF-8."""
    return not any("\ud800" <= letter <= "\udfff" for letter in text)


def check_bag(data: Mapping[str, Any], kind: str, place: str, home: levers.Home | None) -> None:
    """Check one bag of attributes: structure by type and range, the rest as levers of this home (None: any home)."""
    structure = STRUCTURE[kind]
    for name, value in data.items():
        where = f"{place}: {name}"
        if name in structure:
            check_structure(name, value, structure[name], where)
            continue
        lever = levers.BY_NAME.get(name)
        if lever is None or home not in (None, lever.home):
            allowed = [one.name for one in levers.LEVERS if home is None or one.home == home]
            raise InputError(
                "there is no such property here",
                place=where,
                value=name,
                allowed="structure (" + ", ".join(structure or ["none"]) + ") or a lever of this kind",
                hint=did_you_mean(str(name), [*structure, *allowed]),
            )
        lever.check(value, place=where)


def check_structure(name: str, value: Any, expected: type, place: str) -> None:
    """Raise `InputError` unless a property that is no lever has its type and range."""
    if name == "name":
        check_name(value, place)
        return
    if expected is str:
        if not isinstance(value, str) or not re.fullmatch(TEXT, value) or not is_unicode(value):
            raise InputError("this cannot be used as a text", place=place, value=value, allowed=TEXT_ALLOWED)
        return
    low, high = RANGES[name]
    whole = expected is int
    good = isinstance(value, (int, float)) and not isinstance(value, bool) and low <= value <= high
    if not good or (whole and value != int(value)):
        raise InputError("this value cannot be used", place=place, value=value, allowed=allowed_number(name, whole))


def allowed_number(name: str, whole: bool) -> str:
    """Return in words what a structural number may be."""
    low, high = RANGES[name]
    return f"{'a whole number' if whole else 'a number'} from {low:,} to {high:,}"
