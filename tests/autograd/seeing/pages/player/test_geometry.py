"""The sizes of what slides over a picture: a formula gives its places; others are tried without values."""

import random

import pytest

from autograd import walk
from nn import Conv2d, Flatten, Layer, Reshape, Sequential


def places(n, k, s, p):
    """Where a window may begin: one after the other."""
    return len(range(-p, n + p - k + 1, s))


def opened_at(opened, shape, conv, given):
    """The page of a network of one convolution, at that."""
    model = Sequential(Reshape(1, *shape), conv, Flatten(), Layer(given, 1, seed=1))
    chance = random.Random(0)
    sheet = opened(walk(model([chance.random() for _ in range(shape[0] * shape[1])])).html(), motion="reduce")
    sheet.locator("#network-l1 .frame").click(position={"x": 5, "y": 5})
    return sheet


@pytest.mark.parametrize(
    ("shape", "size", "stride", "padding"),
    [
        ((6, 6), (3, 3), (1, 1), (0, 0)),
        ((6, 6), (3, 3), (2, 2), (1, 1)),
        ((5, 7), (2, 3), (1, 2), (0, 1)),
        ((7, 6), (3, 2), (2, 1), (1, 0)),
    ],
)
def test_the_formula_of_a_box_gives_as_many_places_as_it_has(opened, shape, size, stride, padding):
    down, along = (places(*axis) for axis in zip(shape, size, stride, padding, strict=True))
    conv = Conv2d(1, 1, size, stride=stride, padding=padding, seed=0)
    sheet = opened_at(opened, shape, conv, down * along)
    formulas = [
        f"⌊({n} + 2·{p} − {k})/{s}⌋ + 1 = {places(n, k, s, p)}"
        for n, k, s, p in zip(shape, size, stride, padding, strict=True)
    ]
    assert sheet.inner_text("#geometry summary") == f"Output size {', '.join(dict.fromkeys(formulas))}"
    sheet.click("#geometry summary")
    assert sheet.get_attribute("#geometry [type=range]", "max") == str(down * along)
    assert sheet.locator(".given .dot").count() == down * along
    assert sheet.errors == []


def filled(sheet, **sizes):
    """The sizes that are tried, as the fields take them."""
    for word, x in zip(
        ("input size n", "window k", "stride s", "zeros around p"), sizes.values(), strict=True
    ):
        sheet.get_by_label(word, exact=True).fill(str(x))


def test_other_sizes_are_tried_and_change_no_number(opened):
    sheet = opened_at(opened, (6, 6), Conv2d(1, 1, 3, seed=0), 16)
    before = sheet.locator("#numbers, #sentence, #l1-kernel").all_text_contents()
    sheet.click("#geometry summary")
    chance = random.Random(3)
    for _ in range(25):
        n, k, s, p = (chance.randint(1, 12), chance.randint(1, 6), chance.randint(1, 4), chance.randint(0, 3))
        filled(sheet, n=n, k=k, s=s, p=p)
        count, said = places(n, k, s, p), sheet.inner_text("#geometry [role=status]")
        if count:
            assert said.startswith(f"⌊({n} + 2·{p} − {k})/{s}⌋ + 1 = {count}: {count} × {count} places.")
            rest = (n + 2 * p - k) % s
            counted = (
                f"the last {rest} row{'s' * (rest > 1)} and {rest} column{'s' * (rest > 1)} are in no window"
            )
            assert (counted in said) == (" in no window" in said) == bool(rest)
            assert sheet.get_attribute("#geometry [type=range]", "max") == str(count**2)
        else:
            assert "it has no place" in said
        assert sheet.is_disabled("#geometry [type=range]") == (count == 0)
    assert sheet.locator("#numbers, #sentence, #l1-kernel").all_text_contents() == before
    assert sheet.errors == []


def test_the_last_place_of_the_window_is_at_the_end_of_what_is_seen(opened):
    sheet = opened_at(opened, (6, 6), Conv2d(1, 1, 3, seed=0), 16)
    sheet.click("#geometry summary")
    filled(sheet, n=7, k=3, s=2, p=1)
    step = sheet.input_value("#place")
    sheet.locator("#geometry [type=range]").press("End")
    window = sheet.locator("#geometry .window").first
    corner = [float(window.get_attribute(name)) + 0.1 for name in ("x", "y")]
    assert corner == pytest.approx([6, 6])  # 7 + 2 zeros, less a window of 3
    assert sheet.get_attribute("#geometry [type=range]", "aria-valuetext") == "row 4, column 4"
    sheet.get_by_label("zeros around p", exact=True).press("0")
    assert sheet.get_by_label("zeros around p", exact=True).input_value() in ("01", "10")
    assert sheet.input_value("#place") == step


@pytest.mark.parametrize("text", ["", "0", "1.5", "41", "many"])
def test_what_is_no_size_is_refused_and_the_last_ones_stay(opened, text):
    sheet = opened_at(opened, (6, 6), Conv2d(1, 1, 3, seed=0), 16)
    sheet.click("#geometry summary")
    sheet.get_by_label("stride s", exact=True).fill(text)
    assert sheet.inner_text("#geometry [role=status]") == "stride s: a whole number from 1 to 40 is wanted."
    assert sheet.get_attribute("#geometry [type=range]", "max") == "16"


def test_elsewhere_than_at_windows_there_is_none(opened):
    sheet = opened_at(opened, (6, 6), Conv2d(1, 1, 3, seed=0), 16)
    assert sheet.locator("#geometry").is_visible()
    sheet.locator("#crumbs button").first.click()
    assert sheet.locator("#geometry").is_hidden()
