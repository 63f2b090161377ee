"""What sweeps cost: two cores against one, bookkeeping, memory over many runs, a large ledger, and other tools beside it.

    python -m experiments.benchmarks.sweeps            # about half an hour; quiet machine wanted
    python -m experiments.benchmarks.sweeps --quick    # a minute or two, to see that everything runs

Everything that is compared is run in turns, in one go, on the same points with the same seeds, so that what else the machine
does falls on both sides. Times are by the clock; every figure is the median of the turns with its range. The other tools are
those that a user would pick instead: a plain loop, ``mesa.batch_run`` and EMA Workbench, on the same model.
"""

from __future__ import annotations

import argparse
import os
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from experiments.benchmarks.speed import Spread, machine, resized
from experiments.others import ema
from experiments.others.batch import FromWarmUp
from experiments.sweeps import drive, read
from experiments.sweeps import folder as folders
from experiments.sweeps.design import Design
from experiments.sweeps.executors import Pool, Processes, Threads
from experiments.sweeps.ledger import Ledger
from experiments.sweeps.plan import Plan
from experiments.sweeps.simulate import FunctionRuns, ServiceRuns
from experiments.sweeps.space import Factor, Space, luck, parse_factor
from sim import organisation
from sim.chain import ServiceChain

LEVERS = ("internal-service=0.2..0.9", "training=0..0.1", "tools=0.3..0.9")


@dataclass
class Report:
    """Rows of a Markdown table: what, target, measured, whether the target is met."""

    rows: list[tuple[str, str, str, str]] = field(default_factory=list)

    def add(self, what: str, measured: str, target: str = "", kept: bool | None = None) -> None:
        """Add a row, and say it at once."""
        print(f"{what}: {measured}", file=sys.stderr, flush=True)
        self.rows.append((what, target, measured, "" if kept is None else "met" if kept else "**missed**"))

    def print(self) -> None:
        """Print the table."""
        print("| what | target | measured | |\n|---|---:|---:|---|")
        for row in self.rows:
            print("| " + " | ".join(row) + " |")


def plan_of(chain: ServiceChain, runs: int, *, warm_up: int, days: int) -> Plan:
    """Return a sweep of three levers and luck, every run with luck of its own."""
    space = Space((*(parse_factor(chain, text) for text in LEVERS), luck()))
    return Plan(space, Design("sobol", runs, seed=1), ServiceRuns(chain, space, warm_up=warm_up, days=days))


@contextmanager
def scratch() -> Iterator[Path]:
    """Give a folder that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="sweep-") as name:
        yield Path(name)


def timed(work: Callable[[], object]) -> float:
    """Return the seconds of a piece of work, by the clock."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def swept(plan: Plan, pool: Pool) -> float:
    """Return the seconds in which a sweep is done and recorded, from an empty folder."""
    with scratch() as folder:
        return timed(lambda: drive.sweep(folder / "sweep", plan, pool=pool))


def looped(plan: Plan) -> float:
    """Return the seconds in which a plain loop does the same runs, in the same order, and keeps nothing."""
    order = plan.order(np.arange(len(plan)))
    names, values, seeds = plan.space.names, plan.values_of(order).tolist(), plan.seed_of(order).tolist()

    def work() -> None:
        for row, seed in zip(values, seeds, strict=True):
            plan.simulator.run(dict(zip(names, row, strict=True)), seed)

    return timed(work)


