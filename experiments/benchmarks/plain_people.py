"""Customers and requests of the plain Mesa model; see `experiments.benchmarks.plain_mesa`."""

from __future__ import annotations

import math
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import mesa

from experiments.benchmarks.plain_rules import (
    Day,
    Feelings,
    Levers,
    Link,
    Service,
    bits,
    lognormal,
    normal_quantile,
    spread_out,
)
from sim import draws, levers

if TYPE_CHECKING:
    from experiments.benchmarks.plain_mesa import PlainModel
    from experiments.benchmarks.plain_units import Department

MOST_STAGES = 3
"""A customer comes again with the same matter so often, then gives up."""
HIDDEN_FAULT, BROKEN_PROMISE = 0, 1
UNDECIDED, CALLED_AT_ONCE, REFUSED = 0, 1, 2
"""Stages of a claim after an accident."""


class Request:
    """One request under way; ``cause`` is need, input, onboarding, repeat, fault, complaint or claim."""

    def __init__(
        self, key: int, client: Any, link: Link, parent: Request | None, opened: float, rush: bool, cause: str
    ) -> None:
        self.key, self.client, self.link, self.parent = key, client, link, parent
        self.unit: Department = link.supplier
        self.opened = self.entered = self.ready = self.finish = opened
        self.rush, self.ahead = rush, 0 if rush else 1
        self.cause, self.stage = cause, 0
        self.state = "arrived"
        self.wants_manager = False
        self.waiting_for = self.visits = self.handovers = 0
        self.broken = self.blamed = self.returned = False
        self.culprit: Any = None
        self.came_from: Any = None
        self.hides: Any = None
        self.bound = 1.0
        self.promised = 0.0
        self.server: Any = None
        self.newcomer: Any = None
        link.today["opened"] += 1
        link.today["rush"] += rush

    @property
    def inside(self) -> bool:
        """Whether the client is a colleague."""
        return self.link.inside

    @property
    def to_be_made_good(self) -> bool:
        """Whether it is about a failure that the customer has complained of."""
        return self.cause in ("complaint", "claim")


class Segment(Levers):
    """A customer segment and its running figures."""

    def __init__(self, model: PlainModel, name: str) -> None:
        self.take_levers(model.chain, "segment", name)
        self.key = int(draws.identity("segment", name))
        self.start_size = model.chain.nodes[name].get("customers", 0)
        self.supply = [model.links[edge] for edge in model.chain.links if edge[1] == name]
        self.mean_gap = levers.DAYS_PER_YEAR / self.needs_per_year if self.needs_per_year else 1e9
        self.hazard = -math.log(1 - self.churn) / self.needs_per_year if self.churn and self.needs_per_year else 0.0
        self.market = self.market_quality
        departments = [link for link in self.supply if not link.supplier.contractor]
        self.office = max(departments, key=lambda link: link.requests_per_case, default=None)
        self.joined = self.active = self.promoters = self.detractors = 0
        self.satisfaction_sum = self.reputation = self.talk = self.talkers = 0.0
        self.today: Day = defaultdict(float)

    def begin_day(self, day: int) -> None:
        """Competitors improve."""
        if self.market_pace:
            left = math.exp(-self.market_pace * day / levers.DAYS_PER_YEAR)
            self.market = 1 - (1 - self.market_quality) * left

    def count(self, satisfaction: float, sign: int) -> None:
        """Add an active customer to the running figures, or take one away."""
        self.satisfaction_sum += sign * satisfaction
        self.promoters += sign * (satisfaction >= 0.85)
        self.detractors += sign * (satisfaction < 0.65)

    def end_day(self, memory: float) -> None:
        """Let reputation follow what was said, and write the day down."""
        if self.talkers:
            self.reputation += (self.talk / self.talkers - self.reputation) / memory
        self.talk = self.talkers = 0.0
        self.today.update(
            active=self.active, promoters=self.promoters, detractors=self.detractors, reputation=self.reputation,
            satisfaction=self.satisfaction_sum / self.active if self.active else math.nan, market=self.market,
        )  # fmt: skip


