"""E3: good recovery restores satisfaction; deflecting blame makes it worse than the failure.

One bad day on which all answers are wrong, and what becomes of those who asked on it: the same customers, with the same
draws, in runs that differ in what follows.
"""

import numpy as np
import pytest

from sim import levers
from sim.chain import ServiceChain
from sim.estimates import estimate
from sim.interventions import Intervention
from sim.model import ServiceModel
from sim.rules import loyalty, recovery
from tests.claims.paired import SEEDS, pull, run, same_run

BAD, LOOK = 60, 66
GOOD = {"ownership": 1.0, "apology": 1.0, "redress": 1.0}


def one_team(needs=10.0, customers=4000, segment=None, graph=None, **unit):
    """One team that answers everything a day after it was asked, without errors but on the bad day."""
    chain = ServiceChain(**({"new_customers": 0.0, "reopen_rate": 0.0, "hidden_issue": 0.0} | (graph or {})))
    chain.add_department(
        "Front", staff=int(customers * needs / 2000), hours_per_request=0.5, error_rate=0.0, pause_share=1.0,
        pause_days=1.0, pause_spread=0.0, **({"empowerment": 1.0} | GOOD | unit),
    )  # fmt: skip
    chain.add_segment(
        "Customers",
        customers=customers,
        needs_per_year=needs,
        complain_share=0.0,
        escalate_share=0.0,
        **(segment or {}),
    )
    chain.add_link("Front", "Customers", promise_days=2.0)
    return chain.check()


def wrong_on(day):
    return Intervention("error_rate", 0.99, "Front", day, 0, day + 1)


def complaints_on(day):
    return Intervention("complain_share", 1.0, "Customers", day, 0, day + 1)


def rows(model):
    return np.asarray(model.state.customer).copy()


def after(chain, seed, *pulled, until=LOOK):
    """Return the customers before the bad day, after it, and on the day of looking."""
    model = ServiceModel(chain, seed=seed, interventions=pulled).run(BAD)
    found = [rows(model)]
    for day in (BAD + 1, until):
        found.append(rows(model.run(day - model.day)))
    return found


ARMS = {
    "nothing": (one_team(), []),
    "silent": (one_team(), [wrong_on(BAD)]),
    "good": (one_team(), [wrong_on(BAD), complaints_on(BAD)]),
    "slow": (one_team(), [wrong_on(BAD), complaints_on(BAD), Intervention("pause_days", 3.0, "Front", BAD)]),
    "unapologetic": (one_team(apology=0.0), [wrong_on(BAD), complaints_on(BAD)]),
    "unpaid": (one_team(redress=0.0), [wrong_on(BAD), complaints_on(BAD)]),
    "deflected": (one_team(ownership=0.0), [wrong_on(BAD), complaints_on(BAD)]),
}


@pytest.fixture(scope="module")
def lived():
    """Satisfaction, trust and loyalty, in points, of the customers who met the bad day: arm → figure → one value a seed."""
    found = {arm: {"satisfaction": [], "trust": [], "loyalty": [], "leaving": []} for arm in ARMS}
    for seed in SEEDS:
        ends, hit = {}, None
        for arm, (chain, pulled) in ARMS.items():
            before, then, ends[arm] = after(chain, seed, *pulled)
            if arm == "silent":
                hit = (then["unresolved"] > before["unresolved"]) & (then["active"] == 1)
                first = before
        # Who had no other encounter meanwhile: what is compared is the bad day and its answer, nothing else.
        hit &= (ends["silent"]["encounters"] == first["encounters"] + 1) & (
            ends["good"]["encounters"] == first["encounters"] + 2
        )
        for arm, end in ends.items():
            mine = end[hit]
            tie = loyalty.loyalty(mine["satisfaction"], mine["trust"], 0.3)
            hazard = loyalty.hazard_at_a_need(0.1, 10.0)
            for name, values in (
                ("satisfaction", mine["satisfaction"]), ("trust", mine["trust"]), ("loyalty", tie),
                ("leaving", [loyalty.leaving_probability(hazard, one, 8.0) for one in tie]),
            ):  # fmt: skip
                found[arm][name].append(100 * float(np.mean(values)))
    return {arm: {name: np.array(values) for name, values in figures.items()} for arm, figures in found.items()}


def test_a_good_recovery_restores_satisfaction(lived, measured):
    cost = lived["nothing"]["satisfaction"] - lived["silent"]["satisfaction"]
    back = lived["good"]["satisfaction"] - lived["silent"]["satisfaction"]
    measured("points of satisfaction that a failure costs", estimate(cost))
    measured("points that a good recovery gives back", estimate(back))
    measured("share of it given back, per cent", estimate(100 * back / cost))
    assert estimate(cost).low > 0
    assert estimate(100 * back / cost).low > 80


def test_an_apology_and_redress_both_count(lived, measured):
    for arm, what in (("unapologetic", "an apology"), ("unpaid", "redress")):
        less = estimate(lived["good"]["satisfaction"] - lived[arm]["satisfaction"])
        measured(f"points that {what} adds to a recovery", less)
        assert less.low > 0


