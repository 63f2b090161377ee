"""F1: one budget for service: there is an interior optimum; spending only on the front line is beaten."""

import numpy as np
import pytest

from sim import levers
from sim.estimates import estimate
from sim.rules import budget
from tests.claims.paired import SEEDS, difference, measure, pull, run, same, same_run, small_firm

SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)
FRONT_ONLY, HALF, INSIDE_ONLY = (pull(front_share=share) for share in (1.0, 0.5, 0.0))


def firm(spend=3000.0, **graph):
    """The row with ordinary errors everywhere, and a budget per person and year."""
    chain = small_firm(customers=600, staff=8, service_budget=spend, **graph)
    for unit in chain.units:
        chain.nodes[unit]["error_rate"] = 0.1
    return chain


def profit(model, start=100):
    """Profit a year over the days after ``start``, in thousands."""
    return float(model.state.firm_day[start : model.day]["profit"].mean()) * 250 / 1000


@pytest.mark.parametrize(
    ("what", "figure", "seeds"),
    [
        ("external_satisfaction", measure("external_satisfaction"), 12),
        pytest.param("profit a year (thousands)", profit, 60, marks=pytest.mark.slow),
    ],
)
def test_spending_on_both_beats_the_front_line_alone_and_the_inside_alone(what, figure, seeds, measured):
    chain = firm()
    for other, name in ((FRONT_ONLY, "the front line"), (INSIDE_ONLY, "the inside")):
        more = difference(figure, chain, HALF, other, days=400, seeds=range(1, seeds + 1))
        measured(f"{what}, half of the budget inside less all of it on {name}", more)
        assert more.low > 0


def test_where_the_front_line_needs_nobody_it_is_best_to_spend_on_it_alone(measured):
    """So the optimum inside comes from the chain, not from diminishing returns alone."""
    chain = firm()
    for supplier, client in (("Back", "Middle"), ("Middle", "Front")):
        chain.edges[supplier, client].update(dependence=0.0)
    more = difference(measure("external_satisfaction"), chain, FRONT_ONLY, HALF, days=400)
    measured("external_satisfaction where inputs do not matter, all on the front line less half inside", more)
    assert more.low > 0


def test_the_next_unit_of_money_brings_less_and_too_much_does_not_pay(measured):
    none, some, much = (np.array([profit(run(firm(spend), seed, 400)) for seed in SEEDS]) for spend in (0, 1000, 20000))
    measured("profit a year (thousands), 1000 per person less nothing", estimate(some - none))
    measured("profit a year (thousands), 20000 per person less 1000", estimate(much - some))
    assert estimate(some - none).low > 0
    assert estimate(much - some).high < 0
    satisfied = [difference(measure("external_satisfaction"), firm(low), firm(high), seeds=range(6)) for low, high in
                 ((0, 1500), (1500, 3000))]  # fmt: skip
    assert satisfied[0].mean > satisfied[1].mean > 0


@pytest.mark.slow
def test_the_best_share_lies_between_the_ends(measured):
    """The top of a curve of fourth degree through eleven shares, for each of eight groups of three seeds."""
    shares, fine = np.linspace(0, 1, 11), np.linspace(0, 1, 201)
    figures = {"external satisfaction": measure("external_satisfaction"), "profit": profit}
    levels = {what: np.zeros((24, len(shares))) for what in figures}
    for seed in range(24):
        for place, share in enumerate(shares):
            model = run(firm(), seed, 400, *pull(front_share=share))
            for what, figure in figures.items():
                levels[what][seed, place] = figure(model)
    for what, table in levels.items():
        curves = [np.polynomial.Polynomial.fit(shares, group.mean(axis=0), 4)(fine) for group in np.split(table, 8)]
        best = estimate([fine[curve.argmax()] for curve in curves])
        measured(f"share of the budget on the front line with the most {what} (a third of the heads)", best)
        assert best.low > 0
        assert best.high < 1


@pytest.mark.parametrize("share", SHARES)
def test_all_of_the_budget_is_spent_and_booked_where_it_goes(share):
    quiet = {"root_cause": 0.0, "redress": 0.0, "problem_rate": 0.0, "survey_cost": 0.0}
    chain = firm(front_share=share, **quiet)
    model = run(chain, 1, 20)
    assert model.state.firm_day[:20]["service_budget"] == pytest.approx(np.full(20, 3000 * 24 / 250))
    more = model.state.unit_day[:20]["cost"] - run(firm(0.0, **quiet), 1, 20).state.unit_day[:20]["cost"]
    inside, front = 3000 * 24 * (1 - share) / 250 / 2, 3000 * 24 * share / 250
    for unit, cost in zip(chain.units, more.T, strict=True):
        assert cost == pytest.approx(np.full(20, front if unit == "Front" else inside), abs=1e-6)


def test_spending_per_person_follows_heads():
    spent = budget.spent_per_person
    assert spent(100.0, 0.5, 1, 30, 10) == pytest.approx(150.0)
    assert spent(100.0, 0.5, 0, 30, 10) == pytest.approx(75.0)
    assert spent(100.0, 1.0, 0, 30, 10) == 0.0
    assert spent(100.0, 0.2, 1, 30, 30) == spent(100.0, 0.2, 0, 30, 0) == 100.0
    assert budget.effect(3000.0, 3000.0) == 0.5
    assert budget.effect(0.0, 3000.0) == 0.0


def test_profit_is_what_comes_in_less_every_cost_and_all_of_it_is_cash():
    model = run(firm(survey_share=0.5), 2, 150)
    books = model.state.firm_day[:150]
    costs = ("wages", "fees", "hiring", "training", "redress", "crises", "programmes", "surveys", "service_budget")
    assert books["profit"].sum() == pytest.approx(model.state.firm[0]["cash"])
    assert books["profit"] == pytest.approx(books["revenue"] - sum(books[name] for name in costs))
    assert model.state.unit_day[:150]["cost"].sum() == pytest.approx(sum(books[name].sum() for name in costs))


def test_without_a_budget_how_it_is_split_and_what_it_could_do_change_nothing():
    chain = firm(levers.neutral_values("F1")["service_budget"])
    moved = pull(front_share=1.0, budget_half=1.0, budget_errors=5.0, budget_speed=1.0)
    one, two = run(chain, 1, 80), run(chain, 1, 80, *moved)
    assert same_run(one, two)
    assert same(one.state.firm_day[:80], two.state.firm_day[:80])


def test_what_things_cost_changes_the_books_and_nothing_else():
    chain = firm(survey_share=0.3)
    dearer = pull(
        wage=1e6, manager_wage=1e6, redress_cost=1e5, training_cost=1e5, survey_cost=1e3, revenue_per_need=1.0
    )
    one, two = run(chain, 1, 80), run(chain, 1, 80, *dearer)
    assert one.state.firm[0]["cash"] > two.state.firm[0]["cash"]
    for model in (one, two):
        model.state.unit_day["cost"] = model.state.segment_day["revenue"] = model.state.segment_day["redress"] = 0
    assert same_run(one, two)
