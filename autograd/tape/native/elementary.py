"""Elementary functions written in the language: loops over lanes compute them by vectors.

Powers of e stand on eˣ = 2ᵏ eʳ, where x = k ln 2 + r and |r| is at most ½ ln 2.
"""

from __future__ import annotations

from math import copysign, floor, inf, nan

from autograd.tape.native.words import (
    EXP_OVERFLOWS,
    EXP_VANISHES,
    exponent_of,
    fast,
    power_of_two,
    where,
)


def exponent(x: float) -> float:
    """Return k; for nan 0."""
    k: float = round(where(x == x, x, 0.0) * 1.4426950408889634)
    return k


@fast("contract")
def less_one(x: float, k: float) -> float:
    """Return eʳ − 1, by Taylor's series."""
    r = x - k * 0.693359375 + k * 2.12194440054690583e-4  # ln 2 in two parts
    y = 1.6059043836821613e-10
    y = y * r + 2.08767569878681e-09
    y = y * r + 2.505210838544172e-08
    y = y * r + 2.755731922398589e-07
    y = y * r + 2.7557319223985893e-06
    y = y * r + 2.48015873015873e-05
    y = y * r + 0.0001984126984126984
    y = y * r + 0.001388888888888889
    y = y * r + 0.008333333333333333
    y = y * r + 0.041666666666666664
    y = y * r + 0.16666666666666666
    y = y * r + 0.5
    return r + r * r * y


def scaled(x: float, more: float) -> float:
    """Return eˣ 2ᵐᵒʳᵉ; the halves of k are two factors, since the result may be denormal or infinite."""
    within = where(x > EXP_OVERFLOWS, EXP_OVERFLOWS, where(x < EXP_VANISHES, EXP_VANISHES, x))
    k = exponent(within)
    half = floor(k * 0.5)
    return (1.0 + less_one(within, k)) * power_of_two(half) * power_of_two(k - half + more)


def exp(x: float) -> float:
    """Return eˣ."""
    return scaled(x, 0.0)


def cosh(x: float) -> float:
    """Return ½ (eˣ + e⁻ˣ)."""
    half = scaled(abs(x), -1.0)
    return half + 0.25 / half


def tanh(x: float) -> float:
    """Return (1 − e) / (1 + e) for e = e⁻²ˣ, by e − 1, so that no digits are lost near 0."""
    twice = -2.0 * abs(x)
    twice = where(twice < -44.0, -44.0, twice)  # as good as −∞
    k = exponent(twice)
    power = power_of_two(k)
    e = less_one(twice, k) * power + (power - 1.0)
    return copysign(e / (2.0 + e), x)


@fast("contract")
def log1p(x: float) -> float:
    """Return ln(1 + x) = k ln 2 + ln m, where 1 + x = 2ᵏ m and m is between √½ and √2.

    With f = m − 1 and s = f / (2 + f), ln m is 2 artanh s = f − ½f² + s (½f² + r), where r is 2s²/3 + 2s⁴/5
    + …: the first term of Taylor's series is 2s = f − ½f² + ½sf².  For k = 0, f is x itself, with all its
    digits; else what 1 + x has rounded away is added.
    """
    whole = 1.0 + x
    k = exponent_of(whole)
    half = floor(k * 0.5)
    m = whole * power_of_two(-half) * power_of_two(half - k)
    large = m > 1.4142135623730951
    k, m = where(large, k + 1.0, k), where(large, 0.5 * m, m)
    f = where(k == 0.0, x, m - 1.0)
    lost = where(
        k == 0.0, 0.0, (x - (whole - 1.0)) * power_of_two(-half) * power_of_two(half - k) * (1.0 - f)
    )
    s = f / (2.0 + f)
    z = s * s
    r = 0.10526315789473684
    r = r * z + 0.11764705882352941
    r = r * z + 0.13333333333333333
    r = r * z + 0.15384615384615385
    r = r * z + 0.18181818181818182
    r = r * z + 0.2222222222222222
    r = r * z + 0.2857142857142857
    r = r * z + 0.4
    r = r * z + 0.6666666666666666
    square = 0.5 * f * f
    y = f - (square - (s * (square + z * r) + (lost - k * 2.12194440054690583e-4))) + k * 0.693359375
    y = where(x == -1.0, -inf, where(x < -1.0, nan, y))
    return where((x == 0.0) or (x == inf), x, y)


@fast("contract")
def erfc(x: float) -> float:
    """Return 1 − erf x: for x from 0 up e to the −x² times a smooth function of t = (x − 4) / (x + 4).

    That function, over 1 + 2x, is a polynomial of least error (measured: within the last place); Shepherd and
    Laframboise, Chebyshev approximation of (1 + 2x) exp(x²) erfc x (1981).  The square is that of a number of
    few digits, whose square is exact, and a rest.
    """
    a = where(abs(x) > 30.0, 30.0, abs(x))  # as good as ∞
    t = (a - 4.0) / (a + 4.0)
    y = -1.5424337244069104e-09
    y = y * t - 1.2831958655164255e-08
    y = y * t - 7.6601180376728e-09
    y = y * t + 1.1328383984545245e-07
    y = y * t + 6.134535445255906e-08
    y = y * t - 8.331095351357999e-07
    y = y * t + 3.0341048080790324e-07
    y = y * t + 5.716863399718592e-06
    y = y * t - 1.1226273850900822e-05
    y = y * t - 2.4402926768088295e-05
    y = y * t + 0.0001506228613986954
    y = y * t - 0.00019925551394407002
    y = y * t - 0.000757773497472992
    y = y * t + 0.005031969745805351
    y = y * t - 0.016197734035255776
    y = y * t + 0.03716751556478163
    y = y * t - 0.06633036581362493
    y = y * t + 0.09373283499658858
    y = y * t - 0.10103906603625823
    y = y * t + 0.06809705425474474
    y = y * t + 0.015379652102619096
    y = y * t - 0.13962111684056297
    y = y * t + 1.2329951186255526
    near = round(a * 128.0) / 128.0
    tail = y / (1.0 + 2.0 * a) * (1.0 + less_one((near - a) * (near + a), 0.0)) * exp(-near * near)
    return where(x < 0.0, 2.0 - tail, tail)
