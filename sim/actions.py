"""What a firm can do: steps of those levers that management can move, and what a step costs a year.

Most levers describe human nature, customers, a market or how the work is laid out; nobody can buy a change of them. `ACTIONS`
holds the others, each with a step of ordinary size in the direction that takes effort; `NO_ACTION` says of every remaining
lever why it is none. What a step costs is one of two:

- *booked*: the model's own books hold it, and the figure here follows by the same formula from the organisation's cost levers
  (`sim.levers.firm`). Where the bill depends on how often something happens (complaints, vacancies), it is taken at the
  volumes of the firm as described.
- *priced*: the books hold nothing, so that the step would look free. It has a price per person, post, manager and so on; every
  such price is a guess without a source, is shown as such, and can be replaced by the user's own figure.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from sim import levers
from sim.chain import ServiceChain
from sim.errors import InputError, did_you_mean
from sim.interventions import rows_of
from sim.levers import DAYS_PER_YEAR, GUESS

Place = tuple[str, ...]
"""Where a lever is: () for the firm, (unit,), (segment,) or (supplier, client)."""

Per = Literal["person", "manager", "wages", "post of work", "customer", "contractor", "firm"]
Where = Literal["departments", "facing", "contractors", "links", "links inside", "segments", "firm"]

LEAST_STEP = 0.1
"""A lever with less room than this share of an ordinary step is at the end of its range, and nothing can be done there."""

LEAST_WORK = 0.2
"""Posts of work for which a step on a link is paid at least: talking to each other takes time, however little is asked."""


@dataclass(frozen=True, slots=True)
class Volumes:
    """How much of what is paid by the piece happens in a year in the firm as described.

    Attributes
    ----------
    vacancies : by unit, posts that are vacant at a time, whether or not a temporary fills them
    redress : by unit, the damage of complaints that it answered well, in currency: what making all of it good would cost
    causes : complaints, faults that surfaced and problems solved: what may be traced to its root
    """

    vacancies: Mapping[str, float] = field(default_factory=dict)
    redress: Mapping[str, float] = field(default_factory=dict)
    causes: float = 0.0


@dataclass(frozen=True, slots=True)
class Step:
    """A lever that goes from ``before`` to ``after`` at one place of one organisation; what a formula of costs is given."""

    chain: ServiceChain
    place: Place
    before: float
    after: float

    @property
    def by(self) -> float:
        """By how much the lever moves, in its own unit."""
        return self.after - self.before

    def of(self, lever: str) -> float:
        """Return the value of another lever at this place."""
        return self.chain.value(lever, *self.place)

    def firm(self, lever: str) -> float:
        """Return the value of a lever of the firm."""
        return self.chain.value(lever)

    @property
    def people(self) -> float:
        """Posts of the unit, of both sides of a link, or of the whole firm."""
        return float(sum(self.chain.nodes[name].get("staff", 0) for name in self.place or self.chain.units))


Bill = Callable[[Step, Volumes], float]
"""A formula that gives what a step adds to the books in a year, in currency."""


@dataclass(frozen=True, slots=True)
class Action:
    """One thing that a firm can do.

    Attributes
    ----------
    lever : the lever that it moves
    step : by how much, in the lever's own unit; for a relative step, by which share of the value that is there
    where : in which parts of the firm it can be done
    what : in plain words
    bill : formula of what the model books; None where it books nothing
    price : where nothing is booked, what the step costs a year for each ``per``, in currency; for wages, a share of them
    per : what the price is counted by
    relative : whether the step is a share of the value
    centred : whether screening may look half a step to either side; not where the lever says on which days something happens
    source : where the step and its price come from
    """

    lever: str
    step: float
    where: Where
    what: str
    bill: Bill | None = None
    price: float | None = None
    per: Per = "person"
    relative: bool = False
    centred: bool = True
    source: str = GUESS

    @property
    def booked(self) -> bool:
        """Whether the model's books hold what the step costs."""
        return self.bill is not None

    def places(self, chain: ServiceChain) -> list[Place]:
        """Return every place where this can be done, in the order of the model's rows."""
        facing = {supplier for supplier, client in chain.links if client in chain.segments}
        departments = [name for name in chain.units if chain.nodes[name]["kind"] == "department"]
        found: dict[Where, list[Place]] = {
            "departments": [(name,) for name in departments],
            "facing": [(name,) for name in departments if name in facing],
            "contractors": [(name,) for name in chain.units if name not in departments],
            "links": list(chain.links),
            "links inside": [edge for edge in chain.links if edge[1] not in chain.segments],
            "segments": [(name,) for name in chain.segments],
            "firm": [()],
        }
        return found[self.where]


