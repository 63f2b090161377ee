"""Where a session lives: one SQLite file with its events. What was answered is on disk; what is on disk comes back."""

from __future__ import annotations

import json
import os
import sqlite3
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sim.errors import InputError

FORMAT = 1
SUFFIX = ".workshop"


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened in a room: its number, kind, what it says, and when (seconds since 1970)."""

    number: int
    kind: str
    data: Mapping[str, Any]
    at: float


class Store:
    """The events of one session and a few fixed facts about it (code, key, organisation), in one file.

    Every event is committed before `append` returns (write-ahead log, synchronous FULL), so a server that is killed, or a
    laptop that loses power, comes back with everything that was answered. The file holds raw answers and the facilitator's
    key: only its owner may read it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
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
        except (OSError, sqlite3.Error) as error:
            if hasattr(self, "_base"):
                self._base.close()
            raise InputError(
                "this session file cannot be used", source=str(path), value=str(error),
                allowed="a file that `service-culture workshop` wrote, in a folder that can be written to",
            ) from None  # fmt: skip
        if (written := self.fact("format", FORMAT)) != FORMAT:
            self._base.close()
            raise InputError(
                "this session was written by another version", source=str(path), value=written,
                allowed=f"format {FORMAT}",
            )  # fmt: skip

    def fact(self, name: str, default: Any = None) -> Any:
        """Return a fixed fact."""
        row = self._base.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        return default if row is None else json.loads(row[0])

    def set_facts(self, **facts: Any) -> None:
        """Write fixed facts, all or none."""
        with self._base:
            self._base.execute("BEGIN")
            self._base.executemany(
                "INSERT OR REPLACE INTO facts VALUES (?, ?)",
                [(name, json.dumps(value)) for name, value in facts.items()],
            )

    def append(self, kind: str, data: Mapping[str, Any], at: float | None = None) -> Event:
        """Commit one event and return it."""
        at = time.time() if at is None else at
        row = self._base.execute(
            "INSERT INTO events (kind, data, at) VALUES (?, ?, ?)", (kind, json.dumps(data, ensure_ascii=False), at)
        )
        return Event(int(row.lastrowid or 0), kind, data, at)

    def events(self) -> Iterator[Event]:
        """Return every event in the order in which it happened."""
        for number, kind, data, at in self._base.execute("SELECT number, kind, data, at FROM events ORDER BY number"):
            yield Event(number, kind, json.loads(data), at)

    def forget(self, kind: str) -> None:
        """Delete every event of a kind, and what it said, from the file."""
        self._base.execute("DELETE FROM events WHERE kind = ?", (kind,))
        self._base.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """Close the file; the write-ahead log is folded into it."""
        self._base.close()

    def wipe(self) -> None:
        """Close the file and delete it, with everything that anybody answered."""
        self.close()
        for path in (self.path, *(self.path.with_name(self.path.name + end) for end in ("-wal", "-shm", "-journal"))):
            path.unlink(missing_ok=True)


def files(folder: Path) -> list[Path]:
    """Return the session files of a folder, oldest first."""
    return sorted(folder.glob(f"*{SUFFIX}"), key=lambda path: (path.stat().st_mtime, path.name))
