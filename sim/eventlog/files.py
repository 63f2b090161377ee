"""Opening a ticket export: compression, encoding, separator, header; then its rows one at a time.

Nothing here knows what a ticket is. A file is never read whole: a head of it decides how it is written, and the rows
are streamed, so that memory does not grow with the file.
"""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import lzma
import os
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from sim import given
from sim.errors import InputError
from sim.eventlog import xes
from sim.given import DAMAGED

HEAD_BYTES = 400_000
"""How much of a file is looked at before its encoding and separator are settled."""

SEPARATORS = (",", ";", "\t", "|", "^", "~")
MOST_COLUMNS = 2_000
LONGEST_FIELD = LONGEST_LINE = 10_000_000
"""Characters; what is longer is no ticket export, or a quotation mark was never closed."""

MOST_LINES_OF_ROW = 10_000
"""Lines that one row may run over, in texts between quotation marks."""

MOST_BLANK_LINES = 100_000
"""One after the other."""

MOST_BYTES = 20_000_000_000
"""Bytes of an export, unpacked."""

MOST_UNPACKED, FREE_OF_CHARGE = 200, 50_000_000
"""A packed file may unpack to so many times its size, and to so many bytes in any case. Exports pack to a fiftieth at most."""

MISSING = frozenset(
    {"", "?", "-", "--", "—", "n/a", "na", "#n/a", "null", "none", "nan", "nat", "nil", "\\n", "unknown", "(empty)",
     "(blank)", "[null]", "<null>", "not available", "unassigned", "undefined", "missing", "."}
)  # fmt: skip
"""Marks that stand for "no value", in lower case and without spaces around them."""

_OPENERS: dict[bytes, Callable[..., Any]] = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ": lzma.open}
_BINARY = {
    b"PK\x03\x04": "a ZIP archive or an Excel workbook",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
    b"PAR1": "a Parquet file",
    b"%PDF": "a PDF",
    b"SQLite format 3": "an SQLite database",
    b"\x89PNG": "a picture",
}


@dataclass(frozen=True, slots=True)
class Layout:
    """How a file is written.

    Attributes
    ----------
    path : the file
    kind : ``csv`` or ``xes``
    encoding : name of the character encoding (CSV)
    separator : between the fields of a line (CSV)
    header : names of the columns, made unique: a second ``Component/s`` becomes ``Component/s (2)``
    skipped : lines before the header that are no part of the table (``sep=;``, a title)
    """

    path: Path
    kind: str
    encoding: str = "utf-8"
    separator: str = ","
    header: tuple[str, ...] = ()
    skipped: int = 0

    def describe(self) -> str:
        """Return one line for people."""
        if self.kind == "xes":
            return "XES event log"
        names = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
        return f"CSV, {names.get(self.separator, self.separator)}-separated, {self.encoding}"


@dataclass(slots=True)
class Ragged:
    """Lines that had more or fewer fields than the header, counted while streaming."""

    lines: int = 0
    ragged: int = 0
    first: int | None = None
    examples: list[int] = field(default_factory=list)


def is_missing(text: str) -> bool:
    """Tell whether a cell holds a mark for "no value"."""
    return text.strip().casefold() in MISSING


def check_file(out: str | Path, *, overwrite: bool = False) -> Path:
    """Return the path of a file that can be written to, or raise `InputError`; call it before long work, not after."""
    target = Path(out)
    if os.path.isdir(target) or not os.path.isdir(target.parent):
        what = "this is a folder" if os.path.isdir(target) else "there is no such folder"
        raise InputError(what, place="--out", value=str(out), allowed="a file name in a folder that is there")
    if os.path.exists(target) and not overwrite:
        raise InputError(
            "this file is there already", place="--out", value=str(out), allowed="a new file name",
            hint="choose another, or say --overwrite to replace it",
        )  # fmt: skip
    return target


class _Unpacked(io.RawIOBase):
    """The bytes of a file, unpacked, as long as they stay within what an export may unpack to."""

    def __init__(self, inner: IO[bytes], packed: IO[bytes], most: int, path: Path) -> None:
        self.inner, self.packed, self.most, self.path = inner, packed, most, path
        self.given = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        block = self.inner.read(len(buffer))
        self.given += len(block)
        if self.given > self.most:
            raise InputError(
                "this file is too large", source=str(self.path), value=f"more than {self.most:,} bytes, unpacked",
                allowed=f"up to {MOST_BYTES:,} bytes, and {MOST_UNPACKED} times what the packed file holds",
            )  # fmt: skip
        buffer[: len(block)] = block
        return len(block)

    def close(self) -> None:
        self.inner.close()
        self.packed.close()
        super().close()


