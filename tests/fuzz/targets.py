"""Every reader that is fuzzed."""

from __future__ import annotations

from importlib import import_module

from tests.fuzz.target import Target

FAMILIES = (
    "targets_text", "targets_room", "targets_results", "targets_sheets", "targets_surveys", "targets_tickets", "targets_graphs",
)  # fmt: skip


def every() -> dict[str, Target]:
    """Return every target by its name."""
    found: dict[str, Target] = {}
    for family in FAMILIES:
        try:
            module = import_module(f"tests.fuzz.{family}")
        except ModuleNotFoundError as error:
            if error.name != f"tests.fuzz.{family}":
                raise
            continue
        found |= {one.name: one for one in module.TARGETS}
    return found
