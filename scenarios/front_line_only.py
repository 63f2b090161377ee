"""The front line only: one budget for service, and where it does most.

Story: There is money for better service, so and so much for each person in the firm. Those who face the customer are seen, and
get all of it; those behind them get none. A second plan spends it on the inside first. A third spends the same on everybody,
wherever they stand.

Question: Should our budget for service go to the front line, to those behind it, or to both?

Levers: service_budget, and front_share, the part of it for the units that serve customers.

Look for: external satisfaction under the three plans, all of which cost the same, then the profit.
"""

from sim.chain import ServiceChain
from sim.compare import Comparison
from sim.interventions import Intervention
from sim.scenario import Scenario
from sim.story import Point, Story, behind, faces, more

BUDGET = 3000.0


def fair(firm: ServiceChain) -> float:
    """Return the share of the staff who serve customers."""
    heads = {unit: firm.nodes[unit]["staff"] for unit in firm.units}
    return sum(heads[unit] for unit in faces(firm)) / sum(heads.values())


def scenarios(firm: ServiceChain) -> list[Scenario]:
    """Return the firm as it is, and the same budget spent in three ways."""
    as_it_is = Scenario("No budget", firm, days=250, runs=16)

    def spent(name: str, share: float) -> Scenario:
        return as_it_is.what_if(name, Intervention("service_budget", BUDGET), Intervention("front_share", share))

    return [as_it_is, spent("Front line only", 1.0), spent("Inside only", 0.0), spent("Everybody alike", fair(firm)),
    *[spent(f"s{x}", x) for x in (.15,.3,.45,.6,.75,.9)]]


def points(comparison: Comparison) -> list[Point]:
    """Return how the plans compare."""
    _, front, inside, alike,*_ = comparison.names
    return [
        more("alike beats front", comparison.difference("external_satisfaction", alike, front), "points"),
        more("alike beats inside", comparison.difference("external_satisfaction", alike, inside), "points"),
        more("alike beats front", comparison.difference("total_profit", alike, front), "money",digits=0),
        more("alike beats inside", comparison.difference("total_profit", alike, inside), "money",digits=0),
    ]


STORY = Story(__doc__, scenarios, points, lambda firm: "" if behind(firm) else "department behind those who serve customers")

if __name__ == "__main__":
    from sim.cli.telling import main

    main(STORY)
