"""Which column of a survey is what: guessed from its header, open to correction, and told to the user."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from sim.errors import InputError, did_you_mean
from sim.sheets.grids import Grid, is_blank
from sim.sheets.layout import LONGEST_HEADER, NOTE, key

DIMENSIONS = ("reliability", "responsiveness", "assurance", "empathy", "tangibles")

_UNIT = r"(?:department|dept|team|unit|division|area|group|function|abteilung|bereich)"
_MINE = (
    r"(?:my|your|own|rater|rater s|raters|rating|assessing|evaluating|respondent s|respondents|from|internal client|client"
    r"|asking|eigene|meine|ihre)"
)
_THEIRS = r"(?:rated|evaluated|assessed|internal supplier|supplying|serving|provider|supplier|service|about|bewertete)"
STAFF_ROLES: dict[str, tuple[str, ...]] = {
    "rater": (
        rf"{_MINE} {_UNIT}(?: name)?", r"rater", r"raters? unit", r"client|internal client|internal customer", r"from",
        rf"{_UNIT}(?: of (?:rater|respondent|employee))?", rf"which {_UNIT} (?:do you work in|are you in).*",
        rf"home {_UNIT}", r"i work in.*", rf"{_UNIT} name",
    ),
    "rated": (
        rf"{_THEIRS} {_UNIT}(?: name)?", r"rated", r"ratee", r"(?:internal )?supplier", r"provider", r"to", r"about",
        rf"{_UNIT} (?:rated|evaluated|assessed)", r"target(?: department)?",
        rf"(?:which )?{_UNIT} (?:(?:that|which|do|are) )?(?:you )?(?:are )?(?:you )?(?:rat|evaluat|assess)(?:e|ing)?.*",
    ),
    "respondent": (
        r"(?:respondent|response|participant|employee|person|rater|user|submission|survey|teilnehmer)"
        r"(?: ?(?:id|no|nr|number|key|code))",
        r"respondent|participant|id|token|uuid",
    ),
    "score": (
        r"(?:overall )?(?:score|rating|satisfaction|mark|grade|note|bewertung|zufriedenheit)",
        r"(?:overall )?(?:service )?(?:score|rating|satisfaction|quality)(?: score| rating)?", r"overall", r"answer|value",
        r"internal service(?: quality| score| satisfaction)*", r"how satisfied.*",
    ),
    "responses": (r"n|count|responses|answers|respondents|number of (?:responses|answers|respondents|raters)|anzahl",),
    **dict.fromkeys(DIMENSIONS, ()),
}  # fmt: skip
CUSTOMER_ROLES: dict[str, tuple[str, ...]] = {
    "segment": (
        r"(?:customer |client )?(?:segment|group|type|category|kind|class|tier)(?: name)?", r"kundengruppe|kundensegment",
    ),
    "customer": (
        r"(?:customer|client|account|respondent|response|contact|participant|survey)(?: ?(?:id|no|nr|number|key|code))",
        r"respondent|participant|id|token|uuid|customer",
    ),
    "csat": (
        r"csat(?: score| rating| 1 5| value)*", r"(?:overall |customer |mean |average )*(?:satisfaction|rating|score)"
        r"(?: score| rating)?", r"how satisfied.*", r"zufriedenheit",
    ),
    "nps": (
        r"nps(?: score| rating| answer| 0 10)*", r"(?:net )?promoter(?: score)?", r"(?:likelihood|likely) to recommend.*",
        r"how likely.*", r".*would you recommend.*", r"recommend(?:ation)?", r"weiterempfehlung",
    ),
    "responses": STAFF_ROLES["responses"],
}  # fmt: skip
MANY = (*DIMENSIONS,)
"""Roles that several columns may play: the items of a dimension."""


@dataclass(slots=True)
class Layout:
    """What the columns of a survey are taken for.

    Attributes
    ----------
    grid, header : the sheet, and the row of its header
    columns : role → positions of the columns that play it
    given : roles that the user named
    wide : (position, rated unit, dimension or None) of columns that each rate one unit
    """

    grid: Grid
    header: int
    columns: dict[str, list[int]]
    given: frozenset[str]
    wide: list[tuple[int, str, str | None]] = field(default_factory=list)

    def title(self, place: int) -> str:
        """Return the header of a column."""
        return " ".join(str(self.grid.rows[self.header][place]).split())

    def describe(self) -> list[str]:
        """Return a line for each role that a column plays."""
        lines = []
        for role, places in self.columns.items():
            how = " (as you said)" if role in self.given else ""
            lines.append(f"{role} = {', '.join(self.title(place) for place in places)}{how}")
        if self.wide:
            units = sorted({unit for _, unit, _ in self.wide})
            lines.append(f"a column for each rated department: {', '.join(units)}")
        return lines

    def left_alone(self) -> list[str]:
        """Return a line that names the columns that are not used; their cells were not looked at."""
        used = {place for places in self.columns.values() for place in places} | {place for place, _, _ in self.wide}
        header = self.grid.rows[self.header]
        left = [self.title(place) for place, cell in enumerate(header) if not is_blank(cell) and place not in used]
        return [f"left alone: {', '.join(left)}"] if left else []

    def rows(self) -> Iterable[tuple[int, list[Any]]]:
        """Yield number and cells of each row that says something."""
        for number in range(self.header + 1, len(self.grid.rows)):
            row = self.grid.rows[number]
            if not all(map(is_blank, row)):
                yield number, row


def words(header: Any) -> str:
    """Return a header as the patterns expect it: small letters and single spaces, camel case split."""
    return _words(str(header)[:LONGEST_HEADER])


@lru_cache(10_000)
def _words(header: str) -> str:
    text = re.sub(r"(?<=[a-zäöüß0-9])(?=[A-ZÄÖÜ])", " ", header)
    return key(re.sub(r"[(\[][^)\]]*[)\]]?\s*$", " ", text)).replace("_", " ")


def overrides_of(texts: Sequence[str]) -> dict[str, list[str]]:
    """Return role → columns from ``ROLE=COLUMN`` texts; ``none`` leaves a role empty.

    Raises
    ------
    InputError : a text without ``=``, or a role that there is not
    """
    roles = [*STAFF_ROLES, *CUSTOMER_ROLES]
    found: dict[str, list[str]] = {}
    for text in texts:
        role, equals, column = text.partition("=")
        role = role.strip().casefold()
        if not equals:
            raise InputError("this names no role", place="--column", value=text, allowed="ROLE=COLUMN, or ROLE=none")
        if role not in roles:
            raise InputError(
                "there is no such role for a column", place="--column", value=role,
                allowed=", ".join(dict.fromkeys(roles)), hint=did_you_mean(role, roles),
            )  # fmt: skip
        found.setdefault(role, []).append(column.strip())
    return found


def find(grid: Grid, roles: Mapping[str, Sequence[str]], overrides: Mapping[str, Sequence[str]], source: str) -> Layout:
    """Return what the columns are taken for: what the user said, else the first header that fits, role by role."""
    top = _header(grid, roles, overrides, source)
    titles = [None if is_blank(cell) else str(cell) for cell in grid.rows[top]]
    columns: dict[str, list[int]] = {}
    taken: set[int] = set()
    for role in roles:
        for said in overrides.get(role, ()):
            if said.casefold() in ("", "none"):
                columns.setdefault(role, [])
                continue
            place = _named(said, titles, grid.place(top, 0), source)
            columns.setdefault(role, []).append(place)
            taken.add(place)
    given = frozenset(columns)
    for role, patterns in roles.items():
        if role in given:
            continue
        for pattern in patterns:
            fits = [
                p for p, title in enumerate(titles) if title and p not in taken and re.fullmatch(pattern, words(title))
            ]
            if fits:
                columns[role] = fits[:1]
                taken.add(fits[0])
                break
    for role in (one for one in MANY if one in roles and one not in given):
        places = [
            place
            for place, title in enumerate(titles)
            if title and place not in taken and not NOTE.fullmatch(title) and _is_item(title, role)
        ]
        if places:
            columns[role] = places
            taken |= set(places)
    return Layout(grid, top, {role: places for role, places in columns.items() if places}, given)


def _is_item(title: str, dimension: str) -> bool:
    plain = words(title)
    return dimension in plain.split() or re.fullmatch(rf"(?:q|item)? ?\d* ?{dimension[:3]}\w* ?\d*", plain) is not None


def _header(grid: Grid, roles: Mapping[str, Sequence[str]], overrides: Mapping[str, Sequence[str]], source: str) -> int:
    """Return the row of the header: of the first rows, the one with most headers that somebody knows."""
    said = {column.casefold() for columns in overrides.values() for column in columns}
    pattern = re.compile("|".join(f"(?:{pattern})" for role in roles.values() for pattern in role))
    best: int | None = None
    most = 0
    for number, row in enumerate(grid.rows[:20]):
        texts = [cell for cell in row if isinstance(cell, str) and cell.strip()]
        known = sum(
            text.strip().casefold() in said
            or pattern.fullmatch(words(text)) is not None
            or any(_is_item(text, dimension) for dimension in MANY)
            for text in texts
        )
        if known > most:
            best, most = number, known
    if best is None:
        best = next((number for number, row in enumerate(grid.rows) if not all(map(is_blank, row))), None)
    if best is None or best + 1 >= len(grid.rows):
        raise InputError(
            "this survey has no answers", source=source, allowed="a header row and a row for each answer below it"
        )
    return best


def _named(said: str, titles: Sequence[str | None], place: str, source: str) -> int:
    for same in (str, str.casefold, words):
        for number, title in enumerate(titles):
            if title is not None and same(" ".join(title.split())) == same(said):
                return number
    known = [" ".join(title.split()) for title in titles if title]
    raise InputError(
        "there is no such column", source=source, place=f"--column, header at {place}", value=said,
        allowed=", ".join(known), hint=did_you_mean(said, known),
    )  # fmt: skip
