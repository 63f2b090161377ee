"""The command line. Imports wait until a command needs them, so that ``--help`` answers at once."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from sim.console import (
    announce,
    but_for,
    compiling,
    estimate_as_dict,
    print_json,
    print_mechanism,
    print_table,
    print_variation,
    progress,
    state_of,
    warn_of_overload,
)
from sim.errors import InputError, ServiceCultureError

if TYPE_CHECKING:
    from sim.chain import ServiceChain

app = typer.Typer(
    name="service-culture",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="""Does the way we treat each other inside decide how customers see us, and what should we change first?

A model of departments, contractors and customers on a service chain. Begin with

    service-culture vary internal-service

which raises and lowers the service that departments give each other in a bundled organisation and shows what its customers
notice; then describe your own with `service-culture new`, or derive it from a ticket export with
`service-culture from-tickets`.""",
)

Organisation = Annotated[
    str, typer.Argument(help="An organisation file (.toml, .json, .graphml) or the name of a bundled organisation.")
]
Seed = Annotated[int, typer.Option(help="Seed of the (first) run.", min=0)]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress and no table; only errors.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON on standard output, and nothing else.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace results of an earlier run.")]
Format = Annotated[str, typer.Option("--format", help="Format of the tables: csv or parquet.")]
Without = Annotated[
    list[str] | None,
    typer.Option(
        help="Switch a mechanism off: an id of `service-culture mechanisms`, or several with commas. May be repeated."
    ),
]
Set = Annotated[
    list[str] | None,
    typer.Option("--set", help="Pull a lever: lever=value[@where][,start=DAY][,ramp=DAYS][,end=DAY]. May be repeated."),
]


STOPPED = 130
"""Exit code of a run that was stopped by Ctrl-C, as shells have it."""


def main() -> NoReturn:
    """Run the command line; a mistake in what the user gave ends with exit code 2 and no traceback."""
    try:
        code = app(standalone_mode=False)  # Typer turns Ctrl-C into exit code 130, and returns it
    except typer.Exit as leave:
        code = leave.exit_code
    except (typer.Abort, KeyboardInterrupt):
        code = STOPPED
    except ServiceCultureError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
    except Exception as error:
        if hasattr(error, "show") and hasattr(error, "exit_code"):  # what click says of wrong options
            error.show()
            sys.exit(2)
        raise
    if code == STOPPED:
        print("stopped; nothing was written", file=sys.stderr)
    sys.exit(code if isinstance(code, int) else 0)


# --- running -------------------------------------------------------------------------------------------------------------


@app.command(epilog="Example: service-culture run software_firm --days 500 --seed 1 --out results/first")
def run(
    organisation: Organisation = "energy_distributor",
    days: Annotated[int, typer.Option(help="Working days to run; 250 are a year.", min=1, max=100_000)] = 500,
    seed: Seed = 1,
    out: Annotated[
        Path | None, typer.Option(help="Folder for tables, pictures and the manifest [default: results/run, replaced]")
    ] = None,
    pull: Set = None,
    without: Without = None,
    table_format: Format = "csv",
    overwrite: Overwrite = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Run an organisation once; write tidy tables, pictures and a manifest."""
    from sim import mechanisms, results

    results.check_format(table_format)
    out, overwrite = _folder_for("run", out, overwrite)
    off = mechanisms.switchable(without or [])
    chain = load(organisation, off)
    announce(chain, f"running {days} days, seed {seed}{but_for(off)}", quiet or as_json)
    with compiling(quiet or as_json):
        from sim import interventions, measures
        from sim.model import ServiceModel

        pulled = [interventions.parse(text) for text in pull or []]
        mechanisms.check_pulled([one.lever for one in pulled], off, place="--set")
        model = ServiceModel(chain, seed=seed, interventions=pulled)
    warn_of_overload(chain)
    with progress("running", days, quiet or as_json) as tick:
        for day in range(days):
            model.run(1)
            if day % 10 == 9 or day == days - 1:
                tick(day + 1)
    tables = {name: table(model) for name, table in measures.TABLES.items()}
    figures = measures.summary(model, start=days - max(1, days // 4))
    with results.folder(out, overwrite=overwrite) as draft:
        from sim import plots

        for name, table in tables.items():
            results.write_table(draft / name, table, table_format)
        plots.chain_picture(model).savefig(draft / "chain.png")
        plots.over_time(model).savefig(draft / "over_time.png")
        manifest = results.manifest(
            "run", chain, tables, organisation=organisation, days=days, seed=seed, set=pull or [], without=off,
            format=table_format,
        )  # fmt: skip
        results.write_manifest(draft, manifest)
    if as_json:
        print_json({"out": str(out), "sha256": manifest["results"]["sha256"], "figures": figures})
    elif not quiet:
        rows = [
            (m.label, f"{figures[m.name]:,.0f}" if abs(figures[m.name]) >= 1000 else f"{figures[m.name]:.1f}", m.unit)
            for m in measures.MEASURES
        ]
        print_table(
            f"{chain.setting('name')}{but_for(off)}: mean of the last {max(1, days // 4)} of {days} days",
            ("measure", "value", "unit"),
            rows,
            "One run; `service-culture vary` and several seeds show the spread.",
        )
        print(f"Tables, pictures and manifest are in {out}")


@app.command(
    epilog="Examples: service-culture vary internal-service --from 0.2 --to 0.9 --steps 8 --runs 20 · "
    "service-culture vary internal-service --department 'Human Resources' retailer · "
    "service-culture vary training --from 0 --to 0.1 --link IT:Sales my-firm.toml"
)
def vary(
    lever: Annotated[
        str, typer.Argument(help="What to vary; `service-culture levers` lists all.")
    ] = "internal-service",
    organisation: Organisation = "energy_distributor",
    low: Annotated[float | None, typer.Option("--from", help="First value [default: 0.2 for internal-service]")] = None,
    high: Annotated[float | None, typer.Option("--to", help="Last value [default: 0.9 for internal-service]")] = None,
    steps: Annotated[int, typer.Option(help="How many values, evenly spaced.", min=1, max=1000)] = 8,
    runs: Annotated[int, typer.Option(help="Paired runs (seeds) for each value.", min=1, max=100_000)] = 20,
    department: Annotated[str | None, typer.Option(help="Only in this department, contractor or segment.")] = None,
    link: Annotated[str | None, typer.Option(help="Only on this link, written SUPPLIER:CLIENT.")] = None,
    days: Annotated[int, typer.Option(help="Working days after the change.", min=4, max=100_000)] = 250,
    warm_up: Annotated[int, typer.Option(help="Working days before the change.", min=0, max=100_000)] = 250,
    seed: Seed = 1,
    workers: Annotated[int | None, typer.Option(help="Runs at the same time [default: one per core]", min=1)] = None,
    without: Without = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for table, picture and manifest [default: results/vary, replaced]")
    ] = None,
    table_format: Format = "csv",
    overwrite: Overwrite = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Vary a lever and measure what customers notice: satisfaction, NPS, retention, slope, elasticity and lag."""
    from sim import levers, mechanisms, results

    one = levers.lever(lever, place="lever")
    off = mechanisms.switchable(without or [])
    mechanisms.check_pulled([one.name], off, place="lever")
    results.check_format(table_format)
    out, overwrite = _folder_for("vary", out, overwrite)
    if department and link:
        raise InputError(
            "give a department or a link, not both", place="--department, --link", value=f"{department}, {link}"
        )
    chain = load(organisation, off)
    where = department or link
    low, high = _range(one, low, high)
    # Rounded, so that 0.5 between 0.2 and 0.9 is the 0.5 of the organisation and changes nothing, to the bit.
    values = [round(low + (high - low) * step / max(1, steps - 1), 12) for step in range(steps)]
    for value in (low, high):
        one.check(value, place="--from, --to")
    with compiling(quiet or as_json):
        from sim import vary as varying
        from sim.interventions import rows_of

        rows_of(chain, one.name, where)
        announce(chain, f"{steps} values × {runs} runs × {days} days{but_for(off)}", quiet or as_json)
        from sim.model import ServiceModel

        ServiceModel(chain, seed=seed).run(1)
    warn_of_overload(chain)
    with progress(f"varying {one.name.replace('_', ' ')}", runs * (steps + 1), quiet or as_json) as tick:
        variation = varying.vary(
            chain, one.name, values, where=where, runs=runs, seed=seed, warm_up=warm_up, days=days, workers=workers,
            progress=tick,
        )  # fmt: skip
    table = variation.table()
    answers = {
        "slope": variation.slope(),
        "elasticity": variation.elasticity(),
        "lag_experience": variation.lag("external_experience"),
        "lag_satisfaction": variation.lag("external_satisfaction"),
    }
    tables = {"table": table, "runs": variation.figures}
    with results.folder(out, overwrite=overwrite) as draft:
        from sim import plots

        for name, content in tables.items():
            results.write_table(draft / name, content, table_format)
        plots.dose_response(variation).savefig(draft / "dose_response.png")
        manifest = results.manifest(
            "vary", chain, tables, organisation=organisation, lever=one.name, values=values, where=where, runs=runs,
            seed=seed, warm_up=warm_up, days=days, without=off,
            answers={name: estimate_as_dict(value) for name, value in answers.items()},
        )  # fmt: skip
        results.write_manifest(draft, manifest)
    if as_json:
        print_json({
            "out": str(out),
            "sha256": manifest["results"]["sha256"],
            "table": table.to_dict(orient="records"),
            **{name: estimate_as_dict(value) for name, value in answers.items()},
        })  # fmt: skip
    elif not quiet:
        print_variation(variation, table, answers, but_for(off))
        print(f"Table, picture (dose_response.png) and manifest are in {out}")


def _folder_for(command: str, out: Path | None, overwrite: bool) -> tuple[Path, bool]:
    """Return where results go, before any long work: a folder named by the user is protected, the default is scratch."""
    from sim import results

    if out is None:
        out, overwrite = Path("results") / command, True
    results.check_free(out, overwrite=overwrite)
    return out, overwrite


def _range(one: Any, low: float | None, high: float | None) -> tuple[float, float]:
    """Return the range to vary over: what the user said, else a sensible part of the lever's own."""
    if one.name == "internal_service":
        usual = (0.2, 0.9)
    else:
        usual = (
            max(one.low, 0.5 * one.default),
            min(one.high, 1.5 * one.default if one.default else one.low + 0.5 * (one.high - one.low)),
        )
    return (usual[0] if low is None else low, usual[1] if high is None else high)


@app.command(
    "from-tickets",
    epilog="Examples: service-culture from-tickets incidents.csv --out firm.toml · "
    "service-culture from-tickets export.csv --column team=Resolver --column opened='Logged at' --out firm.toml",
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
    without: Without = None,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Derive an organisation from a ticket export, and show the log beside its simulation.

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
            without=off, overwrite=overwrite, progress=None if silent else lambda line: print(f"{line} …", file=sys.stderr),
        )  # fmt: skip
    if as_json:
        table = [] if report.table is None else report.table.reset_index().to_dict(orient="records")
        print_json({"out": str(out) if out else None, "without": off, "table": table, "lines": report.lines})
    elif not quiet:
        print("\n".join(report.lines))
        if out:
            print(f"Next: service-culture show {out}, then service-culture run {out}")


# --- describing ------------------------------------------------------------------------------------------------------------


@app.command()
def organisations(as_json: AsJson = False) -> None:
    """List the bundled organisations."""
    from sim import organisation

    found = {name: organisation.load(name) for name in organisation.bundled()}
    if as_json:
        print_json({name: dict(chain.graph) for name, chain in found.items()})
    else:
        rows = [
            (name, str(len(chain.units)), str(len(chain.links)), chain.setting("description"))
            for name, chain in found.items()
        ]
        print_table("Bundled organisations", ("name", "units", "links", "what it is"), rows, "")


@app.command(epilog="Example: service-culture show retailer")
def show(organisation: Organisation = "energy_distributor", without: Without = None, as_json: AsJson = False) -> None:
    """Check an organisation and show its units, their load, and who serves whom."""
    from sim import mechanisms

    off = mechanisms.switchable(without or [])
    chain = load(organisation, off)
    load_of, rates = chain.utilisation(), chain.case_rates()
    if as_json:
        print_json({"utilisation": load_of, "cases_per_day": rates, "without": off, "chain": chain.to_node_link()})
        return
    rows = [
        (name, chain.nodes[name]["kind"], str(chain.nodes[name].get("staff", 1)), f"{rates[name]:.1f}",
         f"{100 * load_of[name]:.0f} %", ", ".join(sorted(chain.successors(name))))
        for name in chain.units
    ]  # fmt: skip
    print_table(
        f"{chain.setting('name')}{but_for(off)}: {len(chain.units)} units, {len(chain.links)} links, "
        + ", ".join(f"{chain.nodes[s].get('customers', 0):,} {s}" for s in chain.segments),
        ("unit", "kind", "staff", "cases a day", "load", "serves"),
        rows,
        "Load: working time asked for, as a share of what the staff have; above 100 % the backlog grows.",
    )


@app.command()
def levers(
    home: Annotated[str | None, typer.Argument(help="Only of firm, unit, link or segment.")] = None,
    as_json: AsJson = False,
) -> None:
    """List every lever: unit, range, default, neutral value, mechanism, source."""
    from dataclasses import asdict

    from sim.levers import GUESS, LEVERS

    homes = ("firm", "unit", "link", "segment")
    if home is not None and home not in homes:
        from sim.errors import did_you_mean

        raise InputError(
            "no lever lives there", place="home", value=home, allowed=", ".join(homes), hint=did_you_mean(home, homes)
        )
    chosen = [one for one in LEVERS if home in (None, one.home)]
    if as_json:
        print_json([asdict(one) for one in chosen])
        return
    rows = [
        (one.name.replace("_", "-"), one.mechanism, one.home, f"{one.low:g} … {one.high:g}", f"{one.default:g}",
         "–" if one.neutral is None else f"{one.neutral:g}", f"{one.meaning} [{one.unit}]",
         "a guess" if one.source == GUESS else one.source)
        for one in chosen
    ]  # fmt: skip
    print_table("Levers", ("lever", "id", "of", "range", "default", "off", "meaning", "source"), rows, "")


@app.command(
    epilog="Examples: service-culture mechanisms my-firm.toml · service-culture mechanisms B2 · "
    "service-culture mechanisms B2 my-firm.toml"
)
def mechanisms(
    what: Annotated[
        str, typer.Argument(help="An organisation as elsewhere, or the id of one mechanism for its details.")
    ] = "energy_distributor",
    organisation: Annotated[str | None, typer.Argument(help="After an id: the organisation.")] = None,
    without: Without = None,
    as_json: AsJson = False,
) -> None:
    """List every mechanism: whether an organisation has it, its levers, and what the test of its claim measured."""
    from sim import mechanisms as table

    chosen = table.MECHANISMS
    if detail := organisation is not None or (len(what) == 2 and what[1].isdigit()):
        chosen = (table.find(what),)
        what = organisation or "energy_distributor"
    off = table.switchable(without or [])
    chain = load(what, off)
    found = [(one, table.is_on(chain, one.id) if table.switch(one.id) else None) for one in chosen]
    if as_json:
        print_json([table.as_dict(one, on) for one, on in found])
    elif detail:
        print_mechanism(*found[0], chain.setting("name"))
    else:
        rows = []
        for one, on in found:
            figures = table.measured(one.id)
            first = f"{figures[0].what}: {figures[0].text()}, n = {figures[0].runs}" if figures else "–"
            rows.append((
                one.id, one.name, state_of(one, on),
                ", ".join(lever.name.replace("_", "-") for lever in table.levers_of(one.id)),
                first + (f"; {len(figures) - 1} more" if len(figures) > 1 else ""),
            ))  # fmt: skip
        print_table(
            f"Mechanisms in {chain.setting('name')}{but_for(off)}",
            ("id", "mechanism", "here", "levers", "what the test of its claim measured [95 % interval]"),
            rows,
            "All figures of one: service-culture mechanisms ID. Without one: --without ID, on every command that runs.",
        )


@app.command()
def schema() -> None:
    """Print the JSON schema of the organisation file."""
    from sim import organisation

    print(json.dumps(organisation.schema(), indent=2))


@app.command(epilog="Example: service-culture new my-firm.toml")
def new(
    file: Annotated[Path, typer.Argument(help="The organisation file to write.")],
    like: Annotated[str, typer.Option(help="The bundled organisation to start from.")] = "energy_distributor",
    overwrite: Overwrite = False,
) -> None:
    """Write a commented organisation file to start from."""
    from sim import organisation, results

    results.write_text(file, organisation.bundled_text(like), overwrite=overwrite)
    print(f"{file} holds a copy of {like}. Edit it, then: service-culture show {file}")


@app.command(
    epilog="Examples: service-culture convert my-firm.toml my-firm.graphml · "
    "service-culture convert my-firm.toml without-rush.toml --without A5"
)
def convert(
    organisation: Organisation,
    file: Annotated[Path, typer.Argument(help="File to write; its ending says the format: .toml, .json, .graphml.")],
    without: Without = None,
    overwrite: Overwrite = False,
) -> None:
    """Convert an organisation between TOML, node-link JSON and GraphML; or write it without some mechanisms."""
    from sim import mechanisms, results
    from sim import organisation as organisations_

    off = mechanisms.switchable(without or [])
    results.write_text(file, organisations_.as_text(load(organisation, off), file), overwrite=overwrite)
    print(f"wrote {file}{but_for(off)}")


# --- helpers ---------------------------------------------------------------------------------------------------------------


def load(organisation: str, off: Sequence[str] = ()) -> ServiceChain:
    """Return a checked chain from whatever the user named, with the mechanisms ``off`` switched off."""
    from sim import mechanisms
    from sim import organisation as organisations_

    return mechanisms.without(organisations_.load(organisation), off)


if __name__ == "__main__":
    main()
