"""How a Value behaves beside arithmetic: what it can be made of, copies, text, NumPy's names, refusals.

None of it is needed to understand the engine.
"""

from __future__ import annotations

import copy
import sys
import threading
from collections.abc import Callable, Iterator
from functools import cache, partial
from math import pi
from numbers import Real
from typing import Any

from autograd.core.recording import clock, mode, refuse_branch, refuse_cut, users_line
from autograd.graph import topological_order
from autograd.node import NO_GRADIENT, STATE, Node
from autograd.notation.hints import described
from autograd.notation.other_engines import OF_A_VALUE, written_here

TOO_LARGE = "this whole number is too large for a float, which goes up to about 1.8e308"


CUTS = (
    "holds numbers, through which no gradient reaches a weight. Compute with the Parameters: layer.weight "
    "has rows of them, layer.bias a list"
)
"""What is said to those who compute with the numbers of a matrix as if they were the weights."""


class NumberRead(float):
    """A number that was read from a matrix of weights: it refuses to be a constant in a graph.

    A model computed with it would look as if its weights were shared, and they would not be.

    >>> from autograd import Value
    >>> Value(2.0) * NumberRead(0.5)
    Traceback (most recent call last):
    ...
    TypeError: 0.5 was read from W or b, which holds numbers, through which no gradient reaches a weight. \
Compute with the Parameters: layer.weight has rows of them, layer.bias a list; float(number) is a constant
    """

    __slots__ = ()


def real_number(what: str, x: object, role: str = "") -> float:
    """Return a real number as a float.

    Args:
        what: how the message begins: "a Value holds".
        role: that of the Value which is to hold it.

    Raises:
        TypeError: if ``x`` is not a real number, or is a `NumberRead` that would be a constant.
        ValueError: if it is a whole number too large for a float.
    """
    if role == "constant" and isinstance(x, NumberRead):
        raise TypeError(f"{x!r} was read from W or b, which {CUTS}; float(number) is a constant")
    if not isinstance(x, (float, int)):
        x = x.item() if holds_one_number(x) else x  # type: ignore[attr-defined]
        if not isinstance(x, (float, int, Real)):
            raise TypeError(f"{what} one real number, not {described(x)}{_advice(x)}")
    try:
        return float(x)
    except OverflowError:
        raise ValueError(TOO_LARGE) from None


def holds_one_number(x: object) -> bool:
    """Return whether this is an array or tensor of no dimensions, that is, of one number.

    Raises:
        TypeError: if it is a tensor of PyTorch that waits for a gradient, which would be cut.
    """
    if getattr(x, "shape", None) != () or getattr(getattr(x, "dtype", None), "kind", "f") not in "fiu":
        return False
    if getattr(x, "requires_grad", False):
        raise TypeError(f"{described(x)} requires a gradient, which would be cut; write tensor.detach()")
    return hasattr(x, "item")


def label_text(label: object) -> str:
    """Return a label.

    Raises:
        TypeError: if it is not a string.
    """
    if not isinstance(label, str):
        raise TypeError(f"the label of a Value is a string, not {described(label)}{_advice(label)}")
    return label


def _advice(x: object) -> str:
    if hasattr(x, "partials"):
        return "; it is a Value already: take it as it is, or x.detach() for a constant of its number"
    if isinstance(x, str):
        return "; convert text with float(...) first"
    if hasattr(x, "__len__") or hasattr(x, "__iter__"):
        return "; wrap its numbers one by one"
    return ""


def _another_name(op: str) -> Callable[..., Any]:
    def call(self: Any, *others: Any) -> Any:
        return getattr(self, op)(*others)

    call.__doc__ = f"The op {op}, under NumPy's name."
    return call


OWN_FUNCTIONS: dict[str, Callable[..., Any]] = {}
"""What NumPy's functions of these names do with Values: NumPy's own would have to branch on them."""


