"""Scalar engines as others write them, right ones and wrong ones, in a few lines each."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from autograd.core.primitive import TABLE, Op

OPERATORS = {
    "add": "add", "sub": "sub", "mul": "mul", "div": "truediv", "pow": "pow", "neg": "neg", "abs": "abs",
}  # fmt: skip

WRITTEN = {
    "add": "a + b", "sub": "a - b", "mul": "a * b", "div": "a / b", "pow": "a ** b",
    "neg": "-a", "abs": "abs(a)",
}  # fmt: skip
"""What an op is called in a report, if not by its name."""
SECOND = "a second backward"
"""What an engine in micrograd's form gets wrong."""


def from_table(*instead: Op) -> SimpleNamespace:
    """An engine in micrograd's form: the ops of the table, or operators and some ops in place of its own.

    Gives its class ``Number`` and its ``functions`` by name.
    """
    table = {**TABLE, **{op.name: op for op in instead}}
    if instead:  # the others are examined elsewhere
        table = {name: table[name] for name in (*OPERATORS, *(op.name for op in instead))}

    class Number:
        def __init__(self, data: Any, prev: tuple[Number, ...] = ()) -> None:
            self.data, self.grad, self.prev = data, 0.0, prev
            self.pull: Callable[[], None] = lambda: None

        def backward(self) -> None:
            self.grad = 1.0
            for v in reversed(_in_order(self)):
                v.pull()

    def function(op: Op) -> Callable[..., Number]:
        def call(*inputs: Any) -> Number:
            prev = tuple([x if isinstance(x, Number) else Number(x) for x in _flat(inputs)])
            data, partials = op.evaluate([v.data for v in prev])
            out = Number(data, prev)

            def pull() -> None:
                for v, d in zip(prev, partials, strict=True):
                    v.grad += d * out.grad

            out.pull = pull
            return out

        return call

    functions = {name: function(op) for name, op in table.items()}
    for name, method in OPERATORS.items():
        apply = functions.pop(name)
        setattr(Number, f"__{method}__", apply)
        setattr(Number, f"__r{method}__", lambda self, other, apply=apply: apply(other, self))
    return SimpleNamespace(Number=Number, functions=functions)


def _flat(inputs: tuple[Any, ...]) -> list[Any]:
    return [x for part in inputs for x in (part if isinstance(part, list) else [part])]


def _in_order(output: Any) -> list[Any]:
    order, seen, stack = [], set(), [(output, False)]
    while stack:
        v, done = stack.pop()
        if done:
            order.append(v)
        elif id(v) not in seen:
            seen.add(id(v))
            stack += [(v, True), *((u, False) for u in v.prev)]
    return order


class Micro:
    """An engine in micrograd's form: closures, a recursive order, plain exponents, its second backward."""

    def __init__(self, data: Any, prev: tuple[Micro, ...] = ()) -> None:
        self.data = data
        self.grad = 0.0
        self.prev = prev
        self.pull: Callable[[], None] = lambda: None

    @classmethod
    def wrapped(cls, x: Any) -> Micro:
        return x if isinstance(x, Micro) else cls(x)

    def node(self, data: Any, *edges: tuple[Micro, float]) -> Micro:
        """A result, and how fast it moves with what it was made of."""
        out = type(self)(data, tuple(v for v, _ in edges))
        out.pull = lambda: self.send(out.grad, edges)
        return out

    @staticmethod
    def send(upstream: float, edges: tuple[tuple[Micro, float], ...]) -> None:
        for v, slope in edges:
            v.grad += slope * upstream

    def __add__(self, other: Any) -> Micro:
        other = self.wrapped(other)
        return self.node(self.data + other.data, (self, 1.0), (other, 1.0))

    def __mul__(self, other: Any) -> Micro:
        other = self.wrapped(other)
        return self.node(self.data * other.data, (self, other.data), (other, self.data))

    def __pow__(self, n: float) -> Micro:
        if isinstance(n, Micro):
            raise TypeError("the exponent is a plain number")
        return self.node(self.data**n, (self, n * self.data ** (n - 1)))

    def __neg__(self) -> Micro:
        return self * -1

    def __sub__(self, other: Any) -> Micro:
        return self + -other

    def __rsub__(self, other: Any) -> Micro:
        return -self + other

    def __truediv__(self, other: Any) -> Micro:
        return self * self.wrapped(other) ** -1

    def __rtruediv__(self, other: Any) -> Micro:
        return self**-1 * other

    __radd__, __rmul__ = __add__, __mul__

    def tanh(self) -> Micro:
        e = math.exp(2 * self.data)
        t = (e - 1) / (e + 1)
        return self.node(t, (self, 1 - t * t))

    def relu(self) -> Micro:
        return self.node(max(0.0, self.data), (self, float(self.data > 0)))

    def exp(self) -> Micro:
        y = math.exp(self.data)
        return self.node(y, (self, y))

    def order(self) -> list[Micro]:
        found: list[Micro] = []
        visited: set[Micro] = set()

        def visit(v: Micro) -> None:
            if v not in visited:
                visited.add(v)
                for child in v.prev:
                    visit(child)
                found.append(v)

        visit(self)
        return found

    def backward(self) -> None:
        self.grad = 1.0
        for v in reversed(self.order()):
            v.pull()


