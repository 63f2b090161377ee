"""Where the next euro should go: the design knows its answers, the weak supplier is found, confirmation is honest."""

from __future__ import annotations

import json

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from sim import designs, plots
from sim import weakest_link as weakest
from sim.chain import ServiceChain
from sim.errors import InputError
from sim.weakest_link import weakest_link
from tests.test_cli import service_culture, small  # noqa: F401  (a fixture)


def firm(weak: str | None = None, **everywhere: float) -> ServiceChain:
    """Two suppliers alike, of which one may be weak, behind one department that faces customers."""
    chain = ServiceChain()
    chain.add_department("Shop", staff=5, hours_per_request=0.4)
    for name in ("Kitchen", "Store"):
        chain.add_department(name, staff=4, hours_per_request=0.4, error_rate=0.3 if name == weak else 0.03)
        chain.add_link(name, "Shop", requests_per_case=0.7, dependence=0.9)
    chain.add_segment("Buyers", customers=800, needs_per_year=12)
    chain.add_link("Shop", "Buyers")
    return chain.check().everywhere(everywhere)


SHORT = {"pairs": 32, "warm_up": 30, "days": 60, "confirm": 2, "runs": 12}


@pytest.fixture(scope="module")
def found():
    return weakest_link(firm("Kitchen"), only=["error_rate"], **SHORT)


# --- the design --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", [4, 12, 20, 44, 60, 84, 380, 480])
def test_hadamard_matrices_are_orthogonal(order):
    matrix = designs.hadamard(order)
    assert (matrix.T @ matrix == order * np.eye(order)).all()
    assert (matrix[:, 0] == 1).all()
    assert set(np.unique(matrix)) == {-1, 1}


def test_there_is_no_matrix_for_an_order_that_paleys_construction_does_not_reach():
    assert not designs.is_paley(16)
    with pytest.raises(ValueError, match="order 16"):
        designs.hadamard(16)


def test_a_design_has_room_for_everything_and_columns_to_spare():
    for things in (1, 7, 100, 349):
        design = designs.screening(things, seed=3)
        assert design.shape[1] == things
        assert len(design) > things + designs.SPARE
        assert (design.T @ design == len(design) * np.eye(things)).all()
        assert (np.abs(design.sum(axis=0)) == 0).all()


def answers(design, response):
    """Run a response with both signs and return what the design makes of it."""
    return designs.effects(design, response(design) - response(-design))


def test_effects_of_a_straight_line_are_found_exactly():
    slopes = np.linspace(-2, 3, 17)
    found = answers(designs.screening(17, seed=5), lambda x: 40 + x @ slopes / 2)
    assert found.means == pytest.approx(slopes)
    assert found.error == pytest.approx(0, abs=1e-12)


def test_interactions_of_two_leave_main_effects_clear():
    chance = np.random.default_rng(1)
    slopes, pairs = chance.normal(size=17), chance.normal(size=(17, 17))
    found = answers(
        designs.screening(17, seed=5), lambda x: 40 + x @ slopes / 2 + np.einsum("ri,ij,rj->r", x, pairs, x)
    )
    assert found.means == pytest.approx(slopes)


def test_intervals_hold_the_true_effect_as_often_as_they_say_also_of_sums():
    chance = np.random.default_rng(2)
    slopes = chance.normal(size=5)
    design = designs.screening(5, seed=5)
    one = both = 0
    for _ in range(600):
        found = designs.effects(design, design @ slopes + chance.normal(scale=3, size=len(design)))
        low_high = [found.estimate(2), found.estimate([1, 3])]
        one += low_high[0].low <= slopes[2] <= low_high[0].high
        both += low_high[1].low <= slopes[1] + slopes[3] <= low_high[1].high
    assert 0.92 < one / 600 < 0.98
    assert 0.92 < both / 600 < 0.98


# --- the weakest link --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("weak", ["Kitchen", "Store"])
def test_an_obviously_weak_supplier_comes_first_wherever_it_is(weak):
    found = weakest_link(firm(weak), only=["error_rate"], **SHORT)
    assert found.confirmed.iloc[0]["place"] == weak
    assert found.confirmed.iloc[0]["points_per_money_low"] > 0
    assert found.places.iloc[0]["place"] == weak
    assert found.screening.iloc[0]["place"] == weak


