"""What a page prints, and the picture that it saves, can be read elsewhere."""

import re
import xml.etree.ElementTree as ET

import pytest

from autograd.seeing.pages.player.notebook import bundle
from autograd.seeing.style import SMALLEST_PRINTED
from autograd.seeing.walk import walk
from nn import MLP
from tests.shown import MEASURE

PRINTED = """() => {
  const points = (text) => parseFloat(getComputedStyle(text).fontSize) * text.getScreenCTM().a * 0.75;
  const all = [...document.querySelectorAll("#canvas svg.graph:not(.ahead)")];
  return all.filter((svg) => svg.clientWidth).map((svg) => {
    const { x, width } = svg.viewBox.baseVal;
    const words = [...svg.querySelectorAll("text")].filter((text) => text.textContent);
    return [x, x + width, Math.min(...words.map(points))];
  });
}"""


@pytest.mark.parametrize("units", [4, 30, 64])
def test_a_layer_is_printed_as_large_as_can_be_read_and_whole(opened, units):
    sheet = opened(walk(MLP(8, [units, 3], seed=0)([0.5] * 8)[0]).html())
    sheet.locator("#find").fill("layer 1")
    sheet.keyboard.press("Enter")
    [[_, whole, _]] = sheet.evaluate(PRINTED)
    sheet.emulate_media(media="print")
    sheet.set_viewport_size({"width": 718, "height": 1000})
    sheet.evaluate("dispatchEvent(new Event('beforeprint'))")
    parts = sheet.evaluate(PRINTED)
    sheet.evaluate("dispatchEvent(new Event('afterprint'))")
    sheet.emulate_media(media="screen")
    ends = [0, *(end for _, end, _ in parts)]
    assert all(start <= end for (start, _, _), end in zip(parts, ends, strict=False))
    assert ends[-1] == pytest.approx(whole)
    assert min(points for _, _, points in parts) >= 6
    assert len(sheet.evaluate(PRINTED)) == 1
    assert sheet.errors == []


