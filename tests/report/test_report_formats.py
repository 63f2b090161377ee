"""The report as a page, a PDF, a Word file and a workbook: whole, safe, accessible."""

from __future__ import annotations

import io
import itertools
import re
import sys

import docx
import openpyxl
import pytest

from sim import report
from sim.errors import InputError
from sim.estimates import Estimate
from sim.report import web
from sim.report.document import Column, Document, Section, Table
from tests.report import reported


@pytest.fixture(scope="module")
def content(tmp_path_factory):
    return report.document(reported.saved(tmp_path_factory.mktemp("formats") / "story"), client="The <board>")


@pytest.fixture(scope="module")
def source(content):
    return report.html(content)


@pytest.fixture(scope="module")
def page(source):
    return reported.Page(source)


def test_the_page_closes_every_tag_and_has_a_language_and_a_title(source, page):
    assert source.startswith("<!DOCTYPE html>")
    assert page.open == []
    assert page.all("html")[0]["lang"] == "en"
    assert [name for name, _ in page.tags].count("title") == 1


def test_names_cannot_become_markup(source, page):
    assert not page.all("script")
    assert not page.all("b")
    assert reported.SCRIPT in page.text
    assert "&lt;script&gt;" in source
    assert "The <board>" in page.text


def test_the_page_needs_nothing_from_elsewhere(source, page):
    for name, attributes in page.tags:
        assert name not in ("script", "link", "iframe", "object", "form", "base")
        assert not any(key.startswith("on") for key in attributes)
        if "src" in attributes:
            assert attributes["src"].startswith("data:image/png;base64,")
        if "href" in attributes:
            assert attributes["href"].startswith("#")
    style = source[source.index("<style>") : source.index("</style>")]
    assert "url(" not in style
    assert "@import" not in style


def test_links_within_the_page_lead_somewhere_and_every_id_is_there_once(page):
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    for attributes in page.all("a"):
        assert attributes["href"][1:] in ids
    for _, attributes in page.tags:
        if "aria-labelledby" in attributes:
            assert attributes["aria-labelledby"] in ids


def test_headings_go_down_one_level_at_a_time_and_there_is_one_title(page):
    levels = [int(name[1]) for name, _ in page.tags if re.fullmatch(r"h[1-6]", name)]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))


def test_every_picture_has_an_alternative_text_and_a_caption(page):
    pictures = page.all("img")
    assert len(pictures) == 3
    assert all(len(one["alt"]) > 40 for one in pictures)
    assert len(page.all("figcaption")) == len(pictures)


def test_every_table_has_a_caption_and_headers_with_a_scope(page):
    assert len(page.all("caption")) == len(page.all("table")) > 5
    assert all(one.get("scope") in ("col", "row") for one in page.all("th"))


def luminance(colour):
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one, other):
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_every_colour_of_text_stands_out_from_every_ground(source):
    """WCAG 2.2, 1.4.3: a contrast of 4.5 to 1 at least."""
    style = source[source.index("<style>") : source.index("</style>")]
    colours = dict(re.findall(r"--(\w+): (#[0-9a-f]{6});", style))
    inks = set(re.findall(r"(?<![-\w])color: var\(--(\w+)\)", style)) | {"ink"}
    grounds = set(re.findall(r"background: var\(--(\w+)\)", style))
    assert {"ink", "muted", "link"} <= inks
    assert {"paper", "shade"} <= grounds
    for ink in inks:
        for ground in grounds:
            assert contrast(colours[ink], colours[ground]) >= 4.5, (ink, ground)
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    literal = re.findall(r"(?<![-\w])color: (#[0-9a-f]{6})", style)
    assert all(contrast(one, colours["paper"]) >= 4.5 for one in literal)


def test_what_is_clear_is_not_told_by_colour_alone():
    column = Column("Change", "points", "estimate", signed=True)
    unclear = web.cell(Estimate(0.1, -0.2, 0.4, 5), column)
    clear = web.cell(Estimate(1.0, 0.8, 1.2, 5), column)
    assert (unclear["mark"], clear["mark"]) == ("≈ ", "")
    assert unclear["text"] == "+0.1"


def test_numbers_on_the_page_are_those_of_the_content(content, page):
    headline = next(one for one in content.tables if one.name == "Headline")
    for row in headline.rows:
        for value, column in zip(row[1:], headline.columns[1:], strict=True):
            shown = web.cell(value, column)
            assert any(
                shown["text"] in words and shown["interval"] in words
                for cells in page.rows
                if cells and cells[0] == row[0]
                for words in cells[1:]
            )


