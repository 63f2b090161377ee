"""Stories on the command line: ``service-culture scenario NAME``, and each script of ``scenarios/`` by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sim.story import Story


def main(story: Story) -> None:
    """Run a story as a script of its own."""
    raise NotImplementedError
