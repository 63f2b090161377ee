"""Does a calibration find parameters that are known, and do its intervals hold as often as they say?

Synthetic firms, each with parameters drawn from the prior and its own luck, give figures with the sampling errors of surveys
of a realistic size. Each is calibrated as if it were a client, and its true parameters are compared with the intervals: how
often the central 50, 80 and 95 % intervals hold them (coverage), and where they rank among posterior draws, which is uniform
when the whole posterior is right (simulation-based calibration; Talts et al. 2018, arXiv:1804.06788).

One table of runs over the prior serves all firms: it is the first wave of each. ``--second N`` gives each firm its own second
wave of N runs, as `calibrate` does, which takes longer.

    python -m experiments.calibration.recovery software_firm --fit error_rate --fit churn --firms 200
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from experiments.calibration.emulator import learn
from experiments.calibration.figures import Figure, figure
from experiments.calibration.fit import posterior, refined, usable
from experiments.calibration.parameters import Parameter, at, check_apart, parameter
from experiments.calibration.runs import DAYS, TAIL, WARM_UP, Firms, seeds_for, sobol
from experiments.calibration.targets import Target, Targets, made, shown
from sim import organisation
from sim.chain import ServiceChain
from sim.errors import ServiceCultureError
from sim.threads import Counter, each

LEVELS = (0.5, 0.8, 0.95)
FIT = ("error_rate", "hours_per_request", "churn", "quit_rate")
RANKS = 99
"""Posterior draws, thinned, among which the truth is ranked."""
BINS = 10

CUSTOMERS_ASKED, SPREAD_OF_SATISFACTION, SPREAD_OF_NET_SCORE, TOGETHER = 400, 22.0, 75.0, 0.6
STAFF_ASKED, SPREAD_OF_STAFF = 0.6, 20.0
"""How many a synthetic survey asks, and how their answers differ, on 0 to 100; no source: a modelling choice."""


@dataclass(frozen=True)
class Recovery:
    """What came out.

    Attributes
    ----------
    parameters : what was fitted
    truth : (firm, parameter), shares of the prior
    draws : (firm, draw, parameter)
    """

    parameters: tuple[Parameter, ...]
    truth: np.ndarray
    draws: np.ndarray

    @property
    def ranks(self) -> np.ndarray:
        """How many of the thinned draws lie below the truth (firm, parameter), 0 to `RANKS`."""
        step = self.draws.shape[1] / RANKS
        thinned = self.draws[:, (np.arange(RANKS) * step).astype(int)]
        return np.asarray((thinned < self.truth[:, None]).sum(axis=1))

    def table(self) -> pd.DataFrame:
        """Return one row a parameter, and one for all: coverage with its binomial intervals, rank test, narrowing, error."""
        from scipy import stats

        rows = []
        ranks = self.ranks
        for place, one in enumerate(self.parameters):
            truth, draws = self.truth[:, place], self.draws[:, :, place]
            row: dict[str, object] = {"parameter": one.name, "prior": one.prior, "firms": len(truth)}
            for level in LEVELS:
                low, high = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2], axis=1)
                row |= _coverage(level, low, high, truth)
            counts = np.bincount(ranks[:, place] * BINS // (RANKS + 1), minlength=BINS)
            row["ranks_p"] = float(stats.chisquare(counts).pvalue)
            row["narrowed_to"] = float(np.median(draws.std(axis=1)) * math.sqrt(12))
            row["correlation"] = float(np.corrcoef(draws.mean(axis=1), truth)[0, 1])
            rows.append(row)
        return pd.DataFrame(rows)


def _coverage(level: float, low: np.ndarray, high: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    from scipy import stats

    held = int(((low <= truth) & (truth <= high)).sum())
    within = stats.binomtest(held, len(truth)).proportion_ci(0.95, method="exact")
    name = f"coverage_{100 * level:.0f}"
    return {name: held / len(truth), f"{name}_low": float(within.low), f"{name}_high": float(within.high)}


def usual_figures(chain: ServiceChain) -> list[Figure]:
    """Return what a client could usually give: tickets, staff survey, customer scores, retention, quits."""
    names = ["resolution_median", "tickets_in_time", "retention", "quits_per_year"]
    for segment in chain.segments:
        names += [f"external_satisfaction@{segment}", f"net_promoter_score@{segment}"]
    inside = set(chain.units)
    names += [f"internal_satisfaction@{one}" for one in sorted({a for a, b in chain.links if b in inside})]
    return [figure(chain, name) for name in names]


def sampling_errors(chain: ServiceChain, figures: Sequence[Figure]) -> np.ndarray:
    """Return the covariance of the errors of surveys of a realistic size, in the figures' own units."""
    errors = np.zeros(len(figures))
    for place, one in enumerate(figures):
        if one.measure == "external_satisfaction":
            errors[place] = SPREAD_OF_SATISFACTION / math.sqrt(CUSTOMERS_ASKED)
        elif one.measure == "net_promoter_score":
            errors[place] = SPREAD_OF_NET_SCORE / math.sqrt(CUSTOMERS_ASKED)
        elif one.measure == "internal_satisfaction":
            clients = {client for supplier, client in chain.edges if supplier == one.where and client in chain.units}
            staff = sum(int(chain.nodes[client].get("staff", 1)) for client in clients)
            errors[place] = SPREAD_OF_STAFF / math.sqrt(max(5.0, STAFF_ASKED * staff))
    covariance = np.diag(errors**2)
    for row, one in enumerate(figures):
        for column, other in enumerate(figures):
            asked = {"external_satisfaction", "net_promoter_score"}
            if row != column and one.where == other.where and {one.measure, other.measure} == asked:
                covariance[row, column] = TOGETHER * errors[row] * errors[column]
    return covariance


