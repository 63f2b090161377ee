"""Customers held against what was published: estimators with known answers, customers followed, and the rows themselves."""

import math

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from experiments.validation import complaints, customers, estimators, recovery, waiting
from experiments.validation.explaining import TOO_FEW, explained
from experiments.validation.finding import Check, Effort, Published
from experiments.validation.observing import CUSTOMERS, ENCOUNTERS, follow
from sim.chain import ServiceChain
from sim.errors import InputError
from sim.estimates import estimate
from sim.interventions import Intervention
from sim.model import ServiceModel

SMALL = Effort(share=0.01, seed=3, threads=2)


def small_firm(**front):
    """Return one team that serves customers who often meet with failures."""
    chain = ServiceChain()
    chain.add_department("Front", staff=8, hours_per_request=0.5, **({"error_rate": 0.2} | front))
    chain.add_segment("People", customers=300, needs_per_year=30)
    chain.add_link("Front", "People", promise_days=1.0)
    return chain.check()


# --- estimators ----------------------------------------------------------------------------------------------------------


def people(*cells):
    """Return outcome, exposed, strata from cells of (exposed, outcome, number, stratum)."""
    rows = [(outcome, exposed, stratum) for exposed, outcome, number, stratum in cells for _ in range(number)]
    return tuple(np.array(column) for column in zip(*rows, strict=True))


def test_a_common_odds_ratio_comes_back_from_strata_that_differ_in_everything_else():
    """Both strata have an odds ratio of 6; pooled, it would be another one (Simpson)."""
    table = people((1, 1, 180, "a"), (1, 0, 30, "a"), (0, 1, 10, "a"), (0, 0, 10, "a"),
                   (1, 1, 6, "b"), (1, 0, 8, "b"), (0, 1, 25, "b"), (0, 0, 200, "b"))  # fmt: skip
    assert estimators.odds_ratio(*table) == pytest.approx(6.0)
    pooled = estimators.odds_ratio(table[0], table[1], np.zeros(len(table[0])))
    assert pooled != pytest.approx(6.0, rel=0.2)


def test_a_common_difference_in_shares_comes_back_whatever_the_base_of_the_stratum():
    table = people((1, 1, 80, "a"), (1, 0, 20, "a"), (0, 1, 35, "a"), (0, 0, 15, "a"),
                   (1, 1, 6, "b"), (1, 0, 14, "b"), (0, 1, 40, "b"), (0, 0, 160, "b"))  # fmt: skip
    assert estimators.risk_difference(*table) == pytest.approx(0.1)


def test_strata_with_one_group_only_tell_nothing():
    only = people((1, 1, 5, "a"), (1, 0, 5, "a"))
    assert math.isnan(estimators.odds_ratio(*only))
    assert math.isnan(estimators.risk_difference(*only))
    nobody = (np.zeros(0, bool), np.zeros(0, bool), np.zeros(0, str))
    assert math.isnan(estimators.odds_ratio(*nobody))


def test_slopes_come_back_though_levels_differ_between_strata():
    rng = np.random.default_rng(1)
    strata = rng.choice(["a", "b", "c"], 3000)
    level = pd.Series({"a": 0.0, "b": 5.0, "c": -3.0})[strata].to_numpy()
    gap = rng.normal(0.1 * level, 1.0)
    response = level - 0.8 * np.maximum(-gap, 0) + 0.4 * np.maximum(gap, 0) + rng.normal(0, 0.1, 3000)
    found = estimators.slopes(response, (np.maximum(-gap, 0), np.maximum(gap, 0)), strata)
    assert found == pytest.approx([-0.8, 0.4], abs=0.01)


def test_predictors_that_are_one_and_the_same_have_no_slopes():
    x = np.arange(10.0)
    assert np.isnan(estimators.slopes(x, (x, 2 * x), np.zeros(10))).all()


def test_a_bent_gap_adds_up_to_the_gap():
    gap = np.linspace(-0.6, 0.4, 41)
    near_short, far_short, near_over, far_over = estimators.bent(gap, 0.1)
    assert near_over + far_over - near_short - far_short == pytest.approx(gap)
    assert max(near_short.max(), near_over.max()) == pytest.approx(0.1)
    assert all((part >= 0).all() for part in (near_short, far_short, near_over, far_over))


def test_survey_answers_stand_where_satisfaction_does_and_err_as_much_as_said():
    rng = np.random.default_rng(1)
    felt = np.array([0.0, 0.124, 0.126, 0.5, 0.8749, 0.8751, 1.0])
    assert estimators.survey_answer(felt, 0.0, rng).tolist() == [1, 1, 2, 3, 4, 5, 5]
    noisy = estimators.survey_answer(np.full(20_000, 0.75), 0.1, rng)
    assert (noisy == 5).mean() == pytest.approx(0.1056, abs=0.01)  # P(z > 1.25)
    assert set(noisy) <= {1, 2, 3, 4, 5}


