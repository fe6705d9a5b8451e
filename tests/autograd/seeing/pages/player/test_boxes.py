"""Boxes in a browser: they stand in lines as wide as the page, and open where they stand."""

import re
from itertools import pairwise

import pytest

from autograd.notation.numbers import number
from autograd.seeing.pages.frame import asset
from autograd.seeing.pages.player.svg.arrows import bent_arrow
from autograd.seeing.pages.player.svg.elements import Point
from autograd.seeing.pages.player.views.network import MARGIN, Row, overview
from autograd.seeing.pages.player.views.parts import Whole
from autograd.seeing.pages.player.views.ways import stand
from autograd.seeing.walk import walk
from nn import MLP, GRUCell, LSTMCell, Recurrent, Transformer, losses
from tests.autograd.seeing.pages.player.test_ways import crosses, plans
from tests.shown import LABELLED, MEASURE, SMALLEST

LINES = asset("autograd.seeing.pages.player", "scripts", "lines.js")
NUMBER = re.compile(r"-?[0-9.]+")


def mlp():
    return losses.cross_entropy(MLP(12, [8, 6, 3], "tanh", seed=0)([0.1 * k for k in range(1, 13)]), 1)


def in_time():
    return losses.mse(Recurrent(GRUCell(2, 3, seed=0), 1, seed=1)([[0.1, 0.2]] * 3), 0.0)


def with_blocks():
    return Transformer(9, 8, 2, 2, 4, seed=0)([1, 2])[-1][0]


def deep():
    return losses.cross_entropy(MLP(6, [6, 6, 6, 6, 6, 3], "tanh", seed=0)([0.1 * k for k in range(6)]), 1)


def gated():
    return losses.mse(Recurrent(LSTMCell(1, 3, seed=0), 1, seed=0)([[0.1 * k] for k in range(4)]), 0.5)


NETWORKS = {"mlp": mlp, "in time": in_time, "blocks": with_blocks}


@pytest.fixture(params=NETWORKS, scope="module")
def steps(request):
    return walk(NETWORKS[request.param]())


# --------------------------------------------------------------------------------- lines and ways


@pytest.fixture(scope="module")
def some():
    """Plans of boxes and arrows."""
    found = []
    from hypothesis import given, settings

    @settings(max_examples=60)
    @given(plans())
    def take(plan):
        found.append(plan)

    take()
    return found


def test_boxes_stand_in_a_page_as_they_stand_without_scripts(opened, some):
    """The same lines, and the same ways, whatever the boxes, the arrows and the width."""
    asked = [[sizes, sorted(set(pairs)), widest] for sizes, pairs, widest in some]
    sheet = opened("<!doctype html>", ready=False)
    told = sheet.evaluate(f"(plans) => {{ {LINES} return plans.map((plan) => stand(...plan, 60)); }}", asked)
    for (sizes, pairs, widest), shown in zip(asked, told, strict=True):
        found = stand(sizes, pairs, widest=widest, between=60, margin=MARGIN)
        assert flat(shown["corners"]) == pytest.approx(flat(found.corners))
        assert [shown["width"], shown["height"]] == pytest.approx([found.width, found.height])
        for pair, way in zip(pairs, shown["ways"], strict=True):
            assert flat(way) == pytest.approx(flat(found.ways[pair]))


def flat(points):
    return [x for point in points for x in point]


def test_an_arrow_bends_in_a_page_as_it_does_without_scripts(opened, some):
    ways = [way for sizes, pairs, widest in some for way in ways_of(sizes, pairs, widest)][:200]
    sheet = opened("<!doctype html>", ready=False)
    drawn = sheet.evaluate(
        f"""([markup, ways]) => {{ {LINES}
        document.body.innerHTML = `<svg>${{markup}}</svg>`;
        const arrow = document.querySelector("g");
        return ways.map((way) => (bend(arrow, way), arrow.outerHTML));
        }}""",
        [bent_arrow("a", [Point(0, 0), Point(9, 0)], "w"), ways],
    )
    for way, shown in zip(ways, drawn, strict=True):
        wanted = bent_arrow("a", [Point(*point) for point in way], "w")
        assert NUMBER.sub("", shown).replace("></path>", "/>") == NUMBER.sub("", wanted)
        assert [*map(float, NUMBER.findall(shown))] == pytest.approx(
            [*map(float, NUMBER.findall(wanted))], abs=0.11
        )