def test_deflecting_blame_is_worse_than_the_failure(lived, measured):
    failure = lived["nothing"]["satisfaction"] - lived["silent"]["satisfaction"]
    deflection = lived["silent"]["satisfaction"] - lived["deflected"]["satisfaction"]
    measured("points that a deflected complaint costs beyond the failure", estimate(deflection))
    measured("what deflecting costs less what the failure cost", estimate(deflection - failure))
    assert estimate(deflection - failure).low > 0


def test_a_quick_recovery_is_better_than_a_slow_one(lived, measured):
    quicker = estimate(lived["good"]["satisfaction"] - lived["slow"]["satisfaction"])
    measured("points of satisfaction: recovery in one day less in three", quicker)
    stays = estimate(lived["slow"]["leaving"] - lived["good"]["leaving"])
    measured("per cent leaving at the next need: recovery in three days less in one", stays)
    slow = estimate(lived["slow"]["satisfaction"] - lived["silent"]["satisfaction"])
    measured("points that a recovery in three days still gives back", slow)
    assert quicker.low > 0
    assert stays.low > 0
    assert slow.low > 0


def test_the_recovery_paradox_holds_for_satisfaction_and_not_for_loyalty(lived, measured):
    """De Matos, Henrique & Rossi 2007: satisfaction after a good recovery may exceed that without failure; the rest not."""
    change = {
        name: estimate(lived["good"][name] - lived["nothing"][name]) for name in ("satisfaction", "trust", "leaving")
    }
    measured("satisfaction after a failure and a perfect recovery less without a failure", change["satisfaction"])
    measured("trust, the same", change["trust"])
    measured("per cent leaving at the next need, the same", change["leaving"])
    assert change["satisfaction"].low > 0
    assert change["trust"].high < 0
    assert change["leaving"].low > 0


def test_an_ordinary_recovery_makes_no_paradox(measured):
    chain = one_team(ownership=0.9, apology=0.6, redress=0.4)
    more = []
    for seed in SEEDS:
        before, then, _ = after(chain, seed, wrong_on(BAD))
        hit = (then["unresolved"] > before["unresolved"]) & (then["active"] == 1)
        usual = after(chain, seed)[2]["satisfaction"][hit].mean()
        answered = after(chain, seed, wrong_on(BAD), complaints_on(BAD))[2]["satisfaction"][hit].mean()
        more.append(100 * (answered - usual))
    measured("satisfaction after a failure and a recovery as by default less without a failure", estimate(more))
    assert estimate(more).high < 0


AGAIN = BAD + 20


def second_drop(chain, seed):
    """Return how many points a failure costs those for whom another was made good 20 days before."""
    pulled = [wrong_on(BAD), complaints_on(BAD), wrong_on(AGAIN)]
    model = ServiceModel(chain, seed=seed, interventions=pulled).run(AGAIN)
    before, then = rows(model), rows(model.run(1))
    twice = (before["recovered"] == 1) & (then["unresolved"] > before["unresolved"]) & (then["active"] == 1)
    assert twice.sum() >= 20
    return 100 * float((before["satisfaction"] - then["satisfaction"])[twice].mean())


def test_a_second_failure_after_a_recovery_is_judged_harder(measured):
    alike, harder = (one_team(needs=40.0, graph={"second_failure": factor}) for factor in (1.0, 1.5))
    cost = [second_drop(alike, seed) for seed in SEEDS]
    more = estimate([second_drop(harder, seed) - usual for seed, usual in zip(SEEDS, cost, strict=True)])
    measured("points that a second failure costs where it is judged like the first", estimate(cost))
    measured("points more where it is judged harder", more)
    assert more.low > 0


def test_an_answer_without_an_owner_has_nothing_to_it_and_one_with_an_owner_what_is_paid_and_said():
    assert recovery.reliability(1.0, False, 1.0, 0.5) == recovery.empathy(0.8, False, True, 0.5) == 0
    assert recovery.reliability(0.9, True, 0.4, 0.5) == pytest.approx(0.9 * 0.7)
    assert recovery.empathy(0.8, True, False, 0.5) == pytest.approx(0.4)
    assert recovery.given_back(0.6, 0.1, 0.8, 1.0) == pytest.approx(0.68)
    assert recovery.given_back(0.95, 0.5, 1.0, 1.0) == 1.0


def test_at_neutral_values_an_owned_answer_is_an_ordinary_encounter():
    for value in (0.0, 0.3, 0.77, 1.0):
        assert recovery.reliability(value, True, 0.2, 0.0) == value
        assert recovery.empathy(value, True, False, 0.0) == value
        assert recovery.given_back(value, 0.4, 0.9, 0.0) == value
    assert recovery.harder(1, 1.0) == recovery.harder(0, 1.5) == 1.0


def test_with_recovery_off_apologies_move_nothing():
    chain = one_team(customers=500, needs=25.0).everywhere(levers.neutral_values("E3"))
    busy = [wrong_on(BAD), Intervention("complain_share", 0.8, "Customers", BAD - 20)]
    one, two = run(chain, 1, 100, *busy), run(chain, 1, 100, *busy, *pull(apology=0.0))
    assert one.state.link_day["recoveries"].sum() > 0
    assert same_run(one, two)
    assert one.state.firm_day[:100].tobytes() == two.state.firm_day[:100].tobytes()
