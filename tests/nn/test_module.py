"""Modules: parameters found wherever they are held, named, saved and loaded."""

from collections import Counter
from math import inf, nan

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograd import Constant, Parameter, walk
from autograd import sum as sum_of
from autograd.node import NO_GRADIENT
from autograd.notation.labels import parse_label
from nn import MLP, Layer, Module, Sequential


class Line(Module):
    def __init__(self, slope=2.0, offset=1.0):
        self.slope, self.bias = Parameter(slope, "a"), Parameter(offset, "b")

    def __call__(self, x):
        return self.slope * x + self.bias


class Nest(Module):
    """Parameters in every kind of holder, and things that are none."""

    def __init__(self):
        self.name = "nest"
        self.alone = Parameter(1.0)
        self.listed = [Parameter(2.0), 7, [Parameter(3.0)]]
        self.paired = (Line(4.0, 5.0), None)
        self.called = {"six": Parameter(6.0)}
        self.fixed = Constant(9.0)


def test_parameters_are_found_in_the_order_of_the_attributes():
    assert list(Nest().state_dict().items()) == [
        ("alone", 1.0),
        ("listed.0", 2.0),
        ("listed.2.0", 3.0),
        ("paired.0.slope", 4.0),
        ("paired.0.bias", 5.0),
        ("called.six", 6.0),
    ]


def test_a_network_names_its_parameters_by_dotted_paths():
    paths = [path for path, _ in MLP(2, [1, 1]).named_parameters()]
    assert paths == [
        "layers.0.neurons.0.w.0",
        "layers.0.neurons.0.w.1",
        "layers.0.neurons.0.b",
        "layers.1.neurons.0.w.0",
        "layers.1.neurons.0.b",
    ]


def test_a_parameter_held_twice_comes_once_under_its_first_path():
    nest = Nest()
    nest.again = nest.alone
    assert [p is nest.alone for p in nest.parameters()].count(True) == 1
    assert "again" not in nest.state_dict()


def test_modules_that_point_at_each_other_are_walked_once():
    one, other = Line(), Line()
    one.other, other.other = other, one
    assert len(one.parameters()) == 4


def test_a_deep_nest_of_modules_is_walked():
    outer = Module()
    inner = outer
    for _ in range(5_000):
        inner.child = inner = Module()
    inner.w = Parameter(1.0)
    assert len(outer.parameters()) == 1


def test_weights_are_the_parameters_without_the_biases():
    line = Line()
    assert line.weights() == [line.slope]
    model = MLP(3, [4, 2])
    assert len(model.weights()) == 3 * 4 + 4 * 2


def test_zero_grad_forgets_every_gradient():
    line = Line()
    line(3.0).backward()
    assert line.slope.grad == 3.0
    line.zero_grad()
    assert all(p.grad is NO_GRADIENT for p in line.parameters())


def test_a_parameter_is_found_by_label_and_by_path():
    model = MLP(2, [3, 4, 1])
    assert model.parameter("w21^3") is model.layers[2].neurons[0].w[1]
    assert model.parameter("layers.2.neurons.0.w.1") is model.layers[2].neurons[0].w[1]
    assert model.parameter("b1^3") is model.layers[2].neurons[0].b


def test_a_parameter_that_is_not_there_is_answered_with_the_closest():
    with pytest.raises(ValueError, match=r"no parameter 'w31\^2'; did you mean 'w[0-9]+\^[0-9]'\?"):
        MLP(2, [2, 1]).parameter("w31^2")


def test_a_label_of_several_parameters_asks_for_a_path():
    nest = Nest()
    nest.another = Line()
    with pytest.raises(ValueError, match=r"2 parameters are called 'a'.*paired\.0\.slope, another\.slope"):
        nest.parameter("a")


@given(st.integers(0, 1000))
def test_loading_a_state_makes_a_copy_of_the_network(seed):
    model, copy = MLP(2, [3, 1], seed=seed), MLP(2, [3, 1], seed=seed + 1)
    copy.load_state_dict(model.state_dict())
    assert copy.state_dict() == model.state_dict()
    assert copy([0.3, -0.7]).data == model([0.3, -0.7]).data


def test_a_state_that_does_not_fit_names_everything_and_changes_nothing():
    line = Line()
    with pytest.raises(ValueError, match="does not fit this Line, and nothing was loaded") as raised:
        line.load_state_dict({"slop": 5.0, "bias": nan, "extra": 1.0})
    message = str(raised.value)
    assert "missing slope" in message
    assert "'slop'; did you mean 'slope'?" in message
    assert "'extra'" in message
    assert "bias = nan" in message
    assert line.state_dict() == {"slope": 2.0, "bias": 1.0}


def test_a_state_of_another_architecture_is_refused_layer_by_layer():
    model = MLP(3, [4, 2, 1], seed=0)
    with pytest.raises(ValueError, match="nothing was loaded") as raised:
        model.load_state_dict(MLP(3, [4, 5, 5, 1]).state_dict())
    assert str(raised.value).endswith(
        "nothing was loaded: not expected layers.1 (15), layers.2 (27), layers.3 (6)"
    )
    with pytest.raises(ValueError, match=r"missing layers\.0 \(4\), layers\.1 \(5\), layers\.2 \(3\)$"):
        model.load_state_dict(MLP(2, [4, 1]).state_dict())


