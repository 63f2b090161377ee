"""The exercise as a command: would they hire you back, should they, and what would you change?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sim.cli.app import app
from sim.cli.hiring_shown import market_in_a_line, print_assumptions, print_market, print_unit
from sim.cli.options import AsJson, Format, Overwrite, Quiet, Seed, Without, Workers, folder_for, load, own_prices
from sim.console import announce, but_for, compiling, estimate_as_dict, print_json, progress, warn_of_overload
from sim.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

    from sim.chain import ServiceChain
    from sim.hireback.asis import AsIs
    from sim.hireback.bundle import Bundle
    from sim.hireback.change import Change
    from sim.hireback.vendor import Should

DEFAULT = "energy_distributor"


@app.command(
    "hire-back",
    rich_help_panel="Ask",
    epilog="Examples: service-culture hire-back HR · service-culture hire-back --market reliability=0.95 IT retailer · "
    "service-culture hire-back --quick --all my-firm.toml · service-culture hire-back --assumptions",
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
    quick: Annotated[
        bool,
        typer.Option("--quick", help="Only: would they? Not: should they, and what would you change?"),
    ] = False,
    surely: Annotated[
        bool,
        typer.Option("--bundle", help="Look for the cheapest bundle of steps that makes it sure of the job: minutes."),
    ] = False,
    market: Annotated[
        list[str] | None,
        typer.Option(help="What is assumed of the market, NAME=VALUE; --assumptions lists the names. May be repeated."),
    ] = None,
    assumptions: Annotated[
        bool, typer.Option("--assumptions", help="List what is assumed of the market and of choosing, and stop.")
    ] = False,
    price: Annotated[
        list[str] | None,
        typer.Option(
            help="What a step of change costs a year, LEVER=PRICE, as in weakest-link --prices. May be repeated."
        ),
    ] = None,
    markets: Annotated[int, typer.Option(help="Markets that could be out there.", min=10, max=100_000)] = 200,
    runs: Annotated[int, typer.Option(help="Runs (seeds).", min=2, max=100_000)] = 20,
    step_runs: Annotated[int, typer.Option(help="Paired runs for each step that could be taken.", min=2)] = 8,
    days: Annotated[int, typer.Option(help="Working days that are looked at.", min=4, max=100_000)] = 250,
    warm_up: Annotated[int, typer.Option(help="Working days before.", min=1, max=100_000)] = 250,
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
    """Would clients hire a department back if they could buy elsewhere? Should they? What would you change?"""
    from sim import mechanisms, results

    if assumptions:
        print_assumptions(market or [], as_json)
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
    own = own_prices(price or [])
    organisation = organisation or DEFAULT
    chain = load(organisation, off)
    silent = quiet or as_json
    length: dict[str, Any] = {"seed": seed, "warm_up": warm_up, "days": days, "workers": workers}
    with compiling(silent):
        from sim.hireback import market as markets_
        from sim.hireback.asis import as_is
        from sim.hireback.names import unit_called
        from sim.model import ServiceModel

        unit = None if department is None else unit_called(chain, department)
        assumed = markets_.parse(market or [])
        announce(chain, f"{runs} runs of {days} days, {markets} markets{but_for(off)}", silent)
        ServiceModel(chain, seed=seed).run(1)
    warn_of_overload(chain)
    with progress("would they?", runs, silent) as tick:
        found = as_is(chain, market=assumed, runs=runs, markets=markets, progress=tick, **length)
    told: list[Should] = []
    changed: Change | None = None
    bundled: Bundle | None = None
    if not quick:
        from sim.hireback.change import change, runs_needed
        from sim.hireback.vendor import runs_needed as vendor_runs
        from sim.hireback.vendor import should_all

        asked = chain.units if unit is None or everybody else [unit]
        with progress("should they?", vendor_runs(len(asked), runs), silent) as tick:
            told = should_all(chain, asked, market=assumed, runs=runs, progress=tick, **length)
    if unit is not None and not quick and _can_change(chain, unit, off):
        confirm = 6
        trials: dict[str, Any] = {"market": assumed, "markets": markets, "off": off, "prices": own, **length}
        with progress("what would you change?", runs_needed(chain, unit, runs=step_runs, confirm=confirm, off=off),
                      silent) as tick:  # fmt: skip
            changed = change(chain, unit, runs=step_runs, confirm=confirm, progress=tick, **trials)
        if surely:
            from sim.hireback.bundle import bundle

            with progress("to be sure of the job", None, silent) as tick:
                bundled = bundle(chain, unit, search_runs=step_runs, runs=runs, progress=tick, **trials)
    tables = _tables(found, told, changed, bundled)
    with results.folder(out, overwrite=overwrite) as draft:
        for name, table in tables.items():
            results.write_table(draft / name, table, table_format)
        pictures = _draw(draft, found, unit, told, changed)
        manifest = results.manifest(
            "hire-back", chain, tables, organisation=organisation, department=unit, everybody=everybody, quick=quick,
            bundle=surely,
            market=assumed.as_dict(), markets=markets, runs=runs, step_runs=step_runs, days=days, warm_up=warm_up, seed=seed,
            prices=own, without=off,
        )  # fmt: skip
        results.write_manifest(draft, manifest)
    if as_json:
        content = _as_json(found, tables, unit, told, bundled)
        print_json({"out": str(out), "sha256": manifest["results"]["sha256"], **content})
    elif not quiet:
        if unit is not None:
            mine = next((one for one in told if one.unit == unit), None)
            print_unit(found, tables, unit, but_for(off), mine, changed, bundled)
        if everybody:
            print_market(found, tables, but_for(off), told)
        else:
            print(market_in_a_line(found))
        print(f"Tables, pictures ({', '.join(pictures)}) and manifest are in {out}")


def _can_change(chain: ServiceChain, unit: str, off: Sequence[str]) -> bool:
    """Tell whether there is any step that a unit could take: with mechanisms off there may be none."""
    from sim import actions

    try:
        return bool(actions.candidates(chain, where=unit, off=off))
    except InputError:
        return False


def _draw(
    draft: Path, found: AsIs, unit: str | None, told: Sequence[Should], changed: Change | None
) -> tuple[str, ...]:
    """Save the pictures and return their names."""
    from matplotlib import pyplot

    from sim import plots

    drawn: dict[str, Any] = {}
    if unit is not None:
        drawn["clients"] = plots.kept_by_client(found, unit)
        drawn["mirror"] = plots.mirror_picture(found, unit)
    drawn["market"] = plots.internal_market(found)
    if told:
        drawn["place"] = plots.would_and_should(found, told, unit)
        for one in told:
            if one.unit == unit:
                drawn["takeover"] = plots.takeover(one)
    if changed is not None and len(changed.table):
        drawn["steps"] = plots.steps(changed, str(found.chain.setting("currency")))
    for name, figure in drawn.items():
        figure.savefig(draft / f"{name}.png")
        pyplot.close(figure)
    return tuple(drawn)


def _tables(
    found: AsIs, told: Sequence[Should] = (), changed: Change | None = None, bundled: Bundle | None = None
) -> dict[str, pd.DataFrame]:
    """Return every table by file name."""
    from sim.hireback import matrix, mirror

    chain, looks = found.chain, found.looks
    tables = {
        "departments": found.units(),
        "clients": found.clients(),
        "matrix": matrix.shares(found).rename_axis("supplier").reset_index(),
        "mutual": matrix.mutual(found),
        "levels": mirror.sides(chain, looks),
        "gaps": mirror.gaps(chain, looks),
        "processes": mirror.processes(chain, looks),
        "leaders": mirror.leaders(chain, looks),
    }
    if told:
        from sim.hireback.tables import vendors

        tables["should"] = vendors(found, told)
    if changed is not None:
        tables["steps"] = changed.table
    if bundled is not None:
        tables["bundle"] = bundled.steps
    return tables


def _as_json(
    found: AsIs, tables: dict[str, pd.DataFrame], unit: str | None, told: Sequence[Should], bundled: Bundle | None
) -> dict[str, Any]:
    """Return what JSON shows: of one unit its part of the tables, of all of them everything."""
    from sim.hireback import words
    from sim.hireback.vendor import two_by_two

    mine = {"departments": "supplier", "clients": "supplier", "levels": "unit", "gaps": "unit", "processes": "unit",
            "leaders": "unit", "should": "unit"}  # fmt: skip
    whole = ("steps", "bundle")
    shown = {
        name: table if unit is None or name in whole else table[table[mine[name]] == unit]
        for name, table in tables.items()
        if unit is None or name in mine or name in whole
    }
    content: dict[str, Any] = {"market": found.market.as_dict()}
    if unit is not None:
        verdict = found.of_unit(unit)
        content |= {
            "department": unit, "answer": verdict.answer, "share": estimate_as_dict(verdict.share),
            "certainty": verdict.certainty, "in_words": words.would(found, unit),
        }  # fmt: skip
        for one in told:
            if one.unit == unit:
                content["vendor"] = one.as_dict()
                if verdict.answer:
                    content["would_and_should"] = two_by_two(verdict.answer, one)
    if bundled is not None:
        content["to_be_sure"] = {"state": bundled.state, "cost": bundled.cost, "sureness": bundled.sureness,
                                 "share": estimate_as_dict(bundled.share), "in_words": bundled.text()}  # fmt: skip
    return content | {name: table.to_dict(orient="records") for name, table in shown.items()}
