"""B4: with peer support the same baggage does less harm; strain spreads along strong ties."""

import numpy as np
import pytest

from sim import levers
from sim.chain import ServiceChain
from sim.estimates import estimate
from sim.rules import bonds
from tests.claims.paired import (
    SEEDS,
    difference,
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

FIGURES = {
    "strain of Front": lambda model: 100 * on_unit("Front", "strain", 60)(model),
    "empathy toward customers": on_link("Front", "Customers", "empathy", start=60),
    "external satisfaction": measure("external_satisfaction", 60),
}
HARM = {"strain of Front": 1, "empathy toward customers": -1, "external satisfaction": -1}


def effect_of_baggage(**graph):
    """Return what much baggage instead of little does to each figure, by seed; nobody quits, so that teams stay."""
    chain = small_firm(customers=75 * STAFF, staff=STAFF, quit_rate=0, **graph)
    effects = []
    for seed in SEEDS:
        much, little = run(chain, seed, 220, *HIGH), run(chain, seed, 220, *LOW)
        effects.append([figure(much) - figure(little) for figure in FIGURES.values()])
    return dict(zip(FIGURES, np.array(effects).T, strict=True))


@pytest.fixture(scope="module")
def effects():
    return {
        "strong ties": effect_of_baggage(bonds=0.8),
        "no ties": effect_of_baggage(bonds=0.0),
        "strong ties without support": effect_of_baggage(bonds=0.8, peer_support=0.0),
    }


@pytest.mark.parametrize("name", FIGURES)
def test_among_well_tied_colleagues_the_same_baggage_does_less_harm(effects, name, measured):
    for one in ("strong ties", "no ties"):
        measured(f"{name}, baggage 80 instead of 10, {one}", estimate(effects[one][name]))
    spared = estimate(HARM[name] * (effects["no ties"][name] - effects["strong ties"][name]))
    measured(f"{name}, harm spared by ties", spared)
    assert spared.low > 0


@pytest.mark.parametrize("name", FIGURES)
def test_it_is_the_support_that_spares_them(effects, name, measured):
    spared = estimate(HARM[name] * (effects["strong ties without support"][name] - effects["strong ties"][name]))
    measured(f"{name}, harm spared by the support that ties carry", spared)
    assert spared.low > 0


# --- strain spreads ----------------------------------------------------------------------------------------------------


def one_team(**graph):
    """Return a team of thirty with customers who bring nothing: whatever strain there is comes from colleagues."""
    chain = ServiceChain(baggage=0, baggage_spread=0, upset=0, pressure_strain=0, quit_rate=0, problem_rate=0, **graph)
    chain.add_department("Team", staff=30, hours_per_request=0.5)
    chain.add_segment("Customers", customers=1000, needs_per_year=25)
    chain.add_link("Team", "Customers")
    return chain.check()


def caught(seed, days=20, **graph):
    """Return the strain after some days of those tied to five strained colleagues, and of all others in the team."""
    model = run(one_team(**graph), seed, 10)
    people, ties = model.state.employee, np.asarray(model.state.bond)
    strained = np.random.default_rng(seed).choice(30, 5, replace=False)
    people["strain"][strained] = 1.0
    model.run(days)
    tied = {int(other) for one, other in zip(ties["one"], ties["other"], strict=True) if one in strained}
    tied |= {int(one) for one, other in zip(ties["one"], ties["other"], strict=True) if other in strained}
    near = sorted(tied - set(strained.tolist()))
    far = sorted(set(range(30)) - set(near) - set(strained.tolist()))
    held = np.asarray(people["strain"])
    return 100 * held[near].mean(), 100 * held[far].mean() if far else np.nan


def test_strain_spreads_to_those_who_are_tied_to_strained_colleagues_first(measured):
    near, far = np.array([caught(seed) for seed in range(1, 25)]).T
    there = ~np.isnan(far)
    measured("strain after 20 days of colleagues tied to somebody strained", estimate(near[there]))
    measured("strain after 20 days of colleagues not tied to anybody strained", estimate(far[there]))
    assert estimate(near[there] - far[there]).low > 0


def test_strain_spreads_farther_along_strong_ties(measured):
    """Bakker et al. 2005: colleagues' burnout predicts one's own, more so with close and frequent ties."""
    weak, usual, strong = (np.array([caught(seed, bonds=w)[0] for seed in SEEDS]) for w in (0.2, 0.4, 0.8))
    for name, values in (("20", weak), ("40", usual), ("80", strong)):
        measured(f"strain after 20 days of colleagues tied to somebody strained, ties of {name}", estimate(values))
    assert estimate(weak).low > 0
    assert estimate(usual - weak).low > 0
    assert estimate(strong - usual).low > 0


def test_without_contagion_nobody_catches_strain():
    assert all(caught(seed, contagion=0) == (0, 0) for seed in range(1, 4))


# --- across bridges ------------------------------------------------------------------------------------------------------

BRIDGED = {"gatherings": 50}


def bridged(**graph):
    """Return a firm in which Back, which never meets a customer, is on terms with Front; each owns what it fails at."""
    chain = small_firm(
        customers=75 * STAFF,
        staff=STAFF,
        quit_rate=0,
        ownership=1,
        pressure_strain=0,
        bridge_trust=0,
        bridge_blame=0,
        **graph,
    )
    chain.add_link("Back", "Front", requests_per_case=0.2, **BRIDGED)
    return chain.check()


def test_strain_crosses_a_bridge_into_a_unit_that_meets_no_customers(measured):
    strained = lambda model: 100 * on_unit("Back", "strain")(model)  # noqa: E731
    more = difference(strained, bridged(), HIGH, LOW, days=180)
    measured("strain of Back, which meets no customers, baggage of Front's 80 instead of 10, bridge", more)
    assert more.low > 0
    apart = bridged()
    apart.edges["Back", "Front"]["gatherings"] = 0
    none = difference(strained, apart, HIGH, LOW, seeds=range(1, 4))
    assert none.low == none.high == 0


def test_colleagues_across_a_bridge_take_part_of_the_load(measured):
    pairs = [(run(bridged(), s, 220, *HIGH), run(bridged(), s, 220, *HIGH, *pull(load_sharing=0))) for s in SEEDS]

    def by_sharing(figure):
        return estimate([figure(one) - figure(other) for one, other in pairs])

    gained = by_sharing(lambda model: 100 * on_unit("Front", "compassion")(model))
    given = by_sharing(lambda model: 100 * on_unit("Back", "compassion")(model))
    content = by_sharing(measure("external_satisfaction"))
    measured("compassion left at Front by sharing the load", gained)
    measured("compassion left at Back by sharing the load", given)
    measured("external satisfaction by sharing the load", content)
    assert gained.low > 0
    assert given.high < 0
    assert content.low > 0


# --- belonging -----------------------------------------------------------------------------------------------------------


def test_closer_teams_feel_that_they_belong_and_never_less_on_the_way_there(measured):
    chain = small_firm(customers=100, quit_rate=0, baggage=0, baggage_spread=0, upset=0, pressure_strain=0)
    pairs = [(run(chain, seed, 250, *pull(bonds=0.8)), run(chain, seed, 250)) for seed in SEEDS]
    motivation = [[100 * model.state.unit_day["motivation"][:250] for model in pair] for pair in pairs]
    daily = [one - other for one, other in motivation]
    gained = estimate([float(change[200:].mean()) for change in daily])
    measured("motivation by ties of 80 instead of 40, after 200 days (points)", gained)
    assert gained.low > 0
    assert min(float(change.min()) for change in daily) > -0.2


def test_who_works_alone_is_as_motivated_as_the_file_supposes():
    chain = small_firm(customers=10, staff=1, quit_rate=0, baggage=0, baggage_spread=0, upset=0, pressure_strain=0)
    one, two = run(chain, 1, 60), run(chain, 1, 60, *pull(bond_belonging=0))
    assert (one.state.employee["motivation"] == two.state.employee["motivation"]).all()


# --- neutral -------------------------------------------------------------------------------------------------------------


def test_without_ties_and_their_effects_nothing_else_about_them_matters():
    chain = small_firm(customers=100, quit_rate=0.5, **levers.neutral_values("B4"))
    one = run(chain, 1, 150)
    assert same_run(one, run(chain, 1, 150, *pull(bond_rate=0.5)))
    assert (one.state.employee["peer_support"] == 0).all()


def test_where_ties_have_no_effect_their_strength_moves_no_customer_and_no_strain():
    effects = ("peer_support", "load_sharing", "contagion", "bond_belonging")
    chain = small_firm(customers=100, quit_rate=0.5, **dict.fromkeys(effects, 0.0))
    one, two = run(chain, 1, 150, *pull(bonds=0.1)), run(chain, 1, 150, *pull(bonds=0.9))
    assert same_customers(one, two)
    for name in ("strain", "compassion", "motivation", "knowledge"):
        assert (one.state.employee[name] == two.state.employee[name]).all()


# --- known answers -------------------------------------------------------------------------------------------------------


def test_a_load_shared_is_neither_more_nor_less():
    feelings, strength = np.array([0.2, 0.9, 0.6]), 0.7
    moved = bonds.shared(feelings[0], feelings[1], strength, 0.2)
    assert moved == pytest.approx(0.2 * 0.7 * 0.7)
    assert moved == -bonds.shared(feelings[1], feelings[0], strength, 0.2)


def test_strain_passes_only_from_the_more_to_the_less_strained():
    assert bonds.crossing_over(0.1, 0.6, 0.5, 0.02) == pytest.approx(0.02 * 0.5 * 0.5)
    assert bonds.crossing_over(0.6, 0.1, 0.5, 0.02) == 0.0


def test_support_wears_off_with_the_number_of_supporters():
    assert bonds.support_from(0.0) == 0.0
    assert bonds.support_from(1.0) == 0.5
    assert bonds.support_from(4 * 0.4) == pytest.approx(1.6 / 2.6)


def test_a_newcomers_tie_is_half_as_strong_as_usual_after_seventy_days():
    tie = 0.0
    for _ in range(69):
        tie = bonds.tie_after(tie, 0.4, 0.01, 0.0, 0.2)
    assert tie == pytest.approx(0.2, abs=0.001)
