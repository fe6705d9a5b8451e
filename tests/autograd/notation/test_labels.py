"""How labels are taken apart and written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd.notation.command_line import say
from autograd.notation.labels import Label, parse_label, shorten


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("w21^3", Label("w", "21", "(3)")),
        ("w12,3^1", Label("w", "12,3", "(1)")),
        ("x1", Label("x", "1")),
        ("b^2", Label("b", "", "(2)")),
        ("δ10^2", Label("δ", "10", "(2)")),
        ("wf21", Label("wf", "21")),
        ("L", Label("L")),
    ],
)
def test_a_textbook_label_is_taken_apart(text: str, label: Label) -> None:
    assert parse_label(text) == label


@pytest.mark.parametrize(
    "text", ["loss", "a^b", "w_21", "w21^", "^3", "1", "w1,^2", "w²", "<b>", "x1 ", "", "w21^3^4", "w٢"]
)
def test_anything_else_stays_as_it_is(text: str) -> None:
    assert parse_label(text) == Label(text)


def test_a_label_is_a_name_and_nothing_else() -> None:
    assert not {"layer", "indices"} & set(dir(parse_label("w21^3")))


def test_in_plain_text_the_indices_are_small_digits() -> None:
    assert parse_label("w12,3^10").text == "w₁₂,₃⁽¹⁰⁾"


@given(st.text(), st.integers(1, 30))
def test_shortened_text_fits_and_can_be_encoded(text: str, limit: int) -> None:
    short = shorten(text, limit)
    short.encode("utf-8")
    assert short.isprintable() or all(c.isprintable() or c.isspace() or ord(c) > 0x7F for c in short)
    if len(text) <= limit and text.isprintable():
        assert short == text


def test_what_cannot_be_seen_is_named() -> None:
    assert shorten("a\nb\tc\x00\u202e\ud800", 20) == "a¶b‹9›c‹0›‹202e›�"


def test_what_is_printed_gives_a_terminal_no_order(capsys: pytest.CaptureFixture[str]) -> None:
    say("columns   a\x1b[2Jb", "\x9b31m")
    assert capsys.readouterr().out == "columns   a‹1b›[2Jb\n‹9b›31m\n"
