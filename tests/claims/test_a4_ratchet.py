"""A4, the ratchet: a temporary excess of demand lowers the internal standard for good (Oliva & Sterman 2001).

Their model starts in balance; demand rises in week 5 by 5 or 10 per cent, for 10 or 20 weeks, and they look at the standard
in week 100. Here the same is done with their equations alone and with a firm of this model; `tests/verification` compares the
two week by week.
"""

import numpy as np
import pytest

from experiments.validation.pressure import PULSES, THEIR_EROSION, THEIRS, lending_centre, pulse_of
from sim import levers
from sim.estimates import estimate
from sim.interventions import Intervention
from tests.claims.paired import core_firm, difference, measure, on_link, pull, run, same_run, small_firm
from tests.verification.oliva_sterman import EROSION, NEVER, Centre, Pulse, integrate

SEEDS = range(1, 5)
"""Few seeds are enough: the unit is large, and what chance does to it is small."""
START, DAYS = 25, 500


# --- their equations alone ---------------------------------------------------------------------------------------------


def standard_in_week_100(size, weeks, recovery=NEVER):
    """Return the standard in week 100 after a pulse, by the equations of `tests/verification/oliva_sterman.py`."""
    return integrate(Centre(recovery=recovery), Pulse(size, weeks)).standard[-1]


@pytest.mark.parametrize(("pulse", "theirs"), list(zip(PULSES, THEIRS, strict=True)))
def test_the_equations_alone_give_the_sizes_that_they_published(pulse, theirs, measured):
    lost = 100 * (standard_in_week_100(*pulse) - 1)
    size, weeks = pulse
    measured(f"equations alone: per cent, +{100 * size:.0f} % for {weeks} weeks (theirs: {theirs})", lost)
    assert lost == pytest.approx(theirs, abs=0.06)


@pytest.mark.parametrize("pulse", PULSES)
def test_in_the_equations_alone_symmetric_adjustment_recovers(pulse):
    assert standard_in_week_100(*pulse, recovery=EROSION) - 1 > 0.1 * (standard_in_week_100(*pulse) - 1)


# --- the firm ----------------------------------------------------------------------------------------------------------


def standards(chain, *pulled):
    """Return the standard by seed and day, in per cent of the first day's."""
    return np.array([100 * run(chain, seed, DAYS, *pulled).state.unit_day[:DAYS, 0]["standard"] for seed in SEEDS])


@pytest.fixture(scope="module")
def after_pulses():
    """The standard by seed and day: without a pulse, then with each."""
    chain = lending_centre()
    return [standards(chain), *(standards(chain, *pulse_of(*one)) for one in PULSES)]


def test_a_pulse_leaves_a_lasting_drop_that_grows_with_its_size_and_length(after_pulses, measured):
    none, *pulsed = after_pulses
    measured(
        "per cent of the standard in week 100 without a pulse: chance alone erodes it", estimate(none[:, -1] - 100)
    )
    drops = []
    for (size, weeks), theirs, curve in zip(PULSES, THEIRS, pulsed, strict=True):
        words = f"+{100 * size:.0f} % for {weeks} weeks"
        lost = estimate(curve[:, -1] - 100)
        paired = estimate(curve[:, -1] - none[:, -1])
        drops.append(curve[:, -1] - none[:, -1])
        measured(f"per cent of the standard lost in week 100, {words} (theirs: {theirs})", lost)
        measured(f"of this against no pulse, {words}", paired)
        assert paired.high < 0
        assert lost.mean == pytest.approx(theirs, abs=0.5)
    assert estimate(drops[1] - drops[0]).high < 0
    assert estimate(drops[2] - drops[1]).high < 0


def test_the_drop_lasts(after_pulses):
    """Nothing of it comes back in the year after the pulse."""
    for curve, (_, weeks) in zip(after_pulses[1:], PULSES, strict=True):
        end = START + 5 * weeks + 10
        assert (curve[:, -1] <= curve[:, end]).all()


def test_pressure_and_slack_keep_the_unit_in_balance():
    """Before the pulse neither is large, in it there is pressure, and after it slack, because less is good enough."""
    model = run(lending_centre(), 1, START + 60, *pulse_of(0.10, 10))
    table = model.state.unit_day[: START + 60, 0]
    assert table["pressure"][START - 5 : START].max() < 0.02
    assert table["pressure"][START + 20 : START + 50].min() > 0.04
    assert model.state.unit[0]["pressure"] == 0
    assert model.state.unit[0]["slack"] > 0


def test_with_symmetric_adjustment_it_recovers(measured):
    chain = lending_centre(standard_recovery=THEIR_EROSION)
    lost = estimate((standards(chain, *pulse_of(0.10, 20)) - standards(chain))[:, -1])
    measured("per cent of the standard lost in week 100, +10 % for 20 weeks, recovery as fast as erosion", lost)
    assert abs(lost.mean) < 0.1 * abs(THEIRS[2])


# --- what it costs -----------------------------------------------------------------------------------------------------

RUSH_MONTHS = [Intervention("needs_per_year", 60, "Customers", start=50, end=150)]
ASSURED = {"churn": 0, "new_customers": 0, "rush_share": 0}


def test_customers_pay_for_a_busy_season_long_after_it(measured):
    """Slack does not lengthen work, other mechanisms are off: 20 weeks of +140 % demand, looked at 30 weeks later."""
    chain = core_firm(customers=250, staff=3, standard_erosion=levers.BY_NAME["standard_erosion"].default, **ASSURED)
    for words, figure in (
        ("points of empathy", on_link("Front", "Customers", "empathy", start=300)),
        ("points of right answers", measure("right_first_time", 300)),
        ("points of external satisfaction", measure("external_satisfaction", 300)),
    ):
        lasting = difference(figure, chain, RUSH_MONTHS, days=500, seeds=range(1, 13))
        without = difference(
            figure,
            chain,
            RUSH_MONTHS + pull(standard_erosion=0),
            pull(standard_erosion=0),
            days=500,
            seeds=range(1, 13),
        )
        measured(f"{words}, 30 to 70 weeks after a busy season", lasting)
        measured(f"{words}, the same with a standard that holds", without)
        assert lasting.high < 0
        assert lasting.high < without.mean


def test_with_nothing_to_erode_toward_the_standard_stands_still():
    chain = small_firm(customers=400, staff=3, speed_up=0.0, slow_down=0.0)
    assert same_run(run(chain, 1, 80), run(chain, 1, 80, *pull(standard_erosion=1.0, standard_recovery=1.0)))


def test_where_slack_does_not_lengthen_work_there_is_nothing_to_recover_toward():
    chain = small_firm(customers=400, staff=3)
    assert same_run(run(chain, 1, 80), run(chain, 1, 80, *pull(standard_recovery=1.0)))


def test_without_erosion_and_recovery_the_standard_is_that_of_the_first_day():
    model = run(small_firm(customers=400, staff=3, standard_erosion=0.0), 1, 80)
    assert (model.state.unit_day[:80]["standard"] == 1.0).all()
    assert (model.state.unit["pressure"] > 0).any() or (model.state.unit_day[:80]["pressure"] > 0).any()
