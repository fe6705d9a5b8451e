"""Expressions as text in the language that `autograd.tape.native` compiles."""

from __future__ import annotations

from collections.abc import Sequence

from autograd.core.primitive import Op
from autograd.source.expression import Expression, sends_nothing, shared, traced

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
    parameters = [str(e) for e in formulas.inputs]
    texts = [function(f"{name}_value", parameters, formulas.value)]
    for j, partial in enumerate(formulas.partials):
        nothing = sends_nothing(partial)
        sent = formulas.m.variable("upstream") * partial
        if nothing is True:
            sent = formulas.m.expression(-0.0)
        elif nothing is not False or guarded:
            sent = sent + 0.0
            if nothing is not False:
                sent = formulas.m.where(nothing, -0.0, sent)
            if guarded:
                sent = formulas.m.where(
                    formulas.m.apply("nothing_sent", formulas.m.variable("upstream")), -0.0, sent
                )
        texts.append(function(f"{name}_{j}", ["upstream", *parameters, "y"], sent))
    return "".join(texts) + NOTHING_SENT


def function(name: str, parameters: Sequence[str], result: Expression) -> str:
    """Return the text of a function of numbers that computes the expression."""
    lines, text = written([result])
    head = ", ".join(f"{p}: float" for p in parameters)
    body = "".join(f"    {line}\n" for line in [*lines, f"return {text[0]}"])
    return f"\n\ndef {name}({head}) -> float:\n{body}"


def written(results: Sequence[Expression]) -> tuple[list[str], list[str]]:
    """Return expressions as text: assignments of what occurs more than once, then the results."""
    lines: list[str] = []
    named: dict[Expression, str] = {}
    common = shared(results)

    def text(e: Expression) -> str:
        if e in named:
            return named[e]
        plain = operation(e)
        if e not in common:
            return plain
        named[e] = f"t{len(named)}"
        lines.append(f"{named[e]} = {plain}")
        return named[e]

    def operation(e: Expression) -> str:
        if not e.inputs:
            return repr(e.value) if isinstance(e.value, float) else e.value
        parts = [text(x) for x in e.inputs]
        match e.name:
            case "neg":
                return f"(-{parts[0]})"
            case name if len(parts) == 2 and not name.isidentifier():
                return f"({parts[0]} {name} {parts[1]})"
        return f"{e.name}({', '.join(parts)})"

    return lines, [text(e) for e in results]