def test_boxes_that_stand_in_columns_are_apart_and_no_way_leads_through_one(opened, some):
    asked = [[sizes, sorted(set(pairs)), widest] for sizes, pairs, widest in some]
    sheet = opened("<!doctype html>", ready=False)
    told = sheet.evaluate(
        f"""(plans) => {{ {LINES}
        return plans.map(([sizes, pairs, widest]) => {{
          const columns = columnsOf(sizes, pairs);
          const found = stand(sizes, pairs, widest, 100, columns);
          return {{ ...found, columns, words: found.ways.map((way) => wordsOn(way, 70)) }};
        }}); }}""",
        asked,
    )
    assert sum(len(column) > 1 for shown in told for column in shown["columns"]) > 10
    for (sizes, pairs, _), shown in zip(asked, told, strict=True):
        for column in shown["columns"]:
            assert not any(a in column and b in column for a, b in pairs)
        boxes = [(Point(*corner), size) for corner, size in zip(shown["corners"], sizes, strict=True)]
        for k, (corner, (width, height)) in enumerate(boxes):
            end = Point(corner.x + width, corner.y + height)
            assert not any(crosses(corner, end, *other) for other in boxes[:k])
        for (a, b), way, (x, y, is_upright) in zip(pairs, shown["ways"], shown["words"], strict=True):
            points = [Point(*point) for point in way]
            for box, end in ((boxes[a], points[0]), (boxes[b], points[-1])):
                corner, (width, height) = box
                assert corner.x - 4 <= end.x <= corner.x + width + 4
                assert corner.y - 4 <= end.y <= corner.y + height + 4
            assert all(0 <= p.x <= shown["width"] and 0 <= p.y <= shown["height"] for p in points)
            words = Point(x if is_upright else x - 35, y - 12), (70, 14)
            for start, end in pairwise(points):
                assert start.x == pytest.approx(end.x) or start.y == pytest.approx(end.y)
                assert not any(crosses(start, end, *box) for box in boxes)
                assert not crosses(start, end, *words)


def ways_of(sizes, pairs, widest):
    return [
        [[*point] for point in way]
        for way in stand(sizes, pairs, widest=widest, between=60, margin=MARGIN).ways.values()
    ]


def test_a_picture_of_boxes_can_be_laid_out_anew(steps):
    """All that the page needs for this stands in the picture: the boxes in their order, arrows by name."""
    content = steps.content()
    row = Row(Whole(content.trace), content.layers, "")
    svg = overview(row, "network", "", None).svg
    boxes = re.findall(r'<g id="network-(l\d+)" class="node layer', svg)
    assert boxes == [row.name(k) for k in range(len(content.layers))]
    arrows = re.findall(r'id="network-(l\d+)-to-(l\d+)"', svg)
    assert {(boxes.index(a), boxes.index(b)) for a, b in arrows} == set(row.links)


WIDEST = "boxes => Math.max(...boxes.map((box) => box.getBoundingClientRect().width))"


@pytest.mark.parametrize("width", [360, 978, 1400])
def test_closed_boxes_need_no_scrolling_sideways(opened, html, width):
    sheet = opened(html, width=width)
    canvas, picture = (
        sheet.locator(part).bounding_box() for part in ("#canvas", "#canvas > svg:not(.ahead)")
    )
    widest = sheet.locator("svg:not(.ahead) .frame").evaluate_all(WIDEST)
    assert picture["width"] <= max(canvas["width"] + 1, widest + 60)
    sheet.set_viewport_size({"width": 1400, "height": 750})  # and as the window changes
    sheet.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    picture = sheet.locator("#canvas > svg:not(.ahead)").bounding_box()
    assert picture["width"] <= sheet.locator("#canvas").bounding_box()["width"] + 1
    assert sheet.errors == []


# ------------------------------------------------------------------------------- opening in place

