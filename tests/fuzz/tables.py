"""Changes to tables and XML as somebody would who knows what they hold: cells, rows, headers, attributes; written again."""

from __future__ import annotations

import csv
import functools
import io
import re
import zipfile
from collections.abc import Sequence
from random import Random
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from tests.fuzz import hostile, trees
from tests.fuzz.target import Mutator

SEPARATORS = (",", ";", "\t", "|")
NEXT_FILE = b"\x0c"
"""Stands between the files of a folder that is one input; behind it the file's name and a line end."""


# --- tables as text --------------------------------------------------------------------------------------------------


def csv_mutator(seeds: Sequence[bytes], known: Sequence[str]) -> Mutator:
    """Return what changes the cells, rows and columns of a CSV, its separators and its encoding."""
    others = [_rows(one) for one in seeds]

    def mutate(data: bytes, rng: Random) -> bytes:
        rows = trees.copied(_rows(data))
        for _ in range(rng.choice((1, 1, 1, 2, 3))):
            rows = _column(rows, rng, known) if rng.random() < 0.2 else trees.changed(rows, rng, known, others)
        made = _written(rows, rng)
        dice = rng.random()
        return hostile.encoded(made, rng) if dice < 0.03 else hostile.blind(made, rng) if dice < 0.08 else made

    return mutate


@functools.lru_cache(500)
def _rows(data: bytes) -> list[list[str]]:
    text = data.decode("utf-8-sig", "replace").replace("\0", "")
    separator = max(SEPARATORS, key=text.partition("\n")[0].count)
    try:
        return list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))
    except csv.Error:
        return [line.split(separator) for line in text.split("\n")]


def _column(rows: object, rng: Random, known: Sequence[str]) -> object:
    """Return a table with a column changed as a whole: left out, doubled, renamed, or with one value in every row."""
    if not isinstance(rows, list) or not rows or not all(isinstance(row, list) and row for row in rows):
        return rows
    at = rng.randrange(len(rows[0]))
    what, word = rng.randrange(5), hostile.text(rng, known)
    for number, row in enumerate(rows):
        if at >= len(row):
            continue
        if what == 0:
            del row[at]
        elif what == 1:
            row.insert(rng.randrange(len(row) + 1) if number == 0 else at, row[at])
        elif (what == 2 and number == 0) or (what == 3 and number):
            row[at] = word
        elif what == 4 and number:
            row[at] = hostile.spoilt(rng, str(row[at])) if isinstance(row[at], str) else row[at]
    return rows


def _written(rows: object, rng: Random) -> bytes:
    out = io.StringIO(newline="")
    separator = "," if rng.random() < 0.9 else rng.choice(SEPARATORS)
    quoting = csv.QUOTE_MINIMAL if rng.random() < 0.9 else csv.QUOTE_ALL
    writer = csv.writer(
        out, delimiter=separator, quoting=quoting, lineterminator="\n" if rng.random() < 0.9 else "\r\n"
    )
    for row in rows if isinstance(rows, list) else [rows]:
        writer.writerow([_cell(one) for one in row] if isinstance(row, list) else [_cell(row)])
    return out.getvalue().encode("utf-8", "surrogatepass")


def _cell(one: object) -> str:
    try:
        return "" if one is None else str(one)[:6000]
    except (ValueError, RecursionError):  # more digits than Python writes
        return "9" * 500


# --- a folder of tables ----------------------------------------------------------------------------------------------


def folder_mutator(seeds: Sequence[bytes], known: Sequence[str]) -> Mutator:
    """Return what changes one of the tables in a folder, or its name."""
    change = csv_mutator([one.partition(b"\n")[2] for seed in seeds for one in seed.split(NEXT_FILE)[1:]], known)

    def mutate(data: bytes, rng: Random) -> bytes:
        files = data.split(NEXT_FILE)[1:]
        if not files:
            return rng.choice(seeds)
        at = rng.randrange(len(files))
        name, _, content = files[at].partition(b"\n")
        if rng.random() < 0.03:
            name = hostile.blind(name, rng)
        else:
            content = change(content, rng).replace(NEXT_FILE, b"")
        files[at] = name + b"\n" + content
        return b"".join(NEXT_FILE + one for one in files)

    return mutate


