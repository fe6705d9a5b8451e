"""The page of a network that is too large to be stepped through: Modules stand for their values."""

import math
import random
import struct
from zlib import decompress

import pytest

from autograd import Value
from autograd.mistakes import overwrites
from autograd.seeing.pages.player import sketch
from autograd.seeing.pages.player.sketch import Sketch
from autograd.seeing.pages.player.views.choice import MOST_NODES
from autograd.seeing.pages.player.views.matrix import png
from autograd.seeing.walk import walk
from nn import MLP, Conv2d, Flatten, GRUCell, Layer, Recurrent, Reshape, Sequential, Transformer, losses
from tests.shown import MEASURE, SMALLEST


def mlp():
    return losses.cross_entropy(MLP(6, [5, 4, 3], "tanh", seed=0)([0.1 * k for k in range(6)]), 1)


def in_time(steps=3):
    return losses.mse(Recurrent(GRUCell(2, 3, seed=0), 1, seed=1)([[0.1, 0.2]] * steps), 0.0)


def with_windows():
    model = Sequential(Reshape(1, 6, 6), Conv2d(1, 2, 3, seed=0), Flatten(), Layer(32, 3, seed=1))
    return losses.cross_entropy(model([0.1 * k for k in range(36)]), 1)


def with_blocks():
    return Transformer(9, 8, 2, 2, 4, seed=0)([1, 2, 3])[-1][0]


NETWORKS = {"mlp": mlp, "in time": in_time, "windows": with_windows, "blocks": with_blocks}


@pytest.fixture(autouse=True)
def _small(monkeypatch):
    monkeypatch.setattr(sketch, "MOST_NODES", 20)


@pytest.fixture(params=NETWORKS, scope="module")
def steps(request):
    return walk(NETWORKS[request.param](), by="layer")


def test_every_value_is_in_a_box_and_every_box_in_a_picture(steps):
    sketched = Sketch(steps.content())
    nodes = {node.id for node in sketched.trace.nodes}
    assert nodes == {node for view in sketched.views for node in view.nodes}
    assert nodes == sketched.views[0].nodes.keys()  # the first holds them all
    assert all(
        set(view.opens.values()) <= {other.name for other in sketched.views} for view in sketched.views
    )


def test_no_picture_speaks_of_a_single_value(steps):
    """Nothing that a page of boxes cannot fill: the slots are those of rows, and of the output."""
    sketched = Sketch(steps.content())
    output, keys = sketched.trace.output, sketched.facts()["boxes"].keys()
    for view in sketched.views:
        slots = [part.partition('"')[0] for part in view.svg.split('data-slot="')[1:]]
        for kind, name, *_ in (slot.split(":") for slot in slots):
            assert name in keys if kind == "box" else name == output


def test_the_steps_are_those_by_layer(steps):
    shown = Sketch(steps.content()).facts()
    [size] = shown["sizes"]
    assert size["sentences"] == [step.sentence for step in steps]
    assert size["ends"] == sorted(size["ends"])
    assert size["ends"][-1] == len(shown["steps"]["kind"])


def test_an_arrow_carries_the_size_of_the_gradients_that_it_stands_for():
    content = walk(mlp()).content()
    sketched = Sketch(content)
    columns = sketched.facts()["steps"]
    names = [node.label for node in sketched.trace.nodes]
    sent = {
        (names[node], names[target]): size
        for node, target, size in zip(
            columns["node"], columns["target"], columns["contribution"], strict=True
        )
        if target >= 0
    }
    inputs = [node for node in content.trace.nodes if node.role == "input"]
    whole = math.hypot(*(node.gradient for node in inputs))
    assert sent.keys() == {
        ("inputs", "layer 1"), ("layer 1", "layer 2"), ("layer 2", "layer 3"), ("layer 3", "cross-entropy")
    }  # fmt: skip
    assert float(sent["inputs", "layer 1"]) == pytest.approx(whole, rel=1e-3)


