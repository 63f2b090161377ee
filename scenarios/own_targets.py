"""Own targets: every department meets its own figure, and customers pay for it.

Story: Each department is given a target of its own: get requests off the desk, and fast. People do as they are measured. A
request is looked at for a shorter time, what is not counted waits, and what comes back wrong is somebody else's figure. Every
department's own figure improves. In a second firm the targets weigh only half, beside what customers need.

Question: Can every department do better by its own figure while customers are worse off?

Levers: alignment of all departments and contractors, from the first day on.

Look for: days in the department.
"""

import numpy as np

from sim.chain import ServiceChain
from sim.compare import Comparison
from sim.estimates import estimate
from sim.interventions import Intervention
from sim.scenario import Scenario
from sim.story import Point, Story, less


def scenarios(firm: ServiceChain) -> list[Scenario]:
    """Return the firm that works for its customers, for both, and for its own targets."""
    aligned = Scenario("Customers' needs", firm, days=250, runs=12)
    return [
        aligned,
        aligned.what_if("Halfway", Intervention("alignment", 0.5)),
        aligned.what_if("Own targets", Intervention("alignment", 0.0)),
    ]


def points(comparison: Comparison) -> list[Point]:
    """Return what departments win and customers lose."""
    out=[]
    for n in comparison.names[1:]:
        for u in comparison.parts["unit"].names:
            d=estimate(100*(comparison.part("unit",u,"time_in_unit",n)/comparison.part("unit",u,"time_in_unit",0)-1))
            d2=comparison.part_difference("unit",u,"queued",n)
            out.append(less(n+" "+u+f" {np.mean(comparison.part('unit',u,'time_in_unit',0)):.2f} q {d2.text(1)} served {comparison.part_difference('unit',u,'served',n).text(1)}",d,"%"))
    return out


STORY = Story(__doc__, scenarios, points)

if __name__ == "__main__":
    from sim.cli.telling import main

    main(STORY)
