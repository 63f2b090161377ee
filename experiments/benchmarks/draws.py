"""What a random number costs, and whether neighbouring decisions get unrelated ones: three counter-based generators.

Run ``python -m experiments.benchmarks.draws``; it prints two Markdown tables, as kept in ``docs/draws.md``.

All three turn (key, who, when) into 64 bits with nothing remembered between calls:

* nested splitmix64, as in `sim.draws`
* Philox4x32-10, counter (who, when), 64-bit key; the first two of its four words
* Threefry2x64-20, counter (who, when), key (key, 0); the first of its two words

Source of the last two: Salmon, Moraes, Dror & Shaw 2011, doi:10.1145/2063384.2063405, and the known answers that come
with their Random123 library.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numba
import numpy as np
from scipy import stats

from sim import draws

Bits = Callable[[Any, Any, Any], Any]

_LOW32 = np.uint64(0xFFFFFFFF)
_32 = np.uint64(32)
_12 = np.uint64(12)
_PHILOX_TIMES = (np.uint64(0xD2511F53), np.uint64(0xCD9E8D57))
_PHILOX_BUMP = (np.uint64(0x9E3779B9), np.uint64(0xBB67AE85))
_PARITY = np.uint64(0x1BD11BDAA9FC1A22)
_ROTATIONS = np.array([16, 42, 12, 31, 16, 32, 24, 21], dtype=np.uint64)
_64 = np.uint64(64)
_APART = np.uint64(0xD1342543DE82EF95)


# --- the generators --------------------------------------------------------------------------------------------------


@numba.njit(nogil=True)
def philox4x32(c0, c1, c2, c3, k0, k1):
    """Return the four 32-bit words of Philox4x32-10, as unsigned 64-bit integers."""
    for _ in range(10):
        product0 = c0 * _PHILOX_TIMES[0]
        product1 = c2 * _PHILOX_TIMES[1]
        c0, c2 = (product1 >> _32) ^ c1 ^ k0, (product0 >> _32) ^ c3 ^ k1
        c1, c3 = product1 & _LOW32, product0 & _LOW32
        k0 = (k0 + _PHILOX_BUMP[0]) & _LOW32
        k1 = (k1 + _PHILOX_BUMP[1]) & _LOW32
    return c0, c1, c2, c3


@numba.njit(nogil=True)
def threefry2x64(c0, c1, k0, k1):
    """Return the two 64-bit words of Threefry2x64-20."""
    k2 = _PARITY ^ k0 ^ k1
    c0 += k0
    c1 += k1
    for block in range(5):
        for step in range(4):
            turn = _ROTATIONS[(4 * block + step) % 8]
            c0 += c1
            c1 = ((c1 << turn) | (c1 >> (_64 - turn))) ^ c0
        k0, k1, k2 = k1, k2, k0
        c0 += k0
        c1 += k1 + np.uint64(block + 1)
    return c0, c1


@numba.njit(nogil=True)
def philox_bits(key, who, when):
    """Return 64 random bits by Philox4x32-10."""
    a, b, _, _ = philox4x32(who & _LOW32, who >> _32, when & _LOW32, when >> _32, key & _LOW32, key >> _32)
    return a | (b << _32)


@numba.njit(nogil=True)
def threefry_bits(key, who, when):
    """Return 64 random bits by Threefry2x64-20."""
    return threefry2x64(who, when, key, np.uint64(0))[0]


GENERATORS: dict[str, Bits] = {
    "nested splitmix64": draws.bits,
    "Philox4x32-10": philox_bits,
    "Threefry2x64-20": threefry_bits,
}


def philox_reference(counter: list[int], key: list[int], word: int) -> list[int]:
    """Return Philox4x(word)-10 in plain integers: for 64-bit words it is NumPy's, for 32-bit words the one above."""
    times = {32: (0xD2511F53, 0xCD9E8D57), 64: (0xD2E7470EE14C6C93, 0xCA5A826395121157)}[word]
    bump = {32: (0x9E3779B9, 0xBB67AE85), 64: (0x9E3779B97F4A7C15, 0xBB67AE8584CAA73B)}[word]
    mask = 2**word - 1
    c, k = list(counter), list(key)
    for _ in range(10):
        first, second = c[0] * times[0], c[2] * times[1]
        c = [(second >> word) ^ c[1] ^ k[0], second & mask, (first >> word) ^ c[3] ^ k[1], first & mask]
        k = [(k[0] + bump[0]) & mask, (k[1] + bump[1]) & mask]
    return c


