"""What was tried so far, of every target: counts add up over runs, apart for each state of its readers."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tests.fuzz.target import Target

COUNTS = ("inputs", "guided", "accepted", "refused", "ran", "seconds")


def readers(target: Target) -> str:
    """Return a hash of the modules that a target reads with."""
    found = hashlib.sha256()
    for name in target.modules:
        spec = find_spec(name)
        if spec is None or spec.origin is None:
            raise ModuleNotFoundError(name=name)
        found.update(Path(spec.origin).read_bytes())
    return found.hexdigest()[:16]


def read(folder: Path) -> dict[str, dict[str, Any]]:
    """Return what was counted, by state of the readers."""
    path = folder / "ledger.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def add(folder: Path, state: str, counts: Mapping[str, float]) -> None:
    """Add counts to those of a state of the readers."""
    ledger = read(folder)
    row = ledger.setdefault(state, dict.fromkeys(COUNTS, 0))
    for name in COUNTS:
        row[name] = round(row[name] + counts[name], 1)
    folder.mkdir(parents=True, exist_ok=True)
    draft = folder / "ledger.draft"
    draft.write_text(json.dumps(ledger, indent=1), encoding="utf-8")
    draft.replace(folder / "ledger.json")


def total(folder: Path) -> dict[str, float]:
    """Return the counts over all states of the readers."""
    rows = read(folder).values()
    return {name: round(sum(row[name] for row in rows), 1) for name in COUNTS}


def present(folder: Path, target: Target) -> dict[str, float]:
    """Return the counts for the readers as they are now."""
    return read(folder).get(readers(target), dict.fromkeys(COUNTS, 0))
