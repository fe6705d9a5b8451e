"""The functions of the op table, compiled by Numba, and the kernels made of them.

Each op gets two kernels, forward and reverse, that run its functions over lanes.  A kernel is a few
lines of generated Python in a file of its own, kept in a cache folder together with what Numba
compiles from it.  The file's name contains a fingerprint of everything that its machine code depends
on: the op's functions down to their bytecode and constants, those of every op they call, the templates,
and the versions of Python and Numba.  So a changed op never runs old machine code.
"""

from __future__ import annotations

import atexit
import hashlib
import importlib.util
import math
import os
import shutil
import sys
import tempfile
import types
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numba
import numpy as np
from numba import njit
from numba import types as nt
from numba.core import event

from autograd.core.arithmetic import ELEMENTARY
from autograd.core.primitive import TABLE, Op, entry
from autograd.core.untimed import untimed
from autograd.tape.kernels import nothing_sent
from autograd.tape.templates import source

DTYPES = {"float64": nt.float64, "float32": nt.float32}


class _Compiling(event.Listener):
    """Numba at work, on whatever: no example of a test is to pay for it."""

    def on_start(self, event: Any) -> None:
        untimed.__enter__()

    def on_end(self, event: Any) -> None:
        untimed.__exit__()


event.register("numba:compiler_lock", _Compiling())


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
        setattr(self, name, functions(entry(name))[0])
        return getattr(self, name)


_arithmetic = _Compiled("compiled_arithmetic")
vars(_arithmetic).update({name: getattr(math, name) for name in ELEMENTARY}, where=_where)
vars(_arithmetic).update(floor=np.floor, round=np.rint, cbrt=np.cbrt)


def functions(op: Op) -> list[Callable[..., Any]]:
    """Return the op's value and partials, to be compiled when compiled code first calls them."""
    return [njit(_as_python(f, op), error_model="numpy") for f in op.rule(_arithmetic)]


def _as_python(function: Callable[..., Any], op: Op) -> Callable[..., Any]:
    """Wrap a builtin such as ``math.exp`` or ``sum`` in a Python function: Numba takes no other kind."""
    if hasattr(function, "__code__"):
        return function
    if op.arity == 2:
        return lambda a, b: function(a, b)
    return lambda a: function(a)


# --------------------------------------------------------------------------------- fingerprints


def fingerprint(op: Op, dtype: str, guarded: bool = False) -> str:
    """Return a hash of everything that the machine code of the op's kernels depends on."""
    digest = hashlib.sha256()
    codes = [f.py_func.__code__.co_code for f in (_where, nothing_sent)]
    for part in (numba.__version__, sys.version, dtype, source(op, dtype, guarded), *codes):
        digest.update(repr(part).encode())
    for part in _contents(op, set()):
        digest.update(part.encode())
    return digest.hexdigest()[:20]


def fingerprint_of_function(function: Callable[..., Any], *more: object) -> str:
    """Return a hash of everything that the machine code of a plain function depends on."""
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
    for value in (*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()):
        yield from _contents_of_value("", value, seen)
    for name in _names(code):
        if name in function.__globals__ and name not in TABLE:
            yield from _contents_of_value(name, function.__globals__[name], seen)
        elif name in TABLE and name not in ELEMENTARY:
            yield from _contents(TABLE[name], seen)
    for cell in function.__closure__ or ():
        if cell.cell_contents is not _arithmetic:
            yield from _contents_of_value("", cell.cell_contents, seen)


def _contents_of_value(name: str, value: Any, seen: set[str]) -> Iterator[str]:
    if isinstance(value, types.FunctionType):
        if str(id(value)) not in seen:
            seen.add(str(id(value)))
            yield from _contents_of(value, seen)
    elif value is None or isinstance(value, (int, float, str)):
        yield f"{name}={value!r}"
    elif isinstance(value, types.BuiltinFunctionType):
        yield f"{name}={value.__module__}.{value.__name__}"
    else:  # what cannot be read completely may differ in another process
        yield f"{name}: {_PROCESS}"


_PROCESS = uuid.uuid4().hex


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


def signatures(dtype: str) -> tuple[Any, Any]:
    """Return the C signatures of forward and reverse kernels; the templates name their arguments."""
    numbers, rows, i = nt.CPointer(DTYPES[dtype]), nt.CPointer(nt.int64), nt.int64
    forward = nt.void(numbers, i, i, rows, rows, rows, i, i)
    reverse = nt.void(numbers, numbers, i, i, rows, rows, rows, rows, rows, i, i)
    return forward, reverse


_loaded: dict[tuple[Op, str, bool], Kernel] = {}


def kernel(op: Op, dtype: str = "float64", guarded: bool = False) -> Kernel:
    """Return the op's compiled kernels: from memory, from the cache on disk, or compiled now.

    Args:
        op, dtype, guarded: as for `autograd.tape.templates.source`.

    Raises:
        NotImplementedError: if Numba cannot compile the op's functions.
    """
    if (op, dtype, guarded) not in _loaded:
        name = f"{op.name}_{fingerprint(op, dtype, guarded)}"
        try:
            module = cached_module(name, source(op, dtype, guarded))
        except Exception as error:  # Numba raises errors of many kinds
            reason = str(error).strip().splitlines()[-1]
            raise NotImplementedError(
                f"the op {op.name!r} cannot be compiled for the tape: {reason}"
            ) from error
        _loaded[op, dtype, guarded] = Kernel(module.forward.address, module.reverse.address)
    return _loaded[op, dtype, guarded]


def cached_module(name: str, text: str) -> Any:
    """Import generated Python from the cache folder, where Numba also keeps what it compiles from it.

    Args:
        name: unique for the text and for everything that its machine code depends on.
        text: the source.
    """
    path = cache_folder() / f"{name}.py"
    if not _holds(path, text):  # not there yet, damaged, or written by another version
        _announce()
        temporary = path.with_suffix(f".{os.getpid()}")
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(path)
    spec = importlib.util.spec_from_file_location(f"chainrule_cache_{name}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # cached machine code looks for its globals there
    try:
        spec.loader.exec_module(module)
    except numba.core.errors.NumbaError:
        raise
    except Exception:  # the machine code on disk is damaged: compile it again
        for kept in (path.parent / "__pycache__").glob(f"{name}.*"):
            kept.unlink()
        spec.loader.exec_module(module)
    return module


def _holds(path: Path, text: str) -> bool:
    try:
        return path.read_text(encoding="utf-8") == text
    except (OSError, UnicodeDecodeError):
        return False


def cache_folder() -> Path:
    """Return the folder of the kernels: ``CHAINRULE_CACHE`` if set, else one in the user's cache folder.

    If that cannot be written to, it is a temporary folder for this process alone.
    """
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = Path(os.environ.get("CHAINRULE_CACHE") or home / "chainrule")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if os.access(folder, os.W_OK | os.X_OK):
            return folder
    except OSError:
        pass
    return _temporary_folder()


@cache
def _temporary_folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="chainrule-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


_announced = False


def _announce() -> None:
    global _announced
    if not _announced:
        print("compiling the tape's kernels (once on this machine) …", file=sys.stderr, flush=True)
        _announced = True
