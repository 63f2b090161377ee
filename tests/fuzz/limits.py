"""How long one input may take, and how much memory: a reader that hangs is as broken as one that falls over."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]


class TookTooLong(BaseException):
    """An input took more processor time than its target allows; no `Exception`, so that no reader takes it for its own."""


def _too_long(number: int, frame: FrameType | None) -> None:
    raise TookTooLong


@contextlib.contextmanager
def watched() -> Iterator[None]:
    """Let `started` and `stopped` work inside."""
    if not hasattr(signal, "SIGPROF"):
        yield
        return
    before = signal.signal(signal.SIGPROF, _too_long)
    try:
        yield
    finally:
        stopped()
        signal.signal(signal.SIGPROF, before)


def started(seconds: float) -> None:
    """Begin to count the processor time of an input."""
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_PROF, seconds)


def stopped() -> None:
    """End to count."""
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_PROF, 0)


def limit_memory(megabytes: int) -> None:
    """Let this process have so much more memory than it has now, for good: beyond it a `MemoryError` follows. Linux only."""
    status = Path("/proc/self/statm")
    if resource is not None and status.exists():
        now = int(status.read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
        hard = resource.getrlimit(resource.RLIMIT_AS)[1]
        resource.setrlimit(resource.RLIMIT_AS, (now + megabytes * 1_000_000, hard))
