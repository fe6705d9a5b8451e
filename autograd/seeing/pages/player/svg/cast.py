"""Pictures that differ in nothing but the nodes that they show: drawn once, as a mould, and cast from it.

The neurons of a layer look alike.  A mould is the picture of one of them with gaps, and a gap is a number:
`NAME` stands for the name of the view, four times k for the id of its k-th node, and the three numbers after
that for the node's faces: its chip, what it says when pointed at, and its box.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from autograd.seeing.facts.box_content import Box, box_of_node
from autograd.seeing.facts.records import NodeFact
from autograd.seeing.pages.player.svg.box_shapes import box_face, box_size
from autograd.seeing.pages.player.svg.chips import chip_body, short_name
from autograd.seeing.pages.player.svg.elements import hint, name_markup

NAME = -1
KINDS = 4
"""How many gaps belong to a node: its id and its faces."""

FILLED_SLOT = re.compile(r'(data-slot="[^"]*")>[^<]*</text>')
GAP = re.compile("\0(-?[0-9]+)\0")

ID, NAMED = "\0", "\1"
"""Stand for a node's id and for its name in what nodes that look alike have in common."""

Mould = tuple[str | int, ...]
"""A text with gaps."""


def emptied(svg: str) -> str:
    """Return a picture without numbers: a page has them in its facts, and would be twice as long with them.

    >>> emptied('<text data-slot="value:n0">2</text>')
    '<text data-slot="value:n0"></text>'
    """
    return FILLED_SLOT.sub(r"\1></text>", svg)


class Look(NamedTuple):
    """What a node looks like, numbers left open: its chip and its box, and the size of the box."""

    chip: str
    box: str
    size: tuple[float, float]


@dataclass
class Faces:
    """What nodes look like in every picture; each kind of look is drawn once, when first asked for.

    Nodes of one name and kind, such as a neuron's in all samples, have one look, in which `ID` stands for
    the node's id; those of one kind and size differ in their names alone.
    What they say when pointed at is each one's own.
    """

    _looks: dict[str, tuple[Look, str]] = field(default_factory=dict)
    _alike: dict[Hashable, Look] = field(default_factory=dict)
    _unnamed: dict[Hashable, tuple[str, str]] = field(default_factory=dict)

    def look(self, node: NodeFact) -> tuple[Look, str]:
        """Return the look of a node, and its hint."""
        if node.id not in self._looks:
            box = box_of_node(node)
            kind = box.role, box.kind, len(box.facts), box.is_bare and box.facts
            if (node.label, kind) not in self._alike:
                self._alike[node.label, kind] = self._drawn(box, node.label, kind)
            self._looks[node.id] = self._alike[node.label, kind], hint(box.title)
        return self._looks[node.id]

    def _drawn(self, box: Box, label: str, kind: Hashable) -> Look:
        size, name = box_size(box), NAMED if label else ""
        if (size, name, kind) not in self._unnamed:
            any_ = replace(box, id=ID)
            self._unnamed[size, name, kind] = emptied(chip_body(any_, name)), emptied(box_face(any_, name))
        chip, face = self._unnamed[size, name, kind]
        markup = name_markup(box.name) if box.name else ""
        return Look(chip.replace(NAMED, short_name(label)), face.replace(NAMED, markup), size)

    def of(self, node: NodeFact) -> tuple[str, ...]:
        """Return a node's chip, its hint and its box."""
        look, said = self.look(node)
        return said + look.chip.replace(ID, node.id), said, look.box.replace(ID, node.id)

    def size(self, node: NodeFact) -> tuple[float, float]:
        """Return the size of a node's box."""
        return self.look(node)[0].size


@dataclass(frozen=True)
class Cast:
    """A picture made from a mould.

    Attributes:
        mould: the text with gaps.
        name: the name of the view.
        nodes: the nodes that the gaps speak of.
        faces: what they look like.
    """

    mould: Mould
    name: str
    nodes: Sequence[NodeFact]
    faces: Faces

    def __str__(self) -> str:
        return "".join([piece if isinstance(piece, str) else self._filled(piece) for piece in self.mould])

    def _filled(self, gap: int) -> str:
        if gap == NAME:
            return self.name
        node, kind = self.nodes[gap // KINDS], gap % KINDS
        return node.id if kind == 0 else self.faces.of(node)[kind - 1]


def mould_of(svg: str, name: str, nodes: Sequence[NodeFact], faces: Faces) -> Mould:
    """Return the mould of a picture that shows these nodes."""
    svg = emptied(svg)
    place = {}
    for k, node in enumerate(nodes):
        place[node.id] = k
        chip, said, box = faces.of(node)
        for kind, face in ((1, chip), (3, box)):
            svg = svg.replace(face, f"\0{KINDS * k + kind}\0")
        element, opening, inside = svg.partition(f'id="{name}-{node.id}"')
        opening, end, inside = inside.partition(">")
        if inside.startswith(said):  # others may say the same
            svg = (
                f'{element}id="{name}-{node.id}"{opening}{end}\0{KINDS * k + 2}\0{inside.removeprefix(said)}'
            )

    def opened(found: re.Match[str]) -> str:
        own = re.sub(r"\bn\d+\b", lambda node: f"\0{KINDS * place[node[0]]}\0", found[3])
        return f"{found[1]}\0{NAME}\0-{own}" if found[2] else f"{found[1]}{own}"

    svg = re.sub(rf'(\bid="|\bdata-slot=")({name}-)?([^"]*)', opened, svg)
    pieces: list[str | int] = list(GAP.split(svg))
    pieces[1::2] = [int(gap) for gap in pieces[1::2]]
    return tuple(pieces)
