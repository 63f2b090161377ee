"""Pictures of the exercise: who would stay, the mirror, and the whole internal market."""

from __future__ import annotations

import textwrap
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from sim.hireback import matrix, mirror, words
from sim.hireback.asis import AsIs
from sim.hireback.choice import HALF, SURE_SHARE, WORDS
from sim.hireback.market import DIMENSIONS
from sim.plots.style import INK, INSIDE, MUTED, OUTSIDE, STYLE, short

_MARKERS = {"yes": "o", "no": "X", "close": "D"}
_COLOURS = {"yes": OUTSIDE, "no": INSIDE, "close": "#6B6B6B"}
_SIGNS = {"yes": "●", "no": "✕", "close": "◆"}
GRID = "#E3E3E3"


def kept_by_client(found: AsIs, unit: str) -> Figure:
    """Draw the share that each client of a unit would keep: mean and 95 % interval over runs, and the spread over markets."""
    clients = sorted(
        (found.of_client(*edge) for edge in found.chain.links if edge[0] == unit), key=lambda one: -one.demand
    )
    rows = [found.of_unit(unit), *clients]
    known = [one for one in rows if one.answer is not None]
    total = max(rows[0].demand, 1e-9)
    with plt.rc_context(STYLE):
        figure, axes = plt.subplots(figsize=(10, max(2.8, 1.7 + 0.46 * len(known))), layout="constrained")
        heights = np.arange(len(known))[::-1]
        axes.axvspan(100 * SURE_SHARE, 100, color=OUTSIDE, alpha=0.07, lw=0)
        axes.axvline(100 * HALF, color=MUTED, lw=1)
        labels = []
        for height, one in zip(heights, known, strict=True):
            assert one.answer is not None
            colour = _COLOURS[one.answer]
            axes.plot([100 * one.market_low, 100 * one.market_high], [height] * 2, lw=6, color=colour,
                      alpha=0.22, solid_capstyle="butt")  # fmt: skip
            axes.plot([100 * one.share.low, 100 * one.share.high], [height] * 2, lw=2.2, color=colour)
            axes.plot(100 * one.share.mean, height, marker=_MARKERS[one.answer], ms=8, mfc=colour, mec="white", ls="")
            axes.text(101.5, height, f"{WORDS[one.answer]}: {words.short_reason(one)}", va="center", fontsize=8.5, color=INK,
                      fontweight="bold" if one.client is None else "normal")  # fmt: skip
            share = 100 * one.demand / total
            part = f"{share:.0f} %" if share >= 0.5 else "under 1 %"
            labels.append(short(one.client) + f" ({part})" if one.client else "all its clients")
        axes.set_yticks(heights, labels)
        if known:
            axes.get_yticklabels()[0].set_fontweight("bold")
        if len(known) > 1:
            axes.axhline(heights[0] - 0.5, color=GRID, lw=1)
        axes.set_ylim(-0.7, len(known) - 0.3)
        axes.set_xlim(0, 100)
        axes.set_xlabel("share of the client's demand that would stay, %")
        axes.grid(axis="x", color=GRID, lw=0.8)
        axes.set_axisbelow(True)
        axes.tick_params(axis="y", length=0)
        axes.text(100 * HALF, len(known) - 0.32, "half", ha="center", va="bottom", fontsize=8, color=MUTED)
        axes.text(90, len(known) - 0.32, "sure of the job", ha="center", va="bottom", fontsize=8, color=MUTED)
        handles: list[Any] = [
            Line2D([], [], marker=_MARKERS[name], ls="", mfc=_COLOURS[name], mec="white", ms=8, label=WORDS[name])
            for name in ("yes", "close", "no")
        ]
        handles += [
            Line2D([], [], lw=2.2, color=MUTED, label="95 % interval over runs"),
            Line2D([], [], lw=6, color=MUTED, alpha=0.3, label="nine markets of ten"),
        ]
        runs = f"n = {len(found.seeds)} runs × {found.markets} markets; in brackets: part of its work"
        figure.legend(handles=handles, loc="outside lower center", ncols=5, frameon=False, fontsize=8.5, title=runs,
                      title_fontsize=8)  # fmt: skip
        figure.suptitle(
            f"{found.chain.setting('name')}: would they hire {short(unit, 60)} back?",
            fontweight="bold",
            x=0.004,
            ha="left",
        )
    return figure


_LOOKS = {
    "given": ("given, as its clients see it", OUTSIDE, "o"),
    "own": ("given, as it sees itself", "#009E73", "^"),
    "received": ("received from its own suppliers", INSIDE, "s"),
}


