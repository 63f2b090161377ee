"""What a client's figures say, and how exactly: the targets of a calibration."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from experiments.calibration.figures import Figure, figure
from sim.chain import ServiceChain
from sim.errors import InputError


@dataclass(frozen=True, slots=True)
class Target:
    """One figure of the client.

    Attributes
    ----------
    figure : what is measured
    value : what the client has
    error : standard error from asking some people, or from so many tickets; 0 where the figure is a count of everything
    source : where it comes from, in words
    """

    figure: Figure
    value: float
    error: float
    source: str


@dataclass(frozen=True)
class Targets:
    """All targets of a calibration, on the scale on which they are compared.

    Attributes
    ----------
    items : the targets
    covariance : (target, target) of what sampling adds to the luck of a run, on the scale of comparison: logarithms of
        figures that are compared as ratios, square roots of counts. Figures of whole ticket logs add nothing: a simulated log
        has their luck already
    """

    items: tuple[Target, ...]
    covariance: np.ndarray

    @property
    def figures(self) -> list[Figure]:
        """What is measured, in order."""
        return [one.figure for one in self.items]

    @property
    def values(self) -> np.ndarray:
        """The client's figures on the scale of comparison."""
        return compared(np.array([[one.value for one in self.items]]), self.figures)[0]

    def joined(self, other: Targets) -> Targets:
        """Return both together; a figure that both have is taken from ``other``."""
        names = {one.figure.name for one in other.items}
        keep = [place for place, one in enumerate(self.items) if one.figure.name not in names]
        items = (*(self.items[place] for place in keep), *other.items)
        covariance = np.zeros((len(items), len(items)))
        covariance[: len(keep), : len(keep)] = self.covariance[np.ix_(keep, keep)]
        covariance[len(keep) :, len(keep) :] = other.covariance
        return Targets(items, covariance)


NONE = Targets((), np.zeros((0, 0)))


def made(items: Sequence[Target], covariance: np.ndarray | None = None) -> Targets:
    """Return targets; ``covariance`` is that of the figures themselves, by default of independent errors."""
    if covariance is None:
        covariance = np.diag([one.error**2 for one in items])
    slopes = np.array([_slope(one.figure, one.value) for one in items])
    return Targets(tuple(items), covariance * np.outer(slopes, slopes))


def _slope(one: Figure, value: float) -> float:
    """Return by how much a figure moves on the scale of comparison, per unit."""
    if one.ratio:
        return 1 / max(value, SMALLEST)
    return 0.5 / np.sqrt(max(value, 1.0)) if one.count else 1.0


SMALLEST = 1e-3
"""Figures that are compared as ratios count as at least this much: days, cases a day."""


def compared(values: np.ndarray, figures: Sequence[Figure]) -> np.ndarray:
    """Return figures (run, figure) on the scale of comparison: logarithms of ratios, square roots of counts."""
    out = np.array(values, dtype=float)
    for column, one in enumerate(figures):
        if one.ratio:
            out[:, column] = np.log(np.maximum(out[:, column], SMALLEST))
        elif one.count:
            out[:, column] = np.sqrt(np.maximum(out[:, column], 0.0))
    return out


def shown(values: np.ndarray, figures: Sequence[Figure]) -> np.ndarray:
    """Return figures from the scale of comparison: the way back from `compared`."""
    out = np.array(values, dtype=float)
    for column, one in enumerate(figures):
        if one.ratio:
            out[:, column] = np.exp(out[:, column])
        elif one.count:
            out[:, column] = np.maximum(out[:, column], 0.0) ** 2
    return out


_NUMBER = r"\s*([+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)\s*"


def typed(chain: ServiceChain, texts: Sequence[str]) -> Targets:
    """Read figures that somebody typed: ``retention=91``, ``quits_per_year=14±3``, ``net_promoter_score@Trade=21+-4``."""
    items: list[Target] = []
    for text in texts:
        name, equals, rest = text.rpartition("=")
        found = re.fullmatch(rf"{_NUMBER}(?:(?:±|\+-|\+/-){_NUMBER})?", rest)
        if not equals or found is None:
            raise InputError(
                "this is no target", place="--target", value=text, allowed="NAME=VALUE, NAME@PART=VALUE or NAME=VALUE±SE",
                hint="for example retention=91, quits_per_year=14±3, net_promoter_score@Trade=21±4",
            )  # fmt: skip
        one = figure(chain, name)
        value, error = float(found[1]), float(found[2] or 0)
        _check(one, value, error, text)
        if any(one.name == other.figure.name for other in items):
            raise InputError("this figure is given twice", place="--target", value=text, allowed="each figure once")
        items.append(Target(one, value, error, "typed"))
    return made(items)


def _check(one: Figure, value: float, error: float, text: str) -> None:
    low, high = {"%": (0, 100), "0–100": (0, 100), "−100–100": (-100, 100), "% a year": (0, 1000)}.get(
        one.unit, (-np.inf if one.measure == "profit" else 0, np.inf)
    )
    if one.measure == "retention":
        high = 100
    if not low <= value <= high or (one.ratio and value <= 0):
        raise InputError("this figure cannot have this value", place="--target", value=text,
                         allowed=f"{'above ' if one.ratio else ''}{low:g} to {high:g} ({one.unit})")  # fmt: skip
    if error < 0:
        raise InputError("an error cannot be below 0", place="--target", value=text, allowed="0 or more")
