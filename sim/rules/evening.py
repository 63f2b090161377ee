"""The evening: problems, people, ties, links, contracts and books move by a day."""

import numpy as np

from sim.compiled import part, rule, stage
from sim.population import NOBODY, VACANT
from sim.rules import (
    bonds,
    budget,
    knowledge,
    leadership,
    lessons,
    loyalty,
    motivation,
    partners,
    pressure,
    reciprocity,
    rivalry,
    service,
    strain,
    surveys,
    turnover,
    voice,
)
from sim.rules.encounter import clip


@part
def service_received(link, supply, unit, employee, relation, e):
    """Return how well an employee feels served by other units, weighted by how often and how strongly that matters.

    A unit that needs nobody gives -1: there is nothing to be satisfied with.
    """
    total = 0.0
    weight = 0.0
    u = employee[e].unit
    for place in range(unit[u].supplies):
        one = link[supply[unit[u].first_supply + place]]
        importance = one.requests_per_case * one.dependence
        total += importance * relation[employee[e].first_relation + place].satisfaction
        weight += importance
    return total / weight if weight > 0.0 else -1.0


@rule
def a_day_passes(firm, unit, person, felt):
    """Let one employee's knowledge, strain, compassion and motivation move; ``felt`` is the service received inside."""
    gain = leadership.training(firm.training_gain, unit.support, firm.support_growth)
    person.knowledge = knowledge.after_a_day(firm, person.knowledge, unit.training_now, gain)
    left = strain.relief(unit.support, person.peer_support, firm.support_buffer, firm.peer_support)
    person.strain = strain.strain_after(
        person.strain,
        person.compassion,
        unit.pressure,
        firm.strain_gain,
        firm.pressure_strain,
        firm.strain_recovery,
        left,
    )
    person.compassion = strain.overnight(person.compassion, firm.compassion_recovery)
    of_work = motivation.conditions(unit) + bonds.belonging(person.tie, firm.bond_belonging)
    target = of_work if felt < 0.0 else motivation.grounds(of_work, felt, firm.motivation_service)
    target = leadership.motivated(target, unit.support, firm.support_motivation)
    target = clip(strain.motivation_left(target, person.strain, firm.strain_motivation))
    person.motivation = motivation.toward(person.motivation, target, firm.motivation_rate)


@stage
def people_move(firm, link, unit, manager, supply, employee, relation, unit_day):
    """What is left of managers' attention reaches the people; they move by a day, and each unit's means are taken."""
    for u in range(len(unit)):
        row = unit[u]
        row.attention_left = 0.0
        for m in range(row.first_manager, row.first_manager + row.managers):
            row.attention_left += max(0.0, manager[m].attention)
        row.support = leadership.support(row.advocacy, row.attention_left, row.span, row.staff)
        knowing = 0.0
        motivated = 0.0
        received = 0.0
        strained = 0.0
        feeling = 0.0
        for e in range(row.first_employee, row.first_employee + row.staff):
            person = employee[e]
            if person.status == VACANT:
                continue
            felt = service_received(link, supply, unit, employee, relation, e)
            person.service_received = felt
            feeling += person.compassion
            a_day_passes(firm, row, person, felt)
            knowing += person.knowledge
            motivated += person.motivation
            received += felt
            strained += person.strain
        today = unit_day[u]
        if row.filled > 0:
            row.mean_knowledge = knowing / row.filled
            row.mean_motivation = motivated / row.filled
            row.mean_strain = strained / row.filled
            today.compassion = feeling / row.filled
        today.service_received = received / row.filled if row.filled > 0 else -1.0
        today.knowledge = row.mean_knowledge
        today.motivation = row.mean_motivation
        today.strain = row.mean_strain
        today.support = row.support
        today.attention_left = row.attention_left / row.managers if row.managers > 0 else 0.0
        today.present = row.present
        today.queued = row.queued
        today.pressure = row.pressure
        today.on_ladder = row.on_ladder


@stage
def units_move(firm, unit, unit_day):
    """Let the internal standard erode, and what was learnt from failures take effect."""
    for u in range(len(unit)):
        row = unit[u]
        row.standard = pressure.standard_after(
            row.standard, row.time_factor, firm.standard_erosion, firm.standard_recovery
        )  # fmt: skip
        row.lessons = lessons.lessons_after(
            row.lessons, row.feedback, row.staff, firm.lesson_gain, firm.most_lessons, firm.lesson_fade
        )
        row.feedback = 0.0
        unit_day[u].standard = row.standard
        unit_day[u].lessons = row.lessons


@stage
def links_move(firm, unit, link, unit_day, link_day):
    """Let regard and hostility of suppliers toward their clients move."""
    for edge in range(len(link)):
        one = link[edge]
        if one.client_unit == NOBODY:
            continue
        trust = service.supplier_trust(link, edge)
        one.regard = reciprocity.regard_after(one.regard, trust, firm.regard_rate)
        blamed = min(1.0, link_day[edge].blamed / max(1, unit_day[one.client_unit].served))
        one.hostility = rivalry.hostility_after(
            one.hostility, one.rivalry, blamed, firm.rivalry_growth, firm.rivalry_fade, one.bridge, firm.bridge_blame
        )
        link_day[edge].regard = one.regard
        link_day[edge].hostility = one.hostility
        link_day[edge].bridge = one.bridge


@stage
def customers_talk(firm, link, segment, link_day, segment_day):
    """Write down how clients feel at the end of the day; let what customers said move the firm's reputation."""
    for edge in range(len(link)):
        link_day[edge].seen = link[edge].seen
        if link[edge].clients > 0:
            link_day[edge].satisfaction = link[edge].satisfaction_sum / link[edge].clients
            link_day[edge].trust = link[edge].trust_sum / link[edge].clients
    for s in range(len(segment)):
        row = segment[s]
        if row.talkers > 0.0:
            row.reputation = loyalty.reputation_after(row.reputation, row.talk / row.talkers, firm.reputation_memory)
        row.talk = 0.0
        row.talkers = 0.0
        day = segment_day[s]
        day.active = row.active
        day.promoters = row.promoters
        day.detractors = row.detractors
        day.satisfaction = row.satisfaction_sum / row.active if row.active > 0 else np.nan
        day.reputation = row.reputation
        day.market = row.market


@stage
def close(
    clock, keys, firm, unit, link, segment, supply, employee, manager, relation, bond, problem, roster, link_days, link_day,
    unit_day, segment_day, firm_day,
):  # fmt: skip
    """Let everything move that moves once a day, in the order of the day."""
    voice.evening(clock, keys, firm, unit, employee, manager, problem, unit_day, firm_day)
    people_move(firm, link, unit, manager, supply, employee, relation, unit_day)
    bonds.evening(firm, unit, link, employee, bond)
    units_move(firm, unit, unit_day)
    links_move(firm, unit, link, unit_day, link_day)
    for u in range(len(unit)):
        unit_day[u].filled = unit[u].filled
    turnover.evening(clock, keys, firm, unit, employee, bond, roster, unit_day, firm_day)
    partners.evening(clock, keys, firm, unit, link, supply, employee, relation, link_day, unit_day, firm_day)
    surveys.publish(clock, firm, link, link_days)
    budget.close_books(firm, unit, link, employee, unit_day, link_day, segment_day, firm_day)
    firm_day.on_ladder = firm.on_ladder
    firm_day.general_left = firm.general_left
    customers_talk(firm, link, segment, link_day, segment_day)
