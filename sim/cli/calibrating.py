"""The command that fits levers of an organisation to a client's figures."""

from __future__ import annotations

import os
from collections.abc import Iterator
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
    check_organisation_file,
    folder_for,
    load,
)  # fmt: skip
from sim.console import announce, but_for, compiling, print_json, print_table, progress
from sim.errors import InputError

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from experiments.calibration.fit import Calibration
    from experiments.calibration.gather import Gathered
    from experiments.calibration.screening import Screening
    from experiments.calibration.targets import Targets
    from sim.chain import ServiceChain

LONGEST, SHORTEST = 250, 5
"""Working days of a log that are simulated at most and at least."""


@app.command(
    rich_help_panel="A client's data",
    epilog="Examples: service-culture calibrate firm.toml --tickets tickets.csv --survey staff.csv --customers customers.csv "
    "--out calibrated.toml · service-culture calibrate firm.toml --target retention=88 --target quits_per_year=14±3 "
    "--fit churn --fit quit-rate=0.05..0.4,log · service-culture calibrate firm.toml --tickets tickets.csv --hold-out 0.3",
)
def calibrate(
    organisation: Organisation,
    tickets: Annotated[
        Path | None, typer.Option(help="Ticket export (CSV, XES): resolution times, reassignment.")
    ] = None,
    survey: Annotated[
        Path | None, typer.Option(help="Staff survey (CSV or .xlsx): who rates which department.")
    ] = None,
    customers: Annotated[Path | None, typer.Option(help="Customer scores (CSV or .xlsx): CSAT and/or NPS.")] = None,
    target: Annotated[
        list[str] | None,
        typer.Option(help="A figure typed by hand: NAME=VALUE, NAME@PART=VALUE, NAME=VALUE±SE. May be repeated."),
    ] = None,
    fit: Annotated[
        list[str] | None,
        typer.Option(
            help="What is fitted: LEVER[@WHERE][=LOW..HIGH][,log]. May be repeated [default: levers that these figures can "
            "tell something about]"
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Organisation file to write with the fitted levers (.toml, .xlsx, …).")
    ] = None,
    results_in: Annotated[
        Path | None,
        typer.Option(
            "--results", help="Folder for tables, pictures and the manifest [default: results/calibrate, replaced]"
        ),
    ] = None,
    runs: Annotated[int, typer.Option(help="Simulated firms; more follow bends of the model better.", min=60)] = 800,
    days: Annotated[
        int | None,
        typer.Option(
            help="Working days that the figures cover [default: those of the tickets, up to 250; else 125]", min=1
        ),
    ] = None,
    warm_up: Annotated[int, typer.Option(help="Working days before that.", min=0)] = 125,
    hold_out: Annotated[
        float, typer.Option(help="Share of the tickets, the last ones, that the fit does not see and is checked with.")
    ] = 0.0,
    column: Annotated[
        list[str] | None,
        typer.Option(help="What a survey's column is, as in from-survey: ROLE=COLUMN. May be repeated."),
    ] = None,
    ticket_column: Annotated[
        list[str] | None,
        typer.Option(help="What a ticket column is, as in from-tickets: ROLE=COLUMN. May be repeated."),
    ] = None,
    scale: Annotated[
        str | None, typer.Option(help="Scale of the staff survey, worst to best [default: guessed]")
    ] = None,
    customer_scale: Annotated[str | None, typer.Option(help="Scale of the CSAT answers [default: guessed]")] = None,
    missing: Annotated[
        list[str] | None, typer.Option(help="A further mark that means no answer. May be repeated.")
    ] = None,
    ignore_unknown: Annotated[
        bool, typer.Option("--ignore-unknown", help="Leave survey rows out whose names are not in the organisation.")
    ] = False,
    smallest_group: Annotated[int, typer.Option(help="Groups with fewer people are never used; 5 or more.")] = 5,
    without: Without = None,
    workers: Workers = None,
    seed: Seed = 1,
    table_format: Format = "csv",
    overwrite: Overwrite = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Fit levers to a client's figures: what they must be, how sure that is, what trades off, what the data cannot tell.

    The fitted organisation can be used by every other command. It takes only what the data tell something of.
    """
    from sim import results

    silent = quiet or as_json
    if not (tickets or survey or customers or target):
        raise InputError("there is nothing to fit to", place="--tickets, --survey, --customers, --target",
                         allowed="at least one of them", hint="for example --target retention=88")  # fmt: skip
    if not 0 <= hold_out <= 0.8 or (hold_out and tickets is None):
        raise InputError("this share cannot be held out", place="--hold-out", value=hold_out,
                         allowed="0 to 0.8, of the tickets that --tickets names")  # fmt: skip
    results.check_format(table_format)
    check_organisation_file(out, overwrite)
    folder, replace = folder_for("calibrate", results_in, overwrite)
    from experiments.analysis import frames

    frames.library("sklearn.covariance")  # says what to install, before the long work rather than in the middle of it
    chain = load(organisation, without or [])
    announce(chain, "reading what the client has" + but_for(without or []), silent)
    from experiments.calibration import answer, screening
    from experiments.calibration.fit import CHECKS
    from experiments.calibration.fit import calibrate as calibrate_
    from experiments.calibration.parameters import check_apart, parameter

    parameters = [parameter(chain, text) for text in fit or []]
    check_apart(parameters)
    reading = _reading(column, scale, customer_scale, missing, ignore_unknown)
    found, rest, period, tail = _gathered(
        chain, tickets, survey, customers, target or [], reading, smallest_group, ticket_column or [], hold_out, days
    )
    common: dict[str, Any] = {"seed": seed, "warm_up": warm_up, "days": period, "tail": tail, "workers": workers}
    screened: Screening | None = None
    with compiling(silent):
        from sim.model import ServiceModel

        ServiceModel(chain, seed=seed, journal=True).run(1).close()
    if not parameters:
        with progress("looking which levers these figures can tell of", None, silent) as tick:
            screened = screening.screen(chain, found.targets, progress=tick, **common)
        parameters = list(screened.chosen)
        if not silent:
            import sys

            print(f"Fitting {', '.join(one.name for one in parameters)}: what these figures can tell most of "
                  "(--fit chooses others) …", file=sys.stderr)  # fmt: skip
    with progress("simulating firms", runs + CHECKS, silent) as tick:
        fitted = calibrate_(chain, found.targets, parameters, runs=runs, progress=tick, **common)

    tables = answer.tables(fitted)
    if screened is not None:
        tables["screening"] = screened.table
    if rest is not None:
        tables["held_out"] = answer.held_out_table(fitted, rest)
    made = answer.calibrated(fitted)
    lines = [*found.notes, *answer.notes(fitted), *_held_notes(tables)]
    _write(
        folder, replace, table_format, chain, made, tables, fitted, organisation=organisation, tickets=tickets, survey=survey,
        customers=customers, target=target or [], fit=[one.name for one in parameters], runs=runs, hold_out=hold_out,
        without=without or [], smallest_group=smallest_group, seed=seed, warm_up=warm_up, days=period,
    )  # fmt: skip
    if out is not None:
        from sim import organisation as organisations_

        results.write_bytes(out, organisations_.as_bytes(made, out), overwrite=overwrite)
    if as_json:
        shown = {
            name: table.to_dict(orient="records") for name, table in tables.items() if name not in ("posterior", "runs")
        }
        print_json({"out": str(out) if out else None, "results": str(folder), "notes": lines, **shown})
    elif not quiet:
        _print(tables, lines)
        print(f"Tables, pictures and the organisation with the fitted levers are in {folder}")
        if out:
            print(f"Wrote {out}. Next: service-culture show {out} --sources, then service-culture weakest-link {out}")


def _reading(
    column: list[str] | None, scale: str | None, customer_scale: str | None, missing: list[str] | None, ignore_unknown: bool
) -> Any:  # fmt: skip
    from sim import client

    return client.Reading(
        client.overrides_of(column or []), client.parse_scale(scale, "--scale") if scale else None,
        client.parse_scale(customer_scale, "--customer-scale") if customer_scale else None, tuple(missing or ()),
        ignore_unknown,
    )  # fmt: skip


def _gathered(
    chain: ServiceChain, tickets: Path | None, survey: Path | None, customers: Path | None, target: list[str], reading: Any,
    smallest: int, ticket_column: list[str], hold_out: float, days: int | None,
) -> tuple[Gathered, Targets | None, int, int]:  # fmt: skip
    """Return what the client's files say, what of the tickets is held out, and the days to simulate, with their tail."""
    from experiments.calibration import gather
    from experiments.calibration.runs import DAYS, TAIL
    from experiments.calibration.targets import NONE, typed
    from sim.client.groups import check_smallest
    from sim.eventlog import held

    check_smallest(smallest)
    by_hand = typed(chain, target)
    found, rest, period, tail = gather.Gathered(NONE), None, days or DAYS, TAIL
    for path in (tickets, survey, customers):
        if path is not None and not os.path.isfile(path):
            raise InputError("this file is not there", source=str(path), allowed="a file that can be read")
    if survey is not None:
        _add(found, gather.of_staff(survey, chain, reading, smallest))
    if customers is not None:
        _add(found, gather.of_customers(customers, chain, reading, smallest))
    if tickets is not None:
        log = _log(tickets, ticket_column)
        later = None
        if hold_out:
            log, later = held.split(log, 1 - hold_out)
        period = days or int(min(max(round(log.window_days), SHORTEST), LONGEST))
        tail = gather.tail(log)
        _add(found, gather.of_tickets(log, chain, period))
        rest = None if later is None else gather.of_tickets(later, chain, period).targets
    found.targets = found.targets.joined(by_hand)
    return found, rest, period, tail


def _add(found: Gathered, more: Gathered) -> None:
    found.targets = found.targets.joined(more.targets)
    found.notes += more.notes


def _log(path: Path, columns: list[str]) -> Any:
    from sim import eventlog

    said = {}
    for text in columns:
        role, equals, name = text.partition("=")
        if not equals:
            raise InputError(
                "this names no role", place="--ticket-column", value=text, allowed="ROLE=COLUMN, or ROLE=none"
            )
        said[role.strip()] = name.strip()
    return eventlog.read_log(path, columns=eventlog.guess_columns(path, said))


def _write(
    folder: Path, overwrite: bool, table_format: str, chain: ServiceChain, made: ServiceChain,
    tables: dict[str, pd.DataFrame], fitted: Calibration, **inputs: Any,
) -> None:  # fmt: skip
    from sim import organisation, results

    with results.folder(folder, overwrite=overwrite) as draft:
        for name, table in tables.items():
            results.write_table(draft / name, table, table_format)
        (draft / "calibrated.toml").write_text(organisation.dump(made), encoding="utf-8")
        for name, figure in _pictures(fitted):
            figure.savefig(draft / f"{name}.png", dpi=150)
        results.write_manifest(draft, results.manifest("calibrate", chain, tables, **inputs))


def _pictures(fitted: Calibration) -> Iterator[tuple[str, Figure]]:
    from experiments.calibration import plots

    yield "parameters", plots.marginals(fitted)
    if len(fitted.parameters) > 1:
        yield "tradeoffs", plots.pairs(fitted)
    yield "fit", plots.fit(fitted)


def _held_notes(tables: dict[str, pd.DataFrame]) -> list[str]:
    if "held_out" not in tables:
        return []
    table = tables["held_out"]
    within = int(table["inside"].sum()) if len(table) else 0
    return [
        f"Tickets that the fit did not see: {within} of {len(table)} figures lie within the 95 % interval of the fitted firm."
    ]


def _print(tables: dict[str, pd.DataFrame], lines: list[str]) -> None:
    rows: list[tuple[str, ...]] = [
        (row["parameter"], row["prior"], _number(row["before"]), _number(row["median"]),
         f"{_number(row['low'])} to {_number(row['high'])}", f"{100 * row['spread_left']:.0f} %", row["verdict"])
        for row in tables["parameters"].to_dict(orient="records")
    ]  # fmt: skip
    print_table(
        "What the data say of each parameter",
        ("parameter", "prior", "before", "median", "95 % interval", "spread left", "the data"), rows,
        "Spread left: posterior over prior standard deviation; 100 % is nothing learnt. n = 2,000 draws.",
    )  # fmt: skip
    rows = [
        (row["label"], row["source"], _number(row["client"]) + (f" ± {1.96 * row['error']:.2g}" if row["error"] else ""),
         f"{_number(row['model'])} [{_number(row['low'])}, {_number(row['high'])}]", "yes" if row["inside"] else "NO")
        for row in tables["fit"].to_dict(orient="records")
    ]  # fmt: skip
    print_table(
        "How the fitted firm fits", ("figure", "from", "client (95 %)", "fitted firm [95 %]", "inside"), rows,
        "Fitted firm: what a client like this might have seen, from fresh runs at draws of the posterior.",
    )  # fmt: skip
    if "held_out" in tables and len(tables["held_out"]):
        rows = [
            (row["label"], _number(row["fitted"]), f"{_number(row['held_out'])} ± {1.96 * row['error']:.2g}",
             f"{_number(row['model'])} [{_number(row['low'])}, {_number(row['high'])}]", "yes" if row["inside"] else "NO")
            for row in tables["held_out"].to_dict(orient="records")
        ]  # fmt: skip
        print_table("Tickets that the fit did not see",
                    ("figure", "fitted on", "held out (95 %)", "fitted firm [95 %]", "inside"), rows, "")  # fmt: skip
    for line in lines:
        print(f"· {line}")


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
