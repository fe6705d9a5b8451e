"""The inputs of a network: as many as it takes, as Values with names."""

from __future__ import annotations

import pytest

from autograd import Value, topological_order, walk
from autograd import sum as sum_of
from autograd.seeing.facts.folding.folded import FOLDINGS, fold
from autograd.seeing.facts.trace import trace
from nn import MLP, GRUCell, Layer, Module, Recurrent
from nn.inputs import as_inputs


def test_numbers_become_named_values_and_values_stay_themselves():
    v = Value(2.0, "mine")
    first, second = as_inputs([1, v], 2, "network")
    assert (first.label, first.data) == ("x1", 1.0)
    assert second is v


def test_a_single_number_is_a_sample_of_one_input():
    assert [v.label for v in as_inputs(0.5, 1, "neuron")] == ["x1"]


def test_another_number_of_inputs_is_refused():
    with pytest.raises(ValueError, match="the layer 2 takes 2 inputs per sample; got 1"):
        as_inputs([1.0], 2, "layer 2")


class Both(Module):
    """Two Modules that see the same input."""

    def __init__(self, first, second):
        self.first, self.second = first, second

    def forward(self, x):
        return self.first(x) * self.second(x)


def inputs_of(output):
    return [v for v in topological_order(output) if v.op is None and v.role == "input"]


@pytest.mark.parametrize("row", [[0.1, 0.2, 0.3], (1, 0, 1), [1, 0.5, True], "array"])
def test_the_numbers_of_a_list_are_the_same_inputs_for_all_modules_of_a_call(row):
    row = pytest.importorskip("numpy").array([0.1, 0.2, 0.3]) if row == "array" else row
    model = Both(MLP(3, [2, 1], seed=0), Both(Layer(3, 1, seed=1), Layer(3, 1, seed=2)))
    assert len(inputs_of(model(row))) == 3
    again = model(row)  # another call is another sample
    assert len(inputs_of(again + model(row))) == 6


def test_a_sequence_is_the_same_inputs_for_all_modules_of_a_call():
    model = Both(Recurrent(GRUCell(2, 2, seed=0), 1, seed=1), Recurrent(GRUCell(2, 2, seed=2), 1, seed=3))
    step = [0.5, -1.0]
    found = inputs_of(model([step, step, [1.0, 2.0]]))
    assert sorted(v.label for v in found) == ["x1^1", "x1^2", "x1^3", "x2^1", "x2^2", "x2^3"]


def test_a_list_that_was_changed_is_other_inputs():
    class Changing(Module):
        def __init__(self):
            self.layer = Layer(1, 1, "linear", seed=0)

        def forward(self, x):
            before = self.layer(x)
            x[0] = 5.0
            return before + self.layer(x)

    assert sorted(v.data for v in inputs_of(Changing()([2.0]))) == [2.0, 5.0]


def test_what_could_not_become_inputs_leaves_no_trace_in_the_names_of_others():
    class Trying(Module):
        def __init__(self):
            self.layer = Layer(2, 1, seed=0)

        def forward(self, x, y):
            with pytest.raises(TypeError):
                self.layer(["a", "b"])
            return self.layer(x) * self.layer(y)

    found = inputs_of(Trying()(A, B))
    assert sorted(v.label for v in found) == ["x1", "x2", "y1", "y2"]


class Ranking(Module):
    """Two towers: of several arguments, or of the parts of one."""

    def __init__(self, parts=lambda user, item: (user, item)):
        self.user, self.item = MLP(2, [2, 1], "tanh", seed=0), MLP(2, [2, 1], "tanh", seed=1)
        self.parts = parts

    def forward(self, *given, **named):
        user, item = self.parts(*given, **named)
        return self.user(user) * self.item(item)


class Named(Ranking):
    def forward(self, user, item):
        return self.user(user) * self.item(item)


class Times(Module):
    def forward(self, p, q):
        return p * q


class InOne(Ranking):
    def forward(self, x):
        user, item = self.parts(x)
        return self.user(user) * self.item(item)


