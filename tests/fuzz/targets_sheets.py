"""Organisations in spreadsheets: workbooks by their cells and as files, folders of CSVs.

The cells of a workbook are put in place of what openpyxl would have read; the file is an archive of XML, some parts of which
were changed, read as it is.
"""

from __future__ import annotations

import functools
import io
import json
import zipfile
from typing import Any

import openpyxl

from sim import sheets
from sim.chain import ServiceChain
from tests.fuzz import tables
from tests.fuzz.cells import grids_of, in_place_of_files
from tests.fuzz.files import GRAPH, ORGANISATION_WORDS, STRUCTURE, run_firm, small, target, written
from tests.fuzz.target import Target, scratch

SHEETS = ("sim.sheets.grids", "sim.sheets.reading", "sim.sheets.numbers", "sim.sheets.layout", *GRAPH)


def read_cells(data: bytes) -> ServiceChain:
    """Read the cells of an organisation's workbook."""
    with in_place_of_files(grids_of(data)):
        return sheets.read("firm.xlsx")


def cells_of(content: bytes) -> bytes:
    """Return the cells of a workbook as JSON, the sheets for people left out."""
    book = openpyxl.load_workbook(io.BytesIO(content))
    sound = {
        s.title: [list(r) for r in s.iter_rows(values_only=True)]
        for s in book.worksheets
        if s.title not in ("Read me", "Lists")
    }
    return json.dumps(sound).encode()


@functools.cache
def cell_seeds() -> list[bytes]:
    """Return the cells of a few organisations."""
    tiny = {
        "Departments": [["name", "staff"], ["Shop", 2]], "Segments": [["name", "customers"], ["Buyers", 9]],
        "Links": [["supplier", "client", "requests per case"], ["Shop", "Buyers", 1]],
    }  # fmt: skip
    messy = {
        "firm": [["a title"], [], ["Setting", "Value", "# unit"], ["name", "Firm"], ["training", "2 %"],
                 ["hours per day", "7,5"]],
        "2. departments": [["Department", "Headcount", "hours_per_request"], ["Shop", "3", "0,5"]], **{
            key: rows for key, rows in tiny.items() if key != "Departments"
        },
    }  # fmt: skip
    return [json.dumps(tiny).encode(), json.dumps(messy).encode(), cells_of(sheets.workbook(small()))]


# --- workbooks, as files ---------------------------------------------------------------------------------------------


def read_workbook(data: bytes) -> ServiceChain:
    """Read a workbook's bytes."""
    return sheets.read(written(data, "firm.xlsx"))


@functools.cache
def workbook_seeds() -> list[bytes]:
    """Return small workbooks, stored, without themes and properties."""
    return [slim(_book(json.loads(one))) for one in cell_seeds()[:2]]


def _book(sheets_: dict[str, list[list[Any]]]) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for name, rows in sheets_.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
        if name == "firm":
            sheet.merge_cells("A1:B1")
            sheet["C4"] = "=1+1"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def slim(content: bytes) -> bytes:
    """Return a workbook with the parts only that a reader needs."""
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        return tables.archive(
            [(n, packed.read(n)) for n in packed.namelist() if not n.startswith(("docProps", "xl/theme"))]
        )


# --- folders of CSVs -------------------------------------------------------------------------------------------------


def read_folder(data: bytes) -> ServiceChain:
    """Read a folder of CSVs."""
    folder = scratch() / "folder"
    folder.mkdir(exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    for number, part in enumerate(data.split(tables.NEXT_FILE)[1:9]):
        name, _, content = part.partition(b"\n")
        plain = "".join(letter for letter in name.decode("utf-8", "replace") if letter.isprintable() and letter != "/")[
            :60
        ]
        (folder / (plain if plain.strip(".") else f"{number}.csv")).write_bytes(content)
    return sheets.read(folder)


@functools.cache
def folder_seeds() -> list[bytes]:
    """Return folders of CSVs."""
    found = []
    for tree in map(json.loads, cell_seeds()):
        parts = []
        for name, rows in tree.items():
            text = "\n".join(",".join("" if one is None else str(one).replace(",", ".") for one in row) for row in rows)
            parts.append(tables.NEXT_FILE + f"{name.lower()}.csv\n{text}\n".encode())
        found.append(b"".join(parts))
    return found


TARGETS: tuple[Target, ...] = (
    target("workbook-cells", read_cells, run_firm, cell_seeds, SHEETS, "json", ORGANISATION_WORDS),
    target("workbook-file", read_workbook, run_firm, workbook_seeds, ("sim.sheets.packed", *SHEETS), "archive",
           ["A1", "B2", "XFD1048576", "A1:B2", "n", "s", "str", "inlineStr", "b", "e", "d", "1", "0", *STRUCTURE],
           longest=60_000),
    target("csv-folder", read_folder, run_firm, folder_seeds, SHEETS, "folder", ORGANISATION_WORDS),
)  # fmt: skip
