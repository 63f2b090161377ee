"""What the runnable examples share: mistakes end in a sentence, and what is not installed is named."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable

import typer

from sim.errors import InputError, ServiceCultureError


def guarded(main: Callable[..., None]) -> None:
    """Run a function as a command; a mistake in what the user gave ends with exit code 2 and no traceback."""
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(main)
    guarded_app(app)


def guarded_app(app: typer.Typer) -> None:
    """Run commands; a mistake in what the user gave ends with exit code 2 and no traceback."""
    try:
        app()
    except ServiceCultureError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)


def needs(module: str, name: str) -> None:
    """Raise `InputError` where an optional package is not installed."""
    if importlib.util.find_spec(module) is None:
        raise InputError(
            f"this example needs {name}",
            place="import",
            value=module,
            hint="pip install 'service-culture[experiments]'",
        )