class ForNumPy:
    """What NumPy asks of an object that it is given among others, as in ``np.where(v > 0, v, 0)``."""

    __slots__ = ()

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        """Apply a function of numbers element by element: ours if there is one, else NumPy's own."""
        boxes = list(map(_boxed, inputs))
        own = OWN_FUNCTIONS.get(ufunc.__name__) if method == "__call__" else None
        if own and f"{'O' * len(boxes)}->?" in ufunc.types and any(map(sys.modules["numpy"].ndim, boxes)):
            own = None  # a comparison of arrays is an array of truth values
        return _elementwise(own, *boxes, **kwargs) if own else getattr(ufunc, method)(*boxes, **kwargs)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        """Call a function of arrays: ours if there is one, else NumPy's own."""
        own = OWN_FUNCTIONS.get(function.__name__)
        if own and kwargs.keys() <= (getattr(own, "__kwdefaults__", None) or {}).keys():
            return _elementwise(partial(own, **kwargs), *map(_boxed, args))
        return sys.modules["numpy"].empty(0).__array_function__(function, (), args, kwargs)


def _elementwise(function: Callable[..., Any], *arrays: Any, **kwargs: Any) -> Any:
    numpy = sys.modules["numpy"]
    with numpy.errstate(all="ignore"):  # as without NumPy: nan and infinity are numbers
        return numpy.frompyfunc(function, len(arrays), 1)(*arrays, **kwargs)


def _boxed(x: Any) -> Any:
    """Return an object that would be asked again as an array of that one element."""
    if not isinstance(x, ForNumPy):
        return x
    box = sys.modules["numpy"].empty((), object)
    box[()] = x
    return box


class Protocols(ForNumPy):
    """The methods of `autograd.Value` that have nothing to do with derivatives."""

    __slots__ = ()

    _data: float

    # NumPy's names: np.arcsin(v) calls v.arcsin().

    arcsin, arccos, arctan, arctan2 = map(_another_name, ("asin", "acos", "atan", "atan2"))
    arcsinh, arccosh, arctanh = map(_another_name, ("asinh", "acosh", "atanh"))
    fabs, rint = map(_another_name, ("abs", "round"))

    def radians(self: Any) -> Any:
        """Return an angle given in degrees, in radians."""
        return self * (pi / 180)

    def degrees(self: Any) -> Any:
        """Return an angle given in radians, in degrees."""
        return self * (180 / pi)

    deg2rad, rad2deg = radians, degrees

    def conjugate(self: Any) -> Any:
        """Return the Value itself, as of any real number; np.var and np.vdot ask for it."""
        return self

    def __round__(self: Any, digits: int | None = None) -> Any:
        """Apply the op round: ``round(v)`` is the nearest whole number, as a Value."""
        if digits is not None:
            raise TypeError(
                "a Value is rounded to whole numbers, round(v); write round(v.data, digits) where only "
                "the number is wanted"
            )
        return self.round()

    @property
    def real(self) -> Any:
        """The number itself: a Value has no imaginary part."""
        return self

    @property
    def imag(self) -> float:
        """The imaginary part, 0."""
        return 0.0

    # Refusals

    def __bool__(self) -> bool:
        refuse_branch(f"{self} as a truth value")
        return self._data != 0.0  # as in `where`, and as for any number

    def __float__(self) -> float:
        refuse_cut("turning it into a plain number")
        raise TypeError(
            "a Value is not a float: turning it into one would silently cut the gradient. "
            "Write v.exp() rather than math.exp(v), and v.data where only the number is wanted"
        )

    __int__ = __float__

    # Copies and pickles: a gradient that is not computed yet stays so, and the Modules that computed a
    # Value are not copied along with it.  Inputs go before what is computed from them, so that depth costs
    # memory, never Python's recursion limit.

    def __getstate__(self: Any) -> dict[str, Any]:
        names = _attributes(self.__class__)
        state = {name: getattr(self, name) for name in names} | getattr(self, "__dict__", {})
        state["_made"] = self._made[2]
        if self._grad is NO_GRADIENT:
            del state["_grad"]
        return state

    def __setstate__(self: Any, state: dict[str, Any]) -> None:
        clock.now = max(clock.now, state["_made"])  # which is another process's, perhaps
        made = {"_made": (None, None, state["_made"], 0)}
        for name, setting in ({"_grad": NO_GRADIENT} | state | made).items():
            setattr(self, name, setting)

    def __deepcopy__(self: Any, memo: dict[int, Any]) -> Any:
        """Copy the graph too."""
        _refuse_copy(self)
        stack = [self]
        while stack:
            node = stack[-1]
            waiting = [v for v in node.inputs if id(v) not in memo]
            stack.extend(waiting)
            if not waiting:
                stack.pop()
                if id(node) not in memo:
                    memo[id(node)] = _copied(node, memo)
        return memo[id(self)]

    def __reduce_ex__(self: Any, protocol: Any) -> Any:
        """Take the graph apart: into what it was computed from, listed in order, and its own state."""
        listed = id(self) in _listed.ids
        if not listed:
            _refuse_copy(self)
        below = _Below(self) if self.inputs and not listed else None
        return restored, (type(self), below), self.__getstate__()

    # As text

    def __repr__(self: Any) -> str:
        grad = "" if self.grad is NO_GRADIENT else f", grad={self.grad}"
        label = f", label={self.label!r}" if self.label else ""
        return f"{type(self).__name__}(data={self._data}{grad}{label})"

    def __dir__(self) -> list[str]:
        return sorted({*object.__dir__(self)} - {*OF_A_VALUE})

    def __format__(self, spec: str) -> str:  # :.3f is a number again for float(…), which repr is not
        if not spec:
            return repr(self)
        refuse_cut(f"writing a number as :{spec}")
        return format(self._data, spec)


