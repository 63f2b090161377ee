"""The command that compares scenarios, and what it shares with stories: running, writing, printing."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sim.cli.app import app
from sim.cli.options import AsJson, Format, Overwrite, Quiet, Without, Workers, folder_for
from sim.console import (
    announce,
    but_for,
    compiling,
    print_comparison,
    print_json,
    print_points,
    progress,
    warn_of_overload,
)
from sim.errors import InputError

if TYPE_CHECKING:
    from sim.compare import Comparison
    from sim.scenario import Scenario
    from sim.story import Point

Runs = Annotated[
    int | None, typer.Option(help="Paired runs (seeds) of each scenario [default: as the first scenario says]", min=1)
]
Precision = Annotated[
    float | None,
    typer.Option(help="Stop early, once external satisfaction's differences are known to ± this many points."),
]
Days = Annotated[
    int | None, typer.Option(help="Working days of the story [default: as the scenarios say]", min=4, max=100_000)
]
WarmUp = Annotated[int | None, typer.Option(help="Working days before it [default: as the scenarios say]", min=0)]
FirstSeed = Annotated[int | None, typer.Option("--seed", help="Seed of the first run [default: as they say]", min=0)]


class Finished(typer.Exit):
    """Ctrl-C ended a comparison, but what was finished by then has been written."""


@app.command(
    rich_help_panel="Ask",
    epilog="Examples: service-culture compare my-firm.toml --what-if 'training=0.05' --what-if 'Open door: voice_safety=0.9; "
    "openness=0.9@IT,ramp=60' · service-culture compare as-is.toml plan-a.toml plan-b.toml --runs 50 --precision 0.1 · "
    "service-culture compare results/compare",
)
def compare(
    scenarios: Annotated[
        list[str],
        typer.Argument(
            help="What to compare, the first with each of the others: scenario files, organisations, or the folder of an "
            "earlier comparison to make again."
        ),
    ],
    what_if: Annotated[
        list[str] | None,
        typer.Option(
            help="A scenario like the first with levers pulled: [NAME:] lever=value[@where][,start=DAY][,ramp=DAYS][,end=DAY], "
            "several with semicolons. May be repeated."
        ),
    ] = None,
    runs: Runs = None,
    precision: Precision = None,
    days: Days = None,
    warm_up: WarmUp = None,
    seed: FirstSeed = None,
    without: Without = None,
    workers: Workers = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for tables, pictures and manifest [default: results/compare, replaced]")
    ] = None,
    table_format: Format = "csv",
    overwrite: Overwrite = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Compare scenarios, run by run: what differs, by how much, from when, and what it is worth."""
    from sim import mechanisms, results

    results.check_format(table_format)
    off = mechanisms.switchable(without or [])
    out, overwrite = folder_for("compare", out, overwrite)
    with compiling(quiet or as_json):
        chosen = named_scenarios(scenarios, what_if or [], off)
        chosen = [one.lasting(days=days, warm_up=warm_up, seed=seed, runs=runs) for one in chosen]
    finish(
        chosen, "compare", out, overwrite, table_format, quiet, as_json, precision=precision, workers=workers,
        title=but_for(off),
    )  # fmt: skip


