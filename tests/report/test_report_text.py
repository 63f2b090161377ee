"""Figures in words: no digit more than the interval deserves, and never a claim that the interval does not bear."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.estimates import Estimate
from sim.report import text

NAN = math.nan


@pytest.mark.parametrize(
    ("one", "words"),
    [
        (Estimate(2.004, 1.73, 2.28, 12), "2.0 (1.7 to 2.3)"),
        (Estimate(1.8452, 1.7288, 1.9617, 12), "1.85 (1.73 to 1.96)"),
        (Estimate(-91149.1, -127109.7, -55188.4, 12), "−90,000 (−130,000 to −60,000)"),
        (Estimate(10_388_123, 9_985_000, 10_790_000, 12), "10,400,000 (10,000,000 to 10,800,000)"),
        (Estimate(0.3, 0.02, 0.58, 5), "0.30 (0.02 to 0.58)"),  # clear of 0, so that 0.0 would be wrong
        (Estimate(0.0, 0.0, 0.0, 5), "0 (0 to 0)"),
        (Estimate(1.23456, NAN, NAN, 1), "1.23"),
        (Estimate(NAN, NAN, NAN, 0), "not measurable"),
    ],
)
def test_a_figure_has_as_many_digits_as_its_interval_deserves(one, words):
    assert text.figure(one) == words


def test_a_clear_rise_a_clear_fall_and_an_unclear_change_are_told_apart():
    assert text.change("external satisfaction", Estimate(2.0, 1.7, 2.3, 9), "points") == (
        "External satisfaction rises by 2.0 points (95 % interval 1.7 to 2.3)."
    )
    assert text.change("profit", Estimate(-91149.1, -127109.7, -55188.4, 12), "EUR") == (
        "Profit falls by EUR 90,000 (95 % interval 60,000 to 130,000)."
    )
    assert text.change("strain", Estimate(0.1, -0.2, 0.4, 9), "points") == (
        "Strain cannot be told from no change (+0.1 points; 95 % interval −0.2 to +0.4)."
    )
    assert "does not change at all" in text.change("strain", Estimate(0.0, 0.0, 0.0, 9), "points")
    assert "one run does not show" in text.change("strain", Estimate(0.1, NAN, NAN, 1), "points")


@given(
    st.floats(-1e7, 1e7).filter(lambda value: abs(value) > 1e-6),
    st.floats(1e-4, 1e6),
)
def test_rounding_never_hides_or_makes_a_clear_difference(mean, half):
    one = Estimate(mean, mean - half, mean + half, 10)
    words = text.change("this", one, "points")
    assert ("cannot be told" in words) == (one.low <= 0 <= one.high)
    if text.is_clear(one) and min(abs(one.low), abs(one.high)) > 0.0005:
        digits = text.decimals(one)
        assert round(one.low, digits) != 0
        assert round(one.high, digits) != 0
        assert round(one.low, digits) * round(one.high, digits) > 0


def test_a_name_written_from_right_to_left_is_isolated_and_others_are_left_alone():
    assert text.named("Sales") == "Sales"
    assert text.named("מחלקה") == "\u2068מחלקה\u2069"


def test_zero_has_no_sign_and_thousands_are_grouped():
    assert text.number(-0.0001, 1, signed=True) == "0.0"
    assert text.number(1234567.8, -3, signed=True) == "+1,235,000"
    assert text.number(float("inf")) == "–"
