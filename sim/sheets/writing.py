"""An organisation as a workbook that explains itself, or as a folder of CSVs."""

from __future__ import annotations

import csv
import io
from typing import Any

from sim import levers, structure
from sim.chain import ServiceChain
from sim.errors import InputError
from sim.formulas import guarded, is_formula
from sim.sheets.layout import SHEETS, Column, Sheet, columns

SPARE_ROWS = 150
"""Rows below the filled ones for which the template keeps its drop-down lists and ranges."""

LONGEST_TEXT = 32_000
"""Characters; a cell of a workbook holds 32,767."""

NOTES = "notes"
_README = "Read me"
_LISTS = "Lists"


def tables(chain: ServiceChain, *, template: bool = False) -> dict[str, tuple[list[Column], list[list[Any]]]]:
    """Return columns and rows of each sheet; a template has the usual columns, too, where the chain says nothing.

    Raises
    ------
    InputError : a name or text that a spreadsheet could not give back
    """
    chain.check()
    found: dict[str, tuple[list[Column], list[list[Any]]]] = {}
    for sheet in SHEETS:
        known = columns(sheet)
        if sheet.kind == "graph":
            names = [name for name in structure.STRUCTURE["graph"] if name in chain.graph or name in sheet.usual]
            names += [name for name in levers.BY_NAME if name in chain.graph]
            rows = [[known[name].title, chain.graph.get(name, structure.GRAPH_DEFAULTS.get(name)), _unit(known[name]),
                     known[name].meaning] for name in names]  # fmt: skip
            setting, value = Column("setting", "what is set"), Column("value", "what it is set to")
            notes = [Column("note: unit", "for people"), Column("note: meaning", "for people")]
            found[sheet.name] = ([setting, value, *notes], rows)
            continue
        if sheet.kind == "link":
            bags = [{"supplier": s, "client": c} | data for s, c, data in chain.edges(data=True)]
        else:
            bags = [{"name": name} | data for name, data in chain.nodes(data=True) if data["kind"] == sheet.kind]
        used = {name for bag in bags for name in bag} - {"kind"}
        chosen = list(sheet.usual) if template or not bags else [name for name in sheet.usual if name in used]
        chosen += [name for name in known if name in used and name not in chosen]
        rows = [[_text_checked(bag.get(name), sheet, name) for name in chosen] for bag in bags]
        found[sheet.name] = ([known[name] for name in chosen], rows)
    for _, rows in found.values():
        for row in rows:
            for value in row:
                if isinstance(value, str) and len(value) > LONGEST_TEXT:
                    raise InputError(
                        "this text is too long for a cell", value=value, allowed=f"up to {LONGEST_TEXT:,} characters",
                        hint="write .toml or .json instead",
                    )  # fmt: skip
    return found


def _text_checked(value: Any, sheet: Sheet, name: str) -> Any:
    if name in sheet.keys and value != " ".join(str(value).split()):
        raise InputError(
            "a spreadsheet cannot keep the spaces of this name", place=sheet.title, value=value,
            allowed="names with single spaces inside and none at the ends", hint="write .toml or .json instead",
        )  # fmt: skip
    return value


def _unit(column: Column) -> str:
    return column.unit or ("text" if column.is_text else "")


# --- a folder of CSVs ------------------------------------------------------------------------------------------------


def csv_files(chain: ServiceChain, *, template: bool = False) -> dict[str, str]:
    """Return the files of a folder, by name: a CSV for each sheet, with commas and decimal points, and no formula."""
    files = {}
    for name, (head, rows) in tables(chain, template=template).items():
        out = io.StringIO(newline="")
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow([column.name for column in head])
        writer.writerows([["" if value is None else guarded(value) for value in row] for row in rows])
        files[f"{name}.csv"] = out.getvalue()
    return files


# --- a workbook ------------------------------------------------------------------------------------------------------


def workbook(chain: ServiceChain, *, template: bool = False, file: str = "firm.xlsx") -> bytes:
    """Return an .xlsx workbook; a template also has the usual columns that are still empty, and says what to do next."""
    import openpyxl

    content = tables(chain, template=template)
    book = openpyxl.Workbook()
    _read_me(book, file)
    for sheet in SHEETS:
        head, rows = content[sheet.name]
        _fill(book.create_sheet(sheet.title), sheet, head, rows)
    _lists(book)
    book.active = book.worksheets.index(book["Departments"])
    for page in book.worksheets:
        page.sheet_view.tabSelected = page.title == "Departments"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _read_me(book: Any, file: str) -> None:
    from openpyxl.styles import Alignment, Font

    page = book.active
    page.title = _README
    lines: list[tuple[str, str]] = [
        ("Your organisation as a service chain", ""),
        ("", "Overwrite the rows with your own departments, contractors, customers and links. Empty cells are allowed: what "
         "you leave empty keeps its default, and the report says so."),
        ("", "Point at a header to see what it means, its unit, range and default."),
        ("Sheet", "What it holds"),
        *((sheet.title, sheet.meaning[0].upper() + sheet.meaning[1:] + ".") for sheet in SHEETS),
        ("Rules", ""),
        ("", "Names tie the sheets together: suppliers and clients on Links are names from the other sheets."),
        ("", "Further columns: any lever of `service-culture levers unit` (or segment, link) may become a column; any lever "
         "may become a row of Firm."),
        ("", "Columns of your own: begin the header with # (or note, comment, remark), and they are left alone."),
        ("", "Shares are numbers from 0 to 1; 12 % is 0.12. Times are in hours or working days, as the header says."),
        ("Next", ""),
        ("Check it", f"service-culture show {file}"),
        ("Set it from surveys",
         f"service-culture from-survey {file} --staff staff.csv --customers customers.csv --out firm.toml"),
        ("Try a change", f"service-culture vary internal-service {file}"),
    ]  # fmt: skip
    for number, (left, right) in enumerate(lines, start=1):
        for column, text in ((1, left), (2, right)):
            cell = page.cell(number, column, text or None)
            cell.alignment = Alignment(wrap_text=column == 2, vertical="top")
        if left in ("Sheet", "Rules", "Next"):
            page.cell(number, 1).font = page.cell(number, 2).font = Font(bold=True)
    page["A1"].font = Font(bold=True, size=14)
    page.column_dimensions["A"].width = 22
    page.column_dimensions["B"].width = 100
    page.sheet_view.showGridLines = False


