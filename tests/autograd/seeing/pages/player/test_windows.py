"""Boxes of what goes over a picture: its dots stand as the picture does, and one shows what it sees of it."""

import random

import pytest

from autograd import Value, walk
from autograd import sum as total
from autograd.seeing.pages.player.views.choice import boxes_of
from autograd.seeing.pages.player.views.network import Row, network_views
from autograd.seeing.pages.player.views.parts import Whole
from nn import AvgPool2d, Conv1d, Conv2d, Flatten, Layer, MaxPool2d, Module, Reshape, Sequential


class Net(Module):
    def __init__(self, conv, seen):
        self.conv, self.out = conv, Layer(seen, 1, "linear", seed=1)

    def forward(self, x):
        planes = self.conv(x)
        rows = [row for plane in planes for row in plane] if isinstance(planes[0][0], list) else planes
        return self.out([v for row in rows for v in row])


def walked(conv, seen, *sizes):
    chance = random.Random(0)

    def numbers(sizes):
        return [numbers(sizes[1:]) for _ in range(sizes[0])] if sizes else chance.random()

    return walk(Net(conv, seen)(numbers(sizes)))


@pytest.mark.parametrize(
    ("conv", "seen", "sizes", "picture", "columns"),
    [
        (Conv2d(1, 2, 3, seed=0), 2 * 2 * 4, (1, 4, 6), 6, 4),
        (Conv2d(1, 1, 3, padding=1, seed=0), 3 * 5, (1, 3, 5), 5, 5),
        (Conv2d(2, 1, 2, seed=0), 4 * 3, (2, 5, 4), 4, 3),
        (Conv2d(1, 1, 3, stride=2, seed=0), 2 * 3, (1, 5, 7), 7, 3),
        (Conv2d(1, 1, 3, stride=2, padding=1, seed=0), 4 * 4, (1, 8, 8), 8, 4),
        (Conv1d(2, 1, 3, seed=0), 6, (2, 8), 8, 6),
    ],
)
def test_inputs_and_outputs_stand_in_the_rows_of_their_picture(conv, seen, sizes, picture, columns):
    inputs, box, *_ = boxes_of(walked(conv, seen, *sizes).trace, 0)
    assert (inputs.columns, inputs.planes, box.columns) == (picture, sizes[0], columns)
    assert len(box.dots) == seen


@pytest.mark.parametrize("pool", [MaxPool2d, AvgPool2d])
@pytest.mark.parametrize(("size", "stride", "columns"), [(2, 2, 3), (3, 3, 2), (2, 1, 5)])
def test_what_pooling_takes_and_what_it_gives_stand_in_rows_too(pool, size, stride, columns):
    kernels, seen = 3, 3 * columns**2
    model = Sequential(
        Reshape(1, 8, 8), Conv2d(1, kernels, 3, seed=0), pool(size, stride), Flatten(), Layer(seen, 1, seed=1)
    )
    output = model([random.Random(i).random() for i in range(64)])
    facts = walk(output).trace
    inputs, box, pooled, *_ = boxes_of(facts, 0)
    assert (inputs.columns, box.columns, len(box.dots)) == (8, 6, 36 * kernels)
    assert (pooled.columns, pooled.planes, len(pooled.dots)) == (columns, kernels, seen)
    members = [node.id for dot in pooled.dots for node in dot.members]
    assert len(members) == len({*members})
    assert {node.id for node in pooled.nodes} == {node.id for node in pooled.group.members}
    given = [dot.members[-1].id for dot in pooled.dots]
    assert given == [node.id for node in pooled.group.outputs()]


def test_every_layer_of_a_network_of_convolutions_is_pictures():
    convolutions = [Conv2d(1, 3, 3, padding=1, seed=0), Conv2d(3, 2, 3, padding=1, seed=1)]
    halves = [MaxPool2d(2), AvgPool2d(2)]
    chain = [part for pair in zip(convolutions, halves, strict=True) for part in pair]
    model = Sequential(Reshape(1, 8, 8), *chain, Flatten(), Layer(8, 1, seed=2))
    layers = boxes_of(walk(model([random.Random(i).random() for i in range(64)])).trace)
    assert [(x.columns, len(x.dots)) for x in layers[:5]] == [
        (8, 64), (8, 192), (4, 48), (4, 32), (2, 8)
    ]  # fmt: skip
    pooled = layers[2]
    for k, dot in enumerate(pooled.dots):  # each among what it is computed of
        plane, row, column = k // 16, k % 16 // 4, k % 4
        taken = layers[1].dots[64 * plane + 16 * row + 2 * column]
        assert taken.members[-1].value <= dot.members[-1].value


def test_what_takes_of_several_planes_at_once_is_no_pooling():
    class Mixing(Module):
        def forward(self, planes):
            first, second = planes
            return [
                [[a * b + a for a, b in zip(*rows, strict=True)] for rows in zip(first, second, strict=True)]
            ]

    model = Sequential(Reshape(1, 6, 6), Conv2d(1, 2, 3, seed=0), Mixing(), Flatten(), Layer(16, 1, seed=1))
    *_, mixed, _ = boxes_of(walk(model([0.1 * i for i in range(36)])).trace)
    assert (mixed.columns, mixed.planes) == (0, 1)


