"""Other people's engines as witnesses: each op of the table as PyTorch and JAX compute it, in float64.

Where they differ from ours, and why, is written down in `DIFFERENCES`.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import inf, nan
from typing import Any

import pytest

from autograd import Value, gradients, topological_order
from autograd.core.primitive import TABLE, Op
from tests.strategies import Recipe, samples_of

Slopes = list[float]
Compute = Callable[..., Any]
BESIDE = (1e-300, 1e-12, 1e-6, 0.5)  # of a border or of 0
WHOLE = (-2.0, -1.0, 0.0, 1.0, 2.0)  # one and all: kinks, ties and borders
BEYOND = (inf, -inf, nan)


@dataclass(frozen=True)
class Other:
    """Another engine.

    Attributes:
        name: of its package.
        ops: each op of the table as a function of the engine's numbers.
        version: the installed one.
        number: makes one of the engine's numbers of a plain one.
        gradients: the value of a function at each of many points, and its slopes in all inputs.
    """

    name: str
    version: str
    number: Callable[[Any], Any]
    ops: dict[str, Compute]
    gradients: Callable[[Compute, Sequence[Sequence[float]]], list[tuple[float, Slopes]]]


TESTED = {"PyTorch": "2.13", "JAX": "0.10"}
DIFFERENCES = {
    "PyTorch": {
        "sech": "has none: 1 / cosh(a) overflows beyond 710, and its slope is then 0 · ∞ = nan; ours is 0",
        "pow": "of ∞ below b = 0 the slope in the exponent is 0 · ∞ = nan; ours is its limit, 0",
        "maximum": "of nan and a number both slopes are 1; ours share the gradient, as equals do",
        "minimum": "as maximum",
        "clip": "where a bound is nan the slope is 0; ours is 1",
        "elu": "has no slope in alpha, and written with where it is 0 · ∞ = nan beyond 709; ours are 1 and 0",
        "selu": "at nan the slope is that above zero; ours is nan",
        "acosh": "written so as to keep its digits near 1, its slope at ∞ is nan; ours is 0",
        "atan2": "at the origin, which has no angle, the slopes are 0; ours are nan",
        "xlogy": "of 0 and a negative number the slope is 0; ours is nan",
        "sign": "of nan is 0; ours is nan",
        "cbrt": "has none: written with sign and abs its slope at 0 is nan; ours is ∞",
        "mod": "by 0 is nan with a slope; ours has none",
    },
    "JAX": {
        "sech": "has none: as PyTorch",
        "pow": "0^0 has the slope nan in the base, and 0^b below b = 0 in the exponent; ours are 0 and −∞, "
        "as PyTorch's; of ∞ as PyTorch",
        "abs": "the slope at 0 is 1, at nan −1; ours is 0 at both, as PyTorch's",
        "maximum": "of nan and a number both slopes are 0; ours share the gradient, as equals do",
        "minimum": "as maximum",
        "clip": "on a bound, input and bound share the gradient by halves; ours leave it to the input",
        "relu": "at nan the slope is 0; ours is 1, as PyTorch's",
        "leaky_relu": "at 0 the slope is that above zero; ours is that below, as PyTorch's. "
        "At ∞ the slope in the slope is 0 · ∞ = nan; ours is 0",
        "acosh": "has slopes where it has no value; ours are nan",
        "hypot": "at the origin the slopes are 1/2; ours are nan, as PyTorch's",
        "mod": "as PyTorch",
    },
}
"""The ops on which they differ from ours, somewhere: on a kink or a border, at ∞ or nan; and the reason."""
ON_KINKS = {"PyTorch": (), "JAX": ("abs", "clip", "leaky_relu", "pow")}
"""The ops among them that take another subgradient on a kink or a border."""


def pytorch() -> Other:
    """PyTorch, one thread; the test is skipped where it is not installed."""
    torch = pytest.importorskip("torch", reason="PyTorch is compared with where it is installed")
    F = torch.nn.functional

    def at(function: Compute, point: Sequence[float]) -> tuple[float, Slopes]:
        leaves = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in point]
        output = function(*leaves)
        if not output.requires_grad:  # a comparison
            return output.item(), [0.0] * len(leaves)
        output.backward()
        return output.item(), [0.0 if v.grad is None else v.grad.item() for v in leaves]

    def of_all(function: Compute) -> Compute:
        return lambda *a: function(torch.stack(a))

    def dot(*a: Any) -> Any:
        n, odd = divmod(len(a), 2)
        total = sum(
            (w * x for w, x in zip(a[:n], a[n : 2 * n], strict=True)), torch.zeros((), dtype=torch.float64)
        )
        return total + a[-1] if odd else total

    def lookup(i: Any, *rows: Any) -> Any:  # PyTorch's embedding has no row for an index between two
        if torch.isnan(i) or not rows:
            return i * 0
        return torch.stack(rows)[int(i.round().clamp(0, len(rows) - 1))]

    same = {name: getattr(torch, name) for name in TABLE if hasattr(torch, name) and name != "dot"}
    return Other(
        "PyTorch",
        torch.__version__,
        lambda x: torch.as_tensor(x, dtype=torch.float64),
        same
        | {
            "neg": torch.neg,
            "clip": torch.clamp,
            "sech": lambda a: 1 / torch.cosh(a),
            "atanh": lambda a: (torch.log1p(a) - torch.log1p(-a)) / 2,  # its own loses digits near ±1
            "acosh": lambda a: torch.log1p((a - 1) + torch.sqrt(a - 1) * torch.sqrt(a + 1)),
            "cbrt": lambda a: a.sign() * a.abs() ** (1 / 3),
            "mod": torch.remainder,
            "less": lambda a, b: (a < b).double(),
            "less_equal": lambda a, b: (a <= b).double(),
            "equal": lambda a, b: (a == b).double(),
            "not_equal": lambda a, b: (a != b).double(),
            "logical_and": lambda a, b: torch.logical_and(a, b).double(),
            "logical_or": lambda a, b: torch.logical_or(a, b).double(),
            "logical_not": lambda a: torch.logical_not(a).double(),
            "where": lambda c, a, b: torch.where(c != 0, a, b),
            "softplus": F.softplus,
            "leaky_relu": lambda a, slope: F.prelu(a.reshape(1), slope.reshape(1)).sum(),
            "elu": lambda a, alpha: torch.where(a > 0, a, alpha * torch.expm1(a)),
            "selu": F.selu,
            "silu": F.silu,
            "gelu": F.gelu,
            "sum": of_all(torch.sum),
            "dot": dot,
            "logsumexp": of_all(lambda a: torch.logsumexp(a, 0)),
            "lookup": lookup,
        },
        lambda function, points: [at(function, point) for point in points],
    )


def jax() -> Other:
    """JAX in float64; the test is skipped where it is not installed."""
    package = pytest.importorskip("jax", reason="JAX is compared with where it is installed")
    package.config.update("jax_enable_x64", True)
    jnp, nn = package.numpy, package.nn
    special = package.scipy.special

    def gradients_at(function: Compute, points: Sequence[Sequence[float]]) -> list[tuple[float, Slopes]]:
        one = package.value_and_grad(
            lambda *a: jnp.asarray(function(*a), jnp.float64), argnums=tuple(range(len(points[0])))
        )
        columns = [jnp.asarray(column, jnp.float64) for column in zip(*points, strict=True)]
        values, slopes = package.vmap(one)(*columns)
        rows = zip(*[d.tolist() for d in slopes], strict=True)
        return [(y, list(row)) for y, row in zip(values.tolist(), rows, strict=True)]

    def lookup(i: Any, *rows: Any) -> Any:
        if not rows:
            return i * 0
        row = jnp.clip(jnp.round(i), 0, len(rows) - 1).astype(int)
        return jnp.where(jnp.isnan(i), jnp.nan, jnp.stack(rows)[row])

    def dot(*a: Any) -> Any:
        n, odd = divmod(len(a), 2)
        total = sum((w * x for w, x in zip(a[:n], a[n : 2 * n], strict=True)), jnp.float64(0))
        return total + a[-1] if odd else total

    def in_floats(function: Compute) -> Compute:
        return lambda *a: function(*a).astype(jnp.float64)

    named = {
        "div": "divide",
        "mul": "multiply",
        "sub": "subtract",
        "add": "add",
        "neg": "negative",
        "pow": "power",
    }
    named |= {name: f"arc{name[1:]}" for name in ("asin", "acos", "atan", "asinh", "acosh", "atanh", "atan2")}
    same = {name: getattr(jnp, named.get(name, name), None) for name in TABLE}
    return Other(
        "JAX",
        package.__version__,
        lambda x: jnp.asarray(x, jnp.float64),
        same
        | {
            name: getattr(nn, name)
            for name in ("sigmoid", "softplus", "relu", "leaky_relu", "elu", "selu", "silu")
        }
        | {
            "erf": special.erf,
            "erfc": special.erfc,
            "xlogy": special.xlogy,
            "sech": lambda a: 1 / jnp.cosh(a),
            "less": in_floats(jnp.less),
            "less_equal": in_floats(jnp.less_equal),
            **{
                name: in_floats(getattr(jnp, name))
                for name in ("equal", "not_equal", "logical_and", "logical_or", "logical_not")
            },
            "where": lambda c, a, b: jnp.where(c != 0, a, b),
            "gelu": lambda a: nn.gelu(a, approximate=False),
            "sum": lambda *a: jnp.sum(jnp.stack(a)),
            "dot": dot,
            "logsumexp": lambda *a: nn.logsumexp(jnp.stack(a)),
            "lookup": lookup,
        },
        gradients_at,
    )


# ----------------------------------------------------------------------------- where they are asked


def points_of(op: Op) -> list[tuple[float, ...]]:
    """Everyday points, both sides of every border, kinks, ties, the borders themselves, ∞ and nan."""
    n = op.arity or 3
    rows = [tuple(row) for row in samples_of(op, 12)]
    rows += itertools.product(WHOLE, repeat=n) if n < 3 else itertools.product((-1.0, 0.0, 1.0), repeat=n)
    usual = next(iter(samples_of(op, 1)))
    for i in range(min(n, len(usual))):
        domain = op.domain_of(i)
        borders = [b for b in (domain.low, domain.high, 0.0) if abs(b) < inf]
        near = [b + side * gap for b in borders for gap in BESIDE for side in (1, -1)]
        rows += [(*usual[:i], x, *usual[i + 1 :]) for x in (*near, -40.0, 40.0, 1e3, -1e3, *BEYOND)]
    return list(dict.fromkeys(rows))


@dataclass(frozen=True)
class Difference:
    """One number on which two engines differ; ``input`` is 0 for the value, else the slope's input."""

    op: str
    input: int
    point: tuple[float, ...]
    ours: float
    theirs: float


