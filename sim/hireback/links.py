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
    segments = state.link["client_segment"]
    inside = segments < 0
    relation, customer = state.relation, state.customer[state.customer["active"] == 1]
    of_links = _people(relation["link"], relation, len(state.link))
    of_segments = _people(customer["segment"], customer, len(state.segment))
    satisfaction, trust, spread = (
        np.where(inside, mine, theirs[np.maximum(segments, 0)])
        for mine, theirs in zip(of_links, of_segments, strict=True)
    )
    return LinkFigures(perceived, satisfaction, trust, spread, encounters / max(1, len(days)))


def _people(group: np.ndarray, rows: np.ndarray, groups: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return by group of people the mean of satisfaction and of trust, and the standard deviation of satisfaction."""
    number = np.bincount(group, minlength=groups).astype(float)
    known = np.where(number > 0, number, np.nan)
    satisfied, trust = (np.bincount(group, rows[name], groups) / known for name in ("satisfaction", "trust"))
    squares = np.bincount(group, (rows["satisfaction"] - satisfied[group]) ** 2, groups) / known
    return satisfied, trust, np.sqrt(squares)
