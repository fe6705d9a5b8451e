"""Single uses of Modules, and what is within them, are opened by what pictures call them."""

from __future__ import annotations

from typing import Any

import pytest

from autograd import sum as sum_of
from autograd.seeing.facts.trace import trace
from nn import MLP, Embedding, Layer, Module
from tests.autograd.seeing.facts.folding.test_folded import Net, Tree, Twins, folded, titles
from tests.networks import Ranking, listed


@pytest.mark.parametrize(
    ("output", "opened", "wanted"),
    [
        (lambda: Twins()([0.5, 1.0], [1.0, 2.0]), "tower[2]",
         ["tower · use 1", "tower · use 2 · layer 1", "tower · use 2 · layer 2"]),
        (lambda: Tree()(((1.0, 2.0), 3.0)), "[2]", ["Tree · uses 3–5", "Tree · use 1", "Tree · use 2"]),
        (lambda: sum_of([Net()([0.5, k]) for k in (1.0, 2.0)]), "Net 2.l1[1]",
         ["Net 1 · l1", "Net 1 · l2", "Net 2 · l1 · use 1 · neuron 1",
              "Net 2 · l1 · use 1 · neuron 2", "Net 2 · l1 · use 1 · neuron 3", "Net 2 · l2"]),
    ],
)  # fmt: skip
def test_any_use_is_opened_alone(output: Any, opened: str, wanted: list[str]) -> None:
    found = folded(output(), opened=[opened])
    boxes = [group.title for group in found.groups if not group.takes_no_inputs]
    assert [*boxes, *found.frames] == wanted


def test_a_name_that_looks_like_a_use_is_a_name() -> None:
    class Held(Module):
        def __init__(self) -> None:
            self.by = {"use 2": Layer(1, 1, "linear", seed=0), "x[1]": Layer(1, 1, "linear", seed=1)}

        def forward(self, x: Any) -> Any:
            return sum_of([layer(x) for layer in self.by.values()])

    y = Held()([0.5])
    for called in titles(folded(y))[1:]:
        assert f"{called} · neuron 1" in titles(folded(y, opened=[called]))


def test_what_is_within_one_use_is_opened_in_that_use_alone() -> None:
    class Pair(Module):
        def __init__(self) -> None:
            self.twins = Twins()

        def forward(self, a: Any, b: Any) -> Any:
            return self.twins(a, b) * self.twins(b, a)

    y = Pair()([0.5, 1.0], [1.0, 2.0])
    use, layer = "twins · use 2 · tower · use 1", "twins · use 2 · tower · use 1 · layer 1"
    others = ["a", "b", "twins · use 1"]
    rest = ["twins · use 2 · tower · use 2", "twins · use 2 itself"]
    for called in ("twins[2].tower[1]", use):
        assert titles(folded(y, opened=[called])) == [*others, layer, f"{use} · layer 2", *rest]
    for called in ("twins[2].tower[1].layers.0", layer):
        units = [f"{layer} · neuron {k}" for k in (1, 2, 3)]
        assert titles(folded(y, opened=[called])) == [*others, *units, f"{use} · layer 2", *rest]
    with pytest.raises(
        ValueError, match=r"no twins\[3\] to open; twins has 2 uses: twins\[1\] to twins\[2\]"
    ):
        folded(y, opened=["twins[3].tower"])


def test_the_one_use_in_each_use_of_its_holder_is_not_called_the_first() -> None:
    output = Twins()([0.5, 1.0], [1.0, 2.0])
    assert "tower · layer 1 · neuron 1" in titles(folded(output, opened=["tower.layers.0[1]"]))
    with pytest.raises(ValueError, match=r"layers\.0 has 1 use in each use of what holds it"):
        folded(output, opened=["tower.layers.0[2]"])


@pytest.mark.parametrize(
    ("output", "opened", "message"),
    [
        (
            lambda: MLP(2, [2, 2, 1], seed=0)([0.5, 1.0]),
            "layers[1]",
            r"Python calls layers\[1\] is layers.1 here",
        ),
        (lambda: MLP(2, [2, 2, 1], seed=0)([0.5, 1.0]), "layers[7]", "there is no Module 'layers' to open"),
        (lambda: Ranking(2)([1, 2]), "items[1]", "items has no uses to open: it computed nothing itself"),
        (lambda: Twins()([0.5, 1.0], [1.0, 2.0]), "tower[3]", r"tower has 2 uses: tower\[1\] to tower\[2\]"),
    ],
)
def test_what_cannot_be_opened_is_told_with_what_can(output: Any, opened: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        folded(output(), opened=[opened])


def test_what_takes_no_part_in_a_graph_is_refused_and_a_table_that_only_gives_its_rows_is_not() -> None:
    class Some(Module):
        def __init__(self) -> None:
            self.table, self.used, self.never = Embedding(2, 1, seed=0), Layer(1, 1, seed=1), Net()

        def forward(self, k: int) -> Any:
            return self.used(self.table(k))

    y = Some()(1)
    for name in ("table", "used"):
        folded(y, opened=[name])
    for name in ("never", "never.l1"):
        with pytest.raises(ValueError, match=f"{name} takes no part in this graph"):
            folded(y, opened=[name])


def test_a_module_within_a_dictionary_opens_by_its_key_and_a_use_of_it_after_that() -> None:
    class Keyed(Module):
        def __init__(self) -> None:
            self.by = {2: Layer(1, 1, "tanh", seed=0), 1: Layer(1, 1, seed=1)}

        def forward(self, x: Any) -> Any:
            return self.by[1](self.by[2](self.by[2](x)))

    y = Keyed()([0.5])
    assert titles(folded(y))[1:] == ["by[2]", "by[1]"]
    assert titles(folded(y, opened=["by[1]"]))[1:] == ["by[2]", "by[1] · neuron 1"]
    alone = ["by[2] · use 1", "by[2] · use 2 · neuron 1", "by[1]"]
    assert titles(folded(y, opened=["by[2][2]"]))[1:] == alone
    with pytest.raises(ValueError, match="by"):
        folded(y, opened=["by[3]"])


def test_the_values_of_a_module_that_calls_itself_go_by_the_number_of_the_call() -> None:
    class Branch(Module):
        def __init__(self) -> None:
            self.layer = Layer(2, 1, seed=0)

        def forward(self, x: Any) -> Any:
            return self.layer([self(x[0]), self(x[1])] if isinstance(x[0], tuple) else x)

    class Root(Module):
        def __init__(self) -> None:
            self.tree = Branch()

        def forward(self, x: Any) -> Any:
            return self.tree(x)

    y = Root()((((0.5, 1.0), (2.0, 3.0)), ((1.5, 1.0), (2.5, 3.0))))
    labels = {node.label for node in trace(y).nodes if node.label.startswith("z")}
    assert labels == {f"z1^1[{k}]" for k in range(1, 8)}


def test_lists_within_lists_are_holders_too() -> None:
    class Grid(Module):
        def __init__(self) -> None:
            self.grid = [[Layer(1, 1, seed=k), Layer(1, 1, seed=k)] for k in (0, 1)]

        def forward(self, x: Any) -> Any:
            for row in self.grid:
                for layer in row:
                    x = listed(layer(x))
            return x[0]

    y = Grid()([0.5])
    found = titles(folded(y, opened=["grid"]))
    assert len([title for title in found if title.endswith("neuron 1")]) == 4
