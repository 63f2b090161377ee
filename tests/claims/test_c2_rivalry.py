"""C2: rivalry between two departments lowers the satisfaction of customers who need both."""

import numpy as np
import pytest

from sim.chain import ServiceChain
from sim.estimates import estimate
from sim.interventions import Intervention
from sim.rules import rivalry
from tests.claims.paired import SEEDS, difference, measure, on_link, pull, run, same_run, small_firm

FIGHT = pull("Finance:Marketing", rivalry=0.8) + pull("Marketing:Finance", rivalry=0.8)
SILENT = {"rush_share": 0, "churn": 0, "new_customers": 0}


def two_departments(**graph):
    """Marketing and Finance need each other; customers of Marketing need both, those of Sales Finance only."""
    chain = ServiceChain(**SILENT, **graph)
    for name, staff in (("Finance", 8), ("Marketing", 6), ("Sales", 6)):
        chain.add_department(name, staff=staff, hours_per_request=0.5)
    chain.add_segment("Need both", customers=400, needs_per_year=25)
    chain.add_segment("Need Finance only", customers=400, needs_per_year=25)
    chain.add_link("Marketing", "Need both", promise_days=1.0)
    chain.add_link("Sales", "Need Finance only", promise_days=1.0)
    chain.add_link("Finance", "Marketing", promise_days=0.5)
    chain.add_link("Finance", "Sales", promise_days=0.5)
    chain.add_link("Marketing", "Finance", requests_per_case=0.1)
    return chain.check()


def satisfaction(segment, start=100):
    return lambda model: (
        100
        * float(model.state.segment_day[start : model.day, model.chain.segments.index(segment)]["satisfaction"].mean())
    )


def test_rivalry_lowers_the_satisfaction_of_customers_who_need_both(measured):
    chain = two_departments()
    both = difference(satisfaction("Need both"), chain, FIGHT)
    one = difference(satisfaction("Need Finance only"), chain, FIGHT)
    measured("points of satisfaction, customers who need both, when Marketing and Finance are at odds (0.8)", both)
    measured("the same, customers who need Finance only", one)
    assert both.high < 0
    assert both.high < one.low


def test_the_client_at_odds_waits_longer_and_gets_less(measured):
    chain = two_departments()
    wait = difference(lambda model: on_link("Finance", "Marketing", "wait")(model) / 100, chain, FIGHT)
    quality = difference(on_link("Finance", "Marketing", "quality"), chain, FIGHT)
    right = difference(on_link("Finance", "Marketing", "right"), chain, FIGHT)
    measured("days that Marketing waits longer for Finance", wait)
    measured("points of quality that Marketing gets from Finance", quality)
    measured("points of right answers that Marketing gets from Finance", right)
    assert wait.low > 0
    assert quality.high < 0
    assert right.high < 0
    assert difference(lambda model: on_link("Finance", "Sales", "wait")(model) / 100, chain, FIGHT).high < wait.low


def hostility(model, start=200):
    return 100 * float(model.state.link_day[start : model.day]["hostility"].max(axis=1).mean())


def test_rivalry_grows_where_blame_is_passed_and_costs_customers(measured):
    chain = small_firm(**SILENT)
    blame = pull(ownership=0.5)
    grown = difference(hostility, chain, blame, pull(ownership=1.0), days=300)
    measured("points of hostility when half of what failed is passed on, after 200 days", grown)
    assert grown.low > 0
    assert difference(hostility, chain, blame + pull(rivalry_growth=0.0), pull(ownership=1.0), days=300).high == 0
    lost = difference(measure("external_satisfaction"), chain, blame, blame + pull(rivalry_growth=0.0), days=300)
    measured("points of external satisfaction that this rivalry costs", lost)
    assert lost.high < 0


def test_rivalry_fades_in_months_when_the_blame_ends(measured):
    chain = small_firm(**SILENT)
    ends = [Intervention("ownership", 0.3, None, start=0, end=150), Intervention("unclear", 0.2)]
    chain.graph |= {"blame_trust": 0.0}
    for unit in chain.units:
        chain.nodes[unit]["ownership"] = 1.0
    curve = np.mean(
        [run(chain, seed, 400, *ends).state.link_day[:400]["hostility"].max(axis=1) for seed in SEEDS], axis=0
    )
    half = int(np.argmax(curve[150:] < curve[150] / 2))
    measured("days after the last blame until half of the hostility is gone (mean of 12 seeds)", half)
    assert curve[150] > 0.1
    assert half == pytest.approx(np.log(2) / 0.01, abs=8)  # those who are the most hostile change


def test_hostility_stays_a_share_and_returns_to_the_usual():
    level = 0.0
    for _ in range(1000):
        level = rivalry.hostility_after(level, 0.2, 1.0, 0.1, 0.01, 0.0, 0.8)
    assert level == pytest.approx((0.1 + 0.01 * 0.2) / (0.1 + 0.01))
    for _ in range(3000):
        level = rivalry.hostility_after(level, 0.2, 0.0, 0.1, 0.01, 0.0, 0.8)
    assert level == pytest.approx(0.2)
    assert rivalry.care(-0.9, 1.0, 2.0) == -1.0


def test_without_hostility_its_consequences_move_nothing():
    chain = small_firm(customers=100, rivalry_growth=0.0)
    moved = pull(rivalry_care=2.0, rivalry_delay=1.0, rivalry_fade=0.5)
    assert same_run(run(chain, 1, 80), run(chain, 1, 80, *moved))


def test_hostility_without_consequences_costs_no_care_and_no_time():
    """What is left is the trust that the hostile do not show: with no effect of it either, customers notice nothing."""
    chain = small_firm(customers=100, rivalry_growth=0.0, rivalry_care=0.0, rivalry_delay=0.0, trust_empathy=0.0)
    chain.graph |= {"willing_trust": 0.0}
    one, two = run(chain, 1, 80), run(chain, 1, 80, *pull(rivalry=0.9))
    for model in (one, two):
        for table in (model.state.link, model.state.link_day):
            table["hostility"] = 0
    assert same_run(one, two)


def test_the_worse_the_rivalry_the_more_it_costs():
    chain = two_departments()
    figure = satisfaction("Need both")
    levels = [pull("Finance:Marketing", rivalry=level) for level in (0.0, 0.4, 0.8)]
    values = np.array([[figure(run(chain, seed, 250, *level)) for level in levels] for seed in SEEDS])
    for step in np.diff(values, axis=1).T:
        assert estimate(step).high < 0
