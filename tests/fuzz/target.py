"""What is fuzzed: a reader of something that people hand in, and what "accepted" and "refused" mean for it.

A target promises two things, and `check` holds it to both for any bytes at all:

* what cannot be used is refused with one `sim.errors.InputError` that a person can act on (see `unclear`);
* whatever is accepted runs.

Every other exception, more seconds than allowed, or more memory than allowed, is a defect.
"""

from __future__ import annotations

import atexit
import functools
import os
import random
import re
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sim.errors import InputError

Mutator = Callable[[bytes, random.Random], bytes]
Outcome = Literal["accepted", "refused"]

LONGEST_REFUSAL = 3000  # characters: a screen and a half
CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
RAW = ("Traceback", "errors.pydantic.dev", "validation error for", "[type=", "input_value=", "<class '", "object at 0x")


@dataclass(frozen=True)
class Target:
    """One reader under test.

    Parameters
    ----------
    name
        As in ``--target NAME``; words with hyphens.
    seeds
        Makes valid and nearly valid inputs, small ones first: the smaller a seed, the faster the search.
    read
        Reads an input; returns what was accepted (not None), or raises `InputError` where it is refused. Files are read from
        memory, or from a folder under `scratch()`; nothing may be kept from one input to the next.
    use
        Uses what was accepted, as briefly as shows that it runs: an organisation lives two days. It may not raise at all.
    modules
        The modules that the reader consists of: the search is guided by what an input reaches in them, and inputs are counted
        from their last change on.
    mutate
        Changes an input as somebody who knows its structure would: a cell of a table, not a byte of the compressed file. The
        search mixes this with blind changes of bytes. Must give the same bytes for the same input and generator. See
        `tests.fuzz.trees` and `tests.fuzz.hostile` for what to build it from.
    dictionary
        Words that mean something to the reader, for blind changes.
    says_where
        Whether a refusal must name a file or a place in it.
    seconds
        How much processor time `read` and `use` may take together for one input before it counts as a hang.
    megabytes
        How much memory one input may take at most.
    longest
        The longest input, in bytes, that the search makes.
    """

    name: str
    seeds: Callable[[], list[bytes]]
    read: Callable[[bytes], object]
    use: Callable[[object], None]
    modules: tuple[str, ...]
    mutate: Mutator | None = None
    dictionary: tuple[bytes, ...] = ()
    says_where: bool = True
    seconds: float = 5.0
    megabytes: int = 1000
    longest: int = 20_000


@functools.cache
def scratch() -> Path:
    """Return this process's folder for files that a reader opens by their path, in memory where there is such a place."""
    memory = Path("/dev/shm")
    folder = Path(tempfile.mkdtemp(prefix="fuzz-", dir=memory if os.access(memory, os.W_OK) else None))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


class Unclear(AssertionError):
    """A refusal that a person could not act on, or that harms a terminal."""


class AcceptedButRefusedInUse(AssertionError):
    """What was read without complaint was refused when it was used."""


def check(target: Target, data: bytes, run: bool = True) -> Outcome:
    """Hold a target to its promises for one input, and say what it did; any exception is a defect.

    Parameters
    ----------
    run
        Whether what is accepted also runs.
    """
    try:
        accepted = target.read(data)
    except InputError as refusal:
        complaint = unclear(refusal, target.says_where)
        if complaint:
            raise Unclear(f"{complaint}: {str(refusal)[:600]!r}") from refusal
        return "refused"
    if run:
        try:
            target.use(accepted)
        except InputError as late:
            raise AcceptedButRefusedInUse(str(late)) from late
    return "accepted"


def unclear(refusal: InputError, says_where: bool = True) -> str | None:
    """Return what is wrong with a refusal as a sentence for a person, or None if nothing is."""
    text = str(refusal)
    if not refusal.problem.strip():
        return "the refusal says nothing"
    if says_where and not refusal.source and not refusal.place:
        return "the refusal does not say where"
    if len(text) > LONGEST_REFUSAL:
        return f"the refusal is longer than {LONGEST_REFUSAL} characters"
    if CONTROL.search(text):
        return "the refusal passes a control character on to the terminal"
    for words in RAW:
        if words in text and not (isinstance(refusal.value, str) and words in refusal.value):
            return f"the refusal shows a program's inside ({words!r})"
    return None
