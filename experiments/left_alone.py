"""What becomes of an organisation that nobody changes: five years, many seeds, and why it drifts where it does.

    python -m experiments.left_alone                         # the bundled organisations, 200 seeds, about ten minutes
    python -m experiments.left_alone my-firm.toml --seeds 50 --out results/left_alone

Each organisation is run as it is described, and again without each of the mechanisms that let a firm drift (competitors who
improve, a standard that erodes, learning from failures), in runs paired by seed. The table gives means of the first and the
last year with their spread over seeds, the picture the bands of the firms as described.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pandas as pd
import typer

from sim import measures, organisation, plots, results
from sim.chain import ServiceChain
from sim.console import print_table, progress
from sim.estimates import Estimate, estimate
from sim.levers import DAYS_PER_YEAR
from sim.mechanisms import without
from sim.model import ServiceModel

YEARS = 5
SHOWN = ("external_satisfaction", "internal_service", "motivation", "strain", "turnover", "customers", "profit")
DRIFTS = {
    "without E9": lambda chain: without(chain, ["E9"]),
    "without the eroding standard": lambda chain: chain.everywhere({"standard_erosion": 0.0}),
    "without E8": lambda chain: without(chain, ["E8"]),
}
"""Mechanisms that let a firm drift without anybody doing anything."""


def yearly(chain: ServiceChain, seed: int, years: int = YEARS) -> np.ndarray:
    """Return the mean of each figure in `SHOWN` in each year of one run, shape (years, figures)."""
    with ServiceModel(chain, seed=seed).run(years * DAYS_PER_YEAR) as model:
        arrays = measures.daily_arrays(model)
    windows = [measures.over_window(arrays, year * DAYS_PER_YEAR, (year + 1) * DAYS_PER_YEAR) for year in range(years)]
    return np.array([[window[name] for name in SHOWN] for window in windows])


def many(chain: ServiceChain, seeds: Sequence[int], years: int = YEARS, tick: Any = None) -> np.ndarray:
    """Return `yearly` for many seeds, shape (seeds, years, figures); the compiled core runs in threads."""
    found = []
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for one in pool.map(lambda seed: yearly(chain, seed, years), seeds):
            found.append(one)
            if tick is not None:
                tick(len(found))
    return np.array(found)


def drift(runs: np.ndarray) -> list[Estimate]:
    """Return how much each figure changed from the first to the last year, a paired difference in each run."""
    return [estimate(runs[:, -1, column] - runs[:, 0, column]) for column in range(runs.shape[2])]


def table(name: str, runs: dict[str, np.ndarray]) -> pd.DataFrame:
    """Return one row a figure: first and last year with the 5 to 95 per cent range over seeds, and drift by variant."""
    described = runs["as described"]
    rows = []
    for column, figure in enumerate(SHOWN):
        row: dict[str, Any] = {"organisation": name, "figure": figure, "seeds": len(described)}
        for year, label in ((0, "first"), (-1, "last")):
            values = described[:, year, column]
            row |= {
                f"{label}_year": values.mean(),
                f"{label}_5%": np.quantile(values, 0.05),
                f"{label}_95%": np.quantile(values, 0.95),
            }
        for variant, values in runs.items():
            moved = drift(values)[column]
            row |= {
                f"drift_{variant}": moved.mean,
                f"drift_{variant}_low": moved.low,
                f"drift_{variant}_high": moved.high,
            }
        rows.append(row)
    return pd.DataFrame(rows)


def short(value: float) -> str:
    """Return a figure as people read it: large ones without decimals."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.1f}"


def main(
    organisations: Annotated[
        list[str] | None, typer.Argument(help="Organisations [default: the bundled ones].")
    ] = None,
    seeds: Annotated[int, typer.Option(help="Runs of each organisation.", min=2)] = 200,
    paired: Annotated[int, typer.Option(help="Runs of each variant without a mechanism.", min=2)] = 20,
    out: Annotated[Path, typer.Option(help="Folder for table and picture.")] = Path("results/left_alone"),
) -> None:
    """Run organisations for five years without changing anything, and show how they spread and drift."""
    tables, bands = [], {}
    for given in organisations or organisation.bundled():
        chain = organisation.load(given)
        name = chain.setting("name")
        with progress(name, seeds + paired * len(DRIFTS), False) as tick:
            runs = {"as described": many(chain, range(1, seeds + 1), tick=tick)}
            done = seeds
            for variant, change in DRIFTS.items():
                runs[variant] = many(change(chain), range(1, paired + 1), tick=lambda n, done=done: tick(done + n))
                done += paired
        bands[name] = runs["as described"]
        tables.append(table(name, runs))
        rows = [
            (row["figure"].replace("_", " "),
             *(f"{short(row[f'{y}_year'])} ({short(row[f'{y}_5%'])} to {short(row[f'{y}_95%'])})" for y in ("first", "last")),
             *(f"{short(row[f'drift_{v}'])} [{short(row[f'drift_{v}_low'])}, {short(row[f'drift_{v}_high'])}]" for v in runs))
            for row in tables[-1].to_dict(orient="records")
        ]  # fmt: skip
        print_table(
            f"{name}, {seeds} seeds",
            ("figure", "year 1", "year 5", *(f"change, {variant}" for variant in runs)),
            rows,
            f"Years: mean and 5–95 % of seeds. Changes: paired, 95 % intervals; variants over {paired} seeds.",
        )
    with results.folder(out, overwrite=True) as draft:
        results.write_table(draft / "left_alone", pd.concat(tables), "csv")
        plots.bands_over_years(bands, SHOWN).savefig(draft / "left_alone.png")
    print(f"Table and picture are in {out}")


if __name__ == "__main__":
    typer.run(main)
