"""Designs: the points lie where they should, larger designs begin with smaller ones, and SALib can read what comes out."""

from __future__ import annotations

import hashlib
import json
import pickle

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.sweeps.design import Design, problem, read_points
from experiments.sweeps.space import Factor, Space, luck
from sim.errors import InputError

EVERYDAY = settings(deadline=None, derandomize=True, max_examples=20)

SPACE = Space((
    Factor("a", "input", 0, 1),
    Factor("b", "input", 1, 100, "log"),
    Factor("c", "input", values=(1, 2, 5)),
    luck(),
))  # fmt: skip
HALF = Space(SPACE.factors, ("a + b / 100 <= 1",))


@st.composite
def designs(draw, methods=("grid", "lhs", "sobol", "morris", "saltelli")):
    method = draw(st.sampled_from(methods))
    samples = draw(st.integers(1, 40)) if method != "grid" else 0
    levels = draw(st.sampled_from([2, 4, 6]))
    best = draw(st.integers(2, samples - 1)) if method == "morris" and 3 <= samples <= 8 else None
    return Design(method, samples, draw(st.integers(0, 2**32)), levels, draw(st.booleans()), best)


# --- every design ----------------------------------------------------------------------------------------------------


@EVERYDAY
@given(designs())
def test_every_point_lies_inside_and_there_are_as_many_as_announced(design):
    points = design.sample(SPACE)
    assert len(points) == design.count(SPACE)
    assert points.index.tolist() == list(range(len(points)))
    assert points.columns.tolist() == ["a", "b", "c", "luck"]
    assert SPACE.check(points).equals(points)
    shares = design.shares(SPACE)
    assert ((shares >= 0) & (shares <= 1)).all()
    assert SPACE.at(shares).equals(points)


@EVERYDAY
@given(designs(("grid", "lhs", "sobol")), st.sampled_from([HALF.constraints, ("a < 0.9", "c != 2 or a > 0.1")]))
def test_every_point_meets_the_constraints_and_enough_are_found(design, constraints):
    space = Space(SPACE.factors, constraints)
    points = design.sample(space)
    assert space.allowed(points).all()
    assert len(points) == design.count(space) == (design.samples or len(points))
    assert len(design.shares(space)) == len(points)


@EVERYDAY
@given(designs())
def test_the_same_seed_gives_the_same_points_and_json_keeps_it(design):
    again = Design.from_dict(json.loads(json.dumps(design.to_dict())))
    assert again == design
    assert hash(again) == hash(design)
    assert again.sample(SPACE).equals(design.sample(SPACE))


@pytest.mark.parametrize("method", ["lhs", "sobol", "morris", "saltelli"])
def test_another_seed_gives_other_points(method):
    assert not Design(method, 8, seed=1).sample(SPACE).equals(Design(method, 8, seed=2).sample(SPACE))


@EVERYDAY
@given(
    st.sampled_from([
        Design("sobol", 1), Design("saltelli", 1), Design("saltelli", 1, second_order=False), Design("morris", 1),
    ]),
    st.integers(1, 33), st.integers(0, 1000),
)  # fmt: skip
def test_a_design_of_twice_as_many_samples_begins_with_the_smaller_one(kind, samples, seed):
    small, large = (Design(kind.method, count, seed, 4, kind.second_order) for count in (samples, 2 * samples))
    assert small.nested
    points = small.sample(SPACE)
    assert large.sample(SPACE)[: len(points)].equals(points)


def test_a_sobol_design_is_nested_under_constraints_too():
    small, large = Design("sobol", 50).sample(HALF), Design("sobol", 1000).sample(HALF)
    assert large[:50].equals(small)


def test_what_cannot_be_made_larger_says_so():
    assert not Design("lhs", 8).nested
    assert not Design("grid").nested
    assert not Design("morris", 8, optimal_trajectories=4).nested
    assert any("larger" in note for note in Design("morris", 8, optimal_trajectories=4).notes(SPACE))


BASELINE = {  # of SciPy 1.17, NumPy 2.4 and SALib 1.6; the same with SciPy 1.18 and NumPy 2.5
    "lhs": "23cd8664df1957b6",
    "sobol": "b4da9b68675ab971",
    "morris": "ca8d7bef0f058034",
    "saltelli": "f9e5fe6d23013ae3",
}


@pytest.mark.parametrize("method", BASELINE)
def test_points_do_not_depend_on_the_versions_of_libraries(method):
    digits = Design(method, 12, seed=7).sample(SPACE).round(9).to_numpy().tolist()
    assert hashlib.sha256(repr(digits).encode()).hexdigest()[:16] == BASELINE[method]


# --- each of them ----------------------------------------------------------------------------------------------------


