"""The figures that a workshop shows, each time that the scores are taken anew, for an attacker who keeps every picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim.workshop.scores import Block, Group, Snapshot, Voice

ASPECT = "empathy"
GROUPS: tuple[Group, ...] = (("IT", "Sales"), ("IT", "Finance"), ("HR", "Sales"))


@dataclass(frozen=True)
class Pictures:
    """A room whose scores are taken several times, while a few people join, change their minds or leave in between.

    Attributes
    ----------
    rounds : for each picture, for each group, the place of the answer of each person who stands behind it
    person : whose each answer is
    answers : 1 to 5
    """

    rounds: tuple[dict[Group, dict[str, int]], ...]
    person: tuple[str, ...]
    answers: np.ndarray

    def shown(self, answers: np.ndarray, protected: bool, minimum: int = 5) -> np.ndarray:
        """Return every mean of every picture; ``protected``: pictures follow the rule of `sim.workshop.scores`."""
        found: list[float] = []
        picture = Snapshot()
        for one in self.rounds:
            now: dict[tuple[Group, str], Block] = {
                (group, ASPECT): {name: Voice(answers[place]) for name, place in people.items()}
                for group, people in one.items()
            }
            picture = (picture if protected else Snapshot()).taken(now, minimum)
            for group in GROUPS:
                figure = picture.figure(group)
                mean = figure.mean[ASPECT] if figure else None
                found.append(np.nan if mean is None else mean)
        return np.array(found)


def drawn(rng: np.random.Generator, pictures: int = 4) -> Pictures:
    """Return a room of three groups of three to nine people."""
    values: list[int] = []
    person: list[str] = []

    def say(who: str) -> int:
        values.append(int(rng.integers(1, 6)))
        person.append(who)
        return len(values) - 1

    here: dict[Group, dict[str, int]] = {}
    for group in GROUPS:
        here[group] = {f"{group[1]} {n}": say(f"{group[1]} {n}") for n in range(int(rng.integers(3, 10)))}
    rounds = [{group: dict(people) for group, people in here.items()}]
    for number in range(pictures - 1):
        for group, people in here.items():
            for who in [name for name in people if rng.random() < 0.15]:
                if rng.random() < 0.3:
                    del people[who]
                else:
                    before = values[people[who]]
                    people[who] = say(who)
                    values[-1] = before % 5 + 1
            if rng.random() < 0.4:
                who = f"{group[1]} new {number}"
                people[who] = say(who)
        rounds.append({group: dict(people) for group, people in here.items()})
    return Pictures(tuple(rounds), tuple(person), np.array(values, dtype=float))
