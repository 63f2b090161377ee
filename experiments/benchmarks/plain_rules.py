"""Draws, links and the encounter of the plain Mesa model, in ordinary Python; see `experiments.benchmarks.plain_mesa`."""

from __future__ import annotations

import math
from collections import defaultdict
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

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
    while u > total and count < 200:
        count += 1
        probability *= mean / count
        total += probability
    return count


class Levers:
    """Something that carries the levers of one population as attributes."""

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...

    def take_levers(self, chain: ServiceChain, home: levers.Home, *place: str) -> None:
        """Read the levers that live at ``place``."""
        for one in levers.of(home):
            setattr(self, one.name, chain.value(one.name, *place))


class Link(Levers):
    """Who serves whom: a supplier, a client, and how the client's people feel about it."""

    def __init__(self, chain: ServiceChain, supplier: str, client: str) -> None:
        self.take_levers(chain, "link", supplier, client)
        self.key = int(draws.identity("link", supplier, client))
        self.supplier: Any = None
        self.mirror: Link | None = None
        self.clients = 0
        self.satisfaction_sum = self.trust_sum = 0.0
        self.lean = 2 * self.internal_service - 1
        names = ("reliability", "responsiveness", "assurance", "empathy", "tangibles")
        weights = [getattr(self, f"weight_{name}") for name in names]
        weights = [weight / sum(weights) for weight in weights] if sum(weights) else [0.2] * 5
        self.reliability, self.responsiveness, self.assurance, self.empathy, self.tangibles = weights
        solid = self.reliability + self.assurance
        self.solid_reliability = self.reliability / solid if solid else 0.5
        self.today: Day = defaultdict(float)

    @property
    def supplier_trust(self) -> float:
        """How far the supplier trusts its client."""
        mirror = self.mirror
        return mirror.trust_sum / mirror.clients if mirror and mirror.clients else self.goodwill


class Feelings:
    """How a client sees a supplier: an employee one unit, a customer the firm."""

    def feel(self, expected: float) -> None:
        """Begin by being satisfied as expected."""
        self.expected_outcome = self.expected_process = self.satisfaction = self.trust = expected
        self.touched = 0.0

    def encounter(
        self, firm: Any, link: Link, outcome: float, prompt: float, assurance: float, empathy: float, tangibles: float,
        now: float, market: float, market_rate: float,
    ) -> tuple[float, float, float]:  # fmt: skip
        """Live through one service and return (quality, judgement, expectation)."""
        process = (
            link.responsiveness * prompt
            + link.assurance * assurance
            + link.empathy * empathy
            + link.tangibles * tangibles
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
            effect *= firm.loss_aversion
        judgement = clip(quality - firm.assimilation * gap + effect)
        self.satisfaction += firm.satisfaction_learning * (judgement - self.satisfaction)
        evidence = link.solid_reliability * outcome + (1 - link.solid_reliability) * assurance
        self.trust += (firm.trust_gain if evidence > self.trust else firm.trust_loss) * (evidence - self.trust)
        self.expected_outcome = expected_outcome + firm.expectation_learning * (outcome - expected_outcome)
        self.expected_process = expected_process + firm.expectation_learning * (process - expected_process)
        self.touched = now
        return quality, judgement, expected
