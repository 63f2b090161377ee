"""Which levers move customers most in the bundled organisations: a figure for each, so that gaps in data can be weighed.

    python -m experiments.influence            # a quarter of an hour on two cores; writes sim/client/influence.json

Each lever is moved up and down wherever it stands, one at a time: shares of a tenth or more, and those that are 0, by 0.1,
everything else by a quarter of its value. The figure is the larger of the two paired changes in external satisfaction (points
of 100), averaged over days 126 to 250, seeds and the bundled organisations. It ranks what is worth asking a client for; it
says nothing about any one firm.
"""

from __future__ import annotations

import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from sim import levers, measures, organisation
from sim.chain import ServiceChain
from sim.errors import InputError
from sim.levers import Lever
from sim.model import ServiceModel

FILE = Path(__file__).resolve().parents[1] / "sim" / "client" / "influence.json"
SEEDS = (1, 2)
DAYS = 250
STEP, FACTOR = 0.1, 1.25


def moved(chain: ServiceChain, one: Lever, up: bool) -> ServiceChain | None:
    """Return the chain with a lever moved wherever it stands, or None where that is no valid firm or no change."""
    other: ServiceChain = chain.copy()
    places: list[tuple[str, ...]] = {
        "firm": [()],
        "unit": [(name,) for name in chain.units],
        "segment": [(name,) for name in chain.segments],
        "link": list(chain.links),
    }[one.home]  # type: ignore[assignment]
    changed = False
    for place in places:
        value = chain.value(one.name, *place)
        add = one.high - one.low <= 2 and (value >= STEP or value == 0)
        new = value + (STEP if up else -STEP) if add else value * (FACTOR if up else 1 / FACTOR)
        new = float(np.clip(new, one.low, one.high))
        changed |= new != value
        bag = other.edges[place] if len(place) == 2 else other.nodes[place[0]] if place else other.graph
        bag[one.name] = new
    if not changed:
        return None
    try:
        return other.check()
    except InputError:
        return None


def satisfaction(chain: ServiceChain, seed: int) -> float:
    """Return external satisfaction over the second half of a year."""
    with ServiceModel(chain, seed=seed).run(DAYS) as model:
        return measures.summary(model, start=DAYS // 2)["external_satisfaction"]


def influence(one: Lever, firms: dict[str, ServiceChain], base: dict[tuple[str, int], float]) -> float:
    """Return how much a lever moves external satisfaction, in points."""
    found = []
    for name, chain in firms.items():
        changes = []
        for up in (True, False):
            if (other := moved(chain, one, up)) is not None:
                changes.append(abs(sum(satisfaction(other, seed) - base[name, seed] for seed in SEEDS) / len(SEEDS)))
        found.append(max(changes, default=0.0))
    return float(np.mean(found))


def main() -> None:
    """Measure every lever and write the file."""
    firms = {name: organisation.load(name) for name in organisation.bundled()}
    base = {(name, seed): satisfaction(chain, seed) for name, chain in firms.items() for seed in SEEDS}
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        found = dict(
            zip(
                (one.name for one in levers.LEVERS),
                pool.map(lambda one: influence(one, firms, base), levers.LEVERS),
                strict=True,
            )
        )
    content = {
        "what": "points of external satisfaction by which one lever, moved by 0.1 (shares from 0.1 up) or a quarter, moves it",
        "organisations": list(firms), "seeds": list(SEEDS), "days": f"{DAYS // 2 + 1} to {DAYS}",
        "points": {name: round(points, 3) for name, points in sorted(found.items(), key=lambda entry: -entry[1])},
    }  # fmt: skip
    FILE.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    print(f"{FILE.name}: {len(found)} levers")


if __name__ == "__main__":
    main()
