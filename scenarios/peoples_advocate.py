"""The people's advocate: managers who help their people, and managers who would if they had the time.

Story: In the first firm managers hardly help: they have other things to do. In the second they spend nearly all of the
attention that is left to them on their people: they protect them, get them tools, develop them and stand behind them. In the
third they mean to do the same. But staff may settle little themselves, each matter that comes up to a manager takes a third
of a day, and a manager's attention reaches half as many people.

Question: What do we gain when managers help their people, and what is left of it when they are overloaded?

Levers: advocacy of all managers; then empowerment, escalation_attention and span.

Look for: how often colleagues agree to hurry for each other, which nobody can order them to; quits; and external satisfaction.
Help costs nothing here but attention. An overloaded manager means as well and does half as much, and complaints wait for a
decision besides.
"""

import numpy as np

from sim.chain import ServiceChain
from sim.compare import Comparison
from sim.estimates import estimate
from sim.interventions import Intervention
from sim.scenario import Scenario, Setting
from sim.story import Point, Story, inside, less, more


def scenarios(firm: ServiceChain) -> list[Scenario]:
    """Return a firm whose managers hardly help, one in which they do, and one in which they have no time to."""
    hardly = Scenario("Managers hardly help", firm, levers=(Setting("advocacy", 0.1),), days=250, runs=24)
    help_ = Intervention("advocacy", 0.9, ramp=20)
    overload = [Intervention("empowerment", 0.2), Intervention("escalation_attention", 0.3)]
    overload += [Intervention("span", max(1.0, firm.value("span", unit) / 2), unit) for unit in firm.units]
    return [
        hardly,
        hardly.what_if("Managers help", help_),
        hardly.what_if("Overloaded managers would help", help_, *overload),
    ]


def gone_out_of_their_way(comparison: Comparison, scenario: str) -> np.ndarray:
    """Return the share of colleagues' rush requests that were agreed to, in per cent, by seed."""
    links = [f"{supplier} → {client}" for supplier, client in inside(comparison.scenarios[0].firm)]
    asked, agreed = (comparison.total("link", figure, scenario, links) for figure in ("rush", "rush_agreed"))
    return 100 * np.divide(agreed, asked, out=np.full(len(asked), np.nan), where=asked > 0)


def helped(comparison: Comparison, scenario: str) -> np.ndarray:
    """Return the support that staff get, from 0 to 100, on average over the people of all units, by seed."""
    units, firm = comparison.parts["unit"].names, comparison.scenarios[0].firm
    support = [comparison.part("unit", unit, "support", scenario) for unit in units]
    return np.average(support, axis=0, weights=[firm.nodes[unit]["staff"] for unit in units])


def points(comparison: Comparison) -> list[Point]:
    """Return what help does, and how little of it an overloaded manager can give."""
    hardly, help_, overloaded = comparison.names
    willing = {name: gone_out_of_their_way(comparison, name) for name in comparison.names}
    quits = [comparison.total("unit", "quits", name) for name in (hardly, help_)]
    support = helped(comparison, overloaded) - helped(comparison, help_)
    return [
        more(
            "Where managers help, colleagues more often hurry for each other",
            estimate(willing[help_] - willing[hardly]),
            "% of requests",
        ),
        less("… fewer people quit in a year", estimate(quits[1] - quits[0]), "people"),
        more("… and customers are more satisfied", comparison.difference("external_satisfaction", help_), "points"),
        less("Overloaded managers give less support", estimate(support), "points"),
        less(
            "… their people hurry less often for each other",
            estimate(willing[overloaded] - willing[help_]),
            "% of requests",
        ),
        less(
            "… and their customers are less satisfied",
            comparison.difference("external_satisfaction", overloaded, help_),
            "points",
        ),
    ]


def lacks(firm: ServiceChain) -> str:
    """Return what is missing: managers, colleagues who serve each other, or requests in a hurry."""
    managed = [unit for unit in firm.units if firm.nodes[unit].get("managers", 1) > 0]
    if not managed:
        return "unit with a manager"
    if not inside(firm):
        return "unit that serves another"
    hurried = [segment for segment in firm.segments if firm.value("rush_share", segment) > 0]
    return "" if hurried else "customers who are ever in a hurry"


STORY = Story(__doc__, scenarios, points, lacks)

if __name__ == "__main__":
    from sim.cli.telling import main

    main(STORY)
