"""Commands that describe: organisations, levers, mechanisms, and their files."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Annotated, Any

import typer

from sim.cli.app import app
from sim.cli.options import AsJson, Organisation, Overwrite, Without, load
from sim.console import but_for, print_json, print_mechanism, print_table, state_of
from sim.errors import InputError


@app.command(rich_help_panel="Describe an organisation")
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


@app.command(
    rich_help_panel="Describe an organisation",
    epilog="Examples: service-culture show retailer · service-culture show my-firm.xlsx --sources",
)
def show(
    organisation: Organisation = "energy_distributor",
    without: Without = None,
    sources: Annotated[
        bool, typer.Option("--sources", help="Also show what was set from data and what is still a default.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Check an organisation and show its units, their load, and who serves whom."""
    from sim import mechanisms

    off = mechanisms.switchable(without or [])
    chain = load(organisation, off)
    load_of, rates = chain.utilisation(), chain.case_rates()
    if as_json:
        content: dict[str, Any] = {
            "utilisation": load_of,
            "cases_per_day": rates,
            "without": off,
            "chain": chain.to_node_link(),
        }
        if sources:
            from sim import client

            content["set_from_data"] = client.set_from_data(chain).to_dict(orient="records")
            content["stayed_default"] = client.stayed_default(chain).to_dict(orient="records")
        print_json(content)
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
    if sources:
        from sim.cli.client import print_sources

        print_sources(chain)


@app.command(rich_help_panel="Describe an organisation")
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
    rich_help_panel="Describe an organisation",
    epilog="Examples: service-culture mechanisms my-firm.toml · service-culture mechanisms B2 · "
    "service-culture mechanisms B2 my-firm.toml",
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


@app.command(rich_help_panel="Describe an organisation")
def schema() -> None:
    """Print the JSON schema of the organisation file."""
    from sim import organisation

    print(json.dumps(organisation.schema(), indent=2))


@app.command(
    rich_help_panel="Describe an organisation",
    epilog="Examples: service-culture new my-firm.xlsx · service-culture new my-firm.toml --like retailer · "
    "service-culture new my-firm/",
)
def new(
    file: Annotated[
        str,
        typer.Argument(
            help="What to write: a workbook (.xlsx), a commented text file (.toml), or a folder of CSVs (name/)."
        ),
    ],
    like: Annotated[
        str | None,
        typer.Option(
            help="The bundled organisation to start from [default: a small example; energy_distributor for .toml]"
        ),
    ] = None,
    overwrite: Overwrite = False,
) -> None:
    """Write an organisation to start from: a workbook that explains itself, a text file, or a folder of CSVs."""
    from sim import organisation, results, sheets

    path = Path(file)
    folder = file.endswith(("/", "\\")) or os.path.isdir(path)
    if not folder and path.suffix.casefold() != ".xlsx":
        if path.suffix != ".toml":
            raise InputError(
                "no template of this kind", source=file, value=path.suffix, allowed=".xlsx, .toml, or a folder (name/)",
                hint="service-culture new my-firm.xlsx",
            )  # fmt: skip
        results.write_text(path, organisation.bundled_text(like or "energy_distributor"), overwrite=overwrite)
        print(f"{file} holds a copy of {like or 'energy_distributor'}. Edit it, then: service-culture show {file}")
        return
    chain = organisation.parse(organisation.bundled_text(like), source=like) if like else sheets.example()
    if folder:
        write_folder(path, sheets.csv_files(chain, template=True), overwrite)
    else:
        results.write_bytes(path, sheets.workbook(chain, template=True, file=path.name), overwrite=overwrite)
    what = f"a copy of {like}" if like else "a small example"
    print(f"{file} holds {what}. Overwrite it with your own firm, then: service-culture show {file}")


def write_folder(folder: Path, files: dict[str, str], overwrite: bool) -> None:
    """Write a folder of CSVs into a new or empty folder, or over the same files of an earlier one."""
    from sim import results, whole

    there = sorted(one.name for one in folder.iterdir()) if os.path.isdir(folder) else []
    if there and not (overwrite and set(there) <= set(files)):
        raise InputError(
            "this folder is not empty", source=str(folder), value=", ".join(there[:5]),
            allowed="a new or empty folder, or with --overwrite one that holds nothing but " + ", ".join(files),
        )  # fmt: skip
    if os.path.exists(folder) and not os.path.isdir(folder):
        raise InputError("this is a file", source=str(folder), allowed="the name of a folder")
    try:
        with whole.drafted(folder) as draft:  # the files belong together: all are new, or none
            for name, text in files.items():
                (draft / name).write_bytes(text.encode())
            (whole.place if overwrite else whole.place_new)(draft, folder)
    except OSError as error:
        raise InputError("this folder cannot be written", source=str(folder), value=results.in_words(error)) from None


@app.command(
    rich_help_panel="Describe an organisation",
    epilog="Examples: service-culture convert my-firm.xlsx my-firm.toml · service-culture convert my-firm.toml my-firm.xlsx · "
    "service-culture convert my-firm.toml without-rush.toml --without A5",
)
def convert(
    organisation: Organisation,
    file: Annotated[
        str,
        typer.Argument(
            help="File to write; its ending says the format: .toml, .xlsx, .json, .graphml, or a folder of CSVs (name/)."
        ),
    ],
    without: Without = None,
    overwrite: Overwrite = False,
) -> None:
    """Convert an organisation between TOML, workbook, CSVs, node-link JSON and GraphML; or write it without some mechanisms."""
    from sim import mechanisms, results, sheets
    from sim import organisation as organisations_

    off = mechanisms.switchable(without or [])
    chain = load(organisation, off)
    if file.endswith(("/", "\\")) or os.path.isdir(file):
        write_folder(Path(file), sheets.csv_files(chain), overwrite)
    else:
        results.write_bytes(file, organisations_.as_bytes(chain, file), overwrite=overwrite)
    print(f"wrote {file}{but_for(off)}")
