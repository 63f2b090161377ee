"""What moves once a day: people, ties, problems, posts, contracts and books, each worked out by hand on a few rows."""

from math import exp, log

import numpy as np
import pytest

from sim.draws import Purpose
from sim.population import (
    ARRIVED,
    CONTRACTOR,
    FREE,
    HELD_BACK,
    NOBODY,
    ONBOARDING,
    PERMANENT,
    RAISED,
    TEMPORARY,
    VACANT,
)  # fmt: skip
from tests.rules.plain import KEYS, give, plain, row, rows

evening = plain("sim.rules.evening")
bonds = plain("sim.rules.bonds")
budget = plain("sim.rules.budget")
voice = plain("sim.rules.voice")
turnover = plain("sim.rules.turnover")
partners = plain("sim.rules.partners")
ONE_SIGMA = 0.8413447460685429


# --- people ----------------------------------------------------------------------------------------------------------


def test_people_move_by_a_day_with_what_is_left_of_their_managers():
    """Two of three posts are filled; managers have 0.5 and less than nothing left, which reaches 0.5 * 3 of 3 people."""
    firm = row("FIRM", training_gain=0.5, support_growth=1.0, forgetting=0.0, support_buffer=0.5, peer_support=0.4,
        strain_gain=0.5,
               pressure_strain=0.2, strain_recovery=0.1, compassion_recovery=0.5, motivation_service=0.25,
               support_motivation=0.2,
               strain_motivation=0.5, motivation_rate=0.1, bond_belonging=0.7)  # fmt: skip
    unit = rows("UNIT", 2, first_employee=[0, 2], staff=[2, 3], first_manager=[0, 1], managers=[1, 2], span=3.0, advocacy=0.8,
                supplies=[0, 2], first_supply=0, filled=[2, 2], training_now=0.2, pressure=0.5, present=7, queued=4,
                on_ladder=3,
                tools_now=0.5, environment=0.5, communication=0.5, growth=0.5, belonging=0.5, pay=0.5, recognition_received=0.5,
                attention_left=9.0)  # fmt: skip
    manager = rows("MANAGER", 3, attention=[0.2, 0.5, -0.4])
    employee = rows("EMPLOYEE", 5, unit=[0, 0, 1, 1, 1], knowledge=0.5, strain=0.2, compassion=0.6, motivation=0.4, tie=0.5,
                    peer_support=0.5, status=[0, 0, PERMANENT, TEMPORARY, VACANT], first_relation=[0, 0, 0, 2, 4])  # fmt: skip
    link = rows("LINK", 2, requests_per_case=[1.0, 0.5], dependence=[0.5, 1.0])
    relation = rows("RELATION", 6, satisfaction=[0.2, 0.8, 0.4, 1.0, 0.0, 0.0])
    today = rows("UNIT_DAY", 2)
    evening.people_move(firm, link, unit, manager, np.array([0, 1]), employee, relation, today)
    assert unit.attention_left.tolist() == pytest.approx([0.2, 0.5])
    support = 0.8 * 0.5
    assert unit[1].support == pytest.approx(support)
    person = employee[2]
    assert person.service_received == pytest.approx(0.5)
    assert employee[3].service_received == pytest.approx(0.7)
    assert person.knowledge == pytest.approx(0.5 + 0.5 * (1 + support) * 0.2 * 0.5)
    load = 0.5 * 0.4 + 0.2 * 0.5 * (1 - 0.5 * support) * (1 - 0.4 * 0.5)
    strain = 0.2 + load * 0.8 - 0.02
    assert person.strain == pytest.approx(strain)
    assert person.compassion == pytest.approx(0.8)
    of_work = 0.5 + 0.7 * 0.1 / 7
    grounds = 0.75 * of_work + 0.25 * 0.5
    target = (grounds + 0.2 * support * (1 - grounds)) * (1 - 0.5 * strain)
    assert person.motivation == pytest.approx(0.4 + 0.1 * (target - 0.4))
    assert (employee[4].knowledge, employee[4].strain, employee[4].compassion) == (0.5, 0.2, 0.6), "nobody is there"
    # means are over the posts that are held
    assert (
        today[1].knowledge
        == pytest.approx(unit[1].mean_knowledge)
        == pytest.approx((person.knowledge + employee[3].knowledge) / 2)
    )
    assert (
        today[1].motivation
        == unit[1].mean_motivation
        == pytest.approx((person.motivation + employee[3].motivation) / 2)
    )
    assert today[1].strain == unit[1].mean_strain == pytest.approx((person.strain + employee[3].strain) / 2)
    assert today[1].compassion == pytest.approx(0.6), "what was left in the evening, before the night"
    assert today[1].service_received == pytest.approx(0.6)
    assert today[1].support == pytest.approx(support)
    assert today[1].attention_left == pytest.approx(0.25), "of each manager's day"
    assert [today[1][name] for name in ("present", "queued", "pressure", "on_ladder")] == [7, 4, 0.5, 3]
    # who is served by nobody inside goes by the conditions of work alone
    assert employee[0].service_received == today[0].service_received == -1.0
    alone = 0.8 * min(1.0, 0.2 * 3 / 2)
    target = (of_work + 0.2 * alone * (1 - of_work)) * (1 - 0.5 * employee[0].strain)
    assert employee[0].motivation == pytest.approx(0.4 + 0.1 * (target - 0.4))


