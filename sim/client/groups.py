"""Answers put together by group, and what of them may be seen.

A group smaller than the minimum is never shown, and nothing is shown from which it could be worked out: no total over
groups, no number of answers read, no count of a pool. Groups of fewer than `SMALLEST_GROUP` that rate the same supplier
are put together where the pool is large enough and holds at least two of them; its figure then stands for every client of
that supplier that has no figure of its own, so that nobody can tell who answered. A group that is too small and a group
that gave no answer look alike.

Two outputs together tell no more than one. Which groups are put together does not depend on the minimum that is asked
for, so that outputs for different minima show figures of the same disjoint blocks of people, more or fewer of them. And
where an earlier survey is given, a block keeps its earlier figure unless at least the minimum of people answered
differently, so that no difference between the two is that of a few (the rule of `sim.workshop.scores`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from sim.chain import ServiceChain
from sim.errors import InputError

STAFF = "staff survey"
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

    def named(self) -> dict[str, float]:
        """Return each person's mean, for those whom the survey tells apart by more than their row."""
        return {who: sum(some) / len(some) for who, some in self.people.items() if isinstance(who, str)}

    def nameless(self) -> Counter[float]:
        """Return how many people gave each answer, of those who are known by nothing else."""
        found = Counter(
            round(sum(some) / len(some), 9) for who, some in self.people.items() if not isinstance(who, str)
        )
        for mean, people in self.summed:
            found[round(mean, 9)] += people
        return found


def differing(one: Group, other: Group) -> int:
    """Return how many people answered otherwise, newly, or no longer; of nameless people the fewest that explain it."""
    before, now = one.named(), other.named()
    named = sum(before.get(who) != now.get(who) for who in {*before, *now})
    nameless, later = one.nameless(), other.nameless()
    return named + max((nameless - later).total(), (later - nameless).total())


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
    what : the data it comes from: `STAFF`, ``CSAT``, ``NPS``
    share : surveyed level, 0 to 1
    people : how many answered; None for a pool, whose number could give a part of it away
    kept : whether it is that of the earlier survey, as too few people answered differently
    """

    place: tuple[str, ...]
    what: str
    share: float
    people: int | None
    kept: bool = False

    @property
    def name(self) -> str:
        """The place as people write it."""
        return " → ".join(self.place)

    def source(self, smallest: int) -> str:
        """Return where the figure comes from, in words."""
        people = "raters" if self.what == STAFF else "answers"
        if self.people is None:
            return f"{self.what}, small groups together, {smallest} or more {people}"
        return f"{self.what}, {self.people:,} {people}"


def staff_figures(
    groups: Mapping[tuple[str, str], Group],
    chain: ServiceChain,
    smallest: int = SMALLEST_GROUP,
    earlier: Mapping[tuple[str, str], Group] | None = None,
) -> list[Figure]:
    """Return the figures of links inside the firm that may be seen, pools included, in the order of the chain's links.

    Parameters
    ----------
    groups : (rated unit, rater's unit) → answers
    chain : pairs that it does not link are left out
    smallest : minimum group size
    earlier : the groups of a survey whose figures have been seen already
    """
    check_smallest(smallest)
    before = _staff_blocks(earlier or {}, chain)
    shown = {
        place: _shown(place, block, smallest, [past for past in before.values() if past.places & block.places])
        for place, block in _staff_blocks(groups, chain).items()
    }
    found = []
    for supplier, client in chain.links:
        figure = shown.get((supplier, client)) or shown.get((supplier,))
        if figure is not None and client in chain.units:
            found.append(replace(figure, place=(supplier, client)))
    return found


@dataclass(frozen=True, slots=True)
class _Block:
    """People whose answers are shown together or not at all: those of one place, or of several as a pool."""

    places: frozenset[tuple[str, ...]]
    answers: Group

    def figure(self, place: tuple[str, ...], what: str, kept: bool = False) -> Figure:
        """Return what is shown of it; of a pool not how many people it holds."""
        return Figure(place, what, self.answers.mean, self.answers.size if len(self.places) == 1 else None, kept)


def _staff_blocks(groups: Mapping[tuple[str, str], Group], chain: ServiceChain) -> dict[tuple[str, ...], _Block]:
    """Return disjoint blocks of answers: (supplier, client) for a group that may stand alone, (supplier,) for a pool."""
    blocks: dict[tuple[str, ...], _Block] = {}
    small: dict[str, list[tuple[str, str]]] = {}
    for edge in chain.links:
        group = groups.get(edge)
        if group is not None and group.size >= SMALLEST_GROUP:
            blocks[edge] = _Block(frozenset([edge]), group)
        elif group is not None and group.size:
            small.setdefault(edge[0], []).append(edge)
    pools = {
        (supplier,): _Block(frozenset(edges), put_together(groups[edge] for edge in edges))
        for supplier, edges in small.items()
        if len(edges) >= 2
    }
    return blocks | pools


def _shown(
    place: tuple[str, ...], block: _Block, smallest: int, before: Iterable[_Block], what: str = STAFF
) -> Figure | None:
    """Return the figure of a block, or None where it is too small.

    ``before`` are earlier blocks that the same people may have stood in, alone or in a pool. Where one of them was shown and
    fewer than ``smallest`` people make the difference, its figure stands: nothing is worked out from the two.
    """
    if block.answers.size < smallest:
        return None
    seen = [(differing(past.answers, block.answers), past) for past in before if past.answers.size >= smallest]
    close = [past for people, past in seen if people < smallest]
    if close and all(people for people, _ in seen):
        return close[0].figure(place, what, kept=True)
    return block.figure(place, what)


def customer_figures(
    groups: Mapping[str, Group],
    what: str,
    chain: ServiceChain,
    smallest: int = SMALLEST_GROUP,
    earlier: Mapping[str, Group] | None = None,
) -> list[Figure]:
    """Return the figures of segments that may be seen; ``earlier`` as in `staff_figures`."""
    check_smallest(smallest)
    now, before = ({name: _Block(frozenset([(name,)]), group) for name, group in some.items()}
                   for some in (groups, earlier or {}))  # fmt: skip
    found = [
        _shown((name,), now[name], smallest, [before[name]] if name in before else [], what)
        for name in chain.segments
        if name in now
    ]
    return [one for one in found if one is not None]
