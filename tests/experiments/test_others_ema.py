"""The model in EMA Workbench gives the numbers that it gives by itself."""

from __future__ import annotations

import numpy as np
import pytest

from experiments.others import ema
from experiments.others.story import Story
from sim import measures
from sim.errors import InputError
from sim.interventions import Intervention
from sim.model import ServiceModel
from tests.claims.paired import small_firm

pytest.importorskip("ema_workbench")

LEVERS = {"training": (0.0, 0.2), "internal_service@Back": (0.3, 0.9)}
UNCERTAINTIES = {"loss_aversion": (1.0, 3.0)}
WARM_UP, DAYS, SEEDS = 10, 20, (1, 2, 3)


def pulled_in(row) -> dict[str, float]:
    return {name: row[name.replace("@", "_")] for name in LEVERS}


def directly(seed: int, levers: dict[str, float], loss_aversion: float) -> ServiceModel:
    """Run the same with nothing but the model."""
    firm = small_firm().everywhere({"loss_aversion": loss_aversion})
    pulled = [
        Intervention(name.partition("@")[0], value, name.partition("@")[2] or None, start=WARM_UP)
        for name, value in levers.items()
    ]
    return ServiceModel(firm, seed=seed).run(WARM_UP).branch(*pulled).run(DAYS)


@pytest.fixture
def model():
    return ema.workbench_model(
        small_firm(), LEVERS, UNCERTAINTIES, seeds=SEEDS, outcomes=("external_satisfaction", "motivation"),
        warm_up=WARM_UP, days=DAYS,
    )  # fmt: skip


