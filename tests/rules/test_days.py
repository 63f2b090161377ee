"""The first day, the morning, the life of a customer, and the order of a day."""

from math import exp, log

import numpy as np
import pytest

from sim import state as states
from sim.chain import ServiceChain
from sim.draws import Purpose
from sim.population import CONTRACTOR, DEPARTMENT, LATER, NEED, NOBODY
from tests.claims.paired import bare
from tests.rules.plain import KEYS, give, plain, row, rows

customers = plain("sim.rules.customers")
morning = plain("sim.rules.morning")
start = plain("sim.rules.start")
day = plain("sim.rules.day")
ONE_SIGMA = 0.8413447460685429


# --- customers -------------------------------------------------------------------------------------------------------


def test_a_segment_is_prepared_for_the_day():
    unit = rows("UNIT", 3, kind=[CONTRACTOR, DEPARTMENT, DEPARTMENT])
    link = rows("LINK", 4, supplier=[0, 1, 2, 1], requests_per_case=[0.9, 0.3, 0.5, 9.0])
    segment = row(
        "SEGMENT", needs_per_year=5.0, churn=0.2, market_quality=0.6, market_pace=0.2, first_supply=1, supplies=3
    )
    customers.prepare(unit, link, np.array([3, 0, 1, 2]), segment, 500)
    assert segment.mean_gap == 50.0
    assert segment.hazard == pytest.approx(-log(0.8) / 5)
    assert segment.market == pytest.approx(1 - 0.4 * exp(-0.4))
    assert segment.office == 2, "the department most of them go to"
    segment.needs_per_year, segment.supplies = 0.0, 1
    customers.prepare(unit, link, np.array([3, 0, 1, 2]), segment, 0)
    assert (segment.mean_gap, segment.hazard, segment.office) == (customers.NEVER, 0.0, NOBODY)
    assert customers.NEVER > 1e6
    segment.needs_per_year, segment.supplies = 0.5, 2
    customers.prepare(unit, link, np.array([3, 0, 1, 2]), segment, 0)
    assert (segment.mean_gap, segment.office) == (500.0, 1)


def test_a_need_is_filed_under_its_day():
    customer, ring = rows("CUSTOMER", 3, next_need=[3.9, 19.2, 4.0]), np.full(16, NOBODY)
    for c in range(3):
        customers.remember_need(customer, ring, c)
    assert (ring[3], customer[1].next, customer[0].next, ring[4]) == (1, 0, NOBODY, 2)


def test_the_usual_gap_is_weighted_by_what_is_asked_at_each_door():
    link = rows("LINK", 3, requests_per_case=[9.0, 0.25, 0.75], satisfaction_gap=[9.0, -0.4, 0.2])
    segment = row("SEGMENT", first_supply=1, supplies=2)
    assert customers.usual_gap(link, np.array([0, 1, 2]), segment) == pytest.approx(0.05)
    link.requests_per_case = 0.0
    assert customers.usual_gap(link, np.array([0, 1, 2]), segment) == 0.0


