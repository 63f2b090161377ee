"""Changes to what a file says rather than to its bytes: tables, lists and values, written as TOML or JSON again."""

from __future__ import annotations

import contextlib
import datetime
import functools
import json
import math
import tomllib
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

from tests.fuzz import hostile
from tests.fuzz.hostile import Raw
from tests.fuzz.target import Mutator


def mutator(form: str, seeds: Sequence[bytes], known: Sequence[str] = ()) -> Mutator:
    """Return what changes texts of a form.

    Parameters
    ----------
    form
        ``"toml"`` or ``"json"``.
    seeds
        Examples from which parts are taken over.
    known
        Keys and words that mean something in such a file.
    """
    read, write = FORMS[form]
    others = [tree for one in seeds if (tree := _tree(read, one)) is not None]
    kept = functools.lru_cache(500)(functools.partial(_tree, read))

    def mutate(data: bytes, rng: Random) -> bytes:
        tree = kept(data)
        if tree is None:  # broken by an earlier change: begin anew, or break it more
            if not others or rng.random() < 0.5:
                return hostile.blind(data, rng)
            tree = rng.choice(others)
        tree = copied(tree)
        for _ in range(rng.choice((1, 1, 1, 2, 3))):
            tree = changed(tree, rng, known, others)
        try:
            made = write(tree).encode("utf-8", "surrogatepass")
        except (RecursionError, ValueError):
            return data
        return hostile.blind(made, rng) if rng.random() < 0.05 else made

    return mutate


