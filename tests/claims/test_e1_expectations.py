"""E1: expectation correlates positively with satisfaction across customers, while shortfalls hurt."""

import numpy as np
import pytest

from sim import organisation
from sim.estimates import estimate
from sim.rules.encounter import judge
from tests.claims.paired import core_firm, difference, measure, on_link, pull, run, same_customers
from tests.claims.test_a2_one_encounter import firm_row

SHARE_OF_RELIABILITY = 0.32


def correlation(model):
    rows = np.asarray(model.state.customer)
    rows = rows[(rows["active"] == 1) & (rows["encounters"] > 0)]
    expected = SHARE_OF_RELIABILITY * rows["expected_outcome"] + (1 - SHARE_OF_RELIABILITY) * rows["expected_process"]
    return float(np.corrcoef(expected, rows["satisfaction"])[0, 1])


@pytest.mark.parametrize("name", organisation.bundled())
def test_who_expects_more_is_more_satisfied_in_each_bundled_organisation(name, measured):
    chain = organisation.load(name)
    across = estimate([correlation(run(chain, seed, 200)) for seed in range(1, 6)])
    measured(f"correlation of expectation and satisfaction across customers of the {name}", across)
    assert across.low > 0


def test_with_the_same_service_whoever_expects_more_is_less_pleased():
    """Unless far less was expected: there assimilation outweighs a surprise whose effect wears off."""
    firm = firm_row()[0]
    for quality in (0.3, 0.6, 0.8):
        judged = [judge(firm, quality, expected, 1.0, 1.0) for expected in np.linspace(quality - 0.2, 0.95, 16)]
        assert (np.diff(judged) < 0).all()


def test_overpromising_hurts(measured):
    chain = core_firm(promise_effect=0.1)
    worse = difference(measure("external_satisfaction"), chain, pull(promised_quality=1.0), pull(promised_quality=0.7))
    measured("external satisfaction when 100 is promised instead of 70", worse)
    assert worse.high < 0


def test_better_competitors_hurt(measured):
    chain = core_firm(market_effect=0.01)
    worse = difference(measure("external_satisfaction"), chain, pull(market_quality=0.95), pull(market_quality=0.65))
    measured("external satisfaction when competitors are known for 95 instead of 65", worse)
    assert worse.high < 0


def test_expectations_follow_experience(measured):
    better = difference(
        on_link("Front", "Customers", "expectation", start=200), core_firm(), pull("Front", error_rate=0.0)
    )
    measured("points of expectation after 200 days without errors at the front", better)
    assert better.low > 0


def test_who_learns_from_experience_is_disappointed_less_in_the_end(measured):
    """The first shortfall hurts most: expectations come down to what is delivered."""
    chain = core_firm(expectation=0.95)
    gain = difference(on_link("Front", "Customers", "judgement"), chain, [], pull(expectation_learning=0.0))
    measured("points of experience that learning what to expect brings where too much was expected", gain)
    assert gain.low > 0


def test_where_promises_and_market_have_no_effect_they_move_no_customer():
    chain = core_firm(customers=100, promise_effect=0.0, market_effect=0.0, word_of_mouth=0.0)
    one, two = run(chain, 1, 80), run(chain, 1, 80, *pull(promised_quality=0.0, market_quality=0.2))
    assert (one.state.segment_day["reputation"] != two.state.segment_day["reputation"]).any()
    for model in (one, two):
        # People compare with the market; without word of mouth nobody listens.
        model.state.segment_day["reputation"] = 0
        model.state.segment_day["market"] = 0
    assert same_customers(one, two)


def test_without_learning_promises_and_drift_expectations_stand_still():
    chain = core_firm(customers=100, promise_effect=0.0, market_effect=0.0, expectation_learning=0.0, new_customers=0)
    first, later = run(chain, 1, 0), run(chain, 1, 80)
    for name in ("expected_outcome", "expected_process"):
        assert (first.state.customer[name] == later.state.customer[name]).all()


def test_without_spread_all_clients_of_a_link_start_with_the_same_expectation():
    first = run(core_firm(customers=100, expectation_spread=0.0), 1, 0)
    assert set(first.state.customer["expected_outcome"]) == {0.75}
