"""The life of a request, step by step, and what follows an encounter with a customer."""

from types import SimpleNamespace

import numpy as np
import pytest

from sim.draws import Purpose
from sim.population import (
    AHEAD,
    ARRIVED,
    BEHIND,
    BROKEN_PROMISE,
    CLAIM,
    COMPLAINT,
    CONTRACTOR,
    DEPARTMENT,
    FAULT,
    FIXED,
    FREE,
    HIDDEN_FAULT,
    INPUT,
    LADDER,
    NEED,
    NOBODY,
    ONBOARDING,
    ORDINARY,
    PERMANENT,
    QUEUED,
    RELEASED,
    REPEAT,
    RESTING,
    SERVED,
    TEMPORARY,
    WAITING,
)  # fmt: skip
from tests.rules.plain import KEYS, give, plain, rows

requests = plain("sim.rules.requests")
aftermath = plain("sim.rules.aftermath")
LUCKY = {Purpose.ERROR: 0.999, Purpose.REOPEN: 0.999, Purpose.LATENT: 0.999, Purpose.HIDDEN: 0.999, Purpose.PROMISE: 0.999,
         Purpose.ACCIDENT: 0.999, Purpose.DISOWN: 0.999, Purpose.BREAK: 0.999}  # fmt: skip


class Firm(SimpleNamespace):
    """Back (0) serves Front (1), link 0; Field (2) serves Front, link 1; Front serves customers, link 2. Day 5, boundary 40."""

    def __init__(self, **fields):
        super().__init__(
            clock=rows("CLOCK", 1, day=5, slot=40, slots_per_day=8, now=5.0, until=5.125, free_request=0, free_requests=8,
                       worklist=NOBODY, free_later=0, free_laters=4, free_customer=NOBODY),
            firm=rows("FIRM", 1, hours_per_day=8.0, satisfaction_learning=0.2, cash=1000.0),
            unit=rows("UNIT", 3, staff=[1, 2, 1], first_employee=[0, 1, 3], supplies=[0, 2, 0], first_supply=0,
            work_location=0.25,
                      kind=[DEPARTMENT, DEPARTMENT, CONTRACTOR], work_shape=FIXED, time_factor=1.0, warmth=1.0, tools_now=1.0,
                      environment=1.0, error_rate=0.0, ownership=1.0),
            link=rows("LINK", 3, supplier=[0, 2, 1], client_unit=[1, 1, NOBODY], client_segment=[NOBODY, NOBODY, 0],
            place=[0, 1, 0],
                      promise_days=2.0, key=[100, 200, 300], requests_per_case=[1.0, 0.5, 1.0], dependence=0.5, goodwill=0.8,
                      share_reliability=1.0, solid_reliability=1.0, clients=2, trust_sum=1.0, reopen_rate=0.5),
            segment=rows("SEGMENT", 1, patience=1.0, tolerance=0.1, market=0.6, redress_cost=50.0, complain_share=0.5,
                         escalate_share=0.1),
            supply=np.array([0, 1, 2]),
            employee=rows("EMPLOYEE", 4, unit=[0, 1, 1, 2], first_relation=[0, 0, 2, 0], knowledge=0.75, motivation=0.6,
                          status=PERMANENT, compassion=1.0, post=[1, 2, 3, 4]),
            relation=rows("RELATION", 4, link=[0, 1, 0, 1], employee=[1, 1, 2, 2], satisfaction=0.5, trust=0.5,
                          expected_outcome=0.9),
            customer=rows("CUSTOMER", 2, satisfaction=0.8, trust=0.6, expected_outcome=0.9, expected_process=0.5,
            active=1, open=1,
                          ordinal=[0, 3]),
            request=rows("REQUEST", 8), later=rows("LATER", 4, client=NOBODY),
            queue=rows("QUEUE", 9).reshape(3, 3), sorting=np.full(65, NOBODY), slot_ring=np.full(64, NOBODY),
            later_ring=np.full(64, NOBODY), journal=rows("JOURNAL", 1), roster=rows("ROSTER", 4, employee=[0, 1, 2, 3],
            free_at=4.9),
            link_day=rows("LINK_DAY", 3), unit_day=rows("UNIT_DAY", 3), segment_day=rows("SEGMENT_DAY", 1),
            firm_day=rows("FIRM_DAY", 1), keys=KEYS,
        )  # fmt: skip
        self.request.next = [*range(1, 8), NOBODY]
        self.later.next = [*range(1, 4), NOBODY]
        for name, values in fields.items():
            for field, value in values.items():
                getattr(self, name)[field] = value

    def call(self, function, **given):
        """Call a rule with the arrays that it names; rows that stand alone are taken out of theirs."""
        code = function.__code__
        single = ("clock", "firm", "firm_day")
        arguments = [
            given[name] if name in given else getattr(self, name)[0] if name in single else getattr(self, name)
            for name in code.co_varnames[: code.co_argcount]
        ]
        return function(*arguments)

    def open(self, **fields):
        """Take a row of the pool and fill it."""
        r = int(self.clock[0].free_request)
        self.clock[0].free_request = self.request[r].next
        self.clock[0].free_requests -= 1
        self.clock[0].open_requests += 1
        given = {"link": 2, "unit": 1, "client": 0, "opened": 4.0, "entered": 4.0, "ready": 4.0, "finish": 4.9, "bound": 1.0,
                 "server": 1, "cause": NEED, "state": SERVED, "queue_class": ORDINARY, "key": 1000 + r,
                 "next": NOBODY}  # fmt: skip
        for field, value in (given | fields).items():
            self.request[r][field] = value
        return r

    def due(self, boundary):
        return self.walk(self.slot_ring[boundary & 63])

    def walk(self, head):
        found = []
        while head != NOBODY:
            found.append(int(head))
            head = self.request[head].next
        return found


