"""Quality erosion: a busy season passes, and the corners stay cut.

Story: For twenty weeks there is a good half more to do than in an ordinary year. People work harder, take less time for each
request, and the work goes out. Then the season is over and with it the pressure; but the time that was taken has become the
time that one takes. Nobody has decided that. In a second firm people hurry just as much while they must, but what they hold
to be a decent answer does not change, and they go back to it.

Question: What does a busy season cost us after it is over?

Levers: needs_per_year of all segments for twenty weeks; standard_erosion from the first day of the season on.

Look for: the last months of the story, half a year after the season: the time that people at the counter hold to be right for
a request, their empathy, right answers, and external satisfaction, against the firm whose standard holds. Customers whom the
season itself drove away are missing in both. Quicker work also means shorter waits, which is why nobody inside notices.
"""

import numpy as np

from sim.chain import ServiceChain
from sim.compare import Comparison
from sim.estimates import estimate
from sim.interventions import Intervention
from sim.levers import BY_NAME
from sim.scenario import Scenario
from sim.story import Point, Story, faces, less

SEASON, BUSIER = 100, 1.6


def scenarios(firm: ServiceChain) -> list[Scenario]:
    """Return an ordinary year, a busy season, and one in which the standard holds."""
    ordinary = Scenario("An ordinary year", firm, days=300, runs=16)
    most = BY_NAME["needs_per_year"].high
    season = [
        Intervention("needs_per_year", min(most, BUSIER * firm.value("needs_per_year", segment)), segment, end=SEASON)
        for segment in firm.segments
    ]
    return [
        ordinary,
        ordinary.what_if("A busy season", *season),
        ordinary.what_if("A busy season, the standard holds", *season, Intervention("standard_erosion", 0)),
    ]


def at_the_counter(comparison: Comparison, scenario: str) -> np.ndarray:
    """Return the standard of those who serve customers, in per cent of the first day's, by seed; weighted by their people."""
    firm = comparison.scenarios[0].firm
    heads = [firm.nodes[unit]["staff"] for unit in faces(firm)]
    standards = [100 * comparison.part("unit", unit, "standard", scenario) for unit in faces(firm)]
    return np.average(standards, axis=0, weights=heads)


def points(comparison: Comparison) -> list[Point]:
    """Return what is left of the season months after it."""
    ordinary, season, held = comparison.names
    eroded = at_the_counter(comparison, season) - at_the_counter(comparison, ordinary)
    return [
        less("Months after the season people still hold less time to be enough", estimate(eroded), "per cent"),
        less(
            "… and give fewer right answers than in an ordinary year",
            comparison.difference("right_first_time", season),
            "points",
        ),
        less(
            "… and fewer than where the standard held",
            comparison.difference("right_first_time", season, held),
            "points",
        ),
        less(
            "The eroded standard alone has cost external satisfaction",
            comparison.difference("external_satisfaction", season, held),
            "points",
        ),
    ]


STORY = Story(__doc__, scenarios, points, lambda firm: "" if faces(firm) else "unit that serves customers")

if __name__ == "__main__":
    from sim.cli.telling import main

    main(STORY)
