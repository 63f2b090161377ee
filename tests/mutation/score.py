"""Scores: of the mutants that can make a difference, which share is noticed, and by tests that know what is right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from scipy.stats import binomtest

from tests.mutation.groups import target_of
from tests.mutation.mutants import Mutant
from tests.mutation.reviewed import NO_DIFFERENCE, Review, place_of
from tests.mutation.trial import CRASHED, KILLED, SURVIVED, TIMEOUT, Verdict


@dataclass
class Score:
    """What became of the mutants of one or more files.

    Attributes
    ----------
    population, tried : mutants in all, and those that were tried
    by_group : how many each group of tests noticed first
    meaning : noticed by tests that know what is right, time-outs and crashes included
    numbers : noticed only by tests that know what the numbers were
    timeouts : those after which the tests hang, or the process dies; part of `meaning`
    survived : noticed by nothing
    without_difference : of these two kinds, those that a review found to make none
    """

    population: int = 0
    tried: int = 0
    by_group: dict[str, int] = field(default_factory=dict)
    meaning: int = 0
    numbers: int = 0
    timeouts: int = 0
    survived: int = 0
    without_difference: int = 0

    @property
    def relevant(self) -> int:
        """Mutants that were tried and can make a difference."""
        return self.tried - self.without_difference

    @property
    def share(self) -> float:
        """Noticed by meaning, of those that can make a difference."""
        return self.meaning / self.relevant


def interval(strata: Sequence[Score]) -> tuple[float, float, float] | None:
    """Return the share noticed by meaning with its 95 % Wilson interval, in per cent; None where nothing was tried.

    Files of which another share was tried weigh by the mutants they have, not by those that were tried; the interval is
    Wilson's for the number of trials that would scatter as much if all files had been sampled alike (Korn & Graubard
    1998). Where every mutant was tried, nothing is left to chance, and the ends are the share itself.
    """
    tried = [one for one in strata if one.relevant > 0]
    if not tried:
        return None
    total = sum(one.population for one in tried)
    share = sum(one.population / total * one.share for one in tried)
    if all(one.tried == one.population for one in tried):
        return 100 * share, 100 * share, 100 * share
    scatter = 0.0
    for one in tried:
        guess = (one.meaning + 1) / (one.relevant + 2)  # never 0 or 1: a few trials of one kind are no certainty
        left = 1 - one.tried / one.population
        scatter += (one.population / total) ** 2 * guess * (1 - guess) / one.relevant * left
    trials = sum(one.relevant for one in tried)
    if len(tried) > 1 and 0 < share < 1:
        trials = max(1, round(share * (1 - share) / scatter))
    found = binomtest(round(share * trials), trials).proportion_ci(0.95, method="wilson")
    return 100 * share, 100 * min(share, float(found.low)), 100 * max(share, float(found.high))


def score(
    population: Sequence[Mutant],
    verdicts: Mapping[str, Verdict],
    reviews: Mapping[tuple[str, str, str, str, int], Review],
) -> Score:
    """Return the score of the mutants that were tried."""
    found = Score(population=len(population))
    for one in population:
        verdict = verdicts.get(one.key)
        if verdict is None:
            continue
        found.tried += 1
        if verdict.outcome in (TIMEOUT, CRASHED):
            found.timeouts += 1
            found.meaning += 1
            continue
        if verdict.outcome == KILLED:
            found.by_group[verdict.group] = found.by_group.get(verdict.group, 0) + 1
            if knows_meaning(one, verdict):
                found.meaning += 1
                continue
            found.numbers += 1
        review = reviews.get(place_of(one))
        if review is not None and review.verdict in NO_DIFFERENCE:
            found.without_difference += 1
            if verdict.outcome == KILLED:
                raise ValueError(f"reviewed as making no difference, but {verdict.test} notices it:\n{one}")
    found.survived = found.tried - found.meaning - found.numbers
    return found


def knows_meaning(mutant: Mutant, verdict: Verdict) -> bool:
    """Tell whether what noticed a mutant knows what the result should be."""
    if verdict.outcome in (SURVIVED,):
        return False
    groups = {group.name: group.meaning for group in target_of(mutant.file).groups}
    return verdict.outcome != KILLED or groups.get(verdict.group, False)


def rows(
    mutants: Sequence[Mutant], verdicts: Mapping[str, Verdict], reviews: Mapping[tuple[str, str, str, str, int], Review]
) -> list[dict[str, str | int | float]]:
    """Return a table: a row for each file of which anything was tried, and one for each target."""
    table = []
    of_target: dict[str, list[Mutant]] = {}
    for one in mutants:
        of_target.setdefault(target_of(one.file).name, []).append(one)
    for name, all_of_it in of_target.items():
        files = sorted({one.file for one in all_of_it})
        each = [score([one for one in all_of_it if one.file == file], verdicts, reviews) for file in files]
        table += [_row(f"`{file}`", one, [one]) for file, one in zip(files, each, strict=True)]
        if len(files) > 1:
            table.append(_row(f"all of {name}", score(all_of_it, verdicts, reviews), each))
    return [row for row in table if row["tried"]]


def _row(name: str, one: Score, strata: Sequence[Score]) -> dict[str, str | int | float]:
    found = interval(strata)
    return {
        "file": name,
        "mutants in all": one.population,
        "tried": one.tried,
        "killed by meaning": one.meaning,
        "of these, hanging": one.timeouts,
        "only by the fingerprint": one.numbers,
        "survived": one.survived,
        "of these, no difference": one.without_difference,
        "score [95 %]": "–" if found is None else "{:.0f} % [{:.0f}, {:.0f}]".format(*found),
    }
