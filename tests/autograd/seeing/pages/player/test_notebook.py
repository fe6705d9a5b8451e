"""In the sandboxed frame of a notebook a prediction is answered as on the page itself."""

from autograd import Value, walk
from autograd.seeing.pages.player.notebook import bundle


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
