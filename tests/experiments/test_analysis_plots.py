"""Every picture of a sweep can be drawn, says what was counted, and keeps its words apart."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("SALib")

import matplotlib.pyplot as plt

from experiments.analysis import answers, cart, cases, known, plots, prim
from experiments.sweeps.design import Design
from experiments.sweeps.space import Factor, Space

SPACE = Space(
    (
        Factor("internal_service@Customer Service", "input", 0, 1),
        Factor("rivalry@Sales and Marketing:Operations", "input", 0, 1),
        Factor("word_of_mouth", "input", 0.5, 5, scale="log"),
        Factor("openness", "input", values=(0.2, 0.5, 0.8)),
    )
)


def satisfaction(points: pd.DataFrame) -> np.ndarray:
    service, rivalry, words, openness = (points[name].to_numpy() for name in SPACE.names)
    return 60 + 20 * service - 10 * rivalry * service + words + 5 * openness


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def words(figure) -> str:
    return " ".join(text.get_text().replace("\n", " ") for text in figure.findobj(plt.Text))


@pytest.mark.parametrize("method", ["saltelli", "morris", "lhs"])
def test_sensitivity_has_a_picture_for_each_method(method: str):
    design = Design(method, samples=128)
    runs = known.as_runs(design.sample(SPACE), satisfaction, "external_satisfaction")
    found = answers.sensitivity(runs, SPACE, design, ["external_satisfaction"], resamples=100)
    indices = found.indices["external_satisfaction"]
    figures = [
        plots.leading(indices),
        plots.convergence(found.convergence["external_satisfaction"]),
        plots.responses(found.responses["external_satisfaction"]),
        plots.interactions(found.interactions["external_satisfaction"]),
    ]
    if method == "saltelli":
        figures.append(plots.second_order(indices))
    for figure in figures:
        assert "95 % interval" in words(figure)
    assert f"{len(runs):,} runs" in words(figures[0])
    assert "internal service, Customer Service" in words(figures[0])


@pytest.mark.parametrize("method", ["saltelli", "morris", "lhs"])
def test_an_output_that_does_not_vary_is_drawn_as_undefined(method: str):
    design = Design(method, samples=64)
    runs = known.as_runs(design.sample(SPACE), lambda points: np.full(len(points), 1.0), "profit")
    found = answers.sensitivity(runs, SPACE, design, ["profit"])
    assert "undefined" in words(plots.leading(found.indices["profit"]))


def test_boxes_and_trees_have_pictures_even_where_nothing_is_found():
    pytest.importorskip("ema_workbench")
    pytest.importorskip("sklearn")
    design = Design("sobol", samples=512)
    points = design.sample(SPACE)
    runs = known.as_runs(points, satisfaction, "external_satisfaction")
    runs["chance"] = np.random.default_rng(1).random(len(runs))
    for condition in ("external_satisfaction < 66", "chance < 0.2"):
        asked = cases.find(runs, SPACE, design, condition)
        box = prim.discover(asked, SPACE, repeats=0)
        tree = cart.discover(asked, SPACE)
        for figure in (
            plots.peeling(box),
            plots.box_limits(box, SPACE),
            plots.box_pairs(box, asked, SPACE),
            plots.tree(tree),
        ):
            assert condition in words(figure)
            figure.canvas.draw()
