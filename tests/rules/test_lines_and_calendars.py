"""Lines, calendars, heaps and free lists, each against the plain Python structure that it stands for."""

import heapq

import numpy as np
import pytest

from sim.draws import Purpose
from sim.population import AHEAD, ARRIVED, BEHIND, FREE, HIDDEN_FAULT, INPUT, LADDER, NOBODY, ORDINARY, RELEASED, SERVED
from tests.rules.plain import KEYS, Draws, give, plain, row, rows

queueing = plain("sim.rules.queueing")
latent = plain("sim.rules.latent")
ladder = plain("sim.rules.ladder")
turnover = plain("sim.rules.turnover")
requests = plain("sim.rules.requests")
RANDOM = np.random.default_rng(7)


def walk(head, following):
    found = []
    while head != NOBODY:
        found.append(int(head))
        assert len(found) <= len(following), "it runs in a circle"
        head = following[head]
    return found


def free_list(name, count, **fields):
    """Rows that are all free, in the order 0, 1, 2, …"""
    made = rows(name, count, **fields)
    made.next = [*range(1, count), NOBODY]
    return made


# --- the pool of requests --------------------------------------------------------------------------------------------


def test_a_row_is_taken_from_the_free_list_and_counted():
    request = free_list("REQUEST", 3)
    clock = row("CLOCK", free_request=0, free_requests=3, open_requests=5, opened_ever=9)
    assert [queueing.take_row(clock, request) for _ in range(2)] == [0, 1]
    assert (clock.free_request, clock.free_requests, clock.open_requests, clock.opened_ever) == (2, 1, 7, 11)


def test_a_row_that_is_given_back_is_the_next_to_be_taken():
    request = free_list("REQUEST", 3, state=7)
    clock = row("CLOCK", free_request=2, free_requests=1, open_requests=2, closed_ever=4)
    queueing.give_row_back(clock, request, 0)
    assert walk(clock.free_request, request.next) == [0, 2]
    assert request[0].state == FREE
    assert (clock.free_requests, clock.open_requests, clock.closed_ever) == (2, 1, 5)


@pytest.mark.parametrize("rushed", [True, False])
def test_a_new_request_carries_what_it_was_made_with_and_nothing_of_the_row_s_past(rushed):
    request = rows("REQUEST", 1)
    for name in request.dtype.names:
        request[name] = 9
    request.next = NOBODY
    link_day = rows("LINK_DAY", 3)
    clock = row("CLOCK", free_request=0, free_requests=1)
    r = queueing.new_request(clock, request, link_day, 77, 11, 2, 4, 6, 1.25, rushed, INPUT)
    one = request[r]
    assert (one.key, one.client, one.link, one.unit, one.parent, one.cause, one.state) == (
        77,
        11,
        2,
        4,
        6,
        INPUT,
        ARRIVED,
    )
    assert [one[name] for name in ("opened", "entered", "ready", "finish")] == [1.25] * 4
    assert one.bound == 1.0
    assert [one[name] for name in ("server", "came_from", "culprit", "hides")] == [NOBODY] * 4
    nought = ("waiting_for", "climbed", "stage", "blamed", "agreed", "handovers", "reopened", "broken")
    assert [one[name] for name in nought] == [0] * len(nought)
    assert (one.queue_class, one.rush) == ((AHEAD, 1) if rushed else (ORDINARY, 0))
    assert link_day.opened.tolist() == [0, 0, 1]
    assert link_day.rush.tolist() == [0, 0, int(rushed)]


# --- calendars -------------------------------------------------------------------------------------------------------


def test_a_calendar_files_under_the_boundary_and_goes_round():
    request, ring = rows("REQUEST", 4), np.full(8, NOBODY, np.int32)
    for r, boundary in enumerate((3, 11, 8, 3)):
        queueing.put_in_calendar(request, ring, r, boundary)
    assert walk(ring[3], request.next) == [3, 1, 0]
    assert walk(ring[0], request.next) == [2]
    assert (np.delete(ring, [0, 3]) == NOBODY).all()


