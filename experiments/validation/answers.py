"""V5, V17: what goes with what across the customers of a unit: expectation, satisfaction, loyalty, and what they do."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from experiments.validation import business_unit, drawing, noise, population
from experiments.validation.among_units import SIGN, around, checked, finding
from experiments.validation.finding import Effort, Published, Result
from sim import organisation
from sim.estimates import Estimate, estimate
from sim.plots.style import MUTED

# --- V5: satisfaction, loyalty, intention, behaviour -----------------------------------------------------------------------

BEFOREHAND = 12
"""Units of each organisation without learning what to expect."""
_CUSTOMER_ALPHA = noise.CUSTOMERS.alpha


def _mean(frame: pd.DataFrame, column: str) -> Estimate:
    """Return the mean over units of a correlation across each unit's customers."""
    return estimate(frame[column].to_numpy())


def _observed(true: Estimate) -> Estimate:
    """Return what answers of ordinary reliability, one person's to either question, would show of a correlation."""
    low, mean, high = (noise.attenuated(v, _CUSTOMER_ALPHA, _CUSTOMER_ALPHA) for v in (true.low, true.mean, true.high))
    return Estimate(mean, low, high, true.runs)


def _loyalty(effort: Effort) -> Result:
    frame = population.units(effort)
    loyalty, intention, staying, tie = (
        _mean(frame, name)
        for name in ("satisfaction_with_loyalty", "satisfaction_with_intention", "satisfaction_with_staying",
                     "loyalty_with_intention")
    )  # fmt: skip
    apart = estimate((frame["satisfaction_with_intention"] - frame["satisfaction_with_staying"]).to_numpy())
    strongest = estimate((frame["loyalty_with_intention"] - frame["satisfaction_with_intention"]).to_numpy())
    alone = (
        "Loyalty is satisfaction and trust in the model (weights 0.7 and 0.3 by default), and both come from the same "
        "encounters; habit, price, and what friends use are not in it, and nobody is asked with error."
    )
    checks = [
        checked("satisfaction × loyalty", around(0.54, "r = 0.54"), loyalty, frame, alone, unit="r"),
        checked("satisfaction × intention", around(0.63, "r = 0.63"), intention, frame,
               "A customer's intention is a chance that the model computes from loyalty alone, without error; where segments "
               "differ in how easily they switch, that blurs it. " + alone, unit="r"),
        checked("loyalty × intention", around(0.71, "r = 0.71"), tie, frame,
               "Intention is computed from loyalty alone, without error.", unit="r"),
        checked("loyalty more than satisfaction", around(0.08, "0.71 − 0.63 = 0.08"), strongest, frame,
                "Loyalty and satisfaction are nearly the same in the model, so that neither can go with intention much more "
                "closely; segments differ in how easily they switch, which blurs both.", unit="difference of r"),
        checked("intention before behaviour", Published("intention ≫ actual repurchase", 0, np.inf, SIGN), apart, frame,
               "Who stays is as closely tied to satisfaction as who means to.", unit="r"),
    ]  # fmt: skip
    observed = [_observed(one) for one in (loyalty, intention, tie)]
    table = frame.groupby("organisation")[
        [
            "satisfaction_with_loyalty",
            "satisfaction_with_intention",
            "loyalty_with_intention",
            "satisfaction_with_staying",
        ]
    ].mean()
    return Result(
        checks,
        {"by-organisation": table.reset_index()},
        drawing.forest(
            checks[:3], "correlation across customers of a unit",
            [(f"as observed with an alpha of {_CUSTOMER_ALPHA:g}", observed)],
        ),
        note=f"Satisfaction goes with staying for the next year at r = {staying.text(2)} only: for each customer it is a "
        "matter of chance, as repurchase was found to be. With answers of a reliability of "
        f"{_CUSTOMER_ALPHA:g} the three would be observed at {observed[0].mean:.2f}, {observed[1].mean:.2f} and "
        f"{observed[2].mean:.2f}.",
    )  # fmt: skip


# --- V17: expectation and satisfaction ---------------------------------------------------------------------------------------


