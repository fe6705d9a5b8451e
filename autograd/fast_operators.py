"""The ops that little programs are made of, each written out as one function for speed.

``a + b`` does what `autograd.value.apply` does with any op.  But half of its time would go into calls: of
`apply`, of the op's value, and of each partial.  So the text of a function is made, with the op's own rule
in the place of the calls, and compiled once.
"""

from __future__ import annotations

import linecache
from collections.abc import Callable
from typing import Any

from autograd.core.primitive import Op

HEADS = {
    1: """\
def {name}(self):
    if not isinstance(self, Value):
        self = Constant(self)
""",
    2: """\
def {name}(self, other):
    if not isinstance(other, Value):
        if not isinstance(other, (float, int, Real)) and not holds_one_number(other):
            return NotImplemented
        other = Constant(other)
""",
}
"""The head of the method, by the number of inputs."""

BODY = """\
    now = usual
    if unusual:
        now = mode.now
        if not now.plain:
            return apply({name}, {inputs})
    {numbers}
    node = new_value()
    try:
        node._data = y = {value}
        {partials}
    except (ArithmeticError, ValueError):
        return apply({name}, {inputs})
    node._a = self
    node._b = {second}
    node._grad = NO_GRADIENT
    node._made = now.use
    node.label = ""
    node.op = {name}
    if now.made is not None:
        now.made.append(node)
    return node
"""
"""The rest of the method, which computes what `apply` would."""


class Written(str):
    """Arithmetic that is written down as Python, not computed.

    >>> a, b = Written("a"), Written("b")
    >>> 1 / (a - b)
    '(1 / (a - b))'
    """

    __slots__ = ()

    def __neg__(self) -> Written:
        return Written(f"(-{self})")


def _infix(sign: str, swapped: bool = False) -> Any:
    return lambda a, b: Written(f"({b} {sign} {a})" if swapped else f"({a} {sign} {b})")


for _name, _sign in {"add": "+", "sub": "-", "mul": "*", "truediv": "/"}.items():
    setattr(Written, f"__{_name}__", _infix(_sign))
    setattr(Written, f"__r{_name}__", _infix(_sign, swapped=True))
for _name, _sign in {"lt": "<", "le": "<=", "gt": ">", "ge": ">="}.items():
    setattr(Written, f"__{_name}__", _infix(_sign))


class _Writing:
    """The arithmetic in which a rule is written down."""

    def __getattr__(self, name: str) -> Callable[..., Written]:
        return lambda *inputs: Written(f"FLOATS.{name}({', '.join(map(str, inputs))})")

    def where(self, condition: Any, a: Any, b: Any) -> Written:
        return Written(f"({a} if {condition} else {b})")


def written_out(op: Op, names: dict[str, Any]) -> Callable[..., Any]:
    """Return an op of one or two inputs as a method of Value.

    Args:
        op: an op whose rule is a single expression for the value and for each partial.
        names: the names of `autograd.value`, in which the method is at home, the op's own among them.
    """
    two = op.arity == 2
    symbols = list(map(Written, "ab" if two else "a"))
    value, *_ = op.rule(_Writing())
    partials = zip(symbols, op.partials(_Writing(), symbols, Written("y")), strict=True)
    text = (HEADS[len(symbols)] + BODY).format(
        name=op.name,
        inputs="(self, other)" if two else "(self,)",
        numbers="a, b = self._data, other._data" if two else "a = self._data",
        value=value(*symbols),
        partials="; ".join(f"node._d_{x} = {partial}" for x, partial in partials),
        second="other" if two else None,
    )
    file = f"<{op.name} of a Value, written out>"
    linecache.cache[file] = len(text), None, text.splitlines(True), file  # for tracebacks and debuggers
    own: dict[str, Any] = {}
    exec(compile(text, file, "exec"), names, own)
    method: Callable[..., Any] = own[op.name]
    return method
