"""Organisations in spreadsheets: a workbook (.xlsx), or a folder of CSVs, with a template that explains itself."""

from sim.sheets.example import example
from sim.sheets.reading import is_spreadsheet, read
from sim.sheets.writing import csv_files, workbook

__all__ = ["csv_files", "example", "is_spreadsheet", "read", "workbook"]
