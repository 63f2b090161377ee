"""The model as a Mesa user drives it, on every supported Mesa."""

import copy
import pickle

import mesa
import numpy as np
import pytest
from mesa.batchrunner import batch_run

from sim.agents import Contractor, Customer, Department, Employee, Manager, ServiceAgent
from sim.chain import ServiceChain
from sim.model import ServiceModel
from tests.claims.paired import run, same_run, small_firm

MESA = tuple(int(part) for part in mesa.__version__.split(".")[:2])


@pytest.fixture
def chain() -> ServiceChain:
    firm = small_firm(customers=60, churn=0.5, new_customers=1.0)
    firm.add_contractor("Field", staff=2, managers=2)
    firm.add_link("Field", "Back", requests_per_case=0.2)
    return firm.check()


@pytest.fixture
def model(chain) -> ServiceModel:
    return ServiceModel(chain, seed=3)


def stepped(model, days):
    for _ in range(days):
        model.step()
    return model


# --- steps --------------------


def test_it_is_a_mesa_model_and_a_step_is_a_working_day(model):
    assert isinstance(model, mesa.Model)
    stepped(model, 3)
    assert model.steps == model.day == 3
    assert model.running


def test_stepping_and_running_give_the_same_numbers(chain):
    assert same_run(stepped(ServiceModel(chain, seed=3), 20), run(chain, 3, 20))


def test_steps_and_runs_can_be_mixed(chain):
    model = ServiceModel(chain, seed=3)
    stepped(model, 5).run(10)
    stepped(model, 5)
    assert model.steps == model.day == 20
    assert same_run(model, run(chain, 3, 20))


def test_a_branch_steps_by_itself(model):
    stepped(model, 5)
    twin = model.branch()
    stepped(twin, 3)
    assert (model.day, model.steps, twin.day, twin.steps) == (5, 5, 8, 8)
    assert same_run(stepped(model, 3), twin)
    assert twin.agents is not model.agents
    assert all(agent.model is twin for agent in twin.agents)


def test_the_chain_is_a_networkx_graph_of_which_the_model_keeps_its_own_copy_of_nothing(model, chain):
    import networkx as nx

    assert model.chain is chain
    assert isinstance(model.chain, nx.DiGraph)
    assert nx.has_path(model.chain, "Field", "Customers")


# --- agents --------------------


def test_agents_of_every_kind_can_be_asked_for(model, chain):
    counts = {kind: len(model.agents_by_type[kind]) for kind in (Department, Contractor, Employee, Manager, Customer)}
    assert counts == {Department: 3, Contractor: 1, Employee: 14, Manager: 5, Customer: 60}
    assert len(model.agents) == sum(counts.values())
    assert set(model.agent_types) == set(counts)
    assert [one.name for one in model.agents_by_type[Department]] == ["Back", "Front", "Middle"]
    assert {one.department for one in model.agents_by_type[Manager]} == set(chain.units)


def test_customers_become_agents_only_when_asked_for(model):
    assert not any(isinstance(agent, Customer) for agent in model.agents)
    assert len(model.agents_by_type[Customer]) == 60
    assert sum(isinstance(agent, Customer) for agent in model.agents) == 60


def test_a_firm_without_customers_has_an_empty_set_of_them():
    firm = ServiceChain()
    firm.add_department("Front", staff=1)
    firm.add_segment("Nobody", customers=0)
    firm.add_link("Front", "Nobody")
    model = ServiceModel(firm.check(), seed=1)
    assert len(model.agents_by_type[Customer]) == 0
    model.step()
    assert len(model.agents_by_type[Customer]) == 0
    assert np.isnan(model.external_satisfaction)


def test_agent_sets_select_group_aggregate_and_do(model):
    stepped(model, 10)
    staff = model.agents_by_type[Employee]
    able = staff.select(lambda one: one.knowledge > 0.7)
    assert 0 < len(able) < len(staff)
    assert staff.agg("motivation", np.mean) == pytest.approx(model.state.employee["motivation"].mean())
    by_unit = staff.groupby("department").agg("served", sum)
    assert by_unit["Front"] == model.state.unit_day[:10]["served"][:, model.chain.units.index("Front")].sum()
    staff.do(lambda one: setattr(one, "knowledge", 1.0))
    assert (model.state.employee["knowledge"] == 1.0).all()
    assert staff.get("knowledge") == [1.0] * 14
    assert len(model.agents.select(agent_type=Employee)) == 14


