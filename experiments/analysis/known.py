"""Functions whose sensitivity is known on paper: what an analysis, and a whole sweep, must find again."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from experiments.sweeps.space import Space


@dataclass(frozen=True, slots=True)
class Known:
    """A function of independent, uniform factors, with its analytic Sobol' indices.

    ``evaluate`` takes a table with one column a factor and returns one value a row. ``second`` holds pairs ``a × b``, in the
    order of the factors; pairs left out are 0.
    """

    name: str
    factors: tuple[str, ...]
    low: float
    high: float
    evaluate: Callable[[pd.DataFrame], np.ndarray]
    variance: float
    first: Mapping[str, float]
    total: Mapping[str, float]
    second: Mapping[str, float]

    def space(self) -> Space:
        """Return its factors as the space of a sweep."""
        from experiments.sweeps.space import Factor, Space

        return Space(tuple(Factor(name, "input", self.low, self.high) for name in self.factors))


def ishigami(a: float = 7.0, b: float = 0.1) -> Known:
    """Return Y = sin x1 + a sin² x2 + b x3⁴ sin x1 on [−π, π]³.

    V(Y) = a²/8 + b π⁴/5 + b² π⁸/18 + 1/2, V_1 = (1 + b π⁴/5)²/2, V_2 = a²/8, V_13 = 8 b² π⁸/225, all others 0.
    Source: Ishigami and Homma (1990), doi:10.1109/ISUMA.1990.151285.
    """
    v1 = 0.5 * (1 + b * math.pi**4 / 5) ** 2
    v2 = a**2 / 8
    v13 = 8 * b**2 * math.pi**8 / 225
    variance = v1 + v2 + v13

    def evaluate(points: pd.DataFrame) -> np.ndarray:
        x1, x2, x3 = (points[name].to_numpy(dtype=float) for name in ("x1", "x2", "x3"))
        return np.asarray(np.sin(x1) + a * np.sin(x2) ** 2 + b * x3**4 * np.sin(x1))

    return Known(
        name="Ishigami",
        factors=("x1", "x2", "x3"),
        low=-math.pi,
        high=math.pi,
        evaluate=evaluate,
        variance=variance,
        first={"x1": v1 / variance, "x2": v2 / variance, "x3": 0.0},
        total={"x1": (v1 + v13) / variance, "x2": v2 / variance, "x3": v13 / variance},
        second={"x1 × x3": v13 / variance},
    )


def sobol_g(a: tuple[float, ...] = (0.0, 1.0, 4.5, 9.0, 99.0, 99.0, 99.0, 99.0)) -> Known:
    """Return Y = Π (|4 x_i − 2| + a_i) / (1 + a_i) on [0, 1]^D: the smaller a_i, the more x_i matters.

    V_i = 1 / (3 (1 + a_i)²), V(Y) = Π (1 + V_i) − 1, S_i = V_i / V, T_i = V_i Π_{j≠i} (1 + V_j) / V, S_ij = V_i V_j / V.
    Source: Saltelli and Sobol' (1995), doi:10.1016/0951-8320(95)00099-2.
    """
    names = tuple(f"x{number}" for number in range(1, len(a) + 1))
    shares = np.array([1 / (3 * (1 + each) ** 2) for each in a])
    whole = float(np.prod(1 + shares))
    variance = whole - 1

    def evaluate(points: pd.DataFrame) -> np.ndarray:
        value = np.ones(len(points))
        for name, each in zip(names, a, strict=True):
            value *= (np.abs(4 * points[name].to_numpy(dtype=float) - 2) + each) / (1 + each)
        return value

    return Known(
        name="Sobol' G",
        factors=names,
        low=0.0,
        high=1.0,
        evaluate=evaluate,
        variance=variance,
        first={name: float(v / variance) for name, v in zip(names, shares, strict=True)},
        total={name: float(v * whole / (1 + v) / variance) for name, v in zip(names, shares, strict=True)},
        second={
            f"{names[i]} × {names[j]}": float(shares[i] * shares[j] / variance)
            for i in range(len(a))
            for j in range(i + 1, len(a))
        },
    )


def as_runs(points: pd.DataFrame, evaluate: Callable[[pd.DataFrame], np.ndarray], output: str = "y") -> pd.DataFrame:
    """Return points with a function's values as the tidy frame of a sweep with one replicate."""
    count = np.arange(len(points))
    identity = pd.DataFrame({"run": count, "point": count, "replicate": 0, "seed": 1})
    runs = pd.concat([identity, points.reset_index(drop=True)], axis=1)
    runs[output] = evaluate(points)
    return runs
