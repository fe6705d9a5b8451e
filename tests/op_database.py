"""PyTorch's op database, in our words: what each shared op of `op_db` is on NumPy arrays of Values."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial, reduce
from typing import Any

import numpy as np

import autograd as ag
from autograd import Value
from nn import losses

Array = Any  # of numbers or Values

# ----------------------------------------------------------------------------- shapes


def each(f: Callable[..., Any], inputs: int = 1) -> Callable[..., Array]:
    """A function of numbers or Values, on arrays of them."""
    return np.frompyfunc(f, inputs, 1)


def over(f: Callable[[list[Any]], Any]) -> Callable[..., Array]:
    """A function of several Values to one, over the given dimensions of an array, or over all of it."""

    def reduced(a: Array, dim: Any = None, keepdim: bool = False, dtype: Any = None) -> Array:
        a = np.asarray(a, dtype=object)
        axes = range(a.ndim) if dim is None or dim == () else dim if isinstance(dim, (tuple, list)) else [dim]
        axes = sorted(d % max(a.ndim, 1) for d in axes)[: a.ndim]
        kept = [d for d in range(a.ndim) if d not in axes]
        rows = a.transpose(*kept, *axes).reshape(math.prod(a.shape[d] for d in kept), -1)
        result = np.empty(len(rows), dtype=object)
        result[:] = [f(list(row)) for row in rows]
        shape = [1 if d in axes else a.shape[d] for d in range(a.ndim) if keepdim or d not in axes]
        return result.reshape(shape)

    return reduced


def along(f: Callable[[list[Any]], list[Any]]) -> Callable[..., Array]:
    """A function of several Values to as many, along one dimension of an array."""

    def mapped(a: Array, dim: int, dtype: Any = None) -> Array:
        a = np.asarray(a, dtype=object)
        if a.ndim == 0:
            return np.asarray(f([a.item()])[0], dtype=object)
        moved = np.moveaxis(a, dim, -1)
        result = np.empty(moved.shape, dtype=object)
        for place in np.ndindex(moved.shape[:-1]):
            result[place] = f(list(moved[place]))
        return np.moveaxis(result, -1, dim)

    return mapped


def reduction(f: Callable[..., Any], inputs: int = 2) -> Callable[..., Array]:
    """A loss of one prediction and one target, on arrays, reduced as PyTorch reduces."""

    def reduced(*arrays: Array, reduction: str = "mean", weight: Any = None, **options: Any) -> Array:
        y = each(partial(f, **options), inputs)(*arrays)
        y = y if weight is None else y * weight
        return y if reduction == "none" else np.sum(y) / (np.size(y) if reduction == "mean" else 1)

    return reduced


def prod(values: list[Any]) -> Any:
    """The product, factor by factor."""
    return reduce(lambda a, b: a * b, values, 1.0)


def running(f: Callable[[Any, Any], Any]) -> Callable[[list[Any]], list[Any]]:
    """What f makes of the first one, two, three … values."""

    def collected(values: list[Any]) -> list[Any]:
        found = values[:1]
        for a in values[1:]:
            found.append(f(found[-1], a))
        return found

    return collected


def shared(pick: Callable[..., Any]) -> Callable[[list[Any]], Any]:
    """The extreme of several Values; all that are equal share the gradient, as in amax and amin."""

    def extreme(values: list[Any]) -> Any:
        data = [v.data if isinstance(v, Value) else v for v in values]
        equals = [v for v, x in zip(values, data, strict=True) if x == pick(data)]
        return ag.sum(equals) / len(equals)

    return extreme


def variance(values: list[Any], correction: float = 1) -> Any:
    """The mean square distance from the mean."""
    middle = ag.mean(values)
    return ag.sum([(a - middle) ** 2 for a in values]) / (len(values) - correction)


def spread(finish: Callable[[Any], Any]) -> Callable[..., Array]:
    """var or std, as PyTorch calls it."""

    def reduced(
        a: Array, dim: Any = None, unbiased: Any = None, correction: Any = None, keepdim: bool = False
    ) -> Array:
        if isinstance(dim, bool):
            dim, unbiased = None, dim
        by = correction if correction is not None else 0 if unbiased is False else 1
        return over(lambda values: finish(variance(values, by)))(a, dim, keepdim)

    return reduced


def norm(values: list[Any], order: float = 2) -> Any:
    """The length of a vector, of any order."""
    if order == 2:
        return reduce(ag.hypot, values, 0.0)
    if math.isinf(order):
        return shared(max if order > 0 else min)([ag.abs(a) for a in values])
    if order == 0:
        return ag.sum([ag.sign(a) ** 2 for a in values])
    return ag.sum([ag.abs(a) ** order for a in values]) ** (1 / order)


def plus(a: Array, b: Array, alpha: float = 1) -> Array:
    """a + alpha·b."""
    return a + b * alpha


def quotient(a: Array, b: Array, rounding_mode: str | None = None) -> Array:
    """a / b, whole where it is rounded."""
    return {None: np.asarray, "floor": each(ag.floor), "trunc": each(trunc)}[rounding_mode](a / b)


def trunc(a: Any) -> Any:
    """The whole number next to a on the side of 0."""
    return ag.where(a > 0, ag.floor(a), ag.ceil(a))


def clamp(a: Array, min: Any = None, max: Any = None) -> Array:  # noqa: A002 (PyTorch's names)
    """a between min and max, either of which may be left out."""
    low, high = (-math.inf if min is None else min), (math.inf if max is None else max)
    return each(ag.clip, 3)(a, low, high)


def rounded(a: Array, decimals: int = 0) -> Array:
    """a, rounded to so many decimals."""
    return each(lambda v: ag.round(v * 10.0**decimals) / 10.0**decimals)(a)


def softplus(a: Array, beta: float = 1, threshold: float = 20) -> Array:
    """ln(1 + exp(beta·a)) / beta, a itself from the threshold on."""
    return each(lambda v: ag.where(v * beta > threshold, v, ag.softplus(v * beta) / beta))(a)


def gelu(a: Array, approximate: str = "none") -> Array:
    """GELU, or its approximation by tanh."""
    if approximate == "none":
        return each(ag.gelu)(a)
    return each(lambda v: 0.5 * v * (1 + ag.tanh(math.sqrt(2 / math.pi) * (v + 0.044715 * v**3))))(a)


def matmul(a: Array, b: Array) -> Array:
    """The matrix product, each number one dot."""
    a, b = np.asarray(a, dtype=object), np.asarray(b, dtype=object)
    return np.matmul(a, b)


def dotted(a: Array, b: Array) -> Array:
    """The product of two vectors as one node."""
    return np.asarray(ag.dot(list(a), list(b)), dtype=object)


def linear(x: Array, w: Array, b: Any = 0.0) -> Array:
    """x·wᵀ + b."""
    return matmul(x, np.asarray(w).T) + b


def binary_cross_entropy(logits: Array, target: Array, pos_weight: Any = 1.0, **options: Any) -> Array:
    """Binary cross-entropy; class 1 may have a weight in each place."""
    loss = reduction(lambda z, t, w: losses.binary_cross_entropy(z, t, pos_weight=w), 3)
    return loss(logits, target, 1.0 if pos_weight is None else pos_weight, **options)


def cross_entropy(
    logits: Array,
    target: Array,
    *,
    weight: Any = None,
    reduction: str = "mean",
    ignore_index: int = -100,
    label_smoothing: float = 0.0,
) -> Array:
    """The cross-entropy of each row of classes (dimension 1, or 0 where there is only one)."""
    logits, target = np.asarray(logits, dtype=object), np.asarray(target)
    classes = 0 if logits.ndim == 1 else 1
    rows = np.moveaxis(logits, classes, -1)
    rows = rows.reshape(-1, rows.shape[-1])
    if target.dtype == object or target.shape == logits.shape:
        targets: list[Any] = [list(t) for t in np.moveaxis(target, classes, -1).reshape(len(rows), -1)]
        shares = [1.0] * len(rows)
    else:
        targets = [int(t) for t in target.reshape(-1)]
        shares = [0.0 if t == ignore_index else 1.0 if weight is None else float(weight[t]) for t in targets]
    found = np.empty(len(rows), dtype=object)
    for i, (row, t) in enumerate(zip(rows, targets, strict=True)):
        ignored = t == ignore_index if isinstance(t, int) else False
        found[i] = (
            Value(0.0)
            if ignored
            else losses.cross_entropy(
                list(row),
                t,
                weight=None if weight is None else [float(w) for w in weight],
                label_smoothing=label_smoothing,
            )
        )
    if reduction == "none":
        shape = [n for d, n in enumerate(logits.shape) if d != classes]
        return found.reshape(shape)
    return ag.sum(found) / (sum(shares) if reduction == "mean" else 1)


# ----------------------------------------------------------------------------- the shared ops

ONE_INPUT = """
    abs acos acosh asin asinh atan atanh ceil cos cosh erf erfc exp exp2 expm1 floor log log10 log1p log2
    sigmoid sign sin sinc sinh sqrt tan tanh
