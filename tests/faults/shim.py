"""The library that stands between a program and the system: built where it is needed, loaded with LD_PRELOAD."""

from __future__ import annotations

import ctypes
import enum
import functools
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

SOURCE = Path(__file__).with_name("shim.c")


class How(enum.IntEnum):
    """What happens at the n-th call, see `shim.c`."""

    COUNT = 0
    KILL = 1
    TORN = 2
    FAIL = 3
    FAIL_ONCE = 4
    CLOCK = 5


class NoShim(Exception):
    """The library cannot be made here; says why."""


@functools.cache
def library() -> Path:
    """Compile the library into a temporary folder and return its path; raises `NoShim` where that cannot be."""
    if sys.platform != "linux":
        raise NoShim("faults are put between a program and Linux; this is another system")
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        raise NoShim("there is no C compiler (cc)")
    folder = Path(tempfile.mkdtemp(prefix="faults-shim-"))
    made = folder / "shim.so"
    done = subprocess.run(
        [compiler, "-O2", "-shared", "-fPIC", "-o", str(made), str(SOURCE), "-ldl"], capture_output=True, text=True, check=False
    )  # fmt: skip
    if done.returncode:
        raise NoShim(f"the library cannot be compiled: {done.stderr[-500:]}")
    return made


def environment(
    folder: Path, how: How = How.COUNT, at: int = 0, error: int = 0, log: Path | None = None
) -> dict[str, str]:
    """Return the variables with which a process of its own has faults below a folder."""
    said = {"LD_PRELOAD": str(library()), "FAULTS_FOLDER": str(folder), "FAULTS_HOW": str(int(how)), "FAULTS_AT": str(at),
            "FAULTS_ERRNO": str(error)}  # fmt: skip
    return said | ({"FAULTS_LOG": str(log)} if log else {})


def arm(folder: Path, how: How, at: int = 0, error: int = 0, log: Path | None = None) -> None:
    """Let faults happen below a folder, in this process, which was started with the library."""
    loaded = ctypes.CDLL(None)
    loaded.faults_arm(os.fsencode(folder), int(how), ctypes.c_long(at), error, os.fsencode(log) if log else None)


def count() -> int:
    """Return how many calls changed something below the folder."""
    loaded = ctypes.CDLL(None)
    loaded.faults_count.restype = ctypes.c_long
    return int(loaded.faults_count())
