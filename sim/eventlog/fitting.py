"""From a ticket log to a service chain that behaves like it.

The callers become one customer segment, each ticket one need. The team that has a ticket first is a *door*: a link
from team to callers with the share of tickets that start there. Handing over is a link from taker to giver with the
share of the giver's visits that it hands on for good (``passed_on``). Teams work (``hours_per_request``) and let cases
rest (``pause_*``).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from sim import levers
from sim.chain import ServiceChain
from sim.errors import InputError
from sim.eventlog import estimate, inside, promises, walk, working
from sim.eventlog.log import Log
from sim.eventlog.people import usual_time_factor
from sim.eventlog.quantiles import survival_quantiles

CALLERS = "Callers"
SLOTS_PER_DAY = 48
HOURS_PER_DAY = 8.0
ALREADY_IN_THE_LOG: dict[str, float] = {
    "complain_share": 0.0, "escalate_share": 0.0, "hidden_issue": 0.0, "latent_rate": 0.0, "accident_rate": 0.0,
    "ownership": 1.0, "unclear": 0.0, "quit_rate": 0.0, "problem_rate": 0.0,
}  # fmt: skip
"""Work that the firm makes for itself, handing on, and vacant posts: a log's tickets, reassignments and names hold them."""
WORK_SPREAD = 0.8


@dataclass(slots=True)
class Derived:
    """A service chain derived from a log.

    Attributes
    ----------
    chain : the chain, checked
    notes : what was taken from the log, estimated, or left at its default, and why
    unit_of : team of the log → unit of the chain
    per_day : cases per working day
    limits : door → time limit in working days
    limit_source : ``flag``, ``due``, ``usual``
    shift, stretch : how far the rests were adjusted as a whole to meet median and 90th percentile
    handing_factor : by what handing on was scaled to meet the share reassigned
    """

    chain: ServiceChain
    notes: list[str]
    unit_of: dict[str, str]
    per_day: float
    limits: dict[str, float]
    limit_source: str
    shift: float
    stretch: float
    handing_factor: float
    staff: dict[str, int] = field(default_factory=dict)


