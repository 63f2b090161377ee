"""What a sweep of ten million runs would cost: time, bytes, the ledger, the driver's memory, all measured here for one run.

    python -m experiments.benchmarks.large_sweep                       # about three minutes; the tables of docs/cluster.md
    python -m experiments.benchmarks.large_sweep --runs 1e6 --price 0.02 --cores 64

Times are processor time of one core, so that a busy machine does not count. Nothing here is a promise about another processor.
"""

from __future__ import annotations

import pickle
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from experiments.sweeps import shards
from experiments.sweeps.ledger import Ledger
from experiments.sweeps.simulate import OUTPUTS, FunctionRuns, ServiceRuns
from experiments.sweeps.space import Factor, Space
from sim import organisation
from sim.console import print_table
from sim.estimates import Estimate, estimate

FACTORS = 8
LEVERS = Space((Factor("training", "lever", 0.0, 0.1), Factor("loss_aversion", "uncertainty", 1.0, 3.0)))
DAYS = 250


@dataclass(frozen=True, slots=True)
class Costs:
    """What one run costs.

    Attributes
    ----------
    stored, ledger, driver : bytes in shards, in the ledger, and in the driver's memory
    recording : seconds of the driver's processor
    worker : bytes of a worker's memory, whatever the number of runs
    """

    stored: float
    ledger: float
    driver: float
    recording: float
    worker: float


def seconds_a_run(name: str, runs: int) -> tuple[Estimate, Estimate]:
    """Return processor seconds of a run with a warm-up of its own, and of one that shares it with the run before."""
    simulator = ServiceRuns(organisation.load(name), LEVERS, warm_up=DAYS, days=DAYS)
    simulator.run({"training": 0.0, "loss_aversion": 2.0}, 0)
    fresh: list[float] = []
    shared: list[float] = []
    for seed, share in enumerate(np.linspace(0, 1, runs), 1):
        point = {"training": 0.1 * share, "loss_aversion": 1 + 2 * share}
        for found, training in ((fresh, 0.05), (shared, 0.1)):
            began = time.process_time()
            simulator.run(point | {"training": training}, seed)
            found.append(time.process_time() - began)
    return estimate(fresh), estimate(shared)


def noise(point: Mapping[str, float], seed: int) -> dict[str, float]:
    """Return as many figures as the model has, which cannot be compressed: the worst case for storage."""
    drawn = np.random.default_rng(seed).random(len(OUTPUTS))
    return dict(zip(OUTPUTS, drawn.tolist(), strict=True))


def costs(batches: int, size: int) -> Costs:
    """Record batches of runs that take no time, as a driver does, and measure what they leave behind."""
    names = tuple(f"factor_{number}" for number in range(FACTORS))
    from experiments.benchmarks.large_sweep import noise as importable

    simulator = FunctionRuns(importable, tuple(OUTPUTS))
    chance = np.random.default_rng(1)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        for name in (shards.PENDING, shards.RUNS, shards.SERIES):
            (folder / name).mkdir()
        packed = pickle.dumps(shards.Task(simulator, names, b"", "", ""))
        spent = 0.0
        with Ledger(folder) as ledger:
            for number in range(batches):
                runs = np.arange(number * size, (number + 1) * size)
                values = chance.random((size, FACTORS))
                receipt = shards.work(packed, shards.Batch(f"{number:032x}", runs, runs, runs * 0, runs, values))
                began = time.process_time()
                ledger.record(receipt)
                spent += time.process_time() - began
            stored = ledger.size()
        book = (folder / "ledger.sqlite").stat().st_size
    count = batches * size
    return Costs(stored / count, book / count, _driver_bytes(2**18), spent / count, _worker_bytes())


_PEAK = """
def peak():
    import resource
    try:  # the kernel's other figure begins at that of the process that started this one
        return 1024 * next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM"))
    except OSError:
        return 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
"""

