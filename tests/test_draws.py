"""Random numbers that are functions of (seed, purpose, who, when)."""

import contextlib
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import numba
import numpy as np
import pytest
from scipy import stats

from experiments.benchmarks import draws as benchmark
from sim import draws, portable
from sim.compiled import INTERPRETED, wrapping_integers

U64 = np.uint64
GOLDEN = 0x9E3779B97F4A7C15
COUNT = 2**12 if INTERPRETED else 2**16
KEY = U64(0x0123456789ABCDEF)

# Vigna's splitmix64.c seeded with 1234567: the first five outputs.
PUBLISHED = [
    6457827717110365317,
    3203168211198807973,
    9817491932198370423,
    4593380528125082431,
    16408922859458223821,
]


@numba.njit
def uniforms(key, who, when):
    found = np.empty(len(who))
    for i in range(len(who)):
        found[i] = draws.uniform(key, who[i], when[i])
    return found


@numba.njit
def variates(shape, u, mean, spread):
    found = np.empty(len(u))
    for i in range(len(u)):
        if shape == 0:
            found[i] = draws.exponential(u[i])
        elif shape == 1:
            found[i] = draws.lognormal(u[i], mean, spread)
        elif shape == 2:
            found[i] = draws.poisson(u[i], mean)
        else:
            found[i] = draws.round_at_random(u[i], mean)
    return found


def stream(count=COUNT, key=KEY, who=7):
    with wrapping_integers():
        return uniforms(key, np.full(count, who, dtype=U64), np.arange(count, dtype=U64))


def evenly(count=COUNT):
    """Midpoints of equal parts of (0, 1): what a transform does to them is its distribution, without noise."""
    return (np.arange(count) + 0.5) / count


# --- known answers --------------------


def test_mix_gives_the_published_outputs_of_splitmix64():
    with wrapping_integers():
        assert [int(draws.mix(U64((1234567 + n * GOLDEN) % 2**64))) for n in range(1, 6)] == PUBLISHED


def test_a_draw_is_the_when_th_output_of_a_generator_seeded_by_the_who_th_output_of_the_key():
    def output(seed, n):
        z = (seed + n * GOLDEN) % 2**64
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 % 2**64
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB % 2**64
        return z ^ (z >> 31)

    with wrapping_integers():
        for key, who, when in [(0, 0, 0), (1, 2, 3), (2**64 - 1, 2**63, 2**40), (int(KEY), 10**18, 5)]:
            assert int(draws.bits(U64(key), U64(who), U64(when))) == output(output(key, who), when)


def test_the_generators_compared_in_the_benchmark_give_their_published_answers():
    zero, ones = U64(0), U64(2**64 - 1)
    half = U64(2**32 - 1)
    with wrapping_integers():
        assert [int(word) for word in benchmark.threefry2x64(zero, zero, zero, zero)] == [
            0xC2B6E3A8C2C69865,
            0x6F81ED42F350084D,
        ]
        assert [int(word) for word in benchmark.threefry2x64(ones, ones, ones, ones)] == [
            0xE02CB7C4D95D277A,
            0xD06633D0893B8B68,
        ]
        assert [int(word) for word in benchmark.philox4x32(zero, zero, zero, zero, zero, zero)] == [
            0x6627E8D5,
            0xE169C58D,
            0xBC57AC4C,
            0x9B00DBD8,
        ]
        assert [int(word) for word in benchmark.philox4x32(half, half, half, half, half, half)] == [
            0x408F276D,
            0x41C83B0E,
            0xA20BC7C6,
            0x6D5451FD,
        ]


def test_the_philox_of_the_benchmark_is_that_of_numpy_with_shorter_words():
    numpys = np.random.Philox(counter=4, key=7).random_raw(4)  # NumPy counts up before it draws
    assert benchmark.philox_reference([5, 0, 0, 0], [7, 0], 64) == [int(word) for word in numpys]
    words = [0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344, 0xA4093822, 0x299F31D0]
    with wrapping_integers():
        ours = [int(word) for word in benchmark.philox4x32(*map(U64, words))]
    assert ours == benchmark.philox_reference(words[:4], words[4:], 32)


