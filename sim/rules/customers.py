"""A1, E1, E7: the life of a customer: needs arise, go to somebody's door, and one stays, leaves, or comes anew.

A customer with nothing to do costs nothing: the next need is drawn ahead and kept in a calendar by day.
"""

import numpy as np

from sim import draws
from sim.compiled import part, rule
from sim.levers import DAYS_PER_YEAR
from sim.population import DEPARTMENT, NEED, NOBODY
from sim.portable import normal_quantile
from sim.rules import encounter, expectation, loyalty, market, queueing
from sim.rules.requests import free_customer
from sim.rules.service import count_customer, customer_key

NEXT, DOOR, RUSH = int(draws.Purpose.NEED), int(draws.Purpose.DOOR), int(draws.Purpose.RUSH)
START, STAY, JOIN = int(draws.Purpose.START), int(draws.Purpose.STAY), int(draws.Purpose.JOIN)
_DAYS = float(DAYS_PER_YEAR)
NEVER = 1.0e9
"""Days until the next need of a customer who never needs anything."""


@part
def prepare(unit, link, supply, segment, day):
    """Derive what a segment has today: mean gap between needs, hazard of leaving, what competitors offer, the firm's office.

    Nobody needs anything where the rate is 0. The office to which customers turn with a claim is the department most of them
    go to.
    """
    segment.mean_gap = _DAYS / segment.needs_per_year if segment.needs_per_year > 0.0 else NEVER
    segment.hazard = loyalty.hazard_at_a_need(segment.churn, segment.needs_per_year)
    segment.market = market.quality(segment.market_quality, segment.market_pace, day)
    segment.office = NOBODY
    for place in range(segment.supplies):
        edge = supply[segment.first_supply + place]
        if unit[link[edge].supplier].kind == DEPARTMENT and (
            segment.office == NOBODY or link[edge].requests_per_case > link[segment.office].requests_per_case
        ):
            segment.office = edge


@rule
def until_next_need(keys, segment, who, needs):
    """Return the working days until a customer's next need: exponential, so that needs are a Poisson process."""
    return draws.exponential(draws.uniform(keys[NEXT], who, needs)) * segment.mean_gap


@part
def remember_need(customer, day_ring, c):
    """File a customer under the day of the next need; a need beyond the ring's end is filed again as it comes round."""
    bucket = int(customer[c].next_need) & (len(day_ring) - 1)
    customer[c].next = day_ring[bucket]
    day_ring[bucket] = c


@part
def usual_gap(link, supply, segment):
    """Return the mean satisfaction gap of a segment's doors, weighted by requests per case."""
    total = 0.0
    weight = 0.0
    for place in range(segment.supplies):
        one = link[supply[segment.first_supply + place]]
        total += one.requests_per_case * one.satisfaction_gap
        weight += one.requests_per_case
    return total / weight if weight > 0.0 else 0.0


@part
def start(keys, firm, segment, link, supply, s, row, now):
    """Give a new customer a first state: expectations around those of the links, satisfied as expected."""
    who = customer_key(segment[s], row.ordinal)
    expected = 0.0
    weight = 0.0
    for place in range(segment[s].supplies):
        one = link[supply[segment[s].first_supply + place]]
        expected += one.requests_per_case * one.expectation
        weight += one.requests_per_case
    # Where an intervention keeps everybody from asking, newcomers expect what the first link is known for.
    expected = expected / weight if weight > 0.0 else link[supply[segment[s].first_supply]].expectation
    spread = firm.expectation_spread
    if spread > 0.0:
        expected = encounter.clip(expected + spread * normal_quantile(draws.uniform(keys[START], who, 0)))
    row.expected_outcome = expected
    row.expected_process = expected
    row.satisfaction = expected
    row.trust = expected
    row.touched = now
    row.loss = 0.0
    row.unresolved = 0
    row.recovered = 0
    row.baggage = 0.0
    if segment[s].baggage_spread > 0.0:
        row.baggage = segment[s].baggage_spread * normal_quantile(draws.uniform(keys[START], who, 5))
    row.unsatisfiable = 0
    if segment[s].unsatisfiable > 0.0 and draws.uniform(keys[START], who, 6) < segment[s].unsatisfiable:
        row.unsatisfiable = 1
    row.encounters = 0
    row.needs = 0
    row.open = 0
    row.active = 1
    row.next_need = now + until_next_need(keys, segment[s], who, 0)


