"""E8: the firm learns; with learning on, the same kind of failure gets rarer."""

import numpy as np
import pytest

from sim import levers
from sim.estimates import estimate
from sim.rules import lessons
from tests.claims.paired import difference, measure, on_unit, pull, run, same_run, small_firm

LEARNS, DOES_NOT = pull(root_cause=0.5), pull(root_cause=0.0)


def firm(**graph):
    """The row with a Back that makes errors, which surface at the customers' of Front."""
    chain = small_firm(customers=600, staff=8, **({"new_customers": 0.0, "churn": 0.0, "latent_rate": 0.0} | graph))
    for unit in chain.units:
        chain.nodes[unit].update(error_rate=0.15 if unit == "Back" else 0.0, problem_rate=0.0, ownership=1.0)
    for link in chain.links:
        chain.edges[link].update(dependence=0.9)
    return chain


def per_100(column, supplier, client, start, end, over="encounters"):
    def figure(model):
        table = model.state.link_day[start:end, model.chain.links.index((supplier, client))]
        return 100 * float(table[column].sum() / table[over].sum())

    return figure


def test_with_learning_on_the_same_kind_of_failure_gets_rarer(measured):
    chain = firm()
    wrong = lambda start, end: lambda model: 100 - per_100("right", "Back", "Middle", start, end)(model)  # noqa: E731
    for what, figure in (
        ("wrong answers of Back, where the errors begin", wrong(350, 500)),
        ("failures to customers", per_100("failures", "Front", "Customers", 350, 500)),
    ):
        rarer = difference(figure, chain, LEARNS, DOES_NOT, days=500)
        measured(f"{what}, per 100 in days 350 to 500, learning less not", rarer)
        assert rarer.high < 0


def test_it_takes_time_until_failures_have_been_heard_of(measured):
    chain = firm()
    early, late = (
        difference(per_100("failures", "Front", "Customers", start, end), chain, LEARNS, DOES_NOT, days=500)
        for start, end in ((0, 20), (100, 500))
    )
    measured("failures per 100 encounters in days 0 to 20, learning less not", early)
    measured("failures per 100 encounters in days 100 to 500, the same", late)
    assert late.high < early.low


def test_without_learning_the_same_failures_go_on():
    change = estimate([
        per_100("right", "Back", "Middle", 250, 500)(model) - per_100("right", "Back", "Middle", 50, 250)(model)
        for model in (run(firm(training_gain=0.0, learning=0.0, forgetting=0.0, motivation_errors=0.0), seed, 500, *DOES_NOT)
                      for seed in range(8))
    ])  # fmt: skip
    assert change.low < 0 < change.high


def test_customers_are_more_satisfied_with_a_firm_that_learns(measured):
    more = difference(measure("external_satisfaction", 250), firm(), LEARNS, DOES_NOT, days=500)
    measured("external_satisfaction in days 250 to 500, learning less not", more)
    assert more.low > 0


def test_lessons_are_drawn_where_the_failure_began():
    """Front hears the complaints, Back is where they began; Front fails customers only by being slow or unkind."""
    for seed in range(4):
        model = run(firm(), seed, 400, *LEARNS)
        learnt = dict(zip(model.chain.units, model.state.unit["lessons"], strict=True))
        assert learnt["Back"] > 0.3
        assert learnt["Middle"] == 0
        assert learnt["Front"] < learnt["Back"]


def test_silent_customers_teach_nothing(measured):
    chain = firm()
    silent = pull(complain_share=0.0, escalate_share=0.0)
    assert (run(chain, 1, 300, *LEARNS, *silent).state.unit["lessons"] == 0).all()
    many, few = ([*LEARNS, *pull(complain_share=share)] for share in (0.6, 0.1))
    more = difference(on_unit("Back", "lessons"), chain, many, few)
    measured("lessons of Back (log odds) where 60 instead of 10 per cent complain", more)
    assert more.low > 0


def test_lessons_come_to_rest_where_learning_and_forgetting_are_even():
    """A cause a day in a team of ten, gain g, fade f, most m: x = g m / (g + f m), after its equation."""
    gain, fade, most, x = 0.02, 0.002, 0.6, 0.0
    for _ in range(5000):
        x = lessons.lessons_after(x, 1.0, 10.0, gain, most, fade)
    assert x == pytest.approx(gain * most / (gain + fade * most))
    assert lessons.lessons_after(0.0, 1.0, 10.0, gain, most, fade) == pytest.approx(gain)
    assert lessons.lessons_after(0.5, 0.0, 10.0, gain, most, fade) == pytest.approx(0.499)
    assert lessons.lessons_after(0.3, 1e9, 10.0, gain, most, 0.0) == most
    assert lessons.lessons_after(0.3, 5.0, 10.0, gain, 0.0, fade) == 0


def test_with_learning_off_its_levers_change_nothing():
    chain = firm(**levers.neutral_values("E8"))
    moved = pull(lesson_gain=5.0, lesson_fade=0.3, most_lessons=5.0, root_cause_cost=1e6)
    one, two = run(chain, 1, 120), run(chain, 1, 120, *moved)
    assert (np.asarray(one.state.unit["lessons"]) == 0).all()
    assert same_run(one, two)
    assert one.state.firm_day[:120].tobytes() == two.state.firm_day[:120].tobytes()


def test_a_firm_that_hears_of_nothing_is_a_firm_that_does_not_learn():
    chain = firm()
    silent = pull(complain_share=0.0, escalate_share=0.0)
    assert same_run(run(chain, 2, 100, *LEARNS, *silent), run(chain, 2, 100, *DOES_NOT, *silent))
