"""V11: falling short of expectations weighs more than exceeding them, with diminishing sensitivity."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from experiments.validation.estimators import bent, slopes
from experiments.validation.explaining import explained
from experiments.validation.finding import Check, Effort, Finding, Published, Result
from experiments.validation.records import WINDOW, Records, records
from sim.estimates import estimate, intervals

if TYPE_CHECKING:
    from matplotlib.figure import Figure

KNOT = 0.1
"""Quality within ten points of what was expected is near it."""
BINS = np.arange(-0.55, 0.351, 0.05)
FEW = 20
"""Encounters that a point of the picture needs in one seed."""


def regressions(record: Records) -> dict[str, float]:
    """Return how much satisfaction falls per point of shortfall and rises per point of surplus, in one seed.

    Satisfaction after an encounter on what quality fell short of and exceeded the expectation, the expectation, and
    satisfaction before, with a level for each segment; once with straight lines, once with a bend at `KNOT`.
    """
    needs = record.needs
    gap = needs["quality"].to_numpy(dtype=float) - needs["expected"].to_numpy(dtype=float)
    others = (needs["expected"].to_numpy(), needs["satisfaction_before"].to_numpy())
    after, strata = needs["satisfaction_after"].to_numpy(), needs["stratum"].to_numpy()
    short, over, *_ = slopes(after, (np.maximum(-gap, 0), np.maximum(gap, 0), *others), strata)
    near_short, far_short, near_over, far_over, *_ = slopes(after, (*bent(gap, KNOT), *others), strata)
    return {
        "shortfall": -short, "surplus": over, "ratio": -short / over,
        "shortfall, near": -near_short, "shortfall, far": -far_short, "shortfall, near less far": far_short - near_short,
        "surplus, near": near_over, "surplus, far": far_over, "surplus, near less far": near_over - far_over,
    }  # fmt: skip


def curve(given: list[Records]) -> pd.DataFrame:
    """Return by how many points satisfaction moves in an encounter, by quality less expectation, over seeds."""
    rows = []
    for one in given:
        needs = one.needs
        gap = np.digitize(needs["quality"] - needs["expected"], BINS) - 1
        moved = 100 * (needs["satisfaction_after"] - needs["satisfaction_before"]).groupby(gap).agg(["mean", "size"])
        rows.append(moved["mean"].where(moved["size"] >= FEW).reindex(range(len(BINS) - 1)))
    mean, low, high = intervals(np.array(rows, dtype=float))
    return pd.DataFrame({"gap": 100 * (BINS[:-1] + BINS[1:]) / 2, "moved": mean, "low": low, "high": high}).dropna(
        subset=["moved"]
    )


def run(effort: Effort) -> Result:
    """Regress satisfaction after encounters on what fell short of the expectation and what exceeded it."""
    given = records(effort)
    table = pd.DataFrame([regressions(one) | {"seed": one.seed} for one in given]).set_index("seed")
    encounters = sum(len(one.needs) for one in given)
    ratio, short, over = (
        estimate(table[name].to_numpy()) for name in ("ratio", "shortfall, near less far", "surplus, near less far")
    )
    common: dict[str, Any] = {"seeds": len(given), "units": encounters, "of": "encounters"}
    checks = (
        Check("weight of falling short over exceeding", Published("a greater impact", 1.0, np.inf, "sign only"), ratio,
              null=1.0, sets="loss_aversion", **common),
        Check("shortfalls: a point near what was expected less one far below",
              Published("diminishing sensitivity", 0.0, np.inf, "sign only"), short, unit="points per point",
              sets="diminishing_sensitivity", **common),
        Check("surpluses: a point near what was expected less one far above",
              Published("diminishing sensitivity", 0.0, np.inf, "sign only"), over, unit="points per point",
              sets="diminishing_sensitivity", **common),
    )  # fmt: skip
    moved = curve(given)

    def draw(figure: Figure) -> None:
        from sim.plots.style import INSIDE, MUTED, OUTSIDE

        axes = figure.add_subplot()
        axes.axhline(0, color=MUTED, linewidth=0.8)
        axes.axvline(0, color=MUTED, linewidth=0.8)
        error = np.nan_to_num(np.abs(moved[["low", "high"]].to_numpy().T - moved["moved"].to_numpy()))
        axes.errorbar(moved["gap"], moved["moved"], yerr=error, fmt="o-", color=OUTSIDE, capsize=3,
                      label="simulated, 95 % interval")  # fmt: skip
        ends = np.array([moved["gap"].min(), moved["gap"].max()])
        axes.plot(ends, float(table["surplus"].mean()) * ends, "--", color=INSIDE,
                  label="if falling short weighed no more than exceeding")  # fmt: skip
        axes.set(xlabel="quality less what was expected, points", ylabel="points of satisfaction moved by an encounter")
        figure.legend(frameon=False, loc="outside upper center", ncols=2)

    return Result(
        explained(checks), {"slopes_by_seed": table.reset_index(), "satisfaction_by_gap": moved}, draw,
        "The direction of both was put in (loss_aversion, diminishing_sensitivity), their sizes were not; quality and "
        "expectation are known here without the error of a survey.",
    )  # fmt: skip


FINDING = Finding(
    "V11",
    "Quality that falls short of expectations weighs more for satisfaction than quality that exceeds them, and both with "
    "diminishing sensitivity.",
    "Anderson, E. W., & Sullivan, M. W. (1993). The antecedents and consequences of customer satisfaction for firms. "
    "Marketing Science, 12(2), 125–143, doi:10.1287/mksc.12.2.125. Mittal, V., Ross, W. T., & Baldasare, P. M. (1998). "
    "The asymmetric impact of negative and positive attribute-level performance on overall satisfaction and repurchase "
    "intentions. Journal of Marketing, 62(1), 33–47, doi:10.1177/002224299806200104.",
    "read",
    f"The three bundled organisations, all levers at their defaults: encounters of customers in {WINDOW} working days. "
    "Their satisfaction afterwards is regressed on shortfall, surplus, expectation and satisfaction before, with a level "
    "for each segment.",
    run,
)
