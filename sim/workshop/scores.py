"""What the room scored, and what of it may be seen: cells of supplier and client, with a minimum of raters.

An answer is a number from 1 to 5 on one SERVQUAL dimension. A *block* is what must be protected: the answers of one group on
one dimension, where a group is everybody of a client department who rates one supplier, or everybody of a department who rates
its own service. A block with fewer raters than the minimum is never shown, and every other figure is made of shown blocks
only, so that nothing can be worked out from totals or means (the rule of `sim.client.groups`).

Figures are a snapshot. When it is taken again, a block is replaced only if the answers of at least the minimum of people differ
from those in it: the difference between two pictures is then never that of a small group.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import sqrt
from typing import Any

DIMENSIONS = ("reliability", "responsiveness", "assurance", "empathy", "tangibles")
"""The five dimensions of SERVQUAL (Parasuraman, Zeithaml & Berry 1988), in the order of the model."""

LOWEST, HIGHEST = 1, 5
SMALLEST_MINIMUM = 3
MINIMUM = 5
"""Raters below whom nothing is shown, unless the facilitator sets another number before the first score."""

OWN = "given"
"""Key of a department's view of its own service."""

Group = tuple[str, str]
"""(supplier, client), or (department, `OWN`) for its own view; both by the keys of the departments."""


@dataclass(frozen=True, slots=True)
class Voice:
    """One sheet in a block: the score, and how many people stand behind it (1 but for sheets that the facilitator entered)."""

    score: int
    people: int = 1


Block = Mapping[str, Voice]
"""Voices by the person (or sheet) they came from."""


def strength(block: Block) -> int:
    """Return the raters that a block counts towards the minimum.

    A sheet entered for several people is known to whoever entered it. Beside other voices it counts once, so that nobody can
    unlock the answers of a few by entering a large sheet; alone it counts all its people.
    """
    if any(voice.people > 1 for voice in block.values()) and any(voice.people == 1 for voice in block.values()):
        return len(block)
    return sum(voice.people for voice in block.values())


def differing(before: Block, now: Block) -> int:
    """Return how many people answered otherwise, newly, or no longer."""
    return sum(
        max(before[one].people if one in before else 0, now[one].people if one in now else 0)
        for one in {*before, *now}
        if before.get(one) != now.get(one)
    )


@dataclass(frozen=True, slots=True)
class Figure:
    """Shown scores of one group, 1 to 5.

    Attributes
    ----------
    n : most raters of any shown dimension
    mean : by dimension; None where too few rated it
    overall : mean over the shown dimensions
    spread : standard deviation of raters, root mean square over the shown dimensions; None for a single sheet
    """

    n: int
    mean: Mapping[str, float | None]
    overall: float
    spread: float | None

    def as_dict(self) -> dict[str, Any]:
        """Return the figure as the page reads it."""
        return {"n": self.n, "mean": dict(self.mean), "overall": self.overall, "spread": self.spread}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Figure:
        """Read what `as_dict` wrote."""
        return cls(data["n"], {name: data["mean"].get(name) for name in DIMENSIONS}, data["overall"], data["spread"])


@dataclass(frozen=True, slots=True)
class Cell:
    """What may be seen of one pair: service as its client sees it, as its supplier sees it, and the gap (given − received)."""

    supplier: str
    client: str
    received: Figure | None
    given: Figure | None

    @property
    def gap(self) -> float | None:
        """Points by which the supplier thinks better of its service than the client, over dimensions that both show."""
        if self.received is None or self.given is None:
            return None
        gaps = [
            own - seen
            for name in DIMENSIONS
            if (own := self.given.mean[name]) is not None and (seen := self.received.mean[name]) is not None
        ]
        return _round(sum(gaps) / len(gaps)) if gaps else None

    def as_dict(self) -> dict[str, Any]:
        """Return the cell as the page reads it."""
        return {
            "supplier": self.supplier,
            "client": self.client,
            "received": self.received.as_dict() if self.received else None,
            "given": self.given.as_dict() if self.given else None,
            "gap": self.gap,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Cell:
        """Read what `as_dict` wrote."""
        figures = (Figure.from_dict(data[side]) if data.get(side) else None for side in ("received", "given"))
        return cls(data["supplier"], data["client"], *figures)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The blocks that are shown, by group and dimension, as they were when they were taken; and how often that was done."""

    number: int = 0
    blocks: Mapping[tuple[Group, str], Block] = field(default_factory=dict)

    def taken(self, now: Mapping[tuple[Group, str], Block], minimum: int) -> Snapshot:
        """Return the next snapshot: new blocks that are large enough, and old ones, replaced where enough people differ."""
        blocks = {}
        for key in {*self.blocks, *now}:
            before, after = self.blocks.get(key), now.get(key, {})
            if before is not None and differing(before, after) < minimum:
                blocks[key] = before
            elif strength(after) >= minimum:
                blocks[key] = dict(after)
        return Snapshot(self.number + 1, blocks)

    def figure(self, group: Group) -> Figure | None:
        """Return what is shown of a group, or None."""
        shown = {name: self.blocks[group, name] for name in DIMENSIONS if (group, name) in self.blocks}
        if not shown:
            return None
        sums = {name: _mean_and_variance(block) for name, block in shown.items()}
        known = [variance for _, variance in sums.values() if variance is not None]
        return Figure(
            n=max(sum(voice.people for voice in block.values()) for block in shown.values()),
            mean={name: _round(sums[name][0]) if name in sums else None for name in DIMENSIONS},
            overall=_round(sum(mean for mean, _ in sums.values()) / len(sums)),
            spread=_round(sqrt(sum(known) / len(known))) if known else None,
        )

    def groups(self) -> set[Group]:
        """Return the groups of which something is shown."""
        return {group for group, _ in self.blocks}


def together(figures: Iterable[Figure]) -> Figure | None:
    """Return shown figures as one, weighted by raters; None where there is none."""
    shown = list(figures)
    if not shown:
        return None
    mean: dict[str, float | None] = {}
    for name in DIMENSIONS:
        known = [(one.mean[name], one.n) for one in shown if one.mean[name] is not None]
        mean[name] = _round(sum(m * n for m, n in known if m is not None) / sum(n for _, n in known)) if known else None
    means = [value for value in mean.values() if value is not None]
    spreads = [(one.spread, one.n) for one in shown if one.spread is not None]
    return Figure(
        n=sum(one.n for one in shown),
        mean=mean,
        overall=_round(sum(means) / len(means)),
        spread=_round(sqrt(sum(s * s * n for s, n in spreads) / sum(n for _, n in spreads))) if spreads else None,
    )


def _mean_and_variance(block: Block) -> tuple[float, float | None]:
    """Return the mean over people, and the variance over sheets (n − 1), which one sheet does not have."""
    people = sum(voice.people for voice in block.values())
    mean = sum(voice.score * voice.people for voice in block.values()) / people
    if len(block) < 2 or people < 2:
        return mean, None
    return mean, sum(voice.people * (voice.score - mean) ** 2 for voice in block.values()) / (people - 1)


def _round(value: float) -> float:
    return round(value, 3)
