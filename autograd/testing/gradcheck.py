"""Is my gradient right?  A function or a graph, held against differences of two kinds.

The reverse pass is compared node by node with differences in many digits of what each node
computes: right or wrong is then no matter of tolerance, and the op at fault has a name.  And it is
compared with differences in doubles of the function itself, called anew: they also see what the
graph does not show, such as a gradient cut by ``.data``.

>>> gradcheck(lambda x, y: x * y + x.sin(), (0.0, 3.0))
input  at  reverse pass  differences  verdict
x      0   4             4            correct  15 digits
y      3   0             0            correct  15 digits
>>> gradcheck(lambda x: x.relu(), 0.0)
input  at  reverse pass  differences  verdict
x      0   0             0.5          kink     any slope from 0 to 1; at ReLU(x)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from inspect import Parameter as Argument
from inspect import signature
from math import isfinite
from typing import Any

from autograd.containers import Container
from autograd.graph import leaves as leaves_of
from autograd.graph import topological_order
from autograd.reverse import gradients
from autograd.testing.differences import Number, noise_of
from autograd.testing.table import Certificate, GradientError, Verdict
from autograd.testing.verdicts import Beside, Evidence
from autograd.value import Constant, Value, apply, mode, non_finite, number_of

BESIDE = 1e-10  # of an input: just beside it
MOVED = "the input that moves"
Reverse = Callable[[Value, Sequence[Value]], Sequence[float]]


def gradcheck(
    function: Callable[..., Value] | Value,
    point: Any = None,
    order: int = 1,
    reverse: Reverse = gradients,
) -> Certificate:
    """Check the gradient of a function, or of a graph.

    Args:
        function: computes one Value from Values and changes nothing; or a Value, whose graph is
            checked.
        point: where.  A tuple is one argument each, ``f(x, y)``; so is a list for a function of as
            many arguments.  Anything else (a number, a list, a dictionary, a NumPy array) is the one
            argument.  For a graph: the Values to differentiate with respect to; None for all its
            leaves but the constants.
        order: 2 to check the second derivatives as well.
        reverse: the reverse pass to check: from an output and its inputs to one gradient an input.

    Returns:
        A certificate, which prints as a table: one verdict an input.

    Raises:
        GradientError: an ``AssertionError``, if a gradient is wrong; it shows the certificate.
        TypeError: if the function gives no Value, or the point holds no numbers.
        ValueError: if the order is not 1 or 2, the point is outside the domain, or the function gives
            another result the second time it is called or changes its inputs.

    >>> gradcheck(lambda x: x * x.data, 3.0)
    Traceback (most recent call last):
    ...
    autograd.testing.table.GradientError: a gradient is wrong: x
    input  at  reverse pass  differences  verdict
    x      3   3             6            wrong    about 3.378e15 ulps apart; cut graph: \