# --- the same in every process --------------------

PINNED = """
import json, sys
import numpy as np
from sim import draws, portable
from sim.compiled import wrapping_integers

with wrapping_integers():
    key = draws.keys(42)[draws.Purpose.WORK]
    found = {
        "identity": [int(draws.identity("unit", "Call Centre")), int(draws.identity())],
        "keys": [int(one) for one in draws.keys(42)],
        "uniform": [draws.uniform(key, np.uint64(who), n).hex() for who in (0, 1, 2**64 - 1) for n in (0, 1, 2**31)],
        "exponential": [draws.exponential(u).hex() for u in (0.1, 0.5, 2.0**-53)],
        "lognormal": [draws.lognormal(u, 3.0, 0.8).hex() for u in (0.1, 0.5, 1 - 2.0**-53)],
        "poisson": [int(draws.poisson(u, m)) for u in (0.001, 0.5, 0.999) for m in (0.0, 0.3, 12.5, 30.0, 31.0, 1e6)],
        "round_at_random": [int(draws.round_at_random(u, 2.3)) for u in (0.1, 0.69, 0.71)],
    }
json.dump(found, sys.stdout)
"""


def test_interpreted_and_compiled_draws_are_the_same_to_the_last_bit_in_another_process():
    root = Path(__file__).parent.parent
    other_mode = {"NUMBA_DISABLE_JIT": "0" if INTERPRETED else "1", "PYTHONHASHSEED": "1", "PYTHONPATH": str(root)}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", PINNED],
        cwd=root,
        env=os.environ | other_mode,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    here = io.StringIO()
    with contextlib.redirect_stdout(here):
        exec(PINNED, {})
    assert json.loads(done.stdout) == json.loads(here.getvalue())


def test_keys_and_identities_never_change():
    assert int(draws.identity("unit", "Call Centre")) == 13773132222614154786
    keys = draws.keys(42)
    assert [int(keys[draws.Purpose.START]), int(keys[draws.Purpose.NEED])] == [6055293248284428375, 966308549957709607]
    with wrapping_integers():
        assert float(draws.uniform(keys[draws.Purpose.NEED], U64(3), 4)).hex() == "0x1.cd5b2d850babdp-1"


def test_identities_and_seeds_use_all_of_their_64_bits():
    found = np.array([draws.identity("unit", number) for number in range(200)])
    assert np.bitwise_or.reduce(found) == U64(2**64 - 1)
    assert np.bitwise_and.reduce(found) == U64(0)
    assert not (draws.keys(2**63 + 5) == draws.keys(5)).any()


def test_identities_tell_apart_what_joins_to_the_same_text():
    assert draws.identity("ab", "c") != draws.identity("a", "bc")


def test_a_purpose_keeps_its_key_when_others_are_added():
    with wrapping_integers():
        run = draws.mix(U64((42 + GOLDEN) % 2**64))
        for purpose, key in zip(draws.Purpose, draws.keys(42), strict=True):
            assert key == draws.mix(run ^ draws.identity("purpose", purpose.name))


def test_every_purpose_is_its_place_among_the_keys_and_no_two_are_the_same():
    """Keys are an array in the order of purposes: with a gap, or a number twice, one decision would take the draws of
    another."""
    assert [int(purpose) for purpose in draws.Purpose] == list(range(len(draws.Purpose.__members__)))
    assert len(draws.keys(42)) == len(draws.Purpose.__members__)


def test_seeds_beyond_64_bits_and_below_nought_wrap_around():
    assert (draws.keys(-1) == draws.keys(2**64 - 1)).all()
    assert (draws.keys(2**64 + 5) == draws.keys(5)).all()


def test_no_two_seeds_or_purposes_share_a_key():
    keys = np.array([draws.keys(seed) for seed in range(-50, 450)])
    assert len(np.unique(keys)) == keys.size


# --- quality on neighbouring keys --------------------