def test_a_unit_in_which_nobody_is_left_keeps_its_means_and_has_no_manager_s_time():
    unit = rows("UNIT", 1, staff=1, filled=0, mean_knowledge=0.7, mean_strain=0.1, mean_motivation=0.3, managers=0)
    today = rows("UNIT_DAY", 1)
    nothing = rows("LINK", 1)
    evening.people_move(row("FIRM"), nothing, unit, rows("MANAGER", 1), np.array([0]), rows("EMPLOYEE", 1, status=VACANT),
                        rows("RELATION", 1), today)  # fmt: skip
    assert (today[0].knowledge, today[0].strain, today[0].motivation) == (0.7, 0.1, 0.3)
    assert (today[0].service_received, today[0].attention_left) == (-1.0, 0.0)


def test_the_standard_erodes_and_lessons_are_learnt():
    unit = rows("UNIT", 1, standard=0.9, time_factor=0.7, lessons=0.2, feedback=2.0, staff=20)
    today = rows("UNIT_DAY", 1)
    evening.units_move(
        row("FIRM", standard_erosion=0.1, lesson_gain=0.1, most_lessons=0.5, lesson_fade=0.05), unit, today
    )
    assert today[0].standard == unit[0].standard == pytest.approx(0.88)
    assert today[0].lessons == unit[0].lessons == pytest.approx(0.25)
    assert unit[0].feedback == 0.0


def test_regard_and_hostility_follow_what_happens_between_units():
    firm = row("FIRM", regard_rate=0.1, rivalry_growth=0.5, rivalry_fade=0.1, bridge_blame=0.5)
    link = rows("LINK", 3, client_unit=[NOBODY, 1, 0], mirror=[NOBODY, 2, 1], clients=[0, 0, 2], trust_sum=[0, 0, 1.8],
        goodwill=0.6,
                regard=0.5, hostility=0.3, rivalry=0.2, bridge=0.6)  # fmt: skip
    days, units = rows("LINK_DAY", 3, blamed=[9, 4, 0]), rows("UNIT_DAY", 2, served=[0, 10])
    evening.links_move(firm, rows("UNIT", 2), link, units, days)
    assert link.regard.tolist() == pytest.approx([0.5, 0.54, 0.51]), "trust in the client as a supplier, or goodwill"
    assert link.hostility.tolist() == pytest.approx([0.3, 0.421, 0.281])
    assert days.regard.tolist() == pytest.approx([0.0, 0.54, 0.51])
    assert days.hostility.tolist() == pytest.approx([0.0, 0.421, 0.281])
    assert days.bridge.tolist() == [0.0, 0.6, 0.6]
    days.blamed = [0, 50, 1]
    link.hostility = 0.0
    evening.links_move(firm, rows("UNIT", 2), link, units, days)
    assert link.hostility[1:].tolist() == pytest.approx([0.52, 0.52]), "everybody at most; of no work one case is all"


def test_what_customers_said_moves_the_reputation_once_a_day():
    link = rows("LINK", 2, clients=[0, 4], satisfaction_sum=[9.0, 2.0], trust_sum=[9.0, 3.0], seen=[-1.0, 0.4])
    segment = rows("SEGMENT", 3, talkers=[5.0, 0.0, 0.5], talk=[1.0, 3.0, 0.1], reputation=0.1, active=[4, 0, 1],
        satisfaction_sum=2.0,
                   promoters=3, detractors=2, market=0.6)  # fmt: skip
    days, of_segments = rows("LINK_DAY", 2), rows("SEGMENT_DAY", 3)
    evening.customers_talk(row("FIRM", reputation_memory=40.0), link, segment, days, of_segments)
    assert days.satisfaction.tolist() == [0.0, 0.5]
    assert days.trust.tolist() == [0.0, 0.75]
    assert days.seen.tolist() == [-1.0, 0.4]
    assert segment.reputation.tolist() == pytest.approx([0.1025, 0.1, 0.1025])
    assert segment.talk.tolist() == segment.talkers.tolist() == [0.0, 0.0, 0.0]
    assert of_segments.reputation.tolist() == segment.reputation.tolist()
    assert of_segments.satisfaction[0] == 0.5
    assert np.isnan(of_segments.satisfaction[1])
    assert of_segments.active.tolist() == [4, 0, 1]
    assert (of_segments[0].promoters, of_segments[0].detractors, of_segments[0].market) == (3, 2, 0.6)


# --- ties ------------------------------------------------------------------------------------------------------------


