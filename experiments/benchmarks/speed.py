"""How fast the model is: against plain Mesa, per served request, over a year, with quiet customers, and at the start.

    python -m experiments.benchmarks.speed            # some minutes; quiet machine wanted
    python -m experiments.benchmarks.speed --quick    # less than a minute, to see that everything runs

Prints Markdown tables; `docs/benchmarks.md` holds those of one run and says how to read them. Times are processor time of
one core, unless a column says otherwise; every figure is the median of several repeats with its range.
"""

from __future__ import annotations

import argparse
import math
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from experiments.benchmarks.plain_mesa import LEFT_OUT, PlainModel, comparable
from sim import organisation
from sim.chain import ServiceChain
from sim.levers import DAYS_PER_YEAR
from sim.model import ServiceModel
from sim.population import CUSTOMER

ORGANISATION = "energy_distributor"
WARM_UP = 20
"""Working days that are run before anything is measured, so that requests are under way."""


@dataclass(frozen=True, slots=True)
class Spread:
    """Median and range of repeated measurements."""

    values: tuple[float, ...]

    @property
    def median(self) -> float:
        """The middle value."""
        return float(np.median(self.values))

    def text(self, digits: int = 0, scale: float = 1.0) -> str:
        """Return ``median (smallest to largest)``, or the only value."""
        if len(self.values) == 1:
            return f"{self.median * scale:,.{digits}f}"
        low, high = min(self.values) * scale, max(self.values) * scale
        return f"{self.median * scale:,.{digits}f} ({low:,.{digits}f} to {high:,.{digits}f})"


@dataclass(frozen=True, slots=True)
class Target:
    """One promise: measured figures, and the bound that their median is held against."""

    what: str
    figures: Spread
    bound: float
    unit: str
    at_least: bool = False

    def row(self) -> str:
        """Return the row of the table of targets: bound, median with its range, and what comes of it."""
        median = self.figures.median
        factor = self.bound / median if self.at_least else median / self.bound
        verdict = "met" if factor <= 1 else f"**missed**, by a factor of {factor:.2f}"
        sign = "≥" if self.at_least else "≤"
        digits = max(0, 2 - math.floor(math.log10(median)))
        return (
            f"| {self.what} | {sign} {self.bound:g} {self.unit} | {self.figures.text(digits)} {self.unit} | {verdict} |"
        )


def scaled(agents: int, name: str = ORGANISATION) -> ServiceChain:
    """Return a bundled organisation with so many customers and employees, in the same proportions throughout."""
    staff, customers = people(organisation.load(name))
    factor = agents / (staff + customers)
    return resized(staff * factor, customers * factor, name)


def resized(employees: float, customers: float, name: str = ORGANISATION, busy: bool = False) -> ServiceChain:
    """Return a bundled organisation with about so many employees and customers.

    A customer has the needs that the file says, or where ``busy``, so many that staff have as much to do as there.
    """
    chain = organisation.load(name).copy()
    staff, buyers = people(chain)
    for unit in chain.units:
        data = chain.nodes[unit]
        data["staff"] = max(1, round(data.get("staff", 1) * employees / staff))
        data["managers"] = max(1, round(data.get("managers", 1) * employees / staff))
    for segment in chain.segments:
        data = chain.nodes[segment]
        data["customers"] = round(data["customers"] * customers / buyers)
        if busy:
            data["needs_per_year"] = chain.value("needs_per_year", segment) * employees / staff * buyers / customers
    return chain.check()


def people(chain: ServiceChain) -> tuple[int, int]:
    """Return how many employees and customers an organisation has."""
    staff = sum(chain.nodes[unit].get("staff", 1) for unit in chain.units)
    return staff, sum(chain.nodes[segment]["customers"] for segment in chain.segments)


