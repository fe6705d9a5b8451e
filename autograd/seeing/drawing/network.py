"""Pictures of folded networks: a box per neuron, layer or any Module, arrows for the weights between them."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import groupby

from autograd.notation.numbers import counted
from autograd.seeing.drawing.arrows import Arrow, add_arrow
from autograd.seeing.drawing.box_shapes import add_box, add_nodes, box_markup, framed
from autograd.seeing.drawing.canvas import RANKSEP, canvas, caption, stack
from autograd.seeing.drawing.html_labels import LEFT, RIGHT, cell, name_markup, row, text, wrapped
from autograd.seeing.drawing.legend import legend, note
from autograd.seeing.drawing.limits import FOLDED, too_large
from autograd.seeing.drawing.renderer import WIDEST, Drawing
from autograd.seeing.facts.arrow import IN_BRACKETS, hint_of_link, operation_id, tells_share, text_of_link
from autograd.seeing.facts.box_content import OF_ALL_USES, Box, box_of_group, name_of_group, words_of
from autograd.seeing.facts.folding.folded import Folded
from autograd.seeing.facts.folding.group import Group
from autograd.seeing.style import SMALL_SIZE, TEXT_SIZE, Theme

MOST_LABELLED_WEIGHTS = 6
"""Between two layers, or behind the last, at most this many arrows carry text: more texts would overlap."""
MOST_IN_FULL = 8
"""A layer of at most this many neurons is drawn in full; in a larger one each neuron has a single line."""
BESIDE = 6
"""The margin between an arrow that leads down, which can be thick, and the text beside it."""
STRONGLY = 10
"""The pull of the arrows that hold the layers level."""
MOST_BENT = 1_000
"""At most this many arrows are led around boxes: the time that this takes grows with their number."""
LEAST_RANKSEP, WIDEST_RANKSEP = 0.5, 6.0
"""Two layers with many arrows between them stand so many inches apart, at least and at most."""
WIDTH_OF_BOX = 1.8
"""The box of a neuron is about this many inches wide."""
POINTS_PER_INCH = 72


def draw_network(network: Folded, theme: Theme, limit: int, path_in_words: str = "") -> Drawing:
    """Draw a folded network, or a folded gradient path with words that say what it is.

    Raises:
        ValueError: if there are more boxes than the limit.
    """
    boxes = len(network.groups) + len(network.nodes)
    if boxes > limit:
        what = "gradient path" if path_in_words else "graph"
        largest = max(network.frames, key=lambda title: len(network.frames[title]), default="")
        opened = f", with {counted(len(network.frames[largest]), 'Value')} of {largest}" if largest else ""
        instead = "Leave that Module closed" if largest else FOLDED
        raise too_large(f"the {what}, folded{opened},", boxes, len(network.links), limit, instead)
    layers = _layers(network)
    by_layer = all(group.kind != "unit" for group in network.groups)
    labelled = by_layer or max(_weights_into_layers(network).values(), default=0) <= MOST_LABELLED_WEIGHTS
    drawing = canvas(theme)
    tallest = max(map(len, layers), default=0)
    brief = tallest > MOST_IN_FULL
    ranksep = 0.9 if labelled else _room_between(len(layers), tallest, brief)
    drawing.attr(ranksep=str(ranksep), splines="true" if labelled or _must_bend(network) else "line")
    if by_layer:  # the boxes are wide: one below the other, many stay legible in the width of a page
        drawing.attr(rankdir="TB", ranksep=str(RANKSEP))
    if brief:
        drawing.attr(nodesep="0.06")
    names = Counter(name_of_group(group) for group in network.groups if group.kind == "unit")
    drawn: list[Box] = []
    is_opened = any(group.kind == "module" for group in network.groups)
    for group in network.groups:
        box = box_of_group(group, group.id == network.output)
        if group.kind == "unit" and box.name is not None and (is_opened or names[box.name] > 1):
            box = replace(box, kind=group.within)  # whose neuron it is
        drawn.append(box)
        _add_group(drawing, group, box, theme, brief)
    for layer in layers:
        stack(drawing, [group.id for group in layer])
    framed_ids = {id for ids in network.frames.values() for id in ids}
    add_nodes(drawing, [node for node in network.nodes if node.id not in framed_ids], theme)
    for number, (name, ids) in enumerate(network.frames.items()):
        with drawing.subgraph(name=f"cluster_{number}") as frame:
            frame.attr(
                label=f"<{text(name, TEXT_SIZE, theme.ink, bold=True)}>", labelloc="t", color=theme.line
            )
            add_nodes(frame, [node for node in network.nodes if node.id in {*ids}], theme)
    arrows = _add_links(drawing, network, theme, labelled, by_layer)
    said = legend(arrows, theme, {box.role for box in drawn} | {node.role for node in network.nodes})
    if any(link.others for link in network.links):
        whose = f"of a weight that is used elsewhere too: what these uses add to its gradient{OF_ALL_USES}"
        said.append(note(whose, theme))
    if any(map(tells_share, network.links)) and any(not arrow.silent for arrow in arrows):
        said.append(note(IN_BRACKETS[0].lower() + IN_BRACKETS[1:], theme))
    said += [note(text, theme) for text in words_of(drawn)]
    title = [wrapped(path_in_words, TEXT_SIZE, theme.ink, bold=True)] if path_in_words else []
    caption(drawing, [*title, *said])
    return drawing


def _room_between(layers: int, tallest: int, brief: bool) -> float:
    """Return how far apart layers stand, in inches: the taller, the farther, but within a page."""
    per_neuron = 0.09 if brief else 0.2  # the taller the layers, the steeper the arrows between them
    wanted = min(0.5 + per_neuron * tallest, WIDEST_RANKSEP)
    within = (WIDEST / POINTS_PER_INCH - layers * WIDTH_OF_BOX) / max(layers - 1, 1)
    return wanted if within < LEAST_RANKSEP else min(wanted, round(within, 2))


def _weights_into_layers(network: Folded) -> Counter[int]:
    """Return how many arrows with a weight or routes end in each layer."""
    layers = {group.id: group.column for group in network.groups}
    said = (link for link in network.links if link.weights or link.routes)
    return Counter(layers[link.target] for link in said if link.target in layers)


def _layers(network: Folded) -> list[list[Group]]:
    """Return the groups of each layer, in order."""
    return [list(layer) for _, layer in groupby(network.groups, key=lambda group: group.column)]


def _must_bend(network: Folded) -> bool:
    """Return whether arrows lead past boxes, which straight ones would cross, and are few enough to bend."""
    columns = {group.id: group.column for group in network.groups}
    after = max(columns.values(), default=0) + 1  # where what no box holds leads on
    ends = [(columns.get(link.source), columns.get(link.target)) for link in network.links]
    past = any(b is not None if a is None else (after if b is None else b) - a > 1 for a, b in ends)
    return past and len(ends) <= MOST_BENT


def _add_group(drawing: Drawing, group: Group, box: Box, theme: Theme, brief: bool) -> None:
    """Draw the box of a Module or of inputs; a brief one of a neuron has its name and what it gives out."""
    is_unit = group.kind == "unit"
    if brief and (is_unit or group.kind == "input"):
        markup = _brief_box(box, theme, rounded=is_unit)
    else:
        markup = box_markup(box, theme, rounded=is_unit, is_module=group.kind == "module")
    kind = "value input" if group.takes_no_inputs else "neuron" if is_unit else "layer"
    add_box(drawing, box, markup, kind)


def _brief_box(box: Box, theme: Theme, rounded: bool) -> str:
    numbers = {fact.word: fact.number for fact in box.facts}
    given = numbers.get("value") or numbers.get("a") or numbers.get("z") or numbers.get("output", "")
    name = name_markup(box.name, TEXT_SIZE, theme.ink) if box.name else ""
    cells = cell(name, LEFT), cell(text(given, SMALL_SIZE, theme.ink), RIGHT)
    return framed([row(*cells)], box.role, theme, rounded)


def _add_links(
    drawing: Drawing, network: Folded, theme: Theme, labelled: bool, by_layer: bool
) -> list[Arrow]:
    """Draw the arrow of each link; return the arrows."""
    arrows: list[Arrow] = []
    heads = {node.id: operation_id(node) for node in network.nodes}
    # the middle one, or both, of each layer hold the layers level
    middles = {layer[i].id for layer in _layers(network) for i in ((len(layer) - 1) // 2, len(layer) // 2)}
    feedback, boxes = network.feedback(), {group.id for group in network.groups}
    leaving = [link for link in network.links if link.source in boxes and link.target not in boxes]
    quiet = {link.source for link in leaving} if len(leaving) > MOST_LABELLED_WEIGHTS else set()
    for link in network.links:
        said = text_of_link(link)
        arrow = Arrow(
            tail=link.source,
            head=heads.get(link.target, link.target),
            id=f"{link.source}-{link.target}",
            text=said,
            silent=not labelled and bool(link.weights or said.counts or link.source in quiet),
            gradient=link.size(),
            carries=any(edge.partial is not None for edge in link.edges),
            hint=hint_of_link(link),
            signed=link.has_sign(),
            straight=not labelled and {link.source, link.target} <= boxes,
            pull=STRONGLY if {link.source, link.target} <= middles else 0,
            leads_back=(link.source, link.target) in feedback,
            margin=BESIDE if by_layer else 3,
        )
        add_arrow(drawing, arrow, theme)
        arrows.append(arrow)
    return arrows
