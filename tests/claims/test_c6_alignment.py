"""C6: misaligned targets can improve every department's own figure while external satisfaction falls."""

import numpy as np
import pytest

from sim.chain import ServiceChain
from sim.estimates import estimate
from sim.rules import alignment
from tests.claims.paired import SEEDS, difference, measure, pull, run, same_run, small_firm

OWN_TARGETS = pull(alignment=0.0)


def own_figure(name, start=100):
    """Return a figure: hours that a request spends in a unit, which is what the unit is measured by."""

    def figure(model):
        table = model.state.unit_day[start : model.day, model.chain.units.index(name)]
        return 8 * float(table["sojourn"].sum() / table["served"].sum())

    return figure


@pytest.mark.parametrize("level", [0.0, 0.5])
def test_own_targets_improve_every_own_figure_while_external_satisfaction_falls(level, measured):
    chain = small_firm(hours_per_day=8)
    change = pull(alignment=level)
    for name in chain.units:
        hours = difference(own_figure(name), chain, change)
        measured(f"alignment {level:g}: hours that a request spends in {name}, its own figure", hours)
        assert hours.high < 0
    pleased = difference(measure("external_satisfaction"), chain, change)
    experience = difference(measure("external_experience"), chain, change)
    measured(f"alignment {level:g}: points of external satisfaction", pleased)
    measured(f"alignment {level:g}: points of customers' experience", experience)
    assert pleased.high < 0
    assert experience.high < 0


def test_even_the_time_to_an_answer_improves_and_what_is_lost_is_that_it_is_right(measured):
    chain = small_firm(hours_per_day=8)
    wait = difference(lambda model: 8 * measure("wait")(model), chain, OWN_TARGETS)
    right = difference(measure("right_first_time"), chain, OWN_TARGETS)
    inside = difference(measure("internal_satisfaction"), chain, OWN_TARGETS)
    measured("own targets only: hours of customers' wait for an answer", wait)
    measured("own targets only: points of right answers", right)
    measured("own targets only: points of internal satisfaction", inside)
    assert wait.high < 0
    assert right.high < 0
    assert inside.high < 0


def test_without_the_damage_speed_is_welcome_to_customers():
    """What hurts is not that work is quick, but what it is quick at."""
    chain = small_firm(target_errors=0.0, complain_share=0.0)
    assert difference(measure("external_satisfaction"), chain, OWN_TARGETS).low > 0


def answering(model, start=100):
    """Return the hours from a complaint to its answer."""
    table = model.state.link_day[start : model.day]
    return 8 * float(table["recovery_time"].sum() / table["recoveries"].sum())


def test_what_does_not_count_for_the_target_waits(measured):
    chain = ServiceChain(rush_share=0, churn=0, new_customers=0)
    chain.add_department("Front", staff=4, hours_per_request=0.5, error_rate=0.15, empowerment=1.0)
    chain.add_segment("Customers", customers=330, needs_per_year=25, complain_share=0.9, escalate_share=0.0)
    chain.add_link("Front", "Customers", reopen_rate=0.0)
    still = pull(target_speed=0.0, target_errors=0.0)
    longer = difference(answering, chain, OWN_TARGETS + still, still)
    measured("hours that an answer to a complaint takes longer, at the same speed and errors", longer)
    assert longer.low > 0


def test_aligning_one_unit_pays_even_where_the_others_keep_to_their_targets(measured):
    chain = small_firm()
    for unit in chain.units:
        chain.nodes[unit]["alignment"] = 0.0
    for name in ("Front", "Back"):
        gain = difference(measure("external_satisfaction"), chain, pull(name, alignment=1.0))
        measured(f"points of external satisfaction when only {name} follows customers' needs", gain)
        assert gain.low > 0


def test_the_less_aligned_the_less_satisfied_customers_are():
    levels = [pull(alignment=one) for one in (1.0, 0.7, 0.4, 0.0)]
    figure = measure("external_satisfaction")
    values = np.array([[figure(run(small_firm(), seed, 250, *one)) for one in levels] for seed in SEEDS])
    for step in np.diff(values, axis=1).T:
        assert estimate(step).high < 0


def test_fully_aligned_targets_move_nothing():
    chain = small_firm(customers=100)
    assert same_run(run(chain, 1, 80), run(chain, 1, 80, *pull(target_speed=2.0, target_errors=9.0)))
    assert alignment.pace(1.0, 0.3) == alignment.errors(1.0, 1.2) == 0.0
    assert not alignment.puts_off(1.0, 0.0)


def test_own_targets_that_change_neither_speed_nor_errors_nor_complaints_move_nothing():
    chain = small_firm(customers=100, target_speed=0.0, target_errors=0.0)
    for one in ("complain_share", "escalate_share", "rush_share"):
        chain.nodes["Customers"][one] = 0.0
    chain.graph |= {"hidden_issue": 0.0}
    for unit in chain.units:
        chain.nodes[unit]["latent_rate"] = 0.0
    assert same_run(run(chain.check(), 1, 80), run(chain, 1, 80, *OWN_TARGETS))
