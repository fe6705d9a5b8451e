"""Who hears a page is told what others see of a step: its sentence and its numbers, in one live region."""

import re

import pytest

from autograd import Value, mean
from autograd.seeing.pages.player import sketch
from autograd.seeing.walk import walk
from nn import MLP, Conv2d, Flatten, MaxPool2d, Reshape, Sequential, losses
from tests.autograd.seeing.pages.player.driven import chain, expression

NUMBER = re.compile(r"−?\d+(?:\.\d+)?(?:e−?\d+)?|nan|∞")

STEPS = """(size) => {
  const part = (id) => document.getElementById(id);
  part("size").value = size;
  part("size").dispatchEvent(new Event("change"));
  part("first").click();
  const told = [];
  const regions = new Set();
  const live = "[aria-live], [role=status], [role=alert]";
  const watcher = new MutationObserver((changes) => changes.forEach(({ target }) => {
    const region = (target.closest ? target : target.parentNode).closest(live);
    if (region && region.getAttribute("aria-live") !== "off") regions.add(region.id);
  }));
  watcher.observe(document.body, { subtree: true, childList: true, characterData: true });
  const stops = part("place").max;
  for (let k = 0; !part("next").disabled && k < 60; k++) {
    if (k === 30) part("place").value = Math.max(part("place").value, stops - 40);
    if (k === 30) part("place").dispatchEvent(new Event("input"));
    part("next").click();
    const rows = [...part("numbers").rows].map((row) => row.innerText.trim().split(/\\s+/).at(-1));
    const isSeen = part("numbers").checkVisibility();
    told.push([part("told").textContent, ...(isSeen ? [rows, part("numbers").innerText] : [[], ""])]);
  }
  return new Promise((done) => setTimeout(() => done([told, [...regions]])));
}"""
"""Answers for each of many steps what is heard and which numbers are seen, and which regions were heard."""


def network(*sizes):
    return losses.half_mse(MLP(2, [*sizes, 1], seed=0)([0.5, -0.3]), 1.0)


def convolution():
    model = Sequential(Reshape(1, 4, 4), Conv2d(1, 2, 3, padding=1, seed=0), MaxPool2d(2), Flatten())
    return mean(model([0.1 * (i % 7) for i in range(16)]))


def forward_mode():
    w, x = Value(0.5, "w"), Value(2.0, "x")
    return walk((w * x).tanh() * w, tangent=w)


WALKS = {
    "expression": lambda: walk(expression()),
    "network": lambda: walk(network(2)),
    "folded": lambda: walk(network(16, 9)),
    "parts": lambda: walk(chain(60)),
    "convolution": lambda: walk(convolution()),
    "forward mode": forward_mode,
}


@pytest.mark.parametrize("name", WALKS)
def test_the_numbers_that_are_seen_of_a_step_are_heard_once(opened, name):
    is_heard(opened(WALKS[name]().html(), motion="reduce"))


def test_those_of_a_page_of_modules_are_heard_too(opened, monkeypatch):
    monkeypatch.setattr(sketch, "MOST_NODES", 20)
    is_heard(opened(walk(network(16, 9)).html(), motion="reduce"))


def is_heard(sheet):
    for size in sheet.eval_on_selector_all("#size option", "options => options.map(({ value }) => value)"):
        told, regions = sheet.evaluate(STEPS, size)
        assert regions == ["told"]
        for heard, rows, table in told:
            if more := re.search(r"and (\d+) more", table):
                assert str(int(more[1]) + len(rows) - 1) in NUMBER.findall(heard)
                continue
            seen = {number for row in rows for number in NUMBER.findall(row)}
            assert seen <= {*NUMBER.findall(heard)}, (heard, rows)
    assert sheet.errors == []


def test_a_step_without_a_formula_has_no_empty_image(opened):
    sheet = opened(walk(network(4)).html())
    sheet.select_option("#size", "layer")
    while sheet.is_enabled("#next"):
        sheet.click("#next")
        formula = sheet.locator("#math").inner_text().strip()
        assert sheet.is_visible("#math") == bool(formula)
        if formula:
            name = sheet.get_attribute("#math", "aria-label")
            assert name.removeprefix("The step as a formula:").strip()


def test_a_box_that_opens_in_place_says_so_and_what_came_into_view(opened):
    sheet = opened(walk(network(16, 9)).html(), motion="reduce")
    knob = sheet.get_by_role("button", name="Open layer 2 in place")
    assert knob.get_attribute("aria-expanded") == "false"
    knob.press("Enter")
    assert knob.get_attribute("aria-expanded") == "true"
    assert (
        sheet.text_content("#heard") == "In layer 2: " + "; ".join(f"neuron {k}" for k in range(1, 10)) + "."
    )
    assert knob.evaluate("knob => knob === document.activeElement")
    sheet.keyboard.press("Tab")  # into what was opened
    assert sheet.evaluate("document.activeElement.closest('svg svg') !== null")
    knob.press(" ")
    assert knob.evaluate("knob => knob === document.activeElement")
    assert knob.get_attribute("aria-expanded") == "false"
    sheet.get_by_role("button", name="Open layer 1 in place").press("Enter")
    assert sheet.text_content("#heard") == "In layer 1: 16 parts, neuron 1 to neuron 16."


def test_what_stands_under_a_window_is_heard_where_keys_move_it(opened):
    sheet = opened(walk(convolution()).html(), motion="reduce")
    sheet.keyboard.press("End")
    sheet.fill("#find", "stage 2")
    sheet.keyboard.press("Enter")
    sheet.locator("#l1-0").focus()
    place = sheet.input_value("#place")
    for key, now in (("ArrowRight", 1), ("End", 3), ("PageDown", 15), ("Home", 12), ("PageUp", 0)):
        sheet.keyboard.press(key)
        assert sheet.evaluate("document.activeElement.id") == f"l1-{now}"
        numbers = sheet.locator("#l1-kernel .number").all_text_contents()
        heard = sheet.text_content("#heard")
        left = {n for text in numbers for n in NUMBER.findall(text)} - {*NUMBER.findall(heard)}
        assert left <= {sheet.locator("#l1-kernel .number").last.text_content(), *gradients(sheet)}
        assert sheet.input_value("#place") == place


def gradients(sheet):
    """What the table in the middle says of slopes: the nodes say them themselves."""
    rows = sheet.locator("#l1-kernel text").all_text_contents()
    return rows[rows.index("Σ window · kernel") :]
