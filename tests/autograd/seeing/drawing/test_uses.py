"""Arrows that would lead too far begin at a small box instead."""

from __future__ import annotations

from autograd import Parameter, Value, draw, gradient_path, topological_order
from tests.autograd.seeing.drawing.pictures import Picture


def reusing(length: int) -> Value:
    """A chain in which every step uses the same three weights."""
    weights = [Parameter(0.9, f"w{i}") for i in range(3)]
    y = Value(1.0, "x")
    for i in range(length):
        y = y * weights[i % 3] + weights[(i + 1) % 3]
    return y


def test_in_a_deep_graph_what_is_used_far_away_is_written_again_by_its_name() -> None:
    y = reusing(40)  # with arrows from end to end this took half a minute
    picture = Picture(draw(y))
    again = picture.of("again")
    assert len(again) > 60
    assert all("weight" in part.classes and part.texts[0] == "w" for part in again)
    assert not any("gradient" in part.texts for part in again)
    assert len(picture.of("weight")) == len(again) + 3
    assert len(picture.of("use")) == 160
    assert (
        picture.caption[-1]
        == "a small box stands for the value of that name, which is drawn in full elsewhere"
    )


def test_so_it_is_on_a_long_path() -> None:
    y = reusing(80)
    weight = next(v for v in topological_order(y) if v.label == "w0")
    picture = Picture(gradient_path(y, weight).draw())
    assert len(picture.of("again")) > 40
    assert "a small box stands for" in picture.caption[-1]


def test_in_a_small_graph_nothing_is_written_twice() -> None:
    picture = Picture(draw(reusing(4)))
    assert not picture.of("again")
    assert "small box" not in " ".join(picture.caption)
