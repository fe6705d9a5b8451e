"""The table of ops with one mistake in it: every mistake of a few kinds that its partials can have.

The mistakes are made in the source of `autograd.ops` itself, so that a new op comes with its mutants.
A mistake may change nothing: −0 for 0, or y > 0 for a > 0 in ReLU.  What counts as a mutant is an op
whose partials are not what they were, somewhere in its domain.
"""

from __future__ import annotations

import ast
import copy
import dataclasses
import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from autograd import Value, ops
from autograd.core.primitive import TABLE, Op, Rule
from autograd.testing import GradientError, check_engine, check_op, gradcheck
from autograd.value import apply
from tests.autograd.testing.engine.engines import SECOND, WRITTEN, from_table
from tests.strategies import on_a_kink, samples_of

SIGN, FACTOR, NUMBER = "a sign flipped", "a factor dropped", "a number changed"
INPUT, BRANCH, FUNCTION = "one variable for another", "branches or inputs swapped", "one function for another"
KINDS = (SIGN, FACTOR, NUMBER, INPUT, BRANCH, FUNCTION)
MISTAKEN_FOR = {
    "sin": "cos", "cos": "sin", "sinh": "cosh", "cosh": "sinh", "tanh": "sech", "sech": "tanh",
    "exp": "expm1", "expm1": "exp", "log": "log1p", "sigmoid": "tanh", "erfc": "erf",
}  # fmt: skip
SAME = 1e-9  # what rounding may do
WHOLE = {1: range(-3, 4), 2: range(-3, 4), 3: range(-2, 3)}  # the inputs tried on kinks and ties


@dataclass(frozen=True)
class Mutant:
    """An op with one mistake in a partial.

    Attributes:
        op: the op as the mistake makes it; it was never entered in the table.
        kind: what kind of mistake; one of `KINDS`.
        was, became: the formula around the mistake, as it stands in the table and with the mistake.
        example: the first inputs that show it, off all kinks if there are such.
        allowed: whether it shows on kinks only, and is a subgradient there as well.
    """

    op: Op
    kind: str
    was: str
    became: str
    example: tuple[float, ...]
    allowed: bool

    def __str__(self) -> str:
        return f"{self.op.name}: {self.became} for {self.was} ({self.kind})"


@cache
def all_mutants() -> tuple[tuple[Mutant, ...], int]:
    """All mutants, in the order of the table, and how many mistakes changed nothing."""
    found = []
    without_effect = 0
    for kind, was, became, rules in _mistakes():
        changed = [m for name, rule in rules if (m := _mutant(name, rule, kind, was, became)) is not None]
        found += changed
        without_effect += not changed
    return tuple(sorted(found, key=lambda mutant: list(TABLE).index(mutant.op.name))), without_effect


def is_found_by_check_op(mutant: Mutant) -> bool:
    """Whether `check_op` rejects it, naming the op."""
    try:
        check_op(mutant.op)
    except GradientError as error:
        return f"∂{mutant.op.name}/∂input" in str(error)
    return False


def is_found_by_gradcheck(mutant: Mutant) -> bool:
    """Whether `gradcheck` accuses the op and no other, at the first example that shows the mistake."""

    def function(*v: Value) -> Value:
        return (apply(mutant.op, v) * 0.5 + v[0]).sin()

    try:
        gradcheck(function, mutant.example)
    except GradientError as error:
        return error.certificate is not None and {v.op for v in error.certificate.wrong} == {mutant.op.name}
    return False


def is_found_by_check_engine(mutant: Mutant) -> bool:
    """Whether `check_engine` accuses the op and no other, in an engine written elsewhere that has it."""
    engine = from_table(mutant.op)
    report = check_engine(engine.Number, functions=engine.functions, graphs=0)
    return {f.what for f in report.wrong} == {WRITTEN.get(mutant.op.name, mutant.op.name), SECOND}


# ------------------------------------------------------------------------- what a mistake changes