@pytest.fixture(scope="module")
def quality():
    with wrapping_integers():
        return benchmark.measure_quality("nested splitmix64", count=COUNT, flips=COUNT // 64)


def test_neighbouring_whos_whens_and_keys_get_uniform_bytes(quality):
    assert min(quality.p_values) > 0.001
    assert stats.kstest(quality.p_values, "uniform").pvalue > 0.01


def test_neighbouring_whos_whens_and_keys_are_uncorrelated(quality):
    assert max(map(abs, quality.correlations)) < 4 / np.sqrt(COUNT)


def test_flipping_an_input_bit_flips_half_of_the_output_bits(quality):
    one_sample = 4.0  # standard deviation of 64 fair flips
    assert quality.bits_flipped == pytest.approx(32, abs=5 * one_sample / np.sqrt(COUNT // 64))
    assert np.abs(quality.flips - 0.5).max() < 5.5 * 0.5 / np.sqrt(COUNT // 64)


def test_a_million_neighbours_do_not_collide_more_than_by_chance():
    side = 2**5 if INTERPRETED else 2**10
    who, when = np.divmod(np.arange(side * side, dtype=U64), U64(side))
    with wrapping_integers():
        found = uniforms(KEY, who, when)
    assert len(np.unique(found)) == len(found)  # 2**40 pairs among 2**52 values: one in 4,000 at most
    # Birthdays: 2**10 draws in 2**15 days meet 16 times on average; over 64 groups, Poisson with mean 1,023.
    if not INTERPRETED:
        days = np.floor(found * 2**15).reshape(-1, 2**10)[:64]
        meetings = sum(len(group) - len(np.unique(group)) for group in days)
        expected = 64 * (2**10 - 2**15 * (1 - (1 - 2.0**-15) ** 2**10))
        assert abs(meetings - expected) < 4 * np.sqrt(expected)


def test_neighbouring_seeds_give_independent_draws_for_the_same_decision():
    count = 200 if INTERPRETED else 2000
    with wrapping_integers():
        keys = [draws.keys(seed) for seed in range(count)]
        table = np.array([[draws.uniform(row[purpose], U64(1), 0) for purpose in range(4)] for row in keys])
    for column in table.T:
        assert stats.kstest(column, "uniform").pvalue > 0.001
        assert abs(stats.pearsonr(column[1:], column[:-1]).statistic) < 4 / np.sqrt(count)
    between = np.corrcoef(table.T)[np.triu_indices(4, 1)]
    assert np.abs(between).max() < 4 / np.sqrt(count)


def test_pairs_of_draws_of_one_person_fill_the_square_evenly():
    found = stream()
    counts, _, _ = np.histogram2d(found[::2], found[1::2], bins=16, range=[[0, 1], [0, 1]])
    assert stats.chisquare(counts.ravel()).pvalue > 0.001


def test_neighbouring_people_fill_the_square_evenly():
    counts, _, _ = np.histogram2d(stream(who=7), stream(who=8), bins=16, range=[[0, 1], [0, 1]])
    assert stats.chisquare(counts.ravel()).pvalue > 0.001


def test_a_uniform_is_the_middle_of_one_of_two_to_the_52_equal_parts():
    with wrapping_integers():
        for when in range(50):
            part = int(draws.bits(KEY, U64(7), U64(when))) >> 12
            assert draws.uniform(KEY, U64(7), when) == (part + 0.5) / 2**52


def test_uniforms_lie_strictly_between_nought_and_one():
    extremes = (np.array([0, 2**52 - 1]) + 0.5) * 2.0**-52
    assert extremes[0] > 0
    assert extremes[1] < 1
    assert 0 < stream().min() < stream().max() < 1


# --- distributions --------------------


def test_exponential_has_its_distribution():
    assert stats.kstest(variates(0, stream(), 1.0, 0.0), "expon", method="asymp").pvalue > 0.001
    np.testing.assert_allclose(variates(0, evenly(), 1.0, 0.0), -np.log(evenly()), rtol=1e-14)


@pytest.mark.parametrize(("mean", "spread"), [(1.0, 0.3), (2.0, 1.0), (3.0, 0.8), (100.0, 4.0)])
def test_lognormal_has_this_mean_and_spread(mean, spread):
    sigma = np.sqrt(np.log1p(spread**2))
    right = stats.lognorm(sigma, scale=mean * np.exp(-(sigma**2) / 2))
    assert right.mean() == pytest.approx(mean)
    assert right.std() == pytest.approx(mean * spread)
    np.testing.assert_allclose(variates(1, evenly(), mean, spread), right.ppf(evenly()), rtol=1e-12)
    assert stats.kstest(variates(1, stream(), mean, spread), right.cdf, method="asymp").pvalue > 0.001


def test_lognormal_without_spread_is_its_mean():
    assert (variates(1, evenly(100), 2.5, 0.0) == 2.5).all()


@pytest.mark.parametrize("mean", [0.01, 0.5, 3.0, 12.5, 30.0])
def test_poisson_inverts_its_distribution_up_to_a_mean_of_thirty(mean):
    count = COUNT // 8
    assert (variates(2, evenly(count), mean, 0.0) == stats.poisson(mean).ppf(evenly(count))).all()
    assert (variates(2, stream(count), mean, 0.0) == stats.poisson(mean).ppf(stream(count))).all()


@pytest.mark.parametrize("mean", [30.01, 50.0, 400.0, 1e5])
def test_poisson_is_close_to_its_distribution_above_thirty(mean):
    found = variates(2, evenly(), mean, 0.0)
    assert found.mean() == pytest.approx(mean, rel=1e-4)
    assert found.var() == pytest.approx(mean, rel=0.01)
    values = np.arange(found.min(), found.max() + 1)
    ours = np.searchsorted(np.sort(found), values, side="right") / len(found)
    # The first term that the normal approximation leaves out is skewness / (6 sqrt(2 pi)) = 0.066 / sqrt(mean).
    assert np.abs(ours - stats.poisson(mean).cdf(values)).max() < 0.08 / np.sqrt(mean) + 1 / len(found)


@pytest.mark.parametrize("mean", [30.01, 30.5, 400.0])
def test_poisson_above_thirty_is_the_rounded_normal_quantile_and_never_below_nought(mean):
    right = np.floor(mean + np.sqrt(mean) * stats.norm.ppf(evenly(1000)) + 0.5)
    assert (variates(2, evenly(1000), mean, 0.0) == right).all()
    assert variates(2, np.array([2.0**-53]), mean, 0.0)[0] == max(0, np.floor(mean - 8.2095 * np.sqrt(mean) + 0.5))


@pytest.mark.parametrize("mean", [0.01, 0.1, 1.0, 8.0, 30.0])
def test_poisson_takes_the_lower_count_where_a_draw_is_just_its_probability(mean):
    nothing = portable.exp(-mean)
    assert variates(2, np.array([nothing, np.nextafter(nothing, 1.0)]), mean, 0.0).tolist() == [0, 1]


def test_poisson_of_the_largest_draw_is_a_count_that_can_be():
    """The sum of the probabilities may, rounded, stay below the largest draw for ever."""
    largest = np.array([1 - 2.0**-53, 1 - 2.0**-52])
    for mean in np.linspace(0.001, 30.0, 300):
        found = variates(2, largest, mean, 0.0)
        assert (np.abs(found - stats.poisson(mean).isf([2.0**-53, 2.0**-52])) <= 4).all(), mean


def test_poisson_of_nothing_is_nought():
    assert (variates(2, evenly(100), 0.0, 0.0) == 0).all()


def test_rounding_at_random_goes_up_for_the_largest_draws():
    assert variates(3, np.array([0.6999, 0.7001]), 2.3, 0.0).tolist() == [2, 3]


@pytest.mark.parametrize("mean", [0.0, 0.25, 2.0, 7.9])
def test_rounding_at_random_takes_a_neighbour_and_keeps_the_mean(mean):
    found = variates(3, evenly(), mean, 0.0)
    assert set(found) <= {np.floor(mean), np.ceil(mean)}
    assert found.mean() == pytest.approx(mean, abs=2 / COUNT)
