"""Correlations across units and what surveys make of them, against theory; elasticities of the chain."""

import math

import numpy as np
import pandas as pd
import pytest

from experiments.validation import among_units, elasticity, noise
from experiments.validation.correlations import correlation
from experiments.validation.finding import Published
from experiments.validation.pooling import by_group, correlation_if, drivers, over_units
from sim.errors import InputError
from sim.estimates import Estimate


def two_groups(rho, each, seed, apart=0.0):
    """Return two groups of units with correlation rho within, whose means lie apart in opposite directions."""
    chance = np.random.default_rng(seed)
    rows = []
    for name, sign in (("one", 1), ("other", -1)):
        x, y = chance.multivariate_normal([0, 0], [[1, rho], [rho, 1]], each).T
        rows.append(pd.DataFrame({"organisation": name, "x": x + sign * apart, "y": y - sign * apart}))
    return pd.concat(rows, ignore_index=True)


# --- pooling ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rho", [-0.6, 0.0, 0.34, 0.9])
def test_the_correlation_is_that_within_organisations_however_far_these_lie_apart(rho):
    frame = two_groups(rho, 20_000, seed=1, apart=5.0)
    found = correlation(frame, "x", "y")
    assert found.mean == pytest.approx(rho, abs=0.02)
    assert found.low < found.mean < found.high
    assert found.runs == 40_000
    assert correlation(frame, "x", "y", by=None).mean < -0.8  # organisations compared with each other


def test_the_interval_covers_the_truth_about_as_often_as_it_says():
    covered = [
        found.low <= 0.3 <= found.high
        for found in (correlation(two_groups(0.3, 40, seed), "x", "y") for seed in range(200))
    ]
    assert 0.90 <= np.mean(covered) <= 0.99


def test_with_one_organisation_the_interval_is_that_of_pearsons_r():
    frame = two_groups(0.3, 60, seed=3)
    one = frame[frame["organisation"] == "one"]
    found, table = correlation(one, "x", "y"), by_group(one, "x", "y")
    assert (found.mean, found.low, found.high) == pytest.approx(tuple(table.loc[0, ["r", "low", "high"]]))


def test_units_that_miss_a_figure_and_organisations_that_say_nothing_are_left_out():
    frame = two_groups(0.5, 50, seed=4)
    frame.loc[0, "x"] = np.nan
    frame.loc[frame["organisation"] == "other", "y"] = 7.0
    assert correlation(frame, "x", "y").runs == 49
    nothing = correlation(frame[frame["organisation"] == "other"], "x", "y")
    assert math.isnan(nothing.mean)
    assert nothing.runs == 0


def test_a_column_that_is_not_there_is_named_with_the_nearest():
    with pytest.raises(InputError, match="no such column") as error:
        correlation(two_groups(0.5, 10, seed=5).rename(columns={"y": "quit_hazard"}), "x", "quit_hazards")
    assert "quit_hazard" in str(error.value.hint)


def test_a_difference_of_correlations_has_an_interval_around_the_truth():
    chance = np.random.default_rng(6)
    x = chance.normal(size=1000)
    near, far = x + chance.normal(size=1000), x + 3 * chance.normal(size=1000)
    frame = pd.DataFrame({"organisation": "one", "x": x, "near": near, "far": far})
    found = over_units(frame, ["x", "near", "far"], lambda r: r[..., 0, 1] - r[..., 0, 2])
    assert found.low < 1 / math.sqrt(2) - 1 / math.sqrt(10) < found.high
    assert found.low > 0
    assert over_units(frame, ["x", "near", "far"], lambda r: r[..., 0, 1] - r[..., 0, 1]).mean == 0


def test_contributions_of_causes_add_up_to_the_correlation():
    chance = np.random.default_rng(7)
    causes = {name: chance.uniform(-1, 1, 4000) for name in ("a", "b", "c")}
    frame = pd.DataFrame(causes | {
        "organisation": "one",
        "x": causes["a"] + causes["b"],
        "y": 2 * causes["a"] + causes["c"] + 0.1 * chance.normal(size=4000),
    })  # fmt: skip
    table = drivers(frame, "x", "y", ["a", "b", "c"])
    assert table["contribution"].sum() == pytest.approx(correlation(frame, "x", "y").mean, abs=1e-9)
    assert table.loc[0, "cause"] == "a"
    assert table.loc[0, "contribution"] == pytest.approx(2 / math.sqrt(2 * 5), abs=0.03)


def test_what_the_correlation_would_be_if_a_cause_differed_more_agrees_with_units_that_do():
    chance = np.random.default_rng(8)

    def units(width):
        a, b, c = (chance.uniform(-1, 1, 20_000) * times for times in (width, 1.0, 1.0))
        return pd.DataFrame({"organisation": "one", "a": a, "b": b, "c": c, "x": a + b, "y": a + c})

    narrow, wide = units(1.0), units(2.0)
    assert correlation_if(narrow, "x", "y", {}, ["a", "b", "c"]) == pytest.approx(correlation(narrow, "x", "y").mean)
    foretold = correlation_if(narrow, "x", "y", {"a": 2.0}, ["a", "b", "c"])
    assert foretold == pytest.approx(correlation(wide, "x", "y").mean, abs=0.02)
    assert foretold == pytest.approx(0.8, abs=0.02)


