"""What happened to the customers of the bundled organisations in a year and a half: shared by the rows V6, V8 and V11.

All levers stand at their defaults. Every seed gives each organisation once; a row takes one figure from each seed, over all
three organisations, with every segment as a stratum of its own.
"""

from __future__ import annotations

import functools
import threading
from dataclasses import dataclass

import numpy as np
import pandas as pd

from experiments.validation.finding import Effort
from experiments.validation.observing import follow
from sim import organisation, threads
from sim.chain import ServiceChain
from sim.model import ServiceModel
from sim.population import COMPLAINT, NEED

SEEDS = 12
WARM_UP, WINDOW, WATCHED = 250, 125, 375
"""Days before anybody is looked at; days whose encounters are; days for which it is seen who leaves (18 months)."""
YEAR = 250


@dataclass(frozen=True, slots=True)
class Records:
    """One seed of all bundled organisations.

    Attributes
    ----------
    customers : see `experiments.validation.observing.CUSTOMERS`, with ``stratum`` (organisation and
        segment) and ``noise`` (of surveys)
    failures : encounters that were failures, complaints about complaints left out, with ``stratum``
    needs : quality, expectation and satisfaction of customers with one encounter on its day, with ``stratum``
    met : by organisation, failures that customers met with and that they took to a manager
    """

    seed: int
    customers: pd.DataFrame
    failures: pd.DataFrame
    needs: pd.DataFrame
    met: pd.DataFrame


def records(effort: Effort) -> list[Records]:
    """Return the records of every seed of an effort; those of the last two are kept."""
    with _LOCK:  # whoever asks for the same meanwhile waits for it
        return _records(effort.share, effort.seed, effort.threads)


_LOCK = threading.Lock()


@functools.lru_cache(maxsize=2)
def _records(share: float, seed: int, workers: int) -> list[Records]:
    chains = [organisation.load(name) for name in organisation.bundled()]
    seeds = Effort(share, seed, workers).seeds(SEEDS)
    jobs = [(name, chain, one) for one in seeds for name, chain in zip(organisation.bundled(), chains, strict=True)]
    parts = threads.each(lambda job: observe(*job), jobs, workers)
    joined = []
    for place, one in enumerate(seeds):
        mine = parts[place * len(chains) : (place + 1) * len(chains)]
        tables = [pd.concat(parts_, ignore_index=True) for parts_ in zip(*mine, strict=True)]
        for table in tables[:3]:
            table["stratum"] = table["stratum"].astype("category")
        joined.append(Records(one, *tables))
    return joined


def observe(name: str, chain: ServiceChain, seed: int) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return the records of one organisation and seed: customers, failures, needs, and what was met with."""
    with ServiceModel(chain, seed=seed, journal=True).run(WARM_UP) as model:
        seen = follow(model, WATCHED, WINDOW)
        noise = float(model.state.firm["survey_noise"][0])
        days = model.state.link_day[WARM_UP : WARM_UP + WINDOW]
        met = pd.DataFrame({
            "organisation": [name], "failures": [int(days["failures"].sum())],
            "escalations": [int(days["escalations"].sum())],
        })  # fmt: skip
    customers = seen.customers.assign(noise=noise)
    encounters = seen.encounters
    failures = encounters[encounters["failed"] & (encounters["cause"] < COMPLAINT)]
    plain = encounters[(encounters["cause"] == NEED) & encounters["alone"]]
    needs = plain[["segment", "quality", "expected", "satisfaction_before", "satisfaction_after"]]
    for table in (customers, failures, needs):
        table.insert(0, "stratum", name + ", " + table["segment"])
    numbers = needs.select_dtypes("float").astype(np.float32)  # there are millions of them
    return customers, failures, numbers.assign(stratum=needs["stratum"]), met
