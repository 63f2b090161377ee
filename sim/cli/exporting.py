"""The command that writes a simulated organisation's requests as a ticket log."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from sim.cli.app import app
from sim.cli.options import AsJson, Organisation, Overwrite, Quiet, Seed, Without, load
from sim.console import announce, but_for, compiling, print_json, progress, warn_of_overload


@app.command(
    "simulate-tickets",
    rich_help_panel="A client's data",
    epilog="Examples: service-culture simulate-tickets retailer --days 120 --seed 1 --out log.csv · "
    "service-culture simulate-tickets my-firm.toml --days 60 --out log.xes.gz · "
    "service-culture from-tickets log.csv --out again.toml",
)
def simulate_tickets(
    organisation: Organisation,
    out: Annotated[Path, typer.Option(help="File to write: .csv or .xes, or either with .gz.")],
    days: Annotated[int, typer.Option(help="Working days that the log covers.", min=1, max=100_000)] = 120,
    seed: Seed = 1,
    warm_up: Annotated[
        int,
        typer.Option(help="Working days before the log begins, so that the house is not empty.", min=0, max=100_000),
    ] = 50,
    per_ticket: Annotated[
        bool, typer.Option("--per-ticket", help="One row a ticket instead of one an event (CSV only).")
    ] = False,
    without: Without = None,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Simulate an organisation and write its requests as a ticket log, as a service desk would export them.

    Requests between departments are tickets with a parent. `service-culture from-tickets` reads the log again, which shows
    how much of an organisation a ticket log tells (docs/round_trip.md).
    """
    from sim import mechanisms
    from sim.eventlog import export

    silent = quiet or as_json
    off = mechanisms.switchable(without or [])
    export.check_target(out, per_ticket=per_ticket, overwrite=overwrite)
    chain = load(organisation, off)
    announce(chain, f"a log of {days} days, seed {seed}{but_for(off)}", silent)
    with compiling(silent):
        from sim.eventlog import witness
    if not silent and not witness.is_warm():
        print("Compiling the rules with a witness; once, about a minute …", file=sys.stderr, flush=True)
    warn_of_overload(chain)
    with progress("writing tickets", days, silent) as tick:
        done = export.simulate_tickets(
            chain, out, days=days, seed=seed, warm_up=warm_up, per_ticket=per_ticket, overwrite=overwrite, progress=tick
        )
    if as_json:
        print_json(
            {"out": str(out), "tickets": done.tickets, "rows": done.events, "open": done.still_open, "without": off}
        )
    elif not quiet:
        print(f"{done.tickets:,} tickets in {done.events:,} rows, {done.still_open:,} of them still open, are in {out}")
        print(f"Next: service-culture from-tickets {out} --out again.toml")