def quiet(customers: int, needs: float) -> ServiceChain:
    """Return the bundled organisation with so many customers, who have ``needs`` times their ordinary needs together.

    Nobody leaves and nobody joins: those are events of their own, and their number grows with the customers.
    """
    chain = organisation.load(ORGANISATION).copy()
    factor = customers / sum(chain.nodes[segment]["customers"] for segment in chain.segments)
    for segment in chain.segments:
        data = chain.nodes[segment]
        data["needs_per_year"] = chain.value("needs_per_year", segment) * needs / factor
        data["customers"] = round(data["customers"] * factor)
        data["churn"] = data["new_customers"] = 0.0
    return chain.check()


def services(model: ServiceModel) -> int:
    """Return the services finished since the start."""
    return int(model.state.clock[0]["services_ever"])


def seconds(work: Callable[[], object]) -> float:
    """Return the processor time that ``work`` takes."""
    start = time.process_time()
    work()
    return time.process_time() - start


def run_same_days(model: ServiceModel, days: int, at_least: float = 0.2) -> tuple[float, int]:
    """Return processor seconds per day, and services a day, over the next ``days`` days, which stay ahead of the model."""
    spent, runs, done = 0.0, 0, 0
    while spent < at_least:
        twin = model.branch()
        before = services(twin)
        spent += seconds(lambda twin=twin: twin.run(days))  # type: ignore[misc]
        runs += 1
        done = services(twin) - before
    return spent / runs / days, round(done / days)


# --- the measurements ----------------------------------------------------------------------------------------------------


def against_plain_mesa(sizes: Iterable[tuple[int, int, int]]) -> list[Target]:
    """Measure both models over the same days, in turns; ``sizes``: agents, days of a repeat, repeats.

    Both are without what plain Mesa does not have, if there is anything.
    """
    missing = f"without {', '.join(LEFT_OUT)}" if LEFT_OUT else "everything on"
    print(f"## Against plain Mesa ({ORGANISATION}, {missing})\n")
    print("| agents | services a day | plain Mesa, ms a day | this model, ms a day | times faster |")
    print("|---:|---:|---:|---:|---:|")
    targets = []
    for agents, days, repeats in sizes:
        chain = comparable(scaled(agents))
        plain = PlainModel(chain, seed=1)
        for _ in range(WARM_UP if agents <= 20_000 else 5):
            plain.step()
        ours = ServiceModel(chain, seed=1).run(plain.day)
        slow, fast, per_day = [], [], 0
        for _ in range(repeats):
            fast_now, per_day = run_same_days(ours, days)
            slow_now = seconds(lambda plain=plain, days=days: [plain.step() for _ in range(days)]) / days  # type: ignore[misc]
            ours.run(days)
            slow.append(slow_now)
            fast.append(fast_now)
        ratio = Spread(tuple(a / b for a, b in zip(slow, fast, strict=True)))
        print(f"| {agents:,} | {per_day:,} | {Spread(tuple(slow)).text(1, 1e3)} | {Spread(tuple(fast)).text(3, 1e3)} "
              f"| {ratio.text()} |", flush=True)  # fmt: skip
        if agents >= 20_000:
            targets.append(Target(f"faster than plain Mesa at {agents:,} agents", ratio, 200, "times", True))
    print()
    return targets


def per_service(agents: int, days: int, repeats: int) -> list[Target]:
    """Measure processor time per served request in each bundled organisation, with every mechanism on."""
    print(f"## A served request ({agents:,} agents, everything on)\n")
    print("| organisation | services a day | ns a service |\n|---|---:|---:|")
    targets = []
    for name in organisation.bundled():
        model = ServiceModel(scaled(agents, name), seed=1).run(WARM_UP)
        costs, per_day = [], 0
        for _ in range(repeats):
            cost, per_day = run_same_days(model, days, at_least=0.1)
            costs.append(1e9 * cost / per_day)
            model.run(days)
        found = Spread(tuple(costs))
        print(f"| {name} | {per_day:,} | {found.text()} |", flush=True)
        if name == ORGANISATION:
            targets.append(Target(f"a served request at {agents:,} agents", found, 250, "ns"))
    print()
    return targets


