"""Files made to do harm, by hand: each is used, or refused by one clear error in short time and little memory."""

from __future__ import annotations

import csv
import gzip
import io
import os
import re
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from sim import eventlog, organisation, results, sheets, structure
from sim.chain import ServiceChain
from sim.client.surveys import read_customers, read_staff
from sim.errors import InputError
from sim.formulas import guarded, unguarded
from tests.fuzz.target import unclear

SECONDS = 5.0
"""Processor time for one attack on a machine under load; each takes well under two on a quiet one."""


def small() -> ServiceChain:
    """Return the smallest firm with a link inside."""
    chain = ServiceChain()
    chain.graph["name"] = "Small"
    chain.add_department("Shop", staff=3)
    chain.add_department("Store", staff=2)
    chain.add_segment("Buyers", customers=300, needs_per_year=12)
    chain.add_link("Shop", "Buyers")
    chain.add_link("Store", "Shop", requests_per_case=0.5)
    return chain.check()


def refused(read, *arguments) -> InputError:
    """Return the clear refusal that a reader answers an attack with, soon."""
    began = time.process_time()
    with pytest.raises(InputError) as caught:
        read(*arguments)
    assert time.process_time() - began < SECONDS
    assert unclear(caught.value) is None
    return caught.value


READERS = {
    "organisation": organisation.load,
    "staff survey": lambda path: read_staff(path, small()),
    "customer survey": lambda path: read_customers(path, small()),
    "tickets": eventlog.read_log,
    "graphml": ServiceChain.from_graphml,
}


@pytest.fixture
def book(tmp_path):
    """A sound workbook of an organisation, as a function: what changes in which part, and what is added."""
    whole = sheets.workbook(small())

    def changed(changes=None, more=None, name="firm.xlsx") -> Path:
        path = tmp_path / name
        with zipfile.ZipFile(io.BytesIO(whole)) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
            for entry in old.infolist():
                content = old.read(entry)
                new.writestr(entry.filename, (changes or {}).get(entry.filename, lambda same: same)(content))
            for entry_name, content in (more or {}).items():
                new.writestr(entry_name, content)
        return path

    return changed


DEPARTMENTS = "xl/worksheets/sheet3.xml"  # behind Read me and Firm


def cell_added(where: str):
    row = "".join(letter for letter in where if letter.isdigit())
    return lambda xml: xml.replace(
        b"</sheetData>", f'<row r="{row}"><c r="{where}"><v>1</v></c></row></sheetData>'.encode()
    )


# --- workbooks -------------------------------------------------------------------------------------------------------


def test_a_sound_workbook_is_used(book):
    assert set(sheets.read(book()).units) == {"Shop", "Store"}


def test_a_sheet_that_unpacks_to_gigabytes_is_refused(book):
    zeros = b"<c><v>1</v></c>" * 1_000_000
    bomb = book(
        {DEPARTMENTS: lambda xml: xml.replace(b"</sheetData>", b'<row r="9">' + zeros * 2 + b"</row></sheetData>")}
    )
    assert bomb.stat().st_size < 2_000_000
    assert "too large" in refused(sheets.read, bomb).problem


def test_a_sheet_of_blanks_is_refused(book):
    bomb = book({DEPARTMENTS: lambda xml: xml.replace(b"<sheetData>", b" " * 20_000_000 + b"<sheetData>")})
    assert "too long" in refused(sheets.read, bomb).problem


@pytest.mark.parametrize(
    "where", ["XFD1048576", "A1048576", "ALL5", "ZZZ1", "A0", "A-1", "1A", "AAAA1", "A99999999999", "A١"]
)
def test_a_cell_at_the_far_end_of_a_sheet_does_not_make_the_cells_before_it(book, where):
    refused(sheets.read, book({DEPARTMENTS: cell_added(where)}))


def test_what_a_sheet_says_of_its_own_size_is_not_believed(book):
    path = book({DEPARTMENTS: lambda xml: re.sub(b'<dimension ref="[^"]*"', b'<dimension ref="A1:XFD1048576"', xml)})
    assert set(sheets.read(path).units) == {"Shop", "Store"}


@pytest.mark.parametrize("area", ["A1:XFD1048576", "A9:A1048576", "B9:A9", "A1:A1:A1", "x", "", "D9:D9,E9"])
def test_a_merge_over_a_whole_sheet_is_refused(book, area):
    merge = f'<mergeCells count="1"><mergeCell ref="{area}"/></mergeCells>'.encode()
    refused(sheets.read, book({DEPARTMENTS: lambda xml: xml.replace(b"</sheetData>", b"</sheetData>" + merge)}))


