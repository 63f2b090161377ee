"""A weak link: which department nobody sees does customers the most harm when it fails.

Story: Whoever serves a customer stands on a chain of people behind them. IT, Human Resources, Finance and Legal are seldom seen
by customers, and are the first to be cut. Here each of them in turn gets worse at its work: three times the odds of a
mistake, half the training, half the tools. Nobody else changes anything.

Question: Which of the departments behind the scenes would customers miss first?

Levers: error_rate, training and tools of one department at a time, from the first day on.

Look for: how far external satisfaction falls with each, how many days later, and what the saving costs in profit. The order
differs from firm to firm: it follows how many cases need the department, and how strongly.
"""

import numpy as np

from sim.chain import ServiceChain
from sim.compare import Comparison
from sim.estimates import estimate
from sim.interventions import Intervention
from sim.scenario import Scenario
from sim.story import Point, Story, behind, called, less

SUPPORT = (
    "IT",
    "Information Technology",
    "Human Resources",
    "HR",
    "Personnel",
    "Finance",
    "Accounting",
    "Legal",
    "Compliance",
)


def support(firm: ServiceChain) -> list[str]:
    """Return the departments behind the scenes that the story is about, or the busiest ones where none has such a name."""
    hidden = behind(firm)
    return ([unit for unit in called(firm, *SUPPORT) if unit in hidden] or hidden)[:6]


def scenarios(firm: ServiceChain) -> list[Scenario]:
    """Return the firm as it is, and with each of these departments weak in turn."""
    as_it_is = Scenario("As it is", firm, days=250, runs=12)
    return [as_it_is, *(as_it_is.what_if(f"Weak {unit}", *weakened(firm, unit)) for unit in support(firm))]


def weakened(firm: ServiceChain, unit: str) -> list[Intervention]:
    """Return what it takes to let a department slip within a month."""
    wrong = firm.value("error_rate", unit)
    odds = 3 * wrong / (1 - wrong)
    return [
        Intervention("error_rate", odds / (1 + odds), unit, ramp=20),
        Intervention("training", firm.value("training", unit) / 2, unit),
        Intervention("tools", firm.value("tools", unit) / 2, unit, ramp=20),
    ]


def points(comparison: Comparison) -> list[Point]:
    """Return what customers and colleagues lose, on average over the departments."""
    weak = comparison.names[1:]
    outside = [comparison.change("external_satisfaction", name) for name in weak]
    inside = [comparison.change("internal_satisfaction", name) for name in weak]
    fall = np.mean(outside, axis=0)
    return [
        less(
            "Customers feel it: a weak link lowers external satisfaction, on average over the departments",
            estimate(fall),
            "points",
        ),
        less("… and colleagues feel it more than customers do", estimate(np.mean(inside, axis=0) - fall), "points"),
    ]


STORY = Story(
    __doc__, scenarios, points, lambda firm: "" if behind(firm) else "department behind those who serve customers"
)

if __name__ == "__main__":
    from sim.cli.telling import main

    main(STORY)
