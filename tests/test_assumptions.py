"""Which assumptions matter: known answers of the design, what is moved, and what comes of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sim import assumptions, designs, levers, plots
from sim.chain import ServiceChain
from sim.errors import InputError
from sim.interventions import Intervention
from sim.scenario import Scenario


def pair(**changed):
    firm = ServiceChain(name="Small", **changed)
    firm.add_department("Shop", staff=3, hours_per_request=0.5, error_rate=0.1)
    firm.add_department("Store", staff=2, hours_per_request=0.5, error_rate=0.2)
    firm.add_segment("Buyers", customers=200, needs_per_year=12)
    firm.add_link("Shop", "Buyers")
    firm.add_link("Store", "Shop", requests_per_case=0.5, dependence=0.8)
    first = Scenario("As it is", firm.check(), days=8, warm_up=4, runs=2)
    return [first, first.what_if("Fewer errors", Intervention("error_rate", 0.0))]


def test_a_design_gives_back_the_effects_that_were_put_in_whatever_pairs_do_together():
    design = designs.screening(20, seed=3)
    truth = np.linspace(-2, 3, 20)

    def response(row):
        return row @ truth / 2 + 5 * row[0] * row[1] - 4 * row[2] * row[7] + 9

    differences = np.array([response(row) - response(-row) for row in design])
    found = designs.effects(design, differences)
    np.testing.assert_allclose(found.means, truth, atol=1e-12)
    assert found.spare == len(design) - 20


def test_intervals_of_a_design_cover_the_truth_as_often_as_they_say():
    truth = np.zeros(10)
    truth[:3] = 1.0
    covered = []
    for seed in range(60):
        design = designs.screening(10, seed=seed)
        noise = np.random.default_rng(seed).normal(size=len(design))
        found = designs.effects(design, design @ truth + noise)
        covered += [
            one.low <= value <= one.high for one, value in zip(map(found.estimate, range(10)), truth, strict=True)
        ]
    assert 0.92 <= np.mean(covered) <= 0.98


def test_only_guesses_are_moved_that_nobody_gave_and_no_scenario_pulls():
    chosen = {one.lever.name: one for one in assumptions.uncertain(pair(bonds=0.3))}
    assert "bonds" not in chosen  # the organisation gives it
    assert "error_rate" not in chosen  # the scenario pulls it
    assert "requests_per_case" not in chosen  # what the chain looks like
    assert "speed_up" not in chosen  # a published figure
    assert "rivalry" not in chosen  # off
    assert "care_errors" in chosen
    for one in chosen.values():
        lever = one.lever
        assert lever.low <= one.low < one.high <= lever.high
        assert one.low >= one.value * 0.8 - 1e-12
        assert one.high <= one.value * 1.2 + 1e-12
        assert "modelling choice" in lever.source


def test_a_mechanism_that_is_left_out_has_no_constants_to_move():
    first, other = pair()
    off = [replace(one, without=("B2",)) for one in (first, other)]
    before = {one.lever.mechanism for one in assumptions.uncertain([first, other])}
    after = {one.lever.name for one in assumptions.uncertain(off)}
    assert "B2" in before
    assert not any(one.mechanism == "B2" and one.neutral is not None and one.name in after for one in levers.LEVERS)


def test_a_scenario_that_changes_nothing_depends_on_nothing():
    first, _ = pair()
    same = first.what_if("Same", Intervention("error_rate", 0.1, "Shop"))
    moved = assumptions.uncertain([first, same])
    values = {one.lever.name: one.high for one in moved}
    assert assumptions._difference((first, same), values, seed=1) == {"external_satisfaction": 0.0, "total_profit": 0.0}


@pytest.fixture(scope="module")
def found():
    calls = []
    one = assumptions.depends(pair(), workers=1, progress=calls.append)
    assert calls[-1] == 2 * one.rows
    return one


@pytest.mark.slow
def test_every_constant_gets_an_effect_on_both_outcomes_and_every_world_a_difference(found):
    moved = assumptions.uncertain(pair())
    assert len(found.table) == 2 * len(moved)
    assert len(found.worlds) == 2 * found.rows
    for _, table in found.table.groupby("outcome"):
        sizes = table["effect"].abs().to_numpy()
        assert (np.diff(sizes) <= 0).all()
        assert (table["effect_low"] < table["effect"]).all()
    low, high = found.range("external_satisfaction")
    assert low < found.worlds["external_satisfaction"].median() < high
    assert 0.5 <= found.keeps_sign("external_satisfaction") <= 1


@pytest.mark.slow
def test_the_picture_can_be_drawn(found):
    figure = plots.dependence(found, "EUR")
    assert len(figure.axes) == 4


@pytest.mark.slow
def test_two_workers_find_what_one_finds(found):
    again = assumptions.depends(pair(), workers=2)
    assert again.table.equals(found.table)
    assert again.worlds.equals(found.worlds)


def test_mistakes_are_named():
    with pytest.raises(InputError, match="no such scenario"):
        assumptions.depends(pair(), "Fewer erors")
    with pytest.raises(InputError, match="no share"):
        assumptions.depends(pair(), share=1.5)