def client(figures: Sequence[Figure], values: np.ndarray, covariance: np.ndarray, seed: int) -> Targets:
    """Return the targets of a synthetic client: a run's figures (on the scale of comparison) with sampling errors."""
    noise = np.random.default_rng([seed, 9]).multivariate_normal(np.zeros(len(figures)), covariance, method="svd")
    seen = shown(values[None], figures)[0] + noise
    errors = np.sqrt(np.diag(covariance))
    return made([
        Target(one, float(value), float(error), "synthetic") for one, value, error in zip(figures, seen, errors, strict=True)
    ], covariance)  # fmt: skip


def recover(
    firms: Firms,
    *,
    clients: int = 200,
    runs: int = 800,
    second: int = 0,
    seed: int = 1,
    covariance: np.ndarray | None = None,
    workers: int | None = None,
    progress: Callable[[str], None] | None = None,
) -> Recovery:
    """Calibrate synthetic firms of known parameters.

    Parameters
    ----------
    firms : organisation, parameters, figures
    clients : synthetic firms
    runs : of the table that they share
    second : runs of each firm's own second wave; 0: none
    covariance : of sampling errors; default: `sampling_errors`
    """
    tell = progress or (lambda line: None)
    check_apart(firms.parameters)
    errors = sampling_errors(firms.chain, firms.figures) if covariance is None else covariance
    width = len(firms.parameters)
    tell(f"simulating {runs:,} firms over the prior, and {clients:,} clients")
    shares = sobol(runs, width, seed)
    values = firms.run(shares, seeds_for(runs, seed, 1), workers=workers)
    truth = np.random.default_rng([seed, 6]).random((clients, width))
    seen = firms.run(truth, seeds_for(clients, seed, 8), workers=workers)
    possible = np.isfinite(seen).all(axis=1)
    truth, seen = truth[possible], seen[possible]
    known = usable(values, firms.figures)
    table = learn(shares[known], values[known])
    counter = Counter(lambda done: tell(f"{done:,} of {len(truth):,} clients calibrated") if done % 20 == 0 else None)

    def one(number: int) -> np.ndarray:
        targets = client(firms.figures, seen[number], errors, seed + number)
        if second:
            own = refined(firms, targets, shares, values, second, seed=seed + 100 * number, workers=1)
            found = own.draws.shares
        else:
            found = posterior(table, targets, seed=seed + number, particles=500).shares
        counter.tick()
        return found

    draws = each(one, range(len(truth)), workers, counter)
    return Recovery(firms.parameters, truth, np.array(draws))


def text(found: Recovery) -> str:
    """Return the table as Markdown."""
    lines = [
        "| parameter | prior | 50 % interval | 80 % | 95 % | ranks uniform, p | spread left |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in found.table().to_dict(orient="records"):
        cells = [
            f"{100 * row[f'coverage_{level}']:.0f} % [{100 * row[f'coverage_{level}_low']:.0f}, "
            f"{100 * row[f'coverage_{level}_high']:.0f}]"
            for level in ("50", "80", "95")
        ]
        lines.append(
            f"| `{row['parameter']}` | {row['prior']} | {' | '.join(cells)} | {row['ranks_p']:.2f} | "
            f"{100 * row['narrowed_to']:.0f} % |"
        )
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Recover known parameters from the command line."""
    parser = argparse.ArgumentParser(prog="python -m experiments.calibration.recovery", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)  # fmt: skip
    parser.add_argument("organisation", nargs="?", default="software_firm", help="bundled name or file")
    parser.add_argument("--fit", action="append", help=f"parameter, as in calibrate [default: {', '.join(FIT)}]")
    parser.add_argument("--figure", action="append", help="figure that clients give [default: the usual ones]")
    parser.add_argument("--firms", type=int, default=200, help="synthetic firms")
    parser.add_argument("--runs", type=int, default=800, help="runs of the table that they share")
    parser.add_argument("--second", type=int, default=0, help="runs of each firm's own second wave")
    parser.add_argument("--warm-up", type=int, default=WARM_UP)
    parser.add_argument("--days", type=int, default=DAYS)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--csv", help="also write truth, and mean and spread of the posterior, of every firm")
    said = parser.parse_args(arguments)
    try:
        chain = organisation.load(said.organisation)
        parameters = tuple(parameter(chain, one) for one in said.fit or FIT)
        figures = (
            [figure(chain, name, place="--figure") for name in said.figure] if said.figure else usual_figures(chain)
        )
        firms = Firms(chain, parameters, tuple(figures), said.warm_up, said.days, TAIL)
        found = recover(
            firms, clients=said.firms, runs=said.runs, second=said.second, seed=said.seed,
            progress=lambda line: print(f"{line} …", file=sys.stderr, flush=True),
        )  # fmt: skip
    except ServiceCultureError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(text(found))
    if said.csv:
        frame = pd.DataFrame(at(parameters, found.truth), columns=[one.name for one in parameters])
        for place, one in enumerate(parameters):
            frame[f"{one.name}_share"] = found.truth[:, place]
            frame[f"{one.name}_mean"] = found.draws[:, :, place].mean(axis=1)
            frame[f"{one.name}_sd"] = found.draws[:, :, place].std(axis=1)
            frame[f"{one.name}_rank"] = found.ranks[:, place]
        frame.to_csv(said.csv, index=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
