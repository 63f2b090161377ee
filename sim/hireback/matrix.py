"""G7: and all other departments? The whole internal market at once: who would be hired back by whom."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sim.estimates import estimate, mean_of_known
from sim.hireback.asis import AsIs

ALL = "all its clients"


def shares(found: AsIs) -> pd.DataFrame:
    """Return the share of demand kept in per cent: a row for each supplier, a column for each client, and one for all of them.

    Empty where there is no link, or nobody was served over it.
    """
    return _pivot(found, "share")


def answers(found: AsIs) -> pd.DataFrame:
    """Return "yes", "no" or "close" in the same shape."""
    return _pivot(found, "answer")


def _pivot(found: AsIs, figure: str) -> pd.DataFrame:
    clients = found.clients()
    known = [name for name in (*found.chain.units, *found.chain.segments) if name in set(clients["client"])]
    table = clients.pivot(index="supplier", columns="client", values=figure).reindex(
        index=found.chain.units, columns=known
    )
    table[ALL] = found.units().set_index("supplier")[figure].reindex(table.index)
    return table


def mutual(found: AsIs) -> pd.DataFrame:
    """Return the pairs of units that serve each other, and whether each would hire the other back.

    ``balance`` is what the first would keep of the second less what the second would keep of the first, in points with
    interval, over the same runs and markets: above 0 the first is wanted more than it wants the second.
    """
    links = {edge: row for row, edge in enumerate(found.chain.links)}
    rows = []
    for one, other in sorted(links):
        if one < other and (other, one) in links:
            there, back = found.share[:, links[one, other]], found.share[:, links[other, one]]
            balance = estimate(100 * mean_of_known(there - back, axis=1))
            rows.append({
                "one": one, "other": other,
                "other_hires_one": found.of_client(one, other).answer,
                "one_hires_other": found.of_client(other, one).answer,
                "balance": balance.mean, "balance_low": balance.low, "balance_high": balance.high, "runs": balance.runs,
            })  # fmt: skip
    columns = ["one", "other", "other_hires_one", "one_hires_other", "balance", "balance_low", "balance_high", "runs"]
    return pd.DataFrame(rows, columns=columns)


def counts(found: AsIs) -> dict[str, int]:
    """Return how many units would be hired back, would not, and are too close to call; and of how many nobody can tell."""
    said = [found.of_unit(unit).answer for unit in found.chain.units]
    return {"yes": said.count("yes"), "no": said.count("no"), "close": said.count("close"), "unknown": said.count(None)}


def bottleneck(found: AsIs) -> str | None:
    """Return the unit that its clients would be readiest to replace: the lowest share kept; None where nobody was served."""
    kept = {unit: found.of_unit(unit).share.mean for unit in found.chain.units}
    known = {unit: share for unit, share in kept.items() if np.isfinite(share)}
    return min(known, key=lambda unit: known[unit]) if known else None