def open_binary(path: Path) -> IO[bytes]:
    """Open a file for reading bytes, unpacking gzip, bzip2 and xz on the way.

    Raises
    ------
    InputError : it cannot be opened; or later, when it unpacks to more than an export can hold
    """
    packed = given.open_ordinary(path, allowed="a CSV or XES file, also packed with gzip, bzip2 or xz")
    try:
        magic = packed.read(6)
        size = os.fstat(packed.fileno()).st_size
        packed.seek(0)
    except OSError as error:
        packed.close()
        raise InputError("this file cannot be read", source=str(path), value=error.strerror or str(error)) from None
    inner, most = packed, MOST_BYTES
    for mark, opener in _OPENERS.items():
        if magic.startswith(mark):
            inner, most = opener(packed, "rb"), min(MOST_BYTES, max(FREE_OF_CHARGE, MOST_UNPACKED * size))
    return io.BufferedReader(_Unpacked(inner, packed, most, path), 1 << 17)


def look(path: str | Path, *, separator: str | None = None, encoding: str | None = None) -> Layout:
    """Return how a ticket export is written, or raise `InputError` when it is none."""
    path = Path(path)
    csv.field_size_limit(LONGEST_FIELD)
    head = _head(path)
    _refuse_binary(path, head)
    if xes.looks_like(head):
        return Layout(path, "xes", header=xes.COLUMNS)
    encoding = encoding or _encoding(path, head)
    try:
        text = head.decode(encoding, errors="strict" if len(head) < HEAD_BYTES else "replace")
    except (ValueError, LookupError) as error:  # ValueError: UnicodeError, and a null character in an encoding's name
        raise InputError(
            "this file is not in the encoding given", source=str(path), place="encoding", value=encoding,
            allowed="utf-8, utf-16, cp1252, latin-1 or another that Python knows", hint=str(error),
        ) from None  # fmt: skip
    text = text.removeprefix("\ufeff")
    lines = text.splitlines()
    if len(head) >= HEAD_BYTES and len(lines) > 1:
        lines = lines[:-1]
    skipped = 0
    if lines and lines[0].casefold().startswith("sep=") and len(lines[0].strip()) == 5:
        separator, skipped = separator or lines[0].strip()[4], 1
    body = lines[skipped:]
    if not any(line.strip() for line in body):
        raise InputError("this file is empty", source=str(path), allowed="a header line and one line a ticket or event")
    if separator is not None and (len(separator) != 1 or separator in '"\r\n '):
        raise InputError(
            "this cannot separate fields", source=str(path), place="separator", value=separator,
            allowed="one character, such as a comma, a semicolon or a tab",
        )  # fmt: skip
    separator = separator or _separator(path, body)
    blank = 0
    while not body[blank].strip(" \t" if separator != "\t" else " "):
        blank += 1
    skipped += blank
    try:
        fields = next(csv.reader(body[blank : blank + 50], delimiter=separator))
    except csv.Error as error:
        raise InputError("the header cannot be read", source=str(path), value=str(error)) from None
    if len(fields) > MOST_COLUMNS:
        raise InputError(
            "this table has too many columns", source=str(path), value=f"{len(fields):,}",
            allowed=f"up to {MOST_COLUMNS:,}",
        )  # fmt: skip
    return Layout(path, "csv", encoding, separator, _unique(fields), skipped)


def rows(layout: Layout, ragged: Ragged | None = None) -> Iterator[list[str]]:
    """Yield the rows of a file, each as long as its header; what is ragged is counted, padded or cut."""
    if layout.kind == "xes":
        with open_binary(layout.path) as raw:
            yield from xes.rows(raw, str(layout.path))
        return
    width = len(layout.header)
    count = ragged or Ragged()
    csv.field_size_limit(LONGEST_FIELD)
    with open_binary(layout.path) as raw:
        reader = csv.reader(_lines(raw, layout), delimiter=layout.separator)
        try:
            for _ in range(layout.skipped + 1):
                next(reader, None)
            before = reader.line_num
            for fields in reader:
                if reader.line_num - before > MOST_LINES_OF_ROW:
                    raise InputError(
                        "a row runs over too many lines", source=str(layout.path), place=f"line {before + 1}",
                        value=f"{reader.line_num - before:,} lines", allowed=f"up to {MOST_LINES_OF_ROW:,}",
                        hint="a quotation mark that is never closed swallows the lines behind it: export it again",
                    )  # fmt: skip
                before = reader.line_num
                if not fields:
                    continue
                count.lines += 1
                if len(fields) != width:
                    count.ragged += 1
                    count.first = count.first or reader.line_num
                    fields = (fields + [""] * width)[:width]
                yield fields
        except (csv.Error, *DAMAGED) as error:
            raise InputError(
                "this file cannot be read to its end", source=str(layout.path), place=f"line {reader.line_num}",
                value=str(error), hint="export it again: it may be cut off or damaged",
            ) from None  # fmt: skip


