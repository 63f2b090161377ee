"""How far a sweep is, seen from another terminal while it runs, or afterwards."""

from __future__ import annotations

import math
import platform
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from experiments.sweeps import folder as folders
from experiments.sweeps.drive import LATELY, Standing
from experiments.sweeps.ledger import Ledger, Lock

SILENT = 60.0
"""Seconds without a sign of life after which a driver on another machine is taken for gone."""

AHEAD = 3600.0
"""Seconds by which the clock of a driver's machine may be ahead of this one's."""


@dataclass(frozen=True, slots=True)
class Status:
    """What a sweep's folder tells.

    Attributes
    ----------
    standing : how far it is; its rate is that of lately, or of the whole last session where nothing was recorded lately
    state : "running", "finished", "finished with failures", or "stopped"
    driver : who drives it, or drove it last, in words; empty before the first time
    ended : how the last session ended, in words; empty where it runs, or was killed
    sessions : how often it was begun
    work : seconds of work in the recorded runs, over all workers
    size : bytes of the results
    errors : kind of error → failed runs
    """

    standing: Standing
    state: str
    driver: str
    ended: str
    sessions: int
    work: float
    size: int
    errors: dict[str, int]


def status(folder: str | Path) -> Status:
    """Return how far a sweep is; never disturbs the process that drives it."""
    folder = Path(folder)
    runs = int(folders.manifest(folder)["plan"]["runs"])
    with Ledger(folder, read_only=True) as ledger:
        recorded, failed = ledger.counts()
        sessions = ledger.sessions()
        work = ledger.work()
        errors = Counter(one["kind"] for one in ledger.failures())
        size = ledger.size()
        now = sessions[-1] if sessions else None
        running = now is not None and now["ended"] is None and _is_driven(folder, now["host"], now["seen"])
        rate = math.nan
        if now:
            rate = ledger.rate(since=max(now["began"], time.time() - LATELY)) if running else math.nan
            if not rate > 0:
                rate = ledger.rate(since=now["began"])
    if running:
        state = "running"
    elif recorded == runs:
        state = "finished"
    elif recorded + failed == runs:
        state = "finished with failures"
    else:
        state = "stopped"
    return Status(
        Standing(runs, recorded, failed, rate),
        state,
        f"process {now['process']} on {now['host']}, {now['workers']}" if now else "",
        (now["ended"] or "") if now else "",
        len(sessions), work, size, dict(errors),
    )  # fmt: skip


def _is_driven(folder: Path, host: str, seen: float) -> bool:
    """Tell whether a process that has not said how it ended is still at work.

    On its own machine the lock tells; from another, where locks may not reach, so does its last sign of life.
    """
    held = Lock(folder).is_held()
    if held is None or (not held and host != platform.node()):
        return -AHEAD < time.time() - seen < SILENT  # a clock that was set back would call it alive for as long
    return held
