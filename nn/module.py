"""Module: something with parameters to train, found wherever its attributes hold them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import is_dataclass
from functools import wraps
from inspect import getattr_static
from itertools import chain, groupby
from types import FunctionType
from typing import Any, Self

from autograd import Parameter, Value
from autograd.extend import VALUE_TYPES, forget_gradients, recording
from autograd.notation.labels import is_bias, is_position, typed
from autograd.notation.numbers import counted
from nn.complaints import (
    MOST_SHOWN,
    at_most,
    check_names,
    made_of_value,
    misfits,
    path_by_label,
    say_where,
)
from nn.construction import Constructed
from nn.holding import held, held_at, may_hold, may_hold_modules
from nn.inputs import remember_arguments

ACTIVATION = "activation"
"""An attribute whose parameters are neither weights nor biases: whatever an activation learns."""


def _as_a_use(call: Callable[..., Any]) -> Callable[..., Any]:
    """Return a ``__call__`` whose computations belong to one use of its Module."""

    @wraps(call)
    def placed(self: Module, *inputs: Any, **options: Any) -> Any:
        if type(self).__call__ is not placed:  # called by a subclass's, which is the use already
            return call(self, *inputs, **options)
        now = recording.now
        before = now.begin(self)
        if before[0] is None:
            remember_arguments(now, self, inputs, options)
        try:
            return call(self, *inputs, **options)
        except Exception as error:
            say_where(error, now.use, (*inputs, *options.values()))
            raise
        finally:
            now.end(before)
            if before[0] is None:
                now.call = None

    return placed


class Module(Constructed):
    """The base of neurons, layers and networks, and of any class of yours that has parameters.

    A subclass keeps its `Parameter`s and other Modules in attributes, on their own or in lists,
    tuples, deques, sets, dictionaries, dataclasses and NumPy's object arrays, nested as you like; all of
    them are found, in that order.  What it computes stands in ``__call__``, or in ``forward``.

    Every Value that is computed in a call knows so: its ``place`` is the use of the Module, and views fold
    a graph by it.  A `Value` in an attribute is found by no optimiser; ``repr`` names it.  Hold what is to
    stay fixed as a `Constant`.

    `nn.save` and `nn.load` build it again from the arguments that its constructor got; see `built_with`.

    Attributes:
        training: whether it is in training, where `Dropout` drops; see `train` and `eval`.
        is_unit: whether it is one unit of a layer, as a `Neuron` is, for views that fold layer by layer.

    >>> class Line(Module):
    ...     def __init__(self):
    ...         self.slope, self.offset = Parameter(2.0, "a"), Parameter(1.0, "b")
    ...     def forward(self, x):
    ...         return self.slope * x + self.offset
    >>> line = Line()
    >>> line(3.0).data
    7.0
    >>> line.state_dict()
    {'slope': 2.0, 'offset': 1.0}
    """

    training: bool = True
    is_unit: bool = False

    def __init_subclass__(cls, **options: Any) -> None:
        """Have every call of a subclass known as a use of it."""
        super().__init_subclass__(**options)
        if "__call__" in vars(cls):
            cls.__call__ = _as_a_use(vars(cls)["__call__"])  # type: ignore[method-assign]

    @_as_a_use
    def __call__(self, *inputs: Any, **options: Any) -> Any:
        """Compute the outputs: what ``forward`` of the subclass gives.

        Raises:
            TypeError: if the class states neither ``__call__`` nor ``forward``.
        """
        forward = getattr(self, "forward", None)
        if forward is None:
            raise TypeError(
                f"{type(self).__name__} does not say what it computes; define __call__ or forward in it"
            )
        return forward(*inputs, **options)

    def computing(self) -> Callable[..., Any]:
        """Return what computes: ``forward`` where ``__call__`` is not defined."""
        is_own = type(self).__call__ is not Module.__call__
        return self.__call__ if is_own else getattr(self, "forward", self.__call__)

    def in_use(self) -> Any:
        """Return a context: what is computed in it belongs to a use of this Module.

        A call is a use by itself; this is for other methods that compute.
        """
        return recording.within(self)

    def __setattr__(self, name: str, x: Any) -> None:
        """Set an attribute.

        Raises:
            AttributeError: if it would hide a method of the class.
        """
        held = getattr(type(self), name, None)
        if isinstance(held, FunctionType) and getattr_static(type(self), name) is held:  # not a static one
            tied = "; to share weights, set the weight of its Layers" if name == "weights" else ""
            raise AttributeError(
                f"{name} is a method of {type(self).__name__}; setting it would hide the method. "
                f"Hold this under another name{tied}"
            )
        super().__setattr__(name, x)

    def named_parameters(self) -> Iterator[tuple[str, Parameter]]:
        """Yield each parameter with its dotted path, such as ``layers.0.neurons.1.w.2``.

        A parameter held in several places comes once, under the first of its paths.
        """
        named: tuple[tuple[Any, ...] | None, str] = None, ""  # what leads to all the items of a list
        for trail, place, x in self._each():
            if isinstance(x, Parameter):
                if trail is not named[0]:
                    named = trail, ".".join(map(str, trail))
                yield named[1] if place is None else f"{named[1]}.{place}", x

    def within(
        self, *, values: bool = True, among: Any = None, shared: bool = False
    ) -> Iterator[tuple[tuple[Any, ...], Any]]:
        """Yield each Value and each Module once, with the names and positions that lead to it.

        Args:
            values: whether Values are visited; without them a large model is gone through in a tenth of
                the time.
            among: a set; lists of Values of which it has none are left out, in about that time.
            shared: whether a Value comes again with each Module, or attribute, that holds it too.
        """
        for trail, place, x in self._each(values, among, shared):
            yield (trail if place is None else (*trail, place)), x

    def _each(
        self, values: bool = True, among: Any = None, shared: bool = False
    ) -> Iterator[tuple[tuple[Any, ...], int | None, Any]]:
        """Yield what `within` does, each with what leads to it, or to the list of Values that it is in."""
        seen: dict[int, Any] = {}  # what is seen is kept, so that no other object gets its id
        for trail, holder in self._held_within(values):
            if among is not None and type(holder) is list and among.isdisjoint(holder):
                continue
            for place, x in enumerate(holder) if type(holder) is list else [(None, holder)]:
                if id(x) not in seen or shared:
                    seen[id(x)] = x
                    yield trail, place, x

    def _held_within(self, values: bool) -> Iterator[tuple[tuple[Any, ...], Any]]:
        """Yield each Module once, and each Value and list of Values alone, with what leads to it."""
        matters = may_hold if values else may_hold_modules
        seen: dict[int, Any] = {}
        stack: list[tuple[tuple[Any, ...], Any]] = [((), self)]
        while stack:
            trail, holder = stack.pop()
            if type(holder) is list and VALUE_TYPES.issuperset(map(type, holder)):  # most of a large model
                if values:
                    yield trail, holder
                continue
            if isinstance(holder, Value):
                yield trail, holder
            elif id(holder) not in seen:
                seen[id(holder)] = holder
                if isinstance(holder, Module):
                    yield trail, holder
                stack.extend([((*trail, name), x) for name, x in held(holder) if matters(x)][::-1])

    def named_modules(self) -> Iterator[tuple[str, Module]]:
        """Yield this Module and every one within it with its dotted path; its own is empty.

        A Module held in several places comes once, under the first of its paths.
        """
        for trail, x in self.within(values=False):
            if isinstance(x, Module):
                yield ".".join(map(str, trail)), x

    def children(self) -> list[Module]:
        """Return the Modules that this one holds itself, not those within them."""
        (_, *within) = self.named_modules()
        return [module for path, module in within if not any(path.startswith(f"{p}.") for p, _ in within)]

    def apply(self, function: Callable[[Module], object]) -> Self:
        """Call a function with every Module within this one, and then with this one, as PyTorch does.

        >>> from nn import MLP
        >>> names = []
        >>> _ = MLP(1, [1]).apply(lambda module: names.append(type(module).__name__))
        >>> names
        ['Neuron', 'Layer', 'MLP']
        """
        for module in reversed(self.modules()):
            function(module)
        return self

    def unmoved(self) -> dict[str, Value]:
        """Return the plain Values held, by path: a gradient reaches them, but no optimiser moves them."""
        return {
            ".".join(map(str, trail)): x for trail, x in self.within()
            if isinstance(x, Value) and x.role == "input" and x.op is None
        }  # fmt: skip

    def parts_of(self, made: Sequence[Value]) -> Mapping[Value, str]:
        """Say what is what among the Values that one use computed itself, such as "pre-activation".

        Args:
            made: those that no Module within this one computed, in topological order.
        """
        return {}

    def arrays_to_keep(self) -> Mapping[str, Any]:
        """Return the Values that a file keeps as one array each, by name: lists, or lists of lists, of them.

        All others are kept by the attribute that holds them.
        """
        return {}

    def in_brief(self) -> str:
        """Return what it is in a few words beside its class, for ``repr`` and pictures: here none.

        Those of equal Modules are equal: it does not tell where one stands among others.

        >>> from nn import Conv2d
        >>> Conv2d(1, 2, 3, stride=2).in_brief()
        '1 → 2, 3×3, stride 2'
        """
        return ""

    def in_windows(self) -> tuple[int, ...]:
        """Return the rows and columns of the windows in which it looks at pictures: here none.

        >>> from nn import Conv2d
        >>> Conv2d(1, 2, 3).in_windows()
        (3, 3)
        """
        return ()

    def __repr__(self) -> str:
        if brief := self.in_brief():
            count = len(self.parameters())
            parameters = f", {counted(count, 'parameter')}" if count else ""
            return f"{type(self).__name__}({brief}{parameters})"
        told = [(name, _classes_in(x)) for name, x in held(self)]
        classes = ", ".join(f"{name}: {classes}" for name, classes in told if classes)
        said = [classes] if classes else []
        said.append(counted(len(self.parameters()), "parameter"))
        unmoved = self.unmoved()
        if unmoved:
            said.append(made_of_value(unmoved, "use Parameter to train {}"))
        return f"{type(self).__name__}({'; '.join(said)})"

    def parameters(self) -> list[Parameter]:
        """Return every parameter once, in the order of `named_parameters`."""
        groups = (x if type(x) is list else [x] for _, x in self._held_within(values=True))
        return list(dict.fromkeys(x for x in chain.from_iterable(groups) if isinstance(x, Parameter)))

    def modules(self) -> list[Module]:
        """Return this Module and every one within it, each once."""
        return [x for _, x in self.within(values=False) if isinstance(x, Module)]

    def weights(self) -> list[Parameter]:
        """Return the parameters that penalties are for: all but biases and the slopes of activations.

        Those are the parameters held as ``activation``, or as ``b``, ``bias`` or ``biases``, alone or as a
        part of a name: ``b1``, ``bias_out``, ``decoder_bias``.
        """
        found, verdicts = [], dict[tuple[Any, ...], bool]()
        for trail, x in self.within():
            if isinstance(x, Parameter):
                holder = trail[:-1] if isinstance(trail[-1], int) else trail
                if holder not in verdicts:  # one for all the parameters of a list
                    verdicts[holder] = is_weight(".".join(map(str, holder)))
                if verdicts[holder]:
                    found.append(x)
        return found

    def parameter(self, name: str) -> Parameter:
        """Return the parameter of this label (``w21^3``) or dotted path (``layers.2.neurons.0.w.1``).

        A label can follow the path of a Module around it, ``blocks.0.w21^3``, and everything can be spelled
        as pictures and pages do: ``block 1.w₂₁⁽³⁾``.

        Raises:
            ValueError: if there is none, or if the label, or a path, belongs to several.
        """
        listed = list(self.named_parameters())
        named = dict(listed)
        if len(named) < len(listed):
            check_names(path for path, _ in listed)
        found = named.get(name) or held_at(self, name)
        if isinstance(found, Parameter):
            return found
        around, _, label = typed(name).rpartition(".")
        holder = held_at(self, around) if around else None  # be it held elsewhere too
        its = [p for p in holder.parameters() if p.label == label] if isinstance(holder, Module) else []
        if len(its) == 1:
            return its[0]
        return named[path_by_label(name, {path: p.label for path, p in named.items()})]

    def zero_grad(self) -> None:
        """Forget the gradients of all parameters: they count as not computed yet."""
        forget_gradients(self.parameters())

    def train(self, training: bool = True) -> Self:
        """Put the Module into training, where `Dropout` drops; return it, as PyTorch does."""
        for module in self.modules():
            vars(module)["training"] = bool(training)  # of a frozen dataclass too
        return self

    def eval(self) -> Self:
        """Take the Module out of training: every output is that of the whole network."""
        return self.train(False)

    def state_dict(self) -> dict[str, float]:
        """Return the number in every parameter, by dotted path.

        Raises:
            ValueError: if two parameters have one path, or a set holds some without labels of their own.
        """
        named = list(self.named_parameters())
        check_names(path for path, _ in named)
        return {path: p.data for path, p in named}

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
        layers = [path for path, module in self.named_modules() if path and not module.is_unit]
        complaints = misfits(named, state, layers)
        if complaints:
            raise ValueError(
                f"the state does not fit this {type(self).__name__}, and nothing was loaded: "
                + "; ".join(complaints)
            )
        for path, p in named.items():
            p.data = float(state[path])


def is_weight(path: str) -> bool:
    """Return whether the parameter of this dotted path is one of the weights; see `Module.weights`.

    What counts is the attribute that holds the parameter, not those that hold its Module.

    >>> is_weight("b.w.0"), is_weight("w.b.0"), is_weight("activation.slope")
    (True, False, False)
    """
    names = [name for name in path.split(".") if not is_position(name)]
    return names != [] and ACTIVATION not in names and not is_bias(path)


@contextmanager
def mode(model: Any, *, training: bool) -> Iterator[None]:
    """Put a model in training or out of it for the block, and then every Module back as it was."""
    modules = model.modules() if isinstance(model, Module) else []
    before = [module.training for module in modules]
    try:
        for module in modules:
            vars(module)["training"] = training
        yield
    finally:
        for module, was in zip(modules, before, strict=True):
            vars(module)["training"] = was


DEEPEST = 4
"""Modules in containers that are nested more deeply than this are not told."""


def _classes_in(holder: Any, depth: int = 0) -> str:
    """Return the classes of the Modules in something, such as ``12 × Block``; "" if it holds none."""
    if isinstance(holder, Module):
        return type(holder).__name__
    if depth == DEEPEST or not may_hold_modules(holder):
        return ""
    told = [
        (str(getattr(name, "key", name)), text)
        for name, x in held(holder)
        if (text := _classes_in(x, depth + 1))
    ]
    if isinstance(holder, Mapping) or is_dataclass(holder):
        texts = [f"{name}: {text}" for name, text in told]
        return f"{{{', '.join(at_most(MOST_SHOWN, texts))}}}" if texts else ""
    runs = [(text, len(list(run))) for text, run in groupby(text for _, text in told)]
    texts = [text if count == 1 else f"{count} × {text}" for text, count in runs]
    if len(texts) == 1 < len(told) or not texts:
        return "".join(texts)
    return f"[{', '.join(at_most(MOST_SHOWN, texts))}]"
