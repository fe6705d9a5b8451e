"""The records that make up a trace, and their JSON.

The format is stated in ``trace.schema.json``, which lies beside this file.  JSON has no numbers that
are not finite: they are written as the strings "inf", "-inf" and "nan".
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from math import inf, nan
from typing import Any, NamedTuple, TypeVar

from autograd.seeing.facts.places import ModuleFact, Path, Place, UseFact

Ids = tuple[str, ...]
"""The ids of several nodes."""


class NodeFact(NamedTuple):
    """What there is to know of one Value.

    Attributes:
        id: its name in the trace, ``n0``, ``n1``, … in topological order.
        label: its own label, else the name of the caller's variable that holds it, else the path under
            which a Module holds it, as short as it is unique, else "".
        role: "input", "weight", "constant", "operation", or "output" for what the trace was
            taken of (unless that is a leaf); in the drawing of an error "error", for what was not computed.
        op: the name of the op that computed it; None for a leaf.
        symbol: the symbol of that op, ``a·b`` for a dot product without weights; None for a leaf.
        formula: that op applied to its inputs, in their names; None for a leaf; of an error what it says.
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


class EdgeFact(NamedTuple):
    """One use of a Value as an input.

    Attributes:
        source, target: ids of the node used and of the node computed from it.
        position: which input of the target this is, from 0.
        partial: ∂(source→target), the local derivative through this input; None where no gradient flows.
        contribution: what the edge adds to the source's gradient, the target's gradient times
            the partial; None where that was not computed.
    """

    source: str
    target: str
    position: int
    partial: float | None
    contribution: float | None


class Step(NamedTuple):
    """One thing that happens in a walk.

    Attributes:
        number: its place in the walk, from 0.
        phase: "forward" or "reverse"; "tangent" in forward mode.
        kind: "leaf", for all leaves at once, or "apply" in the forward pass; "seed" or "edge" in the reverse
            pass; "seed" or "apply" for a tangent; "neuron" or "layer" for a step of that size.
        node: the id of the node whose value (forward), gradient (reverse) or tangent is computed.
        nodes: the ids of all such nodes: the leaves, or those of a step through a neuron or a layer; else
            only that one.  Of several, ``node`` is the last.
        target: where the gradient comes from: the node computed from this one.
        position: which input of the target the node is, from 0.
        symbols: what is computed, in names: ``d = a × b``, ``∂L/∂a += ∂L/∂d · ∂(a→d)``.
        numbers: the same in numbers: ``2 × (−3) = −6``.
        partial_symbols: the local derivative ∂(node→target) in names: ``b``.
        upstream: ∂output/∂target.
        partial: ∂(node→target), the local derivative through this input.
        contribution: upstream × partial, what the step adds to the node's gradient.
        before: the node's gradient before the step; None where nothing had reached it.
        after: the value (forward), the gradient after the step (reverse), or the tangent; None where there
            are several nodes.
        sentence: what happens and why, in plain words.

    What belongs to an edge (target to contribution) is None in all other steps.
    """

    number: int
    phase: str
    kind: str
    node: str
    nodes: Ids
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
        """Return the sentence, then what is computed in symbols and in numbers."""
        return f"{self.sentence}\n{self.line}"

    def _repr_html_(self) -> str:
        """Return the sentence and the formula, for a notebook."""
        return f"<p>{escape(self.sentence)}</p>{self.mathml()}"

    def mathml(self) -> str:
        """Return what is computed, in symbols and numbers, as a ``<math>`` element."""
        from autograd.notation.mathml import mathml  # only needed where a page is written

        return mathml(self.line)


