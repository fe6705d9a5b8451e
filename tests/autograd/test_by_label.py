"""Values found by their labels, and labels that do not mean one Value."""

from __future__ import annotations

import pytest

from autograd import Value, find


def test_a_value_is_found_by_its_label() -> None:
    x = Value(2.0, "x1")
    z = x * 3
    z.label = "z1^1"
    assert find(z.tanh() + x, "z1^1") is z
    assert find(z.tanh() + x, "x1") is x
    assert find(x, "x1") is x
    assert find(z.tanh() + x, "z₁⁽¹⁾") is z


@pytest.mark.parametrize(
    ("label", "error", "message"),
    [
        ("z1^2", ValueError, r"no Value has the label 'z1\^2'; did you mean 'z1\^1'\?"),
        ("", ValueError, "no Value has the label ''$"),
        ("q" * 10_000, ValueError, "no Value has the label 'q{40}'…$"),
        ("x", ValueError, "2 Values have the label 'x'; look back from one of the outputs"),
        (3, TypeError, "a label is a string, such as 'a1\\^2'; got int"),
    ],
)
def test_a_label_that_does_not_mean_one_value_is_refused(
    label: str, error: type[Exception], message: str
) -> None:
    z = Value(2.0, "x") * Value(3.0, "x")
    z.label = "z1^1"
    with pytest.raises(error, match=message):
        find(z + 1, label)


def test_only_a_value_can_be_looked_through() -> None:
    with pytest.raises(TypeError, match="the graph of one Value; got list"):
        find([Value(1.0, "x")], "x")  # type: ignore[arg-type]
