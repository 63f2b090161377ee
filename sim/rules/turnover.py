"""B7: quits, hiring, onboarding by colleagues whose job it is, temporaries who fill in.

A post is a row that people come and go in. The hazard of quitting is proportional: h = h0 exp(a (M0 - M) + b S), M motivation
and S strain (directions: Griffeth, Hom & Gaertner 2000, doi:10.1177/014920630002600305). A vacant post is filled after an
exponential time. Onboarding is a request like any other, of the newcomer to the suppliers that have `requests_per_hire`; its
quality moves the motivation and knowledge with which the newcomer starts. Forms: no source, modelling choices.
"""

import numpy as np

from sim import draws
from sim.compiled import part, rule, stage
from sim.levers import DAYS_PER_YEAR
from sim.population import ARRIVED, NOBODY, ONBOARDING, PERMANENT, TEMPORARY, VACANT
from sim.portable import exp, log, normal_quantile
from sim.rules import queueing
from sim.rules.encounter import clip
from sim.rules.motivation import ORDINARY_MOTIVATION

QUIT, VACANCY, NEWCOMER = int(draws.Purpose.QUIT), int(draws.Purpose.VACANCY), int(draws.Purpose.NEWCOMER)
_DAYS = float(DAYS_PER_YEAR)
ORDINARY_ONBOARDING = 0.75
"""Quality of onboarding that leaves a newcomer's motivation where the conditions of work put it."""


@rule
def daily_hazard(quit_rate):
    """Return h0 = -ln(1 - q) / 250 for a share q of ordinarily motivated people who quit in a year."""
    return -log(1.0 - quit_rate) / _DAYS


@rule
def quits(hazard, motivation, strain, motivation_effect, strain_effect, u):
    """Tell whether somebody quits today: P = 1 - exp(-h0 exp(a (0.6 - M) + b S)). Neutral: h0 = 0."""
    return u < 1.0 - exp(-hazard * exp(motivation_effect * (ORDINARY_MOTIVATION - motivation) + strain_effect * strain))


@rule
def motivation_after_onboarding(motivation, quality, effect):
    """Return M + k (Q - 0.75), held between 0 and 1; of the n requests of one onboarding each has k / n. Neutral: k = 0."""
    return clip(motivation + effect * (quality - ORDINARY_ONBOARDING))


@rule
def knowledge_after_onboarding(knowledge, quality, effect):
    """Return K + k Q (1 - K); of the n requests of one onboarding each has k / n. Neutral: k = 0."""
    return knowledge + effect * quality * (1.0 - knowledge)


@part
def parts_of_onboarding(unit, link, supply):
    """Return n, the requests that one newcomer's onboarding consists of on average, but at least 1."""
    total = 0.0
    for place in range(unit.supplies):
        total += link[supply[unit.first_supply + place]].requests_per_hire
    return max(1.0, total)


@part
def not_free_before(roster, first, count, employee, time):
    """Let a colleague be busy or away until ``time`` at least, and put the heap of the unit in order again."""
    hole = 0
    while roster[first + hole].employee != employee:
        hole += 1
    if roster[first + hole].free_at >= time:
        return
    while True:
        child = 2 * hole + 1
        if child >= count:
            break
        if child + 1 < count and roster[first + child + 1].free_at < roster[first + child].free_at:
            child += 1
        if roster[first + child].free_at >= time:
            break
        roster[first + hole].free_at = roster[first + child].free_at
        roster[first + hole].employee = roster[first + child].employee
        hole = child
    roster[first + hole].free_at = time
    roster[first + hole].employee = employee


@rule
def blank(person, day):
    """Take away what belonged to the person who held the post before."""
    person.compassion = 1.0
    person.strain = 0.0
    person.peer_support = 0.0
    person.tie = 0.0
    person.since = day


@part
def lose_ties(bond, e):
    """Cut every tie of whoever held post ``e``."""
    for b in range(len(bond)):
        if bond[b].one == e or bond[b].other == e:
            bond[b].strength = 0.0


