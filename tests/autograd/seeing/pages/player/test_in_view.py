"""What a step speaks of is in the free part of the canvas, whatever changes the size of the canvas."""

import pytest

from autograd import Value
from autograd.seeing.walk import walk
from nn import MLP, LSTMCell, Recurrent, losses
from tests.autograd.seeing.pages.player.driven import go
from tests.shown import SCREENS
from tests.thorough import ALL


def scalar():
    y, x = Value(3.0, "y"), Value(2.0, "x")
    h = y * x
    h.label = "h"
    p = h + y
    p.label = "p"
    L = h * p
    L.label = "L"
    return L


def module():
    return losses.half_mse(MLP(2, [2, 2], "sigmoid", seed=0)([0.05, 0.1]), [0.01, 0.99])


def folded():
    return losses.cross_entropy(MLP(12, [8, 6, 3], "tanh", seed=0)([0.1 * k for k in range(12)]), 1)


def in_time():
    return losses.half_mse(Recurrent(LSTMCell(1, 3, seed=0), 1, seed=0)([[0.1 * k] for k in range(6)]), 0.5)


PAGES = {"scalar": scalar, "module": module, "folded": folded, "in time": in_time}

OUT_OF_VIEW = """async ([most, opens]) => {
  const drawn = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  const $ = (id) => document.getElementById(id);
  const rect = (part) => part.getBoundingClientRect();
  const within = (a, b) => a.left >= b.left && a.top >= b.top && a.right <= b.right && a.bottom <= b.bottom;
  const apart = (a, b) => a.right <= b.left || b.right <= a.left || a.bottom <= b.top || b.bottom <= a.top;
  const union = (boxes) => boxes.reduce((a, b) => ({
    left: Math.min(a.left, b.left), top: Math.min(a.top, b.top),
    right: Math.max(a.right, b.right), bottom: Math.max(a.bottom, b.bottom) }));
  const told = (r) => [r.left, r.top, r.right, r.bottom].map(Math.round).join(" ");
  const faults = [];
  const look = (when) => {
    const canvas = rect($("canvas"));
    const around = [...document.querySelectorAll(".zoom, #crumbs, #elsewhere, #note")];
    const over = around.filter((e) => e.checkVisibility()).map(rect);
    const isFree = (box) => within(box, canvas) && over.every((other) => apart(box, other));
    const root = document.querySelector("#canvas > svg.graph:not(.ahead)");
    const lit = [...root.querySelectorAll(".halo, .flow")];
    if (!lit.length) return faults.push([when, "nothing is lit"]);
    const { left, top, right, bottom } = union(lit.map(rect));
    const shrunk = Math.min(1, 10 / 12 / root.getScreenCTM().a); // to the smallest scale that can be read
    const fits = (w, h) => w * shrunk <= canvas.width - 16 && h * shrunk <= canvas.height - 16;
    if (isFree({ left, top, right, bottom })) return;
    const whole = fits(right - left, bottom - top);
    const nodes = [...root.querySelectorAll(".halo")];
    const all = union(nodes.map(rect));
    if (!whole && isFree(all)) return;
    const allFit = fits(all.right - all.left, all.bottom - all.top);
    if (!whole && !allFit) {
      const first = nodes.filter((halo) => !halo.matches(".from")).map(rect);
      if (first.some((box) => isFree(box) || !fits(box.right - box.left, box.bottom - box.top))) return;
    }
    faults.push([when, whole ? "all" : allFit ? "nodes" : "first", $("sentence").textContent.slice(0, 60),
      ...[canvas, { left, top, right, bottom }, all].map(told)]);
  };
  $("first").click();
  await drawn();
  for (let k = 1; k <= most && !$("next").disabled; k++) {
    $("next").click();
    await drawn();
    await drawn();
    look(`step ${k}`);
    if (k % opens) continue;
    for (const toggled of [true, false]) {
      for (const fold of document.querySelectorAll("#what-if, #list")) fold.open = toggled;
      await drawn();
      await drawn();
      look(`step ${k}, folds ${toggled}`);
    }
  }
  return faults;
}"""


