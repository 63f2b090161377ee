"""The figures that a staff survey's reader gives out, as a function of the answers, for an attacker with many outputs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from unittest import mock

import numpy as np

from sim.chain import ServiceChain
from sim.client import groups
from sim.client.groups import Group, staff_figures

MINIMA = (5, 6, 7, 8, 10, 12)
"""Smallest groups that are asked for: an output for each."""


@dataclass(frozen=True)
class Survey:
    """Who rated whom.

    Attributes
    ----------
    chain : the organisation
    pairs : (supplier, rater's unit) of each answer
    person : who gave it
    """

    chain: ServiceChain
    pairs: tuple[tuple[str, str], ...]
    person: tuple[str, ...]

    def groups(self, answers: np.ndarray) -> dict[tuple[str, str], Group]:
        """Return the answers (0 to 1) put together by pair."""
        found: dict[tuple[str, str], Group] = {}
        for pair, person, answer in zip(self.pairs, self.person, answers, strict=True):
            found.setdefault(pair, Group()).add(person, float(answer))
        return found

    def people(self) -> list[tuple[str, ...]]:
        """Return who answered, for each pair."""
        return [tuple(group.people) for group in self.groups(np.zeros(len(self.pairs))).values()]  # type: ignore[arg-type]


def drawn(chain: ServiceChain, rng: np.random.Generator, most: int = 9) -> tuple[Survey, np.ndarray]:
    """Return a survey with groups from nobody to ``most`` people, and what they answered on five points."""
    pairs: list[tuple[str, str]] = []
    person: list[str] = []
    for supplier, client in chain.links:
        if client in chain.units:
            for number in range(int(rng.integers(0, most + 1))):
                pairs.append((supplier, client))
                person.append(f"{client} {number}")  # who rates several suppliers answers several times
    return Survey(chain, tuple(pairs), tuple(person)), rng.integers(0, 5, len(pairs)) / 4


def shown(survey: Survey, answers: np.ndarray, protected: bool, minima: Sequence[int] = MINIMA) -> np.ndarray:
    """Return every figure of every output: one for each link and minimum; nan where nothing is shown.

    ``protected``: as the program does it; else every group below the minimum that is asked for is put together with others.
    """
    links = [link for link in survey.chain.links if link[1] in survey.chain.units]
    found = []
    for smallest in minima:
        with mock.patch.object(groups, "SMALLEST_GROUP", groups.SMALLEST_GROUP if protected else smallest):
            figures = {one.place: one.share for one in staff_figures(survey.groups(answers), survey.chain, smallest)}
        found += [figures.get(link, np.nan) for link in links]
    return np.array(found)


@dataclass(frozen=True)
class TwoWaves:
    """A survey and the next one, in which some people answer as before, some differently, some are new and some are gone.

    Attributes
    ----------
    first, second : the surveys
    before, now : the place of each of their answers among all that were ever given: what did not change stands there once
    answers : all of them
    """

    first: Survey
    second: Survey
    before: tuple[int, ...]
    now: tuple[int, ...]
    answers: np.ndarray

    @property
    def person(self) -> list[str]:
        """Whose each answer is."""
        found = [""] * len(self.answers)
        for survey, places in ((self.first, self.before), (self.second, self.now)):
            for person, place in zip(survey.person, places, strict=True):
                found[place] = person
        return found

    def changed(self) -> list[tuple[str, ...]]:
        """Return, for each pair, the people who differ between the surveys."""
        found: dict[tuple[str, str], set[str]] = {}
        for survey, places, others in ((self.first, self.before, self.now), (self.second, self.now, self.before)):
            for pair, person, place in zip(survey.pairs, survey.person, places, strict=True):
                if place not in others:
                    found.setdefault(pair, set()).add(person)
        return [tuple(people) for people in found.values()]

    def shown(self, answers: np.ndarray, protected: bool, smallest: int = 5) -> np.ndarray:
        """Return the figures of both outputs; ``protected``: the second was made with the first survey at hand."""
        earlier = self.first.groups(answers[list(self.before)])
        later = self.second.groups(answers[list(self.now)])
        outputs = (
            staff_figures(earlier, self.first.chain, smallest),
            staff_figures(later, self.first.chain, smallest, earlier if protected else None),
        )
        links = [link for link in self.first.chain.links if link[1] in self.first.chain.units]
        return np.array([
            {one.place: one.share for one in output}.get(link, np.nan) for output in outputs for link in links
        ])  # fmt: skip


def two_waves(chain: ServiceChain, rng: np.random.Generator) -> TwoWaves:
    """Return two surveys; in most groups nobody to three people differ, in some nearly all."""
    first, answers = drawn(chain, rng)
    pairs: list[tuple[str, str]] = []
    person: list[str] = []
    now: list[int] = []
    values = list(answers)
    for link in {pair: None for pair in chain.links if pair[1] in chain.units}:
        mine = [place for place, pair in enumerate(first.pairs) if pair == link]
        differ = int(rng.choice([0, 1, 1, 2, 3, 6]))
        for place in mine[differ:]:
            pairs, person, now = [*pairs, link], [*person, first.person[place]], [*now, place]
        gone = int(rng.integers(0, differ + 1))
        for place in mine[gone:differ]:
            pairs, person, now = [*pairs, link], [*person, first.person[place]], [*now, len(values)]
            values.append((values[place] * 4 + 1) % 5 / 4)
        for number in range(int(rng.integers(0, differ + 1))):
            pairs, person, now = [*pairs, link], [*person, f"{link[1]} new {number}"], [*now, len(values)]
            values.append(int(rng.integers(0, 5)) / 4)
    second = Survey(chain, tuple(pairs), tuple(person))
    return TwoWaves(first, second, tuple(range(len(answers))), tuple(now), np.array(values))
