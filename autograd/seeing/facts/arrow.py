"""What arrows say and what they are called, the same in every picture."""

from __future__ import annotations

from dataclasses import dataclass

from autograd.notation.numbers import counted, number, signed
from autograd.seeing.facts.folding.links import Link
from autograd.seeing.facts.names import name_of
from autograd.seeing.facts.records import EdgeFact, NodeFact

IN_BRACKETS = "In brackets: which share of all the times that its weights are used an arrow stands for"
"""Explains words such as ``36 weights (1936 of 2304 uses)``."""


@dataclass(frozen=True)
class ArrowText:
    """What is written on an arrow.

    Attributes:
        words: the local derivative or the weight; "" where there is none.
        gradient: the number in bold below, with its sign; None where it was not computed.
        counts: whether the words only say how many weights or uses the arrow stands for.
    """

    words: str = ""
    gradient: float | None = None
    counts: bool = False


def operation_id(node: NodeFact) -> str:
    """Return the id of what the arrows into a node end at: the circle of its operation."""
    return f"{node.id}_op" if node.symbol is not None else node.id


def use_id(edge: EdgeFact) -> str:
    """Return the id of the arrow of a use: ``n0-n2-1``."""
    return f"{edge.source}-{edge.target}-{edge.position}"


def edge_key(edge: EdgeFact) -> str:
    """Return how a page names an edge where it ties its views to a trace: ``n0>n2:1``."""
    return f"{edge.source}>{edge.target}:{edge.position}"


def text_of_use(edge: EdgeFact, symbols: str = "") -> ArrowText:
    """Return the local derivative of a use and, once there is one, what it adds to the gradient.

    Args:
        edge: the use.
        symbols: the local derivative in names, such as ``2x``; "" to write the number alone.

    >>> text_of_use(EdgeFact("n0", "n2", 0, partial=-3.0, contribution=6.0), "b")
    ArrowText(words='∂ b = −3', gradient=6.0, counts=False)
    """
    if edge.partial is None:
        return ArrowText()
    written = f"{symbols} = {number(edge.partial)}" if symbols else number(edge.partial)
    return ArrowText(f"∂ {written}", edge.contribution)


def text_of_link(link: Link) -> ArrowText:
    """Return what is written between two boxes of a folded network, or of a folded gradient path."""
    if link.routes:
        return ArrowText(counted(link.routes, "route"), link.gradient(), counts=True)
    if (weight := _only_weight(link)) is not None:
        words = filter(None, [_named_number(weight, " "), _share(link)])
        return ArrowText(" ".join(words), link.gradient())
    if link.is_only_tied or link.weights:
        return ArrowText(weights_of_link(link), counts=True)
    if len(link.edges) == 1:
        return text_of_use(link.edges[0])
    if not link.has_sign():
        return ArrowText(counted(len(link.edges), "use"), counts=True)
    return ArrowText(gradient=link.gradient())


def hint_of_link(link: Link) -> str:
    """Return what the arrow of a link says when pointed at; "" where it stands for several plain uses."""
    if link.routes:
        return f"{counted(link.routes, 'route')}; together {signed(link.gradient())}"
    if (weight := _only_weight(link)) is not None:
        named, whole = _named_number(weight, " = "), number(weight.gradient)
        if not link.others:
            return f"{named}; gradient {whole}"
        return f"{named} {_share(link)}; adds {number(link.gradient())} to its gradient, {whole}"
    if link.is_only_tied or link.weights:
        return weights_of_link(link)
    return hint_of(text_of_use(link.edges[0])) if len(link.edges) == 1 else ""


def hint_of(said: ArrowText) -> str:
    """Return what the arrow of a use says when pointed at: all that is written on it, in a line."""
    return f"{said.words}; gradient {number(said.gradient)}" if said.words else ""


def _only_weight(link: Link) -> NodeFact | None:
    """Return the weight that a link stands for, if it stands for one and for nothing else."""
    found = link.tied if link.is_only_tied else link.weights
    return found[0] if len(found) == 1 and not link.beside else None


def _share(link: Link) -> str:
    """Return in words how many uses of its weights a link stands for, and of how many; "" if one of each."""
    uses, weights = len(link.taken), len({edge.source for edge in link.taken})
    if link.others:
        return f"({uses} of {uses + link.others} uses)"
    return f"({counted(uses, 'use')})" if uses > weights else ""


def tells_share(link: Link) -> bool:
    """Return whether the words of a link tell a share of the uses of its weights."""
    return bool((link.weights or link.is_only_tied) and _share(link))


def weights_of_link(link: Link) -> str:
    """Return how many weights a link stands for, and how many uses beside them: of a skip connection."""
    tied = {node.id for node in link.tied}
    kind = "tied weight" if tied and tied >= {node.id for node in link.weights} else "weight"
    weights = " ".join(filter(None, [counted(len(link.weights or link.tied), kind), _share(link)]))
    return f"{weights} + {counted(len(link.beside), 'use')}" if link.beside else weights


def _named_number(weight: NodeFact, between: str) -> str:
    """Return name and value of a weight; of one without a name the value."""
    name = name_of(weight) if weight.label else ""
    return between.join(filter(None, [name, number(weight.value)]))