@dataclass(frozen=True, slots=True)
class Trace:
    """The nodes in topological order, the edges in that of their targets and positions.

    Attributes:
        nodes: one per Value of the graph.
        edges: one per use, repeats kept: ``a * a`` has two.
        output: the id of the node that the trace was taken of.
        steps: those of a walk, in order; empty for a trace that belongs to no walk.
        places: where in a model a node belongs, by id; only for nodes that a Module computed or holds.
        modules: the Modules that computed the graph, by path.
        uses: the calls of these Modules, in the order in which they were made.
    """

    nodes: tuple[NodeFact, ...]
    edges: tuple[EdgeFact, ...]
    output: str
    steps: Sequence[Step] = ()
    places: Mapping[str, Place] = field(default_factory=dict, hash=False)
    modules: Mapping[Path, ModuleFact] = field(default_factory=dict, hash=False)
    uses: Sequence[UseFact] = ()

    def biases(self) -> set[str]:
        """Return the ids of the weights that their Modules hold as biases."""
        return {id for id, place in self.places.items() if place.part == "bias"}

    def kind_of(self, node: NodeFact) -> str:
        """Return a node's role; of what training adjusts, whether its Module holds it as "weight" or "bias".

        Where no Module tells, it is a "parameter".
        """
        place = self.places.get(node.id) if node.role == "weight" else None
        held = place is not None and place.part in ("weight", "bias")
        return node.role if node.role != "weight" else place.part if place and held else "parameter"

    def to_json(self) -> str:
        """Return the trace as JSON text; its schema is the file ``trace.schema.json`` of this package.

        >>> from autograd import Value
        >>> from autograd.seeing.facts.trace import trace
        >>> facts = trace(Value(2.0, "a") * 3)
        >>> Trace.from_json(facts.to_json()) == facts
        True
        """
        return to_json(self)

    @staticmethod
    def from_json(text: str) -> Trace:
        """Return the trace that `to_json` wrote.

        Raises:
            TypeError: if ``text`` is not a string.
            ValueError: if it is not a trace, or one of a version that is not known here.
        """
        return from_json(text)


# ------------------------------------------------------------------------------------------ JSON

VERSION = 8
"""The version of the format; a trace of another one is refused."""
NOT_FINITE = {"inf": inf, "-inf": -inf, "nan": nan}
"""The numbers that JSON does not have, by the strings that stand for them."""
TYPES: dict[str, tuple[type, ...]] = {
    "str": (str,),
    "int": (int,),
    "float": (int, float),
    "bool": (bool,),
    "Path": (),
    "Sizes": (),
    "Ids": (),
}
"""The types that JSON may have for a field, by the field's annotation."""

KEYS = ("version", "output", "nodes", "edges", "steps", "places", "modules", "uses")
"""The keys of a trace."""

Record = TypeVar("Record", NodeFact, EdgeFact, Step, Place, ModuleFact, UseFact)


def to_json(trace: Trace) -> str:
    """Return the trace as JSON text."""
    data = {
        "version": VERSION,
        "output": trace.output,
        "nodes": [_written(node) for node in trace.nodes],
        "edges": [_written(edge) for edge in trace.edges],
        "steps": [_written(step) for step in trace.steps],
        "places": [{"node": id, **_written(place)} for id, place in trace.places.items()],
        "modules": [_written(module) for module in trace.modules.values()],
        "uses": [_written(use) for use in trace.uses],
    }
    return json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def from_json(text: str) -> Trace:
    """Return the trace that `to_json` wrote.

    Raises:
        TypeError: if ``text`` is not a string.
        ValueError: if it is not a trace, or one of a version that is not known here.
    """
    data = _object(text)
    nodes = _records(NodeFact, data, "nodes")
    edges = _records(EdgeFact, data, "edges")
    steps = _records(Step, data, "steps")
    places = _placed(data)
    modules = _records(ModuleFact, data, "modules")
    uses = _records(UseFact, data, "uses")
    ids = {node.id for node in nodes}
    used = [data["output"], *(i for edge in edges for i in (edge.source, edge.target))]
    used += [i for step in steps for i in (step.node, *step.nodes, step.target) if i is not None]
    used += places
    for name in used:
        if name not in ids:
            raise ValueError(f"this is not a trace: it speaks of a node {name!r} that is not among its nodes")
    for number in [place.use for place in places.values()] + [use.within for use in uses]:
        if number is not None and not 0 <= number < len(uses):
            raise ValueError(f"this is not a trace: it speaks of a use {number} that is not among its uses")
    by_path = {module.path: module for module in modules}
    return Trace(nodes, edges, data["output"], steps, places, by_path, uses)


