"""Figures with their intervals, read back from tables and manifests."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from sim.estimates import Estimate


def of_row(row: Any, name: str, runs: int) -> Estimate:
    """Return the figure whose interval stands in the columns ``name``_low and ``name``_high."""
    return Estimate(float(row[name]), float(row[f"{name}_low"]), float(row[f"{name}_high"]), runs)


def of_entry(entry: Mapping[str, Any] | None) -> Estimate:
    """Return the figure that a manifest holds; not measurable where it holds none. JSON's null and NaN are the same."""
    if not entry:
        return Estimate(math.nan, math.nan, math.nan, 0)
    mean, low, high = (math.nan if entry[name] is None else float(entry[name]) for name in ("mean", "low", "high"))
    return Estimate(mean, low, high, int(entry["runs"]))
