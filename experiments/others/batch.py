"""Mesa's own `batch_run` on this model, done right on every supported Mesa.

    python -m experiments.others.batch
    python -m experiments.others.batch my-firm.toml --set internal_service=0.3,0.5,0.9 --seeds 20 --processes 4

``batch_run(ServiceModel, …)`` works as it is, with the levers in force from the first day on; `FromWarmUp` is for what-ifs: it
warms up, pulls the levers then, and stops by itself. What it takes care of, as seen on Mesa 3.3 and 3.5:

- With ``iterations=5``, Mesa 3.3 repeats one and the same seed five times; Mesa 3.5 draws seeds that nobody knows later, and
  puts None in the place of a parameter ``seed``. Here seeds are a parameter with a name of its own, ``run_seed``.
- Mesa 3.3 runs one step more than ``max_steps``. Here the model stops when the story has ended.
- What Mesa hands back of a step is the state of that day. Here a step is a stretch of days, with figures over the whole of it.
- In Mesa's rows a reporter hides a parameter of the same name. `internal_service` is a lever and a measure; here the measure is
  called ``realised_internal_service``, as in sweeps.
- Mesa takes anything iterable for a list of values, and a chain is iterable: put it into a list.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import mesa
import pandas as pd
import typer

from experiments.others.running import guarded
from experiments.sweeps.simulate import OUTPUTS
from sim import measures
from sim.chain import ServiceChain
from sim.errors import InputError
from sim.interventions import Intervention
from sim.model import ServiceModel


class FromWarmUp(ServiceModel):
    """A model for `mesa.batch_run` that has warmed up when it begins, and stops when its story has ended.

    Parameters
    ----------
    chain : as for `ServiceModel`
    run_seed : the run's seed
    warm_up, days : working days before the levers are pulled, and after
    every : working days that one step of Mesa lasts; default: a quarter of ``days``
    rng : what Mesa 3.5 passes to every model; not used
    pulled : levers and the values to which they are pulled after the warm-up; nan leaves one as described
    """

    def __init__(
        self,
        chain: ServiceChain | str | Path = "energy_distributor",
        run_seed: int = 1,
        warm_up: int = 250,
        days: int = 250,
        every: int | None = None,
        rng: Any = None,
        **pulled: float,
    ) -> None:
        self.every = max(1, days // 4) if every is None else every
        if not 1 <= self.every <= days:
            raise InputError("steps cannot last this long", place="every", value=every, allowed=f"1 to {days} days")
        changes = [Intervention(name, value, start=warm_up) for name, value in pulled.items() if value == value]
        super().__init__(chain, seed=run_seed, interventions=changes)
        self.ends = warm_up + days
        self.stretch: dict[str, float] = {}
        self.datacollector = mesa.DataCollector(
            model_reporters={"day": "day"}
            | {column: functools.partial(_over_stretch, name=name) for column, name in OUTPUTS.items()}
        )
        self._go_to(warm_up)
        self._first = days % self.every  # so that the last step is a whole one

    def step(self) -> None:
        """Run the next stretch of days and collect its figures."""
        before = self.day
        self._go_to(before + (self._first or self.every))
        self._first = 0
        self.stretch = measures.summary(self, before)
        self.datacollector.collect(self)
        self.running = self.day < self.ends

    def _go_to(self, day: int) -> None:
        while self.day < day:
            self.advance(day)


def _over_stretch(model: FromWarmUp, name: str) -> float:
    return model.stretch[name]


def batch(
    chain: ServiceChain | str | Path,
    pulled: Mapping[str, Sequence[float]],
    seeds: Iterable[int],
    *,
    warm_up: int = 250,
    days: int = 250,
    processes: int = 1,
    over_time: bool = False,
) -> pd.DataFrame:
    """Return Mesa's table: one row per combination of values and seed with every measure over the last quarter of the days.

    ``over_time`` gives one row for each quarter instead.
    """
    # Looked up here, since importing it makes Mesa 3.3 change how processes are started.
    from mesa.batchrunner import batch_run

    rows = batch_run(
        FromWarmUp,
        {"chain": [chain], "run_seed": list(seeds), "warm_up": warm_up, "days": days}
        | {name: list(values) for name, values in pulled.items()},
        number_processes=processes,
        data_collection_period=1 if over_time else -1,
        display_progress=False,
    )
    order = ["run_seed", *pulled, "day"]
    return pd.DataFrame(rows).sort_values(order, ignore_index=True)  # several processes answer in any order


def main(
    organisation: Annotated[str, typer.Argument(help="A bundled organisation or a file.")] = "energy_distributor",
    pull: Annotated[
        str, typer.Option("--set", help="LEVER=V1,V2,…; the values to compare")
    ] = "internal_service=0.3,0.5,0.9",
    seeds: Annotated[int, typer.Option(help="Runs of each value.", min=2)] = 10,
    warm_up: Annotated[int, typer.Option(help="Days before the lever is pulled.", min=0)] = 125,
    days: Annotated[int, typer.Option(help="Days after.", min=4)] = 250,
    processes: Annotated[int, typer.Option(help="Processes.", min=1)] = 1,
) -> None:
    """Run Mesa's batch_run over the values of a lever and compare them pair by pair with the first."""
    from sim.console import print_table
    from sim.estimates import estimate

    name, _, text = pull.partition("=")
    name = name.strip().replace("-", "_")
    try:
        values = [float(one) for one in text.split(",")]
    except ValueError:
        raise InputError("these are no values of a lever", place="--set", value=pull, allowed="LEVER=V1,V2,…") from None
    table = batch(organisation, {name: values}, range(1, seeds + 1), warm_up=warm_up, days=days, processes=processes)
    wide = table.pivot(index="run_seed", columns=name, values="external_satisfaction")
    rows = [
        (
            f"{value:g}",
            estimate(wide[value].to_numpy()).text(2),
            estimate((wide[value] - wide[values[0]]).to_numpy()).text(2),
        )
        for value in values
    ]
    print_table(
        f"mesa.batch_run, Mesa {mesa.__version__}: external satisfaction, 0–100",
        (name.replace("_", " "), "mean", f"difference to {values[0]:g}"),
        rows,
        f"n = {seeds} paired runs per value; mean [95 % interval]; last {max(1, days // 4)} of {days} days after the change.",
    )
    print(
        "Look at: how much narrower the interval of a difference is than those of the means. Every value met the same "
        "customers on the same days."
    )


if __name__ == "__main__":
    # Mesa pickles the class for its processes, and a class of `__main__` cannot be found there.
    from experiments.others import batch as found

    guarded(found.main)
