"""The formula of a step is set in pieces and heard whole."""

import re
import unicodedata

import pytest

from autograd.seeing.walk import walk
from nn import MLP
from tests.autograd.seeing.pages.player.driven import expression


def plain(formula):
    """Of a formula as one line: its signs and letters, without what only parts them."""
    return re.sub(r"[\s^()]", "", unicodedata.normalize("NFKC", formula))


@pytest.mark.parametrize("make", [expression, lambda: MLP(2, [2, 1], seed=0)([0.5, -0.3]) ** 2 / 3])
def test_a_screen_reader_hears_the_formula_of_a_step_as_one_line(opened, make):
    steps = walk(make())
    sheet = opened(steps.html())
    for step in steps:
        sheet.click("#next")
        said = sheet.get_attribute("#math", "aria-label").removeprefix("The step as a formula: ")
        assert plain(said) == plain(step.line)
        assert sheet.locator("#math > :not([aria-hidden])").count() == 0
    assert sheet.get_by_role("img", name="The step as a formula").count() == 1
    assert sheet.errors == []


@pytest.mark.parametrize("width", [390, 1200])
def test_no_formula_is_scrolled_up_and_down(opened, width):
    y = MLP(2, [2, 2], "sigmoid", seed=0)([0.05, 0.1])
    sheet = opened(walk((y[0] - 0.01) ** 2 / 2 + (y[1] - 0.99) ** 2 / 2).html(), width=width)
    for _ in range(int(sheet.get_attribute("#place", "max"))):
        sheet.keyboard.press("ArrowRight")
        math = sheet.locator("#math")
        assert math.evaluate("(math) => math.scrollHeight - math.clientHeight") <= 1