@pytest.mark.parametrize(("draw", "unsatisfiable"), [(0.29, 1), (0.31, 0)])
def test_a_new_customer_expects_what_the_doors_are_known_for(monkeypatch, draw, unsatisfiable):
    give(
        monkeypatch,
        {
            (Purpose.START, 0): ONE_SIGMA,
            (Purpose.START, 5): ONE_SIGMA,
            (Purpose.START, 6): draw,
            Purpose.NEED: exp(-0.5),
        },
    )
    link = rows("LINK", 3, requests_per_case=[9.0, 0.25, 0.75], expectation=[0.1, 0.8, 0.6])
    segment = rows("SEGMENT", 1, first_supply=1, supplies=2, baggage_spread=0.2, unsatisfiable=0.3, mean_gap=10.0)
    person = rows("CUSTOMER", 1)
    for name in person.dtype.names:
        person[name] = 9
    person.ordinal = 4
    one = person[0]
    customers.start(KEYS, row("FIRM", expectation_spread=0.1), segment, link, np.array([0, 1, 2]), 0, one, 7.0)
    assert [one[name] for name in ("expected_outcome", "expected_process", "satisfaction", "trust")] == pytest.approx(
        [0.75] * 4
    )
    assert (one.touched, one.active, one.unsatisfiable, one.baggage) == (7.0, 1, unsatisfiable, pytest.approx(0.2))
    assert [one[name] for name in ("loss", "unresolved", "recovered", "encounters", "needs", "open")] == [0] * 6
    assert one.next_need == pytest.approx(12.0)
    customers.start(KEYS, row("FIRM", expectation_spread=0.0), rows("SEGMENT", 1, first_supply=1, supplies=2,
        mean_gap=10.0), link,
                    np.array([0, 1, 2]), 0, one, 7.0)  # fmt: skip
    assert (one.expected_outcome, one.baggage, one.unsatisfiable) == (pytest.approx(0.65), 0.0, 0)
    link.requests_per_case = 0.0
    customers.start(KEYS, row("FIRM", expectation_spread=0.0), segment, link, np.array([0, 1, 2]), 0, one, 7.0)
    assert one.expected_outcome == pytest.approx(0.8), "where nobody asks anything, what the first link is known for"


def a_need(monkeypatch, given, firm=None, segment=None, link=None, **customer):
    give(monkeypatch, {Purpose.NEED: exp(-0.5), Purpose.DOOR: 0.1, **given})
    made = {
        "clock": row("CLOCK", day=5, slot=40, slots_per_day=8, free_request=0, free_requests=6, due=NOBODY,
        free_customer=NOBODY),
        "firm": row("FIRM", **({"churn_sensitivity": 8.0, "cash": 5.0} | (firm or {}))),
        "link": rows("LINK", 2, **({"requests_per_case": [0.3, 0.7], "supplier": [4, 6], "key": [1, 2]} | (link or {}))),
        "segment": rows("SEGMENT", 1, **({"supplies": 2, "active": 10, "hazard": 0.1, "satisfaction_sum": 3.0, "mean_gap": 10.0,
                                          "market_quality": 0.6, "market": 0.6, "revenue_per_need": 100.0} | (segment or {}))),
        "customer": rows("CUSTOMER", 2, **({"active": 1, "satisfaction": 0.75, "next_need": 5.3, "needs": 3} | customer)),
        "request": rows("REQUEST", 6), "ring": np.full(64, NOBODY), "days": np.full(16, NOBODY),
        "link_day": rows("LINK_DAY", 2), "segment_day": rows("SEGMENT_DAY", 1), "firm_day": row("FIRM_DAY"),
    }  # fmt: skip
    made["request"].next = [1, 2, 3, 4, 5, NOBODY]
    customers.leave_or_ask(made["clock"], KEYS, made["firm"], made["link"], made["segment"], np.array([0, 1]), made["customer"],
                           made["request"], made["ring"], made["days"], made["link_day"], made["segment_day"],
                           made["firm_day"], 1)  # fmt: skip
    return made


@pytest.mark.parametrize(("draw", "door"), [(0.69, 1), (0.71, 0)])
def test_a_need_goes_to_one_of_the_doors(monkeypatch, draw, door):
    """Systematic sampling: from a draw of 0.7 on, the first door is reached."""
    made = a_need(monkeypatch, {Purpose.DOOR: draw, Purpose.STAY: 0.99})
    assert made["clock"].open_requests == 1
    one = made["request"][0]
    assert (one.link, one.unit, one.client, one.cause, one.parent, one.opened, one.rush) == (
        door,
        [4, 6][door],
        1,
        NEED,
        NOBODY,
        5.3,
        0,
    )
    assert made["ring"][43] == 0, "the first boundary after 5.3"
    buyer = made["customer"][1]
    assert (buyer.open, buyer.needs, buyer.next_need) == (1, 4, pytest.approx(10.3))
    assert made["days"][10] == 1
    assert (made["segment_day"][0].needs, made["segment_day"][0].left) == (1, 0)
    assert made["segment_day"][0].revenue == made["firm_day"].revenue == 100.0
    assert made["firm"].cash == 105.0


