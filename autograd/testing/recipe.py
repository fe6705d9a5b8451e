"""A graph as data, that prints as the Python that builds it, and draws itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from autograd import ops
from autograd.core.primitive import TABLE, Op
from autograd.value import Constant, Value, apply

if TYPE_CHECKING:
    from autograd.seeing.drawing import Drawing

INFIX = {ops.add: "+", ops.sub: "-", ops.mul: "*", ops.div: "/", ops.pow_: "**"}
OF_A_LIST = {ops.sum_: "sum", ops.logsumexp: "logsumexp"}
METHODS = frozenset(op for op in TABLE.values() if op.arity and hasattr(Value, op.name))
LEAVES_PER_LINE = 4
"""At most this many leaves are made in one line of Python."""


@dataclass(frozen=True, repr=False)
class Recipe:
    """A graph as data: how to compute an output from numbers, in any arithmetic.

    Attributes:
        numbers: the leaves.
        steps: for each step an op, and the places of its inputs among the numbers so far: leaves
            first, then constants, then results in order.
        constants: plain numbers, which get no gradient.
        labels: the labels of the leaves; x1, x2, … if empty.
        leaf: what the leaves are: `Value`, or `Parameter` for weights.

    >>> recipe = Recipe((2.0, 3.0), ((ops.mul, (0, 1)), (ops.tanh, (3,)), (ops.add, (4, 2))), (0.5,))
    >>> print(recipe)
    from autograd import Value
    x1, x2 = Value(2.0, "x1"), Value(3.0, "x2")
    v1 = x1 * x2
    v2 = v1.tanh()
    v3 = v2 + 0.5
    >>> recipe(Value(2.0), Value(3.0)).data == recipe.graph().data
    True
    """

    numbers: tuple[float, ...]
    steps: tuple[tuple[Op, tuple[int, ...]], ...]
    constants: tuple[float, ...] = ()
    labels: tuple[str, ...] = ()
    leaf: type[Value] = Value

    def compute(self, leaves: Sequence[Any], call: Callable[[Op, tuple[Any, ...]], Any] = apply) -> Any:
        """Return the last result, from these leaves; ``call`` applies an op, by default to Values."""
        return self._all(
            leaves, self.constants if call is not apply else map(Constant, self.constants), call
        )[-1]

    def __call__(self, *leaves: Value) -> Any:
        """Return the output for these leaves, with its nodes labelled as in the printed Python."""
        results = self._all(leaves, map(Constant, self.constants), apply)
        first = len(leaves) + len(self.constants)
        for name, node in zip(self._results(), results[first:], strict=True):
            node.label = name
        return results[-1]

    def graph(self) -> Value:
        """Return the output for leaves with the recipe's own numbers."""
        labels = self._labels()
        output: Value = self(*[self.leaf(x, label) for x, label in zip(self.numbers, labels, strict=True)])
        return output

    def draw(self, **options: Any) -> Drawing:
        """Draw the graph with its gradients; the options are those of `autograd.draw`."""
        from autograd.seeing.drawing import draw  # loaded only if a picture is asked for

        output = self.graph()
        output.backward()
        return draw(output, **options)

    def _repr_svg_(self) -> str:
        picture: str = self.draw().pipe(format="svg", encoding="utf-8")
        return picture

    def source(self) -> str:
        """Return the Python that builds the graph; the last name is the output."""
        names = [re.sub(r"\W", "_", label) for label in self._labels()]
        written = [*names, *map(repr, self.constants), *self._results()]
        lines = [
            f"{name} = {_written(op, [written[i] for i in places])}"
            for name, (op, places) in zip(self._results(), self.steps, strict=True)
        ]
        return "\n".join([*self._imports(lines), *self._leaves(names), *lines])

    def __repr__(self) -> str:
        return self.source()

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """Print as Hypothesis shows a failing example, and a notebook an object without a picture."""
        with printer.group(4):
            for line in self.source().splitlines():
                printer.break_()
                printer.text(line)

    def _all(
        self, leaves: Sequence[Any], constants: Any, call: Callable[[Op, tuple[Any, ...]], Any]
    ) -> list[Any]:
        numbers = [*leaves, *constants]
        for op, places in self.steps:
            numbers.append(call(op, tuple([numbers[i] for i in places])))
        return numbers

    def _labels(self) -> Sequence[str]:
        return self.labels or [f"x{i + 1}" for i in range(len(self.numbers))]

    def _results(self) -> list[str]:
        return [f"v{k + 1}" for k in range(len(self.steps))]

    def _leaves(self, names: Sequence[str]) -> list[str]:
        kind = self.leaf.__name__
        made = [f'{kind}({x!r}, "{label}")' for x, label in zip(self.numbers, self._labels(), strict=True)]
        parts = [slice(i, i + LEAVES_PER_LINE) for i in range(0, len(made), LEAVES_PER_LINE)]
        return [f"{', '.join(names[part])} = {', '.join(made[part])}" for part in parts]

    def _imports(self, lines: Sequence[str]) -> list[str]:
        code = "\n".join(lines)
        used = {self.leaf.__name__, *re.findall(r"\b(Constant|dot|logsumexp|sum|where)\(", code)}
        table = ["from autograd.ops import TABLE", "from autograd.value import apply"]
        return [f"from autograd import {', '.join(sorted(used))}", *(table if "TABLE[" in code else [])]


def _written(op: Op, operands: Sequence[str]) -> str:
    """Write an op applied to names and numbers as a user of Values would."""
    plain = [x for x in operands if not x.isidentifier()]
    if op in INFIX:
        left, right = operands
        left = f"Constant({left})" if len(plain) == 2 else _bracketed(left)
        return f"{left} {INFIX[op]} {_bracketed(right)}"
    if op in OF_A_LIST:
        return f"{OF_A_LIST[op]}([{', '.join(operands)}])"
    if op is ops.dot:
        n = len(operands) // 2
        bias = "".join(f", {b}" for b in operands[2 * n :])
        return f"dot([{', '.join(operands[:n])}], [{', '.join(operands[n : 2 * n])}]{bias})"
    if op is ops.where:
        condition, *branches = operands
        return f"where({', '.join([_as_value(condition), *branches])})"
    if op in METHODS or op is ops.neg:
        first, *others = operands
        if op is ops.neg:
            return f"-{_as_value(first)}"
        return f"{_as_value(first)}.{op.name}({', '.join(others)})"
    inputs = ", ".join(map(_as_value, operands)) + ("," if len(operands) == 1 else "")
    return f"apply(TABLE[{op.name!r}], ({inputs}))"


def _as_value(operand: str) -> str:
    return operand if operand.isidentifier() else f"Constant({operand})"


def _bracketed(operand: str) -> str:
    return f"({operand})" if operand.startswith("-") else operand
