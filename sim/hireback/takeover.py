"""G2: a vendor takes the place of a unit. What it is in the model, and what happens on the day on which it takes over.

**What a vendor is.** A contractor (D) whose levers are such that its clients would perceive the quality Q = (Q_1 … Q_5) that
the market offers, if the place were an *ordinary* one: the same work over the same links, but suppliers behind it as reliable
as an ordinary unit (`sim.hireback.ordinary`), nobody under strain, and the contract managed as contracts ordinarily are (levers
of D at their defaults). The rules of the encounter (`sim.rules.service.meet_client`) are solved for the levers, one dimension
after the other:

    tangibles       Q_5 = (1 − a (1 − t)) (1 − b (1 − e)) β'     tools t and environment e, moved by as much
    empathy         Q_4 = (1 − c (1 − M)) (1 − g (1 − T)) ω      motivation M, and from it the other conditions of work
    assurance       Q_3 = (1 − k (1 − K)) (1 − h (1 − t))        knowledge K, and the training that keeps it up
    responsiveness  Q_2 = mean of prompt(x y), y ~ exponential   mean wait x as a share of the promise, by work and rests
    reliability     Q_1 = (1 − p) β mean of min(1, 1 / (x y))    probability of an error p, given K, M and the contract

β and β' are what inputs of ordinary suppliers leave of answers and of what is handed over, T ordinary goodwill, ω the warmth of
a contract as it ordinarily stands. Where the suppliers behind it are poor, or customers bring much baggage, the vendor gives
less than Q, as any department there would. That is meant: a vendor does the same work in the same place. Where there is much to
do for each, its people learn by doing, and know more than a poor vendor's offer says. How near offer and service come in the
bundled organisations is in docs/hire_back.md.

**Time.** The wait that clients see is made of the line and the work, W(h), and of what a case waits for inside. The first is
taken from the M/G/c approximation W(h) = h + C(c, λh) h / (c − λh) (1 + v²) / 2 with Erlang's C (Allen & Cunneen; see Whitt
1993, doi:10.1111/j.1937-5956.1993.tb00094.x), the second from what was measured in the year before, and stays. A vendor that is
faster is one whose people take less time: the number of posts is fixed in a run, capacity is posts by hours. With a slower one,
cases rest before anybody takes them up.

**Money.** The vendor is paid its price times what the unit cost itself (pay or fee, training, hiring) in the year before. The
bill is the same every day: who leaves the vendor and is replaced is the vendor's business, and its price and quality hold
that. What the firm pays beside it stays as it is: surveys, redress, the common platform. New is what a contract costs to look
after (choosing, reviews, measurement, support), as the levers of D say. Only a price that is high or low *among vendors*
moves their commitment.

**The day of the takeover.** All posts are held by new people from this morning, who bring the vendor's knowledge of the trade
but have this firm still to learn: K_0 + `CARRIED` (K − K_0), K_0 being a newcomer's. They come as a team (ties within it at
their usual strength), without ties across, without strain; they meet their suppliers as newcomers do. Clients inside expect
what they are used to, and are as satisfied as they were; their trust in the unit belonged to its people and is now the
market's. Work in hand goes on in new hands. Open problems, crises, lessons learnt and the worn-down standard belonged to a
way of working that ends; so does hostility of the unit towards its clients, and its regard for them starts anew.
Cross-training with it ends. All of these are modelling choices without a source, in the spirit of what `sim.rules.partners`
does when a contract ends.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from sim import levers
from sim.compiled import kernel, wrapping_integers
from sim.hireback.market import BY_NAME as ASSUMED
from sim.hireback.market import Market
from sim.hireback.ordinary import ORDINARY_WAIT
from sim.levers import DAYS_PER_YEAR
from sim.model import ServiceModel
from sim.population import CONTRACTOR, FREE, NOBODY, PERMANENT, VACANT
from sim.rules import partners, turnover, voice
from sim.rules.knowledge import ORDINARY_KNOWLEDGE
from sim.rules.motivation import ORDINARY_MOTIVATION
from sim.rules.partners import ORDINARY_CLARITY, ORDINARY_COMMITMENT

CARRIED = 0.5
"""Share of a vendor's knowledge beyond a newcomer's that is of the trade, not of this firm. No source: a modelling choice."""

FASTEST = 1 / 3
"""Least time that a vendor's people need for a request, relative to the unit's. No source: a modelling choice."""
LEAST_REST = 0.001
"""Days of rest that are none."""
FULLEST = 0.95
"""Highest utilisation at which a vendor takes on work."""
LEAST_ERRORS, MOST_ERRORS = 0.002, 0.9
"""Between these lies the probability of an error of a vendor: nobody is perfect, whatever the market's distribution says."""
MOST_TRAINING = 0.1
"""Most working time that a vendor's people spend in training."""
DIGITS = 9
"""Digits to which levers are rounded: the last bits of logarithms differ between processors."""