# --- asking inside ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("draw", "made"), [(0.49, 1), (0.51, 2)])
def test_a_case_asks_each_supplier_for_the_whole_number_below_or_above(monkeypatch, draw, made):
    give(monkeypatch, {Purpose.FORK: draw, Purpose.ASKER: 0.7})
    firm = Firm()
    r = firm.open(state=ARRIVED, server=NOBODY)
    assert firm.call(requests.ask_inside, r=r, now=5.0) == made
    children = firm.walk(firm.clock[0].worklist)
    assert len(children) == made
    assert {int(firm.request[one].link) for one in children} == set(range(made))
    for one in children:
        child = firm.request[one]
        edge = child.link
        assert (child.unit, child.parent, child.cause, child.opened) == (firm.link[edge].supplier, r, INPUT, 5.0)
        assert child.client == 2 + edge, "the relation of the colleague who asks with this supplier"
        assert child.queue_class == ORDINARY
    assert len({int(firm.request[one].key) for one in children}) == made
    assert firm.link_day.opened.tolist() == [1, int(made == 2), 0]


def test_a_case_that_came_back_asks_anew_with_other_identities(monkeypatch):
    give(monkeypatch, {Purpose.FORK: 0.4})
    keys = set()
    for handovers, reopened in ((0, 0), (1, 0), (1, 1), (0, 3)):
        firm = Firm(link={"requests_per_case": [2.0, 0.0, 0.0]})
        r = firm.open(handovers=handovers, reopened=reopened)
        assert requests.visits(firm.request[r]) == handovers + reopened
        assert firm.call(requests.ask_inside, r=r, now=5.0) == 2
        keys |= {int(firm.request[one].key) for one in firm.walk(firm.clock[0].worklist)}
    assert len(keys) == 8


@pytest.mark.parametrize(("draw", "agreed"), [(0.1, 1), (0.99, 0)])
def test_a_rush_request_is_hurried_only_by_who_is_willing(monkeypatch, draw, agreed):
    give(monkeypatch, {Purpose.FORK: 0.4, Purpose.WILLING: draw})
    firm = Firm(link={"requests_per_case": [1.0, 0.0, 0.0]})
    r = firm.open(rush=1)
    firm.call(requests.ask_inside, r=r, now=5.0)
    child = firm.request[firm.clock[0].worklist]
    assert (child.rush, child.agreed, child.queue_class) == (1, agreed, AHEAD if agreed else ORDINARY)
    assert (firm.link_day[0].rush, firm.link_day[0].rush_agreed) == (1, agreed)


@pytest.mark.parametrize(
    ("care", "hostility", "care_draw", "rival_draw", "place"),
    [(0.8, 0.0, 0.39, 0.0, AHEAD), (0.8, 0.0, 0.41, 0.0, ORDINARY), (-0.8, 0.0, 0.39, 0.0, BEHIND), (0.8, 0.5, 0.39,
    0.19, BEHIND),
     (0.8, 0.5, 0.39, 0.21, AHEAD)],
)  # fmt: skip
def test_care_and_hostility_decide_where_an_internal_request_stands(
    monkeypatch, care, hostility, care_draw, rival_draw, place
):
    give(monkeypatch, {Purpose.FORK: 0.4, Purpose.CARE: care_draw, Purpose.RIVAL: rival_draw})
    firm = Firm(link={"requests_per_case": [1.0, 0.0, 0.0], "care": care, "hostility": hostility},
                firm={"care_priority": 0.5, "rivalry_delay": 0.4})  # fmt: skip
    firm.call(requests.ask_inside, r=firm.open(), now=5.0)
    assert firm.request[firm.clock[0].worklist].queue_class == place


# --- arriving --------------------------------------------------------------------------------------------------------


def test_a_case_that_needs_nothing_joins_the_line_at_once(monkeypatch):
    give(monkeypatch)
    firm = Firm(link={"requests_per_case": 0.0})
    r = firm.open(state=ARRIVED, entered=0.0)
    firm.call(requests.arrive, r=r, now=5.0)
    assert (firm.request[r].state, firm.request[r].waiting_for, firm.request[r].entered) == (QUEUED, 0, 5.0)
    assert firm.unit.inbox.tolist() == [NOBODY, r, NOBODY]
    assert (firm.unit.present.tolist(), firm.unit_day.arrived.tolist()) == ([0, 1, 0], [0, 1, 0])


def test_a_case_waits_for_its_inputs_and_its_rest_and_joins_the_line_with_the_last(monkeypatch):
    give(monkeypatch, {Purpose.FORK: 0.4, Purpose.PAUSE: 0.29})
    firm = Firm(unit={"pause_share": 0.3, "pause_days": 1.5, "pause_spread": 0.0})
    r = firm.open(state=ARRIVED, ready=5.0)
    firm.call(requests.arrive, r=r, now=5.0)
    one = firm.request[r]
    assert (one.state, one.waiting_for, one.ready) == (RESTING, 2, 6.5)
    assert firm.due(52) == [r]
    firm.slot_ring[52] = NOBODY
    firm.clock.now, firm.clock.slot = 6.5, 52
    firm.call(requests.handle, r=r)
    assert (one.state, one.waiting_for) == (WAITING, 1)
    firm.call(requests.input_came, r=r, when=6.25)
    assert (one.state, one.waiting_for, one.ready) == (QUEUED, 0, 6.5)
    assert firm.unit[1].inbox == r


def test_a_case_is_ready_when_its_last_input_came(monkeypatch):
    firm = Firm()
    r = firm.open(state=WAITING, waiting_for=2, ready=4.0)
    for when in (5.5, 5.25):
        firm.call(requests.input_came, r=r, when=when)
    assert firm.request[r].ready == 5.25, "the time of the last"
    assert firm.request[r].state == QUEUED


def test_no_rest_without_a_share_that_rests(monkeypatch):
    for draw, share in ((0.31, 0.3), (1e-9, 0.0)):
        give(monkeypatch, {Purpose.PAUSE: draw})
        firm = Firm(unit={"pause_share": share, "pause_days": 1.0}, link={"requests_per_case": 0.0})
        r = firm.open(state=ARRIVED)
        firm.call(requests.arrive, r=r, now=5.0)
        assert firm.request[r].state == QUEUED


def test_a_rest_is_over_at_the_next_boundary_at_the_earliest(monkeypatch):
    give(monkeypatch, {Purpose.PAUSE: 0.1})
    firm = Firm(unit={"pause_share": 0.3, "pause_days": 0.0, "pause_spread": 0.0}, link={"requests_per_case": 0.0})
    r = firm.open(state=ARRIVED)
    firm.call(requests.arrive, r=r, now=5.0)
    assert firm.due(41) == [r]


