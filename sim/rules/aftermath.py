"""E2, E3, E5, E6, D6: what follows an encounter with a customer. Complaint, recovery, coming again, what surfaces later.

Everything here happens after a small part of encounters; it opens requests that the firm has made for itself.
"""

import numpy as np

from sim import draws
from sim.compiled import part, rule, stage
from sim.population import (
    AHEAD,
    BEHIND,
    BROKEN_PROMISE,
    CLAIM,
    COMPLAINT,
    FAULT,
    HIDDEN_FAULT,
    NOBODY,
    REPEAT,
)
from sim.rules import (
    alignment,
    attribution,
    complaints,
    ladder,
    latent,
    listening,
    queueing,
    recovery,
    responsibility,
    service,
)

COMPLAIN, SETTLE, ROOT = int(draws.Purpose.COMPLAIN), int(draws.Purpose.SETTLE), int(draws.Purpose.ROOT)
STAGE, HIDDEN, SURFACE = int(draws.Purpose.STAGE), int(draws.Purpose.HIDDEN), int(draws.Purpose.SURFACE)
MOST_STAGES = 3
"""How often a customer comes again with the same matter before giving up."""
MOST_REQUESTS = 4
"""Most requests that the aftermath of one encounter opens."""


@part
def come_back(clock, keys, unit, link, customer, request, slot_ring, link_day, key, c, edge, when, cause, stage_now):
    """Open a request of a customer about something that the firm has done, for ``when``; return its row."""
    supplier = link[edge].supplier
    r = queueing.new_request(clock, request, link_day, key, c, edge, supplier, NOBODY, when, False, cause)
    request[r].stage = stage_now
    if unit[supplier].alignment < 1.0 and alignment.puts_off(
        unit[supplier].alignment, draws.uniform(keys[SETTLE], key, 3)
    ):
        request[r].queue_class = BEHIND
    customer[c].open += 1
    due = max(clock.slot + 1, queueing.boundary_after(when, clock.slots_per_day))
    queueing.put_in_calendar(request, slot_ring, r, due)
    return r


@rule
def look_for_the_root(keys, firm, unit, unit_day, firm_day, key, culprit):
    """Trace a recorded failure to the unit where it began, and remove the cause, with probability ``root_cause`` (E8)."""
    if firm.root_cause > 0.0 and draws.uniform(keys[ROOT], key, 0) < firm.root_cause:
        unit[culprit].feedback += 1.0
        unit_day[culprit].cost += firm.root_cause_cost
        firm_day.programmes += firm.root_cause_cost
        firm.cash -= firm.root_cause_cost


@part
def let_down(firm, link, segment, customer, link_day, c, edge, now, weight, outcome, assurance, empathy):
    """A failure that is an encounter of its own: something broke, surfaced, or nobody wants to be responsible for it.

    What says nothing about the wait or the surroundings is as expected. Returns the satisfaction lost.
    """
    buyer = customer[c]
    as_expected = buyer.expected_process
    quality, judgement, expected, lost = service.by_customer(
        firm, link[edge], segment[buyer.segment], buyer, outcome, as_expected, min(assurance, as_expected),
        min(empathy, as_expected), as_expected, now, weight, 1.0,
    )  # fmt: skip
    service.record(
        link_day[edge], quality, judgement, expected, outcome, as_expected, min(assurance, as_expected),
        min(empathy, as_expected), as_expected,
    )  # fmt: skip
    link_day[edge].failures += 1
    return lost


@rule
def remember_failure(buyer, lost):
    """Let a customer remember a failure not made good, and what could be made good of what it cost."""
    buyer.unresolved = min(255, int(buyer.unresolved) + 1)
    buyer.loss += lost
    buyer.recovered = 0


@rule
def pay_redress(firm, segment, unit, unit_day, segment_day, firm_day):
    """Pay for the damage that is made good, whatever the customer makes of it."""
    cost = unit.redress * segment.redress_cost
    unit_day.cost += cost
    segment_day.redress += cost
    firm_day.redress += cost
    firm.cash -= cost


@rule
def made_good(firm, segment, buyer, quality):
    """A complaint or claim was answered well: satisfaction comes back, and the failures are forgiven."""
    before = buyer.satisfaction
    buyer.satisfaction = recovery.given_back(before, buyer.loss, quality, firm.recovery_restores)
    if buyer.active == 1:
        service.count_customer(segment, before, -1)
        service.count_customer(segment, buyer.satisfaction, 1)
    buyer.loss = 0.0
    buyer.unresolved = 0
    buyer.recovered = 1


