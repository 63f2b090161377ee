"""Small firms with a contractor for the tests of D1 to D7."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from sim import levers
from sim.chain import ServiceChain
from sim.estimates import Estimate, estimate
from sim.interventions import Intervention
from sim.model import ServiceModel
from tests.claims.paired import SEEDS, Figure, measure, on_link, run, same

FREE = dict.fromkeys(
    (
        "wage", "selection_cost", "review_cost", "measurement_cost", "partner_support_cost", "partnership_cost",
        "training_cost", "responsibility_cost", "survey_cost", "root_cause_cost", "hiring_cost", "crisis_cost",
        "redress_cost", "gathering_cost", "cross_training_cost", "platform_cost",
    ),
    0.0,
)  # fmt: skip
"""What is bought is paid for, whether or not it has an effect: tests that nothing at all moves make it cost nothing."""


def field_firm(customers: int = 300, needs: float = 25, staff: int = 6, **graph: float) -> ServiceChain:
    """Return a firm whose customers go to its Office or to its contractor Field by halves; the Office serves Field, too."""
    chain = ServiceChain(**graph)
    chain.add_department("Office", staff=staff, hours_per_request=0.5)
    chain.add_contractor("Field", staff=staff, hours_per_request=1.0)
    chain.add_segment("Homes", customers=customers, needs_per_year=needs)
    chain.add_link("Office", "Homes", requests_per_case=0.5)
    chain.add_link("Field", "Homes", requests_per_case=0.5)
    chain.add_link("Office", "Field", requests_per_case=0.5)
    return chain.check()


def field(model: ServiceModel, column: str) -> np.ndarray:
    """Return a daily figure of the contractor Field."""
    days: np.ndarray = model.state.unit_day[: model.day, model.chain.units.index("Field")][column]
    return days


def link(model: ServiceModel, supplier: str, client: str, column: str) -> np.ndarray:
    """Return a daily figure of a link."""
    days: np.ndarray = model.state.link_day[: model.day, model.chain.links.index((supplier, client))][column]
    return days


def same_but(one: ServiceModel, other: ServiceModel, *own: str) -> bool:
    """Tell whether two runs are the same to the last bit, but for levers and these columns of units and their days."""
    columns = {home: {lever.name for lever in levers.of(home)} for home in ("firm", "unit", "segment", "link")}
    for name in ("clock", "firm", "unit", "segment", "link", "employee", "relation", "customer", "request", "roster",
                 "link_day", "unit_day", "segment_day", "firm_day"):  # fmt: skip
        a, b = np.asarray(getattr(one.state, name)), np.asarray(getattr(other.state, name))
        if name.endswith("_day"):
            a, b = a[: one.day], b[: other.day]
        hidden = columns.get(name, set()) | (set(own) if name.startswith("unit") else set())
        if not same(a[keep := [field for field in a.dtype.names if field not in hidden]], b[keep]):
            return False
    return True


PARTNERS = tuple(f"Partner {number:02}" for number in range(1, 13))


def many_partners(**graph: float) -> ServiceChain:
    """Return a firm in which twelve contractors share the customers, so that one run holds many of them."""
    chain = ServiceChain(**graph)
    chain.add_segment("Homes", customers=480, needs_per_year=25)
    for name in PARTNERS:
        chain.add_contractor(name, staff=2, hours_per_request=1.0)
        chain.add_link(name, "Homes", requests_per_case=1 / len(PARTNERS))
    return chain.check()


def partners(model: ServiceModel, column: str, start: int = 0) -> float:
    """Return the mean of a daily figure over all contractors and the days after ``start``."""
    return float(model.state.unit_day[start : model.day][column].mean())


def quality(start: int = 100) -> Figure:
    """Return a figure: the quality that Field gives after day ``start``, over all its encounters, of 100."""
    return lambda model: 100 * float(field(model, "true_score")[start:].mean())


USUAL: dict[str, Figure] = {
    "quality of Field": quality(),
    "right answers of Field": on_link("Field", "Homes", "right"),
    "external satisfaction": measure("external_satisfaction"),
}
"""What follows from a better contractor, from near to far."""


def differences(
    figures: Mapping[str, Figure],
    chain: ServiceChain,
    after: ServiceChain | Iterable[Intervention],
    before: Iterable[Intervention] = (),
    days: int = 300,
    seeds: Iterable[int] = SEEDS,
) -> dict[str, Estimate]:
    """Return how much a change moves each of several figures, after less before, from the same paired runs."""
    other, pulled = (after, ()) if isinstance(after, ServiceChain) else (chain, tuple(after))
    moved: dict[str, list[float]] = {name: [] for name in figures}
    for seed in seeds:
        one, two = run(chain, seed, days, *tuple(before)), run(other, seed, days, *pulled)
        for name, figure in figures.items():
            moved[name].append(figure(two) - figure(one))
    return {name: estimate(values) for name, values in moved.items()}
