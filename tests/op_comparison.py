"""PyTorch's op database compared with ours: samples, values, slopes, and the differences that are known."""

from __future__ import annotations

import math
import random
import sys
import types
import unittest
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from typing import Any

import numpy as np
import pytest

import autograd as ag
from autograd import Value, gradients, topological_order
from autograd.testing.digits import DIGITS_KEPT, arithmetic, rule_in_digits
from autograd.value import as_values
from tests.op_database import OURS
from tests.others import agree

DIFFERENCES = {
    "__rpow__": "as pow",
    "acosh": "has slopes where it has no value; ours are nan",
    "atan2": "at the origin, which has no angle, the slopes are 0; ours are nan",
    "div": "rounded down, it is the floor of the exact quotient: 1 // 0.004 is 249, floor(1 / 0.004) is 250",
    "float_power": "as pow",
    "floor_divide": "as div",
    "fmax": "takes the first of two equals; our maximum shares the gradient, as PyTorch's",
    "fmin": "as fmax",
    "logit": "beyond 0 and 1 its slopes are nan; ours, made of logarithms here, are those of their formulas",
    "ldexp": "near 1e308 it overflows in its derivatives; ours are finite, or infinite where theirs are nan",
    "logaddexp": "beyond 709 its second derivative is nan; ours is 0",
    "nn.functional.celu": "at 0 the second derivative is that above; ours is that below, as the first. "
    "Its alpha is divided in single precision",
    "nn.functional.elu": "at 0 the second derivative is that above; ours is that below, as the first",
    "nn.functional.hardtanh": "is flat on its bounds; our clip has slope 1 there, as clamp up to 2.13",
    "nn.functional.mish": "below −700 its second derivative is nan; ours is 0",
    "nn.functional.relu6": "as nn.functional.hardtanh",
    "nn.functional.selu": "as nn.functional.elu",
    "pow": "0^b below b = 0 has the slope ∞ in b where it falls to −∞; and at 0 second derivatives differ",
    "sinc": "at and near 0 the second derivative is nan, or has no digits left; ours is −π²/3",
    "special.entr": "is −∞ below 0; ours, made of xlogy here, is nan",
    "special.xlog1py": "is 0 at (0, −1); ours is written as a product here, 0 · −∞",
    "xlogy": "at (0, 0) the slope in the first is 0; ours is −∞",
}
"""The ops on which PyTorch differs by more than rounding: on kinks and borders, at huge numbers; and why."""
ONLY_THE_INPUT = ("nn.functional.soft_margin_loss",)
"""The ops that PyTorch does not differentiate in their second input."""


@cache
def database() -> list[Any]:
    """The entries of PyTorch's database that we share; the test is skipped where it is not installed."""
    pytest.importorskip("torch", reason="PyTorch is compared with where it is installed")
    if find_spec("expecttest") is None:  # only PyTorch's own test cases need it
        stand_in: Any = types.ModuleType("expecttest")
        stand_in.TestCase = unittest.TestCase
        sys.modules["expecttest"] = stand_in
    from torch.testing._internal import common_utils
    from torch.testing._internal.common_methods_invocations import op_db
    from torch.testing._internal.opinfo import core

    # It looks for a unittest's test, of which there is none, through the whole stack and all modules.
    for module in (common_utils, core):
        module.extract_test_fn = lambda: None
    return [entry for entry in op_db if entry.name in OURS and "triton" not in entry.variant_test_name]


@dataclass(frozen=True)
class Compared:
    """One number of the value (order 0), the gradient or the second derivative, as computed by both.

    The exact one is of 50 digits, and computed where the two differ only.
    """

    op: str
    order: int
    ours: float
    theirs: float
    size: float
    exact: float

    def is_rounding(self) -> bool:
        """Whether the two mean the same number."""
        return abs(self.ours - self.theirs) <= 1e-6 * self.size

    def is_ours_wrong(self) -> bool:
        """Whether ours is off, and further off than theirs."""
        off = abs(self.ours - self.exact)
        return off > 1e-11 * self.size and off > abs(self.theirs - self.exact)


def samples(entry: Any, references: bool, largest: int) -> Iterator[Any]:
    """The entry's samples of so many numbers at most, with its references to corners if they are asked for.

    Left out are those of other numbers than ours, of ∞ and nan, and weights of classes that are not above 0.
    """
    import torch
    from torch.utils._pytree import tree_leaves

    source = entry.reference_inputs if references else entry.sample_inputs
    drawn = iter(source("cpu", torch.float64, requires_grad=True))
    while True:
        try:
            sample = next(drawn)
        except (StopIteration, ValueError):  # it has references that have no gradient, and stumbles on them
            return
        tensors = [
            a for a in tree_leaves((sample.input, sample.args, sample.kwargs)) if isinstance(a, torch.Tensor)
        ]
        if (
            0 < sum(a.numel() for a in tensors) <= largest
            and any(a.requires_grad for a in tensors)
            and all(
                a.dtype in (torch.float64, torch.int64, torch.bool) and a.isfinite().all() for a in tensors
            )
            and not (
                entry.name.endswith("cross_entropy")
                and (sample.kwargs.get("weight", torch.ones(1)) <= 0).any()
            )
        ):
            yield sample


