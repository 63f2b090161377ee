"""Fit on one part of a log, check on the rest: whether an organisation derived from tickets tells of others, not yet seen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np
import pandas as pd

from sim.errors import InputError
from sim.eventlog import inside
from sim.eventlog.comparison import FIGURES, compare_table, figures, simulated_figures
from sim.eventlog.fitting import derive
from sim.eventlog.log import Log

FEWEST = 20
"""Resolved tickets that either part of a log has to have."""
By = Literal["opening", "chance"]


def split(log: Log, share: float, by: By = "opening") -> tuple[Log, Log]:
    """Return two parts of a log: tickets to fit on, and the rest.

    A ticket that one team opened for another goes where the customer's ticket goes that it belongs to.

    Parameters
    ----------
    share : of the tickets to fit on
    by : ``opening``: the first tickets are fitted; ``chance``: some drawn at random

    Raises
    ------
    InputError : a share that is none, or a part with too few resolved tickets
    """
    if not 0 < share < 1:
        raise InputError("this is no share", place="hold out", value=round(1 - share, 6), allowed="above 0 and below 1")
    opened = log.cases["opened"].to_numpy()
    order = np.argsort(opened, kind="stable") if by == "opening" else np.random.default_rng(0).permutation(len(opened))
    early = np.zeros(len(opened), bool)
    early[order[: round(share * len(opened))]] = True
    early = early[inside.roots(log.cases["parent"].to_numpy())]
    for mask, what in ((early, "to fit on"), (~early, "held out")):
        outer = mask & ~log.cases["inside"].to_numpy()
        resolved = int(np.isfinite(log.cases["resolved"].to_numpy()[outer]).sum())
        if resolved < FEWEST:
            raise InputError(
                f"too few tickets are {what}", source=log.source, place="hold out", value=f"{resolved} that were resolved",
                allowed=f"at least {FEWEST} resolved tickets of customers in either part",
                hint="hold out another share, or use a longer log",
            )  # fmt: skip
    return log.part(early), log.part(~early)


def held_out(
    log: Log, seeds: Sequence[int], *, share: float = 0.6, by: By = "opening", without: Sequence[str] = (),
    progress: Callable[[int], None] | None = None, **options: object,
) -> pd.DataFrame:  # fmt: skip
    """Fit on some tickets of a log and compare the simulation with the rest, which the fit has not seen.

    The tickets fitted on are known to their end, also where that came later than the cut. The verdict is *inside* where the
    simulated figure lies in the interval of the rest. That interval is of tickets drawn again: it knows chance between tickets,
    not between weeks, so that in a long log a small change from one part to the other already lies outside.

    Parameters
    ----------
    share : of the tickets to fit on
    by : ``opening``: the first tickets are fitted, the last held out; ``chance``: drawn at random, so that what changes
        from day to day does not count, only how well the fit generalises
    without : mechanisms to switch off in the simulation
    options : for `derive`

    Returns
    -------
    `compare_table` with a column ``verdict``: *inside* or *outside*
    """
    from sim import mechanisms

    train, test = split(log, share, by)
    derived = derive(train, **options)  # type: ignore[arg-type]
    chain = mechanisms.without(derived.chain, without)
    simulated = simulated_figures(chain, derived, seeds, log=test, progress=progress)
    table = compare_table(figures(test), simulated)
    fits = (table["simulation"] >= table["log_low"]) & (table["simulation"] <= table["log_high"])
    table["verdict"] = np.where(fits, "inside", "outside")
    # Of tickets drawn by chance, a share of the stream was taken out: how many come a day says nothing then.
    return table if by == "opening" else table.drop(index=FIGURES["arrivals_per_day"][0])


def describe(log: Log, share: float) -> list[str]:
    """Return lines for people: what was fitted on, what was held out, and what of the rest the fit could not know."""
    train, test = split(log, share)
    first, last = (pd.Timestamp(int(when), unit="s").strftime("%Y-%m-%d") for when in (train.window[0], test.window[1]))
    cut = pd.Timestamp(int(test.window[0]), unit="s").strftime("%Y-%m-%d")
    lines = [
        f"held out: fitted on {len(train.outer.cases):,} tickets of customers opened {first} to {cut}, checked on "
        f"{len(test.outer.cases):,} opened from then to {last}",
    ]  # fmt: skip
    new = ~test.visits["team"].isin(set(train.visits["team"]))
    if new.any():
        lines.append(
            f"{new.mean():.0%} of the stays of the rest are at {test.visits.loc[new, 'team'].nunique()} teams of which the "
            "first part knows nothing"
        )
    return lines
