"""Calibration where the answer is known without a simulation: emulator, posterior, targets, parameters, coverage."""

from __future__ import annotations

import numpy as np
import pytest

from experiments.calibration import answer, gather, recovery, screening
from experiments.calibration.emulator import features, learn
from experiments.calibration.figures import figure
from experiments.calibration.fit import Calibration, calibrate, middle, misfit, posterior, region
from experiments.calibration.parameters import applied, at, check_apart, parameter, shares_before
from experiments.calibration.posterior import draw, log_likelihood
from experiments.calibration.runs import Firms, sobol
from experiments.calibration.targets import NONE, Target, Targets, compared, made, shown, typed
from sim import client as clients
from sim import organisation
from sim.chain import ServiceChain
from sim.client.provenance import set_from_data
from sim.errors import InputError
from sim.eventlog import held, read_log
from sim.eventlog.export import simulate_tickets
from tests.client.made_up_client import staff_survey, twelve_departments, write_csv
from tests.eventlog import made_up_tickets


def small_firm() -> ServiceChain:
    chain = ServiceChain(name="Small")
    chain.add_department("Desk", staff=6, hours_per_request=0.5, error_rate=0.02)
    chain.add_department("Works", staff=6, hours_per_request=1.0, error_rate=0.08)
    chain.add_segment("Public", customers=800, needs_per_year=6)
    chain.add_link("Desk", "Public", requests_per_case=1.0)
    chain.add_link("Works", "Desk", requests_per_case=0.5)
    return chain.check()


