"""What the pictures of sweeps share: names that fit, units, and the line below that says what was counted."""

from __future__ import annotations

import textwrap
from typing import Any

from matplotlib.figure import Figure

from experiments.analysis import frames
from experiments.sweeps.simulate import measure_of
from sim.plots.style import MUTED

GRID = "#E8E8E8"
PALE = "#B8C7D3"
BARS = "95 % intervals"


def name(factor: str, width: int = 30) -> str:
    """Return a factor's name as people read it, in lines of some width."""
    return textwrap.fill(frames.label(factor), width, break_long_words=False)


def measure(output: str) -> str:
    """Return an output's name as people read it."""
    return frames.label(output)


def unit(output: str) -> str:
    """Return an output's name with its unit where that is known."""
    known = measure_of(output)
    return f"{known.label}, {known.unit}" if known else frames.label(output)


def entitle(figure: Figure, title: str, below: str, width: int = 90) -> None:
    """Set the title above and the line that says what was counted below."""
    figure.suptitle(
        textwrap.fill(title, width, break_on_hyphens=False), fontweight="bold", fontsize=12, x=0.01, ha="left"
    )
    figure.supxlabel(textwrap.fill(below, int(width * 1.35), break_on_hyphens=False), fontsize=8, color=MUTED)


def counted(points: int, runs: int) -> str:
    """Return how much was computed, in words."""
    return f"{runs:,} runs" if points == runs else f"{points:,} points, {runs:,} runs"


def tidy(axes: Any, along: str = "x") -> None:
    """Draw a faint grid behind and small tick labels."""
    axes.grid(axis=along, color=GRID, lw=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(labelsize=8.5)


def thousands(value: float, _: object = None) -> str:
    """Return a tick's label, with commas where numbers are long."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:g}"
