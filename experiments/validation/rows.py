"""The findings that the model is held against, in order."""

from __future__ import annotations

from collections.abc import Sequence

from experiments.validation.finding import Finding
from sim.errors import InputError, did_you_mean


def findings() -> tuple[Finding, ...]:
    """Return every finding, V1 first; logs, whose truth is known, last."""
    from experiments import round_trip
    from experiments.validation import correlations, customers, overwork, people, pressure, reassignment, waiting

    several = (correlations, customers, waiting, people, reassignment)
    each = [pressure.FINDING, overwork.FINDING, *(one for module in several for one in module.FINDINGS)]
    found = sorted(each, key=lambda one: int(one.id[1:]))
    return (*found, round_trip.FINDING)


def chosen(names: Sequence[str], known: Sequence[Finding]) -> list[Finding]:
    """Return the findings with these ids, or all of them where none is named; raises `InputError` for one that is not there."""
    by_id = {one.id.casefold(): one for one in known}
    wanted = [part.strip() for name in names for part in name.split(",") if part.strip()]
    for name in wanted:
        if name.casefold() not in by_id:
            raise InputError(
                "there is no such finding", place="findings", value=name, allowed=", ".join(one.id for one in known),
                hint=did_you_mean(name, [one.id for one in known]),
            )  # fmt: skip
    return [by_id[name.casefold()] for name in dict.fromkeys(wanted)] if wanted else list(known)