KNOBS = '#canvas > svg.graph:not(.ahead) .fold[aria-expanded="{}"]:visible'
FRAMES = """() => {
  const seen = (e) => e.checkVisibility({ visibilityProperty: true });
  const boxes = [...document.querySelectorAll("#canvas > svg:not(.ahead) .layer > g > .frame")].filter(seen);
  return boxes.map((frame) => {
    const { x, y, width, height } = frame.getBoundingClientRect();
    return [frame.closest("svg").parentNode.id, x, y, width, height];
  });
}"""
PICTURE = """() => {
  const copy = document.querySelector("#canvas > svg:not(.ahead)").cloneNode(true);
  const passing = copy.querySelectorAll(".aside, .halo, .flow, .flow-head, .traveller, title");
  for (const part of passing) part.remove();
  return copy.innerHTML;
}"""
LIT = """(count) => {
  const missing = [];
  for (let k = 0; k < count; k++) {
    document.getElementById("next").click();
    if (!document.querySelector("#canvas > svg:not(.ahead) .halo")) missing.push(k);
  }
  return missing;
}"""


def knobs(sheet, expanded=False):
    return sheet.locator(KNOBS.format(str(expanded).lower())).all()


def open_some(sheet, count):
    """Open the first box that is closed, so many times: a box, then what is in it, or the next."""
    for _ in range(count):
        if not (closed := knobs(sheet)):
            return
        closed[0].press("Enter")


def overlap(one, other):
    return all(
        a + 1 < b + n and b + 1 < a + m
        for a, m, b, n in zip(one[:2], one[2:], other[:2], other[2:], strict=True)
    )


def test_opened_boxes_move_the_others_aside_and_closing_puts_all_back(opened, html):
    sheet = opened(html, motion="reduce")
    sheet.wait_for_function(LABELLED)
    before = sheet.evaluate(PICTURE)
    open_some(sheet, 4)
    assert len(knobs(sheet, expanded=True)) == 4
    frames = [tuple(box) for _, *box in sheet.evaluate(FRAMES)]
    for k, one in enumerate(frames):
        for other in frames[:k]:  # apart, or one within the other
            inner, outer = sorted([one, other], key=lambda box: box[2])
            inside = all(
                outer[i] - 1 <= inner[i] and inner[i] + inner[i + 2] <= outer[i] + outer[i + 2] + 1
                for i in (0, 1)
            )
            assert inside or not overlap(one, other)
    assert sheet.evaluate(MEASURE, SMALLEST) == []
    while expanded := knobs(sheet, expanded=True):
        expanded[-1].press(" ")
    assert sheet.evaluate(PICTURE) == before
    assert sheet.errors == []


SHAPE = """() => {
  const { width, height } = document.querySelector("#canvas > svg.graph:not(.ahead)").viewBox.baseVal;
  const { clientWidth, clientHeight } = document.getElementById("canvas");
  return height / width / (clientHeight / clientWidth);
}"""


@pytest.mark.parametrize("width", [978, 1400])
@pytest.mark.parametrize("make", [deep, gated, with_blocks])
def test_however_many_boxes_are_open_they_stand_in_no_long_column(opened, make, width):
    sheet = opened(walk(make()).html(), width=width, height=900, motion="reduce")
    for count in (1, 3, 6, 10):
        open_some(sheet, count)
        assert sheet.evaluate(SHAPE) <= 2  # times as high, for its width, as the canvas is
    assert sheet.errors == []


def test_steps_light_parts_of_opened_boxes_and_every_number_is_there(opened, steps, html):
    sheet = opened(html, motion="reduce")
    open_some(sheet, 4)
    assert sheet.evaluate(LIT, min(len(steps), 400)) == []
    if sheet.is_enabled("#last"):
        sheet.click("#last")
    nodes = {node.id: node for node in steps.trace.nodes}
    shown = sheet.eval_on_selector_all(
        "#canvas > svg:not(.ahead) [data-slot]",
        "slots => slots.filter(s => s.checkVisibility()).map(s => [s.dataset.slot, s.textContent])",
    )
    values = [(slot, text) for slot, text in shown if slot.startswith(("value:", "gradient:"))]
    assert values
    for slot, text in values:
        kind, _, name = slot.partition(":")
        assert text == number(nodes[name].value if kind == "value" else nodes[name].gradient)
    assert sheet.errors == []


