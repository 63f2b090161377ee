"""A model that takes its time without a processor: where machines fail, it is waiting that has to be tested, not computing."""

from __future__ import annotations

import time
from collections.abc import Mapping

SECONDS = 0.15


def figures(point: Mapping[str, float], seed: int) -> dict[str, float]:
    """Return two figures that tell every point and seed from every other."""
    time.sleep(SECONDS)
    return {"sum": point["one"] + point["other"] + seed, "product": point["one"] * point["other"] / (1 + seed)}
