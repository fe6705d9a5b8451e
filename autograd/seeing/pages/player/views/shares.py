"""A softmax as a box of its own, which shows the share of each class as a bar."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from autograd.notation.labels import parse_label
from autograd.seeing.facts.records import Trace
from autograd.seeing.facts.shares import MOST_CLASSES, Shares, Softmaxes
from autograd.seeing.pages.player.views.layers import Layer, Unit, of_values

MOST_BOXES = 6
"""More of them, such as one for each sample of a batch, are shown value by value."""


def with_shares(layers: Iterable[Layer], trace: Trace) -> list[Layer]:
    """Return the boxes of a network, each softmax that no Module computes in a box of its own.

    A Module's box, however far inside, shows the shares where it is shown value by value and has one softmax.
    """
    softmaxes, found = Softmaxes(trace), list[Layer]()
    for layer in layers:
        is_loose = layer.opens_as == "values" and layer.group is None
        found += _apart(layer, softmaxes, trace.output) if is_loose else [_inside(layer, softmaxes)]
    return found


def named(layers: Iterable[Layer], classes: tuple[str, ...]) -> list[Layer]:
    """Return the boxes, the shares of so many classes called by their names."""
    return [_named(layer, classes) for layer in layers]


def _named(layer: Layer, classes: tuple[str, ...]) -> Layer:
    if not classes or len(layer.shares) != len(classes):
        return replace(layer, inner=tuple(named(layer.inner, classes)))
    rows = zip(layer.shares, classes, strict=True)
    return replace(layer, classes=classes, shares=tuple(replace(fact, word=name) for fact, name in rows))


def _inside(layer: Layer, softmaxes: Softmaxes) -> Layer:
    if layer.inner:
        return replace(layer, inner=tuple([_inside(inner, softmaxes) for inner in layer.inner]))
    found = _found(layer, softmaxes) if layer.opens_as == "values" and layer.group else []
    if len(found) != 1:
        return layer
    inside = found[0].ids
    rest = tuple(node for node in layer.nodes if node.id not in inside)
    box = _box(found[0], "", layer.is_network)
    return replace(box, title=layer.title, group=layer.group, common=(*box.common, *rest))


def _found(layer: Layer, softmaxes: Softmaxes) -> list[Shares]:
    return [shares for shares in softmaxes.among(layer.nodes) if len(shares.classes) <= MOST_CLASSES]


def _apart(layer: Layer, softmaxes: Softmaxes, output: str) -> list[Layer]:
    """Return the boxes of what a box shows value by value: those of its softmaxes, and that of the rest.

    The rest comes first where the output is in one of them.
    """
    found = _found(layer, softmaxes)
    if not 0 < len(found) <= MOST_BOXES:
        return [layer]
    inside = set().union(*(shares.ids for shares in found))
    rest = [node for node in layer.nodes if node.id not in inside]
    is_network = layer.is_network or output in inside
    others = [replace(of_values(layer.title, rest), is_network=is_network)] if rest else []
    boxes = [
        _box(shares, f" {k}" if len(found) > 1 else "", output not in shares.ids)
        for k, shares in enumerate(found, 1)
    ]
    return [*others, *boxes] if output in inside else [*boxes, *others]


def _box(shares: Shares, number: str, is_network: bool) -> Layer:
    units = [
        Unit(parse_label(class_.name or "share"), "", class_.members, class_.members)
        for class_ in shares.classes
    ]
    title = shares.title + number
    return Layer(
        title, shares.kind, tuple(units),
        common=shares.common, shares=shares.facts, target=shares.target, is_network=is_network,
    )  # fmt: skip
