"""Reports stay small whatever is reported, and lose a drawing rather than themselves."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest

from nn.command.job import prepare
from nn.command.report import linked_pages, page, pictures
from nn.command.report.film import MOST_POINTS, sampled
from nn.command.result import Result
from nn.command.run import run
from nn.command.settings import default_settings
from nn.data import moons, xor
from nn.data.dataset import Dataset

MEGABYTE = 1_000_000


def noise(rows: int, columns: int, classes: int = 0) -> Dataset:
    """A table of random numbers, with so many classes, or of a regression."""
    rng = random.Random(rows)
    X = [[rng.gauss(0, 1) for _ in range(columns)] for _ in range(rows)]
    y: list[float] = [i % classes for i in range(rows)] if classes else [rng.gauss(0, 1) for _ in range(rows)]
    names = tuple(f"class {k}" for k in range(classes)) if classes else None
    return Dataset("noise", X, y, tuple(f"x{i}" for i in range(columns)), "y", names)


def trained(data: Dataset, **settings: Any) -> Result:
    chosen = {"layers": (2,), "epochs": 1, "engine": "eager", "batch": 500, **settings}
    return run(prepare(data, replace(default_settings(data), **chosen)))


@pytest.mark.parametrize(("columns", "classes"), [(3, 0), (2, 2)], ids=["regression", "plane"])
def test_of_many_samples_some_are_drawn_and_it_is_said(columns: int, classes: int) -> None:
    result = trained(noise(4_000, columns, classes))
    html, files = page.render(result, [])
    assert "Of the 4,000 samples 1,800 are drawn." in html
    assert len(html) < 3 * MEGABYTE
    assert all(len(text) < MEGABYTE for text in files.values())


def test_the_samples_that_are_drawn_are_from_all_over_the_data() -> None:
    data = noise(4 * MOST_POINTS, 1)
    drawn = sampled(data)
    assert len(drawn) == MOST_POINTS
    assert [row[0] for row in drawn.X] == [row[0] for row in data.X[::4]]
    assert sampled(drawn) is drawn


def test_few_classes_are_a_matrix_and_of_many_those_confused_are_named() -> None:
    few, many = (trained(noise(4 * k, 3, k), engine="tape") for k in (32, 60))
    html, _ = page.render(few, few.job.model.parameters()[:1])
    assert "Confusion matrix" in html
    assert "confusion dense wide" in html
    html, _ = page.render(many, [])
    assert "Confusion matrix" not in html
    assert "taken for" in html
    assert " and 48 more" in html, "not all classes are listed"
    assert len(html) < MEGABYTE


def test_a_drawing_that_fails_costs_itself_and_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*args: Any, **kwargs: Any) -> Any:
        raise ValueError("405 nodes\n are too many")

    result = trained(moons(24), epochs=3)
    for home, name in (
        (pictures, "draw"), (pictures, "gradient_path"), (page, "loss_curve"), (page, "_plot"),
        (page, "film_of"), (linked_pages, "walk"), (linked_pages, "gallery"),
    ):  # fmt: skip
        monkeypatch.setattr(home, name, failing)
    html, files = page.render(result, [])
    assert files == {}
    for what in ("network", "gradient path of w11^1", "loss curve", "plot", "film", "player", "gallery"):
        assert f"{what} could not be made: 405 nodes are too many." in html


def test_a_page_that_is_too_large_to_open_is_left_out(undrawn: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linked_pages, "MOST_BYTES", 1000)
    _, files = page.render(trained(xor(), held_out=0.0), [])
    assert not {"walk.html", "gallery.html"} & set(files)


def test_of_large_path_drawings_some_are_left_out_and_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "MOST_BYTES", 50_000)
    html, files = page.render(trained(xor(), held_out=0.0), [])
    drawn = [len(text) for name, text in files.items() if name.startswith("paths/")]
    assert len(drawn) > 1
    assert sum(drawn) <= 50_000 < sum(drawn) + min(drawn)
    assert f"Of these 9 gradient paths {len(drawn)} are drawn" in html


@pytest.mark.parametrize(
    ("data", "penalty"), [(noise(300, 2), 0.005), (noise(100, 2, 2), 0.001), (xor(), 0.0)]
)
def test_the_default_penalty_falls_with_the_samples(data: Dataset, penalty: float) -> None:
    assert default_settings(data).l2 == pytest.approx(penalty)
