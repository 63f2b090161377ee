"""What must hold at the end of every day, whatever the organisation; and random organisations to hold it against."""

from __future__ import annotations

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st

from sim import levers
from sim.chain import ServiceChain
from sim.errors import InputError
from sim.interventions import Intervention
from sim.model import ServiceModel
from sim.population import (
    ARRIVED,
    CLASSES,
    FREE,
    HELD_BACK,
    LADDER,
    NOBODY,
    PERMANENT,
    QUEUED,
    RAISED,
    RESTING,
    SERVED,
    TEMPORARY,
    VACANT,
    WAITING,
)
from sim.rules.loyalty import DETRACTOR, PROMOTER


def walk(head: int, following: np.ndarray) -> list[int]:
    """Return the rows of a linked list, refusing one that runs in a circle."""
    found: list[int] = []
    while head != NOBODY:
        found.append(int(head))
        assert len(found) <= len(following), "a linked list runs in a circle"
        head = following[head]
    return found


def check(model: ServiceModel) -> None:
    """Check every conservation law of a model between two days."""
    _requests(model)
    _customers(model)
    _people(model)
    _posts(model)
    _problems(model)
    _later(model)
    _money(model)
    _figures(model)


def _requests(model: ServiceModel) -> None:
    state, clock = model.state, model.state.clock[0]
    request, unit = np.asarray(state.request), np.asarray(state.unit)
    status = request["state"]
    assert clock["opened_ever"] - clock["closed_ever"] == clock["open_requests"]
    assert clock["open_requests"] + clock["free_requests"] == len(request)
    assert clock["worklist"] == NOBODY

    free = walk(clock["free_request"], request["next"])
    queued = [
        [r for kind in range(CLASSES) for r in walk(state.queue[u, kind]["head"], request["next"])]
        for u in range(len(unit))
    ]
    calendar = [r for head in state.slot_ring for r in walk(head, request["next"])]
    ladders = [walk(row["ladder_head"], request["next"]) for row in (*unit, state.firm[0])]
    for row, rungs in zip((*unit, state.firm[0]), ladders, strict=True):
        assert row["on_ladder"] == len(rungs)
        assert row["ladder_tail"] == (rungs[-1] if rungs else NOBODY)
    assert {r for rungs in ladders for r in rungs} == set(np.flatnonzero(status == LADDER).tolist())
    listed = [*free, *(r for line in queued for r in line), *calendar, *(r for rungs in ladders for r in rungs)]
    assert len(listed) == len(set(listed)), "a request stands on two lists"
    assert len(free) == clock["free_requests"]
    assert (status[free] == FREE).all()
    assert (status == FREE).sum() == len(free)
    assert set(calendar) == set(np.flatnonzero(np.isin(status, (ARRIVED, RESTING, SERVED))).tolist())
    assert {r for line in queued for r in line} == set(np.flatnonzero(status == QUEUED).tolist())
    for u, line in enumerate(queued):
        assert unit["inbox"][u] == NOBODY
        assert unit["queued"][u] == len(line)
        assert (request["unit"][line] == u).all()
        for kind in range(CLASSES):
            rows = walk(state.queue[u, kind]["head"], request["next"])
            assert (request["queue_class"][rows] == kind).all()
            assert state.queue[u, kind]["tail"] == (rows[-1] if rows else NOBODY)

    # A waiting parent is present in its unit; only what has not reached a unit yet is not.
    under_way = np.flatnonzero(status != FREE)
    inside = under_way[status[under_way] != ARRIVED]
    assert (np.bincount(request["unit"][inside], minlength=len(unit)) == unit["present"]).all()
    assert unit["present"].sum() + (status == ARRIVED).sum() == clock["open_requests"]

    children = np.bincount(request["parent"][under_way][request["parent"][under_way] != NOBODY], minlength=len(request))
    waits = children + (status == RESTING)
    assert (request["waiting_for"][under_way] == waits[under_way]).all()
    assert (waits[status == FREE] == 0).all()
    assert (waits[status == WAITING] > 0).all()


