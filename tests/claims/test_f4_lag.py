"""F4: poor internal service reaches customers, soon but not at once; the lag is measured and reported."""

import numpy as np
import pytest

from sim import organisation
from sim.estimates import estimate
from sim.vary import vary
from tests.claims.paired import core_firm

DAYS = {"warm_up": 80, "days": 240, "runs": 10, "workers": 2}


def steady(needs, customers):
    """The chain in a row; a step in how well Middle serves Front; nobody leaves, so that only feelings move."""
    chain = core_firm(customers=customers, needs=needs, staff=5)
    chain.graph |= {"churn": 0.0, "new_customers": 0.0}
    return chain


@pytest.fixture(scope="module")
def often():
    return vary(steady(60, 150), "error_rate", [0.0, 0.4], where="Middle", **DAYS)


@pytest.fixture(scope="module")
def seldom():
    return vary(steady(10, 900), "error_rate", [0.0, 0.4], where="Middle", **DAYS)


def test_satisfaction_outside_follows_after_days_not_at_once(often, measured):
    outside = often.lag("external_satisfaction")
    measured("days until half of the effect on external satisfaction, 60 needs a year", outside)
    assert outside.low > 1


def test_the_lag_is_short_against_a_year(seldom, measured):
    outside = seldom.lag("external_satisfaction")
    measured("days until half of the effect on external satisfaction, 10 needs a year", outside)
    assert outside.high < 250


def test_what_happens_inside_moves_before_what_customers_hold_in_mind(often, seldom, measured):
    for name, found in (("60", often), ("10", seldom)):
        inside, outside = found.lag("internal_service"), found.lag("external_satisfaction")
        measured(f"days until half of the effect on realised internal service, {name} needs a year", inside)
        assert inside.high < outside.low


def test_experience_moves_before_satisfaction(seldom, measured):
    experience, satisfaction = seldom.lag("external_experience"), seldom.lag("external_satisfaction")
    measured("days until half of the effect on customers' experience, 10 needs a year", experience)
    assert experience.mean < satisfaction.mean
    assert experience.high < satisfaction.low


def test_customers_who_come_more_often_feel_it_sooner(often, seldom):
    assert often.lag("external_satisfaction").high < seldom.lag("external_satisfaction").low


def test_the_slower_way_through_motivation_has_a_longer_lag(measured):
    direct = vary(steady(60, 150), "error_rate", [0.0, 0.4], where="Front", **DAYS).lag("external_satisfaction")
    chain = steady(60, 150)
    slow = vary(chain, "pay", [0.0, 1.0], where="Front", **DAYS).lag("external_satisfaction")
    measured("days until half of the effect on external satisfaction, through pay and motivation", slow)
    assert slow.low > direct.high


def test_a_lag_comes_with_its_interval_and_without_effect_there_is_none(often):
    lag = often.lag()
    assert lag.low <= lag.mean <= lag.high
    assert lag.runs == DAYS["runs"]
    nothing = vary(steady(60, 60), "willingness", [0.0, 1.0], warm_up=20, days=40, runs=3, workers=1)
    silent = vary(steady(60, 60), "forgetting", [0.004, 0.004], warm_up=20, days=40, runs=3, workers=1)
    assert estimate(silent.effect_curve().mean(axis=1)).mean == 0
    assert silent.lag().mean != silent.lag().mean  # nan: nothing to measure
    assert nothing.lag().text()


@pytest.mark.parametrize("name", organisation.bundled())
def test_in_a_bundled_organisation_poor_internal_service_reaches_customers_within_a_year(name, measured):
    found = vary(organisation.load(name), "internal_service", [0.1, 0.9], runs=6, warm_up=120, days=250, workers=2)
    inside, outside = found.lag("internal_service"), found.lag("external_satisfaction")
    measured(f"{name}: days until half of the effect on realised internal service", inside)
    measured(f"{name}: points of external satisfaction per point of realised internal service", found.slope())
    assert inside.high < 10
    if found.slope().low > 0:
        measured(f"{name}: days until half of the effect on external satisfaction", outside)
        assert inside.high < outside.low
        assert outside.high < 250
    else:  # care takes time, which customers wait for; where both weigh the same there is no lag to be had
        assert name != "energy_distributor"
        assert np.isnan(outside.mean)
