"""The files that a client would bring: surveys and ticket exports, for the organisation that the README's commands made."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

from sim import organisation
from sim.eventlog import export

FIRM = "my-firm.xlsx"
RATERS = 6
"""Answers about each link and in each segment: more than the smallest group that is shown."""


def prepare(folder: Path, words: Sequence[str]) -> None:
    """Write those files that a command names and nobody has made yet."""
    for name, make in MAKERS.items():
        if name in words and not (folder / name).exists():
            make(folder / FIRM, folder / name)


def staff(firm: Path, out: Path) -> None:
    """Write a staff survey in the form of docs/client_data.md: an answer a row, on a scale of 1 to 5."""
    chain = organisation.load(firm)
    links = [(supplier, client) for supplier, client in chain.links if client in chain.units]
    rows = [(person, client, supplier, 2 + (person + number) % 4)
            for number, (supplier, client) in enumerate(links) for person in range(RATERS)]  # fmt: skip
    _write(out, ("Respondent", "Rater department", "Rated department", "Score"), rows)


def customers(firm: Path, out: Path) -> None:
    """Write customers' scores."""
    segments = organisation.load(firm).segments
    rows = [(segment, 2 + person % 4, 4 + person) for segment in segments for person in range(RATERS)]
    _write(out, ("Segment", "CSAT", "NPS"), rows)


def tickets(firm: Path, out: Path) -> None:
    """Write the log of half a year."""
    export.simulate_tickets(organisation.load(firm), out, days=120, seed=5)


MAKERS = {"staff.csv": staff, "customers.csv": customers, "tickets.csv": tickets, "incidents.csv": tickets}


def _write(out: Path, header: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    with out.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *rows])