def test_links_comments_and_pictures_over_a_whole_sheet_are_left_alone(book):
    link = b'</sheetData><hyperlinks><hyperlink ref="A1:XFD1048576" location="x"/></hyperlinks>'
    path = book(
        {
            DEPARTMENTS: lambda xml: xml.replace(b"</sheetData>", link),
            "xl/comments/comment2.xml": lambda xml: xml.replace(b'ref="A1"', b'ref="A1:XFD1048576"'),
        },
        {"xl/media/image1.png": b"no picture", "xl/vbaProject.bin": b"no program", "../../evil.txt": b"out of here"},
    )
    assert set(sheets.read(path).units) == {"Shop", "Store"}
    assert not (path.parent.parent.parent / "evil.txt").exists()


LAUGHS = b'<!DOCTYPE z [<!ENTITY a "ha">' + b"".join(
    b'<!ENTITY %c "%s">' % (98 + depth, b"&%c;" % (97 + depth) * 10) for depth in range(9)
)  # fmt: skip
OUTSIDE = b'<!DOCTYPE z [<!ENTITY j SYSTEM "file:///etc/passwd">'


@pytest.mark.parametrize("definitions", [LAUGHS, OUTSIDE, b'<!DOCTYPE z SYSTEM "http://127.0.0.1:9/x.dtd" ['])
@pytest.mark.parametrize(
    "part", [DEPARTMENTS, "xl/workbook.xml", "xl/styles.xml", "[Content_Types].xml", "xl/_rels/workbook.xml.rels"]
)
def test_entities_and_document_types_in_any_part_of_a_workbook_are_refused(book, definitions, part):
    path = book({part: lambda xml: definitions + b"]>" + xml[xml.find(b"?>") + 2 if xml.startswith(b"<?xml") else 0 :]})
    assert "entities" in refused(sheets.read, path).problem


@pytest.mark.parametrize(
    "content",
    [
        b"PK\x03\x04", b"PK\x03\x04" + b"\0" * 100, b"PK\x05\x06" + b"\0" * 18,
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600,
        b"\0" * 1000, b"<html><table><tr><td>name</td></tr></table></html>", b"", b" \n",
    ],
)  # fmt: skip
def test_what_is_called_a_workbook_and_is_none_is_refused(tmp_path, content):
    path = tmp_path / "firm.xlsx"
    path.write_bytes(content)
    refused(sheets.read, path)


def test_workbooks_within_workbooks_and_too_many_parts_are_refused(book, tmp_path):
    inner = book(name="inner.xlsx").read_bytes()
    with zipfile.ZipFile(tmp_path / "outer.xlsx", "w") as outer:
        outer.writestr("inner.xlsx", inner)
    refused(sheets.read, tmp_path / "outer.xlsx")
    many = book(more={f"xl/worksheets/more{number}.xml": b"<x/>" for number in range(1_200)}, name="many.xlsx")
    assert "parts" in refused(sheets.read, many).problem


def test_a_part_that_stands_twice_is_refused(book):
    with pytest.warns(UserWarning, match="Duplicate"):
        path = book(more={DEPARTMENTS: b"<worksheet/>"})
    assert "twice" in refused(sheets.read, path).problem


def test_an_encrypted_part_is_refused(book):
    path = book()
    content = bytearray(path.read_bytes())
    for mark, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = -1
        while (at := content.find(mark, at + 1)) >= 0:
            content[at + flags] |= 1
    path.write_bytes(content)
    assert "encrypted" in refused(sheets.read, path).problem


def test_xml_nested_without_end_in_a_workbook_is_refused(book):
    refused(sheets.read, book({DEPARTMENTS: lambda xml: xml.replace(b"<sheetData>", b"<a>" * 100_000)}))


@pytest.mark.parametrize("value", ["1e400", "-1e400", "9" * 400, "9" * 5000, "nan", "inf", "0x10", "", "1e-400"])
def test_a_number_that_is_none_or_too_large_for_its_column_is_refused(book, value):
    def staff(xml):
        place = xml.index(b'<c r="B2"')
        end = xml.index(b"</v>", place)
        return xml[: xml.index(b"<v>", place) + 3] + value.encode() + xml[end:]

    refused(sheets.read, book({DEPARTMENTS: staff}))


