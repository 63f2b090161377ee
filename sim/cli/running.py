"""Commands that run a model: once, or over the values of a lever."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sim.cli.app import app
from sim.cli.options import (
    AsJson,
    Format,
    Organisation,
    Overwrite,
    Quiet,
    Seed,
    Set,
    Without,
    Workers,
    folder_for,
    load,
)
from sim.console import (
    announce,
    but_for,
    compiling,
    estimate_as_dict,
    print_json,
    print_table,
    print_variation,
    progress,
    warn_of_overload,
)
from sim.errors import InputError


@app.command(
    rich_help_panel="Ask", epilog="Example: service-culture run software_firm --days 500 --seed 1 --out results/first"
)
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
    out, overwrite = folder_for("run", out, overwrite)
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
    rich_help_panel="Ask",
    epilog="Examples: service-culture vary internal-service --from 0.2 --to 0.9 --steps 8 --runs 20 · "
    "service-culture vary internal-service --department 'Human Resources' retailer · "
    "service-culture vary training --from 0 --to 0.1 --link IT:Sales my-firm.toml",
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
    workers: Workers = None,
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
    out, overwrite = folder_for("vary", out, overwrite)
    if department and link:
        raise InputError(
            "give a department or a link, not both", place="--department, --link", value=f"{department}, {link}"
        )
    chain = load(organisation, off)
    where = department or link
    usual = one.usual(one.default, wide=True)
    low, high = usual[0] if low is None else low, usual[1] if high is None else high
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
