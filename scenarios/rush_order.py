"""A rush order: it happens only if the people behind are willing.

Story: Sales has a customer who needs something out of turn, and promises it. Whether that can be kept is decided by somebody
whom the customer never meets: the people behind Sales may hurry, or say that there are others before. No price list and no
rule makes them hurry. They do so when they are well treated, and when they trust those who ask.

Question: Does a hurried promise depend more on how the people behind are led, or on whether they trust those who ask?

Levers: rush_share of the customers; pay, recognition, growth, belonging and advocacy of the departments behind; goodwill toward
those who ask, and internal_service where those who ask serve it in turn.

Look for: the share of hurried requests that the departments behind agree to, and what is kept in the end. Agreeing is
will; keeping takes capacity and luck, too, so that it moves less.
"""

import numpy as np

from sim.chain import ServiceChain
from sim.compare import Comparison
from sim.estimates import estimate
from sim.interventions import Intervention
from sim.scenario import Scenario, Setting
from sim.story import Point, Story, called, faces, inside, more, per

IN_A_HURRY = 0.3
"""Share of needs that are in a hurry, of the customers of those who ask."""
CONDITIONS = ("pay", "recognition", "growth", "belonging", "advocacy")
NEGLECTED, TRUSTING = "Neglected, without trust", "Neglected, but trusting"
LED, BOTH = "Well led, without trust", "Well led and trusting"


def who_asks(firm: ServiceChain) -> str | None:
    """Return the busiest unit in front that somebody stands behind: of those who sell, where any is called so."""
    served = {client for supplier, client in inside(firm) if firm.value("requests_per_case", supplier, client) > 0}
    front = [unit for unit in faces(firm) if unit in served]
    selling = called(firm, "Sales", "Selling")
    return next((unit for unit in front if unit in selling), front[0] if front else None)


def links_of(firm: ServiceChain, unit: str) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Return the links over which a unit is served in its daily work, and those over which it serves customers."""
    behind = [edge for edge in inside(firm) if edge[1] == unit and firm.value("requests_per_case", *edge) > 0]
    return behind, [(unit, one) for one in firm.successors(unit) if one in firm.segments]


def scenarios(firm: ServiceChain) -> list[Scenario]:
    """Return a firm whose customers are in a hurry, as it is, and with the people behind well led or not, trusting or not."""
    behind, in_front = links_of(firm, who_asks(firm) or "")
    hurry = tuple(Setting("rush_share", IN_A_HURRY, segment) for _, segment in in_front)
    as_it_is = Scenario("As it is", firm, levers=hurry, days=200, runs=12)
    return [
        as_it_is,
        as_it_is.what_if(NEGLECTED, *led(behind, 0.1), *trusted(firm, behind, 0.1)),
        as_it_is.what_if(TRUSTING, *led(behind, 0.1), *trusted(firm, behind, 0.9)),
        as_it_is.what_if(LED, *led(behind, 0.9), *trusted(firm, behind, 0.1)),
        as_it_is.what_if(BOTH, *led(behind, 0.9), *trusted(firm, behind, 0.9)),
    ]


def led(links: list[tuple[str, str]], level: float) -> list[Intervention]:
    """Return what makes the work of the people behind good or bad."""
    return [Intervention(name, level, supplier) for supplier, _ in links for name in CONDITIONS]


def trusted(firm: ServiceChain, links: list[tuple[str, str]], level: float) -> list[Intervention]:
    """Return what earns those who ask the trust of the people behind, or loses it."""
    ways = [Intervention("goodwill", level, ":".join(link)) for link in links]
    back = [(client, supplier) for supplier, client in links if firm.has_edge(client, supplier)]
    return [*ways, *(Intervention("internal_service", level, ":".join(link)) for link in back)]


def points(comparison: Comparison) -> list[Point]:
    """Return what leading and trust bring, each over both levels of the other, and what they bring together."""
    firm = comparison.scenarios[0].firm
    unit = who_asks(firm) or ""
    behind, in_front = ([" → ".join(link) for link in links] for links in links_of(firm, unit))

    def share(figure: str, links: list[str], scenario: str) -> np.ndarray:
        asked = comparison.total("link", "rush", scenario, links)
        return 100 * per(comparison.total("link", figure, scenario, links), asked)

    agreed = {name: share("rush_agreed", behind, name) for name in comparison.names}
    by_leading = (agreed[LED] + agreed[BOTH] - agreed[NEGLECTED] - agreed[TRUSTING]) / 2
    by_trust = (agreed[TRUSTING] + agreed[BOTH] - agreed[NEGLECTED] - agreed[LED]) / 2
    kept = [share("rush_kept", links, BOTH) - share("rush_kept", links, NEGLECTED) for links in (behind, in_front)]
    hurried = "% of hurried requests"
    return [
        more(f"Well led, those behind {unit} agree to hurry more often", estimate(by_leading), hurried, digits=1),
        more("… and more often where they trust those who ask", estimate(by_trust), hurried, digits=1),
        more(f"With both, {unit} gets more in time than with neither", estimate(kept[0]), hurried, digits=1),
        more("… and so do customers in a hurry", estimate(kept[1]), hurried, digits=1),
    ]


STORY = Story(
    __doc__, scenarios, points, lambda firm: "" if who_asks(firm) else "department behind those who serve customers"
)

if __name__ == "__main__":
    from sim.cli.telling import main

    main(STORY)
