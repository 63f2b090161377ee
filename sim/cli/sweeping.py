"""Commands that run sweeps: many runs over a space of levers and uncertainties, stopped and gone on with at will."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from sim.cli.app import app
from sim.cli.options import AsJson, Organisation, Quiet, Without, Workers
from sim.cli.sweeping_shown import as_dict, bar, print_status, print_summary, time_text
from sim.console import but_for, compiling, print_json, print_table
from sim.errors import InputError

if TYPE_CHECKING:
    from experiments.sweeps.executors import Pool
    from experiments.sweeps.file import Sweep
    from experiments.sweeps.plan import Plan


class _RunUnlessNamed(TyperGroup):
    """A group in which `run` may be left out: ``sweep my-firm.toml`` is ``sweep run my-firm.toml``."""

    def parse_args(self, context: Any, arguments: list[str]) -> list[str]:
        known = {*self.commands, *context.help_option_names}
        if arguments and arguments[0] not in known:
            arguments = ["run", *arguments]
        return super().parse_args(context, arguments)


sweeps = typer.Typer(
    cls=_RunUnlessNamed,
    no_args_is_help=True,
    help="Run a model many times over a space of levers and uncertainties; stop and go on at will.\n\n"
    "`service-culture sweep my-firm.toml …` is short for `service-culture sweep run my-firm.toml …`.",
    epilog="Begin with: service-culture sweep run software_firm --lever internal-service --lever training=0..0.1 "
    "--samples 64 --out first-sweep",
)
app.add_typer(sweeps, name="sweep", rich_help_panel="Explore")

Folder = Annotated[Path, typer.Argument(help="The folder of a sweep.", show_default=False)]
Where = Annotated[str, typer.Option("--executor", help="Where runs are done: threads, processes, dask or mpi.")]
Scheduler = Annotated[
    str | None, typer.Option(help="Address of a Dask scheduler, tcp://HOST:PORT; the same as --executor dask.")
]
Retry = Annotated[bool, typer.Option("--retry-failed", help="Run again what ended in an error.")]


@sweeps.command(
    epilog="Examples: service-culture sweep run retailer --lever internal-service --lever training=0..0.1 --luck "
    "--design saltelli --samples 256 --out retail · service-culture sweep run study.toml --out study · "
    "service-culture sweep run energy_distributor --lever 'training@Field Service=0..0.1' --uncertainty word-of-mouth "
    "--design lhs --samples 200 --series external_satisfaction --every 10 --out field",
)
def run(
    organisation: Organisation = "energy_distributor",
    lever: Annotated[
        list[str] | None,
        typer.Option(
            help="What the firm can choose: LEVER[@WHERE][=LOW..HIGH[,log]] or LEVER=V1|V2|V3. Pulled after the warm-up. "
            "May be repeated."
        ),
    ] = None,
    uncertainty: Annotated[
        list[str] | None,
        typer.Option(help="What nobody knows: written as a lever; holds from the first day. May be repeated."),
    ] = None,
    luck: Annotated[bool, typer.Option("--luck", help="Vary luck, the seed, as one more thing nobody knows.")] = False,
    constraint: Annotated[
        list[str] | None, typer.Option(help="Keep only points for which this holds: 'training + care_time <= 0.2'.")
    ] = None,
    design: Annotated[
        str | None,
        typer.Option(help="grid, lhs, sobol, morris, saltelli or table [default: sobol, or table with --points]"),
    ] = None,
    samples: Annotated[
        int | None,
        typer.Option(
            help="Points (lhs, sobol), blocks of points (saltelli), trajectories (morris) [default: 64]", min=1
        ),
    ] = None,
    levels: Annotated[int | None, typer.Option(help="Values of each factor (grid, morris).", min=2)] = None,
    second_order: Annotated[bool, typer.Option(help="Also indices of pairs (saltelli).")] = True,
    points: Annotated[Path | None, typer.Option(help="Your own table of points, CSV or Parquet.")] = None,
    replicates: Annotated[int, typer.Option(help="Runs of each point.", min=1)] = 1,
    seeds: Annotated[
        str,
        typer.Option(help="common: every point meets the same luck, so that differences are paired; or independent."),
    ] = "common",
    seed: Annotated[int, typer.Option(help="Seed of the first run, and of the design.", min=0)] = 1,
    warm_up: Annotated[int, typer.Option(help="Working days before levers are pulled.", min=0, max=100_000)] = 250,
    days: Annotated[int, typer.Option(help="Working days after.", min=1, max=100_000)] = 250,
    output: Annotated[list[str] | None, typer.Option(help="A measure to keep; may be repeated [default: all]")] = None,
    series: Annotated[list[str] | None, typer.Option(help="A measure to keep over time; may be repeated.")] = None,
    every: Annotated[int, typer.Option(help="Days between two points of a time series.", min=1)] = 5,
    without: Without = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder of the sweep; where it exists, go on [default: results/sweep]")
    ] = None,
    executor: Where = "threads",
    scheduler: Scheduler = None,
    workers: Workers = None,
    retry_failed: Retry = False,
    write_file: Annotated[
        Path | None,
        typer.Option(help="Write the sweep as a TOML file instead of running it; change it, run it, publish it."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be run, time a few runs, and run nothing.")
    ] = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Run an organisation, or a sweep file (.toml), over a space; the same command again goes on where it was stopped."""
    pool = _pool(executor, scheduler, workers)
    with compiling(quiet or as_json):
        from experiments.sweeps import file as files
        from experiments.sweeps import study
        from sim import organisation as organisations
        from sim import scenario

        path = Path(organisation)
        if path.suffix == ".toml" and os.path.isfile(path) and scenario.is_scenario(organisations.read_text(path)):
            _only_in_file(
                lever, uncertainty, luck, constraint, design, samples, levels, points, output, series, without
            )
            said = files.read(organisation)
        else:
            said = study.from_options(
                organisation, levers=lever or [], uncertainties=uncertainty or [], with_luck=luck, constraints=constraint or [],
                method=design, samples=samples, levels=levels, second_order=second_order, points=points,
                replicates=replicates, seeds=seeds, seed=seed, warm_up=warm_up, days=days, outputs=tuple(output or []),
                series_measures=tuple(series or []), series_every=every, without=without or [],
            )  # fmt: skip
    if write_file:
        from sim import results

        results.write_text(write_file, said.to_toml())
        print(f"{write_file} holds the sweep. Run it with: service-culture sweep run {write_file} --out FOLDER")
        return
    plan = study.plan(said)
    if not (quiet or as_json):
        _announce(plan, said)
    if dry_run:
        _estimate(plan, pool)
        return
    folder = out or Path("results") / "sweep"
    if os.path.exists(folder) and out is None:
        _same_or_new(folder, plan)
    _go(folder, plan, pool, retry_failed, quiet, as_json)


