"""Which column is what: guessed from headers and values, said with reasons, and open to correction."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sim.errors import InputError, did_you_mean
from sim.eventlog import files
from sim.eventlog.dates import READABLE_DATES, Order, share_of_dates
from sim.eventlog.files import Layout, is_missing
from sim.eventlog.roles import BY_NAME, ROLES, Role, kept, plain_header

SAMPLE_ROWS = 5000
_PEOPLE_HEADERS = re.compile(r"assigned to|assignee|agent|owner|resource|user|employee|technician|engineer|name|by\b")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.\w+")
_COMMA_NAME = re.compile(r"[^\W\d_][\w'’-]+, [^\W\d_][\w'’. -]+")
_TWO_NAMES = re.compile(r"[A-ZÀ-Þ][\w'’-]+ (?:[A-Z]\. )?[A-ZÀ-Þ][\w'’-]+")
_UNIT_WORDS = re.compile(
    r"\b(team|group|gruppe|dept|department|abteilung|desk|support|queue|line|level|tier|service|it|ops"
    r"|operations|network|unit|squad|office|admin|application|database|security|hardware|software|field"
    r"|billing|finance|hr|sales|server|system"
    r"|infrastructure|management|engineering|center|centre|helpdesk|l[1-4])s?\b|\d(st|nd|rd|th)\b"
)


@dataclass(frozen=True, slots=True)
class Choice:
    """One role and the column that plays it."""

    role: str
    column: str
    confidence: str  # given, sure, likely, unsure
    reason: str


@dataclass(slots=True)
class ColumnGuess:
    """What each column of a file is taken for.

    Attributes
    ----------
    layout : how the file is written
    choices : role → choice
    rows : ``ticket`` (one row a ticket) or ``event`` (one row an event)
    order : the order of day and month in its dates
    unused : columns that play no role
    notes : what a user should know, in whole sentences
    """

    layout: Layout
    choices: dict[str, Choice]
    rows: str
    order: Order
    unused: list[str]
    notes: list[str] = field(default_factory=list)

    def column(self, role: str) -> str | None:
        """Return the column that plays a role, or None."""
        return self.choices[role].column if role in self.choices else None

    def place(self, role: str) -> int | None:
        """Return the position of that column, or None."""
        column = self.column(role)
        return None if column is None else self.layout.header.index(column)

    def describe(self) -> list[str]:
        """Return lines for people: what was guessed, how sure, why, and what is left."""
        each = "event" if self.rows == "event" else "ticket"
        lines = [f"{self.layout.path.name}: {self.layout.describe()}, one row per {each}"]
        wide = max((len(choice.column) for choice in self.choices.values()), default=0)
        for role in ROLES:
            if choice := self.choices.get(role.name):
                lines.append(f"  {role.name:<13} = {choice.column:<{wide}}  {choice.confidence}: {choice.reason}")
            else:
                lines.append(f"  {role.name:<13} = {'–':<{wide}}  nothing found: {role.meaning}")
        if self.order.reason:
            lines.append(f"  dates read {'day' if self.order.choice == 'dmy' else 'month'} first: {self.order.reason}")
        return lines + [f"  note: {note}" for note in self.notes]


@dataclass(slots=True)
class _Column:
    """What a sample says about one column."""

    name: str
    values: list[str]  # the filled cells
    filled: float
    distinct: int
    dates: float
    repeats: float  # rows a distinct value, on average


def guess_columns(
    path: str | Path, overrides: Mapping[str, str] | None = None, *, separator: str | None = None,
    encoding: str | None = None, date_order: str | None = None,
) -> ColumnGuess:  # fmt: skip
    """Guess which column of a ticket export plays which role.

    Parameters
    ----------
    path : a CSV (also .gz, .bz2, .xz) or XES file
    overrides : role → column name, taken as it is; an empty name or ``none`` leaves a role empty
    separator, encoding : where the guess about the file itself is wrong
    date_order : ``dmy`` or ``mdy`` for dates like 03/04/2024

    Returns
    -------
    The guess, with `ColumnGuess.describe` for printing.

    Raises
    ------
    InputError : no table, no columns that can be used, or an override that names what is not there
    """
    layout = files.look(path, separator=separator, encoding=encoding)
    given = _check_overrides(overrides or {}, layout)
    if date_order not in (None, "dmy", "mdy"):
        raise InputError("no such order of dates", place="date order", value=date_order, allowed="dmy or mdy")
    rows = list(itertools.islice(files.rows(layout), SAMPLE_ROWS))
    if not rows:
        raise InputError(
            "there is a header but no rows",
            source=str(layout.path),
            allowed="one line a ticket or event below the header",
        )
    order = Order(choice=date_order, reason="as you said" if date_order else "")
    columns = {name: _look_at(name, [row[i] for row in rows], order) for i, name in enumerate(layout.header)}
    for column in columns.values():
        if column.dates > 0.5:
            order.see(column.values)
    choices = {
        role: Choice(role, column, "given", "you said so") for role, column in given.items() if column is not None
    }
    notes: list[str] = []
    _choose_case(layout, columns, given, choices, rows)
    case = choices["case"].column
    per_case = len(rows) / max(1, columns[case].distinct)
    many = per_case > 1.05
    changing = _changing(layout, rows, case) if many else {}
    _choose_rest(columns, given, choices, changing, many)
    kind = "event" if many and "timestamp" in choices else "ticket"
    if many and kind == "ticket":
        notes.append(
            "tickets have several rows, but no column says when each row happened: only the last row of a ticket is "
            "used; name the column with the role `timestamp` to see who handed work to whom"
        )
    if kind == "ticket":
        choices.pop("timestamp", None) if "timestamp" not in given else None
    guess = ColumnGuess(layout, {r.name: choices[r.name] for r in ROLES if r.name in choices}, kind, order, [], notes)
    _settle_order(guess, rows)
    guess.unused = [name for name in layout.header if name not in {choice.column for choice in choices.values()}]
    _check_usable(guess, columns)
    _warn_of_people(guess, columns)
    return guess


# --- choosing --------------------------------------------------------------------------------------------------------


def _look_at(name: str, cells: list[str], order: Order) -> _Column:
    filled = [cell.strip() for cell in cells if not is_missing(cell)]
    distinct = len(set(filled))
    return _Column(
        name,
        filled,
        len(filled) / len(cells),
        distinct,
        share_of_dates(filled[:300], order),
        len(filled) / max(1, distinct),
    )


def _fits(role: Role, column: _Column) -> float:
    """Return how well a column's values fit a role, 0 (cannot be) to 1."""
    if column.filled == 0:
        return 0.0
    sample = column.values[:500]
    if role.kind == "date":
        return column.dates if column.dates > 0.5 else 0.0
    if column.dates > 0.8 and any(not value.isdigit() for value in sample[:20]):
        return 0.0
    numbers = [_number(value) for value in sample]
    numeric = sum(number is not None for number in numbers) / len(sample)
    if role.kind == "count":
        return 1.0 if numeric > 0.9 and all(n is None or 0 <= n < 1000 for n in numbers) else 0.0
    if role.kind == "hours":
        return 1.0 if numeric > 0.9 else 0.0
    if role.kind == "flag":
        known = sum(kept(value, column.name) == kept(value, column.name) for value in sample) / len(sample)
        return known if known > 0.6 else 0.0
    if role.kind == "word":
        return 1.0 if column.distinct <= max(60, 0.05 * len(column.values)) else 0.2
    if role.kind == "id":
        return column.filled
    if role.kind == "group":
        return 1.0 if column.distinct <= max(60, 0.05 * len(column.values)) else 0.3
    if role.name == "team" and column.distinct < 2:
        return 0.5
    if role.name == "team":
        return 1.0 if column.distinct <= max(30, 0.4 * len(column.values)) else 0.3
    return 1.0


