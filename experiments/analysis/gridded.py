"""A finished grid as an xarray Dataset: one dimension a factor, one for replicates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from experiments.analysis import frames
from sim.errors import InputError

if TYPE_CHECKING:
    from experiments.sweeps.design import Design
    from experiments.sweeps.space import Space


def to_xarray(runs: pd.DataFrame, space: Space, design: Design, outputs: Sequence[str]) -> Any:
    """Return an ``xarray.Dataset`` with a variable per output over (factors…, replicate), and ``seed`` beside them.

    Raises
    ------
    InputError : the design is no grid. Points that constraints leave out are nan.
    """
    if design.method != "grid":
        raise InputError(
            "only a grid has a value for every combination of its factors",
            place="method",
            value=design.method,
            allowed="grid",
            hint="keep the table, or sweep a grid",
        )
    frames.library("xarray")
    indexed = runs.set_index([*space.names, "replicate"])[[*outputs, "seed"]]
    if not indexed.index.is_unique:
        raise InputError("a combination of levels and replicate is there more than once", place="runs")
    data = indexed.to_xarray()
    for factor in space.factors:
        data[factor.name].attrs = {"units": factor.unit, "long_name": factor.meaning or frames.label(factor.name)}
    return data
