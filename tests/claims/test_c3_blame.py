"""C3: more reassignments mean longer resolution and lower satisfaction."""

import numpy as np
import pytest

from sim import draws
from sim.chain import ServiceChain
from sim.estimates import estimate
from sim.model import ServiceModel
from sim.rules import blame
from tests.claims.paired import SEEDS, difference, measure, pull, run, same_run, small_firm

DISOWN = pull(ownership=0.5)
OWN = pull(ownership=1.0)
CASES = 5
"""Cases by how often they were passed on: never, once, ... and CASES - 1 times."""
REAL_HOURS = (45, 52, 120, 185, 319)
"""Median hours to resolution by reassignments, computed from an incident log of 890 tickets (doi:10.24432/C57S4H)."""


def help_desk(**graph):
    """A desk and three groups behind it, all of which need each other and pass on what is unclear."""
    chain = ServiceChain(rush_share=0, churn=0, new_customers=0, **graph)
    groups = ("Networks", "Servers", "Applications")
    for name in ("Desk", *groups):
        chain.add_department(name, staff=8, hours_per_request=1.0, ownership=0.4)
    chain.add_segment("Callers", customers=200, needs_per_year=25)
    chain.add_link("Desk", "Callers", promise_days=1.0, unclear=0.5)
    for place, name in enumerate(groups):
        chain.add_link(name, "Desk", requests_per_case=0.2)
        chain.add_link(groups[place - 1], name, requests_per_case=0.1)
        chain.add_link(groups[place - 2], name, requests_per_case=0.1)
    return chain.check()


@pytest.fixture(scope="module")
def by_handovers():
    """Seed × times passed on × (median days to resolution, share in time, mean quality of the last encounter)."""
    found = np.full((len(SEEDS), CASES, 3), np.nan)
    for place, seed in enumerate(SEEDS):
        model = ServiceModel(help_desk(), seed=seed, journal=True).run(400)
        cases = model.journal
        cases = cases[(cases["parent"] == 0) & (cases["cause"] == 0)]
        days = (cases["closed"] - cases["opened"]).to_numpy()
        times = cases["handovers"].to_numpy()
        for n in range(CASES):
            mine = times == n
            if mine.sum() >= 20:
                found[place, n] = (
                    np.median(days[mine]), 100 * cases["in_time"][mine].mean(), 100 * cases["quality"][mine].mean(),
                )  # fmt: skip
    return found


def test_more_reassignments_longer_resolution_fewer_in_time_and_lower_satisfaction(by_handovers, measured):
    for column, words in enumerate(
        ("median days to resolution", "per cent within the promise", "quality of the last encounter, points")
    ):
        for n in range(CASES):
            measured(f"{words}, cases passed on {n} times", estimate(by_handovers[:, n, column]))
    for n in range(CASES - 1):
        step = by_handovers[:, n + 1] - by_handovers[:, n]
        assert estimate(step[:, 0]).low > 0
        assert estimate(step[:, 1]).high < 0
        assert estimate(step[:, 2]).high < 0


def test_resolution_grows_with_reassignments_as_in_a_real_log(by_handovers, measured):
    """Same order of magnitude. Nothing was fitted to it: a firm of four groups against an IT company's log."""
    real = REAL_HOURS[CASES - 1] / REAL_HOURS[0]
    days = by_handovers[:, :, 0]
    ratio = estimate(days[:, CASES - 1] / days[:, 0])
    measured(f"resolution with {CASES - 1} reassignments against none, ratio (in the log: {real:.1f})", ratio)
    assert real / 3 < ratio.low
    assert ratio.high < 3 * real


@pytest.mark.parametrize(("name", "words", "sign"), [
    ("external_satisfaction", "points of external satisfaction", -1),
    ("external_experience", "points of customers' experience", -1),
    ("wait", "days of customers' wait", 1),
    ("in_time", "points of answers in time", -1),
    ("internal_satisfaction", "points of internal satisfaction", -1),
])  # fmt: skip
def test_where_half_is_passed_on_customers_wait_longer_and_are_less_satisfied(name, words, sign, measured):
    effect = difference(measure(name), small_firm(), DISOWN, OWN)
    measured(f"{words} when staff own half of what failed or is unclear, against all", effect)
    assert sign * effect.mean > 0
    assert (effect.low > 0) if sign > 0 else (effect.high < 0)


