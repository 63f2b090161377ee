"""The main dial: care put into internal requests relative to external ones.

``internal_service`` c runs from 0 to 1 and 0.5 is the organisation as described; x = 2 c - 1. Care costs the supplier time,
so that more of it can hurt the supplier's other clients. All four effects: no source, modelling choices.
"""

from sim.compiled import rule
from sim.population import AHEAD, BEHIND, ORDINARY


@rule
def lean(internal_service):
    """Return x = 2 c - 1, from -1 (no care) through 0 (as described) to 1."""
    return 2.0 * internal_service - 1.0


@rule
def time_taken(x, care_time):
    """Return k x, the log of the factor on working time: preparation takes time. Neutral: k = 0."""
    return care_time * x


@rule
def explanation(x, care_explanation):
    """Return the factor on assurance and empathy, 1 - k (1 - c) relative to its value at c = 0.5, at most 1 / (1 - k / 2).

    An answer with its reasons reassures; a bare one does not. Neutral: k = 0.
    """
    return (1.0 - 0.5 * care_explanation * (1.0 - x)) / (1.0 - 0.5 * care_explanation)


@rule
def place_in_queue(x, care_priority, u):
    """Return the queue class: ahead of other work with probability k x, behind it with probability -k x."""
    if u >= care_priority * abs(x):
        return ORDINARY
    return AHEAD if x > 0.0 else BEHIND
