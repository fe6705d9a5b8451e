"""A graph as facts: what there is to show, without how it looks.

One trace serves every view of a graph.  It is data and nothing else (strings, numbers, None), in
the order in which the values were computed.  The trace of a walk (walk.py) also has the steps of
the forward and reverse passes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from typing import Any

from autograd.core.arithmetic import NOT_REACHED
from autograd.core.garbage_collection import collector_paused
from autograd.core.stale import refuse_stale
from autograd.graph import topological_order
from autograd.node import NO_GRADIENT
from autograd.notation.formula import Expression, applied, named
from autograd.notation.labels import parse_label
from autograd.notation.numbers import number
from autograd.seeing.facts.after_an_error import ERROR, NOT_COMPUTED, Raised
from autograd.seeing.facts.names import check_value, label_of, labels_of, names_in, symbol_of
from autograd.seeing.facts.places import Structure, structure_in
from autograd.seeing.facts.records import EdgeFact, NodeFact, Trace
from autograd.value import Value

LONGEST_NESTED_FORMULA = 60
"""A longer formula does not stand inside another one: its Value is shown as a number there."""


@collector_paused()
def trace(
    output: Value,
    names: Mapping[str, Any] | None = None,
    gradients: Mapping[Value, float] | None = None,
    among: Set[Value] | None = None,
    structure: Structure | None = None,
    formulas: bool = True,
) -> Trace:
    """Return the facts of every Value that ``output`` was computed from.

    Args:
        output: the Value at the end.
        names: variables by name, as `locals` gives them, for Values without a label.
        gradients: ∂output/∂v by Value; if not given, the ``.grad`` of each Value, where the output has one.
        among: the Values to keep, if not all.
        structure: that of the graph, where it was read before.
        formulas: whether each node has its formula; `with_formulas` gives some of them theirs.

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
    order = topological_order(output)
    structure = structure or structure_in(order)
    labels = names_in(structure) | labels_of(names)
    refuse_stale([v for v in order if v.inputs])
    order = [v for v in order if among is None or v in among]
    ids = {v: f"n{i}" for i, v in enumerate(order)}
    if gradients is None and output.grad is NO_GRADIENT:
        gradients = {}  # what the leaves hold was left there by other graphs
    gradient = _stored_gradient if gradients is None else gradients.get
    told = _formulas(order, order, labels) if formulas else {}
    nodes = [_node(v, ids[v], v is output, gradient(v), label_of(v, labels), told.get(v)) for v in order]
    edges = [edge for v in order if v.op is not None for edge in _edges(ids, v, gradient(v))]
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
    v: Value, name: str, is_output: bool, gradient: float | None, label: str, formula: str | None
) -> NodeFact:
    if isinstance(v, Raised):
        return NodeFact(name, "", ERROR, NOT_COMPUTED.name, None, v.said, v.data, None)
    role = _role(v, is_output)
    op = None if v.op is None else v.op.name
    known = None if role == "constant" else gradient
    return NodeFact(name, label, role, op, symbol_of(v), formula, v.data, known)


def with_formulas(
    nodes: Iterable[NodeFact], facts: Trace, order: Sequence[Value], names: Mapping[str, Any] | None
) -> tuple[NodeFact, ...]:
    """Return some nodes of a trace that has no formulas, with theirs.

    Args:
        nodes: these.
        facts: the trace.
        order: the Values that it was taken of.
        names: variables by name, as it was given them.
    """
    labels = labels_of(names) | {v: node.label for v, node in zip(order, facts.nodes, strict=True)}
    shown = {node.id: node for node in nodes}
    values = {node.id: v for v, node in zip(order, facts.nodes, strict=True) if node.id in shown}
    told = _formulas(values.values(), order, labels)
    return tuple(shown[id]._replace(formula=told.get(v, shown[id].formula)) for id, v in values.items())


def _formulas(
    wanted: Iterable[Value], order: Sequence[Value], labels: Mapping[Value, str]
) -> dict[Value, str]:
    """Return the formulas of some computed Values: the op applied to its inputs, in their names.

    Args:
        wanted: these.
        order: they, and what stands in their formulas, in topological order.
        labels: as `names_in` and `labels_of` give them.
    """
    needed = {*wanted}
    for v in reversed(order):
        if v in needed:
            needed.update([x for x in v.inputs if x.op is not None and not label_of(x, labels)])
    told: dict[Value, str] = {}
    written: dict[Value, Expression] = {}
    for v in order:
        if v.op is None or v not in needed or isinstance(v, Raised):
            continue
        whole = applied(v.op, [_written(x, labels, written) for x in v.inputs])
        told[v] = whole.text
        if not label_of(v, labels) and len(whole.text) <= LONGEST_NESTED_FORMULA:
            written[v] = whole
    return told


def _written(v: Value, labels: Mapping[Value, str], written: Mapping[Value, Expression]) -> Expression:
    """Return what stands for an input in a formula: its label, its own formula, or its number."""
    label = label_of(v, labels)
    if label:
        return named(parse_label(label).text)
    return written[v] if v in written else named(number(v.data))


def _edges(ids: Mapping[Value, str], target: Value, upstream: float | None) -> Iterator[EdgeFact]:
    """Yield the uses of Values, of those that have an id, as inputs of one."""
    end, is_constant = ids[target], target.role == "constant"
    for position, (source, partial) in enumerate(zip(target.inputs, _partials(target), strict=True)):
        if (start := ids.get(source)) is None:
            continue
        if is_constant or source.role == "constant":
            yield EdgeFact(start, end, position, None, None)
            continue
        sent = None if upstream is None or partial is None or partial is NOT_REACHED else upstream * partial
        yield EdgeFact(start, end, position, partial, sent)


def _partials(v: Value) -> Sequence[float | None]:
    return [None] * len(v.inputs) if v.role == ERROR else v.partials
