"""Mesa's batch runs give the numbers of the model itself, on every supported Mesa, in one process or two."""

from __future__ import annotations

import mesa
import pytest
from mesa.batchrunner import batch_run

from experiments.others.batch import FromWarmUp, batch
from experiments.sweeps.simulate import OUTPUTS
from sim import measures
from sim.errors import InputError
from sim.interventions import Intervention
from sim.model import ServiceModel
from tests.claims.paired import same_run, small_firm

WARM_UP, DAYS = 10, 22
VALUES, SEEDS = (0.3, 0.8), (5, 6, 7)


def directly(seed: int, value: float) -> ServiceModel:
    pulled = Intervention("internal_service", value, start=WARM_UP)
    return ServiceModel(small_firm(), seed=seed).run(WARM_UP).branch(pulled).run(DAYS)


def check(table) -> None:
    assert [(row.run_seed, row.internal_service) for row in table.itertuples()] == [
        (seed, value) for seed in SEEDS for value in VALUES
    ]
    for row in table.to_dict(orient="records"):
        run = directly(row["run_seed"], row["internal_service"])
        figures = measures.summary(run, WARM_UP + DAYS - DAYS // 4)
        assert row["day"] == run.day == WARM_UP + DAYS
        for output, name in OUTPUTS.items():
            assert row[output] == figures[name] or figures[name] != figures[name]


def test_a_batch_is_runs_of_the_model_to_the_last_bit():
    check(batch(small_firm(), {"internal_service": VALUES}, SEEDS, warm_up=WARM_UP, days=DAYS))


@pytest.mark.slow
def test_two_processes_give_the_same_in_the_same_order():
    check(batch(small_firm(), {"internal_service": VALUES}, SEEDS, warm_up=WARM_UP, days=DAYS, processes=2))


def test_over_time_there_is_a_row_for_each_stretch_of_days():
    table = batch(small_firm(), {"internal_service": [0.8]}, [5], warm_up=WARM_UP, days=DAYS, over_time=True)
    assert table["day"].tolist() == [12, 17, 22, 27, 32]  # two days are left over at the beginning
    run = directly(5, 0.8)
    assert table["motivation"].tolist() == [
        measures.summary(run, start, end)["motivation"]
        for start, end in zip([10, 12, 17, 22, 27], table["day"], strict=True)
    ]


def test_the_model_stops_when_its_story_has_ended_and_is_the_run_that_it_says():
    model = FromWarmUp(small_firm(), run_seed=5, warm_up=WARM_UP, days=DAYS, internal_service=0.8)
    assert (model.day, model.steps) == (WARM_UP, 0)
    while model.running:
        model.step()
    assert model.day == WARM_UP + DAYS
    assert same_run(model, directly(5, 0.8))


def test_a_lever_that_is_nan_stays_as_described():
    model = FromWarmUp(small_firm(), run_seed=5, warm_up=3, days=4, training=float("nan"))
    assert not model.interventions
    with pytest.raises(InputError, match="steps cannot last"):
        FromWarmUp(small_firm(), days=4, every=5)


def test_the_model_itself_in_a_batch_with_levers_from_the_first_day():
    """As the page shows it, for each Mesa in its own way; every seed is another run."""
    parameters = {"chain": [small_firm()], "training": [0.0, 0.1]}
    if tuple(int(part) for part in mesa.__version__.split(".")[:2]) >= (3, 5):
        rows = batch_run(ServiceModel, parameters, rng=SEEDS, max_steps=DAYS, display_progress=False)
    else:
        parameters["seed"] = SEEDS
        rows = batch_run(ServiceModel, parameters, max_steps=DAYS - 1, display_progress=False)
    assert len(rows) == len({row["external_satisfaction"] for row in rows}) == 6
    for row in rows:
        alone = ServiceModel(small_firm(), seed=row["seed"], training=row["training"]).run(DAYS)
        assert row["external_satisfaction"] == alone.external_satisfaction
