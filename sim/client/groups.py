"""Answers put together by group, and what of them may be seen.

A group smaller than the minimum is never shown, and nothing is shown from which it could be worked out: no total over
groups, no number of answers read, no count of a pool. Small groups that rate the same supplier are put together where the
pool is large enough and holds at least two of them; its figure then stands for every client of that supplier that has no
figure of its own, so that nobody can tell who answered. A group that is too small and a group that gave no answer look alike.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field

from sim.chain import ServiceChain
from sim.errors import InputError

SMALLEST_GROUP = 5
"""People below whom a group is never shown; it can be raised, not lowered."""


def check_smallest(number: int) -> int:
    """Return the minimum group size if it protects enough."""
    if number < SMALLEST_GROUP:
        raise InputError(
            "groups this small would show what single people answered", place="--smallest-group", value=number,
            allowed=f"{SMALLEST_GROUP} or more",
        )  # fmt: skip
    return number


@dataclass(slots=True)
class Group:
    """What one group answered: each person's mean by person, and rows that sum up several people."""

    people: dict[Hashable, list[float]] = field(default_factory=dict)
    summed: list[tuple[float, int]] = field(default_factory=list)

    def add(self, person: Hashable, share: float) -> None:
        """Add an answer of a person; a person who answers several times counts once."""
        self.people.setdefault(person, []).append(share)

    def add_sum(self, mean: float, people: int) -> None:
        """Add the mean answer of several people."""
        self.summed.append((mean, people))

    @property
    def size(self) -> int:
        """Distinct people."""
        return len(self.people) + sum(people for _, people in self.summed)

    @property
    def mean(self) -> float:
        """Mean over people."""
        total = sum(sum(answers) / len(answers) for answers in self.people.values())
        total += sum(mean * people for mean, people in self.summed)
        return total / self.size


def put_together(groups: Iterable[Group]) -> Group:
    """Return several groups as one; who is in two of them counts once."""
    pool = Group()
    for group in groups:
        for person, answers in group.people.items():
            for share in answers:
                pool.add(person, share)
        for mean, people in group.summed:
            pool.add_sum(mean, people)
    return pool


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure that may be seen.

    Attributes
    ----------
    place : (supplier, client) of a link, or (segment,)
    what : the data it comes from: ``staff survey``, ``CSAT``, ``NPS``
    share : surveyed level, 0 to 1
    people : how many answered; None for a pool, whose number could give a part of it away
    """

    place: tuple[str, ...]
    what: str
    share: float
    people: int | None

    @property
    def name(self) -> str:
        """The place as people write it."""
        return " → ".join(self.place)

    def source(self, smallest: int) -> str:
        """Return where the figure comes from, in words."""
        people = "raters" if self.what == "staff survey" else "answers"
        if self.people is None:
            return f"{self.what}, small groups together, {smallest} or more {people}"
        return f"{self.what}, {self.people:,} {people}"


def staff_figures(
    groups: Mapping[tuple[str, str], Group], chain: ServiceChain, smallest: int = SMALLEST_GROUP
) -> list[Figure]:
    """Return the figures of links inside the firm that may be seen, pools included, in the order of the chain's links.

    Parameters
    ----------
    groups : (rated unit, rater's unit) → answers
    chain : pairs that it does not link are left out
    smallest : minimum group size
    """
    check_smallest(smallest)
    found: dict[tuple[str, str], Figure] = {}
    units = set(chain.units)
    inside = [edge for edge in chain.links if edge[1] in units]
    for supplier in sorted({supplier for supplier, _ in inside}):
        mine = [edge for edge in inside if edge[0] == supplier]
        small = []
        for edge in mine:
            group = groups.get(edge)
            if group is not None and group.size >= smallest:
                found[edge] = Figure(edge, "staff survey", group.mean, group.size)
            elif group is not None and group.size:
                small.append(group)
        pool = put_together(small)
        if len(small) >= 2 and pool.size >= smallest:
            for edge in mine:
                if edge not in found:
                    found[edge] = Figure(edge, "staff survey", pool.mean, None)
    return [found[edge] for edge in inside if edge in found]


def customer_figures(
    groups: Mapping[str, Group], what: str, chain: ServiceChain, smallest: int = SMALLEST_GROUP
) -> list[Figure]:
    """Return the figures of segments that may be seen."""
    check_smallest(smallest)
    return [
        Figure((name,), what, groups[name].mean, groups[name].size)
        for name in chain.segments
        if name in groups and groups[name].size >= smallest
    ]
