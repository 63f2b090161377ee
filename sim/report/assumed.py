"""The section about assumptions: how far the headline depends on constants that nobody has measured."""

from __future__ import annotations

import shlex

import numpy as np
import pandas as pd

from sim import results
from sim.assumptions import SPREAD
from sim.errors import InputError
from sim.estimates import Estimate
from sim.report import text
from sim.report.document import Block, Bullets, Code, Column, Figure, Paragraph, Section, Table, Value
from sim.report.effects import Effects
from sim.report.firm import words
from sim.saving import Saved

SHOWN = 8
TABLES = ("assumptions", "assumptions_worlds")
LABELS = {"external_satisfaction": "customers' satisfaction", "total_profit": "profit over the story"}


def tables(saved: Saved) -> tuple[pd.DataFrame, pd.DataFrame] | None:
    """Return what `service-culture assumptions` added to a folder of results; None where it has not been run."""
    if "assumptions" not in saved.manifest:
        return None
    found = []
    for name in TABLES:
        paths = [saved.folder / f"{name}{ending}" for ending in (".csv", ".parquet")]
        path = next((one for one in paths if one.exists()), None)
        if path is None:
            raise InputError("a table of these results is missing", source=str(saved.folder), value=name,
                             allowed="the folder as `service-culture assumptions` left it",
                             hint="run `service-culture assumptions` again, or give --no-assumptions")  # fmt: skip
        found.append(results.read_table(path))
    return found[0], found[1]


def section(effects: Effects, wanted: bool | None, picture: bytes | None) -> Section:
    """Return the section; ``wanted``: None takes what is there, True insists, False leaves it out."""
    found = None if wanted is False else tables(effects.saved)
    if found is None:
        if wanted:
            raise InputError("the assumptions of these results have not been looked at", source=str(effects.saved.folder),
                             allowed="results to which `service-culture assumptions` has added its tables",
                             hint=f"service-culture assumptions {effects.saved.folder}")  # fmt: skip
        return Section("assumptions", "Assumptions that matter most", (
            Paragraph(
                "The intervals above are over the luck of the simulated firm. How far the effect depends on "
                "constants of the model that nobody has measured was not looked at for this report. This command "
                "does so, in a few minutes, and the next report shows it:"
            ),
            Code(f"service-culture assumptions {shlex.quote(str(effects.saved.folder))}"),
        ))  # fmt: skip
    table, worlds = found
    about = effects.saved.manifest["assumptions"]
    scenario = str(about["scenario"])
    per_cent = f"{100 * float(about['share']):g} %"
    unit = {"external_satisfaction": "points", "total_profit": effects.currency}
    blocks: list[Block] = [
        Paragraph(
            f"Most constants of the model are modelling choices. The {about['constants']} of them that nobody gave a "
            f"value for this firm, and that {text.quoted(scenario)} does not change itself, were all moved at once "
            f"by {per_cent} up or down, in {len(worlds)} combinations (worlds). In each world "
            f"{text.quoted(scenario)} was compared with {text.quoted(effects.first.name)} again. This is the wider "
            "uncertainty, which more runs do not make smaller."
        ),
        Bullets(tuple(spread(worlds, outcome, unit[outcome], text.capital(LABELS[outcome])) for outcome in LABELS)),
    ]
    if picture is not None:
        blocks.append(Figure(
            "assumptions", picture, _alt(table, worlds, scenario, unit),
            f"What the effect of {text.quoted(scenario)} depends on: constants that change it most, and the effect in all "
            f"{len(worlds)} worlds.",
        ))  # fmt: skip
    for outcome, label in LABELS.items():
        blocks.append(_table(table, outcome, label, unit[outcome], scenario, per_cent, SHOWN))
    blocks.append(_table(table, None, "both outcomes", "", scenario, per_cent, None))
    return Section("assumptions", "Assumptions that matter most", tuple(blocks))


def spread(worlds: pd.DataFrame, outcome: str, unit: str, label: str) -> str:
    """Return in a sentence between which values an effect lies in 90 % of the worlds, and how often it keeps its sign."""
    values = worlds[outcome].to_numpy(dtype=float)
    low, high = (float(bound) for bound in np.quantile(values, SPREAD))
    middle = float(np.median(values))
    digits = text.decimals(Estimate(middle, low, high, len(values)))
    sign = np.sign(values.mean())
    kept = 100 * float(np.mean(np.sign(values) == sign))
    share = "all" if kept == 100 else f"{kept:.0f} %"
    way = "above" if sign > 0 else "below"
    between = f"{text.number(low, digits, signed=True)} and {text.number(high, digits, signed=True)}"
    return (
        f"{label}: over all these worlds the effect lies between {text.with_unit(between, unit)} in 90 % of them "
        f"(median {text.number(middle, digits, signed=True)}); it is {way} 0 in {share} of them."
    )


_SHEETS = {"external_satisfaction": "Depends (customers)", "total_profit": "Depends (profit)", None: "Depends (all)"}


def _rows(table: pd.DataFrame, outcome: str, count: int) -> list[tuple[str, Estimate, pd.Series]]:
    chosen = table[table["outcome"] == outcome].head(count)
    return [
        (
            words(str(row["lever"])),
            Estimate(float(row["effect"]), float(row["effect_low"]), float(row["effect_high"]), int(row["rows"])), row,
        )
        for _, row in chosen.iterrows()
    ]  # fmt: skip


def _alt(table: pd.DataFrame, worlds: pd.DataFrame, scenario: str, unit: dict[str, str]) -> str:
    parts = [f"Dot plots and histograms for {text.quoted(scenario)}."]
    for outcome, label in LABELS.items():
        told = [f"{name} {text.figure(effect, signed=True)}" for name, effect, _ in _rows(table, outcome, 4)]
        parts.append(f"Change of the effect on {label} ({unit[outcome]}) when a constant goes from its low to its high value: "
                     f"{'; '.join(told)}. {spread(worlds, outcome, unit[outcome], text.capital(label))}")  # fmt: skip
    return " ".join(parts)


def _table(
    table: pd.DataFrame, outcome: str | None, label: str, unit: str, scenario: str, per_cent: str, count: int | None
) -> Table:
    chosen = [one for one in LABELS if outcome in (None, one)]
    rows: tuple[tuple[Value, ...], ...] = tuple(
        (*([LABELS[one]] if outcome is None else []), name, str(row["meaning"]), float(row["low_value"]),
         float(row["high_value"]),
         str(row["unit"]), effect, *([str(row["source"])] if outcome is None else []))
        for one in chosen
        for name, effect, row in _rows(table, one, count or len(table))
    )  # fmt: skip
    columns = (
        *([Column("Outcome")] if outcome is None else []), Column("Constant"), Column("Meaning"), Column("Low", "", "number"),
        Column("High", "", "number"), Column("Unit"), Column("Change of the effect", unit, "estimate", signed=True),
        *([Column("Source")] if outcome is None else []),
    )  # fmt: skip
    caption = (
        f"What the effect of {text.quoted(scenario)} on {label} depends on: how much it changes when a constant goes "
        f"from {per_cent} below its value to as much above it, mean (95 % interval)."
    )
    return Table(_SHEETS[outcome], caption, columns, rows, "assumptions.csv",
                 "" if count is None else f"The {len(rows)} largest. ≈ marks an influence that cannot be told from none.",
                 only_sheet=count is None)  # fmt: skip
