"""The report as one HTML file that needs nothing beside itself: no network, no script, no font of its own."""

from __future__ import annotations

import base64
import math
import re

import jinja2

from sim.errors import InputError
from sim.estimates import Estimate
from sim.report import text
from sim.report.document import Bullets, Code, Column, Document, Figure, Paragraph, Table, Value


def render(document: Document) -> str:
    """Return the page. Every text is escaped, whoever it comes from, and none turns a line around."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("sim.report"), autoescape=True, trim_blocks=True, lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )  # fmt: skip
    environment.tests |= {
        "paragraph": lambda one: isinstance(one, Paragraph), "bullets": lambda one: isinstance(one, Bullets),
        "code": lambda one: isinstance(one, Code), "figure": lambda one: isinstance(one, Figure),
        "table": lambda one: isinstance(one, Table),
    }  # fmt: skip
    environment.filters |= {"base64": _base64, "identity": id}
    environment.globals |= {"cell": cell, "keys": keys(document)}
    page = environment.get_template("report.html").render(document=document, limits=_limits(document))
    return page.translate(text.TURNS)


def pdf(document: Document) -> bytes:
    """Return the page as PDF, tagged for screen readers, or raise `InputError` where WeasyPrint cannot be used."""
    try:
        import weasyprint
    except (ImportError, OSError) as error:  # OSError: Pango is missing
        raise InputError(
            "PDF needs WeasyPrint, which cannot be loaded here", place="--pdf", value=str(error).split("\n")[0],
            allowed="an installation with the extra “pdf”",
            hint="pip install 'service-culture[pdf]', and Pango (Debian: apt install libpango-1.0-0 "
                 "libpangoft2-1.0-0; macOS: brew "
            "install pango); or write HTML, open it in a browser and print it to PDF",
        ) from None  # fmt: skip
    nothing_else = weasyprint.urls.URLFetcher(allowed_protocols=("data",))  # what the page itself holds
    page = weasyprint.HTML(string=render(document), url_fetcher=nothing_else)
    found: bytes = page.write_pdf(pdf_variant="pdf/ua-1")
    return found


def cell(value: Value, column: Column) -> dict[str, str]:
    """Return what a cell shows: ``text``, ``interval`` below it, ``mark`` before it, and a ``class`` for its look."""
    if value is None:
        return {"text": "–", "interval": "", "mark": "", "class": "number" if column.kind != "text" else "text"}
    if isinstance(value, Estimate):
        found = text.interval(value, signed=column.signed)
        clear = not column.signed or text.is_clear(value) or not found
        return {
            "text": text.mean(value, signed=column.signed), "interval": f"({found})" if found else "",
            "mark": "" if clear else "≈ ", "class": "number clear" if column.signed and clear and found else "number",
        }  # fmt: skip
    if isinstance(value, str):
        return {"text": value, "interval": "", "mark": "", "class": "text"}
    return {"text": plain_number(value, column), "interval": "", "mark": "", "class": "number"}


def plain_number(value: float, column: Column) -> str:
    """Return a number without an interval: with the decimals of its column, else with three significant digits."""
    if column.digits is not None:
        return text.number(value, column.digits, signed=column.signed)
    if not math.isfinite(value):
        return "–"
    if isinstance(value, int) or float(value).is_integer():
        return text.number(float(value), 0, signed=column.signed)
    digits = (
        0 if abs(value) >= 1000 else max(1, 2 - math.floor(math.log10(abs(value))))
    )  # three significant ones, or more
    found = text.number(value, digits, signed=column.signed)
    return found.rstrip("0").rstrip(".") if "." in found else found


def keys(document: Document) -> dict[int, str]:
    """Return, by identity of a section, an anchor that no other has."""
    found: dict[int, str] = {}
    taken: set[str] = {"top", "answer", "content"}
    for section in document.sections:
        for one in (section, *section.parts):
            base = anchor(one.key) or "section"
            name, number = base, 1
            while name in taken:
                number += 1
                name = f"{base}-{number}"
            taken.add(name)
            found[id(one)] = name
    return found


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _limits(document: Document) -> str:
    """Return the anchor of the section about limits, or of the top where there is none."""
    names = keys(document)
    return next((names[id(one)] for one in document.sections if one.key == "limits"), "top")


def anchor(key: str) -> str:
    """Return a text as the name of a place in a page."""
    return re.sub(r"[^a-z0-9]+", "-", key.lower()).strip("-")
