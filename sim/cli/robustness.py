"""``service-culture robustness``: which conclusions of the stories survive when what nobody has measured is different."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sim.cli.app import app
from sim.cli.options import AsJson, Format, Quiet
from sim.console import compiling, print_json, print_table, progress

if TYPE_CHECKING:
    import pandas as pd

    from experiments.sweeps.drive import Standing


@app.command(
    rich_help_panel="Check",
    epilog="Examples: service-culture robustness weak-link · "
    "service-culture robustness --organisation my-firm.toml --worlds 64 · "
    "service-culture robustness silo-war rush-order --out study",
)
def robustness(
    stories: Annotated[
        list[str] | None, typer.Argument(help="Stories, or paths of scripts; without any, all that can be told here.")
    ] = None,
    organisation: Annotated[
        str, typer.Option(help="An organisation file, a folder of CSVs, or the name of a bundled organisation.")
    ] = "energy_distributor",
    worlds: Annotated[int, typer.Option(help="Worlds in which each story is told; a power of two.", min=2)] = 32,
    runs: Annotated[int, typer.Option(help="Paired runs in each world.", min=2)] = 4,
    seed: Annotated[int, typer.Option(help="Seed of the worlds.", min=0)] = 1,
    out: Annotated[
        Path, typer.Option(help="Folder of the worlds and what came of them; going on in it runs what is missing.")
    ] = Path("results/robustness"),
    table_format: Format = "csv",
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Tell stories in worlds that differ in every constant without a source, and say in how many of them each point holds.

    A story takes a few minutes. Stop with Ctrl-C when you like: the same command goes on, and more --worlds can be added later.
    """
    from sim import results

    results.check_format(table_format)
    from experiments.robustness import worlds as robust
    from sim import organisation as organisations

    firm = organisations.load(organisation)
    names = robust.tellable(firm, stories or [])
    talks = not (quiet or as_json)
    found = []
    with compiling(not talks):
        for name in names:
            label = Path(name).stem.replace("_", "-")
            with progress(label, worlds, not talks) as tick:

                def told(standing: Standing, tick=tick) -> None:
                    tick(standing.recorded)

                conclusions, told_in = robust.survive(
                    name, firm, out / "worlds" / label, worlds=worlds, runs=runs, seed=seed, progress=told
                )
            found += conclusions
            if talks:
                held = [one.holds.estimate.mean for one in conclusions]
                print(f"{label}: {len(told_in)} worlds; its points hold in "
                      + ", ".join(f"{100 * share:.0f} %" for share in held), file=sys.stderr, flush=True)  # fmt: skip
    table = robust.table(found)
    _write(out, table, table_format, {
        "stories": names, "organisation": firm.to_node_link(), "worlds": worlds, "runs": runs, "seed": seed,
    })  # fmt: skip
    if as_json:
        print_json({"conclusions": table.to_dict("records"), "out": str(out)})
    elif talks:
        _print(table, out)


def _write(out: Path, table: pd.DataFrame, table_format: str, inputs: dict) -> None:
    """Write what came out beside the worlds, which stay for a later run."""
    import matplotlib.pyplot as plt

    from experiments.robustness import picture
    from sim import results

    with results.folder(out / "conclusions", overwrite=True) as draft:
        results.write_table(draft / "robustness", table, table_format)
        figure = picture.shares(table)
        figure.savefig(draft / "robustness.png")
        plt.close(figure)
        results.write_manifest(draft, results.manifest("robustness", None, {"robustness": table}, **inputs))


def _print(table: pd.DataFrame, out: Path) -> None:
    from experiments.robustness import page

    rows = [page.cells(row) for _, row in table.iterrows()]
    print_table(
        "In how much of the parameter space each conclusion holds", page.HEADERS, rows,
        "holds: the interval of the paired runs bears it out; share of worlds [95 %]",
    )  # fmt: skip
    print(f"Table, picture and manifest: {out / 'conclusions'}")
