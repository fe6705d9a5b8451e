"""Pages for the keyboard alone: grids are one stop each, and what is called a button is reached and acts."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograd.seeing.pages.frame import notebook_frame
from notebooks.site.lessons import Lesson
from tests.pages import NAMES, PLAYERS, go_in, saved
from tests.shown import OPEN, UNREACHED

MANY = 32
"""So many things of one kind side by side are a composite, which is one stop of the Tab key."""

FAULTS = """(many) => {
  const roles = "[role=button], [role=link], [role=slider], [role=option], button, summary, a[href]";
  const isSeen = (e) => e.checkVisibility({ visibilityProperty: true });
  const isThere = (e) => isSeen(e) && !e.disabled && !e.closest("[role=listbox]");
  const all = [...document.querySelectorAll(roles)].filter(isThere);
  const kindOf = (e) => `${e.localName}.${(e.getAttribute("class") ?? "").split(" ")[0]}`;
  const nameOf = (e) => `${kindOf(e)} ${e.id} ${e.getAttribute("aria-label") ?? e.textContent.slice(0, 40)}`;
  const leadsTo = (from, isWanted) => {
    for (const key of ["ArrowDown", "ArrowUp", "ArrowRight", "ArrowLeft"]) {
      from.focus();
      from.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
      if (isWanted(document.activeElement)) return document.activeElement;
    }
  };
  const composites = new Map();
  for (const e of all) {
    const around = e.closest("li") ? e.closest("ul, ol, #lines").parentNode : e.parentNode;
    if (!composites.has(around)) composites.set(around, new Map());
    const kinds = composites.get(around);
    kinds.set(kindOf(e), [...(kinds.get(kindOf(e)) ?? []), e]);
  }
  const faults = [];
  const unreached = new Set(all.filter((e) => e.tabIndex < 0));
  for (const kinds of composites.values()) for (const [kind, own] of kinds) {
    const stops = own.filter((e) => e.tabIndex >= 0);
    const isGrid = own.length >= many || (kind.endsWith(".dot") && own.length > 1);
    if (isGrid && stops.length !== 1) faults.push(`${stops.length} stops for ${own.length} of ${kind}`);
    if (own.every((e) => e.tabIndex >= 0)) continue;
    const [waiting, seen] = [[...stops], new Set(stops)];
    while (waiting.length && seen.size < own.length) { // where arrow keys lead from there
      const to = leadsTo(waiting.at(-1), (other) => own.includes(other) && !seen.has(other));
      if (to) seen.add(to), waiting.push(to);
      else waiting.pop();
    }
    for (const e of seen) unreached.delete(e);
  }
  return [...faults, ...[...unreached].map((e) => `not reached: ${nameOf(e)}`)];
}"""
"""Answers which composites have other than one stop, and which buttons no key reaches."""

STATE = """() => {
  const told = ["place", "told", "crumbs"].map((id) => document.getElementById(id));
  const states = [...document.querySelectorAll("[aria-expanded], [aria-pressed]")];
  const open = states.map((e) => [e.getAttribute("aria-expanded"), e.getAttribute("aria-pressed")]);
  return JSON.stringify([told[0].value, told[1].textContent, told[2].textContent, open]);
}"""

KINDS = """() => {
  const shown = [...document.querySelectorAll("#canvas svg.graph:not(.ahead) [role=button]")]
    .filter((e) => e.checkVisibility({ visibilityProperty: true }));
  const kindOf = (e) => `${e.localName} ${e.getAttribute("class")} ${!e.dataset.opens}`;
  const kinds = new Map(shown.map((e) => [kindOf(e), e]));
  [...kinds.values()].forEach((e, k) => e.setAttribute("data-kind", k));
  return kinds.size;
}"""
"""Marks one button of each kind in the picture that is shown, and answers how many there are."""


UNSEEN = """() => {
  const rgb = (text) => { // whichever way a colour is written
    const pen = (rgb.pen ??= new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true }));
    pen.clearRect(0, 0, 1, 1);
    pen.fillStyle = text;
    pen.fillRect(0, 0, 1, 1);
    return [...pen.getImageData(0, 0, 1, 1).data];
  };
  const linear = (x) => (x / 255 <= 0.04045 ? x / 255 / 12.92 : ((x / 255 + 0.055) / 1.055) ** 2.4);
  const light = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b) + 0.05;
  const contrast = (one, other) => {
    const [less, more] = [light(one), light(other)].sort((a, b) => a - b);
    return more / less;
  };
  const behind = (e) => {
    if (!e) return rgb("white");
    const colour = rgb(getComputedStyle(e).backgroundColor);
    return colour[3] === 255 ? colour : behind(e.parentElement);
  };
  const isStop = (e) => e.tabIndex >= 0 && !e.disabled && e.checkVisibility();
  const stops = [...document.querySelectorAll("*")].filter(isStop);
  const faults = new Set();
  for (const e of stops) {
    e.focus({ preventScroll: true });
    if (!e.matches(":focus-visible")) continue;
    const parts = [e, e.closest("#canvas"), e.parentElement].filter(Boolean);
    const rings = parts.map((part) => getComputedStyle(part));
    const seen = rings.filter((ring) => ring.outlineStyle !== "none" && parseFloat(ring.outlineWidth) >= 2);
    const around = behind(e.parentElement);
    const least = Math.max(0, ...seen.map((ring) => contrast(rgb(ring.outlineColor), around)));
    if (least < 3) faults.add(`${e.localName}.${e.getAttribute("class")} ${e.id}: ${least.toFixed(1)}`);
  }
  return [...faults];
}"""
"""Answers which stops of the Tab key have no ring of 3 : 1 around them while they have the focus."""


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """The pages by their names."""
    return saved(tmp_path_factory.mktemp("pages"))


@pytest.mark.parametrize("name", NAMES)
def test_a_composite_is_one_stop_and_every_button_is_reached(opened, pages, name):
    sheet = opened(pages[name], ready=name in PLAYERS, motion="reduce")
    if name in PLAYERS:
        assert sheet.evaluate(FAULTS, MANY) == []
        go_in(sheet, name)
        for knob in sheet.locator(".fold").all()[:2]:
            knob.press("Enter")
    sheet.evaluate(OPEN)
    assert sheet.evaluate(FAULTS, MANY) == []
    assert sheet.errors == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", NAMES)
def test_what_has_the_focus_is_seen(opened, pages, name, scheme):
    sheet = opened(pages[name], ready=name in PLAYERS, motion="reduce", scheme=scheme)
    if name in PLAYERS:
        go_in(sheet, name)
    sheet.evaluate(OPEN)
    sheet.keyboard.press("Tab")
    assert sheet.evaluate(UNSEEN) == []


@pytest.fixture
def phone(browser, pages):
    """A page as a phone shows it."""
    screen = {"width": 360, "height": 740}
    context = browser.new_context(viewport=screen, has_touch=True, reduced_motion="reduce")  # it glides else
    sheet = context.new_page()

    def shown(name):
        sheet.goto(pages[name].as_uri())
        sheet.wait_for_selector("html[data-ready]", state="attached")
        return sheet

    yield shown
    context.close()


SMALL = """() => {
  const isSeen = (e) => e.checkVisibility({ visibilityProperty: true });
  const things = "button, summary, select, .fold, .plane, .door, .layer, input:not(label input, #place)";
  const all = [...document.querySelectorAll(things)].filter((e) => isSeen(e) && !e.closest(".ahead"));
  const isSmall = (e) => ["width", "height"].some((side) => e.getBoundingClientRect()[side] < 23.9);
  return all.filter(isSmall).map((e) => `${e.localName}.${e.getAttribute("class")} ${e.id}`);
}"""


@pytest.mark.parametrize("name", PLAYERS)
def test_a_finger_hits_whatever_is_tapped(phone, name):
    sheet = phone(name)
    go_in(sheet, name)
    sheet.evaluate(OPEN)
    assert sheet.evaluate(SMALL) == []


def test_a_finger_on_a_dot_opens_its_box_and_one_on_a_cell_moves_the_window(phone):
    sheet = phone("windows")
    sheet.locator("#glance-boxes").tap(force=True)
    sheet.locator("#network-l0-7").tap(force=True)
    assert sheet.text_content("#crumbs [aria-current]") == "inputs"
    sheet.fill("#find", "stage 2")
    sheet.keyboard.press("Enter")
    sheet.keyboard.press("End")
    sheet.tap("#fit")
    for cell, place in ((0, "row 1, column 1"), (8, "row 2, column 3"), (47, "row 2, column 6")):
        sheet.locator(f"#l1-{cell}").tap(force=True)
        assert place in sheet.text_content("#l1-kernel")
        assert sheet.text_content("#heard").startswith("Σ window · kernel ")
    assert sheet.text_content("#crumbs [aria-current]") == "stage 2"


def test_two_stops_in_a_grid_and_a_button_that_no_key_reaches_are_found(opened, pages):
    sheet = opened(pages["folded"], motion="reduce")
    sheet.evaluate("""() => {
      document.querySelectorAll("#canvas .layer .dot")[5].setAttribute("tabindex", 0);
      document.getElementById("count").setAttribute("role", "button");
    }""")
    two, unreached = sheet.evaluate(FAULTS, MANY)
    assert two.startswith("2 stops for 36 of circle.dot")
    assert unreached.startswith("not reached: span. count")


@pytest.mark.parametrize("key", ["Enter", " "])
@pytest.mark.parametrize("name", [name for name in PLAYERS if name != "quiz"])
def test_every_kind_of_button_in_a_picture_acts_by_either_key(opened, pages, name, key):
    sheet = opened(pages[name], motion="reduce")
    go_in(sheet, name)
    kinds = sheet.evaluate(KINDS)
    for kind in range(kinds):
        sheet.reload()
        sheet.wait_for_selector("html[data-ready]", state="attached")
        go_in(sheet, name)
        assert sheet.evaluate(KINDS) == kinds
        button = sheet.locator(f'[data-kind="{kind}"]')
        button.focus()
        before = sheet.evaluate(STATE)
        button.press(key)
        assert sheet.evaluate(STATE) != before, button.get_attribute("class")


@pytest.mark.parametrize("width", [360, 978])
@pytest.mark.parametrize("name", NAMES)
def test_whatever_is_scrolled_is_reached_by_keys(opened, pages, name, width):
    sheet = opened(pages[name], ready=name in PLAYERS, width=width, motion="reduce")
    if name in PLAYERS:
        go_in(sheet, name)
        if name != "quiz":
            sheet.click("#last")
    for unfold in ("() => {}", OPEN):
        sheet.evaluate(unfold)
        sheet.evaluate(
            "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
        )
        assert sheet.evaluate(UNREACHED) == []


@pytest.mark.parametrize("width", [360, 978])
@pytest.mark.parametrize("lesson", ["03_backpropagation_worked", "05_the_gradient_path_of_a_weight"])
def test_whatever_is_scrolled_in_a_lesson_is_reached_by_keys(opened, lesson, width):
    pytest.importorskip("nbconvert")
    page = Lesson(Path(__file__).parents[1] / "notebooks" / f"{lesson}.ipynb").html(None, None)
    sheet = opened(page, ready=False, width=width)
    sheet.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert sheet.evaluate(UNREACHED) == []
    assert width > 360 or sheet.locator("[role=group][tabindex]").count() > 5


def test_what_is_scrolled_and_not_reached_is_found(opened):
    frame = '<div style="height:50px;overflow:auto">{}<p style="height:900px">a</p>{}</div>'
    button = "<button>b</button>"
    sheet = opened(
        frame.format("", "") + frame.format(button, "") + frame.format(button, button), ready=False
    )
    assert sheet.evaluate(UNREACHED) == 2 * ["is not reached: div. "]


@pytest.mark.parametrize(("width", "wanted"), [(360, ["sentence"]), (978, ["sentence", "math", "numbers"])])
def test_in_a_frame_what_a_step_says_is_in_view_after_each_step(opened, pages, width, wanted):
    html = pages["player"].read_text(encoding="utf-8")
    sheet = opened(notebook_frame(html, "Walk", 720), ready=False, width=width, motion="reduce")
    frame = sheet.query_selector("iframe").content_frame()
    frame.wait_for_selector("html[data-ready]", state="attached")
    told = frame.evaluate(
        """(wanted) => {
      const [panel, next] = ["panel", "next"].map((id) => document.getElementById(id));
      const cut = [];
      while (!next.disabled) {
        panel.scrollTop = 1e4; // as a reader who looked at the numbers
        next.click();
        const frame = panel.getBoundingClientRect();
        const parts = wanted.map((id) => document.getElementById(id)).filter((e) => e.checkVisibility());
        const places = parts.map((e) => e.getBoundingClientRect());
        if (places.some(({ top, bottom }) => top < frame.top || bottom > frame.bottom)) {
          cut.push(document.getElementById("count").textContent);
        }
      }
      return cut;
    }""",
        wanted,
    )
    assert told == []
