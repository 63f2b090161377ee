"""E6: listening finds the root cause more often and cuts repeat contacts."""

import numpy as np
import pytest

from sim import levers
from sim.estimates import estimate
from sim.rules import listening
from tests.claims.paired import SEEDS, difference, measure, on_link, pull, run, same_run, small_firm

HEARD, UNHEARD = pull("Front", listening=1.0), pull("Front", listening=0.0)


def firm(baggage=0.5, **graph):
    chain = small_firm(customers=500, staff=7, **graph)
    chain.nodes["Customers"]["baggage"] = baggage
    return chain


REPEATS = on_link("Front", "Customers", "repeats")


def total(column, start=100):
    return lambda model: float(
        model.state.link_day[start : model.day, model.chain.links.index(("Front", "Customers"))][column].sum()
    )


def test_listening_finds_the_root_cause_more_often_and_cuts_repeat_contacts(measured):
    fewer = difference(REPEATS, firm(), HEARD, UNHEARD)
    measured("customers who have to come again per 100 encounters, full listening less none", fewer)
    assert fewer.high < 0
    contacts = difference(total("encounters"), firm(), HEARD, UNHEARD)
    measured("contacts with 500 customers in 150 days, full listening less none", contacts)
    assert contacts.high < 0


def test_who_is_listened_to_is_more_satisfied(measured):
    more = difference(measure("external_satisfaction"), firm(), HEARD, UNHEARD)
    measured("external_satisfaction, full listening less none", more)
    assert more.low > 0


def test_the_more_baggage_the_more_listening_brings(measured):
    effects = {
        load: np.array([REPEATS(run(firm(load), s, 250, *HEARD)) - REPEATS(run(firm(load), s, 250, *UNHEARD)) for s in SEEDS])
        for load in (0.1, 0.7)
    }  # fmt: skip
    for load, effect in effects.items():
        measured(f"repeats per 100 encounters, full listening less none, baggage {load}", estimate(effect))
    assert estimate(effects[0.7] - effects[0.1]).high < 0


def test_listening_takes_time_and_where_there_is_nothing_to_hear_that_is_all_it_does():
    chain = firm(0.0, upset=0.0, unsatisfiable=0.0)
    chain.nodes["Customers"]["baggage_spread"] = 0.0
    assert difference(REPEATS, chain, HEARD, UNHEARD, seeds=range(3)).mean == 0
    assert difference(measure("wait"), chain, HEARD, UNHEARD, seeds=range(6)).low > 0
    assert difference(measure("external_satisfaction"), chain, HEARD, UNHEARD, seeds=range(6)).high < 0


def test_some_nothing_satisfies_but_being_heard_softens_them(measured):
    def satisfaction(model):
        rows = np.asarray(model.state.customer)
        mine = rows[(rows["unsatisfiable"] == 1) & (rows["active"] == 1) & (rows["encounters"] >= 5)]
        return 100 * float(mine["satisfaction"].mean())

    chain = firm(unsatisfiable=0.1, churn=0.0, new_customers=0.0)
    best = pull("Front", error_rate=0.0, environment=1.0, tools=1.0)
    level = estimate([satisfaction(run(chain, s, 250, *best, *HEARD)) for s in SEEDS])
    softer = difference(satisfaction, chain, HEARD, UNHEARD)
    measured("satisfaction of those whom nothing satisfies, good service and full listening", level)
    measured("the same, full listening less none", softer)
    assert level.high < 75
    assert softer.low > 0


def test_who_has_no_compassion_left_listens_half_as_well():
    assert [listening.heard(0.8, c) for c in (0.0, 1.0)] == pytest.approx([0.4, 0.8])


def test_the_real_issue_is_missed_as_often_as_baggage_and_deafness_say():
    draws = (np.arange(1000) + 0.5) / 1000
    assert sum(listening.missed(0.4, 0.5, 0.25, u) for u in draws) == 150
    assert not any(listening.missed(0.0, 1.0, 0.0, u) for u in draws)
    assert not any(listening.missed(1.0, 0.0, 0.0, u) for u in draws)
    assert not any(listening.missed(1.0, 1.0, 1.0, u) for u in draws)


def test_with_listening_off_how_well_anybody_listens_changes_nothing():
    chain = firm(**levers.neutral_values("E6"))
    one, two = run(chain, 1, 80, *HEARD), run(chain, 1, 80, *UNHEARD)
    assert REPEATS(run(chain, 1, 120)) == 0
    assert same_run(one, two)
