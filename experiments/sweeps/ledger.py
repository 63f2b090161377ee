"""The ledger of a sweep: which run is recorded, in which shard, and which failed; an SQLite file.

A run is recorded by one transaction: before it, the run is missing, whatever files lie about; after it, the run is there,
and its shard is moved to its place now or when the folder is next opened. The run's number is the table's primary key, so that
no run can be recorded twice.

SQLite keeps a rollback journal and not a write-ahead log, since folders of sweeps often lie on network file systems.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import math
import os
import platform
import sqlite3
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from experiments.sweeps.shards import PENDING, RUNS, SERIES, Failure, Receipt, write
from sim.errors import InputError, ServiceCultureError

NAME = "ledger.sqlite"
PATIENCE = 60.0
"""Seconds for which a reader or writer waits for another."""

SHORTEST_RATE = 1.0
"""Seconds that a throughput must rest on."""

LEFT_BEHIND = ("*.parquet", "at-*", "stop-*")
"""What a stopped process may leave among the pending files."""


class CannotWrite(ServiceCultureError):
    """Results cannot be written for now; what is recorded is safe."""


class DiskFull(CannotWrite):
    """There is no room for more results; what is recorded is safe."""


@dataclass(frozen=True, slots=True)
class Shard:
    """A recorded file.

    Attributes
    ----------
    name : of its batch
    kind : "runs" or "series"
    size, sha256 : of the file
    """

    name: str
    kind: str
    size: int
    sha256: str


class Ledger:
    """The open ledger of a sweep's folder.

    Parameters
    ----------
    folder : the sweep's folder
    read_only : for looking on while another process drives the sweep
    """

    def __init__(self, folder: str | Path, *, read_only: bool = False) -> None:
        self.folder, self.read_only = Path(folder), read_only
        path = self.folder / NAME
        if read_only and not path.exists():
            raise InputError(
                "there is no sweep in this folder",
                source=str(folder),
                allowed="a folder made by `service-culture sweep`",
            )
        try:
            # A driver that was killed in the middle of a transaction leaves a journal, which only one who may write can undo.
            mode = "ro" if not os.access(path, os.W_OK) else "rw" if read_only else "rwc"
            if not path.exists():
                mode = "rwc"
            where = f"{path.absolute().as_uri()}?mode={mode}"
            self._db = sqlite3.connect(where, timeout=PATIENCE, isolation_level=None, uri=True)
            if read_only:
                self._db.execute("PRAGMA query_only = ON")
            else:
                self._db.execute("PRAGMA journal_mode = TRUNCATE")
                self._db.execute("PRAGMA synchronous = FULL")
                self._db.executescript(_TABLES)
            self._db.execute("SELECT count(*) FROM shard").fetchone()
        except sqlite3.DatabaseError as error:
            if hasattr(self, "_db"):
                self._db.close()
            raise _unreadable(path, error) from None

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        try:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise
        except sqlite3.IntegrityError:
            raise
        except sqlite3.DatabaseError as error:
            raise unwritable(self.folder, error) from None

    # --- recording ---------------------------------------------------------------------------------------------------

    def record(self, receipt: Receipt) -> int:
        """Record what a worker returned, once or not at all; return how many runs that are new.

        A batch of which any run is recorded already was done twice, by a worker that had been given up: it is dropped whole,
        and those of its runs that are still missing are done again. So are those of a batch whose files are not there. The
        same receipt may be given twice, as after an interruption.
        """
        for kind, content in receipt.content.items():
            _write_or_full(self._pending(Shard(receipt.name, kind, 0, "")), content)
        made = [Shard(receipt.name, kind, *told) for kind, told in receipt.files.items()]
        if not all(_has_size(self._pending(one), one.size) or _has_size(self.path(one), one.size) for one in made):
            self._drop(made)
            return 0
        now = time.time()
        try:
            with self._transaction():
                if receipt.files:
                    number = self._db.execute(
                        "INSERT INTO shard(name, runs, worker, seconds, recorded) VALUES (?, ?, ?, ?, ?)",
                        (receipt.name, len(receipt.runs), receipt.worker, receipt.seconds, now),
                    ).lastrowid
                    self._db.executemany(
                        "INSERT INTO file(shard, kind, size, sha256) VALUES (?, ?, ?, ?)",
                        [(number, kind, size, sha256) for kind, (size, sha256) in receipt.files.items()],
                    )
                    runs = receipt.runs.tolist()
                    self._db.executemany("INSERT INTO run(run, shard) VALUES (?, ?)", [(run, number) for run in runs])
                    self._db.executemany("DELETE FROM failure WHERE run = ?", [(run,) for run in runs])
                self._note(receipt.failures, now)
        except sqlite3.IntegrityError:
            if self._db.execute("SELECT 1 FROM shard WHERE name = ?", (receipt.name,)).fetchone():
                for one in made:
                    self._settle(one)
            self._drop(made)
            return 0
        for one in made:
            self._settle(one)
        return len(receipt.runs)

    def _drop(self, shards: Sequence[Shard]) -> None:
        for one in shards:
            self._pending(one).unlink(missing_ok=True)

    def _note(self, failures: Sequence[Failure], now: float) -> None:
        """Record failures of runs that are not recorded as done."""
        self._db.executemany(
            "INSERT INTO failure(run, kind, message, traceback, attempts, recorded) "
            "SELECT :run, :kind, :message, :traceback, 1, :now WHERE NOT EXISTS (SELECT 1 FROM run WHERE run = :run) "
            "ON CONFLICT(run) DO UPDATE SET kind = :kind, message = :message, traceback = :traceback, "
            "attempts = attempts + 1, recorded = :now",
            [asdict(one) | {"now": now} for one in failures],
        )

    def _settle(self, shard: Shard) -> bool:
        """Move a recorded shard to its place; False where there is no such file."""
        kept = self.path(shard)
        if kept.exists():
            return True
        kept.parent.mkdir(exist_ok=True)
        try:
            os.replace(self._pending(shard), kept)
        except FileNotFoundError:
            return False
        except OSError as error:
            raise unwritable(self.folder, error) from None
        return True

    def _pending(self, shard: Shard) -> Path:
        return self.folder / PENDING / f"{shard.kind}-{shard.name}.parquet"

    def path(self, shard: Shard) -> Path:
        """Return the place of a recorded shard."""
        return self.folder / shard.kind / f"{shard.name}.parquet"

    def found(self, shard: Shard) -> Path:
        """Return where a recorded shard lies now: in its place, or on its way there."""
        kept, pending = self.path(shard), self._pending(shard)
        return pending if not kept.exists() and pending.exists() else kept

    def mend(self) -> int:
        """Bring files and ledger together after whatever happened; return how many runs have to be done again.

        Recorded shards that a stopped process left among the pending ones are moved to their place. What is pending and not
        recorded is deleted. Runs whose shard is gone or has another size are no longer recorded.
        """
        for kind in (PENDING, RUNS):
            (self.folder / kind).mkdir(exist_ok=True)
        lost = [one.name for one in self.shards() if not self._settle(one) or not _has_size(self.path(one), one.size)]
        self.tidy_up()
        return self.forget(lost)

    def tidy_up(self) -> None:
        """Delete what is pending and not recorded, as of workers that were given up; recorded shards are in their place."""
        for pattern in LEFT_BEHIND:
            for path in (self.folder / PENDING).glob(pattern):
                path.unlink(missing_ok=True)

    def unknown(self) -> list[Path]:
        """Return the shards of end values that lie in their place and are not recorded: none, unless the ledger is another."""
        known = {one.name for one in self.shards(RUNS)}
        return [path for path in sorted((self.folder / RUNS).glob("*.parquet")) if path.stem not in known]

    def adopt(self, path: Path, runs: np.ndarray) -> bool:
        """Record a shard that lies in its place; False where one of its runs is recorded already."""
        files = [one for one in (path, self.folder / SERIES / path.name) if one.exists()]
        contents = [(one.parent.name, one.read_bytes()) for one in files]
        try:
            with self._transaction():
                number = self._db.execute(
                    "INSERT INTO shard(name, runs, worker, seconds, recorded) VALUES (?, ?, NULL, 0, ?)",
                    (path.stem, len(runs), path.stat().st_mtime),
                ).lastrowid
                self._db.executemany(
                    "INSERT INTO file(shard, kind, size, sha256) VALUES (?, ?, ?, ?)",
                    [(number, kind, len(one), hashlib.sha256(one).hexdigest()) for kind, one in contents],
                )
                self._db.executemany(
                    "INSERT INTO run(run, shard) VALUES (?, ?)", [(run, number) for run in runs.tolist()]
                )
                self._db.executemany("DELETE FROM failure WHERE run = ?", [(run,) for run in runs.tolist()])
        except sqlite3.IntegrityError:
            return False
        return True

    def damaged(self) -> list[str]:
        """Return the names of shards whose content is not what was recorded; reads every file."""
        found = []
        for one in self.shards():
            path = self.found(one)
            if not path.exists() or hashlib.sha256(path.read_bytes()).hexdigest() != one.sha256:
                found.append(one.name)
        return list(dict.fromkeys(found))

    def forget(self, names: Sequence[str]) -> int:
        """Delete shards and strike them out, so that their runs are missing again; return how many runs.

        The files go first: a file that is not recorded might later be taken for a good one, a record without a file cannot.
        """
        count = 0
        for name in dict.fromkeys(names):
            for kind in (RUNS, SERIES):
                (self.folder / kind / f"{name}.parquet").unlink(missing_ok=True)
            with self._transaction():
                shard = self._db.execute("SELECT id, runs FROM shard WHERE name = ?", (name,)).fetchone()
                if shard is None:
                    continue
                self._db.execute("DELETE FROM run WHERE shard = ?", (shard[0],))
                self._db.execute("DELETE FROM file WHERE shard = ?", (shard[0],))
                self._db.execute("DELETE FROM shard WHERE id = ?", (shard[0],))
            count += shard[1]
        return count

    # --- looking -----------------------------------------------------------------------------------------------------

    def recorded(self) -> np.ndarray:
        """Return the numbers of the recorded runs, in order."""
        return np.array([run for (run,) in self._db.execute("SELECT run FROM run ORDER BY run")], dtype=np.int64)

    def failed(self) -> np.ndarray:
        """Return the numbers of the runs that failed, in order."""
        return np.array([run for (run,) in self._db.execute("SELECT run FROM failure ORDER BY run")], dtype=np.int64)

    def counts(self) -> tuple[int, int]:
        """Return how many runs are recorded, and how many failed."""
        (done,) = self._db.execute("SELECT coalesce(sum(runs), 0) FROM shard").fetchone()
        (failed,) = self._db.execute("SELECT count(*) FROM failure").fetchone()
        return int(done), int(failed)

    def failures(self) -> list[dict[str, Any]]:
        """Return every failed run with its error."""
        names = ("run", "kind", "message", "traceback", "attempts")
        rows = self._db.execute(f"SELECT {', '.join(names)} FROM failure ORDER BY run")
        return [dict(zip(names, row, strict=True)) for row in rows]

    def shards(self, kind: str | None = None) -> list[Shard]:
        """Return the recorded files, in the order in which they were recorded."""
        rows = self._db.execute(
            "SELECT name, kind, size, sha256 FROM file JOIN shard ON shard.id = file.shard "
            "WHERE :kind IS NULL OR kind = :kind ORDER BY shard.id, kind", {"kind": kind},
        )  # fmt: skip
        return [Shard(*row) for row in rows]

    def work(self) -> float:
        """Return the seconds of work in the recorded runs, over all workers."""
        (seconds,) = self._db.execute("SELECT coalesce(sum(seconds), 0) FROM shard").fetchone()
        return float(seconds)

    def rate(self, since: float) -> float:
        """Return runs recorded a second, from the first shard that was recorded since a time to the last; nan if unknown."""
        (first, last) = self._db.execute(
            "SELECT min(recorded), max(recorded) FROM shard WHERE recorded >= ?", (since,)
        ).fetchone()
        if first is None or last - first < SHORTEST_RATE:
            return math.nan
        (runs,) = self._db.execute("SELECT sum(runs) FROM shard WHERE recorded > ?", (first,)).fetchone()
        return float(runs / (last - first))

    def size(self) -> int:
        """Return the bytes of all shards."""
        (size,) = self._db.execute("SELECT coalesce(sum(size), 0) FROM file").fetchone()
        return int(size)

    # --- sessions ----------------------------------------------------------------------------------------------------

    def begin(self, workers: str) -> int:
        """Note that a process begins to drive the sweep; return the session's number."""
        with self._transaction():
            number = self._db.execute(
                "INSERT INTO session(host, process, workers, began, seen) VALUES (?, ?, ?, ?, ?)",
                (platform.node(), os.getpid(), workers, time.time(), time.time()),
            ).lastrowid
        return int(number or 0)

    def seen(self, session: int, ended: str | None = None) -> None:
        """Note that a session is alive, or how it ended."""
        with self._transaction():
            self._db.execute("UPDATE session SET seen = ?, ended = ? WHERE id = ?", (time.time(), ended, session))

    def sessions(self) -> list[dict[str, Any]]:
        """Return who has driven the sweep, when, and how that ended; None where it was killed or still runs."""
        names = ("host", "process", "workers", "began", "seen", "ended")
        rows = self._db.execute(f"SELECT {', '.join(names)} FROM session ORDER BY id")
        return [dict(zip(names, row, strict=True)) for row in rows]


