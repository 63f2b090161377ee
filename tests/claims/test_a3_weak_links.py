"""A3: raising the weakest needed supplier helps most; a chain breaks more often than each of its links."""

import math

import numpy as np
import pytest

from sim.chain import ServiceChain
from sim.estimates import estimate
from tests.claims.paired import ALONE, SEEDS, bare, difference, measure, on_link, pull, run, same_customers


def chain_of(errors, dependence=1.0, **graph):
    """Return units 0 ← 1 ← 2 … in a row with these error rates, nobody human in them; unit 0 faces the customer."""
    values = bare() | {"reopen_rate": 0.0} | graph
    chain = ServiceChain(**{name: value for name, value in values.items() if name not in ("error_rate", "dependence")})
    for place, error in enumerate(errors):
        chain.add_department(f"Unit {place}", staff=20, hours_per_request=0.3, error_rate=error)
    chain.add_segment("Customers", customers=400, needs_per_year=50)
    chain.add_link("Unit 0", "Customers")
    for place in range(1, len(errors)):
        chain.add_link(f"Unit {place}", f"Unit {place - 1}", dependence=dependence)
    return chain.check()


def totals(model, edge):
    table = model.state.link_day[: model.day, model.chain.links.index(edge)]
    return int(table["right"].sum()), int(table["encounters"].sum())


@pytest.mark.parametrize("errors", [(0.05, 0.1), (0.1, 0.05, 0.2), (0.08,) * 5])
@pytest.mark.parametrize("dependence", [1.0, 0.4])
def test_a_chain_is_right_as_often_as_the_product_of_its_links(errors, dependence, measured):
    right = encounters = 0
    for seed in range(1, 6):
        one, all_ = totals(run(chain_of(errors, dependence), seed, 250), ("Unit 0", "Customers"))
        right, encounters = right + one, encounters + all_
    expected = 1.0  # of a chain of no links
    for error in reversed(errors):  # from the far end: a failed input breaks the case with probability d
        expected = (1 - dependence * (1 - expected)) * (1 - error)
    spread = math.sqrt(expected * (1 - expected) / encounters)
    measured(
        f"share right of a chain with errors {errors}, dependence {dependence} (theory {expected:.4f})",
        right / encounters,
    )
    assert abs(right / encounters - expected) < 4 * spread
    if dependence == 1.0:
        assert expected == pytest.approx(math.prod(1 - error for error in errors))


def test_a_chain_breaks_more_often_than_each_of_its_links(measured):
    errors = (0.1, 0.1, 0.1, 0.1)
    broken = {length: [] for length in range(1, 5)}
    for seed in SEEDS:
        for length in broken:
            right, encounters = totals(run(chain_of(errors[:length]), seed, 150), ("Unit 0", "Customers"))
            broken[length].append(100 * (1 - right / encounters))
    for length, shares in broken.items():
        measured(f"wrong answers of a chain of {length} (per cent)", estimate(shares))
    for length in range(2, 5):
        more = estimate([longer - one for longer, one in zip(broken[length], broken[length - 1], strict=True)])
        assert more.low > 0


def two_suppliers(**graph):
    chain = ServiceChain(**(ALONE | graph))
    for name, error in (("Front", 0.03), ("Weak", 0.25), ("Strong", 0.1)):
        chain.add_department(name, staff=8, hours_per_request=0.3, error_rate=error)
    chain.add_segment("Customers", customers=400, needs_per_year=50)
    chain.add_link("Front", "Customers")
    chain.add_link("Weak", "Front", dependence=0.9)
    chain.add_link("Strong", "Front", dependence=0.9)
    return chain.check()


@pytest.mark.parametrize("name", ["right_first_time", "external_satisfaction"])
def test_raising_the_weakest_supplier_helps_more_than_raising_a_strong_one_by_as_much(name, measured):
    chain = two_suppliers()
    weak, strong = pull("Weak", error_rate=0.15), pull("Strong", error_rate=0.0)
    base, raised, other = (
        np.array([measure(name)(run(chain, seed, 250, *change)) for seed in SEEDS]) for change in ([], weak, strong)
    )
    measured(f"{name}: the weak supplier from 25 to 15 % errors", estimate(raised - base))
    measured(f"{name}: the strong supplier from 10 to 0 % errors", estimate(other - base))
    more = estimate(raised - other)
    measured(f"{name}: the weak one rather than the strong one", more)
    assert more.low > 0


def test_with_late_inputs_only_the_worst_one_counts(measured):
    """Both suppliers are late; reliability is bounded by the worst input, and the front waits for the slowest."""
    values = {name: value for name, value in bare().items() if name not in ("dependence", "waiting_aversion")}
    chain = ServiceChain(**values)
    chain.add_department("Front", staff=8, hours_per_request=0.1, working_time="fixed")
    for name, hours in (("Weak", 16), ("Strong", 8)):  # two days and one day, each with a promise of half a day
        chain.add_contractor(name, staff=600, hours_per_request=hours, working_time="fixed")
        chain.add_link(name, "Front", dependence=1, promise_days=0.5)
    chain.add_segment("Customers", customers=400, needs_per_year=50)
    chain.add_link("Front", "Customers", promise_days=3)
    chain.check()
    reliability = on_link("Front", "Customers", "reliability", start=20)
    weak = difference(reliability, chain, pull("Weak", hours_per_request=12), days=80)
    strong = difference(reliability, chain, pull("Strong", hours_per_request=4), days=80)
    measured("points of reliability when the slow supplier gets half a day faster", weak)
    measured("points of reliability when the fast supplier gets half a day faster", strong)
    assert weak.low > 0
    assert strong.low == strong.high == 0


def test_where_the_client_does_not_depend_on_a_supplier_its_errors_reach_nobody():
    chain = chain_of((0.05, 0.1), dependence=0.0)
    assert same_customers(run(chain, 1, 80), run(chain, 1, 80, *pull("Unit 1", error_rate=0.6)))


def test_without_errors_of_its_own_nobody_makes_any():
    model = run(chain_of((0.0, 0.0, 0.0), knowledge_errors=3.0, motivation_errors=1.0), 1, 60)
    table = model.state.link_day[:60]
    assert (table["right"] == table["encounters"]).all()
    assert table["encounters"].sum() > 1000
