"""Pictures of where the next unit of money does most: the chain, and the ranked actions with their intervals."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from typing import Any

import matplotlib.pyplot as plt
import networkx as nx
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from sim.layout import Places, layers
from sim.plots.chain import BEND, canvas, draw_links, draw_nodes, legend_of_shapes
from sim.plots.style import INK, INSIDE, MUTED, OUTSIDE, STYLE
from sim.weakest_link import MONEY, WeakestLink, ranked

NAMED = 5
"""Places whose rank stands on the picture."""
FAINT = "#CDD3D8"
_BADGE: dict[str, Any] = {
    "fontsize": 9,
    "fontweight": "bold",
    "color": "white",
    "bbox": {"boxstyle": "circle,pad=0.25", "fc": INSIDE, "ec": "white", "lw": 1},
}


def weakest_chain(found: WeakestLink) -> Figure:
    """Draw the chain, every place by what a step of everything there gives per unit of cost; the best five are numbered.

    Colour and figure in the node, width of the arrow. What cannot be told from no effect is white or thin.
    """
    chain = found.chain
    currency = chain.setting("currency")
    seeds = found.seeds
    runs = f"n = {seeds['places']} paired runs" if seeds["places"] else f"screening, {seeds['screening']} pairs of runs"
    table = found.places[found.places["points_per_money_low"] > 0]
    worth = dict(zip(table["place"], table["points_per_money"], strict=True))
    nodes = {name: worth.get(name, np.nan) for name in chain.nodes}
    links = {edge: worth[" → ".join(edge)] for edge in chain.links if " → ".join(edge) in worth}
    known = [value for value in nodes.values() if np.isfinite(value)]
    low, high = (0.0, max(known)) if known else (0.0, 1.0)
    places = layers(chain)
    with plt.rc_context(STYLE):
        figure, axes = canvas(places)
        plain = [edge for edge in chain.links if edge not in links]
        draw_links(axes, chain, places, plain, [0.8] * len(plain), edge_color=FAINT, arrowsize=8)
        most = max(links.values(), default=1.0)
        for bend, group in _bends(places, links).items():
            draw_links(axes, chain, places, group, [1.5 + 4 * links[edge] / most for edge in group], edge_color=INSIDE,
                       arrowsize=14, alpha=0.9, connectionstyle=bend)  # fmt: skip
        picture = draw_nodes(axes, chain, places, nodes, low, high, digits=_digits(high))
        if picture is not None:
            bar = figure.colorbar(picture, ax=axes, shrink=0.6, pad=0.01)
            bar.set_label(f"points of external satisfaction per {MONEY:,} {currency} a year")
        lines = []
        on_links = {}
        for rank, (_, row) in enumerate(table.head(NAMED).iterrows(), start=1):
            lines.append(f"{rank}  {row['place']}: {_interval(row, 'points_per_money', 2)}")
            edge = next((edge for edge in links if " → ".join(edge) == row["place"]), None)
            if edge:
                on_links[edge] = str(rank)
            elif row["place"] in places:
                axes.annotate(str(rank), places[row["place"]], xytext=(19, 15), textcoords="offset points", ha="center",
                              va="center", zorder=6, **_BADGE)  # fmt: skip
        for bend, group in _bends(places, on_links).items():
            drawn = nx.draw_networkx_edge_labels(
                chain, places, {edge: on_links[edge] for edge in group}, ax=axes, rotate=False, connectionstyle=bend,
                label_pos=0.36 if bend == BEND else 0.5, bbox=_BADGE["bbox"], font_size=_BADGE["fontsize"],
                font_color="white", font_weight="bold",
            )  # fmt: skip
            for text in drawn.values():
                text.set_zorder(7)  # above the nodes
        key = "\n".join(lines) if lines else "no place can be told from no effect"
        axes.text(0.0, -0.12, f"Points per {MONEY:,} {currency} a year [95 % interval]\n{key}", fontsize=9, va="top",
                  color=INK, linespacing=1.4, transform=axes.transAxes)  # fmt: skip
        legend_of_shapes(
            axes,
            Line2D([], [], color=INSIDE, lw=3, label="link with an effect, wider for more per cost"),
            Line2D([], [], color=FAINT, lw=1.2, label="no effect told from none"),
        )
        figure.suptitle(f"{chain.setting('name')}: where does the next {currency} do most for customers?", fontsize=12,
                        fontweight="bold", x=0.004, ha="left")  # fmt: skip
        axes.set_title(
            f"A step of everything that can be done at each place: effect over cost ({runs}); –: not told from none.",
            fontsize=9, color=MUTED, fontweight="normal",
        )  # fmt: skip
    return figure


def _bends(places: Places, links: Iterable[tuple[str, str]]) -> dict[str, list[tuple[str, str]]]:
    """Return links by how far they are bent: those within a column more, so that they do not hide behind its nodes."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for supplier, client in links:
        within = abs(places[supplier][0] - places[client][0]) < 0.5
        groups.setdefault("arc3,rad=0.45" if within else BEND, []).append((supplier, client))
    return groups


