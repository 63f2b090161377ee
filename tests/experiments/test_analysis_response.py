"""Curves, pairs and interactions are those that were put in; only grids become arrays."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from experiments.analysis import contrasts, gridded, known, response
from experiments.sweeps.design import Design
from experiments.sweeps.space import Factor, Space
from sim.errors import InputError

SPACE = Space((Factor("a", "input", 0, 1), Factor("b", "input", 0, 1), Factor("c", "input", 0, 10)))


def bent(points: pd.DataFrame) -> np.ndarray:
    return (4 * points["a"] ** 2 + 3 * points["a"] * points["b"] + 0.2 * points["c"]).to_numpy()


@pytest.mark.parametrize("method", ["lhs", "sobol", "saltelli"])
def test_a_curve_follows_the_mean_over_the_other_factors_on_any_design(method: str):
    design = Design(method, samples=1024)
    runs = known.as_runs(design.sample(SPACE), bent)
    found = response.response(runs, SPACE, design, "y", "a").means
    truth = 4 * found["value"] ** 2 + 3 * found["value"] * 0.5 + 1
    assert (found["mean_low"] <= truth + 0.03).all()
    assert (found["mean_high"] >= truth - 0.03).all()
    assert found["runs"].sum() == len(runs)


def test_paired_differences_on_a_grid_are_exact_where_factors_add_up():
    design = Design("grid", levels={"a": 3, "b": 4, "c": 2})
    runs = known.as_runs(design.sample(SPACE), lambda points: (2 * points["a"] + points["b"]).to_numpy())
    found = response.response(runs, SPACE, design, "y", "a")
    assert found.paired["difference"].to_list() == pytest.approx([0, 1, 2])
    assert (found.paired["difference_high"] - found.paired["difference_low"]).max() == pytest.approx(0, abs=1e-9)
    assert (found.paired["pairs"] == 8).all()
    assert (found.means["mean_high"] - found.means["mean_low"]).min() > 0.1
    assert "difference" in found.table()


def test_paired_differences_are_of_runs_with_the_same_seed():
    design = Design("grid", levels={"a": 2, "b": 3, "c": 2})
    points = design.sample(SPACE)
    rng = np.random.default_rng(1)
    parts = []
    for replicate in range(4):
        luck = 10 * rng.normal()
        part = known.as_runs(points, lambda points, luck=luck: points["a"].to_numpy() + luck)
        parts.append(part.assign(replicate=replicate, seed=replicate))
    runs = pd.concat(parts, ignore_index=True)
    found = response.response(runs, SPACE, design, "y", "a").paired
    assert found["difference"].iloc[1] == pytest.approx(1)
    assert found["difference_high"].iloc[1] == pytest.approx(1)


def test_an_interaction_is_found_and_none_where_factors_add_up():
    design = Design("lhs", samples=4000)
    points = design.sample(SPACE)
    runs = known.as_runs(points, bent)
    ab = response.interaction(runs, SPACE, design, "y", "a", "b").contrast
    # outer quarters of both lie 0.75 apart: 3 × 0.75²
    assert ab.low <= 3 * 0.75**2 <= ab.high
    assert ab.low > 0
    ac = response.interaction(runs, SPACE, design, "y", "a", "c")
    assert ac.contrast.low <= 0 <= ac.contrast.high
    assert "not told from" in ac.text()
    assert ac.means["runs"].sum() == 4000


@pytest.mark.slow
def test_intervals_of_contrasts_cover_the_truth_although_points_of_a_block_hang_together():
    hits, naive = [], []
    for seed in range(200):
        rng = np.random.default_rng(seed)
        block = np.repeat(np.arange(40), 10)
        group = rng.integers(2, size=400)
        values = group * 1.0 + rng.normal(size=40)[block] + rng.normal(size=400)
        found = contrasts.mean(values[group == 1], block[group == 1])
        alone = contrasts.mean(values[group == 1], np.arange(int((group == 1).sum())))
        hits.append(found.low <= 1 <= found.high)
        naive.append(alone.low <= 1 <= alone.high)
    print("coverage of 95 % intervals of means over blocks, 200 samples", np.mean(hits))
    assert 0.9 <= np.mean(hits) <= 0.99
    assert np.mean(naive) < 0.85


def test_a_factor_with_itself_is_refused():
    design = Design("lhs", samples=100)
    runs = known.as_runs(design.sample(SPACE), bent)
    with pytest.raises(InputError, match="with itself"):
        response.interaction(runs, SPACE, design, "y", "a", "a")


def test_a_grid_becomes_an_array_with_a_dimension_per_factor_and_other_designs_are_refused():
    pytest.importorskip("xarray")
    design = Design("grid", levels={"a": 3, "b": 4, "c": 2})
    runs = known.as_runs(design.sample(SPACE), bent)
    data = gridded.to_xarray(runs, SPACE, design, ["y"])
    assert dict(data.sizes) == {"a": 3, "b": 4, "c": 2, "replicate": 1}
    row = runs.iloc[17]
    assert float(data["y"].sel(a=row["a"], b=row["b"], c=row["c"], replicate=0)) == row["y"]
    with pytest.raises(InputError, match="only a grid"):
        gridded.to_xarray(runs, SPACE, Design("lhs", samples=24), ["y"])
