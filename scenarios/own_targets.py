"""Own targets: every department meets its own figure, and customers pay for it.

Story: Each department gets a target of its own: how fast a request leaves its desk. People do as they are measured. They look
at a request for a shorter time, make more mistakes on the way, and let wait what does not count for the target, complaints
above all. Every department can show that it has improved. In a second firm the targets weigh half, beside customers' needs.

Question: Can every department do better by its own figure while customers are worse served?

Levers: alignment of all departments and contractors, from the first day on. Crises (B6) are left out.

Look for: the time that a request spends in each department, which is its own figure, beside right answers and external
satisfaction. Customers welcome the speed; what they do not forgive is that answers are wrong. So the harm is smaller where
few mistakes are made and larger where much depends on others' work. Crises are left out because any speed helps a firm that
drowns in work: where that happens often, own targets may even please customers for a while.
"""

import numpy as np

from sim.chain import ServiceChain
from sim.compare import Comparison
from sim.estimates import Estimate, estimate
from sim.interventions import Intervention
from sim.scenario import Scenario
from sim.story import Point, Story, faces, less, more


def scenarios(firm: ServiceChain) -> list[Scenario]:
    """Return the firm that works for its customers, the one in which each works for a figure, and one between."""
    aligned = Scenario("Customers' needs", firm, without=("B6",), days=250, runs=16)
    return [
        aligned,
        aligned.what_if("Own targets", Intervention("alignment", 0)),
        aligned.what_if("Halfway", Intervention("alignment", 0.5)),
    ]


def own_figures(comparison: Comparison, scenario: str) -> list[Estimate]:
    """Return by how many per cent less time a request spends in each unit, the unit that wins least first."""
    found = []
    for unit in comparison.parts["unit"].names:
        before, after = (comparison.part("unit", unit, "time_in_unit", one) for one in (0, scenario))
        known = (before > 0) & np.isfinite(after)
        if known.any():
            found.append(estimate(100 * (1 - after[known] / before[known])))
    return sorted(found, key=lambda one: one.low) or [Estimate(np.nan, np.nan, np.nan, 0)]


def points(comparison: Comparison) -> list[Point]:
    """Return what departments win by their own figures, and what customers lose."""
    _, targets, halfway = comparison.names
    return [
        more(
            "By its own figure every unit is faster; the one that wins least",
            own_figures(comparison, targets)[0],
            "per cent",
        ),
        less("… but customers get fewer right answers", comparison.difference("right_first_time", targets), "points"),
        less("… and are less satisfied", comparison.difference("external_satisfaction", targets), "points"),
        less(
            "Own targets alone do more harm than halfway",
            comparison.difference("external_satisfaction", targets, halfway),
            "points",
        ),
    ]


STORY = Story(__doc__, scenarios, points, lambda firm: "" if faces(firm) else "unit that serves customers")

if __name__ == "__main__":
    from sim.cli.telling import main

    main(STORY)
