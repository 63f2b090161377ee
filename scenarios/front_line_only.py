"""The front line only: one budget for better service, and where it does most.

Story: There is money for better service: five thousand a year for each person in the firm. Those who face the customer are
seen, and the first plan gives them all of it. The second gives it to those behind them, on whom they depend. The third spends
the same on everybody, wherever they stand. All three cost the same.

Question: Should our budget for better service go to the front line, to those behind it, or to everybody alike?

Levers: service_budget, and front_share, the part of it that is spent on those who serve customers.

Look for: external satisfaction under the three plans, and what is left of their cost. A budget works with diminishing returns,
and those who serve customers can be no better than what they get from inside: the best plan lies between the ends. How far
from them depends on how many people serve customers and how much their work depends on others; where nobody in front needs
anybody behind, the front line alone is best.
"""

from sim.chain import ServiceChain
from sim.compare import Comparison
from sim.interventions import Intervention
from sim.scenario import Scenario
from sim.story import Point, Story, faces, inside, more

BUDGET = 5000.0
"""A year's spending per person, in the organisation's currency."""


def of_the_staff(firm: ServiceChain) -> float:
    """Return the share of the staff who serve customers."""
    heads = {unit: firm.nodes[unit]["staff"] for unit in firm.units}
    return float(sum(heads[unit] for unit in faces(firm)) / sum(heads.values()))


def scenarios(firm: ServiceChain) -> list[Scenario]:
    """Return the firm as it is, and the same budget spent in three ways."""
    as_it_is = Scenario("No budget", firm, days=250, runs=20)
    plans = {"Front line only": 1.0, "Inside only": 0.0, "Everybody alike": of_the_staff(firm)}
    return [
        as_it_is,
        *(
            as_it_is.what_if(name, Intervention("service_budget", BUDGET), Intervention("front_share", share))
            for name, share in plans.items()
        ),
    ]


def points(comparison: Comparison) -> list[Point]:
    """Return how spending on everybody alike compares with either end."""
    _, front, behind, alike = comparison.names
    return [
        more(
            "The same money pleases customers more when it is spent on everybody than on the front line only",
            comparison.difference("external_satisfaction", alike, front),
            "points",
        ),
        more(
            "… and more than when it is spent inside only",
            comparison.difference("external_satisfaction", alike, behind),
            "points",
        ),
        more(
            "Spent on the front line only, it leaves colleagues worse served than spent on everybody",
            comparison.difference("internal_satisfaction", alike, front),
            "points",
        ),
    ]


def lacks(firm: ServiceChain) -> str:
    """Return what is missing: somebody behind the front line on whose work it depends."""
    leaned_on = [edge for edge in inside(firm) if edge[1] in faces(firm) and firm.value("dependence", *edge) > 0]
    return "" if {supplier for supplier, _ in leaned_on} - set(faces(firm)) else "front line that depends on others"


STORY = Story(__doc__, scenarios, points, lacks)

if __name__ == "__main__":
    from sim.cli.telling import main

    main(STORY)
