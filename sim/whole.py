"""Files and folders that appear whole or not at all, whatever comes in between: a kill, a full disk, a power cut, a rival.

What is written goes into a draft beside its place, ``.NAME.XXXXXXXX.draft``. When it is whole it is handed to the disk, takes
its name in one step, and the step itself is handed to the disk: after a power cut the old is there
or the new, never an empty file.
A folder of results that is replaced changes places with its successor in one step, where the system knows such a step.

A draft is locked by the process that writes it, and the system gives the lock back when that process dies. So whoever next
writes under the same name can tell what a dead one has left, which is deleted, from what a living one is at.

Everything here raises `OSError`; callers say in the user's words what could not be written.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import functools
import os
import secrets
import shutil
import stat
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

DRAFT = ".draft"
RETIRED = ".old"
"""Ending of a folder that makes room for its successor, on systems where the two cannot change places in one step."""

FORGOTTEN = 86_400.0
"""Seconds after which a draft is taken for forgotten where the file system knows no locks."""

TRIES = 100


# --- files ------------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def file(path: Path, *, overwrite: bool = False, mode: int = 0o644) -> Iterator[IO[bytes]]:
    """Give a file to write into; it takes its place when the block ends well, and is gone otherwise.

    Raises
    ------
    FileExistsError : the place is taken and ``overwrite`` is not said, also where it was taken meanwhile
    """
    path = _behind(path)
    if os.path.lexists(path) and not stat.S_ISREG(os.stat(path).st_mode):
        raise OSError(errno.EINVAL, "this is no ordinary file")
    path.parent.mkdir(parents=True, exist_ok=True)
    tidy(path)
    draft, descriptor = _new_file(path)
    try:
        try:
            with os.fdopen(os.dup(descriptor), "wb") as written:  # which whoever writes may close
                yield written
            if hasattr(os, "fchmod"):
                os.fchmod(descriptor, mode)
            os.fsync(descriptor)
            if os.name != "nt":  # the lock is kept until the draft has its name
                _rename(draft, path, overwrite)
        finally:
            os.close(descriptor)
        if os.name == "nt":  # which renames no open file
            _rename(draft, path, overwrite)
        flush_folder(path.parent)
    finally:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)


def _rename(draft: Path, path: Path, overwrite: bool) -> None:
    if overwrite:
        os.replace(draft, path)
    else:
        _rename_new(draft, path)


def _new_file(path: Path) -> tuple[Path, int]:
    """Make a draft and lock it, before anybody takes it for one of a dead process."""
    for _ in range(TRIES):
        draft = _draft_of(path)
        with contextlib.suppress(FileExistsError):
            descriptor = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_RDWR | getattr(os, "O_BINARY", 0), 0o600)
            if _holds(draft, descriptor):
                return draft, descriptor
            os.close(descriptor)
    raise FileExistsError(errno.EEXIST, "no name is free", str(path))


# --- folders ----------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def drafted(out: Path) -> Iterator[Path]:
    """Give an empty folder beside ``out``, which is gone when the block ends unless `place` or `place_new` moved it."""
    out = _behind(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    tidy(out)
    draft, descriptor = _new_folder(out)
    try:
        yield draft
    finally:
        shutil.rmtree(draft, ignore_errors=True)
        if descriptor is not None:
            os.close(descriptor)


def _new_folder(out: Path) -> tuple[Path, int | None]:
    for _ in range(TRIES):
        draft = _draft_of(out)
        with contextlib.suppress(FileExistsError):
            draft.mkdir(mode=0o700)
            if fcntl is None:
                return draft, None
            with contextlib.suppress(FileNotFoundError):  # somebody took it for one of a dead process
                descriptor = os.open(draft, os.O_RDONLY)
                if _holds(draft, descriptor):
                    return draft, descriptor
                os.close(descriptor)
    raise FileExistsError(errno.EEXIST, "no name is free", str(out))


def place_new(draft: Path, out: Path) -> None:
    """Let a folder that is whole take a place that is free, or an empty folder's; `FileExistsError` where it is neither."""
    out = _behind(out)
    _flush(draft)
    draft.chmod(0o755)
    if os.name == "nt" and out.is_dir():
        out.rmdir()
    try:
        os.rename(draft, out)
    except OSError as error:
        if error.errno in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR):
            raise FileExistsError(errno.EEXIST, "this folder was filled meanwhile", str(out)) from None
        raise
    flush_folder(out.parent)