OF_THE_PLACE = {
    "hours_per_request", "work_spread", "pause_share", "pause_days", "pause_spread", "redress", "accident_rate",
    "selection_effort", "agreement", "review_days", "measurement", "partner_support", "partnership", "contract_days",
    "keep_score", "wage", "manager_wage", "newcomer_share",
}  # fmt: skip
"""Levers of a unit that stay whoever does the work: the work itself, and how the firm looks after contracts and complaints. All
others describe who does it, and are the vendor's."""

OF_THE_SERVICE = ("internal_service", "rivalry", "waiting_information")
"""Levers of a link that describe who serves over it."""


@dataclass(frozen=True, slots=True)
class Place:
    """What a unit did in the year before: what a vendor takes over.

    Attributes
    ----------
    cost : what it cost itself, currency a year: pay or fee, training, hiring
    arrivals : requests a day
    wait, share_of_promise : mean time until clients had their answer, in days and as a share of what they find acceptable; nan
        where nobody asked
    received : mean satisfaction of its people with those who serve them, 0 to 1; -1 where nobody does
    """

    cost: float
    arrivals: float
    wait: float
    share_of_promise: float
    received: float


def place_of(model: ServiceModel, row: int) -> Place:
    """Return what the unit in this row did in the last year, or since the first day if that was later."""
    state = model.state
    first = max(0, model.day - DAYS_PER_YEAR)
    unit, firm = state.unit[row], state.firm[0]
    days = state.unit_day[first : model.day, row]
    hires = hiring = 0.0
    filled = float(unit["filled"])
    if len(days):
        hires = float(days["hires"].sum()) * DAYS_PER_YEAR / len(days)
        hiring = hires * float(firm["hiring_cost"])
        filled = float(days["filled"].mean())
    temporaries = unit["temporaries"] * hires * firm["hiring_days"] / DAYS_PER_YEAR
    posts = unit["wage"] * (filled + temporaries * (firm["temporary_premium"] - 1.0))
    pay = posts * unit["fee"] if unit["kind"] == CONTRACTOR else posts + unit["managers"] * unit["manager_wage"]
    training = unit["training"] * filled * firm["training_cost"] * DAYS_PER_YEAR

    mine = np.flatnonzero(state.link["supplier"] == row)
    served = state.link_day[first : model.day][:, mine]
    asked = served["encounters"].sum(axis=0).astype(float)
    waited = served["wait"].sum(axis=0)
    acceptable = state.link["promise_days"][mine].copy()
    outside = state.link["client_segment"][mine]
    acceptable[outside >= 0] *= state.segment["patience"][outside[outside >= 0]]
    total = asked.sum()
    return Place(
        cost=float(pay + training + hiring),
        arrivals=float(days["arrived"].mean()) if len(days) else 0.0,
        wait=float(waited.sum() / total) if total else float("nan"),
        share_of_promise=float((waited / acceptable).sum() / total) if total else float("nan"),
        received=float(days["service_received"].mean()) if len(days) else -1.0,
    )


