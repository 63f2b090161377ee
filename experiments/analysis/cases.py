"""Which runs are the cases that a user asks about, said as a condition over outputs: ``retention < 80``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from experiments.analysis import frames
from experiments.sweeps.constraints import Constraint
from sim.errors import InputError

if TYPE_CHECKING:
    from experiments.sweeps.design import Design
    from experiments.sweeps.space import Space

FEWEST = 20
"""Cases, and runs that are none, below which nothing can be learnt and tested (no source: a modelling choice)."""


@dataclass(frozen=True, slots=True)
class Cases:
    """Runs split in two halves: one to discover in, one to test on.

    Parameters
    ----------
    condition : as the user wrote it
    shares : factors of each run as shares of their ranges; luck left out, which nobody can choose or foresee
    hit : whether a run is a case; ``blocks`` what it hangs together with; ``learning`` whether it is in the half to learn from
    """

    condition: str
    shares: pd.DataFrame
    hit: np.ndarray
    blocks: np.ndarray
    learning: np.ndarray

    @property
    def base_rate(self) -> float:
        """Share of all runs that are cases."""
        return float(self.hit.mean())


def outputs_of(runs: pd.DataFrame, space: Space) -> list[str]:
    """Return the columns of a tidy frame that are numbers, and neither identity nor factor."""
    left_out = {*frames.IDENTITY, "key", *space.names}
    return [str(name) for name in runs.columns if name not in left_out and pd.api.types.is_numeric_dtype(runs[name])]


def named_in(condition: str, outputs: Sequence[str]) -> list[str]:
    """Return the outputs that a condition speaks of."""
    return [name for name in outputs if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", condition)]


def find(runs: pd.DataFrame, space: Space, design: Design, condition: str, *, seed: int = 1) -> Cases:
    """Return which runs meet a condition, and a random split of whole blocks of points into two halves.

    Raises
    ------
    InputError : the condition cannot be read, an output in it is not finite in every run, or there are too few cases or too
        few other runs
    """
    outputs = outputs_of(runs, space)
    try:
        rule = Constraint(condition, outputs, place="condition")
    except InputError as error:
        problem = error.problem.replace("constraint", "condition").replace("factor", "output")
        allowed = error.allowed.replace("factors", "outputs") if error.allowed else None
        raise InputError(
            problem, place=error.place, value=error.value, allowed=allowed, hint=error.hint or "retention < 80"
        ) from None
    columns = {name: runs[name].to_numpy(dtype=float) for name in named_in(condition, outputs)}
    for name, values in columns.items():
        if not np.isfinite(values).all():
            raise InputError(
                f"{int((~np.isfinite(values)).sum()):,} of {len(values):,} runs have no finite value of this output",
                place=name,
                hint="use another output, or measure over a longer window",
            )
    hit = rule.holds(columns or {"": np.zeros(len(runs))})
    _enough(hit, condition, columns)
    shares = pd.DataFrame({
        factor.name: factor.share(runs[factor.name].to_numpy())
        for factor in space.factors
        if factor.kind != "luck"
    }).astype(float)  # fmt: skip
    if shares.empty:
        raise InputError("there is nothing but luck to look at", place="factors", allowed="at least one other factor")
    blocks = frames.blocks(runs, design, len(space.names))
    names = np.unique(blocks)
    chosen = np.random.default_rng(seed).permutation(names)[: (len(names) + 1) // 2]
    learning = np.isin(blocks, chosen)
    for half, part in (("first", hit[learning]), ("second", hit[~learning])):
        if part.sum() < FEWEST / 4 or (~part).sum() < FEWEST / 4:
            raise InputError(
                f"the {half} half of the runs holds {int(part.sum())} cases of {len(part):,}: too few to learn from one half "
                "and test on the other",
                place="condition",
                value=condition,
                hint="enlarge the sweep, or ask about something less extreme",
            )
    return Cases(condition, shares, hit, blocks, learning)


def _enough(hit: np.ndarray, condition: str, columns: dict[str, np.ndarray]) -> None:
    count, others = int(hit.sum()), int((~hit).sum())
    if count >= FEWEST and others >= FEWEST:
        return
    found = "; ".join(
        f"{name} lies between {values.min():.4g} and {values.max():.4g}, half of it between "
        f"{np.quantile(values, 0.25):.4g} and {np.quantile(values, 0.75):.4g}"
        for name, values in columns.items()
    )
    raise InputError(
        f"{count:,} of {len(hit):,} runs are cases and {others:,} are not; both sides need at least {FEWEST}",
        place="condition",
        value=condition,
        hint=f"move the limit ({found}), or enlarge the sweep",
    )
