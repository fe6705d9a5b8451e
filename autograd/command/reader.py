"""From an expression as it is typed to a list of instructions, or an error that says what to type."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from keyword import iskeyword
from math import inf
from typing import NoReturn, TypeAlias
from unicodedata import normalize

from autograd import ops
from autograd.core.primitive import Op
from autograd.notation.hints import did_you_mean
from autograd.notation.labels import shorten
from autograd.notation.streams import IN_ASCII
from autograd.value import Value

LONGEST = 10_000
"""At most this many characters are read.  Larger graphs are built in Python."""

OPERATORS: dict[type[ast.AST], Op] = {
    ast.Add: ops.add,
    ast.Sub: ops.sub,
    ast.Mult: ops.mul,
    ast.Div: ops.div,
    ast.Pow: ops.pow_,
    ast.Mod: ops.mod,
    ast.USub: ops.neg,
}

COMPARISONS: dict[type[ast.AST], tuple[Op, bool]] = {
    ast.Lt: (ops.less, False),
    ast.LtE: (ops.less_equal, False),
    ast.Gt: (ops.less, True),
    ast.GtE: (ops.less_equal, True),
    ast.Eq: (ops.equal, False),
    ast.NotEq: (ops.not_equal, False),
}
"""The op of each comparison, and whether its inputs change places: a > b is b < a."""

FUNCTIONS: dict[str, Op] = {
    name: op for name, op in ops.TABLE.items() if op not in {*OPERATORS.values(), *ops.CONDITIONS}
}
"""The functions that can be called, by name: the ops of the table that are not written with a sign."""

TYPED = {sign: IN_ASCII[sign] for sign in "×·÷−≤≥"} | {"^": "**"}
"""How Python spells the signs of printed formulas, so that a printed formula can be typed as it is."""
RAISED = re.compile("[⁻⁰¹²³⁴-⁹]+")
"""A printed power, as in x³."""
OF_PYTHON = ("and", "or", "not", "if", "else", "is", "in", "True", "False", "None")
"""Python's keywords that stand in the place of an operator or of a number, never of a name."""