# --- what the model books -----------------------------------------------------------------------------------------------


def _training(step: Step, _: Volumes) -> float:
    return step.by * step.people * step.firm("training_cost") * DAYS_PER_YEAR


def _temporaries(step: Step, volumes: Volumes) -> float:
    return step.by * volumes.vacancies.get(step.place[0], 0.0) * step.of("wage") * step.firm("temporary_premium")


def _redress(step: Step, volumes: Volumes) -> float:
    return step.by * volumes.redress.get(step.place[0], 0.0)


def _root_cause(step: Step, volumes: Volumes) -> float:
    return step.by * volumes.causes * step.firm("root_cause_cost")


def _reviews(step: Step, _: Volumes) -> float:
    a_year = [DAYS_PER_YEAR / days if days > 0 else 0.0 for days in (step.before, step.after)]
    return (a_year[1] - a_year[0]) * step.firm("review_cost")


def _measurements(step: Step, _: Volumes) -> float:
    return step.by * DAYS_PER_YEAR / 5 * step.firm("measurement_cost")  # full measurement is every five days


def _partner_support(step: Step, _: Volumes) -> float:
    training = step.firm("partner_training") * step.firm("training_cost") * DAYS_PER_YEAR
    return step.by * step.people * (step.firm("partner_support_cost") + training)


def _partnership(step: Step, _: Volumes) -> float:
    return step.by * step.people * step.firm("partnership_cost")


def _fee(step: Step, _: Volumes) -> float:
    return step.by * step.people * step.of("wage")


def _gatherings(step: Step, _: Volumes) -> float:
    return step.by * step.people * step.firm("gathering_cost")


def _cross_training(step: Step, _: Volumes) -> float:
    return step.by * step.people * step.firm("cross_training_cost")


def _platform(step: Step, _: Volumes) -> float:
    return step.by * step.people * step.firm("platform_cost")


def _responsibility(step: Step, _: Volumes) -> float:
    return step.by * step.people * step.firm("responsibility_cost")


def _budget(step: Step, _: Volumes) -> float:
    return step.by * step.people


def _honest_promises(step: Step, _: Volumes) -> float:
    needs = step.chain.nodes[step.place[0]]["customers"] * step.of("needs_per_year")
    return -step.by * needs * step.of("revenue_per_need") * step.of("overpromise_sales")


# --- the table ------------------------------------------------------------------------------------------------------------