"""
OURS: dict[str, Callable[..., Array]] = (
    {name: each(getattr(ag, name)) for name in ONE_INPUT.split()}
    | {f"nn.functional.{name}": each(getattr(ag, name)) for name in ("relu", "selu", "silu")}
    | {
        "neg": lambda a: -a,
        "positive": lambda a: +a,
        "sgn": each(ag.sign),
        "reciprocal": lambda a: 1.0 / a,
        "rsqrt": each(lambda v: 1 / ag.sqrt(v)),
        "square": lambda a: a**2,
        "deg2rad": each(lambda v: v.radians()),
        "rad2deg": each(lambda v: v.degrees()),
        "trunc": each(trunc),
        "frac": each(lambda v: v - trunc(v)),
        "round": rounded,
        "logit": lambda a, eps=None: each(lambda v: ag.log(v) - ag.log1p(-v))(
            a if eps is None else clamp(a, eps, 1 - eps)
        ),
        "special.entr": each(lambda v: -ag.xlogy(v, v)),
        "special.ndtr": each(lambda v: ag.erfc(-v / math.sqrt(2)) / 2),
        # activations
        "nn.functional.gelu": gelu,
        "nn.functional.softplus": softplus,
        "nn.functional.elu": lambda a, alpha=1.0, scale=1.0, input_scale=1.0: each(ag.elu, 2)(a, alpha),
        "nn.functional.celu": lambda a, alpha=1.0: each(
            lambda v: ag.elu(v / alpha) * alpha if alpha > 0 else v
        )(a),
        "nn.functional.leaky_relu": lambda a, negative_slope=0.01: each(ag.leaky_relu, 2)(a, negative_slope),
        "nn.functional.relu6": lambda a: clamp(a, 0.0, 6.0),
        "nn.functional.hardtanh": lambda a, min_val=-1.0, max_val=1.0: clamp(a, min_val, max_val),
        "nn.functional.logsigmoid": each(lambda v: -ag.softplus(-v)),
        "nn.functional.softsign": each(lambda v: v / (1 + ag.abs(v))),
        "nn.functional.tanhshrink": each(lambda v: v - ag.tanh(v)),
        "nn.functional.mish": each(lambda v: v * ag.tanh(ag.softplus(v))),
        "nn.functional.threshold": lambda a, threshold, value: each(
            lambda v: ag.where(v > threshold, v, value)
        )(a),
        "nn.functional.softshrink": lambda a, lambd=0.5: each(lambda v: v - ag.clip(v, -lambd, lambd))(a),
        "nn.functional.hardswish": each(lambda v: v * ag.clip(v + 3, 0.0, 6.0) / 6),
        "nn.functional.hardsigmoid": each(lambda v: ag.clip(v + 3, 0.0, 6.0) / 6),
        # two inputs
        "add": plus,
        "sub": lambda a, b, alpha=1: a - b * alpha,
        "rsub": lambda a, b, alpha=1: b - a * alpha,
        "mul": lambda a, b: a * b,
        "div": quotient,
        "true_divide": quotient,
        "floor_divide": lambda a, b: quotient(a, b, "floor"),
        "pow": lambda a, b: a**b,
        "float_power": lambda a, b: a**b,
        "remainder": lambda a, b: each(lambda v, w: v % w, 2)(a, b),
        "__radd__": lambda a, b: b + a,
        "__rsub__": lambda a, b: b - a,
        "__rmul__": lambda a, b: b * a,
        "__rdiv__": lambda a, b: b / a,
        "__rpow__": lambda a, b: b**a,
        "__rmod__": lambda a, b: each(lambda v, w: w % v, 2)(a, b),
        "atan2": each(ag.atan2, 2),
        "hypot": each(ag.hypot, 2),
        "maximum": each(ag.maximum, 2),
        "minimum": each(ag.minimum, 2),
        "fmax": each(ag.maximum, 2),
        "fmin": each(ag.minimum, 2),
        "logaddexp": each(ag.logaddexp, 2),
        "logaddexp2": each(lambda v, w: ag.logaddexp(v * math.log(2), w * math.log(2)) / math.log(2), 2),
        "xlogy": each(ag.xlogy, 2),
        "special.xlog1py": each(lambda v, w: v * ag.log1p(w), 2),
        "clamp": clamp,
        "clamp_min": lambda a, low: clamp(a, low),
        "clamp_max": lambda a, high: clamp(a, None, high),
        "ldexp": lambda a, b: each(lambda v, w: v * ag.exp2(w), 2)(a, b),
        "where": lambda a, c, b: each(ag.where, 3)(c, a, b),
        "lerp": lambda a, b, weight: a + weight * (b - a),
        "addcmul": lambda a, b, c, value=1: a + b * c * value,
        "addcdiv": lambda a, b, c, value=1: a + b / c * value,
        # several to one
        "sum": over(ag.sum),
        "mean": over(ag.mean),
        "prod": over(prod),
        "amax": over(shared(max)),
        "amin": over(shared(min)),
        "logsumexp": over(ag.logsumexp),
        "var": spread(lambda v: v),
        "std": spread(ag.sqrt),
        "trace": lambda a: np.asarray(ag.sum(np.diagonal(a)), dtype=object),
        "linalg.vector_norm": lambda a, dim=None, keepdim=False, dtype=None, **order: over(
            lambda values: norm(values, *order.values())
        )(a, dim, keepdim),
        "dist": lambda a, b, p=2: over(lambda values: norm(values, p))(a - b),
        # several to several
        "cumsum": along(running(lambda a, b: a + b)),
        "cumprod": along(running(lambda a, b: a * b)),
        "logcumsumexp": along(running(ag.logaddexp)),
        "softmax": along(ag.softmax),
        "log_softmax": along(ag.log_softmax),
        "nn.functional.softmin": along(lambda values: ag.softmax([-a for a in values])),
        # vectors and matrices
        "dot": dotted,
        "vdot": dotted,
        "inner": lambda a, b: np.inner(a, b),
        "outer": np.outer,
        "mv": matmul,
        "mm": matmul,
        "bmm": matmul,
        "matmul": matmul,
        "linalg.vecdot": lambda a, b, dim=-1: over(ag.sum)(a * b, dim),
        "addmm": lambda c, a, b, beta=1, alpha=1: c * beta + matmul(a, b) * alpha,
        "addmv": lambda c, a, b, beta=1, alpha=1: c * beta + matmul(a, b) * alpha,
        "nn.functional.linear": linear,
        # losses
        "nn.functional.mse_loss": reduction(losses.mse),
        "nn.functional.l1_loss": reduction(losses.mae),
        "nn.functional.huber_loss": reduction(losses.huber),
        "nn.functional.binary_cross_entropy_with_logits": binary_cross_entropy,
        "nn.functional.soft_margin_loss": reduction(lambda s, t: ag.softplus(-t * s)),
        "nn.functional.cross_entropy": cross_entropy,
    }
)
