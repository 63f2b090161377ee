"""What reaches the workshop page: messages of phones and facilitators, share files, session files."""

# ruff: noqa: E501 -- wide lists of words, and texts that stand as they are

from __future__ import annotations

import asyncio
import copy
import functools
import itertools
import json
import re
import sqlite3
from collections.abc import Iterator, Mapping
from random import Random
from typing import Any

from sim import organisation
from sim.errors import InputError
from sim.workshop import chains, engine, language, server, share, views
from sim.workshop.guard import Buckets
from sim.workshop.house import Workshop
from sim.workshop.hub import Hub, as_json
from sim.workshop.room import Room
from sim.workshop.session import Session, begin, hashed
from sim.workshop.store import Event, Store
from tests.fuzz import hostile, trees
from tests.fuzz.target import Target, Unclear, scratch, unclear
from tests.fuzz.targets_text import SMALL, WORDS

ROOM = ("sim.workshop.checks", "sim.workshop.inputs", "sim.workshop.room", "sim.workshop.scores", "sim.workshop.session",
        "sim.workshop.server", "sim.workshop.chains", "sim.workshop.firm")  # fmt: skip

# --- a room that is quickly made anew --------------------------------------------------------------------------------

HOST = "facilitator"
PHONES = ("p1", "p2", "p3", "p4")


class _Silent:
    """Stands for the engine: takes questions and answers none."""

    def ask(self, question: engine.Question) -> None:
        self.question = question

    def close(self) -> None:
        pass


class _InMemory(Store):
    """The events of a session in a list."""

    def __init__(self, facts: Mapping[str, Any], events: list[Event]) -> None:
        self.path, self._lock = scratch() / "none.workshop", None
        self.held, self.list = dict(facts), list(events)

    def fact(self, name: str, default: Any = None) -> Any:
        return self.held.get(name, default)

    def append(self, kind: str, data: Mapping[str, Any], at: float | None = None) -> Event:
        event = Event(len(self.list) + 1, kind, json.loads(json.dumps(data, ensure_ascii=False)), float(len(self.list)))
        self.list.append(event)
        return event

    def events(self) -> Iterator[Event]:
        return iter(self.list)

    def forget(self, kind: str) -> None:
        self.list = [one for one in self.list if one.kind != kind]

    def close(self) -> None:
        pass

    def wipe(self) -> None:
        self.list = []


@functools.cache
def _opened() -> tuple[dict[str, Any], list[Event]]:
    """Return the facts and events of a room of a small firm in which four phones have joined."""
    folder = scratch() / "rooms"
    path = begin(folder, organisation.parse(SMALL.decode()), minimum=3, title="Room")
    store = Store(path)
    facts = {name: store.fact(name) for name in
             ("format", "code", "secret", "organisation", "seed", "runs", "warm_up", "days", "opened", "version")}  # fmt: skip
    facts |= {"code": "BCDFG", "secret": HOST}
    events = list(store.events())
    store.wipe()
    for number, (phone, department) in enumerate(zip(PHONES, ("d1", "d1", "d1", "d2"), strict=True), start=2):
        events.append(Event(number, "join", {"person": hashed(phone), "department": department}, 0.0))
    return facts, events


@functools.cache
def _base() -> Session:
    facts, events = _opened()
    session = Session(_InMemory(facts, events), first=1)
    session.engine = _Silent()  # type: ignore[assignment]
    model = engine.Model()
    assert session.base is not None
    session.results = {"assumptions": model.assumptions(), "levers": model.levers(session.base, "A")}
    return session


def room() -> Session:
    """Return a session as `_opened` describes it, independent of every earlier one."""
    session = copy.copy(_base())
    facts, events = _opened()
    session.store = _InMemory(facts, events)
    session.room = replayed(events)
    session.results, session._made, session._numbers = dict(session.results), {}, {}
    session.public = Hub(session.public_json, 1)
    session.host = Hub(session._host_json, 1)
    return session


def replayed(events: list[Event]) -> Room:
    """Return the room that events make."""
    found = Room()
    for event in events:
        found.apply(event)
    return found


# --- messages --------------------------------------------------------------------------------------------------------

ROUTES = {
    "join": "/j/{code}/join", "me": "/j/{code}/me", "department": "/j/{code}/department", "score": "/j/{code}/score",
    "predict": "/j/{code}/predict", "commit": "/j/{code}/commit", "act": "/host/{code}/act", "new": "/host/new",
    "share": "/host/{code}/export/share.json", "scores": "/host/{code}/export/scores.csv",
    "commitments": "/host/{code}/export/commitments.csv", "home": "/", "phone": "/j/{code}",
}  # fmt: skip
READ = ("me", "share", "scores", "commitments", "home", "phone")
"""Routes that are asked for, not sent to."""

