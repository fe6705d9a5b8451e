"""Expressions as text in the language that `autograd.tape.native` compiles."""

from __future__ import annotations

from collections.abc import Sequence

from autograd.core.primitive import Op
from autograd.source.expression import Expression, sends_nothing, traced
from autograd.source.language import Language

NATIVE = Language()
NOTHING_SENT = """
def nothing_sent(gradient: float) -> bool:
    return gradient == 0.0 and copysign(1.0, gradient) < 0.0
"""


def functions(op: Op, guarded: bool = False, name: str = "op", inputs: int | None = None) -> str:
    """Return the text of functions of numbers: the op's value, and what its edges send.

    They are ``{name}_value(inputs)`` and, for input j, ``{name}_j(upstream, inputs, y)``, which is upstream
    times partial; ``inputs`` is how many there are, for an op of any number of them.
    """
    formulas = traced(op, inputs)
    m, upstream = formulas.m, formulas.m.variable("upstream")
    parameters = [str(e) for e in formulas.inputs]
    texts = [function(f"{name}_value", parameters, formulas.value)]
    for j, partial in enumerate(formulas.partials):
        nothing = sends_nothing(partial)
        sent = upstream * partial
        if nothing is not False or guarded:
            sent = m.where(nothing, -0.0, sent + 0.0)
        if guarded:
            sent = m.where(m.apply("nothing_sent", upstream), -0.0, sent)
        texts.append(function(f"{name}_{j}", ["upstream", *parameters, "y"], m.expression(sent)))
    return "".join(texts) + NOTHING_SENT


def function(name: str, parameters: Sequence[str], result: Expression) -> str:
    """Return the text of a function of numbers that computes the expression."""
    lines, text = NATIVE.written([result])
    head = ", ".join(f"{p}: float" for p in parameters)
    body = "".join(f"    {line}\n" for line in [*lines, f"return {text[0]}"])
    return f"\n\ndef {name}({head}) -> float:\n{body}"
