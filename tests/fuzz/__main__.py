"""Try to break every reader: ``python -m tests.fuzz [--target NAME …] [--inputs 1000000] [--record]``.

Examples
--------
python -m tests.fuzz --list                                    what is fuzzed, and what was tried so far
python -m tests.fuzz --target sweep-toml --inputs 1000000      a million more inputs for one reader
python -m tests.fuzz --seconds 600                             ten minutes for each
python -m tests.fuzz --blind                                   a million each around what was found, faster
python -m tests.fuzz --target sweep-toml --input FILE          one input again, with its traceback
python -m tests.fuzz --again                                   every finding again: mended, or not
python -m tests.fuzz --record                                  the totals into docs/reliability

Inputs that reach something new are kept in a corpus outside the repository, beside what was counted and found; the next
search begins with them. With Google's atheris (``pip install service-culture[reliability]``) the search is guided by what
inputs reach; without, it is blind. Exit code 1 where something was found that is not mended.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path

import platformdirs
from rich.console import Console
from rich.table import Table

from tests.fuzz import defects, ledger, limits, search, targets
from tests.fuzz.defects import Defect
from tests.fuzz.target import Target

MOST_DEATHS = 20
"""Times that the search for one target may die, of a signal or out of memory, before it is given up."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line asks for; return the exit code."""
    asked = _parser().parse_args(arguments)
    known = targets.every()
    for name in asked.target or ():
        if name not in known:
            print(f"there is no target {name!r}; there are: {', '.join(known)}", file=sys.stderr)
            return 2
    chosen = [known[name] for name in (asked.target or known)]
    corpus: Path = asked.corpus
    if asked.child:
        _search(chosen[0], corpus / chosen[0].name, asked.inputs, asked.seconds, asked.seed, asked.blind)
        return 0
    if asked.input is not None:
        return _one(chosen, asked.input)
    if not (asked.list or asked.again or asked.record):
        with ThreadPoolExecutor(asked.workers) as pool:
            list(pool.map(lambda one: _until_done(one, asked), chosen))
    open_ = _again(chosen, corpus)
    _show(chosen, corpus, open_)
    if asked.record:
        _record(chosen, corpus, open_)
    return 1 if any(open_.values()) else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.fuzz", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--target", action="append", metavar="NAME", help="a reader, several times for several [all]")
    parser.add_argument("--inputs", type=int, help="inputs for each target [1,000,000 where no --seconds are given]")
    parser.add_argument("--seconds", type=float, help="seconds for each target")
    parser.add_argument("--workers", type=int, default=1, help="targets that are searched at the same time [1]")
    parser.add_argument(
        "--seed", type=int, default=1, help="of the search [1]; chance differs a little from machine to machine"
    )
    parser.add_argument("--input", type=Path, metavar="FILE", help="try this one input, and show what happens")
    parser.add_argument("--again", action="store_true", help="try every finding again")
    parser.add_argument("--list", action="store_true", help="show what is fuzzed, and what was tried so far")
    parser.add_argument("--record", action="store_true", help="write the totals into docs/reliability")
    parser.add_argument(
        "--corpus", type=Path, default=platformdirs.user_cache_path("service-culture") / "fuzz", metavar="FOLDER",
        help="where inputs, counts and findings are kept [the user's folder of caches]",
    )  # fmt: skip
    parser.add_argument("--blind", action="store_true", help="try many inputs fast, guided by nothing")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    return parser


# --- searching -------------------------------------------------------------------------------------------------------