def test_a_formula_without_a_value_is_refused_and_one_with_a_value_is_used(book):
    def formula(value: bytes):
        def changed(xml):
            place = xml.index(b'<c r="B2"')
            end = xml.index(b"</c>", place)
            return xml[:place] + b'<c r="B2"><f>1+2</f>' + value + xml[end:]

        return changed

    assert "no value" in refused(sheets.read, book({DEPARTMENTS: formula(b"<v></v>")})).problem
    assert "no value" in refused(sheets.read, book({DEPARTMENTS: formula(b"")})).problem
    assert sheets.read(book({DEPARTMENTS: formula(b"<v>3</v>")})).nodes["Shop"]["staff"] == 3


# --- tables as text --------------------------------------------------------------------------------------------------

HOSTILE_TEXT = {
    "nothing": b"",
    "blank": b" \r\n\t\n",
    "NUL bytes": b"a,b\n\0\0,1\n" * 50,
    "only NUL bytes": b"\0" * 500_000,
    "a quote never closed": b'rater,rated,score\n"' + b"x,y,z\n" * 200_000,
    "one line": b"a" * 11_000_000,
    "one row": b"a," * 500_000,
    "blank lines": b"rater,rated,score\n" + b"\n" * 1_000_000,
    "commas": b"rater,rated,score\n" + (b"," * 1999 + b"\n") * 600,
    "brackets": b"(" * 120_000 + b")y,rater,rated\n1,2,3\n",
    "invalid UTF-8": b"rater,rated,score\n\xff\xfe\xc3,\xed\xa0\x80,3\n",
    "UTF-16": "rater,rated,score\nx,y,3\n".encode("utf-16"),
    "UTF-16 without its mark": "rater,rated,score\nx,y,3\n".encode("utf-16-le"),
    "UTF-16 cut off": "rater,rated,score\nx,y,3\n".encode("utf-16")[:-1],
    "UTF-32": "rater,rated,score\nx,y,3\n".encode("utf-32"),
    "a mark in the middle": "rater,rated\ufeff,score\n\ufeffx,y,3\n".encode(),
    "separators mixed": b"rater;rated,score\tx|y\nShop,Store;3|4\n",
    "sep of a quote": b'sep="\nrater"rated"score\n',
    "sep of a line end": b"sep=\n\nrater,rated\n",
    "digits": b"rater,rated,score\nShop,Store," + b"9" * 100_000 + b"\n",
    "escape codes": b"\x1b[2J,\x07,\x1b]0;x\x07\n1,2,3\n",
}  # fmt: skip


@pytest.mark.parametrize("reader", ["staff survey", "customer survey", "tickets"])
@pytest.mark.parametrize("what", HOSTILE_TEXT)
def test_a_hostile_text_is_refused_as_a_table_unless_it_is_one(tmp_path, reader, what):
    path = tmp_path / "table.csv"
    path.write_bytes(HOSTILE_TEXT[what])
    if reader == "customer survey" and what in ("UTF-16", "invalid UTF-8", "a mark in the middle"):
        assert READERS[reader](path).csat["Buyers"].size == 1
    else:
        refused(READERS[reader], path)


@pytest.mark.parametrize("what", HOSTILE_TEXT)
def test_a_hostile_text_is_refused_as_a_sheet_of_a_folder(tmp_path, what):
    for name, content in sheets.csv_files(small()).items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    (tmp_path / "departments.csv").write_bytes(HOSTILE_TEXT[what])
    refused(sheets.read, tmp_path)


def test_answers_beyond_all_numbers_are_refused(tmp_path):
    for count in ("9" * 400, "1e999", "-1", "1.5"):
        (tmp_path / "s.csv").write_text(f"rater,rated,score,responses\nShop,Store,3,{count}\n", encoding="utf-8")
        refused(READERS["staff survey"], tmp_path / "s.csv")


def test_a_survey_with_a_thousand_long_headers_is_looked_through_in_a_moment(tmp_path):
    titles = ",".join(
        f"How satisfied are you with the {'very ' * 20} fine service of team {number}?" for number in range(1000)
    )
    path = tmp_path / "wide.csv"
    path.write_text("rater\n" + "\n".join([titles] * 20), encoding="utf-8")
    refused(READERS["staff survey"], path)