def _digits(high: float) -> int:
    return 0 if high >= 10 else 1 if high >= 1 else 2


def _interval(row: pd.Series, name: str, digits: int) -> str:
    return f"{row[name]:.{digits}f} [{row[f'{name}_low']:.{digits}f}, {row[f'{name}_high']:.{digits}f}]"


def forest(found: WeakestLink) -> Figure:
    """Draw the confirmed actions with their intervals, the best first: per unit of cost, and what is left as profit."""
    table = ranked(found.confirmed)
    currency = found.chain.setting("currency")
    with plt.rc_context(STYLE):
        figure, (left, right) = plt.subplots(
            1, 2, figsize=(12, max(3.2, 1.8 + 0.36 * len(table))), sharey=True, layout="constrained"
        )
        heights = np.arange(len(table))[::-1]
        for axes, name, colour, label in (
            (left, "points_per_money", OUTSIDE, f"points of external satisfaction per {MONEY:,} {currency} a year"),
            (right, "net_profit", INSIDE, f"net profit in the first {found.days} days, thousand {currency} a year"),
        ):
            scale = 1000 if name == "net_profit" else 1
            for height, (_, row) in zip(heights, table.iterrows(), strict=True):
                if not np.isfinite(row[name]):
                    axes.text(0, height, " costs nothing", va="center", fontsize=8, color=MUTED)
                    continue
                told = row[f"{name}_low"] > 0 or row[f"{name}_high"] < 0
                axes.plot([row[f"{name}_low"] / scale, row[f"{name}_high"] / scale], [height] * 2, lw=2, color=colour,
                          alpha=1.0 if told else 0.45, solid_capstyle="butt")  # fmt: skip
                axes.plot(row[name] / scale, height, marker="s" if row["cost_from"] == "guess" else "o", ms=6.5,
                          mec=colour, mfc=colour if told else "white")  # fmt: skip
            axes.axvline(0, color=MUTED, lw=0.8)
            axes.set_xlabel(label)
            axes.grid(axis="x", color="#E3E3E3", lw=0.8)
        left.set_yticks(heights, [_row_label(row) for _, row in table.iterrows()], fontsize=8.5)
        left.set_title("Customers, for the money")
        right.set_title("Profit, after all costs")
        right.tick_params(axis="y", length=0)
        handles: list[Any] = [
            Line2D([], [], marker="o", ls="", color=MUTED, label="cost booked by the model, or your price"),
            Line2D([], [], marker="s", ls="", color=MUTED, label="price is a guess"),
            Line2D([], [], marker="o", ls="", mec=MUTED, mfc="white", label="interval holds 0"),
        ]
        runs = found.seeds["confirmation"]
        figure.legend(
            handles=handles, loc="outside lower center", ncols=3, frameon=False, fontsize=9, title_fontsize=8,
            title=f"{runs} paired runs each, on seeds that the choice did not see; bars: 95 % intervals",
        )  # fmt: skip
        figure.suptitle(f"{found.chain.setting('name')}: one step each, alone, against the firm as described",
                        fontweight="bold", x=0.004, ha="left")  # fmt: skip
    return figure


def _row_label(row: pd.Series) -> str:
    step = f"{row['lever'].replace('_', ' ')} {row['before']:.3g} → {row['after']:.3g}"
    return f"{textwrap.shorten(str(row['place']), 44, placeholder='…')}: {step}"
