"""Comparing scenarios: paired, the same whoever runs it, honest about money and about stopping early."""

from __future__ import annotations

import json
import os
import signal
import threading

import numpy as np
import pytest

from sim import compare as comparing
from sim import measures, plots, results, saving
from sim.chain import ServiceChain
from sim.compare import HORIZON, compare
from sim.errors import InputError
from sim.interventions import Intervention
from sim.model import ServiceModel
from sim.scenario import Scenario, Setting


def firm(**graph) -> ServiceChain:
    chain = ServiceChain(name="Shop and store", **graph)
    chain.add_department("Shop", staff=4, hours_per_request=0.5)
    chain.add_department("Store", staff=3, hours_per_request=0.5, error_rate=0.15)
    chain.add_segment("Buyers", customers=500, needs_per_year=15)
    chain.add_link("Shop", "Buyers")
    chain.add_link("Store", "Shop", requests_per_case=0.8, dependence=0.9)
    return chain.check()


@pytest.fixture(scope="module")
def as_is() -> Scenario:
    return Scenario("As it is", firm(), warm_up=40, days=60, runs=6)


@pytest.fixture(scope="module")
def found(as_is):
    return compare([
        as_is,
        as_is.what_if("Nothing", Intervention("error_rate", 0.15, "Store")),
        as_is.what_if("Better store", Intervention("error_rate", 0.02, "Store")),
        as_is.what_if("Dear training", Intervention("training", 0.2, start=10)),
    ])  # fmt: skip


def test_a_change_without_effect_changes_no_number_at_all(found):
    for measure in measures.MEASURES:
        assert (np.nan_to_num(found.change(measure.name, "Nothing")) == 0).all()
    assert not np.nan_to_num(found.difference_curve("profit_of_day", "Nothing")).any()
    assert found.parting("external_satisfaction", "Nothing") is None
    assert "Nothing" not in set(found.affected()["scenario"])
    assert found.money("Nothing").paid_back == 0


def test_a_better_supplier_pleases_customers_and_pays(found):
    assert found.difference("external_satisfaction", "Better store").low > 0
    assert found.difference("failures", "Better store").high < 0
    assert 1 <= found.parting("external_satisfaction", "Better store") <= 60
    assert found.difference("external_satisfaction", "As it is", than="Better store").high < 0


def test_a_run_is_the_one_that_the_model_makes_by_itself(found, as_is):
    model = ServiceModel(as_is.firm, seed=3, interventions=[Intervention("error_rate", 0.02, "Store", start=40)]).run(
        100
    )
    alone = measures.summary(model, 100 - found.window)
    mine = found.figures.query("scenario == 'Better store' and seed == 3").iloc[0]
    for measure in measures.MEASURES:
        assert np.array_equal(alone[measure.name], mine[measure.name], equal_nan=True)


def test_levers_of_a_scenario_hold_from_the_first_day_of_the_warm_up(as_is):
    other = as_is.what_if("Other firm", Setting("error_rate", 0.02, "Store"))
    found = compare([as_is, other], runs=2)
    alone = ServiceModel(other.firm, seed=1).run(100)
    assert (
        found.values("external_satisfaction", 1)[0]
        == measures.summary(alone, 100 - found.window)["external_satisfaction"]
    )


def test_days_of_interventions_count_from_the_end_of_the_warm_up(found):
    change = found.difference_curve("profit_of_day", "Dear training")
    assert not change[:, :10].any()
    assert (change[:, 10] < 0).all()


def test_money_adds_up(found):
    money = found.money("Dear training")
    assert money.cost.low > 0
    assert money.profit.mean == pytest.approx(money.revenue.mean - money.cost.mean)
    assert money.return_on_cost.mean == pytest.approx(money.profit.mean / money.cost.mean)
    assert money.payback.mean == 61  # not within the 60 days of the story
    assert money.paid_back == 0


def test_parts_of_the_firm_are_the_daily_tables_of_the_model(found, as_is):
    model = ServiceModel(as_is.firm, seed=2).run(100)
    table = measures.by_unit(model)
    mine = table[(table["unit"] == "Store") & (table["day"] > 40)]
    assert found.part("unit", "Store", "served", 0, HORIZON)[1] == pytest.approx(mine["served"].mean())
    assert found.total("unit", "served", 0, ["Store"])[1] == pytest.approx(mine["served"].sum())
    better = found.part_difference("link", "Store → Shop", "right", "Better store")
    assert better.low > 0
    with pytest.raises(InputError, match="did you mean 'Store'"):
        found.part("unit", "Stor", "served", 0)


