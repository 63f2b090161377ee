"""Organisations in spreadsheets: what goes in comes back, messy files are read, and mistakes are named by their cell."""

from __future__ import annotations

import io

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim import levers, organisation, results, sheets
from sim.chain import ServiceChain
from sim.errors import InputError


def small() -> ServiceChain:
    chain = ServiceChain(name="Small")
    chain.add_department("Shop", staff=3, hours_per_request=0.5)
    chain.add_department("Store", staff=2)
    chain.add_segment("Buyers", customers=300, needs_per_year=12)
    chain.add_link("Shop", "Buyers", promise_days=1.5)
    chain.add_link("Store", "Shop", requests_per_case=0.5)
    return chain.check()


def content(chain: ServiceChain) -> tuple:
    return (
        {
            name: chain.setting(name)
            for name in ("name", "description", "currency", "hours_per_day", "slots_per_day", "sources")
        },
        {name: value for name, value in chain.graph.items() if name in levers.BY_NAME},
        dict(chain.nodes(data=True)),
        {edge: chain.edges[edge] for edge in chain.edges},
    )


def book_of(tmp_path, chain: ServiceChain, **cells):
    """Write a workbook with some cells changed, as Sheet_A1=value."""
    book = openpyxl.load_workbook(io.BytesIO(sheets.workbook(chain)))
    for cell, value in cells.items():
        sheet, _, place = cell.partition("_")
        book[sheet][place] = value
    path = tmp_path / "firm.xlsx"
    book.save(path)
    return path


def folder_of(tmp_path, **files):
    folder = tmp_path / "firm"
    folder.mkdir()
    for name, text in files.items():
        folder.joinpath(f"{name}.csv").write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
    return folder


def refused(path) -> InputError:
    with pytest.raises(InputError) as caught:
        organisation.load(path)
    assert str(path) in str(caught.value)
    return caught.value


# --- there and back ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", organisation.bundled())
@pytest.mark.parametrize("template", [False, True])
def test_a_bundled_organisation_goes_through_a_workbook_and_comes_back(tmp_path, name, template):
    chain = organisation.load(name)
    path = tmp_path / "firm.xlsx"
    path.write_bytes(sheets.workbook(chain, template=template))
    assert content(organisation.load(path)) == content(chain)


@pytest.mark.parametrize("name", organisation.bundled())
def test_a_bundled_organisation_goes_through_a_folder_of_csvs_and_comes_back(tmp_path, name):
    chain = organisation.load(name)
    for file, text in sheets.csv_files(chain).items():
        results.write_text(tmp_path / "firm" / file, text)
    assert content(organisation.load(tmp_path / "firm")) == content(chain)


def test_the_example_of_the_template_is_a_firm_that_runs_without_overload():
    assert max(sheets.example().utilisation().values()) < 0.9


_names = st.text(
    st.characters(exclude_categories=("Cs", "Cc", "Zs", "Zl", "Zp"), exclude_characters="\ufffe\uffff"),
    min_size=1,
    max_size=12,
)
_shares = st.integers(0, 990_000).map(lambda millionths: millionths / 1_000_000)  # a workbook keeps 15 digits


