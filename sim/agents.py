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
    *((one.name, one.meaning) for one in levers.of("unit")),
):
    setattr(_Unit, _field, _view(_field, _meaning))


class Department(_Unit):
    """A department."""


class Contractor(_Unit):
    """A contractor: to the customer it is the firm."""


class Employee(ServiceAgent):
    """Somebody who does the work of a department or contractor."""

    population = "employee"

    unit = _view("unit", "row of the unit")
    knowledge = _view("knowledge", "knowledge, 0 to 1")
    motivation = _view("motivation", "motivation, 0 to 1")
    service_received = _view("service_received", "satisfaction with those who serve it inside; -1 where nobody does")
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
    """Somebody who leads: attention, shared out over the people led, carries recognition to them (B2)."""

    population = "manager"

    unit = _view("unit", "row of the unit")
    attention = _view("attention", "what is left of the day, in days; below 0 where matters overran it")

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

    @property
    def segment(self) -> str:
        """Name of the segment."""
        return self.model.chain.segments[int(self.row["segment"])]

    @property
    def key(self) -> int:
        """Stable identity: the same customer in paired runs."""
        return int(identity("customer", self.segment, self.ordinal))


KINDS: tuple[type[ServiceAgent], ...] = (Department, Contractor, Employee, Manager, Customer)
"""The model's own kinds of agent."""

__all__ = ["KINDS", "Contractor", "Customer", "Department", "Employee", "Manager", "ServiceAgent"]