@part
def meet_suppliers(firm, unit, link, supply, employee, relation, e, now):
    """Let a newcomer see each supplier as it is known: expected, trusted, and satisfactory as expected."""
    row = unit[employee[e].unit]
    for place in range(row.supplies):
        edge = supply[row.first_supply + place]
        mine = relation[employee[e].first_relation + place]
        expected = link[edge].expectation
        link[edge].satisfaction_sum += expected - mine.satisfaction
        link[edge].trust_sum += expected - mine.trust
        mine.expected_outcome = expected
        mine.expected_process = expected
        mine.satisfaction = expected
        mine.trust = expected
        mine.touched = now
        mine.encounters = 0


@stage
def evening(clock, keys, firm, unit, employee, bond, roster, unit_day, firm_day):
    """Let people quit who do; their post is vacant from now on, or a temporary's until somebody is hired."""
    tomorrow = clock.day + 1.0
    for u in range(len(unit)):
        row = unit[u]
        if row.quit_rate == 0.0:
            continue
        hazard = daily_hazard(row.quit_rate)
        for e in range(row.first_employee, row.first_employee + row.staff):
            person = employee[e]
            if person.status != PERMANENT or not quits(
                hazard, person.motivation, person.strain, firm.quit_motivation, firm.quit_strain,
                draws.uniform(keys[QUIT], person.key, clock.day),
            ):  # fmt: skip
                continue
            unit_day[u].quits += 1
            firm_day.quits += 1
            # Nobody is free first by the order of a list: a draw within the first slot decides.
            arrives = draws.uniform(keys[VACANCY], person.key, 2) / clock.slots_per_day
            search = draws.exponential(draws.uniform(keys[VACANCY], person.key, 0)) * firm.hiring_days
            person.starts = tomorrow + np.ceil(search)
            if person.starts == tomorrow:
                person.status = VACANT
                row.filled -= 1
            elif draws.uniform(keys[VACANCY], person.key, 1) < row.temporaries:
                person.status = TEMPORARY
                person.knowledge = firm.temporary_knowledge
                person.motivation = ORDINARY_MOTIVATION
                not_free_before(roster, row.first_employee, row.staff, e, tomorrow + arrives)
            else:
                person.status = VACANT
                row.filled -= 1
                not_free_before(roster, row.first_employee, row.staff, e, person.starts + arrives)
            blank(person, tomorrow)
            lose_ties(bond, e)


@rule
def takes_up_today(person, day):
    """Tell whether somebody takes up this post today."""
    return person.status != PERMANENT and person.starts <= day


@stage
def take_up_post(
    clock, keys, firm, unit, link, supply, employee, relation, bond, request, slot_ring, link_day, unit_day, firm_day, e
):
    """Let a newcomer take up post ``e`` and ask for onboarding wherever there is any."""
    person = employee[e]
    row = unit[person.unit]
    now = float(clock.day)
    if person.status == VACANT:
        row.filled += 1
    else:  # the temporary takes the ties along
        lose_ties(bond, e)
    person.status = PERMANENT
    person.holders += 1
    person.key = draws.bits(keys[NEWCOMER], person.post, np.uint64(person.holders))
    person.knowledge = firm.newcomer_knowledge
    if row.knowledge_spread > 0.0:
        chance = draws.uniform(keys[NEWCOMER], person.key, 1)
        person.knowledge = clip(person.knowledge + row.knowledge_spread * normal_quantile(chance))
    person.motivation = ORDINARY_MOTIVATION
    blank(person, now)
    meet_suppliers(firm, unit, link, supply, employee, relation, e, now)
    unit_day[person.unit].hires += 1
    unit_day[person.unit].cost += firm.hiring_cost
    firm_day.hiring += firm.hiring_cost
    firm.cash -= firm.hiring_cost
    for place in range(row.supplies):
        edge = supply[row.first_supply + place]
        if link[edge].requests_per_hire == 0.0:
            continue
        chance = draws.uniform(keys[NEWCOMER], person.key ^ link[edge].key, 2)
        for copy in range(draws.round_at_random(chance, link[edge].requests_per_hire)):
            key = draws.bits(keys[NEWCOMER], person.key ^ link[edge].key, np.uint64(1 << 16) + np.uint64(copy))
            r = queueing.new_request(
                clock, request, link_day, key, person.first_relation + place, edge, link[edge].supplier, NOBODY, now,
                False, ONBOARDING,
            )  # fmt: skip
            request[r].state = ARRIVED
            queueing.put_in_calendar(request, slot_ring, r, clock.slot)
