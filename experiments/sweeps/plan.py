"""A plan: which runs a sweep consists of, and what each of them is called.

Run ``r`` is replicate ``r % replicates`` of point ``r // replicates``. Its key is a hash of everything that decides its
numbers: the model's version, the organisation, the days, the point to the last bit, and the seed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pandas as pd

from experiments.sweeps.design import Design
from experiments.sweeps.simulate import Simulator
from experiments.sweeps.space import Space
from sim.errors import InputError

KEY_BYTES = 16
Seeds = Literal["common", "independent"]


@dataclass(frozen=True, eq=False)
class Plan:
    """Every run of a sweep.

    Attributes
    ----------
    space, design, simulator : what varies, at which points, and what is run there
    replicates : runs of each point
    seeds : "common": replicate k of every point has the seed ``seed + k``, so that points are compared pair by pair;
        "independent": run r has the seed ``seed + r``. Where luck is one of the factors, a point's own luck is its seed.
    seed : the first seed
    points : the design, one row per point; sampled from ``design`` where not given
    """

    space: Space
    design: Design
    simulator: Simulator
    replicates: int = 1
    seeds: Seeds = "common"
    seed: int = 1
    points: pd.DataFrame = field(default=None, repr=False)  # type: ignore[assignment]

    def __post_init__(self) -> None:
        if self.replicates < 1:
            raise InputError("too few replicates", place="replicates", value=self.replicates, allowed="1 or more")
        if self.seeds not in ("common", "independent"):
            raise InputError("there are no such seeds", place="seeds", value=self.seeds, allowed="common, independent")
        if self.luck and self.replicates > 1:
            raise InputError(
                "luck is one of the factors, so that every point has its own seed", place="replicates",
                value=self.replicates, allowed="1", hint="leave luck out of the factors, or take more samples",
            )  # fmt: skip
        if self.points is None:
            object.__setattr__(self, "points", self.design.sample(self.space))
        if not len(self.points):
            raise InputError("this design has no points", place="design", value=self.design.method)
        most = 2**63 - 1 - (len(self) if self.seeds == "independent" else self.replicates)
        if not 0 <= self.seed <= most:
            raise InputError("this seed cannot be used", place="seed", value=self.seed, allowed=f"0 to {most}")

    def __len__(self) -> int:
        return len(self.points) * self.replicates

    @property
    def luck(self) -> str | None:
        """Name of the factor that is a run's luck; None where there is none."""
        return next((one.name for one in self.space.factors if one.kind == "luck"), None)

    def point_of(self, runs: np.ndarray) -> np.ndarray:
        """Return the points of runs."""
        return np.asarray(runs, dtype=np.int64) // self.replicates

    def replicate_of(self, runs: np.ndarray) -> np.ndarray:
        """Return which replicates of their points runs are, from 0."""
        return np.asarray(runs, dtype=np.int64) % self.replicates

    def seed_of(self, runs: np.ndarray) -> np.ndarray:
        """Return the seeds of runs."""
        runs = np.asarray(runs, dtype=np.int64)
        if self.luck:
            return self.points[self.luck].to_numpy()[self.point_of(runs)].astype(np.int64)
        return self.seed + (self.replicate_of(runs) if self.seeds == "common" else runs)

    def values_of(self, runs: np.ndarray) -> np.ndarray:
        """Return the factors' values, (run, factor)."""
        return np.asarray(self.points.iloc[self.point_of(runs)].to_numpy(dtype=float))

    def order(self, runs: np.ndarray) -> np.ndarray:
        """Return runs in the order in which they are quickest: those that begin alike one after the other."""
        alike = self.simulator.alike(self.values_of(runs), self.seed_of(runs)) if len(runs) else None
        if alike is None:
            return runs
        _, first, group = np.unique(alike, axis=0, return_index=True, return_inverse=True)
        return np.asarray(runs[np.argsort(first[group.reshape(-1)], kind="stable")])

    # --- names -------------------------------------------------------------------------------------------------------

    def root(self) -> bytes:
        """Return the hash of what all runs have in common."""
        text = json.dumps({"factors": self.space.names, **self.simulator.identity()}, sort_keys=True)
        return hashlib.sha256(text.encode()).digest()

    def digest(self) -> str:
        """Return a hash of the whole plan: the same plan, the same sweep."""
        found = hashlib.sha256(self.root())
        found.update(np.ascontiguousarray(self.points.to_numpy(dtype="<f8")).tobytes())
        found.update(json.dumps([self.replicates, self.seeds, self.seed]).encode())
        return found.hexdigest()

    def describe(self) -> dict[str, Any]:
        """Return the plan as JSON holds it, without its points."""
        return {
            "space": self.space.to_dict(),
            "design": self.design.to_dict(),
            "replicates": self.replicates,
            "seeds": self.seeds,
            "seed": self.seed,
            "points": len(self.points),
            "runs": len(self),
            "outputs": list(self.simulator.outputs),
            "simulator": self.simulator.identity(),
        }

    def extends(self, other: Plan) -> bool:
        """Tell whether this plan has all runs of another under the same numbers, and perhaps more."""
        mine = self.points.to_numpy(dtype=float)[: len(other.points)]
        return (
            self.root() == other.root()
            and (self.replicates, self.seeds, self.seed) == (other.replicates, other.seeds, other.seed)
            and np.array_equal(mine, other.points.to_numpy(dtype=float))
        )


def keys(root: bytes, values: np.ndarray, seeds: np.ndarray) -> list[bytes]:
    """Return the key of each run from the plan's `Plan.root`, its values (run, factor) and seeds."""
    rows = np.ascontiguousarray(values, dtype="<f8")
    numbers = np.ascontiguousarray(seeds, dtype="<i8")
    return [
        hashlib.sha256(root + row.tobytes() + number.tobytes()).digest()[:KEY_BYTES]
        for row, number in zip(rows, numbers, strict=True)
    ]


def same_up_to(mine: Mapping[str, Any], theirs: Mapping[str, Any], inside: str = "") -> list[str]:
    """Return the places at which two descriptions of plans differ, in words."""
    found = []
    for name in sorted({*mine, *theirs}):
        one, other, place = mine.get(name), theirs.get(name), f"{inside}{name}"
        if isinstance(one, Mapping) and isinstance(other, Mapping):
            found += same_up_to(one, other, f"{place}.")
        elif one != other:
            found.append(place)
    return found
