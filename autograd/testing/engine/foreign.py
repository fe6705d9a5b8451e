"""Anyone's engine as the check sees it: how a leaf is made, which ops there are, how they are called."""

from __future__ import annotations

import operator
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from inspect import signature
from typing import Any, NamedTuple

from autograd import ops
from autograd.core.primitive import TABLE, Op
from autograd.notation.hints import described, did_you_mean
from autograd.testing.recipe import INFIX, OF_A_LIST, Recipe

OPERATORS: dict[Op, tuple[str, Callable[..., Any]]] = {
    ops.add: ("__add__", operator.add),
    ops.sub: ("__sub__", operator.sub),
    ops.mul: ("__mul__", operator.mul),
    ops.div: ("__truediv__", operator.truediv),
    ops.pow_: ("__pow__", operator.pow),
    ops.neg: ("__neg__", operator.neg),
    ops.abs_: ("__abs__", abs),
}
"""The ops that are operators of Python: the method that a class defines for each, and the operator."""
ALIASES = {"log": "ln", "asin": "arcsin", "acos": "arccos", "atan": "arctan"}
"""Other names under which methods are found."""
NO_METHODS = {ops.where, *ops.CONDITIONS}
"""Ops whose names mean something else as methods; like ops of a list, they are given as functions."""
PRECISIONS = (2.0**-52, 2.0**-23, 2.0**-10, 2.0**-7)
"""The relative rounding of doubles, of float32, of float16 and of bfloat16."""
LEAVES, SHARED = "abcdefgh", "hpqrstuvw"
"""The names that leaves, and results that are used more than once, have in a line of code."""


class Outcome(NamedTuple):
    """What an engine made of a graph.

    Attributes:
        value: the number of the output; nan if there was an error.
        gradients: of each leaf; None where the engine has none.
        leaves: the numbers of the leaves afterwards.
        error: what was raised, as text; "" for nothing.
    """

    value: float
    gradients: tuple[float | None, ...] = ()
    leaves: tuple[float, ...] = ()
    error: str = ""


