"""LLVM at work: the language as machine code, loaded from the cache or compiled now.

What is in the cache depends on nothing but the text that was compiled, the compiler, and the processor;
the file's name is a hash of these.
"""

from __future__ import annotations

import ctypes.util
import hashlib
import inspect
import re
import sys
import time
from collections.abc import Sequence
from functools import cache
from threading import RLock
from typing import Any

import llvmlite
import llvmlite.binding as llvm

from autograd.core.untimed import untimed
from autograd.tape.native import cached, elementary, language, values

SECONDS_OF_SILENCE = 0.4
"""If compiling is going to take more seconds than this, a message says what the wait is for."""

A_SECOND = 150_000
"""About this many characters of assembly are compiled in a second (measured: 82,561 in 0.55)."""

_lock = RLock()
_loaded: dict[str, dict[str, int]] = {}
_kept: list[Any] = []
_waited = 0.0
_announced = False


def addresses(label: str, text: str, roots: Sequence[str], dtype: str) -> dict[str, int]:
    """Return the addresses of compiled functions.

    Args:
        label: a word for what they are: the beginning of the file's name.
        text, roots, dtype: see `autograd.tape.native.language.assembly`.

    Raises:
        NotImplementedError: if something is not in the language.
    """
    key = hashlib.sha256("\0".join((_compiler(), dtype, *roots, text)).encode()).hexdigest()
    with _lock, untimed:
        if key not in _loaded:
            name = f"{re.sub('[^A-Za-z0-9]+', '_', label)}-{dtype}-{key[:32]}"
            code = cached.read(name)
            if code is None:
                code = _compiled(language.assembly(text, roots, dtype))
                cached.write(name, code)
            _loaded[key] = _load(code, roots)
        return _loaded[key]


@cache
def _compiler() -> str:
    """Return in words what compiles, and for which processor."""
    version = ".".join(map(str, llvm.llvm_version_info))
    processor = f"{llvm.get_process_triple()} {llvm.get_host_cpu_name()} {_features()}"
    own = hashlib.sha256(
        "".join(inspect.getsource(m) for m in (elementary, values, language, sys.modules[__name__])).encode()
    )
    return f"{own.hexdigest()} llvmlite {llvmlite.__version__} {version} {processor}"


def _features() -> str:
    try:
        return str(llvm.get_host_cpu_features().flatten())
    except RuntimeError:  # not known on this platform
        return ""


@cache
def _target() -> Any:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    target = llvm.Target.from_triple(llvm.get_process_triple())
    reloc = "static" if target.name.startswith("x86") else "default"
    return target.create_target_machine(
        cpu=llvm.get_host_cpu_name(),
        features=_features(),
        opt=3,
        reloc=reloc,
        codemodel="jitdefault",
        jit=True,
    )


@cache
def _linker() -> Any:
    library = ctypes.util.find_library("m") if sys.platform != "win32" else "ucrtbase.dll"
    if library and not llvm.address_of_symbol("erf"):  # Python has not loaded it for everybody
        llvm.load_library_permanently(library)
    return llvm.create_lljit_compiler(_target())


def _how_often() -> str:
    try:
        cached.writable()
    except OSError as error:
        return f"in every process, since {error}"
    return "once on this machine"


def _compiled(assembly: str) -> bytes:
    """Return the object code of a module, optimised for this processor."""
    global _waited, _announced
    if _waited + len(assembly) / A_SECOND > SECONDS_OF_SILENCE and not _announced:
        print(f"compiling the tape's kernels ({_how_often()}) …", file=sys.stderr, flush=True)
        _announced = True
    start = time.perf_counter()
    module = llvm.parse_assembly(assembly)
    module.triple = llvm.get_process_triple()
    module.data_layout = str(_target().target_data)
    options = llvm.create_pipeline_tuning_options(speed_level=3)
    options.loop_vectorization = options.slp_vectorization = options.loop_unrolling = True
    builder = llvm.create_pass_builder(_target(), options)
    builder.getModulePassManager().run(module, builder)
    code: bytes = _target().emit_object(module)
    _waited += time.perf_counter() - start
    return code


def _load(code: bytes, roots: Sequence[str]) -> dict[str, int]:
    library = llvm.JITLibraryBuilder().add_object_img(code).add_current_process()
    for name in roots:
        library.export_symbol(name)
    linked = library.link(_linker(), str(len(_kept)))
    _kept.append(linked)  # the code lives as long as this does
    return {name: linked[name] for name in roots}
