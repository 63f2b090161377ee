"""Can screening be trusted? Its estimates beside those of each action run alone, for actions that nobody picked for being good.

    python -m experiments.weakest_link_trust [ORGANISATION] [--every N] [--runs N]

Takes every Nth candidate, as the list has them, runs each alone on fresh seeds, and prints both estimates, how far they are
apart in standard errors of their difference, and what the same number of runs would have told one action at a time.
"""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from sim import actions, organisation
from sim.estimates import CONFIDENCE, Estimate, estimate
from sim.weakest_link import alone, screen


def compare(name: str, every: int, runs: int, **length: Any) -> pd.DataFrame:
    """Return one row per action: both estimates of external satisfaction and of profit, with intervals."""
    chain = organisation.load(name)
    found = actions.candidates(chain)
    screened = screen(chain, found, pairs=200, seed=1, **length)
    chosen = list(range(every // 2, len(found), every))
    paired = alone(chain, [[found[one]] for one in chosen], runs=runs, seed=1 + screened.satisfaction.rows, **length)
    rows = []
    for place, one in enumerate(chosen):
        row: dict[str, Any] = {"lever": found[one].action.lever, "place": found[one].name}
        for figure, (label, effects) in enumerate(
            (("satisfaction", screened.satisfaction), ("profit", screened.profit))
        ):
            by_design, by_itself = effects.estimate(one), estimate(paired[:, place, figure])
            error = float(paired[:, place, figure].std(ddof=1)) / np.sqrt(runs)
            row |= {
                f"{label}_screened": by_design,
                f"{label}_alone": by_itself,
                f"{label}_apart": (by_design.mean - by_itself.mean) / float(np.hypot(effects.error, error)),
                f"{label}_noise_alone": error * np.sqrt(runs),
            }
        rows.append(row)
    table = pd.DataFrame(rows)
    table.attrs = {"error": (screened.satisfaction.error, screened.profit.error), "bend": screened.bend,
                   "runs": 3 * screened.satisfaction.rows, "candidates": len(found)}  # fmt: skip
    return table


def main() -> None:
    """Print the comparison as a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("organisation", nargs="?", default="energy_distributor")
    parser.add_argument("--every", type=int, default=29)
    parser.add_argument("--runs", type=int, default=30)
    parser.add_argument("--days", type=int, default=250)
    parser.add_argument("--warm-up", type=int, default=250)
    given = parser.parse_args()
    table = compare(given.organisation, given.every, given.runs, warm_up=given.warm_up, days=given.days)
    print("| lever | at | screened | alone | apart, s.e. | screened, currency a year | alone | apart, s.e. |")
    print("|---|---|---:|---:|---:|---:|---:|---:|")
    for row in table.to_dict(orient="records"):
        print(
            f"| {row['lever'].replace('_', ' ')} | {row['place']} | {row['satisfaction_screened'].text(3)} | "
            f"{row['satisfaction_alone'].text(3)} | {row['satisfaction_apart']:.1f} | {_money(row['profit_screened'])} | "
            f"{_money(row['profit_alone'])} | {row['profit_apart']:.1f} |"
        )
    within = float(stats.norm.ppf(0.5 + CONFIDENCE / 2))
    for figure, label in enumerate(("satisfaction", "profit")):
        apart = table[f"{label}_apart"]
        each = max(1, table.attrs["runs"] // table.attrs["candidates"])
        noise = float(np.sqrt(np.mean(table[f"{label}_noise_alone"] ** 2)))
        print(
            f"\n{label}: {int((apart.abs() < within).sum())} of {len(apart)} within {within:.2f} standard errors; mean square "
            f"{float(np.mean(apart**2)):.2f} (1 if both are right); standard error of screening "
            f"{table.attrs['error'][figure]:.4g}, of one action at a time with as many runs ({each} each) about "
            f"{noise / np.sqrt(each):.4g}"
        )
    print(f"\nbend: {table.attrs['bend'].text(3)} points")


def _money(one: Estimate) -> str:
    return f"{one.mean:,.0f} [{one.low:,.0f}, {one.high:,.0f}]"


if __name__ == "__main__":
    main()
