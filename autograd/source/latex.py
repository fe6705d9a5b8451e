r"""A graph as mathematics in LaTeX: every value, then every gradient by the chain rule.

>>> from autograd import Value
>>> from autograd.source.program import Graph
>>> x, y = Value(2.0, "x"), Value(1.0, "y")
>>> print(in_latex(Graph.of((x * y).tanh())))
\begin{aligned}
v_{1} &= x y \\
v_{2} &= \tanh\left(v_{1}\right) \\[1ex]
\frac{\partial v_{2}}{\partial v_{1}} &= 1 - v_{2}^{2} \\
\frac{\partial v_{2}}{\partial x} &= \frac{\partial v_{2}}{\partial v_{1}} y \\
\frac{\partial v_{2}}{\partial y} &= \frac{\partial v_{2}}{\partial v_{1}} x
\end{aligned}
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from math import isinf
from typing import Any

from autograd.core.arithmetic import FUNCTIONS
from autograd.core.primitive import TABLE, Op, entry
from autograd.notation.labels import parse_label
from autograd.notation.written_partials import TAUGHT
from autograd.source.expression import CONSTANT, VARIABLE, Expression, Symbols, sends_nothing, traced
from autograd.source.program import Graph
from autograd.value import Value

ATOM, POWER, PRODUCT, SUM, CHOICE = range(5, 0, -1)
"""How tightly a formula binds: an operand that binds less tightly is put in parentheses."""

AS_RULED = ("add", "sub", "mul", "div", "neg", "abs", "pow", "sum", "dot", "where", "exp2")
"""The ops whose value is written as their rule has it; any other is written as a function."""

NAMES = {
    "exp": r"\exp", "log": r"\ln", "sin": r"\sin", "cos": r"\cos", "tan": r"\tan", "asin": r"\arcsin",
    "acos": r"\arccos", "atan": r"\arctan", "sinh": r"\sinh", "cosh": r"\cosh", "tanh": r"\tanh",
    "sigmoid": r"\sigma", "maximum": r"\max", "minimum": r"\min", "log2": r"\log_{2}", "log10": r"\log_{10}",
}  # fmt: skip
SIGNS = {"<": "<", "<=": r"\le", ">": ">", ">=": r"\ge", "==": "=", "!=": r"\ne", "%": r"\bmod"}
RELATIONS = {"less": "<", "less_equal": "<=", "equal": "==", "not_equal": "!="}


class _Kept(Symbols):
    """The arithmetic of expressions in which the ops of the table are functions of their own."""

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name in FUNCTIONS:
            return lambda *inputs: self.apply(name, *inputs)
        op = entry(name)
        return lambda *inputs: self.apply(RELATIONS.get(op.name, op.name), *inputs)


def in_latex(graph: Graph) -> str:
    """Return the values and the gradients of a graph as aligned equations."""
    names = _names(graph)
    computed = [v for v in graph.nodes if v.op is not None]
    values = [f"{names[v]} &= {_latex(_value(v, names))[0]}" for v in computed]
    arriving: dict[Value, list[str]] = {}
    gradients = []
    for v in reversed(graph.nodes):
        if v.role == "constant":
            continue
        if v is not graph.output:
            sum_ = " + ".join(arriving.get(v, ["0"])).replace("+ -", "- ")
            gradients.append(f"{_gradient(graph, v, names)} &= {sum_}")
        if v.op is not None:
            for x, term in _sent(graph, v, names):
                arriving.setdefault(x, []).append(term)
    between = " \\\\\n"
    parts = between.join(values), between.join(_leaves_last(gradients, len(graph.leaves)))
    body = " \\\\[1ex]\n".join(part for part in parts if part)
    return f"\\begin{{aligned}}\n{body}\n\\end{{aligned}}"


def _leaves_last(gradients: list[str], leaves: int) -> list[str]:
    """Return the gradients with those of the leaves, which were found last, in their own order."""
    place = len(gradients) - leaves if leaves < len(gradients) else 0
    return [*gradients[:place], *reversed(gradients[place:])]


def _names(graph: Graph) -> dict[Value, str]:
    """Return what each node is called: its label, or v and its number where it has none of its own."""
    labels = Counter(v.label for v in graph.nodes)
    names, number = {}, 0
    for v in graph.nodes:
        if v.op is None and v.role == "constant" and not v.label:
            names[v] = _number(v.data)
        elif v.label and labels[v.label] == 1:
            names[v] = _label(v.label)
        else:
            number += 1
            names[v] = f"{'v' if v.op else 'x'}_{{{number}}}"
    return names


def _label(text: str) -> str:
    label = parse_label(text)
    base = label.base if len(label.base) == 1 else rf"\mathrm{{{_escaped(label.base)}}}"
    below = f"_{{{label.subscript}}}" if label.subscript else ""
    return base + below + (f"^{{{label.superscript}}}" if label.superscript else "")


def _escaped(text: str) -> str:
    plain = text.replace("\\", r"\backslash ")
    for sign in "_{}%#&$":
        plain = plain.replace(sign, f"\\{sign}")
    return plain.replace("^", r"\hat{}").replace(" ", r"\ ")


def _gradient(graph: Graph, v: Value, names: dict[Value, str]) -> str:
    return rf"\frac{{\partial {names[graph.output]}}}{{\partial {names[v]}}}"


def _variables(v: Value, names: dict[Value, str]) -> tuple[_Kept, list[Any], Expression]:
    m = _Kept()
    inputs = [
        m.expression(x.data)
        if x.op is None and x.role == "constant" and not x.label
        else m.variable(names[x])
        for x in v.inputs
    ]
    return m, inputs, m.variable(names[v])


def _value(v: Value, names: dict[Value, str]) -> Expression:
    m, inputs, _ = _variables(v, names)
    op = v.op
    assert op is not None
    if op.name in RELATIONS:
        return m.apply(RELATIONS[op.name], *inputs)
    if op.name not in AS_RULED or TABLE.get(op.name) is not op:
        return m.apply(op.name, *inputs)
    (value,) = m.every_way(lambda: [op.rule(m)[0](inputs) if op.variadic else op.rule(m)[0](*inputs)])
    return value


def _sent(graph: Graph, v: Value, names: dict[Value, str]) -> Iterator[tuple[Value, str]]:
    """Yield what goes to each input of a node: its gradient times the partial, as a term."""
    m, inputs, y = _variables(v, names)
    upstream = [] if v is graph.output else [_gradient(graph, v, names)]
    for x, partial in zip(v.inputs, _partials(v.op, m, inputs, y), strict=True):
        if x.role == "constant" or sends_nothing(partial) is True:
            continue
        text, binding = _latex(partial)
        if upstream and partial.name == CONSTANT and partial.value in (1.0, -1.0):
            yield x, "-" * (partial.value == -1.0) + upstream[0]
        elif upstream and binding < PRODUCT:
            yield x, rf"{upstream[0]} \left({text}\right)"
        elif upstream and text.startswith("-"):
            yield x, f"-{upstream[0]} {text[1:].lstrip()}"
        else:
            yield x, " ".join([*upstream, text])


def _partials(op: Op | None, m: _Kept, inputs: list[Any], y: Expression) -> list[Expression]:
    assert op is not None
    if TABLE.get(op.name) is not op:
        traced(op, len(inputs) if op.variadic else None)  # names an op of one's own that cannot be written
    if op.name in TAUGHT and TABLE.get(op.name) is op:
        return [m.expression(TAUGHT[op.name](m, inputs[0], y))]
    _, *rules = [m.reading(function) for function in m.reading(op.rule)(m)]
    if op.variadic:
        return m.every_way(lambda: rules[0](y, inputs))
    return [m.every_way(lambda d=d: [d(*inputs, y)])[0] for d in rules]  # type: ignore[misc]


def _number(x: float) -> str:
    if isinf(x):
        return r"\infty" if x > 0 else r"-\infty"
    digits, _, exponent = repr(x).removesuffix(".0").partition("e")
    return rf"{digits} \cdot 10^{{{int(exponent)}}}" if exponent else digits


def _latex(e: Expression) -> tuple[str, int]:
    """Return an expression as LaTeX, and how tightly it binds."""
    if not e.inputs:
        if e.name == VARIABLE:
            return str(e.value), ATOM
        text = _number(float(e.value))
        return text, SUM if text.startswith("-") else ATOM
    parts = [_latex(x) for x in e.inputs]
    texts = [text for text, _ in parts]

    def inside(i: int, binding: int) -> str:
        return texts[i] if parts[i][1] >= binding else rf"\left({texts[i]}\right)"

    match e.name:
        case "+":
            return f"{inside(0, SUM)} + {inside(1, PRODUCT)}", SUM
        case "-":
            return f"{inside(0, SUM)} - {inside(1, PRODUCT)}", SUM
        case "*":
            if e.inputs[0] is e.inputs[1]:
                return f"{inside(0, ATOM)}^{{2}}", POWER
            sign = r" \cdot " if texts[1][:1].isdigit() else " "
            return f"{inside(0, PRODUCT)}{sign}{inside(1, POWER)}", PRODUCT
        case "/":
            return rf"\frac{{{texts[0]}}}{{{texts[1]}}}", PRODUCT
        case "neg":
            return f"-{inside(0, PRODUCT)}", SUM
        case "abs":
            return rf"\left|{texts[0]}\right|", ATOM
        case "sqrt":
            return rf"\sqrt{{{texts[0]}}}", ATOM
        case "cbrt":
            return rf"\sqrt[3]{{{texts[0]}}}", ATOM
        case "pow":
            return f"{inside(0, ATOM)}^{{{texts[1]}}}", POWER
        case "floor":
            return rf"\left\lfloor {texts[0]} \right\rfloor", ATOM
        case "where":
            return (
                rf"\begin{{cases}} {texts[1]} & \text{{if }} {texts[0]} \\ "
                rf"{texts[2]} & \text{{otherwise}} \end{{cases}}"
            ), CHOICE
        case sign if sign in SIGNS:
            return f"{inside(0, SUM)} {SIGNS[sign]} {inside(1, SUM)}", CHOICE
    name = NAMES.get(e.name, rf"\operatorname{{{_escaped(e.name)}}}")
    return rf"{name}\left({', '.join(texts)}\right)", ATOM