def _placed(data: dict[str, Any]) -> dict[str, Place]:
    """Return the places by the node that each names."""
    listed = data["places"]
    if not isinstance(listed, list) or not all(
        isinstance(x, dict) and isinstance(x.get("node"), str) for x in listed
    ):
        raise ValueError('this is not a trace: "places" is a list of objects with a "node"')
    bare = [{name: x for name, x in entry.items() if name != "node"} for entry in listed]
    places = _records(Place, {"places": bare}, "places")
    return dict(zip((entry["node"] for entry in listed), places, strict=True))


def _written(record: Any) -> dict[str, Any]:
    return {name: _plain(getattr(record, name)) for name in type(record).__annotations__}


def _plain(x: Any) -> Any:
    if isinstance(x, tuple):
        return list(x)
    return repr(x) if isinstance(x, float) and repr(x) in NOT_FINITE else x


def _object(text: str) -> dict[str, Any]:
    if not isinstance(text, str):
        raise TypeError(f"a trace is read from JSON text, a string; got {type(text).__name__}")
    try:
        data = json.loads(text, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        raise ValueError(f"this is not a trace: it is not JSON ({error})") from error
    except RecursionError as error:
        raise ValueError("this is not a trace: it is nested too deeply") from error
    if not isinstance(data, dict) or "version" not in data:
        raise ValueError('this is not a trace: a trace is a JSON object with a "version"')
    if data["version"] != VERSION or isinstance(data["version"], (bool, float)):
        raise ValueError(
            f"this trace is of version {json.dumps(data['version'])[:40]}, and only version {VERSION} is "
            "known here; a newer release of chainrule may read it"
        )
    if data.keys() != set(KEYS):
        raise ValueError(f"this is not a trace: {_difference(data, KEYS)}")
    if not isinstance(data["output"], str):
        raise ValueError('this is not a trace: "output" is the id of a node')
    return data


def _refuse_constant(name: str) -> float:
    raise ValueError(
        f'this is not a trace: {name} is not JSON; it is written as a string there, such as "nan"'
    )


def _records(kind: type[Record], data: dict[str, Any], place: str) -> tuple[Record, ...]:
    listed = data[place]
    if not isinstance(listed, list):
        raise ValueError(f'this is not a trace: "{place}" is a list')
    read = _reader(kind)
    return tuple(read(f"{place}[{i}]", entry) for i, entry in enumerate(listed))


def _reader(kind: type[Record]) -> Callable[[str, Any], Record]:
    own: dict[str, Any] = kind.__annotations__  # a NamedTuple wraps them
    annotations: dict[str, str] = {name: getattr(hint, "__forward_arg__", hint) for name, hint in own.items()}

    def read(place: str, entry: Any) -> Record:
        if not isinstance(entry, dict):
            raise ValueError(f"this is not a trace: {place} is not an object")
        if entry.keys() != annotations.keys():
            raise ValueError(f"this is not a trace: in {place}, {_difference(entry, annotations)}")
        return kind(**{name: _read(f"{place}.{name}", x, annotations[name]) for name, x in entry.items()})

    return read


def _read(place: str, x: Any, annotation: str) -> Any:
    """Return a field as its annotation has it: ``str``, ``int``, ``float``, or one of these or None."""
    kind, _, optional = annotation.partition(" | ")
    if x is None and optional:
        return None
    if kind == "float" and isinstance(x, str) and x in NOT_FINITE:
        return NOT_FINITE[x]
    if kind in ("Path", "Ids") and isinstance(x, list) and all(isinstance(name, str) for name in x):
        return tuple(x)
    if kind == "Sizes" and isinstance(x, list) and all(type(n) is int for n in x):
        return tuple(x)
    if isinstance(x, bool) is not (kind == "bool") or not isinstance(x, TYPES[kind]):
        raise ValueError(f"this is not a trace: {place} is {json.dumps(x)[:40]}, which is not a {kind}")
    return _as_float(place, x) if kind == "float" else x


def _as_float(place: str, x: Any) -> float:
    try:
        return float(x)
    except OverflowError as error:
        raise ValueError(f"this is not a trace: {place} is too large for a float") from error


def _difference(found: Iterable[str], wanted: Iterable[str]) -> str:
    missing = [name for name in wanted if name not in set(found)]
    unknown = [name for name in found if name not in set(wanted)]
    return f"{missing[0]!r} is missing" if missing else f"{unknown[0]!r} is unknown"
