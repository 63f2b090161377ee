"""Where batches of runs are done: threads, processes, a Dask cluster, MPI, or any executor of ``concurrent.futures``.

A pool can be opened again after it has broken, so that a sweep survives lost workers and a restarted scheduler.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
import signal
import threading
import time
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Protocol

from sim.errors import InputError, ServiceCultureError

if TYPE_CHECKING:
    from multiprocessing.process import BaseProcess

ADDRESS = r"(tcp|tls|ucx|ws|wss)://(\[[0-9a-fA-F:]+\]|[^\s/:]+):\d{1,5}"
"""What a scheduler's address looks like."""

ONE_TRY = 10.0
"""Seconds for one try to reach a scheduler."""


class PoolLost(ServiceCultureError):
    """There is nobody left to work, and nobody came back."""


class Pool(Protocol):
    """Something that opens executors.

    Attributes
    ----------
    name : in words, for the ledger and the screen
    in_process : whether batches run in this process, where the driver can end them after the run that they are at
    cut_off : what futures and the executor raise, beside what every executor does, where whoever has the work is out of reach
    """

    name: str
    in_process: bool
    cut_off: tuple[type[BaseException], ...]

    def open(self) -> Executor:
        """Return an executor that works; called again when the last one broke."""

    def close(self, executor: Executor, *, wait: bool) -> None:
        """Let an executor go; without waiting, work under way is given up."""

    def size(self, executor: Executor) -> int:
        """Return how many batches are done at the same time."""


