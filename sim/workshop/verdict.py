"""From what the room may see to a verdict: would they hire you back, before a change and after it.

The room's scores decide where there are enough of them; for every other pair the model's own figures do, and the verdict
says which it rests on. A pair's people are a mean on each dimension and a spread between people: nothing goes in that is not
shown, so that whoever has what is shown can work the verdict out again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from sim import draws
from sim.chain import ServiceChain
from sim.estimates import Estimate, estimate
from sim.hireback import choice
from sim.hireback.links import LinkFigures
from sim.hireback.market import Assumption, Market
from sim.layout import layers
from sim.measures import DIMENSIONS

LOWEST, HIGHEST = 1.0, 5.0
"""Ends of the scale on which the room scores."""

READING = (
    Assumption("ordinary_score", "score", LOWEST, HIGHEST, 3.5, "no source: a modelling choice",
               "score that people give to service as an ordinary supplier gives it"),
    Assumption("score_point", "share", 0.01, 0.5, 0.15, "no source: a modelling choice",
               "how much perceived quality (0 to 1) a point of score stands for"),
)  # fmt: skip
"""How the room's scores are read; beside `sim.hireback.market.ASSUMPTIONS`."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How scores of 1 to 5 are read as perceived quality: q = q_ordinary + point (score − ordinary score), from 0 to 1.

    People use the upper half of a scale for what is quite ordinary; read as a share of the scale, every department of every
    firm would lose to the market. So a score is held against the one that an ordinary supplier would get.
    """

    ordinary_score: float = READING[0].default
    score_point: float = READING[1].default

    def __post_init__(self) -> None:
        for one in READING:
            object.__setattr__(self, one.name, one.check(getattr(self, one.name), place="scores"))

    def quality(self, scores: np.ndarray) -> np.ndarray:
        """Return the perceived quality of scores, dimensions last."""
        read: np.ndarray = np.clip(ORDINARY + self.score_point * (scores - self.ordinary_score), 0.0, 1.0)
        return read


Edge = tuple[str, str]

ORDINARY = Market().means
"""The five dimensions of an ordinary supplier."""
REPLICATES = 24
"""Draws of what the room's mean scores could have been with other people of the same departments in the room."""
MARKETS = 100
"""Draws of the market, the same for every pair and every change."""
QUANTILES = np.array([-1.5341, -0.8872, -0.4888, -0.1573, 0.1573, 0.4888, 0.8872, 1.5341])
"""Eight people that stand for a normal spread: the quantiles 1/16, 3/16, …, 15/16."""


