"""Looking through a workbook before it is read: what it would unpack to, and what stands in its sheets.

An .xlsx file is a ZIP archive of XML. A small one can unpack to gigabytes, name a cell at the far end of a sheet so that all
cells before it are made, or define XML entities that expand without end. So its XML is streamed once, part by part, with
nothing kept but counts; openpyxl gets only what was looked through. Drawings, comments and whatever else holds no cells never
reach it.
"""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass, field
from xml.parsers import expat

from sim.errors import InputError

MOST_BYTES = 200_000_000
"""The XML of a workbook may unpack to so much, all parts together."""

MOST_ROWS, MOST_COLUMNS, MOST_CELLS = 200_000, 2_000, 1_000_000
"""Rows and columns of one sheet, and cells of a workbook, where what is empty before a cell counts, and what a merge covers."""

MOST_PARTS = 1_000
MOST_ELEMENTS = 4_000_000
MOST_OTHER_ELEMENTS = 200_000
"""Elements of parts that are neither sheets nor their texts: styles, names, relations."""

DEEPEST = 100
LONGEST_TEXT = 1_000_000
"""Characters of one cell; a spreadsheet program holds 32,767."""

_BLOCK = 1 << 16
_NEEDLESS = ("xl/drawings/", "xl/charts/", "xl/media/", "xl/comments", "xl/threadedcomments/", "xl/pivot", "xl/externallinks/",
             "xl/embeddings/", "xl/printersettings/", "xl/theme/", "xl/chartsheets/", "customxml/", "docprops/")  # fmt: skip
_DAMAGED = {"allowed": "an undamaged .xlsx workbook", "hint": "open it in Excel and save it again"}
_TOO_MANY = {
    "allowed": f"up to {MOST_ROWS:,} rows and {MOST_COLUMNS:,} columns in a sheet, and {MOST_CELLS:,} cells in all",
    "hint": "delete the empty rows and columns behind the table and save it",
}


@dataclass(slots=True)
class Sheet:
    """What a sheet's XML says beside the values of its cells.

    Attributes
    ----------
    unvalued : (row, column) of formulas without a value, counted from 0
    merged : (first row, first column, last row, last column) of merged areas, counted from 0
    rows, columns : how far its cells reach
    """

    unvalued: set[tuple[int, int]] = field(default_factory=set)
    merged: list[tuple[int, int, int, int]] = field(default_factory=list)
    rows: int = 0
    columns: int = 0


def look_through(content: bytes) -> tuple[bytes, dict[str, Sheet]]:
    """Return the workbook without what holds no cells, and what was seen in each part, by its name in the archive.

    Raises
    ------
    InputError : it is no workbook, it is damaged, or it would unpack to more than this program takes
    """
    budget = _Budget()
    sheets: dict[str, Sheet] = {}
    out = io.BytesIO()
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive, zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as slim:
            entries = archive.infolist()
            if not any(entry.filename.endswith("workbook.xml") for entry in entries):
                raise InputError("this is no .xlsx workbook", allowed=".xlsx or CSV", hint="save it as .xlsx")
            if len(entries) > MOST_PARTS:
                raise InputError(
                    "this workbook has too many parts", value=f"{len(entries):,}", allowed=f"up to {MOST_PARTS:,}"
                )
            for entry in entries:
                name = entry.filename
                if not name.casefold().endswith((".xml", ".rels")) or name.casefold().startswith(_NEEDLESS):
                    continue
                if name in sheets:
                    raise InputError("this workbook holds a part twice", value=name, **_DAMAGED)
                if entry.flag_bits & 1:
                    raise InputError(
                        "this workbook is encrypted", allowed=".xlsx without a password", hint="take the password off"
                    )
                part = _Part(budget)
                with archive.open(entry) as packed, slim.open(name, "w", force_zip64=True) as plain:
                    while block := packed.read(_BLOCK):
                        part.feed(block)
                        plain.write(block)
                part.close()
                sheets[name] = part.sheet
    except expat.ExpatError as error:
        raise InputError("this workbook cannot be read", value=f"its XML is damaged: {error}", **_DAMAGED) from None
    except InputError:
        raise
    except (
        Exception
    ) as error:  # zipfile raises a dozen kinds on damaged archives, from zlib.error to NotImplementedError
        raise InputError("this workbook cannot be read", value=f"{type(error).__name__}: {error}", **_DAMAGED) from None
    return out.getvalue(), sheets


class _Budget:
    """What all parts together have used up."""

    def __init__(self) -> None:
        self.bytes = self.elements = self.other_elements = self.cells = 0

    def more_bytes(self, number: int) -> None:
        self.bytes += number
        if self.bytes > MOST_BYTES:
            raise InputError(
                "this workbook is too large", value=f"more than {MOST_BYTES:,} bytes unpacked",
                allowed=f"up to {MOST_BYTES:,} bytes",
            )  # fmt: skip

    def more_elements(self, of_cells: bool) -> None:
        self.elements += 1
        self.other_elements += not of_cells
        if self.elements > MOST_ELEMENTS or self.other_elements > MOST_OTHER_ELEMENTS:
            raise InputError("this workbook is too large", value="XML of too many elements", **_TOO_MANY)

    def more_cells(self, number: int) -> None:
        self.cells += number
        if self.cells > MOST_CELLS:
            raise InputError("this workbook is too large", value=f"more than {MOST_CELLS:,} cells", **_TOO_MANY)


