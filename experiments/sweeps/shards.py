"""What a worker does with a batch of runs: simulate them and make one Parquet file, a shard, of what came out.

Where a worker sees the sweep's folder it writes the shard there, among those that are pending, and returns only a receipt;
elsewhere the shard itself travels in the receipt, and whoever drives the sweep writes it.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import io
import os
import pickle
import platform
import threading
import time
import traceback
import uuid
import weakref
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from experiments.sweeps.plan import keys
from experiments.sweeps.simulate import Simulator
from sim.errors import InputError
from sim.whole import flush_folder

PENDING, RUNS, SERIES = "pending", "runs", "series"
"""Folders of a sweep: files that may not count yet, end values and time series of runs that are recorded."""

HELD_BACK = 20_000
"""Characters of an error's traceback that are kept."""

ASK_EVERY = 1.0
"""Seconds between two looks of a batch for a sign to stop."""

_stops: weakref.WeakValueDictionary[str, threading.Event] = weakref.WeakValueDictionary()


def new_stop(event: threading.Event) -> str:
    """Return a name by which batches in this process find the event that ends them after the run that they are at."""
    name = uuid.uuid4().hex
    _stops[name] = event
    return name


def say_stop(folder: Path, name: str) -> None:
    """Tell batches in other processes that see the folder to end after the run that they are at."""
    with contextlib.suppress(OSError):  # a full disk: they run to the end of their batch
        (folder / PENDING / f"stop-{name}").touch()


def unsay_stop(folder: Path, name: str) -> None:
    """Take `say_stop` back."""
    with contextlib.suppress(OSError):
        (folder / PENDING / f"stop-{name}").unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class Task:
    """What all batches of a sweep have in common; pickled once.

    Attributes
    ----------
    simulator, factors : what is run, and the names of a point's values
    root : `Plan.root`
    folder, sweep : the sweep's folder, and the name that its `sweep.json` gives to the sweep
    stop : of `new_stop`; batches in other processes look for a file of this name in the sweep's folder, see `say_stop`
    """

    simulator: Simulator
    factors: tuple[str, ...]
    root: bytes
    folder: str
    sweep: str
    stop: str = ""


@dataclass(frozen=True, slots=True)
class Batch:
    """Runs that one worker does one after the other.

    Attributes
    ----------
    name : unique; also the shard's name
    runs, points, replicates, seeds : arrays (run)
    values : (run, factor)
    suspect : a worker has died of it before: note each run before it is begun, so that it is known which one was the last
    """

    name: str
    runs: np.ndarray
    points: np.ndarray
    replicates: np.ndarray
    seeds: np.ndarray
    values: np.ndarray
    suspect: bool = False


@dataclass(frozen=True, slots=True)
class Failure:
    """A run that ended in an error."""

    run: int
    kind: str
    message: str
    traceback: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a worker returns for a batch.

    Attributes
    ----------
    name : of the batch
    runs : those that are in the shard
    failures : those that ended in an error
    files : folder ("runs" or "series") → (bytes, SHA-256); no entry where nothing was made
    content : folder → the shard itself, where the worker could not write it
    worker : host and process
    seconds : of work
    """

    name: str
    runs: np.ndarray
    failures: tuple[Failure, ...] = ()
    files: dict[str, tuple[int, str]] = field(default_factory=dict)
    content: dict[str, bytes] = field(default_factory=dict)
    worker: str = ""
    seconds: float = 0.0


def work(packed: bytes, batch: Batch) -> Receipt:
    """Do a batch; runs that fail are noted and the others go on."""
    task = unpacked(packed)
    began = time.perf_counter()
    stopping = _Stopping(task)
    done: list[int] = []
    rows: list[list[float]] = []
    series: list[tuple[int, Mapping[str, np.ndarray]]] = []
    failures: list[Failure] = []
    for index, (run, row, seed) in enumerate(
        zip(batch.runs.tolist(), batch.values.tolist(), batch.seeds.tolist(), strict=True)
    ):
        if stopping():
            break
        if batch.suspect:
            _note(task, batch, run)
        try:
            outcome = task.simulator.run(dict(zip(task.factors, row, strict=True)), seed)
            row_out = [float(outcome.figures[name]) for name in task.simulator.outputs]
            _check_series(task, outcome.series)
        except BaseException as error:  # a run may also call sys.exit
            if isinstance(error, KeyboardInterrupt) and threading.current_thread() is threading.main_thread():
                raise
            text = traceback.format_exc()[-HELD_BACK:]
            failures.append(Failure(run, type(error).__name__, str(error)[:HELD_BACK], text))
            continue
        done.append(index)
        rows.append(row_out)
        if outcome.series:
            series.append((run, outcome.series))
    receipt = Receipt(
        batch.name, batch.runs[done], tuple(failures), worker=f"{platform.node()}:{os.getpid()}",
        seconds=time.perf_counter() - began,
    )  # fmt: skip
    if done:
        _deliver(task, RUNS, _table(task, batch, done, rows), receipt)
    if series:
        _deliver(task, SERIES, _over_time(series), receipt)
    return receipt


class _Stopping:
    """Tells whether a batch is to end; asks the folder once a second at most."""

    def __init__(self, task: Task) -> None:
        self._event = _stops.get(task.stop)
        self._path = Path(task.folder) / PENDING / f"stop-{task.stop}" if self._event is None and task.stop else None
        self._asked = time.monotonic()

    def __call__(self) -> bool:
        if self._event is not None:
            return self._event.is_set()
        if self._path is None or time.monotonic() - self._asked < ASK_EVERY:
            return False
        self._asked = time.monotonic()
        return self._path.exists()


def _check_series(task: Task, series: Mapping[str, np.ndarray]) -> None:
    """Raise `ValueError` where a run's time series are not those that its simulator announces."""
    announced = getattr(task.simulator, "series", ())
    expected = {"day", *announced} if announced else set()
    if set(series) != expected:
        raise ValueError(
            f"time series {sorted(series)} returned, {sorted(expected)} announced by the simulator's `series`"
        )
    shapes = {np.shape(one) for one in series.values()}
    if len(shapes) > 1 or any(len(one) != 1 for one in shapes):
        raise ValueError(f"time series must be arrays of one length; they have the shapes {sorted(shapes)}")


