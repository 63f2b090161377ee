"""What a ticket log tells of the organisation behind it: simulate one, export its requests, derive it again, compare.

    python -m experiments.round_trip                        # bundled and made-up organisations, about a quarter of an hour
    python -m experiments.round_trip my-firm.toml --days 60 --seeds 5 --out results/round_trip

The organisation is known here to the last digit, which no real firm is. So every difference is an error of the log (what it
does not hold), of `service-culture from-tickets`, or of chance. The log goes through a file and back, as CSV and as XES.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pandas as pd
import typer

from experiments.validation.finding import Check, Effort, Finding, Published, Result
from sim import organisation, results
from sim.chain import ServiceChain
from sim.console import print_table, progress
from sim.estimates import Estimate, estimate
from sim.eventlog import Derived, Log, derive, read_log
from sim.eventlog.comparison import figures, simulated_figures
from sim.eventlog.export import simulate_tickets
from sim.eventlog.fitting import CALLERS
from sim.levers import DAYS_PER_YEAR

LENGTHS = (10, 40, 160)
"""Working days of the logs: two weeks, two months, eight months."""

FIGURES: dict[str, tuple[str, str, int]] = {
    "doors_found": ("doors found", "% of the organisation's", 0),
    "doors_real": ("doors that are real", "% of those derived", 0),
    "asking_found": ("links by which departments ask: found", "% of the organisation's", 1),
    "asking_real": ("… that are real", "% of those derived", 1),
    "handing_found": ("links by which cases are handed on: found", "% of the organisation's", 1),
    "handing_real": ("… that are real", "% of handovers derived", 1),
    "arrivals": ("tickets of customers a day, against their needs", "% more", 1),
    "door_shares": ("share of each door, mean error", "points", 2),
    "asking_rates": ("requests per case, mean error", "%", 1),
    "asking_bias": ("… on the whole", "% more", 1),
    "handing_rates": ("share handed on, mean error", "points", 2),
    "hours": ("working time of a request, mean error", "%", 1),
    "hours_bias": ("… on the whole", "% more", 1),
    "hours_unseen": ("… mean error, where the log does not hold working time", "%", 0),
    "staff": ("staff, mean error", "%", 1),
    "promises": ("promises, mean error", "%", 1),
    "customers": ("customers, against those there were", "% more", 1),
    "within_sla": ("share in time, derived organisation run against log", "points more", 1),
    "median_days": ("median time to resolution, the same", "% more", 1),
    "p90_days": ("90th percentile of it, the same", "% more", 1),
}
"""Figure → (what it is, unit, digits). Mean errors of rates and shares are weighted by traffic, of departments they are not."""


def compare(truth: ServiceChain, found: ServiceChain) -> dict[str, float]:
    """Return how far a derived organisation is from the one behind its log, by the figures of `FIGURES`.

    The chain derived must name its teams as the organisation names its departments, as it does where no team was pooled.
    Segments of customers are one in the log: a door's share is taken over all of them.
    """
    segments, rates, flows = set(truth.segments), truth.case_rates(), truth.link_rates()
    callers = next(name for name in found.segments if name.startswith(CALLERS))
    needs = sum(_needs(truth, segment) for segment in segments)
    doors: dict[str, float] = {}
    promised: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for (supplier, client), flow in flows.items():
        if flow > 0:
            place = (supplier, callers if client in segments else client)
            promised.setdefault(place, []).append((flow, truth.value("promise_days", supplier, client)))
        if client in segments and flow > 0:
            doors[supplier] = doors.get(supplier, 0.0) + flow / needs
    of_doors = {s: found.value("requests_per_case", s, c) for s, c in found.links if c == callers}
    asking = {edge: truth.value("requests_per_case", *edge) for edge in truth.links if edge[1] not in segments}
    hiring = {edge for edge in asking if truth.value("requests_per_hire", *edge) > 0}
    asking = {edge: rate for edge, rate in asking.items() if rate > 0}
    handing = {e: truth.value("passed_on", *e) for e in truth.links if truth.value("passed_on", *e) > 0}
    inner = [edge for edge in found.links if edge[1] != callers]
    asking_now = {e: found.value("requests_per_case", *e) for e in inner if found.value("requests_per_case", *e) > 0}
    handing_now = {e: found.value("passed_on", *e) for e in inner if found.value("passed_on", *e) > 0}
    seen = found.case_rates()
    handed = {edge: rate * seen[edge[1]] for edge, rate in handing_now.items()}
    units = [unit for unit in truth.units if unit in found and rates[unit] > 0]
    hours = [found.value("hours_per_request", u) / truth.value("hours_per_request", u) - 1 for u in units]
    both = [edge for edge in asking if edge in asking_now]
    weights = [flows[edge] for edge in both]
    errors = [asking_now[edge] / asking[edge] - 1 for edge in both]
    promises = [
        abs(found.value("promise_days", *edge) / np.average([p for _, p in there], weights=[f for f, _ in there]) - 1)
        for edge, there in promised.items()
        if found.has_edge(*edge)
    ]
    return {
        "doors_found": _percent(len(doors.keys() & of_doors.keys()), len(doors)),
        "doors_real": _percent(len(doors.keys() & of_doors.keys()), len(of_doors)),
        "asking_found": _percent(len(both), len(asking)),
        "asking_real": _percent(len(asking_now.keys() & (asking.keys() | hiring)), len(asking_now)),
        "handing_found": _percent(len(handing.keys() & handing_now.keys()), len(handing)),
        "handing_real": _percent(sum(f for e, f in handed.items() if e in handing), sum(handed.values()) if handing else 0.0),
        "arrivals": 100 * (_needs(found, callers) / needs - 1),
        "door_shares": 100 * float(np.mean([abs(of_doors.get(u, 0) - doors.get(u, 0)) for u in {*doors, *of_doors}])),
        "asking_rates": 100 * float(np.average(np.abs(errors), weights=weights)) if both else np.nan,
        "asking_bias": 100 * float(np.average(errors, weights=weights)) if both else np.nan,
        "handing_rates": (
            100 * float(np.average([abs(handing_now.get(e, 0.0) - handing[e]) for e in handing],
                                   weights=[rates[e[1]] for e in handing])) if handing else np.nan
        ),
        "hours": 100 * float(np.mean(np.abs(hours))),
        "hours_bias": 100 * float(np.mean(hours)),
        "staff": 100 * float(np.mean([abs(found.nodes[u]["staff"] / truth.nodes[u]["staff"] - 1) for u in units])),
        "promises": 100 * float(np.mean(promises)),
        "customers": 100 * (found.nodes[callers]["customers"] / sum(truth.nodes[s]["customers"] for s in segments) - 1),
    }  # fmt: skip


def _needs(chain: ServiceChain, segment: str) -> float:
    return float(chain.nodes[segment]["customers"] * chain.value("needs_per_year", segment) / DAYS_PER_YEAR)


def _percent(part: float, whole: float) -> float:
    return 100.0 * part / whole if whole else np.nan


def guess(truth: ServiceChain) -> dict[str, float]:
    """Return the error, in per cent, of somebody who knows only the (geometric) mean and takes it for all that there are."""
    flows = truth.link_rates()
    asking = {e: truth.value("requests_per_case", *e) for e in truth.links if e[1] not in truth.segments}
    rates, weights = zip(*((rate, flows[e]) for e, rate in asking.items() if rate > 0), strict=True)
    usual = float(np.exp(np.average(np.log(rates), weights=weights)))
    hours = np.array([truth.value("hours_per_request", unit) for unit in truth.units])
    staff = np.array([float(truth.nodes[unit]["staff"]) for unit in truth.units])
    promises = np.array([truth.value("promise_days", *edge) for edge in truth.links if flows[edge] > 0])
    out = {name: 100 * float(np.mean(np.abs(np.exp(np.log(all_).mean()) / all_ - 1)))
           for name, all_ in (("hours", hours), ("staff", staff), ("promises", promises))}  # fmt: skip
    return out | {"asking_rates": 100 * float(np.average(np.abs(usual / np.array(rates) - 1), weights=weights))}


def through(chain: ServiceChain, ending: str, days: int, seed: int, per_ticket: bool = False) -> tuple[Log, int]:
    """Return an organisation's log, written to a file and read again, and the number of its tickets."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"log{ending}"
        done = simulate_tickets(chain, path, days=days, seed=seed, per_ticket=per_ticket)
        return read_log(path), done.tickets


