"""Simulated phones for `experiments.benchmarks.room`: each does what the page's own script does, over plain HTTP.

A phone has a source address, cookies, a stream that it opens anew when it breaks, and an outbox: answers are sent in
order, kept until somebody took them, tried again after `RETRY` seconds, and the newest about a department takes the
older one's place (`sim/workshop/static/live.js`). It remembers what it was told was saved, so that this can be compared
with what the session holds. A hundred libraries' worth of clients would take the processor that is to be measured;
these take little of it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import re
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any

DIMENSIONS = ("reliability", "responsiveness", "assurance", "empathy", "tangibles")
RETRY = 2.5
"""Seconds until an answer that nobody took is sent again, as in live.js."""
FIRST_WAIT, LONGEST_WAIT, FACTOR = 0.4, 8.0, 1.6
"""Seconds between attempts to open the stream, as in live.js."""
PATIENCE = 60
"""Seconds after which a request counts as lost."""
_PHASE = re.compile(rb'"phase":"(\w+)"')


class Wire:
    """One browser: its cookies, its source address, a connection that is kept, and how long each request took."""

    def __init__(self, port: int, address: str) -> None:
        self.port, self.address = port, address
        self.cookies: dict[str, str] = {}
        self._pair: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._turn = asyncio.Lock()

    async def open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Return a new connection."""
        return await asyncio.open_connection("127.0.0.1", self.port, local_addr=(self.address, 0), limit=2**22)

    def request(self, method: str, path: str, body: bytes = b"", accept: str = "*/*") -> bytes:
        """Return a request as it goes over the wire."""
        home = f"127.0.0.1:{self.port}"
        lines = [f"{method} {path} HTTP/1.1", f"Host: {home}", f"Accept: {accept}"]
        if self.cookies:
            lines.append("Cookie: " + "; ".join(f"{name}={value}" for name, value in self.cookies.items()))
        if method == "POST":
            lines += [f"Origin: http://{home}", "Content-Type: application/json", f"Content-Length: {len(body)}"]
        return ("\r\n".join(lines) + "\r\n\r\n").encode() + body

    async def send(self, method: str, path: str, data: Any = None) -> tuple[int, dict[str, str], bytes]:
        """Send a request and return status, headers and body; raises `OSError` where nobody answers."""
        body = b"" if data is None else json.dumps(data).encode()
        async with self._turn:
            fresh = self._pair is None
            try:
                return await self._once(method, path, body)
            except OSError:
                if fresh or method != "GET":  # as browsers do: only what changes nothing is sent again by itself
                    raise
                return await self._once(method, path, body)

    async def _once(self, method: str, path: str, body: bytes) -> tuple[int, dict[str, str], bytes]:
        try:
            if self._pair is None:
                self._pair = await self.open()
            reader, writer = self._pair
            writer.write(self.request(method, path, body))
            async with asyncio.timeout(PATIENCE):
                status, headers = await head(reader)
                content = await reader.readexactly(int(headers.get("content-length", "0")))
        except (OSError, EOFError, TimeoutError) as error:
            self.drop()
            raise ConnectionError(str(error)) from None
        except BaseException:
            self.drop()
            raise
        self.keep(headers)
        if headers.get("connection") == "close":
            self.drop()
        return status, headers, content

    def keep(self, headers: dict[str, str]) -> None:
        """Keep the cookies of an answer."""
        for line in filter(None, headers.get("set-cookie", "").split("\n")):
            name, _, value = line.split(";")[0].partition("=")
            self.cookies[name.strip()] = value.strip()

    def drop(self) -> None:
        """Close the connection, if there is one."""
        if self._pair is not None:
            self._pair[1].close()
            self._pair = None


async def head(reader: asyncio.StreamReader) -> tuple[int, dict[str, str]]:
    """Return status and headers of an answer."""
    first = await reader.readline()
    if not first:
        raise EOFError("the connection was closed")
    headers: dict[str, str] = {}
    while (line := (await reader.readline()).decode("latin-1").strip()) != "":
        name, _, value = line.partition(":")
        name = name.lower()
        headers[name] = f"{headers[name]}\n{value.strip()}" if name in headers else value.strip()
    return int(first.split()[1]), headers


