"""Estimates behind a derived organisation: rests at teams, working time, time limits, staff, rare teams.

Rests. A stay of a case at a team lasts far longer than the work on it. With probability p it rests, for a lognormal
time: log T ~ N(mu, sigma²), in working days. Stays still open when the log was taken are censored and enter by the EM
algorithm for a censored normal sample (Wolynetz 1979, doi:10.2307/2346748). Teams with few stays borrow from all: mean
and variance of log T are weighted (n own + k all) / (n + k), k = `BORROWED` stays: shrinkage as in empirical Bayes
(Efron & Morris 1975, doi:10.1080/01621459.1975.10479864), with k fixed by choice.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from sim.eventlog.log import Log

BORROWED = 8.0
MOST_UTILISATION = 0.7
"""Working time per visit is held down so that no team's staff is busier than this."""
WIDEST = 2.75
"""Largest sigma of log T: the model's spread of rests ends at 50, which is sigma 2.8."""
QUICK = 0.25
"""A team's quicker quarter of stays bounds the working time."""
LEAST_HOURS, MOST_HOURS = 0.05, 4.0


@dataclass(frozen=True, slots=True)
class Rest:
    """How long cases rest: with probability ``share``, lognormal with ``mu`` and ``sigma`` of log working days."""

    share: float
    mu: float
    sigma: float
    stays: int

    @property
    def mean(self) -> float:
        """Mean of a rest in working days: exp(mu + sigma² / 2)."""
        return float(np.exp(self.mu + self.sigma**2 / 2))

    @property
    def spread(self) -> float:
        """Its coefficient of variation: sqrt(exp(sigma²) - 1)."""
        return float(np.sqrt(np.expm1(self.sigma**2)))

    def changed(self, shift: float, stretch: float) -> Rest:
        """Return this rest with mu shifted and sigma stretched, within what the model takes."""
        sigma = min(self.sigma * stretch, WIDEST)
        return Rest(self.share, min(self.mu + shift, np.log(4500) - sigma**2 / 2), sigma, self.stays)


def censored_normal(values: np.ndarray, open_: np.ndarray, rounds: int = 60) -> tuple[float, float]:
    """Return mean and standard deviation of a normal sample some of whose values are only lower bounds (EM)."""
    from scipy.stats import norm

    seen = values[~open_]
    if len(seen) == 0:
        return float(values.mean()), 1.0
    mean, sd = float(seen.mean()), float(seen.std() or 1.0)
    if not open_.any():
        return mean, sd
    bounds = values[open_]
    for _ in range(rounds):
        z = (bounds - mean) / sd
        hazard = np.exp(norm.logpdf(z) - norm.logsf(z))
        expected = mean + sd * hazard
        second = sd**2 * (1 + z * hazard - hazard**2)
        new = (seen.sum() + expected.sum()) / len(values)
        sd = float(np.sqrt((((seen - new) ** 2).sum() + ((expected - new) ** 2 + second).sum()) / len(values)))
        mean = float(new)
    return mean, max(sd, 1e-6)


def rests(visits: pd.DataFrame, work_days: dict[str, float], slot: float) -> dict[str, Rest]:
    """Return the rest of every unit.

    Parameters
    ----------
    visits : one row a stay: ``unit``, ``days``, ``left``
    work_days : mean working time of a visit at each unit, in working days
    slot : working days between two handings over of work in the model, which every visit costs about once
    """
    known = visits[np.isfinite(visits["days"])]
    base = known["unit"].map(work_days).to_numpy(dtype=float) + slot
    days, open_ = known["days"].to_numpy(), (known["left"] == "open").to_numpy()
    resting = days > 2 * base
    pause = np.log(np.maximum(days - base, slot / 2))
    units = known["unit"].to_numpy()
    decided = ~open_ | resting
    all_share = resting[decided].mean() if decided.any() else 0.0
    if resting.sum() >= 2:
        all_mu, all_sigma = censored_normal(pause[resting], open_[resting])
    else:
        all_mu, all_sigma = float(np.log(max(slot, 1e-6))), 1.0
    out = {}
    for unit in sorted(set(visits["unit"])):
        mine = units == unit
        n_all, n = int((mine & decided).sum()), int((mine & resting).sum())
        share = (float(resting[mine & decided].sum()) + BORROWED * all_share) / (n_all + BORROWED)
        mu, sigma = all_mu, all_sigma
        if n >= 2:
            own_mu, own_sigma = censored_normal(pause[mine & resting], open_[mine & resting])
            weight = n / (n + BORROWED)
            mu = weight * own_mu + (1 - weight) * all_mu
            sigma = float(np.sqrt(weight * own_sigma**2 + (1 - weight) * all_sigma**2))
        out[unit] = Rest(float(share), float(mu), min(sigma, WIDEST), n_all)
    return out


