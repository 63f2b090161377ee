"""The page of a validation: its tables, its pictures, its text."""

from __future__ import annotations

from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd

from experiments.validation import shown
from experiments.validation.picture import overview
from experiments.validation.run import Validation
from sim.plots.style import STYLE

SIZE = (7.6, 4.4)
NUMBERS = {"low", "high", "simulated", "simulated_low", "simulated_high", "digits", "seeds", "units", "null"}


def findings_table(found: Validation) -> pd.DataFrame:
    """Return a row per finding: what was found, where, and what was done here."""
    return pd.DataFrame([
        {
            "id": row.finding.id, "claim": row.finding.claim, "read": row.finding.read, "source": row.finding.source,
            "experiment": row.finding.experiment, "note": row.result.note, "drawn": row.result.draw is not None,
        }
        for row in found.rows
    ])  # fmt: skip


def draw(found: Validation, folder: Path) -> dict[str, str]:
    """Draw the overview and each finding's picture into a folder; return the names of the files by the finding's id."""
    names = {}
    picture = overview(found.table())
    picture.savefig(folder / "overview.png")
    plt.close(picture)
    for row in found.rows:
        if row.result.draw is None:
            continue
        with plt.rc_context(STYLE):
            figure = plt.figure(figsize=SIZE, layout="constrained")
            row.result.draw(figure)
            names[row.finding.id] = f"{row.finding.id}.png"
            figure.savefig(folder / names[row.finding.id])
            plt.close(figure)
    return names


def text(checks: pd.DataFrame, findings: pd.DataFrame, pictures: dict[str, str]) -> str:
    """Return the page as Markdown, for the folder of results."""
    return "\n\n".join((
        "# The model held against published findings", shown.summary(checks), shown.short(checks, findings),
        "![Each simulated effect as a multiple of the published one](overview.png)", "## Finding by finding",
        shown.whole(checks, findings, pictures),
    )) + "\n"  # fmt: skip


def read(path: Path) -> pd.DataFrame:
    """Return a table that a validation wrote, with its texts as texts and its numbers as numbers."""
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    for name in NUMBERS & {*table}:
        table[name] = pd.to_numeric(table[name].replace("", "nan"))
    return table
