"""Stories: scenarios that somebody has thought out, to be told on any organisation.

A story is a short script in ``scenarios/`` (or anywhere) with a docstring, a function that makes the scenarios for a firm, and
a function that says what a comparison of them shows. Its points are claims, each with a figure and its interval: they may turn
out not to hold for a firm, and then that is what is said.
"""

from __future__ import annotations

import importlib
import importlib.util
import math
import pkgutil
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from sim.chain import ServiceChain
from sim.compare import WINDOW, Comparison
from sim.errors import InputError, did_you_mean
from sim.estimates import Estimate
from sim.scenario import Scenario

PACKAGE = "scenarios"
"""Package of the stories that come with the program."""

SECTIONS = ("Story", "Question", "Levers", "Look for")
"""Paragraphs that a story's docstring has after its title, each opened by its name and a colon."""


@dataclass(frozen=True, slots=True)
class Point:
    """One thing that a story shows, or does not show for this firm.

    Attributes
    ----------
    text : what is claimed, as a sentence without a full stop
    figure : what was measured, with its interval
    unit : of the figure
    above, below : the claim is that the figure lies between these two; infinite where it has no such end
    digits : decimals with which the figure is shown
    """

    text: str
    figure: Estimate
    unit: str
    above: float = -math.inf
    below: float = math.inf
    digits: int = 2

    @property
    def holds(self) -> bool:
        """Whether the whole interval lies where the claim says."""
        return self._claims(self.figure.low, self.figure.high)

    @property
    def leans(self) -> bool:
        """Whether at least the mean lies there."""
        return self._claims(self.figure.mean, self.figure.mean)

    @property
    def contradicted(self) -> bool:
        """Whether the whole interval lies elsewhere."""
        return bool(self.figure.high < self.above or self.figure.low > self.below)

    def _claims(self, low: float, high: float) -> bool:
        """Whether all from ``low`` to ``high`` is claimed; what is not known (nan) is not, unless that end does not matter."""
        return bool(
            (math.isinf(self.above) or low > self.above)
            and (math.isinf(self.below) or high < self.below)
            and not math.isnan(low + high)
        )


@dataclass(frozen=True, slots=True)
class Story:
    """A story that can be told on any organisation that has what it takes.

    Attributes
    ----------
    doc : the script's docstring: a title in the first line, then the paragraphs `SECTIONS`
    scenarios : makes the scenarios for a firm; the first is the one that the others are compared with
    points : what a comparison of these scenarios shows
    lacks : what a firm would need for this story and does not have, in a few words; empty where it can be told
    """

    doc: str
    scenarios: Callable[[ServiceChain], Sequence[Scenario]]
    points: Callable[[Comparison], Sequence[Point]]
    lacks: Callable[[ServiceChain], str] = lambda firm: ""

    @property
    def title(self) -> str:
        """The first line of the docstring, without a full stop."""
        return self.doc.strip().split("\n")[0].rstrip(".")

    def section(self, name: str) -> str:
        """Return a paragraph of the docstring in one line; empty where there is none."""
        found = re.search(rf"^{name}: (.*?)(?=\n\s*\n|\Z)", self.doc, flags=re.MULTILINE | re.DOTALL)
        return " ".join(found.group(1).split()) if found else ""

    def told_on(self, firm: ServiceChain) -> list[Scenario]:
        """Return the scenarios for a firm, with question and text, or raise `InputError` where the story cannot be told."""
        if missing := self.lacks(firm):
            raise InputError(
                f"this story cannot be told here: {firm.setting('name')} has no {missing}",
                place="organisation",
                value=firm.setting("name"),
                allowed=f"an organisation with {missing}",
                hint="`service-culture scenario` lists the stories; `service-culture organisations` what comes along",
            )
        found = list(self.scenarios(firm))
        return [
            replace(one, question=one.question or self.section("Question"), story=one.story or self.section("Story"))
            for one in found
        ]


def more(text: str, figure: Estimate, unit: str, than: float = 0.0, digits: int = 2) -> Point:
    """Return a point that holds when the whole interval lies above ``than``."""
    return Point(text, figure, unit, above=than, digits=digits)


def less(text: str, figure: Estimate, unit: str, than: float = 0.0, digits: int = 2) -> Point:
    """Return a point that holds when the whole interval lies below ``than``."""
    return Point(text, figure, unit, below=than, digits=digits)


def between(text: str, figure: Estimate, unit: str, low: float, high: float, digits: int = 2) -> Point:
    """Return a point that holds when the whole interval lies between two values."""
    return Point(text, figure, unit, low, high, digits)


# --- finding stories -----------------------------------------------------------------------------------------------------


