"""Emotional baggage: angry customers, and who stands by the people who serve them.

Story: Something has made customers angry, a price rise or a bad press, and for most of a year they bring it along. The people
who face them absorb it. Compassion runs out by the afternoon, strain builds up over weeks, some go. In one firm they are left
alone with it. In another the leader is their advocate, who protects and encourages them, and colleagues lend each other an ear.

Question: How much of what angry customers do to the people in front, and to each other, can leaders and colleagues take away?

Levers: baggage of all customers; advocacy and bonds of the departments and contractors who serve them.

Look for: strain of the people in front, then the warmth that customers meet, then who quits. Support takes off part of it,
never all; leader and colleagues together more than the leader alone.
"""

import numpy as np

from sim.chain import ServiceChain
from sim.compare import HORIZON, Comparison
from sim.estimates import estimate
from sim.interventions import Intervention
from sim.levers import DAYS_PER_YEAR
from sim.scenario import Scenario
from sim.story import Point, Story, faces, less, more, together

ANGRY = 0.7
ALONE, LEADER, BOTH = "Angry, left alone", "Angry, a leader as advocate", "Angry, leader and colleagues"
SUPPORT = {ALONE: (0.0, 0.0), LEADER: (1.0, 0.0), BOTH: (1.0, 0.8)}
"""Advocacy of the leaders, and bonds between colleagues."""


def scenarios(firm: ServiceChain) -> list[Scenario]:
    """Return the firm with ordinary customers and with angry ones, and with more or less support against them."""
    as_it_is = Scenario("Ordinary customers", firm, days=200, runs=10)
    angry = as_it_is.what_if("Angry customers", Intervention("baggage", ANGRY, ramp=20))
    return [as_it_is, angry, *(angry.what_if(name, *supported(firm, *SUPPORT[name])) for name in SUPPORT)]


def supported(firm: ServiceChain, advocacy: float, bonds: float) -> list[Intervention]:
    """Return what makes leaders and colleagues of those in front stand by them, or not."""
    levers = (("advocacy", advocacy), ("bonds", bonds))
    return [Intervention(name, value, unit) for unit in faces(firm) for name, value in levers]


def points(comparison: Comparison) -> list[Point]:
    """Return what angry customers do, and what support takes off."""
    firm = comparison.scenarios[0].firm
    front = faces(firm)
    doors = [f"{unit} → {one}" for unit in front for one in firm.successors(unit) if one in firm.segments]
    posts = sum(float(firm.nodes[unit]["staff"]) for unit in front)

    def strain(scenario: str) -> np.ndarray:
        return together(comparison, "unit", front, "strain", scenario, HORIZON)

    def warmth(scenario: str) -> np.ndarray:
        return together(comparison, "link", doors, "empathy", scenario, HORIZON)

    def turnover(scenario: str) -> np.ndarray:
        return 100 * comparison.total("unit", "quits", scenario, front) / posts * DAYS_PER_YEAR / comparison.days

    calm, angry = comparison.names[:2]
    return [
        more("Angry customers strain the people in front", estimate(strain(angry) - strain(calm)), "points"),
        less("… and meet less warmth there", estimate(warmth(angry) - warmth(calm)), "points"),
        less(
            "Leader and colleagues take off strain, against being left alone",
            estimate(strain(BOTH) - strain(ALONE)),
            "points",
        ),
        less("… more than the leader alone does", estimate(strain(BOTH) - strain(LEADER)), "points"),
        more("… but not all of it", estimate(strain(BOTH) - strain(calm)), "points"),
        less("Fewer of the people in front quit", estimate(turnover(BOTH) - turnover(ALONE)), "% a year", digits=1),
        more("Customers are more satisfied", comparison.difference("external_satisfaction", BOTH, ALONE), "points"),
    ]


STORY = Story(__doc__, scenarios, points)

if __name__ == "__main__":
    from sim.cli.telling import main

    main(STORY)
