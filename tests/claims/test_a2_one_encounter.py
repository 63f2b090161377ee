"""A2: one code path serves internal and external clients; shortfalls weigh more than equal surpluses."""

import ast
from pathlib import Path

import numpy as np
import pytest

from sim import levers, population
from sim.chain import ServiceChain
from sim.compiled import rows
from sim.estimates import estimate
from sim.rules import encounter
from sim.rules.encounter import judge
from tests.claims.paired import ALONE, SEEDS, core_firm, difference, measure, on_link, pull, run, same_run

LEVEL = ("reopen_rate", "expectation_spread", "market_effect", "promise_effect", "rush_share", "churn")
SAME_QUALITY = (
    "expectation_learning", "expectation_spread", "promise_effect", "market_effect", "waiting_aversion", "assimilation",
    "knowledge_spread", "newcomer_share", "learning", "forgetting", "training", "error_rate", "churn", "new_customers",
    "rush_share",
)  # fmt: skip


def firm_row(**values):
    firm = rows(np.zeros(1, population.FIRM))
    for lever in levers.of("firm"):
        firm[lever.name] = values.get(lever.name, lever.default)
    return firm


def link_row():
    link = rows(np.zeros(1, population.LINK))
    for lever in levers.of("link"):
        link[lever.name] = lever.default
    encounter.weigh(link[0])
    return link


def test_one_encounter_updates_a_customer_and_a_colleague_alike():
    firm, link = firm_row(), link_row()
    clients = [rows(np.zeros(1, kind)) for kind in (population.CUSTOMER, population.RELATION)]
    told = []
    for client in clients:
        for name in ("expected_outcome", "expected_process", "satisfaction", "trust"):
            client[name] = 0.7
        told.append(
            [
                encounter.encounter(
                    firm[0], link[0], client[0], outcome, 0.8, 0.7, 0.6, 0.5, 3.0 + outcome, 0.0, 0.0, 1.0, 1.0, 1.0
                )
                for outcome in (1.0, 0.0, 0.4)
            ]
        )
    assert told[0] == told[1]
    for name in ("expected_outcome", "expected_process", "satisfaction", "trust", "touched", "encounters"):
        assert clients[0][name][0] == clients[1][name][0], name
    assert clients[0]["satisfaction"][0] != 0.7


RULES = Path(encounter.__file__).parent
NOT_BY_ENCOUNTER = {
    ("aftermath", "made_good"),  # what a good recovery gives back, on top of its own encounter (E3)
    ("requests", "pass_the_blame"),  # trust in whoever is blamed (C3)
    ("start", "first_day"),
    ("customers", "start"),  # newcomers
    ("turnover", "meet_suppliers"),
}
"""Where else satisfaction and trust are written."""