A, B = [0.5, 1.0], [-1.0, 2.0]
CALLS = {
    "two arguments": (lambda: Named()(A, B), ["user1", "user2", "item1", "item2"], ["user", "item"]),
    "by name": (lambda: Named()(item=B, user=A), ["user1", "user2", "item1", "item2"], ["user", "item"]),
    "a dictionary": (
        lambda: InOne(lambda x: (x["left"], x["right"]))({"left": A, "right": B}),
        ["left1", "left2", "right1", "right2"], ["left", "right"],
    ),
    "a list of rows": (lambda: InOne(lambda x: x)([A, B]), ["x1,1", "x1,2", "x2,1", "x2,2"], ["inputs"]),
    "any number of rows": (lambda: Ranking()(A, B), ["x1,1", "x1,2", "x2,1", "x2,2"], ["inputs"]),
    "parts of a list": (
        lambda: InOne(lambda x: (x[:2], x[2:]))([*A, *B]), ["x1", "x2", "x3", "x4"], ["inputs"],
    ),
    "numbers of their own": (
        lambda: InOne(lambda x: (x, [2 * v for v in x]))(A), ["x1", "x2", "x3", "x4"], ["inputs"],
    ),
    "one for both": (lambda: InOne(lambda x: (x, x))(A), ["x1", "x2"], ["inputs"]),
}  # fmt: skip


@pytest.mark.parametrize(("output", "labels", "boxes"), CALLS.values(), ids=CALLS)
def test_the_inputs_of_a_call_are_told_apart_and_each_argument_is_one_box(output, labels, boxes):
    y = output()
    found = inputs_of(y)
    assert sorted(v.label for v in found) == sorted(labels)
    folded = fold(trace(y), "layer").groups
    assert [box.title for box in folded if box.takes_no_inputs] == boxes
    for label in labels:
        assert walk(y).what_if({label: 7.0}).trace.nodes != walk(y).trace.nodes


def values(x, letter):
    if isinstance(x, dict):
        return {key: values(part, key) for key, part in x.items()}
    return [Value(v, f"{letter}{i}") for i, v in enumerate(x, 1)]


@pytest.mark.parametrize(
    ("output", "boxes"),
    [
        (lambda: Named()(values(A, "u"), values(B, "i")), ["user", "item"]),
        (lambda: Named()(item=values(B, "u"), user=values(A, "u")), ["user", "item"]),
        (lambda: Named()(tuple(values(A, "")), B), ["user", "item"]),
        (lambda: InOne(lambda x: (x["left"], x["right"]))(values({"left": A, "right": B}, "")),
         ["left", "right"]),
        (lambda: Ranking()(values(A, "u"), values(B, "i")), ["inputs"]),
        (lambda: InOne(lambda x: (x[:2], x[2:]))(values([*A, *B], "v")), ["inputs"]),
        (lambda: Times()(Value(2.0, "z"), Value(3.0, "z")), ["p", "q"]),
        (lambda: Named()(shared := values(A, "u"), shared), ["user"]),
        (lambda: sum_of(map(Named(), [values(A, "u"), values(B, "u")], [values(B, "i"), values(A, "i")])),
         ["user", "item"]),
    ],
)  # fmt: skip
def test_values_given_as_arguments_are_a_box_for_each_argument(output, boxes):
    y = output()
    for folding in FOLDINGS[1:]:
        folded = fold(trace(y), folding).groups
        assert [box.title for box in folded if box.takes_no_inputs] == boxes
    assert {v.label[:-1] for v in inputs_of(y)} <= {"", "u", "i", "v", "left", "right", "item"}


def test_inputs_of_two_networks_are_told_apart():
    y = MLP(2, [1], seed=0)(A) * MLP(2, [1], seed=1)(B)
    folded = fold(trace(y), "layer").groups
    assert [box.title for box in folded if box.takes_no_inputs] == ["inputs of MLP 1", "inputs of MLP 2"]
    assert walk(y).what_if({"MLP 2.x1": 7.0}).trace.nodes != walk(y).trace.nodes
