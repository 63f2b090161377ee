"""Make deliberate mistakes in the rules, the draws and the ledger, and see which tests notice.

Examples:
    python -m tests.mutation --list                            how many mutants there are, by file
    python -m tests.mutation --of draws                        every mutant of one target
    python -m tests.mutation --of rules --sample 600           of each file its share, drawn at random
    python -m tests.mutation --file sim/rules/blame.py         every mutant of one file
    python -m tests.mutation --survivors                       what nothing with a meaning has noticed so far
    python -m tests.mutation --show 7f3c                       one mutant, and what became of it
    python -m tests.mutation --again                           try those again that nothing with a meaning noticed
    python -m tests.mutation --record                          write the figures down for docs/reliability.md

What was tried already is not tried again, unless its function has changed; Ctrl-C stops, and the same command goes on.
Results lie outside the repository (--folder). Needs the extra `reliability`.
"""

from __future__ import annotations

import argparse
import difflib
import os
import platform
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

if __name__ == "__main__" and os.environ.get("NUMBA_DISABLE_JIT") != "1":
    os.environ["NUMBA_DISABLE_JIT"] = "1"
    os.execv(sys.executable, [sys.executable, "-m", "tests.mutation", *sys.argv[1:]])

import platformdirs
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from tests.docs.reliability import record
from tests.mutation import mutants, reviewed, score, trial
from tests.mutation.groups import TARGETS, target_of
from tests.mutation.mutants import ROOT, Mutant
from tests.mutation.session import Session

console = Console(width=150 if not sys.stdout.isatty() else None)


