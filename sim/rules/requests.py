"""A1, A3, A4: the life of a request. It arrives, forks, waits for its inputs, is worked on, is passed on or closed."""

import numpy as np

from sim import draws
from sim.compiled import part, rule, stage
from sim.population import (
    AHEAD,
    ARRIVED,
    CLAIM,
    COMPLAINT,
    CONTRACTOR,
    INPUT,
    NEED,
    NOBODY,
    ONBOARDING,
    ORDINARY,
    PERMANENT,
    QUEUED,
    RELEASED,
    RESTING,
    SERVED,
    WAITING,
)
from sim.rules import (
    aftermath,
    blame,
    bridges,
    care,
    complaints,
    knowledge,
    ladder,
    listening,
    motivation,
    queueing,
    responsibility,
    rivalry,
    rush,
    service,
    strain,
    turnover,
    weak_links,
)

# Constants, so that compiled code holds plain numbers.
FORK, ASKER, WORK = int(draws.Purpose.FORK), int(draws.Purpose.ASKER), int(draws.Purpose.WORK)
PAUSE, PAUSE_LENGTH = int(draws.Purpose.PAUSE), int(draws.Purpose.PAUSE_LENGTH)
ERROR, BREAK, REOPEN = int(draws.Purpose.ERROR), int(draws.Purpose.BREAK), int(draws.Purpose.REOPEN)
PASS_ON, CARE, WILLING = int(draws.Purpose.PASS_ON), int(draws.Purpose.CARE), int(draws.Purpose.WILLING)
RIVAL, DISOWN, LATENT = int(draws.Purpose.RIVAL), int(draws.Purpose.DISOWN), int(draws.Purpose.LATENT)
HIDDEN, PROMISE, ACCIDENT = int(draws.Purpose.HIDDEN), int(draws.Purpose.PROMISE), int(draws.Purpose.ACCIDENT)

MOST_VISITS = 200
"""A case handed on or sent back this often stays where it is: an end for chains that pass everything on."""
_VISIT = np.uint64(1 << 16)


@rule
def visits(row):
    """Return how often the case changed hands or was sent back: which time a decision about it is taken."""
    return int(row.handovers) + int(row.reopened)


@part
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
            child = queueing.new_request(
                clock, request, link_day, key, employee[asker].first_relation + place, edge, supplier, r, now,
                request[r].rush == 1, INPUT,
            )  # fmt: skip
            if request[child].rush == 1:
                trust = service.trust_shown(firm, link, edge)
                chance = draws.uniform(keys[WILLING], key, 0)
                if rush.willing(firm, unit[supplier].mean_motivation, trust, unit[supplier].support, chance):
                    request[child].agreed = 1
                    link_day[edge].rush_agreed += 1
                else:
                    request[child].queue_class = ORDINARY
            else:
                place_taken = care.place_in_queue(
                    link[edge].care, firm.care_priority, draws.uniform(keys[CARE], key, 0)
                )
                if link[edge].hostility > 0.0:
                    chance = draws.uniform(keys[RIVAL], key, 0)
                    place_taken = rivalry.place_in_queue(place_taken, link[edge].hostility, firm.rivalry_delay, chance)
                request[child].queue_class = place_taken
            request[child].next = clock.worklist
            clock.worklist = child
            made += 1
    return made


@part
def arrive(clock, keys, firm, unit, link, supply, employee, request, slot_ring, link_day, unit_day, r, now):
    """A case reaches a unit: it asks for what it needs inside, rests if it must, else joins the line.

    A complaint that only a manager may settle waits on the ladder first, and arrives a second time when it is released.
    """
    row = request[r]
    u = row.unit
    if row.state != RELEASED:
        unit[u].present += 1
        unit_day[u].arrived += 1
        row.entered = now
        if row.climbed == ladder.MANAGER_WANTED and firm.escalation_attention > 0.0:
            ladder.step_on(unit, request, r)
            return
        if row.climbed == ladder.MANAGER_WANTED:
            row.climbed = 0
            row.queue_class = AHEAD
    row.state = WAITING
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


@part
def input_came(unit, request, r, when):
    """One of the things that case ``r`` waits for has come; with the last, it joins the line."""
    request[r].waiting_for -= 1
    if request[r].waiting_for == 0:
        request[r].ready = max(request[r].ready, when)
        request[r].state = QUEUED
        queueing.put_in_inbox(unit, request, request[r].unit, r)