def test_what_wants_a_manager_waits_on_the_ladder_first_and_is_counted_once(monkeypatch):
    give(monkeypatch)
    firm = Firm(firm={"escalation_attention": 0.5}, link={"requests_per_case": 0.0})
    r = firm.open(state=ARRIVED, climbed=1, cause=COMPLAINT)
    firm.call(requests.arrive, r=r, now=5.0)
    assert (firm.request[r].state, firm.unit[1].on_ladder, firm.unit[1].present) == (LADDER, 1, 1)
    firm.request[r].state = RELEASED
    firm.call(requests.arrive, r=r, now=6.0)
    assert (firm.request[r].state, firm.unit[1].present, firm.unit_day[1].arrived, firm.request[r].entered) == (
        QUEUED,
        1,
        1,
        5.0,
    )
    firm = Firm(link={"requests_per_case": 0.0})
    r = firm.open(state=ARRIVED, climbed=1, cause=COMPLAINT)
    firm.call(requests.arrive, r=r, now=5.0)
    assert (firm.request[r].state, firm.request[r].climbed, firm.request[r].queue_class) == (QUEUED, 0, AHEAD)


# --- work ------------------------------------------------------------------------------------------------------------


def test_working_time_follows_who_works_for_whom(monkeypatch):
    give(monkeypatch)
    levers = {
        "knowledge_time": 0.4,
        "strain_time": 0.5,
        "care_time": 0.2,
        "listening_time": 0.3,
        "cover_knowledge": 0.5,
    }
    for edge, u, e, log_factor in (
        (2, 1, 1, 0.1 + 0.4 * 0.25 + 0.5 * 0.2 + 0.3 * 0.3),
        (0, 0, 0, 0.1 + 0.4 * 0.25 + 0.5 * 0.2 + 0.2 * 0.6),
        (2, 1, 0, 0.1 + 0.4 * 0.5 + 0.5 * 0.2 + 0.3 * 0.3),  # somebody of the back office covers
    ):
        firm = Firm(
            firm=levers,
            unit={"pace": 0.1, "listening": 0.8},
            employee={"knowledge": 0.5, "strain": 0.2},
            link={"care": 0.6},
        )
        r = firm.open(link=edge, unit=u, state=QUEUED)
        firm.call(requests.begin_work, u=u, r=r, e=e, free_at=5.01)
        work = 0.25 * np.exp(log_factor)
        one = firm.request[r]
        assert one.finish == pytest.approx(5.01 + work)
        assert (one.server, one.state) == (e, SERVED)
        assert firm.employee[e].busy_days == pytest.approx(work)
        assert firm.unit_day[firm.employee[e].unit].busy_days == pytest.approx(work)
        assert firm.due(int(np.ceil((5.01 + work) * 8))) == [r]


def test_work_begins_at_the_boundary_and_ends_at_the_next_at_the_earliest(monkeypatch):
    give(monkeypatch)
    firm = Firm(unit={"work_location": 0.0})
    r = firm.open(state=QUEUED)
    firm.call(requests.begin_work, u=1, r=r, e=1, free_at=2.0)
    assert firm.request[r].finish == 5.0
    assert firm.due(41) == [r]


def test_staff_take_requests_until_nobody_is_free_before_the_next_boundary(monkeypatch):
    give(monkeypatch)
    firm = Firm(unit={"work_location": 0.1}, roster={"free_at": [4.0, 4.9, 5.05, 4.0]})
    waiting = [firm.open(state=QUEUED, ready=4.0 + 0.1 * n, key=n) for n in range(5)]
    for r in waiting:
        plain("sim.rules.queueing").put_in_inbox(firm.unit, firm.request, 1, r)
    firm.call(requests.serve, u=1)
    # one is free at once, twice: 5.0 to 5.1, 5.1 to 5.2; the other from 5.05 to 5.15
    assert [firm.request[r].finish for r in waiting] == pytest.approx([5.1, 5.15, 5.2, 4.9, 4.9])
    assert [int(firm.request[r].server) for r in waiting[:3]] == [1, 2, 1]
    assert firm.unit[1].queued == 2
    assert sorted(firm.roster.free_at[1:3].tolist()) == pytest.approx([5.15, 5.2])
    assert firm.roster.free_at[[0, 3]].tolist() == [4.0, 4.0]


def test_a_unit_without_a_line_leaves_its_people_alone(monkeypatch):
    firm = Firm()
    firm.call(requests.serve, u=1)
    assert firm.roster.free_at.tolist() == [4.9] * 4


@pytest.mark.parametrize(("draw", "helps"), [(0.49, True), (0.51, False)])
def test_who_is_free_and_able_covers_across_a_bridge(monkeypatch, draw, helps):
    give(monkeypatch, {Purpose.COVER: draw})
    firm = Firm(link={"cross_training": [0.5, 0.0, 0.5]}, unit={"work_location": 0.1})
    lined_up = [firm.open(state=QUEUED, ready=4.0 + 0.1 * n) for n in range(3)]
    for r in lined_up:
        plain("sim.rules.queueing").put_in_inbox(firm.unit, firm.request, 1, r)
    firm.call(plain("sim.rules.queueing").empty_inbox, u=1)
    firm.call(requests.cover)
    assert firm.unit_day.covered.tolist() == [0, 2 * helps, 0]
    assert firm.unit[1].queued == (1 if helps else 3)
    if helps:
        assert [int(firm.request[r].server) for r in lined_up[:2]] == [0, 0], (
            "5.0 to 5.1, and again before the boundary"
        )
        assert [firm.request[r].finish for r in lined_up[:2]] == pytest.approx([5.1, 5.2])
        assert firm.roster.free_at.tolist() == pytest.approx([5.2, 4.9, 4.9, 4.9])
        assert firm.unit_day.busy_days.tolist() == pytest.approx([0.2, 0.0, 0.0])


def test_a_client_unit_helps_its_supplier_too_but_nobody_leaves_a_line_of_their_own(monkeypatch):
    give(monkeypatch, {Purpose.COVER: 0.1})
    for own_line, covered in ((0, 1), (1, 0)):
        firm = Firm(link={"cross_training": [0.5, 0.0, 0.0]})
        r = firm.open(link=0, unit=0, state=QUEUED)
        plain("sim.rules.queueing").put_in_inbox(firm.unit, firm.request, 0, r)
        firm.call(plain("sim.rules.queueing").empty_inbox, u=0)
        firm.unit[1].queued = own_line
        firm.call(requests.cover)
        assert firm.unit_day[0].covered == covered
        assert firm.unit[0].queued == 1 - covered


