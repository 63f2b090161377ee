"""The attack of `python -m tests.privacy`, in short, and whether it would notice."""

from __future__ import annotations

import numpy as np
import pytest

from sim.client.groups import Group, customer_figures, differing, staff_figures
from tests.privacy import attack
from tests.privacy.__main__ import ATTACKS, FIRM, tried


@pytest.mark.parametrize("one", ATTACKS, ids=lambda one: one.what)
def test_nobody_can_be_found_out_where_the_rules_are_followed_and_somebody_where_they_are_not(one):
    row = tried(one, 4, 20, show=False)
    assert row["figures"] > 10
    assert (row["with a leak"] > 0) == one.expected


def test_a_total_and_all_parts_but_one_tell_the_one():
    def figures(answers):
        return np.array([answers.mean(), answers[:5].mean(), np.nan])

    person = [f"p{n}" for n in range(7)]
    matrix = attack.influence(figures, np.full(7, 0.5), 0.01)
    assert matrix.shape == (2, 7)
    assert [one.people for one in attack.leaks(matrix, person, 5)] == [("p5", "p6")]
    assert attack.leaks(matrix, person, 2) == []  # two people may be seen where the smallest group is two
    assert attack.leaks(matrix[:1], person, 5) == []


def group(*answers: float) -> Group:
    made = Group()
    for person, answer in enumerate(answers):
        made.add(person, answer)
    return made


def test_people_who_are_told_apart_are_compared_one_by_one():
    before = Group({"1": [0.5], "2": [1.0]})
    assert differing(before, Group({"2": [1.0], "1": [0.25, 0.75]})) == 0
    assert differing(before, Group({"1": [1.0], "2": [0.5]})) == 2
    assert differing(before, Group({"3": [0.5], "2": [1.0]})) == 2


def test_of_nameless_people_at_least_as_many_differ_as_answers_do():
    assert differing(group(0, 1, 1), group(1, 0, 1)) == 0
    assert differing(group(0, 1, 1), group(0, 1)) == 1
    assert differing(group(0, 1, 1), group(0, 0.5, 0.5, 0.5)) == 3
    summed = Group()
    summed.add_sum(0.4, 12)
    assert differing(summed, Group()) == 12


def test_a_figure_of_a_second_survey_is_new_only_where_enough_people_answered_differently():
    link = ("IT", "Sales")
    first = group(0, 0, 0, 0, 0, 1)
    few, many = group(0, 0, 0, 1, 1, 1), group(1, 1, 1, 1, 1, 1)
    (kept,) = staff_figures({link: few}, FIRM, earlier={link: first})
    assert kept.share == pytest.approx(1 / 6)
    assert kept.kept
    (new,) = staff_figures({link: many}, FIRM, earlier={link: first})
    assert new.share == 1
    assert not new.kept
    (unseen,) = staff_figures({link: few}, FIRM, earlier={link: group(0, 1)})  # it was not shown before
    assert unseen.share == 0.5
    (buyers,) = customer_figures({"Buyers": few}, "CSAT", FIRM, earlier={"Buyers": first})
    assert buyers.kept


def test_which_groups_are_put_together_does_not_depend_on_the_minimum_that_is_asked_for():
    groups = {("IT", "Sales"): group(0, 0, 0), ("IT", "HR"): group(1, 1, 1, 1), ("IT", "Legal"): group(*[0.5] * 6)}
    groups[("IT", "HR")] = Group({f"hr {n}": [1.0] for n in range(4)})
    five = {one.place: one.share for one in staff_figures(groups, FIRM, 5)}
    seven = {one.place: one.share for one in staff_figures(groups, FIRM, 7)}
    assert five["IT", "Legal"] == 0.5
    assert seven["IT", "Legal"] == seven["IT", "Sales"] == five["IT", "Sales"] == pytest.approx(4 / 7)
    assert staff_figures(groups, FIRM, 8) == []
