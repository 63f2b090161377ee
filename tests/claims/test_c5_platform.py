"""C5: the same delay does less harm when its time frame is passed on."""

import numpy as np
import pytest

from sim.chain import ServiceChain
from sim.estimates import estimate
from sim.rules import information
from tests.claims.paired import SEEDS, bare, difference, measure, on_link, pull, run, same, same_run, small_firm

KNOWN = pull(platform=1.0)
UNKNOWN = pull(platform=0.0)
DELAY = pull("Back", pause_share=1.0, pause_days=1.5)


def row(**graph):
    """Back → Front → Customers with nothing but encounters and waits, so that what is known changes no wait."""
    levers = bare("A2", "C5", "E4") | {"waiting_aversion": 0.6, "disconfirmation_gain": 0.0} | graph
    chain = ServiceChain(**levers)
    for name in ("Back", "Front"):
        chain.add_department(name, staff=20, hours_per_request=0.5)
    chain.add_segment("Customers", customers=300, needs_per_year=25)
    chain.add_link("Back", "Front")
    chain.add_link("Front", "Customers", waiting_information=1.0)
    return chain.check()


def figures(chain, figure):
    """Return by seed: no delay and a delay inside, each with nothing known of it and everything."""
    cases = [now + known for now in ([], DELAY) for known in (UNKNOWN, KNOWN)]
    return np.array([[figure(run(chain, seed, 250, *one)) for one in cases] for seed in SEEDS])


@pytest.mark.parametrize("name", ["external_satisfaction", "external_experience"])
def test_the_same_delay_does_less_harm_when_its_time_frame_is_passed_on(name, measured):
    quick, quick_known, late, late_known = figures(row(churn=0, new_customers=0), measure(name)).T
    harm, harm_known = estimate(quick - late), estimate(quick_known - late_known)
    measured(f"points of {name} lost by a delay of 1.5 days inside, nothing known of it in front", harm)
    measured(f"points of {name} lost by the same delay, its time frame known and told", harm_known)
    saved = estimate((quick - late) - (quick_known - late_known))
    measured(f"points of {name} saved by knowing", saved)
    assert harm_known.low > 0
    assert saved.low > 0


def test_the_delay_is_the_same_to_the_last_bit():
    """Where people are switched off: known or not, what customers wait, and get, is the same; how it feels is not."""
    chain = row(churn=0, new_customers=0)
    one, two = (run(chain, 1, 150, *DELAY, *known) for known in (UNKNOWN, KNOWN))
    for name in ("wait", "in_time", "right", "reliability", "assurance", "empathy", "tangibles", "encounters"):
        assert (one.state.link_day[name] == two.state.link_day[name]).all()
    assert same(
        one.state.unit_day[["served", "sojourn", "busy_days"]], two.state.unit_day[["served", "sojourn", "busy_days"]]
    )
    assert on_link("Front", "Customers", "responsiveness")(two) > on_link("Front", "Customers", "responsiveness")(one)


def test_in_a_firm_with_people_too_a_platform_eases_delays_inside(measured):
    chain = small_firm(waiting_information=0.8)
    slow = pull("Back", pause_share=1.0, pause_days=1.5)
    gain = difference(measure("external_satisfaction"), chain, slow + KNOWN, slow + UNKNOWN)
    measured("points of external satisfaction by a full platform, a delay inside, people as usual", gain)
    assert gain.low > 0


def test_knowing_helps_more_where_more_is_told():
    chain = row(churn=0, new_customers=0)
    gains = [
        difference(
            measure("external_experience"), chain, [*DELAY, *KNOWN, *pull(waiting_information=told)],
            [*DELAY, *UNKNOWN, *pull(waiting_information=told)], seeds=range(1, 7),
        )
        for told in (0.0, 0.5, 1.0)
    ]  # fmt: skip
    assert gains[0].low == gains[0].high == 0
    assert gains[2].low > gains[1].high
    assert gains[1].low > 0


def test_the_longer_the_chain_behind_the_more_a_platform_is_needed(measured):
    """A unit sees its own line without a platform; what happens elsewhere it does not."""
    chain = small_firm(waiting_information=0.8)
    here, far = (
        difference(measure("external_experience"), chain, pull(where, pause_share=1.0, pause_days=1.0) + KNOWN,
                   pull(where, pause_share=1.0, pause_days=1.0) + UNKNOWN)
        for where in ("Middle", "Back")
    )  # fmt: skip
    measured("points of customers' experience by a full platform, a day's delay one link behind", here)
    measured("the same, two links behind", far)
    assert here.low > 0
    assert far.low > 0


def test_where_nobody_serves_the_front_a_platform_moves_nothing():
    chain = ServiceChain(platform_cost=0.0)
    chain.add_department("Front", staff=3, hours_per_request=0.5)
    chain.add_segment("Customers", customers=200, needs_per_year=25, complain_share=0, escalate_share=0, rush_share=0)
    chain.add_link("Front", "Customers", reopen_rate=0)
    chain.nodes["Front"]["ownership"] = 1.0
    chain.graph |= {"hidden_issue": 0.0}
    assert same_run(run(chain.check(), 1, 80, *KNOWN), run(chain, 1, 80, *UNKNOWN))


def test_what_is_known_but_not_told_moves_nothing():
    chain = small_firm(customers=100, waiting_information=0.0, platform_cost=0.0)
    assert same_run(run(chain, 1, 80, *KNOWN), run(chain, 1, 80, *UNKNOWN))


def test_without_a_platform_a_unit_tells_what_it_sees_itself():
    assert information.told(4.0, 3.0, 0.0, 1.0) == pytest.approx(1 / 4)
    assert information.told(4.0, 3.0, 1.0, 1.0) == pytest.approx(1.0)
    assert information.told(4.0, 0.0, 0.0, 0.5) == information.told(4.0, 0.0, 1.0, 0.5) == pytest.approx(0.5)
