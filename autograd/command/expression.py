"""Formulas typed as text: read, checked, and computed on Values, without running them as Python.

Python's own parser turns the text into a syntax tree.  Arithmetic in it is let through, and everything
else is refused with its column.  Nothing is ever evaluated as Python.

>>> L = evaluate("(a*b + c) * f", a=2, b=-3, c=10, f=-2)
>>> L.data
-8.0
>>> evaluate("h = x*y; L = h * (h + y)", x=2, y=3).label
'L'
>>> evaluate("a * sn(b)", a=1, b=2)
Traceback (most recent call last):
...
autograd.command.reader.ExpressionError: column 5: there is no function 'sn'; did you mean 'sin'?
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Real

from autograd import ops
from autograd.command.reader import Apply, Define, ExpressionError, Instruction, Name, Number, Reader
from autograd.core.primitive import Op
from autograd.notation.hints import described, did_you_mean, short_repr
from autograd.notation.labels import shorten
from autograd.value import Constant, Operand, Value, apply, as_values

# -------------------------------------------------------------------------------- what was read


@dataclass(frozen=True)
class Program:
    """A formula that was read: what to do, in order, with a stack.

    Attributes:
        text: the formula as it was typed.
        instructions: operands come before what is applied to them.
        variables: the names that need a number, in the order in which they first appear.
    """

    text: str
    instructions: tuple[Instruction, ...]
    variables: tuple[str, ...]

    def evaluate(self, numbers: Mapping[str, float]) -> Value:
        """Compute the formula on Values that are labelled with their names.

        Numbers stay numbers until they meet a Value, so ``2 * 3 * a`` is one operation.

        Args:
            numbers: a number for each of the variables.

        Raises:
            ExpressionError: if a variable has no number, a number no variable, or the formula no
                variable at all.
            TypeError: if something in ``numbers`` is not a real number.
        """
        self._check(numbers)
        known: dict[str, Operand] = {name: Value(numbers[name], name) for name in self.variables}
        stack: list[Operand] = []
        for instruction in self.instructions:
            match instruction:
                case Number(number):
                    stack.append(number)
                case Name(name):
                    stack.append(known[name])
                case Define(name):
                    known[name] = _labelled(stack.pop(), name)
                case Apply(op, count, swapped):
                    inputs = stack[-count:]
                    stack[-count:] = [_applied(op, inputs[::-1] if swapped else inputs)]
        output = stack.pop()
        if not isinstance(output, Value):
            raise ExpressionError(self.text, 1, "there is no variable here, so there is no gradient")
        return output

    def _check(self, numbers: Mapping[str, float]) -> None:
        """Refuse names without a number and numbers without a name."""
        for name, number in numbers.items():
            if not isinstance(number, Real):
                raise TypeError(f"{name} must be a real number; got {short_repr(number)}")
        missing = [name for name in self.variables if name not in numbers]
        unused = [name for name in numbers if name not in self.variables]
        if missing or unused:
            name = (missing or unused)[0]
            place = self._place(name)
            if missing:
                problem = _no_number(missing, unused)
            elif place:
                problem = f"'{name}' is defined here, so it takes no number"
            else:
                problem = f"there is no '{name}' here to take a number{did_you_mean(name, self.variables)}"
            raise ExpressionError(self.text, place or 1, problem)

    def _place(self, name: str) -> int:
        """Return the column where a name first appears; 0 where it does not."""
        places = (i.column for i in self.instructions if isinstance(i, (Name, Define)) and i.name == name)
        return min(places, default=0)


def evaluate(text: str, /, **numbers: float) -> Value:
    """Compute a formula on Values: ``evaluate("a*b + c", a=2, b=-3, c=10)``.

    The Values of variables carry their names as labels, and so do those with a definition of
    their own (``h = a*b; h * h``); everything between has none.

    Args:
        text: see `parse`.
        numbers: a number for each name that appears in the text and is not defined there.

    Raises:
        ExpressionError: if the text is not a formula, or its names and the numbers do not match.
        TypeError: if the text is not a string, or a number is not real.
    """
    return parse(text).evaluate(numbers)


def parse(text: str) -> Program:
    """Read a formula.

    A formula has numbers, names, parentheses, ``+ - * / **``, the functions of the table of ops
    (`FUNCTIONS`) and, as the condition of ``where``, the comparisons ``< <= > >= ==``.  Several
    formulas are separated by ``;``: all but the last define a name, which stands for one Value
    wherever it is used; the last one is the output, with or without a name.

    Args:
        text: at most `LONGEST` characters.

    Raises:
        ExpressionError: at the first thing that is none of these, with its column.
        TypeError: if the text is not a string.

    >>> parse("h = a*b; h + sin(c)").variables
    ('a', 'b', 'c')
    """
    if not isinstance(text, str):
        raise TypeError(f"a formula is a string; got {described(text)}")
    text = "".join([" " if character.isspace() else character for character in text])
    instructions = tuple(Reader(text).instructions())
    defined = {i.name for i in instructions if isinstance(i, Define)}
    names = dict.fromkeys(i.name for i in instructions if isinstance(i, Name))
    return Program(text, instructions, tuple([name for name in names if name not in defined]))


# ------------------------------------------------------------------------------------ computing


def _labelled(x: Operand, name: str) -> Value:
    """Return the Value under the name: a number becomes a Value, and a Value keeps a label of its own."""
    if not isinstance(x, Value):
        return Value(x, name)
    if not x.label:
        x.label = name
    return x


def _applied(op: Op, inputs: Sequence[Operand]) -> Operand:
    """Apply the op to Values as a node, to plain numbers as a plain number."""
    if any(isinstance(x, Value) for x in inputs):
        return apply(op, as_values(inputs), Constant if op in ops.CONDITIONS else None)
    return op.evaluate([float(x) for x in inputs if not isinstance(x, Value)])[0]


def _no_number(missing: Sequence[str], unused: Sequence[str]) -> str:
    first = f"'{shorten(missing[0], 24)}' has no number"
    if close := did_you_mean(missing[0], unused):
        return first + close
    wanted = " ".join(f"{shorten(name, 24)}=…" for name in missing[:8])
    return f"{first}; give {wanted}{' …' if len(missing) > 8 else ''}"
