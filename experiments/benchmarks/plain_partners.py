"""What is special about contractors in the plain Mesa model: chosen, agreed with, measured, kept or replaced."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from experiments.benchmarks.plain_rules import clip, normal_quantile

if TYPE_CHECKING:
    from experiments.benchmarks.plain_units import Department


def comes_round(day: float, start: float, period: float) -> bool:
    """Tell whether something that happens every ``period`` days since ``start`` happens today."""
    return period > 0 and math.floor((day + 1 - start) / period) > math.floor((day - start) / period)


class Partner:
    """The contractor that holds a contract: its quality, its agreement, its effort and commitment, its score."""

    def __init__(self, unit: Department, number: int, start: float) -> None:
        self.unit, self.model, self.number, self.start = unit, unit.model, number, start
        self.quality = self.choose()
        own = normal_quantile(self.model.draw("SELECT", unit.key, 128 * number + 127))
        self.brought = unit.commitment + self.model.commitment_spread * own
        self.clarity, self.effort, self.committed = unit.agreement, 1.0, clip(self.brought)
        self.bill = self.model.selection_cost * unit.selection_effort
        self.measured, self.true_score, self.seen_score = 0, -1.0, -1.0

    def choose(self) -> float:
        """Return the quality of the candidate who looks best."""
        unit, model = self.unit, self.model
        spread, effort = model.partner_spread, unit.selection_effort
        looks = []
        for one in range(1 + math.floor(effort * (model.candidates - 1) + 0.5)):
            when = 128 * self.number + 2 * one
            quality = spread * normal_quantile(model.draw("SELECT", unit.key, when))
            error = spread * normal_quantile(model.draw("SELECT", unit.key, when + 1))
            looks.append((quality + (1 - effort) * model.selection_noise * error, quality))
        return max(looks)[1]

    def errors(self) -> float:
        """Return the rise in the log odds of an error."""
        model = self.model
        return (
            model.clarity_errors * (0.6 - self.clarity)
            + model.effort_errors * (1 - self.effort)
            + model.commitment_errors * (0.6 - self.committed)
            - model.partner_errors * self.quality
        )

    def warmth(self) -> float:
        """Return the factor on empathy."""
        clear = 1 + self.model.clarity_empathy * (self.clarity - 0.6)
        return clear * (1 + self.model.commitment_empathy * (self.committed - 0.6))

    def end_day(self) -> None:
        """Let clarity fade, effort and commitment move; review and measure when it is time."""
        unit, model, cost = self.unit, self.model, 0.0
        encounters = sum(link.today["encounters"] for link in unit.serves)
        if encounters:
            quality = sum(link.today["quality"] for link in unit.serves) / encounters
            self.true_score += (quality - self.true_score) * (0.05 if self.true_score >= 0 else 1)
        self.clarity *= 1 - model.clarity_fade
        if comes_round(model.day, self.start, unit.review_days):
            self.clarity = unit.agreement
            cost += model.review_cost
        wanted = unit.measurement + (1 - unit.measurement) * self.committed
        self.effort += model.effort_rate * (wanted - self.effort)
        clients = sum(link.clients for link in unit.supply)
        trust = sum(link.trust_sum for link in unit.supply) / clients if clients else 0.5
        wanted = self.brought + model.partnership_gain * unit.partnership * trust + model.fee_gain * math.log(unit.fee)
        self.committed += model.commitment_rate * (clip(wanted) - self.committed)
        if unit.measurement and comes_round(model.day, self.start, 5 / unit.measurement):
            cost += model.measurement_cost
            if self.true_score >= 0:
                error = model.measurement_noise * normal_quantile(model.draw("MEASURE", unit.key, model.day))
                self.measured += 1
                newest = 1 if self.measured == 1 else max(1 / self.measured, 0.2)
                self.seen_score += newest * (clip(self.true_score + error) - self.seen_score)
        now = self
        ends = comes_round(model.day, self.start, unit.contract_days)
        if ends and unit.keep_score and self.measured and self.seen_score < unit.keep_score:
            now = unit.partner = Partner(unit, self.number + 1, model.day + 1.0)
            for person in unit.staff:
                person.make_way(now.number, model.day + 1.0)
        cost += now.bill
        now.bill = 0.0
        unit.today["cost"] += cost
        model.today["programmes"] += cost
        unit.today.update(
            clarity=now.clarity, effort=now.effort, committed=now.committed, true_score=now.true_score,
            seen_score=now.seen_score, partner_quality=now.quality, partner_number=now.number,
        )  # fmt: skip
