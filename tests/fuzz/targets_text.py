"""TOML that people write: organisations, scenarios, sweeps, findings of their own."""

# ruff: noqa: E501 -- wide lists of words, and texts that stand as they are

from __future__ import annotations

import contextlib
import functools
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from experiments.sweeps import file as sweeps
from experiments.sweeps.file import Sweep
from experiments.validation import own
from experiments.validation.finding import Effort, Finding
from sim import levers, measures, mechanisms, organisation, scenario
from sim.chain import ServiceChain
from sim.errors import InputError
from sim.model import ServiceModel
from sim.scenario import Scenario
from tests.fuzz import trees
from tests.fuzz.target import Target, scratch

READERS = ("sim.organisation", "sim.chain", "sim.structure", "sim.mistakes", "sim.errors", "sim.levers")

MOST_PEOPLE = 2000
MOST_REQUESTS = 5000
"""A firm with more people, or more requests a day, is accepted but not run here: it takes long by its nature."""

TINY = b"""format = 1
name = "F"
[[departments]]
name = "A"
staff = 1
[[segments]]
name = "C"
customers = 9
needs_per_year = 9
[[links]]
supplier = "A"
client = "C"
requests_per_case = 1
"""
SMALL = b"""format = 1
name = "Firm"
description = "two lines\\nof text"
currency = "EUR"
hours_per_day = 7.5
slots_per_day = 4
[levers]
training = 0.02
[[departments]]
name = "A"
staff = 2
managers = 1
hours_per_request = 0.5
working_time = "exponential"
[[contractors]]
name = "B"
staff = 1
[[segments]]
name = "C"
customers = 20
needs_per_year = 12
[[links]]
supplier = "A"
client = "C"
requests_per_case = 1
[[links]]
supplier = "B"
client = "A"
requests_per_case = 0.4
promise_days = 2
dependence = 0.5
"""
WORDS = [
    "format", "name", "description", "currency", "hours_per_day", "slots_per_day", "sources", "levers", "departments",
    "contractors", "segments", "links", "staff", "managers", "working_time", "customers", "supplier", "client", "fixed",
    "exponential", "lognormal", "A", "B", "C", "A:C", "B:A", "kind", *(one.name for one in levers.LEVERS),
]  # fmt: skip


def _dictionary(words: list[str]) -> tuple[bytes, ...]:
    return tuple(one.encode() for one in dict.fromkeys(words) if 1 < len(one) < 60)


@functools.cache
def folder() -> Path:
    """Return a folder with files that scenarios, sweeps and findings may name."""
    found = scratch() / "files"
    found.mkdir(exist_ok=True)
    (found / "firm.toml").write_bytes(TINY)
    (found / "points.csv").write_text("training\n0.01\n0.03\n", encoding="utf-8")
    return found


# --- organisations ---------------------------------------------------------------------------------------------------


def text_of(data: bytes) -> str:
    """Return what a file holds, as every reader of a text file reads it."""
    return organisation.as_read(data, "input.toml")


def small_enough(chain: ServiceChain) -> bool:
    """Tell whether a firm runs in a moment."""
    people = sum(
        chain.nodes[name].get("staff", 0) + chain.nodes[name].get("managers", 1) + chain.nodes[name].get("customers", 0)
        for name in chain
    )
    return (
        people <= MOST_PEOPLE
        and sum(chain.case_rates().values()) <= MOST_REQUESTS
        and chain.setting("slots_per_day") <= 100
    )


def run_firm(chain: ServiceChain) -> None:
    """Write the firm and read it again: it is the same; then let it live two days, if it is small."""
    again = organisation.parse(organisation.dump(chain))  # which says what went without saying in other formats
    written = organisation.dump(again)
    assert organisation.dump(organisation.parse(written)) == written, "a firm is another one after writing and reading"
    if small_enough(chain):
        ServiceModel(chain, seed=1).run(2)


def read_organisation(data: bytes) -> ServiceChain:
    """Read an organisation file."""
    return organisation.parse(text_of(data), source="firm.toml")


# --- scenarios -------------------------------------------------------------------------------------------------------

