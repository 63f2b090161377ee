"""B2: motivation comes from how one is served inside, and from the other conditions of work, not pay alone."""

from sim.compiled import rule

ORDINARY_MOTIVATION = 0.6
"""Motivation at which error rates are those of the organisation file."""


@rule
def recognition_received(recognition, span, attention, staff):
    """Return recognition times min(1, A span / staff): so many people the managers' attention A, in days, reaches in full."""
    return recognition * min(1.0, attention * span / staff)


@rule
def conditions(unit):
    """Return the mean of tools, environment, communication, growth, belonging, pay and recognition received."""
    return (
        unit.tools_now
        + unit.environment
        + unit.communication
        + unit.growth
        + unit.belonging
        + unit.pay
        + unit.recognition_received
    ) / 7.0


@rule
def grounds(conditions_of_work, service_received, weight):
    """Return M* = (1 - w) conditions + w service received: what motivation moves toward. Neutral: w = 0.

    The weight of internal service among the sources of motivation follows the service-profit chain (Heskett et al. 1994);
    the linear form and the size: a modelling choice.
    """
    return (1.0 - weight) * conditions_of_work + weight * service_received


@rule
def toward(motivation, target, rate):
    """Return M + r (M* - M), once a day. Neutral: r = 0."""
    return motivation + rate * (target - motivation)


@rule
def empathy(motivation, trust_in_client, motivation_effect, trust_effect):
    """Return (1 - a (1 - M)) (1 - b (1 - T)): warmth of the server toward this client. Neutral: a = b = 0."""
    return (1.0 - motivation_effect * (1.0 - motivation)) * (1.0 - trust_effect * (1.0 - trust_in_client))


@rule
def tangibles(tools, environment, handed_over, tools_effect, environment_effect):
    """Return (1 - a (1 - tools)) (1 - b (1 - environment)) times the state of what is handed over."""
    return (1.0 - tools_effect * (1.0 - tools)) * (1.0 - environment_effect * (1.0 - environment)) * handed_over


@rule
def errors(motivation, effect):
    """Return the rise in the log odds of an error, k (0.6 - M). Neutral: k = 0."""
    return effect * (ORDINARY_MOTIVATION - motivation)