def trip(chain: ServiceChain, days: int, seed: int, *, per_ticket: bool = False, runs: int = 1) -> dict[str, float]:
    """Go round once: the errors of one log of one organisation, as `compare` gives them, and of the derived one's own runs.

    Parameters
    ----------
    days : working days of the log
    per_ticket : the log has one row a ticket, not one an event
    runs : of the derived organisation, beside the log; 0 for none
    """
    log, tickets = through(chain, ".csv", days, seed, per_ticket)
    derived = derive(log, smallest_group=1)
    out = {"tickets": float(tickets), **compare(chain, derived.chain)}
    if runs:
        out |= _run_again(log, derived, range(seed, seed + runs))
    log.cases["work"] = np.nan
    blind = derive(log, smallest_group=1, adjust=False)
    out["hours_unseen"] = compare(chain, blind.chain)["hours"]
    return out


def _run_again(log: Log, derived: Derived, seeds: Sequence[int]) -> dict[str, float]:
    of_log, again = figures(log, draws=2), simulated_figures(derived.chain, derived, seeds, log=log)
    return {
        "within_sla": 100 * (again["within_sla"].value - of_log["within_sla"].value),
        "median_days": 100 * (again["median_days"].value / of_log["median_days"].value - 1),
        "p90_days": 100 * (again["p90_days"].value / of_log["p90_days"].value - 1),
    }


