"""B3: high-baggage demand lowers empathy, raises strain and quits, more so with little support."""

import numpy as np
import pytest

from sim import levers
from sim.chain import ServiceChain
from sim.estimates import estimate
from sim.interventions import Intervention
from sim.rules import strain
from tests.claims.paired import (
    SEEDS,
    customers,
    measure,
    on_link,
    on_unit,
    pull,
    run,
    same_customers,
    same_run,
    small_firm,
)

HIGH, LOW = pull(baggage=0.8), pull(baggage=0.1)
STAFF = 20
SUPPORTED = {"advocacy": 1.0, "bonds": 0.8}
UNSUPPORTED = {"advocacy": 0.0, "bonds": 0.0}


def firm(**graph):
    return small_firm(customers=75 * STAFF, staff=STAFF, quit_rate=0.25, **graph)


def turnover(model, start=60):
    """Return quits at Front a year per hundred posts filled."""
    table = model.state.unit_day[start : model.day, model.chain.units.index("Front")]
    return 25000 * float(table["quits"].sum() / table["filled"].sum())


FIGURES = {
    "empathy toward customers": on_link("Front", "Customers", "empathy", start=60),
    "compassion left in the evening": lambda model: 100 * on_unit("Front", "compassion", 60)(model),
    "strain of Front": lambda model: 100 * on_unit("Front", "strain", 60)(model),
    "quits of Front, per cent a year": turnover,
    "right answers to customers": on_link("Front", "Customers", "right", start=60),
    "external satisfaction": measure("external_satisfaction", 60),
}
HARM = {name: 1 if name.startswith(("strain", "quits")) else -1 for name in FIGURES}


def effect_of_baggage(**graph):
    """Return what much baggage instead of little does to each figure, by seed."""
    chain = firm(**graph)
    effects = []
    for seed in SEEDS:
        much, little = run(chain, seed, 250, *HIGH), run(chain, seed, 250, *LOW)
        effects.append([figure(much) - figure(little) for figure in FIGURES.values()])
    return dict(zip(FIGURES, np.array(effects).T, strict=True))


@pytest.fixture(scope="module")
def effects():
    return {
        "ordinary": effect_of_baggage(),
        "little": effect_of_baggage(**UNSUPPORTED),
        "full": effect_of_baggage(**SUPPORTED),
    }


@pytest.mark.parametrize("name", FIGURES)
def test_demand_with_much_baggage_does_harm_down_to_the_customer(effects, name, measured):
    harm = estimate(HARM[name] * effects["ordinary"][name])
    measured(f"{name}, baggage 80 instead of 10", estimate(effects["ordinary"][name]))
    assert harm.low > 0


@pytest.mark.parametrize("name", FIGURES)
def test_with_little_support_the_same_baggage_does_more_harm(effects, name, measured):
    more = estimate(HARM[name] * (effects["little"][name] - effects["full"][name]))
    measured(f"{name}, baggage 80 instead of 10, no support from leader and peers", estimate(effects["little"][name]))
    measured(f"{name}, baggage 80 instead of 10, full support from leader and peers", estimate(effects["full"][name]))
    measured(f"{name}, more harm without support", more)
    assert more.low > 0


def test_failures_not_made_good_bring_baggage_of_their_own(measured):
    """Poor service makes the customers whom staff then have to bear: strain rises with errors through their upset alone."""
    by_seed = []
    for seed in SEEDS:
        effect = []
        for upset in (0.2, 0.0):
            chain = firm(upset=upset)
            poor, good = (run(chain, seed, 200, *pull("Front", error_rate=rate)) for rate in (0.3, 0.02))
            effect.append(100 * (on_unit("Front", "strain")(poor) - on_unit("Front", "strain")(good)))
        by_seed.append(effect[0] - effect[1])
    measured("strain of Front with 30 % errors instead of 2, through upset customers", estimate(by_seed))
    assert estimate(by_seed).low > 0


def units_that_differ(seed, units=60):
    """Return a firm of many small units, each with customers of its own, that differ in every condition of work."""
    rng = np.random.default_rng(seed)
    chain = ServiceChain(problem_rate=0)
    for number in range(units):
        conditions = ("tools", "environment", "communication", "growth", "belonging", "pay", "recognition")
        chain.add_department(
            f"Unit {number}", staff=5, hours_per_request=0.5, error_rate=rng.uniform(0.03, 0.15),
            knowledge=rng.uniform(0.6, 0.9), bonds=rng.uniform(0, 0.8), advocacy=rng.uniform(0, 1),
            **{name: rng.uniform(0.3, 0.9) for name in conditions},
        )  # fmt: skip
        chain.add_segment(
            f"Customers {number}", customers=int(rng.uniform(300, 600)), needs_per_year=25, baggage=rng.uniform(0, 0.6)
        )
        chain.add_link(f"Unit {number}", f"Customers {number}", promise_days=1)
    return chain.check()