@sweeps.command(epilog="Example: service-culture sweep resume study --retry-failed")
def resume(
    folder: Folder,
    executor: Where = "threads",
    scheduler: Scheduler = None,
    workers: Workers = None,
    retry_failed: Retry = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Run what is missing of a sweep that was stopped, in whatever way; the folder says all that is needed."""
    pool = _pool(executor, scheduler, workers)
    _go(folder, None, pool, retry_failed, quiet, as_json)


@sweeps.command(epilog="Example: service-culture sweep status study --watch")
def status(
    folder: Folder,
    watch: Annotated[
        bool, typer.Option("--watch", help="Look again every few seconds until it ends; Ctrl-C leaves.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Say how far a sweep is: runs done, failed and missing, throughput, time left; from any terminal, at any time."""
    from experiments.sweeps.status import status as look

    while True:
        now = look(folder)
        if as_json:
            print_json(as_dict(now))
        else:
            print_status(folder, now)
        if not watch or now.state != "running":
            return
        time.sleep(5)


@sweeps.command(epilog="Example: service-culture sweep table study --out study.csv")
def table(
    folder: Folder,
    out: Annotated[Path, typer.Option(help="File to write, .csv or .parquet.")] = Path("sweep.csv"),
    series: Annotated[bool, typer.Option("--series", help="The time series instead of end values.")] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a file that is there.")] = False,
) -> None:
    """Write all recorded runs into one file, in the order of their numbers."""
    from experiments.sweeps import read

    read.check_format(out)
    found = (read.series if series else read.runs)(folder)
    read.write(out, found, overwrite=overwrite)
    print(f"{out} holds {len(found):,} rows")


@sweeps.command(epilog="Example: service-culture sweep failures study")
def failures(
    folder: Folder,
    most: Annotated[int, typer.Option(help="Show at most so many.", min=1)] = 20,
    tracebacks: Annotated[
        bool, typer.Option("--tracebacks", help="Show where in the program each error arose.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """List the runs that ended in an error, with their values and the error."""
    from experiments.sweeps import folder as folders
    from experiments.sweeps import read

    found = read.failures(folder)
    if as_json:
        print_json(found.to_dict(orient="records"))
        return
    factors = folders.load(folder).space.names
    rows = [
        (str(row["run"]), "\n".join(f"{name} {row[name]:.6g}" for name in factors), f"{row['kind']}: {row['message']}",
         str(row["attempts"]))
        for row in found.head(most).to_dict(orient="records")
    ]  # fmt: skip
    if not rows:
        print("No run has failed.")
        return
    print_table(
        f"{len(found):,} failed runs", ("run", "point", "error", "tries"), rows,
        f"Run them again with `service-culture sweep resume {folder} --retry-failed`.",
    )  # fmt: skip
    if tracebacks:
        for row in found.head(most).to_dict(orient="records"):
            print(f"\nrun {row['run']}\n{row['traceback']}")


@sweeps.command(epilog="Example: service-culture sweep check study")
def check(
    folder: Folder,
    mend: Annotated[
        bool, typer.Option(help="Strike damaged shards out, so that `sweep resume` runs them again.")
    ] = True,
) -> None:
    """Read every file of a sweep and compare it with what was recorded."""
    from experiments.sweeps import folder as folders
    from experiments.sweeps.ledger import Ledger, Lock

    plan = folders.load(folder)
    lock = Lock(folder)
    if mend and not lock.take():
        raise InputError(
            "another process is driving this sweep", source=str(folder), hint="check it when it has stopped"
        )
    lost = 0
    try:
        if mend:
            with Ledger(folder) as ledger:
                lost = ledger.mend()
        with folders.open_ledger(folder, plan) if mend else Ledger(folder, read_only=True) as ledger:
            damaged = ledger.damaged()
            if mend:
                lost += ledger.forget(damaged)
            shards = len({one.name for one in ledger.shards()})
    finally:
        lock.give_back()
    if not damaged and not lost:
        print(f"{shards:,} shards, all as they were recorded")
        return
    print(f"{len(damaged):,} damaged shards" + (f"; {lost:,} runs were struck out" if mend else ""))
    print(f"Run them again with: service-culture sweep resume {folder}")
    raise typer.Exit(1)


# --- what the commands share --------------------------------------------------------------------------------------------


def _pool(executor: str, scheduler: str | None, workers: int | None) -> Pool:
    from experiments.sweeps import executors

    if scheduler is not None and executor in ("threads", "dask"):
        return executors.Dask(scheduler)
    match executor:
        case "threads":
            return executors.Threads(workers)
        case "processes":
            return executors.Processes(workers)
        case "mpi":
            return executors.Mpi()
        case "dask":
            raise InputError("Dask needs to know its scheduler", place="--scheduler", allowed="tcp://HOST:PORT")
    raise InputError(
        "there is no such executor", place="--executor", value=executor, allowed="threads, processes, dask, mpi"
    )


def _only_in_file(*options: object) -> None:
    if any(options):
        raise InputError(
            "a sweep file says what is varied", place="--lever and the other options of the space", value="given beside a file",
            allowed="a sweep file, with --out, --executor, --scheduler, --workers and --retry-failed",
            hint="change the file, or leave it out and name an organisation",
        )  # fmt: skip


def _same_or_new(folder: Path, plan: Plan) -> None:
    """The folder nobody named may hold an earlier sweep: say so, rather than replace or refuse without a word."""
    from experiments.sweeps import folder as folders

    if (folder / folders.MANIFEST).exists() and folders.manifest(folder)["digest"] != plan.digest():
        before = folders.load(folder)
        if not plan.extends(before):
            raise InputError(
                "the usual folder holds another sweep", source=str(folder), allowed="a folder of its own for each sweep",
                hint="give --out FOLDER, or delete the old one",
            )  # fmt: skip


def _announce(plan: Plan, said: Sweep) -> None:
    chain = said.chain
    head = f"{chain.setting('name')}: {len(plan.points):,} points"
    if plan.replicates > 1:
        head += f" × {plan.replicates} replicates"
    days = f"{said.warm_up} + {said.days} days each"
    print(f"{head} = {len(plan):,} runs, {days}{but_for(said.without)} …", file=sys.stderr, flush=True)
    for note in plan.design.notes(plan.space):
        print(f"note: {note}", file=sys.stderr)


def _estimate(plan: Plan, pool: Pool) -> None:
    """Time a few runs and say what the whole would take."""
    import numpy as np

    spread = np.unique(np.linspace(0, len(plan) - 1, 5).astype(int))
    values, seeds = plan.values_of(spread), plan.seed_of(spread)
    took = []
    for row, one in zip(values.tolist(), seeds.tolist(), strict=True):
        began = time.perf_counter()
        plan.simulator.run(dict(zip(plan.space.names, row, strict=True)), one)
        took.append(time.perf_counter() - began)
    usual = float(np.median(took[1:] or took))
    workers = getattr(pool, "workers", None)
    text = f"A run takes about {1000 * usual:.0f} ms ({len(took)} timed, warm-up included)"
    if workers:
        text += f"; {len(plan):,} runs with {pool.name} take about {time_text(len(plan) * usual / workers)} at most"
    print(text + ".")


def _go(folder: Path, plan: Plan | None, pool: Pool, retry_failed: bool, quiet: bool, as_json: bool) -> None:
    """Drive a sweep and say what came of it; Ctrl-C and SIGTERM leave a folder that can be gone on with."""
    with compiling(quiet or as_json):
        from experiments.sweeps import drive
        from experiments.sweeps.executors import PoolLost
        from experiments.sweeps.ledger import CannotWrite

    with _terminated_as_interrupted(), bar(quiet or as_json) as tick:
        try:
            standing = drive.sweep(folder, plan, pool=pool, retry_failed=retry_failed, progress=tick)
        except KeyboardInterrupt:
            _say_how_to_go_on(folder)
            sys.exit(130)  # what is recorded stays: `main` would say of a typer.Exit that nothing was written
        except (CannotWrite, PoolLost) as error:
            print(f"error: {error}", file=sys.stderr)
            _say_how_to_go_on(folder)
            raise typer.Exit(1) from None
    if as_json:
        from experiments.sweeps.status import status as look

        print_json(as_dict(look(folder)))
    elif not quiet:
        print_summary(folder, standing)
    if standing.failed:
        print(
            f"{standing.failed:,} of {standing.runs:,} runs failed; see `service-culture sweep failures {folder}`, then "
            f"`service-culture sweep resume {folder} --retry-failed`",
            file=sys.stderr,
        )
        raise typer.Exit(1)


def _say_how_to_go_on(folder: Path) -> None:
    from experiments.sweeps.status import status as look

    try:
        now = look(folder).standing
    except (InputError, OSError):
        return
    print(
        f"stopped; {now.recorded:,} of {now.runs:,} runs are recorded. Go on with: service-culture sweep resume {folder}",
        file=sys.stderr,
    )


@contextmanager
def _terminated_as_interrupted() -> Iterator[None]:
    """Take SIGTERM, with which clusters and service managers end a job, and a closed terminal for Ctrl-C."""

    def interrupt(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    before = {}
    for name in ("SIGTERM", "SIGHUP"):  # the latter where a terminal is closed; nohup has it ignored
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) == signal.SIG_DFL:
            before[number] = signal.signal(number, interrupt)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
