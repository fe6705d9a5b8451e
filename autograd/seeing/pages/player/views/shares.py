"""A softmax as a box of its own, which shows the share of each class as a bar."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from autograd.notation.labels import parse_label
from autograd.notation.numbers import counted
from autograd.seeing.facts.records import Trace
from autograd.seeing.facts.shares import Shares, shares_in
from autograd.seeing.pages.player.views.layers import Layer, Unit, of_values

MOST_CLASSES = 40
"""A softmax of more classes is shown value by value: so many bars are no overview."""
MOST_BOXES = 6
"""More of them, such as one for each sample of a batch, are shown value by value."""


def with_shares(layers: Iterable[Layer], trace: Trace) -> list[Layer]:
    """Return the boxes of a network, each softmax that is no part of a Module's box in one of its own.

    The box of a Module that computes a softmax and nothing else shows its shares.
    """
    found: list[Layer] = []
    for layer in layers:
        if layer.opens_as != "values":
            found.append(layer)
        elif layer.group is None:
            found += _apart(layer, trace)
        else:
            found.append(_as_shares(layer, trace))
    return found


def _as_shares(layer: Layer, trace: Trace) -> Layer:
    found = _found(layer, trace)
    if len(found) != 1 or found[0].ids != {node.id for node in layer.nodes}:
        return layer
    return replace(_box(found[0], "", layer.is_network), title=layer.title, group=layer.group)


def _found(layer: Layer, trace: Trace) -> list[Shares]:
    return [shares for shares in shares_in(layer.nodes, trace) if len(shares.classes) <= MOST_CLASSES]


def _apart(layer: Layer, trace: Trace) -> list[Layer]:
    """Return the boxes of what a box shows value by value: those of its softmaxes, and that of the rest.

    The rest comes first where the output is in one of them.
    """
    found = _found(layer, trace)
    if not 0 < len(found) <= MOST_BOXES:
        return [layer]
    inside = set().union(*(shares.ids for shares in found))
    rest = [node for node in layer.nodes if node.id not in inside]
    is_network = layer.is_network or trace.output in inside
    others = [replace(of_values(layer.title, rest), is_network=is_network)] if rest else []
    boxes = [
        _box(shares, f" {k}" if len(found) > 1 else "", trace.output not in shares.ids)
        for k, shares in enumerate(found, 1)
    ]
    return [*others, *boxes] if trace.output in inside else [*boxes, *others]


def _box(shares: Shares, number: str, is_network: bool) -> Layer:
    units = [
        Unit(parse_label(class_.name or "share"), "", class_.members, class_.members)
        for class_ in shares.classes
    ]
    target = [] if shares.target is None else [f"of class {shares.target}"]
    kind = " · ".join([*target, f"{counted(len(units), 'share')}, Σ = 1"])
    title = shares.title + number
    return Layer(title, kind, tuple(units), common=shares.common, shares=shares.facts, is_network=is_network)
