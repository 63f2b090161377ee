"""The order of one working day, as one compiled loop that can stop to have a pool grown and go on where it stopped."""

import numpy as np

from sim.compiled import borrowed, kernel, prefetch, rule
from sim.population import NOBODY
from sim.rules import customers, encounter, knowledge, loyalty, motivation, pressure, queueing, requests

MORNING, NEEDS, MAIL, EVENTS, JOINS = range(5)
DAY_DONE, MORE_REQUESTS, MORE_CUSTOMERS, MORE_JOURNAL = range(4)


@rule
def widest_fan(link, supply, first, supplies):
    """Return the most requests that one case of a client with these inbound links can make."""
    most = 0
    for place in range(supplies):
        most += int(np.ceil(link[supply[first + place]].requests_per_case)) + 1
    return most


@rule
def morning(clock, firm, unit, link, segment, supply, manager, day_ring):
    """Take up the day: work pressure, working times, managers' attention; whose need is due."""
    for u in range(len(unit)):
        unit[u].flow = 0.0
        unit[u].promised_flow = 0.0
    for edge in range(len(link)):
        encounter.weigh(link[edge])
        unit[link[edge].supplier].flow += link[edge].flow
        unit[link[edge].supplier].promised_flow += link[edge].flow * link[edge].promise_days
    clock.max_fan = 1
    for s in range(len(segment)):
        customers.prepare(segment[s])
        clock.max_fan = max(clock.max_fan, widest_fan(link, supply, segment[s].first_supply, segment[s].supplies) + 1)
    for u in range(len(unit)):
        row = unit[u]
        clock.max_fan = max(clock.max_fan, widest_fan(link, supply, row.first_supply, row.supplies) + 1)
        queueing.prepare_working_time(row, firm.hours_per_day)
        row.backlog_days = row.queued * queueing.mean_working_time(row, firm.hours_per_day) / row.staff
        row.mean_promise = row.promised_flow / row.flow if row.flow > 0.0 else 1.0
        row.pressure = pressure.work_pressure(row.backlog_days, row.mean_promise)
        row.time_factor = pressure.time_per_request(row.pressure, firm.speed_up)
        row.pace = pressure.pace(row.pressure, firm.speed_up, firm.work_intensity)
        row.recognition_received = 0.0
    for m in range(len(manager)):
        row = unit[manager[m].unit]
        manager[m].attention = min(1.0, row.span * row.managers / row.staff)
        row.recognition_received = motivation.recognition_received(row.recognition, row.span, row.managers, row.staff)
    bucket = clock.day & (len(day_ring) - 1)
    clock.due = day_ring[bucket]
    day_ring[bucket] = NOBODY


@rule
def take_mail(clock, slot_ring):
    """Take what the calendar holds for this boundary."""
    bucket = clock.slot & (len(slot_ring) - 1)
    clock.worklist = slot_ring[bucket]
    slot_ring[bucket] = NOBODY


@rule
def fetch_ahead(request, customer, relation, r):
    """Ask the memory for what the next event ``r`` touches, and for the request after it."""
    if r == NOBODY:
        return
    prefetch(request, request[r].next)
    if request[r].parent == NOBODY:
        prefetch(customer, request[r].client)
    else:
        prefetch(request, request[r].parent)
        prefetch(relation, request[r].client)


@rule
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
def people_move(firm, link, unit, supply, employee, relation, unit_day):
    """In the evening knowledge and motivation move, and each unit's means are taken."""
    for u in range(len(unit)):
        row = unit[u]
        of_work = motivation.conditions(row)
        knowing = 0.0
        motivated = 0.0
        received = 0.0
        for e in range(row.first_employee, row.first_employee + row.staff):
            person = employee[e]
            person.knowledge = knowledge.after_a_day(firm, person.knowledge, row.training)
            felt = service_received(link, supply, unit, employee, relation, e)
            person.service_received = felt
            target = of_work if felt < 0.0 else motivation.grounds(of_work, felt, firm.motivation_service)
            person.motivation = motivation.toward(person.motivation, target, firm.motivation_rate)
            knowing += person.knowledge
            motivated += person.motivation
            received += felt
        row.mean_knowledge = knowing / row.staff
        row.mean_motivation = motivated / row.staff
        unit_day[u].knowledge = row.mean_knowledge
        unit_day[u].motivation = row.mean_motivation
        unit_day[u].service_received = received / row.staff
        unit_day[u].present = row.present
        unit_day[u].queued = row.queued
        unit_day[u].pressure = row.pressure


@rule
def close_books(firm, link, segment, link_day, segment_day):
    """Write down how clients feel at the end of the day; let what customers said move the firm's reputation."""
    for edge in range(len(link)):
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


