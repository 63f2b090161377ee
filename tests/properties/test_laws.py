"""Nothing gets lost: laws that hold after every day of every organisation."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sim import organisation
from sim.interventions import Intervention
from sim.model import ServiceModel
from tests.claims.paired import run, same_run, small_firm
from tests.properties.invariants import chains, check, organisations

EVERYDAY = settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
OFTEN = settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
DAYS = 12


def every_day(drawn):
    chain, pulled, seed = drawn
    model = ServiceModel(chain, seed=seed, interventions=pulled)
    check(model)
    for _ in range(DAYS):
        model.run(1)
        check(model)


@EVERYDAY
@given(organisations())
def test_nothing_is_lost_on_any_day_of_any_organisation(drawn):
    every_day(drawn)


@pytest.mark.slow
@OFTEN
@given(organisations())
def test_nothing_is_lost_in_very_many_organisations(drawn):
    every_day(drawn)


@pytest.mark.parametrize("name", organisation.bundled())
def test_nothing_is_lost_in_a_bundled_organisation(name):
    model = ServiceModel(name, seed=1)
    for _ in range(4):
        check(model.run(5))


def test_nothing_is_lost_when_requests_outgrow_their_pool_all_at_once():
    """Fifty internal requests a case from one day to the next: the pool grows in the middle of the day."""
    chain = small_firm(customers=60)
    model = ServiceModel(
        chain, seed=1, interventions=[Intervention("requests_per_case", 50.0, "Middle:Front", start=3)]
    )  # fmt: skip
    for _ in range(12):
        check(model.run(1))
    assert len(model.state.request) > 256


def test_nothing_is_lost_when_customers_pour_in_and_out():
    chain = small_firm(customers=60, needs=500)
    chain.graph |= {"new_customers": 10.0, "churn": 0.9, "reputation_memory": 5.0}
    model = ServiceModel(chain, seed=1)
    for _ in range(60):
        check(model.run(1))
    assert model.state.segment["joined"][0] > 120


@settings(EVERYDAY, max_examples=15)
@given(chains(), st.integers(1, 10))
def test_a_branch_goes_on_as_its_model_does(chain, day):
    model = run(chain, 3, day)
    twin = model.branch()
    assert same_run(twin.run(5), model.run(5))
    check(twin)
