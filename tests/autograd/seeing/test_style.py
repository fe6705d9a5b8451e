"""The one look: sizes on a log scale, colours that can be told apart."""

from __future__ import annotations

import re
from colorsys import rgb_to_hls
from math import inf, nan

import pytest

from autograd.seeing.pages.frame import theme_variables
from autograd.seeing.style import THEMES, THICKEST, THINNEST, fitting, mixed, theme_named, width


def test_width_is_logarithmic_and_bounded() -> None:
    assert width(0.01) - width(0.001) == pytest.approx(width(100.0) - width(10.0), abs=2e-3)
    assert width(-3.0) == width(3.0)
    assert width(inf) == width(1e9) == THICKEST
    assert width(0.0) == width(nan) == width(None) == THINNEST


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours as WCAG 2 defines it."""

    def luminance(colour: str) -> float:
        channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("name", THEMES)
def test_text_and_lines_stand_out_from_what_is_behind_them(name: str) -> None:
    theme = theme_named(name)
    fills = [theme.fill(role) for role in ("input", "weight", "constant", "operation", "output")]
    for paper in (theme.paper, *fills):
        assert contrast(theme.ink, paper) >= 7
        assert contrast(theme.faint, paper) >= 4.5
    for role in ("input", "weight", "constant", "operation", "output"):
        assert min(contrast(theme.role(role), behind) for behind in (theme.paper, theme.page)) >= 3
    for rank in range(1, 6):
        for product in (1.0, -1.0, 0.0):
            assert contrast(theme.strand(rank, product), theme.paper) >= 3
    for gradient in (1.0, -1.0, 0.0, None):
        assert contrast(theme.sign_text(gradient), theme.paper) >= 4.5
        assert contrast(theme.sign(gradient), theme.paper) >= 3


def test_pages_get_every_colour_as_a_variable_of_its_own() -> None:
    for theme in THEMES.values():
        found = dict(re.findall(r"--([\w-]+):([^;]+);", theme.variables()))
        assert all(re.fullmatch(r"#[0-9A-F]{6}", colour) for colour in found.values())
        assert found["paper"] == theme.paper
        assert theme.variables() in theme_variables()


def hue(colour: str) -> float:
    """The angle of a colour on the wheel, 0 … 1."""
    return rgb_to_hls(*(int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)))[0]


@pytest.mark.parametrize("name", THEMES)
def test_no_hue_but_that_of_a_sign(name: str) -> None:
    theme = theme_named(name)
    grey = {n: c for n, c in vars(theme).items() if n not in ("positive", "negative")}
    for colour in grey.values():
        channels = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
        assert max(channels) - min(channels) <= 16
    for product in (1.0, -1.0):
        assert hue(theme.strand(1, product)) == pytest.approx(hue(theme.sign(product)), abs=0.02)


def test_mixing_goes_from_one_colour_to_the_other() -> None:
    assert mixed("#FF0000", "#0000FF", 1.0) == "#FF0000"
    assert mixed("#FF0000", "#0000FF", 0.5) == "#800080"


def test_a_picture_is_scrolled_before_its_words_become_too_small() -> None:
    picture = '<svg viewBox="0 0 600 20"><text font-size="12">a</text><text font-size="10">b</text></svg>'
    assert "overflow-x:auto" in fitting(picture)
    assert "max-width:100%;min-width:600px;height:auto" in fitting(picture)