@pytest.mark.parametrize("width", SCREENS)
@pytest.mark.parametrize("name", PAGES)
def test_what_a_step_speaks_of_is_in_view(opened, name, width):
    sheet = opened(walk(PAGES[name]()).html(), width=width, height=720, motion="reduce")
    faults = {}
    for size in sheet.locator("#size option").all():
        sheet.select_option("#size", size.get_attribute("value"))
        if found := sheet.evaluate(OUT_OF_VIEW, [1000 if ALL else 60, 1 if ALL else 7]):
            faults[size.get_attribute("value")] = found
    assert faults == {}
    assert sheet.errors == []


@pytest.mark.parametrize("width", SCREENS)
@pytest.mark.parametrize("name", ["scalar", "module"])
def test_what_is_asked_about_is_in_view(opened, name, width):
    sheet = opened(walk(PAGES[name]()).html(), width=width, height=720, motion="reduce")
    sheet.check("#predict")
    faults = []
    while sheet.is_enabled("#next"):
        sheet.evaluate("document.getElementById('next').click()")
        faults += sheet.evaluate(OUT_OF_VIEW.replace('$("first").click();', ""), [0, 1])
        if sheet.is_visible("#reveal"):
            faults += sheet.evaluate(OUT_OF_VIEW.replace('$("first").click();', 'look("asked");'), [0, 1])
            sheet.click("#reveal")
    assert faults == []


MOVED = """() => {
  const key = { key: "ArrowLeft", shiftKey: true, bubbles: true, cancelable: true };
  const canvas = document.getElementById("canvas");
  for (let k = 0; k < 6; k++) canvas.dispatchEvent(new KeyboardEvent("keydown", key));
}"""


