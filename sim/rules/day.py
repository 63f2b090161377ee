"""The order of one working day, as one compiled loop that can stop to have a pool grown and go on where it stopped."""

from sim.compiled import borrowed, kernel, part, prefetch
from sim.population import NOBODY
from sim.rules import aftermath, customers, evening, ladder, latent, morning, requests, turnover, voice

MORNING, SURFACE, POSTS, NEEDS, MAIL, EVENTS, EVENING, JOINS = range(8)
DAY_DONE, MORE_REQUESTS, MORE_CUSTOMERS, MORE_JOURNAL, MORE_PROBLEMS, MORE_LATER = range(6)


@part
def take_mail(clock, slot_ring):
    """Take what the calendar holds for this boundary."""
    bucket = clock.slot & (len(slot_ring) - 1)
    clock.worklist = slot_ring[bucket]
    slot_ring[bucket] = NOBODY


@part
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


@kernel
def run_until(
    day,
    clocks, keys, firms, unit, queue, link, segment, supply, employee, manager, relation, bond, customer, request, problem,
    later, roster, sorting, slot_ring, day_ring, later_ring, journal, link_days, unit_days, segment_days, firm_days,
):  # fmt: skip
    """Run working days until ``day`` dawns, and return `DAY_DONE` or which pool has to grow first.

    Every array is changed in place. The loop keeps its own place in ``clocks[0]``, so that it can return in the middle.
    """
    unit, queue, link, segment, supply = (
        borrowed(unit), borrowed(queue), borrowed(link), borrowed(segment), borrowed(supply)
    )  # fmt: skip
    employee, manager, relation, bond, customer, request = (
        borrowed(employee), borrowed(manager), borrowed(relation), borrowed(bond), borrowed(customer), borrowed(request)
    )  # fmt: skip
    keys, problem, later, roster, sorting, slot_ring = (
        borrowed(keys), borrowed(problem), borrowed(later), borrowed(roster), borrowed(sorting), borrowed(slot_ring)
    )  # fmt: skip
    day_ring, later_ring, journal = borrowed(day_ring), borrowed(later_ring), borrowed(journal)
    link_days, unit_days, segment_days, firm_days = (
        borrowed(link_days), borrowed(unit_days), borrowed(segment_days), borrowed(firm_days)
    )  # fmt: skip
    clock = clocks[0]
    firm = firms[0]
    while clock.day < day:
        link_day = link_days[clock.day]
        unit_day = unit_days[clock.day]
        segment_day = segment_days[clock.day]
        firm_day = firm_days[clock.day]
        last_slot = (clock.day + 1) * clock.slots_per_day

        if clock.phase == MORNING:
            morning.begin(clock, firm, unit, link, segment, supply, day_ring, later_ring)
            ladder.morning(clock, firm, unit, manager, request, slot_ring)
            clock.phase = SURFACE

        if clock.phase == SURFACE:
            while clock.later_due != NOBODY:
                if clock.free_requests < clock.max_fan:
                    return MORE_REQUESTS
                number = clock.later_due
                clock.later_due = later[number].next
                if later[number].due >= clock.day + 1:
                    latent.put_off(later, later_ring, number)
                else:
                    aftermath.surface(
                        clock, keys, firm, unit, link, segment, customer, request, later, slot_ring, link_day, unit_day,
                        firm_day, number,
                    )  # fmt: skip
                    latent.forget(clock, later, number)
            clock.phase = POSTS

        if clock.phase == POSTS:
            while clock.post_in_hand < len(employee):
                if clock.free_requests < clock.max_fan:
                    return MORE_REQUESTS
                if turnover.takes_up_today(employee[clock.post_in_hand], clock.day):
                    turnover.take_up_post(
                        clock, keys, firm, unit, link, supply, employee, relation, bond, request, slot_ring, link_day, unit_day,
                        firm_day, clock.post_in_hand,
                    )  # fmt: skip
                clock.post_in_hand += 1
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
                        segment_day, firm_day, c,
                    )  # fmt: skip
            clock.phase = MAIL

        while clock.slot < last_slot and clock.phase < EVENING:
            if clock.phase == MAIL:
                clock.now = clock.slot / clock.slots_per_day
                clock.until = (clock.slot + 1) / clock.slots_per_day
                take_mail(clock, slot_ring)
                clock.phase = EVENTS
            while clock.worklist != NOBODY:
                if clock.free_requests < clock.max_fan:
                    return MORE_REQUESTS
                if clock.free_laters < 2:
                    return MORE_LATER
                if len(journal) > 1 and clock.journal_rows >= len(journal):
                    return MORE_JOURNAL
                r = clock.worklist
                clock.worklist = request[r].next
                fetch_ahead(request, customer, relation, clock.worklist)
                requests.handle(
                    clock, keys, firm, unit, link, segment, supply, employee, relation, customer, request, later, slot_ring,
                    later_ring, journal, link_day, unit_day, segment_day, firm_day, r,
                )  # fmt: skip
            for u in range(len(unit)):
                requests.serve(
                    clock, keys, firm, unit, link, queue, employee, request, roster, sorting, slot_ring, unit_day, u
                )
            if clock.bridged == 1:
                requests.cover(clock, keys, firm, unit, link, queue, employee, request, roster, slot_ring, unit_day)
            for u in range(len(unit)):
                unit_day[u].present_area += unit[u].present / clock.slots_per_day
            clock.slot += 1
            clock.phase = MAIL

        if clock.phase == MAIL:
            clock.phase = EVENING

        if clock.phase == EVENING:
            if clock.free_problems < voice.room_needed(keys, unit, clock.day):
                return MORE_PROBLEMS
            evening.close(
                clock, keys, firm, unit, link, segment, supply, employee, manager, relation, bond, problem, roster, link_days,
                link_day, unit_day, segment_day, firm_day,
            )  # fmt: skip
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