@dataclass(frozen=True)
class Foreign:
    """An engine that was written elsewhere; the attributes are the arguments of `check_engine`."""

    leaf: Callable[[Any], Any]
    data: Callable[[Any], Any]
    grad: Callable[[Any], Any]
    backward: Callable[[Any], Any]
    functions: Mapping[str, Callable[..., Any]]

    def __post_init__(self) -> None:
        if not (isinstance(self.functions, Mapping) and all(map(callable, self.functions.values()))):
            raise TypeError(
                "functions are given by the names of the ops that they are, functions={'tanh': tanh}; "
                f"got {described(self.functions)}"
            )
        unknown = next((name for name in self.functions if name not in TABLE), None)
        if unknown is not None:
            hint = did_you_mean(str(unknown), TABLE, f"; the ops are {', '.join(TABLE)}")
            raise ValueError(f"functions are given by the names of ops; there is no op {unknown!r}{hint}")
        if not callable(self.leaf):
            raise TypeError(
                "check_engine takes the class whose objects are leaves, or a function that makes a leaf of a "
                f"number; got {described(self.leaf)}"
            )
        found = self.leaf(2.0)
        usual = {"data": (DATA, "v.…"), "grad": (GRAD, "v.…"), "backward": (BACKWARD, "v.…()")}
        missing = [
            name for name in usual if getattr(self, name) is usual[name][0] and not hasattr(found, name)
        ]
        if set(missing) - {"grad"}:  # a gradient may be there only after a backward
            without = " and ".join(f"no .{name}" for name in missing)
            how = ", ".join(f"{name}=lambda v: {usual[name][1]}" for name in missing)
            raise TypeError(f"a leaf ({type(found).__name__}) has {without}; say how the same is done: {how}")
        try:
            float(self.data(found))
        except (AttributeError, TypeError, ValueError) as error:
            raise TypeError(
                f"the number in a leaf cannot be read ({error}); say how: data=lambda v: v.…"
            ) from error

    @property
    def name(self) -> str:
        """What the engine's leaves are made by."""
        name = getattr(self.leaf, "__name__", "")
        return name if name.isidentifier() else "leaf"

    @cached_property
    def epsilon(self) -> float:
        """The relative rounding of its numbers."""
        worst = max(abs(float(self.data(self.leaf(x))) - x) / x for x in (1 / 3, 0.1, 0.7))
        return next((e for e in PRECISIONS if worst < e), 1.0)

    # ----------------------------------------------------------------------------- what it can do

    @cached_property
    def calls(self) -> dict[Op, Callable[..., Any]]:
        """The ops that it has, each as a function of its leaves and of numbers."""
        example = self.leaf(2.0)
        found: dict[Op, Callable[..., Any]] = {}
        for op in TABLE.values():
            if op.name in self.functions:
                found[op] = self.functions[op.name]
            elif op in OPERATORS:
                if callable(getattr(type(example), OPERATORS[op][0], None)):
                    found[op] = OPERATORS[op][1]
            elif not op.variadic and op not in NO_METHODS and self._method(op, example):
                found[op] = operator.methodcaller  # called in `call`, where the inputs are known
        return found

    def _method(self, op: Op, example: Any) -> str:
        names = (op.name, ALIASES.get(op.name, op.name))
        return next((name for name in names if callable(getattr(example, name, None))), "")

    def call(self, op: Op, inputs: Sequence[Any]) -> Any:
        """Apply an op to the engine's own numbers and to plain ones."""
        function = self.calls[op]
        if function is operator.methodcaller:
            return getattr(inputs[0], self._method(op, inputs[0]))(*inputs[1:])
        return function(*_arranged(op, list(inputs)))

    @cached_property
    def takes(self) -> dict[Op, tuple[bool, ...]]:
        """For each op and each of its inputs whether it can be a leaf; False if only a plain number can.

        An op that can be called in neither way takes other inputs, or is at fault: it has no entry.
        """
        found = {}
        for op in self.calls:
            n = op.arity or 1
            settings = (True, *[False] * (n - 1))
            for pattern in [settings] if self._has_defaults(op) else dict.fromkeys([(True,) * n, settings]):
                if self._accepts(op, pattern):
                    found[op] = pattern
                    break
        return found

    def _accepts(self, op: Op, pattern: Sequence[bool]) -> bool:
        """Return whether an op can be called so; not if its number is a leaf, as that of k * a.data is."""
        numbers = []
        for x in (0.5, -0.5) if len(pattern) > 1 and op not in INFIX else (0.5,):
            inputs = [self.leaf(n) if own else n for n, own in zip((x, 0.5, 0.5), pattern, strict=False)]
            try:
                numbers.append(self.data(self.call(op, inputs)))
            except Exception:  # whatever it is: this form is not for this op, or −0.5 is outside its domain
                if x > 0:
                    return False
        return not any(hasattr(number, "grad") for number in numbers)

    def _has_defaults(self, op: Op) -> bool:
        """Return whether the inputs behind the first are settings: ``leaky_relu(self, slope=0.01)``."""
        method = self._method(op, self.leaf(2.0))
        if self.calls[op] is not operator.methodcaller or not method:
            return False
        try:
            parameters = list(signature(getattr(self.leaf(2.0), method)).parameters.values())
        except ValueError:  # of a C function without a signature
            return False
        return any(isinstance(p.default, int | float) for p in parameters)

    def reflects(self, op: Op) -> bool:
        """Return whether a plain number may stand to the left of the operator."""
        if op not in INFIX or op not in OPERATORS:
            return False
        return callable(getattr(type(self.leaf(2.0)), OPERATORS[op][0].replace("__", "__r", 1), None))

    # ------------------------------------------------------------------------------------ running

    def run(self, recipe: Recipe, passes: int = 1, anew: bool = False) -> Outcome:
        """Compute a graph and go backward that many times; ``anew`` to compute it again for each pass."""
        try:
            leaves = [self.leaf(x) for x in recipe.numbers]
            output = recipe.compute(leaves, self.call) if recipe.steps else leaves[0]
            for k in range(passes):
                if anew and k:
                    output = recipe.compute(leaves, self.call)
                self.backward(output)
            return Outcome(
                float(self.data(output)),
                tuple([None if (g := self.grad(v)) is None else float(g) for v in leaves]),
                tuple([float(self.data(v)) for v in leaves]),
            )
        except Exception as error:  # of a stranger's code, anything
            text = "" if isinstance(error, RecursionError) else " ".join(str(error).split())
            return Outcome(float("nan"), error=f"{type(error).__name__}: {text}".rstrip(": "))

    def work(self, recipe: Recipe) -> int:
        """Return how many functions are called in the backward pass of a graph; 0 if it fails.

        Nothing is counted, and 0 returned, while a profiler is at work: there can be only one.
        """
        count = 0
        if sys.getprofile() is not None:
            return count

        def counter(frame: Any, event: str, argument: Any) -> None:
            nonlocal count
            count += event.endswith("call")

        try:
            output = recipe.compute([self.leaf(x) for x in recipe.numbers], self.call)
            sys.setprofile(counter)
            self.backward(output)
        except Exception:  # named by a run without the count
            return 0
        finally:
            sys.setprofile(None)
        return count

    # ----------------------------------------------------------------------------- written as code

    def code(self, recipe: Recipe, read: str = "", passes: int = 1, anew: bool = False) -> str:
        """Return a line of Python that computes the graph, goes backward and reads a result.

        Args:
            recipe: the graph.
            read: the leaf whose gradient is read; "" for the value.
            passes: how often to go backward.
            anew: whether the graph is computed again for each pass.
        """
        names = list(LEAVES[: len(recipe.numbers)])
        made = f"{', '.join(names)} = {', '.join(f'{self.name}({x!r})' for x in recipe.numbers)}"
        uses = [place for _, places in recipe.steps for place in places]
        written = [*names, *[f"({c!r})" if c < 0 else repr(c) for c in recipe.constants]]
        free = iter([*(x for x in SHARED if x not in names), *(f"v{k}" for k in range(len(recipe.steps)))])
        lines = []
        for op, places in recipe.steps[:-1]:
            text = self._applied(op, [written[i] for i in places])
            if uses.count(len(written)) > 1:
                name = next(free)
                lines.append(f"{name} = {_bare(text)}")
                text = name
            written.append(text)
        for op, places in recipe.steps[-1:]:
            lines.append(f"y = {_bare(self._applied(op, [written[i] for i in places]))}")
        if not read:
            return "; ".join([made, *lines, "y.data" if self.data is DATA else "data(y)"])
        again = [*(lines if anew else []), self.backward_code] * (passes - 1)
        ends = [self.backward_code, *again, f"{read}.grad" if self.grad is GRAD else f"grad({read})"]
        return "; ".join([made, *lines, *ends])

    def chain_code(self, op: Op, depth: int) -> str:
        """Return a line of Python that goes backward through that many nodes in a row."""
        grown = f"reduce(lambda v, _: {_bare(self._applied(op, ['v', 'a']))}, range({depth}), a)"
        return f"from functools import reduce; a = {self.name}(1.0); y = {grown}; {self.backward_code}"

    @property
    def backward_code(self) -> str:
        """The reverse pass from y, as code."""
        return "y.backward()" if self.backward is BACKWARD else "backward(y)"

    def _applied(self, op: Op, operands: Sequence[str]) -> str:
        if op.name in self.functions:
            listed = [
                f"[{', '.join(x)}]" if isinstance(x, list) else x for x in _arranged(op, list(operands))
            ]
            return f"{op.name}({', '.join(listed)})"
        if op in INFIX:
            return f"({operands[0]} {INFIX[op]} {operands[1]})"
        if op in (ops.neg, ops.abs_):
            return f"(-{operands[0]})" if op is ops.neg else f"abs({_bare(operands[0])})"
        return f"{operands[0]}.{self._method(op, self.leaf(2.0))}({', '.join(map(_bare, operands[1:]))})"


DATA, GRAD, BACKWARD = (
    operator.attrgetter("data"),
    operator.attrgetter("grad"),
    operator.methodcaller("backward"),
)
"""How an engine in micrograd's form is read, and run backward."""


def _arranged(op: Op, inputs: list[Any]) -> list[Any]:
    """Return the arguments of a function for an op: those of many inputs take lists."""
    if op in OF_A_LIST:
        return [inputs]
    if op is ops.dot:
        n = len(inputs) // 2
        return [inputs[:n], inputs[n : 2 * n], *inputs[2 * n :]]
    return inputs


def _bare(text: str) -> str:
    """Drop the parentheses around a whole expression."""
    if not (text.startswith("(") and text.endswith(")")):
        return text
    depth = 0
    for k, letter in enumerate(text):
        depth += (letter == "(") - (letter == ")")
        if depth == 0 and k < len(text) - 1:
            return text
    return text[1:-1]
