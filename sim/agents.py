"""Mesa agents: views on rows of the model's arrays.

An agent keeps no state of its own: reading an attribute reads its row, setting one writes it. So Mesa's own tools
(``AgentSet.select``, ``groupby``, ``agg``, ``do``, ``DataCollector``) see the model as it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import mesa
import numpy as np

from sim import levers
from sim.draws import identity

if TYPE_CHECKING:
    from sim.model import ServiceModel


def _view(field: str, meaning: str) -> property:
    """Make a property that reads and writes one column of the agent's row."""

    def read(self: ServiceAgent) -> Any:
        return self.row[field].item()

    def write(self: ServiceAgent, value: float) -> None:
        self.row[field] = value

    return property(read, write, doc=meaning)


class ServiceAgent(mesa.Agent):
    """What all agents of the model share: a row in one of its arrays."""

    population: ClassVar[str]
    model: ServiceModel

    def __init__(self, model: ServiceModel, index: int) -> None:
        super().__init__(model)
        self.index = index

    @property
    def row(self) -> np.void:
        """The row itself, as NumPy sees it; writing to it changes the model."""
        row: np.void = getattr(self.model.state, self.population)[self.index]
        return row

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.index}>"


class _Unit(ServiceAgent):
    population = "unit"

    @property
    def name(self) -> str:
        """Name in the chain."""
        return self.model.chain.units[self.index]

    @property
    def internal_satisfaction(self) -> float:
        """How satisfied its internal clients are with it, 0 to 1; nan where it has none."""
        state = self.model.state
        return state.satisfaction_over(state.link["supplier"] == self.index)

    @property
    def service_received(self) -> float:
        """How satisfied its staff are with those who serve them, 0 to 1; nan where nobody does."""
        state = self.model.state
        return state.satisfaction_over(state.link["client_unit"] == self.index)

    @property
    def employees(self) -> mesa.agent.AgentSet:
        """Its staff."""
        found: mesa.agent.AgentSet = self.model.agents_by_type[Employee].select(lambda one: one.unit == self.index)
        return found

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name!r}>"


for _field, _meaning in (
    ("staff", "people who do the work"),
    ("queued", "requests that wait for somebody to take them"),
    ("present", "requests anywhere in the unit"),
    ("pressure", "work pressure, 0 and up"),
    ("backlog_days", "working days that its staff need for what is queued"),
    ("mean_motivation", "mean motivation of its staff last evening"),
    ("mean_knowledge", "mean knowledge of its staff last evening"),
    ("mean_strain", "mean strain of its staff last evening"),
    ("support", "help that managers gave their people last evening, 0 to 1"),
    ("filled", "posts that somebody holds, temporaries included"),
    ("standard", "internal standard of time per request, relative to the first day"),
    ("voice_climate", "how safe people feel to raise a problem, 0 to 1"),
    ("severity", "summed severity of its open problems"),
    ("on_ladder", "escalations that wait for a manager"),
    ("lessons", "what was learnt from failures, in log odds of an error"),
    *((one.name, one.meaning) for one in levers.of("unit")),
):
    setattr(_Unit, _field, _view(_field, _meaning))


class Department(_Unit):
    """A department."""


class Contractor(_Unit):
    """A contractor: to the customer it is the firm."""

    quality = _view("partner_quality", "quality, as a deviation from the usual")
    clarity = _view("clarity", "clarity of what firm and contractor expect of each other, 0 to 1")
    effort = _view("effort", "effort, 0 to 1")
    committed = _view("committed", "commitment to serving, 0 to 1")
    measured_score = _view("seen_score", "quality as last measured, 0 to 1; -1 before")
    number = _view("partner_number", "contractors there were before")


class Employee(ServiceAgent):
    """Somebody who does the work of a department or contractor."""

    population = "employee"

    unit = _view("unit", "row of the unit")
    knowledge = _view("knowledge", "knowledge, 0 to 1")
    motivation = _view("motivation", "motivation, 0 to 1")
    service_received = _view("service_received", "satisfaction with those who serve it inside; -1 where nobody does")
    strain = _view("strain", "strain, 0 to 1")
    compassion = _view("compassion", "compassion left for customers' emotions, 0 to 1")
    peer_support = _view("peer_support", "support from colleagues, 0 to 1")
    status = _view("status", "who holds the post: 0 permanent, 1 temporary, 2 nobody")
    since = _view("since", "day on which the post was taken up")
    served = _view("served", "requests served so far")
    busy_days = _view("busy_days", "working days spent on requests so far")

    @property
    def department(self) -> str:
        """Name of the department or contractor."""
        return self.model.chain.units[self.unit]

    @property
    def satisfaction_with(self) -> dict[str, float]:
        """Satisfaction with each supplying unit, 0 to 1."""
        state, chain = self.model.state, self.model.chain
        first = self.row["first_relation"]
        count = state.unit[self.unit]["supplies"]
        return {
            chain.units[state.link[one["link"]]["supplier"]]: float(one["satisfaction"])
            for one in state.relation[first : first + count]
        }


class Manager(ServiceAgent):
    """Somebody who leads: a day of attention for escalations, raised problems, and what is left for the people (B5)."""

    population = "manager"

    unit = _view("unit", "row of the unit")
    attention = _view("attention", "what is left of the day, in days; below 0 where matters overran it")
    escalations = _view("escalations", "escalations handled so far")
    concerns = _view("concerns", "raised problems dealt with so far")

    @property
    def department(self) -> str:
        """Name of the department or contractor."""
        return self.model.chain.units[self.unit]


class Customer(ServiceAgent):
    """A customer; becomes an agent when somebody asks for ``model.agents_by_type[Customer]``."""

    population = "customer"

    satisfaction = _view("satisfaction", "satisfaction, 0 to 1")
    trust = _view("trust", "trust in the firm, 0 to 1")
    expected_outcome = _view("expected_outcome", "expected reliability, 0 to 1, at the last contact")
    expected_process = _view(
        "expected_process", "expected quality of the other dimensions, 0 to 1, at the last contact"
    )
    next_need = _view("next_need", "day of the next need")
    needs = _view("needs", "needs so far")
    ordinal = _view("ordinal", "how many joined the segment before")
    encounters = _view("encounters", "services received so far")
    baggage = _view("baggage", "emotional baggage of their own, 0 to 1")
    unresolved = _view("unresolved", "failures not made good")

    @property
    def segment(self) -> str:
        """Name of the segment."""
        return self.model.chain.segments[int(self.row["segment"])]

    @property
    def revenue(self) -> float:
        """Revenue that the customer's needs have brought so far, at today's prices, in the organisation's currency."""
        segment = self.model.state.segment[int(self.row["segment"])]
        exaggerated = 1 + float(segment["overpromise_sales"]) * float(segment["overpromise"])
        return self.needs * float(segment["revenue_per_need"]) * exaggerated

    @property
    def key(self) -> int:
        """Stable identity: the same customer in paired runs."""
        return int(identity("customer", self.segment, self.ordinal))


KINDS: tuple[type[ServiceAgent], ...] = (Department, Contractor, Employee, Manager, Customer)
"""The model's own kinds of agent."""

__all__ = ["KINDS", "Contractor", "Customer", "Department", "Employee", "Manager", "ServiceAgent"]
