"""What callers had been promised, and how often an answer had to be put right."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sim.eventlog import estimate
from sim.eventlog.log import Log
from sim.eventlog.people import base_error
from sim.eventlog.quantiles import survival_quantiles

REOPEN_RATE = 0.5
FEWEST_FOR_A_LIMIT = 30
USUAL_PROMISE = 0.8
"""Where a log has no time limits, the promise is what this share of tickets met: a convention."""


def limits(log: Log, visits: pd.DataFrame, units: list[str], notes: list[str]) -> tuple[dict[str, float], str]:
    """Return the promise of each door, in working days."""
    cases = log.cases
    door = visits.loc[visits["place"] == 0].set_index("case")["unit"].reindex(range(len(cases)))
    days, flag = cases["days"].to_numpy(), cases["made_sla"].to_numpy()
    ok = np.isfinite(days) & np.isfinite(flag)
    due = np.isfinite(cases["due"].to_numpy()) & (cases["due"] >= cases["opened"]).to_numpy()
    if due.mean() > 0.3:
        allowed = log.calendar.between(cases["opened"].to_numpy(), cases["due"].to_numpy())
        overall = max(float(np.median(allowed[due])), 0.001)
        limits = {u: _median_of(allowed[due & (door == u).to_numpy()], overall) for u in units}
        notes.append(
            f"from the log: promises, the median time from opening to the due date (all: {overall:.3g} working days)"
        )
        return limits, "due"
    if ok.sum() >= FEWEST_FOR_A_LIMIT and 0.01 < flag[ok].mean() < 0.99:
        overall, wrong = estimate.best_limit(days[ok], flag[ok])
        hours_limit, hours_wrong = estimate.best_limit(cases["hours"].to_numpy()[ok], flag[ok])
        limits = {}
        for unit in units:
            mine = ok & (door == unit).to_numpy()
            mixed = log.path_seen and mine.sum() >= FEWEST_FOR_A_LIMIT and 0.05 < flag[mine].mean() < 0.95
            limits[unit] = estimate.best_limit(days[mine], flag[mine])[0] if mixed else overall
        notes.append(
            "estimated: promises. The log says whether a promise was kept, not what it was; the limit that best "
            f"tells kept from broken is {overall:.3g} working days ({wrong:.1%} of tickets on the wrong side; on the "
            f"wall clock {hours_limit:.3g} hours, {hours_wrong:.1%}); doors with {FEWEST_FOR_A_LIMIT} tickets and "
            "more have their own"
        )
        by_priority = [(p, g) for p, g in cases[ok].groupby("priority") if p and len(g) >= 10]
        if len(by_priority) > 1:
            parts = "; ".join(f"{p}: {g['made_sla'].mean():.0%} kept of {len(g)}" for p, g in by_priority)
            notes.append(f"the model knows no priorities; in the log they matter for promises: {parts}")
        return limits, "flag"
    usual = float(survival_quantiles(cases, "days", (USUAL_PROMISE,))[0])
    usual = usual if np.isfinite(usual) else float(np.nanmax(days))
    notes.append(
        f"left at a convention: promises. The log has no time limits; {USUAL_PROMISE:.0%} of its tickets were "
        f"resolved within {usual:.3g} working days, which is taken as promised"
    )
    return dict.fromkeys(units, max(usual, 0.001)), "usual"


def _median_of(values: np.ndarray, otherwise: float) -> float:
    return max(float(np.median(values)), 0.001) if len(values) >= 10 else otherwise


def reopening(log: Log, notes: list[str]) -> tuple[float | None, float | None]:
    """Return error rate and reopen rate that give the share reopened, or None where the log says nothing of it."""
    reopened = log.cases["reopened"].dropna()
    if reopened.empty:
        notes.append("left at the default: error_rate and reopen_rate; the log says nothing about reopening")
        return None, None
    share = float((reopened > 0).mean())
    rate = REOPEN_RATE if share < 0.3 else 0.95
    wrong = min(share / rate, 0.9)
    notes.append(
        f"from the log: {share:.2%} of tickets were reopened = share answered wrongly × share of those that callers "
        f"send back. The log shows only the product; the second is set to {rate:g}, no source"
    )
    return base_error(wrong), rate