def mirror_picture(found: AsIs, unit: str) -> Figure:
    """Draw service given, as clients and as the unit see it, and service received, on the five dimensions."""
    table = mirror.sides(found.chain, found.looks)
    mine = table[(table["unit"] == unit) & table["level"].notna()]
    names = [*DIMENSIONS, "overall"]
    with plt.rc_context(STYLE):
        figure, axes = plt.subplots(figsize=(9, 4.6), layout="constrained")
        heights = {name: len(names) - 1 - row for row, name in enumerate(names)}
        for name, height in heights.items():
            both = mine[(mine["dimension"] == name) & mine["side"].isin(("given", "own"))]["level"]
            if len(both) == 2:
                axes.plot(both, [height + 0.0] * 2, color=GRID, lw=7, solid_capstyle="round", zorder=1)
        for shift, (side, (label, colour, marker)) in zip((0.0, 0.0, -0.26), _LOOKS.items(), strict=True):
            rows = mine[mine["side"] == side]
            if rows.empty:
                continue
            at = np.array([heights[name] + shift for name in rows["dimension"]])
            error = np.nan_to_num(np.abs(rows[["level_low", "level_high"]].to_numpy().T - rows["level"].to_numpy()))
            axes.errorbar(rows["level"], at, xerr=error, fmt=marker, color=colour, ms=8, mec="white", elinewidth=1.8,
                          label=label, zorder=3)  # fmt: skip
        axes.set_yticks(list(heights.values()), list(heights))
        axes.get_yticklabels()[-1].set_fontweight("bold")
        axes.axhline(0.5, color=GRID, lw=1)
        axes.set_ylim(-0.6, len(names) - 0.5)
        low = float(np.nanmin(mine["level_low"].fillna(mine["level"]))) if len(mine) else 0.0
        axes.set_xlim(max(0.0, 5 * np.floor((low - 3) / 5)), 100)
        axes.set_xlabel("0–100")
        axes.grid(axis="x", color=GRID, lw=0.8)
        axes.set_axisbelow(True)
        axes.tick_params(axis="y", length=0)
        if len(mine):
            title = f"mean and 95 % interval, n = {len(found.seeds)} runs; grey: gap between these views"
            figure.legend(loc="outside lower center", ncols=3, frameon=False, fontsize=9, title_fontsize=8, title=title)
        figure.suptitle(
            f"{short(unit, 60)}: the service it gives, and the service it gets", fontweight="bold", x=0.004, ha="left"
        )
    return figure


def internal_market(found: AsIs) -> Figure:
    """Draw the whole internal market: suppliers down, clients across; colour and figure: share; sign: verdict."""
    share, said = matrix.shares(found), matrix.answers(found)
    order = share[matrix.ALL].sort_values(kind="stable").index
    share, said = share.loc[order], said.loc[order]
    rows, columns = share.shape
    with plt.rc_context(STYLE):
        figure, axes = plt.subplots(
            figsize=(max(6.5, 3.2 + 0.72 * columns), max(3.4, 2.6 + 0.42 * rows)), layout="constrained"
        )
        colours = plt.get_cmap("PuOr").with_extremes(bad="white")
        picture = axes.imshow(
            np.ma.masked_invalid(share.to_numpy(float)), cmap=colours, vmin=15, vmax=85, aspect="auto"
        )
        for row, supplier in enumerate(share.index):
            for column, client in enumerate(share.columns):
                value = share.loc[supplier, client]
                if pd.isna(value):
                    continue
                answer = said.loc[supplier, client]
                red, green, blue, _ = colours((value - 15) / 70)
                dark = 0.299 * red + 0.587 * green + 0.114 * blue < 0.55  # as bright as the eye finds it (ITU-R BT.601)
                axes.text(column, row, f"{value:.0f} {_SIGNS[answer]}", ha="center", va="center", fontsize=8.5,
                          color="white" if dark else INK,
                          fontweight="bold" if client == matrix.ALL or answer == "no" else "normal")  # fmt: skip
        segments = set(found.chain.segments)
        names = [f"{short(name, 24)}\n(customers)" if name in segments else name for name in share.columns]
        across = [name if "\n" in name else textwrap.fill(short(name), 18) for name in names]
        axes.set_xticks(range(columns), across, rotation=40,
                        ha="right", rotation_mode="anchor", fontsize=8.5)  # fmt: skip
        axes.set_yticks(range(rows), [short(name) for name in share.index], fontsize=9)
        axes.set_xlabel("would these clients …")
        axes.set_ylabel("… hire these back?")
        axes.axvline(columns - 1.5, color=INK, lw=1.2)
        axes.set_xticks(np.arange(-0.5, columns), minor=True)
        axes.set_yticks(np.arange(-0.5, rows), minor=True)
        axes.grid(which="minor", color=GRID, lw=0.8)
        axes.tick_params(which="both", length=0)
        for spine in axes.spines.values():
            spine.set_visible(False)
        figure.colorbar(picture, ax=axes, shrink=0.8, pad=0.02, label="share of demand kept, %")
        handles: list[Any] = [
            Patch(fc="none", ec="none", label=f"{_SIGNS[name]} {WORDS[name]}") for name in ("yes", "close", "no")
        ]
        figure.legend(handles=handles, loc="outside lower center", ncols=3, frameon=False, fontsize=9, handlelength=0,
                      title=f"n = {len(found.seeds)} runs × {found.markets} markets; the lowest share first; empty: no link",
                      title_fontsize=8)  # fmt: skip
        figure.suptitle(
            f"{found.chain.setting('name')}: who would hire whom back?", fontweight="bold", x=0.004, ha="left"
        )
    return figure
