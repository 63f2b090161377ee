"""Reading a sweep: one tidy table, whatever the order in which its runs were done."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from experiments.sweeps import folder as folders
from experiments.sweeps.ledger import Ledger
from experiments.sweeps.shards import PENDING, RUNS, SERIES
from sim import results
from sim.errors import InputError, did_you_mean


def runs(folder: str | Path, columns: Sequence[str] | None = None) -> pd.DataFrame:
    """Return one row per recorded run, in the order of their numbers: run, point, replicate, seed, key, factors, outputs.

    ``columns`` limits what is read; ``run`` is always there.
    """
    table = _read(Path(folder), RUNS, columns, ["run"])
    if table.empty and columns is None:
        said = folders.manifest(folder)["plan"]
        factors = [one["name"] for one in said["space"]["factors"]]
        table = table.reindex(columns=["run", "point", "replicate", "seed", "key", *factors, *said["outputs"]])
    return table


def series(folder: str | Path, columns: Sequence[str] | None = None) -> pd.DataFrame:
    """Return one row per recorded run and stretch of days: run, day (the last of the stretch, counted from 1), measures."""
    table = _read(Path(folder), SERIES, columns, ["run", "day"])
    if table.empty:
        raise InputError(
            "this sweep has kept no time series", source=str(folder),
            hint="say with --series which measures to keep, in a new sweep",
        )  # fmt: skip
    return table


def failures(folder: str | Path) -> pd.DataFrame:
    """Return one row per failed run, with its point, its factors' values, and its error."""
    plan = folders.load(folder)
    with Ledger(folder, read_only=True) as ledger:
        table = pd.DataFrame(ledger.failures(), columns=["run", "kind", "message", "traceback", "attempts"]).astype(
            {"run": "int64", "attempts": "int64"}
        )
    numbers = table["run"].to_numpy()
    values = pd.DataFrame(plan.values_of(numbers), columns=plan.space.names)
    known = pd.DataFrame({"run": numbers, "point": plan.point_of(numbers), "seed": plan.seed_of(numbers)})
    return pd.concat([known, values, table.drop(columns="run")], axis=1)


def check_format(out: Path) -> None:
    """Raise `InputError` where a file's name ends in no format that `write` knows; call it before long work."""
    if out.suffix not in (".csv", ".parquet"):
        raise InputError(
            "there is no such table format", place="--out", value=out.name, allowed="NAME.csv or NAME.parquet"
        )


def write(out: Path, table: pd.DataFrame, *, overwrite: bool = False) -> None:
    """Write a table as the file's name says; CSV with so many digits that every number comes back to the bit."""
    check_format(out)
    if out.suffix == ".csv":
        content = results.guarded_table(table).to_csv(index=False, float_format="%.17g").encode()
    else:
        content = table.to_parquet(index=False)
    results.write_bytes(out, content, overwrite=overwrite)


def _read(folder: Path, kind: str, columns: Sequence[str] | None, always: list[str]) -> pd.DataFrame:
    import pyarrow as pa
    import pyarrow.parquet as pq

    folders.manifest(folder)
    with Ledger(folder, read_only=True) as ledger:
        paths = [ledger.found(one) for one in ledger.shards(kind)]
    if not paths:
        return pd.DataFrame(columns=always)
    tables = []
    for path in paths:
        wanted = None if columns is None else list(dict.fromkeys([*always, *columns]))
        if not path.exists() and path.parent.name == PENDING:  # moved to its place since
            path = folder / kind / path.name.removeprefix(f"{kind}-")
        try:
            if wanted and (unknown := [one for one in wanted if one not in (known := pq.read_schema(path).names)]):
                raise InputError(
                    "there is no such column", source=str(folder), value=unknown[0], allowed=", ".join(known),
                    hint=did_you_mean(unknown[0], known),
                )  # fmt: skip
            tables.append(pq.read_table(path, columns=wanted))
        except FileNotFoundError:
            raise InputError(
                "a shard is missing", source=str(path), hint="`service-culture sweep resume` puts the folder in order"
            ) from None
        except (OSError, pa.ArrowException) as error:
            raise InputError(
                "this shard is damaged",
                source=str(path),
                value=str(error),
                hint="`service-culture sweep check` strikes damaged shards out, and `sweep resume` runs them again",
            ) from None
    table: pd.DataFrame = pa.concat_tables(tables).to_pandas()
    return table.sort_values(always, kind="stable", ignore_index=True)
