"""Options that several commands share, and what each command does with them first."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from sim.chain import ServiceChain

Organisation = Annotated[
    str,
    typer.Argument(
        help="An organisation file (.toml, .xlsx, .json, .graphml), a folder of CSVs, or the name of a bundled organisation."
    ),
]
Seed = Annotated[int, typer.Option(help="Seed of the (first) run.", min=0)]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress and no table; only errors.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON on standard output, and nothing else.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace results of an earlier run.")]
Format = Annotated[str, typer.Option("--format", help="Format of the tables: csv or parquet.")]
Workers = Annotated[int | None, typer.Option(help="Runs at the same time [default: one per core]", min=1)]
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


def load(organisation: str, off: Sequence[str] = ()) -> ServiceChain:
    """Return a checked chain from whatever the user named, with the mechanisms ``off`` switched off."""
    from sim import mechanisms
    from sim import organisation as organisations_

    return mechanisms.without(organisations_.load(organisation), off)


def folder_for(command: str, out: Path | None, overwrite: bool) -> tuple[Path, bool]:
    """Return where results go, before any long work: a folder named by the user is protected, the default is scratch."""
    from sim import results

    if out is None:
        out, overwrite = Path("results") / command, True
    results.check_free(out, overwrite=overwrite)
    return out, overwrite


def check_organisation_file(out: Path | None, overwrite: bool) -> None:
    """Refuse a file for an organisation that could not be written, before any long work."""
    from sim.errors import InputError

    if out is None:
        return
    if out.suffix.casefold() not in (".toml", ".xlsx", ".json", ".graphml"):
        raise InputError(
            "there is no such format", place="--out", value=str(out), allowed=".toml, .xlsx, .json, .graphml",
            hint="the ending of the file says the format",
        )  # fmt: skip
    if os.path.exists(out) and not overwrite:
        raise InputError(
            "this file exists",
            place="--out",
            value=str(out),
            allowed="a new file",
            hint="add --overwrite to replace it",
        )


def own_prices(texts: Sequence[str]) -> dict[str, float]:
    """Read the user's own prices of steps, LEVER=PRICE, each lever once."""
    from sim import actions
    from sim.errors import InputError

    read: dict[str, float] = {}
    for text in texts:
        name, number = actions.parse_price(text)
        name = name.replace("-", "_")
        if name in read:
            raise InputError(
                "this price is given twice", place="--price", value=text, allowed="one price for each lever"
            )
        read[name] = number
    return actions.check_prices(read)
