"""Pictures of the chain: where its nodes stand, how they and the links are drawn, and satisfaction along it."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import networkx as nx
import numpy as np
from matplotlib.collections import PathCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from sim.chain import ServiceChain
from sim.layout import Places, layers
from sim.model import ServiceModel
from sim.plots.style import INK, MUTED, STYLE

SHAPES = {"department": "o", "contractor": "D", "segment": "s"}
NODE = 1100
"""Area of a node's mark, in square points."""
LINK = "#9AA5AE"
BEND = "arc3,rad=0.1"


def canvas(places: Places) -> tuple[Figure, Any]:
    """Return an empty figure of a size that suits the chain, and its axes."""
    columns = [round(-x - 0.12) for x, _ in places.values()]
    tallest = max(columns.count(column) for column in columns)
    figure, axes = plt.subplots(
        figsize=(max(8.0, 3.4 * (max(columns) + 1)), max(4.8, 1.5 + 1.05 * tallest)), layout="constrained"
    )
    axes.margins(0.1, 0.12)
    axes.axis("off")
    return figure, axes


def draw_links(
    axes: Any,
    chain: ServiceChain,
    places: Places,
    links: Sequence[tuple[str, str]],
    widths: Sequence[float],
    **look: Any,
) -> None:
    """Draw some links of the chain as bent arrows from supplier to client."""
    if links:
        nx.draw_networkx_edges(
            chain, places, ax=axes, edgelist=list(links), width=list(widths), node_size=NODE,
            **({"connectionstyle": BEND, "edge_color": LINK, "arrowsize": 10, "alpha": 0.8} | look),
        )  # fmt: skip


def flow_widths(chain: ServiceChain, links: Sequence[tuple[str, str]]) -> list[float]:
    """Return widths of links that rise with the requests per day over them."""
    flows = chain.link_rates()
    most = max(flows.values()) or 1.0
    return [0.6 + 4 * float(np.sqrt(flows[link] / most)) for link in links]


def draw_nodes(
    axes: Any,
    chain: ServiceChain,
    places: Places,
    values: Mapping[str, float],
    low: float,
    high: float,
    digits: int = 0,
) -> PathCollection | None:
    """Draw every node with its name, coloured by its value and with the value in it; nodes without one (nan) are white.

    Returns what a colour bar needs; None where no node has a value.
    """
    picture = None
    for kind, shape in SHAPES.items():
        for seen in (True, False):
            group = [
                name
                for name, data in chain.nodes(data=True)
                if data["kind"] == kind and np.isfinite(values[name]) == seen
            ]
            if not group:
                continue
            xs, ys = zip(*(places[name] for name in group), strict=True)
            look: dict[str, Any] = {"marker": shape, "s": NODE, "linewidths": 1.2, "edgecolors": INK, "zorder": 3}
            if seen:
                picture = axes.scatter(
                    xs, ys, c=[values[name] for name in group], cmap="cividis", vmin=low, vmax=high, **look
                )
            else:
                axes.scatter(xs, ys, c="white", **look)
    for name, (x, y) in places.items():
        value = values[name]
        dark = np.isfinite(value) and value < (low + high) / 2
        axes.text(x, y, f"{value:.{digits}f}" if np.isfinite(value) else "–", ha="center", va="center", fontweight="bold",
                  color="white" if dark else INK, zorder=4)  # fmt: skip
        axes.annotate(textwrap.fill(name, 20), (x, y), xytext=(0, -19), textcoords="offset points", ha="center",
                      va="top", fontsize=9, color=INK, zorder=4,
                      bbox={"boxstyle": "round,pad=0.1", "fc": "white", "ec": "none", "alpha": 0.75})  # fmt: skip
    return picture


def legend_of_shapes(axes: Any, *more: Any) -> None:
    """Say below the picture which shape is which kind of node; ``more`` are further handles."""
    shapes = [
        Line2D([], [], marker=shape, ls="", mfc="white", mec=INK, ms=9, label=kind) for kind, shape in SHAPES.items()
    ]
    handles = [*shapes, *more]
    axes.legend(handles=handles, loc="upper center", bbox_to_anchor=(0.5, 0.02), ncols=len(handles), frameon=False)


def _satisfaction_with(model: ServiceModel) -> dict[str, float]:
    """Return how satisfied internal clients are with each unit, and customers with the firm; nan where nobody is served."""
    chain, state = model.chain, model.state
    values = {}
    for row, name in enumerate(chain.units):
        values[name] = 100 * state.satisfaction_over(np.asarray(state.link["supplier"] == row))
    for row, name in enumerate(chain.segments):
        active = state.segment["active"][row]
        values[name] = 100 * state.segment["satisfaction_sum"][row] / active if active else np.nan
    return values


def chain_picture(model: ServiceModel) -> Figure:
    """Draw the chain, units coloured by how satisfied their internal clients are with them, segments by customers."""
    chain = model.chain
    values = _satisfaction_with(model)
    places = layers(chain)
    known = [value for value in values.values() if np.isfinite(value)]
    low, high = (min(known), max(known)) if known else (0.0, 100.0)
    middle, half = (low + high) / 2, max(5.0, (high - low) / 2)
    with plt.rc_context(STYLE):
        figure, axes = canvas(places)
        draw_links(axes, chain, places, list(chain.edges), flow_widths(chain, list(chain.edges)))
        picture = draw_nodes(axes, chain, places, values, middle - half, middle + half)
        if picture is not None:
            bar = figure.colorbar(picture, ax=axes, shrink=0.6, pad=0.01)
            bar.set_label("satisfaction of those served, 0–100")
        legend_of_shapes(axes)
        figure.suptitle(f"{chain.setting('name')}: how satisfied are those whom each unit serves?", fontsize=12,
                        fontweight="bold", x=0.004, ha="left")  # fmt: skip
        axes.set_title(
            f"Day {model.day} of one run (seed {model.seed}). Arrows run from supplier to client and widen with requests per "
            "day; –: serves customers only.",
            fontsize=9, color=MUTED, fontweight="normal",
        )  # fmt: skip
    return figure
