"""B6: voice. Problems are raised or held back: raised early they are small, held back they grow until they burst.

Whether somebody speaks up depends on how safe and how easy it is (Detert & Burris 2007, doi:10.5465/amj.2007.26279183;
Morrison 2014, doi:10.1146/annurev-orgpsych-031413-091328): p = v c e a day, c the climate, e the ease. The climate follows
what people see happen to those who spoke, and returns to the unit's usual. Whoever holds the post knows of the problem; while
it is vacant, nobody does. Forms: no source, modelling choices.
"""

import numpy as np

from sim import draws
from sim.compiled import part, rule, stage
from sim.levers import DAYS_PER_YEAR
from sim.population import FREE, HELD_BACK, NOBODY, RAISED, VACANT
from sim.portable import exp
from sim.rules import aftermath, leadership

BORN, VOICE, HEARD = int(draws.Purpose.BORN), int(draws.Purpose.VOICE), int(draws.Purpose.HEARD)
_DAYS = float(DAYS_PER_YEAR)
SMALLEST, LARGEST = 0.05, 0.3
"""Severity with which problems begin, evenly spread."""
PATIENCE = 5.0
"""Days after which somebody who raised a problem and saw nothing happen takes it for waved off."""
CLIMATE_MEMORY = 0.02
"""Share of the gap between the climate and the unit's usual that closes in a day."""


@rule
def begins(keys, unit, day):
    """Return how many problems begin in a unit today: Poisson, fewer with lessons learnt (E8). Neutral: rate 0."""
    mean = unit.problem_rate * unit.staff / 10.0 / _DAYS * exp(-unit.lessons)
    return draws.poisson(draws.uniform(keys[BORN], unit.key, day), mean) if mean > 0.0 else 0


@rule
def severity_after(severity, growth):
    """Return s exp(g): severity after a day on which nobody dealt with the problem."""
    return severity * exp(growth)


@rule
def speaks_up(climate, ease, rate, u):
    """Tell whether somebody raises a problem today: with probability v c e."""
    return u < rate * climate * ease


@rule
def climate_after(climate, heard, learning):
    """Return c + l (1 - c) when somebody was heard, c - l c when waved off. Neutral: l = 0."""
    return climate + learning * ((1.0 if heard else 0.0) - climate)


@rule
def harm(severity, staff, effect):
    """Return the rise in the log odds of an error, k s / (staff / 10), s summed over open problems. Neutral: k = 0."""
    return effect * severity / (0.1 * staff)


@stage
def room_needed(keys, unit, day):
    """Return how many problems begin today in all units, so that the pool can grow first."""
    needed = 0
    for u in range(len(unit)):
        needed += begins(keys, unit[u], day)
    return needed


@part
def close(clock, problem, p):
    """Put a problem's row back on the free list."""
    problem[p].status = FREE
    problem[p].next = clock.free_problem
    clock.free_problem = p
    clock.free_problems += 1


@stage
def evening(clock, keys, firm, unit, employee, manager, problem, unit_day, firm_day):
    """Let problems begin, be raised, dealt with, grow and burst."""
    day = clock.day
    for u in range(len(unit)):
        row = unit[u]
        row.severity = 0.0
        row.voice_climate += CLIMATE_MEMORY * (row.voice_safety - row.voice_climate)
        for number in range(begins(keys, row, day)):
            p = clock.free_problem
            clock.free_problem = problem[p].next
            clock.free_problems -= 1
            one = problem[p]
            one.key = draws.bits(keys[BORN], row.key, np.uint64(1 << 20) * np.uint64(day + 1) + np.uint64(number))
            one.unit = u
            one.employee = row.first_employee + int(draws.uniform(keys[BORN], one.key, 0) * row.staff)
            one.status = HELD_BACK
            one.born = day
            one.raised = -1.0
            one.severity = SMALLEST + (LARGEST - SMALLEST) * draws.uniform(keys[BORN], one.key, 1)
            unit_day[u].problems_born += 1
    for p in range(len(problem)):
        one = problem[p]
        if one.status == FREE:
            continue
        row = unit[one.unit]
        today = unit_day[one.unit]
        if (
            one.status == HELD_BACK
            and employee[one.employee].status != VACANT
            and speaks_up(row.voice_climate, row.voice_ease, firm.voice_rate, draws.uniform(keys[VOICE], one.key, day))
        ):
            one.status = RAISED
            one.raised = day
            today.problems_raised += 1
            if draws.uniform(keys[HEARD], one.key, day) >= row.openness:
                row.voice_climate = climate_after(row.voice_climate, False, firm.voice_learning)
                one.status = HELD_BACK
        if one.status == RAISED:
            # Where dealing with problems takes no attention, a unit needs no manager to deal with them.
            m = leadership.freest(manager, row.first_manager, row.managers)
            cost = firm.concern_attention * one.severity
            if cost == 0.0 or leadership.spend(manager, m, cost):
                if m != NOBODY:
                    manager[m].concerns += 1
                row.voice_climate = climate_after(row.voice_climate, True, firm.voice_learning)
                today.problems_solved += 1
                aftermath.look_for_the_root(keys, firm, unit, unit_day, firm_day, one.key, one.unit)
                close(clock, problem, p)
                continue
            if day - one.raised >= PATIENCE:
                row.voice_climate = climate_after(row.voice_climate, False, firm.voice_learning)
                one.status = HELD_BACK
        one.severity = severity_after(one.severity, firm.problem_growth)
        if one.severity >= 1.0:
            row.crisis_until = max(row.crisis_until, day + 1.0 + firm.crisis_days)
            today.crises += 1
            today.cost += firm.crisis_cost
            firm_day.crises += firm.crisis_cost
            firm.cash -= firm.crisis_cost
            for m in range(row.first_manager, row.first_manager + row.managers):
                manager[m].attention -= firm.concern_attention
            close(clock, problem, p)
            continue
        row.severity += one.severity
        today.problems_open += 1
    for u in range(len(unit)):
        unit_day[u].severity = unit[u].severity
        unit_day[u].voice_climate = unit[u].voice_climate
