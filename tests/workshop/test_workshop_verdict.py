"""Verdicts on the page: from the room's scores, from the model's figures, before and after a change."""

import json

import numpy as np
import pytest

from sim import organisation
from sim.hireback.links import LinkFigures, figures_of
from sim.hireback.market import Market
from sim.model import ServiceModel
from sim.workshop.verdict import (
    Cell,
    Reading,
    before_and_after,
    chain_picture,
    interval,
    of_room,
    room_levels,
    verdicts,
)

CHAIN = organisation.load("energy_distributor")


@pytest.fixture(scope="module")
def runs():
    return [figures_of(ServiceModel(CHAIN, seed=seed).run(60), 30) for seed in (1, 2, 3)]


def cell(client="Call Centre", score=3.5, people=6, spread=0.5, supplier="Billing"):
    return Cell(supplier, client, people, (score,) * 5, spread)


def would(cells, runs, department="Billing", reading=None, market=None):
    found = verdicts(CHAIN, cells, reading or Reading(), market or Market(), runs, seed=1)
    return next(one["would"] for one in found if one["department"] == department)


def test_better_scores_keep_more_clients(runs):
    shares = [would([cell(score=score)], runs)["share"][0] for score in (1.0, 2.0, 3.0, 3.5, 4.0, 5.0)]
    assert shares == sorted(shares)
    assert shares[0] < 0.1
    assert would([cell(score=5.0)], runs)["answer"] == "yes"
    assert would([cell(score=1.5)], runs)["answer"] == "no"


def test_more_raters_make_the_room_s_share_surer(runs):
    few, many = (would([cell(people=people, spread=1.0)], runs)["share"] for people in (5, 40))
    assert many[2] - many[1] < few[2] - few[1]


def test_where_the_room_has_said_nothing_the_model_s_clients_decide_and_the_verdict_says_so(runs):
    said = would([cell()], runs)
    silent = would([], runs)
    assert (said["basis"], said["n"]) == ("room", 6)
    assert (silent["basis"], silent["n"]) == ("model", 3)
    assert len(silent["clients"]) > len(said["clients"]) == 1


def test_the_dimension_with_the_worst_scores_decides_a_no(runs):
    scores = (2.8, 2.8, 2.8, 1.0, 2.8)
    found = would([Cell("Billing", "Call Centre", 8, scores, 0.3)], runs)
    assert found["answer"] == "no"
    assert found["decides"] == "empathy"


def test_a_verdict_rests_on_what_is_shown_and_on_nothing_else(runs):
    one = would([cell()], runs)
    assert would([cell()], runs) == one
    assert json.loads(json.dumps(one)) == one


def test_an_ordinary_score_reads_as_an_ordinary_supplier():
    view = of_room(cell(score=Reading().ordinary_score, spread=0.0), Reading(), seed=1)
    assert np.allclose(view.perceived, Market().means)


def test_a_change_without_effect_changes_no_share(runs):
    for cells in ([], [cell()]):
        for one in before_and_after(CHAIN, cells, Reading(), Market(), runs, runs, seed=1):
            assert one["difference"] == [0.0, 0.0, 0.0]
            assert one["before"] == one["after"]


def test_the_room_s_share_moves_as_the_model_s_clients_do(runs):
    row = CHAIN.links.index(("Billing", "Call Centre"))
    better = []
    for one in runs:
        perceived = one.perceived.copy()
        perceived[row] = np.minimum(1.0, perceived[row] + 0.05)
        better.append(LinkFigures(perceived, one.satisfaction, one.trust, one.spread, one.encounters))
    found = before_and_after(CHAIN, [cell()], Reading(), Market(), runs, better, seed=1)
    mine = next(one for one in found if one["department"] == "Billing")
    assert mine["difference"][0] > 0.02
    others = [one for one in found if one["department"] != "Billing"]
    assert all(one["difference"][0] == 0.0 for one in others)


def test_the_interval_of_a_difference_counts_runs_and_not_draws_of_the_room(runs):
    luck = np.random.default_rng(1)
    after = [
        LinkFigures(
            np.clip(one.perceived + luck.normal(0, 0.03), 0, 1), one.satisfaction, one.trust, one.spread, one.encounters
        )
        for one in runs
    ]
    found = before_and_after(CHAIN, [cell()], Reading(), Market(), runs, after, seed=1)
    _, low, high = next(one["difference"] for one in found if one["department"] == "Billing")
    assert high - low > 0.05  # Student's t with two degrees of freedom


def test_shares_lie_between_0_and_1_with_their_interval():
    figure = interval(np.full((10, 4), 0.99) + np.array([0.0, 0.009, -0.02, 0.005]), "room")
    assert 0 <= figure.low <= figure.mean <= figure.high <= 1


def test_the_picture_has_every_node_in_the_frame_and_customers_at_the_right():
    picture = chain_picture(CHAIN, room_levels([cell(score=4.0)]))
    places = {one["name"]: one for one in picture["nodes"]}
    assert set(places) == set(CHAIN.nodes)
    assert all(0 <= one["x"] <= 1 and 0 <= one["y"] <= 1 for one in places.values())
    assert max(places.values(), key=lambda one: one["x"])["kind"] == "segment"
    assert places["Billing"]["level"] == 75.0
    assert places["IT"]["level"] is None
