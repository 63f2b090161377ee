"""What screens see of a session: the state for everybody, and what the facilitator sees besides."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING, Any

from sim import organisation
from sim.workshop import chains
from sim.workshop.room import COMMITTING, REVEALED, Person, Room
from sim.workshop.scores import OWN, Cell, together

if TYPE_CHECKING:
    from sim.workshop.session import Session


def public_state(session: Session) -> dict[str, Any]:
    """Return what everybody sees: nothing before the reveal, then the parts that the facilitator shows."""
    from sim.workshop.session import version

    room = session.room
    people = room.counted()
    at_home = [room.department_of(one) for one in people.values()]
    pairs = [*room.links, *chains.shown_pairs(room)] if room.snapshot.number and room.phase in REVEALED else room.links
    departments = chains.described(list(room.departments.values()), pairs)
    for one, row in zip(room.present, departments, strict=True):
        row["here"] = at_home.count(one.key)
    revealed = session.reveal() if room.phase in REVEALED else None
    return {
        "code": session.code,
        "title": room.title,
        "organisation": room.organisation,
        "currency": room.currency,
        "phase": room.phase,
        "locked": room.locked,
        "language": room.language,
        "minimum": room.minimum,
        "version": version(),
        "room_builds": room.room_builds,
        "rehearsal": len(people) if room.rehearsing else None,
        "departments": departments,
        "joined": sum(one.people for one in people.values()),
        "scored": sum(one.people for one in people.values() if one.has_scored),
        "predicted": sum(one.people for one in people.values() if one.prediction is not None),
        "focus": room.name(room.focus) if room.focus else None,
        "shown": list(room.shown),
        "timer": {"ends": room.timer_ends} if room.timer_ends is not None else None,
        "reveal": _parts(revealed, room.shown) if revealed is not None else None,
        "effect": session.results.get("effect") if room.phase in REVEALED and "effect" in room.shown else None,
        "levers": lever_rows(session) if room.phase in REVEALED else [],
        "changes": [one.as_dict() for one in room.current(room.changes)] if room.phase in REVEALED else [],
        "commitments": [
            {"id": one.id, "who": one.who, "what": one.what, "when": one.when}
            for one in room.commitments.values()
            if not one.removed and room.phase in COMMITTING
        ],
        "running": session.results.get("running"),
    }


PARTS_OF = {
    "cells": ("gap",),
    "totals": ("gap",),
    "disagree": ("disagree",),
    "verdicts": ("verdict",),
    "bottleneck": ("bottleneck",),
    "predictions": ("prediction",),
    "chain": ("chain",),
}
"""Which part has to be shown for a piece of the reveal to be sent."""


def _parts(revealed: dict[str, Any], shown: tuple[str, ...]) -> dict[str, Any]:
    hidden: dict[str, Any] = {name: None if name in ("bottleneck", "predictions", "chain") else [] for name in PARTS_OF}
    return {
        name: value if name not in PARTS_OF or set(PARTS_OF[name]) & {*shown} else hidden[name]
        for name, value in revealed.items()
    }


def reveal(session: Session) -> dict[str, Any] | None:
    """Return everything that may be revealed, or None before a snapshot was taken."""
    room, results = session.room, session.results
    cells = room.cells()
    if room.snapshot.number == 0 and not room.fixed:
        return None
    should = results.get("should") or {}
    return {
        "at": room.snapshot.number,
        "cells": [cell.as_dict() for cell in cells],
        "totals": totals(room, cells),
        "disagree": disagreements(cells),
        "verdicts": [{**one, "should": should.get(one["department"])} for one in results.get("verdicts") or ()],
        "bottleneck": results.get("bottleneck"),
        "predictions": predictions(room),
        "chain": results.get("chain"),
    }


def totals(room: Room, cells: list[Cell]) -> list[dict[str, Any]]:
    """Return by department its own view, and its clients' over the cells that are shown."""
    found = []
    for one in room.present:
        own = room.snapshot.figure((one.key, OWN)) or next(
            (c.given for c in cells if c.supplier == one.name and c.given), None
        )
        seen = together(cell.received for cell in cells if cell.supplier == one.name and cell.received is not None)
        found.append({"department": one.name, "given": own and own.as_dict(), "received": seen and seen.as_dict()})
    return found


