"""Figures in words: as many digits as an interval deserves, and a sentence that says how sure one can be."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Sequence

from sim.estimates import Estimate

MINUS = "−"
MOST_DECIMALS = 3
TURNS = dict.fromkeys((*range(0x202A, 0x202F), 0x2066, 0x2067), "\ufffd")
"""For `str.translate`: marks that make the text after them read backwards. A name may hold them; they are shown, not obeyed."""


def decimals(one: Estimate) -> int:
    """Return the decimals that a figure deserves; below 0 it is rounded to tens, hundreds and so on.

    Half of the interval is written with one digit, or with two where the first is a 1: no digit is shown that chance
    alone decides. Without an interval, three digits of the figure itself. A bound that is not 0 is not rounded to 0 while its
    interval leaves 0 out.
    """
    if not math.isfinite(one.mean):
        return 0
    half = (one.high - one.low) / 2
    if not math.isfinite(half) or half <= 0:
        scale = abs(one.mean)
        return _bounded(2 - math.floor(math.log10(scale))) if scale > 0 else 0
    first = math.floor(math.log10(half))
    found = -first + (1 if half / 10**first < 2 else 0)
    if is_clear(one):
        nearest = min(abs(one.low), abs(one.high))
        while found < MOST_DECIMALS and round(nearest, found) == 0:
            found += 1
    return _bounded(found)


def is_clear(one: Estimate) -> bool:
    """Tell whether a difference can be told from none: its interval leaves out 0."""
    return bool(one.low > 0 or one.high < 0)


def number(value: float, digits: int = 1, *, signed: bool = False) -> str:
    """Return a number with thousands, a true minus, and no sign on zero; ``digits`` below 0 rounds to tens, hundreds, …"""
    if not math.isfinite(value):
        return "–"
    value = round(value, digits)
    text = f"{abs(value):,.{max(0, digits)}f}"
    if value < 0:
        return MINUS + text
    return "+" + text if signed and value > 0 else text


def mean(one: Estimate, *, signed: bool = False) -> str:
    """Return a figure without its interval."""
    return "not measurable" if math.isnan(one.mean) else number(one.mean, decimals(one), signed=signed)


def interval(one: Estimate, *, signed: bool = False) -> str:
    """Return the interval of a figure, "1.7 to 2.3"; empty where there is none."""
    if not (math.isfinite(one.low) and math.isfinite(one.high)):
        return ""
    digits = decimals(one)
    return f"{number(one.low, digits, signed=signed)} to {number(one.high, digits, signed=signed)}"


def figure(one: Estimate, unit: str = "", *, signed: bool = False) -> str:
    """Return a figure with its interval: "2.0 points (1.7 to 2.3)"."""
    if math.isnan(one.mean):
        return "not measurable"
    value = with_unit(mean(one, signed=signed), unit)
    found = interval(one, signed=signed)
    return f"{value} ({found})" if found else value


def with_unit(value: str, unit: str) -> str:
    """Return a number with its unit: per cent and "days" behind it, a currency before it."""
    if not unit:
        return value
    if len(unit) == 3 and unit.isupper():
        return f"{unit} {value}"
    return f"{value} {unit}"


def change(what: str, one: Estimate, unit: str) -> str:
    """Return what happens to something, as a sentence that says how sure it is.

    Examples: "External satisfaction rises by 2.0 points (95 % interval 1.7 to 2.3)."; "Profit cannot be told from no change
    (EUR +100; 95 % interval −200 to +400)."
    """
    what = capital(what)
    if math.isnan(one.mean):
        return f"{what}: not measurable here."
    if one.mean == 0 and (one.runs < 2 or one.low == one.high):
        return f"{what} does not change at all."
    if not math.isfinite(one.low):
        verb = "higher" if one.mean > 0 else "lower"
        size = with_unit(number(abs(one.mean), decimals(one)), unit)
        return f"{what} is {verb} by {size} in the single run that was made; one run does not show how sure that is."
    if not is_clear(one):
        return (
            f"{what} cannot be told from no change ({with_unit(mean(one, signed=True), unit)}; "
            f"95 % interval {interval(one, signed=True)})."
        )
    verb = "rises" if one.mean > 0 else "falls"
    digits = decimals(one)
    low, high = sorted((abs(one.low), abs(one.high)))
    size = with_unit(number(abs(one.mean), digits), unit)
    return f"{what} {verb} by {size} (95 % interval {number(low, digits)} to {number(high, digits)})."


def unit_of_change(unit: str, currency: str) -> str:
    """Return the unit in which a difference of two figures is told."""
    if unit in ("0–100", "−100–100"):
        return "points"
    if unit.startswith("%"):
        return "percentage points"
    if unit.startswith("currency"):
        return currency + unit.removeprefix("currency")
    return {"days": "working days", "people": "customers"}.get(unit, unit)


def capital(words: str) -> str:
    """Return a text with its first letter in upper case and the others as they are."""
    return words[:1].upper() + words[1:]


def listed(words: Sequence[str], joint: str = "and") -> str:
    """Return "a, b and c"."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {joint} {words[-1]}"


def plural(count: int, one: str, many: str | None = None) -> str:
    """Return "1 run", "12 runs"."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def _bounded(found: int) -> int:
    return max(-9, min(MOST_DECIMALS, found))


def named(name: str) -> str:
    """Return a name as it stands inside a sentence: one written from right to left is kept from turning the rest round."""
    if any(unicodedata.bidirectional(letter) in ("R", "AL", "AN") for letter in name):
        return f"\u2068{name}\u2069"  # first strong isolate … pop directional isolate
    return name


def quoted(name: str) -> str:
    """Return a name in quotation marks."""
    return f"“{named(name)}”"
