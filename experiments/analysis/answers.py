"""The front door: what matters (`sensitivity`), and where the cases lie (`explore`)."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from experiments.analysis import cart, complete, frames, given, morris, prim, response, sobol
from experiments.analysis import cases as the_cases
from experiments.analysis import convergence as growing
from experiments.analysis.cart import Tree
from experiments.analysis.cases import Cases
from experiments.analysis.convergence import Convergence
from experiments.analysis.indices import Indices
from experiments.analysis.prim import Box
from experiments.analysis.response import Interaction, Response

if TYPE_CHECKING:
    from experiments.sweeps.design import Design
    from experiments.sweeps.space import Space

CURVES = 9
"""Factors whose curves are drawn, the most influential first."""
PAIRS = 3
"""Pairs of factors whose interaction is looked at: by second-order index, else among the three most influential."""


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """What a sweep says of how factors move outputs: one entry an output in each mapping."""

    indices: dict[str, Indices]
    convergence: dict[str, Convergence]
    responses: dict[str, list[Response]]
    interactions: dict[str, list[Interaction]]

    def table(self) -> pd.DataFrame:
        """Return the indices of all outputs, tidy."""
        return pd.concat([found.table() for found in self.indices.values()], ignore_index=True)

    def tables(self) -> dict[str, pd.DataFrame]:
        """Return every table by the name of its file."""
        parts: dict[str, list[pd.DataFrame]] = {
            "indices": [one.table() for one in self.indices.values()],
            "convergence": [one.table() for one in self.convergence.values()],
            "responses": [one.table() for each in self.responses.values() for one in each],
            "interactions": [one.table() for each in self.interactions.values() for one in each],
        }
        return {name: pd.concat(tables, ignore_index=True) for name, tables in parts.items() if tables}

    def notes(self) -> list[str]:
        """Return what has to be known beside the numbers, in sentences; those that do not hold of all outputs name theirs."""
        of: dict[str, list[str]] = {}
        for output, found in self.indices.items():
            for note in found.notes:
                of.setdefault(note, []).append(frames.label(output))
        return [
            note if len(outputs) == len(self.indices) else f"{', '.join(outputs)}: {note}"
            for note, outputs in of.items()
        ]

    def verdicts(self) -> list[str]:
        """Return what can be relied on of each output, in sentences."""
        return [one.verdict() for one in self.convergence.values()]


@dataclass(frozen=True, slots=True)
class Exploration:
    """Where the cases that a user asks about lie: as a box, and as a tree."""

    cases: Cases
    box: Box
    tree: Tree

    def tables(self) -> dict[str, pd.DataFrame]:
        """Return every table by the name of its file."""
        return {
            "box": self.box.table(),
            "box_figures": self.box.figures(),
            "peeling": self.box.trajectory,
            "tree": self.tree.table(),
        }

    def notes(self) -> list[str]:
        """Return what has to be known beside the numbers."""
        return [self.box.text(), *self.box.notes, *self.tree.notes]


def sensitivity(
    runs: pd.DataFrame,
    space: Space,
    design: Design,
    outputs: Sequence[str],
    *,
    replicates: int = 1,
    points: int | None = None,
    resamples: int | None = None,
    seed: int = 1,
) -> Sensitivity:
    """Return indices by the method that suits the design, whether they have settled, curves and interactions.

    Saltelli: Sobol' indices; Morris: elementary effects; anything else: correlation ratios and slopes from given data.

    Parameters
    ----------
    runs : tidy frame of the whole sweep; an incomplete one is refused (`complete.check`)
    replicates : runs of each point
    points : how many points the sweep has; left out, the design is asked
    resamples : of the bootstrap; left out, the method's own number
    seed : of the bootstrap
    """
    complete.check(runs, space, design, replicates, outputs, points)
    indices, settled, curves, together = {}, {}, {}, {}
    for output in outputs:
        found = indices[output] = indices_of(runs, space, design, output, resamples=resamples, seed=seed)
        if design.method in growing.GROWING and found.defined:
            settled[output] = growing.analyse(runs, space, design, output, seed=seed)
        shown = [name for name in found.ranked() if space.factor(name).kind != "luck"]
        curves[output] = [response.response(runs, space, design, output, name) for name in shown[:CURVES]]
        pairs = most_interacting(found) or list(itertools.combinations(shown[:3], 2))
        together[output] = [
            response.interaction(runs, space, design, output, *pair)
            for pair in pairs
            if "luck" not in (space.factor(pair[0]).kind, space.factor(pair[1]).kind)
        ]
    return Sensitivity(indices, settled, curves, together)


def indices_of(
    runs: pd.DataFrame, space: Space, design: Design, output: str, *, resamples: int | None = None, seed: int = 1
) -> Indices:
    """Return the indices of one output by the method that suits the design; the frame must be complete."""
    method = {"saltelli": sobol.analyse, "morris": morris.analyse}.get(design.method, given.analyse)
    count = {} if resamples is None else {"resamples": resamples}
    return method(runs, space, design, output, seed=seed, **count)


def explore(
    runs: pd.DataFrame,
    space: Space,
    design: Design,
    condition: str,
    *,
    replicates: int = 1,
    points: int | None = None,
    box: int | None = None,
    seed: int = 1,
) -> Exploration:
    """Return the box and the tree that tell the runs meeting a condition, such as ``retention < 80``, from the others.

    ``box`` takes another box of the peeling trajectory than the rule would.
    """
    named = the_cases.named_in(condition, the_cases.outputs_of(runs, space))
    if named:
        complete.check(runs, space, design, replicates, named, points)
    found = the_cases.find(runs, space, design, condition, seed=seed)
    return Exploration(found, prim.discover(found, space, box=box, seed=seed), cart.discover(found, space, seed=seed))


def most_interacting(found: Indices, count: int = PAIRS) -> list[tuple[str, str]]:
    """Return the pairs of factors with the largest second-order indices; empty where there are none."""
    table = found.of("second").dropna()
    if table.empty:
        return []
    names = table["estimate"].sort_values(ascending=False, kind="stable").index[:count]
    return [
        (str(name).split(" × ")[0], str(name).split(" × ")[1]) for name in names if np.isfinite(table.loc[name, "low"])
    ]
