"""What people may type and send: texts, names, numbers, choices; anything else is refused with the key of a message."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from sim.workshop.scores import DIMENSIONS, HIGHEST, LOWEST

LONGEST_TEXT = 200
LONGEST_NAME = 60


class Refused(Exception):
    """Something that somebody in the room asked for cannot be done.

    Parameters
    ----------
    key : of the message, without ``error.``
    status : of the HTTP answer
    params : for the message
    """

    def __init__(self, key: str, status: int = 400, **params: object) -> None:
        super().__init__(key)
        self.key, self.status, self.params = f"error.{key}", status, params


def shown(value: object) -> str:
    """Return what somebody sent, short enough and safe to send back."""
    text = str(value)[:LONGEST_NAME] if isinstance(value, (str, int, float)) else ""
    return "".join(letter for letter in text if letter.isprintable())


def clean(value: object, field: str, longest: int) -> str:
    """Return a text as it is kept: composed, on one line, blanks single; control and invisible characters are refused."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Refused("not_text", field=field)
    if len(value) > 4 * longest:
        raise Refused("too_long", field=field, most=longest)
    text = " ".join(unicodedata.normalize("NFC", value).split())
    if len(text) > longest:
        raise Refused("too_long", field=field, most=longest)
    # Cc control, Cs half of a pair, Co private, Cn unassigned; Cf holds marks that turn a line around (but also joins emoji)
    if any(unicodedata.category(letter) in ("Cc", "Cs", "Co", "Cn") or letter in _TURNS for letter in text):
        raise Refused("bad_character", field=field)
    return text


TURNS = "\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
"""Marks that turn the direction of a line: with them a name can make the text after it read backwards."""


def turned_off(text: str) -> str:
    """Return a text from a file with such marks shown instead of obeyed."""
    return text.translate(dict.fromkeys(map(ord, TURNS), "\ufffd"))


_TURNS = frozenset(TURNS + "\u200b\u2060\ufeff")


def text(value: object, field: str, *, needed: bool = True) -> str:
    """Return a free text of up to `LONGEST_TEXT` characters."""
    found = clean(value, field, LONGEST_TEXT)
    if needed and not found:
        raise Refused("missing", field=field)
    return found


def name(value: object) -> str:
    """Return the name of a department."""
    found = clean(value, "name", LONGEST_NAME)
    if not any(letter.isalnum() for letter in found):
        raise Refused("missing", field="name")
    return found


def folded(name: str) -> str:
    """Return a name by which two spellings of it are the same."""
    return unicodedata.normalize("NFKC", " ".join(name.split())).casefold()


def number(value: object, low: float, high: float, field: str, *, whole: bool = False) -> float:
    """Return a number in its range, whose ends are finite."""
    good = isinstance(value, (int, float)) and not isinstance(value, bool) and low <= value <= high
    if not good or (whole and value != int(value)):  # type: ignore[call-overload]
        raise Refused("bad_number", field=field, low=low, high=high)
    return value  # type: ignore[return-value]


def flag(value: object, field: str) -> bool:
    """Return a yes or no."""
    if not isinstance(value, bool):
        raise Refused("not_yes_or_no", field=field)
    return value


def one_of(value: object, allowed: Sequence[str], field: str) -> str:
    """Return one of a few words."""
    if not isinstance(value, str) or value not in allowed:
        raise Refused("bad_choice", field=field, allowed=", ".join(allowed))
    return value


def scores(value: object) -> dict[str, int]:
    """Return scores by dimension; those that were left open are left out."""
    if not isinstance(value, dict) or not set(value) <= set(DIMENSIONS):
        raise Refused("bad_choice", field="scores", allowed=", ".join(DIMENSIONS))
    given = {dimension: value[dimension] for dimension in DIMENSIONS if value.get(dimension) is not None}
    return {key: int(number(one, LOWEST, HIGHEST, key, whole=True)) for key, one in given.items()}
