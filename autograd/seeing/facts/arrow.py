"""What arrows say and what they are called, the same in every picture."""

from __future__ import annotations

import math
from dataclasses import dataclass

from autograd.notation.numbers import counted, number, signed
from autograd.seeing.facts.box_content import norm_of_gradients
from autograd.seeing.facts.folding.links import Link
from autograd.seeing.facts.names import name_of
from autograd.seeing.facts.records import EdgeFact, NodeFact


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
    if link.is_only_tied:
        return ArrowText(counted(len(link.tied), "tied weight"), counts=True)
    if len(link.weights) > 1 or link.beside:
        return ArrowText(weights_of_link(link), counts=True)
    if link.weights:
        (weight,) = link.weights
        return ArrowText(_named_number(weight, " "), weight.gradient)
    if len(link.edges) == 1:
        return text_of_use(link.edges[0])
    if not link.has_sign():
        return ArrowText(counted(len(link.edges), "use"), counts=True)
    return ArrowText(gradient=link.gradient())


def hint_of_link(link: Link) -> str:
    """Return what the arrow of a link says when pointed at; "" where it stands for several plain uses."""
    if link.routes:
        return f"{counted(link.routes, 'route')}; together {signed(link.gradient())}"
    if not link.weights:
        said = text_of_use(link.edges[0]) if len(link.edges) == 1 else ArrowText()
        return f"{said.words}; gradient {number(said.gradient)}" if said.words else ""
    if len(link.weights) != 1 or link.beside:
        return weights_of_link(link)
    (weight,) = link.weights
    return f"{_named_number(weight, ' = ')}; gradient {number(weight.gradient)}"


def weights_of_link(link: Link) -> str:
    """Return how many weights a link stands for, and how many uses beside them: of a skip connection."""
    weights = counted(len(link.weights), "weight")
    return f"{weights} + {counted(len(link.beside), 'use')}" if link.beside else weights


def _named_number(weight: NodeFact, between: str) -> str:
    """Return name and value of a weight; of one without a name the value."""
    name = name_of(weight) if weight.label else ""
    return between.join(filter(None, [name, number(weight.value)]))


def size_of_link(link: Link) -> float | None:
    """Return what the width of an arrow shows: one gradient, or the size of many together."""
    if len(link.weights) < 2 and not link.beside:
        return link.gradient()
    sizes = [norm_of_gradients(link.weights), *(edge.contribution for edge in link.beside)]
    known = [size for size in sizes if size is not None]
    return math.hypot(*known) if known else None
