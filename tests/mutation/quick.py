"""Tests that are quick enough for rules that run as plain Python; `python -m tests.mutation` asks for them by this file's name.

The everyday suite has each of them in a larger form: tests/verification, tests/properties, tests/test_randomness.py.
"""

from __future__ import annotations

import json

import numpy as np
import pytest

from sim.interventions import Intervention
from sim.model import ServiceModel
from tests.baseline import update as baseline
from tests.properties import invariants
from tests.verification import theory
from tests.verification.bench import Team, one_team
from tests.verification.test_conservation import assert_little, assert_nothing_lost


@pytest.mark.parametrize("servers", [1, 3])
def test_theory_every_request_ends_when_the_recursion_of_kiefer_and_wolfowitz_says(servers):
    mean = 0.11 * servers
    journal = ServiceModel(one_team(8.0, Team(servers, mean, "fixed"), 8), seed=3, journal=True).run(12).journal
    journal = journal.sort_values("opened", ignore_index=True)
    joined = np.ceil(journal["opened"].to_numpy() * 8) / 8
    expected = theory.first_come_first_served(joined, np.full(len(journal), mean), servers)
    assert len(journal) > 60
    assert journal["closed"].to_numpy() == pytest.approx(expected, abs=1e-9)


def test_conservation_in_a_firm_that_uses_every_mechanism():
    model = ServiceModel(baseline.tiny_firm(), seed=3)
    for _ in range(12):
        model.run(1)
        invariants.check(model)
    assert_little(model)
    assert_nothing_lost(model)


def test_the_tiny_firm_has_the_numbers_of_the_baseline():
    runs = json.loads(baseline.FILE.read_text(encoding="utf-8"))["runs"]
    pulled = [Intervention("internal_service", 1.0, "Back", start=5, ramp=5, end=15)]
    assert (
        baseline.of(ServiceModel(baseline.tiny_firm(), seed=7, interventions=pulled).run(20))
        == runs["tiny, seed 7, 20 days"]
    )
