"""The language: a function does as machine code what it does as Python."""

from __future__ import annotations

import ctypes
import inspect
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from autograd.tape import graph_passes, kernels
from autograd.tape.native.language import assembly
from autograd.tape.native.machine_code import addresses

WORDS = {"where": lambda c, a, b: a if c else b, "copysign": math.copysign, "inf": math.inf, "each": range}
EXAMPLES = """
from math import exp, floor, fmod
from numpy import rint as round

LIMIT, HALF = 7, 0.5

def arithmetic(x: Numbers, n: int, out: Numbers) -> None:
    a, b = x[0], x[1]
    out[0] = a + b * 2 - a / (abs(b) + 1) - -b
    out[1] = where(a < b, a, b + HALF)
    out[2] = floor(a) + round(b) + copysign(1.0, a)
    out[3] = exp(-abs(a)) % 0.3 + a % -0.7
    out[4] = n // 3 + n % 3 + (n >> 1) + (n & 5) + min(n, LIMIT) + max(n, 2)

def branches(x: Numbers, n: int, out: Numbers) -> None:
    for i in range(n):
        if x[i] > 0.0 and not i == 2:
            out[0] += x[i]
            continue
        elif x[i] < -1.0 or i >= 4:
            out[1] += 1
            break
        else:
            out[2] -= x[i]
    for i in range(n - 1, 0, -2):
        out[3] += x[i] * i
    k = 0
    while k * k < n:
        k += 1
        out[4] = k

def calls(x: Numbers, n: int, out: Numbers) -> None:
    total = 0.0
    for i in range(0, n, 2):
        total += squared(x[i])
    for i in each(2):
        out[3 + i] += x[i] * x[i]
    accumulate(x[1:], n - 1, out[2:])
    out[0], out[1] = total, first_above(x, n, 0.5)

def squared(x: float) -> float:
    return x * x

def accumulate(x: Numbers, n: int, out: Numbers) -> None:
    for i in range(n):
        out[0] += x[i]

def first_above(x: Numbers, n: int, limit: float) -> int:
    for i in range(n):
        if x[i] > limit:
            return i
    return -1
"""


def compiled(text: str, name: str, *types: Any, dtype: str = "float64") -> Callable[..., Any]:
    address = addresses("test", text, [name], dtype)[name]
    function = ctypes.CFUNCTYPE(None, *types)(address)
    return lambda *args: function(*[a.ctypes.data if isinstance(a, np.ndarray) else a for a in args])


POINTER, INTEGER = ctypes.c_void_p, ctypes.c_int64
FLOATS = arrays.arrays(float, st.integers(6, 9), elements=st.floats(-9, 9))


@pytest.mark.parametrize("name", ["arithmetic", "branches", "calls"])
@given(x=FLOATS)
def test_a_function_does_as_machine_code_what_it_does_as_python(name: str, x: Any) -> None:
    namespace: dict[str, Any] = dict(WORDS)
    exec("from __future__ import annotations\n" + EXAMPLES, namespace)
    wanted, found = np.zeros(5), np.zeros(5)
    namespace[name](x, len(x), wanted)
    compiled(EXAMPLES, name, POINTER, INTEGER, POINTER)(x, len(x), found)
    assert found == pytest.approx(wanted, rel=1e-15, abs=0)


def test_floats_have_the_precision_that_is_compiled_for() -> None:
    text = "def third(x: Numbers, y: Doubles) -> None:\n    x[0] = y[0] / 3"
    for dtype in ("float64", "float32"):
        x = np.zeros(1, dtype)
        compiled(text, "third", POINTER, POINTER, dtype=dtype)(x, np.array([1.0]))
        assert x[0] == np.ones(1, dtype)[0] / np.dtype(dtype).type(3)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("x[0] = [1.0]", "not in the language"),
        ("x[0] = unknown", "unknown is not in the language"),
        ("x[0] = unheard(1.0)", "unheard is not in the language"),
        ("x[0] = 2 ** 3", "Pow of int and int"),
        ("x[0] = 1 < 2 < 3", "not in the language"),
        ("x[0] = 1 in x", "not in the language"),
        ("x[0] = x.size", "x.size is not in the language"),
        ("with x: pass", "With is not in the language"),
        ("del x", "Delete is not in the language"),
        ("n[0] = 1.0", "n is not a pointer"),
        ("f(x) ; g()", "f takes 2 arguments"),
        ("n = 1.5", "no way from float to int"),
    ],
)
def test_what_is_not_in_the_language_is_refused_with_its_line(line: str, reason: str) -> None:
    with pytest.raises(NotImplementedError, match=reason) as caught:
        assembly(f"def f(x: Numbers, n: int) -> None:\n    {line}", ["f"], "float64")
    assert "in f" in str(caught.value)


MACHINE = [
    ("fill", "pin"), ("small_forward", "ppiipiii"), ("small_reverse", "pppiippiiiii"),
    ("guarded_reverse", "pppiippiiiii"), ("load", "piipiri"), ("levels_of", "rrlli"),
    ("reach_forward", "rrmmi"), ("reach_back", "rrmmi"), ("single_forward", "pppiii"),
    ("single_reverse", "pppppiiiii"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "kinds"), MACHINE)
@pytest.mark.parametrize("seed", range(5))
def test_the_machine_does_what_its_text_does_as_python(name: str, kinds: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    ptr = np.concatenate(([0], np.cumsum(rng.integers(0, 3, 4))))
    lists = np.concatenate([rng.integers(0, max(i, 1), ptr[i + 1] - ptr[i]) for i in range(4)])
    graph = kinds.startswith("rr")
    rows = iter([ptr, lists] if graph else [np.array([2, 0, 1, 2])])

    def argument(kind: str) -> Any:
        match kind:
            case "p":
                numbers = rng.normal(size=100)
                numbers[rng.random(100) < 0.3] = -0.0
                return numbers
            case "i":
                return 4 if graph else int(rng.integers(2, 5))
            case "n":
                return 0.5
            case "r":
                return next(rows).astype(np.int64)
            case "l":
                return rng.integers(-1, 1, 4)
        return rng.random(4) < 0.5

    arguments = [argument(kind) for kind in kinds]
    types = [{"i": INTEGER, "n": ctypes.c_double}.get(kind, POINTER) for kind in kinds]
    again = [a.copy() if isinstance(a, np.ndarray) else a for a in arguments]
    module = graph_passes if graph else kernels
    getattr(module, name)(*arguments)
    compiled(inspect.getsource(graph_passes) if graph else kernels.source(), name, *types)(*again)
    for a, b in zip(arguments, again, strict=True):
        assert np.allclose(a, b, rtol=1e-14, atol=1e-14)
        assert (np.signbit(a) == np.signbit(b)).all()