def test_an_effect_is_counted_in_standard_deviations_of_the_untreated():
    level = np.array([1.0, 2.0, 3.0])
    assert estimators.standardised(np.array([0.5, 0.5, 0.5]), level) == pytest.approx(0.5)
    assert math.isnan(estimators.standardised(np.ones(3), np.ones(3)))


def test_a_wide_interval_says_so_and_a_clear_miss_without_a_reason_stays_bare():
    above = Published("above", 0.0, np.inf, "sign only")
    wide, wrong, right = (
        Check("x", above, estimate(values), 3, 3) for values in ([-1, 0, 2], [-3.0, -3.1, -2.9], [3.0, 3.1, 2.9])
    )
    assert [one.reason for one in explained([wide, wrong, right])] == [TOO_FEW, "", ""]


def test_waits_are_averaged_within_their_band():
    frame = pd.DataFrame({"multiple": [0.1, 0.15, 0.3, 1.0, 1.5, 3.0], "gain": [1.0, 2.0, 99.0, 5.0, 7.0, 99.0]})
    found = waiting.band_means(frame)
    assert (found["short"], found["intermediate"]) == (1.5, 6.0)
    assert math.isnan(found["long"])


def test_what_failure_and_answer_did_is_the_difference_to_the_same_customers_without():
    frame = pd.DataFrame({
        "satisfaction": [0.8, 0.9], "satisfaction_without": [0.7, 0.9], "trust": [0.5, 0.5], "trust_without": [0.6, 0.8],
        "loyalty": [0.7, 0.7], "loyalty_without": [0.7, 0.7], "word_of_mouth": [0.0, -1.0], "word_of_mouth_without": [0.0, 0.2],
    })  # fmt: skip
    found = recovery.effects(frame)
    assert (found["satisfaction"], found["trust"]) == (pytest.approx(5.0), pytest.approx(-20.0))
    assert found["satisfaction, SD"] == pytest.approx(0.05 / np.std([0.7, 0.9], ddof=1))
    assert math.isnan(found["loyalty, SD"])


def test_outcomes_are_compared_within_segments_and_links():
    """Late answers come in a segment that stays anyway; within it they cost ten points."""
    rows = [("in time", "fickle", 0, 50, 100), ("late", "fickle", 0, 4, 10),
            ("in time", "loyal", 1, 9, 10), ("late", "loyal", 1, 80, 100)]  # fmt: skip
    frame = pd.DataFrame([
        {"outcome": outcome, "stratum": stratum, "link": link, "stayed": place < stay}
        for outcome, stratum, link, stay, number in rows for place in range(number)
    ])  # fmt: skip
    assert complaints.difference(frame, ("in time",), ("late",)) == pytest.approx(10.0)


# --- customers followed --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def followed():
    with ServiceModel(small_firm(), seed=2, journal=True).run(30) as model:
        before = np.asarray(model.state.customer).copy()
        seen = follow(model, 60, window=40)
        days = model.state.link_day[30:70].copy()
        left = int(model.state.segment_day["left"][30:90].sum())
    return seen, days, before, left


def test_every_customer_of_the_first_morning_is_there_as_it_was(followed):
    seen, _, before, _ = followed
    active = before[before["active"] == 1]
    assert list(seen.customers.columns) == list(CUSTOMERS)
    assert len(seen.customers) == len(active)
    assert sorted(seen.customers["satisfaction"]) == sorted(active["satisfaction"])


def test_who_leaves_is_seen_to_leave(followed):
    seen, _, _, left = followed
    gone = seen.customers["left_after"].notna()
    assert 0 < gone.sum() <= left
    assert (seen.customers["satisfaction_end"].isna() == gone).all()
    assert seen.customers.loc[gone, "left_after"].between(0, 59).all()


def test_encounters_failures_and_complaints_are_those_that_the_firm_counted(followed):
    seen, days, *_ = followed
    frame = seen.encounters
    assert list(frame.columns) == list(ENCOUNTERS)
    assert len(frame) == pytest.approx(days["closed"].sum(), rel=0.02)
    # What surfaces later is a failure without an answer of its own.
    answered = days["failures"].sum() - days["surfaced"].sum()
    assert frame["failed"].sum() == pytest.approx(answered, rel=0.05)
    assert frame["complained"].sum() == pytest.approx(days["complaints"].sum(), rel=0.05)
    assert frame["quality"].mean() == pytest.approx(days["quality"].sum() / days["encounters"].sum(), abs=0.06)
    assert frame["wait"].min() > 0


