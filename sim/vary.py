"""Varying a lever and measuring what it does to customers: dose and response, elasticity, lag.

Every run of a seed is warmed up once, then branched at the same day into one future per value of the lever, and one
without any change. All futures of a seed share their random numbers (common random numbers), so differences between them
are due to the lever alone, and intervals of differences and slopes are taken over seeds, pair by pair.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sim import curves, levers, measures
from sim.chain import ServiceChain
from sim.errors import InputError
from sim.estimates import Estimate, estimate
from sim.interventions import Intervention, rows_of
from sim.model import ServiceModel

REFERENCE = "as described"


@dataclass(frozen=True, slots=True)
class Variation:
    """What came out of varying a lever.

    Attributes
    ----------
    lever, where, values : what was varied
    seeds : run seeds
    warm_up, days, window : days before the change, after it, and at the end of it over which figures are taken
    figures : one row per value and seed with every measure over the window; the value nan is the firm as described
    curves : measure → array (seed, value, day since the change); the last value is the firm as described
    """

    lever: str
    where: str | None
    values: tuple[float, ...]
    seeds: tuple[int, ...]
    warm_up: int
    days: int
    window: int
    figures: pd.DataFrame
    curves: dict[str, np.ndarray]

    def table(self) -> pd.DataFrame:
        """Return one row per value: each measure with its interval, and the paired difference to the firm as described."""
        rows = []
        base = self.figures[self.figures["value"].isna()].set_index("seed")
        for value in self.values:
            mine = self.figures[self.figures["value"] == value].set_index("seed")
            row: dict[str, float] = {"value": value, "runs": len(mine)}
            for measure in measures.MEASURES:
                for suffix, sample in (
                    ("", mine[measure.name]),
                    ("_difference", mine[measure.name] - base[measure.name]),
                ):
                    one = estimate(sample.to_numpy())
                    row |= {
                        f"{measure.name}{suffix}": one.mean,
                        f"{measure.name}{suffix}_low": one.low,
                        f"{measure.name}{suffix}_high": one.high,
                    }
            rows.append(row)
        return pd.DataFrame(rows)

    def slope(self, response: str = "external_satisfaction", dose: str = "internal_service") -> Estimate:
        """Return points of ``response`` per point of ``dose``: the least-squares slope of each seed, averaged over seeds."""
        return estimate([self._line(mine, response, dose)[0] for _, mine in self._by_seed()])

    def elasticity(self, response: str = "external_satisfaction", dose: str = "internal_service") -> Estimate:
        """Return per cent of ``response`` per per cent of ``dose``, at the means."""
        return estimate([self._line(mine, response, dose)[1] for _, mine in self._by_seed()])

    def _by_seed(self) -> list[tuple[int, pd.DataFrame]]:
        return [(int(str(seed)), group) for seed, group in self.figures.dropna(subset="value").groupby("seed")]

    @staticmethod
    def _line(mine: pd.DataFrame, response: str, dose: str) -> tuple[float, float]:
        x, y = mine[dose].to_numpy(), mine[response].to_numpy()
        fit = np.isfinite(x) & np.isfinite(y)
        if fit.sum() < 2 or np.ptp(x[fit]) < 1e-9:
            return np.nan, np.nan
        from scipy import stats

        slope = float(stats.linregress(x[fit], y[fit]).slope)
        return slope, slope * float(x[fit].mean() / y[fit].mean())

    def effect_curve(self, measure: str = "external_experience") -> np.ndarray:
        """Return the paired difference between the highest and the lowest value, by seed and day since the change."""
        order = np.argsort(self.values)
        curve = self.curves[measure]
        difference: np.ndarray = curve[:, order[-1]] - curve[:, order[0]]
        return difference

    def lag(self, measure: str = "external_satisfaction") -> Estimate:
        """Return the days from the change until half of its effect on ``measure`` is there; see `sim.curves.lag`.

        Read off the paired difference between the highest and the lowest value. Not measurable (nan) when the effect over the
        window cannot be told from none.
        """
        if len(self.values) < 2:
            return Estimate(np.nan, np.nan, np.nan, len(self.seeds))
        return curves.lag(self.effect_curve(measure), self.window)


def vary(
    chain: ServiceChain,
    lever: str,
    values: Sequence[float],
    *,
    where: str | None = None,
    runs: int = 20,
    seed: int = 1,
    warm_up: int = 250,
    days: int = 250,
    workers: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> Variation:
    """Run a chain under several values of one lever and return what came out.

    Parameters
    ----------
    chain : a checked chain
    lever, where : what to vary, and in which part of the firm; see `sim.interventions.Intervention`
    values : values of the lever, within its range
    runs : seeds; the run seeds are ``seed``, ``seed`` + 1, …
    warm_up : days before the change, during which nothing is varied
    days : days after the change; figures are taken over the last quarter of them
    workers : threads (the compiled core runs in parallel); default: one per core
    progress : called with the number of runs that have ended, out of ``runs * (len(values) + 1)``
    """
    one = levers.lever(lever, place="lever")
    checked = tuple(one.check(value, place=f"values of {one.name}") for value in values)
    for name, number, least in (
        ("runs", runs, 1),
        ("warm_up", warm_up, 0),
        ("days", days, 4),
        ("values", len(checked), 1),
    ):
        if number < least:
            raise InputError(f"too few {name}", place=name, value=number, allowed=f"{least} or more")
    rows = rows_of(chain, one.name, where)
    touched = rows if one.home == "link" else None
    seeds = tuple(range(seed, seed + runs))
    window = max(1, days // 4)
    done = 0

    def one_seed(run_seed: int) -> list[dict[str, np.ndarray]]:
        nonlocal done
        futures = []
        with ServiceModel(chain, seed=run_seed).run(warm_up) as root:
            for value in (*checked, None):
                change = [] if value is None else [Intervention(one.name, value, where, start=warm_up)]
                with root.branch(*change).run(days) as model:
                    futures.append(measures.daily_arrays(model, touched))
                done += 1
                if progress:
                    progress(done)
        return futures

    with ThreadPoolExecutor(workers or os.cpu_count() or 1) as pool:
        tasks = [pool.submit(one_seed, run_seed) for run_seed in seeds]
        try:
            wait(tasks, return_when=FIRST_EXCEPTION)
            results = [task.result() for task in tasks]
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise

    figures = [
        {"seed": run_seed, "value": np.nan if value is None else value}
        | measures.over_window(arrays, warm_up + days - window, warm_up + days)
        for run_seed, futures in zip(seeds, results, strict=True)
        for value, arrays in zip((*checked, None), futures, strict=True)
    ]
    over_time = {
        measure.name: np.array([[arrays[measure.name][warm_up:] for arrays in futures] for futures in results])
        for measure in measures.MEASURES
    }
    return Variation(one.name, where, checked, seeds, warm_up, days, window, pd.DataFrame(figures), over_time)
