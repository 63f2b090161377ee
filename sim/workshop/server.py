"""The workshop's web server: pages, what phones and the facilitator send, streams of states, exports.

One process holds several sessions that know nothing of each other. A participant is a random token in a cookie that only their
session's addresses receive; the facilitator's key is another, and no join code leads to it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

from sse_starlette.event import ServerSentEvent
from sse_starlette.sse import EventSourceResponse
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.templating import Jinja2Templates

from sim import organisation
from sim.errors import InputError
from sim.workshop import language, rehearsal, share
from sim.workshop.guard import Buckets, Guard, Guesses
from sim.workshop.house import Workshop
from sim.workshop.hub import Hub
from sim.workshop.inputs import Refused, number, one_of, turned_off
from sim.workshop.scores import MINIMUM, SMALLEST_MINIMUM
from sim.workshop.session import CODE_LENGTH, LETTERS, Session, begin, hashed

log = logging.getLogger("sim.workshop")

HERE = Path(__file__).parent
MOST_STREAMS = 800
MOST_OF_PHONE = 6
"""Streams that one phone may have open: a few tabs, and some that have not been noticed to be gone."""
MOST_UNKNOWN = 400
"""Streams of those who have not joined yet, in one session: two hundred who open the page at once, some of them twice."""
PING = 15
"""Seconds between signs of life on a stream."""
PULSE = ServerSentEvent(event="ping", data="1")
SLOWEST = 30
"""Seconds after which a phone that takes nothing from its stream is let go; it will come again."""
STAY = 60 * 60 * 24 * 2
"""Seconds that a cookie lives."""
ACTIONS = (
    "phase", "lock", "show", "focus", "lever", "undo", "redo", "pin", "reset", "assume", "department", "paper", "language",
    "minimum", "refresh", "timer", "commit", "commit_remove", "room_builds",
)  # fmt: skip
"""What the facilitator may do that is simply an event; the rest stands in `Pages.act`."""


class Pages:
    """What answers requests, and how often who may ask."""

    def __init__(self, workshop: Workshop) -> None:
        self.workshop = workshop
        self._tasks: set[asyncio.Task[Any]] = set()
        self.actions = Buckets(rate=8, burst=60)  # by participant: queued answers of an offline phone arrive at once
        self.joins = Buckets(rate=5, burst=300)  # by address: a room of two hundred phones may have one address
        self.guesses = Guesses()
        self.keys = Buckets(rate=0.5, burst=20)  # wrong keys, by address

    # --- who asks -----------------------------------------------------------------------------------------------------

    def session(self, request: Request) -> Session:
        """Return the session that an address names; wrong codes are counted, and who guesses is not told which one is right."""
        code = request.path_params["code"].upper()
        found = self.workshop.sessions.get(code)
        good = found is not None and not found.wiped
        if found is not None and good and self._known(request, found):
            return found
        if not self.guesses.may(client(request)):
            raise Refused("too_often", 429)
        if found is None or not good:
            self.guesses.wrong(client(request), code)
            raise Refused("no_such_session", 404)
        return found

    def _known(self, request: Request, session: Session) -> bool:
        """Tell whether somebody has been let into this session before: they need not guess its code."""
        cookies = request.cookies
        return (
            session.admitted(cookies.get(f"p_{session.code}"))
            or session.is_host(cookies.get(f"h_{session.code}"))
            or session.is_host(request.query_params.get("key"))
        )

    def hosted(self, request: Request) -> Session:
        """Return the session whose facilitator asks."""
        session = self.session(request)
        if not session.is_host(request.cookies.get(f"h_{session.code}")):
            raise Refused("not_facilitator", 403)
        return session

    def person(self, request: Request, session: Session) -> str | None:
        """Return the participant's key, if this phone has joined."""
        token = request.cookies.get(f"p_{session.code}")
        person = hashed(token) if token else None
        return person if person in session.room.people else None

    def joined(self, request: Request, session: Session) -> str:
        """Return the participant's key; refuses who has not joined or sends too much."""
        person = self.person(request, session)
        if person is None:
            raise Refused("join_first", 403)
        if not self.actions.take(f"{session.code} {person}"):
            raise Refused("too_often", 429)
        return person

    def note_reach(self, request: Request) -> None:
        """Remember that a phone has come through."""
        self.workshop.note_reach(client(request))

    # --- pages --------------------------------------------------------------------------------------------------------

    async def home(self, request: Request) -> Response:
        """Show the form that takes a code."""
        self.note_reach(request)
        code = request.query_params.get("code", "").strip().upper()
        if code and not self.guesses.may(client(request)):
            raise Refused("too_often", 429)
        if code and len(code) == CODE_LENGTH and set(code) <= {*LETTERS} and code in self.workshop.sessions:
            return RedirectResponse(f"/j/{code}", 303)
        if code:
            self.guesses.wrong(client(request), code)
        return self.page(request, "join.html", _accepted(request), view="join", wrong=code)

    async def phone(self, request: Request) -> Response:
        """Show a participant's page."""
        self.note_reach(request)
        session = self.session(request)
        if request.path_params["code"] != session.code:
            return RedirectResponse(f"/j/{session.code}", 303)
        answer = self.page(request, "phone.html", session.room.language, session, view="phone")
        if not session.admitted(request.cookies.get(f"p_{session.code}")):
            self._let_in(answer, session, session.admit())
        return answer

    def _let_in(self, answer: Response, session: Session, token: str) -> None:
        answer.set_cookie(
            f"p_{session.code}", token, max_age=STAY, path=f"/j/{session.code}", httponly=True, samesite="strict"
        )

    async def host(self, request: Request) -> Response:
        """Show the facilitator's page; an address with the key in it hands out the cookie first."""
        session = self.session(request)
        key = request.query_params.get("key")
        if key is not None:
            if not session.is_host(key):
                if not self.keys.take(client(request)):
                    raise Refused("too_often", 429)
                raise Refused("not_facilitator", 403)
            answer = RedirectResponse(f"/host/{session.code}", 303)
            for path in ("/host", "/screen"):
                answer.set_cookie(
                    f"h_{session.code}", session.secret, max_age=STAY, path=path, httponly=True, samesite="strict"
                )
            return answer
        self.hosted(request)
        session.think()
        return self.page(request, "host.html", session.room.language, session, view="host")

    async def screen(self, request: Request) -> Response:
        """Show the page for the projector."""
        session = self.hosted(request)
        return self.page(request, "host.html", session.room.language, session, view="screen")

    async def printed(self, request: Request) -> Response:
        """Show the page for paper."""
        session = self.hosted(request)
        session.touch()
        return self.page(
            request, "print.html", session.room.language, session, view="print", state=_host_state(session)
        )

    def page(self, request: Request, name: str, spoken: str, session: Session | None = None, **more: Any) -> Response:
        """Return a page from its template."""
        context = {
            "language": spoken,
            "messages": language.catalogue(spoken),
            "code": session.code if session else None,
            "title": turned_off(session.room.title) if session else None,
            **more,
        }
        return templates().TemplateResponse(request, name, context)

    # --- streams ------------------------------------------------------------------------------------------------------

    async def events(self, request: Request) -> Response:
        """Stream states to a phone."""
        session = self.session(request)
        self.note_reach(request)
        session.think()
        person = self.person(request, session)
        return self._stream(session.public, person or "", MOST_OF_PHONE if person else MOST_UNKNOWN)

    async def host_events(self, request: Request) -> Response:
        """Stream states to the facilitator and the projector."""
        session = self.hosted(request)
        session.think()
        return self._stream(session.host, "host", MOST_UNKNOWN)

    def _stream(self, hub: Hub, who: str, most: int) -> Response:
        if (
            hub.who[who] >= most
            or sum(one.public.listeners + one.host.listeners for one in self.workshop.sessions.values()) >= MOST_STREAMS
        ):
            raise Refused("room_full", 503, most=MOST_STREAMS)
        return EventSourceResponse(
            hub.listen(who), ping=PING, ping_message_factory=lambda: PULSE, sep="\n", send_timeout=SLOWEST
        )

    # --- what phones send ---------------------------------------------------------------------------------------------

    async def join(self, request: Request) -> Response:
        """Take a phone in, or recognise it again."""
        session, data = self.session(request), await body(request)
        if not self.joins.take(client(request)):
            raise Refused("too_often", 429)
        self.note_reach(request)
        token = request.cookies.get(f"p_{session.code}")
        if token is None or not session.admitted(token):
            token = session.admit()
        person = hashed(token)
        session.submit("join", data, person)
        answer = JSONResponse({"ok": True, "id": session.public.id, "me": me(session, person)})
        self._let_in(answer, session, token)
        return answer

    async def me(self, request: Request) -> Response:
        """Return what this phone has answered."""
        session = self.session(request)
        person = self.person(request, session)
        if person is None:
            raise Refused("join_first", 403)
        return JSONResponse({"ok": True, "me": me(session, person)})

    def taking(self, kind: str) -> Callable[[Request], Awaitable[Response]]:
        """Return what takes this kind of answer from a phone."""

        async def take(request: Request) -> Response:
            session, data = self.session(request), await body(request)
            person = self.joined(request, session)
            session.submit(kind, data, person)
            return JSONResponse({"ok": True, "id": session.public.id, "me": me(session, person)})

        return take

    # --- what the facilitator does ------------------------------------------------------------------------------------

    async def act(self, request: Request) -> Response:
        """Do what the facilitator asks for."""
        session, data = self.hosted(request), await body(request)
        todo = data.get("do")
        more: dict[str, Any] = {}
        if todo in ACTIONS:
            kept = session.submit(str(todo), data)
            if todo == "paper":
                more["sheet"] = kept["person"]
        elif todo == "rehearse":
            self._start(self._rehearse(session, int(number(data.get("people", 30), 1, 200, "people", whole=True))))
        elif todo == "rehearse_stop":
            session.submit("rehearse_stop", {})
        elif todo == "address":
            self.workshop.choose(one_of(data.get("to"), self.workshop.urls(), "to"))
        elif todo == "wipe":
            one_of(data.get("confirm"), (session.code,), "confirm")
            session.wipe()
            del self.workshop.sessions[session.code]
        else:
            raise Refused("unknown_action")
        return JSONResponse({"ok": True, "id": session.host.id, **more})

    def _start(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _rehearse(self, session: Session, people: int) -> None:
        """Draw simulated participants off the event loop, then let them speak."""
        error = None
        try:
            room = session.room
            chain = session.chain()
            if chain is None:
                raise Refused("nothing_to_share", 409)
            homes = {one.key: one.name for one in room.present}
            drawn = await asyncio.to_thread(
                rehearsal.participants, chain, homes, people, minimum=room.minimum, seed=session.settings["seed"]
            )
            session.submit("rehearse", {"people": drawn})
        except (InputError, Refused) as mistake:
            error = str(mistake)
        except Exception as mistake:
            log.exception("the rehearsal could not be drawn")
            error = str(mistake)
        session.results["rehearsal_error"] = error
        session.touch()

    async def new(self, request: Request) -> Response:
        """Begin another session; for whoever leads one here already."""
        data = await body(request)
        leads = any(one.is_host(request.cookies.get(f"h_{one.code}")) for one in self.workshop.sessions.values())
        if not leads:
            raise Refused("not_facilitator", 403)
        wanted = data.get("organisation")
        try:
            chain = None if wanted in (None, "") else organisation.parse(_bundled(wanted), source=str(wanted))
            spoken = language.check(str(data.get("language", "en")))
        except InputError as error:
            raise Refused("bad_organisation", name=str(error)) from None
        minimum = int(number(data.get("minimum", MINIMUM), SMALLEST_MINIMUM, 100, "minimum", whole=True))
        session = await asyncio.to_thread(
            begin, self.workshop.folder, chain, language=spoken, minimum=minimum, room_builds=chain is None
        )
        opened = self.workshop.open(session)
        return JSONResponse({"ok": True, "code": opened.code, "go": f"/host/{opened.code}?key={opened.secret}"})

    async def export(self, request: Request) -> Response:
        """Hand out what the room made: aggregates and promises, never an answer."""
        session, name = self.hosted(request), request.path_params["name"]
        content: str | bytes
        if name == "share.json":
            content, kind = share.as_json(session), "application/json"
        elif name == "scores.csv":
            content, kind = share.scores_csv(session), "text/csv"
        elif name == "commitments.csv":
            content, kind = share.commitments_csv(session), "text/csv"
        else:
            raise Refused("not_found", 404)
        file = f"workshop-{session.code}-{name}"
        return Response(content, media_type=kind, headers={"Content-Disposition": f'attachment; filename="{file}"'})

    async def reach(self, request: Request) -> Response:
        """Answer a phone that tries whether it can reach the laptop."""
        self.note_reach(request)
        return JSONResponse({"ok": True})


def client(request: Request) -> str:
    """Return the address that a request comes from."""
    return request.client.host if request.client else ""


async def body(request: Request) -> Mapping[str, Any]:
    """Return the JSON object that was sent."""
    try:
        data = json.loads(await request.body() or b"{}")
    except (ValueError, RecursionError):
        raise Refused("not_json") from None
    if not isinstance(data, dict):
        raise Refused("not_json")
    return data


def me(session: Session, person: str) -> dict[str, Any]:
    """Return a participant's own answers, with the names that departments have now."""
    room = session.room
    own = room.people[person]
    home = room.department_of(own)
    present = {one.key: one.name for one in room.present}
    guess = own.prediction
    return {
        "department": present.get(home or ""),
        "given": (own.given.get(home) if home else None) or None,
        "received": {present[key]: scores for key, scores in own.received.items() if key in present and scores},
        "prediction": guess and {**guess, "weakest": present.get(guess["weakest"] or "")},
        "commitments": [
            {"id": one.id, "who": one.who, "what": one.what, "when": one.when}
            for one in room.commitments.values()
            if one.person == person and not one.removed
        ],
    }


def _host_state(session: Session) -> dict[str, Any]:
    from sim.workshop import views

    return {"id": session.host.id, **views.host_state(session)}


def _bundled(name: object) -> str:
    """Return the text of a bundled organisation; the page can name no file."""
    if not isinstance(name, str) or name not in organisation.bundled():
        raise InputError("there is no such organisation", value=name, allowed=", ".join(organisation.bundled()))
    return organisation.bundled_text(name)


def _accepted(request: Request) -> str:
    """Return the first language of a browser that there is a catalogue of."""
    for part in request.headers.get("accept-language", "").split(","):
        if (spoken := part.split(";")[0].strip()[:2].casefold()) in language.LANGUAGES:
            return spoken
    return language.LANGUAGES[0]


_templates: Jinja2Templates | None = None


def templates() -> Jinja2Templates:
    """Return the page templates; texts put into them are escaped."""
    global _templates
    if _templates is None:
        _templates = Jinja2Templates(directory=HERE / "templates")
    return _templates


async def refused(request: Request, error: Exception) -> Response:
    """Answer what was refused: with a message key, or on an address that people open with a sentence."""
    assert isinstance(error, Refused)
    if request.method == "GET" and "text/html" in request.headers.get("accept", ""):
        spoken = _accepted(request)
        text = language.say(error.key, spoken, **error.params)
        return PlainTextResponse(text, error.status)
    return JSONResponse({"ok": False, "error": error.key, "params": error.params}, error.status)


async def unknown(request: Request, error: Exception) -> Response:
    """Answer an address that does not exist, or the wrong method."""
    assert isinstance(error, HTTPException)
    return await refused(request, Refused("not_found", error.status_code))


def create_app(workshop: Workshop) -> Starlette:
    """Return the ASGI application of a workshop."""

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        for session in list(workshop.sessions.values())[-1:]:
            session.think()  # the model is loaded while people join; older sessions wait until somebody looks at them
        yield
        workshop.close()

    pages = Pages(workshop)
    phone, host = "/j/{code}", "/host/{code}"
    take = pages.taking
    return Starlette(
        routes=[
            Route("/", pages.home),
            Route("/reach", pages.reach),
            Route(phone, pages.phone),
            Route(f"{phone}/events", pages.events),
            Route(f"{phone}/join", pages.join, methods=["POST"]),
            Route(f"{phone}/me", pages.me),
            Route(f"{phone}/department", take("department_of"), methods=["POST"]),
            Route(f"{phone}/score", take("score"), methods=["POST"]),
            Route(f"{phone}/predict", take("predict"), methods=["POST"]),
            Route(f"{phone}/commit", take("commit"), methods=["POST"]),
            Route("/host/new", pages.new, methods=["POST"]),
            Route(host, pages.host),
            Route(f"{host}/events", pages.host_events),
            Route(f"{host}/act", pages.act, methods=["POST"]),
            Route(f"{host}/print", pages.printed),
            Route(f"{host}/export/{{name}}", pages.export),
            Route("/screen/{code}", pages.screen),
            Mount("/static", StaticFiles(directory=HERE / "static", check_dir=False)),
        ],
        middleware=[Middleware(Guard)],
        exception_handlers={Refused: refused, HTTPException: unknown},
        lifespan=lifespan,
    )


def give_memory_back() -> None:
    """Ask glibc, where it is the allocator, to return the memory of runs to the system: large blocks at once, few arenas.

    Every run copies a model of some megabytes in another thread; by default such blocks stay with the process and it grows.
    """
    if sys.platform == "linux":
        import ctypes

        with contextlib.suppress(OSError, AttributeError):
            libc = ctypes.CDLL("libc.so.6")
            libc.mallopt(-8, 2)  # M_ARENA_MAX
            libc.mallopt(-3, 1 << 20)  # M_MMAP_THRESHOLD


def configured(workshop: Workshop) -> Any:
    """Return how uvicorn serves a workshop. No address is logged: the facilitator's key stands in one."""
    import uvicorn

    from sim.workshop.wire import Connection

    return uvicorn.Config(
        create_app(workshop), log_level="warning", access_log=False, server_header=False, timeout_graceful_shutdown=3,
        timeout_keep_alive=30, ws="none", http=Connection, h11_max_incomplete_event_size=32_768, proxy_headers=False,
    )  # fmt: skip


def run(workshop: Workshop, listening: socket.socket, ready: Callable[[], None]) -> None:
    """Serve until somebody stops the program; ``ready`` is called once pages can be opened.

    Ctrl-C ends every stream first, so that nobody waits for phones that listen; the call then returns as after any other end.
    """
    import uvicorn

    from sim.workshop.wire import Connection, places

    give_memory_back()
    Connection.most = places()

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            if self.started:
                ready()

        def handle_exit(self, sig: int, frame: Any) -> None:
            workshop.end_streams()
            super().handle_exit(sig, frame)

    with contextlib.suppress(KeyboardInterrupt):
        Server(configured(workshop)).run(sockets=[listening])
