"""The core rules as a plain Mesa model: what `sim` is measured against, and a second reading of the rules.

One Python object for each customer, employee, unit and request; dictionaries, lists, `heapq` and `math`; every customer
and every employee steps every day. It is written as a Mesa user would write it, neither slowed down nor tuned. Draws and
formulas are those of `sim.draws` and `sim.rules`, so that both give the same figures (`tests/test_benchmarks.py`); the
formulas are explained there. Left out: interventions, the journal, events more than 512 days ahead.
"""

from __future__ import annotations

import math
from collections import defaultdict, deque
from heapq import heapify, heapreplace
from typing import Any

import mesa

from experiments.benchmarks.plain_people import Customer, Employee, Request, Segment
from experiments.benchmarks.plain_rules import Day, Levers, Link, bits, clip, normal_quantile, poisson, uniform
from sim import draws, levers, organisation
from sim.chain import ServiceChain

MOST_VISITS = 200
"""A case handed on or sent back this often stays where it is."""


class Department(mesa.Agent, Levers):
    """A department or contractor: its queue, its staff, and its clients' requests."""

    def __init__(self, model: PlainModel, name: str) -> None:
        super().__init__(model)
        self.take_levers(model.chain, "unit", name)
        data = model.chain.nodes[name]
        self.supply = [model.links[edge] for edge in model.chain.links if edge[1] == name]
        self.outbound = [edge for edge in model.chain.links if edge[0] == name]
        for edge in self.outbound:
            model.links[edge].supplier = self
        self.shape = data.get("working_time", "lognormal")
        self.mean_work = self.hours_per_request / model.chain.setting("hours_per_day") / (1 - self.training)
        received = self.recognition * min(1.0, data.get("managers", 1) * self.span / data.get("staff", 1))
        self.conditions = (
            self.tools + self.environment + self.communication + self.growth + self.belonging + self.pay + received
        ) / 7
        self.staff = [Employee(model, self, name, number) for number in range(data.get("staff", 1))]
        self.mean_motivation = sum(one.motivation for one in self.staff) / len(self.staff)
        self.roster = [(model.draw("START", one.key, 3) - 1, place, one) for place, one in enumerate(self.staff)]
        heapify(self.roster)
        flows = {edge: float(f"{flow:.9g}") for edge, flow in model.chain.link_rates().items()}
        flow = sum(flows[edge] for edge in self.outbound)
        promised = sum(flows[edge] * model.links[edge].promise_days for edge in self.outbound)
        self.mean_promise = promised / flow if flow else 1.0
        self.inbox: list[Request] = []
        self.lines: tuple[deque[Request], ...] = (deque(), deque(), deque())
        self.present = 0
        self.today: Day = defaultdict(float)

    @property
    def queued(self) -> int:
        """Requests that wait for somebody to take them."""
        return sum(map(len, self.lines))

    def step(self) -> None:
        """In the morning, feel the pressure of the backlog."""
        backlog = self.queued * self.mean_work / len(self.staff)
        self.pressure = min(1.5, max(0.0, backlog / self.mean_promise - 1))
        self.time_factor = math.exp(-self.model.speed_up * self.pressure)
        self.pace = -(self.model.speed_up + self.model.work_intensity) * self.pressure

    def working_time(self, u: float, log_factor: float) -> float:
        """Turn a uniform into a working time in days."""
        if self.shape == "exponential":
            return -self.mean_work * math.log(u) * math.exp(log_factor)
        if self.shape == "fixed" or self.work_spread == 0:
            return self.mean_work * math.exp(log_factor)
        variance = math.log(1 + self.work_spread**2)
        return self.mean_work * math.exp(normal_quantile(u) * math.sqrt(variance) - variance / 2 + log_factor)

    def serve(self) -> None:
        """Let staff take waiting requests until the next boundary, whoever is free first."""
        model = self.model
        for request in sorted(self.inbox, key=lambda one: (one.ready, one.key)):
            self.lines[request.ahead].append(request)
        self.inbox = []
        while self.roster[0][0] < model.until and (line := next(filter(None, self.lines), None)):
            request = line.popleft()
            free_at, place, server = self.roster[0]
            log_factor = self.pace + model.knowledge_time * (0.75 - server.knowledge)
            if request.parent:
                log_factor += model.care_time * request.link.lean
            work = self.working_time(model.draw("WORK", request.key, request.visits), log_factor)
            request.finish = max(model.now, free_at) + work
            request.server = server
            request.state = "served"
            self.today["busy_days"] += work
            model.remember(request, request.finish)
            heapreplace(self.roster, (request.finish, place, server))
        self.today["present_area"] += self.present / model.slots_per_day

    def arrive(self, request: Request) -> None:
        """Take a case in: it asks for what it needs inside, rests if it must, else joins the line."""
        model, when = self.model, request.visits
        self.present += 1
        self.today["arrived"] += 1
        request.state = "waiting"
        request.entered = model.now
        request.waiting_for = self.ask_inside(request)
        if self.pause_share and model.draw("PAUSE", request.key, when) < self.pause_share:
            rest = self.pause_days
            if self.pause_spread:
                variance = math.log(1 + self.pause_spread**2)
                z = normal_quantile(model.draw("PAUSE_LENGTH", request.key, when))
                rest *= math.exp(z * math.sqrt(variance) - variance / 2)
            request.state = "resting"
            request.ready = model.now + rest
            model.remember(request, request.ready)
            request.waiting_for += 1
        if not request.waiting_for:
            self.inbox.append(request)

    def ask_inside(self, request: Request) -> int:
        """Make the internal requests of a case and return how many."""
        model, made = self.model, 0
        for link in self.supply:
            if not link.requests_per_case:
                continue
            who = request.key ^ link.key
            chance = model.draw("FORK", who, request.visits)
            for copy in range(math.floor(link.requests_per_case + chance)):
                key = bits(model.keys["FORK"], who, 65536 * (request.visits + 1) + copy)
                asker = self.staff[int(model.draw("ASKER", key, 0) * len(self.staff))]
                child = Request(key, asker.relations[link], link, request, model.now, request.rush)
                if child.rush:
                    score = (
                        model.willingness
                        + model.willing_motivation * (link.supplier.mean_motivation - 0.6)
                        + model.willing_trust * (link.supplier_trust - 0.6)
                    )
                    agreed = model.draw("WILLING", key, 0) < 1 / (1 + math.exp(-score))
                    child.ahead = 0 if agreed else 1
                    link.today["rush_agreed"] += agreed
                elif model.draw("CARE", key, 0) < model.care_priority * abs(link.lean):
                    child.ahead = 0 if link.lean > 0 else 2
                model.worklist.append(child)
                made += 1
        return made

    def input_came(self, request: Request, when: float) -> None:
        """Note that one of the things a case waits for has come; with the last, it joins the line."""
        request.waiting_for -= 1
        if not request.waiting_for:
            request.ready = max(request.ready, when)
            self.inbox.append(request)

    def finish(self, request: Request) -> None:
        """End a service: pass the case on, meet the client, take it back, or close it."""
        model, link, server, when = self.model, request.link, request.server, request.visits
        server.knowledge += model.learning * (1 - server.knowledge)
        self.present -= 1
        self.today["served"] += 1
        self.today["sojourn"] += model.now - request.entered
        if self.pass_on(request):
            return
        log_odds = (
            model.knowledge_errors * (0.75 - server.knowledge)
            + model.motivation_errors * (0.6 - server.motivation)
            + model.corner_cutting * (1 - self.time_factor)
        )
        if request.parent:
            log_odds -= model.care_errors * link.lean
        odds = self.error_rate / (1 - self.error_rate) * math.exp(log_odds)
        right = not request.broken and model.draw("ERROR", request.key, when) >= odds / (1 + odds)
        outcome = self.meet_client(request, right)
        if not right and when < MOST_VISITS and model.draw("REOPEN", request.key, when) < link.reopen_rate:
            request.visits += 1
            request.broken = False
            request.ready = request.finish
            request.entered = model.now
            self.present += 1
            self.today["arrived"] += 1
            link.today["reopened"] += 1
            self.inbox.append(request)
            return
        link.today["closed"] += 1
        if parent := request.parent:
            if right:
                parent.bound = min(parent.bound, 1 - link.dependence * (1 - outcome))
            elif model.draw("BREAK", request.key, 0) < link.dependence:
                parent.broken = True
            parent.unit.input_came(parent, request.finish)
        else:
            request.client.open -= 1
            if not request.client.active and not request.client.open:
                request.client.remove()

    def pass_on(self, request: Request) -> bool:
        """Hand a case over to another unit for good, at times; tell whether it happened."""
        if request.visits >= MOST_VISITS or not any(link.passed_on for link in self.supply):
            return False
        chance, reached = self.model.draw("PASS_ON", request.key, request.visits), 0.0
        for link in self.supply:
            reached += link.passed_on
            if chance < reached:
                request.unit = link.supplier
                request.visits += 1
                request.state = "arrived"
                request.ready = request.finish
                link.today["passed_on"] += 1
                self.model.worklist.append(request)
                return True
        return False

    def meet_client(self, request: Request, right: bool) -> float:
        """Let the client live through the encounter; return the reliability received."""
        model, link, server, client = self.model, request.link, request.server, request.client
        wait = request.finish - request.opened
        promised = acceptable = link.promise_days * (model.rush_deadline if request.rush else 1)
        explained, trust_in_client = 1.0, 1.0
        segment: Segment | None = None
        market = rate = 0.0
        if request.parent:
            half = model.care_explanation / 2
            explained = (1 - half * (1 - link.lean)) / (1 - half)
            trust_in_client = link.supplier_trust
        else:
            segment = client.segment
            acceptable = promised * segment.patience
            market, rate = segment.market_quality, model.market_effect
        outcome = min(request.bound, promised / max(wait, promised)) if right else 0.0
        prompt = 1 / (1 + model.waiting_aversion * wait / acceptable)
        knowing = 1 - model.knowledge_assurance * (1 - server.knowledge)
        assurance = clip(explained * knowing * (1 - model.tools_assurance * (1 - self.tools)))
        warmth = 1 - model.motivation_empathy * (1 - server.motivation)
        warmth *= 1 - model.trust_empathy * (1 - trust_in_client)
        empathy = clip(explained * self.time_factor * warmth)
        tangibles = (1 - model.tools_tangibles * (1 - self.tools)) * request.bound
        tangibles *= 1 - model.environment_tangibles * (1 - self.environment)
        satisfaction, trust = client.satisfaction, client.trust
        quality, judgement, expected = client.encounter(
            model, link, outcome, prompt, assurance, empathy, tangibles, request.finish, market, rate
        )
        if segment:
            if client.active:
                segment.count(satisfaction, -1)
                segment.count(client.satisfaction, 1)
            gap = judgement - segment.market_quality
            segment.talk += gap * model.bad_news if gap < 0 else gap
            segment.talkers += 1
        else:
            link.satisfaction_sum += client.satisfaction - satisfaction
            link.trust_sum += client.trust - trust
        for name, value in {
            "encounters": 1, "right": right, "in_time": wait <= promised,
            "rush_kept": request.rush and wait <= promised, "wait": wait, "quality": quality, "judgement": judgement,
            "expectation": expected, "reliability": outcome, "responsiveness": prompt, "assurance": assurance,
            "empathy": empathy, "tangibles": tangibles,
        }.items():  # fmt: skip
            link.today[name] += value
        return outcome


