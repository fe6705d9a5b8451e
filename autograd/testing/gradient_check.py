"""Is my gradient right?  The check of a function or a graph by differences of two kinds.

The reverse pass is compared node by node with differences, in many digits, of what each node computes.
So right or wrong is not a matter of tolerance, and the op at fault has a name.  The function itself is
also called again beside the point: where its graph does not show everything that it does, such as where
``.data`` cuts a gradient, differences in doubles decide.

>>> gradcheck(lambda x, y: x * y + x.sin(), (0.0, 3.0))
input  at  reverse pass  differences  verdict
x      0   4             4            correct  15 digits
y      3   0             0            correct  15 digits
>>> gradcheck(lambda x: x.relu(), 0.0)
input  at  reverse pass  differences  verdict
x      0   0             0.5          kink     any slope from 0 to 1; at ReLU(x)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from math import isfinite
from typing import Any, NamedTuple

from autograd.anomaly import non_finite
from autograd.core.recording import mode
from autograd.core.signatures import argument_names, arguments_of
from autograd.functional.containers import Container
from autograd.functional.gradients import gradients
from autograd.graph import leaves as leaves_of
from autograd.graph import topological_order
from autograd.node import number_of
from autograd.notation.hints import described, did_you_mean, short_repr
from autograd.testing.call_check import Leaves, Run, calls_of, graph_as_function, skeleton
from autograd.testing.certificate import (
    NOT_DIFFERENTIABLE,
    Certificate,
    GradientError,
    Verdict,
    refuse_infinite,
    unsteady,
    where,
)
from autograd.testing.differences import noise_of
from autograd.testing.node_check import written
from autograd.testing.plain.check import check_gradient
from autograd.testing.plain.function import is_spread
from autograd.testing.verdicts import Calls, Evidence
from autograd.value import Constant, Value

NAMES_OF_GRADIENTS = "gradient", "grad", "df", "jac", "jacobian", "fprime", "derivative"
"""What other libraries call a gradient that is given."""
Reverse = Callable[[Value, Sequence[Value]], Sequence[float]]


def gradcheck(
    function: Callable[..., Value] | Value,
    point: Any = None,
    order: int = 1,
    reverse: Reverse = gradients,
    wrt: Any = None,
    **by_hand: Any,
) -> Certificate:
    """Check the gradient of a function, of a graph, or of a network's cost.

    A gradient that was written by hand is checked by `check_gradient`; given one, in whatever place or under
    whatever name other libraries have for it, this function leads there.

    Args:
        function: computes one Value from Values and changes nothing; or a Value, whose graph is
            checked.
        point: the numbers to check at.  A tuple gives one argument each, ``f(x, y)``; so does a list for
            a function of as many arguments.  Anything else (a number, a list, a dictionary, a NumPy
            array) is the one argument.
        order: 2 to check the second derivatives as well.
        reverse: the reverse pass to check: from an output and its inputs to one gradient per input.
        wrt: for a graph, or a function that is called without arguments: what to differentiate with
            respect to.  Values that are leaves, one or several, or an object with ``parameters()``:
            a network.  All of them are checked.  For a graph, None means all its leaves but the
            constants.
        by_hand: ``gradient=df`` or ``jac=df``, a gradient written by hand, for `check_gradient`.

    Returns:
        A certificate, which prints as a table: one verdict per input.

    Raises:
        GradientError: an ``AssertionError``, if a gradient is wrong; it shows the certificate.
        TypeError: if the function does not return a Value, or the point holds no numbers.
        ValueError: if the order is not 1 or 2, the point is outside the domain, the function
            returns another result the second time it is called or changes its inputs, or the rule of
            an op cannot be checked because it computes in floats.

    Whatever the outcome, no Value has another number or gradient afterwards.

    >>> gradcheck(lambda x: x * x.data, 3.0)
    Traceback (most recent call last):
    ...
    autograd.testing.certificate.GradientError: a gradient is wrong: x
    input  at  reverse pass  differences  verdict
    x      3   3             6            wrong    about 3.378e15 ulps apart; cut graph: \
