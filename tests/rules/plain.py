"""Rules as plain Python functions, compiled or not, so that a test can look at each one by itself within a moment.

Rules are compiled into the working day, and most cannot be called from Python. `plain` returns a module of rules in
which every function is the Python function that was written, and calls others like it; rows are records of the real
populations; draws can be given (`Draws`), so that a decision falls as the test wants.
"""

from __future__ import annotations

import importlib
import types
from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np
import pytest

from sim import levers, population
from sim.compiled import INTERPRETED
from sim.draws import Purpose

KEYS = np.arange(len(Purpose), dtype=np.uint64)
"""Keys of a run that tell `Draws` what a draw is for."""


def plain(name: str) -> Any:
    """Return a module of the rules, of the draws or of the portable functions, as plain Python."""
    module = importlib.import_module(name)
    return module if INTERPRETED else _twin(name)


@cache
def _module(name: str) -> types.ModuleType:
    return types.ModuleType(name)


_filled: set[str] = set()


def _twin(name: str) -> types.ModuleType:
    twin = _module(name)
    if name not in _filled:
        _filled.add(name)
        for key, value in vars(importlib.import_module(name)).items():
            if not key.startswith("__"):
                setattr(twin, key, _plain(key, value))
    return twin


def _plain(key: str, value: Any) -> Any:
    if isinstance(value, types.ModuleType):
        ours = value.__name__.startswith("sim.rules") or value.__name__ in ("sim.draws", "sim.portable")
        return _twin(value.__name__) if ours and value.__name__ != "sim.rules" else value
    if key == "prefetch":
        return lambda array, index: None
    if key == "borrowed":
        return lambda array: array
    function = getattr(value, "py_func", value)
    if isinstance(function, types.FunctionType) and function.__module__.startswith(
        ("sim.rules", "sim.draws", "sim.portable")
    ):
        return _function(function)
    return value


@cache
def _function(function: types.FunctionType) -> types.FunctionType:
    return types.FunctionType(
        function.__code__,
        _twin(function.__module__).__dict__,
        function.__name__,
        function.__defaults__,
        function.__closure__,
    )


def rows(name: str, count: int = 1, **fields: Any) -> Any:
    """Return rows of a population, such as ``"UNIT"``: mechanisms neutral, all else 0, and these fields set.

    A field is a value for all rows, or one for each.
    """
    dtype = getattr(population, name)
    made = np.zeros(count, dtype)
    for lever in levers.LEVERS:
        if lever.home.upper() == name and lever.name in (dtype.names or ()):
            made[lever.name] = lever.default if lever.neutral is None else lever.neutral
    for field in ("mirror", "parent", "server", "came_from", "culprit", "hides", "client_unit", "client_segment", "next",
                  "inbox", "ladder_head", "ladder_tail", "office", "head", "tail"):  # fmt: skip
        if field in (dtype.names or ()) and dtype[field].kind == "i":
            made[field] = population.NOBODY
    for field, value in fields.items():
        made[field] = value
    return made.view(np.recarray)


def row(name: str, **fields: Any) -> Any:
    """Return one row of a population."""
    return rows(name, 1, **fields)[0]


class Draws:
    """Draws that are given: 0.5, unless a purpose has another value, or one for each ``(purpose, when)``.

    Attributes
    ----------
    asked : every draw that was asked for, as (purpose, who, when)
    """

    def __init__(self, given: Mapping[Any, float] | None = None) -> None:
        self.given = dict(given or {})
        self.asked: list[tuple[Purpose, int, int]] = []

    def uniform(self, key: Any, who: Any, when: Any) -> float:
        """Return the draw that was given."""
        purpose = Purpose(int(key))
        self.asked.append((purpose, int(who), int(when)))
        return self.given.get((purpose, int(when)), self.given.get(purpose, 0.5))


def give(monkeypatch: pytest.MonkeyPatch, given: Mapping[Any, float] | None = None) -> Draws:
    """Let the rules draw what is given, for the rest of the test."""
    made = Draws(given)
    monkeypatch.setattr(plain("sim.draws"), "uniform", made.uniform)
    return made
