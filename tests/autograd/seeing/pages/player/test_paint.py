"""Inputs that form a picture: painted on, cleared or taken from a file, they are computed as a walk does."""

import math
from base64 import b64decode
from dataclasses import replace

import pytest

from autograd.notation.numbers import number
from autograd.seeing.pages.player import facts
from autograd.seeing.pages.player.page import page
from autograd.seeing.walk import walk
from nn import MLP, Conv2d, Flatten, Layer, Reshape, Sequential, losses

START = [0.0] * 35 + [1.0]
DARK_BAR = """([width, height]) => {
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width, height });
  const context = canvas.getContext("2d");
  context.fillStyle = "white";
  context.fillRect(0, 0, width, height);
  context.fillStyle = "black";
  context.fillRect(0, 0, width / 3, height);
  return canvas.toDataURL("image/png").split(",")[1];
}"""


def loss(pixels):
    return losses.cross_entropy(MLP(36, [5, 3], "tanh", seed=0)(pixels), 1)


@pytest.fixture
def sheet(opened):
    sheet = opened(walk(loss(START)).html())
    sheet.click("#paint summary")
    yield sheet
    assert sheet.errors == []
    assert all(url.startswith(("file:", "data:")) for url in sheet.requests)


def shows(sheet, pixels, did):
    steps = walk(loss(pixels))
    output = steps.trace.nodes[-1]
    sheet.locator("#paint [role=status]", has_text=f"{did} y = {number(output.value)}.").wait_for()
    reached = [node.gradient for node in steps.trace.nodes if node.role == "input"]
    extent = f"{number(min(reached))} … {number(max(reached))}"
    assert extent in sheet.text_content("#paint figcaption")
    assert sheet.text_content(f'[data-slot="value:{output.id}"]') == number(output.value)


def test_by_keyboard_a_pixel_is_told_painted_and_wiped(sheet):
    sheet.get_by_role("application", name="The inputs as a picture of 6 rows and 6 columns").focus()
    step = sheet.input_value("#place")
    sheet.keyboard.press("ArrowDown")
    sheet.locator("#paint [role=status]", has_text="Row 2, column 1: x₇ = 0").wait_for()
    sheet.keyboard.press("Space")
    shows(sheet, [*START[:6], 1.0, *START[7:]], "Row 2, column 1: x₇ = 1.")
    sheet.keyboard.press("Enter")
    shows(sheet, START, "Row 2, column 1: x₇ = 0.")
    assert int(sheet.input_value("#place")) > int(step)  # where nothing was computed, all of it is shown


def test_a_stroke_paints_all_that_it_passes_and_is_cleared_or_taken_back(sheet):
    easel = sheet.locator(".easel > svg")
    easel.scroll_into_view_if_needed()
    box = easel.bounding_box()
    sheet.mouse.move(box["x"] + 2, box["y"] + 2)
    sheet.mouse.down()
    sheet.mouse.move(box["x"] + box["width"] - 2, box["y"] + 2)
    sheet.mouse.up()
    shows(sheet, [1.0] * 6 + START[6:], "Painted.")
    sheet.click("[name=clear]")
    shows(sheet, [0.0] * 36, "Cleared.")
    sheet.click("[name=again]")
    shows(sheet, START, "The picture is as it was.")


def test_what_is_painted_stays_when_the_numbers_are_opened(sheet):
    sheet.click("[name=clear]")
    shows(sheet, [0.0] * 36, "Cleared.")
    sheet.click("#what-if summary")
    assert sheet.get_by_role("textbox", name="Value of x₃₆").input_value() == "0"


def test_an_image_is_drawn_to_the_grid_and_another_file_refused(sheet):
    image = b64decode(sheet.evaluate(DARK_BAR, [6, 6]))
    sheet.set_input_files(".easel input", {"name": "bar.png", "mimeType": "image/png", "buffer": image})
    shows(sheet, [1.0, 1.0, 0.0, 0.0, 0.0, 0.0] * 6, "bar.png is in.")
    sheet.set_input_files(".easel input", {"name": "a.png", "mimeType": "image/png", "buffer": b"no"})
    sheet.locator("#paint [role=status]", has_text="a.png is not an image").wait_for()


def test_a_sample_is_chosen_by_its_name(opened):
    samples = [("first", tuple(START)), ("other", tuple(k / 36 for k in range(36)))]
    sheet = opened(page(replace(walk(loss(START)).content(), samples=samples)))
    for name, pixels in reversed(samples):  # the fold of such a page is open
        sheet.get_by_role("button", name=name, exact=True).click()
        shows(sheet, pixels, f"{name} is in.")
    assert sheet.errors == []


def picture(output):
    return facts(walk(output).content())["touch"]["picture"]


