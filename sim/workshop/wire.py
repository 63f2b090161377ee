"""Connections before anybody has asked anything: how many, from where, and for how long they may say nothing.

A connection that opens and stays silent, or sends its request letter by letter (slow loris), would hold a place until
the room has none left. Here it is closed after `SILENT` seconds; one address holds at most half of all places, so that
a single device cannot take them all, and a room of two hundred behind one router still fits.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from typing import Any, ClassVar

from uvicorn.protocols.http.h11_impl import H11Protocol

from sim.workshop.guard import HEADERS

SILENT = 10.0
"""Seconds in which the head of a request must have come."""
MOST_CONNECTIONS = 2000
SPARE_FILES = 120
"""Files that the program needs beside its connections."""


def places() -> int:
    """Return how many connections may be open, after asking the system for as many as that takes.

    Systems often allow a program 256 or 1,024 open files until it asks for more; a phone takes two or three.
    """
    try:
        import resource
    except ImportError:  # Windows has no such limit for sockets
        return MOST_CONNECTIONS
    wanted = MOST_CONNECTIONS + SPARE_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
        soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return MOST_CONNECTIONS if soft == resource.RLIM_INFINITY else max(50, min(MOST_CONNECTIONS, soft - SPARE_FILES))


class Connection(H11Protocol):
    """A connection of uvicorn's that is counted, and closed when its request does not come."""

    most: ClassVar[int] = MOST_CONNECTIONS
    silent: ClassVar[float] = SILENT
    _held: ClassVar[Counter[str]] = Counter()

    _from: str | None = None
    _waiting: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Take a connection in, or close it where there are too many."""
        super().connection_made(transport)
        address = self.client[0] if self.client else ""
        if self._held.total() >= self.most or self._held[address] >= max(1, self.most // 2):
            transport.abort()
            return
        self._from = address
        self._held[address] += 1
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """Give the place back."""
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None
        if self._from is not None:
            self._held[self._from] -= 1
            if self._held[self._from] <= 0:
                del self._held[self._from]
            self._from = None
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read, and watch how long a head takes that has only begun."""
        super().data_received(data)
        self._watch()

    def _watch(self) -> None:
        asked = self.cycle is not None and not self.cycle.response_complete
        if asked and self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None
        elif not asked and self._waiting is None and not self.transport.is_closing():
            self._waiting = self.loop.call_later(self.silent, self._too_silent)

    def _too_silent(self) -> None:
        self._waiting = None
        if not self.transport.is_closing():
            self.transport.abort()

    def on_response_complete(self) -> None:
        """Let the next request come whenever it does, within the time that a kept connection may stay open."""
        super().on_response_complete()
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def send_400_response(self, msg: str) -> None:
        """Answer what is no request, with the headers that every answer has."""
        lines = [f"{name}: {value}" for name, value in HEADERS.items()]
        head = ["HTTP/1.1 400 Bad Request", "Content-Type: text/plain; charset=utf-8", "Cache-Control: no-store", *lines,
                f"Content-Length: {len(msg)}", "Connection: close"]  # fmt: skip
        self.transport.write(("\r\n".join(head) + "\r\n\r\n" + msg).encode())
        self.transport.close()
