"""The calibration itself: simulate over the prior, learn, weigh, simulate again where it matters, and check with fresh runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from experiments.calibration.emulator import Emulator, learn
from experiments.calibration.figures import Figure
from experiments.calibration.parameters import Parameter, at, check_apart, shares_before
from experiments.calibration.posterior import Draws, distances, draw, log_likelihood
from experiments.calibration.runs import DAYS, TAIL, WARM_UP, Firms, seeds_for, sobol
from experiments.calibration.targets import Targets
from sim.chain import ServiceChain
from sim.errors import InputError

RUNS = 800
FIRST = 0.6
"""Share of the runs that cover the whole prior; the others go where the first ones point."""
CHECKS = 100
"""Fresh runs at points of the posterior, with which the fit is shown."""
WIDER = 0.25
"""Power of the likelihood that decides where the second wave goes: twice as wide as the posterior in each direction."""
FEWEST = 60
NOTHING = 0.8
"""Posterior spread over prior spread above which the data are said to tell nothing; no source: a modelling choice."""


@dataclass(frozen=True)
class Calibration:
    """What came out.

    Attributes
    ----------
    chain, targets, parameters : what was fitted to what
    firms : how it was simulated
    emulator, draws : the last emulator, and draws from the posterior
    best : shares of the point to go on with: the middle of the posterior, with parameters of which the data say nothing where
        the organisation has them
    shares, values : every run of both waves: (run, parameter) and (run, figure) on the scale of comparison
    first : how many of them are the first wave, which covers the prior
    impossible : runs that gave no figures
    checked, checks : posterior draws that were simulated afresh, and their figures
    """

    chain: ServiceChain
    targets: Targets
    parameters: tuple[Parameter, ...]
    firms: Firms
    emulator: Emulator
    draws: Draws
    best: np.ndarray
    shares: np.ndarray
    values: np.ndarray
    first: int
    impossible: int
    checked: np.ndarray
    checks: np.ndarray

    @property
    def told(self) -> np.ndarray:
        """Posterior over prior standard deviation by parameter: 1 where the data say nothing."""
        return np.asarray(self.draws.shares.std(axis=0) * np.sqrt(12))

    @property
    def posterior(self) -> np.ndarray:
        """Draws of the parameters' values (draw, parameter)."""
        return at(self.parameters, self.draws.shares)

    @property
    def best_values(self) -> np.ndarray:
        """Values of the point to go on with."""
        return np.asarray(at(self.parameters, self.best[None])[0])

    def replicated(self) -> np.ndarray:
        """Return what the client might have seen under the posterior: fresh runs with sampling errors (draw, figure)."""
        return self._seen(self.checks)

    def reach(self) -> np.ndarray:
        """Return what clients all over the prior might have seen: the first wave with sampling errors (run, figure)."""
        prior = self.values[: self.first]
        return self._seen(prior[np.isfinite(prior).all(axis=1)])

    def _seen(self, runs: np.ndarray) -> np.ndarray:
        none = np.zeros(len(self.targets.items))
        chance = np.random.default_rng(5)
        return np.asarray(runs + chance.multivariate_normal(none, self.targets.covariance, len(runs), method="svd"))


def total_runs(runs: int = RUNS, checks: int = CHECKS) -> int:
    """Return how many runs a calibration takes."""
    return runs + checks


