"""Folding reads Modules and their uses, whatever the labels."""

from __future__ import annotations

import re
from typing import Any

import pytest

from autograd import Value, draw
from autograd import sum as sum_of
from autograd.functions import dot
from autograd.notation.numbers import number
from autograd.seeing.facts.arrow import ArrowText, hint_of_link, text_of_link
from autograd.seeing.facts.box_content import box_of_group
from autograd.seeing.facts.folding.folded import FOLDINGS, Folded, fold
from autograd.seeing.facts.folding.links import Link
from autograd.seeing.facts.trace import trace
from nn import MLP, Embedding, GRUCell, Layer, LSTMCell, Module, Recurrent, losses
from tests.networks import (
    Autoencoder,
    Likeness,
    Line,
    Ranking,
    Residual,
    Tied,
    TiedByHand,
    Tree,
    Twins,
    TwoTowers,
    Wave,
)


class Net(Module):
    def __init__(self) -> None:
        self.l1, self.l2 = Layer(2, 3, "tanh", seed=0), Layer(3, 1, "linear", seed=1)

    def forward(self, x: Any) -> Any:
        return self.l2(self.l1(x))


class Inner(Module):
    def __init__(self) -> None:
        self.layer, self.scales = Layer(2, 1, "linear", seed=0), [Value(2.0)]

    def forward(self, x: Any) -> Any:
        return self.layer(x) * self.scales[0]


class Outer(Module):
    def __init__(self) -> None:
        self.inner, self.scale = Inner(), Value(3.0)

    def forward(self, x: Any) -> Any:
        return self.inner(x) * self.scale


def gru(steps: int) -> Value:
    model = Recurrent(GRUCell(1, 3, seed=0), 1, seed=1)
    return losses.mse(model([0.1 * t for t in range(steps)]), 0.5)


def lstm(steps: int) -> Value:
    model = Recurrent(LSTMCell(1, 2, seed=0), 1, seed=1)
    return losses.mse(model([0.1 * t for t in range(steps)]), 0.5)


def folded(output: Value, *arguments: Any, **options: Any) -> Folded:
    return fold(trace(output), *arguments, **options)


def titles(found: Folded) -> list[str]:
    return [group.title for group in found.groups]


def link(found: Folded, source: str, target: str) -> Link:
    ids = {group.title: group.id for group in found.groups}
    return next(x for x in found.links if (x.source, x.target) == (ids[source], ids[target]))


# -------------------------------------------------------------------------------------------- boxes


def test_a_module_of_two_layers_has_two_boxes() -> None:
    found = folded(Net()([0.5, -1.0]), "layer")
    assert titles(found) == ["inputs", "l1", "l2"]
    assert [len(group.weights()) for group in found.groups] == [0, 9, 4]
    assert found.nodes == ()


def test_a_network_in_time_has_a_box_per_gate() -> None:
    found = folded(gru(12), "layer")
    assert len(found.groups) <= 8
    assert {group.uses for group in found.groups if group.title.startswith("cell")} == {12}
    assert titles(folded(gru(12))) == ["inputs", "cell", "readout"]


def test_equal_blocks_are_one_box_until_they_are_opened() -> None:
    y = Residual(12)([0.5, -1.0])
    assert titles(folded(y)) == ["inputs", "stem", "blocks × 12", "head"]
    each = [f"block {k}{part}" for k in range(1, 13) for part in (" · inner", " · outer", " itself")]
    assert titles(folded(y, opened=["blocks"]))[2:-1] == each
    assert titles(folded(y, apart=["blocks"]))[2:-1] == [f"block {k}" for k in range(1, 13)]
    one = titles(folded(y, opened=["blocks.3"]))
    assert one[2:7] == ["blocks × 3", "block 4 · inner", "block 4 · outer", "block 4 itself", "blocks × 8"]
    assert titles(folded(y, opened=["block 4"])) == one
    for called, held in (("block 4 · inner", "blocks.3.inner"), ("block 4[1]", "blocks.3[1]")):
        assert titles(folded(y, opened=[called])) == titles(folded(y, opened=[held]))
    with pytest.raises(ValueError, match=r"did you mean 'block [0-9]+'"):
        folded(y, opened=["block 13"])


