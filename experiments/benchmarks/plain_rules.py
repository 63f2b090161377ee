"""Draws, links and the encounter of the plain Mesa model, in ordinary Python; see `experiments.benchmarks.plain_mesa`."""

from __future__ import annotations

import math
from collections import defaultdict
from statistics import NormalDist
from typing import TYPE_CHECKING, Any, NamedTuple

from sim import draws, levers
from sim.chain import ServiceChain

Day = defaultdict[str, float]
MASK = 2**64 - 1
GOLDEN = 0x9E3779B97F4A7C15

normal_quantile = NormalDist().inv_cdf


def mix(z: int) -> int:
    """Return splitmix64's output function."""
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 & MASK
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB & MASK
    return z ^ (z >> 31)


def bits(key: int, who: int, when: int) -> int:
    """Return the 64 random bits of a decision."""
    return mix(mix(key + who * GOLDEN & MASK) + when * GOLDEN & MASK)


def uniform(key: int, who: int, when: int) -> float:
    """Return the decision's number between 0 and 1."""
    return ((bits(key, who, when) >> 12) + 0.5) * 2.0**-52


def clip(value: float) -> float:
    """Return ``value`` held between 0 and 1."""
    return min(1.0, max(0.0, value))


def spread_out(mean: float, spread: float, u: float) -> float:
    """Return a normal variate held between 0 and 1."""
    return clip(mean + spread * normal_quantile(u)) if spread > 0 else mean


def poisson(u: float, mean: float) -> int:
    """Return a Poisson variate by inversion, or by the normal approximation above a mean of 30."""
    if mean > 30:
        return max(0, math.floor(mean + math.sqrt(mean) * normal_quantile(u) + 0.5))
    count, probability = 0, math.exp(-mean)
    total = probability
    while u > total:
        count += 1
        probability *= mean / count
        if total + probability == total:
            break
        total += probability
    return count


def lognormal(u: float, mean: float, spread: float) -> float:
    """Return a lognormal variate with this mean and coefficient of variation."""
    if not spread:
        return mean
    variance = math.log(1 + spread**2)
    return mean * math.exp(normal_quantile(u) * math.sqrt(variance) - variance / 2)


class Levers:
    """Something that carries the levers of one population as attributes."""

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...

    def take_levers(self, chain: ServiceChain, home: levers.Home, *place: str) -> None:
        """Read the levers that live at ``place``."""
        for one in levers.of(home):
            setattr(self, one.name, chain.value(one.name, *place))


class Service(NamedTuple):
    """What a client meets with, on the five dimensions of SERVQUAL."""

    reliability: float
    responsiveness: float
    assurance: float
    empathy: float
    tangibles: float


