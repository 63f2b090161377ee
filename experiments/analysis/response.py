"""Dose and response of one factor, and how two factors work together, averaged over everything else that a sweep varied.

*Binned means*: runs are put into bins by a factor's value; each bin has the mean of the output over all other factors and
luck.
*Paired differences*: where runs differ in this factor alone (same other factors, same seed), the difference to the lowest
level.
*Interaction*: means by bins of two factors, and the contrast high-high − high-low − low-high + low-low of the outer bins:
how much more one factor does where the other is high than where it is low. 0: they add up. Intervals:
`experiments.analysis.contrasts`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from experiments.analysis import contrasts, frames, given
from sim.errors import InputError
from sim.estimates import Estimate

if TYPE_CHECKING:
    from experiments.sweeps.design import Design
    from experiments.sweeps.space import Space

BINS = 8
"""Bins of a dose-response curve, at most, where a factor has many values."""
CORNERS = 4
"""Bins of each of two factors."""


@dataclass(frozen=True, slots=True)
class Response:
    """An output by bins of one factor.

    Parameters
    ----------
    means : columns bin, low, high (of the factor), value (its mean there), mean, mean_low, mean_high, runs
    paired : the same with columns bin, value, difference, difference_low, difference_high, pairs; empty without pairs
    """

    factor: str
    output: str
    means: pd.DataFrame
    paired: pd.DataFrame
    runs: int

    def table(self) -> pd.DataFrame:
        """Return the binned means, with the paired differences beside them where there are any."""
        table = self.means.copy()
        if len(self.paired):
            table = table.merge(self.paired.drop(columns="value"), on="bin", how="left")
        table.insert(0, "output", self.output)
        table.insert(1, "factor", self.factor)
        return table


@dataclass(frozen=True, slots=True)
class Interaction:
    """An output by bins of two factors.

    Parameters
    ----------
    means : columns first_bin, second_bin, first_value, second_value, mean, low, high, runs
    contrast : high-high − high-low − low-high + low-low of the outer bins
    """

    first: str
    second: str
    output: str
    means: pd.DataFrame
    contrast: Estimate
    runs: int

    def table(self) -> pd.DataFrame:
        """Return the means by bins, tidy."""
        table = self.means.copy()
        table.insert(0, "output", self.output)
        table.insert(1, "first", self.first)
        table.insert(2, "second", self.second)
        return table

    def text(self) -> str:
        """Return what the contrast says."""
        one, other = frames.label(self.first), frames.label(self.second)
        found = self.contrast
        if not np.isfinite(found.mean):
            return f"{one} and {other}: a corner holds no run, so that their interaction cannot be said."
        sure = np.isfinite(found.low) and (found.low > 0 or found.high < 0)
        what = f"Where “{other}” is high instead of low, the effect of “{one}” changes by {found.text(2)}"
        return what + ("." if sure else ": not told from no change.")


def response(
    runs: pd.DataFrame, space: Space, design: Design, output: str, factor: str, *, most: int = BINS
) -> Response:
    """Return the dose-response curve of an output on a factor, averaged over the other factors."""
    one = space.factor(factor)
    values = runs[output].to_numpy(dtype=float)
    dose = runs[one.name].to_numpy(dtype=float)
    groups = given.bins(dose, most)
    blocks = frames.blocks(runs, design, len(space.names))
    rows = []
    for group in np.unique(groups):
        mine = groups == group
        found = contrasts.mean(values[mine], blocks[mine])
        rows.append((int(group), dose[mine].min(), dose[mine].max(), dose[mine].mean(), found.mean, found.low, found.high,
                     found.runs))  # fmt: skip
    columns = ["bin", "low", "high", "value", "mean", "mean_low", "mean_high", "runs"]
    return Response(
        one.name, output, pd.DataFrame(rows, columns=columns), _paired(runs, space, output, one.name), len(runs)
    )


def _paired(runs: pd.DataFrame, space: Space, output: str, factor: str) -> pd.DataFrame:
    """Return differences to the factor's lowest level among runs that are alike in all else, seed included.

    Only rows of levels that are complete count, so that every level is compared over the same surroundings. Surroundings are
    the sample: the interval says how much the difference changes over them.
    """
    columns = ["bin", "value", "difference", "difference_low", "difference_high", "pairs"]
    levels = np.sort(runs[factor].unique())
    if not 2 <= len(levels) <= given.FEW_VALUES:
        return pd.DataFrame(columns=columns)
    others = [name for name in space.names if name != factor]
    wide = runs.pivot_table(index=[*others, "seed"], columns=factor, values=output, aggfunc="mean").dropna()
    if len(wide) < 2:
        return pd.DataFrame(columns=columns)
    table = wide.to_numpy()
    surroundings = wide.groupby(level=others).ngroup().to_numpy() if others else None
    rows = []
    for number, level in enumerate(levels):
        apart = table[:, number] - table[:, 0]
        place = np.arange(len(apart)) if surroundings is None or surroundings.max() == 0 else surroundings
        found = contrasts.mean(apart, place)
        rows.append((number, float(level), found.mean, found.low, found.high, found.runs))
    return pd.DataFrame(rows, columns=columns)


def interaction(
    runs: pd.DataFrame, space: Space, design: Design, output: str, first: str, second: str, *, most: int = CORNERS
) -> Interaction:
    """Return means of an output by bins of two factors, and the contrast that says how they work together."""
    one, other = space.factor(first), space.factor(second)
    if one.name == other.name:
        raise InputError("a factor does not interact with itself", place="factors", value=first, allowed="two factors")
    values = runs[output].to_numpy(dtype=float)
    blocks = frames.blocks(runs, design, len(space.names))
    doses = [runs[factor.name].to_numpy(dtype=float) for factor in (one, other)]
    groups = [given.bins(dose, most) for dose in doses]
    width = int(groups[1].max()) + 1
    cell = groups[0] * width + groups[1]
    rows = []
    for number in range(width * (int(groups[0].max()) + 1)):
        mine = cell == number
        found = contrasts.mean(values[mine], blocks[mine]) if mine.any() else Estimate(np.nan, np.nan, np.nan, 0)
        place = [float(dose[group == part].mean()) for dose, group, part in
                 zip(doses, groups, divmod(number, width), strict=True)]  # fmt: skip
        rows.append((*divmod(number, width), *place, found.mean, found.low, found.high, found.runs))
    columns = ["first_bin", "second_bin", "first_value", "second_value", "mean", "low", "high", "runs"]
    top, side = int(groups[0].max()) * width, width - 1
    found = contrasts.contrast(values, cell, blocks, {top + side: 1.0, top: -1.0, side: -1.0, 0: 1.0})
    return Interaction(one.name, other.name, output, pd.DataFrame(rows, columns=columns), found, len(runs))
