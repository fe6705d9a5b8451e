"""The functions of the op table, compiled by Numba, and the kernels made of them.

Each op gets two kernels, forward and reverse, that run its functions over lanes.  A kernel is a few
lines of generated Python in a file of its own, kept in a cache folder together with what Numba
compiles from it.  The file's name holds a fingerprint of everything that its machine code depends on:
the op's functions down to their bytecode and constants, those of every op they call, the templates
below, and the versions of Python and Numba.  A changed op therefore never meets old machine code.
"""

from __future__ import annotations

import hashlib
import importlib.util
import math
import os
import sys
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numba
from numba import njit
from numba import types as nt

from autograd.arithmetic import ELEMENTARY
from autograd.ops import TABLE, Op

DTYPES = {"float64": nt.float64, "float32": nt.float32}


@dataclass(frozen=True)
class Kernel:
    """The addresses of an op's two compiled kernels."""

    forward: int
    reverse: int


# ---------------------------------------------------------------------- the arithmetic of Numba


@njit(inline="always")
def _where(condition: Any, a: Any, b: Any) -> Any:
    return a if condition else b


class _Compiled(types.ModuleType):
    """The arithmetic in which Numba compiles a rule: it looks names up here as in any module."""

    def __getattr__(self, name: str) -> Any:
        if name not in TABLE:
            raise AttributeError(f"there is no op {name!r} in the table")
        setattr(self, name, functions(TABLE[name])[0])
        return getattr(self, name)


_arithmetic = _Compiled("compiled_arithmetic")
vars(_arithmetic).update({name: getattr(math, name) for name in ELEMENTARY}, where=_where)


def functions(op: Op) -> list[Callable[..., Any]]:
    """The op's value and partials, compiled when first called from compiled code."""
    return [njit(_as_python(f, op), error_model="numpy") for f in op.rule(_arithmetic)]


def _as_python(function: Callable[..., Any], op: Op) -> Callable[..., Any]:
    """A builtin such as ``math.exp`` or ``sum`` as a Python function, the only kind that Numba takes."""
    if hasattr(function, "__code__"):
        return function
    if op.arity == 2:
        return lambda a, b: function(a, b)
    return lambda a: function(a)


# --------------------------------------------------------------------------------- fingerprints


def fingerprint(op: Op, dtype: str) -> str:
    """A hash of all that the machine code of the op's kernels depends on."""
    digest = hashlib.sha256()
    for part in (numba.__version__, sys.version, dtype, source(op, dtype), _where.py_func.__code__.co_code):
        digest.update(repr(part).encode())
    for part in _contents(op, set()):
        digest.update(part.encode())
    return digest.hexdigest()[:20]


def fingerprint_of_function(function: Callable[..., Any], *more: object) -> str:
    """A hash of all that the machine code of a plain function depends on."""
    digest = hashlib.sha256()
    for part in (numba.__version__, sys.version, *more):
        digest.update(repr(part).encode())
    for text in _contents_of(function, set()):
        digest.update(text.encode())
    return digest.hexdigest()[:20]


def _contents(op: Op, seen: set[str]) -> Iterator[str]:
    if op.name in seen:
        return
    seen.add(op.name)
    yield op.name
    for function in op.rule(_arithmetic):
        yield from _contents_of(function, seen)


def _contents_of(function: Any, seen: set[str]) -> Iterator[str]:
    code = getattr(function, "__code__", None)
    if code is None:  # a builtin
        yield repr(getattr(function, "__name__", function))
        return
    yield from _contents_of_code(code)
    for name in _names(code):
        if name in function.__globals__ and name not in TABLE:
            yield from _contents_of_global(name, function.__globals__[name], seen)
        elif name in TABLE and name not in ELEMENTARY:
            yield from _contents(TABLE[name], seen)
    for cell in function.__closure__ or ():
        if not isinstance(cell.cell_contents, types.ModuleType):
            yield from _contents_of_global("", cell.cell_contents, seen)


def _contents_of_global(name: str, value: Any, seen: set[str]) -> Iterator[str]:
    if isinstance(value, types.FunctionType):
        if value.__qualname__ not in seen:
            seen.add(value.__qualname__)
            yield from _contents_of(value, seen)
    else:
        yield f"{name}={value!r}" if isinstance(value, (int, float, str, tuple)) else name


