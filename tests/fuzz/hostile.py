"""What careless programs, old spreadsheets and unkind people put into files; and blind changes of bytes."""

# ruff: noqa: E501 -- wide lists of words, and texts that stand as they are

from __future__ import annotations

import copy
from collections.abc import Sequence
from random import Random
from typing import Any


class Raw(str):
    """A value that is written as it stands, such as ``1e999``, which no Python number is."""

    __slots__ = ()


NUMBERS: tuple[Any, ...] = (
    0, 1, -1, 2, 3, 7, 10, 100, 1000, 0.0, -0.0, 0.5, 1.0, 1.5, 1e-9, 5e-324, 0.1 + 0.2, 0.999999, 99.5, 1e6, 1e15,
    1e16, 1e22, 1e100, 1e300, 1.7976931348623157e308, -1e308, 255, 256, 65536, 2**31 - 1, 2**31, 2**32, 2**53, 2**53 + 1,
    2**63 - 1, 2**63, 2**64, -(2**63), -(2**63) - 1, 10**30, 10**400, Raw("1e999"), Raw("-1e999"), Raw("9" * 5000),
    Raw("0x7fffffffffffffff"), Raw("0b1"), Raw("1_000"), Raw("1,5"), Raw("1.000,00"), Raw("+1"), Raw("01"), Raw("1."),
    Raw(".5"), Raw("nan"), Raw("inf"), Raw("-inf"), Raw("NaN"), Raw("Infinity"), Raw("-Infinity"), Raw("1e"), Raw("0." + "0" * 300 + "1"),
)  # fmt: skip

OTHERS: tuple[Any, ...] = (
    True, False, None, [], {}, [[]], [{}], [None], {"": ""}, "", " ", [1, 2, 3], ["a", "b"], {"a": 1}, Raw("true"), Raw("null"),
    Raw("1979-05-27T07:32:00Z"), Raw("1979-05-27"), Raw("07:32:00"), Raw("0000-00-00"), Raw("[" * 3000), Raw("{a=" * 300),
    Raw('{"a":' * 3000), Raw("[" * 150 + "]" * 150), Raw("a.b"), Raw("'x'"), Raw('"""\n"""'), Raw("[1,,2]"), Raw("{}}"),
)  # fmt: skip

TEXTS: tuple[str, ...] = (
    "", " ", "\t", "\n", "\r\n", "\x00", "a\x00b", "\x1b[2J\x1b[31mred", "\x07", "\x7f", "\x85", "\u2028", "\u2029", "\ufeff", "\ufffe",
    "\uffff", "\u200b", "\u202eevil", "\u2066x", "\u00a0", "\u3000", "é", "e\u0301", "ß", "ﬀ", "İ", "ı", "Α", "А", "ａ", "𝐀", "👩‍👩‍👧", "\U0010ffff",
    "\ud800", "ﷺ" * 10, "Z̸̢̛͎" * 20, "x" * 60, "x" * 200, "x" * 201, "x" * 5000, "=1+1", "=HYPERLINK(\"x\")", "@SUM(A1)", "+1", "-1",
    "|calc", "<script>alert(1)</script>", "<b>", "&amp;", "'; DROP TABLE events; --", "\"", "'", "\\", "\\u0000", "{0}", "{name}", "%s", "%n",
    "${x}", "../../../etc/passwd", "..", ".", "/", "/dev/zero", "/dev/stdin", "/proc/self/mem", "C:\\x", "\\\\host\\x", "file:///etc/passwd",
    "CON", "NUL", "~", "a:b", ":", "a:b:c", "a@b", "@", "a,b", ";", "=", "nan", "inf", "NaN", "1e5", "0", "1", "-0", "true", "null",
    "None", "__class__", "__proto__", "constructor", "a.b", "a" + ".b" * 150, "#", "[x]", "[[x]]", "given", "firm", "firm.toml", "x.xlsx", "x.json",
    "x.graphml", "x.csv", "1979-05-27", "12:00", "١٢٣", "½", "Infinity", "`x`", "$(x)", "x\ny", " x ", "X",
)  # fmt: skip

LOOK_ALIKES = str.maketrans("aeopcxyiABEKMHOPCTX_-.'\" ", "аеорсхуіАВЕКМНОРСТХ‗‐․’”\u00a0")

FRAGMENTS: tuple[bytes, ...] = (
    b"\x00", b"\xff", b"\xef\xbb\xbf", b"\xff\xfe", b"\xc3", b"\xc3\x28", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\r", b"\r\n", b"\n", b"\n\n", b"\t",
    b" ", b"\x1b[2J", b"[", b"]", b"{", b"}", b"[[", b"]]", b'"', b"'", b'"""', b"'''", b"=", b".", b",", b":", b"#", b"\\", b"\\u0000",
    b"\\ud800", b"\\U0010ffff", b"[" * 500, b"{" * 500, b"(" * 500, b"a." * 300, b"9" * 400, b"x" * 1000, b"\xe2\x80\xae", b"\xe2\x80\xa8",
)  # fmt: skip


