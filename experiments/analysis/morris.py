"""Screening by elementary effects (Morris 1991, doi:10.1080/00401706.1991.10484804; Campolongo et al. 2007,
doi:10.1016/j.envsoft.2006.10.004).

In trajectory r, factor i moves once, by Δ of its range: e_i(r) = ± (y after − y before) / Δ. mu_star is the mean of |e|, mu
of e, sigma the standard deviation of e. All are in units of the output per whole range of the factor. Intervals are
percentiles over bootstrap resamples of trajectories. SALib gives an interval of mu_star only; its figures are the same
(tested).
"""

from __future__ import annotations

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


def analyse(
    runs: pd.DataFrame,
    space: Space,
    design: Design,
    output: str,
    *,
    resamples: int = RESAMPLES,
    seed: int = 1,
    blocks: int | None = None,
) -> Indices:
    """Return mu_star, mu and sigma of every factor from a Morris design; ``blocks`` takes only so many trajectories."""
    if design.method != "morris":
        raise InputError(
            "elementary effects need a morris design", place="method", value=design.method, allowed="morris"
        )
    names = tuple(space.names)
    if blocks is not None:
        runs = runs[runs["point"] < blocks * (len(names) + 1)]
    means = frames.point_means(runs, names, [output])
    values = means[output].to_numpy(dtype=float)
    if not frames.varies(values):
        note = indices.constant_note(output, float(values[0]) if len(values) else np.nan)
        table = indices.undefined(names, ["mu_star", "mu", "sigma"])
        return Indices("morris", output, names, table, len(means), len(runs), "mu_star", (note,))
    effects = elementary_effects(means, space, design, output)
    if len(effects) < 2:
        raise InputError("elementary effects need at least two trajectories", place="samples", value=len(effects))
    drawn = np.random.default_rng(seed).integers(len(effects), size=(resamples, len(effects)))
    chosen = effects[drawn]
    samples = {
        "mu_star": np.abs(chosen).mean(axis=1),
        "mu": chosen.mean(axis=1),
        "sigma": chosen.std(axis=1, ddof=1),
    }
    middle = {
        "mu_star": np.abs(effects).mean(axis=0),
        "mu": effects.mean(axis=0),
        "sigma": effects.std(axis=0, ddof=1),
    }
    table = pd.concat(
        [indices.rows(names, index, middle[index], *indices.percentiles(samples[index])) for index in samples],
        ignore_index=True,
    )
    return Indices(
        method="morris",
        output=output,
        factors=names,
        estimates=table,
        points=len(means),
        runs=len(runs),
        leading="mu_star",
        notes=tuple(_notes(runs, space, output, len(effects))),
        resamples={"mu_star": samples["mu_star"]},
    )


def elementary_effects(means: pd.DataFrame, space: Space, design: Design, output: str) -> np.ndarray:
    """Return the effects (trajectories, factors): change of the output per whole range of the factor."""
    factors = len(space.names)
    shares = design.shares(space)[: len(means)].reshape(-1, factors + 1, factors)
    values = means[output].to_numpy(dtype=float).reshape(-1, factors + 1)
    steps = np.diff(shares, axis=1)
    moved = np.abs(steps).argmax(axis=2)
    step = np.take_along_axis(steps, moved[..., None], axis=2)[..., 0]
    effects = np.empty((len(values), factors))
    np.put_along_axis(effects, moved, np.diff(values, axis=1) / step, axis=1)
    return effects


def _notes(runs: pd.DataFrame, space: Space, output: str, trajectories: int) -> list[str]:
    found = frames.noise(runs, space, output)
    notes = []
    if found.luck:
        notes.append(
            "Luck (the run's seed) is a factor: its mu_star is the mean size of a change of seed alone, over Δ."
        )
    elif found.replicates == 1 and not found.common:
        notes.append(
            "Each point has its own seed: mu_star of every factor holds luck as well, and none can come out as 0."
        )
    elif found.replicates == 1:
        notes.append("All points were run on one seed: effects hold for that seed.")
    else:
        notes.append(f"Effects are of means over {found.replicates} replicates.")
    if trajectories < 10:
        notes.append(f"{trajectories} trajectories are few; 10 to 50 are usual for screening.")
    return notes
