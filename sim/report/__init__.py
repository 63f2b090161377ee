"""Reports on saved results: one content (`document`), written as a web page, a PDF, a Word file or a workbook.

>>> from sim import report, saving
>>> page = report.html(report.document(saving.read("results/compare")))  # doctest: +SKIP
"""

from sim.report.content import document
from sim.report.document import Document
from sim.report.sheet import workbook as xlsx
from sim.report.web import pdf
from sim.report.web import render as html
from sim.report.word import word as docx

__all__ = ["Document", "document", "docx", "html", "pdf", "xlsx"]