def test_of_several_able_colleagues_the_one_who_is_free_first_covers(monkeypatch):
    give(monkeypatch, {Purpose.COVER: 0.1})
    firm = Firm(roster={"free_at": [4.0, 4.9, 4.8, 4.0]}, link={"cross_training": 0.5})
    assert firm.call(requests.free_to_cover, v=1, edge=0) == 2
    firm.roster.free_at = [4.0, 4.9, 5.2, 4.0]
    assert firm.call(requests.free_to_cover, v=1, edge=0) == 1
    firm.roster.free_at = [4.0, 5.125, 5.2, 4.0]
    assert firm.call(requests.free_to_cover, v=1, edge=0) == NOBODY


# --- passing on ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("draw", "to"), [(0.19, 0), (0.21, 2), (0.49, 2), (0.51, None)])
def test_a_case_is_passed_on_with_each_link_s_share(monkeypatch, draw, to):
    give(monkeypatch, {Purpose.PASS_ON: draw})
    firm = Firm(link={"passed_on": [0.2, 0.3, 0.0]})
    r = firm.open(finish=4.95)
    assert firm.call(requests.pass_on, r=r) is (to is not None)
    one = firm.request[r]
    if to is None:
        assert (one.unit, one.handovers, firm.clock[0].worklist) == (1, 0, NOBODY)
        return
    assert (one.unit, one.came_from, one.handovers, one.state, one.ready) == (to, 1, 1, ARRIVED, 4.95)
    assert firm.clock[0].worklist == r
    assert firm.link_day.passed_on.tolist() == [int(to == 0), int(to == 2), 0]


def test_a_case_that_was_handed_on_two_hundred_times_stays(monkeypatch):
    give(monkeypatch, {Purpose.PASS_ON: 0.1})
    firm = Firm(link={"passed_on": 0.5})
    assert firm.call(requests.pass_on, r=firm.open(handovers=100, reopened=100)) is False
    assert firm.call(requests.pass_on, r=firm.open(handovers=100, reopened=99)) is True


@pytest.mark.parametrize(
    ("disown", "whom", "came_from", "to"),
    [(0.39, 0.6, NOBODY, 0), (0.39, 0.8, NOBODY, 2), (0.41, 0.6, NOBODY, None), (0.39, 0.4, 2, 2), (0.39, 0.6, 2, 0),
     (0.41, 0.4, 2, None)],
)  # fmt: skip
def test_who_does_not_own_a_case_blames_a_supplier_or_gives_it_back(monkeypatch, disown, whom, came_from, to):
    give(monkeypatch, {Purpose.DISOWN: disown, Purpose.WHOM: whom})
    firm = Firm(unit={"ownership": 0.6}, firm={"blame_trust": 0.2})
    r = firm.open(came_from=came_from, broken=1)
    assert firm.call(requests.pass_the_blame, r=r, when=0) is (to is not None)
    if to is None:
        return
    one = firm.request[r]
    assert (one.unit, one.blamed, one.broken, one.handovers) == (to, 1, 0, 1)
    assert firm.unit_day.passed_blame.tolist() == [0, 1, 0]
    back = whom < 0.5
    edge = 0 if to == 0 else 1
    assert firm.link_day.blamed.sum() == int(not back)
    assert firm.relation[edge].trust == pytest.approx(0.5 if back else 0.4)
    assert firm.link[edge].trust_sum == pytest.approx(1.0 if back else 0.9)


def test_a_bridge_keeps_blame_away_and_nobody_passes_a_case_round_for_ever(monkeypatch):
    give(monkeypatch, {Purpose.DISOWN: 0.39, Purpose.WHOM: 0.6})
    firm = Firm(unit={"ownership": 0.6}, firm={"bridge_blame": 0.5}, link={"bridge": 0.1})
    assert firm.call(requests.pass_the_blame, r=firm.open(), when=0) is False
    firm = Firm(unit={"ownership": 0.6})
    assert firm.call(requests.pass_the_blame, r=firm.open(handovers=12), when=12) is False
    assert firm.call(requests.pass_the_blame, r=firm.open(handovers=11), when=11) is True
    firm = Firm(unit={"ownership": 0.6}, link={"requests_per_case": 0.0})
    assert firm.call(requests.pass_the_blame, r=firm.open(), when=0) is False, "there is nobody to blame"
    firm = Firm(unit={"ownership": 0.6}, firm={"blame_trust": 0.2})
    assert firm.call(requests.pass_the_blame, r=firm.open(server=0), when=0) is True
    assert firm.relation.trust.tolist() == [0.5] * 4, "who covers for another unit blames without knowing whom"


# --- finishing -------------------------------------------------------------------------------------------------------


def finished(monkeypatch, given=None, firm=None, **request):
    give(monkeypatch, LUCKY | (given or {}))
    made = firm or Firm()
    made.unit[1].present = 1
    r = made.open(**({"entered": 4.5} | request))
    made.call(requests.finish, r=r)
    return made, r


def test_a_service_that_ends_well_is_counted_and_its_row_is_free_again(monkeypatch):
    firm, r = finished(monkeypatch, firm=Firm(firm={"learning": 0.1}))
    assert firm.request[r].state == FREE
    assert (firm.unit[1].present, firm.unit_day[1].served, firm.unit_day[1].sojourn) == (0, 1, 0.5)
    assert (firm.employee[1].served, firm.clock[0].services_ever, firm.clock[0].closed_ever) == (1, 1, 1)
    assert firm.employee[1].knowledge == pytest.approx(0.775)
    day = firm.link_day[2]
    assert (day.closed, day.encounters, day.right, day.reopened, day.failures) == (1, 1, 1, 0, 0)
    assert firm.customer[0].open == 0
    assert firm.clock[0].free_customer == NOBODY, "the customer stays"


def test_a_customer_who_has_left_is_forgotten_with_the_last_answer(monkeypatch):
    for still, free in ((1, 0), (2, NOBODY)):
        firm, _ = finished(monkeypatch, firm=Firm(customer={"active": 0, "open": still}))
        assert firm.clock[0].free_customer == free
        assert firm.clock[0].free_customers == int(free == 0)


