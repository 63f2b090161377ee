"""Customers, employees and requests of the plain Mesa model; see `experiments.benchmarks.plain_mesa`."""

from __future__ import annotations

import math
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import mesa

from experiments.benchmarks.plain_rules import Day, Feelings, Levers, Link, bits, spread_out
from sim import draws, levers

if TYPE_CHECKING:
    from experiments.benchmarks.plain_mesa import Department, PlainModel


class Request:
    """One request under way."""

    def __init__(self, key: int, client: Any, link: Link, parent: Request | None, opened: float, rush: bool) -> None:
        self.key, self.client, self.link, self.parent = key, client, link, parent
        self.unit: Department = link.supplier
        self.opened = self.entered = self.ready = self.finish = opened
        self.rush, self.ahead = rush, 0 if rush else 1
        self.state = "arrived"
        self.waiting_for = self.visits = 0
        self.broken = False
        self.bound = 1.0
        self.server: Any = None
        link.today["opened"] += 1
        link.today["rush"] += rush


class Segment(Levers):
    """A customer segment and its running figures."""

    def __init__(self, model: PlainModel, name: str) -> None:
        self.take_levers(model.chain, "segment", name)
        self.key = int(draws.identity("segment", name))
        self.start_size = model.chain.nodes[name].get("customers", 0)
        self.supply = [model.links[edge] for edge in model.chain.links if edge[1] == name]
        self.mean_gap = levers.DAYS_PER_YEAR / self.needs_per_year if self.needs_per_year else 1e9
        self.hazard = -math.log(1 - self.churn) / self.needs_per_year if self.churn and self.needs_per_year else 0.0
        self.joined = self.active = self.promoters = self.detractors = 0
        self.satisfaction_sum = self.reputation = self.talk = 0.0
        self.talkers = 0
        self.today: Day = defaultdict(float)

    def count(self, satisfaction: float, sign: int) -> None:
        """Add an active customer to the running figures, or take one away."""
        self.satisfaction_sum += sign * satisfaction
        self.promoters += sign * (satisfaction >= 0.85)
        self.detractors += sign * (satisfaction < 0.65)


class Customer(mesa.Agent, Feelings):
    """A customer: has needs, asks at a door, stays or leaves."""

    def __init__(self, model: PlainModel, segment: Segment, now: float) -> None:
        super().__init__(model)
        self.segment = segment
        self.key = bits(segment.key, segment.joined, 0)
        weight = sum(link.requests_per_case for link in segment.supply)
        expected = sum(link.requests_per_case * link.expectation for link in segment.supply) / weight
        self.feel(spread_out(expected, model.expectation_spread, model.draw("START", self.key, 0)))
        self.touched = now
        self.needs = self.open = 0
        self.active = True
        self.next_need = now
        self.plan_next_need()
        segment.joined += 1
        segment.active += 1
        segment.count(self.satisfaction, 1)

    def plan_next_need(self) -> None:
        """Draw the time of the next need."""
        self.next_need -= math.log(self.model.draw("NEED", self.key, self.needs)) * self.segment.mean_gap

    def step(self) -> None:
        """Ask for whatever is needed today."""
        while self.active and self.next_need < self.model.day + 1:
            self.need()

    def need(self) -> None:
        """Leave, or ask at the segment's doors."""
        model, segment, when = self.model, self.segment, self.needs
        segment.today["needs"] += 1
        attachment = (1 - model.trust_loyalty) * self.satisfaction + model.trust_loyalty * self.trust
        leaving = 1 - math.exp(-segment.hazard * math.exp(-model.churn_sensitivity * (attachment - 0.75)))
        if segment.hazard and model.draw("STAY", self.key, when) < leaving:
            self.active = False
            segment.active -= 1
            segment.today["left"] += 1
            segment.count(self.satisfaction, -1)
            if not self.open:
                self.remove()
            return
        self.expected_outcome += model.promise_effect * (segment.promised_quality - self.expected_outcome)
        self.expected_process += model.promise_effect * (segment.promised_quality - self.expected_process)
        rush = model.draw("RUSH", self.key, when) < segment.rush_share
        reached = model.draw("DOOR", self.key, when)
        for link in segment.supply:
            before = math.floor(reached)
            reached += link.requests_per_case
            for copy in range(math.floor(reached) - before):
                key = bits(model.keys["NEED"], self.key ^ link.key, when * 65536 + copy)
                request = Request(key, self, link, None, self.next_need, rush)
                link.today["rush_agreed"] += rush
                self.open += 1
                model.calendar[model.boundary_after(self.next_need)].append(request)
        self.needs += 1
        self.plan_next_need()


class Employee(mesa.Agent):
    """Staff: serve, and are served by other units."""

    def __init__(self, model: PlainModel, unit: Department, name: str, number: int) -> None:
        super().__init__(model)
        self.unit = unit
        self.key = int(draws.identity("employee", name, number))
        new = model.draw("START", self.key, 0) < unit.newcomer_share
        usual = model.newcomer_knowledge if new else unit.knowledge
        self.knowledge = spread_out(usual, unit.knowledge_spread, model.draw("START", self.key, 1))
        self.relations: dict[Link, Feelings] = {}
        for link in unit.supply:
            u = model.draw("START", self.key ^ link.key, 2)
            mine = self.relations[link] = Feelings()
            mine.feel(spread_out(link.expectation, model.expectation_spread, u))
            link.clients += 1
            link.satisfaction_sum += mine.satisfaction
            link.trust_sum += mine.trust
        self.motivation = self.grounds()

    def grounds(self) -> float:
        """Take stock of the service received; return what motivation moves toward."""
        total = weight = 0.0
        for link, mine in self.relations.items():
            importance = link.requests_per_case * link.dependence
            total += importance * mine.satisfaction
            weight += importance
        self.service_received = total / weight if weight else -1.0
        share = self.model.motivation_service if weight else 0.0
        return (1 - share) * self.unit.conditions + share * self.service_received

    def step(self) -> None:
        """In the evening knowledge and motivation move."""
        model = self.model
        gained = model.training_gain * self.unit.training * (1 - self.knowledge)
        lost = model.forgetting * max(0.0, self.knowledge - model.newcomer_knowledge)
        self.knowledge += gained - lost
        self.motivation += model.motivation_rate * (self.grounds() - self.motivation)