def table(slopes: np.ndarray, spread: np.ndarray, runs: int = 600, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Return runs of a model whose figures are straight lines of the parameters, with normal luck."""
    shares = sobol(runs, slopes.shape[0], seed)
    luck = np.random.default_rng(seed).normal(size=(runs, slopes.shape[1])) * spread
    return shares, shares @ slopes + luck


def plain_targets(values: np.ndarray, errors: np.ndarray) -> Targets:
    names = ["external_satisfaction", "internal_satisfaction", "motivation", "strain"]
    chain = small_firm()
    return made([Target(figure(chain, name), float(value), float(error), "typed")
                 for name, value, error in zip(names, values, errors, strict=False)])  # fmt: skip


def test_legendre_features_are_orthonormal_over_the_cube():
    terms, degrees = features(2 * sobol(1024, 3, 1) - 1, 3)
    assert terms.shape[1] == 20
    assert list(np.bincount(degrees)) == [1, 3, 6, 10]
    assert np.abs(terms.T @ terms / len(terms) - np.eye(20)).max() < 0.05


def test_the_emulator_finds_the_mean_the_luck_and_its_correlation():
    shares = sobol(500, 2, 2)
    inside = 0.1 + 0.8 * np.random.default_rng(2).random((100, 2))

    def truth(points: np.ndarray) -> np.ndarray:
        return np.column_stack([10 + 4 * points[:, 0] ** 2 + 3 * points[:, 0] * points[:, 1], 5 * points[:, 1]])

    away, spreads, together = [], [], []
    for seed in range(20):
        random = np.random.default_rng(seed)
        common = random.normal(size=500)
        luck = np.column_stack([0.5 * common, 0.3 * common + 0.4 * random.normal(size=500)])
        found = learn(shares, truth(shares) + luck)
        mean, spread, error = found.predict(inside)
        assert np.abs(mean - truth(inside)).max() < 0.3
        away.append((mean - truth(inside)) / error)
        spreads.append(spread.mean(axis=0))
        together.append(found.correlation[0, 1])
    assert np.mean(spreads, axis=0) == pytest.approx([0.5, 0.5], rel=0.05)
    assert np.mean(together) == pytest.approx(0.6, abs=0.05)
    assert np.sqrt(np.mean(np.square(away))) == pytest.approx(1.0, abs=0.25)  # its own errors are as large as it says


def test_draws_have_mean_and_spread_of_a_posterior_that_is_known():
    precision = np.linalg.inv(np.array([[0.0025, 0.0018], [0.0018, 0.0036]]))

    def log_density(shares: np.ndarray) -> np.ndarray:
        away = shares - np.array([0.4, 0.6])
        return -0.5 * np.einsum("ij,jk,ik->i", away, precision, away)

    found = draw(log_density, np.zeros(2), np.ones(2), seed=3).shares
    assert found.mean(axis=0) == pytest.approx([0.4, 0.6], abs=0.006)
    assert found.std(axis=0) == pytest.approx([0.05, 0.06], rel=0.08)
    assert np.corrcoef(found.T)[0, 1] == pytest.approx(0.6, abs=0.06)


def test_a_posterior_cut_off_by_the_prior_stays_inside_and_leans_on_its_edge():
    found = draw(lambda shares: 20 * shares[:, 0], np.zeros(1), np.ones(1), seed=1).shares
    assert found.min() >= 0
    assert found.max() <= 1
    assert 1 - found.mean() == pytest.approx(1 / 20, rel=0.1)  # an exponential distribution from the edge


def test_intervals_of_a_known_model_hold_the_truth_as_often_as_they_say():
    slopes = np.array([[8.0, 0.0, 3.0], [0.0, 6.0, 3.0]])
    spread = np.array([0.8, 0.6, 0.5])
    shares, values = table(slopes, spread)
    learnt = learn(shares, values)
    random = np.random.default_rng(11)
    truth = random.random((80, 2))
    seen = truth @ slopes + random.normal(size=(80, 3)) * spread
    draws = np.array([
        posterior(learnt, plain_targets(one, np.zeros(3)), seed=number, particles=200).shares for number, one in enumerate(seen)
    ])  # fmt: skip
    firm = small_firm()
    pair = (parameter(firm, "churn=0.1..0.3"), parameter(firm, "error_rate=0.01..0.1"))
    rows = recovery.Recovery(pair, truth, draws).table()
    for row in rows.to_dict(orient="records"):
        for level in (50, 80, 95):
            assert row[f"coverage_{level}_low"] <= level / 100 <= row[f"coverage_{level}_high"], row
        assert row["ranks_p"] > 0.001
        assert row["correlation"] > 0.85


def test_sampling_errors_of_the_client_widen_the_posterior():
    shares, values = table(np.array([[10.0]]), np.array([0.5]))
    learnt = learn(shares, values)
    exact, loose = (
        posterior(learnt, plain_targets(np.array([5.0]), np.array([error])), seed=1).shares.std()
        for error in (0.0, 1.2)
    )
    assert exact == pytest.approx(0.05, rel=0.1)
    assert loose == pytest.approx(np.hypot(0.05, 0.12), rel=0.1)


def test_of_a_parameter_that_moves_no_figure_the_prior_stays_and_the_file_keeps_its_value():
    found = known_calibration(slopes=np.array([[10.0, 0.0], [0.0, 0.0]]), values=np.array([3.0, 0.0]))
    assert found.told[0] < 0.3
    assert found.told[1] == pytest.approx(1.0, abs=0.06)
    assert answer.verdict(found) == ["learnt", "the data say nothing"]
    assert any("say nothing of error rate" in line for line in answer.notes(found))
    made_ = answer.calibrated(found)
    assert {made_.value("error_rate", unit) for unit in ("Desk", "Works")} == {0.02, 0.08}
    assert list(set_from_data(made_)["lever"]) == ["churn"]
    assert made_.value("churn", "Public") == pytest.approx(0.16, abs=0.02)  # 0.3 of the way from 0.1 to 0.3


def test_two_parameters_of_which_the_figures_show_only_the_sum_trade_off():
    found = known_calibration(slopes=np.array([[10.0, 0.0], [10.0, 0.0]]), values=np.array([10.0, 0.0]))
    row = answer.tradeoffs_table(found).iloc[0]
    assert row["correlation"] < -0.9
    assert any("trade off" in line and "lower" in line for line in answer.notes(found))


def test_a_figure_that_no_point_of_the_prior_gives_is_said_to_be_out_of_reach():
    found = known_calibration(slopes=np.array([[10.0, 0.0], [0.0, 10.0]]), values=np.array([25.0, 5.0]))
    table_ = answer.fit_table(found)
    assert list(table_["in_reach"]) == [False, True]
    assert misfit(found)[1] < 0.001
    lines = answer.notes(found)
    assert any(line.startswith("Out of reach: external satisfaction") for line in lines)
    assert any("cannot be met together" in line for line in lines)
    assert any("presses against the end" in line for line in lines)


def test_figures_that_can_be_met_are_said_to_fit():
    found = known_calibration(slopes=np.array([[10.0, 0.0], [0.0, 10.0]]), values=np.array([4.0, 5.0]))
    assert misfit(found)[1] > 0.05
    assert answer.fit_table(found)["inside"].all()
    assert any("can be met together" in line for line in answer.notes(found))


def known_calibration(slopes: np.ndarray, values: np.ndarray) -> Calibration:
    """Return a calibration of a model whose figures are straight lines, as `calibrate` makes one."""
    firm = small_firm()
    pair = (parameter(firm, "churn=0.1..0.3"), parameter(firm, "error_rate=0.02..0.08"))
    targets = plain_targets(values, np.array([0.1, 0.1]))
    spread = np.array([0.5, 0.5])
    shares, runs = table(slopes, spread)
    learnt = learn(shares, runs)
    draws = posterior(learnt, targets, seed=1)
    checked = draws.shares[:200]
    fresh = checked @ slopes + np.random.default_rng(4).normal(size=(200, 2)) * spread
    best = middle(learnt, targets, draws, pair, 1)
    firms = Firms(firm, pair, tuple(targets.figures))
    return Calibration(firm, targets, pair, firms, learnt, draws, best, shares, runs, len(runs), 0, checked, fresh)


def test_the_region_of_a_second_wave_holds_the_draws_and_a_margin():
    random = np.random.default_rng(1)
    shares = np.column_stack([random.normal(0.5, 0.03, 1000), random.random(1000)])
    low, high = region(shares)
    assert 0.3 < low[0] < 0.42
    assert 0.58 < high[0] < 0.7
    assert (low[1], high[1]) == (0.0, 1.0)


# --- parameters ---------------------------------------------------------------------------------------------------------


def test_parts_with_different_values_keep_their_proportions():
    firm = small_firm()
    one = parameter(firm, "error_rate")
    assert one.before == pytest.approx(0.05)
    assert (one.factor.low, one.factor.high) == pytest.approx((0.025, 0.075))
    there = applied(firm, [one], [0.025])
    assert there.value("error_rate", "Desk") == pytest.approx(0.01)
    assert there.value("error_rate", "Works") == pytest.approx(0.04)
    assert firm.value("error_rate", "Desk") == 0.02


def test_a_log_uniform_prior_has_equal_ratios_and_knows_where_the_firm_stands():
    one = parameter(small_firm(), "churn@Public=0.05..0.8,log")
    assert at([one], np.array([[0.0], [0.5], [1.0]]))[:, 0] == pytest.approx([0.05, 0.2, 0.8])
    assert shares_before([one])[0] == pytest.approx(np.log(one.before / 0.05) / np.log(16))
    assert one.prior == "log-uniform, 0.05 to 0.8"


@pytest.mark.parametrize(
    "text", ["error-rates", "churn@Nobody", "churn=0.3..0.1", "churn=0.1|0.2", "luck", "churn=-3..9"]
)
def test_parameters_that_cannot_be_fitted_are_refused(text):
    with pytest.raises(InputError):
        parameter(small_firm(), text)


def test_two_parameters_for_the_same_lever_in_the_same_place_are_refused():
    firm = small_firm()
    with pytest.raises(InputError, match="same lever in the same place"):
        check_apart([parameter(firm, "error_rate"), parameter(firm, "error_rate@Desk")])


# --- targets ------------------------------------------------------------------------------------------------------------


def test_typed_figures_are_read_with_part_and_error():
    found = typed(
        small_firm(), ["retention=88", "net_promoter_score@Public=-12±3.5", "resolution-median@Desk=0.4+-0.05"]
    )
    assert [one.figure.name for one in found.items] == [
        "retention", "net_promoter_score@Public", "resolution_median@Desk"
    ]  # fmt: skip
    assert [one.error for one in found.items] == [0.0, 3.5, 0.05]
    assert found.values[2] == pytest.approx(np.log(0.4))
    assert np.sqrt(found.covariance[2, 2]) == pytest.approx(0.125)  # a ratio
    assert shown(compared(np.array([[88, -12, 0.4]]), found.figures), found.figures)[0] == pytest.approx([88, -12, 0.4])


@pytest.mark.parametrize(
    "text",
    ["retention", "retention=much", "retentoin=88", "retention=120", "turnover@Desk=3", "resolution_median=0", "strain=5±-1",
     "internal_satisfaction@Desk:Works=60", "resolution_median@Works=1", "retention=nan"],
)  # fmt: skip
def test_typed_figures_that_cannot_be_used_are_refused(text):
    with pytest.raises(InputError):
        typed(small_firm(), [text])


def test_a_figure_typed_by_hand_takes_the_place_of_the_one_from_a_file():
    firm = small_firm()
    both = typed(firm, ["retention=88", "motivation=60±2"]).joined(typed(firm, ["retention=80±1"]))
    assert {one.figure.name: one.value for one in both.items} == {"motivation": 60, "retention": 80}
    assert np.diag(both.covariance) == pytest.approx([4, 1])
    assert NONE.joined(both).items == both.items


def test_a_survey_gives_levels_with_the_errors_of_its_size_and_small_groups_stay_untold(tmp_path):
    chain = twelve_departments()
    people = {("IT", "Sales"): 40, ("IT", "Branches"): 3, ("IT", "Service Desk"): 4, ("Finance", "Sales"): 4}
    path = staff_survey(tmp_path / "staff.csv", chain, dict.fromkeys(people, 0.6), people)
    found = gather.of_staff(path, chain, clients.Reading()).targets
    names = [one.figure.name for one in found.items]
    assert "internal_satisfaction@IT:Sales" in names
    assert not any(name.startswith("internal_satisfaction@Finance") for name in names)  # four people
    pool = [one for one in found.items if "|" in one.figure.name]
    assert len(pool) == 1  # 3 and 4 people together stand for every client of IT without a figure of its own
    assert "IT:Finance" in str(pool[0].figure.where)
    alone = found.items[names.index("internal_satisfaction@IT:Sales")]
    assert alone.value == pytest.approx(60, abs=6)
    assert alone.error == pytest.approx(20 / np.sqrt(40), rel=0.3)
    with pytest.raises(InputError, match="enough answers"):
        gather.of_staff(path, chain, clients.Reading(), smallest=50)


def test_errors_of_satisfaction_and_net_score_of_the_same_customers_go_together(tmp_path):
    random = np.random.default_rng(3)
    mood = random.normal(size=300)
    rows = [("Public", int(np.clip(round(3 + one), 1, 5)), int(np.clip(round(6 + 2.5 * one), 0, 10))) for one in mood]
    path = write_csv(tmp_path / "customers.csv", ("segment", "csat", "nps"), rows)
    found = gather.of_customers(path, small_firm(), clients.Reading()).targets
    assert [one.figure.measure for one in found.items] == ["external_satisfaction", "net_promoter_score"]
    errors = np.sqrt(np.diag(found.covariance))
    assert errors == pytest.approx([one.error for one in found.items])
    assert found.covariance[0, 1] / errors.prod() > 0.7


def test_tickets_give_times_and_shares_and_their_errors_count_only_beyond_the_luck_of_a_run(tmp_path):
    path = made_up_tickets.write(tmp_path / "log.csv", made_up_tickets.event_rows(made_up_tickets.tickets(600)))
    log = read_log(path)
    chain = ServiceChain(name="Help")
    for team in made_up_tickets.TEAMS:
        chain.add_department(team, staff=5)
    chain.add_segment("Callers", customers=1000, needs_per_year=3.75)  # 15 a day, as in the log
    chain.add_link("Service Desk", "Callers", requests_per_case=1.0)
    for team in made_up_tickets.TEAMS[1:]:
        chain.add_link(team, "Service Desk", passed_on=0.2, requests_per_case=0.0)
    found = gather.of_tickets(log, chain.check(), days=40).targets
    values = {one.figure.name: one.value for one in found.items}
    assert values["reassigned"] == pytest.approx(40, abs=5)
    assert values["reopened"] == pytest.approx(6, abs=3)
    assert 0.1 < values["resolution_median"] < 1.0
    assert np.abs(found.covariance).max() < 1e-9
    assert all(one.error > 0 for one in found.items)
    short = gather.of_tickets(log, chain, days=400).targets  # the log is a tenth of what the runs hold
    errors = np.array([one.error / (one.value if one.figure.ratio else 1) for one in short.items])
    assert np.sqrt(np.diag(short.covariance)) == pytest.approx(errors * np.sqrt(0.9), rel=0.02)
    early, late = held.split(log, 0.7)
    assert (len(early.cases), len(late.cases)) == (420, 180)
    assert early.cases["opened"].max() <= late.cases["opened"].min()


def test_requests_that_teams_make_of_each_other_are_no_tickets_of_customers(tmp_path):
    firm = organisation.load("software_firm")
    simulate_tickets(firm, tmp_path / "log.csv", days=6, seed=1, warm_up=5)
    log = read_log(tmp_path / "log.csv")
    assert len(log.outer.cases) < 0.7 * len(log.cases)
    found, outer = (gather.of_tickets(one, firm, days=6).targets for one in (log, log.outer))
    assert found.items == outer.items
    assert all(one.source == f"{len(log.outer.cases):,} tickets" for one in found.items)


# --- the real model -----------------------------------------------------------------------------------------------------


def test_figures_of_parts_add_up_to_those_of_the_firm():
    firm = small_firm()
    names = ["external_satisfaction", "external_satisfaction@Public", "net_promoter_score", "net_promoter_score@Public",
             "internal_satisfaction", "internal_satisfaction@Works:Desk", "resolution_mean", "resolution_mean@Desk", "wait",
             "turnover", "quits_per_year", "cases_per_day"]  # fmt: skip
    firms = Firms(firm, (parameter(firm, "churn"),), tuple(figure(firm, name) for name in names), 20, 40)
    found = shown(firms.run(np.array([[0.5]]), [3]), firms.figures)[0]
    one = dict(zip(names, found, strict=True))
    for name, part in (("external_satisfaction", "Public"), ("net_promoter_score", "Public"),
                       ("internal_satisfaction", "Works:Desk"), ("resolution_mean", "Desk")):  # fmt: skip
        assert one[name] == pytest.approx(one[f"{name}@{part}"], rel=1e-3)
    assert one["quits_per_year"] == pytest.approx(one["turnover"] * 12 / 100)
    assert one["cases_per_day"] == pytest.approx(800 * 6 / 250, rel=0.2)


def test_the_same_seed_gives_the_same_answer_whatever_the_number_of_threads():
    firm = small_firm()
    options = {"runs": 60, "checks": 20, "warm_up": 5, "days": 20, "seed": 4}
    one, other = (
        calibrate(firm, typed(firm, ["retention=85±3"]), [parameter(firm, "churn")], workers=workers, **options)
        for workers in (1, 3)
    )
    assert np.array_equal(one.draws.shares, other.draws.shares)
    assert np.array_equal(one.checks, other.checks)


def test_nothing_to_fit_or_to_fit_to_is_refused():
    firm = small_firm()
    with pytest.raises(InputError, match="nothing to fit to"):
        calibrate(firm, NONE, [parameter(firm, "churn")])
    with pytest.raises(InputError, match="nothing to fit"):
        calibrate(firm, typed(firm, ["retention=85"]), [])
    with pytest.raises(InputError, match="too few runs"):
        calibrate(firm, typed(firm, ["retention=85"]), [parameter(firm, "churn")], runs=10)


def test_luck_with_heavy_tails_is_told_from_normal_luck():
    random = np.random.default_rng(5)
    shares = sobol(2000, 1, 1)
    normal = random.normal(size=(2000, 4))
    heavy = normal / np.sqrt(random.chisquare(7, size=(2000, 1)) / 7)
    assert learn(shares, normal).freedom > 40
    assert 5 <= learn(shares, heavy).freedom < 14


def test_a_likelihood_is_the_density_of_the_figures():
    from scipy import stats

    shares, values = table(np.array([[8.0, 3.0]]), np.array([0.8, 0.6]))
    learnt = learn(shares, values)
    targets = plain_targets(np.array([4.0, 1.2]), np.array([0.3, 0.4]))
    point = np.array([[0.45]])
    mean, spread, error = learnt.predict(point)
    luck = np.outer(spread[0], spread[0]) + np.outer(error[0], error[0])
    whole = luck * learnt.correlation + targets.covariance
    free = learnt.freedom
    density = stats.multivariate_t(mean[0], whole * (free - 2) / free, df=free)
    of = log_likelihood(learnt, targets.values, targets.covariance)
    other = np.array([[0.6]])
    mean_, spread, error = learnt.predict(other)
    whole = (np.outer(spread[0], spread[0]) + np.outer(error[0], error[0])) * learnt.correlation + targets.covariance
    there = stats.multivariate_t(mean_[0], whole * (free - 2) / free, df=free)
    seen = [4.0, 1.2]
    assert of(point)[0] - of(other)[0] == pytest.approx(density.logpdf(seen) - there.logpdf(seen))


@pytest.mark.slow
def test_known_parameters_are_recovered_from_figures_of_a_bundled_organisation():
    chain = organisation.load("software_firm")
    both = tuple(parameter(chain, one) for one in ("hours_per_request", "churn", "quit_rate"))
    figures = recovery.usual_figures(chain)
    firms = Firms(chain, both, tuple(figures), 60, 60)
    found = recovery.recover(firms, clients=40, runs=300)
    rows = found.table().set_index("parameter")
    # 40 firms: a binomial interval about the nominal coverage, wide enough to be missed once in a thousand
    assert (rows["coverage_95"] >= 0.8).all()
    assert (rows["coverage_50"].between(0.25, 0.75)).all()
    assert (rows.loc[["hours_per_request", "churn"], "narrowed_to"] < 0.6).all()
    assert (rows.loc[["hours_per_request", "churn"], "correlation"] > 0.8).all()
    assert rows.loc["quit_rate", "narrowed_to"] > 0.6  # sixty days of a small firm hardly tell how fast people quit


@pytest.mark.slow
def test_screening_finds_the_lever_that_a_figure_hangs_on():
    chain = organisation.load("software_firm")
    found = screening.screen(chain, typed(chain, ["retention=80"]), warm_up=30, days=60, tail=5)
    assert "churn" in set(found.table.head(6)["parameter"])
    assert len(found.chosen) == 1  # one figure, one lever