def _contents_of_code(code: types.CodeType) -> Iterator[str]:
    yield code.co_code.hex()
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _contents_of_code(constant)
        else:
            yield repr(constant)


def _names(code: types.CodeType) -> list[str]:
    inner = [name for c in code.co_consts if isinstance(c, types.CodeType) for name in _names(c)]
    return [*code.co_names, *inner]


# -------------------------------------------------------------------------------------- kernels

FORWARD = "v, stride, lanes, args, ptr, lists, start, end"
REVERSE = "v, g, stride, lanes, args, ptr, lists, need, need_list, start, end"


def signatures(dtype: str) -> tuple[Any, Any]:
    """The C signatures of forward and reverse kernels, as named in `FORWARD` and `REVERSE`."""
    numbers, rows, i = nt.CPointer(DTYPES[dtype]), nt.CPointer(nt.int64), nt.int64
    forward = nt.void(numbers, i, i, rows, rows, rows, i, i)
    reverse = nt.void(numbers, numbers, i, i, rows, rows, rows, rows, rows, i, i)
    return forward, reverse


HEADER = '''"""Kernels of the op {name}, generated from its record in the table of ops."""

import numpy as np
from numba import carray, cfunc

from autograd.ops import TABLE
from autograd.tape.compiled import functions, signatures

value, {partials} = functions(TABLE["{name}"])
FORWARD, REVERSE = signatures("{dtype}")
'''

# Row i of the tape is V[i * stride : i * stride + lanes].  The inner loop runs over the contiguous lanes
# of slices, so that Numba sees that no index is negative and vectorises it; a single lane takes a
# loop of its own, which spares it the set-up.
ELEMENTWISE_FORWARD = """

@cfunc(FORWARD, cache=True, error_model="numpy")
def forward(v, stride, lanes, args, ptr, lists, start, end):
    V = carray(v, (end * stride,))
    A = carray(args, (3 * end,))
    if lanes == 1:
        for i in range(start, end):
            V[i * stride] = value({one})
        return
    for i in range(start, end):
        y = V[i * stride : i * stride + lanes]
{offsets}
{rows}
        for k in range(lanes):
            y[k] = value({lane})
"""

ELEMENTWISE_REVERSE = """

@cfunc(REVERSE, cache=True, error_model="numpy")
def reverse(v, g, stride, lanes, args, ptr, lists, need, need_list, start, end):
    V = carray(v, (end * stride,))
    G = carray(g, (end * stride,))
    A = carray(args, (3 * end,))
    N = carray(need, (end,))
    for i in range(start, end):
        needed = N[i]
        if needed == 0:
            continue
{offsets}
        if lanes == 1:
            result = V[i * stride]
            upstream = G[i * stride]
{one}
            continue
        y = V[i * stride : i * stride + lanes]
        g_y = G[i * stride : i * stride + lanes]
{rows}
{lane}
"""

VARIADIC = """

@cfunc(FORWARD, cache=True, error_model="numpy")
def forward(v, stride, lanes, args, ptr, lists, start, end):
    V = carray(v, (end * stride,))
    P = carray(ptr, (end + 1,))
    L = carray(lists, (P[end],))
    for i in range(start, end):
        inputs = np.empty(P[i + 1] - P[i], dtype=np.{dtype})
        for k in range(lanes):
            for j in range(inputs.size):
                inputs[j] = V[L[P[i] + j] * stride + k]
            V[i * stride + k] = value(inputs)


@cfunc(REVERSE, cache=True, error_model="numpy")
def reverse(v, g, stride, lanes, args, ptr, lists, need, need_list, start, end):
    V = carray(v, (end * stride,))
    G = carray(g, (end * stride,))
    P = carray(ptr, (end + 1,))
    L = carray(lists, (P[end],))
    N = carray(need, (end,))
    M = carray(need_list, (P[end],))
    for i in range(start, end):
        if N[i] == 0:
            continue
        inputs = np.empty(P[i + 1] - P[i], dtype=np.{dtype})
        for k in range(lanes):
            for j in range(inputs.size):
                inputs[j] = V[L[P[i] + j] * stride + k]
            slopes = d_0(V[i * stride + k], inputs)
            for j in range(inputs.size):
                if M[P[i] + j]:
                    G[L[P[i] + j] * stride + k] += G[i * stride + k] * slopes[j]
"""

