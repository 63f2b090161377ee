"""A population of simulated business units, as meta-analyses compare them: branches of one firm that differ.

Each unit is a whole copy of an organisation, with all of its departments, contractors and customers. Units of one organisation
differ in three things: in levers, in who works and buys there, and in luck (both by their seed). Each lever in `VARY` is drawn
for each unit, independently of all others, evenly within a stated share of the range that `Lever.usual` calls sensible, around
the organisation's own value; all departments of a unit move together, and what is 0 in the organisation stays 0. Nothing else
is common to two levers: what goes together in the results was made to go together by the mechanisms.

Which levers, and why:

* what differs with whoever leads a branch (advocacy, recognition, being open, empowering), and with how it treats its people
  (tools, place, being told, growth, belonging, ties, pay; whoever pays more has higher wages);
* how people work there: care for each other's requests, training, knowledge, owning problems, listening, making good;
* **what touches staff and no customer directly** (pay, growth, belonging, communication, ties, recognition, the local labour
  market), and **what touches customers and no member of staff directly** (competitors nearby, what was promised, patience,
  tolerance, telling about waits, how easily people switch). Without both the correlation would be there by construction;
* what touches both: the load, customers' baggage, errors that the branch has no hand in;
* wages and prices of the place, which only money notices.

Nobody pays for better conditions here, pay and training excepted: tools or recognition that differ cost nothing in the books.

The spread is half of the usual range, a quarter where a firm sees to it that its branches are alike (load per head, promises,
prices, wages) or where they stand in one market. No source: a modelling choice, made before any correlation was looked at, and
no figure of it was changed afterwards.

Figures are taken over one year after one year of warm-up: staff and customers are asked four times a year, everything else is
counted daily. Units are larger than those of the meta-analyses (about 110 to 170 people, against about 25), so luck averages
out more.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from experiments.validation.business_unit import measured
from experiments.validation.finding import Effort
from sim import levers, measures, organisation, threads
from sim.chain import ServiceChain
from sim.errors import InputError

NUMBER = 140
"""Units of each organisation at effort 1."""

_APART, _ALIKE = 0.5, 0.25
_LEADERS = ("advocacy", "recognition", "openness", "voice_safety", "voice_ease", "empowerment")
_CONDITIONS = ("tools", "environment", "communication", "growth", "belonging", "bonds", "pay")
_WORK = (
    "internal_service", "training", "knowledge", "newcomer_share", "ownership", "listening", "apology", "redress",
    "error_rate", "problem_rate",
)  # fmt: skip
_STAFF_MARKET = ("quit_rate",)
_CUSTOMERS = ("baggage", "patience", "tolerance", "waiting_information", "churn", "new_customers")
_ONE_FIRM = ("needs_per_year", "promised_quality", "market_quality", "revenue_per_need", "wage")

VARY: Mapping[str, float] = dict.fromkeys(
    _LEADERS + _CONDITIONS + _WORK + _STAFF_MARKET + _CUSTOMERS, _APART
) | dict.fromkeys(_ONE_FIRM, _ALIKE)
"""Levers that differ between units, and the share of their usual range that they are drawn from."""

GROUPS: Mapping[str, tuple[str, ...]] = {
    "leaders": _LEADERS,
    "conditions of work": _CONDITIONS,
    "how people work": _WORK,
    "labour market": _STAFF_MARKET,
    "customers": _CUSTOMERS,
    "load, market and prices": _ONE_FIRM,
}
"""The levers of `VARY` by what they describe."""

LEVER = "lever: "
"""Begins the names of columns that say where in its range a unit's lever lies, from -1 to 1."""

