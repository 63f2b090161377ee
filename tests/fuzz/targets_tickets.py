"""Logs of help desks: CSV and XES, as a whole, by their rows, and by their dates."""

from __future__ import annotations

import bz2
import datetime
import gzip
import itertools
import lzma
from collections.abc import Iterator

import numpy as np

from sim import eventlog
from sim.eventlog import files
from sim.eventlog.dates import MOST_OFFSET, YEARS, DateReader, Order
from sim.eventlog.log import Log
from tests.fuzz.files import run_firm, target, words, written
from tests.fuzz.target import Target

TICKETS = ("sim.eventlog.files", "sim.eventlog.columns", "sim.eventlog.dates", "sim.eventlog.roles", "sim.eventlog.read",
           "sim.eventlog.log")  # fmt: skip
TICKET_WORDS = words("""
    number | opened_at | resolved_at | closed_at | updated_at | due_at | state | assignment_group | assigned_to |
    caller_id | priority | reassignment_count | reopen_count | made_sla | parent | caller_group | hours_worked | New |
    Resolved | Closed | Reopened | 2024-03-05 14:30 | 05.03.2024 | 3/5/2024 2:30 PM | 1709647200 | 45356.5 |
    2024-03-05T14:30:00+01:00 | 2024-02-30 10:00 | true | false | breached | Desk | Network | ? | sep=; | 2199-01-01 |
    1980-01-01 | Callers | Other teams | 5 Mar 2024 | 1709647200000 | T1 | -5
""")


def _ticket_rows(count: int, event: bool) -> Iterator[list[str]]:
    yield (["number", "state", "updated_at", "assignment_group", "opened_at"] if event
           else ["number", "opened_at", "resolved_at", "assignment_group", "caller_id", "made_sla",
                 "reassignment_count"])  # fmt: skip
    for n in range(count):
        day = f"2024-03-{n % 20 + 1:02d}"
        if event:
            for state, hour, team in (
                ("New", 9, "Desk"),
                ("Assigned", 10, "Network" if n % 3 else "Desk"),
                ("Resolved", 12 + n % 5, "Desk"),
            ):
                yield [f"T{n}", state, f"{day} {hour:02d}:00:00", team, f"{day} 09:00:00"]
        else:
            yield [
                f"T{n}",
                f"{day} 09:00",
                f"{day} {10 + n % 7}:30",
                "Desk" if n % 3 else "Network",
                f"C{n % 4}",
                "true",
                str(n % 3),
            ]


def ticket_seeds() -> list[bytes]:
    """Return ticket exports as CSV."""
    return [
        "\n".join(map(",".join, _ticket_rows(count, event))).encode()
        for count, event in ((6, False), (6, True), (12, False))
    ]


def xes_seeds() -> list[bytes]:
    """Return event logs as XES."""
    found = []
    for count in (5, 7):
        traces = []
        for n in range(count):
            events = "".join(
                f'<event><string key="concept:name" value="{state}"/><string key="org:group" value="Desk"/>'
                f'<date key="time:timestamp" value="2024-03-{n + 4:02d}T{9 + place:02d}:00:00.000+01:00"/></event>'
                for place, state in enumerate(("New", "Resolved"))
            )
            traces.append(
                f'<trace><string key="concept:name" value="T{n}"/><string key="priority" value="2"/>{events}</trace>'
            )
        found.append(f'<log xes.version="1.0">{"".join(traces)}</log>'.encode())
    return found


def row_seeds() -> list[bytes]:
    """Return ticket exports, plain and packed, and an event log."""
    plain = ticket_seeds()[0]
    packed = (gzip.compress(plain, mtime=0), bz2.compress(plain), lzma.compress(plain))
    return [*ticket_seeds()[:2], xes_seeds()[0], *packed]


def read_tickets(data: bytes) -> Log:
    """Read a ticket export."""
    return eventlog.read_log(written(data, "tickets"))


def read_rows(data: bytes) -> list[list[str]]:
    """Read the rows of a ticket export, as text: compression, encoding, separator, header, XES; nothing is understood yet."""
    layout = files.look(written(data, "tickets"))
    ragged = files.Ragged()
    found = list(itertools.islice(files.rows(layout, ragged), 1000))
    assert all(len(row) == len(layout.header) for row in found)
    return found


def read_dates(data: bytes) -> np.ndarray:
    """Read a date a line, in the order that the lines themselves suggest."""
    texts = data.decode("utf-8", "replace").split("\n")
    order = Order()
    order.see(texts)
    order.decide()
    reader = DateReader(order)
    found = reader.read(texts)
    assert len(found) == len(texts)
    assert abs(reader.usual_offset) <= MOST_OFFSET
    return found


def plausible(seconds: np.ndarray) -> None:
    """A date lies within the years that are taken for dates, or is none."""
    known = seconds[np.isfinite(seconds)]
    low, high = (datetime.datetime(year, 1, 1, tzinfo=datetime.UTC).timestamp() for year in YEARS)
    assert ((known >= low - MOST_OFFSET) & (known <= high + MOST_OFFSET)).all()


DATES = [
    b"2024-03-05 14:30\n05.03.2024 14:30\n3/5/2024 2:30 PM\n2024-03-05T14:30:00.123+01:00\n1709647200\n45356.5",
    b"5 Mar 2024\nMon 05-Mar-24 3:04 am\nMarch 5, 2024 14:30\n20240305143000\n1709647200123\n2024/03/05 14h30",
    b"\n".join(b"2024-03-%02d 10:%02d:00" % (n % 28 + 1, n) for n in range(25)),
]  # fmt: skip


def fit(log: Log) -> None:
    """Derive an organisation from a log and let it live two days, unless what the log shows cannot be such a thing."""
    run_firm(eventlog.derive(log, smallest_group=1).chain)


TARGETS: tuple[Target, ...] = (
    target("tickets-csv", read_tickets, fit, ticket_seeds, TICKETS, "csv", TICKET_WORDS),
    target("tickets-rows", read_rows, bool, row_seeds, ("sim.eventlog.files", "sim.eventlog.xes", "sim.given"), "csv",
           TICKET_WORDS),
    target("tickets-dates", read_dates, plausible, lambda: DATES, ("sim.eventlog.dates",), "csv", TICKET_WORDS),
    target("tickets-xes", read_tickets, fit, xes_seeds, ("sim.eventlog.xes", *TICKETS), "xml",
           [*TICKET_WORDS, "concept:name", "org:group", "time:timestamp", "lifecycle:transition", "complete"]),
)  # fmt: skip