def test_a_need_may_ask_at_several_doors_and_several_times_with_an_identity_each(monkeypatch):
    made = a_need(monkeypatch, {Purpose.STAY: 0.99}, link={"requests_per_case": [2.0, 1.0]})
    assert made["link_day"].opened.tolist() == [2, 1]
    assert made["customer"][1].open == 3
    assert len({int(key) for key in made["request"].key[:3]}) == 3
    again = a_need(monkeypatch, {Purpose.STAY: 0.99}, link={"requests_per_case": [2.0, 1.0]}, needs=4)
    assert not set(made["request"].key[:3].tolist()) & set(again["request"].key[:3].tolist())


def test_the_next_need_of_the_same_day_comes_at_once(monkeypatch):
    made = a_need(monkeypatch, {Purpose.STAY: 0.99}, segment={"mean_gap": 0.5})
    assert made["clock"].due == 1
    assert (made["days"] == NOBODY).all()


def test_a_rush_is_agreed_to_customers(monkeypatch):
    for draw, share, rush in ((0.29, 0.3, 1), (0.31, 0.3, 0), (1e-9, 0.0, 0)):
        made = a_need(monkeypatch, {Purpose.RUSH: draw, Purpose.STAY: 0.99}, segment={"rush_share": share})
        assert (made["request"][0].rush, made["request"][0].agreed, made["link_day"].rush_agreed.sum()) == (
            rush,
            rush,
            rush,
        )


@pytest.mark.parametrize("satisfaction", [0.75, 0.9])
def test_a_customer_leaves_with_the_hazard_of_satisfaction_trust_and_what_others_offer(monkeypatch, satisfaction):
    attachment = 0.75 * satisfaction + 0.25 * 0.4 - 0.5 * 0.1
    leaving = 1 - exp(-0.1 * exp(-8 * (attachment - 0.75)))
    for draw, left in ((leaving - 1e-6, 1), (leaving + 1e-6, 0)):
        made = a_need(monkeypatch, {Purpose.STAY: draw}, firm={"trust_loyalty": 0.25, "market_pull": 0.5},
            segment={"market": 0.7},
                      satisfaction=satisfaction, trust=0.4)  # fmt: skip
        assert (made["segment_day"][0].left, made["segment"][0].active, made["customer"][1].active) == (
            left,
            10 - left,
            1 - left,
        )
        assert made["clock"].open_requests == 1 - left
        assert made["segment"][0].satisfaction_sum == pytest.approx(3.0 - left * satisfaction)
        assert made["clock"].free_customer == (1 if left else NOBODY)
    made = a_need(monkeypatch, {Purpose.STAY: 1e-9}, open=2)
    assert (made["customer"][1].active, made["clock"].free_customer) == (0, NOBODY), "requests under way keep the row"
    made = a_need(monkeypatch, {Purpose.STAY: 1e-9}, segment={"hazard": 0.0})
    assert made["customer"][1].active == 1


def test_promises_raise_what_is_expected_and_what_is_sold(monkeypatch):
    made = a_need(monkeypatch, {Purpose.STAY: 0.99}, firm={"promise_effect": 0.2},
                  segment={"promised_quality": 0.9, "overpromise": 0.5, "overpromise_sales": 0.4},
                  expected_outcome=0.6, expected_process=0.4)  # fmt: skip
    buyer = made["customer"][1]
    assert (buyer.expected_outcome, buyer.expected_process) == pytest.approx((0.66, 0.5))
    assert made["firm_day"].revenue == pytest.approx(120.0)


