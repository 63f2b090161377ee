"""The service centre of Oliva & Sterman (2001) as differential equations, integrated by SciPy; nothing of `sim` is used.

Oliva, R. & Sterman, J. D. (2001). Cutting corners and working overtime: quality erosion in the service industry. Management
Science 47(7), 894-914, doi:10.1287/mnsc.47.7.894.9807. Time is in weeks. Demand, and the staff that just meet it at the first
standard, are 1; so is that standard.

The centre as they describe it:

1. service backlog                 dB/dt = demand - fulfilment
2. order fulfilment                s = C / T
3. desired order fulfilment        s* = B / d                     d: target delivery delay
4. desired service capacity        C* = s* T*
5. service capacity                C = L I p                      L: staff, I: work intensity, p: productivity
6. work pressure                   w = (C* - L) / L               with the staff at ordinary intensity and productivity
7. time per order                  T = T* exp(alpha w)            alpha = -0.64, interval -0.71 to -0.52
8. work intensity                  I = exp(beta w)                beta = 0.37
9. standard of time per order      dT*/dt = (T - T*) / tau        tau = 19 weeks where T < T*, practically for ever where T > T*

The next three are our reading of what they describe around it; the published forms are richer (rookies and experienced staff,
attrition by fatigue, authorised vacancies), and these are off unless asked for:

10. fatigue                        dF/dt = (I - F) / f            p = F ** -phi: long hours wear out
11. desired staff                  L* = smoothed (s* T*) over the time in which managers notice
12. staff                          dL/dt = (L* - L) / h           h: hiring delay

Left out: the customers' view of quality and its way back to the standard and to demand; the smallest time in which an order
can be handled. Equations 1 to 9 are all that the agent-based model has of it, in the rules of `sim/rules/pressure.py`.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.integrate import solve_ivp

NEVER = math.inf
"""Weeks in which nothing happens."""
EROSION = 19.0
"""Weeks in which the standard falls to what is done."""


@dataclass(frozen=True, slots=True)
class Centre:
    """Parameters, by the symbols above.

    Attributes
    ----------
    alpha, beta : of time per order and work intensity, each per unit of work pressure
    erosion, recovery : tau of the standard, weeks; equal ones are symmetric adjustment
    target_delay : d, weeks
    beta_in_slack : beta where w < 0; theirs is the same, 0 is a centre that works no more slowly when there is little to do,
        but only more thoroughly
    fatigue, wears_out : phi, and f in weeks
    hiring, notice : h and the time of equation 11, weeks
    first_backlog : in weeks of demand; None starts in balance
    """

    alpha: float = -0.64
    beta: float = 0.37
    erosion: float = EROSION
    recovery: float = NEVER
    target_delay: float = 0.05
    beta_in_slack: float = 0.37
    fatigue: float = 0.0
    wears_out: float = 8.0
    hiring: float = NEVER
    notice: float = 8.0
    first_backlog: float | None = None


@dataclass(frozen=True, slots=True)
class Pulse:
    """Demand of ``1 + size`` from week ``start`` on for ``weeks`` weeks."""

    size: float
    weeks: float
    start: float = 5.0


@dataclass(frozen=True, slots=True)
class Trajectory:
    """What equations 1 to 12 give at ``weeks``."""

    weeks: np.ndarray
    backlog: np.ndarray
    standard: np.ndarray
    staff: np.ndarray
    pressure: np.ndarray
    time: np.ndarray
    intensity: np.ndarray


def work_pressure(centre: Centre, backlog, standard, staff):
    """Return w by equations 3, 4 and 6."""
    desired_capacity = backlog / centre.target_delay * standard
    return desired_capacity / staff - 1


def time_per_order(centre: Centre, pressure, standard):
    """Return T by equation 7."""
    return standard * np.exp(centre.alpha * pressure)


def work_intensity(centre: Centre, pressure):
    """Return I by equation 8."""
    return np.exp(np.where(pressure < 0, centre.beta_in_slack, centre.beta) * pressure)


def change(week: float, state: Sequence[float], centre: Centre, demand: float) -> list[float]:
    """Return the right-hand side of equations 1, 9, 10, 11 and 12."""
    backlog, standard, tired, needed, staff = state
    pressure = work_pressure(centre, backlog, standard, staff)
    time = time_per_order(centre, pressure, standard)
    intensity = float(work_intensity(centre, pressure))
    capacity = staff * intensity * tired**-centre.fatigue
    adjustment = centre.erosion if time < standard else centre.recovery
    return [
        demand - capacity / time,
        (time - standard) / adjustment,
        (intensity - tired) / centre.wears_out,
        (backlog / centre.target_delay * standard - needed) / centre.notice,
        (needed - staff) / centre.hiring,
    ]


def integrate(centre: Centre, pulse: Pulse | None = None, weeks: Sequence[float] = tuple(range(101))) -> Trajectory:
    """Return the trajectories at ``weeks``, which rise from 0; the integration stops wherever demand jumps."""
    wanted = np.asarray(weeks, dtype=float)
    jumps = [0.0] + ([pulse.start, pulse.start + pulse.weeks] if pulse else []) + [float(wanted[-1])]
    backlog = centre.target_delay if centre.first_backlog is None else centre.first_backlog
    state = np.array([backlog, 1.0, 1.0, 1.0, 1.0])
    found = np.empty((5, len(wanted)))
    for begin, end in itertools.pairwise(jumps):
        if end <= begin:
            continue
        demand = 1 + pulse.size if pulse and pulse.start <= begin < pulse.start + pulse.weeks else 1.0
        here = (wanted >= begin) & (wanted <= end)
        solved = solve_ivp(
            change, (begin, end), state, method="LSODA", args=(centre, demand), dense_output=True, rtol=1e-8, atol=1e-10,
            max_step=0.25,
        )  # fmt: skip
        assert solved.success, solved.message
        found[:, here] = solved.sol(wanted[here])
        state = solved.y[:, -1]
    pressure = work_pressure(centre, found[0], found[1], found[4])
    return Trajectory(
        wanted, found[0], found[1], found[4], pressure, time_per_order(centre, pressure, found[1]),
        work_intensity(centre, pressure),
    )  # fmt: skip


def integrate_by_days(centre: Centre, pulse: Pulse | None = None, days: int = 500, per_week: int = 5) -> Trajectory:
    """Return the core (equations 1 to 9) in steps of a day: pressure is looked at each morning and holds until the next.

    The agent-based model looks at its backlog once a day. How far this lies from `integrate` is what that costs.
    """
    standard = 1.0
    backlog = centre.target_delay if centre.first_backlog is None else centre.first_backlog
    rows = []
    for day in range(days + 1):
        week = day / per_week
        pressure = work_pressure(centre, backlog, standard, 1.0)
        time = time_per_order(centre, pressure, standard)
        intensity = float(work_intensity(centre, pressure))
        rows.append((week, backlog, standard, 1.0, pressure, time, intensity))
        demand = 1 + pulse.size if pulse and pulse.start <= week < pulse.start + pulse.weeks else 1.0
        backlog = max(0.0, backlog + (demand - intensity / time) / per_week)
        standard += (time - standard) / (centre.erosion if time < standard else centre.recovery) / per_week
    return Trajectory(*np.array(rows).T)