@part
def leave_or_ask(
    clock, keys, firm, link, segment, supply, customer, request, slot_ring, day_ring, link_day, segment_day, firm_day, c
):
    """A need arises: the customer goes elsewhere, or asks at one of the segment's doors.

    Doors are chosen by systematic sampling over ``requests_per_case``: with one uniform u, door i gets
    floor(C_i + u) - floor(C_(i-1) + u) requests, C being the running sum. A sum of 1 means exactly one door.
    """
    row = customer[c]
    s = row.segment
    who = customer_key(segment[s], row.ordinal)
    when = row.needs
    needed = row.next_need
    attachment = market.attachment(
        loyalty.loyalty(row.satisfaction, row.trust, firm.trust_loyalty), segment[s].market_quality, segment[s].market,
        firm.market_pull,
    )  # fmt: skip
    leaving = loyalty.leaving_probability(segment[s].hazard, attachment, firm.churn_sensitivity)
    segment_day[s].needs += 1
    if leaving > 0.0 and draws.uniform(keys[STAY], who, when) < leaving:
        row.active = 0
        segment[s].active -= 1
        segment_day[s].left += 1
        count_customer(segment[s], row.satisfaction, -1)
        if row.open == 0:
            free_customer(clock, customer, c)
        return

    rate = firm.promise_effect
    if rate > 0.0:
        promised = segment[s].promised_quality
        row.expected_outcome = expectation.hear_promise(row.expected_outcome, promised, rate)
        row.expected_process = expectation.hear_promise(row.expected_process, promised, rate)
    rushed = segment[s].rush_share > 0.0 and draws.uniform(keys[RUSH], who, when) < segment[s].rush_share
    reached = draws.uniform(keys[DOOR], who, when)
    for place in range(segment[s].supplies):
        edge = supply[segment[s].first_supply + place]
        before = int(np.floor(reached))
        reached += link[edge].requests_per_case
        for copy in range(int(np.floor(reached)) - before):
            key = draws.bits(keys[NEXT], who ^ link[edge].key, np.uint64(when) * np.uint64(1 << 16) + np.uint64(copy))
            r = queueing.new_request(
                clock, request, link_day, key, c, edge, link[edge].supplier, NOBODY, needed, rushed, NEED
            )
            if rushed:
                request[r].agreed = 1
                link_day[edge].rush_agreed += 1
            row.open += 1
            queueing.put_in_calendar(request, slot_ring, r, queueing.boundary_after(needed, clock.slots_per_day))
    revenue = segment[s].revenue_per_need * (1.0 + segment[s].overpromise_sales * segment[s].overpromise)
    segment_day[s].revenue += revenue
    firm_day.revenue += revenue
    firm.cash += revenue
    row.needs += 1
    row.next_need = needed + until_next_need(keys, segment[s], who, row.needs)
    if row.next_need >= clock.day + 1:
        remember_need(customer, day_ring, c)
    else:
        row.next = clock.due
        clock.due = c


@rule
def arrivals(keys, firm, segment, s, day):
    """Return how many new customers come to a segment today: Poisson around the rate that its reputation brings."""
    mean = loyalty.newcomers_per_day(
        segment[s].start_size, segment[s].new_customers, segment[s].reputation, firm.word_of_mouth
    )
    return draws.poisson(draws.uniform(keys[JOIN], segment[s].key, day), mean) if mean > 0.0 else 0


@part
def join(clock, keys, firm, link, segment, supply, customer, day_ring, segment_day, s):
    """Let one new customer join segment ``s``, in a row that the caller has made sure is free."""
    c = clock.free_customer
    clock.free_customer = customer[c].next
    clock.free_customers -= 1
    row = customer[c]
    row.segment = s
    row.ordinal = segment[s].joined
    start(keys, firm, segment, link, supply, s, row, float(clock.day + 1))
    remember_need(customer, day_ring, c)
    segment[s].joined += 1
    segment[s].active += 1
    segment_day[s].joined += 1
    count_customer(segment[s], row.satisfaction, 1)