def test_new_customers_come_as_the_reputation_brings_them(monkeypatch):
    segment = rows("SEGMENT", 2, start_size=500, new_customers=[1.0, 0.0], reputation=0.3)
    mean = 2 * exp(0.6)
    for draw, number in ((exp(-mean) - 1e-6, 0), (exp(-mean) + 1e-6, 1)):
        give(monkeypatch, {Purpose.JOIN: draw})
        assert customers.arrivals(KEYS, row("FIRM", word_of_mouth=2.0), segment, 0, 5) == number
        assert customers.arrivals(KEYS, row("FIRM", word_of_mouth=2.0), segment, 1, 5) == 0


def test_who_joins_begins_tomorrow(monkeypatch):
    give(monkeypatch, {Purpose.NEED: exp(-0.5)})
    customer, ring = rows("CUSTOMER", 3, ordinal=9), np.full(16, NOBODY)
    customer.next = [NOBODY, 0, NOBODY]
    clock = row("CLOCK", day=5, free_customer=1, free_customers=2)
    segment = rows("SEGMENT", 2, joined=30, active=20, supplies=1, mean_gap=10.0, promoters=3)
    link, days = rows("LINK", 1, requests_per_case=1.0, expectation=0.9), rows("SEGMENT_DAY", 2)
    customers.join(
        clock, KEYS, row("FIRM", expectation_spread=0.0), link, segment, np.array([0]), customer, ring, days, 1
    )
    one = customer[1]
    assert (clock.free_customer, clock.free_customers) == (0, 1)
    assert (one.segment, one.ordinal, one.touched, one.next_need) == (1, 30, 6.0, pytest.approx(11.0))
    assert ring[11] == 1
    assert (segment.joined.tolist(), segment.active.tolist(), days.joined.tolist()) == ([30, 31], [20, 21], [0, 1])
    assert (segment.promoters.tolist(), segment[1].satisfaction_sum) == ([3, 4], pytest.approx(0.9))


# --- the morning -----------------------------------------------------------------------------------------------------


def test_means_of_work_are_what_there_is_and_what_managers_and_the_firm_add():
    firm = row("FIRM", support_tools=0.5, partner_tools=0.4, partner_training=0.1)
    for kind, tools, training in ((DEPARTMENT, 0.6, 0.05), (CONTRACTOR, 0.68, 0.1)):
        unit = row("UNIT", kind=kind, tools=0.5, support=0.4, training=0.05, partner_support=0.5)
        morning.means_of_work(firm, unit)
        assert (unit.tools_now, unit.training_now) == pytest.approx((tools, training))
    unit = row("UNIT", kind=CONTRACTOR, training=0.88, partner_support=1.0)
    morning.means_of_work(firm, unit)
    assert unit.training_now == 0.9


def test_the_backlog_makes_pressure_against_the_promise():
    firm = row("FIRM", hours_per_day=8.0, speed_up=0.64, slow_down=0.3)
    unit = row("UNIT", hours_per_request=4.0, queued=12, filled=2, standard=0.9, flow=4.0, promised_flow=7.2)
    unit.training_now = 0.0
    morning.under_pressure(firm, unit)
    assert unit.backlog_days == pytest.approx(2.7)
    assert unit.mean_promise == pytest.approx(1.8)
    assert (unit.pressure, unit.slack) == pytest.approx((0.5, 0.0))
    assert unit.time_factor == pytest.approx(0.9 * exp(-0.32))
    unit.flow, unit.queued, unit.filled = 0.0, 1, 0
    morning.under_pressure(firm, unit)
    assert (unit.mean_promise, unit.backlog_days) == (1.0, pytest.approx(0.45))
    assert unit.time_factor == pytest.approx(0.9 * exp(0.3 * 0.55))


