"""D1: more effort in choosing a contractor brings better ones on average, at a cost."""

import numpy as np
import pytest

from sim import draws, levers
from sim.estimates import estimate
from sim.interventions import Intervention
from sim.rules import partners
from tests.claims.contractors import FREE, USUAL, differences, field, field_firm, same_but
from tests.claims.paired import run

OF_THE_BEST = {1: 0.0, 2: 0.56419, 3: 0.84628, 4: 1.02938, 6: 1.26721}
"""Expected largest of n standard normal variates (Harter 1961, doi:10.1093/biomet/48.1-2.151)."""


def test_more_effort_in_selection_brings_better_contractors_and_happier_customers_at_a_cost(measured):
    chosen = lambda model: 100 * float(field(model, "partner_quality")[0])  # noqa: E731
    paid = lambda model: float(model.state.firm_day["programmes"][: model.day].sum())  # noqa: E731
    figures = {"quality of the contractor chosen, as drawn": chosen, **USUAL}
    moved = differences(figures | {"cost": paid}, field_firm(selection_effort=0.0), field_firm(selection_effort=1.0))
    for name, figure in moved.items():
        measured(f"{name}, full effort in selection against none", figure)
        assert figure.low > 0, name


def qualities(effort, most=6, noise=2.0, spread=0.06, contractors=2000):
    keys = draws.keys(3)
    who = [draws.identity("contractor", number) for number in range(contractors)]
    return np.array([partners.choose(keys, one, 0, spread, most, effort, noise) for one in who]) / spread


@pytest.mark.parametrize("effort", [0.0, 0.2, 0.5, 1.0])
def test_the_contractor_chosen_is_as_good_as_the_best_of_so_many_judged_so_well(effort):
    """E q = s E(largest of n) / sqrt(1 + ((1 - e) m)^2): the regression of quality on how it looks."""
    number = partners.candidates(6, effort)
    expected = OF_THE_BEST[number] / np.sqrt(1 + ((1 - effort) * 2.0) ** 2)
    found = estimate(qualities(effort))
    margin = 2 * (found.high - found.mean)  # about four standard errors
    assert found.mean == pytest.approx(expected, abs=margin)


def test_full_effort_chooses_the_best_of_those_who_could_be_had():
    keys, who = draws.keys(3), draws.identity("contractor", 1)
    alone = [partners.choose(keys, who, number, 0.06, 1, 1.0, 2.0) for number in range(3)]
    assert len(set(alone)) == 3  # every contract has candidates of its own
    best = [partners.choose(keys, who, 0, 0.06, most, 1.0, 2.0) for most in range(1, 31)]
    assert (np.diff(best) >= 0).all()
    assert best[-1] > best[0]


def test_selection_is_paid_for_once_a_contract():
    free = {name: value for name, value in FREE.items() if name != "selection_cost"}
    chain = field_firm(keep_score=1.0, contract_days=50, selection_effort=0.7, measurement=1.0, **free)
    model = run(chain, 1, 120)
    assert model.state.unit["partner_number"].max() == 2
    cost = field(model, "cost")
    assert np.flatnonzero(cost).tolist() == [0, 49, 99]
    assert (cost[[0, 49, 99]] == 0.7 * levers.BY_NAME["selection_cost"].default).all()


def test_where_all_contractors_are_alike_choosing_between_them_changes_no_bit():
    chain = field_firm(customers=100, **levers.neutral_values("D1"), **FREE)
    moved = chain.everywhere({"selection_effort": 1.0, "candidates": 30, "selection_noise": 0.0})
    assert same_but(run(chain, 1, 80), run(moved, 1, 80))
    assert (field(run(moved, 1, 80), "partner_quality") == 0).all()


def test_selecting_says_nothing_about_departments():
    chain = field_firm(customers=100, **FREE)
    assert same_but(run(chain, 1, 80), run(chain, 1, 80, Intervention("selection_effort", 1.0, "Office")))
