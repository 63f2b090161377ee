"""Reading a ticket export: streamed in blocks, kept as a few numbers a row, turned into cases and visits.

What stays in memory is 32 bytes an event and some 80 a ticket; names of callers and staff become hashes at once, and
only counts of them leave this module. Text other than team, state and priority is never kept.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from sim import structure
from sim.errors import InputError
from sim.eventlog import files, roles
from sim.eventlog.calendar import WorkingCalendar
from sim.eventlog.columns import ColumnGuess, guess_columns
from sim.eventlog.dates import READABLE_DATES, DateReader
from sim.eventlog.log import Log, assemble
from sim.formulas import unguarded

BLOCK = 20_000
FEWEST_CASES = 5
DATES = ("timestamp", "opened", "resolved", "closed", "due")
_MISSING = list(files.MISSING)
_LONGEST_MARK = max(len(mark) for mark in _MISSING)


@dataclass(slots=True)
class Names:
    """Names met so far, numbered in the order in which they came."""

    codes: dict[str, int] = field(default_factory=dict)

    def read(self, cells: pd.Series) -> np.ndarray:
        """Return the number of each cell's name, −1 for none."""
        local, unique = pd.factorize(cells)
        numbers = np.array([self._number(name) for name in unique] + [-1], dtype=np.int32)
        return numbers[local]

    def _number(self, cell: str) -> int:
        name = unguarded(" ".join(str(cell).split()))
        name = name if name.isprintable() and len(name) <= structure.LONGEST_NAME else structure.name_from(name)
        return -1 if files.is_missing(name) else self.codes.setdefault(name, len(self.codes))

    @property
    def names(self) -> list[str]:
        """The names, by number."""
        return list(self.codes)


@dataclass(slots=True)
class Block:
    """What is kept of some rows: one frame of events, one of tickets."""

    events: pd.DataFrame
    tickets: pd.DataFrame


def read_log(
    path: str | Path, overrides: Mapping[str, str] | None = None, *, columns: ColumnGuess | None = None,
    calendar: WorkingCalendar | None = None, separator: str | None = None, encoding: str | None = None,
    date_order: str | None = None,
) -> Log:  # fmt: skip
    """Read a ticket export into cases, visits and handovers.

    Parameters
    ----------
    path : CSV (also .gz, .bz2, .xz) or XES; one row a ticket or one row an event
    overrides : role → column, as for `guess_columns`
    columns : a guess made before, instead of ``overrides``
    calendar : working hours, inferred from the log where not given
    separator, encoding, date_order : where the guess about the file itself is wrong

    Raises
    ------
    InputError : the file cannot be read as a ticket log, or fewer than five tickets have a beginning and an end
    """
    guess = columns or guess_columns(
        path, overrides, separator=separator, encoding=encoding, date_order=date_order
    )  # fmt: skip
    ragged = files.Ragged()
    reader = DateReader(guess.order)
    teams, states, priorities, askers = Names(), Names(), Names(), Names()
    places = {role: place for role in guess.choices if (place := guess.place(role)) is not None}
    blocks: list[Block] = []
    unreadable: dict[str, list[int]] = {}
    first_bad: dict[str, str] = {}
    work: list[np.ndarray] = []
    for rows in _blocks(files.rows(guess.layout, ragged), list(places.values())):
        cells = {
            role: pd.Series([row[place] for row in rows], dtype=object).str.strip() for place, role in enumerate(places)
        }
        read: dict[str, np.ndarray] = {"case": pd.util.hash_array(cells["case"].to_numpy(dtype=object))}
        named = ~_missing(cells["case"])
        for role in DATES:
            if role in cells:
                read[role] = reader.read(cells[role])
                filled = ~_missing(cells[role])
                wrong = filled & np.isnan(read[role])
                tally = unreadable.setdefault(role, [0, 0])
                tally[0] += int(wrong.sum())
                tally[1] += int(filled.sum())
                if wrong.any():
                    first_bad.setdefault(role, str(cells[role][int(np.flatnonzero(wrong)[0])]))
        for role, names in (("team", teams), ("status", states), ("priority", priorities), ("asker", askers)):
            if role in cells or role not in ("priority", "asker"):
                read[role] = names.read(cells[role]) if role in cells else np.full(len(rows), -1, np.int32)
        for role in ("resource", "caller", "parent"):
            if role in cells or role == "resource":
                read[role] = _hashes(cells[role]) if role in cells else np.zeros(len(rows), np.uint64)
        for role in ("reassignments", "reopens", "work"):
            if role in cells:
                read[role] = _numbers(cells[role])
        header = guess.column("made_sla") or ""
        if "made_sla" in cells:
            local, unique = pd.factorize(cells["made_sla"])
            read["made_sla"] = np.array([roles.kept(str(cell), header) for cell in unique] + [np.nan])[local]
        frame = pd.DataFrame(read)[named]
        if "work" in cells:
            work.append(frame["work"].dropna().to_numpy())
        blocks.append(_compact(frame, guess.rows))
    for role, (unread, filled_cells) in unreadable.items():
        if filled_cells and unread > 0.5 * filled_cells and role in ("timestamp", "opened", "resolved"):
            raise InputError(
                "most dates in this column cannot be read", source=str(guess.layout.path),
                place=f"column {guess.column(role)!r}", value=first_bad[role],
                allowed=READABLE_DATES,
            )  # fmt: skip
    if not blocks:
        raise InputError(
            "no row names a ticket", source=str(guess.layout.path), place=f"column {guess.column('case')!r}"
        )
    events = pd.concat([block.events for block in blocks], ignore_index=True)
    tickets = _last_of_each(pd.concat([block.tickets for block in blocks], ignore_index=True))
    blocks.clear()
    for name in ("caller", "priority", "reassignments", "reopens", "work", "parent", "asker"):
        if name not in tickets:
            tickets[name] = np.nan
    notes = list(guess.notes) + _notes(guess, ragged, unreadable, first_bad, reader)
    if work:
        spent = np.concatenate(work)
        usual = float(np.median(spent[spent > 0])) if (spent > 0).any() else 1.0
        factor, unit = roles.hours_factor(guess.column("work") or "", usual)
        tickets["work"] /= factor
        notes.append(f"working time is read from {guess.column('work')!r}, in {unit}")
    offset = reader.usual_offset if reader.zoned else 0
    for frame in (events, tickets):
        for role in DATES:
            if role in frame:
                frame[role] += offset
    return assemble(
        guess, events, tickets, teams.names, states.names, priorities.names, askers.names, calendar, notes, FEWEST_CASES
    )


