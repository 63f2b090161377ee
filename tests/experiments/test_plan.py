"""Plans: which runs there are, under which numbers, seeds and names."""

from __future__ import annotations

import dataclasses
import itertools
import json
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.sweeps import plan as plans
from experiments.sweeps.design import Design
from experiments.sweeps.plan import Plan
from experiments.sweeps.simulate import FunctionRuns, ServiceRuns
from experiments.sweeps.space import Space, lever_factor, luck
from sim import organisation
from sim.errors import InputError
from tests.experiments import cheap

EVERYDAY = settings(deadline=None, derandomize=True, max_examples=25)


@pytest.fixture(scope="module")
def firm():
    return organisation.load("software_firm")


def service(firm, **said):
    factors = (lever_factor(firm, "training", 0, 0.1), lever_factor(firm, "word_of_mouth", 1, 2, kind="uncertainty"))
    return ServiceRuns(firm, Space(factors), **({"warm_up": 5, "days": 8} | said))


def service_plan(firm, **said):
    runs = service(firm, **said)
    return Plan(runs.space, Design("sobol", 4), runs)


# --- numbers and seeds -----------------------------------------------------------------------------------------------


@EVERYDAY
@given(st.integers(1, 9), st.integers(1, 5), st.sampled_from(["common", "independent"]), st.integers(0, 2**40))
def test_every_point_has_each_replicate_once_and_run_numbers_go_through_them_in_order(samples, replicates, seeds, seed):
    plan = cheap.plan(samples=samples, replicates=replicates, seeds=seeds, seed=seed)
    runs = np.arange(len(plan))
    pairs = list(zip(plan.point_of(runs).tolist(), plan.replicate_of(runs).tolist(), strict=True))
    assert pairs == [(point, replicate) for point in range(samples) for replicate in range(replicates)]
    expected = [seed + one for _, one in pairs] if seeds == "common" else (seed + runs).tolist()
    assert plan.seed_of(runs).tolist() == expected
    np.testing.assert_array_equal(plan.values_of(runs), plan.points.to_numpy().repeat(replicates, axis=0))


def test_where_luck_is_a_factor_it_is_the_seed_and_one_run_a_point_is_enough(firm):
    space = Space((lever_factor(firm, "training", 0, 0.1), luck()))
    plan = Plan(space, Design("sobol", 8), ServiceRuns(firm, space, warm_up=5, days=8))
    assert plan.seed_of(np.arange(8)).tolist() == plan.points["luck"].tolist()
    assert len(set(plan.points["luck"])) == 8
    with pytest.raises(InputError, match="luck is one of the factors"):
        dataclasses.replace(plan, replicates=2)


@pytest.mark.parametrize(
    "said", [{"replicates": 0}, {"seeds": "mixed"}, {"seed": -1}, {"seed": 2**63 - 1, "seeds": "independent"}], ids=str
)
def test_what_cannot_be_a_plan_is_refused(said):
    with pytest.raises(InputError):
        cheap.plan(**said)


# --- names -----------------------------------------------------------------------------------------------------------


def keys_of(plan):
    runs = np.arange(len(plan))
    return plans.keys(plan.root(), plan.values_of(runs), plan.seed_of(runs))


def test_the_same_inputs_have_the_same_key_in_every_plan_and_others_have_another():
    small, large = cheap.plan(samples=8), cheap.plan(samples=16, replicates=2)
    assert keys_of(small) == keys_of(large)[:16:2]
    assert len(set(keys_of(large))) == 32
    assert not set(keys_of(large)) & set(keys_of(cheap.plan(samples=16, replicates=2, seed=3)))


def test_the_last_bit_of_a_point_is_part_of_the_key():
    plan = cheap.plan(samples=1)
    value, seed = plan.values_of(np.array([0])), np.array([1])
    (before,) = plans.keys(plan.root(), value, seed)
    for column in (0, 1):
        other = value.copy()
        other[0, column] = np.nextafter(other[0, column], 2)
        assert plans.keys(plan.root(), other, seed) != [before]
    assert plans.keys(plan.root(), value, seed + 1) != [before]
    assert plans.keys(plan.root(), value.copy(), seed.copy()) == [before]


