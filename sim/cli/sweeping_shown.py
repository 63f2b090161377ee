"""What the commands of sweeps print: how far one is, at what pace, and what has been recorded."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.console import print_table

if TYPE_CHECKING:
    from experiments.sweeps.drive import Standing
    from experiments.sweeps.status import Status

SAY_EVERY = 30.0
"""Seconds between two lines of progress where there is no terminal, as in the log of a cluster's job."""


@contextmanager
def bar(quiet: bool) -> Iterator[Callable[[Standing], None] | None]:
    """Give a function that shows how far a sweep is: a bar on a terminal, a line now and then in a log."""
    if quiet:
        yield None
        return
    if not sys.stderr.isatty():
        said = [time.monotonic() - SAY_EVERY + 5]

        def line(now: Standing) -> None:
            if time.monotonic() - said[0] >= SAY_EVERY:
                said[0] = time.monotonic()
                print(_line(now), file=sys.stderr, flush=True)

        yield line
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None)
        yield lambda now: bar.update(task, total=now.runs, completed=now.recorded, description=_pace(now))


def _line(now: Standing) -> str:
    return f"{now.recorded:,} of {now.runs:,} runs, {_pace(now)}"


def _pace(now: Standing) -> str:
    text = f"{now.rate:,.1f} runs/s" if now.rate > 0 else "starting"
    if now.rate > 0 and now.missing:
        text += f", {time_text(now.seconds_left)} left"
    return text + (f", {now.failed:,} failed" if now.failed else "")


def time_text(seconds: float) -> str:
    """Return a time as people say it."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 90 * 60:
        return f"{seconds / 60:.0f} min"
    hours = seconds / 3600
    return f"{hours:.1f} h" if hours < 48 else f"{hours / 24:.1f} days"


def _bytes(size: float) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"


def print_status(folder: Path, now: Status) -> None:
    """Say how far a sweep is, who drives it, and how to go on."""
    standing = now.standing
    share = 100 * standing.recorded / standing.runs
    print(f"{folder}: {now.state}; {standing.recorded:,} of {standing.runs:,} runs recorded ({share:.1f} %), "
          f"{standing.failed:,} failed, {standing.missing:,} missing")  # fmt: skip
    if now.state == "running":
        print(f"  {_pace(standing)}; {now.driver}")
    elif now.driver:
        print(f"  last: {now.driver}, {now.ended or 'killed'}")
    sessions = f"{now.sessions} session{'s' if now.sessions != 1 else ''}"
    print(f"  {sessions}, {time_text(now.work)} of work, {_bytes(now.size)} of results")
    for kind, count in now.errors.items():
        print(f"  {count:,} × {kind}")
    if standing.missing and now.state != "running":
        print(f"  go on with: service-culture sweep resume {folder}")


def as_dict(now: Status) -> dict[str, Any]:
    """Return the same as JSON holds it."""
    one = now.standing
    return {
        "state": now.state, "runs": one.runs, "recorded": one.recorded, "failed": one.failed, "missing": one.missing,
        "runs_per_second": one.rate, "seconds_left": one.seconds_left, "driver": now.driver, "ended": now.ended,
        "sessions": now.sessions, "work_seconds": now.work, "bytes": now.size, "errors": now.errors,
    }  # fmt: skip


SHOWN: Sequence[str] = ("external_satisfaction", "net_promoter_score", "retention", "internal_satisfaction", "profit")


def print_summary(folder: Path, standing: Standing) -> None:
    """Say what was recorded, how the outputs range over it, and what to do with it."""
    from experiments.sweeps import folder as folders
    from experiments.sweeps import read
    from experiments.sweeps.simulate import measure_of

    if not standing.recorded:
        return
    plan = folders.load(folder)
    outputs = list(plan.simulator.outputs)
    shown = [one for one in SHOWN if one in outputs] or outputs[:6]
    found = read.runs(folder, shown)
    rows: list[tuple[str, ...]] = []
    for name in shown:
        values = found[name].dropna()
        measure = measure_of(name)
        label, unit = (measure.label, measure.unit) if measure else (name, "")
        if len(values):
            parts = [float(one) for one in (values.mean(), *values.quantile([0.05, 0.5, 0.95]))]
            rows.append(
                (
                    label,
                    *(f"{one:,.0f}" if abs(one) >= 1000 else f"{one:.2f}" for one in parts),
                    f"{len(values):,}",
                    unit,
                )
            )
    print_table(
        f"{folder}: {standing.recorded:,} of {standing.runs:,} runs",
        ("output", "mean", "5 %", "median", "95 %", "runs", "unit"), rows,
        "Over all points of the design. All outputs: `service-culture sweep table`, or runs/*.parquet.",
    )  # fmt: skip
    if standing.whole:
        analyse = "sensitivity" if plan.design.method in ("saltelli", "morris") else "explore"
        print(f"Go on with: service-culture {analyse} {folder}")