ACTIONS: tuple[Action, ...] = (
    # people (B)
    Action("training", 0.02, "departments", "five more days of training a year for each", _training),
    Action("tools", 0.1, "departments", "better tools and systems", price=1000),
    Action("environment", 0.1, "departments", "better place and conditions of work", price=600),
    Action("communication", 0.1, "departments", "people are better told what concerns them", price=300),
    Action("growth", 0.1, "departments", "better chances to learn and to get on", price=500),
    Action("belonging", 0.1, "departments", "a stronger feeling of being part of it", price=300),
    Action("pay", 0.05, "departments", "five per cent more pay", price=0.05, per="wages"),
    Action("recognition", 0.1, "departments", "more recognition by managers", price=150),
    Action("bonds", 0.1, "departments", "closer ties within the team", price=200),
    Action("advocacy", 0.1, "departments", "managers give more time to helping their people", price=3000, per="manager"),
    Action("empowerment", 0.1, "facing", "staff may settle more complaints themselves", price=100),
    Action("voice_safety", 0.1, "departments", "it is safer to raise a problem", price=200),
    Action("voice_ease", 0.1, "departments", "it is easier to raise a problem", price=100),
    Action("openness", 0.1, "departments", "managers take up more of the problems raised", price=1500, per="manager"),
    Action("temporaries", 0.2, "departments", "more vacant posts are filled by temporaries", _temporaries),
    Action("hiring_days", -0.2, "firm", "posts are filled in a fifth less time", price=100, relative=True),
    # work (A, C3, C6, E3, E5, E6)
    Action("error_rate", -0.1, "departments", "a tenth fewer errors: quality work on the process", price=800, relative=True),
    Action("hours_per_request", -0.05, "departments", "a leaner process, five per cent less work", price=800, relative=True),
    Action("ownership", 0.05, "departments", "staff own failed and unclear requests more often", price=200),
    Action("alignment", 0.1, "departments", "priorities follow customers' needs, not own targets", price=200),
    Action("haste", -0.05, "departments", "fewer corners cut to save time", price=100),
    Action("latent_rate", -0.2, "departments", "a fifth fewer hidden faults: checks and tests", price=300, relative=True),
    Action("apology", 0.1, "facing", "more complaints are met with an apology", price=100),
    Action("redress", 0.1, "facing", "more of the damage is made good", _redress),
    Action("listening", 0.1, "facing", "staff listen more for the real issue", price=200),
    # links (A2, C2 to C5)
    Action("internal_service", 0.1, "links inside", "more care for requests from inside", price=1500, per="post of work"),
    Action("unclear", -0.5, "links", "half as many unclear requests: whose business is what", price=400, per="post of work",
           relative=True),
    Action("waiting_information", 0.1, "links", "those who wait are told more often", price=300, per="post of work"),
    Action("rivalry", -0.1, "links inside", "mediation between two units that are at odds", price=1000, per="post of work"),
    Action("cross_training", 0.1, "links inside", "a tenth of both sides learns the other's work", _cross_training),
    Action("gatherings", 2.0, "links inside", "two more joint gatherings a year", _gatherings),
    # contractors (D)
    Action("agreement", 0.1, "contractors", "a clearer two-way service agreement, made now", price=3000, per="contractor"),
    Action("review_days", -0.5, "contractors", "the agreement is reviewed twice as often", _reviews, relative=True,
           centred=False),
    Action("measurement", 0.2, "contractors", "service is measured more often", _measurements),
    Action("partner_support", 0.2, "contractors", "more information, tools and training for its people", _partner_support),
    Action("partnership", 0.2, "contractors", "treated as a partner with goals of its own", _partnership),
    Action("fee", 0.05, "contractors", "a fee five per cent higher", _fee),
    # the firm (C5, D6, E2, E5, E8, F1, F5)
    Action("platform", 0.1, "firm", "more of the delays are known to all concerned", _platform),
    Action("company_agreement", 0.2, "firm", "company-wide agreement on accidents at customers'", _responsibility),
    Action("responsibility_training", 0.2, "firm", "training in taking responsibility", _responsibility),
    Action("root_cause", 0.1, "firm", "more failures are traced to their root", _root_cause),
    Action("service_budget", 200.0, "firm", "a budget for better service, spent as the firm's share for the front says",
           _budget),
    Action("general_attention", 0.25, "firm", "the general manager has two more hours a day for escalations", price=30000,
           per="firm"),
    Action("complain_share", 0.1, "segments", "complaining is made easier", price=1, per="customer"),
    Action("overpromise", -0.05, "segments", "fewer promises that cannot be kept", _honest_promises),
)  # fmt: skip

BY_LEVER: dict[str, Action] = {one.lever: one for one in ACTIONS}

