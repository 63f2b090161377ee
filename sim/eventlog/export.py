"""Simulated requests as a ticket system would export them: CSV, or XES (IEEE 1849-2016), also packed with gzip.

Each request is a ticket. A row (an event) is written when it is opened, when somebody begins to work on it, when it is handed
to another team, when it is resolved, and when it comes back. A request that one team makes of another for a case is a ticket of
its own whose ``parent`` is that case, as service desks keep child tickets. People are numbered in the order in which they
appear; nothing else is known of them.

A file is written ticket by ticket as they are closed, those still open last, so that memory holds open tickets only. The same
organisation, days and seed give the same bytes, packed or not.
"""

from __future__ import annotations

import contextlib
import csv
import gzip
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Protocol, cast
from xml.sax.saxutils import quoteattr

import numpy as np

from sim import whole
from sim.chain import ServiceChain
from sim.errors import InputError
from sim.eventlog.calendar import WorkingCalendar
from sim.eventlog.files import check_file, is_missing
from sim.formulas import guarded

if TYPE_CHECKING:
    from sim.model import ServiceModel

SUFFIXES = (".csv", ".csv.gz", ".xes", ".xes.gz")
SUFFIXES_SAID = ".csv, .xes, or either with .gz"
COLUMNS = (
    "number", "parent", "state", "updated_at", "assignment_group", "assigned_to", "caller_id", "caller_group", "priority",
    "opened_at", "due_at", "resolved_at", "made_sla", "reassignment_count", "reopen_count", "hours_worked",
)  # fmt: skip
"""Columns of a CSV; a log with one row an event leaves what is not known yet empty."""
FIRST_DAY = 1_704_067_200.0
"""Midnight before Monday, 1 January 2024, where the first day of every exported log falls, in seconds since 1970."""
OPENS, CLOSES = 8, 18
"""Hours between which all work happens, Monday to Friday; a working day of the model is spread evenly over them."""
_ALMOST_NEVER = 1e-7
WARM_UP = 50
"""Working days that pass before the first ticket is written, so that the log does not begin in an empty house."""
NEW, WORKED_ON, PASSED, RESOLVED, BACK = "New", "In Progress", "Assigned", "Resolved", "Reopened"
LIFECYCLE = {NEW: "schedule", WORKED_ON: "start", PASSED: "reassign", RESOLVED: "complete", BACK: "resume"}
"""State → transition of the standard lifecycle of XES."""


@dataclass(slots=True)
class Step:
    """One event of a ticket: a row of the log. Times are text, ``worked`` hours so far."""

    state: str
    when: str
    team: str
    person: str
    passed: int
    reopened: int
    worked: float


@dataclass(slots=True)
class Ticket:
    """One request, with its events in order; ``resolved`` and ``kept`` are empty while it is open."""

    number: str
    parent: str
    caller: str
    group: str
    priority: str
    opened: str
    due: str
    steps: list[Step] = field(default_factory=list)
    resolved: str = ""
    kept: str = ""


class Writer(Protocol):
    """Writes tickets to an open file, one at a time."""

    def begin(self) -> None:
        """Write what comes before the tickets."""

    def write(self, ticket: Ticket) -> None:
        """Write one ticket."""

    def end(self) -> None:
        """Write what comes after the tickets."""


@dataclass(frozen=True, slots=True)
class Written:
    """What was written: path, number of tickets, of events (rows), and of tickets still open."""

    path: Path
    tickets: int
    events: int
    still_open: int


def simulate_tickets(
    chain: ServiceChain, out: str | Path, *, days: int, seed: int, warm_up: int = WARM_UP, per_ticket: bool = False,
    overwrite: bool = False, progress: Callable[[int], None] | None = None,
) -> Written:  # fmt: skip
    """Simulate an organisation and write its requests as a ticket log.

    Parameters
    ----------
    chain : the organisation
    out : the file; its ending says the format (`SUFFIXES`)
    days : working days that the log covers
    seed : of the run
    warm_up : working days before; tickets opened then are not in the log, as in any export of a period
    per_ticket : one row a ticket, as at the end, instead of one an event (CSV only)
    overwrite : replace a file that is there
    progress : called with the number of days of the log that are done

    Raises
    ------
    InputError : wrong ending, file there already, no such folder, or a team whose name means "no value" in a ticket log
    """
    target = check_target(out, per_ticket=per_ticket, overwrite=overwrite)
    check_names(chain)
    counts = [0, 0, 0]
    with _whole(target) as raw, io.TextIOWrapper(raw, encoding="utf-8", newline="", write_through=False) as text:
        writer: Writer = _Xes(text) if ".xes" in _ending(target) else _Csv(text, per_ticket)
        writer.begin()
        for ticket in tickets(chain, days=days, seed=seed, warm_up=warm_up, progress=progress):
            writer.write(ticket)
            counts[0] += 1
            counts[1] += 1 if per_ticket else len(ticket.steps)
            counts[2] += not ticket.resolved
        writer.end()
    return Written(target, *counts)