ODDS = {"knowledge_errors": 1.0, "motivation_errors": 2.0, "strain_errors": 0.5, "care_errors": 0.4, "blame_errors": 0.3,
        "cover_knowledge": 0.8}  # fmt: skip


@pytest.mark.parametrize(
    ("link", "unit", "server", "blamed", "log_odds"),
    [
        (2, 1, 1, 0, 0.25 + 0.2 + 0.1 + 0.1), (2, 1, 1, 1, 0.25 + 0.2 + 0.1 + 0.1 + 0.3), (2, 1, 0, 0, 0.35 + 0.2 + 0.1 + 0.1),
        (0, 0, 0, 0, 0.25 + 0.2 + 0.1 + 0.1 - 0.4 * 0.5),
    ],
)  # fmt: skip
def test_work_goes_wrong_with_the_odds_of_who_does_it(monkeypatch, link, unit, server, blamed, log_odds):
    odds = 0.25 * np.exp(log_odds)
    chance = odds / (1 + odds)
    for draw, right in ((chance - 1e-6, 0), (chance + 1e-6, 1)):
        firm = Firm(firm=ODDS, unit={"error_rate": 0.2, "log_odds": 0.1}, link={"care": 0.5},
                    employee={"knowledge": 0.5, "motivation": 0.5, "strain": 0.2})  # fmt: skip
        parent = firm.open(state=WAITING, waiting_for=2)
        firm, _ = finished(monkeypatch, {Purpose.ERROR: draw}, firm, link=link, unit=unit, server=server, blamed=blamed,
            parent=parent,
                           cause=INPUT if link == 0 else NEED)  # fmt: skip
        assert firm.link_day[link].right == right


def test_what_was_broken_by_an_input_cannot_be_right(monkeypatch):
    firm, _ = finished(monkeypatch, broken=1)
    assert firm.link_day[2].right == 0


@pytest.mark.parametrize(("draw", "back"), [(0.49, True), (0.51, False)])
def test_a_failure_is_sent_back_to_the_line_or_kept(monkeypatch, draw, back):
    firm, r = finished(monkeypatch, {Purpose.REOPEN: draw}, broken=1)
    one = firm.request[r]
    assert (firm.link_day[2].reopened, firm.link_day[2].closed) == (int(back), int(not back))
    if back:
        assert (one.state, one.reopened, one.broken, one.ready, one.entered) == (QUEUED, 1, 0, 4.9, 5.0)
        assert one.culprit == 1
        assert (firm.unit[1].present, firm.unit[1].inbox, firm.unit_day[1].arrived) == (1, r, 1)
        assert firm.customer[0].open == 1


def test_what_was_sent_back_two_hundred_times_is_not_sent_back_again(monkeypatch):
    firm, _ = finished(monkeypatch, {Purpose.REOPEN: 0.01}, broken=1, reopened=200)
    assert firm.link_day[2].reopened == 0
    firm, _ = finished(monkeypatch, {Purpose.REOPEN: 0.01}, broken=1, reopened=199)
    assert firm.link_day[2].reopened == 1


@pytest.mark.parametrize(("unclear", "reopened", "passes"), [(0.6, 0, True), (0.4, 0, False), (0.6, 1, False)])
def test_what_came_unclear_is_passed_on_rather_than_owned_the_first_time(monkeypatch, unclear, reopened, passes):
    firm = Firm(unit={"ownership": 0.5}, link={"unclear": unclear})
    firm, r = finished(monkeypatch, {Purpose.DISOWN: 0.1, Purpose.WHOM: 0.6}, firm, reopened=reopened)
    assert firm.request[r].handovers == int(passes)
    assert firm.link_day[2].encounters == int(not passes), "hidden from the client so far"


def test_what_comes_back_as_wrong_may_be_passed_on_too_after_the_client_met_the_failure(monkeypatch):
    firm = Firm(unit={"ownership": 0.5})
    firm, r = finished(monkeypatch, {Purpose.DISOWN: 0.1, Purpose.WHOM: 0.6, Purpose.REOPEN: 0.1}, firm, broken=1)
    assert (firm.request[r].handovers, firm.request[r].reopened, firm.link_day[2].encounters) == (1, 1, 1)
    assert firm.unit[1].present == 0


def test_a_wrong_input_breaks_the_case_that_rests_on_it_and_a_right_one_bounds_it(monkeypatch):
    for draw, broken in ((0.49, 1), (0.51, 0)):
        firm = Firm(link={"reopen_rate": 0.0})
        parent = firm.open(state=WAITING, waiting_for=1)
        firm, _ = finished(
            monkeypatch, {Purpose.BREAK: draw}, firm, link=0, unit=0, server=0, parent=parent, cause=INPUT, broken=1
        )
        case = firm.request[parent]
        assert (case.broken, case.culprit) == (broken, 0 if broken else NOBODY)
        assert (case.bound, case.state, case.ready) == (1.0, QUEUED, 4.9)
    firm = Firm()
    parent = firm.open(state=WAITING, waiting_for=2, bound=0.9)
    firm, _ = finished(
        monkeypatch, None, firm, link=0, unit=0, server=0, parent=parent, cause=INPUT, bound=0.6, hides=2
    )
    case = firm.request[parent]
    assert (case.broken, case.hides, case.waiting_for, case.state) == (0, 2, 1, WAITING)
    assert case.bound == pytest.approx(0.8)


def test_work_that_looks_right_hides_a_fault_with_its_share(monkeypatch):
    for draw, share, hides in ((0.29, 0.3, 1), (0.31, 0.3, 0), (1e-9, 0.0, 0)):
        firm, _ = finished(
            monkeypatch,
            {Purpose.LATENT: draw},
            Firm(unit={"latent": share}, firm={"latent_days": 3.0, "latent_spread": 0.0}),
        )
        assert firm.clock[0].free_laters == 4 - hides
        if hides:
            assert (firm.later[0].unit, firm.later[0].kind, firm.later[0].due) == (1, HIDDEN_FAULT, 9.0)
    firm, _ = finished(monkeypatch, {Purpose.LATENT: 0.1, Purpose.REOPEN: 0.99}, Firm(unit={"latent": 0.3}), broken=1)
    assert firm.clock[0].free_laters == 4, "what is wrong hides nothing"


