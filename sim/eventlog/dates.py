"""Dates as people export them: ISO with or without zones, day or month first, month names, a.m. and p.m., epochs.

A date's *shape* (where the digits, letters and marks stand) gives a format; the only thing that a shape leaves open is
whether 03/04 is March or April, and that is settled once for a file, from all its dates (`Order`). All times become
seconds since 1970-01-01 on one clock: where the file names zones, universal time shifted by its most common offset, so
that durations are exact and hours of the day are those of the place.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

_NUMERIC = re.compile(
    r"^(?P<a>\d{1,4})(?P<s>[-/. ])(?P<b>\d{1,2}|[^\W\d_]{3,9}\.?)(?P=s)(?P<c>\d{4}|\d{2})"
    r"(?P<gap>,? +|T|t)?(?P<time>\d{1,2}[:.h]\d{2}(?:[:.]\d{2}(?:[.,]\d{1,9})?)?)?(?P<ampm> ?[AaPp]\.?[Mm]\.?)?"
    r"(?P<zone> ?(?:[Zz]|UTC|GMT|[+-]\d{2}:?\d{2}|[+-]\d{2}))?$"
)
_NAMED_FIRST = re.compile(
    r"^(?:[^\W\d_]{3,9},? )?(?P<b>[^\W\d_]{3,9}) (?P<a>\d{1,2}),? (?P<c>\d{4}),?"
    r"(?: (?P<time>\d{1,2}:\d{2}(?::\d{2})?)(?P<ampm> ?[AaPp][Mm])?)?$"
)
_COMPACT = re.compile(r"^(\d{4})(\d{2})(\d{2})[T ]?(\d{2})(\d{2})(\d{2})?$")
_WEEKDAY = re.compile(r"^(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*,? +(?=\d)", re.IGNORECASE)
_ZONE_NAME = re.compile(r" (?:CET|CEST|EST|EDT|CST|CDT|MST|MDT|PST|PDT|BST|IST)$")
_NUMBER = re.compile(r"^\d{5}(?:\.\d+)?$|^\d{9,10}(?:\.\d+)?$|^\d{13}$|^\d{16}$|^\d{19}$")
_MONTHS = {
    name: number
    for number, names in enumerate(
        ("jan jän ene gen", "feb fév fev", "mar mär mrz maa", "apr avr abr", "may mai mag mei", "jun jui giu",
         "jul lug", "aug ago aoû", "sep set", "oct okt out ott", "nov", "dec dez déc dic"), start=1)
    for name in names.split()
}  # fmt: skip
_DIGITS_ALIKE = str.maketrans("012345678", "999999999")
_WORTH_A_TEMPLATE = 20
_EXCEL_ORIGIN = 25569  # days from Excel's day 0 to 1970-01-01
READABLE_DATES = "2024-03-05 14:30, 05-03-2024 14:30, 3/5/2024 2:30 PM, 5 Mar 2024, ISO with zone, epoch"
MOST_OFFSET = 15 * 3600
"""Seconds; no place on earth is further from universal time."""
YEARS = (1980, 2100)
"""A number or date outside these years is taken for something else."""


@dataclass(slots=True)
class Order:
    """Evidence on the order of day and month in dates like 03/04/2024.

    Attributes
    ----------
    day_first, month_first : dates that allow only this order
    ambiguous : dates that allow both
    choice : ``dmy`` or ``mdy``, once decided
    reason : why, for people
    """

    day_first: int = 0
    month_first: int = 0
    ambiguous: int = 0
    choice: str | None = None
    reason: str = ""
    marks: Counter = field(default_factory=Counter)

    def see(self, values: Iterable[str]) -> None:
        """Take note of more dates."""
        for value in values:
            found = _NUMERIC.match(_WEEKDAY.sub("", value.strip()))
            if not found or len(found["a"]) > 2 or not found["b"].isdigit() or len(found["c"]) == 3:
                continue
            first, second = int(found["a"]), int(found["b"])
            self.marks[found["s"] + ("p" if found["ampm"] else "")] += 1
            if first > 12 >= second:
                self.day_first += 1
            elif second > 12 >= first:
                self.month_first += 1
            elif first != second:
                self.ambiguous += 1

    @property
    def settled(self) -> bool:
        """Whether the dates seen leave no doubt."""
        return self.choice is not None or self.day_first > 0 or self.month_first > 0

    def decide(self) -> None:
        """Choose, by what most dates allow; where all allow both, by the habits that go with their punctuation."""
        if self.choice is not None:
            return
        if self.day_first or self.month_first:
            self.choice = "dmy" if self.day_first >= self.month_first else "mdy"
            sure = max(self.day_first, self.month_first)
            self.reason = f"{sure:,} dates seen allow no other order"
            if min(self.day_first, self.month_first):
                self.reason += f", {min(self.day_first, self.month_first):,} contradict it"
        elif self.ambiguous:
            american = any(mark.startswith("/") for mark in self.marks) and any("p" in mark for mark in self.marks)
            self.choice = "mdy" if american else "dmy"
            self.reason = (
                "a guess: all dates allow both orders; slashes with a.m. or p.m. are read month first, others day first"
            )
        else:
            self.choice = "dmy"


@dataclass(slots=True)
class DateReader:
    """Turns text into seconds since 1970, remembering which zones it met.

    Parameters
    ----------
    order : the order of day and month
    """

    order: Order
    offsets: Counter = field(default_factory=Counter)
    zoned: int = 0

    def read(self, texts: pd.Series | list[str] | np.ndarray) -> np.ndarray:
        """Return seconds since 1970-01-01 (universal time where a zone is given), NaN where there is no date."""
        values = pd.Series(np.asarray(texts, dtype=object)).astype(str).str.strip()
        codes, unique = pd.factorize(values)
        seconds = self._read_unique(pd.Series(unique, dtype=object))
        return seconds[codes]

    def _read_unique(self, unique: pd.Series) -> np.ndarray:
        out = np.full(len(unique), np.nan)
        masks, patterns = pd.factorize(unique.str.translate(_DIGITS_ALIKE))
        slow = np.ones(len(unique), bool)
        for number, pattern in enumerate(patterns):
            places = np.flatnonzero(masks == number)
            if len(places) >= _WORTH_A_TEMPLATE and (template := self._template(pattern)) is not None:
                out[places] = self._by_template(unique.iloc[places], *template)
                slow[places] = np.isnan(out[places])
        rest = np.flatnonzero(slow)
        out[rest] = self._one_by_one(list(unique.iloc[rest]))
        low, high = (np.datetime64(f"{year}-01-01", "s").astype("int64") for year in YEARS)
        out[(out < low) | (out > high)] = np.nan
        return out

    def _template(self, pattern: str) -> tuple[str, int | None] | None:
        """Return strptime format and position of the zone for texts of one pattern, or None where it has words."""
        found = _NUMERIC.match(pattern)
        if (
            found is None
            or not found["b"].isdigit()
            or found["ampm"]
            or (found["gap"] or "") not in ("", " ", "T", ", ")
        ):
            return None
        mark, year = found["s"], "%Y" if len(found["c"]) == 4 or len(found["a"]) == 4 else "%y"
        if len(found["a"]) == 4:
            parts = [year, "%m", "%d"]
        else:
            parts = ["%m", "%d", year] if self.order.choice == "mdy" else ["%d", "%m", year]
        form = mark.join(parts) + (found["gap"] or "")
        if time := found["time"]:
            if "," in time or len(time.partition(".")[2]) > 6:
                return None
            marks = re.findall(r"\D", time)
            form += "%H" + "".join(mark + name for mark, name in zip(marks, ("%M", "%S", "%f"), strict=False))
        zone = found.start("zone") if found["zone"] else None
        return form, zone

    def _by_template(self, texts: pd.Series, form: str, zone: int | None) -> np.ndarray:
        offsets = None
        if zone is not None:
            codes, zones = pd.factorize(texts.str[zone:])
            distances = [_offset(text) or 0 for text in zones]
            offsets = np.array(distances, dtype=float)[codes]
            offsets[np.abs(offsets) > MOST_OFFSET] = np.nan
            for distance, times in zip(distances, np.bincount(codes), strict=True):
                if abs(distance) <= MOST_OFFSET:
                    self.offsets[distance] += int(times)
            self.zoned += int(np.isfinite(offsets).sum())
            texts = texts.str[:zone]
        seconds = _to_seconds(pd.to_datetime(texts, format=form, errors="coerce"))
        return seconds if offsets is None else seconds - offsets

    def _one_by_one(self, texts: list[str]) -> np.ndarray:
        """Read dates of mixed or rare shapes: each is taken apart, and texts of one format are parsed together."""
        out = np.full(len(texts), np.nan)
        shapes: dict[tuple, list[int]] = {}
        plain: list[str] = []
        for place, value in enumerate(texts):
            shape, text = self._shape(value)
            plain.append(text)
            if shape is not None:
                shapes.setdefault(shape, []).append(place)
        for (form, offset), places in shapes.items():
            same = [plain[place] for place in places]
            if form == "number":
                out[places] = [number_to_seconds(text) for text in same]
                continue
            seconds = _to_seconds(pd.to_datetime(pd.Series(same), format=form, errors="coerce"))
            if offset is not None:
                seconds -= offset
                self.zoned += len(places)
                self.offsets[offset] += len(places)
            out[places] = seconds
        return out

    def _shape(self, text: str) -> tuple[tuple | None, str]:
        """Return ((strptime format, zone offset in seconds), cleaned text); a shape of None is no date."""
        if not text or len(text) > 40 or not any(letter.isdigit() for letter in text):
            return None, text
        if _NUMBER.match(text):
            return ("number", None), text
        text = _ZONE_NAME.sub("", _WEEKDAY.sub("", text))
        if compact := _COMPACT.match(text):
            digits = "".join(part or "" for part in compact.groups())
            return ("%Y%m%d%H%M%S" if compact[6] else "%Y%m%d%H%M", None), digits
        found = _NUMERIC.match(text)
        if found is None:
            found = _NAMED_FIRST.match(text)
            if found is None:
                return None, text
        parts = found.groupdict()
        day, month, year = parts["a"], parts["b"], parts["c"]
        if len(day) == 3:
            return None, text
        if len(day) == 4:
            if len(year) == 4:
                return None, text
            day, year = year, day
        elif month.isdigit() and self._month_first(int(day), int(month)):
            day, month = month, day
        if not month.isdigit():
            number = _MONTHS.get(month.casefold()[:3])
            if number is None:
                return None, text
            month = str(number)
        form, clean = f"%d %m %{'Y' if len(year) == 4 else 'y'}", f"{day} {month} {year}"
        if time := parts["time"]:
            clock = re.split(r"[:.,h]", time)
            ampm = (parts["ampm"] or "").strip().replace(".", "").upper()
            names = ["%I" if ampm else "%H", "%M", "%S", "%f"][: len(clock)]
            form += " " + " ".join(names) + (" %p" if ampm else "")
            clock = [piece[:6] for piece in clock]
            clean += " " + " ".join(clock) + (f" {ampm}" if ampm else "")
        offset = _offset(parts.get("zone"))
        return (None if offset is not None and abs(offset) > MOST_OFFSET else (form, offset)), clean

    def _month_first(self, first: int, second: int) -> bool:
        """Tell whether the first of two numbers is the month: as the file's order says, unless it cannot be."""
        if self.order.choice == "mdy":
            return first <= 12
        return second > 12 >= first

    @property
    def usual_offset(self) -> int:
        """The most common distance from universal time, in seconds; 0 where no zone is named."""
        return int(self.offsets.most_common(1)[0][0]) if self.offsets else 0