def calibrate(
    chain: ServiceChain,
    targets: Targets,
    parameters: Sequence[Parameter],
    *,
    runs: int = RUNS,
    checks: int = CHECKS,
    seed: int = 1,
    warm_up: int = WARM_UP,
    days: int = DAYS,
    tail: int = TAIL,
    workers: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> Calibration:
    """Fit parameters of a firm to a client's figures.

    Parameters
    ----------
    chain : the firm
    targets : what the client's figures say
    parameters : what is fitted, with priors
    runs : simulated firms, both waves together
    checks : fresh runs at posterior draws
    seed : of everything; the same seed gives the same answer, whatever the number of threads
    warm_up, days, tail : see `experiments.calibration.runs.Firms`
    workers, progress : threads; called with the number of runs that have ended

    Raises
    ------
    InputError : nothing to fit, or to fit to, or firms that cannot be simulated
    """
    parameters = tuple(parameters)
    if not targets.items:
        raise InputError("there is nothing to fit to", place="--tickets, --survey, --customers, --target",
                         allowed="at least one figure of the client")  # fmt: skip
    if not parameters:
        raise InputError("there is nothing to fit", place="--fit", allowed="one parameter or more")
    check_apart(parameters)
    for name, number, least in (
        ("runs", runs, FEWEST),
        ("checks", checks, 20),
        ("days", days, 1),
        ("warm_up", warm_up, 0),
    ):
        if number < least:
            raise InputError(f"too few {name}", place=name, value=number, allowed=f"{least} or more")
    firms = Firms(chain, parameters, tuple(targets.figures), warm_up, days, tail)
    count = max(FEWEST // 2, round(FIRST * runs))
    done = 0

    def tick(now: int) -> None:
        if progress:
            progress(done + now)

    shares = sobol(count, len(parameters), seed)
    values = firms.run(shares, seeds_for(count, seed, 1), workers=workers, progress=tick)
    done += count
    found = refined(firms, targets, shares, values, runs - count, seed=seed, workers=workers, progress=tick)
    done += runs - count
    last, draws, shares, values = found.emulator, found.draws, found.shares, found.values
    known = usable(values, targets.figures)

    chance = np.random.default_rng([seed, 4])
    checked = draws.shares[chance.choice(len(draws.shares), size=checks, replace=False)]
    fresh = firms.run(checked, seeds_for(checks, seed, 3), workers=workers, progress=tick)
    fine = np.isfinite(fresh).all(axis=1)
    return Calibration(
        chain, targets, parameters, firms, last, draws, middle(last, targets, draws, parameters, seed), shares, values,
        count, int((~known).sum()), checked[fine], fresh[fine],
    )  # fmt: skip


@dataclass(frozen=True)
class Refined:
    """The second wave: the last emulator, draws from the posterior, and every run of both waves."""

    emulator: Emulator
    draws: Draws
    shares: np.ndarray
    values: np.ndarray


def refined(
    firms: Firms,
    targets: Targets,
    shares: np.ndarray,
    values: np.ndarray,
    more: int,
    *,
    seed: int = 1,
    workers: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> Refined:
    """Simulate where runs all over the prior point, and weigh again.

    Parameters
    ----------
    firms, targets : what is simulated, and what it is held against
    shares, values : the first wave
    more : runs of the second
    """
    known = usable(values, targets.figures)
    wide = posterior(learn(shares[known], values[known]), targets, seed=seed, power=WIDER)
    chance = np.random.default_rng([seed, 2])
    again = wide.shares[chance.choice(len(wide.shares), size=more, replace=more > len(wide.shares))]
    further = firms.run(again, seeds_for(more, seed, 2), workers=workers, progress=progress)
    shares, values = np.vstack([shares, again]), np.vstack([values, further])
    known = usable(values, targets.figures)
    last = learn(shares[known], values[known], *region(wide.shares))
    return Refined(last, posterior(last, targets, seed=seed + 1), shares, values)


def usable(values: np.ndarray, figures: Sequence[Figure]) -> np.ndarray:
    """Return which runs gave every figure, or raise `InputError` where too few did."""
    finite = np.isfinite(values)
    known = np.asarray(finite.all(axis=1))
    if known.sum() < FEWEST / 2 or known.mean() < 0.5:
        worst = figures[int(finite.mean(axis=0).argmin())]
        raise InputError(
            "most firms within these ranges give no such figure", place="--fit", value=worst.name,
            allowed="ranges and figures that can be simulated",
            hint=f"{100 * (1 - known.mean()):.0f} % of the runs lack one; narrow a range with --fit LEVER=LOW..HIGH",
        )  # fmt: skip
    return known


def posterior(
    emulator: Emulator, targets: Targets, *, seed: int = 1, power: float = 1.0, particles: int = 2000
) -> Draws:
    """Return draws from the posterior within the region of an emulator."""
    likelihood = log_likelihood(emulator, targets.values, targets.covariance)
    return draw(likelihood, emulator.low, emulator.high, seed=seed, power=power, particles=particles)


def region(shares: np.ndarray, margin: float = 0.15) -> tuple[np.ndarray, np.ndarray]:
    """Return the box in which draws lie, a little wider; where it nearly fills the prior, the whole of it."""
    low, high = np.quantile(shares, [0.002, 0.998], axis=0)
    room = margin * (high - low) + 0.005
    low, high = np.maximum(low - room, 0.0), np.minimum(high + room, 1.0)
    full = high - low > 0.8
    return np.where(full, 0.0, low), np.where(full, 1.0, high)


def middle(
    emulator: Emulator, targets: Targets, draws: Draws, parameters: Sequence[Parameter], seed: int
) -> np.ndarray:  # fmt: skip
    """Return one point of the posterior to go on with.

    Parameters of which the data tell nothing stay where the organisation has them, if that lies in the region; the others are
    drawn again with these fixed, and of the likelier half of the draws the one nearest to all others is taken: a mean need not
    lie where the posterior does, when it is bent.
    """
    quiet = draws.shares.std(axis=0) * np.sqrt(12) > NOTHING
    found = draws
    low, high = emulator.low.copy(), emulator.high.copy()
    before = shares_before(parameters)
    stay = quiet & (before >= low) & (before <= high)
    if stay.any():
        low[stay] = high[stay] = before[stay]
        likelihood = log_likelihood(emulator, targets.values, targets.covariance)
        found = draw(likelihood, low, high, seed=seed + 2, particles=1000)
    likely = found.shares[found.likelihood >= np.median(found.likelihood)][:500]
    scale = np.maximum(likely.std(axis=0), 1e-9)
    apart = np.abs((likely[:, None] - likely[None]) / scale).sum(axis=(1, 2))
    return np.asarray(likely[int(apart.argmin())])


def misfit(found: Calibration) -> tuple[float, float]:
    """Return the least squared distance between the client's figures and the model within the prior, and its p-value.

    Were the model right, the distance would be chi-square (where luck is normal; else F) with as many degrees of freedom as
    there are figures, less the parameters that the data fix.
    """
    from scipy import stats

    squares, _ = distances(found.emulator, found.draws.shares, found.targets.values, found.targets.covariance)
    least = float(squares.min())
    fixed = float(np.clip(1 - found.told**2, 0, 1).sum())
    freedom = max(len(found.targets.items) - fixed, 0.5)
    tails = found.emulator.freedom
    return least, float(stats.f.sf(least / freedom * tails / (tails - 2), freedom, tails))
