"""F5: escalations climb a ladder of limited attention: manager, then general manager.

What staff may not settle, and who goes straight to a manager, waits until a manager of the unit has attention for it; after
some days, or where a unit has no manager, it climbs to the general manager. A saturated ladder lengthens recovery by the
wait. Where an escalation takes no attention (the neutral value), the ladder holds nobody up. Form: a modelling choice.
"""

from sim.compiled import part, stage
from sim.population import AHEAD, LADDER, NOBODY, RELEASED
from sim.rules import leadership, queueing

MANAGER_WANTED, GENERAL_WANTED = 1, 2


@part
def step_on(unit, request, r):
    """Let request ``r`` wait for a manager of the unit where it is, behind those who came before."""
    row = request[r]
    row.state = LADDER
    row.climbed = MANAGER_WANTED
    row.next = NOBODY
    u = unit[row.unit]
    if u.ladder_tail == NOBODY:
        u.ladder_head = r
    else:
        request[u.ladder_tail].next = r
    u.ladder_tail = r
    u.on_ladder += 1


@part
def climb(firm, request, r):
    """Let request ``r`` wait for the general manager."""
    row = request[r]
    row.climbed = GENERAL_WANTED
    row.next = NOBODY
    if firm.ladder_tail == NOBODY:
        firm.ladder_head = r
    else:
        request[firm.ladder_tail].next = r
    firm.ladder_tail = r
    firm.on_ladder += 1


@part
def release(clock, request, slot_ring, r):
    """Let work on request ``r`` begin, ahead of other work: a manager stands behind it."""
    row = request[r]
    row.state = RELEASED
    row.climbed = 0
    row.queue_class = AHEAD
    row.ready = max(row.ready, float(clock.day))
    queueing.put_in_calendar(request, slot_ring, r, clock.slot)


@stage
def morning(clock, firm, unit, manager, request, slot_ring):
    """Give managers a new day of attention and let them take escalations, first come first, then the general manager."""
    for m in range(len(manager)):
        manager[m].attention = leadership.new_day(manager[m].attention)
    firm.general_left = firm.general_attention + min(0.0, firm.general_left)
    for u in range(len(unit)):
        row = unit[u]
        while row.ladder_head != NOBODY:
            r = row.ladder_head
            m = leadership.freest(manager, row.first_manager, row.managers)
            taken = firm.escalation_attention == 0.0 or leadership.spend(manager, m, firm.escalation_attention)
            if not taken and m != NOBODY and clock.day - request[r].entered < firm.ladder_days:
                break
            row.ladder_head = request[r].next
            if row.ladder_head == NOBODY:
                row.ladder_tail = NOBODY
            row.on_ladder -= 1
            if taken:
                if m != NOBODY:
                    manager[m].escalations += 1
                release(clock, request, slot_ring, r)
            else:
                climb(firm, request, r)
    while firm.ladder_head != NOBODY and firm.general_left > 0.0:
        r = firm.ladder_head
        firm.general_left -= firm.escalation_attention
        firm.ladder_head = request[r].next
        if firm.ladder_head == NOBODY:
            firm.ladder_tail = NOBODY
        firm.on_ladder -= 1
        release(clock, request, slot_ring, r)
