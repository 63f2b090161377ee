"""What a survey makes of the truth: few respondents, a scale of few points, answers that do not repeat themselves.

A meta-analysis starts from observed correlations and corrects them for this; a simulated unit shows its true mean. To compare
like with like, either compare corrected figures with true means, or let the simulated units be surveyed, too, as here.

An answer of person i in unit u is y = m_u + p_i + e_i: the unit's true mean, what people differ in whatever the unit (mood,
disposition), and the error of measurement. Two figures that surveys report fix both variances. With the variance of true means
between units s_b^2,

    ICC(1) = s_b^2 / s_y^2,    alpha = (s_b^2 + s_p^2) / s_y^2,

and the mean of n respondents has the reliability n ICC(1) / (1 + (n - 1) ICC(1)), by Spearman and Brown, which is ICC(2)
(Bliese 2000; Shrout & Fleiss 1979, doi:10.1037/0033-2909.86.2.420). The classic law of attenuation (Spearman 1904,
doi:10.2307/1412159) says what is left of a correlation rho of the truth: r = rho sqrt(r_xx r_yy).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from sim.errors import InputError


@dataclass(frozen=True, slots=True)
class Survey:
    """How units are surveyed.

    Attributes
    ----------
    respondents : people who answer in each unit
    alpha : reliability of one person's answer over all items (Cronbach's alpha)
    icc : share of the variance of answers that lies between units, ICC(1)
    items : questions about the same thing, averaged
    points : points of the answer scale; 0 for answers that are not rounded
    """

    respondents: int = 25
    alpha: float = 0.85
    icc: float = 0.1
    items: int = 6
    points: int = 5

    def __post_init__(self) -> None:
        for name, least in (("respondents", 1), ("items", 1), ("points", 0)):
            if getattr(self, name) < least or (name == "points" and self.points == 1):
                allowed = "2 or more points, or 0 for no rounding" if name == "points" else f"{least} or more"
                raise InputError(
                    f"a survey cannot have so few {name}", place=name, value=getattr(self, name), allowed=allowed
                )
        if not 0 < self.icc < 1:
            raise InputError("this is no ICC(1)", place="icc", value=self.icc, allowed="a number between 0 and 1")
        if not self.icc <= self.alpha <= 1:
            raise InputError(
                "answers cannot tell units apart better than they repeat themselves", place="alpha", value=self.alpha,
                allowed=f"a number from the ICC(1), {self.icc:g}, to 1",
            )  # fmt: skip

    @property
    def reliability(self) -> float:
        """Reliability of a unit's mean, ICC(2), before answers are rounded."""
        return self.respondents * self.icc / (1 + (self.respondents - 1) * self.icc)


STAFF = Survey(respondents=25, alpha=0.85, icc=0.10, items=6, points=5)
"""A staff survey. About 25 answers a unit, as in Harter, Schmidt & Hayes 2002 (198,514 in 7,939 units, second-hand); an alpha
between 0.7 and 0.9 and an ICC(1) between 0.05 and 0.20 are usual (Nunnally 1978; Bliese 2000, both second-hand). The values
within these: our choice."""

CUSTOMERS = Survey(respondents=100, alpha=0.85, icc=0.05, items=3, points=5)
"""A customer survey. No source: our choice."""


def attenuated(rho: float, reliability_x: float, reliability_y: float) -> float:
    """Return r = rho sqrt(r_xx r_yy), the correlation that is observed with measures of these reliabilities."""
    _check(reliability_x, reliability_y)
    return rho * math.sqrt(reliability_x * reliability_y)


def corrected(r: float, reliability_x: float, reliability_y: float) -> float:
    """Return rho = r / sqrt(r_xx r_yy), the correlation of the truth behind an observed one; it may exceed 1 by chance."""
    _check(reliability_x, reliability_y)
    return r / math.sqrt(reliability_x * reliability_y)


def _check(*reliabilities: float) -> None:
    for one in reliabilities:
        if not 0 < one <= 1:
            raise InputError("this is no reliability", place="reliability", value=one, allowed="above 0, up to 1")


def surveyed(means: np.ndarray, survey: Survey, chance: np.random.Generator) -> np.ndarray:
    """Return the mean answer of each unit, on the scale of ``means``.

    Answers are spread over the scale so that one standard deviation of an item is one point, about what surveys find, with the
    grand mean where it lies between 0 and 100. The variance between units is taken from ``means``, which should therefore be
    units that a study would compare: those of one organisation.

    Parameters
    ----------
    means : true means of the units, 0 to 100; nan stays nan
    survey : how they are asked
    chance : source of randomness
    """
    means = np.asarray(means, dtype=float)
    known = np.isfinite(means)
    between = float(means[known].std(ddof=1)) if known.sum() > 1 else 0.0
    if between == 0:
        return means.copy()
    answer_variance = between**2 / survey.icc
    person = math.sqrt(max(0.0, survey.alpha * answer_variance - between**2))
    item = math.sqrt(survey.items * (1 - survey.alpha) * answer_variance)
    shape = (len(means), survey.respondents)
    feels = means[:, None] + person * chance.standard_normal(shape)
    says = feels[:, :, None] + item * chance.standard_normal((*shape, survey.items))
    if survey.points:
        grand = float(means[known].mean())
        point = math.sqrt(survey.alpha * answer_variance + item**2)
        middle = (survey.points - 1) * grand / 100
        on_scale = np.clip(np.round(middle + (says - grand) / point), 0, survey.points - 1)
        says = grand + (on_scale - middle) * point
    answers: np.ndarray = says.mean(axis=(1, 2))
    return answers


def icc(answers: np.ndarray) -> tuple[float, float]:
    """Return ICC(1) and ICC(2) of answers by unit and respondent, from a one-way analysis of variance.

    With the mean squares between and within units B and W and n respondents: ICC(1) = (B - W) / (B + (n - 1) W) and ICC(2) =
    (B - W) / B (Shrout & Fleiss 1979).
    """
    answers = np.asarray(answers, dtype=float)
    if answers.ndim != 2 or min(answers.shape) < 2:
        raise InputError(
            "these answers cannot be compared", place="answers", value=answers.shape,
            allowed="two or more units (rows) with two or more respondents each (columns)",
        )  # fmt: skip
    respondents = answers.shape[1]
    between = respondents * float(answers.mean(axis=1).var(ddof=1))
    within = float(answers.var(axis=1, ddof=1).mean())
    if between == 0:
        return float("nan"), float("nan")
    return (between - within) / (between + (respondents - 1) * within), (between - within) / between
