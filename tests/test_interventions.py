"""Interventions: which rows they select, how strong they are on which day, how they are written, and their errors."""

import numpy as np
import pytest

from sim.chain import ServiceChain
from sim.errors import InputError
from sim.interventions import Intervention, parse, rows_of
from sim.model import ServiceModel


@pytest.fixture
def chain():
    firm = ServiceChain()
    for name in ("Sales", "Production", "IT: help desk"):
        firm.add_department(name, staff=2)
    firm.add_contractor("Courier", staff=2)
    for name in ("North", "South"):
        firm.add_segment(name, customers=20)
    for edge in (("Sales", "North"), ("Sales", "South"), ("Courier", "South"), ("Production", "Sales"),
                 ("IT: help desk", "Sales"), ("Courier", "Production")):  # fmt: skip
        firm.add_link(*edge)
    return firm.check()


def names(chain, lever, where):
    table = {"unit": chain.units, "segment": chain.segments, "link": chain.links, "firm": ["firm"]}
    from sim.levers import BY_NAME

    return [table[BY_NAME[lever].home][row] for row in rows_of(chain, lever, where)]


@pytest.mark.parametrize(
    ("lever", "where", "expected"),
    [
        ("loss_aversion", None, ["firm"]),
        ("training", None, ["Courier", "IT: help desk", "Production", "Sales"]),
        ("training", "Sales", ["Sales"]),
        ("training", "IT: help desk", ["IT: help desk"]),
        ("churn", "South", ["South"]),
        ("internal_service", "Courier", [("Courier", "Production"), ("Courier", "South")]),
        ("internal_service", "South", [("Courier", "South"), ("Sales", "South")]),
        ("internal_service", "Production:Sales", [("Production", "Sales")]),
        ("internal_service", " Production : Sales ", [("Production", "Sales")]),
    ],
)
def test_a_part_of_the_firm_selects_its_rows(chain, lever, where, expected):
    assert names(chain, lever, where) == expected


@pytest.mark.parametrize(
    ("lever", "where", "problem"),
    [
        ("training", "Slaes", "no such part"),
        ("training", "North", "cannot be set there"),
        ("loss_aversion", "Sales", "cannot be set there"),
        ("churn", "Sales", "cannot be set there"),
        ("training", "Production:Sales", "cannot be set there"),
        ("internal_service", "Sales:Production", "no such link"),
    ],
)
def test_a_place_where_a_lever_cannot_be_set_is_refused(chain, lever, where, problem):
    with pytest.raises(InputError, match=problem) as caught:
        ServiceModel(chain, seed=1, interventions=[Intervention(lever, 0.3 if lever != "loss_aversion" else 2, where)])
    assert caught.value.value == where
    assert caught.value.place == "where"
    assert caught.value.allowed


def test_a_misspelt_place_gets_the_nearest_one_as_a_hint(chain):
    with pytest.raises(InputError) as caught:
        rows_of(chain, "training", "Slaes")
    assert "Sales" in caught.value.hint


@pytest.mark.parametrize(
    ("given", "place", "value"),
    [
        ({"lever": "trainnig", "to": 0.1}, "intervention.lever", "trainnig"),
        ({"lever": "training", "to": 0.7}, "intervention on training: to", 0.7),
        ({"lever": "training", "to": float("nan")}, "intervention on training: to", None),
        ({"lever": "training", "to": 0.1, "start": -1}, "intervention on training: start", -1),
        ({"lever": "training", "to": 0.1, "ramp": -2}, "intervention on training: ramp", -2),
        ({"lever": "training", "to": 0.1, "start": 5, "end": 5}, "intervention on training: end", 5),
    ],
)
def test_an_impossible_intervention_is_refused_with_place_value_and_what_is_allowed(given, place, value):
    with pytest.raises(InputError) as caught:
        Intervention(**given)
    assert caught.value.place == place
    assert value is None or caught.value.value == value
    assert caught.value.allowed


def test_the_strength_of_an_intervention_follows_its_days():
    one = Intervention("training", 0.1, start=10, ramp=4, end=20)
    assert [one.strength(day) for day in (9, 10, 11, 12, 13, 14, 19, 20, 99)] == [0, 0.25, 0.5, 0.75, 1, 1, 1, 0, 0]
    assert [Intervention("training", 0.1, start=10).strength(day) for day in (9, 10, 500)] == [0, 1, 1]


def test_hyphens_are_as_good_as_underscores():
    assert Intervention("internal-service", 1).lever == "internal_service"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("training=0.1", Intervention("training", 0.1)),
        ("internal-service=1@Production:Sales", Intervention("internal_service", 1, "Production:Sales")),
        ("training=0.1@Sales,start=250,ramp=60,end=400", Intervention("training", 0.1, "Sales", 250, 60, 400)),
        ("training = 0.1 @ Sales , ramp = 60", Intervention("training", 0.1, "Sales", ramp=60)),
    ],
)
def test_an_intervention_can_be_written_in_one_line(text, expected):
    assert parse(text) == expected


@pytest.mark.parametrize(
    "text", ["", "training", "training=much", "training=0.1,when=3", "training=inf", "training=0.1,start=x"]
)
def test_a_line_that_is_no_intervention_is_refused_with_an_example(text):
    with pytest.raises(InputError, match="this is no intervention") as caught:
        parse(text)
    assert caught.value.value == text
    assert "training=0.1@Sales" in caught.value.hint


def test_interventions_on_one_lever_work_one_after_the_other(chain):
    model = ServiceModel(
        chain,
        seed=1,
        interventions=[Intervention("training", 0.2), Intervention("training", 0.4, "Sales", start=2, ramp=2)],
    )
    seen = [model.run(1).state.unit["training"][3] for _ in range(4)]
    assert np.allclose(seen, [0.2, 0.2, 0.3, 0.4])
    assert (model.state.unit["training"][:3] == 0.2).all()


def test_a_later_intervention_starts_from_the_organisations_values_not_from_what_was_pulled(chain):
    model = ServiceModel(chain, seed=1, interventions=[Intervention("training", 0.2, end=5)]).run(3)
    assert (model.state.unit["training"] == 0.2).all()
    model.intervene(Intervention("training", 0.4, "Sales", start=4, end=5))
    model.run(5)
    assert (model.state.unit["training"] == 0.02).all()


def test_a_link_is_found_where_names_hold_colons_and_spaces():
    chain = ServiceChain()
    chain.add_department("Front: desk", staff=2)
    chain.add_segment("House: holds", customers=10)
    chain.add_link("Front: desk", "House: holds")
    for where in ("Front: desk:House: holds", "Front: desk : House: holds", "Front:desk:House:holds"):
        assert rows_of(chain.check(), "promise_days", where).tolist() == [0]
    with pytest.raises(InputError, match="no such link"):
        rows_of(chain, "promise_days", "Front: desk:Households")
