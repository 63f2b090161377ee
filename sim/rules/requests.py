"""A1, A3, A4: the life of a request. It arrives, forks, waits for its inputs, is worked on, is passed on or closed."""

import numpy as np

from sim import draws
from sim.compiled import rule
from sim.population import AHEAD, ARRIVED, NOBODY, ORDINARY, QUEUED, RESTING, SERVED, WAITING
from sim.rules import care, encounter, knowledge, loyalty, motivation, pressure, queueing, rush, weak_links

# Constants, so that compiled code holds plain numbers.
FORK, ASKER, WORK = int(draws.Purpose.FORK), int(draws.Purpose.ASKER), int(draws.Purpose.WORK)
PAUSE, PAUSE_LENGTH = int(draws.Purpose.PAUSE), int(draws.Purpose.PAUSE_LENGTH)
ERROR, BREAK, REOPEN = int(draws.Purpose.ERROR), int(draws.Purpose.BREAK), int(draws.Purpose.REOPEN)
PASS_ON, CARE, WILLING = int(draws.Purpose.PASS_ON), int(draws.Purpose.CARE), int(draws.Purpose.WILLING)

MOST_VISITS = 200
"""A case handed on or sent back this often stays where it is: an end for chains that pass everything on."""
_VISIT = np.uint64(1 << 16)


@rule
def visits(row):
    """Return how often the case changed hands or was sent back: which time a decision about it is taken."""
    return int(row.handovers) + int(row.reopened)


@rule
def open_request(clock, request, link_day, key, client, link_index, unit_index, parent, opened, rushed):
    """Open a request over a link and return its row."""
    r = queueing.take_row(clock, request)
    row = request[r]
    row.key = key
    row.client = client
    row.link = link_index
    row.unit = unit_index
    row.parent = parent
    row.waiting_for = 0
    row.server = NOBODY
    row.state = ARRIVED
    row.queue_class = AHEAD if rushed else ORDINARY
    row.rush = 1 if rushed else 0
    row.agreed = 0
    row.handovers = 0
    row.reopened = 0
    row.broken = 0
    row.opened = opened
    row.entered = opened
    row.ready = opened
    row.finish = opened
    row.bound = 1.0
    link_day[link_index].opened += 1
    if rushed:
        link_day[link_index].rush += 1
    return r


@rule
def supplier_trust(unit, link, edge):
    """Return how far the supplier of link ``edge`` trusts its client: as it is served by it, or its goodwill."""
    mirror = link[edge].mirror
    if mirror != NOBODY and link[mirror].clients > 0:
        return link[mirror].trust_sum / link[mirror].clients
    return link[edge].goodwill


@rule
def ask_inside(clock, keys, firm, unit, link, supply, employee, request, link_day, r, now):
    """Let case ``r`` make its internal requests; they go to the worklist. Return how many it waits for.

    A case asks supplier i for ``requests_per_case`` requests on average: the whole number below or above, at random.
    """
    u = request[r].unit
    when = visits(request[r])
    made = 0
    for place in range(unit[u].supplies):
        edge = supply[unit[u].first_supply + place]
        mean = link[edge].requests_per_case
        if mean == 0.0:
            continue
        chance = draws.uniform(keys[FORK], request[r].key ^ link[edge].key, when)
        for copy in range(draws.round_at_random(chance, mean)):
            key = draws.bits(
                keys[FORK], request[r].key ^ link[edge].key, _VISIT * np.uint64(when + 1) + np.uint64(copy)
            )
            asker = unit[u].first_employee + int(draws.uniform(keys[ASKER], key, 0) * unit[u].staff)
            supplier = link[edge].supplier
            child = open_request(
                clock, request, link_day, key, employee[asker].first_relation + place, edge, supplier, r, now,
                request[r].rush == 1,
            )  # fmt: skip
            if request[child].rush == 1:
                trust = supplier_trust(unit, link, edge)
                if rush.willing(firm, unit[supplier].mean_motivation, trust, draws.uniform(keys[WILLING], key, 0)):
                    request[child].agreed = 1
                    link_day[edge].rush_agreed += 1
                else:
                    request[child].queue_class = ORDINARY
            else:
                request[child].queue_class = care.place_in_queue(
                    care.lean(link[edge].internal_service), firm.care_priority, draws.uniform(keys[CARE], key, 0)
                )
            request[child].next = clock.worklist
            clock.worklist = child
            made += 1
    return made


