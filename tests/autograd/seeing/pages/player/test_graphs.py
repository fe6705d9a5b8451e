"""Walks through all kinds of graphs in a browser: large, folded, oddly labelled, beside another engine."""

import random
from itertools import chain as chained

import pytest

from autograd import Value
from autograd.mistakes import overwrites
from autograd.notation.labels import parse_label
from autograd.notation.numbers import number
from autograd.seeing.facts.box_content import box_of_group
from autograd.seeing.facts.folding.folded import fold
from autograd.seeing.facts.trace import trace
from autograd.seeing.pages.player.svg.layout import arrange
from autograd.seeing.walk import walk
from nn import (
    MLP,
    Conv2d,
    Flatten,
    GRUCell,
    Layer,
    LSTMCell,
    Module,
    Recurrent,
    Reshape,
    Sequential,
    Transformer,
    losses,
)
from tests.autograd.seeing.pages.player.driven import chain, expression, go, place, slot
from tests.autograd.seeing.pages.player.touched import drawn
from tests.shown import MEASURE, SMALLEST

MARKUP = '"><img src=x onerror=alert(1)>'


# ---------------------------------------------------------------------------- beside another engine


def test_where_another_engine_parts_is_marked_and_told(opened):
    steps = walk(expression(), beside=overwrites)
    at = steps.beside.parts_at
    assert (
        f"<p>overwrites parts from the right engine at step {at + 1}. {steps.beside.diagnosis}</p>"
        in steps.html()
    )
    sheet = opened(steps.html())
    assert "agrees with the right engine so far" in sheet.text_content("#other-heading")
    assert sheet.locator(".parting").is_visible()
    sheet.click("#other-go")
    assert place(sheet) == at + 1
    assert f"overwrites parts from the right engine at step {at + 1}." in sheet.text_content("#other-heading")
    assert sheet.text_content("#other-words") == steps.beside.diagnosis
    sheet.click("#last")
    rows = sheet.eval_on_selector_all(
        "#other-table tbody tr", "rows => rows.map(row => [...row.children].map(cell => cell.textContent))"
    )
    names = {node.id: node.label for node in steps.trace.nodes}
    assert rows == [
        [names[node], number(right), number(found), "" if right == found else "≠"]
        for node, (right, found) in steps.beside.gradients.items()
    ]
    sheet.click("#list summary")
    assert sheet.locator("#list li").nth(at).text_content().startswith("≠")
    assert sheet.errors == []


def test_without_another_engine_nothing_is_said_of_one(sheet):
    sheet.click("#last")
    assert not sheet.locator("#other").is_visible()
    assert not sheet.locator(".parting").is_visible()


# -------------------------------------------------------------------------------------- large graphs


def test_in_an_overview_the_frame_is_around_the_dot_of_the_step(opened):
    steps = walk(chain(60))
    sheet = opened(steps.html())
    dots = sheet.locator(".dot")
    for node in ("n2", "n80", steps.trace.output):
        place = int(node[1:]) + 1
        go(sheet, next(s.number for s in steps if s.node == node and s.kind == "apply") + 1)
        dot, halo = dots.nth(place - 1).bounding_box(), sheet.locator(".halo").bounding_box()
        for start, size in (("x", "width"), ("y", "height")):
            assert halo[start] < dot[start]
            assert halo[start] + halo[size] > dot[start] + dot[size]
        assert sheet.evaluate(  # later in the document, so on top of the box that the dot is in
            "i => !!(document.querySelectorAll('.dot')[i].compareDocumentPosition("
            "document.querySelector('.halo')) & Node.DOCUMENT_POSITION_FOLLOWING)",
            place - 1,
        )
        dots.nth(place - 1).hover(force=True)
        title = dots.nth(place - 1).locator("title").text_content()
        assert title == parse_label(steps.trace.nodes[place - 1].label).text


EVERY_STEP = """slots => slots.map((slot) => {
    document.getElementById("next").click();
    const count = (selector) => document.querySelectorAll(selector).length;
    return [
        document.getElementById("sentence").textContent, count(".halo"), count(".halo:not(.from)"),
        document.querySelector(`svg:not(.ahead) [data-slot="${slot}"]`)?.textContent,
    ];
})"""
"""Takes every step at once; gives the sentence, what is marked, and the text of a slot at each of them."""


def test_every_step_of_a_graph_in_parts_is_told_and_shown(opened):
    steps = walk(chain(60))
    sheet = opened(steps.html())
    assert "too many for one picture" in sheet.text_content("#note")
    sheet.evaluate(
        "document.querySelector('[data-opens]').dispatchEvent(new MouseEvent('click', { bubbles: true }))"
    )
    assert not sheet.locator("#note").is_visible()
    slots = [f"{'value' if step.phase == 'forward' else 'gradient'}:{step.node}" for step in steps]
    for step, seen in zip(steps, sheet.evaluate(EVERY_STEP, slots), strict=True):
        sentence, halos, current, shown = seen
        assert sentence == step.sentence
        if step.kind == "leaf":
            assert 1 < halos < len(step.nodes)  # those that this part shows
        else:
            assert (shown, current) == (number(step.after), 1)


