"""The command that opens the live workshop page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from sim.cli.app import app
from sim.errors import InputError

if TYPE_CHECKING:
    from sim.workshop.house import Workshop
    from sim.workshop.session import Session


@app.command(
    rich_help_panel="Ask",
    epilog="Examples: service-culture workshop · service-culture workshop my-firm.toml --lan --language de · "
    "service-culture workshop --room-builds --lan · service-culture workshop --resume · "
    "service-culture workshop --open share.json",
)
def workshop(
    organisation: Annotated[
        str | None,
        typer.Argument(
            help="An organisation as elsewhere [default: energy_distributor; with --room-builds none: the room builds its own]"
        ),
    ] = None,
    lan: Annotated[
        bool, typer.Option("--lan", help="Let phones on the same network in; without it only this laptop can.")
    ] = False,
    port: Annotated[int, typer.Option(help="Port to listen on; 0 takes any free one.", min=0, max=65535)] = 8321,
    folder: Annotated[
        Path | None, typer.Option(help="Where sessions are kept [default: the user's data folder]")
    ] = None,
    language: Annotated[str, typer.Option(help="Language of the page: en or de.")] = "en",
    minimum: Annotated[int, typer.Option(help="Answers below which nothing is shown of a group.", min=3, max=100)] = 5,
    room_builds: Annotated[bool, typer.Option("--room-builds", help="Participants may add departments.")] = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the sessions of this folder, the newest first.")
    ] = False,
    open_file: Annotated[
        Path | None, typer.Option("--open", help="Show the result of a share.json that a workshop exported.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the first run.", min=0)] = 1,
    runs: Annotated[int, typer.Option(help="Paired runs behind each figure.", min=2, max=1000)] = 20,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Do not open the facilitator's page.")] = False,
) -> None:
    """Open the live page on which a room plays "would they hire you back?" from its phones; no internet needed."""
    _check_extra()
    if sum((organisation is not None, resume, open_file is not None)) > 1:
        raise InputError(
            "these do not go together", place="ORG, --resume, --open",
            allowed="an organisation, or --resume, or --open FILE",
        )  # fmt: skip
    from sim.workshop import address
    from sim.workshop import language as languages

    languages.check(language)
    listening = address.listen(lan, port)
    try:
        _serve(
            listening, organisation=organisation, lan=lan, folder=folder, language=language, minimum=minimum,
            room_builds=room_builds, resume=resume, open_file=open_file, seed=seed, runs=runs, browser=not no_browser,
        )  # fmt: skip
    finally:
        listening.close()


def _check_extra() -> None:
    from importlib.util import find_spec

    missing = [name for name in ("starlette", "uvicorn", "sse_starlette", "segno") if find_spec(name) is None]
    if missing:
        raise InputError(
            "the workshop page needs libraries that are not installed", place="service-culture workshop",
            value=", ".join(missing), hint='pip install "service-culture[workshop]"',
        )  # fmt: skip


def _serve(
    listening: Any,
    *,
    organisation: str | None,
    lan: bool,
    folder: Path | None,
    language: str,
    minimum: int,
    room_builds: bool,
    resume: bool,
    open_file: Path | None,
    seed: int,
    runs: int,
    browser: bool,
) -> None:
    from sim.workshop import share, store
    from sim.workshop.house import Workshop
    from sim.workshop.server import run

    if folder is None:
        from sim.cli.forgetting import default_folder

        folder = default_folder()
    here = Workshop(folder, lan=lan, port=listening.getsockname()[1])
    earlier = store.files(folder)
    try:
        if resume:
            if not earlier:
                raise InputError(
                    "there is no session to go on with", source=str(folder), allowed="a folder of an earlier workshop"
                )
            session = _resume(here, earlier)
        elif open_file is not None:
            chain, opened = share.read(open_file)
            session = here.begin(
                chain, language=opened["language"], minimum=opened["minimum"], title=opened["title"], opened=opened,
                **opened["settings"],
            )  # fmt: skip
        else:
            from sim.cli.options import load

            named = organisation or (None if room_builds else "energy_distributor")
            session = here.begin(
                load(named) if named is not None else None, language=language, minimum=minimum, room_builds=room_builds,
                seed=seed, runs=runs,
            )  # fmt: skip
        run(here, listening, lambda: _say(here, session, browser, len(earlier) if not resume else 0))
    except BaseException:
        here.close()
        raise
    here.close()
    _leave()


def _resume(here: Workshop, earlier: list[Path]) -> Session:
    """Open every session of a folder and return the newest; an older one that cannot be read is said and left out."""
    import sys

    for path in earlier[:-1]:
        try:
            here.open(path)
        except InputError as error:
            print(f"note: {error}", file=sys.stderr)
    return here.open(earlier[-1])


def _leave() -> NoReturn:
    """End the program now: Python would wait for threads that are in the middle of compiling or of a run."""
    import os
    import sys

    print("stopped", file=sys.stderr)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def _say(here: Workshop, session: Session, browser: bool, earlier: int) -> None:
    """Print where everybody goes, in large clear lines; open the facilitator's page."""
    import sys

    from sim.workshop import address, views

    own = f"http://{address.LOOPBACK}:{here.port}/host/{session.code}?key={session.secret}"
    join = f"{here.urls()[0]}/j/{session.code}"
    lines = [
        "",
        f"  {session.room.title or 'A firm that the room builds'}",
        "",
        "  Facilitator   " + own,
        "                (keep it to yourself: whoever has this address leads the room)",
        "",
        "  Participants  " + join,
        "  Code          " + " ".join(session.code),
        "",
    ]
    if here.lan:
        lines += [f"                or {url}/j/{session.code}" for url in here.urls()[1:]]
        lines.append(address.qr_terminal(join))
        lines += [
            "  --lan: everybody in the same network can open the page, and take part who has the code.",
            "  Pages travel unencrypted (plain HTTP): whoever can listen in this network can read what is sent,",
            "  take a phone's place, or yours if you lead from another device. Use a network of your own,",
            "  such as this laptop's hotspot with a password, and lock the room once all are in.",
        ]
    else:
        lines.append("  Only this laptop can open the page. For phones: --lan.")
    if earlier:
        lines.append(f"  Sessions kept in this folder: {earlier}; --resume goes on with them.")
    lines += [f"  {warning}" for warning in views.warnings_in_words(session)]
    if _open_to_others(session.store.path.parent):
        lines.append("  Others on this laptop can see the folder below (not the file in it); chmod 700 keeps them out.")
    lines.append(f"  Kept in {session.store.path}; `service-culture forget` removes it.\n  Ctrl-C stops.")
    try:
        "▀▄█".encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):  # a terminal that has no half blocks
        lines = [line for line in lines if line.isascii()]
    print("\n".join(lines), flush=True)
    if browser:
        import threading
        import webbrowser

        threading.Thread(target=_open, args=(webbrowser, own), daemon=True).start()
    sys.stdout.flush()


def _open_to_others(folder: Path) -> bool:
    import os

    return os.name == "posix" and bool(folder.stat().st_mode & 0o077)


def _open(webbrowser: Any, url: str) -> None:
    """Open a browser if there is one; a machine without is no mistake."""
    import contextlib

    with contextlib.suppress(Exception):
        webbrowser.open(url)