def shades_of(picture):
    """The shades in a PNG picture, row by row."""
    wide, high = struct.unpack(">II", picture[16:24])
    length = struct.unpack(">I", picture[33:37])[0]
    packed = decompress(picture[41 : 41 + length])
    width = 1 + (wide + 1) // 2
    rows = [packed[k * width + 1 : (k + 1) * width] for k in range(high)]
    return [[half for byte in row for half in (byte >> 4, byte & 15)][:wide] for row in rows]


@pytest.mark.parametrize("columns", [1, 2, 7])
def test_a_picture_keeps_every_shade(columns):
    random.seed(0)
    shades = [[random.randrange(16) for _ in range(columns)] for _ in range(5)]
    assert shades_of(png(shades)) == shades


def test_what_is_left_out_is_told(monkeypatch):
    """Weights for which there is no room, and uses in time that stay in one box."""
    monkeypatch.setattr(sketch, "MOST_CELLS", 25)
    first, *others = Sketch(walk(mlp()).content()).views
    assert "105 values" in first.note
    assert "gradient_path(output, weight)" in first.note
    assert "gallery" in first.note
    assert "30 weights of layer 1" in first.note
    assert "layer 1" not in {view.title for view in others}
    first, *_ = Sketch(walk(in_time(20)).content()).views
    assert "20 uses of cell" in first.note


def test_a_graph_without_modules_and_what_is_told_of_single_edges_are_refused(monkeypatch):
    monkeypatch.undo()
    y = Value(1.0, "a")
    for _ in range(MOST_NODES):
        y = y.tanh()
    with pytest.raises(ValueError, match=r"12,001 nodes .* gradient_path\(output, weight\)"):
        walk(y).html()
    loss = losses.mse(MLP(1000, [12, 1], seed=0)([0.1] * 1000), [1.0])
    for refused in (walk(loss, beside=overwrites).html, lambda: walk(loss).html(quiz=True)):
        with pytest.raises(ValueError, match="too many to step through"):
            refused()
    assert len(walk(loss).html()) < 2_000_000


EVERY_STEP = """() => {
    const told = [];
    for (const next = document.getElementById("next"); !next.disabled; next.click())
        told.push(document.getElementById("sentence").textContent);
    return [...told.slice(1), document.getElementById("sentence").textContent];
}"""


@pytest.mark.parametrize("width", [360, 1400])
def test_the_page_tells_each_step_and_ends_with_what_the_boxes_hold(opened, steps, width):
    sheet = opened(steps.html())
    sheet.set_viewport_size({"width": width, "height": 800})
    assert sheet.evaluate(EVERY_STEP) == [step.sentence for step in steps]
    content = steps.content()
    for layer in content.layers:
        if layer.group is None or not layer.facts:
            continue
        key = sketch._without_dots(layer).key
        rows = sheet.locator(f'svg:not(.ahead) [data-slot^="box:{key}:"]').all_text_contents()
        assert rows == [fact.number for fact in layer.facts]
    assert sheet.locator(".switch").is_hidden()
    assert sheet.locator("#what-if").is_hidden()
    assert sheet.evaluate(MEASURE, SMALLEST) == []
    for _ in range(3):  # inwards, as far as it goes
        if not (
            boxes := sheet.locator("svg:not(.ahead) > g [data-opens], svg:not(.ahead) > [data-opens]").all()
        ):
            break
        boxes[0].press("Enter")
    assert sheet.errors == []


@pytest.mark.parametrize("odd", [math.nan, math.inf, -math.inf])
def test_weights_that_are_not_finite_are_counted_and_left_blank(odd):
    model = MLP(6, [5, 3], "tanh", seed=0)
    for p in model.parameters()[:2]:
        p.data = odd
    views = Sketch(walk(losses.cross_entropy(model([0.1 * k for k in range(6)]), 1)).content()).views
    assert sum("2 weights not finite: left blank" in view.svg for view in views) == 1
