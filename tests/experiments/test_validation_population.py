"""Simulated business units: what differs between them, what is measured, and that threads change no number."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from experiments.validation import answers, business_unit, correlations, elasticity, population
from experiments.validation.finding import Effort
from sim import levers, organisation
from sim.chain import ServiceChain
from sim.errors import InputError

EIGHT = Effort(share=0.01, threads=2)
"""The least number of units."""


def firm(staff=8, kind="department", name="Small firm"):
    chain = ServiceChain(name=name)
    chain.add_department("Back", staff=staff, hours_per_request=0.5)
    getattr(chain, f"add_{kind}")("Front", staff=staff, hours_per_request=0.5)
    chain.add_segment("Customers", customers=20 * staff, needs_per_year=60)
    chain.add_link("Back", "Front", requests_per_case=0.5)
    chain.add_link("Front", "Customers", promise_days=1)
    return chain.check()


@pytest.fixture(scope="module")
def frame():
    return population.units(EIGHT, [firm()])


def test_every_figure_that_is_promised_is_there_and_no_other(frame):
    drawn = {f"{population.LEVER}{name}" for name in population.VARY}
    assert set(frame.columns) == {*population.COLUMNS, "organisation", "unit"} | drawn
    assert len(frame) == 8
    figures = frame[[name for name in population.COLUMNS if not name.startswith("seen_")]]
    assert np.isfinite(figures.to_numpy(dtype=float)).all()


def test_threads_and_other_units_change_no_number(frame, monkeypatch):
    monkeypatch.setattr(population, "_KEPT", {})
    pd.testing.assert_frame_equal(population.units(Effort(share=0.01, threads=1), [firm()]), frame)
    more = population.units(Effort(share=1, threads=2), [firm()], number=10)
    of_the_unit = [name for name in frame if name != "performance"]  # which is relative to the others
    pd.testing.assert_frame_equal(more[of_the_unit].head(8), frame[of_the_unit])
    assert (population.units(Effort(share=0.01, seed=2), [firm()])["quits"] != frame["quits"]).any()


def test_units_are_simulated_once_and_a_change_of_the_copy_stays_there(frame, monkeypatch):
    monkeypatch.setattr(population, "measured", None)
    again = population.units(EIGHT, [firm()])
    again["quits"] = 0.0
    pd.testing.assert_frame_equal(population.units(EIGHT, [firm()]), frame)


def test_levers_are_drawn_within_their_share_of_the_usual_range_around_the_organisations_own_values():
    chain = organisation.load("retailer")
    for number in range(20):
        drawn, unit = population.draw(chain, population.VARY, (1, 0, number))
        for name, share in population.VARY.items():
            one = levers.BY_NAME[name]
            assert -1 <= drawn[name] <= 1
            for place in population.places_of(chain, one):
                value, new = chain.value(name, *place), unit.value(name, *place)
                if name == "wage":  # which follows pay, too
                    continue
                if value == 0:
                    assert new == 0
                    continue
                low, high = one.usual(value)
                assert value - share * (value - low) - 1e-9 <= new <= value + share * (high - value) + 1e-9
                assert (new - value) * drawn[name] >= 0


def test_levers_are_drawn_independently():
    chain = firm()
    drawn = pd.DataFrame([population.draw(chain, population.VARY, (1, 0, number))[0] for number in range(200)])
    others = drawn.corr().to_numpy()[~np.eye(drawn.shape[1], dtype=bool)]
    assert np.abs(others).max() < 4.5 / np.sqrt(200)
    assert drawn.abs().mean().mean() == pytest.approx(0.5, abs=0.03)


def test_whoever_pays_more_has_higher_wages():
    chain = firm()
    for number in range(5):
        _, unit = population.draw(chain, {"pay": 1.0}, (1, 0, number))
        more = unit.value("pay", "Front") - chain.value("pay", "Front")
        assert unit.value("wage", "Front") == pytest.approx(chain.value("wage", "Front") * (1 + more))


def test_turnover_to_be_expected_agrees_with_those_who_quit():
    units = population.units(EIGHT, [firm(staff=40)], vary={"quit_rate": 0.5, "tools": 0.5})
    people = units["staff"].sum()
    expected = (units["quit_hazard"] * units["staff"]).sum() / 100
    happened = (units["quits"] * units["staff"]).sum() / 100
    assert people == 8 * 80
    assert abs(happened - expected) < 4 * np.sqrt(expected)


def test_what_only_money_notices_moves_no_customer_and_no_member_of_staff():
    units = population.units(EIGHT, [firm()], vary={"wage": 0.5})
    chain = firm()
    twin = business_unit.measured(chain, seed=(1 * 1_000 + 0) * 100_000 + 3)
    assert units.loc[3, "customer_satisfaction"] == twin["customer_satisfaction"]
    assert units.loc[3, "employee_engagement"] == twin["employee_engagement"]
    assert units.loc[3, "profit"] != twin["profit"]


def test_a_firm_whose_customers_meet_contractors_only_has_no_front_line_of_its_own():
    units = population.units(EIGHT, [firm(kind="contractor")])
    assert units["front_strain"].isna().all()
    assert units["employee_engagement"].notna().all()
    assert (units["staff"] == 8).all()


def test_organisations_of_the_same_name_are_told_apart():
    units = population.units(EIGHT, [firm(), firm(staff=6)])
    assert set(units["organisation"]) == {"Small firm", "Small firm (2)"}
    assert units.groupby("organisation")["performance"].mean().abs().max() < 1e-9


@pytest.mark.parametrize(
    ("given", "place"),
    [
        ({"vary": {"training": 0.0}}, "vary: training"),
        ({"vary": {"training": True}}, "vary: training"),
        ({"vary": {"trainig": 0.5}}, "vary"),
        ({"firms": []}, "firms"),
    ],
)
def test_what_cannot_be_varied_is_refused(given, place):
    with pytest.raises(InputError) as error:
        population.units(EIGHT, **({"firms": [firm()]} | given))
    assert error.value.place == place


SEEN_BY_STAFF_ALONE = dict.fromkeys(("pay", "growth", "belonging", "communication", "recognition"), 1.0)
CARRIERS = dict.fromkeys(("motivation_empathy", "motivation_errors", "willing_motivation", "quit_motivation"), 0.0)
"""What carries the motivation of staff to customers."""


@pytest.mark.slow
def test_staff_and_customers_go_together_because_of_the_mechanisms_and_not_by_construction():
    """Units that differ in what staff alone see: where motivation has no effect on work, customers are the same to the bit."""
    units = population.units(Effort(threads=2), [firm()], vary=SEEN_BY_STAFF_ALONE, number=30)
    cut = population.units(Effort(threads=2), [firm().everywhere(CARRIERS)], vary=SEEN_BY_STAFF_ALONE, number=30)
    pair = "employee_satisfaction", "customer_satisfaction"
    assert correlations.correlation(units, *pair).low > 0
    plain = firm().everywhere(CARRIERS)
    for number in range(3):
        twin = business_unit.measured(plain, seed=1_000 * 100_000 + number)
        assert cut.loc[number, "customer_satisfaction"] == twin["customer_satisfaction"]
        assert abs(cut.loc[number, "employee_engagement"] - twin["employee_engagement"]) > 0.1


@pytest.mark.slow
def test_conditions_that_no_customer_sees_reach_customers_in_part():
    found = pd.DataFrame([
        row for seed in range(4) for row in elasticity.changes(organisation.load("software_firm"), seed)
    ])  # fmt: skip
    mine = found[found["way"] == "conditions"]
    share = elasticity.ratio(mine["customers"].to_numpy(), mine["attitude"].to_numpy(), np.array(["one"] * 4))
    assert mine["attitude"].min() > 2
    assert share.low > 0
    assert share.high < 1


@pytest.mark.slow
def test_every_finding_about_units_gives_checks_with_reasons_for_misses_and_a_picture():
    effort = Effort(share=0.01, threads=2)
    assert {one.id for one in correlations.FINDINGS} == {"V1", "V2", "V4", "V5", "V16", "V17"}
    for finding in correlations.FINDINGS:
        result = finding.run(effort)
        assert len({one.name for one in result.checks}) == len(result.checks)
        for check in result.checks:
            assert (check.verdict == "inside") == (not check.reason)
            assert check.simulated.low <= check.simulated.mean <= check.simulated.high
        figure = plt.figure()
        result.draw(figure)
        assert figure.axes
        plt.close(figure)
    assert answers.LOYALTY in correlations.FINDINGS
