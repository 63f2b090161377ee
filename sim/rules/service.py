"""A2: what a client meets with at the end of a service, and what it makes of it; the same for customers and colleagues."""

import numpy as np

from sim import draws
from sim.compiled import part, rule
from sim.population import AHEAD, CLAIM, COMPLAINT, NOBODY
from sim.rules import (
    attribution,
    blame,
    bridges,
    encounter,
    information,
    knowledge,
    listening,
    loyalty,
    motivation,
    recovery,
    responsibility,
    rivalry,
    strain,
    surveys,
)
from sim.rules import care as cares

OWN, APOLOGY, STAGE = int(draws.Purpose.OWN), int(draws.Purpose.APOLOGY), int(draws.Purpose.STAGE)


@rule
def is_inside(link, row):
    """Tell whether the client of a request is a colleague."""
    return link[row.link].client_unit != NOBODY


@rule
def supplier_trust(link, edge):
    """Return how far the supplier of link ``edge`` trusts its client: as it is served by it, or its goodwill."""
    mirror = link[edge].mirror
    known = link[edge].goodwill
    if mirror != NOBODY and link[mirror].clients > 0:
        known = link[mirror].trust_sum / link[mirror].clients
    return known


@rule
def trust_shown(firm, link, edge):
    """Return the trust that a supplier shows its client, with what bridges add (C4) and hostility takes away (C2)."""
    trust = bridges.trust(supplier_trust(link, edge), link[edge].bridge, firm.bridge_trust)
    return rivalry.trust(trust, link[edge].hostility)


@rule
def customer_key(segment, ordinal):
    """Return the identity of a customer: who joined this segment how-manieth."""
    return draws.bits(segment.key, np.uint64(ordinal), np.uint64(0))


@rule
def is_owned(keys, firm, unit, row, when):
    """Tell whether whoever answers a complaint or a claim owns it; what a manager stands behind is owned."""
    if row.cause == CLAIM:
        share = firm.responsibility_refused
        if row.stage == responsibility.CALLED_AT_ONCE:
            share = 0.0
        elif row.stage == responsibility.REFUSED:
            share = firm.refusal_defended
        left = responsibility.prevented(firm.company_agreement, firm.responsibility_training, firm.remedy_effect)
        return not responsibility.fails(share, left, draws.uniform(keys[STAGE], row.key, 8 + int(row.stage)))
    if row.cause == COMPLAINT and row.queue_class != AHEAD:
        return draws.uniform(keys[OWN], row.key, when) < unit[row.unit].ownership
    return True


@rule
def count_customer(segment, satisfaction, sign):
    """Add an active customer to the running figures of a segment, or take one away."""
    segment.satisfaction_sum += sign * satisfaction
    if satisfaction >= loyalty.PROMOTER:
        segment.promoters += sign
    elif satisfaction < loyalty.DETRACTOR:
        segment.detractors += sign


@rule
def by_customer(firm, one, segment, buyer, outcome, prompt, assurance, empathy, tangibles, now, weight, best):
    """Let a customer live through an encounter. Return quality, judgement, expectation, and satisfaction lost."""
    before = buyer.satisfaction
    quality, judgement, expected = encounter.encounter(
        firm, one, buyer, outcome, prompt, assurance, empathy, tangibles, now, segment.market, firm.market_effect,
        weight, recovery.harder(buyer.recovered, firm.second_failure), best,
    )  # fmt: skip
    if buyer.active == 1:
        count_customer(segment, before, -1)
        count_customer(segment, buyer.satisfaction, 1)
    segment.talk += weight * loyalty.talk(judgement, segment.market, firm.bad_news)
    segment.talkers += weight
    return quality, judgement, expected, max(0.0, before - buyer.satisfaction)