@pytest.mark.parametrize("status", [PERMANENT, TEMPORARY])
def test_onboarding_moves_the_newcomer_who_is_still_there(monkeypatch, status):
    firm = Firm(firm={"onboarding_motivation": 0.4, "onboarding_knowledge": 0.5}, employee={"status": [0, status, 0, 0]},
                link={"requests_per_hire": [2.0, 3.0, 0.0]})  # fmt: skip
    firm, _ = finished(monkeypatch, None, firm, link=0, unit=0, server=0, client=0, cause=ONBOARDING)
    newcomer = firm.employee[1]
    if status == PERMANENT:
        assert newcomer.motivation == pytest.approx(0.6 + 0.4 / 5 * 0.25)
        assert newcomer.knowledge == pytest.approx(0.75 + 0.5 / 5 * 0.25)
    else:
        assert (newcomer.motivation, newcomer.knowledge) == (0.6, 0.75)
    assert firm.link_day[0].closed == 1


def test_the_journal_keeps_closed_requests_where_it_has_rows(monkeypatch):
    firm = Firm()
    firm.journal = rows("JOURNAL", 4)
    finished(monkeypatch, firm=firm)
    assert (firm.clock[0].journal_rows, firm.journal[0].closed, firm.journal[0].right) == (1, 4.9, 1)


@pytest.mark.parametrize(("stage", "counted"), [(0, "refused"), (2, "defended")])
def test_a_claim_that_is_refused_comes_a_second_time_and_no_third(monkeypatch, stage, counted):
    firm = Firm(firm={"responsibility_refused": 0.6, "refusal_defended": 0.6})
    firm, r = finished(monkeypatch, {Purpose.STAGE: 0.59}, firm, cause=CLAIM, stage=stage)
    assert (firm.link_day[2].refused, firm.link_day[2].defended) == (int(stage == 0), int(stage == 2))
    one = firm.request[r]
    if stage == 0:
        assert (one.stage, one.reopened, one.state, one.ready) == (2, 1, ARRIVED, pytest.approx(5.9))
        assert firm.due(48) == [r]
        assert (firm.customer[0].unresolved, firm.link_day[2].failures, firm.link_day[2].closed) == (1, 1, 0)
    else:
        assert one.state == FREE
        assert firm.link_day[2].closed == 1


def test_what_the_customer_did_not_say_is_missed_promises_are_broken_and_things_damaged(monkeypatch):
    every = {Purpose.HIDDEN: 0.01, Purpose.PROMISE: 0.01, Purpose.ACCIDENT: 0.01}
    for purpose, column in ((Purpose.HIDDEN, "repeats"), (Purpose.ACCIDENT, "accidents")):
        for draw, count in ((0.29, 1), (0.31, 0)):
            firm = Firm(firm={"hidden_issue": 0.3 if purpose == Purpose.HIDDEN else 0.0}, segment={"baggage": 1.0},
                        unit={"accident_rate": 0.3 if purpose == Purpose.ACCIDENT else 0.0, "kind": CONTRACTOR,
                        "listening": 0.0})  # fmt: skip
            firm, _ = finished(monkeypatch, {purpose: draw}, firm)
            assert firm.link_day[2][column] == count
    for draw, count in ((0.29, 1), (0.31, 0)):
        firm, _ = finished(monkeypatch, {Purpose.PROMISE: draw}, Firm(segment={"overpromise": 0.3}))
        assert firm.clock[0].free_laters == 4 - count
        if count:
            assert (firm.later[0].kind, firm.later[0].unit) == (BROKEN_PROMISE, 1)
    # none of these after what the firm has made for itself, and none by a department
    firm = Firm(unit={"accident_rate": 0.3, "kind": CONTRACTOR}, segment={"overpromise": 0.3})
    firm, _ = finished(monkeypatch, every, firm, cause=REPEAT)
    assert (firm.link_day[2].accidents, firm.clock[0].free_laters) == (0, 4)
    firm, _ = finished(monkeypatch, every, Firm(unit={"accident_rate": 0.3, "kind": DEPARTMENT}))
    assert firm.link_day[2].accidents == 0


# --- events ----------------------------------------------------------------------------------------------------------


def test_what_is_not_due_yet_is_filed_again(monkeypatch):
    give(monkeypatch)
    for state, ready, finish in ((RESTING, 13.5, 1.0), (SERVED, 1.0, 13.5)):
        firm = Firm()
        r = firm.open(state=state, ready=ready, finish=finish)
        firm.call(requests.handle, r=r)
        assert firm.request[r].state == state
        assert firm.due(108) == [r]


# --- the aftermath ---------------------------------------------------------------------------------------------------


def after(monkeypatch, given=None, firm=None, right=True, owned=True, quality=0.9, lost=0.2, failed=False, missed=False,
          promised=False, damaged=False, **request):  # fmt: skip
    give(monkeypatch, given)
    made = firm or Firm()
    r = made.open(**request)
    made.call(aftermath.after_encounter, r=r, right=right, owned=owned, quality=quality, lost=lost, failed=failed,
        missed=missed,
              promised=promised, damaged=damaged)  # fmt: skip
    return made, r


def test_a_recovery_makes_good_gives_back_and_costs(monkeypatch):
    for quality, good in ((0.6, True), (0.59, False)):
        firm = Firm(customer={"loss": 0.4, "unresolved": 3, "satisfaction": 0.5}, firm={"recovery_restores": 0.5},
            unit={"redress": 0.5},
                    segment={"satisfaction_sum": 9.0})  # fmt: skip
        firm, _ = after(monkeypatch, None, firm, quality=quality, cause=COMPLAINT, opened=3.0, finish=4.9)
        day, buyer = firm.link_day[2], firm.customer[0]
        assert (day.recoveries, day.recovered, day.deflected) == (1, int(good), 0)
        assert day.recovery_time == pytest.approx(1.9)
        assert (firm.firm_day[0].redress, firm.segment_day[0].redress, firm.unit_day[1].cost, firm.firm[0].cash) == (
            25,
            25,
            25,
            975,
        )
        if good:
            assert buyer.satisfaction == pytest.approx(0.62)
            assert (buyer.loss, buyer.unresolved, buyer.recovered) == (0.0, 0, 1)
            assert firm.segment[0].satisfaction_sum == pytest.approx(9.12)
        else:
            assert (buyer.satisfaction, buyer.loss, buyer.unresolved) == (0.5, 0.4, 3)
    firm = Firm(
        customer={"loss": 0.4, "satisfaction": 0.5, "active": 0},
        firm={"recovery_restores": 0.5},
        segment={"satisfaction_sum": 9.0},
    )
    firm, _ = after(monkeypatch, None, firm, cause=CLAIM)
    assert firm.segment[0].satisfaction_sum == 9.0


