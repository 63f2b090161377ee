"""What all analyses need of a tidy frame: point means, the blocks of a design, noise within points, optional libraries."""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sim.errors import InputError

if TYPE_CHECKING:
    from experiments.sweeps.design import Design
    from experiments.sweeps.space import Space

IDENTITY = ("run", "point", "replicate", "seed")
"""Columns of a tidy frame that say which run a row is."""

_PACKAGES = {"SALib": "SALib", "ema_workbench": "ema-workbench", "sklearn": "scikit-learn", "xarray": "xarray"}


def library(name: str) -> Any:
    """Return a module of an optional library; InputError that says how to install it where it is missing."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # some warn on import that other optional libraries are missing
            return importlib.import_module(name)
    except ModuleNotFoundError as missing:
        root = name.split(".")[0]
        if missing.name is None or missing.name.split(".")[0] != root:
            raise
        raise InputError(
            f"this analysis needs {_PACKAGES.get(root, root)}, which is not installed",
            hint="pip install 'service-culture[experiments]'",
        ) from missing


def point_means(runs: pd.DataFrame, names: Sequence[str], outputs: Sequence[str]) -> pd.DataFrame:
    """Return one row a point, in the order of the design: factors, and each output's mean over replicates."""
    grouped = runs.groupby("point", sort=True)
    return pd.concat([grouped[list(names)].first(), grouped[list(outputs)].mean()], axis=1)


def block_length(design: Design, factors: int) -> int:
    """Return how many points in a row hang together: a Saltelli block, a Morris trajectory, else 1."""
    if design.method == "saltelli":
        return 2 * factors + 2 if design.second_order else factors + 2
    return factors + 1 if design.method == "morris" else 1


def blocks(runs: pd.DataFrame, design: Design, factors: int) -> np.ndarray:
    """Return for each row the number of the block of points that it belongs to; rows of one block are not independent."""
    return np.asarray(runs["point"].to_numpy(dtype=np.int64) // block_length(design, factors))


def varies(values: np.ndarray) -> bool:
    """Return whether an output differs between points by more than rounding."""
    return bool(len(values)) and float(np.ptp(values)) > 1e-12 * max(1.0, float(np.abs(values).max()))


@dataclass(frozen=True, slots=True)
class Noise:
    """How much of the differences between point means is luck that more replicates would average away.

    ``share`` is the estimated variance of a point mean around what infinitely many replicates would give, divided by the
    variance of the point means; nan where there is one replicate. ``common`` says that all points were run on the same seeds.
    """

    share: float
    replicates: int
    common: bool
    luck: bool

    def text(self) -> str:
        """Return what remains of luck, in a sentence."""
        if self.luck:
            return (
                "Luck (the run's seed) is a factor of this design: its own index is the share of luck, and its total index "
                "less that is luck that works through other factors."
            )
        if np.isfinite(self.share):
            what = "after what a seed does alike to all points is taken out, " if self.common else ""
            return (
                f"Indices are of means over {self.replicates} replicates; {what}an estimated {100 * self.share:.1f} % of the "
                "variance of these means is luck. It stands in every total index and in no first-order index."
            )
        if self.common:
            return (
                "All points were run on one seed: indices hold for that seed, and how much of them is luck cannot be said. "
                "Add replicates, or make luck a factor."
            )
        return (
            "Each point was run once on its own seed: luck stands in every total index and in no first-order index, and "
            "its size cannot be said. Add replicates, or make luck a factor."
        )


def noise(runs: pd.DataFrame, space: Space, output: str) -> Noise:
    """Return how much luck is left in the point means of an output.

    With y(p, r) of point p and replicate r, independent seeds: within-point variance s² over R replicates leaves s² / R in a
    mean. With common seeds replicate r shifts all points alike, which no index sees; s² is then of y(p, r) − mean over p.
    """
    luck = any(factor.kind == "luck" for factor in space.factors)
    seeds = runs.groupby("replicate")["seed"].nunique()
    common = bool((seeds == 1).all()) and runs["point"].nunique() > 1
    wide = runs.pivot(index="point", columns="replicate", values=output).to_numpy(dtype=float)
    points, replicates = wide.shape
    if replicates < 2 or points < 2:
        return Noise(np.nan, replicates, common, luck)
    between = float(np.var(wide.mean(axis=1), ddof=1))
    if not varies(wide.mean(axis=1)):
        return Noise(np.nan, replicates, common, luck)
    if common:
        wide = wide - wide.mean(axis=0)
        left = wide - wide.mean(axis=1, keepdims=True)
        within = float((left**2).sum()) / ((points - 1) * (replicates - 1))
    else:
        within = float(np.var(wide, axis=1, ddof=1).mean())
    return Noise(min(1.0, within / replicates / between), replicates, common, luck)


def each(table: pd.DataFrame) -> list[Any]:
    """Return the rows of a table, their columns as attributes."""
    return list(table.itertuples())


def label(name: str) -> str:
    """Return a factor's or measure's name as people read it: ``rivalry@IT:Sales`` becomes ``rivalry, IT → Sales``."""
    from experiments.sweeps.simulate import OUTPUTS, measure_of

    if name in OUTPUTS and (measure := measure_of(name)):
        return measure.label
    what, at, where = name.partition("@")
    what = what.replace("_", " ")
    return f"{what}, {where.replace(':', ' → ')}" if at else what
