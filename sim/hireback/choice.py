"""G1: would they hire you back? Each client chooses between the department and the market.

Random utility (McFadden 1974, "Conditional logit analysis of qualitative choice behavior"). A person compares the department d,
as they perceive it, with the offers j of a market:

    U_d = b_q Σ_k w_k q_k  + b_t T  − b_p ln p_d + s    q perceived dimensions, w the link's weights as shares, T trust, p price
    U_j = b_q Σ_k w_k Q_jk + b_t T0 − b_p ln P_j         Q, T0, P: what the market offers (`sim.hireback.market`)
    V   = ln( (1/J) Σ_j exp U_j )
    share kept = exp U_d / (exp U_d + exp V) = 1 / (1 + exp(V − U_d))

V is the inclusive value of the market less ln J, the correction for the size of a nest (Ben-Akiva & Lerman 1985, *Discrete
Choice Analysis*, ch. 9): "stay or go" is one choice, "to whom" another. Were each vendor an alternative of its own, ten vendors
just like the department would take ten elevenths of its clients, for no reason but their number (Debreu 1960, the red bus and
the blue bus). So one vendor or ten that are just as good, just as trusted and no bother to change to take one half. With b_q =
b_t = b_p = s = 0 everybody tosses a coin: one half.

The share is a probability for a person, and the share of demand kept for a department. Verdicts are about certainty: over all
pairs of a run and a market, how often is the share above one half?
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from sim.compiled import kernel, wrapping_integers
from sim.errors import InputError
from sim.hireback.market import DIMENSIONS, MARKETS, Market, Offers, offers
from sim.portable import exp, log

Answer = Literal["yes", "no", "close"]

HALF = 0.5
CLEAR = 0.9
"""Certainty from which an answer is "yes"; from 1 - `CLEAR` down it is "no"."""
SURE_SHARE = 0.8
"""Share kept from which a department is sure of the job."""

FACTORS = (*DIMENSIONS, "trust", "price", "switching cost")
"""What a choice hangs on."""

WORDS: dict[Answer, str] = {"yes": "yes", "no": "no", "close": "too close to call"}


@kernel
def _inclusive(quality, log_price, weights, quality_weight, trust_part, price_weight, utility, value):
    """Fill ``value`` with V of each market: the log of the mean of exp U over its vendors. ``utility`` is room for U."""
    vendors = quality.shape[1]
    for m in range(quality.shape[0]):
        most = -1.0e300
        for j in range(vendors):
            perceived = 0.0
            for k in range(quality.shape[2]):
                perceived += weights[k] * quality[m, j, k]
            utility[j] = quality_weight * perceived - price_weight * log_price[m, j]
            most = max(most, utility[j])
        total = 0.0
        for j in range(vendors):
            total += exp(utility[j] - most)
        value[m] = trust_part + most + log(total / vendors)


@kernel
def _shares(own, value, share):
    """Fill ``share`` (market, person) with the logit of U less V."""
    for m in range(len(value)):
        for e in range(len(own)):
            share[m, e] = 1.0 / (1.0 + exp(value[m] - own[e]))


def as_shares(weights: np.ndarray) -> np.ndarray:
    """Return the weights of the five dimensions as shares of 1; all 0 count as equal, as in an encounter (A2)."""
    given = np.asarray(weights, dtype=float)
    if given.shape != (len(DIMENSIONS),) or not np.isfinite(given).all() or (given < 0).any():
        raise InputError(
            "these are no weights of the five dimensions",
            place="weights",
            value=weights,
            allowed="5 numbers, 0 or more",
        )
    total = float(sum(given))
    return given / total if total > 0 else np.full(len(DIMENSIONS), 1 / len(DIMENSIONS))


def worth(
    perceived: np.ndarray, weights: np.ndarray, trust: np.ndarray, market: Market, *, price: float = 1.0
) -> np.ndarray:
    """Return U_d of each person: (people, 5), (5,), (people,) → (people,).

    What somebody did not judge (nan) is taken to be as in an average vendor, so that it speaks neither for nor against.
    """
    seen = np.asarray(perceived, dtype=float)
    known = np.where(np.isnan(seen), market.means, seen)
    trusted = np.where(np.isnan(trust), market.trust, trust)
    quality = np.zeros(len(known))
    for k, weight in enumerate(
        as_shares(weights)
    ):  # written out: the last bits of a matrix product differ between machines
        quality += weight * known[:, k]
    cost = market.price_weight * _log(price)
    own: np.ndarray = market.quality_weight * quality + market.trust_weight * trusted - cost + market.switching_cost
    return own


def _log(price: float) -> float:
    if not (np.isfinite(price) and price > 0):
        raise InputError("this is no price", place="price", value=price, allowed="a number above 0")
    return float(log(float(price))) if price != 1.0 else 0.0


def best_elsewhere(weights: np.ndarray, available: Offers) -> np.ndarray:
    """Return V, what the market is worth to a client with these weights: one figure for each market."""
    shares, market = as_shares(weights), available.market
    value = available.known.get(shares.tobytes())
    if value is None:
        value = np.empty(available.markets)
        with wrapping_integers():
            _inclusive(
                available.quality, available.log_price, shares, market.quality_weight, market.trust_weight * market.trust,
                market.price_weight, np.empty(available.quality.shape[1]), value,
            )  # fmt: skip
        available.known[shares.tobytes()] = value
    return value


def stay(
    perceived: np.ndarray, weights: np.ndarray, trust: np.ndarray, offers: Offers, *, price: float = 1.0
) -> np.ndarray:
    """Return the probability with which each person stays, in each market: (markets, people).

    Parameters
    ----------
    perceived : (people, 5), the department's service as each person sees it, 0 to 1; nan where somebody did not judge
    weights : (5,), how much each dimension counts for this client; any scale
    trust : (people,), trust in the department, 0 to 1; nan where it is not known
    offers : the markets
    price : the department's price relative to what it costs now
    """
    seen, trusted = _checked(perceived, trust)
    own = worth(seen, weights, trusted, offers.market, price=price)
    share = np.empty((offers.markets, len(own)))
    _shares(own, best_elsewhere(weights, offers), share)
    return share


def _checked(perceived: np.ndarray, trust: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    seen, trusted = np.asarray(perceived, dtype=float), np.asarray(trust, dtype=float)
    if seen.ndim != 2 or seen.shape[1] != len(DIMENSIONS) or trusted.shape != seen.shape[:1] or not len(seen):
        raise InputError(
            "these are no perceptions of people",
            place="perceived, trust",
            value=f"arrays of shapes {seen.shape} and {trusted.shape}",
            allowed="(people, 5) and (people,), at least one person",
        )
    for name, values in (("perceived", seen), ("trust", trusted)):
        if ((values < 0) | (values > 1)).any() or np.isinf(values).any():
            raise InputError(f"{name} is out of range", place=name, value=values.tolist(), allowed="0 to 1, or nan")
    return seen, trusted


def swaps(
    perceived: np.ndarray, weights: np.ndarray, trust: np.ndarray, offers: Offers, *, price: float = 1.0
) -> dict[str, np.ndarray]:
    """Return what each factor does: the share kept less the share if this factor were as in an average vendor.

    By factor (`FACTORS`), one figure for each market, the mean over people. Above 0 the factor holds clients, below 0 it drives
    them away. For the price, the market's mean price; for the switching cost, none.
    """
    seen, trusted = _checked(perceived, trust)
    market = offers.market
    shares = as_shares(weights)
    value = best_elsewhere(weights, offers)
    own = worth(seen, weights, trusted, market, price=price)
    kept = mean_over_people(own, value)
    known = np.where(np.isnan(seen), market.means, seen)
    told = np.where(np.isnan(trusted), market.trust, trusted)
    less = {
        name: market.quality_weight * shares[k] * (known[:, k] - market.means[k]) for k, name in enumerate(DIMENSIONS)
    }
    less["trust"] = market.trust_weight * (told - market.trust)
    less["price"] = np.full(len(own), market.price_weight * (_log(market.price) - _log(price)))
    less["switching cost"] = np.full(len(own), market.switching_cost)
    return {name: kept - mean_over_people(own - less[name], value) for name in FACTORS}


def mean_over_people(own: np.ndarray, value: np.ndarray) -> np.ndarray:
    """Return the mean share over people, in each market, from their U and the markets' V."""
    share = np.empty((len(value), len(own)))
    _shares(own, value, share)
    mean: np.ndarray = share.mean(axis=1)
    return mean