def a_year(repeats: int, employees: int = 300, customers: int = 2000) -> list[Target]:
    """Measure a year of a middle-sized firm from its first day, with ordinary needs and with staff as busy as usual."""
    what = f"a year of {employees:,} employees and {customers:,} customers"
    print(f"## {what.capitalize()} ({ORGANISATION}, everything on)\n")
    print("| needs of its customers | services a year | ms a year | ns a service |\n|---|---:|---:|---:|")
    targets = []
    for busy in (False, True):
        chain = resized(employees, customers, busy=busy)
        costs, done = [], 0
        for seed in range(1, repeats + 1):
            model = ServiceModel(chain, seed=seed)
            costs.append(1e3 * seconds(lambda model=model: model.run(DAYS_PER_YEAR)))  # type: ignore[misc]
            done = services(model)
        found = Spread(tuple(costs))
        needs = "so many that staff are as busy as in the file" if busy else "as in the file"
        print(f"| {needs} | {done:,} | {found.text(1)} | {1e6 * found.median / done:.0f} |", flush=True)
        if not busy:
            targets.append(Target(what, found, 60, "ms"))
    print()
    return targets


def quiet_customers(sizes: Iterable[int], days: int, repeats: int) -> list[Target]:
    """Measure a day of the same number of requests as the customers become more."""
    print("## Quiet customers: the same number of requests, more customers\n")
    print("| customers | services a day | ms a day | building, s |\n|---:|---:|---:|---:|")
    found: dict[int, Spread] = {}
    models: dict[int, ServiceModel] = {}
    building: dict[int, float] = {}
    for customers in sizes:
        chain = quiet(customers, needs=1.0)
        start = time.process_time()
        models[customers] = ServiceModel(chain, seed=1)
        building[customers] = time.process_time() - start
        models[customers].run(WARM_UP)
    costs: dict[int, list[float]] = {customers: [] for customers in models}
    per_day: dict[int, float] = {}
    for _ in range(repeats):
        for customers, model in models.items():
            before = services(model)
            costs[customers].append(seconds(lambda model=model: model.run(days)) / days)  # type: ignore[misc]
            per_day[customers] = (services(model) - before) / days
    for customers in models:
        found[customers] = Spread(tuple(costs[customers]))
        print(f"| {customers:,} | {per_day[customers]:,.0f} | {found[customers].text(3, 1e3)} "
              f"| {building[customers]:.2f} |")  # fmt: skip
    print()
    if 100_000 in found and 1_000_000 in found:
        ratio = Spread(tuple(b / a for a, b in zip(costs[100_000], costs[1_000_000], strict=True)))
        return [Target("a quiet million against a quiet 100,000", ratio, 2, "times")]
    return []


def memory(customers: int) -> list[Target]:
    """Measure how much larger a process becomes by so many customers."""
    print("## Memory\n")
    code = (
        "import sys; from experiments.benchmarks.speed import process_size, quiet; from sim.model import ServiceModel\n"
        "model = ServiceModel(quiet(int(sys.argv[1]), 1.0), seed=1).run(20)\n"
        "print(process_size())"
    )
    sizes = {}
    for count in (1000, customers):
        done = subprocess.run(
            [sys.executable, "-c", code, str(count)], check=True, capture_output=True, text=True, cwd=_root()
        )
        sizes[count] = int(done.stdout)
    measured = (sizes[customers] - sizes[1000]) / (customers - 1000)
    print("| bytes of a customer's row | growth of the process, bytes a customer | of how many |")
    print("|---:|---:|---:|")
    print(f"| {CUSTOMER.itemsize} | {measured:.1f} | {customers:,} |\n")
    return [Target("memory per customer", Spread((max(measured, CUSTOMER.itemsize),)), 100, "bytes")]


