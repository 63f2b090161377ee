"""A sweep on a cluster loses nothing and doubles nothing, whatever is killed, restarted or cut off in the middle of it.

Machines are network namespaces with addresses of their own where the system allows it, and processes on loopback elsewhere; see
`machines.py`. Each test says at its end which it had.
"""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pytest

from experiments.sweeps import drive, read
from experiments.sweeps import folder as folders
from experiments.sweeps.design import Design
from experiments.sweeps.executors import Threads
from experiments.sweeps.ledger import Ledger
from experiments.sweeps.plan import Plan
from experiments.sweeps.simulate import FunctionRuns
from experiments.sweeps.space import Factor, Space
from experiments.sweeps.status import status
from tests.experiments.cluster import slowly
from tests.experiments.cluster.machines import (
    ROOT,
    Machines,
    machines,
    scheduler_command,
    wait_for_port,
    worker_command,
)

pytestmark = pytest.mark.slow

PORT = 8786
SWEEP = [
    "software_firm", "--lever", "training=0..0.1", "--lever", "internal-service", "--uncertainty", "loss_aversion=1..3",
    "--design", "lhs", "--samples", "150", "--replicates", "2", "--warm-up", "60", "--days", "120",
    "--series", "external_satisfaction", "--every", "40",
]  # fmt: skip
RUNS = 300


def command(*words: str | Path) -> list[str]:
    return [sys.executable, "-m", "sim.cli", "sweep", *map(str, words)]


@pytest.fixture(scope="module")
def alone(tmp_path_factory) -> Path:
    """The same sweep on this machine, undisturbed."""
    folder = tmp_path_factory.mktemp("alone") / "sweep"
    subprocess.run(command("run", *SWEEP, "--out", folder, "--quiet"), cwd=ROOT, check=True, timeout=600)
    return folder