def cores_and_bookkeeping(report: Report, firm: str, days: int, runs: int, turns: int) -> None:
    """Compare one thread, two threads, two processes and a plain loop on the same runs."""
    plan = plan_of(organisation.load(firm), runs, warm_up=0, days=days)
    looped(plan_of(organisation.load(firm), 4, warm_up=0, days=days))
    times: dict[str, list[float]] = {"loop": [], "one": [], "two": [], "processes": []}
    for _ in range(turns):
        times["loop"].append(looped(plan))
        times["one"].append(swept(plan, Threads(1)))
        times["two"].append(swept(plan, Threads(2)))
        times["processes"].append(swept(plan, Processes(2)))
    each = Spread(tuple(1000 * one / runs for one in times["loop"]))
    two = Spread(ratios(times["one"], times["two"]))
    both = Spread(ratios(times["one"], times["processes"]))
    book = Spread(tuple(100 * (one - 1) for one in ratios(times["one"], times["loop"])))
    what = f"{firm}, {days} days, {each.text(1)} ms a run, {runs:,} runs"
    report.add(f"{what}: throughput of two threads over one", f"{two.text(2)} times", "≥ 1.9 times", two.median >= 1.9)
    report.add(f"{what}: throughput of two processes over one thread, their start included", f"{both.text(2)} times")
    report.add(f"{what}: bookkeeping of a sweep over a plain loop", f"{book.text(1)} %", "≤ 5 %", book.median <= 5)


def ratios(tops: Sequence[float], bottoms: Sequence[float]) -> tuple[float, ...]:
    """Return the ratios of paired measurements."""
    return tuple(top / bottom for top, bottom in zip(tops, bottoms, strict=True))


def memory(report: Report, runs: int) -> None:
    """Run the model very often, briefly, in a small firm, and look at the size of the process along the way."""
    chain = resized(12, 60, "software_firm")
    plan = plan_of(chain, runs, warm_up=2, days=4)
    seen: list[tuple[int, float]] = []

    def look(now: drive.Standing) -> None:
        seen.append((now.recorded, resident()))

    with scratch() as folder:
        took = timed(lambda: drive.sweep(folder / "sweep", plan, progress=look))
        begun = timed(lambda: folders.load(folder / "sweep"))
        table = timed(lambda: read.runs(folder / "sweep"))
    early = float(np.median([size for done, size in seen if 0.1 * runs <= done <= 0.3 * runs] or [seen[0][1]]))
    late = float(np.median([size for done, size in seen if done >= 0.8 * runs] or [seen[-1][1]]))
    what = f"{runs:,} runs of the model in a firm of 12 ({runs / took:,.0f} a second)"
    report.add(
        f"{what}: process at the end over that after a fifth", f"{late / early:.2f} times ({early:,.0f} to {late:,.0f} MB)",
        "flat: ≤ 1.1 times", late <= 1.1 * early,
    )  # fmt: skip
    report.add(f"{what}: reading the plan, and all runs as one table", f"{begun:.2f} s and {table:.2f} s")