@dataclass(frozen=True, slots=True)
class Change:
    """A lever that the room has moved: its value from the day of the change on, in the whole firm or a part of it."""

    lever: str
    where: str | None
    to: float

    def as_dict(self) -> dict[str, Any]:
        """Return it as the page gets it."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Cell:
    """What the people of one department say of another one, as far as it may be seen.

    Attributes
    ----------
    supplier, client : who serves, who says so
    people : how many
    mean : their mean scores on the five dimensions, 1 to 5
    spread : standard deviation between people of their mean score
    """

    supplier: str
    client: str
    people: int
    mean: tuple[float, ...]
    spread: float


@dataclass(frozen=True, slots=True)
class View:
    """How the people of one client see one supplier: replicates (room or runs) of five dimensions, spread and trust, 0 to 1."""

    supplier: str
    client: str
    people: int
    basis: str
    perceived: np.ndarray
    spread: np.ndarray
    trust: np.ndarray


def of_room(cell: Cell, reading: Reading, seed: int) -> View:
    """Return how a cell sees its supplier.

    What other people of that department would have said is a normal with the spread of those who did, over the root of their
    number; it moves all dimensions alike. Trust is what reliability and assurance give reason for, as in the model's own rule
    (`sim.rules.encounter.weigh`).
    """
    luck = np.random.default_rng(draws.identity("room", cell.supplier, cell.client) ^ seed).standard_normal(REPLICATES)
    luck -= luck.mean()
    scores = np.array(cell.mean) + (cell.spread / np.sqrt(max(1, cell.people)) * luck)[:, None]
    perceived = reading.quality(np.clip(scores, LOWEST, HIGHEST))
    spread = cell.spread * reading.score_point
    return View(
        cell.supplier,
        cell.client,
        cell.people,
        "room",
        perceived,
        np.full(REPLICATES, spread),
        _reason_to_trust(perceived),
    )


def _reason_to_trust(perceived: np.ndarray) -> np.ndarray:
    solid = [DIMENSIONS.index("reliability"), DIMENSIONS.index("assurance")]
    trust: np.ndarray = perceived[:, solid].mean(axis=1)
    return trust


def of_model(edge: Edge, row: int, runs: Sequence[LinkFigures]) -> View | None:
    """Return how a client sees its supplier in the model; None where nobody was served in any run."""
    seen = [one for one in runs if np.isfinite(one.perceived[row]).all() and np.isfinite(one.trust[row])]
    if not seen:
        return None
    return View(
        *edge, 0, "model", np.array([one.perceived[row] for one in seen]), np.array([one.spread[row] for one in seen]),
        np.array([one.trust[row] for one in seen]),
    )  # fmt: skip


def moved(view: View, row: int, before: Sequence[LinkFigures], after: Sequence[LinkFigures]) -> View:
    """Return the room's view after a change: moved, on every dimension, by as much as the model's clients are, run by run."""
    steps = np.array([b.perceived[row] - a.perceived[row] for a, b in zip(before, after, strict=True)])
    trusts = np.array([b.trust[row] - a.trust[row] for a, b in zip(before, after, strict=True)])
    turn = np.arange(len(view.perceived)) % len(steps)
    return View(
        view.supplier, view.client, view.people, view.basis,
        np.clip(view.perceived + np.nan_to_num(steps)[turn], 0.0, 1.0), view.spread,
        np.clip(view.trust + np.nan_to_num(trusts)[turn], 0.0, 1.0),
    )  # fmt: skip


class Jury:
    """Whom the people of every client would choose, with the same draws of the market before and after a change."""

    def __init__(self, chain: ServiceChain, market: Market, seed: int) -> None:
        self.seed = seed
        self.offers = choice.offers(market, seed=seed, markets=MARKETS)
        self.flows = chain.link_rates()
        self.rows = {edge: row for row, edge in enumerate(chain.links)}
        segments = set(chain.segments)
        self.clients: dict[str, list[Edge]] = {}
        for unit in chain.units:
            mine = [edge for edge in self.rows if edge[0] == unit]
            self.clients[unit] = [edge for edge in mine if edge[1] not in segments] or mine
        self.weights = {
            edge: np.array([chain.value(f"weight_{name}", *edge) for name in DIMENSIONS]) for edge in chain.links
        }

    def people(self, view: View) -> tuple[np.ndarray, np.ndarray]:
        """Return the people that stand for a view: perceived dimensions (replicate × person, 5) and trust."""
        luck = QUANTILES[None, :, None] * view.spread[:, None, None]
        people = np.clip(view.perceived[:, None, :] + luck, 0.0, 1.0)
        return people.reshape(-1, len(DIMENSIONS)), np.repeat(view.trust, len(QUANTILES))

    def shares(self, views: Sequence[View]) -> list[np.ndarray]:
        """Return the share of demand that each client leaves with its supplier: (market, replicate)."""
        alike: dict[bytes, list[int]] = {}
        for place, view in enumerate(views):
            alike.setdefault(self.weights[view.supplier, view.client].tobytes(), []).append(place)
        found: dict[int, np.ndarray] = {}
        for places in alike.values():  # clients with the same weights at once: the calls are what takes time
            people = [self.people(views[place]) for place in places]
            weights = self.weights[views[places[0]].supplier, views[places[0]].client]
            stay = choice.stay(
                np.concatenate([one for one, _ in people]),
                weights,
                np.concatenate([one for _, one in people]),
                self.offers,
            )
            ends = np.cumsum([len(one) for one, _ in people])
            for place, part in zip(places, np.split(stay, ends[:-1], axis=1), strict=True):
                found[place] = part.reshape(len(part), -1, len(QUANTILES)).mean(axis=2)
        return [found[place] for place in range(len(views))]

    def decides(self, view: View, shares: np.ndarray) -> tuple[str, str]:
        """Return the factor that decides, and the dimension of the service that does; empty where none.

        See `sim.hireback.choice.decider`.
        """
        perceived, trust = self.people(view)
        swaps = choice.swaps(perceived, self.weights[view.supplier, view.client], trust, self.offers)
        effects = {name: float(np.mean(values)) for name, values in swaps.items()}
        verdict = choice.answer(choice.certainty(shares))
        dimension = choice.decider({name: effects[name] for name in DIMENSIONS}, verdict)
        return (choice.decider(effects, verdict) or "").replace(" ", "_"), dimension or ""

    def together(self, views: Sequence[View], shares: Sequence[np.ndarray]) -> np.ndarray:
        """Return the share of all clients' demand, weighted by how often they ask: (market, replicate)."""
        flow = np.array([self.flows[one.supplier, one.client] for one in views])
        flow = flow / flow.sum() if flow.sum() > 0 else np.full(len(flow), 1 / len(flow))
        count = max(one.shape[1] for one in shares)
        spread_out = [one[:, np.arange(count) % one.shape[1]] for one in shares]
        total: np.ndarray = np.tensordot(flow, np.array(spread_out), axes=1)
        return total

    def views(self, unit: str, cells: Mapping[Edge, Cell], reading: Reading, runs: Sequence[LinkFigures]) -> list[View]:
        """Return how every client of a unit sees it: as the room says where it may be seen, else as in the model.

        A verdict of the room rests on the room alone.
        """
        edges = self.clients[unit]
        said = [of_room(cells[edge], reading, self.seed) for edge in edges if edge in cells]
        modelled = [] if said else [of_model(edge, self.rows[edge], runs) for edge in edges]
        return said or [one for one in modelled if one is not None]


