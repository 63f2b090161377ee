"""Exponential, logarithm, power and normal quantile that give the same bits on every machine.

The C library's ``exp`` and ``log`` differ in their last bit between operating systems, NumPy's powers of arrays between
processors, and a simulation turns a last bit into another history. These use additions, multiplications and divisions
alone, whose results IEEE 754 fixes.
``exp`` and ``log`` agree with the C library within two units in the last place (`tests/test_portable.py`).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from sim.compiled import rule

_LOG2E = 1.4426950408889634
_LN2_HIGH = 0.6931471803691238  # ln 2 with its last 32 bits cleared, so that k * _LN2_HIGH is exact
_LN2_LOW = 1.9082149292705877e-10
_SQRT_HALF = 0.7071067811865476
_POWERS_OF_TWO = 2.0 ** np.arange(-1022.0, 1024.0)


@rule
def exp(x):
    """Return e to the power ``x``, a number; 0 below -700 and e**700 above 700.

    Range reduction x = k ln 2 + r with |r| <= ln 2 / 2, then the Taylor series of e**r to degree 13, summed in even and
    odd halves so that the processor can work on both.
    """
    if x < -700.0:
        return 0.0
    x = min(x, 700.0)
    k = math.floor(x * _LOG2E + 0.5)
    r = (x - k * _LN2_HIGH) - k * _LN2_LOW
    q = r * r
    even = 1 / 2 + q * (1 / 24 + q * (1 / 720 + q * (1 / 40320 + q * (1 / 3628800 + q * (1 / 479001600)))))
    odd = 1 / 6 + q * (1 / 120 + q * (1 / 5040 + q * (1 / 362880 + q * (1 / 39916800 + q * (1 / 6227020800)))))
    return (1.0 + (r + q * (even + r * odd))) * _POWERS_OF_TWO[int(k) + 1022]


@rule
def log(x):
    """Return the natural logarithm of a positive, finite ``x``; the caller makes sure of that.

    With x = m 2**k and sqrt(1/2) <= m < sqrt(2): ln m = 2 artanh(s), s = (m - 1) / (m + 1), by its power series.
    """
    m, k = math.frexp(x)
    if m < _SQRT_HALF:
        m *= 2.0
        k -= 1
    s = (m - 1.0) / (m + 1.0)
    q = s * s
    series = q * (1 / 3 + q * (1 / 5 + q * (1 / 7 + q * (1 / 9 + q * (1 / 11 + q * (1 / 13 + q * (
        1 / 15 + q * (1 / 17 + q * (1 / 19 + q * (1 / 21))))))))))  # fmt: skip
    return k * _LN2_HIGH + (2.0 * s + (2.0 * s * series + k * _LN2_LOW))


def whole_power(base: Any, exponent: int) -> Any:
    """Return a number, or each of an array, to a whole power of at least 0, by squares and products alone.

    The relative error is at most ``exponent`` half units in the last place.
    """
    found = 1.0 + 0.0 * base  # the base's shape, and nan where it is nan
    while exponent:
        if exponent & 1:
            found = found * base
        base = base * base
        exponent >>= 1
    return found


@rule
def normal_quantile(p):
    """Return z with P(Z <= z) = ``p`` for a standard normal Z, 0 < p < 1.

    Source: Wichura 1988, Algorithm AS 241 (PPND16), doi:10.2307/2347330; relative error about 1e-16 in exact
    arithmetic, within 2e-15 of scipy.special.ndtri as computed here.
    """
    q = p - 0.5
    if abs(q) <= 0.425:
        r = 0.180625 - q * q
        top = (((((((2.5090809287301226727e3 * r + 3.3430575583588128105e4) * r + 6.7265770927008700853e4) * r
            + 4.5921953931549871457e4) * r + 1.3731693765509461125e4) * r + 1.9715909503065514427e3) * r
            + 1.3314166789178437745e2) * r + 3.3871328727963666080e0)  # fmt: skip
        bottom = (((((((5.2264952788528545610e3 * r + 2.8729085735721942674e4) * r + 3.9307895800092710610e4) * r
            + 2.1213794301586595867e4) * r + 5.3941960214247511077e3) * r + 6.8718700749205790830e2) * r
            + 4.2313330701600911252e1) * r + 1.0)  # fmt: skip
        return q * top / bottom
    r = math.sqrt(-log(p if q < 0.0 else 1.0 - p))
    if r <= 5.0:
        r -= 1.6
        top = (((((((7.74545014278341407640e-4 * r + 2.27238449892691845833e-2) * r + 2.41780725177450611770e-1) * r
            + 1.27045825245236838258e0) * r + 3.64784832476320460504e0) * r + 5.76949722146069140550e0) * r
            + 4.63033784615654529590e0) * r + 1.42343711074968357734e0)  # fmt: skip
        bottom = (((((((1.05075007164441684324e-9 * r + 5.47593808499534494600e-4) * r + 1.51986665636164571966e-2) * r
            + 1.48103976427480074590e-1) * r + 6.89767334985100004550e-1) * r + 1.67638483018380384940e0) * r
            + 2.05319162663775882187e0) * r + 1.0)  # fmt: skip
    else:
        r -= 5.0
        top = (((((((2.01033439929228813265e-7 * r + 2.71155556874348757815e-5) * r + 1.24266094738807843860e-3) * r
            + 2.65321895265761230930e-2) * r + 2.96560571828504891230e-1) * r + 1.78482653991729133580e0) * r
            + 5.46378491116411436990e0) * r + 6.65790464350110377720e0)  # fmt: skip
        bottom = (((((((2.04426310338993978564e-15 * r + 1.42151175831644588870e-7) * r
            + 1.84631831751005468180e-5) * r + 7.86869131145613259100e-4) * r + 1.48753612908506148525e-2) * r
            + 1.36929880922735805310e-1) * r + 5.99832206555887937690e-1) * r + 1.0)  # fmt: skip
    return -top / bottom if q < 0.0 else top / bottom
