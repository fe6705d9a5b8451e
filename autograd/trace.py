"""A graph as facts: what there is to show, without how it looks.

One trace serves every view of a graph.  It is data and nothing else (strings, numbers, None), in
the order in which the values were computed.  The trace of a walk (walk.py) also has the steps of
the forward and reverse passes.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from autograd.formula import Expression, applied, named
from autograd.graph import topological_order
from autograd.value import NO_GRADIENT, Value
from autograd.wording import number, parse_label

LONGEST_NESTED_FORMULA = 60


@dataclass(frozen=True, slots=True)
class Node:
    """What there is to know of one Value.

    Attributes:
        id: its name in the trace, ``n0``, ``n1``, … in topological order.
        label: its own label, else the name of the caller's variable that holds it, else "".
        role: "input", "weight", "constant", "operation", or "output" for what the trace was
            taken of (unless that is a leaf).
        op: the name of the op that computed it; None for a leaf.
        symbol: the symbol of that op; None for a leaf.
        formula: that op applied to its inputs, in their names; None for a leaf.
        value: the number.
        gradient: ∂output/∂node; None where it was not computed, and for constants.
    """

    id: str
    label: str
    role: str
    op: str | None
    symbol: str | None
    formula: str | None
    value: float
    gradient: float | None


@dataclass(frozen=True, slots=True)
class Edge:
    """One use of a Value as an input.

    Attributes:
        source, target: ids of the node used and of the node computed from it.
        position: which input of the target this is, from 0.
        partial: ∂target/∂source through this input; None where no gradient flows.
        contribution: what the edge adds to the source's gradient, the target's gradient times
            the partial; None where that was not computed.
    """

    source: str
    target: str
    position: int
    partial: float | None
    contribution: float | None


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happens in a walk.

    Attributes:
        number: its place in the walk, from 0.
        phase: "forward" or "reverse"; "tangent" in forward mode.
        kind: "leaf" or "apply" in the forward pass; "seed" or "edge" in the reverse pass; "seed"
            or "apply" for a tangent.
        node: the id of the node whose value (forward), gradient (reverse) or tangent is computed.
        target: where the gradient comes from: the node computed from this one.
        position: which input of the target the node is, from 0.
        symbols: what is computed, in names: ``d = a × b``, ``∂L/∂a += ∂L/∂d · ∂d/∂a``.
        numbers: the same in numbers: ``2 × (−3) = −6``.
        partial_symbols: the local derivative ∂target/∂node in names: ``b``.
        upstream: ∂output/∂target.
        partial: ∂target/∂node through this input.
        contribution: upstream × partial, what the step adds to the node's gradient.
        before: the node's gradient before the step; None where nothing had reached it.
        after: the value (forward), the gradient after the step (reverse), or the tangent.
        sentence: what happens and why, in plain words.

    What belongs to an edge (target to contribution) is None in all other steps.
    """

    number: int
    phase: str
    kind: str
    node: str
    target: str | None
    position: int | None
    symbols: str
    numbers: str
    partial_symbols: str | None
    upstream: float | None
    partial: float | None
    contribution: float | None
    before: float | None
    after: float | None
    sentence: str

    @property
    def line(self) -> str:
        """Symbols and numbers in one line: ``d = a × b = 2 × (−3) = −6``."""
        return self.symbols if self.symbols == self.numbers else f"{self.symbols} = {self.numbers}"

    def explain(self) -> str:
        """The sentence, then what is computed in symbols and in numbers."""
        return f"{self.sentence}\n{self.line}"

    def mathml(self) -> str:
        """What is computed, in symbols and numbers, as a ``<math>`` element."""
        from autograd.mathml import mathml  # only needed where a page is written

        return mathml(self.line)


@dataclass(frozen=True, slots=True)
class Trace:
    """The nodes in topological order, the edges in that of their targets and positions.

    Attributes:
        nodes: one an entry of the graph.
        edges: one a use, repeats kept: ``a * a`` has two.
        output: the id of the node that the trace was taken of.
        steps: those of a walk, in order; empty for a trace that is none's.
    """

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    output: str
    steps: Sequence[Step] = ()

    def to_json(self) -> str:
        """The trace as JSON text; its schema is the file ``trace.schema.json`` of this package.

        >>> from autograd import Value
        >>> facts = trace(Value(2.0, "a") * 3)
        >>> Trace.from_json(facts.to_json()) == facts
        True
        """
        from autograd.interchange import to_json  # only needed where a trace leaves the program

        return to_json(self)

    @staticmethod
    def from_json(text: str) -> Trace:
        """The trace that `to_json` wrote.

        Raises:
            TypeError: if ``text`` is not a string.
            ValueError: if it is no trace, or one of a version that is not known here.
        """
        from autograd.interchange import from_json

        return from_json(text)