@given(
    st.lists(_names, min_size=3, max_size=6, unique=True), st.lists(_shares, min_size=4, max_size=4),
    st.text(st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff"), max_size=40), st.booleans(),
)  # fmt: skip
@settings(max_examples=10, deadline=None)
def test_any_names_and_numbers_go_through_a_workbook_and_come_back(tmp_path_factory, names, shares, text, as_folder):
    chain = ServiceChain(name=names[0], description=text.strip())
    units, segment = names[:-1], names[-1]
    for unit in units:
        chain.add_department(unit, staff=4, error_rate=shares[0], knowledge=shares[1])
    chain.add_segment(segment, customers=10, needs_per_year=2.5)
    chain.add_link(units[0], segment, requests_per_case=max(shares[2], 0.001))
    for unit in units[1:]:
        chain.add_link(unit, units[0], requests_per_case=round(0.1 + shares[3], 9))
    chain.check()
    folder = tmp_path_factory.mktemp("firm")
    if as_folder:
        for file, written in sheets.csv_files(chain).items():
            results.write_text(folder / file, written)
        assert content(organisation.load(folder)) == content(chain)
    else:
        (folder / "firm.xlsx").write_bytes(sheets.workbook(chain))
        assert content(organisation.load(folder / "firm.xlsx")) == content(chain)


# --- messy files ------------------------------------------------------------------------------------------------------

DEPARTMENTS = "Abteilung;Mitarbeiter;Hours per request (hours);Comment\nVertrieb;3;0,5;x\nLager;2;1,25;\n;;;\n"
SEGMENTS = "\ufeffName;Customers;Needs per year\nKäufer;1.300;12,5\n"
LINKS = "Supplier;Client;Requests per case\nVertrieb;Käufer;1\nLAGER;vertrieb;12 %\n"


def test_semicolons_decimal_commas_per_cents_and_other_headers_are_read(tmp_path):
    chain = organisation.load(folder_of(tmp_path, departments=DEPARTMENTS, segments=SEGMENTS, links=LINKS))
    assert chain.nodes["Vertrieb"] == {"kind": "department", "staff": 3, "hours_per_request": 0.5}
    assert chain.nodes["Lager"]["hours_per_request"] == 1.25
    assert chain.nodes["Käufer"]["customers"] == 1300
    assert chain.edges["Lager", "Vertrieb"]["requests_per_case"] == 0.12
    assert chain.setting("name") == "firm"


def test_files_in_windows_1252_and_with_tabs_are_read(tmp_path):
    chain = organisation.load(
        folder_of(
            tmp_path, departments=DEPARTMENTS.encode("cp1252"), segments=SEGMENTS.lstrip("\ufeff").encode("cp1252"),
            links=LINKS.replace(";", "\t").encode("cp1252"),
        )
    )  # fmt: skip
    assert "Käufer" in chain


def test_titles_above_the_header_blank_rows_notes_and_merged_cells_do_not_disturb(tmp_path):
    book = openpyxl.load_workbook(io.BytesIO(sheets.workbook(small())))
    page = book["Links"]
    page.insert_rows(1, 2)
    page["A1"] = "Who serves whom, as of spring"
    page["H3"], page["H4"] = "# to check", "ask again"
    page.append(["Shop", None])
    page.delete_rows(page.max_row)
    page.append([None, None])
    page["A7"], page["B7"] = "Store", "Buyers"
    book.create_sheet("Pivot of something")["A1"] = 12
    book.save(tmp_path / "firm.xlsx")
    assert ("Store", "Buyers") in organisation.load(tmp_path / "firm.xlsx").edges


def test_a_supplier_merged_over_several_rows_is_meant_for_each(tmp_path):
    book = openpyxl.load_workbook(io.BytesIO(sheets.workbook(small())))
    page = book["Links"]
    page["A4"], page["B4"] = None, "Buyers"
    page.merge_cells("A3:A4")
    book.save(tmp_path / "firm.xlsx")
    assert {("Store", "Shop"), ("Store", "Buyers")} <= set(organisation.load(tmp_path / "firm.xlsx").edges)


@pytest.mark.parametrize(
    ("text", "decimal", "value"),
    [
        ("0.5", None, 0.5), ("0,5", None, 0.5), ("12 %", None, 0.12), ("1.234,5", None, 1234.5), ("1,234.5", None, 1234.5),
        ("1 234", None, 1234), ("1.234.567", None, 1234567), ("1,234", ",", 1.234), ("1,234", ".", 1234), ("0.125", ",", 0.125),
        ("1e-05", None, 1e-05), ("−3", None, -3), ("1'234,5", None, 1234.5), ("12,5%", None, 0.125),
    ],
)  # fmt: skip
def test_numbers_are_read_as_people_write_them(text, decimal, value):
    from sim.sheets.numbers import number

    assert number(text, decimal, "A1") == pytest.approx(value)


@pytest.mark.parametrize("text", ["1,234", "1.234", "3 days", "about 5", "1-2", "", "12:30", "1,2,3"])
def test_a_text_that_is_no_number_or_could_be_two_is_refused(text):
    from sim.sheets.numbers import number

    with pytest.raises(InputError, match="A1"):
        number(text, None, "A1")


# --- mistakes ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cells", "place", "said"),
    [
        ({"Departments_B1": "Stafff"}, "Departments!B1", "did you mean 'staff'?"),
        ({"Departments_C1": "promise days"}, "Departments!C1", "it belongs on the sheet Links"),
        ({"Departments_B2": "many"}, "Departments!B2", "a whole number from 1"),
        ({"Departments_B2": 2.5}, "Departments!B2", "round it"),
        ({"Departments_B2": "2,345"}, "Departments!B2", "could be two numbers"),
        ({"Departments_B2": "=1+1"}, "Departments!B2", "formula has no value"),
        ({"Departments_B2": "#REF!"}, "Departments!B2", "#REF!"),
        ({"Departments_D1": "Error rate (%)", "Departments_D2": 5}, "Departments!D2", "5 % is 0.05"),
        ({"Departments_A3": "Shop"}, "Departments!A3", "this name stands twice"),
        ({"Departments_A3": None}, "Departments!A3", "no name"),
        ({"Departments_C2": 99999}, "Departments!C2", "a number from 0 to 10000"),
        ({"Links_A3": "Stor"}, "Links!A3", "did you mean 'Store'?"),
        ({"Links_B3": "Buyers", "Links_A3": "Shop"}, "Links!A3", "this link stands twice"),
        ({"Links_A3": "Buyers", "Links_B3": "Shop"}, "Links!A3", "swap supplier and client"),
        ({"Links_B3": None}, "Links!B3", "this link has no client"),
        ({"Departments_A4": "Spare", "Departments_B4": 3}, "Departments!A4", "nobody ever asks this unit"),
        ({"Firm_A6": "trainig", "Firm_B6": 0.1}, "Firm!A6", "did you mean 'training'?"),
        ({"Firm_A6": "training", "Firm_B6": 7}, "Firm!B6", "from 0 to 0.5"),
        ({"Departments_F2": "stray"}, "Departments!F1", "no header"),
    ],
)
def test_a_mistake_names_its_cell_and_the_likely_fix(tmp_path, cells, place, said):
    error = refused(book_of(tmp_path, small(), **cells))
    assert place in str(error)
    assert said in str(error)