def test_strain_load_and_support_pass_along_the_ties():
    """Two of a team (0, 1), tied to each other; 1 is tied to 2 of another unit, across link 1 and its mirror 0."""
    firm = row("FIRM", contagion=0.2, load_sharing=0.4, bond_rate=0.1, bridge_growth=0.5)
    unit = rows("UNIT", 2, bonds=0.9)
    employee = rows("EMPLOYEE", 4, unit=[0, 0, 1, 1], strain=[0.1, 0.5, 0.3, 0.2], compassion=[0.9, 0.4, 0.6, 0.7],
        ties=[1, 2, 1, 0],
                    team_ties=[1, 1, 0, 0], status=PERMANENT, tie=9.0, gain_strain=9.0, gain_compassion=9.0,
                    peer_support=9.0)  # fmt: skip
    link = rows("LINK", 2, cross_training=[0.8, 0.2], gatherings=[50.0, 100.0], ties_across=2, bridge=7.0)
    bond = rows("BOND", 2, one=[0, 1], other=[1, 2], link=[NOBODY, 1], mirror=[NOBODY, 0], strength=[0.5, 0.4])
    bonds.evening(firm, unit, link, employee, bond)
    team, across = 0.5 + 0.1 * 0.4, 0.4 + 0.1 * (0.4 - 0.4) + 0.5 * 0.4 * 0.6
    assert bond.strength.tolist() == pytest.approx([team, across])
    assert link.bridge.tolist() == pytest.approx([across / 2, across / 2])
    assert employee.tie.tolist() == pytest.approx([team, team, 0.4, 0.4])
    sums = [team * 0.5, team * 0.9 + across * 0.7, across * 0.5, 0.0]
    assert employee.peer_support.tolist() == pytest.approx([one / (1 + one) for one in sums])
    assert employee.strain.tolist() == pytest.approx([0.1 + 0.2 * team * 0.4, 0.5, 0.3 + 0.2 * across * 0.2, 0.2])
    inside, outside = 0.4 * team * (0.4 - 0.9) / 2, 0.4 * across * (0.6 - 0.4) / 2
    assert employee.compassion.tolist() == pytest.approx([0.9 + inside, 0.4 - inside + outside, 0.6 - outside, 0.7])


def test_how_tied_people_are_is_the_mean_over_the_ties_of_each():
    """A team of three, tied 0 – 1 and 1 – 2: the one in the middle has two ties, which count half each."""
    employee = rows("EMPLOYEE", 3, ties=[1, 2, 1], team_ties=[1, 2, 1], status=PERMANENT)
    bond = rows("BOND", 2, one=[0, 1], other=[1, 2], link=NOBODY, mirror=NOBODY, strength=[0.5, 0.3])
    bonds.evening(row("FIRM", bond_rate=0.0), rows("UNIT", 1), rows("LINK", 1), employee, bond)
    assert employee.tie.tolist() == pytest.approx([0.5, 0.4, 0.3])


def test_a_tie_to_an_empty_post_is_cut_and_one_in_a_single_direction_has_a_single_bridge():
    firm = row("FIRM", contagion=0.2, load_sharing=0.4, bond_rate=0.1, bridge_growth=0.5)
    for gone in (0, 1):
        employee = rows(
            "EMPLOYEE",
            2,
            ties=1,
            team_ties=1,
            status=[VACANT, PERMANENT] if gone == 0 else [PERMANENT, VACANT],
            strain=0.5,
        )
        bond = rows("BOND", 1, one=0, other=1, link=NOBODY, mirror=NOBODY, strength=0.5)
        bonds.evening(firm, rows("UNIT", 1, bonds=0.5), rows("LINK", 1), employee, bond)
        assert bond[0].strength == 0.0
        assert employee.peer_support.tolist() == [0.0, 0.0]
    employee = rows("EMPLOYEE", 2, ties=1, status=PERMANENT)
    link = rows("LINK", 2, cross_training=0.5, gatherings=25.0, ties_across=1)
    bond = rows("BOND", 1, one=0, other=1, link=0, mirror=NOBODY, strength=0.5)
    bonds.evening(firm, rows("UNIT", 1), link, employee, bond)
    expected = 0.5 + 0.1 * (0.25 - 0.5) + 0.5 * 0.1 * 0.5
    assert bond[0].strength == pytest.approx(expected)
    assert link.bridge.tolist() == pytest.approx([expected, 0.0])


# --- money -----------------------------------------------------------------------------------------------------------


