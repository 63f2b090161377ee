"""Pictures that findings about correlations and elasticities share: simulated beside published."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from matplotlib.figure import Figure

from experiments.validation.finding import Check
from sim.estimates import Estimate
from sim.plots.style import INK, INSIDE, MUTED, OUTSIDE

BAND = "#D5E4EF"


def forest(
    checks: Sequence[Check], label: str, beside: Sequence[tuple[str, Sequence[Estimate | None]]] = ()
) -> Callable[[Figure], None]:
    """Return what draws a line for each check: the published range as a band, the simulated figure with its interval.

    Parameters
    ----------
    checks : from top to bottom
    label : of the axis
    beside : further simulated figures by what they are called, one for each check or None
    """

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        ends = [
            end
            for one in checks
            for end in (one.published.low, one.published.high, one.simulated.low, one.simulated.high, one.null)
            if math.isfinite(end)
        ]
        margin = 0.06 * (max(ends) - min(ends) or 1)
        left, right = min(ends) - margin, max(ends) + margin
        for place, one in enumerate(checks):
            low, high = max(left, one.published.low), min(right, one.published.high)
            axes.barh(place, high - low, left=low, height=0.6, color=BAND, edgecolor="white",
                      label="published: range that counts as the same" if place == 0 else None)  # fmt: skip
            axes.plot([one.null, one.null], [place - 0.42, place + 0.42], color=MUTED, lw=1, ls=":")
            _mark(
                axes,
                place - (0.1 if beside else 0.0),
                one.simulated,
                "o",
                OUTSIDE,
                True,
                "simulated, 95 % interval" if place == 0 else None,
            )
        for row, (name, others) in enumerate(beside):
            named = False
            for place, other in enumerate(others):
                if other is not None and math.isfinite(other.mean):
                    height = place + 0.12 + 0.16 * row
                    _mark(axes, height, other, "s" if row == 0 else "D", INSIDE, False, None if named else name)
                    named = True
        axes.set_yticks(range(len(checks)), [one.name for one in checks])
        axes.set_ylim(len(checks) - 0.4, -0.6)
        axes.set_xlim(left, right)
        axes.set_xlabel(label)
        axes.tick_params(axis="y", length=0)
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=2, frameon=False, fontsize=8, borderaxespad=0.2)

    return draw


def _mark(axes: Any, place: float, value: Estimate, mark: str, colour: str, filled: bool, label: str | None) -> None:
    if math.isfinite(value.low):
        axes.plot([value.low, value.high], [place, place], color=colour, lw=1.6, zorder=3)
    axes.plot(value.mean, place, mark, color=colour, mfc=colour if filled else "white", ms=6, zorder=4, label=label,
              mec=colour if not filled else INK, mew=0.8)  # fmt: skip
