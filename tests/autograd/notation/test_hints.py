"""What messages say about a name that is not known, and about a thing that does not belong."""

from __future__ import annotations

import pytest

from autograd.notation.hints import LONGEST, described, did_you_mean, short_repr


@pytest.mark.parametrize(
    ("name", "meant"), [("sine", "sin"), ("SIN", "sin"), ("sigm", "sigmoid"), ("Tanhh", "tanh"), ("q", None)]
)
def test_the_closest_name_is_offered_whatever_its_case(name: str, meant: str | None) -> None:
    hint = did_you_mean(name, ["sin", "tanh", "sigmoid"], otherwise=".")
    assert hint == (f"; did you mean {meant!r}?" if meant else ".")


def test_a_name_of_any_length_is_looked_up() -> None:
    assert did_you_mean("", ["sin"]) == ""
    assert did_you_mean("x" * 10**6, ["sin"]) == ""


def test_a_repr_is_cut_and_its_type_is_not() -> None:
    assert len(short_repr("x" * 1000)) == LONGEST
    assert described("x" * 1000).endswith("… (str)")
    assert described(1.5) == "1.5 (float)"