def _parser() -> argparse.ArgumentParser:
    head, _, examples = (__doc__ or "").partition("\n\n")
    parser = argparse.ArgumentParser(
        prog="python -m tests.mutation",
        description=head,
        epilog=examples,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--of", choices=TARGETS, action="append", help="which target; all where none is named")
    parser.add_argument("--file", action="append", help="only this file of a target; may be repeated")
    parser.add_argument("--sample", type=int, metavar="N", help="try N mutants of the target, of each file its share")
    parser.add_argument("--each", type=int, metavar="N", help="try at least N mutants of each file, or all of it")
    parser.add_argument("--seed", type=int, default=1, help="of the sample (1)")
    parser.add_argument("--workers", type=int, default=1, help="how many at a time (1)")
    parser.add_argument("--again", action="store_true", help="try those again that nothing with a meaning has noticed")
    parser.add_argument("--list", action="store_true", help="count the mutants and end")
    parser.add_argument("--survivors", action="store_true", help="show what nothing with a meaning noticed, and end")
    parser.add_argument("--show", metavar="MUTANT", help="show one mutant, by the beginning of its key, and end")
    parser.add_argument("--report", action="store_true", help="show the scores of what was tried, and end")
    parser.add_argument("--record", action="store_true", help="write the scores down for docs/reliability.md")
    parser.add_argument("--folder", type=Path, default=None, help="where results are kept")
    return parser


def _default_folder() -> Path:
    try:
        return Path(platformdirs.user_cache_dir("service-culture", appauthor=False)) / "mutation"
    except (OSError, RuntimeError):
        return Path(tempfile.gettempdir()) / "service-culture-mutation"


def main(words: Sequence[str] | None = None) -> int:
    """Do what the command says; return 1 where something survives that nobody has reviewed, else 0."""
    parser = _parser()
    asked = parser.parse_args(words)
    files = [file for name in asked.of or TARGETS for file in TARGETS[name].files]
    if asked.file:
        unknown = [file for file in asked.file if file not in files]
        if unknown:
            parser.error(f"not a file of the target: {', '.join(unknown)}")
        files = [file for file in files if file in asked.file]
    with Session.opened(asked.folder or _default_folder()) as session:
        everything = session.mutants_of(files)
        if asked.list:
            for file, count in Counter(one.file for one in everything).items():
                console.print(f"{count:6,}  {file}")
            console.print(f"{len(everything):6,}  mutants")
            return 0
        if asked.show:
            return _show(session, everything, asked.show)
        reviews = reviewed.read()
        if not (asked.survivors or asked.report):
            chosen = _chosen(session, everything, asked)
            if not _try(session, chosen, asked.workers):
                return 130
        verdicts = session.results(everything)
        if asked.survivors:
            return _survivors(everything, verdicts, reviews)
        table = score.rows(everything, verdicts, reviews)
        _report(table)
        for place in reviewed.stale([place for place in reviews if place[0] in files], everything):
            console.print(f"reviewed, but no longer there: {place}", style="yellow", markup=False)
        if asked.record:
            record("mutation", "python -m tests.mutation --report --record", table)
        return int(any(_is_open(one, verdicts, reviews) for one in everything))


def _chosen(session: Session, everything: Sequence[Mutant], asked: argparse.Namespace) -> list[Mutant]:
    verdicts = session.results(everything)
    if asked.again:
        return [one for one in everything if one.key in verdicts and not score.knows_meaning(one, verdicts[one.key])]
    chosen = mutants.sample(everything, asked.sample, asked.seed, asked.each)
    console.print(
        f"{len(chosen):,} of {len(everything):,} mutants, seed {asked.seed}; "
        f"{sum(one.key in verdicts for one in chosen):,} were tried before"
    )
    return [one for one in chosen if one.key not in verdicts]


def _try(session: Session, chosen: Sequence[Mutant], workers: int) -> bool:
    """Try mutants; False where somebody stopped it."""
    if not chosen:
        return True
    for one in (signal.SIGINT, signal.SIGTERM):  # a shell lets what it starts in the background ignore Ctrl-C
        signal.signal(one, signal.default_int_handler)
    trial.prepare()
    bench = trial.Bench(workers, {})
    usual: dict[str, float] = {}
    for target in sorted({target_of(one.file).name for one in chosen}):
        times = bench.without_a_mistake(TARGETS[target].groups)
        console.print(f"{target}: " + ", ".join(f"{name} {seconds:.1f} s" for name, seconds in times.items()))
        usual |= {f"{target}: {name}": seconds for name, seconds in times.items()}
    bench = trial.Bench(workers, usual)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        bar, done = progress.add_task("mutants", total=len(chosen)), 0
        try:
            for mutant, verdict in bench.trials(chosen):
                session.keep(mutant, verdict)
                progress.advance(bar)
                done += 1
                if not console.is_terminal and done % 25 == 0:
                    console.print(f"{done:,} of {len(chosen):,} tried")
        except KeyboardInterrupt:
            console.print("stopped; the same command goes on")
            return False
    return True


def _is_open(one: Mutant, verdicts: dict[str, trial.Verdict], reviews: dict) -> bool:
    """Tell whether a mutant was tried, nothing with a meaning noticed, and nobody has said why that is well."""
    if one.key not in verdicts or score.knows_meaning(one, verdicts[one.key]):
        return False
    review = reviews.get(reviewed.place_of(one))
    return review is None or review.verdict == "open"


def _survivors(everything: Sequence[Mutant], verdicts: dict[str, trial.Verdict], reviews: dict) -> int:
    left = [one for one in everything if one.key in verdicts and not score.knows_meaning(one, verdicts[one.key])]
    for one in left:
        review = reviews.get(reviewed.place_of(one))
        found = f"reviewed as {review.verdict}: {review.why}" if review else "not reviewed"
        noticed = verdicts[one.key].group or "nothing"
        console.print(f"{one}\n    {noticed}; {found}", markup=False, highlight=False)
    return int(any(_is_open(one, verdicts, reviews) for one in left))


def _show(session: Session, everything: Sequence[Mutant], key: str) -> int:
    found = [one for one in everything if one.key.startswith(key)]
    for one in found:
        console.print(str(one), markup=False, highlight=False)
        before = (ROOT / one.file).read_text(encoding="utf-8").splitlines()
        for line in difflib.unified_diff(before, one.source().splitlines(), one.file, one.file, lineterm=""):
            console.print(line, markup=False, highlight=False)
        verdict = session.results([one]).get(one.key)
        console.print("not tried yet" if verdict is None else escape(str(verdict)))
        review = reviewed.read().get(reviewed.place_of(one))
        if review:
            console.print(f"reviewed as {review.verdict}: {review.why}", markup=False)
    return 0 if found else 1


def _report(rows: Sequence[dict[str, str | int | float]]) -> None:
    if not rows:
        console.print("nothing was tried yet")
        return
    table = Table(*rows[0])
    for row in rows:
        table.add_row(*(f"{cell:,}" if isinstance(cell, int | float) else cell.strip("*`") for cell in row.values()))
    console.print(table)
    console.print(
        f"Score: killed by tests that know what is right, of all tried that can make a difference; 95 % Wilson interval. "
        f"Python {platform.python_version()}."
    )


if __name__ == "__main__":
    sys.exit(main())