_TABLES = """
CREATE TABLE IF NOT EXISTS shard(
    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, runs INTEGER NOT NULL, worker TEXT, seconds REAL, recorded REAL);
CREATE TABLE IF NOT EXISTS file(
    shard INTEGER NOT NULL REFERENCES shard(id), kind TEXT NOT NULL, size INTEGER NOT NULL, sha256 TEXT NOT NULL,
    PRIMARY KEY (shard, kind)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS run(run INTEGER PRIMARY KEY, shard INTEGER NOT NULL REFERENCES shard(id));
CREATE TABLE IF NOT EXISTS failure(
    run INTEGER PRIMARY KEY, kind TEXT, message TEXT, traceback TEXT, attempts INTEGER NOT NULL, recorded REAL);
CREATE TABLE IF NOT EXISTS session(
    id INTEGER PRIMARY KEY, host TEXT, process INTEGER, workers TEXT, began REAL, seen REAL, ended TEXT);
"""


class Lock:
    """Keeps two processes from driving one sweep; the system gives it back when its holder dies."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "lock"
        self._db: sqlite3.Connection | None = None

    def take(self, patience: float = 2.0) -> bool:
        """Take the lock; False where another process has it for longer than ``patience`` seconds."""
        try:
            db = sqlite3.connect(self._path, timeout=patience, isolation_level=None)
        except sqlite3.OperationalError as error:
            raise _no_lock(self._path, error) from None
        try:
            db.execute("BEGIN EXCLUSIVE")
        except sqlite3.DatabaseError as error:
            db.close()
            if "locked" in str(error) or "busy" in str(error):
                return False
            raise _no_lock(self._path, error) from None
        self._db = db
        return True

    def is_held(self) -> bool | None:
        """Tell whether a process has the lock; None where this cannot be known, as in a folder that may only be read."""
        if not self._path.exists():
            return False
        try:
            if not self.take(patience=0):
                return True
        except ServiceCultureError:
            return None
        self.give_back()
        return False

    def give_back(self) -> None:
        """Let others drive."""
        if self._db:
            self._db.close()
            self._db = None


def _has_size(path: Path, size: int) -> bool:
    try:
        return path.stat().st_size == size
    except FileNotFoundError:
        return False


def _write_or_full(path: Path, content: bytes) -> None:
    try:
        write(path, content)
    except OSError as error:
        raise unwritable(path, error) from None


def unwritable(where: Path, error: Exception) -> CannotWrite:
    """Return the error that tells a user why nothing more can be written."""
    text = (error.strerror or str(error)) if isinstance(error, OSError) else str(error)
    full = getattr(error, "errno", None) in _FULL or any(word in text for word in ("full", "disk I/O"))
    if full:
        return DiskFull(f"{where}: there is no room to write ({text}); what is recorded is safe")
    return CannotWrite(f"{where}: results cannot be written ({text}); what is recorded is safe")


_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def _no_lock(path: Path, error: Exception) -> InputError:
    return InputError(
        "this folder cannot be locked for driving the sweep", source=str(path.parent), value=str(error),
        allowed="a folder that may be written, on a file system that knows locks",
    )  # fmt: skip


_NOT_DAMAGED = ("full", "disk I/O", "locked", "busy", "readonly", "unable to open")


def _unreadable(path: Path, error: Exception) -> ServiceCultureError:
    if isinstance(error, sqlite3.OperationalError) and any(word in str(error) for word in _NOT_DAMAGED):
        return unwritable(path, error)
    return InputError(
        "this ledger cannot be read", source=str(path), value=str(error), allowed="the ledger that a sweep has written",
        hint="move it away; `service-culture sweep resume` then makes it anew from the shards",
    )  # fmt: skip