def test_a_date_that_excel_made_of_a_number_is_refused(tmp_path):
    import datetime

    error = refused(book_of(tmp_path, small(), Departments_C2=datetime.datetime(2026, 2, 1)))
    assert "Departments!C2" in str(error)
    assert "took what was typed for a date" in str(error)


def test_a_missing_sheet_is_named_with_the_sheet_that_was_meant(tmp_path):
    book = openpyxl.load_workbook(io.BytesIO(sheets.workbook(small())))
    book["Segments"].title = "Segmets"
    book.save(tmp_path / "firm.xlsx")
    assert "did you mean 'Segments'?" in str(refused(tmp_path / "firm.xlsx"))


@pytest.mark.parametrize(
    ("name", "written", "said"),
    [
        ("~$firm.xlsx", b"x", "lock file"), ("firm.xls", b"\xd0\xcf\x11\xe0" + b"x" * 600, "old or an encrypted"),
        ("firm.xlsx", b"\xd0\xcf\x11\xe0" + b"x" * 600, "old or an encrypted"), ("firm.ods", b"PK\x03\x04x", "cannot be read"),
        ("firm.xlsx", b"PK\x03\x04 no archive", "cannot be read"), ("firm.xlsx", b"", "empty"),
        ("departments.csv", b"name,staff\nShop,3\n", "one CSV is not an organisation"),
    ],
)  # fmt: skip
def test_files_that_are_no_workbook_are_refused_with_a_way_out(tmp_path, name, written, said):
    path = tmp_path / name
    path.write_bytes(written)
    assert said in str(refused(path))


def test_a_workbook_that_is_not_there_is_refused(tmp_path):
    assert "cannot be read" in str(refused(tmp_path / "gone.xlsx"))


# --- the template -----------------------------------------------------------------------------------------------------


def test_every_header_of_the_template_says_what_it_means_and_what_is_allowed():
    book = openpyxl.load_workbook(io.BytesIO(sheets.workbook(sheets.example(), template=True)))
    assert book.sheetnames == ["Read me", "Firm", "Departments", "Contractors", "Segments", "Links", "Lists"]
    assert book["Lists"].sheet_state == "hidden"
    for title in ("Departments", "Contractors", "Segments", "Links"):
        page = book[title]
        assert page.freeze_panes is not None
        for cell in page[1]:
            if cell.value != "notes":
                assert cell.comment is not None
                assert "Range" in cell.comment.text or cell.column <= 2
        ranges = " ".join(str(rule.sqref) for rule in page.data_validations.dataValidation)
        assert all(f"{cell.column_letter}2:" in ranges for cell in page[1] if cell.value not in ("name", "notes"))


def test_a_name_that_looks_like_a_formula_stays_a_name(tmp_path):
    chain = small()
    chain.add_department("=1+1", staff=2)
    chain.add_link("=1+1", "Shop", requests_per_case=0.1)
    (tmp_path / "firm.xlsx").write_bytes(sheets.workbook(chain))
    assert "=1+1" in organisation.load(tmp_path / "firm.xlsx")
