"""Files that people give: opened only where they are ordinary files, so that no reader waits for a pipe or never ends."""

from __future__ import annotations

import lzma
import os
import stat
import zlib
from pathlib import Path
from typing import IO

from sim.errors import InputError

DAMAGED = (OSError, EOFError, lzma.LZMAError, zlib.error)
"""What reading a packed file raises where it is cut off or damaged."""

_KINDS = {stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket", stat.S_IFCHR: "a device", stat.S_IFBLK: "a device"}


def open_ordinary(path: str | Path, *, allowed: str) -> IO[bytes]:
    """Open a file for reading bytes, or raise `InputError` where it is a folder, a pipe or a device, or cannot be read.

    The file is looked at after it was opened, so that nobody can put a pipe in its place in between. Opening does not wait.

    Parameters
    ----------
    allowed : what would have been accepted, for the error
    """
    try:
        number = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except (OSError, ValueError) as error:  # ValueError: a null character in the path, or one that no system has
        said = getattr(error, "strerror", None) or str(error)
        raise InputError("this file cannot be read", source=str(path), value=said, allowed=allowed) from None
    try:
        kind = stat.S_IFMT(os.fstat(number).st_mode)
        if kind == stat.S_IFDIR:
            raise InputError("this is a folder", source=str(path), allowed=allowed)
        if kind != stat.S_IFREG:
            raise InputError(
                f"this is {_KINDS.get(kind, 'no ordinary file')}", source=str(path), allowed=allowed,
                hint="save what it gives as a file first",
            )  # fmt: skip
        return os.fdopen(number, "rb")
    except BaseException:
        os.close(number)
        raise


def read_bytes(path: str | Path, most: int, *, allowed: str) -> bytes:
    """Return the content of a file of up to ``most`` bytes, or raise `InputError`; see `open_ordinary`."""
    with open_ordinary(path, allowed=allowed) as file:
        try:
            content = file.read(most + 1)
        except OSError as error:
            raise InputError(
                "this file cannot be read", source=str(path), value=error.strerror or str(error), allowed=allowed
            ) from None
    if len(content) > most:
        raise InputError(
            "this file is too large", source=str(path), value=f"more than {most:,} bytes",
            allowed=f"{allowed}, up to {most:,} bytes",
        )  # fmt: skip
    return content
