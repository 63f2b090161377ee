"""The plain Mesa version of the core rules gives the same figures as the compiled model; nothing here is timed."""

import numpy as np
import pytest

from experiments.benchmarks.plain_mesa import PlainModel
from sim.chain import ServiceChain
from sim.compiled import INTERPRETED
from sim.model import ServiceModel

TOLERANCE = 1e-9  # exp and log differ in their last bits between `sim.portable` and the C library


def everything_at_once(slots_per_day: int = 8) -> ServiceChain:
    """Return a small firm in which every mechanism acts: cycles, overload, rests, rush, cases handed on, churn."""
    chain = ServiceChain(slots_per_day=slots_per_day, market_effect=0.01, promise_effect=0.1)
    chain.add_segment(
        "Homes", customers=150, needs_per_year=60, churn=0.6, new_customers=2.0, rush_share=0.3, patience=0.7
    )
    chain.add_segment("Shops", customers=40, needs_per_year=150, churn=0.5, new_customers=1.0, rush_share=0.1)
    chain.add_department("Front", staff=8, hours_per_request=0.6, error_rate=0.1, newcomer_share=0.4, pause_share=0.1,
                         pause_days=1.0, span=5)  # fmt: skip
    chain.add_department("Back", staff=4, hours_per_request=0.8, error_rate=0.1, pause_share=0.1, pause_days=2.0,
                         pause_spread=2.0)  # fmt: skip
    chain.add_department("Tools", staff=2, managers=0, hours_per_request=0.7, working_time="exponential")
    chain.add_contractor("Crew", staff=3, hours_per_request=1.2, working_time="fixed", training=0.05)
    chain.add_link("Front", "Homes", requests_per_case=0.8, promise_days=0.5)
    chain.add_link("Crew", "Homes", requests_per_case=0.3, promise_days=2)
    chain.add_link("Front", "Shops", requests_per_case=1.0, promise_days=0.5)
    chain.add_link("Back", "Front", requests_per_case=0.5, dependence=0.8, passed_on=0.1, internal_service=0.2,
                   promise_days=0.5)  # fmt: skip
    chain.add_link("Front", "Back", requests_per_case=0.2, dependence=0.5, internal_service=0.9)
    chain.add_link("Tools", "Back", requests_per_case=0.3, dependence=0.9, passed_on=0.05)
    chain.add_link("Tools", "Front", requests_per_case=0.1, internal_service=0.8)
    chain.add_link("Back", "Tools", requests_per_case=0.2, passed_on=0.02)
    chain.add_link("Back", "Crew", requests_per_case=0.4, dependence=0.6, passed_on=0.05)
    return chain.check()


def figures_of(plain: PlainModel, kind: str, name: str) -> np.ndarray:
    return np.array([[one[name] for one in day[kind]] for day in plain.history], dtype=float)


def run_both(chain: ServiceChain | str, seed: int, days: int) -> tuple[ServiceModel, PlainModel]:
    plain = PlainModel(chain, seed=seed)
    for _ in range(days):
        plain.step()
    return ServiceModel(chain, seed=seed).run(days), plain


def assert_same_figures(ours: ServiceModel, plain: PlainModel) -> None:
    for kind in ("link", "unit", "segment"):
        table = getattr(ours.state, f"{kind}_day")[: ours.day]
        for name in table.dtype.names:
            expected = figures_of(plain, kind, name)
            np.testing.assert_allclose(table[name], expected, TOLERANCE, 1e-12, err_msg=f"{kind}.{name}")


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


def test_every_mechanism_acts_where_both_are_compared() -> None:
    state = ServiceModel(everything_at_once(), seed=1).run(30 if INTERPRETED else 90).state
    for name in ("reopened", "passed_on", "rush", "rush_agreed", "rush_kept"):
        assert state.link_day[name].sum() > 0, name
    for name in ("left", "joined"):
        assert state.segment_day[name].sum() > 0, name
    assert state.unit_day["pressure"].max() > 0