def cores() -> int:
    """Return how many cores this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on this system
        return os.cpu_count() or 1


def explained(error: Exception, pool: str) -> InputError | None:
    """Return in words what an error says about how the machines of a pool are set up; None where it says nothing of them.

    Errors of runs do not come here, since workers put them into receipts.
    """
    if isinstance(error, RuntimeError) and "deserialization of the task graph" in str(error):  # Dask's own words
        return InputError(
            "the scheduler cannot read what it is to pass on to its workers", place="--scheduler", value=pool,
            allowed="a scheduler, workers and a driver that have the same programs installed",
            hint="install the same version of service-culture on the scheduler's machine, too",
        )  # fmt: skip
    if isinstance(error, ImportError):
        return InputError(
            "a worker cannot import what it is to run", place="worker", value=f"{pool}: {error}",
            hint="install the same version of service-culture, and the module of a model of your own, on every machine",
        )  # fmt: skip
    return None


class Threads:
    """Threads of this process: no start-up, no copies; the compiled core leaves Python to the others while it works."""

    in_process = True
    cut_off: tuple[type[BaseException], ...] = ()

    def __init__(self, workers: int | None = None) -> None:
        self.workers = workers or cores()
        self.name = f"{self.workers} threads"

    def open(self) -> Executor:
        """Return a pool of threads."""
        return ThreadPoolExecutor(self.workers, thread_name_prefix="sweep")

    def close(self, executor: Executor, *, wait: bool) -> None:
        """End the threads; work under way ends at its next run."""
        executor.shutdown(wait=wait, cancel_futures=True)

    def size(self, executor: Executor) -> int:
        """Return the number of threads."""
        return self.workers


class Processes:
    """Processes on this machine: for runs that are short, or models in Python that keep the interpreter to themselves."""

    in_process = False
    cut_off: tuple[type[BaseException], ...] = ()

    def __init__(self, workers: int | None = None) -> None:
        self.workers = workers or cores()
        self.name = f"{self.workers} processes"

    def open(self) -> Executor:
        """Return a pool of processes, started afresh: they inherit nothing."""
        import multiprocessing

        context = multiprocessing.get_context("spawn")
        return ProcessPoolExecutor(self.workers, mp_context=context, initializer=_serve_the_driver)

    def close(self, executor: Executor, *, wait: bool) -> None:
        """End the processes."""
        processes = list((getattr(executor, "_processes", None) or {}).values())
        executor.shutdown(wait=wait, cancel_futures=True)
        if not wait:
            for process in processes:
                with contextlib.suppress(OSError, ValueError):
                    process.terminate()

    def size(self, executor: Executor) -> int:
        """Return the number of processes."""
        return self.workers


def _serve_the_driver() -> None:
    """Leave Ctrl-C to the driver, and end when it ends: a driver that is killed cannot send its workers home."""
    import multiprocessing

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent,), name="end with the driver", daemon=True).start()


def _end_with(parent: BaseProcess) -> None:
    parent.join()
    os._exit(1)


class Given:
    """An executor that the caller made and goes on owning."""

    in_process = False
    cut_off: tuple[type[BaseException], ...] = ()

    def __init__(self, executor: Executor, workers: int | None = None) -> None:
        self._executor = executor
        self.workers = workers or getattr(executor, "_max_workers", None) or cores()
        self.name = f"{type(executor).__name__} with {self.workers} workers"
        self._opened = False

    def open(self) -> Executor:
        """Return the executor; once."""
        if self._opened:
            raise PoolLost("the executor broke; what is recorded is safe, start again with a new one to go on")
        self._opened = True
        return self._executor

    def close(self, executor: Executor, *, wait: bool) -> None:
        """Leave it to its owner."""

    def size(self, executor: Executor) -> int:
        """Return the number of workers, as far as it is known."""
        return int(self.workers)


class Dask:
    """A Dask cluster: workers on any number of machines, which may come and go; so may the scheduler.

    Workers end themselves when their scheduler dies: whatever started them has to start them again.

    Parameters
    ----------
    scheduler : address, for example ``tcp://host:8786``
    patience : seconds to wait for the scheduler when the sweep begins and whenever it is lost
    """

    in_process = False

    def __init__(self, scheduler: str, patience: float = 300.0) -> None:
        try:
            from distributed.client import ClosedClientError
            from distributed.comm.core import CommClosedError
        except ImportError:
            raise InputError(
                "a Dask cluster needs dask.distributed",
                place="--scheduler",
                value=scheduler,
                hint="pip install 'service-culture[cluster]'",
            ) from None
        _check_address(scheduler)  # before there is a client, which does not go quietly when its address is wrong
        self.scheduler, self.patience = scheduler, patience
        self.name = f"Dask at {scheduler}"
        self.cut_off: tuple[type[BaseException], ...] = (CommClosedError, ClosedClientError)
        self._known = 1

    def open(self) -> Executor:
        """Connect to the scheduler, as soon as there is one."""
        from distributed import Client

        logging.getLogger("distributed").setLevel(logging.CRITICAL)  # it writes tracebacks while it connects again
        until = time.monotonic() + self.patience
        while True:
            try:
                client = Client(self.scheduler, timeout=min(ONE_TRY, self.patience), set_as_default=False)
                break
            except OSError as error:
                if time.monotonic() > until:
                    raise PoolLost(
                        f"no Dask scheduler has answered at {self.scheduler} for {self.patience:.0f} s ({error})"
                    ) from None
        executor: Any = client.get_executor(pure=False)
        return executor

    def close(self, executor: Executor, *, wait: bool) -> None:
        """Leave the cluster; it goes on for others."""
        with contextlib.suppress(Exception):
            executor.shutdown(wait=wait)
        with contextlib.suppress(Exception):
            executor._client.close(timeout=5)  # type: ignore[attr-defined]

    def size(self, executor: Executor) -> int:
        """Return the number of threads of all workers that there are now, or were when the scheduler last answered."""
        client: Any = executor._client  # type: ignore[attr-defined]
        with contextlib.suppress(Exception):
            if client.status == "running":  # elsewhere the question would wait as long as connecting does
                self._known = max(1, sum(client.sync(client.scheduler.ncores, callback_timeout=5).values()))
        return self._known


def _check_address(scheduler: str) -> None:
    if not re.fullmatch(ADDRESS, scheduler):
        raise InputError(
            "this is no address of a Dask scheduler", place="--scheduler", value=scheduler, allowed="tcp://HOST:PORT"
        )


class Mpi:
    """mpi4py's pool: start with ``mpiexec -n WORKERS+1 python -m mpi4py.futures -m sim.cli sweep run … --executor mpi``."""

    in_process = False
    cut_off: tuple[type[BaseException], ...] = ()

    def __init__(self) -> None:
        try:
            from mpi4py import MPI
        except ImportError:
            raise InputError(
                "MPI needs mpi4py and an MPI library",
                place="--executor",
                value="mpi",
                hint="pip install 'service-culture[mpi]', or your cluster's own module",
            ) from None
        self.workers = MPI.COMM_WORLD.Get_size() - 1
        if self.workers < 1:
            raise InputError(
                "there are no MPI workers", place="--executor", value="mpi",
                allowed="a start by mpiexec with two processes or more, of which all but one work",
                hint="mpiexec -n 9 python -m mpi4py.futures -m sim.cli sweep run … --executor mpi",
            )  # fmt: skip
        self.name = f"{self.workers} MPI workers"

    def open(self) -> Executor:
        """Return the pool."""
        from mpi4py.futures import MPIPoolExecutor

        executor: Any = MPIPoolExecutor()
        return executor

    def close(self, executor: Executor, *, wait: bool) -> None:
        """End the pool."""
        executor.shutdown(wait=wait, cancel_futures=True)

    def size(self, executor: Executor) -> int:
        """Return the number of workers."""
        return self.workers
