"""Quantiles of resolution times where some tickets were still open when the log was taken."""

from __future__ import annotations

import numpy as np
import pandas as pd


def product_limit_quantiles(time: np.ndarray, ended: np.ndarray, levels: tuple[float, ...]) -> list[float]:
    """Return quantiles by the product-limit estimator S(t) = prod (1 - d / n) over the ends up to t.

    Kaplan & Meier 1958, doi:10.1080/01621459.1958.10501452. Without open cases, the sample quantiles; a quantile that
    the observation does not reach is NaN.
    """
    if len(time) == 0:
        return [float("nan")] * len(levels)
    if ended.all():
        return [float(x) for x in np.quantile(time, levels)]
    order = np.lexsort((~ended, time))
    at_risk = len(time) - np.arange(len(time))
    survival = np.cumprod(np.where(ended[order], 1 - 1 / at_risk, 1.0))
    out = []
    for level in levels:
        reached = np.flatnonzero(survival <= 1 - level + 1e-12)
        out.append(float(time[order][reached[0]]) if len(reached) else float("nan"))
    return out


def survival_quantiles(cases: pd.DataFrame, unit: str, levels: tuple[float, ...]) -> list[float]:
    """Return quantiles of the resolution time of a log's cases, in ``hours`` or working ``days``.

    Tickets closed without a resolution are left out; tickets still open count up to the moment the log was taken,
    in `cases` column ``open_hours`` or ``open_days`` where there is one.
    """
    done = np.isfinite(cases[unit].to_numpy())
    still = cases["open"].to_numpy() & ~done
    waited = cases[f"open_{unit}"].to_numpy() if f"open_{unit}" in cases else np.full(len(cases), np.nan)
    still &= np.isfinite(waited)
    time = np.concatenate([cases[unit].to_numpy()[done], waited[still]])
    ended = np.concatenate([np.ones(done.sum(), bool), np.zeros(still.sum(), bool)])
    return product_limit_quantiles(time, ended, levels)
