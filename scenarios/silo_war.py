"""Silo war: Marketing fights Finance, Sales blames Service, and customers need them all.

Story: Nobody says that they do not serve a colleague. The request lies at the bottom of the pile, the answer is short, and when
something fails it was the others. Departments that depend on each other are at odds, and own only a third of what
goes wrong. After two months somebody puts them in one room every month, and then lets half of them learn the other's work.

Question: What do customers notice of a quarrel between departments, and how much do meetings and cross-training bring back?

Levers: rivalry on the links among the departments at odds, and their ownership; gatherings and cross_training on the same
links, from day 60 on.

Look for: quality on the contested links, then the experience of customers whom those departments serve. Peace does not return:
what stays is the part of hostility that meetings do not reach. They cost money, too, and little of it comes back in a year.
"""

from sim.chain import ServiceChain
from sim.compare import Comparison
from sim.estimates import estimate
from sim.interventions import Intervention
from sim.scenario import Scenario
from sim.story import Point, Story, called, faces, inside, less, more, together

AT_ODDS = ("Marketing", "Finance", "Accounting", "Sales", "Service", "Support")
MOST_LINKS = 4
WAR, ROOM, LEARN = "War", "War, gatherings", "War, gatherings and cross-training"


def contested(firm: ServiceChain) -> list[tuple[str, str]]:
    """Return the links among departments of these names, or the busiest inside where none of those serves one in front."""
    front = faces(firm)
    links = [edge for edge in inside(firm) if firm.value("requests_per_case", *edge) > 0]
    into_front = [edge for edge in links if edge[1] in front]
    named = called(firm, *AT_ODDS)
    among = [edge for edge in links if edge[0] in named and edge[1] in named]
    return among if set(among) & set(into_front) else into_front[:MOST_LINKS]


def scenarios(firm: ServiceChain) -> list[Scenario]:
    """Return the firm at peace, at war, and at war with bridges between the departments."""
    links = [":".join(link) for link in contested(firm)]
    units = sorted({unit for link in contested(firm) for unit in link})
    peace = Scenario("Peace", firm, days=250, runs=20)
    war = peace.what_if(
        WAR,
        *(Intervention("rivalry", 0.9, link, ramp=20) for link in links),
        *(Intervention("ownership", 0.3, unit, ramp=20) for unit in units),
    )
    room = war.what_if(ROOM, *(Intervention("gatherings", 12.0, link, start=60) for link in links))
    learn = (Intervention("cross_training", 0.5, link, start=60) for link in links)
    return [peace, war, room, room.what_if(LEARN, *learn)]


def points(comparison: Comparison) -> list[Point]:
    """Return what the war does to colleagues and to customers who need both sides, and what bridges bring back."""
    firm = comparison.scenarios[0].firm
    links = contested(firm)
    needing = sorted({client for _, client in links})
    doors = [f"{unit} → {one}" for unit in needing for one in firm.successors(unit) if one in firm.segments]
    between = [" → ".join(link) for link in links]
    quality = {name: together(comparison, "link", between, "quality", name) for name in comparison.names}
    felt = {name: together(comparison, "link", doors, "judgement", name) for name in comparison.names}
    return [
        less(
            "Colleagues at odds serve each other worse", estimate(quality[WAR] - quality["Peace"]), "points of quality"
        ),
        less("Customers who need both sides notice", estimate(felt[WAR] - felt["Peace"]), "points of their experience"),
        more(
            "Gatherings bring part of the service inside back",
            estimate(quality[ROOM] - quality[WAR]),
            "points of quality",
        ),
        more(
            "With cross-training, customers feel it too",
            estimate(felt[LEARN] - felt[WAR]),
            "points of their experience",
        ),
        less("Peace does not return by that", estimate(quality[LEARN] - quality["Peace"]), "points of quality"),
    ]


STORY = Story(
    __doc__, scenarios, points, lambda firm: "" if contested(firm) else "department behind those who serve customers"
)

if __name__ == "__main__":
    from sim.cli.telling import main

    main(STORY)
