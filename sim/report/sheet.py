"""The report's tables as an Excel workbook: numbers as numbers, a sheet for each table, a first one that says what is what."""

from __future__ import annotations

import io
import math
import re
from collections.abc import Iterator
from typing import Any

import openpyxl
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter

from sim.estimates import Estimate
from sim.report.document import Bullets, Column, Document, Paragraph, Table, Value

_HEADER = PatternFill("solid", fgColor="E4EBF0")
_BAD = re.compile(r"[\[\]:*?/\\]")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
WIDEST = 60
LONGEST = 32_000
"""Characters that a cell of a workbook holds, less a little."""


def workbook(document: Document) -> bytes:
    """Return the tables of a report as an .xlsx file; no text in it can work as a formula."""
    book = openpyxl.Workbook()
    cover = book.active
    assert cover is not None
    cover.title = "Read me"
    names = _names(document.tables)
    _cover(cover, document, names)
    for table, name in zip(document.tables, names, strict=True):
        _sheet(book.create_sheet(name), table)
    held = io.BytesIO()
    book.properties.title, book.properties.creator = _clean(document.title), "service-culture"
    book.save(held)
    return held.getvalue()


def _names(tables: list[Table]) -> list[str]:
    """Return names that Excel takes for sheets, each once: up to 31 characters, without []:*?/\\."""
    taken, found = {"read me"}, []
    for table in tables:
        base = _BAD.sub(" ", _clean(table.name)).strip("' ")[:31].rstrip("' ") or "Table"
        name, number = base, 1
        while name.lower() in taken or name.lower() == "history":  # a name that Excel keeps for itself
            number += 1
            name = f"{base[: 31 - len(f' {number}')]} {number}"
        taken.add(name.lower())
        found.append(name)
    return found


def _cover(sheet: Any, document: Document, names: list[str]) -> None:
    bold = Font(bold=True)
    _put(sheet, 1, 1, document.title).font = Font(bold=True, size=14)
    _put(sheet, 2, 1, document.subtitle)
    row = 3
    for label, words in document.facts:
        _put(sheet, row, 1, label).font = bold
        _put(sheet, row, 2, words)
        row += 1
    row += 1
    _put(sheet, row, 1, "The answer in short").font = bold
    for block in document.answer:
        for words in (
            [block.text] if isinstance(block, Paragraph) else block.items if isinstance(block, Bullets) else []
        ):
            row += 1
            _put(sheet, row, 1, words).alignment = Alignment(wrap_text=True, vertical="top")
            sheet.merge_cells(start_row=row, start_column=1, end_row=row, end_column=3)
            sheet.row_dimensions[row].height = 15 * max(1, math.ceil(len(words) / 115))
    row += 2
    for column, label in enumerate(("Sheet", "What it holds", "Made from"), start=1):
        _header(_put(sheet, row, column, label))
    for table, name in zip(document.tables, names, strict=True):
        row += 1
        link = _put(sheet, row, 1, name)
        link.hyperlink = f"#'{name.replace(chr(39), chr(39) * 2)}'!A1"
        link.font = Font(color="0A558C", underline="single")
        _put(sheet, row, 2, table.caption).alignment = Alignment(wrap_text=True, vertical="top")
        _put(sheet, row, 3, table.source)
    row += 2
    _put(sheet, row, 1, "Figures with an interval stand in three columns: mean, low and high end of the 95 % interval.")
    for letter, width in (("A", 30), ("B", 80), ("C", 26)):
        sheet.column_dimensions[letter].width = width


def _sheet(sheet: Any, table: Table) -> None:
    """Write a table: caption, header and units in rows 1 to 3, frozen, and the numbers below."""
    _put(sheet, 1, 1, table.caption).font = Font(bold=True)
    headers = list(_headers(table))
    for place, (label, unit) in enumerate(headers, start=1):
        _header(_put(sheet, 2, place, label))
        _header(_put(sheet, 3, place, unit), bold=False)
    widths = [max(len(label), len(unit), 8) for label, unit in headers]
    for row, values in enumerate(table.rows, start=4):
        place = 1
        for value, column in zip(values, table.columns, strict=True):
            for one in _spread(value, column):
                written = _put(sheet, row, place, one)
                if isinstance(one, float):
                    written.number_format = _format(one, column)
                widths[place - 1] = max(widths[place - 1], len(one) if isinstance(one, str) else 10)
                place += 1
    last = len(table.rows) + 4
    for words in (table.note, f"Source: {table.source}" if table.source else ""):
        if words:
            last += 1
            _put(sheet, last, 1, words).font = Font(italic=True)
    sheet.freeze_panes = "B4"
    if table.rows:
        sheet.auto_filter.ref = (
            f"A3:{get_column_letter(len(headers))}{len(table.rows) + 3}" if len(table.rows) > 12 else None
        )
    for place, width in enumerate(widths, start=1):
        sheet.column_dimensions[get_column_letter(place)].width = min(WIDEST, width + 2)
    sheet.page_setup.orientation, sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = "landscape", 1, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.print_title_rows = "2:3"


def _headers(table: Table) -> Iterator[tuple[str, str]]:
    for column in table.columns:
        if column.kind == "estimate":
            for end in ("", ", low", ", high"):
                yield f"{column.label}{end}", column.unit
        else:
            yield column.label, column.unit


def _spread(value: Value, column: Column) -> list[str | int | float | None]:
    """Return the cells that a value takes: three for a column of figures with intervals."""
    if column.kind != "estimate":
        return [_number(value) if isinstance(value, (int, float)) else value]  # type: ignore[list-item]
    if isinstance(value, Estimate):
        return [_number(one) for one in (value.mean, value.low, value.high)]
    return [_number(value) if isinstance(value, (int, float)) else value, None, None]


def _number(value: float) -> float | int | None:
    return value if isinstance(value, int) or math.isfinite(value) else None


def _format(value: float, column: Column) -> str:
    if column.digits is not None:
        return "#,##0" + ("." + "0" * column.digits if column.digits > 0 else "")
    return "#,##0" if abs(value) >= 1000 else "0.00" if abs(value) >= 1 else "0.0###"


def _put(sheet: Any, row: int, column: int, value: Any) -> Any:
    """Write a cell; a text stays a text, whatever sign it begins with."""
    written = sheet.cell(row=row, column=column)
    if isinstance(value, str):
        written.value = _clean(value)
        written.data_type = "s"
        if written.value[:1] in ("=", "+", "-", "@", "\t", "\r"):
            written.quotePrefix = True
    else:
        written.value = value
    return written


def _header(written: Any, *, bold: bool = True) -> None:
    written.font = Font(bold=bold)
    written.fill = _HEADER
    written.alignment = Alignment(wrap_text=True, vertical="top")


def _clean(words: str) -> str:
    """Return a text without control characters and marks of direction, as long as a cell may hold."""
    return _CONTROL.sub("", words).replace("\u2068", "").replace("\u2069", "")[:LONGEST]
