"""All sessions of one process: their files, where phones find them, and whether a phone has come through."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sim import whole
from sim.chain import ServiceChain
from sim.workshop import address, engine
from sim.workshop.inputs import Refused
from sim.workshop.session import DRAFTS, Session, begin
from sim.workshop.store import Store

MOST_SESSIONS = 20
ADDRESSES_AGE = 5.0
"""Seconds after which the laptop's addresses are looked up anew: a hotspot may be opened while the page is open."""


class Workshop:
    """All sessions of one process.

    Parameters
    ----------
    folder : where session files stand
    lan : phones may come from the network
    port : for the addresses that are shown
    model : makes what engines ask; tests have their own
    """

    def __init__(
        self,
        folder: Path,
        *,
        lan: bool = False,
        port: int = address.PORT,
        workers: int | None = None,
        model: Callable[[], Any] = engine.Model,
    ) -> None:
        self.folder, self.lan, self.port = folder, lan, port
        self.sessions: dict[str, Session] = {}
        self.reached = False
        self._settings: dict[str, Any] = {"workers": workers, "model": model}
        self._urls: tuple[float, list[str]] = (-ADDRESSES_AGE, [])
        self._chosen: str | None = None

    def open(self, path: Path) -> Session:
        """Open a session file and serve it."""
        whole.tidy(path.parent / DRAFTS)
        store = Store(path)
        store.hold()
        try:
            code = store.facts("code")["code"]
            session = Session(store, place=lambda: self.place(str(code)), **self._settings)
        except BaseException:
            store.close()
            raise
        self.sessions[session.code] = session
        return session

    def begin(self, chain: ServiceChain | None, **settings: Any) -> Session:
        """Begin a new session."""
        if len(self.sessions) >= MOST_SESSIONS:
            raise Refused("too_many_sessions", 403, most=MOST_SESSIONS)
        return self.open(begin(self.folder, chain, **settings))

    def close(self) -> None:
        """End every stream and every session."""
        for session in self.sessions.values():
            session.close()

    def end_streams(self) -> None:
        """End every stream, so that the server can stop at once."""
        for session in self.sessions.values():
            session.public.close()
            session.host.close()

    def urls(self) -> list[str]:
        """Return the laptop's addresses, the one that phones are shown first."""
        now = time.monotonic()
        if now - self._urls[0] >= ADDRESSES_AGE:
            self._urls = (now, address.urls(self.lan, self.port))
        return sorted(self._urls[1], key=lambda url: url != self._chosen)

    def choose(self, url: str) -> None:
        """Show phones this address: on a laptop in several networks the first guess may be that of another one."""
        self._chosen = url
        for session in self.sessions.values():
            session.touch()

    def place(self, code: str) -> dict[str, Any]:
        """Return where phones find a session."""
        urls = [f"{url}/j/{code}" for url in self.urls()]
        return {
            "address": self.urls()[0],
            "urls": urls,
            "qr_svg": address.qr_svg(urls[0]),
            "lan": self.lan,
            "reached": self.reached,
        }

    def note_reach(self, host: str) -> None:
        """Remember that a phone has come through, and tell facilitators when it is the first."""
        if not self.reached and not address.is_loopback(host):
            self.reached = True
            for session in self.sessions.values():
                session.touch()
