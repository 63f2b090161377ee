"""One session: its file, its room, its screens and its questions to the model, kept in step.

Everything happens on the event loop, one event at a time: an event is checked, committed to the file, applied to the
room, and told to the screens. What the model answers arrives from threads and is handed over to the loop.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import hashlib
import hmac
import importlib.metadata
import math
import os
import secrets
import sqlite3
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from sim import levers, whole
from sim.chain import ServiceChain
from sim.errors import InputError
from sim.workshop import chains, checks, engine, views
from sim.workshop.hub import Hub, as_json
from sim.workshop.inputs import Refused, number, shown
from sim.workshop.room import Room
from sim.workshop.scores import MINIMUM, Cell
from sim.workshop.store import FORMAT, SUFFIX, Event, NotKept, Store

LETTERS = "BCDFGHJKLMNPQRSTVWXYZ"
"""Letters of a join code: no I and O, which look like 1 and 0, and no vowels, so that no code is a word."""
CODE_LENGTH = 5
SECRET_BYTES = 32

IDS = 10_000_000
"""Ids that one process may use: those of three days and nights of changes without a pause."""

DRAFTS = "session"
"""Name under which sessions are drafted, see `sim.whole`."""

RUNS, WARM_UP, DAYS = 20, 250, 250
PHONES_DELAY = 0.1
"""Seconds that phones wait for what may follow a change: they are many, and the room looks at the screen first."""
FEW = 60
"""Phones up to which everything is told to them as soon as anything else."""
PATIENCE = 0.01
"""Seconds for each phone above `FEW` that phones wait to hear that somebody has answered, or that the model has got on: two
hundred phones that each hear of each tap of two hundred, and of each run, would be all that the laptop does, and the
model would have no time. What the facilitator does reaches everybody at once, and the screen in front never waits."""

ODD = (AttributeError, LookupError, TypeError, ValueError, ArithmeticError, RecursionError)
"""What a room raises of events that this version would never have kept."""


@functools.cache
def version() -> str:
    """Return the version of the program, which a shared result depends on."""
    try:
        return importlib.metadata.version("service-culture")
    except importlib.metadata.PackageNotFoundError:
        return "unknown"


def new_code() -> str:
    """Return a join code."""
    return "".join(secrets.choice(LETTERS) for _ in range(CODE_LENGTH))


def hashed(token: str) -> str:
    """Return what is kept of a participant's token: nobody who reads the file can take a phone's place."""
    return hashlib.sha256(token.encode()).hexdigest()[:32]


class Session:
    """A room that is open.

    Parameters
    ----------
    store : its file, in which `begin` has written
    model : makes what the engine asks; tests have their own
    first : id of the first state sent; above every id of an earlier process, so that phones see ids rise

    Attributes
    ----------
    code, secret : what participants type, and what the facilitator's address holds
    room : the state
    public, host : streams of states for phones and for the facilitator
    """

    def __init__(
        self,
        store: Store,
        *,
        model: Callable[[], Any] = engine.Model,
        workers: int | None = None,
        first: int | None = None,
        place: Callable[[], dict[str, Any]] | None = None,
    ) -> None:
        self.store = store
        facts = store.facts("code", "secret", "organisation", "seed", "runs", "warm_up", "days", "opened", "version")
        if not all(isinstance(facts[name], str) for name in ("code", "secret")) or not all(
            isinstance(facts[name], int) and 0 <= facts[name] < 2**63 for name in ("seed", "runs", "warm_up", "days")
        ):
            raise InputError("this is not the file of a session", source=str(store.path))
        self.code, self.secret = facts["code"], facts["secret"]
        self.settings: dict[str, int] = {name: facts[name] for name in ("seed", "runs", "warm_up", "days")}
        self.opened: dict[str, Any] | None = facts["opened"]
        try:
            self.base: ServiceChain | None = (
                ServiceChain.from_node_link(facts["organisation"]) if facts["organisation"] is not None else None
            )
        except InputError as error:
            raise error.located(str(store.path)) from None
        self.room = Room()
        try:
            for event in store.events():
                self.room.apply(event)
        except ODD as error:
            raise self._unknown(error, facts["version"]) from None
        self.place = place or (lambda: {})
        self.results: dict[str, Any] = {}
        self.wiped = False
        self._numbers: dict[str, int] = {}
        self._changed = 0
        self._made: dict[str, tuple[int, Any]] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        first = self._first() if first is None else first
        self.public = Hub(self.public_json, first, lambda: self.host.touch(), delay=PHONES_DELAY)
        self.host = Hub(self._host_json, first)
        try:
            as_json(views.host_state(self))  # what cannot be shown now would take the page down later
        except ODD as error:
            raise self._unknown(error, facts["version"]) from None
        self.engine = engine.Engine(self._deliver, **self.settings, workers=workers, model=model)

    def _unknown(self, error: Exception, written_by: object) -> InputError:
        return InputError(
            "this session holds something that this version does not know",
            source=str(self.store.path),
            value=f"{type(error).__name__}: {error}",
            hint=f"it was written by version {written_by}; here it is {version()}",
        )

    def _first(self) -> int:
        """Return an id above those of every earlier process, also where the clock was set back; phones drop what is older."""
        before = self.store.facts("first")["first"]
        first = max(time.time_ns() // 1_000_000, before + IDS if isinstance(before, int) else 0)
        with contextlib.suppress(sqlite3.Error):  # a disk that is full: it says so when somebody answers
            self.store.set_facts(first=first)
        return first

    # --- states -------------------------------------------------------------------------------------------------------

    def public_state(self) -> dict[str, Any]:
        """Return what phones see, without the id; made once per change."""
        return self._once("public", lambda: views.public_state(self))

    def public_json(self) -> bytes:
        """Return `public_state` as it is sent; made once per change, whoever listens."""
        return self._once("public json", lambda: as_json(self.public_state()))

    def reveal(self) -> dict[str, Any] | None:
        """Return everything that may be revealed; made once per change."""
        return self._once("reveal", lambda: views.reveal(self))

    def _host_json(self) -> bytes:
        return self.public_json()[:-1] + b',"host":' + as_json(views.host_part(self)) + b"}"

    def _once(self, name: str, make: Callable[[], Any]) -> Any:
        if name not in self._made or self._made[name][0] != self._changed:
            self._made[name] = (self._changed, make())
        return self._made[name][1]

    def touch(self, *, at_once: bool = False) -> None:
        """Say that something changed, to every screen; in a large room phones may hear of it a little later than the screen."""
        self._changed += 1
        self.public.touch(0.0 if at_once else PATIENCE * max(0, self.public.listeners - FEW))
        self.host.touch()

    # --- events -------------------------------------------------------------------------------------------------------

    def submit(self, kind: str, data: Mapping[str, Any], person: str | None = None) -> dict[str, Any]:
        """Let something happen: check it, commit it, apply it, tell everybody; raise `Refused` when it may not.

        Returns what was kept. Event loop only.
        """
        if self.wiped:
            raise Refused("no_such_session", 404)
        self._loop = asyncio.get_running_loop()
        if kind == "commit" and self.room.promised(person or "host", data.get("once")):
            return {}  # sent again, because the answer was lost on the way
        if person is None and kind == "lever":
            data = self._lever(data)
        if person is None and kind == "assume":
            data = self._assumption(data)
        kept = checks.check(self.room, kind, data, person)
        try:
            event = self.store.append(kind, kept)
        except NotKept:
            raise Refused("not_kept", 507) from None  # phones keep what they said, and say it again
        self.room.apply(event)
        if kind == "rehearse_stop":
            with contextlib.suppress(NotKept):  # what was rehearsed counts no more, whether or not it is still there
                self.store.forget("rehearse")
        self.touch(at_once=person is None)
        self.think()
        return kept

    def admit(self) -> str:
        """Return a token for a phone that opens the page: random, and signed, so that only what was handed out here is taken.

        The phone has it before it joins. A phone whose answer was lost sends the same one again and is the same person.
        """
        token = secrets.token_urlsafe(24)
        return f"{token}.{self._signature(token)}"

    def admitted(self, token: str | None) -> bool:
        """Tell whether a token was handed out for this session, or belongs to somebody who has joined."""
        if token is None:
            return False
        start, _, signature = token.rpartition(".")
        return hashed(token) in self.room.people or hmac.compare_digest(
            signature.encode(), self._signature(start).encode()
        )

    def _signature(self, token: str) -> str:
        return hmac.new(self.secret.encode(), b"phone " + token.encode(), "sha256").hexdigest()[:32]

    def _lever(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """Look up a lever, its range, and its value in the organisation as described."""
        name = data.get("lever")
        one = levers.BY_NAME.get(name) if isinstance(name, str) else None
        if one is None:
            raise Refused("unknown_lever", lever=shown(name))
        place = checks.place(self.room, data.get("where"))
        to = number(data.get("to"), one.low, one.high, "to")
        before = next((was.before for at, was in self.room.changes if (at, was.lever) == (place, one.name)), None)
        if before is None:
            names = tuple(self.room.name(key) for key in place)
            row = next(
                (
                    row
                    for row in self.results.get("levers") or ()
                    if (row["name"], (row["where"],)) == (one.name, names)
                ),
                None,
            )
            before = row["before"] if row is not None else self._as_described(one, names)
        if before is None:
            raise Refused("unknown_place", where=shown(data.get("where")))
        return {"lever": one.name, "where": data.get("where"), "from": before, "to": to}

    def _as_described(self, lever: levers.Lever, names: tuple[str, ...]) -> float | None:
        try:
            chain = self.chain()
        except InputError:
            return None
        return None if chain is None else chains.value(chain, lever, names)

    def _assumption(self, data: Mapping[str, Any]) -> dict[str, Any]:
        known = {one["name"]: one for one in self.results.get("assumptions", ())}
        name = data.get("name")
        one = known.get(name) if isinstance(name, str) else None
        if one is None:
            raise Refused("unknown_assumption", name=shown(name))
        to = None if data.get("to") is None else number(data["to"], one["low"], one["high"], "to")
        return {"name": one["name"], "to": to}

    # --- the model ----------------------------------------------------------------------------------------------------

    def chain(self) -> ServiceChain | None:
        """Return the room's chain as it is now, None before there is one; raises `InputError` where departments make none."""
        return chains.of_key(self.base, chains.key(self.base, self.room))

    def think(self) -> None:
        """Ask the model about the room as it is now; nothing happens when that was asked before."""
        room = self.room
        self._loop = asyncio.get_running_loop()
        key = chains.key(self.base, room)
        self.engine.ask(
            engine.Question(
                key=key,
                chain=functools.partial(chains.of_key, self.base, key),
                changes=room.current(room.changes),
                pinned=room.current(room.pinned),
                cells=tuple(cell for cell in room.cells() if cell.received or cell.given),
                market=tuple(sorted(room.market.items())),
                focus=room.name(room.focus) if room.focus else None,  # its levers are listed
            )
        )

    def _deliver(self, question: int, part: dict[str, Any]) -> None:
        """Take a part of an answer, from any thread."""
        loop = self._loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(self._take, question, plain(part))

    def _take(self, question: int, part: dict[str, Any]) -> None:
        for name, value in part.items():
            if question >= self._numbers.get(name, 0):  # a late answer does not replace that of a newer question
                self._numbers[name] = question
                self.results[name] = value
        self.touch()

    # --- its life -----------------------------------------------------------------------------------------------------

    def is_host(self, secret: str | None) -> bool:
        """Tell, in constant time, whether this is the facilitator's key."""
        return secret is not None and hmac.compare_digest(secret.encode(), self.secret.encode())

    def close(self) -> None:
        """End every stream, stop the model, close the file."""
        self.public.close()
        self.host.close()
        self.engine.close()
        if not self.wiped:
            self.store.close()

    def wipe(self) -> None:
        """Delete the file and end the session."""
        self.wiped = True
        self.close()
        try:
            self.store.wipe()
        except (OSError, sqlite3.Error):
            raise Refused("not_wiped", 507, file=self.store.path.name) from None


