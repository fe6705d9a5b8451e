"""What `draw` is asked for: how much may be drawn, in which theme, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from autograd import Value, draw, where
from autograd.seeing.style import THEMES
from tests.autograd.seeing.drawing.pictures import Picture, example
from tests.thorough import DEEP


def test_constants_can_be_left_out() -> None:
    x = Value(3.0, "x")
    picture = Picture(draw(where(x > 1, x * 2, 5), constants=False))
    assert [part.texts for part in picture.of("constant") if "node" in part.classes] == [
        ["1"]
    ]  # the condition
    assert len(picture.of("value")) == 4


def test_a_graph_over_the_limit_is_refused_with_its_size_and_a_way_out() -> None:
    with pytest.raises(ValueError, match="7 nodes and 6 edges") as refusal:
        draw(example(), limit=6)
    for way_out in ("collapse=", "gradient_path(output, weight).draw()", "raise the limit"):
        assert way_out in str(refusal.value)
    assert draw(example(), limit=7)


def test_a_long_chain_is_refused_without_recursion() -> None:
    v = Value(1.0, "x")
    for _ in range(DEEP):
        v = v.relu()
    with pytest.raises(ValueError, match=f"{DEEP + 1:,} nodes and {DEEP:,} edges"):
        draw(v)


def test_hidden_constants_do_not_count() -> None:
    x = Value(1.0, "x")
    assert draw(x * 2 + 1, constants=False, limit=3)


def test_a_dark_picture_is_dark() -> None:
    picture = draw(example(), theme="dark").pipe(encoding="utf-8").lower()
    assert THEMES["dark"].paper.lower() in picture
    assert THEMES["light"].paper.lower() not in picture


@pytest.mark.parametrize(
    ("output", "options", "error", "message"),
    [
        (3.0, {}, TypeError, "taken of one Value"),
        ([Value(1.0)], {}, TypeError, "list"),
        (Value(1.0), {"limit": 0}, ValueError, "at least 1"),
        (Value(1.0), {"limit": 2.5}, TypeError, "whole number"),
        (Value(1.0), {"theme": "drak"}, ValueError, "'light', 'dark'; got 'drak'; did you mean 'dark'"),
        (Value(1.0), {"collapse": "layers"}, ValueError, "did you mean 'layer'"),
        (Value(1.0), {"opened": 3}, TypeError, r"the path of a Module.*; got 3 \(int\)"),
        (Value(1.0), {"opened": ["blocks", 3]}, TypeError, "or a list of such; got"),
        (Value(1.0), {"names": ["x"]}, TypeError, "mapping"),
        (Value(1.0), {"names": {5: Value(2.0)}}, TypeError, r"its keys are strings; got 5 \(int\)"),
    ],
)
def test_bad_input_is_refused(
    output: Any, options: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        draw(output, **options)
