"""Attack everything that is given out about a survey or a workshop, by combining figures of many outputs.

    python -m tests.privacy                    # 300 surveys and rooms of each kind, about two minutes
    python -m tests.privacy --tries 20 --seed 7
    python -m tests.privacy --record           # … and write down what came out, for docs/reliability.md

Exits with 1 if somebody's answer can be worked out where the rules are followed, or if the attack finds nothing where they are
not: an attacker who never finds anything proves nothing.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from rich.progress import track

from sim.chain import ServiceChain
from tests.docs import reliability
from tests.privacy import attack, room, survey

SMALLEST = 5


@dataclass(frozen=True)
class Attack:
    """One kind of attack.

    Attributes
    ----------
    what : the outputs that the attacker has, in words
    expected : whether something should be found
    attempt : draws a survey or a room and returns how many figures there are, how many people, and the leaks
    """

    what: str
    expected: bool
    attempt: Callable[[np.random.Generator], tuple[int, int, list[attack.Leak]]]


def firm() -> ServiceChain:
    """Return a firm in which suppliers have between one and four internal clients."""
    chain = ServiceChain(name="firm")
    for name in ("Sales", "Finance", "IT", "HR", "Legal"):
        chain.add_department(name, staff=10)
    chain.add_segment("Buyers", customers=100)
    chain.add_link("Sales", "Buyers")
    for supplier, clients in {
        "IT": ("Sales", "Finance", "HR", "Legal"), "HR": ("Sales", "Finance", "Legal"), "Finance": ("Sales", "Legal"),
        "Legal": ("Sales",),
    }.items():  # fmt: skip
        for client in clients:
            chain.add_link(supplier, client, requests_per_case=0.1)
    return chain.check()


FIRM = firm()


def one_survey(protected: bool) -> Callable[[np.random.Generator], tuple[int, int, list[attack.Leak]]]:
    """Return the attack on the outputs of one survey for several smallest groups."""

    def attempt(rng: np.random.Generator) -> tuple[int, int, list[attack.Leak]]:
        asked, answers = survey.drawn(FIRM, rng)
        matrix = attack.influence(lambda values: survey.shown(asked, values, protected), answers, 0.01)
        return _found(matrix, asked.person, asked.people())

    return attempt


def two_surveys(protected: bool) -> Callable[[np.random.Generator], tuple[int, int, list[attack.Leak]]]:
    """Return the attack on the outputs of two surveys."""

    def attempt(rng: np.random.Generator) -> tuple[int, int, list[attack.Leak]]:
        waves = survey.two_waves(FIRM, rng)
        matrix = attack.influence(lambda values: waves.shown(values, protected), waves.answers, 0.01)
        return _found(matrix, waves.person, waves.changed())

    return attempt


def pictures(protected: bool) -> Callable[[np.random.Generator], tuple[int, int, list[attack.Leak]]]:
    """Return the attack on the pictures of a workshop."""

    def attempt(rng: np.random.Generator) -> tuple[int, int, list[attack.Leak]]:
        drawn = room.drawn(rng)
        matrix = attack.influence(lambda values: drawn.shown(values, protected), drawn.answers, 0.3)
        return _found(matrix, drawn.person, ())

    return attempt


def _found(
    matrix: np.ndarray, person: Sequence[str], sets: Iterable[tuple[str, ...]]
) -> tuple[int, int, list[attack.Leak]]:
    return len(matrix), len(set(person)), attack.leaks(matrix, person, SMALLEST, sets)


ATTACKS = (
    Attack("one survey, six smallest groups asked for", False, one_survey(True)),
    Attack("the same, pools made by what is asked for", True, one_survey(False)),
    Attack("two surveys, the second with the first at hand", False, two_surveys(True)),
    Attack("two surveys, the second without the first", True, two_surveys(False)),
    Attack("four pictures of a workshop", False, pictures(True)),
    Attack("four pictures without the workshop's rule", True, pictures(False)),
)


def tried(one: Attack, tries: int, seed: int, show: bool = True) -> dict[str, str | int | float]:
    """Return a row of what an attack came to."""
    figures, people, leaking, worst = 0, 0, 0, 0
    for number in track(range(tries), one.what, disable=not show, transient=True):
        shown, asked, found = one.attempt(np.random.default_rng([seed, number]))
        figures, people = figures + shown, people + asked
        leaking += bool(found)
        worst += sum(len(leak.people) == 1 for leak in found)
    return {
        "the attacker has": one.what, "tried": tries, "figures": figures, "people": people, "with a leak": leaking,
        "single people found out": worst, "should leak": "yes" if one.expected else "no",
    }  # fmt: skip


def main() -> None:
    """Attack."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tries", type=int, default=300, help="surveys or rooms for each attack (default 300)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--record", action="store_true", help="write down what came out")
    asked = parser.parse_args()
    rows = []
    for one in ATTACKS:
        rows.append(tried(one, asked.tries, asked.seed))
        print("  ".join(f"{name}: {value}" for name, value in rows[-1].items()), flush=True)
    if asked.record:
        reliability.record("privacy", "python -m tests.privacy --record", rows)
    sys.exit(0 if all((row["with a leak"] != 0) == one.expected for row, one in zip(rows, ATTACKS, strict=True)) else 1)


if __name__ == "__main__":
    main()
