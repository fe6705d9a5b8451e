"""What a step speaks of is in the free part of the canvas, whatever changes the size of the canvas."""

import pytest

from autograd import Value
from autograd.seeing.walk import walk
from nn import MLP, LSTMCell, Recurrent, losses
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
  const union = (boxes) => boxes.reduce((a, b) => ({ left: Math.min(a.left, b.left), top: Math.min(a.top, b.top),
    right: Math.max(a.right, b.right), bottom: Math.max(a.bottom, b.bottom) }));
  const faults = [];
  const look = (when) => {
    const canvas = rect($("canvas"));
    const over = [...document.querySelectorAll(".zoom, #crumbs, #elsewhere, #note")].filter((e) => e.checkVisibility()).map(rect);
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
      if (first.some((halo) => isFree(halo) || !fits(halo.right - halo.left, halo.bottom - halo.top))) return;
    }
    faults.push([when, whole ? "all" : allFit ? "nodes" : "first", $("sentence").textContent.slice(0, 60),
      [canvas, { left, top, right, bottom }, all].map((r) => [r.left, r.top, r.right, r.bottom].map(Math.round).join(" ")).join(" | ")]);
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
    .filter((box) => box.left < canvas.right && box.right > canvas.left && box.top >= canvas.top && box.bottom <= canvas.bottom).length;
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
