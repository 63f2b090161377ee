"""What stands between the network and a session: who may ask, from where, how much and how often.

Threats that it is built against: a page on another site that lets a visitor's browser talk to the laptop (cross-site requests,
DNS rebinding), a phone that guesses codes or the facilitator's key, and one that floods the server. A room of sixty phones
behind one address is no flood.
"""

from __future__ import annotations

import ipaddress
import socket
import time
from collections import OrderedDict
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MOST_BYTES = 64 * 1024
"""Largest body of a request."""

HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


class Buckets:
    """Token buckets by key: each holds up to ``burst`` and fills at ``rate`` a second.

    At most ``most`` keys are remembered; the one that was used longest ago is forgotten first.
    """

    def __init__(self, rate: float, burst: float, most: int = 5000) -> None:
        self.rate, self.burst, self.most = rate, burst, most
        self._levels: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, key: str, now: float | None = None) -> bool:
        """Take one token; False where there is none."""
        now = time.monotonic() if now is None else now
        level, then = self._levels.pop(key, (self.burst, now))
        level = min(self.burst, level + self.rate * (now - then))
        allowed = level >= 1
        self._levels[key] = (level - 1 if allowed else level, now)
        if len(self._levels) > self.most:
            self._levels.popitem(last=False)
        return allowed


def host_is_ours(host: str) -> bool:
    """Tell whether a Host header may name this laptop: any IP address, localhost, or the laptop's own name.

    DNS rebinding needs a name that its owner can point elsewhere, so addresses are safe whichever they are.
    """
    try:
        name = (urlsplit(f"//{host}").hostname or "").rstrip(".")
    except ValueError:
        return False
    try:
        ipaddress.ip_address(name)
        return True
    except ValueError:
        own = socket.gethostname().casefold().split(".")[0]
        return name in ("localhost", own, f"{own}.local")


def refusal(key: str, status: int, **params: object) -> JSONResponse:
    """Return the answer to a request that is refused."""
    return JSONResponse({"ok": False, "error": f"error.{key}", "params": params}, status)


class Guard:
    """ASGI middleware: checks where a request comes from and how large it is, and puts headers on every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a good request on, refuse others."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        answered = False

        async def with_headers(message: Message) -> None:
            nonlocal answered
            if message["type"] == "http.response.start":
                answered = True
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        headers = Headers(scope=scope)
        refused = self._refused(scope, headers)
        if refused is not None:
            await refused(scope, receive, with_headers)
            return
        read = 0

        async def counted() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > MOST_BYTES:
                raise _TooLarge
            return message

        try:
            await self.app(scope, counted, with_headers)
        except _TooLarge:
            if not answered:
                await refusal("too_large", 413)(scope, receive, with_headers)

    def _refused(self, scope: Scope, headers: Headers) -> JSONResponse | None:
        host = headers.get("host", "")
        if not host_is_ours(host):
            return refusal("wrong_host", 421)
        if scope["method"] in ("GET", "HEAD"):
            return None
        origin = headers.get("origin")
        if origin is not None and origin.casefold() != f"{scope.get('scheme', 'http')}://{host}".casefold():
            return refusal("wrong_origin", 403)
        if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            return refusal("wrong_origin", 403)
        if headers.get("content-type", "").split(";")[0].strip().casefold() != "application/json":
            return refusal("not_json", 415)
        length = headers.get("content-length", "0")
        if not length.isdigit() or int(length) > MOST_BYTES:
            return refusal("too_large", 413)
        return None


class _TooLarge(Exception):
    """A body went over the limit while it was read."""
