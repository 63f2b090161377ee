"""The first day: who the people and customers are. B1's newcomers, E1's first expectations."""

from sim import draws
from sim.compiled import kernel, rule
from sim.population import CONTRACTOR, NOBODY
from sim.portable import normal_quantile
from sim.rules import bonds, customers, expectation, leadership, morning, motivation, partners, service
from sim.rules.encounter import clip

START = int(draws.Purpose.START)


@rule
def spread_out(mean, spread, u):
    """Return a normal variate around ``mean``, held between 0 and 1; the mean itself where ``spread`` is 0."""
    return clip(mean + spread * normal_quantile(u)) if spread > 0.0 else mean


@kernel
def first_day(
    clocks, keys, firms, unit, link, segment, supply, employee, relation, customer, roster, day_ring, first_customer
):  # fmt: skip
    """Give every employee and customer a first state.

    Employees: knowledge around the unit's, or a newcomer's; motivation where its grounds are, so that the firm starts at
    rest; satisfied with suppliers as they expect, but for the links' gaps. Customers of segment s take rows
    ``first_customer[s]`` onward.
    """
    clock = clocks[0]
    firm = firms[0]
    for u in range(len(unit)):
        row = unit[u]
        row.standard = 1.0
        row.filled = row.staff
        row.voice_climate = row.voice_safety
        row.attention_left = float(row.managers)
        row.support = leadership.support(row.advocacy, row.attention_left, row.span, row.staff)
        row.true_score = -1.0
        row.seen_score = -1.0
        if row.kind == CONTRACTOR:
            partners.start(keys, firm, row, 0.0)
        morning.means_of_work(firm, row)
        row.recognition_received = motivation.recognition_received(
            row.recognition, row.span, row.attention_left, row.staff
        )
    for e in range(len(employee)):
        person = employee[e]
        row = unit[person.unit]
        new = draws.uniform(keys[START], person.key, 0) < row.newcomer_share
        usual = clip((firm.newcomer_knowledge if new else row.knowledge) + row.partner_quality)
        person.compassion = 1.0
        person.tie = row.bonds if person.team_ties > 0 else bonds.ORDINARY_TIE
        person.peer_support = bonds.support_from(row.bonds * person.team_ties)
        person.knowledge = spread_out(usual, row.knowledge_spread, draws.uniform(keys[START], person.key, 1))
        felt_sum = 0.0
        weight = 0.0
        for place in range(row.supplies):
            edge = supply[row.first_supply + place]
            mine = relation[person.first_relation + place]
            mine.link = edge
            mine.employee = e
            expected = spread_out(
                link[edge].expectation, firm.expectation_spread,
                draws.uniform(keys[START], person.key ^ link[edge].key, 2),
            )  # fmt: skip
            mine.expected_outcome = expected
            mine.expected_process = expected
            felt = expectation.satisfied_at_first(expected, link[edge].satisfaction_gap)
            mine.satisfaction = felt
            mine.trust = felt
            link[edge].clients += 1
            link[edge].satisfaction_sum += felt
            link[edge].trust_sum += felt
            felt_sum += felt * link[edge].requests_per_case * link[edge].dependence
            weight += link[edge].requests_per_case * link[edge].dependence
        person.service_received = felt_sum / weight if weight > 0.0 else -1.0
        of_work = motivation.conditions(row) + bonds.belonging(person.tie, firm.bond_belonging)
        grounds = of_work
        if weight > 0.0:
            grounds = motivation.grounds(of_work, person.service_received, firm.motivation_service)
        person.motivation = clip(leadership.motivated(grounds, row.support, firm.support_motivation))
        row.mean_motivation += person.motivation / row.staff
        row.mean_knowledge += person.knowledge / row.staff
        # Nobody is free first by the order of a list: a draw decides.
        roster[e].employee = e
        roster[e].free_at = draws.uniform(keys[START], person.key, 3) - 1.0

    for edge in range(len(link)):
        one = link[edge]
        one.seen = -1.0
        one.hostility = one.rivalry
        if one.client_unit != NOBODY:
            one.regard = service.supplier_trust(link, edge)
            one.first_regard = one.regard

    for s in range(len(segment)):
        customers.prepare(unit, link, supply, segment[s], 0)
        gap = customers.usual_gap(link, supply, segment[s])
        for ordinal in range(segment[s].start_size):
            c = first_customer[s] + ordinal
            row = customer[c]
            row.segment = s
            row.ordinal = ordinal
            customers.start(keys, firm, segment, link, supply, s, row, 0.0)
            row.satisfaction = expectation.satisfied_at_first(row.expected_outcome, gap)
            row.trust = row.satisfaction
            customers.remember_need(customer, day_ring, c)
            customers.count_customer(segment[s], row.satisfaction, 1)
        segment[s].active = segment[s].start_size
        segment[s].joined = segment[s].start_size
    clock.day = 0
