"""The model as a whole: books and returns, ties as a graph, open problems, and firms that are left alone."""

import networkx as nx
import numpy as np
import pytest

from experiments import left_alone
from sim import agents, measures, organisation
from sim.errors import InputError
from sim.interventions import Intervention
from sim.model import ServiceModel
from tests.claims.paired import small_firm


@pytest.fixture(scope="module")
def model():
    return ServiceModel("software_firm", seed=3).run(150)


def test_ties_are_a_graph_of_colleagues_within_and_across_teams(model):
    graph = model.bonds
    assert isinstance(graph, nx.Graph)
    assert graph.number_of_nodes() == len(model.state.employee)
    for one, other, tie in graph.edges(data=True):
        same_team = graph.nodes[one]["unit"] == graph.nodes[other]["unit"]
        assert (tie["link"] is None) == same_team
        assert 0 <= tie["strength"] <= 1
    large = [unit for unit in model.chain.units if model.chain.nodes[unit]["staff"] >= 5]
    for unit in large:
        team = [one for one, data in graph.nodes(data=True) if data["unit"] == unit]
        within = graph.subgraph(team)
        assert nx.is_connected(within)
        assert {degree for _, degree in within.degree()} == {4}


def test_gatherings_bind_the_teams_that_gather():
    chain = small_firm(customers=50)
    met = ServiceModel(chain, seed=1, interventions=[Intervention("gatherings", 50, "Middle:Front")]).run(100)
    across = {tie["link"]: [] for *_, tie in met.bonds.edges(data=True)}
    for *_, tie in met.bonds.edges(data=True):
        across[tie["link"]].append(tie["strength"])
    assert min(across["Middle", "Front"]) > 0.5
    assert max(across["Back", "Middle"]) == 0


def test_open_problems_are_listed_the_gravest_first():
    model = ServiceModel(small_firm(customers=50, problem_rate=60, voice_safety=0.1), seed=1).run(60)
    listed = measures.problems(model)
    assert len(listed) == (model.state.problem["status"] != 0).sum() > 3
    assert listed["severity"].is_monotonic_decreasing
    assert set(listed["unit"]) <= set(model.chain.units)
    assert listed["severity"].between(0, 100).all()
    assert (listed["age"] > 0).all()


def test_the_books_of_the_firm_add_up(model):
    books = measures.books(model)
    costs = books.drop(columns=["day", "revenue", "profit"]).sum(axis=1)
    assert np.allclose(books["profit"], books["revenue"] - costs)
    assert model.profit == pytest.approx(books["profit"].sum())
    assert measures.by_segment(model)["revenue"].sum() == pytest.approx(books["revenue"].sum())
    assert measures.by_unit(model)["cost"].sum() == pytest.approx(costs.sum())


def test_revenue_is_the_price_of_each_need_that_was_asked(model):
    assert measures.books(model)["revenue"].sum() == pytest.approx(
        sum(
            row["revenue_per_need"] * (days["needs"].sum() - days["left"].sum())
            for row, days in zip(model.state.segment, model.state.segment_day[: model.day].T, strict=True)
        )
    )
    customer = model.agents_by_type[agents.Customer][0]
    assert customer.revenue == customer.needs * model.state.segment[int(customer.row["segment"])]["revenue_per_need"]


def test_the_return_of_a_change_is_its_extra_profit_over_its_extra_cost():
    chain = small_firm(customers=50)
    as_is = ServiceModel(chain, seed=1).run(100)
    what_if = ServiceModel(chain, seed=1, interventions=[Intervention("wage", 90000, "Back")]).run(100)
    found = measures.returns(as_is, what_if)
    assert found["extra_cost"] == pytest.approx(4 * 45000 * 100 / 250, rel=0.05)  # but for a vacant post
    assert found["extra_revenue"] == 0
    assert found["return_on_cost"] == pytest.approx(-1)
    with pytest.raises(InputError, match="cannot be compared"):
        measures.returns(as_is, ServiceModel(chain, seed=2).run(100))


def test_managers_and_staff_show_what_the_whole_model_gives_them(model):
    manager = model.agents_by_type[agents.Manager][0]
    assert 0 <= manager.attention <= 1
    strained = model.agents_by_type[agents.Employee].agg("strain", np.mean)
    assert 0 < strained < 1
    contractor = model.agents_by_type[agents.Contractor][0]
    assert 0 <= contractor.committed <= 1


def test_a_firm_left_alone_is_summed_up_with_spread_and_drift():
    runs = left_alone.many(small_firm(customers=50), range(1, 4), years=2)
    assert runs.shape == (3, 2, len(left_alone.SHOWN))
    table = left_alone.table("small", {"as described": runs})
    assert table["figure"].tolist() == list(left_alone.SHOWN)
    assert (table["drift_as described_low"] <= table["drift_as described_high"]).all()


@pytest.mark.slow
@pytest.mark.parametrize("name", organisation.bundled())
def test_a_bundled_organisation_left_alone_for_five_years_neither_explodes_nor_dies(name):
    runs = left_alone.many(organisation.load(name), range(1, 21))
    of = dict(zip(left_alone.SHOWN, np.moveaxis(runs, 2, 0), strict=True))
    assert np.isfinite(runs).all()
    assert (abs(of["external_satisfaction"][:, -1] - of["external_satisfaction"][:, 0]) < 10).all()
    assert (of["customers"][:, -1] > 0.7 * of["customers"][:, 0]).all()
    assert (of["customers"][:, -1] < 1.5 * of["customers"][:, 0]).all()
    assert (of["strain"] < 25).all()
    assert (of["turnover"] < 40).all()
