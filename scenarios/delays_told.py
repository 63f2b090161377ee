"""Delays, told: a season in which a supplier inside is late, and whoever serves the customer knows of it, or does not.

Story: The department on which those at the counter lean most has to wait for an outside vendor, for a whole season: each
request to it rests for half as long as customers were promised an answer within. Nobody can make it faster. In one firm the
counter hears nothing and says nothing. In the other a common platform shows everybody concerned what the delay is and how
long it will be, and they tell those whom they serve.

Question: How much less harm does a delay do when everybody concerned is told how long it will be?

Levers: pause_share and pause_days of the supplier with most requests from those who serve customers, from the third month on;
platform and waiting_information everywhere.

Look for: what the delay costs in external satisfaction when nobody is told, and when everybody is. Telling is worth something
without any delay, too; that is taken off, so that what is compared is the harm of the same delay. It does most for waits
about as long as customers accept, and little for those who have to wait much longer anyway. Nobody's work gets faster; where
waits shorten nevertheless, it is because those who know do not complain and come back.
"""

import numpy as np

from sim.chain import ServiceChain
from sim.compare import Comparison
from sim.estimates import estimate
from sim.interventions import Intervention
from sim.scenario import Scenario, Setting
from sim.story import Point, Story, faces, less, more

SEASON = 40
"""Day on which the season begins; it lasts to the end of the story."""


def leaned_on(firm: ServiceChain) -> dict[str, float]:
    """Return who serves those who serve customers, with their requests a day from them."""
    counter, load = faces(firm), dict.fromkeys(firm.units, 0.0)
    for (supplier, client), rate in firm.link_rates().items():
        load[supplier] += rate if client in counter else 0.0
    return {unit: rate for unit, rate in load.items() if rate > 0}


def late(firm: ServiceChain) -> str:
    """Return the supplier with most requests from those who serve customers."""
    load = leaned_on(firm)
    return min(load, key=lambda unit: (-load[unit], unit))


def promised(firm: ServiceChain) -> float:
    """Return the days within which those whom the late supplier serves have promised customers an answer, on average."""
    rates = firm.link_rates()
    doors = [edge for edge in rates if edge[1] in firm.segments and (late(firm), edge[0]) in firm.links]
    return float(np.average([firm.value("promise_days", *one) for one in doors], weights=[rates[one] for one in doors]))


def scenarios(firm: ServiceChain) -> list[Scenario]:
    """Return the firm on time and late, when nobody is told and when everybody is."""
    silent = Setting("platform", 0), Setting("waiting_information", 0)
    telling = Intervention("platform", 1), Intervention("waiting_information", 1)
    delay = (
        Intervention("pause_share", 1, late(firm), start=SEASON),
        Intervention("pause_days", promised(firm) / 2, late(firm), start=SEASON),
    )
    on_time = Scenario("On time, untold", firm, levers=silent, days=120, runs=24)
    return [
        on_time,
        on_time.what_if("Late, untold", *delay),
        on_time.what_if("On time, told", *telling),
        on_time.what_if("Late, told", *telling, *delay),
    ]


def points(comparison: Comparison) -> list[Point]:
    """Return what the delay does where nobody is told, and how much less where everybody is."""
    on_time, untold, on_time_told, told = comparison.names
    harm = comparison.change("external_satisfaction", untold, on_time)
    told_harm = comparison.change("external_satisfaction", told, on_time_told)
    return [
        less("A delay of which nobody is told lowers external satisfaction", estimate(harm), "points"),
        more("The same delay does less harm where everybody is told", estimate(told_harm - harm), "points"),
        more(
            "Customers of the late firm that tells are more satisfied than those of the late one that does not",
            comparison.difference("external_satisfaction", told, untold),
            "points",
        ),
    ]


STORY = Story(
    __doc__, scenarios, points, lambda firm: "" if leaned_on(firm) else "unit that serves those who serve customers"
)

if __name__ == "__main__":
    from sim.cli.telling import main

    main(STORY)
