"""The rules as a plain Mesa model: what `sim` is measured against, and a second reading of the rules.

One Python object for each customer, employee, unit, tie, problem and request; dictionaries, lists, `heapq` and `math`; every
customer, every employee and every tie steps every day. It is written as a Mesa user would write it, neither slowed down nor
tuned. Draws and formulas are those of `sim.draws` and `sim.rules`, so that both give the same figures
(`tests/test_benchmarks.py`); the formulas are explained there. Customers, staff, units, how a service ends, contractors,
problems, and what they share, stand in `plain_people`, `plain_staff`, `plain_units`, `plain_closing`, `plain_partners`,
`plain_voice` and `plain_rules`.

Left out: the mechanisms in `LEFT_OUT`, interventions, the journal, events more than 512 days ahead. Who of two colleagues
comes first that are free at the very same moment, the layout of a heap decides there, their place in the list here.
"""

from __future__ import annotations

import math
from collections import defaultdict, deque
from typing import Any

import mesa

from experiments.benchmarks.plain_people import Customer, Request, Segment
from experiments.benchmarks.plain_rules import Day, Levers, Link, poisson, uniform
from experiments.benchmarks.plain_staff import Employee, Tie, ties_across, ties_within
from experiments.benchmarks.plain_units import Department
from experiments.benchmarks.plain_voice import Problems
from sim import draws, levers, organisation
from sim.chain import ServiceChain

LEFT_OUT: tuple[str, ...] = ()
"""Mechanisms that plain Mesa does not have: none. What is compared with it has them neutral; see `comparable`."""

NEUTRAL = levers.neutral_values(*LEFT_OUT) if LEFT_OUT else {}
"""Their levers at neutral values, for figures and speed alike."""


def comparable(chain: ServiceChain | str) -> ServiceChain:
    """Return an organisation with only the mechanisms that plain Mesa has, too: a checked copy."""
    return organisation.load(chain).everywhere(NEUTRAL)


