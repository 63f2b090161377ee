"""Surveys: of staff and of customers, as CSV, and as cells of a workbook."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sim.client import setting
from sim.client.groups import Figure, customer_figures, staff_figures
from sim.client.surveys import CustomerScores, StaffSurvey, read_customers, read_staff
from tests.fuzz.cells import grids_of, in_place_of_files
from tests.fuzz.files import small, target, words, written
from tests.fuzz.target import Target

SURVEYS = ("sim.client.surveys", "sim.client.columns", "sim.client.scale", "sim.client.names", "sim.sheets.grids",
           "sim.sheets.numbers", "sim.sheets.layout")  # fmt: skip
SURVEY_WORDS = words("""
    rater | rated | score | respondent | responses | reliability | responsiveness | assurance | empathy | tangibles |
    segment | csat | nps | customer | n | Shop | Store | Buyers | Office | shop dept | IT | 4 - good | 4,5 | 80 % |
    4/5 | no contact | NA | - | 99 | 0 | 10 | 5 | 100 | -100 | 1e3 | sep=;
""")

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
    with in_place_of_files(found):
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


TARGETS: tuple[Target, ...] = (
    target("staff-survey-csv", read_staff_survey, set_staff, lambda: STAFF, SURVEYS, "csv", SURVEY_WORDS),
    target("customer-survey-csv", read_customer_survey, set_customers, lambda: CUSTOMERS, SURVEYS, "csv", SURVEY_WORDS),
    target("survey-cells", read_survey_cells, set_survey, survey_cell_seeds, SURVEYS, "json", SURVEY_WORDS),
)