@part
def begin_work(clock, keys, firm, unit, link, employee, request, slot_ring, unit_day, u, r, e, free_at):
    """Let colleague ``e``, who is free at ``free_at``, work on request ``r`` of unit ``u``; the caller keeps the roster."""
    row = request[r]
    person = employee[e]
    known = bridges.knowledge(person.knowledge, person.unit != u, firm.cover_knowledge)
    log_factor = unit[u].pace + knowledge.time_taken(known, firm.knowledge_time)
    log_factor += strain.time_taken(person.strain, firm.strain_time)
    if service.is_inside(link, row):
        log_factor += care.time_taken(link[row.link].care, firm.care_time)
    else:
        log_factor += listening.time_taken(unit[u].listening, firm.listening_time)
    work = queueing.working_time(unit[u], draws.uniform(keys[WORK], row.key, visits(row)), log_factor)
    row.finish = max(clock.now, free_at) + work
    row.server = e
    row.state = SERVED
    person.busy_days += work
    unit_day[person.unit].busy_days += work
    due = max(clock.slot + 1, queueing.boundary_after(row.finish, clock.slots_per_day))
    queueing.put_in_calendar(request, slot_ring, r, due)


@part
def serve(clock, keys, firm, unit, link, queue, employee, request, roster, sorting, slot_ring, unit_day, u):
    """Staff of unit ``u`` take waiting requests until the next boundary, whoever is free first."""
    queueing.empty_inbox(clock, unit, queue, request, sorting, u)
    if unit[u].queued == 0:
        return
    first = unit[u].first_employee
    while unit[u].queued > 0 and roster[first].free_at < clock.until:
        r = queueing.next_in_line(unit, queue, request, u)
        top = roster[first]
        begin_work(
            clock, keys, firm, unit, link, employee, request, slot_ring, unit_day, u, r, top.employee, top.free_at
        )  # fmt: skip
        queueing.busy_until(roster, first, unit[u].staff, request[r].finish)


@part
def free_to_cover(clock, keys, unit, link, employee, roster, v, edge):
    """Return the seat on the roster of unit ``v`` of whoever is free first among those able to cover, or NOBODY."""
    best = NOBODY
    for seat in range(unit[v].first_employee, unit[v].first_employee + unit[v].staff):
        if roster[seat].free_at >= clock.until or (best != NOBODY and roster[seat].free_at >= roster[best].free_at):
            continue
        post = employee[roster[seat].employee].post
        if bridges.able_to_cover(keys, post, link[edge].key, link[edge].cross_training):
            best = seat
    return best


