"""A graph as data, which prints as the Python that builds it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from autograd import ops
from autograd.ops import Op
from autograd.value import Value, apply

INFIX = {ops.add: "+", ops.sub: "-", ops.mul: "*", ops.div: "/", ops.pow_: "**"}


@dataclass(frozen=True, repr=False)
class Recipe:
    """A graph as data: how to compute an output from numbers, in whatever arithmetic.

    Attributes:
        numbers: the leaves.
        steps: an op of the table each, and which of the numbers so far (leaves, then results in
            order) it is applied to.

    >>> recipe = Recipe((2.0, 3.0), ((ops.mul, (0, 1)), (ops.tanh, (2,)), (ops.add, (3, 0))))
    >>> print(recipe)
    from autograd import Value
    x1, x2 = Value(2.0, "x1"), Value(3.0, "x2")
    v1 = x1 * x2
    v2 = v1.tanh()
    v3 = v2 + x1
    >>> recipe(Value(2.0), Value(3.0)).data == recipe.graph().data
    True
    """

    numbers: tuple[float, ...]
    steps: tuple[tuple[Op, tuple[int, ...]], ...]

    def compute(self, leaves: Sequence[Any], call: Callable[[Op, tuple[Any, ...]], Any] = apply) -> Any:
        """The last result, from these leaves; ``call`` applies an op, by default to Values."""
        results = list(leaves)
        for op, places in self.steps:
            results.append(call(op, tuple([results[i] for i in places])))
        return results[-1]

    def __call__(self, *leaves: Value) -> Any:
        """The output as a function of the leaves."""
        return self.compute(leaves)

    def graph(self) -> Value:
        """The output, of leaves with the recipe's own numbers: to draw, to walk, to differentiate."""
        output: Value = self.compute([Value(x, f"x{i + 1}") for i, x in enumerate(self.numbers)])
        return output

    def source(self) -> str:
        """The Python that builds the graph; the last name is the output."""
        names = [f"x{i + 1}" for i in range(len(self.numbers))]
        made = ", ".join(f'Value({x!r}, "{name}")' for name, x in zip(names, self.numbers, strict=True))
        lines = [f"{', '.join(names)} = {made}"]
        for k, (op, places) in enumerate(self.steps):
            lines.append(f"v{k + 1} = {_written(op, [names[i] for i in places])}")
            names.append(f"v{k + 1}")
        return "\n".join([*self._imports(), *lines])

    def _imports(self) -> list[str]:
        general = any(_is_general(op) for op, _ in self.steps)
        table = ["from autograd.ops import TABLE", "from autograd.value import apply"]
        return ["from autograd import Value", *(table if general else [])]

    def __repr__(self) -> str:
        return self.source()


def _is_general(op: Op) -> bool:
    """Whether the op has no operator or method of its own."""
    return op not in INFIX and op is not ops.neg and not (op.arity == 1 and hasattr(Value, op.name))


def _written(op: Op, names: list[str]) -> str:
    if op in INFIX:
        return f" {INFIX[op]} ".join(names)
    if op is ops.neg:
        return f"-{names[0]}"
    if _is_general(op):
        inputs = ", ".join(names) + ("," if len(names) == 1 else "")
        return f"apply(TABLE[{op.name!r}], ({inputs}))"
    return f"{names[0]}.{op.name}()"