def derive(
    log: Log, name: str = "Derived from tickets", customers: int | None = None, *, smallest_group: int = 5,
    adjust: bool = True,
) -> Derived:  # fmt: skip
    """Derive a service chain from a ticket log.

    Parameters
    ----------
    log : from `read_log`
    name : of the organisation
    customers : people who may ask; where not given, estimated from how often callers come back
    smallest_group : teams with fewer stays, or fewer people where the log names them, are pooled
    adjust : scale handing on and rests as a whole so that the share reassigned, the median and the 90th percentile of
    the
        resolution time are met; without it they are predictions from the parts

    Returns
    -------
    The chain, with notes on where each part comes from.
    """
    if smallest_group < 1:
        raise InputError("no such group size", place="smallest group", value=smallest_group, allowed="1 or more")
    notes: list[str] = []
    unit_of = estimate.pool_rare(log, smallest_group)
    _note_pools(log, unit_of, smallest_group, notes)
    visits = estimate.by_unit(log.visits, unit_of, log)
    units = sorted(set(visits["unit"]))
    row = {unit: place for place, unit in enumerate(units)}
    outer = log.outer
    per_day = _arrivals(outer, notes)
    every_day = per_day * len(log.cases) / len(outer.cases)  # tickets of customers and of teams

    first, handed = _paths(log, visits, unit_of, row, notes)
    of_outer = estimate.by_unit(outer.visits, unit_of, outer)
    doors = _paths(outer, of_outer, unit_of, row, [])[0] if log.has_inside else first
    asked = inside.asked(log, unit_of, row)
    stays = visits["unit"].value_counts().reindex(units).to_numpy(dtype=float)
    if not log.path_seen and handed.any():  # the log shows a ticket's last team only
        stays = len(log.cases) * np.linalg.solve(np.eye(len(units)) - handed.T, first)
    share = log.cases["reassigned"].dropna().gt(0).mean() if log.cases["reassigned"].notna().any() else np.nan
    factor = 1.0
    if adjust and handed.any() and share == share:
        factor = walk.scaled_to(first, handed, float(share))
        if abs(factor - 1) > 0.005:
            notes.append(
                f"adjusted: handing on as a whole is scaled by {factor:.2f}, so that the share of tickets ever "
                "reassigned is the log's. In a log some tickets are passed round again and again; a chain "
                "has no memory of that"
            )
    handed = np.minimum(handed * factor, 0.95)
    sums = handed.sum(axis=1, keepdims=True)
    handed *= np.minimum(1.0, 0.985 / np.maximum(sums, 1e-12))

    pooled: dict[str, int] = {}
    for team, people in log.assignees.items():
        unit = unit_of.get(str(team))
        if unit is not None:
            pooled[unit] = pooled.get(unit, 0) + int(people)
    waits = inside.covered(log, visits)
    visits["days"] -= np.minimum(waits, visits["days"])  # what it waits for another team is that team's time
    hours, staff, measured = working.working(log, visits, unit_of, pooled, every_day, HOURS_PER_DAY, notes)
    slot = 1.0 / SLOTS_PER_DAY
    work_days = {unit: hours[unit] / HOURS_PER_DAY for unit in units}
    queues = dict.fromkeys(units, 0.0)
    if measured:  # with working time and staff known, so is queueing, and only what is longer counts as rest
        queues = working.queueing(visits, hours, staff, every_day, HOURS_PER_DAY, WORK_SPREAD)
    rests = estimate.rests(visits, {unit: work_days[unit] + queues[unit] for unit in units}, slot)
    ordered = [rests[unit] for unit in units]
    shift, stretch = 0.0, 1.0
    notes.append(
        "estimated: rests at each team (pause_share, pause_days, pause_spread), lognormal, from the stays of tickets "
        f"there; teams with few stays lean on all teams together (weight of {estimate.BORROWED:g} stays)"
    )
    if adjust:
        days, hours_taken = (tuple(survival_quantiles(outer.cases, clock, (0.5, 0.9))) for clock in ("days", "hours"))
        if np.isfinite([*days, *hours_taken]).all():
            of_unit = [
                waits[(visits["unit"] == unit).to_numpy()] + queues[unit] for unit in units
            ] if measured or waits.any() else None  # fmt: skip
            walks = walk.Walks(doors, handed, inputs=of_unit)
            work = np.array([work_days[unit] for unit in units])
            opened = outer.cases["opened"].to_numpy()
            goals = walk.Goals(days, hours_taken, opened, log.calendar)  # type: ignore[arg-type]
            shift, stretch = walks.adjust(ordered, work, WORK_SPREAD, slot, goals)
            ordered = [rest.changed(shift, stretch) for rest in ordered]
            notes.append(
                f"adjusted: all rests together are scaled by {np.exp(shift):.2f} and their spread (sigma) by "
                f"{stretch:.2f}, so that median and 90th percentile of the resolution time come nearest to the log's, "
                "in working days and on the wall clock"
            )
    limits, source = promises.limits(outer, of_outer, units, notes)
    error_rate, reopen_rate = promises.reopening(log, notes)

    chain = ServiceChain()
    people = (
        customers
        if customers is not None
        else max(1, log.callers.estimated if log.callers.seen else round(per_day * 50))
    )
    people = max(people, int(np.ceil(per_day * levers.DAYS_PER_YEAR / 5000)) or 1)
    _note_callers(log, people, customers is not None, notes)
    chain.graph.update(
        name=name, hours_per_day=HOURS_PER_DAY, slots_per_day=SLOTS_PER_DAY,
        description="Derived from a ticket log; a day is one of its working days. See the notes of from-tickets.",
        **ALREADY_IN_THE_LOG,
    )  # fmt: skip
    for unit, rest in zip(units, ordered, strict=True):
        attributes = {
            "staff": staff[unit], "hours_per_request": _short(hours[unit] / usual_time_factor()),
            "work_spread": WORK_SPREAD, "pause_share": _short(min(rest.share, 1.0)),
            "pause_days": _short(rest.mean), "pause_spread": _short(min(rest.spread, 50.0)),
        }  # fmt: skip
        if error_rate is not None:
            attributes["error_rate"] = _short(error_rate)
        chain.add_department(unit, **attributes)
    callers = CALLERS
    while callers in row:
        callers += " (customers)"
    chain.add_segment(
        callers, customers=people, needs_per_year=_short(per_day * levers.DAYS_PER_YEAR / people, 8),
        rush_share=0.0, churn=0.0, new_customers=0.0,
    )  # fmt: skip
    shares = _to_one(doors)
    for unit in units:
        if shares[row[unit]] > 0:
            link = {"requests_per_case": shares[row[unit]], "promise_days": _short(limits[unit])}
            if reopen_rate is not None:
                link["reopen_rate"] = reopen_rate
            chain.add_link(unit, callers, **link)
    usual = float(np.average([limits[u] for u in units], weights=doors)) if doors.sum() else 2.0
    promised = inside.promised(log, unit_of, notes) if asked.any() else {}
    for client, supplier in zip(*np.nonzero(handed + asked), strict=True):
        giver, taker = units[client], units[supplier]
        link = {"requests_per_case": 0.0, "dependence": 0.0, "promise_days": _short(usual)}
        if asked[client, supplier] > 0:
            link = {"requests_per_case": _short(asked[client, supplier] / stays[client])}
            link["promise_days"] = _short(promised.get((taker, giver), usual))
            if reopen_rate is not None:
                link["reopen_rate"] = reopen_rate
        if handed[client, supplier] > 0:
            link["passed_on"] = _short(float(handed[client, supplier]))
        chain.add_link(taker, giver, **link)
    _note_defaults(notes, inside_known=bool(asked.any()))
    chain.graph["sources"] = "\n".join(_sources(chain))
    return Derived(chain.check(), notes, unit_of, per_day, limits, source, shift, stretch, factor, staff)


