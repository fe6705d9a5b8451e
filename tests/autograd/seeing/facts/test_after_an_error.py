"""What was computed before an exception was raised can be drawn and walked through."""

import copy
import pickle
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograd import Parameter, Value, draw, walk
from autograd.notation.numbers import number
from autograd.seeing import computed_before
from autograd.seeing.facts.after_an_error import ERROR, where_raised
from autograd.seeing.facts.folding.options import Folding
from autograd.seeing.facts.trace import trace
from nn import Layer, LSTMCell, Module, Recurrent, Sequential


class Net(Module):
    """Two layers that do not fit, and what they get by a name, in a list or in a dictionary."""

    def __init__(self, hold=list):
        self.first, self.second, self.hold = Layer(2, 3, "tanh", seed=0), Layer(4, 1, seed=1), hold

    def forward(self, x):
        held = self.hold(self.first(x))
        return self.second(list(held["h"]) if isinstance(held, dict) else held)


class Own(Module):
    """A layer, and code that asks for more than it gives."""

    def __init__(self):
        self.first = Layer(2, 3, "tanh", seed=0)

    def forward(self, x):
        h = self.first(x)
        return h[5]


class Twice(Module):
    """Gives everything twice, to 4 numbers at most."""

    def __init__(self):
        self.scale = Parameter(1.5)

    def forward(self, x):
        if len(x) > 4:
            raise RuntimeError("these are too many")
        return [v * self.scale for v in [*x, *x]]


class Around(Module):
    """A Module around one that raises, beside one that is not asked."""

    def __init__(self, inner):
        self.blocks, self.head = {"inner": inner}, Layer(3, 1)

    def forward(self, x):
        return self.head(self.blocks["inner"](x))


def raised(call, *inputs):
    with pytest.raises((ValueError, IndexError, RuntimeError)) as caught:
        call(*inputs)
    return caught.value


@pytest.mark.parametrize("hold", [lambda h: h, tuple, lambda h: {"h": h}])
def test_what_a_model_computed_before_it_raised_is_found(hold):
    model = Net(hold)
    found = computed_before(raised(model, [0.5, -1.0]))
    assert [v.data for v in found] == [v.data for v in model.first([0.5, -1.0])]
    assert [v.label for v in found] == ["a1^1", "a2^1", "a3^1"]
    assert walk(found[-1])[-1].line


def test_only_the_last_values_are_given_and_none_where_nothing_was_computed():
    def function(a):
        b = a * 2
        c = [b + 1, b * b]
        raise RuntimeError(len(c))

    error = raised(function, Value(3.0))
    assert [v.data for v in computed_before(error)] == [v.data for v in where_raised(error).inputs] == [7, 36]
    assert computed_before(ValueError("raised by nobody")) == []
    assert "raised by nobody" in draw(ValueError("raised by nobody")).source


FAILING = {  # the path of the Module that raises, and what leads into it
    "in a list": (Sequential(Layer(2, 3, seed=0), Layer(4, 1)), "steps.1", "steps.0"),
    "of equal ones": (Sequential(Twice(), Twice(), Twice()), "steps.2", "steps.1"),
    "in a Module": (Net(), "second", "first"),
    "nested": (Around(Net()), "blocks.inner.second", "blocks.inner.first"),
    "nested twice": (Around(Sequential(Net())), "blocks.inner.steps.0.second", "blocks.inner.steps.0.first"),
    "own code": (Own(), "", "first"),
    "own code, nested": (Around(Own()), "blocks.inner", "blocks.inner.first"),
    "the first": (Sequential(Layer(3, 1)), "steps.0", None),
    "alone": (Layer(3, 1), "", None),
    "before it used what it holds": (Recurrent(LSTMCell(3, 2), 1), "", None),
}


@pytest.mark.parametrize("x", [[0.5, -1.0], [Value(0.5), Value(-1.0)]], ids=["numbers", "Values"])
@pytest.mark.parametrize(("model", "path", "before"), FAILING.values(), ids=FAILING)
@pytest.mark.parametrize("by", ["module", "layer", "neuron"])
def test_the_module_that_raised_is_a_box_of_its_own_that_says_so(model, path, before, x, by):
    error = raised(model, x)
    facts = trace(where_raised(error))
    folded = Folding(by).of(facts)
    (box,) = (group for group in folded.groups if group.raised())
    assert ".".join(box.path) == path
    assert [node for node in box.members if node.op] == box.raised()
    into = {link.source for link in folded.links if link.target == box.id}
    sources = [group for group in folded.groups if group.id in into]
    assert sources
    for source in sources:
        assert source.takes_no_inputs if before is None else ".".join(source.path).startswith(before)
    assert "sum" not in {node.op for node in facts.nodes}  # nothing is invented
    said = re.sub(r"<[^>]*>", " ", draw(error, collapse=by).source).replace("&#160;", " ")
    assert "raised here" in said
    assert "nan" not in said
    assert str(error) in said


def test_of_a_large_model_that_raised_its_modules_are_drawn():
    model = Sequential(Layer(20, 30, seed=0), Layer(30, 20, seed=1), Layer(21, 2, seed=2))
    with pytest.raises(ValueError, match="21") as caught:
        model([0.1] * 20)
    picture = str(draw(caught.value))
    assert "raised" in picture
    assert picture == str(draw(caught.value, collapse="module"))


def test_it_says_so_value_by_value_and_with_what_it_was_given_by_name():
    class Adds(Module):
        def forward(self, a, b):
            return [a, b][2]

    a, b = Value(1.0, "a"), Value(2.0, "b")
    error = raised(lambda: Adds()(a, b=b))
    end = where_raised(error)
    assert end.inputs == (a, b)
    assert [node.role for node in trace(end).nodes] == ["input", "input", ERROR]
    assert "IndexError: list index out of range" in draw(error).svg()


def test_an_error_is_copied_and_pickled_without_its_model():
    class Local(Module):
        def forward(self, x):
            raise ValueError("no")

    error = raised(Local(), [1.0])
    for other in (copy.deepcopy(error), pickle.loads(pickle.dumps(error))):
        assert other.__notes__ == error.__notes__
        assert {type(note) for note in other.__notes__} == {str}


@given(st.integers(309, 6000), st.integers(1000, 9998), st.sampled_from([1, -1]))
@settings(max_examples=30, deadline=None)
def test_a_number_that_no_float_holds_is_said_as_numbers_are(exponent, digits, sign):
    beyond = sign * digits * 10 ** (exponent - 3)
    with pytest.raises(ValueError, match="too large for a float") as caught:
        Layer(2, 1)([beyond, 1.0])
    said = number(beyond)
    assert said == f"{'−' * (sign < 0)}{digits / 1000:g}e{exponent}"
    for by in (None, "module"):
        assert said in str(draw(caught.value, collapse=by))
