"""Models that cost next to nothing, for tests of what sweeps do with runs; workers in other processes import them by name."""

from __future__ import annotations

import math
import os
import signal
import sys
import time
from pathlib import Path

import numpy as np

from experiments.sweeps.design import Design
from experiments.sweeps.plan import Plan
from experiments.sweeps.simulate import FunctionRuns, Outcome
from experiments.sweeps.space import Factor, Space
from sim.errors import InputError

SPACE = Space((Factor("x", "input", 0, 1), Factor("y", "input", 1, 100, "log")))
CALLS = "CHEAP_CALLS"
"""Environment variable: a folder in which every run leaves a line, whichever process does it."""


def _counted(point):
    if folder := os.environ.get(CALLS):
        with (Path(folder) / f"{os.getpid()}").open("a") as file:
            file.write(f"{point['x']!r}\n")


def calls(folder):
    """Return how many runs were begun by all processes."""
    return sum(len(path.read_text().splitlines()) for path in Path(folder).iterdir())


def figures(point, seed):
    _counted(point)
    x, y = point["x"], point["y"]
    return {"sum": x + y, "third": x / 3, "chance": float(np.random.default_rng(seed).random()) + x}


def slow(point, seed):
    time.sleep(0.02)
    return figures(point, seed)


def very_slow(point, seed):
    time.sleep(0.3)
    return figures(point, seed)


def fails_above_half(point, seed):
    found = figures(point, seed)
    if point["x"] > 0.5 and not os.environ.get("CHEAP_MENDED"):
        raise ValueError("x is too large")
    return found


def in_every_bad_way(point, seed):
    """One run in eight is bad, each in another way."""
    found = figures(point, seed)
    way = int(point["x"] * 64)
    if way == 3:
        raise InputError("no such firm", place="x", value=point["x"])
    if way == 11:
        sys.exit("enough")
    if way == 19:
        del found["third"]
    if way == 27:
        found["third"] = "much"
    if way == 35:
        raise TimeoutError("the run itself")
    if way == 43:
        raise ConnectionError("the run itself")
    if way == 51:
        raise MemoryError
    return found


def kills_its_worker(point, seed):
    if 0.4 < point["x"] < 0.45:
        os.kill(os.getpid(), signal.SIGKILL)
    return figures(point, seed)


def kills_its_worker_once(point, seed):
    token = Path(os.environ[CALLS]).parent / "killed"
    if point["x"] > 0.5 and not token.exists():
        token.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return figures(point, seed)


class WithSeries:
    """A simulator of one's own, with time series."""

    def __init__(self, series=("level",), returned=None):
        self.outputs, self.series, self.returned = ("end",), tuple(series), returned

    def identity(self):
        return {"model": "with series", "version": "1", "outputs": list(self.outputs), "series": list(self.series)}

    def alike(self, values, seeds):
        return np.round(values[:, :1] * 4)

    def run(self, point, seed):
        level = point["x"] * np.arange(1, 4)
        return Outcome({"end": level[-1]}, self.returned or {"day": np.array([5, 10, 12]), "level": level})


def ishigami(point, seed):
    """The function of `experiments.analysis.known`, run by run."""
    x1, x2, x3 = (point[name] for name in ("x1", "x2", "x3"))
    return {"y": math.sin(x1) + 7 * math.sin(x2) ** 2 + 0.1 * x3**4 * math.sin(x1)}


def plan(function=figures, samples=40, *, method="sobol", outputs=("sum", "third", "chance"), **said):
    """Return a plan of cheap runs."""
    return Plan(SPACE, Design(method, samples), FunctionRuns(function, outputs), **said)
