"""E3: recovery. Ownership, apology, speed, fair redress; and a second failure is judged harder.

A complaint is answered in an encounter like any other; how it goes shows in its dimensions. Nobody owns it: nothing is right,
nobody seems able or to care. Somebody does: an apology shows in empathy, redress in reliability, speed in responsiveness (the
three kinds of justice, Smith, Bolton & Wagner 1999, doi:10.1177/002224379903600305; Tax, Brown & Chandrashekaran 1998,
doi:10.1177/002224299806200205). A good recovery gives satisfaction back at once but not trust, so that satisfaction may end
above where it was while loyalty does not (de Matos, Henrique & Rossi 2007, doi:10.1177/1094670507303012). Forms: modelling
choices.
"""

from sim.compiled import rule

GOOD = 0.6
"""Quality from which a recovery makes the failure good."""


@rule
def reliability(outcome, owned, redress, redress_weight):
    """Return R (1 - k (1 - r)) when the complaint is owned, with redress r, and 0 when it is not. Neutral: k = 0."""
    return outcome * (1.0 - redress_weight * (1.0 - redress)) if owned else 0.0


@rule
def empathy(warmth, owned, apologised, apology_weight):
    """Return the empathy of an answer to a complaint: less k without an apology, none without an owner. Neutral: k = 0."""
    if not owned:
        return 0.0
    return warmth if apologised else warmth * (1.0 - apology_weight)


@rule
def given_back(satisfaction, loss, quality, restores):
    """Return S + k Q x, at most 1: a recovery of quality Q gives back satisfaction that failures cost, x. Neutral: k = 0."""
    return min(1.0, satisfaction + restores * quality * loss)


@rule
def harder(recovered, second_failure):
    """Return the factor on a shortfall: d after a failure that was made good before, else 1. Neutral: d = 1."""
    return second_failure if recovered == 1 else 1.0
