"""Simulated participants score what the model's own people live through."""

from __future__ import annotations

import numpy as np
import pytest

from sim import organisation
from sim.model import ServiceModel
from sim.workshop import rehearsal
from sim.workshop.scores import DIMENSIONS


@pytest.mark.slow
def test_simulated_scores_follow_the_model_link_by_link():
    chain = organisation.load("retailer")
    homes = {f"d{n}": name for n, name in enumerate(chain.units, start=1)}
    drawn = rehearsal.participants(chain, homes, 200, minimum=5, seed=3)
    levels = rehearsal._levels(ServiceModel(chain, seed=3).run(rehearsal.DAYS))
    assert len(drawn) == 200
    seen, lived = [], []
    for (supplier, client), level in levels.items():
        scores = [
            [one["received"][key][name] for name in DIMENSIONS]
            for one in drawn
            for key in one["received"]
            if (homes[one["department"]], homes[key]) == (client, supplier)
        ]
        if len(scores) >= 10:
            seen.append(np.mean(scores, axis=0))
            lived.append(1 + 4 * level)
    assert len(seen) >= 5
    assert np.corrcoef(np.ravel(seen), np.ravel(lived))[0, 1] > 0.9
    assert np.abs(np.array(seen) - np.array(lived)).mean() < 0.3
    assert rehearsal.participants(chain, homes, 200, minimum=5, seed=3) == drawn


@pytest.mark.slow
def test_a_rehearsal_of_few_people_fills_as_many_departments_as_can_be_shown():
    chain = organisation.load("retailer")
    homes = {f"d{n}": name for n, name in enumerate(chain.units, start=1)}
    drawn = rehearsal.participants(chain, homes, 12, minimum=5, seed=1)
    filled = [one["department"] for one in drawn]
    assert len({*filled}) == 2
    assert min(filled.count(home) for home in filled) >= 5
    assert rehearsal.participants(chain, {"d1": "Nobody of the chain"}, 12, minimum=5, seed=1) == []
