"""G2: a market vendor in a unit's place. What is the same stays to the last digit; what differs, differs by what is known."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest

from sim.chain import ServiceChain
from sim.errors import InputError
from sim.estimates import estimate
from sim.hireback import takeover, vendor
from sim.hireback.market import DIMENSIONS, Market, offers
from sim.hireback.vendor import should, should_all, two_by_two
from sim.model import ServiceModel
from sim.population import CONTRACTOR, PERMANENT

SURE = {"market_spread": 0.0, "vendor_spread": 0.0, "dimension_spread": 0.0, "price_spread": 0.0}
"""A market that is known: every vendor is the average one."""
SHORT = {"runs": 4, "warm_up": 60, "days": 60}


def firm(**of_kitchen: float) -> ServiceChain:
    """A shop that faces customers, with two suppliers, of which one may be anything."""
    chain = ServiceChain()
    chain.add_department("Shop", staff=6, hours_per_request=0.4)
    chain.add_department("Kitchen", **{"staff": 5, "hours_per_request": 0.4} | of_kitchen)
    chain.add_contractor("Carrier", staff=4, hours_per_request=0.4)
    chain.add_link("Kitchen", "Shop", requests_per_case=0.8, dependence=0.9)
    chain.add_link("Carrier", "Shop", requests_per_case=0.5, dependence=0.5)
    chain.add_segment("Buyers", customers=1500, needs_per_year=10)
    chain.add_link("Shop", "Buyers")
    return chain.check()


def average(**values: float) -> Market:
    """A market in which every vendor is the average one."""
    return Market(**SURE | values)


# --- what is the same --------------------------------------------------------------------------------------------------------

LIKE_A_DEPARTMENT = {
    "agreement": 0.6, "review_days": 1, "measurement": 1.0, "partner_support": 0.0, "partnership": 0.0, "commitment": 0.6,
    "fee": 1.0, "accident_rate": 0.0, "managers": 0, "training": 0.0,
}  # fmt: skip
"""A contract that is as clear, as closely followed and as committed as one's own department, and costs nothing beside it."""


@pytest.mark.parametrize("seed", range(1, 4))
def test_a_vendor_that_is_the_department_under_another_name_changes_nothing_to_the_last_digit(seed):
    chain = firm(**LIKE_A_DEPARTMENT).everywhere({"review_cost": 0.0, "measurement_cost": 0.0})
    row = chain.units.index("Kitchen")
    root = ServiceModel(chain, seed=seed).run(40)
    as_is, spun_off = root.branch(), root.branch()
    takeover.contract(spun_off, row)
    as_is.run(80)
    spun_off.run(80)
    assert spun_off.state.unit["kind"][row] == CONTRACTOR
    for name in (
        "link_day",
        "segment_day",
        "employee",
        "relation",
        "customer",
        "request",
        "link",
        "segment",
        "bond",
        "problem",
    ):
        one, other = getattr(as_is.state, name), getattr(spun_off.state, name)
        for column in one.dtype.names:  # bytes between the columns hold anything
            assert one[column].tobytes() == other[column].tobytes(), (name, column)
    money = [name for name in as_is.state.firm_day.dtype.names if name not in ("wages", "fees")]
    for name in money:
        assert as_is.state.firm_day[name] == pytest.approx(spun_off.state.firm_day[name], rel=1e-9, abs=1e-6), name
    both = [one.state.firm_day["wages"] + one.state.firm_day["fees"] for one in (as_is, spun_off)]
    assert both[0] == pytest.approx(both[1], rel=1e-12)


def two_firms() -> ServiceChain:
    """Two firms under one roof, with nothing to do with each other."""
    chain = ServiceChain()
    for side in ("East", "West"):
        chain.add_department(f"{side} Shop", staff=4, hours_per_request=0.4)
        chain.add_department(f"{side} Kitchen", staff=4, hours_per_request=0.4)
        chain.add_link(f"{side} Kitchen", f"{side} Shop", requests_per_case=0.8)
        chain.add_segment(f"{side} Buyers", customers=500, needs_per_year=12)
        chain.add_link(f"{side} Shop", f"{side} Buyers")
    return chain.check()


