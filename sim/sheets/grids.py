"""Rows of cells from a workbook (.xlsx) or a CSV, as messy as they come: each cell knows what to call itself in an error."""

from __future__ import annotations

import csv
import io
import re
import warnings
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sim import given
from sim.errors import InputError, shorten
from sim.formulas import unguarded
from sim.sheets import packed
from sim.sheets.packed import MOST_CELLS, MOST_COLUMNS, MOST_ROWS

MOST_BYTES = 50_000_000
"""A file larger than this is refused unread; see `sim.sheets.packed` for what a workbook may unpack to."""

SEPARATORS = (",", ";", "\t", "|")
WORKBOOKS = (".xlsx", ".xlsm")
_OTHER_WORKBOOKS = (".xls", ".xlsb", ".ods", ".numbers")


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A cell that holds nothing to work with, and why: a formula that was never computed, an error of the spreadsheet."""

    problem: str
    hint: str


@dataclass(slots=True)
class Grid:
    """One sheet.

    Attributes
    ----------
    name : the sheet's name, or the CSV's file name
    rows : cells by row: None, text, number, date, or `Unreadable`
    decimal : the decimal sign of numbers written as text: ``.`` or ``,``; None where the file does not tell
    """

    name: str
    rows: list[list[Any]]
    decimal: str | None = None

    def place(self, row: int, column: int) -> str:
        """Return what a cell is called, counting rows and columns from 0: ``Departments!D1``."""
        return f"{self.name}!{letters(column)}{row + 1}"


def letters(column: int) -> str:
    """Return the letters of a spreadsheet column, counted from 0: A, B, …, Z, AA."""
    out = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        out = chr(65 + rest) + out
    return out


def is_blank(value: Any) -> bool:
    """Tell whether a cell says nothing."""
    return value is None or (isinstance(value, str) and not value.strip())


def read(path: Path) -> list[Grid]:
    """Return the sheets of a workbook or the one of a CSV, or raise `InputError` when it is neither."""
    if path.name.startswith("~$"):
        raise InputError(
            "this is a lock file, which Excel keeps while a workbook is open", source=str(path),
            allowed="the workbook itself", hint=f"take {path.name[2:]!r}",
        )  # fmt: skip
    content = _bytes(path)
    if content.startswith(b"\xd0\xcf\x11\xe0"):
        raise InputError(
            "this is an old or an encrypted workbook", source=str(path), allowed=".xlsx without a password, or CSV",
            hint="open it in Excel, take the password off, and save it as .xlsx",
        )  # fmt: skip
    if path.suffix.casefold() in _OTHER_WORKBOOKS:
        raise InputError(
            "this kind of spreadsheet cannot be read", source=str(path), value=path.suffix, allowed=".xlsx or CSV",
            hint="open it and save it as .xlsx",
        )  # fmt: skip
    if path.suffix.casefold() in WORKBOOKS or content.startswith(b"PK\x03\x04"):
        grids = _workbook(path, content)
    else:
        grids = [_csv(path, content)]
    sign = _decimal_sign(grids)
    for grid in grids:
        grid.decimal = sign or grid.decimal
    return grids


def _bytes(path: Path) -> bytes:
    content = given.read_bytes(path, MOST_BYTES, allowed="an .xlsx workbook or a CSV that is there")
    if not content.strip():
        raise InputError("this file is empty", source=str(path), allowed="a table with a header")
    return content


# --- workbooks -------------------------------------------------------------------------------------------------------


def _workbook(path: Path, content: bytes) -> list[Grid]:
    import openpyxl

    try:
        slim, seen = packed.look_through(content)
    except InputError as error:
        raise error.located(str(path)) from None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of extensions that openpyxl leaves out: colours, validations
            book = openpyxl.load_workbook(io.BytesIO(slim), read_only=True, data_only=True, keep_links=False)
            sheets: list[Any] = list(
                book.worksheets
            )  # openpyxl tells where a sheet stands in the file, but not its types
            return [_sheet(sheet, seen[sheet._worksheet_path]) for sheet in sheets]
    except Exception as error:  # whatever zip, XML and openpyxl raise on a damaged file
        raise InputError(
            "this workbook cannot be read", source=str(path), value=f"{type(error).__name__}: {shorten(str(error))}",
            allowed="an undamaged .xlsx workbook", hint="open it in Excel and save it again",
        ) from None  # fmt: skip


def _sheet(sheet: Any, seen: packed.Sheet) -> Grid:
    sheet.reset_dimensions()  # what a file says of its size need not be so; what is in it was counted
    rows = [[_cell(cell) for cell in row] for row in sheet.iter_rows()]
    for row, column in seen.unvalued:
        if row < len(rows) and column < len(rows[row]):
            rows[row][column] = Unreadable(
                "this formula has no value in the file",
                "open the workbook in Excel and save it, or write the value itself",
            )
    for top, left, bottom, right in seen.merged:  # what is written once over several rows or columns is meant for each
        value = rows[top][left] if top < len(rows) and left < len(rows[top]) else None
        if is_blank(value):
            continue
        rows.extend([] for _ in range(len(rows), bottom + 1))
        for line in rows[top : bottom + 1]:
            line.extend([None] * (right + 1 - len(line)))
            line[left : right + 1] = [value] * (right + 1 - left)
    return Grid(sheet.title, rows)


def _cell(cell: Any) -> Any:
    shown = cell.value
    if cell.data_type == "e" or (
        isinstance(shown, str) and re.fullmatch(r"#[A-Z/0]{1,20}[!?]?", shown) and "!" in shown
    ):
        return Unreadable(
            f"the spreadsheet shows the error {shorten(shown)} here", "mend the formula, or write the value itself"
        )
    return shown


# --- CSV -------------------------------------------------------------------------------------------------------------


def _csv(path: Path, content: bytes) -> Grid:
    if b"\0" in content[:4000] and not content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise InputError("this is not a text file", source=str(path), allowed=".xlsx or CSV")
    text = _decode(content)
    separator = None
    if text[:4].casefold() == "sep=" and text[5:6] in ("\r", "\n"):
        separator = text[4]
        text = "\n" + text[5:].lstrip("\r\n")  # the line still counts
    separator = separator or _separator(text)
    rows: list[list[Any]] = []
    cells = 0
    try:
        for fields in csv.reader(io.StringIO(text, newline=""), delimiter=separator):
            rows.append([unguarded(field) for field in fields])
            cells += len(fields)
            if len(rows) > MOST_ROWS or len(fields) > MOST_COLUMNS or cells > MOST_CELLS:
                raise InputError(
                    "this table is too large", source=str(path), place=f"row {len(rows):,}",
                    allowed=f"up to {MOST_ROWS:,} rows, {MOST_COLUMNS:,} columns and {MOST_CELLS:,} cells",
                )  # fmt: skip
    except (csv.Error, TypeError, ValueError) as error:  # a separator that the sep= line names and csv cannot use
        raise InputError(
            "this CSV cannot be read to its end", source=str(path), value=str(error),
            allowed=f"fields of up to {csv.field_size_limit():,} characters", hint="is a quotation mark never closed?",
        ) from None  # fmt: skip
    return Grid(path.name, rows, "." if separator == "," else None)


def _decode(content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", errors="replace")
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    return content.decode("latin-1")


def _separator(text: str) -> str:
    """Return the separator by which most of the first lines have the same, and the largest, number of fields."""

    def quality(separator: str) -> float:
        try:
            lines = csv.reader(io.StringIO(text[:50_000], newline=""), delimiter=separator)
            widths = [len(fields) for fields, _ in zip((line for line in lines if line), range(50), strict=False)]
        except csv.Error:
            return 0.0
        width, times = Counter(widths).most_common(1)[0] if widths else (1, 1)
        return (width - 1) * times / max(1, len(widths))

    return max(SEPARATORS, key=quality)  # the first of equals: the comma


def _decimal_sign(grids: list[Grid]) -> str | None:
    """Return the decimal sign that text cells agree on: 0,5 and 12,25 speak for the comma; 1,234 may be either."""
    seen = set()
    for grid in grids:
        for row in grid.rows:
            for value in row:
                found = isinstance(value, str) and re.fullmatch(r"[+-]?(\d+)([.,])(\d+) ?%?", value.strip())
                if found and not (len(found[3]) == 3 and 1 <= len(found[1]) <= 3 and found[1][0] != "0"):
                    seen.add(found[2])
    return seen.pop() if len(seen) == 1 else None
