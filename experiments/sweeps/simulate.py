"""What one run of a sweep is: a point and a seed in, figures out.

Whatever has the three methods of `Simulator` can be swept. `ServiceRuns` is the model of this package; `FunctionRuns` makes one
of any function, as the known answers do that check the pipeline.
"""

from __future__ import annotations

import hashlib
import inspect
import math
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np

from sim import levers, measures
from sim.errors import InputError, did_you_mean

if TYPE_CHECKING:
    from experiments.sweeps.space import Space
    from sim.chain import ServiceChain
    from sim.interventions import Intervention
    from sim.model import ServiceModel

KEPT = 3
"""Firms, and warmed-up models, that each thread keeps for runs that begin alike."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one run gave.

    Attributes
    ----------
    figures : output → value, the same outputs in every run of a sweep
    series : ``day`` and each kept measure as arrays of one length; empty where no time series are kept
    """

    figures: Mapping[str, float]
    series: Mapping[str, np.ndarray] = field(default_factory=dict)


@runtime_checkable
class Simulator(Protocol):
    """What a sweep runs; it is pickled to the workers.

    One that returns time series also has an attribute ``series``, the names of those it keeps beside ``day``.
    """

    outputs: tuple[str, ...]

    def identity(self) -> dict[str, Any]:
        """Return, as JSON, all that decides the numbers beside the point and the seed, the version of the model included."""

    def run(self, point: Mapping[str, float], seed: int) -> Outcome:
        """Simulate one point; must be safe in several threads at once."""

    def alike(self, values: np.ndarray, seeds: np.ndarray) -> np.ndarray | None:
        """Return a row per run, equal for those that are quicker one after the other; None where there is no such thing.

        ``values`` has a row per run and a column per factor.
        """


