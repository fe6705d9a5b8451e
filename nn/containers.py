"""Modules made of others: one after the other, or a function in a Module's place."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from nn.construction import loadable
from nn.module import Module


@loadable
class Sequential(Module):
    """Modules and functions, each of which takes what the one before it gives.

    Args:
        steps: Modules, or functions of one argument; a function becomes a `Lambda`.

    Attributes:
        steps: the list of them.

    Raises:
        TypeError: if something is neither.
        ValueError: if there are none.

    >>> from nn import Layer
    >>> model = Sequential(Layer(2, 3, "tanh", seed=0), Layer(3, 1, "linear", seed=1), abs)
    >>> len(model), model([0.5, -1.0]).data > 0
    (3, True)
    """

    def __init__(self, *steps: Any) -> None:
        if not steps:
            raise ValueError("a Sequential is made of at least one Module or function; got none")
        self.steps = [step if isinstance(step, Module) else Lambda(step) for step in steps]

    def built_with(self) -> Mapping[str, Any]:
        """Return the steps; see `Module.built_with`."""
        return {"steps": tuple(self.steps)}

    def __call__(self, x: Any) -> Any:
        """Return what the last step gives."""
        for step in self.steps:
            x = step(x)
        return x

    def __len__(self) -> int:
        return len(self.steps)

    def __iter__(self) -> Iterator[Module]:
        return iter(self.steps)

    def __getitem__(self, index: int) -> Module:
        return self.steps[index]


@loadable
class Lambda(Module):
    """A function in the place of a Module: what it computes is one box in a folded picture.

    Args:
        function: takes what the step before it gives.
        name: how it is called; by default the function's own name.

    Raises:
        TypeError: if it is not a function.

    >>> Lambda(sum, "total")([1.0, 2.0])
    3.0
    """

    def __init__(self, function: Callable[..., Any], name: str | None = None) -> None:
        if not callable(function):
            raise TypeError(f"a step is a Module or a function; got {function!r} ({type(function).__name__})")
        self.function = function
        self.name = getattr(function, "__name__", "function") if name is None else name

    def __call__(self, *inputs: Any) -> Any:
        """Return what the function gives."""
        return self.function(*inputs)

    def in_brief(self) -> str:
        """Return what it is in a few words; see `Module.in_brief`."""
        return self.name
