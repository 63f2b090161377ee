"""Following individual customers day by day: what each met with, what it thought of it, whether it complained, and stayed.

The model keeps every closed request in its journal. It says how good an answer was, not what was expected, nor how satisfied
the customer was before and after. So customers are looked at each morning and each evening, and both are put together.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from sim.errors import InputError
from sim.model import ServiceModel
from sim.population import COMPLAINT
from sim.rules.encounter import judge
from sim.rules.recovery import GOOD

ENCOUNTERS = {
    "customer": "identity of the customer, the same in runs with the same seed",
    "segment": "its segment",
    "link": "row of the link over which it asked, see `ServiceChain.links`",
    "day": "working day on which the answer came, counted from 0",
    "cause": "why it asked; see the causes in `sim.population` (NEED, …, COMPLAINT, CLAIM)",
    "opened": "time of asking, in days",
    "closed": "time of the answer, in days",
    "wait": "days from asking to the answer",
    "acceptable": "days that it holds acceptable",
    "right": "whether the answer was right",
    "quality": "perceived quality of the answer, 0 to 1",
    "expected": "quality expected that morning, 0 to 1",
    "satisfaction_before": "satisfaction that morning, 0 to 1",
    "satisfaction_after": "satisfaction that evening, 0 to 1",
    "trust_before": "trust that morning, 0 to 1",
    "alone": "whether the customer had this one encounter on that day, so that before and after are due to it",
    "failed": "whether quality fell short of what was expected by more than the customer lets pass",
    "complained": "whether the customer complained of it",
    "resolved": "whether a complaint about it was answered well in the end",
    "answer_days": "days from the complaint to the answer that resolved it, else to the last answer; nan without one",
    "left_after": "days from this day to leaving; nan where the customer had not left when watching ended",
}
"""Columns of `Followed.encounters`."""

CUSTOMERS = {
    "customer": "identity of the customer, the same in runs with the same seed",
    "segment": "its segment",
    "satisfaction": "satisfaction on the first morning, 0 to 1",
    "expectation": "quality expected then, 0 to 1: reliability by its share in the usual weights, the rest process",
    "trust": "trust then, 0 to 1",
    "left_after": "days until it left; nan where it had not left when watching ended",
    "satisfaction_end": "satisfaction on the last evening, 0 to 1; nan for those who left",
    "trust_end": "trust then; nan for those who left",
}
"""Columns of `Followed.customers`: everybody who was active on the first morning."""

_WHO = ("ordinal", "segment", "active")
_SEEN = (*_WHO, "encounters", "satisfaction", "trust", "expected_outcome", "expected_process")


@dataclass(frozen=True, slots=True)
class Followed:
    """What following a model gave.

    Attributes
    ----------
    customers : one row per customer of the first morning; columns as in `CUSTOMERS`
    encounters : one row per closed request of a customer in the window; columns as in `ENCOUNTERS`
    """

    customers: pd.DataFrame
    encounters: pd.DataFrame


def follow(model: ServiceModel, days: int, window: int | None = None) -> Followed:
    """Run a model for ``days`` and return what its customers lived through.

    Parameters
    ----------
    model : made with ``journal=True``; it is run on in place
    days : how long customers are watched for leaving
    window : days, from now on, whose encounters are wanted; None for all

    Raises
    ------
    InputError : the model keeps no journal, or there is no day to follow it
    """
    for name, number in (("days", days), ("window", window)):
        if number is not None and number < 1:
            raise InputError("customers are followed for a day at least", place=name, value=number, allowed="1 or more")
    start = model.day
    window = days if window is None else min(window, days)
    first = _look(model, _SEEN)
    before = first
    met: list[dict[str, np.ndarray]] = []
    left: list[tuple[np.ndarray, int]] = []
    for day in range(start, start + days):
        model.run(1)
        looks_close = day < start + window
        after = _look(model, _SEEN if looks_close or day == start + days - 1 else _WHO)
        known = len(before["ordinal"])
        same = (after["ordinal"][:known] == before["ordinal"]) & (after["segment"][:known] == before["segment"])
        gone = (before["active"] == 1) & ~(same & (after["active"][:known] == 1))
        left.append((_identity(before)[gone], day))
        if looks_close:
            met.append(_met(before, after, same, day))
        before = after
    departures = pd.Series(
        np.repeat([day for _, day in left], [len(who) for who, _ in left]),
        index=np.concatenate([who for who, _ in left]),
    )
    together = pd.DataFrame({name: np.concatenate([one[name] for one in met]) for name in met[0]})
    return Followed(
        _customers(model, first, before, departures, start), _encounters(model, start, together, departures)
    )


def judged(model: ServiceModel, encounters: pd.DataFrame) -> np.ndarray:
    """Return how customers judge these encounters, 0 to 1, by the model's own rule, from quality and expectation.

    What a failure that was made good before adds to a shortfall, and the few whom nothing satisfies, are left out. It takes
    some 40 microseconds an encounter.
    """
    firm = model.state.firm[0]
    pairs = zip(encounters["quality"].tolist(), encounters["expected"].tolist(), strict=True)
    return np.array([judge(firm, quality, expected, 1.0, 1.0) for quality, expected in pairs])


def _look(model: ServiceModel, names: tuple[str, ...]) -> dict[str, np.ndarray]:
    rows = np.asarray(model.state.customer)
    return {name: rows[name].copy() for name in names}


def _identity(seen: dict[str, np.ndarray]) -> np.ndarray:
    identity: np.ndarray = (seen["segment"].astype(np.int64) << 32) + seen["ordinal"]
    return identity


def _met(
    before: dict[str, np.ndarray], after: dict[str, np.ndarray], same: np.ndarray, day: int
) -> dict[str, np.ndarray]:
    """Return who had an encounter on a day, as they stood in the morning and in the evening."""
    count = np.where(same, after["encounters"][: len(same)] - before["encounters"], 0)
    rows = np.flatnonzero(count > 0)
    return {
        "day": np.full(len(rows), day), "client": rows, "customer": _identity(before)[rows], "alone": count[rows] == 1,
        "satisfaction_before": before["satisfaction"][rows], "satisfaction_after": after["satisfaction"][rows],
        "trust_before": before["trust"][rows], "outcome": before["expected_outcome"][rows],
        "process": before["expected_process"][rows],
    }  # fmt: skip


def _customers(
    model: ServiceModel, first: dict[str, np.ndarray], last: dict[str, np.ndarray], departures: pd.Series, start: int
) -> pd.DataFrame:
    here = np.flatnonzero(first["active"] == 1)
    who = _identity(first)[here]
    shares = _share_of_reliability(model)[first["segment"][here]]
    end = pd.DataFrame({
        "customer": _identity(last), "satisfaction_end": last["satisfaction"], "trust_end": last["trust"],
    })[last["active"] == 1]  # fmt: skip
    frame = pd.DataFrame({
        "customer": who, "segment": np.array(model.chain.segments)[first["segment"][here]],
        "satisfaction": first["satisfaction"][here],
        "expectation": shares * first["expected_outcome"][here] + (1 - shares) * first["expected_process"][here],
        "trust": first["trust"][here], "left_after": departures.reindex(who).to_numpy() - start,
    }).merge(end, on="customer", how="left")  # fmt: skip
    return frame.sort_values("customer", ignore_index=True)[list(CUSTOMERS)]


def _share_of_reliability(model: ServiceModel) -> np.ndarray:
    """Return the weight of reliability in quality, for each segment the mean over the links that serve it."""
    link = model.state.link
    client, share = np.asarray(link["client_segment"]), np.asarray(link["share_reliability"])
    return np.array([share[client == row].mean() for row in range(len(model.chain.segments))])


def _encounters(model: ServiceModel, start: int, met: pd.DataFrame, departures: pd.Series) -> pd.DataFrame:
    state, journal = model.state, model.journal
    journal["day"] = np.repeat(np.arange(model.day), state.link_day["closed"][: model.day].sum(axis=1))
    client_segment = np.asarray(state.link["client_segment"])
    journal = journal[(client_segment[journal["link"]] >= 0) & (journal["day"] >= start)]
    frame = journal.merge(met, on=["day", "client"], how="inner")
    place = frame["link"].to_numpy()
    segment = client_segment[place]
    share = np.asarray(state.link["share_reliability"])[place]
    hurry = np.where(frame["rush"] == 1, float(state.firm["rush_deadline"][0]), 1.0)
    frame["segment"] = np.array(model.chain.segments)[segment]
    frame["wait"] = frame["closed"] - frame["opened"]
    frame["acceptable"] = np.asarray(state.link["promise_days"])[place] * hurry * state.segment["patience"][segment]
    frame["right"] = frame["right"] == 1
    frame["expected"] = share * frame["outcome"] + (1 - share) * frame["process"]
    # Expectations move a little between morning and answer: who complained was dissatisfied, whatever the morning says.
    answers = _answers(frame, journal[journal["cause"] == COMPLAINT])
    frame = frame.join(answers)
    tolerance = np.asarray(state.segment["tolerance"])[segment]
    frame["failed"] = (frame["quality"] < frame["expected"] - tolerance) | frame["complained"]
    frame["left_after"] = departures.reindex(frame["customer"]).to_numpy() - frame["day"]
    return frame.sort_values(["closed", "customer", "link"], ignore_index=True)[list(ENCOUNTERS)]


def _answers(frame: pd.DataFrame, complaints: pd.DataFrame) -> pd.DataFrame:
    """Return, for each encounter, whether it was complained of, and what came of it in the end.

    A complaint is opened at the moment at which the answer came that it is about, over the same link; an answer to a complaint
    may be complained of in its turn.
    """
    place = ["client", "link"]
    answers = complaints[place].assign(
        when=complaints["opened"], answered=complaints["closed"],
        well=(complaints["right"] == 1) & (complaints["quality"] >= GOOD),
    )  # fmt: skip
    found = pd.DataFrame({"complained": False, "resolved": False, "answer_days": np.nan}, index=frame.index)
    asking = frame[place].assign(when=frame["closed"])
    while len(asking):
        came = asking.reset_index(names="row").merge(answers, on=[*place, "when"]).set_index("row")
        found.loc[came.index, "complained"] = True
        found.loc[came.index, "resolved"] = came["well"]
        found.loc[came.index, "answer_days"] = came["answered"] - frame.loc[came.index, "closed"]
        asking = came.loc[~came["well"], place].assign(when=came["answered"])
    return found
