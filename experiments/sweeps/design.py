"""Designs: which points of a space are run.

| method     | points                      | nested | for                                                              |
|------------|-----------------------------|--------|------------------------------------------------------------------|
| `grid`     | product of the levels       | no     | two or three factors, pictures, every combination                |
| `lhs`      | samples                     | no     | a look at everything at once, regressions, trees                 |
| `sobol`    | samples                     | yes    | the same, and it can be made larger later                        |
| `morris`   | samples (D + 1)             | yes    | which of many factors matter at all                              |
| `saltelli` | samples (2 D + 2) or (D + 2)| yes    | Sobol' indices: how much of the variance is due to what          |
| `table`    | its rows                    | –      | points of one's own                                              |

*Nested* means that a larger design of the same seed begins with the smaller one, so that a sweep can be continued.
"""

from __future__ import annotations

import inspect
import math
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd

from experiments.sweeps.space import Factor, Space
from sim.errors import InputError, did_you_mean

Method = Literal["grid", "lhs", "sobol", "morris", "saltelli", "table"]

MOST_POINTS = 20_000_000
"""Points that a design may have: a table of twenty factors then takes 3 GB."""

RAREST = 1_000
"""Of so many points at least one must be allowed by the constraints."""

TRIED = 20_000
"""Points that are tried before a design gives up because too few are allowed."""

AT_ONCE = 1_000
"""Points that are drawn at once, at least, when constraints are to be met."""

LEVELS = 4
"""Levels of each factor of grid and Morris designs, where nothing is said."""