def test_the_books_of_a_day():
    """Unit 0: 4 of 5 posts held, one by a temporary, 2 managers, faces customers. Unit 1: a contractor of 3."""
    firm = row("FIRM", temporary_premium=1.5, partner_support_cost=500.0, partnership_cost=250.0, training_cost=40.0,
               company_agreement=0.5, responsibility_training=0.25, responsibility_cost=100.0, service_budget=1000.0,
               front_share=0.4,
               platform=0.5, platform_cost=200.0, survey_cost=2.0, gathering_cost=10.0, cross_training_cost=300.0,
               cash=77.0)  # fmt: skip
    unit = rows("UNIT", 2, staff=[5, 3], filled=[4, 3], facing=[1, 0], wage=50_000.0, manager_wage=80_000.0,
        managers=[2, 1], fee=1.2,
                kind=[0, CONTRACTOR], first_employee=[0, 5], training_now=[0.1, 0.2], partner_support=[0.9, 0.4],
                partnership=[0.9, 0.8])  # fmt: skip
    employee = rows("EMPLOYEE", 8, status=[TEMPORARY, *[PERMANENT] * 3, VACANT, *[PERMANENT] * 3])
    link = rows("LINK", 2, supplier=[0, 1], client_unit=[NOBODY, 0], gatherings=[9.0, 4.0], cross_training=[0.9, 0.5])
    days = rows("LINK_DAY", 2, answers=[3, 5])
    units, of_firm = (
        rows("UNIT_DAY", 2, cost=[1.0, 2.0]),
        row("FIRM_DAY", revenue=9000.0, hiring=100.0, redress=200.0, crises=300.0),
    )
    budget.close_books(firm, unit, link, employee, units, days, rows("SEGMENT_DAY", 1), of_firm)
    wages = (50_000 * 4.5 + 2 * 80_000) / 250
    fees = 50_000 * 3 * 1.2 / 250
    support = (0.4 * 500 + 0.8 * 250) / 250 * 3
    training = [0.1 * 4 * 40, 0.2 * 3 * 40]
    agreement = [0.75 * 100 * 5 / 250, 0.75 * 100 * 3 / 250]
    spent = [1000 * 0.4 * 8 / 5 * 5 / 250, 1000 * 0.6 * 8 / 3 * 3 / 250]
    shared = [0.5 * 200 * 5 / 250, 0.5 * 200 * 3 / 250]
    bridge = (4 * 10 + 0.5 * 300) * 8 / 250
    assert (of_firm.wages, of_firm.fees) == pytest.approx((wages, fees))
    assert of_firm.training == pytest.approx(sum(training))
    assert of_firm.programmes == pytest.approx(support + sum(agreement) + sum(shared) + bridge)
    assert of_firm.service_budget == pytest.approx(sum(spent)) == pytest.approx(8 * 1000 / 250)
    assert of_firm.surveys == 16.0
    costs = [1 + wages + training[0] + agreement[0] + spent[0] + shared[0] + 6,
             2 + fees + support + training[1] + agreement[1] + spent[1] + shared[1] + 10 + bridge]  # fmt: skip
    assert units.cost.tolist() == pytest.approx(costs)
    assert firm.cash == pytest.approx(77 - (sum(costs) - 3))
    assert of_firm.profit == pytest.approx(9000 - 600 - (sum(costs) - 3))


# --- problems --------------------------------------------------------------------------------------------------------


def some_problems(**fields):
    """Two rows under way in unit 0, one free."""
    problem = rows("PROBLEM", 3, status=[FREE, HELD_BACK, RAISED], next=[NOBODY] * 3, employee=[0, 0, 1], severity=[0,
        0.2, 0.4],
                   raised=[-1, -1, 3.0], key=[1, 2, 3])  # fmt: skip
    for name, values in fields.items():
        problem[name] = values
    return problem


def an_evening(monkeypatch, problem, draws, firm=None, unit=None, attention=0.5, managers=1, day=5, status=PERMANENT):
    give(monkeypatch, {Purpose.BORN: 0.5, **draws})
    free = int((problem.status == FREE).sum())
    made = {
        "clock": row("CLOCK", day=day, free_problem=0, free_problems=free),
        "firm": row("FIRM", **({"voice_rate": 0.5, "voice_learning": 0.25, "concern_attention": 0.5, "problem_growth": 0.1,
                                "crisis_days": 10.0, "crisis_cost": 500.0, "cash": 1000.0} | (firm or {}))),
        "unit": rows("UNIT", 1, **({"staff": 20, "voice_climate": 0.5, "voice_safety": 0.5, "voice_ease": 0.8, "openness": 0.6,
                                    "managers": managers, "severity": 9.0} | (unit or {}))),
        "employee": rows("EMPLOYEE", 20, status=status),
        "manager": rows("MANAGER", 1, attention=attention),
        "unit_day": rows("UNIT_DAY", 1), "firm_day": row("FIRM_DAY"),
    }  # fmt: skip
    voice.evening(made["clock"], KEYS, made["firm"], made["unit"], made["employee"], made["manager"], problem, made["unit_day"],
                  made["firm_day"])  # fmt: skip
    return made


def test_problems_begin_small_and_somebody_knows(monkeypatch):
    problem = some_problems(status=[FREE, HELD_BACK, FREE], next=[2, NOBODY, NOBODY])
    # 250 a year per ten people, 20 people: 2 a day; a draw of 0.3 of a Poisson of mean 2 exp(-0.7) is 1
    made = an_evening(monkeypatch, problem, {(Purpose.BORN, 5): 0.7, (Purpose.BORN, 0): 0.32, (Purpose.BORN, 1): 0.4,
        Purpose.VOICE: 0.9},
                      unit={"problem_rate": 250.0, "lessons": 0.7, "first_employee": 0})  # fmt: skip
    assert made["unit_day"][0].problems_born == 1
    assert (made["clock"].free_problem, made["clock"].free_problems) == (2, 1)
    one = problem[0]
    assert (one.unit, one.employee, one.status, one.born, one.raised) == (0, 6, HELD_BACK, 5.0, -1.0)
    assert one.severity == pytest.approx((0.05 + 0.25 * 0.4) * exp(0.1))
    assert made["unit_day"][0].problems_open == 2
    assert made["unit_day"][0].severity == made["unit"][0].severity == pytest.approx(one.severity + problem[1].severity)
    assert one.key != problem[1].key


def test_a_problem_is_another_each_day(monkeypatch):
    """Two that had the same key would be raised, heard and solved by the same draws."""
    keys = set()
    for day in range(4):
        problem = some_problems(status=[FREE, FREE, FREE], next=[1, 2, NOBODY])
        an_evening(monkeypatch, problem, {(Purpose.BORN, day): 0.7, Purpose.VOICE: 0.9}, day=day,
                   unit={"problem_rate": 250.0, "lessons": 0.0, "first_employee": 0})  # fmt: skip
        keys |= set(problem.key[problem.status != FREE].tolist())
        number = int((problem.status != FREE).sum())
        assert number == 3
    assert len(keys) == 4 * 3