@pytest.mark.parametrize("seed", range(1, 6))
def test_what_the_vendor_does_not_reach_stays_to_the_last_digit(seed):
    chain = two_firms()
    row = chain.units.index("East Kitchen")
    market = Market()
    root = ServiceModel(chain, seed=seed).run(40)
    as_is, other = root.branch(), root.branch()
    place = takeover.place_of(root, row)
    met = offers(market, seed=seed, markets=1)
    takeover.take_over(other, row, takeover.vendor_for(other, row, place, met.quality[0, 0], 1.1, 1.0), market)
    as_is.run(80)
    other.run(80)
    west = [number for number, name in enumerate(chain.units) if name.startswith("West")]
    links = [number for number, (supplier, _) in enumerate(chain.links) if supplier.startswith("West")]
    buyers = chain.segments.index("West Buyers")
    assert as_is.state.unit_day[:, west].tobytes() == other.state.unit_day[:, west].tobytes()
    assert as_is.state.link_day[:, links].tobytes() == other.state.link_day[:, links].tobytes()
    assert as_is.state.segment_day[:, buyers].tobytes() == other.state.segment_day[:, buyers].tobytes()
    people = [np.isin(one.state.employee["unit"], west) for one in (as_is, other)]
    assert as_is.state.employee[people[0]].tobytes() == other.state.employee[people[1]].tobytes()
    east = chain.links.index(("East Kitchen", "East Shop"))
    assert as_is.state.link_day[:, east].tobytes() != other.state.link_day[:, east].tobytes()


def test_the_same_work_comes_to_the_vendor_and_whatever_was_drawn_for_it_stays():
    chain = firm()
    market = average()
    found = should(chain, "Kitchen", market=market, **SHORT)
    root = ServiceModel(chain, seed=1).run(60)
    row = chain.units.index("Kitchen")
    model = root.branch()
    place = takeover.place_of(root, row)
    takeover.take_over(model, row, takeover.vendor_for(model, row, place, market.means, 1.0, 1.0), market)
    as_is = root.branch().run(1)
    model.run(1)
    assert as_is.state.customer["needs"].sum() == model.state.customer["needs"].sum() > 0
    assert found.runs == 4


# --- the day of the takeover ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def taken():
    """Three models in which a vendor took over a unit with vacant posts, ties and problems, with the row of the unit."""
    chain = firm(quit_rate=0.6, problem_rate=60.0).everywhere(
        {"hiring_days": 60.0, "cross_training": 0.3, "gatherings": 20.0}
    )
    row = chain.units.index("Kitchen")
    market = average(trust=0.5)
    models = []
    for seed in range(1, 4):
        model = ServiceModel(chain, seed=seed).run(100)
        place = takeover.place_of(model, row)
        takeover.take_over(model, row, takeover.vendor_for(model, row, place, market.means, 1.0, 1.0), market)
        models.append(model)
    return row, models


def test_every_post_is_held_by_somebody_new(taken):
    row, models = taken
    for model in models:
        mine = model.state.employee["unit"] == row
        people = model.state.employee[mine]
        assert (people["status"] == PERMANENT).all()
        assert model.state.unit["filled"][row] == mine.sum()
        assert (people["since"] == model.day).all()
        assert (people["strain"] == 0).all()


def test_running_sums_of_links_are_the_sums_over_people(taken):
    _, models = taken
    for model in [*models, models[0].branch().run(30)]:
        link, relation = model.state.link, model.state.relation
        for edge in np.flatnonzero(link["clients"] > 0):
            people = relation[relation["link"] == edge]
            assert link["trust_sum"][edge] == pytest.approx(people["trust"].sum())
            assert link["satisfaction_sum"][edge] == pytest.approx(people["satisfaction"].sum())


def test_clients_inside_trust_the_vendor_as_one_trusts_whom_one_does_not_know_and_feel_as_before(taken):
    row, models = taken
    for model in models:
        state = model.state
        theirs = (state.link["supplier"] == row)[state.relation["link"]]
        assert (state.relation["trust"][theirs] == 0.5).all()
        assert len(np.unique(state.relation["satisfaction"][theirs])) > 1


def test_problems_of_the_old_way_of_working_go_and_rows_stay_accounted_for(taken):
    row, models = taken
    for model in models:
        problem, clock = model.state.problem, model.state.clock[0]
        assert not ((problem["unit"] == row) & (problem["status"] != 0)).any()
        free, place = 0, int(clock["free_problem"])
        while 0 <= place < len(problem):
            free, place = free + 1, int(problem["next"][place])
        assert free == clock["free_problems"] == (problem["status"] == 0).sum()