# --- surveys -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("points", [0, 5])
def test_surveyed_units_show_the_correlation_that_the_law_of_attenuation_foretells(points):
    chance = np.random.default_rng(9)
    x, y = chance.multivariate_normal([60, 70], [[9, 5.4], [5.4, 9]], 6000).T
    staff = noise.Survey(respondents=10, alpha=0.8, icc=0.15, items=4, points=points)
    customers = noise.Survey(respondents=30, alpha=0.7, icc=0.05, items=2, points=points)
    seen = np.corrcoef(noise.surveyed(x, staff, chance), noise.surveyed(y, customers, chance))[0, 1]
    told = noise.attenuated(0.6, staff.reliability, customers.reliability)
    assert seen == pytest.approx(told, abs=0.03)  # rounding to five points takes little more
    assert noise.corrected(told, staff.reliability, customers.reliability) == pytest.approx(0.6)


def test_answers_have_the_icc_and_the_reliability_that_the_survey_says():
    chance = np.random.default_rng(10)
    survey = noise.Survey(respondents=20, alpha=0.85, icc=0.12)
    spread = math.sqrt((1 - survey.icc) / survey.icc)
    answers = chance.normal(size=(4000, 1)) + spread * chance.normal(size=(4000, 20))
    first, second = noise.icc(answers)
    assert first == pytest.approx(0.12, abs=0.01)
    assert second == pytest.approx(survey.reliability, abs=0.02)


def test_means_of_more_respondents_are_more_reliable_after_spearman_and_brown():
    one, many = noise.Survey(respondents=1, icc=0.2), noise.Survey(respondents=12, icc=0.2)
    assert one.reliability == pytest.approx(0.2)
    assert many.reliability == pytest.approx(12 * 0.2 / (1 + 11 * 0.2))


def test_surveys_leave_the_mean_where_it_is_and_what_is_missing_missing():
    chance = np.random.default_rng(11)
    means = chance.normal(65, 3, 2000)
    means[5] = np.nan
    seen = noise.surveyed(means, noise.STAFF, chance)
    assert math.isnan(seen[5])
    assert np.isfinite(np.delete(seen, 5)).all()
    assert np.nanmean(seen) == pytest.approx(np.nanmean(means), abs=0.5)
    assert (noise.surveyed(np.full(5, 60.0), noise.STAFF, chance) == 60).all()


@pytest.mark.parametrize(
    ("wrong", "place"),
    [({"alpha": 0.05}, "alpha"), ({"icc": 0.0}, "icc"), ({"respondents": 0}, "respondents"), ({"points": 1}, "points")],
)
def test_a_survey_that_cannot_be_is_refused(wrong, place):
    with pytest.raises(InputError) as error:
        noise.Survey(**wrong)
    assert error.value.place == place


def test_reliabilities_of_a_study_weaken_what_it_observes():
    frame = two_groups(0.5, 500, seed=12)
    true, seen = correlation(frame, "x", "y"), correlation(frame, "x", "y", reliability_x=0.8, reliability_y=0.5)
    for name in ("mean", "low", "high"):
        assert getattr(seen, name) == pytest.approx(getattr(true, name) * math.sqrt(0.4))
    with pytest.raises(InputError, match="no reliability"):
        correlation(frame, "x", "y", reliability_x=0.0)


# --- judging, elasticities --------------------------------------------------------------------------------------------------


def test_a_figure_in_doubt_says_so_and_one_that_agrees_gives_no_reason():
    frame = pd.DataFrame({"x": range(30)})
    doubtful = among_units.checked(
        "a", among_units.around(0.3, "ρ = 0.3"), Estimate(0.3, -0.1, 0.7, 30), frame, "Because."
    )
    assert doubtful.verdict == "outside"
    assert doubtful.reason == "With 30 units the interval does not exclude no effect. Because."
    sure = among_units.checked(
        "a", Published("ρ = 0.3", 0.1, 0.5, "ours"), Estimate(0.3, 0.2, 0.4, 30), frame, "Because."
    )
    assert (sure.verdict, sure.reason) == ("inside", "")


def test_the_ratio_of_changes_is_that_of_their_means_with_an_interval_that_covers_it():
    covered = 0
    for seed in range(200):
        chance = np.random.default_rng(seed)
        bottom = 5 + chance.normal(size=30)
        top = 0.26 * bottom + 0.3 * chance.normal(size=30)
        found = elasticity.ratio(top, bottom, np.repeat(["one", "other"], 15))
        covered += found.low <= 0.26 <= found.high
    assert 180 <= covered <= 199
