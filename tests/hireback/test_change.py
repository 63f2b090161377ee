"""G3: what a unit could change, by effect per unit of cost on what it keeps and on customers."""

from __future__ import annotations

import numpy as np
import pytest

from sim import actions, bills
from sim.chain import ServiceChain
from sim.errors import InputError
from sim.hireback import asis, change
from sim.hireback.market import Market
from sim.hireback.takeover import place_of
from sim.model import ServiceModel

SHORT = {"runs": 4, "warm_up": 60, "days": 60, "markets": 40, "confirm": 0}


def firm(**of_kitchen: float) -> ServiceChain:
    """A shop that faces customers and a kitchen behind it that may be anything."""
    chain = ServiceChain()
    chain.add_department("Shop", staff=6, hours_per_request=0.4)
    chain.add_department("Kitchen", **{"staff": 5, "hours_per_request": 0.4} | of_kitchen)
    chain.add_link("Kitchen", "Shop", requests_per_case=0.8, dependence=0.9)
    chain.add_segment("Buyers", customers=1500, needs_per_year=10)
    chain.add_link("Shop", "Buyers")
    return chain.check()


@pytest.fixture(scope="module")
def careless():
    return change.change(firm(error_rate=0.35), "Kitchen", only=["error_rate", "tools", "bonds", "pay"], **SHORT)


def test_the_step_that_mends_what_is_bad_comes_first(careless):
    first = careless.table.iloc[0]
    assert first["lever"] == "error_rate"
    assert first["share_low"] > 0
    assert careless.by_satisfaction.iloc[0]["lever"] == "error_rate"


def test_a_step_that_does_nothing_for_clients_costs_them_its_price(careless):
    pay = careless.table.set_index("lever").loc["pay"]
    assert pay["price"] == pytest.approx(1 + pay["cost"] / careless.cost)
    assert pay["share"] < 0.01


def test_bills_are_those_of_the_model(careless):
    chain = firm(error_rate=0.35)
    (step,) = actions.candidates(chain, only=["tools"], where="Kitchen")
    row = careless.table.set_index("lever").loc["tools"]
    assert row["cost"] == bills.bill(chain, step, actions.Volumes(), {}).total == pytest.approx(5 * 1000)
    assert row["cost_from"] == "guess"
    own = change.change(chain, "Kitchen", only=["tools"], prices={"tools": 10.0}, **SHORT).table.iloc[0]
    assert (own["cost"], own["cost_from"]) == (pytest.approx(50.0), "user")


def test_the_figures_are_paired_differences_to_the_firm_as_it_is():
    """Worked out by hand from the model's own branches, for one step and two seeds."""
    chain = firm(error_rate=0.35)
    found = change.change(chain, "Kitchen", only=["tools"], **SHORT | {"runs": 2})
    (step,) = actions.candidates(chain, only=["tools"], where="Kitchen")
    rows, row = asis.outbound(chain, "Kitchen"), chain.units.index("Kitchen")
    trials = change.Trials(chain, "Kitchen", Market(), runs=1, seed=1, warm_up=60, days=60, markets=40)
    costs, differences = [], []
    for seed in (1, 2):
        root = ServiceModel(chain, seed=seed).run(60)
        costs.append(place_of(root, row).cost)
    price = 1 + found.table.iloc[0]["cost"] / np.mean(costs)
    for seed in (1, 2):
        root = ServiceModel(chain, seed=seed).run(60)
        as_is, done = root.branch().run(60), root.branch()
        done.state.unit["tools"][row] = step.after
        done.run(60)
        kept = [
            asis.kept(model, trials.offers, warm_up=60, rows=rows, price=paid).of(rows).mean()
            for model, paid in ((as_is, 1.0), (done, price))
        ]
        differences.append(kept[1] - kept[0])
    assert found.table.iloc[0]["share"] == pytest.approx(np.mean(differences), rel=1e-9)


def test_the_best_are_told_from_fresh_seeds():
    found = change.change(
        firm(error_rate=0.35), "Kitchen", only=["error_rate", "tools", "bonds"], **SHORT | {"confirm": 1}
    )
    table = found.table.set_index("lever")
    assert table.loc["error_rate", "confirmed"]
    assert table.loc["error_rate", "share"] != table.loc["error_rate", "screened_share"]
    assert not table.loc["bonds", "confirmed"]
    assert table.loc["bonds", "share"] == table.loc["bonds", "screened_share"]


def test_the_number_of_threads_changes_nothing_and_every_run_is_counted():
    chain, only = firm(error_rate=0.35), ["error_rate", "tools"]
    ticks: list[int] = []
    one = change.change(chain, "Kitchen", only=only, workers=1, progress=ticks.append, **SHORT)
    three = change.change(chain, "Kitchen", only=only, workers=3, **SHORT)
    assert one.table.equals(three.table)
    assert len(ticks) == change.runs_needed(chain, "Kitchen", runs=4, confirm=0, only=only) == 12


def test_only_what_the_unit_can_do_itself_is_looked_at():
    found = change.change(firm(), "Kitchen", **SHORT | {"runs": 2})
    assert {place.split(" → ")[0] for place in found.table["place"]} == {"Kitchen"}


@pytest.mark.parametrize(
    ("unit", "numbers", "message"),
    [
        ("Kitchn", {}, "Kitchen"),
        ("Kitchen", {"runs": 1}, "too few runs"),
        ("Kitchen", {"days": 3}, "too few days"),
        ("Kitchen", {"only": ["gravity"]}, "gravity"),
        ("Kitchen", {"prices": {"tools": -1.0}}, "no price"),
        ("Kitchen", {"step": 0.0}, "steps cannot be of this size"),
    ],
)
def test_wrong_input_is_said_so(unit, numbers, message):
    with pytest.raises(InputError, match=message):
        change.change(firm(), unit, **SHORT | numbers)
