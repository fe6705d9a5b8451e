"""A graph as facts: what there is to show, without how it looks.

One trace serves every view of a graph.  It is data and nothing else (strings, numbers, None), in
the order in which the values were computed.  The trace of a walk (walk.py) also has the steps of
the forward and reverse passes.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import Any

from autograd.core.arithmetic import NOT_REACHED
from autograd.core.stale import refuse_stale
from autograd.graph import topological_order
from autograd.node import NO_GRADIENT
from autograd.notation.formula import Expression, applied, named
from autograd.notation.labels import parse_label
from autograd.notation.numbers import number
from autograd.seeing.facts.after_an_error import ERROR, NOT_COMPUTED, Raised
from autograd.seeing.facts.names import check_value, label_of, labels_of, names_in, symbol_of
from autograd.seeing.facts.places import Structure, structure_of
from autograd.seeing.facts.records import EdgeFact, NodeFact, Trace
from autograd.value import Value

LONGEST_NESTED_FORMULA = 60
"""A longer formula does not stand inside another one: its Value is shown as a number there."""


def trace(
    output: Value,
    names: Mapping[str, Any] | None = None,
    gradients: Mapping[Value, float] | None = None,
    among: Set[Value] | None = None,
    structure: Structure | None = None,
) -> Trace:
    """Return the facts of every Value that ``output`` was computed from.

    Args:
        output: the Value at the end.
        names: variables by name, as `locals` gives them, for Values without a label.
        gradients: ∂output/∂v by Value; if not given, the ``.grad`` of each Value, where the output has one.
        among: the Values to keep, if not all.
        structure: that of the graph, where it was read before.

    Raises:
        TypeError: if ``output`` is not a Value, or ``names`` not a mapping.
        RuntimeError: if the data of a leaf was changed since, so that the numbers do not belong together.

    >>> a, b = Value(2.0), Value(3.0)
    >>> facts = trace(a * b, names={"a": a, "b": b})
    >>> [(node.id, node.label, node.role, node.formula) for node in facts.nodes]
    [('n0', 'a', 'input', None), ('n1', 'b', 'input', None), ('n2', '', 'output', 'a × b')]
    >>> [(edge.source, edge.target, edge.partial) for edge in facts.edges]
    [('n0', 'n2', 3.0), ('n1', 'n2', 2.0)]
    """
    check_value("a trace", output)
    structure = structure or structure_of([output])
    labels = names_in(structure) | labels_of(names)
    order = topological_order(output)
    refuse_stale([v for v in order if v.inputs])
    order = [v for v in order if among is None or v in among]
    ids = {v: f"n{i}" for i, v in enumerate(order)}
    if gradients is None and output.grad is NO_GRADIENT:
        gradients = {}  # what the leaves hold was left there by other graphs
    gradient = _stored_gradient if gradients is None else gradients.get
    written: dict[Value, Expression] = {}
    nodes = [_node(v, ids[v], v is output, gradient(v), labels, written) for v in order]
    edges = [
        _edge(ids, target, position, gradient(target))
        for target in order
        for position, v in enumerate(target.inputs)
        if v in ids
    ]
    placed = structure.places
    places = {id: placed[v] for v, id in ids.items() if v in placed}
    return Trace(
        tuple(nodes), tuple(edges), ids[output], (), places, structure.modules, tuple(structure.uses)
    )


def _stored_gradient(v: Value) -> float | None:
    return None if v.grad is NO_GRADIENT else v.grad


def _role(v: Value, is_output: bool) -> str:
    if v.op is None or v.role == "constant":
        return v.role
    return "output" if is_output else "operation"


def _node(
    v: Value,
    name: str,
    is_output: bool,
    gradient: float | None,
    labels: dict[Value, str],
    written: dict[Value, Expression],
) -> NodeFact:
    if isinstance(v, Raised):
        return NodeFact(name, "", ERROR, NOT_COMPUTED.name, None, v.said, v.data, None)
    label = label_of(v, labels)
    whole = None if v.op is None else applied(v.op, [_written(x, labels, written) for x in v.inputs])
    if whole is not None and not label and len(whole.text) <= LONGEST_NESTED_FORMULA:
        written[v] = whole
    role = _role(v, is_output)
    return NodeFact(
        id=name,
        label=label,
        role=role,
        op=None if v.op is None else v.op.name,
        symbol=symbol_of(v),
        formula=None if whole is None else whole.text,
        value=v.data,
        gradient=None if role == "constant" else gradient,
    )


def _written(v: Value, labels: dict[Value, str], written: dict[Value, Expression]) -> Expression:
    """Return what stands for an input in a formula: its label, its own formula, or its number."""
    label = label_of(v, labels)
    if label:
        return named(parse_label(label).text)
    return written[v] if v in written else named(number(v.data))


def _edge(ids: Mapping[Value, str], target: Value, position: int, upstream: float | None) -> EdgeFact:
    source = target.inputs[position]
    ends = ids[source], ids[target]
    if source.role == "constant" or target.role == "constant":
        return EdgeFact(*ends, position, partial=None, contribution=None)
    partial = None if target.role == ERROR else target.partials[position]
    sent = None if upstream is None or partial is None or partial is NOT_REACHED else upstream * partial
    return EdgeFact(*ends, position, partial, sent)