def resident() -> float:
    """Return the size of this process in MB."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS"):
            return float(line.split()[1]) / 1000
    return float("nan")


def nothing(point: Mapping[str, float], seed: int) -> Mapping[str, float]:
    """Stand in for a model where only the bookkeeping matters."""
    return {"y": point["x"]}


def large_ledger(report: Report, runs: int, turns: int) -> None:
    """Open the ledger of a sweep of which all runs but the last thousand are recorded, and find what is missing."""
    space = Space((Factor("x", "input", 0.0, 1.0),))
    plan = Plan(space, Design("lhs", 1000, seed=1), FunctionRuns(nothing, ["y"]), replicates=max(1, runs // 1000))
    with scratch() as folder:
        folders.create(folder / "sweep", plan)
        _record(folder / "sweep", len(plan) - 1000, len(plan))

        def open_it() -> None:
            with folders.open_ledger(folder / "sweep", folders.load(folder / "sweep")) as ledger:
                missing = np.setdiff1d(np.arange(len(plan)), ledger.recorded(), assume_unique=True)
                assert len(missing) == 1000
                assert ledger.counts()[0] == len(plan) - 1000

        spread = Spread(tuple(timed(open_it) for _ in range(turns)))
        size = (folder / "sweep" / "ledger.sqlite").stat().st_size / 1e6
    report.add(
        f"opening a ledger of {len(plan):,} runs ({size:.0f} MB) and finding what is missing", f"{spread.text(2)} s", "≤ 2 s",
        spread.median <= 2,
    )  # fmt: skip


def _record(folder: Path, done: int, runs: int, batch: int = 1000) -> None:
    """Fill a ledger as a sweep would have left it, without its shards."""
    with sqlite3.connect(folder / "ledger.sqlite") as db:
        for number, first in enumerate(range(0, done, batch), 1):
            db.execute(
                "INSERT INTO shard(id, name, runs, seconds, recorded) VALUES (?, ?, ?, 1, 1)",
                (number, f"{number}", batch),
            )
            rows = ((run, number) for run in range(first, min(first + batch, done)))
            db.executemany("INSERT INTO run(run, shard) VALUES (?, ?)", rows)
    db.close()
    with Ledger(folder, read_only=True) as ledger:
        assert ledger.counts()[0] == done <= runs


def other_tools(report: Report, levels: int, seeds: int, turns: int) -> None:
    """Run one grid of two levers, each point with the same seeds, with this package, Mesa's own runner and EMA Workbench."""
    chain, days = organisation.load("software_firm"), 60
    space = Space(tuple(parse_factor(chain, text) for text in LEVERS[:2]))
    plan = Plan(space, Design("grid", levels=levels), ServiceRuns(chain, space, warm_up=days, days=days), seeds)
    times: dict[str, list[float]] = {"this": [], "processes": [], "mesa": [], "ema": []}
    for _ in range(turns):
        times["this"].append(swept(plan, Threads(2)))
        times["processes"].append(swept(plan, Processes(2)))
        times["mesa"].append(timed(lambda: _with_mesa(plan, days)))
        times["ema"].append(timed(lambda: _with_ema(plan, days)))
    what = f"software_firm, {days} + {days} days, {len(plan):,} runs, two workers"
    report.add(f"{what}: this package, threads", f"{Spread(tuple(times['this'])).text(1)} s")
    for name, label in (("processes", "this package, processes"), ("mesa", "mesa.batch_run"), ("ema", "EMA Workbench")):
        ratio = Spread(ratios(times[name], times["this"]))
        report.add(f"{what}: {label}", f"{Spread(tuple(times[name])).text(1)} s, {ratio.text(2)} times as long")


def _with_mesa(plan: Plan, days: int) -> None:
    import mesa

    levers: dict[str, Any] = {name: sorted(set(plan.points[name].tolist())) for name in plan.space.names}
    seeds = list(range(plan.seed, plan.seed + plan.replicates))
    rows = mesa.batch_run(
        FromWarmUp,
        parameters=levers | {"chain": ["software_firm"], "run_seed": seeds, "warm_up": days, "days": days, "every": days},
        number_processes=2, display_progress=False,
    )  # fmt: skip
    assert len({row["RunId"] for row in rows}) == len(plan)


def _with_ema(plan: Plan, days: int) -> None:
    policy, scenario = ema._sample_class("Policy"), ema._sample_class("Scenario")
    points = [
        policy(f"{place}", **dict(zip(plan.space.names, row, strict=True)))
        for place, row in enumerate(plan.points.to_numpy().tolist())
    ]
    model = ema.workbench_model(
        "software_firm", {one.name: (one.low, one.high) for one in plan.space.factors}, {"loss_aversion": (1.5, 2.5)},
        seeds=range(plan.seed, plan.seed + plan.replicates), warm_up=days, days=days,
    )  # fmt: skip
    table, _ = ema.perform(model, [scenario("as described", loss_aversion=2.0)], points, processes=2)
    assert len(table) == len(plan.points)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="small sizes, to see that everything runs")
    quick = parser.parse_args().quick
    report = Report()
    print(f"{machine()}, {os.cpu_count()} cores", file=sys.stderr)
    turns = 1 if quick else 5
    cores_and_bookkeeping(report, "software_firm", 60, 60 if quick else 1000, turns)
    cores_and_bookkeeping(report, "energy_distributor", 250, 12 if quick else 200, turns)
    large_ledger(report, 100_000 if quick else 1_000_000, 3)
    other_tools(report, 2 if quick else 5, 4 if quick else 20, 1 if quick else 3)
    memory(report, 2_000 if quick else 100_000)
    report.print()


if __name__ == "__main__":
    main()
