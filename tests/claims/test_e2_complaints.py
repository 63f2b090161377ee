"""E2: most dissatisfied customers never complain; management sees a small part of the failures."""

import numpy as np
import pytest

from sim import levers
from sim.estimates import estimate
from sim.rules import complaints
from tests.claims.paired import SEEDS, difference, measure, pull, run, same, same_run, small_firm

FAILURES = 0.15
OFF = levers.neutral_values("E2")


def failing_firm(**graph):
    """The row with a Front that makes errors, so that there is something to complain of."""
    chain = small_firm(customers=600, staff=8, **graph)
    chain.nodes["Front"]["error_rate"] = FAILURES
    return chain


def total(column, start=50):
    """Return a figure: a column of the link to customers, summed over the days after ``start``."""
    return lambda model: float(
        model.state.link_day[start : model.day, model.chain.links.index(("Front", "Customers"))][column].sum()
    )


@pytest.fixture(scope="module")
def runs():
    return [run(failing_firm(), seed, 300) for seed in SEEDS]


def test_management_sees_a_small_part_of_the_failures(runs, measured):
    failures = np.array([total("failures", 0)(model) for model in runs])
    heard = np.array([model.state.manager["escalations"].sum() for model in runs])
    seen = estimate(100 * heard / failures)
    measured("failures of which a manager hears, per cent", seen)
    told = estimate(100 * np.array([total("complaints", 0)(model) for model in runs]) / failures)
    measured("failures of which customers tell anybody, per cent", told)
    assert seen.low > 0
    assert seen.high < 25
    assert seen.high < told.low
    assert told.high < 50


def test_few_go_straight_to_a_manager_as_goodman_found(measured):
    """1 to 5 per cent escalate, about half complain at most (Goodman / TARP, second-hand; the defaults come from there)."""
    everybody_settles = failing_firm(empowerment=1.0, second_failure=1.0)
    shares = []
    for seed in SEEDS:
        model = run(everybody_settles, seed, 300)
        shares.append(100 * model.state.manager["escalations"].sum() / total("failures", 0)(model))
    straight = estimate(shares)
    measured("failures that customers take to a manager where staff may settle everything, per cent", straight)
    assert straight.low > 1
    assert straight.high < 7


def test_fewer_complaints_do_not_mean_fewer_failures(measured):
    chain = failing_firm(root_cause=0.0)
    quiet, loud = pull(complain_share=0.05), pull(complain_share=0.4)
    fewer = difference(total("complaints"), chain, quiet, loud, days=300)
    failures = difference(total("failures"), chain, quiet, loud, days=300)
    measured("complaints in 250 days where 5 instead of 40 per cent complain", fewer)
    measured("failures in 250 days where 5 instead of 40 per cent complain", failures)
    assert fewer.high < 0
    assert failures.low > 0.2 * fewer.high  # hardly fewer, while complaints nearly vanish


def test_who_complains_and_is_answered_is_kept_who_is_silent_leaves(measured):
    chain = failing_firm(churn=0.3)
    for unit in chain.units:
        chain.nodes[unit].update(apology=1.0, redress=1.0, ownership=1.0)
    loud, silent = pull(complain_share=0.9), pull(complain_share=0.0, escalate_share=0.0)
    for name in ("external_satisfaction", "retention"):
        more = difference(measure(name), chain, loud, silent, days=500)
        measured(f"{name} where 90 per cent of the dissatisfied complain and are answered well, against none", more)
        assert more.low > 0


def test_who_complained_in_vain_goes_higher():
    chain = failing_firm()
    chain.nodes["Front"].update(empowerment=1.0, ownership=0.0)
    chain.nodes["Customers"]["escalate_share"] = 0.0
    models = [run(chain, seed, 200) for seed in range(3)]
    assert all(0 < total("escalations", 0)(model) <= total("deflected", 0)(model) for model in models)


def test_the_first_part_of_the_dissatisfied_escalates_the_next_complains_the_rest_is_silent():
    react = complaints.reaction
    assert [react(0.4, 0.03, u) for u in (0.0, 0.029, 0.03, 0.429, 0.431, 0.99)] == [2, 2, 1, 1, 0, 0]
    assert not any(react(0.0, 0.0, u) for u in (0.0, 0.5, 0.999))


def test_what_lies_within_the_zone_of_tolerance_is_no_failure():
    assert complaints.is_failure(0.54, 0.75, 0.2)
    assert not complaints.is_failure(0.56, 0.75, 0.2)
    assert not complaints.is_failure(0.8, 0.75, 0.0)


def test_with_complaints_off_nobody_says_anything_and_what_counts_as_a_failure_moves_no_customer():
    """The count of failures and the memory of them stay; with no baggage from them (B3) they touch nothing else."""
    chain = failing_firm(upset=0.0).everywhere(OFF)
    one, two = run(chain, 1, 100), run(chain, 1, 100, *pull(tolerance=0.9))
    assert total("complaints", 0)(one) == total("escalations", 0)(one) == total("recoveries", 0)(one) == 0
    assert total("failures", 0)(one) > total("failures", 0)(two)
    for model in (one, two):
        model.state.link_day["failures"] = 0
        for name in ("unresolved", "loss"):
            model.state.customer[name] = 0
    assert same_run(one, two)
    assert same(one.state.firm_day[:100], two.state.firm_day[:100])
