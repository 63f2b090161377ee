"""What is disturbed: short real commands and functions that write below a folder.

A story has steps: ``before`` makes what earlier work left there, ``act`` is what is disturbed, ``again`` is what a user does
afterwards (mostly the same command), ``look`` says what somebody finds who reads the folder.
Steps run in children of the zygote, in the story's folder; ``tell`` speaks to the outside world, which no fault can take back.
"""

from __future__ import annotations

import asyncio
import functools
import json
import os
import sys
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Tell = Callable[[str], Any]
Step = Callable[[Path, Tell], int | None]


@dataclass(frozen=True, slots=True)
class Story:
    """Something that is disturbed.

    Attributes
    ----------
    name : as the command names it
    act, before, again : steps; ``again`` is ``act`` and ``before`` is nothing where they are not given
    look : what a reader finds, as JSON; without it every file and folder there is found as it was or as it is to be,
        never in between
    refused : exit codes with which a disk that cannot be written may be answered
    """

    name: str
    act: Step
    before: Step | None = None
    again: Step | None = None
    look: Step | None = None
    refused: tuple[int, ...] = (2,)


# --- commands ---------------------------------------------------------------------------------------------------------


def command(*words: str) -> Step:
    """Return a step that is a command of ``service-culture``; what it ends well with is acknowledged."""

    def run(folder: Path, tell: Tell) -> int:
        from sim.cli import main

        sys.argv = ["service-culture", *words]
        try:
            main()
        except SystemExit as end:
            return end.code if isinstance(end.code, int) else int(end.code is not None)

    return run


def both(*steps: Step) -> Step:
    """Return steps one after the other."""

    def run(folder: Path, tell: Tell) -> int:
        return next((code for step in steps if (code := step(folder, tell))), 0)

    return run


FIRM = "software_firm"
SHORT = ("--days", "4", "--warm-up", "3", "--runs", "2", "--quiet", "--workers", "1")
_run = command("run", FIRM, "--days", "3", "--out", "out", "--overwrite", "--quiet")
_run_other = command("run", FIRM, "--days", "2", "--seed", "7", "--out", "out", "--quiet")
_vary = command("vary", "training", FIRM, "--steps", "2", *SHORT, "--out", "out", "--overwrite")
_compare = command("compare", "0-a.toml", "1-b.toml", *SHORT, "--out", "out", "--overwrite")
_scenarios = command("scenario", "weak-link", FIRM, "--write", ".", "--overwrite")
_TICKETS = ("simulate-tickets", FIRM, "--days", "12", "--warm-up", "2", "--quiet")


def _two_scenarios(folder: Path, tell: Tell) -> int:
    """Write the scenarios that a comparison reads, and earlier results of another comparison."""
    code = _scenarios(folder, tell)
    for number, path in enumerate(sorted(folder.glob("*.toml"))[:2]):
        path.rename(folder / f"{number}-{'ab'[number]}.toml")
    for path in folder.glob("*.toml"):
        if path.name not in ("0-a.toml", "1-b.toml"):
            path.unlink()
    return code or _compare(folder, tell)


def _report(form: str) -> Step:
    return command("report", "out", "--format", form, "--out", f"report.{form}", "--overwrite", "--quiet")


def _results(folder: Path, tell: Tell) -> int:
    """Write what every command writes into its folder of results: tables, a picture, a manifest; without the time of a run."""
    import matplotlib.pyplot as plt

    from sim import results
    from sim.errors import InputError

    try:
        with results.folder(folder / "out", overwrite=True) as draft:
            for name, table in _tables().items():
                results.write_table(draft / name, table, "csv")
            results.write_table(draft / "units", _tables()["units"], "parquet")
            figure, axes = plt.subplots(figsize=(1, 1))
            axes.set_axis_off()
            figure.savefig(draft / "picture.png", dpi=30)
            plt.close(figure)
            results.write_manifest(draft, results.manifest("run", None, _tables()))
    except InputError as error:
        print(f"error: {error}")
        return 2
    return 0


def _earlier_results(folder: Path, tell: Tell) -> int:
    """Leave results of an earlier run, of which some have other names."""
    from sim import results

    with results.folder(folder / "out") as draft:
        (draft / "earlier.csv").write_text("a,b\n1,2\n")
        results.write_manifest(draft, {"command": "earlier"})
    return 0


@functools.cache
def _tables() -> dict[str, Any]:
    from sim import measures, organisation
    from sim.model import ServiceModel

    model = ServiceModel(organisation.load(FIRM), seed=1).run(3)
    return {name: table(model) for name, table in measures.TABLES.items()}