def _in_sight(task: Task) -> bool:
    """Tell whether this worker sees the sweep's folder, and not another of the same name on another machine."""
    return bool(task.folder) and (Path(task.folder) / PENDING / task.sweep).is_file()


def _note(task: Task, batch: Batch, run: int) -> None:
    if _in_sight(task):
        (Path(task.folder) / PENDING / f"at-{batch.name}").write_text(str(run), encoding="ascii")


def last_noted(folder: Path, name: str) -> int | None:
    """Return the run of a suspect batch that was begun last, and forget it; None where that is not known."""
    path = folder / PENDING / f"at-{name}"
    try:
        run = int(path.read_text(encoding="ascii"))
        path.unlink()
    except (OSError, ValueError):
        return None
    return run


@functools.lru_cache(maxsize=4)
def unpacked(packed: bytes) -> Task:
    """Return what all batches of a sweep have in common; unpacked once in every process."""
    task: Task = pickle.loads(packed)
    return task


def _table(task: Task, batch: Batch, done: list[int], rows: Sequence[Sequence[float]]):
    import pyarrow as pa

    values = batch.values[done]
    columns = {
        "run": pa.array(batch.runs[done], pa.int64()),
        "point": pa.array(batch.points[done], pa.int64()),
        "replicate": pa.array(batch.replicates[done], pa.int32()),
        "seed": pa.array(batch.seeds[done], pa.int64()),
        "key": pa.array([one.hex() for one in keys(task.root, values, batch.seeds[done])], pa.string()),
    }
    columns |= {name: pa.array(values[:, place], pa.float64()) for place, name in enumerate(task.factors)}
    outputs = np.array(rows, dtype=float).reshape(len(done), -1)
    columns |= {name: pa.array(outputs[:, place], pa.float64()) for place, name in enumerate(task.simulator.outputs)}
    return pa.table(columns)


def _over_time(series: Sequence[tuple[int, Mapping[str, np.ndarray]]]):
    import pyarrow as pa

    names = list(series[0][1])
    lengths = [len(one["day"]) for _, one in series]
    columns = {"run": pa.array(np.repeat([run for run, _ in series], lengths), pa.int64())}
    for name in names:
        kind = pa.int32() if name == "day" else pa.float64()
        columns[name] = pa.array(np.concatenate([one[name] for _, one in series]), kind)
    return pa.table(columns)


def _deliver(task: Task, kind: str, table: object, receipt: Receipt) -> None:
    """Write a shard where the sweep's folder is in sight, else put it into the receipt."""
    import pyarrow.parquet as pq

    buffer = io.BytesIO()
    pq.write_table(table, buffer, compression="zstd", write_page_checksum=True)
    content = buffer.getvalue()
    receipt.files[kind] = (len(content), hashlib.sha256(content).hexdigest())
    pending = Path(task.folder) / PENDING
    if _in_sight(task):
        write(pending / f"{kind}-{receipt.name}.parquet", content)
    else:
        receipt.content[kind] = content


def write(path: Path, content: bytes) -> None:
    """Write a file and wait until the disk has it; an error leaves nothing behind."""
    try:
        with path.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        flush_folder(path.parent)
    except OSError:
        path.unlink(missing_ok=True)
        raise


def check_pyarrow() -> None:
    """Raise `InputError` where Parquet files cannot be written."""
    try:
        import pyarrow.parquet  # noqa: F401
    except ImportError:
        raise InputError(
            "sweeps are kept in Parquet files, which needs pyarrow",
            place="sweep",
            value="pyarrow is not installed",
            hint="pip install 'service-culture[experiments]'",
        ) from None