class Link(Levers):
    """Who serves whom: a supplier, a client, how the client's people feel about it, and how the supplier sees the client."""

    def __init__(self, chain: ServiceChain, supplier: str, client: str) -> None:
        self.take_levers(chain, "link", supplier, client)
        self.key = int(draws.identity("link", supplier, client))
        self.inside = client in chain.units
        self.supplier: Any = None
        self.client: Any = None
        self.mirror: Link | None = None
        self.clients = 0
        self.satisfaction_sum = self.trust_sum = 0.0
        self.lean = self.care = 2 * self.internal_service - 1
        names = ("reliability", "responsiveness", "assurance", "empathy", "tangibles")
        weights = [getattr(self, f"weight_{name}") for name in names]
        weights = [weight / sum(weights) for weight in weights] if sum(weights) else [0.2] * 5
        self.reliability, self.responsiveness, self.assurance, self.empathy, self.tangibles = weights
        solid = self.reliability + self.assurance
        self.solid_reliability = self.reliability / solid if solid else 0.5
        self.hostility = self.rivalry
        self.regard = self.first_regard = 0.0
        self.bridge = 0.0
        self.ties_across = 0
        self.seen = -1.0
        self.answers: list[tuple[float, float]] = []
        self.today: Day = defaultdict(float)

    @property
    def supplier_trust(self) -> float:
        """How far the supplier trusts its client."""
        mirror = self.mirror
        return mirror.trust_sum / mirror.clients if mirror and mirror.clients else self.goodwill

    def trust_shown(self, firm: Any) -> float:
        """Return the trust that the supplier shows, with what a bridge adds and hostility takes away."""
        trust = self.supplier_trust
        return (trust + firm.bridge_trust * self.bridge * (1 - trust)) * (1 - self.hostility)

    def begin_day(self, firm: Any) -> None:
        """Settle the care that the supplier takes for its client today."""
        mutual = self.lean
        if self.mirror:
            mutual += firm.reciprocity * (self.regard - self.first_regard)
        self.care = min(1.0, max(-1.0, mutual - firm.rivalry_care * self.hostility))

    def end_day(self, firm: Any) -> None:
        """Let regard and hostility move, and publish a survey when one is due."""
        if self.inside:
            self.regard += firm.regard_rate * (self.supplier_trust - self.regard)
            blamed = min(1.0, self.today["blamed"] / max(1, self.client.today["served"]))
            self.hostility = clip(
                self.hostility
                + firm.rivalry_growth * blamed * (1 - self.hostility)
                - firm.rivalry_fade * (self.hostility - self.rivalry)
                - firm.bridge_blame * self.bridge * firm.rivalry_fade * self.hostility
            )
            self.today.update(regard=self.regard, hostility=self.hostility, bridge=self.bridge)
        self.answers.append((self.today["answers"], self.today["answer_sum"]))
        period, end = int(firm.survey_period), len(self.answers) - int(firm.survey_delay)
        if end >= period and end % period == 0:
            asked = self.answers[end - period : end]
            answers = sum(number for number, _ in asked)
            if answers:
                self.seen = sum(total for _, total in asked) / answers

    def write_down(self) -> None:
        """Keep what management has seen, and how the clients feel."""
        self.today["seen"] = self.seen
        if self.clients:
            self.today["satisfaction"] = self.satisfaction_sum / self.clients
            self.today["trust"] = self.trust_sum / self.clients

    def survey(self, model: Any, request: Any, satisfaction: float) -> None:
        """Ask some of the clients how satisfied they are, on a scale of 0 to 10."""
        when = 2 * request.visits
        if self.survey_share and model.draw("SURVEY", request.key, when) < self.survey_share:
            error = model.survey_noise * normal_quantile(model.draw("SURVEY", request.key, when + 1))
            self.today["answers"] += 1
            self.today["answer_sum"] += math.floor(10 * clip(satisfaction + error) + 0.5) / 10

    def record(self, service: Service, quality: float, judgement: float, expected: float) -> None:
        """Add an encounter to the figures of the day."""
        today = self.today
        today["encounters"] += 1
        today["quality"] += quality
        today["judgement"] += judgement
        today["expectation"] += expected
        today["reliability"] += service.reliability
        today["responsiveness"] += service.responsiveness
        today["assurance"] += service.assurance
        today["empathy"] += service.empathy
        today["tangibles"] += service.tangibles


class Feelings:
    """How a client sees a supplier: an employee one unit, a customer the firm."""

    def feel(self, expected: float, gap: float = 0.0) -> None:
        """Begin by being satisfied as expected, or by a gap more or less."""
        self.expected_outcome = self.expected_process = expected
        self.satisfaction = self.trust = clip(expected + gap)
        self.touched = 0.0

    def encounter(
        self, firm: Any, link: Link, service: Service, now: float, market: float = 0.0, market_rate: float = 0.0,
        weight: float = 1.0, harder: float = 1.0, best: float = 1.0,
    ) -> tuple[float, float, float]:  # fmt: skip
        """Live through one service and return (quality, judgement, expectation)."""
        outcome = service.reliability
        process = (
            link.responsiveness * service.responsiveness
            + link.assurance * service.assurance
            + link.empathy * service.empathy
            + link.tangibles * service.tangibles
        )
        quality = link.reliability * outcome + process
        share = 1 - link.reliability
        process = process / share if share > 0 else quality
        days = now - self.touched
        kept = math.exp(-market_rate * days) if market_rate > 0 and days > 0 else 1.0
        expected_outcome = market + (self.expected_outcome - market) * kept
        expected_process = market + (self.expected_process - market) * kept
        expected = link.reliability * expected_outcome + share * expected_process

        gap = quality - expected
        effect = firm.disconfirmation_gain * gap / (1 + firm.diminishing_sensitivity * abs(gap))
        if gap < 0:
            effect *= firm.loss_aversion * harder
        judgement = min(best, clip(quality - firm.assimilation * gap + effect))
        self.satisfaction += min(1.0, weight * firm.satisfaction_learning) * (judgement - self.satisfaction)
        evidence = link.solid_reliability * outcome + (1 - link.solid_reliability) * service.assurance
        rate = firm.trust_gain if evidence > self.trust else firm.trust_loss
        self.trust += min(1.0, weight * rate) * (evidence - self.trust)
        learning = min(1.0, weight * firm.expectation_learning)
        self.expected_outcome = expected_outcome + learning * (outcome - expected_outcome)
        self.expected_process = expected_process + learning * (process - expected_process)
        self.touched = now
        return quality, judgement, expected