# --- cost ------------------------------------------------------------------------------------------------------------


def _timed_loops(bits: Bits) -> tuple[Callable[..., float], Callable[..., float]]:
    """Return two compiled loops over uniforms: independent draws, and draws that each wait for the one before."""

    @numba.njit(nogil=True)
    def independent(key, count):
        total = 0.0
        for i in range(count):
            total += ((bits(key, np.uint64(i >> 3), np.uint64(i & 7)) >> _12) + 0.5) * 2.0**-52
        return total

    @numba.njit(nogil=True)
    def waiting(key, count):
        total = 0.0
        who = np.uint64(0)
        for i in range(count):
            who = bits(key, who, np.uint64(i & 7))
            total += ((who >> _12) + 0.5) * 2.0**-52
        return total

    return independent, waiting


@dataclass(frozen=True)
class Cost:
    """Nanoseconds per uniform of one generator in one kind of loop, one entry for each repeat."""

    generator: str
    loop: str
    nanoseconds: list[float]


def measure_cost(count: int = 2_000_000, repeats: int = 15) -> list[Cost]:
    """Time every generator in turn within each repeat, so that a busy moment of the machine strikes all alike."""
    kinds = ("independent", "waiting")
    loops = {name: dict(zip(kinds, _timed_loops(bits), strict=True)) for name, bits in GENERATORS.items()}
    costs = [Cost(name, loop, []) for loop in kinds for name in loops]
    key = draws.keys(1)[0]
    for cost in costs:
        loops[cost.generator][cost.loop](key, 10)  # compile
    for _ in range(repeats):
        for cost in costs:
            run = loops[cost.generator][cost.loop]
            begun = time.perf_counter_ns()
            run(key, count)
            cost.nanoseconds.append((time.perf_counter_ns() - begun) / count)
    return costs


# --- quality on neighbouring keys ------------------------------------------------------------------------------------

AXES = ("who", "when", "key")


def _quality_loops(bits: Bits) -> tuple[Callable[..., np.ndarray], Callable[..., np.ndarray]]:
    @numba.njit(nogil=True)
    def neighbours(axis, key, who, when, count):
        """Return the bits of ``count`` neighbours along one axis: 0 who, 1 when, 2 key."""
        out = np.empty(count, dtype=np.uint64)
        for i in range(count):
            step = np.uint64(i)
            if axis == 0:
                out[i] = bits(key, who + step, when)
            elif axis == 1:
                out[i] = bits(key, who, when + step)
            else:
                out[i] = bits(key + step, who, when)
        return out

    @numba.njit(nogil=True)
    def avalanche(key, who, when, count):
        """Return how often each output bit (column) flips with each input bit (row: 64 of who, of when, of key).

        Samples differ in the key, by a multiplier that no generator uses: were they neighbours, a flipped bit would
        lead from one sample to another, and pairs would count twice.
        """
        flips = np.zeros((192, 64), dtype=np.int64)
        one = np.uint64(1)
        for i in range(count):
            start = key + np.uint64(i) * _APART
            base = bits(start, who, when)
            for place in range(192):
                flip = one << np.uint64(place % 64)
                if place < 64:
                    changed = base ^ bits(start, who ^ flip, when)
                elif place < 128:
                    changed = base ^ bits(start, who, when ^ flip)
                else:
                    changed = base ^ bits(start ^ flip, who, when)
                for bit in range(64):
                    flips[place, bit] += np.int64((changed >> np.uint64(bit)) & one)
        return flips

    return neighbours, avalanche


