"""What the room can change about a department or a contractor: a few levers in plain words, of all that the model has."""

from __future__ import annotations

from typing import Any

from sim import levers
from sim.chain import ServiceChain
from sim.interventions import rows_of
from sim.workshop.verdict import Change

OF_DEPARTMENTS = (
    "internal_service", "training", "tools", "communication", "recognition", "advocacy", "openness", "voice_safety",
    "error_rate",
)  # fmt: skip
OF_CONTRACTORS = ("agreement", "partner_support", "partnership", "measurement", "training", "tools", "error_rate")
HIGHEST = {"training": 0.2, "error_rate": 0.4}
"""Ends of a slider where the lever's own range goes far beyond what a firm does."""
STEPS = 100
"""Steps of a slider over its range."""


def levers_for(chain: ServiceChain, unit: str, changes: tuple[Change, ...] = ()) -> list[dict[str, Any]]:
    """Return the levers of a unit as the page shows them: name, place, range, step, value now and as described, source.

    A lever of links is pulled on every link by which the unit serves; its value is the mean over them.
    """
    names = OF_DEPARTMENTS if chain.nodes[unit]["kind"] == "department" else OF_CONTRACTORS
    moved = {(one.lever, one.where): one.to for one in changes}
    found = []
    for name in names:
        one = levers.BY_NAME[name]
        if one.home == "link":
            edges = [chain.links[row] for row in rows_of(chain, name, unit)]
            if name == "internal_service":
                edges = [edge for edge in edges if edge[1] not in chain.segments]
            if not edges:
                continue
            before = sum(chain.value(name, *edge) for edge in edges) / len(edges)
        else:
            before = chain.value(name, unit)
        high = max(before, HIGHEST.get(name, one.high))
        found.append({
            "name": name, "where": unit, "label_key": f"lever.{name}", "unit": one.unit, "low": one.low, "high": high,
            "step": round((high - one.low) / STEPS, 6), "before": round(before, 6),
            "value": round(moved.get((name, unit), before), 6), "meaning": one.meaning, "source": one.source,
        })  # fmt: skip
    return found
