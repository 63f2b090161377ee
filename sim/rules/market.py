"""E9: no finish line. Competitors improve and the industry moves, so that standing still means falling.

What competitors are known for is what customers' expectations drift toward (E1), what they hold an encounter against when they
talk (E7), and where they could go instead: how good the alternatives are lowers commitment beside satisfaction (Rusbult 1980,
doi:10.1016/0022-1031(80)90007-4; form and size: modelling choices).
"""

from sim.compiled import rule
from sim.levers import DAYS_PER_YEAR
from sim.portable import exp

_DAYS = float(DAYS_PER_YEAR)


@rule
def quality(first, pace, day):
    """Return m(t) = 1 - (1 - m0) exp(-p t / 250), what competitors are known for on day t. Neutral: p = 0.

    Competitors make up each year for a share of what they still lack. No source: a modelling choice.
    """
    return 1.0 - (1.0 - first) * exp(-pace * day / _DAYS) if pace > 0.0 else first


@rule
def attachment(loyalty, first, now, pull):
    """Return L - w (m(t) - m0): loyalty less what competitors have gained since the first day. Neutral: w = 0, or m = m0."""
    return loyalty - pull * (now - first)
