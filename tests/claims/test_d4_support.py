"""D4: a contractor's quality follows the information, tools and training that it gets, not only its fee."""

import pytest

from sim import levers
from sim.interventions import Intervention
from sim.rules import partners
from tests.claims.contractors import FREE, USUAL, differences, field_firm, same_but
from tests.claims.paired import on_link, on_unit, pull, run

NONE, FULL = pull("Field", partner_support=0.0), pull("Field", partner_support=1.0)
FIGURES = USUAL | {
    "assurance of Field": on_link("Field", "Homes", "assurance"),
    "knowledge of Field": lambda model: 100 * on_unit("Field", "knowledge")(model),
    "motivation of Field": lambda model: 100 * on_unit("Field", "motivation")(model),
}


def test_with_the_fee_fixed_support_makes_a_contractor_better(measured):
    for name, figure in differences(FIGURES, field_firm(), FULL, NONE).items():
        measured(f"{name}, full support against none, fee unchanged", figure)
        assert figure.low > 0, name


def test_support_does_more_than_the_same_money_paid_as_a_fee(measured):
    value = {lever.name: lever.default for lever in levers.LEVERS}
    training = value["partner_training"] * value["training_cost"] * levers.DAYS_PER_YEAR
    more = 1 + (value["partner_support_cost"] + training) / value["wage"]
    paid = pull("Field", partner_support=0.0, fee=more)
    chain = field_firm(quit_rate=0.0, root_cause_cost=0.0)
    moved = differences(USUAL | {"cost": cost}, chain, FULL, paid)
    assert moved.pop("cost").mean == pytest.approx(0, abs=1e-6)
    for name, figure in moved.items():
        measured(f"{name}, full support against a fee {100 * more - 100:.0f} % higher", figure)
        assert figure.low > 0, name


def cost(model):
    books = model.state.firm_day[: model.day]
    return float((books["fees"] + books["programmes"] + books["training"]).sum())


def test_support_works_where_the_fee_has_no_effect_at_all(measured):
    moved = differences(USUAL, field_firm(fee_gain=0.0), FULL, NONE)
    measured("quality of Field, full support, the fee having no effect", moved["quality of Field"])
    assert all(figure.low > 0 for figure in moved.values())


@pytest.mark.parametrize(("left", "other"), [("tools", "partner_training"), ("training", "partner_tools")])
def test_tools_and_training_help_each_without_the_other(left, other, measured):
    moved = differences(USUAL, field_firm(**{other: 0.0}), FULL, NONE)
    for name in ("quality of Field", "external satisfaction"):
        measured(f"{name}, support with {left} alone", moved[name])
        assert moved[name].low > 0


def test_support_supplies_a_share_of_the_tools_that_are_missing():
    assert partners.tools(0.4, 1.0, 0.5) == pytest.approx(0.7)
    assert partners.tools(0.4, 0.5, 0.5) == pytest.approx(0.55)
    assert partners.tools(1.0, 1.0, 0.5) == 1.0
    assert partners.tools(0.4, 0.0, 0.5) == 0.4


def test_without_support_what_it_would_consist_of_changes_no_bit():
    chain = field_firm(customers=100, **levers.neutral_values("D4"))
    moved = pull(partner_tools=1.0, partner_training=0.3, partner_support_cost=9000)
    assert same_but(run(chain, 1, 80), run(chain, 1, 80, *moved))


def test_support_with_neither_tools_nor_training_is_no_support():
    chain = field_firm(customers=100, partner_tools=0.0, partner_training=0.0, **FREE)
    assert same_but(run(chain, 1, 80, *NONE), run(chain, 1, 80, *FULL))


def test_partner_support_is_for_contractors_only():
    chain = field_firm(customers=100)
    assert same_but(run(chain, 1, 80), run(chain, 1, 80, Intervention("partner_support", 1.0, "Office")))
