"""V1, V2, V4: what goes with what across simulated business units; and the findings that look at the same units.

Published correlations are corrected for errors of measurement or come from
measures of high reliability: they are compared with true means, and what a survey would observe stands beside.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from experiments.validation import answers, drawing, elasticity, noise, population
from experiments.validation.among_units import SIGN, around, checked, finding
from experiments.validation.finding import Effort, Finding, Published, Result
from experiments.validation.pooling import by_group, correlation, correlation_if, drivers, over_units
from sim.plots.style import MUTED

__all__ = ["FINDINGS", "correlation"]


def _causes(frame: pd.DataFrame) -> list[str]:
    return [str(name) for name in frame.columns if str(name).startswith(population.LEVER)]


def _because(frame: pd.DataFrame, x: str, y: str, first: int = 3) -> str:
    """Say what the correlation is made of: the largest contributions of levers, and the rest."""
    table = drivers(frame, x, y, _causes(frame))
    largest = ", ".join(
        f"{str(cause).removeprefix(population.LEVER).replace('_', ' ')} {share:+.2f}"
        for cause, share in table[["cause", "contribution"]].iloc[:-1].head(first).to_numpy().tolist()
    )
    others = float(table["contribution"].iloc[first:-1].sum())
    rest = float(table["contribution"].iloc[-1])
    return f"It is made of {largest}, other levers {others:+.2f}, luck and interplay {rest:+.2f}."


def _if_units_differed_otherwise(frame: pd.DataFrame, x: str, outcomes: Sequence[str]) -> pd.DataFrame:
    """Return the correlations if one group of levers differed half, or twice, as much between units."""
    causes, rows = _causes(frame), []
    for group, members in population.GROUPS.items():
        for times in (0.5, 2.0):
            changed = {name: times for one in members if (name := f"{population.LEVER}{one}") in causes}
            rows.append(
                {"levers": group, "differ": f"{times:g} times as much"}
                | {y: correlation_if(frame, x, y, changed, causes) for y in outcomes}
            )
    return pd.DataFrame(rows)


# --- V1: satisfaction and engagement with what a unit achieves ----------------------------------------------------------

_OUTCOMES: tuple[tuple[str, str, tuple[float, float]], ...] = (
    ("customers", "customer_satisfaction_loyalty", (0.32, 0.33)),
    ("turnover", "quit_hazard", (-0.36, -0.30)),
    ("productivity", "revenue_on_plan", (0.20, 0.25)),
    ("profitability", "margin_on_plan", (0.15, 0.17)),
)
_ATTITUDES = ("satisfaction", "engagement")
_WHAT_IT_IS = {
    "satisfaction": "",
    "engagement": "Engagement is motivation here: conditions of work, service inside, support and strain move it, "
    "not temper, and it makes for warmth toward customers and for staying. ",
}
"""What a reader should know of an attitude where its figures miss."""
_SURVEYED = {"customers": "customer_satisfaction", "turnover": "quits"}
"""What a study would see of an outcome: customers' answers, those who did quit; money as it is booked."""


