"""D7: partners have goals of their own; trust is mutual; they are kept or replaced on their commitment to serving."""

import math

import numpy as np
import pytest

from sim import levers
from sim.estimates import estimate
from sim.interventions import Intervention
from sim.rules import partners as rules
from tests.claims.contractors import FREE, USUAL, differences, field, field_firm, many_partners, partners, same_but
from tests.claims.paired import measure, on_link, pull, run

COMMITTED = {"commitment of Field": lambda model: 100 * float(field(model, "committed")[100:].mean())}
FIGURES = COMMITTED | USUAL | {"empathy of Field": on_link("Field", "Homes", "empathy")}
PARTNER = pull("Field", partnership=1.0)


def paid(model):
    books = model.state.firm_day[: model.day]
    return float((books["fees"] + books["programmes"]).sum())


def test_partnership_beats_paying_more_alone_at_equal_cost(measured):
    value = {name: levers.BY_NAME[name].default for name in ("partnership_cost", "partnership", "wage")}
    more = 1 + (1 - value["partnership"]) * value["partnership_cost"] / value["wage"]
    chain = field_firm(quit_rate=0.0, root_cause_cost=0.0)
    moved = differences(FIGURES | {"cost": paid}, chain, PARTNER, pull("Field", fee=more))
    assert moved.pop("cost").mean == pytest.approx(0, abs=1e-6)
    for name, figure in moved.items():
        measured(f"{name}, full partnership against a fee {100 * more - 100:.1f} % higher, at equal cost", figure)
        assert figure.low > 0, name


def test_not_even_twice_the_fee_does_as_much(measured):
    chain = field_firm()
    for name, figure in differences(FIGURES, chain, pull("Field", fee=2.0)).items():
        measured(f"{name}, twice the fee", figure)
        assert figure.low > 0, name  # money does help
    for name, figure in differences(FIGURES, chain, PARTNER, pull("Field", fee=2.0)).items():
        measured(f"{name}, full partnership against twice the fee", figure)
        assert figure.low > 0, name


def test_trust_is_mutual_partnership_brings_less_where_the_firm_serves_its_partner_badly(measured):
    gains = {}
    for name, levels in {
        "well": {"internal_service": 1.0},
        "badly": {"internal_service": 0.0, "dependence": 0.0},
    }.items():
        chain = field_firm()
        chain.edges["Office", "Field"].update(levels)
        if name == "badly":
            chain.nodes["Office"]["error_rate"] = 0.6
        chain = chain.check()
        gains[name] = [
            COMMITTED["commitment of Field"](run(chain, seed, 300, *PARTNER))
            - COMMITTED["commitment of Field"](run(chain, seed, 300, *pull("Field", partnership=0.0)))
            for seed in range(1, 13)
        ]
        measured(f"commitment that partnership brings a partner served {name}", estimate(gains[name]))
    assert estimate(gains["badly"]).low > 0
    assert estimate(np.subtract(gains["well"], gains["badly"])).low > 0


KEPT = {"commitment_spread": 0.2, "contract_days": 250}


def test_replacing_partners_who_serve_badly_leaves_those_who_are_committed(measured):
    """Twelve contractors a run, whose commitment differs by 20 points; a contract lasts a year."""
    figures = {
        "commitment of partners": lambda model: 100 * partners(model, "committed", 600),
        "quality of partners": lambda model: 100 * partners(model, "true_score", 600),
        "external satisfaction": measure("external_satisfaction", 600),
        "partners replaced, of twelve": lambda model: 12 * float(model.state.unit_day["partner_number"][model.day - 1].mean()),
    }  # fmt: skip
    moved = differences(figures, many_partners(**KEPT), many_partners(**KEPT, keep_score=0.8), days=1000)
    for name, figure in moved.items():
        measured(f"{name}, those measured below 80 replaced at the end of a contract", figure)
        assert figure.low > 0, name


def test_the_commitment_that_partners_bring_shows_in_how_they_are_measured():
    model = run(many_partners(**KEPT, measurement=1.0, partner_spread=0.0), 1, 400)
    last = model.state.unit_day[model.day - 1]
    assert np.corrcoef(last["committed"], last["seen_score"])[0, 1] > 0.4


def test_a_partner_without_a_record_is_kept():
    model = run(field_firm(customers=100, measurement=0.0, keep_score=1.0, contract_days=20), 1, 100)
    assert (field(model, "partner_number") == 0).all()


def test_a_new_contractor_comes_with_new_people():
    chain = field_firm(customers=100, measurement=1.0, keep_score=1.0, contract_days=50, quit_rate=0.0)
    model = run(chain, 1, 49)
    before = np.asarray(model.state.employee).copy()
    after = np.asarray(model.run(1).state.employee)
    mine = before["unit"] == model.chain.units.index("Field")
    assert field(model, "partner_number")[-1] == 1
    assert (before["key"] != after["key"])[mine].all()
    assert (before["key"] == after["key"])[~mine].all()
    assert (after["strain"][mine] == 0).all()
    seen = np.asarray(model.state.relation)[np.isin(np.asarray(model.state.relation["employee"]), np.flatnonzero(mine))]
    assert (seen["encounters"] == 0).all()


def test_commitment_settles_at_what_was_brought_partnership_and_the_fee():
    committed = 0.1
    for _ in range(5000):
        committed = rules.commitment_after(committed, 0.4, 0.5, 0.8, 2.0, 0.5, 0.2, 0.01)
    assert committed == pytest.approx(0.4 + 0.5 * 0.5 * 0.8 + 0.2 * math.log(2))


@pytest.mark.parametrize(("seen", "keep", "measured_times", "kept"), [
    (0.7, 0.0, 9, True), (0.7, 0.8, 9, False), (0.8, 0.8, 9, True), (-1.0, 0.8, 0, True),
])  # fmt: skip
def test_a_contractor_is_kept_unless_it_was_measured_and_fell_short(seen, keep, measured_times, kept):
    unit = np.rec.array(
        [(keep, measured_times, seen)], dtype=[("keep_score", "f8"), ("measured", "i4"), ("seen_score", "f8")]
    )
    plain = getattr(rules.fits, "py_func", rules.fits)
    assert plain(unit[0]) == kept


def test_with_commitment_ordinary_and_without_effect_partnership_and_the_fee_change_no_bit():
    chain = field_firm(customers=100, **levers.neutral_values("D7"), **FREE)
    one = run(chain, 1, 80)
    two = run(chain, 1, 80, *pull(partnership=1.0, fee=5.0, commitment_rate=0.5, contract_days=10))
    assert same_but(one, two)
    assert (field(two, "committed") == rules.ORDINARY_COMMITMENT).all()


def test_where_nobody_is_replaced_the_term_of_a_contract_changes_no_bit():
    chain = field_firm(customers=100)
    assert same_but(run(chain, 1, 80), run(chain, 1, 80, *pull(contract_days=10)))


def test_partnership_says_nothing_about_departments():
    chain = field_firm(customers=100, **FREE)
    moved = [Intervention(name, 1.0, "Office") for name in ("partnership", "commitment", "keep_score")]
    assert same_but(run(chain, 1, 80), run(chain, 1, 80, *moved))
