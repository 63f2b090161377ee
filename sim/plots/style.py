"""Colours and type that all pictures share."""

from __future__ import annotations

from typing import Any

import matplotlib

matplotlib.use("Agg")

# Okabe & Ito's colours, told apart by people who see colours differently; lines differ in dash as well.
OUTSIDE, INSIDE, MUTED, INK = "#0072B2", "#D55E00", "#8A8A8A", "#222222"
STYLE: Any = {
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.titlelocation": "left",
    "axes.titleweight": "bold",
    "text.parse_math": False,  # names may hold dollar signs
    "figure.dpi": 110,
    "savefig.dpi": 150,
    "svg.hashsalt": "service-culture",
}


def short(name: str, most: int = 34) -> str:
    """Return a name that fits beside an axis, cut at the end where it is too long."""
    return name if len(name) <= most else name[: most - 1].rstrip() + "…"
