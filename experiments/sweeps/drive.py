"""Driving a sweep: what is missing is sent to workers in batches, what comes back is recorded, until nothing is missing.

The driver may be stopped at any moment, in any way, and started again. Whoever works may be lost; what they had is sent again.
"""

from __future__ import annotations

import contextlib
import pickle
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, Executor, Future, wait
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from experiments.sweeps import folder as folders
from experiments.sweeps import shards
from experiments.sweeps.executors import Given, Pool, PoolLost, Threads, explained
from experiments.sweeps.ledger import SHORTEST_RATE, CannotWrite, Ledger, Lock, unwritable
from experiments.sweeps.plan import Plan
from experiments.sweeps.shards import Batch, Failure, Receipt, Task
from experiments.sweeps.simulate import OnlyNamed
from sim.errors import InputError, ServiceCultureError

FEWEST_SECONDS, MOST_SECONDS = 2.0, 120.0
"""Work in one batch: what a lost worker loses at most, unless a single run takes longer."""

SHARDS = 4_000
"""Shards that a sweep is to have at most, roughly; larger sweeps have larger batches."""

MOST_IN_A_BATCH = 20_000
HEARTBEAT = 2.0
"""Seconds between two signs of life in the ledger."""

LATELY = 120.0
"""Seconds over which throughput is taken."""

SUSPECT = 2
"""Deaths of workers that had a batch, after which it is done with nothing beside it."""

TRIES = 1
"""Times that the last run of a worker that died may, done by itself, kill another before it is recorded as failed."""

PATIENCE_WITH_POOLS = 10
"""Times in a row that a pool may break without a single run being recorded in between."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a sweep is.

    Attributes
    ----------
    runs, recorded, failed : runs of the plan, those with a result, those that ended in an error
    rate : runs recorded a second, lately; nan before anything is known
    """

    runs: int
    recorded: int
    failed: int
    rate: float = float("nan")

    @property
    def missing(self) -> int:
        """Runs that have neither a result nor an error."""
        return self.runs - self.recorded - self.failed

    @property
    def whole(self) -> bool:
        """Whether every run has a result."""
        return self.recorded == self.runs

    @property
    def seconds_left(self) -> float:
        """Seconds until nothing is missing, at the rate of lately."""
        return self.missing / self.rate if self.rate > 0 else float("nan")


Tick = Callable[[Standing], None]


def sweep(
    folder: str | Path,
    plan: Plan | None = None,
    *,
    pool: Pool | Executor | None = None,
    retry_failed: bool = False,
    progress: Tick | None = None,
) -> Standing:
    """Run what is missing of a sweep and return how far it is then.

    Parameters
    ----------
    folder : of the sweep; made where there is none
    plan : what to run; default: what the folder says
    pool : where to run it, see `executors`; any executor of ``concurrent.futures`` will do; default: one thread per core
    retry_failed : run again what ended in an error
    progress : called every now and then

    Ctrl-C lets the runs under way end, records them and raises KeyboardInterrupt; nothing that is recorded is ever lost.
    A second Ctrl-C gives up what is under way.

    Raises
    ------
    InputError : a plan that is not the folder's, another version of the model, another process that drives the sweep, a
        simulator that cannot be pickled, a machine of a cluster that lacks what it needs
    CannotWrite, DiskFull : results cannot be written; start again when they can
    PoolLost : there is nobody left to work; start again when there is
    """
    shards.check_pyarrow()
    if plan is not None:
        folders.create(folder, plan)
    else:
        folders.manifest(folder)
    if pool is None:
        pool = Threads()
    elif isinstance(pool, Executor):
        pool = Given(pool)
    folder = Path(folder)
    lock = Lock(folder)
    if not lock.take():
        raise InputError(
            "another process is driving this sweep", source=str(folder),
            hint=f"look on with `service-culture sweep status {folder}`, or stop it first",
        )  # fmt: skip
    try:
        if plan is not None:
            folders.settle(folder, plan)
        else:
            plan = folders.load(folder)
            folders.check_version(folder, plan)
            if isinstance(plan.simulator, OnlyNamed):
                plan.simulator.run({}, 0)  # says why it cannot
        with folders.open_ledger(folder, plan) as ledger:
            driver = _Driver(folder, plan, pool, ledger, retry_failed, progress)
            session = ledger.begin(pool.name)
            ended = "stopped by an error"
            try:
                ended = driver.run(session)
                ledger.tidy_up()
            except KeyboardInterrupt:
                ended = "stopped by the user"
                raise
            finally:
                _note_end(ledger, session, ended)
            return driver.standing()
    finally:
        lock.give_back()


