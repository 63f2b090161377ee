"""Small firms and paired runs for the tests of claims: the same seed with and without a change, many seeds."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from sim import levers, measures
from sim.chain import ServiceChain
from sim.estimates import Estimate, estimate
from sim.interventions import Intervention
from sim.model import ServiceModel

SEEDS = range(1, 13)
Figure = Callable[[ServiceModel], float]


def small_firm(customers: int = 300, needs: float = 25, staff: int = 4, **graph: float) -> ServiceChain:
    """Return Back → Middle → Front → Customers: three units in a row, moderately busy."""
    chain = ServiceChain(**graph)
    for name in ("Back", "Middle", "Front"):
        chain.add_department(name, staff=staff, hours_per_request=0.5)
    chain.add_segment("Customers", customers=customers, needs_per_year=needs)
    chain.add_link("Back", "Middle")
    chain.add_link("Middle", "Front")
    chain.add_link("Front", "Customers", promise_days=1.0)
    return chain.check()


CORE = ("A1", "A2", "A3", "A4", "A5", "B1", "B2", "E1", "E7")
"""The mechanisms on which all others build; their claims are tested with the others off, one thing at a time."""

ALONE: dict[str, float] = {
    one.name: one.neutral
    for one in levers.LEVERS
    if one.neutral is not None
    and (one.mechanism not in CORE or one.name in ("slow_down", "standard_erosion", "standard_recovery"))
} | {"attribution": 1.0}
"""Levers of every mechanism beside the core, neutral; contractors count as the firm's own units (D5)."""


def core_firm(customers: int = 300, needs: float = 25, staff: int = 4, **graph: float) -> ServiceChain:
    """Return `small_firm` with every mechanism beside the core off."""
    return small_firm(customers, needs, staff, **(ALONE | graph))


def bare(*keep: str) -> dict[str, float]:
    """Return every lever of the firm neutral, except those of the mechanisms named: for the graph of a chain."""
    kept = levers.neutral_values(*keep) if keep else {}
    return {name: value for name, value in levers.neutral_values().items() if name not in kept}


def run(chain: ServiceChain, seed: int, days: int = 250, *pulled: Intervention) -> ServiceModel:
    """Return a model that has run, with levers pulled from the first day on."""
    return ServiceModel(chain, seed=seed, interventions=pulled).run(days)


def pull(where: str | None = None, **values: float) -> list[Intervention]:
    """Return interventions that set these levers at one place from the first day on."""
    return [Intervention(name, value, where) for name, value in values.items()]


def by_seed(
    chain: ServiceChain, *pulled: Intervention, days: int = 250, seeds: Iterable[int] = SEEDS
) -> list[ServiceModel]:
    """Return a run for each seed, so that several figures can be taken from the same runs."""
    return [run(chain, seed, days, *pulled) for seed in seeds]


def change(figure: Figure, after: Iterable[ServiceModel], before: Iterable[ServiceModel]) -> Estimate:
    """Return how much more a figure is in the runs of ``after`` than in their twins of ``before``."""
    return estimate([figure(one) - figure(other) for one, other in zip(after, before, strict=True)])


def difference(
    figure: Figure,
    chain: ServiceChain,
    after: ServiceChain | Iterable[Intervention],
    before: Iterable[Intervention] = (),
    days: int = 250,
    seeds: Iterable[int] = SEEDS,
) -> Estimate:
    """Return how much a change moves a figure: the paired difference over seeds, after less before."""
    other, pulled = (after, ()) if isinstance(after, ServiceChain) else (chain, tuple(after))
    return estimate(
        [figure(run(other, seed, days, *pulled)) - figure(run(chain, seed, days, *tuple(before))) for seed in seeds]
    )


def measure(name: str, start: int = 100) -> Figure:
    """Return a figure: a measure of the firm over the days after ``start``."""
    return lambda model: measures.summary(model, start)[name]


def on_link(supplier: str, client: str, column: str, over: str = "encounters", start: int = 100) -> Figure:
    """Return a figure: the sum of a column of one link after day ``start`` per encounter (or another column), in per cent."""

    def figure(model: ServiceModel) -> float:
        table = model.state.link_day[start : model.day, model.chain.links.index((supplier, client))]
        return 100 * float(table[column].sum() / table[over].sum())

    return figure


def on_unit(name: str, column: str, start: int = 100) -> Figure:
    """Return a figure: the mean of a column of one unit over the days after ``start``."""
    return lambda model: float(model.state.unit_day[start : model.day, model.chain.units.index(name)][column].mean())


def customers(model: ServiceModel, segment: str) -> np.ndarray:
    """Return the active customers of a segment in the order in which they joined, without where they lie in memory."""
    rows = np.asarray(model.state.customer)
    mine = rows[(rows["active"] == 1) & (rows["segment"] == model.chain.segments.index(segment))]
    mine = mine[np.argsort(mine["ordinal"])]
    names = [name for name in rows.dtype.names if name not in ("next", "segment")]
    return np.array([tuple(row) for row in mine[names]], [(name, rows.dtype[name]) for name in names])


def same(one: np.ndarray, other: np.ndarray) -> bool:
    """Tell whether two arrays hold the same bits, nan being equal to nan."""
    return one.shape == other.shape and all(
        np.array_equal(one[name], other[name], equal_nan=one[name].dtype.kind == "f") for name in one.dtype.names
    )


def same_customers(one: ServiceModel, other: ServiceModel) -> bool:
    """Tell whether the customers of two runs are the same to the last bit, and so is what they lived through."""
    return all(same(customers(one, name), customers(other, name)) for name in one.chain.segments) and same(
        one.state.segment_day[: one.day], other.state.segment_day[: other.day]
    )


def same_run(one: ServiceModel, other: ServiceModel) -> bool:
    """Tell whether two runs are the same to the last bit, levers and the firm's books aside."""
    columns = {home: {lever.name for lever in levers.of(home)} for home in ("firm", "unit", "segment", "link")}
    columns["link"].add("care")  # the dial itself, as it stands this morning
    for name in (
        "clock", "unit", "segment", "link", "employee", "manager", "relation", "bond", "customer", "request",
        "problem", "later", "roster",
    ):  # fmt: skip
        a, b = np.asarray(getattr(one.state, name)), np.asarray(getattr(other.state, name))
        keep = [field for field in a.dtype.names if field not in columns.get(name, set())]
        if not same(a[keep], b[keep]):
            return False
    tables = ("link_day", "unit_day", "segment_day")
    return all(same(getattr(one.state, name)[: one.day], getattr(other.state, name)[: other.day]) for name in tables)