def test_across_units_baggage_goes_with_strain_more_than_with_performance(measured):
    """Huelsheger & Schewe 2011: well-being .39 to .48, performance -.20 to -.05 (there of people who were asked)."""
    found = []
    for seed in SEEDS:
        chain = units_that_differ(seed)
        model = run(chain, seed, 160)
        baggage = [chain.value("baggage", f"Customers {name.split()[1]}") for name in chain.units]
        strained = [on_unit(name, "strain")(model) for name in chain.units]
        right = [on_link(name, f"Customers {name.split()[1]}", "right")(model) for name in chain.units]
        found.append([np.corrcoef(baggage, strained)[0, 1], np.corrcoef(baggage, right)[0, 1]])
    strains, rights = np.array(found).T
    measured("correlation of baggage with strain across 60 units", estimate(strains))
    measured("correlation of baggage with right answers across 60 units", estimate(rights))
    assert estimate(strains).low > 0
    assert estimate(rights).high < 0
    assert estimate(strains - np.abs(rights)).low > 0


def overloaded(**graph):
    """Return a single unit whose customers come in masses for a while, and nothing else happens to it."""
    chain = ServiceChain(quit_rate=0, problem_rate=0, churn=0, new_customers=0, complain_share=0, rush_share=0, **graph)
    chain.add_department("Front", staff=10, hours_per_request=0.5, work_spread=0)
    chain.add_segment("Customers", customers=1000, needs_per_year=25)
    chain.add_link("Front", "Customers", promise_days=0.5)
    return chain.check()


def hours(model, start, end):
    table = model.state.unit_day[start:end, 0]
    return 8 * float(table["busy_days"].sum() / table["served"].sum())


RUSH = [Intervention("needs_per_year", 90, "Customers", start=60, end=140)]


def change_of_pace(days, **graph):
    """Return by how many per cent working time is longer on these days for the overload, by seed."""
    chain = overloaded(**graph)
    return [100 * (hours(run(chain, s, 200, *RUSH), *days) / hours(run(chain, s, 200), *days) - 1) for s in SEEDS]


def test_more_load_first_speeds_work_up_and_sustained_overwork_slows_it_down(measured):
    """KC & Terwiesch 2009: a change of sign. Here with nobody learning from the many cases, and the standard of A4 kept."""
    alone = {"standard_erosion": 0, "learning": 0}
    first, then = estimate(change_of_pace((62, 72), **alone)), estimate(change_of_pace((150, 170), **alone))
    measured("working time early in 80 days of overload, per cent", first)
    measured("working time 10 to 30 days after 80 days of overload, per cent", then)
    measured("the same with learning by doing and a standard that erodes", estimate(change_of_pace((150, 170))))
    measured("the same without strain", estimate(change_of_pace((150, 170), strain_time=0, **alone)))
    assert first.high < 0
    assert then.low > 0


# --- neutral ---------------------------------------------------------------------------------------------------------


def test_without_baggage_strain_and_their_effects_nothing_else_about_them_matters():
    chain = small_firm(customers=100, quit_rate=0.5, **levers.neutral_values("B3"))
    one = run(chain, 1, 120)
    moved = pull(compassion_recovery=0.1, strain_recovery=0.3, quit_strain=9, contagion=0.5, load_sharing=0.5)
    assert same_run(one, run(chain, 1, 120, *moved, *pull(support_buffer=1, peer_support=0.9)))
    assert (one.state.employee["strain"] == 0).all()
    assert (one.state.employee["compassion"] == 1).all()


def test_where_compassion_and_strain_have_no_effect_baggage_moves_no_customer():
    effects = ("compassion_empathy", "strain_empathy", "strain_errors", "strain_time", "strain_motivation")
    chain = small_firm(customers=100, quit_strain=0, hidden_issue=0, unsatisfiable=0, **dict.fromkeys(effects, 0.0))
    one, two = run(chain, 1, 120, *LOW), run(chain, 1, 120, *HIGH)
    assert on_unit("Front", "strain", 0)(two) > on_unit("Front", "strain", 0)(one)
    assert same_customers(one, two)


def test_staff_without_customers_have_no_baggage_to_bear():
    chain = small_firm(customers=100, pressure_strain=0, contagion=0, ownership=1)  # no customer is passed on to them
    model = run(chain, 1, 120, *HIGH)
    assert on_unit("Back", "strain", 0)(model) == on_unit("Middle", "strain", 0)(model) == 0
    assert on_unit("Front", "strain", 0)(model) > 0


# --- known answers -----------------------------------------------------------------------------------------------------


def test_ten_customers_full_of_baggage_use_up_two_fifths_of_compassion():
    compassion = 1.0
    for _ in range(10):
        compassion = strain.compassion_after(compassion, 1.0, 0.05, 1.0)
    assert compassion == pytest.approx(0.95**10)
    assert compassion == pytest.approx(0.599, abs=0.001)


def test_strain_comes_to_rest_where_what_builds_up_fades():
    """S = x / (x + v) with x = g (1 - C) + p wp r."""
    held = 0.0
    for _ in range(2000):
        held = strain.strain_after(held, 0.4, 0.5, 0.03, 0.01, 0.02, 0.8)
    load = 0.03 * 0.6 + 0.01 * 0.5 * 0.8
    assert held == pytest.approx(load / (load + 0.02))


def test_baggage_spreads_around_what_is_usual_in_the_segment():
    model = run(small_firm(customers=4000), 1, 0)
    own = customers(model, "Customers")["baggage"]
    assert abs(own.mean()) < 0.01
    assert own.std() == pytest.approx(0.15, rel=0.05)
    assert strain.brought(0.25, -0.4, 0, 0.2) == 0.0
    assert strain.brought(0.25, -0.4, 2, 0.2) == 0.4
    assert strain.brought(0.9, 0.3, 3, 0.2) == 1.0
