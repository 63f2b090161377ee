"""Means of groups of runs and differences between them, with intervals that know which runs hang together.

Points of one Saltelli block or Morris trajectory share values, and replicates share a point: they are one sample, not many.
With groups g of n_g runs, means m_g and a contrast Σ c_g m_g, block b adds u_b = Σ_g c_g Σ_{i in b and g} (y_i − m_g) /
n_g, and the variance of the contrast is B / (B − 1) Σ_b u_b² over B blocks (cluster-robust; Liang and Zeger 1986,
doi:10.1093/biomet/73.1.13). The interval is Student's with B − 1 degrees of freedom.
"""

from __future__ import annotations

import numpy as np

from sim.estimates import CONFIDENCE, Estimate


def contrast(values: np.ndarray, groups: np.ndarray, blocks: np.ndarray, weights: dict[int, float]) -> Estimate:
    """Return Σ weight × mean of the group, with its 95 % interval; nan where a group is empty or only one block is there."""
    from scipy import stats

    used = np.isin(groups, list(weights))
    values, groups, blocks = values[used], groups[used], blocks[used]
    influence = np.zeros(len(values))
    middle = 0.0
    for group, weight in weights.items():
        mine = groups == group
        count = int(mine.sum())
        if not count:
            return Estimate(np.nan, np.nan, np.nan, 0)
        mean = float(values[mine].mean())
        middle += weight * mean
        influence[mine] = weight * (values[mine] - mean) / count
    _, place = np.unique(blocks, return_inverse=True)
    per_block = np.bincount(place.ravel(), weights=influence)
    count = len(per_block)
    if count < 2:
        return Estimate(middle, np.nan, np.nan, len(values))
    error = float(np.sqrt(count / (count - 1) * (per_block**2).sum()))
    half = float(stats.t.ppf(0.5 + CONFIDENCE / 2, count - 1)) * error
    return Estimate(middle, middle - half, middle + half, len(values))


def mean(values: np.ndarray, blocks: np.ndarray) -> Estimate:
    """Return the mean of runs with its interval."""
    return contrast(values, np.zeros(len(values), dtype=int), blocks, {0: 1.0})


def share(hits: np.ndarray, blocks: np.ndarray) -> Estimate:
    """Return a share with Wilson's interval, its sample size cut to what blocks of runs that hang together are worth."""
    count = len(hits)
    if not count:
        return Estimate(np.nan, np.nan, np.nan, 0)
    from scipy import stats

    p = float(hits.mean())
    _, place = np.unique(blocks, return_inverse=True)
    per_block = np.bincount(place.ravel(), weights=hits - p)
    alone = p * (1 - p) * count
    effect = max(1.0, float((per_block**2).sum()) / alone) if alone > 0 else count / len(per_block)
    worth = count / effect
    z = float(stats.norm.ppf(0.5 + CONFIDENCE / 2))
    middle = (p + z * z / (2 * worth)) / (1 + z * z / worth)
    half = z / (1 + z * z / worth) * float(np.sqrt(p * (1 - p) / worth + z * z / (4 * worth * worth)))
    return Estimate(p, max(0.0, middle - half), min(1.0, middle + half), count)
