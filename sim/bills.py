"""What steps cost in one firm: bills from the model's books and from prices, at the volumes of runs (see `sim.actions`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from sim import actions
from sim.actions import Candidate, Volumes
from sim.chain import ServiceChain
from sim.levers import DAYS_PER_YEAR
from sim.model import ServiceModel


@dataclass(frozen=True, slots=True)
class Bill:
    """What something costs a year: what the model's books hold of it, and what has a price beside them."""

    booked: float = 0.0
    priced: float = 0.0

    @property
    def total(self) -> float:
        """Both together."""
        return self.booked + self.priced

    def __add__(self, other: Bill) -> Bill:
        return Bill(self.booked + other.booked, self.priced + other.priced)


def bill(chain: ServiceChain, one: Candidate, stocked: Volumes, prices: Mapping[str, float]) -> Bill:
    """Return what a step costs a year; ``prices`` are the user's own, by lever."""
    amount = actions.cost(chain, one, stocked, prices)
    return Bill(booked=amount) if one.action.booked else Bill(priced=amount)


def volumes(model: ServiceModel, warm_up: int) -> Volumes:
    """Return how much of what is paid by the piece happened in a year of one run."""
    chain, state = model.chain, model.state
    days = slice(warm_up, model.day)
    years = (model.day - warm_up) / DAYS_PER_YEAR
    link, unit = state.link_day[days], state.unit_day[days]
    vacancies, redress = {}, dict.fromkeys(chain.units, 0.0)
    for row, name in enumerate(chain.units):
        empty = float(np.mean(state.unit["staff"][row] - unit["filled"][:, row]))
        without = 1.0 - chain.value("temporaries", name)
        vacancies[name] = empty / without if without > 0 else 0.0
    for row, (supplier, client) in enumerate(chain.links):
        encounters = float(link["encounters"][:, row].sum())
        if client in chain.segments and encounters > 0:
            answered = float((link["recoveries"] - link["deflected"])[:, row].sum()) / years
            right = float(link["right"][:, row].sum()) / encounters
            redress[supplier] += answered * right * chain.value("redress_cost", client)
    causes = float(link["complaints"].sum() + link["surfaced"].sum() + unit["problems_solved"].sum()) / years
    return Volumes(vacancies, redress, causes)


def mean_volumes(found: Sequence[Volumes]) -> Volumes:
    """Return the mean of what happened in several runs."""
    units = found[0].vacancies
    return Volumes(
        {name: float(np.mean([one.vacancies[name] for one in found])) for name in units},
        {name: float(np.mean([one.redress[name] for one in found])) for name in units},
        float(np.mean([one.causes for one in found])),
    )