@pytest.mark.parametrize("name", PAGES)
def test_it_is_in_view_again_when_the_window_changes_though_it_was_moved_by_hand(opened, name):
    sheet = opened(walk(PAGES[name]()).html(), width=1400, height=720, motion="reduce")
    look = OUT_OF_VIEW.replace('$("first").click();\n  await drawn();', 'await drawn(); look("moved");')
    steps = int(sheet.text_content("#count").split()[0])
    faults = []
    for to in range(steps // 5, steps, steps // 5):
        go(sheet, to)
        sheet.evaluate(MOVED)
        for width, height in ((1000, 600), (360, 720), (978, 720), (1400, 720)):
            sheet.set_viewport_size({"width": width, "height": height})
            faults += [[to, width, *fault] for fault in sheet.evaluate(look, [0, 1])]
    assert faults == []


LABELS_ON_THINGS = """() => {
  const root = document.querySelector("#canvas > svg.graph:not(.ahead)");
  const found = (those) => [...root.querySelectorAll(those)].filter((e) => e.checkVisibility());
  const labels = found(".edge text").filter((e) => e.textContent).map((e) => [e, e.getBoundingClientRect()]);
  const boxes = found(".node .frame, .node .op").map((e) => [e, e.getBoundingClientRect()]);
  const isOn = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1.5
    && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 3; // a line of letters is higher than they are
  return labels.flatMap(([label, a], k) => [...labels.slice(k + 1), ...boxes]
    .filter(([other, b]) => other.closest(".edge") !== label.closest(".edge") && isOn(a, b))
    .map(([other]) => `${label.textContent} on ${other.textContent || other.closest(".node").id}`));
}"""


@pytest.mark.parametrize("font", ["Liberation Sans", "DejaVu Sans"])
@pytest.mark.parametrize("width", SCREENS)
def test_no_label_is_on_another_or_on_a_box(opened, font, width):
    small = MLP(2, [2, 2], "sigmoid", seed=0)([0.0005123, -0.0001234])
    for output in (losses.half_mse(small, [0.01, 0.99]), module(), scalar()):
        sheet = opened(walk(output).html(), width=width, motion="reduce", bypass_csp=True)
        sheet.add_style_tag(content=f"text {{ font-family: '{font}' !important }}")
        sheet.click("#last")
        assert sheet.evaluate(LABELS_ON_THINGS) == []


BOXES_SEEN = """() => {
  const canvas = document.getElementById("canvas").getBoundingClientRect();
  const nodes = document.querySelectorAll("#canvas > svg.graph:not(.ahead) .node");
  return [...nodes].map((node) => node.getBoundingClientRect())
    .filter((box) => box.left < canvas.right && box.right > canvas.left)
    .filter((box) => box.top >= canvas.top && box.bottom <= canvas.bottom).length;
}"""


@pytest.mark.parametrize("frame", [False, True])
def test_a_phone_shows_several_boxes_at_every_step(opened, frame):
    steps = walk(module())
    page = steps._repr_mimebundle_()["text/html"] if frame else steps.html()
    sheet = opened(page, ready=not frame, width=360, height=720, motion="reduce")
    shown = sheet.frames[-1]
    shown.wait_for_selector("html[data-ready]", state="attached")
    for step in steps:
        shown.evaluate("document.getElementById('next').click()")
        assert shown.evaluate(BOXES_SEEN) >= 3, step.sentence


ON_NUMBERS = """(step) => {
  document.getElementById("next").click();
  const faults = [];
  const flights = document.getAnimations().filter((flight) => flight.animationName === "travel");
  const boxes = [...document.querySelectorAll("#canvas > svg.graph:not(.ahead) .node .number")]
    .filter((e) => e.textContent && e.checkVisibility())
    .map((e) => [e.textContent, e.getBoundingClientRect()]);
  const isOn = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1
    && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 3; // a line of letters is higher than they are
  for (const flight of flights) {
    flight.pause();
    const flier = flight.effect.target;
    for (let time = 0; time <= 900; time += 60) {
      flight.currentTime = time;
      const here = flier.getBoundingClientRect();
      const under = boxes.filter(([, box]) => isOn(here, box));
      faults.push(...under.map(([text]) => `${step}: ${flier.textContent} on ${text} at ${time} ms`));
    }
    flight.finish();
  }
  const fliers = [...document.querySelectorAll(".traveller")];
  const left = fliers.filter((e) => getComputedStyle(e).opacity > 0);
  return [flights.length, [...faults, ...left.map((e) => `left: ${e.textContent}`)]];
}"""


@pytest.mark.parametrize("name", PAGES)
def test_a_number_that_flies_covers_no_number_and_is_gone_when_it_arrives(opened, name):
    sheet = opened(walk(PAGES[name]()).html())
    sheet.select_option("#size", "edge")
    flights, faults = 0, []
    for step in range(1, 10_000 if ALL else 120):
        if sheet.is_disabled("#next"):
            break
        flew, found = sheet.evaluate(ON_NUMBERS, step)
        flights += flew
        faults += found
    assert faults == []
    assert flights > 5


def test_where_one_comes_by_a_jump_or_back_nothing_flies(opened):
    sheet = opened(walk(scalar()).html())
    steps = len(walk(scalar()))
    ways = {
        "last": lambda: sheet.click("#last"),
        "previous": lambda: sheet.click("#previous"),
        "slider": lambda: go(sheet, steps),
        "link": lambda: sheet.evaluate(f"location.hash = '#step={steps}&by=edge'"),
        "node": lambda: sheet.locator("#canvas .node").last.click(),
        "window": lambda: sheet.set_viewport_size({"width": 800, "height": 600}),
    }
    for name, way in ways.items():
        go(sheet, steps - 3)
        sheet.click("#next")
        assert sheet.locator(".traveller").count() == 1
        sheet.evaluate("document.querySelector('.traveller').remove()")
        way()
        assert sheet.evaluate("() => new Promise(requestAnimationFrame)")
        assert sheet.locator(".traveller").count() == 0, name
