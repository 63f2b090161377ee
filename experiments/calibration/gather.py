"""From a client's files to targets: ticket logs, staff surveys, customer scores.

Groups below the minimum are used nowhere (`sim.client.groups`).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from experiments.calibration.figures import TOGETHER, Figure, figure
from experiments.calibration.targets import Target, Targets, made
from sim.chain import ServiceChain
from sim.client.groups import SMALLEST_GROUP, Group, check_smallest, customer_figures, staff_figures
from sim.client.names import Names
from sim.client.report import Reading
from sim.client.surveys import read_customers, read_staff
from sim.errors import InputError
from sim.eventlog.log import Log
from sim.eventlog.quantiles import survival_quantiles

USUAL_SPREAD = 0.25
"""Standard deviation of answers, as a share of the scale, where a file shows none; no source: a modelling choice."""
BORROWED = 4.0
"""The spread of a small group's answers leans on that of all groups with the weight of so many people."""
FEWEST_TICKETS = 100
"""A department's own ticket figures are used from so many resolved tickets on."""
MOST_DOORS = 8
DRAWS = 100
MOST_RESAMPLED = 20_000


@dataclass
class Gathered:
    """Targets, and what a user should know of how they were read."""

    targets: Targets
    notes: list[str] = field(default_factory=list)


# --- surveys ----------------------------------------------------------------------------------------------------------


def _means(group: Group) -> dict[Hashable, float]:
    return {person: sum(answers) / len(answers) for person, answers in group.people.items()}


def _spread(groups: Sequence[Group], usual: float) -> float:
    """Return the standard deviation of people's answers within groups, or the usual one where no group shows any."""
    squares, freedom = 0.0, 0
    for group in groups:
        values = list(_means(group).values())
        if len(values) > 1:
            squares += float(np.var(values) * len(values))
            freedom += len(values) - 1
    return math.sqrt(squares / freedom) if freedom >= 4 and squares > 0 else usual


def _error(group: Group, spread: float) -> float:
    """Return the standard error of a group's mean."""
    values = list(_means(group).values())
    freedom = max(len(values) - 1, 0)
    own = float(np.var(values) * len(values)) if values else 0.0
    return math.sqrt((own + BORROWED * spread**2) / (freedom + BORROWED) / group.size)


def of_staff(
    path: str | Path, chain: ServiceChain, reading: Reading, smallest: int = SMALLEST_GROUP
) -> Gathered:  # fmt: skip
    """Return satisfaction with each supplier, by link, from a staff survey on any scale.

    Small groups that rate the same supplier are one target together, as `sim.client.groups` pools them.
    """
    check_smallest(smallest)
    survey = read_staff(
        path, chain, overrides=reading.overrides, given_scale=reading.staff_scale, missing=reading.missing,
        ignore_unknown=reading.ignore_unknown,
    )  # fmt: skip
    found = staff_figures(survey.groups, chain, smallest)
    if not found:
        raise _too_small(path, smallest, "no group of raters and rated department")
    shown = [survey.groups[one.place] for one in found if one.people is not None]  # type: ignore[index]
    spread = _spread(shown, USUAL_SPREAD)
    items: list[Target] = []
    pools: dict[tuple[str, float], list[tuple[str, ...]]] = {}
    for one in found:
        if one.people is None:
            pools.setdefault((one.place[0], one.share), []).append(one.place)
            continue
        name = f"internal_satisfaction@{':'.join(one.place)}"
        error = 100 * _error(survey.groups[one.place], spread)  # type: ignore[index]
        items.append(Target(figure(chain, name), 100 * one.share, error, f"staff survey, {one.people:,} raters"))
    for (_, share), places in pools.items():
        name = f"internal_satisfaction@{TOGETHER.join(':'.join(place) for place in places)}"
        error = 100 * spread / math.sqrt(smallest)  # how many there are stays untold
        items.append(Target(figure(chain, name), 100 * share, error, "staff survey, small groups together"))
    return Gathered(made(items), [f"{Path(path).name}: " + "; ".join(survey.lines)])