@pytest.mark.parametrize("kind", [DEPARTMENT, CONTRACTOR])
def test_pace_and_odds_of_a_unit_add_up_all_that_holds_for_all_its_work(kind):
    """1,000 for the whole firm of 20, 5 of whom face customers, brings 1,600 a head to the front: half of what is possible."""
    firm = row("FIRM", service_budget=1000.0, front_share=0.4, budget_half=1600.0, budget_speed=0.2, budget_errors=0.6,
        speed_up=0.64,
               work_intensity=0.37, slow_down=0.3, target_speed=0.2, target_errors=0.5, crisis_time=0.15, crisis_harm=0.7,
               corner_cutting=0.5, problem_harm=0.4, latent_haste=0.5, clarity_errors=1.0, clarity_empathy=0.5,
               effort_errors=0.0,
               commitment_errors=0.0, commitment_empathy=0.0, partner_errors=0.0)  # fmt: skip
    for crisis_until, crisis in ((8.0, 1.0), (7.0, 0.0)):
        unit = row("UNIT", kind=kind, facing=1, staff=20, pressure=0.5, standard=0.9, slack=0.0, alignment=0.7, haste=0.1,
                   time_factor=0.8, severity=0.5, lessons=0.3, latent_rate=0.1, clarity=0.4,
                   crisis_until=crisis_until)  # fmt: skip
        morning.whole_unit(firm, unit, 7, 20, 5)
        assert unit.pace == pytest.approx(log(0.9) - 0.505 - 0.06 + log(0.9) - 0.1 + 0.15 * crisis)
        partner = 0.2 if kind == CONTRACTOR else 0.0
        assert unit.log_odds == pytest.approx(0.1 + 0.15 + 0.1 + 0.7 * crisis - 0.3 - 0.3 + partner)
        assert unit.warmth == pytest.approx(0.9 if kind == CONTRACTOR else 1.0)
        assert unit.latent == pytest.approx(0.15 * exp(-0.3))


def test_the_widest_fan_is_the_most_that_one_event_can_open():
    link = rows("LINK", 3, requests_per_case=[9.0, 1.2, 0.0], requests_per_hire=[9.0, 0.5, 3.0])
    assert morning.widest_fan(link, np.array([0, 1, 2]), 1, 2) == 6
    assert morning.widest_fan(link, np.array([0, 1, 2]), 1, 1) == 3
    assert morning.widest_fan(link, np.array([0, 1, 2]), 0, 0) == 0


def a_chain(**graph):
    chain = ServiceChain(**(bare() | graph))
    chain.add_department("Back", staff=2, hours_per_request=0.5, working_time="fixed")
    chain.add_department("Front", staff=3, hours_per_request=0.5, working_time="fixed", managers=2)
    chain.add_segment("Customers", customers=12, needs_per_year=25)
    chain.add_link("Back", "Front", requests_per_case=1.5, promise_days=2.0)
    chain.add_link("Front", "Back", requests_per_case=0.1, promise_days=1.0)
    chain.add_link("Front", "Customers", promise_days=4.0)
    return chain.check()