def check(experiments, outcomes) -> None:
    assert len(experiments) == 3 * 4
    for index, row in enumerate(experiments.to_dict(orient="records")):
        pulled = {name: value for name, value in pulled_in(row).items() if not np.isnan(value)}
        runs = [directly(seed, pulled, row["loss_aversion"]) for seed in SEEDS]
        figures = [measures.summary(run, WARM_UP + DAYS - DAYS // 4)["external_satisfaction"] for run in runs]
        curves = [measures.daily_arrays(run)["motivation"][WARM_UP:] for run in runs]
        assert outcomes["external_satisfaction_by_seed"][index].tolist() == figures
        assert outcomes["external_satisfaction"][index] == sum(figures) / 3
        assert outcomes["motivation_over_time"][index].tolist() == np.mean(curves, axis=0).tolist()


def test_experiments_in_the_workbench_are_runs_of_the_model_to_the_last_bit(model):
    check(*ema.perform(model, ema.scenarios(UNCERTAINTIES, 3), ema.policies(LEVERS)))


@pytest.mark.slow
def test_its_processes_give_the_same(model):
    points = ema.scenarios(UNCERTAINTIES, 3), ema.policies(LEVERS)
    experiments, outcomes = ema.perform(model, *points, processes=2)
    check(experiments, outcomes)


def test_policies_are_the_firm_as_described_each_lever_alone_and_all():
    named = {policy.name: dict(policy) for policy in ema.policies(LEVERS)}
    assert list(named) == ["as described", "training 0.2", "internal_service@Back 0.9", "all"]
    assert np.isnan(list(named["as described"].values())).all()
    assert named["all"] == {"training": 0.2, "internal_service_Back": 0.9}
    assert np.isnan(named["training 0.2"]["internal_service_Back"])


def test_scenarios_are_the_same_for_the_same_seed_and_lie_in_their_ranges():
    first, again, other = (
        [dict(one) for one in ema.scenarios(UNCERTAINTIES, 20, seed)] for seed in (1, 1, 2)
    )  # fmt: skip
    assert first == again != other
    values = sorted(one["loss_aversion"] for one in first)
    assert [int((value - 1) * 10) for value in values] == list(range(20))  # one in each stratum: a Latin hypercube


def test_the_workbench_samples_levers_and_uncertainties_by_itself(model):
    workbench = ema.workbench()
    experiments, outcomes = workbench.perform_experiments(model, scenarios=2, policies=2, log_progress=True)
    assert experiments["training"].between(0, 0.2).all()
    for index, row in enumerate(experiments.to_dict(orient="records")):
        run = directly(
            1,
            {"training": row["training"], "internal_service@Back": row["internal_service_Back"]},
            row["loss_aversion"],
        )
        figure = measures.summary(run, WARM_UP + DAYS - DAYS // 4)["external_satisfaction"]
        assert outcomes["external_satisfaction_by_seed"][index][0] == figure


@pytest.mark.slow
def test_the_workbench_optimises_under_a_constraint(tmp_path):
    """What it finds keeps within the constraint, and is as good as the direct model says."""
    model = ema.workbench_model(
        small_firm(),
        LEVERS,
        UNCERTAINTIES,
        seeds=SEEDS,
        outcomes=("external_satisfaction",),
        warm_up=WARM_UP,
        days=DAYS,
    )
    workbench = ema.workbench()
    limit = workbench.Constraint("hours", parameter_names=["training"], function=over_a_tenth)
    (scenario,) = ema.scenarios(UNCERTAINTIES, 1)
    archive = {"filename": "archive.tar.gz", "directory": str(tmp_path)} if hasattr(workbench, "Sample") else {}
    (tmp_path / "tmp").mkdir()
    with workbench.SequentialEvaluator(model) as evaluator:
        found = evaluator.optimize(
            nfe=40, searchover="levers", epsilons=[0.01], constraints=[limit], reference=scenario, population_size=10,
            **archive,
        )  # fmt: skip
    found = found[0] if isinstance(found, tuple) else found
    assert len(found) >= 1
    assert (found["training"] <= 0.1).all()
    best = found.iloc[0]
    runs = [
        directly(seed, pulled_in(best), dict(scenario)["loss_aversion"])
        for seed in SEEDS
    ]  # fmt: skip
    figures = [measures.summary(run, WARM_UP + DAYS - DAYS // 4)["external_satisfaction"] for run in runs]
    assert best["external_satisfaction"] == sum(figures) / 3


def over_a_tenth(training) -> float:
    """Return by how much training exceeds a tenth of working time; version 2.5 hands over a column with one row."""
    return max(0.0, np.asarray(training).item() - 0.1)


def test_a_table_by_policy_pairs_differences_by_scenario(model):
    points = ema.scenarios(UNCERTAINTIES, 3), ema.policies(LEVERS)
    table = ema.by_policy(*ema.perform(model, *points), "external_satisfaction").set_index("policy")
    assert table.loc["as described", "difference"].mean == 0
    assert table.loc["as described", "better"] == 0
    one = table.loc["training 0.2"]
    assert one["difference"].mean == pytest.approx(one["value"].mean - table.loc["as described", "value"].mean)
    assert one["worst"] <= one["difference"].mean


@pytest.mark.parametrize("processes", [1, 2])
def test_what_the_workbench_would_get_wrong_or_hang_on_is_refused_before_anything_runs(model, processes):
    described, *_, both = ema.policies(LEVERS)
    point = type(both)
    ours = ema.scenarios(UNCERTAINTIES, 2)
    with pytest.raises(InputError, match="points of one name"):
        ema.perform(model, ours, [described, both, point("all", training=0.1)], processes)
    with pytest.raises(InputError, match="training cannot have this value"):
        ema.perform(model, ours, [point("too much", training=0.9)], processes)
    with pytest.raises(InputError, match="cannot have this value"):
        ema.workbench_model(small_firm(), {"training": (0.0, 0.9)}, UNCERTAINTIES)


def test_a_story_refuses_what_it_does_not_vary():
    with pytest.raises(InputError, match="does not vary"):
        Story(small_firm(), ("training",))(training=0.1, tools=0.5)
    with pytest.raises(InputError, match="both chosen and unknown"):
        Story(small_firm(), ("training",), ("training",))
    with pytest.raises(InputError, match="no such part"):
        Story(small_firm(), ("training@Nobody",))
