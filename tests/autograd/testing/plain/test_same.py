"""check_same compares the values and gradients of two implementations, each differentiated in its own way."""

from __future__ import annotations

import math
from typing import Any

import pytest

from autograd import Value
from autograd.functions import softmax
from autograd.testing import Certificate, GradientError, check_same


def sines(x: Any) -> Any:
    return sum(v.sin() for v in x)


def verdicts(certificate: Certificate) -> list[str]:
    return [v.verdict for v in certificate.verdicts]


def test_functions_of_values_and_of_numbers() -> None:
    ours, theirs = (lambda x, y: (x * x + y * y).sqrt()), math.hypot
    for pair in ((ours, theirs), (theirs, ours), (ours, ours), (theirs, theirs)):
        assert verdicts(check_same(*pair, (3.0, 4.0))) == ["correct"] * 2


@pytest.mark.parametrize("wrap", [list, "array", "tensor"])
def test_functions_of_values_and_of_tensors(wrap: Any) -> None:
    torch, numpy = pytest.importorskip("torch"), pytest.importorskip("numpy")
    x = {"array": numpy.array, "tensor": torch.tensor}.get(wrap, wrap)([1.0, 2.0])
    if wrap != "tensor":  # Values do not fit into a tensor
        assert verdicts(check_same(lambda x: torch.sin(x).sum(), sines, x)) == ["correct"] * 2
    assert (
        verdicts(check_same(lambda x: torch.sin(x).sum(), lambda x: (x * 1).sin().sum(), x))
        == ["correct"] * 2
    )
    with pytest.raises(GradientError, match=r"the gradients differ: x\[0\], x\[1\]"):
        check_same(lambda x: torch.sin(x).sum(), lambda x: torch.sin(x).sum().detach() + 0 * x.sum(), x)


def test_jacobians_are_compared() -> None:
    torch = pytest.importorskip("torch")
    found = check_same(lambda x: torch.softmax(x, 0), lambda x: softmax(x), [1.0, 2.0, 4.0])
    assert verdicts(found) == ["correct"] * 9
    assert found.verdicts[1].name == "∂f[0]/∂x[1]"


def test_another_value_is_told() -> None:
    with pytest.raises(GradientError, match=r"the values differ at x = 3\.0: f is 9\.0 by the first and 10"):
        check_same(lambda x: x * x, lambda x: x * x + 1, 3.0)
    with pytest.raises(GradientError, match="the first gives 1 number, the second 2 numbers"):
        check_same(lambda x: x * x, lambda x: [x, x], 3.0)


def test_another_gradient_is_told() -> None:
    with pytest.raises(GradientError, match=r"the gradients differ: x; a factor of 2 too small") as caught:
        check_same(lambda x: x * x.data, lambda x: x * x, 3.0)
    assert str(caught.value).splitlines()[1:] == [
        "input  at  first  second  verdict",
        "x      3   3      6       wrong    off by 50 %",
    ]


def test_last_digits_make_no_difference_unless_the_user_says_so() -> None:
    def rough(x: Value) -> Value:
        return x * x * (1 + 1e-8)

    assert check_same(rough, lambda x: x * x, 3.0)
    with pytest.raises(GradientError, match="values differ"):
        check_same(rough, lambda x: x * x, 3.0, rtol=1e-10)


def test_at_a_minimum_rounding_makes_no_difference() -> None:
    assert check_same(lambda x: (x * 0.1 - 0.3) ** 2, lambda x: (x / 10 - 0.3) ** 2, 3.0)


def test_a_function_of_plain_numbers_is_not_taken_for_one_of_tensors() -> None:
    torch, numpy = pytest.importorskip("torch"), pytest.importorskip("numpy")
    with pytest.raises(GradientError, match="differ"):
        check_same(lambda t: math.sin(t) * t, lambda t: t * math.sin(3.0), 3.0)
    for other in (lambda t: torch.sin(t) * t, lambda t: numpy.sin(t) * t):
        assert check_same(lambda t: math.sin(t) * t, other, 3.0)
        assert check_same(other, lambda t: math.sin(t) * t, 3.0)


def test_arrays_of_values_are_compared() -> None:
    numpy = pytest.importorskip("numpy")
    assert check_same(lambda x: x**2, lambda x: x * x, numpy.array([1.0, 2.0]))


def test_two_graphs_that_are_cut_alike_are_noticed() -> None:
    with pytest.raises(GradientError, match="both gradients are wrong: x"):
        check_same(lambda x: x * x.data, lambda x: x.data * x, 3.0)


def test_two_slopes_of_one_kink_are_the_same() -> None:
    found = check_same(lambda x: x.relu(), lambda x: (x + abs(x)) / 2, 0.0)
    assert (verdicts(found), found.verdicts[0].interval) == (["kink"], (0.0, 1.0))