_DRIVER = """
import numpy as np
from experiments.sweeps.design import Design
from experiments.sweeps.plan import Plan
from experiments.sweeps.simulate import ServiceRuns
from experiments.sweeps.space import Space, Factor
from sim import levers, organisation
firm_levers = [one.name for one in levers.of("firm") if one.low == 0 and one.high == 1][:{factors}]
kinds = ["uncertainty", "lever"] * {factors}
space = Space(tuple(Factor(name, kind, 0.0, 1.0) for name, kind in zip(firm_levers, kinds)))
plan = Plan(space, Design("sobol", {runs}), ServiceRuns(organisation.load("software_firm"), space))
plan.order(np.arange(len(plan)))
print(peak())
"""

_WORKER = """
from experiments.sweeps.simulate import ServiceRuns
from experiments.sweeps.space import Space, Factor
from sim import organisation
import distributed, pyarrow.parquet
space = Space((Factor("training", "lever", 0.0, 0.1), Factor("loss_aversion", "uncertainty", 1.0, 3.0)))
simulator = ServiceRuns(organisation.load("energy_distributor"), space)
for seed in range(50):
    simulator.run({"training": 0.1, "loss_aversion": 2.0}, seed)
print(peak())
"""


def _driver_bytes(runs: int) -> float:
    """Return bytes of memory that a plan needs for each run: the difference of two sizes, at their highest."""
    small, large = (
        _printed(_DRIVER.replace("{factors}", str(FACTORS)).replace("{runs}", str(n))) for n in (1024, runs)
    )
    return (large - small) / runs


def _worker_bytes() -> float:
    return _printed(_WORKER)


def _printed(script: str) -> float:
    done = subprocess.run([sys.executable, "-c", _PEAK + script], check=True, capture_output=True, text=True)
    return float(done.stdout.split()[-1])


def main(
    runs: Annotated[float, typer.Option(help="Runs of the sweep to be planned.")] = 1e7,
    price: Annotated[float, typer.Option(help="Price of a core for an hour.")] = 0.04,
    storage: Annotated[float, typer.Option(help="Price of a gigabyte stored for a month.")] = 0.05,
    cores: Annotated[int, typer.Option(help="Cores of the cluster.", min=1)] = 256,
    repeats: Annotated[int, typer.Option(help="Runs timed of each organisation.", min=2)] = 30,
) -> None:
    """Measure what a run costs and print what so many would."""
    print(f"{platform.machine()}, Python {platform.python_version()}; {DAYS} + {DAYS} days, every mechanism on\n")
    rows = []
    for name in organisation.bundled():
        fresh, shared = seconds_a_run(name, repeats)
        for what, took in (("own warm-up", fresh), ("shared warm-up", shared)):
            hours = runs * took.mean / 3600
            rows.append((
                name, what, f"{1000 * took.mean:.0f} [{1000 * took.low:.0f}, {1000 * took.high:.0f}]", f"{hours:,.0f}",
                f"{hours / cores:,.1f}", f"{hours * price:,.0f}",
            ))  # fmt: skip
    print_table(
        f"{runs:,.0f} runs",
        ("organisation", "runs that", "ms a run", "core-hours", f"hours on {cores} cores", f"at {price} a core-hour"),
        rows, f"ms of processor time, mean [95 % interval], n = {repeats}",
    )  # fmt: skip
    one = costs(batches=50, size=400)
    billion = 1e9
    print_table(
        "Everything else",
        ("what", "a run", f"{runs:,.0f} runs"),
        [
            ("shards (8 factors, all measures)", f"{one.stored:.0f} bytes", f"{runs * one.stored / billion:.1f} GB"),
            ("ledger", f"{one.ledger:.0f} bytes", f"{runs * one.ledger / billion:.2f} GB"),
            ("stored for a month", "", f"{runs * (one.stored + one.ledger) / billion * storage:.2f} at {storage} a GB"),
            ("driver's memory for the plan", f"{one.driver:.0f} bytes", f"{runs * one.driver / billion:.1f} GB"),
            (
                "driver's processor, recording",
                f"{1e6 * one.recording:.0f} µs",
                f"{runs * one.recording / 60:.0f} minutes",
            ),
            ("a worker's memory", "", f"{one.worker / 1e6:.0f} MB each"),
        ],
        "Shards of 400 runs with figures that cannot be compressed. Without a common folder, shards travel to the driver once.",
    )


if __name__ == "__main__":
    typer.run(main)
