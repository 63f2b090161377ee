"""Refuses to analyse what is not whole: one missing or undefined output silently ruins indices (SALib 1.6 returns zeros)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from experiments.analysis.frames import IDENTITY
from sim.errors import InputError, did_you_mean

if TYPE_CHECKING:
    from experiments.sweeps.design import Design
    from experiments.sweeps.space import Space

ORDERED = ("saltelli", "morris")
"""Designs whose analysis trusts the order of the points."""
SHOWN = 3
"""How many of the missing runs or undefined outputs an error names."""


def check(
    runs: pd.DataFrame,
    space: Space,
    design: Design,
    replicates: int,
    outputs: Sequence[str],
    points: int | None = None,
) -> None:
    """Raise InputError unless every run of the design is there once and every output is a finite number.

    Parameters
    ----------
    runs : tidy frame of the sweep
    replicates : runs of each point
    outputs : columns that are to be analysed
    points : how many points the design has; left out, it is asked of the design
    """
    _columns(runs, space, outputs)
    if points is None:
        points = design.count(space)
    _whole(runs, points, replicates)
    if design.method in ORDERED:
        _same_points(runs, space, design)
    for output in outputs:
        _finite(runs, space, output)


def _columns(runs: pd.DataFrame, space: Space, outputs: Sequence[str]) -> None:
    for name in (*IDENTITY, *space.names):
        if name not in runs.columns:
            raise InputError("the runs lack a column", place="columns", value=name, allowed=", ".join(map(str, runs)))
    known = [str(name) for name in runs.columns if name not in {*IDENTITY, "key", *space.names}]
    if not outputs:
        raise InputError("no output to analyse was named", place="outputs", allowed=", ".join(known))
    for output in outputs:
        if output not in known:
            raise InputError(
                "there is no such output among these runs",
                place="outputs",
                value=output,
                allowed=", ".join(known),
                hint=did_you_mean(output, known),
            )


def _whole(runs: pd.DataFrame, points: int, replicates: int) -> None:
    point = runs["point"].to_numpy(dtype=np.int64)
    replicate = runs["replicate"].to_numpy(dtype=np.int64)
    outside = (point < 0) | (point >= points) | (replicate < 0) | (replicate >= replicates)
    if outside.any():
        first = int(np.flatnonzero(outside)[0])
        raise InputError(
            f"{int(outside.sum())} runs do not belong to this design",
            place=f"row {first}",
            value=f"point {point[first]}, replicate {replicate[first]}",
            allowed=f"points 0 to {points - 1}, replicates 0 to {replicates - 1}",
        )
    number = point * replicates + replicate
    times = np.bincount(number, minlength=points * replicates)
    twice = np.flatnonzero(times > 1)
    if len(twice):
        raise InputError(
            f"{len(twice)} runs are there more than once",
            place="point, replicate",
            value=_named(twice, replicates),
            hint="keep one row of each run",
        )
    missing = np.flatnonzero(times == 0)
    if len(missing):
        raise InputError(
            f"the sweep is not complete: {len(missing):,} of {points * replicates:,} runs are missing, "
            f"at {len(np.unique(missing // replicates)):,} of {points:,} points",
            place="runs",
            value=_named(missing, replicates),
            allowed="every point of the design with every replicate; indices from part of a design are wrong",
            hint="finish the sweep; where runs failed, repeat them with --retry-failed",
        )


def _same_points(runs: pd.DataFrame, space: Space, design: Design) -> None:
    """Check that each run's factors are those of its point in the design: another order would give wrong indices silently."""
    points = design.sample(space)
    for name in space.names:
        wanted = points[name].to_numpy(dtype=float)[runs["point"].to_numpy(dtype=np.int64)]
        wrong = ~np.isclose(runs[name].to_numpy(dtype=float), wanted, rtol=1e-6, atol=1e-12)
        if wrong.any():
            row = int(wrong.argmax())
            raise InputError(
                f"{int(wrong.sum()):,} runs have another value of a factor than their point in the design",
                place=f"point {runs['point'].iloc[row]}, column {name}",
                value=float(runs[name].iloc[row]),
                allowed=f"{wanted[row]:.6g}",
                hint="take the design that these runs were made from, with its seed",
            )


def _finite(runs: pd.DataFrame, space: Space, output: str) -> None:
    try:
        values = runs[output].to_numpy(dtype=float)
    except (TypeError, ValueError) as wrong:
        raise InputError("an output is not a number", place=output, value=str(runs[output].dtype)) from wrong
    bad = np.flatnonzero(~np.isfinite(values))
    if not len(bad):
        return
    rows = runs.iloc[bad[:SHOWN]]
    where = "; ".join(
        f"point {row['point']} ({', '.join(f'{name} = {row[name]:.4g}' for name in space.names[:6])}"
        f"{', …' if len(space.names) > 6 else ''}): {row[output]}"
        for _, row in rows.iterrows()
    )
    points = runs["point"].iloc[bad].nunique()
    raise InputError(
        f"{len(bad):,} of {len(values):,} runs, at {points:,} points, have no finite value of this output; for example\n"
        f"  {where}",
        place=output,
        allowed="a finite number in every run",
        hint="analyse another output, or measure over a longer window, or narrow the ranges that make it undefined",
    )


def _named(numbers: np.ndarray, replicates: int) -> str:
    shown = [f"point {number // replicates}, replicate {number % replicates}" for number in numbers[:SHOWN]]
    return "; ".join(shown) + (f"; and {len(numbers) - SHOWN:,} more" if len(numbers) > SHOWN else "")