# ---------------------------------------------------------------- right, each in a way of its own


@dataclass(eq=False)
class Scalar:
    """An engine in minitorch's form: a history, a chain rule, derivatives that leaves accumulate."""

    value: float
    history: tuple[Any, ...] = ()
    derivative: float | None = None

    @classmethod
    def apply(cls, name: str, *inputs: Any) -> Scalar:
        scalars = [x if isinstance(x, Scalar) else Scalar(float(x)) for x in inputs]
        value, slopes = TABLE[name].evaluate([s.value for s in scalars])
        return cls(value, (scalars, slopes))

    def __add__(self, other: Any) -> Scalar:
        return Scalar.apply("add", self, other)

    def __mul__(self, other: Any) -> Scalar:
        return Scalar.apply("mul", self, other)

    def __neg__(self) -> Scalar:
        return Scalar.apply("neg", self)

    def __sub__(self, other: Any) -> Scalar:
        return Scalar.apply("add", self, -other)

    def __truediv__(self, other: Any) -> Scalar:
        return Scalar.apply("div", self, other)

    def __rtruediv__(self, other: Any) -> Scalar:
        return Scalar.apply("div", other, self)

    __radd__, __rmul__ = __add__, __mul__

    def sigmoid(self) -> Scalar:
        return Scalar.apply("sigmoid", self)

    def relu(self) -> Scalar:
        return Scalar.apply("relu", self)

    def log(self) -> Scalar:
        return Scalar.apply("log", self)

    def exp(self) -> Scalar:
        return Scalar.apply("exp", self)

    @property
    def prev(self) -> list[Scalar]:
        return self.history[0] if self.history else []

    def backprop(self) -> None:
        derivatives: defaultdict[int, float] = defaultdict(float, {id(self): 1.0})
        for v in reversed(_in_order(self)):
            if v.history:
                for s, d in zip(*v.history, strict=True):
                    derivatives[id(s)] += d * derivatives[id(v)]
            else:
                v.derivative = (v.derivative or 0.0) + derivatives[id(v)]


class Zeroing(Micro):
    """Micro, but each backward begins from 0 everywhere."""

    def backward(self) -> None:
        for v in self.order():
            v.grad = 0.0
        super().backward()

    def order(self) -> list[Any]:
        return _in_order(self)


class Recursive:
    """Right, but each contribution is passed on at once: the work is that of all routes."""

    def __init__(self, data: float, edges: tuple[tuple[Recursive, float], ...] = ()) -> None:
        self.data, self.grad, self.edges = data, 0.0, edges

    def __add__(self, other: Any) -> Recursive:
        other = other if isinstance(other, Recursive) else Recursive(other)
        return Recursive(self.data + other.data, ((self, 1.0), (other, 1.0)))

    def __mul__(self, other: Any) -> Recursive:
        other = other if isinstance(other, Recursive) else Recursive(other)
        return Recursive(self.data * other.data, ((self, other.data), (other, self.data)))

    def backward(self, upstream: float = 1.0) -> None:
        self.grad += upstream
        for v, slope in self.edges:
            v.backward(upstream * slope)


# -------------------------------------------------------------------- wrong, each in a way of its own


class Overwriting(Micro):
    @staticmethod
    def send(upstream: float, edges: tuple[tuple[Micro, float], ...]) -> None:
        for v, slope in edges:
            v.grad = slope * upstream


class Dropping(Micro):
    @staticmethod
    def send(upstream: float, edges: tuple[tuple[Micro, float], ...]) -> None:
        for v, slope in edges:
            v.grad += slope


class DepthFirst(Micro):
    def backward(self) -> None:
        self.grad = 1.0
        visited, stack = set(), [self]
        while stack:
            v = stack.pop()
            if v not in visited:
                visited.add(v)
                v.pull()
                stack.extend(reversed(v.prev))


class BreadthFirst(Micro):
    def backward(self) -> None:
        self.grad = 1.0
        visited, queue = {self}, [self]
        for v in queue:
            v.pull()
            for child in v.prev:
                if child not in visited:
                    visited.add(child)
                    queue.append(child)


class EqualByData(Micro):
    """Equal numbers are taken for the same node."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Micro) and self.data == other.data

    def __hash__(self) -> int:
        return hash(self.data)
