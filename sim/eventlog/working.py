"""Working time and staff of every unit, and how long its work then queues."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sim.eventlog import estimate
from sim.eventlog.log import Log

FEWEST_WITH_WORK = 20
"""Tickets with working time from which on the log's own column is used."""


def working(
    log: Log, visits: pd.DataFrame, unit_of: dict[str, str], people: dict[str, int], per_day: float, hours_per_day: float,
    notes: list[str],
) -> tuple[dict[str, float], dict[str, int], bool]:  # fmt: skip
    """Return working hours a visit and staff of every unit, and whether the log itself holds working times.

    Parameters
    ----------
    visits : stays by ``unit``, one row a stay, sorted by case, without time spent waiting for other units
    people : assignees of each unit, where the log names them
    per_day : tickets a working day, those between teams included
    """
    known = {unit: max(count, 1) for unit, count in people.items() if count > 0}
    worked = log.cases["work"].to_numpy()
    has_work = np.isfinite(worked) & (worked > 0) & ~log.cases["open"].to_numpy()
    measured = bool(has_work.sum() >= FEWEST_WITH_WORK)
    held: list[str] = []
    if measured:
        hours = _split(log, visits, has_work)
        notes.append(
            "from the log: working time per visit (the log's own column, split by least squares among the teams that a "
            "ticket visited; a ticket that came back was worked on once more)"
        )
    else:
        hours, held = estimate.working_hours(visits, known, per_day, hours_per_day)
        notes.append(
            "estimated: working time per visit (hours_per_request): not in the log. The quickest quarter of stays "
            "bounds it from above; the rest of each stay counts as rest"
        )
    if held:
        notes.append(f"held down: working time at {len(held)} units, whose staff would else be over 70 % busy")
    loads = _loads(visits, hours, per_day, hours_per_day)
    staff, sized = {}, 0
    for unit in hours:
        needed = int(np.ceil(loads[unit] / estimate.MOST_UTILISATION)) or 1
        if unit in known:
            staff[unit] = known[unit] if not measured else max(known[unit], int(np.ceil(loads[unit] / MOST_BUSY)))
        else:
            staff[unit] = needed
            sized += 1
    if known:
        notes.append("from the log: staff, the most different assignees seen at a team in one week")
    if sized:
        notes.append(
            f"estimated: staff of {sized} units for which the log names nobody, so that they are at most 70 % busy"
        )
    return hours, staff, measured


MOST_BUSY = 0.95
"""Share of their time that staff whom the log names can be at work, by the log's own working times."""


def _split(log: Log, visits: pd.DataFrame, has_work: np.ndarray) -> dict[str, float]:
    """Return hours a visit of each unit: ridge regression of a ticket's hours on how often each unit worked on it.

    Normal equations with `estimate.BORROWED` visits at the mean of all added to each unit: where every ticket visits one
    unit, that is the shrunken mean of the unit's tickets.
    """
    units = sorted(set(visits["unit"]))
    row = {unit: place for place, unit in enumerate(units)}
    counts = np.zeros((len(log.cases), len(units)))
    np.add.at(counts, (visits["case"].to_numpy(), visits["unit"].map(row).to_numpy(dtype=int)), 1.0)
    again = np.nan_to_num(log.cases["reopened"].to_numpy(dtype=float))
    last = visits.groupby("case")["unit"].last().map(row).reindex(range(len(counts))).to_numpy(dtype=int)
    counts[np.arange(len(counts)), last] += again
    counts, worked = counts[has_work], log.cases["work"].to_numpy()[has_work]
    mean = float(np.clip(worked.sum() / counts.sum(), 1e-3, 1000))
    gram = counts.T @ counts + estimate.BORROWED * np.eye(len(units))
    hours = np.linalg.solve(gram, counts.T @ worked + estimate.BORROWED * mean)
    return {unit: float(max(value, 1e-3)) for unit, value in zip(units, hours, strict=True)}


def _loads(visits: pd.DataFrame, hours: dict[str, float], per_day: float, hours_per_day: float) -> dict[str, float]:
    """Return the people that the work of each unit keeps busy."""
    stays = visits["unit"].value_counts()
    cases = max(1, visits["case"].nunique())
    return {unit: per_day * float(stays[unit]) / cases * hours[unit] / hours_per_day for unit in hours}


def queueing(
    visits: pd.DataFrame,
    hours: dict[str, float],
    staff: dict[str, int],
    per_day: float,
    hours_per_day: float,
    spread: float,
) -> dict[str, float]:
    """Return the mean time that work queues at each unit, in working days, as a line with several servers has it.

    Sakasegawa 1977, Annals of the Institute of Statistical Mathematics 29, 67–75: W = h ρ^(√(2(c+1)) − 1) / (c (1 − ρ)) ×
    (1 + spread²) / 2 with c staff who are busy for a share ρ of their time and work h on each request.
    """
    loads = _loads(visits, hours, per_day, hours_per_day)
    out = {}
    for unit, load in loads.items():
        servers = staff[unit]
        busy = min(load / servers, MOST_BUSY)
        wait = hours[unit] / hours_per_day * busy ** (np.sqrt(2 * (servers + 1)) - 1) / (servers * (1 - busy))
        out[unit] = float(wait * (1 + spread**2) / 2)
    return out
