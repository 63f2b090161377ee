"""E7: very satisfied customers stay far more than merely satisfied ones; what people say brings new customers."""

import numpy as np
import pytest

from sim.chain import ServiceChain
from sim.estimates import estimate
from sim.rules import loyalty
from tests.claims.paired import ALONE, SEEDS, core_firm, difference, measure, pull, run, same_customers

BANDS = ((0.55, 0.65), (0.65, 0.75), (0.75, 0.85), (0.85, 0.95))


def mixed_firm(**graph):
    """Five segments that differ in how well they are served, so that there are customers at every level."""
    chain = ServiceChain(
        **(ALONE | {"rush_share": 0, "new_customers": 0, "churn": 0.1, "expectation_spread": 0.12} | graph)
    )
    for place, (error, environment) in enumerate([(0.5, 0.1), (0.35, 0.3), (0.2, 0.5), (0.06, 0.8), (0.0, 1.0)]):
        name = f"Branch {place}"
        chain.add_department(
            name, staff=10, hours_per_request=0.2, error_rate=error, environment=environment, tools=environment,
            knowledge=0.6 + 0.4 * environment,
        )  # fmt: skip
        chain.add_segment(f"Customers {place}", customers=2000, needs_per_year=12)
        chain.add_link(name, f"Customers {place}", promise_days=1)
    return chain.check()


def leaving(seed, settle=100, watch=60):
    """Return the share of customers, by band of satisfaction on one day, who leave within the next ``watch`` days."""
    model = run(mixed_firm(), seed, settle)
    before = np.asarray(model.state.customer).copy()
    after = np.asarray(model.run(watch).state.customer)
    staying = before["active"] == 1
    gone = staying & (after["active"] == 0)  # nobody joins, so that a row stays with its customer
    shares = []
    for low, high in BANDS:
        band = staying & (before["satisfaction"] >= low) & (before["satisfaction"] < high)
        shares.append(100 * gone[band].sum() / band.sum() if band.sum() >= 50 else np.nan)
    return shares


@pytest.fixture(scope="module")
def shares():
    return np.array([leaving(seed) for seed in SEEDS])


def test_very_satisfied_customers_stay_far_more_than_merely_satisfied_ones(shares, measured):
    for (low, high), column in zip(BANDS, shares.T, strict=True):
        measured(f"per cent leaving within 60 days, satisfaction {100 * low:.0f} to {100 * high:.0f}", estimate(column))
    merely, very = shares[:, 1], shares[:, 3]
    ratio = estimate(merely / very)
    measured("merely satisfied (65-75) leaving per very satisfied (85-95) leaving", ratio)
    assert ratio.low > 2


def test_each_step_up_in_satisfaction_lowers_leaving_and_the_curve_is_convex(shares):
    steps = -np.diff(shares, axis=1)
    for column in steps.T:
        assert estimate(column).low > 0
    assert estimate(steps[:, 0] - steps[:, 1]).low > 0
    assert estimate(steps[:, 1] - steps[:, 2]).low > 0


def test_at_the_top_of_the_scale_leaving_falls_about_as_jones_and_sasser_found():
    """Six times as loyal (Jones & Sasser 1995, one firm): satisfaction 97 against 75, trust alike."""
    hazard = loyalty.hazard_at_a_need(0.1, 6.0)
    merely, totally = (loyalty.leaving_probability(hazard, level, 8.0) for level in (0.75, 0.97))
    assert 4 < merely / totally < 8


def test_merely_satisfied_customers_leave_at_the_rate_that_the_organisation_file_says():
    chain = core_firm(
        customers=5000, needs=12, satisfaction_learning=0, trust_gain=0, trust_loss=0, expectation_spread=0
    )
    chain.graph |= {"churn": 0.2, "new_customers": 0.0, "rush_share": 0.0}
    for unit in chain.units:
        chain.nodes[unit]["staff"] = 60
    left = estimate([100 * (1 - run(chain, seed, 250).customers / 5000) for seed in range(1, 9)])
    assert left.low < 20 < left.high


def test_trust_keeps_customers(measured):
    chain = core_firm(trust_loyalty=0.8)
    model = run(chain, 1, 0)
    rows = np.linspace(0.5, 0.9, 5)
    kept = [loyalty.loyalty(0.75, trust, chain.value("trust_loyalty")) for trust in rows]
    assert (np.diff(kept) > 0).all()
    assert model.customers == 300


def joined(model):
    return float(model.state.segment_day[: model.day]["joined"].sum())


def test_what_people_say_brings_new_customers(measured):
    chain = core_firm(customers=1000, staff=14)
    chain.graph |= {"new_customers": 0.4}
    better = pull("Front", error_rate=0.0, environment=1.0, tools=1.0)
    more = difference(joined, chain, better, pull("Front", error_rate=0.25), days=300)
    measured("newcomers in 300 days to 1000 customers, a good front against one with 25 % errors", more)
    assert more.low > 0
    none = difference(
        joined, chain, [*better, *pull(word_of_mouth=0)], pull("Front", error_rate=0.25) + pull(word_of_mouth=0)
    )
    assert none.low == none.high == 0


def test_bad_news_travels_farther():
    chain = core_firm()
    reputation = lambda model: float(model.state.segment["reputation"].mean())  # noqa: E731
    assert difference(reputation, chain, pull(bad_news=2.0), pull(bad_news=1.0)).high < 0


def test_better_service_keeps_more_customers(measured):
    chain = core_firm(customers=1000, staff=14, churn=0.2)
    more = difference(measure("retention"), chain, pull("Front", error_rate=0.0), pull("Front", error_rate=0.25))
    measured("retention a year, a front without errors against one with 25 %", more)
    assert more.low > 0


def test_with_no_churn_nobody_leaves_and_nothing_about_leaving_matters():
    chain = core_firm(customers=100, churn=0.0)
    one = run(chain, 1, 80)
    assert one.state.segment_day["left"].sum() == 0
    assert same_customers(one, run(chain, 1, 80, *pull(churn_sensitivity=40, trust_loyalty=1.0)))


def test_with_no_newcomers_what_people_say_moves_no_customer():
    chain = core_firm(customers=100, new_customers=0.0)
    one, two = run(chain, 1, 80), run(chain, 1, 80, *pull(word_of_mouth=20, bad_news=9, reputation_memory=2))
    for model in (one, two):
        model.state.segment_day["reputation"] = 0
    assert same_customers(one, two)
