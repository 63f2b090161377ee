"""Rows of cells from a workbook (.xlsx) or a CSV, as messy as they come: each cell knows what to call itself in an error."""

from __future__ import annotations

import csv
import io
import re
import warnings
import zipfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sim.errors import InputError

MOST_BYTES = 50_000_000
"""A file larger than this is refused unread, and so is a workbook that would unpack to ten times as much."""

MOST_ROWS, MOST_COLUMNS = 200_000, 2_000
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
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:  # ValueError: a null character in the path
        raise InputError(
            "this file cannot be read", source=str(path), value=getattr(error, "strerror", None) or str(error),
            allowed="an .xlsx workbook or a CSV that is there",
        ) from None  # fmt: skip
    if len(content) > MOST_BYTES:
        raise InputError(
            "this file is too large", source=str(path), value=f"more than {MOST_BYTES:,} bytes",
            allowed=f"up to {MOST_BYTES:,} bytes",
        )  # fmt: skip
    if not content.strip():
        raise InputError("this file is empty", source=str(path), allowed="a table with a header")
    return content


# --- workbooks -------------------------------------------------------------------------------------------------------


def _workbook(path: Path, content: bytes) -> list[Grid]:
    import openpyxl

    problem = "this workbook cannot be read"
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = archive.namelist()
            unpacked = sum(entry.file_size for entry in archive.infolist())
        if not any(name.endswith("workbook.xml") for name in names):
            raise InputError(
                "this is no .xlsx workbook", source=str(path), allowed=".xlsx or CSV", hint="save it as .xlsx"
            )
        if unpacked > 10 * MOST_BYTES:
            raise InputError(
                "this workbook is too large", source=str(path), value=f"{unpacked:,} bytes unpacked",
                allowed=f"up to {10 * MOST_BYTES:,} bytes",
            )  # fmt: skip
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of extensions that openpyxl leaves out: colours, validations
            said = openpyxl.load_workbook(io.BytesIO(content), data_only=False)
            formulas = any(
                cell.data_type == "f" for sheet in said.worksheets for row in sheet.iter_rows() for cell in row
            )
            shown = openpyxl.load_workbook(io.BytesIO(content), data_only=True) if formulas else said
    except InputError:
        raise
    except Exception as error:  # whatever zip, XML and openpyxl raise on a damaged file
        raise InputError(
            problem, source=str(path), value=f"{type(error).__name__}: {error}", allowed="an undamaged .xlsx workbook",
            hint="open it in Excel and save it again",
        ) from None  # fmt: skip
    return [_sheet(path, sheet, shown[sheet.title]) for sheet in said.worksheets]


def _sheet(path: Path, said: Any, shown: Any) -> Grid:
    if said.max_row > MOST_ROWS or said.max_column > MOST_COLUMNS:
        raise InputError(
            "this sheet is too large", source=str(path), place=said.title,
            value=f"used as far as {letters(said.max_column - 1)}{said.max_row}",
            allowed=f"up to {MOST_ROWS:,} rows and {MOST_COLUMNS:,} columns",
            hint="delete the empty rows and columns behind the table and save it",
        )  # fmt: skip
    rows = [
        [_cell(mine, theirs.value) for mine, theirs in zip(row, beside, strict=True)]
        for row, beside in zip(said.iter_rows(), shown.iter_rows(), strict=True)
    ]
    for area in said.merged_cells.ranges:  # what is written once over several rows or columns is meant for each of them
        value = rows[area.min_row - 1][area.min_col - 1]
        for row in range(area.min_row - 1, min(area.max_row, len(rows))):
            for column in range(area.min_col - 1, min(area.max_col, len(rows[row]))):
                rows[row][column] = value
    return Grid(said.title, rows)


def _cell(cell: Any, shown: Any) -> Any:
    if cell.data_type == "f" and shown is None:
        return Unreadable(
            "this formula has no value in the file", "open the workbook in Excel and save it, or write the value itself"
        )
    if cell.data_type == "e" or (isinstance(shown, str) and re.fullmatch(r"#[A-Z/0]+[!?]?", shown) and "!" in shown):
        return Unreadable(
            f"the spreadsheet shows the error {shown} here", "mend the formula, or write the value itself"
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
    try:
        rows: list[list[Any]] = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))
    except csv.Error as error:
        raise InputError("this CSV cannot be read to its end", source=str(path), value=str(error)) from None
    if len(rows) > MOST_ROWS or max(map(len, rows), default=0) > MOST_COLUMNS:
        raise InputError("this table is too large", source=str(path), allowed=f"up to {MOST_ROWS:,} rows")
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
