"""Indices find what is known on paper, say how sure they are, and refuse what would be wrong."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("SALib")

from experiments.analysis import answers, complete, convergence, frames, given, known, morris, sobol
from experiments.sweeps.design import Design
from experiments.sweeps.space import Factor, Space, luck
from sim.errors import InputError

FUNCTIONS = {"Ishigami": known.ishigami(), "Sobol' G": known.sobol_g()}


def swept(function: known.Known, design: Design) -> tuple[pd.DataFrame, Space]:
    space = function.space()
    return known.as_runs(design.sample(space), function.evaluate), space


def covers(table: pd.DataFrame, truth: dict[str, float]) -> list[bool]:
    return [row.low <= truth.get(name, 0.0) <= row.high for name, row in table.iterrows()]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_sobol_indices_of_all_orders_cover_the_analytic_values(name: str):
    function = FUNCTIONS[name]
    design = Design("saltelli", samples=1024)
    runs, space = swept(function, design)
    found = sobol.analyse(runs, space, design, "y")
    hits = [hit for index, truth in (("first", function.first), ("total", function.total), ("second", function.second))
            for hit in covers(found.of(index), truth)]  # fmt: skip
    assert np.mean(hits) >= 0.9  # 95 % intervals: about one in twenty may miss
    assert np.abs(found.of("total")["estimate"] - pd.Series(function.total)).max() < 0.02


def test_known_functions_agree_with_their_own_variance():
    rng = np.random.default_rng(1)
    for function in FUNCTIONS.values():
        space = function.space()
        values = function.evaluate(space.at(rng.random((200_000, len(space.names)))))
        assert values.var() == pytest.approx(function.variance, rel=0.02)


@pytest.mark.slow
@pytest.mark.parametrize("name", FUNCTIONS)
def test_95_percent_intervals_of_sobol_indices_cover_the_truth_in_about_95_percent_of_designs(name: str):
    function = FUNCTIONS[name]
    hits: dict[str, list[bool]] = {"first": [], "total": [], "second": []}
    for seed in range(100):
        design = Design("saltelli", samples=256, seed=seed)
        runs, space = swept(function, design)
        found = sobol.analyse(runs, space, design, "y", resamples=300, seed=seed)
        for index, truth in (("first", function.first), ("total", function.total), ("second", function.second)):
            hits[index] += covers(found.of(index), truth)
    for index, each in hits.items():
        print(f"coverage of 95 % intervals, {name}, {index} order, 256 blocks, 100 designs", np.mean(each))
        assert (
            np.mean(each) >= 0.91
        )  # docs/analysis.md says why a quasi-random design of few blocks can fall below 0.95


def test_morris_ranks_the_factors_of_sobols_g_and_screens_out_those_without_influence():
    design = Design("morris", samples=40)
    runs, space = swept(FUNCTIONS["Sobol' G"], design)
    found = morris.analyse(runs, space, design, "y")
    assert found.ranked()[:4] == ["x1", "x2", "x3", "x4"]
    star = found.of("mu_star")
    assert star.loc[["x5", "x6", "x7", "x8"], "high"].max() < 0.1 * star.loc["x3", "low"]


def test_morris_figures_are_those_of_salib():
    from SALib.analyze import morris as theirs

    design = Design("morris", samples=20, seed=4)
    function = FUNCTIONS["Ishigami"]
    runs, space = swept(function, design)
    found = morris.analyse(runs, space, design, "y")
    problem = {"num_vars": 3, "names": space.names, "bounds": [[0, 1]] * 3}
    other = theirs.analyze(problem, design.shares(space), runs["y"].to_numpy(), num_levels=4, seed=1)
    for index in ("mu_star", "mu", "sigma"):
        np.testing.assert_allclose(found.of(index)["estimate"], np.asarray(other[index], dtype=float), rtol=1e-9)


def test_a_linear_function_has_its_slopes_as_elementary_effects_without_any_spread():
    space = Space((Factor("a", "input", 0, 2), Factor("b", "input", 0, 1), Factor("few", "input", values=(0, 1))))
    design = Design("morris", samples=12)
    runs = known.as_runs(design.sample(space), lambda points: (3 * points["a"] - points["b"]).to_numpy())
    found = morris.analyse(runs, space, design, "y")
    assert found.of("mu")["estimate"].to_list() == pytest.approx([6, -1, 0])
    assert found.of("sigma")["estimate"].to_list() == pytest.approx([0, 0, 0], abs=1e-9)


@pytest.mark.slow
def test_given_data_find_first_order_indices_and_slopes_on_points_of_no_special_design():
    function = FUNCTIONS["Sobol' G"]
    design = Design("lhs", samples=4000)
    runs, space = swept(function, design)
    found = given.analyse(runs, space, design, "y", resamples=200)
    assert found.ranked()[:3] == ["x1", "x2", "x3"]
    assert np.abs(found.of("first")["estimate"] - pd.Series(function.first)).max() < 0.03
    linear = known.as_runs(runs[space.names], lambda points: (3 * points["x1"] - 4 * points["x2"]).to_numpy())
    slopes = given.analyse(linear, space, design, "y", resamples=50).of("slope")["estimate"]
    assert slopes[["x1", "x2"]].to_list() == pytest.approx([0.6, -0.8], abs=0.02)


@pytest.mark.slow
def test_given_data_intervals_cover_first_order_indices():
    function = FUNCTIONS["Sobol' G"]
    hits: list[bool] = []
    for seed in range(100):
        design = Design("lhs", samples=1000, seed=seed)
        runs, space = swept(function, design)
        hits += covers(given.analyse(runs, space, design, "y", resamples=200, seed=seed).of("first"), function.first)
    print("coverage of 95 % intervals, given data, Sobol' G, 1000 points, 100 designs", np.mean(hits))
    assert np.mean(hits) >= 0.9


# --- what remains of luck --------------------------------------------------------------------------------------------


def test_luck_as_a_factor_has_its_share_of_the_variance():
    space = Space((Factor("a", "input", 0, 1), luck()))
    design = Design("saltelli", samples=1024)

    def evaluate(points: pd.DataFrame) -> np.ndarray:
        chance = (
            points["luck"].to_numpy() * 2654435761 % 2**32
        ) / 2**32  # a uniform number that no smooth curve follows
        return points["a"].to_numpy() + 0.5 * chance

    runs = known.as_runs(design.sample(space), evaluate)
    found = sobol.analyse(runs, space, design, "y")
    assert found.of("first").loc["luck", "low"] <= 0.2 <= found.of("first").loc["luck", "high"]
    assert any("share of luck" in note for note in found.notes)


@pytest.mark.parametrize("common", [True, False])
def test_the_share_of_noise_in_point_means_is_measured_from_replicates(common: bool):
    rng = np.random.default_rng(2)
    points, replicates = 4000, 4
    a = rng.random(points)
    per_seed = rng.normal(size=replicates)
    values = a[:, None] + 0.5 * rng.normal(size=(points, replicates)) + (10 * per_seed if common else 0)
    place = np.repeat(np.arange(points), replicates)
    runs = pd.DataFrame({
        "run": np.arange(points * replicates), "point": place, "replicate": np.tile(np.arange(replicates), points),
        "a": np.repeat(a, replicates), "y": values.ravel(),
    })  # fmt: skip
    runs["seed"] = runs["replicate"] if common else runs["run"]
    found = frames.noise(runs, Space((Factor("a", "input", 0, 1),)), "y")
    expected = (0.25 / 4) / (1 / 12 + 0.25 / 4)
    assert found.common == common
    assert found.share == pytest.approx(expected, abs=0.03)


# --- refusals --------------------------------------------------------------------------------------------------------


@pytest.fixture
def small() -> tuple[pd.DataFrame, Space, Design]:
    design = Design("saltelli", samples=16)
    return (*swept(FUNCTIONS["Ishigami"], design), design)


def test_a_missing_run_is_refused_and_named(small):
    runs, space, design = small
    with pytest.raises(InputError, match=r"not complete: 2 of 128 runs are missing") as error:
        complete.check(runs.drop(index=[5, 77]), space, design, 1, ["y"])
    assert "point 5, replicate 0" in str(error.value)
    assert "--retry-failed" in str(error.value)
    with pytest.raises(InputError, match="128 of 256 runs are missing"):
        complete.check(runs, space, design, 2, ["y"])


def test_an_undefined_output_is_refused_with_the_factors_where_it_happens(small):
    runs, space, design = small
    for value in (np.nan, np.inf):
        with pytest.raises(InputError, match=r"1 of 128 runs, at 1 points, have no finite value") as error:
            complete.check(runs.assign(y=runs["y"].where(runs["point"] != 3, value)), space, design, 1, ["y"])
        assert f"x1 = {runs['x1'][3]:.4g}" in str(error.value)


def test_runs_of_another_design_or_twice_or_without_the_output_are_refused(small):
    runs, space, design = small
    with pytest.raises(InputError, match="another value of a factor than their point"):
        complete.check(runs, space, Design("saltelli", samples=16, seed=2), 1, ["y"])
    with pytest.raises(InputError, match="more than once"):
        complete.check(pd.concat([runs, runs[:1]]), space, design, 1, ["y"])
    with pytest.raises(InputError, match="no such output"):
        complete.check(runs, space, design, 1, ["retention"])
    complete.check(runs.sample(frac=1, random_state=1), space, design, 1, ["y"])


@pytest.mark.parametrize("method", ["saltelli", "morris", "lhs"])
def test_a_constant_output_has_undefined_indices_not_zeros(method: str):
    space = FUNCTIONS["Ishigami"].space()
    design = Design(method, samples=64)
    runs = known.as_runs(design.sample(space), lambda points: np.full(len(points), 80.0))
    found = answers.indices_of(runs, space, design, "y")
    assert not found.defined
    assert found.table()["estimate"].isna().all()
    assert "80 at every point" in found.notes[0]


# --- convergence -----------------------------------------------------------------------------------------------------


def test_convergence_says_not_yet_for_a_small_design_and_stable_for_a_large_one():
    function = FUNCTIONS["Sobol' G"]
    small = Design("saltelli", samples=16, second_order=False)
    runs, space = swept(function, small)
    found = convergence.analyse(runs, space, small, "y")
    assert "values not yet stable" in found.verdict()
    large = Design("saltelli", samples=8192, second_order=False)
    runs, space = swept(function, large)
    found = convergence.analyse(runs, space, large, "y", resamples=100)
    assert found.ranking_is_stable
    assert found.criteria["screening"].iloc[-1]
    assert found.criteria["width"].iloc[-1] < 0.5 * found.criteria["width"].iloc[0]


def test_equal_factors_never_rank_stably():
    function = known.sobol_g((1.0, 1.0, 1.0, 1.0))
    design = Design("saltelli", samples=256, second_order=False)
    runs, space = swept(function, design)
    assert not convergence.analyse(runs, space, design, "y").ranking_is_stable


def test_designs_without_an_order_of_growth_are_refused():
    space = Space((Factor("a", "input", 0, 1), Factor("b", "input", 0, 1)))
    design = Design("grid", levels=10)
    runs = known.as_runs(design.sample(space), lambda points: points["a"].to_numpy())
    with pytest.raises(InputError, match="does not grow"):
        convergence.analyse(runs, space, design, "y")


def test_answers_hold_every_table_and_are_the_same_twice():
    design = Design("saltelli", samples=64)
    runs, space = swept(FUNCTIONS["Ishigami"], design)
    one, two = (answers.sensitivity(runs, space, design, ["y"], resamples=100) for _ in range(2))
    assert set(one.tables()) == {"indices", "convergence", "responses", "interactions"}
    for name, table in one.tables().items():
        pd.testing.assert_frame_equal(table, two.tables()[name])
    assert one.interactions["y"][0].first == "x1"
    assert one.interactions["y"][0].second == "x3"