SCENARIO = b"""format = 1
name = "S"
question = "Q?"
story = "what happens"
without = ["A5"]
warm_up = 0
days = 4
runs = 2
seed = 3
organisation = "firm.toml"
[[levers]]
lever = "training"
to = 0.1
where = "A"
[[interventions]]
lever = "openness"
to = 0.5
start = 1
ramp = 2
end = 3
"""
SCENARIOS = [
    b'format = 1\nname = "S"\norganisation = "firm.toml"\n', SCENARIO,
    b'format = 1\nname = "S"\ndays = 4\n[organisation]\n' + TINY.replace(b"[[", b"[[organisation."),
    SCENARIO.replace(b'"openness"\nto = 0.5', b'"promise_days"\nto = 2\nwhere = "A:C"'),
]  # fmt: skip
SCENARIO_WORDS = [
    "format", "name", "question", "story", "without", "warm_up", "days", "runs", "seed", "organisation", "levers", "interventions",
    "lever", "to", "where", "start", "ramp", "end", "firm.toml", "points.csv", ".", "A", "C", "A:C",
    *(one.name for one in levers.LEVERS), *mechanisms.BY_ID,
]  # fmt: skip


def read_scenario(data: bytes) -> Scenario:
    """Read a scenario file."""
    return scenario.parse(text_of(data), source="scenario.toml", folder=folder())


def run_scenario(one: Scenario) -> None:
    """Write the scenario and read it again: it is the same; run its first days, with its interventions, if the firm is small."""
    again = scenario.parse(one.to_toml())  # which says what went without saying in other formats
    assert scenario.parse(again.to_toml()) == again, "a scenario is another one after writing and reading"
    hash(one)
    if small_enough(one.firm):
        days = min(3, one.warm_up + one.days)
        with ServiceModel(one.firm, seed=one.seed, interventions=one.scheduled()) as model:
            model.run(days)
        moved = [  # the same, with the days of the interventions within reach
            type(each)(each.lever, each.to, each.where, each.start % 2, each.ramp % 3) for each in one.interventions
        ]
        with ServiceModel(one.firm, seed=one.seed, interventions=moved) as model:
            model.run(days)


# --- sweeps ----------------------------------------------------------------------------------------------------------

SWEEP = b"""format = 1
warm_up = 0
days = 4
window = 2
seed = 5
replicates = 2
seeds = "independent"
without = ["A5"]
outputs = ["external_satisfaction"]
constraints = ["`training@A` + openness <= 1"]
luck = true
organisation = "firm.toml"
[design]
method = "sobol"
samples = 4
[[levers]]
lever = "training"
where = "A"
from = 0
to = 0.1
[[uncertainties]]
lever = "openness"
values = [0.2, 0.5]
[series]
measures = ["external_satisfaction"]
every = 2
"""
SWEEPS = [
    b'format = 1\norganisation = "firm.toml"\n[design]\nmethod = "lhs"\nsamples = 2\n[[levers]]\nlever = "training"\nfrom = 0\nto = 0.1\n',
    b'format = 1\norganisation = "firm.toml"\n[design]\nmethod = "table"\npoints = "points.csv"\n[[levers]]\nlever = "training"\n',
    b'format = 1\norganisation = "firm.toml"\nluck = true\n[design]\nmethod = "grid"\nlevels = 3\n[[uncertainties]]\n'
    b'lever = "word_of_mouth"\nscale = "log"\nfrom = 0.5\nto = 2\n',
    b'format = 1\norganisation = "firm.toml"\n[design]\nmethod = "morris"\nsamples = 4\nlevels = 4\noptimal_trajectories = 2\n'
    b'[[levers]]\nlever = "training"\n[[levers]]\nlever = "openness"\n',
    SWEEP,
]  # fmt: skip
SWEEP_WORDS = [
    "format", "warm_up", "days", "window", "seed", "replicates", "seeds", "independent", "common", "without", "outputs",
    "constraints", "luck", "organisation", "design", "method", "samples", "levels", "second_order", "optimal_trajectories", "points",
    "levers", "uncertainties", "lever", "where", "from", "to", "values", "scale", "linear", "log", "unit", "meaning", "series",
    "measures", "every", "grid", "lhs", "sobol", "morris", "saltelli", "table", "firm.toml", "points.csv", "A", "C", "A:C",
    "training + openness <= 1", "training < openness", "not training > 0.5 and luck > 3", "training ** 2 <= 1", "abs(training) < 1",
    "training@A", "`training@A` < 1", "(", ")", "1/0 < training", "training == openness",
    "external_satisfaction", "training", "openness", "word_of_mouth", "requests_per_case", "needs_per_year", *list(measures.BY_NAME)[:6],
]  # fmt: skip
MOST_POINTS = 300


def read_sweep(data: bytes) -> Sweep:
    """Read a sweep file."""
    return sweeps.parse(text_of(data), source="sweep.toml", folder=folder())


