"""Delays, told: a season in which a supplier inside is late, and whoever serves the customer knows it, or does not.

Story: The department on which those at the counter lean most waits for an outside vendor, for a whole season: every request to
it rests for as long as customers were promised an answer. Nobody can make it faster. In one firm the counter hears nothing and
says nothing. In the other a common platform shows everybody concerned why it takes so long and for how much longer, and they
tell their clients.

Question: How much less harm does a delay do when customers are told how long it will be?

Levers: pause_share and pause_days of the busiest supplier of those who serve customers, from the third month on; platform and
waiting_information everywhere, from the first day on.

Look for: the wait, which is the same whether told or not; then what the delay costs in external satisfaction, in either firm.
Telling is worth a little even without a delay, and that is taken off: what is compared is the harm that the same delay does.
Telling helps most with waits about as long as customers accept, and little where they wait far longer.
"""

import numpy as np

from sim.chain import ServiceChain
from sim.compare import Comparison
from sim.estimates import estimate
from sim.interventions import Intervention
from sim.scenario import Scenario, Setting
from sim.story import Point, Story, faces, less, more

SEASON = 40


def behind_the_counter(firm: ServiceChain) -> list[tuple[str, str]]:
    """Return the links by which those who serve customers are served themselves."""
    return [edge for edge in firm.links if edge[1] in faces(firm)]


def late(firm: ServiceChain) -> str:
    """Return the supplier with most requests of those who serve customers."""
    rates = firm.link_rates()
    load = {supplier: 0.0 for supplier, _ in behind_the_counter(firm)}
    for edge in behind_the_counter(firm):
        load[edge[0]] += rates[edge]
    return max(sorted(load), key=lambda unit: load[unit])


def promised(firm: ServiceChain) -> float:
    """Return the time within which customers are promised an answer, by those whom the late supplier serves."""
    rates = firm.link_rates()
    clients = [client for supplier, client in behind_the_counter(firm) if supplier == late(firm)]
    doors = [edge for edge in firm.links if edge[0] in clients and edge[1] in firm.segments]
    return float(np.average([firm.value("promise_days", *one) for one in doors], weights=[rates[one] for one in doors]))


def scenarios(firm: ServiceChain) -> list[Scenario]:
    """Return the firm on time and late, when nobody is told and when everybody is."""
    silent = (Setting("platform", 0), Setting("waiting_information", 0))
    delay = [
        Intervention("pause_share", 1, late(firm), start=SEASON),
        Intervention("pause_days", promised(firm), late(firm), start=SEASON),
    ]
    telling = [Intervention("platform", 1), Intervention("waiting_information", 1)]
    on_time = Scenario("On time, untold", firm, levers=silent, days=120, runs=20)
    return [
        on_time,
        on_time.what_if("Late, untold", *delay),
        on_time.what_if("On time, told", *telling),
        on_time.what_if("Late, told", *telling, *delay),
    ]


def points(comparison: Comparison) -> list[Point]:
    """Return what the delay does, told and untold."""
    on_time, untold, told_on_time, told = comparison.names
    found = {}
    for what in ("external_satisfaction", "external_experience", "wait"):
        found[what] = (comparison.change(what, untold, on_time), comparison.change(what, told, told_on_time))
    return [
        less("A delay of which nobody is told costs external satisfaction", estimate(found["external_satisfaction"][0]), "points"),
        more("The same delay does less harm when it is told", estimate(found["external_satisfaction"][1] - found["external_satisfaction"][0]), "points"),
        more("wait", estimate(found["wait"][0]), "days"),
        more("wait same", estimate(found["wait"][1] - found["wait"][0]), "days"),
        more("ex ", estimate(found["external_experience"][1] - found["external_experience"][0]), "days"),
    ]


STORY = Story(
    __doc__, scenarios, points,
    lambda firm: "" if behind_the_counter(firm) else "department behind those who serve customers",
)

if __name__ == "__main__":
    from sim.cli.telling import main

    main(STORY)