@rule
def run_day(
    clocks, keys, firms, unit, queue, link, segment, supply, employee, manager, relation, customer, request, roster,
    sorting, slot_ring, day_ring, journal, link_days, unit_days, segment_days,
):  # fmt: skip
    """Run one working day, or go on with it, and return `DAY_DONE` or which pool has to grow first."""
    clock = clocks[0]
    firm = firms[0]
    link_day = link_days[clock.day]
    unit_day = unit_days[clock.day]
    segment_day = segment_days[clock.day]
    last_slot = (clock.day + 1) * clock.slots_per_day

    if clock.phase == MORNING:
        morning(clock, firm, unit, link, segment, supply, manager, day_ring)
        clock.phase = NEEDS

    if clock.phase == NEEDS:
        while clock.due != NOBODY:
            if clock.free_requests < clock.max_fan:
                return MORE_REQUESTS
            c = clock.due
            clock.due = customer[c].next
            prefetch(customer, clock.due)
            if customer[c].next_need >= clock.day + 1:
                customers.remember_need(customer, day_ring, c)
            else:
                customers.leave_or_ask(
                    clock, keys, firm, link, segment, supply, customer, request, slot_ring, day_ring, link_day,
                    segment_day, c,
                )  # fmt: skip
        clock.phase = MAIL

    while clock.slot < last_slot and clock.phase != JOINS:
        if clock.phase == MAIL:
            clock.now = clock.slot / clock.slots_per_day
            clock.until = (clock.slot + 1) / clock.slots_per_day
            take_mail(clock, slot_ring)
            clock.phase = EVENTS
        while clock.worklist != NOBODY:
            if clock.free_requests < clock.max_fan:
                return MORE_REQUESTS
            if len(journal) > 1 and clock.journal_rows >= len(journal):
                return MORE_JOURNAL
            r = clock.worklist
            clock.worklist = request[r].next
            fetch_ahead(request, customer, relation, clock.worklist)
            requests.handle(
                clock, keys, firm, unit, link, segment, supply, employee, relation, customer, request, slot_ring,
                journal, link_day, unit_day, r,
            )  # fmt: skip
        for u in range(len(unit)):
            requests.serve(
                clock, keys, firm, unit, link, queue, employee, request, roster, sorting, slot_ring, unit_day, u
            )
            unit_day[u].present_area += unit[u].present / clock.slots_per_day
        clock.slot += 1
        clock.phase = MAIL

    if clock.phase == MAIL:
        people_move(firm, link, unit, supply, employee, relation, unit_day)
        close_books(firm, link, segment, link_day, segment_day)
        clock.segment_in_hand = -1
        clock.joins_left = 0
        clock.phase = JOINS

    while clock.joins_left > 0 or clock.segment_in_hand < len(segment) - 1:
        if clock.joins_left == 0:
            clock.segment_in_hand += 1
            clock.joins_left = customers.arrivals(keys, firm, segment, clock.segment_in_hand, clock.day)
        else:
            if clock.free_customers == 0:
                return MORE_CUSTOMERS
            customers.join(
                clock, keys, firm, link, segment, supply, customer, day_ring, segment_day, clock.segment_in_hand
            )
            clock.joins_left -= 1

    clock.phase = MORNING
    clock.day += 1
    return DAY_DONE


@kernel
def run_until(
    day,
    clocks, keys, firms, unit, queue, link, segment, supply, employee, manager, relation, customer, request, roster,
    sorting, slot_ring, day_ring, journal, link_days, unit_days, segment_days,
):  # fmt: skip
    """Run working days until ``day`` dawns, and return `DAY_DONE` or which pool has to grow first.

    Every array is changed in place. The loop keeps its own place in ``clocks[0]``, so that it can return in the middle.
    """
    unit, queue, link, segment, supply = (
        borrowed(unit), borrowed(queue), borrowed(link), borrowed(segment), borrowed(supply)
    )  # fmt: skip
    employee, manager, relation, customer, request = (
        borrowed(employee), borrowed(manager), borrowed(relation), borrowed(customer), borrowed(request)
    )  # fmt: skip
    keys, roster, sorting, slot_ring, day_ring, journal = (
        borrowed(keys), borrowed(roster), borrowed(sorting), borrowed(slot_ring), borrowed(day_ring), borrowed(journal)
    )  # fmt: skip
    link_days, unit_days, segment_days = borrowed(link_days), borrowed(unit_days), borrowed(segment_days)
    while clocks[0].day < day:
        wanted = run_day(
            clocks, keys, firms, unit, queue, link, segment, supply, employee, manager, relation, customer, request,
            roster, sorting, slot_ring, day_ring, journal, link_days, unit_days, segment_days,
        )  # fmt: skip
        if wanted != DAY_DONE:
            return wanted
    return DAY_DONE