def pool_rare(log: Log, smallest: int) -> dict[str, str]:
    """Return unit of every team: itself, or one of the pools of "Other teams" where it is too small to be shown.

    A team is too small with fewer than ``smallest`` stays, or fewer than ``smallest`` assignees where the log names
    them. A pool must reach the minimum itself. There are up to four pools, filled so that teams that hand work to each
    other stand in different ones: a handover inside a pool would be lost.
    """
    stays = log.visits["team"].value_counts()
    people = log.assignees
    counted = len(people) > 0
    small = [t for t in stays.index if stays[t] < smallest or (counted and people.get(t, 0) < smallest)]
    out = {str(team): str(team) for team in stays.index}
    if not small:
        return out
    heads = int(sum(people.get(t, 0) for t in small)) if counted else int(sum(stays[t] for t in small))
    traffic: dict[tuple[str, str], int] = {}
    for giver, taker, count in log.handovers.itertuples(index=False):
        traffic[giver, taker] = traffic.get((giver, taker), 0) + int(count)
    for pools in range(min(4, max(1, heads // (3 * smallest))), 0, -1):
        members: list[list[str]] = [[] for _ in range(pools)]
        size = [0] * pools
        for team in sorted(small, key=lambda t: (-int(stays[t]), str(t))):
            inside = [sum(traffic.get((team, m), 0) + traffic.get((m, team), 0) for m in pool) for pool in members]
            best = min(range(pools), key=lambda p: (inside[p], size[p]))
            members[best].append(team)
            size[best] += int(people.get(team, 0)) if counted else int(stays[team])
        if min(size) >= smallest or pools == 1:
            break
    if min(size) < smallest:  # even together they are too few to be shown: they join the smallest team that may be
        large = [t for t in stays.index if t not in small]
        if large:
            host = min(large, key=lambda t: (int(stays[t]), str(t)))
            return out | dict.fromkeys(small, host)
    names = ["Other teams"] if len(members) == 1 else [f"Other teams {n + 1}" for n in range(len(members))]
    taken = set(stays.index) - set(small)
    for name, pool in zip(names, members, strict=True):
        while name in taken:
            name += " (pooled)"
        out.update(dict.fromkeys(pool, name))
    return out


def by_unit(visits: pd.DataFrame, unit_of: dict[str, str], log: Log) -> pd.DataFrame:
    """Return the stays at units, with neighbouring stays at one unit joined to one."""
    ordered = visits.sort_values(["case", "place"], kind="stable")
    unit = ordered["team"].map(unit_of).to_numpy()
    case = ordered["case"].to_numpy()
    new = np.concatenate([[True], (case[1:] != case[:-1]) | (unit[1:] != unit[:-1])])
    last = np.concatenate([new[1:], [True]])
    out = pd.DataFrame({"case": case[new], "unit": unit[new], "start": ordered["start"].to_numpy()[new],
                        "end": ordered["end"].to_numpy()[last], "left": ordered["left"].to_numpy()[last]})  # fmt: skip
    out["days"] = log.calendar.between(out["start"].to_numpy(), out["end"].to_numpy())
    first = np.concatenate([[True], out["case"].to_numpy()[1:] != out["case"].to_numpy()[:-1]])
    rank = np.arange(len(out))
    out["place"] = rank - np.maximum.accumulate(np.where(first, rank, 0))
    return out


def best_limit(days: np.ndarray, kept: np.ndarray) -> tuple[float, float]:
    """Return the time limit that best tells kept from broken promises, and the share that it gets wrong.

    Kept is taken to mean at or below the limit. The limit lies midway between the neighbouring cases.
    """
    order = np.argsort(days, kind="stable")
    x, good = days[order], kept[order] > 0.5
    wrong = np.concatenate([[good.sum()], good.sum() - np.cumsum(good) + np.cumsum(~good)])
    wrong[1:-1][x[1:] == x[:-1]] = len(x) + 1  # a limit cannot pass between equals
    at = int(np.argmin(wrong))
    if at == 0:
        limit = x[0] / 2
    elif at == len(x):
        limit = x[-1] * 1.01
    else:
        limit = (x[at - 1] + x[at]) / 2
    return float(max(limit, 0.001)), float(wrong[at] / len(x))


def working_hours(
    visits: pd.DataFrame, staff: dict[str, int], per_day: float, hours_per_day: float
) -> tuple[dict[str, float], list[str]]:
    """Return the mean working time of a visit at each unit, in hours, and which units were held down by their staff.

    A ticket log does not say how long anybody worked. The quicker quarter of the stays at a unit were over within some
    time, waiting included, so the work on those took no longer: their upper quartile is taken as the mean, between 3
    minutes and 4 hours, and held down to where the unit's staff would be 70 % busy. No source: a modelling choice.

    Parameters
    ----------
    visits : stays by ``unit`` with ``days``
    staff : people of each unit; units that are missing here are not held down
    per_day : cases that arrive per working day, all in all; a unit gets its share by its stays a case
    """
    cases = max(1, visits["case"].nunique())
    known = visits[np.isfinite(visits["days"]) & (visits["left"] != "open")]
    everyone = float(known["days"].quantile(QUICK)) if len(known) else 0.1
    hours, held = {}, []
    stays = visits["unit"].value_counts()
    for unit, mine in visits.groupby("unit", sort=True):
        days = mine.loc[np.isfinite(mine["days"]) & (mine["left"] != "open"), "days"]
        n = len(days)
        quick = (n * float(days.quantile(QUICK)) + BORROWED * everyone) / (n + BORROWED) if n else everyone
        value = float(np.clip(quick * hours_per_day, LEAST_HOURS, MOST_HOURS))
        if unit in staff:
            most = MOST_UTILISATION * staff[str(unit)] * hours_per_day / (per_day * stays[unit] / cases)
            if most < value:
                value = most
                held.append(str(unit))
        hours[str(unit)] = max(value, 1e-3)
    return hours, held