@pytest.mark.parametrize(
    ("lessons", "u", "number"), [(0.0, 0.13, 0), (0.0, 0.14, 1), (log(2), 0.36, 0), (log(2), 0.37, 1)]
)
def test_lessons_make_problems_rarer(monkeypatch, lessons, u, number):
    give(monkeypatch, {Purpose.BORN: u})
    unit = rows("UNIT", 2, problem_rate=[250.0, 0.0], staff=20, lessons=lessons)
    assert voice.begins(KEYS, unit[0], 5) == number
    assert voice.begins(KEYS, unit[1], 5) == 0
    assert voice.room_needed(KEYS, unit, 5) == number


def test_a_problem_that_is_heard_takes_attention_and_is_gone(monkeypatch):
    problem = some_problems(status=[FREE, HELD_BACK, FREE])
    made = an_evening(monkeypatch, problem, {Purpose.VOICE: 0.19, Purpose.HEARD: 0.59})
    today = made["unit_day"][0]
    assert (today.problems_raised, today.problems_solved, today.problems_open) == (1, 1, 0)
    assert problem[1].status == FREE
    assert (made["clock"].free_problem, made["clock"].free_problems) == (1, 3)
    assert made["manager"][0].attention == pytest.approx(0.5 - 0.5 * 0.2)
    assert made["manager"][0].concerns == 1
    assert made["unit"][0].voice_climate == today.voice_climate == pytest.approx(0.625)


def test_who_is_waved_off_speaks_less_and_who_keeps_silent_keeps_the_problem(monkeypatch):
    made = an_evening(
        monkeypatch, some_problems(status=[FREE, HELD_BACK, FREE]), {Purpose.VOICE: 0.19, Purpose.HEARD: 0.61}
    )
    assert (made["unit_day"][0].problems_raised, made["unit_day"][0].problems_solved) == (1, 0)
    assert made["unit"][0].voice_climate == pytest.approx(0.375)
    problem = some_problems(status=[FREE, HELD_BACK, FREE])
    made = an_evening(monkeypatch, problem, {Purpose.VOICE: 0.21, Purpose.HEARD: 0.1})
    assert made["unit_day"][0].problems_raised == 0
    assert problem[1].severity == pytest.approx(0.2 * exp(0.1))
    made = an_evening(monkeypatch, some_problems(status=[FREE, HELD_BACK, FREE]), {Purpose.VOICE: 0.01, Purpose.HEARD: 0.1},
                      status=VACANT)  # fmt: skip
    assert made["unit_day"][0].problems_raised == 0, "while a post is vacant, nobody knows"
    # the climate returns to the usual by two in a hundred a day
    made = an_evening(monkeypatch, some_problems(status=FREE), {}, unit={"voice_safety": 1.0})
    assert made["unit"][0].voice_climate == pytest.approx(0.51)


def test_a_raised_problem_waits_for_a_manager_five_days_and_no_longer(monkeypatch):
    for day, status, climate in ((7, RAISED, 0.5), (8, HELD_BACK, 0.375)):
        problem = some_problems(status=[FREE, FREE, RAISED])
        made = an_evening(monkeypatch, problem, {}, attention=0.0, day=day)
        assert problem[2].status == status
        assert made["unit"][0].voice_climate == pytest.approx(climate)
        assert made["unit_day"][0].problems_open == 1
    made = an_evening(monkeypatch, some_problems(status=[FREE, FREE, RAISED]), {}, managers=0)
    assert made["unit_day"][0].problems_solved == 0
    for managers in (0, 1):
        made = an_evening(monkeypatch, some_problems(status=[FREE, FREE, RAISED]), {}, managers=managers, attention=-1.0,
                          firm={"concern_attention": 0.0})  # fmt: skip
        assert made["unit_day"][0].problems_solved == 1, "what takes no attention needs none"
        assert made["manager"][0].concerns == managers


def test_a_problem_that_is_raised_today_waits_from_today_on(monkeypatch):
    problem = some_problems(status=[FREE, HELD_BACK, FREE])
    an_evening(monkeypatch, problem, {Purpose.VOICE: 1e-9, Purpose.HEARD: 1e-9}, attention=0.0, day=50)
    assert (problem[1].status, problem[1].raised) == (RAISED, 50.0)


def test_a_problem_that_bursts_costs_money_attention_and_days(monkeypatch):
    problem = some_problems(status=[FREE, HELD_BACK, FREE], severity=[0, 0.95, 0])
    made = an_evening(monkeypatch, problem, {Purpose.VOICE: 0.9}, unit={"crisis_until": 3.0})
    today = made["unit_day"][0]
    assert (today.crises, today.cost, today.problems_open, today.severity) == (1, 500.0, 0, 0.0)
    assert made["unit"][0].crisis_until == 16.0
    assert (made["firm"].cash, made["firm_day"].crises) == (500.0, 500.0)
    assert made["manager"][0].attention == pytest.approx(0.0)
    assert problem[1].status == FREE
    made = an_evening(monkeypatch, some_problems(status=[FREE, HELD_BACK, FREE], severity=[0, 0.95, 0]), {Purpose.VOICE: 0.9},
                      unit={"crisis_until": 40.0})  # fmt: skip
    assert made["unit"][0].crisis_until == 40.0, "a longer crisis goes on"
    made = an_evening(
        monkeypatch, some_problems(status=[FREE, HELD_BACK, FREE], severity=[0, 0.9, 0]), {Purpose.VOICE: 0.9}
    )
    assert made["unit_day"][0].crises == 0


