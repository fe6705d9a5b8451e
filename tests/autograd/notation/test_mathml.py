"""Formulas as MathML: well-formed, nothing lost, nothing read as markup."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd.notation.labels import parse_label
from autograd.notation.mathml import FULL_SIZE, mathml

PLAIN = FULL_SIZE | str.maketrans({"^": "", "√": "", "/": "", "(": "", ")": ""})


def inside(text: str) -> str:
    markup = mathml(text)
    return markup.removeprefix('<math display="block">').removesuffix("</math>")


@pytest.mark.parametrize(
    ("text", "markup"),
    [
        ("a", "<mi>a</mi>"),
        ("tanh", "<mi>tanh</mi>"),
        ("−0.5", '<mo form="prefix">−</mo><mn>0.5</mn>'),
        ("a − 1e−9", "<mi>a</mi><mo>−</mo><mn>1e−9</mn>"),
        ("w₂₁⁽³⁾", "<msubsup><mi>w</mi><mn>21</mn><mrow><mo>(</mo><mn>3</mn><mo>)</mo></mrow></msubsup>"),
        ("w₁₂,₃", "<msub><mi>w</mi><mn>12,3</mn></msub>"),
        ("a²", "<msup><mi>a</mi><mn>2</mn></msup>"),
        ("x^2", "<msup><mi>x</mi><mn>2</mn></msup>"),
        ("√x", "<msqrt><mi>x</mi></msqrt>"),
        ("√(a + b)", "<msqrt><mi>a</mi><mo>+</mo><mi>b</mi></msqrt>"),
        ("|a|", "<mrow><mo>|</mo><mi>a</mi><mo>|</mo></mrow>"),
        (
            "|−1| − 2",
            '<mrow><mo>|</mo><mo form="prefix">−</mo><mn>1</mn><mo>|</mo></mrow><mo>−</mo><mn>2</mn>',
        ),
        ("1 ≠ −2", '<mn>1</mn><mo>≠</mo><mo form="prefix">−</mo><mn>2</mn>'),
        ("my label", '<mi>my</mi><mspace width="0.3em"/><mi>label</mi>'),
        (
            "∂L/∂a",
            "<mfrac><mrow><mo>∂</mo><mi>L</mi></mrow><mrow><mo>∂</mo><mi>a</mi></mrow></mfrac>",
        ),
        (
            "∂L/∂steps.0.b.",  # the path of a parameter, and the end of a sentence
            "<mfrac><mrow><mo>∂</mo><mi>L</mi></mrow><mrow><mo>∂</mo><mrow><mtext>steps.0.</mtext>"
            "<mi>b</mi></mrow></mrow></mfrac><mtext>.</mtext>",
        ),
        ("kernel.0", "<mi>kernel.0</mi>"),
        (
            "block 1.fc[-2].w₁₁·x",  # one name, whatever is in the path of its Module
            "<mrow><mtext>block 1.fc[-2].</mtext><msub><mi>w</mi><mn>11</mn></msub></mrow>"
            "<mo>·</mo><mi>x</mi>",
        ),
    ],
)
def test_formulas_are_set_as_mathematics(text: str, markup: str) -> None:
    assert inside(text) == markup


def test_a_call_is_raised_as_a_whole() -> None:
    assert inside("sin(x)^2").startswith("<msup><mrow><mi>sin</mi><mrow><mo>(</mo>")


@given(st.text(st.sampled_from("ab∂/√^()|₁²⁽⁾−+=<>&\"' ·…,.1e∞if"), max_size=60) | st.text(max_size=60))
def test_any_text_is_well_formed_and_keeps_its_characters(text: str) -> None:
    shown = parse_label(text, limit=1000).text  # as labels come here: every character can be seen
    element = ElementTree.fromstring(mathml(shown))
    kept = "".join(element.itertext())
    assert re.sub(r"\s", "", kept.translate(PLAIN)) == re.sub(r"\s", "", shown.translate(PLAIN))


def number_of_calls(function: Callable[[str], object], text: str) -> int:
    """Count the calls of Python functions that one call makes."""
    calls = 0

    def count(frame: object, event: str, argument: object) -> None:
        nonlocal calls
        calls += event == "call"

    sys.setprofile(count)
    try:
        function(text)
    finally:
        sys.setprofile(None)
    return calls


@pytest.mark.parametrize(
    ("text", "power"),
    [("(" * 5000, 1), ("∂(" * 200, 1), ("√" * 300, 2), ("|" * 301, 1), ("^" * 5000, 1), ("∂" * 5000, 1)],
)
def test_what_is_never_closed_is_read_in_few_steps(text: str, power: int) -> None:
    assert "".join(ElementTree.fromstring(mathml(text)).itertext()) == text
    assert number_of_calls(mathml, text) <= 10 * len(text) ** power


def test_labels_are_text() -> None:
    markup = mathml('∂y/∂("><img src=x onerror=alert(1)>)')
    assert {element.tag for element in ElementTree.fromstring(markup).iter()} <= {
        "math", "mfrac", "mrow", "mo", "mi", "mn", "mtext", "mspace",
    }  # fmt: skip