def _lines(raw: IO[bytes], layout: Layout) -> Iterator[str]:
    """Yield the lines of a file, none of them too long to be held."""
    text = io.TextIOWrapper(raw, encoding=layout.encoding, errors="replace", newline="")
    number = blank = 0
    while line := text.readline(LONGEST_LINE):
        number += 1
        blank = 0 if len(line) > 2 or line.strip() else blank + 1
        if blank > MOST_BLANK_LINES:
            raise InputError(
                "blank lines without end", source=str(layout.path), place=f"line {number}",
                value=f"more than {MOST_BLANK_LINES:,} in a row", allowed="a line for each ticket or event",
            )  # fmt: skip
        if len(line) >= LONGEST_LINE:
            raise InputError(
                "this line is too long", source=str(layout.path), place=f"line {number}",
                value=f"{LONGEST_LINE:,} characters or more", allowed="a line for each ticket or event",
            )  # fmt: skip
        yield line.replace("\0", "")


def _head(path: Path) -> bytes:
    try:
        with open_binary(path) as raw:
            head = raw.read(HEAD_BYTES)
    except DAMAGED as error:
        raise InputError(
            "this file cannot be read", source=str(path), value=str(getattr(error, "strerror", None) or error)
        ) from None
    if not head.strip(b"\0 \t\r\n\xef\xbb\xbf"):
        raise InputError("this file is empty", source=str(path), allowed="a CSV or XES export of tickets")
    return head


def _refuse_binary(path: Path, head: bytes) -> None:
    for mark, what in _BINARY.items():
        if head.startswith(mark):
            raise InputError(
                f"this is {what}, not text", source=str(path), place="byte 0", value=head[:8],
                allowed="CSV (also .gz, .bz2, .xz) or XES", hint="open it and save it as CSV in UTF-8",
            )  # fmt: skip
    if _utf16(head):
        return
    odd = sum(byte < 9 or 13 < byte < 32 for byte in head[:20_000])
    if odd > 0.005 * len(head[:20_000]):
        raise InputError(
            "this is not a text file", source=str(path), value=head[:12],
            allowed="CSV (also .gz, .bz2, .xz) or XES", hint="export the tickets as CSV in UTF-8",
        )  # fmt: skip


def _utf16(head: bytes) -> str | None:
    if head.startswith((b"\xff\xfe\x00\x00", b"\x00\x00\xfe\xff")):
        return "utf-32"
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    sample = head[:4000]
    if len(sample) > 20:
        even, odd = sample[0::2].count(0) / len(sample[0::2]), sample[1::2].count(0) / len(sample[1::2])
        if odd > 0.4 and even < 0.05:
            return "utf-16-le"
        if even > 0.4 and odd < 0.05:
            return "utf-16-be"
    return None


def _encoding(path: Path, head: bytes) -> str:
    """Return the encoding: by its mark, else UTF-8 if all of the file is, else Windows-1252, else Latin-1."""
    wide = _utf16(head)
    if wide:
        return wide
    if head.startswith(b"\xef\xbb\xbf"):
        return "utf-8-sig"
    import codecs

    decoder = codecs.getincrementaldecoder("utf-8")()
    with open_binary(path) as raw:
        try:
            while block := raw.read(1 << 20):
                decoder.decode(block)
            decoder.decode(b"", final=True)
            return "utf-8"
        except UnicodeDecodeError:
            pass
        except DAMAGED:
            return "utf-8"  # damaged; said when the rows are read
    undefined_in_windows = {0x81, 0x8D, 0x8F, 0x90, 0x9D}
    return "latin-1" if undefined_in_windows & set(head) else "cp1252"


def _separator(path: Path, lines: list[str]) -> str:
    """Return the separator that splits the first lines most evenly into the most fields."""
    best, score = None, 0.0
    for separator in SEPARATORS:
        try:
            widths = [len(fields) for fields in csv.reader(lines[:200], delimiter=separator) if fields]
        except csv.Error:
            continue
        if not widths or widths[0] < 2:
            continue
        common, times = Counter(widths).most_common(1)[0]
        even = times / len(widths) if common == widths[0] else 0.2 * times / len(widths)
        quality = even * (1 + 0.1 * min(widths[0], 10))
        if quality > score:
            best, score = separator, quality
    if best is None:
        raise InputError(
            "no separator splits these lines into columns", source=str(path), place="line 1", value=lines[0],
            allowed="comma, semicolon, tab, bar, ^ or ~ between the fields",
            hint="is this a ticket export? At least a ticket number and a date are needed",
        )  # fmt: skip
    return best


def _unique(names: list[str]) -> tuple[str, ...]:
    seen: Counter[str] = Counter()
    out = []
    for place, name in enumerate(names):
        name = " ".join(name.replace("\ufeff", "").split()) or f"column {place + 1}"
        seen[name] += 1
        out.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return tuple(out)
