"""The command line. Imports wait until a command needs them, so that ``--help`` answers at once."""

from __future__ import annotations

import sys
from typing import NoReturn

import typer

from sim.cli.app import app
from sim.errors import ServiceCultureError

# Each module adds its commands; their order is that of the help.
# isort: off
from sim.cli import describing, client, tickets, running, comparing, telling, weakest, hiring, workshop, reporting  # noqa: F401
# isort: on

STOPPED = 130
"""Exit code of a run that was stopped by Ctrl-C, as shells have it."""


def main() -> NoReturn:
    """Run the command line; a mistake in what the user gave ends with exit code 2 and no traceback."""
    try:
        code = app(standalone_mode=False)  # Typer turns Ctrl-C into exit code 130, and returns it
    except comparing.Finished as leave:
        sys.exit(leave.exit_code)
    except typer.Exit as leave:
        code = leave.exit_code
    except (typer.Abort, KeyboardInterrupt):
        code = STOPPED
    except ServiceCultureError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
    except Exception as error:
        if hasattr(error, "show") and hasattr(error, "exit_code"):  # what click says of wrong options
            error.show()
            sys.exit(2)
        raise
    if code == STOPPED:
        print("stopped; nothing was written", file=sys.stderr)
    sys.exit(code if isinstance(code, int) else 0)
