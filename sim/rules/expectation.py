"""E1: expectations adapt to experience, to promises, and to what competitors offer.

Expectation is held per group of dimensions: *outcome* (reliability) and *process* (the other four), after Parasuraman,
Berry & Zeithaml 1991, who find that reliability concerns the outcome of a service and the others its process.
"""

from sim.compiled import rule
from sim.portable import exp


@rule
def kept(rate, days):
    """Return exp(-rate t): the share of the distance from market quality that is left after ``days`` without contact.

    No source: a modelling choice. Neutral: rate 0.
    """
    return exp(-rate * days) if rate > 0.0 and days > 0.0 else 1.0


@rule
def drift(expected, market, share_kept):
    """Return E + (M - E) (1 - exp(-rate t)): an expectation relaxes toward market quality M.

    In closed form, so that a client without contact costs nothing; ``share_kept`` comes from `kept`. Written so that with
    all of it kept, E comes back to the last bit.
    """
    return expected + (market - expected) * (1.0 - share_kept)


@rule
def learn(expected, experienced, weight):
    """Return E + w (Q - E): expectation follows experience (adaptive expectations). Neutral: w = 0."""
    return expected + weight * (experienced - expected)


@rule
def satisfied_at_first(expected, gap):
    """Return E + g, held between 0 and 1: satisfaction and trust of a client on the first day.

    A gap g below 0 says that clients have been served worse than they expect; surveys tell (`sim.client`). Whoever comes later
    begins as expected. No source: a modelling choice. Neutral: g = 0.
    """
    return min(1.0, max(0.0, expected + gap))


@rule
def hear_promise(expected, promised, weight):
    """Return E + w (promise - E), once for each need: advertising raises what is expected. Neutral: w = 0."""
    return expected + weight * (promised - expected)
