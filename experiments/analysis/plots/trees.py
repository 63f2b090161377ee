"""A picture of the tree that tells cases from other runs."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from experiments.analysis.cart import Node, Tree
from experiments.analysis.plots.common import entitle, name
from sim.plots.style import INK, MUTED, STYLE

WIDTH, HEIGHT = 2.3, 1.25
"""Room for a leaf, and for a level, in inches."""


def tree(found: Tree) -> Figure:
    """Draw the tree: a question in each node, its answer on each branch, in each leaf the share of cases on held-out runs."""
    leaves, depth = len(found.leaves), _depth(found.root)
    with plt.rc_context(STYLE):
        figure, axes = plt.subplots(
            figsize=(max(6.5, WIDTH * leaves), 1.6 + HEIGHT * (depth + 1)), layout="constrained"
        )
        axes.set(xlim=(-0.55, leaves - 0.45), ylim=(-depth - 0.55, 0.45))
        axes.axis("off")
        _draw(axes, found.root, 0, found, plt.get_cmap("cividis"))
        coverage, density = found.coverage, found.density
        case_leaves = int(found.leaves["case_leaf"].sum())
        held = int(found.leaves["runs"].sum())
        rate = float((found.leaves["share"].fillna(0) * found.leaves["runs"]).sum()) / held
        summed = (
            f"framed: case leaves, {100 * coverage.mean:.0f} % of cases are there, {100 * density.mean:.0f} % of "
            "their runs are cases"
            if case_leaves
            else "no leaf holds cases more often than all runs do"
        )
        entitle(
            figure,
            f"What tells “{found.condition}” from other runs",
            f"{found.runs:,} runs, {held:,} of them held out; in leaves: share of cases among held-out runs, 95 % interval; "
            f"all of these: {100 * rate:.0f} %; {summed}",
            max(70, 24 * leaves),
        )
    return figure


def _depth(node: Node) -> int:
    return 1 + max(_depth(child) for child in node.children) if node.children else 0


def _draw(axes: Any, node: Node, level: int, found: Tree, colours: Any) -> float:
    """Draw a node and what is below it; return where it stands, in the middle above its children."""
    if not node.children:
        row = found.leaves.iloc[node.leaf]
        x = float(node.leaf)
        colour = colours(float(row["share"])) if row["runs"] else (1, 1, 1, 1)
        ink = "white" if row["share"] < 0.5 else INK
        _box(axes, x, -level, 0.86, 0.62, colour, 2.4 if row["case_leaf"] else 0.6, row["case_leaf"])
        shown = (
            f"{100 * row['share']:.0f} %\n[{100 * row['low']:.0f}, {100 * row['high']:.0f}]\nn = {int(row['runs']):,}"
            if row["runs"] else "no run held out"
        )  # fmt: skip
        axes.text(x, -level, shown, ha="center", va="center", fontsize=9, color=ink, linespacing=1.2, zorder=4)
        return x
    places = [_draw(axes, child, level + 1, found, colours) for child in node.children]
    x = sum(places) / 2
    for place, child, answer in zip(places, node.children, (f"≤ {node.value:.3g}", f"> {node.value:.3g}"), strict=True):
        end = -level - 1 + (0.31 if not child.children else 0.25)
        axes.plot([x, place], [-level - 0.25, end], color=MUTED, lw=1.3, zorder=1)
        axes.text(x + 0.45 * (place - x), -level - 0.25 + 0.45 * (end + level + 0.25), answer, ha="center",
                  va="center", fontsize=9, color=INK, zorder=3,
                  bbox={"boxstyle": "round,pad=0.15", "fc": "white", "ec": "none"})  # fmt: skip
    _box(axes, x, -level, 0.94, 0.5, "white", 1.0, False)
    axes.text(x, -level, name(str(node.factor), 22), ha="center", va="center", fontsize=9, fontweight="bold", color=INK,
              zorder=4)  # fmt: skip
    return x


def _box(axes: Any, x: float, y: float, width: float, height: float, colour: Any, line: float, framed: bool) -> None:
    axes.add_patch(FancyBboxPatch(
        (x - width / 2, y - height / 2), width, height, boxstyle="round,pad=0,rounding_size=0.06", fc=colour,
        ec="#D55E00" if framed else MUTED, lw=line, zorder=2, mutation_aspect=1,
    ))  # fmt: skip
