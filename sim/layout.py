"""Where the nodes of a chain stand in a picture: customers at the right, suppliers of suppliers to the left."""

from __future__ import annotations

import networkx as nx

from sim.chain import ServiceChain

Places = dict[str, tuple[float, float]]


def layers(chain: ServiceChain) -> Places:
    """Place customers at the right, and each unit as far to the left as its nearest customer is links away.

    Columns are ordered by where their clients stand, so that fewer links cross (barycentre heuristic), and bent, so that
    links between neighbours of one column can be seen.
    """
    distance = dict.fromkeys(chain.segments, 0)
    for segment in chain.segments:
        for unit, steps in nx.single_source_shortest_path_length(chain.reverse(copy=False), segment).items():
            if unit not in chain.segments:
                distance[unit] = min(distance.get(unit, steps), steps)
    columns: dict[int, list[str]] = {}
    for name, steps in sorted(distance.items()):
        columns.setdefault(steps, []).append(name)
    height: dict[str, float] = {}
    places = {}
    for steps in sorted(columns):
        names = sorted(
            columns[steps], key=lambda name: (_mean([height[c] for c in chain.successors(name) if c in height]), name)
        )
        for row, name in enumerate(names):
            height[name] = (row + 0.5) / len(names)
            bend = 0.24 * (1 - (2 * height[name] - 1) ** 2) if len(names) > 2 else 0.0
            places[name] = (-steps - bend, 1 - height[name])
    return places


def _mean(values: list[float]) -> float:
    return sum(values) / len(values) if values else 0.5
