"""The commands of the README, as somebody would type them."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass

PROGRAM = "service-culture"

FEWER = {
    "vary": "--runs 3 --days 80",
    "compare": "--runs 4",
    "weakest-link": "--runs 4 --confirm 2",
    "hire-back": "--runs 4 --step-runs 4 --markets 50",
    "scenario": "--runs 4",
    "validate": "--quick",
    "robustness": "--worlds 2 --runs 2",
    "calibrate": "--runs 60 --days 60",
    "sweep run": "--samples 16",
}
"""What is added to a command that takes minutes, when time is short, in place of the same options in it."""


@dataclass(frozen=True)
class Command:
    """One command.

    Attributes
    ----------
    text : as it stands in the README, without its comment, in one line
    words : the same as a program gets it
    kind : "program", "python" (a script in Python), "server" (does not end by itself) or "install" (of an extra)
    extra : which extra is installed
    """

    text: str
    words: tuple[str, ...]
    kind: str = "program"
    extra: str = ""

    @property
    def written(self) -> list[str]:
        """The files and folders that the command says it writes."""
        return [after for word, after in zip(self.words, self.words[1:], strict=False) if word == "--out"]


def commands(readme: str) -> list[Command]:
    """Return every command of this program in the README's blocks of shell and Python, in order.

    The blocks that set a checkout up are not among them: a fresh machine has none.
    """
    found = []
    for kind, block in re.findall(r"^```(sh|python)\n(.*?)^```", readme, flags=re.MULTILINE | re.DOTALL):
        if kind == "python":
            found.append(Command("the example in Python", ("-c", block), "python"))
            continue
        for line in block.replace("\\\n", " ").splitlines():
            words = shlex.split(line, comments=True)
            extra = re.search(r"install .*-e \"?\.\[(\w+)\]", line)
            if words[:1] == [PROGRAM]:
                kind = "server" if words[1] == "workshop" else "program"
                found.append(Command(shlex.join(words), tuple(words), kind))
            elif extra and "&&" not in words:
                found.append(Command(f"pip install …[{extra[1]}]", tuple(words), "install", extra[1]))
    return found


def shortened(words: Sequence[str]) -> list[str]:
    """Return a command with fewer runs, where it is one of those that take minutes."""
    for name, options in FEWER.items():
        if list(words[1 : 1 + len(name.split())]) == name.split():
            kept = list(words)
            for option in re.findall(r"--[\w-]+", options):
                while option in kept:
                    at = kept.index(option)
                    del kept[at : at + 2]
            return kept + shlex.split(options)
    return list(words)
