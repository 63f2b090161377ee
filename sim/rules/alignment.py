"""C6: alignment of the day's priorities with customers' needs, instead of each department's own target.

A unit that works for its own target, getting rid of work fast, closes requests sooner and worse, and lets wait what does not
count for the target: complaints, claims and faults. Multitask agents do what is measured (Holmstrom & Milgrom 1991,
doi:10.1093/jleo/7.special_issue.24). Forms: modelling choices.
"""

from sim.compiled import rule


@rule
def pace(alignment, speed):
    """Return -k (1 - a), the log of the factor on working time. Neutral: a = 1."""
    return -speed * (1.0 - alignment)


@rule
def errors(alignment, effect):
    """Return the rise in the log odds of an error, k (1 - a). Neutral: a = 1."""
    return effect * (1.0 - alignment)


@rule
def puts_off(alignment, u):
    """Tell whether work that does not count for the unit's own target waits behind all other: with probability 1 - a."""
    return u < 1.0 - alignment
