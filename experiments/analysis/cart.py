"""Scenario discovery by a tree (CART; Breiman et al. 1984): which splits of which factors tell cases from other runs?

The tree grows on one half of the runs. Its size is the smallest whose log-loss in five-fold cross-validation (whole blocks of
runs) lies within one standard error of the best (Breiman's rule). Shares of cases in its leaves that count are those of the
other half. A leaf is a *case leaf* where more cases than in all runs lie in it, sure enough: the low end of its interval is
above the base rate.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from experiments.analysis import contrasts, frames
from experiments.analysis.cases import Cases
from sim.estimates import Estimate

if TYPE_CHECKING:
    from experiments.sweeps.space import Space

MOST_LEAVES = 8
"""More cannot be read."""
IN_A_LEAF = 0.025
"""Share of the runs that a leaf must hold, at least."""


@dataclass(frozen=True, slots=True)
class Node:
    """A node of the tree: its split (factor and value; values up to it go to the first child), or a leaf with its number."""

    factor: str | None
    value: float
    children: tuple[Node, ...]
    leaf: int
    learnt: float
    runs: int


@dataclass(frozen=True, slots=True)
class Tree:
    """A tree that tells cases from other runs.

    Parameters
    ----------
    leaves : columns leaf, rule, learnt (share of cases in the half that was learnt from), share, low, high, runs (held out),
        lift, coverage (share of held-out cases in the leaf), case_leaf
    coverage, density : of all case leaves together, held out
    """

    condition: str
    runs: int
    base_rate: float
    root: Node
    leaves: pd.DataFrame
    coverage: Estimate
    density: Estimate
    notes: tuple[str, ...]

    def table(self) -> pd.DataFrame:
        """Return the leaves, tidy."""
        table = self.leaves.copy()
        table.insert(0, "condition", self.condition)
        return table


def discover(cases: Cases, space: Space, *, seed: int = 1, most_leaves: int = MOST_LEAVES) -> Tree:
    """Return the tree for a condition, its leaves tested on the half of the runs that was held out."""
    learning, held = cases.learning, ~cases.learning
    shares = cases.shares.to_numpy()
    model = _grown(shares[learning], cases.hit[learning], cases.blocks[learning], seed, most_leaves)
    root, rules = _read(model.tree_, list(cases.shares.columns), space)
    leaf_of = model.apply(shares)
    numbers = {node: number for number, (node, _) in enumerate(rules)}
    leaf = np.array([numbers[node] for node in leaf_of])
    base = float(cases.hit[held].mean())
    rows = []
    for number, (_, rule) in enumerate(rules):
        mine = held & (leaf == number)
        found = contrasts.share(cases.hit[mine], cases.blocks[mine])
        rows.append({
            "leaf": number, "rule": rule, "learnt": float(cases.hit[learning & (leaf == number)].mean()),
            "share": found.mean, "low": found.low, "high": found.high, "runs": found.runs, "lift": found.mean / base,
            "coverage": float((leaf[held & cases.hit] == number).mean()), "case_leaf": bool(found.low > base),
        })  # fmt: skip
    leaves = pd.DataFrame(rows)
    inside = np.isin(leaf, leaves.loc[leaves["case_leaf"], "leaf"])
    density = contrasts.share(cases.hit[held & inside], cases.blocks[held & inside])
    coverage = contrasts.share(inside[held & cases.hit], cases.blocks[held & cases.hit])
    notes = [
        f"Shares are of {int(held.sum()):,} runs that the tree was not grown on. Case leaves were picked by these shares, so "
        "their common density is a little flattered."
    ]
    if not leaves["case_leaf"].any():
        notes.append("No leaf holds cases more often than all runs do: these factors do not tell cases apart.")
    return Tree(cases.condition, len(cases.hit), cases.base_rate, root, leaves, coverage, density, tuple(notes))


def _grown(shares: np.ndarray, hit: np.ndarray, blocks: np.ndarray, seed: int, most: int) -> Any:
    """Return the smallest tree within one standard error of the best by cross-validation over whole blocks."""
    trees = frames.library("sklearn.tree")
    names, place = np.unique(blocks, return_inverse=True)
    which = (np.random.default_rng(seed).permutation(len(names)) % 5)[place.ravel()]

    def grow(size: int, rows: np.ndarray) -> Any:
        tree = trees.DecisionTreeClassifier(
            max_leaf_nodes=size, min_samples_leaf=max(10, int(IN_A_LEAF * len(hit))), random_state=seed
        )
        return tree.fit(shares[rows], hit[rows])

    sizes = range(2, most + 1)
    losses = np.full((len(sizes), 5), np.nan)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for row, size in enumerate(sizes):
            for number in range(5):
                test = which == number
                if test.any() and 0 < hit[~test].sum() < (~test).sum():
                    losses[row, number] = _loss(grow(size, ~test), shares[test], hit[test])
        mean = np.nanmean(losses, axis=1)
        error = np.nanstd(losses, axis=1, ddof=1) / np.sqrt(np.isfinite(losses).sum(axis=1))
        best = int(np.nanargmin(mean))
        size = sizes[int(np.flatnonzero(mean <= mean[best] + error[best])[0])]
        return grow(size, np.ones(len(hit), dtype=bool))


def _loss(tree: Any, shares: np.ndarray, hit: np.ndarray) -> float:
    p = np.clip(tree.predict_proba(shares)[:, list(tree.classes_).index(True)], 0.005, 0.995)
    return float(-np.where(hit, np.log(p), np.log(1 - p)).mean())


def _read(tree: Any, names: list[str], space: Space) -> tuple[Node, list[tuple[int, str]]]:
    """Return the tree as nodes in values of the factors, and for each leaf its number within scikit-learn and its rule."""
    factors = {factor.name: factor for factor in space.factors}
    rules: list[tuple[int, str]] = []

    def read(node: int, limits: dict[str, tuple[float, float]]) -> Node:
        counts = tree.value[node][0]
        learnt, runs = float(counts[-1] / counts.sum()), int(tree.n_node_samples[node])
        if tree.children_left[node] < 0:
            rules.append((node, _rule(limits)))
            return Node(None, np.nan, (), len(rules) - 1, learnt, runs)
        name = names[tree.feature[node]]
        nudge = 1e-7 if factors[name].values else 0.0  # the split stands halfway between two values: name the lower
        value = float(factors[name].at(np.array([tree.threshold[node] - nudge]))[0])
        low, high = limits.get(name, (-np.inf, np.inf))
        first = read(tree.children_left[node], limits | {name: (low, min(high, value))})
        second = read(tree.children_right[node], limits | {name: (max(low, value), high)})
        return Node(name, value, (first, second), -1, learnt, runs)

    return read(0, {}), rules


def _rule(limits: dict[str, tuple[float, float]]) -> str:
    said = []
    for name, (low, high) in limits.items():
        label = frames.label(name)
        if np.isfinite(low) and np.isfinite(high):
            said.append(f"{label} between {low:.3g} and {high:.3g}")
        else:
            said.append(f"{label} ≤ {high:.3g}" if np.isfinite(high) else f"{label} > {low:.3g}")
    return " and ".join(said) or "all runs"