def text(rng: Random, known: Sequence[str] = ()) -> str:
    """Return a text that is trouble somewhere, or one that is known here."""
    if known and rng.random() < 0.4:
        return rng.choice(known)
    return rng.choice(TEXTS)


def value(rng: Random, known: Sequence[str] = ()) -> Any:
    """Return a value of any kind."""
    dice = rng.random()
    if dice < 0.45:
        return rng.choice(NUMBERS)
    if dice < 0.85:
        return text(rng, known)
    return copy.deepcopy(rng.choice(OTHERS))  # whoever gets it may change it


def number(rng: Random, old: float) -> Any:
    """Return another number than this one, mostly near it."""
    try:
        return rng.choice((
            lambda: rng.choice(NUMBERS), lambda: -old, lambda: old + 1, lambda: old - 1, lambda: old * 2, lambda: old / 2,
            lambda: old * 10, lambda: float(old), lambda: int(old), lambda: str(old), lambda: round(rng.random(), 3),
            lambda: rng.randrange(-3, 400),
        ))()  # fmt: skip
    except (OverflowError, ValueError):
        return 0


def spoilt(rng: Random, old: str) -> str:
    """Return a text with something done to it that is easily overlooked, or not."""
    at = rng.randrange(len(old) + 1)
    return rng.choice((
        lambda: old[:at] + rng.choice(TEXTS) + old[at:], lambda: old.upper(), lambda: old.swapcase(), lambda: f" {old} ",
        lambda: old.translate(LOOK_ALIKES), lambda: old + old, lambda: old[:at], lambda: old[at:], lambda: old.replace("_", "-"),
        lambda: old[:at] + old[at + 1 :], lambda: old * 40, lambda: f"{old}@{old}", lambda: f"{old}:{old}",
        lambda: old[:at] + chr(rng.randrange(0x110000)) + old[at:],
    ))()  # fmt: skip


def blind(data: bytes, rng: Random, dictionary: Sequence[bytes] = ()) -> bytes:
    """Change bytes without knowing what they mean."""
    size = len(data)
    at, to = sorted((rng.randrange(size + 1), rng.randrange(size + 1)))
    if to - at > 200 and rng.random() < 0.9:
        to = at + rng.randrange(60)
    match rng.randrange(10):
        case 0 if size:
            at = min(at, size - 1)
            return data[:at] + bytes([data[at] ^ (1 << rng.randrange(8))]) + data[at + 1 :]
        case 1 if size:
            at = min(at, size - 1)
            return data[:at] + bytes([rng.randrange(256)]) + data[at + 1 :]
        case 2:
            return data[:at] + data[to:]
        case 3:
            return data[:to] + data[at:to] + data[to:]
        case 4:
            return data[:at] + bytes(rng.randrange(256) for _ in range(rng.randrange(1, 8))) + data[at:]
        case 5 if dictionary:
            return data[:at] + rng.choice(dictionary) + data[to:]
        case 6:
            return lines(data, rng)
        case 7 if rng.random() < 0.2:
            return encoded(data, rng)
        case 8:
            return data[:at] + rng.choice(NUMBER_BYTES) + data[to:]
    return data[:at] + rng.choice(FRAGMENTS) + data[at:]


NUMBER_BYTES = tuple(str(one).encode() for one in NUMBERS if len(str(one)) < 50)


def lines(data: bytes, rng: Random) -> bytes:
    """Return a text with a line twice, missing, or in another place."""
    parts = data.split(b"\n")
    at, other = rng.randrange(len(parts)), rng.randrange(len(parts))
    match rng.randrange(4):
        case 0:
            parts.insert(other, parts[at])
        case 1:
            del parts[at]
        case 2:
            parts[at], parts[other] = parts[other], parts[at]
        case _:
            parts = parts[: at + 1]
    return b"\n".join(parts)


def encoded(data: bytes, rng: Random) -> bytes:
    """Return a text in another encoding, whole or in part."""
    words = data.decode("utf-8", "replace")
    match rng.randrange(6):
        case 0:
            return b"\xef\xbb\xbf" + data
        case 1:
            return words.encode("utf-16")
        case 2:
            return words.encode("latin-1", "replace")
        case 3:
            return words.encode("utf-32-be")
        case 4:
            return words.replace("\n", "\r\n").encode("utf-8", "replace")
        case _:
            return data + words.encode("utf-16-le")
