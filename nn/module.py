"""Module: something with parameters to train, found wherever its attributes hold them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from math import isfinite
from numbers import Real
from typing import Any, Self

from autograd import Parameter
from autograd.extend import NO_GRADIENT
from autograd.notation.hints import did_you_mean

NO_WEIGHTS = frozenset({"b", "bias", "biases", "activation"})
"""Names of attributes whose parameters are not weights: biases, and the learned slope of an activation."""


class Module:
    """The base of neurons, layers and networks, and of any class of yours that has parameters.

    A subclass keeps its `Parameter`s and other Modules in attributes, on their own or in lists,
    tuples and dictionaries, nested as you like; all of them are found, in that order.

    Attributes:
        training: whether it is in training, where `Dropout` drops; see `train` and `eval`.

    >>> class Line(Module):
    ...     def __init__(self):
    ...         self.slope, self.offset = Parameter(2.0, "a"), Parameter(1.0, "b")
    ...     def __call__(self, x):
    ...         return self.slope * x + self.offset
    >>> line = Line()
    >>> line(3.0).data
    7.0
    >>> line.state_dict()
    {'slope': 2.0, 'offset': 1.0}
    """

    training: bool = True

    def named_parameters(self) -> Iterator[tuple[str, Parameter]]:
        """Yield each parameter with its dotted path, such as ``layers.0.neurons.1.w.2``.

        A parameter held in several places comes once, under the first of its paths.
        """
        for trail, x in self._within():
            if isinstance(x, Parameter):
                yield ".".join(map(str, trail)), x

    def _within(self) -> Iterator[tuple[tuple[Any, ...], Parameter | Module]]:
        """Yield each parameter and each Module once, with the names and positions that lead to it."""
        seen: set[int] = set()
        stack: list[tuple[tuple[Any, ...], Any]] = [((), self)]
        while stack:
            trail, holder = stack.pop()
            if id(holder) in seen:
                continue
            seen.add(id(holder))
            if isinstance(holder, (Parameter, Module)):
                yield trail, holder
            if not isinstance(holder, Parameter):
                stack.extend([((*trail, name), x) for name, x in _held(holder)][::-1])

    def parameters(self) -> list[Parameter]:
        """Return every parameter once, in the order of `named_parameters`."""
        return [x for _, x in self._within() if isinstance(x, Parameter)]

    def modules(self) -> list[Module]:
        """Return this Module and every one within it, each once."""
        return [x for _, x in self._within() if isinstance(x, Module)]

    def weights(self) -> list[Parameter]:
        """Return the parameters that penalties are for: all but biases and the slopes of activations.

        Those are the parameters held as ``b``, ``bias``, ``biases`` or ``activation``.
        """
        return [p for path, p in self.named_parameters() if not NO_WEIGHTS.intersection(path.split("."))]

    def parameter(self, name: str) -> Parameter:
        """Return the parameter of this label (``w21^3``) or dotted path (``layers.2.neurons.0.w.1``).

        Raises:
            ValueError: if there is none, or if the label belongs to several.
        """
        named = dict(self.named_parameters())
        if name in named:
            return named[name]
        labelled = [path for path, p in named.items() if p.label == name]
        if not labelled:
            known = [*(p.label for p in named.values() if p.label), *named]
            raise ValueError(
                f"there is no parameter {name!r}{did_you_mean(name, known, otherwise='.')} "
                "Parameters go by label (w21^3) or by path (layers.2.neurons.0.w.1)"
            )
        if len(labelled) > 1:
            raise ValueError(
                f"{len(labelled)} parameters are labelled {name!r}; ask by path: {_listed(labelled)}"
            )
        return named[labelled[0]]

    def zero_grad(self) -> None:
        """Forget the gradients of all parameters: they count as not computed yet."""
        for p in self.parameters():
            p.grad = NO_GRADIENT

    def train(self, training: bool = True) -> Self:
        """Put the Module into training, where `Dropout` drops; return it, as PyTorch does."""
        for module in self.modules():
            module.training = bool(training)
        return self

    def eval(self) -> Self:
        """Take the Module out of training: every output is that of the whole network."""
        return self.train(False)

    def state_dict(self) -> dict[str, float]:
        """Return the number in every parameter, by dotted path."""
        return {path: p.data for path, p in self.named_parameters()}

    def load_state_dict(self, state: Mapping[str, float]) -> None:
        """Set every parameter from a `state_dict`; nothing is set if anything is wrong with it.

        Raises:
            TypeError: if ``state`` is not a mapping.
            ValueError: naming every entry that is missing, not expected, or not a finite number.
        """
        if not isinstance(state, Mapping):
            raise TypeError(
                f"a state is a mapping from paths to numbers, such as state_dict() gives; "
                f"got {type(state).__name__}"
            )
        named = dict(self.named_parameters())
        complaints = _complaints(named, state)
        if complaints:
            raise ValueError(
                f"the state does not fit this {type(self).__name__}, and nothing was loaded: "
                + "; ".join(complaints)
            )
        for path, p in named.items():
            p.data = float(state[path])


@contextmanager
def mode(model: Any, *, training: bool) -> Iterator[None]:
    """Put a model in training or out of it for the block, and then every Module back as it was."""
    modules = model.modules() if isinstance(model, Module) else []
    before = [module.training for module in modules]
    try:
        for module in modules:
            module.training = training
        yield
    finally:
        for module, was in zip(modules, before, strict=True):
            module.training = was


HOLDERS = (Parameter, Module, list, tuple, dict)
"""What is or may hold a parameter."""


def _held(holder: Any) -> Iterable[tuple[Any, Any]]:
    """Return what a Module or container holds that is or may hold a parameter, by name or position."""
    if isinstance(holder, Module):
        inside: Iterable[tuple[Any, Any]] = vars(holder).items()
    elif isinstance(holder, dict):
        inside = holder.items()
    else:
        inside = enumerate(holder)
    return [(name, x) for name, x in inside if isinstance(x, HOLDERS)]


def _complaints(named: Mapping[str, Parameter], state: Mapping[str, float]) -> list[str]:
    missing = [path for path in named if path not in state]
    unexpected = [path for path in state if path not in named]
    bad = [path for path in state if path in named and not _is_finite(state[path])]
    found = []
    if missing:
        found.append(f"missing {_listed(missing)}")
    if unexpected:
        hints = [f"{path!r}{did_you_mean(str(path), missing)}" for path in unexpected]
        found.append(f"not expected {_listed(hints)}")
    if bad:
        found.append(f"not finite numbers {_listed([f'{path} = {state[path]!r}' for path in bad])}")
    return found


def _is_finite(x: Any) -> bool:
    return isinstance(x, Real) and isfinite(x)


def _listed(names: list[str]) -> str:
    return ", ".join(names)