def test_the_word_file_opens_with_headings_tables_and_alternative_texts(content):
    file = docx.Document(io.BytesIO(report.docx(content)))
    headings = [one.text for one in file.paragraphs if one.style.name.startswith("Heading 1")]
    assert headings == ["The answer in short", *(one.heading for one in content.sections)]
    on_page = [one for one in content.tables if not one.only_sheet]
    assert len(file.tables) == len(on_page)
    for grid, one in zip(file.tables, on_page, strict=True):
        assert len(grid.rows) == len(one.rows) + 1
        assert grid.rows[0]._tr.xpath("./w:trPr/w:tblHeader")
        assert grid.cell(1, 0).text.startswith(web.cell(one.rows[0][0], one.columns[0])["text"])
    described = [one._inline.docPr.get("descr") for one in file.inline_shapes]
    assert described == [one.alt for one in content.figures]
    assert file.core_properties.language == "en"


def test_the_workbook_holds_every_table_with_numbers_as_numbers(content):
    book = openpyxl.load_workbook(io.BytesIO(report.xlsx(content)))
    assert book.sheetnames[0] == "Read me"
    assert len(book.sheetnames) == len(content.tables) + 1
    for name, one in zip(book.sheetnames[1:], content.tables, strict=True):
        sheet = book[name]
        assert sheet.freeze_panes == "B4"
        assert sheet["A1"].value == one.caption.replace("\u2068", "").replace("\u2069", "")
    sheet = book["Headline"]
    headline = next(one for one in content.tables if one.name == "Headline")
    for row, values in enumerate(headline.rows, start=4):
        first = values[1]
        assert [sheet.cell(row, column).value for column in (2, 3, 4)] == pytest.approx(
            [first.mean, first.low, first.high]
        )
    assert [sheet.cell(2, column).value for column in (2, 3, 4)] == [
        "External satisfaction", "External satisfaction, low", "External satisfaction, high",
    ]  # fmt: skip
    assert sheet.cell(3, 2).value == "points"


def test_no_cell_of_the_workbook_is_a_formula(content):
    book = openpyxl.load_workbook(io.BytesIO(report.xlsx(content)))
    cells = [one for sheet in book for row in sheet.iter_rows() for one in row]
    assert not any(one.data_type == "f" for one in cells)
    risky = [one for one in cells if isinstance(one.value, str) and one.value[:1] in "=+-@" and one.value]
    assert {reported.FORMULA, "=Same"} <= {one.value for one in risky}
    assert all(one.quotePrefix for one in risky)


def test_sheets_have_names_that_excel_takes():
    name = "A [very] long: name / of *a* table? which goes on"
    tables = tuple(Table(name, "…", (Column("a"),), (("x",),)) for _ in range(3))
    tables += (
        Table("History", "…", (Column("a"),), (("x",),)), Table("'", "…", (Column("a"),), (("x",),)),
    )  # fmt: skip
    book = openpyxl.load_workbook(io.BytesIO(report.xlsx(Document("t", "s", (), (), (Section("a", "A", tables),)))))
    assert len(set(book.sheetnames)) == 6
    assert all(len(one) <= 31 and not re.search(r"[\[\]:*?/\\]", one) for one in book.sheetnames)
    assert "History" not in book.sheetnames


def test_the_pdf_is_a_pdf_of_several_pages_with_its_title(content):
    try:
        import weasyprint  # noqa: F401
    except (ImportError, OSError) as error:  # Pango is a library of the system
        pytest.skip(f"WeasyPrint cannot be loaded here: {error}")
    found = report.pdf(content)
    assert found.startswith(b"%PDF")
    assert len(found) > 50_000


def test_without_weasyprint_the_error_says_what_to_install(content, monkeypatch):
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    with pytest.raises(InputError, match=r"service-culture\[pdf\]") as error:
        report.pdf(content)
    assert "print it to PDF" in str(error.value)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0.00048, "0.00048"),
        (0.3929, "0.393"),
        (72.19, "72.2"),
        (1234.5, "1,234"),
        (0.0, "0"),
        (-2.5, "−2.5"),
        (3, "3"),
        (120.0, "120"),
    ],
)
def test_a_number_without_an_interval_keeps_three_digits_that_matter(value, words):
    assert web.plain_number(value, Column("a", kind="number")) == words