def test_an_event_belongs_to_its_boundary_and_not_to_a_later_round():
    clock = row("CLOCK", now=1.0, slot=8, slots_per_day=8)
    for state, time, due in (
        (ARRIVED, 1.0, True), (ARRIVED, 0.9, True), (ARRIVED, 1.01, False), (SERVED, 1.01, False), (SERVED, 0.99, True),
    ):  # fmt: skip
        other = 9.0 if due else 0.5
        finish, ready = (time, other) if state == SERVED else (other, time)
        assert bool(requests.is_due(clock, row("REQUEST", state=state, ready=ready, finish=finish))) is due


def test_what_has_nobody_left_is_remembered_by_its_day_and_forgotten_again():
    later, ring = free_list("LATER", 3), np.full(16, NOBODY, np.int32)
    clock = row("CLOCK", free_later=0, free_laters=3)
    latent.remember(clock, later, ring, 5, 6, 1, 2, HIDDEN_FAULT, 3.0, 20.7)
    latent.remember(clock, later, ring, 8, 9, 1, 2, HIDDEN_FAULT, 3.0, 4.2)
    assert walk(ring[4], later.next) == [1, 0]
    assert (clock.free_later, clock.free_laters) == (2, 1)
    one = later[0]
    assert (one.client, one.ordinal, one.link, one.unit, one.kind, one.made, one.due) == (
        5,
        6,
        1,
        2,
        HIDDEN_FAULT,
        3.0,
        20.7,
    )
    latent.forget(clock, later, 0)
    assert walk(clock.free_later, later.next) == [0, 2]
    assert (later[0].client, clock.free_laters) == (NOBODY, 2)


def test_nothing_surfaces_before_tomorrow():
    assert latent.delay(KEYS, 7, 0, 0.0, 0.0) == 1.0
    assert latent.delay(KEYS, 7, 0, 40.0, 0.0) == 41.0


# --- sorting ---------------------------------------------------------------------------------------------------------


def some_requests(count, now, ties):
    request = rows("REQUEST", count)
    request.key = RANDOM.integers(0, 2**63, count).astype(np.uint64) * 2 + RANDOM.integers(0, 2, count).astype(
        np.uint64
    )
    request.ready = RANDOM.choice([now, now - 0.1, now - 0.05], count) if ties else now - RANDOM.exponential(0.2, count)
    order = RANDOM.permutation(count)
    request.next = NOBODY
    request.next[order[:-1]] = order[1:]
    return request, int(order[0])


def in_line(request):
    return sorted(range(len(request)), key=lambda r: (request[r].ready, request[r].key))


@pytest.mark.parametrize("count", [1, 2, 3, 5, 8, 13, 40])
@pytest.mark.parametrize("ties", [True, False])
def test_a_line_is_sorted_by_the_time_and_among_equals_by_the_draw(count, ties):
    for _ in range(3):
        request, first = some_requests(count, 5.0, ties)
        assert walk(queueing.merge_sort(request, first), request.next) == in_line(request)
        request, first = some_requests(count, 5.0, ties)
        request.ready[RANDOM.integers(0, count)] = 5.0
        expected = in_line(request)
        sorting = np.full(65, NOBODY, np.int32)
        assert (
            walk(queueing.in_order(row("CLOCK", now=5.0, slots_per_day=8), request, sorting, first), request.next)
            == expected
        )
        assert (sorting == NOBODY).all(), "the lists are empty again"


def test_what_is_ready_after_the_boundary_stands_behind_all_that_was_ready_before():
    request = rows("REQUEST", 3, ready=[5.2, 5.0, 4.9], key=[1, 2, 3])
    request.next = [1, 2, NOBODY]
    sorting = np.full(65, NOBODY, np.int32)
    first = queueing.in_order(row("CLOCK", now=5.0, slots_per_day=8), request, sorting, 0)
    assert walk(first, request.next) == [2, 1, 0]


# --- waiting lines ---------------------------------------------------------------------------------------------------


