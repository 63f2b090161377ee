"""What a parameter is: name, unit, range, default, neutral value, source."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sim.errors import InputError

Home = Literal["firm", "unit", "link", "segment"]

GUESS = "no source: a modelling choice"


@dataclass(frozen=True, slots=True)
class Lever:
    """One parameter of the model.

    Attributes
    ----------
    name : as written in organisation files (``internal_service``); command lines also take hyphens
    home : the population whose rows carry it
    mechanism : id of the mechanism that it belongs to
    unit : unit of measurement
    low, high : allowed range, both ends included
    default : value where nothing is said
    neutral : value that switches the effect off; None for plain descriptions of an organisation, which have no "off"
    meaning : one sentence
    source : where the default comes from
    """

    name: str
    home: Home
    mechanism: str
    unit: str
    low: float
    high: float
    default: float
    neutral: float | None
    meaning: str
    source: str = GUESS

    @property
    def allowed(self) -> str:
        """The allowed range in words."""
        return f"a number from {self.low:g} to {self.high:g} ({self.unit})"

    def check(self, value: object, *, source: str | None = None, place: str | None = None) -> float:
        """Return ``value`` as a float, or raise `InputError` when it is not a number within the range."""
        number = value if isinstance(value, (int, float)) and not isinstance(value, bool) else None
        if number is None or not self.low <= number <= self.high:  # which refuses nan and infinity, too
            raise InputError(
                f"{self.name} cannot have this value",
                source=source,
                place=place or self.name,
                value=value,
                allowed=self.allowed,
            )
        return float(number)
