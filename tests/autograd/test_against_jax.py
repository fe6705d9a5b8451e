"""JAX in float64 as an independent witness: every op and random expressions, kinks and borders too."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from autograd.ops import TABLE
from tests.others import DIFFERENCES, ON_KINKS, TESTED, Other, differences, disagreement, jax
from tests.strategies import Recipe, recipes

LISTED = DIFFERENCES["JAX"]
# an expression meets a kink in both engines if all that leads there is rounded alike, as these are
ROUNDED = ("add", "sub", "mul", "div", "neg", "sqrt")
PIECEWISE = (
    "abs",
    "maximum",
    "minimum",
    "clip",
    "less",
    "less_equal",
    "equal",
    "where",
    "relu",
    "leaky_relu",
)
EXACT = [TABLE[name] for name in (*ROUNDED, *PIECEWISE) if name not in ON_KINKS["JAX"]]


@pytest.fixture(scope="module")
def other() -> Other:
    return jax()


@pytest.mark.parametrize("name", [name for name in TABLE if name not in LISTED])
def test_value_and_slopes_of_an_op_agree_everywhere(name: str, other: Other) -> None:
    assert list(differences(TABLE[name], other)) == []


@pytest.mark.parametrize("name", LISTED)
def test_a_listed_difference_is_one_and_on_a_kink_a_border_or_beyond_the_numbers(
    name: str, other: Other
) -> None:
    if not other.version.startswith(TESTED[other.name]):
        pytest.skip(f"the differences are those from {other.name} {TESTED[other.name]}")
    found = list(differences(TABLE[name], other))
    assert found
    assert all(is_special(name, d.point) for d in found)


def is_special(name: str, point: tuple[float, ...]) -> bool:
    """Whether a point is no everyday one: a kink, a border, or so large that something overflows."""
    return any(x != x or abs(x) > 700 or x == round(x) for x in point)


@settings(max_examples=200)
@given(recipe=recipes())
def test_random_expressions_agree(recipe: Recipe, other: Other) -> None:
    assert not disagreement(recipe, other)


@settings(max_examples=200)
@given(recipe=recipes(kinks=True, ops=EXACT))
def test_random_expressions_agree_on_kinks(recipe: Recipe, other: Other) -> None:
    assert not disagreement(recipe, other)