def _number(text: str) -> float | None:
    try:
        return float(text.replace(",", "."))
    except ValueError:
        return None


def _choose_case(
    layout: Layout, columns: dict[str, _Column], given: Mapping[str, str | None], choices: dict[str, Choice], rows: list
) -> None:
    if choices.get("case"):
        return
    role = BY_NAME["case"]
    taken = {choice.column for choice in choices.values()}
    scored = [(role.score(c.name) * _fits(role, c), c) for c in columns.values() if c.name not in taken]
    # An id tells many tickets apart; among equals, the one that stands for whole tickets rather than rows: the first.
    scored = [(score * (1.0 if c.distinct > max(4, 0.002 * len(rows)) else 0.3), c) for score, c in scored]
    best = max(scored, key=lambda entry: entry[0], default=(0.0, None))
    if best[1] is not None and best[0] >= 0.4:
        sure = "sure" if best[0] > 0.85 else "likely"
        choices["case"] = Choice("case", best[1].name, sure, "by its name")
        return
    ids = [c for c in columns.values() if c.filled > 0.98 and c.dates < 0.5 and c.distinct > 0.05 * len(rows)]
    ids = [c for c in ids if c.name not in taken and re.fullmatch(r"[\w#/:.-]{1,40}", c.values[0] or "")]
    if ids:
        choices["case"] = Choice(
            "case", ids[0].name, "unsure", "always filled, and its values look like ticket numbers"
        )
        return
    raise InputError(
        "no column looks like a ticket number", source=str(layout.path), place="header", value=", ".join(layout.header),
        allowed="a column that says to which ticket a row belongs (number, case id, issue key …)",
        hint="name it: --column case=NAME. The file needs one header line",
    )  # fmt: skip


