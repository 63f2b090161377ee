"""E7: loyalty, churn, word of mouth, new customers."""

from sim.compiled import rule
from sim.levers import DAYS_PER_YEAR
from sim.portable import exp, log

MERELY_SATISFIED = 0.75
"""Satisfaction at which the churn of the organisation file holds."""
PROMOTER, DETRACTOR = 0.85, 0.65
"""Satisfaction from which a customer answers 9 or 10, and below which 6 or less, on the 0-10 recommendation scale."""

_DAYS = float(DAYS_PER_YEAR)


@rule
def loyalty(satisfaction, trust, trust_weight):
    """Return L = (1 - w) S + w T."""
    return (1.0 - trust_weight) * satisfaction + trust_weight * trust


@rule
def hazard_at_a_need(churn, needs_per_year):
    """Return h0 = -ln(1 - churn) / needs per year: the hazard of leaving at a need for the merely satisfied."""
    return -log(1.0 - churn) / needs_per_year if churn > 0.0 and needs_per_year > 0.0 else 0.0


@rule
def leaving_probability(hazard, attachment, sensitivity):
    """Return the probability that a customer goes elsewhere when the next need arises.

    P = 1 - exp(-h), h = h0 exp(-k (L - 0.75)), h0 from `hazard_at_a_need`. A proportional hazard of leaving at each
    purchase, so that loyalty is convex at the top: the hazard at L = 0.95 is a fifth of that at 0.75 with k = 8 (Jones &
    Sasser 1995: about six times more loyal). Neutral: churn = 0, which makes h0 = 0.
    """
    if hazard == 0.0:
        return 0.0
    return 1.0 - exp(-hazard * exp(-sensitivity * (attachment - MERELY_SATISFIED)))


@rule
def talk(judgement, market_quality, bad_news):
    """Return what one encounter adds to what people say: judgement less market quality, more when it is negative."""
    gap = judgement - market_quality
    return gap * bad_news if gap < 0.0 else gap


@rule
def reputation_after(reputation, mean_talk, memory_days):
    """Return R + (talk - R) / memory, once a day on which anybody was served."""
    return reputation + (mean_talk - reputation) / memory_days


@rule
def newcomers_per_day(start_size, new_customers, reputation, word_of_mouth):
    """Return n0 a / 250 exp(k R): arrivals per day at reputation R. Neutral: k = 0 (no word of mouth), a = 0 (nobody)."""
    return start_size * new_customers / _DAYS * exp(word_of_mouth * reputation)