def names() -> list[str]:
    """Return the names of the stories that come with the program, as the command line writes them."""
    package = importlib.import_module(PACKAGE)
    found = (module.name for module in pkgutil.iter_modules(package.__path__) if not module.ispkg)
    return sorted(name.replace("_", "-") for name in found)


def find(name: str) -> Story:
    """Return the story of this name, or of a script whose path is given."""
    if name.endswith(".py"):
        return _of_script(Path(name))
    if name.replace("_", "-") not in names():
        raise InputError(
            "there is no such story", place="story", value=name, allowed=", ".join(names()) + ", or the path of a script",
            hint=did_you_mean(name.replace("_", "-"), names()),
        )  # fmt: skip
    found: Story = importlib.import_module(f"{PACKAGE}.{name.replace('-', '_')}").STORY
    return found


def _of_script(path: Path) -> Story:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None or not path.exists():
        raise InputError("this script cannot be read", source=str(path), allowed="a Python file with a STORY in it")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found = getattr(module, "STORY", None)
    if not isinstance(found, Story):
        raise InputError("there is no story in this script", source=str(path), allowed="STORY = Story(…)",
                         hint="docs/scenarios.md shows how one is written")  # fmt: skip
    return found


# --- whom a story is about -------------------------------------------------------------------------------------------------


def called(firm: ServiceChain, *words: str) -> list[str]:
    """Return the units whose names hold one of these words, whatever their case, in alphabetical order; whole words only."""
    pattern = re.compile("|".join(rf"\b{re.escape(word)}\b" for word in words), re.IGNORECASE)
    return [unit for unit in firm.units if pattern.search(unit)]


def faces(firm: ServiceChain) -> list[str]:
    """Return the units that serve customers, those with most requests of customers first."""
    rates = firm.link_rates()
    load = {unit: sum(rates[unit, client] for client in firm.successors(unit) if client in firm.segments)
            for unit in firm.units}  # fmt: skip
    return sorted((unit for unit in firm.units if load[unit] > 0), key=lambda unit: (-load[unit], unit))


def behind(firm: ServiceChain) -> list[str]:
    """Return the units that serve no customers, those with most cases first."""
    rates = firm.case_rates()
    return sorted(set(firm.units) - set(faces(firm)), key=lambda unit: (-rates[unit], unit))


def field_partners(firm: ServiceChain) -> list[str]:
    """Return the contractors who serve customers, those with most requests of customers first."""
    return [unit for unit in faces(firm) if firm.nodes[unit]["kind"] == "contractor"]


def inside(firm: ServiceChain) -> list[tuple[str, str]]:
    """Return the links between units, those with most requests first."""
    rates = firm.link_rates()
    found = [edge for edge in firm.links if edge[1] not in firm.segments]
    return sorted(found, key=lambda edge: (-rates[edge], edge))


# --- what a comparison says of them ------------------------------------------------------------------------------------------


def over_story(comparison: Comparison, measure: str, scenario: str, than: str | int = 0) -> np.ndarray:
    """Return how much higher a measure is in a scenario, on average over all days of the story with a value; by seed."""
    return _mean(comparison.difference_curve(measure, scenario, than).T)


def together(
    comparison: Comparison, kind: str, names: Sequence[str], figure: str, scenario: str | int, over: int = WINDOW
) -> np.ndarray:
    """Return the mean of a figure over several units, links or segments, by seed; nan where none of them has a value.

    Units count by their staff, links by the requests to be expected over them, segments by their customers.
    """
    firm = comparison.scenarios[0].firm
    if kind == "link":
        rates = {f"{supplier} → {client}": rate for (supplier, client), rate in firm.link_rates().items()}
        weights = [rates[name] for name in names]
    else:
        weights = [float(firm.nodes[name]["staff" if kind == "unit" else "customers"]) for name in names]
    return _mean(np.array([comparison.part(kind, name, figure, scenario, over) for name in names]), weights)


def per(some: np.ndarray, all_of_them: np.ndarray) -> np.ndarray:
    """Return a ratio of counts by seed; nan where there was nothing to count."""
    whole = np.asarray(all_of_them, dtype=float)
    ratio: np.ndarray = np.divide(some, whole, out=np.full(whole.shape, np.nan), where=whole > 0)
    return ratio


def _mean(values: np.ndarray, weights: Sequence[float] | None = None) -> np.ndarray:
    """Return the weighted mean over the first axis, leaving out what is not known."""
    known = np.isfinite(values)
    each = np.ones(len(values)) if weights is None else np.asarray(weights)
    return per((np.where(known, values, 0.0).T * each).sum(axis=1), (known.T * each).sum(axis=1))
