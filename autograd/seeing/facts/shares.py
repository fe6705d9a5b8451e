"""Shares that sum to 1: where a graph computes the softmax of several Values, told by its ops alone.

There are two forms.  Powers divided by their sum are shares; those that nothing was computed with are in no
graph, and still known.  The logarithm of a sum of powers, such as a cross-entropy, has the shares as its
partials, and no nodes for them.

>>> from autograd import Value, softmax
>>> from autograd import sum as total
>>> from autograd.seeing.facts.trace import trace
>>> p = softmax([Value(0.0, "cat"), Value(1.0, "dog")])
>>> facts = trace(p[1].log())
>>> [found] = Softmaxes(facts).among(facts.nodes)
>>> found.title, [class_.name for class_ in found.classes], [fact.number for fact in found.facts]
('softmax', ['cat', 'dog'], ['0.2689', '0.7311'])
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from autograd.notation.labels import parse_label
from autograd.notation.numbers import counted
from autograd.seeing.facts.box_content import Fact, share_of
from autograd.seeing.facts.records import NodeFact, Trace

MOST_CLASSES = 40
"""A softmax of more classes is shown value by value: so many shares are no overview."""
LONGEST_NAME = 18
"""A class is called by at most this many characters of a label."""


class Class(NamedTuple):
    """One of several that a whole is shared among.

    Attributes:
        name: what its logit is called, and what its share is: ``z₁⁽²⁾ → cat``.
        logit: what the softmax takes.
        members: the nodes that belong to it alone.
        measured: the nodes that tell its share: that itself, or the exponent of its power, then all of them.
    """

    name: str
    logit: NodeFact
    members: tuple[NodeFact, ...]
    measured: tuple[NodeFact, ...]


@dataclass(frozen=True)
class Shares:
    """A softmax.

    Attributes:
        title: "softmax"; "cross-entropy" for −ln of a class's share, else "log-sum-exp".
        classes: in the order in which it takes their logits.
        common: the nodes that belong to no single class.
        target: which class a cross-entropy is of, from 0.
    """

    title: str
    classes: tuple[Class, ...]
    common: tuple[NodeFact, ...]
    target: int | None = None

    @cached_property
    def facts(self) -> tuple[Fact, ...]:
        """A row for each class: its name and its share."""
        return tuple([share_of(class_.name, class_.measured) for class_ in self.classes])

    @property
    def kind(self) -> str:
        """What it is, beside its title."""
        target = "" if self.target is None else f"of class {self.target} · "
        return f"{target}{counted(len(self.classes), 'share')}, Σ = 1"

    @property
    def ids(self) -> set[str]:
        """Those of all its nodes."""
        return {node.id for node in self.common}.union(*({n.id for n in c.members} for c in self.classes))


class Softmaxes:
    """Finds them in a trace."""

    def __init__(self, trace: Trace) -> None:
        nodes = {node.id: node for node in trace.nodes}
        self._inputs: dict[str, list[NodeFact]] = {}
        self._users: dict[str, list[NodeFact]] = {}
        for edge in trace.edges:
            self._inputs.setdefault(edge.target, []).append(nodes[edge.source])
            self._users.setdefault(edge.source, []).append(nodes[edge.target])

    def among(self, nodes: Iterable[NodeFact]) -> list[Shares]:
        """Return each softmax that some nodes compute by themselves, in the order in which they do."""
        own = {node.id: node for node in nodes}
        graph = _Graph(own, self._inputs, self._users)
        found = [graph.divided(node) or graph.logarithm(node) for node in own.values()]
        return [shares for shares in found if shares is not None]


def checked_classes(trace: Trace, classes: Sequence[object]) -> tuple[str, ...]:
    """Return the names of the classes of a softmax.

    Raises:
        TypeError: if they are a text.
        ValueError: if no softmax of the trace has so many classes.

    >>> from autograd import Value, softmax, walk
    >>> checked_classes(walk(softmax([1.0, Value(2.0)])[0]).trace, ["cat", "dog"])
    ('cat', 'dog')
    """
    if isinstance(classes, str):
        raise TypeError(f"classes is a name for each class, such as ['cat', 'dog']; got the text {classes!r}")
    names = tuple(map(str, classes))
    counts = {len(shares.classes) for shares in Softmaxes(trace).among(trace.nodes)} if names else {0}
    if len(names) not in counts:
        found = " or ".join(map(str, sorted(counts)))
        raise ValueError(
            f"classes has {counted(len(names), 'name')}, one per class of a softmax; the graph has "
            + (f"one of {found} classes" if found else "no softmax")
        )
    return names


@dataclass(frozen=True)
class _Graph:
    """The nodes that may belong to a softmax, and what each of all nodes is computed of and used in."""

    own: Mapping[str, NodeFact]
    inputs: Mapping[str, list[NodeFact]]
    users: Mapping[str, list[NodeFact]]

    def divided(self, total: NodeFact) -> Shares | None:
        """Return the softmax whose powers a node adds up."""
        powers = self.inputs.get(total.id, [])
        if total.op != "sum" or len(powers) < 2 or any(not self._is(node, "exp") for node in powers):
            return None
        shares = [self._share(power, total) for power in powers]
        if not any(shares):
            return None
        exponents = [self.inputs[power.id][0] for power in powers]
        logits, shift = self._unshifted(exponents)
        is_own = shift is not None and shift.role == "constant" and shift.id in self.own
        classes = [
            Class(
                _name(logit, share),
                logit,
                self._own(exponent, logit, power, share),
                (share,) if share else (exponent, *exponents),
            )
            for power, exponent, logit, share in zip(powers, exponents, logits, shares, strict=True)
        ]
        return Shares("softmax", tuple(classes), (shift, total) if shift and is_own else (total,))

    def logarithm(self, total: NodeFact) -> Shares | None:
        """Return the softmax that the partials of a logarithm of a sum of powers are."""
        exponents = self.inputs.get(total.id, [])
        if total.op != "logsumexp" or total.role == "constant" or len(exponents) < 2:
            return None
        logits, shift = self._unshifted(exponents)
        target = next((k for k, logit in enumerate(logits) if shift and logit.id == shift.id), None)
        classes = [
            Class(_name(logit), logit, self._own(exponent, logit), (exponent, *exponents))
            for exponent, logit in zip(exponents, logits, strict=True)
        ]
        title = "log-sum-exp" if target is None else "cross-entropy"
        return Shares(title, tuple(classes), (total,), target)

    def _is(self, node: NodeFact, op: str) -> bool:
        return node.op == op and node.id in self.own

    def _share(self, power: NodeFact, total: NodeFact) -> NodeFact | None:
        """Return what is a power divided by the total; None where that is not in the graph."""
        ids = [power.id, total.id]
        users = [x for x in self.users.get(power.id, ()) if self._is(x, "div")]
        return next((x for x in users if _ids(self.inputs[x.id]) == ids), None)

    def _unshifted(self, exponents: list[NodeFact]) -> tuple[list[NodeFact], NodeFact | None]:
        """Return what one number was subtracted from for each exponent, and that number, if it was.

        A plain 0 among such differences stands for the number itself.
        """
        differences = [self.inputs[x.id] for x in exponents if self._is(x, "sub")]
        zeros = [x for x in exponents if x.op is None and x.role == "constant" and x.value == 0]
        shifts = {b.id: b for _, b in differences}
        if len(shifts) != 1 or len(differences) + len(zeros) < len(exponents) or len(zeros) > 1:
            return exponents, None
        (shift,) = shifts.values()
        return [self.inputs[x.id][0] if x.op == "sub" else shift for x in exponents], shift

    def _own(self, exponent: NodeFact, logit: NodeFact, *more: NodeFact | None) -> tuple[NodeFact, ...]:
        """Return the nodes of one class, without its logit."""
        inside = [exponent] if exponent.id in self.own and exponent.id != logit.id else []
        return tuple(node for node in (*inside, *more) if node is not None)


def _ids(nodes: Sequence[NodeFact]) -> list[str]:
    return [node.id for node in nodes]


def _name(*nodes: NodeFact | None) -> str:
    return " → ".join(parse_label(node.label, LONGEST_NAME).text for node in nodes if node and node.label)