# ------------------------------------------------------------------------------- a page among others


def test_a_label_of_markup_stays_text(opened):
    L = expression(MARKUP)
    next(iter(walk(L)))
    sheet = opened(walk(L).html())
    for _ in range(len(walk(L))):
        sheet.click("#next")
    sheet.click("#list summary")
    sheet.click("#what-if summary")
    sheet.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert sheet.locator("img").count() == 0
    assert "<img src=x" in sheet.text_content("#list")
    assert sheet.dialogs == []
    assert sheet.errors == []
    assert [url for url in sheet.requests if not url.startswith("file:")] == []


def test_a_label_cannot_end_the_script_that_holds_it(opened):
    sheet = opened(walk(expression("</script><script>alert(1)</script>")).html())
    sheet.click("#last")
    assert sheet.dialogs == []
    assert sheet.errors == []


def test_a_label_of_ten_thousand_characters_is_shortened(opened):
    html = walk(expression("x" * 10_000)).html()
    sheet = opened(html)
    sheet.click("#last")
    assert "x" * 200 not in sheet.inner_text("body")
    assert sheet.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_no_request_leaves_the_page(sheet):
    sheet.click("#last")
    assert [url for url in sheet.requests if not url.startswith("file:")] == []
    blocked = sheet.evaluate("fetch('https://example.org/').then(() => 'went out', () => 'blocked')")
    assert blocked == "blocked"
    sheet.errors.clear()  # the browser says that it was blocked


def test_numbers_that_are_not_finite_are_shown_as_such(opened):
    x, y = Value(0.0, "x"), Value(2.0, "y")
    steps = walk(x.log() * y)
    sheet = opened(steps.html())
    sheet.click("#last")
    names = {n.label: n.id for n in steps.trace.nodes}
    assert slot(sheet, f"gradient:{names['y']}") == "−∞"
    assert slot(sheet, f"gradient:{names['x']}") == "∞"
    assert sheet.errors == []


def test_a_single_value_is_a_walk_of_two_steps(opened):
    sheet = opened(walk(Value(3.0, "x")).html())
    sheet.click("#last")
    assert place(sheet) == 2
    assert sheet.errors == []


def test_a_folded_box_tells_nothing_before_it_is_computed(opened):
    model = Recurrent(GRUCell(1, 2, seed=0), 1, seed=1)
    steps = walk(losses.mse(model([0.1] * 12), 0.0))
    sheet = opened(steps.html())
    (cell,) = [group for group in fold(steps.trace).groups if group.title == "cell"]
    facts = box_of_group(cell, False).facts
    rows = sheet.locator("[data-opens=l1] [data-slot^=box]")
    first = rows.all_text_contents()
    assert [text for text, fact in zip(first, facts, strict=True) if fact.word == "output"] == ["–"]
    assert [text for text, fact in zip(first, facts, strict=True) if fact.word == "used"] == ["× 12"]
    sheet.click("#last")
    assert rows.all_text_contents() == [fact.number for fact in facts]


def test_a_larger_step_lists_what_it_gives_and_not_what_it_needs_for_that(opened):
    steps = walk(MLP(2, [3, 1], seed=0)([1.0, -2.0]), by="layer")
    sheet = opened(steps.html())
    for step in steps:
        sheet.click("#next")
        if step.kind == "layer":
            rows = sheet.locator("#numbers tbody td:last-child").all_text_contents()
            assert rows[:3] == [piece.rpartition(" ")[2] for piece in step.symbols.split(", ")][:3]


def test_another_engine_is_told_in_steps_of_the_size_they_have(opened):
    steps = walk(expression(), beside=overwrites, by="layer")
    sheet = opened(steps.html())
    sheet.click("#other-go")
    told = f"parts from the right engine at step {steps._parting() + 1}."
    assert told in sheet.text_content("#other-heading")
    assert not sheet.is_visible("#other-go")


HEADS_ON_NUMBERS = """() => {
    const head = document.querySelector(".flow-head")?.getBoundingClientRect();
    return head ? [...document.querySelectorAll("svg.graph:not(.ahead) .number")].filter((number) => {
        const box = number.getBoundingClientRect();
        return number.textContent && head.left < box.right - 1 && head.right > box.left + 1
            && head.top < box.bottom - 2 && head.bottom > box.top + 2;
    }).length : 0;
}"""


