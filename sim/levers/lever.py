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

    def usual(self, value: float, *, wide: bool = False) -> tuple[float, float]:
        """Return a sensible range to vary the lever over when nobody says one: from half to one and a half of ``value``.

        Where ``value`` is 0, there is no half of it: the range is the lower half of what is allowed if that spans no more
        than 1 (shares), and `InputError` asks for a range otherwise. Internal service goes from poor to good, 0.2 to 0.9,
        whatever it is. No source: a modelling choice.

        Parameters
        ----------
        value : what the organisation has; where its parts differ, their mean, so that no outlier sets the range for all
        wide : where ``value`` is 0, take the lower half of what is allowed, however much that spans
        """
        if self.name == "internal_service":
            return 0.2, 0.9
        if value == 0:
            if self.high - self.low > 1 and not wide:
                raise InputError(
                    f"{self.name} is 0 here, and no range suggests itself",
                    place=self.name,
                    allowed=f"a range within {self.low:g} to {self.high:g} ({self.unit})",
                    hint="say from where to where",
                )
            return self.low, self.low + 0.5 * (self.high - self.low)
        low, high = sorted((0.5 * value, 1.5 * value))
        return max(self.low, low), min(self.high, high)

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