def test_what_came_joins_the_line_of_its_class_behind_who_was_there_and_leaves_in_order():
    unit, request = rows("UNIT", 2, inbox=NOBODY), rows("REQUEST", 6)
    queue = rows("QUEUE", 6).reshape(2, 3)
    clock, sorting = row("CLOCK", now=5.0, slots_per_day=8), np.full(65, NOBODY, np.int32)
    request.ready = [4.95, 4.9, 4.99, 4.92, 4.96, 4.97]
    request.queue_class = [ORDINARY, ORDINARY, AHEAD, BEHIND, ORDINARY, AHEAD]
    for r in (0, 1, 3):
        queueing.put_in_inbox(unit, request, 1, r)
    queueing.empty_inbox(clock, unit, queue, request, sorting, 1)
    assert unit[1].inbox == NOBODY
    assert unit.queued.tolist() == [0, 3]
    for r in (2, 4, 5):
        queueing.put_in_inbox(unit, request, 1, r)
    queueing.empty_inbox(clock, unit, queue, request, sorting, 1)
    assert unit[1].queued == 6
    assert queue[1, ORDINARY].tail == 4
    assert queueing.next_in_line(unit, queue, request, 0) == NOBODY
    assert [queueing.next_in_line(unit, queue, request, 1) for _ in range(7)] == [5, 2, 1, 0, 4, 3, NOBODY]
    assert unit.queued.tolist() == [0, 0]
    assert all(line.head == line.tail == NOBODY for line in queue.ravel())


# --- who is free first -----------------------------------------------------------------------------------------------


def a_roster(count):
    """A heap of colleagues, beside that of another unit."""
    times = RANDOM.uniform(0, 1, count)
    roster = rows("ROSTER", count + 2)
    heap = [(float(time), place) for place, time in enumerate(times)]
    heapq.heapify(heap)
    roster.free_at[2:] = [time for time, _ in heap]
    roster.employee[2:] = [place for _, place in heap]
    roster.free_at[:2], roster.employee[:2] = -5.0, -7
    return roster, {place: float(times[place]) for place in range(count)}