def _mutant(name: str, rule: Rule, kind: str, was: str, became: str) -> Mutant | None:
    op = TABLE[name]
    wrong = dataclasses.replace(op, rule=rule)
    off = next((row for row in _off_kinks(op) if _differ(op, wrong, row)), None)
    if off is not None:
        return Mutant(wrong, kind, was, became, tuple(off), allowed=False)
    shown = [row for row in _on_kinks(op) if _differ(op, wrong, row)]
    beyond = [row for row in shown if not _is_subgradient(wrong, row)]
    if not shown:
        return None
    return Mutant(wrong, kind, was, became, tuple((beyond or shown)[0]), allowed=not beyond)


def _differ(op: Op, wrong: Op, inputs: Sequence[float]) -> bool:
    return not all(
        a == b or abs(a - b) <= SAME * max(abs(a), abs(b)) or (math.isnan(a) and math.isnan(b))
        for a, b in zip(_partials(op, inputs), _partials(wrong, inputs), strict=True)
    )


def _partials(op: Op, inputs: Sequence[float]) -> tuple[float, ...]:
    return op.evaluate(inputs)[1]


def _is_subgradient(op: Op, inputs: Sequence[float]) -> bool:
    met = [kink for kink in op.kinks if kink.gap(*inputs) == 0]
    return all(
        any(low <= d <= high for low, high in intervals)
        for d, *intervals in zip(_partials(op, inputs), *[kink.slopes(*inputs) for kink in met], strict=True)
    )


@cache
def _whole(op: Op) -> list[list[float]]:
    """Small whole numbers, tried one and all, and halves for what has its domain between them."""
    if op.arity is None:
        return []
    rows = itertools.product([x / 2 for x in WHOLE[op.arity]], repeat=op.arity)
    return [list(row) for row in rows if all(x in op.domain_of(i) for i, x in enumerate(row))]


@cache
def _off_kinks(op: Op) -> list[list[float]]:
    return samples_of(op) + [row for row in _whole(op) if not on_a_kink(op, row)]


@cache
def _on_kinks(op: Op) -> list[list[float]]:
    return [row for row in _whole(op) if on_a_kink(op, row)]


# ------------------------------------------------------------------------------ mistakes in source


def _mistakes() -> Iterator[tuple[str, str, str, list[tuple[str, Rule]]]]:
    """Each mistake: its kind, the formula before and after, and the rules it changes, by op."""
    tree = ast.parse(Path(ops.__file__).read_text(encoding="utf-8"))
    for statement in tree.body:
        uses = _uses(tree, statement)
        for function in ast.walk(statement):
            if not isinstance(function, ast.Lambda | ast.FunctionDef):
                continue
            names = [a.arg for a in function.args.args]
            if "y" not in names or "self" in names:
                continue
            body = [function.body] if isinstance(function, ast.Lambda) else function.body
            was = "; ".join(map(ast.unparse, body))
            for parent, name, place, kind, new in list(_sites(function, names)):
                old = _put(parent, name, place, new)
                became = "; ".join(
                    map(ast.unparse, [function.body] if isinstance(function, ast.Lambda) else function.body)
                )
                yield kind, was, became, _rules(uses)
                _put(parent, name, place, old)


def _put(parent: ast.AST, name: str, place: int | None, new: ast.AST) -> ast.AST:
    """Put a node in the tree; gives the one that was there."""
    if place is None:
        old: ast.AST = getattr(parent, name)
        setattr(parent, name, new)
        return old
    siblings = getattr(parent, name)
    old, siblings[place] = siblings[place], new
    return old


def _uses(tree: ast.Module, statement: ast.stmt) -> list[ast.stmt]:
    """A statement of the table, and the ops that use the function it defines."""
    if not isinstance(statement, ast.FunctionDef):
        return [statement]
    return [statement] + [s for s in tree.body if isinstance(s, ast.Assign) and _mentions(s, statement.name)]


