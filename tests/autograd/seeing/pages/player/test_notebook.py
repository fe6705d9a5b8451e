"""In the sandboxed frame of a notebook a prediction is answered as on the page itself."""

import pytest

from autograd import Value, walk
from autograd.seeing.pages.player.notebook import bundle
from nn import MLP
from tests.autograd.seeing.pages.player.driven import expression


def test_a_prediction_can_be_sent_from_the_frame(opened):
    a, b = Value(2.0, "a"), Value(-3.0, "b")
    shown = bundle(walk(a * b).content())["text/html"]
    sheet = opened(f"<!doctype html><body>{shown}</body>", ready=False)
    frame = sheet.frame_locator("iframe")
    frame.locator("html[data-ready]").wait_for(state="attached")
    frame.locator("#predict").check()
    while not frame.locator("#prediction").is_visible():
        frame.locator("#next").click()
    frame.locator("#answer").fill("-3.5")
    frame.locator("#answer").press("Enter")
    frame.locator("#verdict:not(:empty)").wait_for()
    assert sheet.errors == []


@pytest.mark.parametrize("width", [300, 360, 540, 700])
@pytest.mark.parametrize("make", [lambda: MLP(8, [12, 3], seed=0)([0.5] * 8)[0], expression])
def test_however_narrow_its_frame_the_player_is_in_sight_and_only_the_step_scrolls(opened, width, make):
    shown = bundle(walk(make()).content())["text/html"]
    sheet = opened(f"<!doctype html><body style='margin:0'>{shown}</body>", ready=False, width=width)
    frame = sheet.frame_locator("iframe")
    frame.locator("html[data-ready]").wait_for(state="attached")
    frame.locator("#last").click()
    frame.locator("#what-if summary").click()
    high, header, scrolled, *boxes = frame.locator("body").evaluate("""(body) => {
      const parts = ["#canvas", "#panel", "#transport", "#find", "#theme"];
      return [
        innerHeight, body.querySelector("header").offsetHeight, document.documentElement.scrollHeight,
        ...parts.map((part) => body.querySelector(part).getBoundingClientRect().toJSON()),
      ];
    }""")
    assert scrolled == high
    assert header < 60
    assert all(box["height"] > 30 and 0 <= box["top"] < box["bottom"] <= high for box in boxes)
    assert all(0 <= box["left"] < box["right"] <= width for box in boxes)
    assert boxes[0]["height"] >= 140
    words = frame.locator("h1").evaluate("""(h1) => {
      const range = new Range();
      return [...h1.textContent.matchAll(/[^ ]+/g)].filter(({ 0: word, index }) => {
        range.setStart(h1.firstChild, index);
        range.setEnd(h1.firstChild, index + word.length);
        return range.getBoundingClientRect().bottom <= h1.getBoundingClientRect().bottom + 1;
      }).length;
    }""")
    assert words >= (2 if width < 360 else 4)  # of its title: more than its first letter
    assert sheet.errors == []