@dataclass(frozen=True)
class Quality:
    """What a generator makes of neighbouring inputs.

    Attributes
    ----------
    p_values : of chi-square tests against uniformity, each byte of the output along each axis
    correlations : serial correlations of the uniforms, lags 1 to 8 along each axis
    flips : share of samples in which an output bit (column) flips with an input bit (row)
    samples : neighbours per axis, and samples per input bit
    """

    generator: str
    p_values: list[float]
    correlations: list[float]
    flips: np.ndarray
    samples: tuple[int, int]

    @property
    def bits_flipped(self) -> np.ndarray:
        """Output bits flipped, on average, by flipping each of the 192 input bits; ideally 32."""
        return self.flips.sum(axis=1)


def measure_quality(name: str, count: int = 2**20, flips: int = 2**17) -> Quality:
    """Test one generator on neighbours: who + i, when + i, key + i from small round numbers."""
    neighbours, avalanche = _quality_loops(GENERATORS[name])
    zero = np.uint64(0)
    p_values, correlations = [], []
    for axis in range(3):
        found = neighbours(axis, zero, zero, zero, count)
        for byte in range(8):
            values = (found >> np.uint64(8 * byte)).astype(np.uint8)
            p_values.append(float(stats.chisquare(np.bincount(values, minlength=256)).pvalue))
        uniforms = ((found >> _12) + 0.5) * 2.0**-52 - 0.5
        power = float(uniforms @ uniforms)
        correlations += [float(uniforms[lag:] @ uniforms[:-lag]) / power for lag in range(1, 9)]
    return Quality(name, p_values, correlations, avalanche(zero, zero, zero, flips) / flips, (count, flips))


# --- the tables ------------------------------------------------------------------------------------------------------


def cost_table(costs: list[Cost]) -> str:
    """Return the costs as a Markdown table; the ratio to splitmix64 is taken within each repeat."""
    lines = [
        "| loop | generator | ns per uniform: min, median, max | ratio to nested splitmix64: min, median, max |",
        "|---|---|---|---|",
    ]
    for cost in costs:
        ours = next(c for c in costs if c.loop == cost.loop and c.generator == "nested splitmix64").nanoseconds
        ratios = [one / own for one, own in zip(cost.nanoseconds, ours, strict=True)]
        spread = [f"{min(v):.2f}, {statistics.median(v):.2f}, {max(v):.2f}" for v in (cost.nanoseconds, ratios)]
        lines.append(f"| {cost.loop} | {cost.generator} | {spread[0]} | {spread[1]} |")
    return "\n".join(lines)


def quality_table(qualities: list[Quality]) -> str:
    """Return the tests on neighbours as a Markdown table."""
    lines = [
        "| generator | chi-square p-values: smallest of 24, KS p of all | largest serial correlation of 24, in "
        "standard errors | bits flipped per input bit: min, mean, max | most uneven pair of bits, in standard errors |",
        "|---|---|---|---|---|",
    ]
    for one in qualities:
        count, flips = one.samples
        correlation = max(map(abs, one.correlations))
        uneven = float(np.abs(one.flips - 0.5).max() * 2 * np.sqrt(flips))
        flipped = one.bits_flipped
        lines.append(
            f"| {one.generator} | {min(one.p_values):.4f}, {stats.kstest(one.p_values, 'uniform').pvalue:.2f} "
            f"| {correlation:.5f}, {correlation * np.sqrt(count):.1f} "
            f"| {flipped.min():.3f}, {flipped.mean():.3f}, {flipped.max():.3f} | {uneven:.1f} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--count", type=int, default=2_000_000, help="uniforms per repeat")
    parser.add_argument("--repeats", type=int, default=15)
    asked = parser.parse_args()
    print(cost_table(measure_cost(asked.count, asked.repeats)))
    print()
    print(quality_table([measure_quality(name) for name in GENERATORS]))


if __name__ == "__main__":
    main()
