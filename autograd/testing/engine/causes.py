"""The likely mistake: the usual slips, each as the numbers that it would give.

A slip is named only if it explains the numbers on every graph that was tried.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import NamedTuple

from autograd import ops
from autograd.core.primitive import Op
from autograd.mistakes import CAUSES, ENGINES, gradients_of
from autograd.testing.engine.expected import differentiated
from autograd.testing.engine.foreign import Outcome
from autograd.testing.recipe import Recipe
from autograd.value import Value

CLOSE = 1e-6
"""Two numbers are the same if they differ by less than this, relative to the larger of 1 and themselves."""


class Trial(NamedTuple):
    """A graph, and what the engine made of it."""

    recipe: Recipe
    got: Outcome


Formula = Callable[..., float]
SLIPS: dict[Op, list[tuple[int, str, Formula]]] = {
    ops.tanh: [
        (0, "1 − x² for 1 − tanh²(x): the square is that of the result", lambda a, y: 1 - a * a),
        (0, "1 − tanh(x) for 1 − tanh²(x): the square is missing", lambda a, y: 1 - y),
        (0, "1 + tanh²(x) for 1 − tanh²(x)", lambda a, y: 1 + y * y),
    ],
    ops.sigmoid: [
        (0, "x·(1 − x) for σ·(1 − σ): x is where the result belongs", lambda a, y: a * (1 - a)),
        (0, "1 − σ for σ·(1 − σ): a factor is missing", lambda a, y: 1 - y),
        (0, "1 − σ² for σ·(1 − σ): that is for tanh", lambda a, y: 1 - y * y),
    ],
    ops.exp: [(0, "x·exp(x − 1) for exp(x): the power rule is for xⁿ", lambda a, y: a * math.exp(a - 1))],
    ops.log: [(0, "1 / ln x for 1 / x: x is the input", lambda a, y: 1 / y)],
    ops.sqrt: [
        (0, "1 / √x for 1 / (2·√x): the 2 is missing", lambda a, y: 1 / y),
        (0, "√x / 2 for 1 / (2·√x)", lambda a, y: y / 2),
    ],
    ops.relu: [(0, "1 for every x: the condition x > 0 is missing", lambda a, y: 1.0)],
    ops.div: [
        (1, "the sign of the divisor's partial: it is −a / b²", lambda a, b, y: a / (b * b)),
        (1, "−1 / b² for −a / b²: the dividend is missing", lambda a, b, y: -1 / (b * b)),
        (1, "−a / b for −a / b²: the square is missing", lambda a, b, y: -a / b),
        (0, "a for 1 / b", lambda a, b, y: a),
        (0, "b for 1 / b: that is for the product", lambda a, b, y: b),
    ],
    ops.sub: [(1, "the sign of the subtrahend's partial: it is −1", lambda a, b, y: 1.0)],
    ops.pow_: [
        (0, "aᵇ⁻¹ for b·aᵇ⁻¹: the factor b is missing", lambda a, b, y: a ** (b - 1)),
        (0, "b·aᵇ for b·aᵇ⁻¹: the exponent is not one less", lambda a, b, y: b * y),
        (0, "(b − 1)·aᵇ⁻¹ for b·aᵇ⁻¹", lambda a, b, y: (b - 1) * a ** (b - 1)),
        (1, "b·aᵇ⁻¹ for aᵇ·ln a: the power rule is for the base", lambda a, b, y: b * a ** (b - 1)),
        (1, "aᵇ for aᵇ·ln a: ln a is missing", lambda a, b, y: y),
        (1, "aᵇ·ln b for aᵇ·ln a", lambda a, b, y: y * math.log(b)),
    ],
}
"""Wrong partials by op: of which input, in words, and as a formula of the inputs and the value."""
EXCHANGES: tuple[tuple[str, Formula], ...] = (
    ("the partials of the two inputs are exchanged", lambda op, i, a, b, y: op.evaluate((a, b))[1][1 - i]),
    ("the inputs are taken in reverse order", lambda op, i, a, b, y: op.evaluate((b, a))[1][1 - i]),
)
"""Mistakes in both partials of an op, as a formula of the op, of which input, the inputs and the value."""
OR = ", or "
"""Between causes that the numbers do not tell apart."""
ADDED = "the upstream is added, not multiplied"
NOTHING = "nothing is sent to this input"
FORWARD = (
    "only the last op passes its gradient on: the order is that of the forward pass (reversed() is missing), "
    "or the pass ends after one node"
)
"""Causes that are named in more than one place."""
MISTAKEN_FOR = {ops.sin: ops.cos, ops.cos: ops.sin, ops.exp: ops.expm1, ops.tanh: ops.sigmoid}
"""Functions that are taken for others."""


def cause_of_op(trials: Sequence[Trial], leaf: int | None) -> str:
    """Return the slip that explains all of these graphs of one op alone; "" if none does.

    General slips that the numbers do not tell apart are all named.

    Args:
        trials: the op alone, at different inputs.
        leaf: of which leaf the gradient is wrong; None if the value is.
    """
    op, places = trials[0].recipe.steps[0]
    if leaf is None:
        return _explaining(trials, _wrong_values(op), lambda got: got.value)
    position = places.index(leaf)
    if sorted(places) == [0, 1]:  # both inputs are leaves: what was done to both explains both
        for words, formula in EXCHANGES:
            if all(
                _explains(partial(formula, op, i), t, partial(_gradient, leaf=places[i]))
                for t in trials
                for i in (0, 1)
            ):
                return words
    own = ((words, formula) for i, words, formula in SLIPS.get(op, ()) if i == position)
    read = partial(_gradient, leaf=leaf)
    return _explaining(trials, own, read) or OR.join(
        _all_explaining(trials, _wrong_partials(op, position), read)
    )


def _wrong_values(op: Op) -> Iterator[tuple[str, Formula]]:
    if op.arity == 2:
        yield "the inputs are taken in reverse order", lambda a, b, y: op.evaluate((b, a))[0]
    yield "the sign is flipped", lambda *x: -x[-1]
    if op is ops.div:
        yield "// for /: whole numbers are divided without remainder", lambda a, b, y: a // b
    yield "the input itself is returned", lambda *x: x[0]
    if op in MISTAKEN_FOR:
        other = MISTAKEN_FOR[op]
        yield f"{other.name} for {op.name}", lambda a, y: other.evaluate((a,))[0]


def _wrong_partials(op: Op, i: int) -> Iterator[tuple[str, Formula]]:
    def right(*x: float) -> float:
        return op.evaluate(x[:-1])[1][i]

    yield NOTHING, lambda *x: 0.0
    yield "the sign is flipped", lambda *x: -right(*x)
    yield "a factor 2 too large", lambda *x: 2 * right(*x)
    yield ADDED, lambda *x: 1 + right(*x)
    yield "a factor 2 too small", lambda *x: right(*x) / 2
    yield "the partial is left out: the upstream is passed on as it came", lambda *x: 1.0
    yield "the value is sent where the partial belongs", lambda *x: x[-1]
    yield "the input is sent where the partial belongs", lambda *x: x[i]
    if op.arity == 1:
        yield "the result is where the input belongs", lambda a, y: op.evaluate((y,))[1][0]


def _gradient(got: Outcome, leaf: int) -> float:
    gradient = got.gradients[leaf] if leaf < len(got.gradients) else None
    return 0.0 if gradient is None else gradient


def _explaining(
    trials: Sequence[Trial],
    slips: Iterator[tuple[str, Formula]],
    read: Callable[[Outcome], float],
) -> str:
    return next(_all_explaining(trials, slips, read), "")


def _all_explaining(
    trials: Sequence[Trial],
    slips: Iterator[tuple[str, Formula]],
    read: Callable[[Outcome], float],
) -> Iterator[str]:
    return (words for words, formula in slips if all(_explains(formula, t, read) for t in trials))


def _explains(formula: Formula, trial: Trial, read: Callable[[Outcome], float]) -> bool:
    numbers = [*trial.recipe.numbers, *trial.recipe.constants]
    op, places = trial.recipe.steps[0]
    inputs = [numbers[i] for i in places]
    if any(kink.gap(*inputs) == 0 for kink in op.kinks):
        return True
    try:
        return same(formula(*inputs, op.evaluate(inputs)[0]), read(trial.got))
    except (ArithmeticError, ValueError, TypeError):  # a slip has no number everywhere
        return True


def same(a: float, b: float) -> bool:
    """Return whether two numbers differ by no more than rounding."""
    return a == b or abs(a - b) <= CLOSE * max(1.0, abs(a), abs(b))


# ------------------------------------------------------------------------------ of whole graphs


def cause_of_graph(recipe: Recipe, got: Outcome) -> str:
    """Return the broken engine that gives these gradients in one pass; "" if none does."""
    return next((CAUSES[name] for name in CAUSES if _is_from(name, recipe, got)), "")


STALE = (
    "; the results between the leaves and the output still have the gradients of the first pass: set those "
    "of all nodes to 0 before each pass, not only those of the leaves"
)
SEED = "the output's own gradient is added to (+=): it is set to 1 at each pass"
"""What is said of gradients that are kept between passes, and how that is mended."""


def cause_of_passes(recipe: Recipe, got: Outcome) -> str:
    """Return why the gradients are off after two passes over a graph; "" if it is not known."""
    once = differentiated(recipe)[1:]
    stale = CAUSES["keeps_intermediates"] + STALE
    for before, cause in (
        (once, stale),
        ([0.0] * len(once), stale),  # the leaves start from 0
        ([2 * x for x in once], f"{SEED}; and {stale}"),  # a seed of 2 sends everything once more
    ):
        if _is_from("keeps_intermediates", recipe, got, before):
            return cause
    return SEED if all(same(3 * x, _gradient(got, k)) for k, x in enumerate(once)) else ""


def _is_from(name: str, recipe: Recipe, got: Outcome, before: Sequence[float] = ()) -> bool:
    """Return whether a broken engine gives these gradients, beside those that the leaves had before."""
    leaves = [Value(x) for x in recipe.numbers]
    found = gradients_of(ENGINES[name], recipe(*leaves))
    wrong = [found.get(v, 0.0) + (before[k] if before else 0.0) for k, v in enumerate(leaves)]
    return wrong != differentiated(recipe)[1:] and all(
        same(x, _gradient(got, k)) for k, x in enumerate(wrong)
    )


def cause_of_use(recipe: Recipe, got: Outcome, leaf: int) -> str:
    """Return what is wrong with an op that is right alone, and wrong in company.

    Args:
        recipe: the op and one op behind it: a product with another leaf, or a sum with one of its inputs.
        got: what the engine made of it.
        leaf: of which leaf the gradient is wrong.
    """
    numbers = [*recipe.numbers, *recipe.constants]
    op, places = recipe.steps[0]
    partials = op.evaluate([numbers[i] for i in places])[1]
    own = sum(d for d, place in zip(partials, places, strict=True) if place == leaf)
    found = _gradient(got, leaf)
    upstream = recipe.numbers[-1]
    if leaf not in places:  # the factor behind the op
        return cause_of_graph(recipe, got)
    if len(recipe.steps) > 1 and recipe.steps[1][0] is ops.mul:
        if same(found, own):
            return CAUSES["drops_factor"]
        if found == 0.0:
            return FORWARD
        if same(found, own + upstream):
            return ADDED
    else:
        one_of = [*(d for d, place in zip(partials, places, strict=True) if place == leaf), own, 1.0]
        if any(same(found, one) for one in one_of):
            return CAUSES["overwrites"]
    return cause_of_graph(recipe, got)
