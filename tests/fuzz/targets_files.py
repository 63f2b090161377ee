"""Files from spreadsheets, survey tools, help desks and graph editors: workbooks, folders of CSVs, surveys, logs, graphs.

A workbook is tried at two levels. The cells: what stands in the sheets of an organisation or a survey, put in place of what
openpyxl would have read. And the file: an archive of XML, some parts of which were changed, read as it is.
"""

from __future__ import annotations

import bz2
import contextlib
import datetime
import functools
import gzip
import io
import itertools
import json
import lzma
import math
import warnings
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl

from sim import eventlog, levers, organisation, sheets, structure
from sim.chain import ServiceChain
from sim.client import setting
from sim.client.groups import Figure, customer_figures, staff_figures
from sim.client.surveys import CustomerScores, StaffSurvey, read_customers, read_staff
from sim.eventlog import files
from sim.eventlog.dates import MOST_OFFSET, YEARS, DateReader, Order
from sim.eventlog.log import Log
from sim.model import ServiceModel
from sim.sheets import grids
from sim.sheets.grids import Grid, Unreadable
from tests.fuzz import tables, trees
from tests.fuzz.target import Target, scratch
from tests.fuzz.targets_text import small_enough

warnings.filterwarnings("ignore", "No key type for id", UserWarning)  # networkx, of keys that no GraphML knows

GRAPH = ("sim.chain", "sim.structure")
SHEETS = ("sim.sheets.grids", "sim.sheets.reading", "sim.sheets.numbers", "sim.sheets.layout", *GRAPH)
SURVEYS = ("sim.client.surveys", "sim.client.columns", "sim.client.scale", "sim.client.names", "sim.sheets.grids",
           "sim.sheets.numbers", "sim.sheets.layout")  # fmt: skip
TICKETS = ("sim.eventlog.files", "sim.eventlog.columns", "sim.eventlog.dates", "sim.eventlog.roles", "sim.eventlog.read",
           "sim.eventlog.log")  # fmt: skip


def _words(text: str) -> list[str]:
    """Return the words between bars."""
    return [" ".join(one.split()) for one in text.split("|")]


STRUCTURE = _words("""
    name | staff | managers | working_time | customers | supplier | client | setting | value | kind | # | note | Firm
    | Departments | Contractors | Segments | Links | Shop | Store | Buyers | lognormal | fixed | 12 % | 0,5 | 1.234,5
    | 1,234 | #REF! | #DIV/0! | hours_per_day | slots_per_day | currency
""")
ORGANISATION_WORDS = [*STRUCTURE, *(one.name for one in levers.LEVERS)]
SURVEY_WORDS = _words("""
    rater | rated | score | respondent | responses | reliability | responsiveness | assurance | empathy | tangibles |
    segment | csat | nps | customer | n | Shop | Store | Buyers | Office | shop dept | IT | 4 - good | 4,5 | 80 % |
    4/5 | no contact | NA | - | 99 | 0 | 10 | 5 | 100 | -100 | 1e3 | sep=;
""")
TICKET_WORDS = _words("""
    number | opened_at | resolved_at | closed_at | updated_at | due_at | state | assignment_group | assigned_to |
    caller_id | priority | reassignment_count | reopen_count | made_sla | parent | caller_group | hours_worked | New |
    Resolved | Closed | Reopened | 2024-03-05 14:30 | 05.03.2024 | 3/5/2024 2:30 PM | 1709647200 | 45356.5 |
    2024-03-05T14:30:00+01:00 | 2024-02-30 10:00 | true | false | breached | Desk | Network | ? | sep=; | 2199-01-01 |
    1980-01-01 | Callers | Other teams | 5 Mar 2024 | 1709647200000 | T1 | -5
""")


@functools.cache
def small() -> ServiceChain:
    """Return a firm whose surveys are read."""
    chain = ServiceChain()
    chain.graph["name"] = "Firm"
    chain.add_department("Shop", staff=3)
    chain.add_department("Store", staff=2)
    chain.add_contractor("IT & Office", staff=2)
    chain.add_segment("Buyers", customers=30, needs_per_year=12)
    chain.add_segment("Firms", customers=3, needs_per_year=12)
    chain.add_link("Shop", "Buyers")
    chain.add_link("Shop", "Firms")
    chain.add_link("Store", "Shop", requests_per_case=0.5)
    chain.add_link("IT & Office", "Shop", requests_per_case=0.2)
    chain.add_link("IT & Office", "Store", requests_per_case=0.2, promise_days=2.0)
    return chain.check()


