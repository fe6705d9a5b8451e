"""Tapes as ONNX graphs: what onnxruntime computes of them, op by op, at any number of samples."""

from __future__ import annotations

import itertools
import random
import sys
from collections.abc import Callable
from math import inf, nan
from typing import Any

import numpy as np
import pytest

from autograd import Parameter, Value, logsumexp, lookup, where
from autograd.core.primitive import TABLE, Interval, Op
from autograd.tape import Tape, onnx_model
from autograd.tape.onnx_functions import value_of
from autograd.value import apply

pytest.importorskip("onnx", reason="the package onnx is not installed")
ort = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")

SPECIAL = (0.0, 1e-300, -1e-7, 1.0, -1.0, 25.0, -25.0, 1000.0, -1000.0, 1e200, -1e200, inf, -inf, nan)
ROUNDING = {"float64": 1e-12, "float32": 1e-5}


def run(tape: Tape, *data: Any) -> list[Any]:
    """What onnxruntime gives for the data, output by output."""
    options = ort.SessionOptions()
    options.log_severity_level = 4
    session = ort.InferenceSession(onnx_model(tape).SerializeToString(), options)
    names = [node.name for node in session.get_inputs()]
    given = {name: np.asarray(x, tape.dtype) for name, x in zip(names, data, strict=True)}
    return list(session.run(None, given))


def within(interval: Interval, chance: random.Random) -> float:
    """A number of an interval, some near its ends."""
    while True:
        x = chance.choice([chance.gauss(0, 3), chance.uniform(-1, 1), 1e-6 * chance.random()])
        x = x + max(interval.low, -1e9) if interval.low > -inf and chance.random() < 0.5 else x
        if x in interval:
            return x


def samples_of(op: Op) -> list[list[float]]:
    chance, count = random.Random(op.name), 5 if op.variadic else op.arity or 0
    domains = [op.domain[min(j, len(op.domain) - 1)] for j in range(count)]
    return [[within(domain, chance) for domain in domains] for _ in range(200)]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("op", TABLE.values(), ids=TABLE)
def test_every_op_of_the_table(op: Op, dtype: Any) -> None:
    X = np.asarray(samples_of(op), dtype).astype(float)
    tape = Tape.record(lambda x: apply(op, tuple(x)), X[0].tolist(), dtype=dtype)
    wanted = np.array([op.evaluate(row)[0] for row in X.tolist()])
    (found,) = run(tape, X)
    if op.name in ("mod", "floor", "ceil", "round") and dtype == "float32":
        return  # a jump may lie on the other side of a rounded number
    rounding = ROUNDING[dtype] * (10 if op.name == "pow" else 1)  # which makes its input's rounding grow
    held = abs(wanted) < 1e30  # in single precision too
    np.testing.assert_allclose(found[held], wanted[held], rtol=rounding, atol=rounding)


@pytest.mark.parametrize("op", [op for op in TABLE.values() if op.arity in (1, 2)], ids=lambda op: op.name)
def test_special_numbers(op: Op) -> None:
    X = list(itertools.product(SPECIAL, repeat=op.arity or 0))
    if op.name == "hypot":  # of infinity and nan, Python's is infinity
        X = [x for x in X if nan not in x]
    tape = Tape.record(lambda x: apply(op, tuple(x)), [0.5] * (op.arity or 0))
    np.testing.assert_allclose(run(tape, X)[0], [op.evaluate(x)[0] for x in X], rtol=1e-12, atol=1e-15)


w, v = Parameter(0.5, "w"), Parameter(-1.5, "v")
FUNCTIONS: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]] = {
    "a matrix product": (lambda x: [w * x[0] + v * x[1] + w, v * x[0] - w * x[1]], ([1.0, 2.0],)),
    "several arguments": (lambda x, y: {"s": x[0] * y, "t": [x[1], w, y]}, ([1.0, 2.0], 3.0)),
    "what no input reaches": (lambda x: [w * v, x, Value(2.0)], (1.0,)),
    "weights computed": (lambda x: (w * v).tanh() * x[0] + x[1] / w, ([1.0, 2.0],)),
    "a table": (lambda i: lookup(i, [[w, v], [v * v, w], [v, v]]), (1.0,)),
    "a varying table": (lambda i, x: lookup(i, [[x[0]], [x[1]]]), (1.0, [0.3, 0.4])),
    "branches": (lambda x: where(x > 0, x.log(), -x), (1.0,)),
    "log sums": (lambda x: [logsumexp(x), logsumexp([x[0], w, x[1]])], ([1.0, -2.0, 0.5],)),
    "a matrix": (lambda x: [[x[0][1], x[1][0]], [x[1][1] * w, x[0][0]]], ([[1.0, 2.0], [3.0, 4.0]],)),
    "rows out of order": (
        lambda x: [(a * b).exp() for a, b in zip(x, x[::-1], strict=True)], ([1.0, 2.0, -1.0],)
    ),
    "one for all": (lambda x: [a * x[0].tanh() for a in x], ([1.0, 2.0, -1.0],)),
}  # fmt: skip


@pytest.mark.parametrize("samples", [1, 5])
@pytest.mark.parametrize(("function", "sample"), FUNCTIONS.values(), ids=FUNCTIONS)
def test_functions_of_any_structure(
    function: Callable[..., Any], sample: tuple[Any, ...], samples: int
) -> None:
    tape = Tape.record(function, *sample)
    chance = np.random.default_rng(0)
    data = [np.abs(chance.normal(size=(samples, *np.shape(x)))) for x in sample]
    wanted = tape.forward(*data)
    arrays = [*wanted.values()] if isinstance(wanted, dict) else [wanted]
    found = run(tape, *data)
    for ours, theirs in zip(arrays, found, strict=True):
        assert ours.shape == theirs.shape
        np.testing.assert_allclose(theirs, ours, rtol=1e-12, atol=1e-12)


def test_names_and_shapes() -> None:
    graph = onnx_model(Tape.record(lambda y, scale: {"a": [y[0], y[1] * scale]}, [1.0, 2.0], 3.0)).graph
    told = [
        (node.name, [d.dim_param or d.dim_value for d in node.type.tensor_type.shape.dim])
        for node in (*graph.input, *graph.output)
    ]
    assert told == [("y", ["samples", 2]), ("scale", ["samples"]), ("output['a']", ["samples", 2])]


def test_the_parameters_are_those_of_now() -> None:
    p = Parameter(2.0)
    tape = Tape.record(lambda x: p.exp() * x, 1.0)
    p.data = 0.0
    assert run(tape, [3.0])[0] == 3.0
    with tape.training([1.0]) as training:
        training.vector[:] = 1.0
        assert run(tape, [1.0])[0] == pytest.approx(np.e, abs=1e-15)


def test_what_cannot_be_written_is_named() -> None:
    op = Op("truncated", "⌊⌋", lambda m: (lambda a: float(int(a)), lambda a, y: 0.0))
    with pytest.raises(NotImplementedError, match="the op 'truncated' cannot be exported"):
        value_of(op, 1)


def test_a_tape_without_inputs_is_refused() -> None:
    with pytest.raises(ValueError, match="no inputs"):
        onnx_model(Tape.record(lambda: w * v))


def test_without_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(ImportError, match=r'pip install "chainrule\[onnx\]"'):
        onnx_model(Tape.record(lambda x: w * x, 1.0))
