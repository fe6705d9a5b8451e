"""Derivatives of plain functions: functions in, functions out.

Each of these takes a function of numbers and returns a function of the same arguments.  The function is
called with Values in place of the numbers, and the derivative has the structure of the arguments.

The result consists of floats, unless a Value from outside had a part in it: inside another derivative, where
an argument holds Values, or where the function uses one that was there before.  Then it consists of Values
and can be differentiated in turn, to any depth.  The Parameters of a model that the function calls are held
still, and inside `autograd.no_grad` all that comes from outside is; a Value alone is by ``detach()``.

>>> x = Value(3.0)
>>> y = x * grad(lambda t: x * t)(2.0)  # x², not 3x
>>> y.backward()
>>> x.grad
6.0

A derivative is taken with respect to fresh copies of the arguments, which are nodes of their own.
Everything else that the function uses, even the variable of an outer derivative with the same number,
stays apart from them (Siskind and Pearlmutter, "Perturbation confusion and referential transparency",
2005).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from autograd.core.arithmetic import NOT_REACHED
from autograd.core.recording import Use, mode
from autograd.core.signatures import argument_names
from autograd.core.stale import refuse_stale
from autograd.functional.containers import Container
from autograd.functional.gradients import gradients, number_in, partials_as_values, product
from autograd.graph import topological_order
from autograd.notation.hints import described
from autograd.value import Constant, Value

Function = Callable[..., Any]


class _Nesting(threading.local):
    depth = 0  # how many derivatives are being taken around this one


_nesting = _Nesting()


# -------------------------------------------------------------------------------- reverse mode


def grad(function: Function, argnums: int | Sequence[int] = 0) -> Function:
    """Return the gradient of a function whose result is one number.

    Args:
        function: computes a Value from its arguments.
        argnums: the place of the argument to differentiate with respect to, from 0, or several.

    Returns:
        A function of the same arguments; its result has the structure of that argument, or is a tuple
        of such structures.

    Raises:
        TypeError: when called, if an argument is not a number or a container of numbers, or if the
            function returns something that is not a Value.
        ValueError: when called, if there is no argument in that place.

    >>> grad(lambda x: x**3)(2.0)
    12.0
    >>> grad(grad(lambda x: x**3))(2.0)
    12.0
    >>> grad(lambda p: p["w"] * p["x"][0])({"w": 3.0, "x": [2.0]})
    {'w': 2.0, 'x': [3.0]}
    """
    _check_function("grad", function)

    def gradient(*args: Any, **kwargs: Any) -> Any:
        return value_and_grad(function, argnums)(*args, **kwargs)[1]

    return gradient


def value_and_grad(function: Function, argnums: int | Sequence[int] = 0) -> Function:
    """Return a function for the value and the gradient, at the cost of one call; see `grad`.

    >>> value_and_grad(lambda x: x**3)(2.0)
    (8.0, 12.0)
    """
    _check_function("value_and_grad", function)

    def both(*args: Any, **kwargs: Any) -> tuple[Any, Any]:
        call = _call(function, argnums, args, kwargs)
        output = _one_value(call.output, "grad", "jacobian")
        return call.out(output), call.like_arguments(_gradients(output, call))

    return both


def vjp(function: Function, *args: Any) -> tuple[Any, Function]:
    """Return the value of a function, and a function that takes an upstream gradient back to the arguments.

    Args:
        function: computes Values from its arguments, one or a container of them.
        args: the arguments.

    Returns:
        The value, and a function: from a structure like the value, the ∂/∂value of something, it
        returns a tuple of structures like the arguments, the ∂/∂argument of the same.

    >>> value, back = vjp(lambda x, y: [x * y, x], 2.0, 3.0)
    >>> value, back([1.0, 10.0])
    ([6.0, 2.0], (13.0, 2.0))
    """
    _check_function("vjp", function)
    call = _call(function, range(len(args)), args, {})
    shape = Container(call.output, "the function's value")

    def back(upstream: Any) -> Any:
        weights = _matching(upstream, shape, "the upstream gradient", "the function's value")
        total = _weighted_sum(weights, shape.leaves)
        again = call._replace(in_values=call.in_values or _is_traced(upstream))
        return again.like_arguments([0.0] * len(call.leaves) if total is None else _gradients(total, again))

    return shape.filled([call.out(y) for y in shape.leaves]), back


# -------------------------------------------------------------------------------- forward mode


def jvp(function: Function, primals: Sequence[Any], tangents: Sequence[Any]) -> tuple[Any, Any]:
    """Return the value of a function, and how fast it changes as its arguments move.

    Forward mode: one pass along the graph, from the arguments to the value, whatever their number.

    Args:
        function: computes Values from its arguments, one or a container of them.
        primals: the arguments.
        tangents: for each argument a structure like it: how fast it changes.

    Returns:
        The value, and its tangent, of the same structure.

    >>> jvp(lambda x, y: x * y, (2.0, 3.0), (1.0, 10.0))
    (6.0, 23.0)
    """
    _check_function("jvp", function)
    call = _call(function, range(len(primals)), tuple(primals), {})
    moving = _matching(tuple(tangents), call.shape, "the tangents", "the primals")
    shape = Container(call.output, "the function's value")
    found = _tangents(shape.leaves, dict(zip(call.leaves, moving, strict=True)), call.in_values)
    return shape.filled([call.out(y) for y in shape.leaves]), shape.filled(found)


def hvp(function: Function, primals: Sequence[Any], tangents: Sequence[Any]) -> tuple[Any, Any]:
    """Return the gradient of a function, and the Hessian times a vector.

    Forward over reverse: the tangent of the gradient's graph, at the cost of about two gradients and
    without the Hessian (Pearlmutter, "Fast exact multiplication by the Hessian", 1994).

    Args:
        function: computes one Value from its arguments.
        primals: the arguments.
        tangents: the vector: for each argument a structure like it.

    Returns:
        The gradient and the product, each a tuple of structures like the arguments.

    >>> hvp(lambda x, y: x * x * y, (1.0, 2.0), (1.0, 0.0))
    ((4.0, 1.0), (4.0, 2.0))
    """
    _check_function("hvp", function)
    gradient = grad(function, range(len(primals)))
    result: tuple[Any, Any] = jvp(gradient, primals, tangents)
    return result


# ------------------------------------------------------------------------------------- matrices


def jacobian(function: Function, argnums: int | Sequence[int] = 0) -> Function:
    """Return all first derivatives of a function whose result is several numbers.

    In reverse mode with one pass per number of the result, or in forward mode with one pass per number
    of the arguments, whichever are fewer.

    Args:
        function: computes a container of Values from its arguments.
        argnums: the place of the argument to differentiate with respect to, from 0, or several.

    Returns:
        A function of the same arguments.  Its result has the structure of the value, with a structure
        like the argument in the place of each number: a list of lists for lists, an array of
        shape (value's shape, argument's shape) for arrays.

    >>> jacobian(lambda x: [x[0] * x[1], x[1] ** 2])([2.0, 3.0])
    [[3.0, 2.0], [0.0, 6.0]]
    """
    _check_function("jacobian", function)

    def matrix(*args: Any, **kwargs: Any) -> Any:
        call = _call(function, argnums, args, kwargs)
        shape = Container(call.output, "the function's value")
        if len(call.leaves) < len(shape.leaves):
            columns = [_tangents(shape.leaves, {v: 1.0}, call.in_values) for v in call.leaves]
            rows = [list(row) for row in zip(*columns, strict=True)]
        else:
            rows = [_gradients(y, call) for y in shape.leaves]
        return shape.filled([call.like_arguments(row) for row in rows])

    return matrix


def hessian(function: Function, argnums: int | Sequence[int] = 0) -> Function:
    """Return all second derivatives of a function whose result is one number; see `jacobian`.

    >>> hessian(lambda x: x[0] ** 2 * x[1])([1.0, 2.0])
    [[4.0, 2.0], [2.0, 0.0]]
    >>> hessian(lambda x, y: x * x * y)(1.0, 2.0)
    4.0
    >>> hessian(lambda x, y: x * x * y, argnums=(0, 1))(1.0, 2.0)
    ((4.0, 2.0), (2.0, 0.0))
    """
    _check_function("hessian", function)
    return jacobian(grad(function, argnums), argnums)


# -------------------------------------------------------------------------------------- helpers


class _Called(NamedTuple):
    """The outcome of calling a function with fresh Values."""

    output: Any
    leaves: list[Value]
    shape: Container
    several: bool
    in_values: bool

    def out(self, y: Any) -> Any:
        """Return a number of the value as the caller gets it."""
        return y if self.in_values or not isinstance(y, Value) else y.data

    def like_arguments(self, leaves: list[Any]) -> Any:
        """Return these numbers in the structure of the argument, or a tuple of structures."""
        filled = self.shape.filled(leaves)
        return filled if self.several else filled[0]


def _call(
    function: Function, argnums: int | Sequence[int], args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> _Called:
    """Call the function with fresh Values in some places."""
    several = not isinstance(argnums, int)
    places = list(argnums) if not isinstance(argnums, int) else [argnums]
    for place in places:
        if not isinstance(place, int) or not -len(args) <= place < len(args):
            raise ValueError(
                f"argnums asks for argument {place!r}; the function was called with {len(args)}, "
                "counted from 0"
            )
    names = argument_names(function, len(args))
    shape = Container.together([args[place] for place in places], [names[place] for place in places])
    in_values = _is_traced((args, kwargs))
    began, use = mode.tick(), mode.now.use
    leaves = [_fresh(leaf, name) for leaf, name in zip(shape.leaves, shape.names, strict=True)]
    passed = list(args)
    for place, x in zip(places, shape.filled(leaves), strict=True):
        passed[place] = x
    with _inside(leaves):
        output = function(*passed, **kwargs)
    in_values = in_values or (mode.recording and _comes_from_outside(output, began, use))
    return _Called(output, leaves, shape, several, in_values)


def _is_traced(x: Any) -> bool:
    """Return whether another derivative is being taken around this one, or may be in these arguments."""
    return _nesting.depth > 0 or bool(_values_in(x))


def _comes_from_outside(output: Any, began: int, use: Use) -> bool:
    """Return whether a Value that is no Parameter, and was there before this call, had a part in the output.

    Args:
        output: what the function returned.
        began: when it was called.
        use: the use of a Module that was going on, if any: what is made in it is not told apart.
    """
    return any(
        v.role == "input" and v._made[2] < began and v._made is not use
        for v in topological_order(*_values_in(output))
    )


def _values_in(x: Any) -> list[Value]:
    """Return the Values in a structure of anything."""
    if isinstance(x, Value):
        return [x]
    if isinstance(x, Mapping):
        x = tuple(x.values())
    elif getattr(getattr(x, "dtype", None), "kind", "") == "O":
        x = tuple(x.flat)
    return [v for part in x for v in _values_in(part)] if isinstance(x, list | tuple) else []


@contextmanager
def _inside(leaves: Sequence[Value]) -> Iterator[None]:
    """Count this call of a function: derivatives inside it are Values, and graphs are recorded."""
    _nesting.depth += 1
    try:
        with mode.switched(recording=True, live=mode.live.union(leaves)):
            yield
    finally:
        _nesting.depth -= 1


def _fresh(leaf: Any, name: str) -> Value:
    """Return a node of its own with the same number; for a Value, a node computed from it."""
    return leaf * 1.0 if isinstance(leaf, Value) else Value(leaf, name)


def _gradients(output: Any, call: _Called) -> list[Any]:
    """Return ∂output/∂leaf for each leaf; only zeros if the output is a constant."""
    if not isinstance(output, Value) or isinstance(output, Constant):
        return [0.0] * len(call.leaves)
    found: list[Any] = (
        gradients(output, call.leaves, create_graph=True)
        if call.in_values
        else (gradients(output, call.leaves))
    )
    return found


def _tangents(outputs: Sequence[Any], moving: Mapping[Value, Any], in_values: bool) -> list[Any]:
    """Return how fast each output changes, in one pass along the graph."""
    tangent: dict[Value, Any] = dict(moving)
    order = topological_order(*[y for y in outputs if isinstance(y, Value)])
    refuse_stale([v for v in order if v.inputs])
    for node in order:
        if node in tangent or node.role == "constant" or not any(v in tangent for v in node.inputs):
            continue
        partials = partials_as_values(node) if in_values else node.partials
        terms = [
            term
            for v, partial in zip(node.inputs, partials, strict=True)
            if v in tangent and (term := product(tangent[v], partial)) is not NOT_REACHED
        ]
        if terms:  # else the node moves only a condition, or a branch that is not taken
            tangent[node] = sum(terms[1:], terms[0])
    return [number_in(tangent.get(y, 0.0)) if isinstance(y, Value) else 0.0 for y in outputs]


def _weighted_sum(weights: Sequence[Any], values: Sequence[Any]) -> Value | None:
    """Return Σ weight × value over what has a gradient; None if nothing has."""
    terms = [w * v for w, v in zip(weights, values, strict=True) if isinstance(v, Value)]
    return sum(terms[1:], terms[0]) if terms else None


def _one_value(output: Any, asked: str, instead: str) -> Value:
    if getattr(output, "shape", None) == ():  # an array of one Value, such as np.einsum gives
        output = output.item()
    if isinstance(output, Value):
        return output
    if isinstance(output, list | tuple | dict) or hasattr(output, "shape"):
        raise TypeError(
            f"{asked} takes a function that returns one number; this one returns {described(output)}: "
            f"use {instead}"
        )
    raise TypeError(
        f"{asked} takes a function that returns a Value; this one returns {described(output)}: "
        "its graph was cut, or it does not use its argument"
    )


def _matching(given: Any, shape: Container, what: str, like: str) -> list[Any]:
    container = Container(given, what)
    if len(container.leaves) != len(shape.leaves):
        raise ValueError(
            f"{what} hold {len(container.leaves)} numbers; {like} hold {len(shape.leaves)}: "
            "give one for each, in the same structure"
        )
    return container.leaves


def _check_function(name: str, function: object) -> None:
    if not callable(function):
        raise TypeError(f"{name} takes a function; got {described(function)}")