def test_two_parameters_of_one_path_have_no_state():
    line = Line()
    line.held = {"a.b": Parameter(1.0), "a": {"b": Parameter(2.0)}}
    with pytest.raises(ValueError, match=r"two things in the network are called held\.a\.b"):
        line.state_dict()


@pytest.mark.parametrize("number", [nan, inf, -inf, "1.0", None, Parameter(1.0)])
def test_a_state_holds_finite_numbers_only(number):
    with pytest.raises(ValueError, match="not finite numbers slope = "):
        Line().load_state_dict({"slope": number, "bias": 1.0})


def test_a_state_is_a_mapping():
    with pytest.raises(TypeError, match="mapping"):
        Line().load_state_dict([1.0, 2.0])


def notes(model, *inputs):
    with pytest.raises(ValueError, match="input") as raised:
        model(*inputs)
    return raised.value.__notes__


def test_an_error_names_the_innermost_module_once_by_its_path():
    class Towers(Module):
        def __init__(self):
            self.towers = {"user": MLP(2, [3, 1]), "item": Sequential(Layer(2, 3), Layer(4, 1))}

        def forward(self, user, item):
            return self.towers["user"](user), self.towers["item"](item)

    model = Towers()
    assert notes(model, [1.0], [1.0, 2.0]) == [
        "raised in the call of towers.user (MLP) of Towers, given 1 number"
    ]
    assert notes(model, [1.0, 2.0], [1.0, 2.0]) == [
        "raised in the call of towers.item.steps.1 (Layer) of Towers, given 3 Values; "
        'what was computed until then: autograd.draw(error, collapse="module")'
    ]
    assert notes(model.towers["user"], [1.0]) == ["raised in the call of MLP, given 1 number"]


def test_what_a_model_uses_but_does_not_hold_is_named_by_its_class():
    layer = Layer(2, 1)

    class Loose(Module):
        def forward(self, x):
            return layer(x)

    assert notes(Loose(), [1.0]) == ["raised in the call of Layer, given 1 number"]


class Block(Module):
    def __init__(self, seed, weights=None):
        self.fc = Layer(2, 2, seed=seed)
        self.W = weights or [[Parameter(0.5)], [Parameter(0.25)]]

    def forward(self, x):
        return [a * w for a, (w,) in zip(self.fc(x), self.W, strict=True)]


class Stack(Module):
    def __init__(self):
        self.blocks = [Block(0), Block(1)]
        self.last = Block(2, self.blocks[0].W)

    def forward(self, x):
        for block in (*self.blocks, self.last):
            x = block(x)
        return x[0] + x[1]


def test_every_name_that_a_walk_prints_is_taken_where_a_parameter_is_asked_for():
    model = Stack()
    steps = walk(model([0.5, -1.0]))
    for node in steps.trace.nodes:
        if node.role == "weight":
            printed = parse_label(node.label).text
            p = model.parameter(printed)
            assert p.data == node.value
            assert [n.value for n in steps.what_if({printed: 7.0}).trace.nodes if n.id == node.id] == [7.0]
    assert model.parameter("last.W.1.0") is model.parameter("blocks.0.W.1.0")


class Holder(Module):
    """Holds two others under names of any length, and a weight without a label."""

    def __init__(self, names, inner=None):
        first, second, own = names
        self.names = names
        for name in (first, second):
            setattr(self, name, Holder(inner) if inner else Layer(2, 2))
        setattr(self, own, [Parameter(1.0), Parameter(1.0)])

    def forward(self, x):
        first, second, own = (getattr(self, name) for name in self.names)
        return [a * b * w for a, b, w in zip(first(x), second(x), own, strict=True)]


def answer(asked, what):
    """Return what is answered, or how it is refused."""
    try:
        return asked(what)
    except ValueError as error:
        return str(error)


NAMES = st.lists(
    st.from_regex(r"[a-c][a-z]{0,2}_[ab]{1,28}", fullmatch=True), min_size=3, max_size=3, unique=True
)


@given(NAMES, NAMES)
@settings(max_examples=20, deadline=None)
def test_names_too_long_to_be_printed_whole_are_taken_as_printed_or_refused_with_those_they_may_mean(
    outer, inner
):
    model = Holder(outer, inner)
    paths = {p: path for path, p in model.named_parameters()}
    for k, p in enumerate(paths):
        p.data = k / 64
    by_data = {p.data: p for p in paths}
    steps = walk(sum_of(model([0.5, -1.0])))
    weights = [(node, parse_label(node.label).text) for node in steps.trace.nodes if node.role == "weight"]
    times = Counter(printed for _, printed in weights)
    for node, printed in weights:
        for spelled in {node.label, printed}:
            p = answer(model.parameter, spelled)
            assert p is by_data[node.value] or ("…" in spelled and "ask by path" in p)
            again = answer(steps.what_if, {spelled: 7.0})
            if isinstance(again, str):
                assert times[spelled] > 1
                assert repr(node.label) in again
            else:
                assert [n.value for n in again.trace.nodes if n.id == node.id] == [7.0]


def test_a_name_that_is_not_known_brings_one_of_the_same_block():
    with pytest.raises(ValueError, match=r"did you mean 'block 2\.fc\.w\d\d\^1'"):
        Stack().parameter("block 2.fc.w₁₉⁽¹⁾")
    with pytest.raises(ValueError, match=r"did you mean 'block 2\.w\d\d\^1'"):
        walk(Stack()([0.5, -1.0])).goto("blocks.1.fc.w19^1")
