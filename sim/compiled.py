"""Compilation of the model's rules, and where the compiled code is kept.

Rules are ordinary Python functions that numba compiles. Three things are settled here, once:

* `rule` marks a small function that is compiled into its callers; `part` one that works on whole arrays, likewise; `stage`
  a larger one that is compiled once and called, for what happens rarely or once a day; `kernel` marks an entry point that
  Python calls, whose machine code is kept on disk.
* numba notices a change in the file of a cached function, not in the files of the rules it calls. The cache folder is
  therefore named after a hash of every source file that takes part, and a stale cache cannot be loaded.
* With ``NUMBA_DISABLE_JIT=1`` everything runs as plain Python, so that a debugger and coverage reach the rules; `rows`
  makes the arrays behave alike in both modes.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import pickle
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
import numba.extending
import numpy as np
import platformdirs
from llvmlite import ir
from numba.core import cgutils
from numba.core.serialize import dumps

from sim import whole

F = TypeVar("F", bound=Callable[..., Any])

INTERPRETED: bool = bool(numba.config.DISABLE_JIT)
"""True when numba is switched off and the rules run as plain Python."""


def _source_hash() -> str:
    here = Path(__file__).parent
    digest = hashlib.sha256()
    for path in sorted([*here.glob("*.py"), *here.glob("rules/*.py"), *here.glob("levers/*.py")]):
        if path.parent != here or path.stem in {"compiled", "draws", "population", "portable"}:
            digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def _writable(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def _own(folder: Path) -> bool:
    """Make a folder among everybody's temporary ones; False where somebody else made it, whose code would be run from it."""
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
    except OSError:
        return False
    return not hasattr(os, "getuid") or (found.st_uid == os.getuid() and not found.st_mode & 0o022)


def _choose_cache_folder() -> Path | None:
    """Return a folder for compiled code that can be written, or None when there is none."""
    named = os.environ.get("SERVICE_CULTURE_CACHE")
    name = f"{sys.implementation.cache_tag}-{_source_hash()}"
    if named and _writable(Path(named) / name):
        return Path(named) / name
    with contextlib.suppress(OSError, RuntimeError):
        usual = Path(platformdirs.user_cache_dir("service-culture", appauthor=False))
        if usual.is_absolute() and _writable(usual / name):  # without a home folder it begins with "~"
            return usual / name
    with contextlib.suppress(OSError):  # no folder for temporary files
        everybodys = Path(tempfile.gettempdir()) / f"service-culture-{getattr(os, 'getuid', lambda: 'cache')()}"
        if _own(everybodys) and _writable(everybodys / name):
            return everybodys / name
    return None


CACHE_FOLDER: Path | None = None if INTERPRETED else _choose_cache_folder()
"""Where compiled code is kept; None when nothing can be written, and every process compiles anew."""


def note() -> str:
    """Return what a user should know of where compiled code is kept; empty where it is where they would expect it."""
    named = os.environ.get("SERVICE_CULTURE_CACHE")
    if INTERPRETED or (CACHE_FOLDER is not None and (not named or CACHE_FOLDER.is_relative_to(named))):
        return ""
    if CACHE_FOLDER is None:
        return (
            "compiled code cannot be kept, so that every start takes about a minute longer: no folder for it can be written; "
            "name one in the environment variable SERVICE_CULTURE_CACHE"
        )
    return f"SERVICE_CULTURE_CACHE names a folder that cannot be written ({named}); compiled code is kept in {CACHE_FOLDER}"


def is_warm() -> bool:
    """Tell whether compiled code from an earlier process is at hand."""
    return INTERPRETED or (CACHE_FOLDER is not None and any(CACHE_FOLDER.rglob("*.nbc")))


@contextlib.contextmanager
def _cache_in(folder: Path) -> Iterator[None]:
    before = numba.config.CACHE_DIR
    numba.config.CACHE_DIR = str(folder)
    try:
        yield
    finally:
        numba.config.CACHE_DIR = before


# Entry points for Python and for C are a large part of the time of compiling, above all where there are many arguments.
_NOT_FOR_C = {"no_cfunc_wrapper": True}
_NOT_FOR_PYTHON = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}


_TINY = 150
"""Bytes of bytecode up to which a rule is put into its callers before types are inferred, instead of being compiled first."""


def rule(function: F) -> F:
    """Compile a small function into whichever kernel calls it; Python can call it, too."""
    tiny = len(function.__code__.co_code) < _TINY and function.__module__.startswith("sim.rules.")
    if tiny and not INTERPRETED:
        return cast(F, numba.njit(nogil=True, error_model="numpy", inline="always", **_NOT_FOR_C)(function))
    return cast(F, numba.njit(nogil=True, error_model="numpy", forceinline=True, **_NOT_FOR_C)(function))


def part(function: F) -> F:
    """Compile a part of the day, which works on whole arrays, into whichever kernel calls it; not to be called by Python."""
    return cast(F, numba.njit(nogil=True, error_model="numpy", forceinline=True, **_NOT_FOR_PYTHON)(function))


def stage(function: F) -> F:
    """Compile a larger part of the day once, to be called by kernels, not by Python: one copy keeps compiling short."""
    return cast(F, numba.njit(nogil=True, error_model="numpy", **_NOT_FOR_PYTHON)(function))


