"""Ops as JavaScript, written from their rules.

>>> from autograd.ops import TABLE
>>> print(op_in_javascript(TABLE["mul"]))
{
  value([a0, a1]) {
    return (a0 * a1);
  },
  partials([a0, a1], y) {
    return [a1, a0];
  },
}
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from math import inf, isnan

from autograd.core.primitive import Op
from autograd.source.expression import CONSTANT, Expression, in_order, traced
from autograd.source.language import Language
from autograd.source.translation import translated
from autograd.source.variadic import functions_of_sequences

HELPERS = files(__package__).joinpath("helpers.js").read_text(encoding="utf-8")
"""The functions that JavaScript lacks, with those that it has otherwise."""


def _constant(x: float) -> str:
    if isnan(x):
        return "NaN"
    if x in (inf, -inf):
        return "Infinity" if x > 0 else "(-Infinity)"
    text = repr(x).removesuffix(".0")
    return f"({text})" if text.startswith("-") else text


JAVASCRIPT = Language(
    constant=_constant,
    where="({0} ? {1} : {2})",
    truth="({0} != 0)",  # of true and false as of numbers; nan is true
    given="const {0} = {1};",
    patterns={
        "abs": "Math.abs({0})",
        "%": "modulo({0}, {1})",
        "pow": "pow({0}, {1})",
        "round": "nearest({0})",
        "erf": "erf({0})",
        "erfc": "erfc({0})",
        "nothing_sent": "Object.is({0}, -0)",
        "==": "({0} === {1})",
        "!=": "({0} !== {1})",
    },
    unreached="null",
    called="Math.",
    counter="let",
    variable="let {0} = {1};",
    room="const {0} = new Float64Array({1});",
    gathered="const row = [{0}];",
    loop="for (let k = 0; k < {0}; k++) ",
)

OF_SEQUENCES = """(() => {{
{functions}
return {{
  value: (a) => op_value(a, a.length),
  partials: (a, y) => {{ const slopes = []; op_partials(y, a, a.length, slopes); return slopes; }},
}};
}})()"""


@cache
def op_in_javascript(op: Op, count: int | None = None) -> str:
    """Return an object with the functions of an op: ``value(inputs)`` and ``partials(inputs, value)``.

    A partial is null where nothing is sent: towards a branch that is not taken.  Where an op tells cases
    apart, ``cases(inputs, value)`` is which of them hold; where it has kinks, ``kinked(inputs)`` are the
    numbers of those that it is at, or null if that cannot be told.

    Args:
        op: the op.
        count: how many inputs, for an op of any number of them.

    Raises:
        NotImplementedError: if the rule cannot be written in another language; the message names the op.
    """
    try:
        formulas = traced(op, count)
    except NotImplementedError:
        if not op.variadic:
            raise
        functions = translated(functions_of_sequences(op), JAVASCRIPT)
        return OF_SEQUENCES.format(functions="\n".join(functions.values()))
    a, m = f"[{', '.join(map(str, formulas.inputs))}]", formulas.m
    methods = [
        _method("value", a, [formulas.value], "{}"),
        _method("partials", f"{a}, y", formulas.partials, "[{}]"),
    ]
    if cases := _conditions(formulas.partials):
        methods.append(_method("cases", f"{a}, y", cases, "[{}]"))
    if op.kinks:
        try:
            gaps = [m.every_way(lambda k=k: [m.reading(k.gap)(*formulas.inputs)])[0] for k in op.kinks]  # type: ignore[misc]
            at = [gap == 0.0 for gap in gaps]
            methods.append(_method("kinked", a, at, "[{}].flatMap((at, k) => (at ? [k] : []))"))
        except Exception:  # a gap may be any function of numbers
            methods.append("  kinked: () => null,\n")
    return f"{{\n{''.join(methods)}}}"


def _method(name: str, parameters: str, results: tuple[Expression, ...] | list[Expression], form: str) -> str:
    lines, texts = JAVASCRIPT.written(results)
    body = "".join(f"    {line}\n" for line in [*lines, f"return {form.format(', '.join(texts))};"])
    return f"  {name}({parameters}) {{\n{body}  }},\n"


def _conditions(results: tuple[Expression, ...]) -> list[Expression]:
    """Return what the results choose by."""
    chosen = [e.inputs[0] for e in in_order(results) if e.name == "where"]
    return [c if c.is_condition else c != 0.0 for c in dict.fromkeys(chosen) if c.name != CONSTANT]
