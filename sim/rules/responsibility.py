"""D6: the cut phone line. Three failures, one accident.

A contractor's technician damages something at the customer's; he apologises but sends the customer to the firm (first stage);
the office refuses responsibility because a contractor did it (second); and when the customer insists, it defends the refusal
(third). Each stage has a probability of its own and is an encounter like any other, in which nothing is right. The accident
spoils part of a visit; nobody meant it, and who makes the damage good makes it good. A refusal is meant, and no redress takes
back how one was treated: what the stages cost is not restored with the damage (direction: how staff respond to a failure
weighs more than the failure, Bitner, Booms & Tetreault 1990, doi:10.1177/002224299005400105). The remedy, a company-wide
agreement and training in taking responsibility, prevents a share of each stage: apologise, call the office at once, stay with
the customer until it is solved. Numbers: no source, modelling choices.
"""

from sim.compiled import rule

UNDECIDED, CALLED_AT_ONCE, REFUSED = 0, 1, 2
"""What has happened with a claim so far (column `stage` of a request)."""
OF_THE_VISIT = 0.5
"""Reliability of a visit in which the job was done and something else was damaged."""
DAYS_TO_THE_OFFICE = 1.0
"""Working days until a customer who was sent away turns to the office, and until one who was refused insists."""


@rule
def prevented(agreement, training, effect):
    """Return (1 - k a) (1 - k t): the share of a stage that agreement a and training t leave. Neutral: a = t = 0."""
    return (1.0 - effect * agreement) * (1.0 - effect * training)


@rule
def accident(rate, training, effect, u):
    """Tell whether a job ends with damage: with probability r (1 - k t / 2); trained people are careful, not perfect."""
    return u < rate * (1.0 - 0.5 * effect * training)


@rule
def fails(share, left, u):
    """Tell whether the people at a stage fail the customer: with probability p times what agreement and training leave."""
    return u < share * left
