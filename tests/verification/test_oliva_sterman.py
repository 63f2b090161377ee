"""The lending centre of the model beside the equations of Oliva & Sterman (2001), week by week and in the limit of many orders.

The equations are a fluid limit: orders come at a rate. In the model they come one by one, and staff look at the backlog each
morning. The first error falls with the square root of the number of orders a day; the second stays, and is that of the
equations taken in steps of a day.
"""

from __future__ import annotations

import functools

import numpy as np
import pytest

from experiments.validation.pressure import PULSES, THEIR_EROSION, THEIRS, lending_centre, pulse_of
from sim.model import ServiceModel

from .oliva_sterman import NEVER, Centre, Pulse, integrate, integrate_by_days

WEEKS, PER_WEEK = 100, 5
LIKE_OURS = Centre(target_delay=1.0, beta_in_slack=0.0, first_backlog=0.0)
"""The promise is a week, slack makes people thorough but not slack, and the first morning begins without work."""
CASES = {
    "no pulse": (None, False),
    "+5 % for 10 weeks": (Pulse(0.05, 10), False),
    "+10 % for 10 weeks": (Pulse(0.10, 10), False),
    "+10 % for 20 weeks": (Pulse(0.10, 20), False),
    "+25 % for 5 weeks": (Pulse(0.25, 5), False),
    "+25 % for 40 weeks": (Pulse(0.25, 40), False),
    "-10 % for 20 weeks": (Pulse(-0.10, 20), False),
    "no pulse, standard may rise": (None, True),
    "+10 % for 20 weeks, standard may rise": (Pulse(0.10, 20), True),
    "-10 % for 20 weeks, standard may rise": (Pulse(-0.10, 20), True),
}
FIGURES = ("pressure", "time", "standard")


@functools.cache
def simulated(case: str, orders_per_day: int, seeds: int) -> np.ndarray:
    """Return seed × week × (work pressure of both signs, time per order, standard), each as it stood on the week's last day."""
    pulse, rises = CASES[case]
    chain = lending_centre(orders_per_day, staff=20, standard_recovery=THEIR_EROSION if rises else 0.0)
    pulled = pulse_of(pulse.size, pulse.weeks, pulse.start) if pulse else []
    found = np.empty((seeds, WEEKS, 3))
    for seed in range(seeds):
        with ServiceModel(chain, seed=seed + 1, interventions=pulled) as model:
            for week in range(WEEKS):
                unit = model.run(PER_WEEK).state.unit[0]
                found[seed, week] = unit["backlog_days"] / PER_WEEK - 1, unit["time_factor"], unit["standard"]
    return found


@functools.cache
def equations(case: str, by_days: bool = False) -> np.ndarray:
    """Return week × the same from the equations: pressure and time as on the last morning of the week, the standard at its
    end."""
    pulse, rises = CASES[case]
    centre = Centre(**{name: getattr(LIKE_OURS, name) for name in ("target_delay", "beta_in_slack", "first_backlog")},
                    recovery=19.0 if rises else NEVER)  # fmt: skip
    days = np.arange(WEEKS * PER_WEEK + 1) / PER_WEEK
    curve = integrate_by_days(centre, pulse, WEEKS * PER_WEEK) if by_days else integrate(centre, pulse, days)
    ends = PER_WEEK * np.arange(1, WEEKS + 1)
    return np.column_stack([curve.pressure[ends - 1], curve.time[ends - 1], curve.standard[ends]])


# --- the equations alone -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("pulse", "theirs"), list(zip(PULSES, THEIRS, strict=True)))
def test_the_equations_give_the_sizes_that_were_published(pulse, theirs):
    lost = 100 * (integrate(Centre(), Pulse(*pulse)).standard[-1] - 1)
    assert lost == pytest.approx(theirs, abs=0.06)


def test_a_centre_in_balance_stays_there():
    for recovery in (NEVER, 19.0):
        curve = integrate(Centre(recovery=recovery))
        assert curve.pressure == pytest.approx(0, abs=1e-7)
        assert curve.standard == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize("size", [0.05, 0.25, -0.10])
def test_in_a_pulse_pressure_settles_where_less_time_and_more_effort_meet_demand(size):
    """exp((beta - alpha) w) = (1 + size) T*, worked out by hand from equations 2, 5, 7 and 8."""
    curve = integrate(Centre(), Pulse(size, 20))
    week = 20
    assert curve.pressure[week] == pytest.approx(np.log((1 + size) * curve.standard[week]) / (0.64 + 0.37), abs=0.002)


