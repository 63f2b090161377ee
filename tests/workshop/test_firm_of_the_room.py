"""The room's own firm: from who is there and who serves whom to a chain that can be run."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim import organisation
from sim.errors import InputError
from sim.model import ServiceModel
from sim.workshop.firm import ASKING, UTILISATION, Department, firm_of

NAMES = ["Sales", "IT", "Human Resources", "Billing", "Care", "人事", "a:b"]


@st.composite
def rooms(draw):
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=6, unique=True))
    return [
        Department(
            name,
            suppliers=tuple(draw(st.lists(st.sampled_from(names), max_size=3, unique=True))),
            clients=tuple(draw(st.lists(st.sampled_from(names), max_size=3, unique=True))),
            staff=draw(st.none() | st.integers(1, 40)),
            faces_customers=draw(st.booleans()),
            contractor=draw(st.booleans()),
        )
        for name in names
    ]


@given(rooms())
@settings(max_examples=60, deadline=None)
def test_whatever_a_room_says_can_be_run_and_everybody_is_equally_busy(departments):
    chain = firm_of(departments)
    assert chain.units == sorted(one.name for one in departments)
    for load in chain.utilisation().values():
        assert load == pytest.approx(UTILISATION, rel=0.1)  # onboarding and the like come on top
    said = {(supplier, one.name) for one in departments for supplier in one.suppliers if supplier != one.name}
    said |= {(one.name, client) for one in departments for client in one.clients if client != one.name}
    assert said <= set(chain.links)
    for unit in chain.units:
        assert sum(chain.value("requests_per_case", s, unit) for s in chain.predecessors(unit)) <= ASKING + 0.1


@given(rooms())
@settings(max_examples=3, deadline=None)
def test_the_room_s_firm_lives(departments):
    model = ServiceModel(firm_of(departments), seed=1).run(10)
    assert 0 < model.external_satisfaction < 100


def test_a_room_that_changes_nothing_has_the_organisation_that_it_began_with():
    base = organisation.load("energy_distributor")
    same = firm_of([Department(unit, known_as=unit) for unit in base.units], base)
    assert same.to_node_link() == base.to_node_link()


def test_departments_can_be_left_out_renamed_resized_and_added():
    base = organisation.load("energy_distributor")
    kept = [unit for unit in base.units if unit not in ("IT", "Billing")]
    departments = [Department(unit, known_as=unit, staff=50 if unit == "Finance" else None) for unit in kept]
    departments[kept.index("Legal")] = Department("Law", known_as="Legal")
    departments.append(Department("Field Support", suppliers=("Dispatch",), clients=("Line Works",), staff=4))
    chain = firm_of(departments, base)
    assert "IT" not in chain
    assert "Legal" not in chain
    assert chain.nodes["Law"]["staff"] == base.nodes["Legal"]["staff"]
    assert chain.nodes["Finance"]["staff"] == 50
    assert {("Dispatch", "Field Support"), ("Field Support", "Line Works")} <= set(chain.links)
    ServiceModel(chain, seed=1).run(3)


def test_two_departments_can_swap_names():
    base = organisation.load("energy_distributor")
    names = {"IT": "Legal", "Legal": "IT"}
    chain = firm_of([Department(names.get(unit, unit), known_as=unit) for unit in base.units], base)
    assert chain.nodes["IT"]["staff"] == base.nodes["Legal"]["staff"]


def test_a_new_door_takes_customers_from_the_old_ones_and_makes_no_new_needs():
    base = organisation.load("energy_distributor")
    departments = [Department(unit, known_as=unit) for unit in base.units]
    chain = firm_of([*departments, Department("Web Shop", faces_customers=True)], base)
    for segment in base.segments:
        before = sum(base.value("requests_per_case", s, segment) for s in base.predecessors(segment))
        after = sum(chain.value("requests_per_case", s, segment) for s in chain.predecessors(segment))
        doors = len(list(base.predecessors(segment)))
        assert after == pytest.approx(before * doors / (doors + 1) + 1 / (doors + 1))


@pytest.mark.parametrize(
    "departments", [[], [Department("IT"), Department("IT")]], ids=["nobody is there", "one name twice"]
)
def test_what_cannot_be_a_firm_is_refused(departments):
    with pytest.raises(InputError):
        firm_of(departments)