def test_what_nobody_owns_is_deflected_and_what_is_wrong_pays_nothing(monkeypatch):
    for right, owned, deflected in ((False, False, 1), (False, True, 0)):
        firm, _ = after(monkeypatch, None, Firm(unit={"redress": 1.0}), right=right, owned=owned, cause=COMPLAINT)
        assert (firm.link_day[2].recoveries, firm.link_day[2].deflected, firm.firm_day[0].redress) == (
            1,
            deflected,
            0.0,
        )
    firm, _ = after(monkeypatch, None, Firm(unit={"redress": 1.0}), cause=NEED)
    assert (firm.link_day[2].recoveries, firm.firm_day[0].redress) == (0, 0.0)


@pytest.mark.parametrize(("draw", "complains", "climbs"), [(0.09, 1, 1), (0.3, 1, 0), (0.61, 0, 0)])
def test_who_was_let_down_escalates_complains_or_keeps_silent(monkeypatch, draw, complains, climbs):
    firm = Firm(unit={"empowerment": 1.0})
    firm, _ = after(monkeypatch, {Purpose.COMPLAIN: draw, Purpose.ROOT: 0.9}, firm, failed=True, right=False, culprit=2)
    day, buyer = firm.link_day[2], firm.customer[0]
    assert (day.failures, day.complaints, day.escalations) == (1, complains, climbs)
    assert (buyer.unresolved, buyer.loss, buyer.open) == (1, pytest.approx(0.2), 1 + complains)
    if complains:
        one = firm.request[1]
        assert (one.cause, one.stage, one.culprit, one.link, one.client, one.unit, one.climbed) == (
            COMPLAINT,
            1,
            2,
            2,
            0,
            1,
            climbs,
        )
        assert one.opened == 4.9
        assert firm.due(41) == [1], "from the next boundary on"


def test_who_complained_in_vain_goes_higher_and_gives_up_after_the_third_time(monkeypatch):
    for stage, complains in ((2, 1), (3, 0)):
        firm = Firm(unit={"empowerment": 1.0})
        firm, _ = after(
            monkeypatch, {Purpose.COMPLAIN: 0.3}, firm, failed=True, right=False, cause=COMPLAINT, stage=stage
        )
        assert (firm.link_day[2].complaints, firm.link_day[2].escalations) == (complains, complains)
        if complains:
            assert (firm.request[1].stage, firm.request[1].climbed, firm.request[1].culprit) == (3, 1, 1)
    firm, _ = after(monkeypatch, {Purpose.COMPLAIN: 0.3}, Firm(customer={"active": 0}), failed=True, right=False)
    assert firm.link_day[2].complaints == 0, "who is gone does not complain"
    firm, _ = after(monkeypatch, {Purpose.COMPLAIN: 0.3}, failed=True, right=False, cause=FAULT, stage=2)
    assert firm.request[1].stage == 1


def test_what_staff_may_not_settle_wants_a_manager(monkeypatch):
    for draw, climbed in ((0.29, 0), (0.31, 1)):
        firm = Firm(unit={"empowerment": 0.3})
        firm, _ = after(monkeypatch, {Purpose.COMPLAIN: 0.3, Purpose.SETTLE: draw}, firm, failed=True, right=False)
        assert (firm.request[1].climbed, firm.link_day[2].escalations) == (climbed, 0)


def test_a_refused_claim_is_no_loss_that_redress_could_give_back(monkeypatch):
    for cause, owned, loss in ((CLAIM, False, 0.0), (CLAIM, True, 0.2), (COMPLAINT, False, 0.2)):
        firm, _ = after(monkeypatch, {Purpose.COMPLAIN: 0.9}, failed=True, right=False, owned=owned, cause=cause)
        assert firm.customer[0].loss == pytest.approx(loss)


def test_what_goes_well_meanwhile_heals(monkeypatch):
    firm, _ = after(monkeypatch, None, Firm(customer={"unresolved": 2, "loss": 0.4}))
    assert (firm.customer[0].unresolved, firm.customer[0].loss) == (1, 0.2)
    firm, _ = after(monkeypatch, None, Firm(customer={"unresolved": 2, "loss": 0.4}), cause=COMPLAINT, quality=0.1)
    assert (firm.customer[0].unresolved, firm.customer[0].loss) == (2, 0.4)
    firm, _ = after(monkeypatch, None, Firm(customer={"unresolved": 0, "loss": 0.4}))
    assert firm.customer[0].loss == 0.4


def test_failures_are_counted_up_to_255():
    firm = Firm(customer={"unresolved": 255, "loss": 0.1, "recovered": 1})
    aftermath.remember_failure(firm.customer[0], 0.2)
    assert (firm.customer[0].unresolved, firm.customer[0].recovered) == (255, 0)
    assert firm.customer[0].loss == pytest.approx(0.3)


def test_whose_issue_was_missed_comes_again_after_some_days(monkeypatch):
    firm, _ = after(monkeypatch, {Purpose.HIDDEN: np.exp(-0.5)}, missed=True, stage=1)
    one = firm.request[1]
    assert (firm.link_day[2].repeats, one.cause, one.stage, one.bound) == (1, REPEAT, 2, 0.8)
    assert one.opened == pytest.approx(4.9 + 2 * 0.5)
    assert firm.due(48) == [1]
    firm, _ = after(monkeypatch, None, missed=True, stage=3)
    assert firm.link_day[2].repeats == 0


