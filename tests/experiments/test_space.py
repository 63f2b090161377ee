"""Spaces: shares and values, constraints, tables that somebody brings, and what is refused."""

from __future__ import annotations

import json
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.sweeps.constraints import Constraint
from experiments.sweeps.space import SEEDS, Factor, Space, lever_factor, luck, mean_value, parse_factor
from sim import levers, organisation
from sim.chain import ServiceChain
from sim.errors import InputError
from sim.interventions import rows_of

EVERYDAY = settings(deadline=None, derandomize=True)

SHARES = st.lists(st.floats(0, 1), min_size=1, max_size=20).map(np.array)
ENDS = st.floats(-1e6, 1e6)


@pytest.fixture(scope="module")
def chain():
    chain = ServiceChain()
    chain.add_department("Shop", staff=4, hours_per_request=0.5, training=0.02)
    chain.add_department("IT", staff=3, hours_per_request=0.5, training=0.06)
    chain.add_segment("Buyers", customers=600, needs_per_year=15)
    chain.add_link("Shop", "Buyers")
    chain.add_link("IT", "Shop", requests_per_case=0.8)
    return chain.check()


@st.composite
def factors(draw, name="x"):
    scale = draw(st.sampled_from(["linear", "log", "values"]))
    if scale == "values":
        values = draw(st.lists(st.integers(-1000, 1000), min_size=2, max_size=12, unique=True))
        return Factor(name, "input", values=tuple(value / 8 for value in values))
    low = draw(st.floats(1e-6, 1e6) if scale == "log" else ENDS)
    high = low + draw(st.floats(1e-3, 1e6)) * max(1.0, abs(low))
    return Factor(name, "input", low, high, scale)


# --- shares and values -----------------------------------------------------------------------------------------------


@EVERYDAY
@given(factors(), SHARES)
def test_values_lie_within_the_range_and_a_larger_share_is_never_a_smaller_value(one, shares):
    values = one.at(np.sort(shares))
    assert ((values >= one.low) & (values <= one.high)).all()
    assert (np.diff(values) >= 0).all()
    assert one.at(np.array([0.0, 1.0])).tolist() == [one.low, one.high]


@EVERYDAY
@given(factors(), SHARES)
def test_share_is_the_way_back_from_at(one, shares):
    values = one.at(shares)
    back = one.share(values)
    np.testing.assert_allclose(one.at(back), values, rtol=1e-9, atol=1e-9 * (one.high - one.low))
    if one.values:
        assert one.at(back).tolist() == values.tolist()
    else:
        np.testing.assert_allclose(back, shares, atol=1e-7)


@EVERYDAY
@given(st.lists(st.integers(0, SEEDS - 1), min_size=1))
def test_every_seed_is_the_luck_of_its_share(seeds):
    one = luck()
    back = one.at(one.share(np.array(seeds)))
    assert back.tolist() == seeds
    assert back.dtype == np.int64
    assert one.at(np.array([0.0, 1.0])).tolist() == [0, SEEDS - 1]


def test_equal_shares_of_a_logarithmic_range_are_equal_ratios():
    values = Factor("x", "input", 0.01, 100, "log").at(np.linspace(0, 1, 5))
    assert values.tolist() == [0.01, 0.1, 1.0, 10.0, 100.0]


def test_a_list_of_values_has_equal_parts_of_the_shares_and_thirds_are_not_lost_to_rounding():
    one = Factor("x", "input", values=(3, 1, 2))
    assert one.values == (1.0, 2.0, 3.0)
    assert one.at(np.array([0, 0.3, 0.34, 0.6, 0.67, 1])).tolist() == [1, 1, 2, 2, 3, 3]
    assert one.at(np.array([0.333333333333, 0.666666666667])).tolist() == [2, 3]


def test_the_value_of_the_organisation_is_hit_to_the_bit():
    one = Factor("internal_service", "lever", 0.2, 0.9)
    assert 0.5 in one.at(np.linspace(0, 1, 8)).tolist()


