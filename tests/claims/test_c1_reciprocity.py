"""C1: improving one direction of a mutual link later improves the other."""

import numpy as np
import pytest

from sim.chain import ServiceChain
from sim.estimates import estimate
from sim.rules import reciprocity
from tests.claims.paired import SEEDS, difference, on_link, pull, run, same_run, small_firm

BETTER = pull("A:B", internal_service=1.0)
DAYS = 300


def mutual_firm(**graph):
    """A and B serve each other, and each of them customers of its own."""
    chain = ServiceChain(rush_share=0, churn=0, new_customers=0, **graph)
    for name in ("A", "B"):
        chain.add_department(name, staff=10, hours_per_request=0.4)
        chain.add_segment(f"Customers of {name}", customers=500, needs_per_year=25)
        chain.add_link(name, f"Customers of {name}", promise_days=1.0)
    chain.add_link("A", "B", requests_per_case=0.5)
    chain.add_link("B", "A", requests_per_case=0.5)
    return chain.check()


def by_day(model, supplier, client, column):
    """Return a column of one link by day, or its mean per encounter, in points."""
    table = model.state.link_day[: model.day, model.chain.links.index((supplier, client))]
    if column in ("regard", "trust", "satisfaction"):
        return 100 * table[column]
    return 100 * np.divide(
        table[column], table["encounters"], out=np.full(len(table), np.nan), where=table["encounters"] > 0
    )


@pytest.fixture(scope="module")
def runs():
    """Runs by seed, without and with better service of A to B: without reciprocity, and with it."""
    return [
        [[run(chain, seed, DAYS, *pulled) for pulled in ((), BETTER)] for seed in SEEDS]
        for chain in (mutual_firm(reciprocity=0.0), mutual_firm())
    ]


def effect(pairs, supplier, client, column, days):
    """Return by seed what better service of A to B does to a column over some days."""
    return np.array(
        [
            np.nanmean((by_day(b, supplier, client, column) - by_day(a, supplier, client, column))[days])
            for a, b in pairs
        ]
    )


LATE = slice(150, DAYS)


@pytest.mark.parametrize(("column", "words"), [("quality", "quality"), ("satisfaction", "satisfaction with B")])
def test_improving_one_direction_of_a_mutual_link_improves_the_other(runs, column, words, measured):
    without, with_it = (effect(pairs, "B", "A", column, LATE) for pairs in runs)
    measured(f"B to A: points of {words} when A serves B with full care", estimate(with_it))
    measured(f"B to A: points of {words} of these by reciprocity", estimate(with_it - without))
    assert estimate(with_it).low > 0
    assert estimate(with_it - without).low > 0


def test_what_comes_back_is_less_than_what_was_given(runs, measured):
    given = effect(runs[1], "A", "B", "quality", LATE)
    measured("A to B: points of quality given", estimate(given))
    back = effect(runs[1], "B", "A", "quality", LATE)
    assert estimate(given - back).low > 0


def test_it_comes_back_later(runs, measured):
    """Half of the gain in B's regard is there weeks after half of the gain in what B is given."""
    curves = [
        np.mean([by_day(b, *edge, column) - by_day(a, *edge, column) for a, b in runs[1]], axis=0)
        for *edge, column in (("A", "B", "quality"), ("B", "A", "regard"))
    ]
    half = [1 + int(np.argmax(curve >= np.nanmean(curve[LATE]) / 2)) for curve in curves]
    measured("day on which half of what A gives is there (mean of 12 seeds)", half[0])
    measured("day on which half of B's gain in regard is there (mean of 12 seeds)", half[1])
    assert half[0] <= 2
    assert half[1] > 10
    without, with_it = (effect(pairs, "B", "A", "quality", slice(0, 10)) for pairs in runs)
    late = effect(runs[1], "B", "A", "quality", LATE) - effect(runs[0], "B", "A", "quality", LATE)
    first = with_it - without
    measured("B to A: points of quality by reciprocity in the first ten days", estimate(first))
    assert estimate(late - first).low > 0


def test_who_is_served_worse_serves_worse():
    worse = pull("A:B", internal_service=0.0)
    figure = on_link("B", "A", "quality", start=150)
    by = [
        np.array([figure(run(chain, s, DAYS, *worse)) - figure(run(chain, s, DAYS)) for s in SEEDS])
        for chain in (mutual_firm(reciprocity=0.0), mutual_firm())
    ]
    assert estimate(by[1] - by[0]).high < 0


def test_the_more_reciprocity_the_more_comes_back():
    chain = mutual_firm()
    figure = on_link("B", "A", "quality", start=150)
    some = difference(figure, chain, BETTER + pull(reciprocity=0.6), pull(reciprocity=0.6), DAYS)
    much = difference(figure, chain, BETTER + pull(reciprocity=2.0), pull(reciprocity=2.0), DAYS)
    assert much.mean > some.high


def test_regard_follows_trust_exponentially():
    regard = 0.5
    for _ in range(23):
        regard = reciprocity.regard_after(regard, 0.9, 0.03)
    assert regard == pytest.approx(0.9 - 0.4 * 0.97**23)
    assert reciprocity.care(0.2, 0.9, 0.5, 0.6) == pytest.approx(0.2 + 0.6 * 0.4)


def without_regard(model):
    """Return the model with what is only looked at, regard, taken out."""
    for table in (model.state.link, model.state.link_day):
        table["regard"] = 0
    return model


def test_without_reciprocity_regard_moves_nothing():
    chain = mutual_firm(reciprocity=0.0)
    assert same_run(*(without_regard(run(chain, 1, 80, *pull(regard_rate=rate))) for rate in (0.0, 1.0)))


def test_where_regard_stands_still_reciprocity_moves_nothing():
    chain = mutual_firm(regard_rate=0.0)
    assert same_run(run(chain, 1, 80, *pull(reciprocity=0.0)), run(chain, 1, 80, *pull(reciprocity=9.0)))


def test_where_service_goes_one_way_only_there_is_nothing_to_return():
    chain = small_firm(customers=100)
    assert same_run(run(chain, 1, 80, *pull(reciprocity=0.0)), run(chain, 1, 80, *pull(reciprocity=9.0)))
