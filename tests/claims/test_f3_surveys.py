"""F3: what management sees. The seen value lags and scatters around the true one."""

import numpy as np
import pytest

from sim import levers
from sim.estimates import estimate
from sim.interventions import Intervention
from sim.rules import surveys
from tests.claims.paired import SEEDS, pull, run, same, same_customers, same_run, small_firm

CHANGE, DAYS = 150, 330


def firm(share=0.3, **graph):
    chain = small_firm(customers=600, staff=8, **graph)
    chain.edges["Front", "Customers"]["survey_share"] = share
    return chain


def seen_and_true(model):
    """Return satisfaction of customers in points, day by day: as management sees it, and as it is."""
    edge = model.chain.links.index(("Front", "Customers"))
    seen = np.asarray(model.state.link_day["seen"][: model.day, edge])
    true = np.asarray(model.state.segment_day["satisfaction"][: model.day, 0])
    return np.where(seen < 0, np.nan, 100 * seen), 100 * true


def half_way(values):
    """Return the days after the change until half of it shows."""
    before, after = np.nanmean(values[CHANGE - 40 : CHANGE]), np.nanmean(values[-60:])
    return float(np.flatnonzero(values[CHANGE:] < (before + after) / 2)[0])


@pytest.fixture(scope="module")
def shocked():
    """Runs in which Front begins to make errors on one day."""
    return [run(firm(), seed, DAYS, Intervention("error_rate", 0.5, "Front", CHANGE)) for seed in SEEDS]


def test_what_management_sees_lags_behind_the_truth(shocked, measured):
    pairs = np.array([[half_way(values) for values in seen_and_true(model)] for model in shocked])
    measured("days until half of a fall shows in the truth", estimate(pairs[:, 1]))
    measured("days until half of it shows in what management sees", estimate(pairs[:, 0]))
    lag = estimate(pairs[:, 0] - pairs[:, 1])
    measured("days by which management sees it later", lag)
    assert lag.low > 10  # the delay of the survey alone
    assert lag.high < 10 + 20 + 20  # and the period whose answers are put together, and the wait for its end


def settled_error(share, seed):
    """Return seen less true satisfaction at each publication in a firm at rest, the truth over the days asked about."""
    model = run(firm(share), seed, 600)
    seen, true = seen_and_true(model)
    days = [day for day in range(200, 600) if (day + 1 - 10) % 20 == 0]
    return np.array([seen[day] - true[day - 29 : day - 9].mean() for day in days])


def test_what_management_sees_scatters_around_the_truth_the_more_the_fewer_are_asked(measured):
    spread = {}
    for share in (0.02, 0.1, 1.0):
        spread[share] = estimate([settled_error(share, seed).std() for seed in SEEDS])
        measured(
            f"standard deviation of seen less true satisfaction, {100 * share:g} per cent asked (points)", spread[share]
        )
    assert spread[0.02].low > spread[0.1].high > spread[0.1].low > spread[1.0].high > 0


def test_it_scatters_as_much_as_the_number_of_answers_says(measured):
    """The error of a mean of n answers is their standard deviation over the root of n."""
    ratios = []
    for seed in SEEDS:
        model = run(firm(0.1), seed, 600)
        edge = model.chain.links.index(("Front", "Customers"))
        answers = np.asarray(model.state.link_day["answers"][200:600, edge]).sum() / 20
        rows = np.asarray(model.state.customer)
        felt = rows["satisfaction"][(rows["active"] == 1) & (rows["encounters"] > 0)].std()
        expected = 100 * np.sqrt((felt**2 + 0.1**2 + 0.1**2 / 12) / answers)
        ratios.append(settled_error(0.1, seed).std() / expected)
    ratio = estimate(ratios)
    measured("scatter of what is seen per standard error from the number of answers", ratio)
    assert ratio.low > 0.8
    assert ratio.high < 1.25


def test_a_longer_delay_shows_the_same_figures_later_to_the_day():
    soon, late = (seen_and_true(run(firm(survey_delay=delay), 3, 250))[0] for delay in (10.0, 33.0))
    assert np.array_equal(late[23:], soon[:-23], equal_nan=True)


def test_between_publications_management_sees_the_same_figure():
    seen = seen_and_true(run(firm(), 1, 200))[0]
    moves = np.flatnonzero(np.diff(seen[40:]) != 0) + 41
    assert {(day + 1 - 10) % 20 for day in moves} == {0}
    assert np.isnan(seen[:29]).all()
    assert not np.isnan(seen[29:]).any()


def test_nobody_acts_on_a_survey_as_if_it_were_the_truth():
    """Asking costs money and changes what is seen; nobody inside or outside is touched by it."""
    none, many = run(firm(0.0), 2, 150), run(firm(1.0), 2, 150)
    assert same_customers(none, many)
    assert many.state.firm_day["surveys"][:150].sum() > none.state.firm_day["surveys"][:150].sum()


def test_an_answer_stands_on_a_scale_of_eleven_steps_around_what_is_felt():
    draws = (np.arange(2000) + 0.5) / 2000
    answers = np.array([surveys.answer(0.63, 0.1, u) for u in draws])
    assert set(np.round(10 * answers, 9)) <= set(range(11))
    assert answers.mean() == pytest.approx(0.63, abs=0.002)
    assert answers.std() == pytest.approx(np.sqrt(0.1**2 + 0.1**2 / 12), rel=0.02)
    assert surveys.answer(0.64, 0.0, 0.5) == pytest.approx(0.6)
    assert surveys.answer(1.0, 0.5, 0.999) == 1.0


def test_where_nobody_is_asked_how_it_would_have_been_changes_nothing():
    chain = firm(0.0, **levers.neutral_values("F3"))
    moved = pull(survey_noise=0.9, survey_period=3, survey_delay=0, survey_cost=1e5)
    one, two = run(chain, 1, 80), run(chain, 1, 80, *moved)
    assert (one.state.link_day["seen"][:80] == -1).all()
    assert same_run(one, two)
    assert same(one.state.firm_day[:80], two.state.firm_day[:80])
