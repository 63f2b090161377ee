"""Customers held against what was published of them: V6, V8, V11 and V12; and customers of any firm as a table.

`panel` gives what happened to each customer, one a row; `effect` what a change does to a figure. Both are meant for findings of
one's own, about one's own firm.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from experiments.validation import complaints, disconfirmation, loyalty, recovery
from experiments.validation.estimators import survey_answer
from experiments.validation.finding import Effort, Finding
from experiments.validation.observing import follow
from sim import measures, organisation, threads
from sim.chain import ServiceChain
from sim.errors import InputError, did_you_mean
from sim.estimates import Estimate, estimate
from sim.interventions import Intervention
from sim.model import ServiceModel
from sim.population import COMPLAINT

FINDINGS: tuple[Finding, ...] = (loyalty.FINDING, complaints.FINDING, disconfirmation.FINDING, recovery.FINDING)

Firm = ServiceChain | str | Path
"""A checked chain, the path of an organisation file, or the name of a bundled organisation."""
Measured = str | Callable[[ServiceModel], float]
"""A measure of the firm by name (`sim.measures.MEASURES`), or a figure taken from a model that has run."""

COLUMNS = {
    "seed": "seed of the run: rows of different seeds are independent, rows of one seed are not",
    "customer": "identity of the customer, the same in all runs with the same seed",
    "segment": "its segment",
    "satisfaction": "satisfaction on the first morning of the window, 0 to 1, known without error",
    "answer": "the same as a survey would hear it, 1 to 5, with the error that surveys have (survey_noise)",
    "expectation": "quality expected then, 0 to 1",
    "trust": "trust then, 0 to 1",
    "encounters": "requests of its own that were answered in the window, complaints included",
    "quality": "mean quality of those answers, 0 to 1; nan without any",
    "failures": "answers that fell short of what it lets pass",
    "complaints": "failures that it complained of",
    "resolved": "failures that it complained of and that were answered well in the end",
    "stayed": "whether it was still a customer at the end of the window",
    "left_after": "days until it left; nan where it stayed",
    "satisfaction_end": "satisfaction on the last evening, 0 to 1; nan where it left",
    "trust_end": "trust then, 0 to 1; nan where it left",
}
"""Columns of `panel`."""

_PANEL_SEEDS, _EFFECT_SEEDS = 4, 12


def panel(firm: Firm, effort: Effort | None = None, *, warm_up: int = 250, days: int = 250) -> pd.DataFrame:
    """Return what happened to each customer of a firm, one row per seed and customer; columns as in `COLUMNS`.

    Parameters
    ----------
    firm : whose customers
    effort : how much to compute; 4 seeds at full effort
    warm_up : days before anybody is looked at
    days : length of the window. All customers of its first morning are in the panel, whether they stay or not; who comes
        later is not.

    Raises
    ------
    InputError : the firm is described wrongly, or a number of days makes no sense
    """
    effort = effort or Effort()
    _check_days(warm_up=warm_up, days=days)
    chain = organisation.load(firm)
    parts = threads.each(
        lambda seed: _one_panel(chain, seed, warm_up, days), effort.seeds(_PANEL_SEEDS), effort.threads
    )
    return pd.concat(parts, ignore_index=True)


def _one_panel(chain: ServiceChain, seed: int, warm_up: int, days: int) -> pd.DataFrame:
    with ServiceModel(chain, seed=seed, journal=True).run(warm_up) as model:
        seen = follow(model, days)
        noise = float(model.state.firm["survey_noise"][0])
    encounters = seen.encounters.assign(
        # an answer to a complaint that fails is the same matter, not another failure
        failures=seen.encounters["failed"] & (seen.encounters["cause"] < COMPLAINT)
    )
    for name in ("complained", "resolved"):
        encounters[name] &= encounters["failures"]
    counts = encounters.groupby("customer").agg(
        encounters=("quality", "size"), quality=("quality", "mean"), failures=("failures", "sum"),
        complaints=("complained", "sum"), resolved=("resolved", "sum"),
    )  # fmt: skip
    frame = seen.customers.join(counts, on="customer")
    numbers = ["encounters", "failures", "complaints", "resolved"]
    frame[numbers] = frame[numbers].fillna(0).astype(int)
    rng = np.random.default_rng([seed, 5])
    return frame.assign(
        seed=seed, stayed=frame["left_after"].isna(),
        answer=survey_answer(frame["satisfaction"].to_numpy(), noise, rng),
    )[list(COLUMNS)]  # fmt: skip


def effect(
    firm: Firm,
    changes: Sequence[Intervention] | Mapping[str, float],
    measure: Measured,
    effort: Effort | None = None,
    *,
    against: Sequence[Intervention] | Mapping[str, float] = (),
    warm_up: int = 250,
    days: int = 250,
    window: int | None = None,
) -> Estimate:
    """Return by how much changes move a figure: the paired difference over seeds, with its 95 % interval.

    Every seed is warmed up once and branched into two futures that share their random numbers: one with ``changes``, one
    with ``against``, by default the firm as it is.

    Parameters
    ----------
    firm : whose figure
    changes : interventions whose days count from the end of the warm-up, or levers of the whole firm and what they are set to
        from then on
    measure : the name of a measure, taken over the window, or a function of the model at the end of the run
    effort : how much to compute; 12 seeds at full effort
    against : the same for the other future
    warm_up, days : days before and after the branching
    window : days at the end over which a measure by name is taken; None for a quarter of ``days``

    Raises
    ------
    InputError : there is no such measure or lever, a value is out of range, or a number of days makes no sense
    """
    effort = effort or Effort()
    window = max(1, days // 4) if window is None else window
    _check_days(warm_up=warm_up, days=days, window=window)
    if window > days:
        raise InputError("the window is longer than the run", place="window", value=window, allowed=f"1 to {days} days")
    if isinstance(measure, str) and measure not in measures.BY_NAME:
        raise InputError("there is no such measure", place="measure", value=measure, allowed=", ".join(measures.BY_NAME),
                         hint=did_you_mean(measure, list(measures.BY_NAME)))  # fmt: skip
    chain = organisation.load(firm)
    futures = [_from_day(warm_up, pulled) for pulled in (changes, against)]

    def one_seed(seed: int) -> float:
        values = []
        with ServiceModel(chain, seed=seed).run(warm_up) as root:
            for pulled in futures:
                with root.branch(*pulled) as model:
                    values.append(_figure(model.run(days), measure, window))
        return values[0] - values[1]

    return estimate(threads.each(one_seed, effort.seeds(_EFFECT_SEEDS), effort.threads))


def _from_day(day: int, pulled: Sequence[Intervention] | Mapping[str, float]) -> list[Intervention]:
    """Return interventions that begin as many days after ``day`` as they say."""
    if isinstance(pulled, Mapping):
        return [Intervention(lever, value, start=day) for lever, value in pulled.items()]
    return [
        replace(one, start=one.start + day, end=None if one.end is None else one.end + day) for one in pulled
    ]  # fmt: skip


def _figure(model: ServiceModel, measure: Measured, window: int) -> float:
    if isinstance(measure, str):
        return measures.summary(model, model.day - window)[measure]
    return float(measure(model))


def _check_days(**numbers: int) -> None:
    for name, number in numbers.items():
        least = 0 if name == "warm_up" else 1
        if number < least:
            raise InputError(f"too few days: {name}", place=name, value=number, allowed=f"{least} or more")
