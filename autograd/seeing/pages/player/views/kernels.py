"""What slides over a picture: each of its units multiplies what it sees by weights, and adds that up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import NamedTuple

from autograd.seeing.facts.events import InputsOf
from autograd.seeing.facts.folding.links import MULTIPLYING
from autograd.seeing.facts.records import NodeFact
from autograd.seeing.pages.player.views.windows import Place, Sliding, sliding

ADDING = ("add", "sum")


class Products(NamedTuple):
    """A sum of weights times what they are multiplied by.

    Attributes:
        factors: what each weight is multiplied by; "" for the 0 that is put around a picture.
        bias: what is added to the products; "" for none.
        sum: the node that all of it is.
    """

    factors: dict[str, str]
    bias: str
    sum: str


def products_of(members: Sequence[NodeFact], into: InputsOf, zeros: Set[str]) -> Products | None:
    """Return the products that a unit adds up; None if it does not: if it does anything else before.

    Args:
        members: the unit's own nodes, in topological order.
        into: the edges into each node.
        zeros: the plain zeros of the graph.
    """
    weights = {node.id for node in members if node.role == "weight" and node.op is None}
    factors: dict[str, str] = {}
    added: list[str] = []
    sums: set[str] = set()
    for node in members:
        sources = [edge.source for edge in into.get(node.id, ())]
        half = len(sources) // 2 if node.op in MULTIPLYING else 0
        pairs = [_weight_first(pair, weights) for pair in zip(sources[:half], sources[half:], strict=False)]
        others = sources[2 * half :]
        adds = half or (node.op in ADDING and not sums.isdisjoint(others))
        is_known = {*others} <= sums | weights | zeros and len({*others}) == len(others)
        if not (adds and is_known) or None in pairs:
            continue
        for weight, factor in filter(None, pairs):
            if weight in factors:
                return None  # a weight that is used twice stands at no one place of a window
            factors[weight] = "" if factor in zeros else factor
        added += [source for source in others if source in weights]
        sums = sums.difference(others) | {node.id}
    is_all = sorted([*factors, *added]) == sorted(weights) and len(added) < 2
    if len(sums) != 1 or not factors or not is_all:
        return None
    return Products(factors, "".join(added), sums.pop())


def _weight_first(pair: tuple[str, str], weights: set[str]) -> tuple[str, str] | None:
    """Return a weight and what it is multiplied by; None if it is not just one of them that is a weight."""
    first, second = pair
    if (first in weights) == (second in weights):
        return None
    return pair if first in weights else (second, first)


@dataclass(frozen=True)
class Slides:
    """What a box does at every place of a picture: it gives planes of as many numbers as it has windows.

    Attributes:
        windows: what it sees of the picture.
        kernels: the weights of each plane that it gives, in the order of what a window sees; none where it
            does not add up products.
        biases: what each plane adds; "" for none.
        sums: the sum of products of every number that it gives.
    """

    windows: Sliding
    kernels: tuple[tuple[str, ...], ...] = ()
    biases: tuple[str, ...] = ()
    sums: tuple[str, ...] = ()


def slides_of(
    kernels: Sequence[Sequence[Products]], places: Mapping[str, Place], size: Sequence[int] = ()
) -> Slides | None:
    """Return how kernels go over a picture; None if they do not, or not all over the same windows.

    Args:
        kernels: of each kernel its products, window by window.
        places: where numbers stand, as far as that is known.
        size: the rows and columns of a window; empty if that is not known.
    """
    over: list[list[list[str]]] = []
    for products in kernels:
        weights = products[0].factors.keys()
        if any(other.factors.keys() != weights or other.bias != products[0].bias for other in products):
            return None
        over.append([[other.factors[weight] for weight in weights] for other in products])
    windows = None if any(other != over[0] for other in over) else sliding(over[0], places, size)
    if windows is None:
        return None
    weights_of = [[*products[0].factors] for products in kernels]
    return Slides(
        windows,
        tuple(tuple(weights[k] for k in windows.order) for weights in weights_of),
        tuple(products[0].bias for products in kernels),
        tuple(product.sum for products in kernels for product in products),
    )
