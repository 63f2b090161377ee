"""Organisations drawn at random, for checks that must not hang on the bundled ones."""

from __future__ import annotations

import numpy as np

from sim.chain import ServiceChain

UTILISATION = (0.35, 0.75)
"""Between these every unit's staff are busy, by the traffic equations."""


def made_up(seed: int) -> ServiceChain:
    """Return a firm of four to nine departments, drawn at random; all else is at its default.

    One to three doors, requests between departments (0.05 to 0.8 a case) mostly from front to back and now and then back,
    one to three links over which cases are handed on (2 to 20 %), three to twenty staff each, busy 35 to 75 % of their time.
    """
    random = np.random.default_rng([20240101, seed])
    chain = ServiceChain()
    chain.graph.update(name=f"Made-up firm {seed}", slots_per_day=int(random.choice([8, 16, 48])))
    units = [f"Unit {letter}" for letter in "ABCDEFGHI"[: int(random.integers(4, 10))]]
    for unit in units:
        chain.add_department(
            unit, staff=int(random.integers(3, 21)), hours_per_request=1.0,
            error_rate=round(float(random.uniform(0.03, 0.12)), 3),
        )  # fmt: skip
    chain.add_segment(
        "Clients", customers=int(random.integers(800, 6000)), needs_per_year=round(float(random.uniform(4, 20)), 1)
    )
    doors = units[: int(random.integers(1, 4))]
    shares = np.round(random.dirichlet(np.full(len(doors), 3.0)), 3)
    shares[0] += 1 - shares.sum()
    for unit, share in zip(doors, shares, strict=True):
        chain.add_link(unit, "Clients", requests_per_case=round(float(share), 3), promise_days=_promise(random))
    for place, client in enumerate(units):
        for supplier in units[place + 1 :]:
            if random.random() < 0.45 or (supplier == units[-1] and not chain.out_degree(units[place])):
                _ask(chain, supplier, client, random, 0.8)
        for supplier in units[:place]:
            if random.random() < 0.08:
                _ask(chain, supplier, client, random, 0.1)
    for place, supplier in enumerate(units):
        if place >= len(doors) and not chain.out_degree(supplier):
            _ask(chain, supplier, units[int(random.integers(place))], random, 0.8)
    for _ in range(int(random.integers(1, 4))):
        giver, taker = sorted(random.choice(len(units), 2, replace=False))
        link = chain.edges.get((units[taker], units[giver]))
        passed_on = round(float(random.uniform(0.02, 0.2)), 3)
        if link is None:
            chain.add_link(
                units[taker], units[giver], requests_per_case=0.0, passed_on=passed_on, promise_days=_promise(random)
            )
        else:
            link["passed_on"] = passed_on
    for unit, rate in chain.case_rates().items():
        data = chain.nodes[unit]
        hours = float(random.uniform(*UTILISATION)) * 8 * data["staff"] / max(rate, 0.1)
        data["hours_per_request"] = round(min(max(hours, 0.05), 12.0), 3)
        busy = rate * data["hours_per_request"] / 8
        data["staff"] = max(data["staff"], int(np.ceil(busy / UTILISATION[1])))
    return chain.check()


def _promise(random: np.random.Generator) -> float:
    return float(random.choice([0.5, 1.0, 2.0, 3.0, 5.0]))


def _ask(chain: ServiceChain, supplier: str, client: str, random: np.random.Generator, most: float) -> None:
    rate = round(float(np.exp(random.uniform(np.log(0.05), np.log(most)))), 3)
    chain.add_link(supplier, client, requests_per_case=rate, promise_days=_promise(random))
