"""Disturbs every story at every write, tries every situation, and writes down what came of it.

python -m tests.faults                                   everything; an hour and more
python -m tests.faults --others 8 --record               killed at every write, disturbed otherwise at eight of each story
python -m tests.faults --seconds 60 --record             about a minute for each story, spread over its writes
python -m tests.faults --story sweep --mode kill         one story, killed at each of its writes
python -m tests.faults --story run --most 8
python -m tests.faults --situations                      read-only folders, clocks, two processes, damaged files …
python -m tests.faults --traced                          compare with strace what the shim sees
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.faults import stories, traced
from tests.faults.drill import MODES, Drilled, drill
from tests.faults.shim import NoShim
from tests.faults.zygote import Zygote


def main() -> int:
    """Run the command; 1 where anything is found wrong."""
    said = argparse.ArgumentParser(
        prog="python -m tests.faults", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    said.add_argument("--story", action="append", choices=list(stories.STORIES), metavar="NAME",
                      help="; ".join(stories.STORIES))  # fmt: skip
    said.add_argument("--mode", action="append", choices=MODES, help="in which way [default: each]")
    said.add_argument(
        "--most", type=int, help="writes that are disturbed in each way, spread over the story [default: every one]"
    )
    said.add_argument(
        "--seconds", type=float, help="for each story, about, on this machine as it is [default: as it takes]"
    )
    said.add_argument("--others", type=int, help="writes that are disturbed in each way but kills [default: every one]")
    said.add_argument("--situations", action="store_true", help="only the situations")
    said.add_argument("--traced", action="store_true", help="only the comparison with strace")
    said.add_argument("--record", action="store_true", help="write the figures down for docs/reliability.md")
    given = said.parse_args()
    try:
        if given.traced:
            return _traced(given.story or list(stories.STORIES))
        wrong = []
        if not given.situations:
            told = []
            for one in _drilled(given):
                told.append(one)
                if given.record:  # as it comes, since the whole takes long
                    _recorded([one.row()])
            wrong += [text for one in told for text in one.wrong]
        if not given.story:
            wrong += _situations(given.record)
    except NoShim as error:
        print(f"faults cannot be made here: {error}", file=sys.stderr)
        return 1
    for text in wrong:
        print(f"wrong: {text}", file=sys.stderr)
    return int(bool(wrong))


def _recorded(rows: list[dict[str, str | int | float]]) -> None:
    """Write rows down, in place of those of the same stories; the table says how many writes of each were disturbed."""
    from tests.docs.reliability import FOLDER, record

    known = {}
    if (FOLDER / "faults.json").exists():
        known = {row["story"]: row for row in json.loads((FOLDER / "faults.json").read_text(encoding="utf-8"))["rows"]}
    known |= {row["story"]: row for row in rows}
    record("faults", "python -m tests.faults --record", [known[name] for name in stories.STORIES if name in known])


def _drilled(given: argparse.Namespace) -> Iterator[Drilled]:
    with Zygote() as zygote:
        for name in given.story or stories.STORIES:
            with _bar(name) as tick:
                told = drill(zygote, name, given.mode or MODES, given.most, given.seconds, given.others, tick)
            print(", ".join(f"{key} {value}" for key, value in told.row().items()), flush=True)
            for text in told.wrong:
                print(f"  wrong: {text}", flush=True)
            yield told


@contextmanager
def _bar(name: str) -> Iterator:
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(name, total=None)
        yield lambda done, of: bar.update(task, completed=done, total=of)


def _situations(record_them: bool) -> list[str]:
    """Run the tests of the situations, and write down which were tried and how long they took."""
    import pytest

    noted = _Noted()
    here = Path(__file__).parent
    pytest.main(["-q", "--slow", str(here / "test_situations.py"), str(here / "test_whole.py")], plugins=[noted])
    if record_them and noted.rows:
        from tests.docs.reliability import record

        record("situations", "python -m tests.faults --situations", list(noted.rows.values()))
    return noted.wrong


class _Noted:
    """A plugin of pytest that notes what came of each test; a test with several cases is one row."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[str, str | int | float]] = {}
        self.wrong: list[str] = []

    def pytest_runtest_logreport(self, report: Any) -> None:
        if report.when != "call" and report.passed:
            return
        name = report.nodeid.split("::")[-1].split("[")[0].removeprefix("test_").replace("_", " ")
        row = self.rows.setdefault(name, {"situation": name, "cases": 0, "left out": 0, "wrong": 0, "seconds": 0.0})
        row["left out" if report.skipped else "cases"] += 1  # type: ignore[operator]
        row["seconds"] = round(row["seconds"] + report.duration, 1)  # type: ignore[operator]
        if report.failed:
            row["wrong"] += 1  # type: ignore[operator]
            self.wrong.append(f"{name}: {str(report.longrepr)[-500:]}")


def _traced(names: list[str]) -> int:
    missed = 0
    for name in names:
        seen, real, lacking = traced.traced(name)
        print(f"{name}: the shim saw {seen} calls, strace {real}; missed: {lacking or 'none'}", flush=True)
        missed += len(lacking)
    return int(bool(missed))


if __name__ == "__main__":
    sys.exit(main())
