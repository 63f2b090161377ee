"""Simulated firms: points of the prior in, the figures that a client would see out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from experiments.calibration.figures import Figure, Reader
from experiments.calibration.parameters import Parameter, applied, at
from experiments.calibration.targets import compared
from sim.chain import ServiceChain
from sim.errors import InputError
from sim.model import ServiceModel
from sim.threads import Counter, Tick, each

WARM_UP, DAYS, TAIL = 125, 125, 15


@dataclass(frozen=True)
class Firms:
    """Firms alike but for the parameters, each with its own luck.

    Attributes
    ----------
    chain, parameters : the firm, and what is moved in it from the first day on
    figures : what is read
    warm_up, days : working days before the client's figures begin, and working days that they cover
    tail : days after that, in which requests of the last days can still be answered; only where tickets are looked at
    """

    chain: ServiceChain
    parameters: tuple[Parameter, ...]
    figures: tuple[Figure, ...]
    warm_up: int = WARM_UP
    days: int = DAYS
    tail: int = TAIL

    def run(
        self, shares: np.ndarray, seeds: Sequence[int], *, workers: int | None = None, progress: Tick | None = None
    ) -> np.ndarray:
        """Return figures (run, figure) on the scale of comparison; nan in all of a run that is not possible.

        Parameters
        ----------
        shares : (run, parameter), 0 to 1
        seeds : one a run: what of a figure is luck is part of what is learnt
        """
        reader = Reader(self.chain, self.figures)
        values = at(self.parameters, shares)
        counter = Counter(progress)
        last = self.warm_up + self.days

        def one(row: int) -> np.ndarray:
            found = np.full(len(self.figures), np.nan)
            try:
                chain = applied(self.chain, self.parameters, values[row])
                with ServiceModel(chain, seed=int(seeds[row]), journal=reader.journal) as model:
                    model.run(last + (self.tail if reader.journal else 0))
                    found = reader.read(model, self.warm_up, last)
            except InputError:  # a firm that cannot be: requests without end, more than can be held
                pass
            counter.tick()
            return found

        found = each(one, range(len(shares)), workers, counter)
        return compared(np.array(found).reshape(len(shares), len(self.figures)), self.figures)


def sobol(count: int, parameters: int, seed: int) -> np.ndarray:
    """Return points that fill the unit cube evenly: scrambled Sobol' numbers (Owen 1998, doi:10.1006/jcom.1998.0487)."""
    from scipy.stats import qmc

    whole = qmc.Sobol(parameters, seed=np.random.default_rng(seed)).random_base2(max(0, int(count - 1).bit_length()))
    return np.asarray(whole[:count])


def seeds_for(count: int, seed: int, wave: int) -> list[int]:
    """Return run seeds that differ from each other and between waves."""
    chance = np.random.default_rng([seed, wave])
    return [int(one) for one in chance.choice(2**31 - 1, size=count, replace=False)] if count else []