@rule
def arrive(clock, keys, firm, unit, link, supply, employee, request, slot_ring, link_day, unit_day, r, now):
    """A case reaches a unit: it asks for what it needs inside, rests if it must, else joins the line."""
    row = request[r]
    u = row.unit
    unit[u].present += 1
    unit_day[u].arrived += 1
    row.state = WAITING
    row.entered = now
    waiting_for = ask_inside(clock, keys, firm, unit, link, supply, employee, request, link_day, r, now)
    if unit[u].pause_share > 0.0:
        when = visits(row)
        if draws.uniform(keys[PAUSE], row.key, when) < unit[u].pause_share:
            rest = draws.lognormal(
                draws.uniform(keys[PAUSE_LENGTH], row.key, when), unit[u].pause_days, unit[u].pause_spread
            )
            row.state = RESTING
            row.ready = now + rest
            due = max(clock.slot + 1, queueing.boundary_after(row.ready, clock.slots_per_day))
            queueing.put_in_calendar(request, slot_ring, r, due)
            waiting_for += 1
    row.waiting_for = waiting_for
    if waiting_for == 0:
        row.state = QUEUED
        queueing.put_in_inbox(unit, request, u, r)


@rule
def input_came(unit, request, r, when):
    """One of the things that case ``r`` waits for has come; with the last, it joins the line."""
    request[r].waiting_for -= 1
    if request[r].waiting_for == 0:
        request[r].ready = max(request[r].ready, when)
        request[r].state = QUEUED
        queueing.put_in_inbox(unit, request, request[r].unit, r)


@rule
def serve(clock, keys, firm, unit, link, queue, employee, request, roster, sorting, slot_ring, unit_day, u):
    """Staff of unit ``u`` take waiting requests until the next boundary, whoever is free first."""
    queueing.empty_inbox(clock, unit, queue, request, sorting, u)
    if unit[u].queued == 0:
        return
    first = unit[u].first_employee
    while unit[u].queued > 0 and roster[first].free_at < clock.until:
        r = queueing.next_in_line(unit, queue, request, u)
        row = request[r]
        e = roster[first].employee
        log_factor = unit[u].pace + knowledge.time_taken(employee[e].knowledge, firm.knowledge_time)
        if row.parent != NOBODY:
            log_factor += care.time_taken(care.lean(link[row.link].internal_service), firm.care_time)
        work = queueing.working_time(unit[u], draws.uniform(keys[WORK], row.key, visits(row)), log_factor)
        row.finish = max(clock.now, roster[first].free_at) + work
        row.server = e
        row.state = SERVED
        employee[e].busy_days += work
        unit_day[u].busy_days += work
        due = max(clock.slot + 1, queueing.boundary_after(row.finish, clock.slots_per_day))
        queueing.put_in_calendar(request, slot_ring, r, due)
        queueing.busy_until(roster, first, unit[u].staff, row.finish)


@rule
def pass_on(clock, keys, unit, link, supply, request, link_day, r):
    """Hand a case over to another unit for good, with the probabilities ``passed_on``; tell whether it happened."""
    u = request[r].unit
    when = visits(request[r])
    if when >= MOST_VISITS:
        return False
    chance = -1.0
    reached = 0.0
    for place in range(unit[u].supplies):
        edge = supply[unit[u].first_supply + place]
        if link[edge].passed_on == 0.0:
            continue
        if chance < 0.0:
            chance = draws.uniform(keys[PASS_ON], request[r].key, when)
        reached += link[edge].passed_on
        if chance < reached:
            row = request[r]
            row.unit = link[edge].supplier
            row.handovers += 1
            row.state = ARRIVED
            row.ready = row.finish
            row.next = clock.worklist
            clock.worklist = r
            link_day[edge].passed_on += 1
            return True
    return False