# --- from quality to levers ------------------------------------------------------------------------------------------------


def solve(target: float, function: Callable[[float], float], low: float, high: float) -> float:
    """Return x between ``low`` and ``high`` where a rising function reaches ``target``, or the end that is nearer to it."""
    if function(low) >= target:
        return low
    if function(high) <= target:
        return high
    for _ in range(60):
        middle = 0.5 * (low + high)
        if function(middle) < target:
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)


def waiting(hours: float, arrivals: float, staff: int, spread: float, hours_per_day: float) -> float:
    """Return W(h), the mean days in line and at work by the M/G/c approximation; infinite where work never ends."""
    work = hours / hours_per_day
    load = arrivals * work
    if load >= staff:
        return math.inf
    blocked = 1.0  # Erlang's B by its recursion, and C from it
    for servers in range(1, staff + 1):
        blocked = load * blocked / (servers + load * blocked)
    line = blocked / (1.0 - load / staff * (1.0 - blocked))
    return work + line * work / (staff - load) * (1.0 + spread**2) / 2.0


@dataclass(frozen=True, slots=True)
class Vendor:
    """Levers of a vendor by name, the knowledge and motivation that it comes with, and its bill.

    ``knowledge`` is what its people come to know in this place; ``bill`` is in currency a year.
    """

    levers: dict[str, float]
    knowledge: float
    motivation: float
    bill: float


def vendor_for(
    model: ServiceModel, row: int, place: Place, quality: np.ndarray, price: float, usual_price: float
) -> Vendor:
    """Return the vendor of this quality (five dimensions, 0 to 1) and price for the place of a unit; see the module.

    ``price`` and ``usual_price``, the market's mean, are relative to what the unit costs now.
    """
    state = model.state
    firm, unit = state.firm[0], state.unit[row]
    usual = {one.name: one.default for one in levers.of("unit")} | {one.name: one.default for one in levers.of("link")}
    reliability, responsiveness, assurance, empathy, tangibles = (float(one) for one in quality)
    staff = int(unit["staff"])
    reach = min(1.0, float(unit["managers"]) * usual["span"] / staff)
    support = usual["advocacy"] * reach
    whole, in_state = _from_ordinary_suppliers(model, row)
    contract_errors, omega = _ordinary_contract(*(float(firm[name]) for name in _OF_CONTRACTS))
    found: dict[str, float] = {}

    # tangibles: tools and environment, from what ordinary units have
    a, b = float(firm["tools_tangibles"]), float(firm["environment_tangibles"])
    from_leaders, from_firm = (
        float(firm["support_tools"]) * support,
        float(firm["partner_tools"]) * usual["partner_support"],
    )
    tools_usual = usual["tools"] + from_leaders * (1.0 - usual["tools"])

    def seen(shift: float) -> float:
        tools, environment = _clip(tools_usual + shift), _clip(usual["environment"] + shift)
        return (1.0 - a * (1.0 - tools)) * (1.0 - b * (1.0 - environment)) * in_state

    shift = solve(tangibles, seen, -1.0, 1.0) if a > 0.0 or b > 0.0 else 0.0
    tools = _clip(tools_usual + shift)
    own_tools = _clip(_less(tools, from_firm))
    found["tools"] = _clip(_less(own_tools, from_leaders))
    found["environment"] = _clip(usual["environment"] + shift)

    # empathy: motivation, and from it the conditions of work that are no things
    c, g = float(firm["motivation_empathy"]), float(firm["trust_empathy"])
    warm = (1.0 - g * (1.0 - usual["goodwill"])) * omega
    motivation = ORDINARY_MOTIVATION
    if c > 0.0:
        motivation = _clip(1.0 - (1.0 - empathy / warm) / c)
        of_leaders = float(firm["support_motivation"]) * support
        weight = float(firm["motivation_service"]) if place.received >= 0.0 else 0.0
        grounds = _less(motivation, of_leaders)
        of_work = (grounds - weight * place.received) / (1.0 - weight) if weight < 1.0 else grounds
        condition = _clip((7.0 * of_work - tools - found["environment"]) / (4.0 + reach))
        found |= dict.fromkeys(("communication", "growth", "belonging", "pay", "recognition"), condition)
        of_work = (tools + found["environment"] + (4.0 + reach) * condition) / 7.0
        grounds = (1.0 - weight) * of_work + weight * place.received
        motivation = _clip(grounds + of_leaders * (1.0 - grounds))

    # assurance: knowledge, and the training that keeps it where it is
    k, h = float(firm["knowledge_assurance"]), float(firm["tools_assurance"])
    knowledge = ORDINARY_KNOWLEDGE
    if k > 0.0:
        knowledge = _clip(1.0 - (1.0 - assurance / (1.0 - h * (1.0 - tools))) / k)
    knowledge, found["training"] = _kept_up(firm, knowledge, place.arrivals / staff, support, usual["partner_support"])
    found["knowledge"] = knowledge

    # responsiveness: work and rests with which clients wait as long as the market lets them
    pace, late = _pace(model, row, place, responsiveness, knowledge, found["training"])
    found |= pace

    # reliability: errors, less what knowledge, motivation and the contract make of them
    wrong = min(MOST_ERRORS, max(LEAST_ERRORS, 1.0 - reliability / (whole * in_time(late))))
    log_odds = math.log(wrong / (1.0 - wrong)) - (
        float(firm["knowledge_errors"]) * (ORDINARY_KNOWLEDGE - knowledge)
        + float(firm["motivation_errors"]) * (ORDINARY_MOTIVATION - motivation)
        + contract_errors
    )
    found["error_rate"] = 1.0 / (1.0 + math.exp(-log_odds))

    found |= {"quit_rate": 0.0, "fee": price / usual_price}
    bill = price * place.cost
    training = found["training"] * staff * float(firm["training_cost"]) * DAYS_PER_YEAR
    found["wage"] = max(0.0, bill - training) / (staff * found["fee"])
    return Vendor({name: float(f"{value:.{DIGITS}g}") for name, value in found.items()}, knowledge, motivation, bill)


