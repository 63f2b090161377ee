"""Stories on the command line: ``service-culture scenario NAME``, and each script of ``scenarios/`` by itself."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sim.cli.app import app
from sim.cli.comparing import Days, FirstSeed, Precision, Runs, WarmUp, finish
from sim.cli.options import AsJson, Format, Organisation, Overwrite, Quiet, Without, Workers, folder_for, load
from sim.console import but_for, compiling, print_json, print_table

if TYPE_CHECKING:
    from sim.scenario import Scenario
    from sim.story import Story


@app.command(
    rich_help_panel="Ask",
    epilog="Examples: service-culture scenario · service-culture scenario cut-phone-line · "
    "service-culture scenario weak-link my-firm.toml --runs 30 --out results/weak-link · service-culture scenario my_story.py",
)
def scenario(
    name: Annotated[
        str | None, typer.Argument(help="The story to tell, or the path of a script; without it, all are listed.")
    ] = None,
    organisation: Organisation = "energy_distributor",
    runs: Runs = None,
    precision: Precision = None,
    days: Days = None,
    warm_up: WarmUp = None,
    seed: FirstSeed = None,
    without: Without = None,
    workers: Workers = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for tables, pictures and manifest [default: results/STORY, replaced]")
    ] = None,
    write: Annotated[
        Path | None,
        typer.Option(
            help="Write the story's scenarios as files into this folder, to be changed and compared; run nothing."
        ),
    ] = None,
    table_format: Format = "csv",
    overwrite: Overwrite = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Tell a ready story on an organisation: what happens, what it shows, with intervals."""
    from sim import mechanisms, results

    results.check_format(table_format)
    off = mechanisms.switchable(without or [])
    if name is None:
        _list(as_json)
        return
    with compiling(quiet or as_json):
        from sim import story as stories

        story = stories.find(name)
        script = Path(name).stem.replace("_", "-")
        folder, overwrite = (write, overwrite) if write else folder_for(script, out, overwrite)
        told = story.told_on(load(organisation, off))
    told = [one.lasting(days=days, warm_up=warm_up, seed=seed, runs=runs) for one in told]
    if write:
        _write(told, folder, overwrite)
        return
    if not (quiet or as_json):
        print(f"{story.title}\n\n{story.section('Story')}\n\n{story.section('Question')}\n", flush=True)
    finish(
        told, "scenario", folder, overwrite, table_format, quiet, as_json, precision=precision, workers=workers,
        title=but_for(off), points=story.points, story=script, title_of_story=story.title,
        look_for=story.section("Look for"), levers=story.section("Levers"),
    )  # fmt: skip


def _write(scenarios: Sequence[Scenario], folder: Path, overwrite: bool) -> None:
    """Write scenarios as numbered TOML files, so that their order is that of the story."""
    from sim import results

    files = [folder / f"{number}-{_as_file_name(one.name)}.toml" for number, one in enumerate(scenarios)]
    for file, one in zip(files, scenarios, strict=True):
        results.write_text(file, one.to_toml(), overwrite=overwrite)
    print(
        f"{folder} holds {len(files)} scenarios. Change them, then: service-culture compare "
        + " ".join(map(str, files))
    )


def _as_file_name(name: str) -> str:
    return re.sub(r"[^\w]+", "-", name.casefold()).strip("-")[:40] or "scenario"


def main(story: Story) -> None:
    """Run a story as a script of its own, with the options of ``service-culture scenario``."""
    from sim.cli import main as run

    script = Path(sys.argv[0])
    sys.argv = ["service-culture", "scenario", str(script) if script.exists() else story.title, *sys.argv[1:]]
    run()


def _list(as_json: bool) -> None:
    from sim import organisation
    from sim import story as stories

    firms = {name: organisation.load(name) for name in organisation.bundled()}
    found = [(name, stories.find(name)) for name in stories.names()]
    if as_json:
        print_json([
            {"name": name, "title": one.title, "lacking": {firm: one.lacks(chain) for firm, chain in firms.items()}}
            | {section.lower().replace(" ", "_"): one.section(section) for section in stories.SECTIONS}
            for name, one in found
        ])  # fmt: skip
        return
    rows = [(name, one.title.split(": ", 1)[-1], one.section("Question")) for name, one in found]
    print_table("Stories", ("name", "what it tells", "question"), rows,
                "Tell one: service-culture scenario NAME [ORGANISATION]. As a script: python -m scenarios.NAME")  # fmt: skip