# --- sweeps -----------------------------------------------------------------------------------------------------------


def _sweep(samples: int, series: bool = False) -> Step:
    """Drive a sweep of a model that costs nothing; every recorded shard is acknowledged."""

    def run(folder: Path, tell: Tell) -> int:
        from experiments.sweeps import drive, ledger
        from experiments.sweeps.design import Design
        from experiments.sweeps.executors import Threads
        from experiments.sweeps.plan import Plan
        from sim.errors import ServiceCultureError
        from tests.experiments import cheap

        record = ledger.Ledger.record

        def acknowledged(self: Any, receipt: Any) -> int:
            new = record(self, receipt)
            if new:
                tell("recorded " + " ".join(map(str, receipt.runs.tolist())))
            return new

        ledger.Ledger.record = acknowledged  # type: ignore[method-assign]
        plan = (
            Plan(cheap.SPACE, Design("sobol", samples), cheap.WithSeries()) if series else cheap.plan(samples=samples)
        )
        try:
            standing = drive.sweep(folder / "sweep", plan, pool=Threads(1))
        except ledger.CannotWrite as error:
            print(f"error: {error}")
            return 1
        except ServiceCultureError as error:
            print(f"error: {error}")
            return 2
        tell("whole")
        return 0 if standing.whole else 3

    return run


def _look_at_sweep(folder: Path, tell: Tell) -> int:
    """Tell which runs are recorded, and the table of them, as `sweep status` and `sweep table` do."""
    from experiments.sweeps import read
    from experiments.sweeps.status import status

    if not (folder / "sweep" / "sweep.json").exists():
        tell(json.dumps({"recorded": [], "table": {}}))
        return 0
    now = status(folder / "sweep")
    table = read.runs(folder / "sweep")
    if len(table) != now.standing.recorded:
        print(f"Traceback: {len(table)} rows, {now.standing.recorded} recorded")
        return 1
    rows = {
        str(row["run"]): {name: value for name, value in row.items() if name != "run"}
        for row in table.to_dict("records")
    }
    tell(json.dumps({"recorded": sorted(table["run"].tolist()), "table": rows, "rate": str(now.standing.rate)}))
    return 0


# --- a session of the workshop -----------------------------------------------------------------------------------------


def _session(folder: Path, tell: Tell) -> int:
    """Begin a session or go on with it, and let a room answer; each answer is acknowledged as a phone sees it."""
    from sim.workshop.house import Workshop
    from sim.workshop.store import files
    from tests.workshop.made_up_room import Model, firm

    async def play() -> int:
        found = files(folder / "sessions")
        here = Workshop(folder / "sessions", model=Model)
        session = here.open(found[-1]) if found else here.begin(firm())
        session.engine.ask = lambda question: None  # type: ignore[method-assign]
        steps: list[tuple[str, dict[str, Any], str | None]] = [
            *(("join", {"department": name}, f"person {name}") for name in ("Alpha", "Beta", "Gamma")),
            ("phase", {"to": "score"}, None),
            *(("score", {"about": "Alpha", "scores": {"reliability": n + 1}}, f"person {who}")
              for n, who in enumerate(("Beta", "Gamma"))),
            ("phase", {"to": "change"}, None),
            ("commit", {"what": "answer within a day"}, "person Alpha"),
        ]  # fmt: skip
        tell(f"opened {len(list(session.store.events()))}")
        for kind, data, person in steps:
            before = len(list(session.store.events()))
            session.submit(kind, data, person)
            tell(f"kept {before + 1} {kind}")
        session.close()
        tell("closed")
        return 0

    return _played(play())


def _played(hour: Coroutine[Any, Any, int]) -> int:
    """Play an hour, or say in a sentence why it ended, as the command and the page do; return the exit code."""
    from sim.errors import InputError
    from sim.workshop.inputs import Refused

    try:
        return asyncio.run(hour)
    except InputError as error:
        print(f"error: {error}")
    except Refused as error:
        print(f"error: {error.key}")
    return 2


def _look_at_session(folder: Path, tell: Tell) -> int:
    """Tell how many events a session has, as --resume finds it."""
    from sim.workshop import session as sessions
    from sim.workshop.store import Store, files
    from tests.workshop.made_up_room import Model

    found = files(folder / "sessions") if (folder / "sessions").exists() else []
    events = []
    for path in found:
        session = sessions.Session(Store(path), model=Model, first=1)
        events.append([event.kind for event in session.store.events()])
        session.close()
    tell(json.dumps({"events": events}))
    return 0


