"""Correlations across units of the same organisation, pooled over organisations as meta-analyses do.

Units of different organisations are never compared with each other: what organisations differ in would pass for an effect.
Within each, r is Pearson's; over organisations the mean of Fisher's z = atanh(r) is weighted by n - 3 (Hedges & Olkin 1985).
Intervals are over units: they say what further units *of these organisations* would show. How far organisations differ is
told beside it (`by_group`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd

from experiments.validation import noise
from sim.errors import InputError, did_you_mean
from sim.estimates import CONFIDENCE, Estimate

RESAMPLES = 999
_ALMOST_ONE = 1 - 1e-12


def correlation(
    frame: pd.DataFrame,
    x: str,
    y: str,
    by: str | None = "organisation",
    reliability_x: float = 1.0,
    reliability_y: float = 1.0,
) -> Estimate:
    """Return the correlation of two columns across units with its 95 % interval, pooled over groups.

    Parameters
    ----------
    frame : one row per unit
    x, y : columns; rows in which either is missing are left out
    by : column that tells groups; None to take all rows as one group. Groups with fewer than four rows, or in which x or y is
        the same everywhere, say nothing and are left out
    reliability_x, reliability_y : reliabilities with which a study would measure the two, above 0 up to 1. Units show their
        true means; below 1, the figure is what such a study would observe (`noise.attenuated`), to be held against raw r

    Returns
    -------
    Estimate with the number of units behind it; nan where no group says anything
    """
    table = by_group(frame, x, y, by)
    weights = (table["units"] - 3).to_numpy(dtype=float)
    if not len(table):
        return Estimate(math.nan, math.nan, math.nan, 0)
    from scipy import stats

    z = float((np.arctanh(np.clip(table["r"], -_ALMOST_ONE, _ALMOST_ONE)) * weights).sum() / weights.sum())
    half = float(stats.norm.ppf(0.5 + CONFIDENCE / 2)) / math.sqrt(weights.sum())
    low, mean, high = (noise.attenuated(math.tanh(v), reliability_x, reliability_y) for v in (z - half, z, z + half))
    return Estimate(mean, low, high, int(table["units"].sum()))


def by_group(frame: pd.DataFrame, x: str, y: str, by: str | None = "organisation") -> pd.DataFrame:
    """Return a row per group that says anything: its units, r, and r's interval by Fisher's z."""
    from scipy import stats

    rows = []
    for name, group in _groups(frame, (x, y), by):
        one, other = group[:, 0], group[:, 1]
        if len(group) >= 4 and np.ptp(one) > 0 and np.ptp(other) > 0:
            found = stats.pearsonr(one, other)
            low, high = found.confidence_interval(CONFIDENCE)
            rows.append((name, len(group), float(found.statistic), float(low), float(high)))
    return pd.DataFrame(rows, columns=["group", "units", "r", "low", "high"])


def over_units(
    frame: pd.DataFrame,
    columns: Sequence[str],
    figure: Callable[[np.ndarray], np.ndarray | float],
    by: str | None = "organisation",
    seed: int = 0,
) -> Estimate:
    """Return a figure of the pooled correlations of several columns, with its percentile bootstrap interval over units.

    For differences of correlations, which share units and are therefore not independent. Units are drawn with replacement
    within each group.

    Parameters
    ----------
    columns : k columns; rows in which any is missing are left out
    figure : takes pooled correlations as an array (…, k, k) and returns an array (…)
    """
    chance = np.random.default_rng(seed)
    total, weight, units = np.zeros((RESAMPLES + 1, len(columns), len(columns))), 0.0, 0
    for _, group in _groups(frame, columns, by):
        if len(group) < 4 or (np.ptp(group, axis=0) == 0).any():
            continue
        drawn = np.concatenate([group[None], group[chance.integers(len(group), size=(RESAMPLES, len(group)))]])
        apart = drawn - drawn.mean(axis=1, keepdims=True)
        products = np.einsum("bni,bnj->bij", apart, apart)
        spread = np.sqrt(np.einsum("bii->bi", products))
        r = products / np.maximum(spread[:, :, None] * spread[:, None, :], 1e-300)
        total += (len(group) - 3) * np.arctanh(np.clip(r, -_ALMOST_ONE, _ALMOST_ONE))
        weight, units = weight + len(group) - 3, units + len(group)
    if not weight:
        return Estimate(math.nan, math.nan, math.nan, 0)
    found = np.asarray(figure(np.tanh(total / weight)), dtype=float)
    low, high = np.quantile(found[1:], [0.5 - CONFIDENCE / 2, 0.5 + CONFIDENCE / 2])
    return Estimate(float(found[0]), float(low), float(high), units)


def drivers(
    frame: pd.DataFrame, x: str, y: str, causes: Sequence[str], by: str | None = "organisation"
) -> pd.DataFrame:
    """Return what each cause contributes to the correlation of x and y, the largest first.

    x and y in standard deviations within their group are regressed on the causes. For causes that were drawn independently,
    r = sum_c b_xc b_yc var(c) + rest: the products are the contributions, and the rest is luck and interplay.
    """
    parts = []
    for _, group in _groups(frame, (x, y, *causes), by):
        if len(group) > 1 and (np.ptp(group[:, :2], axis=0) > 0).all():
            apart = group - group.mean(axis=0)
            apart[:, :2] /= apart[:, :2].std(axis=0)
            parts.append(apart)
    if not parts:
        raise InputError("these columns do not vary within any group", place="x, y", value=f"{x}, {y}",
                         allowed="columns that differ between units of the same group")  # fmt: skip
    rows = np.concatenate(parts)
    slopes, *_ = np.linalg.lstsq(rows[:, 2:], rows[:, :2], rcond=None)
    share = slopes[:, 0] * slopes[:, 1] * rows[:, 2:].var(axis=0)
    table = pd.DataFrame({"cause": list(causes), "on_x": slopes[:, 0], "on_y": slopes[:, 1], "contribution": share})
    table = table.sort_values("contribution", key=np.abs, ascending=False)
    rest = float((rows[:, 0] * rows[:, 1]).mean() - share.sum())
    last = pd.DataFrame([{"cause": "luck and interplay", "on_x": np.nan, "on_y": np.nan, "contribution": rest}])
    return pd.concat([table, last], ignore_index=True)


def correlation_if(
    frame: pd.DataFrame,
    x: str,
    y: str,
    times: Mapping[str, float],
    causes: Sequence[str],
    by: str | None = "organisation",
) -> float:
    """Return what the correlation would be if some causes differed more, or less, between units, to a first approximation.

    As in `drivers`, x and y are linear in causes that were drawn independently. A cause that differs k times as much adds
    k^2 - 1 times what it contributes to the covariance and to both variances.

    Parameters
    ----------
    times : cause → k; those not named stay as they are
    """
    table = drivers(frame, x, y, causes, by).iloc[:-1].set_index("cause")
    variance = pd.Series({
        cause: np.mean([group[:, 0].var() for _, group in _groups(frame, (cause,), by)]) for cause in causes
    })  # fmt: skip
    more = pd.Series(dict(times), dtype=float).reindex(list(causes), fill_value=1.0) ** 2 - 1
    added = {
        name: float((more * table[one].reindex(more.index) * table[other].reindex(more.index) * variance).sum())
        for name, (one, other) in {"xy": ("on_x", "on_y"), "xx": ("on_x", "on_x"), "yy": ("on_y", "on_y")}.items()
    }
    whole = float(drivers(frame, x, y, causes, by)["contribution"].sum()) + added["xy"]
    return whole / math.sqrt(max(1e-12, (1 + added["xx"]) * (1 + added["yy"])))


def _groups(frame: pd.DataFrame, columns: Sequence[str], by: str | None) -> list[tuple[str, np.ndarray]]:
    """Return the rows of each group as an array of floats, without those that miss a value."""
    for name in (*columns, *([by] if by else [])):
        if name not in frame:
            raise InputError(
                "there is no such column", place="column", value=name, allowed="a column of the frame",
                hint=did_you_mean(str(name), [str(one) for one in frame.columns]),
            )  # fmt: skip
    known = frame[np.isfinite(frame[list(columns)].to_numpy(dtype=float)).all(axis=1)]
    groups = known.groupby(by, sort=True) if by else [("all", known)]
    return [(str(name), group[list(columns)].to_numpy(dtype=float)) for name, group in groups]
