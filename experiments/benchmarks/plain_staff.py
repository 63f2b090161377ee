"""Employees and the ties between them in the plain Mesa model; see `experiments.benchmarks.plain_mesa`."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import mesa

from experiments.benchmarks.plain_people import Request
from experiments.benchmarks.plain_rules import Feelings, Link, bits, clip, spread_out
from sim import draws

if TYPE_CHECKING:
    from experiments.benchmarks.plain_mesa import PlainModel
    from experiments.benchmarks.plain_units import Department

ORDINARY_TIE = 0.4
"""Mean tie at which belonging is that of the organisation file; who works alone has it."""


class Employee(mesa.Agent):
    """Staff: serve, are served by other units, tire, and hold together."""

    def __init__(self, model: PlainModel, unit: Department, name: str, number: int) -> None:
        super().__init__(model)
        self.unit = unit
        self.key = self.post = int(draws.identity("employee", name, number))
        self.status, self.holders, self.starts = "permanent", 0, 0.0
        new = model.draw("START", self.key, 0) < unit.newcomer_share
        usual = model.newcomer_knowledge if new else unit.knowledge
        self.knowledge = spread_out(clip(usual + unit.quality), unit.knowledge_spread, model.draw("START", self.key, 1))
        self.relations: dict[Link, Feelings] = {}
        for link in unit.supply:
            u = model.draw("START", self.key ^ link.key, 2)
            mine = self.relations[link] = Feelings()
            mine.feel(spread_out(link.expectation, model.expectation_spread, u), link.satisfaction_gap)
            link.clients += 1
            link.satisfaction_sum += mine.satisfaction
            link.trust_sum += mine.trust
        self.compassion, self.strain = 1.0, 0.0
        self.tie, self.peer_support = unit.bonds if unit.heads > 1 else ORDINARY_TIE, 0.0
        self.ties = self.team_ties = 0
        self.gain_strain = self.gain_compassion = 0.0
        self.motivation = self.grounds()
        self.bonds: list[Tie] = []

    def known(self, unit: Department) -> float:
        """Return what one knows of the work of a unit: less of another's than of one's own."""
        return self.knowledge if unit is self.unit else self.knowledge * self.model.cover_knowledge

    def relief(self, unit: Department) -> float:
        """Return the share of a load that the support of managers and colleagues leaves."""
        model = self.model
        return (1 - model.support_buffer * unit.support) * (1 - model.peer_support * self.peer_support)

    def meet_emotion(self, baggage: float, unit: Department) -> None:
        """Spend compassion on a customer."""
        self.compassion *= 1 - self.model.baggage_drain * baggage * self.relief(unit)

    def grounds(self) -> float:
        """Take stock of the service received; return what motivation moves toward."""
        model, unit = self.model, self.unit
        total = weight = 0.0
        for link, mine in self.relations.items():
            importance = link.requests_per_case * link.dependence
            total += importance * mine.satisfaction
            weight += importance
        self.service_received = total / weight if weight else -1.0
        share = model.motivation_service if weight else 0.0
        conditions = unit.conditions + model.bond_belonging * (self.tie - ORDINARY_TIE) / 7
        target = (1 - share) * conditions + share * self.service_received
        target += model.support_motivation * unit.support * (1 - target)
        return clip(target * (1 - model.strain_motivation * self.strain))

    def step(self) -> None:
        """In the evening knowledge, strain, compassion and motivation move."""
        if self.status == "vacant":
            return
        model, unit = self.model, self.unit
        gain = model.training_gain * (1 + model.support_growth * unit.support)
        gained = gain * unit.training_now * (1 - self.knowledge)
        lost = model.forgetting * max(0.0, self.knowledge - model.newcomer_knowledge)
        self.knowledge += gained - lost
        load = model.strain_gain * (1 - self.compassion)
        load += model.pressure_strain * unit.pressure * self.relief(unit)
        self.strain = clip(self.strain + load * (1 - self.strain) - model.strain_recovery * self.strain)
        self.compassion += model.compassion_recovery * (1 - self.compassion)
        self.motivation += model.motivation_rate * (self.grounds() - self.motivation)

    def make_way(self, number: int, now: float) -> None:
        """Give the place to somebody of contractor ``number``, unless nobody of the former one holds it."""
        if self.status != "permanent":
            return
        model, unit = self.model, self.unit
        self.key = bits(model.keys["SELECT"], self.post, number)
        able = clip(unit.knowledge + unit.quality)
        self.knowledge = spread_out(able, unit.knowledge_spread, model.draw("SELECT", self.key, 0))
        self.motivation = 0.6
        self.become_somebody_else()
        self.meet_suppliers(now)

    def become_somebody_else(self) -> None:
        """Take away what belonged to the person who was there before."""
        self.compassion, self.strain, self.peer_support, self.tie = 1.0, 0.0, 0.0, 0.0

    def meet_suppliers(self, now: float) -> None:
        """See each supplier as it is known."""
        for link, mine in self.relations.items():
            link.satisfaction_sum += link.expectation - mine.satisfaction
            link.trust_sum += link.expectation - mine.trust
            mine.feel(link.expectation)
            mine.touched = now

    def lose_ties(self) -> None:
        """Begin as a stranger."""
        for tie in self.bonds:
            tie.strength = 0.0

    def may_quit(self) -> None:
        """Quit, at times: the post is vacant, or a temporary's, until somebody is hired."""
        model, unit = self.model, self.unit
        if self.status != "permanent" or not unit.quit_hazard:
            return
        drive = model.quit_motivation * (0.6 - self.motivation) + model.quit_strain * self.strain
        if model.draw("QUIT", self.key, model.day) >= 1 - math.exp(-unit.quit_hazard * math.exp(drive)):
            return
        unit.today["quits"] += 1
        model.today["quits"] += 1
        tomorrow = model.day + 1.0
        moment = model.draw("VACANCY", self.key, 2) / model.slots_per_day
        self.starts = tomorrow + math.ceil(-math.log(model.draw("VACANCY", self.key, 0)) * model.hiring_days)
        if self.starts > tomorrow and model.draw("VACANCY", self.key, 1) < unit.temporaries:
            self.status = "temporary"
            self.knowledge, self.motivation = model.temporary_knowledge, 0.6
            unit.not_before(self, tomorrow + moment)
        else:
            self.status = "vacant"
            unit.filled -= 1
            if self.starts > tomorrow:
                unit.not_before(self, self.starts + moment)
        self.become_somebody_else()
        self.lose_ties()

    def take_up_post(self) -> None:
        """On the first day in a post, meet everybody and ask for onboarding."""
        model, unit, now = self.model, self.unit, float(self.model.day)
        if self.status == "vacant":
            unit.filled += 1
        else:  # the temporary takes the ties along
            self.lose_ties()
        self.status = "permanent"
        self.holders += 1
        self.key = bits(model.keys["NEWCOMER"], self.post, self.holders)
        u = model.draw("NEWCOMER", self.key, 1)
        self.knowledge = spread_out(model.newcomer_knowledge, unit.knowledge_spread, u)
        self.motivation = 0.6
        self.become_somebody_else()
        self.meet_suppliers(now)
        unit.today["hires"] += 1
        unit.today["cost"] += model.hiring_cost
        model.today["hiring"] += model.hiring_cost
        for link, mine in self.relations.items():
            if not link.requests_per_hire:
                continue
            who = self.key ^ link.key
            for copy in range(math.floor(link.requests_per_hire + model.draw("NEWCOMER", who, 2))):
                key = bits(model.keys["NEWCOMER"], who, 65536 + copy)
                request = Request(key, mine, link, None, now, False, "onboarding")
                request.newcomer = self
                model.calendar[model.slot].append(request)

    def be_onboarded(self, quality: float) -> None:
        """Take from one of the requests of an onboarding what it gives of motivation and knowledge."""
        if self.status == "permanent":
            model, parts = self.model, max(1.0, sum(link.requests_per_hire for link in self.relations))
            self.motivation = clip(self.motivation + model.onboarding_motivation / parts * (quality - 0.75))
            self.knowledge += model.onboarding_knowledge / parts * quality * (1 - self.knowledge)

    def begin_evening_together(self) -> None:
        """Forget yesterday's support before the ties bring today's."""
        self.tie = 0.0 if self.team_ties else ORDINARY_TIE
        self.peer_support = self.gain_strain = self.gain_compassion = 0.0

    def end_evening_together(self) -> None:
        """Take up what the ties brought."""
        self.peer_support /= 1 + self.peer_support
        self.strain += self.gain_strain
        self.compassion += self.gain_compassion


