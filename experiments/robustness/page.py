"""The table of conclusions in words."""

from __future__ import annotations

import pandas as pd

HEADERS = (
    "story",
    "conclusion",
    "as it stands",
    "holds in",
    "points the same way in",
    "contradicted in",
    "goes most with",
)


def cells(row: pd.Series) -> tuple[str, ...]:
    """Return one row of the table: a conclusion, its figure with the constants as they stand, its shares of worlds."""
    digits = int(row["digits"])
    low, high = f"{row['default_low']:.{digits}f}", f"{row['default_high']:.{digits}f}"
    figure = f"{row['default']:.{digits}f} [{low}, {high}]".replace("-", "−") + f" {row['unit']}"
    return (row["story"], row["text"], figure, *(_share(row, name) for name in ("holds", "leans", "contradicted")),
            row["decides"] or "")  # fmt: skip


def _share(row: pd.Series, name: str) -> str:
    return f"{100 * row[name]:.0f} % [{100 * row[f'{name}_low']:.0f}, {100 * row[f'{name}_high']:.0f}]"


def markdown(table: pd.DataFrame) -> str:
    """Return a Markdown table for each story, under its name."""
    parts = []
    for story, rows in table.groupby("story", sort=False):
        last = len(HEADERS) if rows["decides"].astype(bool).any() else -1  # a column that says nothing is left out
        names = HEADERS[1:last]
        lines = [f"**{story}**, {rows['worlds'].iloc[0]} worlds", "", "| " + " | ".join(names) + " |"]
        lines.append("|" + "|".join(["---", "---", "---:", "---:", "---:", "---"][: len(names)]) + "|")
        lines += [
            "| " + " | ".join(cell.replace("|", "\\|") for cell in cells(row)[1:last]) + " |"
            for _, row in rows.iterrows()
        ]
        parts.append("\n".join(lines))
    return "\n\n".join(parts)