def finish(
    scenarios: Sequence[Scenario],
    command: str,
    out: Path,
    overwrite: bool,
    form: str,
    quiet: bool,
    as_json: bool,
    *,
    precision: float | None,
    workers: int | None,
    title: str = "",
    points: Callable[[Comparison], Sequence[Point]] | None = None,
    **inputs: Any,
) -> None:
    """Run scenarios side by side, write the results, print them; after Ctrl-C with the runs that are finished."""
    from sim import compare as comparing
    from sim import results
    from sim.scenario import together

    silent = quiet or as_json
    together(scenarios)
    first = scenarios[0]
    announce(first.firm, f"{len(scenarios)} scenarios × up to {first.runs} runs × {first.days} days{title}", silent)
    with compiling(silent):
        from sim.model import ServiceModel

        ServiceModel(first.firm, seed=first.seed).run(1)
    for firm in {id(one.organisation): one.firm for one in scenarios}.values():
        warn_of_overload(firm)
    with progress("comparing", first.runs * len(scenarios), silent) as tick:
        found = comparing.compare(scenarios, precision=precision, workers=workers, progress=tick)
    shown = list(points(found)) if points and len(found.seeds) > 1 else []
    with results.folder(out, overwrite=overwrite) as draft:
        from sim import saving

        manifest = saving.save(draft, found, form, command, shown, precision=precision, **inputs)
    if as_json:
        print_json({
            "out": str(out), "sha256": manifest["results"]["sha256"], "runs": len(found.seeds), "ended": found.ended,
            "table": found.table().to_dict(orient="records"),
            "money": saving.money_table(found).to_dict(orient="records"),
            "points": [{"text": one.text, "figure": one.figure.text(one.digits), "unit": one.unit, "holds": one.holds}
                       for one in shown],
        })  # fmt: skip
    elif not quiet:
        print_comparison(found, title)
        print_points(shown)
        print(f"Tables, pictures and manifest are in {out}. A report: service-culture report {out} --out report.html")
    if found.ended == "stopped":
        print(f"stopped after {len(found.seeds)} of {found.asked} runs; these are written to {out}", file=sys.stderr)
        raise Finished(130)


def named_scenarios(sources: Sequence[str], what_if: Sequence[str], off: Sequence[str] = ()) -> list[Scenario]:
    """Return the scenarios that the user named, and those made from the first by ``what_if``."""
    from dataclasses import replace

    found: list[Scenario] = []
    for source in sources:
        found += _scenarios(source)
    if off:
        found = [replace(one, without=(*one.without, *off)) for one in found]
    if len(found) == 1 and not what_if and (found[0].interventions or found[0].levers):
        found.insert(0, replace(found[0], name="As described", levers=(), interventions=(), without=tuple(off)))
    if len(found) == 1 and what_if and not (found[0].interventions or found[0].levers):
        found[0] = replace(found[0], name="As described")
    for text in what_if:
        found.append(_what_if(found[0], text))
    return found


def _scenarios(source: str) -> list[Scenario]:
    """Return the scenarios of a scenario file, an organisation, or the manifest of an earlier comparison."""
    from sim import organisation, saving
    from sim import scenario as scenarios

    path = Path(source)
    if path.name == "manifest.json" or (os.path.isdir(path) and os.path.exists(path / "manifest.json")):
        file = path if os.path.isfile(path) else path / "manifest.json"
        made = saving.scenarios_of(saving.read_manifest(file), str(file))
        if not made:
            raise InputError(
                "these results hold no scenarios", source=str(file), allowed="results of compare or scenario"
            )
        return made
    if path.suffix == ".toml" and os.path.isfile(path) and scenarios.is_scenario(organisation.read_text(path)):
        return [scenarios.read(path)]
    chain = organisation.load(source)
    return [scenarios.Scenario(path.stem if path.suffix else str(chain.setting("name")), chain)]


def _what_if(first: Scenario, text: str) -> Scenario:
    """Return the scenario that ``[NAME:] lever=value…; lever=value…`` describes."""
    from sim import interventions

    name, colon, rest = text.partition(":")
    if not colon or "=" in name:  # a colon may also stand in the name of a link
        name, rest = text.strip(), text
    changes = [interventions.parse(part.strip(), place="--what-if") for part in rest.split(";") if part.strip()]
    if not changes:
        raise InputError("this pulls no lever", place="--what-if", value=text,
                         allowed="[NAME:] lever=value, several with semicolons",
                         hint="for example: --what-if 'Open door: voice_safety=0.9; openness=0.9@IT,ramp=60'")  # fmt: skip
    return first.what_if(name.strip(), *changes)