def run_sweep(one: Sweep) -> None:
    """Write the sweep and read it again: it is the same; draw its points, if they are few, and run the first on a small firm."""
    assert sweeps.parse(one.to_toml()) == one, "a sweep is another one after writing and reading"
    few = one.design.count(one.space) <= MOST_POINTS and len(one.space.factors) <= 20
    if few and not one.design.optimal_trajectories:
        with contextlib.suppress(InputError):  # constraints that allow no point: seen only when points are drawn
            points = one.design.sample(one.space)
            one.space.check(points)
    if small_enough(one.firm):
        ServiceModel(one.firm, seed=one.seed).run(1)


# --- findings of one's own -------------------------------------------------------------------------------------------

FINDINGS = [
    b'format = 1\n[[findings]]\nid = "x"\nclaim = "c"\nkind = "level"\norganisation = "firm.toml"\n'
    b'measure = "external_satisfaction"\nrange = [1, 2]\nseeds = 2\ndays = 1\n',
    b'format = 1\n[[findings]]\nid = "y"\nclaim = "c"\nkind = "effect"\norganisation = "firm.toml"\nmeasure = "profit"\n'
    b'per = "external_satisfaction"\nas = "slope"\nchange = ["training=0.1@A,ramp=3"]\ninstead_of = ["openness=0.2"]\npublished = 0.5\n'
    b'source = "somebody"\nunit = "%"\ntext = "half"\n',
    b'format = 1\n[[findings]]\nid = "z"\nclaim = "c"\nkind = "correlation"\norganisation = ["firm.toml"]\n'
    b'of = ["internal_satisfaction", "external_satisfaction"]\nreliability = [0.8, 0.9]\nsign = "+"\n',
]  # fmt: skip
FINDING_WORDS = [
    "format", "findings", "id", "claim", "kind", "source", "organisation", "published", "range", "sign", "text", "of", "reliability",
    "change", "instead_of", "measure", "per", "as", "days", "seeds", "unit", "correlation", "effect", "level", "difference", "relative",
    "slope", "+", "-", "training=0.1", "training=0.1@A,start=2,ramp=3,end=9", "openness=0.5@A:C", "training=1e999", "firm.toml",
    "points.csv", "internal_satisfaction", "external_satisfaction", "profit", "motivation", *measures.BY_NAME,
]  # fmt: skip


Given = tuple[list[Finding], list[dict[str, Any]]]


def read_findings(data: bytes) -> Given:
    """Read a file of findings; with what it says, by which `run_findings` chooses."""
    text = text_of(data)
    with _no_warm_up():
        found = own.parse(text, source="findings.toml", folder=folder())
    return found, tomllib.loads(text)["findings"]


def run_findings(given: Given) -> None:
    """Check the first finding against two runs of a few days without warming up, where it names the small firm."""
    for one, said in zip(*given, strict=True):
        asked = said.get("organisation"), said.get("kind"), said.get("days", 250)
        if asked[0] == "firm.toml" and asked[1] in ("level", "effect") and asked[2] <= 20:
            with _no_warm_up():
                result = one.run(Effort(share=0.1, threads=1))
            assert all(check.verdict for check in result.checks)
            return


@contextlib.contextmanager
def _no_warm_up() -> Iterator[None]:
    before, own.WARM_UP = own.WARM_UP, 1
    try:
        yield
    finally:
        own.WARM_UP = before


def _toml(
    name: str, read: Callable, use: Callable, seeds: list[bytes], words: list[str], modules: tuple[str, ...]
) -> Target:
    return Target(
        name, lambda: seeds, read, use, modules, mutate=trees.mutator("toml", seeds, words), dictionary=_dictionary(words),
    )  # fmt: skip


TARGETS: tuple[Target, ...] = (
    _toml("organisation-toml", read_organisation, run_firm, [TINY, SMALL], WORDS, READERS),
    _toml("scenario-toml", read_scenario, run_scenario, SCENARIOS, SCENARIO_WORDS,
          ("sim.scenario", "sim.interventions", *READERS)),
    _toml("sweep-toml", read_sweep, run_sweep, SWEEPS, SWEEP_WORDS,
          ("experiments.sweeps.file", "experiments.sweeps.space", "experiments.sweeps.design", "experiments.sweeps.constraints",
           *READERS)),
    _toml("findings-toml", read_findings, run_findings, FINDINGS, FINDING_WORDS,
          ("experiments.validation.own", "sim.interventions", *READERS)),
)  # fmt: skip