def same(one: ServiceChain, other: ServiceChain) -> bool:
    """Tell whether two firms are the same, whatever the order in which they are written down."""
    settings = all(one.setting(name) == other.setting(name) for name in structure.GRAPH_DEFAULTS)
    firm = [{name: value for name, value in each.graph.items() if name in levers.BY_NAME} for each in (one, other)]
    usual = {"managers": 1, "working_time": "lognormal"}  # of units where nothing is said
    nodes = [
        {name: usual | data if data["kind"] != "segment" else data for name, data in each.nodes.items()}
        for each in (one, other)
    ]
    return settings and firm[0] == firm[1] and nodes[0] == nodes[1] and dict(one.edges) == dict(other.edges)


def run_firm(chain: ServiceChain) -> None:
    """Write the firm and read it again: it is the same; then let it live two days, if it is small."""
    assert same(organisation.parse(organisation.dump(chain)), chain), "a firm is another one after writing and reading"
    if small_enough(chain):
        ServiceModel(chain, seed=1).run(2)


def written(data: bytes, name: str) -> Path:
    """Return the path of a file with this content."""
    path = scratch() / name
    path.write_bytes(data)
    return path


# --- workbooks, by their cells ---------------------------------------------------------------------------------------


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
def _in_place_of_files(found: list[Grid]) -> Iterator[None]:
    """Let the reader of grids find these, with the decimal sign that it would find."""
    before, sign = grids.read, grids._decimal_sign(found)
    for grid in found:
        grid.decimal = sign
    grids.read = lambda path: found
    try:
        yield
    finally:
        grids.read = before


def read_cells(data: bytes) -> ServiceChain:
    """Read the cells of an organisation's workbook."""
    with _in_place_of_files(grids_of(data)):
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


# --- surveys ---------------------------------------------------------------------------------------------------------

STAFF = [
    b"rater,rated,score\nShop,Store,4\nStore,IT & Office,3\n",
    b"respondent,My department,Store,IT & Office,# why\n" + b"".join(
        b"p%d,Shop,%d,%d,\n" % (n, n % 5 + 1, 4) for n in range(6)
    ),
    b"rater;rated;reliability;empathy;n\n" + b"Shop;Store;4,5;3,5;7\nShop;IT & Office;no contact;4 - good;5\n" * 2,
]  # fmt: skip
CUSTOMERS = [
    b"segment,csat\nBuyers,4\nFirms,5\n",
    b"segment,nps,csat,customer\n" + b"".join(b"Buyers,%d,%d,c%d\n" % (n, n % 5 + 1, n) for n in range(8)),
    b"segment,csat,nps,n\nBuyers,80 %,-12.5,120\nFirms,70 %,30,12\n",
]  # fmt: skip


def read_staff_survey(data: bytes) -> StaffSurvey:
    """Read a staff survey as CSV."""
    return read_staff(written(data, "staff.csv"), small())


def set_staff(survey: StaffSurvey) -> None:
    """Set the firm by what may be seen of the survey."""
    _set(staff_figures(survey.groups, small()))


def read_customer_survey(data: bytes) -> CustomerScores:
    """Read customer scores as CSV."""
    return read_customers(written(data, "customers.csv"), small())


def set_customers(scores: CustomerScores) -> None:
    """Set the firm by what may be seen of the scores."""
    found = customer_figures(scores.csat, "CSAT", small()) + customer_figures(scores.recommend, "NPS", small())
    _set(found)
    for name, group in scores.net.items():
        assert -100 <= group.mean <= 100, name
        setting.share_for_net_score(group.mean, 0.7, 0.1)


def _set(figures: Sequence[Figure]) -> None:
    assert all(0 <= one.share <= 1 for one in figures)
    setting.set_first_day(small(), figures)


def read_survey_cells(data: bytes) -> tuple[StaffSurvey | None, CustomerScores | None]:
    """Read the cells of a workbook with a staff survey, or, where its first sheet's name begins with C, customer scores."""
    found = grids_of(data)
    with _in_place_of_files(found):
        if found and found[0].name[:1] in "Cc":
            return None, read_customers("survey.xlsx", small())
        return read_staff("survey.xlsx", small()), None


def set_survey(read: tuple[StaffSurvey | None, CustomerScores | None]) -> None:
    """Set the firm by either."""
    if read[0] is not None:
        set_staff(read[0])
    if read[1] is not None:
        set_customers(read[1])