def _from_ordinary_suppliers(model: ServiceModel, row: int) -> tuple[float, float]:
    """Return what the inputs of a unit leave of its work if ordinary suppliers give them: share right, and state handed over.

    1 − Σ_i min(1, n_i) d_i u over its suppliers, n_i requests per case and d_i dependence. For what is right, u is the share of
    answers that stay wrong when the first is wrong and may be sent back, (1 − R) (1 − r R); for the state of what is handed
    over, what lateness takes from right ones. R is ordinary reliability, r the link's share that is sent back.
    """
    link = model.state.link
    right = ASSUMED["reliability"].default
    wrong = late = 0.0
    for one in link[link["client_unit"] == row]:
        needed = min(1.0, float(one["requests_per_case"])) * float(one["dependence"])
        wrong += needed * (1.0 - right) * (1.0 - float(one["reopen_rate"]) * right)
        late += needed * (1.0 - in_time(ORDINARY_WAIT))
    return max(0.5, 1.0 - wrong), max(0.5, 1.0 - late)


def _clip(value: float) -> float:
    return min(1.0, max(0.0, value))


def _less(value: float, effect: float) -> float:
    """Return y where value = y + effect (1 - y)."""
    return (value - effect) / (1.0 - effect) if effect < 1.0 else 0.0


_OF_CONTRACTS = (
    "clarity_errors", "effort_errors", "commitment_errors", "clarity_empathy", "commitment_empathy", "clarity_fade",
    "effort_rate", "partnership_gain", "commitment_rate",
)  # fmt: skip


