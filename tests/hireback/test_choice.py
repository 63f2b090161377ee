"""G1, theory: the logit of department and market has the properties that its equations promise."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.errors import InputError
from sim.hireback import DIMENSIONS, Market, offers
from sim.hireback import choice as choices
from sim.hireback.choice import FACTORS, answer, certainty, decider, stay, sure, sureness, swaps

WEIGHTS = np.array([32.0, 22.0, 19.0, 16.0, 11.0])
CERTAIN = {"market_spread": 0, "vendor_spread": 0, "dimension_spread": 0, "price_spread": 0}
"""Without any spread there is one market, and its vendors are alike."""
ALIKE = Market(**CERTAIN, switching_cost=0)


def people(level=0.75, count=3, trust=0.6):
    return np.full((count, 5), level), np.full(count, trust)


def kept(level=0.75, trust=0.6, price=1.0, market=ALIKE):
    seen, trusted = people(level, 1, trust)
    return float(stay(seen, WEIGHTS, trusted, offers(market, seed=1, markets=1), price=price)[0, 0])


# --- the equations -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("vendors", [1, 2, 10, 20])
def test_vendors_just_like_the_department_take_one_half_however_many_they_are(vendors):
    market = ALIKE.changed({"vendors": vendors})
    seen, trust = np.tile(market.means, (2, 1)), np.full(2, market.trust)
    assert stay(seen, WEIGHTS, trust, offers(market, seed=1)) == pytest.approx(0.5, abs=1e-12)


def test_where_nothing_counts_everybody_tosses_a_coin():
    market = Market(quality_weight=0, trust_weight=0, price_weight=0, switching_cost=0)
    seen, trust = people(0.2)
    assert stay(seen, WEIGHTS, trust, offers(market, seed=3)) == pytest.approx(0.5, abs=1e-12)


def test_the_odds_are_those_of_the_logit():
    better, dearer = kept(0.85), kept(0.85, price=1.2)
    base = kept(0.75)
    assert np.log(better / (1 - better)) - np.log(base / (1 - base)) == pytest.approx(10 * 0.1)
    assert np.log(dearer / (1 - dearer)) - np.log(better / (1 - better)) == pytest.approx(-2 * np.log(1.2))
    trusted = kept(0.75, trust=0.9)
    assert np.log(trusted / (1 - trusted)) - np.log(base / (1 - base)) == pytest.approx(3 * 0.3)
    bound = kept(0.75, market=ALIKE.changed({"switching_cost": 1.5}))
    assert np.log(bound / (1 - bound)) - np.log(base / (1 - base)) == pytest.approx(1.5)


def test_the_value_of_a_market_is_the_log_of_the_mean_of_its_vendors():
    market = Market(vendors=4)
    there = offers(market, seed=7, markets=3)
    shares = WEIGHTS / WEIGHTS.sum()
    utility = 10 * (there.quality * shares).sum(axis=2) + 3 * 0.6 - 2 * there.log_price
    assert choices.best_elsewhere(WEIGHTS, there) == pytest.approx(np.log(np.exp(utility).mean(axis=1)))


@given(
    level=st.floats(0, 0.9), more=st.floats(0.001, 0.1), dimension=st.integers(0, 4), trust=st.floats(0, 1),
    seed=st.integers(0, 10**6),
)  # fmt: skip
@settings(max_examples=40, deadline=None)
def test_better_service_never_keeps_fewer(level, more, dimension, trust, seed):
    there = offers(Market(), seed=seed, markets=5)
    seen, trusted = people(level, 2, trust)
    before = stay(seen, WEIGHTS, trusted, there)
    seen[:, dimension] += more
    assert (stay(seen, WEIGHTS, trusted, there) > before).all()


@given(seed=st.integers(0, 10**6), level=st.floats(0.3, 1))
@settings(max_examples=25, deadline=None)
def test_shares_are_shares_and_people_do_not_depend_on_each_other(seed, level):
    there = offers(Market(), seed=seed, markets=4)
    chance = np.random.default_rng(seed)
    seen, trust = np.clip(chance.normal(level, 0.2, (6, 5)), 0, 1), chance.uniform(size=6)
    together = stay(seen, WEIGHTS, trust, there)
    assert ((together > 0) & (together < 1)).all()
    for person in range(6):
        alone = stay(seen[person : person + 1], WEIGHTS, trust[person : person + 1], there)
        assert (alone[:, 0] == together[:, person]).all()


def test_weights_count_as_shares_and_all_zero_as_equal():
    there = offers(Market(), seed=1, markets=6)
    seen, trust = np.array([[0.9, 0.5, 0.6, 0.7, 0.4]]), np.array([0.7])
    assert stay(seen, 3 * WEIGHTS, trust, there) == pytest.approx(stay(seen, WEIGHTS, trust, there), abs=1e-12)
    assert (stay(seen, np.zeros(5), trust, there) == stay(seen, np.ones(5), trust, there)).all()


def test_a_dimension_without_weight_decides_nothing():
    there = offers(Market(), seed=1, markets=6)
    seen, trust = people()
    blind = np.array([0.0, 22, 19, 16, 11])
    before = stay(seen, blind, trust, there)
    seen[:, 0] = 0.1
    assert (stay(seen, blind, trust, there) == before).all()
    assert (swaps(seen, blind, trust, there)["reliability"] == 0).all()


def test_what_somebody_did_not_judge_speaks_neither_for_nor_against():
    there = offers(Market(), seed=1, markets=6)
    seen, trust = people(0.8)
    seen[:, 2], trust[:] = np.nan, np.nan
    found = swaps(seen, WEIGHTS, trust, there)
    assert (found["assurance"] == 0).all()
    assert (found["trust"] == 0).all()
    usual = seen.copy()
    usual[:, 2] = there.market.assurance
    assert (stay(seen, WEIGHTS, trust, there) == stay(usual, WEIGHTS, np.full(3, there.market.trust), there)).all()


# --- reasons -----------------------------------------------------------------------------------------------------------


def test_a_factor_above_the_market_holds_clients_and_one_below_drives_them_away():
    market = Market()
    there = offers(market, seed=1)
    seen = np.tile(market.means, (2, 1))
    seen[:, 0] -= 0.1
    seen[:, 3] += 0.1
    found = swaps(seen, WEIGHTS, np.full(2, market.trust - 0.1), there, price=0.9)
    assert tuple(found) == FACTORS
    assert (found["reliability"] < 0).all()
    assert (found["trust"] < 0).all()
    for name in ("empathy", "price", "switching cost"):
        assert (found[name] > 0).all()
    for name in ("responsiveness", "assurance", "tangibles"):
        assert found[name] == pytest.approx(0, abs=1e-12)


def test_a_swap_is_the_share_less_the_share_with_the_factor_as_in_the_market():
    market = Market()
    there = offers(market, seed=2, markets=9)
    seen, trust = people(0.7)
    usual = seen.copy()
    usual[:, 1] = market.responsiveness
    difference = stay(seen, WEIGHTS, trust, there).mean(axis=1) - stay(usual, WEIGHTS, trust, there).mean(axis=1)
    assert swaps(seen, WEIGHTS, trust, there)["responsiveness"] == pytest.approx(difference, abs=1e-12)


def test_the_decider_is_the_largest_swap_in_the_direction_of_the_verdict():
    effects = {"reliability": -0.2, "empathy": 0.1, "trust": 0.15, "price": 0.0}
    assert decider(effects, "yes") == "trust"
    assert decider(effects, "no") == "reliability"
    assert decider(effects, "close") == "reliability"
    assert decider({"reliability": 0.1, "trust": 0.2}, "no") is None
    assert decider(dict.fromkeys(DIMENSIONS, 0.0), "close") is None


# --- verdicts ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shares", "certain", "said"),
    [([0.6] * 9 + [0.4], 0.9, "yes"), ([0.6] * 8 + [0.4] * 2, 0.8, "close"), ([0.4] * 9 + [0.6], 0.1, "no"),
     ([0.5, 0.5], 0.5, "close"), ([0.7, np.nan], 1.0, "yes")],
)  # fmt: skip
def test_a_verdict_takes_nine_cases_of_ten(shares, certain, said):
    assert certainty(np.array([shares])) == pytest.approx(certain)
    assert answer(certainty(np.array([shares]))) == said


def test_sure_of_the_job_is_four_fifths_in_nine_cases_of_ten():
    assert sure(np.array([0.8] * 9 + [0.5]))
    assert not sure(np.array([0.8] * 8 + [0.79] * 2))
    assert not sure(np.array([np.nan]))
    assert np.isnan(sureness(np.array([])))
    assert np.isnan(certainty(np.array([np.nan])))


# --- speed and mistakes --------------------------------------------------------------------------------------------------


def test_a_room_of_thirty_is_answered_at_once():
    there = offers(Market(), seed=1)
    cells = [people(0.7, 6) for _ in range(30)]
    stay(*_call(cells[0]), there)
    times = []
    for _ in range(3):
        start = time.thread_time()  # of the processor: others may be at work, too
        for cell in cells:
            stay(*_call(cell), there)
        times.append(time.thread_time() - start)
    assert min(times) < 0.2


def _call(cell):
    return cell[0], WEIGHTS, cell[1]


@pytest.mark.parametrize(
    ("change", "message"),
    [({"perceived": np.zeros((0, 5))}, "at least one person"), ({"perceived": np.zeros((3, 4))}, "\\(people, 5\\)"),
     ({"trust": np.zeros(2)}, "shapes"), ({"perceived": np.full((3, 5), 1.2)}, "perceived is out of range"),
     ({"trust": np.full(3, -0.1)}, "trust is out of range"), ({"weights": np.array([1, 2, 3, 4, -1.0])}, "weights"),
     ({"weights": np.ones(4)}, "5 numbers"), ({"price": 0.0}, "no price"), ({"price": np.inf}, "no price")],
)  # fmt: skip
def test_what_cannot_be_is_refused_by_name(change, message):
    given_ = {"perceived": np.full((3, 5), 0.7), "weights": WEIGHTS, "trust": np.full(3, 0.6), "price": 1.0} | change
    with pytest.raises(InputError, match=message):
        stay(given_["perceived"], given_["weights"], given_["trust"], offers(Market(), seed=1), price=given_["price"])