# --- parts -----------------------------------------------------------------------------------------------------------


_MEASURED = (
    "hours_per_request", "pause_share", "pause_days", "pause_spread", "error_rate", "needs_per_year", "requests_per_case",
    "promise_days", "passed_on", "reopen_rate",
)  # fmt: skip


def _sources(chain: ServiceChain) -> list[str]:
    """Return a line for each place that the log set: place: levers: source (`sim.client.provenance` reads them)."""
    bags = dict(chain.nodes(data=True))
    bags |= {" → ".join(edge): chain.edges[edge] for edge in chain.edges}
    return [
        f"{place}: {', '.join(names)}: ticket export"
        for place, bag in bags.items()
        if (names := [name for name in _MEASURED if bag.get(name)])
    ]


def _short(number: float, digits: int = 6) -> float:
    return float(f"{number:.{digits}g}")


def _to_one(shares: np.ndarray) -> list[float]:
    """Return shares rounded to six places that sum to one: the largest takes up the rounding."""
    rounded = [round(float(share), 6) for share in shares]
    largest = int(np.argmax(shares))
    rounded[largest] = round(1.0 - sum(rounded[:largest] + rounded[largest + 1 :]), 6)
    return rounded


def _arrivals(log: Log, notes: list[str]) -> float:
    opened = log.cases["opened"].to_numpy()
    inside = int(((opened >= log.window[0]) & (opened <= log.window[1])).sum())
    days = max(log.window_days, 0.05)
    per_day = (inside - 1) / days
    notes.append(f"from the log: {per_day:.4g} tickets a working day ({inside:,} in {days:.1f} working days)")
    if days < 10:
        notes.append(
            f"the log covers openings of {days:.1f} working days only: what such an excerpt shows need not be usual, "
            "and its tickets meet only each other in the log, not those that were open before"
        )
    return per_day


