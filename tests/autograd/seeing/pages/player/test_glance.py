"""A network of planes at a glance: thumbnails of what its boxes give, and the answer, follow the numbers."""

import random
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd import softmax, walk
from autograd.seeing.pages.player.content import Sample
from autograd.seeing.pages.player.page import page
from autograd.seeing.pages.player.views.choice import views
from nn import AvgPool2d, Conv2d, Flatten, Layer, MaxPool2d, Module, Reshape, Sequential, losses
from tests.autograd.seeing.pages.player.driven import go

SIDE = 8


def pixels(seed):
    chance = random.Random(seed)
    return [chance.random() for _ in range(SIDE * SIDE)]


class Net(Module):
    """Two convolutions with a pooling between them, and some classes."""

    def __init__(self, kernels=(2, 3), pool=MaxPool2d, padding=1, classes=3):
        given = kernels[1] * (SIDE // 2 + 2 * padding - 2) ** 2
        self.image, self.flat = Reshape(1, SIDE, SIDE), Flatten()
        self.conv1 = Conv2d(1, kernels[0], 3, padding=1, activation="tanh", seed=1)
        self.pool = pool(2)
        self.conv2 = Conv2d(*kernels, 3, padding=padding, activation="tanh", seed=2, number=2)
        self.out = Layer(given, classes, "linear", seed=3, number=3)

    def planes(self, x):
        first = self.conv1(self.image(x))
        pooled = self.pool(first)
        return first, pooled, self.conv2(pooled)

    def forward(self, x):
        return self.out(self.flat(self.planes(x)[-1]))


def glance_of(output):
    trace = walk(output).trace
    first, *others = views(trace)
    return first, others, {node.id: node.value for node in trace.nodes}


@given(
    kernels=st.tuples(st.integers(1, 3), st.integers(1, 10)),
    pool=st.sampled_from([MaxPool2d, AvgPool2d]),
    padding=st.integers(0, 1),
    seed=st.integers(0, 9),
)
def test_every_thumbnail_shows_a_plane_that_its_box_gives(kernels, pool, padding, seed):
    model, x = Net(kernels, pool, padding), pixels(seed)
    glance, others, values = glance_of(losses.cross_entropy(model(x), 1))
    names = {view.name: view.title for view in others}
    shown = {}
    for id, plane in glance.planes.items():
        rows = [values[node] for node in plane.nodes]
        shown.setdefault(names[glance.opens[id]], []).append((plane.columns, rows))
    wanted = {
        name: [(len(plane[0]), [v.data for row in plane for v in row]) for plane in planes]
        for name, planes in zip(("conv1", "pool", "conv2"), model.planes(x), strict=True)
    }
    assert {name: shown[name] for name in wanted} == wanted
    assert shown["inputs"] == [(SIDE, x)]


def test_boxes_in_boxes_show_what_each_of_them_gives():
    features = Sequential(Conv2d(1, 2, 3, seed=0), MaxPool2d(2), Conv2d(2, 11, 2, seed=1, number=2))
    head = Sequential(Flatten(), Layer(44, 5, "tanh", seed=2), Layer(5, 3, "linear", seed=3))
    model = Sequential(Reshape(1, SIDE, SIDE), features, head)
    planes = features(Reshape(1, SIDE, SIDE)(pixels(0)))
    first, last = head[1](head[0](planes)), head(planes)
    glance, _, values = glance_of(losses.cross_entropy(model(pixels(0)), 1))
    shown = [[values[node] for node in plane.nodes] for plane in glance.planes.values()]
    wanted = [[v.data for row in plane for v in row] for plane in planes]
    assert shown[-13:] == [*wanted, *([v.data for v in numbers] for numbers in (first, last))]


def test_a_line_leads_from_each_plane_to_each_that_is_computed_of_it():
    glance, others, _ = glance_of(losses.cross_entropy(Net()(pixels(0)), 1))
    titles = {view.name: view.title for view in others}

    def called(name):
        return titles[glance.opens[name]], int(name.rpartition("-")[2]) if name in glance.planes else 0

    found = {tuple(map(called, way.split("-to-"))) for way in glance.edges.values()}
    pooled = {(("conv1", k), ("pool", k)) for k in range(2)}
    crossing = {(("pool", i), ("conv2", j)) for i in range(2) for j in range(3)}
    into = {(("inputs", 0), ("conv1", k)) for k in range(2)}
    assert into | pooled | crossing <= found
    assert {way for way in found if way[1][0] in ("pool", "conv1", "conv2")} == into | pooled | crossing


def test_only_a_network_of_several_boxes_with_planes_has_such_a_view():
    one = Sequential(Reshape(1, 6, 6), Conv2d(1, 2, 3, seed=0), Flatten(), Layer(32, 1, seed=1))
    dense = Sequential(Layer(36, 8, seed=0), Layer(8, 3, seed=1), Layer(3, 1, seed=2))
    for model in (one, dense):
        html = walk(model([0.1 * i for i in range(36)])).html()
        assert "thumbnail" not in html


# ------------------------------------------------------------------------------------ in the page

CELLS = """(id) => {
  const signs = { "": 0, positive: 1, negative: -1 };
  const cells = [...document.querySelectorAll(`[id="${id}"] rect:not(.frame)`)];
  return cells.map((cell) => signs[cell.getAttribute("class")] * cell.getAttribute("fill-opacity"));
}"""
SHARES = """() => [...document.querySelectorAll(".shares .row")].map(
  (row) => [".class", ".number"].map((part) => row.querySelector(part).textContent))"""


@pytest.fixture
def samples():
    """Two samples: the first is read rightly, the second wrongly."""
    model = Net()
    read = [max(range(3), key=[score.data for score in model(pixels(k))].__getitem__) for k in (0, 1)]
    return [Sample("one", tuple(pixels(0)), read[0]), Sample("other", tuple(pixels(1)), (read[1] + 1) % 3)]


def sheet_of(opened, samples):
    share = softmax(Net()(pixels(0)))[0]
    return opened(page(replace(walk(share).content(), samples=samples)), motion="reduce")


def shares_of(sheet, name):
    sheet.locator("#paint [role=status]", has_text=f"{name} is in.").wait_for()
    return sheet.evaluate(SHARES)


def scaled(planes):
    most = max(abs(v.data) for plane in planes for row in plane for v in row)
    return [[v.data / most for row in plane for v in row] for plane in planes]


def test_thumbnails_follow_a_number_that_is_touched(opened, samples):
    sheet = sheet_of(opened, samples)
    for sample in (samples[1], samples[0]):
        sheet.get_by_role("button", name=sample.name, exact=True).click()
        sheet.locator("#paint [role=status]", has_text=f"{sample.name} is in.").wait_for()
        for layer, planes in enumerate(Net().planes(sample.numbers), 1):
            for k, plane in enumerate(scaled(planes)):
                assert sheet.evaluate(CELLS, f"glance-l{layer}-{k}") == pytest.approx(plane, abs=0.0051)
    assert sheet.errors == []


def test_the_answer_is_that_of_the_shares_and_says_whether_it_is_right(opened, samples):
    sheet = sheet_of(opened, samples)
    for sample, is_right in zip(samples, (True, False), strict=True):
        sheet.get_by_role("button", name=sample.name, exact=True).click()
        shares = shares_of(sheet, sample.name)
        largest = max(shares, key=lambda row: float(row[1]))
        wanted = [p.data for p in softmax(Net()(sample.numbers))]
        assert [float(x) for _, x in shares] == pytest.approx(wanted, rel=1e-3)
        said = re.fullmatch(
            r"Answer: class (\d), with a share of (\S+)\. (Right|Wrong: it is class (\d), with (\S+))\.",
            sheet.inner_text("#reading"),
        )
        assert [said[1], said[2]] == largest
        assert (said[3] == "Right") == is_right
        assert is_right or [said[4], said[5]] == shares[sample.target]
    sheet.click("[name=clear]")
    sheet.locator("#paint [role=status]", has_text="Cleared.").wait_for()
    assert re.fullmatch(r"Answer: class \d, with a share of \S+\.", sheet.inner_text("#reading"))
    assert sheet.errors == []


def test_of_a_cross_entropy_the_right_class_is_known(opened):
    scores = [score.data for score in Net()(pixels(0))]
    for k in range(3):
        sheet = opened(walk(losses.cross_entropy(Net()(pixels(0)), k)).html())
        is_right = k == scores.index(max(scores))
        assert sheet.inner_text("#reading").endswith(" Right.") == is_right
        assert (f"Wrong: it is class {k}, with " in sheet.inner_text("#reading")) != is_right


def test_a_thumbnail_leads_to_its_plane_by_pointer_and_by_keyboard(opened, samples):
    sheet = sheet_of(opened, samples)
    assert sheet.input_value("#place") == "0"
    for k in range(3):
        sheet.locator(f"#glance-l3-{k}").click()
        assert sheet.input_value("#place") == sheet.get_attribute("#place", "max")  # its numbers are there
        crumbs = sheet.locator("#crumbs").inner_text().split("›")
        assert [word.strip() for word in crumbs] == ["at a glance", "network", "conv2"]
        assert f"kernel {k + 1}" in sheet.locator("#l3-kernel text").all_text_contents()
        sheet.locator("#crumbs button").first.click()
    sheet.focus("#glance-l1-0")
    sheet.keyboard.press("ArrowDown")
    assert sheet.evaluate("document.activeElement.id") == "glance-l1-1"
    assert sheet.get_attribute("#glance-l1-1", "aria-label") == "Open conv1, plane 2"
    sheet.keyboard.press("Enter")
    assert "kernel 2" in sheet.locator("#l1-kernel text").all_text_contents()
    sheet.locator("#crumbs button").first.click()
    sheet.locator("#glance-boxes").click()
    assert sheet.locator("#crumbs [aria-current]").inner_text() == "network"
    assert sheet.errors == []


def test_every_step_is_seen_in_it(opened, samples):
    sheet = sheet_of(opened, samples)
    for at in range(0, int(sheet.get_attribute("#place", "max")), 97):
        go(sheet, at)
        assert sheet.locator("#elsewhere").is_hidden()
        assert sheet.locator("#crumbs [aria-current]").inner_text() == "at a glance"
        assert at == 0 or sheet.locator(".graph:not(.ahead) .halo").count()
    assert sheet.errors == []


def test_named_classes_are_called_so_in_every_place(opened, samples):
    names = ["cat", "dog", "owl"]
    content = walk(softmax(Net()(pixels(0)))[0], classes=names).content()
    sheet = opened(page(replace(content, samples=samples)), motion="reduce")
    shares = sheet.evaluate(SHARES)
    assert [name for name, _ in shares] == names
    largest = max(shares, key=lambda row: float(row[1]))
    assert sheet.inner_text("#reading") == f"Answer: {largest[0]}, with a share of {largest[1]}. Right."
    assert sheet.locator("#paint th").all_text_contents() == names
    sheet.get_by_role("button", name="other", exact=True).click()
    largest = max(shares_of(sheet, "other"), key=lambda row: float(row[1]))
    assert f"the largest is {largest[1]}, of class {largest[0]}:" in sheet.inner_text("#paint [role=status]")
    sheet.locator("#glance-boxes").click()
    assert sheet.locator(".graph:not(.ahead) text.class").all_text_contents() == names
    assert sheet.errors == []


@pytest.mark.parametrize(
    ("classes", "error", "said"),
    [
        (["cat", "dog"], ValueError, "2 names, one per class of a softmax; the graph has one of 3 classes"),
        ("cat", TypeError, "got the text 'cat'"),
    ],
)
def test_names_that_are_none_of_a_softmax_are_refused(classes, error, said):
    with pytest.raises(error, match=said):
        walk(losses.cross_entropy(Net()(pixels(0)), 0), classes=classes)
    with pytest.raises(ValueError, match="the graph has no softmax"):
        walk(losses.half_mse(Layer(2, 1, seed=0)([0.1, 0.2]), 1.0), classes=["cat"])


def test_what_is_no_number_is_seen_to_be_none(opened):
    """It is not shown as 0."""
    x = [float("nan"), *pixels(0)[1:]]
    sheet = opened(walk(losses.cross_entropy(Net()(x), 1)).html())
    assert sheet.inner_text("#reading") == "No answer: the shares are not numbers."
    for layer, planes in enumerate(Net().planes(x), 1):
        for k, plane in enumerate(planes):
            wanted = [v.data != v.data for row in plane for v in row]
            cells = sheet.locator(f"#glance-l{layer}-{k} rect:not(.frame)")
            assert cells.evaluate_all("(all) => all.map((cell) => cell.matches('.nan'))") == wanted
    assert sheet.errors == []