def tickets(
    chain: ServiceChain, *, days: int, seed: int, warm_up: int = WARM_UP, progress: Callable[[int], None] | None = None
) -> Iterator[Ticket]:
    """Yield the tickets of a simulated organisation as they are closed, then those still open; see `simulate_tickets`."""
    from sim.model import ServiceModel

    for name, value, least in (("days", days, 1), ("warm_up", warm_up, 0)):
        if value < least:
            raise InputError("too few days", place=name, value=value, allowed=f"{least} or more")
    with ServiceModel(chain, seed=seed) as model:
        yield from tickets_of(model.run(warm_up), days, progress=progress)


def tickets_of(model: ServiceModel, days: int, *, progress: Callable[[int], None] | None = None) -> Iterator[Ticket]:
    """Yield the tickets that a model opens in the ``days`` to come; the model is run on."""
    from sim.eventlog import witness

    book = _Book(model)
    done = 0
    for block in witness.watch(model, days):
        yield from book.enter(block)
        if progress is not None and model.day - book.first_day > done:
            done = model.day - book.first_day
            progress(done)
    yield from book.open.values()


def office_hours() -> WorkingCalendar:
    """Return the calendar by which times of a run are put on the wall clock: nothing happens outside office hours."""
    weights = np.full((7, 24), _ALMOST_NEVER)
    weights[:5, OPENS:CLOSES] = 1.0
    return WorkingCalendar(tuple((weights * 5 / weights.sum()).ravel()), 5, "of the simulation")


