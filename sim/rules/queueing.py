"""A4: queues, calendars and the request pool.

Requests are rows in a pool with a free list; a waiting line is a linked list through that pool; events are kept in
calendar queues (Brown 1988, doi:10.1145/63039.63045), one bucket a boundary for requests and one bucket a day for
customers. Time is continuous, but what happens between two *boundaries* (``slots_per_day`` of them a day) is handed over
at the next one, as if everyone looked at their mail once a slot.
"""

import math

import numpy as np

from sim.compiled import part, prefetch, rule
from sim.draws import exponential
from sim.population import AHEAD, ARRIVED, CLASSES, EXPONENTIAL, FIXED, FREE, NOBODY, ORDINARY
from sim.portable import exp, log, normal_quantile


@part
def take_row(clock, request):
    """Take a row from the free list of the request pool; the caller has made sure that there is one."""
    r = clock.free_request
    clock.free_request = request[r].next
    prefetch(request, clock.free_request)
    clock.free_requests -= 1
    clock.open_requests += 1
    clock.opened_ever += 1
    return r


@part
def new_request(clock, request, link_day, key, client, link_index, unit_index, parent, opened, rushed, cause):
    """Open a request over a link and return its row."""
    r = take_row(clock, request)
    row = request[r]
    row.key = key
    row.client = client
    row.link = link_index
    row.unit = unit_index
    row.parent = parent
    row.waiting_for = 0
    row.server = NOBODY
    row.came_from = NOBODY
    row.culprit = NOBODY
    row.hides = NOBODY
    row.state = ARRIVED
    row.cause = cause
    row.climbed = 0
    row.stage = 0
    row.blamed = 0
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


@part
def give_row_back(clock, request, r):
    """Put a closed request's row back on the free list."""
    request[r].state = FREE
    request[r].next = clock.free_request
    clock.free_request = r
    clock.free_requests += 1
    clock.open_requests -= 1
    clock.closed_ever += 1


@rule
def boundary_after(time, slots_per_day):
    """Return the first boundary at or after ``time``."""
    return math.ceil(time * slots_per_day)


@part
def put_in_calendar(request, slot_ring, r, boundary):
    """File request ``r`` under a boundary; one beyond the ring's end is filed again each time its bucket comes round."""
    bucket = int(boundary) & (len(slot_ring) - 1)
    request[r].next = slot_ring[bucket]
    slot_ring[bucket] = r


@part
def put_in_inbox(unit, request, u, r):
    """Hand request ``r`` to unit ``u``, to be put in order with what else came since the last boundary."""
    request[r].next = unit[u].inbox
    unit[u].inbox = r


@part
def comes_before(request, a, b):
    """Tell whether ``a`` could be worked on before ``b``; among equals a draw, their identity, decides."""
    if request[a].ready != request[b].ready:
        return request[a].ready < request[b].ready
    return request[a].key < request[b].key


@part
def merge_sort(request, first):
    """Sort a linked list of requests by the time they became ready and return its new head, bottom up."""
    width = 1
    while True:
        left = first
        first = NOBODY
        last = NOBODY
        merges = 0
        while left != NOBODY:
            merges += 1
            right = left
            left_size = 0
            while left_size < width and right != NOBODY:
                left_size += 1
                right = request[right].next
            right_size = width
            while left_size > 0 or (right_size > 0 and right != NOBODY):
                take_left = left_size > 0 and (
                    right_size == 0 or right == NOBODY or not comes_before(request, right, left)
                )
                if take_left:
                    taken = left
                    left = request[left].next
                    left_size -= 1
                else:
                    taken = right
                    right = request[right].next
                    right_size -= 1
                if last == NOBODY:
                    first = taken
                else:
                    request[last].next = taken
                last = taken
            left = right
        if last != NOBODY:
            request[last].next = NOBODY
        if merges <= 1:
            return first
        width *= 2