@functools.lru_cache(maxsize=64)
def _ordinary_contract(
    clarity_errors: float,
    effort_errors: float,
    commitment_errors: float,
    clarity_empathy: float,
    commitment_empathy: float,
    clarity_fade: float,
    effort_rate: float,
    partnership_gain: float,
    commitment_rate: float,
) -> tuple[float, float]:
    """Return how a contract that is managed as contracts ordinarily are stands in the long run, given the firm's levers.

    The mean rise in the log odds of an error, and the mean factor on empathy, over the last of four years (`partners.errors`,
    `partners.warmth`, day by day as in `partners.evening`).
    """
    usual = {one.name: one.default for one in levers.of("unit")}
    goodwill = levers.BY_NAME["goodwill"].default
    clarity, effort, committed = usual["agreement"], 1.0, usual["commitment"]
    wanted = _clip(usual["commitment"] + partnership_gain * usual["partnership"] * goodwill)
    errors, warmth = [], []
    for day in range(4 * DAYS_PER_YEAR):
        errors.append(
            clarity_errors * (ORDINARY_CLARITY - clarity)
            + effort_errors * (1.0 - effort)
            + commitment_errors * (ORDINARY_COMMITMENT - committed)
        )
        warmth.append(
            (1.0 + clarity_empathy * (clarity - ORDINARY_CLARITY))
            * (1.0 + commitment_empathy * (committed - ORDINARY_COMMITMENT))
        )
        reviewed = (day + 1) % int(usual["review_days"]) == 0
        clarity = usual["agreement"] if reviewed else clarity * (1.0 - clarity_fade)
        effort += effort_rate * (usual["measurement"] + (1.0 - usual["measurement"]) * committed - effort)
        committed += commitment_rate * (wanted - committed)
    return sum(errors[-DAYS_PER_YEAR:]) / DAYS_PER_YEAR, sum(warmth[-DAYS_PER_YEAR:]) / DAYS_PER_YEAR


def _kept_up(firm: np.void, knowledge: float, requests: float, support: float, from_firm: float) -> tuple[float, float]:
    """Return the knowledge nearest to what is wanted that can be kept up, and the training that keeps it there.

    In balance, g (1 + s L) t (1 - K) + l n (1 - K) = f (K - K_0), with n requests per person and day (`sim.rules.knowledge`);
    t holds what the firm ordinarily adds to a contractor's own training.
    """
    gain = float(firm["training_gain"]) * (1.0 + float(firm["support_growth"]) * support)
    doing = float(firm["learning"]) * requests
    forgetting, newcomer = float(firm["forgetting"]), float(firm["newcomer_knowledge"])
    added = float(firm["partner_training"]) * from_firm

    def balance(training: float) -> float:
        up = gain * (training + added) + doing
        return (up + forgetting * newcomer) / (up + forgetting) if up + forgetting > 0.0 else knowledge

    training = solve(knowledge, balance, 0.0, MOST_TRAINING) if gain > 0.0 else 0.0
    return balance(training), training