SCORES = b'{"reliability":4,"responsiveness":2,"assurance":3,"empathy":5,"tangibles":1}'
STORY = b"""act h {"do":"phase","to":"score"}
score p1 {"about":"given","scores":%s}
score p1 {"about":"B","scores":%s}
score p2 {"about":"B","scores":{"empathy":1,"reliability":5}}
score p3 {"about":"B","scores":{"empathy":2,"reliability":3,"assurance":null}}
act h {"do":"phase","to":"predict"}
predict p1 {"hired":"yes","share":40,"weakest":"B"}
act h {"do":"phase","to":"reveal"}
scores h
share h
""".replace(b"%s", SCORES)
MESSAGES = [
    b'join new {"department":"A"}\nme p1\ndepartment p1 {"name":"B"}\n',
    b'act h {"do":"phase","to":"score"}\nscore p1 {"about":"B","scores":{"empathy":4}}\nme p1\n',
    STORY,
    b'act h {"do":"phase","to":"commit"}\ncommit p1 {"who":"we","what":"answer","when":"Friday"}\nact h {"do":"commit_remove","id":1}\n'
    b'act h {"do":"undo"}\nact h {"do":"redo"}\ncommitments h\n',
    b'act h {"do":"room_builds","on":true}\ndepartment p1 {"name":"Legal"}\nact h {"do":"department","what":"rename","name":"Legal",'
    b'"to":"Law","staff":3,"faces_customers":true}\nact h {"do":"department","what":"remove","name":"A"}\nact h {"do":"undo"}\n',
    b'act h {"do":"lever","lever":"training","where":"A","to":0.1}\nact h {"do":"lever","lever":"promise_days","where":"B:A","to":3}\n'
    b'act h {"do":"pin"}\nact h {"do":"lever","lever":"openness","where":null,"to":1}\nact h {"do":"reset"}\nact h {"do":"undo"}\n',
    b'act h {"do":"paper","department":"A","about":"B","scores":%s,"count":4}\nact h {"do":"paper","sheet":"p1","about":"prediction",'
    b'"hired":"no"}\nact h {"do":"refresh"}\n'.replace(b"%s", SCORES),
    b'act h {"do":"focus","department":"A"}\nact h {"do":"show","what":"gap","on":true}\nact h {"do":"language","to":"de"}\n'
    b'act h {"do":"minimum","to":4}\nact h {"do":"timer","minutes":5}\nact h {"do":"lock","on":true}\njoin new {}\n',
    b'act h {"do":"assume","name":"price","to":1}\nact h {"do":"rehearse_stop"}\nact h {"do":"wipe","confirm":"BCDFG"}\nme p1\n',
]  # fmt: skip
MESSAGE_WORDS = [
    "do", "to", "on", "what", "name", "department", "about", "scores", "hired", "share", "weakest", "who", "when", "lever", "where",
    "staff", "faces_customers", "count", "sheet", "minutes", "stop", "id", "confirm", "add", "rename", "remove", "given", "prediction",
    "yes", "no", "A", "B", "C", "B:A", "A:C", "d1", "d3", "p1", "BCDFG", "training", "openness", "promise_days",
    "reliability", "responsiveness", "assurance", "empathy", "tangibles", "people", "organisation", "language", "minimum", "en", "de", "xx",
    *server.ACTIONS, "rehearse_stop", "address", "wipe", "join", "score", "predict", "reveal", "change", "commit", "close",
    "gap", "verdict", "chain", "bottleneck", "disagree", "effect",
]  # fmt: skip
MOST_MESSAGES = 30


