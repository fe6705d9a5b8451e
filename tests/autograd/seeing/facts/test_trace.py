"""The facts of a graph."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import asdict
from math import inf
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd
from autograd import Parameter, Value, gradients, topological_order, walk, where
from autograd.seeing.facts.records import EdgeFact, NodeFact, Step, Trace
from autograd.seeing.facts.trace import trace, with_formulas
from tests.strategies import Recipe, recipes


def example() -> Value:
    a, b, c, f = Value(2.0, "a"), Value(-3.0, "b"), Value(10.0, "c"), Parameter(-2.0, "f")
    L = (a * b + c) * f
    L.label = "L"
    return L


def named(facts: Trace, label: str) -> NodeFact:
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
    assert named(facts, "L").formula == "(a × b + c) × f"


def test_nested_formulas_have_no_more_parentheses_than_they_need() -> None:
    a, w = Value(0.3, "a"), Value(0.5, "w")
    assert trace((a * w + w).tanh()).nodes[-1].formula == "tanh(a × w + w)"
    assert trace((a + w) * -(a - (w - a))).nodes[-1].formula == "(a + w) × (−(a − (w − a)))"


def test_nested_formulas_do_not_grow_without_bound() -> None:
    x = Value(1.0, "x")
    for _ in range(200):
        x = x * x
    assert max(len(node.formula or "") for node in trace(x).nodes) < 200


@given(recipes(), st.sets(st.integers(0, 30)), st.sets(st.integers(0, 30)))
def test_some_formulas_are_those_that_all_have(recipe: Recipe, wanted: set[int], among: set[int]) -> None:
    """Whichever are asked for, and whichever nodes are kept."""
    order = topological_order(recipe.compute([Value(x) for x in recipe.numbers]))
    names = {f"v{k}": v for k, v in enumerate(order) if k % 3}
    kept = [v for k, v in enumerate(order) if k in among or v is order[-1]]
    whole = trace(order[-1], names, among=set(kept)).nodes
    bare = trace(order[-1], names, among=set(kept), formulas=False)
    assert all(node.formula is None for node in bare.nodes)
    chosen = [node for k, node in enumerate(bare.nodes) if k in wanted]
    assert list(with_formulas(chosen, bare, kept, names)) == [
        node for k, node in enumerate(whole) if k in wanted
    ]


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
        "nodes": [list(node) for node in facts["nodes"]],
        "edges": [list(edge) for edge in facts["edges"]],
        "output": "n6",
        "steps": [],
        "places": {},
        "modules": {},
        "uses": [],
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


# ------------------------------------------------------------------------------------------- JSON

SCHEMA = json.loads(
    (Path(autograd.__file__).parent / "seeing" / "facts" / "trace.schema.json").read_text(encoding="utf-8")
)


def odd_walk() -> Trace:
    """A trace with numbers that are not finite, a label full of markup, and every kind of step."""
    a, b = Value(-1.0, '"><b>&\u2028'), Value(inf, "b")
    return walk(a.log() * b + where(a > 0, a, 2)).trace


@given(recipes())
def test_json_and_back_is_the_identity(recipe: Recipe) -> None:
    y = recipe.compute([Value(x) for x in recipe.numbers])
    facts = trace(y) if y.role == "constant" else walk(y).trace
    again = Trace.from_json(facts.to_json())
    assert again == facts
    assert facts == again
    assert hash(again) == hash(facts)


def test_json_and_back_keeps_what_is_not_finite() -> None:
    facts = odd_walk()
    text = facts.to_json()
    assert Trace.from_json(text).to_json() == text
    assert '"value":"inf"' in text
    assert '"value":"nan"' in text
    json.loads(text, parse_constant=pytest.fail)


def test_json_has_the_shape_that_the_schema_states() -> None:
    jsonschema = pytest.importorskip("jsonschema", reason="the schema is checked by jsonschema")
    validator = jsonschema.Draft202012Validator(SCHEMA)
    validator.check_schema(SCHEMA)
    a = Value(2.0, "a")
    for facts in (odd_walk(), trace(example()), walk(a).trace, walk(a * a, tangent=a).trace):
        validator.validate(json.loads(facts.to_json()))
    broken = json.loads(odd_walk().to_json())
    broken["nodes"][0]["value"] = "Infinity"
    assert not validator.is_valid(broken)


@pytest.mark.parametrize(("name", "record"), [("node", NodeFact), ("edge", EdgeFact), ("step", Step)])
def test_the_schema_and_the_records_have_the_same_fields(name: str, record: Any) -> None:
    stated = SCHEMA["$defs"][name]
    assert list(stated["properties"]) == stated["required"] == [*record._fields]


def change(**changes: Any) -> Callable[[dict[str, Any]], None]:
    return lambda data: data.update(changes)


def change_first(place: str, **changes: Any) -> Callable[[dict[str, Any]], None]:
    return lambda data: data[place][0].update(changes)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (change(version=3), "version 3, and only version 8"),
        (change(version="1"), 'version "1"'),
        (lambda data: data.pop("version"), '"version"'),
        (lambda data: data.pop("edges"), "'edges' is missing"),
        (change(colour="red"), "'colour' is unknown"),
        (change(nodes={}), '"nodes" is a list'),
        (change(output=3), '"output" is the id of a node'),
        (change(output="n99"), "'n99' that is not among its nodes"),
        (change_first("nodes", value="1"), 'nodes[0].value is "1", which is not a float'),
        (change_first("nodes", value=10**400), "nodes[0].value is too large"),
        (change_first("nodes", value=True), "nodes[0].value is true"),
        (change_first("nodes", label=None), "nodes[0].label is null, which is not a str"),
        (change_first("edges", position=0.5), "edges[0].position is 0.5, which is not a int"),
        (change_first("edges", source="n99"), "'n99'"),
        (change_first("steps", shade=1), "in steps[0], 'shade' is unknown"),
        (lambda data: data["steps"].insert(0, []), "steps[0] is not an object"),
    ],
)
def test_what_is_no_trace_is_refused(spoil: Callable[[dict[str, Any]], Any], message: str) -> None:
    a = Value(2.0, "a")
    data = json.loads(walk(a * a).trace.to_json())
    spoil(data)
    with pytest.raises(ValueError, match=re.escape(message)):
        Trace.from_json(json.dumps(data))


@pytest.mark.parametrize("text", ["", "{", "[]", "3", '{"version": NaN}', "[" * 100_000])
def test_text_that_is_no_trace_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="this is not a trace"):
        Trace.from_json(text)


def test_a_trace_is_read_from_text() -> None:
    data: Any = {}
    with pytest.raises(TypeError, match="got dict"):
        Trace.from_json(data)


def test_a_gradient_that_another_graph_left_is_not_shown() -> None:
    w = Parameter(3.0)
    (w * 2.0).backward()
    assert {node.gradient for node in trace(w * 5.0).nodes} == {None}
    assert trace(w).nodes[0].gradient == 2.0
