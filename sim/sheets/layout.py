"""What each sheet of an organisation workbook holds: its columns, what they are called, and which of them people use."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

from sim import levers, structure

MEANINGS = {
    "name": "a name that nothing else in the workbook has",
    "staff": "people who do the work, managers not counted",
    "managers": "people who lead them",
    "working_time": "shape of the working time: " + ", ".join(structure.SHAPES),
    "customers": "customers on the first day",
    "supplier": "who serves: the name of a department or contractor",
    "client": "who is served: the name of a department, contractor or segment",
    "description": "one or two sentences",
    "currency": "currency of all money",
    "hours_per_day": "working hours in a working day",
    "slots_per_day": "how often a day work is handed over between units",
    "sources": "what was set from data, a line each",
}
DEFAULTS: dict[str, Any] = {"managers": 1, "working_time": "lognormal", **structure.GRAPH_DEFAULTS}

_NAMES = ("department", "contractor", "segment", "unit", "team", "division", "partner", "supplier name", "customer segment",
          "department name", "contractor name", "segment name", "unit name", "team name", "abteilung")  # fmt: skip
SYNONYMS: dict[str, tuple[str, ...]] = {
    "name": _NAMES,
    "staff": ("people", "employees", "headcount", "heads", "fte", "number of staff", "staff members", "mitarbeiter"),
    "managers": ("leaders", "number of managers", "team leads"),
    "customers": ("number of customers", "customer count", "clients", "kunden"),
    "supplier": ("from", "provider", "internal supplier", "served by", "supplying department"),
    "client": ("to", "internal client", "internal customer", "serves", "customer", "receiving department"),
    "setting": ("what", "property", "key", "lever"),
    "value": ("is", "wert"),
}
LONGEST_HEADER = 1_000
"""Characters of a header, or of a name to be found, that are looked at."""
NOTE = re.compile(r"\s*(#.*|(notes?|comments?|remarks?|bemerkung(en)?|kommentare?)\b.*)", re.IGNORECASE | re.DOTALL)
"""Headers of columns that are for people only."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column: what it may hold, in words for the header's comment and in bounds for the cells."""

    name: str
    meaning: str
    unit: str = ""
    low: float | None = None
    high: float | None = None
    whole: bool = False
    default: Any = None
    choices: tuple[str, ...] = ()

    @property
    def is_text(self) -> bool:
        """Whether it holds text."""
        return self.low is None

    @property
    def title(self) -> str:
        """The header that the template writes."""
        return self.name.replace("_", " ")

    @property
    def allowed(self) -> str:
        """What a cell may hold, in words."""
        if self.choices:
            return ", ".join(self.choices)
        if self.is_text:
            return "a text"
        kind = "a whole number" if self.whole else "a number"
        return f"{kind} from {self.low:,g} to {self.high:,g}" + (f" ({self.unit})" if self.unit else "")


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet of the workbook, or a file of the folder.

    Attributes
    ----------
    name : of the CSV file, without its ending, and in lower case of the sheet
    kind : of the nodes that its rows are; ``link`` and ``graph`` beside these
    keys : columns that no row can be without
    usual : columns of the template
    meaning : one line for the sheet "Read me"
    """

    name: str
    kind: str
    home: levers.Home
    keys: tuple[str, ...]
    usual: tuple[str, ...]
    meaning: str

    @property
    def title(self) -> str:
        """The sheet's name in a workbook."""
        return self.name.capitalize()


_UNITS = ("name", "staff", "managers", "hours_per_request", "error_rate", "knowledge", "training", "tools", "wage")
SHEETS: tuple[Sheet, ...] = (
    Sheet("firm", "graph", "firm", ("setting", "value"), ("name", "description", "currency", "hours_per_day", "slots_per_day"),
          "name, currency, working hours; and any lever that holds for the whole firm"),
    Sheet("departments", "department", "unit", ("name",), (*_UNITS, "quit_rate", "span"),
          "a row for each department: how many people, and how long a request takes them"),
    Sheet("contractors", "contractor", "unit", ("name",),
          (*_UNITS, "agreement", "review_days", "measurement", "partner_support", "partnership"),
          "a row for each contractor or field partner who serves in the firm's name; may stay empty"),
    Sheet("segments", "segment", "segment", ("name",),
          ("name", "customers", "needs_per_year", "revenue_per_need", "churn", "new_customers", "patience", "tolerance"),
          "a row for each kind of customer: how many, and how often they need something"),
    Sheet("links", "link", "link", ("supplier", "client"),
          ("supplier", "client", "requests_per_case", "promise_days", "dependence", "internal_service", "passed_on",
           "requests_per_hire"),
          "a row for each 'supplier serves client': who stands before the customer, and who stands behind whom"),
)  # fmt: skip
BY_NAME = {sheet.name: sheet for sheet in SHEETS}


def key(header: Any) -> str:
    """Return a header as it is compared: small letters, words joined by underscores, units in brackets left out."""
    text = re.sub(r"[(\[].*?[)\]]", " ", str(header)[:LONGEST_HEADER].casefold())  # on longer ones this takes long
    return re.sub(r"[^0-9a-zäöüßéèàç]+", "_", text).strip("_")


@cache
def columns(sheet: Sheet) -> dict[str, Column]:
    """Return every column that a sheet may have (for the firm: every setting), the structure first."""
    found = {}
    names = {"graph": (), "link": ("supplier", "client")}.get(sheet.kind, ("name",))
    kind = "unit" if sheet.home == "unit" else sheet.kind
    for name in (*names, *(one for one in structure.STRUCTURE[kind] if one != "kind")):
        low, high = structure.RANGES.get(name, (None, None))
        found[name] = Column(
            name, MEANINGS[name], low=low, high=high, default=DEFAULTS.get(name),
            whole=structure.STRUCTURE[kind].get(name) is int,
            choices=structure.SHAPES if name == "working_time" else (),
        )  # fmt: skip
    for one in levers.LEVERS:
        if sheet.kind == "graph" or one.home == sheet.home:
            found[one.name] = Column(one.name, one.meaning, one.unit, one.low, one.high, default=one.default)
    return found


@cache
def headers(sheet: Sheet) -> dict[str, str]:
    """Return what the headers of a sheet may be called, as `key` gives them, and the column that each means."""
    known = list(columns(sheet)) if sheet.kind != "graph" else ["setting", "value"]
    found = {key(word): name for name in known for word in SYNONYMS.get(name, ())}
    return found | {name: name for name in known}