class Tie:
    """Two colleagues: of a team, or on both sides of a link."""

    def __init__(self, one: Employee, other: Employee, link: Link | None = None) -> None:
        self.one, self.other, self.link = one, other, link
        self.strength = 0.0 if link else one.unit.bonds
        for person in (one, other):
            person.ties += 1
            person.team_ties += link is None
            person.bonds.append(self)

    def step(self) -> None:
        """Let the tie grow or fade, and support, strain and load pass along it."""
        model, one, other = self.one.model, self.one, self.other
        w = self.strength
        apart = "vacant" in (one.status, other.status)
        if self.link:
            both = [link for link in (self.link, self.link.mirror) if link]
            usual = 0.5 * max(link.cross_training for link in both)
            met = max(link.gatherings for link in both) / 250
            w = 0.0 if apart else clip(w + model.bond_rate * (usual - w) + model.bridge_growth * met * (1 - w))
            for link in both:
                link.bridge += w / link.ties_across
        else:
            w = 0.0 if apart else clip(w + model.bond_rate * (one.unit.bonds - w))
            one.tie += w / one.team_ties
            other.tie += w / other.team_ties
        self.strength = w
        if not w:
            return
        one.peer_support += w * (1 - other.strain)
        other.peer_support += w * (1 - one.strain)
        difference = other.strain - one.strain
        if difference > 0:
            one.gain_strain += model.contagion * w * difference / one.ties
        else:
            other.gain_strain -= model.contagion * w * difference / other.ties
        moved = model.load_sharing * w * (other.compassion - one.compassion) / max(one.ties, other.ties)
        one.gain_compassion += moved
        other.gain_compassion -= moved


def ties_within(people: list[Employee]) -> list[Tie]:
    """Tie a team in a ring: everybody to the next two on each side, in the order of their keys, no pair twice."""
    ring = sorted(people, key=lambda one: one.key)
    count = len(ring)
    ties = []
    for step in (1, 2):
        if count > 2 * step:
            ties += [Tie(ring[place], ring[(place + step) % count]) for place in range(count)]
        elif count == 2 * step:
            ties += [Tie(ring[place], ring[place + step]) for place in range(step)]
    return ties


def ties_across(link: Link) -> list[Tie]:
    """Tie the people on both sides of a link in pairs, in the order of their keys, as far as they go."""
    sides = [sorted(unit.staff, key=lambda one: one.key) for unit in (link.supplier, link.client)]
    ties = [Tie(one, other, link) for one, other in zip(*sides, strict=False)]
    for way in (link, link.mirror):
        if way:
            way.ties_across = len(ties)
    return ties
