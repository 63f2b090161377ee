"""Messages of the page, by language: English, German, and a pseudo-language that shows whether a layout has room.

A catalogue is every file ``messages/LANGUAGE.json`` and ``messages/LANGUAGE_*.json``, put together: key → text, with parameters
as ``{name}``. The pseudo-language ``xx`` is made from English: accented letters, 40 % longer, between brackets, so that a text
that does not come from the catalogue is seen at a glance.
"""

from __future__ import annotations

import functools
import json
import re
from importlib import resources

from sim.errors import InputError, did_you_mean

LANGUAGES = ("en", "de")
PSEUDO = "xx"
LONGER = 0.4
"""Share by which pseudo-texts are longer; German texts are up to about this much longer than English ones."""

_ACCENTED = str.maketrans("aeiounsyczAEIOUNSYCZ", "áéíóúñšýçžÁÉÍÓÚÑŠÝÇŽ")


def check(language: str) -> str:
    """Return a language if there is a catalogue of it."""
    if language not in (*LANGUAGES, PSEUDO):
        raise InputError(
            "there is no such language", place="language", value=language, allowed=", ".join((*LANGUAGES, PSEUDO)),
            hint=did_you_mean(language, LANGUAGES),
        )  # fmt: skip
    return language


@functools.cache
def catalogue(language: str) -> dict[str, str]:
    """Return every message of a language by its key; what a translation lacks is there in English."""
    check(language)
    if language == PSEUDO:
        return {key: pseudo(text) for key, text in catalogue("en").items()}
    messages: dict[str, str] = {} if language == "en" else dict(catalogue("en"))
    for entry in sorted(resources.files("sim.workshop").joinpath("messages").iterdir(), key=lambda one: one.name):
        if re.fullmatch(rf"{language}(_\w+)?\.json", entry.name):
            messages |= json.loads(entry.read_text(encoding="utf-8"))
    return messages


def pseudo(text: str) -> str:
    """Return a text in the pseudo-language; parameters stay as they are."""
    parts = re.split(r"(\{\w+\})", text)
    accented = "".join(part if part.startswith("{") else part.translate(_ACCENTED) for part in parts)
    return f"[{accented}{'·' * max(1, round(LONGER * len(text)))}]"


def say(key: str, language: str = "en", **params: object) -> str:
    """Return a message with its parameters filled in."""
    text = catalogue(language)[key]
    return re.sub(r"\{(\w+)\}", lambda found: str(params.get(found[1], found[0])), text)
