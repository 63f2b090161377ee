"""The command line. Imports wait until a command needs them, so that ``--help`` answers at once."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import sys
from typing import NoReturn

import typer

from sim.cli.app import app
from sim.errors import ServiceCultureError

# Each module adds its commands; their order is that of the help.
# isort: off
from sim.cli import describing, client, tickets, exporting, running, comparing, telling, weakest, hiring, workshop  # noqa: F401
from sim.cli import forgetting  # noqa: F401
from sim.cli import sweeping, analysing, validating, robustness, calibrating, reporting  # noqa: F401
# isort: on

STOPPED = 130
"""Exit code of a run that was stopped by Ctrl-C, as shells have it."""


_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EBADF)
"""How a system says that a file takes no more of what is printed."""


def _take_any_letter() -> None:
    """Let terminals and pipes that know few letters get a question mark for the others; the table is there."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors="replace")


def _drop_output() -> None:
    """Send to nowhere what could not be printed, so that Python does not complain of it at the end."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())


def main() -> NoReturn:
    """Run the command line; a mistake in what the user gave ends with exit code 2 and no traceback."""
    _take_any_letter()
    try:
        code = app(standalone_mode=False)  # Typer turns Ctrl-C into exit code 130, and returns it
        if sys.stdout is not None:
            sys.stdout.flush()
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
        _drop_output()
        sys.exit(0)
    except OSError as error:
        if error.filename is not None or error.errno not in _NO_ROOM:  # files are written with errors of their own
            raise
        _drop_output()
        print(f"error: standard output cannot be written: {error.strerror or error}", file=sys.stderr)
        sys.exit(2)
    except Exception as error:
        if hasattr(error, "show") and hasattr(error, "exit_code"):  # what click says of wrong options
            error.show()
            sys.exit(2)
        raise
    if code == STOPPED:
        print("stopped; nothing was written", file=sys.stderr)
    sys.exit(code if isinstance(code, int) else 0)
