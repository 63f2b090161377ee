"""Which tests are held against which mutants, in which order: what knows what a result means first, fingerprints last.

A fingerprint notices that a number is another, not that it is wrong; somebody who changes a rule renews it. What only a
fingerprint notices is therefore counted apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.mutation.mutants import ROOT


@dataclass(frozen=True)
class Group:
    """Tests that are asked one after the other.

    Attributes
    ----------
    name : what they are
    meaning : whether they know what the result should be, or only what it was
    tests : for pytest
    """

    name: str
    meaning: bool
    tests: tuple[str, ...]


@dataclass(frozen=True)
class Target:
    """Files that mistakes are made in, and the groups of tests that should notice."""

    name: str
    files: tuple[str, ...]
    groups: tuple[Group, ...]


def _files(pattern: str) -> tuple[str, ...]:
    found: Sequence[Path] = sorted(ROOT.glob(pattern))
    return tuple(path.relative_to(ROOT).as_posix() for path in found if path.stem != "__init__")


_QUICK = "tests/mutation/quick.py"
_FINGERPRINT = Group("fingerprint", False, (f"{_QUICK}::test_the_tiny_firm_has_the_numbers_of_the_baseline",))

TARGETS = {
    one.name: one
    for one in (
        Target(
            "rules", _files("sim/rules/*.py"),
            (
                Group("equations", True, ("tests/rules",)),
                Group("theory", True, (_QUICK, "-k", "theory")),
                Group("conservation", True, (_QUICK, "-k", "conservation")),
                _FINGERPRINT,
            ),
        ),
        Target(
            "draws", ("sim/draws.py",),
            (
                # without those that look at very many draws, or start another process
                Group("theory", True, ("tests/test_draws.py", "-k",
                    "not (never_change or another_process or neighbour or flipping)")),
                Group("keys as they were", False, ("tests/test_draws.py", "-k", "never_change")),
                _FINGERPRINT,
            ),
        ),
        Target(
            "ledger", ("experiments/sweeps/ledger.py",),
            (
                Group("ledger", True, ("tests/experiments/test_ledger.py",)),
            ),
        ),
    )
}  # fmt: skip
"""What `python -m tests.mutation --of` may name."""


def nearest_first(group: Group, file: str) -> list[str]:
    """Return the tests of a group, files that speak of a module before others, so that a mistake in it is noticed sooner."""
    stem = Path(file).stem

    def spoken_of(path: Path) -> int:
        text = path.read_text(encoding="utf-8")
        return text.count(f'rules.{stem}"') + text.count(f'"{stem}": [')

    found = []
    for one in group.tests:
        folder = ROOT / one
        if folder.is_dir():
            inside = sorted(folder.glob("test_*.py"), key=lambda path: (-spoken_of(path), path.name))
            found += [path.relative_to(ROOT).as_posix() for path in inside]
        else:
            found.append(one)
    return found


def target_of(file: str) -> Target:
    """Return the target to which a file belongs."""
    return next(one for one in TARGETS.values() if file in one.files)