def kernel(function: F) -> F:
    """Compile an entry point that Python calls, and keep its machine code on disk."""
    if CACHE_FOLDER is not None:
        with (
            _cache_in(CACHE_FOLDER),
            contextlib.suppress(RuntimeError, OSError),
        ):  # the disk is full by now, or taken away
            made = numba.njit(nogil=True, error_model="numpy", cache=True)(function)
            kept: Any = getattr(made, "_cache", None)
            if hasattr(kept, "_cache_file"):
                kept._cache_file = _Shelf(kept._cache_file)
                kept._impl.locator.ensure_cache_path = _nothing  # by writing into it, which may fail by then
            return cast(F, made)
        _say_that_it_is_not_kept()
    return cast(F, numba.njit(nogil=True, error_model="numpy")(function))


def _nothing() -> None:
    pass


class _Shelf:
    """Compiled code of one function on disk, in place of numba's own: each piece in a file of its own, with a hash before it.

    numba's files are not handed to the disk before they take their names, hold nothing by which a damaged one is known (it is
    unpickled, and run), and share an index that two processes write over each other's. A disk that takes nothing stops
    numba; here it costs the next process a minute.
    """

    def __init__(self, theirs: Any) -> None:
        self._folder = Path(theirs._cache_path)
        self._base = str(theirs._index_name).removesuffix(".nbi")
        self._stamp = theirs._source_stamp

    def _place(self, key: Any) -> Path:
        told = repr((numba.__version__, self._stamp, key))
        return self._folder / f"{self._base}.{hashlib.sha256(told.encode()).hexdigest()[:24]}.nbc"

    def load(self, key: Any) -> Any:
        """Return what was kept, None where nothing was, or nothing that is whole."""
        try:
            content = self._place(key).read_bytes()
        except OSError:
            return None
        if content[:_HASH] != hashlib.sha256(content[_HASH:]).digest():
            return None  # it is compiled again, and written over
        known, data = pickle.loads(content[_HASH:])
        return data if known == key else None

    def save(self, key: Any, data: Any) -> None:
        """Keep compiled code, if the disk takes it."""
        packed = dumps((key, data))
        try:
            with whole.file(self._place(key), overwrite=True) as file:
                file.write(hashlib.sha256(packed).digest() + packed)
        except OSError as error:
            _say_that_it_is_not_kept(error.strerror or str(error))

    def flush(self) -> None:
        """Forget nothing: what is out of date has another name."""


_HASH = hashlib.sha256().digest_size


@functools.cache
def _say_that_it_is_not_kept(why: str = "nothing can be written there") -> None:
    print(
        f"note: compiled code cannot be kept in {CACHE_FOLDER} ({why}); the next start compiles anew", file=sys.stderr
    )


def rows(array: np.ndarray) -> np.ndarray:
    """Return ``array`` in the form that rules expect: ``array[i].field`` works compiled and interpreted."""
    return array.view(np.recarray) if INTERPRETED and array.dtype.names else array


@contextlib.contextmanager
def wrapping_integers() -> Iterator[None]:
    """Let 64-bit integers wrap around silently, as compiled code does; needed only when interpreted."""
    if INTERPRETED:
        with np.errstate(over="ignore"):
            yield
    else:
        yield


if INTERPRETED:

    def borrowed(array: np.ndarray) -> np.ndarray:
        """Return ``array`` itself: interpreted Python counts references in its own way."""
        return array

    def prefetch(array: np.ndarray, index: int) -> None:
        """Do nothing: only compiled code is fast enough to wait for memory."""

else:

    @numba.extending.intrinsic
    def borrowed(typingctx, array):
        """Return ``array`` without its reference count, for use while the caller holds it.

        Compiled functions count a reference to each array argument on every call, atomically; with twenty arrays that is
        ten times the cost of a rule. Without a count there is nothing to update.
        """

        def codegen(context, builder, signature, args):
            view = context.make_array(signature.args[0])(context, builder, args[0])
            view.meminfo = ir.Constant(view.meminfo.type, None)
            return view._getvalue()

        return array(array), codegen

    @numba.extending.intrinsic
    def prefetch(typingctx, array, index):
        """Ask the memory for a row that will be needed soon, and go on meanwhile; any index is harmless."""

        def codegen(context, builder, signature, args):
            data = context.make_array(signature.args[0])(context, builder, args[0]).data
            size = context.get_abi_sizeof(context.get_data_type(signature.args[0].dtype))
            byte = ir.IntType(8)
            start = builder.ptrtoint(data, ir.IntType(64))
            row = context.cast(builder, args[1], signature.args[1], numba.types.int64)
            start = builder.add(start, builder.mul(row, ir.Constant(ir.IntType(64), size)))
            hint = ir.FunctionType(ir.VoidType(), [byte.as_pointer(), *[ir.IntType(32)] * 3])
            function = cgutils.get_or_insert_function(builder.module, hint, "llvm.prefetch.p0i8")
            for offset in {*range(0, size, 64), size - 1}:
                place = builder.inttoptr(builder.add(start, ir.Constant(ir.IntType(64), offset)), byte.as_pointer())
                builder.call(function, [place, *[ir.Constant(ir.IntType(32), flag) for flag in (0, 3, 1)]])
            return context.get_dummy_value()

        return numba.types.void(array, index), codegen
