"""What slides over a picture is arranged by the room that there is for it."""

import random

import pytest

from autograd import mean, walk
from autograd.seeing.pages.player.notebook import framed
from nn import Conv2d, Flatten, MaxPool2d, Reshape, Sequential
from tests.shown import SCREENS

TOGETHER = """async (canvas) => {
  for (let i = 0; i < 3; i++) await new Promise(requestAnimationFrame);
  const page = canvas.querySelector("svg.graph:not(.ahead)");
  const [around, box] = [canvas.getBoundingClientRect(), (part) => part.getBoundingClientRect()];
  const isOut = (part) => box(part).left < around.left || box(part).right > around.right
    || box(part).top < around.top || box(part).bottom > around.bottom;
  const size = (text) => parseFloat(getComputedStyle(text).fontSize) * text.getScreenCTM().a;
  const meets = (a, b) => box(a).left < box(b).right - 0.5 && box(b).left < box(a).right - 0.5
    && box(a).top < box(b).bottom - 3 && box(b).top < box(a).bottom - 3;
  const written = (part) => [...part.querySelectorAll("text")].filter((text) => text.textContent);
  const rows = [...page.querySelectorAll(".kernel .frame")].map((frame) => written(frame.parentNode));
  const pairs = rows.flatMap((row) => row.flatMap((a, k) => row.slice(k + 1).map((b) => [a, b])));
  const parts = [...page.querySelectorAll(".window, .kernel .frame, .kernel .dot, .given .dot")];
  return [
    parts.filter(isOut).map((part) => part.outerHTML),
    written(page).filter((text) => size(text) < 9.95).map((text) => text.textContent),
    pairs.filter(([a, b]) => meets(a, b)).map((pair) => pair.map((text) => text.textContent)),
  ];
}"""
"""Answers what of the view is not seen, which words are too small, and which of a product's touch."""


@pytest.mark.parametrize("width", SCREENS)
def test_the_window_its_kernel_and_the_products_are_seen_together_in_a_notebook(opened, width):
    chance = random.Random(0)
    convolution = Conv2d(1, 2, 3, padding=1, activation="relu", seed=1)
    output = mean(
        Sequential(Reshape(1, 8, 8), convolution, MaxPool2d(2), Flatten())(
            [chance.random() for _ in range(64)]
        )
    )
    sheet = opened(f"<body>{framed(walk(output).content())}", ready=False, width=width, motion="reduce")
    sheet.frame_locator("iframe").locator("html[data-ready]").wait_for(state="attached")
    sheet.frame_locator("iframe").locator("#last").click()
    sheet.frame_locator("iframe").locator("#glance-l1").press("Enter")
    sheet.frame_locator("iframe").locator("#l1-74").hover(force=True)
    canvas = sheet.frame_locator("iframe").locator("#canvas")
    assert canvas.evaluate(TOGETHER) == [[], [], []]
    sheet.set_viewport_size({"width": 1400 if width < 1400 else 360, "height": 750})  # as it is turned
    assert canvas.evaluate(TOGETHER) == [[], [], []]
    assert sheet.errors == []
