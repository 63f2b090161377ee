"""Results that were saved: the manifest of a folder, with its scenarios."""

# ruff: noqa: E501 -- wide lists of words, and texts that stand as they are

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

from sim import organisation, saving, scenario
from sim.saving import Saved
from sim.scenario import Scenario
from tests.fuzz import trees
from tests.fuzz.target import Target, scratch
from tests.fuzz.targets_text import READERS, SCENARIO_WORDS, SCENARIOS, TINY, WORDS, folder, run_scenario


@functools.cache
def _folder() -> Path:
    """Return a folder of results without its manifest."""
    found = scratch() / "results"
    found.mkdir(exist_ok=True)
    (found / "comparison.csv").write_text("scenario,measure,mean\nS,wait,1.5\n", encoding="utf-8")
    (scratch() / "outside.csv").write_text("secret\n1\n", encoding="utf-8")
    return found


def _manifest(**more: Any) -> bytes:
    chain = organisation.parse(TINY.decode())
    made = [scenario.parse(text.decode(), folder=folder()).to_dict() for text in (SCENARIOS[0], SCENARIOS[1])]
    return json.dumps({
        "command": "compare", "inputs": {"scenarios": made, "runs": 2, "asked": 2, "ended": "all", "window": 2, "format": "csv"},
        "organisation": chain.to_node_link(), "versions": {"service-culture": "0.1.0"},
        "results": {"tables": {"comparison": {"rows": 1}}}, **more,
    }).encode()  # fmt: skip


@functools.cache
def _seeds() -> list[bytes]:
    return [_manifest(inputs={}), _manifest()]


def read_results(data: bytes) -> tuple[Saved, list[Scenario]]:
    """Read a folder of results whose manifest says this."""
    (_folder() / "manifest.json").write_bytes(data)
    saved = saving.read(_folder())
    return saved, saved.scenarios


def use_results(given: tuple[Saved, list[Scenario]]) -> None:
    """No table comes from outside the folder; the scenarios run."""
    saved, scenarios = given
    assert not any("secret" in table for table in saved.tables.values()), "a table from outside the folder was read"
    for one in scenarios[:3]:
        run_scenario(one)


MANIFEST_WORDS = [
    "command", "inputs", "organisation", "versions", "results", "tables", "scenarios", "runs", "asked", "ended", "window", "comparison",
    "../outside", "..", "nodes", "edges", "links", "graph", "id", "source", "target", "key", "kind", *SCENARIO_WORDS[:20], *WORDS[:30],
]  # fmt: skip


@functools.cache
def _mutate() -> Any:
    return trees.mutator("json", _seeds(), MANIFEST_WORDS)


TARGETS: tuple[Target, ...] = (
    Target("saved-results", _seeds, read_results, use_results, ("sim.saving", "sim.scenario", *READERS),
           mutate=lambda data, rng: _mutate()(data, rng), dictionary=tuple(one.encode() for one in MANIFEST_WORDS if len(one) > 1)),
)  # fmt: skip
