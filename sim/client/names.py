"""Names of departments and segments as people write them, matched to those of the organisation."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence

from sim.errors import InputError

MOST_SHOWN = 12
LONGEST_SHOWN = 60


def plain(name: object) -> str:
    """Return a name as it is compared: small letters and digits, "&" as "and", without "department" or "team"."""
    text = str(name).casefold().replace("&", " and ").replace("+", " and ")
    text = re.sub(r"[^0-9a-zäöüßéèêàç]+", " ", text)
    text = re.sub(
        r"^(the|dept|department|team|abteilung) (?=\S)|(?<=\S) (dept|department|team|abteilung)$", "", text.strip()
    )
    return text.replace(" ", "")


class Names:
    """The names of an organisation's units or segments, found however they are written."""

    def __init__(self, names: Iterable[str]) -> None:
        self.names: Sequence[str] = list(names)
        self._by_plain: dict[str, list[str]] = {}
        for name in self.names:
            self._by_plain.setdefault(plain(name), []).append(name)

    def find(self, said: object) -> str | None:
        """Return the name that is meant, or None where there is none or several are."""
        text = " ".join(str(said).split())
        if text in self.names:
            return text
        found = self._by_plain.get(plain(text), [])
        return found[0] if len(found) == 1 else None

    def within(self, header: str) -> str | None:
        """Return the longest name that stands in a header as whole words: "How do you rate IT?" holds IT."""
        padded = f" {_words(header)} "
        found = [name for name in self.names if f" {_words(name)} " in padded]
        return max(found, key=len, default=None)

    def unknown(self, said: Sequence[str], source: str, column: str, what: str, fix: str) -> InputError:
        """Return the error for names that nothing here has.

        What looks like free text is not quoted: then the column is the wrong one, and the words are somebody's.
        """
        if len(said) > 3 * MOST_SHOWN or any(len(one) > LONGEST_SHOWN for one in said):
            return InputError(
                f"these are no names of {what}", source=source, place=f"column {column!r}",
                allowed=", ".join(self.names), hint="is this the right column? --column names another",
            )  # fmt: skip
        lines = []
        for one in sorted(said)[:MOST_SHOWN]:
            near = difflib.get_close_matches(plain(one), list(self._by_plain), n=1, cutoff=0.6)
            lines.append(f"{one!r}" + (f" (did you mean {self._by_plain[near[0]][0]!r}?)" if near else ""))
        more = ", and more" if len(said) > MOST_SHOWN else ""
        return InputError(
            f"the organisation has no such {what}: " + ", ".join(lines) + more, source=source, place=f"column {column!r}",
            allowed=", ".join(self.names), hint=fix,
        )  # fmt: skip


def _words(text: str) -> str:
    return " ".join(re.sub(r"[^0-9a-zäöüßéèêàç]+", " ", text.casefold().replace("&", " and ")).split())
