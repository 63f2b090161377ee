"""The whole state of a model as a handful of arrays: building it from a chain, copying it, growing it."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from sim import draws, levers, memory, population, structure
from sim.chain import ServiceChain
from sim.compiled import rows, wrapping_integers
from sim.errors import InputError
from sim.population import CONTRACTOR, DEPARTMENT, NOBODY
from sim.rules.start import first_day

SLOT_RING = 4096  # buckets of the request calendar; events farther ahead are filed again, at little cost
DAY_RING = 1024
FIRST_REQUESTS = 256  # rows of the request pool at first; it doubles when a day needs more
FIRST_PROBLEMS = 64
FIRST_LATER = 256
SORTING = 4097  # room for putting in order what came to a unit since the last boundary
ROOM_DAYS = 64  # days for which daily figures have room at first; it doubles when a run goes on


MOST_OPEN_REQUESTS = 2**23
"""Requests that may be open at the same time, about a gigabyte of them."""


@dataclass(slots=True, weakref_slot=True)
class State:
    """Every array of a running model; see `sim.population` for their columns.

    ``supply`` lists the inbound links of each unit and segment, ``keys`` the run's random keys by purpose.
    """

    clock: np.ndarray
    keys: np.ndarray
    firm: np.ndarray
    unit: np.ndarray
    queue: np.ndarray
    link: np.ndarray
    segment: np.ndarray
    supply: np.ndarray
    employee: np.ndarray
    manager: np.ndarray
    relation: np.ndarray
    bond: np.ndarray
    customer: np.ndarray
    request: np.ndarray
    problem: np.ndarray
    later: np.ndarray
    roster: np.ndarray
    sorting: np.ndarray
    slot_ring: np.ndarray
    day_ring: np.ndarray
    later_ring: np.ndarray
    journal: np.ndarray
    link_day: np.ndarray
    unit_day: np.ndarray
    segment_day: np.ndarray
    firm_day: np.ndarray

    def __post_init__(self) -> None:
        memory.hold(self, sum(getattr(self, name).nbytes for name in _NAMES))

    def arrays(self) -> tuple[np.ndarray, ...]:
        """Return the arrays in the order in which `sim.rules.day.run_until` takes them."""
        return _ARRAYS(self)

    def copy(self) -> State:
        """Return an independent copy: a snapshot to branch from."""
        days = self.day
        return State(*(
            _copied(getattr(self, name), days if name in BY_DAY else None) for name in _NAMES
        ))  # fmt: skip

    def __deepcopy__(self, memo: dict[int, object]) -> State:
        return self.copy()

    @property
    def day(self) -> int:
        """Days that have been run."""
        return int(self.clock[0]["day"])

    def satisfaction_over(self, links: np.ndarray) -> float:
        """Return the mean satisfaction of internal clients over these links (a mask), 0 to 1; nan where there are none."""
        clients = self.link["clients"][links].sum()
        return float(self.link["satisfaction_sum"][links].sum() / clients) if clients else float("nan")

    # --- growing -------------------------------------------------------------------------------------------------------

    def grow_requests(self) -> None:
        """Double the request pool, or raise `InputError` where that would be more than `MOST_OPEN_REQUESTS`."""
        old = len(self.request)
        if 2 * old > MOST_OPEN_REQUESTS:
            raise InputError(
                "more requests are open at the same time than this program can hold",
                place=f"day {self.day + 1} of the run",
                value=old,
                allowed=f"fewer than {MOST_OPEN_REQUESTS:,}",
                hint="this organisation falls far behind, or sets off work faster than it ends: fewer customers or needs, more "
                "staff, fewer requests_per_case, or a lower reopen_rate",
            )
        self.request = _longer(self.request, 2 * old)
        _chain_free_rows(self.request, old, self.clock, "free_request", "free_requests")

    def grow_customers(self) -> None:
        """Add half as many customer rows again, or raise `InputError` where that would be more than twice `MOST_CUSTOMERS`."""
        old = len(self.customer)
        if old > 2 * structure.MOST_CUSTOMERS:
            raise InputError(
                "the firm has won more customers than this program can hold",
                place=f"day {self.day + 1} of the run",
                value=old,
                allowed=f"up to {2 * structure.MOST_CUSTOMERS:,}",
                hint="lower new_customers, or run fewer days",
            )
        self.customer = _longer(self.customer, old + max(64, old // 2))
        _chain_free_rows(self.customer, old, self.clock, "free_customer", "free_customers")

    def grow_problems(self) -> None:
        """Double the pool of problems."""
        old = len(self.problem)
        self.problem = _longer(self.problem, 2 * old)
        _chain_free_rows(self.problem, old, self.clock, "free_problem", "free_problems")

    def grow_later(self) -> None:
        """Double the pool of what surfaces later."""
        old = len(self.later)
        self.later = _longer(self.later, 2 * old)
        self.later["client"][old:] = NOBODY
        _chain_free_rows(self.later, old, self.clock, "free_later", "free_laters")

    def make_room_until(self, day: int) -> None:
        """Make sure that the figures of every day before ``day`` have a row, doubling the days when they do not."""
        days = len(self.link_day)
        if day > days:
            for name in BY_DAY:
                setattr(self, name, _longer(getattr(self, name), max(2 * days, day)))


BY_DAY = ("link_day", "unit_day", "segment_day", "firm_day")
"""The arrays that hold a row of figures for each day; the rows of days to come are zero."""

_NAMES = tuple(field.name for field in fields(State))
_ARRAYS = operator.attrgetter(*_NAMES)


def _copied(array: np.ndarray, length: int | None = None) -> np.ndarray:
    """Return a copy made byte by byte: NumPy copies structured rows field by field, which takes ten times as long.

    Where only the first ``length`` rows hold anything, the others are left to the system, which makes zeros when asked.
    """
    if length is None or length >= len(array):
        twin = np.empty_like(array)
        _bytes(twin)[:] = _bytes(array)
        return twin
    return _longer(array[:length], len(array))


def _longer(array: np.ndarray, length: int) -> np.ndarray:
    """Return a copy with more rows, of zeros."""
    grown = np.zeros((length, *array.shape[1:]), array.dtype)
    _bytes(grown)[: array.nbytes] = _bytes(array)
    return rows(grown)


def _bytes(array: np.ndarray) -> np.ndarray:
    return array.view(np.ndarray).reshape(-1).view("u1")


def _chain_free_rows(pool: np.ndarray, start: int, clock: np.ndarray, head: str, count: str) -> None:
    """Put rows ``start`` and up on a free list, before what is there."""
    free = np.arange(start, len(pool))
    pool["next"][start:] = free + 1
    pool["next"][-1] = clock[0][head]
    clock[0][head] = start
    clock[0][count] += len(free)


def _fill_levers(array: np.ndarray, home: levers.Home, chain: ServiceChain, places: Sequence[tuple[str, ...]]) -> None:
    for one in levers.of(home):
        array[one.name] = [chain.value(one.name, *place) for place in places]


def build(chain: ServiceChain, seed: int, journal_rows: int = 1) -> State:
    """Return the state of the first morning of a checked chain."""
    return begin(blank(chain, journal_rows), seed)


def blank(chain: ServiceChain, journal_rows: int = 1) -> State:
    """Return the state of a checked chain before the first morning: all that no seed has a part in.

    Rows stand in alphabetical order of names, so that the order of a file changes nothing, and the identity behind every
    draw is made from names, so that a change in one department leaves the draws of others alone.
    """
    units, segments, edges = chain.units, chain.segments, chain.links
    unit_row = {name: row for row, name in enumerate(units)}
    segment_row = {name: row for row, name in enumerate(segments)}

    firm = np.zeros(1, population.FIRM)
    firm["hours_per_day"] = chain.setting("hours_per_day")
    firm["ladder_head"] = firm["ladder_tail"] = NOBODY
    _fill_levers(firm, "firm", chain, [()])

    unit = np.zeros(len(units), population.UNIT)
    data = [chain.nodes[name] for name in units]
    unit["key"] = [draws.identity("unit", name) for name in units]
    unit["kind"] = [DEPARTMENT if one["kind"] == "department" else CONTRACTOR for one in data]
    unit["staff"] = [one.get("staff", 1) for one in data]
    unit["managers"] = [one.get("managers", 1) for one in data]
    unit["work_shape"] = [structure.SHAPES.index(one.get("working_time", "lognormal")) for one in data]
    unit["first_employee"] = np.cumsum(unit["staff"]) - unit["staff"]
    unit["first_manager"] = np.cumsum(unit["managers"]) - unit["managers"]
    unit["inbox"] = unit["ladder_head"] = unit["ladder_tail"] = NOBODY
    unit["time_factor"] = 1.0
    _fill_levers(unit, "unit", chain, [(name,) for name in units])

    queue = np.full((len(units), population.CLASSES), NOBODY, dtype="i4")
    queue = np.repeat(queue[..., None], 2, axis=2).view(population.QUEUE)[..., 0]

    segment = np.zeros(len(segments), population.SEGMENT)
    segment["key"] = [draws.identity("segment", name) for name in segments]
    segment["start_size"] = [chain.nodes[name].get("customers", 0) for name in segments]
    _fill_levers(segment, "segment", chain, [(name,) for name in segments])

    link = np.zeros(len(edges), population.LINK)
    flows = chain.link_rates()
    link["key"] = [draws.identity("link", *edge) for edge in edges]
    link["supplier"] = [unit_row[supplier] for supplier, _ in edges]
    link["client_unit"] = [unit_row.get(client, NOBODY) for _, client in edges]
    link["client_segment"] = [segment_row.get(client, NOBODY) for _, client in edges]
    link["flow"] = [_same_everywhere(flows[edge]) for edge in edges]
    edge_row = {edge: row for row, edge in enumerate(edges)}
    link["mirror"] = [edge_row.get((client, supplier), NOBODY) for supplier, client in edges]
    _fill_levers(link, "link", chain, edges)

    supply: list[int] = []
    for names, table in ((units, unit), (segments, segment)):
        for row, name in enumerate(names):
            inbound = [edge_row[edge] for edge in edges if edge[1] == name]
            table[row]["first_supply"], table[row]["supplies"] = len(supply), len(inbound)
            link["place"][inbound] = np.arange(len(inbound))
            supply += inbound

    owner = np.repeat(np.arange(len(units)), unit["staff"])
    employee = np.zeros(len(owner), population.EMPLOYEE)
    employee["unit"] = owner
    employee["key"] = [
        draws.identity("employee", name, number)
        for name, staff in zip(units, unit["staff"], strict=True)
        for number in range(staff)
    ]
    employee["post"] = employee["key"]
    supplies = unit["supplies"][owner]
    employee["first_relation"] = np.cumsum(supplies) - supplies
    leaders = np.repeat(np.arange(len(units)), unit["managers"])
    manager = np.zeros(len(leaders), population.MANAGER)
    manager["unit"] = leaders
    manager["key"] = [draws.identity("manager", units[row], number) for number, row in enumerate(leaders)]
    manager["span"] = unit["span"][leaders]

    bond = _ties(unit, link, employee)

    clock = np.zeros(1, population.CLOCK)
    clock["slots_per_day"] = chain.setting("slots_per_day")
    for head in (
        "worklist", "due", "later_due", "free_request", "free_customer", "free_problem", "free_later",
    ):  # fmt: skip
        clock[head] = NOBODY

    state = State(
        clock=clock, keys=draws.keys(0), firm=firm, unit=unit, queue=queue, link=link, segment=segment,
        supply=np.array(supply, "i4"), employee=employee, manager=manager,
        relation=np.zeros(int(supplies.sum()), population.RELATION), bond=bond,
        customer=np.zeros(int(segment["start_size"].sum()), population.CUSTOMER),
        request=np.zeros(FIRST_REQUESTS, population.REQUEST),
        problem=np.zeros(FIRST_PROBLEMS, population.PROBLEM),
        later=np.zeros(FIRST_LATER, population.LATER),
        roster=np.zeros(len(owner), population.ROSTER),
        sorting=np.full(SORTING, NOBODY, "i4"),
        slot_ring=np.full(SLOT_RING, NOBODY, "i4"), day_ring=np.full(DAY_RING, NOBODY, "i4"),
        later_ring=np.full(DAY_RING, NOBODY, "i4"),
        journal=np.zeros(journal_rows, population.JOURNAL),
        link_day=np.zeros((ROOM_DAYS, len(edges)), population.LINK_DAY),
        unit_day=np.zeros((ROOM_DAYS, len(units)), population.UNIT_DAY),
        segment_day=np.zeros((ROOM_DAYS, len(segments)), population.SEGMENT_DAY),
        firm_day=np.zeros(ROOM_DAYS, population.FIRM_DAY),
    )  # fmt: skip
    for field in fields(state):
        setattr(state, field.name, rows(getattr(state, field.name)))
    state.later["client"] = NOBODY
    _chain_free_rows(state.request, 0, state.clock, "free_request", "free_requests")
    _chain_free_rows(state.problem, 0, state.clock, "free_problem", "free_problems")
    _chain_free_rows(state.later, 0, state.clock, "free_later", "free_laters")
    return state


def begin(state: State, seed: int) -> State:
    """Let the first morning of a blank state happen, in place, and return it: who knows what, who needs what when."""
    state.keys = rows(draws.keys(seed))
    segment = state.segment
    first_customer = np.cumsum(segment["start_size"]) - segment["start_size"]
    with wrapping_integers():
        first_day(
            state.clock, state.keys, state.firm, state.unit, state.link, state.segment, state.supply, state.employee,
            state.relation, state.customer, state.roster, state.day_ring, first_customer,
        )  # fmt: skip
    for row in state.unit:  # a heap: a sorted list is one
        staff = slice(row["first_employee"], row["first_employee"] + row["staff"])
        state.roster[staff] = np.sort(state.roster[staff], order="free_at")
    return state


def _ties(unit: np.ndarray, link: np.ndarray, employee: np.ndarray) -> np.ndarray:
    """Return who is tied to whom: rings within teams, pairs across every link inside; count each employee's ties.

    Colleagues stand in the order of their identities, which is one at random that every run shares, so that runs stay paired.
    Within a team everybody is tied to the next two on each side, at the usual strength; across, at none.
    """
    order = [
        first + np.argsort(employee["key"][first : first + staff])
        for first, staff in zip(unit["first_employee"], unit["staff"], strict=True)
    ]
    pairs = []
    for row, people in enumerate(order):
        count = len(people)
        places = np.arange(count)
        for step in (1, 2):
            ends = places[: count if count > 2 * step else step if count == 2 * step else 0]
            pairs.append((people[ends], people[(ends + step) % count], NOBODY, NOBODY, unit["bonds"][row]))
    for edge in np.flatnonzero(link["client_unit"] != NOBODY).tolist():
        mirror = int(link["mirror"][edge])
        if mirror != NOBODY and mirror < edge:
            continue  # the pairs of both directions are the same
        one, other = order[link["supplier"][edge]], order[link["client_unit"][edge]]
        count = min(len(one), len(other))
        link["ties_across"][edge] = count
        if mirror != NOBODY:
            link["ties_across"][mirror] = count
        pairs.append((one[:count], other[:count], edge, mirror, 0.0))
    bond = np.zeros(sum(len(ends) for ends, *_ in pairs), population.BOND)
    start = 0
    for ones, others, edge, mirror, strength in pairs:
        rows_ = slice(start, start + len(ones))
        start += len(ones)
        for name, value in (
            ("one", ones),
            ("other", others),
            ("link", edge),
            ("mirror", mirror),
            ("strength", strength),
        ):
            bond[name][rows_] = value
        for ends in (ones, others):
            np.add.at(employee["ties"], ends, 1)
            if edge == NOBODY:
                np.add.at(employee["team_ties"], ends, 1)
    return bond


def _same_everywhere(number: float) -> float:
    """Return a number to nine digits: the linear algebra behind it differs in the last bits between processors."""
    return float(f"{number:.9g}")