WORDS = """(picture) => [...document.querySelectorAll(`${picture} text`)].map((text) => {
  const { fill, fontSize } = getComputedStyle(text);
  return [text.textContent, fill, fontSize];
})"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_picture_is_saved_as_it_stands(opened, scheme):
    sheet = opened(walk(MLP(8, [30, 3], seed=0)([0.5] * 8)[0]).html(), scheme=scheme)
    sheet.locator("#find").fill("layer 1")
    sheet.keyboard.press("Enter")
    sheet.click("#last")
    shown = sheet.evaluate(WORDS, "#canvas svg.graph:not(.ahead)")
    with sheet.expect_download() as saved:
        sheet.click("#save-picture")
    assert saved.value.suggested_filename == "layer 1.svg"
    picture = saved.value.path().read_text(encoding="utf-8")
    alone = opened(f"<!doctype html><meta charset='utf-8'>{picture}", ready=False)
    found = alone.evaluate(WORDS, "svg")
    assert found == shown
    assert not re.search(r"var\(|color-mix|color\(|NaN", picture)
    assert ET.fromstring(picture).tag == "{http://www.w3.org/2000/svg}svg"
    assert sheet.errors == alone.errors == []


@pytest.mark.parametrize("find", ["", "layer 1"])
def test_on_paper_a_notebook_s_frame_cuts_nothing(opened, find):
    shown = bundle(walk(MLP(8, [30, 3], seed=0)([0.5] * 8)[0]).content())["text/html"]
    sheet = opened(f"<!doctype html><body>{shown}</body>", ready=False, width=718)
    page = sheet.frame_locator("iframe")
    page.locator("html[data-ready]").wait_for(state="attached")
    page.locator("#find").fill(find)
    page.locator("#find").press("Enter")
    page.locator("#last").click()
    page.locator("#list summary").click()
    sheet.emulate_media(media="print")
    high, *parts = page.locator("body").evaluate("""(body) => {
      const parts = ["#canvas svg.graph:not(.ahead)", "#sentence", "#math", "#numbers"];
      return [innerHeight, ...parts.map((part) => {
        const { top, bottom, height } = body.querySelector(part).getBoundingClientRect();
        return [top, bottom, height];
      })];
    }""")
    sheet.emulate_media(media="screen")
    assert all(0 <= top < bottom <= high for top, bottom, _ in parts)
    assert parts[0][2] >= 96
    assert sheet.errors == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("units", [1, 2, 8])
def test_on_paper_all_of_a_frame_is_read_below_it_or_in_it_and_only_there(opened, units, scheme):
    steps = walk(MLP(2, [units, 1], seed=0)([0.5, 0.5]))
    shown = bundle(steps.content())["text/html"]
    sheet = opened(f"<!doctype html><body>{shown}</body>", ready=False, width=718, scheme=scheme)
    page, below = sheet.frame_locator("iframe"), sheet.locator(".walk-on-paper")
    page.locator("html[data-ready]").wait_for(state="attached")
    assert not below.is_visible()
    before = page.locator("body").evaluate(PRINTED)
    sheet.emulate_media(media="print")
    page.locator("body").evaluate("() => dispatchEvent(new Event('beforeprint'))")
    [[_, _, points]] = page.locator("body").evaluate(PRINTED)
    parts, faults = below.locator("use").count(), sheet.evaluate(MEASURE, SMALLEST_PRINTED - 0.05)
    told = below.locator("li").all_text_contents()
    colour = below.evaluate("(e) => [getComputedStyle(e).color, getComputedStyle(e).backgroundColor]")
    page.locator("body").evaluate("() => dispatchEvent(new Event('afterprint'))")
    sheet.emulate_media(media="screen")
    assert points >= 6 or parts > 1
    assert told == [step.sentence for step in steps]
    assert colour == ["rgb(0, 0, 0)", "rgb(255, 255, 255)"]
    assert faults == []
    assert page.locator("body").evaluate(PRINTED) == before
    assert sheet.errors == []


def test_on_paper_the_steps_of_a_quiz_are_not_told_below_its_frame():
    steps = walk(MLP(2, [1], seed=0)([0.5, 0.5]))
    assert steps[0].sentence not in bundle(steps.content(quiz=True))["text/html"].split("</iframe>")[1]
    assert steps[0].sentence in bundle(steps.content())["text/html"].split("</iframe>")[1]


AS_SHOWN = """() => [
  document.querySelector("#sentence").textContent, location.hash, document.querySelector("#list").open,
  document.querySelectorAll("#canvas svg").length, document.querySelector("#canvas svg.graph").textContent,
]"""


@pytest.mark.parametrize("place", [0, 3])
def test_what_nobody_has_begun_is_printed_computed_and_told_and_is_as_it_was_later(opened, place):
    steps = walk(MLP(2, [2, 1], seed=0)([0.5, 0.5]))
    sheet = opened(steps.html())
    for _ in range(place):
        sheet.click("#next")
    before = sheet.evaluate(AS_SHOWN)
    sheet.emulate_media(media="print")
    sheet.evaluate("dispatchEvent(new Event('beforeprint'))")
    sentence, _, is_told, _, picture = sheet.evaluate(AS_SHOWN)
    lines = sheet.locator("#lines button span:last-child")
    assert is_told == (place == 0)
    if place:
        assert (sentence, picture) == (before[0], before[4])
    else:
        assert "Nothing is computed" not in sentence
        assert "–" not in picture
        assert lines.all_text_contents() == [step.sentence for step in steps]
        assert lines.last.bounding_box()["height"] > 0
        assert sheet.evaluate("document.querySelector('#lines').scrollHeight <= lines.clientHeight")
    sheet.evaluate("dispatchEvent(new Event('afterprint'))")
    sheet.emulate_media(media="screen")
    assert sheet.evaluate(AS_SHOWN) == before
    assert sheet.errors == []


def test_what_is_to_be_predicted_is_not_printed(opened):
    sheet = opened(walk(MLP(2, [2, 1], seed=0)([0.5, 0.5])).html())
    sheet.locator("#predict").check()
    before = sheet.evaluate(AS_SHOWN)
    sheet.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert sheet.evaluate(AS_SHOWN) == before