def _blocks(rows: Iterator[list[str]], places: list[int]) -> Iterator[list[list[str]]]:
    """Yield blocks of rows, each with the cells at these places only: what is not needed never piles up."""
    slim = ([row[place] for place in places] for row in rows)
    while block := list(itertools.islice(slim, BLOCK)):
        yield block


def _hashes(cells: pd.Series) -> np.ndarray:
    """Return a number for each name, 0 for none: enough to count people, not to know them."""
    local, unique = pd.factorize(cells)
    names = pd.Series(unique, dtype=object)
    out = pd.util.hash_array(names.to_numpy(dtype=object))
    out[_missing(names)] = 0
    return out[local]


def _missing(cells: pd.Series) -> np.ndarray:
    """Return which cells hold a mark for "no value"."""
    short = cells.str.len() <= _LONGEST_MARK
    out = np.zeros(len(cells), bool)
    out[short.to_numpy()] = cells[short].str.casefold().isin(_MISSING).to_numpy()
    return out


def _numbers(cells: pd.Series) -> np.ndarray:
    local, unique = pd.factorize(cells)
    numbers = pd.to_numeric(
        pd.Series(unique, dtype=object).astype(str).str.replace(",", ".", regex=False), errors="coerce"
    )
    return np.append(numbers.to_numpy(dtype=float), np.nan)[local]


def _compact(frame: pd.DataFrame, kind: str) -> Block:
    """Split rows into what belongs to events and what to tickets, one row a ticket."""
    of_event = [name for name in ("case", "timestamp", "team", "status", "resource") if name in frame]
    events = frame[of_event] if kind == "event" else frame[of_event].iloc[:0]
    drop = ("timestamp", "team", "status", "resource") if kind == "event" else ("timestamp",)
    of_ticket = frame.drop(columns=[name for name in drop if name in frame])
    for name in ("team", "status", "priority", "asker"):
        if name in of_ticket:
            of_ticket[name] = of_ticket[name].astype(float).where(of_ticket[name] >= 0)
    for name in ("resource", "caller", "parent"):
        if name in of_ticket:
            of_ticket[name] = of_ticket[name].where(of_ticket[name] != 0)
    return Block(events.copy(), _last_of_each(of_ticket) if kind == "event" else of_ticket)


def _last_of_each(tickets: pd.DataFrame) -> pd.DataFrame:
    """Return one row a ticket: the last value that each column had; counts at their highest."""
    if not tickets["case"].duplicated().any():
        return tickets.reset_index(drop=True)
    grouped = tickets.groupby("case", sort=False)
    out = grouped.last()
    for name in ("reassignments", "reopens"):
        if name in tickets:
            out[name] = grouped[name].max()
    return out.reset_index()


def _notes(
    guess: ColumnGuess,
    ragged: files.Ragged,
    unreadable: dict[str, list[int]],
    first_bad: dict[str, str],
    reader: DateReader,
) -> list[str]:
    notes = []
    if ragged.ragged:
        notes.append(
            f"{ragged.ragged:,} of {ragged.lines:,} lines have more or fewer fields than the header (the first: line "
            f"{ragged.first}); they were padded or cut"
        )
    for role, (bad, filled) in unreadable.items():
        if bad:
            notes.append(
                f"{bad:,} of {filled:,} dates in {guess.column(role)!r} cannot be read and count as missing, "
                f"for example {first_bad[role]!r}"
            )
    if reader.zoned:
        hours = reader.usual_offset / 3600
        notes.append(f"times carry zones; all are put on the clock of UTC{hours:+g}, the most common one")
    return notes