# --- XML -------------------------------------------------------------------------------------------------------------


def xml_mutator(seeds: Sequence[bytes], known: Sequence[str]) -> Mutator:
    """Return what changes the elements, attributes and texts of XML."""

    def mutate(data: bytes, rng: Random) -> bytes:
        root = _root(data)
        if root is None:
            root = _root(rng.choice(seeds))
            if root is None or rng.random() < 0.5:
                return hostile.blind(data, rng)
        for _ in range(rng.choice((1, 1, 1, 2, 3))):
            change_element(root, rng, known)
        made = ElementTree.tostring(root, encoding="utf-8", xml_declaration=False)
        return hostile.blind(made, rng) if rng.random() < 0.1 else made

    return mutate


def _root(data: bytes) -> Element | None:
    if b"<!" in data:
        return None
    try:
        return ElementTree.fromstring(data)
    except (ElementTree.ParseError, ValueError, LookupError):
        return None


MOST_ELEMENTS = 20_000
"""Elements that copying may lead to: thirty copies of thirty copies of thirty would fill the memory, and not a reader's."""

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _word(rng: Random, known: Sequence[str], old: str) -> str:
    dice = rng.random()
    if dice < 0.3:
        made = _cell(rng.choice(hostile.NUMBERS))
    elif dice < 0.6:
        made = hostile.text(rng, known)
    else:
        made = hostile.spoilt(rng, old)
    return _NOT_XML.sub("", made)


def change_element(root: Element, rng: Random, known: Sequence[str]) -> None:
    """Change one element below a root, or its place."""
    found = list(root.iter())
    element = rng.choice(found)
    parent = rng.choice(found)
    what = rng.randrange(9)
    if what <= 2 and element.attrib:
        key = rng.choice(list(element.attrib))
        element.set(key, _word(rng, known, element.attrib[key]))
    elif what == 3 and element.attrib:
        del element.attrib[rng.choice(list(element.attrib))]
    elif what == 4:
        element.text = _word(rng, known, element.text or "")
    elif what == 5 and len(element):
        element.remove(element[rng.randrange(len(element))])
    elif what == 6 and len(element):
        one = element[rng.randrange(len(element))]
        times = rng.choice((1, 1, 1, 30))
        if len(found) + times * sum(1 for _ in one.iter()) <= MOST_ELEMENTS:
            for copy in [
                _copied(one) for _ in range(times)
            ]:  # made first: it may be a part of itself that they go into
                parent.insert(rng.randrange(len(parent) + 1), copy)
    elif what == 7:
        element.tag = parent.tag
    elif len(element) > 1:
        children = list(element)
        rng.shuffle(children)
        element[:] = children


def _copied(element: Element) -> Element:
    return ElementTree.fromstring(ElementTree.tostring(element))


# --- archives --------------------------------------------------------------------------------------------------------


def archive_mutator(known: Sequence[str]) -> Mutator:
    """Return what changes one part of an archive of XML: its text, its name, or whether it is there."""
    inside = xml_mutator([b"<x/>"], known)

    def mutate(data: bytes, rng: Random) -> bytes:
        parts = _parts(data)
        if parts is None:
            return hostile.blind(data, rng)
        parts = list(parts)
        at = rng.randrange(len(parts))
        name, content = parts[at]
        dice = rng.random()
        if dice < 0.04:
            del parts[at]
        elif dice < 0.08:
            parts[at] = (
                hostile.spoilt(rng, name)[:60000].replace("\0", "").encode("utf-8", "ignore").decode(),
                content,
            )
        else:
            parts[at] = (name, inside(content, rng))
        return archive(parts)

    return mutate


@functools.lru_cache(200)
def _parts(data: bytes) -> tuple[tuple[str, bytes], ...] | None:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            return (
                tuple((one.filename, packed.read(one)) for one in packed.infolist() if one.file_size < 100_000) or None
            )
    except Exception:  # whatever a damaged archive raises
        return None


def archive(parts: Sequence[tuple[str, bytes]]) -> bytes:
    """Return parts as a ZIP archive, stored; the same bytes for the same parts."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as packed:
        for name in dict(parts):
            packed.writestr(zipfile.ZipInfo(name or "x", (2024, 1, 1, 0, 0, 0)), dict(parts)[name])
    return out.getvalue()
