"""The end of a service in the plain Mesa model: whose case it is, whether it is right, the encounter; see `plain_mesa`."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from experiments.benchmarks.plain_people import CALLED_AT_ONCE, REFUSED, UNDECIDED, Request
from experiments.benchmarks.plain_rules import Levers, Link, Service, clip

if TYPE_CHECKING:
    from experiments.benchmarks.plain_units import Department

MOST_VISITS = 200
"""A case handed on or sent back this often stays where it is."""
MOST_HANDOVERS = 12
"""A case that nobody wants to own is kept by whoever has it after this many hands."""


class Closing(Levers):
    """What a department or contractor does at the end of a service."""

    present: int

    def finish(self, request: Request) -> None:
        """End a service: pass the case on, meet the client, take it back, or close it."""
        model, link, server, when = self.model, request.link, request.server, request.visits
        server.knowledge += model.learning * (1 - server.knowledge)
        self.present -= 1
        self.today["served"] += 1
        self.today["sojourn"] += model.now - request.entered
        if self.pass_on(request):
            return
        right, owned = self.is_right(request), True
        if request.to_be_made_good:
            owned = self.is_owned(request)
            right = right and owned
        elif when < MOST_VISITS and self.is_unclear(request) and self.pass_the_blame(request, when):
            return
        if not right:
            request.culprit = request.culprit or self
        service = self.service(request, right, owned)
        wait = request.finish - request.opened
        in_time = wait <= request.promised
        link.today["right"] += right
        link.today["in_time"] += in_time
        link.today["rush_kept"] += request.rush and in_time
        link.today["wait"] += wait
        if request.inside:
            quality = self.meet_colleague(request, service)
        else:
            reaction = self.meet_customer(request, service, right)
        if request.cause == "claim" and not owned:
            if self.refuse(request):
                return
        elif not right and owned and when < MOST_VISITS and model.draw("REOPEN", request.key, when) < link.reopen_rate:
            self.take_back(request)
            return
        if right and self.latent and not request.hides and model.draw("LATENT", request.key, when) < self.latent:
            request.hides = self
        link.today["closed"] += 1
        if request.newcomer:
            request.newcomer.be_onboarded(quality)
        elif parent := request.parent:
            if right:
                parent.bound = min(parent.bound, 1 - link.dependence * (1 - service.reliability))
                parent.hides = request.hides or parent.hides
            elif model.draw("BREAK", request.key, 0) < link.dependence:
                parent.broken = True
                parent.culprit = request.culprit
            parent.unit.input_came(parent, request.finish)
        else:
            request.client.react(request, right, owned, *reaction)
            request.client.close()

    def is_right(self, request: Request) -> bool:
        """Tell whether the work is right."""
        model, server = self.model, request.server
        log_odds = (
            model.knowledge_errors * (0.75 - server.known(self))
            + model.motivation_errors * (0.6 - server.motivation)
            + model.strain_errors * server.strain
            + self.log_odds
        )
        if request.inside:
            log_odds -= model.care_errors * request.link.care
        if request.blamed:
            log_odds += model.blame_errors
        odds = self.error_rate / (1 - self.error_rate) * math.exp(log_odds)
        return not request.broken and model.draw("ERROR", request.key, request.visits) >= odds / (1 + odds)

    def is_owned(self, request: Request) -> bool:
        """Tell whether anybody owns a complaint or a claim; what a manager or the technician stands behind is owned."""
        model = self.model
        if request.cause == "claim":
            refused = {UNDECIDED: model.responsibility_refused, CALLED_AT_ONCE: 0.0, REFUSED: model.refusal_defended}
            u = model.draw("STAGE", request.key, 8 + request.stage)
            return u >= refused[request.stage] * model.irresponsible
        return not request.ahead or model.draw("OWN", request.key, request.visits) < self.ownership

    def refuse(self, request: Request) -> bool:
        """Refuse a claim, at first so that the customer insists the next day, then for good; tell whether there is a next."""
        if request.stage == REFUSED:
            request.link.today["defended"] += 1
            return False
        request.link.today["refused"] += 1
        request.client.remember_failure(request.link, 0.0)
        request.stage = REFUSED
        request.visits += 1
        request.returned = True
        request.state = "arrived"
        request.ready = request.finish + 1
        self.model.remember(request, request.ready)
        return True

    def take_back(self, request: Request) -> None:
        """Put right what the client sent back, or let somebody else do it."""
        when = request.visits
        request.visits += 1
        request.returned = True
        request.link.today["reopened"] += 1
        if not request.to_be_made_good and self.pass_the_blame(request, when):
            return
        request.broken = False
        request.ready = request.finish
        request.entered = self.model.now
        self.present += 1
        self.today["arrived"] += 1
        self.inbox.append(request)

    def pass_on(self, request: Request) -> bool:
        """Hand a case over to another unit for good, at times; tell whether it happened."""
        if request.visits >= MOST_VISITS or not any(link.passed_on for link in self.supply):
            return False
        chance, reached = self.model.draw("PASS_ON", request.key, request.visits), 0.0
        for link in self.supply:
            reached += link.passed_on
            if chance < reached:
                link.today["passed_on"] += 1
                self.hand_over(request, link.supplier)
                return True
        return False

    def hand_over(self, request: Request, unit: Department) -> None:
        """Give a case to another unit, where it arrives at once."""
        request.came_from, request.unit = self, unit
        request.visits += 1
        request.handovers += 1
        request.state = "arrived"
        request.ready = request.finish
        self.model.worklist.append(request)

    def is_unclear(self, request: Request) -> bool:
        """Tell whether a request came unclear, which it is until somebody has answered it."""
        return not request.returned and self.model.draw("UNCLEAR", request.key, 0) < request.link.unclear

    def pass_the_blame(self, request: Request, when: int) -> bool:
        """Put what came unclear, or back as wrong, on somebody else rather than own it; tell whether it happened."""
        model = self.model
        chance = model.draw("DISOWN", request.key, when)
        if request.handovers >= MOST_HANDOVERS or chance >= 1 - self.ownership:
            return False
        if request.came_from and model.draw("WHOM", request.key ^ 1, when) < 0.5:
            unit = request.came_from
        else:
            link = self.whom_to_blame(request, when)
            if link is None or chance >= (1 - self.ownership) * (1 - model.bridge_blame * link.bridge):
                return False
            unit = link.supplier
            link.today["blamed"] += 1
            if request.server.unit is self:
                mine = request.server.relations[link]
                lost = model.blame_trust * mine.trust
                mine.trust -= lost
                link.trust_sum -= lost
        self.today["passed_blame"] += 1
        request.blamed, request.broken = True, False
        self.hand_over(request, unit)
        return True

    def whom_to_blame(self, request: Request, when: int) -> Link | None:
        """Choose a supplier, each as likely as its share in what a case asks."""
        asked = [link for link in self.supply if link.requests_per_case]
        if not asked:
            return None
        reached = self.model.draw("WHOM", request.key, when) * sum(link.requests_per_case for link in asked)
        for link in asked:
            reached -= link.requests_per_case
            if reached < 0:
                break
        return link

    # --- the encounter -----------------------------------------------------------------------------------------------

    def service(self, request: Request, right: bool, owned: bool) -> Service:
        """Return what the client meets with."""
        model, link, server = self.model, request.link, request.server
        wait = request.finish - request.opened
        request.promised = acceptable = link.promise_days * (model.rush_deadline if request.rush else 1)
        explained, trust_in_client = 1.0, 1.0
        if request.inside:
            half = model.care_explanation / 2
            explained = (1 - half * (1 - link.care)) / (1 - half)
            trust_in_client = link.trust_shown(model)
        else:
            acceptable *= request.client.segment.patience
        outcome = min(request.bound, request.promised / max(wait, request.promised)) if right else 0.0
        prompt = 1 / (1 + model.waiting_aversion * wait * (1 + model.felt_wait) / acceptable)
        if link.waiting_information and wait > 0:
            inside = max(0.0, request.ready - request.opened)
            told = link.waiting_information * (wait - inside + model.platform * inside) / wait
            x = wait / acceptable
            prompt += model.information_acceptance * told * x * math.exp(1 - x) * (1 - prompt)
        knowing = 1 - model.knowledge_assurance * (1 - server.known(self))
        assurance = clip(explained * knowing * (1 - model.tools_assurance * (1 - self.tools_now)))
        warmth = 1 - model.motivation_empathy * (1 - server.motivation)
        warmth *= 1 - model.trust_empathy * (1 - trust_in_client)
        warmth *= 1 - model.compassion_empathy * (1 - server.compassion)
        warmth *= 1 - model.strain_empathy * server.strain
        warmth *= self.warmth
        warmth *= (1 - model.handover_empathy) ** request.handovers
        empathy = clip(explained * self.time_factor * warmth)
        tangibles = (1 - model.tools_tangibles * (1 - self.tools_now)) * request.bound
        tangibles *= 1 - model.environment_tangibles * (1 - self.environment)
        if request.to_be_made_good and owned:
            outcome *= 1 - model.redress_weight * (1 - self.redress)
            if model.draw("APOLOGY", request.key, request.visits) >= self.apology:
                empathy *= 1 - model.apology_weight
        elif request.to_be_made_good:
            outcome = assurance = empathy = 0.0
        return Service(outcome, prompt, assurance, empathy, tangibles)

    def meet_colleague(self, request: Request, service: Service) -> float:
        """Let a colleague live through the encounter; return its quality."""
        link, client = request.link, request.client
        satisfaction, trust = client.satisfaction, client.trust
        quality, judgement, expected = client.encounter(self.model, link, service, request.finish)
        link.satisfaction_sum += client.satisfaction - satisfaction
        link.trust_sum += client.trust - trust
        link.record(service, quality, judgement, expected)
        link.survey(self.model, request, client.satisfaction)
        return quality

    def meet_customer(self, request: Request, service: Service, right: bool) -> tuple[float, float, float, bool]:
        """Let a customer live through the encounter; return what the reaction depends on.

        That is quality, expectation, the satisfaction lost, and whether the real issue was missed.
        """
        model, link, server, client = self.model, request.link, request.server, request.client
        weight = self.seen_as_the_firm * (1 + model.immediacy * link.face_to_face)
        heard = self.listening * (0.5 + server.compassion / 2)
        best = 0.35 + 0.3 * heard if client.unsatisfiable else 1.0
        quality, expected, lost = client.live_through(link, service, request.finish, weight, best)
        link.survey(model, request, client.satisfaction)
        baggage = client.brought()
        server.meet_emotion(baggage, self)
        heard = self.listening * (0.5 + server.compassion / 2)
        chance = model.hidden_issue * baggage * (1 - heard) if right and request.cause != "claim" else 0.0
        missed = chance > 0 and model.draw("HIDDEN", request.key, 0) < chance
        return quality, expected, lost, missed