def _customers(model: ServiceModel) -> None:
    state, clock = model.state, model.state.clock[0]
    customer, segment, request = (np.asarray(getattr(state, name)) for name in ("customer", "segment", "request"))
    active = customer["active"] == 1
    days = state.segment_day[: model.day]
    for s, row in enumerate(segment):
        mine = customer[active & (customer["segment"] == s)]
        assert row["active"] == len(mine)
        assert row["joined"] - days["left"][:, s].sum() == len(mine)
        assert row["joined"] - row["start_size"] == days["joined"][:, s].sum()
        assert len(set(mine["ordinal"].tolist())) == len(mine)
        assert abs(row["satisfaction_sum"] - mine["satisfaction"].sum()) < 1e-9 * max(1, model.day)
        assert row["promoters"] == (mine["satisfaction"] >= PROMOTER).sum()
        assert row["detractors"] == (mine["satisfaction"] < DETRACTOR).sum()
    free = walk(clock["free_customer"], customer["next"])
    assert len(free) == len(set(free)) == clock["free_customers"]
    assert not active[free].any()
    assert (customer["open"][free] == 0).all()
    calendar = [c for head in state.day_ring for c in walk(head, customer["next"])]
    assert len(calendar) == len(set(calendar))
    assert set(calendar) == set(np.flatnonzero(active).tolist())
    assert (customer["next_need"][active] >= model.day).all()
    outside = np.asarray(state.link["client_segment"] != NOBODY)
    asked = request[(request["state"] != FREE) & outside[request["link"]]]
    assert (np.bincount(asked["client"], minlength=len(customer)) == customer["open"]).all()


def _people(model: ServiceModel) -> None:
    state = model.state
    unit, employee, link, relation = (
        np.asarray(getattr(state, name)) for name in ("unit", "employee", "link", "relation")
    )
    for u, row in enumerate(unit):
        first, count = row["first_employee"], row["staff"]
        heap = np.asarray(state.roster[first : first + count])
        assert sorted(heap["employee"].tolist()) == list(range(first, first + count))
        parents = (np.arange(1, count) - 1) // 2
        assert (heap["free_at"][parents] <= heap["free_at"][1:]).all(), "whoever is free first is not on top"
        assert (employee["unit"][first : first + count] == u).all()
    for edge, row in enumerate(link):
        mine = relation[relation["link"] == edge] if row["client_unit"] != NOBODY else relation[:0]
        assert row["clients"] == len(mine)
        for name in ("satisfaction", "trust"):
            assert abs(row[f"{name}_sum"] - mine[name].sum()) < 1e-9 * max(1, model.day)
    served = employee["served"].sum()
    assert served == state.clock[0]["services_ever"] == state.unit_day[: model.day]["served"].sum()


def _posts(model: ServiceModel) -> None:
    state, day = model.state, model.day
    employee, unit, bond = np.asarray(state.employee), np.asarray(state.unit), np.asarray(state.bond)
    assert np.isin(employee["status"], (PERMANENT, TEMPORARY, VACANT)).all()
    held = np.bincount(employee["unit"][employee["status"] != VACANT], minlength=len(unit))
    assert (held == unit["filled"]).all()
    assert (employee["starts"][employee["status"] != PERMANENT] >= day).all()
    days = state.unit_day[:day]
    permanent = (employee["status"] == PERMANENT).sum()
    assert unit["staff"].sum() - days["quits"].sum() + days["hires"].sum() == permanent
    roster = np.asarray(state.roster)
    vacant = np.flatnonzero(employee["status"] == VACANT)
    away = dict(zip(roster["employee"].tolist(), roster["free_at"].tolist(), strict=True))
    assert all(away[e] >= employee["starts"][e] for e in vacant.tolist() if employee["starts"][e] > day)
    assert ((bond["strength"] >= 0) & (bond["strength"] <= 1)).all()
    ends = np.concatenate([bond["one"], bond["other"]])
    assert (np.bincount(ends, minlength=len(employee)) == employee["ties"]).all()
    inside = bond["link"] == NOBODY
    assert (employee["unit"][bond["one"]] == employee["unit"][bond["other"]])[inside].all()
    assert (state.manager["attention"] <= 1).all()
    for name in ("support", "voice_climate", "clarity", "effort", "committed"):
        assert ((unit[name] >= 0) & (unit[name] <= 1)).all(), name
    assert (unit["standard"] > 0).all()
    link = np.asarray(state.link)
    for name in ("regard", "hostility", "bridge"):
        assert ((link[name] >= 0) & (link[name] <= 1 + 1e-9)).all(), name
    assert (np.abs(link["care"]) <= 1).all()