def test_the_morning_derives_what_holds_for_the_day():
    state = states.blank(a_chain())
    clock, unit, link, segment = (
        state.clock[0],
        *(getattr(state, name).view(np.recarray) for name in ("unit", "link", "segment")),
    )
    firm = state.firm.view(np.recarray)[0]
    firm.reciprocity, firm.rivalry_care = 0.5, 0.5
    names = [link.supplier.tolist(), link.client_unit.tolist()]
    back_to_front, front_to_back = names[0].index(0), next(e for e in range(3) if names[0][e] == 1 and names[1][e] == 0)
    link.internal_service, link.regard, link.first_regard, link.hostility = 0.8, 0.7, 0.5, 0.2
    unit.standard, unit.filled, unit.attention_left, unit.recognition, unit.span = 1.0, 2, 0.1, 0.8, 5.0
    clock = state.clock.view(np.recarray)[0]
    clock.day, clock.bridged, clock.post_in_hand, clock.due = 1029, 1, 7, 3
    state.day_ring[5], state.later_ring[5] = 6, 9
    morning.begin(clock, firm, unit, link, segment, state.supply, state.day_ring, state.later_ring)
    assert link.care.tolist()[back_to_front] == pytest.approx(0.6 + 0.1 - 0.1)
    assert link.care.tolist()[front_to_back] == pytest.approx(0.6)
    outside = next(e for e in range(3) if names[1][e] == NOBODY)
    assert link.care.tolist()[outside] == pytest.approx(0.5), "nobody serves a customer in return"
    flows = link.flow
    assert unit.flow.tolist() == pytest.approx([flows[back_to_front], flows[front_to_back] + flows[outside]])
    assert unit.promised_flow.tolist() == pytest.approx(
        [2 * flows[back_to_front], flows[front_to_back] + 4 * flows[outside]]
    )
    assert unit.facing.tolist() == [0, 1]
    assert unit.recognition_received.tolist() == pytest.approx([0.8 * 0.25, 0.8 * 0.5 / 3])
    assert unit.work_location.tolist() == pytest.approx([0.0625, 0.0625])
    assert link.share_process.tolist() == pytest.approx((1 - link.share_reliability).tolist())
    assert (clock.bridged, clock.post_in_hand, clock.due, clock.later_due) == (0, 0, 6, 9)
    assert (state.day_ring[5], state.later_ring[5]) == (NOBODY, NOBODY)
    assert clock.max_fan == 4, "ceil(1.5) + 1 requests inside, and the case itself; the aftermath opens as many"
    link.cross_training[outside] = 0.5
    morning.begin(clock, firm, unit, link, segment, state.supply, state.day_ring, state.later_ring)
    assert clock.bridged == 0, "customers cannot cover"
    link.cross_training[back_to_front], link.requests_per_case[back_to_front] = 0.5, 7.5
    morning.begin(clock, firm, unit, link, segment, state.supply, state.day_ring, state.later_ring)
    assert (clock.bridged, clock.max_fan) == (1, 10)


# --- the first day ---------------------------------------------------------------------------------------------------


def test_the_firm_starts_at_rest(monkeypatch):
    given = {(Purpose.START, 0): 0.29, (Purpose.START, 1): ONE_SIGMA, (Purpose.START, 2): 0.5, (Purpose.START, 3): 0.25,
             Purpose.NEED: exp(-0.5)}  # fmt: skip
    give(monkeypatch, given)
    chain = a_chain(dependence=0.5, newcomer_share=0.3, newcomer_knowledge=0.4, knowledge_spread=0.1,
        motivation_service=0.25, support_motivation=0.2,
                    advocacy=0.5, satisfaction_gap=-0.1, voice_safety=0.4, rivalry=0.2, bonds=0.6,
                    bond_belonging=0.7)  # fmt: skip
    state = states.blank(chain)
    arrays = {name: getattr(state, name).view(np.recarray) for name in
              ("clock", "firm", "unit", "link", "segment", "employee", "relation", "customer", "roster")}  # fmt: skip
    unit, link, employee, relation = (arrays[name] for name in ("unit", "link", "employee", "relation"))
    unit.span = 30.0
    start.first_day(arrays["clock"], KEYS, arrays["firm"], unit, link, arrays["segment"], state.supply, employee, relation,
                    arrays["customer"], arrays["roster"], state.day_ring, np.array([0]))  # fmt: skip
    assert unit.standard.tolist() == [1.0, 1.0]
    assert unit.filled.tolist() == [2, 3]
    assert unit.voice_climate.tolist() == [0.4, 0.4]
    assert unit.attention_left.tolist() == [1.0, 2.0]
    assert unit.support.tolist() == [0.5, 0.5]
    assert unit.true_score.tolist() == unit.seen_score.tolist() == [-1.0, -1.0]
    assert employee.knowledge.tolist() == pytest.approx([0.5] * 5), "newcomers, one standard deviation above 0.4"
    assert unit.mean_knowledge.tolist() == pytest.approx([0.5, 0.5])
    assert employee.compassion.tolist() == [1.0] * 5
    assert employee.tie.tolist() == [0.6] * 5
    weights = 0.6 * employee.team_ties
    assert employee.peer_support.tolist() == pytest.approx((weights / (1 + weights)).tolist())
    inside = np.flatnonzero(link.client_unit != NOBODY)
    for e, person in enumerate(employee):
        mine = relation[person.first_relation]
        assert mine.employee == e
        expected = link[mine.link].expectation
        assert (mine.expected_outcome, mine.expected_process) == (expected, expected)
        assert (mine.satisfaction, mine.trust, person.service_received) == pytest.approx((expected - 0.1,) * 3)
        conditions = sum(unit[person.unit][name] for name in ("tools_now", "environment", "communication", "growth",
            "belonging", "pay",
                                                              "recognition_received")) / 7  # fmt: skip
        grounds = 0.75 * (conditions + 0.7 * 0.2 / 7) + 0.25 * person.service_received
        assert person.motivation == pytest.approx(grounds + 0.2 * 0.5 * (1 - grounds))
    assert unit.mean_motivation.tolist() == pytest.approx([employee.motivation[0], employee.motivation[2]])
    assert arrays["roster"].free_at.tolist() == [-0.75] * 5
    assert arrays["roster"].employee.tolist() == list(range(5))
    for edge in inside:
        clients = unit[link[edge].client_unit].staff
        assert link[edge].clients == clients
        assert link[edge].satisfaction_sum == pytest.approx(clients * (link[edge].expectation - 0.1))
        assert link[edge].trust_sum == link[edge].satisfaction_sum
        assert link[edge].regard == link[edge].first_regard == pytest.approx(link[link[edge].mirror].expectation - 0.1)
    assert link.hostility.tolist() == [0.2] * 3
    assert link.seen.tolist() == [-1.0] * 3
    customer, segment = arrays["customer"], arrays["segment"][0]
    outside = np.flatnonzero(link.client_unit == NOBODY)[0]
    assert customer.ordinal.tolist() == list(range(12))
    assert customer.expected_outcome.tolist() == pytest.approx([link[outside].expectation] * 12)
    assert (
        customer.satisfaction.tolist()
        == customer.trust.tolist()
        == pytest.approx([link[outside].expectation - 0.1] * 12)
    )
    assert (segment.active, segment.joined) == (12, 12)
    assert segment.satisfaction_sum == pytest.approx(customer.satisfaction.sum())
    assert customer.next_need.tolist() == pytest.approx([5.0] * 12)
    assert arrays["clock"][0].day == 0