# --- verdicts --------------------------------------------------------------------------------------------------------------


def certainty(shares: np.ndarray) -> float:
    """Return how sure it is that the department is hired: the part of all (run, market) pairs with a share above one half.

    A share of exactly one half counts half. nan where there is no share at all.
    """
    known = np.asarray(shares, dtype=float)
    known = known[np.isfinite(known)]
    return float(np.mean(known > HALF) + 0.5 * np.mean(known == HALF)) if known.size else float("nan")


def answer(certain: float) -> Answer:
    """Return the verdict: "yes" from a certainty of 0.9, "no" down from 0.1, else "close" (`WORDS`: too close to call)."""
    return "yes" if certain >= CLEAR else "no" if certain <= 1 - CLEAR + 1e-12 else "close"


def sureness(shares: np.ndarray) -> float:
    """Return the part of all (run, market) pairs in which at least 80 % are kept; nan where there is no share."""
    known = np.asarray(shares, dtype=float)
    known = known[np.isfinite(known)]
    return float(np.mean(known >= SURE_SHARE)) if known.size else float("nan")


def sure(shares: np.ndarray) -> bool:
    """Tell whether the department is sure of the job: 80 % kept in at least 90 % of all (run, market) pairs."""
    return sureness(shares) >= CLEAR


def decider(effects: dict[str, float], verdict: Answer) -> str | None:
    """Return the factor that decides: the largest swap in the direction of the verdict, in size where it is close.

    None where no factor works in that direction: what decides then is how the market as a whole scatters.
    """
    sign = {"yes": 1.0, "no": -1.0, "close": 0.0}[verdict]
    best = max(effects, key=lambda name: sign * effects[name] if sign else abs(effects[name]))
    size = sign * effects[best] if sign else abs(effects[best])
    return best if size > 1e-9 else None


__all__ = [
    "CLEAR", "DIMENSIONS", "FACTORS", "HALF", "MARKETS", "SURE_SHARE", "WORDS", "Answer", "Market", "Offers", "answer",
    "as_shares", "best_elsewhere", "certainty", "decider", "mean_over_people", "offers", "stay", "sure", "sureness", "swaps",
    "worth",
]  # fmt: skip
