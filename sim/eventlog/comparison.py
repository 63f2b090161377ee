"""The figures that a derived organisation has to reproduce: of the log, of the simulation, and side by side.

Simulated times are mapped from working days back to the log's clock, case by case, before any figure is taken. So both
sides are measured alike: hours on the wall clock from opening to resolution, nights and weekends included.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sim.chain import ServiceChain
from sim.eventlog.fitting import Derived
from sim.eventlog.log import Log
from sim.eventlog.quantiles import survival_quantiles

DRAWS = 400
MOST_RESAMPLED = 20_000
MOST_SIMULATED = 20_000
"""Cases of one run that are enough: the runs of a longer log cover a part of its period."""
WARM_UP = 20
"""Working days that run before the first case counts."""

FIGURES: dict[str, tuple[str, str]] = {
    "arrivals_per_day": ("tickets a working day", "taken from the log"),
    "median_hours": ("median resolution time, clock hours", "adjusted to the log"),
    "p90_hours": ("90th percentile of it, clock hours", "adjusted to the log"),
    "median_days": ("median resolution time, working days", "adjusted to the log"),
    "p90_days": ("90th percentile of it, working days", "adjusted to the log"),
    "reassigned": ("share reassigned", "adjusted to the log"),
    "handovers": ("handovers a ticket", "predicted"),
    "reopened": ("share reopened", "set from the log"),
    "within_sla": ("share within SLA", "limit estimated from the log, share predicted"),
}
"""Figure → (what it is, how far it is fitted by construction)."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure with its 95 % interval: by bootstrap over tickets (log), or over seeds (simulation)."""

    value: float
    low: float
    high: float


def figures(log: Log, *, seed: int = 0, draws: int = DRAWS) -> dict[str, Figure]:
    """Return the figures of a log, each with a bootstrap interval; of customers' tickets, where others are among them.

    Tickets are drawn again with replacement (Efron 1979, doi:10.1214/aos/1176344552); from more than 20,000, samples of
    20,000 are drawn and the interval is narrowed by the root of the ratio. The interval of arrivals takes them as a
    Poisson process.
    """
    cases = log.outer.cases
    values = _of_cases(cases)
    inside = ((cases["opened"] >= log.window[0]) & (cases["opened"] <= log.window[1])).sum()
    days = max(log.window_days, 0.05)
    random = np.random.default_rng(seed)
    size = min(len(cases), MOST_RESAMPLED)
    again = [_of_cases(cases.iloc[random.integers(0, len(cases), size)]) for _ in range(draws)]
    narrow = float(np.sqrt(size / len(cases)))
    out = {}
    for name, value in values.items():
        sample = np.array([one[name] for one in again])
        sample = sample[np.isfinite(sample)]
        if len(sample) and np.isfinite(value):
            low, high = (value + narrow * (q - value) for q in np.quantile(sample, [0.025, 0.975]))
        else:
            low = high = float("nan")
        out[name] = Figure(value, float(low), float(high))
    rate, margin = (inside - 1) / days, 1.96 * float(np.sqrt(inside)) / days
    return {"arrivals_per_day": Figure(float(rate), float(rate - margin), float(rate + margin)), **out}


def _of_cases(cases: pd.DataFrame) -> dict[str, float]:
    median_hours, p90_hours = survival_quantiles(cases, "hours", (0.5, 0.9))
    median_days, p90_days = survival_quantiles(cases, "days", (0.5, 0.9))
    return {
        "median_hours": median_hours, "p90_hours": p90_hours, "median_days": median_days, "p90_days": p90_days,
        "reassigned": _share(cases["reassigned"]), "handovers": float(cases["reassigned"].mean()),
        "reopened": _share(cases["reopened"]), "within_sla": float(cases["made_sla"].mean()),
    }  # fmt: skip


def _share(counts: pd.Series) -> float:
    known = counts.dropna()
    return float((known > 0).mean()) if len(known) else float("nan")


