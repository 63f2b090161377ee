"""Who is affected: units, links and segments whose figures clearly differ, corrected for looking at many of them."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from sim.estimates import CONFIDENCE, Estimate
from sim.report import text
from sim.report.document import Block, Column, Paragraph, Section, Table, Value
from sim.report.effects import Effects

READABLE: dict[tuple[str, str], tuple[str, str]] = {
    ("segment", "satisfaction"): ("satisfaction", "points"),
    ("segment", "net_promoter_score"): ("net promoter score", "points"),
    ("segment", "active"): ("number of customers", "customers"),
    ("unit", "motivation"): ("motivation of staff", "points"),
    ("unit", "strain"): ("strain of staff", "points"),
    ("unit", "service_given"): ("satisfaction of colleagues whom it serves", "points"),
    ("unit", "service_received"): ("service that its staff receive", "points"),
    ("unit", "time_in_unit"): ("time that a case spends there", "working days"),
    ("link", "quality"): ("service quality as the client perceives it", "points"),
    ("link", "right"): ("answers that were right", "percentage points"),
    ("link", "wait"): ("wait for an answer", "working days"),
}
"""Figures of segments, units and links that a reader of a report cares for: how they are called, and the unit of a change."""

GROUPS = (("segment", "Customers"), ("unit", "Units"), ("link", "Supplier → client"))
FALSE_SHARE = 0.05
MOST_OF_A_KIND = 4


def clear_differences(affected: pd.DataFrame, runs: int) -> pd.DataFrame:
    """Return the readable figures of units, links and segments with a column ``clear``, scenario by scenario.

    Each interval is turned back into the p value of Student's t test over the paired runs; among all figures of a scenario that
    were looked at, those are clear that Benjamini & Hochberg's procedure (1995, doi:10.1111/j.2517-6161.1995.tb02031.x) keeps
    at an expected share of false ones of 5 %. With one run nothing is clear.
    """
    keys = list(zip(affected["kind"], affected["figure"], strict=True))
    table = affected[[key in READABLE for key in keys]].copy()
    table["clear"] = False
    if runs < 2 or table.empty:
        return table
    half = ((table["difference_high"] - table["difference_low"]) / 2).to_numpy(dtype=float)
    error = half / stats.t.ppf(0.5 + CONFIDENCE / 2, runs - 1)
    size = np.abs(table["difference"].to_numpy(dtype=float))
    ratio = np.divide(size, error, out=np.full(size.shape, np.inf), where=error > 0)
    chance = np.where(np.isfinite(half), 2 * stats.t.sf(ratio, runs - 1), 1.0)
    for scenario in table["scenario"].unique():
        mine = (table["scenario"] == scenario).to_numpy()
        table.loc[mine, "clear"] = stats.false_discovery_control(chance[mine], method="bh") <= FALSE_SHARE
    return table


def section(effects: Effects) -> Section:
    """Return the section about who is affected."""
    found = clear_differences(effects.saved.tables["affected"], effects.runs)
    blocks: list[Block] = [
        Paragraph(
            f"Figures of customers, units and links over the last {effects.window} days. Where many figures are "
            "looked at, some differ by chance: only those are shown that stay clear after correction for looking at "
            "all of them (Benjamini & Hochberg: of those shown, about 1 in 20 may be chance). Everything else is in "
            "the workbook and in affected.csv."
        )
    ]
    if effects.runs < 2:
        blocks = [Paragraph("With a single run no difference of a unit, link or segment can be told from chance.")]
    columns = (
        Column("Who"), Column("What"), Column("Before", "", "number"), Column("Change", "", "estimate", signed=True),
        Column("Unit of the change"),
    )  # fmt: skip
    parts = []
    for name in effects.others:
        mine = found[(found["scenario"] == name)]
        clear = mine[mine["clear"]]
        words = f"{len(clear)} of {text.plural(len(mine), 'figure')} that differ at all differ clearly."
        chosen = [row for kind, _ in GROUPS for row in _largest(clear, kind)]
        if not chosen:
            parts.append(Section(f"affected-{name}", name, (Paragraph(words),)))
            continue
        table = Table(
            f"Affected by {name}",
            f"Who is affected most by {text.quoted(name)}: change against {text.quoted(effects.first.name)}, mean "
            f"(95 % interval), n = {effects.runs} paired runs.",
            columns, tuple(_affected_row(row, effects.runs) for row in chosen), "affected.csv",
        )  # fmt: skip
        parts.append(Section(f"affected-{name}", name, (Paragraph(f"{words} The largest:"), table)))
    every = tuple(
        (str(row["scenario"]), str(row["kind"]), *_affected_row(row, effects.runs), "yes" if row["clear"] else "no")
        for _, row in found.sort_values(["scenario", "kind", "name", "figure"]).iterrows()
    )
    full = Table(
        "Who is affected", "Readable figures of every unit, link and segment that differ at all.",
        (Column("Scenario"), Column("Kind"), *columns, Column("Clear after correction")), every, "affected.csv",
        only_sheet=True,
    )  # fmt: skip
    return Section("affected", "Who is affected", (*blocks, full), tuple(parts))


def _largest(clear: pd.DataFrame, kind: str) -> list[pd.Series]:
    """Return the largest clear differences of a kind: points first, each name at most twice, then one of times or counts."""
    mine = clear[clear["kind"] == kind].copy()
    if mine.empty:
        return []
    mine["size"] = mine["difference"].abs()
    mine["points"] = ["point" in READABLE[kind, figure][1] for figure in mine["figure"]]
    found: list[pd.Series] = []
    for _, row in mine.sort_values(["points", "size", "name"], ascending=[False, False, True]).iterrows():
        if row["points"] and len(found) < MOST_OF_A_KIND - 1 and sum(one["name"] == row["name"] for one in found) < 2:
            found.append(row)
    rest = mine[~mine["points"]].sort_values(["size", "name"], ascending=[False, True])
    return found + [row for _, row in rest.head(MOST_OF_A_KIND - len(found) if not found else 1).iterrows()]


def _affected_row(row: pd.Series, runs: int) -> tuple[Value, ...]:
    label, unit = READABLE[row["kind"], row["figure"]]
    apart = Estimate(float(row["difference"]), float(row["difference_low"]), float(row["difference_high"]), runs)
    before = round(float(row["first"]), max(0, text.decimals(apart)))
    return str(row["name"]), label, before, apart, unit