def is_a_heap(roster, free_at):
    times = roster.free_at[2:]
    assert all(times[(place - 1) // 2] <= times[place] for place in range(1, len(times)))
    assert {int(e): float(time) for e, time in zip(roster.employee[2:], times, strict=True)} == free_at
    assert roster.free_at[:2].tolist() == [-5.0, -5.0], "another unit's colleagues stay as they are"


@pytest.mark.parametrize("count", [1, 2, 3, 4, 7, 12])
def test_whoever_is_free_first_is_on_top_after_every_service(count):
    roster, free_at = a_roster(count)
    for _ in range(20):
        first = min(free_at, key=free_at.__getitem__)
        assert roster[2].employee == first
        free_at[first] += float(RANDOM.uniform(0, 0.7))
        queueing.busy_until(roster, 2, count, free_at[first])
        is_a_heap(roster, free_at)


@pytest.mark.parametrize("count", [1, 2, 3, 4, 7, 12])
def test_whoever_is_away_comes_free_later_and_never_earlier(count):
    roster, free_at = a_roster(count)
    for _ in range(20):
        somebody, time = int(RANDOM.integers(0, count)), float(RANDOM.uniform(0, 3))
        free_at[somebody] = max(free_at[somebody], time)
        turnover.not_free_before(roster, 2, count, somebody, time)
        is_a_heap(roster, free_at)


# --- the ladder ------------------------------------------------------------------------------------------------------


def on_the_ladder(count, **firm):
    unit, request = rows("UNIT", 1, managers=1), rows("REQUEST", count, state=ARRIVED, entered=1.0)
    for r in range(count):
        ladder.step_on(unit, request, r)
    made = row("FIRM", **({"escalation_attention": 0.4, "ladder_days": 3.0, "general_attention": 0.5} | firm))
    return made, unit, request, np.full(8, NOBODY, np.int32)


def test_escalations_wait_for_a_manager_first_come_first_served():
    firm, unit, request, ring = on_the_ladder(4)
    assert walk(unit[0].ladder_head, request.next) == [0, 1, 2, 3]
    assert (unit[0].ladder_tail, unit[0].on_ladder) == (3, 4)
    assert set(request.state.tolist()) == {LADDER}
    assert set(request.climbed.tolist()) == {1}
    manager, clock = rows("MANAGER", 1, attention=-0.1), row("CLOCK", day=2, slot=16)
    ladder.morning(clock, firm, unit, manager, request, ring)
    # 0.9 of a day is left: three matters of 0.4, the last of which tomorrow lacks; the fourth waits
    assert walk(unit[0].ladder_head, request.next) == [3]
    assert unit[0].on_ladder == 1
    assert manager[0].attention == pytest.approx(-0.3)
    assert manager[0].escalations == 3
    assert sorted(walk(ring[0], request.next)) == [0, 1, 2]
    for r in range(3):
        assert (request[r].state, request[r].climbed, request[r].queue_class) == (RELEASED, 0, AHEAD)
        assert request[r].ready == 2.0
    ladder.morning(clock, firm, unit, manager, request, ring)
    assert (unit[0].ladder_head, unit[0].ladder_tail, unit[0].on_ladder) == (NOBODY, NOBODY, 0)
    assert manager[0].attention == pytest.approx(0.3)


def test_what_waited_too_long_or_has_no_manager_climbs_to_the_general_manager():
    for managers, day, climbs in ((1, 3, False), (1, 4, True), (0, 1, True)):
        firm, unit, request, ring = on_the_ladder(4, general_left=-0.2)
        unit.managers = managers
        manager = rows("MANAGER", 1, attention=-1.5)
        ladder.morning(row("CLOCK", day=day, slot=8 * day), firm, unit, manager, request, ring)
        if not climbs:
            assert (unit[0].on_ladder, firm.on_ladder) == (4, 0)
            assert firm.general_left == pytest.approx(0.3)
            continue
        # the general manager has 0.3 of a day left, for one matter of 0.4
        assert (unit[0].on_ladder, unit[0].ladder_head, unit[0].ladder_tail) == (0, NOBODY, NOBODY)
        assert walk(firm.ladder_head, request.next) == [1, 2, 3]
        assert (firm.ladder_tail, firm.on_ladder) == (3, 3)
        assert [request[r].climbed for r in range(4)] == [0, 2, 2, 2]
        assert firm.general_left == pytest.approx(-0.1)
        assert request[0].state == RELEASED
        ladder.morning(row("CLOCK", day=day + 1, slot=0), firm, unit, manager, request, ring)
        assert firm.on_ladder == 2
        assert manager[0].escalations == 0


def test_a_ladder_on_which_nothing_takes_attention_holds_nobody_up():
    for managers in (0, 1):
        firm, unit, request, ring = on_the_ladder(3, escalation_attention=0.0)
        unit.managers = managers
        manager = rows("MANAGER", 1, attention=-5.0)
        ladder.morning(row("CLOCK", day=0), firm, unit, manager, request, ring)
        assert (unit[0].on_ladder, firm.on_ladder) == (0, 0)
        assert manager[0].escalations == 3 * managers


def test_what_is_ready_later_than_its_release_stays_so():
    request, ring = rows("REQUEST", 1, ready=7.5), np.full(8, NOBODY, np.int32)
    ladder.release(row("CLOCK", day=7, slot=56), request, ring, 0)
    assert request[0].ready == 7.5


def test_a_manager_who_has_nothing_left_takes_nothing_up():
    leadership = plain("sim.rules.leadership")
    manager = rows("MANAGER", 4, attention=[0.9, 0.1, 0.3, 0.2])
    assert leadership.freest(manager, 1, 3) == 2
    assert leadership.freest(manager, 0, 4) == 0
    assert leadership.freest(manager, 1, 0) == NOBODY
    assert leadership.spend(manager, 1, 0.4)
    assert manager[1].attention == pytest.approx(-0.3)
    assert not leadership.spend(manager, 1, 0.1)
    assert not leadership.spend(manager, NOBODY, 0.1)
    assert manager.attention.tolist() == pytest.approx([0.9, -0.3, 0.3, 0.2])
    manager[1].attention = 0.0
    assert not leadership.spend(manager, 1, 0.1)


# --- draws that decide about links -----------------------------------------------------------------------------------


def test_blame_goes_to_each_supplier_with_its_share_of_what_cases_ask(monkeypatch):
    blame = plain("sim.rules.blame")
    unit = rows("UNIT", 2, first_supply=[0, 1], supplies=[0, 4])
    link, supply = rows("LINK", 4, requests_per_case=[0.0, 3.0, 0.0, 1.0]), np.array([9, 0, 1, 2, 3])
    for u, expected in ((0.01, 1), (0.74, 1), (0.76, 3), (0.99, 3)):
        give(monkeypatch, {Purpose.WHOM: u})
        assert blame.whom_to_blame(KEYS, unit, link, supply, row("REQUEST", unit=1), 0) == expected
    assert blame.whom_to_blame(KEYS, unit, link, supply, row("REQUEST", unit=0), 0) == NOBODY
    link.requests_per_case = 0.0
    assert blame.whom_to_blame(KEYS, unit, link, supply, row("REQUEST", unit=1), 0) == NOBODY


def test_a_case_goes_back_half_the_time_to_where_it_came_from(monkeypatch):
    blame = plain("sim.rules.blame")
    for u, came_from, expected in ((0.49, 3, True), (0.51, 3, False), (0.01, NOBODY, False), (0.01, 0, True)):
        give(monkeypatch, {Purpose.WHOM: u})
        assert bool(blame.goes_back(KEYS, row("REQUEST", came_from=came_from), 0)) is expected


def test_whether_a_case_goes_back_and_who_is_blamed_are_two_draws(monkeypatch):
    """Were they one, only those with the larger draws would ever be blamed."""
    blame = plain("sim.rules.blame")
    seen = give(monkeypatch)
    case, unit = row("REQUEST", key=77, came_from=3), rows("UNIT", 1, supplies=1)
    for when in range(3):
        blame.goes_back(KEYS, case, when)
        blame.whom_to_blame(KEYS, unit, rows("LINK", 1, requests_per_case=1.0), np.array([0]), case, when)
    assert len(set(seen.asked)) == len(seen.asked) == 6


def test_requests_are_unclear_and_posts_able_to_cover_with_their_share(monkeypatch):
    blame, bridges = plain("sim.rules.blame"), plain("sim.rules.bridges")
    for u, share, expected in ((0.29, 0.3, True), (0.31, 0.3, False), (1e-12, 0.0, False), (0.9, 0.95, True)):
        give(monkeypatch, {Purpose.UNCLEAR: u, Purpose.COVER: u})
        assert blame.is_unclear(KEYS, 5, share) is expected
        assert bridges.able_to_cover(KEYS, 5, 6, share) is expected


def test_of_several_contractors_the_one_that_looks_best_is_chosen(monkeypatch):
    partners = plain("sim.rules.partners")
    # candidate i: quality by draw 2 i, the error of the look by draw 2 i + 1; after the first contractor from 128 on
    high, low = 0.8413447460685429, 0.15865525393145707  # one standard deviation
    given = {(Purpose.SELECT, 128 + 0): low, (Purpose.SELECT, 128 + 1): high,
             (Purpose.SELECT, 128 + 2): high, (Purpose.SELECT, 128 + 3): low}  # fmt: skip
    give(monkeypatch, given)
    assert partners.choose(KEYS, 9, 1, 0.2, 2.0, 1.0, 3.0) == pytest.approx(0.2), (
        "with full effort, looks do not deceive"
    )
    give(monkeypatch, given)
    assert partners.choose(KEYS, 9, 1, 0.2, 3.0, 0.5, 3.0) == pytest.approx(-0.2), (
        "with half of it, a noise of 1.5 does"
    )
    give(monkeypatch, given)
    assert partners.choose(KEYS, 9, 1, 0.2, 3.0, 0.5, 0.5) == pytest.approx(0.2)
    assert partners.choose(KEYS, 9, 1, 0.0, 3.0, 0.5, 0.5) == 0.0
    give(monkeypatch, {Purpose.SELECT: high})
    assert partners.own_commitment(KEYS, 9, 1, 0.3) == pytest.approx(0.3)
    assert partners.own_commitment(KEYS, 9, 1, 0.0) == 0.0


def test_no_two_candidates_and_no_commitment_rest_on_the_same_draw(monkeypatch):
    partners = plain("sim.rules.partners")
    seen = give(monkeypatch)
    for number in range(3):
        partners.choose(KEYS, 9, number, 0.2, 60.0, 1.0, 1.0)
        partners.own_commitment(KEYS, 9, number, 0.2)
    assert len(set(seen.asked)) == len(seen.asked) == 3 * (2 * 60 + 1)


def test_draws_that_are_given_are_asked_for_by_purpose():
    given = Draws({Purpose.WORK: 0.1, (Purpose.WORK, 2): 0.2})
    assert [given.uniform(KEYS[Purpose.WORK], 1, when) for when in (0, 2)] == [0.1, 0.2]
    assert given.uniform(KEYS[Purpose.ERROR], 1, 0) == 0.5
    assert given.asked[1] == (Purpose.WORK, 1, 2)