def same_in_both_formats(chain: ServiceChain, days: int, seed: int) -> bool:
    """Tell whether a CSV and an XES log of one run give the same organisation, to the last digit that a file holds."""
    one, other = (
        derive(through(chain, ending, days, seed)[0], smallest_group=1).chain for ending in (".csv", ".xes.gz")
    )
    return bool(one.to_node_link() == other.to_node_link())


def summary(rows: Sequence[Mapping[str, Any]], by: Sequence[str] = ("organisation", "log", "days")) -> pd.DataFrame:
    """Return mean and 95 % interval of every figure over the seeds, one row a figure and group."""
    table = pd.DataFrame(rows)
    out = []
    for key, group in table.groupby(list(by), sort=False):
        for name, (what, unit, _) in FIGURES.items():
            found = (
                estimate(group[name].to_numpy(dtype=float)) if name in group else Estimate(np.nan, np.nan, np.nan, 0)
            )
            out.append({**dict(zip(by, key, strict=True)), "figure": name, "what": what, "unit": unit, "mean": found.mean,
                        "low": found.low, "high": found.high, "n": found.runs, "tickets": group["tickets"].mean()})  # fmt: skip
    return pd.DataFrame(out)


def text_of(row: Any) -> str:
    """Return a figure of the summary as people read it."""
    digits = FIGURES[row.figure][2]
    if np.isnan(row.mean):
        return "–"
    alone = f"{row.mean:.{digits}f}"
    return (
        alone if np.isnan(row.low) or row.low == row.high else f"{alone} [{row.low:.{digits}f}, {row.high:.{digits}f}]"
    )