def test_who_is_no_newcomer_knows_what_the_unit_knows(monkeypatch):
    give(monkeypatch, {(Purpose.START, 0): 0.31, Purpose.NEED: 0.5})
    state = states.blank(a_chain(newcomer_share=0.3, knowledge=0.8, knowledge_spread=0.0))
    employee = state.employee.view(np.recarray)
    start.first_day(*(getattr(state, name).view(np.recarray) if name == "clock" else KEYS if name == "keys" else
                      getattr(state, name).view(np.recarray) for name in ("clock", "keys", "firm", "unit", "link", "segment")),
                    state.supply, employee, state.relation.view(np.recarray), state.customer.view(np.recarray),
                    state.roster.view(np.recarray), state.day_ring, np.array([0]))  # fmt: skip
    assert employee.knowledge.tolist() == pytest.approx([0.8] * 5)


# --- the order of the day --------------------------------------------------------------------------------------------


def running(state, until):
    """Run the plain loop until it stops; return why."""
    arrays = [getattr(state, name).view(np.recarray) if getattr(state, name).dtype.names else getattr(state, name)
              for name in ("clock", "keys", "firm", "unit", "queue", "link", "segment", "supply", "employee", "manager",
                  "relation",
                           "bond", "customer", "request", "problem", "later", "roster", "sorting", "slot_ring", "day_ring",
                           "later_ring", "journal", "link_day", "unit_day", "segment_day", "firm_day")]  # fmt: skip
    return day.run_until(until, *arrays)


def begun(seed=3, **graph):
    state = states.blank(a_chain(**graph))
    state.keys = plain("sim.draws").keys(seed)
    state = states.begin(state, seed)
    return state


