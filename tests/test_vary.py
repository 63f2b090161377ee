"""Varying a lever: paired futures, slopes, lags, intervals."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from sim.chain import ServiceChain
from sim.curves import half_time
from sim.errors import InputError
from sim.estimates import Estimate, estimate
from sim.vary import vary


@pytest.fixture(scope="module")
def chain():
    chain = ServiceChain()
    chain.add_department("Shop", staff=4, hours_per_request=0.5)
    chain.add_department("Store", staff=3, hours_per_request=0.5, error_rate=0.15)
    chain.add_segment("Buyers", customers=600, needs_per_year=15)
    chain.add_link("Shop", "Buyers")
    chain.add_link("Store", "Shop", requests_per_case=0.8, dependence=0.9)
    return chain.check()


@pytest.fixture(scope="module")
def variation(chain):
    return vary(chain, "internal-service", [0.2, 0.5, 0.8], runs=6, warm_up=60, days=80)


def test_better_internal_service_raises_external_satisfaction_with_intervals(variation):
    table = variation.table().set_index("value")
    assert (np.diff(table["internal_service"]) > 0).all()
    assert table.loc[0.8, "external_satisfaction_difference_low"] > 0
    assert table.loc[0.2, "external_satisfaction_difference_high"] < 0
    slope = variation.slope()
    assert 0 < slope.low < slope.mean < slope.high < 1
    assert variation.elasticity().runs == 6


def test_the_value_that_is_there_already_changes_nothing(variation):
    table = variation.table().set_index("value")
    for name in ("external_satisfaction", "net_promoter_score", "retention", "internal_service"):
        assert table.loc[0.5, f"{name}_difference"] == 0
    assert (variation.curves["external_satisfaction"][:, 1] == variation.curves["external_satisfaction"][:, -1]).all()


def test_satisfaction_follows_experience_with_a_lag(variation):
    held, felt = variation.lag("external_satisfaction"), variation.lag("external_experience")
    assert 1 <= felt.mean < held.mean
    assert held.low <= held.mean <= held.high


def test_the_number_of_threads_changes_nothing(chain, variation):
    again = vary(chain, "internal-service", [0.2, 0.5, 0.8], runs=6, warm_up=60, days=80, workers=1)
    assert again.figures.equals(variation.figures)


def test_progress_counts_every_run(chain):
    seen = []
    vary(chain, "training", [0.0, 0.1], where="Shop", runs=2, warm_up=1, days=4, progress=seen.append)
    assert sorted(seen) == [1, 2, 3, 4, 5, 6]


def test_a_lever_without_effect_has_no_measurable_lag(chain):
    # Nobody in this chain is asked to hurry by anybody who could refuse: the lever moves nothing.
    flat = vary(chain, "bad-news", [1.0, 1.0], runs=3, warm_up=5, days=12)
    assert np.isnan(flat.lag().mean)
    assert flat.lag().text() == "not measurable"
    assert np.isnan(flat.slope(dose="internal_service").mean)


def test_one_run_has_no_interval_and_says_so(chain):
    single = vary(chain, "internal-service", [0.2, 0.8], runs=1, warm_up=5, days=12)
    row = single.table().iloc[0]
    assert np.isnan(row["external_satisfaction_low"])
    assert "no interval" in single.slope().text()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"values": []}, "too few values"),
        ({"values": [0.2, 1.2]}, "0 to 1"),
        ({"runs": 0}, "too few runs"),
        ({"days": 2}, "too few days"),
        ({"where": "Sop"}, "did you mean 'Shop'"),
        ({"where": "Buyers:Shop"}, "no such link"),
    ],
)
def test_wrong_input_is_refused_before_anything_runs(chain, wrong, message):
    with pytest.raises(InputError, match=message):
        vary(chain, "internal-service", **{"values": [0.2, 0.8], "runs": 1, "warm_up": 1, "days": 4} | wrong)


def test_a_failing_run_ends_the_others_and_is_reported(chain, monkeypatch):
    from sim.model import ServiceModel

    def fail(self, days):
        raise RuntimeError("broken")

    monkeypatch.setattr(ServiceModel, "run", fail)
    with pytest.raises(RuntimeError, match="broken"):
        vary(chain, "internal-service", [0.2], runs=3, warm_up=1, days=4)


def test_estimates_are_students_t_intervals_without_missing_runs():
    sample = np.array([1.0, 2.0, 4.0, np.nan])
    known = sample[:3]
    found = estimate(sample)
    low, high = stats.t.interval(0.95, 2, loc=known.mean(), scale=stats.sem(known))
    assert found == Estimate(known.mean(), pytest.approx(low), pytest.approx(high), 3)
    assert estimate([]).runs == 0


def testhalf_time_of_an_exponential_approach_is_its_half_life():
    days = np.arange(1, 201)
    for tau in (10, 30):
        curve = 5 * (1 - np.exp(-days / tau))
        assert half_time(curve, 50) == pytest.approx(tau * np.log(2), abs=1.5)
    assert np.isnan(half_time(np.zeros(20), 5))