def markdown(table: pd.DataFrame) -> str:
    """Return the summary as a Markdown table: figures down, groups across."""
    groups = table[["organisation", "log", "days"]].drop_duplicates()
    lines = ["| figure | unit |" + "".join(f" {g.organisation}, {g.log}{g.days} days |" for g in groups.itertuples()),
             "|---|---|" + "---:|" * len(groups)]  # fmt: skip
    for name, (what, unit, _) in FIGURES.items():
        cells = [text_of(row) for row in table[table["figure"] == name].itertuples()]
        if any(cell != "–" for cell in cells):
            lines.append(f"| {what} | {unit} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


STATED: dict[str, tuple[float, float]] = {
    "doors_found": (100.0, 100.0), "asking_found": (98.0, 100.0), "asking_real": (98.0, 100.0), "handing_real": (95.0, 100.0),
    "asking_rates": (0.0, 8.0), "hours": (0.0, 8.0), "hours_unseen": (0.0, 35.0), "staff": (0.0, 10.0), "promises": (0.0, 2.0),
    "arrivals": (95.0, 115.0),
}  # fmt: skip
"""Figure → errors (or shares found) that docs/round_trip.md states for a log of two months."""
_BLAME = (
    "work that teams put on each other without being asked to (C3, passing the blame) looks like handing on, and a log cannot "
    "tell the two apart"
)


def check(effort: Effort | None = None, organisation_name: str = "software_firm", days: int = 30) -> Result:
    """Return the round trip of one organisation as checks against the organisation itself, quick enough for every validation.

    Errors count as shown where they are below those of somebody who knows the means only (`guess`).
    """
    effort = effort or Effort()
    chain = organisation.load(organisation_name)
    naive = guess(chain)
    seeds = effort.seeds(3)
    rows = [
        {"organisation": chain.setting("name"), "log": "", "days": days, "seed": s, **trip(chain, days, s)}
        for s in seeds
    ]
    tickets = int(sum(row["tickets"] for row in rows))
    checks = []
    for name, (low, high) in STATED.items():
        what, unit, digits = FIGURES[name]
        found = name.endswith(("_found", "_real"))
        share = 100.0 if name == "arrivals" else 0.0
        what = "working time, where the log does not hold it, mean error" if name == "hours_unseen" else what
        what = {
            "asking_real": "links by which departments ask: real",
            "handing_real": "handovers over links that are real",
            "arrivals": "tickets of customers a day",
        }.get(name, what)
        got = estimate([share + row[name] for row in rows])
        checks.append(
            Check(
                what, Published("all" if found or share else "no error", low, high, "stated in docs/round_trip.md"), got,
                len(rows), tickets, of="tickets",
                null=0.0 if found or share else naive["hours" if name == "hours_unseen" else name],
                rises=found or share > 0, unit="% of their needs" if share else unit, digits=digits,
                reason="" if low <= got.mean <= high else _BLAME if name == "handing_real" else "outside the error stated",
            )
        )  # fmt: skip
    note = (
        f"Logs of {days} working days of {chain.setting('name')}, written as CSV and read again. `python -m "
        "experiments.round_trip` does the same for all organisations, lengths and formats."
    )
    return Result(checks, {"runs": pd.DataFrame(rows)}, note=note)


FINDING = Finding(
    "RT",
    "A ticket log tells who asks whom, how often, and how long they work: `from-tickets` recovers it within stated error.",
    "the organisation itself, which a simulation knows to the last digit",
    "known",
    "Simulate an organisation with all mechanisms, write its requests as a ticket log, derive it again from the file, compare",
    check,
)

Leg = tuple[ServiceChain, str, int, int, bool]
"""Organisation, its name in the table, days of the log, seed, and whether it has one row a ticket."""


def _leg(leg: Leg) -> dict[str, Any]:
    chain, name, length, seed, per_ticket = leg
    got = trip(chain, length, seed, per_ticket=per_ticket)
    return {"organisation": name, "log": "a row a ticket, " if per_ticket else "", "days": length, "seed": seed, **got}


def main(
    organisations: Annotated[
        list[str] | None, typer.Argument(help="Organisations [default: the bundled ones and made-up ones].")
    ] = None,
    days: Annotated[
        list[int] | None, typer.Option(help="Working days of a log. May be repeated [default: 10, 40, 160].")
    ] = None,
    seeds: Annotated[int, typer.Option(help="Runs of each organisation and length.", min=1)] = 5,
    made_up: Annotated[int, typer.Option(help="Organisations drawn at random, one run each.", min=0)] = 20,
    workers: Annotated[
        int | None, typer.Option(help="Processes at the same time [default: one per core]", min=1)
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder for tables and picture.")] = Path("results/round_trip"),
) -> None:
    """Simulate organisations, export their logs, derive them again, and say how far the two are apart."""
    from experiments.made_up_firms import made_up as draw_one
    from experiments.round_trip_shown import errors_by_length

    lengths = sorted(set(days or LENGTHS))
    firms = [organisation.load(one) for one in organisations or organisation.bundled()]
    usual = lengths[len(lengths) // 2]
    plan: list[Leg] = [
        (f, f.setting("name"), length, seed, False) for f in firms for length in lengths for seed in range(1, seeds + 1)
    ]
    plan += [(f, f.setting("name"), usual, seed, True) for f in firms for seed in range(1, seeds + 1)]
    if not organisations:
        plan += [(draw_one(seed), f"{made_up} made-up firms", usual, seed, False) for seed in range(1, made_up + 1)]
    trip(firms[0], 2, 1, runs=0)  # compiles, so that the processes need not each
    rows = []
    with progress("going round", len(plan), False) as tick, ProcessPoolExecutor(workers) as pool:
        for count, row in enumerate(pool.map(_leg, plan)):
            rows.append(row)
            tick(count + 1)
    table = summary(rows)
    same = all(same_in_both_formats(chain, min(lengths), 1) for chain in firms)
    with results.folder(out, overwrite=True) as draft:
        results.write_table(draft / "round_trip", table, "csv")
        results.write_table(draft / "runs", pd.DataFrame(rows), "csv")
        (draft / "round_trip.md").write_text(markdown(table), encoding="utf-8")
        if len(lengths) > 1:
            errors_by_length(table[table["log"] == ""]).savefig(draft / "round_trip.png")
    shown = table[(table["days"] == usual) & (table["log"] == "")]
    for name, group in shown.groupby("organisation", sort=False):
        cells = [(str(r.what), text_of(r), str(r.unit)) for r in group.itertuples()]
        note = f"Logs of {usual} days; mean and 95 % interval over {int(group['n'].max())} runs."
        print_table(f"{name}: derived from its own log", ("figure", "error or share", "unit"), cells, note)
    print("CSV and XES give the same organisation" if same else "CSV and XES do NOT give the same organisation")
    print(f"Tables and picture are in {out}")


if __name__ == "__main__":
    typer.run(main)
