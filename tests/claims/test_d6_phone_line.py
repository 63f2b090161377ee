"""D6: the cut phone line. Three failures, one accident; an agreement and training cut most of it, not all."""

from collections import Counter

import numpy as np
import pytest

from sim import levers, organisation
from sim.chain import ServiceChain
from sim.estimates import estimate
from sim.interventions import Intervention
from sim.model import ServiceModel
from sim.population import CLAIM, NEED
from sim.rules import responsibility
from tests.claims.contractors import FREE, field_firm, link, same_but
from tests.claims.paired import SEEDS, measure, pull, run

DAY = 100
STAGES = ("sent_away", "responsibility_refused", "refusal_defended")
COUNTS = ("accidents", "sent_away", "refused", "defended")
ON_THE_DAY = Intervention("accident_rate", 1.0, "Field", start=DAY, end=DAY + 1)
"""On one day, every job of the contractor ends with damage."""


def firm(customers=600, stages=3, **graph):
    """A firm without accidents of its own, in which the first so many stages follow one always, the others never."""
    shares = {name: float(number < stages) for number, name in enumerate(STAGES)}
    still = {"accident_rate": 0.0, "churn": 0.0, "new_customers": 0.0}
    return field_firm(customers=customers, staff=max(4, customers // 50), **still | shares | graph)


def counts(model):
    """Return how many accidents there were, and of each stage, over all links."""
    return [int(model.state.link_day[: model.day][name].sum()) for name in COUNTS]


# --- the event --------------------------------------------------------------------------------------------------------


def happened(stages=3, **graph):
    """Return a run of the event in which nothing else goes wrong, and the customers whom Field served on that day."""
    quiet = {"error_rate": 0.0, "complain_share": 0.0, "escalate_share": 0.0, "hidden_issue": 0.0, "latent_rate": 0.0}
    model = ServiceModel(firm(stages=stages, **quiet | graph), seed=3, interventions=[ON_THE_DAY], journal=True)
    journal = model.run(DAY + 30).journal
    door = model.chain.links.index(("Field", "Homes"))
    handled = np.ceil(journal["closed"] * 8) / 8  # what ends between two boundaries is handled at the second
    today = (journal["link"] == door) & (journal["cause"] == NEED) & (handled >= DAY) & (handled < DAY + 1)
    return model, journal, sorted(journal[today]["client"])


def test_an_intervention_on_one_day_takes_known_customers_through_all_three_stages():
    model, journal, served = happened()
    assert len(served) > 10
    assert counts(model) == [len(served)] * 4
    claims = journal[journal["cause"] == CLAIM]
    assert sorted(claims["client"]) == served
    assert (claims["link"] == model.chain.links.index(("Office", "Homes"))).all()  # they were sent to the firm
    assert (claims["reopened"] == 1).all()  # and insisted
    assert (claims["right"] == 0).all()  # in vain
    field, office = (
        link(model, name, "Homes", column) for name, column in (("Field", "sent_away"), ("Office", "refused"))
    )
    assert np.flatnonzero(field).tolist() == [DAY]
    assert np.flatnonzero(link(model, "Field", "Homes", "accidents")).tolist() == [DAY]
    assert np.flatnonzero(office).min() >= DAY + 1
    defended = np.repeat(np.arange(model.day), link(model, "Office", "Homes", "defended"))
    refused = np.repeat(np.arange(model.day), office)
    assert (defended >= refused + 1).all()  # first come, first served: the days pair up


def test_only_customers_who_were_there_are_harmed():
    """Nobody's baggage is catching, so that staff meet others as they would have."""
    still = {"baggage_drain": 0.0, "expectation_learning": 0.0}
    model, _, served = happened(**still)
    quiet = {"error_rate": 0.0, "complain_share": 0.0, "escalate_share": 0.0, "hidden_issue": 0.0, "latent_rate": 0.0}
    other = ServiceModel(firm(**quiet | still), seed=3).run(DAY + 30)
    lower = np.asarray(model.state.customer["satisfaction"] < other.state.customer["satisfaction"] - 0.01)
    assert set(np.flatnonzero(lower)) <= set(served)
    assert lower[served].mean() > 0.9


@pytest.mark.parametrize("off", range(3), ids=STAGES)
def test_each_stage_can_be_switched_off_by_itself(off):
    model, _, served = happened(**{STAGES[off]: 0.0})
    many = len(served)
    assert counts(model) == [many] + [many if stage < off else 0 for stage in range(3)]


@pytest.mark.parametrize("off", range(3), ids=STAGES)
def test_a_stage_can_be_switched_off_on_given_days_too(off):
    chain, never = firm(), Intervention(STAGES[off], 0.0, start=DAY - 5, end=DAY + 20)
    again = Intervention("accident_rate", 1.0, "Field", start=DAY + 30, end=DAY + 31)
    model = run(chain, 2, DAY + 60, ON_THE_DAY, never, again)
    accidents, *stages = counts(model)
    second = int(link(model, "Field", "Homes", "accidents")[DAY + 30 :].sum())
    assert 0 < second < accidents
    assert stages == [accidents if stage < off else second for stage in range(3)]


def test_who_calls_the_office_at_once_is_answered_first_and_never_refused():
    model, journal, served = happened(sent_away=0.0)
    claims = journal[journal["cause"] == CLAIM]
    assert sorted(claims["client"]) == served
    assert (claims["right"] == 1).all()
    assert (claims["reopened"] == 0).all()
    assert link(model, "Office", "Homes", "recovered").sum() > 0.8 * len(served)


def test_customers_turn_to_the_department_that_most_of_them_go_to():
    chain = firm(customers=200)
    chain.add_department("Shop", staff=4, hours_per_request=0.5)
    chain.add_link("Shop", "Homes", requests_per_case=0.1)
    model = run(chain.check(), 1, DAY + 30, ON_THE_DAY)
    assert link(model, "Office", "Homes", "refused").sum() > 0
    assert link(model, "Shop", "Homes", "refused").sum() == 0


def test_where_a_firm_shows_no_face_but_its_contractors_they_answer_the_claims_too():
    chain = ServiceChain(**dict.fromkeys(STAGES, 1.0), accident_rate=0.0)
    chain.add_contractor("Field", staff=4, hours_per_request=0.5)
    chain.add_segment("Homes", customers=200, needs_per_year=25)
    chain.add_link("Field", "Homes")
    model = run(chain.check(), 1, DAY + 30, ON_THE_DAY)
    assert len(set(counts(model))) == 1
    assert counts(model)[0] > 0


@pytest.mark.parametrize("name", organisation.bundled())
def test_the_event_can_be_played_in_every_bundled_organisation(name):
    always = pull(**dict.fromkeys(STAGES, 1.0))
    contractors = [unit for unit, kind in organisation.load(name).nodes(data="kind") if kind == "contractor"]
    on_the_day = [Intervention("accident_rate", 1.0, unit, start=20, end=21) for unit in contractors]
    one = ServiceModel(name, seed=1, interventions=always, accident_rate=0.0).run(45)
    two = ServiceModel(name, seed=1, interventions=[*always, *on_the_day], accident_rate=0.0).run(45)
    assert counts(one) == [0, 0, 0, 0]
    accidents, away, refused, defended = counts(two)
    assert 0 < accidents == away
    assert 0.9 * away < defended <= refused <= away  # a few are still waiting
    assert two.external_satisfaction < one.external_satisfaction


# --- what it costs ----------------------------------------------------------------------------------------------------


def left(days, seeds=SEEDS, **graph):
    """Return what is left of the satisfaction of those who had the accident: (seeds) × (no accident, accident, 3 stages)."""
    rows = []
    for seed in seeds:
        models = [run(firm(1000, 0, **graph), seed, DAY + days)]
        models += [run(firm(1000, stages, **graph), seed, DAY + days, ON_THE_DAY) for stages in range(4)]
        # Who had it: to them nothing happened before the day, and something has on it.
        at = [run(firm(1000, stages, **graph), seed, DAY + 1, ON_THE_DAY) for stages in (0, 1)]
        still = run(firm(1000, 0, **graph), seed, DAY + 1)
        hit = np.logical_and.reduce(
            [np.asarray(one.state.customer["unresolved"] != still.state.customer["unresolved"]) for one in at]
        )
        rows.append([100 * np.asarray(one.state.customer["satisfaction"])[hit].mean() for one in models])
    return np.array(rows)


NAMES = ("the accident alone, made good at once", "being sent away", "the refusal", "its defence")


@pytest.mark.parametrize("days", [10, 60])
def test_each_of_the_three_stages_costs_more_than_the_accident(days, measured):
    seeds = SEEDS if days == 10 else range(1, 37)  # most of it is forgotten by then
    costs = -np.diff(left(days, seeds), axis=1)
    for name, column in zip(NAMES, costs.T, strict=True):
        measured(f"satisfaction that {name} costs who had it, after {days} days", estimate(column))
        assert estimate(column).low > 0
    for stage in (1, 2, 3):
        assert estimate(costs[:, stage] - costs[:, 0]).low > 0


def test_it_does_even_where_nothing_makes_the_accident_good(measured):
    """Recovery gives nothing back, and nobody complains: what is compared is the accident and the stages themselves."""
    bare = {"recovery_restores": 0.0, "complain_share": 0.0, "escalate_share": 0.0}
    costs = -np.diff(left(10, **bare), axis=1)
    for name, column in zip(("the accident", *NAMES[1:]), costs.T, strict=True):
        measured(f"satisfaction that {name} costs, where nothing makes the accident good", estimate(column))
    for stage in (1, 2, 3):
        assert estimate(costs[:, stage] - costs[:, 0]).low > 0


# --- the remedy ---------------------------------------------------------------------------------------------------------

AGREEMENT, TRAINING = {"company_agreement": 1.0}, {"responsibility_training": 1.0}
REMEDIES = {"agreement": AGREEMENT, "training": TRAINING, "agreement and training": AGREEMENT | TRAINING}


@pytest.fixture(scope="module")
def harm():
    """Satisfaction that accidents at 5 % of jobs cost a firm, by remedy and seed, and what happened, over 300 days."""
    found = {}
    for name, values in {"nothing": {}, **REMEDIES}.items():
        chain = field_firm(1000, staff=20, churn=0.0, new_customers=0.0, accident_rate=0.05)
        found[name] = [run(chain.everywhere(values), seed, 300) for seed in SEEDS]
    chain = field_firm(1000, staff=20, churn=0.0, new_customers=0.0, accident_rate=0.0)
    satisfied = measure("external_satisfaction")
    best = [satisfied(run(chain, seed, 300)) for seed in SEEDS]
    lost = {name: np.subtract(best, [satisfied(one) for one in models]) for name, models in found.items()}
    return lost, {name: np.array([counts(one) for one in models]) for name, models in found.items()}


def test_agreement_and_training_cut_most_of_the_harm_but_not_all(harm, measured):
    lost, _ = harm
    measured("external satisfaction lost to accidents at 5 % of jobs", estimate(lost["nothing"]))
    assert estimate(lost["nothing"]).low > 0
    for name in REMEDIES:
        share = estimate(100 * (1 - lost[name] / lost["nothing"]))
        measured(f"per cent of that harm cut by {name}", share)
        assert share.low > 50
        assert share.high < 100
    assert estimate(lost["agreement and training"]).low > 0


@pytest.mark.parametrize("alone", ["agreement", "training"])
def test_both_together_cut_more_than_either(harm, alone):
    lost, _ = harm
    assert estimate(lost[alone] - lost["agreement and training"]).low > 0


def test_problems_still_happen_less_often(harm, measured):
    _, happened = harm
    for place, what in enumerate(("accidents", "customers sent away", "refusals", "refusals defended")):
        before, now = (happened[name][:, place] for name in ("nothing", "agreement and training"))
        measured(f"{what} in 300 days, nothing done", estimate(before))
        measured(f"{what} in 300 days, agreement and training", estimate(now))
        assert estimate(before - now).low > 0
    assert (happened["agreement and training"][:, :2] > 0).all()
    assert happened["agreement and training"].sum(axis=0).all()  # every stage, somewhere
    assert (happened["agreement"].sum(axis=0)[0] / happened["nothing"].sum(axis=0)[0]) == pytest.approx(1, abs=0.05)


def test_the_shares_that_are_left_are_those_of_the_equation(harm):
    """Each stage keeps (1 − 0.65)² of its share, accidents 1 − 0.65 / 2, within four standard errors."""
    _, happened = harm
    accidents, away, refused, defended = happened["agreement and training"].sum(axis=0)
    before = happened["nothing"].sum(axis=0)[0]
    kept = responsibility.prevented(1.0, 1.0, 0.65)
    assert kept == pytest.approx(0.35**2)
    for part, whole, share in (
        (away, accidents, 0.7 * kept),
        (refused, away, 0.6 * kept),
        (defended, refused, 0.6 * kept),
    ):
        assert part / whole == pytest.approx(share, abs=4 * np.sqrt(share * (1 - share) / whole))
    assert accidents / before == pytest.approx(1 - 0.65 / 2, abs=4 * np.sqrt(0.675 * 2 / before))


# --- off ----------------------------------------------------------------------------------------------------------------


def test_without_accidents_who_would_be_responsible_changes_no_bit():
    chain = field_firm(customers=100, **levers.neutral_values("D6"), **FREE)
    moved = pull(**dict.fromkeys(STAGES, 1.0), company_agreement=1.0, responsibility_training=1.0, remedy_effect=0.1)
    one, two = run(chain, 1, 80), run(chain, 1, 80, *moved)
    assert same_but(one, two)
    assert counts(one) == [0, 0, 0, 0]


def test_departments_have_no_accidents():
    chain = field_firm(customers=100)
    assert same_but(run(chain, 1, 80), run(chain, 1, 80, Intervention("accident_rate", 1.0, "Office")))


def test_no_training_prevents_all_accidents_nor_makes_any():
    chances = np.linspace(0.0005, 0.9995, 1000)
    for training, expected in ((0.0, 0.2), (0.5, 0.2 * (1 - 0.1625)), (1.0, 0.2 * (1 - 0.325))):
        share = np.mean([responsibility.accident(0.2, training, 0.65, u) for u in chances])
        assert share == pytest.approx(expected, abs=0.001)


def test_what_is_left_of_a_stage_is_the_product_of_what_each_remedy_leaves():
    assert Counter(responsibility.prevented(a, t, 0.65) for a in (0.0, 1.0) for t in (0.0, 1.0)) == Counter(
        [1.0, 1 - 0.65, 1 - 0.65, (1 - 0.65) * (1 - 0.65)]
    )
