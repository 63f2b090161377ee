"""E9: no finish line. Competitors improve and the industry moves, so that standing still means falling."""

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
