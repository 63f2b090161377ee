"""The plain Mesa version of the rules gives the same figures as the compiled model; nothing here is timed."""

import numpy as np
import pytest

from experiments.benchmarks.plain_mesa import LEFT_OUT, PlainModel, comparable
from sim import mechanisms
from sim.chain import ServiceChain
from sim.compiled import INTERPRETED
from sim.model import ServiceModel

TOLERANCE = 1e-9  # exp and log differ in their last bits between `sim.portable` and the C library


def everything_at_once(slots_per_day: int = 8) -> ServiceChain:
    """Return a small firm in which every mechanism acts that plain Mesa has, most of them more than by default."""
    chain = ServiceChain(
        slots_per_day=slots_per_day, market_effect=0.01, promise_effect=0.1, slow_down=0.2, standard_recovery=0.01,
        root_cause=0.5, escalation_attention=0.15, general_attention=0.5, latent_days=15, survey_period=10, survey_delay=5,
        service_budget=500, company_agreement=0.2, responsibility_training=0.2, problem_rate=100, quit_rate=0.6, hiring_days=8,
        problem_growth=0.1, crisis_days=4, baggage_drain=0.15, contagion=0.1, rivalry_growth=0.5, tolerance=0.1,
        immediacy=4, concern_attention=3, trust_loss=0.4, expectation_learning=0.3,
    )  # fmt: skip
    chain.add_segment(
        "Homes", customers=150, needs_per_year=60, churn=0.6, new_customers=2.0, rush_share=0.3, patience=0.7,
        baggage=0.5, escalate_share=0.2, unsatisfiable=0.1, overpromise=0.05, market_pace=0.2,
    )  # fmt: skip
    chain.add_segment("Shops", customers=40, needs_per_year=150, churn=0.5, new_customers=1.0, rush_share=0.1)
    chain.add_department("Front", staff=8, hours_per_request=0.6, error_rate=0.1, newcomer_share=0.4, pause_share=0.1,
                         pause_days=1.0, span=5, alignment=0.8, empowerment=0.4, haste=0.05)  # fmt: skip
    chain.add_department("Back", staff=4, hours_per_request=0.8, error_rate=0.1, pause_share=0.1, pause_days=2.0,
                         pause_spread=2.0, ownership=0.6, latent_rate=0.03, working_time="fixed")  # fmt: skip
    chain.add_department("Tools", staff=2, managers=0, hours_per_request=0.7, working_time="exponential")
    chain.add_contractor("Crew", staff=3, hours_per_request=1.2, training=0.05, accident_rate=0.4,
                         measurement=1, contract_days=40, keep_score=0.8, review_days=15, fee=1.2)  # fmt: skip
    chain.add_department("Keys", staff=1, hours_per_request=0.3, bonds=0.7)
    chain.add_link("Front", "Homes", requests_per_case=0.8, promise_days=0.5, satisfaction_gap=-0.2)
    chain.add_link("Crew", "Homes", requests_per_case=0.3, promise_days=2, face_to_face=0.8)
    chain.add_link("Front", "Shops", requests_per_case=1.0, promise_days=0.5, unclear=0.2, survey_share=0.5)
    chain.add_link("Back", "Front", requests_per_case=0.5, dependence=0.8, passed_on=0.1, internal_service=0.2,
                   promise_days=0.5, requests_per_hire=1.5, gatherings=20, rivalry=0.2)  # fmt: skip
    chain.add_link("Front", "Back", requests_per_case=0.2, dependence=0.5, internal_service=0.9, satisfaction_gap=0.15)
    chain.add_link("Tools", "Back", requests_per_case=0.3, dependence=0.9, passed_on=0.05, cross_training=0.5)
    chain.add_link("Tools", "Front", requests_per_case=0.1, internal_service=0.8)
    chain.add_link("Back", "Tools", requests_per_case=0.2, passed_on=0.02)
    chain.add_link("Keys", "Front", requests_per_hire=1.0)
    chain.add_link("Back", "Crew", requests_per_case=0.4, requests_per_hire=0.5, dependence=0.6, passed_on=0.05)
    return comparable(chain.check())


