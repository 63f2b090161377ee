"""The problem that nobody raised: an open door against a climate of fear.

Story: A year of change: everywhere ways of working begin to go wrong, three times as often as usual. Somebody on the spot
always knows. Behind an open door they say so, while the problem is small and an hour of a manager settles it. Where people are
afraid, where it takes a form, or where nothing ever comes of it, they wait, and the problem grows until it bursts.

Question: What does it cost when people keep to themselves what goes wrong?

Levers: problem_rate, three times the firm's own from the first day on; voice_safety, voice_ease and openness everywhere.

Look for: crises, which are rare behind an open door, and answers to customers that were right. The difference takes some two
months to appear, as long as a problem takes to burst. As many problems begin in either case.
"""

from sim.chain import ServiceChain
from sim.compare import Comparison
from sim.estimates import estimate
from sim.interventions import Intervention
from sim.scenario import Scenario
from sim.story import Point, Story, less, more

OFTEN = 3.0
"""By how much more often than usual ways of working begin to go wrong."""
VOICE = ("voice_safety", "voice_ease", "openness")
OPEN, FEAR = "Open door", "Fear"


def scenarios(firm: ServiceChain) -> list[Scenario]:
    """Return a year of change in the firm as it is, behind an open door, and in fear."""
    change = [
        Intervention("problem_rate", min(1000.0, OFTEN * firm.value("problem_rate", one)), one) for one in firm.units
    ]
    as_it_is = Scenario("As it is", firm, interventions=tuple(change), days=250, runs=12)
    return [
        as_it_is,
        as_it_is.what_if(OPEN, *(Intervention(name, 0.9) for name in VOICE)),
        as_it_is.what_if(FEAR, *(Intervention(name, 0.2) for name in VOICE)),
    ]


def points(comparison: Comparison) -> list[Point]:
    """Return what fear does against the open door."""
    crises = comparison.total("unit", "crises", FEAR) - comparison.total("unit", "crises", OPEN)
    solved = comparison.total("unit", "problems_solved", FEAR) - comparison.total("unit", "problems_solved", OPEN)
    money = comparison.money(FEAR, OPEN)
    return [
        less("In fear fewer problems are raised and solved", estimate(solved), "problems", digits=0),
        more("… and more of them burst", estimate(crises), "crises", digits=0),
        less("Fewer answers to customers are right", comparison.difference("right_first_time", FEAR, OPEN), "%"),
        less("Customers are less satisfied", comparison.difference("external_satisfaction", FEAR, OPEN), "points"),
        less("Silence costs more than listening", money.profit, "of profit", digits=0),
    ]


STORY = Story(__doc__, scenarios, points)

if __name__ == "__main__":
    from sim.cli.telling import main

    main(STORY)