def _paths(
    log: Log, visits: pd.DataFrame, unit_of: dict[str, str], row: dict[str, int], notes: list[str]
) -> tuple[np.ndarray, np.ndarray]:
    """Return the share of tickets that start at each unit, and of each unit's visits that go to each other."""
    units = len(row)
    handed = np.zeros((units, units))
    first = np.bincount(visits.loc[visits["place"] == 0, "unit"].map(row), minlength=units).astype(float)
    if log.path_seen:
        unit, case = visits["unit"].map(row).to_numpy(), visits["case"].to_numpy()
        same = case[1:] == case[:-1]
        np.add.at(handed, (unit[:-1][same], unit[1:][same]), 1.0)
        ended = (visits["left"] != "open").to_numpy()
        stays = np.bincount(unit[ended], minlength=units)
        handed /= np.maximum(stays, 1)[:, None]
        notes.append(
            f"from the log: where tickets start, and who hands to whom how often ({int(same.sum()):,} handovers "
            f"between units)"
        )
        return first / first.sum(), handed
    count = log.cases["reassigned"].to_numpy()
    known = np.isfinite(count)
    if known.any() and (count[known] > 0).any() and units > 1:
        last = log.cases["last_team"].map(unit_of).map(row).to_numpy()
        first_of = np.bincount(last[known & (count == 0)].astype(int), minlength=units).astype(float)
        ends = np.bincount(last[known & (count > 0)].astype(int), minlength=units).astype(float)
        unsaid = first_of + ends == 0  # teams all of whose tickets do not say whether they were reassigned
        first_of[unsaid] = first[unsaid]
        if first_of.sum() == 0:
            first_of = first
        share = float((count[known] > 0).mean())
        usual = first_of / first_of.sum()
        flow = np.zeros((units, units))  # giver, taker: share of all tickets
        for taker in np.flatnonzero(ends):
            others = np.where(np.arange(units) == taker, 0.0, usual)
            if others.sum() > 0:
                flow[:, taker] = share * ends[taker] / ends.sum() * others / others.sum()
        start = usual * (1 - flow.sum()) + flow.sum(axis=1)
        handed = flow / np.maximum(start + flow.sum(axis=0), 1e-12)[:, None]
        notes.append(
            "estimated: each ticket shows only its last team and how often it was reassigned, not its path. Reassigned "
            "tickets are taken to start where the others do, and to be handed straight to their last team"
        )
        if unsaid.any():
            names = ", ".join(name for name, place in row.items() if unsaid[place])
            notes.append(
                f"assumed: tickets start at these teams, of which no ticket says whether it was reassigned: {names}"
            )
        return start / start.sum(), handed
    notes.append("left out: handing over; the log shows neither paths nor counts of reassignment" if units > 1 else
                 "left out: handing over; the log shows one team")  # fmt: skip
    return first / first.sum(), handed


def _note_pools(log: Log, unit_of: dict[str, str], smallest: int, notes: list[str]) -> None:
    merged = [team for team, unit in unit_of.items() if team != unit]
    if merged:
        share = log.visits["team"].isin(merged).mean()
        notes.append(
            f"{len(merged)} of {len(unit_of)} teams have fewer than {smallest} stays or people and are pooled "
            f"({share:.0%} of stays), so that no group smaller than {smallest} is shown"
        )


def _note_callers(log: Log, people: int, given: bool, notes: list[str]) -> None:
    if given:
        notes.append(f"given: {people:,} people who may ask")
    elif log.callers.seen:
        notes.append(
            f"estimated: {people:,} people who may ask; the log names {log.callers.seen:,}, of whom "
            f"{log.callers.once:,} came once and {log.callers.twice:,} twice (Chao's lower bound). Set --customers if "
            "you know better"
        )
    else:
        notes.append(f"assumed: {people:,} people who may ask; the log does not name callers. Set --customers")


def _note_defaults(notes: list[str], *, inside_known: bool) -> None:
    notes.append(
        "left out: customers who leave or come (churn and new_customers 0) and rush requests; left at its default: how much "
        "a team's own result depends on what it asked for (dependence): no ticket log shows these"
        if inside_known
        else "left out: customers who leave or come (churn and new_customers 0), rush requests, requests for help between "
        "teams (requests_per_case 0): no ticket log shows them. Add links between teams to study internal service"
    )
    notes.append(
        "left out: complaints, repeated contacts, late faults and accidents that become requests of their own, blame "
        "passing, and vacancies by quits ("
        + ", ".join(f"{name} {value:g}" for name, value in ALREADY_IN_THE_LOG.items())
        + "): they are "
        "among the log's tickets, reassignments and people already. Set them where you know them"
    )
    notes.append(
        "left at the default: everything about people (knowledge, motivation, tools, expectations). Their mechanisms "
        "are on; working times and error rates are set such that ordinary staff give the log's figures at the start"
    )