def _expectation(effort: Effort) -> Result:
    frame = population.units(effort)
    together, later = (
        _mean(frame, name) for name in ("expectation_with_satisfaction", "expectation_with_later_satisfaction")
    )
    apart = estimate((frame["expectation_with_satisfaction"] - frame["expectation_with_later_satisfaction"]).to_numpy())
    observed = _observed(together)
    first = _beforehand(effort)
    beforehand = _mean(first, "expectation_with_satisfaction")
    checks = [
        checked(
            "asked together", Published("r = 0.29 [0.24, 0.34]", 0.24, 0.34, "the source's 95 % interval"), together, frame,
            "Expectation follows what a customer has lived through (expectation learning), and so does satisfaction: asked "
            "together, both are mostly memories of the same encounters. Where expectations stay what they were before any "
            f"experience, the same firms show {beforehand.text(2)}; the published mean covers studies of both "
            "kinds. Nobody is asked with error.",
            unit="r",
        ),
        checked(
            "expectation a year before", Published("positive", 0, np.inf, SIGN), later, frame,
            "After a year, encounters in between decide; what was expected before them is forgotten.", unit="r",
        ),
        checked(
            "together before later", Published("stronger where asked at one moment", 0, np.inf, SIGN), apart, frame,
            "A year does not loosen the tie.", unit="r",
        ),
    ]  # fmt: skip

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        bins = np.linspace(-0.4, 1, 71)
        for column, name, colour, hatch in (
            ("expectation_with_satisfaction", f"asked together: mean {together.text(2)}", "#0072B2", ""),
            ("expectation_with_later_satisfaction", f"satisfaction a year later: {later.text(2)}", "#D55E00", "////"),
        ):
            axes.hist(
                frame[column].dropna(),
                bins.tolist(),
                color=colour,
                alpha=0.5,
                hatch=hatch,
                edgecolor="white",
                lw=0.3,
                label=name,
            )
        axes.axvspan(0.24, 0.34, color=MUTED, alpha=0.3, label="published: 0.29 [0.24, 0.34]")
        axes.axvline(0, color=MUTED, ls=":")
        axes.set_xlabel("correlation of expectation and satisfaction across the customers of a unit")
        axes.set_ylabel("simulated units")
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=2, frameon=False, fontsize=8)

    return Result(
        checks,
        {"by-organisation": frame.groupby("organisation")[
            ["expectation_with_satisfaction", "expectation_with_later_satisfaction"]
        ].mean().reset_index()},
        draw,
        note="A rule by which satisfaction is perception minus expectation alone would give a negative correlation. With "
        f"answers of a reliability of {_CUSTOMER_ALPHA:g} the first would be observed at {observed.mean:.2f}. Where nobody "
        f"learns what to expect (expectation learning 0; {len(first)} units) it is {beforehand.text(2)}.",
    )  # fmt: skip


def _beforehand(effort: Effort) -> pd.DataFrame:
    """Return a few units of the same organisations in which expectations stay what they were before any experience."""
    chains = [organisation.load(name).everywhere({"expectation_learning": 0.0}) for name in organisation.bundled()]
    return population.units(effort, chains, number=BEFOREHAND)


LOYALTY = finding(
    "V5",
    "Satisfied customers are loyal and mean to buy again; whether they do is another matter.",
    "Curtis, Abratt, Rhoades & Dion 2011, Journal of Consumer Satisfaction, Dissatisfaction and Complaining Behavior 24, 1–26",
    "read",
    f"In each unit {business_unit.CUSTOMERS_ASKED} customers who have been served; correlations across them, averaged "
    "over units.",
    _loyalty,
)

EXPECTATION = finding(
    "V17",
    "Customers who expect more are more satisfied.",
    "Schiebler, Lee & Brodbeck 2025, Journal of the Academy of Marketing Science, doi:10.1007/s11747-024-01078-x "
    "(150 records, N = 58,597)",
    "read",
    f"In each unit {business_unit.CUSTOMERS_ASKED} customers who have been served: what they expect with how satisfied they "
    "are, at the same moment, and a year later.",
    _expectation,
)