def _problems(model: ServiceModel) -> None:
    state = model.state
    problem, days = np.asarray(state.problem), state.unit_day[: model.day]
    free = walk(state.clock[0]["free_problem"], problem["next"])
    assert len(free) == state.clock[0]["free_problems"] == (problem["status"] == FREE).sum()
    under_way = problem[problem["status"] != FREE]
    assert np.isin(under_way["status"], (HELD_BACK, RAISED)).all()
    assert ((under_way["severity"] > 0) & (under_way["severity"] < 1)).all()
    ended = days["problems_solved"].sum() + days["crises"].sum()
    assert days["problems_born"].sum() - ended == len(under_way)
    if model.day:
        assert (np.bincount(under_way["unit"], minlength=len(state.unit)) == days["problems_open"][-1]).all()


def _later(model: ServiceModel) -> None:
    state = model.state
    later = np.asarray(state.later)
    free = walk(state.clock[0]["free_later"], later["next"])
    waiting = [row for head in state.later_ring for row in walk(head, later["next"])]
    assert len(free) == state.clock[0]["free_laters"]
    assert sorted([*free, *waiting]) == list(range(len(later)))
    assert (later["client"][free] == NOBODY).all()
    assert (later["due"][waiting] >= model.day).all()
    assert (later["made"][waiting] < model.day).all()


COSTS = ("wages", "fees", "hiring", "training", "redress", "crises", "programmes", "surveys", "service_budget")


def _money(model: ServiceModel) -> None:
    """What was booked when it happened, by the firm, by unit and by segment, is the same money."""
    state, day = model.state, model.day
    firm, unit, segment = state.firm_day[:day], state.unit_day[:day], state.segment_day[:day]
    scale = 1e-9 * (1 + np.abs(firm["revenue"]).sum() + sum(np.abs(firm[name]).sum() for name in COSTS))
    assert abs(state.firm[0]["cash"] - firm["profit"].sum()) <= scale
    assert abs(firm["revenue"].sum() - segment["revenue"].sum()) <= scale
    assert abs(firm["redress"].sum() - segment["redress"].sum()) <= scale
    assert abs(unit["cost"].sum() - sum(firm[name].sum() for name in COSTS)) <= scale
    assert abs(firm["revenue"].sum() - unit["cost"].sum() - state.firm[0]["cash"]) <= scale
    for name in COSTS:
        assert (firm[name] >= 0).all(), name


def _figures(model: ServiceModel) -> None:
    state, days = model.state, model.day
    shares = ("satisfaction", "trust", "expected_outcome", "expected_process")
    for rows, names in (
        (state.customer[state.customer["active"] == 1], shares),
        (state.relation, shares),
        (state.employee, ("knowledge", "motivation", "compassion", "strain", "peer_support", "tie")),
    ):
        for name in names:
            assert ((rows[name] >= 0) & (rows[name] <= 1)).all(), name
    for table in ("link_day", "unit_day", "firm_day"):
        rows = np.asarray(getattr(state, table)[:days])
        for name in rows.dtype.names or ():
            assert np.isfinite(rows[name]).all(), f"{table}.{name}"
    links = np.asarray(state.link_day[:days])
    for name in ("right", "in_time", "rush_kept", "quality", "judgement", "expectation", "reliability", "responsiveness",
                 "assurance", "empathy", "tangibles"):  # fmt: skip
        assert (links[name] <= links["encounters"] + 1e-9).all(), name
        assert (links[name] >= 0).all(), name
    assert (links["rush_agreed"] <= links["rush"]).all()
    assert (links["wait"] >= 0).all()
    assert (links["recovered"] + links["deflected"] <= links["recoveries"]).all()
    assert (links["failures"] <= links["encounters"]).all()
    assert (links["escalations"] <= links["complaints"]).all()
    assert (links["complaints"] <= links["failures"]).all()
    assert links["opened"].sum() == state.clock[0]["opened_ever"]
    assert links["closed"].sum() == state.clock[0]["closed_ever"]
    segments = np.asarray(state.segment_day[:days])
    assert (np.isnan(segments["satisfaction"]) == (segments["active"] == 0)).all()
    assert np.isfinite(segments["reputation"]).all()


