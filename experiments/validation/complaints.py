"""V8: who complains, how far bad news travels, and who buys again after a failure (Goodman / TARP)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from experiments.validation.estimators import risk_difference, slopes
from experiments.validation.explaining import explained
from experiments.validation.finding import Check, Effort, Finding, Published, Result
from experiments.validation.observing import follow
from experiments.validation.records import YEAR, Records, records
from sim import organisation, threads
from sim.estimates import Estimate, estimate
from sim.interventions import Intervention
from sim.model import ServiceModel
from sim.rules import attribution

if TYPE_CHECKING:
    from matplotlib.figure import Figure

QUICKLY, LATE, IN_VAIN, SILENT = "resolved in time", "resolved late", "complained in vain", "silent"
RESOLVED = "resolved, in time or late"
OUTCOMES = {
    RESOLVED: (QUICKLY, LATE), QUICKLY: (QUICKLY,), LATE: (LATE,), IN_VAIN: (IN_VAIN,), SILENT: (SILENT,),
}  # fmt: skip
PUBLISHED = {RESOLVED: (54.0, 70.0), QUICKLY: (82.0, 95.0)}
_TALK_DAYS, _TALK_WARM_UP, _TALK_SEEDS = 60, 60, 6


def outcomes(record: Records) -> pd.DataFrame:
    """Return the failures of a record with what came of each, and whether the customer was still there a year later."""
    failures = record.failures
    in_time = failures["answer_days"] <= failures["acceptable"]
    what = np.select(
        [failures["resolved"] & in_time, failures["resolved"], failures["complained"]], [QUICKLY, LATE, IN_VAIN], SILENT
    )
    return failures.assign(outcome=what, stayed=~(failures["left_after"] <= YEAR))


def difference(frame: pd.DataFrame, one: tuple[str, ...], other: tuple[str, ...]) -> float:
    """Return points by which more stay after these outcomes than after others, within segments and links."""
    chosen = frame[frame["outcome"].isin((*one, *other))]
    strata = chosen["stratum"].astype(str) + "|" + chosen["link"].astype(str)
    return 100 * risk_difference(chosen["stayed"].to_numpy(), chosen["outcome"].isin(one).to_numpy(), strata.to_numpy())


def how_far_news_travels(effort: Effort) -> list[float]:
    """Return, for each seed, how much more a bad experience adds to what people say than an equally good one.

    What customers say on a day moves the firm's reputation, which is recorded. It is regressed on how far, on average, the
    day's experiences were above and below what competitors are known for. Nobody sends an answer back or complains here, so
    that each customer has one experience to tell of.
    """
    silence = {"reopen_rate": 0.0, "complain_share": 0.0, "escalate_share": 0.0, "latent_rate": 0.0}
    quiet = [Intervention(lever, value) for lever, value in silence.items()]
    seeds = effort.seeds(_TALK_SEEDS)
    jobs = [(name, seed) for seed in seeds for name in organisation.bundled()]

    def day_by_day(job: tuple[str, int]) -> pd.DataFrame:
        with ServiceModel(job[0], seed=job[1], journal=True, interventions=quiet).run(_TALK_WARM_UP) as model:
            return _said(model, follow(model, _TALK_DAYS).encounters).assign(organisation=job[0], seed=job[1])

    told = pd.concat(threads.each(day_by_day, jobs, effort.threads), ignore_index=True)
    ratios = []
    for _, mine in told.groupby("seed"):
        good, bad = slopes(
            mine["said"].to_numpy(), (mine["good"].to_numpy(), mine["bad"].to_numpy()),
            (mine["organisation"] + ", " + mine["segment"]).to_numpy(),
        )  # fmt: skip
        ratios.append(float(-bad / good))
    return ratios


def _said(model: ServiceModel, encounters: pd.DataFrame) -> pd.DataFrame:
    """Return a row per day and segment: what customers said, and how far their experiences were above and below the market.

    What was said is what moved the reputation of the day; an experience is what moved the customer's satisfaction.
    """
    state = model.state
    days = state.segment_day[: model.day]
    memory, learning = (float(state.firm[name][0]) for name in ("reputation_memory", "satisfaction_learning"))
    supplier = state.unit[np.asarray(state.link["supplier"])]
    firm = state.firm[0]
    weights = np.array([
        attribution.weight(unit["kind"], firm["attribution"], link["face_to_face"], firm["immediacy"])
        for unit, link in zip(supplier, state.link, strict=True)
    ])  # fmt: skip
    segment = {name: row for row, name in enumerate(model.chain.segments)}
    mine = encounters[encounters["alone"]]
    weight = weights[mine["link"]]
    before, after = mine["satisfaction_before"].to_numpy(), mine["satisfaction_after"].to_numpy()
    experience = before + (after - before) / np.minimum(1.0, weight * learning)
    gap = (
        experience
        - np.asarray(days["market"])[mine["day"].to_numpy(), mine["segment"].map(segment).to_numpy(dtype=int)]
    )
    parts = pd.DataFrame({
        "day": mine["day"], "segment": mine["segment"], "weight": weight,
        "good": weight * np.maximum(gap, 0.0), "bad": weight * np.maximum(-gap, 0.0),
    })  # fmt: skip
    sums = parts.groupby(["segment", "day"], as_index=False).sum()
    sums["good"] /= sums["weight"]
    sums["bad"] /= sums["weight"]
    day, row = sums["day"].to_numpy(), sums["segment"].map(segment).to_numpy()
    yesterday, today = days["reputation"][day - 1, row], days["reputation"][day, row]
    return sums.assign(said=yesterday + memory * (today - yesterday))


def shares(frames: list[pd.DataFrame]) -> pd.DataFrame:
    """Return the share who stay a year after each outcome, in per cent: mean and interval over seeds."""
    rows = []
    for outcome, parts in OUTCOMES.items():
        mine = [frame.loc[frame["outcome"].isin(parts), "stayed"] for frame in frames]
        one = estimate([100 * float(stayed.mean()) for stayed in mine])
        rows.append({"outcome": outcome, "stay": one.mean, "low": one.low, "high": one.high,
                     "failures": sum(map(len, mine))})  # fmt: skip
    return pd.DataFrame(rows)


def run(effort: Effort) -> Result:
    """Follow what came of each failure, and who was still there a year later."""
    given = records(effort)
    frames = [outcomes(one) for one in given]
    count = sum(len(one) for one in frames)
    complained = estimate([100 * float(one["complained"].mean()) for one in frames])
    escalated = estimate([100 * one.met["escalations"].sum() / one.met["failures"].sum() for one in given])
    told = how_far_news_travels(effort)
    by_outcome = shares(frames)
    resolved, quickly = (_row(by_outcome, outcome, len(given)) for outcome in (RESOLVED, QUICKLY))
    fast = estimate([difference(one, (QUICKLY,), (LATE,)) for one in frames])
    slow = estimate([difference(one, (LATE,), (IN_VAIN,)) for one in frames])
    none = estimate([difference(one, (QUICKLY, LATE), (SILENT,)) for one in frames])
    vain = estimate([difference(one, (IN_VAIN,), (SILENT,)) for one in frames])
    speed = estimate([_speed(one) for one in frames])
    in_time, late = (estimate([_resolved(one, quick) for one in frames]) for quick in (True, False))
    common: dict[str, Any] = {"seeds": len(given), "units": count, "of": "failures"}
    tolerance = "a tolerance of ours, ten points to either side"
    checks = (
        Check("complain to whoever served them", Published("about half of the dissatisfied", 40.0, 60.0, tolerance),
              complained, unit="%", digits=1, null=np.inf, sets="complain_share", **common),
        Check("go to a manager", Published("1 to 5 % escalate", 1.0, 5.0, "the source's range"), escalated, unit="%",
              digits=1, null=np.inf, sets="escalate_share",
              reason="3 % go straight to a manager, as the lever says; the others complained in vain first, and whoever "
              "did always goes higher (E2).", **common),
        Check("bad news against good", Published("about twice as far", 1.6, 2.4, "a tolerance of ours, one fifth"),
              estimate(told), seeds=len(told), units=len(told) * len(organisation.bundled()), of="runs", null=1.0,
              unit="times", sets="bad_news"),
        Check("buy again after a complaint that was resolved",
              Published("54 to 70 %", *PUBLISHED[RESOLVED], "the source's range"),
              resolved, unit="%", digits=1, null=np.inf,
              reason="Of the merely satisfied customers of these firms 6 to 18 % leave in a year (of trial users half: "
              "churn in the organisation files), so that most stay whatever happens once. TARP's figures are of buyers of "
              "goods, who refuse a brand more easily than they end such a relation.", **common),
        Check("buy again after it was resolved quickly",
              Published("82 to 95 %", *PUBLISHED[QUICKLY], "the source's range"),
              quickly, unit="%", digits=1, null=np.inf,
              reason="See above: the level is that of the organisation files' churn.", **common),
        Check("resolved in time less resolved late", Published("fast above slow", 0.0, np.inf, "sign only"), fast,
              unit="points", digits=1,
              reason="An answer resolves a complaint if it is good enough, and lateness is part of that (E3): "
              f"{in_time.text(0)} % of answers in time resolve it, {late.text(0)} % of late ones. Speed has done its work "
              "there, and little of it is left among those resolved. Answered in time against answered late, whatever "
              f"came of it, makes {speed.text(1)} points.", **common),
        Check("resolved late less complained in vain", Published("slow above not at all", 0.0, np.inf, "sign only"), slow,
              unit="points", digits=1, **common),
        Check("resolved less never complained", Published("resolved above not at all", 0.0, np.inf, "sign only"), none,
              unit="points", digits=1, **common),
    )  # fmt: skip
    by_seed = pd.DataFrame({
        "seed": [one.seed for one in given],
        "resolved in time less late": [difference(one, (QUICKLY,), (LATE,)) for one in frames],
        "late less in vain": [difference(one, (LATE,), (IN_VAIN,)) for one in frames],
        "resolved less silent": [difference(one, (QUICKLY, LATE), (SILENT,)) for one in frames],
        "answered in time less answered late": [_speed(one) for one in frames],
        "in vain less silent": [difference(one, (IN_VAIN,), (SILENT,)) for one in frames],
    })  # fmt: skip
    return Result(
        explained(checks),
        {"staying_by_outcome": by_outcome, "differences_by_seed": by_seed},
        _draw(by_outcome),
        _note(vain),
    )


def _speed(frame: pd.DataFrame) -> float:
    """Return points by which more stay whose complaint was answered in time than whose was answered late, resolved or not."""
    answered = frame[frame["answer_days"].notna()]
    in_time = answered["answer_days"] <= answered["acceptable"]
    return difference(answered.assign(outcome=np.where(in_time, QUICKLY, LATE)), (QUICKLY,), (LATE,))


def _resolved(frame: pd.DataFrame, quick: bool) -> float:
    """Return the share of complaints resolved, in per cent, among those answered in time or among those answered late."""
    in_time = frame["answer_days"] <= frame["acceptable"]
    return 100 * float(frame.loc[frame["complained"] & (in_time == quick), "resolved"].mean())


def _row(table: pd.DataFrame, outcome: str, seeds: int) -> Estimate:
    mean, low, high = table.loc[table["outcome"] == outcome, ["stay", "low", "high"]].to_numpy(dtype=float)[0].tolist()
    return Estimate(mean, low, high, seeds)


def _note(vain: Estimate) -> str:
    return (
        "“Buy again” is read as still being a customer a year after the failure; differences are taken within segments "
        f"and links. Who complained in vain stays less than who said nothing, by {vain.text(1)} points: being turned away "
        "is one more failure here. Surveys of the same tradition find the opposite, that complaining alone binds."
    )


def _draw(by_outcome: pd.DataFrame) -> Callable[[Figure], None]:
    """Return what draws who stays, beside what was published of it."""

    def draw(figure: Figure) -> None:
        from sim.plots.style import INSIDE, MUTED, OUTSIDE

        axes = figure.add_subplot()
        place = np.arange(len(by_outcome))[::-1]
        at = dict(zip(by_outcome["outcome"], place, strict=True))
        for number, (outcome, (low, high)) in enumerate(PUBLISHED.items()):
            axes.barh(at[outcome], high - low, left=low, height=0.5, facecolor=INSIDE, alpha=0.3, hatch="//",
                      edgecolor=INSIDE, label=None if number else "published range (TARP)")  # fmt: skip
        error = np.nan_to_num(np.abs(by_outcome[["low", "high"]].to_numpy().T - by_outcome["stay"].to_numpy()))
        axes.errorbar(by_outcome["stay"], place, xerr=error, fmt="o", color=OUTSIDE, capsize=4,
                      label="simulated, 95 % interval")  # fmt: skip
        for where, number in zip(place, by_outcome["failures"], strict=True):
            axes.annotate(f"n = {number:,}".replace(",", " "), (1.0, where), xycoords=("axes fraction", "data"), ha="right",
                          va="bottom", color=MUTED, fontsize=8)  # fmt: skip
        axes.set(yticks=place, xlabel="% still customers a year after a failure", xlim=(45, 105),
                 ylim=(-0.6, len(place) - 0.4))  # fmt: skip
        axes.set_yticklabels(by_outcome["outcome"])
        figure.legend(frameon=False, loc="outside upper center", ncols=2)

    return draw


FINDING = Finding(
    "V8",
    "About half of the dissatisfied complain to the front line and few escalate; bad news travels twice as far as good; "
    "most of those whose complaint is resolved buy again, nearly all if it is resolved quickly.",
    "Goodman, J. / Technical Assistance Research Programs (TARP): Consumer complaint handling in America, 1979 and 1986, "
    "as quoted by others.",
    "second-hand",
    "The three bundled organisations, all levers at their defaults. Every failure that customers met with in half a year "
    f"is followed: whether they complained, whether and when it was made good, and whether they were still there {YEAR} "
    "working days (a year) later. How far news travels: what customers say each day, regressed on that day's good and bad "
    "experiences.",
    run,
)