def _changing(layout: Layout, rows: list[list[str]], case: str) -> dict[str, float]:
    """Return, for each column, the share of steps within a ticket at which its value changes."""
    at = layout.header.index(case)
    last: dict[str, list[str]] = {}
    steps, changes = 0, [0] * len(layout.header)
    for row in rows:
        before = last.get(row[at])
        if before is not None:
            steps += 1
            for place, (old, new) in enumerate(zip(before, row, strict=True)):
                changes[place] += old != new
        last[row[at]] = row
    return {name: change / max(1, steps) for name, change in zip(layout.header, changes, strict=True)}


def _choose_rest(
    columns: dict[str, _Column], given: Mapping[str, str | None], choices: dict[str, Choice],
    changing: dict[str, float], many: bool,
) -> None:  # fmt: skip
    """Give out the remaining roles, best match first, each column once."""
    offers = []
    for role in ROLES:
        if role.name in given or role.name in choices:
            continue
        for place, column in enumerate(columns.values()):
            score = role.score(column.name) * _fits(role, column)
            if many and changing and role.kind == "date":
                moves = changing[column.name]
                score *= (1.0 if moves > 0.3 else 0.25) if role.name == "timestamp" else (0.5 if moves > 0.5 else 1.0)
            if not many and role.name == "timestamp":
                continue
            if score > 0.2:
                offers.append((-score, -column.filled, place, role.name, column.name))
    taken = {choice.column for choice in choices.values()}
    for score, _, _, role_name, name in sorted(offers):
        if role_name in choices or name in taken:
            continue
        confidence = "sure" if -score > 0.85 else "likely" if -score > 0.5 else "unsure"
        choices[role_name] = Choice(role_name, name, confidence, "by its name" + _in_passing(columns[name], role_name))
        taken.add(name)
    _by_values(columns, given, choices, changing, many, taken)


def _in_passing(column: _Column, role: str) -> str:
    kind = BY_NAME[role].kind
    if kind == "date":
        return f", {column.dates:.0%} of its cells are dates, {column.filled:.0%} filled"
    if kind in ("name", "word"):
        return f", {column.distinct:,} different values, {column.filled:.0%} filled"
    return f", {column.filled:.0%} filled"


def _by_values(
    columns: dict[str, _Column], given: Mapping[str, str | None], choices: dict[str, Choice],
    changing: dict[str, float], many: bool, taken: set[str],
) -> None:  # fmt: skip
    """Fill what headers left open: dates by how they behave, a team by words that teams are called by."""
    dates = [c for c in columns.values() if c.dates > 0.8 and c.name not in taken]
    wanted = "timestamp" if many else "opened"
    if wanted not in choices and wanted not in given and dates:
        fitting = [c for c in dates if not many or changing.get(c.name, 0) > 0.3] or dates[:1]
        best = max(fitting, key=lambda c: c.filled)
        choices[wanted] = Choice(wanted, best.name, "unsure", "the fullest column of dates left")
        taken.add(best.name)
    if "team" not in choices and "team" not in given:
        for column in columns.values():
            names = set(column.values)
            if column.name in taken or column.dates > 0.2 or not 2 <= len(names) <= 300 or column.repeats < 3:
                continue
            if sum(bool(_UNIT_WORDS.search(name.casefold())) for name in names) / len(names) > 0.5:
                choices["team"] = Choice("team", column.name, "unsure", "its values sound like teams")
                taken.add(column.name)
                break