# --- ticket exports --------------------------------------------------------------------------------------------------


def tickets_csv(rows: int = 30) -> bytes:
    """Return a small ticket export with one row a ticket."""
    lines = ["number,opened_at,resolved_at,assignment_group"]
    lines += [f"T{n},2024-03-{n % 28 + 1:02d} 09:00,2024-03-{n % 28 + 1:02d} 15:00,Desk" for n in range(rows)]
    return "\n".join(lines).encode()


def test_a_packed_export_that_unpacks_without_end_is_refused(tmp_path):
    path = tmp_path / "t.csv.gz"
    with gzip.open(path, "wb", compresslevel=9) as file:
        file.write(tickets_csv())
        for _ in range(6):
            file.write(b"x,x,x,x\n" * 1_250_000)
    assert "too large" in refused(eventlog.read_log, path).problem


@pytest.mark.parametrize("ending", ["gz", "bz2", "xz"])
def test_a_packed_export_that_is_damaged_is_refused(tmp_path, ending):
    import bz2
    import lzma

    packed = {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress}[ending](
        tickets_csv(5000) + os.urandom(200)
    )
    for number, damage in enumerate(
        (packed[:-20], packed[:200] + b"\xff" * 50 + packed[250:], packed[:12], packed[:2] + b"\xff" * 30)
    ):
        path = tmp_path / f"{number}.csv.{ending}"
        path.write_bytes(damage)
        refused(eventlog.read_log, path)


@pytest.mark.parametrize(
    "dates",
    ["0000-00-00 00:00", "9999999-01-01", "31.02.2024", "1e400", "9" * 19, "9" * 5000, "-1", "2024-13-45T25:61:61Z",
     "٢٠٢٤-٠٣-٠٥", "12:00", "2024-03-05 12:00+99:99", "0001-01-01", "9999-12-31 23:59:59"],
)  # fmt: skip
def test_dates_out_of_range_are_no_dates(tmp_path, dates):
    path = tmp_path / "t.csv"
    path.write_bytes(
        b"number,opened_at,resolved_at\n" + b"".join(f"T{n},{dates},{dates}\n".encode() for n in range(30))
    )
    refused(eventlog.read_log, path)


@pytest.mark.parametrize("option", [{"separator": ";;"}, {"separator": '"'}, {"separator": "\n"}, {"encoding": "idna"},
                                    {"encoding": "undefined"}, {"encoding": "hex"}, {"encoding": "a\0b"},
                                    {"encoding": "punycode"}])  # fmt: skip
def test_separators_and_encodings_that_cannot_be_are_refused(tmp_path, option):
    path = tmp_path / "t.csv"
    path.write_bytes(tickets_csv() + "\nTö,,,".encode())
    refused(lambda: eventlog.read_log(path, **option))


@pytest.mark.parametrize("team", ["x" * 5000, "\x7f", "=cmd|x", "'=1", "\u202eevil", "\ufffe", "a\u2028b", "Callers"])
def test_a_log_whose_teams_have_odd_names_is_fitted(tmp_path, team):
    path = tmp_path / "t.csv"
    path.write_text(tickets_csv().decode().replace(",Desk", f",{team}", 15), encoding="utf-8")
    chain = eventlog.derive(eventlog.read_log(path), smallest_group=1).chain
    assert organisation.parse(organisation.dump(chain)).units == chain.units


XES = b'<log><trace><string key="concept:name" value="1"/>%s</trace></log>'
EVENT = (
    b'<event><string key="concept:name" value="New"/><date key="time:timestamp" value="2024-03-05T09:00:00"/></event>'
)
HOSTILE_XES = {
    "billion laughs": LAUGHS.replace(b"DOCTYPE z", b"DOCTYPE log") + b']><log><trace a="&j;"/></log>',
    "a file from outside": OUTSIDE.replace(b"DOCTYPE z", b"DOCTYPE log") + b"]><log>&j;</log>",
    "a document type from outside": b'<!DOCTYPE log SYSTEM "http://127.0.0.1:9/x.dtd"><log/>',
    "nesting": b"<log>" + b"<trace>" * 1_000_000,
    "nesting in an event": b"<log><trace><event>" + b"<list>" * 1_000_000,
    "an event without end": b"<log><trace><event>" + b'<string key="a" value="b"/>' * 250_000,
    "a text without end": b"<log>" + b"x" * 6_000_000,
    "an attribute without end": b'<log a="' + b"x" * 6_000_000,
    "traces without events": b"<log>" + b"<trace/>" * 30_000 + b"</log>",
    "an unknown encoding": b'<?xml version="1.0" encoding="klingon"?><log/>',
    "an encoding that expat has not": b'<?xml version="1.0" encoding="gb18030"?><log/>',
    "cut off": (XES % (EVENT * 20))[:-30],
    "another root": b"<?xml version='1.0'?><html/>",
}