def test_what_does_not_overlap_stands_in_the_rows_that_its_module_tells():
    layers = boxes_of(walked(Conv2d(1, 1, 2, stride=2, seed=0), 4, 1, 4, 4).trace, 0)
    assert [layer.columns for layer in layers[:2]] == [4, 2]


def test_a_dot_shows_its_patch_to_mouse_and_keyboard(opened):
    sheet = opened(walked(Conv2d(1, 2, 3, activation="tanh", seed=0), 16, 1, 4, 6).html())
    under = (
        "() => [...document.querySelectorAll('.dot.under')].map((dot) => Number(dot.id.split('-').at(-1)))"
    )
    patch = [6 * row + column for row in (1, 2, 3) for column in (2, 3, 4)]
    dot = "#network-l1-14"  # the second kernel in the second row, third column
    sheet.locator(dot).hover(force=True)
    assert sheet.evaluate(under) == patch
    sheet.mouse.move(0, 0)
    assert sheet.evaluate(under) == []
    sheet.focus(dot)
    assert sheet.evaluate(under) == patch
    assert sheet.get_attribute(dot, "aria-label") == "conv.kernels.a₂⁽¹⁾[7], conv: value –, gradient –"
    assert sheet.get_attribute(dot, "aria-description").startswith("from x₉, x₁₀, x₁₁, x₁₅")
    sheet.keyboard.press("Enter")
    assert sheet.locator("#crumbs").inner_text().split("›")[-1].strip() == "plane 2, row 2, column 3"
    assert sheet.errors == []


@pytest.mark.parametrize(("size", "stride", "side"), [(2, 2, 3), (2, 1, 5)])
@pytest.mark.parametrize("kernels", [1, 3])
def test_an_arrow_says_the_shape_of_the_pictures_that_cross(kernels, size, stride, side):
    steps = [Reshape(1, 8, 8), Conv2d(1, kernels, 3, seed=0), MaxPool2d(size, stride), Flatten()]
    model = Sequential(*steps, Layer(kernels * side**2, 2, seed=1))
    facts = walk(model([random.Random(i).random() for i in range(64)])[0]).trace
    row = Row(Whole(facts), boxes_of(facts, 0), "")
    assert row.words[1, 2] == f"{kernels}×6×6 values"
    assert row.words[2, 3].startswith(f"{kernels}×{side}×{side} values · ")
    overview = next(view for view in network_views(facts, row.layers) if view.name == "network")
    assert f"{kernels}×6×6 values" in str(overview.drawing)


class Parts(Module):
    """Two layers: one takes the first row of a picture, the other all of it."""

    def __init__(self):
        self.conv, self.row, self.all = Conv2d(1, 1, 3, seed=0), Layer(4, 1, seed=1), Layer(16, 1, seed=2)

    def forward(self, x):
        (plane,) = self.conv(x)
        return self.row(plane[0]) + self.all([v for row in plane for v in row])


def test_a_shape_is_said_where_all_of_it_crosses_and_only_there():
    facts = walk(Parts()([[[i + j / 6 for j in range(6)] for i in range(6)]])).trace
    row = Row(Whole(facts), boxes_of(facts, 0), "")
    titles = [layer.title for layer in row.layers]
    said = {titles[j]: words for (i, j), words in row.words.items() if titles[i] == "conv"}
    assert said == {"row": "4 weights", "all": "1×4×4 values · 16 weights"}


class Shared(Module):
    def __init__(self, part):
        self.part = part

    def forward(self, *pictures):
        return [self.part(picture) for picture in pictures]


def numbers_in(x):
    return [v for y in x for v in numbers_in(y)] if isinstance(x, list) else [x]


def sliding_part(kind, chance):
    size, stride = chance.randint(1, 3), chance.randint(1, 3)
    if issubclass(kind, (Conv1d, Conv2d)):
        return kind(1, 2, size, stride=stride, padding=chance.randrange(size), seed=0)
    return kind(size, stride=stride)


@pytest.mark.parametrize("kind", [Conv1d, Conv2d, MaxPool2d, AvgPool2d])
def test_what_is_used_on_pictures_of_any_sizes_and_of_which_some_numbers_are_used_is_shown(kind):
    for seed in range(40):
        chance = random.Random(seed)
        part, pictures = sliding_part(kind, chance), []
        for _ in range(chance.randint(1, 3)):
            rows, columns = chance.randint(3, 6), chance.randint(3, 6)
            picture = [[chance.choice([0.0, chance.random()]) for _ in range(columns)] for _ in range(rows)]
            pictures.append([picture[0]] if kind is Conv1d else [picture])
        given = [v for v in numbers_in(Shared(part)(*pictures)) if isinstance(v, Value)]
        trace = walk(total([v * v for v in chance.sample(given, chance.randint(1, len(given)))])).trace
        shown = {node for view in network_views(trace, boxes_of(trace, 0)) for node in view.nodes}
        assert shown >= {node.id for node in trace.nodes if node.op is not None and node.id in trace.places}


def test_each_use_of_a_module_knows_its_own_picture():
    part = MaxPool2d(2)
    sizes = [(4, 6), (6, 4), (2, 8)]
    given = Shared(part)(*([[[float(i * j) for j in range(n)] for i in range(m)]] for m, n in sizes))
    trace = walk(total([v * v for v in numbers_in(given)])).trace
    told = [use.over for use in trace.uses if use.over]
    assert told == [(2, 2, m, n, 2, 2, 0, 0) for m, n in sizes]
    assert trace.modules["part",].window == (2, 2)