def test_one_time_step_is_opened_and_the_others_stay_folded() -> None:
    found = folded(gru(12), opened=["cell[4]"])
    gates = [f"cell · use 4 · {gate}" for gate in ("reset", "update", "candidate_x", "candidate_h")]
    assert titles(found) == [
        "inputs", "cell · uses 1–3", *gates, "cell · use 4 itself", "cell · uses 5–12", "readout",
    ]  # fmt: skip
    assert [g.uses for g in found.groups if not g.takes_no_inputs and g.path == ("cell",)] == [3, 1, 8]
    assert not found.feedback()


def test_steps_are_columns_and_gates_are_rows() -> None:
    found = folded(lstm(6), opened=["cell[1]", "cell[5]", "cell[6]"])
    columns = {title: group.column for title, group in zip(titles(found), found.groups, strict=True)}
    steps = [
        [columns[f"cell · use {t} · {gate}"] for gate in ("input", "forget", "candidate", "output")]
        for t in (1, 5, 6)
    ]
    assert all(len({*step}) == 1 for step in steps)
    order = [steps[0][0], *(columns[f"cell · {use}"] for use in ("use 1 itself", "uses 2–4"))]
    assert order == sorted({*order})
    assert order[-1] < steps[1][0] < columns["cell · use 5 itself"] < steps[2][0]


def test_steps_that_share_their_boxes_lead_back_to_the_gates() -> None:
    found = folded(lstm(3), opened=["cell"])
    ids = {group.id: group.title for group in found.groups}
    assert {(ids[a], ids[b]) for a, b in found.feedback()} == {
        ("cell itself", f"cell · {gate}") for gate in ("input", "forget", "candidate", "output")
    }


def test_a_weight_belongs_to_every_step_and_no_arrow_says_so() -> None:
    found = folded(gru(12), opened=["cell[4]"])
    by_title = {group.title: group for group in found.groups}
    assert len(by_title["cell · uses 1–3"].weights()) == len(by_title["cell · uses 5–12"].weights()) == 48
    reset = by_title["cell · use 4 · reset"]
    assert [fact.word for fact in box_of_group(reset, False).facts] == ["a", "12 weights", "3 biases"]
    assert all("|gradient of all uses|" in fact.number for fact in box_of_group(reset, False).facts[1:])
    assert not any(x.tied for x in found.links)


def test_an_opened_module_that_holds_no_other_shows_its_own_values_in_a_frame() -> None:
    class Waves(Module):
        def __init__(self) -> None:
            self.waves = [Wave(), Wave(), Wave()]

        def forward(self, x: Any) -> Any:
            for wave in self.waves:
                x = wave(x)
            return x[0]

    output = Waves()([Value(0.1 * k) for k in range(7)])
    found = folded(output, opened=["waves.1"])
    assert titles(found) == ["inputs", "wave 1", "wave 3"]
    assert found.frames == {"wave 2": tuple(node.id for node in found.nodes)}
    assert [node.role for node in found.nodes].count("weight") == 3
    assert "cluster_0" in draw(output, opened="waves.1").source
    with pytest.raises(
        ValueError, match=r"with 15 Values of wave 2, has 18 nodes .* Leave that Module closed"
    ):
        draw(output, opened="waves.1", limit=10)


def test_a_holder_opens_all_that_it_holds() -> None:
    class Towers(Module):
        def __init__(self) -> None:
            self.towers = {"user": MLP(2, [2, 1], seed=0), "item": MLP(2, [2, 1], seed=1)}

        def forward(self, x: Any) -> Any:
            return self.towers["user"](x) * self.towers["item"](x)

    output = Towers()([0.5, 1.0])
    each = titles(folded(output, opened=["towers.user", "towers.item"]))
    assert titles(folded(output, opened=["towers"])) == each
    assert sorted(each)[1:] == [f"towers.{tower} · layer {n}" for tower in ("item", "user") for n in (1, 2)]


def test_what_holds_an_opened_module_is_opened_too() -> None:
    found = titles(folded(Residual(12)([0.5, -1.0]), opened=["blocks.3.inner"]))
    assert found[2] == "blocks × 3"
    assert found[3].startswith("block 4 · inner · neuron")


def test_a_value_that_no_optimiser_moves_is_in_the_box_of_what_holds_it() -> None:
    y = Outer()([0.5, 1.0])
    facts = trace(y)
    assert [(node.label, facts.places[node.id].part) for node in facts.nodes if "scale" in node.label] == [
        ("scales.0", "held"), ("scale", "held"),
    ]  # fmt: skip
    inputs, inner = fold(facts).groups
    assert (inputs.units, inner.title) == (2, "inner")
    assert "scales.0" in {node.label for node in inner.members}


