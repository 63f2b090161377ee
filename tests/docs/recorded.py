"""Long results that the documentation shows: kept as tables in docs/, so that its pages can be made again without running them.

service-culture validate --out results/validate && python -m tests.docs.recorded results/validate
service-culture robustness && python -m tests.docs.recorded results/robustness
python -m tests.docs.update
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pandas as pd

from experiments.robustness import page as robustness_page
from experiments.validation import page, shown

ROOT = Path(__file__).resolve().parents[2]
VALIDATION = ROOT / "docs" / "validation"
ROBUSTNESS = ROOT / "docs" / "robustness"


def _validation() -> tuple[pd.DataFrame, pd.DataFrame]:
    return page.read(VALIDATION / "checks.csv"), page.read(VALIDATION / "findings.csv")


def validation_summary() -> str:
    """Return the validation in a sentence."""
    return shown.summary(_validation()[0])


def validation_short() -> str:
    """Return a line for each finding."""
    return shown.short(*_validation())


def validation_whole() -> str:
    """Return every finding in full."""
    pictures = {path.stem: f"validation/{path.name}" for path in VALIDATION.glob("*.png") if path.stem != "overview"}
    return shown.whole(*_validation(), pictures)


def validation_cost() -> str:
    """Return how long the recorded validation took."""
    seconds = json.loads((VALIDATION / "cost.json").read_text(encoding="utf-8"))
    slowest = max(seconds, key=lambda one: float(seconds[one]))
    return (
        f"The figures below took {sum(seconds.values()) / 60:.1f} minutes of wall time on two cores; {slowest} took longest, "
        f"{seconds[slowest]:.0f} seconds."
    )


def robustness() -> str:
    """Return a table for each story."""
    table = pd.read_csv(ROBUSTNESS / "robustness.csv", keep_default_na=False)
    return robustness_page.markdown(table)


def record(results: Path) -> None:
    """Copy what a page needs out of a folder of results."""
    if (results / "checks.csv").exists():
        seconds = json.loads((results / "manifest.json").read_text(encoding="utf-8"))["inputs"]["seconds"]
        shutil.rmtree(VALIDATION, ignore_errors=True)
        VALIDATION.mkdir(parents=True)
        for path in [results / "checks.csv", results / "findings.csv", *results.glob("*.png")]:
            shutil.copyfile(path, VALIDATION / path.name)
        rounded = {name: round(value, 1) for name, value in seconds.items()}
        (VALIDATION / "cost.json").write_text(json.dumps(rounded, indent=1) + "\n", encoding="utf-8")
    else:
        ROBUSTNESS.mkdir(parents=True, exist_ok=True)
        for name in ("robustness.csv", "robustness.png"):
            shutil.copyfile(results / "conclusions" / name, ROBUSTNESS / name)


if __name__ == "__main__":
    record(Path(sys.argv[1]))