NO_ACTION: dict[str, tuple[str, ...]] = {
    "how people are: nobody can buy another human nature": (
        "disconfirmation_gain", "loss_aversion", "diminishing_sensitivity", "assimilation", "satisfaction_learning",
        "trust_gain", "trust_loss", "waiting_aversion", "speed_up", "slow_down", "work_intensity", "corner_cutting",
        "standard_erosion", "standard_recovery", "care_time", "care_errors", "care_priority", "care_explanation", "willingness",
        "willing_motivation", "willing_trust", "newcomer_knowledge", "learning", "forgetting", "training_gain",
        "knowledge_errors", "knowledge_time", "knowledge_assurance", "span", "motivation_service", "motivation_rate",
        "motivation_empathy", "motivation_errors", "trust_empathy", "tools_assurance", "tools_tangibles",
        "environment_tangibles", "upset", "baggage_drain", "compassion_recovery", "strain_gain", "pressure_strain",
        "strain_recovery", "compassion_empathy", "strain_empathy", "strain_errors", "strain_time", "strain_motivation",
        "bond_rate", "peer_support", "load_sharing", "contagion", "bond_belonging", "support_buffer", "support_motivation",
        "support_willing", "support_tools", "support_growth", "problem_growth", "problem_harm", "voice_rate",
        "concern_attention", "voice_learning", "crisis_days", "crisis_harm", "crisis_time", "quit_motivation", "quit_strain",
        "temporary_knowledge", "onboarding_motivation", "onboarding_knowledge", "reciprocity", "regard_rate",
        "rivalry_growth", "rivalry_fade", "rivalry_care", "rivalry_delay", "blame_errors", "handover_empathy", "blame_trust",
        "bridge_growth", "bridge_trust", "bridge_blame", "cover_knowledge", "information_acceptance", "felt_wait",
        "target_speed", "target_errors", "partner_spread", "partner_errors", "clarity_fade", "clarity_errors",
        "clarity_empathy", "effort_rate", "effort_errors", "attribution", "immediacy", "sent_away", "responsibility_refused",
        "refusal_defended", "remedy_effect", "commitment_spread", "partnership_gain", "fee_gain", "commitment_rate",
        "commitment_errors", "commitment_empathy", "partner_tools", "partner_training", "apology_weight", "redress_weight",
        "recovery_restores", "second_failure", "latent_haste", "hidden_issue", "listening_time", "lesson_gain", "lesson_fade",
        "most_lessons", "budget_half", "budget_errors", "budget_speed", "escalation_attention", "measurement_noise",
        "selection_noise", "market_pull",
    ),
    "how customers and the market are": (
        "weight_reliability", "weight_responsiveness", "weight_assurance", "weight_empathy", "weight_tangibles", "patience",
        "rush_share", "rush_deadline", "reopen_rate", "baggage", "baggage_spread", "expectation", "satisfaction_gap",
        "expectation_spread",
        "expectation_learning", "promise_effect", "market_quality", "market_effect", "tolerance", "escalate_share",
        "overpromise_sales", "latent_days", "latent_spread", "unsatisfiable", "needs_per_year", "churn", "churn_sensitivity",
        "trust_loyalty", "new_customers", "word_of_mouth", "bad_news", "reputation_memory", "market_pace", "quit_rate",
        "candidates", "commitment",
    ),
    "how the work is laid out: a change of it is a reorganisation, not a step": (
        "requests_per_case", "dependence", "passed_on", "requests_per_hire", "face_to_face", "work_spread", "pause_share",
        "pause_days", "pause_spread", "problem_rate", "accident_rate",
    ),
    "holds on the first day only, or follows from what is done": (
        "knowledge", "knowledge_spread", "newcomer_share", "goodwill",
    ),
    "a rule or a word that costs nothing: try it with `vary`": (
        "promise_days", "promised_quality", "front_share", "ladder_days",
    ),
    "works only when a contractor is chosen or its contract ends, seldom within the days that are compared": (
        "selection_effort", "contract_days", "keep_score",
    ),
    "shows management something; nobody in the model acts on it": (
        "survey_share", "survey_noise", "survey_period", "survey_delay",
    ),
    "a price, not a deed": (
        "wage", "manager_wage", "revenue_per_need", "temporary_premium", "hiring_cost", "redress_cost", "crisis_cost",
        "training_cost", "gathering_cost", "cross_training_cost", "platform_cost", "selection_cost", "review_cost",
        "measurement_cost", "partner_support_cost", "partnership_cost", "responsibility_cost", "survey_cost",
        "root_cause_cost",
    ),
}  # fmt: skip
"""Why the other levers are no actions."""


