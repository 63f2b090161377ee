"""Own targets: every department meets its own figure, and customers pay for it.

Story: Each department gets a target of its own: how fast a request leaves its desk. People do as they are measured. They look
at a request for a shorter time, what does not count waits, and half of what comes back wrong is put on somebody else, whose
figure it then is. In a second firm the targets are the same, but who got something wrong still owns it as before.

Question: Can every department do better by its own figure while customers are worse served?

Levers: alignment and ownership of all departments and contractors, from the first day on.

Look for: the time that a request spends in each department, which is its own figure, and external satisfaction. Speed is
welcome to customers, above all in a firm that is short of people on some days; what costs is that answers are wrong, and that
nobody owns them. So the harm comes slowly, and the figures look good from the first day.
"""

import numpy as np

from sim.chain import ServiceChain
from sim.compare import Comparison
from sim.estimates import estimate
from sim.interventions import Intervention
from sim.scenario import Scenario
from sim.story import Point, Story, less


def scenarios(firm: ServiceChain) -> list[Scenario]:
    """Return the firm that works for its customers, and the one in which each works for a figure."""
    aligned = Scenario("Customers' needs", firm, days=250, runs=24)
    fast = Intervention("alignment", 0)
    disowned = [Intervention("ownership", firm.value("ownership", unit) / 2, unit) for unit in firm.units]
    return [
        aligned,
        aligned.what_if("Own targets", fast, *disowned),
        aligned.what_if("Own targets, failures owned", fast),
    ]


def own_figure(comparison: Comparison, scenario: str, unit: str) -> np.ndarray:
    """Return the days that a request spends in a unit, by seed."""
    return comparison.part("unit", unit, "time_in_unit", scenario)


def points(comparison: Comparison) -> list[Point]:
    """Return what departments win by their own figures, and what customers lose."""
    needs, targets, owned = comparison.names
    saved = {
        unit: own_figure(comparison, targets, unit) / own_figure(comparison, needs, unit) - 1
        for unit in comparison.parts["unit"].names
    }
    slowest = estimate(100 * np.max([estimate(one).mean for one in saved.values()]) * np.ones(1))
    return [
        less("by", slowest, "per cent"),
        less("right", comparison.difference("right_first_time", targets), "points"),
        less("ext", comparison.difference("external_satisfaction", targets), "points"),
        less("ext owned", comparison.difference("external_satisfaction", owned), "points"),
        less("ext", comparison.difference("external_satisfaction", targets,owned), "points"),
        less("profit", comparison.difference("total_profit", targets), "points"),
        less("prof", comparison.difference("profit", targets), "points"),
        less("prof o", comparison.difference("profit", owned), "points"),
        less("cust", comparison.difference("customers", owned), "points"),
        less("failures", comparison.difference("failures", targets), "points"),
        *[less(u, estimate(100*x),"%") for u,x in saved.items()],
    ]


STORY = Story(__doc__, scenarios, points)

if __name__ == "__main__":
    from sim.cli.telling import main

    main(STORY)
