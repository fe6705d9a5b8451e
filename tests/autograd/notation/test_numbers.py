"""How numbers are written."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd.notation.numbers import as_written, count, counted, number, product_of, signed, sum_of


@pytest.mark.parametrize(
    ("x", "written"),
    [
        (2.0, "2"),
        (-3.0, "−3"),
        (0.123456, "0.1235"),
        (-0.0, "0"),
        (1234567.0, "1.235e6"),
        (-1.5e-9, "−1.5e−9"),
        (math.nan, "nan"),
        (math.inf, "∞"),
        (-math.inf, "−∞"),
        (None, "–"),
    ],
)
def test_a_number_has_four_significant_digits_and_a_real_minus(x: float | None, written: str) -> None:
    assert number(x) == written


@pytest.mark.parametrize("xs", [(0.0, -0.0), (-0.0, 0.0)])
def test_minus_zero_is_read_as_zero_whatever_was_asked_before(xs: tuple[float, float]) -> None:
    as_written.cache_clear()
    assert [math.copysign(1.0, as_written(x)) for x in xs] == [1.0, 1.0]


def test_a_calculation_holds_as_it_is_written_or_says_that_it_is_rounded() -> None:
    assert sum_of((0.25, -0.5), -0.25) == "0.25 + (−0.5) = −0.25"
    assert sum_of((1 / 3, 1 / 3), 2 / 3) == "0.3333 + 0.3333 ≈ 0.6667"
    assert product_of((1 / 3, 3.0), 1.0) == "0.3333 · 3 ≈ 1"
    assert product_of((1.00042, 2.5), 2.50105) == "1.000 · 2.5 ≈ 2.501"
    assert product_of((1e-200, 1e-200), 0.0) == "1e−200 · 1e−200 ≈ 0"
    assert sum_of((1e308, 1e308), math.inf) == "1e308 + 1e308 ≈ ∞"
    assert product_of((math.inf, 0.0), math.nan) == "∞ · 0 = nan"


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_written_number_is_the_number_to_four_digits(x: float) -> None:
    read = float(number(x).replace("−", "-"))
    assert math.isclose(read, x, rel_tol=5.1e-4, abs_tol=5e-324) or math.isinf(read)


near_whole = st.integers(-20_000, 20_000).map(lambda n: n * 1.0001)


@given(st.floats(allow_nan=False, allow_infinity=False) | near_whole)
def test_a_number_without_a_point_is_that_number(x: float) -> None:
    written = number(x)
    assert "." in written or float(written.replace("−", "-")) == x


@pytest.mark.parametrize(
    ("x", "written"),
    [(6.0, "+6"), (-6.0, "−6"), (0.0, "0"), (math.inf, "+∞"), (math.nan, "nan"), (None, "–")],
)
def test_a_sign_is_always_written(x: float | None, written: str) -> None:
    assert signed(x) == written


@pytest.mark.parametrize(
    ("n", "written"),
    [
        (0, "0"),
        (1234567, "1,234,567"),
        (10**15, "about 1e15"),
        (2**200, "about 1.607e60"),
        (10**40 - 1, "about 1e40"),
    ],
)
def test_a_count_of_any_size_can_be_read(n: int, written: str) -> None:
    assert count(n) == written


def test_a_count_of_a_hundred_thousand_digits_is_written() -> None:
    assert count(10**100_000).startswith("about 1e")


def test_one_is_singular() -> None:
    assert counted(1, "route") == "1 route"
    assert counted(0, "route") == "0 routes"
