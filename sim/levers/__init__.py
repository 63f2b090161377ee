"""Every parameter of the model: name, unit, range, default, neutral value, source.

A lever lives in one population (its *home*): the firm as a whole, the units (departments and contractors), the links of
the chain, or the customer segments. It may be set for the whole firm or for a part of it; `sim.interventions` says which
rows a part selects. A neutral value removes the lever's effect exactly.
"""

from __future__ import annotations

from sim.errors import InputError, did_you_mean
from sim.levers import customers, departments, firm, partners, people, work
from sim.levers.lever import GUESS, Home, Lever

DAYS_PER_YEAR = 250
"""Working days in a year; rates per year are spread evenly over them."""

LEVERS: tuple[Lever, ...] = (
    *work.LEVERS,
    *people.LEVERS,
    *departments.LEVERS,
    *partners.LEVERS,
    *customers.LEVERS,
    *firm.LEVERS,
)
"""All levers, by group of mechanisms."""

BY_NAME: dict[str, Lever] = {lever.name: lever for lever in LEVERS}


def lever(name: str, *, source: str | None = None, place: str | None = None) -> Lever:
    """Return the lever of this name, hyphens or underscores, or raise `InputError` with the nearest known name."""
    found = BY_NAME.get(str(name).replace("-", "_"))
    if found is None:
        raise InputError(
            "there is no such lever",
            source=source,
            place=place,
            value=name,
            allowed="a name from `service-culture levers`",
            hint=did_you_mean(str(name), BY_NAME),
        )
    return found


def of(home: Home) -> tuple[Lever, ...]:
    """Return the levers that live in this population, in the order of the table."""
    return tuple(one for one in LEVERS if one.home == home)


def neutral_values(*mechanisms: str) -> dict[str, float]:
    """Return the neutral value of every lever of these mechanisms, or of all when none is named.

    Levers without a neutral value describe an organisation and are left out.
    """
    return {
        one.name: one.neutral
        for one in LEVERS
        if one.neutral is not None and (not mechanisms or one.mechanism in mechanisms)
    }


__all__ = ["BY_NAME", "DAYS_PER_YEAR", "GUESS", "LEVERS", "Home", "Lever", "lever", "neutral_values", "of"]
