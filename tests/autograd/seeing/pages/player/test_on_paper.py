"""What a page prints can be read."""

import pytest

from autograd.seeing.walk import walk
from nn import MLP

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