def survey_cell_seeds() -> list[bytes]:
    """Return surveys as sheets of cells."""
    found = []
    for name, texts in (("Staff", STAFF), ("Customers", CUSTOMERS)):
        for text in texts:
            rows = [[_number(one) for one in line.split("," if "," in line and ";" not in line else ";")]
                    for line in text.decode().splitlines()]  # fmt: skip
            found.append(json.dumps({name: rows}).encode())
    return found


def _number(text: str) -> Any:
    return int(text) if text.isdigit() else text or None


# --- ticket logs -----------------------------------------------------------------------------------------------------


def _ticket_rows(count: int, event: bool) -> Iterator[list[str]]:
    yield (["number", "state", "updated_at", "assignment_group", "opened_at"] if event
           else ["number", "opened_at", "resolved_at", "assignment_group", "caller_id", "made_sla",
                 "reassignment_count"])  # fmt: skip
    for n in range(count):
        day = f"2024-03-{n % 20 + 1:02d}"
        if event:
            for state, hour, team in (
                ("New", 9, "Desk"),
                ("Assigned", 10, "Network" if n % 3 else "Desk"),
                ("Resolved", 12 + n % 5, "Desk"),
            ):
                yield [f"T{n}", state, f"{day} {hour:02d}:00:00", team, f"{day} 09:00:00"]
        else:
            yield [
                f"T{n}",
                f"{day} 09:00",
                f"{day} {10 + n % 7}:30",
                "Desk" if n % 3 else "Network",
                f"C{n % 4}",
                "true",
                str(n % 3),
            ]


def ticket_seeds() -> list[bytes]:
    """Return ticket exports as CSV."""
    return [
        "\n".join(map(",".join, _ticket_rows(count, event))).encode()
        for count, event in ((6, False), (6, True), (12, False))
    ]


def xes_seeds() -> list[bytes]:
    """Return event logs as XES."""
    found = []
    for count in (5, 7):
        traces = []
        for n in range(count):
            events = "".join(
                f'<event><string key="concept:name" value="{state}"/><string key="org:group" value="Desk"/>'
                f'<date key="time:timestamp" value="2024-03-{n + 4:02d}T{9 + place:02d}:00:00.000+01:00"/></event>'
                for place, state in enumerate(("New", "Resolved"))
            )
            traces.append(
                f'<trace><string key="concept:name" value="T{n}"/><string key="priority" value="2"/>{events}</trace>'
            )
        found.append(f'<log xes.version="1.0">{"".join(traces)}</log>'.encode())
    return found


def row_seeds() -> list[bytes]:
    """Return ticket exports, plain and packed, and an event log."""
    plain = ticket_seeds()[0]
    packed = (gzip.compress(plain, mtime=0), bz2.compress(plain), lzma.compress(plain))
    return [*ticket_seeds()[:2], xes_seeds()[0], *packed]


def read_tickets(data: bytes) -> Log:
    """Read a ticket export."""
    return eventlog.read_log(written(data, "tickets"))


def read_rows(data: bytes) -> list[list[str]]:
    """Read the rows of a ticket export, as text: compression, encoding, separator, header, XES; nothing is understood yet."""
    layout = files.look(written(data, "tickets"))
    ragged = files.Ragged()
    found = list(itertools.islice(files.rows(layout, ragged), 1000))
    assert all(len(row) == len(layout.header) for row in found)
    return found


def read_dates(data: bytes) -> np.ndarray:
    """Read a date a line, in the order that the lines themselves suggest."""
    texts = data.decode("utf-8", "replace").split("\n")
    order = Order()
    order.see(texts)
    order.decide()
    reader = DateReader(order)
    found = reader.read(texts)
    assert len(found) == len(texts)
    assert abs(reader.usual_offset) <= MOST_OFFSET
    return found


def plausible(seconds: np.ndarray) -> None:
    """A date lies within the years that are taken for dates, or is none."""
    known = seconds[np.isfinite(seconds)]
    low, high = (datetime.datetime(year, 1, 1, tzinfo=datetime.UTC).timestamp() for year in YEARS)
    assert ((known >= low - MOST_OFFSET) & (known <= high + MOST_OFFSET)).all()


DATES = [
    b"2024-03-05 14:30\n05.03.2024 14:30\n3/5/2024 2:30 PM\n2024-03-05T14:30:00.123+01:00\n1709647200\n45356.5",
    b"5 Mar 2024\nMon 05-Mar-24 3:04 am\nMarch 5, 2024 14:30\n20240305143000\n1709647200123\n2024/03/05 14h30",
    b"\n".join(b"2024-03-%02d 10:%02d:00" % (n % 28 + 1, n) for n in range(25)),
]  # fmt: skip


