"""What stands between the network and a session: who may ask, from where, how much, how often and how slowly.

Threats that it is built against: a page on another site that lets a visitor's browser talk to the laptop (cross-site
requests, DNS rebinding), a phone that guesses codes or the facilitator's key, and one that floods the server. A room of
sixty phones behind one address is no flood.
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import socket
import time
from collections import OrderedDict
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = logging.getLogger("sim.workshop")

MOST_BYTES = 64 * 1024
"""Largest body of a request."""
SLOWEST_BODY = 10.0
"""Seconds in which the body of a request must have come."""

HEADERS = {
    "Content-Security-Policy": "default-src 'self'; script-src 'self'; img-src 'self' data: blob:; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=(), serial=(), midi=(), "
    "display-capture=()",
}


class Buckets:
    """Token buckets by key: each holds up to ``burst`` and fills at ``rate`` a second.

    At most ``most`` keys are remembered; the one that was used longest ago is forgotten first.
    """

    def __init__(self, rate: float, burst: float, most: int = 5000) -> None:
        self.rate, self.burst, self.most = rate, burst, most
        self._levels: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def level(self, key: str, now: float | None = None) -> float:
        """Return the tokens that are there."""
        now = time.monotonic() if now is None else now
        level, then = self._levels.get(key, (self.burst, now))
        return min(self.burst, level + self.rate * (now - then))

    def take(self, key: str, now: float | None = None) -> bool:
        """Take one token; False where there is none."""
        now = time.monotonic() if now is None else now
        level = self.level(key, now)
        self._levels.pop(key, None)
        allowed = level >= 1
        self._levels[key] = (level - 1 if allowed else level, now)
        if len(self._levels) > self.most:
            self._levels.popitem(last=False)
        return allowed


class Guesses:
    """Wrong join codes, counted by address and over all addresses; who has made too many is refused whatever the code.

    That is what makes guessing slow: were a right code let through at any rate, answers that come too often would be no
    limit at all. Codes have `sim.workshop.session.CODE_LENGTH` of 21 letters, 4.1 million in all. One address makes 60
    guesses at once and then one in two seconds; all addresses together make 300, and then one a second, 3,900 in an
    hour. For one open session that is a chance of 1 in 1,000 in the hour, and 24 days until it is an even one.

    A wrong code that was seen already tells nobody anything and is not counted: phones that still ask for yesterday's
    room do not keep people out of today's.
    """

    def __init__(self, most: int = 20_000) -> None:
        self.of_one = Buckets(rate=0.5, burst=60)
        self.of_all = Buckets(rate=1, burst=300)
        self.most = most
        self._wrong: OrderedDict[str, None] = OrderedDict()

    def may(self, address: str, now: float | None = None) -> bool:
        """Tell whether somebody at this address may name a code."""
        return self.of_one.level(address, now) >= 1 and self.of_all.level("", now) >= 1

    def wrong(self, address: str, code: str, now: float | None = None) -> None:
        """Count a wrong code."""
        code = code[:20]
        if code in self._wrong:
            self._wrong.move_to_end(code)
            return
        self._wrong[code] = None
        if len(self._wrong) > self.most:
            self._wrong.popitem(last=False)
        self.of_one.take(address, now)
        self.of_all.take("", now)


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
        read, whole = 0, scope["method"] in ("GET", "HEAD")
        late = asyncio.get_running_loop().time() + SLOWEST_BODY

        async def counted() -> Message:
            nonlocal read, whole
            if whole:
                return await receive()
            try:
                async with asyncio.timeout_at(late):
                    message = await receive()
            except TimeoutError:
                raise _TooSlow from None
            read += len(message.get("body", b""))
            if read > MOST_BYTES:
                raise _TooLarge
            whole = not message.get("more_body", False)
            return message

        try:
            await self.app(scope, counted, with_headers)
        except _TooLarge:
            if not answered:
                await refusal("too_large", 413)(scope, receive, with_headers)
        except _TooSlow:
            if not answered:
                await refusal("too_slow", 408)(scope, receive, _closing(with_headers))
        except ClientDisconnect:
            pass  # a phone went out of reach in the middle of its request; it will send it again
        except Exception:
            log.exception("a request could not be answered")
            if not answered:  # by hand: the framework would answer without the headers
                await refusal("failed", 500)(scope, receive, with_headers)

    def _refused(self, scope: Scope, headers: Headers) -> JSONResponse | None:
        host = headers.get("host", "")
        if not host_is_ours(host):
            return refusal("wrong_host", 421)
        if scope["method"] in ("GET", "HEAD"):
            empty = headers.get("content-length", "0").strip() == "0" and "transfer-encoding" not in headers
            return None if empty else refusal("too_large", 413)
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


def _closing(send: Send) -> Send:
    """Return what sends an answer after which the connection is closed: the rest of the request is not waited for."""

    async def closing(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message)["Connection"] = "close"
        await send(message)

    return closing


class _TooSlow(Exception):
    """A body did not come in time."""


class _TooLarge(Exception):
    """A body went over the limit while it was read."""
