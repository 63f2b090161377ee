"""G1 and G7 on simulated firms: better service keeps more, the reason is the right one, and nothing moves by itself."""

from __future__ import annotations

import numpy as np
import pytest

from sim import organisation
from sim.errors import InputError
from sim.hireback import Market, matrix, words
from sim.hireback.asis import as_is, kept, outbound, recent, view
from sim.hireback.choice import FACTORS
from sim.hireback.market import offers
from sim.hireback.names import unit_called
from sim.model import ServiceModel
from tests.hireback.firms import SHORT, firm, with_contractor


@pytest.fixture(scope="module")
def found():
    return as_is(firm(), **SHORT)


# --- better service keeps more -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("worse", "decides"),
    [
        ({"error_rate": 0.6}, "reliability"),
        ({"knowledge": 0.1, "training": 0.0, "knowledge_spread": 0.0, "error_rate": 0.0}, "assurance"),
        ({"environment": 0.0, "tools": 0.0}, "tangibles"),
    ],
)
def test_worse_service_keeps_fewer_in_every_run_and_the_reason_is_the_one_that_was_made_worse(found, worse, decides):
    bad = as_is(firm(back=worse), **SHORT)
    assert (bad.unit_shares("Back").mean(axis=1) < found.unit_shares("Back").mean(axis=1)).all()
    verdict = bad.of_unit("Back")
    assert min(verdict.swaps, key=lambda name: verdict.swaps[name]) == decides
    assert verdict.swaps[decides] < found.of_unit("Back").swaps[decides] - 0.02


def test_a_department_that_is_hopeless_is_not_hired_back_and_one_that_excels_is():
    hopeless = as_is(firm(back={"error_rate": 0.8, "tools": 0.1}), **SHORT).of_unit("Back")
    assert (hopeless.answer, hopeless.decides, hopeless.dimension) == ("no", "reliability", "reliability")
    excellent = as_is(firm(back={"error_rate": 0.0, "tools": 1, "environment": 1, "knowledge": 1}), **SHORT)
    verdict = excellent.of_unit("Back")
    assert verdict.answer == "yes"
    assert all(verdict.swaps[name] > -0.01 for name in FACTORS)


def test_slow_answers_are_told_from_wrong_ones():
    slow = as_is(firm(back={"pause_share": 1.0, "pause_days": 8.0, "error_rate": 0.0}), **SHORT).of_unit("Back")
    assert slow.swaps["responsiveness"] < -0.05
    assert slow.swaps["assurance"] > slow.swaps["responsiveness"]


def test_a_better_market_takes_more_and_a_dearer_one_less(found):
    better = as_is(firm(), market=Market(reliability=0.97), **SHORT)
    dearer = as_is(firm(), market=Market(price=1.5), **SHORT)
    for unit in found.chain.units:
        base = found.unit_shares(unit)
        assert (better.unit_shares(unit) < base).all()
        assert (dearer.unit_shares(unit) > base).all()
        assert (dearer.of_unit(unit).swaps["price"]) > 0


# --- nothing moves by itself ---------------------------------------------------------------------------------------------


def test_the_same_again_is_the_same_to_the_bit_in_one_thread_or_two(found):
    again = as_is(firm(), **SHORT, workers=1)
    for name in ("share", "swaps", "dimensions", "trust", "demand"):
        assert np.array_equal(getattr(again, name), getattr(found, name), equal_nan=True)


def test_a_change_without_effect_changes_no_share():
    chain = firm()
    available = offers(Market(), seed=1, markets=50)
    root = ServiceModel(chain, seed=3).run(40)
    plain, twin = root.branch().run(60), root.branch().run(60)
    assert np.array_equal(
        kept(plain, available, warm_up=40).share, kept(twin, available, warm_up=40).share, equal_nan=True
    )


def test_the_exercise_leaves_the_model_alone():
    model = ServiceModel(firm(), seed=2).run(80)
    before = [array.copy() for array in model.state.arrays()]
    kept(model, offers(Market(), seed=1), warm_up=20)
    assert all(np.array_equal(a, b) for a, b in zip(before, model.state.arrays(), strict=True))


def test_more_runs_begin_with_the_fewer(found):
    more = as_is(firm(), **{**SHORT, "runs": 4})
    assert (more.share[:3] == found.share).all()


# --- figures ---------------------------------------------------------------------------------------------------------------


def test_a_units_share_is_that_of_its_clients_weighted_by_demand(found):
    rows = outbound(found.chain, "Back")
    weight = found.demand[0, rows]
    expected = (found.share[0, rows] * weight[:, None]).sum(axis=0) / weight.sum()
    assert found.unit_shares("Back")[0] == pytest.approx(expected)
    assert found.of_unit("Back").demand == pytest.approx(found.demand[:, rows].sum(axis=1).mean())


def test_people_of_a_client_differ_by_their_own_satisfaction_and_average_to_the_link():
    model = ServiceModel(firm(), seed=1).run(120)
    row = model.chain.links.index(("Back", "Front"))
    seen = view(model, row, 40)
    assert seen is not None
    assert np.ptp(seen.perceived[:, 1]) > 0
    table = model.state.link_day[100:120]  # the last quarter of 80 days
    served = table["encounters"][:, row].sum()
    assert seen.encounters == served
    for k, name in ((1, "responsiveness"), (3, "empathy")):
        assert seen.perceived[:, k].mean() == pytest.approx(table[name][:, row].sum() / served, abs=0.01)