class ExpressionError(ValueError):
    """A text that is not a formula, or lacks a number.

    Attributes:
        text: the whole text.
        column: where the problem is, from 1.
        problem: what it is.
    """

    def __init__(self, text: str, column: int, problem: str) -> None:
        super().__init__(f"column {column}: {problem}")
        self.text = text
        self.column = column
        self.problem = problem

    def pointer(self, width: int = 76) -> str:
        """Return the text, or as much of it as fits, with a caret below the column.

        >>> print(ExpressionError("a + )", 5, "unmatched ')'").pointer())
        a + )
            ^
        """
        first = max(0, min(self.column - 1 - width // 2, len(self.text) - width))
        shown = "".join(c if c.isprintable() else "?" for c in self.text[first : first + width])
        return f"{shown}\n{' ' * (self.column - 1 - first)}^"


@dataclass(frozen=True, slots=True)
class Number:
    """Put a number on the stack."""

    number: float


@dataclass(frozen=True, slots=True)
class Name:
    """Put what a name stands for on the stack."""

    name: str
    column: int


@dataclass(frozen=True, slots=True)
class Apply:
    """Replace the last ``count`` entries of the stack by the op applied to them."""

    op: Op
    count: int
    swapped: bool = False


@dataclass(frozen=True, slots=True)
class Define:
    """Take the last entry from the stack and give it a name."""

    name: str
    column: int


Instruction: TypeAlias = Number | Name | Apply | Define


class Reader:
    """Reads a text as instructions, and refuses what is not arithmetic with its column."""

    def __init__(self, text: str) -> None:
        self.written = text
        self.text, self._origin = _in_python(text)
        text = self.text
        self.indent = len(text) - len(text.lstrip())  # to Python, leading spaces begin a block

    def instructions(self) -> Iterator[Instruction]:
        """Yield the instructions of each formula; the last one leaves its result on the stack."""
        *definitions, last = self._statements()
        for statement in definitions:
            if not isinstance(statement, ast.Assign):
                self._refuse(statement, "only the last formula can be without a name; write name = … here")
        used: set[str] = set()
        defined: dict[str, int] = {}
        for statement in (*definitions, last):
            if not isinstance(statement, (ast.Assign, ast.Expr)):
                self._refuse(statement, "this is Python, but not a formula")
            for instruction in self._operands_first(statement.value):
                if isinstance(instruction, Name):
                    used.add(instruction.name)
                yield instruction
            if isinstance(statement, ast.Assign):
                name, column = self._target(statement)
                if name in used or name in defined:
                    self._refuse(statement, f"'{name}' was used or defined before; take another name")
                defined[name] = column
                yield Define(name, column)
        if isinstance(last, ast.Assign):
            used.add(name)
            yield Name(name, column)
        for name, column in defined.items():
            if name not in used:
                self._refuse_at(column, f"'{name}' is defined here, but the output does not use it")

    def _target(self, statement: ast.Assign) -> tuple[str, int]:
        target = statement.targets[0]
        if len(statement.targets) > 1 or not isinstance(target, ast.Name):
            self._refuse(statement, "a definition gives one formula one name: h = a*b")
        return self._variable(target), self._column(target)

    # ------------------------------------------------------------- what Python's parser has to say

    def _statements(self) -> list[ast.stmt]:
        self._refuse_what_python_passes_over()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # they concern programs
                statements = ast.parse(self.text[self.indent :]).body
        except SyntaxError as error:
            self._refuse_at(*self._explained(error))
        except (RecursionError, MemoryError):
            self._refuse_at(1, "too many operations in one formula; name parts of it: h = a*b; h + c")
        if not statements:
            self._refuse_at(1, "there is no formula here")
        return statements

    def _refuse_what_python_passes_over(self) -> None:
        if len(self.text) > LONGEST:
            self._refuse_at(
                LONGEST + 1, f"a formula has at most {LONGEST:,} characters, not {len(self.text):,}"
            )
        for column, character in enumerate(self.text, 1):
            if character in "#\\" or not character.isprintable():
                self._refuse_at(column, f"'{shorten(character, 8)}' has no place in a formula")

    def _explained(self, error: SyntaxError) -> tuple[int, str]:
        """Return the column of a syntax error, and what is wrong there."""
        column = self.indent + max(error.offset or 1, 1)
        rest = self.text[column - 1 :].lstrip()
        if error.msg.startswith("too many nested"):
            return column, "parentheses are nested too deeply; name parts of the formula: h = a*b; h + c"
        if error.msg.startswith("Exceeds the limit") and (found := re.search(r"\d{4300,}", self.text)):
            return found.start() + 1, "this number has too many digits"
        for word in re.finditer(r"[^\W\d]\w*", self.text):
            if iskeyword(word[0]) and word[0] not in OF_PYTHON:
                return word.start() + 1, f"'{word[0]}' is a keyword of Python; take another name"
        if not rest:
            return len(self.text.rstrip()) + 1, "the formula ends too early"
        column = len(self.text) - len(rest) + 1
        if "forgot a comma" in error.msg:
            stretch = self.text[column - 1 : self.indent + (error.end_offset or 1) - 1]
            return column, f"an operator or a comma is missing in '{shorten(stretch, 40)}'"
        if "was never closed" in error.msg or error.msg.startswith("unmatched"):
            return column, error.msg
        return self._unexpected(column)

    def _unexpected(self, column: int) -> tuple[int, str]:
        """Say what is wrong at a place that Python's parser stumbled at, as well as it can be guessed."""
        before = re.search(r"[\w.]*$", self.text[: column - 1])
        if before and before[0][:1].isdigit():  # in the middle of a number
            column = before.start() + 1
        first = self.text[column - 1]
        word = _first_word(self.text[column - 1 :])
        shown = f"'{shorten(word, 24)}'"
        if first == "√":
            return column, f"{shown} is typed as sqrt(…)"
        if iskeyword(word):
            return column, f"{shown} is a keyword of Python; take another name"
        if first.isdigit() and not re.fullmatch(r"0|[1-9]\d*|\d*\.\d*", word):
            return column, f"{shown} is not a number; a product is typed with a sign, as in 2*a"
        if first.isalnum() or first in "_('\".":
            return column, f"{shown} is not expected here; is an operator missing before it?"
        return column, f"{shown} is not expected here"

    # ------------------------------------------------------------------------- what is let through

    def _operands_first(self, formula: ast.expr) -> Iterator[Instruction]:
        """Yield a tree as instructions, with a stack of its own, so that depth does not matter."""
        waiting: list[ast.expr | Instruction] = [formula]
        while waiting:
            match waiting.pop():
                case ast.Constant() as constant:
                    yield Number(self._number(constant))
                case ast.Name() as name:
                    yield Name(self._variable(name), self._column(name))
                case ast.UnaryOp(op=ast.UAdd(), operand=operand):
                    waiting.append(operand)
                case ast.UnaryOp(op=ast.USub(), operand=operand):
                    waiting += [Apply(ops.neg, 1), operand]
                case ast.BinOp(left=left, right=right) as node:
                    waiting += [Apply(self._operator(node), 2), right, left]
                case ast.Call() as call:
                    waiting += self._call(call)
                case ast.expr() as node:
                    self._refuse(node, _why_not(node))
                case instruction:
                    yield instruction

    def _number(self, node: ast.Constant) -> float:
        if isinstance(node.value, bool) or not isinstance(node.value, (int, float)):
            self._refuse(node, "this is not a real number")
        try:
            number = float(node.value)
        except OverflowError:
            number = inf
        if number == inf:
            self._refuse(node, "this number is beyond 1.797e308, the largest that a float can hold")
        return number

    def _variable(self, node: ast.Name) -> str:
        if node.id in FUNCTIONS:
            self._refuse(node, f"'{node.id}' is a function, {_usage(node.id)}, and cannot be a name")
        return node.id

    def _operator(self, node: ast.BinOp) -> Op:
        if type(node.op) not in OPERATORS:
            self._refuse_at(self._column_of_sign(node), "the operators here are + - * / % and **")
        return OPERATORS[type(node.op)]

    def _call(self, node: ast.Call) -> list[ast.expr | Instruction]:
        """Return a call as a stack of what is still to be done, the last thing first."""
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if not name:
            self._refuse(node, "an operator is missing between these; a product is typed as a*(b + c)")
        if name not in FUNCTIONS:
            self._refuse(node, _no_function(name))
        if node.keywords or any(isinstance(argument, ast.Starred) for argument in node.args):
            self._refuse(node, f"inputs are typed without names and stars: {_usage(name)}")
        op, given, defaults = FUNCTIONS[name], len(node.args), _defaults(name)
        most = op.arity or max(given, 1)
        least = most - len(defaults)
        if not least <= given <= most:
            wanted = most if least == most else f"{least} to {most}"
            self._refuse(node, f"{name} takes {wanted} between its parentheses, {_usage(name)}; got {given}")
        first, *rest = node.args
        return [
            Apply(op, most),
            *[Number(x) for x in defaults[len(defaults) - (most - given) :][::-1]],
            *rest[::-1],
            *(self._condition(first) if op is ops.where else [first]),
        ]

    def _condition(self, node: ast.expr) -> list[ast.expr | Instruction]:
        if not isinstance(node, ast.Compare):
            return [node]
        if len(node.ops) > 1:
            self._refuse(node, "compare two at a time; a chain such as a < b < c is not understood here")
        if type(node.ops[0]) not in COMPARISONS:
            self._refuse(node, "the comparisons here are < <= > >= == and !=")
        op, swapped = COMPARISONS[type(node.ops[0])]
        return [Apply(op, 2, swapped), node.comparators[0], node.left]

    # --------------------------------------------------------------------------------- refusing

    def _refuse(self, node: ast.expr | ast.stmt, problem: str) -> NoReturn:
        self._refuse_at(self._column(node), problem)

    def _refuse_at(self, column: int, problem: str) -> NoReturn:
        origin = self._origin[column - 1] if column <= len(self._origin) else len(self.written)
        raise ExpressionError(self.written, origin + 1, problem)

    def _column(self, node: ast.expr | ast.stmt) -> int:
        return self._characters(node.col_offset) + 1

    def _column_of_sign(self, node: ast.BinOp) -> int:
        """Find the sign between two operands: the tree does not say where it is."""
        after = self._characters(node.left.end_col_offset or 0)
        rest = self.text[after:]
        return after + len(rest) - len(rest.lstrip(" )")) + 1

    def _characters(self, offset: int) -> int:
        """Return how many characters correspond to an offset that Python counts in bytes."""
        if self.text.isascii():
            return self.indent + offset
        return self.indent + len(self.text[self.indent :].encode()[:offset].decode())


def _in_python(text: str) -> tuple[str, list[int]]:
    """Return a formula as Python writes it, and which character of the text each of its own stands for.

    >>> _in_python("a·x³")
    ('a*x**3', [0, 1, 2, 3, 3, 3])
    """
    pieces: list[str] = []
    origin: list[int] = []
    for found in re.finditer(f"{RAISED.pattern}|.", text, re.DOTALL):
        piece = found[0]
        if RAISED.fullmatch(piece):
            piece = f"**{normalize('NFKC', piece).replace('−', '-')}"
        typed = TYPED.get(piece, piece)
        pieces.append(typed)
        origin += [found.start()] * len(typed)
    return "".join(pieces), origin


def _first_word(text: str) -> str:
    """Return the letters, digits and dots that the text begins with, else its first character."""
    found = re.match(r"[\w.]+", text)
    return found[0] if found else text[:1]


def _why_not(node: ast.expr) -> str:
    match node:
        case ast.Compare():
            return "a comparison belongs in a condition: where(a > 0, b, c)"
        case ast.IfExp():
            return "a choice is typed as where(a > 0, b, c)"
        case ast.BoolOp() | ast.UnaryOp():
            return "'and', 'or', 'not' and ~ are not understood here; nest where(…) instead"
        case ast.Tuple():
            return "a comma belongs between the inputs of a function; the formula itself has one result"
        case ast.Attribute():
            return "a dot belongs in a number; a function is typed as sin(a)"
    return "this is Python, but not a formula"


def _no_function(name: str) -> str:
    by_symbol = [op.name for op in FUNCTIONS.values() if op.symbol == name]
    product = f"; a product is typed as {name}*(…)"
    if by_symbol:
        hint = f"; did you mean '{by_symbol[0]}'?"
    elif len(name) == 1:  # too short to begin the name of a function
        hint = product
    else:
        hint = did_you_mean(name, FUNCTIONS, product if len(name) == 2 else "")
    return f"there is no function '{shorten(name, 24)}'{hint}"


def _usage(name: str) -> str:
    """Show how a function is written: ``sin(a)``."""
    if name == "where":
        return "where(a > 0, b, c)"
    arity = FUNCTIONS[name].arity
    return f"{name}({', '.join('abcdef'[: arity or 3])}{'' if arity else ', …'})"


def _defaults(name: str) -> tuple[float, ...]:
    """Return the values of inputs that may be left out, as the method of Value has them."""
    return getattr(getattr(Value, name, None), "__defaults__", None) or ()
