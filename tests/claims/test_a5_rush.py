"""A5: a rush request happens only if the supplier is willing: success rises with its motivation and its trust."""

import numpy as np
import pytest

from sim.chain import ServiceChain
from tests.claims.paired import ALONE, difference, on_link, pull, run, same_run


def firm(**graph):
    """Sales asks Production, which is busy, for what customers need; a tenth of them in a hurry."""
    chain = ServiceChain(**(ALONE | graph))
    chain.add_department("Sales", staff=6, hours_per_request=0.3)
    chain.add_department("Production", staff=4, hours_per_request=0.75)
    chain.add_segment("Customers", customers=380, needs_per_year=25, rush_share=0.1, churn=0, new_customers=0)
    chain.add_link("Production", "Sales", promise_days=1.0)
    chain.add_link("Sales", "Customers", promise_days=1.5)
    return chain.check()


agreed = on_link("Production", "Sales", "rush_agreed", over="rush")
kept = on_link("Production", "Sales", "rush_kept", over="rush")
kept_outside = on_link("Sales", "Customers", "rush_kept", over="rush")
FIGURES = {"agreed": agreed, "kept": kept, "kept toward the customer": kept_outside}


@pytest.mark.parametrize("name", FIGURES)
def test_rush_success_rises_with_the_motivation_of_the_supplier(name, measured):
    more = difference(FIGURES[name], firm(), pull("Production", pay=1.0, belonging=1.0, recognition=1.0, growth=1.0))
    measured(f"per cent of rush requests {name}, Production well led and paid", more)
    assert more.low > 0


@pytest.mark.parametrize("name", FIGURES)
def test_rush_success_rises_with_the_trust_of_the_supplier_in_the_asker(name, measured):
    more = difference(
        FIGURES[name], firm(), pull("Production:Sales", goodwill=0.9), pull("Production:Sales", goodwill=0.3)
    )
    measured(f"per cent of rush requests {name}, goodwill 0.9 against 0.3", more)
    assert more.low > 0


def test_who_serves_its_supplier_well_is_helped_in_a_hurry(measured):
    """Production is served by Sales in turn: better service by Sales earns trust, and trust earns a hurry."""
    chain = firm(motivation_service=0.0)  # so that motivation has no part in it
    chain.add_link("Sales", "Production", requests_per_case=0.2)
    more = difference(agreed, chain.check(), pull("Sales:Production", internal_service=1.0))
    measured("per cent of rush requests agreed when Sales serves Production with full care", more)
    assert more.low > 0


def test_a_rush_request_that_was_agreed_is_served_sooner():
    chain = firm(rush_deadline=0.2)
    from sim.model import ServiceModel

    table = ServiceModel(chain, seed=1, journal=True).run(250).journal
    inside = table[(table["parent"] == 1) & (table["rush"] == 1)]
    wait = inside["closed"] - inside["opened"]
    assert wait[inside["agreed"] == 1].mean() < wait[inside["agreed"] == 0].mean()


def test_a_hurry_that_is_refused_costs_the_customer(measured):
    judged = on_link("Sales", "Customers", "judgement")
    worse = difference(judged, firm(), pull(willingness=-20.0), pull(willingness=20.0))
    measured("points of customers' experience when nobody inside hurries, against everybody", worse)
    assert worse.high < 0


def test_without_effects_of_motivation_and_trust_all_are_equally_willing():
    model = run(firm(willing_motivation=0, willing_trust=0, willingness=0.0), 1, 400)
    share = agreed(model) / 100
    requests = model.state.link_day["rush"][100:400, model.chain.links.index(("Production", "Sales"))].sum()
    assert abs(share - 0.5) < 4 * np.sqrt(0.25 / requests)


def test_without_rush_requests_willingness_moves_nothing():
    chain = firm()
    off = pull(rush_share=0.0)
    moved = pull(willingness=-9, willing_motivation=0, willing_trust=17, rush_deadline=0.05)
    assert same_run(run(chain, 1, 80, *off), run(chain, 1, 80, *off, *moved))
