"""Places are read from the uses of Modules, whatever the labels."""

from __future__ import annotations

import copy
import pickle
import random
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograd import Parameter, Value, gradient_path, topological_order, walk
from autograd import sum as sum_of
from autograd.notation.labels import parse_label, typed
from autograd.seeing.facts.folding.folded import fold
from autograd.seeing.facts.names import label_of, labels_of
from autograd.seeing.facts.places import structure_of
from autograd.seeing.facts.records import Trace
from autograd.seeing.facts.trace import trace
from nn import MLP, Embedding, GRUCell, Layer, LSTMCell, Module, Recurrent, RNNCell
from nn.holding import held_at as found_at
from tests.networks import Likeness, Shelf, TwoTowers


class Net(Module):
    def __init__(self) -> None:
        self.l1, self.l2 = Layer(2, 3, "tanh", seed=0), Layer(3, 1, "linear", seed=1)

    def forward(self, x: Any) -> Any:
        return self.l2(self.l1(x))


def layers_in(output: Value) -> list[str]:
    modules = structure_of([output]).modules.values()
    return [".".join(m.path) for m in modules if not m.is_unit and m.path]


def test_two_layers_of_a_module_of_ones_own_are_two() -> None:
    assert layers_in(Net()([0.5, -1.0])) == ["l1", "l2"]


def test_every_value_of_a_network_has_its_part() -> None:
    y = MLP(2, [3, 1], "tanh", seed=0)([0.5, -1.0])
    places = structure_of([y]).places
    order = topological_order(y)
    parts = [places[v].part for v in order]
    assert {part: parts.count(part) for part in set(parts)} == {
        "input": 2,
        "weight": 9,
        "bias": 4,
        "pre-activation": 4,
        "activation": 3,
    }
    assert places[y].module == ("layers.1", "neurons.0")
    for v in order:
        if v.label.startswith("a"):
            assert places[v].part == "activation"


def test_a_neuron_computed_step_by_step_has_the_same_parts() -> None:
    fused, stepwise = (MLP(3, [2, 1], "sigmoid", fused=fused, seed=0) for fused in (True, False))
    found = []
    for model in (fused, stepwise):
        y = model([0.5, -1.0, 2.0])
        places = structure_of([y]).places
        found.append([(v.label, places[v].part) for v in topological_order(y) if v.label])
    assert sorted(found[0]) == sorted(found[1])


NETWORKS = [
    lambda: (MLP(2, [3, 2, 1], "tanh", seed=0), [0.5, -1.0]),
    lambda: (Net(), [0.5, -1.0]),
    lambda: (Recurrent(LSTMCell(1, 2, seed=0), 1, seed=1), [[0.5], [1.0], [2.0]]),
    lambda: (Recurrent(GRUCell(1, 2, seed=0), 1, every_step=True, seed=1), [[0.5], [1.0]]),
    lambda: (Recurrent(RNNCell(1, 2, seed=0), 1, seed=1), [[0.5], [1.0]]),
]


@pytest.mark.parametrize("make", NETWORKS)
def test_labels_are_names_and_nothing_else(make: Any) -> None:
    model, x = make()

    def facts(rename: bool) -> Any:
        y = model(x)
        outputs = y if isinstance(y, list) else [y]
        if rename:
            for k, v in enumerate(topological_order(*outputs)):
                v.label = f"w{k}1^{k % 3}"
        structure = structure_of(outputs)
        order = topological_order(*outputs)
        return [structure.places.get(v) for v in order], list(structure.modules.values()), structure.uses

    assert facts(rename=False) == facts(rename=True)


def test_time_steps_are_the_turns_of_a_cell() -> None:
    y = Recurrent(LSTMCell(1, 2, seed=0), 1, seed=1)([[0.5], [1.0], [2.0]])
    turns = [use.turn for use in structure_of([y]).uses if use.module == ("cell",)]
    assert sorted(turns) == [0, 1, 2]


def test_two_networks_in_one_graph_keep_their_names() -> None:
    encoder, decoder = MLP(4, [3, 2], seed=0), MLP(2, [3, 4], seed=1)
    outputs = decoder(encoder([1.0, 2.0, 3.0, 4.0]))
    modules = structure_of(outputs).modules
    assert {path[0] for path in modules} == {"MLP 1", "MLP 2"}


def test_one_module_used_twice_is_one_module_with_two_uses() -> None:
    tower = MLP(2, [2], seed=0)

    class Twins(Module):
        def __init__(self) -> None:
            self.tower = tower

        def forward(self, a: Any, b: Any) -> Any:
            return tower(a)[0] * tower(b)[0]

    structure = structure_of([Twins()([0.5, 1.0], [1.0, 2.0])])
    assert sum(use.module == ("tower",) for use in structure.uses) == 2
    assert sum(module.kind == "MLP" for module in structure.modules.values()) == 1