def place(draft: Path, out: Path) -> None:
    """Let a folder that is whole take its place, or that of an earlier one, which is deleted."""
    out = _behind(out)
    _flush(draft)
    draft.chmod(0o755)
    for _ in range(TRIES):
        try:
            if not out.exists():
                os.rename(draft, out)
            elif _exchange(draft, out):
                pass  # the earlier one now has the draft's name
            else:
                retired = draft.with_suffix(RETIRED)
                os.rename(out, retired)
                os.rename(draft, out)
                shutil.rmtree(retired, ignore_errors=True)
            break
        except OSError as error:  # another process has done the same in between
            if error.errno not in (errno.ENOENT, errno.ENOTEMPTY, errno.EEXIST) or not draft.exists():
                raise
    flush_folder(out.parent)
    shutil.rmtree(draft, ignore_errors=True)


# --- what dead processes have left ------------------------------------------------------------------------------------


def tidy(path: Path) -> None:
    """Delete the drafts of a name that no living process is at; put back what was about to be replaced and was not."""
    try:
        beside = list(path.parent.iterdir())
    except OSError:
        return
    for one in beside:
        if one.name.startswith(f".{path.name}.") and len(one.name) == len(_draft_of(path).name) and one.suffix == DRAFT:
            with contextlib.suppress(OSError):
                _delete_if_dead(one)
        if one.name.startswith(f".{path.name}.") and one.suffix == RETIRED:
            with contextlib.suppress(OSError):
                if path.exists():
                    shutil.rmtree(one, ignore_errors=True)
                else:
                    os.rename(one, path)


def _delete_if_dead(draft: Path) -> None:
    if _age(draft) > FORGOTTEN:
        _delete(draft)
        return
    if fcntl is None:
        return
    descriptor = os.open(draft, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        _delete(draft)
    finally:
        os.close(descriptor)


def _age(path: Path) -> float:
    return time.time() - path.stat().st_mtime


def _delete(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _holds(draft: Path, descriptor: int) -> bool:
    """Lock a draft; False where somebody was quicker and took it for one of a dead process."""
    if fcntl is None:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks: drafts are forgotten by their age
        return True
    try:
        return os.path.samestat(os.stat(draft), os.fstat(descriptor))
    except FileNotFoundError:
        return False


# --- steps ------------------------------------------------------------------------------------------------------------


def _draft_of(path: Path) -> Path:
    return path.with_name(f".{path.name}.{secrets.token_hex(4)}{DRAFT}")


def _behind(path: Path) -> Path:
    """Return what a link points to: what is written goes there, and the link stays."""
    return Path(os.path.realpath(path)) if path.is_symlink() else path


def _flush(folder: Path) -> None:
    """Hand everything in a folder to the disk."""
    for root, _, names in os.walk(folder):
        for name in names:
            descriptor = os.open(Path(root) / name, os.O_RDWR)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        flush_folder(Path(root))


def flush_folder(folder: Path) -> None:
    """Hand the names in a folder to the disk, where the system knows how."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _UNKNOWN:
            raise
    finally:
        os.close(descriptor)


_UNKNOWN = (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EBADF)
"""How systems and file systems say that they do not know a step."""


@functools.cache
def _renaming() -> Any:
    """Return the system's rename with flags (old, new, flag) and its flags (take no place, change places); None without."""
    with contextlib.suppress(AttributeError, OSError, TypeError):
        library = ctypes.CDLL(None, use_errno=True)
        if sys.platform == "darwin":
            return lambda old, new, flag: library.renamex_np(old, new, flag), 4, 2
        if sys.platform == "linux":
            here = -100  # AT_FDCWD
            return lambda old, new, flag: library.renameat2(here, old, here, new, flag), 1, 2
    return None


def _renamed(old: Path, new: Path, kind: int) -> bool:
    """Rename in a way that plain `os.rename` does not know; False where this system does not, either."""
    found = _renaming()
    if found is None:
        return False
    try:
        failed = found[0](os.fsencode(old), os.fsencode(new), ctypes.c_uint(found[kind]))
    except AttributeError:  # a C library from before 2018
        return False
    if failed:
        number = ctypes.get_errno()
        if number in _UNKNOWN:
            return False
        raise OSError(number, os.strerror(number), str(old), None, str(new))
    return True


def _rename_new(draft: Path, path: Path) -> None:
    """Rename a file, but take no place that is taken."""
    if not _renamed(draft, path, 1):
        if os.path.lexists(path):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path))
        os.rename(draft, path)


def _exchange(one: Path, other: Path) -> bool:
    """Let two folders change places; False where the system cannot."""
    return _renamed(one, other, 2)
