"""What a firm can do: every lever is an action or has a reason why not, steps stay in range, costs are those of the books."""

from __future__ import annotations

import pytest

from sim import actions, levers, measures, organisation
from sim import weakest_link as weakest
from sim.actions import ACTIONS, BY_LEVER, NO_ACTION, Volumes, candidates, check_prices, cost
from sim.chain import ServiceChain
from sim.errors import InputError
from sim.model import ServiceModel


def firm(**everywhere: float) -> ServiceChain:
    chain = ServiceChain()
    chain.add_department("Shop", staff=4, managers=1, hours_per_request=0.4)
    chain.add_department("Store", staff=3, managers=1, hours_per_request=0.4)
    chain.add_contractor("Carrier", staff=5, hours_per_request=0.5)
    chain.add_segment("Buyers", customers=900, needs_per_year=15, overpromise=0.2)
    chain.add_link("Shop", "Buyers", requests_per_case=0.8)
    chain.add_link("Carrier", "Buyers", requests_per_case=0.2)
    chain.add_link("Store", "Shop", requests_per_case=0.5)
    return chain.check().everywhere(everywhere)


def test_every_lever_is_an_action_or_has_one_reason_why_not():
    stated = [*BY_LEVER, *(name for names in NO_ACTION.values() for name in names)]
    assert sorted(stated) == sorted(levers.BY_NAME)
    assert len(BY_LEVER) == len(ACTIONS)


def test_an_action_has_either_a_bill_or_a_price():
    for one in ACTIONS:
        assert (one.bill is None) != (one.price is None)
        assert one.step != 0


@pytest.mark.parametrize("name", organisation.bundled())
def test_steps_and_what_screening_compares_stay_inside_the_range(name):
    chain = organisation.load(name)
    found = candidates(chain)
    assert len({(one.action.lever, one.place) for one in found}) == len(found)
    for one in found:
        lever = levers.BY_NAME[one.action.lever]
        for value in (one.before, one.after, one.low, one.high):
            lever.check(value)
        assert one.before == chain.value(lever.name, *one.place)
        direction = 1 if one.action.step > 0 else -1
        assert direction * (one.after - one.before) > 0
        assert one.high - one.low == pytest.approx(one.after - one.before)
        assert cost(chain, one, Volumes()) >= 0
        prices = 0 if one.action.booked else cost(chain, one, Volumes())
        assert prices > 0 or one.action.booked


def test_a_lever_at_the_end_of_its_range_is_no_candidate_and_one_near_it_takes_a_smaller_and_cheaper_step():
    assert not [one for one in candidates(firm(tools=1.0)) if one.action.lever == "tools"]
    near, far = (candidates(firm(tools=value), only=["tools"])[0] for value in (0.95, 0.5))
    assert (near.after, far.after) == (1.0, 0.6)
    assert cost(firm(), near, Volumes()) == pytest.approx(cost(firm(), far, Volumes()) / 2)


def test_levers_of_contractors_are_offered_for_contractors_only_and_those_of_departments_for_departments_only():
    for one in candidates(firm()):
        if one.action.where == "contractors":
            assert one.place == ("Carrier",)
        if one.action.where in ("departments", "facing"):
            assert "Carrier" not in one.place


def test_a_mechanism_that_is_off_is_not_switched_on_by_an_action():
    assert "training" in {one.action.lever for one in candidates(firm())}
    assert "training" not in {one.action.lever for one in candidates(firm(), off=["B1"])}


STEADY = (
    "training", "review_days", "measurement", "partner_support", "partnership", "fee", "gatherings", "cross_training",
    "platform", "company_agreement", "responsibility_training", "service_budget",
)  # fmt: skip
BY_THE_PIECE = ("temporaries", "redress", "root_cause", "overpromise")
DIRECT = {"temporaries": ["wages"], "redress": ["redress"], "root_cause": ["programmes"], "overpromise": ["revenue"]}