a constant follows the input x; .data, float(…) or detach() took it out of the graph
    """
    if order not in (1, 2) or isinstance(order, bool):
        raise ValueError(f"gradcheck compares derivatives of order 1 and 2; got order={order!r}")
    with _recording():
        if isinstance(function, Value):
            sources, numbers, names = _of_graph(function, point)
            run = _replayed(function, sources)
            _refuse_outside(function, numbers, names)
            verdicts = _compared(run, function, sources, names, reverse)
        elif callable(function):
            shape, spread = _taken_apart(function, point)
            numbers, names = [float(getattr(x, "data", x)) for x in shape.leaves], shape.names
            run = _called(function, shape, spread)
            verdicts = _verdicts(run, numbers, names, reverse)
        else:
            raise TypeError(
                f"gradcheck takes a function or a Value; got {function!r} ({type(function).__name__})"
            )
        if order == 2:
            for i, name in enumerate(names):
                seconds = [f"∂/∂{name} ∂/∂{other}" for other in names]
                verdicts += _verdicts(_slope_of(run, i), numbers, seconds, reverse)
    certificate = Certificate(tuple(verdicts))
    if certificate.wrong:
        accused = ", ".join(v.name for v in certificate.wrong)
        raise GradientError(f"a gradient is wrong: {accused}\n{certificate}", certificate)
    return certificate


# ----------------------------------------------------------------------------------- what is run

Run = Callable[[Sequence[Value]], Value]


def _taken_apart(function: Callable[..., Any], point: Any) -> tuple[Container, bool]:
    """The point as numbers with names, and whether its parts are one argument each."""
    spread = isinstance(point, tuple) or (isinstance(point, list) and _takes(function, len(point)))
    parts = list(point) if spread else [point]
    shape = Container.together(parts, _names(function, len(parts)))
    if not shape.leaves:
        raise TypeError(f"gradcheck needs a point with at least one number; got {point!r}")
    return shape, spread


def _names(function: Callable[..., Any], count: int) -> list[str]:
    names = [a.name for a in _arguments(function) if a.kind is not Argument.VAR_POSITIONAL][:count]
    return [*names, *(f"argument {i}" for i in range(len(names), count))]


def _of_graph(output: Value, wanted: Any) -> tuple[list[Value], list[float], list[str]]:
    """The leaves to check, their numbers and their names."""
    sources = [v for v in leaves_of(output) if v.role != "constant"]
    if wanted is not None:
        sources = [wanted] if isinstance(wanted, Value) else list(wanted)
    for v in sources:
        if not isinstance(v, Value) or v.inputs:
            raise TypeError(f"a graph is checked with respect to Values that are its leaves; got {v!r}")
    if isinstance(output, Constant) or not sources:
        raise ValueError(f"{output} depends on nothing that has a gradient")
    return sources, [number_of(v) for v in sources], [v.label or f"leaf {i}" for i, v in enumerate(sources)]


def _replayed(output: Value, sources: Sequence[Value]) -> Run:
    """The graph as a function of its leaves."""
    order = topological_order(output)

    def run(inputs: Sequence[Value]) -> Value:
        new: dict[Value, Value] = dict(zip(sources, inputs, strict=True))
        for node in order:
            if node.op is not None:
                kind = type(node) if isinstance(node, Constant) else None
                new[node] = apply(node.op, tuple([new.get(v, v) for v in node.inputs]), kind=kind)
        return new[output]

    return run


def _called(function: Callable[..., Any], shape: Container, spread: bool) -> Run:
    """The function, called in the style that the point asks for."""

    def run(inputs: Sequence[Value]) -> Value:
        passed = shape.filled(inputs)
        output = function(*passed) if spread else function(passed[0])
        if isinstance(output, Value):
            return output
        cut = ": its graph was cut, or it does not use its input" if isinstance(output, int | float) else ""
        raise TypeError(
            f"gradcheck is of a function that gives one Value; this one gives {output!r} "
            f"({type(output).__name__}){cut}. Compute with Values, not with .data"
        )

    return run


def _takes(function: Callable[..., Any], count: int) -> bool:
    """Whether a list of so many numbers is as many arguments, rather than one."""
    by_place = (Argument.POSITIONAL_ONLY, Argument.POSITIONAL_OR_KEYWORD)
    arguments = _arguments(function)
    needed = [a for a in arguments if a.default is a.empty and a.kind in by_place]
    return len(needed) == count > 1 or any(a.kind is Argument.VAR_POSITIONAL for a in arguments)


def _arguments(function: Callable[..., Any]) -> list[Argument]:
    try:
        return list(signature(function).parameters.values())
    except (TypeError, ValueError):  # a builtin that does not say
        return []


def _slope_of(run: Run, i: int) -> Run:
    """The derivative with respect to the ``i``-th input, as a function of all of them."""
    return lambda inputs: gradients(run(inputs), list(inputs), create_graph=True)[i]


# ------------------------------------------------------------------------------------ one check


def _verdicts(run: Run, numbers: list[float], names: list[str], reverse: Reverse) -> list[Verdict]:
    first = [Value(x, name) for x, name in zip(numbers, names, strict=True)]
    output = _at(run, first, numbers, names)
    _refuse_outside(output, numbers, names)
    again = [Value(x, name) for x, name in zip(numbers, names, strict=True)]
    _refuse_unsteady(output, _at(run, again, numbers, names), first, numbers, names)
    if isinstance(output, Constant):
        raise TypeError(f"the function gives {output}, a constant: its graph was cut, or it uses no input")
    return _compared(run, output, first, names, reverse)


def _compared(
    run: Run, output: Value, sources: Sequence[Value], names: list[str], reverse: Reverse
) -> list[Verdict]:
    """The verdict on each of these leaves of the output."""
    numbers = [number_of(v) for v in sources]
    found = list(reverse(output, sources))
    evidence = Evidence(
        output,
        rerun=_rerun(run, output, numbers),
        beside=_beside(run, output, numbers),
        cut=lambda i: _cut(run, output, numbers, i, names[i]),
    )
    return [evidence.verdict(i, v, names[i], float(found[i])) for i, v in enumerate(sources)]


def _at(run: Run, inputs: list[Value], numbers: list[float], names: list[str]) -> Value:
    """The function's value, and that its inputs are what they were."""
    try:
        output = run(inputs)
    except Exception as error:
        error.add_note(f"raised while gradcheck called the function at {_where(numbers, names)}")
        raise
    for v, x, name in zip(inputs, numbers, names, strict=True):
        if number_of(v) != x and x == x:
            raise ValueError(
                f"the function changes its inputs: it set {name} from {x!r} to {number_of(v)!r}; "
                "compute a new Value instead"
            )
    return output


