"""Elementary functions written in the language: loops over lanes compute them by vectors.

All stand on eˣ = 2ᵏ eʳ, where x = k ln 2 + r and |r| is at most ½ ln 2.
"""

from __future__ import annotations

from math import copysign, floor

from autograd.tape.native.words import EXP_OVERFLOWS, EXP_VANISHES, fast, power_of_two, where


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
    within: float = where(x > EXP_OVERFLOWS, EXP_OVERFLOWS, where(x < EXP_VANISHES, EXP_VANISHES, x))
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
