"""The project's errors: one root, each with what a person needs in order to mend the input."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any


class ServiceCultureError(Exception):
    """Root of every error that this package raises on purpose."""


class InputError(ServiceCultureError):
    """Something the user gave cannot be used.

    Parameters
    ----------
    problem : what is wrong, in one sentence without a full stop
    source : file or argument in which it stands
    place : where inside the source, for example ``links[3].supplier`` or ``line 12``
    value : the offending value, quoted back to the user; leave out where there is none
    allowed : what would have been accepted
    hint : the likely fix
    """

    def __init__(
        self,
        problem: str,
        *,
        source: str | None = None,
        place: str | None = None,
        value: object = None,
        allowed: str | None = None,
        hint: str | None = None,
    ) -> None:
        self.problem, self.source, self.place = problem, source, place
        self.value, self.allowed, self.hint = value, allowed, hint
        super().__init__(str(self))

    def located(self, source: str) -> InputError:
        """Return this error with the name of the file it came from."""
        return InputError(
            self.problem,
            source=self.source or source,
            place=self.place,
            value=self.value,
            allowed=self.allowed,
            hint=self.hint,
        )

    def within(self, place: str) -> InputError:
        """Return this error with the table or list in which its place is."""
        return InputError(
            self.problem,
            source=self.source,
            place=f"{place}.{self.place}" if self.place else place,
            value=self.value,
            allowed=self.allowed,
            hint=self.hint,
        )

    def __str__(self) -> str:
        where = ": ".join(plain(part.replace("\n", " "), 300) for part in (self.source, self.place) if part)
        problem = plain(self.problem, 500)
        lines = [f"{where}: {problem}" if where else problem]
        if self.value is not None:
            lines.append(f"  found:   {shorten(self.value)}")
        if self.allowed:
            lines.append(f"  allowed: {plain(self.allowed, 1500)}")
        if self.hint:
            lines.append(f"  hint:    {plain(self.hint, 500)}")
        return "\n".join(lines)

    def __reduce__(self):
        fields = {name: getattr(self, name) for name in ("source", "place", "value", "allowed", "hint")}
        return (_rebuild, (self.problem, fields))


def _rebuild(problem: str, fields: dict[str, Any]) -> InputError:
    return InputError(problem, **fields)


def plain(text: str, most: int) -> str:
    """Return a text that is safe to print: what no terminal shows as a letter is written out, and a long text is cut.

    Places and hints hold names and keys from files: a control character in one would move the cursor or clear the screen, and
    half of a surrogate pair cannot be printed at all.
    """
    text = _cut(text, most)
    if text.isprintable():
        return text
    written = "".join(letter if letter.isprintable() or letter == "\n" else repr(letter)[1:-1] for letter in text)
    return _cut(written, most)


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 30]} … {text[-20:]}"


def shorten(value: object, most: int = 100) -> str:
    """Return ``repr(value)``, cut in the middle when it is long."""
    try:
        text = repr(value)
    except (RecursionError, ValueError):  # nested too deep, or an integer of more digits than Python prints
        return f"a {type(value).__name__} too large to show"
    return _cut(text, most)


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """Return a hint that names the nearest known word, or None when none is near."""
    names = {name.casefold().replace("-", "_"): name for name in known}
    near = difflib.get_close_matches(word.casefold().replace("-", "_"), names, n=1, cutoff=0.6)
    return f"did you mean {names[near[0]]!r}?" if near else None
