"""What pydantic says of a TOML file, in the words of `InputError`: place, value, what is allowed, the likely fix."""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from typing import Any

import pydantic

from sim.errors import InputError, did_you_mean

Location = tuple[int | str, ...]

TYPES = {
    "string_type": "a text in quotes",
    "float_type": "a number, without quotes",
    "finite_number": "a number",
    "int_type": "a whole number, without quotes",
    "int_from_float": "a whole number",
    "bool_type": "true or false",
}
"""What complaints about types mean, in plain words."""


def first(error: pydantic.ValidationError) -> dict[str, Any]:
    """Return the first complaint; of a misspelt key, which is missing, too, the one that names what stands there."""
    mistake, *others = error.errors(include_url=False)
    if mistake["type"] == "missing":
        table = mistake["loc"][:-1]
        mistake = next(
            (one for one in others if one["type"] == "extra_forbidden" and one["loc"][:-1] == table), mistake
        )
    return dict(mistake)


def place_of(location: Location) -> str:
    """Return a place as people write it: ``links[3].supplier``."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location).lstrip(".")


def in_tables(
    error: pydantic.ValidationError, source: str, keys: Callable[[Location], Sequence[str]], arrays: Container[str],
    singles: Container[str] = (),
) -> InputError:  # fmt: skip
    """Return the first complaint about a file of tables.

    Parameters
    ----------
    keys : the keys that are known where a key stands
    arrays : tables of which there may be several, each headed in double brackets
    singles : tables of which there is one
    """
    mistake = first(error)
    location: Location = mistake["loc"]
    place, key, head = place_of(location), str(location[-1]), str(location[0])
    allowed = TYPES.get(mistake["type"], "")
    match mistake["type"]:
        case "extra_forbidden":
            return unknown_key(key, place, keys(location), source)
        case "missing":
            wanted = f"a table headed [{key}]" if key in singles else f"a value for {key!r}"
            return InputError("something is missing here", source=source, place=place, allowed=wanted)
        case "list_type" if key in arrays:
            allowed = f"tables, each headed [[{key}]] in double brackets"
        case "list_type":
            allowed = f"a list in square brackets: {key} = […]"
        case "model_type" | "dict_type" | "model_attributes_type":
            allowed = f"a table, headed [[{head}]]" if head in arrays else f"a table, headed [{head}]"
    return InputError(
        "this value cannot be used",
        source=source,
        place=place,
        value=mistake["input"],
        allowed=allowed or mistake["msg"],
    )


def unknown_key(key: str, place: str, known: Sequence[str], source: str) -> InputError:
    """Return the complaint about a key that there is not, with the nearest one that there is."""
    return InputError(
        "there is no such key here", source=source, place=place, value=key, allowed=", ".join(known),
        hint=did_you_mean(key, known),
    )  # fmt: skip
