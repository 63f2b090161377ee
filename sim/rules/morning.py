"""The morning: what holds for the day is derived once, from levers and from how things stood last evening."""

import numpy as np

from sim.compiled import part, rule, stage
from sim.population import CONTRACTOR, NOBODY
from sim.rules import (
    aftermath,
    alignment,
    budget,
    care,
    customers,
    encounter,
    latent,
    leadership,
    motivation,
    partners,
    pressure,
    queueing,
    reciprocity,
    rivalry,
    voice,
)


@part
def widest_fan(link, supply, first, supplies):
    """Return the most requests that one case of a client, or one newcomer, can make of these inbound links."""
    for_a_case = 0
    for_a_hire = 0
    for place in range(supplies):
        one = link[supply[first + place]]
        for_a_case += int(np.ceil(one.requests_per_case)) + 1
        for_a_hire += int(np.ceil(one.requests_per_hire)) + 1
    return max(for_a_case, for_a_hire)


@rule
def means_of_work(firm, unit):
    """Derive the tools and the training that a unit has today, with what its managers (B5) and the firm (D4) add."""
    unit.tools_now = leadership.tools(unit.tools, unit.support, firm.support_tools)
    unit.training_now = unit.training
    if unit.kind == CONTRACTOR:
        unit.tools_now = partners.tools(unit.tools_now, unit.partner_support, firm.partner_tools)
        unit.training_now = min(0.9, unit.training + unit.partner_support * firm.partner_training)


@rule
def under_pressure(firm, unit):
    """Derive backlog, work pressure and what they do to time per request; the backlog is measured by the internal standard."""
    mean = queueing.mean_working_time(unit, firm.hours_per_day)
    unit.backlog_days = unit.queued * mean * unit.standard / max(1, unit.filled)
    unit.mean_promise = unit.promised_flow / unit.flow if unit.flow > 0.0 else 1.0
    unit.pressure = pressure.work_pressure(unit.backlog_days, unit.mean_promise)
    unit.slack = pressure.slack(unit.backlog_days, unit.mean_promise)
    unit.time_factor = unit.standard * pressure.time_per_request(
        unit.pressure, unit.slack, firm.speed_up, firm.slow_down
    )  # fmt: skip


@rule
def whole_unit(firm, unit, day, heads, heads_facing):
    """Derive what holds today for all work of a unit: pace, odds of an error, warmth, hidden faults."""
    bought = budget.effect(
        budget.spent_per_person(firm.service_budget, firm.front_share, unit.facing, heads, heads_facing),
        firm.budget_half,
    )
    in_crisis = day < unit.crisis_until
    unit.pace = (
        pressure.pace(unit.pressure, unit.slack, unit.standard, firm.speed_up, firm.work_intensity, firm.slow_down)
        + alignment.pace(unit.alignment, firm.target_speed)
        + latent.pace(unit.haste)
        - firm.budget_speed * bought
        + (firm.crisis_time if in_crisis else 0.0)
    )
    unit.log_odds = (
        pressure.corners_cut(unit.time_factor, firm.corner_cutting)
        + alignment.errors(unit.alignment, firm.target_errors)
        + voice.harm(unit.severity, unit.staff, firm.problem_harm)
        + (firm.crisis_harm if in_crisis else 0.0)
        - unit.lessons
        - firm.budget_errors * bought
    )
    unit.warmth = 1.0
    if unit.kind == CONTRACTOR:
        unit.log_odds += partners.errors(firm, unit)
        unit.warmth = partners.warmth(firm, unit)
    unit.latent = latent.share_hidden(unit.latent_rate, unit.haste, firm.latent_haste, unit.lessons)


@stage
def begin(clock, firm, unit, link, segment, supply, day_ring, later_ring):
    """Take up the day: pressure, working times, what managers and money add, care for clients; whose need is due."""
    heads = 0
    heads_facing = 0
    for u in range(len(unit)):
        unit[u].flow = 0.0
        unit[u].promised_flow = 0.0
        unit[u].facing = 0
    for edge in range(len(link)):
        one = link[edge]
        encounter.weigh(one)
        unit[one.supplier].flow += one.flow
        unit[one.supplier].promised_flow += one.flow * one.promise_days
        if one.client_segment != NOBODY:
            unit[one.supplier].facing = 1
        mutual = care.lean(one.internal_service)
        if one.mirror != NOBODY:
            mutual = reciprocity.care(mutual, one.regard, one.first_regard, firm.reciprocity)
        one.care = rivalry.care(mutual, one.hostility, firm.rivalry_care)
    clock.max_fan = aftermath.MOST_REQUESTS
    for s in range(len(segment)):
        row = segment[s]
        customers.prepare(unit, link, supply, row, clock.day)
        clock.max_fan = max(clock.max_fan, widest_fan(link, supply, row.first_supply, row.supplies) + 1)
    for u in range(len(unit)):
        row = unit[u]
        clock.max_fan = max(clock.max_fan, widest_fan(link, supply, row.first_supply, row.supplies) + 1)
        heads += row.staff
        heads_facing += row.staff * row.facing
    for u in range(len(unit)):
        row = unit[u]
        means_of_work(firm, row)
        queueing.prepare_working_time(row, firm.hours_per_day)
        under_pressure(firm, row)
        whole_unit(firm, row, clock.day, heads, heads_facing)
        row.recognition_received = motivation.recognition_received(
            row.recognition, row.span, row.attention_left, row.staff
        )
    clock.bridged = 0
    for edge in range(len(link)):
        if link[edge].cross_training > 0.0 and link[edge].client_unit != NOBODY:
            clock.bridged = 1
    bucket = clock.day & (len(day_ring) - 1)
    clock.due = day_ring[bucket]
    day_ring[bucket] = NOBODY
    bucket = clock.day & (len(later_ring) - 1)
    clock.later_due = later_ring[bucket]
    later_ring[bucket] = NOBODY
    clock.post_in_hand = 0