@pytest.mark.parametrize("what", HOSTILE_XES)
def test_a_hostile_event_log_is_refused(tmp_path, what):
    path = tmp_path / "log.xes"
    path.write_bytes(HOSTILE_XES[what])
    refused(eventlog.read_log, path)


def test_many_attributes_before_many_events_take_no_longer_for_each_other(tmp_path):
    path = tmp_path / "log.xes"
    path.write_bytes(XES % (b'<string key="k" value="v"/>' * 60_000 + EVENT * 20_000))
    refused(eventlog.read_log, path)  # one ticket is too few; looking through it took no time


# --- graphs ----------------------------------------------------------------------------------------------------------

GRAPH = b'<graphml xmlns="http://graphml.graphdrawing.org/xmlns">%s</graphml>'
HOSTILE_GRAPHS = {
    "billion laughs": LAUGHS.replace(b"DOCTYPE z", b"DOCTYPE graphml") + b"]>" + GRAPH % b"&j;",
    "a file from outside": OUTSIDE.replace(b"DOCTYPE z", b"DOCTYPE graphml") + b"]>" + GRAPH % b"&j;",
    "an unknown encoding": b'<?xml version="1.0" encoding="klingon"?>' + GRAPH % b"",
    "nesting": GRAPH % (b"<graph>" * 50_000 + b"</graph>" * 50_000),
    "no graph": GRAPH % b"",
    "undirected": GRAPH % b'<graph edgedefault="undirected"><node id="a"/></graph>',
    "an attribute called supplier": GRAPH % (
        b'<key id="s" for="edge" attr.name="supplier" attr.type="string"/><graph edgedefault="directed"><node id="a"/>'
        b'<node id="b"/><edge source="a" target="b"><data key="s">x</data></edge></graph>'),
    "a number of 5000 digits": GRAPH % (
        b'<key id="s" for="node" attr.name="staff" attr.type="int"/><graph edgedefault="directed"><node id="a">'
        b'<data key="s">' + b"9" * 5000 + b"</data></node></graph>"),
    "text": b"no XML at all",
    "nothing": b"",
}  # fmt: skip


@pytest.mark.parametrize("what", HOSTILE_GRAPHS)
def test_a_hostile_graphml_file_is_refused(tmp_path, what):
    path = tmp_path / "firm.graphml"
    path.write_bytes(HOSTILE_GRAPHS[what])
    refused(organisation.load, path)
    refused(ServiceChain.from_graphml, path)


HOSTILE_JSON = {
    "nesting": "[" * 100_000,
    "nesting of tables": '{"a":' * 100_000,
    "nesting that is closed": '{"nodes":[{"id":"a","kind":' + "[" * 900 + "]" * 900 + '}],"edges":[],"graph":{}}',
    "a number of 5000 digits": '{"nodes":' + "9" * 5000 + "}",
    "a huge number": '{"nodes":[{"id":"a","kind":"department","staff":1e400}],"edges":[]}',
    "an integer beyond all floats": '{"nodes":[{"id":"a","kind":"department","staff":1,"wage":'
    + "9" * 400
    + '}],"edges":[]}',
    "no number": '{"nodes":[{"id":"a","kind":"department","staff":NaN}],"edges":[]}',
    "a graph that is a list": '{"graph":["name"],"nodes":[{"id":"a"}],"edges":[]}',
    "a graph that is a text": '{"graph":"name","nodes":[],"edges":[]}',
    "a link with a supplier": '{"nodes":[{"id":"a"},{"id":"b"}],"edges":[{"source":"a","target":"b","supplier":"c"}]}',
    "a link with itself": '{"nodes":[{"id":"a"},{"id":"b"}],"edges":[{"source":"a","target":"b","self":1,"u_of_edge":2}]}',
    "names of other kinds": '{"nodes":[{"id":null},{"id":[1,[2]]},{"id":{"a":1}},{"id":true}],"edges":[]}',
    "a lone surrogate": '{"nodes":[{"id":"\\ud800","kind":"segment","customers":1}],"edges":[]}',
    "a list": "[1, 2]",
    "null": "null",
    "a text": '"nodes"',
    "nothing": "",
}


