"""The ways between boxes: each leads from its box to the other, and none through a box."""

from __future__ import annotations

import re
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from autograd.seeing.pages.player.svg.arrows import bent_arrow
from autograd.seeing.pages.player.svg.elements import Point, text_width
from autograd.seeing.pages.player.views.ways import stand
from autograd.seeing.style import SMALL_SIZE, TEXT_SIZE

Sizes = list[tuple[float, float]]


@st.composite
def plans(draw: st.DrawFn) -> tuple[Sizes, list[tuple[int, int]], float]:
    """The sizes of some boxes, arrows between them, and how wide a line is."""
    sizes = draw(st.lists(st.tuples(st.floats(40, 200), st.floats(20, 150)), min_size=1, max_size=14))
    box = st.integers(0, len(sizes) - 1)
    pairs = draw(st.lists(st.tuples(box, box).filter(lambda ends: ends[0] != ends[1]), max_size=30))
    return sizes, pairs, draw(st.floats(100, 1500))


def crosses(start: Point, end: Point, corner: Point, size: tuple[float, float]) -> bool:
    """Whether a level or upright piece of a way lies in a box."""
    return _overlap(start.x, end.x, corner.x, size[0]) and _overlap(start.y, end.y, corner.y, size[1])


def _overlap(a: float, b: float, start: float, length: float) -> bool:
    return min(a, b) < start + length and start < max(a, b)


@given(plans())
def test_no_way_leads_through_a_box(plan: tuple[Sizes, list[tuple[int, int]], float]) -> None:
    sizes, pairs, widest = plan
    found = stand(sizes, pairs, widest=widest, between=60, margin=16)
    assert set(found.ways) == set(pairs)
    for way in found.ways.values():
        for start, end in pairwise(way):
            assert start.x == end.x or start.y == end.y
            assert not any(crosses(start, end, *box) for box in zip(found.corners, sizes, strict=True))


@given(plans())
def test_a_way_begins_and_ends_beside_its_boxes_and_all_is_within_the_picture(
    plan: tuple[Sizes, list[tuple[int, int]], float],
) -> None:
    sizes, pairs, widest = plan
    found = stand(sizes, pairs, widest=widest, between=60, margin=16)
    for (a, b), way in found.ways.items():
        for box, end in ((a, way[0]), (b, way[-1])):
            corner, (width, height) = found.corners[box], sizes[box]
            assert corner.x - 4 <= end.x <= corner.x + width + 4
            assert corner.y - 4 <= end.y <= corner.y + height + 4
        assert all(0 <= p.x <= found.width and 0 <= p.y <= found.height for p in way)


@given(plans(), st.sampled_from(["12 weights", "2×4×4 values · 128 weights (36 uses)"]))
def test_the_words_on_an_arrow_stand_on_no_piece_of_it(
    plan: tuple[Sizes, list[tuple[int, int]], float], said: str
) -> None:
    sizes, pairs, widest = plan
    width = text_width(said, SMALL_SIZE)
    for way in stand(sizes, pairs, widest=widest, between=width + 20, margin=16).ways.values():
        found = re.search(r'<text x="(.+?)" y="(.+?)" class="note( middle)?"', bent_arrow("a", way, said))
        assert found
        left = float(found[1]) - (width / 2 if found[3] else 0.0)
        around = (
            Point(left, float(found[2]) - TEXT_SIZE),
            (width, TEXT_SIZE + 2.0),
        )  # they grow where it shrinks
        assert not any(crosses(start, end, *around) for start, end in pairwise(way))