# --- posts -----------------------------------------------------------------------------------------------------------


def an_exodus(monkeypatch, draws, **unit):
    give(monkeypatch, draws)
    made = {
        "clock": row("CLOCK", day=9, slots_per_day=8),
        "firm": row("FIRM", hiring_days=20.0, temporary_knowledge=0.35, quit_motivation=2.0, quit_strain=1.0),
        "unit": rows("UNIT", 1, **({"staff": 2, "filled": 2, "quit_rate": 0.5, "temporaries": 0.4} | unit)),
        "employee": rows("EMPLOYEE", 2, motivation=0.6, knowledge=0.9, strain=0.0, compassion=0.2, tie=0.7, peer_support=0.3,
                         key=[11, 12], starts=-1.0),
        "bond": rows("BOND", 3, one=[0, 2, 3], other=[1, 0, 4], strength=0.8),
        "roster": rows("ROSTER", 2, employee=[0, 1], free_at=[9.2, 9.7]),
        "unit_day": rows("UNIT_DAY", 1), "firm_day": row("FIRM_DAY"),
    }  # fmt: skip
    turnover.evening(made["clock"], KEYS, made["firm"], made["unit"], made["employee"], made["bond"], made["roster"],
        made["unit_day"],
                     made["firm_day"])  # fmt: skip
    return made


QUITS = 1 - 0.5 ** (1 / 250)
"""The chance that an ordinarily motivated person quits today where half quit in a year."""


def test_a_post_that_somebody_quits_is_vacant_until_somebody_is_hired(monkeypatch):
    made = an_exodus(monkeypatch, {Purpose.QUIT: QUITS * 0.999, (Purpose.VACANCY, 0): exp(-0.11), (Purpose.VACANCY, 1): 0.41,
                                   (Purpose.VACANCY, 2): 0.5})  # fmt: skip
    assert (made["unit_day"][0].quits, made["firm_day"].quits, made["unit"][0].filled) == (2, 2, 0)
    person = made["employee"][0]
    assert (person.status, person.starts) == (VACANT, 13.0), "2.2 days of search from tomorrow, whole days"
    assert (person.strain, person.compassion, person.tie, person.peer_support, person.since) == (
        0.0,
        1.0,
        0.0,
        0.0,
        10.0,
    )
    assert made["bond"].strength.tolist() == [0.0, 0.0, 0.8]
    assert made["roster"].free_at.tolist() == pytest.approx([13.0625, 13.0625])


def test_a_temporary_holds_a_post_meanwhile(monkeypatch):
    made = an_exodus(monkeypatch, {Purpose.QUIT: QUITS * 0.999, (Purpose.VACANCY, 0): exp(-0.11), (Purpose.VACANCY, 1): 0.39,
                                   (Purpose.VACANCY, 2): 0.5})  # fmt: skip
    person = made["employee"][1]
    assert (person.status, person.knowledge, person.motivation, made["unit"][0].filled) == (TEMPORARY, 0.35, 0.6, 2)
    assert made["roster"].free_at.tolist() == pytest.approx([10.0625, 10.0625])


def test_nobody_quits_who_is_content_or_whose_unit_loses_nobody(monkeypatch):
    for draws, unit in (({Purpose.QUIT: QUITS * 1.001}, {}), ({Purpose.QUIT: 1e-9}, {"quit_rate": 0.0})):
        made = an_exodus(monkeypatch, draws, **unit)
        assert (made["unit_day"][0].quits, made["unit"][0].filled) == (0, 2)
        assert made["employee"][0].knowledge == 0.9
    made = an_exodus(monkeypatch, {Purpose.QUIT: QUITS * 0.999, (Purpose.VACANCY, 0): 1.0})
    assert made["employee"].starts.tolist() == [10.0, 10.0], "a search of no time at all is over tomorrow"
    assert (made["employee"][0].status, made["unit"][0].filled) == (VACANT, 0)


