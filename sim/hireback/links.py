"""How clients see every link of a chain at the end of a run: the five dimensions, trust, and how far people differ."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim.measures import DIMENSIONS
from sim.model import ServiceModel


@dataclass(frozen=True, slots=True)
class LinkFigures:
    """What clients see of every link, in the order of `ServiceChain.links`; all from 0 to 1.

    Attributes
    ----------
    perceived : (link, dimension): mean over the encounters of the window; nan where there was none
    satisfaction, trust : (link,): means over the link's clients on the last evening, over the customers of a segment
    spread : (link,): standard deviation of that satisfaction between people
    encounters : (link,): encounters a day
    """

    perceived: np.ndarray
    satisfaction: np.ndarray
    trust: np.ndarray
    spread: np.ndarray
    encounters: np.ndarray


def figures_of(model: ServiceModel, window: int) -> LinkFigures:
    """Return what clients have seen of every link over the last ``window`` days of a run."""
    state, end = model.state, model.day
    days = state.link_day[max(0, end - window) : end]
    encounters = days["encounters"].sum(axis=0)
    perceived = np.full((len(state.link), len(DIMENSIONS)), np.nan)
    for column, name in enumerate(DIMENSIONS):
        np.divide(days[name].sum(axis=0), encounters, out=perceived[:, column], where=encounters > 0)
    satisfaction, trust, spread = (np.full(len(state.link), np.nan) for _ in range(3))
    inside = state.relation["link"]
    customer = state.customer[state.customer["active"] == 1]
    for row, link in enumerate(state.link):
        people = customer[customer["segment"] == link["client_segment"]] if link["client_unit"] < 0 else None
        if people is None:
            people = state.relation[inside == row]
        if len(people):
            satisfaction[row], trust[row] = people["satisfaction"].mean(), people["trust"].mean()
            spread[row] = people["satisfaction"].std()
    return LinkFigures(perceived, satisfaction, trust, spread, encounters / max(1, len(days)))
