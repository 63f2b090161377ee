"""Searches for inputs that break a reader, guided by what each reaches in it: with atheris (libFuzzer) where it is installed.

Without it the same changes are made at random to the same examples, and nothing guides them: what the everyday suite does.
"""

from __future__ import annotations

import contextlib
import gc
import os
import sys
import time
from collections import Counter
from importlib import import_module
from pathlib import Path
from random import Random
from types import FunctionType, ModuleType
from typing import Any, NoReturn

from sim.errors import InputError
from tests.fuzz import defects, hostile, ledger, limits
from tests.fuzz.defects import Defect
from tests.fuzz.target import Target

FIRST_RUN, THEN_EVERY = 200, 10
"""Of what is accepted, so many run at first, and then every tenth: a run takes a hundred times as long as a refusal."""

REMEMBERED = 500
"""Inputs that a search without guidance keeps, to change them again."""

FLUSH = 5.0
"""Seconds between entries in the ledger."""


class Trial:
    """Tries inputs, counts, and keeps what is found.

    Parameters
    ----------
    folder : of this target: its corpus, ledger and findings
    inputs, seconds : when to stop; None for never
    """

    def __init__(self, target: Target, folder: Path, inputs: int | None = None, seconds: float | None = None) -> None:
        self.target, self.folder = target, folder
        self.inputs, self.seconds = inputs, seconds
        self.state = ledger.readers(target)
        self.counts: Counter[str] = Counter()
        self.guided = False
        self.done = self.accepted = 0
        self.found: dict[str, Defect] = {}
        self.began = self.flushed = time.monotonic()

    def one(self, data: bytes) -> None:
        """Try one input."""
        run = self.accepted < FIRST_RUN or self.accepted % THEN_EVERY == 0
        outcome = defects.tried(self.target, data, run)
        self.counts["inputs"] += 1
        self.counts["guided"] += self.guided
        self.done += 1
        if isinstance(outcome, Defect):
            if outcome.kind not in self.found or len(data) < 200:
                self.found[outcome.kind] = outcome
                defects.keep(self.folder / "findings", self.target, data, outcome)
        else:
            self.counts[outcome] += 1
            if outcome == "accepted":
                self.accepted += 1
                self.counts["ran"] += run
        if self.done % 100 == 0 and time.monotonic() - self.flushed > FLUSH:
            self.flush()

    @property
    def over(self) -> bool:
        """Whether as much was tried as was asked for."""
        return (self.inputs is not None and self.done >= self.inputs) or (
            self.seconds is not None and time.monotonic() - self.began >= self.seconds
        )

    def flush(self) -> None:
        """Write down what was counted since the last time."""
        now = time.monotonic()
        ledger.add(
            self.folder,
            self.state,
            {name: self.counts[name] for name in ledger.COUNTS} | {"seconds": now - self.flushed},
        )
        self.counts.clear()
        self.flushed = now


def warm(target: Target) -> None:
    """Read and use the examples once: what is compiled and loaded at the first use is no input's time or memory."""
    for one in target.seeds():
        with contextlib.suppress(InputError):
            target.use(target.read(one))


def changed(target: Target, data: bytes, rng: Random, blind: Any = None) -> bytes:
    """Return an input like this one: changed by its structure, or blindly."""
    if target.mutate is not None and rng.random() < 0.75:
        data = target.mutate(data, rng)
    else:
        for _ in range(rng.choice((1, 1, 2, 4))):
            data = blind(data) if blind is not None else hostile.blind(data, rng, target.dictionary)
    return data[: target.longest]


def at_random(target: Target, count: int, seed: int = 1) -> list[bytes]:
    """Return so many inputs: the examples, then changes of them and of what was made before; the same for the same seed."""
    rng = Random(f"{target.name} {seed}")
    seeds = target.seeds()
    made = list(seeds)
    while len(made) < count:
        start = rng.choice(seeds) if rng.random() < 0.5 else made[rng.randrange(len(made))]
        made.append(changed(target, start, rng))
    return made[:count]


def blind(trial: Trial, seed: int) -> None:
    """Search until the trial is over, guided by nothing: from the examples, and from what guidance found before.

    A reader that is not watched is up to four times as quick, and no corpus grows: guidance is for finding what reaches
    something new, and this for trying very many inputs around it.
    """
    rng = Random(seed)
    starts = [*trial.target.seeds(), *(one.read_bytes() for one in sorted(corpus(trial.folder).glob("*")))]
    made: list[bytes] = []
    limits.limit_memory(trial.target.megabytes)
    with limits.watched():
        while not trial.over:
            start = rng.choice(made) if made and rng.random() < 0.5 else rng.choice(starts)
            data = changed(trial.target, start, rng)
            trial.one(data)
            if len(made) < REMEMBERED:
                made.append(data)
            elif rng.random() < 0.05:
                made[rng.randrange(REMEMBERED)] = data
    trial.flush()


def corpus(folder: Path) -> Path:
    """Return where the inputs of a target are kept that reach something new."""
    return folder / "corpus"


def guided(trial: Trial, seed: int) -> NoReturn:
    """Search with atheris until the trial is over; ends the process."""
    import atheris

    target = trial.target
    trial.guided = True
    kept = corpus(trial.folder)
    kept.mkdir(parents=True, exist_ok=True)
    for row, one in enumerate(target.seeds()):
        (kept / f"seed-{row}").write_bytes(one)
    words = trial.folder / "dictionary"
    words.write_text(
        "".join('"' + "".join(f"\\x{byte:02x}" for byte in word) + '"\n' for word in target.dictionary if word),
        encoding="utf-8",
    )
    for name in target.modules:
        instrument(atheris, import_module(name))

    def mutate(data: bytes, most: int, number: int) -> bytes:
        return changed(target, data, Random(number), lambda one: atheris.Mutate(one, target.longest))[:most]

    def one(data: bytes) -> None:
        trial.one(data)
        if trial.over:
            trial.flush()
            sys.stderr.flush()
            os._exit(0)

    options = [
        f"-seed={seed}", f"-max_len={target.longest}", *([f"-dict={words}"] if target.dictionary else []), "-timeout=300",
        "-rss_limit_mb=0", "-len_control=0", "-verbosity=1", f"-artifact_prefix={trial.folder}/", "-reload=0",
    ]  # fmt: skip
    gc.collect()
    gc.freeze()  # the libraries' own objects need not be looked through again and again
    limits.limit_memory(target.megabytes)
    with limits.watched():
        atheris.Setup([sys.argv[0], *options, str(kept)], one, custom_mutator=mutate)
        atheris.Fuzz()
    os._exit(0)


def instrument(atheris: Any, module: ModuleType) -> None:
    """Let atheris see which branches of a module are taken: its functions, and the methods of its classes."""
    for one in list(vars(module).values()):
        for function in _functions(one, module.__name__):
            function.__code__ = atheris.patch_code(function.__code__, True)


def _functions(one: Any, module: str) -> list[FunctionType]:
    one = getattr(one, "__wrapped__", one)
    if getattr(one, "__module__", None) != module:
        return []
    if isinstance(one, FunctionType):
        return [one]
    if not isinstance(one, type):
        return []
    inside = [getattr(part, "__func__", None) or getattr(part, "fget", None) or part for part in vars(one).values()]
    return [part for part in inside if isinstance(part, FunctionType) and part.__module__ == module]