def action(name: str, *, place: str = "lever") -> Action:
    """Return the action on a lever, or raise `InputError` that says why there is none."""
    one = levers.lever(name, place=place)
    if one.name in BY_LEVER:
        return BY_LEVER[one.name]
    reason = next(reason for reason, names in NO_ACTION.items() if one.name in names)
    raise InputError(
        "this lever is nothing that management does",
        place=place,
        value=one.name,
        allowed=", ".join(sorted(BY_LEVER)),
        hint=f"{one.name}: {reason}",
    )


# --- what can be done in an organisation, and for how much -------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Candidate:
    """An action at one place of one organisation.

    Attributes
    ----------
    action, place : what, and where
    row : the row of the model's population on which it works
    before, after : the lever now, and after the step; the step is cut where the lever's range ends
    low, high : the two values that screening compares, a step apart: half a step to either side of the value that is
        there, or no step and a whole one where the range ends
    """

    action: Action
    place: Place
    row: int
    before: float
    after: float
    low: float
    high: float

    @property
    def off_centre(self) -> float:
        """How far the middle of the two values is from the value that is there, in steps."""
        return ((self.low + self.high) / 2 - self.before) / (self.after - self.before)

    @property
    def name(self) -> str:
        """The place as people write it."""
        return named(self.place)


def named(place: Place) -> str:
    """Return a place as people write it."""
    return " → ".join(place) or "the firm"


def candidates(
    chain: ServiceChain,
    *,
    only: Sequence[str] = (),
    where: str | None = None,
    off: Iterable[str] = (),
    step: float = 1.0,
) -> list[Candidate]:
    """Return everything that can be done in an organisation.

    Parameters
    ----------
    chain : a checked chain
    only : levers to look at; all when empty
    where : a unit (with the links by which it serves), a segment or ``supplier:client``; None for everywhere
    off : mechanisms that are switched off; actions on their levers would switch them on again and are left out
    step : factor on every step
    """
    if not 0 < step <= 10:
        raise InputError("steps cannot be of this size", place="step", value=step, allowed="above 0, up to 10")
    chosen = [action(name) for name in only] or list(ACTIONS)
    off = set(off)
    found, refused = [], None
    for one in chosen:
        lever = levers.BY_NAME[one.lever]
        if lever.mechanism in off and lever.neutral is not None:
            continue
        order = _rows(chain, lever.home)
        try:
            rows = set(rows_of(chain, lever.name, where).tolist())
        except InputError as error:
            refused = error
            continue
        for place in one.places(chain):
            row = order[place]
            step_here = _candidate(chain, one, place, row, step) if row in rows else None
            if step_here:
                found.append(step_here)
    if not found:
        if refused and where is not None:
            raise refused
        raise InputError(
            "there is nothing to do here",
            place="lever, where",
            value=f"{', '.join(only) or 'every action'}; {where or 'everywhere'}",
            allowed="an action whose lever is not at the end of its range, in a part of the firm where it can be done",
        )
    return found


def _candidate(chain: ServiceChain, one: Action, place: Place, row: int, factor: float) -> Candidate | None:
    return candidate(one, place, row, chain.value(one.lever, *place), factor)


def candidate(one: Action, place: Place, row: int, before: float, factor: float = 1.0) -> Candidate | None:
    """Return a step of an action from the value that is there, or None where there is no room for one."""
    lever = levers.BY_NAME[one.lever]
    full = factor * one.step * (before if one.relative else 1.0)
    after = round(min(lever.high, max(lever.low, before + full)), 12)
    move = after - before
    if full == 0.0 or abs(move) < LEAST_STEP * abs(full):
        return None
    low, high = before, after
    if one.centred and lever.low <= before - move / 2 <= lever.high:
        low, high = round(before - move / 2, 12), round(before + move / 2, 12)
    return Candidate(one, place, row, before, after, low, high)


