"""Which assumptions matter most: how far a comparison's headline depends on constants that nobody has measured.

Most of the model's constants are modelling choices. All of them that bear on a comparison are moved together, each a fifth up
or down, in a two-level design with foldover (`sim.designs`); in each of these *worlds* the firm is run as it is and as the
scenario has it, with the same luck, and what is looked at is the difference between the two. So the question is not whether
customers are happier in another world, but whether the change would still do there what it does here.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from threading import Event

import numpy as np
import pandas as pd

from sim import designs, levers, measures
from sim.errors import InputError, did_you_mean
from sim.estimates import Estimate
from sim.model import ServiceModel
from sim.scenario import Scenario, together

SHARE = 0.2
"""How far each constant is moved, up and down, as a share of its value."""
OUTCOMES = {
    "external_satisfaction": "points, over the last quarter of the story",
    "total_profit": "currency, over the story",
}
"""Headline figures whose difference is looked at, and their units."""
SPREAD = (0.05, 0.95)


@dataclass(frozen=True, slots=True)
class Assumption:
    """A constant that is moved: its value as it stands, and the two that it takes."""

    lever: levers.Lever
    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Dependence:
    """What came out.

    Attributes
    ----------
    scenario, first : names of the two scenarios whose difference is looked at
    table : one row per outcome and constant: ``effect`` on the difference of moving the constant from ``low_value`` to
        ``high_value``, with its 95 % interval; the largest first
    worlds : one row per world: its seed, and the difference of every outcome there
    rows, spare : rows of the design, each run with both signs, and degrees of freedom behind the intervals
    """

    scenario: str
    first: str
    table: pd.DataFrame
    worlds: pd.DataFrame
    rows: int
    spare: int

    def range(self, outcome: str) -> tuple[float, float]:
        """Return between which values the difference lies in 90 % of the worlds."""
        low, high = np.quantile(self.worlds[outcome].to_numpy(dtype=float), SPREAD)
        return float(low), float(high)

    def keeps_sign(self, outcome: str) -> float:
        """Return the share of worlds in which the difference has the sign of its mean over all of them."""
        values = self.worlds[outcome].to_numpy(dtype=float)
        return float(np.mean(np.sign(values) == np.sign(values.mean())))


def uncertain(scenarios: Sequence[Scenario], share: float = SHARE) -> list[Assumption]:
    """Return the constants to be moved: guesses that shape these scenarios and that no organisation file gives a value.

    Left out are what the chain looks like (A1), levers that the scenarios pull themselves, constants whose source gives their
    size, those at 0 or at the value that switches their effect off, and those that their range does not let move.
    """
    said: set[str] = set()
    for one in scenarios:
        chain = one.firm
        said |= {
            *chain.graph,
            *(key for bag in chain.nodes.values() for key in bag),
            *(key for bag in chain.edges.values() for key in bag),
        }
        said |= {change.lever for change in one.levers} | {change.lever for change in one.interventions}
    found = []
    for lever in levers.LEVERS:
        value = lever.default
        if lever.name in said or lever.mechanism == "A1" or "modelling choice" not in lever.source:
            continue
        if value in (0.0, lever.neutral):
            continue
        low, high = sorted(max(lever.low, min(lever.high, value * (1 + sign * share))) for sign in (-1, 1))
        if high > low:
            found.append(Assumption(lever, value, low, high))
    return found


def depends(
    scenarios: Sequence[Scenario],
    scenario: str | None = None,
    *,
    share: float = SHARE,
    rows: int = 0,
    seed: int | None = None,
    warm_up: int | None = None,
    workers: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> Dependence:
    """Return how the difference between a scenario and the first one depends on uncertain constants.

    Parameters
    ----------
    scenarios : those of a comparison
    scenario : name of the one that is looked at; default: the second
    share : how far each constant is moved, up and down
    rows : rows of the design; never fewer than it needs, each is run with both signs and in both scenarios
    seed : of the design, and of its first row; each row has its own. Default: that of the scenarios
    warm_up : working days before the story; default: as the scenarios say
    workers : threads; default: one per core
    progress : called with the number of worlds that have been run, out of two for each row of the design
    """
    chosen = together([one if warm_up is None else one.lasting(warm_up=warm_up) for one in scenarios])
    names = [one.name for one in chosen[1:]]
    if scenario is not None and scenario not in names:
        raise InputError("there is no such scenario to look at", place="scenario", value=scenario,
                         allowed=", ".join(names), hint=did_you_mean(scenario, names))  # fmt: skip
    pair = (chosen[0], chosen[1 + (0 if scenario is None else names.index(scenario))])
    moved = uncertain(pair, share)
    if not moved:
        raise InputError("there is nothing to vary here", place="scenarios",
                         value=f"{len(levers.LEVERS)} levers, all given, pulled, sourced or switched off",
                         allowed="scenarios that leave some constants of the model at a guessed default")  # fmt: skip
    if not 0 < share < 1:
        raise InputError("this is no share", place="share", value=share, allowed="a number between 0 and 1")
    first_seed = pair[0].seed if seed is None else seed
    design = designs.screening(len(moved), first_seed, rows)
    stop = Event()
    done = 0

    def one_row(row: int) -> list[dict[str, float]]:
        nonlocal done
        found = []
        for sign in (1, -1):
            if stop.is_set():
                raise InterruptedError
            values = {
                one.lever.name: one.high if sign * side > 0 else one.low
                for one, side in zip(moved, design[row], strict=True)
            }
            found.append(_difference(pair, values, first_seed + row))
            done += 1
            if progress:
                progress(done)
        return found

    with ThreadPoolExecutor(workers or os.cpu_count() or 1) as pool:
        tasks = [pool.submit(one_row, row) for row in range(len(design))]
        try:
            wait(tasks, return_when=FIRST_EXCEPTION)
            results = [task.result() for task in tasks]
        except BaseException:
            stop.set()
            pool.shutdown(wait=True, cancel_futures=True)
            raise
    worlds = pd.DataFrame([
        {"scenario": pair[1].name, "seed": first_seed + row, "sign": sign} | world
        for row, both in enumerate(results)
        for sign, world in zip((1, -1), both, strict=True)
    ])  # fmt: skip
    return Dependence(pair[1].name, pair[0].name, _table(pair[1].name, moved, design, results), worlds,
                      len(design), len(design) - len(moved) - 1)  # fmt: skip


def _difference(pair: tuple[Scenario, Scenario], values: dict[str, float], seed: int) -> dict[str, float]:
    """Return how far the scenario is from the first one in a world with these constants, of one seed."""
    found: list[dict[str, float]] = []
    roots: list[tuple[dict, ServiceModel]] = []
    chains = [pair[0].organisation.everywhere(values, place="assumptions")]
    same = pair[0].organisation is pair[1].organisation
    chains.append(chains[0] if same else pair[1].organisation.everywhere(values, place="assumptions"))
    for one, chain in zip(pair, chains, strict=True):
        there = replace(one, organisation=chain)
        described = there.firm.to_node_link()
        model = next((root for known, root in roots if known == described), None)
        if model is None:
            model = ServiceModel(there.firm, seed=seed).run(one.warm_up)
            roots.append((described, model))
        end = one.warm_up + one.days
        with model.branch(*there.scheduled()).run(one.days) as branch:
            arrays = measures.daily_arrays(branch)
            profit = float(np.sum(branch.state.firm_day["profit"][one.warm_up : end]))
        figures = measures.over_window(arrays, end - max(1, one.days // 4), end)
        found.append({"external_satisfaction": figures["external_satisfaction"], "total_profit": profit})
    return {outcome: found[1][outcome] - found[0][outcome] for outcome in OUTCOMES}


def _table(
    scenario: str, moved: Sequence[Assumption], design: np.ndarray, results: list[list[dict[str, float]]]
) -> pd.DataFrame:
    tables = []
    for outcome in OUTCOMES:
        differences = np.array([both[0][outcome] - both[1][outcome] for both in results])
        effects = designs.effects(design, differences)
        found: list[Estimate] = [effects.estimate(number) for number in range(len(moved))]
        table = pd.DataFrame([
            {
                "scenario": scenario, "outcome": outcome, "lever": one.lever.name, "unit": one.lever.unit,
                "mechanism": one.lever.mechanism, "value": one.value, "low_value": one.low, "high_value": one.high,
                "effect": effect.mean, "effect_low": effect.low, "effect_high": effect.high, "rows": effect.runs,
                "meaning": one.lever.meaning, "source": one.lever.source,
            }
            for one, effect in zip(moved, found, strict=True)
        ])  # fmt: skip
        order = np.argsort(-table["effect"].abs().to_numpy(), kind="stable")
        tables.append(table.iloc[order])
    return pd.concat(tables, ignore_index=True)
