"""B2: with pay fixed, better internal service raises motivation and, through it, external satisfaction."""

import numpy as np
import pytest

from sim.estimates import estimate
from tests.claims.paired import SEEDS, core_firm, difference, measure, on_link, on_unit, pull, run, same_customers

BETTER = pull(internal_service=1.0)
UNMOVED = {"motivation_empathy": 0.0, "motivation_errors": 0.0, "willing_motivation": 0.0}
"""Motivation has no effect on work: what is left is everything that better internal service does directly."""


def test_with_pay_fixed_better_internal_service_raises_motivation(measured):
    chain = core_firm(pay=0.6)
    for name in ("Front", "Middle"):
        more = difference(lambda model, name=name: 100 * on_unit(name, "motivation")(model), chain, BETTER)
        measured(f"motivation of {name} with full internal care, pay unchanged (points)", more)
        assert more.low > 0
    assert difference(on_unit("Back", "motivation"), chain, BETTER).mean == 0  # nobody serves it inside


def paired_effects(figure, days=300):
    """Return the effect of better internal service by seed: as it is, and with motivation without effect on work."""
    effects = []
    for levers in ({}, UNMOVED):
        chain = core_firm(**levers)
        effects.append([figure(run(chain, s, days, *BETTER)) - figure(run(chain, s, days)) for s in SEEDS])
    return np.array(effects)


@pytest.mark.parametrize("name", ["external_satisfaction", "external_experience"])
def test_part_of_the_effect_on_customers_goes_through_motivation(name, measured):
    whole, direct = paired_effects(measure(name))
    measured(f"{name} with full internal care", estimate(whole))
    measured(f"{name} with full internal care, motivation having no effect", estimate(direct))
    mediated = estimate(whole - direct)
    measured(f"{name} through motivation", mediated)
    assert estimate(whole).low > 0
    assert mediated.low > 0


def test_empathy_toward_customers_rises_only_through_motivation(measured):
    whole, direct = paired_effects(on_link("Front", "Customers", "empathy"))
    measured("empathy toward customers with full internal care", estimate(whole))
    measured("empathy toward customers with full internal care, motivation having no effect", estimate(direct))
    assert estimate(whole).low > 0
    assert estimate(whole - direct).low > 0


@pytest.mark.parametrize(
    "condition", ["tools", "environment", "communication", "growth", "belonging", "pay", "recognition"]
)
def test_every_condition_of_work_counts_not_pay_alone(condition):
    chain = core_firm(customers=100)
    assert difference(on_unit("Front", "motivation"), chain, pull(**{condition: 0.9}), days=150, seeds=range(3)).low > 0


def test_one_manager_for_many_gives_less_recognition():
    few = core_firm(staff=8)
    many = few.copy()
    for unit in many.units:
        many.nodes[unit]["span"] = 4
    assert difference(on_unit("Front", "motivation"), few, many).high < 0


def test_where_service_received_does_not_motivate_the_dial_leaves_motivation_alone():
    chain = core_firm(customers=100, motivation_service=0.0)
    assert (
        run(chain, 1, 80).state.employee["motivation"] == run(chain, 1, 80, *BETTER).state.employee["motivation"]
    ).all()


def test_where_motivation_has_no_effect_its_sources_move_no_customer():
    chain = core_firm(customers=100, **UNMOVED)
    moved = pull(pay=0.1, growth=0.9, communication=0.1, belonging=0.2, recognition=0.0, motivation_service=0.9)
    one, two = run(chain, 1, 80), run(chain, 1, 80, *moved)
    assert not np.array_equal(one.state.employee["motivation"], two.state.employee["motivation"])
    assert same_customers(one, two)


def test_with_a_rate_of_nought_motivation_stands_still():
    chain = core_firm(customers=100, motivation_rate=0.0)
    first = run(chain, 1, 0).state.employee["motivation"].copy()
    assert (run(chain, 1, 80, *pull(pay=0.0)).state.employee["motivation"] == first).all()
