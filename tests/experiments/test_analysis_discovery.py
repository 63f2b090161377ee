"""Boxes and trees find where cases were planted, say honestly how well, and refuse questions that cannot be answered."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("ema_workbench")
pytest.importorskip("sklearn")

from experiments.analysis import answers, cart, cases, contrasts, known, prim
from experiments.sweeps.design import Design
from experiments.sweeps.space import Factor, Space, luck
from sim.errors import InputError

SPACE = Space(
    (
        Factor("care", "input", 0, 10),
        Factor("load", "input", 1, 100, scale="log"),
        Factor("rivalry@IT:Sales", "input", 0, 1),
        Factor("few", "input", values=(1, 2, 3, 5)),
    )
)


def planted(points: pd.DataFrame) -> np.ndarray:
    """Return satisfaction: 40 where care is below 3 and load above 10, half of all its range; else 80; nothing else matters."""
    return np.where((points["care"] < 3) & (points["load"] > 10), 40.0, 80.0)


def swept(samples: int = 1500, flip: float = 0.0, seed: int = 1) -> tuple[pd.DataFrame, Design]:
    design = Design("sobol", samples=samples, seed=seed)
    runs = known.as_runs(design.sample(SPACE), planted, "satisfaction")
    flipped = np.random.default_rng(seed).random(samples) < flip
    runs["satisfaction"] = np.where(flipped, 120 - runs["satisfaction"], runs["satisfaction"])
    return runs, design


@pytest.mark.slow
def test_prim_finds_the_planted_box_and_no_other_factor():
    runs, design = swept(1000)
    found = prim.discover(cases.find(runs, SPACE, design, "satisfaction < 60"), SPACE, repeats=2)
    assert set(found.limits["factor"]) == {"care", "load"}
    limits = found.limits.set_index("factor")
    assert limits.loc["care", "high"] == pytest.approx(3, abs=0.5)
    assert limits.loc["load", "low"] == pytest.approx(10, rel=0.3)
    assert found.density.mean > 0.9
    assert found.coverage.mean > 0.85
    assert found.lift.mean > 4
    assert (found.limits["reproducibility"] >= 0.8).all()
    assert "care at most" in found.text()


def test_prim_reads_a_factor_of_few_values_in_these_values():
    space = Space((Factor("a", "input", values=(1, 2, 3, 5)), Factor("b", "input", 0, 1)))
    design = Design("lhs", samples=800)
    runs = known.as_runs(design.sample(space), lambda points: (points["a"] <= 2).to_numpy(dtype=float), "bad")
    asked = cases.find(runs, space, design, "bad > 0.5")
    box = prim.discover(asked, space, repeats=1)
    assert box.limits["factor"].to_list() == ["a"]
    assert box.limits["high"].to_list() == [2]
    assert box.density.mean == 1
    assert cart.discover(asked, space).leaves["rule"].to_list() == ["a ≤ 2", "a > 2"]


def test_cart_finds_the_planted_splits():
    runs, design = swept(flip=0.05)
    tree = cart.discover(cases.find(runs, SPACE, design, "satisfaction < 60"), SPACE)
    split = {node.factor: node.value for node in walk(tree.root) if node.factor}
    assert set(split) == {"care", "load"}
    assert split["care"] == pytest.approx(3, abs=0.3)
    assert split["load"] == pytest.approx(10, rel=0.2)
    best = tree.leaves.loc[tree.leaves["share"].idxmax()]
    assert best["low"] < 0.95 < best["high"]
    assert tree.leaves["runs"].sum() == len(runs) // 2


def walk(node):
    yield node
    for child in node.children:
        yield from walk(child)


@pytest.mark.slow
def test_held_out_figures_are_honest_where_there_is_nothing_to_find():
    """Cases by chance alone: the deepest box looks dense where it was peeled; what is told of held-out runs does not."""
    rng = np.random.default_rng(3)
    design = Design("lhs", samples=600)
    peeled, held = [], []
    for _ in range(6):
        runs = known.as_runs(design.sample(SPACE), lambda points: rng.random(len(points)), "chance")
        found = prim.discover(cases.find(runs, SPACE, design, "chance < 0.2"), SPACE, repeats=2)
        peeled.append(found.trajectory["density"].iloc[-1])
        held.append(found.density.mean)
        assert not len(found.limits) or any("do not use it" in note for note in found.notes)
    assert np.mean(peeled) > 0.28
    assert np.mean(held) == pytest.approx(0.2, abs=0.04)


@pytest.mark.slow
def test_intervals_of_held_out_density_cover_the_true_density():
    hits = []
    for seed in range(40):
        runs, design = swept(400, flip=0.1, seed=seed)
        found = prim.discover(cases.find(runs, SPACE, design, "satisfaction < 60", seed=seed), SPACE, repeats=0)
        fresh = SPACE.at(np.random.default_rng(seed).random((20_000, 4)))
        inside = np.ones(len(fresh), dtype=bool)
        for row in found.limits.itertuples():
            inside &= fresh[row.factor].between(row.low, row.high).to_numpy()
        true = 0.1 + 0.8 * float((planted(fresh)[inside] < 60).mean())
        hits.append(found.density.low <= true <= found.density.high)
    print("coverage of 95 % intervals of held-out density, 40 sweeps of 400 runs", np.mean(hits))
    assert np.mean(hits) >= 0.85


def test_luck_is_no_scenario():
    space = Space((*SPACE.factors, luck()))
    design = Design("sobol", samples=400)
    runs = known.as_runs(design.sample(space), planted, "satisfaction")
    assert "luck" not in cases.find(runs, space, design, "satisfaction < 60").shares.columns


def test_points_of_one_saltelli_block_stay_in_one_half():
    design = Design("saltelli", samples=64)
    runs = known.as_runs(design.sample(SPACE), planted, "satisfaction")
    found = cases.find(runs, SPACE, design, "satisfaction < 60")
    per_block = pd.Series(found.learning).groupby(found.blocks).nunique()
    assert len(per_block) == 64
    assert (per_block == 1).all()


@pytest.mark.parametrize("condition", ["satisfaction < 0", "satisfaction > 0"])
def test_too_few_cases_or_nothing_but_cases_are_refused_with_where_the_output_lies(condition: str):
    runs, design = swept(200)
    with pytest.raises(InputError, match="both sides need at least 20") as error:
        cases.find(runs, SPACE, design, condition)
    assert "satisfaction lies between 40 and 80" in str(error.value)


@pytest.mark.parametrize(
    ("condition", "problem"),
    [
        ("retention < 80", "no such output"),
        ("satisfaction <", "cannot be read"),
        ("satisfaction + 1", "true or false"),
        ("__import__('os').getcwd() < 1", "cannot"),
    ],
)
def test_a_condition_that_cannot_be_used_is_refused(condition: str, problem: str):
    runs, design = swept(200)
    with pytest.raises(InputError, match=problem):
        cases.find(runs, SPACE, design, condition)


def test_undefined_outputs_are_refused_before_any_case_is_counted():
    runs, design = swept(200)
    runs.loc[7, "satisfaction"] = np.nan
    with pytest.raises(InputError, match="no finite value"):
        answers.explore(runs, SPACE, design, "satisfaction < 60")


def test_a_share_knows_that_runs_of_one_block_are_no_independent_sample():
    hits = np.repeat([True, False, True, False, True, True, False, False], 50)
    alone = contrasts.share(hits, np.arange(400))
    together = contrasts.share(hits, np.repeat(np.arange(8), 50))
    assert alone.mean == together.mean == 0.5
    assert together.high - together.low > 5 * (alone.high - alone.low)