def test_an_opened_box_is_gone_into_and_come_back_to(opened):
    sheet = opened(walk(in_time()).html(), motion="reduce")
    sheet.locator('.fold[aria-label="Open cell in place"]').press("Enter")
    focused = "() => document.activeElement.getAttribute('aria-label')"
    assert sheet.evaluate(focused) == "Open cell in place"  # and what is pressed again closes it
    opened_picture = sheet.evaluate(PICTURE)
    sheet.locator('#canvas > svg svg [aria-label="Open time step 2"]').press("Enter")
    assert sheet.locator("#crumbs button").all_text_contents() == ["network", "cell", "time step 2"]
    sheet.locator("#crumbs button").nth(1).click()
    assert sheet.locator("#canvas > svg:not(.ahead) svg").count() == 0
    sheet.locator("#crumbs button").first.click()
    assert sheet.evaluate(PICTURE) == opened_picture
    assert sheet.errors == []


def test_numbers_that_are_touched_are_followed_in_opened_boxes(opened):
    sheet = opened(walk(mlp()).html(), motion="reduce")
    sheet.locator('.fold[aria-label="Open layer 1 in place"]').press("Enter")
    sheet.click("#last")
    sheet.click("#what-if summary")
    before = sheet.locator('svg:not(.ahead) svg [data-slot^="value"]').all_text_contents()
    field = sheet.locator("#leaves input[type=text]").first
    field.fill("3")
    field.press("Enter")
    assert sheet.locator('svg:not(.ahead) svg [data-slot^="value"]').all_text_contents() != before
    assert sheet.errors == []


def test_a_box_is_opened_by_the_mouse_but_not_by_a_drag_that_begins_on_its_knob(opened):
    sheet = opened(walk(mlp()).html(), motion="reduce")
    knob = sheet.locator('.fold[aria-label="Open layer 1 in place"]')
    knob.click()
    assert knob.get_attribute("aria-expanded") == "true"
    assert sheet.locator("#crumbs [aria-current]").text_content() == "network"  # nothing was gone into
    box = knob.bounding_box()
    sheet.mouse.move(box["x"] + 9, box["y"] + 9)
    sheet.mouse.down()
    sheet.mouse.move(box["x"] + 60, box["y"] + 40, steps=4)
    sheet.mouse.up()
    assert knob.get_attribute("aria-expanded") == "true"
    assert sheet.errors == []


IN_PRINT = """() => {
  const points = (text) => parseFloat(getComputedStyle(text).fontSize) * text.getScreenCTM().a * 0.75;
  const seen = [...document.querySelectorAll("#canvas > svg text")].filter((text) => text.checkVisibility());
  const inside = seen.filter((text) => text.textContent && text.ownerSVGElement.parentNode.id !== "canvas");
  return [inside.length, Math.min(...seen.filter((text) => text.textContent).map(points))];
}"""


def test_opened_boxes_are_printed_as_they_stand_as_large_as_can_be_read(opened):
    sheet = opened(walk(in_time()).html(), motion="reduce")
    open_some(sheet, 4)
    sheet.click("#last")
    sheet.emulate_media(media="print")
    sheet.set_viewport_size({"width": 718, "height": 1000})
    sheet.evaluate("dispatchEvent(new Event('beforeprint'))")
    inside, points = sheet.evaluate(IN_PRINT)
    assert inside > 20
    assert points >= 6
    sheet.evaluate("dispatchEvent(new Event('afterprint'))")
    sheet.emulate_media(media="screen")
    assert sheet.errors == []


WORDS = """() => {
  const isShown = (e) => !e.closest || (getComputedStyle(e).display !== "none" && isShown(e.parentNode));
  return [...document.querySelectorAll("svg.graph:not(.ahead) text, body > svg text")]
    .filter((text) => text.textContent && isShown(text)).map((text) => text.textContent);
}"""


def test_the_picture_of_opened_boxes_is_saved_as_it_stands(opened):
    sheet = opened(walk(in_time()).html(), motion="reduce")
    open_some(sheet, 3)
    words = sheet.evaluate(WORDS)
    with sheet.expect_download() as saved:
        sheet.click("#save-picture")
    picture = saved.value.path().read_text(encoding="utf-8")
    alone = opened(f"<!doctype html><meta charset='utf-8'>{picture}", ready=False)
    assert alone.evaluate(WORDS) == words
    assert words.count("time step 1") == 1