@rule
def meet_client(firm, unit, link, segment, employee, relation, customer, link_day, row, right, trust_in_client):
    """The encounter at the end of a service. Return the reliability that the client received and its quality."""
    edge = row.link
    e = row.server
    u = unit[row.unit]
    internal = row.parent != NOBODY
    wait = row.finish - row.opened
    hurry = firm.rush_deadline if row.rush == 1 else 1.0
    promised = link[edge].promise_days * hurry
    acceptable = promised
    explained = 1.0
    if internal:
        explained = care.explanation(care.lean(link[edge].internal_service), firm.care_explanation)
    else:
        acceptable *= segment[link[edge].client_segment].patience

    outcome = encounter.reliability(right, wait, promised, row.bound)
    prompt = encounter.responsiveness(wait, acceptable, firm.waiting_aversion)
    assurance = encounter.clip(
        explained * knowledge.assurance(employee[e].knowledge, u.tools, firm.knowledge_assurance, firm.tools_assurance)
    )
    empathy = encounter.clip(
        explained
        * u.time_factor
        * motivation.empathy(employee[e].motivation, trust_in_client, firm.motivation_empathy, firm.trust_empathy)
    )
    tangibles = motivation.tangibles(
        u.tools, u.environment, row.bound, firm.tools_tangibles, firm.environment_tangibles
    )

    if internal:
        client = relation[row.client]
        satisfaction, trust = client.satisfaction, client.trust
        quality, judgement, expected = encounter.encounter(
            firm, link[edge], client, outcome, prompt, assurance, empathy, tangibles, row.finish, 0.0, 0.0
        )
        link[edge].satisfaction_sum += client.satisfaction - satisfaction
        link[edge].trust_sum += client.trust - trust
    else:
        buyer = customer[row.client]
        s = segment[buyer.segment]
        satisfaction = buyer.satisfaction
        quality, judgement, expected = encounter.encounter(
            firm, link[edge], buyer, outcome, prompt, assurance, empathy, tangibles, row.finish,
            s.market_quality, firm.market_effect,
        )  # fmt: skip
        if buyer.active == 1:
            count_customer(s, satisfaction, -1)
            count_customer(s, buyer.satisfaction, 1)
        s.talk += loyalty.talk(judgement, s.market_quality, firm.bad_news)
        s.talkers += 1.0

    day = link_day[edge]
    day.encounters += 1
    day.right += 1 if right else 0
    day.in_time += 1 if wait <= promised else 0
    day.rush_kept += 1 if row.rush == 1 and wait <= promised else 0
    day.wait += wait
    day.quality += quality
    day.judgement += judgement
    day.expectation += expected
    day.reliability += outcome
    day.responsiveness += prompt
    day.assurance += assurance
    day.empathy += empathy
    day.tangibles += tangibles
    return outcome, quality


@rule
def count_customer(segment, satisfaction, sign):
    """Add an active customer to the running figures of a segment, or take one away."""
    segment.satisfaction_sum += sign * satisfaction
    if satisfaction >= loyalty.PROMOTER:
        segment.promoters += sign
    elif satisfaction < loyalty.DETRACTOR:
        segment.detractors += sign


