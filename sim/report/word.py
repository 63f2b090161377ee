"""The report as a Word file that a consultant can edit: real headings, real tables, pictures with alternative texts."""

from __future__ import annotations

import io
import re
from typing import Any

import docx
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor

from sim.report import text
from sim.report.document import Block, Bullets, Code, Document, Figure, Paragraph, Section, Table
from sim.report.web import cell

WIDTH = Cm(17)
MUTED = RGBColor(0x4D, 0x58, 0x60)


def word(document: Document) -> bytes:
    """Return the report as a .docx file."""
    file = docx.Document()
    _set_up(file, document)
    file.add_heading(_plain(document.title), level=0)
    subtitle = file.add_paragraph(_plain(document.subtitle))
    subtitle.runs[0].font.size = Pt(13)
    facts = file.add_paragraph(_plain(" · ".join(f"{label}: {text}" for label, text in document.facts)))
    facts.runs[0].font.color.rgb = MUTED
    file.add_heading("The answer in short", level=1)
    counts = {"Table": 0, "Figure": 0}
    _blocks(file, document.answer, counts)
    for section in document.sections:
        _section(file, section, 1, counts)
    held = io.BytesIO()
    file.save(held)
    return held.getvalue()


def _set_up(file: Any, document: Document) -> None:
    """Set paper, fonts, language and page numbers."""
    page = file.sections[0]
    page.page_width, page.page_height = Cm(21), Cm(29.7)
    page.left_margin = page.right_margin = Cm(2)
    page.top_margin = page.bottom_margin = Cm(2)
    properties = file.core_properties
    properties.title, properties.author, properties.language = (
        _plain(document.title),
        "service-culture",
        document.language,
    )
    properties.comments = ""
    normal = file.styles["Normal"]
    normal.font.name, normal.font.size = "Arial", Pt(10)
    for name in ("Title", "Heading 1", "Heading 2", "Heading 3"):
        style = file.styles[name]
        style.font.name, style.font.color.rgb = "Arial", RGBColor(0x1C, 0x23, 0x29)
        fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
        for theme in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
            fonts.attrib.pop(qn(f"w:{theme}"), None)
    caption = file.styles["Caption"]
    caption.font.name, caption.font.size, caption.font.color.rgb = "Arial", Pt(9), RGBColor(0x1C, 0x23, 0x29)
    footer = page.footer.paragraphs[0]
    footer.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    _field(footer, "PAGE")


def _section(file: Any, section: Section, level: int, counts: dict[str, int]) -> None:
    file.add_heading(_plain(section.heading), level=level)
    _blocks(file, section.blocks, counts)
    for part in section.parts:
        _section(file, part, level + 1, counts)


def _blocks(file: Any, blocks: tuple[Block, ...], counts: dict[str, int]) -> None:
    for block in blocks:
        match block:
            case Paragraph():
                file.add_paragraph().add_run(_plain(block.text)).bold = block.lead
            case Bullets():
                for item in block.items:
                    file.add_paragraph(_plain(item), style="List Bullet")
            case Code():
                run = file.add_paragraph().add_run(_plain(block.text))
                run.font.name, run.font.size = "Courier New", Pt(9)
            case Figure():
                _figure(file, block, counts)
            case Table() if not block.only_sheet:
                _table(file, block, counts)


def _figure(file: Any, figure: Figure, counts: dict[str, int]) -> None:
    paragraph = file.add_paragraph()
    paragraph.paragraph_format.keep_with_next = True
    shape = paragraph.add_run().add_picture(io.BytesIO(figure.png), width=WIDTH)
    tallest = Cm(20)
    if shape.height > tallest:
        shape.width, shape.height = int(shape.width * tallest / shape.height), tallest
    about = shape._inline.docPr
    about.set("descr", _plain(figure.alt))
    about.set("name", figure.name)
    _caption(file, "Figure", figure.caption, counts)


def _table(file: Any, table: Table, counts: dict[str, int]) -> None:
    caption = _caption(file, "Table", table.caption, counts)
    caption.paragraph_format.keep_with_next = True
    grid = file.add_table(rows=1, cols=len(table.columns), style="Light List")
    grid.alignment = WD_TABLE_ALIGNMENT.LEFT
    _repeat(grid.rows[0])
    for place, column in zip(grid.rows[0].cells, table.columns, strict=True):
        _write(
            place, f"{column.label}\n{column.unit}" if column.unit else column.label, column.kind != "text", bold=True
        )
    for row in table.rows:
        added = grid.add_row()
        _together(added)
        for place, value, column in zip(added.cells, row, table.columns, strict=True):
            shown = cell(value, column)
            words = f"{shown['mark']}{shown['text']}" + (f"\n{shown['interval']}" if shown["interval"] else "")
            _write(place, words, shown["class"] != "text", bold="clear" in shown["class"])
    note = " ".join(part for part in (table.note, f"Source: {table.source}." if table.source else "") if part)
    under = file.add_paragraph()
    run = under.add_run(_plain(note))
    run.font.size, run.font.color.rgb = Pt(8.5), MUTED


def _write(place: Any, words: str, right: bool, *, bold: bool) -> None:
    paragraph = place.paragraphs[0]
    paragraph.paragraph_format.space_after = Pt(0)
    if right:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    first, newline, rest = _plain(words).partition("\n")
    run = paragraph.add_run(first)
    run.bold, run.font.size = bold, Pt(8.5)
    if newline:
        run.add_break()
        more = paragraph.add_run(rest)
        more.bold, more.font.size = False, Pt(8)


def _caption(file: Any, kind: str, words: str, counts: dict[str, int]) -> Any:
    """Add a caption that Word numbers itself, so that lists of tables and figures can be made."""
    counts[kind] += 1
    paragraph = file.add_paragraph(style="Caption")
    paragraph.add_run(f"{kind} ")
    _field(paragraph, f"SEQ {kind} \\* ARABIC", str(counts[kind]))
    paragraph.add_run(f". {_plain(words)}")
    return paragraph


def _field(paragraph: Any, code: str, shown: str = "1") -> None:
    for kind, content in (("begin", ""), ("", code), ("separate", ""), ("text", shown), ("end", "")):
        run = paragraph.add_run()
        if kind in ("begin", "separate", "end"):
            mark = OxmlElement("w:fldChar")
            mark.set(qn("w:fldCharType"), kind)
            run._r.append(mark)
        elif kind == "text":
            run.text = content
        else:
            words = OxmlElement("w:instrText")
            words.set(qn("xml:space"), "preserve")
            words.text = content
            run._r.append(words)


def _repeat(row: Any) -> None:
    """Let a header row stand on top of every page that the table reaches."""
    mark = OxmlElement("w:tblHeader")
    mark.set(qn("w:val"), "true")
    row._tr.get_or_add_trPr().append(mark)
    _together(row)


def _together(row: Any) -> None:
    """Keep a row on one page."""
    mark = OxmlElement("w:cantSplit")
    mark.set(qn("w:val"), "true")
    row._tr.get_or_add_trPr().append(mark)


def _plain(words: str) -> str:
    """Return a text without the control characters that XML does not hold, and with marks that turn a line around shown."""
    words = re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", "", words)
    return words.translate(text.TURNS)