class _Book:
    """Tickets under way: turns rows of a trail into tickets."""

    def __init__(self, model: ServiceModel) -> None:
        chain = model.chain
        self.first_day = model.day
        self.calendar = office_hours()
        self.start = float(self.calendar.to_working(FIRST_DAY + 3600.0 * OPENS + 1.0)) - self.first_day
        self.units, self.links = chain.units, chain.links
        self.promise = np.array([chain.value("promise_days", *edge) for edge in self.links])
        self.rush_deadline = chain.value("rush_deadline")
        self.hours_per_day = float(chain.setting("hours_per_day"))
        self.inside = [client in set(self.units) for _, client in self.links]
        self.open: dict[int, Ticket] = {}
        self.handed: dict[int, tuple[str, float]] = {}  # when a ticket left its last team, and the hours worked so far
        self.count = 0
        self.numbers: dict[int, str] = {}
        self.staff: dict[int, str] = {}
        self.customers: dict[int, str] = {}

    def clock(self, days: np.ndarray) -> list[str]:
        """Return times of the run as whole seconds on the wall clock."""
        seconds = np.round(self.calendar.to_clock(self.start + days)).astype("datetime64[s]")
        return [text.replace("T", " ") for text in np.datetime_as_string(seconds).tolist()]

    def enter(self, block: np.ndarray) -> Iterator[Ticket]:
        """Take up the rows of a block and yield the tickets that they close."""
        from sim.eventlog.witness import ARRIVAL, CLOSED, RETURNED

        if len(block) == 0:
            return
        rush = block["rush"] == 1
        allowed = self.promise[block["link"]] * np.where(rush, self.rush_deadline, 1.0)
        worked = (self.hours_per_day * (block["time"] - block["began"])).tolist()
        when, began, opened = (self.clock(block[name]) for name in ("time", "began", "opened"))
        due = self.clock(block["opened"] + allowed)
        fresh = (block["opened"] >= self.first_day).tolist()
        names = ("what", "ended", "key", "asked_by", "unit", "link", "person", "asker", "in_time")
        for place, (what, ended, key, asked_by, unit, link, person, asker, in_time) in enumerate(
            zip(*(block[name].tolist() for name in names), strict=True)
        ):
            ticket = self.open.get(key)
            team = self.units[unit]
            if what == ARRIVAL:
                if ticket is None:
                    if not fresh[place]:
                        continue
                    ticket = Ticket(
                        self._number(key), self._number(asked_by) if asked_by else "",
                        self._person(asker, self.staff, "S") if self.inside[link] else self._person(asker, self.customers, "C"),
                        self.links[link][1], "2 - High" if rush[place] else "3 - Moderate", opened[place], due[place],
                    )  # fmt: skip
                    ticket.steps.append(Step(NEW, opened[place], team, "", 0, 0, 0.0))
                    self.open[key] = ticket
                elif key in self.handed:
                    last, (left, worked_so_far) = ticket.steps[-1], self.handed.pop(key)
                    ticket.steps.append(Step(PASSED, left, team, "", last.passed + 1, last.reopened, worked_so_far))
                continue
            if ticket is None:
                continue
            last, who = ticket.steps[-1], self._person(person, self.staff, "S")
            ticket.steps.append(Step(WORKED_ON, began[place], team, who, last.passed, last.reopened, last.worked))
            total = last.worked + worked[place]
            if ended in (CLOSED, RETURNED):
                ticket.steps.append(Step(RESOLVED, when[place], team, who, last.passed, last.reopened, total))
            if ended == RETURNED:
                ticket.steps.append(Step(BACK, when[place], team, "", last.passed, last.reopened + 1, total))
            elif ended == CLOSED:
                ticket.resolved, ticket.kept = when[place], "true" if in_time else "false"
                del self.open[key]
                self.numbers.pop(key, None)
                yield ticket
            else:
                self.handed[key] = (when[place], total)

    def _number(self, key: int) -> str:
        found = self.numbers.get(key)
        if found is None:
            self.count += 1
            found = self.numbers[key] = f"REQ{self.count:07d}"
        return found

    @staticmethod
    def _person(key: int, known: dict[int, str], letter: str) -> str:
        found = known.get(key)
        if found is None:
            found = known[key] = f"{letter}{len(known) + 1:06d}"
        return found


# --- formats -----------------------------------------------------------------------------------------------------------


class _Csv:
    """Comma-separated, UTF-8, one row an event or one row a ticket; no cell can work as a formula in a spreadsheet."""

    def __init__(self, text: IO[str], per_ticket: bool) -> None:
        self.out, self.per_ticket = csv.writer(text, lineterminator="\n"), per_ticket

    def begin(self) -> None:
        names = ["updated_at"] if self.per_ticket else []
        self.out.writerow([name for name in COLUMNS if name not in names])

    def write(self, ticket: Ticket) -> None:
        steps = ticket.steps[-1:] if self.per_ticket else ticket.steps
        for step in steps:
            over = step is ticket.steps[-1] and bool(ticket.resolved)
            self.out.writerow([
                ticket.number, ticket.parent, step.state, *([] if self.per_ticket else [step.when]), guarded(step.team),
                step.person, ticket.caller, guarded(ticket.group), ticket.priority, ticket.opened, ticket.due,
                ticket.resolved if over else "", ticket.kept if over else "", step.passed, step.reopened,
                f"{step.worked:.4f}",
            ])  # fmt: skip

    def end(self) -> None:
        pass