class PlainModel(mesa.Model, Levers):
    """The firm; `history` holds the figures of each day by kind, "link", "unit", "segment", "firm", in alphabetical order."""

    def __init__(self, chain: ServiceChain | str, seed: int = 1) -> None:
        super().__init__(rng=seed)
        self.chain = chain = comparable(chain)
        self.take_levers(chain, "firm")
        keys = draws.keys(seed)
        self.keys = {purpose.name: int(keys[purpose]) for purpose in draws.Purpose}
        self.slots_per_day = chain.setting("slots_per_day")
        self.day = self.slot = 0
        self.now = self.until = self.general_left = 0.0
        self.calendar: defaultdict[int, list[Request]] = defaultdict(list)
        self.surprises: defaultdict[int, list[tuple[Customer, Link, Department, int]]] = defaultdict(list)
        self.ladder: deque[Request] = deque()
        self.worklist: list[Request] = []
        self.today: Day = defaultdict(float)
        left = 1 - self.remedy_effect * self.company_agreement
        self.irresponsible = left * (1 - self.remedy_effect * self.responsibility_training)
        self.problems = Problems()
        self.links = {edge: Link(chain, *edge) for edge in chain.links}
        for (supplier, client), link in self.links.items():
            link.mirror = self.links.get((client, supplier))
        self.units = [Department(self, name) for name in chain.units]
        self.segments = [Segment(self, name) for name in chain.segments]
        for segment in self.segments:
            for _ in range(segment.start_size):
                Customer(self, segment, 0.0)
        self.inside = [link for link in self.links.values() if link.inside]
        for link in self.inside:
            link.regard = link.first_regard = link.supplier_trust
        self.bridged = any(link.cross_training for link in self.inside)
        self.spend_budget()
        self.ties = self.tie_people()
        self.history: list[dict[str, list[Day]]] = []

    def spend_budget(self) -> None:
        """Share the budget for service between units that face customers and the others, by heads."""
        facing = {unit: any(not link.inside for link in unit.serves) for unit in self.units}
        heads = sum(unit.heads for unit in self.units)
        in_front = sum(unit.heads for unit in self.units if facing[unit])
        for unit in self.units:
            spent = self.service_budget
            if facing[unit] and in_front < heads:
                spent *= self.front_share * heads / in_front
            elif not facing[unit] and in_front:
                spent *= (1 - self.front_share) * heads / (heads - in_front)
            unit.spent, unit.bought = spent, spent / (spent + self.budget_half)

    def tie_people(self) -> list[Tie]:
        """Tie colleagues within teams, and across every link inside once, whichever way it runs."""
        ties = [tie for unit in self.units for tie in ties_within(unit.staff)]
        across: set[Link] = set()
        for link in self.inside:
            if link.mirror not in across:
                across.add(link)
                ties += ties_across(link)
        for unit in self.units:
            for person in unit.staff:
                total = unit.bonds * person.team_ties
                person.peer_support = total / (1 + total)
        return ties

    # --- what everybody uses -----------------------------------------------------------------------------------------

    def draw(self, purpose: str, who: int, when: int) -> float:
        """Return the uniform of a decision."""
        return uniform(self.keys[purpose], who, when)

    def boundary_after(self, time: float) -> int:
        """Return the first boundary at or after ``time``."""
        return math.ceil(time * self.slots_per_day)

    def remember(self, request: Request, time: float) -> None:
        """Put an event of a request into the calendar, at the next boundary at the earliest."""
        self.calendar[max(self.slot + 1, self.boundary_after(time))].append(request)

    def release(self, request: Request) -> None:
        """Let work on an escalation begin this morning, ahead of other work: a manager stands behind it."""
        request.state = "released"
        request.ahead = 0
        request.ready = max(request.ready, float(self.day))
        self.calendar[self.slot].append(request)

    def look_for_the_root(self, key: int, culprit: Department) -> None:
        """Trace a recorded failure to the unit where it began, at times, and remove the cause."""
        if self.draw("ROOT", key, 0) < self.root_cause:
            culprit.feedback += 1
            culprit.today["cost"] += self.root_cause_cost
            self.today["programmes"] += self.root_cause_cost

    # --- the day -----------------------------------------------------------------------------------------------------

    def step(self) -> None:
        """Run one working day."""
        self.slot = self.day * self.slots_per_day
        self.begin_day()
        if Customer in self.agents_by_type:
            self.agents_by_type[Customer].do("step")
        for slot in range(self.slot, self.slot + self.slots_per_day):
            self.slot = slot
            self.now, self.until = slot / self.slots_per_day, (slot + 1) / self.slots_per_day
            self.work()
        self.end_day()
        self.day += 1

    def begin_day(self) -> None:
        """Settle care and pressure, let managers take up escalations, and let surface what has lain hidden."""
        for link in self.links.values():
            link.begin_day(self)
        for segment in self.segments:
            segment.begin_day(self.day)
        self.agents_by_type[Department].do("step")
        self.general_left = self.general_attention + min(0.0, self.general_left)
        while self.ladder and self.general_left > 0:
            self.general_left -= self.escalation_attention
            self.release(self.ladder.popleft())
        for customer, link, unit, kind in reversed(self.surprises.pop(self.day, [])):
            customer.be_surprised(link, unit, kind)
        for person in self.agents_by_type[Employee]:
            if person.status != "permanent" and person.starts <= self.day:
                person.take_up_post()

    def work(self) -> None:
        """Handle what is due at a boundary, and let staff take up what waits."""
        self.worklist = self.calendar.pop(self.slot, [])
        while self.worklist:
            request = self.worklist.pop()
            if request.state == "served":
                request.unit.finish(request)
            elif request.state == "resting":
                request.unit.input_came(request, request.ready)
            else:
                request.unit.arrive(request)
        for unit in self.units:
            unit.serve()
        if self.bridged:
            self.cover()
        for unit in self.units:
            unit.today["present_area"] += unit.present / self.slots_per_day

    def cover(self) -> None:
        """Let people help across bridges; the links take turns in being first."""
        links = list(self.links.values())
        for place in range(len(links)):
            link = links[(place + self.slot) % len(links)]
            if link.inside and link.cross_training:
                link.supplier.cover(link.client, link)
                link.client.cover(link.supplier, link)

    def end_day(self) -> None:
        """Let people, ties, units and links move; keep the books and the figures; let new customers come."""
        self.problems.step(self)
        self.agents_by_type[Department].do("look_after_people")
        employees = self.agents_by_type[Employee]
        employees.do("step")
        for unit in self.units:
            unit.take_means()
        employees.do("begin_evening_together")
        for link in self.inside:
            link.bridge = 0.0
        for tie in self.ties:
            tie.step()
        employees.do("end_evening_together")
        self.agents_by_type[Department].do("end_day")
        for link in self.links.values():
            link.end_day(self)
        employees.do("may_quit")
        for unit in self.units:
            if unit.partner:
                unit.partner.end_day()
        for link in self.links.values():
            link.write_down()
        self.close_books()
        for segment in self.segments:
            segment.end_day(self.reputation_memory)
            mean = segment.start_size * segment.new_customers / levers.DAYS_PER_YEAR
            mean *= math.exp(self.word_of_mouth * segment.reputation)
            for _ in range(poisson(self.draw("JOIN", segment.key, self.day), mean) if mean else 0):
                Customer(self, segment, self.day + 1.0)
                segment.today["joined"] += 1
        self.keep_figures()

    def close_books(self) -> None:
        """Pay for the day and take the profit."""
        self.agents_by_type[Department].do("book_costs")
        today = self.today
        costs = ("wages", "fees", "hiring", "training", "redress", "crises", "programmes", "surveys", "service_budget")
        today["profit"] = today["revenue"] - sum(today[name] for name in costs)
        today["on_ladder"] = len(self.ladder)
        today["general_left"] = self.general_left

    def keep_figures(self) -> None:
        """File the figures of the day."""
        parts: dict[str, list[Any]] = {
            "link": list(self.links.values()), "unit": self.units, "segment": self.segments, "firm": [self]
        }  # fmt: skip
        self.history.append({kind: [one.today for one in all_] for kind, all_ in parts.items()})
        for one in (one for all_ in parts.values() for one in all_):
            one.today = defaultdict(float)