a constant follows the input x; .data, float(…) or detach() took it out of the graph

    The cost of a network, in its parameters:

    >>> from autograd import Parameter
    >>> w, b = Parameter(0.5, "w"), Parameter(-1.0, "b")
    >>> gradcheck(lambda: ((w * 3 + b).tanh() - 1) ** 2, wrt=[w, b])
    input  at   reverse pass  differences  verdict
    w      0.5  −2.538        −2.538       correct  15 digits
    b      −1   −0.846        −0.846       correct  15 digits
    """
    written_by_hand = _written_by_hand(function, point, order, reverse, by_hand)
    if written_by_hand is not None:
        return check_gradient(*written_by_hand)
    if order not in (1, 2) or isinstance(order, bool):
        raise ValueError(f"gradcheck compares derivatives of order 1 and 2; got order={order!r}")
    with mode.switched(recording=True):
        task = _task(function, point, wrt)
        verdicts = _verdicts(task, reverse)
        if order == 2:
            for i in range(len(task.names)):
                verdicts += _second(task, i, reverse)
    certificate = Certificate(tuple(verdicts))
    if certificate.wrong:
        raise GradientError(f"a gradient is wrong: {certificate.accused()}\n{certificate}", certificate)
    return certificate


def _written_by_hand(
    function: Any, point: Any, order: Any, reverse: Any, named: dict[str, Any]
) -> tuple[Any, Any, Any] | None:
    """Return function, gradient and point if a gradient written by hand is among the arguments."""
    for name in named:
        if name not in NAMES_OF_GRADIENTS:
            known = ("point", "order", "reverse", "wrt", *NAMES_OF_GRADIENTS)
            raise TypeError(f"gradcheck has no argument {name!r}{did_you_mean(name, known)}")
    if isinstance(function, Value):
        return None
    if named:
        return function, next(iter(named.values())), point
    if callable(order):
        return function, order, point
    if callable(point) and not (isinstance(order, int) and order == 1):
        return function, point, order
    arguments = [a for a in arguments_of(reverse) if a.default is a.empty]
    if len(arguments) == 1 or [a.name for a in arguments] == [a.name for a in arguments_of(function)]:
        return function, reverse, point  # a reverse pass takes the output and its inputs
    return None


# ----------------------------------------------------------------------------------- what is run


class Task(NamedTuple):
    """What is checked.

    Attributes:
        run: computes the function at other numbers.
        numbers: the point.
        names: the names of its inputs.
        graph: the output and its leaves, if the graph itself is checked.
    """

    run: Run
    numbers: list[float]
    names: list[str]
    graph: tuple[Value, Leaves] | None = None


def _task(function: Any, point: Any, wrt: Any) -> Task:
    if isinstance(function, Value):
        return _of_graph(function, point if wrt is None else wrt)
    if not callable(function):
        raise TypeError(f"gradcheck takes a function or a Value; got {described(function)}")
    if wrt is None and point is None:
        raise TypeError(
            "gradcheck needs a point to check a function at, gradcheck(f, (1.0, 2.0)); or, for a function "
            "without arguments, the Values to differentiate with respect to: wrt=model"
        )
    if wrt is None:
        return _of_function(function, point)
    if point is not None:
        raise TypeError(
            "gradcheck takes a point for a function of it, or wrt for a function without arguments; got "
            "both. Write gradcheck(lambda: cost(model(x), y), wrt=model)"
        )
    sources, names = _wanted(wrt)
    return Task(_called_bare(function, sources, names), [number_of(v) for v in sources], names)


def _of_function(function: Callable[..., Any], point: Any) -> Task:
    """Return the task for a function of the point, called in the way that the point asks for."""
    spread = is_spread(function, point)
    parts = list(point) if spread else [point]
    shape = Container.together(parts, argument_names(function, len(parts)))
    if not shape.leaves:
        raise TypeError(f"gradcheck needs a point with at least one number; got {short_repr(point)}")

    def run(numbers: Sequence[float]) -> tuple[Value, Leaves]:
        leaves = [Value(x, name) for x, name in zip(numbers, shape.names, strict=True)]
        passed = shape.filled(leaves)
        output = _one_value(function(*passed) if spread else function(passed[0]))
        _refuse_changed(leaves, numbers, shape.names)
        _refuse_refilled(passed, leaves)
        return output, leaves

    numbers = [number_of(x) if isinstance(x, Value) else float(x) for x in shape.leaves]
    return Task(run, numbers, shape.names)


def _called_bare(function: Callable[[], Any], sources: list[Value], names: list[str]) -> Run:
    """Wrap a function that uses Values without being given them: they hold other numbers while it runs."""

    def run(numbers: Sequence[float]) -> tuple[Value, Leaves]:
        before = [(number_of(v), v.grad) for v in sources]
        try:
            for v, x in zip(sources, numbers, strict=True):
                v.data = x
            output = _one_value(function())
            _refuse_changed(sources, numbers, names)
        finally:
            for v, (x, gradient) in zip(sources, before, strict=True):
                v.data, v.grad = x, gradient
        return output, sources

    return run


def _of_graph(output: Value, wrt: Any) -> Task:
    if wrt is None:
        sources = [v for v in leaves_of(output) if v.role != "constant"]
        names = _labels(sources)
    else:
        sources, names = _wanted(wrt)
    if isinstance(output, Constant) or not sources:
        raise ValueError(f"{output} depends on nothing that has a gradient")
    return Task(graph_as_function(output, sources), [number_of(v) for v in sources], names, (output, sources))


def _wanted(wrt: Any) -> tuple[Leaves, list[str]]:
    """Return the Values to differentiate with respect to, and their names."""
    parameters = getattr(wrt, "parameters", None)
    if callable(parameters):
        wrt = parameters()
    sources = [wrt] if isinstance(wrt, Value) else list(wrt) if isinstance(wrt, Iterable) else [wrt]
    for v in sources:
        if not isinstance(v, Value) or v.inputs or isinstance(v, Constant):
            raise TypeError(
                "a gradient is checked with respect to Values that are leaves, not constants; "
                f"got {described(v)}"
            )
    if not sources:
        raise ValueError("wrt holds no Value; give at least one, or a network with parameters")
    once = list(dict.fromkeys(sources))
    return once, _labels(once)


def _labels(sources: Leaves) -> list[str]:
    return [v.label or f"leaf {i}" for i, v in enumerate(sources)]


def _one_value(output: Any) -> Value:
    if isinstance(output, Value):
        return output
    hint = ". Return the cost"
    if isinstance(output, int | float):
        hint = ": its graph was cut, or it does not use its input. Compute with Values, not with .data"
        hint += "; a gradient of a function of floats is checked by check_gradient(f, df, x)"
    elif isinstance(output, list | tuple):
        hint = ". Check one of them at a time, or their sum"
    raise TypeError(
        f"gradcheck takes a function that returns one Value; this one returns {described(output)}{hint}"
    )


def _refuse_changed(leaves: Sequence[Value], numbers: Sequence[float], names: Sequence[str]) -> None:
    for v, x, name in zip(leaves, numbers, names, strict=True):
        if number_of(v) != x and x == x:
            raise ValueError(
                f"the function changes its inputs: it set {name} from {x!r} to {number_of(v)!r}; "
                "compute a new Value instead"
            )


def _refuse_refilled(passed: Any, leaves: Leaves) -> None:
    """Raise if a list, dictionary or array that the function was given holds other things now."""
    if all(isinstance(part, Value) for part in passed):
        return
    try:
        left = Container(passed).leaves
    except TypeError:  # it holds something else altogether
        left = []
    if [*map(id, left)] != [*map(id, leaves)]:
        raise ValueError(
            "the function changes its inputs: what it was given holds other numbers after the call; "
            "let it work on a copy"
        )


# ------------------------------------------------------------------------------------ one check


def _verdicts(task: Task, reverse: Reverse) -> list[Verdict]:
    refuse_infinite(task.numbers, task.names)
    output, sources = task.graph or _at_the_point(task)
    _refuse_outside_the_domain(output, task)
    if task.graph:
        calls = Calls(hidden=lambda i, x: None, beside=lambda i, side: None)
    else:
        _refuse_unsteady(output, sources, task)
        calls = calls_of(task.run, output, sources)
    return _compared(output, sources, task.names, task.names, calls, reverse)


def _second(task: Task, i: int, reverse: Reverse) -> list[Verdict]:
    """Return the verdicts on the derivatives of the derivative with respect to the ``i``-th input."""
    names = [f"∂/∂{task.names[i]} ∂/∂{other}" for other in task.names]

    def run(numbers: Sequence[float]) -> tuple[Value, Leaves]:
        output, leaves = task.run(numbers)
        return gradients(output, leaves, create_graph=True)[i], leaves

    slope, sources = run(task.numbers)
    if not isfinite(number_of(slope)):
        detail = f"∂/∂{task.names[i]} is {number_of(slope)} here"
        return [
            Verdict(name, x, number_of(slope), None, NOT_DIFFERENTIABLE, detail=detail)
            for name, x in zip(names, task.numbers, strict=True)
        ]
    return _compared(slope, sources, task.names, names, calls_of(run, slope, sources), reverse)


def _compared(
    output: Value, sources: Leaves, called: list[str], names: list[str], calls: Calls, reverse: Reverse
) -> list[Verdict]:
    """Return the verdict on each of these leaves of the output, under its name."""
    found = list(reverse(output, sources))
    if len(found) != len(sources):
        raise ValueError(f"the reverse pass gave {len(found)} gradients for {len(sources)} inputs")
    evidence = Evidence(output, sources, called, calls)
    return [evidence.verdict(i, name, float(found[i])) for i, name in enumerate(names)]


def _at_the_point(task: Task) -> tuple[Value, Leaves]:
    try:
        output, leaves = task.run(task.numbers)
    except Exception as error:
        error.add_note(f"raised while gradcheck called the function at {where(task.numbers, task.names)}")
        raise
    if isinstance(output, Constant):
        raise TypeError(f"the function returns {output}, a constant: its graph was cut, or it uses no input")
    return output, leaves


def _refuse_outside_the_domain(output: Value, task: Task) -> None:
    if isfinite(number_of(output)):  # an infinity in a branch that is not taken does not matter
        return
    for node in topological_order(output):
        if node.op is not None and not isfinite(number_of(node)):
            told = non_finite(node.op, node.inputs, number_of(node), node.label)
            raise ValueError(f"the point {where(task.numbers, task.names)} is outside the domain: {told}")


def _refuse_unsteady(output: Value, sources: Leaves, task: Task) -> None:
    """Raise if the function's second call at the same point differs from the first."""
    again, others = _at_the_point(task)
    first = {v for v in topological_order(output) if v.inputs} | set(sources)
    kept = first.intersection(topological_order(again)).difference(others)
    stale = [v for v in kept if _depends(v, sources)]
    if stale:
        what = min((written(v) for v in stale if v.op is not None), default="the inputs of the first")
        raise GradientError(
            f"stale state: the second call of the function gave a graph that still contains {what}; "
            "something computed before was kept. Compute it anew in each call"
        )
    noise = noise_of(topological_order(output)) if skeleton(output, sources) != skeleton(again, others) else 0
    if not abs(number_of(output) - number_of(again)) <= noise:
        raise unsteady(where(task.numbers, task.names), number_of(output), number_of(again))


def _depends(node: Value, sources: Leaves) -> bool:
    return not set(sources).isdisjoint(topological_order(node))
