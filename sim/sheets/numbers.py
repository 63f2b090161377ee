"""Numbers as people write them in cells: 0.5, 0,5, 12 %, 1.234,5; refused where they could mean two things."""

from __future__ import annotations

import datetime
import math
import re
from typing import Any

from sim.errors import InputError
from sim.sheets.grids import Unreadable

LARGEST = 1e300
_SPACES = re.compile(r"(?<=\d)[\s  '’](?=\d{3}(?!\d))")


def number(value: Any, decimal: str | None, place: str, *, allowed: str = "a number") -> float:
    """Return the number in a cell.

    Parameters
    ----------
    value : the cell
    decimal : the decimal sign of the file, ``.`` or ``,``; None where it is not known
    place, allowed : for the error

    Raises
    ------
    InputError : the cell holds no number, or a text that could be two numbers
    """
    if isinstance(value, Unreadable):
        raise InputError(value.problem, place=place, allowed=allowed, hint=value.hint)
    if isinstance(value, (datetime.datetime, datetime.date, datetime.time, datetime.timedelta)):
        raise InputError(
            "this cell holds a date or a time", place=place, value=str(value), allowed=allowed,
            hint="the spreadsheet took what was typed for a date: format the cell as a number and type it again",
        )  # fmt: skip
    found = None
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        found = float(value) if abs(value) <= LARGEST else None  # an integer of 400 digits has no float
    if isinstance(value, str):
        found = from_text(value, decimal, place)
    if found is None or not math.isfinite(found):
        raise InputError("this is no number", place=place, value=value, allowed=allowed)
    return found


def from_text(text: str, decimal: str | None, place: str) -> float | None:
    """Return the number that a text says, or None when it says none; see `number`."""
    plain = _SPACES.sub("", text.strip().replace("−", "-"))
    share = plain.endswith("%")
    plain = plain.rstrip("%").strip()
    if re.fullmatch(r"[+-]?[1-9]\d{0,2}[.,]\d{3}", plain):  # one group of three digits behind one sign
        sign = "," if "," in plain else "."
        if decimal is None:
            raise InputError(
                "this text could be two numbers", place=place, value=text, allowed="a number",
                hint=f"{plain.replace(sign, '')} or {plain.replace(sign, '.')}? Write it as a number, or without {sign!r}",
            )  # fmt: skip
        plain = plain.replace(sign, "." if sign == decimal else "")
    elif re.fullmatch(r"[+-]?\d{1,3}(\.\d{3})+(,\d+)?", plain) and plain.count(".") + plain.count(",") > 1:
        plain = plain.replace(".", "").replace(",", ".")
    elif re.fullmatch(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?", plain) and plain.count(",") + plain.count(".") > 1:
        plain = plain.replace(",", "")
    elif plain.count(",") == 1 and "." not in plain:
        plain = plain.replace(",", ".")
    if not re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", plain):
        return None
    return float(plain) / 100 if share else float(plain)
