"""The exercise as a command: would they hire you back, should they, and what would you change?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sim.cli.app import app
from sim.cli.options import AsJson, Format, Overwrite, Quiet, Seed, Without, Workers, folder_for, load
from sim.console import (
    announce,
    but_for,
    compiling,
    estimate_as_dict,
    print_json,
    print_table,
    progress,
    warn_of_overload,
)
from sim.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

    from sim.hireback.asis import AsIs

DEFAULT = "energy_distributor"
SHOWN = 12
"""Rows of each table on the screen; the files hold all."""


@app.command(
    "hire-back",
    rich_help_panel="Ask",
    epilog="Examples: service-culture hire-back HR · service-culture hire-back --market reliability=0.95 it retailer · "
    "service-culture hire-back --all my-firm.toml · service-culture hire-back --assumptions",
)
def hire_back(
    department: Annotated[
        str | None,
        typer.Argument(help="A department or contractor: its name, its initials or the beginning of its name."),
    ] = None,
    organisation: Annotated[
        str | None,
        typer.Argument(
            help="An organisation file (.toml, .xlsx, .json, .graphml), a folder of CSVs, or a bundled organisation's name.",
            show_default=DEFAULT,
        ),
    ] = None,
    everybody: Annotated[
        bool,
        typer.Option("--all", help="The whole internal market: every department and contractor, who would hire whom."),
    ] = False,
    market: Annotated[
        list[str] | None,
        typer.Option(help="What is assumed of the market, NAME=VALUE; --assumptions lists the names. May be repeated."),
    ] = None,
    assumptions: Annotated[
        bool, typer.Option("--assumptions", help="List what is assumed of the market and of choosing, and stop.")
    ] = False,
    markets: Annotated[int, typer.Option(help="Markets that could be out there.", min=1, max=100_000)] = 200,
    runs: Annotated[int, typer.Option(help="Runs (seeds).", min=2, max=100_000)] = 20,
    days: Annotated[int, typer.Option(help="Working days that are looked at.", min=4, max=100_000)] = 250,
    warm_up: Annotated[int, typer.Option(help="Working days before.", min=0, max=100_000)] = 250,
    seed: Seed = 1,
    workers: Workers = None,
    without: Without = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for tables, pictures and the manifest [default: results/hire-back, replaced]"),
    ] = None,
    table_format: Format = "csv",
    overwrite: Overwrite = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Would the clients of a department hire it back if they were free to buy elsewhere? With reasons and uncertainty."""
    from sim import mechanisms, results

    if assumptions:
        _print_assumptions(market or [], as_json)
        return
    if everybody and organisation is None:
        department, organisation = None, department
    if department is None and not everybody:
        raise InputError(
            "whose clients are to be asked?",
            place="hire-back",
            allowed="a department or contractor, or --all",
            hint="for example: service-culture hire-back HR",
        )
    results.check_format(table_format)
    out, overwrite = folder_for("hire-back", out, overwrite)
    off = mechanisms.switchable(without or [])
    organisation = organisation or DEFAULT
    chain = load(organisation, off)
    with compiling(quiet or as_json):
        from sim.hireback import market as markets_
        from sim.hireback.asis import as_is
        from sim.hireback.names import unit_called
        from sim.model import ServiceModel

        unit = None if department is None else unit_called(chain, department)
        assumed = markets_.parse(market or [])
        announce(chain, f"{runs} runs of {days} days, {markets} markets{but_for(off)}", quiet or as_json)
        ServiceModel(chain, seed=seed).run(1)
    warn_of_overload(chain)
    with progress("asking the clients", runs, quiet or as_json) as tick:
        found = as_is(
            chain, market=assumed, runs=runs, seed=seed, warm_up=warm_up, days=days, markets=markets, workers=workers,
            progress=tick,
        )  # fmt: skip
    tables = _tables(found)
    with results.folder(out, overwrite=overwrite) as draft:
        from sim import plots

        for name, table in tables.items():
            results.write_table(draft / name, table, table_format)
        if unit is not None:
            plots.kept_by_client(found, unit).savefig(draft / "clients.png")
            plots.mirror_picture(found, unit).savefig(draft / "mirror.png")
        plots.internal_market(found).savefig(draft / "market.png")
        manifest = results.manifest(
            "hire-back", chain, tables, organisation=organisation, department=unit, market=assumed.as_dict(),
            markets=markets, runs=runs, days=days, warm_up=warm_up, seed=seed, without=off,
        )  # fmt: skip
        results.write_manifest(draft, manifest)
    if as_json:
        print_json(_as_json(found, tables, unit, str(out), manifest["results"]["sha256"]))
    elif not quiet:
        if unit is not None:
            _print_unit(found, tables, unit, but_for(off))
        if everybody:
            _print_market(found, tables, but_for(off))
        else:
            print(_market_in_a_line(found))
        pictures = "market" if unit is None else "clients, mirror, market"
        print(f"Tables, pictures ({pictures}) and manifest are in {out}")


def _tables(found: AsIs) -> dict[str, pd.DataFrame]:
    """Return every table by file name."""
    from sim.hireback import matrix, mirror

    chain, looks = found.chain, found.looks
    return {
        "departments": found.units(),
        "clients": found.clients(),
        "matrix": matrix.shares(found).rename_axis("supplier").reset_index(),
        "mutual": matrix.mutual(found),
        "levels": mirror.sides(chain, looks),
        "gaps": mirror.gaps(chain, looks),
        "processes": mirror.processes(chain, looks),
        "leaders": mirror.leaders(chain, looks),
    }


def _as_json(found: AsIs, tables: dict[str, pd.DataFrame], unit: str | None, out: str, digest: str) -> dict[str, Any]:
    """Return what JSON shows: of one unit its part of the tables, of all of them everything."""
    from sim.hireback import words

    mine = {"departments": "supplier", "clients": "supplier", "levels": "unit", "gaps": "unit", "processes": "unit",
            "leaders": "unit"}  # fmt: skip
    shown = {
        name: table if unit is None else table[table[mine[name]] == unit]
        for name, table in tables.items()
        if unit is None or name in mine
    }
    content: dict[str, Any] = {"out": out, "sha256": digest, "market": found.market.as_dict()}
    if unit is not None:
        verdict = found.of_unit(unit)
        content |= {
            "department": unit, "answer": verdict.answer, "share": estimate_as_dict(verdict.share),
            "certainty": verdict.certainty, "in_words": words.would(found, unit),
        }  # fmt: skip
    return content | {name: table.to_dict(orient="records") for name, table in shown.items()}