def _settle_order(guess: ColumnGuess, rows: list[list[str]]) -> None:
    """Decide the order of day and month; where the sample leaves it open, look through the whole file."""
    order = guess.order
    places = [
        p for role in ("timestamp", "opened", "resolved", "closed", "due") if (p := guess.place(role)) is not None
    ]
    if not order.settled and order.ambiguous:
        for number, row in enumerate(files.rows(guess.layout)):
            if number >= len(rows):
                order.see(row[place] for place in places)
            if order.settled:
                break
    order.decide()


# --- checks -----------------------------------------------------------------------------------------------------------


def _check_overrides(overrides: Mapping[str, str], layout: Layout) -> dict[str, str | None]:
    out: dict[str, str | None] = {}
    lower = {name.casefold(): name for name in layout.header}
    for role, column in overrides.items():
        if role not in BY_NAME:
            raise InputError(
                "there is no such role for a column", place="column", value=role, allowed=", ".join(BY_NAME),
                hint=did_you_mean(role, BY_NAME),
            )  # fmt: skip
        if column.strip().casefold() in ("", "none"):
            out[role] = None
            continue
        name = column if column in layout.header else lower.get(column.strip().casefold())
        if name is None:
            raise InputError(
                "the file has no such column", source=str(layout.path), place=f"column for {role}", value=column,
                allowed=", ".join(layout.header), hint=did_you_mean(column, layout.header),
            )  # fmt: skip
        out[role] = name
    if "case" in out and out["case"] is None:
        raise InputError("every row has to belong to a ticket", place="column for case", allowed="a column of the file")
    return out


def _check_usable(guess: ColumnGuess, columns: dict[str, _Column]) -> None:
    source = str(guess.layout.path)
    for choice in guess.choices.values():
        column = columns[choice.column]
        if BY_NAME[choice.role].kind == "date" and column.values and column.dates < 0.2:
            raise InputError(
                "this column holds no dates that can be read", source=source, place=f"column {choice.column!r}",
                value=column.values[0], allowed=READABLE_DATES,
                hint=f"name another: --column {choice.role}=NAME",
            )  # fmt: skip
    if not any(role in guess.choices for role in ("timestamp", "opened")):
        raise InputError(
            "no column says when a ticket was opened or an event happened", source=source, place="header",
            value=", ".join(guess.layout.header), allowed="a column of dates",
            hint="name it: --column opened=NAME, or --column timestamp=NAME for a log of events",
        )  # fmt: skip
    if guess.rows == "ticket" and not any(role in guess.choices for role in ("resolved", "closed")):
        raise InputError(
            "no column says when a ticket was resolved or closed", source=source, place="header",
            value=", ".join(guess.layout.header), allowed="a column of dates beside that of opening",
            hint="name it: --column resolved=NAME",
        )  # fmt: skip


def _warn_of_people(guess: ColumnGuess, columns: dict[str, _Column]) -> None:
    """Say so where the column chosen as team looks like individuals."""
    column = guess.column("team")
    if column is None:
        guess.notes.append("no column of teams: the whole log becomes one unit; name one with --column team=NAME")
        return
    person_column = guess.column("resource")
    if looks_like_people(column, columns[column].values) or column == person_column:
        guess.notes.append(
            f"column {column!r}, used for teams, looks like individuals: their names are replaced by numbers, and "
            "nobody should be judged by what comes out; name a column of teams if there is one"
        )


def looks_like_people(header: str, values: list[str]) -> bool:
    """Tell whether a column's values look like persons: addresses, "Family, Given", or two capitalised names."""
    names = set(values)
    if not names:
        return False
    marks = sum(bool(_EMAIL.fullmatch(n) or _COMMA_NAME.fullmatch(n)) for n in names) / len(names)
    pairs = sum(bool(_TWO_NAMES.fullmatch(n)) and not _UNIT_WORDS.search(n.casefold()) for n in names) / len(names)
    named = bool(_PEOPLE_HEADERS.search(plain_header(header))) and not _UNIT_WORDS.search(plain_header(header))
    units = sum(bool(_UNIT_WORDS.search(n.casefold())) for n in names) / len(names)
    return marks > 0.5 or pairs > 0.8 or (named and units < 0.3)