# --- what people write -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "name", "low", "high", "scale", "values"),
    [
        ("training@IT=0..0.1", "training@IT", 0.0, 0.1, "linear", ()),
        ("word-of-mouth=0.5..5,log", "word_of_mouth", 0.5, 5.0, "log", ()),
        (" openness @ Shop = 0.2|0.8 ", "openness@Shop", 0.2, 0.8, "linear", (0.2, 0.8)),
        ("rivalry@IT:Shop=0...5", "rivalry@IT:Shop", 0.0, 0.5, "linear", ()),
        ("willingness=-1..1e0", "willingness", -1.0, 1.0, "linear", ()),
    ],
)
def test_command_lines_write_factors_in_a_few_characters(chain, text, name, low, high, scale, values):
    one = parse_factor(chain, text, "uncertainty", "--uncertainty")
    assert one == Factor(name, "uncertainty", low, high, scale, values)
    assert one.unit == levers.lever(str(one.lever)).unit


def test_luck_can_be_written_too(chain):
    assert parse_factor(chain, "luck") == luck()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("trainig=0..0.1", "did you mean 'training'"),
        ("training@It=0..0.1", "did you mean 'IT'"),
        ("training@Buyers=0..0.1", "cannot be set there"),
        ("training@=0..0.1", "part of the firm is missing"),
        ("care_time@IT=0..0.1", "firm as a whole"),
        ("training=0..0.9", "0 to 0.5"),
        ("training=0.1|0.9", "0 to 0.5"),
        ("training=0.1..0.05", "range is empty"),
        ("training=0.1..0.1", "range is empty"),
        ("training=0..0.1,log", "no place for 0"),
        ("training=a..b", "this is no factor"),
        ("training=0..nan", "this is no number"),
        ("training=0.1", "one value is nothing to vary"),
        ("training=0.1|0.1", "stands twice"),
        ("training=0.1|0.2,log", "no scale"),
        ("gatherings", "no range suggests itself"),
    ],
)
def test_what_cannot_be_varied_is_refused_with_what_can(chain, text, message):
    with pytest.raises(InputError, match="--lever") as caught:
        parse_factor(chain, text)
    assert message in str(caught.value)


def test_without_a_range_a_lever_goes_from_half_to_one_and_a_half_of_what_the_firm_has(chain):
    assert (parse_factor(chain, "training@IT").low, parse_factor(chain, "training@IT").high) == (0.03, 0.09)
    both = parse_factor(chain, "training")  # 0.02 and 0.06: the mean of the parts
    assert (both.low, both.high) == pytest.approx((0.02, 0.06))
    assert mean_value(chain, "training", rows_of(chain, "training", None)) == pytest.approx(0.04)
    assert lever_factor(chain, "training", high=0.3).high == 0.3


@pytest.mark.parametrize("one", levers.LEVERS, ids=lambda one: one.name)
def test_every_lever_knows_a_usual_range_or_asks_for_one(one):
    for value in (one.default, one.low, one.high):
        try:
            low, high = one.usual(value)
        except InputError:
            assert value == 0
            assert one.high - one.low > 1
            low, high = one.usual(value, wide=True)
        assert one.low <= low < high <= one.high
        if value != 0 and one.name != "internal_service":
            assert low <= value <= high


def test_usual_ranges_of_zero_negative_and_internal_service():
    assert levers.lever("internal_service").usual(0.0) == (0.2, 0.9)
    assert levers.lever("willingness").usual(-2.0) == (-3.0, -1.0)
    assert levers.lever("cross_training").usual(0.0) == (0.0, 0.5)
    with pytest.raises(InputError, match="say from where to where"):
        levers.lever("service_budget").usual(0.0)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"name": "run"}, "has this name already"),
        ({"name": " "}, "no name of a factor"),
        ({"name": "luck"}, "only luck is called luck"),
        ({"kind": "leaver"}, "did you mean 'lever'"),
        ({"low": math.nan}, "no number"),
        ({"high": True}, "no number"),
        ({"low": 2}, "range is empty"),
    ],
)
def test_a_factor_is_checked_when_it_is_made(wrong, message):
    with pytest.raises(InputError, match=message):
        Factor(**({"name": "x", "kind": "input", "low": 0.0, "high": 1.0} | wrong))


def test_luck_has_no_range_of_its_own():
    with pytest.raises(InputError, match="no range of its own"):
        Factor("luck", "luck", 0, 10)


