"""What was answered in a room, removed from this laptop: found by code, name or file, overwritten, and deleted.

Only files are touched that SQLite opens and that hold a session's facts and events. What a browser saved, printed or sent
elsewhere, and what phones keep of their own answers, is out of reach; `OUT_OF_REACH` says so.
"""

from __future__ import annotations

import contextlib
import datetime
import json
import os
import sqlite3
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sim.errors import InputError, did_you_mean
from sim.workshop.store import SUFFIX, files

ENDINGS = ("-wal", "-shm", "-journal", "-lock")
"""What SQLite and a running server put beside a session's file."""
DAY = 86_400
BLOCK = 1 << 20
OUT_OF_REACH = (
    "files that the facilitator's browser saved (workshop-CODE-share.json, -scores.csv, -commitments.csv, pictures; usually in "
    "Downloads), and reports, prints and copies that were made of them: they hold what was shown, no single answers",
    "what phones keep of their own answers, until their browsers forget it",
    "backups of this folder, and blocks that a solid-state disk or a file system with snapshots has set aside",
)


@dataclass(frozen=True, slots=True)
class Kept:
    """A session on disk.

    Attributes
    ----------
    code, title : as on the page
    last : when something happened in it last, seconds since 1970
    people : phones and sheets of paper that joined
    size : bytes, with what stands beside the file
    """

    path: Path
    code: str
    title: str
    last: float
    people: int
    size: int

    @property
    def day(self) -> str:
        """The day of `last`, local."""
        return datetime.datetime.fromtimestamp(self.last).astimezone().strftime("%Y-%m-%d %H:%M")


def parts(path: Path) -> list[Path]:
    """Return a session's files, the main one last: what is begun is found again if it is interrupted."""
    return [*(one for end in ENDINGS if (one := path.with_name(path.name + end)).is_file()), path]


def look(path: Path) -> Kept | None:
    """Return what a file keeps, or None where it is not a session's; what it keeps is not changed."""
    try:
        if path.is_symlink() or not path.is_file() or path.read_bytes()[:16] != b"SQLite format 3\0":
            return None
        with contextlib.closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, timeout=1)) as base:
            facts = {name: json.loads(value) for name, value in base.execute("SELECT name, value FROM facts")}
            if not isinstance(facts.get("code"), str) or not isinstance(facts.get("secret"), str):
                return None
            opened = base.execute("SELECT data FROM events WHERE kind = 'open' ORDER BY number LIMIT 1").fetchone()
            last = base.execute("SELECT max(at) FROM events").fetchone()[0]
            people = base.execute(
                "SELECT count(DISTINCT json_extract(data, '$.person')) FROM events WHERE kind IN ('join', 'paper')"
            ).fetchone()[0]
            title = json.loads(opened[0]).get("title") if opened else None
    except (OSError, sqlite3.Error, ValueError, AttributeError):
        return None
    size = sum(one.stat().st_size for one in parts(path))
    return Kept(path, facts["code"], str(title or ""), float(last or path.stat().st_mtime), int(people), size)


def kept(folder: Path) -> list[Kept]:
    """Return the sessions of a folder, the one that was used last at the end."""
    found = [one for path in files(folder) if (one := look(path)) is not None]
    return sorted(found, key=lambda one: (one.last, one.code))


def chosen(
    folder: Path, names: Sequence[str] = (), *, everything: bool = False, older_than: float | None = None
) -> list[Kept]:
    """Return the sessions that are meant.

    Parameters
    ----------
    names : codes, titles, names of files in the folder, or paths
    everything : all of the folder
    older_than : those in which nothing has happened for so many days
    """
    here = kept(folder)
    if everything:
        return here
    found = [_named(name, here, folder) for name in names]
    if older_than is not None:
        found += [one for one in here if one.last < time.time() - older_than * DAY]
    return list({one.path.resolve(): one for one in found}.values())


def _named(name: str, here: Sequence[Kept], folder: Path) -> Kept:
    wanted = name.strip().casefold()
    same = [one for one in here if wanted in (one.code.casefold(), one.path.name.casefold())]
    same = same or [one for one in here if one.title and wanted == one.title.casefold()]
    if len(same) == 1:
        return same[0]
    if same:
        raise InputError(
            "several sessions have this name", place="SESSION", value=name,
            allowed=", ".join(f"{one.code} ({one.day})" for one in same), hint="name it by its code",
        )  # fmt: skip
    path = Path(name)
    if os.path.exists(path):
        one = look(path)
        if one is None:
            raise InputError(
                "this is not the file of a workshop session, and is left alone", source=str(path),
                allowed=f"a file *{SUFFIX} that `service-culture workshop` wrote",
            )  # fmt: skip
        return one
    known = [text for one in here for text in (one.code, one.title) if text]
    raise InputError(
        "there is no such session", place="SESSION", value=name,
        allowed=", ".join(f"{one.code} ({one.title or 'built by the room'})" for one in here)
        or f"nothing: {folder} holds no session",
        hint=did_you_mean(name, known) or "`service-culture forget` lists them; --folder looks elsewhere",
    )  # fmt: skip


def refuse_running(path: Path) -> None:
    """Raise `InputError` while a server has the session open; where nobody has, its log is folded into the file.

    SQLite leaves write-ahead logging only for whoever has the file alone, so it knows of every server, whichever its version.
    """
    try:
        with contextlib.closing(sqlite3.connect(path, isolation_level=None, timeout=0.5)) as base:
            base.execute("PRAGMA secure_delete = ON")
            base.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            (mode,) = base.execute("PRAGMA journal_mode = DELETE").fetchone()
            base.execute("BEGIN EXCLUSIVE")
            base.execute("ROLLBACK")
            alone = mode == "delete"
    except sqlite3.Error as error:
        alone = False
        if "locked" not in str(error) and "busy" not in str(error):
            raise InputError("this session cannot be removed", source=str(path), value=str(error)) from None
    if not alone:
        raise InputError(
            "a server has this session open", source=str(path),
            hint="stop `service-culture workshop` (Ctrl-C), or wipe the session on the facilitator's page; nothing was removed",
        )  # fmt: skip


def forget(session: Kept) -> None:
    """Overwrite every file of a session with zeros and delete it; raises `InputError` while a server has it open."""
    refuse_running(session.path)
    try:
        for path in parts(session.path):
            _overwrite(path)
            path.unlink()
    except OSError as error:
        raise InputError(
            "this could not be removed", source=str(error.filename or session.path), value=error.strerror or str(error)
        ) from None


def _overwrite(path: Path) -> None:
    left = path.stat().st_size
    with path.open("r+b") as file:
        while left > 0:
            left -= file.write(b"\0" * min(BLOCK, left))
        file.flush()
        os.fsync(file.fileno())