def _rules(uses: list[ast.stmt]) -> list[tuple[str, Rule]]:
    """The rules that these statements of the table give to ops."""
    found: list[tuple[str, Rule]] = []

    def collect(name: str, symbol: str, rule: Rule, *domain: Any, **rest: Any) -> None:
        found.append((name, rule))

    code = compile(ast.fix_missing_locations(ast.Module(copy.copy(uses), [])), "<a mutant>", "exec")
    exec(code, {**vars(ops), "op": collect})
    return found


def _mentions(statement: ast.stmt, name: str) -> bool:
    return any(isinstance(node, ast.Name) and node.id == name for node in ast.walk(statement))


Site = tuple[ast.AST, str, int | None, str, ast.AST]


def _sites(function: ast.Lambda | ast.FunctionDef, names: Sequence[str]) -> Iterator[Site]:
    """Every place in a partial where a mistake can be made, with the mistake."""
    roots = [(function, "body")] if isinstance(function, ast.Lambda) else []
    roots += [(node, "value") for node in ast.walk(function) if isinstance(node, ast.Return)]
    for root, name in roots:
        whole = getattr(root, name)
        is_one = not isinstance(whole, ast.List | ast.ListComp | ast.BinOp) or not _has_lists(whole)
        yield from _sites_from(root, name, None, whole, names, is_one)


def _sites_from(
    parent: ast.AST, name: str, place: int | None, node: ast.expr, names: Sequence[str], is_result: bool
) -> Iterator[Site]:
    for kind, new in _mistakes_at(node, names, is_result):
        yield parent, name, place, kind, new
    for inner, child in ast.iter_fields(node):
        if inner in ("ctx", "func", "slice", "generators") or isinstance(node, ast.Subscript):
            continue  # which inputs there are is no matter of the formula
        for k, grandchild in enumerate(child) if isinstance(child, list) else [(None, child)]:
            if isinstance(grandchild, ast.expr):
                yield from _sites_from(node, inner, k, grandchild, names, inner == "elt")


def _has_lists(node: ast.AST) -> bool:
    return any(isinstance(inner, ast.List | ast.ListComp) for inner in ast.walk(node))


def _mistakes_at(node: ast.expr, names: Sequence[str], is_result: bool) -> Iterator[tuple[str, ast.expr]]:
    match node:
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            yield SIGN, inner
            is_result = False
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            yield SIGN, ast.BinOp(left, ast.Sub(), right)
        case ast.BinOp(left=left, op=ast.Sub(), right=right):
            yield SIGN, ast.BinOp(left, ast.Add(), right)
        case ast.BinOp(left=left, op=ast.Mult(), right=right) if not _has_lists(left):
            yield FACTOR, left
            yield FACTOR, right
        case ast.BinOp(left=left, op=ast.Div(), right=right):
            yield FACTOR, left
            if not isinstance(left, ast.Constant):
                yield FACTOR, ast.BinOp(ast.Constant(1), ast.Div(), right)
        case ast.Name(id="NOT_REACHED"):
            yield NUMBER, ast.Constant(1.0)
        case ast.Name(id=name) if name in names:
            for other in names:
                if other != name and "inputs" not in (name, other):
                    yield INPUT, ast.Name(other, ast.Load())
        case ast.Constant(value=float() | int() as x):
            yield NUMBER, ast.Constant(2 * x if x else 1.0)
            if x:
                yield SIGN, ast.UnaryOp(ast.USub(), node)
                is_result = False
        case ast.Call(func=ast.Attribute(attr="where") as where, args=[condition, a, b]):
            yield BRANCH, ast.Call(where, [condition, b, a], [])
        case ast.Call(func=ast.Attribute(value=m, attr=name), args=inputs) if name in MISTAKEN_FOR:
            yield FUNCTION, ast.Call(ast.Attribute(m, MISTAKEN_FOR[name], ast.Load()), inputs, [])
        case ast.List(elts=[ast.Starred() as first, ast.Starred() as second, *others]):
            yield BRANCH, ast.List([second, first, *others], ast.Load())
    if is_result:
        yield SIGN, ast.UnaryOp(ast.USub(), node)
