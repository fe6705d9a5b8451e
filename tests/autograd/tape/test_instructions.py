"""What a tape does is told in the words of the drawings."""

from __future__ import annotations

import pytest

import autograd
from autograd import Parameter, Value
from autograd.tape import Tape

pytestmark = pytest.mark.usefixtures("executor")


def test_the_tape_prints_in_the_words_of_the_drawings() -> None:
    w, b = Parameter(0.5, "w11^1"), Parameter(0.0, "b1^1")

    def neuron(x: list[Value]) -> Value:
        z = autograd.dot([w], x, b)
        z.label = "z1^1"
        a = z.tanh()
        a.label = "a1^1"
        return a

    text = str(Tape.record(neuron, [1.0]))
    assert "1 input, 2 parameters" in text
    assert "z1^1   (1 dot over the same inputs: a matrix product)" in text
    assert "tanh" in text


def test_explain_leads_from_an_instruction_to_its_values_and_back() -> None:
    w, v = Parameter(0.5, "w"), Parameter(2.0, "v")
    tape = Tape.record(lambda x: (w * x[0] + v * x[1]).tanh(), [1.0, 2.0])
    (out,) = tape.outputs
    (total,) = out.inputs
    dot = tape.explain(total)
    assert dot.op is autograd.ops.dot
    assert "2 products and their sum gathered into one dot" in dot.note
    assert tape.explain(total.inputs[0]) is dot, "a product that became part of it"
    assert tape.explain(dot.number) is dot
    assert tape.explain(out).values == (out,)
    with pytest.raises(ValueError, match="leaf, or not on this tape"):
        tape.explain(w)
    with pytest.raises(ValueError, match="instructions 0 to 1"):
        tape.explain(99)