def _note_end(ledger: Ledger, session: int, ended: str) -> None:
    with contextlib.suppress(ServiceCultureError):  # a full disk: what went wrong is already on its way to the user
        ledger.seen(session, ended)


@dataclass(slots=True)
class _Sent:
    """A batch that somebody has; ``deaths`` counts workers that died while they had it, at this size."""

    batch: Batch
    deaths: int = 0

    @property
    def suspect(self) -> bool:
        """Whether it is done with nothing beside it, so that it is known who died of what."""
        return self.deaths >= SUSPECT


class _Driver:
    """The state of one session of driving."""

    def __init__(
        self, folder: Path, plan: Plan, pool: Pool, ledger: Ledger, retry_failed: bool, progress: Tick | None
    ) -> None:
        self.folder, self.plan, self.pool, self.ledger, self.progress = folder, plan, pool, ledger, progress
        self.waiting: deque[np.ndarray] = deque()
        self.again: deque[_Sent] = deque()
        self._look_for_missing(retry_failed)
        self.recorded, self.failed = ledger.counts()
        self.run_seconds = float("nan")
        self.recent: deque[tuple[float, int]] = deque()
        self.this_session = 0
        self.stop = threading.Event()
        self.cut_off = (*_CUT_OFF, *pool.cut_off)
        task = Task(
            plan.simulator, tuple(plan.space.names), plan.root(), str(folder.absolute()),
            folders.manifest(folder)["sweep"], shards.new_stop(self.stop),
        )  # fmt: skip
        self.stop_name = task.stop
        self.packed = _packed(task)

    def _look_for_missing(self, retry_failed: bool = False) -> bool:
        """Put the runs that the ledger does not know among those that wait; tell whether there are any."""
        settled = self.ledger.recorded()
        if not retry_failed:
            settled = np.union1d(settled, self.ledger.failed())
        missing = np.setdiff1d(np.arange(len(self.plan)), settled, assume_unique=True)
        if len(missing):
            self.waiting.append(self.plan.order(missing))
        return len(missing) > 0

    # --- batches -----------------------------------------------------------------------------------------------------

    def _left(self) -> int:
        return sum(len(runs) for runs in self.waiting)

    def _batch_size(self, workers: int) -> int:
        """Return how many runs the next batch has: a few seconds of work, less toward the end so that all end together."""
        left = self._left()
        if not self.run_seconds > 0:
            size = 1
        else:
            seconds = min(max(FEWEST_SECONDS, left * self.run_seconds / SHARDS), MOST_SECONDS)
            size = int(seconds / self.run_seconds)
        return max(1, min(size, MOST_IN_A_BATCH, -(-left // (2 * workers))))

    def _next(self, workers: int, out: int) -> _Sent | None:
        """Return what to send next, while ``out`` batches are out; None where nothing is to be sent now."""
        if self.again:
            if self.again[0].suspect and out:
                return None
            return self.again.popleft()
        if not self.waiting:
            return None
        runs, size = self.waiting[0], self._batch_size(workers)
        taken = runs[:size]
        if size < len(runs):
            self.waiting[0] = runs[size:]
        else:
            self.waiting.popleft()
        return _Sent(self._batch(taken))

    def _batch(self, runs: np.ndarray, suspect: bool = False) -> Batch:
        plan, name = self.plan, uuid.uuid4().hex
        points, replicates, seeds = plan.point_of(runs), plan.replicate_of(runs), plan.seed_of(runs)
        return Batch(name, runs, points, replicates, seeds, plan.values_of(runs), suspect)

    def _send_again(self, sent: _Sent, died: bool) -> None:
        """Send a batch again. Where a worker died that had it alone, the run that killed it is put by itself.

        Where it is not known at which run the worker was, the batch is halved until it is.
        """
        runs, deaths = sent.batch.runs, sent.deaths + died
        if not died or not sent.suspect:
            parts = [(runs, deaths)]
        elif len(runs) > 1:
            at = shards.last_noted(self.folder, sent.batch.name)
            where = np.flatnonzero(runs == at)
            if len(where):
                place = int(where[0])
                parts = [(runs[place : place + 1], SUSPECT), (runs[:place], 0), (runs[place + 1 :], 0)]
            else:
                parts = [(half, SUSPECT) for half in np.array_split(runs, 2)]
        elif deaths < SUSPECT + TRIES:
            parts = [(runs, deaths)]
        else:
            shards.last_noted(self.folder, sent.batch.name)
            text = "every worker that tried it died, the last with nothing else to do: killed, or out of memory"
            self._record(Receipt(sent.batch.name, runs[:0], (Failure(int(runs[0]), "WorkerDied", text, ""),)))
            return
        self.again.extend(_Sent(self._batch(part, count >= SUSPECT), count) for part, count in parts if len(part))

    # --- the loop ----------------------------------------------------------------------------------------------------

    def run(self, session: int) -> str:
        """Work until nothing is missing; return how it ended, in words."""
        broken = 0
        while self.waiting or self.again or self._look_for_missing():
            before, clue = self.this_session, any(sent.suspect for sent in self.again)
            try:
                if self._with(self.pool.open(), session) and self.this_session > before:
                    continue
            finally:
                self._tick(session, now=True)
            broken = 0 if clue or self.this_session > before else broken + 1
            if broken >= PATIENCE_WITH_POOLS:
                raise PoolLost(
                    f"{self.pool.name}: {broken} times in a row nothing could be recorded; what is recorded is safe"
                )
            time.sleep(min(5.0, 0.2 * 2**broken))
        return "finished" if not self.failed else f"finished with {self.failed} failed runs"

    def _with(self, executor: Executor, session: int) -> bool:
        """Work with one executor; return False when it broke and what was sent has to be sent again."""
        out: dict[Future[Receipt], _Sent] = {}
        self.stop.clear()
        whole = died = False
        try:
            while True:
                self._fill(executor, out)
                if not out:
                    whole = True
                    return True
                ready, _ = wait(out, timeout=HEARTBEAT, return_when=FIRST_COMPLETED)
                for future in ready:
                    self._collect(future, out)
                self._tick(session)
        except BrokenExecutor:
            died = True
            return False
        except self.cut_off:
            return False
        except KeyboardInterrupt:
            self._let_end(out)
            raise
        finally:
            if not whole:
                self._stop_all()
            try:
                if self.pool.in_process:  # what is under way ends now, and counts
                    self.pool.close(executor, wait=True)
                for future, sent in out.items():
                    if future.done() and not future.cancelled() and future.exception() is None:
                        self._settle(future.result(), sent)
                    else:
                        self._send_again(sent, died)
            finally:
                self.pool.close(executor, wait=whole)
                shards.unsay_stop(self.folder, self.stop_name)

    def _stop_all(self) -> None:
        """Let batches end after the run that they are at."""
        self.stop.set()
        shards.say_stop(self.folder, self.stop_name)

    def _fill(self, executor: Executor, out: dict[Future[Receipt], _Sent]) -> None:
        """Send as many batches as there are workers, and some more for those who end first."""
        workers = self.pool.size(executor)
        if any(sent.suspect for sent in out.values()):
            return
        while len(out) < workers + max(1, workers // 2) and (sent := self._next(workers, len(out))):
            try:
                out[executor.submit(shards.work, self.packed, sent.batch)] = sent
            except BaseException:
                self.again.appendleft(sent)
                raise
            if sent.suspect:
                return

    def _collect(self, future: Future[Receipt], out: dict[Future[Receipt], _Sent]) -> None:
        """Record what came back; what takes the pool down is raised, with the batch still among those that are out."""
        try:
            receipt = future.result()
        except BrokenExecutor:
            raise
        except self.cut_off:
            raise
        except OSError as error:  # errors of runs are in receipts; this is one of writing the shard
            raise unwritable(self.folder, error) from None
        except Exception as error:
            if told := explained(error, self.pool.name):
                raise told from error
            if type(error).__name__ != "KilledWorker":  # how Dask says that several workers died of one task
                raise
            self._send_again(out.pop(future), died=True)
            return
        self._settle(receipt, out[future])
        del out[future]  # not before it is recorded: Ctrl-C may come in between

    def _settle(self, receipt: Receipt, sent: _Sent) -> None:
        """Record a receipt; runs that it leaves open are still missing."""
        self._record(receipt)
        settled = [*receipt.runs.tolist(), *(one.run for one in receipt.failures)]
        open_ = np.setdiff1d(sent.batch.runs, settled)
        if len(open_):  # the batch was cut short by Ctrl-C
            self.waiting.appendleft(open_)

    def _let_end(self, out: dict[Future[Receipt], _Sent]) -> None:
        """After Ctrl-C: take back what nobody has begun, and record what those under way still give."""
        self._stop_all()
        for future in [one for one in out if one.cancel()]:
            del out[future]
        with contextlib.suppress(BrokenExecutor, *self.cut_off):
            for future in list(out):
                self._collect(future, out)

    def _record(self, receipt: Receipt) -> None:
        new = self.ledger.record(receipt)
        if new:
            seconds = receipt.seconds / max(1, len(receipt.runs) + len(receipt.failures))
            known = self.run_seconds > 0
            self.run_seconds = 0.8 * self.run_seconds + 0.2 * seconds if known else seconds
        self.recorded += new
        self.this_session += new + len(receipt.failures)
        if receipt.failures or (new and self.failed):
            self.recorded, self.failed = self.ledger.counts()
        self.recent.append((time.monotonic(), self.this_session))  # the first one after compiling, which it leaves out
        while len(self.recent) > 2 and self.recent[-1][0] - self.recent[1][0] > LATELY:
            self.recent.popleft()

    _last = 0.0

    def _tick(self, session: int, now: bool = False) -> None:
        if not now and time.monotonic() - self._last < HEARTBEAT / 2:
            return
        self._last = time.monotonic()
        with contextlib.suppress(CannotWrite):  # a sign of life is not worth the sweep; recording will tell if need be
            self.ledger.seen(session)
        if self.progress:
            self.progress(self.standing())

    def standing(self) -> Standing:
        """Return how far the sweep is."""
        rate = float("nan")
        if self.recent and (seconds := self.recent[-1][0] - self.recent[0][0]) >= SHORTEST_RATE:
            rate = (self.recent[-1][1] - self.recent[0][1]) / seconds
        return Standing(len(self.plan), self.recorded, self.failed, rate)


def _packed(task: Task) -> bytes:
    """Return what all batches have in common, as it travels to the workers."""
    try:
        packed = pickle.dumps(task)
        # Threads of this process find it unpacked: a module that drives a sweep while it is imported would keep them waiting
        # for its functions for ever.
        shards.unpacked(packed)
        return packed
    except InputError:
        raise
    except Exception as error:  # pickle raises what it likes
        raise InputError(
            "this simulator cannot be sent to workers", place="simulator", value=f"{type(error).__name__}: {error}",
            allowed="functions and classes that stand in a module by their name, with attributes that can be pickled",
            hint="no lambda, no function inside another one; open files and connections in `run`",
        ) from None  # fmt: skip


_CUT_OFF: tuple[type[BaseException], ...] = (CancelledError, ConnectionError, EOFError, TimeoutError)
"""What a future raises where whoever had its work is out of reach; nobody is to blame. Errors of runs are not among these,
since workers put them into receipts."""
