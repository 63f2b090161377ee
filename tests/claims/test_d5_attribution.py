"""D5: to the customer the contractor is the company; face to face, it has the most immediate effect."""

import numpy as np
import pytest

from sim import levers
from sim.chain import ServiceChain
from sim.estimates import estimate
from sim.population import CONTRACTOR, DEPARTMENT
from sim.rules import attribution
from tests.claims.contractors import field_firm, same_but
from tests.claims.paired import SEEDS, customers, difference, measure, pull, run, same_customers

WORSE = pull("Field", error_rate=0.3)
SATISFACTION = measure("external_satisfaction")


def test_a_contractors_failures_lower_satisfaction_with_the_firm(measured):
    whole, half = (difference(SATISFACTION, field_firm(attribution=a), WORSE) for a in (1.0, 0.5))
    measured("external satisfaction, errors of Field 8 → 30 %", whole)
    measured("external satisfaction, errors of Field 8 → 30 %, half put down to the firm", half)
    assert whole.high < half.high < 0
    for name in ("net_promoter_score", "retention"):
        lower = difference(measure(name), field_firm(customers=600, staff=12), WORSE)
        measured(f"{name}, errors of Field 8 → 30 %", lower)
        assert lower.high < 0


def test_a_contractor_counts_as_much_as_the_same_unit_would_as_a_department():
    """Contractors have mechanisms of their own, D1 to D4, D6 and D7; without them only the name is left."""
    own = levers.neutral_values("D1", "D2", "D3", "D4", "D6", "D7")
    contractor = field_firm(customers=100, **own)
    department = contractor.copy()
    department.nodes["Field"]["kind"] = "department"
    one, two = run(contractor, 1, 80, *WORSE), run(department, 1, 80, *WORSE)
    assert same_customers(one, two)


def test_where_customers_do_not_see_the_firm_in_it_a_contractors_failures_are_its_own():
    """Nobody complains, is upset or passes blame on, so that failures do not reach customers through the Office's people."""
    quiet = {"complain_share": 0, "escalate_share": 0, "upset": 0, "hidden_issue": 0, "reopen_rate": 0, "latent_rate": 0,
             "churn": 0, "new_customers": 0, "ownership": 1}  # fmt: skip
    for seen, alike in ((0.0, True), (1.0, False)):
        chain = field_firm(attribution=seen, **quiet)
        one, two = (customers(run(chain, 1, 120, *pulled), "Homes") for pulled in ((), WORSE))
        for column in ("satisfaction", "trust", "expected_outcome"):
            assert np.array_equal(one[column], two[column]) == alike


def two_doors(**field):
    """Customers go to Field or to Desk, which are alike but for the levers given; Back stands behind Desk."""
    chain = ServiceChain()
    chain.add_contractor("Field", staff=6, hours_per_request=0.5)
    for name in ("Desk", "Back"):
        chain.add_department(name, staff=6, hours_per_request=0.5)
    chain.add_segment("Homes", customers=600, needs_per_year=25)
    chain.add_link("Field", "Homes", requests_per_case=0.5, **field)
    chain.add_link("Desk", "Homes", requests_per_case=0.5)
    chain.add_link("Back", "Desk")
    return chain.check()


def after(day):
    return lambda model: 100 * float(model.state.segment_day["satisfaction"][day - 1, 0])


def test_face_to_face_a_contractor_has_the_most_immediate_effect(measured):
    """The same rise in errors at three places: at the door, at the desk, and behind the desk."""
    chain, day = two_doors(face_to_face=1.0), 20
    lost = {}
    for name in ("Field", "Desk", "Back"):
        worse = pull(name, error_rate=0.3)
        lost[name] = [after(day)(run(chain, s, day)) - after(day)(run(chain, s, day, *worse)) for s in SEEDS]
    where = {"Field": "a contractor face to face", "Desk": "a desk", "Back": "a department behind the desk"}
    for name, values in lost.items():
        measured(f"satisfaction lost in {day} days by errors 8 → 30 % of {where[name]}", estimate(values))
    assert estimate(np.subtract(lost["Field"], lost["Desk"])).low > 0
    assert estimate(np.subtract(lost["Desk"], lost["Back"])).low > 0


def test_being_face_to_face_brings_the_effect_forward(measured):
    early = {}
    for share in (0.0, 1.0):
        chain = two_doors(face_to_face=share)
        early[share] = [after(20)(run(chain, s, 20, *WORSE)) - after(20)(run(chain, s, 20)) for s in SEEDS]
    sooner = estimate(np.subtract(early[1.0], early[0.0]))
    measured("satisfaction after 20 days, face to face against not, errors of Field 8 → 30 %", sooner)
    assert sooner.high < 0


@pytest.mark.parametrize(
    ("kind", "seen", "face", "expected"),
    [(DEPARTMENT, 0.2, 0, 1), (CONTRACTOR, 0.2, 0, 0.2), (CONTRACTOR, 1, 1, 1.5), (DEPARTMENT, 0, 0.5, 1.25)],
)
def test_departments_are_always_seen_as_the_firm_and_a_face_adds_to_either(kind, seen, face, expected):
    assert attribution.weight(kind, seen, face, 0.5) == expected


def test_however_much_an_encounter_counts_satisfaction_stays_between_nought_and_one():
    chain = field_firm(customers=100, satisfaction_learning=1.0, immediacy=5.0, face_to_face=1.0, trust_loss=1.0)
    rows = customers(run(chain, 1, 80, *WORSE), "Homes")
    for column in ("satisfaction", "trust", "expected_outcome", "expected_process"):
        assert rows[column].min() >= 0
        assert rows[column].max() <= 1


def test_where_nobody_meets_face_to_face_immediacy_changes_no_bit():
    chain = field_firm(customers=100, **levers.neutral_values("D5"))
    assert same_but(run(chain, 1, 80), run(chain, 1, 80, *pull(immediacy=5.0)))
