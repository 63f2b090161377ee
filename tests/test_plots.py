"""Pictures come out for every organisation, with what they have to say on them."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pytest

from sim import organisation, plots
from sim.model import ServiceModel
from sim.vary import vary


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


def texts(figure):
    return " ".join(text.get_text() for text in figure.findobj(match=plt.Text))


@pytest.mark.parametrize("name", organisation.bundled())
def test_the_chain_is_drawn_with_every_name_and_its_satisfaction(name):
    model = ServiceModel(name, seed=1).run(20)
    drawn = texts(plots.chain_picture(model)).replace("\n", " ")
    for node in model.chain:
        assert node in drawn
    assert "0–100" in drawn
    assert "seed 1" in drawn


def test_a_chain_of_one_unit_and_one_segment_can_be_drawn():
    chain = organisation.parse(
        'format = 1\nname = "Tiny"\n[[departments]]\nname = "A"\nstaff = 1\n[[segments]]\nname = "S"\ncustomers = 5\n'
        '[[links]]\nsupplier = "A"\nclient = "S"\n'
    )
    model = ServiceModel(chain, seed=1).run(1)
    assert "Tiny" in texts(plots.chain_picture(model))
    assert "working day" in texts(plots.over_time(model))


def test_dose_and_response_show_runs_intervals_and_lag():
    chain = organisation.load("software_firm")
    drawn = texts(plots.dose_response(vary(chain, "internal-service", [0.2, 0.5, 0.8], runs=3, warm_up=20, days=40)))
    for part in ("3 paired runs", "95 % intervals", "realised internal service", "net promoter score"):
        assert part in drawn
    single = vary(chain, "internal-service", [0.3], runs=1, warm_up=2, days=8)
    assert "Dose and response" in texts(plots.dose_response(single))
