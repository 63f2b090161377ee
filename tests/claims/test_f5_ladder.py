"""F5: escalations climb a ladder of limited attention; saturated ladders lengthen recovery."""

import math

import numpy as np
import pytest

from sim import levers
from sim.estimates import Estimate
from tests.claims.paired import SEEDS, difference, measure, pull, run, same_run, small_firm


def firm(errors=0.2, **graph):
    """The row with a Front that makes errors and may settle little itself."""
    chain = small_firm(customers=600, staff=9, **graph)
    chain.nodes["Front"].update(error_rate=errors, empowerment=0.3)
    return chain


def recovery_time(model, start=100):
    table = model.state.link_day[start : model.day, model.chain.links.index(("Front", "Customers"))]
    return float(table["recovery_time"].sum() / table["recoveries"].sum())


LITTLE, MUCH = pull(escalation_attention=0.02), pull(escalation_attention=0.9)


def factor(chain, after, before=(), days=300, seeds=SEEDS):
    """Return the factor on recovery time, a geometric mean over seeds: times on a full ladder have a long tail."""
    change = difference(lambda model: math.log(recovery_time(model)), chain, after, before, days=days, seeds=seeds)
    return Estimate(math.exp(change.mean), math.exp(change.low), math.exp(change.high), change.runs)


def test_a_saturated_ladder_lengthens_recovery(measured):
    longer = factor(firm(), MUCH, LITTLE)
    measured("factor on the time from complaint to answer, an escalation taking 0.9 days against 0.02", longer)
    assert longer.low > 1.5
    for what in ("external_satisfaction", "retention"):
        change = difference(measure(what), firm(churn=0.2), MUCH, LITTLE, days=300)
        measured(f"{what}, an escalation taking 0.9 days of a manager less 0.02", change)
        assert change.high < 0


def test_attention_that_suffices_costs_little(measured):
    """A manager can take five or fifty escalations a day where about two come; there the ladder holds up hardly anybody."""
    longer = factor(firm(), pull(escalation_attention=0.2), LITTLE, seeds=range(1, 25))
    measured("factor on the time from complaint to answer, an escalation taking 0.2 days against 0.02", longer)
    assert longer.high < 1.2


@pytest.mark.parametrize(
    ("relief", "what"), [({"managers": 4}, "four managers"), ({"general_attention": 20.0}, "a general manager with time"),
                         ({"empowerment": 1.0}, "staff who may settle complaints")]
)  # fmt: skip
def test_whoever_takes_load_off_the_ladder_shortens_recovery(relief, what, measured):
    full = firm(escalation_attention=0.9)
    eased = full.copy()
    (eased.graph if "general_attention" in relief else eased.nodes["Front"]).update(relief)
    shorter = factor(full, eased)
    measured(f"factor on the time from complaint to answer on a full ladder, {what} against without", shorter)
    assert shorter.high < 1


def test_what_waits_too_long_for_a_manager_climbs_to_the_general_manager():
    patient, quick = (firm(escalation_attention=0.9, ladder_days=days) for days in (1000.0, 2.0))
    for seed in range(3):
        lower, higher = run(patient, seed, 200), run(quick, seed, 200)
        assert lower.state.firm_day["on_ladder"][:200].max() == 0
        assert higher.state.firm_day["on_ladder"][:200].max() > 0
        front = lower.chain.units.index("Front")
        assert lower.state.unit_day["on_ladder"][199, front] > higher.state.unit_day["on_ladder"][199, front]


def test_where_there_is_no_manager_escalations_go_straight_to_the_top():
    chain = firm()
    for unit in chain.units:
        chain.nodes[unit]["managers"] = 0
    model = run(chain, 1, 200)
    assert model.state.firm_day["general_left"][:200].min() < 0.5
    assert model.state.link_day["recoveries"][:200].sum() > 0
    nobody = run(chain, 1, 200, *pull(general_attention=0.0))
    assert nobody.state.firm[0]["on_ladder"] > 50  # they wait for ever


def test_escalations_take_attention_away_from_the_people(measured):
    def support(model):
        return float(100 * model.state.unit_day[100 : model.day, model.chain.units.index("Front")]["support"].mean())

    less = difference(support, firm(), pull(escalation_attention=0.3), pull(escalation_attention=0.0), days=300)
    measured("support of Front's people by their manager (points), escalations taking 0.3 days less none", less)
    assert less.high < 0


def test_first_come_is_first_answered():
    """All waits on the ladder of one unit end in the order in which they began, so nobody waits without end."""
    chain = firm(escalation_attention=0.9, ladder_days=1000.0)
    model = run(chain, 4, 150)
    request = np.asarray(model.state.request)
    row, waiting = model.state.unit[model.chain.units.index("Front")]["ladder_head"], []
    while row >= 0:
        waiting.append(float(request[row]["entered"]))
        row = request[row]["next"]
    assert len(waiting) > 3
    assert waiting == sorted(waiting)


def test_where_an_escalation_takes_no_attention_nobody_waits_and_the_ladder_changes_nothing():
    chain = firm(**levers.neutral_values("F5"))
    one, two = run(chain, 1, 120), run(chain, 1, 120, *pull(ladder_days=0.0, general_attention=0.0))
    assert one.state.link_day["escalations"][:120].sum() > 0
    assert one.state.unit_day["on_ladder"][:120].max() == 0
    assert same_run(one, two)
