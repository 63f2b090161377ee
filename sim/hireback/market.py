"""G: the market in which a department that is spun off would have to win its clients back.

What its clients could buy instead is not known, so it is a distribution and not a number: markets m = 1 … 200 that could be
out there, each with a few vendors j, each with a quality Q_jk on the five SERVQUAL dimensions and a price P_j relative to what
the department costs now:

    Q_mjk = clip(mean_k + market_spread a_m + vendor_spread b_mj + dimension_spread c_mjk)      a, b, c standard normal
    P_mj  = price (1 + price_spread²)^(-1/2) exp(sqrt(ln(1 + price_spread²)) d_mj)               lognormal with mean ``price``

The draws a, b, c, d are functions of the seed and of m, j, k alone (`sim.draws`): every department, client and what-if meets
the same markets, and another mean or spread moves the same markets instead of drawing new ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace

import numpy as np

from sim import draws
from sim.compiled import kernel, wrapping_integers
from sim.errors import InputError, did_you_mean
from sim.portable import log, normal_quantile

DIMENSIONS = ("reliability", "responsiveness", "assurance", "empathy", "tangibles")
"""The five dimensions of SERVQUAL (Parasuraman, Zeithaml & Berry 1988), in the order of every array here."""

MARKETS = 200
"""Markets that could be out there, unless somebody asks for another number."""

MOST_VENDORS = 20

_GUESS = "no source: a modelling choice"
_ORDINARY = "what an ordinary unit of this model gives with all levers at their defaults (`sim.hireback.ordinary`)"


@dataclass(frozen=True, slots=True)
class Assumption:
    """What is assumed of the market or of how people choose: name, unit, range, default, source, meaning."""

    name: str
    unit: str
    low: float
    high: float
    default: float
    source: str
    meaning: str

    def check(self, value: object, *, place: str = "market") -> float:
        """Return ``value`` as a float, or raise `InputError` when it is not a number within the range."""
        number = value if isinstance(value, (int, float)) and not isinstance(value, bool) else None
        whole = self.name != "vendors" or number is None or float(number).is_integer()
        if number is None or not self.low <= number <= self.high or not whole:  # refuses nan and infinity, too
            kind = "a whole number" if self.name == "vendors" else "a number"
            raise InputError(
                f"{self.name} of the market cannot have this value",
                place=f"{place}: {self.name}",
                value=value,
                allowed=f"{kind} from {self.low:g} to {self.high:g} ({self.unit})",
            )
        return float(number)


ASSUMPTIONS: tuple[Assumption, ...] = (
    Assumption("reliability", "share", 0, 1, 0.91, _ORDINARY, "reliability of an average vendor"),
    Assumption("responsiveness", "share", 0, 1, 0.81, _ORDINARY, "responsiveness of an average vendor"),
    Assumption("assurance", "share", 0, 1, 0.74, _ORDINARY, "assurance of an average vendor"),
    Assumption("empathy", "share", 0, 1, 0.7, _ORDINARY, "empathy of an average vendor"),
    Assumption("tangibles", "share", 0, 1, 0.66, _ORDINARY, "tangibles of an average vendor"),
    Assumption("market_spread", "share", 0, 0.5, 0.03, _GUESS,
               "how little we know how good the market is: standard deviation between markets, all dimensions together"),
    Assumption("vendor_spread", "share", 0, 0.5, 0.06,
               "that of contractors who could be had (lever partner_spread); no source: a modelling choice",
               "standard deviation of quality between the vendors of a market, all dimensions together"),
    Assumption("dimension_spread", "share", 0, 0.5, 0.05, _GUESS,
               "standard deviation of a vendor's dimensions around its own quality"),
    Assumption("vendors", "vendors", 1, MOST_VENDORS, 5, _GUESS, "vendors among whom a client could choose"),
    Assumption("price", "ratio", 0.01, 100, 1.0, _GUESS,
               "mean price of a vendor relative to what the department costs now"),
    Assumption("price_spread", "coefficient of variation", 0, 5, 0.15, _GUESS, "spread of prices between vendors"),
    Assumption("trust", "share", 0, 1, 0.6,
               "trust in somebody of whom there is no experience (lever goodwill); no source: a modelling choice",
               "trust in a vendor before the first encounter"),
    Assumption("quality_weight", "log odds per unit", 0, 100, 10.0, _GUESS,
               "b_q: 0.1 more of perceived quality multiplies the odds of being chosen by e"),
    Assumption("trust_weight", "log odds per unit", 0, 100, 3.0,
               "direction: Morgan & Hunt 1994, doi:10.1177/002224299405800302; size: a modelling choice",
               "b_t: 0.33 more trust multiplies the odds by e"),
    Assumption("price_weight", "log odds per log price", 0, 100, 2.0, _GUESS,
               "b_p: a price higher by 1 per cent lowers the odds by 2 per cent"),
    Assumption("switching_cost", "log odds", 0, 20, 0.5,
               "direction: Burnham, Frels & Mahajan 2003, doi:10.1177/0092070302250897; size: a modelling choice",
               "s: what changing suppliers costs the client, worth 0.05 of perceived quality at the default"),
)  # fmt: skip
"""Everything that is assumed of the market and of choosing; `Market` holds the values."""

BY_NAME = {one.name: one for one in ASSUMPTIONS}


@dataclass(frozen=True, slots=True)
class Market:
    """The assumptions about the market and about choosing, each checked against its range; see `ASSUMPTIONS`."""

    reliability: float = BY_NAME["reliability"].default
    responsiveness: float = BY_NAME["responsiveness"].default
    assurance: float = BY_NAME["assurance"].default
    empathy: float = BY_NAME["empathy"].default
    tangibles: float = BY_NAME["tangibles"].default
    market_spread: float = BY_NAME["market_spread"].default
    vendor_spread: float = BY_NAME["vendor_spread"].default
    dimension_spread: float = BY_NAME["dimension_spread"].default
    vendors: float = BY_NAME["vendors"].default
    price: float = BY_NAME["price"].default
    price_spread: float = BY_NAME["price_spread"].default
    trust: float = BY_NAME["trust"].default
    quality_weight: float = BY_NAME["quality_weight"].default
    trust_weight: float = BY_NAME["trust_weight"].default
    price_weight: float = BY_NAME["price_weight"].default
    switching_cost: float = BY_NAME["switching_cost"].default

    def __post_init__(self) -> None:
        for one in fields(self):
            object.__setattr__(self, one.name, BY_NAME[one.name].check(getattr(self, one.name)))

    @property
    def means(self) -> np.ndarray:
        """The five dimensions of an average vendor, in the order of `DIMENSIONS`."""
        return np.array([getattr(self, name) for name in DIMENSIONS])

    def changed(self, values: Mapping[str, float], *, place: str = "market") -> Market:
        """Return this market with other values of some assumptions, or raise `InputError` (unknown name, out of range)."""
        return replace(self, **{
            one.name: one.check(value, place=place)
            for one, value in ((assumption(name, place=place), value) for name, value in values.items())
        })  # fmt: skip

    def as_dict(self) -> dict[str, float]:
        """Return the value of every assumption by name."""
        return asdict(self)


def assumption(name: str, *, place: str = "market") -> Assumption:
    """Return the assumption of this name, hyphens or underscores, or raise `InputError` with the nearest known name."""
    found = BY_NAME.get(name.strip().replace("-", "_"))
    if found is None:
        raise InputError(
            "nothing of this name is assumed of the market",
            place=place,
            value=name,
            allowed=", ".join(BY_NAME),
            hint=did_you_mean(name, BY_NAME),
        )
    return found


def parse(texts: Iterable[str], *, place: str = "--market") -> Market:
    """Return the market that a command line describes by ``NAME=VALUE``, each name once."""
    read: dict[str, float] = {}
    for text in texts:
        name, equals, number = text.partition("=")
        try:
            if not equals or not name.strip():
                raise ValueError
            value = float(number)
        except ValueError:
            raise InputError(
                "this says nothing about the market",
                place=place,
                value=text,
                allowed="NAME=VALUE",
                hint=did_you_mean(name.strip(), BY_NAME) or "for example: --market reliability=0.9",
            ) from None
        one = assumption(name, place=place)
        if one.name in read:
            raise InputError("this is said twice of the market", place=place, value=text, allowed="each name once")
        read[one.name] = value
    return Market().changed(read, place=place)


# --- draws -----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Offers:
    """What could be bought instead.

    Attributes
    ----------
    market : the assumptions behind it
    quality : (markets, vendors, 5), 0 to 1
    log_price : (markets, vendors), ln of the price relative to what the department costs now
    """

    market: Market
    quality: np.ndarray
    log_price: np.ndarray
    known: dict[bytes, np.ndarray] = field(default_factory=dict, repr=False, compare=False)
    """What the market is worth to clients with given weights, once it has been worked out; see `choice.best_elsewhere`."""

    @property
    def markets(self) -> int:
        """How many markets there are."""
        return len(self.log_price)


_COMMON, _PRICE, _FIGURES = (
    5,
    6,
    7,
)  # figures of a vendor: a draw for each dimension, one for all of them, one for its price


@kernel
def _normals(key, figures):
    """Fill an array (market, vendor, figure) with standard normals; each depends on its place alone."""
    for m in range(figures.shape[0]):
        for j in range(figures.shape[1]):
            for k in range(figures.shape[2]):
                figures[m, j, k] = normal_quantile(draws.uniform(key, np.uint64(m), j * 16 + k))


def offers(market: Market, *, seed: int, markets: int = MARKETS) -> Offers:
    """Return the offers of ``markets`` markets that could be out there.

    The same for every department, client, run and what-if of a seed; the first of a longer list are those of a shorter one.
    """
    if not 1 <= markets <= 1_000_000:
        raise InputError("so many markets cannot be drawn", place="markets", value=markets, allowed="1 to 1,000,000")
    if seed < 0:
        raise InputError("this cannot be a seed", place="seed", value=seed, allowed="a whole number, 0 or more")
    vendors = int(market.vendors)
    with wrapping_integers():
        key = draws.identity("hire back", int(seed))
        normal = np.empty((markets, vendors, _FIGURES))
        _normals(key, normal)
        whole = np.empty((markets, 1, 1))
        _normals(draws.identity("hire back: market", int(seed)), whole)
    quality = (
        market.means
        + market.market_spread * whole
        + market.vendor_spread * normal[..., _COMMON, None]
        + market.dimension_spread * normal[..., :_COMMON]
    )
    variance = float(log(1.0 + market.price_spread**2))
    log_price = float(log(market.price)) - 0.5 * variance + np.sqrt(variance) * normal[..., _PRICE]
    return Offers(market, np.clip(quality, 0.0, 1.0), log_price)
