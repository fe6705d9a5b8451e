"""The facts of a graph."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import pytest
from hypothesis import given

from autograd import Parameter, Value, gradients, topological_order, where
from autograd.trace import Node, Trace, trace
from tests.strategies import Recipe, recipes


def example() -> Value:
    a, b, c, f = Value(2.0, "a"), Value(-3.0, "b"), Value(10.0, "c"), Parameter(-2.0, "f")
    L = (a * b + c) * f
    L.label = "L"
    return L


def named(facts: Trace, label: str) -> Node:
    return next(node for node in facts.nodes if node.label == label)


def test_each_node_says_what_it_is() -> None:
    L = example()
    L.backward()
    facts = trace(L)
    assert [(n.label, n.role, n.symbol, n.value, n.gradient) for n in facts.nodes] == [
        ("a", "input", None, 2.0, 6.0),
        ("b", "input", None, -3.0, -4.0),
        ("", "operation", "×", -6.0, -2.0),
        ("c", "input", None, 10.0, -2.0),
        ("", "operation", "+", 4.0, -2.0),
        ("f", "weight", None, -2.0, 4.0),
        ("L", "output", "×", -8.0, 1.0),
    ]
    assert facts.output == named(facts, "L").id


def test_each_use_is_an_edge_with_its_partial_and_contribution() -> None:
    x = Value(3.0, "x")
    y = x * x
    y.backward()
    edges = trace(y).edges
    assert [(e.position, e.partial, e.contribution) for e in edges] == [(0, 3.0, 3.0), (1, 3.0, 3.0)]


def test_before_backward_there_is_no_gradient_rather_than_zero() -> None:
    facts = trace(example())
    assert {node.gradient for node in facts.nodes} == {None}
    assert {edge.contribution for edge in facts.edges} == {None}


def test_a_gradient_that_came_out_as_zero_is_zero() -> None:
    x = Value(-1.0, "x")
    y = x.relu()
    y.backward()
    assert named(trace(y), "x").gradient == 0.0


def test_nothing_flows_to_a_constant_or_through_a_condition() -> None:
    x = Value(1.0, "x")
    y = where(x > 0, x * 2, 3)
    y.backward()
    facts = trace(y)
    constants = {node.id for node in facts.nodes if node.role == "constant"}
    assert all(node.gradient is None for node in facts.nodes if node.id in constants)
    assert {(e.partial, e.contribution) for e in facts.edges if {e.source, e.target} & constants} == {
        (None, None)
    }


def test_formulas_are_written_in_names_and_nest() -> None:
    facts = trace(example())
    assert named(facts, "L").formula == "((a × b) + c) × f"


def test_nested_formulas_do_not_grow_without_bound() -> None:
    x = Value(1.0, "x")
    for _ in range(200):
        x = x * x
    assert max(len(node.formula or "") for node in trace(x).nodes) < 200


def test_names_come_from_variables_but_a_label_of_its_own_wins() -> None:
    a, b = Value(1.0, "own"), Value(2.0)
    y = a * b
    facts = trace(y, names={"a": a, "_hidden": y, "b": b, "also_b": b, "y": y, "number": 3})
    assert [node.label for node in facts.nodes] == ["own", "b", "y"]


def test_gradients_can_be_given() -> None:
    x = Value(3.0, "x")
    y = x * x
    assert [node.gradient for node in trace(y, gradients={y: 1.0, x: 6.0}).nodes] == [6.0, 1.0]
    assert [edge.contribution for edge in trace(y, gradients={y: 2.0}).edges] == [6.0, 6.0]


def test_a_part_of_the_graph_can_be_asked_for() -> None:
    a, b = Value(1.0, "a"), Value(2.0, "b")
    y = a * b
    facts = trace(y, among={a, y})
    assert [node.label for node in facts.nodes] == ["a", ""]
    assert [edge.position for edge in facts.edges] == [0]


def test_a_trace_is_plain_data() -> None:
    L = example()
    L.backward()
    facts = asdict(trace(L))
    assert json.loads(json.dumps(facts)) == {
        "nodes": [dict(node) for node in facts["nodes"]],
        "edges": [dict(edge) for edge in facts["edges"]],
        "output": "n6",
        "steps": [],
    }


@given(recipes())
def test_a_gradient_is_the_sum_of_the_contributions_of_its_uses(recipe: Recipe) -> None:
    leaves = [Value(x) for x in recipe.numbers]
    y = recipe.compute(leaves)
    if y.role == "constant":
        return
    y.backward()
    facts = trace(y)
    assert len(facts.nodes) == len(topological_order(y))
    for node, v in zip(facts.nodes, topological_order(y), strict=True):
        sent = [e.contribution for e in facts.edges if e.source == node.id and e.contribution is not None]
        if sent and v is not y:
            assert sum(sent) == pytest.approx(gradients(y, v), rel=1e-12, abs=1e-300)


@pytest.mark.parametrize(("output", "names"), [(3.0, None), ([Value(1.0)], None), (Value(1.0), ["a"])])
def test_what_is_not_a_value_is_refused(output: Any, names: Any) -> None:
    with pytest.raises(TypeError, match="got"):
        trace(output, names)
