"""Pictures of what a sweep says; each function takes an answer of `experiments.analysis` and returns a Figure."""

from __future__ import annotations

from experiments.analysis.plots.boxes import box_limits, box_pairs, peeling
from experiments.analysis.plots.converging import convergence
from experiments.analysis.plots.curves import interactions, responses
from experiments.analysis.plots.indices import elementary, given_shares, leading, second_order, shares
from experiments.analysis.plots.trees import tree

__all__ = [
    "box_limits", "box_pairs", "convergence", "elementary", "given_shares", "interactions", "leading", "peeling",
    "responses", "second_order", "shares", "tree",
]  # fmt: skip
