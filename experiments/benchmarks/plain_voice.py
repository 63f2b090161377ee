"""Problems in the plain Mesa model: they begin, are raised or held back, dealt with, grow and burst."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from experiments.benchmarks.plain_rules import bits, poisson
from sim.levers import DAYS_PER_YEAR

if TYPE_CHECKING:
    from experiments.benchmarks.plain_mesa import PlainModel
    from experiments.benchmarks.plain_units import Department


class Problem:
    """A way of working that goes wrong somewhere."""

    def __init__(self, unit: Department, key: int) -> None:
        self.unit, self.key = unit, key
        self.knower = unit.staff[int(unit.model.draw("BORN", key, 0) * unit.heads)]
        self.raised: int | None = None
        self.severity = 0.05 + 0.25 * unit.model.draw("BORN", key, 1)

    def step(self) -> bool:
        """Live through an evening; tell whether the problem is still there."""
        unit, model, day = self.unit, self.unit.model, self.unit.model.day
        if self.raised is None and self.is_spoken_of():
            unit.today["problems_raised"] += 1
            self.raised = day
            if model.draw("HEARD", self.key, day) >= unit.openness:
                self.wave_off()
        if self.raised is not None:
            cost = model.concern_attention * self.severity
            if not cost or unit.spend_attention(cost):
                unit.hear(True)
                unit.today["problems_solved"] += 1
                model.look_for_the_root(self.key, unit)
                return False
            if day - self.raised >= 5:
                self.wave_off()
        self.severity *= math.exp(model.problem_growth)
        if self.severity >= 1:
            self.burst()
            return False
        unit.severity += self.severity
        unit.today["problems_open"] += 1
        return True

    def is_spoken_of(self) -> bool:
        """Tell whether whoever knows of it raises it today; while the post is vacant, nobody does."""
        unit, model = self.unit, self.unit.model
        chance = model.voice_rate * unit.voice_climate * unit.voice_ease
        return self.knower.status != "vacant" and model.draw("VOICE", self.key, model.day) < chance

    def wave_off(self) -> None:
        """Nothing happens to what was raised: it is held back again."""
        self.unit.hear(False)
        self.raised = None

    def burst(self) -> None:
        """Become a crisis."""
        unit, model = self.unit, self.unit.model
        unit.crisis_until = max(unit.crisis_until, model.day + 1 + model.crisis_days)
        unit.today["crises"] += 1
        unit.today["cost"] += model.crisis_cost
        model.today["crises"] += model.crisis_cost
        unit.attention = [one - model.concern_attention for one in unit.attention]


class Problems:
    """All problems of the firm, in places that are taken anew when they are free: in their order they are dealt with."""

    def __init__(self) -> None:
        self.places: list[Problem | None] = []
        self.free: list[int] = []

    def step(self, model: PlainModel) -> None:
        """Let problems begin, and go through all that there are."""
        for unit in model.units:
            unit.severity = 0.0
            unit.voice_climate += 0.02 * (unit.voice_safety - unit.voice_climate)
            mean = unit.problem_rate * unit.heads / 10 / DAYS_PER_YEAR * math.exp(-unit.lessons)
            for number in range(poisson(model.draw("BORN", unit.key, model.day), mean) if mean else 0):
                key = bits(model.keys["BORN"], unit.key, (1 << 20) * (model.day + 1) + number)
                unit.today["problems_born"] += 1
                if self.free:
                    self.places[self.free.pop()] = Problem(unit, key)
                else:
                    self.places.append(Problem(unit, key))
        for place, problem in enumerate(self.places):
            if problem and not problem.step():
                self.places[place] = None
                self.free.append(place)
