"""Requests that teams make of each other: tickets opened for another ticket, or by somebody of another team.

Service desks keep them as child tickets (a column that names the parent), or say of which department whoever asked is. A child
is taken for work that its parent waits for. Where children end after their parents, the column means something else (duplicates
of one disturbance hang on a master ticket), and it is left alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from sim.eventlog.log import Log

LEAST_IN_ORDER = 0.7
"""Share of children that have to be resolved no later than their parent, so that parents are taken to wait for them."""
LEAST_FOUND = 0.5
"""Share of the parents named that have to be tickets of the log."""
FEWEST_OUTSIDE = 5
FEWEST_PAIRS = 10
"""With fewer pairs of parent and child resolved, their order is not judged."""


def parents(case: np.ndarray, parent: np.ndarray, notes: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """Return the row of each ticket's parent (−1: none in the log), and whether the log names a parent at all.

    Parameters
    ----------
    case : number that stands for each ticket
    parent : number that stands for its parent, NaN where there is none
    """
    named = np.isfinite(parent)
    row = (
        pd.Index(case.astype(float)).get_indexer(np.where(named, parent, -1.0))
        if named.any()
        else np.full(len(case), -1)
    )
    if named.any() and (row >= 0).sum() < LEAST_FOUND * named.sum():
        notes.append(
            f"of {int(named.sum()):,} parents named, {int((row >= 0).sum()):,} are tickets of this log: the column means "
            "something else (changes, problems), and is left alone"
        )
        return np.full(len(case), -1), np.zeros(len(case), bool)
    own = row == np.arange(len(case))
    row, named = np.where(named & ~own, row, -1), named & ~own
    top = roots(row)
    circular = row[top] >= 0
    if circular.any():
        notes.append(
            f"{int(circular.sum()):,} tickets name each other as parents in a circle: they count as having none"
        )
        row, named = np.where(circular, -1, row), named & ~circular
    return row, named


def roots(parent: np.ndarray) -> np.ndarray:
    """Return the row of the topmost parent of each ticket; in a circle, one that still has a parent."""
    top = np.where(parent >= 0, parent, np.arange(len(parent)))
    for _ in range(40):  # each round doubles the steps
        further = top[top]
        if (further == top).all():
            break
        top = further
    return top


def stay_at(visits: pd.DataFrame, case: np.ndarray, when: np.ndarray) -> np.ndarray:
    """Return the row of the stay (of visits sorted by case and place) in which each case was at a time."""
    start, owner = visits["start"].to_numpy(), visits["case"].to_numpy()
    origin = min(float(start.min()), float(when.min())) if len(when) else 0.0
    width = max(float(start.max()), float(when.max())) - origin + 10.0 if len(when) else 1.0
    found = np.searchsorted(owner * width + (start - origin), case * width + (when - origin) + 1.0, side="right") - 1
    first = np.searchsorted(owner, case, side="left")
    return np.maximum(found, first)


def wait_for_children(cases: pd.DataFrame) -> bool:
    """Tell whether parents wait for their children in a log, or children hang on parents for another reason."""
    child = np.flatnonzero(cases["parent"].to_numpy() >= 0)
    parent = cases["parent"].to_numpy()[child]
    ended = cases["resolved"].to_numpy()
    both = np.isfinite(ended[child]) & np.isfinite(ended[parent])
    return both.sum() < FEWEST_PAIRS or bool((ended[child] <= ended[parent] + 1.0)[both].mean() >= LEAST_IN_ORDER)


def mark(cases: pd.DataFrame, visits: pd.DataFrame, named: np.ndarray, path_seen: bool, notes: list[str]) -> None:
    """Put ``inside`` and ``client`` into cases: whether a team asked, and which (empty where it is not known).

    Parameters
    ----------
    cases : with ``parent`` and ``asker`` (team of whoever asked, empty where it is none of the log's teams)
    visits : stays by ``team``, sorted by case and place
    named : whether the log names a parent for a case, in the log or not
    path_seen : whether the log shows where a case was when; where not, the group of whoever asked says more than the
        parent's last team
    """
    client = cases["asker"].to_numpy(dtype=object).copy()
    parent = cases["parent"].to_numpy()
    if (parent >= 0).any() and not wait_for_children(cases):
        notes.append(
            "children of tickets are resolved after their parents: the column of parents is taken for duplicates or the "
            "like, not for requests between teams"
        )
        cases["parent"] = parent = np.full(len(cases), -1)
        named = np.zeros(len(cases), bool)
    child = np.flatnonzero((parent >= 0) & (path_seen | (client == "")))
    if len(child):
        stay = stay_at(visits, parent[child], cases["opened"].to_numpy()[child])
        client[child] = visits["team"].to_numpy(dtype=object)[stay]
    same = client == cases["first_team"].to_numpy(dtype=object)
    inside = (named | (client != "")) & ~same  # a team does not ask itself: such a ticket is a part of the same work
    if inside.any() and (~inside).sum() < FEWEST_OUTSIDE:
        notes.append(
            "nearly every ticket was opened by one team for another: all are taken as coming from outside, since some must"
        )
        inside = np.zeros(len(cases), bool)
    cases["inside"], cases["client"] = inside, np.where(inside, client, "")
    cases.loc[~inside, "parent"] = -1
    if inside.any():
        unknown = int((inside & (client == "")).sum())
        notes.append(
            f"{int(inside.sum()):,} tickets were opened by one team for another: they become links between departments"
            + (f"; of {unknown:,} the log does not say by which" if unknown else "")
        )


def covered(log: Log, visits: pd.DataFrame) -> np.ndarray:
    """Return for each stay (sorted by case and place) the working days in which a ticket opened for it was not done yet."""
    cases = log.cases
    parent = cases["parent"].to_numpy()
    end = cases["resolved"].to_numpy()
    child = np.flatnonzero((parent >= 0) & np.isfinite(end))
    if len(child) == 0:
        return np.zeros(len(visits))
    stay = stay_at(visits, parent[child], cases["opened"].to_numpy()[child])
    begin = np.maximum(cases["opened"].to_numpy()[child], visits["start"].to_numpy()[stay])
    until = np.fmin(end[child], visits["end"].to_numpy()[stay])
    spans = pd.DataFrame({
        "stay": stay, "begin": log.calendar.to_working(begin), "until": log.calendar.to_working(np.maximum(begin, until)),
    }).sort_values(["stay", "begin"], kind="stable")  # fmt: skip
    reached = spans.groupby("stay")["until"].cummax().groupby(spans["stay"]).shift()
    length = spans["until"] - np.fmax(spans["begin"], reached)
    return np.bincount(spans["stay"], np.maximum(length, 0.0), minlength=len(visits))


def _pairs(log: Log, unit_of: dict[str, str]) -> pd.DataFrame:
    """Return the tickets between different units whose both ends are known: supplier and client as units."""
    cases = log.cases
    known = cases[(cases["inside"] & (cases["client"] != "")).to_numpy()]
    out = known.assign(supplier=known["first_team"].map(unit_of), client=known["client"].map(unit_of))
    return out[out["supplier"].notna() & out["client"].notna() & (out["supplier"] != out["client"])]


def asked(log: Log, unit_of: dict[str, str], row: dict[str, int]) -> np.ndarray:
    """Return how often each unit (row) asked each other (column) for something."""
    counts = np.zeros((len(row), len(row)))
    pairs = _pairs(log, unit_of)
    np.add.at(
        counts, (pairs["client"].map(row).to_numpy(dtype=int), pairs["supplier"].map(row).to_numpy(dtype=int)), 1.0
    )
    return counts


def promised(log: Log, unit_of: dict[str, str], notes: list[str]) -> dict[tuple[str, str], float]:
    """Return what was promised over each link (supplier, client), in working days.

    As for the doors: the median time to the due date, or the limit that best tells kept from broken, or what 80 % met.
    """
    from sim.eventlog import estimate, promises

    inner = log.part(log.cases["inside"].to_numpy())
    visits = estimate.by_unit(inner.visits, unit_of, inner)
    said: list[str] = []
    usual, source = promises.limits(inner, visits, sorted(set(visits["unit"])), said)
    notes.append("between teams, " + said[0])
    pairs = _pairs(log, unit_of)
    out = {
        (str(s), str(c)): usual[str(s)] for s, c in zip(pairs["supplier"], pairs["client"], strict=True) if s in usual
    }
    if source == "due":
        dated = pairs[np.isfinite(pairs["due"]) & (pairs["due"] >= pairs["opened"])]
        allowed = log.calendar.between(dated["opened"].to_numpy(), dated["due"].to_numpy())
        medians = pd.Series(allowed, index=dated.index).groupby([dated["supplier"], dated["client"]]).median()
        for supplier, client, value in medians.reset_index().itertuples(index=False):
            out[str(supplier), str(client)] = max(float(value), 0.001)
    return out
