"""Sins of the past: what is promised and rushed today is somebody's work in a year.

Story: To win customers, more is promised at three sales in ten than can be kept, at a better price. To keep pace, those behind
who prepare what is sold save three tenths of their time where it does not show at once. The figures look fine. Some months
later the faults and the broken promises come up one by one, on the desks of the service people, who cut no corner.

Question: How long does it pay to promise too much and to work in haste, and who carries the work afterward?

Levers: overpromise of all customers; haste of the departments that serve none, or of everybody where all serve customers.

Look for: profit so far against the careful firm: ahead for months, then behind for good. External satisfaction falls,
customers leave, and each need of those who stay brings the people in front more work. Haste shortens waits, too, so that
customers may hardly mind it where there was a line: the loss then is in the books.
"""

import numpy as np

from sim.chain import ServiceChain
from sim.compare import Comparison
from sim.estimates import estimate
from sim.interventions import Intervention
from sim.scenario import Scenario
from sim.story import Point, Story, behind, faces, less, more, per

TOO_MUCH, HASTE = 0.3, 0.3
SOON = 30
"""Days in which one looks for what comes first."""
RUSHED, SINS = "In haste", "Promising too much, in haste"


def scenarios(firm: ServiceChain) -> list[Scenario]:
    """Return the firm as it is, promising too much, working in haste, and both."""
    careful = Scenario("Careful", firm, days=500, runs=8)
    haste = [Intervention("haste", HASTE, unit) for unit in behind(firm) or faces(firm)]
    promising = careful.what_if("Promising too much", Intervention("overpromise", TOO_MUCH))
    return [careful, promising, careful.what_if(RUSHED, *haste), promising.what_if(SINS, *haste)]


def points(comparison: Comparison) -> list[Point]:
    """Return what comes first and what comes in the end, for the books, the customers and the people in front."""
    so_far = np.cumsum(comparison.difference_curve("profit_of_day", SINS), axis=1)
    at_first = comparison.difference_curve("external_satisfaction", RUSHED)[:, :SOON].mean(axis=1)
    front = faces(comparison.scenarios[0].firm)

    def work(scenario: str | int) -> np.ndarray:
        return per(comparison.total("unit", "arrived", scenario, front), comparison.total("segment", "needs", scenario))

    rushed = comparison.money(RUSHED).profit
    carried = 100 * (per(work(SINS), work(0)) - 1)
    day, money = min(SOON, comparison.days), "more than the careful firm"
    return [
        more(f"Sins pay at first: profit of the first {day} days", estimate(so_far[:, day - 1]), money, digits=0),
        less(f"… and cost later: profit of all {comparison.days} days", estimate(so_far[:, -1]), money, digits=0),
        more(f"Haste pleases customers at first, in the first {day} days", estimate(at_first), "points"),
        less(f"… and loses money in the end: profit of all {comparison.days} days", rushed, money, digits=0),
        more("The people in front carry it: requests per need of a customer", estimate(carried), "% more", digits=1),
    ]


STORY = Story(__doc__, scenarios, points)

if __name__ == "__main__":
    from sim.cli.telling import main

    main(STORY)