def test_who_is_free_first_stands_first(taken):
    row, models = taken
    for model in models:
        unit = model.state.unit[row]
        seats = model.state.roster[unit["first_employee"] : unit["first_employee"] + unit["staff"]]
        assert (np.diff(seats["free_at"]) >= 0).all()
        assert sorted(seats["employee"]) == list(range(unit["first_employee"], unit["first_employee"] + unit["staff"]))


def test_they_come_as_a_team_without_ties_across(taken):
    row, models = taken
    for model in models:
        state = model.state
        ends = [state.employee["unit"][state.bond[end]] == row for end in ("one", "other")]
        assert (state.bond["strength"][ends[0] & ends[1]] > 0).all()
        assert (state.bond["strength"][ends[0] ^ ends[1]] == 0).all()
        assert (state.link["cross_training"][state.link["supplier"] == row] == 0).all()


# --- money -------------------------------------------------------------------------------------------------------------------


def test_a_dearer_vendor_costs_more_by_the_known_amount_and_nothing_else_changes():
    chain = firm()
    cheap, dear = (should(chain, "Kitchen", market=average(price=price), **SHORT) for price in (1.0, 1.3))
    own = cheap.figures["own_cost"].to_numpy()
    assert (dear.figures["cost"] - cheap.figures["cost"]).to_numpy() == pytest.approx(0.3 * own, rel=1e-6)
    assert (cheap.figures["profit"] - dear.figures["profit"]).to_numpy() == pytest.approx(0.3 * own, rel=1e-6)
    for name in ("external", "internal", "clients", *DIMENSIONS):
        assert (cheap.figures[name] == dear.figures[name]).all()


def test_at_the_same_price_the_bill_is_what_the_department_cost_itself():
    quiet = {
        "review_cost": 0.0, "measurement_cost": 0.0, "partner_support": 0.0, "partnership": 0.0, "selection_cost": 0.0,
        "survey_share": 0.0, "platform": 0.0, "root_cause": 0.0, "quit_rate": 0.0, "crisis_cost": 0.0,
    }  # fmt: skip
    found = should(firm().everywhere(quiet), "Kitchen", market=average(), **SHORT)
    assert found.figures["cost"].to_numpy() == pytest.approx(0, abs=0.01)
    assert found.price.mean == pytest.approx(1)


def test_what_a_contract_costs_to_look_after_comes_on_top():
    quiet = {"survey_share": 0.0, "platform": 0.0, "root_cause": 0.0, "quit_rate": 0.0, "crisis_cost": 0.0, "review_cost": 0.0,
             "measurement_cost": 0.0, "partner_support": 0.0, "selection_effort": 0.0}  # fmt: skip
    chain = firm().everywhere(quiet | {"partnership": 0.5, "partnership_cost": 1000.0})
    found = should(chain, "Kitchen", market=average(), **SHORT)
    assert found.cost.mean == pytest.approx(5 * 500, rel=1e-6)


# --- quality -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("servers", "arrivals", "hours"), [(1, 0.6, 8.0), (2, 1.2, 8.0), (5, 4.0, 8.0)])
def test_waits_are_those_of_queueing_theory_where_work_is_exponential(servers, arrivals, hours):
    load = arrivals * hours / 8
    terms = [load**k / np.prod(range(1, k + 1), initial=1.0) for k in range(servers)]
    last = load**servers / np.prod(range(1, servers + 1)) / (1 - load / servers)
    queue = last / (sum(terms) + last) / (servers - load)
    assert takeover.waiting(hours, arrivals, servers, 1.0, 8.0) == pytest.approx(1 + queue)
    assert takeover.waiting(hours * 10, arrivals, servers, 1.0, 8.0) == np.inf


@pytest.mark.slow
def test_a_vendor_gives_the_quality_of_its_offer_in_an_ordinary_place():
    """Measured in the last quarter of a year, when its people know the firm; tolerance in points of 100.

    A poor vendor gives more assurance than it offered: where there is much to do, its people learn by doing, as everybody does.
    """
    for shift in (-0.08, 0.0, 0.04):
        market = average(**{name: getattr(Market(), name) + shift for name in DIMENSIONS})
        found = should(firm(), "Kitchen", market=market, runs=10)
        given = [found.figures[f"{name}_before"].mean() + found.dimensions[name].mean for name in DIMENSIONS]
        expected = 100 * market.means
        assert np.abs(np.array(given) - expected).max() < (10 if shift < 0 else 5), (shift, given, expected)


