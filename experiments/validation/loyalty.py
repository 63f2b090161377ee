"""V6: merely satisfied customers and totally satisfied ones (Jones & Sasser 1995)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from experiments.validation.estimators import odds_ratio, risk_difference, survey_answer
from experiments.validation.explaining import explained
from experiments.validation.finding import Check, Effort, Finding, Published, Result
from experiments.validation.records import WATCHED, Records, records
from sim.estimates import estimate

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TOTALLY, SATISFIED, NEUTRAL = 5, 4, 3
TOP, MERELY = 0.85, (0.65, 0.75)
"""Satisfaction of those who are very and merely satisfied, known without error; as in the test of the mechanism (E7)."""
SOON = 60
FEW = 30
"""Answers that fewer customers gave are left out of the picture."""


def answered(record: Records) -> pd.DataFrame:
    """Return the customers of a record with their answer on a scale of 1 to 5, and whether they stayed for 18 months."""
    customers = record.customers
    rng = np.random.default_rng([record.seed, 6])
    return customers.assign(
        answer=survey_answer(customers["satisfaction"].to_numpy(), customers["noise"].to_numpy(), rng),
        stayed=customers["left_after"].isna(),
    )


def _odds(frame: pd.DataFrame, high: pd.Series, low: pd.Series, stayed: pd.Series) -> float:
    chosen = high | low
    return odds_ratio(stayed[chosen].to_numpy(), high[chosen].to_numpy(), frame.loc[chosen, "stratum"].to_numpy())


def figures(record: Records) -> dict[str, float]:
    """Return the figures of one seed: odds ratios, and points of retention between answers."""
    frame = answered(record)
    answer, felt, stayed = frame["answer"], frame["satisfaction"], frame["stayed"]
    top, merely = felt >= TOP, felt.between(*MERELY, inclusive="left")
    steps = {}
    for high, low in ((TOTALLY, SATISFIED), (SATISFIED, NEUTRAL)):
        chosen = answer.isin((high, low))
        steps[high] = 100 * risk_difference(
            stayed[chosen].to_numpy(), (answer[chosen] == high).to_numpy(), frame.loc[chosen, "stratum"].to_numpy()
        )
    return {
        "odds, 5 against 4, as a survey hears it": _odds(frame, answer == TOTALLY, answer == SATISFIED, stayed),
        "odds, 85 and more against 65 to 75, without an error of the survey": _odds(frame, top, merely, stayed),
        f"the same, over {SOON} days": _odds(frame, top, merely, ~(frame["left_after"] <= SOON)),
        "retention, 5 less 4": steps[TOTALLY],
        "retention, 4 less 3": steps[SATISFIED],
    }


def retention(given: list[Records]) -> pd.DataFrame:
    """Return retention by answer: a row per answer, mean and interval over seeds, in per cent."""
    shares = pd.DataFrame([100 * answered(one).groupby("answer")["stayed"].mean() for one in given])
    counts = pd.concat([answered(one)["answer"] for one in given]).value_counts()
    rows = []
    for answer in sorted(set(counts[counts >= FEW].index)):
        one = estimate(shares[answer].to_numpy())
        rows.append({"answer": answer, "retention": one.mean, "low": one.low, "high": one.high,
                     "customers": int(counts[answer])})  # fmt: skip
    return pd.DataFrame(rows)


def run(effort: Effort) -> Result:
    """Follow the customers of the bundled organisations for 18 months, by what they answered on the first morning."""
    given = records(effort)
    table = pd.DataFrame([figures(one) for one in given], index=pd.Index([one.seed for one in given], name="seed"))
    customers = sum(len(one.customers) for one in given)
    survey, felt, soon = (estimate(table[name].to_numpy()) for name in list(table)[:3])
    bend = estimate((table["retention, 5 less 4"] - table["retention, 4 less 3"]).to_numpy())
    top_share = estimate([100 * float((one.customers["satisfaction"] >= 0.875).mean()) for one in given])
    least, most = 100 * pd.concat([one.customers["satisfaction"] for one in given]).quantile([0.01, 0.99])
    by_answer = retention(given)
    common: dict[str, Any] = {"seeds": len(given), "units": customers, "of": "customers", "sets": "churn_sensitivity"}
    checks = (
        Check(
            "odds of staying: totally over merely satisfied",
            Published("six times", 4.0, 8.0, "a tolerance of ours, one third to either side: one firm, without an interval"),
            survey, null=1.0, digits=1,
            reason=f"Three things flatten it. 98 % of the customers of these organisations stand between {least:.0f} and "
            f"{most:.0f} of 100: only {top_share.text(1)} % feel like a 5 (87.5 and more), so most who answer 5 feel like "
            "those who answer 4, and survey_noise makes the difference. Known without that error, the very satisfied (85 "
            f"and more) still have {felt.text(1)} times the odds of the merely satisfied (65 to 75), for satisfaction "
            f"moves with each encounter in 18 months; over {SOON} days it is {soon.text(1)}. The rule of loyalty alone "
            "gives six only for 22 points of lasting difference.",
            **common,
        ),
        Check(
            "convexity: the step from 4 to 5 less that from 3 to 4",
            Published("loyalty rises steeply only at the top", 0.0, np.inf, "sign only"),
            bend, unit="points", digits=1,
            reason="Each step of satisfaction divides the hazard of leaving by the same factor (E7). Leaving is convex in "
            "satisfaction, but staying can be so only where fewer than 37 % stay (1/e); where four in five stay it levels "
            "off at the top. Their steep curves are of markets in which buyers have much choice.",
            **common,
        ),
    )  # fmt: skip

    def draw(figure: Figure) -> None:
        from sim.plots.style import INSIDE, OUTSIDE

        axes = figure.add_subplot()
        error = np.nan_to_num(np.abs(by_answer[["low", "high"]].to_numpy().T - by_answer["retention"].to_numpy()))
        axes.errorbar(by_answer["answer"], by_answer["retention"], yerr=error, fmt="o-", color=OUTSIDE, capsize=4,
                      label="simulated, 95 % interval")  # fmt: skip
        satisfied = by_answer.set_index("answer")["retention"].get(SATISFIED, np.nan) / 100
        published = [100 * odds * satisfied / (1 - satisfied + odds * satisfied) for odds in (1.0, 6.0)]
        axes.plot(
            [SATISFIED, TOTALLY], published, "s--", color=INSIDE, label="six times the odds of a 4 (Jones & Sasser)"
        )
        axes.set(xlabel="answer to “how satisfied are you?”, 1 to 5", ylabel="% still customers after 18 months",
                 xticks=range(1, 6), xlim=(0.7, 5.3), ylim=(None, 101))  # fmt: skip
        figure.legend(frameon=False, loc="outside upper center", ncols=2)

    return Result(
        explained(checks), {"odds_by_seed": table.reset_index(), "retention_by_answer": by_answer}, draw,
        "“Six times less likely” cannot be a ratio of shares where most of the merely satisfied stay; it is read as a "
        "ratio of odds, within segments.",
    )  # fmt: skip


FINDING = Finding(
    "V6",
    "Merely satisfied customers are six times less likely to buy again than totally satisfied ones.",
    "Jones, T. O., & Sasser, W. E. (1995). Why satisfied customers defect. Harvard Business Review, 73(6), 88–99.",
    "read",
    "The three bundled organisations, all levers at their defaults. After a year all customers answer on a scale of 1 to "
    f"5, with the error that surveys have in the model; {WATCHED} working days (18 months) later it is seen who is still "
    "there. Odds of staying, 5 against 4, and differences in retention within segments, over all segments.",
    run,
)