def disagreements(cells: list[Cell]) -> list[dict[str, Any]]:
    """Return shown cells by the spread of their raters, most first."""
    spread = [
        {"supplier": cell.supplier, "client": cell.client, "spread": cell.received.spread, "n": cell.received.n}
        for cell in cells
        if cell.received is not None and cell.received.spread is not None
    ]
    return sorted(spread, key=lambda row: (-row["spread"], row["supplier"], row["client"]))


def predictions(room: Room) -> dict[str, Any] | None:
    """Return what the room guessed, or None where fewer than the minimum did."""
    guesses = [
        one
        for key, one in room.predictions.items()
        for _ in range(room.people[key].people if key in room.people else 1)
    ]
    if len(guesses) < room.minimum:
        return None
    shares = [one["share"] for one in guesses if one["share"] is not None]
    votes = [one["weakest"] for one in guesses if one["weakest"] in room.departments]
    hired = [one["hired"] for one in guesses]
    return {
        "n": len(guesses),
        "hired": {"yes": hired.count("yes"), "no": hired.count("no")},
        "share": _spread(shares) if len(shares) >= room.minimum else None,
        "weakest": sorted(
            ({"department": room.name(key), "votes": votes.count(key)} for key in {*votes}),
            key=lambda row: (-int(str(row["votes"])), str(row["department"])),
        ),
    }


def _spread(values: list[float]) -> dict[str, float]:
    """Return mean, and mean ± one standard deviation within 0 to 100: no single guess can be read off."""
    mean, deviation = statistics.fmean(values), statistics.stdev(values)
    return {
        "mean": round(mean, 1),
        "low": round(max(0.0, mean - deviation), 1),
        "high": round(min(100.0, mean + deviation), 1),
    }


def lever_rows(session: Session) -> list[dict[str, Any]]:
    """Return the levers of the department in focus, where they stand now and at the baseline."""
    room = session.room
    now = {(one.lever, one.where): one.to for one in room.current(room.changes)}
    pinned = {(one.lever, one.where): one.to for one in room.current(room.pinned)}
    found = []
    for row in session.results.get("levers") or ():
        at = (row["name"], row["where"])
        found.append({**row, "value": now.get(at, row["value"]), "before": pinned.get(at, row["before"])})
    return found


def host_state(session: Session) -> dict[str, Any]:
    """Return what the facilitator sees: the public state, and a part of its own."""
    return {**session.public_state(), "host": host_part(session)}


def host_part(session: Session) -> dict[str, Any]:
    """Return what only the facilitator sees; no secret is in it."""
    room, results = session.room, session.results
    people = room.counted()
    at_home: dict[str | None, list[Person]] = {}
    for person in people.values():
        at_home.setdefault(room.department_of(person), []).append(person)
    progress = {}
    for one in room.present:
        here = at_home.get(one.key, [])
        scored = sum(person.people for person in here if person.has_scored)
        # Whether somebody of a small group answered is not told: a count below the minimum is hidden.
        progress[one.name] = {
            "joined": sum(person.people for person in here),
            "scored": scored if scored >= room.minimum else None,
        }
    return {
        "phones": {name: one["joined"] for name, one in progress.items()},
        "connected": session.public.listeners,
        "progress": progress,
        "assumptions": [
            {**one, "value": room.market.get(one["name"], one["value"])} for one in results.get("assumptions") or ()
        ],
        "cases": list(organisation.bundled()),
        "settings": dict(session.settings),
        "past": len(room.past),
        "future": len(room.future),
        "pinned": [one.as_dict() for one in room.current(room.pinned)],
        "commitments": [
            {"id": one.id, "who": one.who, "what": one.what, "when": one.when}
            for one in room.commitments.values()
            if not one.removed
        ],
        "preview": {"reveal": session.reveal(), "effect": results.get("effect")},
        "warnings": warnings(session),
        **session.place(),
    }


def warnings(session: Session) -> list[dict[str, Any]]:
    """Return what the facilitator should know, as keys of messages with their parameters."""
    from sim.workshop.session import version

    found: list[dict[str, Any]] = []
    if session.opened and session.opened["version"] != version():
        found.append({"key": "warning.version", "params": {"made": session.opened["version"], "here": version()}})
    for key, name in (("warning.trouble", "trouble"), ("warning.rehearsal", "rehearsal_error")):
        if session.results.get(name):
            found.append({"key": key, "params": {"error": session.results[name]}})
    return found


def warnings_in_words(session: Session) -> list[str]:
    """Return the warnings as sentences."""
    from sim.workshop import language

    return [language.say(one["key"], session.room.language, **one["params"]) for one in warnings(session)]