def test_without_rivalry_blame_passing_still_costs_customers(measured):
    chain = small_firm(rivalry_growth=0.0)
    effect = difference(measure("external_satisfaction"), chain, DISOWN, OWN)
    measured("points of external satisfaction, no rivalry growing out of it", effect)
    assert effect.high < 0


def test_the_more_is_passed_on_the_more_it_costs():
    levels = [OWN, pull(ownership=0.7), pull(ownership=0.3)]
    figure = measure("external_satisfaction")
    values = np.array([[figure(run(small_firm(), seed, 250, *one)) for one in levels] for seed in SEEDS])
    for step in np.diff(values, axis=1).T:
        assert estimate(step).high < 0


def test_passing_a_failure_on_hides_nothing_from_the_client():
    """Whoever it is put on is no further try: with equally able people, answers are right as often as when it is owned."""
    chain = small_firm(
        rivalry_growth=0.0, blame_errors=0.0, knowledge_errors=0.0, motivation_errors=0.0, corner_cutting=0.0, speed_up=0.0,
        strain_errors=0.0,
    )  # fmt: skip
    change = difference(measure("right_first_time"), chain, DISOWN + pull(unclear=0.0), OWN + pull(unclear=0.0))
    assert change.low <= 0
    assert abs(change.mean) < 0.5


def test_trust_is_lost_in_whoever_is_blamed(measured):
    chain = small_firm(rivalry_growth=0.0)

    def trust(model):
        table = model.state.link_day[100 : model.day, model.chain.links.index(("Middle", "Front"))]
        return 100 * float(table["trust"].mean())

    lost = difference(trust, chain, DISOWN, DISOWN + pull(blame_trust=0.0))
    measured("points of Front's trust in Middle lost by blaming it", lost)
    assert lost.high < 0


def test_blame_ends_with_somebody_and_goes_only_along_links():
    chain = small_firm(customers=100)
    model = run(chain, 1, 150, *pull(ownership=0.0, unclear=1.0))
    assert int(np.asarray(model.state.request)["handovers"].max()) <= blame.MOST_HANDOVERS
    # Back is served by nobody: all that it can do is to give back what was put on it
    table = model.state.link_day[:150]["blamed"].sum(axis=0)
    assert table[chain.links.index(("Front", "Customers"))] == 0
    assert table[chain.links.index(("Middle", "Front"))] > 0
    assert table[chain.links.index(("Back", "Middle"))] > 0


def test_whoever_owns_everything_passes_nothing_on():
    chain = small_firm(customers=100)
    owned = run(chain, 1, 80, *OWN)
    assert owned.state.unit_day[:80]["passed_blame"].sum() == 0
    moved = pull(unclear=1.0, blame_errors=9.0, blame_trust=1.0, handover_empathy=1.0)
    assert same_run(owned, run(chain, 1, 80, *OWN, *moved))


def test_where_nothing_fails_or_is_unclear_there_is_nothing_to_pass_on():
    chain = small_firm(customers=100)
    fine = pull(error_rate=0.0, unclear=0.0, complain_share=0.0, escalate_share=0.0)
    assert same_run(run(chain, 1, 80, *fine, *OWN), run(chain, 1, 80, *fine, *pull(ownership=0.0)))


def test_a_request_is_unclear_from_the_beginning_and_stays_so():
    keys = draws.keys(1)
    unclear = [blame.is_unclear(keys, np.uint64(key * 7919), 0.3) for key in range(4000)]
    assert np.mean(unclear) == pytest.approx(0.3, abs=0.03)
    assert unclear == [blame.is_unclear(keys, np.uint64(key * 7919), 0.3) for key in range(4000)]
    assert not blame.is_unclear(keys, np.uint64(5), 0.0)


def test_a_full_bridge_takes_most_of_the_blame_away():
    assert blame.disowns(0.4, 0.0, 0.8, 0.599)
    assert not blame.disowns(0.4, 0.0, 0.8, 0.601)
    assert not blame.disowns(0.4, 1.0, 0.8, 0.121)
    assert blame.empathy(3, 0.1) == pytest.approx(0.9**3)
    assert blame.empathy(3, 0.0) == 1.0
