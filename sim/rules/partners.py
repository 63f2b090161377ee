"""D1 to D4, D7: contractors. Chosen, agreed with, measured, supported, treated as partners, kept or replaced.

A contractor is a unit whose people serve by the same rules as everybody else. What is its own: quality (drawn when it is
chosen), clarity of expectations (which fades unless reviewed), effort (which follows measurement and commitment), and
commitment (brought along, and following partnership, trust in the firm, and the fee). How committed a contractor is shows in
no interview, only in how it serves; whoever measures that can part with it when its contract ends. Directions: Morgan & Hunt
1994 (doi:10.1177/002224299405800302) for trust and commitment; the forms: no source, modelling choices.
"""

import numpy as np

from sim import draws
from sim.compiled import part, rule, stage
from sim.population import CONTRACTOR, PERMANENT
from sim.portable import log, normal_quantile
from sim.rules import motivation, turnover
from sim.rules.encounter import clip

SELECT, MEASURE = int(draws.Purpose.SELECT), int(draws.Purpose.MEASURE)
ORDINARY_CLARITY = 0.6
"""Clarity of expectations at which error rates are those of the organisation file."""
ORDINARY_COMMITMENT = 0.6
"""Commitment at which error rates are those of the organisation file."""
LAST_DRAW = 127
"""Which draw about a contractor, after those for the candidates, decides its commitment."""
DAYS_BETWEEN_MEASUREMENTS = 5.0
"""Working days between two measurements where measurement is 1."""
SCORE_MEMORY = 0.05
"""Weight of the newest day in the quality that a contractor gives."""
RECORD_MEMORY = 0.2
"""Weight of the newest measurement in what management goes by, once there are enough of them."""


@rule
def candidates(most, effort):
    """Return how many contractors are looked at: one without effort, n with full effort (D1)."""
    return 1 + int(np.floor(effort * (most - 1.0) + 0.5))


@rule
def choose(keys, key, number, spread, most, effort, noise):
    """Return the quality q of the contractor chosen, as a deviation from the usual: that of the candidate who looks best.

    Qualities are normal with standard deviation s; candidate i looks like q_i + (1 - e) m s z_i, with effort e and m the error
    of judgement without effort. More effort looks at more candidates, and more closely (D1). Neutral: s = 0.
    """
    if spread == 0.0:
        return 0.0
    best_look = -1.0e9
    best = 0.0
    for one in range(candidates(most, effort)):
        when = 128 * int(number) + 2 * one
        quality = spread * normal_quantile(draws.uniform(keys[SELECT], key, when))
        look = quality + (1.0 - effort) * noise * spread * normal_quantile(draws.uniform(keys[SELECT], key, when + 1))
        if look > best_look:
            best_look = look
            best = quality
    return best


@rule
def own_commitment(keys, key, number, spread):
    """Return s z: how much more committed to serving than usual a contractor is when it comes (D7). Neutral: s = 0."""
    if spread == 0.0:
        return 0.0
    return spread * normal_quantile(draws.uniform(keys[SELECT], key, 128 * int(number) + LAST_DRAW))


@rule
def start(keys, firm, unit, day):
    """Give a contractor that has just been chosen its quality, its agreement, its best effort, and its commitment."""
    unit.partner_quality = choose(
        keys, unit.key, unit.partner_number, firm.partner_spread, firm.candidates, unit.selection_effort,
        firm.selection_noise,
    )  # fmt: skip
    unit.contract_start = day
    unit.clarity = unit.agreement
    unit.effort = 1.0
    unit.partner_commitment = own_commitment(keys, unit.key, unit.partner_number, firm.commitment_spread)
    unit.committed = clip(unit.commitment + unit.partner_commitment)
    unit.selection_bill = firm.selection_cost * unit.selection_effort
    unit.measured = 0
    unit.true_score = -1.0
    unit.seen_score = -1.0


@rule
def clarity_after(clarity, fade):
    """Return c (1 - f): clear expectations fade in a day unless the agreement is reviewed (D2). Neutral: f = 0."""
    return clarity * (1.0 - fade)


@rule
def effort_after(effort, measurement, committed, rate):
    """Return e + r (m + (1 - m) c - e): effort follows being measured m, or else commitment c (D3). Neutral: r = 0."""
    return effort + rate * (measurement + (1.0 - measurement) * committed - effort)


@rule
def commitment_after(committed, brought, partnership, trust, fee, gain, fee_gain, rate):
    """Return c + r (c* - c), c* = c0 + g p T + f ln(fee), held between 0 and 1: partnership works through trust T (D7).

    Neutral: g = 0, f = 0.
    """
    return committed + rate * (clip(brought + gain * partnership * trust + fee_gain * log(fee)) - committed)


@rule
def record_after(seen, score, measured):
    """Return what management goes by after measurement n of a contractor: the mean of the first five, then a moving one (D3).

    s + max(1 / n, 0.2) (x - s), x being the score just measured.
    """
    return score if measured == 1 else seen + max(1.0 / measured, RECORD_MEMORY) * (score - seen)


@rule
def tools(there, support, effect):
    """Return t + k s (1 - t): tools with those that the firm supplies (D4). Neutral: s = 0."""
    return there + effect * support * (1.0 - there)


