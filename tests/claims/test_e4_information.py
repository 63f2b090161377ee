"""E4: a delay does less harm to a customer who has been told how long it will be."""

import numpy as np
import pytest

from sim.chain import ServiceChain
from sim.estimates import estimate
from sim.rules import information
from tests.claims.paired import SEEDS, bare, difference, measure, on_link, pull, run, same_run, small_firm

TOLD = pull("Front:Customers", waiting_information=1.0)
UNTOLD = pull("Front:Customers", waiting_information=0.0)
WAITS = (0.05, 0.2, 1.0, 1.5, 4.0, 10.0)
"""Waits in multiples of what is acceptable: short, intermediate, long."""


def waiting_room(wait, **graph):
    """A firm in which every customer waits about as long, and nothing else differs; the promise is five days."""
    levers = bare() | {
        "satisfaction_learning": 0.25, "waiting_aversion": 0.6, "platform": 1.0,
        "information_acceptance": 0.6, "felt_wait": 0.36,
    }  # fmt: skip
    chain = ServiceChain(**levers | graph)
    chain.add_department(
        "Front", staff=40, hours_per_request=0.01, working_time="fixed", pause_share=1.0, pause_days=5.0 * wait,
        pause_spread=0.0,
    )  # fmt: skip
    chain.add_segment("Customers", customers=200, needs_per_year=25)
    chain.add_link("Front", "Customers", promise_days=5.0)
    return chain.check()


@pytest.fixture(scope="module")
def gains():
    """Seed × wait: points of customers' experience gained by being told."""
    figure = measure("external_experience")
    return np.array(
        [
            [figure(run(waiting_room(w), s, 200, *TOLD)) - figure(run(waiting_room(w), s, 200, *UNTOLD)) for w in WAITS]
            for s in SEEDS
        ]
    )


def test_being_told_helps_with_intermediate_waits_most_and_hardly_with_short_ones(gains, measured):
    """The shape that Hui & Tse (1996) found."""
    for wait, column in zip(WAITS, gains.T, strict=True):
        measured(f"points of customers' experience by being told, wait {wait:g} times the acceptable", estimate(column))
    short, _, middle, longer, long, very_long = (estimate(column) for column in gains.T)
    assert short.mean < 0.1 * middle.mean
    assert middle.low > 0
    assert longer.low > 0
    assert estimate(gains[:, 3] - gains[:, 4]).low > 0
    assert estimate(gains[:, 4] - gains[:, 5]).low > 0
    assert very_long.mean < 0.1 * middle.mean
    assert long.low > 0


def test_it_works_by_acceptance_and_does_not_shorten_the_felt_wait():
    """Nothing but responsiveness moves, and without acceptance being told is worth nothing."""
    chain = waiting_room(1.0)
    one, two = run(chain, 1, 150, *TOLD), run(chain, 1, 150, *UNTOLD)
    for name in ("wait", "in_time", "right", "reliability", "assurance", "empathy", "tangibles"):
        assert (one.state.link_day[name] == two.state.link_day[name]).all()
    assert not (one.state.link_day["responsiveness"] == two.state.link_day["responsiveness"]).all()
    assert same_run(*(run(waiting_room(1.0, information_acceptance=0.0), 1, 150, *told) for told in (TOLD, UNTOLD)))


@pytest.mark.parametrize("name", ["external_satisfaction", "external_experience"])
def test_customers_who_are_told_are_more_satisfied(name, measured):
    chain = small_firm(customers=400)
    gain = difference(measure(name), chain, TOLD, UNTOLD)
    measured(f"points of {name} when all are told instead of none, in a busy firm", gain)
    assert gain.low > 0


def test_waits_are_felt_a_third_longer_than_they_are(measured):
    """Back from recorded responsiveness 1 / (1 + a k w / w*) to the felt wait k w (Larson: k about 1.36)."""
    chain = waiting_room(1.0)
    prompt = estimate(
        [on_link("Front", "Customers", "responsiveness")(run(chain, s, 200, *UNTOLD)) / 100 for s in SEEDS]
    )
    wait = estimate([on_link("Front", "Customers", "wait")(run(chain, s, 200, *UNTOLD)) / 100 for s in SEEDS])
    ratio = (1 / prompt.mean - 1) / 0.6 / (wait.mean / 5.0)
    measured("felt wait per wait (set by the lever, after Larson's 1.36)", ratio)
    assert ratio == pytest.approx(1.36, abs=0.02)


def test_waits_that_feel_longer_cost_satisfaction(measured):
    chain = small_firm(customers=400)
    lost = difference(measure("external_satisfaction"), chain, UNTOLD, pull(felt_wait=0.0) + UNTOLD)
    measured("points of external satisfaction lost because waits feel longer than they are", lost)
    assert lost.high < 0


def test_acceptance_has_the_shape_of_its_equation():
    levels = np.linspace(0.01, 12, 400)
    gain = [information.accepted(0.5, 1.0, x, 1.0, 0.6) - 0.5 for x in levels]
    assert levels[int(np.argmax(gain))] == pytest.approx(1.0, abs=0.05)
    assert max(gain) == pytest.approx(0.6 * 0.5, abs=1e-3)
    assert all(0 <= one <= 0.5 for one in gain)
    assert information.accepted(0.5, 0.0, 1.0, 1.0, 0.6) == 0.5
    assert information.felt(2.0, 0.36) == pytest.approx(2.72)


def test_where_nobody_is_told_anything_knowing_and_accepting_move_nothing():
    chain = small_firm(customers=100, waiting_information=0.0, platform_cost=0.0)
    assert same_run(run(chain, 1, 80), run(chain, 1, 80, *pull(information_acceptance=1.0, platform=1.0)))


def test_where_waits_do_not_annoy_how_long_they_feel_moves_nothing():
    chain = small_firm(customers=100, waiting_aversion=0.0)
    assert same_run(run(chain, 1, 80), run(chain, 1, 80, *pull(felt_wait=3.0, waiting_information=1.0)))
