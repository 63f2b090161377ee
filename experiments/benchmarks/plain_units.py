"""Departments and contractors of the plain Mesa model: people, money, queue and work; see `plain_mesa`."""

from __future__ import annotations

import math
from collections import defaultdict, deque
from heapq import heapify, heapreplace
from typing import TYPE_CHECKING

import mesa

from experiments.benchmarks.plain_closing import Closing
from experiments.benchmarks.plain_partners import Partner
from experiments.benchmarks.plain_people import Request
from experiments.benchmarks.plain_rules import Day, Link, bits, lognormal
from experiments.benchmarks.plain_staff import Employee
from sim import draws
from sim.levers import DAYS_PER_YEAR

if TYPE_CHECKING:
    from experiments.benchmarks.plain_mesa import PlainModel


class Department(mesa.Agent, Closing):
    """A department or contractor: its queue, its staff and managers, and its clients' requests."""

    def __init__(self, model: PlainModel, name: str) -> None:
        super().__init__(model)
        self.take_levers(model.chain, "unit", name)
        data = model.chain.nodes[name]
        self.contractor = data["kind"] == "contractor"
        self.supply = [model.links[edge] for edge in model.chain.links if edge[1] == name]
        self.serves = [model.links[edge] for edge in model.chain.links if edge[0] == name]
        for link in self.serves:
            link.supplier = self
        for link in self.supply:
            link.client = self
        self.shape = data.get("working_time", "lognormal")
        self.key = int(draws.identity("unit", name))
        self.heads = self.filled = data.get("staff", 1)
        self.attention = [1.0] * data.get("managers", 1)
        self.attention_left = float(len(self.attention))
        self.standard, self.time_factor, self.lessons, self.feedback = 1.0, 1.0, 0.0, 0.0
        self.spent = self.bought = self.latent = 0.0
        self.seen_as_the_firm = model.attribution if self.contractor else 1.0
        self.quit_hazard = -math.log(1 - self.quit_rate) / DAYS_PER_YEAR
        self.voice_climate, self.severity, self.crisis_until = self.voice_safety, 0.0, 0.0
        self.partner = Partner(self, 0, 0.0) if self.contractor else None
        self.support = self.advocacy * min(1.0, self.attention_left * self.span / self.heads)
        self.take_stock()
        self.staff = [Employee(model, self, name, number) for number in range(self.heads)]
        self.means: dict[str, float] = {}
        self.mean_motivation = sum(one.motivation for one in self.staff) / self.heads
        self.roster = [(model.draw("START", one.key, 3) - 1, place, one) for place, one in enumerate(self.staff)]
        heapify(self.roster)
        flows = {model.links[edge]: float(f"{flow:.9g}") for edge, flow in model.chain.link_rates().items()}
        flow = sum(flows[link] for link in self.serves)
        promised = sum(flows[link] * link.promise_days for link in self.serves)
        self.mean_promise = promised / flow if flow else 1.0
        self.inbox: list[Request] = []
        self.lines: tuple[deque[Request], ...] = (deque(), deque(), deque())
        self.ladder: deque[Request] = deque()
        self.present = 0
        self.today: Day = defaultdict(float)

    # --- morning and evening -----------------------------------------------------------------------------------------

    @property
    def queued(self) -> int:
        """Requests that wait for somebody to take them."""
        return sum(map(len, self.lines))

    @property
    def quality(self) -> float:
        """Quality of a contractor, as a deviation from the usual."""
        return self.partner.quality if self.partner else 0.0

    def take_stock(self) -> None:
        """See what tools, recognition and other conditions of work there are."""
        model = self.model
        self.tools_now = self.tools + model.support_tools * self.support * (1 - self.tools)
        self.training_now = self.training
        if self.contractor:
            self.tools_now += model.partner_tools * self.partner_support * (1 - self.tools_now)
            self.training_now = min(0.9, self.training + model.partner_training * self.partner_support)
        self.mean_work = self.hours_per_request / model.chain.setting("hours_per_day") / (1 - self.training_now)
        received = self.recognition * min(1.0, self.attention_left * self.span / self.heads)
        self.conditions = (
            self.tools_now + self.environment + self.communication + self.growth + self.belonging + self.pay + received
        ) / 7

    def step(self) -> None:
        """In the morning, feel the pressure of the backlog, and let managers take up escalations."""
        model = self.model
        self.take_stock()
        ratio = self.queued * self.mean_work * self.standard / max(1, self.filled) / self.mean_promise
        self.pressure, slack = min(1.5, max(0.0, ratio - 1)), max(0.0, 1 - ratio)
        taken = -model.speed_up * self.pressure if self.pressure else model.slow_down * slack
        self.time_factor = self.standard * math.exp(taken)
        self.pace = (
            math.log(self.standard)
            - (model.speed_up + model.work_intensity) * self.pressure
            + model.slow_down * slack
            - model.target_speed * (1 - self.alignment)
            + math.log(1 - self.haste)
            - model.budget_speed * self.bought
        )
        self.log_odds = (
            model.corner_cutting * (1 - self.time_factor)
            + model.target_errors * (1 - self.alignment)
            - self.lessons
            - model.budget_errors * self.bought
            + model.problem_harm * self.severity / (0.1 * self.heads)
        )
        if model.day < self.crisis_until:
            self.pace += model.crisis_time
            self.log_odds += model.crisis_harm
        self.warmth = 1.0
        if self.partner:
            self.log_odds += self.partner.errors()
            self.warmth = self.partner.warmth()
        self.latent = min(1.0, (self.latent_rate + model.latent_haste * self.haste) * math.exp(-self.lessons))
        self.attention = [1 + min(0.0, left) for left in self.attention]
        while self.ladder:
            request = self.ladder[0]
            if self.spend_attention(model.escalation_attention):
                model.release(request)
            elif not self.attention or model.day - request.entered >= model.ladder_days:
                model.ladder.append(request)
            else:
                break
            self.ladder.popleft()

    def there(self) -> list[Employee]:
        """Return whoever holds a post."""
        return [one for one in self.staff if one.status != "vacant"]

    def not_before(self, person: Employee, time: float) -> None:
        """Let a colleague be busy or away until ``time`` at least."""
        self.roster = [(max(free, time) if one is person else free, place, one) for free, place, one in self.roster]
        heapify(self.roster)

    def take_means(self) -> None:
        """Write down how the people are."""
        for name in ("knowledge", "motivation", "strain", "service_received"):
            if self.filled:
                self.means[name] = sum(getattr(one, name) for one in self.there()) / self.filled
        if not self.filled:
            self.means["service_received"] = -1.0
        self.today.update(self.means, filled=self.filled)
        self.mean_motivation = self.means["motivation"]

    def look_after_people(self) -> None:
        """In the evening, what is left of the managers' attention reaches the people."""
        self.attention_left = sum(max(0.0, left) for left in self.attention)
        self.support = self.advocacy * min(1.0, self.attention_left * self.span / self.heads)
        if self.filled:
            self.today["compassion"] = sum(one.compassion for one in self.there()) / self.filled

    def end_day(self) -> None:
        """Let standards erode and lessons take effect; write the day down, and what it cost."""
        model, today = self.model, self.today
        rate = model.standard_erosion if self.time_factor < self.standard else model.standard_recovery
        self.standard += rate * (self.time_factor - self.standard)
        most = model.most_lessons
        if most:
            learnt = min(1.0, 10 * model.lesson_gain * self.feedback / (self.heads * most))
            self.lessons += learnt * max(0.0, most - self.lessons) - model.lesson_fade * self.lessons
        self.feedback = 0.0
        today.update(
            present=self.present, queued=self.queued, pressure=self.pressure, standard=self.standard,
            lessons=self.lessons, support=self.support, on_ladder=len(self.ladder),
            attention_left=self.attention_left / len(self.attention) if self.attention else 0.0,
            severity=self.severity, voice_climate=self.voice_climate,
        )  # fmt: skip

    def book_costs(self) -> None:
        """Book what the day cost beside what was booked when it happened."""
        model, heads, days = self.model, self.heads, DAYS_PER_YEAR
        temporary = sum(one.status == "temporary" for one in self.staff)
        yearly = self.wage * (self.filled - temporary + temporary * model.temporary_premium)
        if self.contractor:
            costs = {
                "fees": yearly * self.fee / days,
                "programmes": self.partner_support * model.partner_support_cost * heads / days
                + self.partnership * model.partnership_cost * heads / days,
            }
        else:
            costs = {"wages": (yearly + len(self.attention) * self.manager_wage) / days, "programmes": 0.0}
        costs["training"] = self.training_now * self.filled * model.training_cost
        costs["service_budget"] = self.spent * heads / days
        costs["programmes"] += model.platform * model.platform_cost * heads / days
        taught = model.company_agreement + model.responsibility_training
        costs["programmes"] += taught * model.responsibility_cost * heads / days
        costs["surveys"] = sum(link.today["answers"] for link in self.serves) * model.survey_cost
        for link in self.serves:
            if link.inside:
                each = link.gatherings * model.gathering_cost + link.cross_training * model.cross_training_cost
                costs["programmes"] += each * (heads + link.client.heads) / days
        for name, cost in costs.items():
            self.today["cost"] += cost
            model.today[name] += cost

    def spend_attention(self, cost: float) -> bool:
        """Take attention of the manager who has most for one matter; tell whether there was any left."""
        if not self.attention or max(self.attention) <= 0:
            return False
        freest = self.attention.index(max(self.attention))
        self.attention[freest] -= cost
        return True

    def hear(self, heard: bool) -> None:
        """Let people see what happens to those who speak up."""
        self.voice_climate += self.model.voice_learning * (heard - self.voice_climate)

    # --- work --------------------------------------------------------------------------------------------------------

    def working_time(self, u: float, log_factor: float) -> float:
        """Turn a uniform into a working time in days."""
        if self.shape == "exponential":
            return -self.mean_work * math.log(u) * math.exp(log_factor)
        if self.shape == "fixed":
            return self.mean_work * math.exp(log_factor)
        return lognormal(u, self.mean_work, self.work_spread) * math.exp(log_factor)

    def serve(self) -> None:
        """Let staff take waiting requests until the next boundary, whoever is free first."""
        for request in sorted(self.inbox, key=lambda one: (one.ready, one.key)):
            self.lines[request.ahead].append(request)
        self.inbox = []
        while self.roster[0][0] < self.model.until and any(self.lines):
            free_at, place, server = self.roster[0]
            heapreplace(self.roster, (self.begin_work(self, server, free_at), place, server))

    def cover(self, other: Department, link: Link) -> None:
        """Help another unit across a bridge, as long as there is nothing to do here and somebody who is able to is free."""
        model = self.model
        while any(other.lines) and not any(self.lines):
            able = [
                (free_at, place, one)
                for free_at, place, one in self.roster
                if free_at < model.until and model.draw("COVER", one.post ^ link.key, 0) < link.cross_training
            ]
            if not able:
                break
            other.today["covered"] += 1
            free_at, _, server = min(able)
            self.not_before(server, self.begin_work(other, server, free_at))

    def begin_work(self, unit: Department, server: Employee, free_at: float) -> float:
        """Let a colleague take the next request of a unit, mostly one's own; return when that will be done."""
        model = self.model
        request = next(filter(None, unit.lines)).popleft()
        log_factor = unit.pace + model.knowledge_time * (0.75 - server.known(unit)) + model.strain_time * server.strain
        if request.inside:
            log_factor += model.care_time * request.link.care
        else:
            log_factor += model.listening_time * (unit.listening - 0.5)
        work = unit.working_time(model.draw("WORK", request.key, request.visits), log_factor)
        request.finish = max(model.now, free_at) + work
        request.server = server
        request.state = "served"
        self.today["busy_days"] += work
        model.remember(request, request.finish)
        return request.finish

    def arrive(self, request: Request) -> None:
        """Take a case in: it asks for what it needs inside, rests if it must, else joins the line.

        What only a manager may settle waits for one first, and comes again when it is released.
        """
        model, when = self.model, request.visits
        if request.state == "arrived":
            self.present += 1
            self.today["arrived"] += 1
            request.entered = model.now
            if request.wants_manager:
                request.wants_manager = False
                if model.escalation_attention:
                    self.ladder.append(request)
                    return
                request.ahead = 0
        request.state = "waiting"
        request.waiting_for = self.ask_inside(request)
        if self.pause_share and model.draw("PAUSE", request.key, when) < self.pause_share:
            rest = lognormal(model.draw("PAUSE_LENGTH", request.key, when), self.pause_days, self.pause_spread)
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
                asker = self.staff[int(model.draw("ASKER", key, 0) * self.heads)]
                child = Request(key, asker.relations[link], link, request, model.now, request.rush, "input")
                if child.rush:
                    agreed = link.supplier.agrees_to_hurry(child)
                    child.ahead = 0 if agreed else 1
                    link.today["rush_agreed"] += agreed
                else:
                    if model.draw("CARE", key, 0) < model.care_priority * abs(link.care):
                        child.ahead = 0 if link.care > 0 else 2
                    if link.hostility and model.draw("RIVAL", key, 0) < model.rivalry_delay * link.hostility:
                        child.ahead = 2
                model.worklist.append(child)
                made += 1
        return made

    def agrees_to_hurry(self, request: Request) -> bool:
        """Tell whether the unit hurries for a colleague."""
        model = self.model
        score = (
            model.willingness
            + model.willing_motivation * (self.mean_motivation - 0.6)
            + model.willing_trust * (request.link.trust_shown(model) - 0.6)
            + model.support_willing * self.support
        )
        return model.draw("WILLING", request.key, 0) < 1 / (1 + math.exp(-score))

    def input_came(self, request: Request, when: float) -> None:
        """Note that one of the things a case waits for has come; with the last, it joins the line."""
        request.waiting_for -= 1
        if not request.waiting_for:
            request.ready = max(request.ready, when)
            self.inbox.append(request)
