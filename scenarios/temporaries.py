"""Temporaries: a wave of quits, and who does the work until somebody is hired.

Story: Within six weeks about a third of the people who face customers leave. Their posts can stand vacant, which saves their
wages and leaves the work to the others. Temporaries can fill them the next day, who cost half as much again and do not know the
product. Or Human Resources hire in a month rather than in four. What looks cheapest in the books need not be what customers
would have chosen.

Question: When many leave at once, is it better to leave posts vacant, to fill them with temporaries, or to hire faster?

Levers: quit_rate of those in front, for thirty days; temporaries and hiring_days.

Look for: three kinds of harm. Vacant posts make customers wait and strain those who stay; temporaries answer at once and know
little; hiring faster leaves a gap of weeks, and ends it. The books of these days favour vacant posts, whose wages are saved:
what lost satisfaction costs comes later. Customers are served best by temporaries for a short time.
"""

from sim.chain import ServiceChain
from sim.compare import HORIZON, WINDOW, Comparison
from sim.estimates import Estimate, estimate
from sim.interventions import Intervention
from sim.scenario import Scenario
from sim.story import Point, Story, faces, less, more, over_story, together

LEAVING, WAVE = 0.95, 30
"""Quit rate a year of those in front while the wave lasts, and its days."""
SLOWLY, FAST = 80.0, 20.0
"""Mean days until a post is filled."""
VACANT, FILLED, HIRED, BOTH = "Left vacant", "Temporaries", "Hired faster", "Temporaries, hired faster"
WAYS = {VACANT: (0.0, SLOWLY), FILLED: (1.0, SLOWLY), HIRED: (0.0, FAST), BOTH: (1.0, FAST)}


def scenarios(firm: ServiceChain) -> list[Scenario]:
    """Return the firm that nobody leaves in a wave, and ways to bridge the gap when many do."""
    calm = Scenario("No wave", firm, days=160, runs=12)
    wave = [Intervention("quit_rate", LEAVING, unit, end=WAVE) for unit in faces(firm)]
    return [
        calm,
        *(
            calm.what_if(name, *wave, Intervention("temporaries", share), Intervention("hiring_days", days))
            for name, (share, days) in WAYS.items()
        ),
    ]


def points(comparison: Comparison) -> list[Point]:
    """Return what each way does to waits, knowledge, strain and money."""
    front = faces(comparison.scenarios[0].firm)

    def in_front(figure: str, one: str, than: str, over: int = HORIZON) -> Estimate:
        values = [together(comparison, "unit", front, figure, name, over) for name in (one, than)]
        return estimate(values[0] - values[1])

    wait = over_story(comparison, "wait", VACANT, FILLED)
    satisfied = over_story(comparison, "external_satisfaction", VACANT, FILLED)
    faster, both = (comparison.money(name, FILLED).profit for name in (HIRED, BOTH))
    return [
        more("Vacant posts make customers wait longer than temporaries do", estimate(wait), "days"),
        less("… cost more of their satisfaction", estimate(satisfied), "points"),
        more("… and strain those who stay", in_front("strain", VACANT, FILLED), "points"),
        less("With temporaries there is less knowledge in front", in_front("knowledge", FILLED, VACANT), "points"),
        more(
            "In the end there is more with those hired faster", in_front("knowledge", HIRED, FILLED, WINDOW), "points"
        ),
        more("Hiring faster leaves more profit than temporaries", faster, "of profit more", digits=0),
        more("… and so does hiring faster beside them", both, "of profit more", digits=0),
    ]


STORY = Story(__doc__, scenarios, points)

if __name__ == "__main__":
    from sim.cli.telling import main

    main(STORY)
