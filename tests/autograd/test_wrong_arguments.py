"""What is asked of something that is no Value, or of too much of it, is refused in words."""

import pytest

import autograd
from autograd import Value, backward, gradients, where
from autograd.core.primitive import TABLE, op

x = Value(2.0, "x")


@pytest.mark.parametrize("of", [3, [x], None, "x"])
def test_gradients_of_what_is_no_value(of):
    for differentiate in (backward, lambda v: gradients(v, x)):
        with pytest.raises(TypeError, match="Value"):
            differentiate(of)


def test_gradients_with_respect_to_a_number():
    with pytest.raises(TypeError, match="with respect to Values; got 3"):
        gradients(x * x, 3)


@pytest.mark.parametrize("name", ["sum", "mean", "softmax", "logsumexp"])
@pytest.mark.parametrize("single", [x, 3])
def test_a_function_of_several_values_names_what_it_wants(name, single):
    with pytest.raises(TypeError, match="several Values are wanted"):
        getattr(autograd, name)(single)


@pytest.mark.parametrize("number", [10**400, -(10**400)])
def test_a_whole_number_beyond_floats(number):
    v = Value(1.0)
    with pytest.raises(ValueError, match="too large for a float"):
        Value(number)
    with pytest.raises(ValueError, match="too large for a float"):
        v.data = number
    assert v.data == 1.0


@pytest.mark.parametrize("condition", ["a", None, [True]])
def test_a_condition_that_is_none(condition):
    with pytest.raises(TypeError, match="a condition is a comparison"):
        where(condition, x, x)


def test_a_rule_that_is_no_function():
    with pytest.raises(TypeError, match="the rule of an op"):
        op("no such op", "?", 5)
    assert "no such op" not in TABLE


def test_unary_plus_is_the_value_itself():
    assert +x is x
