"""B1: less training lowers assurance and trust, not only the speed of work."""

import numpy as np
import pytest

from sim.model import ServiceModel
from tests.claims.paired import core_firm, customers, difference, measure, on_link, on_unit, pull, run, same_customers

UNTRAINED = [*pull(training=0.0)]
TRAINED = [*pull(training=0.08)]
TRUST = lambda model: 100 * float(customers(model, "Customers")["trust"].mean())  # noqa: E731


@pytest.mark.parametrize(
    ("name", "figure"),
    [
        ("assurance", on_link("Front", "Customers", "assurance")),
        ("reliability", on_link("Front", "Customers", "reliability")),
        ("right answers", on_link("Front", "Customers", "right")),
        ("customers' trust", TRUST),
        ("external satisfaction", measure("external_satisfaction")),
    ],
)
def test_less_training_costs(name, figure, measured):
    less = difference(figure, core_firm(), UNTRAINED, TRAINED, days=300)
    measured(f"{name}, no training against 8 % of the time", less)
    assert less.high < 0


@pytest.mark.parametrize(
    ("name", "figure"), [("assurance", on_link("Front", "Customers", "assurance")), ("trust", TRUST)]
)
def test_it_costs_assurance_and_trust_even_where_work_is_neither_slower_nor_wrong(name, figure, measured):
    chain = core_firm(knowledge_time=0, knowledge_errors=0)
    less = difference(figure, chain, UNTRAINED, TRAINED, days=300)
    measured(f"{name} through amateurishness alone", less)
    assert less.high < 0


def test_work_is_slower_too():
    chain = core_firm(staff=8)
    assert difference(on_unit("Front", "busy_days"), chain, pull(training_gain=0.0), pull(training=0.08)).low > -1
    slower = difference(on_unit("Front", "busy_days"), chain, pull(training_gain=0.0), pull(training_gain=1.0))
    assert slower.low > 0


def test_newcomers_lower_assurance_until_they_have_learnt(measured):
    chain = core_firm()
    raw = chain.copy()
    raw.graph["newcomer_share"] = 1.0
    early = difference(on_link("Front", "Customers", "assurance", start=0), chain, raw, days=60)
    late = difference(on_link("Front", "Customers", "assurance", start=700), chain, raw, days=800)
    measured("assurance with newcomers only, first 60 days", early)
    measured("assurance with newcomers only, after 700 days", late)
    assert early.high < 0
    assert late.low > early.high


def test_people_learn_by_doing_and_forget_without():
    chain = core_firm(training=0.0, forgetting=0.0)
    grown = run(chain, 1, 200).state.employee["knowledge"] - run(chain, 1, 0).state.employee["knowledge"]
    assert (grown > 0).all()
    faded = run(core_firm(training=0.0, learning=0.0), 1, 200).state.employee["knowledge"]
    assert (faded <= run(chain, 1, 0).state.employee["knowledge"]).all()
    assert faded.min() >= min(0.35, run(chain, 1, 0).state.employee["knowledge"].min())


def test_where_knowledge_has_no_effect_how_it_is_gained_moves_no_customer():
    off = {"knowledge_errors": 0.0, "knowledge_time": 0.0, "knowledge_assurance": 0.0}
    chain = core_firm(customers=100, **off)
    other = core_firm(customers=100, learning=0.0, forgetting=0.5, training_gain=1.0, knowledge=0.2, **off)
    other.graph |= {"knowledge_spread": 0.0, "newcomer_share": 0.5, "newcomer_knowledge": 0.0}
    one, two = run(chain, 1, 80), run(other, 1, 80)
    assert not np.array_equal(one.state.employee["knowledge"], two.state.employee["knowledge"])
    assert same_customers(one, two)


def test_without_training_learning_and_forgetting_knowledge_stands_still():
    chain = core_firm(customers=100, training=0.0, learning=0.0, forgetting=0.0)
    model = ServiceModel(chain, seed=1)
    first = model.state.employee["knowledge"].copy()
    assert (model.run(80).state.employee["knowledge"] == first).all()
