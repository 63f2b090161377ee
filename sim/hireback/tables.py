"""Tables of what vendors would do, ready to write."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from sim.hireback.asis import AsIs
from sim.hireback.vendor import Should, two_by_two

FIGURES = ("external", "internal", "clients", "cost", "profit", "price")


def vendors(found: AsIs, told: Sequence[Should]) -> pd.DataFrame:
    """Return a row for each unit: would they, should they, what both mean, and every difference (vendor less as is).

    Satisfaction in points, money in currency a year, ``price`` relative to what the unit costs, the dip in points and days;
    each with the ends of its 95 % interval over paired runs.
    """
    rows = []
    for one in told:
        would = found.of_unit(one.unit).answer
        row: dict[str, Any] = {
            "unit": one.unit, "kind": one.kind, "would": would, "should": one.answer, "why": one.why,
            "in_words": two_by_two(would, one) if would else "",
        }  # fmt: skip
        for name in FIGURES:
            row |= _spread(name, getattr(one, name))
        for name, difference in one.dimensions.items():
            row |= _spread(name, difference)
        for name, dip in (("dip", one.dip), ("clients_dip", one.clients_dip)):
            row |= _spread(name, dip.depth) | {
                f"{name}_day": dip.day if dip.told else None, f"{name}_recovered": dip.recovered if dip.told else None,
                f"{name}_told": dip.told,
            }  # fmt: skip
        shares = {"better": one.better, "worse": one.worse, "pays": one.pays, "costs_more": one.costs_more}
        rows.append(row | shares | {"runs": one.runs})
    return pd.DataFrame(rows)


def _spread(name: str, one: Any) -> dict[str, float]:
    return {name: one.mean, f"{name}_low": one.low, f"{name}_high": one.high}
