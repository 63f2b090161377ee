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
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from sim.errors import InputError
from sim.eventlog import xes

HEAD_BYTES = 400_000
"""How much of a file is looked at before its encoding and separator are settled."""

SEPARATORS = (",", ";", "\t", "|", "^", "~")
LONGEST_FIELD = 50_000_000
MISSING = frozenset(
    {"", "?", "-", "--", "—", "n/a", "na", "#n/a", "null", "none", "nan", "nat", "nil", "\\n", "unknown", "(empty)",
     "(blank)", "[null]", "<null>", "not available", "unassigned", "undefined", "missing", "."}
)  # fmt: skip
"""Marks that stand for "no value", in lower case and without spaces around them."""

_OPENERS = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ": lzma.open}
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


def open_binary(path: Path) -> IO[bytes]:
    """Open a file for reading bytes, unpacking gzip, bzip2 and xz on the way."""
    try:
        with path.open("rb") as raw:
            magic = raw.read(6)
        for mark, opener in _OPENERS.items():
            if magic.startswith(mark):
                return opener(path, "rb")  # type: ignore[operator]
        return path.open("rb")
    except OSError as error:
        raise InputError("this file cannot be read", source=str(path), value=error.strerror or str(error)) from None


def look(path: str | Path, *, separator: str | None = None, encoding: str | None = None) -> Layout:
    """Return how a ticket export is written, or raise `InputError` when it is none."""
    path = Path(path)
    if path.is_dir():
        raise InputError("this is a folder", source=str(path), allowed="a CSV or XES file")
    head = _head(path)
    _refuse_binary(path, head)
    if xes.looks_like(head):
        return Layout(path, "xes", header=xes.COLUMNS)
    encoding = encoding or _encoding(path, head)
    try:
        text = head.decode(encoding, errors="strict" if len(head) < HEAD_BYTES else "replace")
    except (UnicodeDecodeError, LookupError) as error:
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
    separator = separator or _separator(path, body)
    blank = 0
    while not body[blank].strip(" \t" if separator != "\t" else " "):
        blank += 1
    skipped += blank
    fields = next(csv.reader(body[blank : blank + 50], delimiter=separator))
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
        text = io.TextIOWrapper(raw, encoding=layout.encoding, errors="replace", newline="")
        reader = csv.reader((line.replace("\0", "") for line in text), delimiter=layout.separator)
        try:
            for _ in range(layout.skipped + 1):
                next(reader, None)
            for fields in reader:
                if not fields:
                    continue
                count.lines += 1
                if len(fields) != width:
                    count.ragged += 1
                    count.first = count.first or reader.line_num
                    fields = (fields + [""] * width)[:width]
                yield fields
        except (csv.Error, EOFError, gzip.BadGzipFile, lzma.LZMAError, OSError) as error:
            raise InputError(
                "this file cannot be read to its end", source=str(layout.path), place=f"line {reader.line_num}",
                value=str(error), hint="export it again: it may be cut off or damaged",
            ) from None  # fmt: skip


def _head(path: Path) -> bytes:
    try:
        with open_binary(path) as raw:
            head = raw.read(HEAD_BYTES)
    except (OSError, EOFError, lzma.LZMAError) as error:
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
        except (OSError, EOFError, lzma.LZMAError):
            return "utf-8"  # damaged; said when the rows are read
    undefined_in_windows = {0x81, 0x8D, 0x8F, 0x90, 0x9D}
    return "latin-1" if undefined_in_windows & set(head) else "cp1252"


def _separator(path: Path, lines: list[str]) -> str:
    """Return the separator that splits the first lines most evenly into the most fields."""
    best, score = None, 0.0
    for separator in SEPARATORS:
        widths = [len(fields) for fields in csv.reader(lines[:200], delimiter=separator) if fields]
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