# --- spaces ----------------------------------------------------------------------------------------------------------


def test_a_factor_stands_once_however_it_is_written(chain):
    for one, other in (("care-time", "care_time"), ("rivalry@IT:Shop=0..1", "rivalry@IT: Shop=0..0.5")):
        with pytest.raises(InputError, match="stands twice"):
            Space((parse_factor(chain, one), parse_factor(chain, other, "uncertainty")))
    assert Space((parse_factor(chain, "training"), parse_factor(chain, "training@IT"))).names == [
        "training",
        "training@IT",
    ]
    with pytest.raises(InputError, match="nothing to vary"):
        Space(())


def test_a_lever_of_a_mechanism_that_is_off_is_refused(chain):
    space = Space((parse_factor(chain, "training"),))
    assert space.check_on(chain) is space
    with pytest.raises(InputError, match=r"B1.*switched off"):
        space.check_on(chain, ["B1"])


def test_parts_of_another_firm_are_refused(chain):
    with pytest.raises(InputError, match="no such part"):
        Space((parse_factor(chain, "training@IT"),)).check_on(organisation.load("software_firm"))


def test_kinds_of_factors_are_kept_apart(chain):
    space = Space((parse_factor(chain, "training"), parse_factor(chain, "openness", "uncertainty"), luck()))
    assert [one.name for one in space.levers] == ["training"]
    assert [one.name for one in space.uncertainties] == ["openness"]
    assert space.factor("training").kind == "lever"
    with pytest.raises(InputError, match="did you mean 'openness'"):
        space.factor("opennes")


@EVERYDAY
@given(factors("a"), factors("b"))
def test_a_space_survives_json_exactly(one, other):
    space = Space((one, other, luck()), ("a <= b or `luck` > 0",))
    assert Space.from_dict(json.loads(json.dumps(space.to_dict()))) == space


@EVERYDAY
@given(factors("a"), factors("b"), SHARES)
def test_points_and_shares_are_two_ways_to_say_the_same(one, other, shares):
    space = Space((one, other, luck()))
    points = space.at(np.column_stack([shares, shares[::-1], shares]))
    assert points.columns.tolist() == ["a", "b", "luck"]
    again = space.at(space.shares(points))
    assert again["luck"].equals(points["luck"])
    np.testing.assert_allclose(again[["a", "b"]], points[["a", "b"]], rtol=1e-9, atol=1e-9 * max(one.high - one.low, 1))


# --- constraints -----------------------------------------------------------------------------------------------------

NAMES = ["training", "care_time", "training@IT"]
ROWS = {
    "training": np.array([0.1, 0.1, 0.3]),
    "care_time": np.array([0.2, 0.0, 0.3]),
    "training@IT": np.array([0.0, 0.5, 0.5]),
}


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("training + care_time <= 0.3", [True, True, False]),  # 0.1 + 0.2 is 0.30000000000000004
        ("training + care-time <= 0.3", None),
        ("training + `care-time` < 0.3", [False, True, False]),
        ("`training@IT` > training", [False, True, True]),
        ("0 < care_time < 0.25", [True, False, False]),
        ("not (training == 0.3 or care_time == 0)", [True, False, False]),
        ("training != 0.3 and -care_time ** 2 + 1 > 0.5 / 1", [True, True, False]),
        ("max(training, care_time, 0.25) - min(training, 1) >= abs(-0.15)", [True, True, False]),
        ("training / care_time < 1e9", [True, False, True]),  # one divided by 0 is no number below any
        ("care_time / care_time == 1", [True, False, True]),  # nor is 0 / 0
        ("1 < 2", [True, True, True]),
    ],
)
def test_constraints_are_ordinary_conditions(text, holds):
    if holds is None:
        with pytest.raises(InputError, match="no such factor"):
            Constraint(text, NAMES)
        return
    assert Constraint(text, NAMES).holds(ROWS).tolist() == holds


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("__import__('os').getcwd() == 1", "cannot hold this"),
        ("training.real < 1", "cannot hold this"),
        ("[training for training in ()] == 1", "cannot hold this"),
        ("(lambda: 1)() < 2", "cannot hold this"),
        ("open('x') < 1", "cannot hold this"),
        ("training < 'a'", "cannot hold this"),
        ("training < True", "cannot hold this"),
        ("training < 1j", "cannot hold this"),
        ("training in care_time", "cannot hold this"),
        ("training // 2 < 1", "cannot hold this"),
        ("training if 1 < 2 else care_time", "cannot hold this"),
        ("training@IT < 1", "backticks"),
        ("training", "true or false"),
        ("training + 1", "true or false"),
        ("training and 1 < 2", "a comparison is wanted"),
        ("(training < 1) + 1 < 2", "a number is wanted"),
        ("traning < 1", "did you mean 'training'"),
        ("`training@It` < 1", "did you mean 'training@IT'"),
        ("abs(training, 1) < 1", "abs wants one number"),
        ("max(training) < 1", "max wants two numbers"),
        ("max(training, key=abs) < 1", "cannot hold this"),
        ("training = 0.1", "cannot be read"),
        ("training <", "cannot be read"),
        ("(" * 900 + "training", "cannot be read"),
        ("-" * 1900 + "training < 1", ""),
        ("x" * 3000, "no constraint"),
        ("", "no constraint"),
        (3, "no constraint"),
    ],
)
def test_nothing_but_conditions_is_read_and_nothing_is_run(text, message):
    with pytest.raises(InputError, match="constraint") as caught:
        Constraint(text, NAMES)
    assert message in str(caught.value)


