"""Which conclusions of the stories survive when everything that nobody has measured is different.

Most of the model's constants are modelling choices without a source. Here all of them that bear on a story vary at once,
each from half to one and a half of its value, in *worlds* drawn by a scrambled Sobol' sequence. In each world the story is
told anew, with luck of its own, and each of its points is judged there as it is judged anywhere: by paired runs and their
interval. The share of worlds in which a point holds says how much of the parameter space the conclusion covers.

Where `sim.assumptions` asks which constants move *one* comparison's headline by how much, this asks whether the sentence that a
story ends with would still be said.
"""

from __future__ import annotations

import hashlib
import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from experiments.sweeps import drive, read
from experiments.sweeps.design import Design
from experiments.sweeps.drive import Standing
from experiments.sweeps.plan import Plan
from experiments.sweeps.simulate import Outcome, model_version
from experiments.sweeps.space import Factor, Space
from sim import assumptions, organisation, story
from sim.chain import ServiceChain
from sim.compare import compare
from sim.errors import InputError
from sim.estimates import Estimate

SHARE = 0.5
"""How far each constant is moved, up and down, as a share of its value: a lever's usual range (`sim.levers.Lever.usual`)."""
WORLDS = 32
RUNS = 4
"""Paired runs in each world: fewer than the stories take, so that holding is judged strictly; see `Conclusion.leans`."""
SIGNIFICANT = 0.05


@dataclass(frozen=True, slots=True)
class Share:
    """A share of worlds with Wilson's 95 % interval."""

    count: int
    of: int

    @property
    def estimate(self) -> Estimate:
        """The share, its interval, and the number of worlds."""
        if not self.of:
            return Estimate(math.nan, math.nan, math.nan, 0)
        from scipy import stats

        found = stats.binomtest(self.count, self.of).proportion_ci(method="wilson")
        return Estimate(self.count / self.of, float(found.low), float(found.high), self.of)


@dataclass(frozen=True, slots=True)
class Conclusion:
    """A point of a story over all worlds.

    Attributes
    ----------
    story, text : the story's name, and what it claims
    default : the figure with the constants as they stand, as many paired runs as in a world
    unit : of the figure
    holds : worlds in which the interval bears the claim out
    leans : worlds in which at least the mean does: what more runs could make of it
    contradicted : worlds in which the whole interval speaks against it
    middle : the figure's median over the worlds, and the range in which it lies in nine of ten
    decides : the constant whose value goes most with the figure, where that is beyond chance (false discovery rate 5 % over all
        constants; Spearman's rank correlation) and there are more worlds than constants; empty otherwise
    """

    story: str
    text: str
    default: Estimate
    unit: str
    holds: Share
    leans: Share
    contradicted: Share
    middle: tuple[float, float, float]
    decides: str
    digits: int


class StoryRuns:
    """Tells one story in worlds that differ in constants; a simulator for `experiments.sweeps`.

    Parameters
    ----------
    firm : the organisation on which it is told
    name : of the story, or the path of its script
    runs : paired runs in each world
    """

    def __init__(self, firm: ServiceChain, name: str, runs: int = RUNS) -> None:
        if runs < 2:
            raise InputError("too few runs for an interval", place="runs", value=runs, allowed="2 or more")
        self.firm, self.name, self.runs = firm, name, runs
        told = story.find(name).told_on(firm)
        self.moved = tuple(assumptions.uncertain(told, SHARE))
        self.default = self._points(firm, told[0].seed)
        self.outputs = tuple(
            f"{kind}_{number}" for number in range(len(self.default)) for kind in ("mean", "low", "high")
        )

    @property
    def space(self) -> Space:
        """The constants that vary, as factors of a sweep."""
        return Space(tuple(
            Factor(one.lever.name, "uncertainty", one.low, one.high, unit=one.lever.unit, meaning=one.lever.meaning)
            for one in self.moved
        ))  # fmt: skip

    def identity(self) -> dict[str, Any]:
        """Return all that decides the numbers beside the point and the seed."""
        told = story.find(self.name)
        source = inspect.getsource(told.points) + "".join(repr(one.to_dict()) for one in told.told_on(self.firm))
        return {
            "model": "a story of service-culture", "story": self.name, "version": model_version(), "runs": self.runs,
            "organisation": self.firm.to_node_link(), "told": hashlib.sha256(source.encode()).hexdigest()[:16],
        }  # fmt: skip

    def alike(self, values: np.ndarray, seeds: np.ndarray) -> None:
        """Return None: each world is a firm of its own."""
        return None

    def run(self, point: Mapping[str, float], seed: int) -> Outcome:
        """Tell the story in one world; no two worlds share any luck."""
        figures: dict[str, float] = dict.fromkeys(self.outputs, math.nan)
        for number, one in enumerate(self._points(self.firm.everywhere(point, place="world"), seed * self.runs)):
            figures |= {
                f"mean_{number}": one.figure.mean, f"low_{number}": one.figure.low, f"high_{number}": one.figure.high
            }  # fmt: skip
        return Outcome({name: value if math.isfinite(value) else math.nan for name, value in figures.items()})

    def _points(self, firm: ServiceChain, seed: int) -> Sequence[story.Point]:
        found = story.find(self.name)
        told = [one.lasting(seed=seed) for one in found.told_on(firm)]
        return found.points(compare(told, runs=self.runs, workers=1))


