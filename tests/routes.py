"""Small graphs for the tests of gradient paths, and their routes listed one by one."""

from __future__ import annotations

from collections.abc import Iterator
from math import inf, nan

from hypothesis import strategies as st

from autograd import Value
from autograd import sum as sum_of
from tests.strategies import Recipe

MOST_LISTED = 3000
"""Of a graph with more routes than this, they are not listed."""


def listed(output: Value, weight: Value) -> Iterator[tuple[tuple[Value, ...], tuple[float, ...]]]:
    """Yield every route, by walking back from the output: its nodes and partials."""
    stack: list[tuple[tuple[Value, ...], tuple[float, ...]]] = [((output,), ())]
    while stack:
        nodes, partials = stack.pop()
        if nodes[0] is weight:
            yield nodes, partials
        elif nodes[0].role != "constant":
            stack += [
                ((v, *nodes), (d, *partials))
                for v, d in zip(nodes[0].inputs, nodes[0].partials, strict=True)
                if v.role != "constant"
            ]


def graph_of(recipe: Recipe, which: int) -> tuple[Value, Value]:
    """Return the output of a recipe, and one of its leaves."""
    leaves = [Value(x, f"x{i}") for i, x in enumerate(recipe.numbers)]
    return recipe.compute(leaves), leaves[which % len(leaves)]


@st.composite
def small_graphs(draw: st.DrawFn) -> tuple[Value, Value]:
    """Graphs whose partials are any numbers at all, so that nothing about them is regular."""
    partials = st.sampled_from([0.0, 1.0, -1.0, 0.5, -3.0, 1e-200, 1e200, -1e300, inf, nan]) | st.floats(
        -9, 9
    )
    nodes = [Value(1.0, "w"), Value(1.0, "x")]
    for i in range(draw(st.integers(1, 7))):
        inputs = draw(st.lists(st.sampled_from(nodes), min_size=1, max_size=3))
        node = sum_of(inputs)
        node.partials = tuple(draw(partials) for _ in inputs)
        node.label = f"v{i}"
        nodes.append(node)
    return nodes[-1], nodes[0]
