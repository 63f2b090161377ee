"""Where phones find the laptop: its addresses on every network it is on, the QR code, and whether a phone has come through."""

from __future__ import annotations

import contextlib
import functools
import io
import ipaddress
import socket

from sim.errors import InputError

LOOPBACK = "127.0.0.1"
EVERYWHERE = "0.0.0.0"
PORT = 8321
# Documentation addresses (RFC 5737, RFC 1918): nothing is sent there, the system only says which interface would be used.
_PROBES = ("192.0.2.1", "10.255.255.255", "172.31.255.255", "192.168.255.255", "192.168.137.255", "10.42.0.255")


def addresses() -> list[str]:
    """Return the laptop's IPv4 addresses that phones might reach, most likely first; none without a network.

    The address of the default route comes first, then those that the laptop's name stands for and those of the networks that
    phones and laptops open as hotspots. Nothing is sent.
    """
    found: list[str] = []
    for probe in _PROBES:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
            try:
                one.connect((probe, 9))
                found.append(one.getsockname()[0])
            except OSError:
                continue
    with contextlib.suppress(OSError):
        found += [str(info[4][0]) for info in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)]
    found += _interfaces()
    usable = [one for one in dict.fromkeys(found) if not ipaddress.ip_address(one).is_loopback and one != EVERYWHERE]
    return sorted(usable, key=lambda one: ipaddress.ip_address(one).is_link_local)


def _interfaces() -> list[str]:
    """Return the address of each interface where the system can be asked (Linux)."""
    try:
        import fcntl
    except ImportError:
        return []
    found = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        for _, name in socket.if_nameindex():
            request = name.encode()[:15].ljust(256, b"\0")
            try:
                found.append(socket.inet_ntoa(fcntl.ioctl(one.fileno(), 0x8915, request)[20:24]))  # SIOCGIFADDR
            except OSError:
                continue
    return found


def listen(lan: bool, port: int) -> socket.socket:
    """Return a listening socket: only this laptop, or with ``lan`` every network it is on."""
    host = EVERYWHERE if lan else LOOPBACK
    opened = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        if hasattr(socket, "SO_EXCLUSIVEADDRUSE"):  # Windows: SO_REUSEADDR would let two servers share a port
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind((host, port))
        opened.listen(512)
    except OSError as error:
        opened.close()
        raise InputError(
            "this port cannot be opened", place="--port", value=port, allowed="a free port",
            hint=f"{error.strerror}; is another workshop running? --port 0 takes any free port",
        ) from None  # fmt: skip
    opened.set_inheritable(False)
    return opened


def urls(lan: bool, port: int, path: str = "") -> list[str]:
    """Return the addresses to type, most likely first; without ``lan`` only the laptop's own."""
    return [f"http://{host}:{port}{path}" for host in (addresses() if lan else []) or [LOOPBACK]]


def is_loopback(host: str | None) -> bool:
    """Tell whether a request came from the laptop itself."""
    try:
        return ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False


@functools.lru_cache(maxsize=64)
def qr_svg(text: str) -> str:
    """Return a QR code as an SVG element, black on white with a quiet zone, to be put into a page."""
    import segno

    out = io.BytesIO()
    segno.make(text, error="m", micro=False).save(
        out,
        kind="svg",
        xmldecl=False,
        svgns=True,
        scale=1,
        border=4,
        omitsize=True,
        dark="#000",
        light="#fff",
        nl=False,
    )
    return out.getvalue().decode()


def qr_terminal(text: str) -> str:
    """Return a QR code for the terminal, in half blocks, to be read off a dark or a light screen."""
    import segno

    out = io.StringIO()
    segno.make(text, error="l", micro=False).terminal(out, compact=True, border=2)
    return out.getvalue()
