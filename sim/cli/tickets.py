"""The command that derives an organisation from a ticket export."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from sim.cli.app import app
from sim.cli.options import AsJson, Overwrite, Quiet, Seed, Without
from sim.console import compiling, print_json
from sim.errors import InputError


@app.command(
    "from-tickets",
    rich_help_panel="A client's data",
    epilog="Examples: service-culture from-tickets incidents.csv --out firm.toml · "
    "service-culture from-tickets export.csv --column team=Resolver --column opened='Logged at' --out firm.toml · "
    "service-culture from-tickets incidents.csv --hold-out 0.3",
)
def from_tickets(
    file: Annotated[Path, typer.Argument(help="A ticket export: CSV or XES, also compressed.")],
    out: Annotated[Path | None, typer.Option(help="Organisation file to write; without it nothing is written.")] = None,
    column: Annotated[
        list[str] | None,
        typer.Option(help="What a column is, where the guess is wrong: ROLE=COLUMN, or ROLE=none. May be repeated."),
    ] = None,
    name: Annotated[str | None, typer.Option(help="Name of the organisation [default: the file's]")] = None,
    customers: Annotated[int | None, typer.Option(help="People who may ask, where known.", min=1)] = None,
    smallest_group: Annotated[int, typer.Option(help="Smaller teams are put together.", min=1)] = 5,
    runs: Annotated[int, typer.Option(help="Simulation runs beside the log; 0 for none.", min=0)] = 10,
    seed: Seed = 1,
    separator: Annotated[str | None, typer.Option(help="Separator of a CSV [default: guessed]")] = None,
    encoding: Annotated[str | None, typer.Option(help="Encoding [default: guessed]")] = None,
    date_order: Annotated[
        str | None, typer.Option(help="Order of day and month: dmy or mdy [default: guessed]")
    ] = None,
    adjust: Annotated[bool, typer.Option(help="Scale rests and handing on to the log's own figures.")] = True,
    hold_out: Annotated[
        float | None,
        typer.Option(help="Fit on the first tickets too, and check on this share of the last, such as 0.3."),
    ] = None,
    without: Without = None,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Derive an organisation from a ticket export, and show the log beside its simulation.

    With --hold-out, a second fit on the first tickets only is checked on the last ones; the file is derived from all.

    With --without, the simulation beside the log is one without these mechanisms; the file stays as derived.
    """
    from sim import eventlog, mechanisms

    silent = quiet or as_json
    off = mechanisms.switchable(without or [])
    if off and runs == 0:
        raise InputError(
            "there is no simulation to switch anything off in",
            place="--without",
            value=", ".join(off),
            allowed="at least one run beside the log (--runs)",
            hint="the file is written as derived; `service-culture run FILE --without …` runs it without a mechanism",
        )
    if hold_out is not None and not 0 < hold_out < 1:
        raise InputError(
            "this is no share", place="--hold-out", value=hold_out, allowed="above 0 and below 1, such as 0.3"
        )
    if hold_out is not None and runs == 0:
        raise InputError(
            "there is no simulation to check with",
            place="--hold-out",
            value=hold_out,
            allowed="at least one run (--runs)",
        )
    overrides = {}
    for text in column or []:
        role, equals, value = text.partition("=")
        if not equals:
            raise InputError("this names no role", place="--column", value=text, allowed="ROLE=COLUMN, or ROLE=none")
        overrides[role.strip()] = value.strip()
    with compiling(silent):
        report = eventlog.from_tickets(
            file, out, overrides, name=name, customers=customers, smallest_group=smallest_group, adjust=adjust,
            seeds=tuple(range(seed, seed + runs)), separator=separator, encoding=encoding, date_order=date_order,
            without=off, hold_out=hold_out, overwrite=overwrite,
            progress=None if silent else lambda line: print(f"{line} …", file=sys.stderr),
        )  # fmt: skip
    if as_json:
        table = [] if report.table is None else report.table.reset_index().to_dict(orient="records")
        held = {} if report.held_out is None else {"held_out": report.held_out.reset_index().to_dict(orient="records")}
        print_json({"out": str(out) if out else None, "without": off, "table": table, **held, "lines": report.lines})
    elif not quiet:
        print("\n".join(report.lines))
        if out:
            print(f"Next: service-culture show {out}, then service-culture run {out}")