@pytest.mark.parametrize("what", HOSTILE_JSON)
def test_a_hostile_json_file_is_refused(tmp_path, what):
    path = tmp_path / "firm.json"
    path.write_text(HOSTILE_JSON[what], encoding="utf-8")
    refused(organisation.load, path)


# --- what is no file -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("ending", ["csv", "xlsx", "xes", "graphml", "json", "csv.gz"])
def test_pipes_devices_loops_and_folders_are_refused_without_waiting(tmp_path, reader, ending):
    os.mkfifo(pipe := tmp_path / f"pipe.{ending}")
    (zero := tmp_path / f"zero.{ending}").symlink_to("/dev/zero")
    (loop := tmp_path / f"loop.{ending}").symlink_to(loop)
    (folder := tmp_path / f"folder.{ending}").mkdir()
    (gone := tmp_path / f"gone.{ending}").symlink_to(tmp_path / "nowhere")
    for path in (pipe, zero, loop, folder, gone, Path(f"a\0b.{ending}"), tmp_path / ("x" * 300 + f".{ending}")):
        refused(READERS[reader], path)


def test_a_pipe_in_a_folder_of_sheets_is_refused(tmp_path):
    for name, content in sheets.csv_files(small()).items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    (tmp_path / "links.csv").unlink()
    os.mkfifo(tmp_path / "links.csv")
    assert "pipe" in refused(sheets.read, tmp_path).problem


def test_names_of_files_may_hold_line_ends_and_stray_bytes(tmp_path):
    whole = sheets.workbook(small())
    for name in (b"a\nb.xlsx", b"\xff\xfe.xlsx", b"\x1b[2J.xlsx", b" .xlsx", b"x" * 230 + b".xlsx"):
        path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name))
        path.write_bytes(whole)
        organisation.dump(sheets.read(path)).encode()
        path.write_bytes(b"no workbook")
        refused(sheets.read, path)


# --- memory ----------------------------------------------------------------------------------------------------------

_CHILD = """
import resource, sys
import numpy, pandas, openpyxl, networkx
from sim import organisation, eventlog, client
from sim.client.surveys import read_customers, read_staff
from sim.errors import InputError
held = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (held + 500_000_000,) * 2)
for path in sys.argv[1:]:
    try:
        if path.endswith(("gz", "csv", "xes")):
            eventlog.read_log(path)
        else:
            organisation.load(path)
    except InputError as error:
        print(error.problem)
"""


@pytest.mark.slow
def test_attacks_on_memory_stay_within_half_a_gigabyte(book, tmp_path):
    cells = b'<row r="9">' + b"<c><v>1</v></c>" * 3_000_000 + b"</row></sheetData>"
    bomb = book({DEPARTMENTS: lambda xml: xml.replace(b"</sheetData>", cells)}, name="cells.xlsx")
    far = book({DEPARTMENTS: cell_added("BXX199999")}, name="far.xlsx")
    line = tmp_path / "line.csv.gz"
    line.write_bytes(gzip.compress(tickets_csv() + b'\nT,"' + b"x" * 150_000_000, compresslevel=1))
    element = tmp_path / "element.xes"
    element.write_bytes(HOSTILE_XES["an event without end"])
    paths = [bomb, far, line, element]
    ran = subprocess.run([sys.executable, "-c", _CHILD, *paths], capture_output=True, text=True, timeout=120)
    assert ran.returncode == 0, ran.stderr[-2000:]
    assert len(ran.stdout.splitlines()) >= 3, (
        ran.stdout
    )  # a cell at the far end of what is allowed is read and means nothing


# --- formulas, written and read --------------------------------------------------------------------------------------

FORMULAS = ("=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(A1)", "=1+1", "'=1+1", "''@x", " =1+1", "＝1+1",
            "-", "=", "plain", "O'Neil", "'quoted'", "1-2")  # fmt: skip


def harmless(cell: str) -> bool:
    return cell.lstrip()[:1] not in ("=", "+", "-", "@", "＝") and cell[:1] not in ("\t", "\r", "\n")


