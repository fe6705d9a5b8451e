"""PyTorch and JAX in float64 as witnesses: every op and random expressions, kinks and borders too."""

from __future__ import annotations

from functools import cache
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograd.core.primitive import TABLE, Op
from tests.others import DIFFERENCES, ON_KINKS, TESTED, Other, differences, disagreement, jax, pytorch
from tests.strategies import recipes
from tests.thorough import ALL

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
    "not_equal",
    "logical_and",
    "logical_or",
    "logical_not",
    "where",
    "relu",
    "leaky_relu",
)
ENGINES = {"PyTorch": cache(pytorch), "JAX": cache(jax)}

each_engine = pytest.mark.parametrize("name", ENGINES)
each_op = pytest.mark.parametrize(("name", "op"), list(product(ENGINES, TABLE)))


def engine(name: str) -> Other:
    """The engine of this name; the test is skipped where it is not installed."""
    return ENGINES[name]()


@each_op
def test_value_and_slopes_of_an_op_agree_but_for_the_listed_differences(name: str, op: str) -> None:
    other = engine(name)
    found = list(differences(TABLE[op], other))
    if op not in DIFFERENCES[name]:
        assert found == []
        return
    assert all(is_special(TABLE[op], d.point) for d in found)
    if other.version.startswith(TESTED[name]):  # the list is of that version
        assert found


def is_special(op: Op, point: tuple[float, ...]) -> bool:
    """Whether a point is not an everyday one: a kink, a border, beyond it, or so large that it overflows."""
    return any(
        x != x or abs(x) > 700 or x == round(x) or x not in op.domain_of(i) for i, x in enumerate(point)
    )


@each_engine
@settings(max_examples=2000 if ALL else 60)
@given(data=st.data())
def test_random_expressions_agree(name: str, data: st.DataObject) -> None:
    assert not disagreement(data.draw(recipes()), engine(name))


@each_engine
@settings(max_examples=2000 if ALL else 60)
@given(data=st.data())
def test_random_expressions_agree_on_kinks(name: str, data: st.DataObject) -> None:
    exact = [TABLE[op] for op in (*ROUNDED, *PIECEWISE) if op not in ON_KINKS[name]]
    assert not disagreement(data.draw(recipes(kinks=True, ops=exact)), engine(name))
