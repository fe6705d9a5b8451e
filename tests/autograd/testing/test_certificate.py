"""The certificate is a table that can be read, however long."""

from __future__ import annotations

from autograd.functions import dot
from autograd.testing import gradcheck


def test_the_certificate_is_an_aligned_table() -> None:
    assert str(gradcheck(lambda first, y: first * y.relu(), (2.0, 0.0))).splitlines() == [
        "input  at  reverse pass  differences  verdict",
        "first  2   0             0            correct  15 digits",
        "y      0   0             1            kink     any slope from 0 to 2; at ReLU(y)",
    ]


def test_a_long_certificate_shows_what_matters_and_counts_the_rest() -> None:
    lines = str(
        gradcheck(lambda *xs: dot(xs, xs).relu() + abs(xs[7]), (0.0,) * 7 + (0.0,) + (1.0,) * 92)
    ).splitlines()
    assert len(lines) == 1 + 20 + 1
    assert lines[1].split(maxsplit=6)[5:] == ["kink", "any slope from −1 to 1; at |argument 7|"]
    assert lines[-1] == "… and 80 correct, to at least 15 digits"