class PlainModel(mesa.Model, Levers):
    """The firm; `history` holds the figures of each day by kind ("link", "unit", "segment"), in alphabetical order."""

    def __init__(self, chain: ServiceChain | str, seed: int = 1) -> None:
        super().__init__(rng=seed)
        self.chain = chain = organisation.load(chain)
        self.take_levers(chain, "firm")
        keys = draws.keys(seed)
        self.keys = {purpose.name: int(keys[purpose]) for purpose in draws.Purpose}
        self.slots_per_day = chain.setting("slots_per_day")
        self.day = self.slot = 0
        self.now = self.until = 0.0
        self.calendar: defaultdict[int, list[Request]] = defaultdict(list)
        self.worklist: list[Request] = []
        self.links = {edge: Link(chain, *edge) for edge in chain.links}
        for (supplier, client), link in self.links.items():
            link.mirror = self.links.get((client, supplier))
        self.units = [Department(self, name) for name in chain.units]
        self.segments = [Segment(self, name) for name in chain.segments]
        for segment in self.segments:
            for _ in range(segment.start_size):
                Customer(self, segment, 0.0)
        self.history: list[dict[str, list[Day]]] = []

    def draw(self, purpose: str, who: int, when: int) -> float:
        """Return the uniform of a decision."""
        return uniform(self.keys[purpose], who, when)

    def boundary_after(self, time: float) -> int:
        """Return the first boundary at or after ``time``."""
        return math.ceil(time * self.slots_per_day)

    def remember(self, request: Request, time: float) -> None:
        """Put an event of a request into the calendar, at the next boundary at the earliest."""
        self.calendar[max(self.slot + 1, self.boundary_after(time))].append(request)

    def step(self) -> None:
        """Run one working day."""
        self.agents_by_type[Department].do("step")
        if Customer in self.agents_by_type:
            self.agents_by_type[Customer].do("step")
        for slot in range(self.day * self.slots_per_day, (self.day + 1) * self.slots_per_day):
            self.slot = slot
            self.now, self.until = self.slot / self.slots_per_day, (self.slot + 1) / self.slots_per_day
            self.worklist = self.calendar.pop(self.slot, [])
            while self.worklist:
                request = self.worklist.pop()
                if request.state == "arrived":
                    request.unit.arrive(request)
                elif request.state == "resting":
                    request.unit.input_came(request, request.ready)
                else:
                    request.unit.finish(request)
            for unit in self.units:
                unit.serve()
        self.agents_by_type[Employee].do("step")
        self.close_books()
        self.day += 1

    def close_books(self) -> None:
        """Keep the figures of the day; let reputations move and new customers come."""
        for link in self.links.values():
            if link.clients:
                link.today["satisfaction"] = link.satisfaction_sum / link.clients
                link.today["trust"] = link.trust_sum / link.clients
        for unit in self.units:
            for name in ("knowledge", "motivation", "service_received"):
                unit.today[name] = sum(getattr(one, name) for one in unit.staff) / len(unit.staff)
            unit.mean_motivation = unit.today["motivation"]
            unit.today.update(present=unit.present, queued=unit.queued, pressure=unit.pressure)
        for segment in self.segments:
            if segment.talkers:
                mean = segment.talk / segment.talkers
                segment.reputation += (mean - segment.reputation) / self.reputation_memory
            segment.talk, segment.talkers = 0.0, 0
            segment.today.update(
                active=segment.active, promoters=segment.promoters, detractors=segment.detractors,
                satisfaction=segment.satisfaction_sum / segment.active if segment.active else math.nan,
                reputation=segment.reputation,
            )  # fmt: skip
            mean = segment.start_size * segment.new_customers / levers.DAYS_PER_YEAR
            mean *= math.exp(self.word_of_mouth * segment.reputation)
            for _ in range(poisson(self.draw("JOIN", segment.key, self.day), mean) if mean else 0):
                Customer(self, segment, self.day + 1.0)
                segment.today["joined"] += 1
        parts: dict[str, list[Any]] = {
            "link": list(self.links.values()), "unit": self.units, "segment": self.segments
        }  # fmt: skip
        self.history.append({kind: [one.today for one in all_] for kind, all_ in parts.items()})
        for one in (one for all_ in parts.values() for one in all_):
            one.today = defaultdict(float)