class _Xes:
    """XES 1849-2016 with the standard extensions concept, lifecycle, time and organizational; a trace is a ticket."""

    def __init__(self, text: IO[str]) -> None:
        self.text = text

    def begin(self) -> None:
        names = ("Concept", "Lifecycle", "Time", "Organizational")
        prefixes = {"Concept": "concept", "Lifecycle": "lifecycle", "Time": "time", "Organizational": "org"}
        files = {"Organizational": "org"}
        self.text.write(
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            '<log xes.version="1849-2016" xes.features="" xmlns="http://www.xes-standard.org/">\n'
        )
        for name in names:
            uri = f"http://www.xes-standard.org/{files.get(name, name.lower())}.xesext"
            self.text.write(f'<extension name="{name}" prefix="{prefixes[name]}" uri="{uri}"/>\n')
        self.text.write(
            '<global scope="trace">\n<string key="concept:name" value=""/>\n</global>\n'
            '<global scope="event">\n<string key="concept:name" value=""/>\n'
            '<date key="time:timestamp" value="1970-01-01T00:00:00.000+00:00"/>\n'
            '<string key="lifecycle:transition" value="complete"/>\n</global>\n'
            '<classifier name="Activity" keys="concept:name lifecycle:transition"/>\n'
            '<string key="lifecycle:model" value="standard"/>\n'
        )

    def write(self, ticket: Ticket) -> None:
        last = ticket.steps[-1]
        about = [("string", "concept:name", ticket.number)]
        about += [("string", "parent", ticket.parent)] if ticket.parent else []
        about += [
            ("string", "caller_id", ticket.caller), ("string", "caller_group", guarded(ticket.group)),
            ("string", "priority", ticket.priority), ("date", "opened_at", _iso(ticket.opened)),
            ("date", "due_at", _iso(ticket.due)),
        ]  # fmt: skip
        if ticket.resolved:
            about += [("date", "resolved_at", _iso(ticket.resolved)), ("boolean", "made_sla", ticket.kept)]
        about += [
            ("int", "reassignment_count", str(last.passed)), ("int", "reopen_count", str(last.reopened)),
            ("float", "hours_worked", f"{last.worked:.4f}"),
        ]  # fmt: skip
        lines = ["<trace>", *(_attribute(*one) for one in about)]
        for step in ticket.steps:
            lines.append("<event>")
            lines.append(_attribute("string", "concept:name", step.state))
            lines.append(_attribute("string", "lifecycle:transition", LIFECYCLE[step.state]))
            lines.append(_attribute("date", "time:timestamp", _iso(step.when)))
            lines.append(_attribute("string", "org:group", guarded(step.team)))
            if step.person:
                lines.append(_attribute("string", "org:resource", step.person))
            lines.append("</event>")
        self.text.write("\n".join([*lines, "</trace>", ""]))

    def end(self) -> None:
        self.text.write("</log>\n")


def _attribute(kind: str, key: str, value: str) -> str:
    return f"<{kind} key={quoteattr(key)} value={quoteattr(value)}/>"


def _iso(when: str) -> str:
    return when.replace(" ", "T") + ".000+00:00"


# --- files ---------------------------------------------------------------------------------------------------------------


def _ending(path: Path) -> str:
    name = path.name.casefold()
    return next((ending for ending in sorted(SUFFIXES, key=len, reverse=True) if name.endswith(ending)), "")


def check_target(out: str | Path, *, per_ticket: bool = False, overwrite: bool = False) -> Path:
    """Return where to write; raise `InputError` for an ending that says no format, or a file that is there."""
    target = Path(out)
    ending = _ending(target)
    if not ending or target.name.casefold() == ending:
        raise InputError(
            "the ending of this file says no format",
            place="--out",
            value=str(out),
            allowed=f"a name ending in {SUFFIXES_SAID}",
        )
    if per_ticket and ".xes" in ending:
        raise InputError(
            "XES holds events, not one row a ticket",
            place="--out",
            value=str(out),
            allowed=".csv or .csv.gz with --per-ticket",
        )
    return check_file(target, overwrite=overwrite)


def check_names(chain: ServiceChain) -> None:
    """Raise `InputError` where a name would not come back from a ticket log: marks for "no value", odd spaces."""
    for name in chain.nodes:
        if is_missing(name) or name != " ".join(name.split()):
            raise InputError(
                "this name would not come back from a ticket log", place="organisation", value=name,
                allowed="names that are no mark for a missing value (unknown, none, n/a …), with single spaces",
                hint="rename it in the organisation file",
            )  # fmt: skip


@contextlib.contextmanager
def _whole(target: Path) -> Iterator[IO[bytes]]:
    """Give a file to write to that takes its name when the block ends well, and is gone otherwise; packed if it ends in .gz."""
    try:
        with whole.file(target, overwrite=True) as plain:
            if target.name.casefold().endswith(".gz"):
                with gzip.GzipFile(filename="", mode="wb", fileobj=plain, mtime=0, compresslevel=6) as packed:
                    yield cast(IO[bytes], packed)
            else:
                yield plain
    except OSError as error:
        raise InputError("this file cannot be written", place="--out", value=str(target), hint=error.strerror) from None
