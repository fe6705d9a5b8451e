"""What slides over a picture opens as one view: each number's window and products are the true ones."""

import random
from dataclasses import replace
from itertools import chain, product
from math import isclose

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from autograd import Value, dot, mean, walk
from autograd.notation.numbers import number
from autograd.seeing.pages.player.page import page
from autograd.seeing.pages.player.views.choice import boxes_of
from nn import AvgPool2d, Conv1d, Conv2d, Flatten, Layer, MaxPool2d, Module, Reshape, Sequential
from tests.autograd.seeing.pages.player.driven import go

PAIRS = st.tuples(st.integers(1, 3), st.integers(1, 3))


class Mean(Module):
    """Two Modules in a row, and the mean of what they give."""

    def __init__(self, *parts):
        self.parts = Sequential(*parts)

    def forward(self, x):
        return mean(self.parts(x))


def numbers_of(*sizes):
    chance = random.Random(str(sizes))

    def numbers(sizes):
        return [numbers(sizes[1:]) for _ in range(sizes[0])] if sizes else chance.random()

    return numbers(sizes)


def every(layers):
    for layer in layers:
        yield layer
        yield from every(layer.inner)


def slid(output):
    """What slides over a picture in the graph of an output, and its values by their ids."""
    facts = walk(output).trace
    found = [layer for layer in every(boxes_of(facts, 0)) if layer.slides]
    return found, {node.id: node.value for node in facts.nodes} | {"": 0.0}


def windows_over(planes, size, stride, padding):
    """What each window sees, as lists say it: plane by plane, row by row."""
    rows, columns = (len(planes[0]), len(planes[0][0]))
    tops = range(-padding[0], rows + padding[0] - size[0] + 1, stride[0])
    lefts = range(-padding[1], columns + padding[1] - size[1] + 1, stride[1])
    return [
        [
            plane[r][c] if 0 <= r < rows and 0 <= c < columns else 0.0
            for plane in planes
            for r, c in product(range(top, top + size[0]), range(left, left + size[1]))
        ]
        for top, left in product(tops, lefts)
    ]


def is_true(layer, values, planes, conv, in_order=True):
    windows = layer.slides.windows
    wanted = windows_over(planes, conv.size, conv.stride, conv.padding)
    assert (windows.size, len(windows.planes)) == (conv.size, len(planes))
    assert [[values[id] for id in windows.seen(k)] for k in range(len(wanted))] == wanted
    kernels = [[values[id] for id in kernel] for kernel in layer.slides.kernels]
    wanted_kernels = [[w.data for w in neuron.w] for neuron in conv.kernels.neurons]
    assert kernels == wanted_kernels if in_order else sorted(kernels) == sorted(wanted_kernels)
    assert len(layer.units) == len(layer.slides.sums) == len(wanted) * conv.kernels.nout
    for j, id in enumerate(layer.slides.sums):
        kernel, k = divmod(j, len(wanted))
        weights, bias = (values[id] for id in layer.slides.kernels[kernel]), layer.slides.biases[kernel]
        products = [w * x for w, x in zip(weights, wanted[k], strict=True)]
        assert isclose(sum(products) + values[bias], values[id], abs_tol=1e-12)


RIMS = st.tuples(st.integers(0, 2), st.integers(0, 2))