def compared(entry: Any, sample: Any) -> Iterator[Compared]:
    """Every number of ours and PyTorch's on one sample of an op.

    The gradient is of the results, weighted at random and added up; the second derivative is of the
    gradient, weighted likewise.  What PyTorch has no derivative of is compared as far as it goes.
    """
    import torch
    from torch.utils._pytree import tree_map

    leaves: list[Any] = []
    values: list[Value] = []

    def plain(a: Any) -> Any:
        return a.detach() if isinstance(a, torch.Tensor) else a

    def leaf(a: Any) -> Any:
        if isinstance(a, torch.Tensor) and a.dtype == torch.float64 and a.requires_grad:
            a = a.detach().clone().requires_grad_()
            leaves.append(a)
        return a

    def translated(a: Any) -> Any:
        if not isinstance(a, torch.Tensor):
            return a
        numbers = a.detach().numpy()
        if not a.requires_grad:
            return numbers
        made = np.empty(numbers.size, dtype=object)
        made[:] = row = [Value(x) for x in numbers.reshape(-1).tolist()]
        values.extend(row)
        return made.reshape(numbers.shape)

    others = tree_map(plain, sample.args) if entry.name in ONLY_THE_INPUT else sample.args
    call = tree_map(leaf, (sample.input, others)), tree_map(plain, dict(sample.kwargs))
    (first, rest), options = tree_map(translated, call)
    try:
        theirs = entry(call[0][0], *call[0][1], **call[1]).reshape(-1)
    except (RuntimeError, AttributeError):  # there are references that it does not take itself
        return
    results = as_values(np.asarray(OURS[entry.name](first, *rest, **options)).reshape(-1).tolist())
    chance = random.Random(0)
    weights, direction = ([chance.uniform(0.5, 2) for _ in row] for row in (results, values))
    yield from side_by_side(entry.name, 0, results, theirs)
    try:
        their_slopes = slopes(theirs, weights, leaves)
        our_slopes = gradients(ag.dot(weights, results), values, create_graph=True)
        yield from side_by_side(entry.name, 1, our_slopes, their_slopes)
        their_seconds = slopes(their_slopes, direction, leaves)
        our_seconds = gradients(ag.dot(direction, our_slopes), values, create_graph=True)
        yield from side_by_side(entry.name, 2, our_seconds, their_seconds)
    except RuntimeError as missing:
        if not any(words in str(missing) for words in ("is not implemented", "broadcast shape")):
            raise


def slopes(y: Any, weights: list[float], leaves: list[Any]) -> Any:
    """PyTorch's gradient of the weighted sum of y in all leaves, in one row."""
    import torch

    if not y.requires_grad:
        return torch.cat([torch.zeros_like(leaf).reshape(-1) for leaf in leaves])
    total = (y * torch.tensor(weights, dtype=torch.float64)).sum()
    found = torch.autograd.grad(total, leaves, create_graph=True, allow_unused=True, materialize_grads=True)
    return torch.cat([g.reshape(-1) for g in found])


def side_by_side(op: str, order: int, ours: Sequence[Value], theirs: Any) -> Iterator[Compared]:
    """Each of ours with its like; the size of the largest of them says how far rounding reaches."""
    numbers = theirs.detach().tolist()
    size = max((abs(x) for x in numbers if math.isfinite(x)), default=1.0)
    for v, x in zip(ours, numbers, strict=True):
        exact = v.data if agree(v.data, x) else in_digits(v)
        yield Compared(op, order, v.data, x, max(size, 1.0), exact)


def in_digits(output: Value) -> float:
    """The number of a node, its graph computed anew in 50 digits; nan where it has none."""
    mp = arithmetic()
    with mp.workdps(DIGITS_KEPT):
        numbers: dict[Value, Any] = {}
        for v in topological_order(output):
            inputs = [numbers[i] for i in v.inputs]
            try:
                numbers[v] = mp.mpf(v.data) if v.op is None else mp.mpf(rule_in_digits(v.op)[0](inputs))
            except (TypeError, ZeroDivisionError):  # a complex number, or none
                return math.nan
        return float(numbers[output])