def test_complaints_are_resolved_only_where_somebody_complained_and_more_often_where_complaints_are_owned():
    shares = []
    for ownership in (0.1, 1.0):
        firm = small_firm(ownership=ownership, apology=1.0, redress=1.0)
        with ServiceModel(firm, seed=1, journal=True).run(20) as model:
            frame = follow(model, 60, window=40).encounters
        assert not (frame["resolved"] & ~frame["complained"]).any()
        assert frame.loc[frame["resolved"], "answer_days"].min() > 0
        shares.append(frame.loc[frame["complained"], "resolved"].mean())
    assert shares[1] > shares[0] + 0.3


def test_satisfaction_moves_toward_quality_in_an_encounter(followed):
    frame = followed[0].encounters
    alone = frame[frame["alone"]]
    moved = alone["satisfaction_after"] - alone["satisfaction_before"]
    assert np.corrcoef(moved, alone["quality"] - alone["satisfaction_before"])[0, 1] > 0.8


def test_a_model_without_a_journal_cannot_be_followed():
    with ServiceModel(small_firm(), seed=1) as model, pytest.raises(InputError, match="journal"):
        follow(model, 2)


# --- panel and effect ----------------------------------------------------------------------------------------------------


def test_a_panel_has_each_customer_once_a_seed_and_no_unnamed_column():
    frame = customers.panel(small_firm(), SMALL, warm_up=20, days=40)
    assert list(frame.columns) == list(customers.COLUMNS)
    assert not frame.duplicated(["seed", "customer"]).any()
    assert frame["seed"].nunique() == 3
    assert (frame["stayed"] == frame["left_after"].isna()).all()
    assert (frame["complaints"] <= frame["failures"]).all()
    assert (frame["resolved"] <= frame["complaints"]).all()
    assert frame["complaints"].sum() > 0


def test_a_panel_is_the_same_whatever_the_number_of_threads():
    one, two = (customers.panel(small_firm(), Effort(0.01, 3, threads), warm_up=10, days=20) for threads in (1, 2))
    pd.testing.assert_frame_equal(one, two)


def test_fewer_errors_raise_satisfaction_and_no_change_has_no_effect():
    firm = small_firm()
    better = customers.effect(firm, {"error_rate": 0.0}, "external_satisfaction", SMALL, warm_up=20, days=60)
    assert better.low > 0
    assert better.runs == 3
    same = customers.effect(firm, {"error_rate": 0.2}, "external_satisfaction", SMALL, warm_up=20, days=20)
    assert (same.mean, same.low, same.high) == (0.0, 0.0, 0.0)


def test_the_days_of_an_intervention_count_from_the_end_of_the_warm_up():
    late = [Intervention("error_rate", 0.0, start=30)]
    assert customers.effect(small_firm(), late, "external_satisfaction", SMALL, warm_up=20, days=30).mean == 0.0
    soon = [Intervention("error_rate", 0.0, start=5)]
    figure = lambda model: model.external_satisfaction  # noqa: E731
    assert customers.effect(small_firm(), soon, figure, SMALL, warm_up=20, days=30).mean > 0.0


@pytest.mark.parametrize(
    ("given", "place"),
    [({"measure": "joy"}, "measure"), ({"days": 0}, "days"), ({"warm_up": -1}, "warm_up"), ({"window": 99}, "window")],
)
def test_what_makes_no_sense_is_named(given, place):
    asked = {"measure": "retention", "days": 20, "warm_up": 5} | given
    with pytest.raises(InputError) as error:
        customers.effect(small_firm(), {"error_rate": 0.0}, effort=SMALL, **asked)
    assert error.value.place == place


# --- the rows ------------------------------------------------------------------------------------------------------------

FINDINGS = (*customers.FINDINGS, *waiting.FINDINGS)


def test_the_rows_are_those_of_customers():
    assert [one.id for one in FINDINGS] == ["V6", "V8", "V11", "V12", "V10", "V15"]
    assert all(one.claim and one.source and one.experiment for one in FINDINGS)


@pytest.mark.slow
@pytest.mark.parametrize("finding", FINDINGS, ids=lambda one: one.id)
def test_a_row_gives_well_formed_checks_and_a_picture(finding):
    result = finding.run(SMALL)
    checks = result.checks
    assert len({one.name for one in checks}) == len(checks) > 0
    for one in checks:
        assert math.isfinite(one.simulated.low), one.name
        assert one.simulated.low <= one.simulated.mean <= one.simulated.high
        assert one.verdict == "inside" or one.reason, one.name
        assert one.published.basis
        assert min(one.seeds, one.units) >= 3
    figure = Figure(layout="constrained")
    result.draw(figure)
    figure.canvas.draw()


@pytest.mark.slow
def test_a_row_does_not_depend_on_the_number_of_threads():
    (finding,) = (one for one in FINDINGS if one.id == "V15")
    one, two = (finding.run(Effort(SMALL.share, SMALL.seed, threads)).checks for threads in (1, 2))
    assert [check.simulated for check in one] == [check.simulated for check in two]
