"""Expressions as text in the language that `autograd.tape.native` compiles."""

from __future__ import annotations

from collections.abc import Sequence

from autograd.core.primitive import Op
from autograd.source.expression import Expression, in_order, sends_nothing, shared, traced

NOTHING_SENT = """
def nothing_sent(gradient: float) -> bool:
    return gradient == 0.0 and copysign(1.0, gradient) < 0.0
"""


def functions(op: Op, guarded: bool = False, name: str = "op") -> str:
    """Return the text of functions of numbers: the op's value, and what its edges send.

    They are ``{name}_value(inputs)`` and, for input j, ``{name}_j(upstream, inputs, y)``, which is upstream
    times partial.
    """
    formulas = traced(op)
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
    lines, text = written([result])
    head = ", ".join(f"{p}: float" for p in parameters)
    body = "".join(f"    {line}\n" for line in [*lines, f"return {text[0]}"])
    return f"\n\ndef {name}({head}) -> float:\n{body}"


DEEPEST = 8
"""So many operations at most stand within one another before one is given a name."""


def written(results: Sequence[Expression]) -> tuple[list[str], list[str]]:
    """Return expressions as text: assignments of what occurs more than once or is deep, then the results."""
    lines: list[str] = []
    texts: dict[Expression, str] = {}
    depths: dict[Expression, int] = {}
    common = shared(results)
    for e in in_order(results):
        texts[e] = _text(e, [texts[x] for x in e.inputs])
        depths[e] = 1 + max([depths[x] for x in e.inputs], default=-1)
        if e in common or depths[e] > DEEPEST:
            lines.append(f"t{len(lines)} = {texts[e]}")
            texts[e], depths[e] = f"t{len(lines) - 1}", 0
    return lines, [texts[e] for e in results]


def _text(e: Expression, inputs: Sequence[str]) -> str:
    """Return an operation on inputs that are written already."""
    match e.name:
        case _ if not inputs:
            return str(e.value)
        case "neg":
            return f"(-{inputs[0]})"
        case name if name.isidentifier():
            return f"{name}({', '.join(inputs)})"
    return f"({inputs[0]} {e.name} {inputs[1]})"
