"""D3: contractors who are not measured as accurately and as often as oneself decline unseen."""

from itertools import pairwise

import numpy as np
import pytest

from sim import levers
from sim.estimates import estimate
from sim.interventions import Intervention
from sim.rules import partners
from tests.claims.contractors import FREE, USUAL, differences, field, field_firm, same_but
from tests.claims.paired import SEEDS, measure, on_link, pull, run

NO_LONGER = [Intervention("measurement", 0.0, "Field", start=150)]


def test_a_contractor_no_longer_measured_declines_while_its_record_stays_as_good_as_it_was(measured):
    chain = field_firm(customers=600, staff=12, measurement=1.0, measurement_noise=0.02)
    effort, true, seen = [], [], []
    for seed in SEEDS:
        one, two = run(chain, seed, 500), run(chain, seed, 500, *NO_LONGER)
        record = field(two, "seen_score")
        assert (record[150:] == record[150]).all()  # to the last bit: nobody looks
        effort.append(100 * (field(two, "effort") - field(one, "effort"))[400:].mean())
        true.append(100 * (field(two, "true_score") - field(one, "true_score"))[400:].mean())
        seen.append(100 * (record - field(one, "seen_score"))[400:].mean())
    for what, values in (("effort", effort), ("true quality", true)):
        fallen = estimate(values)
        measured(f"{what}, a contractor no longer measured against one measured, 250 days later", fallen)
        assert fallen.high < 0
    rosier = estimate(np.subtract(seen, true))
    measured("quality on record less true quality, beyond that of a contractor still measured", rosier)
    assert rosier.low > 0


def test_customers_feel_what_management_does_not_see(measured):
    figures = {
        "right answers of Field": on_link("Field", "Homes", "right", start=300),
        "external satisfaction": measure("external_satisfaction", 300),
    }
    moved = differences(figures, field_firm(measurement=1.0), NO_LONGER, days=500)
    for name, figure in moved.items():
        measured(f"{name}, a contractor no longer measured", figure)
        assert figure.high < 0, name


def test_the_more_often_a_contractor_is_measured_the_better_it_serves(measured):
    steps = [field_firm(measurement=level) for level in (0.0, 0.5, 1.0)]
    for (few, many), name in zip(pairwise(steps), ("never → 0.5", "0.5 → 1"), strict=True):
        moved = differences(USUAL, few, many)
        measured(f"quality of Field, measured {name}", moved["quality of Field"])
        assert all(figure.low > 0 for figure in moved.values())


def test_a_contractor_who_was_never_measured_has_no_record():
    model = run(field_firm(customers=100, measurement=0.0), 1, 200)
    assert (field(model, "seen_score") == -1).all()
    effort = field(model, "effort")
    assert (np.diff(effort[:50]) < 0).all()
    assert effort[-1] < 0.75


def test_a_contractor_measured_as_often_as_oneself_is_seen_about_as_it_is(measured):
    chain = field_firm(measurement=1.0)
    gaps = []
    for seed in SEEDS:
        model = run(chain, seed, 400)
        gaps.append(100 * (field(model, "seen_score") - field(model, "true_score"))[200:].mean())
    bias = estimate(gaps)
    measured("quality on record less true quality, measured every five days", bias)
    assert bias.low < 0 < bias.high
    assert max(map(abs, gaps)) < 2


def test_what_management_goes_by_is_the_mean_of_the_first_measurements():
    scores, seen = [0.7, 0.9, 0.8, 0.6, 0.5], -1.0
    for number, score in enumerate(scores, start=1):
        seen = partners.record_after(seen, score, number)
        assert seen == pytest.approx(np.mean(scores[:number]))
    assert partners.record_after(0.7, 0.8, 50) == pytest.approx(0.72)


@pytest.mark.parametrize(("share", "every"), [(1.0, 5), (0.5, 10), (0.4, 12.5)])
def test_measurements_are_made_and_paid_for_every_so_many_days(share, every):
    free = {name: value for name, value in FREE.items() if name != "measurement_cost"}
    cost = field(run(field_firm(customers=100, measurement=share, **free), 1, 100), "cost")
    assert len(np.flatnonzero(cost)) == int(100 / every)
    assert (cost[cost > 0] == levers.BY_NAME["measurement_cost"].default).all()


def test_effort_settles_where_measurement_and_commitment_call_for_it():
    effort = 1.0
    for _ in range(5000):
        effort = partners.effort_after(effort, 0.4, 0.5, 0.01)
    assert effort == pytest.approx(0.4 + 0.6 * 0.5)


def test_where_effort_does_not_follow_it_measuring_changes_nothing_but_what_is_seen():
    chain = field_firm(customers=100, **levers.neutral_values("D3"), **FREE)
    one, two = run(chain, 1, 80), run(chain, 1, 80, *pull(measurement=1.0, measurement_noise=0.3))
    assert same_but(one, two, "seen_score", "measured")
    assert (field(two, "effort") == 1).all()
    assert not np.array_equal(field(one, "seen_score"), field(two, "seen_score"))


def test_measuring_says_nothing_about_departments():
    chain = field_firm(customers=100, **FREE)
    assert same_but(run(chain, 1, 80), run(chain, 1, 80, Intervention("measurement", 1.0, "Office")))