class Customer(mesa.Agent, Feelings):
    """A customer: has needs, asks at a door, stays or leaves, complains or says nothing."""

    def __init__(self, model: PlainModel, segment: Segment, now: float) -> None:
        super().__init__(model)
        self.segment = segment
        self.key = bits(segment.key, segment.joined, 0)
        weight = sum(link.requests_per_case for link in segment.supply)
        expected = sum(link.requests_per_case * link.expectation for link in segment.supply) / weight
        gap = (
            0.0 if now > 0 else sum(link.requests_per_case * link.satisfaction_gap for link in segment.supply) / weight
        )
        self.feel(spread_out(expected, model.expectation_spread, model.draw("START", self.key, 0)), gap)
        self.baggage = segment.baggage_spread * normal_quantile(model.draw("START", self.key, 5))
        self.unsatisfiable = model.draw("START", self.key, 6) < segment.unsatisfiable
        self.unresolved, self.loss, self.recovered = 0, 0.0, False
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
        attachment -= model.market_pull * (segment.market - segment.market_quality)
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
                request = Request(key, self, link, None, self.next_need, rush, "need")
                link.today["rush_agreed"] += rush
                self.open += 1
                model.calendar[model.boundary_after(self.next_need)].append(request)
        revenue = segment.revenue_per_need * (1 + segment.overpromise_sales * segment.overpromise)
        segment.today["revenue"] += revenue
        model.today["revenue"] += revenue
        self.needs += 1
        self.plan_next_need()

    def close(self) -> None:
        """A request ends; whoever has left and has none under way is gone."""
        self.open -= 1
        if not self.active and not self.open:
            self.remove()

    # --- what an encounter does, and what follows it -----------------------------------------------------------------

    def live_through(
        self, link: Link, service: Service, now: float, weight: float = 1.0, best: float = 1.0
    ) -> tuple[float, float, float]:
        """Go through an encounter and talk about it. Return quality, expectation and the satisfaction lost."""
        model, segment, before = self.model, self.segment, self.satisfaction
        harder = model.second_failure if self.recovered else 1.0
        quality, judgement, expected = self.encounter(
            model, link, service, now, segment.market, model.market_effect, weight, harder, best
        )
        if self.active:
            segment.count(before, -1)
            segment.count(self.satisfaction, 1)
        gap = judgement - segment.market
        segment.talk += weight * (gap * model.bad_news if gap < 0 else gap)
        segment.talkers += weight
        link.record(service, quality, judgement, expected)
        return quality, expected, max(0.0, before - self.satisfaction)

    def brought(self) -> float:
        """Return the baggage that comes along: the usual, the customer's own, and what failures not made good add."""
        usual = max(0.0, self.segment.baggage + self.baggage)
        return min(1.0, usual + self.model.upset * self.unresolved)

    def remember_failure(self, link: Link, lost: float) -> None:
        """Bear a failure in mind, and what could be made good of what it cost."""
        link.today["failures"] += 1
        self.unresolved = min(255, self.unresolved + 1)
        self.loss += lost
        self.recovered = False

    def react(
        self, request: Request, right: bool, owned: bool, quality: float, expected: float, lost: float, missed: bool
    ) -> None:
        """After an encounter: forgive, complain, come again, or let it be."""
        model, link, unit = self.model, request.link, request.unit
        if request.to_be_made_good:
            link.today["recoveries"] += 1
            link.today["recovery_time"] += request.finish - request.opened
            link.today["deflected"] += not owned
            if right and owned:
                self.be_paid(unit)
                if quality >= 0.6:
                    link.today["recovered"] += 1
                    self.be_made_good(quality)
        if quality < expected - self.segment.tolerance:
            self.remember_failure(link, 0.0 if request.cause == "claim" and not owned else lost)
            if self.active and request.stage < MOST_STAGES:
                self.complain(request)
        elif not request.to_be_made_good and self.unresolved:
            self.unresolved -= 1
            self.loss *= 0.5
        if missed and request.stage < MOST_STAGES:
            link.today["repeats"] += 1
            key = bits(model.keys["HIDDEN"], request.key, 64)
            pause = -2 * math.log(model.draw("HIDDEN", key, 2))
            again = self.come_back(key, link, request.finish + pause, "repeat", request.stage + 1)
            again.bound = 0.8
        if request.hides:
            self.be_surprised_later(request, request.hides, HIDDEN_FAULT)
        over = self.segment.overpromise
        if over and request.cause == "need" and model.draw("PROMISE", request.key, 0) < over:
            self.be_surprised_later(request, link.supplier, BROKEN_PROMISE)
        if request.cause == "need" and unit.contractor:
            rate = unit.accident_rate * (1 - model.remedy_effect * model.responsibility_training / 2)
            if model.draw("ACCIDENT", request.key, 0) < rate:
                self.suffer_accident(request)

    def be_paid(self, unit: Department) -> None:
        """Get redress for the damage, whatever one makes of the answer."""
        cost = unit.redress * self.segment.redress_cost
        for one in (unit, self.segment, self.model):
            one.today["cost" if one is unit else "redress"] += cost

    def be_made_good(self, quality: float) -> None:
        """Get back satisfaction, and forgive, after a complaint that was answered well."""
        model, segment, before = self.model, self.segment, self.satisfaction
        self.satisfaction = min(1.0, before + model.recovery_restores * quality * self.loss)
        if self.active:
            segment.count(before, -1)
            segment.count(self.satisfaction, 1)
        self.loss, self.unresolved, self.recovered = 0.0, 0, True

    def complain(self, request: Request) -> None:
        """Complain, go straight to a manager, or, as most do, say nothing."""
        model, segment, link = self.model, self.segment, request.link
        u = model.draw("COMPLAIN", request.key, request.stage)
        if u >= segment.escalate_share + segment.complain_share:
            return
        again = request.to_be_made_good
        stage = request.stage + 1 if request.cause == "complaint" else 1
        key = bits(model.keys["COMPLAIN"], request.key, 64 + request.stage)
        complaint = self.come_back(key, link, request.finish, "complaint", stage)
        complaint.culprit = request.culprit or request.unit
        link.today["complaints"] += 1
        if u < segment.escalate_share or again:
            link.today["escalations"] += 1
            complaint.wants_manager = True
        else:
            complaint.wants_manager = model.draw("SETTLE", key, 0) >= link.supplier.empowerment
        model.look_for_the_root(key, complaint.culprit)

    def come_back(self, key: int, link: Link, when: float, cause: str, stage: int) -> Request:
        """Open a request about something that the firm has done."""
        model = self.model
        request = Request(key, self, link, None, when, False, cause)
        request.stage = stage
        if model.draw("SETTLE", key, 3) < 1 - link.supplier.alignment:
            request.ahead = 2
        self.open += 1
        model.remember(request, when)
        return request

    def be_surprised_later(self, request: Request, unit: Department, kind: int) -> None:
        """Have something surface one day that does not show yet."""
        model = self.model
        u = model.draw("SURFACE", request.key, kind)
        due = model.day + 1 + lognormal(u, model.latent_days, model.latent_spread)
        model.surprises[int(due)].append((self, request.link, unit, kind))

    def be_surprised(self, link: Link, unit: Department, kind: int) -> None:
        """A hidden fault or a promise not kept surfaces: a failure, and work."""
        if not self.active:
            return
        model = self.model
        link.today["surfaced"] += 1
        lost = self.be_let_down(link, float(model.day), link.supplier.seen_as_the_firm)
        self.remember_failure(link, lost)
        key = bits(model.keys["SURFACE"], self.key ^ link.key, model.day * 4 + kind)
        self.come_back(key, link, float(model.day), "fault", 0).culprit = unit
        model.look_for_the_root(key, unit)

    def be_let_down(
        self, link: Link, now: float, weight: float, outcome: float = 0.0, assurance: float = 1.0
    ) -> float:  # fmt: skip
        """Live through a failure, all that says nothing of it as expected; return the satisfaction lost."""
        usual = self.expected_process
        service = Service(outcome, usual, min(assurance, usual), usual, usual)
        return self.live_through(link, service, now, weight)[2]

    def suffer_accident(self, request: Request) -> None:
        """A technician damages something, and calls the office at once, or apologises and sends the customer there."""
        model, link, now = self.model, request.link, request.finish
        link.today["accidents"] += 1
        weight = request.unit.seen_as_the_firm * (1 + model.immediacy * link.face_to_face)
        self.remember_failure(link, self.be_let_down(link, now, weight, outcome=0.5))
        key = bits(model.keys["STAGE"], request.key, 64)
        away = model.draw("STAGE", request.key, 1) < model.sent_away * model.irresponsible
        when, stage = (now + 1, UNDECIDED) if away else (now, CALLED_AT_ONCE)
        claim = self.come_back(key, self.segment.office or link, when, "claim", stage)
        claim.culprit = request.unit
        if away:
            link.today["sent_away"] += 1
            self.be_let_down(link, now, weight, assurance=0.0)
            self.remember_failure(link, 0.0)
        else:
            claim.ahead = 0