def test_where_hardly_anybody_was_served_the_days_are_more():
    often = np.full(80, 1)
    assert recent(often) == slice(60, 80)
    seldom = np.zeros(80, int)
    seldom[[41, 45, 50, 55, 56, 57, 58, 59, 61, 70]] = 1
    assert recent(seldom) == slice(40, 80)
    assert recent(np.zeros(80, int)) == slice(0, 80)


def test_where_nobody_was_served_nobody_can_tell():
    chain = firm()
    chain.edges["Help", "Back"]["requests_per_case"] = 0.0
    chain.edges["Help", "Back"]["passed_on"] = 0.0
    chain.edges["Help", "Back"]["requests_per_hire"] = 0.0
    found = as_is(chain.check(), **SHORT)
    verdict = found.of_client("Help", "Back")
    assert verdict.answer is None
    assert verdict.decides is None
    assert np.isnan(verdict.share.mean)
    assert found.of_unit("Help").answer is not None
    assert np.isnan(matrix.shares(found).loc["Help", "Back"])


def test_intervals_are_over_runs_and_the_spread_over_markets_stands_beside_it(found):
    verdict = found.of_unit("Front")
    assert verdict.share.runs == 3
    assert verdict.share.low < verdict.share.mean < verdict.share.high
    assert verdict.market_low < verdict.share.mean < verdict.market_high
    certain = Market(market_spread=0, vendor_spread=0, dimension_spread=0, price_spread=0)
    narrow = as_is(firm(), market=certain, **SHORT).of_unit("Front")
    assert narrow.market_low == pytest.approx(narrow.market_high)


def test_contractors_and_their_customers_take_part():
    found = as_is(with_contractor(), **SHORT)
    verdict = found.of_client("Partner", "Customers")
    assert verdict.answer in ("yes", "no", "close")
    table = found.units().set_index("supplier")
    assert table.loc["Partner", "kind"] == "contractor"
    assert table.loc["Partner", "share_customers"] == pytest.approx(table.loc["Partner", "share"])
    assert np.isnan(table.loc["Partner", "share_inside"])


# --- the whole market ------------------------------------------------------------------------------------------------------


def test_the_matrix_holds_every_link_and_nothing_else(found):
    shares, said = matrix.shares(found), matrix.answers(found)
    links = {(supplier, client) for supplier, client in found.chain.links}
    for supplier in shares.index:
        for client in shares.columns.drop(matrix.ALL):
            assert np.isfinite(shares.loc[supplier, client]) == ((supplier, client) in links)
        assert said.loc[supplier, matrix.ALL] == found.of_unit(supplier).answer
    assert sum(matrix.counts(found).values()) == len(found.chain.units)


def test_the_unit_that_serves_worst_is_the_first_to_be_replaced():
    assert matrix.bottleneck(as_is(firm(back={"error_rate": 0.6}), **SHORT)) == "Back"


def test_who_serves_each_other_is_compared_over_the_same_runs(found):
    table = matrix.mutual(found)
    assert list(zip(table["one"], table["other"], strict=True)) == [("Back", "Help")]
    there = found.of_client("Back", "Help").share.mean - found.of_client("Help", "Back").share.mean
    assert table["balance"].iloc[0] == pytest.approx(100 * there)


def test_words_say_the_verdict_the_share_the_certainty_and_the_reason():
    bad = as_is(firm(back={"error_rate": 0.8}), **SHORT)
    text = "\n".join(words.would(bad, "Back"))
    assert text.startswith("Would they hire Back back? No.")
    assert "What decides is reliability" in text
    assert f"{100 * bad.of_unit('Back').share.mean:.0f} % [" in text


# --- names and mistakes ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "meant"),
    [("Human Resources", "Human Resources"), ("human-resources", "Human Resources"), ("HR", "Human Resources"),
     ("hr", "Human Resources"), ("it", "IT"), ("call", "Call Centre"), ("NO", "Network Operations"), (" legal ", "Legal")],
)  # fmt: skip
def test_a_department_answers_to_its_name_its_initials_and_its_beginning(said, meant):
    assert unit_called(organisation.load("energy_distributor"), said) == meant


def test_an_unclear_name_is_answered_with_those_it_could_be():
    chain = organisation.load("energy_distributor")
    with pytest.raises(InputError, match="several") as error:
        unit_called(chain, "B")
    assert error.value.allowed == "Billing, Branches"
    with pytest.raises(InputError, match="did you mean 'Billing'"):
        unit_called(chain, "Biling")
    with pytest.raises(InputError, match="no such department"):
        unit_called(chain, "  ")
    with pytest.raises(InputError, match="no such department"):
        unit_called(chain, "Households")


@pytest.mark.parametrize("change", [{"runs": 0}, {"days": 3}, {"warm_up": -1}, {"markets": 0}])
def test_too_few_of_anything_is_refused(change):
    with pytest.raises(InputError):
        as_is(firm(), **{**SHORT, **change})
