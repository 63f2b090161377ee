"""No finish line: a firm that stays as good as it is falls behind.

Story: Nothing is wrong with the firm, and nothing changes in it. But its competitors make up each year for a fifth of what
their service still lacks, and customers come to know it. Another firm in the same market learns: it looks for the cause of
half of the failures and problems that it hears of, and gives its people ten days of training a year more.

Question: What does it cost us to stay as good as we are while others improve?

Levers: market_pace of all segments; root_cause in the firm and training in all units, both reached within a year.

Look for: customers and profit in the third year, not satisfaction. Whom somebody else serves better leaves, and those who stay
are the content ones, so that surveys among them show little. Learning brings some of the lost customers back; it does not
outrun the market, and it pays only as far as they are worth what it costs.
"""

from sim.chain import ServiceChain
from sim.compare import Comparison
from sim.interventions import Intervention
from sim.levers import BY_NAME, DAYS_PER_YEAR
from sim.scenario import Scenario, Setting
from sim.story import Point, Story, faces, less, more

PACE = 0.2
CAUSES = 0.5
MORE_TRAINING = 0.04


def scenarios(firm: ServiceChain) -> list[Scenario]:
    """Return the firm in a market that stands still, and two firms in one that moves."""
    still = Scenario("Nobody moves", firm, levers=(Setting("market_pace", 0),), days=3 * DAYS_PER_YEAR, runs=10)
    market = Intervention("market_pace", PACE)
    learning = [Intervention("root_cause", CAUSES, ramp=DAYS_PER_YEAR)]
    learning += [
        Intervention("training", min(BY_NAME["training"].high, firm.value("training", unit) + MORE_TRAINING), unit,
                     ramp=DAYS_PER_YEAR)
        for unit in firm.units
    ]  # fmt: skip
    return [
        still,
        still.what_if("Others improve", market),
        still.what_if("Others improve, and so do we", market, *learning),
    ]


def points(comparison: Comparison) -> list[Point]:
    """Return what standing still costs in the third year, and what learning wins back."""
    _, behind, learning = comparison.names
    return [
        less(
            "Standing still means falling: in the third year there are fewer customers",
            comparison.difference("customers", behind),
            "people",
            digits=0,
        ),
        less("… and less profit", comparison.difference("profit", behind), "a year", digits=0),
        less("… for fewer of them stay", comparison.difference("retention", behind), "% a year"),
        more(
            "Who learns keeps more of its customers",
            comparison.difference("customers", learning, behind),
            "people",
            digits=0,
        ),
        more("… who are more satisfied", comparison.difference("external_satisfaction", learning, behind), "points"),
    ]


STORY = Story(__doc__, scenarios, points, lambda firm: "" if faces(firm) else "unit that serves customers")

if __name__ == "__main__":
    from sim.cli.telling import main

    main(STORY)