def test_a_root_cause_is_removed_with_its_share_and_costs(monkeypatch):
    for draw, share, removed in ((0.29, 0.3, 1), (0.31, 0.3, 0), (1e-9, 0.0, 0)):
        firm = Firm(firm={"root_cause": share, "root_cause_cost": 70.0})
        given = {Purpose.COMPLAIN: 0.3, Purpose.SETTLE: 0.1, Purpose.ROOT: draw}
        firm, _ = after(monkeypatch, given, firm, failed=True, right=False, culprit=2)
        assert firm.unit.feedback.tolist() == [0, 0, removed]
        assert (firm.unit_day[2].cost, firm.firm_day[0].programmes, firm.firm[0].cash) == (
            70 * removed,
            70 * removed,
            1000 - 70 * removed,
        )


def test_what_does_not_count_for_the_unit_s_own_target_is_put_off(monkeypatch):
    for draw, alignment, place in ((0.29, 0.7, BEHIND), (0.31, 0.7, ORDINARY), (1e-9, 1.0, ORDINARY)):
        given = {Purpose.COMPLAIN: 0.3, (Purpose.SETTLE, 3): draw, (Purpose.SETTLE, 0): 0.1}
        firm, _ = after(monkeypatch, given, Firm(unit={"alignment": alignment}), failed=True, right=False)
        assert firm.request[1].queue_class == place


@pytest.mark.parametrize(("draw", "away"), [(0.29, True), (0.31, False)])
def test_an_accident_is_a_failed_visit_and_a_claim_at_the_office(monkeypatch, draw, away):
    """sent_away 0.5, of which an agreement of 1 with an effect of 0.4 leaves 0.3."""
    firm = Firm(firm={"sent_away": 0.5, "company_agreement": 1.0, "remedy_effect": 0.4, "attribution": 1.0},
                unit={"kind": CONTRACTOR}, segment={"office": 2}, link={"face_to_face": 0.0},
                customer={"expected_process": 0.7})  # fmt: skip
    firm, _ = after(monkeypatch, {Purpose.STAGE: draw}, firm, damaged=True)
    day, buyer, claim = firm.link_day[2], firm.customer[0], firm.request[1]
    assert (day.accidents, day.sent_away) == (1, int(away))
    assert (day.encounters, day.failures, buyer.unresolved) == (1 + away, 1 + away, 1 + away)
    assert day.reliability == pytest.approx(0.5)
    # during the visit all seemed well but for the damage; who is sent away meets kind words, and nobody to rely on
    assert day.assurance == pytest.approx(0.7)
    assert day.empathy == pytest.approx(1.4 if away else 0.7)
    assert buyer.loss > 0
    assert (claim.cause, claim.culprit, claim.link) == (CLAIM, 1, 2)
    assert (claim.stage, claim.queue_class) == ((0, ORDINARY) if away else (1, AHEAD))
    assert claim.opened == pytest.approx(5.9 if away else 4.9)


def test_without_an_office_the_claim_goes_where_the_customer_was_served(monkeypatch):
    firm = Firm(unit={"kind": CONTRACTOR}, segment={"office": NOBODY})
    firm, _ = after(monkeypatch, None, firm, damaged=True)
    assert firm.request[1].link == 2
    firm = Firm(unit={"kind": CONTRACTOR}, segment={"office": 1})
    firm, _ = after(monkeypatch, None, firm, damaged=True)
    assert firm.request[1].link == 1


def test_being_let_down_says_nothing_about_the_wait_or_the_surroundings(monkeypatch):
    firm = Firm(customer={"expected_process": 0.7}, link={"share_reliability": 0.5, "share_responsiveness": 0.2,
        "share_assurance": 0.1,
                                                          "share_empathy": 0.1, "share_tangibles": 0.1,
                                                          "share_process": 0.5})  # fmt: skip
    lost = firm.call(aftermath.let_down, c=0, edge=2, now=5.0, weight=1.0, outcome=0.0, assurance=0.0, empathy=1.0)
    day = firm.link_day[2]
    assert (day.reliability, day.responsiveness, day.assurance, day.empathy, day.tangibles) == (0.0, 0.7, 0.0, 0.7, 0.7)
    assert day.quality == pytest.approx(0.28)
    assert (day.failures, day.encounters) == (1, 1)
    assert lost == pytest.approx(0.8 - firm.customer[0].satisfaction)
    assert lost > 0


@pytest.mark.parametrize(("field", "value"), [("active", 0), ("ordinal", 4), ("segment", 1)])
def test_what_surfaces_is_a_failure_and_work_unless_the_customer_is_gone(monkeypatch, field, value):
    for there in (True, False):
        give(monkeypatch, {Purpose.ROOT: 0.2})
        firm = Firm(later={"client": 1, "ordinal": 3, "link": 2, "unit": 0, "kind": HIDDEN_FAULT},
                    customer={} if there else {field: value}, firm={"root_cause": 0.3})  # fmt: skip
        firm.call(aftermath.surface, number=0)
        day = firm.link_day[2]
        assert (day.surfaced, day.failures, firm.customer[1].unresolved, firm.clock[0].open_requests) == (there,) * 4
        if there:
            one = firm.request[0]
            assert (one.cause, one.client, one.culprit, one.link, one.stage, one.opened) == (FAULT, 1, 0, 2, 0, 5.0)
            assert firm.customer[1].open == 2
            assert firm.unit.feedback.tolist() == [1, 0, 0]
            assert day.reliability == 0.0


def test_faults_that_surface_at_different_times_have_identities_of_their_own(monkeypatch):
    give(monkeypatch)
    keys = set()
    for day in (5, 6):
        for kind in (HIDDEN_FAULT, BROKEN_PROMISE):
            firm = Firm(later={"client": 1, "ordinal": 3, "link": 2, "unit": 0, "kind": kind}, clock={"day": day})
            firm.call(aftermath.surface, number=0)
            keys.add(int(firm.request[0].key))
    assert len(keys) == 4


def test_the_aftermath_opens_at_most_as_many_requests_as_it_says(monkeypatch):
    given = {Purpose.COMPLAIN: 0.05}
    firm = Firm(unit={"kind": CONTRACTOR})
    firm, _ = after(
        monkeypatch, given, firm, failed=True, missed=True, promised=True, damaged=True, hides=0, right=False
    )
    assert firm.clock[0].open_requests - 1 <= aftermath.MOST_REQUESTS
    assert firm.clock[0].free_laters == 2
