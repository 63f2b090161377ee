"""E1: expectations adapt to experience, to promises, and to what competitors offer.

Expectation is held per group of dimensions: *outcome* (reliability) and *process* (the other four), after Parasuraman,
Berry & Zeithaml 1991, who find that reliability concerns the outcome of a service and the others its process.
"""

from sim.compiled import rule
from sim.portable import exp


@rule
def drift(expected, market, rate, days):
    """Return the expectation after ``days`` without contact.

    E(t) = M + (E - M) exp(-rate t): it relaxes toward market quality M, in closed form so that a client without
    contact costs nothing. No source: a modelling choice. Neutral: rate 0.
    """
    if rate == 0.0 or days <= 0.0:
        return expected
    return market + (expected - market) * exp(-rate * days)


@rule
def learn(expected, experienced, weight):
    """Return E + w (Q - E): expectation follows experience (adaptive expectations). Neutral: w = 0."""
    return expected + weight * (experienced - expected)


@rule
def hear_promise(expected, promised, weight):
    """Return E + w (promise - E), once for each need: advertising raises what is expected. Neutral: w = 0."""
    return expected + weight * (promised - expected)
