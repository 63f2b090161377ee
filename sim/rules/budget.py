"""F1: money. One budget for service, outside or inside; and the books of every day.

What is spent per person on better service works with diminishing returns, B / (B + B_half), on whoever it is spent on. Units
that face customers share one part of the budget by heads, all others the rest, so that where the next unit of money does most
depends on where the last one went. Forms: no source, modelling choices.
"""

from sim.compiled import rule, stage
from sim.levers import DAYS_PER_YEAR
from sim.population import CONTRACTOR, NOBODY, TEMPORARY

_DAYS = float(DAYS_PER_YEAR)


@rule
def spent_per_person(budget, front_share, facing, heads, heads_facing):
    """Return B, a year's spending per person: the budget of the whole firm, one part by heads here, one part there.

    A firm in which everybody, or nobody, faces customers spends all of it on everybody.
    """
    if heads_facing == 0 or heads_facing == heads:
        return budget
    if facing == 1:
        return budget * front_share * heads / heads_facing
    return budget * (1.0 - front_share) * heads / (heads - heads_facing)


@rule
def effect(spent, half):
    """Return B / (B + B_half), from 0 to 1. Neutral: B = 0."""
    return spent / (spent + half)


@rule
def pay(unit_day, firm, cost):
    """Book a cost of a unit; which kind it is, the caller adds."""
    unit_day.cost += cost
    firm.cash -= cost


@stage
def close_books(firm, unit, link, employee, unit_day, link_day, segment_day, firm_day):
    """Book what the day cost beside what was booked when it happened, and take the profit."""
    heads = 0
    heads_facing = 0
    for u in range(len(unit)):
        heads += unit[u].staff
        heads_facing += unit[u].staff * unit[u].facing
    for u in range(len(unit)):
        row = unit[u]
        temporary = 0
        for e in range(row.first_employee, row.first_employee + row.staff):
            if employee[e].status == TEMPORARY:
                temporary += 1
        yearly = row.wage * (row.filled - temporary + temporary * firm.temporary_premium)
        if row.kind == CONTRACTOR:
            fee = yearly * row.fee / _DAYS
            support = (
                row.partner_support * firm.partner_support_cost + row.partnership * firm.partnership_cost
            ) / _DAYS
            firm_day.fees += fee
            firm_day.programmes += support * row.staff
            pay(unit_day[u], firm, fee + support * row.staff)
        else:
            wages = (yearly + row.managers * row.manager_wage) / _DAYS
            firm_day.wages += wages
            pay(unit_day[u], firm, wages)
        training = row.training_now * row.filled * firm.training_cost
        responsibility = (
            (firm.company_agreement + firm.responsibility_training) * firm.responsibility_cost * row.staff / _DAYS
        )
        spent = spent_per_person(firm.service_budget, firm.front_share, row.facing, heads, heads_facing)
        budget = spent * row.staff / _DAYS
        shared = firm.platform * firm.platform_cost * row.staff / _DAYS
        firm_day.training += training
        firm_day.programmes += responsibility + shared
        firm_day.service_budget += budget
        pay(unit_day[u], firm, training + responsibility + budget + shared)
    for edge in range(len(link)):
        one = link[edge]
        surveys = link_day[edge].answers * firm.survey_cost
        firm_day.surveys += surveys
        pay(unit_day[one.supplier], firm, surveys)
        if one.client_unit != NOBODY:
            people = unit[one.supplier].staff + unit[one.client_unit].staff
            bridges = (
                one.gatherings * firm.gathering_cost + one.cross_training * firm.cross_training_cost
            ) * people / _DAYS  # fmt: skip
            firm_day.programmes += bridges
            pay(unit_day[one.supplier], firm, bridges)
    firm_day.profit = (
        firm_day.revenue
        - firm_day.wages
        - firm_day.fees
        - firm_day.hiring
        - firm_day.training
        - firm_day.redress
        - firm_day.crises
        - firm_day.programmes
        - firm_day.surveys
        - firm_day.service_budget
    )
