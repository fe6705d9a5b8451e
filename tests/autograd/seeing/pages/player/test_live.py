"""What if: the page asks, the engine answers; the notebook between them is played by a page."""

import json
from html import escape

import pytest

from autograd import Value, walk
from autograd.notation.numbers import number
from autograd.ops import TABLE, op
from autograd.seeing.pages.frame import asset
from autograd.seeing.pages.player.live import answer
from autograd.seeing.pages.player.notebook import framed
from autograd.value import apply


def product():
    a, b = Value(2.0, "a"), Value(-3.0, "b")
    L = a * b + a
    L.label = "L"
    return L


def reply_to(steps, message):
    """What the kernel answers to the page of a walk."""
    return answer(steps.content(), steps.content_with, message)


# -------------------------------------------------------------------------------------- the kernel


def test_the_engine_answers_and_the_walk_stays():
    steps = walk(product())
    reply = reply_to(steps, {"chainrule": "what-if", "request": 7, "values": {"n0": 5.0}})
    assert (reply["chainrule"], reply["request"]) == ("facts", 7)
    assert reply["facts"]["values"][-1] == number(-10.0)
    assert steps.trace.nodes[0].value == 2.0


@pytest.mark.parametrize(
    ("message", "says"),
    [
        ({"request": 1, "values": {"n99": 1.0}}, "no leaf 'n99'"),
        ({"request": 1, "values": {"n2": 1.0}}, "no leaf 'n2'"),
        ({"request": 1, "values": {"n0": "five"}}, "five"),
        ({"request": 1}, "NoneType"),
        ("hello", "NoneType"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused_in_words(message, says):
    reply = reply_to(walk(product()), message)
    assert reply["chainrule"] == "refused"
    assert says in reply["message"]


def test_numbers_that_are_not_finite_come_and_go():
    reply = reply_to(walk(product()), {"request": 1, "values": {"n0": "inf"}})
    assert reply["facts"]["values"][0] == "∞"
    json.dumps(reply, allow_nan=False)


def test_the_widget_carries_the_page_and_answers_messages(monkeypatch):
    pytest.importorskip("anywidget")
    steps = walk(product())
    widget = steps.live()
    sent = []
    monkeypatch.setattr(widget, "send", lambda content: sent.append(content))
    assert widget.frame == framed(steps.content())
    widget._hear(widget, {"request": 2, "values": {"n0": 4.0}}, [])
    assert sent[0]["facts"]["values"][0] == "4"


def test_a_saved_notebook_keeps_the_page_of_the_widget():
    pytest.importorskip("anywidget")
    steps = walk(product())
    shown, _ = steps.live()._repr_mimebundle_()
    assert shown["text/html"] == framed(steps.content())
    assert shown["text/plain"] == "L = a × b + a"
    assert "application/vnd.jupyter.widget-view+json" in shown


# ----------------------------------------------------------------------------------- in a notebook


def test_a_notebook_gets_a_page_a_picture_and_text():
    shown = walk(product())._repr_mimebundle_()
    assert list(shown) == ["text/html", "image/svg+xml", "text/plain"]
    assert 'sandbox="allow-scripts allow-downloads allow-forms"' in shown["text/html"]
    assert "<svg" in shown["image/svg+xml"]
    assert "L" in shown["text/plain"]


def test_many_walks_live_side_by_side(opened):
    frames = framed(walk(product()).content()) + framed(walk(Value(1.0, "x").exp()).content())
    sheet = opened(f"<!doctype html><title>notebook</title>{frames}", ready=False)
    one, other = (sheet.frame_locator("iframe").nth(i) for i in (0, 1))
    one.locator("#last").click()
    other.locator("#next").click()
    assert one.locator("#sentence").text_content() == walk(product())[-1].sentence
    assert other.locator("#place").input_value() == "1"
    assert sheet.errors == []


def test_a_page_that_cannot_compute_an_op_says_that_it_needs_a_kernel(opened, monkeypatch):
    mine = op("of_text", "T", lambda m: (lambda a: float(str(float(a))), lambda a, y: 1.0))
    monkeypatch.setitem(TABLE, "of_text", TABLE.pop("of_text"))
    sheet = opened(walk(apply(mine, (Value(2.0, "a"),))).html())
    sheet.click("#what-if summary")
    assert "needs a kernel" in sheet.text_content("#host")
    assert "walk(L).live()" in sheet.text_content("#host")
    assert sheet.is_disabled("#leaves input >> nth=0")


@pytest.fixture
def hosted(opened):
    """A page that does what a notebook with a kernel does, and the frame of the player in it."""
    steps = walk(product())
    sheet = opened("<!doctype html><title>notebook</title><div id=cell></div>", ready=False)
    sheet.expose_function("kernel", lambda message: reply_to(steps, message))
    module = asset("autograd.seeing.pages.player", "live.js").replace("export default", "window.widget =")
    sheet.evaluate(module)
    sheet.evaluate(
        """frame => {
          const heard = [];
          const model = {
            get: (name) => ({ frame })[name],
            on: (kind, does) => heard.push(does),
            off: () => {},
            send: async (message) => {
              const reply = await kernel(message);
              heard.forEach((does) => does(reply));
            },
          };
          window.widget.render({ model, el: document.getElementById("cell") });
        }""",
        framed(steps.content()),
    )
    frame = sheet.frame_locator("iframe")
    frame.locator("#what-if summary").click()
    frame.locator("#leaves input:enabled").first.wait_for()
    yield frame
    assert sheet.errors == []
    sheet.close()  # it has a function that no other page has


def test_with_a_kernel_a_changed_leaf_changes_both_passes(hosted):
    hosted.locator("#last").click()
    hosted.get_by_role("textbox", name="Value of a").fill("5")
    hosted.get_by_role("textbox", name="Value of a").press("Enter")
    expected = walk(product()).what_if(a=5.0)
    hosted.get_by_text(f"With these numbers, L = {number(-10.0)}").wait_for()
    for node in expected.trace.nodes:
        assert hosted.locator(f'[data-slot="value:{node.id}"]').text_content() == number(node.value)
        assert hosted.locator(f'[data-slot="gradient:{node.id}"]').text_content() == number(node.gradient)
    assert hosted.locator("#sentence").text_content() == expected[-1].sentence


def test_a_second_change_keeps_the_first(hosted):
    for name, text in (("a", "5"), ("b", "1/2")):
        box = hosted.get_by_role("textbox", name=f"Value of {name}")
        box.fill(text)
        box.press("Enter")
    hosted.get_by_text("With these numbers, L = 7.5.").wait_for()


def test_what_is_no_number_is_not_sent(hosted):
    box = hosted.get_by_role("textbox", name="Value of a")
    box.fill("five")
    box.press("Enter")
    hosted.get_by_text("Value of a: a number is wanted").wait_for()


def test_the_frame_of_a_page_cannot_be_left(opened):
    html = framed(walk(Value(1.0, escape("<b>")).exp()).content())
    assert html.count("<iframe") == 1
    assert html.endswith("</iframe>")