def _tree(read: Callable[[str], Any], data: bytes) -> Any:
    try:
        return read(data.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return None


def copied(tree: Any) -> Any:
    """Return a copy; as `copy.deepcopy`, only faster for what files hold."""
    if isinstance(tree, dict):
        return {key: copied(one) for key, one in tree.items()}
    if isinstance(tree, list):
        return [copied(one) for one in tree]
    return tree


def places(tree: Any) -> list[tuple[Any, Any]]:
    """Return every place in a tree as its container and the key or row there."""
    found: list[tuple[Any, Any]] = []
    todo = [tree]
    while todo:
        one = todo.pop()
        if isinstance(one, dict | list):
            for key in one if isinstance(one, dict) else range(len(one)):
                found.append((one, key))
                todo.append(one[key])
    return found


def changed(tree: Any, rng: Random, known: Sequence[str], others: Sequence[Any]) -> Any:
    """Change one place of a tree and return the tree."""
    spots = places(tree)
    if not spots or rng.random() < 0.01:
        return hostile.value(rng, known)
    box, key = rng.choice(spots)
    old = box[key]
    dice = rng.random()
    if dice < 0.35:
        box[key] = _another(old, rng, known)
    elif dice < 0.45:
        box[key] = hostile.value(rng, known)
    elif dice < 0.53:
        del box[key]
    elif dice < 0.61 and isinstance(box, dict):
        box[_key(rng, known, key)] = box.pop(key)
    elif dice < 0.72:
        _add(box, rng, known, old)
    elif dice < 0.80:
        other, there = rng.choice(spots)
        with contextlib.suppress(KeyError, IndexError):
            box[key], other[there] = copied(other[there]), copied(old)
    elif dice < 0.88 and others:
        far, there = rng.choice(places(rng.choice(others)) or [(box, key)])
        box[key if not isinstance(box, dict) or rng.random() < 0.3 else there if isinstance(there, str) else key] = (
            copied(far[there])
        )
    elif dice < 0.92:
        box[key] = rng.choice(([old], [old, old], {"a": old}, {str(key): old}, [[old]]))
    elif dice < 0.94:
        for _ in range(rng.choice((3, 20, 90))):
            old = [old] if rng.random() < 0.5 else {"a": old}
        box[key] = old
    elif isinstance(box, list):
        box.insert(rng.randrange(len(box) + 1), copied(old))
        if rng.random() < 0.1:
            box.extend(copied(old) for _ in range(rng.choice((5, 60))))
    else:
        box[key] = _another(old, rng, known)
    return tree


def _another(old: Any, rng: Random, known: Sequence[str]) -> Any:
    if isinstance(old, bool):
        return rng.choice((not old, int(old), str(old)))
    if isinstance(old, int | float):
        return hostile.number(rng, old)
    if isinstance(old, Raw):
        return hostile.value(rng, known)
    if isinstance(old, str):
        return hostile.spoilt(rng, old) if rng.random() < 0.5 else hostile.text(rng, known)
    if isinstance(old, list) and len(old) > 1:
        rng.shuffle(old)
        return old
    return hostile.value(rng, known)


def _key(rng: Random, known: Sequence[str], old: str) -> str:
    return hostile.spoilt(rng, old) if rng.random() < 0.3 else hostile.text(rng, known)


def _add(box: Any, rng: Random, known: Sequence[str], like: Any) -> None:
    new = hostile.value(rng, known) if rng.random() < 0.6 else rng.choice((like, 0.5, 1, "x", "A"))
    if isinstance(box, dict):
        box[rng.choice(known) if known and rng.random() < 0.8 else hostile.text(rng, known)] = copied(new)
    else:
        box.append(copied(new))


# --- writing ---------------------------------------------------------------------------------------------------------


def toml(tree: Any) -> str:
    """Return a tree as TOML, what TOML cannot say included: then it is no TOML, as wanted."""
    if not isinstance(tree, dict):
        return _inline(tree)
    plain, tables = [], []
    for key, one in tree.items():
        if isinstance(one, dict) and one:
            tables.append(_table(f"[{_toml_key(key)}]", _toml_key(key), one))
        elif isinstance(one, list) and one and all(isinstance(row, dict) for row in one):
            tables += [_table(f"[[{_toml_key(key)}]]", _toml_key(key), row) for row in one]
        else:
            plain.append(f"{_toml_key(key)} = {_inline(one)}")
    return "\n".join((*plain, *tables)) + "\n"


def _table(head: str, path: str, table: dict[str, Any]) -> str:
    lines, below = [head], []
    for key, one in table.items():
        if (
            isinstance(one, list) and one and all(isinstance(row, dict) for row in one)
        ):  # as in [[organisation.departments]]
            inside = f"{path}.{_toml_key(key)}"
            below += [
                "\n".join((f"[[{inside}]]", *(f"{_toml_key(name)} = {_inline(x)}" for name, x in row.items())))
                for row in one
            ]
        else:
            lines.append(f"{_toml_key(key)} = {_inline(one)}")
    return "\n".join((*lines, *below))


@functools.lru_cache(5000)
def _toml_key(key: str) -> str:
    return key if key.isascii() and key.replace("_", "a").replace("-", "a").isalnum() else _quoted(key)


def _quoted(words: str) -> str:
    return json.dumps(words, ensure_ascii=False).replace("\x7f", "\\u007f")


def _inline(one: Any) -> str:
    if isinstance(one, Raw):
        return one
    if isinstance(one, str):
        return _quoted(one)
    if isinstance(one, bool):
        return "true" if one else "false"
    if isinstance(one, float):
        return "nan" if math.isnan(one) else repr(one)
    if isinstance(one, int):
        return str(one)
    if isinstance(one, list):
        return "[" + ", ".join(map(_inline, one)) + "]"
    if isinstance(one, dict):
        return "{" + ", ".join(f"{_toml_key(key)} = {_inline(value)}" for key, value in one.items()) + "}"
    if isinstance(one, datetime.date | datetime.time):
        return one.isoformat()
    return '""'


def json_text(tree: Any) -> str:
    """Return a tree as JSON, what JSON cannot say included."""
    if isinstance(tree, Raw):
        return tree
    if isinstance(tree, list):
        return "[" + ",".join(map(json_text, tree)) + "]"
    if isinstance(tree, dict):
        return "{" + ",".join(f"{json.dumps(key)}:{json_text(one)}" for key, one in tree.items()) + "}"
    return json.dumps(tree)


FORMS: dict[str, tuple[Callable[[str], Any], Callable[[Any], str]]] = {
    "toml": (tomllib.loads, toml), "json": (json.loads, json_text),
}  # fmt: skip