def functions():
    for path in sorted(RULES.glob("*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef):
                yield path.stem, node


def test_the_one_encounter_rule_is_called_once_for_customers_and_once_for_colleagues():
    calls = [
        (module, function.name)
        for module, function in functions()
        for node in ast.walk(function)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "encounter.encounter"
    ]
    assert calls == [("service", "by_customer"), ("service", "meet_client")]


def test_nothing_but_the_one_encounter_rule_changes_how_a_client_feels():
    written = {
        (module, function.name)
        for module, function in functions()
        for node in ast.walk(function)
        if isinstance(node, (ast.Assign, ast.AugAssign))
        for target in ([node.target] if isinstance(node, ast.AugAssign) else node.targets)
        if isinstance(target, ast.Attribute) and target.attr in ("satisfaction", "trust")
        if "day" not in ast.unparse(target.value)
    }
    assert written - NOT_BY_ENCOUNTER == {("encounter", "encounter")}


def test_an_internal_client_served_like_a_customer_feels_like_a_customer():
    """One supplier serves customers, and a desk of one that asks it for every case, under neutral care and trust."""
    chain = ServiceChain(**(ALONE | dict.fromkeys(LEVEL, 0.0)))
    chain.add_department("Supplier", staff=50, hours_per_request=0.1, error_rate=0.2)
    chain.add_department("Desk", staff=1, hours_per_request=0.001, error_rate=0)
    for name, supplier in (("Direct", "Supplier"), ("By desk", "Desk")):
        chain.add_segment(name, customers=50, needs_per_year=100)
        chain.add_link(supplier, name, promise_days=2)
    chain.add_link("Supplier", "Desk", promise_days=2, goodwill=1)
    model = run(chain.check(), 1, 200)
    for name in ("quality", "judgement", "reliability", "assurance", "empathy", "tangibles"):
        inside, outside = (on_link("Supplier", client, name)(model) for client in ("Desk", "Direct"))
        assert inside == pytest.approx(outside, abs=2.0), name


@pytest.mark.parametrize("gap", [0.01, 0.05, 0.2])
def test_a_shortfall_weighs_as_much_more_as_the_loss_aversion_says(gap):
    for aversion in (1.0, 2.0, 3.5):
        firm = firm_row(assimilation=0.0, loss_aversion=aversion)[0]
        quality = 0.5
        gain = judge(firm, quality, quality - gap, 1.0, 1.0) - quality
        loss = quality - judge(firm, quality, quality + gap, 1.0, 1.0)
        assert loss / gain == pytest.approx(aversion)


def test_in_a_firm_a_shortfall_costs_more_satisfaction_than_an_equal_surplus_brings(measured):
    """Everybody gets the same quality and keeps the same expectation, once 0.05 above it and once 0.05 below."""

    def satisfied(seed, gap):
        chain = ServiceChain(**(ALONE | dict.fromkeys(SAME_QUALITY, 0.0)))
        chain.add_department("Front", staff=4, hours_per_request=0.1)
        chain.add_segment("Customers", customers=100, needs_per_year=50)
        chain.add_link("Front", "Customers")
        quality = float(np.nanmean(run(chain.check(), seed, 60).state.link_day[:60]["quality"].sum()))
        encounters = run(chain, seed, 60).state.link_day[:60]["encounters"].sum()
        quality /= encounters
        chain.graph["expectation"] = quality - gap
        return 100 * (run(chain, seed, 250).external_satisfaction / 100 - quality)

    surplus = estimate([satisfied(seed, 0.05) for seed in SEEDS])
    shortfall = estimate([satisfied(seed, -0.05) for seed in SEEDS])
    measured("points of satisfaction above quality when 5 points more come than expected", surplus)
    measured("points of satisfaction below quality when 5 points less come than expected", shortfall)
    more = estimate([-satisfied(seed, -0.05) - satisfied(seed, 0.05) for seed in SEEDS])
    measured("points by which the shortfall weighs more", more)
    assert surplus.low > 0 > shortfall.high
    assert more.low > 0


def test_without_disconfirmation_loss_aversion_and_sensitivity_move_nothing():
    chain = core_firm(customers=100, disconfirmation_gain=0)
    other = core_firm(customers=100, disconfirmation_gain=0, loss_aversion=5, diminishing_sensitivity=9)
    assert same_run(run(chain, 1, 80), run(other, 1, 80))


def test_without_learning_from_encounters_satisfaction_and_trust_stand_still():
    model = run(core_firm(customers=100, satisfaction_learning=0, trust_gain=0, trust_loss=0), 1, 80)
    rows_ = np.asarray(model.state.relation)
    first = np.asarray(run(model.chain, 1, 0).state.relation)
    assert (rows_["encounters"] > 0).any()
    assert (rows_["satisfaction"] == first["satisfaction"]).all()
    assert (rows_["trust"] == first["trust"]).all()


def test_more_internal_care_raises_the_service_realised_inside(measured):
    better = difference(
        measure("internal_service"), core_firm(), pull(internal_service=1.0), pull(internal_service=0.0)
    )
    measured("realised internal service, full care against none", better)
    assert better.low > 0


@pytest.mark.parametrize(
    ("effect", "column"),
    [("care_errors", "right"), ("care_explanation", "empathy"), ("care_priority", "responsiveness")],
)
def test_each_way_in_which_care_works_can_be_seen_alone(effect, column, measured):
    chain = core_firm(staff=2, customers=200)  # busy, so that priority matters
    off = dict.fromkeys(("care_errors", "care_explanation", "care_priority", "care_time"), 0.0)
    off[effect] = levers.BY_NAME[effect].default
    chain.add_department("Desk", staff=4, hours_per_request=0.2)
    chain.add_segment("Others", customers=60, needs_per_year=25)
    chain.add_link("Desk", "Others")
    chain.add_link("Middle", "Desk", requests_per_case=1)
    full = difference(
        on_link("Middle", "Desk", column),
        chain.check(),
        [*pull(**off), *pull("Middle:Desk", internal_service=1.0)],
        [*pull(**off), *pull("Middle:Desk", internal_service=0.0)],
    )
    measured(f"{column} of an internal request by {effect} alone, full care against none (points)", full)
    assert full.low > 0


def test_with_all_effects_of_care_neutral_the_dial_moves_nothing():
    chain = core_firm(customers=100, care_time=0, care_errors=0, care_priority=0, care_explanation=0)
    assert same_run(run(chain, 1, 80), run(chain, 1, 80, *pull(internal_service=1.0)))