@pytest.mark.parametrize("before", [VACANT, TEMPORARY])
def test_a_newcomer_takes_up_a_post_and_asks_for_onboarding(monkeypatch, before):
    give(monkeypatch, {Purpose.NEWCOMER: ONE_SIGMA})
    firm = row("FIRM", newcomer_knowledge=0.4, hiring_cost=3000.0, cash=5000.0)
    unit = rows("UNIT", 2, filled=[9, 3], knowledge_spread=0.1, supplies=[0, 2], first_supply=[0, 0])
    link = rows("LINK", 2, supplier=0, requests_per_hire=[0.0, 1.5], expectation=[0.6, 0.7], satisfaction_sum=5.0,
        trust_sum=4.0,
                key=[21, 22])  # fmt: skip
    employee = rows("EMPLOYEE", 2, unit=1, first_relation=[0, 2], status=[0, before], holders=2, strain=0.9,
        compassion=0.1, tie=0.8,
                    key=5, post=[6, 7])  # fmt: skip
    relation = rows(
        "RELATION", 4, satisfaction=0.2, trust=0.3, expected_outcome=0.1, expected_process=0.1, encounters=8
    )
    bond = rows("BOND", 2, one=[0, 1], other=[2, 0], strength=0.8)
    request = rows("REQUEST", 4)
    request.next = [1, 2, 3, NOBODY]
    clock = row("CLOCK", day=12, slot=96, slots_per_day=8, free_request=0, free_requests=4)
    ring, days, units, of_firm = np.full(8, NOBODY), rows("LINK_DAY", 2), rows("UNIT_DAY", 2), row("FIRM_DAY")
    turnover.take_up_post(
        clock,
        KEYS,
        firm,
        unit,
        link,
        np.array([0, 1]),
        employee,
        relation,
        bond,
        request,
        ring,
        days,
        units,
        of_firm,
        1,
    )
    person = employee[1]
    assert unit.filled.tolist() == [9, 4 if before == VACANT else 3]
    assert bond.strength.tolist() == ([0.8, 0.8] if before == VACANT else [0.8, 0.0]), (
        "the temporary takes the ties along"
    )
    assert (person.status, person.holders, person.since, person.motivation) == (PERMANENT, 3, 12.0, 0.6)
    assert person.knowledge == pytest.approx(0.5)
    assert (person.strain, person.compassion, person.tie) == (0.0, 1.0, 0.0)
    assert person.key != 5
    for place, expected in ((2, 0.6), (3, 0.7)):
        mine = relation[place]
        assert [mine[name] for name in ("expected_outcome", "expected_process", "satisfaction", "trust")] == [
            expected
        ] * 4
        assert (mine.touched, mine.encounters) == (12.0, 0)
    assert relation[1].satisfaction == 0.2
    assert link.satisfaction_sum.tolist() == pytest.approx([5.4, 5.5])
    assert link.trust_sum.tolist() == pytest.approx([4.3, 4.4])
    assert (units[1].hires, units[1].cost, of_firm.hiring, firm.cash) == (1, 3000.0, 3000.0, 2000.0)
    assert clock.open_requests == 2, "1.5 requests and a draw of 0.84: two"
    assert ring[0] == 1
    assert request[1].next == 0
    for one in request[:2]:
        assert (one.link, one.unit, one.client, one.cause, one.state, one.parent, one.opened) == (
            1,
            0,
            3,
            ONBOARDING,
            ARRIVED,
            NOBODY,
            12.0,
        )
    assert request[0].key != request[1].key


def test_the_parts_of_onboarding_are_those_of_all_suppliers_but_at_least_one():
    link, supply = rows("LINK", 3, requests_per_hire=[1.5, 0.7, 9.0]), np.array([2, 0, 1])
    assert turnover.parts_of_onboarding(row("UNIT", first_supply=1, supplies=2), link, supply) == pytest.approx(2.2)
    assert turnover.parts_of_onboarding(row("UNIT", first_supply=2, supplies=1), link, supply) == 1.0
    assert turnover.parts_of_onboarding(row("UNIT", first_supply=0, supplies=0), link, supply) == 1.0


# --- contractors -----------------------------------------------------------------------------------------------------


def a_contract(monkeypatch, day, draws=None, firm=None, unit=None, **days):
    give(monkeypatch, draws)
    made = {
        "clock": row("CLOCK", day=day),
        "firm": row("FIRM", **({"clarity_fade": 0.1, "effort_rate": 0.2, "partnership_gain": 0.5, "fee_gain": 0.3,
                                "commitment_rate": 0.1, "measurement_noise": 0.1, "measurement_cost": 7.0, "review_cost": 11.0,
                                "cash": 100.0} | (firm or {}))),
        "unit": rows("UNIT", 2, **({"kind": [0, CONTRACTOR], "clarity": 0.8, "effort": 0.5, "committed": 0.5, "commitment": 0.5,
                                    "partner_commitment": 0.1, "partnership": 0.5, "fee": 1.0, "true_score": 0.6,
                                    "agreement": 0.9, "measurement": 0.0,
                                    "staff": 2, "first_employee": 0, "seen_score": -1.0, "first_supply": 0, "supplies": [0, 1]}
                                   | (unit or {}))),
        "link": rows("LINK", 3, supplier=[1, 1, 0], client_unit=[NOBODY, 0, 1], trust_sum=[0, 0, 0.8], clients=[0, 0, 2],
                     expectation=0.7),
        "employee": rows("EMPLOYEE", 2, unit=1, status=[PERMANENT, VACANT], knowledge=0.3, motivation=0.1, strain=0.5),
        "relation": rows("RELATION", 2),
        "link_day": rows("LINK_DAY", 3, quality=[1.5, 2.5, 9.0], encounters=[2, 3, 9]),
        "unit_day": rows("UNIT_DAY", 2), "firm_day": row("FIRM_DAY"),
    }  # fmt: skip
    for name, values in days.items():
        made["link_day"][name] = values
    partners.evening(made["clock"], KEYS, made["firm"], made["unit"], made["link"], np.array([2]), made["employee"],
        made["relation"],
                     made["link_day"], made["unit_day"], made["firm_day"])  # fmt: skip
    return made