def test_a_wrong_constraint_is_told_when_the_space_is_made():
    with pytest.raises(InputError, match=r"constraints\[1\]"):
        Space((Factor("a", "input", 0, 1),), ("a < 1", "b < 1"))


def test_all_constraints_must_hold():
    space = Space((Factor("a", "input", 0, 1), Factor("b", "input", 0, 1)), ("a + b <= 1", "a > 0.2"))
    points = pd.DataFrame({"a": [0.1, 0.5, 0.5], "b": [0.1, 0.5, 0.6]})
    assert space.allowed(points).tolist() == [False, True, False]


# --- tables ----------------------------------------------------------------------------------------------------------


def table_space():
    return Space((Factor("care_time", "lever", 0, 1), Factor("level", "input", values=(1, 2, 2.5)), luck()))


def test_a_table_is_put_into_order():
    given_ = pd.DataFrame({"luck": [7.0, 8.0], "level": [2.5, 1], "care-time": [0, 1]}, index=[5, 6])
    found = table_space().check(given_)
    assert found.columns.tolist() == ["care_time", "level", "luck"]
    assert found.index.tolist() == [0, 1]
    assert found["luck"].tolist() == [7, 8]
    assert found["luck"].dtype == np.int64


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"care_time": [0.1, 1.5]}, r"points\.csv: row 2, column care_time: .*\n.*1\.5\n.*0 to 1"),
        ({"care_time": [0.1, np.nan]}, "row 2, column care_time"),
        ({"care_time": ["0.1", "much"]}, "row 2, column care_time(.|\n)*much"),
        ({"care_time": [True, 0.1]}, "row 1, column care_time"),
        ({"level": [1.5, 1]}, r"row 1, column level(.|\n)*one of 1, 2, 2\.5"),
        ({"luck": [1, 1.5]}, "row 2, column luck(.|\n)*whole number"),
        ({"care-time": [0.1, 0.1]}, "two columns"),
        ({"care_tme": [0.1, 0.1]}, "did you mean 'care_time'"),
        ({0: [0.1, 0.1]}, "this column is no factor"),
    ],
)
def test_a_wrong_table_is_told_file_row_and_column(change, message):
    given_ = pd.DataFrame({"care_time": [0.1, 0.2], "level": [1, 2], "luck": [1, 2]} | change)
    with pytest.raises(InputError, match=message):
        table_space().check(given_, "points.csv")


def test_a_table_without_a_column_or_a_row_is_refused():
    with pytest.raises(InputError, match="has no column"):
        table_space().check(pd.DataFrame({"care_time": [0.1]}))
    with pytest.raises(InputError, match="no point"):
        table_space().check(pd.DataFrame({"care_time": [], "level": [], "luck": []}))
    with pytest.raises(InputError, match="two columns"):
        table_space().check(pd.DataFrame([[0.1, 0.2]], columns=["care_time", "care_time"]))
