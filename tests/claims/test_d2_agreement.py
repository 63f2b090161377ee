"""D2: clear expectations in a two-way service agreement, reviewed from time to time, or else they fade."""

import numpy as np
import pytest

from sim import levers
from sim.interventions import Intervention
from sim.rules import partners
from tests.claims.contractors import FREE, USUAL, differences, field, field_firm, same_but
from tests.claims.paired import measure, on_link, pull, run

OWN = ("clarity",)


def test_an_agreement_that_is_reviewed_keeps_expectations_clear_and_customers_satisfied(measured):
    figures = USUAL | {"empathy of Field": on_link("Field", "Homes", "empathy")}
    moved = differences(figures, field_firm(review_days=0), field_firm(review_days=60), days=500)
    for name, figure in moved.items():
        measured(f"{name}, a review every 60 days against none", figure)
        assert figure.low > 0, name


def one_review(agreement=1.0):
    """The agreement is made clear in one review on day 49, and never looked at again."""
    return [
        Intervention("agreement", agreement, "Field", start=1),
        Intervention("review_days", 50, "Field", start=1, end=51),
    ]


def between(start, end, figure):
    """Return the same figure of a model that had run to ``end`` only, from ``start`` on."""
    if figure == "clarity":
        return lambda model: 100 * float(field(model, "clarity")[start:end].mean())
    if figure == "satisfaction":
        return lambda model: 100 * float(model.state.segment_day["satisfaction"][start:end].mean())
    table = lambda model, column: model.state.link_day[start:end, model.chain.links.index(("Field", "Homes"))][column]  # noqa: E731
    return lambda model: 100 * float(table(model, figure).sum() / table(model, "encounters").sum())


def test_without_further_reviews_a_contractor_drifts_back(measured):
    chain = field_firm(customers=600, staff=12, review_days=0)
    named = {"clarity": "clarity", "right": "right answers", "satisfaction": "external satisfaction"}
    windows = {"in the first 150 days": (50, 200), "two years later": (550, 700)}
    figures = {(name, when): between(*days, name) for name in named for when, days in windows.items()}
    figures |= {(name, "lost"): lost(name, *windows.values()) for name in named}
    moved = differences(figures, chain, one_review(), days=700)
    for (name, when), figure in moved.items():
        measured(f"{named[name]} of one review, {when}", figure)
    for name in named:
        first, later = moved[name, "in the first 150 days"], moved[name, "two years later"]
        assert first.low > 0
        assert moved[name, "lost"].low > 0
        assert later.mean < 0.6 * first.mean


def lost(name, first, later):
    return lambda model: between(*first, name)(model) - between(*later, name)(model)


def test_what_was_agreed_works_from_the_next_review_on():
    chain = field_firm(customers=100, review_days=60)
    model = run(chain, 1, 130, *pull("Field", agreement=1.0))
    clarity = field(model, "clarity")
    assert clarity[58] < 0.6
    assert clarity[59] == clarity[119] == 1.0


def test_clarity_fades_by_the_same_share_every_day():
    clarity = field(run(field_firm(customers=100, review_days=0), 1, 200), "clarity")
    fade = levers.BY_NAME["clarity_fade"].default
    assert clarity == pytest.approx(0.6 * (1 - fade) ** np.arange(1, 201), rel=1e-12)


def test_every_review_is_paid_for():
    free = {name: value for name, value in FREE.items() if name != "review_cost"}
    cost = field(run(field_firm(customers=100, review_days=60, **free), 1, 250), "cost")
    assert np.flatnonzero(cost).tolist() == [59, 119, 179, 239]
    assert (cost[cost > 0] == levers.BY_NAME["review_cost"].default).all()


@pytest.mark.parametrize(
    ("period", "expected"), [(10.0, [9, 19, 29]), (12.5, [12, 24]), (0.0, []), (0.5, [*range(30)])]
)
def test_what_comes_round_comes_round(period, expected):
    assert [day for day in range(30) if partners.every(float(day), 0.0, period)] == expected


def test_where_clarity_has_no_effect_the_agreement_changes_no_other_bit():
    chain = field_firm(customers=100, **levers.neutral_values("D2"), **FREE)
    one, two = run(chain, 1, 80), run(chain.everywhere({"agreement": 0.1, "review_days": 7}), 1, 80)
    assert same_but(one, two, *OWN)
    assert (field(two, "clarity") == 0.1).all()


def test_with_nothing_to_fade_reviews_change_no_bit():
    chain = field_firm(customers=100, clarity_fade=0.0, **FREE)
    assert same_but(run(chain, 1, 80), run(chain, 1, 80, *pull(review_days=7)))


def test_external_satisfaction_follows_the_clarity_agreed(measured):
    moved = differences(
        {"satisfaction": measure("external_satisfaction")}, field_firm(agreement=0.2), field_firm(agreement=1.0)
    )
    measured("external satisfaction, a full agreement against a vague one (0.2)", moved["satisfaction"])
    assert moved["satisfaction"].low > 0
