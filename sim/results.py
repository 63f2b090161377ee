"""Results on disk: tidy tables, pictures, and a manifest from which the run can be made again.

A folder of results appears whole or not at all: everything is written beside it first and renamed at the end.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import json
import os
import platform
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sim.chain import ServiceChain
from sim.errors import InputError

FORMATS = ("csv", "parquet")
DIGITS = 12
"""Significant digits of numbers in CSV files: more than any figure deserves, and few enough to read."""


@contextmanager
def folder(out: str | Path, *, overwrite: bool = False) -> Iterator[Path]:
    """Give a folder to write into; it takes its place at ``out`` when the block ends well, and is gone otherwise."""
    out = Path(out)
    check_free(out, overwrite=overwrite)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
    except OSError as error:
        raise InputError("results cannot be written here", source=str(out), value=error.strerror) from None
    try:
        yield draft
        draft.chmod(0o755)
        if out.exists():
            retired = draft.with_name(draft.name + "-old")
            os.replace(out, retired)
            os.replace(draft, out)
            shutil.rmtree(retired)
        else:
            os.replace(draft, out)
    except OSError as error:
        raise InputError("results cannot be written here", source=str(out), value=error.strerror) from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def check_free(out: str | Path, *, overwrite: bool = False) -> None:
    """Raise `InputError` when ``out`` is taken; call it before long work, not after."""
    out = Path(out)
    if out.exists() and not out.is_dir():
        raise InputError("this is a file", source=str(out), allowed="the name of a folder")
    if out.is_dir() and any(out.iterdir()) and not (overwrite and (out / "manifest.json").exists()):
        raise InputError(
            "this folder is not empty",
            source=str(out),
            allowed="a new or empty folder, or with --overwrite a folder of earlier results",
            hint="give another --out, or add --overwrite",
        )


def write_text(path: str | Path, text: str, *, overwrite: bool = False) -> None:
    """Write one text file whole or not at all."""
    write_bytes(path, text.encode("utf-8"), overwrite=overwrite)


def write_bytes(path: str | Path, content: bytes, *, overwrite: bool = False) -> None:
    """Write one file whole or not at all."""
    path = Path(path)
    if path.exists() and not overwrite:
        raise InputError(
            "this file exists", source=str(path), allowed="a new file", hint="add --overwrite to replace it"
        )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as draft:
            draft.write(content)
        os.chmod(draft.name, 0o644)
        os.replace(draft.name, path)
    except OSError as error:
        raise InputError("this file cannot be written", source=str(path), value=error.strerror) from None


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
        table.to_csv(path.with_suffix(".csv"), index=False, float_format=f"%.{DIGITS}g")


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


def manifest(command: str, chain: ServiceChain, tables: Mapping[str, pd.DataFrame], **inputs: Any) -> dict[str, Any]:
    """Return what is needed to make a result again: inputs whole, versions, and the hash of the numbers."""
    packages = ("service-culture", "mesa", "networkx", "numba", "numpy", "scipy", "pandas")
    return {
        "command": command,
        "inputs": inputs,
        "organisation": chain.to_node_link(),
        "versions": {"python": platform.python_version()} | {name: _version(name) for name in packages},
        "results": {"sha256": fingerprint(tables), "tables": {name: len(table) for name, table in tables.items()}},
    }


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