COLUMNS: dict[str, str] = {
    "staff": "posts in its departments",
    "employee_satisfaction": "0–100: mean over permanent staff of departments of the facets of their work, each with the same "
    "weight: tools, place, being told, growth, belonging (with ties), pay, recognition received, service received inside",
    "employee_engagement": "0–100: mean motivation of the same people; it follows the facets slowly, with support, less strain",
    "employee_satisfaction_within": "0–100: standard deviation of that satisfaction between people of the same unit",
    "employee_strain": "0–100: mean strain of the same people",
    "customer_satisfaction": "0–100: mean satisfaction of active customers",
    "customer_loyalty": "0–100: their mean loyalty as an attitude, satisfaction and trust",
    "customer_satisfaction_loyalty": "0–100: mean of the two",
    "quit_hazard": "% a year: turnover to be expected from motivation and strain of the staff there, without the luck "
    "of who goes",
    "quits": "% a year: permanent staff of departments who did quit, as a share of posts",
    "revenue_per_employee": "currency a year per post in departments and contractors",
    "cases_per_employee": "answers to customers a year per post",
    "revenue_on_plan": "%: revenue against what the unit's own market would bring at its first size and prices; "
    "productivity with the opportunity taken out, as studies that compare branches often do",
    "margin": "% of revenue: profit",
    "margin_on_plan": "points of %: margin less what the unit's own prices, load and wages would give without any loss",
    "performance": "mean of four standard scores within the organisation: customer_satisfaction_loyalty, revenue_on_plan, "
    "margin_on_plan, and quit_hazard with the sign turned",
    "emotional_load": "0–100: compassion that staff of departments facing customers have used up by the evening; stands for "
    "emotional dissonance, the effort to show what one does not feel",
    "front_strain": "0–100: mean strain of the same people",
    "front_quality": "0–100: quality of their encounters with customers, as perceived",
    "front_right": "%: their answers that were right",
    "satisfaction_with_loyalty": "correlation across the unit's customers of satisfaction with loyalty as an attitude",
    "satisfaction_with_intention": "the same with the chance of staying for a year as they themselves stand",
    "loyalty_with_intention": "the same of loyalty with that chance",
    "satisfaction_with_staying": "the same of satisfaction with whether they were still there a year later",
    "expectation_with_satisfaction": "the same of expectation with satisfaction, asked together",
    "expectation_with_later_satisfaction": "the same with satisfaction a year later, of those still there",
} | {measure.name: f"{measure.unit}: {measure.meaning}, over the year" for measure in measures.MEASURES}
"""Figures of `units` → meaning with unit. Beside them stand ``organisation``, of which the unit is a copy, ``unit``, its number
there, and a column for each lever that differs (`LEVER`)."""

Firm = str | Path | ServiceChain


def units(
    effort: Effort,
    firms: Sequence[Firm] | None = None,
    vary: Mapping[str, float] | None = None,
    number: int = NUMBER,
) -> pd.DataFrame:
    """Return a row per simulated business unit; see `COLUMNS` for what each column means.

    Simulated once in a process, then kept: findings that look at the same units share them, in whatever thread they run.

    Parameters
    ----------
    effort : scales the number of units; the figures do not depend on its threads
    firms : organisations that units are copies of: names, files or chains; default: the bundled ones
    vary : levers that differ between units → share of their usual range, above 0 up to 1; default: `VARY`
    number : units of each organisation at effort 1
    """
    spread = _checked(VARY if vary is None else vary)
    chains = _named(organisation.bundled() if firms is None else firms)
    count = effort.of(number, least=8)
    digest = hashlib.sha256(
        json.dumps({name: chain.to_node_link() for name, chain in chains.items()}, sort_keys=True).encode()
    )
    key = (digest.hexdigest(), tuple(spread.items()), count, effort.seed)
    with _GUARD:
        lock = _LOCKS.setdefault(key, threading.Lock())
    with lock:  # whoever comes second waits and finds it there
        if key not in _KEPT:
            _KEPT[key] = _simulate(chains, spread, count, effort)
        return _KEPT[key].copy()


_GUARD = threading.Lock()
_LOCKS: dict[Any, threading.Lock] = {}
_KEPT: dict[Any, pd.DataFrame] = {}


