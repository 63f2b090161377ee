"""Nothing is lost: Little's law as an identity, on every team of any organisation, with people on.

A unit's ``present_area`` adds up the number present at every boundary, each standing for one step. A request is counted at
the boundary where it reaches the unit and at each one until it has left, so it adds exactly the time between those two
boundaries; one still there at the end adds the time since it came. Hence, to rounding,

    sum of present_area = sum of sojourn + sum over requests still present of (end - boundary of arrival),

which is Little's law L = lambda W (Little 1961, doi:10.1287/opre.9.3.383) without remainder.
"""

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from sim import state
from sim.chain import ServiceChain
from sim.errors import InputError
from sim.model import ServiceModel
from sim.population import ARRIVED, CLASSES, FREE, LADDER, NOBODY, QUEUED, RESTING, SERVED, WAITING

from .comparisons import ORGANISATIONS


def assert_little(model: ServiceModel) -> None:
    """Little's law as an identity on every unit, for a run from its first day."""
    state = model.state
    days, units = model.day, len(state.unit)
    area = np.asarray(state.unit_day["present_area"][:days]).sum(axis=0)
    sojourn = np.asarray(state.unit_day["sojourn"][:days]).sum(axis=0)
    inside = np.isin(state.request["state"], [RESTING, WAITING, QUEUED, SERVED, LADDER])
    where = np.asarray(state.request["unit"])[inside]
    since = days - np.asarray(state.request["entered"])[inside]
    still = np.bincount(where, weights=since, minlength=units)
    assert area == pytest.approx(sojourn + still, rel=1e-9, abs=1e-9)
    assert np.bincount(where, minlength=units).tolist() == np.asarray(state.unit["present"]).tolist()


def assert_nothing_lost(model: ServiceModel) -> None:
    """Every count of requests and customers adds up, at the end of a day."""
    state, days = model.state, model.day
    clock, request = state.clock[0], state.request
    unit_day, link_day, segment_day = (table[:days] for table in (state.unit_day, state.link_day, state.segment_day))
    rows = np.flatnonzero(request["state"] != FREE)

    assert clock["opened_ever"] == clock["closed_ever"] + clock["open_requests"]
    assert len(rows) == clock["open_requests"]
    assert clock["free_requests"] + clock["open_requests"] == len(request)
    assert clock["opened_ever"] == link_day["opened"].sum()
    assert clock["closed_ever"] == link_day["closed"].sum()
    assert clock["services_ever"] == unit_day["served"].sum()

    open_on = np.bincount(request["link"][rows], minlength=len(state.link))
    assert (link_day["opened"].sum(axis=0) - link_day["closed"].sum(axis=0)).tolist() == open_on.tolist()
    assert (unit_day["arrived"].sum(axis=0) - unit_day["served"].sum(axis=0)).tolist() == state.unit["present"].tolist()
    assert unit_day["present"][-1].tolist() == state.unit["present"].tolist()

    # a case waits for each of its open inputs, and for its rest
    awaited = np.bincount(request["parent"][rows][request["parent"][rows] != NOBODY], minlength=len(request))
    resting = np.asarray(request["state"]) == RESTING
    assert (awaited[rows] + resting[rows]).tolist() == request["waiting_for"][rows].tolist()
    assert set(request["state"][rows]) <= {ARRIVED, RESTING, WAITING, QUEUED, SERVED, LADDER}

    for u in range(len(state.unit)):
        lined_up = 0
        for c in range(CLASSES):
            r = state.queue[u, c]["head"]
            last = NOBODY
            while r != NOBODY:
                assert (request[r]["state"], request[r]["unit"], request[r]["queue_class"]) == (QUEUED, u, c)
                lined_up, last, r = lined_up + 1, r, request[r]["next"]
            assert state.queue[u, c]["tail"] == last
        assert lined_up == state.unit[u]["queued"]

    of_customers = np.asarray(state.link["client_segment"])[request["link"][rows]] != NOBODY
    open_cases = np.bincount(request["client"][rows][of_customers], minlength=len(state.customer))
    assert open_cases.tolist() == state.customer["open"].tolist()
    active = np.asarray(state.customer["active"]) == 1
    segments = len(state.segment)
    assert (
        np.bincount(state.customer["segment"][active], minlength=segments).tolist() == state.segment["active"].tolist()
    )
    came = state.segment["start_size"] + segment_day["joined"].sum(axis=0)
    assert (came - segment_day["left"].sum(axis=0)).tolist() == state.segment["active"].tolist()

    worked = np.bincount(state.employee["unit"], weights=state.employee["busy_days"], minlength=len(state.unit))
    assert unit_day["busy_days"].sum(axis=0) == pytest.approx(worked, rel=1e-9, abs=1e-12)
    assert state.employee["served"].sum() == clock["services_ever"]


