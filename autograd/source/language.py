"""What a language has to say for expressions to be written in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from autograd.core.arithmetic import FUNCTIONS
from autograd.source.expression import CONSTANT, UNREACHED, Expression, in_order, shared

DEEPEST = 8
"""At most this many operations stand within one another; a deeper one is given a name."""


@dataclass(frozen=True)
class Language:
    """How expressions are written.

    Attributes:
        constant: writes a number.
        where: the choice between two numbers, as a pattern of ``{0}``, the condition, ``{1}`` and ``{2}``.
        truth: a number as a condition, as a pattern.
        given: a line that gives ``{0}`` the value ``{1}``.
        patterns: an operation on ``{0}`` and ``{1}``, by its name, where it is not written as ``{0} + {1}``
            or ``exp({0})``.
        unreached: the slope towards a branch that is not taken.
        called: what is written before the name of an elementary function.
        counter, variable, room: how a whole number, a number and a row of numbers are declared.
        gathered: how the inputs of an op are put in a row, given them and their number.
        loop: how a loop of a given number of turns of ``k`` begins.
        braces: whether functions and loops stand in braces; else they are Python's.
    """

    constant: Callable[[float], str] = str
    where: str = "where({0}, {1}, {2})"
    truth: str = "{0}"
    given: str = "{0} = {1}"
    patterns: Mapping[str, str] = field(default_factory=dict)
    unreached: str = "0.0"
    called: str = ""
    counter: str = ""
    variable: str = "{0} = {1}"
    room: str = ""
    braces: bool = True
    gathered: str = "row = [{0}]"
    loop: str = ""

    def slice(self, row: str, first: int, step: int, count: int) -> str:
        """Return the numbers of a row from the first one on, in a loop or all at once."""
        if not self.braces:
            return f"{row}[{first}:{first + step * (count - 1) + 1}{f':{step}' if step != 1 else ''}]"
        return f"{row}[{first} + {f'{step} * ' if step != 1 else ''}k]"

    def head(self, name: str, parameters: Sequence[str], types: Sequence[str], returns: str) -> str:
        """Return the first line of a function, whose types are given as in `autograd.tape.native`."""
        return f"function {name}({', '.join(parameters)}) {{"

    def operation(self, name: str, inputs: Sequence[str]) -> str:
        """Return an operation on inputs that are written already."""
        if name in self.patterns:
            return self.patterns[name].format(*inputs)
        if name == "neg":
            return f"(-{inputs[0]})"
        if not name.isidentifier():
            return f"({inputs[0]} {name} {inputs[1]})"
        return f"{self.called if name in FUNCTIONS else ''}{name}({', '.join(inputs)})"

    def text(self, e: Expression, inputs: Sequence[str]) -> str:
        """Return an expression whose inputs are written already."""
        if e.name == UNREACHED:
            return self.unreached
        if e.name == CONSTANT:
            return self.constant(float(e.value))
        if not e.inputs:
            return str(e.value)
        if e.name == "where":
            condition = inputs[0] if e.inputs[0].is_condition else self.truth.format(inputs[0])
            return self.where.format(condition, *inputs[1:])
        return self.operation(e.name, inputs)

    def written(self, results: Sequence[Expression]) -> tuple[list[str], list[str]]:
        """Return lines that name what occurs more than once or is deep, and the results as text."""
        lines: list[str] = []
        texts: dict[Expression, str] = {}
        depths: dict[Expression, int] = {}
        common = shared(results)
        for e in in_order(results):
            texts[e] = self.text(e, [texts[x] for x in e.inputs])
            depths[e] = 1 + max([depths[x] for x in e.inputs], default=-1)
            if e in common or depths[e] > DEEPEST:
                lines.append(self.given.format(f"t{len(lines)}", texts[e]))
                texts[e], depths[e] = f"t{len(lines) - 1}", 0
        return lines, [texts[e] for e in results]