def _pace(
    model: ServiceModel, row: int, place: Place, responsiveness: float, knowledge: float, training: float
) -> tuple[dict[str, float], float]:
    """Return levers with which clients wait as long as the market's responsiveness says, and the mean wait in promises.

    Faster: less work per request. Slower: cases rest for a while before anybody takes them up. Of a rest, as of what is waited
    for inside, clients are told only as far as there is a common platform (`sim.rules.information`).
    """
    state = model.state
    firm, unit = state.firm[0], state.unit[row]
    now = float(unit["hours_per_request"])
    aversion = float(firm["waiting_aversion"])
    if not (place.wait > 0.0 and aversion > 0.0 and now > 0.0):
        return {}, 0.0
    longer = 1.0 + float(firm["felt_wait"])

    def slow(mean: float, told: float) -> float:
        total = 0.0
        for y in _EXPONENTIAL:
            prompt = 1.0 / (1.0 + aversion * mean * y * longer)
            total += prompt + told * mean * y * math.exp(1.0 - mean * y) * (1.0 - prompt)
        return -total / len(_EXPONENTIAL)

    staff, spread, day = int(unit["staff"]), float(unit["work_spread"]), float(firm["hours_per_day"])

    def wait(hours: float, known: float, trained: float) -> float:
        factor = math.exp(float(firm["knowledge_time"]) * (ORDINARY_KNOWLEDGE - known)) / (1.0 - trained)
        return waiting(hours * factor, place.arrivals, staff, spread, day)

    # What a case waits for inside is what the wait was beyond the unit's own part, and nobody outside can change it.
    inside = max(0.0, place.wait - wait(now, float(unit["mean_knowledge"]), float(unit["training_now"])))
    fullest = FULLEST * staff * day * (1.0 - training) / place.arrivals if place.arrivals > 0.0 else math.inf
    most = max(FASTEST * now, min(now, fullest))
    promise = place.wait / place.share_of_promise
    unseen, mean, hours, rest = 0.0, 0.0, now, 0.0
    for _ in range(4):  # how much clients are told depends on how much of the wait is rest
        told = levers.BY_NAME["waiting_information"].default * (1.0 - unseen * (1.0 - float(firm["platform"])))
        told *= float(firm["information_acceptance"])
        mean = solve(-responsiveness, lambda mean, told=told: slow(mean, told), 0.0, 20.0)  # type: ignore[misc]
        own = mean * promise - inside
        hours = solve(own, lambda hours: wait(hours, knowledge, training), FASTEST * now, most)
        rest = max(0.0, own - wait(hours, knowledge, training))
        unseen = rest / (mean * promise) if mean > 0.0 else 0.0
    found = {"hours_per_request": hours}
    if rest > LEAST_REST:
        share, days = float(unit["pause_share"]), float(unit["pause_days"])
        if share * days > 0.0:
            found["pause_days"] = days + rest / share
        else:
            found |= {"pause_share": 1.0, "pause_days": rest, "pause_spread": levers.BY_NAME["pause_spread"].default}
    return found, max(mean, (inside + wait(hours, knowledge, training)) / promise)


def in_time(mean: float) -> float:
    """Return the mean of min(1, 1 / (x y)), y exponential: what lateness leaves of right answers, x mean wait in promises."""
    return sum(min(1.0, 1.0 / (mean * y)) if mean > 0.0 else 1.0 for y in _EXPONENTIAL) / len(_EXPONENTIAL)


_EXPONENTIAL = tuple(-math.log(1.0 - (number + 0.5) / 40) for number in range(40))
"""Forty equally likely values of an exponential variate with mean 1."""


# --- the day of the takeover -----------------------------------------------------------------------------------------------


@kernel
def _new_people(
    clocks, keys, firms, unit, link, supply, employee, relation, bond, problem, roster, u, carried, motivation, tie
):  # fmt: skip
    """Put new people into all posts of unit ``u``, who come as a team, and let problems of the old way of working go."""
    clock = clocks[0]
    firm = firms[0]
    row = unit[u]
    now = float(clock.day)
    row.partner_number += 1
    partners.start(keys, firm, row, now)
    row.partner_quality = 0.0  # the market's draw holds it already, in the levers
    row.partner_commitment = 0.0
    row.committed = row.commitment
    for e in range(row.first_employee, row.first_employee + row.staff):
        person = employee[e]
        if person.status == VACANT:
            row.filled += 1
            for seat in range(row.first_employee, row.first_employee + row.staff):
                if roster[seat].employee == e:
                    roster[seat].free_at = now
        person.status = PERMANENT
        partners.new_person(keys, row, person)
        beyond = max(0.0, person.knowledge - firm.newcomer_knowledge)
        person.knowledge -= (1.0 - carried) * beyond
        person.motivation = motivation
        turnover.blank(person, now)
        person.tie = tie
        turnover.meet_suppliers(firm, unit, link, supply, employee, relation, e, now)
    for b in range(len(bond)):
        one = employee[bond[b].one].unit == u
        other = employee[bond[b].other].unit == u
        if one and other:
            bond[b].strength = tie
        elif one or other:
            bond[b].strength = 0.0
    for p in range(len(problem)):
        if problem[p].status != FREE and problem[p].unit == u:
            voice.close(clock, problem, p)


