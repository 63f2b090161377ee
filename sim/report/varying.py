"""What varying one lever shows: dose and response, slope, elasticity, lag."""

from __future__ import annotations

import math
from typing import Any

from sim import levers, measures
from sim.estimates import Estimate
from sim.report import text
from sim.report.document import Block, Bullets, Column, Figure, Paragraph, Section, Table, Value
from sim.report.firm import words
from sim.report.reading import of_entry, of_row
from sim.saving import Saved

SHOWN = ("internal_service", "external_satisfaction", "net_promoter_score", "retention")


def answer(saved: Saved) -> list[Block]:
    """Return the answer in plain words."""
    inputs = saved.manifest["inputs"]
    table = saved.tables["table"].sort_values("value")
    lowest, highest = table.iloc[0], table.iloc[-1]
    lever, unit = words(str(inputs["lever"])), levers.lever(str(inputs["lever"])).unit
    items = [
        f"At {row['value']:g}: "
        + text.change("customers' satisfaction", _estimate(row, "external_satisfaction_difference"), "points")
        for row in (lowest, highest)
    ]  # fmt: skip
    return [
        Paragraph(
            f"What do customers notice when {lever} ({unit}) is {lowest['value']:g}, and what when it is {highest['value']:g}?",
            lead=True,
        ),
        Paragraph("Compared with the firm as it is described:"),
        Bullets(tuple(items)),
        Paragraph(
            f"How sure: n = {inputs['runs']} paired runs for each value; intervals show the luck of the simulated "
            "firm, not what the model leaves out. Read the figures as “if the firm worked like this”, not as a "
            "forecast."
        ),
    ]


def sections(saved: Saved, picture: bytes | None) -> list[Section]:
    """Return the sections: what was varied, what came of it, how long it takes."""
    return [_varied(saved), _response(saved, picture), _lag(saved)]


def _varied(saved: Saved) -> Section:
    inputs = saved.manifest["inputs"]
    one = levers.lever(str(inputs["lever"]))
    where = text.named(str(inputs["where"])) if inputs.get("where") else "the whole firm"
    values = ", ".join(f"{value:g}" for value in inputs["values"])
    return Section("varied", "What was varied", (Bullets((
        f"{text.capital(words(one.name))}: {one.meaning} ({one.unit}).", f"Where: {where}.", f"Values: {values}.",
        f"When: after {inputs['warm_up']} days in which nothing is changed, for {inputs['days']} days.",
        *([f"Left out of the model: {', '.join(inputs['without'])}."] if inputs.get("without") else []),
    )),))  # fmt: skip


def _response(saved: Saved, picture: bytes | None) -> Section:
    inputs, table = saved.manifest["inputs"], saved.tables["table"].sort_values("value")
    blocks: list[Block] = []
    slope, elasticity = _answer(saved, "slope"), _answer(saved, "elasticity")
    if not math.isnan(slope.mean):
        blocks.append(Bullets((
            f"Slope: {text.figure(slope, signed=True)} points of customers' satisfaction per point of internal "
            "service as internal clients perceive it.",
            f"Elasticity: {text.figure(elasticity, signed=True)} per cent per per cent.",
        )))  # fmt: skip
    over = f"mean (95 % interval), n = {inputs['runs']} paired runs per value, last quarter of {inputs['days']} days"
    if picture is not None:
        told = [
            f"{row['value']:g}: {text.figure(_estimate(row, 'external_satisfaction'))}" for _, row in table.iterrows()
        ]
        blocks.append(Figure(
            "dose_response", picture,
            f"Line plots. Customers' satisfaction by value of {words(str(inputs['lever']))}: {'; '.join(told)}.",
            f"Left: customers' satisfaction and net promoter score against internal service; {over}. Right: how the difference "
            "between the highest and the lowest value unfolds over time.",
        ))  # fmt: skip
    columns = [Column(text.capital(words(str(inputs["lever"]))), "", "number")]
    for name in SHOWN:
        columns.append(Column(text.capital(measures.BY_NAME[name].label), measures.BY_NAME[name].unit, "estimate"))
    columns.append(Column("Difference of customers' satisfaction", "points", "estimate", signed=True))
    rows: tuple[tuple[Value, ...], ...] = tuple(
        (
            float(row["value"]),
            *(_estimate(row, name) for name in SHOWN),
            _estimate(row, "external_satisfaction_difference"),
        )
        for _, row in table.iterrows()
    )
    blocks.append(Table("Response", f"What each value does: {over}; differences to the firm as described.", tuple(columns),
                        rows, "table.csv", "≈ marks a difference that cannot be told from none."))  # fmt: skip
    currency = str(saved.manifest["organisation"].get("graph", {}).get("currency", "EUR"))
    every: list[tuple[Value, ...]] = [
        (
            float(row["value"]),
            one.label,
            one.unit.replace("currency", currency),
            _estimate(row, one.name),
            _estimate(row, f"{one.name}_difference"),
        )
        for _, row in table.iterrows()
        for one in measures.MEASURES
    ]
    blocks.append(Table(
        "All measures", "Every measure at every value.",
        (columns[0], Column("Measure"), Column("Unit"), Column("Value", "", "estimate"),
         Column("Difference", "", "estimate", signed=True)),
        tuple(every), "table.csv", only_sheet=True,
    ))  # fmt: skip
    return Section("effects", "What customers notice", tuple(blocks))


def _lag(saved: Saved) -> Section:
    items = []
    for name, label in (
        ("lag_experience", "how customers judge the service of the day"),
        ("lag_satisfaction", "the satisfaction they hold"),
    ):
        lag = _answer(saved, name)
        if math.isnan(lag.mean):
            items.append(f"The effect on {label} cannot be told from none, so that there is no delay to speak of.")
        else:
            interval = "" if math.isnan(lag.low) else f" (95 % interval {lag.low:.0f} to {lag.high:.0f})"
            items.append(
                f"Half of the effect on {label} is there after {text.plural(round(lag.mean), 'working day')}{interval}."
            )
    return Section("time", "How long it takes", (Bullets(tuple(items)),))


def _answer(saved: Saved, name: str) -> Estimate:
    return of_entry(saved.manifest["inputs"].get("answers", {}).get(name))


def _estimate(row: Any, name: str) -> Estimate:
    return of_row(row, name, int(row["runs"]))
