"""The command that ranks everything that can be done: where should the next euro go?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sim.cli.app import app
from sim.cli.options import (
    AsJson,
    Format,
    Organisation,
    Overwrite,
    Quiet,
    Seed,
    Without,
    Workers,
    folder_for,
    load,
    own_prices,
)
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

if TYPE_CHECKING:
    import pandas as pd

    from sim.weakest_link import WeakestLink

SHOWN = 12
"""Rows of each table on the screen; the files hold all."""


@app.command(
    "weakest-link",
    rich_help_panel="Ask",
    epilog="Examples: service-culture weakest-link my-firm.toml · "
    "service-culture weakest-link --where IT --price tools=2500 retailer · "
    "service-culture weakest-link --lever training --lever tools --runs 60 my-firm.toml",
)
def weakest_link(
    organisation: Organisation = "energy_distributor",
    where: Annotated[
        str | None,
        typer.Option(help="Only there: a unit with the links by which it serves, a segment, SUPPLIER:CLIENT."),
    ] = None,
    lever: Annotated[list[str] | None, typer.Option(help="Only this lever. May be repeated.")] = None,
    price: Annotated[
        list[str] | None,
        typer.Option(
            help="What a step costs a year, LEVER=PRICE, counted as --prices says: mostly for each person. May be repeated."
        ),
    ] = None,
    prices: Annotated[
        bool, typer.Option("--prices", help="List every action with its step and price, and stop.")
    ] = False,
    step: Annotated[float, typer.Option(help="Factor on every step.")] = 1.0,
    pairs: Annotated[int, typer.Option(help="Least number of pairs of runs that look at all actions.", min=2)] = 200,
    confirm: Annotated[
        int,
        typer.Option(help="How many of the best, by each of the two rankings, are run alone on fresh seeds.", min=0),
    ] = 8,
    runs: Annotated[int, typer.Option(help="Paired runs (fresh seeds) for each of these.", min=2, max=100_000)] = 30,
    days: Annotated[int, typer.Option(help="Working days after the step.", min=4, max=100_000)] = 250,
    warm_up: Annotated[int, typer.Option(help="Working days before the step.", min=0, max=100_000)] = 250,
    seed: Seed = 1,
    workers: Workers = None,
    without: Without = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for tables, pictures and the manifest [default: results/weakest-link, replaced]"),
    ] = None,
    table_format: Format = "csv",
    overwrite: Overwrite = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Rank everything that can be done, everywhere, by what it does for customers and profit per unit of cost."""
    from sim import actions, mechanisms, results

    if prices:
        _print_prices(as_json)
        return
    results.check_format(table_format)
    out, overwrite = folder_for("weakest-link", out, overwrite)
    off = mechanisms.switchable(without or [])
    only = [actions.action(name, place="--lever").lever for name in lever or []]
    mechanisms.check_pulled(only, off, place="--lever")
    own = own_prices(price or [])
    chain = load(organisation, off)
    found = actions.candidates(chain, only=only, where=where, off=off, step=step)
    with compiling(quiet or as_json):
        from sim import weakest_link as weakest
        from sim.model import ServiceModel

        total = weakest.most_runs(found, pairs, confirm, runs)
        announce(
            chain, f"{len(found)} candidates, at most {total:,} runs of {days} days{but_for(off)}", quiet or as_json
        )
        ServiceModel(chain, seed=seed).run(1)
    warn_of_overload(chain)
    with progress("looking for the weakest link", total, quiet or as_json) as tick:
        answer = weakest.weakest_link(
            chain, only=only, where=where, off=off, prices=own, pairs=pairs, confirm=confirm, runs=runs, seed=seed,
            warm_up=warm_up, days=days, step=step, workers=workers, progress=tick,
        )  # fmt: skip
    with results.folder(out, overwrite=overwrite) as draft:
        from sim import plots

        for name, table in answer.tables.items():
            results.write_table(draft / name, table, table_format)
        plots.weakest_chain(answer).savefig(draft / "chain.png")
        if len(answer.confirmed):
            plots.forest(answer).savefig(draft / "actions.png")
        manifest = results.manifest(
            "weakest-link", chain, answer.tables, organisation=organisation, where=where, lever=only, prices=own, step=step,
            pairs=pairs, confirm=confirm, runs=runs, days=days, warm_up=warm_up, seed=seed, without=off,
            design=answer.design, seeds=answer.seeds, bend=estimate_as_dict(answer.bend),
        )  # fmt: skip
        results.write_manifest(draft, manifest)
    if as_json:
        print_json({
            "out": str(out),
            "sha256": manifest["results"]["sha256"],
            "design": answer.design,
            "seeds": answer.seeds,
            "bend": estimate_as_dict(answer.bend),
            **{name: answer.tables[name].to_dict(orient="records") for name in ("actions", "places", "levers")},
        })  # fmt: skip
    elif not quiet:
        _print(answer, but_for(off))
        print(f"Tables (all {len(found)} candidates in screening), pictures (chain, actions) and manifest are in {out}")


