"""The plain SALib script: its numbers are the model's, and its indices those of functions whose answer is known."""

from __future__ import annotations

import math

import numpy as np
import pytest

from experiments.others import salib
from experiments.others.story import Story, parse_range
from sim import measures
from sim.errors import InputError
from sim.interventions import Intervention
from sim.model import ServiceModel
from tests.claims.paired import small_firm

pytest.importorskip("SALib")

RANGES = {"training": (0.0, 0.2), "internal_service@Back": (0.3, 0.9), "loss_aversion": (1.0, 3.0)}
WARM_UP, DAYS = 10, 20


def test_every_value_is_that_of_the_model_to_the_last_bit():
    story = Story(small_firm(), ("training", "internal_service@Back"), ("loss_aversion",), WARM_UP, DAYS)
    points = np.array([[0.0, 0.5, 1.5], [0.2, 0.3, 3.0], [0.05, 0.9, 1.0]])
    found = salib.evaluate(story, list(RANGES), points, "external_satisfaction", seeds=(3, 4), workers=2)
    for point, row in zip(points, found, strict=True):
        for seed, value in zip((3, 4), row, strict=True):
            model = ServiceModel(small_firm().everywhere({"loss_aversion": point[2]}), seed=seed).run(WARM_UP)
            twin = model.branch(
                Intervention("training", point[0], start=WARM_UP),
                Intervention("internal_service", point[1], "Back", start=WARM_UP),
            ).run(DAYS)
            assert value == measures.summary(twin, WARM_UP + DAYS - DAYS // 4)["external_satisfaction"]


def ishigami(seed: int = 1, **x: float) -> dict[str, float]:
    """Ishigami & Homma 1990, doi:10.1109/ISUMA.1990.151285, with a = 7, b = 0.1."""
    return {"y": math.sin(x["x1"]) + 7 * math.sin(x["x2"]) ** 2 + 0.1 * x["x3"] ** 4 * math.sin(x["x1"])}


def test_indices_of_the_ishigami_function_are_those_that_are_known():
    ranges = dict.fromkeys(("x1", "x2", "x3"), (-math.pi, math.pi))
    table = salib.indices(ishigami, ranges, "y", samples=1024).set_index("factor")
    assert table["S1"].to_numpy() == pytest.approx([0.3139, 0.4424, 0.0], abs=0.03)
    assert table["ST"].to_numpy() == pytest.approx([0.5576, 0.4424, 0.2437], abs=0.03)
    assert (table["ST_conf"] < 0.1).all()


def test_a_figure_that_does_not_exist_at_a_point_is_an_error_and_not_an_index_of_zero():
    def broken(seed: int, x: float) -> dict[str, float]:
        return {"y": math.nan if x > 0.9 else x}

    with pytest.raises(InputError, match="no such figure at some points"):
        salib.indices(broken, {"x": (0.0, 1.0)}, "y", samples=16)


def test_a_range_of_a_command_line_is_read_and_checked():
    assert parse_range("training@Back=0..0.1", place="--lever") == ("training@Back", 0.0, 0.1)
    assert parse_range("voice-safety", place="--lever") == ("voice_safety", 0.0, 1.0)
    for wrong in ("training=0.1..0", "training=0..7", "training=a..b", "no_lever=0..1"):
        with pytest.raises(InputError):
            parse_range(wrong, place="--lever")


@pytest.mark.slow
def test_the_script_gives_the_indices_that_a_sweep_gives(tmp_path):
    """The same runs by another way: drive a sweep over the points, and compare run by run."""
    pytest.importorskip("pyarrow")
    import pandas as pd
    from SALib.sample import sobol as design

    from experiments.sweeps import drive, read
    from experiments.sweeps.design import Design
    from experiments.sweeps.plan import Plan
    from experiments.sweeps.simulate import ServiceRuns
    from experiments.sweeps.space import Factor, Space

    kinds = ("lever", "lever", "uncertainty")
    space = Space(tuple(
        Factor(name, kind, *span) for (name, span), kind in zip(RANGES.items(), kinds, strict=True)
    ))  # fmt: skip
    points = design.sample(salib.problem(RANGES), 4, calc_second_order=False, seed=1)
    table = pd.DataFrame(points, columns=space.names)
    runs = ServiceRuns(small_firm(), space, warm_up=WARM_UP, days=DAYS)
    plan = Plan(space, Design("table", points=table), runs, replicates=2)
    drive.sweep(tmp_path / "sweep", plan)
    swept = read.runs(tmp_path / "sweep").pivot(index="point", columns="replicate", values="external_satisfaction")
    story = Story(small_firm(), ("training", "internal_service@Back"), ("loss_aversion",), WARM_UP, DAYS)
    mine = salib.evaluate(story, list(RANGES), points, "external_satisfaction", seeds=(1, 2))
    assert swept.to_numpy().tolist() == mine.tolist()