@part
def meet_client(
    keys, firm, unit, link, segment, employee, relation, customer, link_day, row, right, owned, trust_in_client, when
):
    """The encounter at the end of a service.

    Return the reliability that the client received, its quality, the expectation it was held against, the satisfaction that
    a customer lost, and the baggage that the customer brought.
    """
    edge = row.link
    person = employee[row.server]
    u = unit[row.unit]
    inside = is_inside(link, row)
    wait = row.finish - row.opened
    hurry = firm.rush_deadline if row.rush == 1 else 1.0
    promised = link[edge].promise_days * hurry
    acceptable = promised
    explained = 1.0
    if inside:
        explained = cares.explanation(link[edge].care, firm.care_explanation)
    else:
        acceptable *= segment[link[edge].client_segment].patience

    outcome = encounter.reliability(right, wait, promised, row.bound)
    prompt = encounter.responsiveness(information.felt(wait, firm.felt_wait), acceptable, firm.waiting_aversion)
    share_told = information.told(
        wait, max(0.0, row.ready - row.opened), firm.platform, link[edge].waiting_information
    )  # fmt: skip
    prompt = information.accepted(prompt, share_told, wait, acceptable, firm.information_acceptance)
    known = bridges.knowledge(person.knowledge, person.unit != row.unit, firm.cover_knowledge)
    assurance = encounter.clip(
        explained * knowledge.assurance(known, u.tools_now, firm.knowledge_assurance, firm.tools_assurance)
    )
    empathy = encounter.clip(
        explained
        * u.time_factor
        * motivation.empathy(person.motivation, trust_in_client, firm.motivation_empathy, firm.trust_empathy)
        * strain.empathy(person.compassion, person.strain, firm.compassion_empathy, firm.strain_empathy)
        * u.warmth
        * blame.empathy(row.handovers, firm.handover_empathy)
    )
    tangibles = motivation.tangibles(
        u.tools_now, u.environment, row.bound, firm.tools_tangibles, firm.environment_tangibles
    )
    if row.cause >= COMPLAINT:
        if not owned:
            assurance = 0.0
        apologised = draws.uniform(keys[APOLOGY], row.key, when) < u.apology
        outcome = recovery.reliability(outcome, owned, u.redress, firm.redress_weight)
        empathy = recovery.empathy(empathy, owned, apologised, firm.apology_weight)

    lost = 0.0
    brought = 0.0
    if inside:
        client = relation[row.client]
        satisfaction, trust = client.satisfaction, client.trust
        quality, judgement, expected = encounter.encounter(
            firm,
            link[edge],
            client,
            outcome,
            prompt,
            assurance,
            empathy,
            tangibles,
            row.finish,
            0.0,
            0.0,
            1.0,
            1.0,
            1.0,
        )
        link[edge].satisfaction_sum += client.satisfaction - satisfaction
        link[edge].trust_sum += client.trust - trust
        felt = client.satisfaction
    else:
        buyer = customer[row.client]
        weight = attribution.weight(u.kind, firm.attribution, link[edge].face_to_face, firm.immediacy)
        hears = listening.heard(u.listening, person.compassion)
        best = listening.most_satisfied(buyer.unsatisfiable, hears)
        quality, judgement, expected, lost = by_customer(
            firm, link[edge], segment[buyer.segment], buyer, outcome, prompt, assurance, empathy, tangibles, row.finish,
            weight, best,
        )  # fmt: skip
        felt = buyer.satisfaction
        brought = strain.brought(segment[buyer.segment].baggage, buyer.baggage, buyer.unresolved, firm.upset)
        left = strain.relief(u.support, person.peer_support, firm.support_buffer, firm.peer_support)
        person.compassion = strain.compassion_after(person.compassion, brought, firm.baggage_drain, left)

    day = link_day[edge]
    surveys.ask(keys, firm, link[edge].survey_share, row.key, when, felt, day)
    day.right += 1 if right else 0
    day.in_time += 1 if wait <= promised else 0
    day.rush_kept += 1 if row.rush == 1 and wait <= promised else 0
    day.wait += wait
    record(day, quality, judgement, expected, outcome, prompt, assurance, empathy, tangibles)
    return outcome, quality, expected, lost, brought


@rule
def record(day, quality, judgement, expected, outcome, prompt, assurance, empathy, tangibles):
    """Add an encounter to the figures of a link's day."""
    day.encounters += 1
    day.quality += quality
    day.judgement += judgement
    day.expectation += expected
    day.reliability += outcome
    day.responsiveness += prompt
    day.assurance += assurance
    day.empathy += empathy
    day.tangibles += tangibles


@part
def write_journal(clock, link, journal, firm, row, right, quality):
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
    entry.cause = row.cause
    entry.quality = quality