def test_setting_an_attribute_writes_the_models_array_and_changes_what_follows(chain):
    one, two = run(chain, 3, 5), run(chain, 3, 5)
    for department in two.agents_by_type[Department]:
        department.error_rate = 0.5
    assert two.state.unit["error_rate"].tolist().count(0.5) == 3
    assert two.run(40).external_satisfaction < one.run(40).external_satisfaction


def test_an_agent_reads_what_the_array_says(model):
    stepped(model, 20)
    for index, one in enumerate(model.agents_by_type[Employee]):
        row = model.state.employee[index]
        assert (one.knowledge, one.served, one.unit) == (row["knowledge"], row["served"], row["unit"])
    front = next(one for one in model.agents_by_type[Department] if one.name == "Front")
    assert list(front.employees) == [one for one in model.agents_by_type[Employee] if one.department == "Front"]
    assert list(next(iter(front.employees)).satisfaction_with) == ["Middle"]
    assert front.staff == 4
    assert np.isnan(front.internal_satisfaction)  # it serves nobody inside
    assert 0 < front.service_received < 1
    field = next(iter(model.agents_by_type[Contractor]))
    assert 0 < field.internal_satisfaction < 1
    assert np.isnan(field.service_received)
    assert "Field" in repr(field)


def test_customers_who_come_and_go_come_and_go_as_agents(model):
    seen = {agent.key: agent for agent in model.agents_by_type[Customer]}
    first = set(seen)
    for _ in range(60):
        model.step()
        now = model.agents_by_type[Customer]
        assert len(now) == model.customers
        assert all(agent.row["active"] == 1 for agent in now)
        for agent in now:  # the same person is the same agent
            assert seen.setdefault(agent.key, agent) is agent
    there = {agent.key for agent in model.agents_by_type[Customer]}
    assert first - there, "nobody left"
    assert there - first, "nobody came"


def test_a_customer_keeps_its_key_in_paired_runs(chain):
    keys = [[one.key for one in ServiceModel(chain, seed=seed).agents_by_type[Customer]] for seed in (1, 2)]
    assert keys[0] == keys[1]
    assert len(set(keys[0])) == 60


def test_looking_at_agents_changes_nothing(chain):
    model = ServiceModel(chain, seed=3)
    for _ in range(20):
        assert len(model.agents_by_type[Customer].select(lambda one: one.satisfaction > 0.5)) > 0
        model.agents.get("unique_id")
        model.step()
    assert same_run(model, run(chain, 3, 20))


def test_removing_an_agent_removes_the_view_not_the_person(chain):
    """Who works here is the organisation's business: an agent that is removed is only no longer looked at."""
    model = ServiceModel(chain, seed=3)
    gone = next(iter(model.agents_by_type[Employee]))
    gone.remove()
    leaver = next(iter(model.agents_by_type[Customer]))
    leaver.remove()
    assert gone not in model.agents
    assert len(model.agents_by_type[Employee]) == 13
    assert same_run(stepped(model, 40), run(chain, 3, 40))
    assert leaver not in model.agents


# --- a user's own agents --------------------


class Diary(mesa.Agent):
    """Writes down the day and how many requests there have been when it is called."""

    def __init__(self, model):
        super().__init__(model)
        self.days = []

    def step(self):
        self.days.append((self.model.day, int(self.model.state.clock[0]["opened_ever"])))


class MorningDiary(Diary):
    """The same before the day's work."""

    joins = "morning"


class Coach(mesa.Agent):
    """Trains the unit that knows least, each morning."""

    joins = "morning"

    def step(self):
        units = self.model.agents_by_type[Department]
        units.do(lambda one: setattr(one, "training", 0.02))
        min(units, key=lambda one: one.mean_knowledge).training = 0.3


def test_a_users_own_agent_joins_the_day_in_the_morning_or_the_evening(model):
    early, late = MorningDiary(model), Diary(model)
    stepped(model, 5).run(2)
    assert [day for day, _ in early.days] == [0, 1, 2, 3, 4, 5, 6]
    assert [day for day, _ in late.days] == [1, 2, 3, 4, 5, 6, 7]
    assert [count for _, count in early.days[1:]] == [count for _, count in late.days[:-1]]
    assert early in model.agents
    assert list(model.agents_by_type[Diary]) == [late]
    late.remove()
    stepped(model, 1)
    assert len(late.days) == 7


def test_a_diary_changes_nothing_and_a_coach_does(chain):
    plain = run(chain, 3, 60)
    kept = ServiceModel(chain, seed=3)
    Diary(kept)
    assert same_run(plain, kept.run(60))
    coached = ServiceModel(chain, seed=3)
    Coach(coached)
    coached.run(60)
    assert coached.state.employee["knowledge"].mean() > plain.state.employee["knowledge"].mean()


