"""Cells of spreadsheets as JSON, put in place of what a reader would find in a file."""

from __future__ import annotations

import contextlib
import datetime
import json
import math
from collections.abc import Iterator
from typing import Any

from sim.sheets import grids
from sim.sheets.grids import Grid, Unreadable


def grids_of(data: bytes) -> list[Grid]:
    """Return the sheets that an input describes in JSON, a list of rows each; lists and tables are cells of other kinds."""
    try:
        tree = json.loads(data.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        tree = data.decode("utf-8", "replace")
    tree = tree if isinstance(tree, dict) else {"Departments": tree}
    return [
        Grid(name, [[_cell(one) for one in row] if isinstance(row, list) else [_cell(row)] for row in _listed(rows)])
        for name, rows in tree.items()
    ]


def _listed(rows: Any) -> list[Any]:
    return rows if isinstance(rows, list) else [rows]


_KINDS: tuple[Any, ...] = (
    datetime.datetime(2024, 3, 5, 14), datetime.date(1, 1, 1), datetime.time(12), datetime.timedelta(days=10**6),
    Unreadable("this formula has no value in the file", "write it"),
)  # fmt: skip


def _cell(one: Any) -> Any:
    if isinstance(one, list | dict):
        return _KINDS[len(one) % len(_KINDS)]
    if isinstance(one, float) and not math.isfinite(one):
        return one
    return one


@contextlib.contextmanager
def in_place_of_files(found: list[Grid]) -> Iterator[None]:
    """Let the reader of grids find these, with the decimal sign that it would find."""
    before, sign = grids.read, grids._decimal_sign(found)
    for grid in found:
        grid.decimal = sign
    grids.read = lambda path: found
    try:
        yield
    finally:
        grids.read = before
