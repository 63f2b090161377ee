"""Simulated participants, for a facilitator who rehearses alone: they score what the model's own people live through.

A simulated participant of department c scores each supplier d on each dimension k as

    score = round(1 + 4 clip(q_dck + 0.12 (z_person + z_answer) / √2)),    clipped to 1 … 5

where q_dck is the mean of that dimension over the encounters of that link in the last quarter of a run (0 to 1), z_person a
standard normal for how kind a person is and z_answer one for each answer. Their own service they score likewise, by the mean
over their department's clients, and half a spread better: people think well of their own work. Spread and kindness have no
source: a modelling choice. The draws hang on the seed alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from sim.chain import ServiceChain
from sim.workshop.scores import DIMENSIONS, HIGHEST, LOWEST

DAYS = 250
SPREAD = 0.12
OWN_VIEW = 0.06


def participants(
    chain: ServiceChain, homes: Mapping[str, str], people: int, *, minimum: int, seed: int
) -> list[dict[str, Any]]:
    """Return what ``people`` simulated participants say; takes a run of the model.

    They are spread evenly over as many departments as can have the minimum of raters, those with most suppliers first: a
    rehearsal shows something, and says by what stays hidden how many people a room needs.

    Parameters
    ----------
    homes : key → name of each department that is there; those that are not in the chain stay empty
    minimum : raters of a group that is shown
    """
    from sim.model import ServiceModel

    levels = _levels(ServiceModel(chain, seed=seed).run(DAYS))
    keys = {name: key for key, name in homes.items() if name in chain}
    rng = np.random.default_rng([seed, people])
    inside = [(s, c) for s, c in chain.links if s in keys and c in keys and (s, c) in levels]
    suppliers = {name: sum(c == name for _, c in inside) for name in keys}
    filled = sorted(keys, key=lambda name: (-suppliers[name], name))[: max(1, people // minimum)]
    found = []
    for number in range(people if filled else 0):
        home = filled[number % len(filled)]
        kind = float(rng.standard_normal())

        def scores(level: np.ndarray, kind: float = kind) -> dict[str, int]:
            noise = SPREAD * (kind + rng.standard_normal(len(DIMENSIONS))) / np.sqrt(2)
            read = np.rint(LOWEST + (HIGHEST - LOWEST) * np.clip(level + noise, 0, 1))
            return {name: int(value) for name, value in zip(DIMENSIONS, read, strict=True)}

        own = [levels[edge] for edge in levels if edge[0] == home]
        received = {keys[s]: scores(levels[s, c]) for s, c in inside if c == home}
        mean = np.mean(own, axis=0) if own else None
        weakest = min(received, key=lambda key: (sum(received[key].values()), key)) if received else None
        share = float(np.clip(100 * (mean.mean() if mean is not None else 0.5) + 15 * rng.standard_normal(), 0, 100))
        found.append(
            {
                "department": keys[home],
                "given": scores(mean + OWN_VIEW) if mean is not None else {},
                "received": received,
                "prediction": {"hired": "yes" if share >= 50 else "no", "share": round(share), "weakest": weakest},
            }
        )
    return found


def _levels(model: Any) -> dict[tuple[str, str], np.ndarray]:
    """Return the five dimensions (0 to 1) of each link, mean over the encounters of the last quarter of the run."""
    table = model.state.link_day[model.day - model.day // 4 : model.day]
    encounters = table["encounters"].sum(axis=0)
    sums = np.stack([table[name].sum(axis=0) for name in DIMENSIONS], axis=1)
    return {edge: sums[row] / encounters[row] for row, edge in enumerate(model.chain.links) if encounters[row] > 0}
