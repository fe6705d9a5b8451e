"""Elementary functions written in the language: loops over lanes compute them by vectors."""

from __future__ import annotations

from math import floor

from autograd.tape.native.words import EXP_OVERFLOWS, EXP_VANISHES, fast, power_of_two, where


@fast("contract")
def exp(x: float) -> float:
    """Return 2ᵏ eʳ for x = k ln 2 + r, with Taylor's series of eʳ, where |r| is at most ½ ln 2.

    The halves of k are two factors, since the result may be denormal or overflow where they do not.
    """
    within: float = where(x > EXP_OVERFLOWS, EXP_OVERFLOWS, where(x < EXP_VANISHES, EXP_VANISHES, x))
    k = round(where(x == x, within, 0.0) * 1.4426950408889634)  # noqa: PLR0124: for nan as x, 0
    r = within - k * 0.693359375 + k * 2.12194440054690583e-4  # ln 2 in two parts
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
    y = 1.0 + (r + r * r * y)
    half = floor(k * 0.5)
    return y * power_of_two(half) * power_of_two(k - half)
