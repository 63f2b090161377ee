"""A4: pressure cuts corners.

Work pressure wp is the backlog against what can be served in the promised time, less 1, and not below 0. Time per request
and effort follow Oliva & Sterman 2001 (doi:10.1287/mnsc.47.7.894.9807): T = T* exp(-a wp) with a = 0.64, work
intensity exp(b wp) with b = 0.37. They let slack lengthen the time per request as well; here slack does nothing, so that a
quiet unit works as its organisation file says.
"""

from sim.compiled import rule
from sim.portable import exp

MOST_PRESSURE = 1.5
"""Pressure beyond this has no further effect: outside the range of the data behind the equation."""


@rule
def work_pressure(backlog_days, promise_days):
    """Return wp = backlog / promise - 1, held between 0 and `MOST_PRESSURE`; both in working days."""
    return min(MOST_PRESSURE, max(0.0, backlog_days / promise_days - 1.0))


@rule
def time_per_request(pressure, speed_up):
    """Return T / T* = exp(-a wp). Neutral: a = 0."""
    return exp(-speed_up * pressure) if pressure > 0.0 else 1.0


@rule
def pace(pressure, speed_up, work_intensity):
    """Return -(a + b) wp, the log of the factor on working time: less time per request, and more effort."""
    return -(speed_up + work_intensity) * pressure


@rule
def corners_cut(time_factor, corner_cutting):
    """Return the rise in the log odds of an error, k (1 - T / T*). No source: a modelling choice. Neutral: k = 0."""
    return corner_cutting * (1.0 - time_factor)
