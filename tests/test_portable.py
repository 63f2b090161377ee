"""The mathematical functions that give the same bits on every machine."""

import math
from fractions import Fraction

import numba
import numpy as np
import pytest
from scipy import special

from sim import portable
from sim.compiled import INTERPRETED

COUNT = 2_000 if INTERPRETED else 50_000
RANDOM = np.random.default_rng(20)


@numba.njit
def over(function, values):
    found = np.empty_like(values)
    for i in range(len(values)):
        found[i] = function(values[i])
    return found


def units_in_last_place(found, expected):
    return np.abs(found - expected) / np.spacing(np.abs(expected))


def test_exp_agrees_with_the_c_library_within_two_units_in_the_last_place():
    values = np.concatenate(
        [
            RANDOM.uniform(-700, 700, COUNT),
            RANDOM.uniform(-1, 1, COUNT),
            RANDOM.choice([-1.0, 1.0], COUNT) * 10.0 ** RANDOM.uniform(-300, 0, COUNT),
            np.arange(-700.0, 701.0) * math.log(2) / 2 % 700,  # where the range reduction changes its step
            [0.0, -0.0, 5e-324, -5e-324, 1.0, -1.0, 700.0, -700.0],
        ]
    )
    expected = np.array([math.exp(value) for value in values])
    assert units_in_last_place(over(portable.exp, values), expected).max() <= 2


def test_exp_of_nought_is_exactly_one():
    assert portable.exp(0.0) == portable.exp(-0.0) == 1.0


@pytest.mark.parametrize("large", [700.0, 701.0, 1e300, math.inf])
def test_exp_stays_finite_above_700(large):
    assert portable.exp(large) == portable.exp(700.0) == pytest.approx(math.exp(700), rel=1e-15)


@pytest.mark.parametrize("small", [math.nextafter(-700, -800), -1e300, -math.inf])
def test_exp_is_nought_below_minus_700(small):
    assert portable.exp(small) == 0.0


def test_exp_never_falls_as_its_argument_rises():
    values = np.sort(np.concatenate([RANDOM.uniform(-700, 700, COUNT), RANDOM.uniform(-0.01, 0.01, COUNT)]))
    assert (np.diff(over(portable.exp, values)) >= 0).all()


def test_log_agrees_with_the_c_library_within_two_units_in_the_last_place():
    near_one = 10.0 ** RANDOM.uniform(-15, -1, COUNT)
    values = np.concatenate(
        [
            10.0 ** RANDOM.uniform(-307, 308, COUNT),
            RANDOM.uniform(0, 1, COUNT),
            RANDOM.uniform(0.5, 2, COUNT),
            1 + near_one,
            1 - near_one,
            2.0 ** np.arange(-1074, 1024),
            [5e-324, 1e-310, 2.0**-53, 1 - 2.0**-53, math.nextafter(1, 2), 1.7976931348623157e308],
        ]
    )
    values = values[values != 1.0]
    expected = np.array([math.log(value) for value in values])
    assert units_in_last_place(over(portable.log, values), expected).max() <= 2


def test_log_of_one_is_exactly_nought():
    assert portable.log(1.0) == 0.0


def test_log_undoes_exp():
    values = RANDOM.uniform(-600, 600, COUNT)
    np.testing.assert_allclose(over(portable.log, over(portable.exp, values)), values, rtol=1e-14, atol=1e-15)


@pytest.mark.parametrize("exponent", [0, 1, 2, 3, 64, 365, 1000])
def test_a_whole_power_is_the_exact_one_within_its_bound(exponent):
    for base in [*RANDOM.uniform(0.98, 1.02, 50), 0.0, 1.0, -1.0, 0.5]:
        exact = Fraction(base) ** exponent
        assert abs(Fraction(portable.whole_power(base, exponent)) - exact) <= abs(exact) * max(exponent, 1) * 2.0**-53


def test_a_whole_power_of_an_array_is_that_of_its_numbers_to_the_last_bit():
    values = RANDOM.uniform(0, 1.01, COUNT)
    assert portable.whole_power(values, 365).tolist() == [portable.whole_power(one, 365) for one in values.tolist()]
    assert np.isnan(portable.whole_power(np.array([np.nan, 1.0]), 0)).tolist() == [True, False]


def test_normal_quantile_agrees_with_scipy_to_fifteen_digits():
    values = np.concatenate(
        [
            RANDOM.uniform(0, 1, COUNT),
            2.0 ** -RANDOM.uniform(1, 1022, COUNT),  # far beyond any draw
            1 - 2.0 ** -RANDOM.uniform(1.001, 53, COUNT),
            [2.0**-53, 1 - 2.0**-53, 0.075, 0.925, math.nextafter(0.075, 0), math.nextafter(0.925, 1)],
        ]
    )
    np.testing.assert_allclose(over(portable.normal_quantile, values), special.ndtri(values), rtol=2e-15)


def test_normal_quantile_of_a_half_is_nought():
    assert portable.normal_quantile(0.5) == 0.0


def test_normal_quantile_is_symmetric_to_the_last_bit():
    below = RANDOM.integers(1, 2**51, COUNT) * 2.0**-52  # 1 - p is exact
    assert (over(portable.normal_quantile, below) == -over(portable.normal_quantile, 1 - below)).all()


def test_normal_quantile_joins_its_three_pieces_without_a_step():
    for edge in (0.075, 0.925, math.exp(-25.0), 1 - math.exp(-25.0)):
        values = np.array([math.nextafter(edge, 0), edge, math.nextafter(edge, 1)])
        found = over(portable.normal_quantile, values)
        assert np.ptp(found) <= np.ptp(special.ndtri(values)) + 2e-15 * abs(found[1])


@pytest.mark.parametrize(
    ("function", "argument", "bits"),
    [
        (portable.exp, 1.0, "0x1.5bf0a8b14576ap+1"),
        (portable.exp, -12.345, "0x1.240572f47cb82p-18"),
        (portable.log, 10.0, "0x1.26bb1bbb55516p+1"),
        (portable.log, 1e-7, "-0x1.01e3b843eaa73p+4"),
        (portable.normal_quantile, 0.975, "0x1.f5c0331eeff82p+0"),
        (portable.normal_quantile, 1e-9, "-0x1.7fdc11f44b5a7p+2"),
        (portable.normal_quantile, 0.6, "0x1.036d6c4a04b5ap-2"),
    ],
)
def test_the_bits_are_the_same_on_every_machine(function, argument, bits):
    assert float(function(argument)).hex() == bits
