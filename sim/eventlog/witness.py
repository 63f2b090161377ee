"""A witness of a run: everything that a ticket system would have written down, request by request, visit by visit.

The journal of a model holds requests that were closed, not how they went. The rules themselves are left alone: the day's loop
is compiled a second time with a witness in two places. Before and after each event it notes what happened to which request; and
when work on a request begins, it notes when. Nothing that a rule reads is changed, so that a witnessed run is the same run to
the bit.

Times are working days since the start of the run.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import numpy as np

from sim import compiled, population
from sim.compiled import part, wrapping_integers
from sim.model import ServiceModel
from sim.population import ARRIVED, NOBODY, SERVED
from sim.rules import day, requests

ARRIVAL, SERVICE = 1, 2
"""What happened: a request came to a unit; a service ended."""
CLOSED, HANDED, RETURNED = 1, 2, 3
"""What came of a service: the request was closed, handed to another unit, or came back as wrong to the same one."""

TRAIL = np.dtype(
    [
        *((name, population.JOURNAL[name]) for name in population.JOURNAL.names or ()),
        ("what", "u1"),  # ARRIVAL or SERVICE
        ("ended", "u1"),  # CLOSED, HANDED or RETURNED, for a service
        ("key", "u8"),  # of the request, unique in a run
        ("asked_by", "u8"),  # key of the request that waits for this one; 0 for none
        ("unit", "i4"),  # where it happened
        ("person", "u8"),  # who served: stable for one person, other for a successor
        ("asker", "u8"),  # who asked: customer or member of staff
        ("time", "f8"),  # of the arrival; for a service, its end
        ("began", "f8"),  # when the service began
    ],
    align=True,
)
"""A row of the trail. Of the fields of the journal, right, in_time, agreed, closed and quality hold for closings only."""

ROWS = 4096
TICK = 1e-5
"""Working days to which the beginning of work is noted: a third of a second."""


@part
def begin_work(clock, keys, firm, unit, link, employee, request, slot_ring, unit_day, u, r, e, free_at):
    """Begin work by the rule, and note when, where rules count what a request waits for: nothing, while it is worked on."""
    requests.begin_work(
        clock, keys, firm, unit, link, employee, request, slot_ring, unit_day, u, r, e, free_at
    )  # fmt: skip
    request[r].waiting_for = round((max(clock.now, free_at) - request[r].opened) / TICK)


@part
def handle(
    clock, keys, firm, unit, link, segment, supply, employee, relation, customer, request, later, slot_ring, later_ring,
    journal, link_day, unit_day, segment_day, firm_day, r,
):  # fmt: skip
    """Handle an event by the rule, and note what it was: one row for an arrival or a service, none for anything else."""
    row = request[r]
    state, u, server, began, finish = row.state, row.unit, row.server, row.opened, row.finish
    due = requests.is_due(clock, row)
    key, edge, client, opened, rush, cause = row.key, row.link, row.client, row.opened, row.rush, row.cause
    handovers, reopened = row.handovers, row.reopened
    asked_by = np.uint64(0)
    if row.parent != NOBODY:
        asked_by = request[row.parent].key
    if link[edge].client_unit != NOBODY:
        asker = employee[relation[client].employee].key
    else:
        asker = (np.uint64(customer[client].segment + 1) << np.uint64(48)) + np.uint64(customer[client].ordinal)
    person = np.uint64(0)
    if due and state == SERVED:
        person = employee[server].key
        began += TICK * row.waiting_for
        row.waiting_for = 0
    place = clock.journal_rows
    requests.handle(
        clock, keys, firm, unit, link, segment, supply, employee, relation, customer, request, later, slot_ring,
        later_ring, journal, link_day, unit_day, segment_day, firm_day, r,
    )  # fmt: skip
    if not due or (state != ARRIVED and state != SERVED):
        return
    entry = journal[place]
    closed = clock.journal_rows > place
    if not closed:
        clock.journal_rows += 1
        entry.link = edge
        entry.last_unit = u
        entry.client = client
        entry.opened = opened
        entry.closed = 0.0
        entry.handovers = handovers
        entry.reopened = reopened
        entry.rush = rush
        entry.parent = 1 if asked_by != np.uint64(0) else 0
        entry.cause = cause
    entry.what = SERVICE if state == SERVED else ARRIVAL
    entry.ended = 0
    if state == SERVED:
        entry.ended = CLOSED if closed else (RETURNED if request[r].reopened > reopened else HANDED)
        if not closed and request[r].handovers > handovers:
            entry.ended = HANDED
    entry.key = key
    entry.asked_by = asked_by
    entry.unit = u
    entry.person = person
    entry.asker = asker
    entry.time = finish if state == SERVED else clock.now
    entry.began = began


def _with(function: Callable[..., Any], **others: Any) -> FunctionType:
    """Return the plain function once more, with other things behind some of its global names."""
    plain = getattr(function, "py_func", function)
    return FunctionType(plain.__code__, {**plain.__globals__, **others}, plain.__name__, plain.__defaults__)


def _witnessed() -> Callable[..., int]:
    """Return the day's loop with a witness, compiled when it is first called and kept on disk under the hash of this file."""
    seen = ModuleType("sim.eventlog.witnessed_requests")
    seen.handle = handle  # type: ignore[attr-defined]
    seen.serve = part(_with(requests.serve, begin_work=begin_work))  # type: ignore[attr-defined]
    seen.cover = compiled.stage(_with(requests.cover, begin_work=begin_work))  # type: ignore[attr-defined]
    loop = _with(day.run_until, requests=seen)
    loop.__qualname__ = loop.__name__ = NAME
    return compiled.kernel(loop)


NAME = "run_until_witnessed_" + hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:12]
"""Name of the compiled loop: numba looks for a changed file of rules only, not for a change here."""
run_until = _witnessed()


def is_warm() -> bool:
    """Tell whether the loop with a witness was compiled by an earlier process."""
    folder = compiled.CACHE_FOLDER
    return compiled.INTERPRETED or (folder is not None and any(folder.rglob(f"*{NAME}*.nbc")))


def watch(model: ServiceModel, days: int) -> Iterator[np.ndarray]:
    """Run a model on and yield its trail in blocks, in the order in which things happened.

    Parameters
    ----------
    model : on any day; interventions and actors of its own are not applied meanwhile
    days : working days to run

    Yields
    ------
    arrays of `TRAIL` rows, at least one a day
    """
    state = model.state
    state.journal = compiled.rows(np.zeros(ROWS, TRAIL))
    grow = {
        day.MORE_REQUESTS: state.grow_requests, day.MORE_CUSTOMERS: state.grow_customers,
        day.MORE_PROBLEMS: state.grow_problems, day.MORE_LATER: state.grow_later,
    }  # fmt: skip
    for until in range(state.day + 1, state.day + days + 1):
        state.make_room_until(until)
        wanted = -1
        while wanted != day.DAY_DONE:
            with wrapping_integers():
                wanted = run_until(until, *state.arrays())
            if wanted in grow:
                grow[wanted]()
            else:
                yield _drained(model)
        model.steps += 1


def _drained(model: ServiceModel) -> np.ndarray:
    clock = model.state.clock[0]
    block = np.asarray(model.state.journal[: int(clock["journal_rows"])]).copy()
    clock["journal_rows"] = 0
    return block.view(np.ndarray)