class _Part:
    """One XML part, streamed: counts elements, and in a sheet cells, formulas without a value and merged areas."""

    def __init__(self, budget: _Budget) -> None:
        self.budget, self.sheet = budget, Sheet()
        self.depth = self.text = 0
        self.of_cells = False
        self.row = self.column = 0
        self.formula: bool | None = None  # None outside of cells
        self.valued = self.in_value = False
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartDoctypeDeclHandler = self._refuse_definitions
        self.parser.EntityDeclHandler = self._refuse_definitions
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._characters

    def feed(self, block: bytes) -> None:
        self.budget.more_bytes(len(block))
        try:
            self.parser.Parse(block, False)
        except (ValueError, LookupError) as error:  # an encoding that Python or expat has not
            raise InputError("this workbook cannot be read", value=str(error), **_DAMAGED) from None

    def close(self) -> None:
        self.parser.Parse(b"", True)

    def _refuse_definitions(self, *_: object) -> None:
        raise InputError(
            "this workbook defines XML entities or a document type, which are refused for safety",
            allowed="a workbook as spreadsheet programs write it", hint=_DAMAGED["hint"],
        )  # fmt: skip

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.rpartition(":")[2]
        if self.depth == 0:
            self.of_cells = name in ("worksheet", "sst")
        self.depth += 1
        self.text = 0
        self.budget.more_elements(self.of_cells)
        if self.depth > DEEPEST:
            raise InputError(
                "the XML of this workbook is nested too deep", value=f"more than {DEEPEST} levels", **_DAMAGED
            )
        if name == "c":
            self._cell(attributes.get("r"))
        elif name == "row":
            self._row(attributes.get("r"))
        elif name == "si":
            self.budget.more_cells(1)
        elif name == "f":
            self.formula = True if self.formula is not None else None
        elif name in ("v", "is"):
            self.in_value = self.formula is not None
        elif name == "mergeCell":
            self._merge(attributes.get("ref", ""))

    def _end(self, tag: str) -> None:
        self.depth -= 1
        name = tag.rpartition(":")[2]
        if name == "c":
            if self.formula and not self.valued:
                self.sheet.unvalued.add((self.row - 1, self.column - 1))
            self.formula = None
        elif name in ("v", "is"):
            self.in_value = False

    def _characters(self, text: str) -> None:
        self.text += len(text)
        if self.text > LONGEST_TEXT:
            raise InputError(
                "this workbook holds a text that is too long", value=f"more than {LONGEST_TEXT:,} characters",
                allowed=f"up to {LONGEST_TEXT:,} characters in a cell",
            )  # fmt: skip
        if self.in_value:
            self.valued = True

    def _row(self, said: str | None) -> None:
        row = self.row + 1 if said is None else _whole(said)
        if row <= self.row:
            raise InputError("the rows of this sheet are out of order", value=said, **_DAMAGED)
        self.row, self.column = row, 0
        self._reaches(row, 0)

    def _cell(self, said: str | None) -> None:
        row, column = (self.row, self.column + 1) if said is None else _coordinate(said)
        if row != self.row or column <= self.column:
            raise InputError("the cells of this sheet are out of order", value=said, **_DAMAGED)
        self.budget.more_cells(column - self.column)  # those left out before it are made, too
        self.column, self.formula, self.valued = column, False, False
        self._reaches(row, column)

    def _merge(self, said: str) -> None:
        first, _, last = said.partition(":")
        (top, left), (bottom, right) = _coordinate(first), _coordinate(last or first)
        if bottom < top or right < left:
            raise InputError("this merged area is upside down", value=said, **_DAMAGED)
        self._reaches(bottom, right)
        self.budget.more_cells((bottom - top + 1) * (right - left + 1))
        self.sheet.merged.append((top - 1, left - 1, bottom - 1, right - 1))

    def _reaches(self, row: int, column: int) -> None:
        if row > MOST_ROWS or column > MOST_COLUMNS:
            raise InputError(
                "this sheet is too large", value=f"used as far as row {row:,}, column {column:,}", **_TOO_MANY
            )
        sheet = self.sheet
        if row > sheet.rows or column > sheet.columns:
            sheet.rows, sheet.columns = max(row, sheet.rows), max(column, sheet.columns)


def _whole(said: str) -> int:
    if not (said.isascii() and said.isdigit() and len(said) < 10 and int(said) > 0):
        raise InputError("this is no row of a sheet", value=said, **_DAMAGED)
    return int(said)


def _coordinate(said: str) -> tuple[int, int]:
    """Return row and column, counted from 1, of a cell such as ``B7`` or ``$B$7``."""
    plain = said.replace("$", "").upper()
    letters = plain.rstrip("0123456789")
    if not (1 <= len(letters) <= 3 and letters.isascii() and letters.isalpha()):
        raise InputError("this is no cell of a sheet", value=said, **_DAMAGED)
    column = 0
    for letter in letters:
        column = 26 * column + ord(letter) - 64
    return _whole(plain[len(letters) :]), column
