"""Results on disk: tidy tables, pictures, and a manifest from which the run can be made again.

A folder of results appears whole or not at all: everything is written beside it first and takes its place at the end, see
`sim.whole`.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import itertools
import json
import platform
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sim import whole
from sim.chain import ServiceChain
from sim.errors import InputError
from sim.formulas import guarded, unguarded

FORMATS = ("csv", "parquet")
DIGITS = 12
"""Significant digits of numbers in CSV files: more than any figure deserves, and few enough to read."""


@contextmanager
def folder(out: str | Path, *, overwrite: bool = False) -> Iterator[Path]:
    """Give a folder to write into; it takes its place at ``out`` when the block ends well, and is gone otherwise.

    Where another process has put its results there meanwhile, these are kept under a name beside it, and the error says which.
    """
    out = Path(out)
    check_free(out, overwrite=overwrite)
    try:
        with whole.drafted(out) as draft:
            yield draft
            if overwrite:
                whole.place(draft, out)
                return
            try:
                whole.place_new(draft, out)
            except FileExistsError:
                raise _taken_meanwhile(draft, out) from None
    except OSError as error:
        raise InputError("results cannot be written here", source=str(out), value=in_words(error)) from error


def _taken_meanwhile(draft: Path, out: Path) -> InputError:
    for number in itertools.count(2):
        beside = out.with_name(f"{out.name}-{number}")
        try:
            whole.place_new(draft, beside)
        except FileExistsError:
            continue
        return InputError(
            "another process has written its results here meanwhile", source=str(out),
            hint=f"those of this one are in {beside}",
        )  # fmt: skip
    raise AssertionError("there is always a next number")


def in_words(error: OSError) -> str:
    """Return why something could not be written; some libraries raise `OSError` with nothing but a text."""
    return error.strerror or str(error)


def check_free(out: str | Path, *, overwrite: bool = False) -> None:
    """Raise `InputError` when ``out`` is taken; call it before long work, not after."""
    out = Path(out)
    try:
        is_there, is_folder = out.exists(), out.is_dir()
        taken = is_folder and any(out.iterdir()) and not (overwrite and (out / "manifest.json").exists())
    except OSError as error:  # a folder that may not even be looked into
        raise InputError("results cannot be written here", source=str(out), value=in_words(error)) from None
    if is_there and not is_folder:
        raise InputError("this is a file", source=str(out), allowed="the name of a folder")
    if taken:
        raise InputError(
            "this folder is not empty",
            source=str(out),
            allowed="a new or empty folder, or with --overwrite a folder of earlier results",
            hint="give another --out, or add --overwrite",
        )


def write_text(path: str | Path, text: str, *, overwrite: bool = False) -> None:
    """Write one text file whole or not at all."""
    write_bytes(path, text.encode(), overwrite=overwrite)


def write_bytes(path: str | Path, content: bytes, *, overwrite: bool = False) -> None:
    """Write one file whole or not at all."""
    path = Path(path)
    try:
        if path.exists() and not overwrite:
            raise InputError(
                "this file exists", source=str(path), allowed="a new file", hint="add --overwrite to replace it"
            )
        with whole.file(path, overwrite=overwrite) as draft:
            draft.write(content)
    except FileExistsError:
        raise InputError("this file was written by another process meanwhile", source=str(path)) from None
    except OSError as error:
        raise InputError("this file cannot be written", source=str(path), value=in_words(error)) from None


def check_format(name: str) -> str:
    """Return a table format if it can be written here."""
    if name not in FORMATS:
        raise InputError("there is no such table format", place="--format", value=name, allowed=", ".join(FORMATS))
    if name == "parquet" and importlib.util.find_spec("pyarrow") is None:
        raise InputError(
            "Parquet needs pyarrow, which is not installed",
            place="--format",
            value=name,
            hint="pip install 'service-culture[parquet]', or --format csv",
        )
    return name


def write_table(path: Path, table: pd.DataFrame, form: str) -> None:
    """Write a table as ``path`` with the ending of its format."""
    if form == "parquet":
        table.to_parquet(path.with_suffix(".parquet"), index=False)
    else:
        guarded_table(table).to_csv(path.with_suffix(".csv"), index=False, float_format=f"%.{DIGITS}g")


def guarded_table(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table whose texts no spreadsheet takes for formulas; see `sim.formulas`. Numbers stay as they are."""
    table = table.copy(deep=False)
    for name in _texts(table):
        values = table[name]
        table[name] = values.cat.rename_categories(guarded) if hasattr(values, "cat") else values.map(guarded)
    return table


def read_table(path: Path) -> pd.DataFrame:
    """Return a table that `write_table` wrote."""
    if path.suffix == ".parquet":
        return pd.read_parquet(path)
    table = pd.read_csv(path, keep_default_na=False, na_values=[""])  # a team called None is a team
    for name in _texts(table):
        table[name] = table[name].map(unguarded)
    return table


def _texts(table: pd.DataFrame) -> list[Any]:
    """Return the columns that hold neither numbers nor times."""
    return [name for name in table if table[name].dtype.kind not in "ifubmM"]


def fingerprint(tables: Mapping[str, pd.DataFrame]) -> str:
    """Return a hash of the numbers themselves, to the last bit, whatever the format of the files."""
    digest = hashlib.sha256()
    for name in sorted(tables):
        for column, values in tables[name].items():
            digest.update(f"{name}.{column}".encode())
            if values.dtype.kind in "ifub":
                array = np.ascontiguousarray(values.to_numpy(dtype="<f8"))
                digest.update(np.where(np.isnan(array), np.nan, array).tobytes())
            else:
                digest.update("\x1f".join(map(str, values)).encode())
    return digest.hexdigest()


def manifest(
    command: str, chain: ServiceChain | None, tables: Mapping[str, pd.DataFrame], **inputs: Any
) -> dict[str, Any]:
    """Return what is needed to make a result again: inputs whole, versions, and the hash of the numbers."""
    return {
        "command": command,
        "inputs": inputs,
        "organisation": None if chain is None else chain.to_node_link(),
        "versions": versions(),
        "results": {"sha256": fingerprint(tables), "tables": {name: len(table) for name, table in tables.items()}},
    }


def versions() -> dict[str, str]:
    """Return the versions of Python and of every package that has a part in the numbers."""
    packages = ("service-culture", "mesa", "networkx", "numba", "numpy", "scipy", "pandas")
    return {"python": platform.python_version()} | {name: _version(name) for name in packages}


def write_manifest(path: Path, content: Mapping[str, Any]) -> None:
    """Write ``manifest.json`` into a folder of results."""
    (path / "manifest.json").write_text(json.dumps(content, indent=2, default=plain) + "\n", encoding="utf-8")


def plain(value: Any) -> Any:
    """Return NumPy scalars and paths as JSON knows them."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, (Path, tuple, set)):
        return str(value) if isinstance(value, Path) else list(value)
    raise TypeError(f"cannot write {value!r} as JSON")


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"