@stage
def after_encounter(
    clock, keys, firm, unit, link, segment, customer, request, later, slot_ring, later_ring, link_day, unit_day,
    segment_day, firm_day, r, right, owned, quality, lost, failed, missed, promised, damaged,
):  # fmt: skip
    """Let a customer react to an encounter, and the firm's own deeds take their course."""
    row = request[r]
    edge = row.link
    c = row.client
    buyer = customer[c]
    u = row.unit
    day = link_day[edge]
    s = segment[buyer.segment]
    if row.cause >= COMPLAINT:
        day.recoveries += 1
        day.recovery_time += row.finish - row.opened
        if not owned:
            day.deflected += 1
        elif right:
            pay_redress(firm, s, unit[u], unit_day[u], segment_day[buyer.segment], firm_day)
            if quality >= recovery.GOOD:
                day.recovered += 1
                made_good(firm, s, buyer, quality)
    if failed:
        day.failures += 1
        remember_failure(buyer, lost if owned or row.cause != CLAIM else 0.0)
        if buyer.active == 1 and row.stage < MOST_STAGES:
            reaction = complaints.reaction(
                s.complain_share, s.escalate_share, draws.uniform(keys[COMPLAIN], row.key, row.stage)
            )
            if reaction != complaints.SILENT:
                key = draws.bits(keys[COMPLAIN], row.key, np.uint64(64 + row.stage))
                stage_now = row.stage + 1 if row.cause == COMPLAINT else 1
                complaint = come_back(
                    clock, keys, unit, link, customer, request, slot_ring, link_day, key, c, edge, row.finish, COMPLAINT,
                    stage_now,
                )  # fmt: skip
                culprit = row.culprit if row.culprit != NOBODY else u
                request[complaint].culprit = culprit
                day.complaints += 1
                # Who complained in vain goes higher.
                if reaction == complaints.ESCALATES or row.cause >= COMPLAINT:
                    day.escalations += 1
                    request[complaint].climbed = ladder.MANAGER_WANTED
                elif not complaints.may_be_settled(
                    unit[link[edge].supplier].empowerment, draws.uniform(keys[SETTLE], key, 0)
                ):
                    request[complaint].climbed = ladder.MANAGER_WANTED
                look_for_the_root(keys, firm, unit, unit_day, firm_day, key, culprit)
    elif row.cause < COMPLAINT and buyer.unresolved > 0:  # something went well meanwhile
        buyer.unresolved -= 1
        buyer.loss *= 0.5
    if missed and row.stage < MOST_STAGES:
        day.repeats += 1
        key = draws.bits(keys[HIDDEN], row.key, np.uint64(64))
        pause = listening.DAYS_TO_COME_AGAIN * draws.exponential(draws.uniform(keys[HIDDEN], key, 2))
        again = come_back(
            clock, keys, unit, link, customer, request, slot_ring, link_day, key, c, edge, row.finish + pause, REPEAT,
            row.stage + 1,
        )  # fmt: skip
        request[again].bound = listening.NOT_AT_ONCE
    if row.hides != NOBODY:
        due = clock.day + latent.delay(keys, row.key, HIDDEN_FAULT, firm.latent_days, firm.latent_spread)
        latent.remember(
            clock, later, later_ring, c, buyer.ordinal, edge, row.hides, HIDDEN_FAULT, float(clock.day), due
        )
    if promised:
        due = clock.day + latent.delay(keys, row.key, BROKEN_PROMISE, firm.latent_days, firm.latent_spread)
        latent.remember(
            clock, later, later_ring, c, buyer.ordinal, edge, link[edge].supplier, BROKEN_PROMISE, float(clock.day), due
        )
    if damaged:
        accident_happens(
            clock, keys, firm, unit, link, segment, customer, request, slot_ring, link_day, r, c, edge
        )  # fmt: skip


@part
def accident_happens(clock, keys, firm, unit, link, segment, customer, request, slot_ring, link_day, r, c, edge):
    """D6: the accident and its first stage. The technician calls the office at once, or sends the customer there."""
    row = request[r]
    s = segment[customer[c].segment]
    office = s.office if s.office != NOBODY else edge
    weight = attribution.weight(unit[row.unit].kind, firm.attribution, link[edge].face_to_face, firm.immediacy)
    link_day[edge].accidents += 1
    lost = let_down(
        firm, link, segment, customer, link_day, c, edge, row.finish, weight, responsibility.OF_THE_VISIT, 1.0, 1.0
    )  # fmt: skip
    remember_failure(customer[c], lost)
    left = responsibility.prevented(firm.company_agreement, firm.responsibility_training, firm.remedy_effect)
    key = draws.bits(keys[STAGE], row.key, np.uint64(64))
    away = responsibility.fails(firm.sent_away, left, draws.uniform(keys[STAGE], row.key, 1))
    pause = responsibility.DAYS_TO_THE_OFFICE if away else 0.0
    claim = come_back(
        clock, keys, unit, link, customer, request, slot_ring, link_day, key, c, office, row.finish + pause, CLAIM,
        responsibility.UNDECIDED if away else responsibility.CALLED_AT_ONCE,
    )  # fmt: skip
    request[claim].culprit = row.unit
    if away:
        link_day[edge].sent_away += 1
        # He apologises, so there is empathy; but there is nobody to rely on.
        let_down(firm, link, segment, customer, link_day, c, edge, row.finish, weight, 0.0, 0.0, 1.0)
        remember_failure(customer[c], 0.0)
    else:
        request[claim].queue_class = AHEAD


@stage
def surface(
    clock, keys, firm, unit, link, segment, customer, request, later, slot_ring, link_day, unit_day, firm_day, number
):
    """E5: a hidden fault or a promise not kept comes up, if the customer is still there: a failure, and work."""
    one = later[number]
    c = one.client
    edge = one.link
    buyer = customer[c]
    if buyer.active == 0 or buyer.ordinal != one.ordinal or link[edge].client_segment != buyer.segment:
        return
    link_day[edge].surfaced += 1
    now = float(clock.day)
    weight = attribution.weight(unit[link[edge].supplier].kind, firm.attribution, 0.0, firm.immediacy)
    remember_failure(
        buyer, let_down(firm, link, segment, customer, link_day, c, edge, now, weight, 0.0, 1.0, 1.0)
    )  # fmt: skip
    who = service.customer_key(segment[buyer.segment], buyer.ordinal)
    key = draws.bits(keys[SURFACE], who ^ link[edge].key, np.uint64(clock.day * 4 + one.kind))
    r = come_back(clock, keys, unit, link, customer, request, slot_ring, link_day, key, c, edge, now, FAULT, 0)
    request[r].culprit = one.unit
    look_for_the_root(keys, firm, unit, unit_day, firm_day, key, one.unit)
