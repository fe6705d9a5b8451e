"""What was computed before an exception was raised, so that it can be drawn and walked through."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from autograd.graph import topological_order
from autograd.value import Value


def computed_before(error: BaseException) -> list[Value]:
    """Return the Values that were computed last before an exception was raised, in their order.

    They are those that the functions which it passed through hold, and from which none of the others was
    computed; nothing is kept of a computation for this.  Variables of a notebook or a script are left out.
    One of them can be walked through, and ``draw(autograd.sum(found), collapse="module")`` has all in one
    picture, with their sum at its end.

    >>> from autograd import walk
    >>> from nn import Layer, Sequential
    >>> model = Sequential(Layer(2, 3, "tanh", seed=0), Layer(4, 1))
    >>> try:
    ...     model([0.5, -1.0])
    ... except ValueError as error:
    ...     print(*error.__notes__)
    ...     found = computed_before(error)
    raised in the call of steps.1 (Layer) of Sequential, given 3 Values; what was computed until then: \
autograd.seeing.computed_before(error)
    >>> [v.label for v in found], walk(found[-1])[-1].line
    (['a1^1', 'a2^1', 'a3^1'], '∂a₃⁽¹⁾/∂b₃⁽¹⁾ += ∂a₃⁽¹⁾/∂z₃⁽¹⁾ · ∂(b₃⁽¹⁾→z₃⁽¹⁾) = 0.9529 · 1 = 0.9529')
    """
    held: dict[Value, None] = {}
    trace = error.__traceback__
    while trace is not None:
        frame = trace.tb_frame
        if frame.f_locals is not frame.f_globals:
            held |= dict.fromkeys(_computed_in(list(frame.f_locals.values())))
        trace = trace.tb_next
    order = topological_order(*held)
    used = {x for v in order for x in v.inputs}
    return [v for v in order if v in held and v not in used]


def _computed_in(x: Any) -> Iterator[Value]:
    """Yield the Values in lists, tuples and dictionaries that an op computed."""
    stack, seen = [x], set[int]()
    while stack:
        x = stack.pop()
        if isinstance(x, Value):
            if x.op is not None:
                yield x
        elif isinstance(x, (list, tuple, dict)) and id(x) not in seen:
            seen.add(id(x))
            stack += [*(x.values() if isinstance(x, dict) else x)][::-1]