def figures_of(plain: PlainModel, kind: str, name: str) -> np.ndarray:
    return np.array([[one[name] for one in day[kind]] for day in plain.history], dtype=float)


def nobody_is_free_with_another(plain: PlainModel) -> bool:
    """Tell whether no two colleagues of a unit are free at the very same moment."""
    return all(len({time for time, *_ in unit.roster}) == unit.heads for unit in plain.units)


def run_both(chain: ServiceChain | str, seed: int, days: int) -> tuple[ServiceModel, PlainModel]:
    plain = PlainModel(chain, seed=seed)
    for _ in range(days):
        plain.step()
        assert nobody_is_free_with_another(plain), "who comes first depends on the layout of a heap: take another seed"
    return ServiceModel(comparable(chain), seed=seed).run(days), plain


def assert_same_figures(ours: ServiceModel, plain: PlainModel) -> None:
    for kind in ("link", "unit", "segment", "firm"):
        table = getattr(ours.state, f"{kind}_day")[: ours.day]
        for name in table.dtype.names:
            expected = figures_of(plain, kind, name)
            found = table[name].reshape(expected.shape)
            np.testing.assert_allclose(found, expected, TOLERANCE, 1e-12, err_msg=f"{kind}.{name}")


@pytest.mark.parametrize("seed", [1, 2])
def test_plain_mesa_gives_the_same_daily_figures_with_every_mechanism_on(seed: int) -> None:
    ours, plain = run_both(everything_at_once(), seed, 30 if INTERPRETED else 90)
    assert_same_figures(ours, plain)


def test_plain_mesa_gives_the_same_daily_figures_with_another_number_of_boundaries_a_day() -> None:
    ours, plain = run_both(everything_at_once(slots_per_day=7), 1, 20 if INTERPRETED else 60)
    assert_same_figures(ours, plain)


def test_plain_mesa_gives_the_same_daily_figures_on_a_bundled_organisation() -> None:
    ours, plain = run_both("software_firm", 1, 2 if INTERPRETED else 60)
    assert_same_figures(ours, plain)


ACTING = {
    "link": (
        "reopened", "passed_on", "rush", "rush_agreed", "rush_kept", "failures", "complaints", "escalations", "recoveries",
        "recovered", "deflected", "repeats", "surfaced",
        "accidents", "sent_away", "refused", "defended", "blamed", "answers", "hostility", "bridge",
    ),
    "unit": ("pressure", "strain", "support", "passed_blame", "covered", "on_ladder", "lessons", "problems_born",
        "problems_raised", "problems_solved", "crises", "quits", "hires", "partner_number", "cost"),
    "segment": ("left", "joined", "revenue", "redress"),
    "firm": ("on_ladder", "programmes", "surveys", "service_budget", "training"),
}  # fmt: skip
"""Daily figures that stay 0 where the mechanism behind them does nothing."""


def test_every_mechanism_acts_where_both_are_compared() -> None:
    model = ServiceModel(everything_at_once(), seed=1).run(30 if INTERPRETED else 90)
    for kind, names in ACTING.items():
        table = getattr(model.state, f"{kind}_day")[: model.day]
        for name in names:
            assert table[name].sum() > 0, f"{kind}.{name}"


@pytest.mark.skipif(INTERPRETED, reason="many runs")
@pytest.mark.parametrize("name", [one.id for one in mechanisms.MECHANISMS if mechanisms.switch(one.id)])
def test_every_mechanism_but_those_left_out_changes_what_is_compared(name: str) -> None:
    chain = everything_at_once()
    with_it, without = (
        ServiceModel(one, seed=1).run(60).state for one in (chain, mechanisms.without(chain, [name]))
    )  # fmt: skip
    same = all(
        np.array_equal(getattr(with_it, table), getattr(without, table))
        for table in ("link_day", "unit_day", "segment_day", "firm_day")
    )
    assert same == (name in LEFT_OUT)