def test_the_number_of_threads_changes_nothing(found, as_is):
    again = compare(found.scenarios, workers=1)
    assert again.figures.equals(found.figures)
    assert all(np.array_equal(again.curves[name], found.curves[name], equal_nan=True) for name in found.curves)


def test_stopping_early_needs_no_more_runs_than_the_precision_and_does_not_depend_on_threads(as_is):
    better = as_is.what_if("Better store", Intervention("error_rate", 0.02, "Store"))
    wide = compare([as_is, better], runs=40, precision=5.0)
    assert (wide.ended, len(wide.seeds)) == ("precise", comparing.LEAST_RUNS)
    first = wide.difference("external_satisfaction", 1)
    half = (first.high - first.low) / 2
    narrow = compare([as_is, better], runs=40, precision=0.8 * half)
    again = compare([as_is, better], runs=40, precision=0.8 * half, workers=1)
    assert narrow.ended == "precise"
    assert comparing.LEAST_RUNS < len(narrow.seeds) < 40
    assert narrow.seeds == again.seeds
    apart = narrow.difference("external_satisfaction", 1)
    assert (apart.high - apart.low) / 2 <= 0.8 * half
    assert compare([as_is, better], runs=11, precision=1e-9).ended == "all"


@pytest.mark.skipif(os.name == "nt", reason="Ctrl-C is sent as a POSIX signal")
def test_ctrl_c_leaves_the_runs_that_are_finished(as_is):
    better = as_is.what_if("Better store", Intervention("error_rate", 0.02, "Store"))
    enough = threading.Event()

    def tick(done):  # presses Ctrl-C once some runs have ended
        if done >= 12 and not enough.is_set():
            enough.set()
            os.kill(os.getpid(), signal.SIGINT)

    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # the workers of pytest-xdist ignore it
    try:
        found = compare([as_is, better], runs=400, progress=tick)
    finally:
        signal.signal(signal.SIGINT, before)
    assert found.ended == "stopped"
    assert 2 <= len(found.seeds) < 400
    assert found.asked == 400
    whole = compare([as_is, better], runs=max(found.seeds))
    kept = whole.figures[whole.figures["seed"].isin(found.seeds)].reset_index(drop=True)
    assert found.figures.equals(kept)


def test_firms_that_differ_in_who_is_there_can_be_compared(as_is):
    larger = firm()
    larger.add_department("Help", staff=2, hours_per_request=0.2)
    larger.add_link("Help", "Shop", requests_per_case=0.2)
    found = compare([as_is, Scenario("With help", larger, warm_up=40, days=60)], runs=2)
    assert found.parts["unit"].names == ("Shop", "Store")
    assert len(found.affected())


def test_scenarios_that_do_not_fit_together_are_refused(as_is):
    with pytest.raises(InputError, match="nothing to compare"):
        compare([as_is])
    with pytest.raises(InputError, match="one name"):
        compare([as_is, as_is])
    with pytest.raises(InputError, match="agree on days"):
        compare([as_is, as_is.lasting(days=30).what_if("Short")])
    with pytest.raises(InputError, match="did you mean"):
        compare([as_is, as_is.what_if("B")], precision=1, precise="external_satisfaktion")


def test_a_comparison_is_read_back_as_it_was_written_and_its_manifest_makes_it_again(found, tmp_path):
    with results.folder(tmp_path / "out") as draft:
        saving.save(draft, found, "csv", "compare")
    saved = saving.read(tmp_path / "out")
    assert saved.scenarios == list(found.scenarios)
    assert set(saved.tables) == {"comparison", "money", "affected", "over_time", "runs"}
    assert saved.tables["comparison"]["difference"].to_numpy() == pytest.approx(
        found.table()["difference"].to_numpy(), nan_ok=True
    )
    again = compare(saved.scenarios, runs=saved.manifest["inputs"]["runs"])
    with results.folder(tmp_path / "again") as draft:
        other = saving.save(draft, again, "csv", "compare")
    assert other["results"] == saved.manifest["results"]
    (tmp_path / "out" / "runs.csv").unlink()
    with pytest.raises(InputError, match="missing"):
        saving.read(tmp_path / "out")
    (tmp_path / "out" / "manifest.json").write_text(json.dumps({"inputs": []}))
    with pytest.raises(InputError, match="no manifest"):
        saving.read(tmp_path / "out")


def test_pictures_are_drawn_for_one_run_and_for_many_scenarios(found, as_is):
    others = [as_is.what_if(f"A scenario with a rather long name, number {number}") for number in range(8)]
    many = compare([as_is, *others], runs=1)
    for one in (found, many):
        for picture in (plots.differences(one), plots.unfolding(one)):
            assert len(picture.axes) >= 4