@dataclass
class Waiting:
    """An answer in the outbox."""

    what: str
    data: dict[str, Any]
    key: str


@dataclass
class Log:
    """What all phones lived through, in seconds."""

    answered: dict[str, list[float]] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    tries: int = 0
    unanswered: int = 0


class Phone:
    """A participant.

    Attributes ---------- wanted, told : by department (or "given"): scores as they were tapped last, and as the server
    said last that it has them acknowledged : every score that was acknowledged, in order: (about, scores) promises :
    commitments that were acknowledged phase, heard : phase that the page shows, and when each phase came
    (`time.perf_counter`)
    """

    def __init__(self, port: int, code: str, address: str, department: str, log: Log, rng: random.Random) -> None:
        self.wire, self.log, self.rng = Wire(port, address), log, rng
        self.code, self.department, self.base = code, department, f"/j/{code}"
        self.suppliers: list[str] = []
        self.wanted: dict[str, dict[str, int]] = {}
        self.told: dict[str, dict[str, int]] = {}
        self.acknowledged: list[tuple[str, dict[str, int]]] = []
        self.promises: list[str] = []
        self.guess: dict[str, Any] | None = None
        self.phase = ""
        self.heard: dict[str, float] = {}
        self.back = 0.0
        self.online = False
        self.joined_in: float | None = None
        self.in_flight: Waiting | None = None
        self._box: deque[Waiting] = deque()
        self._more = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._stream: asyncio.StreamWriter | None = None

    @property
    def token(self) -> str:
        """What the server knows this phone by."""
        return self.wire.cookies[f"p_{self.code}"]

    @property
    def waiting(self) -> int:
        """Answers that nobody has taken yet."""
        return len(self._box)

    # --- what somebody does -------------------------------------------------------------------------------------------

    async def arrive(self) -> None:
        """Open the page, listen, and join; a page that does not open is opened again."""
        began = time.perf_counter()
        while True:
            with contextlib.suppress(OSError):
                status, _, _ = await self.wire.send("GET", self.base)
                if status == 200:
                    break
                self.log.refused.append(f"page {status}")
            await asyncio.sleep(1)
        self._tasks = [asyncio.create_task(self._listen()), asyncio.create_task(self._post())]
        self.put("join", {"department": self.department}, "join")
        while self.joined_in is None:
            await asyncio.sleep(0.02)
        self.joined_in -= began

    def score(self, about: str) -> None:
        """Score a department, or one's own, on all dimensions."""
        self.wanted[about] = {name: self.rng.randint(1, 5) for name in DIMENSIONS}
        self.put("score", {"about": about, "scores": self.wanted[about]}, f"score-{about}")

    def predict(self, weakest: str) -> None:
        """Guess."""
        data = {"hired": self.rng.choice(["yes", "no"]), "share": 10 * self.rng.randint(0, 10), "weakest": weakest}
        self.put("predict", data, "predict")

    def promise(self, what: str) -> None:
        """Commit to something."""
        data = {"who": self.department, "what": what, "when": "soon", "once": f"{self.rng.random()}"}
        self.put("commit", data, f"commit-{what}")

    def put(self, what: str, data: dict[str, Any], key: str) -> None:
        """Put an answer into the outbox; it takes the place of an older one of the same key."""
        self._box = deque([*(one for one in self._box if one.key != key), Waiting(what, data, key)])
        self._more.set()

    def lose_stream(self) -> None:
        """Let the stream break, as a phone that goes to sleep or out of reach."""
        if self._stream is not None:
            self._stream.transport.abort()

    async def leave(self) -> None:
        """Close the page."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self.wire.drop()

    # --- what the page's script does ----------------------------------------------------------------------------------

    async def _post(self) -> None:
        while True:
            await self._more.wait()
            self._more.clear()
            while self._box:
                if not await self._send(self._box[0]):
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(self._more.wait(), RETRY)

    async def _send(self, one: Waiting) -> bool:
        """Send an answer once; True when somebody took or refused it."""
        began = time.perf_counter()
        self.log.tries += 1
        self.in_flight = one
        try:
            status, _, _ = await self.wire.send("POST", f"{self.base}/{one.what}", one.data)
        except OSError:
            self.log.unanswered += 1
            return False
        if status >= 500 or status == 429:
            self.log.unanswered += 1
            return False
        self.in_flight = None
        self._box = deque(other for other in self._box if other is not one)
        if status != 200:
            self.log.refused.append(f"{one.what} {status}")
            return True
        self.log.answered.setdefault(one.what, []).append(time.perf_counter() - began)
        if one.what == "join":
            self.joined_in = time.perf_counter()
        elif one.what == "score":
            self.told[one.data["about"]] = one.data["scores"]
            self.acknowledged.append((one.data["about"], one.data["scores"]))
        elif one.what == "commit":
            self.promises.append(one.data["what"])
        elif one.what == "predict":
            self.guess = one.data
        return True

    async def _listen(self) -> None:
        wait = 0.0
        while True:
            with contextlib.suppress(OSError, EOFError, ValueError):
                reader, writer = await self.wire.open()
                self._stream = writer
                try:
                    writer.write(self.wire.request("GET", f"{self.base}/events", accept="text/event-stream"))
                    status, _ = await head(reader)
                    if status == 200:
                        wait = 0.0
                        await self._states(reader)
                    else:
                        self.log.refused.append(f"events {status}")
                finally:
                    writer.close()
            self.online = False
            wait = min(LONGEST_WAIT, (wait or FIRST_WAIT) * FACTOR)
            await asyncio.sleep(wait * (0.7 + 0.6 * self.rng.random()))

    async def _states(self, reader: asyncio.StreamReader) -> None:
        """Read states until the stream ends; only the phase is looked at, as phones are other machines."""
        while chunk := await reader.read(2**18):
            if found := _PHASE.search(chunk):
                if not self.online:
                    self.online, self.back = True, time.perf_counter()
                    self._more.set()  # the page sends what waits as soon as it is back
                phase = found[1].decode()
                if phase != self.phase:
                    self.phase = phase
                    self.heard[phase] = time.perf_counter()


class Facilitator:
    """Whoever leads: acts, and follows the host's states."""

    def __init__(self, port: int, code: str, page: str) -> None:
        self.wire, self.code, self.page = Wire(port, "127.0.0.1"), code, page
        self.state: dict[str, Any] = {}
        self.news = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def lead(self) -> None:
        """Take the key to the page and listen."""
        status, _, _ = await self.wire.send("GET", "/" + self.page.split("/", 3)[3])
        if status != 303:
            raise RuntimeError(f"the facilitator's page answers {status}")
        self._task = asyncio.create_task(self._listen())
        await self.until(lambda state: state)

    async def act(self, do: str, **data: Any) -> None:
        """Do something; a server that is not there is waited for."""
        while True:
            try:
                status, _, body = await self.wire.send("POST", f"/host/{self.code}/act", {"do": do, **data})
            except OSError:
                await asyncio.sleep(0.2)
                continue
            if status != 200:
                raise RuntimeError(f"{do} {data}: {status} {body.decode()}")
            return

    async def until(self, ready: Any, seconds: float = 180) -> Any:
        """Wait for a state."""
        async with asyncio.timeout(seconds):
            while not (found := ready(self.state)):
                await self.news.wait()
                self.news.clear()
        return found

    async def _listen(self) -> None:
        while True:
            with contextlib.suppress(OSError, EOFError):
                reader, writer = await self.wire.open()
                try:
                    writer.write(self.wire.request("GET", f"/host/{self.code}/events", accept="text/event-stream"))
                    status, _ = await head(reader)
                    while status == 200 and (line := await reader.readline()):
                        if line.startswith(b"data: {"):
                            self.state = json.loads(line[6:])
                            self.news.set()
                finally:
                    writer.close()
            await asyncio.sleep(0.3)

    async def leave(self) -> None:
        """Close the page."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        self.wire.drop()