def test_a_grid_holds_every_combination_once_and_the_first_factor_changes_slowest():
    points = Design("grid", levels={"a": 3, "b": 3, "luck": 2}).sample(SPACE)
    assert len(points) == len(points.drop_duplicates()) == 3 * 3 * 3 * 2
    assert points["a"].tolist() == sorted(points["a"])
    assert sorted(set(points["a"])) == [0, 0.5, 1]
    assert sorted(set(points["b"])) == [1, 10, 100]
    assert sorted(set(points["c"])) == [1, 2, 5]
    assert Design("grid", levels=2).count(SPACE) == 2 * 2 * 3 * 2


def test_a_latin_hypercube_has_one_point_in_every_slice_of_every_factor():
    shares = Design("lhs", 20).shares(SPACE)
    assert (np.sort(np.floor(shares * 20), axis=0) == np.arange(20)[:, None]).all()


def test_a_sobol_sequence_of_a_power_of_two_has_one_point_in_every_slice_of_every_factor():
    shares = Design("sobol", 64).shares(SPACE)
    assert (np.sort(np.floor(shares * 64), axis=0) == np.arange(64)[:, None]).all()
    assert Design("sobol", 64).notes(SPACE) == []
    assert "64 would spread more evenly" in Design("sobol", 60).notes(SPACE)[0]


@pytest.mark.parametrize("second_order", [True, False])
def test_saltelli_designs_are_those_of_salib_row_by_row(second_order):
    from SALib.sample import sobol

    theirs = sobol.sample(problem(SPACE), 16, calc_second_order=second_order, seed=np.random.default_rng(3))
    assert (Design("saltelli", 16, 3, second_order=second_order).shares(SPACE) == theirs).all()


def test_salib_finds_the_sobol_indices_of_the_ishigami_function_from_a_saltelli_design():
    # Ishigami & Homma 1990, doi:10.1109/ISUMA.1990.151285: with a = 7 and b = 0.1, S1 = 0.3139, 0.4424, 0; ST3 = 0.2437
    from SALib.analyze import sobol

    space = Space(tuple(Factor(name, "input", -np.pi, np.pi) for name in "xyz"))
    x = Design("saltelli", 2048).sample(space)
    y = np.sin(x["x"]) + 7 * np.sin(x["y"]) ** 2 + 0.1 * x["z"] ** 4 * np.sin(x["x"])
    found = sobol.analyze(problem(space), y.to_numpy(), num_resamples=10, seed=1)
    np.testing.assert_allclose(found["S1"], [0.3139, 0.4424, 0], atol=0.02)
    np.testing.assert_allclose(found["ST"], [0.5576, 0.4424, 0.2437], atol=0.02)
    assert found["S2"][0, 2] == pytest.approx(0.2437, abs=0.03)


def test_every_step_of_a_morris_trajectory_moves_one_factor_and_every_factor_once():
    points = Design("morris", 9).sample(SPACE).to_numpy()
    for trajectory in points.reshape(9, 5, 4):
        moved = np.diff(trajectory, axis=0) != 0
        assert (moved.sum(axis=1) == 1).all()
        assert (moved.sum(axis=0) == 1).all()


def test_salib_finds_the_elementary_effects_of_a_straight_line_from_a_morris_design():
    from SALib.analyze import morris

    space = Space(tuple(Factor(name, "input", 0, 1) for name in "abc"))
    design = Design("morris", 6)
    x = design.sample(space)
    found = morris.analyze(
        problem(space),
        design.shares(space),
        (3 * x["a"] - 2 * x["b"]).to_numpy(),
        num_levels=4,
        num_resamples=10,
        seed=1,
    )
    np.testing.assert_allclose(found["mu"], [3, -2, 0], atol=1e-9)
    np.testing.assert_allclose(found["sigma"], 0, atol=1e-9)


def test_optimal_trajectories_are_some_of_all_and_farther_apart():
    chosen = Design("morris", 12, optimal_trajectories=4).shares(SPACE).reshape(4, 5, 4)
    every = Design("morris", 12).shares(SPACE).reshape(12, 5, 4)
    assert all(any((one == other).all() for other in every) for one in chosen)

    def spread(trajectories):
        pairs = [(one, other) for row, one in enumerate(trajectories) for other in trajectories[:row]]
        return np.mean([np.linalg.norm(one[:, None] - other[None], axis=2).sum() for one, other in pairs])

    assert spread(chosen) > spread(every)


def test_a_morris_design_says_that_its_luck_is_few_seeds():
    assert Design("morris", 30).sample(SPACE)["luck"].nunique() == 4
    assert any("only 4 seeds" in note for note in Design("morris", 30).notes(SPACE))
    assert Design("morris", 30).notes(Space(SPACE.factors[:3])) == []


@pytest.mark.parametrize("method", ["morris", "saltelli"])
def test_one_factor_is_enough(method):
    assert len(Design(method, 4).sample(Space(SPACE.factors[:1]))) == 4 * (2 if method == "morris" else 4)


# --- tables ----------------------------------------------------------------------------------------------------------

