"""Onboarding: how newcomers are welcomed is how customers will be served.

Story: Within six weeks about a third of the people leave, and others come. On the first day a newcomer is a client of Human
Resources, of IT, of whoever has the badge, the laptop and the answers. In one firm all is ready and explained. In the other
nobody expects the newcomer, half of it is wrong, and one asks again. People remember how they were received, and treat others
accordingly.

Question: What does a bad welcome cost, and how long do customers notice it?

Levers: quit_rate of the departments that somebody onboards, for thirty days; internal_service toward them, error_rate, tools
and environment of those who onboard.

Look for: motivation of the newcomers' departments, then customers' experience and satisfaction, for months after the last has
come. Those who were welcomed badly also leave sooner, which is hard to see in a single firm.
"""

from sim.chain import ServiceChain
from sim.compare import HORIZON, Comparison
from sim.estimates import estimate
from sim.interventions import Intervention
from sim.scenario import Scenario
from sim.story import Point, Story, less, over_story, together

LEAVING, WAVE = 0.95, 30
"""Quit rate a year while the wave lasts, and its days."""
WELL, BADLY = "Many leave, welcomed well", "Many leave, welcomed badly"
FEW_WELL, FEW_BADLY = "Few leave, welcomed well", "Few leave, welcomed badly"


def onboarding(firm: ServiceChain) -> list[tuple[str, str]]:
    """Return the links over which newcomers are served when they take up a post."""
    return [edge for edge in firm.links if edge[1] in firm.units and firm.value("requests_per_hire", *edge) > 0]


def scenarios(firm: ServiceChain) -> list[Scenario]:
    """Return a firm that few or many leave, and whose newcomers are welcomed well or badly."""
    left = sorted({client for _, client in onboarding(firm)})
    wave = [*(Intervention("quit_rate", LEAVING, unit, end=WAVE) for unit in left), Intervention("hiring_days", 20.0)]
    well = welcomed(firm, care=1.0, wrong=0.01, equipped=0.9)
    badly = welcomed(firm, care=0.0, wrong=0.5, equipped=0.1)
    few = Scenario(FEW_WELL, firm, days=200, runs=12, interventions=tuple(well))
    bad = Scenario(FEW_BADLY, firm, days=200, runs=12, interventions=tuple(badly))
    return [few, bad, few.what_if(WELL, *wave), bad.what_if(BADLY, *wave)]


def welcomed(firm: ServiceChain, care: float, wrong: float, equipped: float) -> list[Intervention]:
    """Return what makes those who onboard do it well or badly."""
    links = onboarding(firm)
    hosts = sorted({supplier for supplier, _ in links})
    levers = (("error_rate", wrong), ("tools", equipped), ("environment", equipped))
    return [
        *(Intervention("internal_service", care, ":".join(link)) for link in links),
        *(Intervention(name, value, host) for host in hosts for name, value in levers),
    ]


def points(comparison: Comparison) -> list[Point]:
    """Return what a bad welcome does where many are new, and how much more that is than where few are."""
    joined = sorted({client for _, client in onboarding(comparison.scenarios[0].firm)})
    moved = [together(comparison, "unit", joined, "motivation", name, HORIZON) for name in (BADLY, WELL)]
    satisfied = over_story(comparison, "external_satisfaction", BADLY, WELL)
    with_few = over_story(comparison, "external_satisfaction", FEW_BADLY, FEW_WELL)
    experience = over_story(comparison, "external_experience", BADLY, WELL)
    last = comparison.difference("external_satisfaction", BADLY, WELL)
    return [
        less("Where newcomers are welcomed badly, people are less motivated", estimate(moved[0] - moved[1]), "points"),
        less("Customers have a worse experience", estimate(experience), "points"),
        less("… and are less satisfied", estimate(satisfied), "points"),
        less("… more so than where few are new", estimate(satisfied - with_few), "points"),
        less("They still are in the last quarter, months after", last, "points"),
    ]


STORY = Story(
    __doc__,
    scenarios,
    points,
    lambda firm: "" if onboarding(firm) else "link over which newcomers are onboarded (requests_per_hire)",
)

if __name__ == "__main__":
    from sim.cli.telling import main

    main(STORY)