@given(sides=PAIRS, size=PAIRS, stride=PAIRS, padding=PAIRS, planes=PAIRS, rim=RIMS)
@example(sides=(3, 3), size=(3, 3), stride=(2, 2), padding=(0, 0), planes=(1, 2), rim=(1, 1))
@example(sides=(3, 4), size=(1, 1), stride=(1, 1), padding=(0, 0), planes=(1, 2), rim=(0, 0))
def test_every_window_of_a_convolution_and_its_products_are_the_true_ones(
    sides, size, stride, padding, planes, rim
):
    """Whether windows overlap or not, and with what no window sees in its place."""
    padding = [n % size for n, size in zip(padding, size, strict=True)]
    each = zip(sides, size, stride, rim, strict=True)
    sides = [size + stride * (n - 1) + rim for n, size, stride, rim in each]  # 1 line, too
    conv = Conv2d(planes[0], planes[1], size, stride=stride, padding=padding, activation="tanh", seed=0)
    picture = numbers_of(planes[0], *sides)
    over = [len(conv(picture)[0]), len(conv(picture)[0][0])]
    assume(over[0] * over[1] > 1)
    (layer,), values = slid(Mean(conv, Flatten())(picture))
    is_true(layer, values, picture, conv)
    windows = layer.slides.windows
    assert (len(windows.planes[0]) // windows.columns, windows.columns) == tuple(sides)
    seen = {id for k in range(over[0] * over[1]) for id in windows.seen(k)}
    for numbers, plane in zip(picture, windows.planes, strict=True):
        for at, (x, id) in enumerate(zip(chain.from_iterable(numbers), plane, strict=True)):
            assert (id == "") == (at in windows.unseen(over[0] * over[1]))
            assert id == "" or (values[id] == x and id in seen)


class AtOnce(Module):
    """A convolution that computes all that its kernels give in one use, and gives it in any order."""

    def __init__(self, conv, shuffled):
        self.kernels = [neuron.w for neuron in conv.kernels.neurons]
        self.biases = [neuron.b for neuron in conv.kernels.neurons]
        self.around, self.shuffled = (conv.size, conv.stride, conv.padding), shuffled

    def forward(self, planes):
        seen = windows_over(planes, *self.around)
        pairs = zip(self.kernels, self.biases, strict=True)
        given = [dot(w, window, b) for w, b in pairs for window in seen]
        return [given[k] for k in self.shuffled(len(given))]


@given(sides=PAIRS, size=PAIRS, stride=PAIRS, padding=PAIRS, planes=PAIRS, chance=st.randoms())
def test_so_are_those_of_a_convolution_that_is_computed_at_once(sides, size, stride, padding, planes, chance):
    padding = [n % size for n, size in zip(padding, size, strict=True)]
    stride = [min(n, max(1, size - 1)) for n, size in zip(stride, size, strict=True)]
    sides = [size + stride * (1 + n) for n, size, stride in zip(sides, size, stride, strict=True)]
    conv = Conv2d(planes[0], planes[1], size, stride=stride, padding=padding, seed=0)
    picture = numbers_of(planes[0], *sides)
    model = AtOnce(conv, lambda n: chance.sample(range(n), n))
    inputs = [[[Value(x) for x in row] for row in plane] for plane in picture]
    found, values = slid(sum(v**2 for v in model(inputs)))
    overlaps = all(stride < size for size, stride in zip(size, stride, strict=True))
    assert len(found) == 1 or not overlaps
    for layer in found:
        is_true(layer, values, picture, conv, in_order=False)


@given(size=PAIRS, stride=PAIRS, padding=PAIRS, side=st.integers(4, 6))
@example(size=(3, 3), stride=(3, 2), padding=(1, 1), side=4)  # only the last window is a whole one
def test_after_another_picture_windows_that_do_not_overlap_are_told_too(size, stride, padding, side):
    padding = [n % size for n, size in zip(padding, size, strict=True)]
    stride = [*map(min, stride, size)]  # else not all of the first picture is in the graph
    assume(all(side + 2 * n >= size for n, size in zip(padding, size, strict=True)))
    first = Conv2d(1, 2, 3, padding=1, seed=0)
    conv = Conv2d(2, 2, size, stride=stride, padding=padding, seed=1)
    picture = numbers_of(1, side + 1, side)
    between = [[[v.data for v in row] for row in plane] for plane in first(picture)]
    seen = windows_over(between, conv.size, conv.stride, conv.padding)
    assume(len(seen) > 1 and all(any(column) for column in zip(*seen, strict=True)))
    (_, layer), values = slid(Mean(first, conv, Flatten())(picture))
    is_true(layer, values, between, conv)


@given(size=PAIRS, stride=PAIRS, pool=st.sampled_from([MaxPool2d, AvgPool2d]))
def test_every_window_of_a_pooling_is_the_true_one(size, stride, pool):
    assume(max(size) > 1)
    stride = [*map(min, stride, size)]
    conv, picture = Conv2d(1, 2, 3, padding=1, seed=0), numbers_of(1, 5, 6)
    between = [[[v.data for v in row] for row in plane] for plane in conv(picture)]
    (_, layer), values = slid(Mean(conv, pool(size, stride), Flatten())(picture))
    windows, per = layer.slides.windows, len(layer.units) // 2
    each = [windows_over([plane], size, stride, (0, 0)) for plane in between]
    assert windows.apart
    assert layer.planes == 2
    for k, (seen, other) in enumerate(zip(*each, strict=True)):
        n = size[0] * size[1]
        assert [values[id] for id in windows.seen(k)] == [*seen, *other]
        for plane, unit in enumerate((layer.units[k], layer.units[per + k])):
            own = [values[id] for id in windows.seen(k)[plane * n : plane * n + n]]
            gives = values[unit.members[-1].id]
            assert isclose(gives, max(own) if pool is MaxPool2d else sum(own) / n, abs_tol=1e-12)


class Mine(Module):
    """A kernel of one's own, with its numbers in an order of its own, used at every place of a picture."""

    def __init__(self):
        self.kernel = Layer(4, 1, "linear", seed=0)

    def forward(self, picture):
        places = product(range(len(picture) - 1), range(len(picture[0]) - 1))
        return mean(
            self.kernel([picture[r][c], picture[r][c + 1], picture[r + 1][c], picture[r + 1][c + 1]])
            for r, c in places
        )


class Twice(Module):
    """A sum that counts one product twice, and another bias than one."""

    def __init__(self, times):
        self.kernel, self.times = Kernel(times), times

    def forward(self, picture):
        return mean(self.kernel(picture[k : k + 2]) for k in range(len(picture) - 1))


class Kernel(Module):
    def __init__(self, times):
        self.w, self.times = Layer(2, 1, "linear", bias=False, seed=0).neurons[0].w, times

    def forward(self, seen):
        total = sum(w * x for w, x in zip(self.w, seen, strict=True))
        return total + total if self.times == 2 else total.tanh()


def test_a_sliding_module_of_ones_own_gets_the_same_view():
    (layer,), values = slid(Mine()([[Value(x) for x in row] for row in numbers_of(4, 5)]))
    assert (layer.slides.windows.size, layer.slides.windows.across, len(layer.units)) == ((2, 2), 4, 12)
    seen = windows_over([numbers_of(4, 5)], (2, 2), (1, 1), (0, 0))
    assert [[values[id] for id in layer.slides.windows.seen(k)] for k in range(12)] == seen


@pytest.mark.parametrize("times", [1, 2])
def test_the_sum_is_what_the_products_add_up_to_whatever_comes_after(times):
    (layer,), values = slid(Twice(times)([Value(x) for x in numbers_of(6)]))
    weights = [values[id] for id in layer.slides.kernels[0]]
    for k, id in enumerate(layer.slides.sums):
        seen = [values[id] for id in layer.slides.windows.seen(k)]
        assert isclose(sum(w * x for w, x in zip(weights, seen, strict=True)), values[id])


def test_windows_that_go_over_no_picture_stay_boxes():
    class Same(Module):
        def __init__(self):
            self.layer = Layer(3, 1, seed=0)

        def forward(self, rows):
            return mean(self.layer(row) for row in rows)

    assert slid(Same()([[Value(x) for x in row] for row in numbers_of(6, 3)]))[0] == []


# ------------------------------------------------------------------------------------ in the page


@pytest.fixture
def network():
    steps = [
        Conv2d(1, 2, 3, padding=1, activation="relu", seed=1),
        MaxPool2d(2),
        Flatten(),
        Layer(8, 2, seed=2),
    ]
    return walk(Sequential(Reshape(1, 4, 4), *steps)(numbers_of(16))[0])


def told(sheet, view):
    """What stands in the middle of an opened view, row by row."""
    return sheet.locator(f"#{view}-kernel text").all_text_contents()


def inside(opened, network):
    """Its page at the last step, the convolution opened."""
    sheet = opened(network.html(), motion="reduce")
    sheet.keyboard.press("End")
    sheet.locator("#glance-l1").click()
    return sheet


def test_the_window_moves_with_the_pointer_and_tells_its_products(opened, network):
    sheet = inside(opened, network)
    layer = next(layer for layer in boxes_of(network.trace, 0) if layer.slides)
    values = {node.id: node for node in network.trace.nodes} | {"": None}
    for j in (0, 6, 21, 31):  # at a corner, inside, of the second kernel, its last
        sheet.locator(f"#l1-{j}").hover(force=True)
        kernel, k = divmod(j, 16)
        seen = [values[id].value if id else 0.0 for id in layer.slides.windows.seen(k)]
        weights = [values[id].value for id in layer.slides.kernels[kernel]]
        said = told(sheet, "l1")
        for x, w in zip(seen, weights, strict=True):
            at = said.index("×")
            assert said[at + 2 : at + 5] == [number(x), number(w), number(x * w)]
            del said[at]
        products = [x * w for x, w in zip(seen, weights, strict=True)]
        assert said[said.index("Σ window · kernel") + 1] == number(sum(products))
        z = values[layer.slides.sums[j]]
        at = next(i for i, text in enumerate(said) if text.startswith("= ") and "z" in text)
        assert said[at + 1 : at + 3] == [number(z.value), number(z.gradient)]
    assert sheet.errors == []


def test_by_keyboard_the_window_moves_is_told_and_opens_its_steps(opened, network):
    sheet = opened(network.html(), motion="reduce")
    sheet.keyboard.press("End")
    sheet.locator("#glance-l1").focus()
    sheet.keyboard.press("Enter")
    sheet.locator("#l1-0").focus()
    step = sheet.input_value("#place")
    for key, now in (("ArrowRight", 1), ("ArrowDown", 5), ("ArrowLeft", 4), ("ArrowUp", 0)):
        sheet.keyboard.press(key)
        assert sheet.evaluate("document.activeElement.id") == f"l1-{now}"
    for _ in range(4):  # over the edge of the first plane
        sheet.keyboard.press("ArrowRight")
    assert sheet.evaluate("document.activeElement.id") == "l1-16"
    assert sheet.input_value("#place") == step
    assert "plane 2, row 1, column 1: value" in sheet.get_attribute("#l1-16", "aria-label")
    assert sheet.text_content("#heard").startswith("Σ window · kernel ")
    sheet.keyboard.press("Enter")
    assert sheet.locator("#crumbs").inner_text().split("›")[-1].strip() == "plane 2, row 1, column 1"
    assert sheet.errors == []


def test_a_click_fixes_the_window_and_a_second_one_opens_it(opened, network):
    sheet = inside(opened, network)
    sheet.locator("#l1-5").click(force=True)
    before = told(sheet, "l1")
    sheet.locator("#l1-9").hover(force=True)
    assert told(sheet, "l1") == before
    sheet.locator("#l1-5").click(force=True)
    assert "row 2, column 2" in sheet.locator("#crumbs").inner_text()
    assert sheet.errors == []


def test_a_pooling_marks_the_number_that_it_passes_the_gradient_on_to(opened, network):
    sheet = opened(network.html(), motion="reduce")
    sheet.keyboard.press("End")
    sheet.locator("#glance-l2").click()
    _, pool = (layer for layer in boxes_of(network.trace, 0) if layer.slides)
    values = {node.id: node.value for node in network.trace.nodes}
    for j in range(len(pool.units)):
        sheet.locator(f"#l2-{j}").hover(force=True)
        seen = pool.slides.windows.seen(j % 4)[4 * (j // 4) : 4 * (j // 4) + 4]
        largest = max(values[id] for id in seen)
        won = [id for id in seen if values[id] == largest]
        under = sheet.evaluate("[...document.querySelectorAll('.dot.under')].map((dot) => dot.id)")
        assert sorted(under) == sorted(f"l2-{id}" for id in won) or len(won) == 4
    assert sheet.errors == []


def test_the_window_follows_the_steps(opened, network):
    sheet = opened(network.html(), motion="reduce")
    sheet.locator("#glance-l1").click()
    layer = next(layer for layer in boxes_of(network.trace, 0) if layer.slides)
    for j in (0, 9, 30):
        step = next(step for step in network if step.node == layer.slides.sums[j] and step.kind == "apply")
        go(sheet, step.number + 1)
        said = told(sheet, "l1")
        assert said[1] == layer.units[j].title.removeprefix(f"plane {j // 16 + 1}, ")
        assert said[0] == f"kernel {j // 16 + 1}"
        assert said[said.index("Σ window · kernel") + 1] != "–"  # products come with their sum
    assert sheet.errors == []


@pytest.mark.parametrize("size", ["edge", "layer"])
def test_what_is_opened_stays_while_it_is_computed(opened, network, size):
    sheet = opened(network.html(), motion="reduce")
    sheet.select_option("#size", size)
    sheet.locator("#glance-l1").click()
    steps = 40 if size == "edge" else 2  # the inputs, and numbers of the convolution
    for _ in range(steps):
        sheet.click("#next")
        assert sheet.text_content("#crumbs [aria-current]") == "stage 2", sheet.text_content("#sentence")


def test_the_numbers_of_each_plane_are_chosen_by_keyboard(opened):
    model = Sequential(Reshape(2, 3, 3), Conv2d(2, 2, 2, seed=0), Flatten())
    steps = walk(mean(model(numbers_of(18))))
    sheet = opened(steps.html(), motion="reduce")
    sheet.keyboard.press("End")
    sheet.fill("#find", "stage 2")
    sheet.keyboard.press("Enter")
    layer = next(layer for layer in boxes_of(steps.trace, 0) if layer.slides)
    values = {node.id: node.value for node in steps.trace.nodes}
    weights, _ = layer.slides.kernels
    for plane in (1, 0):
        sheet.locator("#l1-kernel .plane").nth(plane).focus()
        sheet.keyboard.press("Enter")
        said, own = told(sheet, "l1"), slice(4 * plane, 4 * plane + 4)
        shown = [said[at + 2 : at + 4] for at, text in enumerate(said) if text == "×"]
        seen = layer.slides.windows.seen(0)[own]
        assert shown == [
            [number(values[id]), number(values[w])] for id, w in zip(seen, weights[own], strict=True)
        ]
        products = sum(values[id] * values[w] for id, w in zip(seen, weights[own], strict=True))
        pressed = sheet.locator("#l1-kernel [aria-pressed=true]")
        assert pressed.get_attribute("aria-label").endswith(f"window · kernel = {number(products)}")
    assert sheet.errors == []


def test_the_products_follow_a_number_that_is_touched(opened, network):
    sheet = inside(opened, network)
    sheet.locator("#l1-5").hover(force=True)
    weight = told(sheet, "l1")[told(sheet, "l1").index("×") + 3]
    sheet.click("#what-if summary")
    sheet.get_by_role("textbox", name="Value of x₁", exact=True).fill("0.5")
    sheet.keyboard.press("Enter")
    sheet.locator("#host", has_text="With these numbers").wait_for()
    said = told(sheet, "l1")
    at = said.index("×") + 2
    assert said[at : at + 2] == ["0.5", weight]
    w = next(n.value for n in network.trace.nodes if n.role == "weight" and number(n.value) == weight)
    assert said[at + 2] == number(0.5 * w)
    assert sheet.errors == []


def test_what_a_page_cannot_compute_is_not_told(opened, network):
    """One that asks a kernel has the values of all nodes, with four digits, and no products of them."""
    sheet = opened(page(replace(network.content(), answered=True)), motion="reduce")
    sheet.keyboard.press("End")
    sheet.locator("#glance-l1").click()
    sheet.locator("#l1-5").hover(force=True)
    said = told(sheet, "l1")
    assert said[said.index("×") + 4] == "–"
    assert said[said.index("Σ window · kernel") + 1] == "–"
    sheet.click("#crumbs button:first-child")
    sheet.locator("#glance-l2").click()
    sheet.locator("#l2-1").hover(force=True)
    said = told(sheet, "l2")
    assert sum(float(said[at + 2]) for at, text in enumerate(said) if text == "∂") == 1.0
    assert sheet.errors == []


def test_a_page_without_such_a_view_has_no_script_for_it(network):
    plain = walk(Layer(2, 1, seed=0)([0.5, 0.25]))
    assert "slideOver(view) {" in network.html()
    assert "slideOver(view) {" not in plain.html()


def test_what_no_window_sees_is_told_and_drawn(opened):
    model = Sequential(Reshape(1, 6, 6), Conv2d(1, 1, 3, stride=2, seed=0), Flatten())
    steps = walk(mean(model(numbers_of(36))))
    sheet = opened(steps.html(), motion="reduce")
    sheet.keyboard.press("End")
    sheet.locator("#network-l1 .frame").click(position={"x": 5, "y": 5})
    told = sheet.locator(".seen .fact").first.text_content()
    assert told == "1 plane of 6 × 6, 11 of 36 in no window"
    for j, corner in ((0, 0), (3, 14)):
        sheet.locator(f"#l1-{j}").hover(force=True)
        (layer,) = (layer for layer in boxes_of(steps.trace, 0) if layer.slides)
        cell = sheet.locator(f"#l1-{layer.slides.windows.planes[0][corner]}")
        frame = sheet.locator(".seen .window")
        for axis in "xy":
            assert float(frame.get_attribute(axis)) == float(cell.get_attribute(axis)) - 2
    assert sheet.errors == []


def test_a_signal_is_a_picture_of_one_row():
    conv, signal = Conv1d(2, 3, 3, seed=0), numbers_of(2, 7)
    (layer,), values = slid(Mean(conv, Flatten())(signal))
    seen = windows_over([[channel] for channel in signal], (1, 3), (1, 1), (0, 0))
    assert [[values[id] for id in layer.slides.windows.seen(k)] for k in range(5)] == seen
    assert layer.units[6].title == "plane 2, column 2"
