"""Rules of ops of any number of inputs, in the language that `autograd.tape.native` compiles.

An expression has a fixed number of inputs, so such a rule is not run on symbols: its own source is rewritten,
loops and branches included.  What it calls of the arithmetic ``m`` is written from expressions.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable
from textwrap import dedent
from typing import Any

from autograd.core.arithmetic import FUNCTIONS
from autograd.core.primitive import Op, entry
from autograd.source.expression import Symbols
from autograd.source.formulas import functions

SUM = """
def sum_of(numbers: Numbers, n: int) -> float:
    total = 0.0
    for k in range(n):
        total += numbers[k]
    return total
"""


def functions_of_sequences(op: Op) -> str:
    """Return the text of ``op_value(inputs, n)`` and ``op_partials(y, inputs, n, slopes)``.

    Raises:
        NotImplementedError: if the source of the rule is not there or cannot be rewritten.
    """
    m = Symbols()
    value, partials = op.rule(m)
    try:
        rewriters = [_Rewriter(f, m) for f in (value, partials)]
        heads = [
            "def op_value(inputs: Numbers, n: int) -> float: pass",
            "def op_partials(y: float, inputs: Numbers, n: int, slopes: Numbers) -> None: pass",
        ]
        texts = [rewriter.text(head) for rewriter, head in zip(rewriters, heads, strict=True)]
    except (OSError, TypeError, SyntaxError) as error:
        raise NotImplementedError(
            f"the rule of the op {op.name!r}, of any number of inputs, cannot be read as source: {error}"
        ) from error
    called = {**rewriters[0].called, **rewriters[1].called}
    return "\n\n".join([*called.values(), SUM, *texts]) + "\n"


class _Rewriter(ast.NodeTransformer):
    """One function of a sequence on its way to the language."""

    def __init__(self, function: Callable[..., Any], m: Symbols) -> None:
        self._node = ast.parse(dedent(inspect.getsource(function))).body[0]
        known = inspect.getclosurevars(function)
        self._numbers = {
            name: x
            for name, x in {**function.__globals__, **known.nonlocals}.items()
            if isinstance(x, (int, float))
        }
        self._m = next((name for name, x in known.nonlocals.items() if x is m), "")
        self.called: dict[str, str] = {}

    def text(self, head: str) -> str:
        """Return the function under another head; its arguments keep their names in Python's order."""
        if not isinstance(self._node, ast.FunctionDef):
            raise TypeError("it is not a function written with def")
        new = ast.parse(head).body[0]
        assert isinstance(new, ast.FunctionDef)
        for mine, theirs in zip(
            [a for a in new.args.args if a.arg in ("inputs", "y")], self._node.args.args, strict=True
        ):
            mine.arg = theirs.arg
        self._inputs = self._node.args.args[-1].arg
        new.body = [new for statement in self._node.body for new in _listed(self.visit(statement))]
        return ast.unparse(ast.fix_missing_locations(new))

    def visit_Name(self, node: ast.Name) -> ast.expr:
        """Write a number that the rule knows from outside."""
        return ast.Constant(self._numbers[node.id]) if node.id in self._numbers else node

    def visit_Call(self, node: ast.Call) -> ast.expr:
        """Write ``len`` and ``sum`` of a sequence, and the functions of ``m``."""
        self.generic_visit(node)
        match node.func:
            case ast.Name(id="len"):
                return ast.Name("n")
            case ast.Name(id="sum"):
                return ast.Call(ast.Name("sum_of"), [*node.args, ast.Name("n")], [])
            case ast.Attribute(value=ast.Name(id=arithmetic), attr=name) if arithmetic == self._m:
                if name not in FUNCTIONS and name != "where":
                    self.called[name] = functions(entry(name), name=name)
                    name = f"{name}_value"
                return ast.Call(ast.Name(name), node.args, [])
        return node

    def visit_Assign(self, node: ast.Assign) -> Any:
        """Write a list of one number per input as a loop."""
        self.generic_visit(node)
        if isinstance(node.value, ast.ListComp):
            (target,) = node.targets
            room = ast.Assign([target], ast.Call(ast.Name("room"), [ast.Name("n")], []))
            return [room, _loop(target, node.value)]
        return node

    def visit_Return(self, node: ast.Return) -> Any:
        """Write the list of all partials into the room for them."""
        self.generic_visit(node)
        slopes = ast.Name("slopes")
        match node.value:
            case ast.List(elts=parts):
                places = [ast.Subscript(slopes, ast.Constant(k)) for k in range(len(parts))]
                stored = [ast.Assign([place], x) for place, x in zip(places, parts, strict=True)]
                return [*stored, ast.Return()]
            case ast.ListComp() as listed:
                return [_loop(slopes, listed), ast.Return()]
        return node


def _loop(target: ast.expr, listed: ast.ListComp) -> ast.For:
    (generator,) = listed.generators
    if isinstance(generator.iter, ast.Call):  # of range: the place itself
        stored: list[ast.stmt] = [ast.Assign([ast.Subscript(target, generator.target)], listed.elt)]
        return ast.For(generator.target, generator.iter, stored, [])
    k = ast.Name("place_in_list")
    body: list[ast.stmt] = [
        ast.Assign([generator.target], ast.Subscript(generator.iter, k)),
        ast.Assign([ast.Subscript(target, k)], listed.elt),
    ]
    return ast.For(k, ast.Call(ast.Name("range"), [ast.Name("n")], []), body, [])


def _listed(x: Any) -> list[Any]:
    return x if isinstance(x, list) else [x]