def tellable(firm: ServiceChain, names: Sequence[str] = ()) -> list[str]:
    """Return the stories that can be told on a firm; those named, or all of them."""
    if names:
        for name in names:
            story.find(name).told_on(firm)  # says what is missing
        return list(names)
    return [name for name in story.names() if not story.find(name).lacks(firm)]


def survive(
    name: str,
    firm: str | Path | ServiceChain,
    folder: str | Path,
    *,
    worlds: int = WORLDS,
    runs: int = RUNS,
    seed: int = 1,
    progress: Callable[[Standing], None] | None = None,
) -> tuple[list[Conclusion], pd.DataFrame]:
    """Tell a story in many worlds and return what becomes of its points, and the worlds themselves.

    Parameters
    ----------
    name, firm : the story and the organisation
    folder : of the sweep, which can be stopped and gone on with; more worlds can be added later
    worlds : how many; powers of two cover the space most evenly
    runs : paired runs in each world
    seed : of the worlds; each has its own luck besides
    """
    simulator = StoryRuns(organisation.load(firm), name, runs)
    plan = Plan(simulator.space, Design("sobol", samples=worlds, seed=seed), simulator, seeds="independent", seed=seed)
    drive.sweep(folder, plan, progress=progress)
    table = read.runs(folder)
    return [_conclusion(simulator, number, table) for number in range(len(simulator.default))], table


def _conclusion(simulator: StoryRuns, number: int, worlds: pd.DataFrame) -> Conclusion:
    """Judge one point in every world."""
    said = simulator.default[number]
    mean, low, high = (worlds[f"{kind}_{number}"].to_numpy(dtype=float) for kind in ("mean", "low", "high"))
    there = [
        story.Point(said.text, Estimate(*figure, simulator.runs), said.unit, said.above, said.below)
        for figure in zip(mean, low, high, strict=True)
    ]
    known = mean[np.isfinite(mean)]
    middle = np.quantile(known, (0.5, 0.05, 0.95)) if len(known) else np.full(3, np.nan)
    of = len(worlds)
    return Conclusion(
        simulator.name, said.text, said.figure, said.unit, Share(sum(one.holds for one in there), of),
        Share(sum(one.leans for one in there), of), Share(sum(one.contradicted for one in there), of),
        (float(middle[0]), float(middle[1]), float(middle[2])), _decides(simulator, worlds, mean), said.digits,
    )  # fmt: skip


def _decides(simulator: StoryRuns, worlds: pd.DataFrame, figure: np.ndarray) -> str:
    """Return the constant that goes most with a figure, with its rank correlation; empty where that may be chance.

    With fewer worlds than constants several constants go up and down together, and nobody can tell which of them it was.
    """
    from scipy import stats

    known = np.isfinite(figure)
    names = [one.lever.name for one in simulator.moved]
    if known.sum() <= len(names) or np.ptp(figure[known]) == 0:
        return ""
    found = [stats.spearmanr(worlds[name].to_numpy()[known], figure[known]) for name in names]
    adjusted = stats.false_discovery_control([one.pvalue for one in found])
    best = int(np.argmin(adjusted))
    if adjusted[best] >= SIGNIFICANT:
        return ""
    return f"{names[best].replace('_', '-')} ({found[best].statistic:+.2f})"


def table(conclusions: Sequence[Conclusion]) -> pd.DataFrame:
    """Return a row per conclusion, as the results folder has it."""
    rows = []
    for one in conclusions:
        row: dict[str, Any] = {"story": one.story, "text": one.text, "unit": one.unit}
        row |= {"default": one.default.mean, "default_low": one.default.low, "default_high": one.default.high}
        for name in ("holds", "leans", "contradicted"):
            share = getattr(one, name).estimate
            row |= {name: share.mean, f"{name}_low": share.low, f"{name}_high": share.high}
        row |= {"worlds": one.holds.of, "median": one.middle[0], "low_5": one.middle[1], "high_95": one.middle[2]}
        rows.append(row | {"decides": one.decides, "digits": one.digits})
    return pd.DataFrame(rows)