def _as_surveyed(frame: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Return the units as surveys would show them, each organisation surveyed on its own."""
    chance = np.random.default_rng([seed, 1])
    seen = frame.copy()
    for _, rows in frame.groupby("organisation").groups.items():
        for column, survey in (
            ("employee_satisfaction", noise.STAFF),
            ("employee_engagement", noise.STAFF),
            ("customer_satisfaction", noise.CUSTOMERS),
        ):
            seen.loc[rows, column] = noise.surveyed(frame.loc[rows, column].to_numpy(), survey, chance)
    return seen


def _outcomes(effort: Effort) -> Result:
    frame = population.units(effort)
    seen = _as_surveyed(frame, effort.seed)
    checks, observed, rows = [], [], []
    for place, attitude in enumerate(_ATTITUDES):
        x = f"employee_{attitude}"
        for name, y, figures in _OUTCOMES:
            true, raw = correlation(frame, x, y), correlation(seen, x, _SURVEYED.get(name, y))
            text = f"ρ = {figures[place]:.2f}".replace("-", "−")
            reason = (
                _WHAT_IT_IS[attitude]
                + "The size hangs on how much units differ in what, which no source says (table if-units-differed). "
                + _because(frame, x, y)
            )
            checks.append(checked(f"{attitude} × {name}", around(figures[place], text), true, frame, reason,
                                 rises=figures[place] > 0))  # fmt: skip
            observed.append(raw)
            groups = by_group(frame, x, y).set_index("group")["r"]
            rows.append(
                {"attitude": attitude, "outcome": name, "published": figures[place], "true": true.mean, "low": true.low,
                 "high": true.high, "observed": raw.mean, "observed_low": raw.low, "observed_high": raw.high,
                 "units": true.runs}
                | {f"in {group}": r for group, r in groups.items()}
            )  # fmt: skip
    raw_money = {"revenue_per_employee": "revenue per employee", "margin": "margin"}
    money = pd.DataFrame([
        {"attitude": attitude, "measure": name, "r": one.mean, "low": one.low, "high": one.high}
        for attitude in _ATTITUDES
        for column, name in raw_money.items()
        for one in [correlation(frame, f"employee_{attitude}", column)]
    ])  # fmt: skip
    for attitude in _ATTITUDES:
        columns = [f"employee_{attitude}", *(y for _, y, _ in _OUTCOMES)]
        people_first = over_units(
            frame, columns, lambda r: (np.abs(r[..., 0, 1]) + np.abs(r[..., 0, 2]) - r[..., 0, 3] - r[..., 0, 4]) / 2
        )
        work_first = over_units(frame, columns, lambda r: r[..., 0, 3] - r[..., 0, 4])
        checks.append(checked(
            f"{attitude}: people before money", Published("customers, turnover > productivity, profit", 0, np.inf, SIGN),
            people_first, frame,
            "Customers and turnover are, on the mean, not clearly closer to staff than money is.",
        ))  # fmt: skip
        checks.append(checked(
            f"{attitude}: productivity before profit", Published("productivity > profit", 0, np.inf, SIGN), work_first, frame,
            "Money against plan and profit against plan move nearly as one here: most costs are wages of posts that a unit "
            "has anyway, so that profit is what is left of revenue.",
        ))  # fmt: skip
    sizes = checks[: len(observed)]
    otherwise = _if_units_differed_otherwise(frame, "employee_satisfaction", [y for _, y, _ in _OUTCOMES])
    return Result(
        checks,
        {
            "correlations": pd.DataFrame(rows),
            "if-units-differed": otherwise,
            "made-of": _made_of(frame),
            "money-without-plan": money,
            "units": frame,
        },
        drawing.forest(sizes, "correlation across units", [("as a survey would observe it", observed)]),
        note="Compared are true means, for published figures are corrected for errors of measurement; the table has what a "
        f"survey of {noise.STAFF.respondents} people a unit would observe. Productivity and profit are against the unit's own "
        "plan, as studies of branches often take out opportunity; without that, price and demand of the place drown them "
        "(table money-without-plan). Sizes hang on how much units differ in what, our guess: were one group of levers "
        f"to differ half or twice as much, {_span(otherwise)}.",
    )


def _span(otherwise: pd.DataFrame) -> str:
    """Say between which values each correlation with satisfaction would lie."""
    return ", ".join(f"{name} {otherwise[y].min():.2f} to {otherwise[y].max():.2f}" for name, y, _ in _OUTCOMES)


def _made_of(frame: pd.DataFrame) -> pd.DataFrame:
    return pd.concat(
        [
            drivers(frame, f"employee_{attitude}", y, _causes(frame)).assign(attitude=attitude, outcome=name)
            for attitude in _ATTITUDES
            for name, y, _ in _OUTCOMES
        ],
        ignore_index=True,
    )


# --- V2: satisfaction with performance ------------------------------------------------------------------------------------


def _performance(effort: Effort) -> Result:
    frame = population.units(effort)
    x, y = "employee_satisfaction", "performance"
    found = correlation(frame, x, y)
    seen = _as_surveyed(frame, effort.seed)
    observed = correlation(seen, x, y)
    check = checked(
        "satisfaction × performance", around(0.34, "ρ = 0.34"), found, frame,
        "The size hangs on how much units differ in what, which no source says. " + _because(frame, x, y),
    )  # fmt: skip
    groups = by_group(frame, x, y)

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        for (name, units), mark, colour in zip(
            frame.groupby("organisation"), "osD^vPX" * 9, _COLOURS * 9, strict=False
        ):
            r = groups.set_index("group")["r"].get(name, np.nan)
            apart = (units[x] - units[x].mean()) / units[x].std()
            axes.scatter(
                apart, units[y], s=14, marker=mark, color=colour, alpha=0.55, lw=0, label=f"{name}, r = {r:.2f}"
            )
        ends = np.array(axes.get_xlim())
        scale = float(frame.groupby("organisation")[y].std().mean())
        axes.plot(ends, scale * found.mean * ends, color="#222222", lw=2, label=f"simulated: ρ = {found.text(2)}")
        axes.plot(ends, scale * 0.34 * ends, color="#222222", lw=1.6, ls="--", label="published: ρ = 0.34")
        axes.set_xlim(*ends)
        axes.set_xlabel("job satisfaction of staff, standard deviations within the organisation")
        axes.set_ylabel("performance of the unit, mean of standard scores")
        axes.legend(frameon=False, fontsize=8)

    return Result(
        [check],
        {"by-organisation": groups, "if-units-differed": _if_units_differed_otherwise(frame, x, [y])},
        draw,
        note="Performance is the mean of four standard scores: customers' satisfaction and loyalty, revenue and margin against "
        f"the unit's own plan, and few quits. With satisfaction as a survey would observe it, r = {observed.text(2)}.",
    )


_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", MUTED)


# --- V4: emotional dissonance ---------------------------------------------------------------------------------------------


def _dissonance(effort: Effort) -> Result:
    frame = population.units(effort)
    x = "emotional_load"
    strain, quality, right = (correlation(frame, x, y) for y in ("front_strain", "front_quality", "front_right"))
    apart = over_units(
        frame, [x, "front_strain", "front_right", "front_quality"],
        lambda r: np.abs(r[..., 0, 1]) - np.maximum(np.abs(r[..., 0, 2]), np.abs(r[..., 0, 3])),
    )  # fmt: skip
    checks = [
        checked(
            "load × strain", Published("ρ = 0.39 to 0.48", 0.39, 0.48, "the source's own span, over kinds of well-being"),
            strain, frame,
            "Strain comes from customers' emotions and from work pressure in the model, and from nothing else: people do not "
            "differ in how they take it, bring nothing from home, and are not asked with error; in means of whole front lines "
            "only the load is left. " + _because(frame, x, "front_strain"),
        ),
        checked(
            "load × quality of encounters", Published("ρ = −0.20 to −0.05", -0.20, -0.05, "the source's own span"), quality,
            frame,
            "Quality as customers perceive it counts warmth, which compassion used up takes away directly; and busier units "
            "have more load and longer waits. " + _because(frame, x, "front_quality"), rises=False,
        ),
        checked(
            "load × right answers", Published("ρ = −0.20 to −0.05", -0.20, -0.05, "the source's own span"), right, frame,
            "Strain raises the odds of an error a little (strain errors), and strain is low in most units; errors differ "
            "between units for other reasons. " + _because(frame, x, "front_right"), rises=False,
        ),
        checked(
            "strain before performance", Published("well-being > performance", 0, np.inf, SIGN), apart, frame,
            "The load does not go with strain more closely than with performance.",
            sets="strain_errors, strain_empathy (their direction and order)",
        ),
    ]  # fmt: skip
    sizes = pd.DataFrame([
        {"pair": one.name, "r": one.simulated.mean, "low": one.simulated.low, "high": one.simulated.high}
        for one in checks
    ])  # fmt: skip
    made = pd.concat(
        [
            drivers(frame, x, y, _causes(frame)).assign(outcome=y)
            for y in ("front_strain", "front_quality", "front_right")
        ]
    )
    return Result(
        checks,
        {"correlations": sizes, "made-of": made},
        drawing.forest(checks[:3], "correlation across the front lines of units"),
        note="Dissonance, the effort to show what one does not feel, is not in the model; what stands for it is the compassion "
        "that customers' emotions have used up by the evening. The published figures are about persons, these about means of "
        "front lines, which chance and temperament blur less.",
    )


FINDINGS: tuple[Finding, ...] = (
    finding(
        "V1",
        "Business units with more satisfied and engaged staff have more satisfied customers, fewer quits, more productivity "
        "and more profit, in about this order.",
        "Harter, Schmidt & Hayes 2002, Journal of Applied Psychology 87(2), 268–279, doi:10.1037/0021-9010.87.2.268 "
        "(7,939 units in 36 companies)",
        "second-hand",
        "Satisfaction is the mean of eight facets of work, engagement is motivation; turnover is what their staff's motivation "
        "and strain let expect, without the luck of who goes.",
        _outcomes,
    ),
    finding(
        "V2",
        "Units with more satisfied staff perform better.",
        "Whitman, Van Rooy & Viswesvaran 2010, Personnel Psychology 63(1), 41–81, doi:10.1111/j.1744-6570.2009.01162.x "
        "(k = 73)",
        "read",
        "Performance is the mean of four standard scores within the organisation.",
        _performance,
    ),
    finding(
        "V4",
        "Having to show what one does not feel goes with impaired well-being, and much less with lower performance.",
        "Hülsheger & Schewe 2011, Journal of Occupational Health Psychology 16(3), 361–389, doi:10.1037/a0022876",
        "read",
        "Departments that face customers: compassion used up by the evening with strain, with the quality of their encounters "
        "as customers perceive it, and with right answers.",
        _dissonance,
    ),
    answers.LOYALTY,
    elasticity.FINDING,
    answers.EXPECTATION,
)