@stage
def cover(clock, keys, firm, unit, link, queue, employee, request, roster, slot_ring, unit_day):
    """C4: whoever is free and can do the work of a unit across a bridge helps where there is a line.

    The links take turns in being first, so that none is favoured by its place in the table.
    """
    links = len(link)
    for turn in range(2 * links):
        edge = (turn // 2 + clock.slot) % links
        if link[edge].cross_training == 0.0 or link[edge].client_unit == NOBODY:
            continue
        u = link[edge].client_unit if turn % 2 == 0 else link[edge].supplier
        v = link[edge].supplier if turn % 2 == 0 else link[edge].client_unit
        while unit[u].queued > 0 and unit[v].queued == 0:
            seat = free_to_cover(clock, keys, unit, link, employee, roster, v, edge)
            if seat == NOBODY:
                break
            e = roster[seat].employee
            r = queueing.next_in_line(unit, queue, request, u)
            unit_day[u].covered += 1
            begin_work(
                clock, keys, firm, unit, link, employee, request, slot_ring, unit_day, u, r, e, roster[seat].free_at
            )  # fmt: skip
            turnover.not_free_before(roster, unit[v].first_employee, unit[v].staff, e, request[r].finish)


@part
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
            hand_over(clock, request, r, link[edge].supplier)
            link_day[edge].passed_on += 1
            return True
    return False


@part
def hand_over(clock, request, r, to):
    """Hand case ``r`` to another unit; it arrives there at this very boundary."""
    row = request[r]
    row.came_from = row.unit
    row.unit = to
    row.handovers += 1
    row.state = ARRIVED
    row.ready = row.finish
    row.next = clock.worklist
    clock.worklist = r


@stage
def pass_the_blame(clock, keys, firm, unit, link, supply, employee, relation, request, link_day, unit_day, r, when):
    """C3: a request that came unclear, or back as wrong, goes on to somebody else; tell whether it did."""
    row = request[r]
    u = row.unit
    chance = draws.uniform(keys[DISOWN], row.key, when)
    if row.handovers >= blame.MOST_HANDOVERS or chance >= 1.0 - unit[u].ownership:
        return False
    edge = NOBODY
    to = row.came_from
    if not blame.goes_back(keys, row, when):
        edge = blame.whom_to_blame(keys, unit, link, supply, row, when)
        if edge == NOBODY or not blame.disowns(unit[u].ownership, link[edge].bridge, firm.bridge_blame, chance):
            return False
        to = link[edge].supplier
        link_day[edge].blamed += 1
        person = employee[row.server]
        if person.unit == u:
            mine = relation[person.first_relation + link[edge].place]
            lost = firm.blame_trust * mine.trust
            mine.trust -= lost
            link[edge].trust_sum -= lost
    unit_day[u].passed_blame += 1
    row.blamed = 1
    row.broken = 0
    hand_over(clock, request, r, to)
    return True


@part
def finish(
    clock, keys, firm, unit, link, segment, supply, employee, relation, customer, request, later, slot_ring, later_ring,
    journal, link_day, unit_day, segment_day, firm_day, r,
):  # fmt: skip
    """A service ends: it is passed on, sent back, or closed; closing it may set a parent case free."""
    row = request[r]
    u = row.unit
    edge = row.link
    person = employee[row.server]
    person.knowledge = knowledge.learn_by_doing(person.knowledge, firm.learning)
    person.served += 1
    unit[u].present -= 1
    unit_day[u].served += 1
    unit_day[u].sojourn += clock.now - row.entered
    clock.services_ever += 1
    if pass_on(clock, keys, unit, link, supply, request, link_day, r):
        return

    inside = service.is_inside(link, row)
    when = visits(row)
    known = bridges.knowledge(person.knowledge, person.unit != u, firm.cover_knowledge)
    log_odds = (
        knowledge.errors(known, firm.knowledge_errors)
        + motivation.errors(person.motivation, firm.motivation_errors)
        + unit[u].log_odds
        + strain.errors(person.strain, firm.strain_errors)
    )
    trust_in_client = 1.0
    if inside:
        log_odds -= firm.care_errors * link[edge].care
        trust_in_client = service.trust_shown(firm, link, edge)
    if row.blamed == 1:
        log_odds += firm.blame_errors
    chance = weak_links.error_probability(unit[u].error_rate, log_odds)
    right = row.broken == 0 and draws.uniform(keys[ERROR], row.key, when) >= chance
    owned = True
    if row.cause >= COMPLAINT:
        owned = service.is_owned(keys, firm, unit, row, when)
        right = right and owned
    elif (
        unit[u].ownership < 1.0
        and row.reopened == 0
        and when < MOST_VISITS
        and blame.is_unclear(keys, row.key, link[edge].unclear)
        and pass_the_blame(
            clock, keys, firm, unit, link, supply, employee, relation, request, link_day, unit_day, r, when
        )
    ):
        return
    if not right and row.culprit == NOBODY:
        row.culprit = u
    outcome, quality, expected, lost, brought = service.meet_client(
        keys,
        firm,
        unit,
        link,
        segment,
        employee,
        relation,
        customer,
        link_day,
        row,
        right,
        owned,
        trust_in_client,
        when,
    )

    if row.cause == CLAIM and not owned:
        link_day[edge].refused += 1 if row.stage == responsibility.UNDECIDED else 0
        link_day[edge].defended += 1 if row.stage == responsibility.REFUSED else 0
        if row.stage == responsibility.UNDECIDED:
            aftermath.remember_failure(customer[row.client], 0.0)
            link_day[edge].failures += 1
            row.stage = responsibility.REFUSED
            row.reopened += 1  # who insists comes a second time, to whatever is decided then
            row.state = ARRIVED
            row.ready = row.finish + responsibility.DAYS_TO_THE_OFFICE
            queueing.put_in_calendar(request, slot_ring, r, queueing.boundary_after(row.ready, clock.slots_per_day))
            return
    elif (
        not right
        and owned
        and when < MOST_VISITS
        and draws.uniform(keys[REOPEN], row.key, when) < link[edge].reopen_rate
    ):
        row.reopened += 1
        link_day[edge].reopened += 1
        if (
            row.cause < COMPLAINT
            and unit[u].ownership < 1.0
            and pass_the_blame(
                clock, keys, firm, unit, link, supply, employee, relation, request, link_day, unit_day, r, when
            )
        ):
            return
        row.broken = 0
        row.state = QUEUED
        row.ready = row.finish
        row.entered = clock.now
        unit[u].present += 1
        unit_day[u].arrived += 1
        queueing.put_in_inbox(unit, request, u, r)
        return

    if (
        right
        and unit[u].latent > 0.0
        and row.hides == NOBODY
        and draws.uniform(keys[LATENT], row.key, when) < unit[u].latent
    ):
        row.hides = u
    link_day[edge].closed += 1
    if len(journal) > 1:
        service.write_journal(clock, link, journal, firm, row, right, quality)
    if row.cause == ONBOARDING:
        newcomer = employee[relation[row.client].employee]
        if newcomer.status == PERMANENT:
            parts = turnover.parts_of_onboarding(unit[newcomer.unit], link, supply)
            newcomer.motivation = turnover.motivation_after_onboarding(
                newcomer.motivation, quality, firm.onboarding_motivation / parts
            )
            newcomer.knowledge = turnover.knowledge_after_onboarding(
                newcomer.knowledge, quality, firm.onboarding_knowledge / parts
            )
    elif inside:
        parent = request[row.parent]
        if not right and weak_links.breaks(link[edge].dependence, draws.uniform(keys[BREAK], row.key, 0)):
            parent.broken = 1
            parent.culprit = row.culprit
        if right:
            bound = weak_links.bound_by_input(link[edge].dependence, outcome)
            parent.bound = min(parent.bound, bound)
            if row.hides != NOBODY:
                parent.hides = row.hides
        input_came(unit, request, row.parent, row.finish)
    else:
        buyer = customer[row.client]
        s = segment[buyer.segment]
        failed = complaints.is_failure(quality, expected, s.tolerance)
        missed = (
            right
            and row.cause != CLAIM
            and firm.hidden_issue > 0.0
            and listening.missed(
                firm.hidden_issue, brought, listening.heard(unit[u].listening, person.compassion),
                draws.uniform(keys[HIDDEN], row.key, 0),
            )
        )  # fmt: skip
        promised = (
            row.cause == NEED and s.overpromise > 0.0 and draws.uniform(keys[PROMISE], row.key, 0) < s.overpromise
        )
        damaged = (
            row.cause == NEED
            and unit[u].kind == CONTRACTOR
            and unit[u].accident_rate > 0.0
            and responsibility.accident(
                unit[u].accident_rate, firm.responsibility_training, firm.remedy_effect,
                draws.uniform(keys[ACCIDENT], row.key, 0),
            )
        )  # fmt: skip
        if (
            failed or missed or promised or damaged or buyer.unresolved > 0 or row.cause >= COMPLAINT
            or row.hides != NOBODY
        ):  # fmt: skip
            aftermath.after_encounter(
                clock, keys, firm, unit, link, segment, customer, request, later, slot_ring, later_ring, link_day, unit_day,
                segment_day, firm_day, r, right, owned, quality, lost, failed, missed, promised, damaged,
            )  # fmt: skip
        buyer.open -= 1
        if buyer.active == 0 and buyer.open == 0:
            free_customer(clock, customer, row.client)
    queueing.give_row_back(clock, request, r)


@part
def free_customer(clock, customer, c):
    """Put the row of a customer who is gone, with nothing left open, on the free list."""
    customer[c].next = clock.free_customer
    clock.free_customer = c
    clock.free_customers += 1


@part
def is_due(clock, row):
    """Tell whether the event of a request from the calendar belongs to this boundary and not to a later round."""
    time = row.finish if row.state == SERVED else row.ready
    return time <= clock.now or queueing.boundary_after(time, clock.slots_per_day) <= clock.slot


@part
def handle(
    clock, keys, firm, unit, link, segment, supply, employee, relation, customer, request, later, slot_ring, later_ring,
    journal, link_day, unit_day, segment_day, firm_day, r,
):  # fmt: skip
    """Handle one event of the calendar: an arrival, the end of a rest, or the end of a service."""
    row = request[r]
    if not is_due(clock, row):
        time = row.finish if row.state == SERVED else row.ready
        queueing.put_in_calendar(request, slot_ring, r, queueing.boundary_after(time, clock.slots_per_day))
    elif row.state == ARRIVED or row.state == RELEASED:
        arrive(clock, keys, firm, unit, link, supply, employee, request, slot_ring, link_day, unit_day, r, clock.now)
    elif row.state == RESTING:
        row.state = WAITING
        input_came(unit, request, r, row.ready)
    elif row.state == SERVED:
        finish(
            clock, keys, firm, unit, link, segment, supply, employee, relation, customer, request, later, slot_ring,
            later_ring, journal, link_day, unit_day, segment_day, firm_day, r,
        )  # fmt: skip
