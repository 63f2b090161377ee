"""What the search for the weakest link found: which step, at which place, does most for customers and for profit."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import pandas as pd

from sim.chain import ServiceChain
from sim.estimates import Estimate
from sim.report import text
from sim.report.document import Block, Bullets, Column, Figure, Paragraph, Section, Table, Value
from sim.report.firm import words
from sim.report.reading import of_row
from sim.saving import Saved
from sim.weakest_link import MARKS

SHOWN = 12
"""Rows of a table on a page; the workbook holds them all."""
IN_PART = "* a guess. ** what the model's books hold and prices beside them, added up."
"""Note below places: what the marks of `MARKS` mean."""
NAMED = 3
"""Steps and places that are named in words."""
MONEY = "points_per_money"


def answer(saved: Saved, chain: ServiceChain) -> list[Block]:
    """Return the answer in plain words: the best steps for customers and for profit."""
    actions, currency = saved.tables["actions"], str(chain.setting("currency"))
    clear = actions[actions[f"{MONEY}_low"] > 0].sort_values(MONEY, ascending=False)
    paying = actions[actions["net_profit_low"] > 0].sort_values("net_profit", ascending=False)
    blocks: list[Block] = [Paragraph("Where should the next unit of money go?", lead=True)]
    if len(clear):
        blocks += [
            Paragraph("For customers, these steps do most for what they cost:"),
            Bullets(tuple(_in_words(row, currency) for row in clear.head(NAMED).to_dict("records"))),
        ]
    else:
        blocks.append(Paragraph("No single step does customers a good that can be told from none."))
    if len(paying):
        best = [f"{_step(row)} ({text.figure(_of(row, 'net_profit'), currency, signed=True)} a year)"
                for row in paying.head(NAMED).to_dict("records")]  # fmt: skip
        blocks.append(Paragraph(f"In the first year they pay for themselves: {text.listed(best)}."))
    else:
        blocks.append(Paragraph("None of the steps that were checked clearly pays for itself within the first year."))
    inputs = saved.manifest["inputs"]
    runs = text.plural(int(inputs["seeds"]["confirmation"]), "paired run")
    guesses = " A star marks costs that are guesses of this program; put your own figures in with --price."
    screened = f"How sure: {inputs['design']['candidates']} steps were screened together"
    checked = f", and the best run alone, each against the firm as described, in {runs} that the choice had not seen"
    luck = ". Intervals show the luck of the simulated firm, not what the model leaves out."
    sure = screened + (checked if len(actions) else "; none was run alone, so that no single step is told") + luck
    blocks.append(Paragraph(sure + (guesses if (actions["cost_from"] == "guess").any() else "")))
    return blocks


def sections(saved: Saved, chain: ServiceChain, forest: bytes | None) -> list[Section]:
    """Return the sections: single steps, and places."""
    currency = str(chain.setting("currency"))
    actions, places = saved.tables["actions"], saved.tables["places"]
    steps = (
        Column("At"), Column("Step"), Column("Cost", f"{currency} a year"),
        Column("Customers", "points", "estimate", signed=True), Column("Points per 100,000", currency, "estimate"),
        Column("Net profit", f"{currency} a year", "estimate", signed=True),
        Column("At most worth", f"{currency} a year", "estimate"),
    )  # fmt: skip
    rows: list[tuple[Value, ...]] = [(_place(row), _change(row), _cost(row), *_figures(row), _of(row, "worth"))
            for row in actions.to_dict("records")]  # fmt: skip
    n = int(saved.manifest["inputs"]["seeds"]["confirmation"])
    note = (
        "* a guess. Customers: external satisfaction at the end of the year. Net profit: after all costs, in the first year. "
        "At most worth: at a higher price a year the step loses money in that year."
    )
    blocks: list[Block] = []
    if forest:
        top = [_in_words(row, currency) for row in actions.head(SHOWN).to_dict("records")]
        blocks.append(Figure("actions", forest, "Dot plot of single steps with intervals. " + " ".join(top),
                             "One step each, alone, against the firm as described: points of satisfaction for the money, "
                             "and net profit."))  # fmt: skip
    about = f"Single steps, each alone: mean (95 % interval), n = {n} paired runs."
    blocks += _tables("Steps", about, steps, rows, "actions.csv", note)
    of_places = (Column("Place"), Column("Actions", "", "number", digits=0), *steps[2:6])
    rows = [(_place(row), int(row["actions"]), _cost(row), *_figures(row)) for row in places.to_dict("records")]
    m = int(saved.manifest["inputs"]["seeds"]["places"])
    about = f"A step of everything that can be done at a place, at once: mean (95 % interval), n = {m} paired runs."
    if m == 0:
        about = "A step of everything that can be done at a place, summed from screening: mean (95 % interval)."
    return [
        Section("steps", "Single steps", tuple(blocks)),
        Section("places", "The weakest places", (
            Paragraph("Which department, contractor or link gives customers most when everything there gets a step better."),
            *_tables("Places", about, of_places, rows, "places.csv", IN_PART),
        )),
    ]  # fmt: skip


def _tables(
    name: str, caption: str, columns: tuple[Column, ...], rows: list[tuple[Value, ...]], source: str, note: str
) -> list[Table]:
    """Return a table for the page, and where it is cut, a whole one for the workbook."""
    if len(rows) <= SHOWN:
        return [Table(name, caption, columns, tuple(rows), source, note)]
    about = f"{caption} The first {SHOWN} of {len(rows)}."
    return [Table(f"{name} (first)", about, columns, tuple(rows[:SHOWN]), source, note),
            Table(name, caption, columns, tuple(rows), source, note, only_sheet=True)]  # fmt: skip


def _figures(row: dict[Hashable, Any]) -> tuple[Estimate, Estimate, Estimate]:
    return _of(row, "satisfaction"), _of(row, MONEY), _of(row, "net_profit")


def _of(row: dict[Hashable, Any], name: str) -> Estimate:
    return of_row(row, name, int(row["runs"]))


def _place(row: dict[Hashable, Any]) -> str:
    return str(row["place"])


def _change(row: dict[Hashable, Any]) -> str:
    return f"{words(str(row['lever']))} {row['before']:g} → {row['after']:g}: {row['what']}"


def _step(row: dict[Hashable, Any]) -> str:
    return f"{words(str(row['lever']))} {row['before']:g} → {row['after']:g} at {text.named(_place(row))}"


def _cost(row: dict[Hashable, Any]) -> str:
    cost = float(row["cost"])
    if pd.isna(cost):
        return "–"
    return f"{text.number(cost, 0)}{MARKS.get(str(row['cost_from']), '')}"


def _in_words(row: dict[Hashable, Any], currency: str) -> str:
    """Return one step and what it does, as a sentence."""
    return (
        f"{text.capital(_step(row))} ({row['what']}), for {currency} {_cost(row)} a year: "
        f"{text.figure(_of(row, 'satisfaction'), 'points', signed=True)} of satisfaction."
    )
