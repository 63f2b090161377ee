"""Which levers a client's figures can tell anything about: where nobody says what is to be fitted.

All candidates are moved together, between the ends of their priors, in a two-level design with foldover (`sim.designs`). With
figures scaled by their luck and sampling errors, the effect of lever j is a vector g_j, and the information of a set of levers
about themselves is, were all of it linear, log det(I + sum_j g_j g_j' v), v the variance of a uniform prior. Levers are taken
one after the other, always the one that adds most (Bayesian D-optimality; Chaloner & Verdinelli 1995,
doi:10.1214/ss/1177009939), until the next would add too little. So of two levers that do the same to every figure, only one is
taken.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from experiments.calibration.parameters import Parameter, shares_before, usual
from experiments.calibration.runs import Firms, seeds_for
from experiments.calibration.targets import Targets
from sim import designs, levers
from sim.chain import ServiceChain
from sim.client import provenance
from sim.errors import InputError
from sim.threads import Tick

MOST_CANDIDATES = 35
MOST_FITTED = 5
LEAST_GAIN = 0.7
"""Nats by which a further lever must sharpen the picture: as much as halving its spread. No source: a modelling choice."""
STEP = 0.25
"""How far each lever is moved up and down, as a share of its prior: half of the way, as all are moved at once."""
LUCKS = 16
"""Runs of the organisation as it is, which show the luck of each figure."""
CLEAR = 2.5
"""An effect counts when it is so many standard errors from none."""
UNIFORM = 1 / 3
"""Variance of a number uniform between -1 and 1."""


@dataclass(frozen=True)
class Screening:
    """What was looked at and what was chosen.

    Attributes
    ----------
    chosen : parameters, the most telling first
    table : one row a candidate: lever, prior, gain alone (nats), the figure it moves most, and by how many standard errors
    runs : simulated
    """

    chosen: tuple[Parameter, ...]
    table: pd.DataFrame
    runs: int


def candidates(chain: ServiceChain) -> list[Parameter]:
    """Return levers that might be fitted, the most influential first.

    Left out are what the chain looks like (A1), what was set from data, what is switched off or at 0, and what has never moved
    a bundled organisation (`sim.client.provenance.influence`).
    """
    from_data = set(provenance.set_from_data(chain)["lever"])
    points = provenance.influence()
    found = []
    for one in sorted(levers.LEVERS, key=lambda one: (-points.get(one.name, 0.0), one.name)):
        if one.mechanism == "A1" or one.name in from_data or points.get(one.name, 0.0) <= 0:
            continue
        mine = usual(chain, one.name)
        if mine is None or mine.before in (0.0, one.neutral):
            continue
        found.append(mine)
    return found[:MOST_CANDIDATES]


def screen(
    chain: ServiceChain,
    targets: Targets,
    *,
    most: int = MOST_FITTED,
    seed: int = 1,
    warm_up: int,
    days: int,
    tail: int,
    workers: int | None = None,
    progress: Tick | None = None,
) -> Screening:
    """Return the levers that the targets can tell most about."""
    looked = candidates(chain)
    if not looked:
        raise InputError("no lever suggests itself here", place="--fit", allowed="LEVER[@WHERE][=LOW..HIGH]",
                         hint="everything was set from data: name what is to be fitted after all")  # fmt: skip
    design = designs.screening(len(looked), seed)
    rows = len(design)
    firms = Firms(chain, tuple(looked), tuple(targets.figures), warm_up, days, tail)
    moves = np.vstack([0.5 + STEP * design, 0.5 - STEP * design])
    as_is = np.tile(shares_before(looked), (LUCKS, 1))
    # Both halves of a pair have the same luck: their difference shows the levers, and the free columns what is left of luck.
    seeds = [*(seeds_for(rows, seed, 11) * 2), *seeds_for(LUCKS, seed, 12)]
    found = firms.run(np.vstack([moves, as_is]), seeds, workers=workers, progress=progress)
    known = np.isfinite(found).all(axis=1)
    usable = known[:rows] & known[rows : 2 * rows]
    if usable.sum() < rows / 2 or known[2 * rows :].sum() < 3:
        raise InputError(
            "most firms near this one cannot be simulated", place="--fit", value=f"{int((~usable).sum())} of {rows} pairs",
            allowed="levers and ranges at which the figures exist", hint="name what is to be fitted, with ranges",
        )  # fmt: skip
    differences = np.where(usable[:, None], found[:rows] - found[rows : 2 * rows], 0.0) / usable.mean()
    half = np.zeros((len(looked), len(targets.items)))
    for place in range(len(targets.items)):
        seen = designs.effects(design, differences[:, place])
        clear = np.abs(seen.means) > CLEAR * seen.error
        half[:, place] = np.where(clear, seen.means, 0.0) / 2 * (0.5 / STEP)
    luck = np.atleast_2d(np.cov(found[2 * rows :][known[2 * rows :]].T))
    luck = luck + 0.05 * np.diag(np.diag(luck))
    noise = np.linalg.cholesky(luck + targets.covariance + 1e-9 * np.eye(len(luck)))
    scaled = np.linalg.solve(noise, half.T)  # figure, lever
    alone = np.array([_information(scaled[:, [place]]) for place in range(len(looked))])
    chosen = _greedy(scaled, min(most, len(targets.items)))
    errors = np.sqrt(np.diag(luck + targets.covariance))
    strongest = np.abs(half / errors).argmax(axis=1)
    table = pd.DataFrame([
        {
            "parameter": one.name, "prior": one.prior, "gain": alone[row], "fitted": row in chosen,
            "moves_most": targets.items[strongest[row]].figure.label,
            "by_errors": float(2 * half[row, strongest[row]] / errors[strongest[row]]),
        }
        for row, one in enumerate(looked)
    ]).sort_values("gain", ascending=False, ignore_index=True)  # fmt: skip
    if not chosen:
        raise InputError(
            "these figures tell next to nothing about any lever", place="--target", value=len(targets.items),
            allowed="more figures, or more exact ones", hint="or name what is to be fitted with --fit",
        )  # fmt: skip
    return Screening(tuple(looked[place] for place in chosen), table, 2 * rows + LUCKS)


def _information(effects: np.ndarray) -> float:
    return 0.5 * float(np.linalg.slogdet(np.eye(effects.shape[1]) + UNIFORM * effects.T @ effects)[1])


def _greedy(scaled: np.ndarray, most: int) -> list[int]:
    chosen: list[int] = []
    now = 0.0
    while len(chosen) < most:
        left: Sequence[int] = [place for place in range(scaled.shape[1]) if place not in chosen]
        if not left:
            break
        gains = [_information(scaled[:, [*chosen, place]]) - now for place in left]
        best = int(np.argmax(gains))
        if gains[best] < LEAST_GAIN:
            break
        chosen.append(left[best])
        now += gains[best]
    return chosen