def process_size() -> int:
    """Return the bytes of memory that this process holds now, or where nobody says so, has held at most."""
    now = Path("/proc/self/statm")
    if now.exists():
        return int(now.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def start_of_a_process(repeats: int, cold: bool) -> list[Target]:
    """Measure the first output of `service-culture run`, with nothing compiled yet and with everything compiled."""
    print("## Start of a process\n")
    print("| what | first output after, s of clock | processor, s | what it says first |\n|---|---:|---:|---|")
    targets = []
    command = [sys.executable, "-m", "sim.cli", "run", "--days", "250"]
    with tempfile.TemporaryDirectory() as scratch:
        cache = {"SERVICE_CULTURE_CACHE": str(Path(scratch) / "cache")} if cold else {}
        first: Start | None = None
        if cold:
            first = _start([*command, "--out", str(Path(scratch) / "cold")], cache)
            print(first.row("`service-culture run`, nothing compiled"))
        runs = [_start([*command, "--out", str(Path(scratch) / str(n))], cache) for n in range(repeats + (not cold))]
        warm = runs[-repeats:]
    imports = [_start([sys.executable, "-c", "import mesa; print(mesa.__version__)"], {}) for _ in range(repeats)]
    print(_middle(warm).row("`service-culture run`, compiled before"))
    print(_middle(imports).row("`import mesa` alone"))
    print()
    if first is not None:
        compiling = Spread(tuple(first.processor - one.processor for one in warm))
        print(f"Compiling takes {compiling.median:.1f} s of processor time: the first run less a later one.\n")
        targets.append(Target("cold compile in total, processor time", compiling, 30, "s"))
    clock = Spread(tuple(one.first_output for one in warm))
    return [*targets, Target("warm start of `run` to first output, by the clock", clock, 3, "s")]


@dataclass(frozen=True, slots=True)
class Start:
    """One process: seconds to its first output, processor seconds in all, what it said first, and of compiling."""

    first_output: float
    processor: float
    said: str

    def row(self, what: str) -> str:
        """Return the row of the table."""
        return f"| {what} | {self.first_output:.2f} | {self.processor:.2f} | {self.said} |"


def _middle(runs: list[Start]) -> Start:
    return sorted(runs, key=lambda one: one.first_output)[len(runs) // 2]


def _start(command: list[str], variables: dict[str, str]) -> Start:
    before = _children_seconds()
    start = time.perf_counter()
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=os.environ | variables, cwd=_root()
    ) as process:
        assert process.stdout is not None
        said = process.stdout.readline().strip()
        first_output = time.perf_counter() - start
        rest = process.stdout.read()
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{said}\n{rest}")
    compiling = [line.strip() for line in rest.splitlines() if "ompil" in line]
    return Start(first_output, _children_seconds() - before, " · ".join([said, *compiling[:1]]))


def _children_seconds() -> float:
    times = os.times()
    return times.children_user + times.children_system


def _root() -> Path:
    return Path(__file__).resolve().parents[2]


def machine() -> str:
    """Return what the machine says of itself."""
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [
            line.split(":", 1)[1].strip() for line in info.read_text().splitlines() if line.startswith("model name")
        ]
        model = names[0] if names else model
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    return f"{model}, {os.cpu_count()} cores, Python {platform.python_version()}{load}"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="small sizes and few repeats: shows only that all runs")
    quick = parser.parse_args().quick
    print(f"{machine()}\n")
    if quick:
        targets = against_plain_mesa([(2_000, 5, 2), (20_000, 1, 2)])
        targets += per_service(20_000, days=20, repeats=2)
        targets += a_year(repeats=3)
        targets += quiet_customers([10_000, 100_000], days=20, repeats=2)
        targets += memory(100_000)
        targets += start_of_a_process(repeats=1, cold=False)
    else:
        targets = against_plain_mesa([(2_000, 20, 9), (20_000, 5, 9), (200_000, 1, 7)])
        targets += per_service(20_000, days=50, repeats=15)
        targets += a_year(repeats=9)
        targets += quiet_customers([10_000, 100_000, 1_000_000], days=100, repeats=9)
        targets += memory(1_000_000)
        targets += start_of_a_process(repeats=5, cold=True)
    print("## Targets\n\n| what | target | measured | |\n|---|---:|---:|---|")
    for target in targets:
        print(target.row())


if __name__ == "__main__":
    main()
