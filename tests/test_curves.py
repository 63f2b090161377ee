"""What is read off paired differences over time, against curves whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from sim import curves
from sim.estimates import estimate, intervals

noise = np.random.default_rng(7)


def test_half_time_of_a_ramp_is_where_it_is_half_way_up():
    ramp = np.minimum(np.arange(1, 201) / 100, 1.0)
    assert curves.half_time(ramp, 50) == pytest.approx(50, abs=1)


def test_the_lag_of_no_effect_is_not_measurable():
    flat = noise.normal(0, 1, (12, 100))
    flat -= flat[:, -25:].mean()
    assert np.isnan(curves.lag(flat, 25).mean)


def test_the_lag_of_a_ramp_lies_in_its_interval():
    ramps = np.minimum(np.arange(1, 201) / 100, 1.0) * noise.normal(1, 0.1, (15, 1)) + noise.normal(0, 0.05, (15, 200))
    found = curves.lag(ramps, 50)
    assert found.low <= 50 <= found.high
    assert found.high - found.low < 10


def test_curves_part_on_the_day_on_which_they_differ():
    step = np.where(np.arange(200) >= 80, 1.0, 0.0) + noise.normal(0, 0.2, (15, 200))
    assert curves.parting(step) == 81


def test_curves_that_do_not_differ_seldom_part():
    parted = sum(curves.parting(noise.normal(0, 1, (12, 250))) is not None for _ in range(200))
    assert parted <= stats.binom.ppf(0.9999, 200, 0.05)


def test_curves_with_days_that_nobody_measured_do_not_part_there():
    step = np.where(np.arange(100) >= 40, 1.0, 0.0) + noise.normal(0, 0.1, (8, 100))
    step[3, 40:45] = np.nan
    assert curves.parting(step) == 46


def test_money_is_back_from_the_day_on_which_the_sum_stays_above_zero():
    assert curves.paid_back(np.array([-3.0, 1, 1, 1, 1])) == 4
    assert curves.paid_back(np.array([1.0, 1, 1])) == 0
    assert np.isnan(curves.paid_back(np.array([-3.0, 1, 1])))
    assert np.isnan(curves.paid_back(np.zeros(4)))
    assert curves.paid_back(np.array([2.0, -3, 2, 1])) == 3  # above at first, then below


@given(st.floats(-0.95, 0.95))
def test_pairing_is_worth_what_the_correlation_says(correlation):
    """For equal variances (var a + var b) / var (a - b) = 1 / (1 - correlation)."""
    rng = np.random.default_rng(3)
    one, other = rng.multivariate_normal([0, 0], [[1, correlation], [correlation, 1]], 40_000).T
    assert curves.variance_reduction(one, other) == pytest.approx(1 / (1 - correlation), rel=0.05)


def test_pairs_that_differ_by_a_constant_need_no_second_run():
    assert curves.variance_reduction(np.array([1.0, 2, 4]), np.array([2.0, 3, 5])) == np.inf
    assert np.isnan(curves.variance_reduction(np.array([1.0]), np.array([2.0])))


@given(st.integers(2, 9), st.integers(0, 3))
def test_many_intervals_at_once_are_those_of_one_by_one(runs, missing):
    values = np.random.default_rng(runs).normal(3, 2, (runs, 4))
    values[: min(missing, runs), 1] = np.nan
    for column, (mean, low, high) in enumerate(zip(*intervals(values), strict=True)):
        one = estimate(values[:, column])
        assert np.allclose([mean, low, high], [one.mean, one.low, one.high], equal_nan=True)