def fit(log: Log) -> None:
    """Derive an organisation from a log and let it live two days, unless what the log shows cannot be such a thing."""
    run_firm(eventlog.derive(log, smallest_group=1).chain)


# --- graphs ----------------------------------------------------------------------------------------------------------


def read_graphml(data: bytes) -> ServiceChain:
    """Read a GraphML file."""
    return organisation.load(written(data, "firm.graphml"))


def read_node_link(data: bytes) -> ServiceChain:
    """Read a node-link JSON file."""
    return organisation.load(written(data, "firm.json"))


def run_graph(chain: ServiceChain) -> None:
    """Let the firm live; it comes back from its own formats as it was."""
    run_firm(chain)
    assert (
        ServiceChain.from_node_link(json.loads(organisation.as_text(chain, "x.json"))).to_node_link()
        == chain.to_node_link()
    )


def graph_seeds(ending: str) -> list[bytes]:
    """Return organisations in one of networkx's formats."""
    with _in_place_of_files(grids_of(cell_seeds()[0])):
        tiny = sheets.read("firm.xlsx")
    return [organisation.as_text(chain, f"x{ending}").encode() for chain in (tiny, small())]


def _target(
    name: str, read: Callable, use: Callable, seeds: Callable[[], list[bytes]], modules: tuple[str, ...], kind: str,
    words: list[str], **more: Any,
) -> Target:  # fmt: skip
    def mutate(data: bytes, rng: Any) -> bytes:
        return _mutator(name, kind, tuple(words), seeds)(data, rng)

    dictionary = tuple(one.encode() for one in words if 1 < len(one) < 40)
    return Target(name, seeds, read, use, modules, mutate=mutate, dictionary=dictionary, **more)


@functools.cache
def _mutator(name: str, kind: str, words: tuple[str, ...], seeds: Callable[[], list[bytes]]) -> Any:
    if kind == "json":
        return trees.mutator("json", seeds(), words)
    if kind == "archive":
        return tables.archive_mutator(words)
    return {"csv": tables.csv_mutator, "folder": tables.folder_mutator, "xml": tables.xml_mutator}[kind](seeds(), words)


TARGETS: tuple[Target, ...] = (
    _target("workbook-cells", read_cells, run_firm, cell_seeds, SHEETS, "json", ORGANISATION_WORDS),
    _target("workbook-file", read_workbook, run_firm, workbook_seeds, ("sim.sheets.packed", *SHEETS), "archive",
            ["A1", "B2", "XFD1048576", "A1:B2", "n", "s", "str", "inlineStr", "b", "e", "d", "1", "0", *STRUCTURE],
            longest=60_000),
    _target("csv-folder", read_folder, run_firm, folder_seeds, SHEETS, "folder", ORGANISATION_WORDS),
    _target("staff-survey-csv", read_staff_survey, set_staff, lambda: STAFF, SURVEYS, "csv", SURVEY_WORDS),
    _target("customer-survey-csv", read_customer_survey, set_customers, lambda: CUSTOMERS, SURVEYS, "csv", SURVEY_WORDS),
    _target("survey-cells", read_survey_cells, set_survey, survey_cell_seeds, SURVEYS, "json", SURVEY_WORDS),
    _target("tickets-csv", read_tickets, fit, ticket_seeds, TICKETS, "csv", TICKET_WORDS),
    _target("tickets-rows", read_rows, bool, row_seeds, ("sim.eventlog.files", "sim.eventlog.xes", "sim.given"), "csv",
            TICKET_WORDS),
    _target("tickets-dates", read_dates, plausible, lambda: DATES, ("sim.eventlog.dates",), "csv", TICKET_WORDS),
    _target("tickets-xes", read_tickets, fit, xes_seeds, ("sim.eventlog.xes", *TICKETS), "xml",
            [*TICKET_WORDS, "concept:name", "org:group", "time:timestamp", "lifecycle:transition", "complete"]),
    _target("organisation-graphml", read_graphml, run_graph, lambda: graph_seeds(".graphml"), GRAPH, "xml",
            ["directed", "undirected", "int", "long", "double", "boolean", "string", *ORGANISATION_WORDS]),
    _target("organisation-json", read_node_link, run_graph, lambda: graph_seeds(".json"), GRAPH, "json",
            ["nodes", "edges", "links", "graph", "directed", "multigraph", "id", "key", "source", "target",
             *ORGANISATION_WORDS]),
)  # fmt: skip