def test_an_input_that_a_call_made_and_kept_is_an_input_still() -> None:
    class Keeping(Outer):
        def forward(self, x: Any) -> Any:
            self.last = [Value(number) for number in x]
            return super().forward(self.last)

    facts = trace(Keeping()([0.5, 1.0]))
    assert [place.part for place in facts.places.values()].count("input") == 2


def test_only_what_contains_the_output_is_framed_as_output() -> None:
    y = sum_of([MLP(2, [3, 2], seed=0)([0.5, 1.0])[0], MLP(1, [2, 1], seed=1)([0.5])])
    assert draw(y, depth=0).source.count("value output") == 1
    found = folded(y, depth=0)
    assert found.output in {node.id for node in found.nodes}


def test_modules_that_differ_are_not_one_box() -> None:
    assert titles(folded(MLP(2, [3, 3, 3, 2], seed=0)([0.5, 1.0])[0]))[1:] == [
        "layer 1", "layers × 2", "layer 4",
    ]  # fmt: skip


def test_a_depth_opens_a_list_of_equal_modules_one_level_after_it_shows_it() -> None:
    y = Residual(3)([0.5, -1.0])
    assert titles(folded(y, depth=1)) == ["inputs", "stem", "blocks × 3", "head"]
    assert titles(folded(y, depth=2)) == titles(folded(y, opened=["blocks"])) == titles(folded(y, "layer"))
    y = MLP(2, [3, 3, 1], seed=0)([0.5, -1.0]) * MLP(3, [3, 3, 1], seed=0)([0.5, -1.0, 1.0])
    assert titles(folded(y, depth=1))[2:] == ["MLP 1 · layer 1", "MLP 1 · layer 2", "MLP 1 · layer 3",
                                              "MLP 2 · layers × 2", "MLP 2 · layer 3"]  # fmt: skip
    assert titles(folded(y, depth=2)) == titles(folded(y, "layer"))


def test_a_depth_of_none_is_one_box_and_a_large_one_has_layers() -> None:
    y = sum_of(Autoencoder()([0.1] * 4))
    assert titles(folded(y, depth=0)) == ["inputs", "Autoencoder"]
    assert titles(folded(y)) == ["inputs", "encoder", "decoder"]
    layers = ["encoder · layer 1", "encoder · layer 2", "decoder · layer 1", "decoder · layer 2"]
    assert titles(folded(y, depth=2))[1:] == titles(folded(y, depth=9))[1:] == layers
    assert titles(folded(y, "layer"))[1:] == layers


def test_tied_weights_are_drawn_once_with_all_their_uses() -> None:
    y = sum_of(Tied()([0.1, 0.2, 0.3]))
    y.backward()
    found = folded(y, "layer")
    _, weights, biases = box_of_group(found.groups[1], False).facts
    assert ("|gradient of all uses|" in weights.number, "of all uses" in biases.number) == (True, False)
    assert [len(group.weights()) for group in found.groups] == [0, 8, 3]
    assert [[*map(len, group.tied.values())] for group in found.groups] == [[], [], [6]]
    assert ("tied with encoder", "6 weights") in {
        (fact.word, fact.number) for fact in box_of_group(found.groups[2], False).facts
    }
    assert len(link(found, "encoder", "decoder").weights) == 6
    by_neuron = folded(y, "neuron")
    assert sum(node.role == "weight" for node in by_neuron.nodes) == 6
    names = {node.id for node in by_neuron.nodes if node.role == "weight"}
    assert sum(x.source in names for x in by_neuron.links) == 12


@pytest.mark.parametrize("options", [{"by": "neuron"}, {"by": "module"}, {"opened": ["encoder"]}])
def test_an_arrow_says_what_its_use_adds_to_the_gradient_of_a_weight_with_several(options: Any) -> None:
    model = TiedByHand(1, 1)
    model.encoder.weight[0][0].data, w = 0.5, model.encoder.weight[0][0]
    y = model([Value(2.0, "x")])[0] - w * 5.0  # w·w·2 - 5w
    y.backward()
    assert w.grad == -3.0
    said = {hint_of_link(x): (text_of_link(x), x.size()) for x in folded(y, **options).links if x.taken}
    assert len(folded(y, **options).links) > len(said) == 2
    for adds in (1.0, -5.0):
        hint = f"w₁₁⁽¹⁾ = 0.5 (1 of 3 uses); adds {number(adds)} to its gradient, −3"
        assert said[hint] == (ArrowText("w₁₁⁽¹⁾ 0.5 (1 of 3 uses)", adds), adds)


