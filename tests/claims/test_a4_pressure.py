"""A4: work takes capacity: more load, longer waits; pressure cuts corners; the coefficients are Oliva and Sterman's.

That the model with people switched off is a queueing network is checked in tests/verification.
"""

import numpy as np
import pytest

from sim.chain import ServiceChain
from sim.rules import pressure
from tests.claims.paired import ALONE, bare, core_firm, difference, measure, on_link, pull, run, same_run


def test_more_load_makes_customers_wait_longer(measured):
    chain = core_firm(staff=3, customers=400)
    longer = difference(measure("wait"), chain, pull(hours_per_request=0.58))
    measured("days that customers wait longer when every request is 16 % more work", longer)
    assert longer.low > 0


def test_waits_grow_faster_than_load():
    chain = core_firm(staff=3, customers=400, speed_up=0, work_intensity=0, churn=0, new_customers=0)
    little = difference(measure("wait"), chain, pull(hours_per_request=0.48), pull(hours_per_request=0.4))
    much = difference(measure("wait"), chain, pull(hours_per_request=0.56), pull(hours_per_request=0.48))
    assert much.low > little.high > 0


def overloaded(**graph):
    """A unit with more work than hours: it keeps up only under pressure."""
    chain = ServiceChain(**(ALONE | {"rush_share": 0} | graph))
    chain.add_department("Front", staff=3, hours_per_request=0.66, working_time="fixed")
    chain.add_segment("Customers", customers=400, needs_per_year=25, churn=0, new_customers=0)
    chain.add_link("Front", "Customers", promise_days=0.25)
    return chain.check()


def test_under_pressure_corners_are_cut_and_answers_are_wrong_more_often(measured):
    more = difference(measure("right_first_time"), overloaded(), pull(speed_up=0), days=300)
    measured("points of right answers lost to cutting corners, in an overloaded unit", more)
    assert more.low > 0
    only_effort = difference(measure("right_first_time"), overloaded(corner_cutting=0, motivation_errors=0, learning=0),
                             pull(speed_up=0), days=300)  # fmt: skip
    assert abs(only_effort.mean) < 0.3 * more.mean


def test_load_costs_right_answers_through_pressure(measured):
    heavier = difference(measure("right_first_time"), overloaded(), pull(hours_per_request=0.5))
    measured("points of right answers gained when an overloaded unit gets a quarter less work", heavier)
    assert heavier.low > 0


def test_the_coefficients_are_those_of_oliva_and_sterman():
    work_pressure = np.linspace(0, pressure.MOST_PRESSURE, 20)
    time = [pressure.time_per_request(wp, 0.0, 0.64, 0.0) for wp in work_pressure]
    assert np.polyfit(work_pressure, np.log(time), 1)[0] == pytest.approx(-0.64)
    pace = [pressure.pace(wp, 0.0, 1.0, 0.64, 0.37, 0.0) for wp in work_pressure]
    assert np.polyfit(work_pressure, pace, 1)[0] == pytest.approx(-0.64 - 0.37)


def test_a_simulated_firm_gives_the_coefficients_back(measured):
    """Working time per request against the day's pressure, as Oliva and Sterman estimated it from a bank's records."""
    chain = overloaded(knowledge_time=0)
    model = run(chain, 1, 0)
    worked, wp, factor = [], [], []
    for _ in range(400):
        served = int(model.state.clock[0]["services_ever"])
        busy = float(model.state.employee["busy_days"].sum())
        model.run(1)
        unit = model.state.unit[0]
        served = int(model.state.clock[0]["services_ever"]) - served
        busy = float(model.state.employee["busy_days"].sum()) - busy
        worked.append(busy / served)
        wp.append(float(unit["pressure"]))
        factor.append(float(unit["time_factor"]))
    pressed = np.array(wp) > 0
    assert pressed.sum() > 50
    exact = np.polyfit(np.array(wp)[pressed], np.log(np.array(factor)[pressed]), 1)[0]
    slope = np.polyfit(wp, np.log(worked), 1)[0]
    measured("log time per request per unit of pressure (Oliva & Sterman: -0.64)", exact)
    measured("log working time per unit of pressure (theirs: -0.64 - 0.37 = -1.01)", slope)
    assert exact == pytest.approx(-0.64, abs=1e-9)
    assert slope == pytest.approx(-1.01, abs=0.1)


def test_delays_are_felt(measured):
    chain = core_firm(staff=3, customers=400)
    felt = difference(on_link("Front", "Customers", "responsiveness"), chain, pull(hours_per_request=0.58))
    measured("points of responsiveness when every request is 16 % more work", felt)
    assert felt.high < 0


def test_without_speeding_up_corners_cannot_be_cut():
    assert same_run(run(overloaded(speed_up=0), 1, 80), run(overloaded(speed_up=0, corner_cutting=9), 1, 80))


def test_without_pressure_neither_speed_nor_effort_matters():
    quiet = core_firm(staff=40, customers=100)
    assert same_run(run(quiet, 1, 80), run(quiet, 1, 80, *pull(speed_up=2, work_intensity=2, corner_cutting=9)))


def test_without_aversion_to_waiting_patience_moves_nothing():
    chain = core_firm(customers=100, waiting_aversion=0)
    assert same_run(run(chain, 1, 80), run(chain, 1, 80, *pull(patience=0.1)))


def test_with_everything_neutral_work_is_always_right_and_people_stay_as_they_are():
    chain = ServiceChain(**bare())
    chain.add_department("Front", staff=3, hours_per_request=0.5)
    chain.add_department("Back", staff=3, hours_per_request=0.5)
    chain.add_segment("Customers", customers=200, needs_per_year=25)
    chain.add_link("Back", "Front")
    chain.add_link("Front", "Customers")
    first, model = run(chain.check(), 1, 0), run(chain, 1, 100)
    for name in ("knowledge", "motivation"):
        assert (first.state.employee[name] == model.state.employee[name]).all()
    for name in ("satisfaction", "trust", "active"):
        assert (first.state.customer[name] == model.state.customer[name]).all()
    table = model.state.link_day[:100]
    assert (table["right"] == table["encounters"]).all()
