"""One simulated business unit: a year of warm-up, a year that is measured, and what its staff and customers say.

Staff and customers are asked four times in the year, as a survey would that makes no error; everything else is counted daily.
What each figure means: `population.COLUMNS`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from sim import measures
from sim.chain import ServiceChain
from sim.levers import DAYS_PER_YEAR
from sim.model import ServiceModel
from sim.population import DEPARTMENT, PERMANENT
from sim.rules import loyalty as loyalty_rules
from sim.rules import market, turnover
from sim.rules.bonds import ORDINARY_TIE
from sim.rules.motivation import ORDINARY_MOTIVATION

WARM_UP, YEAR, SURVEYS = DAYS_PER_YEAR, DAYS_PER_YEAR, 4
CUSTOMERS_ASKED = 400
"""Customers of each unit whose answers are kept one by one."""


def measured(chain: ServiceChain, seed: int) -> dict[str, float]:
    """Run one unit for a year of warm-up and a year that is measured, and return its figures."""
    with ServiceModel(chain, seed=seed).run(WARM_UP) as model:
        asked = _ask_customers(model, np.random.default_rng(seed))
        said: list[dict[str, np.ndarray]] = []
        hazards: list[float] = []
        moods: list[tuple[float, float]] = []
        for survey in range(SURVEYS):
            model.run(YEAR * (survey + 1) // SURVEYS - YEAR * survey // SURVEYS)
            said.append(_ask_staff(model))
            hazards.append(_hazard(model))
            moods.append(_mood(model))
        figures = measures.summary(model, WARM_UP)
        figures |= _books(model) | _front(model) | _across_customers(model, asked)
        departments = np.asarray(model.state.unit["kind"] == DEPARTMENT)
        posts = float(np.asarray(model.state.unit["staff"])[departments].sum())
        quits = model.state.unit_day["quits"][WARM_UP : model.day][:, departments].sum()
        figures |= {
            "staff": posts,
            **{f"employee_{what}": _mean([_mean(one[what]) for one in said]) for what in _SAID},
            "employee_satisfaction_within": _mean([_spread(one["satisfaction"]) for one in said]),
            "customer_satisfaction": _mean([one for one, _ in moods]),
            "customer_loyalty": _mean([one for _, one in moods]),
            "customer_satisfaction_loyalty": _mean(moods),
            "quit_hazard": _mean(hazards),
            "quits": 100 * float(quits) / posts if posts else float("nan"),
        }
        return figures


def _mean(values: Any) -> float:
    """Return the mean, nan where there is nobody or somebody is not known."""
    found = np.asarray(values, dtype=float)
    return float(found.mean()) if found.size else float("nan")


def _spread(values: np.ndarray) -> float:
    return float(values.std()) if len(values) else float("nan")


_SAID = ("satisfaction", "engagement", "strain")
_FACETS = ("tools_now", "environment", "communication", "growth", "belonging", "pay", "recognition_received")


def _own_people(model: ServiceModel) -> np.ndarray:
    """Return permanent staff of departments; technicians of contractors are other firms' people."""
    rows = np.asarray(model.state.employee)
    return rows[(rows["status"] == PERMANENT) & (model.state.unit["kind"][rows["unit"]] == DEPARTMENT)]


def _ask_staff(model: ServiceModel) -> dict[str, np.ndarray]:
    """Return what each permanent member of staff of departments feels, 0 to 100."""
    people, unit = _own_people(model), model.state.unit
    facets = np.sum([np.asarray(unit[name], dtype=float) for name in _FACETS], axis=0)[people["unit"]]
    facets = facets + model.state.firm["bond_belonging"][0] * (people["tie"] - ORDINARY_TIE)  # as B4 adds to belonging
    served = people["service_received"]
    mean = np.where(served >= 0, (facets + served) / (len(_FACETS) + 1), facets / len(_FACETS))
    return {
        "satisfaction": 100 * mean,
        "engagement": 100 * people["motivation"],
        "strain": 100 * people["strain"],
    }


def _hazard(model: ServiceModel) -> float:
    """Return the turnover to be expected of the staff there, in per cent of posts a year (the hazard of `rules.turnover`)."""
    people, firm = _own_people(model), model.state.firm[0]
    rates = np.array([turnover.daily_hazard(rate) for rate in model.state.unit["quit_rate"].tolist()])
    above = (
        firm["quit_motivation"] * (ORDINARY_MOTIVATION - people["motivation"]) + firm["quit_strain"] * people["strain"]
    )
    return 100 * DAYS_PER_YEAR * _mean(rates[people["unit"]] * np.exp(above))


def _mood(model: ServiceModel) -> tuple[float, float]:
    """Return mean satisfaction and loyalty of active customers, 0 to 100."""
    rows = np.asarray(model.state.customer)
    rows = rows[rows["active"] == 1]
    weight = model.state.firm["trust_loyalty"][0]
    satisfied, trusting = _mean(rows["satisfaction"]), _mean(rows["trust"])
    return 100 * satisfied, 100 * ((1 - weight) * satisfied + weight * trusting)


