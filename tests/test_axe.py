"""Pages for everyone: axe-core finds nothing in light or dark, nothing is silent, all steps are announced."""

from __future__ import annotations

from itertools import pairwise

import pytest

from tests.pages import NAMES, PLAYERS, go_in, saved
from tests.shown import LABELLED, OPEN

THEMES = ("light", "dark")
TOLD = {"resultTypes": ["violations"], "selectors": False}
"""What axe-core tells: to describe each element that is as it should be takes time, and no test reads it."""


@pytest.fixture(scope="module")
def axe():
    found = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-core is not installed")
    return found.Axe()


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """The pages by their names."""
    return saved(tmp_path_factory.mktemp("pages"))


COLOURS = ["color-contrast", "link-in-text-block"]
"""The rules of axe-core that ask how something looks: all others say the same in light and dark."""

MARK_LOOKS = """() => {
  const [looks, known] = [new Map(), new Map([[document.documentElement, 0]])];
  const colours = ["color", "backgroundColor", "backgroundImage", "fill", "stroke", "opacity"];
  const seen = [...colours, "visibility", "display", "fontSize", "fontWeight"];
  const lookOf = (e) => { // its own, and that of all around it
    if (!known.has(e)) {
      const style = getComputedStyle(e);
      const own = seen.map((name) => style[name]);
      const look = [lookOf(e.parentElement), e.localName, e.disabled, ...own].join("|");
      if (!looks.has(look)) looks.set(look, looks.size + 1);
      known.set(e, looks.get(look));
    }
    return known.get(e);
  };
  for (const e of document.querySelectorAll("[data-look]")) delete e.dataset.look;
  const marked = new Set();
  for (const e of document.body.querySelectorAll("*")) {
    const speaks = [...e.childNodes].some((part) => part.nodeType === Node.TEXT_NODE && part.data.trim());
    if (!(speaks || e.matches("input, select")) || !e.checkVisibility() || marked.has(lookOf(e))) continue;
    marked.add(lookOf(e));
    e.dataset.look = "";
  }
  return marked.size;
}"""
"""Marks one element of words for each look that words have: its colours and sizes, and those around it."""


def faults_of(axe, sheet):
    """What axe-core finds: of looks, in each of the themes, where words look so; of all else, anywhere."""
    found = [("", axe.run(sheet, options=TOLD | {"rules": {rule: {"enabled": False} for rule in COLOURS}}))]
    for theme in THEMES:
        sheet.emulate_media(color_scheme=theme)
        assert sheet.evaluate(MARK_LOOKS)
        looks = {"include": [["[data-look]"]]}
        found.append((f"{theme}, ", axe.run(sheet, looks, TOLD | {"runOnly": COLOURS})))
    violations = [(where, fault) for where, told in found for fault in told.response["violations"]]
    return [f"{where}{v['id']}: {node['html'][:120]}" for where, v in violations for node in v["nodes"]]


@pytest.mark.parametrize("name", NAMES)
def test_axe_finds_nothing(axe, opened, pages, name):
    player = name in PLAYERS
    sheet = opened(pages[name], ready=player, motion="reduce", bypass_csp=True)
    if player:
        go_in(sheet, name)
        if name != "quiz":
            sheet.click("#next")
        for knob in sheet.locator(".fold").all()[:2]:
            knob.press("Enter")
        sheet.fill("#find", "w")
    sheet.evaluate(OPEN)
    assert name != "report" or sheet.locator("details.path[open]").count()
    assert faults_of(axe, sheet) == []


def test_what_is_hard_to_read_or_has_no_name_is_found(axe, opened, pages):
    sheet = opened(pages["player"], bypass_csp=True)
    sheet.evaluate("""() => {
      const faint = document.createElement("p");
      faint.textContent = "Words that nobody can read";
      faint.style.color = "color-mix(in srgb, var(--ink) 30%, var(--paper))";
      document.getElementById("now").append(faint, document.createElement("button"));
    }""")
    faults = [fault.split(":")[0] for fault in faults_of(axe, sheet)]
    assert sorted(faults) == ["button-name", "dark, color-contrast", "light, color-contrast"]


@pytest.mark.parametrize("name", NAMES)
def test_whatever_takes_the_focus_says_what_it_is_and_no_word_twice(opened, pages, name):
    """In Chromium's accessibility tree, which is what a screen reader reads."""
    player = name in PLAYERS
    sheet = opened(pages[name], ready=player, motion="reduce", bypass_csp=True)
    if player:
        go_in(sheet, name)
        if name != "quiz":
            sheet.click("#last")
    sheet.evaluate(OPEN)
    if player:
        sheet.wait_for_function(LABELLED)
    tree = sheet.context.new_cdp_session(sheet).send("Accessibility.getFullAXTree")["nodes"]
    seen = [node for node in tree if not node["ignored"] and takes_the_focus(node)]
    said = [
        [node[key].get("value", "") if key in node else "" for key in ("role", "name", "description")]
        for node in seen
    ]
    assert len(said) > 5
    assert [role for role, name, _ in said if not name.strip()] == []
    assert [name for _, name, description in said if name.strip() == description.strip()] == []


def takes_the_focus(node):
    return any(p["name"] == "focusable" and p["value"]["value"] for p in node.get("properties", ()))


@pytest.mark.parametrize("name", [name for name in PLAYERS if name not in ("quiz", "samples")])
def test_every_step_is_announced(opened, pages, name):
    sheet = opened(pages[name], motion="reduce")
    told = sheet.evaluate("""() => {
      const [next, heard, sentence] = ["next", "told", "sentence"].map((id) => document.getElementById(id));
      const told = [];
      while (!next.disabled) {
        next.click();
        told.push([heard.getAttribute("aria-live"), sentence.textContent]);
      }
      return told;
    }""")
    assert {live for live, _ in told} == {"polite"}
    assert all(after and before != after for (_, before), (_, after) in pairwise(told))