def test_a_module_that_calls_itself_is_used_within_itself() -> None:
    class Tree(Module):
        def __init__(self) -> None:
            self.w = Parameter(0.5)

        def forward(self, tree: Any) -> Any:
            return self.w * (sum(self(branch) for branch in tree) if isinstance(tree, tuple) else Value(tree))

    uses = structure_of([Tree()(((1.0, 2.0), 3.0))]).uses
    assert len(uses) == 5
    assert sum(use.within is None for use in uses) == 1


def test_what_a_call_raised_in_leaves_no_use_behind() -> None:
    class Broken(Module):
        def forward(self, x: Any) -> Any:
            raise RuntimeError

    with pytest.raises(RuntimeError):
        Broken()(1.0)
    assert (Value(1.0) * 2).place is None


@pytest.mark.parametrize("again", [copy.deepcopy, copy.copy, lambda y: pickle.loads(pickle.dumps(y))])
def test_copies_do_not_take_the_modules_along(again: Any) -> None:
    y = MLP(2, [1], seed=0)([0.5, 1.0])
    assert again(y).place is None
    assert again(y).data == y.data


@pytest.mark.parametrize("make", NETWORKS)
def test_places_survive_json(make: Any) -> None:
    model, x = make()
    y = model(x)
    facts = trace(y[-1] if isinstance(y, list) else y)
    assert facts.places
    assert Trace.from_json(facts.to_json()) == facts


def test_labels_that_two_modules_give_are_told_apart_by_the_modules() -> None:
    net, x = Net(), Value(0.5, "x")
    y = net([x, -1.0])
    labels = labels_of(None, y)
    assert [label_of(v, labels) for v in (net.l1.neurons[0].w[0], net.l1.neurons[2].b, y, x)] == [
        "l1.w11^1", "l1.b3^1", "l2.z1^1", "x",
    ]  # fmt: skip
    assert parse_label(label_of(y, labels)).text == "l2.z₁⁽¹⁾"
    shown = [node.label for node in trace(y).nodes if node.role != "constant"]
    assert len(shown) == len(set(shown))
    two = net([x, -1.0]) + net([x, 1.0])  # one Module used twice: its labels are told apart by the use
    assert {"l2.z1^1[1]", "l2.z1^1[2]"} <= {node.label for node in trace(two).nodes}
    again = walk(y).what_if(**{"l1.w11^1": 0.0})
    assert [node.label for node in again.trace.nodes] == [node.label for node in walk(y).trace.nodes]
    one = MLP(2, [3, 1], seed=0)
    assert label_of(one([0.5, 1.0]), labels_of(None, one([0.5, 1.0]))) == "z1^2"


def of_several_samples() -> Value:
    model, pair = MLP(2, [2, 1], "tanh", fused=False, seed=0), Likeness()
    return model([0.5, 1.0]) * model([1.0, -1.0]) + pair(0, 1) ** 2 * pair(2, 1)


USED_TWICE = [
    lambda: Likeness()(0, 1) ** 2,
    of_several_samples,
    lambda: Recurrent(GRUCell(1, 2, seed=0), 1, seed=1)([[0.5], [1.0], [2.0]]),
]


@pytest.mark.parametrize("make", USED_TWICE)
def test_what_several_uses_of_a_module_compute_has_names_of_its_own_and_is_found_by_them_as_printed(
    make: Any,
) -> None:
    steps = walk(make())
    names = {node.id: node.label for node in steps.trace.nodes if node.role != "constant"}
    assert len(set(names.values())) == len(names)
    for id, name in names.items():
        for spelled in (name, parse_label(name).text):
            steps.rewind()
            found = steps.goto(spelled)
            assert id in (found.node, *found.nodes)
            begin, cut, end = typed(spelled).partition("…")
            assert name == begin + end or (cut and name.startswith(begin) and name.endswith(end))


def test_uses_are_told_apart_where_the_name_is_the_same_and_nowhere_else() -> None:
    steps = walk(Likeness()(0, 1) ** 2)
    assert "z₁⁽¹⁾[1]·z₁⁽¹⁾[2] + z₂⁽¹⁾[1]·z₂⁽¹⁾[2]" in [node.formula for node in steps.trace.nodes]
    assert "∂y/∂z₁⁽¹⁾[2]" in [step.line.partition(" ")[0] for step in steps]
    assert not any("[" in node.label for node in trace(Likeness()(0, 1).inputs[0]).nodes)


def test_what_has_no_name_is_told_by_what_it_is() -> None:
    x, w = Value(0.5), Parameter(2.0)
    y = (x * w).sin()
    told = [gradient_path(y, v).in_words().split(";")[0] for v in (x, w, y.inputs[0])]
    assert told == [
        "1 route from the input to y",
        "1 route from the weight to y",
        "1 route from 0.5 × 2 to y",
    ]


@given(st.integers(0, 10**9))
@settings(max_examples=60, deadline=None)
def test_a_use_goes_by_the_way_that_it_was_reached(seed: int) -> None:
    chance = random.Random(seed)
    model, called = Shelf(chance, [], 3), list[Module]()
    structure = structure_of(model([0.5], called))

    def held_at(path: tuple[str, ...]) -> Module:
        return found_at(model, ".".join(path)) if path else model

    uses = [use for use in structure.uses if isinstance(held_at(use.module), Shelf)]
    assert [held_at(use.module) for use in uses] == called  # in the order of the calls
    for use in structure.uses:
        if use.within is not None:
            around = structure.uses[use.within].module
            assert use.module[: len(around)] == around
        assert held_at(use.module) is held_at(structure.modules[use.module].first)
    among = Counter((use.within, use.module) for use in structure.uses)
    assert {(use.within, use.module): use.turn + 1 for use in structure.uses} == among