def differences(op: Op, other: Other) -> Iterator[Difference]:
    """Where the other engine gives something else than ours."""
    points = points_of(op)
    by_length = [[p for p in points if len(p) == n] for n in sorted({len(p) for p in points})]
    theirs_at = [other.gradients(other.ops[op.name], same) for same in by_length]
    for point, (value, slopes) in zip(itertools.chain(*by_length), itertools.chain(*theirs_at), strict=True):
        y, partials = op.evaluate(point)
        for i, (ours, theirs) in enumerate(zip((y, *partials), (value, *slopes), strict=True)):
            if not agree(ours, theirs):
                yield Difference(op.name, i, point, ours, theirs)


def agree(ours: float, theirs: float, size: float = 0.0) -> bool:
    """Whether two engines mean the same number; below 1e-15 of 1 there is nothing to compare."""
    if math.isnan(ours) or math.isnan(theirs):
        return math.isnan(ours) and math.isnan(theirs)
    if math.isinf(ours) or math.isinf(theirs):
        return ours == theirs
    return abs(ours - theirs) <= 1e-11 * max(abs(ours), abs(theirs), size) + 1e-15


def disagreement(recipe: Recipe, other: Other) -> str:
    """How the other engine differs on an expression, in value or slopes; "" if it does not.

    What rounding may do to a slope grows with all that is added up in it, cancelled or not.
    """
    leaves = [Value(x) for x in recipe.numbers]
    output = recipe(*leaves)

    def theirs(*numbers: Any) -> Any:
        return recipe.compute(numbers, lambda op, inputs: other.ops[op.name](*map(other.number, inputs)))

    ((value, slopes),) = other.gradients(theirs, [recipe.numbers])
    routes = {output: 1.0}
    for node in reversed(topological_order(output)):
        for v, d in zip(node.inputs, node.partials, strict=True):
            routes[v] = routes.get(v, 0.0) + routes[node] * abs(d)
    size = sum(routes[v] * abs(v.data) for v in routes)
    told = [] if agree(output.data, value, size) else [f"value {output.data!r}, {other.name} {value!r}"]
    for v, ours, d in zip(leaves, gradients(output, leaves), slopes, strict=True):
        if not agree(ours, d, 100 * (routes.get(v, 0.0) + size)):
            told.append(f"slope {ours!r}, {other.name} {d!r}")
    return "; ".join(told)
