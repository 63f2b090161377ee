"""Variance shares (Sobol' indices) of each factor from a Saltelli design.

First order S_i = V(E(Y | X_i)) / V(Y), total order T_i = 1 − V(E(Y | X_~i)) / V(Y), second order S_ij. Estimators as in
SALib: Saltelli et al. (2010), doi:10.1016/j.cpc.2009.09.018 (first, total), Saltelli (2002),
doi:10.1016/S0010-4655(02)00280-1 (second). Intervals: ± 1.96 standard deviations over bootstrap resamples of the design's
blocks. On a quasi-random design they are rather too wide than too narrow (`docs/analysis.md` says by how much, as
measured).
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from experiments.analysis import frames, indices
from experiments.analysis.indices import Indices
from sim.errors import InputError

if TYPE_CHECKING:
    from experiments.sweeps.design import Design
    from experiments.sweeps.space import Space

RESAMPLES = 1000
MOST = 5_000_000
"""Resampled values held at once (40 MB, a dozen such arrays are at work); very large designs get fewer resamples."""


def analyse(
    runs: pd.DataFrame,
    space: Space,
    design: Design,
    output: str,
    *,
    resamples: int = RESAMPLES,
    seed: int = 1,
    blocks: int | None = None,
    second_order: bool = True,
) -> Indices:
    """Return first, total and (where the design has it) second order indices of an output.

    Parameters
    ----------
    runs : complete tidy frame (`complete.check`)
    resamples : bootstrap resamples of whole blocks
    seed : of the bootstrap
    blocks : take only this many leading blocks of the design (for convergence); all if left out
    second_order : False leaves second order out even where the design would give it
    """
    if design.method != "saltelli":
        raise InputError(
            "Sobol' indices need a saltelli design", place="method", value=design.method, allowed="saltelli"
        )
    names = tuple(space.names)
    length = frames.block_length(design, len(names))
    if blocks is not None:
        runs = runs[runs["point"] < blocks * length]
    means = frames.point_means(runs, names, [output])
    values = means[output].to_numpy(dtype=float)
    pairs = [" × ".join(pair) for pair in itertools.combinations(names, 2)] if design.second_order else []
    pairs = pairs if second_order else []
    if not frames.varies(values):
        table = indices.undefined(names, ["first", "total"])
        if pairs:
            table = pd.concat([table, indices.undefined(pairs, ["second"])], ignore_index=True)
        note = indices.constant_note(output, float(values[0]) if len(values) else np.nan)
        return Indices("sobol", output, names, table, len(means), len(runs), "total", (note,))
    size = len(values) // length
    resamples = max(100, min(resamples, MOST // size))
    if design.second_order and not pairs:
        values = _without_second(values, length, len(names))
    found = frames.library("SALib.analyze.sobol").analyze(
        {"num_vars": len(names), "names": list(names), "bounds": [[0, 1]] * len(names)},
        values,
        calc_second_order=bool(pairs),
        num_resamples=resamples,
        keep_resamples=True,
        seed=seed + 1,  # SALib takes 0 for no seed
    )
    parts = [
        indices.rows(names, index, found[key], found[key] - found[f"{key}_conf"], found[key] + found[f"{key}_conf"])
        for index, key in (("first", "S1"), ("total", "ST"))
    ]
    if pairs:
        upper = np.triu_indices(len(names), k=1)
        middle, half = np.asarray(found["S2"])[upper], np.asarray(found["S2_conf"])[upper]
        parts.append(indices.rows(pairs, "second", middle, middle - half, middle + half))
    table = pd.concat(parts, ignore_index=True)
    return Indices(
        method="sobol",
        output=output,
        factors=names,
        estimates=table,
        points=len(means),
        runs=len(runs),
        leading="total",
        notes=tuple(_notes(runs, space, output, table, found["S1_conf_all"], size)),
        resamples={"first": found["S1_conf_all"], "total": found["ST_conf_all"]},
    )


def _without_second(values: np.ndarray, length: int, factors: int) -> np.ndarray:
    """Return the blocks without the points that only second order needs: A, A_B(1…D), B."""
    cube = values.reshape(-1, length)
    return np.ascontiguousarray(cube[:, [*range(factors + 1), length - 1]]).reshape(-1)


def _notes(
    runs: pd.DataFrame, space: Space, output: str, table: pd.DataFrame, resampled: np.ndarray, size: int
) -> list[str]:
    notes = [frames.noise(runs, space, output).text()]
    alone = float(table[table["index"] == "first"]["estimate"].sum())
    half = 1.96 * float(resampled.sum(axis=1).std(ddof=1))
    notes.append(
        f"First-order indices add up to {alone:.2f} [{alone - half:.2f}, {alone + half:.2f}]: "
        + (
            f"{100 * (1 - alone):.0f} % of the variance comes from interactions."
            if alone + half < 1
            else "interactions cannot be told from none."
        )
    )
    wide = (table["high"] - table["low"]).where(table["index"] != "second")
    if wide.max() > 0.2:
        notes.append(
            f"The widest interval spans {wide.max():.2f}: {size:,} blocks are few for this output; enlarge the design before "
            "reading small indices."
        )
    return notes
