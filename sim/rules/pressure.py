"""A4: pressure cuts corners, and the standard erodes toward what is done.

Work pressure is wp = backlog / promise - 1, both in working days: desired over available service capacity, less 1, as in
Oliva & Sterman 2001 (doi:10.1287/mnsc.47.7.894.9807). From them come the time per request T = T* exp(-a wp), a = 0.64, the
work intensity exp(b wp), b = 0.37, and the erosion of the internal standard T* toward T. They let slack (wp < 0) lengthen
the time per request with the same a; here it has a coefficient of its own, 0 by default, so that a quiet unit works as its
organisation file says.
"""

from sim.compiled import rule
from sim.portable import exp, log

MOST_PRESSURE = 1.5
"""Pressure beyond this has no further effect: outside the range of the data behind the equation."""


@rule
def work_pressure(backlog_days, promise_days):
    """Return wp = backlog / promise - 1, held between 0 and `MOST_PRESSURE`; both in working days."""
    return min(MOST_PRESSURE, max(0.0, backlog_days / promise_days - 1.0))


@rule
def slack(backlog_days, promise_days):
    """Return -wp = 1 - backlog / promise where that is above 0: how far there is less to do than the promise allows."""
    return max(0.0, 1.0 - backlog_days / promise_days)


@rule
def time_per_request(pressure, spare, speed_up, slow_down):
    """Return T / T* = exp(-a wp) under pressure, exp(d s) with slack s. Neutral: a = 0, d = 0."""
    if pressure > 0.0:
        return exp(-speed_up * pressure)
    return exp(slow_down * spare) if slow_down > 0.0 else 1.0


@rule
def pace(pressure, spare, standard, speed_up, work_intensity, slow_down):
    """Return ln T* - (a + b) wp + d s, the log of the factor on working time: less time per request, and more effort."""
    return log(standard) - (speed_up + work_intensity) * pressure + slow_down * spare


@rule
def standard_after(standard, time_factor, erosion, recovery):
    """Return T* + r (T - T*) after a day: r is the erosion where less time is taken, and the recovery where more.

    Oliva & Sterman 2001: the standard falls in about 19 weeks (95 working days) and practically never rises. Neutral: 0.
    """
    return standard + (erosion if time_factor < standard else recovery) * (time_factor - standard)


@rule
def corners_cut(time_factor, corner_cutting):
    """Return the rise in the log odds of an error, k (1 - T / T0). No source: a modelling choice. Neutral: k = 0."""
    return corner_cutting * (1.0 - time_factor)
