"""Sensitivity from points that no special design made: random, quasi-random, grids, or a table that the user brought.

*First order* by the correlation ratio: points are put into bins by a factor's value, and S = 1 − MSW / MST, mean squares
within bins and in all (Kelley's ε², unbiased at 0; as an estimator of first-order indices: Plischke, Borgonovo and Smith
2013, doi:10.1016/j.ejor.2012.11.047). *Direction* by standardised regression coefficients (SRC) of all factors together; R²
says how much of the output a straight plane explains. Intervals: ± 1.96 standard deviations over bootstrap resamples of
points.

Limits: no total indices, so a factor that matters only through interactions is overlooked; what the first-order indices
leave (1 − Σ S) is interactions and luck together. Assumes that factors are independent: constraints break that.
Density-based measures (PAWN, delta) were not chosen: their results hang on tuning that no user can check (Puy, Lo Piano and
Saltelli 2020, doi:10.1016/j.envsoft.2020.104679).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from experiments.analysis import frames, indices
from experiments.analysis.indices import Indices
from sim.errors import InputError

if TYPE_CHECKING:
    from experiments.sweeps.design import Design
    from experiments.sweeps.space import Space

RESAMPLES = 500
IN_A_BIN = 25
"""Points in a bin, at least: fewer make intervals wide, more blur the curve."""
MOST_BINS = 40
FEW_VALUES = 12
"""A factor with no more values than these has one bin a value."""


def analyse(
    runs: pd.DataFrame,
    space: Space,
    design: Design,
    output: str,
    *,
    resamples: int = RESAMPLES,
    seed: int = 1,
    blocks: int | None = None,
) -> Indices:
    """Return first-order indices and standardised slopes of an output; ``blocks`` takes only so many leading points."""
    if blocks is not None:
        runs = runs[runs["point"] < blocks]
    names = tuple(space.names)
    means = frames.point_means(runs, names, [output])
    values = means[output].to_numpy(dtype=float)
    if not frames.varies(values):
        note = indices.constant_note(output, float(values[0]) if len(values) else np.nan)
        table = indices.undefined(names, ["first", "slope"])
        return Indices("given data", output, names, table, len(means), len(runs), "first", (note,))
    if len(values) < max(2 * IN_A_BIN, 3 * len(names)):
        raise InputError(
            "too few points to say what matters",
            place="points",
            value=len(values),
            allowed=f"at least {max(2 * IN_A_BIN, 3 * len(names))}",
            hint="enlarge the design",
        )
    binned = [bins(means[name].to_numpy()) for name in names]
    continuous_luck = {
        factor.name
        for factor, groups in zip(space.factors, binned, strict=True)
        if factor.kind == "luck" and means[factor.name].nunique() > FEW_VALUES
    }
    seen = np.array([name not in continuous_luck for name in names])
    shares = np.column_stack([factor.share(means[factor.name].to_numpy()) for factor in space.factors])
    first, slope = _both(binned, shares, values, seen)
    rng = np.random.default_rng(seed)
    drawn = rng.integers(len(values), size=(resamples, len(values)))
    again = [_both([groups[row] for groups in binned], shares[row], values[row], seen) for row in drawn]
    samples = {"first": np.array([one[0] for one in again]), "slope": np.array([one[1] for one in again])}
    parts = []
    for index, middle in (("first", first), ("slope", slope)):
        half = 1.96 * samples[index].std(axis=0, ddof=1)
        parts.append(indices.rows(names, index, middle, middle - half, middle + half))
    notes = [
        f"First-order indices add up to {np.nansum(first):.2f}; the rest is interactions and luck, which this design cannot "
        "tell apart. A straight plane explains "
        f"{100 * _r_squared(shares[:, seen], values):.0f} % of the variance (R²); slopes are worth as much as that.",
        frames.noise(runs, space, output).text() if not continuous_luck else
        "Luck is a factor with a new value at nearly every point; its share cannot be seen in such a design and stands in the "
        "rest. Use a saltelli design to see it.",
    ]  # fmt: skip
    if space.constraints:
        notes.append(
            "Constraints make factors depend on each other: an index may then belong partly to another factor."
        )
    # A bootstrap repeats points, so its spread is right but its middle is not: rankings use values shifted to the estimate.
    shifted = samples["first"] - samples["first"].mean(axis=0) + first
    return Indices(
        method="given data",
        output=output,
        factors=names,
        estimates=pd.concat(parts, ignore_index=True),
        points=len(means),
        runs=len(runs),
        leading="first",
        notes=tuple(notes),
        resamples={"first": shifted},
    )


def bins(values: np.ndarray, most: int = MOST_BINS, at_least: int = IN_A_BIN) -> np.ndarray:
    """Return for each value the number of its bin: one a value where there are few, else bins of equal numbers of points."""
    found, place = np.unique(values, return_inverse=True)
    if len(found) <= FEW_VALUES:
        return np.asarray(place.ravel())
    count = int(np.clip(len(values) // at_least, 2, most))
    edges = np.unique(np.quantile(values, np.linspace(0, 1, count + 1)[1:-1]))
    return np.searchsorted(edges, values, side="right")


def correlation_ratio(groups: np.ndarray, values: np.ndarray) -> float:
    """Return 1 − MSW / MST: the share of variance between bins, unbiased at 0 (so that it may fall a little below)."""
    _, place = np.unique(groups, return_inverse=True)
    count = np.bincount(place)
    mean = np.bincount(place, weights=values) / count
    within = float(((values - mean[place]) ** 2).sum())
    whole = float(((values - values.mean()) ** 2).sum())
    freedom = len(values) - len(count)
    if freedom <= 0 or whole == 0:
        return np.nan
    return 1 - (within / freedom) / (whole / (len(values) - 1))


def _both(
    binned: list[np.ndarray], shares: np.ndarray, values: np.ndarray, seen: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    first = np.array([
        correlation_ratio(groups, values) if there else np.nan for groups, there in zip(binned, seen, strict=True)
    ])  # fmt: skip
    slope = np.full(len(binned), np.nan)
    slope[seen] = _slopes(shares[:, seen], values)
    return first, slope


def _slopes(shares: np.ndarray, values: np.ndarray) -> np.ndarray:
    spread = shares.std(axis=0)
    coefficients = np.linalg.lstsq(shares - shares.mean(axis=0), values - values.mean(), rcond=None)[0]
    return np.asarray(coefficients * spread / values.std())


def _r_squared(shares: np.ndarray, values: np.ndarray) -> float:
    centred = shares - shares.mean(axis=0)
    coefficients = np.linalg.lstsq(centred, values - values.mean(), rcond=None)[0]
    left = values - values.mean() - centred @ coefficients
    return float(1 - left.var() / values.var())
