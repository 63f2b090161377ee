"""The cut phone line: one accident, three failures, and what an agreement and training bring.

Story: A contractor's technician damages something at the customer's. He apologises and sends the customer to the firm; the
office refuses, because a contractor did it; and when the customer insists, it defends the refusal. To the customer it is all
one company. The remedy is an agreement of the whole company, and training for staff and contractors alike: apologise, call the
office at once for an answer, stay with the customer until it is solved. Here contractors have a bad season of sixty days,
in which every fifth job ends with damage.

Question: What costs more, the accident or how it is met, and how much of that do an agreement and training take away?

Levers: accident_rate of the contractors who serve customers; sent_away, responsibility_refused and refusal_defended, one
more from scenario to scenario; company_agreement and responsibility_training.

Look for: external satisfaction, which falls a little with accidents that somebody owns at once, and further with every stage.
Accidents still happen with agreement and training, and a few customers are still sent away.
"""

import numpy as np

from sim.chain import ServiceChain
from sim.compare import Comparison
from sim.estimates import estimate
from sim.interventions import Intervention
from sim.scenario import Scenario, Setting
from sim.story import Point, Story, between, field_partners, more, over_story, per

DAMAGED = 0.2
"""Share of jobs that end with damage in the bad season."""
STAGES = ("sent_away", "responsibility_refused", "refusal_defended")
OWNED, AWAY, REFUSED, DEFENDED = "Owned at once", "Sent away", "Sent away, refused", "Sent away, refused, defended"
BOTH = "Agreement and training"


def scenarios(firm: ServiceChain) -> list[Scenario]:
    """Return the firm without accidents, with accidents and each stage of failure, and with the remedies."""
    calm = Scenario("No accidents", firm, levers=(Setting("accident_rate", 0.0),), days=120, runs=12)
    season = [Intervention("accident_rate", DAMAGED, partner, end=60) for partner in field_partners(firm)]
    ways = (OWNED, AWAY, REFUSED, DEFENDED)
    told = [calm.what_if(name, *season, *met_with(stages)) for stages, name in enumerate(ways)]
    agreement, training = Intervention("company_agreement", 1.0), Intervention("responsibility_training", 1.0)
    return [
        calm,
        *told,
        told[-1].what_if("Agreement", agreement),
        told[-1].what_if("Training", training),
        told[-1].what_if(BOTH, agreement, training),
    ]


def met_with(stages: int) -> list[Intervention]:
    """Return what makes the first so many stages of failure follow every accident, and the others none."""
    return [Intervention(name, float(number < stages)) for number, name in enumerate(STAGES)]


def points(comparison: Comparison) -> list[Point]:
    """Return what each stage costs against the accident, and how much of it the remedies take away."""

    def left(scenario: str, than: str) -> np.ndarray:
        """Customers lost by the last day, per hundred accidents."""
        gone = -comparison.difference_curve("customers", scenario, than)[:, -1]
        return 100 * per(gone, comparison.total("link", "accidents", scenario))

    calm = comparison.names[0]
    accident, harm, rest = (-over_story(comparison, "external_satisfaction", name) for name in (OWNED, DEFENDED, BOTH))
    stages = [(AWAY, OWNED, "being sent away"), (REFUSED, AWAY, "the refusal"), (DEFENDED, REFUSED, "its defence")]
    unit = "customers more per hundred accidents"
    return [
        more("Accidents cost satisfaction even where somebody owns them at once", estimate(accident), "points"),
        more("… and how they are met costs more than they do", estimate(harm - 2 * accident), "points"),
        *(
            more(
                f"More customers leave over {what} than over the accident",
                estimate(left(*pair) - left(OWNED, calm)),
                unit,
            )
            for *pair, what in stages
        ),
        between(
            "Agreement and training cut most of the harm, not all",
            estimate(100 * (1 - per(rest, harm))),
            "%",
            50,
            100,
            0,
        ),
    ]


STORY = Story(
    __doc__, scenarios, points, lambda firm: "" if field_partners(firm) else "contractor who serves customers"
)

if __name__ == "__main__":
    from sim.cli.telling import main

    main(STORY)