def test_every_booked_action_is_compared_with_the_books():
    assert {one.lever for one in ACTIONS if one.booked} == {*STEADY, *BY_THE_PIECE}


@pytest.mark.parametrize("lever", STEADY)
def test_what_a_step_costs_is_what_the_model_books_for_it(lever):
    chain = firm(quit_rate=0.0, root_cause=0.0)
    one = candidates(chain, only=[lever])[0]
    model = ServiceModel(chain, seed=1)
    columns = ["wages", "fees", "training", "programmes", "service_budget"]
    spent = [
        measures.books(weakest.future(model, chosen, 250))[columns].to_numpy().sum()
        for chosen in ([], [(one, one.after)])
    ]
    # Measurements are whole ones: one more or less may fall into the year.
    least = chain.value("measurement_cost") if lever == "measurement" else 0.0
    assert cost(chain, one, Volumes()) == pytest.approx(spent[1] - spent[0], rel=1e-9, abs=least)


@pytest.mark.parametrize("lever", BY_THE_PIECE)
def test_what_is_paid_by_the_piece_costs_about_what_the_model_books_for_it(lever):
    chain = firm(quit_rate=0.6, complain_share=0.9, error_rate=0.2, root_cause=0.3)
    chain.nodes["Shop"]["staff"] = 60 if lever == "temporaries" else 4  # enough vacancies for a mean
    one = candidates(chain, only=[lever], where="Shop" if levers.BY_NAME[lever].home == "unit" else None)[0]
    booked = formula = 0.0
    for seed in range(8):
        model = ServiceModel(chain, seed=seed)
        as_is, with_it = (weakest.future(model, chosen, 250) for chosen in ([], [(one, one.after)]))
        formula += cost(chain, one, weakest.volumes(as_is, 0))
        change = measures.books(with_it)[DIRECT[lever]] - measures.books(as_is)[DIRECT[lever]]
        booked += abs(float(change.to_numpy().sum()))
    assert formula == pytest.approx(booked, rel=0.3)


def test_prices_of_the_user_take_the_place_of_the_guess():
    chain = firm()
    one = candidates(chain, only=["tools"], where="Shop")[0]
    assert cost(chain, one, Volumes()) == pytest.approx(4 * BY_LEVER["tools"].price)
    assert cost(chain, one, Volumes(), check_prices({"tools": 250})) == pytest.approx(1000)


def test_work_on_a_link_is_counted_in_posts_and_never_as_nothing():
    chain = firm()
    one = candidates(chain, only=["internal_service"])[0]
    posts = 900 * 15 / 250 * 0.8 * 0.5 * 0.4 / 8
    assert one.place == ("Store", "Shop")
    assert actions.counted(chain, one) == pytest.approx(posts)
    quiet = chain.copy()
    quiet.edges["Store", "Shop"]["requests_per_case"] = 0.001
    assert actions.counted(quiet, one) == actions.LEAST_WORK


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda: actions.action("tolls"), "did you mean 'tools'"),
        (lambda: actions.action("loss-aversion"), "nothing that management does"),
        (lambda: check_prices({"training": 5}), "hold already"),
        (lambda: check_prices({"tools": -1}), "above 0"),
        (lambda: check_prices({"tools": float("nan")}), "above 0"),
        (lambda: check_prices({"tools": 10**400}), "above 0"),
        (lambda: actions.parse_price("tools"), "LEVER=PRICE"),
        (lambda: actions.parse_price("tools=much"), "LEVER=PRICE"),
        (lambda: candidates(firm(), where="Shpo"), "did you mean 'Shop'"),
        (lambda: candidates(firm(), only=["fee"], where="Shop"), "nothing to do here"),
        (lambda: candidates(firm(), step=0), "steps"),
    ],
)
def test_wrong_input_is_refused_with_what_is_allowed(wrong, message):
    with pytest.raises(InputError, match=message):
        wrong()