TABLE = pd.DataFrame({"luck": [3, 4, 5], "a": [0.1, 0.30000000000000004, 1], "b": [1, 2, 99.5], "c": [1, 5, 2]})


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_table_comes_from_a_file_to_the_last_digit(tmp_path, ending):
    path = tmp_path / f"points.{ending}"
    TABLE.to_csv(path, index=False) if ending == "csv" else TABLE.to_parquet(path)
    design = Design("table", points=read_points(path))
    found = design.sample(SPACE)
    assert found["a"].tolist() == TABLE["a"].tolist()
    assert found.columns.tolist() == SPACE.names
    assert design.count(SPACE) == 3
    assert Design.from_dict(json.loads(json.dumps(design.to_dict()))) == design


def test_a_table_keeps_the_points_that_meet_the_constraints_and_says_how_many_do_not():
    design = Design("table", points=TABLE)
    assert design.sample(HALF)["luck"].tolist() == [3, 4]
    assert design.count(HALF) == 2
    assert "1 of 3 points" in design.notes(HALF)[0]


def test_spaces_and_designs_travel_to_other_processes():
    assert pickle.loads(pickle.dumps(HALF)) == HALF
    again = pickle.loads(pickle.dumps(Design("table", points=TABLE)))
    assert again.sample(HALF).equals(Design("table", points=TABLE).sample(HALF))


def test_a_table_is_not_changed_by_those_who_gave_it():
    points = TABLE.copy()
    design = Design("table", points=points)
    points.loc[0, "a"] = 0.9
    assert design.sample(SPACE)["a"][0] == 0.1


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("points.xls", b"", "no table that can be read"),
        ("points.csv", b"", "cannot be read"),
        ("points.csv", b"\xff\xfe\x00", "cannot be read"),
        ("points.csv", b'a,b\n"1,2\n', "cannot be read"),
        ("points.csv", b"a,b\n1,2,3\n", "cannot be read"),
        ("points.parquet", b"a,b\n1,2\n", "cannot be read"),
        ("none.csv", None, "No such file"),
    ],
)
def test_a_file_that_is_no_table_is_refused(tmp_path, name, content, message):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=message):
        read_points(path)


# --- what is refused -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"method": "sobel"}, "did you mean 'sobol'"),
        ({"method": "sobol"}, "samples"),
        ({"method": "lhs", "samples": 2.5}, "samples"),
        ({"method": "lhs", "samples": True}, "samples"),
        ({"method": "lhs", "samples": 4, "seed": -1}, "seed"),
        ({"method": "saltelli", "samples": 4, "second_order": 1}, "second_order"),
        ({"method": "grid", "levels": 1}, "levels"),
        ({"method": "grid", "levels": {"a": 1}}, "levels of a"),
        ({"method": "grid", "levels": "4"}, "levels"),
        ({"method": "morris", "samples": 4, "levels": 3}, "even number"),
        ({"method": "morris", "samples": 4, "levels": {"a": 4}}, "one number of levels"),
        ({"method": "morris", "samples": 4, "optimal_trajectories": 4}, "optimal_trajectories"),
        ({"method": "morris", "samples": 2, "optimal_trajectories": 2}, "too few trajectories"),
        ({"method": "lhs", "samples": 4, "optimal_trajectories": 2}, "only Morris"),
        ({"method": "table"}, "table is missing"),
        ({"method": "lhs", "samples": 4, "points": TABLE}, "makes its own points"),
    ],
)
def test_a_design_is_checked_when_it_is_made(wrong, message):
    with pytest.raises(InputError, match=message):
        Design(**wrong)


@pytest.mark.parametrize("method", ["morris", "saltelli"])
def test_designs_that_need_all_their_points_refuse_constraints_and_say_what_to_do(method):
    for ask in (Design.sample, Design.count, Design.shares):
        with pytest.raises(InputError, match=r"need all(.|\n)*sobol or lhs"):
            ask(Design(method, 8), HALF)


@pytest.mark.parametrize("method", ["grid", "lhs", "sobol"])
def test_constraints_that_hardly_any_point_meets_are_refused(method):
    with pytest.raises(InputError, match="too few points meet"):
        Design(method, 0 if method == "grid" else 50).sample(Space(SPACE.factors, ("a > 2",)))
    if method != "grid":
        with pytest.raises(InputError, match="too few points meet"):
            Design(method, 50).sample(Space(SPACE.factors, ("a < 0.0002",)))


def test_one_allowed_point_in_five_hundred_is_enough():
    points = Design("lhs", 30).sample(Space(SPACE.factors, ("a < 0.002",)))
    assert len(points) == 30
    assert (points["a"] < 0.002).all()


def test_designs_too_large_for_any_machine_are_refused_before_memory_is_gone():
    for design in (Design("grid", levels=1000), Design("saltelli", 4_000_000)):
        with pytest.raises(InputError, match="more points than a design can have"):
            design.sample(SPACE)


def test_levels_of_a_factor_that_is_not_there_are_refused():
    with pytest.raises(InputError, match="no such factor"):
        Design("grid", levels={"d": 3}).sample(SPACE)