def _rehearse_and_wipe(folder: Path, tell: Tell) -> int:
    """Delete what simulated participants said, then the whole session."""
    from sim.workshop.house import Workshop
    from sim.workshop.store import files
    from tests.workshop.made_up_room import Model

    async def play() -> int:
        here = Workshop(folder / "sessions", model=Model)
        for path in files(folder / "sessions"):
            session = here.open(path)
            session.engine.ask = lambda question: None  # type: ignore[method-assign]
            session.submit("rehearse", {"people": []})
            session.submit("rehearse_stop", {})
            session.wipe()
            tell("wiped")
        return 0

    return _played(play())


# --- compiled code ------------------------------------------------------------------------------------------------------


def _compile(folder: Path, tell: Tell) -> int:
    """Compile two small rules into a cache below the folder and use them."""
    from sim import compiled
    from tests.faults import tiny

    compiled.CACHE_FOLDER = folder / "cache"
    double, square = compiled.kernel(tiny.double), compiled.kernel(tiny.square)
    if double(21) != 42 or square(9.0) != 81.0:
        return 1
    tell("computed")
    return 0


def _look_at_compiled(folder: Path, tell: Tell) -> int:
    tell(json.dumps({}))
    return 0


STORIES = {
    one.name: one
    for one in (
        Story("a folder of results", _results),
        Story("a folder of results, over earlier ones", _results, before=_earlier_results),
        Story("run", _run),
        Story("run over earlier results", _run, before=_run_other),
        Story("vary, in Parquet", command("vary", "training", FIRM, "--steps", "2", *SHORT, "--out", "out", "--overwrite",
              "--format", "parquet"), before=_vary),
        Story("compare", _compare, before=_two_scenarios),
        Story("scenario --write", _scenarios),
        Story("new and convert", both(command("new", "firm.toml", "--overwrite"),
              command("convert", "firm.toml", "firm.xlsx", "--overwrite"),
              command("convert", "firm.toml", "firm.json", "--overwrite"))),
        Story("simulate-tickets", command(*_TICKETS, "--out", "tickets.csv.gz", "--overwrite"),
              before=command(*_TICKETS, "--seed", "5", "--out", "tickets.csv.gz")),
        Story("from-tickets", command("from-tickets", "log.csv", "--runs", "0", "--out", "firm.toml", "--overwrite"),
              before=command(*_TICKETS, "--out", "log.csv")),
        *(Story(f"report, {form}", _report(form), before=_two_scenarios)
          for form in ("html", "docx", "xlsx", "pdf")),
        Story("sweep", _sweep(8, series=True), look=_look_at_sweep, refused=(1, 2)),
        Story("sweep made larger", _sweep(8), before=_sweep(4), look=_look_at_sweep, refused=(1, 2)),
        Story("workshop session", _session, look=_look_at_session),
        Story("workshop wiped", _rehearse_and_wipe, before=_session, look=_look_at_session),
        Story("compiled code", _compile, look=_look_at_compiled, refused=(0,)),
    )
}  # fmt: skip


def step(story: str, name: str) -> Step:
    """Return a step of a story; one that it does not have does nothing."""
    found: Step | None = getattr(STORIES[story], name)
    if name == "again":
        found = found or STORIES[story].act
    return found or (lambda folder, tell: 0)


def warm_up() -> None:
    """Import all that the stories need, and run the model once."""
    import matplotlib.pyplot  # noqa: F401
    import numba
    import openpyxl  # noqa: F401
    import pandas  # noqa: F401
    import pyarrow
    import pyarrow.parquet

    import sim.cli  # noqa: F401
    from experiments.sweeps import drive, read, status  # noqa: F401
    from sim import compare, compiled, eventlog, plots, report, saving, story, vary  # noqa: F401
    from sim.eventlog import export  # noqa: F401
    from sim.workshop import session  # noqa: F401
    from tests.experiments import cheap  # noqa: F401
    from tests.faults import tiny
    from tests.workshop import made_up_room  # noqa: F401

    pyarrow.set_cpu_count(1)
    pyarrow.set_io_thread_count(1)
    _tables()
    numba.njit(tiny.double)(1)  # the compiler itself is warm, too
    compiled.kernel  # noqa: B018
    os.environ["SOURCE_DATE_EPOCH"] = "1700000000"
