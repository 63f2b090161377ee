"""The table of levers."""

import math
import re

import numpy as np
import pytest

from sim import levers
from sim.errors import InputError

MECHANISM = re.compile(r"[A-G][1-9]")


def every(function):
    return pytest.mark.parametrize("one", levers.LEVERS, ids=lambda one: one.name)(function)


@every
def test_a_default_lies_within_its_range_and_on_neither_side_of_it(one):
    assert one.low <= one.default <= one.high
    assert one.low < one.high


@every
def test_a_neutral_value_lies_within_the_range(one):
    assert one.neutral is None or one.low <= one.neutral <= one.high


@every
def test_a_lever_says_what_it_is_in_what_unit_and_for_which_mechanism(one):
    assert one.meaning
    assert one.unit
    assert one.source
    assert MECHANISM.fullmatch(one.mechanism)
    assert one.home in ("firm", "unit", "link", "segment")


@every
def test_a_name_is_written_in_lower_case_with_underscores(one):
    assert re.fullmatch(r"[a-z][a-z_]*", one.name)


def test_no_two_levers_share_a_name():
    assert len(levers.BY_NAME) == len(levers.LEVERS)


def test_no_lever_has_the_name_of_a_structural_property():
    from sim.structure import STRUCTURE

    structural = {name for group in STRUCTURE.values() for name in group} | {"supplier", "client", "format", "levers"}
    assert not structural & set(levers.BY_NAME)


def test_the_homes_share_out_all_levers():
    shared = [one for home in ("firm", "unit", "link", "segment") for one in levers.of(home)]
    assert sorted(shared, key=lambda one: one.name) == sorted(levers.LEVERS, key=lambda one: one.name)


def test_levers_are_found_with_hyphens_and_underscores():
    assert levers.lever("internal-service") is levers.lever("internal_service") is levers.BY_NAME["internal_service"]


def test_an_unknown_lever_is_refused_with_the_nearest_name():
    with pytest.raises(InputError) as caught:
        levers.lever("internal-servce", source="command line", place="--set")
    message = str(caught.value)
    for part in (
        "command line: --set",
        "'internal-servce'",
        "service-culture levers",
        "did you mean 'internal_service'?",
    ):
        assert part in message


@pytest.mark.parametrize("value", [0, 1, 0.25, np.float64(0.5)])
def test_a_number_within_the_range_is_returned_as_a_float(value):
    checked = levers.lever("internal_service").check(value)
    assert type(checked) is float
    assert checked == value


@pytest.mark.parametrize("value", [-0.01, 1.01, math.nan, math.inf, -math.inf, "0.5", None, True, [0.5], 1 + 0j, 1e308])
def test_anything_else_is_refused_with_the_range(value):
    with pytest.raises(InputError) as caught:
        levers.lever("internal_service").check(value, source="firm.toml", place="levers.internal_service")
    message = str(caught.value)
    assert "firm.toml: levers.internal_service" in message
    assert "a number from 0 to 1 (share)" in message
    if value is not None:
        assert repr(value) in message


def test_both_ends_of_the_range_are_allowed():
    for one in levers.LEVERS:
        assert one.check(one.low) == one.low
        assert one.check(one.high) == one.high


def test_neutral_values_are_those_of_the_mechanisms_asked_for():
    chosen = levers.neutral_values("A5")
    assert chosen
    assert all(
        levers.BY_NAME[name].mechanism == "A5" and levers.BY_NAME[name].neutral == v for name, v in chosen.items()
    )
    assert levers.neutral_values().items() >= chosen.items()
