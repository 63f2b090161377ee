"""A made-up firm of twelve departments, and surveys of it, as a client might send them."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

from sim.chain import ServiceChain

FRONT = ("Sales", "Service Desk", "Branches", "Field Service")
BACK = ("IT", "Finance", "Human Resources", "Logistics", "Legal & Compliance", "Purchasing", "Marketing", "Facilities")
HOURS = {"Field Service": 2.0, "Legal & Compliance": 2.0, "Human Resources": 1.5}


def twelve_departments() -> ServiceChain:
    """Return the firm: four departments before the customers, eight behind them, a contractor, two segments."""
    chain = ServiceChain(name="Twelve departments")
    for name in FRONT:
        chain.add_department(name, staff=14, managers=2, hours_per_request=HOURS.get(name, 0.6))
    for name in BACK:
        chain.add_department(name, staff=8, managers=1, hours_per_request=HOURS.get(name, 0.8))
    chain.add_contractor("Couriers", staff=8, managers=1, hours_per_request=0.8)
    chain.add_segment("Households", customers=6000, needs_per_year=3)
    chain.add_segment("Trade", customers=400, needs_per_year=20)
    for number, door in enumerate(FRONT):
        chain.add_link(door, "Households", requests_per_case=0.25, promise_days=1 + number % 2)
        chain.add_link(door, "Trade", requests_per_case=0.25, promise_days=1)
    for front in FRONT:
        for back in BACK:
            chain.add_link(back, front, requests_per_case=0.08, dependence=0.6, promise_days=2)
    chain.add_link("Couriers", "Logistics", requests_per_case=0.4, promise_days=1)
    chain.add_link("IT", "Finance", requests_per_case=0.1, promise_days=1)
    chain.add_link("IT", "Human Resources", requests_per_case=0.1, promise_days=1)
    chain.add_link("Human Resources", "IT", requests_per_case=0.03, promise_days=4)
    return chain.check()


def write_csv(path: Path, header: Iterable[str], rows: Iterable[Iterable[object]], separator: str = ",") -> Path:
    """Write a CSV."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=separator)
        writer.writerow(header)
        writer.writerows(rows)
    return path


def answers(mean: float, people: int, rng: np.random.Generator, low: int = 1, high: int = 5) -> list[int]:
    """Return answers on a whole-numbered scale around a mean share."""
    raw = low + (high - low) * np.clip(rng.normal(mean, 0.15, people), 0, 1)
    return [int(one) for one in np.clip(np.floor(raw + rng.uniform(size=people)), low, high)]


def staff_survey(
    path: Path,
    chain: ServiceChain,
    levels: Mapping[tuple[str, str], float],
    people: Mapping[tuple[str, str], int],
    seed: int = 1,
) -> Path:
    """Write a long staff survey: each pair's answers around its level."""
    rng = np.random.default_rng(seed)
    rows = [
        (f"r{number}-{supplier}-{client}", client, supplier, score, "free text that nobody reads")
        for (supplier, client), level in levels.items()
        for number, score in enumerate(answers(level, people[supplier, client], rng))
    ]
    order = rng.permutation(len(rows))
    return write_csv(
        path,
        ("Respondent", "Rater department", "Rated department", "Score", "Comment"),
        [rows[place] for place in order],
    )
