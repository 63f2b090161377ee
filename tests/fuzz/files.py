"""What the targets of files share: a small firm, words, a firm's life of two days, and how a target is put together."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sim import levers, organisation, structure
from sim.chain import ServiceChain
from sim.model import ServiceModel
from tests.fuzz import tables, trees
from tests.fuzz.target import Target, scratch
from tests.fuzz.targets_text import small_enough

GRAPH = ("sim.chain", "sim.structure")


def words(text: str) -> list[str]:
    """Return the words between bars."""
    return [" ".join(one.split()) for one in text.split("|")]


STRUCTURE = words("""
    name | staff | managers | working_time | customers | supplier | client | setting | value | kind | # | note | Firm
    | Departments | Contractors | Segments | Links | Shop | Store | Buyers | lognormal | fixed | 12 % | 0,5 | 1.234,5
    | 1,234 | #REF! | #DIV/0! | hours_per_day | slots_per_day | currency
""")
ORGANISATION_WORDS = [*STRUCTURE, *(one.name for one in levers.LEVERS)]


@functools.cache
def small() -> ServiceChain:
    """Return a firm whose surveys are read."""
    chain = ServiceChain()
    chain.graph["name"] = "Firm"
    chain.add_department("Shop", staff=3)
    chain.add_department("Store", staff=2)
    chain.add_contractor("IT & Office", staff=2)
    chain.add_segment("Buyers", customers=30, needs_per_year=12)
    chain.add_segment("Firms", customers=3, needs_per_year=12)
    chain.add_link("Shop", "Buyers")
    chain.add_link("Shop", "Firms")
    chain.add_link("Store", "Shop", requests_per_case=0.5)
    chain.add_link("IT & Office", "Shop", requests_per_case=0.2)
    chain.add_link("IT & Office", "Store", requests_per_case=0.2, promise_days=2.0)
    return chain.check()


def same(one: ServiceChain, other: ServiceChain) -> bool:
    """Tell whether two firms are the same, whatever the order in which they are written down."""
    settings = all(one.setting(name) == other.setting(name) for name in structure.GRAPH_DEFAULTS)
    firm = [{name: value for name, value in each.graph.items() if name in levers.BY_NAME} for each in (one, other)]
    usual = {"managers": 1, "working_time": "lognormal"}  # of units where nothing is said
    nodes = [
        {name: usual | data if data["kind"] != "segment" else data for name, data in each.nodes.items()}
        for each in (one, other)
    ]
    return settings and firm[0] == firm[1] and nodes[0] == nodes[1] and dict(one.edges) == dict(other.edges)


def run_firm(chain: ServiceChain) -> None:
    """Write the firm and read it again: it is the same; then let it live two days, if it is small."""
    assert same(organisation.parse(organisation.dump(chain)), chain), "a firm is another one after writing and reading"
    if small_enough(chain):
        ServiceModel(chain, seed=1).run(2)


def written(data: bytes, name: str) -> Path:
    """Return the path of a file with this content."""
    path = scratch() / name
    path.write_bytes(data)
    return path


def target(
    name: str, read: Callable, use: Callable, seeds: Callable[[], list[bytes]], modules: tuple[str, ...], kind: str,
    words: list[str], **more: Any,
) -> Target:  # fmt: skip
    def mutate(data: bytes, rng: Any) -> bytes:
        return _mutator(name, kind, tuple(words), seeds)(data, rng)

    dictionary = tuple(one.encode() for one in words if 1 < len(one) < 40)
    return Target(name, seeds, read, use, modules, mutate=mutate, dictionary=dictionary, **more)


@functools.cache
def _mutator(name: str, kind: str, words: tuple[str, ...], seeds: Callable[[], list[bytes]]) -> Any:
    if kind == "json":
        return trees.mutator("json", seeds(), words)
    if kind == "archive":
        return tables.archive_mutator(words)
    return {"csv": tables.csv_mutator, "folder": tables.folder_mutator, "xml": tables.xml_mutator}[kind](seeds(), words)
