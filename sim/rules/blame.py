"""C3: blame passing and ping-pong. A failed or unclear request is passed on rather than owned.

What was answered wrongly and comes back from the client, or came unclear in the first place, is put right by a unit that owns
it. Whoever does not puts it on one of the units that it was served by for the case, or back on the one that passed it on last;
those do not own what was never theirs, either. It starts there anew, in the line, with people for whom it is not their
business. The client has met the failure in either case: passing it on hides nothing and is no further try. Forms: no source,
modelling choices.
"""

import numpy as np

from sim import draws
from sim.compiled import part, rule
from sim.population import NOBODY

DISOWN, WHOM, UNCLEAR = int(draws.Purpose.DISOWN), int(draws.Purpose.WHOM), int(draws.Purpose.UNCLEAR)
MOST_HANDOVERS = 12
"""A case passed round this often is kept by whoever has it."""


@rule
def is_unclear(keys, key, share):
    """Tell whether a request came unclear, which stays with it until somebody has answered it. Neutral: share 0."""
    return share > 0.0 and draws.uniform(keys[UNCLEAR], key, 0) < share


@rule
def disowns(ownership, bridge, bridge_effect, u):
    """Tell whether staff pass a request on: with probability (1 - o) (1 - k w), w the bridge to those blamed.

    Neutral: o = 1.
    """
    return u < (1.0 - ownership) * (1.0 - bridge_effect * bridge)


@part
def whom_to_blame(keys, unit, link, supply, row, when):
    """Return the link over which blame goes, or NOBODY: a supplier, each as likely as its share in what the case asked."""
    u = unit[row.unit]
    total = 0.0
    for place in range(u.supplies):
        total += link[supply[u.first_supply + place]].requests_per_case
    if total == 0.0:
        return NOBODY
    reached = draws.uniform(keys[WHOM], row.key, when) * total
    chosen = NOBODY
    for place in range(u.supplies):
        edge = supply[u.first_supply + place]
        if link[edge].requests_per_case > 0.0:
            chosen = edge
            reached -= link[edge].requests_per_case
            if reached < 0.0:
                break
    return chosen


@rule
def goes_back(keys, row, when):
    """Tell whether a case that was passed on goes back to where it came from: a coin decides."""
    return row.came_from != NOBODY and draws.uniform(keys[WHOM], row.key ^ np.uint64(1), when) < 0.5


@rule
def empathy(handovers, lost):
    """Return (1 - k) ** n, the factor on empathy of a client who was passed on n times. Neutral: k = 0."""
    factor = 1.0
    if lost > 0.0:
        for _ in range(int(handovers)):
            factor *= 1.0 - lost
    return factor