def _to_seconds(parsed: pd.Series) -> np.ndarray:
    seconds = parsed.to_numpy().astype("datetime64[ms]").astype("int64") / 1000.0
    seconds[parsed.isna().to_numpy()] = np.nan
    return np.asarray(seconds)


def _offset(zone: str | None) -> int | None:
    if not zone or not zone.strip():
        return None
    zone = zone.strip()
    if zone[0] not in "+-":
        return 0
    digits = zone[1:].replace(":", "")
    seconds = int(digits[:2]) * 3600 + int(digits[2:] or 0) * 60
    return -seconds if zone[0] == "-" else seconds


def number_to_seconds(text: str) -> float:
    """Return the seconds since 1970 that a bare number stands for: epoch in s, ms, µs or ns, or Excel's day count."""
    number = float(text)
    whole = len(text.partition(".")[0])
    if whole == 5:
        return (number - _EXCEL_ORIGIN) * 86400.0 if 29000 <= number <= 73000 else np.nan
    return number / {9: 1.0, 10: 1.0, 13: 1e3, 16: 1e6, 19: 1e9}[whole]


def share_of_dates(values: list[str], order: Order) -> float:
    """Return the share of these texts that are dates (bare five-digit numbers do not count: they are mostly ids)."""
    if not values:
        return 0.0
    reader = DateReader(order)
    counted = [value for value in values if not value.strip().isdigit() or len(value.strip()) in (9, 10, 13)]
    return float(np.isfinite(reader.read(counted)).sum()) / len(values) if counted else 0.0
