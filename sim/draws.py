"""Random numbers without a generator: each is a pure function of (run seed, purpose, who, which time).

A draw belongs to a decision, not to a moment. Nothing is consumed from a stream, so a change somewhere leaves every
unrelated draw alone, and paired runs differ only where the change reaches (common random numbers).

The function is splitmix64 (Steele, Lea & Flood 2014, doi:10.1145/2660193.2660195, with the constants of Vigna's public
implementation), nested: `bits` is the ``when``-th output of the splitmix64 generator seeded with the ``who``-th output
of the generator seeded with the key of the run and purpose. Cost and statistical quality against Philox and Threefry are
measured in ``experiments/benchmarks/draws.py`` and argued in ``docs/draws.md``.
"""

from __future__ import annotations

import hashlib
import operator
from enum import IntEnum

import numpy as np

from sim.compiled import rule, wrapping_integers
from sim.portable import exp, log, normal_quantile

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX2 = np.uint64(0x94D049BB133111EB)
_30, _27, _31, _12 = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(12)
_TO_UNIT = 2.0**-52


class Purpose(IntEnum):
    """What a draw decides. The name, not the number, makes the key: adding a purpose changes no other draw."""

    START = 0  # state of a person or customer on the first day
    NEED = 1  # time until a customer's next need
    DOOR = 2  # which department or contractor a need goes to
    RUSH = 3  # whether a need is in a hurry
    FORK = 4  # how many internal requests a case makes, and their identities
    ASKER = 5  # which colleague stands behind an internal request
    WORK = 6  # working time
    PAUSE = 7  # whether a request rests without anybody working on it
    PAUSE_LENGTH = 8  # for how long
    ERROR = 9  # whether the work is right
    BREAK = 10  # whether a failed input breaks the case that needed it
    REOPEN = 11  # whether the client sends a failure back
    PASS_ON = 12  # whether, and to whom, a case is passed on
    CARE = 13  # whether an internal request is put before or behind other work
    WILLING = 14  # whether a supplier agrees to hurry
    STAY = 15  # whether a customer stays
    JOIN = 16  # how many new customers come
    BORN = 17  # problems that begin, and where
    VOICE = 18  # whether a problem is raised
    HEARD = 19  # whether a raised problem is taken up
    QUIT = 20  # whether somebody quits
    VACANCY = 21  # how long a post stands empty, and whether a temporary fills it
    NEWCOMER = 22  # state of somebody who takes up a post
    RIVAL = 23  # whether a request is put off out of hostility
    UNCLEAR = 24  # whether a request comes unclear
    DISOWN = 25  # whether it is passed on rather than owned
    WHOM = 26  # to whom it is passed
    COVER = 27  # who can do another unit's work
    SELECT = 28  # quality of contractors who could be had, and how it looks
    MEASURE = 29  # error of a measurement
    ACCIDENT = 30  # whether a contractor damages something
    STAGE = 31  # how the people at each stage of an accident behave
    COMPLAIN = 32  # how a dissatisfied customer reacts
    SETTLE = 33  # whether staff may settle a complaint themselves
    OWN = 34  # whether a complaint is owned
    APOLOGY = 35  # whether somebody apologises
    LATENT = 36  # whether work hides a fault
    SURFACE = 37  # when a hidden fault or a promise not kept surfaces
    PROMISE = 38  # whether more is promised than can be kept
    HIDDEN = 39  # whether the real issue is missed
    ROOT = 40  # whether a root cause is looked for
    SURVEY = 41  # who answers a survey, and how


@rule
def mix(z):
    """Return splitmix64's output function of the 64-bit state ``z``."""
    z = (z ^ (z >> _30)) * _MIX1
    z = (z ^ (z >> _27)) * _MIX2
    return z ^ (z >> _31)


@rule
def bits(key, who, when):
    """Return 64 random bits for decision ``when`` of ``who`` (all unsigned 64-bit integers)."""
    return mix(mix(key + who * _GOLDEN) + when * _GOLDEN)


@rule
def uniform(key, who, when):
    """Return a number in the open interval (0, 1)."""
    return ((bits(key, who, np.uint64(when)) >> _12) + 0.5) * _TO_UNIT


@rule
def exponential(u):
    """Turn a uniform into an exponential variate with mean 1."""
    return -log(u)


@rule
def lognormal(u, mean, spread):
    """Turn a uniform into a lognormal variate with this mean and coefficient of variation ``spread``.

    sigma**2 = ln(1 + spread**2), mu = ln(mean) - sigma**2 / 2. With ``spread`` 0 the mean itself.
    """
    if spread == 0.0:
        return mean
    variance = log(1.0 + spread * spread)
    return mean * exp(normal_quantile(u) * np.sqrt(variance) - 0.5 * variance)


@rule
def poisson(u, mean):
    """Turn a uniform into a Poisson variate; above a mean of 30 by the rounded normal approximation.

    Inversion: the first count whose probabilities sum to ``u``. Rounded, that sum can stay below a ``u`` next to 1 for
    ever; where no further term adds to it, the count is taken.
    """
    if mean > 30.0:
        return max(0, int(np.floor(mean + np.sqrt(mean) * normal_quantile(u) + 0.5)))
    count = 0
    probability = exp(-mean)
    total = probability
    while u > total:
        count += 1
        probability *= mean / count
        before = total
        total += probability
        if total == before:
            break
    return count


@rule
def round_at_random(u, mean):
    """Return the whole number below or above ``mean``, so that the expectation is ``mean``."""
    return int(np.floor(mean + u))


def identity(*names: object) -> np.uint64:
    """Return the stable 64-bit identity of a named thing, the same in every process and on every machine."""
    digest = hashlib.blake2b("\x1f".join(str(name) for name in names).encode(), digest_size=8).digest()
    return np.uint64(int.from_bytes(digest, "little"))


def keys(seed: int) -> np.ndarray:
    """Return the key of every purpose for a run with this seed, as an array indexed by `Purpose`."""
    with wrapping_integers(), np.errstate(over="ignore"):
        run = mix(np.uint64(operator.index(seed) % 2**64) + _GOLDEN)
        return np.array([mix(run ^ identity("purpose", purpose.name)) for purpose in Purpose], dtype=np.uint64)
