"""Mutants: copies of a module with one deliberate mistake, each known by what it changes and not by its line."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from parso.python import tree

from tests.mutation.operators import OPERATORS

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Mutant:
    """One deliberate mistake.

    Attributes
    ----------
    file : from the root of the repository
    function : in which it lies, with its class; "" at the level of the module
    before, after : the line as it is and with the mistake, without indentation
    text : a hash of the whole statement of the module, as it is, in which it lies
    piece, operator, occurrence : which mistake in which statement of the module, for Cosmic Ray
    nth : which of several mistakes in this function that read the same
    """

    file: str
    function: str
    before: str
    after: str
    nth: int
    text: str
    piece: int
    operator: str
    occurrence: int

    @property
    def key(self) -> str:
        """What it is known by: the same after edits elsewhere in the file."""
        text = "\x1f".join((self.file, self.function, self.before, self.after, str(self.nth)))
        return hashlib.blake2b(text.encode(), digest_size=6).hexdigest()

    @property
    def module(self) -> str:
        """The name of the module."""
        return self.file.removesuffix(".py").replace("/", ".")

    def source(self) -> str:
        """Return the module's text with the mistake."""
        pieces = _pieces((ROOT / self.file).read_text(encoding="utf-8"))
        made = mutate_code(pieces[self.piece], OPERATORS[self.operator](), self.occurrence)
        if made is None:
            raise LookupError(f"{self.file} has no {self.operator} number {self.occurrence}")
        return "".join((*pieces[: self.piece], made, *pieces[self.piece + 1 :]))

    def __str__(self) -> str:
        again = f" (number {self.nth + 1})" if self.nth else ""
        return f"{self.key}  {self.file}  {self.function or 'module'}{again}\n    - {self.before}\n    + {self.after}"


def of(file: str, only: Container[str] | None = None) -> list[Mutant]:
    """Return every mutant of a file whose text is another and can be compiled; of equal texts one.

    With ``only``, of these functions of the module alone.
    """
    found = []
    for number, piece in enumerate(_pieces((ROOT / file).read_text(encoding="utf-8"))):
        name = re.search(r"^def (\w+)", piece, re.MULTILINE)
        if only is None or (name is not None and name[1] in only):
            found += _of_piece(file, number, piece)
    return found


def _pieces(text: str) -> list[str]:
    """Return the statements of a module, one text for each: to parse a whole module for each mutant would take minutes."""
    return [node.get_code() for node in get_ast(text).children]


def _of_piece(file: str, number: int, piece: str) -> Iterator[Mutant]:
    root, text = get_ast(piece), hashlib.blake2b(piece.encode(), digest_size=6).hexdigest()
    nodes, texts, equal = list(ast_nodes(root)), {piece}, Counter[tuple[str, str, str]]()
    places = []
    for name, make in OPERATORS.items():
        operator, occurrence = make(), 0
        for node in nodes:
            for (line, column), _ in operator.mutation_positions(node):
                places.append((line, column, name, occurrence))
                occurrence += 1
    for line, column, name, occurrence in sorted(places):
        made = mutate_code(piece, OPERATORS[name](), occurrence)
        if made is None or made in texts or not _compiles(made):
            continue
        texts.add(made)
        shown = (_function(root, line, column), *_difference(piece, made))
        yield Mutant(file, *shown, equal[shown], text, number, name, occurrence)
        equal[shown] += 1


def _compiles(text: str) -> bool:
    try:
        compile(text, "mutant", "exec")
    except SyntaxError:
        return False
    return True


def _difference(before: str, after: str) -> tuple[str, str]:
    """Return the lines that differ; most mistakes change one line."""
    old, new = before.split("\n"), after.split("\n")
    first = next(place for place, (one, other) in enumerate(zip(old, new, strict=False)) if one != other)
    last = next(place for place, (one, other) in enumerate(zip(old[::-1], new[::-1], strict=False)) if one != other)
    return (
        " ".join(" ".join(old[first : max(first + 1, len(old) - last)]).split()),
        " ".join(" ".join(new[first : max(first + 1, len(new) - last)]).split()),
    )


def _function(root: Any, line: int, column: int) -> str:
    """Return the name of the innermost function or class around a place, with the class it lies in."""
    node, names = root.get_leaf_for_position((line, column + 1)), []
    while node is not None:
        if isinstance(node, tree.Function | tree.Class):
            names.append(node.name.value)
        node = node.parent
    return ".".join(reversed(names))


def sample(mutants: Sequence[Mutant], size: int | None, seed: int, each: int | None = None) -> list[Mutant]:
    """Return a sample drawn at random: of each file its share of ``size``, but at least ``each``; all where neither is given.

    Each file has an order of its own that depends on the seed and its mutants alone, so that a larger sample holds a
    smaller one. Files are mixed, so that a run that is stopped has tried something of everything.
    """
    if size is None and each is None:
        return sorted(mutants, key=lambda one: one.key)
    chosen: list[Mutant] = []
    for file in sorted({one.file for one in mutants}):
        mine = [one for one in mutants if one.file == file]
        share = 0 if size is None else max(1, round(size * len(mine) / len(mutants)))
        order = np.random.default_rng([seed, *file.encode()]).permutation(len(mine))
        chosen += [mine[place] for place in order[: max(share, each or 0)]]
    return sorted(chosen, key=lambda one: one.key)
