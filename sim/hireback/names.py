"""The name of a unit as people say it: any case, its initials, or its beginning."""

from __future__ import annotations

import re

from sim.chain import ServiceChain
from sim.errors import InputError, did_you_mean


def unit_called(chain: ServiceChain, said: str, *, place: str = "department") -> str:
    """Return the one department or contractor that is called so, or raise `InputError` with the nearest names.

    ``HR`` is Human Resources, ``call`` the Call Centre: the full name in any case goes first, then initials, then the beginning
    of a name, each where only one unit answers to it.
    """
    word = _plain(said)
    for form in (_plain, _initials, None):
        found = [
            unit for unit in chain.units if word and (form(unit) == word if form else _plain(unit).startswith(word))
        ]
        if len(found) == 1:
            return found[0]
        if found:
            raise InputError(
                "several departments are called so",
                place=place,
                value=said,
                allowed=", ".join(found),
                hint="write the name in full",
            )
    raise InputError(
        "there is no such department",
        place=place,
        value=said,
        allowed=", ".join(chain.units),
        hint=did_you_mean(said, chain.units),
    )


def _plain(name: str) -> str:
    return " ".join(name.casefold().replace("-", " ").replace("_", " ").split())


def _initials(name: str) -> str:
    """Return the initials of a name of several words: HR of Human Resources, SAC of Security and Compliance."""
    words = re.findall(r"\w+", _plain(name))
    return "".join(word[0] for word in words) if len(words) > 1 else ""