@part
def in_order(clock, request, sorting, first):
    """Sort a linked list of requests by the time they became ready and return its new head.

    Into buckets first: those that became ready since the last boundary by their time, those of this very boundary by the
    draw that decides among equals. ``sorting`` holds a list for each bucket, empty before and after.
    """
    count = 0
    r = first
    while r != NOBODY:
        count += 1
        r = request[r].next
    if count == 1:
        return first
    half = 2
    shift = 63
    while half < count and 4 * half < len(sorting):
        half *= 2
        shift -= 1
    per_day = float(half) * clock.slots_per_day
    r = first
    while r != NOBODY:
        following = request[r].next
        ready = request[r].ready
        if ready == clock.now:
            bucket = half + int(request[r].key >> np.uint64(shift))
        elif ready < clock.now:
            bucket = half - 1 - int(min(half - 1.0, (clock.now - ready) * per_day))
        else:
            bucket = 2 * half
        request[r].next = sorting[bucket]
        sorting[bucket] = r
        r = following
    first = NOBODY
    for back in range(2 * half + 1):
        r = sorting[2 * half - back]
        if r != NOBODY:
            sorting[2 * half - back] = NOBODY
            if request[r].next == NOBODY:
                last = r
            else:
                r = merge_sort(request, r)
                last = r
                while request[last].next != NOBODY:
                    last = request[last].next
            request[last].next = first
            first = r
    return first


@part
def empty_inbox(clock, unit, queue, request, sorting, u):
    """Append what came since the last boundary to the waiting lines of unit ``u``, first come first."""
    if unit[u].inbox == NOBODY:
        return
    r = in_order(clock, request, sorting, unit[u].inbox)
    unit[u].inbox = NOBODY
    while r != NOBODY:
        following = request[r].next
        line = queue[u, request[r].queue_class]
        request[r].next = NOBODY
        if line.tail == NOBODY:
            line.head = r
        else:
            request[line.tail].next = r
        line.tail = r
        unit[u].queued += 1
        r = following


@part
def next_in_line(unit, queue, request, u):
    """Take the next waiting request of unit ``u``: first come, first served within each class."""
    for c in range(CLASSES):
        line = queue[u, c]
        if line.head != NOBODY:
            r = line.head
            line.head = request[r].next
            prefetch(request, line.head)
            if line.head == NOBODY:
                line.tail = NOBODY
            unit[u].queued -= 1
            return r
    return NOBODY


@part
def busy_until(roster, first, count, free_at):
    """Let the colleague at the top of the heap be busy until ``free_at``, and bring up who is free first now."""
    employee = roster[first].employee
    hole = 0
    while True:
        child = 2 * hole + 1
        if child >= count:
            break
        if child + 1 < count:  # without a branch on the comparison, which nothing could predict
            child += int(roster[first + child + 1].free_at < roster[first + child].free_at)
        if roster[first + child].free_at >= free_at:
            break
        roster[first + hole].free_at = roster[first + child].free_at
        roster[first + hole].employee = roster[first + child].employee
        hole = child
    roster[first + hole].free_at = free_at
    roster[first + hole].employee = employee


@rule
def mean_working_time(unit, hours_per_day):
    """Return the mean working time of a request in working days; training takes its share of the day from the work."""
    return unit.hours_per_request / hours_per_day / (1.0 - unit.training_now)


@rule
def prepare_working_time(unit, hours_per_day):
    """Derive the parameters of a unit's working time from its levers, in working days."""
    mean = mean_working_time(unit, hours_per_day)
    unit.work_scale = 0.0
    unit.work_location = mean
    if unit.work_shape != FIXED and unit.work_shape != EXPONENTIAL and mean > 0.0 and unit.work_spread > 0.0:
        variance = log(1.0 + unit.work_spread * unit.work_spread)
        unit.work_scale = np.sqrt(variance)
        unit.work_location = mean * exp(-0.5 * variance)


@rule
def working_time(unit, u, log_factor):
    """Turn a uniform into a working time in days, fixed, exponential, or lognormal, times e to the ``log_factor``."""
    if unit.work_shape == EXPONENTIAL:
        return unit.work_location * exponential(u) * exp(log_factor)
    if unit.work_scale == 0.0:
        return unit.work_location * exp(log_factor)
    return unit.work_location * exp(unit.work_scale * normal_quantile(u) + log_factor)
