"""E9: no finish line; competitors improve, so that standing still means falling."""

import numpy as np
import pytest

from sim import levers
from sim.estimates import estimate
from sim.interventions import Intervention
from sim.rules import market
from tests.claims.paired import SEEDS, difference, measure, pull, run, same_run, small_firm

DAYS, LATE = 750, 500
MOVING, STILL = pull(market_pace=0.2), pull(market_pace=0.0)


def firm(**graph):
    return small_firm(customers=1000, needs=6, staff=4, **graph)


def count(column):
    return lambda model: float(model.state.segment_day[: model.day][column].sum())


@pytest.mark.parametrize(
    ("what", "figure"),
    [
        ("retention, per cent a year, in the third year", measure("retention", LATE)),
        ("newcomers in three years", count("joined")),
        ("customers at the end", lambda model: float(model.customers)),
    ],
)
def test_standing_still_means_falling(what, figure, measured):
    fall = difference(figure, firm(), MOVING, STILL, days=DAYS)
    measured(f"{what}, competitors improving by a fifth of what they lack a year, less not", fall)
    assert fall.high < 0


def test_the_farther_competitors_go_the_more_customers_are_lost():
    fewer = [
        difference(lambda m: float(m.customers), firm(), pull(market_pace=pace), STILL, days=DAYS)
        for pace in (0.1, 0.4)
    ]
    assert fewer[1].mean < fewer[0].mean < 0


def test_who_improves_along_with_them_keeps_pace(measured):
    better = [Intervention(name, 0.85, None, 0, DAYS) for name in ("tools", "environment")]
    better.append(Intervention("error_rate", 0.0, None, 0, DAYS // 2))
    kept = difference(lambda m: float(m.customers), firm(), [*MOVING, *better], MOVING, days=DAYS)
    measured("customers at the end in that market, a firm that improves less one that stands still", kept)
    assert kept.low > 0
    lost = difference(lambda m: float(m.customers), firm(), MOVING, STILL, days=DAYS)
    assert kept.mean > -0.5 * lost.mean


def test_the_same_service_pleases_the_same_customers_less(measured):
    """Nobody comes or goes, so that it is not the dissatisfied who are missing."""
    alike = difference(
        measure("external_satisfaction", LATE), firm(churn=0.0, new_customers=0.0), MOVING, STILL, days=DAYS
    )
    measured("external_satisfaction in the third year, nobody leaving or coming, the same", alike)
    assert alike.high < 0


def test_satisfaction_falls_more_where_customers_learn_faster_what_others_offer(measured):
    effects = {
        rate: np.array([
            measure("external_satisfaction", LATE)(run(firm(market_effect=rate), s, DAYS, *MOVING))
            - measure("external_satisfaction", LATE)(run(firm(market_effect=rate), s, DAYS, *STILL))
            for s in SEEDS
        ])
        for rate in (0.0005, 0.005)
    }  # fmt: skip
    measured("external_satisfaction in the third year, market_effect 0.005 instead of 0.0005", estimate(effects[0.005]))
    assert estimate(effects[0.005] - effects[0.0005]).high < 0


def test_competitors_make_up_a_share_of_what_they_lack_each_year():
    assert market.quality(0.75, 0.2, 0) == pytest.approx(0.75)
    assert market.quality(0.75, np.log(2), 250) == pytest.approx(0.875)
    assert market.quality(0.75, np.log(2), 500) == pytest.approx(0.9375)
    assert market.quality(0.75, 0.0, 10_000) == 0.75
    assert market.attachment(0.7, 0.75, 0.85, 0.5) == pytest.approx(0.65)
    assert market.attachment(0.7, 0.75, 0.85, 0.0) == market.attachment(0.7, 0.8, 0.8, 0.9) == 0.7


def test_in_a_market_that_stands_still_nobody_is_drawn_away():
    chain = firm(market_pace=0.0)
    assert same_run(run(chain, 1, 150), run(chain, 1, 150, *pull(market_pull=1.0)))
    assert same_run(run(chain, 1, 150), run(firm(**levers.neutral_values("E9")), 1, 150))