# --- random organisations --------------------

SHARE = st.floats(0, 1)
TRAFFIC = ("requests_per_case", "passed_on", "needs_per_year", "hours_per_request")
FREE_LEVERS = [one for one in levers.LEVERS if one.name not in (*TRAFFIC, "new_customers", "word_of_mouth")]


def lever_value(one: levers.Lever) -> st.SearchStrategy[float]:
    """Return values of a lever: its neutral value, its ends, and what lies between, small values being as likely."""
    ends = [value for value in (one.neutral, one.low, min(one.high, 1000.0), one.default) if value is not None]
    return st.one_of(st.sampled_from(ends), st.floats(one.low, min(one.high, 20.0 if one.low < 20 else one.high)))


@st.composite
def chains(draw: st.DrawFn) -> ServiceChain:
    """Build a valid chain: up to five units with any links between them, cycles included, and up to three segments."""
    chain = ServiceChain(
        slots_per_day=draw(st.sampled_from([1, 3, 8, 24])), hours_per_day=draw(st.sampled_from([4.0, 8.0]))
    )
    for one in draw(st.lists(st.sampled_from(FREE_LEVERS), max_size=8, unique=True)):
        chain.graph[one.name] = draw(lever_value(one))
    units = [f"Unit {place}" for place in range(draw(st.integers(1, 5)))]
    for name in units:
        add = draw(st.sampled_from([chain.add_department, chain.add_contractor]))
        rests = draw(st.booleans())
        add(
            name,
            staff=draw(st.integers(1, 4)),
            managers=draw(st.integers(0, 2)),
            working_time=draw(st.sampled_from(["fixed", "exponential", "lognormal"])),
            hours_per_request=draw(st.floats(0, 2)),
            error_rate=draw(st.floats(0, 0.6)),
            pause_share=draw(SHARE) if rests else 0.0,
            pause_days=draw(st.floats(0, 5)) if rests else 0.0,
        )
    for supplier in units:
        for client in units:
            if supplier != client and draw(st.integers(0, 2)) == 0:
                chain.add_link(
                    supplier, client, requests_per_case=draw(st.sampled_from([0.0, 0.3, 0.8, 1.0, 2.0])),
                    passed_on=draw(st.sampled_from([0.0, 0.0, 0.1, 0.3])), dependence=draw(SHARE),
                    reopen_rate=draw(st.floats(0, 0.9)), internal_service=draw(SHARE),
                )  # fmt: skip
    for place in range(draw(st.integers(1, 3))):
        name = f"Segment {place}"
        chain.add_segment(
            name, customers=draw(st.integers(0, 50)), needs_per_year=draw(st.sampled_from([0.0, 10.0, 100.0, 400.0])),
            rush_share=draw(st.floats(0, 0.5)), churn=draw(st.sampled_from([0.0, 0.3, 0.99])),
            new_customers=draw(st.sampled_from([0.0, 0.5, 10.0])),
        )  # fmt: skip
        for door in draw(st.lists(st.sampled_from(units), min_size=1, max_size=3, unique=True)):
            chain.add_link(door, name, requests_per_case=draw(st.sampled_from([0.4, 1.0, 2.5])))
    try:
        chain.check()
        assume(sum(chain.case_rates().values()) < 2000)
    except InputError:
        assume(False)
    return chain


@st.composite
def organisations(draw: st.DrawFn) -> tuple[ServiceChain, list[Intervention], int]:
    """Return a chain, interventions on it, and a seed."""
    chain = draw(chains())
    pulled = []
    for one in draw(st.lists(st.sampled_from(FREE_LEVERS), max_size=4)):
        start = draw(st.integers(0, 20))
        pulled.append(
            Intervention(
                one.name,
                draw(lever_value(one)),
                start=start,
                ramp=draw(st.integers(0, 10)),
                end=draw(st.one_of(st.none(), st.integers(start + 1, 30))),
            )
        )
    return chain, pulled, draw(st.integers(0, 2**64))
