"""Many independent runs at the same time, in threads: the compiled core leaves Python to others while it works."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")
Tick = Callable[[int], None]
"""Called with the number of runs that have ended."""


class Stopped(Exception):
    """Another run has failed, or the user has had enough."""


class Counter:
    """Counts runs over threads, and tells them when to stop."""

    def __init__(self, progress: Tick | None = None) -> None:
        self.progress, self.done = progress, 0
        self.lock, self.stop = threading.Lock(), threading.Event()

    def tick(self) -> None:
        """Count one run more; raises `Stopped` where the others have stopped."""
        if self.stop.is_set():
            raise Stopped
        with self.lock:
            self.done += 1
            if self.progress:
                self.progress(self.done)


def each(
    task: Callable[[Item], Result], items: Sequence[Item], workers: int | None = None, counter: Counter | None = None
) -> list[Result]:
    """Return what ``task`` gives for each item, in their order, whatever the number of threads.

    When one fails, or the user stops, those that have not begun are left out, and the others stop at their next `Counter.tick`.
    """
    with ThreadPoolExecutor(workers or os.cpu_count() or 1) as pool:
        tasks = [pool.submit(task, item) for item in items]
        try:
            wait(tasks, return_when=FIRST_EXCEPTION)
            return [one.result() for one in tasks]
        except BaseException:
            if counter:
                counter.stop.set()
            pool.shutdown(wait=False, cancel_futures=True)
            raise
