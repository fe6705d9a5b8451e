"""The kernels of ops, and BLAS's matrix product, by their addresses."""

from __future__ import annotations

import ctypes
from functools import cache
from importlib.machinery import EXTENSION_SUFFIXES, ExtensionFileLoader
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

from autograd import ops
from autograd.core.primitive import TABLE, Op
from autograd.notation.numbers import counted
from autograd.tape import tiles
from autograd.tape.kernels import graph_pass, machine
from autograd.tape.native import cached, machine_code
from autograd.tape.templates import source


class Kernel(NamedTuple):
    """The addresses of an op's two kernels."""

    forward: int
    reverse: int


def kernel(op: Op, dtype: str = "float64", guarded: bool = False) -> Kernel:
    """Return the op's compiled kernels: from memory, from the cache on disk, or compiled now.

    The rule of an op of one's own is read every time: a number that it closes over may have changed.

    Args:
        op: the op.
        dtype: "float64" or "float32".
        guarded: whether they are for rows behind branches, where nothing may be sent to a lane.

    Raises:
        NotImplementedError: if the op's rule cannot be written in the language that is compiled.
    """
    return (_read_once if op.rule.__module__ == ops.__name__ else _read)(op, dtype, guarded)


def _read(op: Op, dtype: str, guarded: bool) -> Kernel:
    try:
        return Kernel(**machine_code.addresses(op.name, source(op, guarded), Kernel._fields, dtype))
    except Exception as error:  # a rule may be anything
        raise NotImplementedError(f"the op {op.name!r} cannot be compiled for the tape: {error}") from error


_read_once = cache(_read)


def compile_all() -> str:
    """Bring all that tapes may need into the cache, every op in both precisions; say in words what was done.

    Raises:
        OSError: if there is no folder for it.
    """
    place = cached.writable()
    before = set(place.glob("*.o"))
    for dtype in ("float64", "float32"):
        machine("replay", dtype)
        tiles.compiled(dtype)
        for op, guarded in product(TABLE.values(), (False, True)):
            kernel(op, dtype, guarded)
    for name in ("levels_of", "reach_forward", "reach_back"):
        graph_pass(name)
    after = set(place.glob("*.o"))
    size = sum(file.stat().st_size for file in after)
    return (
        f"{counted(len(after - before), 'file')} of machine code compiled, {len(before)} there before, "
        f"{size / 1e6:.1f} MB: {counted(len(TABLE), 'op')} in float64 and float32, in {place}"
    )


@cache
def blas_address(dtype: str) -> int:
    """Return the address of BLAS's general matrix product for the dtype, as SciPy ships it."""
    capsule = _cython_blas().__pyx_capi__["dgemm" if dtype == "float64" else "sgemm"]
    api = ctypes.pythonapi
    api.PyCapsule_GetName.restype, api.PyCapsule_GetName.argtypes = ctypes.c_char_p, [ctypes.py_object]
    api.PyCapsule_GetPointer.restype = ctypes.c_void_p
    api.PyCapsule_GetPointer.argtypes = [ctypes.py_object, ctypes.c_char_p]
    address: int = api.PyCapsule_GetPointer(capsule, api.PyCapsule_GetName(capsule))
    return address


def _cython_blas() -> Any:
    """Return SciPy's module of that name, without the rest of `scipy.linalg`, which takes 0.2 s to load."""
    name = "scipy.linalg.cython_blas"
    spec = find_spec("scipy")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        for suffix in EXTENSION_SUFFIXES:
            path = Path(folder) / "linalg" / f"cython_blas{suffix}"
            if path.exists():
                try:
                    loader = ExtensionFileLoader(name, str(path))
                    found = spec_from_file_location(name, path, loader=loader)
                    assert found is not None
                    module = module_from_spec(found)
                    loader.exec_module(module)
                    return module
                except ImportError:  # it needs what the package loads first
                    break
    from scipy.linalg import cython_blas

    return cython_blas
