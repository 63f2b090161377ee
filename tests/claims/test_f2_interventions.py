"""F2: an intervention without effect changes no number at all; an ended one gives the levers back."""

import numpy as np
import pytest

from sim import levers, organisation
from sim.interventions import Intervention
from sim.levers import LEVERS
from sim.model import ServiceModel
from tests.claims.paired import core_firm, run, same_run

WHEN = [{}, {"start": 30}, {"start": 10, "ramp": 20}, {"start": 5, "end": 25}, {"start": 5, "ramp": 40, "end": 30}]


@pytest.fixture(scope="module")
def plain():
    chain = core_firm(customers=80)
    return chain, run(chain, 4, 50)


@pytest.mark.parametrize("lever", LEVERS, ids=lambda lever: lever.name)
def test_pulling_a_lever_to_where_it_stands_changes_no_number(lever, plain):
    chain, before = plain
    values = set(np.asarray(getattr(before.state, lever.home)[lever.name]).tolist())
    places = {"firm": [None], "unit": ["Front"], "segment": ["Customers"], "link": ["Back:Middle"]}[lever.home]
    if len(values) == 1:
        places.append(None)
    for place in places:
        to = {"link": ("Back", "Middle"), "unit": ("Front",), "segment": ("Customers",), "firm": ()}[lever.home]
        for when in WHEN:
            after = run(chain, 4, 50, Intervention(lever.name, chain.value(lever.name, *to), place, **when))
            assert same_run(before, after), (place, when)


@pytest.mark.parametrize("name", organisation.bundled())
def test_in_a_bundled_organisation_too(name):
    chain = organisation.load(name)
    still = [
        Intervention("assimilation", chain.value("assimilation"), start=3, ramp=9),
        *(Intervention("training", chain.value("training", unit), unit, start=2, end=20) for unit in chain.units),
    ]
    assert same_run(run(chain, 2, 40), run(chain, 2, 40, *still))


def test_an_intervention_changes_nothing_before_it_starts():
    chain = core_firm(customers=80)
    change = Intervention("error_rate", 0.9, start=30)
    before, after = run(chain, 4, 30), run(chain, 4, 30, change)
    assert same_run(before, after)
    assert not same_run(before.run(1), after.run(1))


@pytest.mark.parametrize("lever", [one for one in LEVERS if one.home != "firm"][::5] + list(levers.of("firm"))[::5],
                         ids=lambda lever: lever.name)  # fmt: skip
def test_an_ended_intervention_gives_the_lever_back(lever):
    chain = core_firm(customers=80)
    model = ServiceModel(
        chain, seed=1, interventions=[Intervention(lever.name, lever.high / 2, start=3, ramp=2, end=9)]
    )
    column = getattr(model.state, lever.home)
    first = column[lever.name].copy()
    assert (column[lever.name] == first).all()
    if lever.name not in ("requests_per_case", "passed_on", "needs_per_year"):  # these could set off endless work
        model.run(12)
        assert (getattr(model.state, lever.home)[lever.name] == first).all()


def test_a_ramp_is_straight_and_several_interventions_follow_one_another():
    chain = core_firm(customers=80, training=0.0)
    model = ServiceModel(
        chain,
        seed=1,
        interventions=[
            Intervention("training", 0.4, start=2, ramp=4),
            Intervention("training", 0.1, "Front", start=8, end=10),
        ],
    )
    front, back = (chain.units.index(name) for name in ("Front", "Back"))
    seen = []
    for _ in range(11):
        model.run(1)
        seen.append(tuple(model.state.unit["training"][[front, back]].round(12).tolist()))
    assert seen == [(0, 0)] * 2 + [(0.1, 0.1), (0.2, 0.2), (0.3, 0.3)] + [(0.4, 0.4)] * 3 + [(0.1, 0.4)] * 2 + [
        (0.4, 0.4)
    ]


def test_a_branch_without_effect_changes_no_number():
    model = run(core_firm(customers=80), 4, 30)
    twin = model.branch(Intervention("loss_aversion", 2.0, start=35, ramp=3))
    assert same_run(model.run(30), twin.run(30))