def test_what_two_towers_share_has_a_name_in_each() -> None:
    model = TwoTowers()
    y = model([0.5, 1.0], [1.0, -1.0], [0.2, 0.1])
    y.backward()
    steps = walk(y)
    assert {".".join(use.module) for use in steps.trace.uses} >= {"user.shared.dense", "item.shared.dense"}
    named = [node.label for node in steps.trace.nodes if node.op == "tanh"]
    assert len({*named}) == len(named) == 12
    for name in named:
        steps.goto(name)
        steps.goto(parse_label(name, 99).text)
    shared = model.user.shared.dense.neurons[0].w[1]
    for tower in "user", "item":
        for name in (f"{tower}.shared.dense.w21^1", f"{tower}.shared.dense.neurons.0.w.1"):
            assert model.parameter(name) is shared
            found = [(steps.goto(0), steps.goto(which)) for which in (name, shared)]
            assert found[0] == found[1]
    with pytest.raises(ValueError, match=r"no node has the label 'item\.shared\.dense\.w99"):
        steps.goto("item.shared.dense.w99^1")


class Mixed(Module):
    """Puts plain numbers beside what other Modules give, in lists that are made in the call."""

    def __init__(self) -> None:
        self.inner, self.out = Layer(1, 2, seed=0), Layer(4, 1, seed=1)

    def forward(self, x: Any) -> Any:
        return self.out([*self.inner([x[0]]), *x])


class Pair(Module):
    def __init__(self) -> None:
        self.left, self.right, self.table = Mixed(), Mixed(), {k: Layer(1, 1, seed=k) for k in (1, 2)}

    def forward(self, *rows: Any) -> Any:
        first, *others = rows
        both = self.left(first) * sum_of([self.right(row) for row in others])
        return self.table[1]([both]) + self.table[2]([first[0]])


@given(st.integers(1, 4))
@settings(deadline=None)
def test_no_two_values_of_a_walk_share_a_name_and_each_is_found_by_it(others: int) -> None:
    y = Pair()(*([0.5 + k, -1.0] for k in range(others + 1)))
    steps = walk(y)
    named = [node for node in steps.trace.nodes if node.label]
    assert len({node.label for node in named}) == len(named)
    for node in named:
        steps.goto(node.label)
        if node.role == "input":
            assert steps.what_if({node.label: node.value}).output.data == y.data


def test_a_table_goes_by_its_path_where_there_are_others_and_whatever_rows_are_used() -> None:
    class Ids(Module):
        def __init__(self) -> None:
            self.user, self.item = Embedding(3, 1, seed=0), Embedding(3, 1, seed=1)

        def forward(self, user: int, item: int) -> Any:
            return self.user(user)[0] * self.item(item)[0]

    labels = {node.label for node in walk(Ids()(1, 2)).trace.nodes if node.role == "weight"}
    assert labels == {"user.e1,1", "item.e2,1"}


def test_a_key_of_a_dictionary_is_no_position() -> None:
    class Keyed(Module):
        def __init__(self) -> None:
            self.experts = {2: Layer(1, 1, seed=0), 1: Layer(1, 1, seed=1), -3: Layer(1, 1, seed=2)}

        def forward(self, x: Any) -> Any:
            return self.experts[2](self.experts[1](self.experts[-3](x)))

    model = Keyed()
    steps = walk(model([0.5]))
    for key, layer in model.experts.items():
        for name in (f"experts[{key}].w11^1", f"experts[{key}].w₁₁⁽¹⁾", f"experts.[{key}].neurons.0.w.0"):
            assert model.parameter(name) is layer.neurons[0].w[0]
            steps.goto(name)
        assert {f"experts[{key}].w11^1"} <= {node.label for node in steps.trace.nodes}
    with pytest.raises(ValueError, match="experts"):
        model.parameter("expert 2.w11^1")


@pytest.mark.parametrize("first", [True, False])
def test_a_part_that_is_called_beside_its_model_is_another_use_of_it(first: bool) -> None:
    model = Net()
    alone = [model.l1([0.1, 0.2])[0] for _ in range(2)] if first else []
    y = model([0.5, -1.0])
    alone = alone or [model.l1([0.1, 0.2])[0] for _ in range(2)]
    steps = walk(y - alone[0] * alone[1])
    assert {use.turn for use in steps.trace.uses if use.module == ("l1",)} == {0, 1, 2}
    labels = {node.label for node in steps.trace.nodes if ".a1^1" in node.label}
    assert labels == {"l1.a1^1[1]", "l1.a1^1[2]", "l1.a1^1[3]"}
    for k in (1, 2, 3):
        fold(steps.trace, opened=[f"l1[{k}]"])