def test_a_better_offer_is_a_better_vendor_on_every_dimension():
    low, high = (
        should(firm(), "Kitchen", market=average(**dict.fromkeys(DIMENSIONS, level)), **SHORT) for level in (0.55, 0.8)
    )
    for name in DIMENSIONS:
        assert high.dimensions[name].mean > low.dimensions[name].mean, name


def test_a_vendor_does_not_switch_on_what_is_switched_off():
    chain = firm().everywhere({"problem_rate": 0.0, "latent_rate": 0.0, "rivalry": 0.0})
    model = ServiceModel(chain, seed=1).run(20)
    row = chain.units.index("Kitchen")
    offer = takeover.vendor_for(model, row, takeover.place_of(model, row), Market().means, 1.0, 1.0)
    takeover.take_over(model, row, offer, Market())
    assert model.state.unit["problem_rate"][row] == model.state.unit["latent_rate"][row] == 0


# --- the answer --------------------------------------------------------------------------------------------------------------

BAD = {"error_rate": 0.4, "tools": 0.1, "knowledge": 0.4, "training": 0.0, "communication": 0.1, "growth": 0.1}
GOOD = {"error_rate": 0.005, "tools": 0.95, "knowledge": 0.95, "training": 0.06, "communication": 0.95, "growth": 0.95}


@pytest.mark.slow
def test_a_bad_department_in_a_good_market_should_be_replaced_and_a_good_one_in_a_poor_market_kept():
    good = Market(reliability=0.95, responsiveness=0.9, assurance=0.9, empathy=0.85, tangibles=0.85)
    poor = Market(reliability=0.7, responsiveness=0.6, assurance=0.5, empathy=0.45, tangibles=0.4)
    replaced = should(firm(**BAD), "Kitchen", market=good, runs=10, warm_up=120, days=160)
    kept = should(firm(**GOOD), "Kitchen", market=poor, runs=10, warm_up=120, days=160)
    assert (replaced.answer, kept.answer) == ("no", "yes")
    assert replaced.better >= 0.9
    assert kept.worse >= 0.9
    assert replaced.external.low > 0 > kept.external.high


def test_a_contractor_can_be_replaced_by_another_vendor():
    found = should(firm(), "Carrier", market=average(), **SHORT)
    assert found.kind == "contractor"
    assert np.isfinite(found.external.mean)


TOLD = ("better", "worse", "same", "no worse", "no better", "unclear")


def test_satisfaction_comes_first_and_money_second():
    answers = {pair: vendor.verdict(*pair)[0] for pair in itertools.product(TOLD, repeat=2)}
    assert {answers["better", money] for money in TOLD if money != "worse"} == {"no"}
    assert {answers["worse", money] for money in TOLD if money != "better"} == {"yes"}
    assert answers["better", "worse"] == answers["worse", "better"] == answers["no better", "better"] == "close"
    assert (answers["same", "better"], answers["same", "worse"], answers["same", "same"]) == ("no", "yes", "close")
    assert {answers["unclear", money] for money in TOLD} == {"close"}


def test_more_money_or_happier_customers_never_speak_for_the_department():
    """The answer moves from yes over close to no, never back, as the vendor does better in either respect."""
    order, rank = ("worse", "no better", "same", "no worse", "better"), {"yes": 0, "close": 1, "no": 2}
    for one in order:
        by_money = [rank[vendor.verdict(one, money)[0]] for money in order]
        by_customers = [rank[vendor.verdict(told, one)[0]] for told in order]
        assert by_money == sorted(by_money)
        assert by_customers == sorted(by_customers)


def test_what_nine_runs_of_ten_tell_is_told():
    least = np.full(10, 0.1)
    told = {
        "better": [1.0] * 9 + [-1], "worse": [-1.0] * 9 + [1], "same": [0.0] * 9 + [1], "no worse": [1.0] * 5 + [0] * 4 + [-1],
        "no better": [-1.0] * 5 + [0] * 4 + [1], "unclear": [1.0] * 5 + [-1] * 5,
    }  # fmt: skip
    for word, differences in told.items():
        assert vendor._told(np.array(differences), least) == word


def test_the_quality_from_which_a_vendor_pays_is_where_the_line_crosses_zero():
    quality = np.linspace(60, 90, 16)
    table = pd.DataFrame({f"market_{name}": quality for name in DIMENSIONS}).assign(external=0.1 * (quality - 72))
    assert vendor.break_even(table) == pytest.approx(72)
    assert vendor.break_even(table.assign(external=0.1 * (quality - 20))) is None
    assert vendor.break_even(table.assign(external=-0.1 * (quality - 72))) is None


