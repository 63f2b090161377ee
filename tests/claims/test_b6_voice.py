"""B6: an open door brings more small problems to light and fewer crises; held back, problems grow until they burst."""

import math

import numpy as np
import pytest

from sim import levers
from sim.chain import ServiceChain
from sim.estimates import estimate
from sim.population import RAISED
from sim.rules import voice
from tests.claims.paired import (
    SEEDS,
    by_seed,
    change,
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

OPEN = pull(voice_safety=0.9, voice_ease=0.9, openness=0.9)
SHUT = pull(voice_safety=0.3, voice_ease=0.3, openness=0.3)
SMALL = 0.5
"""Severity below which a problem counts as small; 1 bursts."""


def firm(**graph):
    return small_firm(customers=1500, staff=20, problem_rate=graph.pop("problem_rate", 12), quit_rate=0, **graph)


def alone(staff=100, **graph):
    """Return a unit with hardly anything to do but having problems."""
    chain = ServiceChain(quit_rate=0, root_cause=0, **graph)
    chain.add_department("Unit", staff=staff, hours_per_request=0.5)
    chain.add_segment("Customers", customers=10, needs_per_year=1)
    chain.add_link("Unit", "Customers")
    return chain.check()


def quiet():
    """Return a unit of sixty with problems, and hardly anything else to do."""
    return alone(staff=60, problem_rate=12)


def total(column, start=0):
    return lambda model: float(model.state.unit_day[start : model.day][column].sum())


def raised_by_size(chain, seed, pulled, days=250):
    """Return how many problems were raised while small and how many when large, each counted once, and mean severity then."""
    model, seen, sizes = run(chain, seed, 1, *pulled), set(), []
    for day in range(1, days):
        model.run(1)
        rows = np.asarray(model.state.problem)
        for row in rows[(rows["raised"] == day) & (rows["key"] != 0)]:
            if int(row["key"]) not in seen:
                seen.add(int(row["key"]))
                sizes.append(float(row["severity"]))
    sizes = np.array(sizes)
    return int((sizes < SMALL).sum()), int((sizes >= SMALL).sum()), float(sizes.mean())


def test_behind_an_open_door_more_problems_are_raised_and_while_they_are_small(measured):
    chain = firm()
    wide, shut = (np.array([raised_by_size(chain, seed, pulled) for seed in SEEDS]) for pulled in (OPEN, SHUT))
    measured("problems raised while small in a year, open door", estimate(wide[:, 0]))
    measured("problems raised while small in a year, shut door", estimate(shut[:, 0]))
    measured("mean severity when first raised (1 bursts), open door", estimate(wide[:, 2]))
    measured("mean severity when first raised (1 bursts), shut door", estimate(shut[:, 2]))
    assert estimate(wide[:, 0] - shut[:, 0]).low > 0
    assert estimate(wide[:, 2] - shut[:, 2]).high < 0


@pytest.fixture(scope="module")
def doors():
    return by_seed(firm(), *OPEN), by_seed(firm(), *SHUT)


def test_behind_an_open_door_fewer_problems_burst(doors, measured):
    for door, models in zip(("open", "shut"), doors, strict=True):
        measured(f"crises in a year, sixty people, {door} door", estimate([total("crises")(model) for model in models]))
    assert change(total("crises"), *doors).high < 0


def test_as_many_problems_begin_whether_or_not_anybody_speaks():
    born = difference(total("problems_born"), firm(root_cause=0), OPEN, SHUT, seeds=range(1, 4))
    assert born.low == born.high == 0


@pytest.mark.parametrize("name", ["external_satisfaction", "right_first_time"])
def test_customers_are_better_off_where_staff_can_speak(doors, name, measured):
    more = change(measure(name), *doors)
    measured(f"{name}, open door against shut", more)
    assert more.low > 0


@pytest.mark.parametrize("part", ["voice_safety", "voice_ease", "openness"])
def test_safety_ease_and_being_taken_up_each_prevent_crises(part, measured):
    fewer = difference(total("crises"), quiet(), pull(**{part: 0.9}), pull(**{part: 0.2}))
    measured(f"crises in a year, sixty people, {part} 90 instead of 20", fewer)
    assert fewer.high < 0


def test_people_who_are_waved_off_fall_silent_and_who_are_heard_speak(measured):
    felt = lambda model: 100 * on_unit("Unit", "voice_climate")(model)  # noqa: E731
    heard, waved_off, unmoved = (
        by_seed(quiet(), *pull(**one)) for one in ({"openness": 1.0}, {"openness": 0.0}, {"voice_learning": 0.0})
    )
    measured("climate (points) where all who speak are heard", change(felt, heard, unmoved))
    measured("climate (points) where all who speak are waved off", change(felt, waved_off, unmoved))
    assert change(felt, heard, unmoved).low > 0
    assert change(felt, waved_off, unmoved).high < 0


def test_managers_without_attention_let_raised_problems_burst(measured):
    more = difference(total("crises"), quiet(), pull(concern_attention=8.0), pull(concern_attention=0.1))
    measured("crises in a year, a full-grown problem taking eight days of a manager instead of a tenth", more)
    assert more.low > 0


def test_a_crisis_disturbs_the_unit_and_the_customers_behind_it(measured):
    chain, calm = firm(voice_rate=0), pull(crisis_harm=0, crisis_time=0)

    def hours(model):
        table = model.state.unit_day[100 : model.day, model.chain.units.index("Front")]
        return 8 * float(table["busy_days"].sum() / table["served"].sum())

    worse = difference(on_link("Front", "Customers", "right"), chain, [], calm)
    longer = difference(hours, chain, [], calm)
    measured("right answers to customers by crises, nobody speaking", worse)
    measured("hours per request at Front by crises, nobody speaking", longer)
    assert worse.high < 0
    assert longer.low > 0


def test_nobody_raises_the_problem_of_a_post_that_nobody_holds():
    chain = small_firm(customers=30, staff=10, quit_rate=0.99, hiring_days=2000, problem_rate=100)
    empty = run(chain, 1, 800, *pull(temporaries=0.0, quit_motivation=20, motivation_rate=0.0))
    gone = np.flatnonzero((empty.state.unit_day["filled"][:800].sum(axis=1)) <= 6)
    assert len(gone) > 50
    few = empty.state.unit_day[gone]
    assert few["problems_raised"].sum() < 0.3 * few["problems_born"].sum()
    assert few["crises"].sum() > 0.5 * few["problems_born"].sum()


# --- neutral -------------------------------------------------------------------------------------------------------------


def test_where_no_problems_begin_nothing_about_voice_changes_a_bit():
    chain = small_firm(customers=100, **levers.neutral_values("B6"))
    one = run(chain, 1, 100)
    moved = pull(voice_ease=1.0, voice_rate=1.0, openness=0.0, problem_growth=1.0, voice_learning=1.0, crisis_days=400)
    assert same_run(
        one, run(chain, 1, 100, *moved, *pull(problem_harm=9, crisis_harm=9, crisis_time=2, concern_attention=9))
    )
    assert one.state.unit_day["problems_born"].sum() == one.state.unit_day["crises"].sum() == 0


def test_where_problems_take_nothing_and_harm_nothing_they_move_no_customer():
    harmless = {"problem_harm": 0, "crisis_harm": 0, "crisis_time": 0, "concern_attention": 0, "root_cause": 0}
    chain = small_firm(customers=100, **harmless)
    one, two = run(chain, 1, 150, *pull(problem_rate=0)), run(chain, 1, 150, *pull(problem_rate=200))
    assert two.state.unit_day["crises"].sum() > 0
    assert same_customers(one, two)


# --- known answers ---------------------------------------------------------------------------------------------------------


def test_as_many_problems_begin_in_a_year_as_the_organisation_file_says():
    begun = estimate([total("problems_born")(run(alone(problem_rate=30), seed)) for seed in SEEDS])
    assert begun.low < 300 < begun.high


def test_held_back_every_problem_bursts_when_it_has_grown_twenty_to_threefold():
    """Severity from 0.05 to 0.3 reaches 1 after ln(1 / s) / g days: 41 to 100 at a growth of 3 % a day."""
    earliest, latest = (math.log(1 / size) / 0.03 for size in (voice.LARGEST, voice.SMALLEST))
    model = run(alone(problem_rate=30, voice_rate=0), 1, 400)
    table = model.state.unit_day[:400]
    assert table["problems_raised"].sum() == 0
    assert table["crises"][: int(earliest)].sum() == 0
    born = np.cumsum(table["problems_born"][:, 0])
    burst = np.cumsum(table["crises"][:, 0])
    assert (burst <= np.concatenate([np.zeros(40), born[:-40]])).all()
    assert (burst[101:] >= born[:-101]).all()
    assert latest == pytest.approx(99.9, abs=0.1)


def test_wholly_safe_and_easy_a_tenth_of_problems_is_raised_each_day():
    chain = alone(
        problem_rate=30,
        voice_safety=1,
        voice_ease=1,
        openness=1,
        concern_attention=0,
        problem_growth=0,
        voice_learning=0,
    )

    def share(model):
        table = model.state.unit_day[50 : model.day]
        return float(table["problems_raised"].sum() / (table["problems_raised"].sum() + table["problems_open"].sum()))

    daily = estimate([share(run(chain, seed)) for seed in SEEDS])
    assert daily.low < 0.1 < daily.high


def test_a_problem_that_a_manager_has_no_attention_for_stays_raised_and_then_falls_silent():
    chain = alone(problem_rate=30, voice_safety=1, voice_ease=1, openness=1, voice_rate=1)
    for unit in chain.units:
        chain.nodes[unit]["managers"] = 0
    model = run(chain, 1, 200)
    assert model.state.unit_day["problems_solved"].sum() == 0
    waiting = np.asarray(model.state.problem)
    waiting = waiting[waiting["status"] == RAISED]
    assert len(waiting) > 0
    assert (model.day - waiting["raised"] <= voice.PATIENCE + 1).all()
