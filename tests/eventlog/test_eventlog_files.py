"""How files are written: separators, encodings, compression, what is no table at all."""

from __future__ import annotations

import gzip

import made_up_tickets as logs
import pytest

from sim.errors import InputError
from sim.eventlog import files, guess_columns, read_log


@pytest.fixture(scope="module")
def many() -> list[dict]:
    return logs.tickets(120)


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252", "latin-1"])
def test_separators_and_encodings_are_recognised(tmp_path, many, separator, encoding):
    rows = [[cell.replace("Database", "Büro Zürich") for cell in row] for row in logs.event_rows(many)]
    log = read_log(logs.write(tmp_path / "log.csv", rows, separator, encoding))
    assert len(log.cases) == len(many)
    assert set(log.visits["team"]) == {"Service Desk", "Network", "Büro Zürich"}


def test_gzip_is_unpacked_on_the_way(tmp_path, many):
    path = tmp_path / "log.csv.gz"
    path.write_bytes(gzip.compress(logs.text_of(logs.event_rows(many)).encode()))
    assert len(read_log(path).cases) == len(many)


def test_text_with_separators_quotes_and_line_breaks_inside_fields_stays_one_field(tmp_path, many):
    rows = logs.event_rows(many)
    rows = [[*rows[0], "description"], *([*row, 'He said "no",\nthen; left'] for row in rows[1:])]
    assert len(read_log(logs.write(tmp_path / "log.csv", rows)).cases) == len(many)


def test_a_line_that_names_the_separator_and_blank_lines_before_the_header_are_skipped(tmp_path, many):
    text = "sep=;\n\n" + logs.text_of(logs.event_rows(many), ";")
    path = tmp_path / "log.csv"
    path.write_text(text, encoding="utf-8")
    assert len(read_log(path).cases) == len(many)


def test_columns_of_one_name_are_told_apart():
    assert files._unique(["Component/s", "Component/s", ""]) == ("Component/s", "Component/s (2)", "column 3")


def test_ragged_lines_are_counted_and_said(tmp_path, many):
    lines = logs.text_of(logs.event_rows(many)).splitlines()
    lines[10] += ",one,too,many"
    path = tmp_path / "log.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    assert any("more or fewer fields" in note and "line 11" in note for note in read_log(path).notes)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "empty"),
        (b"   \n\n", "empty"),
        (b"number,opened_at,resolved_at\n", "no rows"),
        (b"PK\x03\x04rest of a workbook", "Excel"),
        (bytes(range(256)) * 20, "not a text file"),
        (b"just one column\nof words\nand nothing else\n", "no separator"),
        (b"\x1f\x8b\x08\x00broken", "cannot be read"),
        (b"<html><body>Log in first</body></html>", "ticket number|no separator"),
        (b"<?xml version='1.0'?><html></html>", "no event log"),
    ],
)
def test_what_is_no_ticket_log_is_refused_with_the_name_of_the_file(tmp_path, content, problem):
    path = tmp_path / "bad.csv"
    path.write_bytes(content)
    with pytest.raises(InputError, match=problem) as caught:
        read_log(path)
    assert caught.value.source == str(path)
    assert caught.value.allowed or caught.value.value is not None


def test_a_folder_and_a_missing_file_are_refused(tmp_path):
    with pytest.raises(InputError, match="folder"):
        guess_columns(tmp_path)
    with pytest.raises(InputError, match="cannot be read"):
        guess_columns(tmp_path / "nothing.csv")


def test_a_cut_off_gzip_file_is_refused(tmp_path, many):
    path = tmp_path / "log.csv.gz"
    whole = gzip.compress(logs.text_of(logs.event_rows(many)).encode())
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match="cannot be read"):
        read_log(path)


# --- XES -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("packed", [False, True])
def test_xes_gives_the_same_paths_as_csv(tmp_path, many, packed):
    text = logs.xes_of(many).encode()
    path = tmp_path / ("log.xes.gz" if packed else "log.xes")
    path.write_bytes(gzip.compress(text) if packed else text)
    log = read_log(path)
    csv_log = read_log(logs.write(tmp_path / "log.csv", logs.event_rows(many, "%Y-%m-%d %H:%M:%S")))
    assert len(log.cases) == len(many)
    assert log.handovers.equals(csv_log.handovers)
    assert log.cases["hours"].median() == pytest.approx(csv_log.cases["hours"].median(), rel=1e-6)


def test_xml_entities_are_refused(tmp_path):
    path = tmp_path / "log.xes"
    path.write_text(
        '<?xml version="1.0"?><!DOCTYPE log [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]>'
        '<log><trace><string key="concept:name" value="&b;"/></trace></log>',
        encoding="utf-8",
    )
    with pytest.raises(InputError, match="entities"):
        read_log(path)


def test_a_cut_off_xes_file_is_refused_with_the_line(tmp_path, many):
    path = tmp_path / "log.xes"
    path.write_text(logs.xes_of(many)[:3000], encoding="utf-8")
    with pytest.raises(InputError, match="well-formed") as caught:
        read_log(path)
    assert caught.value.place.startswith("line")