@dataclass(frozen=True, slots=True, eq=False)
class Design:
    """How points are chosen.

    Attributes
    ----------
    method : see the table above
    samples : points of ``lhs`` and ``sobol``; trajectories of ``morris``; the N of ``saltelli``; unused otherwise
    seed : of the design alone; the seeds of runs are another matter
    levels : ``grid``: how many evenly spaced values of each factor, for all or by name (a factor with a list of values has
        those, unless it is named); ``morris``: the number of levels, even
    second_order : whether ``saltelli`` also holds what second-order indices need: 2 D + 2 points for each sample, not D + 2
    optimal_trajectories : ``morris``: keep only so many of the trajectories, those farthest apart (Ruano et al. 2012)
    points : the table of method ``table``; one column per factor
    """

    method: Method
    samples: int = 0
    seed: int = 1
    levels: int | Mapping[str, int] = LEVELS
    second_order: bool = True
    optimal_trajectories: int | None = None
    points: pd.DataFrame | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        known = get_args(Method)
        if self.method not in known:
            raise InputError("there is no such design", place="design: method", value=self.method,
                             allowed=", ".join(known), hint=did_you_mean(str(self.method), known))  # fmt: skip
        _whole(self.seed, 0, 2**63 - 1, "seed")
        if not isinstance(self.second_order, bool):
            raise InputError("this value cannot be used", place="design: second_order", value=self.second_order,
                             allowed="true or false")  # fmt: skip
        if self.method in ("lhs", "sobol", "morris", "saltelli"):
            _whole(self.samples, 1, MOST_POINTS, "samples")
        if isinstance(self.levels, Mapping):
            object.__setattr__(self, "levels", dict(self.levels))
            if self.method == "morris":
                raise InputError("Morris has one number of levels for all factors", place="design: levels",
                                 value=dict(self.levels), allowed="an even number")  # fmt: skip
        for name, count in self.levels.items() if isinstance(self.levels, Mapping) else [("levels", self.levels)]:
            _whole(count, 2, 100_000, "levels" if name == "levels" else f"levels of {name}")
        if self.method == "morris":
            self._check_morris()
        elif self.optimal_trajectories is not None:
            raise InputError("only Morris designs have trajectories", place="design: optimal_trajectories",
                             value=self.optimal_trajectories, allowed="nothing, or method morris")  # fmt: skip
        if (self.points is not None) != (self.method == "table"):
            missing = self.points is None
            raise InputError("the table is missing" if missing else "this design makes its own points",
                             place="design: points", value=None if missing else self.method,
                             allowed="points with the method table, and with no other")  # fmt: skip
        if self.points is not None:
            object.__setattr__(self, "points", self.points.reset_index(drop=True).copy())

    def _check_morris(self) -> None:
        if self.levels % 2:  # type: ignore[operator]
            raise InputError("with an odd number of levels, some would be drawn more often than others",
                             place="design: levels", value=self.levels, allowed="an even number; 4 is usual")  # fmt: skip
        if self.optimal_trajectories is not None:
            if self.samples < 3:
                raise InputError("there are too few trajectories to choose from", place="design: samples",
                                 value=self.samples, allowed="3 or more")  # fmt: skip
            _whole(self.optimal_trajectories, 2, self.samples - 1, "optimal_trajectories")

    # --- points ----------------------------------------------------------------------------------------------------------

    def sample(self, space: Space) -> pd.DataFrame:
        """Return the points: one row per point counted from 0, one column per factor.

        Every point meets the constraints. Grids and tables drop those that do not. ``lhs`` draws one Latin hypercube of
        ``samples`` points after the other and ``sobol`` follows its sequence, until ``samples`` points are allowed.

        Raises
        ------
        InputError : when fewer than one point in 1000 is allowed, when Morris or Saltelli are to meet constraints, when a
            table does not fit the space, and when there would be more than `MOST_POINTS` points
        """
        self._check_for(space)
        if self.method == "table":
            assert self.points is not None
            return self._only_allowed(space, space.check(self.points))
        if self.method == "grid":
            return self._only_allowed(space, self._grid(space))
        if self.method in ("lhs", "sobol") and space.constraints:
            return self._drawn(space)
        return space.at(self.shares(space))

    def shares(self, space: Space) -> np.ndarray:
        """Return the points of `sample` as shares from 0 to 1, as samplers draw and analyses of designs want them."""
        self._check_for(space)
        if self.method in ("grid", "table") or space.constraints:
            return space.shares(self.sample(space))
        if self.method == "lhs":
            return next(self._latin(len(space.factors)))
        if self.method == "sobol":
            return _sobol(len(space.factors), self.seed)(self.samples)
        return self._morris(space) if self.method == "morris" else self._saltelli(len(space.factors))

    def count(self, space: Space) -> int:
        """Return how many points there will be; without sampling, unless constraints decide."""
        self._check_for(space)
        if self.method in ("grid", "table") and space.constraints:
            return len(self.sample(space))
        return self._size(space)

    def notes(self, space: Space) -> list[str]:
        """Return what somebody who runs this design should know; nothing when all is well."""
        notes = []
        power = 2 ** round(math.log2(self.samples)) if self.samples else 0
        if self.method in ("sobol", "saltelli") and self.samples != power:
            notes.append(f"{self.samples} samples are no power of two; {power} would spread more evenly.")
        if self.method in ("sobol", "lhs") and space.constraints:
            notes.append("The constraints leave holes, so that the points are less even than without.")
        if self.method in ("grid", "table") and space.constraints and (out := self._size(space) - self.count(space)):
            notes.append(f"Left out because they do not meet the constraints: {out} of {self._size(space)} points.")
        if self.method == "morris" and self.trajectories < 10:
            notes.append(f"{self.trajectories} trajectories are few; 10 to 50 are usual.")
        if self.method == "morris" and any(one.kind == "luck" for one in space.factors):
            notes.append(
                f"Luck is only {self.levels} seeds in this design; saltelli or replicates weigh chance better."
            )
        if self.method == "morris" and self.optimal_trajectories is not None:
            notes.append("A design of optimal trajectories cannot be made larger later.")
        return notes

    @property
    def trajectories(self) -> int:
        """Trajectories of a Morris design."""
        return self.samples if self.optimal_trajectories is None else self.optimal_trajectories

    @property
    def nested(self) -> bool:
        """Whether a larger design of the same kind and seed begins with this one, so that a sweep can be continued."""
        return self.method in ("sobol", "saltelli") or (self.method == "morris" and self.optimal_trajectories is None)

    # --- checks ----------------------------------------------------------------------------------------------------------

    def _check_for(self, space: Space) -> None:
        if self.method in ("morris", "saltelli") and space.constraints:
            raise InputError(
                f"{self.method} cannot leave points out: its indices compare points that differ in one factor, and need all",
                place="constraints", value=list(space.constraints), allowed="no constraints with morris and saltelli",
                hint="narrow the ranges until every combination is allowed, or take sobol or lhs and an analysis that does "
                "not need a design: regression, trees, moment-independent measures",
            )  # fmt: skip
        if isinstance(self.levels, Mapping):
            for name in self.levels:
                space.factor(name)
        if (size := self._size(space)) > MOST_POINTS:
            raise InputError("these are more points than a design can have", place="design", value=f"{size:,}",
                             allowed=f"up to {MOST_POINTS:,} points", hint="fewer samples, levels or factors")  # fmt: skip

    def _size(self, space: Space) -> int:
        factors = len(space.factors)
        match self.method:
            case "table":
                return len(self.points) if self.points is not None else 0
            case "grid":
                return math.prod(len(self._steps(space, one)) for one in space.factors)
            case "morris":
                return self.trajectories * (factors + 1)
            case "saltelli":
                return self.samples * (2 * factors + 2 if self.second_order else factors + 2)
        return self.samples

    @staticmethod
    def _only_allowed(space: Space, points: pd.DataFrame) -> pd.DataFrame:
        points = points[space.allowed(points)].reset_index(drop=True)
        if not len(points):
            raise _nothing_allowed(space, "no point")
        return points

    # --- methods ---------------------------------------------------------------------------------------------------------

    def _steps(self, space: Space, one: Factor) -> np.ndarray:
        """Return the values of a factor in a grid."""
        if isinstance(self.levels, Mapping):
            said = {space.factor(name).name: count for name, count in self.levels.items()}.get(one.name)
        else:
            said = None if one.values else self.levels
        if said is None and one.values:
            return np.array(one.values)
        return np.unique(one.at(np.linspace(0, 1, said or LEVELS)))

    def _grid(self, space: Space) -> pd.DataFrame:
        """Every combination; the first factor changes slowest."""
        columns = np.meshgrid(*(self._steps(space, one) for one in space.factors), indexing="ij")
        return pd.DataFrame({one.name: values.ravel() for one, values in zip(space.factors, columns, strict=True)})

    def _latin(self, factors: int) -> Iterator[np.ndarray]:
        """Latin hypercubes, one after the other (McKay, Beckman & Conover 1979, doi:10.1080/00401706.1979.10489755)."""
        from scipy.stats import qmc

        engine = qmc.LatinHypercube(factors, **_random(qmc.LatinHypercube, self.seed))
        while True:
            yield engine.random(self.samples)

    def _drawn(self, space: Space) -> pd.DataFrame:
        """Points that are allowed, as many as wanted, in the order in which they are drawn."""
        if self.method == "lhs":
            cubes, each = self._latin(len(space.factors)), -(-AT_ONCE // self.samples)
            draws = (np.concatenate([next(cubes) for _ in range(each)]) for _ in iter(int, 1))
        else:
            sequence = _sobol(len(space.factors), self.seed)
            draws = (sequence(max(self.samples, AT_ONCE)) for _ in iter(int, 1))
        found: list[pd.DataFrame] = []
        kept = tried = 0
        while kept < self.samples:
            points = space.at(next(draws))
            allowed = points[space.allowed(points)]
            found.append(allowed)
            kept, tried = kept + len(allowed), tried + len(points)
            if tried >= TRIED and kept * RAREST < tried:
                raise _nothing_allowed(space, f"{kept} of {tried:,} points")
        return pd.concat(found, ignore_index=True)[: self.samples]

    def _morris(self, space: Space) -> np.ndarray:
        """Trajectories, one after the other, that move one factor at a time (Morris 1991, doi:10.2307/1269043).

        The best of them, where asked for: Campolongo, Cariboni & Saltelli 2007, doi:10.1016/j.envsoft.2006.10.004; Ruano et
        al. 2012, doi:10.1016/j.envsoft.2012.03.008. By SALib.
        """
        morris = _salib("SALib.sample.morris")
        shares = morris.sample(
            problem(space), self.samples, num_levels=self.levels, optimal_trajectories=self.optimal_trajectories,
            local_optimization=True, seed=self.seed,
        )  # fmt: skip
        return np.clip(np.round(shares, 12), 0, 1)

    def _saltelli(self, factors: int) -> np.ndarray:
        """Blocks of D + 2 or 2 D + 2 points: A, A with each column of B, [B with each column of A,] B.

        Saltelli 2002, doi:10.1016/S0010-4655(02)00280-1; Saltelli et al. 2010, doi:10.1016/j.cpc.2009.09.018. The rows stand as
        `SALib.sample.sobol` has them, so that `SALib.analyze.sobol` takes outputs in their order.
        """
        drawn = _sobol(2 * factors, self.seed)(self.samples)
        a, b = drawn[:, :factors], drawn[:, factors:]
        mixed = np.eye(factors, dtype=bool)[None]
        blocks = [a[:, None], np.where(mixed, b[:, None], a[:, None])]
        if self.second_order:
            blocks.append(np.where(mixed, a[:, None], b[:, None]))
        return np.concatenate([*blocks, b[:, None]], axis=1).reshape(-1, factors)

    # --- writing it down -------------------------------------------------------------------------------------------------

    def to_dict(self) -> dict[str, Any]:
        """Return the design as JSON holds it, a table of one's own included, exactly."""
        return {
            "method": self.method,
            "samples": self.samples,
            "seed": self.seed,
            "levels": dict(self.levels) if isinstance(self.levels, Mapping) else self.levels,
            "second_order": self.second_order,
            "optimal_trajectories": self.optimal_trajectories,
            "points": None if self.points is None else self.points.to_dict(orient="list"),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Design:
        """Return the design that `to_dict` wrote."""
        return cls(**{**data, "points": None if data.get("points") is None else pd.DataFrame(data["points"])})

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Design) and self.to_dict() == other.to_dict()

    def __hash__(self) -> int:
        return hash((self.method, self.samples, self.seed))


def problem(space: Space) -> dict[str, Any]:
    """Return SALib's description of the space in shares: every factor goes from 0 to 1."""
    count = len(space.factors)
    return {"num_vars": count, "names": space.names, "bounds": [[0.0, 1.0] for _ in range(count)]}


def read_points(path: str | Path) -> pd.DataFrame:
    """Return the table of a CSV or Parquet file, for a design of the method ``table``; `Space.check` looks into it."""
    path = Path(path)
    allowed = "a table as .csv or .parquet, one column per factor"
    try:
        if path.suffix.casefold() == ".csv":
            with warnings.catch_warnings():  # pandas only warns of rows that are longer than the header
                warnings.simplefilter("error", pd.errors.ParserWarning)
                table = pd.read_csv(path, encoding="utf-8-sig", dtype=str, keep_default_na=False, index_col=False)
            # By Python's own reading of numbers, exact to the last bit, which that of some versions of pandas is not.
            return pd.DataFrame({name: _numbers(column) for name, column in table.items()})
        if path.suffix.casefold() == ".parquet":
            return pd.read_parquet(path)
    except ImportError:
        raise InputError("Parquet needs pyarrow, which is not installed", source=str(path), allowed="a .csv file",
                         hint="pip install 'service-culture[experiments]'") from None  # fmt: skip
    except (OSError, ValueError, pd.errors.ParserWarning) as error:  # complaints about content are ValueErrors
        said = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise InputError("this table cannot be read", source=str(path), value=said, allowed=allowed) from None
    raise InputError("this is no table that can be read", source=str(path), value=path.suffix, allowed=allowed)


def _numbers(column: pd.Series) -> np.ndarray:
    """Return a column of texts as numbers, or as it is where one of them is no number."""
    try:
        return np.array([float(text) for text in column])
    except ValueError:
        return column.to_numpy(dtype=object)


# --- samplers --------------------------------------------------------------------------------------------------------


def _sobol(dimensions: int, seed: int) -> Callable[[int], np.ndarray]:
    """Return a function that gives the next n points of a scrambled Sobol' sequence.

    Sobol' 1967, doi:10.1016/0041-5553(67)90144-9; scrambled as by Owen 1998, doi:10.1145/290274.290281.
    """
    from scipy.stats import qmc

    if dimensions > qmc.Sobol.MAXDIM:
        raise InputError("these are more factors than a Sobol' sequence has dimensions", place="design",
                         value=dimensions, allowed=f"up to {qmc.Sobol.MAXDIM} (saltelli uses two for each factor)")  # fmt: skip
    engine = qmc.Sobol(dimensions, **_random(qmc.Sobol, seed))

    def draw(count: int) -> np.ndarray:
        # SciPy warns when the first draw is no power of two; `Design.notes` says so in our words. One is a power of two.
        first = [engine.random(1)] if engine.num_generated == 0 else []
        return np.concatenate([*first, engine.random(count - len(first))]) if count > len(first) else first[0]

    return draw


def _random(engine: Any, seed: int) -> dict[str, np.random.Generator]:
    """Return the argument by which this SciPy takes a source of random numbers; its name changed in 1.15.

    A generator and no number: the same number means other points under the two names.
    """
    name = "rng" if "rng" in inspect.signature(engine.__init__).parameters else "seed"
    return {name: np.random.default_rng(seed)}


def _salib(module: str) -> Any:
    import importlib

    try:
        return importlib.import_module(module)
    except ImportError:
        raise InputError("Morris designs need SALib, which is not installed", place="design: method", value="morris",
                         hint="pip install 'service-culture[experiments]'") from None  # fmt: skip


def _whole(value: object, least: int, most: int, what: str) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise InputError("this value cannot be used", place=f"design: {what}", value=value,
                         allowed=f"a whole number from {least:,} to {most:,}")  # fmt: skip


def _nothing_allowed(space: Space, found: str) -> InputError:
    return InputError("too few points meet the constraints", place="constraints", value=list(space.constraints),
                      allowed=f"constraints that at least one point in {RAREST} meets; {found} did",
                      hint="look for a constraint that contradicts another, or widen the ranges")  # fmt: skip
