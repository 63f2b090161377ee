"""G1: the market is stated, checked, drawn once for all, and its default is what the rules give an ordinary unit."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import numpy as np
import pytest

from sim.errors import InputError
from sim.hireback import ASSUMPTIONS, DIMENSIONS, Market, offers
from sim.hireback.market import BY_NAME, assumption, parse
from sim.hireback.ordinary import ordinary

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "hire_back.md"


def test_every_assumption_is_a_field_with_unit_range_source_and_meaning():
    assert tuple(one.name for one in ASSUMPTIONS) == tuple(field.name for field in dataclasses.fields(Market))
    for one in ASSUMPTIONS:
        assert getattr(Market(), one.name) == one.default
        assert one.low <= one.default <= one.high
        assert one.unit
        assert one.source
        assert one.meaning


@pytest.mark.slow
def test_the_default_market_is_what_an_ordinary_unit_gives():
    found = ordinary()
    for name in DIMENSIONS:
        assert BY_NAME[name].default == round(found[name], 2)


def test_borrowed_defaults_are_those_of_the_levers():
    from sim import levers

    assert Market().trust == levers.BY_NAME["goodwill"].default
    assert Market().vendor_spread == levers.BY_NAME["partner_spread"].default


def test_the_table_in_the_documentation_is_that_of_the_code():
    text = DOCUMENT.read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", text, re.MULTILINE))
    for one in ASSUMPTIONS:
        expected = f"{one.default:g} | {one.low:g} to {one.high:g} | {one.unit} | {one.meaning} | {one.source}"
        assert rows.get(one.name) == expected, f"docs/hire_back.md: | `{one.name}` | {expected} |"


# --- draws ---------------------------------------------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_markets_to_the_bit_and_another_seed_others():
    one, two = offers(Market(), seed=4), offers(Market(), seed=4)
    assert (one.quality == two.quality).all()
    assert (one.log_price == two.log_price).all()
    assert (offers(Market(), seed=5).quality != one.quality).any()


def test_a_longer_list_of_markets_or_vendors_begins_with_the_shorter_one():
    few, many = offers(Market(), seed=1, markets=10), offers(Market(vendors=9), seed=1, markets=50)
    assert (many.quality[:10, :5] == few.quality).all()
    assert (many.log_price[:10, :5] == few.log_price).all()


def test_an_assumption_moves_the_same_markets_and_leaves_what_it_does_not_touch():
    base, dear = offers(Market(), seed=1), offers(Market(price=1.3), seed=1)
    assert (dear.quality == base.quality).all()
    assert dear.log_price - base.log_price == pytest.approx(np.log(1.3))
    usual, better = offers(Market(assurance=0.5), seed=1), offers(Market(assurance=0.55), seed=1)
    assert better.quality[..., 2] - usual.quality[..., 2] == pytest.approx(0.05)
    assert (better.quality[..., [0, 1, 3, 4]] == base.quality[..., [0, 1, 3, 4]]).all()


def test_the_spreads_are_those_that_were_asked_for():
    market = Market(reliability=0.5, responsiveness=0.5, assurance=0.5, empathy=0.5, tangibles=0.5, vendors=20)
    there = offers(market, seed=1, markets=4000)
    own = there.quality.mean(axis=2)  # of a vendor, over its dimensions
    assert there.quality.mean() == pytest.approx(0.5, abs=0.003)
    within = (there.quality - own[..., None]).std() / np.sqrt(4 / 5)
    assert within == pytest.approx(market.dimension_spread, rel=0.03)
    between = own.std(axis=1, ddof=1).mean()
    assert between == pytest.approx(np.sqrt(market.vendor_spread**2 + market.dimension_spread**2 / 5), rel=0.03)
    prices = np.exp(there.log_price)
    assert prices.mean() == pytest.approx(1, abs=0.005)
    assert prices.std() / prices.mean() == pytest.approx(market.price_spread, rel=0.03)


# --- mistakes ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value"),
    [("reliability", 1.2), ("reliability", -0.1), ("vendors", 0), ("vendors", 2.5), ("vendors", 1000), ("price", 0),
     ("price", float("nan")), ("quality_weight", float("inf")), ("trust", "high"), ("trust", True), ("switching_cost", -1)],
)  # fmt: skip
def test_an_assumption_out_of_range_names_itself_and_what_is_allowed(name, value):
    with pytest.raises(InputError, match=name) as error:
        Market(**{name: value})
    assert error.value.allowed


def test_an_unknown_assumption_is_met_with_the_nearest_known_one():
    with pytest.raises(InputError, match="did you mean 'reliability'"):
        parse(["relaibility=0.8"])
    assert assumption("quality-weight").name == "quality_weight"


@pytest.mark.parametrize("text", ["reliability", "reliability=much", "=3", ""])
def test_what_says_nothing_about_the_market_is_refused(text):
    with pytest.raises(InputError, match="NAME=VALUE"):
        parse([text])


def test_nothing_is_said_twice():
    with pytest.raises(InputError, match="twice"):
        parse(["price=1.1", "price=1.2"])
    assert parse(["price=1.1", "quality-weight=5"]) == Market(price=1.1, quality_weight=5)


@pytest.mark.parametrize(("seed", "markets"), [(-1, 10), (1, 0)])
def test_markets_are_drawn_for_seeds_and_numbers_that_can_be(seed, markets):
    with pytest.raises(InputError):
        offers(Market(), seed=seed, markets=markets)
