"""From a ticket export to an organisation file: what ``service-culture from-tickets`` does, without a screen."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from sim import mechanisms, organisation, whole
from sim.errors import InputError
from sim.eventlog import comparison, held
from sim.eventlog.columns import ColumnGuess, guess_columns
from sim.eventlog.files import check_file
from sim.eventlog.fitting import Derived, derive
from sim.eventlog.log import Log
from sim.eventlog.read import read_log

SEEDS = tuple(range(1, 11))


@dataclass(slots=True)
class TicketReport:
    """What came out of a ticket export.

    Attributes
    ----------
    guess, log, derived : the steps on the way
    text : the organisation file, with the notes as comments on top
    table : log beside simulation (`sim.eventlog.compare_table`), or None where nothing was simulated
    held_out : simulation of the first tickets beside the last ones (`sim.eventlog.held_out`), or None
    out : where the organisation was written, or None
    lines : everything a user should read, in order
    """

    guess: ColumnGuess
    log: Log
    derived: Derived
    text: str
    table: pd.DataFrame | None = None
    held_out: pd.DataFrame | None = None
    out: Path | None = None
    lines: list[str] = field(default_factory=list)


def from_tickets(
    path: str | Path,
    out: str | Path | None = None,
    overrides: Mapping[str, str] | None = None,
    *,
    name: str | None = None,
    customers: int | None = None,
    smallest_group: int = 5,
    adjust: bool = True,
    seeds: Sequence[int] = SEEDS,
    separator: str | None = None,
    encoding: str | None = None,
    date_order: str | None = None,
    without: Sequence[str] = (),
    hold_out: float | None = None,
    overwrite: bool = False,
    progress: Callable[[str], None] | None = None,
) -> TicketReport:
    """Derive an organisation from a ticket export, simulate it, and put log and simulation side by side.

    Parameters
    ----------
    path : CSV (also .gz, .bz2, .xz) or XES (also compressed)
    out : organisation file to write; None writes nothing. It is written whole or not at all
    overrides : role → column, where a guess is wrong; an empty column leaves a role empty
    name : of the organisation; the file's name where not given
    customers : people who may ask, where known
    smallest_group : no team with fewer stays or people than this is shown on its own
    adjust : see `sim.eventlog.derive`
    seeds : of the simulation runs for the comparison; none skips it
    separator, encoding, date_order : where the guess about the file is wrong
    without : mechanisms to switch off in the simulation beside the log; the organisation written stays as derived
    hold_out : share of the tickets, the last by opening, that a second fit does not see and is then checked on; the
        organisation written is of all tickets
    overwrite : replace an ``out`` that is there already
    progress : called with a line at every step

    Returns
    -------
    TicketReport, whose ``lines`` are ready for the screen

    Raises
    ------
    InputError : the export cannot be used, or ``out`` cannot be written; nothing is left behind then
    """
    tell = progress or (lambda line: None)
    target = None if out is None else check_file(out, overwrite=overwrite)
    tell("looking at the columns")
    guess = guess_columns(path, overrides, separator=separator, encoding=encoding, date_order=date_order)
    tell("reading the tickets")
    log = read_log(path, columns=guess)
    if hold_out is not None:
        held.split(log, 1 - hold_out)  # says what is wrong before any long work
    tell("deriving the organisation")
    title = name or f"Derived from {Path(path).name.split('.')[0]}"
    derived = derive(log, title, customers, smallest_group=smallest_group, adjust=adjust)
    text = _with_notes(derived, log)
    lines = [*guess.describe(), "", *log.describe(), "", *(f"* {note}" for note in derived.notes)]
    report = TicketReport(guess, log, derived, text, lines=lines)
    if seeds:
        tell(f"simulating, {len(seeds)} runs")
        of_log = comparison.figures(log)
        chain = mechanisms.without(derived.chain, without)
        simulated = comparison.simulated_figures(chain, derived, seeds, log=log)
        report.table = comparison.compare_table(of_log, simulated)
        runs = f"{len(seeds)} runs" if len(seeds) > 1 else "1 run"
        runs += f", without {', '.join(without)}" if without else ""
        report.lines += [
            "",
            f"log beside simulation ({len(log.cases):,} tickets, {runs}):",
            *comparison.table_lines(report.table),
        ]
    if hold_out is not None and seeds:
        tell(f"fitting on the first {1 - hold_out:.0%} of the tickets, simulating the rest, {len(seeds)} runs")
        report.held_out = held.held_out(
            log, seeds, share=1 - hold_out, without=without, name=title, customers=customers, smallest_group=smallest_group,
            adjust=adjust,
        )  # fmt: skip
        fits = int((report.held_out["verdict"] == "inside").sum())
        report.lines += [
            "",
            *held.describe(log, 1 - hold_out),
            *comparison.table_lines(report.held_out),
            f"{fits} of {len(report.held_out)} simulated figures lie in the interval of the rest",
        ]
    if target is not None:
        write_whole(target, text)
        report.out = target
        report.lines += ["", f"written: {target}"]
    return report


def _with_notes(derived: Derived, log: Log) -> str:
    """Return the organisation file with the notes as comments, so that it says where its numbers come from."""
    import textwrap

    comments = ["# Derived by `service-culture from-tickets`. Where its numbers come from:"]
    for note in [log.calendar.describe(), *derived.notes]:
        comments += textwrap.wrap(note, 116, initial_indent="# - ", subsequent_indent="#   ")
    return "\n".join(comments) + "\n\n" + organisation.dump(derived.chain)


def write_whole(target: Path, text: str) -> None:
    """Write a text file whole or not at all, over one that is there."""
    try:
        with whole.file(target, overwrite=True) as file:
            file.write(text.encode())
    except OSError as error:
        raise InputError("this file cannot be written", place="--out", value=str(target), hint=error.strerror) from None