@rule
def errors(firm, unit):
    """Return the rise in the log odds of an error: a (0.6 - clarity) + b (1 - effort) + c (0.6 - commitment) - d q.

    Neutral: all coefficients 0.
    """
    return (
        firm.clarity_errors * (ORDINARY_CLARITY - unit.clarity)
        + firm.effort_errors * (1.0 - unit.effort)
        + firm.commitment_errors * (ORDINARY_COMMITMENT - unit.committed)
        - firm.partner_errors * unit.partner_quality
    )


@rule
def warmth(firm, unit):
    """Return (1 + a (clarity - 0.6)) (1 + b (commitment - 0.6)), a factor on empathy. Neutral: a = b = 0."""
    return (1.0 + firm.clarity_empathy * (unit.clarity - ORDINARY_CLARITY)) * (
        1.0 + firm.commitment_empathy * (unit.committed - ORDINARY_COMMITMENT)
    )


@rule
def every(day, start_day, period):
    """Tell whether something that comes round every ``period`` days since ``start_day`` falls on this day; 0 is never."""
    if period <= 0.0:
        return False
    before = np.floor((day - start_day) / period)
    return np.floor((day + 1.0 - start_day) / period) > before


@part
def trust_in_firm(link, supply, unit):
    """Return the mean trust of a contractor's people in the departments that serve it, or -1 where none does."""
    total = 0.0
    clients = 0
    for place in range(unit.supplies):
        edge = supply[unit.first_supply + place]
        total += link[edge].trust_sum
        clients += link[edge].clients
    return total / clients if clients > 0 else -1.0


@rule
def fits(unit):
    """Tell whether a contractor is kept when its contract ends: it was measured, and not below `keep_score`. Neutral: 0."""
    return unit.keep_score == 0.0 or unit.measured == 0 or unit.seen_score >= unit.keep_score


@rule
def new_person(keys, unit, person):
    """Let somebody of the contractor that has just been chosen take a post: as able as it is, ordinarily motivated."""
    person.key = draws.bits(keys[SELECT], person.post, np.uint64(unit.partner_number))
    person.knowledge = clip(unit.knowledge + unit.partner_quality)
    if unit.knowledge_spread > 0.0:
        chance = draws.uniform(keys[SELECT], person.key, 0)
        person.knowledge = clip(person.knowledge + unit.knowledge_spread * normal_quantile(chance))
    person.motivation = motivation.ORDINARY_MOTIVATION


@stage
def evening(clock, keys, firm, unit, link, supply, employee, relation, link_day, unit_day, firm_day):
    """Let agreements fade and be reviewed, effort and commitment move, quality be measured, and contracts end."""
    day = float(clock.day)
    for u in range(len(unit)):
        row = unit[u]
        if row.kind != CONTRACTOR:
            continue
        cost = 0.0
        quality = 0.0
        encounters = 0
        for edge in range(len(link)):
            if link[edge].supplier == u:
                quality += link_day[edge].quality
                encounters += link_day[edge].encounters
        if encounters > 0:
            quality /= encounters
            first = row.true_score < 0.0
            row.true_score = quality if first else row.true_score + SCORE_MEMORY * (quality - row.true_score)
        row.clarity = clarity_after(row.clarity, firm.clarity_fade)
        if every(day, row.contract_start, row.review_days):
            row.clarity = row.agreement
            cost += firm.review_cost
        row.effort = effort_after(row.effort, row.measurement, row.committed, firm.effort_rate)
        trust = trust_in_firm(link, supply, row)
        row.committed = commitment_after(
            row.committed, row.commitment + row.partner_commitment, row.partnership, trust if trust >= 0.0 else 0.5, row.fee,
            firm.partnership_gain, firm.fee_gain, firm.commitment_rate,
        )  # fmt: skip
        if row.measurement > 0.0 and every(day, row.contract_start, DAYS_BETWEEN_MEASUREMENTS / row.measurement):
            cost += firm.measurement_cost
            if row.true_score >= 0.0:
                error = firm.measurement_noise * normal_quantile(draws.uniform(keys[MEASURE], row.key, clock.day))
                row.measured += 1
                row.seen_score = record_after(row.seen_score, clip(row.true_score + error), row.measured)
        if every(day, row.contract_start, row.contract_days) and not fits(row):
            row.partner_number += 1
            start(keys, firm, row, day + 1.0)
            for e in range(row.first_employee, row.first_employee + row.staff):
                if employee[e].status == PERMANENT:
                    new_person(keys, row, employee[e])
                    turnover.blank(employee[e], day + 1.0)
                    turnover.meet_suppliers(firm, unit, link, supply, employee, relation, e, day + 1.0)
        cost += row.selection_bill
        row.selection_bill = 0.0
        unit_day[u].clarity = row.clarity
        unit_day[u].effort = row.effort
        unit_day[u].committed = row.committed
        unit_day[u].true_score = row.true_score
        unit_day[u].seen_score = row.seen_score
        unit_day[u].partner_quality = row.partner_quality
        unit_day[u].partner_number = row.partner_number
        unit_day[u].cost += cost
        firm_day.programmes += cost
        firm.cash -= cost