def _until_done(target: Target, asked: argparse.Namespace) -> None:
    """Search in a process of its own; where one dies, what killed it is kept as a defect, and another goes on."""
    folder = asked.corpus / target.name
    folder.mkdir(parents=True, exist_ok=True)
    wanted = asked.inputs if asked.inputs is not None or asked.seconds is not None else 1_000_000
    began, first = time.monotonic(), ledger.total(folder)["inputs"]
    died = None
    for attempt in range(MOST_DEATHS):
        left = None if wanted is None else wanted - int(ledger.total(folder)["inputs"] - first)
        seconds = None if asked.seconds is None else asked.seconds - (time.monotonic() - began)
        if (left is not None and left <= 0) or (seconds is not None and seconds <= 0):
            return
        command = [
            sys.executable,
            "-m",
            "tests.fuzz",
            "--child",
            "--target",
            target.name,
            "--corpus",
            str(asked.corpus),
        ]
        command += ["--seed", str(asked.seed + attempt)]
        command += ["--blind"] if asked.blind else []
        command += [] if left is None else ["--inputs", str(left)]
        command += [] if seconds is None else ["--seconds", str(seconds)]
        with (folder / "log").open("wb") as log:
            died = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, check=False).returncode
        for culprit in (one for end in ("crash", "timeout", "oom") for one in folder.glob(f"{end}-*")):
            defect = Defect(
                f"the process ended ({culprit.name.split('-')[0]})", f"exit code {died}; see {folder / 'log'}"
            )
            defects.keep(folder / "findings", target, culprit.read_bytes(), defect)
            culprit.unlink()
    print(f"{target.name}: given up, the search died {MOST_DEATHS} times; see {folder / 'log'}", file=sys.stderr)


def _search(target: Target, folder: Path, inputs: int | None, seconds: float | None, seed: int, blind: bool) -> None:
    search.warm(target)
    trial = search.Trial(target, folder, inputs, seconds)
    if find_spec("atheris") is not None and not blind:
        search.guided(trial, seed)
    search.blind(trial, seed)


# --- what was found --------------------------------------------------------------------------------------------------


def _one(chosen: Sequence[Target], path: Path) -> int:
    if len(chosen) != 1:
        print("say with --target which reader is to read it", file=sys.stderr)
        return 2
    search.warm(chosen[0])
    with limits.watched():
        outcome = defects.tried(chosen[0], path.read_bytes())
    if isinstance(outcome, Defect):
        print(f"{outcome.said}\n{outcome.kind}")
        return 1
    print(outcome)
    return 0


def _again(chosen: Sequence[Target], corpus: Path) -> dict[str, list[Path]]:
    """Return by target the findings that still are defects."""
    for target in chosen:
        if defects.kept(corpus / target.name / "findings", target):
            search.warm(target)
    with limits.watched():
        return {
            target.name: [
                path for path in defects.kept(corpus / target.name / "findings", target)
                if isinstance(defects.tried(target, path.read_bytes()), Defect)
            ]
            for target in chosen
        }  # fmt: skip


def _rows(chosen: Sequence[Target], corpus: Path, open_: dict[str, list[Path]]) -> list[dict[str, str | int | float]]:
    rows: list[dict[str, str | int | float]] = []
    for target in chosen:
        folder = corpus / target.name
        total, now = ledger.total(folder), ledger.present(folder, target)
        found = len(defects.kept(folder / "findings", target))
        rows.append({
            "reader": target.name, "inputs": int(total["inputs"]), "guided": int(total["guided"]),
            "since its last change": int(now["inputs"]),
            "accepted": int(total["accepted"]), "of these run": int(total["ran"]), "refused": int(total["refused"]),
            "kinds of defect found": found, "mended": found - len(open_[target.name]), "seconds": round(total["seconds"]),
        })  # fmt: skip
    return rows


def _show(chosen: Sequence[Target], corpus: Path, open_: dict[str, list[Path]]) -> None:
    rows = _rows(chosen, corpus, open_)
    table = Table(title="python -m tests.fuzz")
    for name in rows[0]:
        table.add_column(name, justify="left" if name == "reader" else "right")
    for row in rows:
        table.add_row(*(f"{value:,}" if isinstance(value, int | float) else value for value in row.values()))
    Console(width=max(150, Console().width)).print(table)
    for paths in open_.values():
        for path in paths:
            print(f"not mended: {path.with_suffix('.json')}")


def _record(chosen: Sequence[Target], corpus: Path, open_: dict[str, list[Path]]) -> None:
    from tests.docs import reliability

    print(reliability.record("fuzz", "python -m tests.fuzz --record", _rows(chosen, corpus, open_)))


if __name__ == "__main__":
    sys.exit(main())
