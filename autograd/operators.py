"""The four operations of arithmetic, each written out as one function for speed.

``a + b`` does what `autograd.value.apply` does with any op.  But little programs are made of little else,
and half of their time would go into calls: of `apply`, of the op's value, and of each partial.  So the text
of a function is made, with the op's own rule in the place of the calls, and compiled once.
"""

from __future__ import annotations

import linecache
from collections.abc import Callable
from typing import Any

from autograd.core.primitive import Op

OPERATOR = """\
def {name}(self, other):
    if not isinstance(other, Value):
        if not isinstance(other, (float, int, Real)) and not holds_one_number(other):
            return NotImplemented
        other = Constant(other)
    now = mode.now if unusual else usual
    if not now.plain or now.made is not None:
        return apply(ops.{name}, (self, other))
    a, b = self._data, other._data
    try:
        y = {value}
        partials = ({partials})
    except ArithmeticError:
        return apply(ops.{name}, (self, other))
    node = new_node(Value)
    node._data = y
    node._grad = NO_GRADIENT
    node.op = ops.{name}
    node.inputs = (self, other)
    node.partials = partials
    node.label = ""
    node._made = now.use
    return node
"""
"""The method ``self ∘ other`` of an op, as `apply` would compute it."""


class Written(str):
    """Arithmetic that is written down as Python, not computed.

    >>> a, b = Written("a"), Written("b")
    >>> 1 / (a - b)
    '(1 / (a - b))'
    """

    __slots__ = ()

    def __neg__(self) -> Written:
        return Written(f"(-{self})")


def _infix(sign: str, swapped: bool = False) -> Callable[[Any, Any], Written]:
    return lambda a, b: Written(f"({b} {sign} {a})" if swapped else f"({a} {sign} {b})")


for _name, _sign in {"add": "+", "sub": "-", "mul": "*", "truediv": "/"}.items():
    setattr(Written, f"__{_name}__", _infix(_sign))
    setattr(Written, f"__r{_name}__", _infix(_sign, swapped=True))


def written_out(op: Op, names: dict[str, Any]) -> Callable[[Any, Any], Any]:
    """Return an op of two inputs as an operator: a method of a Value and what stands to its right.

    Args:
        op: an op whose rule is plain arithmetic.
        names: the names of `autograd.value`, in which the function is at home.
    """
    a, b, y = map(Written, "aby")
    value, *partials = op.rule(None)
    text = OPERATOR.format(
        name=op.name, value=value(a, b), partials=", ".join(str(partial(a, b, y)) for partial in partials)
    )
    file = f"<the operator {op.name} of a Value>"
    linecache.cache[file] = len(text), None, text.splitlines(True), file  # for tracebacks and debuggers
    own: dict[str, Any] = {}
    exec(compile(text, file, "exec"), names, own)
    method: Callable[[Any, Any], Any] = own[op.name]
    return method
