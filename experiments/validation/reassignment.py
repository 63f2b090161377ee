"""V14: the more often a case is passed on, the longer it takes, and the less often in time (an IT company's incident log)."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from experiments.validation.finding import Check, Effort, Finding, Published, Result
from sim import organisation
from sim.chain import ServiceChain
from sim.estimates import estimate, intervals
from sim.model import ServiceModel
from sim.plots.style import INK, INSIDE, OUTSIDE
from sim.population import NEED
from sim.threads import each

IN_TIME = (0.62, 0.60, 0.48, 0.36, 0.25, 0.14)
"""Share of incidents that met the service level, by reassignments: none, one, ... five."""
HOURS = (45.0, 52.0, 120.0, 185.0, 319.0, 301.0)
"""Median clock hours from opening to resolution, likewise."""
MOST = len(HOURS) - 1
CLOCK_HOURS = 24 * 7 / 5
"""Clock hours, nights and weekends included, in a working day."""
FEWEST = 20
"""Cases below which a median is not taken."""


def service_desk() -> ServiceChain:
    """Return a desk with three groups behind it that hand cases over to each other; all but who serves whom is at its default.

    Shares are round: the desk solves six of ten cases itself, groups pass one in five on; groups also ask each other.
    """
    groups = ("Networks", "Servers", "Applications")
    chain = ServiceChain()
    chain.add_department("Desk", staff=12, hours_per_request=0.5)
    for name in groups:
        chain.add_department(name, staff=8, hours_per_request=1.0)
    chain.add_segment("Callers", customers=1500, needs_per_year=25)
    chain.add_link("Desk", "Callers", promise_days=0.5)
    for place, name in enumerate(groups):
        chain.add_link(name, "Desk", requests_per_case=0.05, passed_on=0.4 / 3, promise_days=1.0)
        for other in (groups[place - 1], groups[place - 2]):
            chain.add_link(other, name, requests_per_case=0.05, passed_on=0.1, promise_days=1.0)
    return chain.check()


def cases(chain: str | ServiceChain, seed: int, days: int = 600, warm_up: int = 60) -> pd.DataFrame:
    """Return what customers asked for after ``warm_up`` and got an answer to: handovers, days to the answer, in time or not."""
    with ServiceModel(chain, seed=seed, journal=True).run(warm_up + days) as model:
        journal = model.journal
    mine = journal[(journal["parent"] == 0) & (journal["cause"] == NEED) & (journal["opened"] >= warm_up)]
    return pd.DataFrame(
        {"handovers": mine["handovers"], "days": mine["closed"] - mine["opened"], "in_time": mine["in_time"]}
    )


def by_handovers(found: pd.DataFrame, most: int = MOST) -> np.ndarray:
    """Return cases, median days and share in time (columns) of cases passed on 0 ... ``most`` times (rows)."""
    rows = np.full((most + 1, 3), np.nan)
    for times in range(most + 1):
        here = found[found["handovers"] == times]
        rows[times, 0] = len(here)
        if len(here) >= FEWEST:
            rows[times, 1:] = here["days"].median(), here["in_time"].mean()
    return rows


def against_none(rows: np.ndarray) -> np.ndarray:
    """Return median days and share in time as multiples of those of cases that were never passed on; the last axis is both."""
    ratio: np.ndarray = rows[..., 1:] / rows[..., :1, 1:]
    return ratio


def reassigned(effort: Effort) -> Result:
    """Run V14: cases by how often they were passed on, at a service desk and in the bundled organisations."""
    names, seeds, few = organisation.bundled(), effort.seeds(10), effort.seeds(6)
    chain = service_desk()
    desk = np.array(each(lambda seed: by_handovers(cases(chain, seed)), seeds, effort.threads))
    pairs = [(name, seed) for name in names for seed in few]
    firms = np.array(each(lambda pair: by_handovers(cases(*pair, days=350)), pairs, effort.threads))
    firms = firms.reshape(len(names), len(few), MOST + 1, 3)
    longer, kept = np.moveaxis(against_none(desk), -1, 0)
    checks = [_median(times, longer[:, times], desk[:, times, 0].sum(), "service desk") for times in range(1, MOST + 1)]
    steps = np.diff(longer[:, :MOST], axis=1).min(axis=1)
    checks.append(Check("median time, smallest rise from one number of reassignments to the next, up to four",
                        Published("rises each time", 0, np.inf, "sign only"), estimate(steps), len(seeds),
                        int(desk[:, :MOST, 0].sum()), "cases", unit="times that of none"))  # fmt: skip
    checks += [_in_time(times, kept[:, times], desk[:, times, 0].sum(), "service desk") for times in range(1, MOST + 1)]
    hours = CLOCK_HOURS * desk[:, 0, 1]
    checks.append(Check("median clock hours of cases never passed on, service desk",
                        Published(f"{HOURS[0]:.0f} h", HOURS[0] / 3, HOURS[0] * 3, _MAGNITUDE), estimate(hours), len(seeds),
                        int(desk[:, 0, 0].sum()), "cases", unit="h", digits=1, reason="The desk is a general one, whose "
                        "organisation file says how long work takes and that nothing rests on outsiders. A log's own rests and "
                        "working times give its own hours (`service-culture from-tickets`)."))  # fmt: skip
    with np.errstate(invalid="ignore"):
        together = np.moveaxis(_mean_of_firms(against_none(firms)), -1, 0)
    for times in (1, 2):
        number = firms[:, :, times, 0].sum()
        checks.append(_median(times, together[0][:, times], number, "bundled organisations"))
        checks.append(_in_time(times, together[1][:, times], number, "bundled organisations"))
    tables = {"service_desk": _table(desk), "bundled_organisations": _table(firms.reshape(-1, MOST + 1, 3))}

    def draw(figure: Figure) -> None:
        left, right = figure.subplots(1, 2)
        places = np.arange(MOST + 1)
        published = (np.array(HOURS) / HOURS[0], np.array(IN_TIME) / IN_TIME[0])
        for axes, real, at_desk, at_firms, words in (
            (left, published[0], longer, together[0], "median time to resolution"),
            (right, published[1], kept, together[1], "share within the service level"),
        ):
            axes.plot(places, real, "D--", color=INSIDE, mec=INK, ms=7, lw=1, label="incident log, 890 cases")
            for values, offset, marker, label in (
                (at_desk, 0.08, "o", "simulated service desk, 95 %"),
                (at_firms[:, :3], -0.08, "s", "bundled organisations, 95 %"),
            ):  # fmt: skip
                found = [estimate(values[:, times]) for times in range(values.shape[1])]
                mean = np.array([one.mean for one in found])
                half = np.nan_to_num(np.array([(one.mean - one.low, one.high - one.mean) for one in found]).T)
                axes.errorbar(places[: len(mean)] + offset, mean, yerr=half, fmt=marker, color=OUTSIDE, capsize=3, lw=1.2,
                              mfc=OUTSIDE if marker == "o" else "white", label=label)  # fmt: skip
            axes.set(xlabel="times passed on", ylabel="times that of cases never passed on")
            axes.set_title(words[0].upper() + words[1:])
        left.set_yscale("log")
        left.set_yticks([1, 2, 4, 8], labels=["1", "2", "4", "8"])
        left.minorticks_off()
        figure.legend(
            *right.get_legend_handles_labels(), loc="outside lower center", ncols=3, frameon=False, fontsize=9
        )

    return Result(
        checks, tables, draw,
        note="Times are compared as multiples of the time of cases never passed on: working days, rests and promises of a "
        "general desk are not those of the company in the log.",
    )  # fmt: skip


_MAGNITUDE = "same order of magnitude, a factor 3 to either side: our tolerance"
_HALF = "half to twice as many: our tolerance"


def _median(times: int, ratios: np.ndarray, number: float, where: str) -> Check:
    """Return the check of the median time of cases passed on so often, as a multiple of that of none."""
    theirs = HOURS[times] / HOURS[0]
    return Check(
        f"median time of cases passed on {_times(times)}, {where}",
        Published(f"{HOURS[times]:.0f} h against {HOURS[0]:.0f} h, {theirs:.1f} times",
                  max(1.0, theirs / 3), 3 * theirs, _MAGNITUDE),
        estimate(ratios), int(np.isfinite(ratios).sum()), int(number), "cases", null=1.0, unit="times that of none",
        reason="" if max(1.0, theirs / 3) <= np.nanmean(ratios) <= 3 * theirs else
        "Every reassignment costs alike: one more wait in line.",
    )  # fmt: skip


def _in_time(times: int, ratios: np.ndarray, number: float, where: str) -> Check:
    """Return the check of the share in time of cases passed on so often, as a multiple of that of none."""
    theirs = IN_TIME[times] / IN_TIME[0]
    return Check(
        f"share in time of cases passed on {_times(times)}, {where}",
        Published(f"{IN_TIME[times]:.2f} against {IN_TIME[0]:.2f}, {theirs:.2f} times",
                  theirs / 2, min(1.0, 2 * theirs), _HALF),
        estimate(ratios), int(np.isfinite(ratios).sum()), int(number), "cases", null=1.0, rises=False,
        unit="times that of none",
        reason="" if theirs / 2 <= np.nanmean(ratios) <= 2 * theirs else
        "Each reassignment costs about as much time as the one before, and cases never passed on differ little from "
        "each other, "
        "while those of the log spread over weeks and have service levels by priority. So one promise that is easily "
        "kept without "
        "a reassignment is as good as never kept after three.",
    )  # fmt: skip


def _times(times: int) -> str:
    return ("never", "once", "twice")[times] if times < 3 else f"{times} times"


def _mean_of_firms(ratios: np.ndarray) -> np.ndarray:
    """Return the mean over organisations (first axis), of those in which there were enough cases."""
    known = np.isfinite(ratios)
    mean: np.ndarray = np.where(known, ratios, 0.0).sum(axis=0) / np.where(known.any(axis=0), known.sum(axis=0), np.nan)
    return mean


def _table(rows: np.ndarray) -> pd.DataFrame:
    """Return cases, median clock hours and share in time by times passed on, with intervals over runs."""
    table = pd.DataFrame({"passed_on": range(MOST + 1), "cases": rows[..., 0].sum(axis=0).astype(int)})
    for name, values in (("median_clock_hours", CLOCK_HOURS * rows[..., 1]), ("in_time", rows[..., 2])):
        table[name], table[f"{name}_low"], table[f"{name}_high"] = intervals(values)
    return table


REASSIGNMENT = Finding(
    id="V14",
    claim="The more often a case is reassigned, the longer it takes, and the less often its service level is met.",
    source="Computed from 890 incidents of an IT company: Amaral, C. A. L., Fantinato, M. & Peres, S. M. (2019). Incident "
    "management process enriched event log. UCI Machine Learning Repository. doi:10.24432/C57S4H",
    read="computed",
    experiment="Closed cases by how often they were handed over: at a general service desk with three groups behind it, and in "
    "the bundled organisations, every lever that says how people own or pass on work at its default.",
    run=reassigned,
)

FINDINGS = (REASSIGNMENT,)