def _print_prices(as_json: bool) -> None:
    """List every action: its step, where it can be done, what it costs and on whose word."""
    from sim import levers
    from sim.actions import ACTIONS

    if as_json:
        print_json([
            {"lever": one.lever, "step": one.step, "relative": one.relative, "where": one.where, "what": one.what,
             "price": one.price, "per": None if one.booked else one.per, "booked": one.booked, "source": one.source}
            for one in ACTIONS
        ])  # fmt: skip
        return
    rows = [
        (one.lever.replace("_", "-"), f"{100 * one.step:+.0f} %" if one.relative else f"{one.step:+g}", one.where, one.what,
         "booked by the model" if one.booked
         else f"{100 * (one.price or 0):g} % of wages" if one.per == "wages" else f"{one.price:,g} per {one.per}",
         levers.BY_NAME[one.lever].unit)
        for one in ACTIONS
    ]  # fmt: skip
    print_table(
        "What a firm can do",
        ("lever", "step", "where", "what it means", "cost a year", "unit of the lever"),
        rows,
        "Every price is a guess without a source, in the organisation's currency; --price LEVER=PRICE replaces it.",
    )


def _print(answer: WeakestLink, note: str) -> None:
    """Print what to do first, by satisfaction and by profit, and the weakest places."""
    from sim.weakest_link import MONEY, ranked

    currency = answer.chain.setting("currency")
    name = answer.chain.setting("name")
    if len(answer.confirmed):
        footer = (
            f"n = {answer.seeds['confirmation']} paired runs, each step alone, on seeds that the choice did not see; mean "
            f"[95 % interval]; satisfaction: last {answer.window} of {answer.days} days after the step, profit: all of them."
        )
        print_table(
            f"{name}{note}: where the next {currency} does most for customers",
            ("at", "step", f"cost, {currency}\na year", "external satisfaction\npoints",
             f"points per\n{MONEY:,} a year", "at most worth\na year"),
            [
                (row["place"], _step(row), _cost(row), _cell(row, "satisfaction", 3), _cell(row, "points_per_money", 2),
                 _cell(row, "worth", 0))
                for row in _top(ranked(answer.confirmed), "points_per_money")
            ],
            footer,
        )  # fmt: skip
        print_table(
            f"{name}{note}: where it leaves most profit",
            ("at", "step", f"cost, {currency}\na year", "net profit\na year", f"profit per\n{currency} spent"),
            [
                (row["place"], _step(row), _cost(row), _cell(row, "net_profit", 0), _cell(row, "profit_per_cost", 2))
                for row in _top(ranked(answer.confirmed, "net_profit"), "net_profit")
            ],
            footer,
        )  # fmt: skip
    print_table(
        f"{name}{note}: the weakest places, by a step of everything that can be done there",
        ("place", "actions", f"cost, {currency}\na year", "external satisfaction\npoints", f"points per\n{MONEY:,} a year",
         "net profit\na year"),
        [
            (row["place"], str(row["actions"]), f"{row['cost']:,.0f}", _cell(row, "satisfaction", 2),
             _cell(row, "points_per_money", 2), _cell(row, "net_profit", 0))
            for row in answer.places.head(SHOWN).to_dict(orient="records")
        ],
        f"n = {answer.seeds['places']} paired runs for each place, alone." if answer.seeds["places"]
        else f"n = {answer.seeds['screening']} pairs of runs in which everything moves at once; sums of straight lines.",
    )  # fmt: skip
    print(
        "* The price is a guess: --prices lists them, --price LEVER=PRICE replaces one. ** Books and prices added up. "
        "'At most worth': at a higher price the step loses money."
    )


def _top(table: pd.DataFrame, figure: str) -> list[dict[Any, Any]]:
    """Return the rows to show: those with an effect that can be told from none, or the first few where there are none."""
    told = table[table[f"{figure}_low"] > 0]
    return (told if len(told) else table.head(3)).head(SHOWN).to_dict(orient="records")


def _step(row: dict[Any, Any]) -> str:
    return f"{row['lever'].replace('_', ' ')} {row['before']:.4g} → {row['after']:.4g}"


def _cost(row: dict[Any, Any]) -> str:
    from sim.weakest_link import MARKS

    return f"{row['cost']:,.0f}{MARKS.get(row['cost_from'], '')}"


def _cell(row: dict[Any, Any], name: str, digits: int) -> str:
    mean, low, high = row[name], row[f"{name}_low"], row[f"{name}_high"]
    return "–" if mean != mean else f"{mean:,.{digits}f}\n[{low:,.{digits}f}, {high:,.{digits}f}]"