def _rows(chain: ServiceChain, home: levers.Home) -> dict[Place, int]:
    names: dict[str, list[Place]] = {
        "firm": [()],
        "unit": [(name,) for name in chain.units],
        "segment": [(name,) for name in chain.segments],
        "link": list(chain.links),
    }
    return {place: row for row, place in enumerate(names[home])}


def check_prices(prices: Mapping[str, float]) -> dict[str, float]:
    """Return the user's prices by the proper names of levers, or raise `InputError`."""
    checked = {}
    for name, price in prices.items():
        one = action(name, place="price")
        if one.booked:
            raise InputError(
                "the model's books hold already what this costs",
                place="price",
                value=one.lever,
                allowed="an action with a price: " + ", ".join(each.lever for each in ACTIONS if not each.booked),
                hint="change the cost lever in the organisation file; `service-culture levers` lists those of F1",
            )
        if not (isinstance(price, (int, float)) and 0 < price <= sys.float_info.max):
            raise InputError("this is no price", place=f"price of {one.lever}", value=price, allowed="a number above 0")
        checked[one.lever] = float(price)
    return checked


def parse_price(text: str) -> tuple[str, float]:
    """Read ``lever=price`` as command lines write it."""
    name, equals, number = text.partition("=")
    try:
        if not equals:
            raise ValueError
        return name.strip(), float(number)
    except ValueError:
        raise InputError(
            "this is no price",
            place="--price",
            value=text,
            allowed="LEVER=PRICE",
            hint=did_you_mean(name.strip(), BY_LEVER) or "for example: --price tools=1500",
        ) from None


def cost(chain: ServiceChain, one: Candidate, volumes: Volumes, prices: Mapping[str, float] | None = None) -> float:
    """Return what a step costs a year, in the organisation's currency: booked by the model, or at its price.

    A step that was cut at the end of a range costs in proportion.
    """
    if one.action.bill is not None:
        return one.action.bill(Step(chain, one.place, one.before, one.after), volumes)
    full = one.action.step * (one.before if one.action.relative else 1.0)
    return unit_price(one.action, prices) * counted(chain, one) * (one.after - one.before) / full


def unit_price(one: Action, prices: Mapping[str, float] | None = None) -> float:
    """Return the price of a step for each ``per``: the user's, or the guess of the table."""
    assert one.price is not None
    return (prices or {}).get(one.lever, one.price)


def counted(chain: ServiceChain, one: Candidate) -> float:
    """Return how many there are of what a price is counted by; for wages, the wages themselves."""
    per, place = one.action.per, one.place
    names = place or tuple(name for name in chain.units if chain.nodes[name]["kind"] == "department")
    if per == "person":
        return float(sum(chain.nodes[name]["staff"] for name in names))
    if per == "wages":
        return float(sum(chain.nodes[name]["staff"] * chain.value("wage", name) for name in names))
    if per == "manager":
        return float(sum(chain.nodes[name].get("managers", 1) for name in names))
    if per == "customer":
        return float(sum(chain.nodes[name]["customers"] for name in names))
    if per == "post of work":
        return max(LEAST_WORK, _posts_of_work(chain, *place))
    return 1.0


def _posts_of_work(chain: ServiceChain, supplier: str, client: str) -> float:
    """Return the full-time posts that the work over a link takes: requests, cases handed on, and onboarding."""
    requests = chain.link_rates()[supplier, client]
    if client not in chain.segments:
        requests += chain.case_rates()[client] * chain.value("passed_on", supplier, client)
        hires = chain.nodes[client]["staff"] * chain.value("quit_rate", client) / DAYS_PER_YEAR
        requests += hires * chain.value("requests_per_hire", supplier, client)
    return requests * chain.value("hours_per_request", supplier) / float(chain.setting("hours_per_day"))
