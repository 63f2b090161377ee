"""G3: the cheapest bundle that makes a unit sure of the job: near the cheapest there is, confirmed, honest where none is."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from sim import actions
from sim.errors import InputError
from sim.hireback import bundle, choice
from sim.hireback.bundle import Search
from sim.hireback.change import Trials
from sim.hireback.market import Market
from tests.hireback.test_change import firm

KNOWN = {"market_spread": 0.0, "vendor_spread": 0.02, "price_spread": 0.05}
SHORT = {"search_runs": 3, "runs": 4, "warm_up": 60, "days": 60, "markets": 40}
BEATABLE = Market(reliability=0.8, responsiveness=0.7, assurance=0.62, empathy=0.6, tangibles=0.55, **KNOWN)
"""A market that a department can beat if it takes trouble."""
LEVERS = ["error_rate", "tools", "training"]


def search(levers=LEVERS, step=4.0, market=BEATABLE, rungs=None, **of_kitchen: float) -> Search:
    chain = firm(**{"error_rate": 0.3} | of_kitchen)
    trials = Trials(chain, "Kitchen", market, runs=3, seed=1, warm_up=60, days=60, markets=40)
    found = Search(trials, actions.candidates(chain, only=levers, where="Kitchen", step=step), {}, step)
    found.ladders = [ladder[:rungs] for ladder in found.ladders]
    return found


HARDER = Market(reliability=0.92, responsiveness=0.8, assurance=0.73, empathy=0.68, tangibles=0.64, **KNOWN)
POOR = {
    "market": HARDER, "levers": ["tools", "environment", "training"], "step": 1.5, "rungs": 4, "error_rate": 0.05,
    "tools": 0.3, "environment": 0.3, "knowledge": 0.55, "training": 0.0,
}  # fmt: skip
"""A kitchen that lacks several things, so that several steps of several levers are needed."""


@pytest.mark.slow
def test_the_search_comes_near_the_cheapest_bundle_that_brute_force_finds():
    """On the same seeds, every bundle of three levers tried, for three aims: at most a twentieth dearer than the cheapest."""
    found = search(**POOR)
    every = list(itertools.product(*(range(len(ladder) + 1) for ladder in found.ladders)))
    sure = [choice.sureness(shares) for shares in found.try_out(every)]
    now, reachable = choice.sureness(found.shares), max(sure)
    cheapest = []
    for part in (0.4, 0.7, 0.95):
        aim = now + part * (reachable - now)
        best = min((found.cost(counts), counts) for counts, one in zip(every, sure, strict=True) if one >= aim)
        greedy = search(**POOR)
        assert greedy.grow(aim)
        alone = greedy.cost()
        greedy.prune(aim)
        greedy.exchange(aim)
        assert choice.sureness(greedy.shares) >= aim
        print(f"aim {aim:.2f}: cheapest of {len(every)} bundles {best[0]:.0f}, greedy {alone:.0f}, with exchanges "
              f"{greedy.cost():.0f}, tried {greedy.tried}")  # fmt: skip
        assert greedy.cost() <= 1.05 * best[0] + 1e-9
        assert greedy.tried < len(every) / 3
        cheapest.append(best[0])
    assert 0 < cheapest[0] < cheapest[1] < cheapest[2]


def test_pruning_takes_out_what_a_bundle_can_do_without():
    one = search()
    one.counts = [1] * len(one.ladders)
    (one.shares,) = one.try_out([one.counts])
    spent = one.cost()
    one.prune(0.0)
    assert one.counts == [0] * len(one.ladders)
    assert one.cost() == 0 < spent


def test_repeated_steps_cost_their_sum_and_end_where_the_range_ends():
    one = search(step=1.0)
    for ladder in one.ladders:
        costs = np.diff([0.0, *(rung.cost for rung in ladder)])
        assert (costs > 0).all()
        assert ladder[0].moved.before == ladder[-1].moved.before
        values = [rung.moved.after for rung in ladder]
        assert len(set(values)) == len(values)


def test_nothing_is_bought_where_nothing_is_needed():
    poor = Market(reliability=0.3, responsiveness=0.3, assurance=0.3, empathy=0.3, tangibles=0.3, **KNOWN)
    found = bundle.bundle(firm(), "Kitchen", market=poor, only=LEVERS, **SHORT)
    assert found.state == "needless"
    assert len(found.steps) == found.cost == 0
    assert found.price == 1
    assert found.sureness == found.sureness_before >= 0.9
    assert "no change" in found.text()


def test_where_it_cannot_be_done_the_best_is_told_and_what_holds_it_back():
    grand = Market(
        reliability=0.99, responsiveness=0.97, assurance=0.97, empathy=0.97, tangibles=0.97, price=0.6, **KNOWN
    )
    found = bundle.bundle(firm(error_rate=0.3), "Kitchen", market=grand, only=LEVERS, **SHORT)
    assert found.state == "impossible"
    assert found.sureness < 0.9
    assert {"price", "reliability"} <= set(found.holds_back)
    assert all(value < 0 for value in found.holds_back.values())
    assert found.conceivable < 0.9
    assert "Not even a perfect service" in found.text()
    assert "What holds it back" in found.text()


@pytest.mark.slow
def test_a_bundle_that_is_called_sure_is_sure_on_seeds_that_it_has_not_seen():
    easy = Market(reliability=0.75, responsiveness=0.66, assurance=0.6, empathy=0.58, tangibles=0.54, **KNOWN)
    found = bundle.bundle(firm(error_rate=0.3), "Kitchen", market=easy, **SHORT | {"runs": 8})
    assert found.state == "sure", found.text()
    assert found.sureness_before < 0.9 <= found.sureness
    assert found.share.mean > found.share_before.mean
    assert found.cost == pytest.approx(found.steps["cost"].sum())
    chain = firm(error_rate=0.3)
    other = Trials(chain, "Kitchen", easy, runs=8, seed=900, warm_up=60, days=60, markets=40)
    levels = []
    for _, step in found.steps.iterrows():
        (one,) = [
            c for c in actions.candidates(chain, only=[step["lever"]], where="Kitchen") if c.name == step["place"]
        ]
        levels.append((one, step["after"]))
    assert choice.sureness(other.run([levels], [found.cost]).shares) > 0.8


def test_the_same_seed_gives_the_same_bundle_whatever_the_number_of_threads():
    easy = Market(reliability=0.75, responsiveness=0.66, assurance=0.6, empathy=0.58, tangibles=0.54, **KNOWN)
    one, other = (
        bundle.bundle(firm(error_rate=0.3), "Kitchen", market=easy, only=LEVERS, workers=workers, **SHORT)
        for workers in (1, 3)
    )
    assert one.steps.equals(other.steps)
    assert (one.cost, one.sureness, one.tried) == (other.cost, other.sureness, other.tried)


@pytest.mark.parametrize(
    ("numbers", "message"),
    [
        ({"runs": 1}, "too few runs"),
        ({"search_runs": 0}, "too few search_runs"),
        ({"markets": 3}, "too few markets"),
        ({"days": 1}, "too few days"),
    ],
)
def test_wrong_input_is_said_so(numbers, message):
    with pytest.raises(InputError, match=message):
        bundle.bundle(firm(), "Kitchen", **SHORT | numbers)
    with pytest.raises(InputError, match="Kitchen"):
        bundle.bundle(firm(), "Kitchn", **SHORT)