def test_the_head_on_the_arrow_of_a_step_covers_no_number(opened):
    y = x = Value(0.7, "x")
    for _ in range(6):
        y = (y * x + 0.37).tanh()
    steps = walk(y)
    sheet = opened(steps.html(), motion="reduce")
    for _ in steps:
        sheet.evaluate("document.getElementById('next').click()")
        assert sheet.evaluate(HEADS_ON_NUMBERS) == 0


def test_the_title_can_be_read_on_a_phone(opened, html):
    sheet = opened(html, width=360, height=740)
    assert sheet.eval_on_selector("h1", "({ scrollWidth, clientWidth }) => clientWidth - scrollWidth") >= 0


def test_a_time_step_is_opened_by_a_click_and_by_a_key(opened):
    model = Recurrent(GRUCell(1, 2, seed=0), 1, seed=1)
    sheet = opened(walk(losses.mse(model([0.1] * 12), 0.0)).html())
    sheet.focus("[data-opens=l1][tabindex]")
    sheet.keyboard.press("Enter")
    sheet.click("#fit")
    sheet.locator("[data-opens=l1l3] .title").click()
    sheet.wait_for_selector("#crumbs [aria-current]:text-is('time step 4')")
    assert "from outside" in sheet.text_content("svg.graph:not(.ahead)")
    assert sheet.errors == []


SIZES_SHOWN = """[...document.querySelectorAll("svg.graph:not(.ahead) text")].map((text) => {
    const { a, b } = text.getScreenCTM();
    return parseFloat(getComputedStyle(text).fontSize) * Math.hypot(a, b);
})"""


@pytest.fixture(scope="module", params=["deep", "recurrent"])
def network(request):
    deep, recurrent = MLP(4, [8] * 7 + [1], "tanh", seed=0), Recurrent(GRUCell(1, 4, seed=0), 1, seed=1)
    model = deep if request.param == "deep" else recurrent
    return walk(losses.mse(model([0.1] * 4), 0.0)).html()


@pytest.mark.parametrize("width", [360, 978, 1400])
def test_no_words_on_the_boxes_of_a_network_are_smaller_than_ten_pixels(opened, network, width):
    assert min(opened(network, width=width, height=900).evaluate(SIZES_SHOWN)) > 9.99


@pytest.mark.parametrize("font", ["Liberation Sans", "DejaVu Sans"])
@pytest.mark.parametrize("x", [-1.234e-308, -1.234e-12, -0.0001234])
@pytest.mark.parametrize("is_small", [False, True])
def test_no_number_touches_the_word_before_it(opened, font, x, is_small):
    sheet = opened(walk(Value(x, "t") * Value(1.0, "u")).html(), width=600, bypass_csp=True)
    sheet.add_style_tag(content=f"text {{ font-family: '{font}' }}")
    sheet.click("#last")
    if is_small:
        sheet.click("#zoom-out")
    for box in sheet.locator("#canvas .node").all():
        words, numbers = (box.locator(f".{kind}").all() for kind in ("fact", "number"))
        for word, figure in zip(words, numbers, strict=True):
            left, right = word.bounding_box(), figure.bounding_box()
            assert left["x"] + left["width"] < right["x"], figure.text_content()
    assert sheet.locator(".number.long").all_text_contents() == ([] if x < -1e-5 else [number(x)] * 3)


def matrix_scale(sheet):
    return sheet.evaluate("new DOMMatrix(document.querySelector('svg.graph').style.transform).a")


def test_a_picture_a_little_too_wide_shrinks_and_its_small_words_stay_as_large(opened):
    y, x = Value(0.5, "y"), Value(2.0, "x")
    h = y * x
    p = h + y
    sheet = opened(walk(h * p).html(), width=978, motion="reduce")
    assert matrix_scale(sheet) < 1.0
    nodes = sheet.locator(".graph .node")
    canvas, *boxes = (box.bounding_box() for box in (sheet.locator("#canvas"), *nodes.all()))
    assert max(box["x"] + box["width"] for box in boxes) <= canvas["x"] + canvas["width"]
    assert sheet.evaluate(MEASURE, SMALLEST) == []


@pytest.mark.parametrize("width", [360, 978, 1400])
def test_the_list_of_all_steps_moves_by_itself_and_nothing_else_does(opened, html, steps, width):
    sheet = opened(html, width=width, motion="reduce")
    go(sheet, 1)
    sheet.locator("#list").evaluate("list => { list.open = true; }")
    sheet.locator("#lines li").first.wait_for()
    go(sheet, len(steps) - 1)
    sheet.evaluate("() => new Promise((seen) => setTimeout(() => requestAnimationFrame(seen)))")
    here, frame = (sheet.locator(s).bounding_box() for s in ("#lines [aria-current]", "#lines"))
    height = min(here["height"], frame["height"])  # of a longer line, its begin
    assert frame["y"] - 1 <= here["y"] <= frame["y"] + frame["height"] - height + 1
    sentence, panel = (sheet.locator(s).bounding_box() for s in ("#sentence", "#panel"))
    assert panel["y"] < sentence["y"] < panel["y"] + panel["height"]
    assert sheet.evaluate("scrollY") == 0