def model_version() -> str:
    """Return a hash of every source file that decides a run's numbers, so that results of two versions are never mixed."""
    import sim

    here = Path(sim.__file__).parent
    digest = hashlib.sha256()
    for path in sorted(
        [*(here / f"{name}.py" for name in _DECIDE), *here.glob("rules/*.py"), *here.glob("levers/*.py")]
    ):
        digest.update(path.relative_to(here).as_posix().encode() + b"\0" + path.read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest()[:16]


_DECIDE = (
    "chain", "compiled", "draws", "interventions", "measures", "mechanisms", "model", "population", "portable", "state",
    "scenario", "structure",
)  # fmt: skip


OUTPUTS: dict[str, str] = {
    f"realised_{one.name}" if one.name in levers.BY_NAME else one.name: one.name for one in measures.MEASURES
}
"""What a run of the service model gives → the measure of `sim.measures`; the same name unless a lever has it."""


def measure_of(name: str) -> measures.Measure | None:
    """Return the measure behind an output; None where a sweep is of another model."""
    return measures.BY_NAME.get(OUTPUTS.get(name, name))


def output(name: str, *, place: str = "outputs") -> str:
    """Return an output by its name or that of its measure, or raise `InputError`."""
    written = name.strip().replace("-", "_")
    by_measure = {measure: one for one, measure in OUTPUTS.items()}
    if (found := by_measure.get(written, written)) in OUTPUTS:
        return found
    raise InputError(
        "there is no such measure",
        place=place,
        value=name,
        allowed=", ".join(OUTPUTS),
        hint=did_you_mean(written, OUTPUTS),
    )


def _known(names: Sequence[str], place: str) -> set[str]:
    return {output(name, place=place) for name in names}


class ServiceRuns:
    """Runs of the service model on one organisation.

    Uncertainties hold from the first day. Levers are pulled on the day on which the story begins, after the warm-up, as
    `sim.vary` and scenarios pull them; runs of the same firm and luck share the warm-up.

    Parameters
    ----------
    chain : the organisation, with the mechanisms that are left out already neutral
    space : whose factors the points have
    warm_up, days : working days before the levers are pulled, and after
    window : days at the end over which figures are taken; default: the last quarter of ``days``
    outputs : which of `OUTPUTS` are kept; default: all
    series, every : outputs kept over time, as means of every so many days of the story
    """

    def __init__(
        self,
        chain: ServiceChain,
        space: Space,
        *,
        warm_up: int = 250,
        days: int = 250,
        window: int | None = None,
        outputs: Sequence[str] = (),
        series: Sequence[str] = (),
        every: int = 5,
    ) -> None:
        self.chain, self.space = chain, space
        self.warm_up, self.days = warm_up, days
        self.window = max(1, days // 4) if window is None else window
        for name, value, least, most in (
            ("warm_up", warm_up, 0, None), ("days", days, 1, None), ("window", self.window, 1, days),
            ("every", every, 1, days if series else None),
        ):  # fmt: skip
            if not least <= value <= (most or value):
                allowed = f"{least} or more" if most is None else f"{least} to {most} (the days of the story)"
                raise InputError("this number of days cannot be used", place=name, value=value, allowed=allowed)
        self.outputs = tuple(OUTPUTS if not outputs else (one for one in OUTPUTS if one in _known(outputs, "outputs")))
        self.series = tuple(one for one in OUTPUTS if one in _known(series, "series"))
        self.every = every
        self.version = model_version()
        self._threads = threading.local()

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "_threads"}

    def __setstate__(self, kept: dict[str, Any]) -> None:
        vars(self).update(kept)
        self._threads = threading.local()
        if (here := model_version()) != self.version:
            raise InputError(
                "this worker has another version of the model", place="worker", value=here, allowed=self.version,
                hint="install the same version of service-culture on every machine",
            )  # fmt: skip

    def identity(self) -> dict[str, Any]:
        """Return all that decides the numbers beside the point and the seed."""
        return {
            "model": "service-culture",
            "version": self.version,
            "organisation": self.chain.to_node_link(),
            "factors": {one.name: one.kind for one in self.space.factors},
            "warm_up": self.warm_up,
            "days": self.days,
            "window": self.window,
            "outputs": list(self.outputs),
            "series": list(self.series),
            "every": self.every,
        }

    def alike(self, values: np.ndarray, seeds: np.ndarray) -> np.ndarray:
        """Return what decides the warm-up: the seed and the uncertainties, to the last bit."""
        uncertain = [place for place, one in enumerate(self.space.factors) if one.kind == "uncertainty"]
        bits = np.ascontiguousarray(values[:, uncertain], dtype=float).view(np.int64)
        return np.column_stack([np.asarray(seeds, dtype=np.int64), bits])

    def run(self, point: Mapping[str, float], seed: int) -> Outcome:
        """Simulate one point: warm up, pull the levers, run the story, take the figures."""
        from sim.interventions import Intervention

        pulled = [
            Intervention(str(one.lever), float(point[one.name]), one.where, start=self.warm_up)
            for one in self.space.levers
        ]
        with self._when_the_story_begins(point, seed, pulled).run(self.days) as model:
            arrays = measures.daily_arrays(model)
        end = self.warm_up + self.days
        figures = measures.over_window(arrays, end - self.window, end)
        return Outcome({name: figures[OUTPUTS[name]] for name in self.outputs}, self._over_time(arrays))

    def _over_time(self, arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Return means of the kept measures over stretches of days; ``day`` is the last day of each, counted from 1."""
        if not self.series:
            return {}
        starts = np.arange(0, self.days, self.every)
        ends = np.minimum(starts + self.every, self.days)
        stretches = [
            measures.over_window(arrays, self.warm_up + int(start), self.warm_up + int(end))
            for start, end in zip(starts, ends, strict=True)
        ]
        return {"day": ends} | {name: np.array([one[OUTPUTS[name]] for one in stretches]) for name in self.series}

    def _when_the_story_begins(
        self, point: Mapping[str, float], seed: int, pulled: Sequence[Intervention]
    ) -> ServiceModel:
        """Return a model of the run's own on the day on which its levers are pulled."""
        if not self.warm_up:  # nothing to share but a first morning, which is as quickly made as copied
            return self._first_morning(point, seed, pulled)
        return self._warmed_up(point, seed).branch(*pulled)

    def _warmed_up(self, point: Mapping[str, float], seed: int) -> ServiceModel:
        """Return the model at the end of its warm-up; each thread keeps the last few."""
        key = (seed, *(point[one.name] for one in self.space.uncertainties))
        return self._kept("warm", key, lambda: self._first_morning(point, seed).run(self.warm_up))

    def _first_morning(
        self, point: Mapping[str, float], seed: int, pulled: Sequence[Intervention] = ()
    ) -> ServiceModel:
        """Return a new model of the firm that a point's uncertainties make; each thread keeps the last few firms."""
        from sim.model import ServiceModel
        from sim.scenario import Setting, settled

        def firm() -> ServiceModel:
            settings = [Setting(str(one.lever), float(point[one.name]), one.where) for one in self.space.uncertainties]
            return ServiceModel(settled(self.chain, settings), seed=seed)

        key = tuple(point[one.name] for one in self.space.uncertainties)
        return self._kept("firms", key, firm).restart(seed, *pulled)

    def _kept(self, kind: str, key: Hashable, make: Callable[[], ServiceModel]) -> ServiceModel:
        """Return what this thread has kept under a key, or make and keep it, in place of what was used longest ago."""
        known: OrderedDict[Hashable, ServiceModel] = vars(self._threads).setdefault(kind, OrderedDict())
        if key in known:
            known.move_to_end(key)
            return known[key]
        made = known[key] = make()
        if len(known) > KEPT:
            known.popitem(last=False)[1].close()
        return made


class FunctionRuns:
    """Runs of any function of a point and a seed, for example one whose answers are known.

    Parameters
    ----------
    function : importable by name on every worker; called with a mapping of factors to values and a seed, it returns a mapping
        of outputs to values
    outputs : names of what it returns
    """

    def __init__(
        self, function: Callable[[Mapping[str, float], int], Mapping[str, float]], outputs: Sequence[str]
    ) -> None:
        self.function, self.outputs = function, tuple(outputs)

    def identity(self) -> dict[str, Any]:
        """Return the function's name and a hash of its source."""
        try:
            source = inspect.getsource(self.function)
        except (OSError, TypeError):
            source = ""
        return {
            "model": f"{self.function.__module__}.{self.function.__qualname__}",
            "version": hashlib.sha256(source.encode()).hexdigest()[:16],
            "outputs": list(self.outputs),
        }

    def alike(self, values: np.ndarray, seeds: np.ndarray) -> None:
        """Return None: no run of a function helps another."""
        return None

    def run(self, point: Mapping[str, float], seed: int) -> Outcome:
        """Call the function."""
        given = self.function(point, seed)
        missing = [name for name in self.outputs if name not in given]
        if missing:
            raise InputError("the function did not return every output", place="outputs", value=missing)
        return Outcome({name: _number(given[name]) for name in self.outputs})


class OnlyNamed:
    """A simulator of which only the name is known: its sweep can be read and analysed, but not gone on with."""

    def __init__(self, identity: Mapping[str, Any], outputs: Sequence[str]) -> None:
        self._identity, self.outputs = dict(identity), tuple(outputs)

    def identity(self) -> dict[str, Any]:
        """Return what the folder says of it."""
        return self._identity

    def alike(self, values: np.ndarray, seeds: np.ndarray) -> None:
        """Return None: nothing is known of it."""
        return None

    def run(self, point: Mapping[str, float], seed: int) -> Outcome:
        """Refuse."""
        raise InputError(
            "the model that was swept cannot be found", place="simulator", value=self._identity.get("model"),
            allowed="the model of this package, or a function that can be imported by this name",
            hint="call `experiments.sweeps.drive.sweep(folder, plan)` with the plan that holds your model",
        )  # fmt: skip


def _number(value: Any) -> float:
    number = float(value)
    return number if math.isfinite(number) else math.nan
