"""Boxes in the rows and columns of pictures: convolutions, pooling, and whatever else slides over one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import chain, product
from operator import itemgetter

from autograd.notation.labels import Label, parse_label
from autograd.notation.numbers import counted
from autograd.seeing.facts.events import InputsOf, inputs_by_target
from autograd.seeing.facts.folding.group import Group
from autograd.seeing.facts.records import NodeFact, Trace
from autograd.seeing.pages.player.views.kernels import Products, Slides, products_of, slides_of
from autograd.seeing.pages.player.views.layers import MOST_IN_PICTURES, Layer, Unit, inputs_of, windows_of
from autograd.seeing.pages.player.views.windows import Place, in_rows, sliding


def on_pictures(trace: Trace, layers: Sequence[Layer]) -> list[Layer]:
    """Return the boxes, what goes over pictures and the pictures themselves in their rows."""
    into, boxes = inputs_by_target(trace), [*layers]
    for box in boxes:
        boxes += box.inner
    zeros = {x.id for x in trace.nodes if x.role == "constant" and x.op is None and x.value == 0}
    pictures = _Pictures(into, boxes, zeros, trace)
    return [pictures.seen(layer) for layer in layers]


class _Pictures:
    """Where numbers stand in pictures, as far as the boxes up to one tell."""

    def __init__(self, into: InputsOf, boxes: Sequence[Layer], zeros: set[str], trace: Trace) -> None:
        self._into, self._boxes, self._zeros, self._trace = into, boxes, zeros, trace
        self._places: dict[str, Place] = {}
        self._planes = 0

    def seen(self, layer: Layer) -> Layer:
        """Return a box with its units in the rows of the pictures that it gives, if it gives any."""
        if layer.opens_as == "inputs":
            layer = self._as_picture(layer)
        elif layer.opens_as == "values" and layer.group is not None:
            layer = self._at_once(layer, layer.group) or self._pooled(layer, layer.group)
        elif layer.opens_as == "boxes":
            layer = self._slid(layer) or replace(layer, inner=tuple(map(self.seen, layer.inner)))
        if layer.columns:
            size = len(layer.units) // layer.planes
            for k, dot in enumerate(layer.dots):
                place = Place(self._planes + k // size, *divmod(k % size, layer.columns))
                self._places[dot.members[-1].id] = place
            self._planes += len(layer.dots) // size
        return layer

    def _as_picture(self, inputs: Layer) -> Layer:
        """Return the inputs in the order of the picture that windows go over, if any do."""
        nodes = {node.id: node for node in inputs.nodes}
        for box in self._boxes:
            windows = windows_of(box, self._into) if box.opens_as == "boxes" else []
            slid = self._at_once(box, box.group) if box.opens_as == "values" and box.group else None
            if slid or nodes.keys() == {*chain.from_iterable(windows)}:
                slid = slid or self._slid(box)
                known = slid.slides.windows if slid and slid.slides else None
                picture = known or sliding(windows, {}, self._window(box))
                seen = [*chain.from_iterable(picture.planes)] if picture else []
                if picture and len(seen) == len(nodes) and nodes.keys() == {*seen}:
                    found = inputs_of(inputs.title, [nodes[id] for id in seen])
                    return replace(found, columns=picture.columns, planes=len(picture.planes))
        return inputs

    def _slid(self, layer: Layer) -> Layer | None:
        """Return the box of a Module that is used at each place of a picture, with a unit for each number.

        None where it is of several Modules, or goes over no picture.
        """
        uses = [_given_by(use) for use in layer.inner]
        if len({use.group and use.group.path for use in layer.inner}) > 1 or len({*map(len, uses)}) > 1:
            return None
        kernels = [*zip(*uses, strict=True)]
        products = [
            [products_of(unit.members, self._into, self._zeros) for unit in units] for units in kernels
        ]
        sums = [[product for product in row if product] for row in products]
        if not kernels or sums != products:
            over = windows_of(layer, self._into) if len(kernels) == 1 else []
            windows = sliding(over, self._places, self._window(layer))
            slides = Slides(windows) if windows else None
        else:
            slides = slides_of(sums, self._places, self._window(layer))
        return None if slides is None else _at_places(layer, slides, [*chain.from_iterable(kernels)])

    def _at_once(self, layer: Layer, group: Group) -> Layer | None:
        """Return the box of a Module that computes in one use what a kernel gives at each place of a picture.

        None where it does not: each of its numbers is to be a sum of products, as many for each kernel.
        """
        own, seen = {node.id: node for node in layer.nodes}, set[str]()
        order = {id: k for k, id in enumerate(own)}
        kernels: dict[tuple[str, ...], dict[tuple[str, ...], tuple[Unit, Products]]] = {}
        for given in group.outputs():
            inside, _ = self._patch_of(given.id, own)
            sources = {edge.source for id in inside for edge in self._into.get(id, ())}
            near = {id for id in sources & own.keys() if own[id].role == "weight"}
            members = [own[id] for id in sorted(inside | near, key=order.__getitem__)]
            products = products_of(members, self._into, self._zeros)
            if products is None or not seen.isdisjoint(inside):
                return None
            seen |= inside
            unit = Unit(parse_label(given.label or given.symbol or "number"), "", tuple(members))
            windows = kernels.setdefault(tuple(products.factors), {})
            windows[tuple(products.factors.values())] = unit, products
        first, size = [*next(iter(kernels.values()), {})], self._window(layer)
        is_sliding = len(first) > 1 and all({*first} == windows.keys() for windows in kernels.values())
        if not is_sliding or len(first) * len(kernels) > MOST_IN_PICTURES:
            return None
        for order_of_windows in in_rows(first, self._places, size):
            found = [[windows[first[k]] for k in order_of_windows] for windows in kernels.values()]
            products_found = [[each for _, each in windows] for windows in found]
            if slides := slides_of(products_found, self._places, size):
                units = [unit for windows in found for unit, _ in windows]
                inside = {node.id for unit in units for node in unit.members}
                common = tuple(node for node in layer.nodes if node.id not in inside)
                return _at_places(replace(layer, common=common), slides, units)
        return None

    def _window(self, box: Layer) -> tuple[int, ...]:
        """Return the sizes of a window and of its picture, as its use says, its Module, or one around."""
        nodes = box.inner[0].nodes if box.inner else box.nodes
        places = (self._trace.places.get(node.id) for node in nodes if node.op is not None)
        number = next((place.use for place in places if place), None)
        while number is not None:
            use = self._trace.uses[number]
            if size := use.over or self._trace.modules[use.module].window:
                return size
            number = use.within
        return ()

    def _pooled(self, layer: Layer, group: Group) -> Layer:
        """Return a box with a dot for each value that it gives, in pictures; as it is where they form none.

        They do if each is computed of a patch of one picture, apart from the others, row by row.
        """
        own = {node.id: node for node in layer.nodes}
        found: list[tuple[Place, Unit, list[str]]] = []
        seen: set[str] = set()
        for given in group.outputs():
            inside, patch = self._patch_of(given.id, own)
            if seen & inside or len({self._places[id].plane for id in patch}) != 1:
                return layer
            seen |= inside
            corner = Place(*map(min, zip(*[self._places[id] for id in patch], strict=True)))
            name = parse_label(given.label or given.symbol or "number")
            unit = Unit(name, "", tuple(node for node in layer.nodes if node.id in inside))
            found.append((corner, unit, sorted(patch, key=self._places.__getitem__)))
        if not found:
            return layer
        found.sort(key=itemgetter(0))  # what is given may stand in the order of what takes it
        corners = [corner for corner, _, _ in found]
        axes = [sorted(set(axis)) for axis in zip(*corners, strict=True)]
        if corners != [Place(*place) for place in product(*axes)] or len(corners) > MOST_IN_PICTURES:
            return layer
        units, planes = [unit for _, unit, _ in found], len(axes[0])
        common = tuple(node for node in layer.nodes if node.id not in seen)
        layer = replace(layer, units=tuple(units), common=common, columns=len(axes[2]), planes=planes)
        layer = replace(layer, kind=counted(len(units), "value"))
        each = [
            sliding([window for corner, _, window in found if corner.plane == plane], self._places)
            for plane in axes[0]
        ]
        windows = [x for x in each if x]
        if len(windows) < planes or len({replace(x, planes=()) for x in windows}) > 1:
            return layer
        all_planes = tuple(chain.from_iterable(x.planes for x in windows))
        return _at_places(layer, Slides(replace(windows[0], planes=all_planes, apart=True)), units)

    def _patch_of(self, given: str, own: Mapping[str, NodeFact]) -> tuple[set[str], list[str]]:
        """Return the nodes of a box by which a number is computed, and of which numbers of pictures it is."""
        inside, waiting, patch = {given}, [given], dict[str, None]()
        while waiting:
            for edge in self._into.get(waiting.pop(), ()):
                if edge.source in self._places:
                    patch[edge.source] = None
                elif edge.source in own and own[edge.source].op is not None and edge.source not in inside:
                    inside.add(edge.source)
                    waiting.append(edge.source)
        return inside, [*patch]


def _given_by(use: Layer) -> tuple[Unit, ...]:
    """Return the units of a use, one for each number that it gives; none where that cannot be told."""
    if use.opens_as == "neurons":
        return () if use.common else use.units
    is_one = use.group is not None and len(use.group.outputs()) == 1
    return (Unit(Label(use.title), "", tuple(use.nodes)),) if is_one else ()


def _at_places(layer: Layer, slides: Slides, units: Sequence[Unit]) -> Layer:
    """Return a box that opens as windows on a picture, its units called after their places."""
    across = slides.windows.across
    planes = max(1, len(slides.kernels), len(slides.windows.planes) * slides.windows.apart)
    size = len(units) // planes
    lengths = planes, size // across, across
    titles = []
    for k in range(len(units)):
        place = zip(("plane", "row", "column"), (k // size, *divmod(k % size, across)), lengths, strict=True)
        titles.append(", ".join(f"{axis} {at + 1}" for axis, at, n in place if n > 1))
    named = tuple(replace(unit, title=title) for unit, title in zip(units, titles, strict=True))
    of = layer.group.of if layer.group else ""
    return replace(
        layer,
        kind=layer.kind if layer.kind == of else counted(len(units), "value"),
        units=named,
        opens_as="windows",
        inner=(),
        columns=across,
        planes=planes,
        slides=slides,
    )