def _checked(vary: Mapping[str, float]) -> dict[str, float]:
    found = {}
    for name, share in vary.items():
        one = levers.lever(name, place="vary")
        if isinstance(share, bool) or not isinstance(share, (int, float)) or not 0 < share <= 1:
            raise InputError(
                "units cannot differ by this much", place=f"vary: {one.name}", value=share,
                allowed="a share of the lever's usual range, above 0 up to 1",
            )  # fmt: skip
        found[one.name] = float(share)
    return found


def _named(firms: Sequence[Firm]) -> dict[str, ServiceChain]:
    """Return chains by name; two that bear the same name get a number."""
    if not firms:
        raise InputError("there is no organisation", place="firms", value=list(firms), allowed="one or more")
    found: dict[str, ServiceChain] = {}
    for firm in firms:
        chain = organisation.load(firm)
        name = str(chain.setting("name"))
        again = 2
        while name in found:
            name, again = f"{chain.setting('name')} ({again})", again + 1
        found[name] = chain
    return found


def _simulate(
    chains: Mapping[str, ServiceChain], vary: Mapping[str, float], count: int, effort: Effort
) -> pd.DataFrame:
    tasks = [(name, number) for name in chains for number in range(count)]
    places = {name: place for place, name in enumerate(chains)}

    def one(task: tuple[str, int]) -> dict[str, Any]:
        name, number = task
        drawn, chain = draw(chains[name], vary, (effort.seed, places[name], number))
        seed = (effort.seed * 1_000 + places[name]) * 100_000 + number
        row = {"organisation": name, "unit": number} | measured(chain, seed)
        return row | {f"{LEVER}{lever}": where for lever, where in drawn.items()}

    frame = pd.DataFrame(threads.each(one, tasks, effort.threads))
    parts = frame[["customer_satisfaction_loyalty", "revenue_on_plan", "margin_on_plan"]].assign(
        staying=-frame["quit_hazard"]
    )
    groups = parts.groupby(frame["organisation"])
    spread = groups.transform("std")
    frame["performance"] = ((parts - groups.transform("mean")) / spread.where(spread > 0)).mean(axis=1, skipna=False)
    return frame


# --- one unit -----------------------------------------------------------------------------------------------------------


def draw(chain: ServiceChain, vary: Mapping[str, float], seed: Sequence[int]) -> tuple[dict[str, float], ServiceChain]:
    """Return where each lever was drawn, from -1 (low end of its range) to 1, and the unit with these levers.

    A lever of value v with the usual range low to high becomes v + u s (high - v), or v - |u| s (v - low) for u below 0, with
    the share s of ``vary`` and u drawn evenly. Wages follow pay, by as much as the action "pay" of `sim.actions` costs.
    """
    chance = np.random.default_rng(list(seed))
    other: ServiceChain = chain.copy()
    drawn = {name: float(chance.uniform(-1, 1)) for name in vary}
    for name, where in drawn.items():
        one = levers.BY_NAME[name]
        for place in places_of(chain, one):
            value = chain.value(name, *place)
            if value == 0 and name != "internal_service":
                continue
            low, high = one.usual(value)
            edge = high if where > 0 else low
            new = value + abs(where) * vary[name] * (edge - value)
            _bag(other, place)[name] = float(np.clip(new, one.low, one.high))
    if "pay" in vary:
        for unit in chain.units:
            more = other.value("pay", unit) - chain.value("pay", unit)
            other.nodes[unit]["wage"] = other.value("wage", unit) * (1 + more)
    return drawn, other.check()


def places_of(chain: ServiceChain, one: levers.Lever) -> list[tuple[str, ...]]:
    """Return where a lever stands in a chain: nodes, links, or the firm as a whole, the empty tuple."""
    if one.home == "firm":
        return [()]
    if one.home == "link":
        return [tuple(edge) for edge in chain.links]
    return [(name,) for name in (chain.units if one.home == "unit" else chain.segments)]


def _bag(chain: ServiceChain, place: tuple[str, ...]) -> dict[str, Any]:
    bag: dict[str, Any] = chain.edges[place] if len(place) == 2 else chain.nodes[place[0]] if place else chain.graph
    return bag