def waiting_plan() -> Plan:
    """Return a sweep of as many runs that take their time and no processor."""
    space = Space((Factor("one", "input", 0.0, 1.0), Factor("other", "input", -1.0, 1.0)))
    runs = FunctionRuns(slowly.figures, ("sum", "product"))
    return Plan(space, Design("lhs", RUNS // 2), runs, replicates=2)


@pytest.fixture(scope="module")
def waited_alone(tmp_path_factory) -> Path:
    """The sweep of `waiting_plan`, undisturbed."""
    folder = tmp_path_factory.mktemp("waited") / "sweep"
    drive.sweep(folder, waiting_plan(), pool=Threads(30))
    return folder


class Cluster:
    """A scheduler on the first machine, a worker on each of the others, and a driver here."""

    def __init__(self, found: Machines, folder: Path) -> None:
        self.machines, self.folder = found, folder
        self.scheduler, *self.workers = found.all
        self.address = f"tcp://{self.scheduler.address}:{PORT}"
        self.driver: subprocess.Popen[bytes] | None = None
        self.log = folder.parent / "driver.log"

    def start_scheduler(self, *more: str | Path) -> None:
        self.scheduler.start(*scheduler_command(self.scheduler.address, PORT), *more)
        wait_for_port(self.scheduler.address, PORT)

    def start_worker(self, number: int, blind: bool = False) -> None:
        one = self.workers[number]
        one.keep_running(
            *worker_command(self.address, one.address, one.name), blind_to=self.folder.parent if blind else None
        )

    def start_driver(self, *words: str | Path) -> None:
        with self.log.open("ab") as log:
            self.driver = subprocess.Popen(
                command(*words, "--scheduler", self.address), cwd=ROOT, stdout=log, stderr=subprocess.STDOUT
            )

    def wait_for(self, runs: int, seconds: float = 240) -> None:
        """Wait until so many runs are recorded."""
        self._wait(
            lambda: (self.folder / "sweep.json").exists() and status(self.folder).standing.recorded >= runs, seconds
        )

    def wait_for_end(self, seconds: float = 300) -> None:
        assert self.driver is not None
        assert self.driver.wait(seconds) == 0, self.said()

    def _wait(self, is_so: Callable[[], bool], seconds: float) -> None:
        until = time.monotonic() + seconds
        while not is_so():
            assert time.monotonic() < until, f"nothing happened for {seconds} s\n{self.said()}"
            assert self.driver is None or self.driver.poll() in (None, 0), self.said()
            time.sleep(0.1)

    def said(self) -> str:
        return f"driver:\n{self.log.read_text()[-4000:]}\nscheduler:\n{self.scheduler.said[-2000:]}"


@pytest.fixture
def cluster(tmp_path) -> Iterator[Cluster]:
    pytest.importorskip("distributed")
    with machines(4, tmp_path / "logs") as found:
        (tmp_path / "driver").mkdir()
        one = Cluster(found, tmp_path / "driver" / "sweep")
        print(f"machines: {found.kind}")
        try:
            yield one
        finally:
            if one.driver is not None and one.driver.poll() is None:
                one.driver.kill()
                one.driver.wait(30)


def check_whole(folder: Path, alone: Path) -> None:
    """Every run is there once, in the ledger and in the files, and the tables are those of the undisturbed sweep."""
    now = status(folder)
    assert (now.state, now.standing.recorded, now.standing.failed) == ("finished", RUNS, 0)
    with Ledger(folder, read_only=True) as ledger:
        assert ledger.recorded().tolist() == list(range(RUNS))
        assert ledger.damaged() == []
        for kind in ("runs", "series"):
            files = {path.name for path in (folder / kind).iterdir()}
            assert files == {ledger.path(one).name for one in ledger.shards(kind)}
    everything = pd.concat([pd.read_parquet(path) for path in (folder / "runs").iterdir()])
    assert sorted(everything["run"]) == list(range(RUNS))
    pd.testing.assert_frame_equal(read.runs(folder), read.runs(alone), check_exact=True)
    if any((alone / "series").iterdir()):
        pd.testing.assert_frame_equal(read.series(folder), read.series(alone), check_exact=True)


def test_workers_killed_the_scheduler_restarted_and_the_driver_killed_leave_no_trace_in_the_results(cluster, alone):
    cluster.start_scheduler()
    for number in range(3):
        cluster.start_worker(number, blind=number == 2)
    cluster.start_driver("run", *SWEEP, "--out", cluster.folder)

    cluster.wait_for(15)
    cluster.workers[0].kill()
    cluster.wait_for(50)
    cluster.workers[1].kill()
    cluster.start_worker(0)

    cluster.wait_for(80)
    cluster.scheduler.kill()
    time.sleep(2)
    cluster.start_scheduler()
    cluster.start_worker(1)
    before = status(cluster.folder).standing.recorded
    cluster.wait_for(before + 30)

    cluster.driver.kill()
    cluster.driver.wait(30)
    assert status(cluster.folder).state == "stopped"
    cluster.start_driver("resume", cluster.folder)
    cluster.wait_for(before + 60)

    cluster.driver.send_signal(signal.SIGTERM)  # what a batch system sends when time is up
    assert cluster.driver.wait(60) == 130, cluster.said()
    cluster.start_driver("resume", cluster.folder)
    cluster.wait_for_end()
    check_whole(cluster.folder, alone)
    with Ledger(cluster.folder, read_only=True) as ledger:
        assert [one["ended"] for one in ledger.sessions()] == [None, "stopped by the user", "finished"]


def test_a_worker_and_then_the_scheduler_cut_off_from_the_network_cost_time_and_nothing_else(cluster, waited_alone):
    if not cluster.machines[0].namespace:
        pytest.skip(f"no cable to pull: {cluster.machines.kind}")
    cluster.start_scheduler()
    for number in range(3):
        cluster.start_worker(number, blind=number == 2)
    folders.create(cluster.folder, waiting_plan())
    cluster.start_driver("resume", cluster.folder)
    cluster.wait_for(30)
    cluster.workers[0].cut()
    cluster.wait_for(90)
    cluster.scheduler.cut()
    time.sleep(40)  # longer than Dask's patience with a silent connection
    cluster.scheduler.mend()
    cluster.workers[0].mend()
    cluster.wait_for_end()
    check_whole(cluster.folder, waited_alone)


def test_a_sweep_waits_for_a_scheduler_that_is_not_there_yet_and_goes_on_without_any_worker_until_one_comes(
    cluster, waited_alone
):
    folders.create(cluster.folder, waiting_plan())
    cluster.start_driver("resume", cluster.folder)
    time.sleep(5)
    cluster.start_scheduler()
    time.sleep(5)
    cluster.start_worker(0)
    cluster.wait_for(30)
    cluster.workers[0].kill()
    time.sleep(5)
    cluster.start_worker(1)
    cluster.start_worker(2)
    cluster.wait_for_end()
    check_whole(cluster.folder, waited_alone)


def test_a_scheduler_without_the_program_ends_the_sweep_with_one_clear_error(cluster, tmp_path):
    (tmp_path / "bare.py").write_text("import sys\nsys.modules['experiments'] = None  # as where it is not installed\n")
    cluster.start_scheduler("--preload", tmp_path / "bare.py")
    folders.create(cluster.folder, waiting_plan())
    cluster.start_driver("resume", cluster.folder)
    assert cluster.driver.wait(120) == 2, cluster.said()
    said = cluster.log.read_text()
    assert "install the same version of service-culture on the scheduler's machine, too" in " ".join(said.split())
    assert "Traceback" not in said
    now = status(cluster.folder)
    assert (now.ended, now.standing.missing) == ("stopped by an error", RUNS)


# --- MPI ----------------------------------------------------------------------------------------------------------------


def mpiexec() -> str:
    pytest.importorskip("mpi4py")
    found = shutil.which("mpiexec", path=str(Path(sys.executable).parent)) or shutil.which("mpiexec")
    if found is None:
        pytest.skip("no mpiexec here")
    return found


def mpi(*words: str | Path) -> list[str]:
    python = [sys.executable, "-m", "mpi4py.futures", "-m", "sim.cli"]
    return [mpiexec(), "-n", "3", *python, "sweep", *map(str, words), "--executor", "mpi"]


def test_an_mpi_job_that_is_killed_is_gone_on_with_by_the_next(tmp_path, waited_alone):
    folder, log = tmp_path / "sweep", tmp_path / "log"
    folders.create(folder, waiting_plan())
    with log.open("wb") as said:
        job = subprocess.Popen(mpi("resume", folder), cwd=ROOT, stdout=said, stderr=said)
        until = time.monotonic() + 240
        while status(folder).standing.recorded < 60:
            assert job.poll() is None, log.read_text()
            assert time.monotonic() < until, log.read_text()
            time.sleep(0.1)
        job.terminate()  # as when the time limit of a batch system is reached: mpiexec takes all ranks down at once
        job.wait(60)
    assert status(folder).standing.recorded < RUNS
    again = subprocess.run(mpi("resume", folder), cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert again.returncode == 0, again.stdout + again.stderr
    check_whole(folder, waited_alone)