def verdicts(
    chain: ServiceChain,
    cells: Sequence[Cell],
    reading: Reading,
    market: Market,
    runs: Sequence[LinkFigures],
    *,
    seed: int,
) -> list[dict[str, Any]]:
    """Return for every unit whether its clients would hire it back, as the page gets it."""
    jury, said = Jury(chain, market, seed), _by_edge(cells)
    found = []
    for unit in chain.units:
        views = jury.views(unit, said, reading, runs)
        if views:
            found.append({"department": unit, "would": _would(jury, views)})
    return found


def _by_edge(cells: Sequence[Cell]) -> dict[Edge, Cell]:
    return {(one.supplier, one.client): one for one in cells}


def _would(jury: Jury, views: Sequence[View]) -> dict[str, Any]:
    shares = jury.shares(views)
    deciders = [jury.decides(view, share) for view, share in zip(views, shares, strict=True)]
    total = jury.together(views, shares)
    flows = [jury.flows[view.supplier, view.client] for view in views]
    room = views[0].basis == "room"
    return {
        "answer": choice.answer(choice.certainty(total)),
        "share": told(interval(total, views[0].basis), 3),
        "certainty": round(choice.certainty(total), 3),
        "sure": choice.sure(total),
        "basis": views[0].basis,
        "n": sum(view.people for view in views) if room else len(views[0].perceived),
        "decides": _most([one for one, _ in deciders], flows),
        "dimension": _most([one for _, one in deciders], flows),
        "clients": [
            {
                "client": view.client,
                "share": told(interval(share, view.basis), 3),
                "answer": choice.answer(choice.certainty(share)),
                "decides": decider,
                "dimension": dimension,
                "n": view.people if room else len(view.perceived),
            }
            for view, share, (decider, dimension) in zip(views, shares, deciders, strict=True)
        ],
    }


def _most(names: Sequence[str], weights: Sequence[float]) -> str:
    """Return the name that carries most weight."""
    total: dict[str, float] = {}
    for name, weight in zip(names, weights, strict=True):
        total[name] = total.get(name, 0.0) + weight
    return max(total, key=lambda name: total[name])