def contract(model: ServiceModel, row: int) -> None:
    """Let a unit be a contractor from now on, with a contract that has just been made, and nothing else changed.

    Its people, what they know and how they feel stay. With clarity, effort and commitment as they ordinarily are, it serves to
    the last digit as it did.
    """
    unit = model.state.unit[row : row + 1]
    unit["kind"] = CONTRACTOR
    unit["contract_start"] = model.day
    unit["clarity"], unit["effort"] = unit["agreement"], 1.0
    unit["partner_quality"] = unit["partner_commitment"] = 0.0
    unit["committed"] = unit["commitment"]
    unit["true_score"] = unit["seen_score"] = -1.0


def take_over(model: ServiceModel, row: int, vendor: Vendor, market: Market, *, carried: float = CARRIED) -> None:
    """Put a vendor in the place of the unit in this row, from the next morning on; see the module for what that means."""
    state = model.state
    unit, link = state.unit[row : row + 1], state.link
    mine = link["supplier"] == row
    changed = _switched_off(state.unit, "unit")
    for one in levers.of("unit"):
        if one.name not in OF_THE_PLACE | changed:
            unit[one.name] = one.default
    for name, value in vendor.levers.items():
        unit[name] = value
    for name in set(OF_THE_SERVICE) - _switched_off(link, "link"):
        link[name][mine] = levers.BY_NAME[name].default
    link["cross_training"][mine | (link["client_unit"] == row)] = 0.0

    contract(model, row)
    with wrapping_integers():
        _new_people(
            state.clock, state.keys, state.firm, state.unit, state.link, state.supply, state.employee, state.relation,
            state.bond, state.problem, state.roster, row, carried, vendor.motivation, float(unit["bonds"][0]),
        )  # fmt: skip
    posts = slice(int(unit["first_employee"][0]), int(unit["first_employee"][0]) + int(unit["staff"][0]))
    state.roster[posts] = np.sort(state.roster[posts], order="free_at")  # a heap: a sorted list is one

    unit["standard"] = 1.0
    unit["voice_climate"] = unit["voice_safety"]
    unit["severity"] = unit["crisis_until"] = unit["lessons"] = unit["feedback"] = 0.0
    unit["mean_knowledge"] = state.employee["knowledge"][posts].mean()
    unit["mean_motivation"] = vendor.motivation
    unit["mean_strain"] = 0.0
    leaders = state.manager["unit"] == row
    state.manager["attention"][leaders] = np.maximum(state.manager["attention"][leaders], 0.0)

    _trust_anew(model, mine & (link["client_unit"] != NOBODY), market.trust)


def _trust_anew(model: ServiceModel, edges: np.ndarray, trust: float) -> None:
    """Let clients inside trust a new supplier as one trusts whom one does not know, and it regard them as newcomers do."""
    state = model.state
    link, relation = state.link, state.relation
    touched = edges[relation["link"]]
    relation["trust"][touched] = trust
    for edge in np.flatnonzero(edges).tolist():
        link["trust_sum"][edge] = trust * link["clients"][edge]
    for edge in np.flatnonzero(edges).tolist():
        mirror = int(link["mirror"][edge])
        known = float(link["goodwill"][edge])
        if mirror != NOBODY and link["clients"][mirror] > 0:
            known = float(link["trust_sum"][mirror] / link["clients"][mirror])
        link["regard"][edge] = link["first_regard"][edge] = known
        link["hostility"][edge] = link["rivalry"][edge]


def _switched_off(rows: np.ndarray, home: levers.Home) -> set[str]:
    """Return levers that are neutral everywhere: their mechanism is switched off, and a vendor does not switch it on."""
    return {
        one.name
        for one in levers.of(home)
        if one.neutral is not None and one.neutral != one.default and bool(np.all(rows[one.name] == one.neutral))
    }


__all__ = ["CARRIED", "Place", "Vendor", "contract", "place_of", "take_over", "vendor_for", "waiting"]