# --- data collector --------------------


def test_the_models_own_data_collector_holds_a_row_a_step(model):
    table = stepped(model, 5).datacollector.get_model_vars_dataframe()
    assert list(table.columns) == ["external_satisfaction", "internal_satisfaction", "net_promoter_score", "customers"]
    assert len(table) == 5
    assert table["external_satisfaction"].iloc[-1] == model.external_satisfaction
    assert table["customers"].iloc[-1] == model.customers


def queue_length(model):
    return int(model.state.unit["queued"].sum())


def workload(agent):
    return agent.busy_days


def test_a_users_data_collector_takes_attributes_and_functions(model):
    model.datacollector = mesa.DataCollector(
        model_reporters={"nps": "net_promoter_score", "queued": queue_length},
        agenttype_reporters={Employee: {"motivation": "motivation", "load": workload}, Customer: {"trust": "trust"}},
    )
    stepped(model, 4)
    assert list(model.datacollector.get_model_vars_dataframe()) == ["nps", "queued"]
    staff = model.datacollector.get_agenttype_vars_dataframe(Employee)
    assert len(staff) == 4 * 14
    assert (staff.groupby("Step")["load"].sum().diff().dropna() > 0).all()
    people = model.datacollector.get_agenttype_vars_dataframe(Customer)
    assert len(people) >= 4 * 50
    assert people["trust"].between(0, 1).all()


def test_agent_reporters_over_all_agents(model):
    model.datacollector = mesa.DataCollector(agent_reporters={"kind": "population", "row": "index"})
    table = stepped(model, 2).datacollector.get_agent_vars_dataframe()
    assert set(table["kind"]) == {"unit", "employee", "manager"}
    assert len(table) == 2 * (4 + 14 + 5)


# --- copies --------------------

MOMENTS = {
    "before anything": lambda model: None,
    "with agents": lambda model: (model.agents, model.agents_by_type[Customer]),
    "in the middle of a run": lambda model: stepped(model, 15),
    "in the middle of a run with agents": lambda model: (
        model.agents_by_type[Customer], stepped(model, 15), MorningDiary(model)
    ),
}  # fmt: skip


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize(
    "copied", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))], ids=["deepcopy", "pickle"]
)
def test_a_copy_goes_on_as_the_model_does(model, moment, copied):
    MOMENTS[moment](model)
    before = model.day
    twin = copied(model)
    stepped(twin, 10)
    assert (model.day, twin.day) == (before, before + 10)
    assert twin.steps == twin.day
    stepped(model, 10)
    assert same_run(model, twin)
    assert model.external_satisfaction == twin.external_satisfaction
    assert [type(agent) for agent in twin.agents] == [type(agent) for agent in model.agents]
    assert all(agent.model is twin for agent in twin.agents)
    assert len(twin.agents_by_type[Customer]) == twin.customers
    assert len(twin.datacollector.get_model_vars_dataframe()) == twin.day
    for agent in twin.agents:
        if not isinstance(agent, ServiceAgent):
            assert [day for day, _ in agent.days] == list(range(before, before + 10))


# --- batch runs --------------------


def batch(processes, chain, days=4):
    """Run a batch as this Mesa wants it: 3.3 takes seeds as a parameter and runs one step more than it says."""
    parameters = {"chain": [chain], "training": [0.0, 0.3]}
    more = {"rng": [1, 2]} if MESA >= (3, 5) else {}
    if MESA < (3, 5):
        parameters["seed"] = [1, 2]
    return batch_run(
        ServiceModel, parameters, number_processes=processes, max_steps=days, data_collection_period=-1,
        display_progress=False, **more,
    )  # fmt: skip


def check_batch(rows, chain, days=4):
    assert len(rows) == 4
    ran = days if MESA >= (3, 5) else days + 1
    for row in rows:
        alone = ServiceModel(chain, seed=row["seed"], training=row["training"]).run(ran)
        assert row["external_satisfaction"] == alone.external_satisfaction
        assert row["customers"] == alone.customers
    assert len({(row["seed"], row["training"]) for row in rows}) == 4


def test_mesas_batch_run_works(chain):
    check_batch(batch(1, chain), chain)


@pytest.mark.slow
def test_mesas_batch_run_works_with_two_processes(chain):
    check_batch(batch(2, chain), chain)


def test_batch_run_takes_a_bundled_organisation_by_name():
    rows = batch_run(ServiceModel, {"chain": "software_firm", "training": 0.1}, max_steps=2, display_progress=False)
    assert rows[0]["chain"] == "software_firm"
    assert rows[0]["customers"] > 0