def test_a_day_takes_every_need_to_its_end():
    state = begun()
    assert running(state, 3) == day.DAY_DONE
    assert (state.clock[0]["day"], state.clock[0]["slot"]) == (3, 24)
    needs = state.segment_day["needs"][:3].sum()
    assert needs > 0
    assert state.link_day["opened"][:3].sum() >= needs
    assert state.unit_day["present_area"][:3].sum() > 0
    assert state.clock[0]["phase"] == day.MORNING


@pytest.mark.parametrize("pool", ["requests", "customers", "problems", "laters"])
def test_the_day_stops_where_a_pool_is_empty_and_goes_on_where_it_stopped(pool):
    """A model whose pools are far too small lives through the same days as one that never runs out."""
    graph = {
        "new_customers": 10.0,
        "problem_rate": 1000.0,
        "latent_rate": 0.9,
        "latent_days": 20.0,
        "churn": 0.3,
        "needs_per_year": 200.0,
    }
    plenty, scarce = begun(**graph), begun(**graph)
    for _ in range(6):
        for grow in ("grow_requests", "grow_customers", "grow_problems", "grow_later"):
            getattr(plenty, grow)()
    clock = scarce.clock[0]
    if pool != "customers":
        name = {"requests": "request", "problems": "problem", "laters": "later"}[pool]
        array = getattr(scarce, name)
        free = clock[f"free_{name}"]
        for _ in range(len(array) - (clock["max_fan"] + 8 if pool == "requests" else 3)):
            free = array["next"][free]
            clock[f"free_{pool}"] -= 1
        clock[f"free_{name}"] = free
    stopped = []
    while (why := running(scarce, 4)) != day.DAY_DONE:
        stopped.append(why)
        {day.MORE_REQUESTS: scarce.grow_requests, day.MORE_CUSTOMERS: scarce.grow_customers,
            day.MORE_PROBLEMS: scarce.grow_problems,
         day.MORE_LATER: scarce.grow_later}[why]()  # fmt: skip
    assert {"requests": day.MORE_REQUESTS, "customers": day.MORE_CUSTOMERS, "problems": day.MORE_PROBLEMS,
            "laters": day.MORE_LATER}[pool] in stopped  # fmt: skip
    assert running(plenty, 4) == day.DAY_DONE
    for table in ("link_day", "unit_day", "segment_day", "firm_day"):
        one, other = (np.asarray(getattr(state, table)[:4]) for state in (plenty, scarce))
        for name in one.dtype.names:
            np.testing.assert_array_equal(one[name], other[name], f"{table}.{name}")


def test_a_need_of_a_later_round_of_the_calendar_waits_for_its_day():
    state = begun()
    c = 0
    customer = state.customer
    customer["next_need"][c] = 2000.5
    assert running(state, 4) == day.DAY_DONE
    assert customer["needs"][c] == 0
    assert customer["next_need"][c] == 2000.5


def test_what_surfaces_in_a_later_round_of_the_calendar_waits_for_its_day():
    state = begun()
    later = state.later.view(np.recarray)
    plain("sim.rules.latent").remember(
        state.clock.view(np.recarray)[0], later, state.later_ring, 0, 0, 0, 0, 0, 0.0, 1024 + 2.5
    )
    assert running(state, 4) == day.DAY_DONE
    assert later[0].client == 0
    assert state.link_day["surfaced"][:4].sum() == 0
    assert later.dtype == LATER


def test_what_was_hidden_surfaces_on_its_day_with_a_customer_who_is_still_there():
    state = begun(churn=0.0)
    later, customer = state.later.view(np.recarray), state.customer
    edge = int(np.flatnonzero(state.link["client_unit"] == NOBODY)[0])
    for due, ordinal in ((2.5, customer["ordinal"][0]), (2.5, customer["ordinal"][0] + 1)):
        plain("sim.rules.latent").remember(
            state.clock.view(np.recarray)[0], later, state.later_ring, 0, ordinal, edge, 0, 0, 0.0, due
        )
    assert running(state, 4) == day.DAY_DONE
    assert state.link_day["surfaced"][:4, edge].tolist() == [0, 0, 1, 0]