def trace(
    output: Value,
    names: Mapping[str, Any] | None = None,
    gradients: Mapping[Value, float] | None = None,
    among: Collection[Value] | None = None,
) -> Trace:
    """The facts of every Value that ``output`` was computed from.

    Args:
        output: the Value at the end.
        names: variables by name, as `locals` gives them, for Values without a label.
        gradients: ∂output/∂v by Value; the ``.grad`` of each Value if not given.
        among: the Values to keep, if not all.

    Raises:
        TypeError: if ``output`` is not a Value, or ``names`` not a mapping.

    >>> a, b = Value(2.0), Value(3.0)
    >>> facts = trace(a * b, names={"a": a, "b": b})
    >>> [(node.id, node.label, node.role, node.formula) for node in facts.nodes]
    [('n0', 'a', 'input', None), ('n1', 'b', 'input', None), ('n2', '', 'output', 'a × b')]
    >>> [(edge.source, edge.target, edge.partial) for edge in facts.edges]
    [('n0', 'n2', 3.0), ('n1', 'n2', 2.0)]
    """
    check_value("a trace", output)
    labels = labels_of(names)
    order = [v for v in topological_order(output) if among is None or v in among]
    ids = {v: f"n{i}" for i, v in enumerate(order)}
    gradient = _stored_gradient if gradients is None else gradients.get
    written: dict[Value, Expression] = {}
    nodes = [_node(v, ids[v], v is output, gradient(v), labels, written) for v in order]
    edges = [
        _edge(ids, target, position, gradient(target))
        for target in order
        for position, v in enumerate(target.inputs)
        if v in ids
    ]
    return Trace(tuple(nodes), tuple(edges), ids[output])


def check_value(what: str, output: object) -> None:
    """Refuse what is not a Value with a sentence that says so."""
    if not isinstance(output, Value):
        raise TypeError(
            f"{what} is taken of one Value, such as a loss or a network's output; "
            f"got {shorten_repr(output)} ({type(output).__name__})"
        )


def shorten_repr(x: object) -> str:
    """The repr of anything, short enough for a message."""
    text = repr(x)
    return text if len(text) <= 40 else text[:39] + "…"


def labels_of(names: Mapping[str, Any] | None) -> dict[Value, str]:
    """The variables that hold a Value: its name by Value, the first one where there are several.

    Names that begin with an underscore do not count: a notebook keeps its last results there.

    Raises:
        TypeError: if ``names`` is not a mapping from strings.
    """
    if names is None:
        return {}
    if not isinstance(names, Mapping):
        raise TypeError(
            f"names is a mapping from names to Values, such as locals(); got {type(names).__name__}"
        )
    labels: dict[Value, str] = {}
    for name, x in names.items():
        if not isinstance(name, str):
            raise TypeError(
                "names is a mapping from names to Values, such as locals(): its keys are strings; "
                f"got {shorten_repr(name)} ({type(name).__name__})"
            )
        if isinstance(x, Value) and not name.startswith("_"):
            labels.setdefault(x, name)
    return labels


def name_of_output(order: Sequence[Value], labels: Mapping[Value, str]) -> str:
    """What the last Value of an order is called: its name, else y, or "output" where y is another one.

    Args:
        order: a graph, the output last.
        labels: names for Values without a label.
    """
    output = order[-1]
    name = output.label or labels.get(output, "")
    if name:
        return name
    return "output" if any((v.label or labels.get(v, "")) == "y" for v in order) else "y"


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
) -> Node:
    label = v.label or labels.get(v, "")
    whole = None if v.op is None else applied(v.op, [_written(x, labels, written) for x in v.inputs])
    if whole is not None and not label and len(whole.text) <= LONGEST_NESTED_FORMULA:
        written[v] = whole
    role = _role(v, is_output)
    return Node(
        id=name,
        label=label,
        role=role,
        op=None if v.op is None else v.op.name,
        symbol=None if v.op is None else v.op.symbol,
        formula=None if whole is None else whole.text,
        value=v.data,
        gradient=None if role == "constant" else gradient,
    )


def _written(v: Value, labels: dict[Value, str], written: dict[Value, Expression]) -> Expression:
    """What stands for an input in a formula: its label, its own formula, or its number."""
    label = v.label or labels.get(v, "")
    if label:
        return named(parse_label(label).text)
    return written[v] if v in written else named(number(v.data))


def _edge(ids: Mapping[Value, str], target: Value, position: int, upstream: float | None) -> Edge:
    source = target.inputs[position]
    ends = ids[source], ids[target]
    if source.role == "constant" or target.role == "constant":
        return Edge(*ends, position, partial=None, contribution=None)
    partial = target.partials[position]
    return Edge(*ends, position, partial, None if upstream is None else upstream * partial)
