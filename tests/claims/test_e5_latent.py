"""E5: service pays for the sins of the past: cutting corners upstream pays first and costs later."""

import numpy as np
import pytest

from sim import levers, measures
from sim.chain import ServiceChain
from sim.estimates import estimate
from sim.interventions import Intervention
from sim.rules import latent
from tests.claims.paired import difference, pull, run, same, same_customers, same_run, small_firm

HASTE = pull("Back", haste=0.3)
OVERPROMISE = pull("Customers", overpromise=0.4)


def busy_back(**graph):
    """The row with a Back that can hardly keep up, so that time saved there is felt."""
    chain = small_firm(customers=600, staff=8, **graph)
    chain.nodes["Back"].update(staff=4, hours_per_request=0.36)
    return chain


def window(name, start, end):
    """Return a figure: a measure of the firm over some days."""
    return lambda model: measures.summary(model, start, end)[name]


def money(column, start, end):
    """Return a figure: a column of the books over some days, in thousands."""
    return lambda model: float(model.state.firm_day[start:end][column].sum()) / 1000


def surfaced(model):
    return np.asarray(model.state.link_day["surfaced"][: model.day]).sum(axis=1)


def test_cutting_corners_upstream_pays_first_and_costs_later(measured):
    chain = busy_back()
    effect = {
        (name, start, end): difference(window(name, start, end), chain, HASTE, days=end)
        for name in ("wait", "external_satisfaction")
        for start, end in ((0, 30), (450, 600))
    }
    for (name, start, end), change in effect.items():
        measured(f"{name} in days {start} to {end}, 30 per cent of working time saved in Back less none", change)
    assert effect["wait", 0, 30].high < 0
    assert effect["external_satisfaction", 0, 30].low > 0
    assert effect["external_satisfaction", 450, 600].high < 0


def test_a_post_saved_by_cutting_corners_pays_first_and_costs_later(measured):
    """Three people in Back do in haste what four did with care."""
    careful = small_firm(customers=600, staff=8)
    careful.nodes["Back"].update(staff=5)
    hasty = careful.copy()
    hasty.nodes["Back"].update(staff=4, haste=0.3)
    for start, end in ((0, 100), (400, 500)):
        gain = difference(money("profit", start, end), careful, hasty, days=end)
        measured(f"profit (thousands) in days {start} to {end}, a post saved by haste", gain)
        assert gain.low > 0 if start == 0 else gain.high < 0


def test_what_is_cut_upstream_is_work_for_the_service_people(measured):
    def arrived(unit):
        return lambda model: float(
            model.state.unit_day[300 : model.day, model.chain.units.index(unit)]["arrived"].mean()
        )

    more = difference(arrived("Front"), small_firm(), HASTE, days=450)
    measured("more requests a day at Front, which cut no corners", more)
    assert more.low > 0


def test_promising_more_than_can_be_kept_sells_first_and_costs_customers_later(measured):
    chain = small_firm(customers=600, staff=9)
    first = difference(money("revenue", 0, 50), chain, OVERPROMISE, days=50)
    measured("revenue (thousands) in days 0 to 50, more promised at 40 per cent of needs", first)
    assert first.low > 0
    for name, start, end in (("external_satisfaction", 350, 500), ("customers", 450, 500)):
        later = difference(window(name, start, end), chain, OVERPROMISE, days=end)
        measured(f"{name} in days {start} to {end}, the same", later)
        assert later.high < 0
    profit = difference(money("profit", 400, 500), chain, OVERPROMISE, days=500)
    measured("profit (thousands) in days 400 to 500, the same", profit)
    assert profit.high < 0


def one_day_of_haste(spread, **graph):
    """A team that hides a fault in every second piece of work of one day, and the days after it at which they surface."""
    chain = ServiceChain(
        latent_days=40.0, latent_spread=spread, latent_haste=1.0, churn=0.0, new_customers=0.0, reopen_rate=0.0, **graph
    )
    chain.add_department("Front", staff=30, hours_per_request=0.5, latent_rate=0.0, error_rate=0.0)
    chain.add_segment("Customers", customers=6000, needs_per_year=12, churn=0.0, new_customers=0.0)
    chain.add_link("Front", "Customers", promise_days=1)
    model = run(chain.check(), 3, 600, Intervention("haste", 0.5, "Front", 10, 0, 11))
    return surfaced(model)


def test_faults_surface_after_the_days_that_the_organisation_says(measured):
    """A day and a lognormal time of mean 40 after the tenth; with a spread of 1, days vary as much as their mean."""
    sharp = one_day_of_haste(0.0)
    assert np.flatnonzero(sharp).tolist() == [10 + 1 + 40]
    scattered = one_day_of_haste(1.0)
    assert 0.97 * sharp.sum() < scattered.sum() <= sharp.sum()
    days = np.repeat(np.arange(len(scattered)), scattered) - 11.0
    mean = estimate(days)
    measured("mean days until a fault surfaces, 40 in the organisation file, over faults of one day", mean)
    assert mean.low < 40 < mean.high
    assert 0.6 < days.std() / 40 < 1.6
    assert np.median(days) == pytest.approx(40 / np.sqrt(2), rel=0.25)


def test_nothing_surfaces_for_a_customer_who_is_gone():
    chain = small_firm(customers=300, churn=0.9, new_customers=0.0, latent_days=60.0)
    stay = small_firm(customers=300, churn=0.0, new_customers=0.0, latent_days=60.0)
    for seed in range(3):
        gone, there = run(chain, seed, 300, *HASTE), run(stay, seed, 300, *HASTE)
        per_need = [
            surfaced(model)[100:].sum() / model.state.segment_day["needs"][:300].sum() for model in (gone, there)
        ]
        assert per_need[0] < per_need[1]


def test_the_share_that_hides_a_fault_rises_with_haste_and_falls_with_lessons():
    share = latent.share_hidden
    assert share(0.01, 0.2, 0.5, 0.0) == pytest.approx(0.11)
    assert share(0.01, 0.2, 0.5, np.log(2)) == pytest.approx(0.055)
    assert share(0.9, 0.9, 1.0, 0.0) == 1.0
    assert np.exp(latent.pace(0.25)) == pytest.approx(0.75)
    assert latent.pace(0.0) == share(0.0, 0.0, 0.5, 0.3) == 0.0


def test_with_the_past_off_its_levers_change_nothing_not_even_money():
    chain = small_firm(customers=100, **levers.neutral_values("E5"))
    moved = pull(latent_days=5, latent_spread=3, latent_haste=1.0, overpromise_sales=5)
    one, two = run(chain, 1, 80), run(chain, 1, 80, *moved)
    assert surfaced(one).sum() == 0
    assert same_run(one, two)
    assert same(one.state.firm_day[:80], two.state.firm_day[:80])


def test_a_fault_that_has_not_surfaced_yet_touches_nobody():
    chain = small_firm(customers=100, latent_days=5000.0, latent_spread=0.0)
    none = small_firm(customers=100, latent_rate=0.0, latent_days=5000.0, latent_spread=0.0)
    assert same_customers(run(chain, 1, 80), run(none, 1, 80))
