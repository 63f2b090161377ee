"""How much each factor matters for one output, whatever the method: estimates with 95 % intervals, as a tidy table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd

from sim.estimates import CONFIDENCE

Method = Literal["sobol", "morris", "given data"]

MEANING = {
    "first": "share of variance that goes when this factor alone is known",
    "total": "share of variance that stays as long as this factor is unknown: its own effect and all its interactions",
    "second": "share of variance that two factors make together, beyond what each makes alone",
    "mu_star": "mean absolute effect of moving the factor over its range, in units of the output",
    "mu": "mean effect of moving the factor over its range; smaller than mu_star in size where the direction changes",
    "sigma": "how much that effect differs from place to place: curvature and interactions",
    "slope": "standardised regression coefficient: standard deviations of the output per one of the factor",
}


@dataclass(frozen=True, slots=True)
class Indices:
    """Sensitivity of one output.

    Parameters
    ----------
    estimates : columns factor, index, estimate, low, high; ``factor`` is ``a × b`` for second order; nan where undefined
    points : points of the design; ``runs`` runs behind them
    leading : the index that factors are ranked by (``total``, ``mu_star`` or ``first``)
    resamples : per index, an array (resamples, factors) of bootstrap values, for how sure a ranking is
    notes : what has to be known beside the numbers, in sentences
    """

    method: Method
    output: str
    factors: tuple[str, ...]
    estimates: pd.DataFrame
    points: int
    runs: int
    leading: str
    notes: tuple[str, ...] = ()
    resamples: Mapping[str, np.ndarray] = field(default_factory=dict)

    @property
    def defined(self) -> bool:
        """Whether the output differs at all; indices of a constant are undefined, not 0."""
        return bool(np.isfinite(self.estimates["estimate"]).any())

    def table(self) -> pd.DataFrame:
        """Return one row a factor (or pair) and index: output, method, factor, index, estimate, low, high, points, runs."""
        table = self.estimates.copy()
        table.insert(0, "output", self.output)
        table.insert(1, "method", self.method)
        return table.assign(points=self.points, runs=self.runs)

    def of(self, index: str) -> pd.DataFrame:
        """Return estimate, low, high of one index by factor, in the order of the space."""
        rows = self.estimates[self.estimates["index"] == index]
        return rows.set_index("factor")[["estimate", "low", "high"]]

    def ranked(self) -> list[str]:
        """Return the factors, the most influential first; in the order of the space where indices are undefined."""
        if not self.defined:
            return list(self.factors)
        values = self.of(self.leading)["estimate"].reindex(list(self.factors)).fillna(-np.inf)
        return list(values.sort_values(ascending=False, kind="stable").index)


def rows(factors: Sequence[str], index: str, estimate: np.ndarray, low: np.ndarray, high: np.ndarray) -> pd.DataFrame:
    """Return rows of `Indices.estimates`."""
    return pd.DataFrame({"factor": list(factors), "index": index, "estimate": estimate, "low": low, "high": high})


def undefined(factors: Sequence[str], kinds: Sequence[str]) -> pd.DataFrame:
    """Return rows without values, for an output that does not vary."""
    nothing = np.full(len(factors), np.nan)
    return pd.concat([rows(factors, kind, nothing, nothing, nothing) for kind in kinds], ignore_index=True)


def percentiles(resamples: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the 95 % interval of bootstrap values (resamples, factors)."""
    tail = (1 - CONFIDENCE) / 2
    return np.quantile(resamples, tail, axis=0), np.quantile(resamples, 1 - tail, axis=0)


def constant_note(output: str, value: float) -> str:
    """Return what to say of an output that is the same everywhere."""
    return f"{output} is {value:.6g} at every point: it has no variance, so its indices are undefined, not 0."