# A dot is its pairs' products added up, and its reverse is that of each product: the functions of mul.
# One pair at a time, so that the lanes stay in the innermost loop.
DOT = """

product, d_w, d_x = functions(TABLE["mul"])


@cfunc(FORWARD, cache=True, error_model="numpy", fastmath={{"contract"}})
def forward(v, stride, lanes, args, ptr, lists, start, end):
    V = carray(v, (end * stride,))
    P = carray(ptr, (end + 1,))
    L = carray(lists, (P[end],))
    for i in range(start, end):
        n = (P[i + 1] - P[i]) // 2
        bias = (P[i + 1] - P[i]) % 2 == 1
        last = L[P[i + 1] - 1] * stride
        if lanes == 1:
            total = V[last] if bias else np.{dtype}(0.0)
            for j in range(P[i], P[i] + n):
                total += product(V[L[j] * stride], V[L[j + n] * stride])
            V[i * stride] = total
            continue
        y = V[i * stride : i * stride + lanes]
        y[:] = 0.0
        if bias:
            y[:] = V[last : last + lanes]
        for j in range(P[i], P[i] + n):
            w = V[L[j] * stride : L[j] * stride + lanes]
            x = V[L[j + n] * stride : L[j + n] * stride + lanes]
            for k in range(lanes):
                y[k] += product(w[k], x[k])


@cfunc(REVERSE, cache=True, error_model="numpy", fastmath={{"contract"}})
def reverse(v, g, stride, lanes, args, ptr, lists, need, need_list, start, end):
    V = carray(v, (end * stride,))
    G = carray(g, (end * stride,))
    P = carray(ptr, (end + 1,))
    L = carray(lists, (P[end],))
    N = carray(need, (end,))
    M = carray(need_list, (P[end],))
    for i in range(start, end):
        if N[i] == 0:
            continue
        n = (P[i + 1] - P[i]) // 2
        y = V[i * stride : i * stride + lanes]
        g_y = G[i * stride : i * stride + lanes]
        if (P[i + 1] - P[i]) % 2 == 1 and M[P[i + 1] - 1]:
            b = L[P[i + 1] - 1] * stride
            for k in range(lanes):
                G[b + k] += g_y[k]
        for j in range(P[i], P[i] + n):
            at_w = L[j] * stride
            at_x = L[j + n] * stride
            if lanes == 1:
                if M[j]:
                    G[at_w] += g_y[0] * d_w(V[at_w], V[at_x], y[0])
                if M[j + n]:
                    G[at_x] += g_y[0] * d_x(V[at_w], V[at_x], y[0])
                continue
            w = V[at_w : at_w + lanes]
            x = V[at_x : at_x + lanes]
            if M[j]:
                g_w = G[at_w : at_w + lanes]
                for k in range(lanes):
                    g_w[k] += g_y[k] * d_w(w[k], x[k], y[k])
            if M[j + n]:
                g_x = G[at_x : at_x + lanes]
                for k in range(lanes):
                    g_x[k] += g_y[k] * d_x(w[k], x[k], y[k])
"""

SUM = """

@cfunc(FORWARD, cache=True, error_model="numpy")
def forward(v, stride, lanes, args, ptr, lists, start, end):
    V = carray(v, (end * stride,))
    P = carray(ptr, (end + 1,))
    L = carray(lists, (P[end],))
    for i in range(start, end):
        y = V[i * stride : i * stride + lanes]
        y[:] = 0.0
        for j in range(P[i], P[i + 1]):
            a = V[L[j] * stride : L[j] * stride + lanes]
            for k in range(lanes):
                y[k] += a[k]


@cfunc(REVERSE, cache=True, error_model="numpy")
def reverse(v, g, stride, lanes, args, ptr, lists, need, need_list, start, end):
    G = carray(g, (end * stride,))
    P = carray(ptr, (end + 1,))
    L = carray(lists, (P[end],))
    N = carray(need, (end,))
    M = carray(need_list, (P[end],))
    for i in range(start, end):
        if N[i] == 0:
            continue
        g_y = G[i * stride : i * stride + lanes]
        for j in range(P[i], P[i + 1]):
            if M[j]:
                g_a = G[L[j] * stride : L[j] * stride + lanes]
                for k in range(lanes):
                    g_a[k] += g_y[k]
"""