def begin(
    folder: Path,
    chain: ServiceChain | None,
    *,
    language: str = "en",
    minimum: int = MINIMUM,
    room_builds: bool = False,
    seed: int = 1,
    runs: int = RUNS,
    warm_up: int = WARM_UP,
    days: int = DAYS,
    title: str | None = None,
    opened: Mapping[str, Any] | None = None,
) -> Path:
    """Write the file of a new session and return its path.

    Parameters
    ----------
    chain : the organisation; None: the room builds its own
    opened : what a share file holds beside the organisation, see `sim.workshop.share`
    """
    code = new_code()
    while (folder / f"{code}{SUFFIX}").exists():
        code = new_code()
    opened = opened or {}
    first = chains.opening(chain)
    keys = {one["name"]: one["key"] for one in first["departments"]}

    def by_keys(cell: Mapping[str, Any]) -> dict[str, Any]:
        return {**cell, "supplier": keys[cell["supplier"]], "client": keys[cell["client"]]}

    data = {
        **first,
        "title": title or (chain.setting("name") if chain is not None else ""),
        "language": language,
        "minimum": minimum,
        "room_builds": room_builds or chain is None,
        "own_chain": chain is None,
    }
    if opened:
        data |= {
            "cells": [by_keys(Cell.from_dict(one).as_dict()) for one in opened["cells"]],
            "changes": [{**one, "where": [keys.get(name, name) for name in one["where"]]} for one in opened["changes"]],
            "pinned": [{**one, "where": [keys.get(name, name) for name in one["where"]]} for one in opened["pinned"]],
            "market": dict(opened["market"]),
            "focus": keys.get(opened["focus"]),
            "phase": "reveal",
        }
    facts = {
        "format": FORMAT, "code": code, "secret": secrets.token_urlsafe(SECRET_BYTES), "created": time.time(),
        "seed": seed, "runs": runs, "warm_up": warm_up, "days": days, "version": version(),
        "organisation": chain.to_node_link() if chain is not None else None,
        "opened": {"version": opened["version"]} if opened else None,
    }  # fmt: skip
    path = folder / f"{code}{SUFFIX}"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with whole.drafted(folder / DRAFTS) as draft:  # a session is there when it can be opened, and not before
            store = Store(draft / path.name)
            try:
                store.set_facts(**facts)
                store.append("open", data)
                store.fold()
            finally:
                store.close()
            os.replace(store.path, path)
        whole.flush_folder(folder)
    except (OSError, sqlite3.Error, NotKept) as error:
        raise InputError(
            "a session cannot be begun here", source=str(folder), value=str(error), allowed="a folder that can be written to",
            hint="make room, or give another --folder",
        ) from None  # fmt: skip
    return path


def plain(value: Any) -> Any:
    """Return a value as JSON knows it: NumPy's numbers as Python's, what is not finite as null."""
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


__all__ = ["Event", "Session", "begin", "hashed", "new_code", "plain", "version"]