@rule
def finish(
    clock, keys, firm, unit, link, segment, supply, employee, relation, customer, request, journal, link_day, unit_day, r
):  # fmt: skip
    """A service ends: it is passed on, sent back, or closed; closing it may set a parent case free."""
    row = request[r]
    u = row.unit
    edge = row.link
    e = row.server
    employee[e].knowledge = knowledge.learn_by_doing(employee[e].knowledge, firm.learning)
    employee[e].served += 1
    unit[u].present -= 1
    unit_day[u].served += 1
    unit_day[u].sojourn += clock.now - row.entered
    clock.services_ever += 1
    if pass_on(clock, keys, unit, link, supply, request, link_day, r):
        return

    internal = row.parent != NOBODY
    when = visits(row)
    log_odds = (
        knowledge.errors(employee[e].knowledge, firm.knowledge_errors)
        + motivation.errors(employee[e].motivation, firm.motivation_errors)
        + pressure.corners_cut(unit[u].time_factor, firm.corner_cutting)
    )
    trust_in_client = 1.0
    if internal:
        log_odds -= firm.care_errors * care.lean(link[edge].internal_service)
        trust_in_client = supplier_trust(unit, link, edge)
    chance = weak_links.error_probability(unit[u].error_rate, log_odds)
    right = row.broken == 0 and draws.uniform(keys[ERROR], row.key, when) >= chance
    outcome, quality = meet_client(
        firm, unit, link, segment, employee, relation, customer, link_day, row, right, trust_in_client
    )

    if not right and when < MOST_VISITS and draws.uniform(keys[REOPEN], row.key, when) < link[edge].reopen_rate:
        row.reopened += 1
        row.broken = 0
        row.state = QUEUED
        row.ready = row.finish
        row.entered = clock.now
        unit[u].present += 1
        unit_day[u].arrived += 1
        link_day[edge].reopened += 1
        queueing.put_in_inbox(unit, request, u, r)
        return

    link_day[edge].closed += 1
    if len(journal) > 1:
        write_journal(clock, link, segment, journal, firm, row, right, quality)
    if internal:
        if not right and weak_links.breaks(link[edge].dependence, draws.uniform(keys[BREAK], row.key, 0)):
            request[row.parent].broken = 1
        if right:
            bound = weak_links.bound_by_input(link[edge].dependence, outcome)
            request[row.parent].bound = min(request[row.parent].bound, bound)
        input_came(unit, request, row.parent, row.finish)
    else:
        buyer = customer[row.client]
        buyer.open -= 1
        if buyer.active == 0 and buyer.open == 0:
            free_customer(clock, customer, row.client)
    queueing.give_row_back(clock, request, r)


@rule
def free_customer(clock, customer, c):
    """Put the row of a customer who is gone, with nothing left open, on the free list."""
    customer[c].next = clock.free_customer
    clock.free_customer = c
    clock.free_customers += 1


@rule
def write_journal(clock, link, segment, journal, firm, row, right, quality):
    """Keep a closed request in the journal, whose rows the model drains every day."""
    entry = journal[clock.journal_rows]
    clock.journal_rows += 1
    entry.link = row.link
    entry.last_unit = row.unit
    entry.client = row.client
    entry.opened = row.opened
    entry.closed = row.finish
    entry.handovers = row.handovers
    entry.reopened = row.reopened
    entry.right = 1 if right else 0
    promised = link[row.link].promise_days * (firm.rush_deadline if row.rush == 1 else 1.0)
    entry.in_time = 1 if row.finish - row.opened <= promised else 0
    entry.rush = row.rush
    entry.agreed = row.agreed
    entry.parent = 1 if row.parent != NOBODY else 0
    entry.quality = quality


@rule
def is_due(clock, row):
    """Tell whether the event of a request from the calendar belongs to this boundary and not to a later round."""
    time = row.finish if row.state == SERVED else row.ready
    return time <= clock.now or queueing.boundary_after(time, clock.slots_per_day) <= clock.slot


@rule
def handle(
    clock, keys, firm, unit, link, segment, supply, employee, relation, customer, request, slot_ring, journal, link_day,
    unit_day, r,
):  # fmt: skip
    """Handle one event of the calendar: an arrival, the end of a rest, or the end of a service."""
    row = request[r]
    if not is_due(clock, row):
        time = row.finish if row.state == SERVED else row.ready
        queueing.put_in_calendar(request, slot_ring, r, queueing.boundary_after(time, clock.slots_per_day))
    elif row.state == ARRIVED:
        arrive(clock, keys, firm, unit, link, supply, employee, request, slot_ring, link_day, unit_day, r, clock.now)
    elif row.state == RESTING:
        row.state = WAITING
        input_came(unit, request, r, row.ready)
    elif row.state == SERVED:
        finish(
            clock, keys, firm, unit, link, segment, supply, employee, relation, customer, request, journal, link_day,
            unit_day, r,
        )  # fmt: skip