def test_agreements_fade_effort_follows_and_quality_is_kept_account_of(monkeypatch):
    made = a_contract(monkeypatch, 7)
    one, day = made["unit"][1], made["unit_day"][1]
    assert one.true_score == pytest.approx(0.6 + 0.05 * (4.0 / 5 - 0.6))
    assert one.clarity == pytest.approx(0.72)
    assert one.effort == pytest.approx(0.5)
    assert one.committed == pytest.approx(0.5 + 0.1 * (0.6 + 0.5 * 0.5 * 0.4 - 0.5))
    for name in ("clarity", "effort", "committed", "true_score", "seen_score", "partner_quality", "partner_number"):
        assert day[name] == one[name]
    assert day.cost == 0.0
    assert made["unit"][0].clarity == 0.8, "a department has no agreement"
    assert made["unit_day"][0].clarity == 0.0


def test_the_first_quality_is_taken_as_it_is_and_a_day_without_encounters_says_nothing(monkeypatch):
    assert a_contract(monkeypatch, 7, unit={"true_score": -1.0})["unit"][1].true_score == pytest.approx(0.8)
    assert a_contract(monkeypatch, 7, encounters=0, quality=0.0)["unit"][1].true_score == pytest.approx(0.6)
    assert a_contract(monkeypatch, 7, unit={"true_score": 0.0}, encounters=0)["unit"][1].true_score == 0.0


def test_a_contractor_whom_no_department_serves_trusts_the_firm_half_way(monkeypatch):
    made = a_contract(monkeypatch, 7, unit={"supplies": 0})
    assert made["unit"][1].committed == pytest.approx(0.5 + 0.1 * (0.6 + 0.5 * 0.5 * 0.5 - 0.5))


def test_an_agreement_that_is_reviewed_is_clear_again_and_costs(monkeypatch):
    made = a_contract(monkeypatch, 9, unit={"review_days": 10.0, "selection_bill": 40.0})
    assert made["unit"][1].clarity == 0.9
    assert made["unit_day"][1].cost == made["firm_day"].programmes == 51.0
    assert made["firm"].cash == 49.0
    assert made["unit"][1].selection_bill == 0.0


def test_measurement_sees_quality_with_an_error_every_few_days(monkeypatch):
    for day, measured in ((9, 1), (8, 0)):
        made = a_contract(monkeypatch, day, {Purpose.MEASURE: ONE_SIGMA}, unit={"measurement": 0.5})
        assert made["unit"][1].measured == measured
        assert made["unit"][1].seen_score == pytest.approx(0.71 if measured else -1.0)
        assert made["unit_day"][1].cost == 7.0 * measured
        assert made["unit"][1].effort == pytest.approx(0.5 + 0.2 * (0.5 + 0.25 - 0.5))
    made = a_contract(monkeypatch, 9, unit={"measurement": 0.5, "true_score": -1.0}, encounters=0)
    assert (made["unit"][1].measured, made["unit_day"][1].cost) == (0, 7.0), "there is nothing to measure yet"


def test_a_contract_that_ends_badly_goes_to_another(monkeypatch):
    bad = {
        "keep_score": 0.9,
        "measured": 4,
        "seen_score": 0.5,
        "contract_days": 10.0,
        "knowledge": 0.6,
        "selection_effort": 0.5,
    }
    made = a_contract(monkeypatch, 9, {Purpose.SELECT: ONE_SIGMA}, unit=bad,
                      firm={"partner_spread": 0.1, "candidates": 1.0, "selection_noise": 1.0, "commitment_spread": 0.2,
                            "selection_cost": 60.0})  # fmt: skip
    one = made["unit"][1]
    assert (one.partner_number, one.contract_start, one.effort, one.measured, one.true_score, one.seen_score) == (
        1,
        10.0,
        1.0,
        0,
        -1.0,
        -1.0,
    )
    assert one.clarity == 0.9
    assert (one.partner_quality, one.partner_commitment, one.committed) == pytest.approx((0.1, 0.2, 0.7))
    assert made["unit_day"][1].cost == 30.0
    new, vacant = made["employee"][0], made["employee"][1]
    assert (new.knowledge, new.motivation, new.strain, new.since) == pytest.approx((0.7, 0.6, 0.0, 10.0))
    assert (vacant.knowledge, vacant.motivation) == (0.3, 0.1)
    assert (made["relation"][0].trust, made["relation"][0].touched) == (0.7, 10.0)
    for other in ({"seen_score": 0.9}, {"contract_days": 20.0}, {"measured": 0}):
        assert a_contract(monkeypatch, 9, unit=bad | other)["unit"][1].partner_number == 0


def test_people_of_a_new_contractor_scatter_around_what_it_can(monkeypatch):
    give(monkeypatch, {Purpose.SELECT: ONE_SIGMA})
    person = row("EMPLOYEE", post=5)
    partners.new_person(KEYS, row("UNIT", knowledge=0.6, partner_quality=0.1, knowledge_spread=0.2), person)
    assert person.knowledge == pytest.approx(0.9)
    partners.new_person(KEYS, row("UNIT", knowledge=0.9, partner_quality=0.3), person)
    assert person.knowledge == 1.0
