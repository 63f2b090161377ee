"""Where a session lives: one SQLite file with its events. What was answered is on disk; what is on disk comes back."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sim.errors import InputError, ServiceCultureError

FORMAT = 1
SUFFIX = ".workshop"
LOCK = "-lock"
"""Ending of the file by whose lock one process keeps others away."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened in a room: its number, kind, what it says, and when (seconds since 1970)."""

    number: int
    kind: str
    data: Mapping[str, Any]
    at: float


DAMAGED = (sqlite3.Error, ValueError, TypeError, RecursionError)
"""What SQLite and JSON raise of a file whose bytes were changed: a text that is none, a number of thousands of digits, …"""


class NotKept(ServiceCultureError):
    """Something could not be written down, as on a full disk: it has not happened."""


class Store:
    """The events of one session and a few fixed facts about it (code, key, organisation), in one file.

    Every event is committed before `append` returns (write-ahead log, synchronous FULL), so a server that is killed, or a
    laptop that loses power, comes back with everything that was answered. The file holds raw answers and the facilitator's
    key: only its owner may read it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock: sqlite3.Connection | None = None
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            if not path.exists():
                os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
            self._base = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            self._base.execute("PRAGMA journal_mode = WAL")
            self._base.execute("PRAGMA synchronous = FULL")
            self._base.execute("PRAGMA secure_delete = ON")
            self._base.execute("CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL)")
            self._base.execute(
                "CREATE TABLE IF NOT EXISTS events "
                "(number INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, data TEXT NOT NULL, at REAL NOT NULL)"
            )
            (found,) = self._base.execute("PRAGMA quick_check(1)").fetchone()
            if found != "ok":
                raise sqlite3.DatabaseError(found)
            written = self.fact("format", FORMAT)
        except (OSError, *DAMAGED) as error:
            if hasattr(self, "_base"):
                self._base.close()
            raise self._unusable(error) from None
        if written != FORMAT:
            self._base.close()
            raise InputError(
                "this session was written by another version", source=str(path), value=written,
                allowed=f"format {FORMAT}",
            )  # fmt: skip

    def _unusable(self, error: Exception) -> InputError:
        return InputError(
            "this session file cannot be used", source=str(self.path), value=str(error),
            allowed="a file that `service-culture workshop` wrote, in a folder that can be written to",
        )  # fmt: skip

    def hold(self) -> None:
        """Keep other processes out of the session until this one closes it, or dies; two would not see each other's answers.

        The lock is one of SQLite's on an empty file beside the session's, as systems and network folders know it.
        """
        try:
            self._beside(LOCK).touch(mode=0o600)  # what SQLite makes itself is for everybody to read
            self._lock = sqlite3.connect(self._beside(LOCK), isolation_level=None, check_same_thread=False, timeout=0)
            self._lock.execute("BEGIN EXCLUSIVE")
        except (OSError, sqlite3.Error) as error:
            self.close()
            if "locked" in str(error):
                raise InputError(
                    "this session is open in another process", source=str(self.path),
                    hint="stop the other `service-culture workshop` first, or begin a session of its own",
                ) from None  # fmt: skip
            raise self._unusable(error) from None

    def _beside(self, ending: str) -> Path:
        return self.path.with_name(self.path.name + ending)

    def fact(self, name: str, default: Any = None) -> Any:
        """Return a fixed fact."""
        row = self._base.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        return default if row is None else json.loads(row[0])

    def facts(self, *names: str) -> dict[str, Any]:
        """Return fixed facts, None where one is not there; raises `InputError` where the file is damaged."""
        try:
            return {name: self.fact(name) for name in names}
        except DAMAGED as error:
            raise self._unusable(error) from None

    def set_facts(self, **facts: Any) -> None:
        """Write fixed facts, all or none."""
        with self._base:
            self._base.execute("BEGIN")
            self._base.executemany(
                "INSERT OR REPLACE INTO facts VALUES (?, ?)",
                [(name, json.dumps(value)) for name, value in facts.items()],
            )

    def append(self, kind: str, data: Mapping[str, Any], at: float | None = None) -> Event:
        """Commit one event and return it; raises `NotKept` where the disk does not take it."""
        at = time.time() if at is None else at
        try:
            row = self._base.execute(
                "INSERT INTO events (kind, data, at) VALUES (?, ?, ?)", (kind, json.dumps(data, ensure_ascii=False), at)
            )
        except sqlite3.OperationalError as error:
            raise NotKept(f"{self.path}: this could not be written down ({error})") from None
        return Event(int(row.lastrowid or 0), kind, data, at)

    def events(self) -> Iterator[Event]:
        """Return every event in the order in which it happened; raises `InputError` where the file is damaged."""
        try:
            for number, kind, data, at in self._base.execute(
                "SELECT number, kind, data, at FROM events ORDER BY number"
            ):
                yield Event(number, kind, json.loads(data), at)
        except DAMAGED as error:
            raise self._unusable(error) from None

    def forget(self, kind: str) -> None:
        """Delete every event of a kind, and what it said, from the file."""
        try:
            self._base.execute("DELETE FROM events WHERE kind = ?", (kind,))
            self._base.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except sqlite3.OperationalError as error:
            raise NotKept(f"{self.path}: this could not be deleted ({error})") from None

    def fold(self) -> None:
        """Bring everything into the one file, so that it can be moved; raises `NotKept` where the disk does not take it."""
        try:
            (mode,) = self._base.execute("PRAGMA journal_mode = DELETE").fetchone()
        except sqlite3.OperationalError as error:
            raise NotKept(f"{self.path}: {error}") from None
        if mode != "delete":
            raise NotKept(f"{self.path}: the write-ahead log could not be folded in")

    def close(self) -> None:
        """Close the file; the write-ahead log is folded into it."""
        self._base.close()
        if self._lock is not None:
            with contextlib.suppress(OSError):  # before it is given back, so that nobody holds a file that is gone
                self._beside(LOCK).unlink(missing_ok=True)
            self._lock.close()
            self._lock = None

    def wipe(self) -> None:
        """Close the file and delete it, with everything that anybody answered; itself last: it shows what is to be deleted."""
        self.close()
        for path in (*(self._beside(end) for end in ("-wal", "-shm", "-journal", LOCK)), self.path):
            path.unlink(missing_ok=True)


def files(folder: Path) -> list[Path]:
    """Return the session files of a folder, oldest first."""
    return sorted(folder.glob(f"*{SUFFIX}"), key=lambda path: (path.stat().st_mtime, path.name))
