"""A recipe is one graph in every form: computed, printed as Python, drawn."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograd import Constant, Value, gradients, topological_order
from autograd.core.primitive import TABLE, Op
from autograd.testing.strategies import Recipe, inputs_of, networks, recipes

EVERY_OP = pytest.mark.parametrize("op", TABLE.values(), ids=TABLE.keys())


def built(recipe: Recipe) -> Value:
    """What the printed Python computes."""
    names: dict[str, Any] = {}
    exec(repr(recipe), names)
    output = names[f"v{len(recipe.steps)}"]
    assert isinstance(output, Value)
    return output


def shape(output: Value) -> list[tuple[str, str, float]]:
    """All of a graph that must agree: the op, label or kind, and number of each node but the constants."""
    return [
        (v.op.name if v.op else type(v).__name__, "" if v.op else v.label, v.data)
        for v in topological_order(output)
        if not isinstance(v, Constant)
    ]


@given(recipes() | recipes(kinks=True) | networks())
def test_the_printed_python_builds_the_very_graph(recipe: Recipe) -> None:
    assert shape(built(recipe)) == shape(recipe.graph())


@EVERY_OP
@given(data=st.data())
def test_every_op_is_printed_with_constants_in_any_place(op: Op, data: st.DataObject) -> None:
    inputs = data.draw(inputs_of(op))
    constant = data.draw(st.lists(st.booleans(), min_size=len(inputs), max_size=len(inputs)))
    numbers = [x for x, is_constant in zip(inputs, constant, strict=True) if not is_constant]
    constants = [x for x, is_constant in zip(inputs, constant, strict=True) if is_constant]
    order = [*(i for i, c in enumerate(constant) if not c), *(i for i, c in enumerate(constant) if c)]
    places = tuple([order.index(i) for i in range(len(inputs))])
    step = (op, tuple([p + (p >= len(numbers)) for p in places]))
    recipe = Recipe((*numbers, 1.0), (step,), tuple(constants))
    wanted, found = recipe.graph().data, built(recipe).data
    assert found == wanted or (math.isnan(found) and math.isnan(wanted))


def test_constants_get_no_gradient_and_leaves_do() -> None:
    output = Recipe((3.0,), ((TABLE["mul"], (0, 1)),), (2.0,)).graph()
    leaf, constant = output.inputs
    assert (gradients(output, leaf), isinstance(constant, Constant)) == (2.0, True)


def test_nodes_are_called_as_in_the_printed_python() -> None:
    output = Recipe((3.0,), ((TABLE["exp"], (0,)), (TABLE["mul"], (1, 0)))).graph()
    assert [v.label for v in topological_order(output)] == ["x1", "v1", "v2"]


def test_it_draws_itself() -> None:
    recipe = Recipe((3.0, 4.0), ((TABLE["mul"], (0, 1)),))
    assert "<svg" in recipe._repr_svg_()
    assert "<svg" in recipe.draw(theme="dark").pipe(format="svg", encoding="utf-8")


def test_a_failing_example_is_shown_as_python() -> None:
    @settings(database=None, report_multiple_bugs=False)
    @given(recipes(ops=[TABLE["tanh"], TABLE["add"]]))
    def no_tanh(recipe: Recipe) -> None:
        assert all(op.name != "tanh" for op, _ in recipe.steps)

    with pytest.raises(AssertionError) as caught:
        no_tanh()
    told = "\n".join(caught.value.__notes__)
    assert '        x1 = Value(0.0, "x1")\n        v1 = x1.tanh()' in told
