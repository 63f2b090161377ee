"""Every parameter of the model: name, unit, range, default, neutral value, source.

A lever lives in one population (its *home*): the firm as a whole, the units (departments and contractors), the links of
the chain, or the customer segments. It may be set for the whole firm or for a part of it; `sim.interventions` says which
rows a part selects. A neutral value removes the lever's effect exactly.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sim.errors import InputError, did_you_mean

Home = Literal["firm", "unit", "link", "segment"]

DAYS_PER_YEAR = 250
"""Working days in a year; rates per year are spread evenly over them."""

GUESS = "no source: a modelling choice"


@dataclass(frozen=True, slots=True)
class Lever:
    """One parameter of the model.

    Attributes
    ----------
    name : as written in organisation files (``internal_service``); command lines also take hyphens
    home : the population whose rows carry it
    mechanism : id of the mechanism that it belongs to
    unit : unit of measurement
    low, high : allowed range, both ends included
    default : value where nothing is said
    neutral : value that switches the effect off; None for plain descriptions of an organisation, which have no "off"
    meaning : one sentence
    source : where the default comes from
    """

    name: str
    home: Home
    mechanism: str
    unit: str
    low: float
    high: float
    default: float
    neutral: float | None
    meaning: str
    source: str = GUESS

    @property
    def allowed(self) -> str:
        """The allowed range in words."""
        return f"a number from {self.low:g} to {self.high:g} ({self.unit})"

    def check(self, value: object, *, source: str | None = None, place: str | None = None) -> float:
        """Return ``value`` as a float, or raise `InputError` when it is not a number within the range."""
        number = value if isinstance(value, (int, float)) and not isinstance(value, bool) else None
        if number is None or not self.low <= number <= self.high:  # which refuses nan and infinity, too
            raise InputError(
                f"{self.name} cannot have this value",
                source=source,
                place=place or self.name,
                value=value,
                allowed=self.allowed,
            )
        return float(number)


_PARASURAMAN = "Zeithaml, Parasuraman & Berry 1990, Delivering Quality Service; quoted from memory by many, so vary it"
_ANDERSON = "direction: Anderson & Sullivan 1993, doi:10.1287/mksc.12.2.125; size: a modelling choice"
_OLIVA = "Oliva & Sterman 2001, doi:10.1287/mnsc.47.7.894.9807"

LEVERS: tuple[Lever, ...] = (
    # --- A1: what the chain looks like -------------------------------------------------------------------------------
    Lever("requests_per_case", "link", "A1", "requests per case", 0, 50, 1.0, None,
          "requests that one case of the client makes of this supplier, on average"),
    Lever("dependence", "link", "A3", "share", 0, 1, 0.5, 0.0,
          "how strongly the client's own work depends on what this supplier hands over"),
    Lever("passed_on", "link", "A1", "share", 0, 0.95, 0.0, 0.0,
          "share of the client's cases that it hands over to this supplier for good, after looking at them"),
    Lever("promise_days", "link", "A4", "working days", 0.001, 1000, 2.0, None,
          "time within which the client has been promised an answer, and holds it acceptable"),
    # --- the main dial -----------------------------------------------------------------------------------------------
    Lever("internal_service", "link", "A2", "share", 0, 1, 0.5, 0.5,
          "care put into internal requests relative to external ones: time, preparation, priority, explanation; "
          "0.5 is the organisation as described"),
    Lever("care_time", "firm", "A2", "log working time", 0, 2, 0.12, 0.0,
          "how much longer an internal request takes at full care than at 0.5"),
    Lever("care_errors", "firm", "A2", "log odds", 0, 5, 1.2, 0.0,
          "by how much full preparation lowers the odds of an error in an internal request"),
    Lever("care_priority", "firm", "A2", "share", 0, 1, 0.5, 0.0,
          "share of internal requests put before other work at full care, and behind it at none"),
    Lever("care_explanation", "firm", "A2", "share", 0, 1, 0.35, 0.0,
          "share of assurance and empathy that is lost when an internal request is answered without explanation"),
    # --- A2: the encounter -------------------------------------------------------------------------------------------
    Lever("weight_reliability", "link", "A2", "weight", 0, 100, 32, None,
          "weight of reliability in perceived quality", _PARASURAMAN),
    Lever("weight_responsiveness", "link", "A2", "weight", 0, 100, 22, None,
          "weight of responsiveness in perceived quality", _PARASURAMAN),
    Lever("weight_assurance", "link", "A2", "weight", 0, 100, 19, None,
          "weight of assurance in perceived quality", _PARASURAMAN),
    Lever("weight_empathy", "link", "A2", "weight", 0, 100, 16, None,
          "weight of empathy in perceived quality", _PARASURAMAN),
    Lever("weight_tangibles", "link", "A2", "weight", 0, 100, 11, None,
          "weight of tangibles in perceived quality", _PARASURAMAN),
    Lever("disconfirmation_gain", "firm", "A2", "share", 0, 2, 0.4, 0.0,
          "effect on judgement of exceeding the expectation by a little", _ANDERSON),
    Lever("loss_aversion", "firm", "A2", "ratio", 1, 10, 2.0, 1.0,
          "how much more a shortfall weighs than an equal surplus", _ANDERSON),
    Lever("diminishing_sensitivity", "firm", "A2", "1", 0, 20, 1.0, 0.0,
          "how fast the effect of a further shortfall or surplus wears off",
          "direction: Mittal, Ross & Baldasare 1998, doi:10.1177/002224299806200104; size: a modelling choice"),
    Lever("assimilation", "firm", "A2", "share", 0, 0.95, 0.25, 0.0,
          "share by which perception is pulled toward what was expected",
          "direction: Oliver 1997, Satisfaction; size: a modelling choice"),
    Lever("satisfaction_learning", "firm", "A2", "share", 0, 1, 0.25, 0.0,
          "weight of the newest encounter in satisfaction"),
    Lever("trust_gain", "firm", "A2", "share", 0, 1, 0.08, 0.0, "share of the gap closed when trust rises"),
    Lever("trust_loss", "firm", "A2", "share", 0, 1, 0.2, 0.0, "share of the gap closed when trust falls",
          "direction: Slovic 1993, doi:10.1111/j.1539-6924.1993.tb01329.x; size: a modelling choice"),
    # --- A4: work takes capacity -------------------------------------------------------------------------------------
    Lever("hours_per_request", "unit", "A4", "hours", 0, 10000, 1.0, None, "mean working time of one request"),
    Lever("work_spread", "unit", "A4", "coefficient of variation", 0, 20, 0.8, 0.0,
          "spread of the working time around its mean"),
    Lever("pause_share", "unit", "A4", "share", 0, 1, 0.0, 0.0,
          "share of cases that rest for outside reasons: a customer's answer, a vendor, material"),
    Lever("pause_days", "unit", "A4", "working days", 0, 5000, 0.0, 0.0, "mean length of such a rest"),
    Lever("pause_spread", "unit", "A4", "coefficient of variation", 0, 50, 1.0, 0.0, "spread of such a rest"),
    Lever("error_rate", "unit", "A3", "share", 0, 0.99, 0.05, 0.0,
          "share of requests that go wrong for reasons of the unit's own, with ordinary people, care and pressure"),
    Lever("reopen_rate", "link", "A3", "share", 0, 0.95, 0.5, 0.0,
          "share of wrong answers that the client sends back to be put right"),
    Lever("speed_up", "firm", "A4", "log time per unit pressure", 0, 2, 0.64, 0.0,
          "by how much staff cut the time per request under work pressure", _OLIVA + " (alpha = -0.64)"),
    Lever("work_intensity", "firm", "A4", "log effort per unit pressure", 0, 2, 0.37, 0.0,
          "by how much staff work harder under work pressure", _OLIVA + " (0.37)"),
    Lever("corner_cutting", "firm", "A4", "log odds", 0, 20, 2.5, 0.0,
          "rise in the odds of an error when the time per request is cut to nothing"),
    Lever("waiting_aversion", "firm", "A4", "1", 0, 10, 0.6, 0.0,
          "how fast responsiveness falls with the wait, in multiples of the acceptable wait"),
    Lever("patience", "segment", "A4", "ratio", 0.01, 100, 1.0, None,
          "the acceptable wait of customers as a multiple of the promise"),
    # --- A5: rush requests -------------------------------------------------------------------------------------------
    Lever("rush_share", "segment", "A5", "share", 0, 1, 0.04, 0.0, "share of needs that are in a hurry"),
    Lever("rush_deadline", "firm", "A5", "share", 0.01, 1, 0.4, 1.0,
          "acceptable wait of a rush request as a share of the ordinary promise"),
    Lever("willingness", "firm", "A5", "log odds", -20, 20, 0.5, None,
          "readiness to hurry for a colleague at average motivation and trust"),
    Lever("willing_motivation", "firm", "A5", "log odds per unit", 0, 20, 4.0, 0.0,
          "how much readiness to hurry rises with the supplier's motivation"),
    Lever("willing_trust", "firm", "A5", "log odds per unit", 0, 20, 4.0, 0.0,
          "how much readiness to hurry rises with the supplier's trust in the asker"),
    Lever("goodwill", "link", "A5", "share", 0, 1, 0.6, None,
          "the supplier's trust in this client where it has no experience of being served by it"),
    # --- B1: knowledge -----------------------------------------------------------------------------------------------
    Lever("knowledge", "unit", "B1", "share", 0, 1, 0.75, None, "mean knowledge of experienced staff on the first day"),
    Lever("knowledge_spread", "unit", "B1", "share", 0, 0.5, 0.08, 0.0, "standard deviation of that knowledge"),
    Lever("newcomer_share", "unit", "B1", "share", 0, 1, 0.1, 0.0,
          "share of staff who do not know the product yet on the first day"),
    Lever("newcomer_knowledge", "firm", "B1", "share", 0, 1, 0.35, None, "knowledge of a newcomer"),
    Lever("learning", "firm", "B1", "share per request", 0, 1, 0.0006, 0.0,
          "share of the gap in knowledge closed by doing one request"),
    Lever("forgetting", "firm", "B1", "share per day", 0, 1, 0.004, 0.0,
          "share of what was learnt beyond a newcomer's knowledge that is forgotten in a day"),
    Lever("training", "unit", "B1", "share of working time", 0, 0.5, 0.02, 0.0, "working time spent in training"),
    Lever("training_gain", "firm", "B1", "share per day", 0, 1, 0.15, 0.0,
          "share of the gap in knowledge closed by a full day of training"),
    Lever("knowledge_errors", "firm", "B1", "log odds per unit", 0, 20, 3.0, 0.0,
          "rise in the odds of an error per unit of missing knowledge"),
    Lever("knowledge_time", "firm", "B1", "log time per unit", 0, 5, 0.7, 0.0,
          "rise in working time per unit of missing knowledge"),
    Lever("knowledge_assurance", "firm", "B1", "share", 0, 1, 0.8, 0.0,
          "share of assurance that is lost when the server knows nothing"),
    # --- B2: motivation ----------------------------------------------------------------------------------------------
    Lever("tools", "unit", "B2", "share", 0, 1, 0.6, None, "how well tools and systems serve the work"),
    Lever("environment", "unit", "B2", "share", 0, 1, 0.6, None, "how well place and conditions serve the work"),
    Lever("communication", "unit", "B2", "share", 0, 1, 0.6, None, "how well people are told what concerns them"),
    Lever("growth", "unit", "B2", "share", 0, 1, 0.6, None, "chances to learn and to get on"),
    Lever("belonging", "unit", "B2", "share", 0, 1, 0.65, None, "feeling of being part of it"),
    Lever("pay", "unit", "B2", "share", 0, 1, 0.6, None, "pay against what is usual, 0.5 being usual"),
    Lever("recognition", "unit", "B2", "share", 0, 1, 0.6, None,
          "recognition that managers give to those whom their attention reaches"),
    Lever("span", "unit", "B2", "people", 1, 200, 10, None, "people whom one manager's attention reaches in full"),
    Lever("motivation_service", "firm", "B2", "share", 0, 1, 0.4, 0.0,
          "weight of the service received inside in motivation, beside the other conditions",
          "direction: Heskett et al. 1994 (service-profit chain), Hallowell et al. 1996; size: a modelling choice"),
    Lever("motivation_rate", "firm", "B2", "share per day", 0, 1, 0.04, 0.0,
          "share of the gap between motivation and its grounds that closes in a day"),
    Lever("motivation_empathy", "firm", "B2", "share", 0, 1, 0.7, 0.0,
          "share of empathy that is lost when the server has no motivation"),
    Lever("motivation_errors", "firm", "B2", "log odds per unit", 0, 20, 1.0, 0.0,
          "rise in the odds of an error per unit of missing motivation"),
    Lever("trust_empathy", "firm", "B2", "share", 0, 1, 0.3, 0.0,
          "share of empathy that is lost when the server does not trust a client from inside"),
    Lever("tools_assurance", "firm", "B2", "share", 0, 1, 0.2, 0.0, "share of assurance lost without tools"),
    Lever("tools_tangibles", "firm", "B2", "share", 0, 1, 0.5, 0.0, "share of tangibles lost without tools"),
    Lever("environment_tangibles", "firm", "B2", "share", 0, 1, 0.4, 0.0,
          "share of tangibles lost in the worst environment"),
    # --- E1: expectations --------------------------------------------------------------------------------------------
    Lever("expectation", "link", "E1", "share", 0, 1, 0.75, None, "expected quality on the first day"),
    Lever("expectation_spread", "firm", "E1", "share", 0, 0.5, 0.08, 0.0,
          "standard deviation of expectations between clients"),
    Lever("expectation_learning", "firm", "E1", "share", 0, 1, 0.12, 0.0,
          "weight of the newest encounter in the expectation"),
    Lever("promised_quality", "segment", "E1", "share", 0, 1, 0.8, None, "quality that advertising and sales promise"),
    Lever("promise_effect", "firm", "E1", "share per need", 0, 1, 0.02, 0.0,
          "weight of the promise in the expectation each time a need arises"),
    Lever("market_quality", "segment", "E1", "share", 0, 1, 0.75, None, "quality that competitors are known for"),
    Lever("market_effect", "firm", "E1", "share per day", 0, 1, 0.0005, 0.0,
          "speed at which expectations drift toward what competitors offer"),
    # --- E7: loyalty, churn, word of mouth -----------------------------------------------------------------------------
    Lever("needs_per_year", "segment", "A1", "needs per customer and year", 0, 5000, 6.0, None,
          "how often a customer needs something"),
    Lever("churn", "segment", "E7", "share per year", 0, 0.99, 0.1, 0.0,
          "share of merely satisfied customers (satisfaction 75) who leave in a year"),
    Lever("churn_sensitivity", "firm", "E7", "log hazard per unit", 0, 50, 8.0, None,
          "fall in the hazard of leaving per unit of satisfaction",
          "Jones & Sasser 1995: totally satisfied customers are about six times more loyal than merely satisfied ones"),
    Lever("trust_loyalty", "firm", "E7", "share", 0, 1, 0.3, 0.0, "weight of trust beside satisfaction in loyalty"),
    Lever("new_customers", "segment", "E7", "share per year", 0, 10, 0.1, 0.0,
          "customers who come in a year at an ordinary reputation, as a share of those on the first day"),
    Lever("word_of_mouth", "firm", "E7", "log rate per unit", 0, 20, 2.0, 0.0,
          "rise in the arrival of new customers per unit of reputation"),
    Lever("bad_news", "firm", "E7", "ratio", 1, 10, 2.0, 1.0,
          "how much farther a bad experience is told than a good one",
          "Goodman / TARP, second-hand: about twice"),
    Lever("reputation_memory", "firm", "E7", "days", 1, 5000, 60, None, "how long what people say is remembered"),
)  # fmt: skip

BY_NAME: dict[str, Lever] = {lever.name: lever for lever in LEVERS}


def lever(name: str, *, source: str | None = None, place: str | None = None) -> Lever:
    """Return the lever of this name, hyphens or underscores, or raise `InputError` with the nearest known name."""
    found = BY_NAME.get(str(name).replace("-", "_"))
    if found is None:
        raise InputError(
            "there is no such lever",
            source=source,
            place=place,
            value=name,
            allowed="a name from `service-culture levers`",
            hint=did_you_mean(str(name), BY_NAME),
        )
    return found


def of(home: Home) -> tuple[Lever, ...]:
    """Return the levers that live in this population, in the order of the table."""
    return tuple(one for one in LEVERS if one.home == home)


def neutral_values(*mechanisms: str) -> dict[str, float]:
    """Return the neutral value of every lever of these mechanisms, or of all when none is named.

    Levers without a neutral value describe an organisation and are left out.
    """
    return {
        one.name: one.neutral
        for one in LEVERS
        if one.neutral is not None and (not mechanisms or one.mechanism in mechanisms)
    }