def of_customers(
    path: str | Path, chain: ServiceChain, reading: Reading, smallest: int = SMALLEST_GROUP
) -> Gathered:  # fmt: skip
    """Return satisfaction and net promoter score by segment from customer scores, and how their errors go together."""
    check_smallest(smallest)
    scores = read_customers(
        path, chain, overrides=reading.overrides, given_scale=reading.customer_scale, missing=reading.missing,
        ignore_unknown=reading.ignore_unknown,
    )  # fmt: skip
    items: list[Target] = []
    groups: list[Group] = []
    for kind, of, measure, factor, usual in (
        ("CSAT", scores.csat, "external_satisfaction", 100.0, USUAL_SPREAD),
        ("NPS", scores.net, "net_promoter_score", 1.0, 80.0),
    ):
        found = customer_figures(of, kind, chain, smallest)
        spread = _spread([of[one.place[0]] for one in found], usual)
        for one in found:
            group = of[one.place[0]]
            items.append(Target(
                figure(chain, f"{measure}@{one.place[0]}"), factor * one.share, factor * _error(group, spread),
                f"{kind}, {group.size:,} answers",
            ))  # fmt: skip
            groups.append(group)
    if not items:
        raise _too_small(path, smallest, "no segment")
    covariance = np.diag([one.error**2 for one in items])
    for row, column in itertools.combinations(range(len(items)), 2):
        if items[row].figure.where == items[column].figure.where:
            shared = _together(groups[row], groups[column])
            covariance[row, column] = covariance[column, row] = shared * items[row].error * items[column].error
    return Gathered(made(items, covariance), [f"{Path(path).name}: " + "; ".join(scores.lines)])


def _together(one: Group, other: Group) -> float:
    """Return the correlation of two means that partly the same people gave."""
    mine, theirs = _means(one), _means(other)
    both = [person for person in mine if person in theirs]
    if len(both) < 5:
        return 0.0
    first, second = (np.array([of[person] for person in both]) for of in (mine, theirs))
    if first.std() == 0 or second.std() == 0:
        return 0.0
    same = len(both) / math.sqrt(one.size * other.size)
    return float(np.clip(same * np.corrcoef(first, second)[0, 1], -0.95, 0.95))


def _too_small(path: str | Path, smallest: int, what: str) -> InputError:
    return InputError(
        f"{what} here has enough answers", source=str(path), allowed=f"{smallest} or more people in a group",
        hint="smaller groups are never used, so that nobody can tell who answered",
    )  # fmt: skip


# --- tickets ----------------------------------------------------------------------------------------------------------