def test_the_standard_of_a_centre_in_lasting_excess_falls_at_the_rate_worked_out_by_hand():
    """At the start of the excess T*' = T* (exp(alpha w) - 1) / tau with w = ln(1.1) / 1.01."""
    curve = integrate(Centre(target_delay=0.01), Pulse(0.1, 1), np.array([0, 5.0, 5.5, 6.0]))
    expected = (np.exp(-0.64 * np.log(1.1) / 1.01) - 1) / 19
    assert curve.standard[2] - 1 == pytest.approx(0.5 * expected, rel=0.05)


def test_orders_are_neither_lost_nor_made():
    """Backlog is what came in less what was done: equation 1 summed by another rule than the solver's."""
    weeks = np.linspace(0, 40, 8001)
    curve = integrate(Centre(target_delay=1.0), Pulse(0.2, 10), weeks)
    came = np.interp(weeks, [0, 5, 15, 40], [0, 5, 17, 42])
    rate = curve.intensity / curve.time
    done = np.concatenate([[0], np.cumsum(np.diff(weeks) * (rate[1:] + rate[:-1]) / 2)])
    assert curve.backlog == pytest.approx(1 + came - done, abs=1e-4)


def test_with_symmetric_adjustment_the_loss_comes_back():
    lasting, symmetric = (integrate(Centre(recovery=weeks), Pulse(0.1, 20)).standard[-1] - 1 for weeks in (NEVER, 19.0))
    assert symmetric > 0.1 * lasting


def test_hiring_softens_the_loss_and_fatigue_deepens_it():
    """Our reading of the rest of their model: staff that follow demand relieve the standard, tired staff wear it down."""
    lost = [
        integrate(centre, Pulse(0.1, 20)).standard[-1] - 1
        for centre in (Centre(hiring=20.0), Centre(), Centre(fatigue=0.3))
    ]
    assert 0 > lost[0] > lost[1] > lost[2]


def test_a_day_as_the_step_costs_little():
    for case in CASES:
        assert np.abs(equations(case, by_days=True)[:, 2] - equations(case)[:, 2]).max() < 0.0035, case


# --- the model beside them -------------------------------------------------------------------------------------------------

SMALL, LARGE = 400, 6400
LARGEST = {"pressure": 0.03, "time": 0.02, "standard": 0.008}
"""Largest difference in any week at 1,600 orders a day, mean of four seeds. The backlog, and so pressure, scatters by 1 per
cent from week to week; time per order moves with it; the standard gathers what pressure does by chance."""


@pytest.mark.parametrize("case", CASES)
def test_the_lending_centre_follows_the_equations_week_by_week(case, measured):
    differ = np.abs(simulated(case, 1600, 4).mean(axis=0) - equations(case))[5:].max(axis=0)
    for place, figure in enumerate(FIGURES):
        measured(f"largest difference of {figure} from the equations in any week, {case}", float(differ[place]))
        assert differ[place] < LARGEST[figure], figure


@pytest.mark.parametrize("case", CASES)
def test_a_pulse_shows_in_the_model_where_it_does_in_the_equations(case):
    """A constant would pass for a trajectory if only differences counted: what moves in the equations moves in the model."""
    ours, theirs = simulated(case, 1600, 4).mean(axis=0), equations(case)
    for place, figure in enumerate(FIGURES):
        moves = theirs[5:, place].max() - theirs[5:, place].min()
        if moves > 0.04:
            assert np.corrcoef(ours[5:, place], theirs[5:, place])[0, 1] > 0.9, figure


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_the_error_falls_with_the_square_root_of_the_orders_a_day(case, measured):
    """Sixteen times the orders: a quarter of the error, against the equations in the same steps of a day."""
    theirs = equations(case, by_days=True)
    errors = []
    for orders in (SMALL, LARGE):
        each = simulated(case, orders, 4)
        errors.append(np.sqrt(((each - theirs)[:, 5:] ** 2).mean(axis=(0, 1))))
    for place, figure in enumerate(FIGURES):
        ratio = errors[0][place] / errors[1][place]
        measured(f"error of {figure} at 400 orders a day over that at 6,400, {case}", float(ratio))
        assert 2.2 < ratio < 8, (figure, errors)


@pytest.mark.slow
@pytest.mark.parametrize("case", [case for case, (pulse, _) in CASES.items() if pulse and pulse.size > 0])
def test_a_centre_of_very_many_orders_lies_on_the_equations(case):
    """What is left at 25,600 orders a day is chance of a hundredth, and the step of a day."""
    ours = simulated(case, 25_600, 1)[0]
    assert np.abs(ours - equations(case, by_days=True))[5:].max(axis=0) == pytest.approx([0, 0, 0], abs=0.02)
    assert np.abs(ours - equations(case, by_days=True))[:, 2].max() < 0.003