def source(op: Op, dtype: str) -> str:
    """The generated Python of the op's two kernels."""
    partials = ", ".join(f"d_{j}" for j in range(1 if op.variadic else op.arity or 0)) or "_"
    header = HEADER.format(name=op.name, partials=partials + ("," if partials == "_" else ""), dtype=dtype)
    if op.variadic:
        return header + {"dot": DOT, "sum": SUM}.get(op.name, VARIADIC).format(dtype=dtype)
    places = range(op.arity or 0)
    offsets = "\n".join(f"        at{j} = A[3 * i + {j}] * stride" for j in places)
    rows = "\n".join(f"        a{j} = V[at{j} : at{j} + lanes]" for j in places)
    one = ", ".join(f"V[A[3 * i + {j}] * stride]" for j in places)
    lane = ", ".join(f"a{j}[k]" for j in places)
    alone = ", ".join(f"V[at{j}]" for j in places)
    reverse_one = "\n".join(
        f"            if needed & {1 << j}:\n                G[at{j}] += upstream * d_{j}({alone}, result)"
        for j in places
    )
    reverse_lane = "\n".join(
        f"        if needed & {1 << j}:\n            g_a = G[at{j} : at{j} + lanes]\n"
        f"            for k in range(lanes):\n                g_a[k] += g_y[k] * d_{j}({lane}, y[k])"
        for j in places
    )
    return (
        header
        + ELEMENTWISE_FORWARD.format(one=one, offsets=offsets, rows=rows, lane=lane)
        + ELEMENTWISE_REVERSE.format(one=reverse_one, offsets=offsets, rows=rows, lane=reverse_lane)
    )


_loaded: dict[tuple[Op, str], Kernel] = {}


def kernel(op: Op, dtype: str = "float64") -> Kernel:
    """The op's compiled kernels: from memory, from the cache on disk, or compiled now.

    Raises:
        NotImplementedError: if Numba cannot compile the op's functions.
    """
    if (op, dtype) not in _loaded:
        name = f"{op.name}_{fingerprint(op, dtype)}"
        try:
            module = cached_module(name, source(op, dtype))
        except Exception as error:  # Numba lets through whatever its parts raise
            reason = str(error).strip().splitlines()[-1]
            raise NotImplementedError(
                f"the op {op.name!r} cannot be compiled for the tape: {reason}"
            ) from error
        _loaded[op, dtype] = Kernel(module.forward.address, module.reverse.address)
    return _loaded[op, dtype]


def cached_module(name: str, text: str) -> Any:
    """Import generated Python from the cache folder, where Numba also keeps what it compiles from it.

    Args:
        name: unique to the text and to everything that its machine code depends on.
        text: the source.
    """
    path = cache_folder() / f"{name}.py"
    if not path.exists():
        _announce()
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_suffix(f".{os.getpid()}")
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(path)
    spec = importlib.util.spec_from_file_location(f"chainrule_cache_{name}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where what Numba kept on disk looks for its globals
    try:
        spec.loader.exec_module(module)
    except numba.core.errors.NumbaError:
        raise
    except Exception:  # what is kept on disk is damaged, or another version's: compile it again
        for kept in (path.parent / "__pycache__").glob(f"{name}.*"):
            kept.unlink()
        spec.loader.exec_module(module)
    return module


def cache_folder() -> Path:
    """Where kernels are kept: ``CHAINRULE_CACHE`` if set, else the user's cache folder."""
    if "CHAINRULE_CACHE" in os.environ:
        return Path(os.environ["CHAINRULE_CACHE"])
    return Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "chainrule"


_announced = False


def _announce() -> None:
    global _announced
    if not _announced:
        print("compiling the tape's kernels (once on this machine) …", file=sys.stderr, flush=True)
        _announced = True
