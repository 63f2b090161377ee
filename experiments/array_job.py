"""A sweep as a job array: many jobs that know nothing of each other, each with its share of the points, gathered at the end.

    python -m experiments.array_job run study.toml --out study        # in each job; part and parts come from SLURM's variables
    python -m experiments.array_job run study.toml --out study --part 3 --parts 100
    python -m experiments.array_job gather study --out study.parquet  # when all have ended

No scheduler, no network between jobs, no common database: part k of n has the points k, k + n, k + 2n, …, and a folder
``study/part-0003-of-0100`` that is an ordinary sweep. A job that was killed is sent again and goes on. The gathered table is
that of the sweep run whole, to the last bit.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from experiments.others.running import guarded_app
from sim.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

    from experiments.sweeps.drive import Standing
    from experiments.sweeps.plan import Plan

app = typer.Typer(no_args_is_help=True, help=(__doc__ or "").split("\n")[0])


def part_of(plan: Plan, part: int, parts: int) -> Plan:
    """Return the plan of one part, counted from 0: every ``parts``-th point, with the seeds that its runs have in the whole."""
    from experiments.sweeps.design import Design

    if not 0 <= part < parts:
        raise InputError("there is no such part", place="--part", value=part, allowed=f"0 to {parts - 1}")
    if plan.seeds == "independent" and not plan.luck:
        raise InputError(
            "a run's seed would hang on the part that it is in", place="seeds", value="independent",
            allowed='seeds = "common", or luck as a factor',
        )  # fmt: skip
    mine = plan.points.iloc[part::parts].reset_index(drop=True)
    if not len(mine):
        raise InputError(
            "there are more parts than points", place="--parts", value=parts, allowed=f"1 to {len(plan.points)}"
        )
    return replace(plan, design=Design("table", points=mine), points=mine)


def gathered(folder: str | Path, *, series: bool = False) -> pd.DataFrame:
    """Return the table of the whole sweep, as `experiments.sweeps.read` does for one that was run at once."""
    import pandas as pd

    from experiments.sweeps import folder as folders
    from experiments.sweeps import read
    from experiments.sweeps.status import status

    found = {int(part["part"]): (path, int(part["parts"])) for path, part in _folders(Path(folder))}
    counts = {parts for _, parts in found.values()}
    if len(counts) != 1 or set(found) != set(range(next(iter(counts), 0))):
        missing = sorted(set(range(max(counts, default=1))) - set(found))
        raise InputError(
            "these are not all parts of one sweep", source=str(folder), value=f"missing: {missing[:10]}" if missing else
            f"parts of {sorted(counts)}", allowed="a folder part-…-of-… for every part",
        )  # fmt: skip
    tables, roots = [], set()
    for part, (path, parts) in sorted(found.items()):
        standing = status(path).standing
        if not standing.whole:
            raise InputError(
                "this part is not finished", source=str(path), value=f"{standing.recorded:,} of {standing.runs:,} runs",
                hint="run its job again; it goes on where it was stopped",
            )  # fmt: skip
        plan = folders.load(path)
        roots.add(plan.root())
        table = (read.series if series else read.runs)(path)
        run = table["run"].to_numpy()
        point = plan.point_of(run) * parts + part
        if not series:
            table["point"] = point
        table["run"] = point * plan.replicates + plan.replicate_of(run)
        tables.append(table)
    if len(roots) > 1:
        raise InputError("these parts belong to different sweeps, or to two versions of the model", source=str(folder))
    order = ["run", "day"] if series else ["run"]
    return pd.concat(tables).sort_values(order, kind="stable", ignore_index=True)


def _folders(folder: Path) -> list[tuple[Path, re.Match[str]]]:
    named = [
        (path, re.fullmatch(r"part-(?P<part>\d+)-of-(?P<parts>\d+)", path.name))
        for path in sorted(folder.glob("part-*"))
    ]
    return [(path, part) for path, part in named if part]


def _from_array(name: str) -> Callable[[], int]:
    """Return what reads a number from the variables of SLURM's job arrays."""

    def read() -> int:
        try:
            number = int(os.environ[f"SLURM_ARRAY_TASK_{name}"])
            return number - int(os.environ.get("SLURM_ARRAY_TASK_MIN", "0")) if name == "ID" else number
        except (KeyError, ValueError):
            raise InputError(
                "this is no job of an array",
                place=f"SLURM_ARRAY_TASK_{name}",
                allowed="--part, --parts, or `sbatch --array=0-99`",
            ) from None

    return read


@app.command()
def run(
    file: Annotated[Path, typer.Argument(help="A sweep file.")],
    out: Annotated[Path, typer.Option(help="Folder of all parts.")],
    part: Annotated[int | None, typer.Option(help="Which part, from 0 [default: the array's].")] = None,
    parts: Annotated[int | None, typer.Option(help="How many there are [default: the array's].")] = None,
    workers: Annotated[int | None, typer.Option(help="Threads [default: one per core of the job].")] = None,
) -> None:
    """Run one part; run again, it goes on."""
    from experiments.sweeps import drive, study
    from experiments.sweeps import file as files
    from experiments.sweeps.executors import Threads

    number = _from_array("ID")() if part is None else part
    count = _from_array("COUNT")() if parts is None else parts
    plan = part_of(study.plan(files.read(file)), number, count)
    folder = out / f"part-{number:04d}-of-{count:04d}"

    def tick(standing: Standing) -> None:
        print(f"{folder.name}: {standing.recorded:,} of {standing.runs:,} runs", flush=True)

    standing = drive.sweep(folder, plan, pool=Threads(workers), progress=tick)
    if standing.failed:
        print(f"{standing.failed:,} runs failed; see `service-culture sweep failures {folder}`")
        raise typer.Exit(1)


@app.command()
def gather(
    folder: Annotated[Path, typer.Argument(help="Folder of all parts.")],
    out: Annotated[Path, typer.Option(help="File to write, .csv or .parquet.")],
    series: Annotated[bool, typer.Option("--series", help="The time series instead of end values.")] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a file that is there.")] = False,
) -> None:
    """Write the runs of all parts into one table."""
    from experiments.sweeps import read

    read.check_format(out)
    table = gathered(folder, series=series)
    read.write(out, table, overwrite=overwrite)
    print(f"{out} holds {len(table):,} rows")


if __name__ == "__main__":
    guarded_app(app)
