"""Answers as shares from 0 to 1, whatever scale they were given on."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sim.errors import InputError
from sim.sheets.grids import Unreadable, is_blank
from sim.sheets.numbers import number

MISSING = frozenset({
    "", "-", "--", "–", "—", "?", ".", "/", "x", "na", "n/a", "n.a.", "#n/a", "none", "null", "nan", "not applicable",
    "no answer", "no contact", "no opinion", "don't know", "dont know", "do not know", "not rated", "no rating", "k.a.",
    "k. a.", "keine angabe", "kein kontakt", "weiß nicht", "weiss nicht", "missing", "skipped", "prefer not to say",
})  # fmt: skip
"""Marks that stand for "no answer", in small letters."""

COMMON: tuple[tuple[float, float], ...] = ((1, 5), (0, 5), (1, 7), (1, 10), (0, 10), (0, 100))
"""Common scales, the smallest first; the first that holds every answer is taken."""


@dataclass(frozen=True, slots=True)
class Scale:
    """A scale from its worst to its best answer; ``worst`` may be the larger number, as with school grades.

    ``guessed`` says that nobody named it.
    """

    worst: float
    best: float
    guessed: bool = False

    def share(self, answer: float) -> float:
        """Return an answer as a share of the way from worst to best."""
        return (answer - self.worst) / (self.best - self.worst)

    def holds(self, answer: float) -> bool:
        """Tell whether an answer lies on the scale."""
        return min(self.worst, self.best) <= answer <= max(self.worst, self.best)

    def describe(self, option: str) -> str:
        """Return the scale in words, and how to correct it."""
        text = f"scale {self.worst:g} to {self.best:g}"
        if not self.guessed:
            return f"{text} (as you said)"
        return f"{text} (a guess: the smallest common scale that holds every answer; {option} LOW-HIGH says otherwise)"


def parse(text: str, option: str) -> Scale:
    """Return the scale that ``LOW-HIGH`` names; ``6-1`` where 1 is best."""
    found = re.fullmatch(r"\s*(-?\d+(?:[.,]\d+)?)\s*(?:-|–|:|to|\.\.)\s*(-?\d+(?:[.,]\d+)?)\s*", text)
    ends = [float(end.replace(",", ".")) for end in found.groups()] if found else []
    if len(ends) != 2 or ends[0] == ends[1] or not all(map(math.isfinite, ends)):
        raise InputError(
            "this is no scale", place=option, value=text, allowed="WORST-BEST, as in 1-5, 0-10 or 6-1",
        )  # fmt: skip
    return Scale(ends[0], ends[1])


def guess(answers: Sequence[float]) -> Scale:
    """Return the smallest common scale that holds all answers.

    Shares between 0 and 1 are a scale of their own where an answer lies between the two.

    Raises
    ------
    InputError : no common scale holds them
    """
    if answers and all(0 <= one <= 1 for one in answers) and any(0 < one < 1 for one in answers):
        return Scale(0, 1, guessed=True)
    for low, high in COMMON:
        if all(low <= one <= high for one in answers):
            return Scale(low, high, guessed=True)
    raise InputError(
        "these answers lie on no common scale", allowed=", ".join(f"{low:g} to {high:g}" for low, high in COMMON),
        hint="name the scale (LOW-HIGH), and with --missing the codes that mean no answer",
    )  # fmt: skip


def answer(value: Any, decimal: str | None, place: str, missing: frozenset[str]) -> float | None:
    """Return the number that a cell answers, None for no answer.

    ``4``, ``4,5``, ``4 - rather good``, ``4/5`` and ``80 %`` are read as 4, 4.5, 4, 4 and 80. What else stands in the cell is
    never quoted: it may be somebody's words.
    """
    if isinstance(value, Unreadable):
        raise InputError(value.problem, place=place, hint=value.hint)
    if is_blank(value) or str(value).strip().casefold() in missing:
        return None
    if isinstance(value, str):
        text = value.strip().rstrip("%").strip()
        found = re.match(r"([+-]?\d+(?:[.,]\d+)?)\s*(?:$|[-–=:/(,;]|\s[^\d])", text)
        if found is None:
            raise InputError(
                "this cell holds no number", place=place, value=f"a text of {len(value)} characters",
                allowed="an answer as a number, or a mark for no answer (empty, -, NA, no contact)",
                hint="is this the right column? --column names another; --missing TEXT names a further mark for no answer",
            )  # fmt: skip
        value = found[1].replace(",", ".")
        return float(value)
    try:
        read = number(value, decimal, place)
    except InputError as error:
        raise InputError(error.problem, place=place, allowed="an answer as a number", hint=error.hint) from None
    return None if f"{read:g}" in missing else read