def test_every_pair_of_answers_has_one_sentence_of_its_own():
    told = {pair: two_by_two(*pair) for pair in itertools.product(("yes", "no", "close"), repeat=2)}
    assert len(set(told.values())) == 9
    for sentence in told.values():
        assert sentence.endswith(".")
        assert sentence.count(".") == 1
    with pytest.raises(InputError, match="no answer"):
        two_by_two("perhaps", "yes")


def test_reasons_are_sentences_and_a_page_gets_plain_numbers():
    import json

    found = should(firm(), "Kitchen", **SHORT)
    assert all(one.endswith(".") for one in found.reasons)
    json.loads(json.dumps(found.as_dict()))


# --- the way there -----------------------------------------------------------------------------------------------------------


def test_a_dip_is_found_where_it_is_and_when_it_is_made_up():
    days = np.arange(200)
    curve = np.where(days < 100, -np.sin(days / 100 * np.pi), 0.01)
    noise = np.random.default_rng(1).normal(0, 0.05, (12, 200))
    dip = vendor.dip_of(3 * curve + noise)
    assert dip.told
    assert dip.depth.mean == pytest.approx(-3, abs=0.1)
    assert abs(dip.day - 50) < 12
    assert 95 <= dip.recovered <= 106


def test_a_loss_that_stays_is_never_made_up_and_noise_is_no_dip():
    noise = np.random.default_rng(2).normal(0, 0.5, (12, 120))
    assert vendor.dip_of(noise - 4).recovered is None
    assert "never made up within 120 days" in vendor.dip_of(noise - 4).text()
    flat = vendor.dip_of(np.repeat(np.random.default_rng(3).normal(0.2, 0.5, (12, 1)), 50, axis=1))
    assert not flat.told
    assert "no dip" in flat.text()


def test_new_hands_cost_their_clients_something_at_first():
    """People who do not know the firm give less assurance in the first weeks than the same people do later."""
    known = should(firm(), "Kitchen", market=average(), carried=1.0, **SHORT)
    new = should(firm(), "Kitchen", market=average(), carried=0.0, **SHORT)
    assert new.clients_dip.mean[5:30].mean() < known.clients_dip.mean[5:30].mean()


# --- several units, threads, stopping ------------------------------------------------------------------------------------


def test_several_units_at_once_are_what_each_is_alone_whatever_the_number_of_threads():
    chain = firm()
    together = should_all(chain, ["Carrier", "Kitchen"], workers=3, **SHORT)
    alone = [should(chain, unit, workers=1, **SHORT) for unit in ("Carrier", "Kitchen")]
    for one, other in zip(together, alone, strict=True):
        assert one.unit == other.unit
        assert one.figures.equals(other.figures)
        assert one.dip.mean.tobytes() == other.dip.mean.tobytes()


def test_results_come_unit_by_unit_and_progress_counts_every_run():
    came, ticks = [], []
    found = should_all(firm(), None, on_result=lambda one: came.append(one.unit), progress=ticks.append, **SHORT)
    assert came == [one.unit for one in found] == ["Carrier", "Kitchen", "Shop"]
    assert sorted(ticks) == list(range(1, vendor.runs_needed(3, 4) + 1))


def test_whoever_stops_keeps_what_is_there():
    came: list[str] = []
    found = should_all(
        firm(), None, on_result=lambda one: came.append(one.unit), stop=lambda: bool(came), workers=1, **SHORT
    )
    assert [one.unit for one in found] == came
    assert 1 <= len(found) < 3


def test_the_figures_are_means_over_runs_with_their_interval():
    found = should(firm(), "Kitchen", **SHORT)
    assert found.external == estimate(found.figures["external"].to_numpy())
    assert found.external.runs == 4
    assert found.better == np.mean(found.figures["external"] > vendor.LEAST_POINTS)


@pytest.mark.parametrize(
    ("unit", "numbers", "message"),
    [
        ("Kitchn", {}, "Kitchen"),
        ("Buyers", {}, "customers cannot be replaced"),
        ("Kitchen", {"runs": 1}, "too few runs"),
        ("Kitchen", {"warm_up": 0}, "too few warm_up"),
        ("Kitchen", {"days": 2}, "too few days"),
        ("Kitchen", {"carried": 1.5}, "no share"),
    ],
)
def test_wrong_input_is_said_so(unit, numbers, message):
    with pytest.raises(InputError, match=message):
        should(firm(), unit, **SHORT | numbers)