def test_what_nobody_can_feel_has_no_effect_at_all():
    # Nobody complains, so that nobody can be met with an apology.
    silent = firm(complain_share=0.0, escalate_share=0.0, latent_rate=0.0, accident_rate=0.0, overpromise=0.0)
    found = weakest_link(silent, only=["apology"], **SHORT)
    for table in (found.screening, found.confirmed):
        assert (table[["satisfaction", "satisfaction_low", "satisfaction_high", "worth"]] == 0).all(axis=None)
        assert (table["net_profit"] == -table["cost"]).all()


def test_the_number_of_threads_changes_nothing(found):
    again = weakest_link(firm("Kitchen"), only=["error_rate"], workers=1, **SHORT)
    for name, table in found.tables.items():
        pd.testing.assert_frame_equal(table, again.tables[name], check_exact=True)


def test_confirmation_runs_on_seeds_that_screening_has_not_seen(monkeypatch):
    seen = []

    class Recorded(weakest.ServiceModel):
        def __init__(self, chain, seed):
            seen.append(seed)
            super().__init__(chain, seed=seed)

    monkeypatch.setattr(weakest, "ServiceModel", Recorded)
    found = weakest_link(firm("Kitchen"), only=["error_rate"], seed=7, workers=1, **SHORT)
    rows = found.seeds["screening"]
    assert found.seeds == {"first": 7, "screening": rows, "confirmation": 12, "places": 4}
    assert seen == list(range(7, 7 + rows + 12 + 4))
    assert len(set(seen)) == len(seen)


def test_progress_counts_up_to_the_runs_announced():
    seen = []
    found = weakest_link(firm("Kitchen"), only=["error_rate"], progress=seen.append, **SHORT)
    assert seen == sorted(seen)
    assert seen[-1] == weakest.most_runs(found.candidates, SHORT["pairs"], SHORT["confirm"], SHORT["runs"])


def test_prices_move_the_ranking_and_not_the_effects(found):
    dear = weakest_link(firm("Kitchen"), only=["error_rate"], prices={"error_rate": 8000}, **SHORT)
    assert np.allclose(dear.screening["cost"], 10 * found.screening["cost"])
    assert (dear.screening["satisfaction"] == found.screening["satisfaction"]).all()
    assert set(dear.screening["cost_from"]) == {"user"}
    both = {"only": ["error_rate", "hours_per_request"], **SHORT, "confirm": 0}
    cheap_pace = weakest_link(firm("Kitchen"), prices={"hours_per_request": 0.001, "error_rate": 8000}, **both)
    cheap_care = weakest_link(firm("Kitchen"), prices={"hours_per_request": 8000, "error_rate": 0.001}, **both)

    def first(found):
        return found.screening.loc[found.screening["points_per_money"].idxmax(), "lever"]

    assert first(cheap_care) == "error_rate"
    assert first(cheap_pace) == "hours_per_request"


def test_figures_of_a_row_agree_with_each_other(found):
    for table in found.tables.values():
        cost = table["cost"]
        for end in ("", "_low", "_high"):
            assert np.allclose(table[f"worth{end}"], table[f"net_profit{end}"] + cost)
            assert np.allclose(table[f"points_per_money{end}"], 1e5 * table[f"satisfaction{end}"] / cost)
            assert np.allclose(table[f"profit_per_cost{end}"], table[f"net_profit{end}"] / cost)
        assert (table["satisfaction_low"] < table["satisfaction_high"]).all()


def test_in_screening_a_place_is_the_sum_of_what_is_done_there():
    found = weakest_link(firm("Kitchen"), only=["error_rate", "tools"], where="Kitchen", **SHORT | {"confirm": 0})
    assert len(found.places) == 1
    for figure in ("satisfaction", "net_profit", "cost", "worth"):
        assert found.places.loc[0, figure] == pytest.approx(found.screening[figure].sum())
    width = found.screening["satisfaction_high"] - found.screening["satisfaction"]
    assert found.places.loc[0, "satisfaction_high"] - found.places.loc[0, "satisfaction"] == pytest.approx(
        np.sqrt((width**2).sum())
    )
    assert set(found.levers["lever"]) == {"error_rate", "tools"}
    assert found.confirmed.empty


