"""A recipe while it is being made, by whatever draws its ops and numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import copysign, frexp

from hypothesis import reject

from autograd.core.primitive import Op
from autograd.testing.recipe import Recipe
from autograd.value import Value

EVERYDAY, TINY = 8.0, 1e-12
"""The largest and the smallest size of everyday numbers."""
OFF_KINKS = 1e-3
"""The least distance of inputs from kinks."""


def everyday(x: float) -> float:
    """Return the number itself if it is of everyday size, else its digits with another exponent."""
    if x == 0 or TINY <= abs(x) <= EVERYDAY:
        return x
    return copysign(frexp(x)[0], x)


def on_a_kink(op: Op, inputs: Sequence[float], width: float = 0.0) -> bool:
    """Return whether the inputs are within ``width`` of a kink of the op."""
    return any(abs(kink.gap(*inputs)) <= width for kink in op.kinks)


@dataclass
class Growing:
    """A recipe while it is being made.

    Attributes:
        numbers: of everything so far.
        made: how each was made: True for a leaf, False for a constant, or an op and the places of its inputs.
        labels: the labels of leaves, by place.
    """

    numbers: list[float] = field(default_factory=list)
    made: list[tuple[Op, tuple[int, ...]] | bool] = field(default_factory=list)
    labels: dict[int, str] = field(default_factory=dict)

    def put(self, x: float, leaf: bool, label: str = "") -> int:
        """Add a leaf or a constant; return its place."""
        self.numbers.append(x)
        self.made.append(leaf)
        if label:
            self.labels[len(self.made) - 1] = label
        return len(self.made) - 1

    def add(self, op: Op, places: Sequence[int]) -> int:
        """Apply an op to what there is; return the place of its result."""
        self.numbers.append(op.evaluate([self.numbers[i] for i in places])[0])
        self.made.append((op, tuple(places)))
        return len(self.made) - 1

    def alone(self, step: int) -> Recipe:
        """Return one step only, applied to leaves and constants with the numbers that its inputs have."""
        new = Growing()
        made = self.made[step]
        if not isinstance(made, bool):
            op, places = made
            put = {i: new.put(self.numbers[i], leaf=self.made[i] is not False) for i in dict.fromkeys(places)}
            new.add(op, [put[i] for i in places])
        return new.recipe()

    def recipe(self, leaf: type[Value] = Value) -> Recipe:
        """Return the last step that needs the most others, with everything that it needs."""
        steps = [i for i, made in enumerate(self.made) if not isinstance(made, bool)]
        if not steps:
            reject()
        needs: list[frozenset[int]] = []
        for i, made in enumerate(self.made):
            inputs = () if isinstance(made, bool) else made[1]
            needs.append(frozenset([i]).union(*[needs[j] for j in inputs]))
        needed = max([needs[i] for i in reversed(steps)], key=len)
        leaves = [i for i in sorted(needed) if self.made[i] is True]
        constants = [i for i in sorted(needed) if self.made[i] is False]
        results = [i for i in steps if i in needed]
        order = {old: new for new, old in enumerate([*leaves, *constants, *results])}
        applied = [made for i in results if not isinstance(made := self.made[i], bool)]
        return Recipe(
            tuple([self.numbers[i] for i in leaves]),
            tuple([(op, tuple([order[i] for i in places])) for op, places in applied]),
            tuple([self.numbers[i] for i in constants]),
            tuple([self.labels[i] for i in leaves]) if self.labels else (),
            leaf,
        )
