"""Functions of Values as lists of ops, and the ops as JavaScript, for pages that compute by themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeAlias

from autograd.core.primitive import TABLE
from autograd.graph import topological_order
from autograd.source.javascript import HELPERS, op_in_javascript
from autograd.value import Value

Listing: TypeAlias = dict[str, list[Any]]
"""Constants, steps (an op's number and the places of its inputs) and the places of the outputs."""


def stated(applied: Iterable[tuple[str, int]]) -> str:
    """Return a script that states ops, each with the number of its inputs, in a list ``OPERATIONS``.

    Raises:
        NotImplementedError: if an op cannot be written in another language; the message names it.
    """
    written = [op_in_javascript(TABLE[name], count) for name, count in applied]
    return f'"use strict";\nconst OPERATIONS = (() => {{\n{HELPERS}return [{", ".join(written)}];\n}})();\n'


class Listings:
    """Functions as lists of the ops that they apply, whose numbers all of them share.

    >>> listings = Listings()
    >>> listings.of(lambda a, b: a * b + 1, 2)
    {'constants': [1.0], 'steps': [[0, 0, 1], [1, 3, 2]], 'outputs': [4]}
    >>> listings.symbols
    ['×', '+']
    """

    def __init__(self) -> None:
        self._applied: dict[tuple[str, int], int] = {}

    def of(self, function: Callable[..., Value | Sequence[Value]], count: int) -> Listing:
        """Return what a function of so many Values computes.

        Places are counted from the inputs over the constants to the steps, in order.  The function is called
        once: its branches are those that ones take.
        """
        inputs = [Value(1.0) for _ in range(count)]
        given = function(*inputs)
        outputs = [given] if isinstance(given, Value) else [*given]
        order = dict.fromkeys(v for output in outputs for v in topological_order(output))
        steps = [v for v in order if v.op is not None]
        constants = [v for v in order if v.op is None and v not in set(inputs)]
        place = {v: i for i, v in enumerate([*inputs, *constants, *steps])}
        return {
            "constants": [v.data for v in constants],
            "steps": [[self._number(v), *[place[x] for x in v.inputs]] for v in steps],
            "outputs": [place[v] for v in outputs],
        }

    def _number(self, v: Any) -> int:
        return self._applied.setdefault((v.op.name, len(v.inputs)), len(self._applied))

    @property
    def symbols(self) -> list[str]:
        """The symbols of the ops, by their numbers."""
        return [TABLE[name].symbol for name, _ in self._applied]

    def script(self) -> str:
        """Return the script that states the ops; see `stated`."""
        return stated(self._applied)
