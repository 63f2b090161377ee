"""Comparing scenarios, run by run: differences with intervals, when curves part, money, and what pairing was worth.

All scenarios meet the same customers with the same needs and the same luck on the same days (common random numbers): the runs
of one seed differ only where the scenarios do, and intervals of differences are taken over seeds, pair by pair. Scenarios
that are alike until the end of the warm-up share it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from threading import Event

import numpy as np
import pandas as pd

from sim import curves, measures
from sim.errors import InputError, did_you_mean
from sim.estimates import Estimate, estimate, intervals, mean_of_known
from sim.model import ServiceModel
from sim.scenario import Scenario, together

LEAST_RUNS = 10
"""Runs before a comparison may stop early, so that its interval means something."""
LOOK_EVERY = 5
"""Runs between two looks at the interval; looking less often keeps it honest."""

WINDOW, HORIZON = 0, 1
"""Over which days the figures of a part are taken: the last quarter of the story, or all of it."""


@dataclass(frozen=True, slots=True)
class Parts:
    """Daily means of every figure of the units, links or segments, by run.

    Attributes
    ----------
    names, figures : what the axes of ``values`` stand for
    values : (scenario, seed, name, figure, window or horizon)
    """

    names: tuple[str, ...]
    figures: tuple[str, ...]
    values: np.ndarray


@dataclass(frozen=True, slots=True)
class Money:
    """What a scenario was worth over the days of the story, against the first one; in the organisation's currency.

    Attributes
    ----------
    revenue, cost, profit : taken and spent more, and their difference
    return_on_cost : profit per unit of extra cost; nan where nothing more was spent
    payback : first day from which the extra profit so far stays above 0, of the mean over runs; one more than the days of
        the story where that is not so within them
    paid_back : runs, of all, in which the extra profit so far is above 0 at the end
    """

    revenue: Estimate
    cost: Estimate
    profit: Estimate
    return_on_cost: Estimate
    payback: Estimate
    paid_back: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """What came out of comparing scenarios; the first is the one that the others are compared with.

    Attributes
    ----------
    scenarios : what was run
    seeds : seeds of the runs that were finished in every scenario
    asked : runs that were asked for
    ended : why there are no more: "all", "precise" or "stopped"
    window : days at the end of the story over which figures are taken
    figures : one row per scenario and seed: every measure over the window, and ``revenue`` and ``total_profit`` of the story
    curves : measure → (scenario, seed, day of the story); also ``revenue`` and ``profit_of_day``, in currency a day
    parts : "unit", "link", "segment" → figures of each
    """

    scenarios: tuple[Scenario, ...]
    seeds: tuple[int, ...]
    asked: int
    ended: str
    window: int
    figures: pd.DataFrame
    curves: dict[str, np.ndarray]
    parts: dict[str, Parts]

    @property
    def names(self) -> list[str]:
        """Names of the scenarios."""
        return [one.name for one in self.scenarios]

    @property
    def days(self) -> int:
        """Days of the story."""
        return self.scenarios[0].days

    # --- figures of the firm -----------------------------------------------------------------------------------------

    def values(self, measure: str, scenario: str | int) -> np.ndarray:
        """Return a measure over the window, by seed."""
        mine = self.figures[self.figures["scenario"] == self.names[self._row(scenario)]]
        values: np.ndarray = mine[measure].to_numpy(dtype=float)
        return values

    def figure(self, measure: str, scenario: str | int) -> Estimate:
        """Return a measure over the window."""
        return estimate(self.values(measure, scenario))

    def change(self, measure: str, scenario: str | int, than: str | int = 0) -> np.ndarray:
        """Return how much higher a measure is in a scenario than in another, by seed."""
        return self.values(measure, scenario) - self.values(measure, than)

    def difference(self, measure: str, scenario: str | int, than: str | int = 0) -> Estimate:
        """Return how much higher a measure is in a scenario than in another: the paired difference over seeds."""
        return estimate(self.change(measure, scenario, than))

    def difference_curve(self, measure: str, scenario: str | int, than: str | int = 0) -> np.ndarray:
        """Return the paired difference by seed and day of the story."""
        curve = self.curves[measure]
        difference: np.ndarray = curve[self._row(scenario)] - curve[self._row(than)]
        return difference

    def lag(self, measure: str, scenario: str | int, than: str | int = 0) -> Estimate:
        """Return the days until half of the effect on a measure is there; see `sim.curves.lag`."""
        return curves.lag(self.difference_curve(measure, scenario, than), self.window)

    def parting(self, measure: str, scenario: str | int, than: str | int = 0) -> int | None:
        """Return the day from which the curves of a measure are first clearly apart; see `sim.curves.parting`."""
        return curves.parting(self.difference_curve(measure, scenario, than))

    def variance_reduction(self, measure: str, scenario: str | int, than: str | int = 0) -> Estimate:
        """Return how many times more runs an unpaired comparison would have needed; see `sim.curves.variance_reduction`."""
        pairs = np.column_stack([self.values(measure, scenario), self.values(measure, than)])
        middle = curves.variance_reduction(pairs[:, 0], pairs[:, 1])
        if len(pairs) < 3 or not np.isfinite(middle):
            return Estimate(middle, np.nan, np.nan, len(pairs))
        return curves.over_seeds(pairs, lambda some: _finite(curves.variance_reduction(some[:, 0], some[:, 1])))

    def money(self, scenario: str | int, than: str | int = 0) -> Money:
        """Return what a scenario was worth over the days of the story."""
        revenue = self.difference_curve("revenue", scenario, than)
        profit = self.difference_curve("profit_of_day", scenario, than)
        cost = revenue - profit
        sums = np.column_stack([profit.sum(axis=1), cost.sum(axis=1)])
        spent = estimate(sums[:, 1])
        worth = Estimate(np.nan, np.nan, np.nan, len(sums))
        if spent.low > 0 or (spent.runs == 1 and spent.mean > 0):
            worth = curves.over_seeds(sums, lambda some: float(some[:, 0].sum() / some[:, 1].sum()))
        if profit.any():
            payback = curves.over_seeds(profit, lambda some: _or(curves.paid_back(some.mean(axis=0)), self.days + 1))
        else:
            payback = Estimate(np.nan, np.nan, np.nan, len(profit))
        return Money(
            estimate(revenue.sum(axis=1)), spent, estimate(sums[:, 0]), worth, payback, int((sums[:, 0] > 0).sum())
        )

    def table(self) -> pd.DataFrame:
        """Return one row per scenario and measure: its value, the paired difference to the first, and what pairing was worth.

        ``runs_unpaired`` is how many runs of each scenario would give as narrow an interval without common random numbers;
        ``apart_from_day`` the day from which the curves are first clearly apart, nan where they never are.
        """
        rows = []
        for name in self.names:
            for measure in measures.MEASURES:
                value, apart = self.figure(measure.name, name), self.difference(measure.name, name)
                row = {
                    "scenario": name, "measure": measure.name, "label": measure.label, "unit": measure.unit,
                    "runs": value.runs, "mean": value.mean, "low": value.low, "high": value.high,
                    "difference": apart.mean, "difference_low": apart.low, "difference_high": apart.high,
                }  # fmt: skip
                if name != self.names[0]:
                    factor = curves.variance_reduction(self.values(measure.name, name), self.values(measure.name, 0))
                    row |= {
                        "variance_reduction": factor,
                        "runs_unpaired": np.ceil(factor * value.runs) if np.isfinite(factor) else np.nan,
                        "apart_from_day": _or(self.parting(measure.name, name), np.nan),
                    }
                rows.append(row)
        return pd.DataFrame(rows)

    def over_time(self) -> pd.DataFrame:
        """Return one row per scenario, measure and day of the story: mean and paired difference to the first, with intervals.

        Beside the measures there is ``cumulative_profit``, the profit since the first day of the story.
        """
        tables = []
        all_curves = {one.name: self.curves[one.name] for one in measures.MEASURES}
        all_curves["cumulative_profit"] = np.cumsum(self.curves["profit_of_day"], axis=-1)
        for row, scenario in enumerate(self.names):
            for measure, curve in all_curves.items():
                columns: dict[str, object] = {"scenario": scenario, "measure": measure}
                columns["day"] = np.arange(1, self.days + 1)
                columns |= dict(zip(("mean", "low", "high"), intervals(curve[row]), strict=True))
                apart = intervals(curve[row] - curve[0])
                columns |= dict(zip(("difference", "difference_low", "difference_high"), apart, strict=True))
                tables.append(pd.DataFrame(columns))
        return pd.concat(tables, ignore_index=True)

    # --- figures of its parts ------------------------------------------------------------------------------------------

    def part(self, kind: str, name: str, figure: str, scenario: str | int, over: int = WINDOW) -> np.ndarray:
        """Return the daily mean of a figure of one unit, link ("supplier → client") or segment, by seed."""
        parts = self.parts[kind]
        place = _find(name, parts.names, kind), _find(figure, parts.figures, f"figure of a {kind}")
        values: np.ndarray = parts.values[self._row(scenario), :, place[0], place[1], over]
        return values

    def part_difference(
        self, kind: str, name: str, figure: str, scenario: str | int, than: str | int = 0, over: int = WINDOW
    ) -> Estimate:
        """Return how much higher a figure of one unit, link or segment is in a scenario than in another, over seeds."""
        return estimate(self.part(kind, name, figure, scenario, over) - self.part(kind, name, figure, than, over))

    def total(self, kind: str, figure: str, scenario: str | int, names: Sequence[str] | None = None) -> np.ndarray:
        """Return a counted figure, summed over the days of the story and all (or these) units, links or segments, by seed."""
        chosen = self.parts[kind].names if names is None else names
        daily = [self.part(kind, name, figure, scenario, HORIZON) for name in chosen]
        total: np.ndarray = self.days * np.sum(daily, axis=0)
        return total

    def affected(self) -> pd.DataFrame:
        """Return one row per scenario, unit, link or segment and figure: its value in the first scenario and the difference.

        Figures are means over the days of the window, with the interval of the paired difference; rows that do not differ
        from the first scenario at all are left out.
        """
        tables = []
        for kind, parts in self.parts.items():
            for row in range(1, len(self.scenarios)):
                first, mine = parts.values[0, :, :, :, WINDOW], parts.values[row, :, :, :, WINDOW]
                mean, low, high = (part.ravel() for part in intervals(mine - first))
                table = pd.DataFrame({
                    "scenario": self.names[row],
                    "kind": kind,
                    "name": np.repeat(parts.names, len(parts.figures)),
                    "figure": np.tile(parts.figures, len(parts.names)),
                    "first": intervals(first)[0].ravel(),
                    "difference": mean, "difference_low": low, "difference_high": high,
                })  # fmt: skip
                tables.append(table[np.isfinite(mean) & (mean != 0)])
        return pd.concat(tables, ignore_index=True)

    def _row(self, scenario: str | int) -> int:
        return scenario if isinstance(scenario, int) else _find(scenario, self.names, "scenario")


def compare(
    scenarios: Sequence[Scenario],
    *,
    runs: int | None = None,
    precision: float | None = None,
    precise: str = "external_satisfaction",
    workers: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> Comparison:
    """Run scenarios side by side and return what came out.

    Parameters
    ----------
    scenarios : two or more, the first being the one that the others are compared with; the same days and first seed
    runs : seeds; default: the runs of the first scenario
    precision : stop as soon as the 95 % interval of every paired difference in the measure ``precise`` is at most this far
        from its mean; looked at after `LEAST_RUNS` runs and then after every `LOOK_EVERY`, in the order of the seeds, so that
        the number of threads does not matter. Stopping by a look makes the interval a little optimistic.
    workers : threads (the compiled core runs in parallel); default: one per core
    progress : called with the number of runs that have ended, out of ``runs * len(scenarios)``

    Ctrl-C ends the comparison with the runs that are finished in all scenarios; where there are fewer than two, it is raised.
    """
    chosen = together(scenarios)
    wanted = chosen[0].runs if runs is None else runs
    if wanted < 1:
        raise InputError("too few runs", place="runs", value=wanted, allowed="1 or more")
    if precise not in measures.BY_NAME:
        raise InputError("there is no such measure", place="precise", value=precise,
                         allowed=", ".join(measures.BY_NAME), hint=did_you_mean(precise, measures.BY_NAME))  # fmt: skip
    if precision is not None and not precision > 0:
        raise InputError("this is no precision", place="precision", value=precision, allowed="a number above 0")
    seeds = range(chosen[0].seed, chosen[0].seed + wanted)
    window = max(1, chosen[0].days // 4)
    firms = [json.dumps(one.firm.to_node_link(), sort_keys=True) for one in chosen]
    stop = Event()
    ended = 0

    def one_seed(seed: int) -> list[_Run]:
        nonlocal ended
        roots: dict[str, ServiceModel] = {}
        found = []
        for scenario, key in zip(chosen, firms, strict=True):
            if stop.is_set():
                raise _Stopped
            if key not in roots:
                roots[key] = ServiceModel(scenario.firm, seed=seed).run(scenario.warm_up)
            with roots[key].branch(*scenario.scheduled()).run(scenario.days) as model:
                found.append(_measure(model, scenario, window))
            ended += 1
            if progress:
                progress(ended)
        for root in roots.values():
            root.close()
        return found

    finished: dict[int, list[_Run]] = {}
    reason = "all"
    with ThreadPoolExecutor(workers or os.cpu_count() or 1) as pool:
        tasks: dict[int, Future[list[_Run]]] = {seed: pool.submit(one_seed, seed) for seed in seeds}
        try:
            for seed, task in tasks.items():
                finished[seed] = task.result()
                if precision is not None and _is_precise(list(finished.values()), precise, precision, wanted):
                    reason = "precise"
                    break
        except KeyboardInterrupt:
            reason = "stopped"
        finally:
            stop.set()
            pool.shutdown(wait=True, cancel_futures=True)
    if reason == "stopped":
        for seed, task in tasks.items():
            if task.done() and not task.cancelled() and task.exception() is None:
                finished[seed] = task.result()
        if len(finished) < 2:
            raise KeyboardInterrupt
    return _together(chosen, {seed: finished[seed] for seed in sorted(finished)}, wanted, reason, window)


class _Stopped(Exception):
    """A run that nobody waits for any more."""


@dataclass(frozen=True, slots=True)
class _Run:
    """What is kept of one run of one scenario."""

    figures: dict[str, float]
    curves: dict[str, np.ndarray]
    parts: dict[str, tuple[tuple[str, ...], tuple[str, ...], np.ndarray]]


def _measure(model: ServiceModel, scenario: Scenario, window: int) -> _Run:
    start, end = scenario.warm_up, scenario.warm_up + scenario.days
    arrays = measures.daily_arrays(model)
    figures = measures.over_window(arrays, end - window, end)
    over_time = {one.name: arrays[one.name][start:end] for one in measures.MEASURES}
    for name, column in (("revenue", "revenue"), ("profit_of_day", "profit")):
        over_time[name] = np.asarray(model.state.firm_day[column][start:end], dtype=float)
    figures |= {"revenue": float(over_time["revenue"].sum()), "total_profit": float(over_time["profit_of_day"].sum())}
    parts = {}
    for kind, columns_of in measures.COLUMNS.items():
        names = tuple(measures.NAMES[kind](model.chain))
        columns = columns_of(model)
        values = np.stack([column.reshape(end, len(names)) for column in columns.values()], axis=-1).astype(float)
        means = [mean_of_known(values[first:end], axis=0) for first in (end - window, start)]
        parts[kind] = (names, tuple(columns), np.stack(means, axis=-1))
    return _Run(figures, over_time, parts)


def _is_precise(finished: Sequence[list[_Run]], measure: str, precision: float, wanted: int) -> bool:
    """Tell whether every paired difference of a measure is known well enough, on the runs on which one looks."""
    count = len(finished)
    if count < LEAST_RUNS or (count - LEAST_RUNS) % LOOK_EVERY or count == wanted:
        return False
    values = np.array([[run.figures[measure] for run in runs] for runs in finished])
    apart = [estimate(values[:, column] - values[:, 0]) for column in range(1, values.shape[1])]
    return all(one.runs == count and (one.high - one.low) / 2 <= precision for one in apart)


def _together(
    scenarios: tuple[Scenario, ...], finished: dict[int, list[_Run]], asked: int, ended: str, window: int
) -> Comparison:
    rows = [
        {"scenario": scenario.name, "seed": seed} | runs[column].figures
        for column, scenario in enumerate(scenarios)
        for seed, runs in finished.items()
    ]
    columns = range(len(scenarios))
    first = next(iter(finished.values()))[0]
    over_time = {
        name: np.array([[runs[column].curves[name] for runs in finished.values()] for column in columns])
        for name in first.curves
    }
    parts = {}
    for kind in measures.COLUMNS:
        shapes = {runs[column].parts[kind][0] for runs in finished.values() for column in columns}
        names = tuple(sorted(set.intersection(*(set(one) for one in shapes))))  # firms may differ in who is there
        values = [
            [run.parts[kind][2][[run.parts[kind][0].index(name) for name in names]]
             for run in (runs[column] for runs in finished.values())]
            for column in columns
        ]  # fmt: skip
        parts[kind] = Parts(names, first.parts[kind][1], np.array(values))
    return Comparison(scenarios, tuple(finished), asked, ended, window, pd.DataFrame(rows), over_time, parts)


def _find(name: str, known: Sequence[str], what: str) -> int:
    if name not in known:
        raise InputError(f"there is no such {what}", place=what, value=name, allowed=", ".join(known),
                         hint=did_you_mean(name, known))  # fmt: skip
    return known.index(name)


def _or(value: float | int | None, otherwise: float) -> float:
    return float(otherwise if value is None or np.isnan(value) else value)


def _finite(value: float) -> float:
    return value if np.isfinite(value) else 1e6