def assert_no_more_than_a_day_of_work_a_day(model: ServiceModel) -> None:
    """Nobody works on two things at once: work begun lies within the days run and what is under way."""
    state, days = model.state, model.day
    free_at = np.zeros(len(state.employee))
    free_at[state.roster["employee"]] = state.roster["free_at"]
    assert sorted(state.roster["employee"]) == list(range(len(state.employee)))
    assert np.all(state.employee["busy_days"] <= np.maximum(free_at, days) + 1e-9)


def assert_sound(model: ServiceModel) -> None:
    assert_little(model)
    assert_nothing_lost(model)
    assert_no_more_than_a_day_of_work_a_day(model)


@pytest.mark.parametrize("name", ORGANISATIONS)
def test_littles_law_holds_to_rounding_on_every_team_of_a_bundled_organisation(name):
    model = ServiceModel(name, seed=11)
    for days in (1, 9, 50):
        assert_sound(model.run(days))


@pytest.mark.parametrize("name", ORGANISATIONS)
def test_littles_law_holds_in_a_bundled_organisation_that_falls_behind(name):
    model = ServiceModel(name, seed=12, hours_per_request=6.0, pause_share=0.3, pause_days=4.0, reopen_rate=0.9)
    assert_sound(model.run(60))
    assert model.state.unit["queued"].max() > 100


NAMES = ["Alpha", "Beta", "Gamma", "Delta"]


@st.composite
def organisations(draw) -> ServiceChain:
    """Any organisation that is valid: people on, cycles, rests, rush, hand-overs, churn, too much work or none."""
    chain = ServiceChain(slots_per_day=draw(st.sampled_from([1, 2, 3, 8, 10, 48])))
    for name in NAMES[: draw(st.integers(1, 4))]:
        chain.add_department(
            name,
            staff=draw(st.integers(1, 6)),
            managers=draw(st.integers(0, 2)),
            working_time=draw(st.sampled_from(["fixed", "exponential", "lognormal"])),
            hours_per_request=draw(st.sampled_from([0.0, 0.1, 1.0, 5.0, 40.0])),
            work_spread=draw(st.sampled_from([0.0, 0.8, 3.0])),
            pause_share=draw(st.sampled_from([0.0, 0.4, 1.0])),
            pause_days=draw(st.sampled_from([0.0, 0.3, 6.0])),
            error_rate=draw(st.sampled_from([0.0, 0.1, 0.9])),
        )
    units = list(chain.nodes)
    for name in ["Buyers", "Payers"][: draw(st.integers(1, 2))]:
        chain.add_segment(
            name,
            customers=draw(st.integers(0, 300)),
            needs_per_year=draw(st.sampled_from([1, 20, 200, 2000])) if draw(st.booleans()) else 5,
            churn=draw(st.sampled_from([0.0, 0.3, 0.9])),
            new_customers=draw(st.sampled_from([0.0, 0.5, 5.0])),
            rush_share=draw(st.sampled_from([0.0, 0.3, 1.0])),
        )
        for unit in units:
            if draw(st.booleans()):
                chain.add_link(unit, name, requests_per_case=draw(st.sampled_from([0.3, 1.0, 2.5])))
    for client in units:
        for supplier in units:
            if client != supplier and draw(st.booleans()):
                chain.add_link(
                    supplier,
                    client,
                    requests_per_case=draw(st.sampled_from([0.0, 0.2, 0.5, 1.0, 2.2])),
                    passed_on=draw(st.sampled_from([0.0, 0.0, 0.2])),
                    reopen_rate=draw(st.sampled_from([0.0, 0.5, 0.95])),
                    internal_service=draw(st.sampled_from([0.0, 0.5, 1.0])),
                )
    try:
        return chain.check()
    except InputError:
        assume(False)
        raise


MOST_REQUESTS = 300_000
"""Requests of a run: departments that ask each other all the time make a hundred of one need."""

MOST_OPEN_REQUESTS = 2**19
"""Requests open at once: where work comes back faster than it ends, it gathers without end."""

_EVERYDAY = settings(
    max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), database=None
)


@_EVERYDAY
@given(chain=organisations(), seed=st.integers(0, 2**63), days=st.integers(1, 15))
def test_littles_law_holds_to_rounding_on_every_team_of_any_organisation(chain, seed, days):
    assert_sound_at_any_time(chain, seed, days)


@pytest.mark.slow
@settings(_EVERYDAY, max_examples=300)
@given(chain=organisations(), seed=st.integers(0, 2**63), days=st.integers(1, 60))
def test_littles_law_holds_to_rounding_on_every_team_of_very_many_organisations(chain, seed, days):
    assert_sound_at_any_time(chain, seed, days)


def assert_sound_at_any_time(chain, seed, days):
    assume(days * sum(chain.case_rates().values()) < MOST_REQUESTS)
    with ServiceModel(chain, seed=seed) as model, pytest.MonkeyPatch.context() as patch:
        patch.setattr(state, "MOST_OPEN_REQUESTS", MOST_OPEN_REQUESTS)
        try:
            model.run(days)
        except InputError:
            assume(False)
        assert_sound(model)