LIT = """() => {
  const canvas = document.getElementById("canvas").getBoundingClientRect();
  const halos = [...document.querySelectorAll("svg.graph:not(.ahead) .halo")];
  const isSeen = ({ left, right, top, bottom }) =>
    left >= canvas.left && right <= canvas.right && top >= canvas.top && bottom <= canvas.bottom;
  return halos.map((halo) => isSeen(halo.getBoundingClientRect()));
}"""


HALF_LIT = """() => {
  const around = (part) => part.getBoundingClientRect();
  const halos = [...document.querySelectorAll("svg.graph:not(.ahead) .halo")].map(around);
  const isLit = ({ left, right, top, bottom }) =>
    halos.some((h) => h.left <= left && h.right >= right && h.top <= top && h.bottom >= bottom);
  const boxes = [...document.querySelectorAll("svg.graph:not(.ahead) .layer")];
  const lit = boxes.map((box) => [...box.querySelectorAll(".dot")].map((dot) => isLit(around(dot))));
  return lit.filter((dots) => dots.filter(Boolean).length > 12 && !dots.every(Boolean)).length;
}"""
"""The number of boxes of which many dots are lit, but not all."""


def test_of_a_large_layer_all_is_lit_or_little(opened):
    model = Sequential(Reshape(1, 8, 8), Conv2d(1, 4, 3, padding=1, seed=0), Flatten(), MLP(256, [2], seed=0))
    loss = losses.half_mse(model([0.01 * k for k in range(64)]), [1.0, 0.0])
    loss.backward()
    sheet = opened(walk(loss, by="layer").html(), motion="reduce")
    assert sheet.locator(".dot").count() > 300
    while sheet.is_enabled("#next"):
        sheet.click("#next")
        assert sheet.evaluate(HALF_LIT) == 0, sheet.text_content("#sentence")


@pytest.mark.parametrize("size", ["edge", "layer"])
def test_what_a_step_computes_is_lit_and_seen(opened, size):
    numbers = [[0.1 * k] for k in range(6)]
    for output in (
        losses.cross_entropy(MLP(30, [12, 12, 10], seed=0)([0.1 * k for k in range(30)]), 3),
        losses.half_mse(Recurrent(LSTMCell(1, 3, seed=0), 1, seed=0)(numbers), 0.5),
        Transformer(9, 8, 2, 1, 4, seed=0)([1, 2, 3])[-1][0],
    ):
        sheet = opened(walk(output).html(), width=1000, height=560, motion="reduce")
        sheet.select_option("#size", size)
        for _ in range(min(12, int(sheet.text_content("#count").split()[0]))):
            sheet.click("#next")
            lit = sheet.evaluate(LIT)
            assert any(lit), (sheet.text_content("#sentence"), len(lit))  # of several, as many as have room


@pytest.mark.parametrize("width", [360, 610, 978])
def test_a_formula_breaks_where_its_panel_ends(opened, width):
    a, b = Value(1.5, "a_weight_of_its_own"), Value(-2.0, "another_weight")
    sheet = opened(walk((a * b + a - 0.1234) * b + a.tanh()).html(), width=width)
    while sheet.is_enabled("#next"):
        sheet.click("#next")
        assert sheet.eval_on_selector("#math", "(e) => e.scrollWidth - e.clientWidth") <= 0


def test_the_names_of_boxes_touch_no_other_words(opened):
    class WiderModule(Module):
        def __init__(self):
            self.MMMM_embedding_norm, self.wwwww, self.i = (Layer(3, 3, "tanh", seed=k) for k in range(3))

        def forward(self, x):
            return self.i(self.wwwww(self.MMMM_embedding_norm(x)))

    sheet = opened(walk(losses.cross_entropy(WiderModule()([0.1, 0.2, 0.3]), 1)).html(), width=640)
    found = sheet.evaluate(
        "() => [...document.querySelectorAll('svg.graph .layer')].map((box) => [box.querySelector('.role')"
        ".getBoundingClientRect().left - box.querySelector('.title').getBoundingClientRect().right,"
        " box.querySelector('.title').textContent])"
    )
    assert len(found) > 3
    assert [name for room, name in found if room < 2] == []


def test_no_arrow_of_a_picture_leaves_it():
    chance = random.Random(0)
    for _ in range(25):
        y, _ = drawn(chance)
        places = arrange(trace(y))
        for point in chained.from_iterable(places.curves.values()):
            assert 0 <= point.x <= places.width
            assert 0 <= point.y <= places.height