def _fill(page: Any, sheet: Sheet, head: list[Column], rows: list[list[Any]]) -> None:
    from openpyxl.comments import Comment
    from openpyxl.styles import Alignment, Font, PatternFill

    needed = set(sheet.keys) | {structure.REQUIRED.get(sheet.home, "")}
    for place, column in enumerate([*head, *([] if sheet.kind == "graph" else [Column(NOTES, "for people")])], start=1):
        cell = page.cell(1, place, column.title)
        cell.font = Font(bold=True, color="FFFFFF" if column.name in needed else "000000")
        cell.fill = PatternFill("solid", fgColor="1F4E79" if column.name in needed else "DDE6F0")
        cell.alignment = Alignment(wrap_text=True, vertical="center")
        if column.name != NOTES:
            cell.comment = Comment(_comment(column, column.name in needed), "template", height=110, width=300)
        page.column_dimensions[cell.column_letter].width = _width(column, rows, place - 1)
    page.row_dimensions[1].height = 32
    for number, row in enumerate(rows, start=2):
        for place, value in enumerate(row, start=1):
            cell = page.cell(number, place)
            cell.value = value
            if isinstance(value, str):
                cell.data_type = "s"  # a name that begins with = is no formula …
                cell.quotePrefix = is_formula(value)  # … and becomes none when somebody edits the cell
                cell.alignment = Alignment(wrap_text=len(value) > 60, vertical="top")
    page.freeze_panes = page.cell(2, 1 + len(sheet.keys))
    if sheet.kind != "graph":
        _validate(page, sheet, head, len(rows))


def _comment(column: Column, needed: bool) -> str:
    lines = [column.meaning[0].upper() + column.meaning[1:] + "."]
    if column.unit:
        lines.append(f"Unit: {column.unit}")
    if not column.is_text:
        lines.append(f"Range: {column.low:,g} to {column.high:,g}" + (", whole numbers" if column.whole else ""))
    if needed:
        lines.append("Every row needs it.")
    elif column.default not in (None, ""):
        lines.append(f"Left empty: {column.default if column.is_text else format(column.default, 'g')}")
    return "\n".join(lines)


def _width(column: Column, rows: list[list[Any]], place: int) -> float:
    longest = max((len(str(row[place])) for row in rows if place < len(row) and row[place] is not None), default=0)
    words = max(map(len, column.title.split()))
    if column.name in (NOTES, "note: meaning", "description"):
        return 60.0
    return float(min(60, max(longest + 2, words + 2, (len(column.title) + 1) // 2 + 3, 9)))


def _validate(page: Any, sheet: Sheet, head: list[Column], filled: int) -> None:
    """Let the spreadsheet itself refuse what the reader would refuse, and offer names to choose from."""
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.datavalidation import DataValidation

    for place, column in enumerate(head, start=1):
        if column.name == "name":
            continue
        letter = get_column_letter(place)
        if column.name in ("supplier", "client"):
            list_of = "A" if column.name == "supplier" else "B"
            rule = DataValidation(
                "list", formula1=f"OFFSET({_LISTS}!${list_of}$1,0,0,MAX(1,{_LISTS}!${'C' if list_of == 'A' else 'D'}$1),1)",
                errorStyle="warning", error="This name stands on no other sheet.", errorTitle=column.title,
            )  # fmt: skip
        elif column.choices:
            rule = DataValidation(
                "list", formula1=f'"{",".join(column.choices)}"', error=column.allowed, errorTitle=column.title
            )
        else:
            rule = DataValidation(
                "whole" if column.whole else "decimal", operator="between", formula1=_plain(column.low),
                formula2=_plain(column.high), error=_capital(column.allowed)[:220], errorTitle=column.title[:30],
            )  # fmt: skip
        rule.showErrorMessage = True
        rule.allowBlank = True
        rule.add(f"{letter}2:{letter}{filled + SPARE_ROWS}")
        page.add_data_validation(rule)


def _plain(bound: float | None) -> str:
    return f"{bound:.10g}" if bound is None or abs(bound) < 1e6 else f"{bound:.0f}"


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]


def _lists(book: Any) -> None:
    """Keep the names for the drop-down lists on a hidden sheet: A those who may serve, B those who may be served."""
    page = book.create_sheet(_LISTS)
    most = SPARE_ROWS
    areas = [f"{title}!$A$2:$A${most + 1}" for title in ("Departments", "Contractors", "Segments")]
    counts = [f"COUNTA({area})" for area in areas]
    for row in range(1, most + 1):
        for column, used in (("A", 2), ("B", 3)):
            formula = '""'
            for place in reversed(range(used)):
                before = "".join(f"-{count}" for count in counts[:place])
                formula = f"IF({row}{before}<={counts[place]},INDEX({areas[place]},{row}{before}),{formula})"
            page[f"{column}{row}"] = f"={formula}"
    page["C1"] = "=" + "+".join(counts[:2])
    page["D1"] = "=" + "+".join(counts)
    page.sheet_state = "hidden"