def period(log: Log, derived: Derived) -> float:
    """Return the working days to simulate: those of the log, or as many whole weeks as give `MOST_SIMULATED` cases."""
    days = max(log.window_days, 0.05)
    week = log.calendar.days_per_week
    return min(days, max(week, MOST_SIMULATED / derived.per_day // week * week))


def simulate(
    chain: ServiceChain, log: Log, derived: Derived, seed: int, *, days: float | None = None, warm_up: int = WARM_UP
) -> pd.DataFrame:
    """Run a derived chain over the period of its log and return its cases like those of the log.

    Cases that are opened in the period count. The run goes on, with new cases coming as before, for twice the time that
    all but one in 200 of the log's tickets took; the rare case that is not done by then is missing.

    Parameters
    ----------
    chain : `Derived.chain`, or a changed copy of it
    days : working days of the period; where not given, those of the log, but no more than `period` says
    warm_up : working days before it, so that the first cases do not find an empty house
    """
    from sim.model import ServiceModel

    length = days if days is not None else period(log, derived)
    model = ServiceModel(chain, seed=seed, journal=True)
    took = np.concatenate([log.cases["days"].dropna(), log.cases["open_days"].dropna()])
    model.run(warm_up + int(np.ceil(length)) + int(np.ceil(2 * np.quantile(took, 0.995))) + 5)
    journal = model.journal
    roots = journal[(journal["parent"] == 0) & (journal["opened"] >= warm_up) & (journal["opened"] < warm_up + length)]
    start = float(log.calendar.to_working(log.window[0]))
    opened = log.calendar.to_clock(start + roots["opened"].to_numpy() - warm_up)
    closed = log.calendar.to_clock(start + roots["closed"].to_numpy() - warm_up)
    made = roots["in_time"].to_numpy(dtype=float) if derived.limit_source != "usual" else np.full(len(roots), np.nan)
    blank = np.full(len(roots), np.nan)
    return pd.DataFrame(
        {
            "opened": opened, "resolved": closed, "hours": (closed - opened) / 3600.0,
            "days": (roots["closed"] - roots["opened"]).to_numpy(),
            "reassigned": roots["handovers"].to_numpy(dtype=float),
            "reopened": roots["reopened"].to_numpy(dtype=float), "made_sla": made, "open": False, "open_hours": blank,
            "open_days": blank,
        }
    )  # fmt: skip


def simulated_figures(
    chain: ServiceChain, derived: Derived, seeds: Sequence[int], *, log: Log, warm_up: int = WARM_UP,
    progress: Callable[[int], None] | None = None,
) -> dict[str, Figure]:  # fmt: skip
    """Return the same figures from simulation: of the cases of all runs together, and the range of 95 % of runs.

    The range is that of a normal distribution with the spread over seeds; no figure can be below 0. A median on the
    wall clock may fall on either side of a night or a weekend, so figures are taken of all cases, not averaged.
    """
    days = period(log, derived)
    runs, cases = [], []
    for count, seed in enumerate(seeds):
        cases.append(simulate(chain, log, derived, seed, warm_up=warm_up))
        runs.append({"arrivals_per_day": len(cases[-1]) / days, **_of_cases(cases[-1])})
        if progress is not None:
            progress(count + 1)
    together = pd.concat(cases, ignore_index=True)
    values = {"arrivals_per_day": len(together) / days / len(runs), **_of_cases(together)}
    spread = pd.DataFrame(runs).std(ddof=1)
    out = {}
    for name, value in values.items():
        margin = 1.96 * float(spread[name])  # NaN for one run
        out[name] = Figure(value, max(0.0, value - margin) if margin == margin else float("nan"), value + margin)
    return out


def compare_table(of_log: dict[str, Figure], of_simulation: dict[str, Figure]) -> pd.DataFrame:
    """Return log beside simulation: value and interval of both, difference, and how far each figure is fitted."""
    rows = []
    for name, (what, fitted) in FIGURES.items():
        a, b = of_log[name], of_simulation[name]
        if not np.isfinite(a.value):
            continue
        rows.append(
            {
                "figure": what, "log": a.value, "log_low": a.low, "log_high": a.high, "simulation": b.value,
                "simulation_low": b.low, "simulation_high": b.high, "difference": b.value - a.value,
                "relative": b.value / a.value - 1 if a.value else float("nan"), "fitted": fitted,
            }
        )  # fmt: skip
    return pd.DataFrame(rows).set_index("figure")


def table_lines(table: pd.DataFrame) -> list[str]:
    """Return the table as lines for people; with a verdict, where the table has one."""

    def show(name: str, value: float) -> str:
        if not np.isfinite(value):
            return "–"
        return f"{100 * value:.1f} %" if "share" in name else f"{value:.3g}" if abs(value) < 1000 else f"{value:,.0f}"

    judged = "verdict" in table
    heads = ("", "log", "(95 %)", "simulation", "(95 % of runs)", "difference")
    rows = [(*heads[:1], "the rest", *heads[2:], "verdict") if judged else heads]
    for name, row in table.iterrows():
        which = str(name)
        off = f"{100 * row['difference']:+.1f} points" if "share" in which else f"{100 * row['relative']:+.0f} %"
        rows.append(
            (
                which, show(which, row["log"]), f"({show(which, row['log_low'])} to {show(which, row['log_high'])})",
                show(which, row["simulation"]),
                f"({show(which, row['simulation_low'])} to {show(which, row['simulation_high'])})", off,
                *([row["verdict"]] if judged else []),
            )
        )  # fmt: skip
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = []
    for name, *cells in rows:
        right = (cell.rjust(width) for cell, width in zip(cells, widths[1:], strict=True))
        lines.append("  ".join([name.ljust(widths[0]), *right]))
    return lines
