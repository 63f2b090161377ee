"""B5: managers who help staff get staff who go out of their way; an overloaded manager supports less."""

import numpy as np
import pytest

from sim import levers
from sim.chain import ServiceChain
from sim.estimates import estimate
from sim.rules import leadership
from tests.claims.paired import (
    by_seed,
    change,
    difference,
    measure,
    on_link,
    on_unit,
    pull,
    run,
    same_customers,
    same_run,
    small_firm,
)

HELP, NO_HELP = pull(advocacy=1.0), pull(advocacy=0.0)
ROUTES = ("support_buffer", "support_motivation", "support_willing", "support_tools", "support_growth")


def firm(**graph):
    return small_firm(customers=750, staff=10, quit_rate=0.25, rush_share=0.2, **graph)


def turnover(model, start=60):
    """Return quits in the whole firm a year per hundred posts filled."""
    table = model.state.unit_day[start : model.day]
    return 25000 * float(table["quits"].sum() / table["filled"].sum())


def front_office(staff=10, **graph):
    """Return a front office with a manager for every ten and nobody behind it."""
    chain = ServiceChain(**graph)
    chain.add_department("Front", staff=staff, managers=staff // 10, hours_per_request=0.5)
    chain.add_segment("Customers", customers=75 * staff, needs_per_year=25)
    chain.add_link("Front", "Customers", promise_days=1)
    return chain.check()


FIGURES = {
    "rush requests inside that are agreed to, per cent": on_link("Middle", "Front", "rush_agreed", "rush"),
    "rush requests of customers kept, per cent": on_link("Front", "Customers", "rush_kept", "rush"),
    "empathy toward customers": on_link("Front", "Customers", "empathy"),
    "motivation": measure("motivation"),
    "external satisfaction": measure("external_satisfaction"),
}


@pytest.fixture(scope="module")
def helped():
    return by_seed(firm(), *HELP), by_seed(firm(), *NO_HELP)


@pytest.mark.parametrize("name", FIGURES)
def test_staff_whose_managers_help_them_go_out_of_their_way(helped, name, measured):
    more = change(FIGURES[name], *helped)
    measured(f"{name}, full help of managers instead of none", more)
    assert more.low > 0


def test_each_way_in_which_a_leader_helps_does_something_of_its_own(measured):
    """Protection, encouragement, tools, development: with all others off, each raises what customers think."""
    for route in ("support_buffer", "support_motivation", "support_tools", "support_growth"):
        others = {one: 0.0 for one in ROUTES if one != route}
        more = difference(
            measure("external_satisfaction"), front_office(training=0.05, **others), HELP, NO_HELP, days=200
        )
        measured(f"external satisfaction by {route} alone", more)
        assert more.low > 0, route


def test_support_lowers_turnover_and_does_so_through_strain_and_motivation(measured):
    """Eisenberger et al. 2002: supervisor support lowers turnover by way of perceived support, not beside it."""
    fewer = difference(turnover, front_office(staff=40, quit_rate=0.25), HELP, NO_HELP)
    measured("quits, per cent a year, full help of managers instead of none", fewer)
    assert fewer.high < 0
    for held in ({"quit_motivation": 0}, {"quit_strain": 0}):
        part = difference(turnover, front_office(staff=40, quit_rate=0.25, **held), HELP, NO_HELP)
        measured(f"the same with {next(iter(held))} at nought", part)
        assert part.high < 0
    blind = front_office(quit_rate=0.25, quit_motivation=0, quit_strain=0)
    beside = difference(turnover, blind, HELP, NO_HELP, seeds=range(1, 5))
    assert beside.low == beside.high == 0


# --- limited attention -------------------------------------------------------------------------------------------------

PILED_UP = pull(escalation_attention=0.3)
"""Each escalation takes a third of a manager's day instead of a twentieth."""


def complaining(**graph):
    """Return a firm with many errors where staff may settle little, so that managers have much to decide."""
    return small_firm(
        customers=750,
        staff=10,
        quit_rate=0,
        error_rate=0.15,
        empowerment=0.3,
        escalate_share=0.2,
        ladder_days=0,
        **graph,
    )


@pytest.fixture(scope="module")
def loads():
    """Return runs in which managers have little and much to decide, each with no, ordinary and full help of theirs."""
    chain = complaining(general_attention=100)
    return {
        (load, help_): by_seed(chain, *(PILED_UP if load == "much" else []), *pulled, days=200)
        for load in ("little", "much")
        for help_, pulled in (("none", NO_HELP), ("ordinary", []), ("full", HELP))
    }


def test_a_manager_overloaded_by_escalations_supports_less_and_customers_feel_it(loads, measured):
    for name, figure in (
        ("attention that managers of Front have left (points)", lambda m: 100 * on_unit("Front", "attention_left")(m)),
        ("support at Front (points)", lambda model: 100 * on_unit("Front", "support")(model)),
        ("motivation of Front (points)", lambda model: 100 * on_unit("Front", "motivation")(model)),
        ("empathy toward customers", on_link("Front", "Customers", "empathy")),
    ):
        less = change(figure, loads["much", "ordinary"], loads["little", "ordinary"])
        measured(f"{name}, escalations taking six times the attention", less)
        assert less.high < 0


def test_an_overloaded_advocate_does_less_good(loads, measured):
    warm = on_link("Front", "Customers", "empathy")
    effects = [
        [warm(a) - warm(b) for a, b in zip(loads[one, "full"], loads[one, "none"], strict=True)]
        for one in ("little", "much")
    ]
    free, busy = np.array(effects)
    measured("empathy toward customers by full help of managers, little to decide", estimate(free))
    measured("empathy toward customers by full help of managers, much to decide", estimate(busy))
    assert estimate(busy).low > 0
    assert estimate(free - busy).low > 0


def test_raised_problems_take_attention_from_support(measured):
    chain = small_firm(customers=300, staff=10, problem_rate=60)
    supported = lambda model: 100 * on_unit("Front", "support")(model)  # noqa: E731
    less = difference(supported, chain, pull(concern_attention=2.0), pull(concern_attention=0))
    measured("support at Front (points), problems taking two days each when full-grown", less)
    assert less.high < 0


def test_one_manager_for_many_supports_less(measured):
    few = small_firm(customers=1500, staff=20)
    for unit in few.units:
        few.nodes[unit]["managers"] = 2
    one = small_firm(customers=1500, staff=20)
    less = difference(on_link("Front", "Customers", "empathy"), few, one)
    measured("empathy toward customers, one manager for twenty instead of two", less)
    assert less.high < 0
    assert on_unit("Front", "support", 0)(run(one, 1, 5)) < on_unit("Front", "support", 0)(run(few, 1, 5))


def test_where_staff_may_settle_complaints_recovery_is_faster(measured):
    def recovery(model):
        table = model.state.link_day[100 : model.day, model.chain.links.index(("Front", "Customers"))]
        return float(table["recovery_time"].sum() / table["recoveries"].sum())

    chain = small_firm(customers=750, staff=10, error_rate=0.15)
    faster = difference(recovery, chain, pull(empowerment=1.0), pull(empowerment=0.0))
    measured("days from complaint to answer, staff empowered in full instead of not at all", faster)
    assert faster.high < 0


# --- neutral -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("route", ROUTES)
def test_without_help_of_managers_what_help_would_do_changes_no_bit(route):
    chain = small_firm(customers=100, rush_share=0.2, **levers.neutral_values("B5"))
    assert same_run(run(chain, 1, 100), run(chain, 1, 100, *pull(**{route: levers.BY_NAME[route].high})))


def test_where_help_has_no_effect_giving_it_moves_nobody():
    chain = small_firm(customers=100, rush_share=0.2, **dict.fromkeys(ROUTES, 0.0))
    one, two = run(chain, 1, 100, *NO_HELP), run(chain, 1, 100, *HELP)
    assert same_customers(one, two)
    for name in ("motivation", "strain", "knowledge", "compassion"):
        assert (one.state.employee[name] == two.state.employee[name]).all()
    assert on_unit("Front", "support", 0)(one) == 0


# --- known answers ---------------------------------------------------------------------------------------------------------


def test_support_is_the_advocates_share_of_the_attention_left_spread_over_the_people():
    assert leadership.support(0.5, 2.0, 10.0, 20) == 0.5
    assert leadership.support(0.5, 0.5, 10.0, 20) == pytest.approx(0.125)
    assert leadership.support(1.0, 3.0, 10.0, 20) == 1.0  # more than enough
    assert leadership.support(0.0, 3.0, 10.0, 20) == 0.0


def test_a_manager_with_nothing_else_to_do_reaches_everybody_within_the_span():
    chain = ServiceChain(problem_rate=0, complain_share=0, escalate_share=0)
    chain.add_department("Front", staff=8, hours_per_request=0.5, managers=1, span=10, advocacy=0.7)
    chain.add_segment("Customers", customers=100)
    chain.add_link("Front", "Customers")
    assert on_unit("Front", "support", 0)(run(chain.check(), 1, 50)) == pytest.approx(0.7)