def test_what_a_module_computes_itself_with_weights_of_another_is_tied() -> None:
    y = sum_of(TiedByHand(2, 3)([0.1, 0.2, 0.3]))
    said = [text_of_link(x).words for x in folded(y).links]
    assert said == [
        "6 weights (6 of 12 uses)", *["2 tied weights (2 of 4 uses)"] * 3, *["∂ 1"] * 3
    ]  # fmt: skip


def test_one_module_on_two_inputs_is_used_twice_by_two_inputs_each() -> None:
    y = Twins()([0.5, 1.0], [1.0, 2.0])
    a, b, tower = folded(y).groups
    assert [(box.title, box.units, box.uses) for box in (a, b)] == [("a", 2, 1), ("b", 2, 1)]
    assert (tower.title, tower.uses, len(tower.weights())) == ("tower", 2, 17)
    svg = draw(y, collapse="module").pipe(encoding="utf-8").replace("&#160;", " ").replace("\u00a0", " ")
    assert "× 2" in svg
    assert "samples" not in svg


def ranked() -> Value:
    y = TwoTowers()([0.5, 1.0], [1.0, -1.0], [0.2, 0.1])
    y.backward()
    return y


def test_what_two_towers_share_is_in_both_of_them() -> None:
    found = folded(ranked())
    inputs, (user, item) = found.groups[:3], found.groups[3:]
    assert [group.title for group in inputs] == ["user", "good", "bad"]
    assert (user.title, item.title) == ("user", "item")
    assert not any({x.source, x.target} == {user.id, item.id} for x in found.links)
    for tower, other in (user, "item"), (item, "user"):
        assert len(tower.weights()) == 18
        facts = {fact.word: fact.number for fact in box_of_group(tower, False).facts}
        assert facts[f"tied with {other}"] == "6 parameters"
        assert "|gradient of all uses|" in facts["12 weights"]
    within = folded(ranked(), depth=2)
    assert [x.title for x in within.groups if "shared" in x.title] == ["user · shared", "item · shared"]


def test_every_use_and_every_module_opens_by_the_way_that_it_is_reached() -> None:
    y = ranked()
    facts = trace(y)
    for use in (use for use in facts.uses if use.module):
        folded(y, opened=[".".join(use.module)])
        folded(y, opened=[f"{'.'.join(use.module)}[{use.turn + 1}]"])
    within = titles(folded(y, opened=["item[2].shared"]))
    assert [x for x in within if "shared" in x] == ["item · use 2 · shared · dense"]


def test_several_samples_are_one_network() -> None:
    model = MLP(2, [3, 1], seed=0)
    inputs, *layers = folded(sum_of([model([0.1 * k, 1.0]) for k in range(5)]), "layer").groups
    assert (inputs.units, inputs.uses) == (2, 5)
    assert [(layer.units, layer.uses) for layer in layers] == [(3, 5), (1, 5)]


def test_a_module_that_calls_itself_is_one_box() -> None:
    inputs, tree = folded(Tree()(((1.0, 2.0), 3.0))).groups
    assert (inputs.units, tree.title, tree.uses, len(tree.weights())) == (3, "Tree", 5, 1)


@pytest.mark.parametrize("by", FOLDINGS)
def test_a_module_with_parameters_of_its_own_is_a_box(by: Any) -> None:
    _, line = folded(Line()(Value(3.0)), by).groups
    assert (line.title, len(line.weights())) == ("Line", 2)


def test_a_kernel_is_shared_by_all_places() -> None:
    found = folded(sum_of(Wave()([Value(0.1) for _ in range(6)])), "layer")
    assert [(group.title, len(group.weights())) for group in found.groups] == [("inputs", 0), ("Wave", 3)]
    assert len(link(found, "inputs", "Wave").weights) == 3


