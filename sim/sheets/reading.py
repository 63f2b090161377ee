"""An organisation from a workbook, or from a folder of CSVs with the same sheets."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sim import levers, structure
from sim.chain import ServiceChain
from sim.errors import InputError, did_you_mean
from sim.sheets import grids
from sim.sheets.grids import Grid, Unreadable, is_blank
from sim.sheets.layout import BY_NAME, NOTE, SHEETS, Column, Sheet, columns, headers, key
from sim.sheets.numbers import number

_LOOK_FOR_HEADER = 20  # rows: a title and a date often stand above it


@dataclass(slots=True)
class _Row:
    """A row of a sheet: which, and the cells that say something, by column."""

    grid: Grid
    number: int
    cells: dict[str, Any]
    places: dict[str, int]

    def place(self, column: str) -> str:
        return self.grid.place(self.number, self.places.get(column, 0))


@dataclass(slots=True)
class _Places:
    """Where in the file each part of the chain was said, as `ServiceChain.check` calls the parts."""

    of: dict[str, str] = field(default_factory=dict)

    def locate(self, error: InputError, source: str) -> InputError:
        place = error.place
        for called in sorted(self.of, key=len, reverse=True):
            if place and place.startswith(called):
                place = f"{self.of[called]} ({place})"
                break
        return InputError(
            error.problem, source=error.source or source, place=place, value=error.value, allowed=error.allowed,
            hint=error.hint,
        )  # fmt: skip


def is_spreadsheet(path: Path) -> bool:
    """Tell whether a path names a workbook or a folder, whether or not it can be read."""
    return _is_folder(path) or path.suffix.casefold() in (*grids.WORKBOOKS, ".xls", ".xlsb", ".ods", ".numbers")


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except (OSError, ValueError):  # a name that no system has; whoever reads it says so
        return False


def read(path: str | Path) -> ServiceChain:
    """Return the checked chain that a workbook or a folder of CSVs describes.

    A workbook has the sheets Firm, Departments, Contractors, Segments and Links, a folder files of these names. Headers are
    structure or levers, in any case, with spaces or underscores; empty cells say nothing. Columns whose header begins with
    ``#``, note, comment or remark are for people.

    Raises
    ------
    InputError : with the cell, what stands there, and what is allowed
    """
    path = Path(path)
    found = _sheets(path)
    chain, places = ServiceChain(), _Places()
    chain.graph.update({name: value for name, value in structure.GRAPH_DEFAULTS.items() if name != "sources"})
    chain.graph["name"] = structure.name_from(path.stem)
    try:
        for sheet in SHEETS:
            if sheet.name not in found:
                continue
            rows = _rows(sheet, found[sheet.name])
            if sheet.kind == "graph":
                _settings(chain, sheet, rows)
            elif sheet.kind == "link":
                _links(chain, sheet, rows, places)
            else:
                _nodes(chain, sheet, rows, places)
        return chain.check()
    except InputError as error:
        raise places.locate(error, str(path)) from None


# --- sheets ----------------------------------------------------------------------------------------------------------


def _sheets(path: Path) -> dict[str, Grid]:
    if _is_folder(path):
        try:
            files = sorted(one for one in path.iterdir() if one.suffix.casefold() in (".csv", ".tsv", ".txt"))
        except OSError as error:
            raise InputError("this folder cannot be read", source=str(path), value=error.strerror) from None
        offered = [(one.stem, grid) for one in files if _sheet_of(one.stem) for grid in grids.read(one)]
        names = [one.stem for one in files]
    else:
        offered = [(grid.name, grid) for grid in grids.read(path)]
        names = [name for name, _ in offered]
    found: dict[str, Grid] = {}
    for name, grid in offered:
        sheet = _sheet_of(name)
        if sheet and sheet in found:
            raise InputError(
                "two sheets are meant for the same", source=str(path), place=name, value=f"{found[sheet].name}, {grid.name}",
                allowed=f"one sheet {sheet.capitalize()}",
            )  # fmt: skip
        if sheet:
            found[sheet] = grid
    missing = [sheet.title for sheet in SHEETS if sheet.name not in found and sheet.name not in ("firm", "contractors")]
    if "departments" not in found and "contractors" in found:
        missing.remove("Departments")
    if missing:
        near = next((hint for name in names if not _sheet_of(name) and (hint := did_you_mean(name, missing))), None)
        what = "files departments.csv, segments.csv and links.csv" if _is_folder(path) else "sheets " + ", ".join(
            sheet.title for sheet in SHEETS
        )  # fmt: skip
        first = (
            f"this folder has no {missing[0].casefold()}.csv" if _is_folder(path) else f"there is no sheet {missing[0]}"
        )
        raise InputError(
            first, source=str(path), value=", ".join(names) or "nothing", allowed=what,
            hint=near or "start from a template: `service-culture new firm.xlsx`, or `service-culture new my-firm/`",
        )  # fmt: skip
    for grid in found.values():
        if _is_folder(path):
            grid.decimal = grid.decimal or next((one.decimal for one in found.values() if one.decimal), None)
    return found


def _sheet_of(name: str) -> str | None:
    """Return the sheet that a name means: Departments, department, 2. DEPARTMENTS."""
    plain = key(name).lstrip("0123456789_")
    return next((sheet for sheet in BY_NAME if plain in (sheet, sheet.removesuffix("s"))), None)


def _rows(sheet: Sheet, grid: Grid) -> list[_Row]:
    """Return the rows below the header, with their cells by column."""
    names = headers(sheet)
    top = next(
        (
            place
            for place, row in enumerate(grid.rows[:_LOOK_FOR_HEADER])
            if {names.get(key(cell)) for cell in row if isinstance(cell, str)} >= set(sheet.keys)
        ),
        None,
    )
    if top is None:
        if all(is_blank(cell) for row in grid.rows for cell in row):
            return []
        first = next(place for place, row in enumerate(grid.rows) if not all(map(is_blank, row)))
        said = [str(cell) for cell in grid.rows[first] if not is_blank(cell)]
        missing = [one for one in sheet.keys if one not in {names.get(key(cell)) for cell in said}]
        raise InputError(
            "this sheet has no such column" if len(said) > 1 else "this sheet has no header",
            place=grid.place(first, 0), value=", ".join(said), allowed=f"a header row with {' and '.join(sheet.keys)}",
            hint=did_you_mean(said[0], missing) if said else None,
        )  # fmt: skip
    where = _columns(sheet, grid, top)
    rows = []
    for place in range(top + 1, len(grid.rows)):
        line = grid.rows[place]
        cells = {name: line[at] for name, at in where.items() if at < len(line) and not is_blank(line[at])}
        if cells:
            rows.append(_Row(grid, place, cells, where))
    return rows


def _columns(sheet: Sheet, grid: Grid, top: int) -> dict[str, int]:
    names = headers(sheet)
    where: dict[str, int] = {}
    head = grid.rows[top]
    for row in grid.rows[top + 1 :]:
        for place, cell in enumerate(row):
            if not is_blank(cell) and (place >= len(head) or is_blank(head[place])):
                raise InputError(
                    "this column has no header", place=grid.place(top, place), value=cell,
                    allowed="a column of the template", hint="give a column for notes a header that begins with #",
                )  # fmt: skip
    for place, header in enumerate(head):
        if is_blank(header):
            continue
        if NOTE.fullmatch(str(header)):
            continue
        name = names.get(key(header))
        if name is None:
            if sheet.kind == "graph":
                continue
            raise _unknown(sheet, header, grid.place(top, place))
        if name in where:
            raise InputError(
                "this column stands twice", place=grid.place(top, place), value=header,
                allowed=f"one column {name}; the other is {grid.place(top, where[name])}",
            )  # fmt: skip
        where[name] = place
    return where


def _unknown(sheet: Sheet, said: Any, place: str) -> InputError:
    known = list(columns(sheet))
    hint = did_you_mean(key(said), [*known, *headers(sheet)])
    if (elsewhere := levers.BY_NAME.get(key(said))) is not None:
        homes = {"firm": "Firm", "unit": "Departments or Contractors", "segment": "Segments", "link": "Links"}
        hint = f"it belongs on the sheet {homes[elsewhere.home]}"
    usual = [one for one in sheet.usual if one in known]
    return InputError(
        f"there is no such {'setting' if sheet.kind == 'graph' else 'column'} here", place=place, value=str(said),
        allowed=", ".join(usual) + f", or another of `service-culture levers {sheet.home}`",
        hint=hint or "give a column for notes a header that begins with #",
    )  # fmt: skip


# --- rows ------------------------------------------------------------------------------------------------------------


def _settings(chain: ServiceChain, sheet: Sheet, rows: list[_Row]) -> None:
    seen: dict[str, str] = {}
    for row in rows:
        if "setting" not in row.cells or NOTE.fullmatch(str(row.cells["setting"])):
            if "setting" not in row.cells and "value" in row.cells:
                raise InputError("this value has no name", place=row.place("setting"), allowed="the name of a setting")
            continue
        name = key(row.cells["setting"])
        column = columns(sheet).get(name)
        if column is None:
            raise _unknown(sheet, row.cells["setting"], row.place("setting"))
        if name in seen:
            raise InputError(
                "this setting stands twice", place=row.place("setting"), value=str(row.cells["setting"]),
                allowed=f"one row for it; the other is {seen[name]}",
            )  # fmt: skip
        seen[name] = row.place("setting")
        if "value" in row.cells:
            chain.graph[name] = _value(column, row.cells["value"], row.grid, row.place("value"))


def _nodes(chain: ServiceChain, sheet: Sheet, rows: list[_Row], places: _Places) -> None:
    for row in rows:
        if "name" not in row.cells:
            raise InputError(
                "this row has no name", place=row.place("name"), allowed="a name in every row that says something",
                hint="delete the row, or give notes a column whose header begins with #",
            )  # fmt: skip
        name = _name(row, "name")
        if name in chain:
            raise InputError(
                "this name stands twice", place=row.place("name"), value=name,
                allowed="a name that no other department, contractor or segment has",
                hint=f"the other is {next((at for what, at in places.of.items() if what.endswith(f' {name!r}')), 'above')}",
            )  # fmt: skip
        attributes = _attributes(sheet, row)
        getattr(chain, f"add_{sheet.kind}")(name, **attributes)
        places.of[f"{sheet.kind} {name!r}"] = places.of[f"unit {name!r}"] = row.place("name")


def _links(chain: ServiceChain, sheet: Sheet, rows: list[_Row], places: _Places) -> None:
    same = {key(name): name for name in chain.nodes}
    for row in rows:
        ends = []
        for role in ("supplier", "client"):
            if role not in row.cells:
                raise InputError(
                    f"this link has no {role}", place=row.place(role), allowed=columns(sheet)[role].meaning
                )
            said = _name(row, role)
            name = said if said in chain else same.get(key(said))
            if name is None:
                raise InputError(
                    f"the {role} of this link stands on no sheet", place=row.place(role), value=said,
                    allowed="a department or contractor" + (" or segment" if role == "client" else "") + " of its own sheet",
                    hint=did_you_mean(said, map(str, chain.nodes)) or "add a row for it on its sheet",
                )  # fmt: skip
            ends.append(name)
        supplier, client = ends
        called = f"link {supplier!r} → {client!r}"
        if chain.has_edge(supplier, client):
            raise InputError(
                "this link stands twice", place=row.place("supplier"), value=f"{supplier} → {client}",
                allowed="one row for a supplier and a client", hint=f"the other is {places.of[called]}",
            )  # fmt: skip
        chain.add_link(supplier, client, **_attributes(sheet, row))
        places.of[called] = row.place("supplier")


def _attributes(sheet: Sheet, row: _Row) -> dict[str, Any]:
    return {
        name: _value(columns(sheet)[name], value, row.grid, row.place(name))
        for name, value in row.cells.items()
        if name not in sheet.keys
    }


def _name(row: _Row, column: str) -> str:
    """Return a name: text with single spaces; a number is taken as it is written."""
    value = row.cells[column]
    if isinstance(value, Unreadable):
        raise InputError(value.problem, place=row.place(column), allowed="a name", hint=value.hint)
    name = " ".join(_as_text(value).split())
    structure.check_name(name, row.place(column))
    return name


def _as_text(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _value(column: Column, value: Any, grid: Grid, place: str) -> Any:
    if isinstance(value, Unreadable):
        raise InputError(value.problem, place=place, allowed=column.allowed, hint=value.hint)
    if column.choices:
        word = key(value)
        if word not in column.choices:
            raise InputError(
                "there is no such shape of working time", place=place, value=value, allowed=column.allowed,
                hint=did_you_mean(word, column.choices),
            )  # fmt: skip
        return word
    if column.is_text:
        text = _as_text(value)
        structure.check_structure(column.name, text, str, place)
        return text
    found = number(value, grid.decimal, place, allowed=column.allowed)
    if column.name in levers.BY_NAME:
        one = levers.BY_NAME[column.name]
        if one.unit.startswith("share") and one.high <= 1 < found <= 100:
            raise InputError(
                f"{one.name} cannot have this value", place=place, value=value, allowed=one.allowed,
                hint=f"shares are written from 0 to 1: {found:g} % is {found / 100:g}",
            )  # fmt: skip
        return one.check(found, place=place)
    if column.whole and found != int(found):
        raise InputError(
            f"{column.title} is counted in whole numbers", place=place, value=value, allowed=column.allowed,
            hint=f"round it: {round(found):,}",
        )  # fmt: skip
    structure.check_structure(column.name, found, int if column.whole else float, place)
    return int(found) if column.whole else found