def test_those_that_cannot_be_told_from_none_come_last():
    table = pd.DataFrame({
        "points_per_money": [9.0, 2.0, 3.0, np.nan],
        "points_per_money_low": [-1.0, 1.0, 1.0, np.nan],
    })  # fmt: skip
    assert weakest.ranked(table)["points_per_money"].tolist()[:3] == [3.0, 2.0, 9.0]


def test_a_failing_run_ends_the_others_and_is_reported(monkeypatch):
    def fail(self, days):
        raise RuntimeError("broken")

    monkeypatch.setattr(weakest.ServiceModel, "run", fail)
    with pytest.raises(RuntimeError, match="broken"):
        weakest_link(firm(), only=["tools"], **SHORT)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"runs": 1}, "too few runs"),
        ({"days": 1}, "too few days"),
        ({"pairs": 0}, "too few pairs"),
        ({"only": ["tool"]}, "did you mean 'tools'"),
        ({"only": ["upset"]}, "nothing that management does"),
        ({"prices": {"training": 3}}, "hold already"),
        ({"where": "Shpo"}, "did you mean 'Shop'"),
    ],
)
def test_wrong_input_is_refused_before_anything_runs(wrong, message):
    with pytest.raises(InputError, match=message):
        weakest_link(firm(), **SHORT | wrong)


def test_a_firm_that_loses_all_customers_is_refused():
    chain = firm(churn=0.99, new_customers=0.0, error_rate=0.9)
    chain.nodes["Buyers"]["customers"] = 1
    with pytest.raises(InputError, match="no customer is left"):
        weakest_link(chain.check(), only=["tools"], **SHORT | {"days": 500})


# --- pictures and command line -----------------------------------------------------------------------------------------


def test_pictures_say_what_they_show(found):
    chain = " ".join(text.get_text() for text in plots.weakest_chain(found).findobj(match=plt.Text))
    for name in found.chain:
        assert name in chain
    assert "95 % interval" in chain
    assert "1  Kitchen" in chain
    forest = " ".join(text.get_text() for text in plots.forest(found).findobj(match=plt.Text))
    for part in ("Kitchen: error rate 0.3 → 0.27", "net profit", "12 paired runs"):
        assert part in forest
    plt.close("all")


QUICK = ("--pairs", "2", "--runs", "3", "--confirm", "1", "--days", "20", "--warm-up", "10")


@pytest.mark.slow
def test_the_command_writes_tables_pictures_and_a_manifest(small, tmp_path):  # noqa: F811
    out = tmp_path / "out"
    command = ("weakest-link", small, "--lever", "error-rate", "--lever", "training", "--out", out, *QUICK)
    done = service_culture(*command)
    assert done.returncode == 0, done.stderr
    assert "where the next EUR does most for customers" in done.stdout
    assert "weakest places" in done.stdout
    files = {"actions.csv", "screening.csv", "places.csv", "levers.csv", "chain.png", "actions.png", "manifest.json"}
    assert {path.name for path in out.iterdir()} == files
    manifest = json.loads((out / "manifest.json").read_text())
    assert manifest["inputs"]["lever"] == ["error_rate", "training"]
    assert service_culture(*command).returncode == 2  # results are not overwritten unasked
    again = service_culture(*command, "--overwrite", "--json", "--workers", "1")
    assert json.loads(again.stdout)["sha256"] == manifest["results"]["sha256"]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (("--lever", "erorr-rate"), "did you mean 'error_rate'"),
        (("--lever", "loss-aversion"), "nothing that management does"),
        (("--price", "tools"), "LEVER=PRICE"),
        (("--price", "tools=0"), "above 0"),
        (("--price", "tools=5", "--price", "tools=6"), "twice"),
        (("--lever", "training", "--without", "B1"), "switched off"),
    ],
)
def test_wrong_options_end_with_code_2_and_a_hint(small, wrong, message, tmp_path):  # noqa: F811
    done = service_culture("weakest-link", small, "--out", tmp_path / "none", *wrong)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "none").exists()


def test_prices_are_listed_with_what_they_are_counted_by():
    listed = json.loads(service_culture("weakest-link", "--prices", "--json").stdout)
    by_lever = {one["lever"]: one for one in listed}
    assert by_lever["training"]["booked"] is True
    assert by_lever["tools"]["price"] > 0
    assert by_lever["tools"]["per"] == "person"