def _books(model: ServiceModel) -> dict[str, float]:
    """Return productivity and profitability over the year, raw and against the unit's own plan."""
    chain, state = model.chain, model.state
    year = slice(WARM_UP, model.day)
    revenue = float(state.firm_day["revenue"][year].sum())
    profit = float(state.firm_day["profit"][year].sum())
    posts = float(state.unit["staff"].sum())
    outside = np.asarray(state.link["client_segment"] >= 0)
    cases = float(state.link_day["encounters"][year][:, outside].sum())
    share = (model.day - WARM_UP) / DAYS_PER_YEAR
    plan = share * sum(
        chain.nodes[name]["customers"] * chain.value("needs_per_year", name) * chain.value("revenue_per_need", name)
        for name in chain.segments
    )
    bill = share * sum(
        chain.nodes[name]["staff"]
        * chain.value("wage", name)
        * (1.0 if chain.nodes[name]["kind"] == "department" else chain.value("fee", name))
        + chain.nodes[name].get("managers", 1) * chain.value("manager_wage", name)
        for name in chain.units
    )
    margin = 100 * profit / revenue if revenue > 0 else float("nan")
    return {
        "revenue_per_employee": revenue / posts / share,
        "cases_per_employee": cases / posts / share,
        "revenue_on_plan": 100 * revenue / plan if plan > 0 else float("nan"),
        "margin": margin,
        "margin_on_plan": margin - 100 * (1 - bill / plan) if plan > 0 else float("nan"),
    }


def _front(model: ServiceModel) -> dict[str, float]:
    """Return what customers' emotions take from staff who face them, their strain, and how they perform."""
    state, year = model.state, slice(WARM_UP, model.day)
    facing = np.asarray((state.unit["facing"] == 1) & (state.unit["kind"] == DEPARTMENT))
    if not facing.any():
        return dict.fromkeys(("emotional_load", "front_strain", "front_quality", "front_right"), float("nan"))
    heads = np.asarray(state.unit["staff"], dtype=float)[facing]
    doors = np.asarray(state.link["client_segment"] >= 0) & facing[state.link["supplier"]]
    table, people = state.link_day[year][:, doors], state.unit_day[year][:, facing]
    met = float(table["encounters"].sum())
    return {
        "emotional_load": 100 * (1 - float((people["compassion"].mean(axis=0) * heads).sum() / heads.sum())),
        "front_strain": 100 * float((people["strain"].mean(axis=0) * heads).sum() / heads.sum()),
        "front_quality": 100 * float(table["quality"].sum()) / met if met else float("nan"),
        "front_right": 100 * float(table["right"].sum()) / met if met else float("nan"),
    }


# --- customers, one by one -------------------------------------------------------------------------------------------------


def _ask_customers(model: ServiceModel, chance: np.random.Generator) -> dict[str, np.ndarray]:
    """Ask a random sample of customers who have been served: who they are and how they stand, 0 to 100."""
    rows = np.asarray(model.state.customer)
    found = np.flatnonzero((rows["active"] == 1) & (rows["encounters"] > 0))
    places = np.sort(chance.choice(found, min(CUSTOMERS_ASKED, len(found)), replace=False))
    asked = rows[places]
    state, firm = model.state, model.state.firm[0]
    weight = float(firm["trust_loyalty"])
    loyal = (1 - weight) * asked["satisfaction"] + weight * asked["trust"]
    outcome = _share_of_outcome(model)[asked["segment"]]
    stays = np.empty(len(asked))
    for place, (segment, attitude) in enumerate(zip(asked["segment"].tolist(), loyal.tolist(), strict=True)):
        own = state.segment[segment]
        bond = market.attachment(
            attitude, float(own["market_quality"]), float(own["market"]), float(firm["market_pull"])
        )
        leaves = loyalty_rules.leaving_probability(float(own["hazard"]), bond, float(firm["churn_sensitivity"]))
        stays[place] = (1 - leaves) ** float(own["needs_per_year"])
    return {
        "place": places,
        "segment": asked["segment"].copy(),
        "ordinal": asked["ordinal"].copy(),
        "satisfaction": 100 * asked["satisfaction"],
        "loyalty": 100 * loyal,
        "intention": 100 * stays,
        "expectation": 100 * (outcome * asked["expected_outcome"] + (1 - outcome) * asked["expected_process"]),
    }


def _share_of_outcome(model: ServiceModel) -> np.ndarray:
    """Return, by segment, the weight of the outcome in what its customers expect: over its doors, by requests per case."""
    link = model.state.link
    shares = np.full(len(model.state.segment), 0.5)
    for segment in range(len(shares)):
        mine = np.asarray(link["client_segment"] == segment)
        weights = np.asarray(link["requests_per_case"], dtype=float)[mine]
        if weights.sum() > 0:
            shares[segment] = float((np.asarray(link["share_reliability"])[mine] * weights).sum() / weights.sum())
    return shares


def _across_customers(model: ServiceModel, asked: Mapping[str, np.ndarray]) -> dict[str, float]:
    """Return how satisfaction goes with what customers intend and do, and with what they expect, across customers."""
    now = np.asarray(model.state.customer)[asked["place"]]  # a row may have passed to somebody else
    stayed = (now["active"] == 1) & (now["segment"] == asked["segment"]) & (now["ordinal"] == asked["ordinal"])
    satisfied = asked["satisfaction"]
    return {
        "satisfaction_with_loyalty": _pearson(satisfied, asked["loyalty"]),
        "satisfaction_with_intention": _pearson(satisfied, asked["intention"]),
        "loyalty_with_intention": _pearson(asked["loyalty"], asked["intention"]),
        "satisfaction_with_staying": _pearson(satisfied, stayed.astype(float)),
        "expectation_with_satisfaction": _pearson(asked["expectation"], satisfied),
        "expectation_with_later_satisfaction": _pearson(
            asked["expectation"][stayed], 100 * now["satisfaction"][stayed]
        ),
    }


def _pearson(one: np.ndarray, other: np.ndarray) -> float:
    """Return the correlation, nan where one of the two does not vary or there are fewer than three."""
    if len(one) < 3 or np.ptp(one) == 0 or np.ptp(other) == 0:
        return float("nan")
    return float(np.corrcoef(one, other)[0, 1])
