"""What people found when they read mutants that no test with a meaning notices.

`reviewed.toml` holds one entry for each. A mutant is known there by file, function and the line as it is and with the
mistake, not by a line's number, so that a review outlives edits elsewhere. A review of a line that is there no longer
counts for nothing; the command says so.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tests.mutation.mutants import Mutant

FILE = Path(__file__).with_name("reviewed.toml")
EQUIVALENT = "equivalent"
VERDICTS = {
    EQUIVALENT: "no result can be another; taken out of the denominator",
    "speed": "no result can be another, only speed or memory; taken out of the denominator",
    "guard": "only an error message, or what happens in a state that no run reaches, is another",
    "free": "another result, but one that tests should leave free: which draw decides, how a tie is broken",
    "open": "a test should notice it, and none does yet",
}
"""What a review may find."""
NO_DIFFERENCE = (EQUIVALENT, "speed")
"""The verdicts that take a mutant out of the denominator of the score."""


@dataclass(frozen=True)
class Review:
    """What was found about one mutant, or about all of one line with the same change."""

    verdict: str
    why: str


def read(file: Path = FILE) -> dict[tuple[str, str, str, str, int], Review]:
    """Return every review by file, function, the line as it is, with the mistake, and which of several that read the same.

    Raises
    ------
    ValueError
        If an entry has no known verdict, no reason, or stands there twice.
    """
    found: dict[tuple[str, str, str, str, int], Review] = {}
    for entry in tomllib.loads(file.read_text(encoding="utf-8")).get("mutant", []):
        place = (entry["file"], entry["function"], entry["before"], entry["after"], entry.get("nth", 0))
        if entry["verdict"] not in VERDICTS or not entry["why"].strip():
            raise ValueError(f"{place}: a verdict is one of {', '.join(VERDICTS)}, with a reason")
        if place in found:
            raise ValueError(f"{place}: reviewed twice")
        found[place] = Review(entry["verdict"], entry["why"])
    return found


def place_of(mutant: Mutant) -> tuple[str, str, str, str, int]:
    """Return under what a mutant is reviewed."""
    return mutant.file, mutant.function, mutant.before, mutant.after, mutant.nth


def stale(
    reviews: Iterable[tuple[str, str, str, str, int]], mutants: Iterable[Mutant]
) -> list[tuple[str, str, str, str, int]]:
    """Return the reviews of mutants that the files no longer give."""
    there = {place_of(one) for one in mutants}
    return [place for place in reviews if place not in there]