def test_texts_come_back_as_they_were_and_numbers_stay_numbers():
    for text in (*FORMULAS, "\t=1", "\r@", "\n-1", "'\t"):
        assert harmless(guarded(text))
        assert unguarded(guarded(text)) == text
    for number in (-1.5, 0, -3, None, True):
        assert guarded(number) is number


def formulas() -> ServiceChain:
    chain = ServiceChain()
    names = [text for text in FORMULAS if text == " ".join(text.split())]
    chain.graph.update(structure.GRAPH_DEFAULTS, name="=firm()", description="+x", currency="@EUR")
    del chain.graph["sources"]
    for place, name in enumerate(names):
        chain.add_department(name, staff=3)
        if place:
            chain.add_link(name, names[place - 1], requests_per_case=0.1, satisfaction_gap=-0.05)
    chain.add_segment("=Buyers", customers=300)
    chain.add_link(names[0], "=Buyers")
    return chain.check()


def test_an_organisation_of_formulas_goes_through_csv_and_workbook_unharmed(tmp_path):
    chain = formulas()
    for name, content in sheets.csv_files(chain).items():
        (tmp_path / name).write_text(content, encoding="utf-8", newline="")
        for row in csv.reader(io.StringIO(content)):
            assert all(harmless(cell) or float(cell) < 0 for cell in row)
    assert sheets.read(tmp_path).to_node_link() == chain.to_node_link()
    (tmp_path / "firm.xlsx").write_bytes(sheets.workbook(chain))
    assert sheets.read(tmp_path / "firm.xlsx").to_node_link() == chain.to_node_link()
    book = openpyxl.load_workbook(tmp_path / "firm.xlsx")
    for sheet in book.worksheets:
        if sheet.sheet_state == "visible":
            assert not [cell.coordinate for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]


def test_tables_of_results_hold_no_formulas_and_come_back_equal(tmp_path):
    table = pd.DataFrame({"unit": [*FORMULAS, "None", "NA"], "value": [-1.5, float("nan"), *range(len(FORMULAS))]})
    kinds = table.assign(unit=table["unit"].astype("category"))
    for name, one in (("plain", table), ("kinds", kinds)):
        results.write_table(tmp_path / name, one, "csv")
        with (tmp_path / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            cells = [row[0] for row in csv.reader(file)]
        assert all(map(harmless, cells))
        pd.testing.assert_frame_equal(results.read_table(tmp_path / f"{name}.csv"), table)
    assert "-1.5" in (tmp_path / "plain.csv").read_text(encoding="utf-8")


# --- the command line ------------------------------------------------------------------------------------------------


def test_the_command_line_refuses_hostile_files_with_one_error_and_writes_nothing(book, tmp_path):
    """One process for all: what matters is exit code 2, no traceback, and a folder as it was."""
    attacks = {
        "show": book({DEPARTMENTS: cell_added("XFD1048576")}, name="far.xlsx"),
        "run": tmp_path / "deep.json",
        "from-tickets": tmp_path / "laughs.xes",
        "convert": tmp_path / os.fsdecode(b"\xff\nname.graphml"),
    }
    attacks["run"].write_text(HOSTILE_JSON["nesting"], encoding="utf-8")
    attacks["from-tickets"].write_bytes(HOSTILE_XES["billion laughs"])
    attacks["convert"].write_bytes(HOSTILE_GRAPHS["billion laughs"])
    code = (
        "import sys\nfrom sim.cli import main\n"
        "for command, path in zip(sys.argv[1::2], sys.argv[2::2]):\n"
        "    more = ['--out', 'out.toml'] if command == 'from-tickets' else ['out.toml'] if command == 'convert' else []\n"
        "    sys.argv = ['service-culture', command, path, *more]\n"
        "    try:\n        main()\n        code = 0\n"
        "    except SystemExit as end:\n        code = end.code\n"
        "    print('code', code, file=sys.stderr)\n"
    )
    out = tmp_path / "out"
    out.mkdir()
    ran = subprocess.run(
        [sys.executable, "-c", code, *(part for pair in attacks.items() for part in pair)],
        capture_output=True, cwd=out, timeout=120, env={**os.environ, "COLUMNS": "200"},
    )  # fmt: skip
    said = ran.stderr.decode("utf-8", "backslashreplace")
    assert said.count("code 2") == len(attacks), said[-3000:]
    assert "Traceback" not in said
    assert list(out.iterdir()) == []