def test_whatever_decides_the_numbers_of_the_model_changes_the_keys(firm, monkeypatch):
    before = service_plan(firm)
    other_firm = firm.to_node_link()
    other_firm["nodes"][0]["staff"] = other_firm["nodes"][0].get("staff", 1) + 1
    found = {
        "the same again": service_plan(organisation.load("software_firm")),
        "warm-up": service_plan(firm, warm_up=6),
        "days": service_plan(firm, days=9),
        "window": service_plan(firm, window=3),
        "outputs": service_plan(firm, outputs=["profit"]),
        "series": service_plan(firm, series=["profit"]),
        "every": service_plan(firm, every=2),
        "organisation": service_plan(organisation.load("retailer")),
    }
    monkeypatch.setattr("experiments.sweeps.simulate.model_version", lambda: "another")
    found["version"] = service_plan(firm)
    same = {name for name, plan in found.items() if plan.root() == before.root()}
    assert same == {"the same again"}
    assert len({plan.root() for plan in found.values()}) == len(found)


def test_a_lever_and_an_uncertainty_of_the_same_name_are_not_the_same_runs(firm):
    roots = set()
    for kind in ("lever", "uncertainty"):
        space = Space((lever_factor(firm, "training", 0, 0.1, kind=kind),))
        roots.add(Plan(space, Design("sobol", 2), ServiceRuns(firm, space, warm_up=5, days=8)).root())
    assert len(roots) == 2


@pytest.mark.slow
def test_the_version_of_the_model_covers_every_module_that_a_run_goes_through():
    """What is imported to run and measure either is part of the version or only reads, checks and shows."""
    import subprocess
    from pathlib import Path

    from experiments.sweeps import simulate

    code = (
        "import sim.model, sim.measures, sim.interventions, sim.scenario, sys\n"
        "print(*(name for name in sys.modules if name.startswith('sim')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True,
                          cwd=Path(__file__).parents[2])  # fmt: skip
    reads_and_shows = {
        "sim", "sim.agents", "sim.errors", "sim.estimates", "sim.formulas", "sim.given", "sim.memory", "sim.mistakes",
        "sim.organisation", "sim.whole",
    }  # fmt: skip
    for name in done.stdout.split():
        if not name.startswith(("sim.rules", "sim.levers", "sim.sheets")) and name not in reads_and_shows:
            assert name.removeprefix("sim.") in simulate._DECIDE, name


def test_the_source_of_a_function_is_part_of_its_keys(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    roots = []
    for number in (1, 2):
        (tmp_path / f"own_{number}.py").write_text(f"def f(point, seed):\n    return {{'a': {number}}}\n")
        module = __import__(f"own_{number}")
        module.f.__module__ = "own"
        roots.append(Plan(cheap.SPACE, Design("sobol", 2), FunctionRuns(module.f, ["a"])).root())
    assert roots[0] != roots[1]


def test_a_plan_survives_json():
    content = json.loads(json.dumps(cheap.plan(replicates=3).describe()))
    assert Space.from_dict(content["space"]) == cheap.SPACE
    assert content["runs"] == 120


# --- order and extension ---------------------------------------------------------------------------------------------


def test_runs_that_share_a_warm_up_come_one_after_the_other_and_none_is_lost(firm):
    runs = service(firm)
    plan = Plan(runs.space, Design("grid", levels=4), runs, replicates=3)
    some = np.setdiff1d(np.arange(len(plan)), [5, 17, 40])
    order = plan.order(some)
    assert sorted(order) == some.tolist()
    begins = list(zip(plan.seed_of(order).tolist(), plan.values_of(order)[:, 1].tolist(), strict=True))
    changes = sum(one != other for one, other in itertools.pairwise(begins))
    assert changes == len(set(begins)) - 1 == 11


def test_a_function_is_run_in_the_order_of_the_numbers():
    assert cheap.plan().order(np.arange(7)).tolist() == list(range(7))
    assert len(cheap.plan().order(np.array([], dtype=int))) == 0


def test_more_samples_of_a_nested_design_extend_a_plan_and_nothing_else_does():
    plan = cheap.plan(samples=8)
    assert cheap.plan(samples=20).extends(plan)
    assert not plan.extends(cheap.plan(samples=20))
    for other in (
        cheap.plan(samples=20, replicates=2),
        cheap.plan(samples=20, seed=2),
        cheap.plan(samples=20, seeds="independent"),
        cheap.plan(cheap.slow, samples=20),
        cheap.plan(samples=20, method="lhs"),
        cheap.plan(samples=20, outputs=("sum",)),
    ):
        assert not other.extends(plan)


def test_two_descriptions_are_told_apart_by_the_names_of_what_differs():
    one, other = cheap.plan().describe(), cheap.plan(seed=4, replicates=2).describe()
    assert plans.same_up_to(one, one) == []
    assert plans.same_up_to(one, other) == ["replicates", "runs", "seed"]
    assert plans.same_up_to(one, cheap.plan(cheap.slow).describe()) == ["simulator.model", "simulator.version"]
