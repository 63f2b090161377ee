"""The command that removes what was answered in a workshop."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sim.cli.app import app
from sim.errors import InputError

if TYPE_CHECKING:
    from sim.workshop.forgetting import Kept


@app.command(
    rich_help_panel="Ask",
    epilog="Examples: service-culture forget · service-culture forget BCDFG · service-culture forget --older-than 30 --yes",
)
def forget(
    sessions: Annotated[
        list[str] | None,
        typer.Argument(metavar="[SESSION]...", help="Code, title or file of a session; without any, they are listed."),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every session of the folder.")] = False,
    older_than: Annotated[
        float | None,
        typer.Option(metavar="DAYS", min=0, help="Sessions in which nothing has happened for so many days."),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    folder: Annotated[
        Path | None, typer.Option(help="Where sessions are kept [default: the user's data folder]")
    ] = None,
) -> None:
    """Remove what people answered in a workshop from this laptop: the session's file, overwritten and deleted."""
    from sim.workshop import forgetting

    folder = folder or default_folder()
    if not sessions and not everything and older_than is None:
        found = forgetting.kept(folder)
        _list(found, f"Workshop sessions in {folder}" if found else f"No workshop session is kept in {folder}")
        return
    if everything and (sessions or older_than is not None):
        raise InputError(
            "these do not go together", place="SESSION, --older-than, --all", allowed="--all, or the other two"
        )
    chosen = forgetting.chosen(folder, sessions or (), everything=everything, older_than=older_than)
    if not chosen:
        print(f"nothing to remove in {folder}")
        return
    _list(chosen, "To be removed for good, with every answer")
    if not yes and not _agreed(len(chosen)):
        print("nothing was removed")
        raise typer.Exit(1)
    for one in chosen:  # all or none: nothing is removed while one of them is open
        forgetting.refuse_running(one.path)
    for one in chosen:
        forgetting.forget(one)
        print(f"removed {one.path}")
    print("Not removed, because it is out of reach:")
    for text in forgetting.OUT_OF_REACH:
        print(f"- {text}")


def default_folder() -> Path:
    """Return where sessions are kept unless somebody says otherwise."""
    import platformdirs

    folder = platformdirs.user_data_path("service-culture") / "workshop"
    if not folder.is_absolute():
        raise InputError(
            "there is no home folder to keep sessions in", place="--folder", value=str(folder),
            hint="say where with --folder FOLDER",
        )  # fmt: skip
    return folder


def _list(found: list[Kept], title: str) -> None:
    from sim.console import print_table

    if not found:
        print(title)
        return
    rows = [
        (
            one.code,
            one.title or "built by the room",
            one.day,
            str(one.people),
            f"{one.size / 1024:,.0f} kB",
            one.path.name,
        )
        for one in found
    ]
    print_table(title, ("code", "title", "last used", "people", "size", "file"), rows, "")


def _agreed(count: int) -> bool:
    import sys

    if not sys.stdin.isatty():
        raise InputError(
            "nobody can be asked here whether to remove this", place="service-culture forget",
            allowed="--yes", hint="look at the list above, then say --yes; nothing was removed",
        )  # fmt: skip
    return typer.confirm(f"Remove {'this session' if count == 1 else f'these {count} sessions'}?", default=False)