def of_tickets(log: Log, chain: ServiceChain, days: float) -> Gathered:
    """Return resolution times and shares from a ticket log, for the firm and for the departments with most tickets.

    Parameters
    ----------
    log : from `sim.eventlog.read_log`; child tickets, which teams open for each other, are left out
    chain : whose departments the teams are matched to
    days : working days that a simulated log covers. A log with fewer tickets than these hold has sampling errors beyond the
        luck of a run; bootstrap over tickets (Efron 1979, doi:10.1214/aos/1176344552) says how large
    """
    cases = log.outer.cases  # what a customer asked for; requests that teams make of each other are another thing
    names = Names(chain.units)
    door = cases["first_team"].map({team: names.find(team) for team in set(cases["first_team"].dropna())})
    figures = [one for one in _wanted(cases, log) if _known(one, cases)]
    notes = []
    doors = [unit for unit in chain.units if set(chain.successors(unit)) & set(chain.segments)]
    done = cases["days"].notna()
    counts = door[done].value_counts()
    large = [str(unit) for unit in counts.index if unit in doors and counts[unit] >= FEWEST_TICKETS][:MOST_DOORS]
    if len(large) > 1:
        figures += [
            Figure(measure, "door", unit)
            for unit in large
            for measure in ("resolution_median", "tickets_in_time")
            if _known(Figure(measure), cases[door == unit])
        ]
    if log.teams_seen and not large:
        notes.append(
            f"no team of the log is a department before customers with {FEWEST_TICKETS} resolved tickets or more: "
            "only figures of all tickets are used"
        )
    if not figures:
        raise InputError("this log shows no figure that could be compared", source=log.source,
                         allowed="tickets with a beginning and an end")  # fmt: skip
    again = _resampled(cases, door, figures)
    covariance = np.atleast_2d(np.cov(again.T))
    values = _values(cases, door, figures)
    per_day = sum(rate for (_, client), rate in chain.link_rates().items() if client in chain.segments)
    beyond = max(0.0, 1.0 - len(cases) / max(per_day * days, 1.0))
    items = [
        Target(one, float(value), math.sqrt(float(covariance[row, row])), f"{len(cases):,} tickets")
        for row, (one, value) in enumerate(zip(figures, values, strict=True))
    ]
    notes.append(
        f"{Path(log.source).name}: {len(cases):,} tickets; times in working days. Their luck is that of a simulated log"
        + (f"; as the firm would have some {per_day * days:,.0f} tickets in {days:.0f} days, "
           f"{100 * beyond:.0f} % of the sampling error is added" if beyond > 0.05 else "")
    )  # fmt: skip
    return Gathered(made(items, covariance * beyond), notes)


def _wanted(cases: pd.DataFrame, log: Log) -> list[Figure]:
    wanted = ["resolution_median", "resolution_p90", "tickets_in_time"]
    if cases["reassigned"].notna().any():
        wanted.append("reassigned")
    if cases["reopened"].notna().any():
        wanted.append("reopened")
    return [Figure(one) for one in wanted]


def _known(one: Figure, cases: pd.DataFrame) -> bool:
    if one.measure == "tickets_in_time":
        return int(cases["made_sla"].notna().sum()) >= FEWEST_TICKETS // 2
    return bool(np.isfinite(_value(one.measure, cases)))


def _value(measure: str, cases: pd.DataFrame) -> float:
    if measure == "resolution_median":
        return survival_quantiles(cases, "days", (0.5,))[0]
    if measure == "resolution_p90":
        return survival_quantiles(cases, "days", (0.9,))[0]
    if measure == "resolution_mean":
        return float(cases["days"].mean())
    if measure == "tickets_in_time":
        return float(100 * cases["made_sla"].mean())
    known = cases[measure].dropna()
    return float(100 * (known > 0).mean()) if len(known) else float("nan")


def _values(cases: pd.DataFrame, door: pd.Series, figures: Sequence[Figure]) -> np.ndarray:
    return np.array([
        _value(one.measure, cases if one.where is None else cases[(door == one.where).to_numpy()]) for one in figures
    ])  # fmt: skip


def _resampled(cases: pd.DataFrame, door: pd.Series, figures: Sequence[Figure]) -> np.ndarray:
    """Return the figures of logs drawn again from the tickets (draw, figure), with the spread of the whole log's."""
    chance = np.random.default_rng(0)
    cases = cases[["days", "open", "open_days", "made_sla", "reassigned", "reopened"]]
    size = min(len(cases), MOST_RESAMPLED)
    found = []
    for _ in range(DRAWS):
        rows = chance.integers(0, len(cases), size)
        found.append(_values(cases.iloc[rows], door.iloc[rows], figures))
    again = np.array(found)
    middle = np.nanmean(again, axis=0)
    again = np.where(np.isfinite(again), again, middle)
    return np.asarray(middle + (again - middle) * math.sqrt(size / len(cases)))


def tail(log: Log, most: int = 60) -> int:
    """Return the working days after the period in which a simulated log's last tickets can still be resolved."""
    took = log.outer.cases["days"].dropna()
    return int(min(most, max(5.0, math.ceil(2 * float(took.quantile(0.995)))))) if len(took) else most