def test_what_windows_go_over_is_a_picture_and_a_row_of_a_table_is_none():
    layers = Reshape(1, 4, 5), Conv2d(1, 2, 2, activation="relu", seed=0), Flatten(), Layer(24, 2, seed=0)
    seen = picture(losses.mse(Sequential(*layers)([0.1] * 20), [0.0, 1.0]))
    assert (len(seen["nodes"]), seen["columns"], len(seen["gives"])) == (20, 5, 2)
    assert picture(loss(START))["columns"] == 6
    assert picture(losses.mse(MLP(25, [3, 1], seed=0)([0.5] * 25), 1.0)) is None
    assert {name: seen[name] for name in ("planes", "classes", "target")} == {
        "planes": 1, "classes": [], "target": None,
    }  # fmt: skip


def in_colour(pixels, planes=3):
    """The loss of a network that sees a picture of 4 × 5 in so many planes."""
    layers = Reshape(planes, 4, 5), Conv2d(planes, 2, 2, seed=0), Flatten(), Layer(24, 3, seed=0)
    return losses.cross_entropy(Sequential(*layers)(pixels), 2)


@pytest.mark.parametrize("planes", [1, 2, 3])
def test_the_planes_are_those_that_windows_see_one_after_the_other(planes):
    pixels = [k / 100 for k in range(20 * planes)]
    output = in_colour(pixels, planes)
    seen, nodes = picture(output), walk(output).trace.nodes
    assert (seen["columns"], seen["planes"]) == (5, planes)
    assert [nodes[i].value for i in seen["nodes"]] == pixels
    assert (seen["classes"], seen["target"]) == (seen["gives"], 2)


def shares_of(loss):
    steps = walk(loss)
    picture = facts(steps.content())["touch"]["picture"]
    logits = [steps.trace.nodes[i].value for i in picture["classes"]]
    powers = [math.exp(z - max(logits)) for z in logits]
    return [number(power / sum(powers)) for power in powers]


def test_each_class_has_a_bar_as_long_as_its_share(sheet):
    def told():
        rows = sheet.locator("#paint tr").all()
        return [row.locator("td").last.text_content() for row in rows]

    sheet.get_by_role("application").press("Space")
    shows(sheet, [1.0, *START[1:]], "Row 1, column 1: x₁ = 1.")
    right = shares_of(loss([1.0, *START[1:]]))
    assert told() == right
    widths = sheet.evaluate(
        "[...document.querySelectorAll('.bar > span')].map((bar) => parseFloat(bar.style.width))"
    )
    assert widths == pytest.approx([100 * float(share) for share in right], rel=1e-3)
    largest = max(right, key=float)
    said = f"Of 3 shares of softmax the largest is {largest}, of class {right.index(largest)}: z"
    assert said in sheet.text_content("#paint [role=status]")
    assert "the right one" in sheet.locator("#paint tr").nth(1).text_content()


COLOURED = """() => {
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width: 5, height: 4 });
  const context = canvas.getContext("2d");
  context.fillStyle = "rgb(255, 102, 0)";
  context.fillRect(0, 0, 5, 4);
  return canvas.toDataURL("image/png").split(",")[1];
}"""


def test_three_planes_stand_side_by_side_and_as_one_picture_in_its_colours(opened):
    start = [0.0] * 59 + [1.0]
    sheet = opened(walk(in_colour(start)).html())
    sheet.click("#paint summary")
    easel = sheet.get_by_role("application", name="The inputs as a picture of 3 planes, 4 rows and 5 columns")
    whole = sheet.get_by_role("img", name="The three planes as one picture").locator("rect")
    assert whole.count() == 20
    assert whole.last.get_attribute("fill") == "rgb(0,0,255)"
    easel.focus()
    for _ in range(5):  # past the end of the first plane's row
        sheet.keyboard.press("ArrowRight")
    sheet.locator("#paint [role=status]", has_text="Plane 2, row 1, column 1: x₂₁ = 0").wait_for()
    sheet.keyboard.press("Space")
    sheet.locator("#paint [role=status]", has_text="x₂₁ = 1.").wait_for()
    assert whole.first.get_attribute("fill") == "rgb(0,255,0)"
    sheet.keyboard.press("ArrowLeft")
    sheet.locator("#paint [role=status]", has_text="Plane 1, row 1, column 5: x₅ = 0").wait_for()
    image = b64decode(sheet.evaluate(COLOURED))
    sheet.set_input_files(".easel input", {"name": "orange.png", "mimeType": "image/png", "buffer": image})
    right = walk(in_colour([1.0] * 20 + [0.4] * 20 + [0.0] * 20)).trace.nodes[-1].value
    sheet.locator("#paint [role=status]", has_text=f"orange.png is in. y = {number(right)}.").wait_for()
    assert {dot.get_attribute("fill") for dot in whole.all()} == {"rgb(255,102,0)"}
    assert sheet.errors == []
