"""What was computed before an exception was raised can be drawn and walked through."""

import pytest

import autograd
from autograd import Value, draw, walk
from autograd.seeing import computed_before
from nn import Layer, Module


class Net(Module):
    """Two layers that do not fit, and what they get by a name, in a list or in a dictionary."""

    def __init__(self, hold):
        self.first, self.second, self.hold = Layer(2, 3, "tanh", seed=0), Layer(4, 1, seed=1), hold

    def forward(self, x):
        held = self.hold(self.first(x))
        return self.second(list(held["h"]) if isinstance(held, dict) else held)


@pytest.mark.parametrize("hold", [lambda h: h, tuple, lambda h: {"h": h}])
def test_what_a_model_computed_before_it_raised_is_found(hold):
    model, x = Net(hold), [0.5, -1.0]
    with pytest.raises(ValueError, match="4 inputs") as caught:
        model(x)
    found = computed_before(caught.value)
    assert [v.data for v in found] == [v.data for v in model.first(x)]
    assert [v.label for v in found] == ["a1^1", "a2^1", "a3^1"]
    assert walk(found[-1])[-1].line
    assert "first" in draw(autograd.sum(found), collapse="module").source


def test_only_the_last_values_are_given_and_none_where_nothing_was_computed():
    def function(a):
        b = a * 2
        c = [b + 1, b * b]
        raise RuntimeError(len(c))

    with pytest.raises(RuntimeError) as caught:
        function(Value(3.0))
    assert [v.data for v in computed_before(caught.value)] == [7.0, 36.0]
    assert computed_before(ValueError("raised by nobody")) == []