def _refuse_outside(output: Value, numbers: list[float], names: list[str]) -> None:
    for x, name in zip(numbers, names, strict=True):
        if not isfinite(x):
            raise ValueError(f"a derivative is taken at finite numbers; {name} is {x}")
    for node in topological_order(output):
        if node.op is not None and not isfinite(number_of(node)):
            told = non_finite(node.op, node.inputs, number_of(node), node.label)
            raise ValueError(f"the point {_where(numbers, names)} is outside the domain: {told}")


def _refuse_unsteady(
    output: Value, again: Value, first: list[Value], numbers: list[float], names: list[str]
) -> None:
    """Raise if the function's second call at the same point differs from the first."""
    if set(first).intersection(topological_order(again)):
        raise GradientError(
            "stale state: the second call of the function gave a graph that still contains the inputs of the "
            "first; something computed there was kept. Compute it anew in each call"
        )
    if number_of(output) != number_of(again) or _pattern(output) != _pattern(again):
        raise ValueError(
            f"the function is not one of its inputs alone: at {_where(numbers, names)} it gave "
            f"{number_of(output)!r} and then {number_of(again)!r}. Draw random numbers outside of it, with a "
            "seed, and keep no state between calls"
        )


def _rerun(run: Run, output: Value, numbers: list[float]) -> Callable[[int, float], Number | None]:
    """The function with one number changed; None where it raises, or goes another way."""
    pattern = _pattern(output)

    def rerun(i: int, x: float) -> Number | None:
        new = _moved(run, numbers, i, x)
        if new is None or _pattern(new) != pattern:
            return None
        return Number(number_of(new), noise_of(topological_order(new)))

    return rerun


def _beside(run: Run, output: Value, numbers: list[float]) -> Callable[[int, int], Beside | None]:
    """The function just beside the point, where its graph is another one than at the point."""
    ops = _ops(output)

    def beside(i: int, side: int) -> Beside | None:
        step = side * BESIDE * max(abs(numbers[i]), BESIDE)
        new = _moved(run, numbers, i, numbers[i] + step)
        if new is None or _ops(new) == ops:
            return None
        source = [v for v in topological_order(new) if v.label == MOVED]
        slope = gradients(new, source[0]) if source and not isinstance(new, Constant) else 0.0
        return Beside(number_of(new), slope, step)

    return beside


def _ops(output: Value) -> list[str]:
    return [node.op.name for node in topological_order(output) if node.op is not None]


def _moved(run: Run, numbers: list[float], i: int, x: float) -> Value | None:
    try:
        output = run([Value(x, MOVED) if j == i else Value(number) for j, number in enumerate(numbers)])
    except Exception:  # whatever the function does there, there is no difference to take
        return None
    return output if isfinite(number_of(output)) else None


def _pattern(output: Value) -> list[Any]:
    """The ops of a graph and the side of each kink that they are on: the branches it takes."""
    return [
        (node.op.name, *[_sign(kink.gap(*map(number_of, node.inputs))) for kink in node.op.kinks])
        for node in topological_order(output)
        if node.op is not None
    ]


def _sign(x: float) -> int:
    return (x > 0) - (x < 0)


def _cut(run: Run, output: Value, numbers: list[float], i: int, name: str) -> str:
    """What follows an input although the graph does not show it; "" if that cannot be seen."""
    new = _moved(run, numbers, i, numbers[i] + max(abs(numbers[i]), 1.0) / 1024)
    if new is None or _constants(new) == _constants(output):
        return ""
    return f"a constant follows the input {name}; .data, float(…) or detach() took it out of the graph"


def _constants(output: Value) -> list[float]:
    return [number_of(v) for v in leaves_of(output) if v.role == "constant"]


def _where(numbers: list[float], names: list[str]) -> str:
    return ", ".join(f"{name} = {x!r}" for x, name in zip(numbers, names, strict=True))


@contextmanager
def _recording() -> Iterator[None]:
    """Graphs are recorded, whatever is switched off around the check."""
    before = mode.recording
    mode.switch("recording", True)
    try:
        yield
    finally:
        mode.switch("recording", before)