def before_and_after(
    chain: ServiceChain,
    cells: Sequence[Cell],
    reading: Reading,
    market: Market,
    before: Sequence[LinkFigures],
    after: Sequence[LinkFigures],
    *,
    seed: int,
) -> list[dict[str, Any]]:
    """Return for every unit the share that it keeps before and after a change, and the paired difference."""
    jury, said = Jury(chain, market, seed), _by_edge(cells)
    pairs = []
    for unit in chain.units:
        first = jury.views(unit, said, reading, before)
        if first and first[0].basis == "room":
            second = [moved(view, jury.rows[view.supplier, view.client], before, after) for view in first]
        else:
            second = jury.views(unit, said, reading, after)
        if [len(one.perceived) for one in first] == [len(one.perceived) for one in second] and first:
            pairs.append((unit, first, second))  # else somebody is served in some of the runs only: there is no pair
    shares = iter(jury.shares([view for _, first, second in pairs for view in (*first, *second)]))
    found = []
    for unit, first, second in pairs:
        sides = [jury.together(views, [next(shares) for _ in views]) for views in (first, second)]
        room = first[0].basis == "room"
        change = (sides[1] - sides[0]).mean(axis=0)
        if room:  # the room's luck is the same on both sides; what the difference is sure of comes from the runs alone
            turn = np.arange(len(change)) % len(before)
            change = np.array([change[turn == run].mean() for run in range(min(len(before), len(change)))])
        certain = [choice.certainty(side) for side in sides]
        found.append({
            "department": unit,
            "before": told(interval(sides[0], first[0].basis), 3),
            "after": told(interval(sides[1], first[0].basis), 3),
            "difference": told(estimate(change), 4),
            "certainty": [round(one, 3) for one in certain],
            "answer": [choice.answer(one) for one in certain],
        })  # fmt: skip
    return found


def interval(shares: np.ndarray, basis: str) -> Estimate:
    """Return a share with its 95 % interval, from (market, replicate).

    Of the model: Student's t over runs. Of the room: replicates are draws of what its mean could have been, so that their
    standard deviation is the standard error. The market's own spread is in the certainty, not in this interval.
    """
    means = shares.mean(axis=0)
    if basis == "model":
        return estimate(means)
    half = 1.959964 * float(means.std(ddof=1)) if len(means) > 1 else float("nan")
    mean = float(means.mean())
    return Estimate(mean, max(0.0, mean - half), min(1.0, mean + half), len(means))


def told(one: Estimate, digits: int = 1) -> list[float | None]:
    """Return a figure as the page gets it: mean, low, high; None where there is none."""
    return [round(value, digits) if np.isfinite(value) else None for value in (one.mean, one.low, one.high)]


def chain_picture(chain: ServiceChain, levels: dict[tuple[str, str], float]) -> dict[str, Any]:
    """Return where everybody stands, for drawing: places in 0..1, and how satisfied clients are (0 to 100) where that is known.

    ``levels`` : satisfaction by link; a node's level is that of its clients, weighted by how often they ask
    """
    places = layers(chain)
    flows = chain.link_rates()
    xs, ys = zip(*places.values(), strict=True)
    most = max(flows.values(), default=1.0)

    def scaled(value: float, values: Sequence[float]) -> float:
        low, high = min(values), max(values)
        return round((value - low) / (high - low), 4) if high > low else 0.5

    def level(name: str, kind: str) -> float | None:
        mine = [edge for edge in levels if edge[1 if kind == "segment" else 0] == name]
        flow = sum(flows.get(edge, 0.0) for edge in mine)
        return round(sum(flows[edge] * levels[edge] for edge in mine if edge in flows) / flow, 1) if flow > 0 else None

    return {
        "nodes": [
            {"name": name, "kind": kind, "x": scaled(places[name][0], xs), "y": round(1 - scaled(places[name][1], ys), 4),
             "level": level(name, kind)}
            for name, kind in sorted(chain.nodes(data="kind"))
        ],
        "links": [
            {"supplier": edge[0], "client": edge[1], "width": round(float(np.sqrt(flows[edge] / most)), 3),
             "level": round(levels[edge], 1) if edge in levels else None}
            for edge in chain.links
        ],
    }  # fmt: skip


def room_levels(cells: Sequence[Cell]) -> dict[tuple[str, str], float]:
    """Return the satisfaction (0 to 100) that the room's scores mean, by link."""
    return {(one.supplier, one.client): 100 * (float(np.mean(one.mean)) - LOWEST) / (HIGHEST - LOWEST) for one in cells}