def test_a_table_that_only_gives_its_weights_is_a_box() -> None:
    found = folded(Ranking()([1, 2]), depth=1)
    assert titles(found) == ["users", "items", "user_tower", "item_tower"]
    assert [len(group.weights()) for group in found.groups] == [3, 3, 24, 24]
    taken = link(found, "users", "user_tower")
    assert (len(taken.weights), taken.tied) == (9, [])
    assert titles(folded(Ranking()([1, 2]), depth=0)) == ["Ranking"]

    class Factors(Module):
        def __init__(self) -> None:
            self.users, self.items = Embedding(5, 4, seed=0), Embedding(6, 4, seed=1)

        def forward(self, x: Any) -> Any:
            return dot(self.users(x[0]), self.items(x[1]))

    for by in FOLDINGS:
        assert titles(folded(Factors()([1, 2]), by)) == ["users", "items"]


def test_a_box_says_how_many_parameters_it_does_not_use() -> None:
    model = Likeness()
    y = model(0, 1)
    (word,) = folded(y).groups
    assert (len(word.weights()), word.unused, len(model.parameters())) == (14, 6, 20)
    for use in (1, 2):
        found = {group.title: group.unused for group in folded(y, opened=[f"word[{use}]"]).groups}
        assert found[f"word · use {use} · table"] == found[f"word · use {3 - use}"] == 9
        assert found[f"word · use {use} · layer"] == 0
    assert not any(group.unused for group in folded(sum_of(Tied()([1.0, 2.0, 0.5]))).groups)


@pytest.mark.parametrize("ids", [(0, 1), (1, 1)])
def test_a_table_has_a_box_in_an_opened_use_as_well(ids: Any) -> None:
    y = Likeness()(*ids)
    assert titles(folded(y, opened=["word"])) == ["word · table", "word · layer"]
    found = folded(y, opened=["word[2]"])
    weights = {group.title: len(group.weights()) for group in found.groups}
    assert weights == {"word · use 1": 11, "word · use 2 · table": 3, "word · use 2 · layer": 8}


def test_two_networks_that_nobody_holds_keep_apart() -> None:
    encoder, decoder = MLP(4, [3, 2], seed=0), MLP(2, [3, 4], seed=1)
    found = folded(sum_of(decoder(encoder([0.1] * 4))), depth=0)
    assert titles(found) == ["inputs", "MLP 1", "MLP 2"]


def test_a_part_of_the_trace_folds_as_the_whole() -> None:
    loss = losses.mse(MLP(2, [3, 1], fused=False, seed=0)([0.5, 1.0]), 1.0)
    loss.backward()
    for by in FOLDINGS:
        assert "weights" in draw(loss, collapse=by, constants=False).source or by == "neuron"


# --------------------------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"opened": "block"}, "there is no Module 'block' to open; did you mean 'blocks'?"),
        ({"opened": "hea[1]"}, "there is no Module 'hea' to open; did you mean 'head'?"),
        ({"opened": "blocks.0[2]"}, "there is no blocks.0[2] to open; blocks.0 has 1 use: blocks.0[1]"),
        ({"opened": "head[0]"}, "there is no head[0] to open; head has 1 use: head[1]"),
        ({"depth": -1}, "a whole number from 0; got -1"),
        ({"depth": 1, "collapse": "layer"}, 'collapse="layer" opens all of them, down to each layer. Leave'),
        ({"collapse": "modules"}, "did you mean 'module'?"),
    ],
)
def test_what_cannot_be_folded_is_said(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        draw(Residual(3)([0.5, -1.0]), **options)


def test_without_modules_there_is_nothing_to_fold() -> None:
    with pytest.raises(ValueError, match="no Module was called"):
        draw(Value(1.0, "z1^1").tanh(), collapse="module")


def test_of_the_uses_of_a_module_that_holds_no_other_one_is_opened() -> None:
    class Scaled(Module):
        def __init__(self) -> None:
            self.line = Line()

        def forward(self, x: Any) -> Any:
            return sum_of([self.line(v) for v in x])

    found = folded(Scaled()([Value(0.5), Value(1.0), Value(2.0)]), opened=["line"])
    assert titles(found) == ["inputs", "line · uses 1–2"]
    assert [(title, len(ids)) for title, ids in found.frames.items()] == [("line · use 3", 2)]
    assert titles(folded(Scaled()([Value(0.5)]), opened=["line"])) == ["inputs"]