class _Elsewhere:
    """An attribute that other engines have: asked for or set, it says how the same is written here.

    (A ``__getattr__`` would do it in fewer lines, but makes every attribute of a Value slower.)
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, v: object, kind: type | None = None) -> Any:
        owner = kind or type(v)
        hint = written_here(self._name, OF_A_VALUE)
        raise AttributeError(f"{owner.__name__!r} object has no attribute {self._name!r}{hint}")

    def __set__(self, v: object, setting: object) -> None:
        self.__get__(v)


for _name in OF_A_VALUE:
    setattr(Protocols, _name, _Elsewhere(_name))


# ------------------------------------------------------------------------------ copies and pickles


def _refuse_copy(v: Any) -> None:
    """Raise if a gradient is to pass through this Value just now: none would pass through a copy."""
    if v.role == "constant" and not v.inputs:
        return
    refuse_cut("copying a Value")
    if mode.live and not mode.live.isdisjoint(topological_order(v)):
        raise RuntimeError(
            f"{users_line()}: a copy of {v.label or v} inside the function that is being differentiated "
            "would have no gradient; use the Value itself, or detach() where only its number is wanted"
        )


@cache
def _attributes(kind: type[Any]) -> tuple[str, ...]:
    """Return the names of what a copy or a pickle keeps of such a Value, beside what is in a ``__dict__``."""
    slots = [name for base in kind.__mro__ for name in getattr(base, "__slots__", ())]
    return *STATE, *[name for name in slots if name not in Node.__slots__]


def _copied(node: Any, memo: dict[int, Any]) -> Any:
    """Return a copy of one node, computed from the copies of its inputs."""
    state = node.__getstate__()
    own = {name: setting for name, setting in state.items() if name not in STATE}
    new = restored(type(node))
    memo[id(node)] = new  # before its own attributes, which may lead back to it
    new.__setstate__(state | copy.deepcopy(own, memo) | {"inputs": tuple([memo[id(v)] for v in node.inputs])})
    return new


def restored(kind: type[Any], below: object = None) -> Any:
    """Begin a Value that is being copied or unpickled; what is below it is there already."""
    return object.__new__(kind)


class _Listed(threading.local):
    """The ids of the nodes that a pickle is being made of in order: each finds its inputs there."""

    def __init__(self) -> None:
        self.ids: set[int] = set()


_listed = _Listed()


class _Below:
    """What a Value was computed from; in a pickle a list, each node after its inputs."""

    def __init__(self, output: Any) -> None:
        self._output = output

    def __reduce__(self) -> Any:
        return list, (), None, self._nodes()

    def _nodes(self) -> Iterator[Any]:
        order = topological_order(self._output)[:-1]
        added = {id(v) for v in order} - _listed.ids
        _listed.ids |= added
        try:
            yield from order
        finally:
            _listed.ids -= added
