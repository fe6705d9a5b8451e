"""Pictures that differ in nothing but the nodes that they show: drawn once, as a mould, and cast from it.

The neurons of a layer look alike.  A mould is the picture of one of them with gaps, and a gap is a number:
`NAME` stands for the name of the view, four times k for the id of its k-th node, and the three numbers after
that for the node's faces: its chip, what it says when pointed at, and its box.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from autograd.seeing.facts.box import Box, box_of_node
from autograd.seeing.facts.records import NodeFact
from autograd.seeing.pages.player.svg.boxes import box_face, box_size
from autograd.seeing.pages.player.svg.chips import chip_face
from autograd.seeing.pages.player.svg.elements import hint

NAME = -1
KINDS = 4
"""So many gaps belong to a node: its id and its faces."""

FILLED_SLOT = re.compile(r'(data-slot="[^"]*")>[^<]*</text>')
GAP = re.compile("\0(-?[0-9]+)\0")

Mould = tuple[str | int, ...]
"""A text with gaps."""


def emptied(svg: str) -> str:
    """Return a picture without numbers: a page has them in its facts, and would be twice as long with them.

    >>> emptied('<text data-slot="value:n0">2</text>')
    '<text data-slot="value:n0"></text>'
    """
    return FILLED_SLOT.sub(r"\1></text>", svg)


@dataclass
class Faces:
    """What nodes look like in every picture, numbers left open; each is drawn once, when first asked for."""

    _boxes: dict[str, Box] = field(default_factory=dict)
    _faces: dict[str, tuple[str, ...]] = field(default_factory=dict)
    _sizes: dict[str, tuple[float, float]] = field(default_factory=dict)

    def box(self, node: NodeFact) -> Box:
        """Return what a node's box says."""
        if node.id not in self._boxes:
            self._boxes[node.id] = box_of_node(node)
        return self._boxes[node.id]

    def of(self, node: NodeFact) -> tuple[str, ...]:
        """Return a node's chip, its hint and its box."""
        if node.id not in self._faces:
            box = self.box(node)
            self._faces[node.id] = emptied(chip_face(node)), hint(box.title), emptied(box_face(box))
        return self._faces[node.id]

    def size(self, node: NodeFact) -> tuple[float, float]:
        """Return the size of a node's box."""
        if node.id not in self._sizes:
            self._sizes[node.id] = box_size(self.box(node))
        return self._sizes[node.id]


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
