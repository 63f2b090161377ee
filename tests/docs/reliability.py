"""What was measured of reliability: each command writes its figures down here, and docs/reliability.md shows them.

A command such as ``python -m tests.fuzz --record`` calls `record` at its end; ``python -m tests.docs.update`` renews the page.
"""

from __future__ import annotations

import datetime
import json
import os
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path

from sim.results import write_text

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "reliability"


def record(part: str, command: str, rows: Sequence[Mapping[str, str | int | float]], folder: Path = FOLDER) -> Path:
    """Write the figures of a part down, with the command that measures them, the day, and the kind of machine.

    Parameters
    ----------
    part
        The name of the page's section, such as ``"fuzz"``; also the name of the file.
    command
        What to type to measure it again.
    rows
        A table with the same columns in every row, in the order to be shown. Numbers are shown as they are: round them.
    """
    if not rows or any(list(row) != list(rows[0]) for row in rows):
        raise ValueError("a table has at least one row, and the same columns in all of them")
    made = {
        "command": command,
        "day": datetime.date.today().isoformat(),
        "machine": f"Python {platform.python_version()}, {platform.system()}, {os.cpu_count()} cores",
        "rows": [dict(row) for row in rows],
    }
    path = folder / f"{part}.json"
    folder.mkdir(parents=True, exist_ok=True)
    write_text(path, json.dumps(made, indent=1, ensure_ascii=False) + "\n", overwrite=True)
    return path


def rows(part: str, folder: Path = FOLDER) -> list[dict[str, str | int | float]]:
    """Return the table that was written down of a part; empty where there is none."""
    path = folder / f"{part}.json"
    found: list[dict[str, str | int | float]] = (
        json.loads(path.read_text(encoding="utf-8"))["rows"] if path.exists() else []
    )
    return found


def shown(part: str, folder: Path = FOLDER) -> str:
    """Return what was written down of a part as Markdown: the command, when and on what, and the table."""
    made = json.loads((folder / f"{part}.json").read_text(encoding="utf-8"))
    columns = list(made["rows"][0])
    lines = [columns, ["---:" if _all_numbers(made["rows"], one) else "---" for one in columns]]
    lines += [[_cell(row[one]) for one in columns] for row in made["rows"]]
    table = "\n".join("| " + " | ".join(line) + " |" for line in lines)
    return f"`{made['command']}` ({made['day']}; {made['machine']}):\n\n{table}"


def _all_numbers(rows: Sequence[Mapping[str, object]], column: str) -> bool:
    return all(isinstance(row[column], int | float) for row in rows)


def _cell(value: str | int | float) -> str:
    return f"{value:,}" if isinstance(value, int | float) else value.replace("|", "\\|")