class _Server:
    """The page's server, without a network: one message at a time, the same process for all."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.workshop = Workshop(scratch() / "more-rooms")
        self.workshop._urls = (float("inf"), ["http://127.0.0.1:1"])
        self.app = server.create_app(self.workshop)
        pages = self.app.routes[0].endpoint.__self__  # type: ignore[attr-defined]
        for owner, names in ((pages, ("actions", "joins", "keys")), (pages.guesses, ("of_one", "of_all"))):
            for name in names:  # how often somebody may ask is tested elsewhere
                setattr(owner, name, Buckets(rate=1e9, burst=1e9))
        pages._start = lambda work: work.close()  # simulated participants take a second

    def ask(self, route: str, who: str, body: bytes) -> tuple[int, bytes]:
        """Return the status and body of the answer to a message."""
        path = ROUTES.get(route, "/" + route).replace("{code}", "BCDFG")
        cookie = f"h_BCDFG={HOST}" if who == "h" else f"p_BCDFG={who}"
        headers = [
            (b"host", b"127.0.0.1"),
            (b"content-type", b"application/json"),
            (b"cookie", cookie.encode("latin-1", "replace")),
        ]
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET" if route in READ else "POST",
            "path": path, "raw_path": path.encode(), "root_path": "", "scheme": "http", "query_string": b"",
            "headers": headers, "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80),
        }  # fmt: skip
        status, parts = 0, []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Mapping[str, Any]) -> None:
            nonlocal status
            status = message.get("status", status)
            parts.append(message.get("body", b""))

        self.loop.run_until_complete(self.app(scope, receive, send))
        return status, b"".join(parts)


@functools.cache
def _server() -> _Server:
    _base()
    return _Server()


def read_messages(data: bytes) -> Session:
    """Send messages to a fresh room, a line each: route, who sends it, body; refused where none was taken."""
    served, session = _server(), room()
    served.workshop.sessions.clear()
    served.workshop.sessions[session.code] = session
    taken, refusals = 0, []
    for line in itertools.islice(data.split(b"\n"), MOST_MESSAGES):
        route, _, rest = line.partition(b" ")
        who, _, body = rest.partition(b" ")
        status, answer = served.ask(route.decode("latin-1"), who.decode("latin-1"), body)
        if status < 400:
            taken += 1
        elif status >= 500 and status != 503:
            raise AssertionError(f"the server answered {status} to {line!r}")
        else:
            refusals.append(_refusal(status, answer))
    for one in refusals:
        if complaint := unclear(one):
            raise Unclear(f"{complaint}: {one}")
    if not taken:
        raise refusals[0]
    return session


def _refusal(status: int, answer: bytes) -> InputError:
    """Return what the page says in both languages when a message is refused."""
    if status in (404, 405) and not answer.startswith(b"{"):
        return InputError(answer.decode() or "there is no such page", place="page")
    said = json.loads(answer)
    key, params = said["error"], said["params"]
    for spoken in language.LANGUAGES:
        text = language.catalogue(spoken)[key]
        lacking = set(re.findall(r"\{(\w+)\}", text)) - {*params}
        assert not lacking, f"{key} in {spoken} lacks {lacking}"
    return InputError(language.say(key, **params), place="page")


def use_room(session: Session) -> None:
    """Show the room to everybody, make it again from its events, and share it: the share file is read again."""
    if session.wiped:
        return
    session.public_json()
    session._host_json()
    again = replayed(list(session.store.events()))
    assert again == session.room, "the events of a room make another room"
    share.scores_csv(session)
    share.commitments_csv(session)
    try:
        chain = session.chain()
    except InputError:  # departments that make no firm: the page says so
        return
    if chain is not None:
        path = scratch() / "again.json"
        path.write_text(share.as_json(session), encoding="utf-8")
        share.read(path)


_json = trees.mutator("json", [one.split(b" ", 2)[2] for text in MESSAGES for one in text.splitlines() if one.count(b" ") > 1],
                      MESSAGE_WORDS)  # fmt: skip


def mutate_messages(data: bytes, rng: Random) -> bytes:
    """Change the body of a message, its route or sender; or take messages of another story over."""
    lines = data.split(b"\n")
    at = rng.randrange(len(lines))
    route, _, rest = lines[at].partition(b" ")
    who, _, body = rest.partition(b" ")
    dice = rng.random()
    if dice < 0.6:
        body = _json(body or b"{}", rng).replace(b"\n", b" ")
        lines[at] = b" ".join((route, who, body))
    elif dice < 0.68:
        who = rng.choice((b"p1", b"p2", b"p3", b"p4", b"h", b"new", b"", b"\xff"))
        lines[at] = b" ".join((route, who, body))
    elif dice < 0.74:
        route = rng.choice([*ROUTES, "x", "static/../host", "j/ZZZZZ/me", "host/BCDFG/print"]).encode()
        lines[at] = b" ".join((route, who, body))
    elif dice < 0.92:
        other = rng.choice(MESSAGES).split(b"\n")
        start = rng.randrange(len(other))
        lines[at:at] = other[start : start + rng.choice((1, 1, 2, 9))]
    else:
        return hostile.lines(data, rng)
    return b"\n".join(lines[:MOST_MESSAGES])


# --- share files -----------------------------------------------------------------------------------------------------


@functools.cache
def _shares() -> list[bytes]:
    found = []
    for story in (
        STORY,
        STORY + b"\n".join(MESSAGES[5].splitlines()[:4]) + b'\nact h {"do":"focus","department":"A"}\n',
    ):
        found.append(share.as_json(read_messages(story)).encode())
    return found


def read_share(data: bytes) -> tuple[Any, dict[str, Any]]:
    """Read a share file."""
    path = scratch() / "share.json"
    path.write_bytes(data)
    return share.read(path)


def open_share(given: tuple[Any, dict[str, Any]]) -> None:
    """Open what was shared as a session, as `service-culture workshop --open` does, and show it."""
    chain, opened = given
    house = Workshop(scratch() / "opened", model=_Silent)
    session = house.begin(
        chain,
        language=opened["language"],
        minimum=opened["minimum"],
        title=opened["title"],
        opened=opened,
        **opened["settings"],
    )
    try:
        session.public_json()
        session._host_json()
        share.as_json(session)
        views.warnings(session)
    finally:
        session.wipe()


SHARE_WORDS = [
    "format", "what", "version", "title", "organisation", "language", "minimum", "settings", "market", "changes", "pinned", "focus",
    "cells", "lever", "where", "from", "to", "supplier", "client", "received", "given", "n", "mean", "overall", "spread", "seed", "runs",
    "warm_up", "days", "nodes", "edges", "links", "id", "source", "target", "key", "directed", "multigraph", "graph", "reliability",
    "empathy", "en", "de", "xx", *WORDS[:30],
]  # fmt: skip


# --- session files ---------------------------------------------------------------------------------------------------


def _file(facts: Mapping[str, Any], events: list[Event]) -> bytes:
    base = sqlite3.connect(":memory:")
    base.execute("CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL)")
    base.execute(
        "CREATE TABLE events (number INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, data TEXT NOT NULL, at REAL NOT NULL)"
    )
    base.executemany("INSERT INTO facts VALUES (?, ?)", [(name, json.dumps(value)) for name, value in facts.items()])
    base.executemany(
        "INSERT INTO events VALUES (?, ?, ?, ?)", [(e.number, e.kind, json.dumps(e.data), e.at) for e in events]
    )
    base.commit()
    found = base.serialize()
    base.close()
    return found


@functools.cache
def _files() -> list[bytes]:
    facts, events = _opened()
    return [_file(facts, events), *(_file(facts, list(read_messages(one).store.events())) for one in MESSAGES[:-1])]


def read_session(data: bytes) -> Session:
    """Open a session file as ``service-culture workshop --resume`` does."""
    folder = scratch() / "resumed"
    folder.mkdir(exist_ok=True)
    for old in folder.iterdir():
        old.unlink(missing_ok=True)
    path = folder / "BCDFG.workshop"
    path.write_bytes(data)
    return Workshop(folder, model=_Silent).open(path)


def use_session(session: Session) -> None:
    """Show the room to everybody, and close the file."""
    try:
        session.public_json()
        as_json(views.host_part(session))
        chains.key(session.base, session.room)
    finally:
        session.close()


def mutate_session(data: bytes, rng: Random) -> bytes:
    """Change what a cell of the file says, or its bytes."""
    if rng.random() < 0.15:
        return hostile.blind(data, rng)
    base = sqlite3.connect(":memory:")
    try:
        base.deserialize(data)
        table, column, key = rng.choice((("facts", "value", "name"), ("events", "data", "number"), ("events", "data", "number"),
                                         ("events", "kind", "number"), ("events", "at", "number"), ("facts", "name", "name")))  # fmt: skip
        rows = base.execute(f"SELECT {key}, {column} FROM {table}").fetchall()
        number, old = rng.choice(rows)
        if column in ("value", "data"):
            new: Any = _json(str(old).encode("utf-8", "replace"), rng).decode("utf-8", "replace")
        elif column == "kind":
            new = rng.choice((*MESSAGE_WORDS, "open", "_cells", ""))
        else:
            new = hostile.text(rng)
        if rng.random() < 0.1:
            base.execute(f"DELETE FROM {table} WHERE {key} = ?", (number,))
        else:
            base.execute(f"UPDATE {table} SET {column} = ? WHERE {key} = ?", (new, number))
        base.commit()
        return base.serialize()
    except (sqlite3.Error, IndexError, UnicodeError, OverflowError):
        return rng.choice(_files())
    finally:
        base.close()


TARGETS: tuple[Target, ...] = (
    Target("page-messages", lambda: MESSAGES, read_messages, use_room, ROOM, mutate=mutate_messages,
           dictionary=tuple(one.encode() for one in MESSAGE_WORDS if len(one) > 1)),
    Target("share-file", _shares, read_share, open_share,
           ("sim.workshop.share", "sim.workshop.scores", "sim.chain", "sim.structure", "sim.errors", "sim.organisation"),
           mutate=lambda data, rng: _of_shares()(data, rng), dictionary=tuple(one.encode() for one in SHARE_WORDS if len(one) > 1)),
    Target("session-file", _files, read_session, use_session, ("sim.workshop.store", *ROOM), mutate=mutate_session,
           longest=200_000),
)  # fmt: skip


@functools.cache
def _of_shares() -> Any:
    return trees.mutator("json", _shares(), SHARE_WORDS)
